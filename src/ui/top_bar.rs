//! The top bar: who is signed in and where, what is plugged in, how the station stands.

use std::collections::BTreeMap;

use eframe::egui;

use super::desk_thread::Command;
use super::view::{Left, View};
use super::{Window, health_bar, post_word, theme};
use crate::domain::ukey::UkeyState;
use crate::wording::Language;

/// Room that is left to the unit's name.
const LEAST_UNIT: f32 = 96.0;

impl Window {
    pub(super) fn top_bar(&mut self, ui: &mut egui::Ui, view: &View) {
        let right = egui::Layout::right_to_left(egui::Align::Center);
        ui.with_layout(right, |ui| {
            self.language_button(ui);
            self.sign_out_button(ui, view);
            if let Some(health) = &view.health
                && let Some(act) = health_bar::show(ui, &self.wording, view, health)
            {
                self.second.open(act);
            }
            self.inserted_ukeys(ui, view);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                self.who_and_where(ui, view);
            });
        });
    }

    /// What is plugged in: so many of each state.
    fn inserted_ukeys(&self, ui: &mut egui::Ui, view: &View) {
        let mut by_state: BTreeMap<&str, (UkeyState, Vec<&str>)> = BTreeMap::new();
        for ukey in view.ukeys.iter().filter(|ukey| ukey.inserted) {
            let state = ukey.row.state;
            let (_state, serials) = by_state
                .entry(state.word())
                .or_insert_with(|| (state, Vec::new()));
            serials.push(ukey.row.identity.serial.as_str());
        }
        for (state, serials) in by_state.into_values() {
            let (shape, color) = theme::ukey_state(ui, state);
            let word = self.wording.ukey_state(state);
            ui.colored_label(color, format!("{shape} {}", serials.len()))
                .on_hover_text(format!("{word}\n{}", serials.join("\n")));
        }
    }

    fn who_and_where(&mut self, ui: &mut egui::Ui, view: &View) {
        if view.practice {
            self.practice_mark(ui, view);
        }
        let bold = |text: &str| egui::RichText::new(text).strong();
        let room = ui.available_width() - LEAST_UNIT;
        let who = self.who(ui, view, room);
        // Of a long name of the unit the end gives way, never who is signed in.
        let width = ui.available_width() - width_of(ui, &who) - 32.0;
        ui.scope(|ui| {
            ui.set_max_width(width.max(LEAST_UNIT - 32.0));
            ui.add(egui::Label::new(bold(&view.unit)).truncate());
        });
        ui.label("·");
        ui.add(egui::Label::new(who).truncate());
    }

    /// Who is signed in: with the post in both languages where there is room for it.
    fn who(&self, ui: &egui::Ui, view: &View, room: f32) -> String {
        let Some(post) = view.post else {
            return view.officer.clone();
        };
        let whole = format!("{} {}", view.officer, post_word(&self.wording, post));
        if width_of(ui, &whole) <= room {
            return whole;
        }
        let word = match self.wording.language() {
            Language::Chinese => post.chinese().to_owned(),
            Language::English => self.wording.text(&format!("post-{}", post.word())),
        };
        format!("{} {word}", view.officer)
    }

    fn sign_out_button(&mut self, ui: &mut egui::Ui, view: &View) {
        let button = egui::Button::new(self.wording.text("ui-sign-out"));
        let may = !view.busy && !self.leaving;
        let response = ui
            .add_enabled(may, button)
            .on_disabled_hover_text(self.wording.text("ui-not-while-working"));
        if response.clicked() {
            self.leaving = self.send(Command::Leave(Left::SignedOut));
        }
    }
}

/// The width of a text in one line.
fn width_of(ui: &egui::Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let color = ui.visuals().text_color();
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    galley.size().x
}
