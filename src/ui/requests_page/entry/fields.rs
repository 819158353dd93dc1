//! The fields of the form, each with what is to be said of it below.

use eframe::egui::{self, RichText, Ui};
use egui::Response;
use egui::accesskit::{Invalid, Role};

use super::form::Form;
use crate::domain::officer::Post;
use crate::domain::request::{FormKind, Looked};
use crate::domain::school_type::SchoolType;
use crate::ui::parts::edged;
use crate::ui::requests_page::{field_word, held};
use crate::ui::requests_view::EntryFacts;
use crate::ui::theme;
use crate::wording::Wording;

/// So many choices are offered below a field; what is typed finds the others.
const OFFERED: usize = 8;

type Known<'a> = (&'a EntryFacts, &'a Looked);
/// Where in the form a choice is kept.
type Part<T> = fn(&mut Form) -> &mut Option<T>;

pub(super) fn show(ui: &mut Ui, wording: &Wording, (facts, looked): Known<'_>, form: &mut Form) {
    unit(ui, wording, (facts, looked), form);
    pair(ui, wording, looked, (["name", "id_number"], form));
    pair(ui, wording, looked, (["office_phone", "email"], form));
    match form.kind() {
        FormKind::Officer => {
            text(ui, wording, looked, ("mobile", form));
            held(ui, ("field", "post"), |ui| post(ui, wording, looked, form));
        }
        FormKind::Account => {
            ui.columns_const(|[left, right]| {
                text(left, wording, looked, ("mobile", form));
                school_type(right, wording, looked, form);
            });
            held(ui, ("field", "user_types"), |ui| {
                user_types(ui, wording, (facts, looked), form);
            });
            ui.columns_const(|[left, right]| {
                held(left, ("field", "apply_certificate"), |ui| {
                    certificate(ui, wording, looked, form);
                });
                text(right, wording, looked, ("existing_account", form));
            });
        }
    }
    text(ui, wording, looked, ("address", form));
    text(ui, wording, looked, ("notes", form));
}

