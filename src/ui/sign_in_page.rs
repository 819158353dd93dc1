//! The sign-in page: who may come in, their passphrase, and what to do when that fails.

use eframe::egui::{self, Key, RichText};

use super::desk_thread::Command;
use super::first_run_view::MadeNote;
use super::parts::{grouped, single_card};
use super::passphrase::Passphrase;
use super::recovery_view::Recovered;
use super::view::{DoorView, Left, Place, View};
use super::{first_run_page, heading, post_word, recovery_page, theme, told};
use crate::domain::officer::OfficerName;
use crate::station::door::AtDoor;
use crate::wording::Wording;

const CARD_WIDTH: f32 = 440.0;

/// What a person did here so far.
#[derive(Debug)]
pub(super) struct State {
    chosen: Option<OfficerName>,
    passphrase: Passphrase,
    /// The field is to be typed into, as soon as it can be.
    wants_focus: bool,
    shown: bool,
    was_busy: bool,
    /// The form of who comes with the recovery kit, while it is open.
    recovery: Option<Box<recovery_page::State>>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            chosen: None,
            passphrase: Passphrase::new(),
            wants_focus: true,
            shown: true, // The desk that opens by itself is entered too.
            was_busy: false,
            recovery: None,
        }
    }

    /// Forgets what was typed.
    pub(super) fn forget(&mut self) {
        self.passphrase.wipe();
        self.recovery = None;
    }

    /// Whether somebody has come in since the page was shown; the page is then as new.
    pub(super) fn take_entered(&mut self) -> bool {
        let shown = self.shown;
        if shown {
            *self = Self {
                shown: false,
                ..Self::new()
            };
        }
        shown
    }

    /// Who is chosen: by the person, else the last one, else the first.
    fn chosen<'a>(&self, view: &'a DoorView) -> Option<&'a AtDoor> {
        let officers = &view.door.officers;
        let named = |name: &Option<OfficerName>| {
            let name = name.as_ref();
            officers.iter().find(|officer| Some(&officer.name) == name)
        };
        named(&self.chosen)
            .or_else(|| named(&view.last))
            .or_else(|| officers.first())
    }
}

/// Draws the page; gives who wants to sign in.
pub(super) fn show(
    ui: &mut egui::Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<Command> {
    state.shown = true;
    if state.was_busy && !view.busy {
        state.wants_focus = true; // A try has failed: the next one is typed at once.
    }
    state.was_busy = view.busy;
    if let Place::Door(door) = &view.place
        && state.recovery.is_some()
    {
        return recover(ui, wording, (view, door), state);
    }
    single_card(ui, (CARD_WIDTH, 1.0 / 8.0), |ui| {
        card(ui, wording, view, state)
    })
}

/// Nobody can sign in: the recovery kit.
fn recover(
    ui: &mut egui::Ui,
    wording: &Wording,
    (view, door): (&View, &DoorView),
    state: &mut State,
) -> Option<Command> {
    if matches!(view.recovered, Some(Recovered::Enrolled(_))) {
        state.recovery = None; // It is told beside the field in which they sign in.
        return None;
    }
    let form = state.recovery.as_mut()?;
    let asked = single_card(ui, (CARD_WIDTH, 0.0), |ui| {
        if let Some(refused) = &view.recovered {
            recovery_page::told_at_door(ui, wording, refused);
        }
        recovery_page::show(ui, wording, (view, door), form)
    });
    match asked? {
        recovery_page::Asked::Recover(order) => Some(Command::Recover(order)),
        recovery_page::Asked::Close => {
            state.recovery = None;
            None
        }
    }
}

fn card(ui: &mut egui::Ui, wording: &Wording, view: &View, state: &mut State) -> Option<Command> {
    let door = match &view.place {
        Place::Door(door) => Some(door),
        Place::Opening | Place::FirstRun(_) | Place::Desk => None,
    };
    ui.horizontal(|ui| {
        ui.strong(wording.text("app-title"));
        if view.practice {
            ui.colored_label(theme::colors(ui).attention, wording.text("ui-practice"));
        }
    });
    let locked = door.is_some_and(|door| door.left == Some(Left::Locked));
    let title = if locked { "ui-locked" } else { "ui-sign-in" };
    heading(ui, &wording.text(title));
    ui.label(if view.unit.is_empty() {
        &view.home
    } else {
        &view.unit
    });
    if let Some(made) = &view.made {
        self::made(ui, wording, view, made);
    }
    if let Some(restored) = &view.restored {
        first_run_page::restore::told_at_door(ui, wording, restored);
    }
    if let Some(recovered @ Recovered::Enrolled(_)) = &view.recovered {
        recovery_page::told_at_door(ui, wording, recovered);
    }
    match door.and_then(|door| door.left) {
        Some(Left::Locked) => {
            ui.weak(wording.text("ui-locked-why"));
        }
        Some(Left::SignedOut) => {
            ui.weak(wording.text("ui-signed-out"));
        }
        Some(Left::PowerCut) => {
            let color = theme::colors(ui).attention;
            ui.colored_label(color, format!("△ {}", wording.text("ui-power-cut")));
            ui.label(wording.text("ui-power-cut-next"));
        }
        Some(Left::ToPost(_)) | None => {}
    }
    ui.add_space(8.0);
    let command = door.and_then(|door| form(ui, wording, (view, door), state));
    if view.busy {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(wording.text("ui-signing-in"));
        });
    }
    // While a wait runs down, the lines at the field say what to do.
    let waits = door
        .and_then(|door| state.chosen(door))
        .is_some_and(|officer| officer.wait_secs.is_some());
    let told_there = |code: &str| waits && matches!(code, "sign-in-wait" | "passphrase-wrong");
    if let Some((code, subject)) = &view.error
        && !told_there(code)
    {
        told(ui, wording, code, subject);
    }
    if door.is_some_and(|door| !door.door.officers.is_empty()) {
        ui.add_space(12.0);
        let link = egui::Button::new(wording.text("ui-recover-open")).frame(false);
        if ui.add_enabled(!view.busy, link).clicked() {
            state.recovery = Some(Box::default());
        }
    }
    command
}

