//! What several pages draw alike: buttons of a duty, serial numbers, states, cards and lines of a table.

use eframe::egui::{self, Align, Layout, Response, RichText, Sense, Ui, UiBuilder};

use super::view::View;
use super::{post_word, theme};
use crate::domain::officer::{Duty, Post};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyState;
use crate::wording::Wording;

/// A button of a duty: whether it was pressed. It says on hover why it cannot be.
pub(super) fn pressed(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    duty: Duty,
    button: egui::Button<'_>,
) -> bool {
    pressed_when(ui, wording, view, (duty, None), button)
}

/// The same where something else may be in the way too: the key of why not.
pub(super) fn pressed_when(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (duty, why_not): (Duty, Option<&str>),
    button: egui::Button<'_>,
) -> bool {
    let may = view.may(duty);
    let reason = match why_not {
        _ if !may => wording.with("ui-other-post", [("posts", who_may(wording, duty))]),
        Some(key) if !view.busy => wording.text(key),
        _ => wording.text("ui-not-while-working"),
    };
    // A row of its own keeps it as wide as its word.
    let response =
        ui.horizontal(|ui| ui.add_enabled(may && !view.busy && why_not.is_none(), button));
    response.inner.on_disabled_hover_text(reason).clicked()
}

/// The posts that have a duty.
pub(super) fn who_may(wording: &Wording, duty: Duty) -> String {
    let posts = Post::ALL.into_iter().filter(|post| duty.belongs_to(*post));
    let words: Vec<_> = posts.map(|post| post_word(wording, post)).collect();
    words.join(", ")
}

/// What this post may only read here, and who does the rest; nothing for who may do it.
pub(super) fn read_only(ui: &mut Ui, wording: &Wording, view: &View, duty: Duty) {
    if view.may(duty) {
        return;
    }
    let own = view.post.map(|post| post_word(wording, post));
    let args = [
        ("post", own.unwrap_or_default()),
        ("posts", who_may(wording, duty)),
    ];
    let words = wording.with("ui-read-only-stock", args);
    ui.colored_label(theme::colors(ui).attention, words);
}

/// A serial in groups of four.
pub(super) fn grouped(serial: &str) -> String {
    let characters: Vec<char> = serial.chars().collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Shape, colour and word of a ukey's state.
pub(super) fn state(ui: &mut Ui, wording: &Wording, state: UkeyState) {
    let (shape, color) = theme::ukey_state(ui, state);
    ui.colored_label(color, shape);
    ui.label(wording.ukey_state(state));
}

/// A card that is as wide as its place.
pub(super) fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    egui::Frame::group(ui.style())
        .fill(ui.visuals().window_fill)
        .inner_margin(12.0)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.vertical(add).inner
        })
        .inner
}

/// A title inside a page.
pub(super) fn title(ui: &mut Ui, word: impl Into<String>) {
    ui.label(RichText::new(word).strong());
}

/// The day of a moment.
pub(super) fn day(at: Timestamp) -> String {
    at.date().to_string()
}

/// A field with its name above it.
pub(super) fn field(ui: &mut Ui, word: &str, edit: egui::TextEdit<'_>) -> Response {
    let label = ui.label(word);
    let edit = edit.margin(egui::vec2(8.0, 6.0));
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id)
}

/// Fields and circles stand out from card and ground.
pub(super) fn edged<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.bg_stroke.color = theme::colors(ui).quiet;
        add(ui)
    })
    .inner
}

/// One line of a table: a place for each column.
pub(super) fn cells<const N: usize>(ui: &mut Ui, height: f32, widths: [f32; N]) -> [Ui; N] {
    let size = egui::vec2(widths.iter().sum(), height);
    let (rect, _response) = ui.allocate_exact_size(size, Sense::hover());
    let mut left = rect.left();
    widths.map(|width| {
        let place = egui::Rect::from_min_size(
            egui::pos2(left, rect.top()),
            egui::vec2((width - 8.0).max(0.0), height),
        );
        left += width;
        let layout = Layout::left_to_right(Align::Center);
        ui.new_child(UiBuilder::new().max_rect(place).layout(layout))
    })
}

/// What a person typed as a list: by lines, spaces, commas.
pub(super) fn listed(text: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
    let texts = text.split(between).filter(|text| !text.is_empty());
    texts.map(str::to_owned).collect()
}
