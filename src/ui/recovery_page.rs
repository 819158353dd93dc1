//! Nobody can sign in any more: two custodians type their shares as they stand on paper, and somebody is enrolled
//! in the place of an officer for some days.

use eframe::egui::{self, Ui};

use super::parts::{edged, field, minute};
use super::passphrase::{self, Passphrase};
use super::recovery_view::{Recovered, Recovery};
use super::view::{DoorView, View};
use super::{heading, post_word, theme, told};
use crate::domain::officer::OfficerName;
use crate::station::jobs::recovery::{LINES, Replacement, check_line};
use crate::wording::Wording;

/// So many shares are asked for.
const SHARES: usize = 2;

/// What was typed so far; all of it goes with the page.
#[derive(Debug)]
pub(super) struct State {
    name: String,
    replaces: Option<OfficerName>,
    passphrase: [Passphrase; 2],
    shares: [Vec<Passphrase>; SHARES],
}

impl Default for State {
    fn default() -> Self {
        let lines = || (1..=LINES).map(|_line| Passphrase::new()).collect();
        Self {
            name: String::new(),
            replaces: None,
            passphrase: [Passphrase::new(), Passphrase::new()],
            shares: [lines(), lines()],
        }
    }
}

/// What came of drawing it.
pub(super) enum Asked {
    /// Enrol them.
    Recover(Box<Recovery>),
    /// Back to signing in.
    Close,
}

impl State {
    /// Whether every line of a share is typed right.
    fn is_whole(lines: &[Passphrase]) -> bool {
        let mut lines = (1..=LINES).zip(lines);
        lines.all(|(number, line)| check_line(number, line.expose()))
    }

    /// What is asked for, once everything is there; else the key of what is not.
    fn order(&self) -> Result<Recovery, &'static str> {
        let name = OfficerName::parse(self.name.trim());
        let name = name.map_err(|_unlike| "ui-recover-name-first")?;
        let replaces = self.replaces.clone().ok_or("ui-recover-whom-first")?;
        if self.passphrase.iter().any(Passphrase::is_empty) {
            return Err("ui-recover-passphrase-first");
        }
        if !self.shares.iter().all(|lines| Self::is_whole(lines)) {
            return Err("ui-recover-shares-first");
        }
        let share = |lines: &Vec<Passphrase>| lines.iter().map(Passphrase::copy).collect();
        Ok(Recovery {
            replacement: Replacement { name, replaces },
            passphrase: self.passphrase.each_ref().map(Passphrase::copy),
            shares: self.shares.each_ref().map(share),
        })
    }
}

/// Draws it; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, door): (&View, &DoorView),
    form: &mut State,
) -> Option<Asked> {
    heading(ui, &wording.text("ui-recover-title"));
    ui.label(wording.text("ui-recover-what"));
    who(ui, wording, door, form);
    for (place, lines) in (1..).zip(&mut form.shares) {
        share(ui, wording, (place, lines));
    }
    if let Some((code, subject)) = &view.error {
        told(ui, wording, code, subject);
    }
    let order = form.order();
    let why_not = if view.busy {
        Some("ui-not-while-working")
    } else {
        order.as_ref().err().copied()
    };
    let mut asked = None;
    ui.horizontal(|ui| {
        let button = theme::primary(ui, wording.text("ui-recover"));
        let mut response = ui.add_enabled(why_not.is_none(), button);
        if let Some(key) = why_not {
            response = response.on_disabled_hover_text(wording.text(key));
        }
        if response.clicked() {
            asked = order.ok().map(|order| Asked::Recover(Box::new(order)));
        }
        let back = egui::Button::new(wording.text("ui-part-back"));
        if ui.add_enabled(!view.busy, back).clicked() {
            asked = Some(Asked::Close);
        }
        if view.busy {
            ui.spinner();
        }
    });
    if let Some(key) = why_not {
        ui.weak(wording.text(key));
    }
    asked
}

/// Who comes, in whose place, and what they will sign in with.
fn who(ui: &mut Ui, wording: &Wording, door: &DoorView, form: &mut State) {
    ui.strong(wording.text("ui-recover-whom"));
    for officer in &door.door.officers {
        let word = format!("{}  {}", officer.name, post_word(wording, officer.post));
        let chosen = form.replaces.as_ref() == Some(&officer.name);
        if edged(ui, |ui| ui.radio(chosen, word)).clicked() {
            form.replaces = Some(officer.name.clone());
        }
    }
    let edit = egui::TextEdit::singleline(&mut form.name)
        .id_salt("recover name")
        .char_limit(32)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-recover-name"), edit);
    let keys = ["ui-recover-passphrase", "ui-recover-again"];
    for (key, typed) in keys.into_iter().zip(&mut form.passphrase) {
        secret(ui, &wording.text(key), (key, typed));
    }
}

/// A share as it stands on its paper: each line says at once whether it is typed right.
fn share(ui: &mut Ui, wording: &Wording, (place, lines): (u8, &mut Vec<Passphrase>)) {
    let args = [("place", place.to_string())];
    ui.strong(wording.with("ui-recover-share", args));
    for (number, line) in (1..=LINES).zip(lines) {
        let args = [("place", place.to_string()), ("line", number.to_string())];
        let word = wording.with("ui-recover-line", args);
        ui.horizontal(|ui| {
            let label = ui.label(&word);
            let edit = egui::TextEdit::singleline(line)
                .id_salt(("share", place, number))
                .char_limit(passphrase::MOST)
                .margin(egui::vec2(8.0, 6.0))
                .desired_width(160.0);
            edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
            let colors = theme::colors(ui);
            if check_line(number, line.expose()) {
                ui.colored_label(
                    colors.good,
                    format!("✓ {}", wording.text("ui-recover-right")),
                );
            } else if !line.is_empty() {
                let words = wording.text("ui-recover-not-yet");
                ui.colored_label(colors.attention, format!("△ {words}"));
            }
        });
    }
}

fn secret(ui: &mut Ui, word: &str, (id, typed): (&str, &mut Passphrase)) {
    let edit = egui::TextEdit::singleline(typed)
        .id_salt(id)
        .password(true)
        .char_limit(passphrase::MOST)
        .desired_width(f32::INFINITY);
    field(ui, word, edit);
}

/// What became of it, at the door.
pub(super) fn told_at_door(ui: &mut Ui, wording: &Wording, recovered: &Recovered) {
    let colors = theme::colors(ui);
    match recovered {
        Recovered::Enrolled(enrolled) => {
            let args = [
                ("name", enrolled.name.to_string()),
                ("until", minute(enrolled.until)),
            ];
            let words = wording.with("ui-recovered", args);
            ui.colored_label(colors.good, format!("✓ {words}"));
            ui.label(wording.text("ui-recovered-next"));
        }
        Recovered::Passphrase(key) => {
            ui.colored_label(colors.stopped, format!("✕ {}", wording.text(key)));
        }
    }
}
