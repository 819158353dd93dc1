//! 申请: every application in a table with a search; one opens beside its scan, the form is filled in
//! like the paper, and sheets are read and written.

mod decide;
mod done;
mod entry;
mod files;
mod list;
mod opened;
mod papers;
mod review;

use std::collections::BTreeMap;

use eframe::egui::{self, Ui};

use super::requests_view::{ListQuery, RequestsAct, RequestsDone, RequestsQuery};
use super::view::View;
use super::{parts, theme};
use crate::domain::officer::Duty;
use crate::domain::opinion::OpinionKind;
use crate::domain::request::RequestState;
use crate::station::jobs::requests::RequestView;
use crate::wording::Wording;

/// The paper's word of a field.
fn field_word(wording: &Wording, field: &str) -> String {
    wording.text(&format!("field-{}", field.replace('_', "-")))
}

fn opinion_word(wording: &Wording, kind: OpinionKind) -> String {
    wording.text(&format!("field-{}", kind.word()))
}

fn state_word(wording: &Wording, state: RequestState) -> String {
    wording.text(&format!("state-{}", state.word().replace('_', "-")))
}

/// Shape, colour and word of a state.
fn state(ui: &mut Ui, wording: &Wording, state: RequestState) {
    let (shape, color) = theme::request_state(ui, state);
    ui.colored_label(color, shape);
    ui.label(state_word(wording, state));
}

/// What of an application stands in the list of what is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Picked {
    holder: String,
    unit: String,
    /// User types, or the post that form 1 asks for.
    what: String,
    state: RequestState,
    revision: u32,
}

impl Picked {
    fn of(view: &RequestView) -> Self {
        let post = view.row.post.map(|post| post.chinese().to_owned());
        Self {
            holder: view.row.holder_name.clone(),
            unit: view.unit.name.clone(),
            what: post.unwrap_or_else(|| view.row.user_types.clone()),
            state: view.row.state,
            revision: view.row.revision,
        }
    }
}

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    query: ListQuery,
    /// Number of each that is ticked.
    picked: BTreeMap<String, Picked>,
    /// What is asked for about those, and about the open one.
    deciding: decide::State,
    /// Number of the one that is open.
    open: Option<String>,
    opened: opened::State,
    /// The form, until it is saved or thrown away.
    form: Option<entry::Form>,
    /// The form is seen.
    writing: bool,
    /// Sheets and files are seen.
    files: Option<files::State>,
    /// The last act that was seen done.
    turn: u64,
    /// The last one that is told no more: another part of the page was gone to since.
    past: u64,
}

impl State {
    /// What of the page is seen.
    pub(super) fn query(&self) -> RequestsQuery {
        let form = self.form.as_ref().filter(|_form| self.writing);
        let open = match form {
            Some(form) => form.number().map(str::to_owned),
            None => self.open.clone(),
        };
        RequestsQuery {
            list: self.query.clone(),
            open,
            entry: form.is_some(),
        }
    }

    /// The desk was left: everything goes but the form, for who comes back to it.
    pub(super) fn leave(&mut self) {
        *self = Self {
            form: self.form.take(),
            ..Self::default()
        };
    }

    /// Begins to edit a stored application.
    pub(super) fn take_stored(&mut self, draft: &super::requests_view::StoredDraft, officer: &str) {
        self.form = Some(entry::Form::edit(draft, officer));
        self.writing = true;
    }

    fn open(&mut self, number: &str) {
        self.open = Some(number.to_owned());
        self.opened = opened::State::default();
        self.deciding = decide::State::default();
        self.past();
    }

    fn close(&mut self) {
        self.open = None;
        self.deciding = decide::State::default();
        self.past();
    }

    /// What was done last is told no more.
    const fn past(&mut self) {
        self.past = self.turn;
    }

