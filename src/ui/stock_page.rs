//! 库存: per model a bar of where every ukey is and whether it adds up, what differs, and every ukey in
//! a table; on its other side what the coming months need and how the last days went.

mod ahead;
mod bar;
mod differences;
mod ukey_card;

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::parts::{cells, grouped, state, title};
use super::second_view::Proposed;
use super::stock_view::{StockAct, StockFace, StockPicture, StockQuery, StockRow};
use super::view::View;
use super::{parts, theme};
use crate::domain::officer::Duty;
use crate::wording::Wording;

/// Height of a line of the table.
const ROW: f32 = 28.0;
/// Width of the list of differences.
const DIFFERENCES: f32 = 360.0;
/// Height that bars may take before they scroll.
const BARS: f32 = 330.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    query: StockQuery,
    /// Reorder levels as typed, by model.
    levels: BTreeMap<String, String>,
    explaining: differences::State,
    card: ukey_card::State,
    ahead: ahead::State,
    proposed: Option<Proposed>,
}

impl State {
    /// What is proposed to a second officer, once.
    pub(super) const fn take_proposed(&mut self) -> Option<Proposed> {
        self.proposed.take()
    }

    /// Which ukeys are wanted: as typed, without the spaces of the groups.
    pub(super) fn query(&self) -> StockQuery {
        let mut query = self.query.clone();
        query.serial_part.retain(|c| !c.is_whitespace());
        query.box_of = query.box_of.trim().to_owned();
        query
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View, page: &mut State) -> Vec<StockAct> {
    let mut acts = Vec::new();
    let Some(picture) = &view.stock else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return acts;
    };
    let summary = &picture.summary;
    faces(ui, wording, &mut page.query.face);
    if page.query.face == StockFace::Ahead {
        let Some(outlook) = &picture.outlook else {
            ui.spinner();
            ui.label(wording.text("ui-reading"));
            return acts;
        };
        ahead::show(ui, wording, (outlook, &summary.levels), &mut page.ahead);
        return acts;
    }
    if summary.lines.is_empty() {
        ui.weak(wording.text("ui-stock-empty"));
    }
    egui::ScrollArea::vertical()
        .id_salt("bars")
        .max_height(BARS)
        .show(ui, |ui| {
            for line in &summary.lines {
                parts::card(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 4.0;
                    let of = (&**summary, line);
                    bar::show(ui, wording, line, &mut page.query);
                    let levels = &mut page.levels;
                    ui.horizontal_wrapped(|ui| {
                        bar::balance(ui, wording, line);
                        ui.add_space(24.0);
                        acts.extend(bar::level(ui, wording, view, of, levels));
                    });
                    bar::differs(ui, wording, of);
                });
            }
        });
    ui.add_space(8.0);
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        let chosen = page.card.chosen.as_ref();
        let mut rows = picture.rows.iter();
        let chosen = rows.find(|row| Some(&row.serial) == chosen);
        let open = !summary.differences.is_empty()
            || chosen.is_some()
            || view.strangers.is_some()
            || view.note.is_some();
        let gap = if open { DIFFERENCES + 16.0 } else { 0.0 };
        let size = egui::vec2(ui.available_width() - gap, height);
        ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
            ui.set_min_width(size.x);
            acts.extend(search(ui, wording, view, (page, picture.rows.len())));
            table(ui, wording, picture, &mut page.card);
        });
        if open {
            let size = egui::vec2(DIFFERENCES, height);
            ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
                ui.set_min_width(size.x);
                if let Some(note) = &view.note {
                    parts::note(ui, wording, note);
                }
                if let Some(row) = chosen {
                    let asked = ukey_card::show(ui, wording, view, (row, &mut page.card));
                    page.proposed = page.proposed.take().or(asked);
                }
                if let Some(list) = &view.strangers {
                    let asked = ukey_card::strangers(ui, wording, view, (list, &mut page.card));
                    page.proposed = page.proposed.take().or(asked);
                }
                if summary.differences.is_empty() {
                    return;
                }
                let list = &summary.differences;
                acts.extend(differences::show(
                    ui,
                    wording,
                    view,
                    (list, &mut page.explaining),
                ));
            });
        }
    });
    acts
}

