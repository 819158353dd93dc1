//! 制证: the approved requests that wait, the ukeys plugged in, and a card per ukey at work.

use eframe::egui::{self, RichText};

use super::desk_thread::{Command, Lane, View};
use super::{state_word, theme};
use crate::station::report::{self, Outcome};
use crate::wording::Wording;
use crate::workflow::step::Step;

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut egui::Ui, wording: &Wording, view: &View) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.horizontal(|ui| {
        let all = egui::Button::new(wording.text("ui-make-all")).min_size(egui::vec2(120.0, 40.0));
        if ui
            .add_enabled(!view.busy && !view.requests.is_empty(), all)
            .clicked()
        {
            commands.push(Command::Make(None));
        }
        let resume = egui::Button::new(wording.text("ui-resume"));
        if ui.add_enabled(!view.busy, resume).clicked() {
            commands.push(Command::Resume(None));
        }
        if view.busy {
            ui.spinner();
            ui.label(wording.text("ui-working"));
        }
    });
    ui.add_space(8.0);
    ui.columns_const(|[left, right]| {
        egui::ScrollArea::vertical()
            .id_salt("waiting")
            .show(left, |ui| {
                waiting(ui, wording, view, &mut commands);
                ui.add_space(16.0);
                plugged_in(ui, wording, view, &mut commands);
            });
        egui::ScrollArea::vertical()
            .id_salt("lanes")
            .show(right, |ui| {
                ui.label(RichText::new(wording.text("ui-progress")).strong());
                for lane in &view.lanes {
                    card(ui, wording, view, lane, &mut commands);
                }
            });
    });
    commands
}

fn waiting(ui: &mut egui::Ui, wording: &Wording, view: &View, commands: &mut Vec<Command>) {
    let count = view.requests.len();
    ui.label(RichText::new(format!("{}  {count}", wording.text("ui-waiting"))).strong());
    if view.requests.is_empty() {
        ui.weak(wording.text("ui-none-waiting"));
    }
    for request in &view.requests {
        ui.horizontal(|ui| {
            ui.monospace(&request.row.number);
            ui.label(&request.row.holder_name);
            ui.weak(&request.row.user_types);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let make = egui::Button::new(wording.text("ui-make-one"));
                if ui.add_enabled(!view.busy, make).clicked() {
                    commands.push(Command::Make(Some(request.row.number.clone())));
                }
            });
        });
    }
}

fn plugged_in(ui: &mut egui::Ui, wording: &Wording, view: &View, commands: &mut Vec<Command>) {
    let inserted: Vec<_> = view.ukeys.iter().filter(|ukey| ukey.inserted).collect();
    let title = format!("{}  {}", wording.text("ui-inserted"), inserted.len());
    ui.label(RichText::new(title).strong());
    if inserted.is_empty() {
        ui.weak(wording.text("ui-none-inserted"));
    }
    for ukey in inserted {
        ui.horizontal(|ui| {
            let state = ukey.row.state;
            let (shape, color) = theme::ukey_state(ui, state);
            ui.colored_label(color, shape);
            ui.monospace(grouped(ukey.row.identity.serial.as_str()));
            ui.label(state_word(wording, state.word()));
            if state == crate::domain::ukey::UkeyState::Issued {
                let hand_out = egui::Button::new(wording.text("ui-hand-out"));
                if ui.add_enabled(!view.busy, hand_out).clicked() {
                    commands.push(Command::HandOut(ukey.row.identity.serial.clone()));
                }
            }
        });
    }
}

fn card(
    ui: &mut egui::Ui,
    wording: &Wording,
    view: &View,
    lane: &Lane,
    commands: &mut Vec<Command>,
) {
    let frame = egui::Frame::group(ui.style()).fill(ui.visuals().window_fill);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.monospace(
                RichText::new(grouped(lane.serial.as_str()))
                    .size(17.0)
                    .strong(),
            );
            ui.label(&lane.request);
        });
        let of = Step::ORDER.len();
        let done = lane
            .steps
            .iter()
            .filter(|step| step.outcome == "done")
            .count()
            .min(of);
        if let Some(step) = lane.now {
            let args = [
                ("at", (done + 1).min(of).to_string()),
                ("of", of.to_string()),
                ("step", wording.text(&format!("step-{}", step.word()))),
            ];
            ui.strong(wording.with("ui-step", args));
        }
        match &lane.result {
            None => {
                #[expect(clippy::cast_precision_loss, reason = "a bar of nineteen steps")]
                ui.add(egui::ProgressBar::new(done as f32 / of as f32));
            }
            Some(result) => outcome(ui, wording, view, lane, &result.outcome, commands),
        }
        if let Some(serial) = lane
            .result
            .as_ref()
            .and_then(|result| result.certificate.as_ref())
        {
            ui.weak(format!(
                "{} {}",
                wording.text("col-certificate"),
                grouped(serial)
            ));
        }
        egui::CollapsingHeader::new(format!("{done}/{of}"))
            .id_salt(lane.serial.as_str())
            .show(ui, |ui| {
                for step in &lane.steps {
                    let word = wording.text(&format!("step-{}", step.step.word()));
                    let mark = if step.outcome == "done" { "✓" } else { "✕" };
                    ui.label(format!("{mark} {word}  {:.1} ms", step.ms));
                }
            });
    });
}

fn outcome(
    ui: &mut egui::Ui,
    wording: &Wording,
    view: &View,
    lane: &Lane,
    outcome: &Outcome,
    commands: &mut Vec<Command>,
) {
    let colors = theme::colors(ui);
    let word = wording.text(&format!("outcome-{}", outcome.word()));
    match outcome {
        Outcome::Issued => {
            ui.colored_label(colors.good, format!("● {word}"));
        }
        Outcome::Pending(wait) => {
            ui.colored_label(colors.attention, word);
            ui.label(wording.text(&format!("wait-{}", wait.word())));
        }
        Outcome::WrittenOff => {
            ui.colored_label(colors.attention, wording.text("state-damaged"));
        }
        Outcome::Question(question) => {
            ui.colored_label(colors.attention, word);
            ui.label(report::question_text(wording, question).1);
            if let Some(fault) = report::question_fault(question) {
                ui.weak(fault);
            }
            ui.horizontal(|ui| {
                for answer in &question.answers {
                    let button =
                        egui::Button::new(wording.text(&format!("answer-{}", answer.word())));
                    if ui.add_enabled(!view.busy, button).clicked() {
                        commands.push(Command::Resume(Some((lane.serial.clone(), *answer))));
                    }
                }
            });
        }
        Outcome::Refused(code) => told(ui, wording, code, lane.serial.as_str()),
        Outcome::Fault(fault) => told(ui, wording, fault.kind.word(), lane.serial.as_str()),
        Outcome::Failed(code, subject) => told(ui, wording, code, subject),
    }
}

/// What happened, and what to do.
fn told(ui: &mut egui::Ui, wording: &Wording, code: &str, subject: &str) {
    let (headline, hints) = wording.error(code, subject);
    ui.colored_label(theme::colors(ui).stopped, headline);
    for hint in hints {
        ui.label(hint);
    }
}

/// A serial in groups of four.
fn grouped(serial: &str) -> String {
    let characters: Vec<char> = serial.chars().collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}
