//! The guided course: how far it has come, the lesson that is read, and all of them.

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::{Asked, Part, State, card, theme, title};
use crate::domain::officer::Post;
use crate::domain::ukey::UkeyState;
use crate::station::FaultAtStep;
use crate::station::jobs::course::Course;
use crate::ui::parts::grouped;
use crate::ui::practice_view::BenchAct;
use crate::ui::view::View;
use crate::ui::{Page, help_page, post_word};
use crate::wording::Wording;
use crate::workflow::course::{Lesson, Progress};

/// Height of the bar.
const BAR: f32 = 8.0;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (page, asked): (&mut State, &mut Vec<Asked>),
) {
    let Some(training) = &view.training else {
        ui.spinner();
        return;
    };
    let course = &training.course;
    if course.begun.is_none() {
        invitation(ui, wording, view, asked);
        return;
    }
    bar(ui, wording, course);
    ui.add_space(4.0);
    let read = page.lesson.or_else(|| course.present());
    let mut lessons = course.lessons.iter();
    match lessons.find(|progress| Some(progress.lesson) == read) {
        Some(progress) => one(ui, wording, view, (*progress, page, asked)),
        None => {
            card(ui, |ui| {
                let color = theme::colors(ui).good;
                ui.colored_label(color, format!("✓ {}", wording.text("ui-course-over")));
                ui.label(wording.text("ui-course-over-next"));
            });
        }
    }
    ui.add_space(4.0);
    list(ui, wording, course, (read, page));
    ui.add_space(8.0);
    let again = egui::Button::new(wording.text("ui-course-again"));
    let again = ui.add_enabled(!view.busy, again);
    if again
        .on_hover_text(wording.text("ui-course-again-what"))
        .clicked()
    {
        asked.push(Asked::Begin);
        page.lesson = None;
    }
    ui.add_space(8.0);
}

fn invitation(ui: &mut Ui, wording: &Wording, view: &View, asked: &mut Vec<Asked>) {
    ui.label(wording.text("ui-course-what"));
    ui.label(wording.text("ui-course-how"));
    ui.add_space(8.0);
    let begin = theme::primary(ui, wording.text("ui-course-begin"));
    if ui.add_enabled(!view.busy, begin).clicked() {
        asked.push(Asked::Begin);
    }
}

