//! `Pin`: a PIN that can be used and never be printed, and which user PINs are too weak (D-37).

use std::fmt;

use crate::memory::SecretBytes;

/// A user PIN or SO PIN: 4 to 64 bytes of printable ASCII. Has no `Display` and no `Serialize`;
/// `Debug` prints `[elided]`; locked in memory where the system can, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(SecretBytes);

/// Why a text is no PIN at all, whatever the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Shorter than four or longer than 64 bytes.
    #[error("a PIN has 4 to 64 characters, this one has {bytes}")]
    Length {
        /// Length of the refused text in bytes.
        bytes: usize,
    },
    /// A character that not every keyboard and module agrees on.
    #[error("a PIN holds digits, letters and signs of ASCII only")]
    Character,
}

/// Why a user PIN is refused (D-37).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPin {
    /// Shorter than the profile asks.
    #[error("the PIN needs at least {min} characters")]
    TooShort {
        /// Least number of characters.
        min: usize,
    },
    /// Longer than the profile allows.
    #[error("the PIN may have at most {max} characters")]
    TooLong {
        /// Greatest number of characters.
        max: usize,
    },
    /// The profile allows digits only.
    #[error("this ukey takes digits only")]
    NotDigits,
    /// `12345678`, `87654321`, `abcdefgh`.
    #[error("the PIN counts up or down")]
    Run,
    /// `11111111`, `12121212`, `12341234`.
    #[error("the PIN repeats itself")]
    Repeat,
    /// Birth date, phone number or end of the identity number.
    #[error("the PIN is part of the holder's own numbers")]
    Personal,
}

/// What user PINs one ukey model takes; the figures come from its token profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinPolicy {
    /// Least number of characters, never below 6.
    pub min_len: usize,
    /// Greatest number of characters.
    pub max_len: usize,
    /// Whether only `0`–`9` are allowed.
    pub alphabet: PinAlphabet,
}

/// The characters that a ukey model takes in a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinAlphabet {
    /// `0` to `9`.
    Digits,
    /// Printable ASCII.
    Ascii,
}

/// A rule that who types a PIN sees met or not met, while it is typed. [`Pin::check`] decides; it knows the
/// holder's own numbers too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinRule {
    /// Neither too short nor too long.
    Length,
    /// Only characters that the model takes.
    Characters,
    /// It neither counts up nor down.
    NoRun,
    /// It does not repeat itself.
    NoRepeat,
}

impl PinRule {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Length, Self::Characters, Self::NoRun, Self::NoRepeat];

    /// Whether what is typed so far meets it; nothing typed meets none.
    pub fn is_met(self, typed: &str, policy: &PinPolicy) -> bool {
        let bytes = typed.as_bytes();
        !bytes.is_empty()
            && match self {
                Self::Length => (policy.min_len..=policy.max_len).contains(&bytes.len()),
                Self::Characters => match policy.alphabet {
                    PinAlphabet::Digits => bytes.iter().all(u8::is_ascii_digit),
                    PinAlphabet::Ascii => bytes.iter().all(u8::is_ascii_graphic),
                },
                // One character does neither.
                Self::NoRun => bytes.len() > 1 && !counts(bytes),
                Self::NoRepeat => bytes.len() > 1 && !repeats(bytes),
            }
    }
}

impl Pin {
    /// Takes a PIN as typed or generated. The caller's own copy stays the caller's to wipe.
    ///
    /// # Errors
    /// [`PinError`] when the length or a character is out of range.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        if !(4..=64).contains(&text.len()) {
            return Err(PinError::Length { bytes: text.len() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PinError::Character);
        }
        Ok(Self(SecretBytes::copied(text.as_bytes())))
    }

    /// Makes `digits` decimal digits from as many random bytes, without bias: bytes above 249 are
    /// passed over, so the caller brings more bytes than digits. `None` when they run out.
    pub fn from_random_digits(digits: usize, random: &[u8]) -> Option<Self> {
        Self::from_random(digits, b"0123456789", random)
    }

    /// Makes an SO PIN of `chars` letters and digits without look-alikes, as above.
    pub fn from_random_letters(chars: usize, random: &[u8]) -> Option<Self> {
        Self::from_random(chars, b"23456789abcdefghjkmnpqrstuvwxyz", random)
    }

    fn from_random(chars: usize, alphabet: &[u8], random: &[u8]) -> Option<Self> {
        let fair = 256 - 256 % alphabet.len();
        let mut drawn = random
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair)
            .filter_map(|byte| alphabet.get(byte % alphabet.len()));
        let mut text = SecretBytes::zeroed(chars);
        for place in text.iter_mut() {
            *place = *drawn.next()?;
        }
        Some(Self(text))
    }

    /// The secret itself. Callers: the worker protocol, the seals, a PIN letter, the practice
    /// secrets file.
    #[expect(clippy::missing_panics_doc, reason = "every maker takes ASCII alone")]
    pub fn expose(&self) -> &str {
        str::from_utf8(&self.0).expect("a PIN is ASCII")
    }

    /// Checks a user PIN against the model's policy and the holder's own numbers (birth date as
    /// `YYYYMMDD`, phone, identity number).
    ///
    /// # Errors
    /// [`WeakPin`] with the first rule it breaks.
    pub fn check(&self, policy: &PinPolicy, personal: &[&str]) -> Result<(), WeakPin> {
        let bytes = &self.0;
        if bytes.len() < policy.min_len {
            return Err(WeakPin::TooShort {
                min: policy.min_len,
            });
        }
        if bytes.len() > policy.max_len {
            return Err(WeakPin::TooLong {
                max: policy.max_len,
            });
        }
        if policy.alphabet == PinAlphabet::Digits && !bytes.iter().all(u8::is_ascii_digit) {
            return Err(WeakPin::NotDigits);
        }
        if counts(bytes) {
            return Err(WeakPin::Run);
        }
        if repeats(bytes) {
            return Err(WeakPin::Repeat);
        }
        if personal.iter().any(|own| shares_six_characters(own, bytes)) {
            return Err(WeakPin::Personal);
        }
        Ok(())
    }
}

