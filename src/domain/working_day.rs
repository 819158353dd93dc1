//! Days on which a desk is open: Monday to Friday. Public holidays are not known here.

use time::{Date, Weekday};

/// Whether a desk is open on this day.
pub const fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
