//! Which requests the superior decides on instead of the own security administrator (D-3, D-6, D-8).

/// What is to be known of a submitted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// It registers an officer (form 1).
    pub registers_officer: bool,
    /// Its holder is an enabled officer of this unit.
    pub holder_is_officer: bool,
    /// The unit has an enabled security administrator with a certificate.
    pub has_security: bool,
}

/// Why the superior decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Form 1: the superior creates the account (D-3, D-6).
    RegistersOfficer,
    /// Holder and maker would be one (D-8).
    HolderIsOfficer,
    /// The unit has no security administrator of its own (D-8).
    NoSecurity,
}

impl Why {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RegistersOfficer => "registers-officer",
            Self::HolderIsOfficer => "holder-is-officer",
            Self::NoSecurity => "no-security",
        }
    }
}

/// Why the superior decides; `None` where the own security administrator may.
pub const fn why(facts: Facts) -> Option<Why> {
    match facts {
        Facts {
            registers_officer: true,
            ..
        } => Some(Why::RegistersOfficer),
        Facts {
            holder_is_officer: true,
            ..
        } => Some(Why::HolderIsOfficer),
        Facts {
            has_security: false,
            ..
        } => Some(Why::NoSecurity),
        Facts {
            registers_officer: false,
            holder_is_officer: false,
            has_security: true,
        } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ordinary_request_in_a_unit_with_security_stays_there() {
        let facts = |registers_officer, holder_is_officer, has_security| Facts {
            registers_officer,
            holder_is_officer,
            has_security,
        };
        assert_eq!(why(facts(false, false, true)), None);
        assert_eq!(why(facts(false, false, false)), Some(Why::NoSecurity));
        assert_eq!(why(facts(false, true, true)), Some(Why::HolderIsOfficer));
        assert_eq!(why(facts(true, true, false)), Some(Why::RegistersOfficer));
    }
}
