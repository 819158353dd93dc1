//! Unblocking by files: two steps at the desk where the holder stands, two at the owner of the ukey.

use eframe::egui::{self, Ui};
use egui::accesskit::Role;

use super::super::parts::{
    card, dropped_file, edged, field, grouped, minute, pressed_when, some_path,
};
use super::super::remote_view::{QuestionLooked, RemoteAct, RemoteDone};
use super::super::second_view::Proposed;
use super::super::view::View;
use super::super::{theme, told};
use crate::domain::officer::Duty;
use crate::wording::Wording;

/// Whose part it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    /// The holder stands here; the ukey is a neighbour's.
    #[default]
    Here,
    /// The ukey is this station's; the holder stands at a neighbour's desk.
    Owner,
}

const SIDES: [(Side, &str); 2] = [
    (Side::Here, "ui-remote-here"),
    (Side::Owner, "ui-remote-owner"),
];

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    side: Side,
    serial: String,
    owner: String,
    release: String,
    /// The holder's identity document was compared with them.
    compared: bool,
    question: String,
    answer: String,
    /// The last act that was told: its fields are empty since, and nothing is sent twice.
    told: Option<RemoteDone>,
}

impl State {
    /// Empties the fields of what was just done; what was refused stays in them.
    fn follow(&mut self, view: &View) {
        if view.remote_done == self.told {
            return;
        }
        self.told.clone_from(&view.remote_done);
        match &self.told {
            Some(RemoteDone::Asked { .. }) => self.serial.clear(),
            Some(RemoteDone::Applied { .. }) => {
                self.release.clear();
                self.compared = false;
            }
            Some(RemoteDone::Granted { .. }) => self.question.clear(),
            Some(RemoteDone::Confirmed { .. }) => self.answer.clear(),
            None => {}
        }
    }

    /// A file that was dropped goes where one is asked for.
    fn take_dropped(&mut self, path: String) {
        match self.side {
            Side::Here => self.release = path,
            Side::Owner if self.question.is_empty() => self.question = path,
            Side::Owner => self.answer = path,
        }
    }
}

/// What came of drawing it.
pub(super) enum Asked {
    /// Something of the desk.
    Act(RemoteAct),
    /// Something of two officers.
    Propose(Proposed),
    /// It is closed.
    Close,
}

/// Draws it; gives what was asked for.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View, form: &mut State) -> Option<Asked> {
    form.follow(view);
    if let Some(path) = dropped_file(ui) {
        form.take_dropped(path);
    }
    if let Some(done) = &view.remote_done {
        card(ui, |ui| self::done(ui, wording, done));
    }
    if super::head(ui, wording, "ui-remote-title") {
        return Some(Asked::Close);
    }
    for (side, key) in SIDES {
        let chosen = form.side == side;
        if edged(ui, |ui| ui.radio(chosen, wording.text(key))).clicked() {
            form.side = side;
        }
    }
    match form.side {
        Side::Here => {
            let asked = card(ui, |ui| ask(ui, wording, view, form));
            let applied = card(ui, |ui| apply(ui, wording, view, form));
            asked.or(applied).map(Asked::Act)
        }
        Side::Owner => {
            let answered = card(ui, |ui| question(ui, wording, view, form));
            let confirmed = card(ui, |ui| confirm(ui, wording, view, form));
            answered.or_else(|| confirmed.map(Asked::Act))
        }
    }
}

/// A field for the path of a file.
fn file(ui: &mut Ui, wording: &Wording, (key, path): (&str, &mut String)) {
    let edit = egui::TextEdit::singleline(path)
        .id_salt(key)
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text(key), edit);
}

fn ask(ui: &mut Ui, wording: &Wording, view: &View, form: &mut State) -> Option<RemoteAct> {
    ui.label(wording.text("ui-remote-ask-what"));
    for (key, text) in [
        ("ui-remote-serial", &mut form.serial),
        ("ui-remote-of", &mut form.owner),
    ] {
        let edit = egui::TextEdit::singleline(text)
            .id_salt(key)
            .char_limit(100)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text(key), edit);
    }
    let serial: String = form.serial.split_whitespace().collect();
    let owner = form.owner.trim();
    let why_not = serial.is_empty().then_some("ui-remote-serial-first");
    let button = egui::Button::new(wording.text("ui-remote-ask"));
    let asked = pressed_when(ui, wording, view, (Duty::HandOut, why_not), button);
    asked.then(|| RemoteAct::Ask {
        serial,
        owner: (!owner.is_empty()).then(|| owner.to_owned()),
    })
}

