//! Where the ukeys of one model are: one bar, one total, a part for each state.

use std::collections::BTreeMap;

use eframe::egui::{self, Pos2, Rect, RichText, Sense, Ui};
use egui::accesskit::Role;

use crate::domain::officer::Duty;
use crate::domain::ukey::UkeyState;
use crate::station::StockLine;
use crate::ui::parts::{edged, pressed_when};
use crate::ui::stock_view::{StockAct, StockQuery, StockSummary};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Height of the bar.
const HEIGHT: f32 = 20.0;
/// A state that has ukeys is seen, however few.
const LEAST: f32 = 6.0;

/// Draws it; a click on a part lists its ukeys, another click lists all again.
pub(super) fn show(ui: &mut Ui, wording: &Wording, line: &StockLine, query: &mut StockQuery) {
    ui.horizontal(|ui| {
        ui.strong(&line.model);
        ui.weak(&line.maker);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new(line.received.to_string()).size(28.0).strong());
            ui.weak(wording.text("ui-stock-total"));
        });
    });
    let parts = parts(line);
    if let Some(state) = bar(ui, wording, line, &parts) {
        toggle(query, line, state);
    }
    ui.horizontal_wrapped(|ui| {
        for (state, count) in &parts {
            let (shape, color) = theme::ukey_state(ui, *state);
            let chosen = query.state == Some(*state)
                && query
                    .model
                    .as_ref()
                    .is_none_or(|model| *model == line.model);
            let name = format!("{} {count}", wording.ukey_state(*state));
            let words = (RichText::new(shape).color(color), name.clone());
            let chip = ui.add(egui::Button::selectable(chosen, words));
            chip.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &name));
            if chip.clicked() {
                toggle(query, line, *state);
            }
        }
    });
}

/// The states that have ukeys.
fn parts(line: &StockLine) -> Vec<(UkeyState, u64)> {
    let states = UkeyState::ALL.into_iter();
    states
        .map(|state| (state, line.count(state)))
        .filter(|(_state, count)| *count > 0)
        .collect()
}

fn toggle(query: &mut StockQuery, line: &StockLine, state: UkeyState) {
    let (model, state) = (Some(line.model.clone()), Some(state));
    if (&query.model, query.state) == (&model, state) {
        (query.model, query.state) = (None, None);
    } else {
        (query.model, query.state) = (model, state);
    }
}

/// The bar; gives the state of the part that was clicked.
fn bar(
    ui: &mut Ui,
    wording: &Wording,
    line: &StockLine,
    parts: &[(UkeyState, u64)],
) -> Option<UkeyState> {
    let size = egui::vec2(ui.available_width(), HEIGHT);
    // The keyboard has the parts as buttons below.
    let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK);
    let told = |state: UkeyState, count: u64| format!("{} {count}", wording.ukey_state(state));
    let all: Vec<_> = parts.iter().map(|(s, count)| told(*s, *count)).collect();
    let name = format!("{} {}: {}", line.model, line.received, all.join(", "));
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, &name));
    let pointer = response.hover_pos();
    let mut under = None;
    for ((state, count), place) in parts.iter().zip(places(rect, parts)) {
        let (fill, edge) = theme::ukey_bar(ui, *state);
        ui.painter().rect_filled(place, 4.0, fill);
        let stroke = egui::Stroke::new(1.0, edge);
        let inside = egui::StrokeKind::Inside;
        ui.painter().rect_stroke(place, 4.0, stroke, inside);
        if pointer.is_some_and(|at| place.contains(at)) {
            under = Some((*state, *count));
        }
    }
    let (state, count) = under?;
    let clicked = response.clicked();
    response.on_hover_text(told(state, count));
    clicked.then_some(state)
}

/// Where each part lies: by its share, none too narrow to be seen.
#[expect(clippy::cast_precision_loss, reason = "pixels of a bar")]
fn places(rect: Rect, parts: &[(UkeyState, u64)]) -> Vec<Rect> {
    let gap = 2.0;
    let total: u64 = parts.iter().map(|(_state, count)| count).sum();
    let count = parts.len() as f32;
    let free = (rect.width() - count * (LEAST + gap)).max(0.0);
    let mut left = rect.left();
    let place = |(_state, count): &(UkeyState, u64)| {
        let width = LEAST + free * (*count as f32 / total.max(1) as f32);
        let place = Rect::from_min_max(
            Pos2::new(left, rect.top()),
            Pos2::new(left + width, rect.bottom()),
        );
        left += width + gap;
        place
    };
    parts.iter().map(place).collect()
}

