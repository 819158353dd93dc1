//! The unblocking of a ukey at a neighbour's desk (D-44): how long security's release may be used.

use super::timestamp::Timestamp;

/// How long the released SO PIN may be used: as long as a hand-over by messenger takes, and no longer.
pub const RELEASE_SECS: i64 = 72 * 3600;

/// Until when a release of this moment may be used.
pub fn release_ends(released: Timestamp) -> Timestamp {
    released.plus_secs(RELEASE_SECS)
}

/// Whether a release that says it ends then may be used: not once it is over, and not one that claims
/// longer than any release lasts.
pub fn may_be_used(ends: Timestamp, now: Timestamp) -> bool {
    (now..=release_ends(now)).contains(&ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_lasts_three_days_and_none_lasts_longer() {
        let now = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
        let ends = release_ends(now);
        assert_eq!(ends, now.plus_days(3));
        assert!(may_be_used(ends, now));
        assert!(may_be_used(ends, ends));
        assert!(!may_be_used(ends, ends.plus_secs(1)));
        assert!(!may_be_used(ends.plus_secs(1), now));
    }
}
