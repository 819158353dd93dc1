//! A card for each ukey that is plugged in or at work: its state, what happens to it, what it asks, what can be
//! done with it.

use eframe::egui::{self, RichText, Ui};

use super::State;
use crate::domain::handwriting::Handwriting;
use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::clock;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::report::{self, Outcome, RunResult};
use crate::ui::desk_thread::Command;
use crate::ui::make_view::{MakeOrder, RenewalOrder};
use crate::ui::parts::{card, grouped, pressed};
use crate::ui::view::{Lane, View};
use crate::ui::{theme, told};
use crate::wording::Wording;
use crate::workflow::journal::{KeyOrder, PinSource};
use crate::workflow::step::Step;

/// Least width of a card.
const WIDTH: f32 = 340.0;
/// Least time that is worth telling.
const SOON_SECS: i64 = 3;

/// A ukey and the work on it.
struct Card<'a> {
    serial: &'a Serial,
    ukey: Option<&'a UkeyView>,
    lane: Option<&'a Lane>,
}

/// Draws them side by side as the width allows; gives what was asked for.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View, page: &mut State) -> Vec<Command> {
    let mut commands = Vec::new();
    let cards = cards(view, page);
    if cards.is_empty() {
        ui.weak(wording.text("ui-none-inserted"));
        return commands;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few columns"
    )]
    let columns = ((ui.available_width() / WIDTH) as usize).clamp(1, 3);
    ui.columns(columns, |columns| {
        let count = columns.len();
        for (at, card) in cards.iter().enumerate() {
            if let Some(column) = columns.get_mut(at % count) {
                column.push_id(card.serial.as_str(), |ui| {
                    one(ui, wording, view, (card, page), &mut commands);
                });
            }
        }
    });
    commands
}

/// Those at work or with something to say first, then what else is plugged in.
fn cards<'a>(view: &'a View, page: &State) -> Vec<Card<'a>> {
    let plugged = |serial: &Serial| {
        let mut inserted = view.ukeys.iter().filter(|ukey| ukey.inserted);
        inserted.find(|ukey| ukey.row.identity.serial == *serial)
    };
    let mut cards = Vec::new();
    for lane in &view.lanes {
        let ukey = plugged(&lane.serial);
        let over = lane.result.as_ref().is_some_and(is_over);
        if page.is_skipped(lane) || (ukey.is_none() && over) {
            continue;
        }
        cards.push(Card {
            serial: &lane.serial,
            ukey,
            lane: Some(lane),
        });
    }
    for ukey in view.ukeys.iter().filter(|ukey| ukey.inserted) {
        let serial = &ukey.row.identity.serial;
        if cards.iter().all(|card| card.serial != serial) {
            cards.push(Card {
                serial,
                ukey: Some(ukey),
                lane: None,
            });
        }
    }
    cards
}

/// Nothing is left to be said once it is pulled out.
const fn is_over(result: &RunResult) -> bool {
    matches!(
        result.outcome,
        Outcome::Issued | Outcome::WrittenOff | Outcome::GivenUp
    )
}

