//! The list: search and states above, the table, and what is done to those that are ticked.

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::{
    Picked, State, decide, done, files, follow_focus, held, state, state_word, waiting_form,
};
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::station::jobs::requests::RequestView;
use crate::ui::parts::{cells, day, edged, pressed};
use crate::ui::requests_view::{ListPicture, ListQuery, PAGE, RequestsAct};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Height of a line of the table.
const ROW: f32 = 32.0;
/// Width of the boxes to tick.
const BOX: f32 = 40.0;

type Widths = [f32; 8];

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, page): (&ListPicture, &mut State),
) -> Option<RequestsAct> {
    super::read_only(ui, wording, view);
    waiting_form(ui, wording, page);
    bar(ui, wording, view, (picture, page));
    states(ui, wording, picture, &mut page.query);
    if let Some(done) = page.seen_done(view) {
        done::show(ui, wording, done);
    }
    let act = ticked(ui, wording, view, page);
    held(ui, ("table", ""), |ui| {
        table(ui, wording, view, (picture, page));
    });
    act
}

/// What is searched for, and what begins here.
fn bar(ui: &mut Ui, wording: &Wording, view: &View, (picture, page): (&ListPicture, &mut State)) {
    ui.horizontal(|ui| {
        let label = ui.label(wording.text("ui-request-search"));
        let edit = egui::TextEdit::singleline(&mut page.query.search)
            .id_salt("search")
            .hint_text(wording.text("ui-request-search-hint"))
            .char_limit(64)
            .margin(egui::vec2(8.0, 6.0))
            .desired_width(300.0);
        let typed = edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
        if typed.changed() {
            page.query.page = 0;
        }
        let count = [("count", picture.found.to_string())];
        ui.weak(wording.with("ui-request-found", count));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let word = wording.text("ui-request-new");
            let new = if view.may(Duty::EnterRequest) {
                theme::primary(ui, word)
            } else {
                egui::Button::new(word)
            };
            if pressed(ui, wording, view, Duty::EnterRequest, new) {
                page.form
                    .get_or_insert_with(|| super::entry::Form::new(&view.officer));
                page.writing = true;
            }
            if ui.button(wording.text("ui-request-files")).clicked() {
                page.files = Some(files::State::default());
                page.past();
            }
        });
    });
}

/// Every state that has applications is a button that lists those alone.
fn states(ui: &mut Ui, wording: &Wording, picture: &ListPicture, query: &mut ListQuery) {
    ui.horizontal_wrapped(|ui| {
        let all: u64 = picture.counts.values().sum();
        let word = format!("{} {all}", wording.text("ui-request-all"));
        if chip(ui, None, (&word, query.state.is_none())) {
            (query.state, query.page) = (None, 0);
        }
        for one in RequestState::ALL {
            let count = picture.counts.get(&one).copied().unwrap_or_default();
            let chosen = query.state == Some(one);
            if count == 0 && !chosen {
                continue;
            }
            let word = format!("{} {count}", state_word(wording, one));
            if chip(ui, Some(one), (&word, chosen)) {
                query.state = (!chosen).then_some(one);
                query.page = 0;
            }
        }
    });
}

fn chip(ui: &mut Ui, state: Option<RequestState>, (word, chosen): (&str, bool)) -> bool {
    let shape = state.map(|state| theme::request_state(ui, state).0);
    let text = shape.map_or_else(|| word.to_owned(), |shape| format!("{shape} {word}"));
    let response = ui.add(egui::Button::new(text).selected(chosen));
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, word));
    response.clicked()
}

/// What is done to those that are ticked.
fn ticked(ui: &mut Ui, wording: &Wording, view: &View, page: &mut State) -> Option<RequestsAct> {
    if page.picked.is_empty() {
        return None;
    }
    let mut clear = false;
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        let count = [("count", page.picked.len().to_string())];
        ui.strong(wording.with("ui-request-picked", count));
        act = decide::buttons(ui, wording, view, (&page.picked, &mut page.deciding));
        let none = wording.text("ui-request-pick-none");
        clear = held(ui, ("none", ""), |ui| ui.button(none).clicked());
    });
    if clear {
        page.picked.clear();
        page.deciding = decide::State::default();
        return None;
    }
    decide::question(ui, wording, view, (&page.picked, &mut page.deciding)).or(act)
}

fn table(ui: &mut Ui, wording: &Wording, view: &View, (picture, page): (&ListPicture, &mut State)) {
    let room = ui.available_width() - 12.0 - BOX; // The scroll bar's, and the boxes'.
    // Number, identity number, state and day are seen whole; the others share what is left.
    let [number, id_number, state, day] = [100.0, 168.0, 100.0, 92.0];
    let left = room - number - id_number - state - day;
    let [holder, unit, types] = [0.28, 0.4, 0.32].map(|part| part * left);
    let widths = [BOX, number, holder, unit, id_number, types, state, day];
    heads(ui, wording, widths, (picture, page));
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.separator();
    if picture.rows.is_empty() {
        empty(ui, wording, view, picture);
        return;
    }
    let pages = picture
        .found
        .div_ceil(u64::try_from(PAGE).unwrap_or(u64::MAX));
    let foot = if pages > 1 { 44.0 } else { 0.0 };
    egui::ScrollArea::vertical()
        .id_salt("table")
        .max_height(ui.available_height() - foot)
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.rows.len(), |ui, seen| {
            for row in picture.rows.get(seen).unwrap_or_default() {
                held(ui, ("line", &row.row.number), |ui| {
                    line(ui, wording, widths, (row, page));
                });
            }
            follow_focus(ui);
        });
    if pages > 1 {
        turn(ui, wording, (picture, pages), &mut page.query);
    }
}

