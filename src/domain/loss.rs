//! `LossKind`: what is reported of a ukey that its holder misses, what follows for ukey and certificate,
//! and the clock that runs from the report to the published list (D-41, D-43).

use super::certificate::RevocationReason;
use super::timestamp::{DAY_SECS, Timestamp};
use super::ukey::UkeyState;

/// From the report to the list that was fetched back, at most, in seconds: 18 hours (D-41).
pub const TARGET_SECS: i64 = 18 * 3600;
/// How long a hold of a suspension lasts at most, in seconds; then the key counts as compromised (D-43).
pub const HOLD_SECS: i64 = DAY_SECS;

/// What is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossKind {
    /// 挂失: missing for the moment.
    Suspended,
    /// 遗失: it will not come back.
    Lost,
    /// Somebody took it.
    Stolen,
}

impl LossKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Suspended, Self::Lost, Self::Stolen];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As paper names it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Suspended => "挂失（证书冻结）",
            Self::Lost => "遗失（证书吊销）",
            Self::Stolen => "被盗（证书吊销）",
        }
    }

    /// The state that the ukey goes to.
    pub const fn state(self) -> UkeyState {
        match self {
            Self::Suspended => UkeyState::Suspended,
            Self::Lost | Self::Stolen => UkeyState::Lost,
        }
    }

    /// What the list says of the certificate.
    pub const fn reason(self) -> RevocationReason {
        match self {
            Self::Suspended => RevocationReason::CertificateHold,
            Self::Lost | Self::Stolen => RevocationReason::KeyCompromise,
        }
    }

    /// Whether it can be reported of a ukey in this state: one that was made for somebody.
    pub const fn is_reported_of(self, state: UkeyState) -> bool {
        match state {
            UkeyState::Issued | UkeyState::HandedOut => true,
            UkeyState::Suspended => !matches!(self, Self::Suspended),
            UkeyState::Blank
            | UkeyState::Allocated
            | UkeyState::Personalising
            | UkeyState::Lost
            | UkeyState::Damaged
            | UkeyState::Returned
            | UkeyState::Destroyed
            | UkeyState::Dispatched => false,
        }
    }

    /// Whether an entry of the list with this reason fulfils the report.
    pub fn is_told_by(self, reason: RevocationReason) -> bool {
        matches!(self, Self::Suspended) || reason != RevocationReason::CertificateHold
    }
}

/// How a suspension ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossEnding {
    /// The ukey was found, by the holder's signed statement.
    Found,
    /// Reported as lost or stolen meanwhile.
    Lost,
    /// The hold had lasted [`HOLD_SECS`].
    HoldOver,
    /// Security revoked the certificate.
    Revoked,
    /// The ukey was given back.
    Returned,
}

impl LossEnding {
    const ALL: [Self; 5] = [
        Self::Found,
        Self::Lost,
        Self::HoldOver,
        Self::Revoked,
        Self::Returned,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Lost => "lost",
            Self::HoldOver => "hold-over",
            Self::Revoked => "revoked",
            Self::Returned => "returned",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.word() == word)
    }
}

/// The clock of a report: it stands once the list was fetched back, or the ukey was found before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossClock {
    /// Seconds from the report until it stood, or until now.
    pub elapsed_secs: i64,
    /// Whether it runs still.
    pub runs: bool,
}

impl LossClock {
    /// Reads the clock.
    pub fn new(reported: Timestamp, stood: Option<Timestamp>, now: Timestamp) -> Self {
        let until = stood.unwrap_or(now);
        Self {
            // A clock that was put back does not count below zero.
            elapsed_secs: (until.unix_secs() - reported.unix_secs()).max(0),
            runs: stood.is_none(),
        }
    }

    /// Whether it went, or goes, beyond [`TARGET_SECS`].
    pub const fn is_overdue(self) -> bool {
        self.elapsed_secs > TARGET_SECS
    }

    /// Hours and minutes, e.g. `17:05`.
    pub fn hours_minutes(self) -> String {
        let minutes = self.elapsed_secs / 60;
        format!("{}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_unix(1_795_507_200 + secs).unwrap()
    }

    #[test]
    fn the_clock_runs_until_the_list_was_fetched_back_and_never_below_zero() {
        let running = LossClock::new(at(0), None, at(TARGET_SECS));
        assert!(running.runs && !running.is_overdue());
        assert_eq!(running.hours_minutes(), "18:00");
        assert!(LossClock::new(at(0), None, at(TARGET_SECS + 1)).is_overdue());
        let stood = LossClock::new(at(0), Some(at(3_900)), at(999_999));
        assert_eq!(stood.hours_minutes(), "1:05");
        assert!(!stood.runs && !stood.is_overdue());
        assert_eq!(LossClock::new(at(9), None, at(0)).elapsed_secs, 0);
    }

    #[test]
    fn what_is_reported_leads_where_the_states_of_a_ukey_let_it() {
        for kind in LossKind::ALL {
            assert_eq!(LossKind::from_word(kind.word()), Some(kind));
            for state in UkeyState::ALL {
                if kind.is_reported_of(state) {
                    assert!(state.may_become(kind.state()), "{kind:?} of {state:?}");
                }
            }
            assert!(!kind.is_reported_of(UkeyState::Blank));
        }
        assert!(LossKind::Lost.is_reported_of(UkeyState::Suspended));
        assert!(!LossKind::Suspended.is_reported_of(UkeyState::Suspended));
        for ending in LossEnding::ALL {
            assert_eq!(LossEnding::from_word(ending.word()), Some(ending));
        }
    }

    #[test]
    fn a_hold_in_the_list_does_not_tell_of_a_loss_for_good() {
        assert!(LossKind::Suspended.is_told_by(RevocationReason::CertificateHold));
        assert!(LossKind::Suspended.is_told_by(RevocationReason::KeyCompromise));
        assert!(!LossKind::Lost.is_told_by(RevocationReason::CertificateHold));
        assert!(LossKind::Stolen.is_told_by(RevocationReason::Superseded));
    }
}
