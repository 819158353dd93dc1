//! The rail: one entry a page, with its shape, its word and how many things of it wait.

use eframe::egui::{self, Align2, FontId, RichText, Sense, StrokeKind, Ui};
use egui::accesskit::Role;

use super::view::View;
use super::{Page, theme};
use crate::wording::Wording;

/// Height of an entry.
const HEIGHT: f32 = 40.0;

/// Draws it; gives the page that was chosen.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View, page: Page) -> Option<Page> {
    ui.add_space(8.0);
    ui.label(RichText::new(wording.text("app-title")).size(20.0).strong());
    ui.add_space(16.0);
    ui.spacing_mut().item_spacing.y = 4.0;
    let mut chosen = None;
    for entry in Page::ALL {
        if self::entry(ui, wording, (entry, entry == page), waits(view, entry)) {
            chosen = Some(entry);
        }
    }
    chosen
}

/// How many things of a page wait.
fn waits(view: &View, page: Page) -> usize {
    match page {
        Page::Today => view.today.as_ref().map_or(0, |today| today.to_do.len()),
        Page::Requests => usize::try_from(view.waiting.requests).unwrap_or(usize::MAX),
        Page::Make => view.requests.len(),
        Page::Stock => view.waiting.differences,
        Page::Travel => view.waiting.in_transit,
        Page::Loss => view.waiting.losses,
        Page::Check | Page::Certificates | Page::Audit | Page::Settings | Page::Help => 0,
    }
}

fn entry(ui: &mut Ui, wording: &Wording, (page, selected): (Page, bool), waits: usize) -> bool {
    let word = wording.text(page.key());
    let size = egui::vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let colors = theme::colors(ui);
    let text = ui.visuals().text_color();
    let painter = ui.painter();
    if selected {
        painter.rect_filled(rect, 8.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() {
        painter.rect_filled(rect, 8.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(2.0, colors.accent);
        painter.rect_stroke(rect, 8.0, stroke, StrokeKind::Inside);
    }
    let middle = rect.center().y;
    let at = |x: f32| egui::pos2(x, middle);
    let shape = if selected {
        colors.accent
    } else {
        colors.quiet
    };
    let font = FontId::proportional(18.0);
    painter.text(
        at(rect.left() + 20.0),
        Align2::CENTER_CENTER,
        page.shape(),
        font,
        shape,
    );
    let body = egui::TextStyle::Body.resolve(ui.style());
    // English words take two lines here and there.
    let room = rect.width() - 40.0 - if waits > 0 { 32.0 } else { 8.0 };
    let galley = painter.layout(word.clone(), body, text, room);
    let top = middle - galley.size().y / 2.0;
    painter.galley(egui::pos2(rect.left() + 40.0, top), galley, text);
    if waits > 0 {
        let small = FontId::proportional(13.0);
        let place = at(rect.right() - 10.0);
        painter.text(place, Align2::RIGHT_CENTER, waits, small, colors.quiet);
    }
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, selected, &word));
    if waits > 0 {
        let told = wording.with("ui-waits", [("count", waits.to_string())]);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_description(told));
    }
    response.clicked()
}
