//! The form, filled in like the paper: the same fields in the same order with the same names. Each is
//! judged as it is left, and all at once when they are to be saved.

mod fields;
mod form;

use eframe::egui::{self, Ui};
use egui::{Event, Key, Modifiers};

pub(super) use self::form::Form;
use super::{beside_bar, done, follow_focus, opened};
use crate::domain::officer::Duty;
use crate::domain::request::{FormKind, Looked};
use crate::station::jobs::sheets;
use crate::ui::parts::{card, edged, pressed_when, title};
use crate::ui::requests_view::{EntryFacts, RequestsAct, Typed};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Height of the buttons below.
const FOOT: f32 = 64.0;

/// What was asked for.
pub(super) enum Asked {
    Nothing,
    Act(RequestsAct),
    /// Back to the list; the form waits.
    Leave,
    /// Away with what was typed.
    Discard,
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (form, beside): (&mut Form, &mut opened::State),
) -> Asked {
    let Some(facts) = view.applications.entry.as_deref() else {
        ui.weak(wording.text("ui-reading"));
        return Asked::Nothing;
    };
    paste(ui, facts, form);
    let looked = form.look(facts);
    let mut asked = Asked::Nothing;
    ui.horizontal(|ui| {
        if super::back(ui, wording) {
            asked = Asked::Leave;
        }
        head(ui, wording, form);
    });
    let height = ui.available_height();
    ui.columns_const(|[left, right]| {
        egui::ScrollArea::vertical()
            .id_salt("form")
            .max_height(height - FOOT)
            .auto_shrink(false)
            .show(left, |ui| {
                beside_bar(ui);
                summary(ui, wording, (form, &looked));
                card(ui, |ui| fields::show(ui, wording, (facts, &looked), form));
                follow_focus(ui);
            });
        let told = foot(left, wording, view, (&looked, form));
        if !matches!(told, Asked::Nothing) {
            asked = told;
        }
        egui::ScrollArea::vertical()
            .id_salt("beside")
            .max_height(height)
            .auto_shrink(false)
            .show(right, |ui| {
                beside_bar(ui);
                if let Some(act) = self::beside(ui, wording, view, (form, beside)) {
                    asked = Asked::Act(act);
                }
                follow_focus(ui);
            });
    });
    asked
}

/// A whole row that was copied from a sheet fills the form, wherever the cursor stands.
fn paste(ui: &Ui, facts: &EntryFacts, form: &mut Form) {
    let row = ui.input_mut(|input| {
        let is_row = |event: &Event| matches!(event, Event::Paste(text) if text.contains('\t'));
        let at = input.events.iter().position(is_row)?;
        match input.events.remove(at) {
            Event::Paste(text) => sheets::pasted(&text),
            _ => None,
        }
    });
    if let Some((draft, faults)) = row {
        form.fill(&draft, facts);
        form.pasted(faults);
    }
}

/// Which form it is, and of whom.
fn head(ui: &mut Ui, wording: &Wording, form: &mut Form) {
    if let Some(number) = form.number() {
        let told = [("number", number.to_owned())];
        ui.strong(wording.with("ui-request-editing", told));
        ui.weak(form.kind().title());
        return;
    }
    for kind in [FormKind::Account, FormKind::Officer] {
        let chosen = form.kind() == kind;
        if edged(ui, |ui| ui.radio(chosen, kind.title())).clicked() {
            form.choose_kind(kind);
        }
    }
}

/// How much is still to be put right, once all of it is judged.
fn summary(ui: &mut Ui, wording: &Wording, (form, looked): (&Form, &Looked)) {
    let count = form.shown_faults(looked);
    if form.is_tried() && count > 0 {
        let told = [("count", count.to_string())];
        let words = wording.with("ui-request-faults", told);
        ui.colored_label(theme::colors(ui).stopped, format!("✕ {words}"));
    }
}

/// The buttons below the form.
fn foot(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (looked, form): (&Looked, &mut Form),
) -> Asked {
    ui.add_space(8.0);
    if form.discarding {
        return ui
            .horizontal(|ui| {
                ui.label(wording.text("ui-request-discard-sure"));
                if ui.button(wording.text("ui-request-discard-now")).clicked() {
                    return Asked::Discard;
                }
                if ui.button(wording.text("ui-request-form-go-on")).clicked() {
                    form.discarding = false;
                }
                Asked::Nothing
            })
            .inner;
    }
    let mut save = None;
    ui.horizontal(|ui| {
        let button = theme::primary(ui, wording.text("ui-request-save-submit"));
        if pressed_when(ui, wording, view, (Duty::EnterRequest, None), button) {
            save = Some(true);
        }
        let button = egui::Button::new(wording.text("ui-request-save"));
        if pressed_when(ui, wording, view, (Duty::EnterRequest, None), button) {
            save = Some(false);
        }
        if ui.button(wording.text("ui-request-discard")).clicked() {
            form.discarding = true;
        }
    });
    let shortcut = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::S));
    if shortcut && !view.busy && view.may(Duty::EnterRequest) {
        save = save.or(Some(false));
    }
    match save {
        Some(submit) if form.may_be_saved(looked) => Asked::Act(act(form, submit)),
        _ => Asked::Nothing,
    }
}

fn act(form: &Form, submit: bool) -> RequestsAct {
    let typed = Typed(Box::new(form.draft()));
    match form.number() {
        None => RequestsAct::Enter { typed, submit },
        Some(number) => RequestsAct::Edit {
            number: number.to_owned(),
            typed,
            same_papers: form.same_papers,
            submit,
        },
    }
}

/// Beside the form: the scan of what is edited, or how a row is pasted.
fn beside(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (form, state): (&mut Form, &mut opened::State),
) -> Option<RequestsAct> {
    let Some(number) = form.number() else {
        card(ui, |ui| {
            title(ui, wording.text("ui-request-how"));
            for key in ["ui-request-how-paste", "ui-request-how-papers"] {
                ui.label(wording.text(key));
            }
        });
        return None;
    };
    let open = view.applications.open.as_deref();
    let open = open.filter(|open| open.view.row.number == number)?;
    card(ui, |ui| {
        ui.checkbox(
            &mut form.same_papers,
            wording.text("ui-request-same-papers"),
        );
        ui.weak(wording.text("ui-request-same-papers-what"));
        for one in open.details.decisions.iter().rev().take(1) {
            if let Some(reason) = &one.reason {
                let told = [
                    ("officer", one.officer.as_str().to_owned()),
                    ("reason", reason.clone()),
                ];
                let words = wording.with("ui-request-refused-for", told);
                ui.colored_label(theme::colors(ui).attention, words);
            }
        }
    });
    for warning in &open.details.warnings {
        done::warning(ui, wording, warning);
    }
    opened::beside(ui, wording, view, (open, state))
}
