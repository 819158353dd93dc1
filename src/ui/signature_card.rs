//! A field over the page in which a holder signs for their ukey with mouse or pen; it goes onto the slip and
//! nowhere else.

use eframe::egui::{self, Pos2, RichText, Sense, Stroke, Ui};
use egui::accesskit::Role;

use super::parts::grouped;
use super::theme;
use crate::domain::handwriting::Handwriting;
use crate::domain::ukey::Serial;
use crate::wording::Wording;

/// The field, as wide to its height as that on the slip.
const FIELD: egui::Vec2 = egui::vec2(560.0, 140.0);

/// Who signs, and what they wrote so far.
#[derive(Debug, Default)]
pub(super) struct State {
    serial: Option<Serial>,
    written: Handwriting,
}

impl State {
    /// Opens the field for the holder of this ukey.
    pub(super) fn open(&mut self, serial: &Serial) {
        *self = Self {
            serial: Some(serial.clone()),
            ..Self::default()
        };
    }
}

/// Draws the field if somebody signs; gives what is to stand on the slip of which ukey.
pub(super) fn show(
    ctx: &egui::Context,
    wording: &Wording,
    state: &mut State,
) -> Option<(Serial, Handwriting)> {
    let serial = state.serial.clone()?;
    let style = ctx.global_style();
    let frame = egui::Frame::group(&style).fill(style.visuals.window_fill);
    let modal = egui::Modal::new(egui::Id::unique("signature"));
    let modal = modal.frame(frame.inner_margin(24.0));
    let shown = modal.show(ctx, |ui| {
        let title = RichText::new(wording.text("ui-sign-title")).size(20.0);
        ui.label(title.strong());
        ui.monospace(grouped(serial.as_str()));
        ui.label(wording.text("ui-sign-statement"));
        field(ui, wording, &mut state.written);
        buttons(ui, wording, &mut state.written)
    });
    match (shown.inner, shown.should_close()) {
        (Some(true), _) => {
            let written = std::mem::take(&mut state.written);
            state.serial = None;
            Some((serial, written))
        }
        (Some(false), _) | (None, true) => {
            *state = State::default();
            None
        }
        (None, false) => None,
    }
}

fn field(ui: &mut Ui, wording: &Wording, written: &mut Handwriting) {
    let (rect, response) = ui.allocate_exact_size(FIELD, Sense::drag());
    let told = wording.text("ui-sign-field");
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Canvas, true, &told));
    let colors = theme::colors(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 8.0, ui.visuals().extreme_bg_color);
    painter.rect_stroke(
        rect,
        8.0,
        Stroke::new(1.0, colors.quiet),
        egui::StrokeKind::Inside,
    );
    if response.drag_started() {
        written.begin();
    }
    if response.dragged()
        && let Some(at) = response.interact_pointer_pos()
    {
        let inside = (at - rect.min) / FIELD;
        written.go_to((inside.x, inside.y));
    }
    let ink = Stroke::new(2.0, ui.visuals().text_color());
    for line in written.lines() {
        let place = |(x, y): &(f32, f32)| rect.min + egui::vec2(*x, *y) * FIELD;
        let points: Vec<Pos2> = line.iter().map(place).collect();
        painter.line(points, ink);
    }
}

/// Whether it is done; `None` while it goes on.
fn buttons(ui: &mut Ui, wording: &Wording, written: &mut Handwriting) -> Option<bool> {
    let mut answer = None;
    ui.horizontal(|ui| {
        let done = theme::primary(ui, wording.text("ui-sign-print"));
        let done = ui.add_enabled(!written.is_empty(), done);
        let done = done.on_disabled_hover_text(wording.text("ui-sign-first"));
        if done.clicked() {
            answer = Some(true);
        }
        if ui.button(wording.text("ui-sign-clear")).clicked() {
            *written = Handwriting::default();
        }
        if ui.button(wording.text("ui-cancel")).clicked() {
            answer = Some(false);
        }
    });
    answer
}
