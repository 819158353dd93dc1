//! What moves applications along: submit, withdraw, approve, return, reject, send up; of one, or of those
//! that are ticked. What cannot be undone is asked for once more, and what is signed is shown.

use std::collections::BTreeMap;

use eframe::egui::{self, Ui};

use super::{Picked, held};
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::station::jobs::approvals::Refusal;
use crate::station::jobs::people::is_reason;
use crate::ui::parts::{card, pressed_when, reason, title};
use crate::ui::requests_view::RequestsAct;
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Height of the list of what is signed, before it scrolls.
const LIST: f32 = 160.0;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Submit,
    Withdraw,
    Approve,
    Return,
    Reject,
    SendUp,
}

impl Move {
    const ALL: [Self; 6] = [
        Self::Approve,
        Self::Return,
        Self::Reject,
        Self::Submit,
        Self::Withdraw,
        Self::SendUp,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Submit => "ui-request-submit",
            Self::Withdraw => "ui-request-withdraw",
            Self::Approve => "ui-request-approve",
            Self::Return => "ui-request-return",
            Self::Reject => "ui-request-reject",
            Self::SendUp => "ui-request-send-up",
        }
    }

    const fn duty(self) -> Duty {
        match self {
            Self::Submit | Self::Withdraw | Self::SendUp => Duty::EnterRequest,
            Self::Approve | Self::Return | Self::Reject => Duty::DecideRequest,
        }
    }

    /// Whether it can be done to an application in this state; the desk decides.
    fn fits(self, state: RequestState) -> bool {
        match self {
            Self::Submit => state.may_become(RequestState::Submitted),
            Self::Withdraw => state.may_become(RequestState::Withdrawn),
            Self::SendUp | Self::Approve | Self::Return | Self::Reject => {
                state == RequestState::Submitted
            }
        }
    }

    /// Why there is none it can be done to: key of the words.
    const fn none(self) -> &'static str {
        match self {
            Self::Submit => "ui-request-none-to-submit",
            Self::Withdraw => "ui-request-none-to-withdraw",
            Self::SendUp | Self::Approve | Self::Return | Self::Reject => {
                "ui-request-none-to-decide"
            }
        }
    }
}

/// What is asked for, before it is confirmed.
#[derive(Debug, Default)]
pub(super) struct State {
    asked: Option<Move>,
    reason: String,
}

/// Draws a button for each move of this post; gives what needs no question.
pub(super) fn buttons(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (of, state): (&BTreeMap<String, Picked>, &mut State),
) -> Option<RequestsAct> {
    let mut act = None;
    // Who only reads is told above who may.
    for one in Move::ALL.into_iter().filter(|one| view.may(one.duty())) {
        let numbers = fitting(of, one);
        let why_not = numbers.is_empty().then_some(one.none());
        let button = egui::Button::new(wording.text(one.key()));
        let button = button.selected(state.asked == Some(one));
        let pressed = held(ui, ("move", one.key()), |ui| {
            pressed_when(ui, wording, view, (one.duty(), why_not), button)
        });
        if pressed {
            if one == Move::Submit {
                act = Some(RequestsAct::Submit(numbers));
            } else {
                state.asked = (state.asked != Some(one)).then_some(one);
            }
        }
    }
    act
}

/// Draws what is asked for once more, if anything is; gives what was confirmed.
pub(super) fn question(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (of, state): (&BTreeMap<String, Picked>, &mut State),
) -> Option<RequestsAct> {
    let asked = state.asked?;
    let numbers = fitting(of, asked);
    if numbers.is_empty() {
        state.asked = None;
        return None;
    }
    card(ui, |ui| {
        confirm(ui, wording, view, (asked, &numbers, of, state))
    })
}

/// The numbers of those that something can be done to.
fn fitting(of: &BTreeMap<String, Picked>, one: Move) -> Vec<String> {
    let fits = of.iter().filter(|(_number, picked)| one.fits(picked.state));
    fits.map(|(number, _picked)| number.clone()).collect()
}

fn confirm(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (asked, numbers, of, state): (Move, &[String], &BTreeMap<String, Picked>, &mut State),
) -> Option<RequestsAct> {
    let key = asked.key();
    let count = [("count", numbers.len().to_string())];
    title(ui, wording.with(&format!("{key}-title"), count.clone()));
    ui.label(wording.text(&format!("{key}-what")));
    egui::ScrollArea::vertical()
        .id_salt("asked")
        .max_height(LIST)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.spacing_mut().interact_size.y = 20.0; // Lines to read.
            for number in numbers {
                let Some(picked) = of.get(number) else {
                    continue;
                };
                ui.horizontal(|ui| {
                    ui.monospace(number);
                    ui.label(&picked.holder);
                    ui.label(&picked.unit);
                    ui.weak(&picked.what);
                    let revision = [("revision", picked.revision.to_string())];
                    ui.weak(wording.with("ui-request-revision", revision));
                });
            }
        });
    let mut why_not = None;
    if matches!(asked, Move::Return | Move::Reject) {
        reason(ui, wording, "decision-reason", &mut state.reason);
        why_not = (!is_reason(&state.reason)).then_some("ui-explain-reason");
    }
    let mut act = None;
    ui.horizontal(|ui| {
        let word = wording.with(&format!("{key}-now"), count);
        let button = theme::primary(ui, word);
        if pressed_when(ui, wording, view, (asked.duty(), why_not), button) {
            act = Some(act_of(asked, numbers.to_vec(), &state.reason));
        }
        if ui.button(wording.text("ui-request-not-now")).clicked() {
            state.asked = None;
        }
    });
    act
}

fn act_of(asked: Move, numbers: Vec<String>, reason: &str) -> RequestsAct {
    let refuse = |refusal, numbers| RequestsAct::Refuse {
        numbers,
        refusal,
        reason: reason.trim().to_owned(),
    };
    match asked {
        Move::Submit => RequestsAct::Submit(numbers),
        Move::Withdraw => RequestsAct::Withdraw(numbers),
        Move::Approve => RequestsAct::Approve(numbers),
        Move::Return => refuse(Refusal::Return, numbers),
        Move::Reject => refuse(Refusal::Reject, numbers),
        Move::SendUp => RequestsAct::SendUp { numbers, out: None },
    }
}
