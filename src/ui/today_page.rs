//! 今日: the numbers that matter, below them what waits, each with the page where it is done; and a thorough
//! look at the station when somebody asks for it.

use eframe::egui::{self, Align, Layout, RichText, Ui};
use egui::accesskit::Role;

use super::parts::{card, title};
use super::second_view::Proposed;
use super::settings_page::finding;
use super::view::View;
use super::{Page, theme};
use crate::station::jobs::doctor::Finding;
use crate::station::jobs::health::{CaStanding, ListStanding};
use crate::station::jobs::tally::Deadline;
use crate::station::jobs::today::{ENDS_SOON_DAYS, ToDo, Today, Urgency};
use crate::wording::Wording;

/// What was asked for here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Turn to this page.
    Page(Page),
    /// Turn to backup, recovery kit and what follows a restore.
    Backup,
    /// Look at everything that may be wrong.
    Examine,
    /// Have a second officer confirm this.
    Propose(Proposed),
}

/// Height of a line.
const LINE: f32 = 40.0;

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View) -> Option<Asked> {
    let Some(today) = &view.today else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    let mut asked = None;
    egui::ScrollArea::vertical()
        .id_salt("today")
        .auto_shrink(false)
        .show(ui, |ui| {
            numbers(ui, wording, today);
            ui.add_space(16.0);
            let chosen = to_do(ui, wording, view, today);
            ui.add_space(24.0);
            let examine = station(ui, wording, view);
            asked = chosen.or(examine);
        });
    asked
}

fn numbers(ui: &mut Ui, wording: &Wording, today: &Today) {
    let numbers = today.numbers;
    let colors = theme::colors(ui);
    let normal = ui.visuals().text_color();
    let alert = |alert: bool, color| if alert { color } else { normal };
    ui.columns(4, |columns| {
        let all = [
            ("to-make", numbers.to_make, normal),
            (
                "blanks",
                numbers.blanks,
                alert(numbers.blanks < numbers.to_make, colors.attention),
            ),
            (
                "problems",
                numbers.problems,
                alert(numbers.problems > 0, colors.stopped),
            ),
            ("ending", numbers.ending, normal),
        ];
        for (ui, (key, number, color)) in columns.iter_mut().zip(all) {
            let word = wording.text(&format!("ui-today-{key}"));
            card(ui, |ui| {
                let big = RichText::new(number.to_string()).size(28.0).strong();
                let response = ui.label(big.color(color));
                let told = format!("{word} {number}");
                ui.ctx()
                    .accesskit_node_builder(response.id, |node| node.set_value(told));
                ui.weak(word);
            });
        }
    });
}

fn to_do(ui: &mut Ui, wording: &Wording, view: &View, today: &Today) -> Option<Asked> {
    title(ui, wording.text("ui-today-to-do"));
    if today.to_do.is_empty() {
        ui.weak(wording.text("ui-today-nothing"));
        return None;
    }
    let mut chosen = None;
    card(ui, |ui| {
        for (at, item) in today.to_do.iter().enumerate() {
            if at > 0 {
                ui.separator();
            }
            let pressed = line(ui, wording, view, item);
            chosen = chosen.take().or(pressed);
        }
    });
    chosen
}

fn line(ui: &mut Ui, wording: &Wording, view: &View, item: &ToDo) -> Option<Asked> {
    let text = words(wording, item);
    let colors = theme::colors(ui);
    let (shape, key, color) = match item.urgency() {
        Urgency::Wrong => ("✕", "ui-today-wrong", colors.stopped),
        Urgency::Due => ("△", "ui-today-due", colors.attention),
        Urgency::Waits => ("○", "ui-today-waits", colors.quiet),
    };
    let act = act(item).filter(|act| view.may(act.duty()));
    let page = page(item);
    let word = wording.text(act.as_ref().map_or_else(|| page.key(), Proposed::key));
    let face = if act.is_some() {
        word.clone()
    } else {
        format!("{} {word}", page.shape())
    };
    let mut chosen = None;
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), LINE),
        Layout::right_to_left(Align::Center),
        |ui| {
            let response = ui.button(face);
            let told = format!("{word}: {text}");
            response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, &told));
            if response.clicked() {
                let there = match item {
                    ToDo::Compare | ToDo::Backup(_) | ToDo::RecoveryKit => Asked::Backup,
                    _ => Asked::Page(page),
                };
                chosen = Some(act.map_or(there, Asked::Propose));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.colored_label(color, format!("{shape} {}", wording.text(key)));
                ui.add(egui::Label::new(text).wrap());
            });
        },
    );
    chosen
}

/// What a second officer is called for at once, without a page of its own.
const fn act(item: &ToDo) -> Option<Proposed> {
    match item {
        ToDo::Clock => Some(Proposed::ConfirmClock),
        ToDo::Ca(CaStanding::Locked) => Some(Proposed::UnlockCa),
        _ => None,
    }
}

/// Where it is done.
fn page(item: &ToDo) -> Page {
    match item {
        ToDo::Losses { .. } => Page::Loss,
        ToDo::Finish(_)
        | ToDo::Make { .. }
        | ToDo::Renew(_)
        | ToDo::Pending(_)
        | ToDo::HandOut(_) => Page::Make,
        ToDo::Explain(_) | ToDo::Accept(_) | ToDo::Reorder { .. } => Page::Stock,
        ToDo::InTransit { .. } => Page::Travel,
        ToDo::Ending(_) | ToDo::List(_) => Page::Certificates,
        ToDo::Decide(_) | ToDo::Mend(_) | ToDo::ApplyBy(_) | ToDo::MandatoryFrom(_) => {
            Page::Requests
        }
        ToDo::Checkpoint => Page::Audit,
        ToDo::Clock | ToDo::Compare | ToDo::Ca(_) | ToDo::Backup(_) | ToDo::RecoveryKit => {
            Page::Settings
        }
    }
}