/// The heads of the columns; those of number and name put the list in their order.
fn heads(
    ui: &mut Ui,
    wording: &Wording,
    widths: Widths,
    (picture, page): (&ListPicture, &mut State),
) {
    let [mut tick, number, holder, rest @ ..] = cells(ui, 28.0, widths);
    let seen = picture.rows.iter().map(|row| &row.row.number);
    let mut all = !picture.rows.is_empty() && seen.clone().all(|n| page.picked.contains_key(n));
    let response = edged(&mut tick, |ui| {
        ui.add(egui::Checkbox::without_text(&mut all))
    });
    let word = wording.text("ui-request-pick-all");
    response.widget_info(|| egui::WidgetInfo::selected(Role::CheckBox, true, all, &word));
    if response.on_hover_text(&word).changed() {
        for row in &picture.rows {
            if all {
                let picked = Picked::of(row);
                page.picked.insert(row.row.number.clone(), picked);
            } else {
                page.picked.remove(&row.row.number);
            }
        }
    }
    let query = &mut page.query;
    for (mut cell, key, by_name) in [(number, "col-number", false), (holder, "col-holder", true)] {
        let chosen = query.by_name == by_name;
        let word = wording.text(key);
        let text = if chosen {
            format!("{word} ↓")
        } else {
            word.clone()
        };
        let text = RichText::new(text).small().color(theme::colors(ui).quiet);
        let response = cell.add(egui::Button::new(text).frame(false));
        let told = wording.with("ui-request-in-order", [("column", word)]);
        response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &told));
        if response.on_hover_text(&told).clicked() {
            (query.by_name, query.page) = (by_name, 0);
        }
    }
    let keys = [
        "col-unit",
        "col-id-number",
        "col-types",
        "col-state",
        "ui-request-col-entered",
    ];
    for (mut cell, key) in rest.into_iter().zip(keys) {
        let word = RichText::new(wording.text(key)).small();
        cell.label(word.color(theme::colors(ui).quiet));
    }
}

fn line(ui: &mut Ui, wording: &Wording, widths: Widths, (view, page): (&RequestView, &mut State)) {
    let row = &view.row;
    let [
        mut tick,
        mut number,
        mut holder,
        mut unit,
        mut id_number,
        mut what,
        mut in_state,
        mut entered,
    ] = cells(ui, ROW, widths);
    let mut ticked = page.picked.contains_key(&row.number);
    let told = format!("{} {}", wording.text("ui-request-pick"), row.number);
    let response = edged(&mut tick, |ui| {
        ui.add(egui::Checkbox::without_text(&mut ticked))
    });
    response.widget_info(|| egui::WidgetInfo::selected(Role::CheckBox, true, ticked, &told));
    if response.changed() {
        if ticked {
            page.picked.insert(row.number.clone(), Picked::of(view));
        } else {
            page.picked.remove(&row.number);
        }
    }
    let text = RichText::new(&row.number).monospace();
    let link = egui::Link::new(text.color(theme::colors(ui).accent));
    if number.add(link).clicked() {
        page.open(&row.number);
    }
    let text = |text: &str| egui::Label::new(text.to_owned()).truncate();
    holder.add(text(&row.holder_name));
    unit.add(text(&view.unit.name));
    let mono = RichText::new(&view.id_number).monospace();
    id_number.add(egui::Label::new(mono).truncate());
    what.add(text(&Picked::of(view).what));
    state(&mut in_state, wording, row.state);
    entered.add(text(&day(row.entered_at)));
}

/// What to do first where there is nothing, and what else to look for where nothing fits.
fn empty(ui: &mut Ui, wording: &Wording, view: &View, picture: &ListPicture) {
    ui.add_space(8.0);
    let key = if !picture.counts.is_empty() {
        "ui-request-found-none"
    } else if view.may(Duty::EnterRequest) {
        "ui-request-empty"
    } else {
        "ui-request-empty-others"
    };
    ui.weak(wording.text(key));
}

/// From page to page.
fn turn(
    ui: &mut Ui,
    wording: &Wording,
    (picture, pages): (&ListPicture, u64),
    query: &mut ListQuery,
) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let last = usize::try_from(pages.saturating_sub(1)).unwrap_or(usize::MAX);
        let before = egui::Button::new(wording.text("ui-request-page-before"));
        if ui.add_enabled(query.page > 0, before).clicked() {
            query.page -= 1;
        }
        let first = picture.query.page * PAGE + 1;
        let args = [
            ("first", first.to_string()),
            (
                "last",
                (first + picture.rows.len()).saturating_sub(1).to_string(),
            ),
            ("count", picture.found.to_string()),
        ];
        ui.label(wording.with("ui-request-page", args));
        let next = egui::Button::new(wording.text("ui-request-page-next"));
        if ui.add_enabled(query.page < last, next).clicked() {
            query.page += 1;
        }
    });
}
