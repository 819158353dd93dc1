//! 设置: what the station does by which value, how this window looks and sounds, who and what belongs to the
//! station, whether all of it is well, and what helps when it is not. Officers, units and models are read
//! here and changed at the terminal; waivers of the two-person rule are granted and received here.

mod backup;
mod health;
mod people;
mod station;
mod waivers;

use std::path::PathBuf;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

pub(super) use self::backup::progress;
pub(super) use self::health::finding;

use super::parts::cells;
use super::second_view::Proposed;
use super::settings_view::{SettingsAct, SettingsDone};
use super::sound::Tone;
use super::theme;
use super::view::View;
use crate::station::window_choices::{Choices, SoundChoice, ThemeChoice};
use crate::wording::{Language, Wording};

/// Height of a line of a list.
const ROW: f32 = 32.0;

/// The parts of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Station,
    Window,
    Officers,
    Units,
    Models,
    Health,
    Backup,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Station,
        Self::Window,
        Self::Officers,
        Self::Units,
        Self::Models,
        Self::Health,
        Self::Backup,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Station => "ui-settings-station",
            Self::Window => "ui-settings-window",
            Self::Officers => "ui-settings-officers",
            Self::Units => "ui-settings-units",
            Self::Models => "ui-settings-models",
            Self::Health => "ui-settings-health",
            Self::Backup => "ui-settings-backup",
        }
    }
}

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    part: Part,
    station: station::State,
    waivers: waivers::State,
    unit_search: String,
    health: health::State,
    backup: backup::State,
}

impl State {
    /// What is proposed to a second officer, once.
    pub(super) fn take_proposed(&mut self) -> Option<Proposed> {
        let proposed = self.health.take_proposed();
        proposed.or_else(|| self.backup.take_proposed())
    }

    /// Turns to backup and recovery kit, and to what follows a restore.
    pub(super) const fn open_backup(&mut self) {
        self.part = Part::Backup;
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Something of the desk.
    Act(SettingsAct),
    /// Another look of the window, or other manners.
    Look(Choices),
    /// Hear this tone.
    Tone(Tone),
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, of_window): (&View, (Choices, bool)),
    page: &mut State,
) -> Option<Asked> {
    ui.horizontal_wrapped(|ui| {
        for part in Part::ALL {
            let (word, chosen) = (wording.text(part.key()), part == page.part);
            let tab = ui.add(egui::Button::selectable(chosen, &word));
            tab.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &word));
            if tab.clicked() {
                page.part = part;
            }
        }
    });
    ui.separator();
    if page.part == Part::Window {
        return window(ui, wording, of_window);
    }
    let Some(picture) = &view.settings else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    let act = match page.part {
        Part::Station => station::show(ui, wording, (view, picture), &mut page.station),
        Part::Officers => people::officers(ui, wording, (view, picture), &mut page.waivers),
        Part::Units => {
            people::units(ui, wording, &picture.units, &mut page.unit_search);
            None
        }
        Part::Models => {
            people::models(ui, wording, &picture.models);
            None
        }
        Part::Health => health::examine(ui, wording, view, &mut page.health),
        Part::Backup => backup::show(ui, wording, (view, picture), &mut page.backup),
        Part::Window => None,
    };
    act.map(Asked::Act)
}

/// Language, theme and tones of the window, for whoever uses this account of the computer.
fn window(ui: &mut Ui, wording: &Wording, (choices, is_played): (Choices, bool)) -> Option<Asked> {
    let mut chosen = choices;
    let mut heard = None;
    super::parts::card(ui, |ui| {
        ui.strong(wording.text("ui-window-language"));
        for (language, word) in [(Language::Chinese, "中文"), (Language::English, "English")] {
            let on = wording.language() == language;
            if super::parts::edged(ui, |ui| ui.radio(on, word)).clicked() {
                chosen.set_language(language);
            }
        }
        ui.add_space(12.0);
        ui.strong(wording.text("ui-window-theme"));
        for theme in ThemeChoice::ALL {
            let on = choices.theme == theme;
            let word = wording.text(&format!("theme-{}", theme.word()));
            if super::parts::edged(ui, |ui| ui.radio(on, word)).clicked() {
                chosen.theme = theme;
            }
        }
        ui.add_space(12.0);
        heard = tones(ui, wording, is_played, &mut chosen.sound);
        ui.add_space(12.0);
        ui.weak(wording.text("ui-window-kept"));
    });
    let tone = heard.map(Asked::Tone);
    tone.or_else(|| (chosen != choices).then_some(Asked::Look(chosen)))
}