/// The home was made a moment ago: what is to be done before anybody signs in, or next.
fn made(ui: &mut egui::Ui, wording: &Wording, view: &View, made: &MadeNote) {
    let colors = theme::colors(ui);
    let text = |path: &std::path::Path| path.display().to_string();
    let args = [
        ("path", view.home.clone()),
        ("fingerprint", grouped(&made.fingerprint)),
    ];
    let key = if made.enrolment.is_some() {
        "ui-first-made"
    } else {
        "ui-first-made-root"
    };
    ui.colored_label(colors.good, format!("✓ {}", wording.with(key, args)));
    if let Some(file) = &made.enrolment {
        ui.label(wording.with("ui-first-enrolment", [("file", text(file))]));
    }
    if !made.unidentified.is_empty() {
        let names: Vec<&str> = made.unidentified.iter().map(OfficerName::as_str).collect();
        ui.label(wording.with("ui-first-unidentified", [("names", names.join("、"))]));
    }
    if let Some(dir) = &made.papers {
        ui.label(wording.with("init-papers", [("dir", text(dir))]));
    }
    if let Some(file) = &made.backup {
        ui.label(wording.with("init-backup", [("file", text(file))]));
    }
    if let Some((code, subject)) = &made.failed {
        told(ui, wording, code, subject);
    }
    ui.label(wording.text("ui-first-next"));
}

fn form(
    ui: &mut egui::Ui,
    wording: &Wording,
    (view, door): (&View, &DoorView),
    state: &mut State,
) -> Option<Command> {
    // Circles and the field stand out from the card.
    ui.visuals_mut().widgets.inactive.bg_stroke.color = theme::colors(ui).quiet;
    choose(ui, wording, view, door, state);
    let officer = state.chosen(door)?;
    ui.add_space(8.0);
    let mut asked = false;
    if officer.by_secrets {
        ui.weak(wording.text("ui-by-secrets"));
    } else {
        asked |= passphrase_field(ui, wording, view, state);
    }
    if let Some(secs) = officer.wait_secs {
        let colors = theme::colors(ui);
        let args = [("secs", secs.to_string())];
        ui.colored_label(colors.attention, wording.with("ui-wait", args));
        ui.label(wording.text("ui-wait-next"));
    }
    ui.add_space(8.0);
    let ready = officer.by_secrets || !state.passphrase.is_empty();
    let why_not = if view.busy {
        "ui-signing-in"
    } else if officer.wait_secs.is_some() {
        "ui-wait-next"
    } else {
        "ui-type-passphrase"
    };
    let able = ready && !view.busy && officer.wait_secs.is_none();
    let button = theme::primary(ui, wording.text("ui-sign-in"));
    let size = egui::vec2(ui.available_width(), 40.0);
    let response = ui
        .add_enabled_ui(able, |ui| ui.add_sized(size, button))
        .inner
        .on_disabled_hover_text(wording.text(why_not));
    if officer.by_secrets && state.wants_focus && able {
        response.request_focus();
        state.wants_focus = false;
    }
    asked |= response.clicked();
    if asked {
        state.wants_focus = true; // Enter has taken the focus; the next try is typed at once.
    }
    if !(asked && able) {
        return None;
    }
    let passphrase = (!officer.by_secrets).then(|| state.passphrase.give());
    Some(Command::SignIn(officer.name.clone(), passphrase))
}

fn choose(ui: &mut egui::Ui, wording: &Wording, view: &View, door: &DoorView, state: &mut State) {
    ui.label(wording.text("ui-who"));
    let chosen = state.chosen(door).map(|officer| officer.name.clone());
    for officer in &door.door.officers {
        let post = post_word(wording, officer.post);
        let words = RichText::new(format!("{}  {post}", officer.name));
        let is_chosen = chosen.as_ref() == Some(&officer.name);
        let button = egui::RadioButton::new(is_chosen, words);
        if ui.add_enabled(!view.busy, button).clicked() {
            if !is_chosen {
                state.forget(); // It was another one's.
            }
            state.chosen = Some(officer.name.clone());
            state.wants_focus = true;
        }
    }
}

/// The field; whether Enter was pressed in it.
fn passphrase_field(ui: &mut egui::Ui, wording: &Wording, view: &View, state: &mut State) -> bool {
    let label = ui.label(wording.text("ui-passphrase"));
    let field = egui::TextEdit::singleline(&mut state.passphrase)
        .id_salt("passphrase")
        .password(true)
        .char_limit(super::passphrase::MOST)
        .margin(egui::vec2(8.0, 8.0))
        .desired_width(f32::INFINITY);
    let response = ui.add_enabled(!view.busy, field).labelled_by(label.id);
    if state.wants_focus && !view.busy {
        response.request_focus();
        state.wants_focus = false;
    }
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}
