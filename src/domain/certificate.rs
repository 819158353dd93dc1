//! Serial numbers, states, reasons and the subject of a holder's certificate (D-38, D-43).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::PublicKeyDer;
use super::timestamp::Timestamp;

/// A certificate serial number: the content octets of a positive DER INTEGER, at most 20 (RFC 5280,
/// 4.1.2.2). Ours have 16 to 20 octets (D-38); another CA gives what it gives. Printed as even-length
/// lower-case hex.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateSerial(Vec<u8>);

/// Which of the CA's keys signed a certificate (D-60): each re-key begins the next one, and the CA's name
/// ends with it, `G2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The CA as it was first made.
    pub const FIRST: Self = Self(1);

    /// The one that takes its place.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "G{}", self.0)
    }
}

/// A text or a string of octets that cannot be a serial number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate serial number is a positive integer of 1 to 20 octets")]
pub struct CertificateSerialError;

impl CertificateSerial {
    /// Makes a serial number from sixteen random octets; the first is moved into 0x40–0x7f so that
    /// it is positive and never shorter.
    pub fn from_random(mut random: [u8; 16]) -> Self {
        let [first, ..] = &mut random;
        *first = *first & 0x3f | 0x40;
        Self(random.to_vec())
    }

    /// Takes the content octets of a DER INTEGER of ours.
    ///
    /// # Errors
    /// [`CertificateSerialError`] for one that this program would not have made.
    pub fn from_octets(octets: &[u8]) -> Result<Self, CertificateSerialError> {
        let serial = Self::from_issued(octets)?;
        serial
            .is_own()
            .then_some(serial)
            .ok_or(CertificateSerialError)
    }

    /// Takes the content octets of the DER INTEGER that some CA gave.
    ///
    /// # Errors
    /// [`CertificateSerialError`] as described there.
    pub fn from_issued(octets: &[u8]) -> Result<Self, CertificateSerialError> {
        let positive = match octets {
            [0, second, ..] => *second > 0x7f, // The sign octet, and only where it is needed.
            [first, ..] => (1..=0x7f).contains(first),
            [] => false,
        };
        if positive && octets.len() <= 20 {
            Ok(Self(octets.to_vec()))
        } else {
            Err(CertificateSerialError)
        }
    }

    /// Whether it is one as this program makes them: at least 16 octets, none of them for the sign.
    pub fn is_own(&self) -> bool {
        self.0.len() >= 16 && self.0.first().is_some_and(|first| *first != 0)
    }

    /// The octets, most significant first.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for CertificateSerial {
    type Error = CertificateSerialError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let octets = hex::decode(text).map_err(|_not_hex| CertificateSerialError)?;
        Self::from_issued(&octets)
    }
}

impl From<CertificateSerial> for String {
    fn from(serial: CertificateSerial) -> Self {
        serial.to_string()
    }
}

/// What the approved record says the certificate's subject is (D-38). Holds no identity number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateSubject {
    /// ST: the province.
    pub province: String,
    /// L: the prefecture.
    pub prefecture: String,
    /// O: the unit's name.
    pub unit: String,
    /// First OU: 统一社会信用代码 or 学校标识码.
    pub unit_code: String,
    /// Second OU: the user types joined by 、, at most 64 characters.
    pub user_types: String,
    /// CN: the holder's name.
    pub name: String,
    /// serialNumber: the random pseudonym of this person in this unit, `PrintableString`.
    pub pseudonym: String,
}

/// What is committed to the store before a certificate is signed (D-36); a redo uses the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueIntent {
    /// The serial number.
    pub serial: CertificateSerial,
    /// notBefore.
    pub not_before: Timestamp,
    /// notAfter.
    pub not_after: Timestamp,
    /// The key to be certified, as read from the ukey in this run.
    pub public_key: PublicKeyDer,
}

/// How far ahead of the order another CA's clock may be behind, in days.
const EARLIER_DAYS: i64 = 1;
/// D-38: one to three years; the longer with a leap day.
const LEAST_DAYS: i64 = 365;
const MOST_DAYS: i64 = 3 * 365 + 1;

