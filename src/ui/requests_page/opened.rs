//! One application: its fields in the paper's order beside its scan, what was said and decided about it,
//! and what edits have changed.

mod sight;

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Ui};

use super::{
    Picked, State as Page, back, beside_bar, decide, done, field_word, follow_focus, opinion_word,
    papers, state, waiting_form,
};
use crate::domain::approval::Decision;
use crate::domain::officer::Duty;
use crate::domain::opinion;
use crate::domain::school_type::SchoolType;
use crate::ui::parts::{card, pressed_when, title};
use crate::ui::requests_view::{OpenPicture, RequestsAct, Seen};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Width of the names of fields.
const NAME: f32 = 150.0;

/// What a person did to the open one so far.
#[derive(Debug, Default)]
pub(super) struct State {
    sight: sight::State,
    papers: papers::State,
}

impl State {
    /// Something of the paper was added: its fields are free for the next.
    pub(super) fn added(&mut self) {
        self.papers = papers::State::default();
    }
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut Page,
) -> Option<RequestsAct> {
    let facts = &view.applications;
    let wanted = page.open.as_ref();
    let open = facts.open.as_ref();
    let open = open.filter(|open| Some(&open.view.row.number) == wanted);
    if let Some(open) = open {
        if head(ui, wording, open) {
            page.close();
            return None;
        }
    } else if back(ui, wording) {
        page.close();
        return None;
    }
    let Some(open) = open else {
        ui.weak(wording.text("ui-reading"));
        return None;
    };
    waiting_form(ui, wording, page);
    if let Some(done) = page.seen_done(view) {
        done::show(ui, wording, done);
    }
    let mut act = moves(ui, wording, view, (open, page));
    let seen = facts.seen.as_deref();
    let height = ui.available_height();
    ui.columns_const(|[left, right]| {
        egui::ScrollArea::vertical()
            .id_salt("paper")
            .max_height(height)
            .auto_shrink(false)
            .show(left, |ui| {
                beside_bar(ui);
                card(ui, |ui| fields(ui, wording, (open, seen)));
                card(ui, |ui| opinions(ui, wording, open));
                let added = papers::show(ui, wording, view, (open, &mut page.opened.papers));
                act = act.take().or(added);
                decisions(ui, wording, open);
                edits(ui, wording, open);
                follow_focus(ui);
            });
        egui::ScrollArea::vertical()
            .id_salt("scans")
            .max_height(height)
            .auto_shrink(false)
            .show(right, |ui| {
                beside_bar(ui);
                let asked = sight::show(ui, wording, view, (open, &mut page.opened.sight));
                act = act.take().or(asked);
                follow_focus(ui);
            });
    });
    act
}

/// The scan, beside the form in which the application is edited.
pub(super) fn beside(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, state): (&OpenPicture, &mut State),
) -> Option<RequestsAct> {
    sight::show(ui, wording, view, (open, &mut state.sight))
}

/// Which one it is; whether to go back.
fn head(ui: &mut Ui, wording: &Wording, open: &OpenPicture) -> bool {
    let row = &open.view.row;
    ui.horizontal(|ui| {
        let leave = back(ui, wording);
        ui.label(RichText::new(&row.number).monospace().strong());
        ui.label(RichText::new(&row.holder_name).strong());
        state(ui, wording, row.state);
        let revision = [("revision", row.revision.to_string())];
        ui.weak(wording.with("ui-request-revision", revision));
        ui.weak(row.form.title());
        leave
    })
    .inner
}

/// What can be done about it as a whole.
fn moves(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, page): (&OpenPicture, &mut Page),
) -> Option<RequestsAct> {
    let row = &open.view.row;
    let of = BTreeMap::from([(row.number.clone(), Picked::of(&open.view))]);
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        act = decide::buttons(ui, wording, view, (&of, &mut page.deciding));
        if !view.may(Duty::EnterRequest) {
            return;
        }
        let why_not = if !row.state.is_editable() {
            Some("ui-request-not-editable")
        } else if page.form.is_some() {
            Some("ui-request-form-first")
        } else {
            None
        };
        let button = egui::Button::new(wording.text("ui-request-edit"));
        if pressed_when(ui, wording, view, (Duty::EnterRequest, why_not), button) {
            act = Some(RequestsAct::Open {
                number: row.number.clone(),
                reason: wording.text("ui-request-edit-reason"),
            });
        }
    });
    decide::question(ui, wording, view, (&of, &mut page.deciding)).or(act)
}

