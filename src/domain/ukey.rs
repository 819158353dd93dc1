//! What is known of one ukey: its identity, what a reading of it shows, and its life (D-24, D-25).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::PublicKeyDer;
use super::label::TokenLabel;

/// The serial number exactly as the token reports it, trimmed (PKCS#11 `CK_TOKEN_INFO`, at most
/// 16 characters there). It names a folder, so it holds neither path separators nor dots alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(String);

/// Why a text cannot be a serial number: empty (a slot without a serial is no ukey, D-29), longer
/// than 64 bytes, or with characters that cannot stand in a file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ukey's serial number has 1 to 64 printable characters without `/` and `\\`")]
pub struct SerialError;

/// Fewest characters of an end that names a ukey.
const LEAST_TAIL: usize = 4;

impl Serial {
    /// Trims and takes a serial number.
    ///
    /// # Errors
    /// [`SerialError`] as described there.
    pub fn parse(text: &str) -> Result<Self, SerialError> {
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        let names_a_file = text.chars().all(|c| !c.is_control() && !"/\\:".contains(c))
            && !text.chars().all(|c| c == '.');
        if text.is_empty() || text.len() > 64 || !names_a_file {
            return Err(SerialError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text of the serial number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person who types this text means it: the whole serial number, or an end of four or
    /// more characters (interface.md).
    pub fn is_named_by(&self, text: &str) -> bool {
        self.0 == text || (text.chars().count() >= LEAST_TAIL && self.0.ends_with(text))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Serial {
    type Error = SerialError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.0
    }
}

/// By what a ukey is known (D-24): never by slot, reader or label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UkeyIdentity {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// `serialNumber`, trimmed.
    pub serial: Serial,
}

impl fmt::Display for UkeyIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.maker, self.model, self.serial)
    }
}

/// Which ukey is looked for: by maker, model and serial (D-24). A model that gets a new serial number
/// from `C_InitToken` is known to the run that did it by the label of that run as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Who it is.
    pub identity: UkeyIdentity,
    /// The run's label, for such a model only.
    pub label: Option<TokenLabel>,
}

impl Expected {
    /// Whether this is the ukey.
    pub fn fits(&self, reading: &UkeyReading) -> bool {
        let UkeyIdentity { maker, model, .. } = &self.identity;
        let label = self.label.as_ref().map(TokenLabel::as_str);
        reading.identity == self.identity
            || (label == Some(reading.label.as_str())
                && reading.identity.maker == *maker
                && reading.identity.model == *model)
    }
}

impl From<&UkeyIdentity> for Expected {
    fn from(identity: &UkeyIdentity) -> Self {
        Self {
            identity: identity.clone(),
            label: None,
        }
    }
}

/// Token flags as one reading gave them (PKCS#11 v3.1, `CK_TOKEN_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the CKF_ flag of that name")]
pub struct TokenFlags {
    pub token_initialized: bool,
    pub user_pin_initialized: bool,
    pub user_pin_count_low: bool,
    pub user_pin_final_try: bool,
    pub user_pin_locked: bool,
    pub user_pin_to_be_changed: bool,
    pub so_pin_count_low: bool,
    pub so_pin_final_try: bool,
    pub so_pin_locked: bool,
    pub so_pin_to_be_changed: bool,
    pub write_protected: bool,
}

impl TokenFlags {
    /// Whether no wrong SO PIN was tried since the last right one: what D-37 asks before an SO
    /// login whose PIN is in doubt.
    pub const fn so_tries_untouched(&self) -> bool {
        !(self.so_pin_count_low || self.so_pin_final_try || self.so_pin_locked)
    }
}

/// One read-only look at a ukey. `C_GetTokenInfo` and the count of public objects; no login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UkeyReading {
    /// Who it is.
    pub identity: UkeyIdentity,
    /// The label, padding removed; empty when there is none.
    pub label: String,
    /// The flags.
    pub flags: TokenFlags,
    /// Objects visible without login (certificates, public keys, data).
    pub public_objects: u32,
    /// Free public memory in bytes, where the module says.
    pub free_public_bytes: Option<u64>,
    /// Free private memory in bytes, where the module says.
    pub free_private_bytes: Option<u64>,
}

