//! Every setting of the station, each changed in its place.

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Ui};

use super::done;
use crate::domain::officer::Duty;
use crate::domain::setting::{CRL_DESTINATIONS, Range, Setting};
use crate::station::jobs::settings::Set;
use crate::ui::parts::{card, edged, pressed_when, read_only_when};
use crate::ui::settings_view::{SettingsAct, SettingsDone, SettingsPicture};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::{Language, Wording};

/// What a person typed so far, by the setting's name.
#[derive(Debug, Default)]
pub(super) struct State {
    typed: BTreeMap<&'static str, String>,
    /// The value that was sent last: it was refused, or is kept.
    sent: Option<(&'static str, String)>,
}

/// Draws it; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    state: &mut State,
) -> Option<SettingsAct> {
    state.follow(view);
    read_only_when(ui, wording, view, (Duty::SetUp, "ui-settings-read-only"));
    let mut act = None;
    egui::ScrollArea::vertical()
        .id_salt("settings")
        .auto_shrink(false)
        .show(ui, |ui| {
            if let Some(told @ SettingsDone::Set(_)) = &view.settings_done {
                done(ui, wording, told);
            }
            for set in &picture.settings {
                let asked = ui
                    .push_id(set.setting.name, |ui| {
                        card(ui, |ui| row(ui, wording, (view, picture, set), state))
                    })
                    .inner;
                act = act.take().or(asked);
            }
        });
    act
}

impl State {
    /// What is kept leaves its field; what was refused stays in it.
    fn follow(&mut self, view: &View) {
        if view.busy {
            return;
        }
        if let Some(SettingsDone::Set(name)) = &view.settings_done
            && self
                .sent
                .as_ref()
                .is_some_and(|(sent, _value)| sent == name)
        {
            self.sent = None;
            self.typed.remove(name);
        }
    }

    /// Whether this value was sent and refused.
    fn is_refused(&self, view: &View, setting: Setting) -> bool {
        let refused = view.error.as_ref().is_some_and(|(code, subject)| {
            code == "setting-invalid" && subject.starts_with(&format!("{}:", setting.name))
        });
        let typed = self.typed.get(setting.name);
        let sent = self.sent.as_ref().filter(|(name, _)| *name == setting.name);
        refused && sent.map(|(_name, value)| value) == typed
    }
}

/// One setting: its name, its value, what it may be.
fn row(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture, set): (&View, &SettingsPicture, &Set),
    state: &mut State,
) -> Option<SettingsAct> {
    let setting = set.setting;
    let refused = state.is_refused(view, setting);
    let colors = theme::colors(ui);
    let mut act = None;
    ui.spacing_mut().item_spacing.y = 4.0;
    let label = ui.horizontal_wrapped(|ui| {
        let name = wording.text(&key("setting", setting.name));
        let label = ui.label(RichText::new(name).strong());
        ui.label(RichText::new(setting.name).small().color(colors.quiet));
        label
    });
    ui.horizontal(|ui| {
        let wide = matches!(setting.range, Range::Text(_) | Range::Destinations);
        let typed = state
            .typed
            .entry(setting.name)
            .or_insert_with(|| set.value.clone());
        if !view.may(Duty::SetUp) {
            typed.clone_from(&set.value); // Follows what another has changed.
        }
        let edit = egui::TextEdit::singleline(typed)
            .id_salt("value")
            .char_limit(1000)
            .margin(egui::vec2(8.0, 6.0))
            .desired_width(if wide { 480.0 } else { 110.0 });
        let field = edged(ui, |ui| {
            ui.add_enabled(view.may(Duty::SetUp) && !view.busy, edit)
        });
        let field = field.labelled_by(label.inner.id);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if let Some(unit) = wording.known(&key("setting-unit", setting.name)) {
            ui.label(unit);
        }
        let same = (typed.trim() == set.value).then_some("ui-level-same");
        let save = egui::Button::new(wording.text("ui-setting-save"));
        let pressed = pressed_when(ui, wording, view, (Duty::SetUp, same), save);
        let may = view.may(Duty::SetUp) && !view.busy && same.is_none();
        if pressed || (entered && may) {
            state.sent = Some((setting.name, typed.clone()));
            act = Some(SettingsAct::Set {
                name: setting.name,
                value: typed.clone(),
            });
        }
    });
    let rule = rule(wording, setting);
    if refused {
        ui.colored_label(colors.stopped, format!("✕ {rule}"));
    } else {
        ui.label(RichText::new(rule).small().color(colors.quiet));
    }
    if setting == CRL_DESTINATIONS {
        destinations(ui, wording, &picture.destinations);
    }
    act
}

/// What a setting may be, and what it is where nothing was set.
fn rule(wording: &Wording, setting: Setting) -> String {
    let range = match setting.range {
        Range::Whole(least, most) => wording.with(
            "setting-range-whole",
            [("least", least.to_string()), ("most", most.to_string())],
        ),
        Range::Day => wording.text("setting-range-day"),
        Range::Text(most) => wording.with("setting-range-text", [("most", most.to_string())]),
        Range::Destinations => wording.text("setting-range-destinations"),
    };
    let default = if setting.default.is_empty() {
        wording.text("setting-default-none")
    } else {
        wording.with("setting-default", [("default", setting.default.to_owned())])
    };
    let why = wording.text(&key("setting-why", setting.name));
    let between = match wording.language() {
        Language::Chinese => "",
        Language::English => " ",
    };
    [why, range, default].join(between)
}

fn destinations(ui: &mut Ui, wording: &Wording, places: &[String]) {
    if places.is_empty() {
        ui.colored_label(
            theme::colors(ui).attention,
            wording.text("ui-settings-no-destination"),
        );
    }
    for (at, place) in places.iter().enumerate() {
        let kind = if place.contains("://") {
            "ui-settings-web"
        } else {
            "ui-settings-folder"
        };
        ui.horizontal(|ui| {
            ui.weak(format!("{}. {}", at + 1, wording.text(kind)));
            ui.monospace(place);
        });
    }
}

/// The key of something about a setting.
pub(super) fn key(what: &str, name: &str) -> String {
    format!("{what}-{}", name.replace('_', "-"))
}