/// A field's name and its value.
pub(super) fn pair(ui: &mut Ui, word: &str, value: RichText) {
    ui.horizontal_top(|ui| {
        let size = egui::vec2(NAME, 20.0);
        let layout = egui::Layout::left_to_right(egui::Align::TOP);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_width(NAME);
            ui.add(egui::Label::new(RichText::new(word).color(theme::colors(ui).quiet)).wrap());
        });
        ui.add(egui::Label::new(value).wrap());
    });
}

fn fields(ui: &mut Ui, wording: &Wording, (open, seen): (&OpenPicture, Option<&Seen>)) {
    let revealed = seen.and_then(|seen| seen.fields.as_ref());
    let known = revealed.unwrap_or(&open.details.fields);
    for field in open.view.row.form.fields() {
        let value = match *field {
            "unit" => open.view.unit.name.clone(),
            field => known.get(field).cloned().unwrap_or_default(),
        };
        let value = match *field {
            "school_type" => school_type(&value),
            _ => value,
        };
        let value = if value.is_empty() {
            "—".to_owned()
        } else {
            value
        };
        let text = match *field {
            "id_number" | "mobile" | "office_phone" => RichText::new(value).monospace(),
            _ => RichText::new(value),
        };
        pair(ui, &field_word(wording, field), text);
    }
    let key = if revealed.is_some() {
        "ui-request-in-full"
    } else {
        "ui-request-masked"
    };
    ui.weak(wording.text(key));
}

/// A code with its name.
fn school_type(code: &str) -> String {
    match SchoolType::parse(code) {
        Ok(known) if known.name() != known.as_str() => format!("{code} {}", known.name()),
        _ => code.to_owned(),
    }
}

fn opinions(ui: &mut Ui, wording: &Wording, open: &OpenPicture) {
    title(ui, wording.text("ui-request-opinions"));
    let given = &open.details.opinions;
    for one in given {
        let note = one.note.as_deref().unwrap_or_default();
        let text = format!("{} {} {note}", one.by, one.on);
        pair(ui, &opinion_word(wording, one.kind), RichText::new(text));
    }
    let missing = opinion::missing(open.view.row.form, given).into_iter();
    let mut missing: Vec<String> = missing.map(|kind| opinion_word(wording, kind)).collect();
    if open.details.scans.is_empty() {
        missing.push(wording.text("field-scan"));
    }
    if open.view.row.approved_at.is_none() && !missing.is_empty() {
        let between = wording.text("ui-request-between");
        let told = [("missing", missing.join(&between))];
        let words = wording.with("ui-request-missing", told);
        ui.colored_label(theme::colors(ui).attention, format!("△ {words}"));
    }
    for warning in &open.details.warnings {
        done::warning(ui, wording, warning);
    }
}

fn decisions(ui: &mut Ui, wording: &Wording, open: &OpenPicture) {
    if open.details.decisions.is_empty() {
        return;
    }
    card(ui, |ui| {
        title(ui, wording.text("ui-request-decisions"));
        for one in &open.details.decisions {
            let colors = theme::colors(ui);
            let (shape, color) = match one.decision {
                Decision::Approved => ("✓", colors.good),
                Decision::Returned => ("←", colors.attention),
                Decision::Rejected => ("✕", colors.stopped),
            };
            ui.horizontal_wrapped(|ui| {
                ui.colored_label(color, shape);
                ui.label(wording.text(&format!("state-{}", one.decision.word())));
                ui.label(one.officer.as_str());
                ui.weak(one.at.to_string());
                let revision = [("revision", one.revision.to_string())];
                ui.weak(wording.with("ui-request-revision", revision));
            });
            if let Some(reason) = &one.reason {
                ui.label(reason);
            }
        }
    });
}

/// What each edit changed, and who entered it first.
fn edits(ui: &mut Ui, wording: &Wording, open: &OpenPicture) {
    card(ui, |ui| {
        title(ui, wording.text("ui-request-history"));
        let row = &open.view.row;
        if open.edits.is_empty() {
            let args = [
                ("officer", row.entered_by.as_str().to_owned()),
                ("at", row.entered_at.to_string()),
            ];
            ui.weak(wording.with("ui-request-entered-by", args));
        }
        for edit in &open.edits {
            ui.horizontal_wrapped(|ui| {
                let revision = [("revision", edit.revision.to_string())];
                ui.label(wording.with("ui-request-revision", revision));
                ui.label(edit.by.as_str());
                ui.weak(edit.at.to_string());
            });
            for change in &edit.changes {
                let text = |value: &Option<String>| match value.as_deref() {
                    None | Some("") => "—".to_owned(),
                    Some(value) => value.to_owned(),
                };
                let changed = format!("{} → {}", text(&change.from), text(&change.to));
                let word = field_word(wording, &change.field);
                pair(ui, &word, RichText::new(changed));
            }
        }
    });
}
