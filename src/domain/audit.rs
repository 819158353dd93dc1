//! `AuditRow`: one act in the audit log and the hash that chains it to the one before (D-49).
//! `docs/audit-log.md` says the same layout to those who verify an export without this program.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::timestamp::Timestamp;

/// SHA-256 of one row and all before it.
pub type AuditHash = [u8; 32];

/// What is hashed before the first row.
pub const GENESIS: AuditHash = [0; 32];

/// First bytes of what is hashed: another layout gets another word.
const LAYOUT: &[u8; 21] = b"ukey-station/audit/v1";

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

    /// The hash of this row after `previous`, see [`AuditFields::encode`].
    pub fn hash(&self, sequence: u64, previous: &AuditHash) -> AuditHash {
        self.hash_at(&self.at.to_string(), sequence, previous)
    }

    /// The same where the text of its time is known.
    pub fn hash_at(&self, at: &str, sequence: u64, previous: &AuditHash) -> AuditHash {
        digest(&self.encoded(at, sequence, previous))
    }

    /// What is hashed for this row.
    pub fn encoded(&self, at: &str, sequence: u64, previous: &AuditHash) -> Vec<u8> {
        let Self {
            at: _,
            officer,
            post,
            act,
            request,
            ukey,
            certificate,
            result,
            detail,
        } = self;
        let fields = AuditFields([
            Some(at.as_bytes()),
            Some(officer.as_bytes()),
            post.as_deref().map(str::as_bytes),
            Some(act.as_bytes()),
            request.as_deref().map(str::as_bytes),
            ukey.as_deref().map(str::as_bytes),
            certificate.as_deref().map(str::as_bytes),
            Some(result.as_bytes()),
            detail.as_deref().map(str::as_bytes),
        ]);
        let mut bytes = Vec::with_capacity(512);
        fields.encode(sequence, previous, &mut bytes);
        bytes
    }
}

/// The nine fields of a row as they are stored, borrowed: at, officer, post, act, request, ukey,
/// certificate, result, detail. To verify a log nothing of a row needs to be parsed or copied.
#[derive(Clone, Copy, Debug)]
pub struct AuditFields<'a>(pub [Option<&'a [u8]>; 9]);

impl AuditFields<'_> {
    /// Puts into `out` what is hashed for this row: a version word, the row's place as a big-endian
    /// `u64`, the hash before it, and every field as a presence octet, a big-endian `u32` length
    /// and the bytes.
    pub fn encode(&self, sequence: u64, previous: &AuditHash, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(LAYOUT);
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(previous);
        for field in &self.0 {
            let bytes = field.unwrap_or_default();
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            out.push(u8::from(field.is_some()));
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

impl<'a> AuditFields<'a> {
    /// Reads what [`Self::encode`] made: the row's place, the hash before it and the fields; `None`
    /// for anything else.
    pub fn decode(encoded: &'a [u8]) -> Option<(u64, AuditHash, Self)> {
        let rest = encoded.strip_prefix(LAYOUT)?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (previous, mut rest) = rest.split_first_chunk::<32>()?;
        let mut fields = [None; 9];
        for field in &mut fields {
            let (present, after) = rest.split_first()?;
            let (length, after) = after.split_first_chunk()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (bytes, after) = after.split_at_checked(length)?;
            rest = after;
            *field = match present {
                0 if bytes.is_empty() => None,
                1 => Some(bytes),
                _ => return None,
            };
        }
        rest.is_empty()
            .then(|| (u64::from_be_bytes(*sequence), *previous, Self(fields)))
    }
}

/// SHA-256 of what [`AuditFields::encode`] made.
pub fn digest(encoded: &[u8]) -> AuditHash {
    Sha256::digest(encoded).into()
}

/// The moment a date or time of a search begins: `2026-11-24` is its first second, UTC, and a whole
/// RFC 3339 time is itself.
pub fn since(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|_no_time| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .ok()
}

/// The last moment of a date or time of a search: `2026-11-24` is its last second, UTC.
pub fn until(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|_no_time| Timestamp::parse(&format!("{text}T23:59:59Z")))
        .ok()
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
        let mut empty = row();
        empty.request = Some(String::new());
        assert_ne!(row().hash(0, &GENESIS), empty.hash(0, &GENESIS));
    }

    /// The bytes as docs/audit-log.md writes them down, put together by hand.
    #[test]
    fn the_layout_is_the_documented_one() {
        let mut bytes = b"ukey-station/audit/v1\0\0\0\0\0\0\0\x07".to_vec();
        bytes.extend([3; 32]);
        bytes.extend(b"\x01\0\0\0\x142026-11-24T08:00:00Z");
        bytes.extend(b"\x01\0\0\0\x05admin\x01\0\0\0\x06system\x01\0\0\0\x0bukey-issued");
        bytes.extend(b"\0\0\0\0\0\x01\0\0\0\x02ab\0\0\0\0\0\x01\0\0\0\x04done\0\0\0\0\0");
        let expected: AuditHash = Sha256::digest(&bytes).into();
        assert_eq!(row().hash(7, &[3; 32]), expected);
        let encoded = row().encoded(&row().at.to_string(), 7, &[3; 32]);
        let (sequence, previous, fields) = AuditFields::decode(&encoded).unwrap();
        assert_eq!((sequence, previous), (7, [3; 32]));
        assert_eq!(fields.0[1], Some(&b"admin"[..]));
        for short in 0..encoded.len() {
            assert!(AuditFields::decode(&encoded[..short]).is_none(), "{short}");
        }
    }

    #[test]
    fn a_day_of_a_search_is_the_whole_day() {
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        assert_eq!(
            text(since("2026-11-24")).as_deref(),
            Some("2026-11-24T00:00:00Z")
        );
        assert_eq!(
            text(until("2026-11-24")).as_deref(),
            Some("2026-11-24T23:59:59Z")
        );
        let exact = "2026-11-24T16:00:00+08:00";
        assert_eq!(since(exact), until(exact));
        assert_eq!(since("yesterday"), None);
        assert_eq!(until("2026-13-01"), None);
    }
}
