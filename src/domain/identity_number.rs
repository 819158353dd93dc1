//! `IdentityNumber`: the number of an identity document of any kind of D-14 and D-15, which can only
//! hold a valid one, and how it is masked.

use std::fmt;

use time::{Date, Month};
use zeroize::{Zeroize as _, Zeroizing};

use super::region;
use super::text::{half_width, masked};
use super::unit_code::UnitCode;

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = mask(&self.0);
                f.write_str(&shown)?;
                shown.zeroize();
                Ok(())
            }
        }
    )+};
}

number! {
    /// 18 characters by GB 11643-1999.
    CitizenNumber,
    /// 18 characters that begin with 81, 82 or 83.
    PermitNumber,
    /// 18 characters that begin with 9.
    ForeignNumber,
    /// Three letters and twelve digits.
    OldForeignNumber,
    /// Seven to nine letters and digits.
    PassportNumber,
}

/// A number with the document it stands on. Only [`IdentityNumber::parse`] makes one: the numbers
/// inside cannot be made elsewhere. No `Display`: show [`Self::masked`] (D-39).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityNumber {
    /// 居民身份证 (D-14).
    Citizen(CitizenNumber),
    /// 港澳台居民居住证 (D-15).
    ResidencePermit(PermitNumber),
    /// 外国人永久居留身份证 of 2023.
    ForeignPermanent(ForeignNumber),
    /// 外国人永久居留身份证 of 2017.
    ForeignPermanent2017(OldForeignNumber),
    /// 护照: its format only.
    Passport(PassportNumber),
}

/// Why a text is no identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityNumberError {
    /// No document has a number of this shape.
    #[error("an identity number has 17 digits and a check character")]
    Shape,
    /// The first two digits (of a foreigner's number: the second and third) are no province.
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

/// ISO 7064 MOD 11-2.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// First two digits of 港澳台居民居住证: Hong Kong, Macao, Taiwan.
const PERMITS: [&str; 3] = ["81", "82", "83"];
/// Before a passport number without letters, so that no cut-off citizen's number passes for one.
const PASSPORT: &str = "护照";

impl IdentityNumber {
    /// Normalises (white space, full-width characters, small letters), finds the document by the
    /// number's shape and checks it against `today`.
    ///
    /// # Errors
    /// [`IdentityNumberError`] with the first rule of D-14 or D-15 that it breaks.
    pub fn parse(text: &str, today: Date) -> Result<Self, IdentityNumberError> {
        let number = normalised(text);
        let count = number.chars().count();
        if let Some(passport) = number.strip_prefix(PASSPORT) {
            let passport = passport.trim_start_matches(':');
            return if is_passport(passport) {
                let plain = passport.bytes().any(|byte| byte.is_ascii_uppercase());
                let prefix = if plain { "" } else { PASSPORT };
                let kept = Zeroizing::new(format!("{prefix}{passport}"));
                Ok(Self::Passport(PassportNumber(kept)))
            } else {
                Err(IdentityNumberError::Shape)
            };
        }
        if count == 18 {
            return eighteen(number, today);
        }
        let letters = number.bytes().filter(u8::is_ascii_uppercase).count();
        if count == 15 && letters == 3 && is_old_foreign(&number) {
            return Ok(Self::ForeignPermanent2017(OldForeignNumber(number)));
        }
        if letters > 0 && is_passport(&number) {
            return Ok(Self::Passport(PassportNumber(number)));
        }
        Err(IdentityNumberError::Shape)
    }

    /// The number itself. Callers: the request's record, commitments, the search hash and the
    /// weak-PIN check.
    pub fn expose(&self) -> &str {
        match self {
            Self::Citizen(CitizenNumber(text))
            | Self::ResidencePermit(PermitNumber(text))
            | Self::ForeignPermanent(ForeignNumber(text))
            | Self::ForeignPermanent2017(OldForeignNumber(text))
            | Self::Passport(PassportNumber(text)) => text,
        }
    }

    /// The date of birth: `YYYYMMDD`, of a number of 2017 `YYMMDD`, of a passport nothing.
    pub fn birth_date(&self) -> &str {
        let range = match self {
            Self::Citizen(_) | Self::ResidencePermit(_) | Self::ForeignPermanent(_) => 6..14,
            Self::ForeignPermanent2017(_) => 7..13,
            Self::Passport(_) => 0..0,
        };
        self.expose().get(range).unwrap_or_default()
    }