fn apply(ui: &mut Ui, wording: &Wording, view: &View, form: &mut State) -> Option<RemoteAct> {
    ui.label(wording.text("ui-remote-apply-what"));
    file(ui, wording, ("ui-remote-release", &mut form.release));
    let word = wording.text("ui-unblock-compared");
    edged(ui, |ui| ui.checkbox(&mut form.compared, word));
    let path = some_path(&form.release);
    let why_not = if path.is_none() {
        Some("ui-file-first")
    } else if !form.compared {
        Some("ui-unblock-compare-first")
    } else {
        None
    };
    let button = egui::Button::new(wording.text("ui-remote-apply"));
    let asked = pressed_when(ui, wording, view, (Duty::HandOut, why_not), button);
    path.filter(|_path| asked).map(RemoteAct::Apply)
}

fn question(ui: &mut Ui, wording: &Wording, view: &View, form: &mut State) -> Option<Asked> {
    ui.label(wording.text("ui-remote-question-what"));
    file(ui, wording, ("ui-remote-question", &mut form.question));
    let path = some_path(&form.question);
    let why_not = path.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-remote-look"));
    let asked = pressed_when(ui, wording, view, (Duty::HandOut, why_not), button);
    let looked = view.question.as_ref();
    let looked = looked.filter(|looked| Some(&looked.file) == path.as_ref());
    let granted = looked.and_then(|looked| grant(ui, wording, view, looked));
    let look = path.filter(|_path| asked).map(RemoteAct::Look);
    granted.or_else(|| look.map(Asked::Act))
}

/// What is asked, and the button that has security answer it.
fn grant(ui: &mut Ui, wording: &Wording, view: &View, looked: &QuestionLooked) -> Option<Asked> {
    ui.separator();
    ui.monospace(grouped(looked.serial.as_str()));
    for fact in looked.facts(wording) {
        ui.label(fact);
    }
    let button = theme::primary(ui, wording.text("ui-remote-grant"));
    let asked = pressed_when(ui, wording, view, (Duty::HandOut, None), button);
    asked.then(|| Asked::Propose(Proposed::Grant(Box::new(looked.clone()))))
}

fn confirm(ui: &mut Ui, wording: &Wording, view: &View, form: &mut State) -> Option<RemoteAct> {
    ui.label(wording.text("ui-remote-confirm-what"));
    file(ui, wording, ("ui-remote-answer", &mut form.answer));
    let path = some_path(&form.answer);
    let why_not = path.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-remote-confirm"));
    let asked = pressed_when(ui, wording, view, (Duty::HandOut, why_not), button);
    path.filter(|_path| asked).map(RemoteAct::Confirm)
}

/// What became of the last act, and where its file goes.
fn done(ui: &mut Ui, wording: &Wording, done: &RemoteDone) {
    let colors = theme::colors(ui);
    ui.horizontal(|ui| {
        ui.colored_label(colors.good, "✓");
        ui.monospace(grouped(done.serial().as_str()));
    });
    match done {
        RemoteDone::Asked { owner, .. } => {
            ui.label(wording.with("ui-remote-asked", [("unit", owner.clone())]));
        }
        RemoteDone::Granted { to, until, .. } => {
            let args = [("unit", to.clone()), ("until", minute(*until))];
            ui.label(wording.with("ui-remote-granted", args));
        }
        RemoteDone::Applied { .. } => {
            ui.label(wording.text("ui-remote-applied"));
        }
        RemoteDone::Confirmed {
            replayed,
            lifted,
            crl,
            crl_error,
            ..
        } => {
            let key = if *replayed {
                "parcel-replayed"
            } else {
                "ui-remote-confirmed"
            };
            ui.label(wording.text(key));
            if *lifted {
                ui.label(wording.text("hold-lifted"));
            }
            if let Some((code, subject)) = crl_error {
                told(ui, wording, code, subject);
            }
            if let Some(key) = crl {
                ui.colored_label(colors.attention, wording.text(key));
            }
        }
    }
    if let RemoteDone::Asked { file, .. }
    | RemoteDone::Granted { file, .. }
    | RemoteDone::Applied { file, .. } = done
    {
        let path = file.display().to_string();
        let label = ui.add(egui::Label::new(&path).wrap());
        ui.ctx()
            .accesskit_node_builder(label.id, |node| node.set_role(Role::Label));
    }
}
