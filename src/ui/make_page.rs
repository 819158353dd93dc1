//! 制证: the approved requests that wait, the ukeys plugged in, and a card per ukey at work.

use eframe::egui::{self, RichText};

use super::desk_thread::Command;
use super::parts::{grouped, pressed, who_may};
use super::view::{HandedOutNote, Lane, View};
use super::{post_word, theme, told};
use crate::domain::officer::Duty;
use crate::station::report::{self, Outcome};
use crate::wording::Wording;
use crate::workflow::step::Step;

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut egui::Ui, wording: &Wording, view: &View) -> Vec<Command> {
    let mut commands = Vec::new();
    if !view.may(Duty::Personalise) {
        read_only(ui, wording, view);
    }
    ui.horizontal(|ui| {
        let all = theme::primary(ui, wording.text("ui-make-all"));
        if view.requests.is_empty() && view.may(Duty::Personalise) && !view.busy {
            ui.add_enabled(false, all)
                .on_disabled_hover_text(wording.text("ui-none-waiting"));
        } else if pressed(ui, wording, view, Duty::Personalise, all) {
            commands.push(Command::Make(None));
        }
        let resume = egui::Button::new(wording.text("ui-resume"));
        if pressed(ui, wording, view, Duty::Personalise, resume) {
            commands.push(Command::Resume(None));
        }
        if view.busy {
            ui.spinner();
            ui.label(wording.text("ui-working"));
        }
    });
    if view.without_ukey > 0 {
        let args = [("count", view.without_ukey.to_string())];
        let words = wording.with("ui-without-ukey", args);
        ui.colored_label(theme::colors(ui).attention, words);
    }
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
                if let Some(note) = &view.handed_out {
                    handed_out(ui, wording, note);
                }
                for lane in &view.lanes {
                    card(ui, wording, view, lane, &mut commands);
                }
            });
    });
    commands
}

/// What this post may do here, and who does the rest.
fn read_only(ui: &mut egui::Ui, wording: &Wording, view: &View) {
    let own = view.post.map(|post| post_word(wording, post));
    let args = [
        ("post", own.unwrap_or_default()),
        ("posts", who_may(wording, Duty::Personalise)),
    ];
    ui.colored_label(
        theme::colors(ui).attention,
        wording.with("ui-read-only", args),
    );
}

fn handed_out(ui: &mut egui::Ui, wording: &Wording, note: &HandedOutNote) {
    let frame = egui::Frame::group(ui.style()).fill(ui.visuals().window_fill);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let word = wording.text("state-handed-out");
        ui.horizontal(|ui| {
            ui.colored_label(theme::colors(ui).good, format!("✓ {word}"));
            ui.monospace(grouped(note.serial.as_str()));
        });
        if note.hold {
            ui.label(wording.text("hold-begun"));
        }
        if note.replaced {
            ui.label(wording.text("rekey-revoked"));
        }
        if let Some((code, subject)) = &note.crl_error {
            told(ui, wording, code, subject);
        }
        if let Some(key) = note.crl {
            ui.colored_label(theme::colors(ui).attention, wording.text(key));
        }
    });
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
                if pressed(ui, wording, view, Duty::Personalise, make) {
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
            ui.label(wording.ukey_state(state));
            if state == crate::domain::ukey::UkeyState::Issued {
                let hand_out = egui::Button::new(wording.text("ui-hand-out"));
                if pressed(ui, wording, view, Duty::HandOut, hand_out) {
                    commands.push(Command::HandOut(ukey.row.identity.serial.clone()));
                }
            }
        });
        if view.to_hold.contains(&ukey.row.identity.serial) {
            ui.weak(wording.text("ui-hold-foreseen"));
        }
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
            let handed_out = lane.result.as_ref().is_some_and(|result| result.handed_out);
            if handed_out {
                let word = wording.text("state-handed-out");
                ui.colored_label(colors.good, format!("✓ {word}"));
            } else {
                ui.colored_label(colors.good, format!("● {word}"));
            }
            if !handed_out && view.to_hold.contains(&lane.serial) {
                ui.label(wording.text("ui-hold-foreseen"));
            }
        }
        Outcome::Pending(wait) => {
            ui.colored_label(colors.attention, word);
            ui.label(wording.text(&format!("wait-{}", wait.word())));
            ui.label(wording.text(&format!("ui-next-{}", wait.word())));
        }
        Outcome::WrittenOff => {
            ui.colored_label(colors.attention, wording.text("state-damaged"));
            ui.label(wording.text("ui-next-written-off"));
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
                    if pressed(ui, wording, view, Duty::Personalise, button) {
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
