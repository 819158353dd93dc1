//! The ukey that was chosen, with what two officers may do with it; and those plugged in that the books do
//! not know.

use eframe::egui::{self, RichText, Ui};

use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::people::is_reason;
use crate::ui::parts::{card, grouped, pressed_when, reason, state, title};
use crate::ui::second_view::Proposed;
use crate::ui::stock_view::{StockRow, Stranger};
use crate::ui::view::View;
use crate::wording::Wording;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) chosen: Option<Serial>,
    reason: String,
    stranger: Option<Serial>,
    stranger_reason: String,
}

impl State {
    /// Chooses a ukey, or none where it was chosen before.
    pub(super) fn toggle(&mut self, serial: &Serial) {
        let before = self.chosen.take();
        self.reason.clear();
        self.chosen = (before.as_ref() != Some(serial)).then(|| serial.clone());
    }
}

/// Draws the chosen ukey; gives what is proposed to a second officer.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, page): (&StockRow, &mut State),
) -> Option<Proposed> {
    card(ui, |ui| {
        let mono = RichText::new(grouped(row.serial.as_str())).monospace();
        ui.label(mono.size(17.0).strong());
        ui.horizontal(|ui| {
            state(ui, wording, row.state);
            ui.weak(&row.model);
            if let Some(number) = &row.request {
                ui.monospace(number);
            }
        });
        let destroyed = row.state.may_become(UkeyState::Destroyed);
        let wiped = row.state == UkeyState::Returned;
        if !destroyed && !wiped {
            ui.weak(wording.text("ui-card-nothing"));
            return None;
        }
        reason(ui, wording, "reason", &mut page.reason);
        let why_not = (!is_reason(&page.reason)).then_some("ui-explain-reason");
        let terms = (Duty::ManageStock, why_not);
        let (serial, reason) = (&row.serial, page.reason.trim());
        let mut proposed = None;
        ui.horizontal(|ui| {
            let wipe = egui::Button::new(wording.text("ui-card-wipe"));
            if wiped && pressed_when(ui, wording, view, terms, wipe) {
                proposed = Some(Proposed::Wipe {
                    serial: serial.clone(),
                    reason: reason.to_owned(),
                });
            }
            let destroy = egui::Button::new(wording.text("ui-card-destroy"));
            if destroyed && pressed_when(ui, wording, view, terms, destroy) {
                proposed = Some(Proposed::Destroy {
                    serial: serial.clone(),
                    reason: reason.to_owned(),
                });
            }
        });
        proposed
    })
}

/// Draws those that the books do not know.
pub(super) fn strangers(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (strangers, page): (&[Stranger], &mut State),
) -> Option<Proposed> {
    let count = [("count", strangers.len().to_string())];
    title(ui, wording.with("ui-strangers", count));
    if strangers.is_empty() {
        ui.weak(wording.text("ui-strangers-none"));
    }
    let mut proposed = None;
    for stranger in strangers {
        card(ui, |ui| {
            let mono = RichText::new(grouped(stranger.serial.as_str())).monospace();
            ui.label(mono.strong());
            ui.weak(&stranger.model);
            let asked = stranger_form(ui, wording, view, (stranger, page));
            proposed = proposed.take().or(asked);
        });
    }
    proposed
}

fn stranger_form(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (stranger, page): (&Stranger, &mut State),
) -> Option<Proposed> {
    if page.stranger.as_ref() != Some(&stranger.serial) {
        let take_in = egui::Button::new(wording.text("ui-card-take-in"));
        if pressed_when(ui, wording, view, (Duty::ManageStock, None), take_in) {
            page.stranger = Some(stranger.serial.clone());
            page.stranger_reason.clear();
        }
        return None;
    }
    reason(ui, wording, "stranger-reason", &mut page.stranger_reason);
    let why_not = (!is_reason(&page.stranger_reason)).then_some("ui-explain-reason");
    let take_in = egui::Button::new(wording.text("ui-card-take-in-sure"));
    let terms = (Duty::ManageStock, why_not);
    let asked = pressed_when(ui, wording, view, terms, take_in);
    asked.then(|| Proposed::TakeIn {
        serial: stranger.serial.clone(),
        reason: page.stranger_reason.trim().to_owned(),
    })
}
