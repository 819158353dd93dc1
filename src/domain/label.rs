//! `TokenLabel`: the 32-byte name of a token (PKCS#11 v3.1, `CK_TOKEN_INFO`).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::RunId;

/// A token label: 1 to 32 bytes of UTF-8 without trailing blanks or control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenLabel(String);

/// Why a text cannot be a token label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing but blanks.
    #[error("a token label cannot be empty")]
    Empty,
    /// PKCS#11 has room for 32 bytes and cuts the rest, even inside a character.
    #[error("a token label has at most 32 bytes, this one has {bytes}")]
    TooLong {
        /// Length of the refused text in bytes.
        bytes: usize,
    },
    /// A control character.
    #[error("a token label cannot hold control characters")]
    Control,
}

impl TokenLabel {
    /// Takes a label exactly as it will stand on the token.
    ///
    /// # Errors
    /// [`LabelError`] when the text is empty, longer than 32 bytes or holds control characters.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let text = text.trim_end();
        if text.is_empty() {
            return Err(LabelError::Empty);
        }
        if text.len() > 32 {
            return Err(LabelError::TooLong { bytes: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(LabelError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The label of a ukey that a run has initialised: `UKS-` and the run's short id, 12 hex
    /// digits of its random part. It tells that `C_InitToken` happened, and by which run (D-34).
    pub fn of_run(run: RunId) -> Self {
        let tail = hex::encode(run.as_bytes().iter().skip(10).copied().collect::<Vec<u8>>());
        Self(format!("UKS-{tail}"))
    }

    /// Whether a label is one that [`Self::of_run`] makes.
    pub fn names_a_run(label: &str) -> bool {
        let tail = label.strip_prefix("UKS-").unwrap_or_default();
        tail.len() == 12 && tail.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The text of the label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TokenLabel {
    type Error = LabelError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TokenLabel> for String {
    fn from(label: TokenLabel) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_label_is_counted_in_bytes() {
        assert!(TokenLabel::parse("岳麓区教育局管理员甲").is_ok());
        assert_eq!(
            TokenLabel::parse("岳麓区教育局管理员甲乙"),
            Err(LabelError::TooLong { bytes: 33 })
        );
    }
}
