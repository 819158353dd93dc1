//! The one place that reads the clock and makes ids.
#![expect(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// Now, in whole seconds.
pub fn now() -> Timestamp {
    let secs = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Timestamp::EPOCH.plus_secs(i64::try_from(secs).unwrap_or(i64::MAX))
}

/// A new `UUIDv7`.
pub(super) fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// Measures how long something took.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start, to three decimals.
    pub fn ms(self) -> f64 {
        (self.0.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0
    }
}
