//! `Departure`: somebody leaves a unit or moves to another one (D-45): for which reason the certificate
//! ends, and what stands in the way.

use super::certificate::RevocationReason;
use super::field_fault::FieldProblem;
use super::request_state::RequestState;

/// How a person and a unit part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Departure {
    /// The person leaves.
    Left,
    /// The unit is closed.
    UnitClosed,
    /// The person moves to another unit, alone or because theirs is merged into it.
    Moved,
}

impl Departure {
    /// What the list of revoked certificates says (D-43); `missing` of a ukey that was suspended and that
    /// nobody brought.
    pub const fn reason(self, missing: bool) -> RevocationReason {
        match self {
            _ if missing => RevocationReason::KeyCompromise,
            Self::Left | Self::Moved => RevocationReason::AffiliationChanged,
            Self::UnitClosed => RevocationReason::CessationOfOperation,
        }
    }

    /// The act in the audit log.
    pub const fn act(self) -> &'static str {
        match self {
            Self::Left => "holder-left",
            Self::UnitClosed => "holder-left-with-unit",
            Self::Moved => "holder-moved",
        }
    }
}

/// Why a request in this state does not end with its person's departure; `live` says whether a certificate
/// of it is active or on hold.
pub const fn obstacle(state: RequestState, live: bool) -> Option<FieldProblem> {
    match state {
        RequestState::Issued | RequestState::HandedOut if live => None,
        RequestState::Personalising | RequestState::Pending => Some(FieldProblem::HolderRunOpen),
        RequestState::Draft
        | RequestState::Submitted
        | RequestState::Approved
        | RequestState::Returned
        | RequestState::Issued
        | RequestState::HandedOut => Some(FieldProblem::HolderNoCertificate),
        RequestState::Closed
        | RequestState::Rejected
        | RequestState::Withdrawn
        | RequestState::Expired => Some(FieldProblem::HolderEnded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_ukey_is_a_compromised_key_however_its_holder_parts() {
        for how in [Departure::Left, Departure::UnitClosed, Departure::Moved] {
            assert_eq!(how.reason(true), RevocationReason::KeyCompromise);
            assert_ne!(how.reason(false), RevocationReason::KeyCompromise);
        }
    }

    #[test]
    fn only_a_request_with_a_live_certificate_ends_with_a_departure() {
        for state in RequestState::ALL {
            let made = matches!(state, RequestState::Issued | RequestState::HandedOut);
            assert_eq!(obstacle(state, true).is_none(), made, "{state:?}");
            let without = obstacle(state, false).unwrap();
            if made {
                assert_eq!(without, FieldProblem::HolderNoCertificate);
            } else {
                assert_eq!(Some(without), obstacle(state, true));
            }
            let ended = state.is_final();
            assert_eq!(without == FieldProblem::HolderEnded, ended, "{state:?}");
        }
    }
}
