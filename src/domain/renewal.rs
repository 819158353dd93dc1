//! When certificates that end are renewed at the desk (D-47): a working day for each.

use std::collections::BTreeMap;

use time::{Date, Duration};

use super::working_day::is_working;

/// An appointment is so many days before the certificate ends, where the desk has room.
pub const LEAD_DAYS: i64 = 30;

/// An appointment for each end, in their order: at most `per_day` on one working day, Monday to Friday,
/// none before the day after `today`. The wanted day is [`LEAD_DAYS`] before the end; where it is full
/// the nearest earlier one with room is taken, else the first later one, which may come after the end. The
/// ends are to be given the earliest first. Public holidays are not known here.
pub fn appointments(today: Date, ends: &[Date], per_day: usize) -> Vec<Date> {
    let first = working(today.saturating_add(Duration::DAY), Duration::DAY);
    let mut taken: BTreeMap<Date, usize> = BTreeMap::new();
    let mut take = |end: &Date| {
        let wanted = end.saturating_sub(Duration::days(LEAD_DAYS)).max(first);
        let wanted = working(wanted, -Duration::DAY).max(first);
        let room = |taken: &BTreeMap<Date, usize>, day: Date| {
            taken.get(&day).is_none_or(|count| *count < per_day.max(1))
        };
        let mut day = wanted;
        while !room(&taken, day) && day > first {
            day = working(day.saturating_sub(Duration::DAY), -Duration::DAY).max(first);
        }
        if !room(&taken, day) {
            day = wanted;
        }
        while !room(&taken, day) && day < Date::MAX {
            day = working(day.saturating_add(Duration::DAY), Duration::DAY);
        }
        *taken.entry(day).or_default() += 1;
        day
    };
    ends.iter().map(&mut take).collect()
}

/// The day itself, or the next one in this direction that is no weekend.
fn working(mut day: Date, step: Duration) -> Date {
    while !is_working(day) {
        day = day.saturating_add(step);
    }
    day
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn an_appointment_is_a_month_before_the_end_and_never_on_a_weekend() {
        let today = date!(2026 - 11 - 25); // A Wednesday.
        let ends = [date!(2027 - 02 - 05), date!(2027 - 02 - 08)];
        // 2027-01-06 is a Wednesday; 2027-01-09 a Saturday, so the Friday before.
        let days = appointments(today, &ends, 5);
        assert_eq!(days, [date!(2027 - 01 - 06), date!(2027 - 01 - 08)]);
    }

    #[test]
    fn a_full_day_gives_on_to_the_days_before_and_then_to_those_after() {
        let today = date!(2026 - 11 - 25);
        let end = date!(2026 - 12 - 01); // Six days: already late.
        let days = appointments(today, &[end; 5], 2);
        assert_eq!(
            days,
            [
                date!(2026 - 11 - 26),
                date!(2026 - 11 - 26),
                date!(2026 - 11 - 27),
                date!(2026 - 11 - 27),
                date!(2026 - 11 - 30)
            ]
        );
        let far = date!(2027 - 02 - 05);
        let days = appointments(today, &[far; 3], 1);
        assert_eq!(
            days,
            [
                date!(2027 - 01 - 06),
                date!(2027 - 01 - 05),
                date!(2027 - 01 - 04)
            ]
        );
    }
}
