//! The station's health in the top bar: shape and word for CA, list of revoked certificates and clock; on
//! hover, and to who listens, what to do.

use eframe::egui::{Color32, Ui};

use super::theme;
use crate::domain::timestamp::Timestamp;
use crate::station::jobs::health::{CaStanding, Health, ListStanding};
use crate::wording::Wording;

/// Draws them from the right to the left.
pub(super) fn show(ui: &mut Ui, wording: &Wording, health: &Health) {
    clock(ui, wording, health);
    list(ui, wording, health.list);
    ca(ui, wording, health.ca);
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

fn ca(ui: &mut Ui, wording: &Wording, ca: CaStanding) {
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
    lamp(
        ui,
        standing,
        &wording.text(&format!("ui-health-ca-{key}")),
        hint,
    );
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

fn clock(ui: &mut Ui, wording: &Wording, health: &Health) {
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
    lamp(ui, standing, &wording.text(key), hint);
}

/// A moment as people read it, UTC.
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {}", time.get(..5).unwrap_or_default())
}
