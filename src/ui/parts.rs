//! What several pages draw alike: buttons of a duty, serial numbers, states, cards and lines of a table.

use std::path::PathBuf;

use eframe::egui::{self, Align, Layout, Response, RichText, Sense, StrokeKind, Ui, UiBuilder};
use egui::accesskit::Role;

use super::make_view::UkeyNote;
use super::view::View;
use super::{post_word, theme, told};
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
    terms: (Duty, Option<&str>),
    button: egui::Button<'_>,
) -> bool {
    pressed_button(ui, wording, view, terms, button).clicked()
}

fn pressed_button(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (duty, why_not): (Duty, Option<&str>),
    button: egui::Button<'_>,
) -> Response {
    let may = view.may(duty);
    let reason = match why_not {
        _ if !may => wording.with("ui-other-post", [("posts", who_may(wording, duty))]),
        Some(key) if !view.busy => wording.text(key),
        _ => wording.text("ui-not-while-working"),
    };
    // A row of its own keeps it as wide as its word.
    let response =
        ui.horizontal(|ui| ui.add_enabled(may && !view.busy && why_not.is_none(), button));
    response.inner.on_disabled_hover_text(reason)
}

/// A button of a duty in a line of a list, with a name of its own: whether it was pressed.
pub(super) fn pressed_for(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (duty, of): (Duty, &str),
    word: &str,
) -> bool {
    let pressed = pressed_button(ui, wording, view, (duty, None), egui::Button::new(word));
    let told = format!("{word} {of}");
    let enabled = pressed.enabled();
    pressed.widget_info(|| egui::WidgetInfo::labeled(Role::Button, enabled, &told));
    pressed.clicked()
}

/// The posts that have a duty.
pub(super) fn who_may(wording: &Wording, duty: Duty) -> String {
    let posts = Post::ALL.into_iter().filter(|post| duty.belongs_to(*post));
    let words: Vec<_> = posts.map(|post| post_word(wording, post)).collect();
    words.join(", ")
}

/// What this post may only read here, and who does the rest; nothing for who may do it.
pub(super) fn read_only(ui: &mut Ui, wording: &Wording, view: &View, duty: Duty) {
    read_only_when(ui, wording, view, (duty, "ui-read-only-stock"));
}

/// The same in words of their own, by their key.
pub(super) fn read_only_when(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (duty, key): (Duty, &str),
) {
    if view.may(duty) {
        return;
    }
    let own = view.post.map(|post| post_word(wording, post));
    let args = [
        ("post", own.unwrap_or_default()),
        ("posts", who_may(wording, duty)),
    ];
    let words = wording.with(key, args);
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

/// What became of the last act on one ukey.
pub(super) fn note(ui: &mut Ui, wording: &Wording, note: &UkeyNote) {
    card(ui, |ui| {
        let colors = theme::colors(ui);
        ui.horizontal(|ui| {
            ui.colored_label(colors.good, "✓");
            ui.monospace(grouped(note.serial.as_str()));
        });
        for key in &note.said {
            ui.label(wording.text(key));
        }
        if let Some((code, subject)) = &note.crl_error {
            told(ui, wording, code, subject);
        }
        if let Some(key) = note.crl {
            ui.colored_label(colors.attention, wording.text(key));
        }
    });
}

/// A page that is one card in the middle, so wide at most, below this part of the free height.
pub(super) fn single_card<R>(
    ui: &mut Ui,
    (width, above): (f32, f32),
    add: impl FnOnce(&mut Ui) -> R,
) -> R {
    let scroll = egui::ScrollArea::vertical();
    let shown = scroll.show(ui, |ui| {
        ui.add_space((ui.available_height() * above).max(8.0));
        let middle = ui.vertical_centered(|ui| {
            ui.set_max_width(width);
            let frame = egui::Frame::group(ui.style())
                .fill(ui.visuals().window_fill)
                .inner_margin(24.0);
            let framed = frame.show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.with_layout(Layout::top_down(Align::Min), add).inner
            });
            framed.inner
        });
        middle.inner
    });
    shown.inner
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

/// A moment to the minute, UTC.
pub(super) fn minute(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.chars().take(16).collect()
}

/// The field for why an act is done.
pub(super) fn reason(ui: &mut Ui, wording: &Wording, id: &str, text: &mut String) {
    let edit = egui::TextEdit::multiline(text)
        .id_salt(id)
        .char_limit(500)
        .desired_rows(2)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-reason"), edit);
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
    places(ui, rect, widths)
}

/// One line of a table that is chosen as a whole, by click or key: a place for each column, and whether it was.
/// Its name tells it apart.
pub(super) fn chosen_line<const N: usize>(
    ui: &mut Ui,
    height: f32,
    widths: [f32; N],
    (name, chosen): (&str, bool),
) -> ([Ui; N], bool) {
    let size = egui::vec2(widths.iter().sum(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let visuals = ui.visuals();
    let fill = if chosen {
        Some(visuals.selection.bg_fill)
    } else {
        let hovered = visuals.widgets.hovered.weak_bg_fill;
        response.hovered().then_some(hovered)
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 8.0, fill);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(2.0, theme::colors(ui).accent);
        ui.painter()
            .rect_stroke(rect, 8.0, stroke, StrokeKind::Inside);
    }
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, name));
    (
        places(ui, rect.shrink2(egui::vec2(8.0, 0.0)), widths),
        response.clicked(),
    )
}

fn places<const N: usize>(ui: &mut Ui, rect: egui::Rect, widths: [f32; N]) -> [Ui; N] {
    let mut left = rect.left();
    widths.map(|width| {
        let place = egui::Rect::from_min_size(
            egui::pos2(left, rect.top()),
            egui::vec2((width - 8.0).max(0.0), rect.height()),
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

/// A path as a person types or drops it: without quotes, and without the scheme of a file.
pub(super) fn typed_path(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    PathBuf::from(text.strip_prefix("file://").unwrap_or(text))
}

/// The same; none where nothing was typed.
pub(super) fn some_path(text: &str) -> Option<PathBuf> {
    let path = typed_path(text);
    (!path.as_os_str().is_empty()).then_some(path)
}

/// The path of a file that was dropped on the window just now.
pub(super) fn dropped_file(ui: &Ui) -> Option<String> {
    ui.input(|input| {
        let file = input.raw.dropped_files.first()?;
        Some(file.path().display().to_string())
    })
}
