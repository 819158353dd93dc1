//! How long nobody has touched the window. Judges, and sends nothing.

use eframe::egui::{self, Event};

use crate::domain::timestamp::Timestamp;

/// Seconds after which a half-typed passphrase is forgotten.
pub(super) const FORGET_SECS: f64 = 60.0;

/// Since when nobody has touched the window.
#[derive(Debug)]
pub(super) struct Idle {
    /// Times of egui, in seconds.
    touched: f64,
    drawn: f64,
    /// The clock on the wall at that picture: while the window is hidden or the machine sleeps,
    /// egui's time stands still.
    drawn_at: Option<Timestamp>,
}

impl Idle {
    pub(super) const fn new() -> Self {
        Self {
            touched: 0.0,
            drawn: 0.0,
            drawn_at: None,
        }
    }

    /// Takes in what came with this frame.
    pub(super) fn frame(&mut self, input: &egui::InputState, now: Timestamp) {
        self.drawn = input.time;
        self.touched = self.touched.min(self.drawn);
        self.drawn_at = Some(now);
        if input.events.iter().any(by_a_person) {
            self.touched = input.time;
        }
    }

    /// Somebody has signed in.
    pub(super) const fn touch(&mut self) {
        self.touched = self.drawn;
    }

    /// The window shows something else of itself: who sees it is given time from here on.
    pub(super) fn appear(&mut self, now: Timestamp) {
        self.touched += self.secs(now);
    }

    /// Seconds without input.
    pub(super) fn secs(&self, now: Timestamp) -> f64 {
        let since = self
            .drawn_at
            .map_or(0, |at| now.unix_secs() - at.unix_secs());
        // A clock that was set back does not count.
        let undrawn = u32::try_from(since.max(0)).unwrap_or(u32::MAX);
        self.drawn - self.touched + f64::from(undrawn)
    }
}

/// What comes from a person, not from the system around the window.
const fn by_a_person(event: &Event) -> bool {
    !matches!(event, Event::WindowFocused(_) | Event::PointerGone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_while_nothing_is_drawn_and_never_backwards() {
        let now = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
        let mut idle = Idle::new();
        assert!(idle.secs(now) < 0.5);
        let mut input = egui::InputState::default();
        input.time = 100.0;
        input.events = vec![Event::Text("x".to_owned())];
        idle.frame(&input, now);
        assert!(idle.secs(now) < 0.5);
        input.events = vec![Event::WindowFocused(true)];
        input.time = 130.0;
        idle.frame(&input, now.plus_secs(30));
        assert!((idle.secs(now.plus_secs(30)) - 30.0).abs() < 0.5);
        // The machine slept for an hour.
        assert!((idle.secs(now.plus_secs(3630)) - 3630.0).abs() < 0.5);
        assert!((idle.secs(now.plus_secs(-900)) - 30.0).abs() < 0.5);
        idle.touch();
        assert!(idle.secs(now.plus_secs(30)) < 0.5);
        // Another page appears long after the last picture, and is drawn a little later.
        let late = now.plus_secs(600);
        idle.appear(late);
        assert!((idle.secs(late.plus_secs(20)) - 20.0).abs() < 0.5);
        input.events = Vec::new();
        input.time = 131.0;
        idle.frame(&input, late);
        assert!(idle.secs(late).abs() < 0.5);
    }
}
