//! A delivery from the supplier: a list as a sheet, serial numbers and ranges as they are typed or scanned.

use eframe::egui::{self, Ui};

use crate::domain::officer::Duty;
use crate::station::jobs::people::is_reason;
use crate::station::jobs::units::BadRows;
use crate::ui::parts::{card, edged, field, listed, pressed_when, some_path};
use crate::ui::second_view::Proposed;
use crate::ui::stock_view::{DeliveryOrder, StockAct, TravelPicture};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// What was typed of a delivery.
#[derive(Debug, Default)]
pub(super) struct State {
    sheet: String,
    serials: String,
    model: String,
    box_of: String,
    count: String,
    reason: String,
    take_good: bool,
}

/// What a press asks for.
pub(super) enum Asked {
    Act(StockAct),
    /// Where stock comes by note, another officer confirms it (D-30).
    Second(Proposed),
}

impl State {
    /// Takes a list that was dropped on the window.
    pub(super) fn drop_sheet(&mut self, path: String) {
        self.sheet = path;
    }

    /// The delivery, or why it is none yet.
    fn order(&self, supplier: bool) -> Result<DeliveryOrder, &'static str> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let typed = listed(&self.serials).into_iter();
        let order = DeliveryOrder {
            sheet: some_path(&self.sheet),
            typed: typed
                .map(|text| match text.split_once("..") {
                    Some((first, last)) => (first.to_owned(), Some(last.to_owned())),
                    None => (text, None),
                })
                .collect(),
            model: some(&self.model),
            box_of: some(&self.box_of),
            count: some(&self.count)
                .map(|text| text.parse().or(Err("ui-note-count-number")))
                .transpose()?,
            reason: some(&self.reason),
            bad_rows: if self.take_good {
                BadRows::TakeGood
            } else {
                BadRows::RefuseAll
            },
        };
        if order.sheet.is_none() && order.typed.is_empty() {
            return Err("ui-delivery-nothing");
        }
        if order.reason.is_none() && supplier || is_reason(&self.reason) {
            Ok(order)
        } else {
            Err("ui-explain-reason")
        }
    }
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, state): (&TravelPicture, &mut State),
) -> Option<Asked> {
    card(ui, |ui| {
        ui.weak(wording.text(if picture.supplier {
            "ui-delivery-how"
        } else {
            "ui-delivery-second"
        }));
        let edit = egui::TextEdit::singleline(&mut state.sheet)
            .id_salt("delivery sheet")
            .hint_text(wording.text("ui-file-drop"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-delivery-sheet"), edit);
        let edit = egui::TextEdit::multiline(&mut state.serials)
            .id_salt("delivery serials")
            .font(egui::TextStyle::Monospace)
            .desired_rows(3)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-delivery-serials"), edit);
        let fields = [
            ("ui-delivery-model", &mut state.model, 64),
            ("ui-delivery-box", &mut state.box_of, 64),
            ("ui-delivery-count", &mut state.count, 6),
        ];
        ui.columns_const(|columns: &mut [Ui; 3]| {
            for (ui, (key, text, most)) in columns.iter_mut().zip(fields) {
                let edit = egui::TextEdit::singleline(text)
                    .id_salt(key)
                    .char_limit(most)
                    .desired_width(f32::INFINITY);
                field(ui, &wording.text(key), edit);
            }
        });
        let edit = egui::TextEdit::singleline(&mut state.reason)
            .id_salt("delivery reason")
            .char_limit(500)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-delivery-reason"), edit);
        let good = wording.text("ui-delivery-take-good");
        edged(ui, |ui| ui.checkbox(&mut state.take_good, good));
        let order = state.order(picture.supplier);
        let take = theme::primary(ui, wording.text("ui-delivery-take"));
        let terms = (Duty::ManageStock, order.as_ref().err().copied());
        if !pressed_when(ui, wording, view, terms, take) {
            return None;
        }
        let order = Box::new(order.ok()?);
        Some(if picture.supplier {
            Asked::Act(StockAct::TakeDelivery(order))
        } else {
            Asked::Second(Proposed::TakeDelivery(order))
        })
    })
}
