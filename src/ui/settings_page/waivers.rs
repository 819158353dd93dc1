//! The superior's waivers of the two-person rule (D-8): which there are, and granting and receiving one.

use std::path::PathBuf;

use eframe::egui::{self, Ui};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::done;
use crate::domain::officer::Duty;
use crate::station::jobs::people::is_reason;
use crate::station::jobs::waivers::WaiverView;
use crate::ui::parts::{card, dropped_file, field, pressed_when, reason, some_path, title};
use crate::ui::settings_view::{SettingsAct, SettingsDone, SettingsPicture};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    unit: String,
    until: String,
    reason: String,
    file: String,
    /// The file of the last one that was granted: the form is empty since, and none is signed twice.
    granted: Option<PathBuf>,
}

/// Draws them; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    state: &mut State,
) -> Option<SettingsAct> {
    let told = view.settings_done.as_ref();
    if let Some(SettingsDone::WaiverGranted(file)) = told
        && state.granted.as_ref() != Some(file)
    {
        *state = State {
            granted: Some(file.clone()),
            ..State::default()
        };
    }
    let act = card(ui, |ui| {
        title(ui, wording.text("ui-waivers"));
        ui.label(wording.text("ui-waivers-why"));
        if picture.waivers.is_empty() {
            ui.weak(wording.text("ui-waivers-none"));
        }
        for waiver in &picture.waivers {
            line(ui, wording, waiver);
        }
        ui.add_space(12.0);
        let granted = grant(ui, wording, view, state);
        ui.add_space(12.0);
        granted.or_else(|| receive(ui, wording, view, state))
    });
    let waiver = |done: &&SettingsDone| {
        matches!(
            done,
            SettingsDone::WaiverGranted(_) | SettingsDone::WaiverReceived { .. }
        )
    };
    if let Some(told) = told.filter(waiver) {
        done(ui, wording, told);
    }
    act
}

fn line(ui: &mut Ui, wording: &Wording, view: &WaiverView) {
    let colors = theme::colors(ui);
    let (shape, color, key) = if view.in_time {
        ("●", colors.attention, "ui-waiver-in-time")
    } else {
        ("○", colors.quiet, "ui-waiver-ended")
    };
    ui.colored_label(color, format!("{shape} {}", wording.text(key)));
    let (key, args) = view.told();
    ui.add(egui::Label::new(wording.with(key, args)).wrap());
    ui.weak(&view.waiver.reason);
}

/// The superior's security grants one.
fn grant(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<SettingsAct> {
    for (id, text) in [("unit", &mut state.unit), ("until", &mut state.until)] {
        let edit = egui::TextEdit::singleline(text)
            .id_salt(("waiver", id))
            .char_limit(100)
            .desired_width(320.0);
        field(ui, &wording.text(&format!("ui-waiver-{id}")), edit);
    }
    reason(ui, wording, "waiver reason", &mut state.reason);
    let until = Date::parse(state.until.trim(), &Iso8601::DATE).ok();
    let why_not = if state.unit.trim().is_empty() {
        Some("ui-waiver-unit-first")
    } else if until.is_none() {
        Some("ui-waiver-until-first")
    } else if is_reason(&state.reason) {
        None
    } else {
        Some("ui-explain-reason")
    };
    let button = egui::Button::new(wording.text("ui-waiver-grant"));
    let asked = pressed_when(ui, wording, view, (Duty::ConfirmAct, why_not), button);
    let until = until.filter(|_until| asked)?;
    Some(SettingsAct::GrantWaiver {
        unit: state.unit.trim().to_owned(),
        until,
        reason: state.reason.trim().to_owned(),
    })
}

/// The unit that it is for takes it: whoever of its officers sets up or manages officers.
fn receive(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<SettingsAct> {
    if let Some(path) = dropped_file(ui) {
        state.file = path;
    }
    let edit = egui::TextEdit::singleline(&mut state.file)
        .id_salt("waiver file")
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-waiver-file"), edit);
    let file = some_path(&state.file);
    let why_not = file.is_none().then_some("ui-file-first");
    let duty = if view.may(Duty::ManageOfficers) {
        Duty::ManageOfficers
    } else {
        Duty::SetUp
    };
    let button = egui::Button::new(wording.text("ui-waiver-receive"));
    let asked = pressed_when(ui, wording, view, (duty, why_not), button);
    file.filter(|_file| asked).map(SettingsAct::ReceiveWaiver)
}