fn pair(
    ui: &mut Ui,
    wording: &Wording,
    looked: &Looked,
    (fields, form): ([&'static str; 2], &mut Form),
) {
    let [one, two] = fields;
    ui.columns_const(|[left, right]| {
        text(left, wording, looked, (one, form));
        text(right, wording, looked, (two, form));
    });
}

/// The name of a field; that it may stay empty stands beside it.
fn name(ui: &mut Ui, wording: &Wording, field: &str) -> Response {
    let line = egui::vec2(ui.available_width(), 20.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(line, layout, |ui| {
        let label = ui.label(field_word(wording, field));
        if matches!(field, "notes" | "existing_account") {
            ui.label(
                RichText::new(wording.text("ui-request-optional"))
                    .small()
                    .color(theme::colors(ui).quiet),
            );
        }
        label
    })
    .inner
}

fn text(ui: &mut Ui, wording: &Wording, looked: &Looked, (field, form): (&'static str, &mut Form)) {
    let label = name(ui, wording, field);
    let value = form.text(field);
    let edit = match field {
        "notes" => egui::TextEdit::multiline(value).desired_rows(2),
        _ => egui::TextEdit::singleline(value),
    };
    let edit = edit
        .id_salt(field)
        .char_limit(1000)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    let response = edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    follow(&response, (field, form));
    below(ui, wording, looked, (field, form, &response));
}

/// What happened to a field since the last frame.
fn follow(response: &Response, (field, form): (&'static str, &mut Form)) {
    if response.changed() {
        form.change(field);
    }
    if response.lost_focus() {
        form.leave(field);
    }
    if form.focus == Some(field) {
        form.focus = None;
        response.request_focus();
        response.scroll_to_me(Some(egui::Align::Center));
    }
}

/// What is wrong with a field, or how it will be kept.
fn below(
    ui: &mut Ui,
    wording: &Wording,
    looked: &Looked,
    (field, form, response): (&'static str, &Form, &Response),
) {
    let colors = theme::colors(ui);
    if let Some((rule, word, value)) = form.fault(field, looked) {
        let hint = wording.text(&format!("fault-{word}"));
        let value = value.map(|value| format!("{value}: ")).unwrap_or_default();
        let line = format!("✕ {value}{hint} ({rule})");
        ui.label(RichText::new(&line).small().color(colors.stopped));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_invalid(Invalid::True);
            node.set_description(line);
        });
        return;
    }
    if !form.is_told(field) {
        return;
    }
    for note in looked.normalised.iter().filter(|note| note.field == field) {
        let args = [("from", note.from.clone()), ("to", note.to.clone())];
        let words = wording.with("ui-request-will-keep", args);
        ui.label(RichText::new(words).small().color(colors.quiet));
    }
    for warning in looked.warnings.iter().filter(|one| one.field == field) {
        let words = wording.text(&format!("warning-{}", warning.word));
        let line = format!("△ {words} ({})", warning.rule);
        ui.label(RichText::new(line).small().color(colors.attention));
    }
}

fn unit(ui: &mut Ui, wording: &Wording, (facts, looked): Known<'_>, form: &mut Form) {
    let field = "unit";
    let label = name(ui, wording, field);
    let edit = egui::TextEdit::singleline(&mut form.unit)
        .id_salt(field)
        .hint_text(wording.text("ui-request-unit-hint"))
        .char_limit(200)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    let response = edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    if response.changed() {
        form.find_unit(facts);
    }
    follow(&response, (field, form));
    if let Some(unit) = &form.chosen {
        let line = format!("✓ {} {}", unit.name, unit.code);
        ui.label(RichText::new(line).small().color(theme::colors(ui).good));
    } else if response.has_focus() || !form.unit.trim().is_empty() {
        let typed = form.unit.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&typed);
        let fits = facts
            .units
            .iter()
            .filter(|unit| holds(&unit.name) || holds(&unit.code));
        let mut chosen = None;
        ui.horizontal_wrapped(|ui| {
            for unit in fits.take(OFFERED) {
                let button = |ui: &mut Ui| ui.button(&unit.name);
                let response = held(ui, ("unit", &unit.code), button);
                if response.on_hover_text(&unit.code).clicked() {
                    chosen = Some(unit.clone());
                }
            }
        });
        if let Some(unit) = chosen {
            form.unit.clone_from(&unit.name);
            form.chosen = Some(unit);
            form.change(field);
            form.focus = Some("name");
        }
    }
    below(ui, wording, looked, (field, form, &response));
}

fn school_type(ui: &mut Ui, wording: &Wording, looked: &Looked, form: &mut Form) {
    let field = "school_type";
    let label = name(ui, wording, field);
    let value = form.text(field);
    let edit = egui::TextEdit::singleline(value)
        .id_salt(field)
        .hint_text(wording.text("ui-request-school-type-hint"))
        .char_limit(32)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    let response = edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    let typed = value.trim().to_owned();
    follow(&response, (field, form));
    match SchoolType::parse(&typed) {
        Ok(known) => {
            let line = format!("✓ {}", known.name());
            ui.label(RichText::new(line).small().color(theme::colors(ui).good));
        }
        Err(_code) if response.has_focus() || !typed.is_empty() => {
            let fits =
                |one: &SchoolType| one.name().contains(&typed) || one.as_str().starts_with(&typed);
            let authority = SchoolType::parse("教育行政部门").into_iter();
            let choices = authority.chain(SchoolType::all()).filter(fits);
            let mut chosen = None;
            ui.horizontal_wrapped(|ui| {
                for one in choices.take(OFFERED) {
                    let button = |ui: &mut Ui| ui.button(one.name());
                    if held(ui, ("school", one.as_str()), button).clicked() {
                        chosen = Some(one.as_str());
                    }
                }
            });
            if let Some(code) = chosen {
                code.clone_into(form.text(field));
                form.change(field);
                form.leave(field);
            }
        }
        Err(_code) => {}
    }
    below(ui, wording, looked, (field, form, &response));
}

fn user_types(ui: &mut Ui, wording: &Wording, (facts, looked): Known<'_>, form: &mut Form) {
    let field = "user_types";
    name(ui, wording, field);
    let mut changed = false;
    let response = ui
        .horizontal_wrapped(|ui| {
            let mut first: Option<Response> = None;
            for one in &facts.user_types {
                let mut ticked = form.user_types.contains(one);
                let response = edged(ui, |ui| ui.checkbox(&mut ticked, one));
                if response.changed() {
                    changed = true;
                    form.user_types.retain(|known| known != one);
                    if ticked {
                        form.user_types.push(one.clone());
                    }
                }
                first.get_or_insert(response);
            }
            let label = ui.label(wording.text("ui-request-other-type"));
            let edit = egui::TextEdit::singleline(&mut form.other)
                .id_salt("other")
                .char_limit(64)
                .margin(egui::vec2(8.0, 6.0))
                .desired_width(140.0);
            let response = edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
            changed |= response.changed();
            first.unwrap_or(response)
        })
        .inner;
    // A type that the table has no more is told, and can be taken away.
    let foreign: Vec<String> = form
        .user_types
        .iter()
        .filter(|one| !facts.user_types.contains(one))
        .cloned()
        .collect();
    for one in foreign {
        let mut ticked = true;
        if ui.checkbox(&mut ticked, &one).changed() {
            changed = true;
            form.user_types.retain(|known| *known != one);
        }
    }
    if changed {
        form.change(field);
        form.leave(field);
    }
    follow(&response, (field, form));
    below(ui, wording, looked, (field, form, &response));
}

fn certificate(ui: &mut Ui, wording: &Wording, looked: &Looked, form: &mut Form) {
    let field = "apply_certificate";
    let answers = [(true, "ui-request-yes"), (false, "ui-request-no")];
    let answers = answers.map(|(answer, key)| {
        let word = wording.text(key);
        let told = format!("{} {word}", field_word(wording, field));
        (answer, word, told)
    });
    let of: Part<bool> = |form| &mut form.apply_certificate;
    one_of(ui, wording, looked, (field, form, of), answers);
}

fn post(ui: &mut Ui, wording: &Wording, looked: &Looked, form: &mut Form) {
    let posts = Post::ALL.map(|post| (post, post.chinese().to_owned(), post.chinese().to_owned()));
    let of: Part<Post> = |form| &mut form.post;
    one_of(ui, wording, looked, ("post", form, of), posts);
}

/// A row of circles; each with its word, and what it is called where the field's name is not seen.
fn one_of<T: Copy + PartialEq, const N: usize>(
    ui: &mut Ui,
    wording: &Wording,
    looked: &Looked,
    (field, form, of): (&'static str, &mut Form, Part<T>),
    choices: [(T, String, String); N],
) {
    let label = name(ui, wording, field);
    let response = ui
        .horizontal(|ui| {
            let mut first: Option<Response> = None;
            for (choice, word, told) in choices {
                let chosen = *of(form) == Some(choice);
                let response = edged(ui, |ui| ui.radio(chosen, &word));
                response.widget_info(|| {
                    egui::WidgetInfo::selected(Role::RadioButton, true, chosen, &told)
                });
                if response.clicked() {
                    *of(form) = Some(choice);
                    form.change(field);
                    form.leave(field);
                }
                first.get_or_insert(response);
            }
            first.unwrap_or(label)
        })
        .inner;
    follow(&response, (field, form));
    below(ui, wording, looked, (field, form, &response));
}
