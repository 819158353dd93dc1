//! 帮助: the guide, with a search over all its pages; and the way to it from an error.

use eframe::egui::{self, Id, RichText, Ui};
use egui::accesskit::Role;

use super::parts::edged;
use super::{Page, heading, theme};
use crate::wording::Wording;
use crate::wording::guide::{self, Block, Guide, Span, Style};

/// Width of the contents.
const CONTENTS: f32 = 280.0;
/// Longer lines are hard to read.
const TEXT: f32 = 680.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// In the language of the window; read when it is first needed.
    guide: Option<Guide>,
    /// Name of the page that is open; the first one without it.
    open: Option<String>,
    search: String,
    /// The page of the window that one came from, to go back to.
    pub(super) from: Option<Page>,
}

impl State {
    /// Opens a page of the guide.
    pub(super) fn open(&mut self, name: &str) {
        self.open = Some(name.to_owned());
        self.search.clear();
    }
}

/// Where the button of an error leaves which page it wants: whoever draws an error has no other way to
/// the window.
fn wanted() -> Id {
    Id::unique("page of the guide that is wanted")
}

/// A button that opens the page about an error.
pub(super) fn button(ui: &mut Ui, wording: &Wording, code: &str) {
    if ui
        .small_button(wording.text("ui-guide-what-to-do"))
        .clicked()
    {
        want(ui, guide::page_of_error(code));
    }
}

/// Wants a page of the guide.
pub(super) fn want(ui: &Ui, page: &'static str) {
    ui.data_mut(|data| data.insert_temp(wanted(), page));
}

/// The page that was wanted since the last frame.
pub(super) fn take_wanted(ctx: &egui::Context) -> Option<&'static str> {
    ctx.data_mut(|data| data.remove_temp(wanted()))
}

/// Draws the guide.
pub(super) fn show(ui: &mut Ui, wording: &Wording, state: &mut State) {
    let mut guide = state.guide.take();
    if guide.as_ref().map(Guide::language) != Some(wording.language()) {
        guide = None;
    }
    let guide = guide.unwrap_or_else(|| Guide::new(wording.language()));
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        let down = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(egui::vec2(CONTENTS, height), down, |ui| {
            ui.set_min_width(CONTENTS);
            ui.set_max_width(CONTENTS);
            contents(ui, wording, &guide, state);
        });
        ui.add_space(16.0);
        let size = egui::vec2(ui.available_width(), height);
        ui.allocate_ui_with_layout(size, down, |ui| {
            let name = state.open.clone();
            let open = name.and_then(|name| guide.page(&name));
            let Some(page) = open.or_else(|| guide.pages().first()) else {
                return;
            };
            egui::ScrollArea::vertical()
                .id_salt(("guide", &page.name))
                .auto_shrink(false)
                .show(ui, |ui| {
                    ui.set_max_width(TEXT.min(ui.available_width() - 16.0));
                    if let Some(name) = self::page(ui, page) {
                        state.open(&name);
                    }
                });
        });
    });
    state.guide = Some(guide);
}

/// The pages; while something is searched for, those where it stands.
fn contents(ui: &mut Ui, wording: &Wording, guide: &Guide, state: &mut State) {
    let label = ui.label(wording.text("ui-guide-search"));
    let edit = egui::TextEdit::singleline(&mut state.search)
        .id_salt("guide search")
        .char_limit(100)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    ui.add_space(8.0);
    let searched = !state.search.trim().is_empty();
    let hits = guide.search(&state.search);
    if searched && hits.is_empty() {
        ui.label(wording.text("ui-guide-none"));
        return;
    }
    let lines: Vec<(&str, &str, &str)> = if searched {
        let hits = hits.iter();
        hits.map(|hit| (&*hit.page, &*hit.title, &*hit.around))
            .collect()
    } else {
        let pages = guide.pages().iter();
        pages.map(|page| (&*page.name, &*page.title, "")).collect()
    };
    let first = guide.pages().first().map(|page| page.name.clone());
    let open = state.open.clone().or(first);
    egui::ScrollArea::vertical()
        .id_salt("contents")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (name, title, around) in lines {
                let chosen = open.as_deref() == Some(name);
                let entry = ui.add(egui::Button::selectable(chosen, title).wrap());
                entry.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, title));
                if entry.clicked() {
                    state.open = Some(name.to_owned());
                }
                if !around.is_empty() {
                    let quiet = RichText::new(around).small().color(theme::colors(ui).quiet);
                    ui.indent(("around", name), |ui| {
                        ui.add(egui::Label::new(quiet).wrap());
                    });
                }
            }
        });
}

/// One page; gives the name of the one that a link leads to.
fn page(ui: &mut Ui, page: &guide::Page) -> Option<String> {
    let mut link = None;
    ui.spacing_mut().interact_size.y = 20.0; // Lines of text, no controls.
    heading(ui, &page.title);
    for block in &page.blocks {
        match block {
            Block::Heading(text) => {
                ui.add_space(10.0);
                sub_heading(ui, text);
            }
            Block::Paragraph(spans) => self::spans(ui, spans, &mut link),
            Block::Item(number, spans) => {
                ui.horizontal_top(|ui| {
                    ui.add_space(8.0);
                    let mark = number.map_or_else(|| "•".to_owned(), |number| format!("{number}."));
                    ui.allocate_ui(egui::vec2(22.0, 20.0), |ui| {
                        ui.set_min_width(22.0);
                        ui.label(RichText::new(mark).strong());
                    });
                    ui.vertical(|ui| self::spans(ui, spans, &mut link));
                });
            }
            Block::Code(text) => {
                egui::Frame::group(ui.style())
                    .fill(ui.visuals().window_fill)
                    .inner_margin(10.0)
                    .show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        ui.add(egui::Label::new(RichText::new(text).monospace()).wrap());
                    });
            }
        }
    }
    ui.add_space(24.0);
    link
}

fn sub_heading(ui: &mut Ui, text: &str) {
    let label = ui.label(RichText::new(text).size(17.0).strong());
    ui.ctx().accesskit_node_builder(label.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(text);
    });
}

fn spans(ui: &mut Ui, spans: &[Span], link: &mut Option<String>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(0.0, 4.0);
        for span in spans {
            let text = span.text.as_str();
            match &span.style {
                Style::Plain => {
                    ui.label(text);
                }
                Style::Strong => {
                    // Like the button that it names, and unlike a link.
                    let ground = ui.visuals().widgets.inactive.weak_bg_fill;
                    ui.label(RichText::new(text).strong().background_color(ground));
                }
                Style::Code => {
                    ui.monospace(text);
                }
                Style::Link(name) => {
                    let accent = theme::colors(ui).accent;
                    if ui
                        .link(RichText::new(text).underline().color(accent))
                        .clicked()
                    {
                        *link = Some(name.clone());
                    }
                }
            }
        }
    });
}