/// Whether it adds up (D-27), in numbers.
pub(super) fn balance(ui: &mut Ui, wording: &Wording, line: &StockLine) {
    let colors = theme::colors(ui);
    let terms: Vec<_> = parts(line)
        .iter()
        .map(|(state, count)| format!("{} {count}", wording.ukey_state(*state)))
        .collect();
    let terms = if terms.is_empty() {
        "0".to_owned()
    } else {
        terms.join(" + ")
    };
    let (color, shape, key) = if line.balanced {
        (colors.good, "✓", "ui-stock-balanced")
    } else {
        (colors.stopped, "✕", "ui-stock-differs")
    };
    ui.colored_label(color, format!("{shape} {}", wording.text(key)));
    let small = |text: String| RichText::new(text).small().color(colors.quiet);
    let args = [("received", line.received.to_string()), ("terms", terms)];
    ui.label(small(wording.with("ui-stock-sum", args)));
    if line.in_transit > 0 {
        let args = [("count", line.in_transit.to_string())];
        ui.label(small(wording.with("ui-stock-in-transit", args)));
    }
}

/// What does not add up, and what to do; nothing where all does.
pub(super) fn differs(
    ui: &mut Ui,
    wording: &Wording,
    (summary, line): (&StockSummary, &StockLine),
) {
    if line.balanced {
        return;
    }
    let stopped = theme::colors(ui).stopped;
    let sum: u64 = line.counts.iter().sum();
    if sum != line.received {
        let args = [
            ("received", line.received.to_string()),
            ("sum", sum.to_string()),
        ];
        ui.colored_label(stopped, wording.with("ui-stock-sum-differs", args));
    }
    let unproven = summary.unproven.iter();
    for (model, day, what) in unproven.filter(|(model, ..)| *model == line.model) {
        let args = [("model", model.clone()), ("day", day.clone())];
        let words = wording.with(&format!("stock-unproven-{what}"), args);
        ui.colored_label(stopped, words);
    }
    ui.label(wording.text("ui-stock-differs-next"));
}

/// The reorder level, whether there are too few blanks, and the field that sets it.
pub(super) fn level(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (summary, line): (&StockSummary, &StockLine),
    typed: &mut BTreeMap<String, String>,
) -> Option<StockAct> {
    let known = summary
        .levels
        .iter()
        .find(|known| (&known.maker, &known.model) == (&line.maker, &line.model))?;
    let label = ui.label(wording.text("ui-level"));
    let text = typed.entry(line.model.clone()).or_insert_with(|| {
        known
            .level
            .map(|level| level.to_string())
            .unwrap_or_default()
    });
    let may = view.may(Duty::ManageStock);
    let edit = egui::TextEdit::singleline(text)
        .id_salt(("level", &line.model))
        .char_limit(6)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(64.0);
    edged(ui, |ui| ui.add_enabled(may, edit)).labelled_by(label.id);
    let wanted: Option<u32> = text.trim().parse().ok();
    let why_not = match wanted {
        None => Some("ui-level-number"),
        Some(level) if known.level == Some(level.into()) => Some("ui-level-same"),
        Some(_) => None,
    };
    let set = egui::Button::new(wording.text("ui-level-set"));
    let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), set);
    match known.level {
        Some(level) if known.blank < level => {
            let args = [
                ("blank", known.blank.to_string()),
                ("level", level.to_string()),
            ];
            let words = format!("△ {}", wording.with("ui-level-low", args));
            ui.colored_label(theme::colors(ui).attention, words);
        }
        Some(_) => {
            ui.weak(wording.text("ui-level-enough"));
        }
        None => {
            ui.weak(wording.text("ui-level-none"));
        }
    }
    let model = line.model.clone();
    wanted
        .filter(|_level| asked)
        .map(|level| StockAct::Level { model, level })
}
