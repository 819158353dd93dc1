//! What a card says of its kind when it is powered (Answer To Reset, ISO 7816-3), and the patterns by
//! which token profiles name kinds. An ATR never identifies one ukey.

use std::fmt;
use std::str::FromStr;

use hex::FromHex as _;
use serde::{Deserialize, Serialize};

/// Longest ATR (ISO 7816-3: the initial character and 32 more).
const MAX_BYTES: usize = 33;

/// An ATR: 1 to 33 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atr(Vec<u8>);

impl Atr {
    /// Takes what the reader gave; `None` when it is no ATR.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (1..=MAX_BYTES)
            .contains(&bytes.len())
            .then(|| Self(bytes.to_owned()))
    }
}

impl fmt::Display for Atr {
    /// As profiles write it: `3B:9F:95`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

/// The beginning of ATRs, e.g. `3B:9F:..:81`: hex bytes, `..` for any byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AtrPattern(Vec<Option<u8>>);

/// A text that is no ATR pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no ATR pattern: 1 to 33 bytes in hex such as 3B:9F:..:81, not all of them ..")]
pub struct AtrPatternError(String);

impl AtrPattern {
    /// Whether the ATR begins so.
    pub fn fits(&self, atr: &Atr) -> bool {
        self.0.len() <= atr.0.len()
            && self
                .0
                .iter()
                .zip(&atr.0)
                .all(|(wanted, byte)| wanted.is_none_or(|wanted| wanted == *byte))
    }

    /// How many bytes it fixes: the more, the closer it is to one kind of card.
    pub fn exactness(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

impl FromStr for AtrPattern {
    type Err = AtrPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AtrPatternError(text.to_owned());
        let byte = |pair: &str| match pair {
            ".." => Some(None),
            pair => <[u8; 1]>::from_hex(pair).ok().map(|[byte]| Some(byte)),
        };
        let bytes: Option<Vec<_>> = text.split(':').map(byte).collect();
        let pattern = Self(bytes.ok_or_else(wrong)?);
        if pattern.0.len() > MAX_BYTES || pattern.exactness() == 0 {
            return Err(wrong());
        }
        Ok(pattern)
    }
}

impl TryFrom<String> for AtrPattern {
    type Error = AtrPatternError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AtrPattern> for String {
    fn from(pattern: AtrPattern) -> Self {
        let pairs = pattern.0.iter().map(|byte| match byte {
            Some(byte) => format!("{byte:02X}"),
            None => "..".to_owned(),
        });
        pairs.collect::<Vec<_>>().join(":")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atr(text: &str) -> Atr {
        Atr::from_bytes(&hex::decode(text.replace(':', "")).unwrap()).unwrap()
    }

    #[test]
    fn a_pattern_is_a_beginning_in_which_two_dots_are_any_byte() {
        let pattern: AtrPattern = "3B:9f:..:81".parse().unwrap();
        assert!(pattern.fits(&atr("3B:9F:95:81:31")));
        assert!(pattern.fits(&atr("3B:9F:11:81")));
        assert!(!pattern.fits(&atr("3B:9F:95:82")));
        assert!(!pattern.fits(&atr("3B:9F:95")), "too short");
        assert_eq!(pattern.exactness(), 3);
        assert_eq!(String::from(pattern), "3B:9F:..:81");
        assert_eq!(atr("3b:9f").to_string(), "3B:9F");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let long = ["00"; 34].join(":");
        for text in [
            "", "3B:", "3B9F", "3B:9", "3B:XY", "..", "..:..", "+1:3B", &long,
        ] {
            assert!(text.parse::<AtrPattern>().is_err(), "{text}");
        }
        assert_eq!(Atr::from_bytes(&[]), None);
        assert_eq!(Atr::from_bytes(&[0x3B; 34]), None);
    }
}
