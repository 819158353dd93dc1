//! What helps when the computer breaks, or nobody can sign in any more: a backup, the recovery kit, a copy
//! of the CA's key, and what follows a restore.

mod ca_key;
mod compare;

use eframe::egui::{self, Ui};

use super::{by_command, done};
use crate::domain::officer::Duty;
use crate::ui::parts::{card, day, field, pressed_when, some_path, title, typed_path};
use crate::ui::second_view::Proposed;
use crate::ui::settings_view::{
    BackupProgress, KitOrder, SettingsAct, SettingsDone, SettingsPicture,
};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// So many people keep a share each.
const CUSTODIANS: usize = 3;

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    folder: String,
    kit_folder: String,
    custodians: [String; CUSTODIANS],
    ca_key: ca_key::State,
    compare: compare::State,
    proposed: Option<Proposed>,
}

impl State {
    /// What is proposed to a second officer, once.
    pub(super) const fn take_proposed(&mut self) -> Option<Proposed> {
        self.proposed.take()
    }
}

/// Draws it; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    state: &mut State,
) -> Option<SettingsAct> {
    let mut act = None;
    egui::ScrollArea::vertical()
        .id_salt("backup")
        .auto_shrink(false)
        .show(ui, |ui| {
            // Before it was compared nothing is issued: it stands first.
            let waits = picture
                .origin
                .is_some_and(|origin| origin.compared_at.is_none());
            if waits {
                compare::show(
                    ui,
                    wording,
                    (view, picture),
                    (&mut state.compare, &mut state.proposed),
                );
            }
            act = back_up(ui, wording, view, state);
            kit(ui, wording, (view, picture), state);
            if let Some(proposed) = ca_key::show(ui, wording, view, &mut state.ca_key) {
                state.proposed = Some(proposed);
            }
            if !waits {
                compare::show(
                    ui,
                    wording,
                    (view, picture),
                    (&mut state.compare, &mut state.proposed),
                );
            }
            by_command(ui, wording, "ui-settings-backup-commands");
        });
    act
}

/// A backup into a folder, while the station works.
fn back_up(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<SettingsAct> {
    let asked = card(ui, |ui| {
        title(ui, wording.text("ui-settings-backup"));
        ui.label(wording.text("ui-backup-why"));
        let edit = egui::TextEdit::singleline(&mut state.folder)
            .id_salt("folder")
            .hint_text(wording.text("ui-backup-folder-hint"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-backup-folder"), edit);
        let empty = state.folder.trim().is_empty();
        let why_not = empty.then_some("ui-backup-folder-first");
        let button = theme::primary(ui, wording.text("ui-backup"));
        let asked = pressed_when(ui, wording, view, (Duty::SetUp, why_not), button);
        if let Some(progress) = &view.backing_up {
            self::progress(ui, wording, progress);
        }
        asked
    });
    if let Some(told @ SettingsDone::BackedUp { .. }) = &view.settings_done {
        done(ui, wording, told);
        ui.label(wording.text("ui-backup-next"));
    }
    asked.then(|| SettingsAct::BackUp(typed_path(&state.folder)))
}

/// How far a backup has come, or a restore.
pub(in crate::ui) fn progress(ui: &mut Ui, wording: &Wording, progress: &BackupProgress) {
    let kib = |bytes: u64| bytes >> 10;
    let word = wording.text(&format!("backup-stage-{}", progress.stage.word()));
    // Thousandths are enough for a bar.
    let thousandths = progress.done.saturating_mul(1000);
    let thousandths = thousandths.checked_div(progress.total).unwrap_or(0);
    let part = f32::from(u16::try_from(thousandths).unwrap_or(1000)) / 1000.0;
    let text = format!(
        "{word} {} / {} KiB",
        kib(progress.done),
        kib(progress.total)
    );
    ui.add(egui::ProgressBar::new(part).text(text));
}

/// The three shares on paper (D-46).
fn kit(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    state: &mut State,
) {
    card(ui, |ui| {
        title(ui, wording.text("ui-kit-title"));
        ui.label(wording.text("ui-kit-why"));
        let colors = theme::colors(ui);
        if let Some(at) = picture.kit_made_at {
            let made = wording.with("ui-kit-there", [("day", day(at))]);
            ui.colored_label(colors.good, format!("✓ {made}"));
        } else {
            let none = wording.text("ui-kit-none");
            ui.colored_label(colors.attention, format!("△ {none}"));
        }
        for (name, number) in state.custodians.iter_mut().zip(1..) {
            let word = wording.with("ui-first-custodian", [("number", number.to_string())]);
            let edit = egui::TextEdit::singleline(name)
                .id_salt(("custodian", number))
                .char_limit(64)
                .desired_width(240.0);
            field(ui, &word, edit);
        }
        let edit = egui::TextEdit::singleline(&mut state.kit_folder)
            .id_salt("kit folder")
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-kit-folder"), edit);
        let why_not = if state.custodians.iter().any(|name| name.trim().is_empty()) {
            Some("ui-kit-custodians-first")
        } else if state.kit_folder.trim().is_empty() {
            Some("ui-backup-folder-first")
        } else {
            None
        };
        let button = egui::Button::new(wording.text("ui-kit-make"));
        let asked = pressed_when(ui, wording, view, (Duty::SetUp, why_not), button);
        if let Some(folder) = some_path(&state.kit_folder).filter(|_folder| asked) {
            let custodians = state.custodians.iter();
            state.proposed = Some(Proposed::MakeKit(KitOrder {
                folder,
                custodians: custodians.map(|name| name.trim().to_owned()).collect(),
            }));
        }
    });
    if let Some(told @ SettingsDone::KitMade(_)) = &view.settings_done {
        done(ui, wording, told);
    }
}
