//! The second officer's card: over the page that asks for them, with exactly what they confirm. They sign in
//! for that one act; the first officer stays signed in.

use eframe::egui::{self, Key, RichText, Ui};

use super::parts::{edged, grouped};
use super::passphrase::{self, Passphrase};
use super::second_view::{Confirmed, Proposed};
use super::view::View;
use super::{post_word, theme, told};
use crate::domain::officer::OfficerName;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::door::AtDoor;
use crate::wording::Wording;

const WIDTH: f32 = 460.0;

/// What is proposed, and what the second officer did so far.
#[derive(Debug)]
pub(super) struct State {
    proposed: Option<Proposed>,
    chosen: Option<OfficerName>,
    /// The superior's waiver is to stand in.
    waived: bool,
    passphrase: Passphrase,
    wants_focus: bool,
    /// The last try; 0 before any.
    turn: u64,
    /// It is on its way.
    sent: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            proposed: None,
            chosen: None,
            waived: false,
            passphrase: Passphrase::new(),
            wants_focus: false,
            turn: 0,
            sent: false,
        }
    }

    /// Opens the card for this act.
    pub(super) fn open(&mut self, proposed: Proposed) {
        *self = Self {
            proposed: Some(proposed),
            wants_focus: true,
            turn: self.turn,
            ..Self::new()
        };
    }

    /// Closes it; whatever was typed is gone.
    pub(super) fn close(&mut self) {
        *self = Self {
            turn: self.turn,
            ..Self::new()
        };
    }

    /// Forgets what was typed.
    pub(super) fn forget(&mut self) {
        self.passphrase.wipe();
    }

    /// Closes the card once the second officer has come in; else they try again.
    fn follow(&mut self, view: &View) {
        let Some(tried) = view.second_tried.as_ref() else {
            return;
        };
        if !self.sent || tried.turn != self.turn {
            return;
        }
        if tried.refused.is_some() {
            self.sent = false;
            self.wants_focus = true;
        } else {
            self.close();
        }
    }

    /// Who is chosen: by the person, else the first.
    fn chosen<'a>(&self, view: &'a View, proposed: &Proposed) -> Option<&'a AtDoor> {
        if self.waived {
            return None;
        }
        let chosen = self.chosen.as_ref();
        let seconds = who_may(view, proposed);
        let mut named = seconds.iter();
        named
            .find(|second| Some(&second.name) == chosen)
            .or_else(|| seconds.first())
    }
}

/// Who may sign in for it here.
fn who_may<'a>(view: &'a View, proposed: &Proposed) -> &'a [AtDoor] {
    match proposed.alone(view) {
        Some(own) => std::slice::from_ref(own),
        None => &view.seconds,
    }
}

