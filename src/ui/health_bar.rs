//! The station's health in the top bar: shape and word for CA, list of revoked certificates and clock; on
//! hover, and to who listens, what to do. What two officers do about it is a button.

use eframe::egui::{Color32, RichText, Ui};

use super::second_view::Proposed;
use super::theme;
use super::view::View;
use crate::domain::timestamp::Timestamp;
use crate::station::jobs::health::{CaStanding, Health, ListStanding};
use crate::station::jobs::today::ToDo;
use crate::wording::Wording;

/// Draws them from the right to the left; gives what is to be done about one.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    health: &Health,
) -> Option<Proposed> {
    restored(ui, wording, view);
    let confirmed = clock(ui, wording, view, health);
    list(ui, wording, health.list);
    let unlocked = ca(ui, wording, view, health.ca);
    confirmed.or(unlocked)
}

/// How something stands.
#[derive(Clone, Copy)]
enum Standing {
    Good,
    /// Nothing is wrong, and nothing goes on.
    Quiet,
    Attention,
    Stopped,
}

impl Standing {
    fn look(self, ui: &Ui) -> (&'static str, Color32) {
        let colors = theme::colors(ui);
        match self {
            Self::Good => ("✓", colors.good),
            Self::Quiet => ("○", colors.quiet),
            Self::Attention => ("△", colors.attention),
            Self::Stopped => ("✕", colors.stopped),
        }
    }
}

fn lamp(ui: &mut Ui, standing: Standing, word: &str, hint: String) {
    let (shape, color) = standing.look(ui);
    let response = ui.colored_label(color, format!("{shape} {word}"));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_description(hint.clone()));
    response.on_hover_text(hint);
}

/// The same as a button, where somebody here may do something about it.
fn lamp_for(
    ui: &mut Ui,
    view: &View,
    (standing, word, hint): (Standing, &str, String),
    act: Proposed,
) -> Option<Proposed> {
    if view.busy || !view.may(act.duty()) {
        lamp(ui, standing, word, hint);
        return None;
    }
    let (shape, color) = standing.look(ui);
    let text = RichText::new(format!("{shape} {word}")).color(color);
    let response = ui.button(text);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_description(hint.clone()));
    response.on_hover_text(hint).clicked().then_some(act)
}

fn ca(ui: &mut Ui, wording: &Wording, view: &View, ca: CaStanding) -> Option<Proposed> {
    let (standing, key) = match ca {
        CaStanding::Elsewhere => (Standing::Quiet, "elsewhere"),
        CaStanding::NotCertified => (Standing::Stopped, "not-certified"),
        CaStanding::Ended => (Standing::Stopped, "ended"),
        CaStanding::Locked => (Standing::Attention, "locked"),
        CaStanding::ByItself => (Standing::Good, "by-itself"),
        CaStanding::Unlocked(..) => (Standing::Good, "unlocked"),
    };
    let hint = format!("ui-health-ca-{key}-hint");
    let hint = match ca {
        CaStanding::Unlocked(until, count) => {
            let args = [("until", moment(until)), ("count", count.to_string())];
            wording.with(&hint, args)
        }
        _ => wording.text(&hint),
    };
    let word = wording.text(&format!("ui-health-ca-{key}"));
    if ca == CaStanding::Locked {
        return lamp_for(ui, view, (standing, &word, hint), Proposed::UnlockCa);
    }
    lamp(ui, standing, &word, hint);
    None
}

fn list(ui: &mut Ui, wording: &Wording, list: ListStanding) {
    let days = |days: i64| [("days", days.to_string())];
    let (standing, word, hint) = match list {
        ListStanding::NotNeeded => (Standing::Quiet, wording.text("ui-health-list-none"), "none"),
        ListStanding::Missing => {
            let word = wording.text("ui-health-list-missing");
            (Standing::Stopped, word, "missing")
        }
        ListStanding::Fresh(left) => {
            let word = wording.with("ui-health-list-days", days(left));
            (Standing::Good, word, "fresh")
        }
        ListStanding::Due(left) => {
            let word = wording.with("ui-health-list-days", days(left));
            (Standing::Attention, word, "due")
        }
        ListStanding::Over => (
            Standing::Stopped,
            wording.text("ui-health-list-over"),
            "over",
        ),
    };
    let hint = wording.text(&format!("ui-health-list-{hint}-hint"));
    lamp(ui, standing, &word, hint);
}

/// A restored home that was not compared is locked: said on every page.
fn restored(ui: &mut Ui, wording: &Wording, view: &View) {
    let to_do = view.today.iter().flat_map(|today| &today.to_do);
    if to_do.into_iter().any(|item| *item == ToDo::Compare) {
        let hint = wording.text("ui-health-restored-hint");
        lamp(
            ui,
            Standing::Stopped,
            &wording.text("ui-health-restored"),
            hint,
        );
    }
}

fn clock(ui: &mut Ui, wording: &Wording, view: &View, health: &Health) -> Option<Proposed> {
    let (standing, key) = if health.clock.plausible {
        (Standing::Good, "ui-health-clock-right")
    } else {
        (Standing::Stopped, "ui-health-clock-wrong")
    };
    let newest = health.clock.newest.unwrap_or(health.clock.now);
    let args = [
        ("newest", moment(newest)),
        ("now", moment(health.clock.now)),
    ];
    let hint = wording.with(&format!("{key}-hint"), args);
    let word = wording.text(key);
    if !health.clock.plausible {
        return lamp_for(ui, view, (standing, &word, hint), Proposed::ConfirmClock);
    }
    lamp(ui, standing, &word, hint);
    None
}

/// A moment as people read it, UTC.
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {}", time.get(..5).unwrap_or_default())
}
