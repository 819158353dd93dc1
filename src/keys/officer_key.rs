//! An officer's new key on its way to the superior (D-57, D-58): signed by the key before it, whose
//! certificate names officer, post and unit; and by the new key itself, so that nobody has a key
//! certified that they do not hold. Sealed to the station that certifies.

use serde::{Deserialize, Serialize};

use super::parcel::ParcelError;
use super::signature::{self, VerifiedCarried};
use super::signer::{SignError, SignFn};
use super::station_key::{NotUnsealed, StationIdentity, StationKey};
use super::unit_pki::{self, Signer};
use crate::domain::id::HomeId;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::{DAY_SECS, Timestamp};

/// The record's `type`.
const TYPE: &str = "ukey-station/officer-key";
/// Version of the format that this program writes; a newer one is refused.
const VERSION: u64 = 1;
/// First line of what the new key signs.
const PURPOSE: &str = "ukey-station/officer-key/v1";
/// Longest file that is looked at.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What is asked: canonical JSON, keys in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerKeyRecord {
    /// The officer's home.
    pub home: HomeId,
    #[serde(with = "hex::serde")]
    nonce: [u8; 32],
    /// The officer: as in the certificate of the key before.
    pub officer: OfficerName,
    /// Their post: as in that certificate.
    pub post: Post,
    #[serde(with = "hex::serde")]
    public_key: Vec<u8>,
    /// When it was made.
    pub time: Timestamp,
    #[serde(rename = "type")]
    type_word: String,
    /// Code of the unit: as in that certificate.
    pub unit: String,
    version: u64,
}

/// The signed content: the record, and the new key's signature about it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(with = "hex::serde")]
    proof: Vec<u8>,
    record: OfficerKeyRecord,
}

/// Evidence that an officer, whose certificate leads to the pinned root, holds this new key.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProposedKey {
    /// What is asked.
    pub record: OfficerKeyRecord,
    /// Who asks, by the certificate of the key before.
    pub signer: Signer,
    /// That certificate, then each issuer, DER.
    pub chain: Vec<Vec<u8>>,
}

impl OfficerKeyRecord {
    /// A record of now.
    pub fn new(
        (home, unit): (HomeId, &str),
        (officer, post): (&OfficerName, Post),
        public_key: &PublicKeyDer,
        (nonce, time): ([u8; 32], Timestamp),
    ) -> Self {
        Self {
            home,
            nonce,
            officer: officer.clone(),
            post,
            public_key: public_key.as_bytes().to_vec(),
            time,
            type_word: TYPE.to_owned(),
            unit: unit.to_owned(),
            version: VERSION,
        }
    }

    /// The new key.
    pub fn public_key(&self) -> PublicKeyDer {
        PublicKeyDer::new(self.public_key.clone())
    }

    /// What the new key signs: purpose, home, nonce, time and the digest of the record, a line each.
    ///
    /// # Errors
    /// Never for a record that was made or read here.
    pub fn challenge(&self) -> Result<Vec<u8>, serde_json::Error> {
        let digest = hex::encode(unit_pki::sha256(&canonical(self)?));
        let (home, nonce, time) = (self.home, hex::encode(self.nonce), self.time);
        Ok(format!("{PURPOSE}\n{home}\n{nonce}\n{time}\n{digest}\n").into_bytes())
    }
}

fn canonical(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    // By way of `Value`, whose maps are sorted.
    serde_json::to_vec(&serde_json::to_value(value)?)
}

/// Packs a record with the new key's `proof` of it; signed by the key before (`chain`, `sign`), sealed
/// to the station that certifies.
///
/// # Errors
/// [`SignError`].
pub fn pack<E>(
    record: OfficerKeyRecord,
    proof: Vec<u8>,
    (chain, sign): (&[Vec<u8>], SignFn<'_, E>),
    to: &StationKey,
) -> Result<Vec<u8>, SignError<E>> {
    let encoding = |text: String| SignError::Encoding(text);
    let content = canonical(&Content { proof, record });
    let content = content.map_err(|error| encoding(error.to_string()))?;
    let cms = signature::sign(&content, chain, sign)?;
    to.seal(&cms).map_err(|error| encoding(error.to_string()))
}

/// Opens such a file and checks everything that its bytes, the pinned root and these revocation lists
/// can tell. Whether the signer's unit is this station's to certify, the caller compares.
///
/// # Errors
/// [`ParcelError`].
pub fn open(
    bytes: &[u8],
    identity: &StationIdentity,
    pinned_root: &[u8],
    now: Timestamp,
    crls: &[Vec<u8>],
) -> Result<ProposedKey, ParcelError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParcelError::TooLarge);
    }
    let cms = identity.open(bytes).map_err(|error| match error {
        NotUnsealed::OtherStation => ParcelError::OtherStation,
        NotUnsealed::Damaged => ParcelError::Damaged("the seal does not open"),
    })?;
    let VerifiedCarried {
        content,
        signer,
        chain,
        ..
    } = signature::verify_carried(&cms, pinned_root, now, crls)?;
    let bad = || ParcelError::Damaged("its record");
    let read: Content = serde_json::from_slice(&content).map_err(|_json| bad())?;
    let again = canonical(&read).map_err(|_json| bad())?;
    let Content { proof, record } = read;
    if again != content || record.type_word != TYPE {
        return Err(bad());
    }
    if record.version > VERSION {
        return Err(ParcelError::Newer(record.version));
    }
    let same = record.officer == signer.name
        && record.post == signer.post
        && record.unit == signer.unit_code;
    if !same {
        return Err(ParcelError::UnitMismatch);
    }
    if record.time > now.plus_secs(DAY_SECS) {
        return Err(ParcelError::FromFuture);
    }
    let challenge = record.challenge().map_err(|_json| bad())?;
    if !record.public_key().verifies(&challenge, &proof) {
        return Err(ParcelError::Altered);
    }
    Ok(ProposedKey {
        record,
        signer,
        chain,
    })
}
