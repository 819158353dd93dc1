//! How long the station keeps what is personal, and since when (D-51). Deletes nothing itself.

use super::request::RequestState;
use super::timestamp::Timestamp;

/// What is kept for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Values and salts of a request that a certificate was issued for.
    IssuedRequest,
    /// Values and salts of a request that came to nothing.
    UnissuedRequest,
    /// Scans that a superior unit received.
    SuperiorScan,
    /// A backup made before a purge.
    Backup,
    /// Diagnostics logs.
    Log,
}

/// One line of D-51.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What is kept.
    pub kept: Kept,
    /// For how many months.
    pub months: u32,
    /// Counted from what.
    pub from: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

/// Every period of D-51.
pub const RETENTION: [Retention; 5] = [
    Retention {
        kept: Kept::IssuedRequest,
        months: 60,
        from: "the end of its last certificate",
        source: "D-51; 电子签名法 art. 24: at least five years after the certificate has ended",
    },
    Retention {
        kept: Kept::UnissuedRequest,
        months: 6,
        from: "its last act, or the end of its approval",
        source: "D-51: rejected, withdrawn, expired, draft",
    },
    Retention {
        kept: Kept::SuperiorScan,
        months: 6,
        from: "the end of the roll-out",
        source: "D-51: scans at the superior",
    },
    Retention {
        kept: Kept::Backup,
        months: 6,
        from: "the purge",
        source: "D-51: backups",
    },
    Retention {
        kept: Kept::Log,
        months: 6,
        from: "when it was written",
        source: "D-51; 网络安全法 art. 21: at least six months",
    },
];

impl Kept {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IssuedRequest => "issued-request",
            Self::UnissuedRequest => "unissued-request",
            Self::SuperiorScan => "superior-scan",
            Self::Backup => "backup",
            Self::Log => "log",
        }
    }

    /// Its line of D-51.
    pub fn retention(self) -> Option<&'static Retention> {
        RETENTION.iter().find(|line| line.kept == self)
    }

    /// When the time is over of what is counted `from` then.
    pub fn ends(self, from: Timestamp) -> Option<Timestamp> {
        self.retention().map(|line| from.plus_months(line.months))
    }
}

/// The dates of a request that decide when its values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestDates {
    /// Where it is in its life.
    pub state: RequestState,
    /// The newest act about it.
    pub last_act: Timestamp,
    /// The end of its approval.
    pub approval_ends: Option<Timestamp>,
    /// The end of the last certificate issued for it.
    pub certificate_ends: Option<Timestamp>,
}

impl RequestDates {
    /// What it counts as and when its values go; `None` while somebody still works on it.
    pub fn due(&self) -> Option<(Kept, Timestamp)> {
        use RequestState as State;
        let (kept, from) = match (self.state, self.certificate_ends) {
            // A ukey is being made, or a decision is waited for; and where nothing was issued though
            // the state says so, there is nothing to count from.
            (State::Submitted | State::Personalising | State::Pending, _)
            | (State::Issued | State::HandedOut, None) => return None,
            (_, Some(end)) => (Kept::IssuedRequest, end),
            // An approval that has ended is an expired request, whoever writes that down.
            (State::Approved, None) => (Kept::UnissuedRequest, self.approval_ends?),
            (
                State::Draft
                | State::Returned
                | State::Rejected
                | State::Withdrawn
                | State::Expired
                | State::Closed,
                None,
            ) => (Kept::UnissuedRequest, self.last_act),
        };
        Some((kept, kept.ends(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn due(dates: RequestDates) -> Option<String> {
        let (kept, at) = dates.due()?;
        Some(format!("{} {at}", kept.word()))
    }

    #[test]
    fn every_kind_has_its_line_and_its_source() {
        for kept in [
            Kept::IssuedRequest,
            Kept::UnissuedRequest,
            Kept::SuperiorScan,
            Kept::Backup,
            Kept::Log,
        ] {
            assert!(kept.retention().unwrap().source.starts_with("D-51"));
        }
    }

    #[test]
    fn months_end_on_the_same_day_or_the_last_of_the_month() {
        let from = |text| Kept::Backup.ends(time(text)).unwrap().to_string();
        assert_eq!(from("2026-05-24T08:00:00Z"), "2026-11-24T08:00:00Z");
        assert_eq!(from("2026-08-31T08:00:00Z"), "2027-02-28T08:00:00Z");
        assert_eq!(from("2027-08-31T08:00:00Z"), "2028-02-29T08:00:00Z");
        assert_eq!(from("2026-06-30T23:59:59Z"), "2026-12-30T23:59:59Z");
        assert_eq!(from("9999-12-31T00:00:00Z"), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn each_state_is_kept_as_long_as_d_51_says() {
        use RequestState as State;
        let dates = RequestDates {
            state: State::Rejected,
            last_act: time("2026-01-15T08:00:00Z"),
            approval_ends: Some(time("2026-02-01T08:00:00Z")),
            certificate_ends: None,
        };
        let end = Some(time("2029-01-15T08:00:00Z"));
        for state in [
            State::Draft,
            State::Returned,
            State::Rejected,
            State::Withdrawn,
            State::Expired,
            State::Closed,
        ] {
            let line = due(RequestDates { state, ..dates });
            let expected = "unissued-request 2026-07-15T08:00:00Z";
            assert_eq!(line.as_deref(), Some(expected), "{state:?}");
        }
        let approved = RequestDates {
            state: State::Approved,
            ..dates
        };
        let expected = "unissued-request 2026-08-01T08:00:00Z";
        assert_eq!(due(approved).as_deref(), Some(expected));
        for state in [State::Issued, State::HandedOut, State::Closed] {
            let issued = RequestDates {
                state,
                certificate_ends: end,
                ..dates
            };
            let expected = "issued-request 2034-01-15T08:00:00Z";
            assert_eq!(due(issued).as_deref(), Some(expected), "{state:?}");
        }
        for state in [State::Submitted, State::Personalising, State::Pending] {
            for certificate_ends in [None, end] {
                let open = RequestDates {
                    state,
                    certificate_ends,
                    ..dates
                };
                assert_eq!(due(open), None, "{state:?}");
            }
        }
    }
}
