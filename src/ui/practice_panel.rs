//! The panel of practice, beside the page one works on: the guided course, and the bench with its faults (D-56).
//! It is there in a practice home alone.

mod bench;
mod lessons;

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::desk_thread::Command;
use super::parts::{card, edged};
use super::practice_thread::Bench;
use super::practice_view::BenchAct;
use super::view::{Left, View};
use super::{Page, Window, theme};
use crate::domain::officer::Post;
use crate::domain::ukey::Serial;
use crate::station::FaultAtStep;
use crate::wording::Wording;
use crate::workflow::course::Lesson;
use crate::workflow::step::Step;

/// Width of the panel.
const WIDTH: f32 = 320.0;
/// A page that is narrower beside the panel stands above it instead.
const PAGE: f32 = 600.0;
/// So much of a narrow window's height is the panel's.
const SHARE: f32 = 0.42;
/// Height of the line that marks a practice desk along its top.
const MARK: f32 = 3.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// As chosen; else it stands open while a course goes on.
    open: Option<bool>,
    part: Part,
    /// The lesson that is read; else the present one.
    lesson: Option<Lesson>,
    kind: Option<FaultAtStep>,
    at: Option<Step>,
    /// The ukey that is to fail; else whichever is next.
    serial: Option<Serial>,
    /// The page to stand on once the post has changed.
    next_page: Option<Page>,
    thread: Option<Bench>,
}

/// What the panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Course,
    Bench,
}

/// Where the panel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the right of the page.
    Beside,
    /// Under it, in a window too narrow for both.
    Below,
}

/// What was asked for here.
#[derive(Debug)]
enum Asked {
    Close,
    Begin,
    /// Go on in another post, on a page.
    Post(Post, Option<Page>),
    Page(Page),
    Bench(BenchAct),
}

impl State {
    fn is_open(&self, view: &View) -> bool {
        let training = view.training.as_ref();
        let goes_on = training.is_some_and(|training| {
            training.course.begun.is_some() && training.course.present().is_some()
        });
        view.practice && self.open.unwrap_or(goes_on)
    }

    /// The page to turn to for who has just come in.
    pub(super) const fn take_next_page(&mut self) -> Option<Page> {
        self.next_page.take()
    }
}

impl Window {
    /// The mark of a practice desk in the top bar: it opens and closes the panel.
    pub(super) fn practice_mark(&mut self, ui: &mut Ui, view: &View) {
        let color = theme::colors(ui).attention;
        let open = self.practice.is_open(view);
        let word = self.wording.text("ui-practice");
        let fill = color.gamma_multiply(if open { 0.35 } else { 0.15 });
        let text = RichText::new(format!("⚑ {word}")).strong().color(color);
        let button = egui::Button::new(text)
            .fill(fill)
            .stroke(egui::Stroke::new(1.0, color));
        let response = ui.add(button);
        response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, open, &word));
        let response = response.on_hover_text(self.wording.text("ui-practice-mark"));
        if response.clicked() {
            self.practice.open = Some(!open);
        }
    }

    /// Draws the panel, and sees to what was asked for in it.
    pub(super) fn practice_panel(&mut self, ui: &mut Ui, view: &View) {
        if view.practice {
            let top = ui.max_rect();
            let line = egui::Rect::from_min_size(top.min, egui::vec2(top.width(), MARK));
            let color = theme::colors(ui).attention;
            ui.painter().rect_filled(line, 0.0, color);
        }
        if !self.practice.is_open(view) {
            self.practice.thread = None;
            return;
        }
        self.serve_bench(Path::new(&view.home), ui.ctx());
        let page = &mut self.practice;
        let place = if ui.available_width() < WIDTH + PAGE {
            Place::Below
        } else {
            Place::Beside
        };
        let panel = match place {
            Place::Beside => egui::Panel::right("practice").exact_size(WIDTH),
            Place::Below => {
                let height = (ui.available_height() * SHARE).round();
                egui::Panel::bottom("practice below").exact_size(height)
            }
        };
        let asked = panel
            .resizable(false)
            .show(ui, |ui| show(ui, &self.wording, view, (place, page)))
            .inner;
        for asked in asked {
            self.practise(asked, view);
        }
    }

    /// An invitation to the course, for who has not begun it.
    pub(super) fn practice_invitation(&mut self, ui: &mut Ui, view: &View) {
        let training = view.training.as_ref();
        let not_begun = training.is_some_and(|training| training.course.begun.is_none());
        if !view.practice || !not_begun || self.practice.is_open(view) {
            return;
        }
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(self.wording.text("ui-course-invitation"));
                if ui.button(self.wording.text("ui-course-open")).clicked() {
                    (self.practice.open, self.practice.part) = (Some(true), Part::Course);
                }
            });
        });
        ui.add_space(8.0);
    }

    /// Has a thread on the bench of this home.
    fn serve_bench(&mut self, home: &Path, ctx: &egui::Context) {
        let own = self.practice.thread.as_ref();
        let nowhere = home.as_os_str().is_empty();
        if nowhere || own.is_some_and(|bench| bench.is_of(home)) {
            return;
        }
        let view = Arc::clone(&self.view);
        let started = Bench::start(home.to_owned(), view, ctx.clone());
        self.practice.thread = started
            .map_err(|error| tracing::warn!(%error, "nobody is at the practice bench"))
            .ok();
    }

    fn practise(&mut self, asked: Asked, view: &View) {
        match asked {
            Asked::Close => self.practice.open = Some(false),
            Asked::Begin => {
                self.send(Command::BeginCourse);
                (self.practice.lesson, self.practice.open) = (None, Some(true));
            }
            Asked::Page(page) => self.turn_to(page),
            Asked::Post(post, page) if view.post == Some(post) => {
                if let Some(page) = page {
                    self.turn_to(page);
                }
            }
            Asked::Post(post, page) => {
                let page = page.unwrap_or(self.page);
                if self.send(Command::Leave(Left::ToPost(post))) {
                    self.turn_to(page);
                    self.practice.next_page = Some(page);
                }
            }
            Asked::Bench(act) => {
                if let Some(bench) = &self.practice.thread {
                    bench.send(act);
                }
            }
        }
    }
}

fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (place, page): (Place, &mut State),
) -> Vec<Asked> {
    let mut asked = Vec::new();
    ui.add_space(8.0);
    let name = RichText::new(wording.text("ui-practice-desk")).size(17.0);
    match place {
        Place::Beside => {
            ui.horizontal(|ui| {
                ui.label(name.strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    close(ui, wording, &mut asked);
                });
            });
            ui.horizontal_wrapped(|ui| posts(ui, wording, view, &mut asked));
            ui.horizontal(|ui| parts(ui, wording, page));
        }
        // What is low has no room for three lines above its own.
        Place::Below => {
            ui.horizontal_wrapped(|ui| {
                close(ui, wording, &mut asked);
                ui.label(name.strong());
                parts(ui, wording, page);
                posts(ui, wording, view, &mut asked);
            });
        }
    }
    ui.separator();
    egui::ScrollArea::vertical()
        .id_salt(("practice", page.part == Part::Course))
        .auto_shrink(false)
        .show(ui, |ui| match page.part {
            Part::Course => lessons::show(ui, wording, view, (page, &mut asked)),
            Part::Bench => bench::show(ui, wording, view, (page, &mut asked)),
        });
    asked
}

fn close(ui: &mut Ui, wording: &Wording, asked: &mut Vec<Asked>) {
    let close = ui.button("×");
    let word = wording.text("ui-practice-close");
    close.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, &word));
    if close.on_hover_text(&word).clicked() {
        asked.push(Asked::Close);
    }
}

/// What the panel shows, to choose.
fn parts(ui: &mut Ui, wording: &Wording, page: &mut State) {
    for (part, key) in [(Part::Course, "ui-course"), (Part::Bench, "ui-bench")] {
        let word = wording.text(key);
        let chosen = page.part == part;
        let button = ui.add(egui::Button::selectable(chosen, &word));
        button.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &word));
        if button.clicked() {
            page.part = part;
        }
    }
}

/// The three posts: one trainee has each in turn (D-7).
fn posts(ui: &mut Ui, wording: &Wording, view: &View, asked: &mut Vec<Asked>) {
    ui.weak(wording.text("ui-practice-post"));
    for post in Post::ALL {
        let word = wording.text(&format!("ui-practice-post-{}", post.word()));
        let chosen = view.post == Some(post);
        let button = egui::RadioButton::new(chosen, word);
        let response = edged(ui, |ui| ui.add_enabled(!view.busy, button));
        let response = response.on_disabled_hover_text(wording.text("ui-not-while-working"));
        if response.clicked() && !chosen {
            asked.push(Asked::Post(post, None));
        }
    }
}

/// A title inside the panel; a heading to who listens.
fn title(ui: &mut Ui, word: &str) {
    let label = ui.label(RichText::new(word).strong());
    ui.ctx().accesskit_node_builder(label.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(word);
    });
}
