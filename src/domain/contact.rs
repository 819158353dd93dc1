//! `Mobile`, `OfficePhone`, `Email`: how a holder is reached (D-16). Each holds a valid one only.

use serde::{Deserialize, Serialize};

use super::text::half_width;

macro_rules! contact {
    ($($(#[$doc:meta])* $name:ident = $check:ident, $rule:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Normalises and checks.
            ///
            /// # Errors
            /// [`ContactError`] with the shape that is asked for.
            pub fn parse(text: &str) -> Result<Self, ContactError> {
                $check(text).map(Self).ok_or(ContactError($rule))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([elided])"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ContactError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    )+};
}

/// A text of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ContactError(&'static str);

contact! {
    /// A 手机号码 of the mainland: eleven digits.
    Mobile = mobile, "a mobile number has 11 digits and begins with 13 to 19";
    /// An 办公电话.
    OfficePhone = office_phone, "an office phone looks like 0731-84402950 or 84402950-801";
    /// An 电子邮箱 of the shape of RFC 5321.
    Email = email, "an e-mail address looks like name@example.cn";
}

fn mobile(text: &str) -> Option<String> {
    let plain = plain(text);
    let digits: String = plain.chars().filter(|c| *c != '-').collect();
    let digits = digits.strip_prefix("+86").unwrap_or(&digits);
    let bytes = digits.as_bytes();
    let shape = bytes.len() == 11
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes.first() == Some(&b'1')
        && bytes.get(1).is_some_and(|digit| *digit >= b'3');
    shape.then(|| digits.to_owned())
}

fn office_phone(text: &str) -> Option<String> {
    let text = plain(text);
    let is_digits = |part: &str, min: usize, max: usize| {
        (min..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_area = |part: &str| part.starts_with('0') && is_digits(part, 3, 4);
    let parts: Vec<&str> = text.split('-').collect();
    let fits = match parts.as_slice() {
        [area, number, extension] => {
            is_area(area) && is_digits(number, 7, 8) && is_digits(extension, 1, 6)
        }
        [first, second] => {
            (is_area(first) && is_digits(second, 7, 8))
                || (is_local(first) && is_digits(second, 1, 6))
        }
        [number] => is_local(number),
        _ => false,
    };
    fits.then_some(text)
}

/// Seven or eight digits, with or without an area code before them.
fn is_local(number: &str) -> bool {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    digits
        && ((7..=8).contains(&number.len())
            || (number.starts_with('0') && (10..=12).contains(&number.len())))
}

fn email(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(255).map(half_width).collect();
    let (local, domain) = text.rsplit_once('@')?;
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    let local_fits = local
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(atom));
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    // The last label of a domain is never a number: that would be an address of a machine.
    let top = domain.rsplit('.').next()?;
    let fits = (1..=64).contains(&local.len())
        && text.len() <= 254
        && domain.contains('.')
        && local_fits
        && domain.split('.').all(label)
        && !top.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(text)
}

/// Without white space, in half-width characters, dashes as hyphens; a text longer than any phone
/// number is cut and refused for its length.
fn plain(text: &str) -> String {
    let chars = text.chars().filter(|c| !c.is_whitespace()).take(40);
    chars
        .map(|c| match half_width(c) {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_normalised_or_refused() {
        assert_eq!(
            Mobile::parse("+86 138-1234-5678").unwrap().as_str(),
            "13812345678"
        );
        assert_eq!(
            Mobile::parse("＋８６１３８－１２３４－５６７８")
                .unwrap()
                .as_str(),
            "13812345678"
        );
        for mobile in [
            "12812345678",
            "1381234567",
            "138123456789",
            "8613812345678",
            "1381234567x",
        ] {
            assert!(Mobile::parse(mobile).is_err(), "{mobile}");
        }
        for phone in [
            "0731-84402950",
            "84402950",
            "84402950-801",
            "073184402950",
            "0731-84402950-12",
        ] {
            assert!(OfficePhone::parse(phone).is_ok(), "{phone}");
        }
        for phone in ["123", "0731-84402950-1234567", "a8440295", "1-2-3-4"] {
            assert!(OfficePhone::parse(phone).is_err(), "{phone}");
        }
        assert!(Email::parse("li.hua@edu.example.cn").is_ok());
        for address in [
            "li.hua",
            "@example.cn",
            "a@b",
            "a..b@example.cn",
            ".a@example.cn",
            "a@-example.cn",
            "a@example-.cn",
            "a@example..cn",
            "a@10.0.0.1",
            "a b@example.cn",
            "a@b@",
            "李@example.cn",
        ] {
            assert!(Email::parse(address).is_err(), "{address}");
        }
    }
}
