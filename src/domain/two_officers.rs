//! Acts that one officer proposes and another confirms (D-7), and the superior's waiver of that rule
//! (D-8).

use time::Date;

use super::timestamp::Timestamp;

/// An act of two officers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TwoOfficerAct {
    /// A ukey that nobody dispatched comes into stock.
    Intake,
    /// What is personal and has had its time is erased (D-51).
    Purge,
    /// The clock was looked at and is right (D-61).
    ConfirmClock,
    /// A unit makes for another one (代制, D-4).
    Delegate,
    /// A neighbour's log goes on from a restore (D-52).
    NeighbourHistory,
    /// Work goes on with records that are older than a ukey (D-52).
    OlderRecords,
    /// The auditor sees personal data in full (D-39).
    Reveal,
    /// A record of the stock was wrong (D-7).
    Correction,
    /// A difference of the stock is accepted (D-27).
    Discrepancy,
    /// A ukey ends for good (D-48).
    Destruction,
    /// A certificate is revoked of somebody who left and whose ukey was not brought (D-45).
    Departure,
    /// The shares that let somebody in without a passphrase are made (D-46).
    RecoveryKit,
}

impl TwoOfficerAct {
    /// Whether a waiver stands in for the second officer. D-8 keeps CA unlock, SO PIN release and
    /// destruction for two; D-4 asks for both officers of the county by name, and a look at personal
    /// data that nobody releases would not be released.
    pub const fn waivable(self) -> bool {
        match self {
            Self::Intake
            | Self::Purge
            | Self::ConfirmClock
            | Self::NeighbourHistory
            | Self::Correction
            | Self::Discrepancy
            | Self::Departure => true,
            Self::Delegate
            | Self::OlderRecords
            | Self::Reveal
            | Self::Destruction
            | Self::RecoveryKit => false,
        }
    }
}

/// A waiver is granted for at most so many months (D-8).
pub const MOST_MONTHS: u32 = 12;

/// The superior's signed word that one officer of a unit may do what two confirm elsewhere (D-8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Id of the file that granted it.
    pub id: String,
    /// Code of the unit that it frees.
    pub unit_code: String,
    /// The superior's officer who granted it.
    pub granted_by: String,
    /// When.
    pub granted_at: Timestamp,
    /// Its last day, UTC.
    pub until: Date,
    /// Why.
    pub reason: String,
}

impl Waiver {
    /// Whether it ends within the time that D-8 leaves, and not before it begins.
    pub fn is_lawful(&self) -> bool {
        let begins = self.granted_at.date();
        let latest = self.granted_at.plus_months(MOST_MONTHS).date();
        (begins..=latest).contains(&self.until)
    }

    /// Whether it stands in for a second officer of `unit_code` at this moment.
    pub fn frees(&self, unit_code: &str, act: TwoOfficerAct, now: Timestamp) -> bool {
        let time = self.granted_at <= now && now.date() <= self.until;
        act.waivable() && self.unit_code == unit_code && self.is_lawful() && time
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn waiver(until: Date) -> Waiver {
        Waiver {
            id: "1".to_owned(),
            unit_code: "430100".to_owned(),
            granted_by: "security".to_owned(),
            granted_at: Timestamp::parse("2026-11-25T08:00:00Z").unwrap(),
            until,
            reason: "one officer".to_owned(),
        }
    }

    #[test]
    fn it_holds_twelve_months_and_not_a_day_longer() {
        assert!(waiver(date!(2027 - 11 - 25)).is_lawful());
        assert!(!waiver(date!(2027 - 11 - 26)).is_lawful());
        assert!(!waiver(date!(2026 - 11 - 24)).is_lawful());
    }

    #[test]
    fn it_frees_its_unit_in_its_time_and_never_from_what_two_must_do() {
        let waiver = waiver(date!(2026 - 12 - 01));
        let at = |text| Timestamp::parse(text).unwrap();
        let now = at("2026-12-01T23:59:59Z");
        assert!(waiver.frees("430100", TwoOfficerAct::Intake, now));
        assert!(!waiver.frees("430200", TwoOfficerAct::Intake, now));
        for act in [TwoOfficerAct::Delegate, TwoOfficerAct::Reveal] {
            assert!(!waiver.frees("430100", act, now));
        }
        for wrong in ["2026-12-02T00:00:00Z", "2026-11-25T07:59:59Z"] {
            assert!(!waiver.frees("430100", TwoOfficerAct::Intake, at(wrong)));
        }
    }
}
