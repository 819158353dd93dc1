//! Days on which a desk is open: Monday to Friday. Public holidays are not known here.

use time::{Date, Weekday};

use super::timestamp::{DAY_SECS, Timestamp};

/// Days begin at midnight in China, eight hours before UTC's.
const CHINA_SECS: i64 = 8 * 3600;

/// Whether a desk is open on this day.
pub const fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// A day later, days off not counted.
pub fn a_working_day_after(at: Timestamp) -> Timestamp {
    let mut then = at.plus_secs(DAY_SECS);
    while !is_working(then.plus_secs(CHINA_SECS).date()) {
        then = then.plus_secs(DAY_SECS);
    }
    then
}
