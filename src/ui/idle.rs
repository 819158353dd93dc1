//! How long nobody has touched the window. Judges, and sends nothing.

use eframe::egui::{self, Event};

use crate::station::clock::Stopwatch;

/// Seconds after which a half-typed passphrase is forgotten.
pub(super) const FORGET_SECS: f64 = 60.0;

/// Since when nobody has touched the window.
#[derive(Debug)]
pub(super) struct Idle {
    /// Times of egui, in seconds.
    touched: f64,
    drawn: f64,
    /// While the window is hidden egui's time stands still.
    since_drawn: Stopwatch,
}

impl Idle {
    pub(super) fn new() -> Self {
        Self {
            touched: 0.0,
            drawn: 0.0,
            since_drawn: Stopwatch::start(),
        }
    }

    /// Takes in what came with this frame.
    pub(super) fn frame(&mut self, input: &egui::InputState) {
        self.drawn = input.time;
        self.since_drawn = Stopwatch::start();
        if input.events.iter().any(by_a_person) {
            self.touched = input.time;
        }
    }

    /// Somebody has signed in.
    pub(super) const fn touch(&mut self) {
        self.touched = self.drawn;
    }

    /// Seconds without input.
    pub(super) fn secs(&self) -> f64 {
        self.drawn - self.touched + self.since_drawn.ms() / 1000.0
    }
}

/// What comes from a person, not from the system around the window.
const fn by_a_person(event: &Event) -> bool {
    !matches!(event, Event::WindowFocused(_) | Event::PointerGone)
}
