//! The form in the card of a ukey that comes back from its holder, and the list of those that are still to be
//! fetched from who left.

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::super::loss_view::LossAct;
use super::super::parts::{card, day, edged, grouped, pressed_when, reason, title};
use super::super::theme;
use super::super::view::View;
use crate::domain::certificate::RevocationReason;
use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::people::is_reason;
use crate::station::{DueRow, HolderRow};
use crate::wording::Wording;

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What the list of revoked certificates is to say.
    why: Option<RevocationReason>,
    reason: String,
}

/// What came of drawing the form.
pub(super) enum Asked {
    /// Something of the desk.
    Act(LossAct),
    /// The form is closed.
    Close,
}

/// Whether a ukey in this state is with somebody from whom it can come back.
pub(super) const fn is_offered(state: UkeyState) -> bool {
    match state {
        UkeyState::Issued | UkeyState::HandedOut | UkeyState::Suspended | UkeyState::Lost => true,
        UkeyState::Blank
        | UkeyState::Allocated
        | UkeyState::Personalising
        | UkeyState::Damaged
        | UkeyState::Returned
        | UkeyState::Destroyed
        | UkeyState::Dispatched => false,
    }
}

/// Draws the form; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, form): (&HolderRow, &mut State),
) -> Option<Asked> {
    if super::head(ui, wording, "ui-take-back-title") {
        return Some(Asked::Close);
    }
    ui.label(wording.text("ui-take-back-what"));
    for why in RevocationReason::ALL {
        if why == RevocationReason::CertificateHold {
            continue; // What came back is no longer with anybody: its certificate ends.
        }
        let word = wording.text(&format!("reason-{}", why.word()));
        if edged(ui, |ui| ui.radio(form.why == Some(why), word)).clicked() {
            form.why = Some(why);
        }
    }
    reason(ui, wording, "take-back reason", &mut form.reason);
    let why_not = if form.why.is_none() {
        Some("ui-certificates-reason-first")
    } else if !is_reason(&form.reason) {
        Some("ui-explain-reason")
    } else {
        None
    };
    let words = wording.text("ui-part-for-good");
    ui.colored_label(theme::colors(ui).attention, format!("△ {words}"));
    let button = theme::primary(ui, wording.text("ui-take-back"));
    let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), button);
    let why = form.why.filter(|_why| asked)?;
    Some(Asked::Act(LossAct::TakeBack {
        serial: row.serial.clone(),
        why,
        reason: form.reason.trim().to_owned(),
    }))
}

/// Ukeys whose holders left and that were not brought; gives the one that was chosen.
pub(super) fn due(ui: &mut Ui, wording: &Wording, lines: &[DueRow]) -> Option<Serial> {
    if lines.is_empty() {
        return None;
    }
    ui.add_space(12.0);
    let count = [("count", lines.len().to_string())];
    title(ui, wording.with("ui-take-back-due", count));
    let mut chosen = None;
    for line in lines {
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(grouped(line.serial.as_str())).monospace());
                ui.label(&line.holder);
                ui.weak(&line.unit);
            });
            ui.horizontal(|ui| {
                ui.weak(wording.with("ui-take-back-since", [("day", day(line.since))]));
                let word = wording.text("ui-take-back-open");
                let response = ui.button(&word);
                let told = format!("{word} {}", line.serial);
                response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, &told));
                if response.clicked() {
                    chosen = Some(line.serial.clone());
                }
            });
        });
    }
    chosen
}