fn one(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (card, page): (&Card<'_>, &mut State),
    commands: &mut Vec<Command>,
) {
    self::card(ui, |ui| {
        head(ui, wording, view, card);
        if let Some(lane) = card.lane {
            if lane.result.is_none() {
                steps(ui, wording, lane);
                time_left(ui, wording, view, card);
            }
            if let Some(result) = &lane.result {
                // What is made and plugged in says so by its state.
                if result.outcome != Outcome::Issued || card.ukey.is_none() {
                    outcome(ui, wording, view, (lane, result), commands);
                }
                again(ui, wording, view, (lane, result, page), commands);
                done_steps(ui, wording, lane);
            }
        }
        if view.temporary.contains(card.serial) {
            let color = theme::colors(ui).attention;
            ui.colored_label(color, wording.text("temporary-ukey"));
        }
        let Some(ukey) = card.ukey else {
            return;
        };
        match ukey.row.state {
            UkeyState::Issued => issued(ui, wording, view, (card.serial, page), commands),
            UkeyState::HandedOut => {
                let pin = page.pin(view);
                with_holder(ui, wording, view, (card.serial, pin), commands);
            }
            _ => {}
        }
    });
}

/// State as shape and word, serial large, model, and for whom.
fn head(ui: &mut Ui, wording: &Wording, view: &View, card: &Card<'_>) {
    let at_work = card.lane.is_some_and(|lane| lane.result.is_none());
    let known = card.ukey.map(|ukey| ukey.row.state);
    // While it is at work the records are not read anew.
    let state = if at_work && view.busy {
        Some(UkeyState::Personalising)
    } else {
        known
    };
    ui.horizontal(|ui| {
        if let Some(state) = state {
            let (shape, color) = theme::ukey_state(ui, state);
            ui.label(RichText::new(shape).size(28.0).color(color));
        }
        let serial = RichText::new(grouped(card.serial.as_str()));
        let serial = serial.monospace().size(17.0).strong();
        ui.add(egui::Label::new(serial).truncate());
    });
    ui.horizontal_wrapped(|ui| {
        match state {
            Some(state) => ui.label(wording.ukey_state(state)),
            None => ui.weak(wording.text("ui-not-plugged-in")),
        };
        if let Some(ukey) = card.ukey {
            ui.weak(&ukey.row.profile);
        }
        if let Some(lane) = card.lane {
            ui.label(&lane.request);
        }
    });
    if let Some(holder) = view.holders.get(card.serial).filter(|_holder| !at_work) {
        ui.horizontal_wrapped(|ui| {
            ui.strong(&holder.holder);
            ui.weak(&holder.unit);
        });
    }
}

/// The steps in order: those done, the live one, those to come.
fn steps(ui: &mut Ui, wording: &Wording, lane: &Lane) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let order = order(lane);
    let (at, of) = place(lane);
    if let Some(step) = lane.now {
        let args = [
            ("at", at.to_string()),
            ("of", of.to_string()),
            ("step", wording.text(&format!("step-{}", step.word()))),
        ];
        ui.strong(wording.with("ui-step", args));
        if !order.contains(&step) {
            return; // Recovery looks about; the order goes on after it.
        }
    }
    let colors = theme::colors(ui);
    for step in order {
        let word = wording.text(&format!("step-{}", step.word()));
        let last = lane.steps.iter().rev().find(|told| told.step == *step);
        let (text, color) = if lane.now == Some(*step) {
            (format!("◐ {word}"), colors.working)
        } else if last.is_some_and(|told| told.outcome == "done") {
            (format!("✓ {word}"), colors.good)
        } else if last.is_some() {
            (format!("✕ {word}"), colors.attention)
        } else {
            (format!("○ {word}"), colors.quiet)
        };
        let text = RichText::new(text).color(color);
        let text = if lane.now == Some(*step) {
            text.strong()
        } else {
            text.small()
        };
        ui.add(egui::Label::new(text).truncate());
    }
}

/// The steps of what is made: a renewal has others.
fn order(lane: &Lane) -> &'static [Step] {
    let told = lane.steps.iter().map(|told| told.step).chain(lane.now);
    let mut renewal = told.filter(|step| Step::RENEWAL.contains(step));
    let renews = renewal.any(|step| !Step::ORDER.contains(&step));
    if renews { &Step::RENEWAL } else { &Step::ORDER }
}

/// Which step it is at, and of how many.
fn place(lane: &Lane) -> (usize, usize) {
    let of = order(lane).len();
    let done = lane.steps.iter().filter(|step| step.outcome == "done");
    ((done.count() + 1).min(of), of)
}

/// By what such a ukey usually takes here.
fn time_left(ui: &mut Ui, wording: &Wording, view: &View, card: &Card<'_>) {
    let profile = card.ukey.map(|ukey| &ukey.row.profile);
    let usual = profile.and_then(|profile| view.usual_secs.get(profile));
    let begun = card.lane.and_then(|lane| lane.begun);
    let (Some(usual), Some(begun)) = (usual, begun) else {
        return;
    };
    let left = usual - (clock::now().unix_secs() - begun.unix_secs());
    ui.ctx()
        .request_repaint_after(std::time::Duration::from_secs(1));
    if left >= SOON_SECS {
        let args = [("secs", left.to_string())];
        ui.label(wording.with("ui-make-left", args));
    } else if left < -SOON_SECS {
        ui.weak(wording.text("ui-make-slow"));
    }
}

