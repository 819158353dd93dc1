//! What differs and is still open (D-27): system explains, security accepts.

use eframe::egui::{self, RichText, Ui};

use super::differences_title;
use crate::domain::officer::Duty;
use crate::domain::stock::Resolution;
use crate::station::DiscrepancyRow;
use crate::station::jobs::people::is_reason;
use crate::ui::parts::{card, day, edged, grouped, pressed, pressed_when};
use crate::ui::stock_view::StockAct;
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// The explanation that is being written.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Of which difference.
    number: Option<String>,
    resolution: Option<Resolution>,
    reason: String,
    wants_focus: bool,
}

/// Draws the list; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (rows, state): (&[DiscrepancyRow], &mut State),
) -> Vec<StockAct> {
    let mut acts = Vec::new();
    differences_title(ui, wording, rows.len());
    egui::ScrollArea::vertical()
        .id_salt("differences")
        .auto_shrink(false)
        .show(ui, |ui| {
            for row in rows {
                ui.push_id(&row.id, |ui| {
                    card(ui, |ui| {
                        acts.extend(difference(ui, wording, view, (row, state)));
                    });
                });
            }
        });
    acts
}

fn difference(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, state): (&DiscrepancyRow, &mut State),
) -> Option<StockAct> {
    let colors = theme::colors(ui);
    ui.horizontal(|ui| {
        let kind = wording.text(&format!("difference-{}", row.kind.word()));
        ui.colored_label(colors.attention, format!("△ {kind}"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.monospace(&row.number);
        });
    });
    ui.label(
        RichText::new(grouped(row.serial.as_str()))
            .monospace()
            .strong(),
    );
    let args = [
        ("day", day(row.found_at)),
        ("officer", row.found_by.clone()),
    ];
    ui.weak(wording.with("ui-difference-found", args));
    if let Some(said) = &row.explained {
        let word = wording.text(&format!("resolution-{}", said.resolution.word()));
        ui.label(format!("{word}: {}", said.text));
        let args = [("day", day(said.at)), ("officer", said.by.clone())];
        ui.weak(wording.with("ui-difference-explained", args));
        // What was refused stays in its form; what was taken stands here.
        if state.number.as_ref() == Some(&row.number)
            && (state.resolution, state.reason.trim())
                == (Some(said.resolution), said.text.as_str())
        {
            *state = State::default();
        }
    }
    if state.number.as_ref() == Some(&row.number) && view.may(Duty::ManageStock) {
        return form(ui, wording, view, (row, state));
    }
    let mut act = None;
    ui.horizontal(|ui| {
        let explain = egui::Button::new(wording.text("ui-explain"));
        if pressed(ui, wording, view, Duty::ManageStock, explain) {
            *state = State {
                number: Some(row.number.clone()),
                wants_focus: true,
                ..State::default()
            };
        }
        let accept = egui::Button::new(wording.text("ui-accept"));
        let why_not = row.explained.is_none().then_some("ui-accept-after");
        if pressed_when(ui, wording, view, (Duty::ConfirmAct, why_not), accept) {
            act = Some(StockAct::Accept(row.number.clone()));
        }
    });
    act
}

fn form(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, state): (&DiscrepancyRow, &mut State),
) -> Option<StockAct> {
    let opened = state.wants_focus;
    ui.spacing_mut().interact_size.y = 24.0;
    for resolution in Resolution::ALL {
        let word = wording.text(&format!("resolution-{}", resolution.word()));
        let chosen = state.resolution == Some(resolution);
        let radio = edged(ui, |ui| ui.radio(chosen, word));
        if state.wants_focus {
            radio.request_focus();
            state.wants_focus = false;
        }
        if radio.clicked() {
            state.resolution = Some(resolution);
        }
    }
    let label = ui.label(wording.text("ui-reason"));
    let edit = egui::TextEdit::multiline(&mut state.reason)
        .id_salt("reason")
        .char_limit(500)
        .desired_rows(2)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    let why_not = if state.resolution.is_none() {
        Some("ui-explain-choose")
    } else if !is_reason(&state.reason) {
        Some("ui-explain-reason")
    } else {
        None
    };
    let mut act = None;
    ui.horizontal(|ui| {
        let done = theme::primary(ui, wording.text("ui-explain-done"));
        let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), done);
        if asked && let Some(resolution) = state.resolution {
            act = Some(StockAct::Explain {
                number: row.number.clone(),
                resolution,
                reason: state.reason.trim().to_owned(),
            });
        } else if ui.button(wording.text("ui-cancel")).clicked() {
            *state = State::default();
        }
    });
    if opened {
        ui.scroll_to_cursor(Some(egui::Align::BOTTOM)); // The button is seen too.
    }
    act
}
