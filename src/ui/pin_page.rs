//! The holder's page: they alone type the PIN of their ukey, in a window that shows nothing else.

use std::fmt;

use eframe::egui::{self, FontId, Key, RichText, Ui};

use super::make_view::{PinAnswer, PinAsked, PinKind};
use super::parts::{edged, grouped, single_card};
use super::passphrase::Passphrase;
use super::{heading, theme};
use crate::domain::pin::{PinAlphabet, PinRule};
use crate::wording::Wording;

/// Seconds of stillness after which the page closes.
pub(super) const STILL_SECS: f64 = 60.0;
/// Width of the page's column.
const WIDTH: f32 = 560.0;
/// Size of what is typed.
const TYPED: f32 = 28.0;
/// Most characters that a field takes: no PIN has more.
const MOST: usize = 64;

/// What a holder typed so far.
pub(super) struct State {
    /// The question that is shown; 0 before any.
    turn: u64,
    first: Passphrase,
    second: Passphrase,
    /// The first field is to be typed into.
    wants_focus: bool,
    /// The answer is on its way.
    answered: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            turn: 0,
            first: Passphrase::new(),
            second: Passphrase::new(),
            wants_focus: false,
            answered: false,
        }
    }

    /// Turns to this question, with empty fields; whether it is another one than before.
    pub(super) fn turn_to(&mut self, asked: &PinAsked) -> bool {
        let other = self.turn != asked.turn;
        if other {
            self.forget();
            self.turn = asked.turn;
            self.wants_focus = true;
            self.answered = false;
        }
        other
    }

    /// Forgets what was typed.
    pub(super) fn forget(&mut self) {
        self.first.wipe();
        self.second.wipe();
    }

    /// Gives the answer to who asked, once.
    pub(super) fn answer(&mut self, asked: &PinAsked, answer: PinAnswer) {
        self.forget();
        if !self.answered {
            self.answered = true;
            asked.answer.try_send(answer).ok(); // Who asked has gone: nobody waits.
        }
    }

    fn typed(&mut self, kind: PinKind) -> PinAnswer {
        match kind {
            PinKind::New => PinAnswer::New([self.first.give(), self.second.give()]),
            PinKind::Present => PinAnswer::Present(self.first.give()),
        }
    }

    fn is_complete(&self, kind: PinKind) -> bool {
        !self.first.is_empty() && (kind == PinKind::Present || !self.second.is_empty())
    }
}

/// Draws the page; gives the holder's answer.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    asked: &PinAsked,
    state: &mut State,
) -> Option<PinAnswer> {
    if state.answered {
        ui.centered_and_justified(Ui::spinner);
        return None;
    }
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        return Some(PinAnswer::Cancelled);
    }
    single_card(ui, (WIDTH, 1.0 / 16.0), |ui| {
        column(ui, wording, asked, state)
    })
}

fn column(
    ui: &mut Ui,
    wording: &Wording,
    asked: &PinAsked,
    state: &mut State,
) -> Option<PinAnswer> {
    heading(
        ui,
        &wording.text(match asked.kind {
            PinKind::New => "ui-pin-title",
            PinKind::Present => "ui-pin-title-present",
        }),
    );
    ui.label(wording.text("ui-pin-others"));
    ui.horizontal(|ui| {
        ui.strong(&asked.holder);
        ui.weak(&asked.request);
    });
    let serial = grouped(asked.serial.as_str());
    ui.label(RichText::new(serial).monospace().size(20.0));
    if let Some(refused) = asked.refused {
        let range = [
            ("min", asked.policy.min_len.to_string()),
            ("max", asked.policy.max_len.to_string()),
        ];
        let words = wording.with(&format!("pin-refused-{}", refused.word()), range);
        ui.colored_label(theme::colors(ui).stopped, format!("✕ {words}"));
    }
    ui.add_space(8.0);
    let entered = fields(ui, wording, asked.kind, state);
    if asked.kind == PinKind::New {
        rules(ui, wording, asked, state);
    }
    ui.add_space(8.0);
    let complete = state.is_complete(asked.kind);
    let word = match asked.kind {
        PinKind::New => "ui-pin-set",
        PinKind::Present => "ui-pin-go-on",
    };
    let (mut sure, mut cancelled) = (false, false);
    ui.horizontal(|ui| {
        let button = theme::primary(ui, wording.text(word));
        let response = ui.add_enabled(complete, button);
        let response = response.on_disabled_hover_text(wording.text("ui-pin-type-first"));
        sure = response.clicked();
        cancelled = ui.button(wording.text("ui-pin-cancel")).clicked();
    });
    ui.weak(wording.text("ui-pin-still"));
    if cancelled {
        return Some(PinAnswer::Cancelled);
    }
    (complete && (sure || entered)).then(|| state.typed(asked.kind))
}

/// The fields; whether Enter was pressed in the last one.
fn fields(ui: &mut Ui, wording: &Wording, kind: PinKind, state: &mut State) -> bool {
    let enter = ui.input(|input| input.key_pressed(Key::Enter));
    let word = match kind {
        PinKind::New => "ui-pin-new",
        PinKind::Present => "ui-pin-present",
    };
    let first = field(ui, &wording.text(word), &mut state.first);
    if state.wants_focus {
        first.request_focus();
        state.wants_focus = false;
    }
    let left_first = first.lost_focus() && enter;
    if kind == PinKind::Present {
        return left_first;
    }
    let second = field(ui, &wording.text("ui-pin-again"), &mut state.second);
    if left_first {
        second.request_focus();
    }
    second.lost_focus() && enter
}

fn field(ui: &mut Ui, word: &str, typed: &mut Passphrase) -> egui::Response {
    let label = ui.label(word);
    let edit = egui::TextEdit::singleline(typed)
        .id_salt(word)
        .password(true)
        .char_limit(MOST)
        .font(FontId::proportional(TYPED))
        .margin(egui::vec2(12.0, 10.0))
        .desired_width(f32::INFINITY);
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id)
}

/// The rules, each with whether what is typed meets it.
fn rules(ui: &mut Ui, wording: &Wording, asked: &PinAsked, state: &State) {
    let range = [
        ("min", asked.policy.min_len.to_string()),
        ("max", asked.policy.max_len.to_string()),
    ];
    let typed = state.first.expose();
    for rule in PinRule::ALL {
        let key = match (rule, asked.policy.alphabet) {
            (PinRule::Length, _) => "ui-pin-rule-length",
            (PinRule::Characters, PinAlphabet::Digits) => "ui-pin-rule-digits",
            (PinRule::Characters, PinAlphabet::Ascii) => "ui-pin-rule-ascii",
            (PinRule::NoRun, _) => "ui-pin-rule-run",
            (PinRule::NoRepeat, _) => "ui-pin-rule-repeat",
        };
        let met = rule.is_met(typed, &asked.policy);
        mark(ui, &wording.with(key, range.clone()), met);
    }
    let same = !typed.is_empty() && typed == state.second.expose();
    mark(ui, &wording.text("ui-pin-rule-same"), same);
    ui.weak(wording.text("ui-pin-rule-personal"));
}

fn mark(ui: &mut Ui, words: &str, met: bool) {
    let colors = theme::colors(ui);
    let (shape, color) = if met {
        ("✓", colors.good)
    } else {
        ("○", colors.quiet)
    };
    ui.colored_label(color, format!("{shape} {words}"));
}