fn words(wording: &Wording, item: &ToDo) -> String {
    let counted = |key: &str, count: u64| {
        wording.with(&format!("ui-today-{key}"), [("count", count.to_string())])
    };
    let deadline = |key: &str, deadline: &Deadline| {
        let args = [
            ("day", deadline.day.to_string()),
            ("days", deadline.days.to_string()),
        ];
        wording.with(&format!("ui-today-{key}"), args)
    };
    match item {
        ToDo::Clock => wording.text("ui-today-clock"),
        ToDo::Compare => wording.text("ui-today-compare"),
        ToDo::Ca(CaStanding::Ended) => wording.text("ui-today-ca-ended"),
        ToDo::Ca(CaStanding::NotCertified) => wording.text("ui-today-ca-not-certified"),
        ToDo::Ca(_) => wording.text("ui-today-ca-locked"),
        ToDo::List(ListStanding::Over) => wording.text("ui-today-list-over"),
        ToDo::List(ListStanding::Due(days)) => {
            wording.with("ui-today-list-due", [("days", days.to_string())])
        }
        ToDo::List(_) => wording.text("ui-today-list-missing"),
        ToDo::Losses { open, overdue } if *overdue > 0 => {
            let args = [
                ("count", open.to_string()),
                ("overdue", overdue.to_string()),
            ];
            wording.with("ui-today-losses-overdue", args)
        }
        ToDo::Losses { open, .. } => counted("losses", *open),
        ToDo::Finish(count) => counted("finish", *count),
        ToDo::Explain(count) => counted("explain", *count),
        ToDo::Accept(count) => counted("accept", *count),
        ToDo::Decide(count) => counted("decide", *count),
        ToDo::Mend(count) => counted("mend", *count),
        ToDo::Make { requests, blanks } if blanks < requests => {
            let args = [
                ("count", requests.to_string()),
                ("blanks", blanks.to_string()),
            ];
            wording.with("ui-today-make-few", args)
        }
        ToDo::Make { requests, .. } => counted("make", *requests),
        ToDo::Renew(count) => counted("renew", *count),
        ToDo::Pending(count) => counted("pending", *count),
        ToDo::HandOut(count) => counted("hand-out", *count),
        ToDo::InTransit { notes, days } => {
            let args = [("count", notes.to_string()), ("days", days.to_string())];
            wording.with("ui-today-in-transit", args)
        }
        ToDo::Reorder {
            model,
            blanks,
            level,
        } => {
            let args = [
                ("model", model.clone()),
                ("blanks", blanks.to_string()),
                ("level", level.to_string()),
            ];
            wording.with("ui-today-reorder", args)
        }
        ToDo::Ending(count) => {
            let args = [
                ("count", count.to_string()),
                ("days", ENDS_SOON_DAYS.to_string()),
            ];
            wording.with("ui-today-ends-soon", args)
        }
        ToDo::ApplyBy(day) => deadline("apply-by", day),
        ToDo::MandatoryFrom(day) => deadline("mandatory-from", day),
        ToDo::Checkpoint => wording.text("ui-today-checkpoint"),
        ToDo::Backup(None) => wording.text("ui-today-backup-none"),
        ToDo::Backup(Some(at)) => wording.with("ui-today-backup", [("day", at.date().to_string())]),
        ToDo::RecoveryKit => wording.text("ui-today-recovery-kit"),
    }
}

/// The thorough look.
fn station(ui: &mut Ui, wording: &Wording, view: &View) -> Option<Asked> {
    title(ui, wording.text("ui-today-station"));
    let mut asked = None;
    ui.horizontal(|ui| {
        let button = egui::Button::new(wording.text("ui-today-examine"));
        let response = ui
            .add_enabled(!view.busy, button)
            .on_disabled_hover_text(wording.text("ui-not-while-working"));
        if response.clicked() {
            asked = Some(Asked::Examine);
        }
        match &view.examined {
            Some(examined) => verdict(ui, wording, &examined.findings),
            None => {
                ui.weak(wording.text("ui-today-examine-what"));
            }
        }
    });
    let examined = view.examined.iter();
    for found in examined.flat_map(|examined| examined.findings.iter()) {
        if !found.ok {
            let act = card(ui, |ui| finding(ui, wording, view, found));
            asked = asked.or_else(|| act.map(Asked::Propose));
        }
    }
    asked
}

fn verdict(ui: &mut Ui, wording: &Wording, findings: &[Finding]) {
    let wrong = findings.iter().filter(|finding| !finding.ok).count();
    let colors = theme::colors(ui);
    let args = [
        ("all", findings.len().to_string()),
        ("wrong", wrong.to_string()),
    ];
    let (shape, key, color) = if wrong == 0 {
        ("✓", "ui-today-examined-well", colors.good)
    } else {
        ("△", "ui-today-examined-wrong", colors.attention)
    };
    ui.colored_label(color, format!("{shape} {}", wording.with(key, args)));
}
