//! `UnitCode`: 统一社会信用代码 or 学校标识码, as a type that cannot hold an invalid one (D-17, D-18).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::region;
use super::school_type::SchoolType;
use super::text::half_width;

/// What identifies a unit in its holders' certificates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitCode(Kind);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Credit(String),
    School(String),
}

/// Why a text is no unit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitCodeError {
    /// Neither 18 characters of the alphabet nor 10 digits.
    #[error("a unit code has 18 characters (统一社会信用代码) or 10 digits (学校标识码)")]
    Shape,
    /// The 18th character does not fit (GB 32100).
    #[error("the check character of the 统一社会信用代码 does not fit: one character is wrong")]
    Check,
    /// Positions 9 to 17 are no organisation code (GB 11714).
    #[error("positions 9 to 17 of the 统一社会信用代码 are no organisation code")]
    Organisation,
    /// The first two digits begin no 办学类型.
    #[error("a 学校标识码 begins with the first two digits of a school type")]
    Category,
    /// Digits 3 and 4 are no province.
    #[error("digits 3 and 4 of a 学校标识码 are a province")]
    Province,
}

/// GB 32100-2015: digits and capitals without I, O, S, V, Z.
const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// GB 11714: weights of the eight characters before the check character.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

impl UnitCode {
    /// Normalises white space, full-width and small letters, and checks.
    ///
    /// # Errors
    /// [`UnitCodeError`] with the first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, UnitCodeError> {
        let normal: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| half_width(c).to_ascii_uppercase())
            .take(19)
            .collect();
        match normal.chars().count() {
            10 => school(&normal).map(|()| Self(Kind::School(normal))),
            18 => credit(&normal).map(|()| Self(Kind::Credit(normal))),
            _ => Err(UnitCodeError::Shape),
        }
    }

    /// The text of the code.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Credit(text) | Kind::School(text) => text,
        }
    }

    /// Whether it is a 学校标识码.
    pub const fn is_school_code(&self) -> bool {
        matches!(self.0, Kind::School(_))
    }
}

fn school(text: &str) -> Result<(), UnitCodeError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UnitCodeError::Shape);
    }
    if !text.get(..2).is_some_and(SchoolType::has_category) {
        return Err(UnitCodeError::Category);
    }
    let province = text.get(2..4).and_then(region::province);
    province.map(|_name| ()).ok_or(UnitCodeError::Province)
}

fn credit(text: &str) -> Result<(), UnitCodeError> {
    let value = |c: char| u32::try_from(CREDIT_ALPHABET.find(c)?).ok();
    let values: Option<Vec<u32>> = text.chars().map(value).collect();
    let values = values.ok_or(UnitCodeError::Shape)?;
    // Weights 3^(i-1) mod 31.
    let mut weight = 1;
    let mut sum = 0;
    for value in values.iter().take(17) {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    if values.last() != Some(&((31 - sum % 31) % 31)) {
        return Err(UnitCodeError::Check);
    }
    let organisation: Vec<char> = text.chars().skip(8).take(9).collect();
    let sum: u32 = organisation
        .iter()
        .zip(ORGANISATION_WEIGHTS)
        .map(|(c, weight)| c.to_digit(36).unwrap_or_default() * weight)
        .sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    if organisation.last() == Some(&check) {
        Ok(())
    } else {
        Err(UnitCodeError::Organisation)
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for UnitCode {
    type Error = UnitCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<UnitCode> for String {
    fn from(code: UnitCode) -> Self {
        match code.0 {
            Kind::Credit(text) | Kind::School(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::UnitCodeError as E;
    use super::*;

    const VALID: [&str; 6] = [
        "124300004448800102",
        "11430000006123458L",
        "12430100MB1K234565",
        "52430102MJJ5678955",
        "91430100MA4L00011K",
        "91110000600037341L",
    ];

    #[test]
    fn the_codes_of_d_17_are_taken_however_they_are_typed() {
        for code in VALID {
            assert_eq!(UnitCode::parse(code).unwrap().as_str(), code);
        }
        let typed = UnitCode::parse(" １１430000 006123458l ").unwrap();
        assert_eq!(typed.as_str(), "11430000006123458L");
        assert!(!typed.is_school_code());
    }

    #[test]
    fn other_codes_are_refused_with_their_reason() {
        for (code, reason) in [
            ("", E::Shape),
            ("12430000444880010", E::Shape),
            ("1143000000612345SL", E::Shape),
            ("124300004448800103", E::Check),
            ("0143000001", E::Category),
            ("2199000001", E::Province),
            ("21430000O1", E::Shape),
        ] {
            assert_eq!(UnitCode::parse(code), Err(reason), "{code}");
        }
        assert!(UnitCode::parse("2143000001").unwrap().is_school_code());
        assert!(UnitCode::parse("3443012345").is_ok());
    }

    /// A wrong organisation code with a check character that fits it.
    #[test]
    fn a_code_whose_organisation_part_is_wrong_is_refused() {
        let base = "12430000444880012";
        let reasons: Vec<_> = CREDIT_ALPHABET
            .chars()
            .map(|check| UnitCode::parse(&format!("{base}{check}")))
            .collect();
        assert_eq!(
            reasons
                .iter()
                .filter(|&r| *r == Err(E::Organisation))
                .count(),
            1
        );
        assert!(reasons.iter().all(Result::is_err));
    }

    proptest! {
        #[test]
        fn one_changed_character_is_always_noticed(
            which in 0..VALID.len(), at in 0..18_usize, to in 0..31_usize
        ) {
            let code = VALID[which];
            let mut chars: Vec<char> = code.chars().collect();
            chars[at] = CREDIT_ALPHABET.chars().nth(to).unwrap();
            let changed: String = chars.iter().collect();
            prop_assert_eq!(UnitCode::parse(&changed).is_ok(), changed == code);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            if let Ok(code) = UnitCode::parse(&text) {
                prop_assert_eq!(UnitCode::parse(code.as_str()), Ok(code.clone()));
            }
        }
    }
}