    /// Six digits that no table of this program knows, which only warns: codes are frozen at issue,
    /// so many holders carry abolished ones (D-14).
    pub fn unknown_region(&self) -> Option<&str> {
        let Self::Citizen(number) = self else {
            return None;
        };
        number.0.get(..6).filter(|code| region::is_unknown(code))
    }

    /// The document's name in Chinese.
    pub const fn document(&self) -> &'static str {
        match self {
            Self::Citizen(_) => "居民身份证",
            Self::ResidencePermit(_) => "港澳台居民居住证",
            Self::ForeignPermanent(_) | Self::ForeignPermanent2017(_) => "外国人永久居留身份证",
            Self::Passport(_) => "护照",
        }
    }

    /// `430102********0012`.
    pub fn masked(&self) -> String {
        mask(self.expose())
    }
}

/// A number as it is shown: the first six and last four characters of a long one, of a short one the
/// first and last two.
pub fn mask(number: &str) -> String {
    if number.chars().nth(14).is_some() {
        masked(number, 6, 4)
    } else {
        masked(number, 2, 2)
    }
}

/// The same text with everything in it that looks like a number of an identity document masked: what a
/// person typed comes back in messages, and people type such numbers where numbers of requests belong
/// (D-39). Digits may be of full width, and in groups with spaces between.
pub fn mask_within(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut shown = String::new();
    let mut at = 0;
    while let Some(rest) = chars.get(at..)
        && let Some(first) = rest.first()
    {
        let length = document_length(rest);
        if length == 0 {
            // A word or a gap that is none goes on as it is.
            let word = |c: &&char| c.is_alphanumeric() == first.is_alphanumeric();
            let plain: String = rest.iter().take_while(word).collect();
            at += plain.chars().count();
            shown.push_str(&plain);
        } else {
            let number: String = rest.iter().take(length).collect();
            let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
            shown.push_str(&mask(&number));
            at += length;
        }
    }
    shown
}

/// How many characters at the beginning of a word look like a document's number; 0: it does not.
fn document_length(text: &[char]) -> usize {
    let mut word = String::new();
    let mut length = 0;
    for (at, c) in text.iter().enumerate() {
        let c = half_width(*c).to_ascii_uppercase();
        if c.is_ascii_alphanumeric() {
            word.push(c);
            length = at + 1;
        } else if c.is_alphanumeric() {
            return 0; // Another script goes on in the same word.
        } else if c != ' ' || looks_like_one(&word) || digits(&word) < 6 {
            break;
        }
    }
    if looks_like_one(&word) { length } else { 0 }
}

/// Whether a word is built like the number of a document.
fn looks_like_one(word: &str) -> bool {
    let letters = word.len() - digits(word);
    let head = word.chars().take_while(char::is_ascii_alphabetic).count();
    match word.len() {
        18 if is_unit_code(word) => false,
        18 => letters == 0 || (letters == 1 && word.ends_with('X')),
        // Permanent residence of before 2023: three letters, twelve digits.
        15 => letters == 3 && head == 3,
        // Passports: one or two letters, then digits.
        8 | 9 => (1..=2).contains(&head) && letters == head,
        _ => false,
    }
}

