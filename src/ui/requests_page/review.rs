//! At the superior: a subordinate's file is opened, each application in it decided on, and the answer
//! written.

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::field_word;
use super::opened::pair;
use crate::domain::officer::Duty;
use crate::domain::request::{FormKind, RequestState};
use crate::station::jobs::people::is_reason;
use crate::station::jobs::review::{ReviewItem, Ruling};
use crate::ui::parts::{card, edged, field, grouped, pressed_when, reason, some_path, title};
use crate::ui::requests_view::{RequestsAct, ReviewPicture};
use crate::ui::view::View;
use crate::ui::{post_word, theme};
use crate::wording::Wording;

/// What is chosen for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Approve,
    Return,
    Reject,
}

impl Choice {
    const ALL: [Self; 3] = [Self::Approve, Self::Return, Self::Reject];

    const fn key(self) -> &'static str {
        match self {
            Self::Approve => "ui-request-approve",
            Self::Return => "ui-request-return",
            Self::Reject => "ui-request-reject",
        }
    }

    fn ruling(self, reason: &str) -> Ruling {
        match self {
            Self::Approve => Ruling::Approve,
            Self::Return => Ruling::Return(reason.to_owned()),
            Self::Reject => Ruling::Reject(reason.to_owned()),
        }
    }
}

/// What a person typed and chose so far.
#[derive(Debug, Default)]
pub(super) struct State {
    file: String,
    /// The file that the choices are about.
    of: std::path::PathBuf,
    choices: BTreeMap<String, Choice>,
    reason: String,
    out: String,
}

/// The file that came.
pub(super) fn file(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<RequestsAct> {
    title(ui, wording.text("ui-request-review-title"));
    ui.weak(wording.text("ui-request-review-how"));
    let edit = egui::TextEdit::singleline(&mut state.file)
        .id_salt("review")
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-review-file"), edit);
    let file = some_path(&state.file);
    let why_not = file.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-request-review-open"));
    let asked = pressed_when(ui, wording, view, (Duty::DecideRequest, why_not), button);
    file.filter(|_file| asked).map(RequestsAct::OpenReview)
}

/// What is in it, and what is decided.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (opened, state): (&ReviewPicture, &mut State),
) -> Option<RequestsAct> {
    if state.of != opened.file {
        *state = State {
            file: std::mem::take(&mut state.file),
            of: opened.file.clone(),
            ..State::default()
        };
    }
    let mut act = None;
    egui::ScrollArea::vertical()
        .id_salt("reviewed")
        .max_height(ui.available_height())
        .auto_shrink(false)
        .show(ui, |ui| {
            super::beside_bar(ui);
            let args = [
                ("file", opened.file.display().to_string()),
                ("count", opened.items.len().to_string()),
            ];
            title(ui, wording.with("ui-request-review-items", args));
            let button = egui::Button::new(wording.text("ui-request-review-scans"));
            let duty = (Duty::DecideRequest, None);
            if pressed_when(ui, wording, view, duty, button) {
                act = Some(RequestsAct::WriteReviewScans(some_path(&state.out)));
            }
            for item in &opened.items {
                card(ui, |ui| self::item(ui, wording, (item, &mut state.choices)));
            }
            let signed = sign(ui, wording, view, state);
            act = act.take().or(signed);
            super::follow_focus(ui);
        });
    act
}

fn item(
    ui: &mut Ui,
    wording: &Wording,
    (item, choices): (&ReviewItem, &mut BTreeMap<String, Choice>),
) {
    ui.horizontal_wrapped(|ui| {
        ui.monospace(&item.number);
        let unit = [("unit", item.sent_by.clone())];
        ui.weak(wording.with("ui-request-review-from", unit));
        let scans = [("count", item.scans.len().to_string())];
        ui.weak(wording.with("ui-request-review-scan-count", scans));
    });
    let kind = if item.fields.contains_key("post") {
        FormKind::Officer
    } else {
        FormKind::Account
    };
    for field in kind.fields() {
        let value = match *field {
            "unit" => item.unit.clone(),
            field => item.fields.get(field).cloned().unwrap_or_default(),
        };
        if !value.is_empty() {
            pair(ui, &field_word(wording, field), RichText::new(value));
        }
    }
    for opinion in &item.opinions {
        let text = |key: &str| opinion.get(key).and_then(|value| value.as_str());
        let kind = text("kind").unwrap_or_default();
        let words = format!(
            "{} {} {}",
            text("by").unwrap_or_default(),
            text("on").unwrap_or_default(),
            text("note").unwrap_or_default()
        );
        pair(ui, &field_word(wording, kind), RichText::new(words));
    }
    if let Some((name, post, key)) = &item.officer {
        let args = [
            ("name", name.as_str().to_owned()),
            ("post", post_word(wording, *post)),
            ("key", grouped(key)),
        ];
        ui.label(wording.with("ui-request-review-officer", args));
    }
    if let Some(decided) = &item.decided {
        let known = RequestState::from_word(decided);
        let word = known.map(|state| super::state_word(wording, state));
        let told = [("decision", word.unwrap_or_else(|| decided.clone()))];
        let words = wording.with("ui-request-review-decided", told);
        ui.colored_label(theme::colors(ui).attention, words);
        return;
    }
    ui.horizontal(|ui| {
        for one in Choice::ALL {
            let chosen = choices.get(&item.number) == Some(&one);
            let word = wording.text(one.key());
            let response = edged(ui, |ui| ui.radio(chosen, &word));
            let told = format!("{word} {}", item.number);
            response
                .widget_info(|| egui::WidgetInfo::selected(Role::RadioButton, true, chosen, &told));
            if response.clicked() {
                if chosen {
                    choices.remove(&item.number);
                } else {
                    choices.insert(item.number.clone(), one);
                }
            }
        }
    });
}

/// What is signed, the reason, and where the answer goes.
fn sign(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<RequestsAct> {
    card(ui, |ui| {
        ui.label(wording.text("ui-request-approve-what"));
        let mut choices = state.choices.values();
        let needs_reason = choices.any(|one| *one != Choice::Approve);
        if needs_reason {
            reason(ui, wording, "review-reason", &mut state.reason);
        }
        let edit = egui::TextEdit::singleline(&mut state.out)
            .id_salt("review-out")
            .hint_text(wording.text("ui-request-out-hint"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-request-out"), edit);
        let why_not = if state.choices.is_empty() {
            Some("ui-request-review-none")
        } else if needs_reason && !is_reason(&state.reason) {
            Some("ui-explain-reason")
        } else {
            None
        };
        let count = [("count", state.choices.len().to_string())];
        let button = theme::primary(ui, wording.with("ui-request-review-sign", count));
        let asked = pressed_when(ui, wording, view, (Duty::DecideRequest, why_not), button);
        asked.then(|| RequestsAct::Decide {
            rulings: state
                .choices
                .iter()
                .map(|(number, one)| (number.clone(), one.ruling(state.reason.trim())))
                .collect(),
            out: some_path(&state.out),
        })
    })
}
