//! `AuditRow`: one act in the audit log and the hash that chains it to the one before (D-49).

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::timestamp::Timestamp;

/// SHA-256 of one row and all before it.
pub type AuditHash = [u8; 32];

/// What is hashed before the first row.
pub const GENESIS: AuditHash = [0; 32];

/// One act: ids only, never a name or a masked number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// Who: an officer's name, or `station` for what nobody asked for.
    pub officer: String,
    /// Their post.
    pub post: Option<String>,
    /// What: a stable word, e.g. `ukey-issued`.
    pub act: String,
    /// The request it was about.
    pub request: Option<String>,
    /// The ukey's serial.
    pub ukey: Option<String>,
    /// The certificate's serial.
    pub certificate: Option<String>,
    /// `done`, or the code of what was refused.
    pub result: String,
    /// More facts: CKR names, counts, ids.
    pub detail: Option<String>,
}

impl AuditRow {
    /// An act that was done, with nothing filled in but when, who and what.
    pub fn new(at: Timestamp, officer: &str, post: Option<&str>, act: &str) -> Self {
        Self {
            at,
            officer: officer.to_owned(),
            post: post.map(str::to_owned),
            act: act.to_owned(),
            request: None,
            ukey: None,
            certificate: None,
            result: "done".to_owned(),
            detail: None,
        }
    }

    /// The hash of this row after `previous`: SHA-256 over a version word, the row's place, the
    /// hash before it, and every field as a presence octet, a big-endian `u32` length and the bytes.
    pub fn hash(&self, sequence: u64, previous: &AuditHash) -> AuditHash {
        let Self {
            at,
            officer,
            post,
            act,
            request,
            ukey,
            certificate,
            result,
            detail,
        } = self;
        let at = at.to_string();
        let mut hash = Sha256::new();
        hash.update(b"ukey-station/audit/v1");
        hash.update(sequence.to_be_bytes());
        hash.update(previous);
        let fields = [
            Some(&at),
            Some(officer),
            post.as_ref(),
            Some(act),
            request.as_ref(),
            ukey.as_ref(),
            certificate.as_ref(),
            Some(result),
            detail.as_ref(),
        ];
        for field in fields {
            hash.update([u8::from(field.is_some())]);
            let bytes = field.map_or(&[][..], |text| text.as_bytes());
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            hash.update(length.to_be_bytes());
            hash.update(bytes);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AuditRow {
        AuditRow {
            at: Timestamp::from_unix(1_795_507_200).unwrap(),
            officer: "admin".to_owned(),
            post: Some("system".to_owned()),
            act: "ukey-issued".to_owned(),
            request: None,
            ukey: Some("ab".to_owned()),
            certificate: None,
            result: "done".to_owned(),
            detail: None,
        }
    }

    #[test]
    fn moving_a_value_to_the_next_field_changes_the_hash() {
        let mut moved = row();
        moved.certificate = moved.ukey.take();
        assert_ne!(row().hash(0, &GENESIS), moved.hash(0, &GENESIS));
        assert_ne!(row().hash(0, &GENESIS), row().hash(1, &GENESIS));
        assert_ne!(row().hash(0, &GENESIS), row().hash(0, &[1; 32]));
    }
}
