//! `ApprovalRecord`: what an approver signs, and the salted commitments in it (D-22).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::id::{RequestId, UnitId};
use super::officer::Post;
use super::timestamp::Timestamp;

/// Version of [`ApprovalRecord`]'s canonical bytes.
pub const VERSION: u32 = 1;
/// The record's `type`.
pub const TYPE: &str = "ukey-station/approval";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Approved.
    Approved,
    /// Sent back to be edited.
    Returned,
    /// Refused for good.
    Rejected,
}

impl Decision {
    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
        }
    }
}

/// First bytes of what is committed to: another layout gets another word.
const COMMITTED: &[u8] = b"ukey-station/field/v1";

/// The canonical record. Its bytes are JSON without white space, keys in alphabetical order (the
/// order of this struct), hashes in lower-case hex; [`Self::canonical`] and nothing else is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRecord {
    /// SHA-256 of the approver's certificate, DER.
    #[serde(with = "hex::serde")]
    pub approver_certificate: [u8; 32],
    /// The certificate profile that was approved, e.g. `holder-v1`.
    pub certificate_profile: String,
    /// The decision.
    pub decision: Decision,
    /// When the approval ends (D-21).
    pub expires: Timestamp,
    /// [`commitment`] of each field, by the field's key.
    pub fields: BTreeMap<String, Commitment>,
    /// The holder's unit.
    pub holder_unit: UnitId,
    /// The unit whose desk makes the ukey.
    pub making_unit: UnitId,
    /// Sixteen random bytes.
    #[serde(with = "hex::serde")]
    pub nonce: [u8; 16],
    /// The approver's post.
    pub post: Post,
    /// The request.
    pub request: RequestId,
    /// Its revision: grows with every edit.
    pub revision: u32,
    /// SHA-256 of each attached scan.
    pub scans: Vec<Commitment>,
    /// When it was decided.
    pub time: Timestamp,
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// [`VERSION`].
    pub version: u32,
}

/// SHA-256, as hex in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(#[serde(with = "hex::serde")] pub [u8; 32]);

/// A salt of one field.
pub type Salt = [u8; 32];

impl ApprovalRecord {
    /// The bytes that are signed.
    ///
    /// # Errors
    /// Never for a record of this type; `serde_json` cannot promise it.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a record and demands that it is in canonical form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(bytes).ok()?;
        let same = record.canonical().ok()? == bytes;
        (same && record.kind == TYPE && record.version == VERSION).then_some(record)
    }

    /// Whether exactly these values, with these salts, were approved.
    pub fn covers<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str, &'a Salt)>,
    ) -> bool {
        let found: BTreeMap<String, Commitment> = fields
            .into_iter()
            .map(|(field, value, salt)| (field.to_owned(), commitment(field, salt, value)))
            .collect();
        found == self.fields
    }
}

/// SHA-256 over a version word, the field's key after its length as a big-endian `u32`, the salt
/// (always 32 bytes) and the value: nothing of it can be read as anything else.
pub fn commitment(field: &str, salt: &Salt, value: &str) -> Commitment {
    Commitment(Sha256::digest(committed(field, salt, value)).into())
}

/// What [`commitment`] hashes: whoever has it knows the field's value, and can show that it was approved.
pub fn committed(field: &str, salt: &Salt, value: &str) -> Vec<u8> {
    [&committed_before(field), salt.as_slice(), value.as_bytes()].concat()
}

/// The value in what [`committed`] made for this field.
pub fn value_of<'a>(field: &str, committed: &'a [u8]) -> Option<&'a str> {
    let rest = committed.strip_prefix(committed_before(field).as_slice())?;
    let (_salt, value) = rest.split_at_checked(size_of::<Salt>())?;
    std::str::from_utf8(value).ok()
}

fn committed_before(field: &str) -> Vec<u8> {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    [COMMITTED, &length.to_be_bytes(), field.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn record() -> ApprovalRecord {
        ApprovalRecord {
            approver_certificate: [7; 32],
            certificate_profile: "holder-v1".to_owned(),
            decision: Decision::Approved,
            expires: Timestamp::from_unix(1_798_099_200).unwrap(),
            fields: BTreeMap::from([("name".to_owned(), commitment("name", &[1; 32], "李华"))]),
            holder_unit: UnitId::new(Uuid::nil()),
            making_unit: UnitId::new(Uuid::nil()),
            nonce: [9; 16],
            post: Post::Security,
            request: RequestId::new(Uuid::nil()),
            revision: 1,
            scans: vec![Commitment([11; 32])],
            time: Timestamp::from_unix(1_795_507_200).unwrap(),
            kind: TYPE.to_owned(),
            version: VERSION,
        }
    }

    #[test]
    fn the_canonical_bytes_have_their_keys_in_order_and_are_the_only_form() {
        let bytes = record().canonical().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().collect();
        let mut sorted = keys.clone();
        sorted.sort();
        assert_eq!(keys, sorted);
        assert_eq!(ApprovalRecord::parse(&bytes), Some(record()));
        assert_eq!(
            ApprovalRecord::parse(text.replacen(',', ", ", 1).as_bytes()),
            None
        );
    }

    /// The vectors of `docs/approval-record.md`, which other programs are written against.
    #[test]
    fn the_vectors_in_docs_are_what_this_program_writes() {
        let page = include_str!("../../docs/approval-record.md");
        let vectors: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .collect();
        let name = hex::encode(commitment("name", &[1; 32], "李华").0);
        assert!(vectors.contains(&name.as_str()));
        let record = record().canonical().unwrap();
        assert!(vectors.contains(&std::str::from_utf8(&record).unwrap()));
        assert!(vectors.contains(&hex::encode(Sha256::digest(&record)).as_str()));
        for key in ApprovalRecord::parse(&record)
            .map(|record| record.fields)
            .unwrap()
            .keys()
        {
            assert!(page.contains(&format!("`{key}`")));
        }
    }

    #[test]
    fn a_changed_value_a_changed_salt_or_a_missing_field_is_not_covered() {
        assert!(record().covers([("name", "李华", &[1; 32])]));
        assert!(!record().covers([("name", "李华明", &[1; 32])]));
        assert!(!record().covers([("name", "李华", &[2; 32])]));
        assert!(!record().covers([]));
    }
}