/// Draws the card if something is proposed; gives what is confirmed.
pub(super) fn show(
    ctx: &egui::Context,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<Confirmed> {
    state.follow(view);
    let proposed = state.proposed.clone()?;
    let modal = egui::Modal::new(egui::Id::unique("second-officer"));
    let frame = egui::Frame::group(&ctx.global_style());
    let fill = ctx.global_style().visuals.window_fill;
    let modal = modal.frame(frame.fill(fill).inner_margin(24.0));
    let shown = modal.show(ctx, |ui| {
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 8.0;
        self::proposed(ui, wording, view, &proposed);
        ui.separator();
        second(ui, wording, view, (&proposed, state))
    });
    let closed = shown.should_close() && !state.sent;
    let answer = shown.inner;
    if closed || matches!(answer, Some(Answer::Cancel)) {
        state.close();
        return None;
    }
    if !matches!(answer, Some(Answer::Confirm)) {
        return None;
    }
    let chosen = state.chosen(view, &proposed);
    let named = chosen.map(|second| second.name.clone());
    let typed = chosen.is_some_and(|second| !second.by_secrets);
    state.turn += 1;
    state.sent = true;
    Some(Confirmed {
        turn: state.turn,
        act: proposed,
        named,
        passphrase: typed.then(|| state.passphrase.give()),
    })
}

enum Answer {
    Confirm,
    Cancel,
}

/// Exactly what is confirmed.
fn proposed(ui: &mut Ui, wording: &Wording, view: &View, proposed: &Proposed) {
    let name = wording.text(proposed.key());
    let alone = proposed.alone(view).is_some();
    let title = if alone {
        name
    } else {
        wording.with("ui-second-title", [("act", name)])
    };
    ui.label(RichText::new(title).size(20.0).strong());
    if !alone {
        let first = view.post.map(|post| post_word(wording, post));
        let first = format!("{} {}", view.officer, first.unwrap_or_default());
        ui.label(wording.with("ui-second-proposes", [("officer", first)]));
    }
    if let Some(serial) = proposed.serial() {
        let serial = grouped(serial.as_str());
        ui.label(RichText::new(serial).monospace().size(20.0));
    }
    if let Some(reason) = proposed.reason() {
        ui.label(wording.with("ui-second-reason", [("reason", reason.to_owned())]));
    }
    for fact in proposed.facts(wording) {
        ui.label(fact);
    }
    let means = wording.text(proposed.meaning());
    ui.colored_label(theme::colors(ui).attention, format!("△ {means}"));
}

fn second(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (proposed, state): (&Proposed, &mut State),
) -> Option<Answer> {
    who(ui, wording, view, (proposed, state));
    let chosen = state.chosen(view, proposed).cloned();
    let waits = chosen.as_ref().and_then(|second| second.wait_secs);
    let mut entered = false;
    match &chosen {
        Some(second) if second.by_secrets => {
            ui.weak(wording.text("ui-by-secrets"));
        }
        Some(_) => entered = passphrase_field(ui, wording, state),
        None => {}
    }
    if let Some(secs) = waits {
        let words = wording.with("ui-wait", [("secs", secs.to_string())]);
        ui.colored_label(theme::colors(ui).attention, words);
    }
    let last = view.second_tried.as_ref();
    let last = last.filter(|tried| tried.turn == state.turn && !state.sent);
    if let Some((code, subject)) = last.and_then(|tried| tried.refused.as_ref()) {
        told(ui, wording, code, subject);
    }
    let why_not = if state.sent {
        Some("ui-not-while-working")
    } else if chosen.is_none() && !state.waived {
        Some("ui-second-nobody")
    } else if waits.is_some() {
        Some("ui-wait-next")
    } else if chosen.is_some_and(|second| !second.by_secrets) && state.passphrase.is_empty() {
        Some("ui-type-passphrase")
    } else {
        None
    };
    let mut answer = None;
    ui.horizontal(|ui| {
        let button = theme::primary(ui, wording.text("ui-second-confirm"));
        let mut response = ui.add_enabled(why_not.is_none(), button);
        if let Some(key) = why_not {
            response = response.on_disabled_hover_text(wording.text(key));
        }
        if response.clicked() || (entered && why_not.is_none()) {
            answer = Some(Answer::Confirm);
        }
        let cancel = egui::Button::new(wording.text("ui-second-cancel"));
        if ui.add_enabled(!state.sent, cancel).clicked() {
            answer = Some(Answer::Cancel);
        }
        if state.sent {
            ui.spinner();
        }
    });
    answer
}

/// Whose name it is.
fn who(ui: &mut Ui, wording: &Wording, view: &View, (proposed, state): (&Proposed, &mut State)) {
    ui.strong(wording.text("ui-second-who"));
    let seconds = who_may(view, proposed);
    if seconds.is_empty() {
        ui.weak(wording.text("ui-second-nobody"));
    }
    let chosen = state
        .chosen(view, proposed)
        .map(|second| second.name.clone());
    for second in seconds {
        let word = format!("{} {}", second.name, post_word(wording, second.post));
        let is = chosen.as_ref() == Some(&second.name);
        if edged(ui, |ui| ui.radio(is, word)).clicked() {
            if !is {
                state.forget(); // It was another one's.
            }
            state.chosen = Some(second.name.clone());
            state.waived = false;
            state.wants_focus = true;
        }
    }
    if proposed.act().is_some_and(TwoOfficerAct::waivable) {
        let word = wording.text("ui-second-waived");
        if edged(ui, |ui| ui.radio(state.waived, word)).clicked() {
            state.forget();
            state.waived = true;
        }
    }
}

/// The field; whether Enter was pressed in it.
fn passphrase_field(ui: &mut Ui, wording: &Wording, state: &mut State) -> bool {
    let label = ui.label(wording.text("ui-second-passphrase"));
    let field = egui::TextEdit::singleline(&mut state.passphrase)
        .id_salt("second-passphrase")
        .password(true)
        .char_limit(passphrase::MOST)
        .margin(egui::vec2(8.0, 8.0))
        .desired_width(f32::INFINITY);
    let response = edged(ui, |ui| ui.add_enabled(!state.sent, field)).labelled_by(label.id);
    if state.wants_focus && !state.sent {
        response.request_focus();
        state.wants_focus = false;
    }
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}
