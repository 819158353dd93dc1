//! What stands on the paper is added to an application: its sealed scan, and the opinions on it.

use eframe::egui::{self, Ui};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::opinion_word;
use crate::domain::officer::Duty;
use crate::domain::opinion::{self, Opinion, OpinionKind};
use crate::domain::request::RequestState;
use crate::station::clock;
use crate::ui::parts::{card, dropped_file, edged, field, pressed_when, some_path, title};
use crate::ui::requests_view::{OpenPicture, RequestsAct};
use crate::ui::view::View;
use crate::wording::Wording;

/// What a person typed of the paper so far.
#[derive(Default)]
pub(super) struct State {
    scan: String,
    kind: Option<OpinionKind>,
    by: String,
    /// The date, as typed; today before anybody types.
    on: Option<String>,
    note: String,
}

impl std::fmt::Debug for State {
    /// Who signed is personal data: logs do not get it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("papers::State")
    }
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, state): (&OpenPicture, &mut State),
) -> Option<RequestsAct> {
    let is_open = matches!(
        open.view.row.state,
        RequestState::Draft | RequestState::Returned | RequestState::Submitted
    );
    if !is_open || !view.may(Duty::EnterRequest) {
        return None;
    }
    card(ui, |ui| {
        title(ui, wording.text("ui-request-add-papers"));
        let scan = scan(ui, wording, view, (open, state));
        ui.separator();
        let opinion = opinion(ui, wording, view, (open, state));
        scan.or(opinion)
    })
}

fn scan(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, state): (&OpenPicture, &mut State),
) -> Option<RequestsAct> {
    if let Some(path) = dropped_file(ui) {
        state.scan = path;
    }
    let edit = egui::TextEdit::singleline(&mut state.scan)
        .id_salt("scan-path")
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-scan-file"), edit);
    let path = some_path(&state.scan);
    let why_not = path.is_none().then_some("ui-request-scan-first");
    let button = egui::Button::new(wording.text("ui-request-attach"));
    let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button);
    let scan = path.filter(|_path| asked)?;
    Some(RequestsAct::Attach {
        number: open.view.row.number.clone(),
        scan,
    })
}

fn opinion(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, state): (&OpenPicture, &mut State),
) -> Option<RequestsAct> {
    let form = open.view.row.form;
    let missing = opinion::missing(form, &open.details.opinions);
    let kind = state.kind.or_else(|| missing.first().copied());
    ui.horizontal_wrapped(|ui| {
        for one in OpinionKind::needed(form) {
            let word = opinion_word(wording, *one);
            if edged(ui, |ui| ui.radio(kind == Some(*one), word)).clicked() {
                state.kind = Some(*one);
            }
        }
    });
    let on = state
        .on
        .get_or_insert_with(|| clock::now().date().to_string());
    ui.columns_const(|[left, right]| {
        let by = egui::TextEdit::singleline(&mut state.by)
            .id_salt("opinion-by")
            .char_limit(64)
            .desired_width(f32::INFINITY);
        field(left, &wording.text("field-by"), by);
        let day = egui::TextEdit::singleline(on)
            .id_salt("opinion-on")
            .char_limit(10)
            .desired_width(f32::INFINITY);
        field(right, &wording.text("ui-request-opinion-on"), day);
    });
    let note = egui::TextEdit::singleline(&mut state.note)
        .id_salt("opinion-note")
        .hint_text(wording.text("ui-request-note-hint"))
        .char_limit(500)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("field-note"), note);
    let day = Date::parse(on.trim(), &Iso8601::DATE).ok();
    let why_not = if kind.is_none() {
        Some("ui-request-opinion-first")
    } else if state.by.trim().is_empty() {
        Some("ui-request-by-first")
    } else if day.is_none() {
        Some("ui-request-day-first")
    } else {
        None
    };
    let button = egui::Button::new(wording.text("ui-request-record"));
    let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button);
    let (kind, on) = (kind?, day?);
    let note = state.note.trim();
    asked.then(|| RequestsAct::Record {
        number: open.view.row.number.clone(),
        opinion: Opinion {
            kind,
            by: state.by.trim().to_owned(),
            on,
            note: (!note.is_empty()).then(|| note.to_owned()),
        },
    })
}
