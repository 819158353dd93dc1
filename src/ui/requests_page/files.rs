//! Sheets and files: the template out, a sheet in with what became of each row, what is listed out, the
//! superior's answer in, and who moved here from another desk.

use eframe::egui::{self, Ui};

use super::{State as Page, back, beside_bar, done, follow_focus, review};
use crate::domain::officer::Duty;
use crate::station::jobs::units::BadRows;
use crate::ui::parts::{card, dropped_file, edged, field, pressed_when, some_path, title};
use crate::ui::requests_view::RequestsAct;
use crate::ui::view::View;
use crate::wording::Wording;

/// Width of what is asked for.
const SIDE: f32 = 400.0;

/// What a person typed here so far.
#[derive(Debug)]
pub(super) struct State {
    template: String,
    sheet: String,
    bad_rows: BadRows,
    export: String,
    answer: String,
    moved: String,
    moved_to: String,
    review: review::State,
}

impl Default for State {
    fn default() -> Self {
        Self {
            template: String::new(),
            sheet: String::new(),
            bad_rows: BadRows::TakeGood,
            export: String::new(),
            answer: String::new(),
            moved: String::new(),
            moved_to: String::new(),
            review: review::State::default(),
        }
    }
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut Page,
) -> Option<RequestsAct> {
    if back(ui, wording) {
        page.files = None;
        page.past();
        return None;
    }
    let told = page.seen_done(view);
    let state = page.files.as_mut()?;
    if let Some(path) = dropped_file(ui) {
        state.sheet = path;
    }
    let query = &page.query;
    let mut act = None;
    let height = ui.available_height();
    two(ui, |left, right| {
        egui::ScrollArea::vertical()
            .id_salt("files")
            .max_height(height)
            .auto_shrink(false)
            .show(left, |ui| {
                beside_bar(ui);
                // What this post decides on is its first.
                let first = view.may(Duty::DecideRequest);
                let mut open = None;
                if first {
                    open = card(ui, |ui| review::file(ui, wording, view, &mut state.review));
                }
                let template = card(ui, |ui| template(ui, wording, view, state));
                let sheet = card(ui, |ui| sheet(ui, wording, view, state));
                let listed = card(ui, |ui| {
                    let found = view.applications.list.as_ref().map_or(0, |list| list.found);
                    let count = [("count", found.to_string())];
                    title(ui, wording.with("ui-request-export-title", count));
                    out_field(ui, wording, ("export", &mut state.export));
                    let button = egui::Button::new(wording.text("ui-request-export"));
                    let duty = (Duty::ReadRecords, None);
                    pressed_when(ui, wording, view, duty, button).then(|| RequestsAct::Export {
                        query: query.clone(),
                        out: some_path(&state.export),
                    })
                });
                let answer = card(ui, |ui| answer(ui, wording, view, state));
                let moved = card(ui, |ui| moved(ui, wording, view, state));
                if !first {
                    open = card(ui, |ui| review::file(ui, wording, view, &mut state.review));
                }
                follow_focus(ui);
                act = template.or(sheet).or(listed).or(answer).or(moved).or(open);
            });
        if let Some(told) = told {
            done::show(right, wording, told);
        }
        if let Some(opened) = view.applications.review.as_deref() {
            let decided = review::show(right, wording, view, (opened, &mut state.review));
            act = act.take().or(decided);
        } else if told.is_none() {
            right.weak(wording.text("ui-request-files-first"));
        }
    });
    act
}

/// What is asked for at the left, and more room for what became of it.
fn two(ui: &mut Ui, add: impl FnOnce(&mut Ui, &mut Ui)) {
    let whole = ui.available_rect_before_wrap();
    let (left, mut right) = whole.split_left_right_at_x(whole.left() + SIDE);
    right.min.x += 16.0;
    let [mut left, mut right] = [left, right].map(|place| {
        let layout = egui::Layout::top_down(egui::Align::Min);
        ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout))
    });
    add(&mut left, &mut right);
    ui.advance_cursor_after_rect(whole);
}

/// Where a file goes; what is left empty goes to the home's own place.
fn out_field(ui: &mut Ui, wording: &Wording, (id, text): (&str, &mut String)) {
    let edit = egui::TextEdit::singleline(text)
        .id_salt(id)
        .hint_text(wording.text("ui-request-out-hint"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    let word = format!(
        "{} {}",
        wording.text("ui-request-out"),
        wording.text(&format!("ui-request-out-{id}"))
    );
    field(ui, &word, edit);
}

fn template(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<RequestsAct> {
    title(ui, wording.text("ui-request-template-title"));
    out_field(ui, wording, ("template", &mut state.template));
    let button = egui::Button::new(wording.text("ui-request-template"));
    let duty = (Duty::ReadRecords, None);
    pressed_when(ui, wording, view, duty, button)
        .then(|| RequestsAct::Template(some_path(&state.template)))
}

fn sheet(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<RequestsAct> {
    title(ui, wording.text("ui-request-import-title"));
    let edit = egui::TextEdit::singleline(&mut state.sheet)
        .id_salt("sheet")
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-sheet"), edit);
    for (rows, key) in [
        (BadRows::TakeGood, "ui-request-take-good"),
        (BadRows::RefuseAll, "ui-request-all-or-nothing"),
    ] {
        let chosen = state.bad_rows == rows;
        if edged(ui, |ui| ui.radio(chosen, wording.text(key))).clicked() {
            state.bad_rows = rows;
        }
    }
    let file = some_path(&state.sheet);
    let why_not = file.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-request-import"));
    let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button);
    let file = file.filter(|_file| asked)?;
    Some(RequestsAct::Import {
        file,
        bad_rows: state.bad_rows,
    })
}

fn answer(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<RequestsAct> {
    title(ui, wording.text("ui-request-answer-title"));
    ui.weak(wording.text("ui-request-answer-how"));
    let edit = egui::TextEdit::singleline(&mut state.answer)
        .id_salt("answer")
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-answer-file"), edit);
    let file = some_path(&state.answer);
    let why_not = file.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-request-answer"));
    let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button);
    file.filter(|_file| asked).map(RequestsAct::ReceiveAnswer)
}

/// Who comes from a unit with a desk of its own brings a file (D-45).
fn moved(ui: &mut Ui, wording: &Wording, view: &View, state: &mut State) -> Option<RequestsAct> {
    title(ui, wording.text("ui-moved-in-title"));
    ui.weak(wording.text("ui-moved-in-how"));
    for (id, most, text) in [
        ("file", 4096, &mut state.moved),
        ("unit", 100, &mut state.moved_to),
    ] {
        let edit = egui::TextEdit::singleline(text)
            .id_salt(("moved in", id))
            .char_limit(most)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text(&format!("ui-moved-in-{id}")), edit);
    }
    let file = some_path(&state.moved);
    let why_not = file.is_none().then_some("ui-file-first");
    let button = egui::Button::new(wording.text("ui-moved-in"));
    let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button);
    let file = file.filter(|_file| asked)?;
    let unit = state.moved_to.trim();
    Some(RequestsAct::ReceiveHolders {
        file,
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
    })
}
