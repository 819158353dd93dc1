//! A new note down to a direct subordinate, or back up to the superior.

use eframe::egui::{self, Ui};

use crate::domain::officer::Duty;
use crate::domain::unit::Unit;
use crate::station::jobs::people::is_reason;
use crate::ui::parts::{card, edged, field, listed, pressed_when};
use crate::ui::stock_view::{Chosen, StockAct, TravelPicture};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// So many units are shown at once; a part of the name finds the others.
const MOST_UNITS: usize = 5;

/// A note that is being written.
#[derive(Debug, Default)]
pub(super) struct State {
    search: String,
    /// Code of the unit.
    unit: Option<String>,
    model: Option<String>,
    count: String,
    boxes: String,
    serials: String,
}

/// What goes back.
#[derive(Debug, Default)]
pub(super) struct Back {
    serials: String,
    reason: String,
}

impl State {
    fn chosen(&self) -> Option<Chosen> {
        let count = self.count.trim();
        let count = if count.is_empty() {
            Some(0)
        } else {
            count.parse().ok()
        };
        Some(Chosen {
            serials: listed(&self.serials),
            boxes: listed(&self.boxes),
            count: count?,
            model: self.model.clone(),
        })
    }
}

/// Draws the note to a subordinate.
pub(super) fn down(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, note): (&TravelPicture, &mut State),
) -> Option<StockAct> {
    if picture.neighbours.subordinates.is_empty() {
        ui.weak(wording.text("ui-no-subordinates"));
        return None;
    }
    card(ui, |ui| {
        units(ui, wording, picture, note);
        ui.add_space(4.0);
        what(ui, wording, picture, note);
        let chosen = note.chosen();
        let nothing = chosen.as_ref().is_some_and(|chosen| {
            chosen.count == 0 && chosen.boxes.is_empty() && chosen.serials.is_empty()
        });
        let why_not = if note.unit.is_none() {
            Some("ui-note-choose-unit")
        } else if chosen.is_none() {
            Some("ui-note-count-number")
        } else {
            nothing.then_some("ui-note-choose-ukeys")
        };
        let send = theme::primary(ui, wording.text("ui-dispatch"));
        let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), send);
        let (unit, what) = (note.unit.clone()?, chosen?);
        asked.then_some(StockAct::Dispatch { unit, what })
    })
}

fn units(ui: &mut Ui, wording: &Wording, picture: &TravelPicture, note: &mut State) {
    let all = &picture.neighbours.subordinates;
    if all.len() > MOST_UNITS {
        let edit = egui::TextEdit::singleline(&mut note.search)
            .id_salt("unit")
            .char_limit(64)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-note-unit-search"), edit);
    } else {
        ui.label(wording.text("ui-note-unit"));
    }
    let search = note.search.trim();
    let meant = |unit: &Unit| unit.name.contains(search) || unit.code.as_str().contains(search);
    let found: Vec<_> = all.iter().filter(|(unit, _)| meant(unit)).collect();
    for (unit, certified) in found.iter().take(MOST_UNITS) {
        let code = unit.code.as_str();
        let chosen = note.unit.as_deref() == Some(code);
        let radio = egui::RadioButton::new(chosen, format!("{}  {code}", unit.name));
        let radio = edged(ui, |ui| ui.add_enabled(*certified, radio));
        if radio
            .on_disabled_hover_text(wording.text("ui-note-unit-uncertified"))
            .clicked()
        {
            note.unit = Some(code.to_owned());
        }
        if !certified {
            ui.weak(wording.text("ui-note-unit-uncertified"));
        }
    }
    if found.len() > MOST_UNITS {
        let more = found.len() - MOST_UNITS;
        ui.weak(wording.with("ui-note-more-units", [("count", more.to_string())]));
    } else if found.is_empty() {
        ui.weak(wording.text("ui-note-no-unit"));
    }
}

fn what(ui: &mut Ui, wording: &Wording, picture: &TravelPicture, note: &mut State) {
    ui.horizontal_wrapped(|ui| {
        for (model, blank) in &picture.blanks {
            let args = [("model", model.clone()), ("count", blank.to_string())];
            let words = wording.with("ui-note-blanks", args);
            if picture.blanks.len() == 1 {
                ui.weak(words);
                continue;
            }
            let chosen = note.model.as_ref() == Some(model);
            if ui.add(egui::Button::selectable(chosen, words)).clicked() {
                note.model = (!chosen).then(|| model.clone());
            }
        }
    });
    ui.columns_const(|[left, right]| {
        let edit = egui::TextEdit::singleline(&mut note.count)
            .id_salt("count")
            .char_limit(6)
            .desired_width(f32::INFINITY);
        field(left, &wording.text("ui-note-count-field"), edit);
        let edit = egui::TextEdit::singleline(&mut note.boxes)
            .id_salt("boxes")
            .char_limit(500)
            .desired_width(f32::INFINITY);
        field(right, &wording.text("ui-note-boxes"), edit);
    });
    serials(ui, wording, &mut note.serials);
    ui.weak(wording.text("ui-note-together"));
}

fn serials(ui: &mut Ui, wording: &Wording, text: &mut String) {
    let edit = egui::TextEdit::multiline(text)
        .id_salt("serials")
        .font(egui::TextStyle::Monospace)
        .desired_rows(3)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-note-serials"), edit);
}

/// Draws the note back to the superior.
pub(super) fn up(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, back): (&TravelPicture, &mut Back),
) -> Option<StockAct> {
    let Some(superior) = &picture.neighbours.superior else {
        ui.weak(wording.text("ui-no-superior"));
        return None;
    };
    card(ui, |ui| {
        ui.label(wording.with("ui-back-to", [("unit", superior.clone())]));
        serials(ui, wording, &mut back.serials);
        let edit = egui::TextEdit::singleline(&mut back.reason)
            .id_salt("reason")
            .char_limit(500)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-reason"), edit);
        let serials = listed(&back.serials);
        let why_not = if serials.is_empty() {
            Some("ui-note-choose-ukeys")
        } else if !is_reason(&back.reason) {
            Some("ui-explain-reason")
        } else {
            None
        };
        let send = theme::primary(ui, wording.text("ui-send-back"));
        let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), send);
        asked.then(|| StockAct::SendBack {
            serials,
            reason: back.reason.trim().to_owned(),
        })
    })
}
