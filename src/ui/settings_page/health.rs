//! Whether all is well with the station.

use eframe::egui::{self, Ui};

use super::done;
use crate::domain::officer::Duty;
use crate::station::clock;
use crate::station::jobs::doctor::Finding;
use crate::ui::parts::{card, field, minute, pressed, pressed_when, title, typed_path};
use crate::ui::second_view::Proposed;
use crate::ui::settings_view::{Examined, SettingsAct, SettingsDone};
use crate::ui::view::View;
use crate::ui::{own_words, theme};
use crate::wording::Wording;

/// Width of the right side.
const SIDE: f32 = 340.0;

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    report: String,
    proposed: Option<Proposed>,
}

impl State {
    /// What is proposed to a second officer, once.
    pub(super) const fn take_proposed(&mut self) -> Option<Proposed> {
        self.proposed.take()
    }
}

/// Looks at everything that may be wrong, and says what to do.
pub(super) fn examine(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<SettingsAct> {
    let height = ui.available_height();
    let down = egui::Layout::top_down(egui::Align::Min);
    let (mut examine, mut written) = (None, None);
    ui.horizontal_top(|ui| {
        let size = egui::vec2(ui.available_width() - SIDE - 16.0, height);
        ui.allocate_ui_with_layout(size, down, |ui| {
            ui.set_min_width(size.x);
            ui.set_max_width(size.x);
            ui.label(wording.text("ui-examine-why"));
            let button = theme::primary(ui, wording.text("ui-examine"));
            if pressed(ui, wording, view, Duty::ReadRecords, button) {
                examine = Some(SettingsAct::Examine);
            }
            if let Some(examined) = &view.examined {
                state.proposed = findings(ui, wording, view, examined);
            }
        });
        ui.allocate_ui_with_layout(egui::vec2(SIDE, height), down, |ui| {
            ui.set_min_width(SIDE);
            ui.set_max_width(SIDE);
            written = card(ui, |ui| report(ui, wording, view, state));
        });
    });
    examine.or(written)
}

/// Gives what two officers do about one of them.
fn findings(ui: &mut Ui, wording: &Wording, view: &View, examined: &Examined) -> Option<Proposed> {
    let (wrong, well): (Vec<_>, Vec<_>) = examined.findings.iter().partition(|found| !found.ok);
    let colors = theme::colors(ui);
    let facts = [
        ("count", wrong.len().to_string()),
        ("at", minute(examined.at)),
    ];
    if wrong.is_empty() {
        ui.colored_label(colors.good, wording.with("ui-examined-well", facts));
    } else {
        ui.colored_label(colors.attention, wording.with("ui-examined-wrong", facts));
    }
    let mut proposed = None;
    egui::ScrollArea::vertical()
        .id_salt("findings")
        .auto_shrink(false)
        .show(ui, |ui| {
            // What is wrong stands first: it is what a person is here for.
            for found in wrong {
                let act = card(ui, |ui| finding(ui, wording, view, found));
                proposed = proposed.take().or(act);
            }
            ui.spacing_mut().interact_size.y = 22.0; // Lines of text, no controls.
            for found in well {
                finding(ui, wording, view, found);
            }
        });
    proposed
}

/// What was looked at, how it is, and what to do where it is not well; gives what two officers do about it.
pub(in crate::ui) fn finding(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    finding: &Finding,
) -> Option<Proposed> {
    let colors = theme::colors(ui);
    let (shape, color, word) = if finding.ok {
        ("✓", colors.good, "ui-examined-ok")
    } else {
        ("✕", colors.stopped, "ui-examined-not-ok")
    };
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(color, format!("{shape} {}", wording.text(word)));
        ui.label(wording.text(&format!("check-{}", finding.check)));
        ui.weak(finding.detail.told(wording));
    });
    if finding.ok {
        return None;
    }
    if let Some(cure) = own_words(wording, &format!("cure-{}", finding.check)) {
        ui.label(cure);
    }
    let act = match finding.check.as_str() {
        "clock" => Proposed::ConfirmClock,
        "records" => Proposed::GoOn,
        _ => return None,
    };
    let button = egui::Button::new(wording.text(act.key()));
    pressed(ui, wording, view, act.duty(), button).then_some(act)
}

fn report(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<SettingsAct> {
    title(ui, wording.text("ui-report-title"));
    ui.weak(wording.text("ui-report-why"));
    let written = match &view.settings_done {
        Some(SettingsDone::Reported(path)) => Some(path),
        _ => None,
    };
    if state.report.is_empty() || written == Some(&typed_path(&state.report)) {
        let now = clock::now().to_string().replace([':', 'Z'], "");
        state.report = format!("{}/out/doctor-{now}.json", view.home);
    }
    let edit = egui::TextEdit::singleline(&mut state.report)
        .id_salt("report")
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-report-file"), edit);
    let why_not = state.report.trim().is_empty().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-report"));
    let asked = pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button);
    if let Some(told @ SettingsDone::Reported(_)) = &view.settings_done {
        done(ui, wording, told);
    }
    asked.then(|| SettingsAct::Report(typed_path(&state.report)))
}
