//! `IdentityNumber`: a citizen's number that can only hold a valid one (D-14), and how it is masked.

use std::fmt;

use time::{Date, Month};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// A 身份证号 of 18 characters by GB 11643-1999. No `Display`: show [`Self::masked`] (D-39).
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct IdentityNumber(String);

/// Why a text is no identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityNumberError {
    /// Not 18 characters, or others than digits and a last `X`.
    #[error("an identity number has 17 digits and a check character")]
    Shape,
    /// The first two digits are no province.
    #[error("the first two digits are no province")]
    Province,
    /// Digits 7 to 14 are no date.
    #[error("digits 7 to 14 are no date of birth")]
    BirthDate,
    /// Younger than 16 or older than 100.
    #[error("the holder's age is not 16 to 100")]
    Age,
    /// The last character does not fit.
    #[error("the check character does not fit: one character is wrong")]
    Check,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// First two digits in use: GB/T 2260 provinces and the residence permits of D-15.
const PROVINCES: [u32; 37] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, 91, 94,
];

impl IdentityNumber {
    /// Normalises (white space, full-width digits, `x`) and checks against `today`.
    ///
    /// # Errors
    /// [`IdentityNumberError`] with the first rule of D-14 that it breaks.
    pub fn parse(text: &str, today: Date) -> Result<Self, IdentityNumberError> {
        use IdentityNumberError as E;
        let normal: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(normalise)
            .collect();
        let number = Self(normal); // Wiped also when it is refused.
        let digits: Vec<u32> = number
            .0
            .chars()
            .take(17)
            .filter_map(|c| c.to_digit(10))
            .collect();
        let last = number.0.chars().nth(17);
        let (17, 18, Some(last)) = (digits.len(), number.0.chars().count(), last) else {
            return Err(E::Shape);
        };
        if !(last.is_ascii_digit() || last == 'X') {
            return Err(E::Shape);
        }
        let figure = |from: usize, len: usize| {
            digits
                .iter()
                .skip(from)
                .take(len)
                .fold(0, |sum, digit| sum * 10 + digit)
        };
        if !PROVINCES.contains(&figure(0, 2)) {
            return Err(E::Province);
        }
        let year = i32::try_from(figure(6, 4)).map_err(|_large| E::BirthDate)?;
        let month = u8::try_from(figure(10, 2)).map_err(|_large| E::BirthDate)?;
        let day = u8::try_from(figure(12, 2)).map_err(|_large| E::BirthDate)?;
        let month = Month::try_from(month).map_err(|_range| E::BirthDate)?;
        let born = Date::from_calendar_date(year, month, day).map_err(|_range| E::BirthDate)?;
        let sum: u32 = digits
            .iter()
            .zip(WEIGHTS)
            .map(|(digit, weight)| digit * weight)
            .sum();
        let check = usize::try_from(sum % 11)
            .ok()
            .and_then(|index| CHECKS.get(index));
        if check != Some(&last) {
            return Err(E::Check);
        }
        let had_birthday = (today.month() as u8, today.day()) >= (born.month() as u8, born.day());
        let age = today.year() - born.year() - i32::from(!had_birthday);
        if (16..=100).contains(&age) {
            Ok(number)
        } else {
            Err(E::Age)
        }
    }

    /// The number itself. Callers: the request's record, commitments and the weak-PIN check.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The date of birth as `YYYYMMDD`.
    pub fn birth_date(&self) -> &str {
        self.0.get(6..14).unwrap_or_default()
    }

    /// `430102********0012`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// The first six and last four characters of an identity number, the rest as stars.
pub fn mask(number: &str) -> String {
    let count = number.chars().count();
    let star = |(at, c)| if at < 6 || at + 4 >= count { c } else { '*' };
    number.chars().enumerate().map(star).collect()
}

/// The same text with everything in it that looks like an identity number masked: what a person typed
/// comes back in messages, and people type identity numbers where numbers of requests belong (D-39).
pub fn mask_within(text: &str) -> String {
    let looks_like_one = |word: &str| {
        let digits = word.chars().take(17);
        word.chars().count() == 18
            && digits.filter(char::is_ascii_digit).count() == 17
            && word.ends_with(|c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X'))
    };
    text.split_inclusive(|c: char| !c.is_alphanumeric())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            if looks_like_one(word) {
                piece.replace(word, &mask(word))
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

fn normalise(c: char) -> char {
    match c {
        'x' | 'ｘ' | 'Ｘ' => 'X',
        '０'..='９' => {
            char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c)
        }
        other => other,
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut masked = self.masked();
        f.write_str(&masked)?;
        masked.zeroize();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::IdentityNumberError as E;
    use super::*;

    fn parse(text: &str) -> Result<IdentityNumber, E> {
        IdentityNumber::parse(text, time::macros::date!(2026 - 11 - 24))
    }

    #[test]
    fn the_valid_numbers_of_d_14_are_taken() {
        for number in [
            "11010519491231002X",
            "430102199003070012",
            "43010219820715001X",
            "430523198802293318",
            "432831197008150233",
            "433123199511301184",
            "430721196812014027",
            "810000199001010019",
            "820000198206150338",
            "830000197511302243",
            "911124199112310015",
        ] {
            assert!(parse(number).is_ok(), "{number}: {:?}", parse(number));
        }
        let typed = parse(" 4301 0219８２0715001x ").unwrap();
        assert_eq!(typed.expose(), "43010219820715001X");
        assert_eq!(format!("{typed:?}"), "430102********001X");
    }

    #[test]
    fn the_invalid_numbers_of_d_14_are_refused_with_their_reason() {
        for (number, reason) in [
            ("110105194912310021", E::Check),
            ("110105194913310021", E::BirthDate),
            ("430102199002300015", E::BirthDate),
            ("430523198702293310", E::BirthDate),
            ("43010219900307001", E::Shape),
            ("430102900307001", E::Shape),
            ("440524188001010014", E::Age),
            ("990102199003070012", E::Province),
        ] {
            assert_eq!(parse(number).unwrap_err(), reason, "{number}");
        }
    }

    #[test]
    fn an_identity_number_in_a_text_is_masked_and_other_numbers_are_not() {
        assert_eq!(
            mask_within("2026-0017: 439900199505051236, 43990019950505123x"),
            "2026-0017: 439900********1236, 439900********123x"
        );
        for text in [
            "",
            "2026-0017",
            "0123456789abcdef0123",
            "a439900199505051236",
            "4399 0019",
        ] {
            assert_eq!(mask_within(text), text);
        }
    }
}