/// What is where now, or what comes and how it went.
fn faces(ui: &mut Ui, wording: &Wording, face: &mut StockFace) {
    ui.horizontal(|ui| {
        let faces = [
            (StockFace::Now, "ui-stock-now"),
            (StockFace::Ahead, "ui-stock-ahead"),
        ];
        for (one, key) in faces {
            let (word, chosen) = (wording.text(key), one == *face);
            let tab = ui.add(egui::Button::selectable(chosen, &word));
            tab.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &word));
            if tab.clicked() {
                *face = one;
            }
        }
    });
    ui.add_space(4.0);
}

fn search(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (page, found): (&mut State, usize),
) -> Option<StockAct> {
    let query = &mut page.query;
    ui.horizontal(|ui| {
        let fields = [
            ("ui-search-serial", &mut query.serial_part, 200.0),
            ("ui-search-box", &mut query.box_of, 120.0),
        ];
        for (key, text, width) in fields {
            let label = ui.label(wording.text(key));
            let edit = egui::TextEdit::singleline(text)
                .id_salt(key)
                .char_limit(64)
                .margin(egui::vec2(8.0, 6.0))
                .desired_width(width);
            parts::edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
        }
        let all = *query == StockQuery::default();
        let clear = egui::Button::new(wording.text("ui-search-clear"));
        let clear = ui.add_enabled(!all, clear);
        if clear
            .on_disabled_hover_text(wording.text("ui-search-nothing"))
            .clicked()
        {
            *query = StockQuery::default();
        }
        ui.weak(wording.with("ui-found", [("count", found.to_string())]));
        let look = egui::Button::new(wording.text("ui-strangers-look"));
        let asked = parts::pressed(ui, wording, view, Duty::ManageStock, look);
        asked.then_some(StockAct::LookForStrangers)
    })
    .inner
}

fn table(ui: &mut Ui, wording: &Wording, picture: &StockPicture, page: &mut ukey_card::State) {
    let width = ui.available_width() - 12.0; // The scroll bar's.
    let widths = [0.34, 0.22, 0.16, 0.14, 0.14].map(|part| part * width);
    let heads = [
        "ui-col-serial",
        "ui-col-model",
        "ui-col-box",
        "ui-col-state",
        "ui-col-request",
    ];
    for (mut cell, key) in cells(ui, 20.0, widths).into_iter().zip(heads) {
        cell.label(
            RichText::new(wording.text(key))
                .small()
                .color(theme::colors(ui).quiet),
        );
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.separator();
    if picture.rows.is_empty() {
        ui.add_space(8.0);
        ui.weak(wording.text("ui-found-none"));
    }
    egui::ScrollArea::vertical()
        .id_salt("table")
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.rows.len(), |ui, seen| {
            let start = seen.start;
            let rows = picture.rows.get(seen).unwrap_or_default();
            for (at, row) in rows.iter().enumerate() {
                ui.push_id(start + at, |ui| line(ui, wording, widths, (row, page)));
            }
        });
}

fn line(
    ui: &mut Ui,
    wording: &Wording,
    widths: [f32; 5],
    (row, page): (&StockRow, &mut ukey_card::State),
) {
    let [mut serial, mut model, mut box_of, mut in_state, mut request] = cells(ui, ROW, widths);
    let text = |text: &str| egui::Label::new(text.to_owned()).truncate();
    let mono = RichText::new(grouped(row.serial.as_str())).monospace();
    let chosen = page.chosen.as_ref() == Some(&row.serial);
    serial.spacing_mut().button_padding = egui::vec2(4.0, 2.0);
    let choose = egui::Button::selectable(chosen, mono).truncate();
    if serial.add(choose).clicked() {
        page.toggle(&row.serial);
    }
    model.add(text(&row.model));
    if let Some(label) = &row.box_of {
        box_of.add(text(label));
    }
    state(&mut in_state, wording, row.state);
    if let Some(number) = &row.request {
        request.monospace(number);
    }
}

/// The open differences' title, wherever it stands.
fn differences_title(ui: &mut Ui, wording: &Wording, count: usize) {
    title(
        ui,
        wording.with("ui-differences", [("count", count.to_string())]),
    );
}
