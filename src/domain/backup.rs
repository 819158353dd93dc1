//! When a backup is due (D-52).

use super::timestamp::Timestamp;
use super::working_day::a_working_day_after;

/// A backup older than this is too old, whatever was done since.
pub const MOST_DAYS: i64 = 7;

/// Why a backup is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// There is none.
    Never,
    /// The newest is older than [`MOST_DAYS`].
    Old,
    /// A ukey was issued since, a working day ago or more.
    Ukeys,
}

impl Due {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Old => "old",
            Self::Ukeys => "ukeys",
        }
    }
}

/// Whether a backup is due `now`, by the newest backup and the newest issue of a certificate.
pub fn due(backup: Option<Timestamp>, issue: Option<Timestamp>, now: Timestamp) -> Option<Due> {
    let Some(backup) = backup else {
        return Some(Due::Never);
    };
    if now > backup.plus_days(MOST_DAYS) {
        return Some(Due::Old);
    }
    issue
        .filter(|issue| *issue > backup && now > a_working_day_after(*issue))
        .map(|_issue| Due::Ukeys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(backup: &str, issue: &str, now: &str) -> Option<Due> {
        let time = |text| Timestamp::parse(text).ok();
        due(time(backup), time(issue), time(now).unwrap())
    }

    #[test]
    fn a_backup_is_due_after_a_week_or_a_working_day_after_a_ukey() {
        let monday = "2026-11-23T02:00:00Z";
        assert_eq!(judge("", "", monday), Some(Due::Never));
        assert_eq!(judge("2026-11-16T02:00:00Z", "", monday), None);
        assert_eq!(judge("2026-11-16T01:59:59Z", "", monday), Some(Due::Old));
        let friday = "2026-11-20T03:00:00Z";
        let backup = "2026-11-20T02:00:00Z";
        assert_eq!(judge(backup, friday, "2026-11-22T02:00:00Z"), None);
        assert_eq!(judge(backup, friday, "2026-11-23T03:00:00Z"), None);
        let late = judge(backup, friday, "2026-11-23T03:00:01Z");
        assert_eq!(late, Some(Due::Ukeys));
        assert_eq!(judge(friday, backup, "2026-11-24T03:00:00Z"), None);
    }
}