fn done_steps(ui: &mut Ui, wording: &Wording, lane: &Lane) {
    let of = order(lane).len();
    let done = lane.steps.iter().filter(|step| step.outcome == "done");
    let done = done.count().min(of);
    if let Some(certificate) = lane
        .result
        .as_ref()
        .and_then(|result| result.certificate.as_ref())
    {
        let word = wording.text("col-certificate");
        let text = RichText::new(format!("{word} {}", grouped(certificate)));
        ui.add(egui::Label::new(text.weak()).truncate());
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
}

fn outcome(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (lane, result): (&Lane, &RunResult),
    commands: &mut Vec<Command>,
) {
    let colors = theme::colors(ui);
    let word = wording.text(&format!("outcome-{}", result.outcome.word()));
    match &result.outcome {
        Outcome::Issued => {
            if result.handed_out {
                let word = wording.text("state-handed-out");
                ui.colored_label(colors.good, format!("✓ {word}"));
            } else {
                ui.colored_label(colors.good, format!("● {word}"));
            }
        }
        Outcome::Pending(wait) => {
            ui.colored_label(colors.attention, word);
            let words = wording.known(&format!("ui-wait-{}", wait.word()));
            ui.label(words.unwrap_or_else(|| wording.text(&format!("wait-{}", wait.word()))));
            ui.label(wording.text(&format!("ui-next-{}", wait.word())));
        }
        Outcome::WrittenOff => {
            ui.colored_label(colors.attention, wording.text("state-damaged"));
            ui.label(wording.text("ui-next-written-off"));
        }
        Outcome::GivenUp => {
            ui.colored_label(colors.attention, wording.text("outcome-given-up"));
        }
        Outcome::Question(question) => {
            ui.colored_label(colors.attention, word);
            ui.label(report::question_text(wording, question).1);
            if let Some((code, facts)) = report::question_fault(question) {
                let (headline, _hints) = wording.error(code, lane.serial.as_str());
                ui.weak(headline).on_hover_text(facts);
            }
            ui.horizontal_wrapped(|ui| {
                for answer in &question.answers {
                    let button =
                        egui::Button::new(wording.text(&format!("answer-{}", answer.word())));
                    if pressed(ui, wording, view, Duty::Personalise, button) {
                        let on = (lane.serial.clone(), Some(*answer));
                        commands.push(Command::Resume(Some(on)));
                    }
                }
            });
        }
        Outcome::Refused(code) => told(ui, wording, code, lane.serial.as_str()),
        Outcome::Fault(fault) => told(ui, wording, fault.kind.word(), lane.serial.as_str()),
        Outcome::Failed(code, subject) => told(ui, wording, code, subject),
    }
}

/// What stopped is tried again, or put aside until somebody resumes.
fn again(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (lane, result, page): (&Lane, &RunResult, &mut State),
    commands: &mut Vec<Command>,
) {
    let again = match &result.outcome {
        Outcome::Issued | Outcome::WrittenOff | Outcome::GivenUp => return,
        Outcome::Question(_) => None,
        Outcome::Pending(_) => Some(Command::Resume(Some((lane.serial.clone(), None)))),
        Outcome::Refused(_) | Outcome::Fault(_) | Outcome::Failed(..) => {
            let begun = view.requests.iter();
            let approved = begun.map(|request| &request.row.number);
            let approved = approved.into_iter().any(|number| *number == lane.request);
            // Under a request that is approved still nothing was begun.
            Some(if approved {
                Command::Make(MakeOrder {
                    numbers: vec![lane.request.clone()],
                    pin: page.pin(view),
                    goes_on: false,
                })
            } else {
                Command::Resume(Some((lane.serial.clone(), None)))
            })
        }
    };
    ui.horizontal(|ui| {
        if let Some(command) = again {
            let button = egui::Button::new(wording.text("ui-make-again"));
            if pressed(ui, wording, view, Duty::Personalise, button) {
                commands.push(command);
            }
        }
        if ui.button(wording.text("ui-make-skip")).clicked() {
            page.skip(lane);
        }
    });
}

/// It is made: paper, then the holder's hand.
fn issued(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (serial, page): (&Serial, &mut State),
    commands: &mut Vec<Command>,
) {
    if view.to_hold.contains(serial) {
        ui.label(wording.text("ui-hold-foreseen"));
    }
    ui.horizontal_wrapped(|ui| {
        slip(ui, wording, view, serial, commands);
        let sign = egui::Button::new(wording.text("ui-sign"));
        if pressed(ui, wording, view, Duty::HandOut, sign) {
            page.signature.open(serial);
        }
        let hand_out = egui::Button::new(wording.text("ui-hand-out"));
        if pressed(ui, wording, view, Duty::HandOut, hand_out) {
            commands.push(Command::HandOut(serial.clone()));
        }
    });
}

fn slip(ui: &mut Ui, wording: &Wording, view: &View, serial: &Serial, commands: &mut Vec<Command>) {
    let slip = egui::Button::new(wording.text("ui-slip"));
    if pressed(ui, wording, view, Duty::HandOut, slip) {
        commands.push(Command::Slip(serial.clone(), Handwriting::default()));
    }
}

/// What the holder of a ukey may have done to it at the desk.
fn with_holder(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (serial, pin): (&Serial, PinSource),
    commands: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        slip(ui, wording, view, serial, commands);
        let change = egui::Button::new(wording.text("ui-change-pin"));
        if pressed(ui, wording, view, Duty::HandOut, change) {
            commands.push(Command::ChangePin(serial.clone()));
        }
    });
    let Some(number) = view.to_renew.get(serial) else {
        return;
    };
    let old_first = view.without_room.as_ref() == Some(serial);
    let (key, order) = if old_first {
        ("ui-renew-old-first", KeyOrder::OldFirst)
    } else {
        ("ui-renew", KeyOrder::NewFirst)
    };
    let word = wording.with(key, [("request", number.clone())]);
    if pressed(
        ui,
        wording,
        view,
        Duty::Personalise,
        egui::Button::new(word),
    ) {
        // The PIN that the ukey has is typed, or the practice secrets have it.
        let pin = match pin {
            PinSource::Random => PinSource::Holder,
            PinSource::Holder | PinSource::Secrets => pin,
        };
        commands.push(Command::Renew(RenewalOrder {
            serial: serial.clone(),
            pin,
            order,
        }));
    }
}