    /// What was done last, where it is still to be told.
    fn seen_done<'a>(&self, view: &'a View) -> Option<&'a RequestsDone> {
        let facts = &view.applications;
        let done = facts.done.as_deref();
        done.filter(|_done| facts.turn != self.past)
    }

    /// What was done closes what it was done in; what was refused stays.
    fn follow(&mut self, view: &View) {
        let facts = &view.applications;
        // A form is for who typed it.
        let own = |form: &entry::Form| view.officer.is_empty() || form.is_of(&view.officer);
        if self.form.as_ref().is_some_and(|form| !own(form)) {
            self.form = None;
            self.writing = false;
        }
        if facts.turn == self.turn {
            return;
        }
        self.turn = facts.turn;
        match facts.done.as_deref() {
            Some(RequestsDone::Saved { number, .. }) => {
                self.form = None;
                self.writing = false;
                self.files = None;
                self.open(number);
                self.past = 0; // It is told there.
            }
            Some(RequestsDone::Invalid(faults)) => {
                if let Some(form) = self.form.as_mut().filter(|_form| self.writing) {
                    form.refused(faults);
                }
            }
            Some(RequestsDone::Each { numbers, .. }) => {
                for number in numbers {
                    self.picked.remove(number);
                }
                self.deciding = decide::State::default();
            }
            Some(RequestsDone::SentUp { .. }) => self.picked.clear(),
            Some(RequestsDone::Paper { .. }) => self.opened.added(),
            Some(
                RequestsDone::Written(_)
                | RequestsDone::Imported(_)
                | RequestsDone::Reviewed { .. }
                | RequestsDone::Answered { .. }
                | RequestsDone::HandedOver(_),
            )
            | None => {}
        }
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<RequestsAct> {
    page.follow(view);
    let Some(picture) = &view.applications.list else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    if page.writing
        && let Some(form) = &mut page.form
    {
        return match entry::show(ui, wording, view, (form, &mut page.opened)) {
            entry::Asked::Nothing => None,
            entry::Asked::Act(act) => Some(act),
            entry::Asked::Leave => {
                page.writing = false;
                None
            }
            entry::Asked::Discard => {
                page.form = None;
                page.writing = false;
                None
            }
        };
    }
    if page.open.is_some() {
        return opened::show(ui, wording, view, page);
    }
    if page.files.is_some() {
        return files::show(ui, wording, view, page);
    }
    list::show(ui, wording, view, (picture, page))
}

/// A form that was begun and is not saved: it waits.
fn waiting_form(ui: &mut Ui, wording: &Wording, page: &mut State) {
    let Some(form) = &page.form else { return };
    let key = if form.number().is_some() {
        "ui-request-form-waits-edit"
    } else {
        "ui-request-form-waits"
    };
    let told = [("number", form.number().unwrap_or_default().to_owned())];
    parts::card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.colored_label(theme::colors(ui).attention, "△");
            ui.label(wording.with(key, told));
            if ui.button(wording.text("ui-request-form-go-on")).clicked() {
                page.writing = true;
            }
        });
    });
}

/// What this post may only read here, and who enters and who decides; nothing for who may.
fn read_only(ui: &mut Ui, wording: &Wording, view: &View) {
    if view.may(Duty::EnterRequest) || view.may(Duty::DecideRequest) {
        return;
    }
    let own = view.post.map(|post| super::post_word(wording, post));
    let args = [
        ("post", own.unwrap_or_default()),
        ("enter", parts::who_may(wording, Duty::EnterRequest)),
        ("decide", parts::who_may(wording, Duty::DecideRequest)),
    ];
    let words = wording.with("ui-request-read-only", args);
    ui.colored_label(theme::colors(ui).attention, words);
}

/// A part that keeps the focus of its widgets, whatever comes and goes above it.
fn held<R>(ui: &mut Ui, name: (&str, &str), add: impl FnOnce(&mut Ui) -> R) -> R {
    let id = egui::Id::unique(("requests", name));
    ui.scope_builder(egui::UiBuilder::new().scope_id(id), add)
        .inner
}

/// Height of what is seen around a widget that the keyboard goes to: the next line is seen too.
const AROUND: f32 = 40.0;

/// What the keyboard goes to is scrolled to; called at the end of what scrolls.
fn follow_focus(ui: &Ui) {
    let focused = ui.memory(egui::Memory::focused);
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    let here = ui.max_rect().x_range();
    if response.gained_focus() && here.contains(response.rect.center().x) {
        let rect = response.rect.expand2(egui::vec2(0.0, AROUND));
        ui.scroll_to_rect(rect, None);
    }
}

/// Leaves the scroll bar its room beside what is as wide as its place.
fn beside_bar(ui: &mut Ui) {
    ui.set_max_width(ui.available_width() - 12.0);
}

/// A button that goes back to the list.
fn back(ui: &mut Ui, wording: &Wording) -> bool {
    let word = wording.text("ui-request-back");
    ui.add(egui::Button::new(format!("← {word}"))).clicked()
}