/// So many of the lessons are done: one field of the bar for each.
fn bar(ui: &mut Ui, wording: &Wording, course: &Course) {
    let (done, of) = (course.done(), course.lessons.len());
    let args = [("done", done.to_string()), ("of", of.to_string())];
    ui.label(wording.with("ui-course-done", args));
    let size = egui::vec2(ui.available_width(), BAR);
    let (rect, _response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let colors = theme::colors(ui);
    let step = rect.width() / f32::from(u8::try_from(of.max(1)).unwrap_or(u8::MAX));
    let mut left = rect.left();
    for progress in &course.lessons {
        let size = egui::vec2((step - 2.0).max(1.0), BAR);
        let field = egui::Rect::from_min_size(egui::pos2(left, rect.top()), size);
        let color = if progress.is_done() {
            colors.good
        } else {
            ui.visuals().widgets.noninteractive.bg_stroke.color
        };
        ui.painter().rect_filled(field, 2.0, color);
        left += step;
    }
}

/// The lesson that is read: what to do, how far it has come, and the way there.
fn one(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (progress, page, asked): (Progress, &mut State, &mut Vec<Asked>),
) {
    let lesson = progress.lesson;
    let word = lesson.word();
    card(ui, |ui| {
        title(ui, &wording.text(&format!("lesson-{word}")));
        for part in ["why", "do"] {
            if let Some(text) = wording.known(&format!("lesson-{word}-{part}")) {
                let text = RichText::new(text);
                let quiet = theme::colors(ui).quiet;
                ui.label(if part == "why" {
                    text.color(quiet)
                } else {
                    text
                });
            }
        }
        standing(ui, wording, progress);
        if let Some(kind) = fault(lesson).filter(|_kind| progress.done == 0) {
            trouble(ui, wording, view, (kind, page, asked));
        }
        if lesson == Lesson::PulledOut {
            put_back(ui, wording, view, asked);
        }
        way(ui, wording, view, (lesson, asked));
        if ui.link(wording.text("ui-course-read")).clicked() {
            help_page::want(ui, guide_page(lesson));
        }
    });
}

fn standing(ui: &mut Ui, wording: &Wording, progress: Progress) {
    let colors = theme::colors(ui);
    if progress.is_done() {
        ui.colored_label(colors.good, format!("✓ {}", wording.text("ui-lesson-done")));
    } else if progress.done > 0 {
        let args = [
            ("done", progress.done.to_string()),
            ("of", progress.of.to_string()),
        ];
        let text = wording.with("ui-lesson-part", args);
        ui.colored_label(colors.working, format!("◐ {text}"));
    }
}

/// The button that turns to where it is done; in another post it changes that first.
fn way(ui: &mut Ui, wording: &Wording, view: &View, (lesson, asked): (Lesson, &mut Vec<Asked>)) {
    let (post, page) = (lesson.post(), page(lesson));
    let own = view.post == Some(post);
    let word = if own {
        wording.with("ui-course-show", [("page", wording.text(page.key()))])
    } else {
        wording.with("ui-course-show-as", [("post", short_post(wording, post))])
    };
    let button = ui.add_enabled(own || !view.busy, egui::Button::new(word).wrap());
    let button = button.on_hover_text(post_word(wording, post));
    let why_not = wording.text("ui-not-while-working");
    if button.on_disabled_hover_text(why_not).clicked() {
        asked.push(if own {
            Asked::Page(page)
        } else {
            Asked::Post(post, Some(page))
        });
    }
}

fn short_post(wording: &Wording, post: Post) -> String {
    wording.text(&format!("ui-practice-post-{}", post.word()))
}

/// The fault that the lesson is about: it is put in its place here, or stands there already.
fn trouble(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (kind, page, asked): (FaultAtStep, &mut State, &mut Vec<Asked>),
) {
    let Some(bench) = &view.bench else { return };
    if bench.planned.iter().any(|planned| planned.kind == kind) {
        let color = theme::colors(ui).attention;
        let text = wording.text("ui-lesson-fault-waits");
        ui.add(egui::Label::new(RichText::new(format!("△ {text}")).color(color)).wrap());
        return;
    }
    let button = egui::Button::new(wording.text("ui-lesson-fault-plan"));
    if ui.add(button).clicked() {
        let act = BenchAct::Plan(None, kind, kind.usual_step());
        asked.push(Asked::Bench(act));
    }
    if ui.link(wording.text("ui-lesson-fault-other")).clicked() {
        (page.part, page.kind, page.at) = (Part::Bench, Some(kind), None);
    }
}

/// What was pulled out in the middle of its work is put back from here too.
fn put_back(ui: &mut Ui, wording: &Wording, view: &View, asked: &mut Vec<Asked>) {
    let (Some(bench), Some(training)) = (&view.bench, &view.training) else {
        return;
    };
    for (serial, _out) in bench.ukeys.iter().filter(|(_serial, inserted)| !inserted) {
        if training.states.get(serial) != Some(&UkeyState::Personalising) {
            continue;
        }
        let args = [("ukey", grouped(serial.as_str()))];
        let word = wording.with("ui-lesson-put-back", args);
        if ui.button(word).clicked() {
            asked.push(Asked::Bench(BenchAct::Insert(serial.clone())));
        }
    }
}

/// Every lesson: its state, its name, and how far it has come.
fn list(
    ui: &mut Ui,
    wording: &Wording,
    course: &Course,
    (read, page): (Option<Lesson>, &mut State),
) {
    let colors = theme::colors(ui);
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.spacing_mut().interact_size.y = 28.0;
    for progress in &course.lessons {
        let name = wording.text(&format!("lesson-{}", progress.lesson.word()));
        let (shape, color, key) = if progress.is_done() {
            ("✓", colors.good, "ui-lesson-done")
        } else if progress.done > 0 {
            ("◐", colors.working, "ui-lesson-begun")
        } else {
            ("○", colors.quiet, "ui-lesson-open")
        };
        let chosen = read == Some(progress.lesson);
        let text = RichText::new(format!("{shape}  {name}"));
        let text = if chosen {
            text.strong()
        } else {
            text.color(color)
        };
        let width = ui.available_width();
        let button = egui::Button::selectable(chosen, text).min_size(egui::vec2(width, 28.0));
        let response = ui.add(button.wrap());
        let told = format!("{name}: {}", wording.text(key));
        response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &told));
        if response.clicked() {
            page.lesson = Some(progress.lesson);
        }
    }
}

/// The page where a lesson is done.
const fn page(lesson: Lesson) -> Page {
    match lesson {
        Lesson::Enter | Lesson::Approve => Page::Requests,
        Lesson::Make
        | Lesson::HandOut
        | Lesson::PulledOut
        | Lesson::WrongPin
        | Lesson::PowerCut => Page::Make,
        Lesson::Loss | Lesson::Rekey => Page::Loss,
        Lesson::Check => Page::Check,
        Lesson::Verify => Page::Audit,
        Lesson::BackUp => Page::Settings,
    }
}

/// The page of the guide that says more.
const fn guide_page(lesson: Lesson) -> &'static str {
    match lesson {
        Lesson::Enter | Lesson::Approve => "requests",
        Lesson::Make => "make",
        Lesson::HandOut => "hand-out",
        Lesson::PulledOut | Lesson::WrongPin | Lesson::PowerCut => "resume",
        Lesson::Loss | Lesson::Rekey => "loss",
        Lesson::Check => "check",
        Lesson::Verify => "audit",
        Lesson::BackUp => "recovery",
    }
}

/// The fault that a lesson needs.
const fn fault(lesson: Lesson) -> Option<FaultAtStep> {
    match lesson {
        Lesson::PulledOut => Some(FaultAtStep::Removed),
        Lesson::WrongPin => Some(FaultAtStep::WrongPin),
        Lesson::PowerCut => Some(FaultAtStep::PowerCut),
        Lesson::Enter
        | Lesson::Approve
        | Lesson::Make
        | Lesson::HandOut
        | Lesson::Loss
        | Lesson::Rekey
        | Lesson::Check
        | Lesson::Verify
        | Lesson::BackUp => None,
    }
}