/// Whether it counts up or down throughout.
fn counts(pin: &[u8]) -> bool {
    let steps = || {
        let pairs = pin.iter().zip(pin.iter().skip(1));
        pairs.map(|(a, b)| i16::from(*b) - i16::from(*a))
    };
    steps().all(|step| step == 1) || steps().all(|step| step == -1)
}

/// Whether it is one stretch over and over.
fn repeats(pin: &[u8]) -> bool {
    let again = |period: usize| {
        let mut pairs = pin.iter().zip(pin.iter().skip(period));
        pairs.all(|(a, b)| a == b)
    };
    (1..=pin.len() / 2).any(again)
}

/// Whether a stretch of six characters stands in both.
fn shares_six_characters(own: &str, pin: &[u8]) -> bool {
    own.as_bytes()
        .windows(6)
        .any(|part| pin.windows(6).any(|other| part == other))
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[elided]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: PinPolicy = PinPolicy {
        min_len: 6,
        max_len: 16,
        alphabet: PinAlphabet::Ascii,
    };

    fn check(pin: &str) -> Result<(), WeakPin> {
        Pin::parse(pin)
            .unwrap()
            .check(&POLICY, &["19900307", "13812345678", "430102199003070012"])
    }

    #[test]
    fn what_meets_every_rule_that_is_shown_is_refused_for_the_holders_numbers_alone() {
        for pin in [
            "",
            "1",
            "59301746",
            "59301",
            "12345678",
            "87654321",
            "11111111",
            "12341234",
            "abcdefgh",
            "5930174659301746",
            "59301746593017461",
            "密码密码密码",
            "a b c d e",
            "19900307",
            "x7#Kq2!m",
        ] {
            let met = PinRule::ALL.iter().all(|rule| rule.is_met(pin, &POLICY));
            let judged = Pin::parse(pin).map(|pin| pin.check(&POLICY, &[]));
            assert_eq!(met, judged == Ok(Ok(())), "{pin}");
        }
        assert!(PinRule::Length.is_met("12345678", &POLICY));
        assert!(!PinRule::NoRun.is_met("12345678", &POLICY));
        let digits = PinPolicy {
            alphabet: PinAlphabet::Digits,
            ..POLICY
        };
        assert!(!PinRule::Characters.is_met("5930174a", &digits));
    }

    #[test]
    fn weak_user_pins_are_refused_with_the_rule_they_break() {
        assert_eq!(check("59301746"), Ok(()));
        assert_eq!(check("59301"), Err(WeakPin::TooShort { min: 6 }));
        assert_eq!(
            check("59301746593017460"),
            Err(WeakPin::TooLong { max: 16 })
        );
        assert_eq!(check("12345678"), Err(WeakPin::Run));
        assert_eq!(check("876543"), Err(WeakPin::Run));
        assert_eq!(check("11111111"), Err(WeakPin::Repeat));
        assert_eq!(check("12341234"), Err(WeakPin::Repeat));
        assert_eq!(check("19900307"), Err(WeakPin::Personal));
        assert_eq!(check("12345679"), Err(WeakPin::Personal));
        assert_eq!(check("070012"), Err(WeakPin::Personal));
    }

    #[test]
    fn a_pin_never_shows_in_debug_output() {
        let pin = Pin::parse("59301746").unwrap();
        assert_eq!(format!("{pin:?}"), "[elided]");
    }

    #[test]
    fn random_pins_have_the_asked_length_or_do_not_exist() {
        let random: Vec<u8> = (0..=255).collect();
        assert_eq!(
            Pin::from_random_digits(8, &random).unwrap().expose(),
            "01234567"
        );
        assert!(Pin::from_random_digits(8, &[255; 64]).is_none());
        assert_eq!(
            Pin::from_random_letters(24, &random)
                .unwrap()
                .expose()
                .len(),
            24
        );
    }
}