/// Whether a word is the code of a unit (GB 32100), and nobody is born on its seventh to fourteenth digit: in
/// the name of a file, or of a unit, it is to be read.
fn is_unit_code(word: &str) -> bool {
    let part = |from, to| word.get(from..to).and_then(|text| text.parse::<u32>().ok());
    let birth = part(6, 10).zip(part(10, 12)).zip(part(12, 14));
    let born = birth.is_some_and(|((year, month), day)| {
        (1850..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    });
    !born && UnitCode::parse(word).is_ok()
}

fn digits(word: &str) -> usize {
    word.chars().filter(char::is_ascii_digit).count()
}

fn normalised(text: &str) -> Zeroizing<String> {
    // One character more than the longest prefixed passport: a longer text is refused all the same.
    let chars = text.chars().filter(|c| !c.is_whitespace());
    let chars = chars.map(|c| half_width(c).to_ascii_uppercase());
    Zeroizing::new(chars.take(20).collect())
}

/// A number of 18 characters: its kind by the first digits, then the rules that all three share.
fn eighteen(number: Zeroizing<String>, today: Date) -> Result<IdentityNumber, IdentityNumberError> {
    use IdentityNumberError as E;
    let head = number.get(..17).ok_or(E::Shape)?;
    let last = number.get(17..).and_then(|tail| tail.chars().next());
    let last = last.ok_or(E::Shape)?;
    let digits: Option<Vec<u32>> = head.chars().map(|c| c.to_digit(10)).collect();
    let digits = digits.ok_or(E::Shape)?;
    if !(last.is_ascii_digit() || last == 'X') {
        return Err(E::Shape);
    }
    let foreign = number.starts_with('9');
    let permit = PERMITS.iter().any(|first| number.starts_with(first));
    let province = number.get(if foreign { 1..3 } else { 0..2 });
    if !permit && province.and_then(region::province).is_none() {
        return Err(E::Province);
    }
    let born = date(&digits).ok_or(E::BirthDate)?;
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
    if !(16..=100).contains(&age) {
        return Err(E::Age);
    }
    Ok(if foreign {
        IdentityNumber::ForeignPermanent(ForeignNumber(number))
    } else if permit {
        IdentityNumber::ResidencePermit(PermitNumber(number))
    } else {
        IdentityNumber::Citizen(CitizenNumber(number))
    })
}

/// Digits 7 to 14 as a date.
fn date(digits: &[u32]) -> Option<Date> {
    let figure = |from: usize, len: usize| {
        let digits = digits.iter().skip(from).take(len);
        digits.fold(0, |sum, digit| sum * 10 + digit)
    };
    let year = i32::try_from(figure(6, 4)).ok()?;
    let month = Month::try_from(u8::try_from(figure(10, 2)).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(figure(12, 2)).ok()?).ok()
}

fn is_old_foreign(number: &str) -> bool {
    let (letters, digits) = number.as_bytes().split_at(3);
    letters.iter().all(u8::is_ascii_uppercase) && digits.iter().all(u8::is_ascii_digit)
}

/// ICAO 9303 has room for nine characters; passports in use have seven or more, mostly digits.
fn is_passport(number: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (7..=9).contains(&number.len()) && number.bytes().all(allowed) && digits >= 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::IdentityNumberError as E;
    use super::*;

    const VALID: [&str; 11] = [
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
    ];

    fn parse(text: &str) -> Result<IdentityNumber, E> {
        IdentityNumber::parse(text, time::macros::date!(2026 - 11 - 24))
    }

    #[test]
    fn the_valid_numbers_of_d_14_and_d_15_are_taken_as_their_kind() {
        for number in VALID {
            let parsed = parse(number).unwrap();
            assert_eq!(parsed.expose(), number);
            let kind = match number.get(..2).unwrap() {
                "81" | "82" | "83" => "港澳台居民居住证",
                "91" => "外国人永久居留身份证",
                _ => "居民身份证",
            };
            assert_eq!(parsed.document(), kind, "{number}");
        }
        let typed = parse(" 4301 0219８２0715001x\u{3000}").unwrap();
        assert_eq!(typed.expose(), "43010219820715001X");
        assert_eq!(format!("{typed:?}"), "Citizen(430102********001X)");
        assert_eq!(typed.birth_date(), "19820715");
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
            ("", E::Shape),
            ("4301021990030700123", E::Shape),
            ("43010219900307001Y", E::Shape),
            ("X30102199003070012", E::Shape),
            ("一二三四五六七八九十一二三四五六七八", E::Shape),
        ] {
            assert_eq!(parse(number).unwrap_err(), reason, "{number}");
        }
        assert_eq!(parse(&"4".repeat(10_000_000)).unwrap_err(), E::Shape);
    }

    #[test]
    fn foreigners_numbers_of_2017_and_passports_are_told_by_their_format() {
        let old = parse("can110184010112").unwrap();
        assert_eq!(old.expose(), "CAN110184010112");
        assert_eq!(old.document(), "外国人永久居留身份证");
        assert_eq!(old.birth_date(), "840101");
        for (passport, kept) in [
            ("E12345678", "E12345678"),
            ("ea1234567", "EA1234567"),
            ("C01X00T47", "C01X00T47"),
            ("护照 123456789", "护照123456789"),
            ("护照：G1234567", "G1234567"),
        ] {
            let parsed = parse(passport).unwrap();
            assert_eq!((parsed.document(), parsed.expose()), ("护照", kept));
            assert_eq!(parse(parsed.expose()), Ok(parsed));
        }
        for bad in [
            "123456789",
            "E12345",
            "ABCDEFGHI",
            "护照",
            "CAN11018401011",
            "护照4301021990",
        ] {
            assert_eq!(parse(bad).unwrap_err(), E::Shape, "{bad}");
        }
    }

    #[test]
    fn abolished_regions_are_taken_and_named() {
        let parsed = parse("432831197008150233").unwrap();
        assert_eq!(parsed.unknown_region(), Some("432831"));
        assert_eq!(parse("430721196812014027").unwrap().unknown_region(), None);
        assert_eq!(parse("11010519491231002X").unwrap().unknown_region(), None);
    }

    #[test]
    fn the_age_is_counted_to_the_day() {
        let at = |day| IdentityNumber::parse("430102199003070012", day).map(|_ok| ());
        assert_eq!(at(time::macros::date!(2006 - 03 - 06)), Err(E::Age));
        assert_eq!(at(time::macros::date!(2006 - 03 - 07)), Ok(()));
        assert_eq!(at(time::macros::date!(2091 - 03 - 06)), Ok(()));
        assert_eq!(at(time::macros::date!(2091 - 03 - 07)), Err(E::Age));
    }

    /// A valid number of an invented person.
    fn valid_number() -> impl Strategy<Value = String> {
        let province = prop::sample::select(vec!["43", "11", "52", "83", "944"]);
        (
            province,
            0..10_000_u32,
            1930..2010_u32,
            1..13_u32,
            1..29_u32,
            0..1000_u32,
        )
            .prop_map(|(province, county, year, month, day, order)| {
                let mut head = format!("{province}{county:04}");
                head.truncate(6);
                let head = format!("{head}{year}{month:02}{day:02}{order:03}");
                let sum: u32 = head
                    .chars()
                    .zip(WEIGHTS)
                    .map(|(c, weight)| c.to_digit(10).unwrap() * weight)
                    .sum();
                format!("{head}{}", CHECKS[(sum % 11) as usize])
            })
    }

    proptest! {
        #[test]
        fn every_changed_and_every_swapped_digit_is_noticed(number in valid_number()) {
            prop_assert!(parse(&number).is_ok());
            let chars: Vec<char> = number.chars().collect();
            for at in 0..18 {
                for to in "0123456789X".chars().filter(|to| *to != chars[at]) {
                    let mut changed = chars.clone();
                    changed[at] = to;
                    let changed: String = changed.into_iter().collect();
                    prop_assert!(parse(&changed).is_err(), "{} for {}", changed, number);
                }
                if at < 17 && chars[at] != chars[at + 1] {
                    let mut swapped = chars.clone();
                    swapped.swap(at, at + 1);
                    let swapped: String = swapped.into_iter().collect();
                    prop_assert!(parse(&swapped).is_err(), "{} for {}", swapped, number);
                }
            }
            for cut in 1..18 {
                prop_assert!(parse(&number[..cut]).is_err());
            }
        }

        #[test]
        fn typing_never_changes_which_number_it_is(number in valid_number()) {
            let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
            let typed: String = number.to_lowercase().chars().flat_map(|c| [wide(c), ' ']).collect();
            let parsed = parse(&typed).unwrap();
            prop_assert_eq!(parsed.expose(), number.as_str());
        }

        #[test]
        fn no_text_makes_it_panic_and_what_is_taken_is_taken_again(text in "\\PC{0,30}") {
            if let Ok(parsed) = parse(&text) {
                prop_assert_eq!(parse(parsed.expose()).unwrap(), parsed);
            }
        }
    }

    #[test]
    fn an_identity_number_in_a_text_is_masked_and_other_numbers_are_not() {
        assert_eq!(
            mask_within("2026-0017: 439900199505051236, 43990019950505123x"),
            "2026-0017: 439900********1236, 439900********123x"
        );
        for (typed, shown) in [
            ("124300004448800102-0003", "124300004448800102-0003"),
            ("439900 19950505 1236!", "439900********1236!"),
            (
                "４３９９００１９９５０５０５１２３６",
                "４３９９００********１２３６",
            ),
            ("CAN110078012301 E12345678", "CAN110*****2301 E1*****78"),
        ] {
            assert_eq!(mask_within(typed), shown);
        }
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