/// Whether tones are heard, and each of them to try; gives the one that is to be heard.
fn tones(
    ui: &mut Ui,
    wording: &Wording,
    is_played: bool,
    choice: &mut SoundChoice,
) -> Option<Tone> {
    ui.strong(wording.text("ui-window-sound"));
    let mut on = *choice == SoundChoice::On;
    let word = wording.text("ui-window-sound-on");
    if super::parts::edged(ui, |ui| ui.checkbox(&mut on, word)).changed() {
        *choice = if on {
            SoundChoice::On
        } else {
            SoundChoice::Off
        };
    }
    let mut heard = None;
    let colors = theme::colors(ui);
    for tone in Tone::ALL {
        ui.horizontal(|ui| {
            let word = wording.text("ui-window-sound-try");
            let says = wording.text(&format!("tone-{}", tone.word()));
            let button = ui.add_enabled(is_played, egui::Button::new(&word));
            let named = format!("{word}: {says}");
            button.widget_info(|| egui::WidgetInfo::labeled(Role::Button, is_played, &named));
            if button.clicked() {
                heard = Some(tone);
            }
            let (shape, color) = match tone {
                Tone::Good => ("✓", colors.good),
                Tone::Attention => ("△", colors.attention),
                Tone::Stopped => ("✕", colors.stopped),
            };
            ui.colored_label(color, shape);
            ui.label(says);
        });
    }
    if !is_played {
        ui.colored_label(colors.attention, wording.text("ui-window-sound-none"));
    }
    heard
}

/// The heads of a list's columns.
fn heads<const N: usize>(ui: &mut Ui, wording: &Wording, widths: [f32; N], keys: [&str; N]) {
    for (mut cell, key) in cells(ui, 20.0, widths).into_iter().zip(keys) {
        let word = RichText::new(wording.text(key)).small();
        cell.label(word.color(theme::colors(ui).quiet));
    }
    ui.separator();
}

/// What is done elsewhere: its command, and what it is for.
fn by_command(ui: &mut Ui, wording: &Wording, key: &str) {
    ui.add_space(12.0);
    ui.strong(wording.text("ui-settings-by-command"));
    for line in wording.text(key).lines() {
        match line.split_once("  ") {
            Some((command, why)) => {
                ui.horizontal_wrapped(|ui| {
                    ui.monospace(command);
                    ui.weak(why.trim());
                });
            }
            None => {
                ui.weak(line);
            }
        }
    }
}

/// What became of the last act.
fn done(ui: &mut Ui, wording: &Wording, done: &SettingsDone) {
    let words = match done {
        SettingsDone::Set(name) => {
            let setting = wording.text(&station::key("setting", name));
            wording.with("ui-setting-done", [("setting", setting)])
        }
        SettingsDone::Reported(path) => {
            wording.with("written", [("path", path.display().to_string())])
        }
        SettingsDone::BackedUp { path, made } => wording.with(
            "backup-made",
            [
                ("path", path.display().to_string()),
                ("code", made.code.to_string()),
                ("sha256", hex::encode(made.sha256)),
            ],
        ),
        SettingsDone::KitMade(papers) => {
            format!("{}\n{}", wording.text("recovery-kit-made"), lines(papers))
        }
        SettingsDone::CaBackedUp { file, papers } => {
            let file = file.display();
            format!(
                "{}\n{file}\n{}",
                wording.text("ca-backup-made"),
                lines(papers)
            )
        }
        SettingsDone::WaiverGranted(path) => {
            wording.with("ui-waiver-granted", [("path", path.display().to_string())])
        }
        SettingsDone::WaiverReceived { replayed } => wording.text(if *replayed {
            "parcel-replayed"
        } else {
            "ui-waiver-received"
        }),
        // Told in its own place.
        SettingsDone::Compared { .. } => return,
    };
    super::parts::card(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.colored_label(theme::colors(ui).good, "✓");
            ui.add(egui::Label::new(words).wrap());
        });
    });
}

/// Paths, one a line.
fn lines(paths: &[PathBuf]) -> String {
    let paths = paths.iter().map(|path| path.display().to_string());
    paths.collect::<Vec<_>>().join("\n")
}