impl IssueIntent {
    /// Whether a CA that dates by itself may give these dates: within what was ordered, or one to three
    /// years that begin with the order. `None`, or the name of the date that is refused.
    pub fn date_fault(&self, not_before: Timestamp, not_after: Timestamp) -> Option<&'static str> {
        let begins = self.not_before.plus_days(-EARLIER_DAYS) <= not_before;
        if !begins || not_before >= self.not_after {
            return Some("notBefore");
        }
        let ordered = not_before < not_after && not_after <= self.not_after;
        let policy = not_before.plus_days(LEAST_DAYS) <= not_after
            && not_after <= not_before.plus_days(MOST_DAYS);
        if ordered || policy {
            None
        } else {
            Some("notAfter")
        }
    }
}

/// The days that the certificate of a temporary ukey is valid: 1 to 30 (D-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemporaryDays(u32);

impl TemporaryDays {
    /// Longest validity in days.
    pub const MOST: u32 = 30;

    /// Takes a number of days; `None` for 0 and for more than [`Self::MOST`].
    pub fn new(days: u32) -> Option<Self> {
        (1..=Self::MOST).contains(&days).then_some(Self(days))
    }

    /// The number of days.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A certificate as a PKCS#11 object: the DER encodings that its attributes hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateObject {
    /// `CKA_VALUE`: the certificate.
    pub der: Vec<u8>,
    /// `CKA_SUBJECT`: DER of the Name.
    pub subject: Vec<u8>,
    /// `CKA_ISSUER`: DER of the Name.
    pub issuer: Vec<u8>,
    /// `CKA_SERIAL_NUMBER`: DER of the INTEGER.
    pub serial: Vec<u8>,
}

/// The state of a certificate at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateState {
    /// Valid now, or not yet.
    Active,
    /// certificateHold.
    Hold,
    /// Revoked for good.
    Revoked,
    /// notAfter has passed.
    Expired,
    /// Asked for, not yet there (待下载).
    Pending,
}

impl CertificateState {
    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Hold => "hold",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Pending => "pending",
        }
    }
}

/// Why a certificate is revoked: the names of RFC 5280 5.3.1 that D-43 uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// Lost or stolen.
    KeyCompromise,
    /// Left or moved.
    AffiliationChanged,
    /// Re-key and renewal.
    Superseded,
    /// Unit closed; also a ukey that was written off before it reached its holder.
    CessationOfOperation,
    /// Suspended, at most 24 hours.
    CertificateHold,
    /// Lent to others.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The name in RFC 5280.
    pub const fn word(self) -> &'static str {
        match self {
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_ca_s_dates_are_within_the_order_or_one_to_three_years_from_it() {
        let day = |days| {
            Timestamp::parse("2026-11-24T08:00:00Z")
                .unwrap()
                .plus_days(days)
        };
        let intent = IssueIntent {
            serial: CertificateSerial::from_random([1; 16]),
            not_before: day(0),
            not_after: day(730),
            public_key: PublicKeyDer::new(Vec::new()),
        };
        for (from, to, fault) in [
            (0, 730, None),
            (3, 100, None),
            (-1, 364, None),
            (5, 5 + 1096, None),
            (-2, 700, Some("notBefore")),
            (730, 1100, Some("notBefore")),
            (9, 9, Some("notAfter")),
            (500, 800, Some("notAfter")),
            (0, 1097, Some("notAfter")),
        ] {
            assert_eq!(
                intent.date_fault(day(from), day(to)),
                fault,
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn another_ca_s_serial_is_any_positive_integer_and_reads_back_from_its_text() {
        let long = [0x12; 20];
        for octets in [&[1][..], &[0x7f, 0], &[0, 0x80], &long] {
            let serial = CertificateSerial::from_issued(octets).unwrap();
            assert_eq!(serial.as_octets(), octets);
            assert_eq!(
                CertificateSerial::try_from(serial.to_string()),
                Ok(serial.clone())
            );
            assert_eq!(serial.is_own(), octets.len() == 20);
        }
        for octets in [&[][..], &[0], &[0x80], &[0, 0x7f], &[1; 21]] {
            assert_eq!(
                CertificateSerial::from_issued(octets),
                Err(CertificateSerialError)
            );
        }
        assert!(CertificateSerial::from_octets(&[1]).is_err());
    }

    #[test]
    fn a_random_serial_is_always_positive_and_sixteen_octets_long() {
        for first in [0x00, 0x3f, 0x80, 0xff] {
            let serial = CertificateSerial::from_random([first; 16]);
            assert_eq!(
                CertificateSerial::from_octets(serial.as_octets()),
                Ok(serial)
            );
        }
    }
}