/// Keys and certificates on a ukey, seen after the user's login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// `CKA_ID` of every private key.
    pub private_keys: Vec<Vec<u8>>,
    /// `CKA_ID` of every public key, and the key where it can be read.
    pub public_keys: Vec<(Vec<u8>, Option<PublicKeyDer>)>,
    /// `CKA_ID` and DER of every certificate.
    pub certificates: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Where a ukey is in its life (D-25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UkeyState {
    /// 空白: in stock, can be personalised.
    Blank,
    /// 已分配: set aside for a request.
    Allocated,
    /// 制证中: a run is open on it.
    Personalising,
    /// 已制证: proven, waits for its holder.
    Issued,
    /// 已领用: with its holder.
    HandedOut,
    /// 挂失: certificate on hold.
    Suspended,
    /// 遗失: certificate revoked.
    Lost,
    /// 损坏: cannot be used.
    Damaged,
    /// 已回收: back from its holder.
    Returned,
    /// 已销毁: final.
    Destroyed,
    /// Sent to a subordinate.
    Dispatched,
}

impl UkeyState {
    /// Every state, in the order of a stock report.
    pub const ALL: [Self; 11] = [
        Self::Blank,
        Self::Allocated,
        Self::Personalising,
        Self::Issued,
        Self::HandedOut,
        Self::Suspended,
        Self::Lost,
        Self::Damaged,
        Self::Returned,
        Self::Destroyed,
        Self::Dispatched,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Allocated => "allocated",
            Self::Personalising => "personalising",
            Self::Issued => "issued",
            Self::HandedOut => "handed_out",
            Self::Suspended => "suspended",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::Returned => "returned",
            Self::Destroyed => "destroyed",
            Self::Dispatched => "dispatched",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// As papers and sheets name it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Blank => "空白",
            Self::Allocated => "已分配",
            Self::Personalising => "制证中",
            Self::Issued => "已制证",
            Self::HandedOut => "已领用",
            Self::Suspended => "挂失",
            Self::Lost => "遗失",
            Self::Damaged => "损坏",
            Self::Returned => "已回收",
            Self::Destroyed => "已销毁",
            Self::Dispatched => "已发出",
        }
    }

    /// Whether a ukey may go from this state to `next` (D-25). The one table of transitions.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Blank => matches!(
                next,
                Self::Allocated
                    | Self::Personalising
                    | Self::Damaged
                    | Self::Lost
                    | Self::Dispatched
                    | Self::Destroyed
            ),
            Self::Allocated => matches!(
                next,
                Self::Blank | Self::Personalising | Self::Damaged | Self::Lost
            ),
            // Back to blank only while it was never written: the run ended before `C_InitToken`.
            Self::Personalising => matches!(
                next,
                Self::Blank | Self::Issued | Self::Damaged | Self::Lost
            ),
            Self::Issued => {
                matches!(
                    next,
                    Self::HandedOut | Self::Suspended | Self::Lost | Self::Damaged | Self::Returned
                )
            }
            Self::HandedOut => matches!(
                next,
                Self::Suspended | Self::Lost | Self::Damaged | Self::Returned
            ),
            Self::Suspended => {
                matches!(
                    next,
                    Self::Issued | Self::HandedOut | Self::Lost | Self::Damaged | Self::Returned
                )
            }
            Self::Lost => matches!(next, Self::Returned | Self::Destroyed),
            // Back up the tree too, as what it is; and a stock check may not find it (D-28).
            Self::Damaged => matches!(next, Self::Destroyed | Self::Dispatched | Self::Lost),
            Self::Returned => matches!(
                next,
                Self::Blank | Self::Destroyed | Self::Damaged | Self::Dispatched | Self::Lost
            ),
            Self::Dispatched => matches!(
                next,
                Self::Blank | Self::Damaged | Self::Returned | Self::Lost
            ),
            Self::Destroyed => false,
        }
    }

    /// Whether two officers may put it so with a reason, where a record was wrong: a new entry, never an
    /// edit (D-7, D-27). Only for what was never made into somebody's.
    pub const fn may_be_corrected_to(self, next: Self) -> bool {
        match self {
            Self::Damaged => matches!(next, Self::Blank),
            Self::Lost => matches!(next, Self::Blank | Self::Dispatched),
            _ => false,
        }
    }
}

impl fmt::Display for UkeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_that_cannot_name_a_folder_is_refused() {
        assert_eq!(
            Serial::parse(" 8f5c5f1bb3f1a2c4 ").unwrap().as_str(),
            "8f5c5f1bb3f1a2c4"
        );
        for bad in ["", "   ", "..", "a/b", "a\\b", "a\nb"] {
            assert_eq!(Serial::parse(bad), Err(SerialError), "{bad:?}");
        }
    }

    #[test]
    fn a_destroyed_ukey_never_comes_back() {
        assert!(
            UkeyState::ALL
                .into_iter()
                .all(|next| !UkeyState::Destroyed.may_become(next))
        );
    }

    #[test]
    fn words_are_each_others_inverse() {
        for state in UkeyState::ALL {
            assert_eq!(UkeyState::from_word(state.word()), Some(state));
        }
    }
}
