//! A parcel: the file that travels between the stations of two neighbouring units, who signed it
//! and what it holds (D-57, D-58). A zip of a canonical manifest and attachments, inside CMS
//! `SignedData` by an officer, sealed to the addressed station; `docs/parcel.md` is the format.
//! Bytes in, bytes out; whether it was seen before the store tells.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::signature::{self, NotVerified, SignError, VerifiedCarried};
use super::signer::SignFn;
use super::station_key::{NotUnsealed, StationIdentity, StationKey};
use super::unit_pki::{self, PkiError, Signer, UnitFacts};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::{DAY_SECS, Timestamp};

mod archive;
mod enrolment;
mod manifest;

pub use enrolment::{
    ComparedEnrolment, Enrolment, FingerprintDiffers, open_enrolment, pack_enrolment,
};
pub use manifest::{
    Attachment, Checkpoint, Direction, Kind, Manifest, Receiver, Sender, Sha256Hex, VERSION,
};

/// Most bytes of a sealed file, and of what is inside it when unpacked (the DER library ends at
/// 256 MiB).
pub const MAX_BYTES: usize = 200 * 1024 * 1024;
/// How far ahead of this clock a parcel may say it was made.
const MAX_AHEAD_SECS: i64 = DAY_SECS;

/// Attachments by name. Names are ASCII letters, digits, `.`, `_`, `-` in parts joined by `/`;
/// they hold no personal data.
pub type Attachments = BTreeMap<String, Vec<u8>>;

/// A sealed parcel.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its SHA-256: what the next parcel to this receiver names as `previous`.
    pub sha256: [u8; 32],
}

/// Why no parcel was packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E> {
    /// The signature.
    #[error(transparent)]
    Sign(#[from] SignError<E>),
    /// An attachment's name or size, or a manifest that says what its kind may not.
    #[error("the parcel cannot be packed: {0}")]
    Content(&'static str),
}

/// Why a parcel is not accepted. Says nothing of what is inside.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// Larger than [`MAX_BYTES`], sealed or unpacked, or with too many parts.
    #[error("the file is too large")]
    TooLarge,
    /// Sealed to another station.
    #[error("the file is not sealed to this station")]
    OtherStation,
    /// Not a parcel, or its bytes were changed on the way.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// The content was changed after it was signed.
    #[error("the content does not fit the signature")]
    Altered,
    /// Made by a newer program.
    #[error("the file has version {0}, this program knows {VERSION}")]
    Newer(u64),
    /// The signer's certificates end at another root.
    #[error("the signer's certificates lead to another root")]
    UnknownRoot,
    /// The signer's certificates do not hold, or one of them was revoked.
    #[error(transparent)]
    Chain(PkiError),
    /// The manifest names another sender than the signer's unit.
    #[error("the file says that it comes from another unit than its signer's")]
    UnitMismatch,
    /// The signer's unit is neither the superior nor a direct subordinate.
    #[error("the signer's unit is neither superior nor direct subordinate")]
    NotNeighbour,
    /// It is addressed to another unit.
    #[error("the file is addressed to another unit")]
    WrongAddressee,
    /// A kind that does not travel this way, e.g. a review from a subordinate.
    #[error("a file of this kind does not come from there")]
    WrongDirection,
    /// A kind that this post may not sign.
    #[error("an officer of this post may not sign a file of this kind")]
    WrongPost,
    /// Made more than 24 hours after this clock's now.
    #[error("the file was made in the future")]
    FromFuture,
}

/// What a home trusts when it opens a parcel.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The pinned root, DER.
    pub root: &'a [u8],
    /// The code of the own unit.
    pub own_code: &'a str,
    /// The own unit key: it certified the officers of direct subordinates.
    pub own_key: &'a PublicKeyDer,
    /// The superior's unit certificate and those above it up to the root, DER; empty for the
    /// province.
    pub superior_chain: &'a [Vec<u8>],
    /// The CRLs that this home knows, the newest of each unit, DER.
    pub crls: &'a [Vec<u8>],
    /// Units, DER, whose CRLs are taken beside those of the signer's chain: a superior's officers are
    /// certified by others than it, and its own CRL has to come down all the same.
    pub crl_issuers: &'a [Vec<u8>],
}

/// Where the sender stands, seen from the own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// The direct superior.
    Superior,
    /// A direct subordinate. Which one tells `signer.unit_code`; that it is known the caller checks.
    Subordinate,
    /// Any other unit under the same root: only a record is handed over by it (D-45). Its code stands in
    /// the certificate that `signer.issuer` gave its officer; that it is no known unit's the caller checks.
    Other,
}

/// A parcel that was opened and accepted.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The manifest.
    pub manifest: Manifest,
    /// The attachments, each as its hash says.
    pub attachments: Attachments,
    /// Who signed it.
    pub signer: Signer,
    /// Where the signer's unit stands.
    pub sender: Neighbour,
    /// The signer's certificate, then each issuer, DER.
    pub chain: Vec<Vec<u8>>,
    /// The CRLs it brought, DER, without those that are older than a known one.
    pub crls: Vec<Vec<u8>>,
    /// The CMS message: kept as proof, `openssl cms -verify` judges it.
    pub signed: Zeroizing<Vec<u8>>,
    /// SHA-256 of the sealed file.
    pub sha256: [u8; 32],
}

/// The signer's part of a new parcel.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The officer's certificate, then each issuer, DER.
    pub chain: &'a [Vec<u8>],
    /// The newest CRL that the sender knows of each issuer in the chain, and its own unit's, DER; others
    /// are refused by the receiver.
    pub crls: &'a [Vec<u8>],
}

/// Packs a parcel: fills the manifest's attachments in, signs, and seals it to a station.
///
/// # Errors
/// [`PackError`].
pub fn pack<E>(
    manifest: Manifest,
    attachments: &Attachments,
    credentials: Credentials<'_>,
    to: &StationKey,
    sign: SignFn<'_, E>,
) -> Result<Packed, PackError<E>> {
    if manifest.kind == Kind::Enrol {
        return Err(PackError::Content("enrolment has its own way"));
    }
    let zip = archive::write(manifest, attachments).map_err(PackError::Content)?;
    let Credentials { chain, crls } = credentials;
    let cms = signature::sign_with_crls(&zip, chain, crls, sign)?;
    seal(&cms, to)
}

fn seal<E>(cms: &[u8], to: &StationKey) -> Result<Packed, PackError<E>> {
    let bytes = to
        .seal(cms)
        .map_err(|_encryption| PackError::Content("it cannot be sealed"))?;
    if bytes.len() > MAX_BYTES {
        return Err(PackError::Content("too large"));
    }
    let sha256 = unit_pki::sha256(&bytes);
    Ok(Packed { bytes, sha256 })
}

/// Opens a parcel and checks everything that its bytes and this trust can tell. Replays, gaps and
/// forks only the store can tell: `manifest.sequence`, `manifest.previous` and `sha256`.
///
/// # Errors
/// [`ParcelError`].
pub fn open(
    bytes: &[u8],
    identity: &StationIdentity,
    trust: &Trust<'_>,
    now: Timestamp,
) -> Result<Opened, ParcelError> {
    let signed = unseal(bytes, identity)?;
    let lists = (trust.crls, trust.crl_issuers);
    let verified = signature::verify_carried_with(&signed, trust.root, now, lists)?;
    judge(bytes, (signed, verified), trust, now)
}

/// Opens a parcel that [`open`] refuses because its signer or their unit was revoked since, and for
/// nothing else. What it says is not to be believed: only its place among its sender's files counts.
///
/// # Errors
/// [`ParcelError`]; `None` for one that is not refused, or not for that.
pub fn open_revoked(
    bytes: &[u8],
    identity: &StationIdentity,
    trust: &Trust<'_>,
    now: Timestamp,
) -> Result<Option<Opened>, ParcelError> {
    match open(bytes, identity, trust, now) {
        Err(ParcelError::Chain(PkiError::Revoked | PkiError::Superseded)) => {}
        Ok(_) => return Ok(None),
        Err(other) => return Err(other),
    }
    let signed = unseal(bytes, identity)?;
    let verified = signature::verify_carried_unheeded(&signed, trust.root, now)?;
    judge(bytes, (signed, verified), trust, now).map(Some)
}

/// Whether a verified message is a parcel for this home from a neighbour.
fn judge(
    bytes: &[u8],
    (signed, verified): (Zeroizing<Vec<u8>>, VerifiedCarried),
    trust: &Trust<'_>,
    now: Timestamp,
) -> Result<Opened, ParcelError> {
    let VerifiedCarried {
        content,
        signer,
        chain,
        crls,
    } = verified;
    let (manifest, attachments) = archive::read(&content)?;
    if manifest.from.code != signer.unit_code || manifest.from.name != signer.unit_name {
        return Err(ParcelError::UnitMismatch);
    }
    let sender = neighbour(&signer, trust)?;
    let kind = manifest.kind;
    if sender == Neighbour::Other && kind.direction() != Direction::Any {
        return Err(ParcelError::NotNeighbour);
    }
    if manifest.to.code != trust.own_code {
        return Err(ParcelError::WrongAddressee);
    }
    if !kind.comes_from(sender) || kind == Kind::Enrol {
        return Err(ParcelError::WrongDirection);
    }
    if !kind.may_be_signed_by(signer.post) {
        return Err(ParcelError::WrongPost);
    }
    check_created(&manifest, now)?;
    Ok(Opened {
        manifest,
        attachments,
        signer,
        sender,
        chain,
        crls,
        signed,
        sha256: unit_pki::sha256(bytes),
    })
}

/// Reads the zip inside a signed message and checks everything about it but the signature: what stands
/// behind seal and signature, for who tries to break it.
///
/// # Errors
/// [`ParcelError`].
pub fn read_content(zip: &[u8]) -> Result<(Manifest, Attachments), ParcelError> {
    archive::read(zip)
}

fn unseal(bytes: &[u8], identity: &StationIdentity) -> Result<Zeroizing<Vec<u8>>, ParcelError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParcelError::TooLarge);
    }
    identity.open(bytes).map_err(|error| match error {
        NotUnsealed::OtherStation => ParcelError::OtherStation,
        NotUnsealed::Damaged => ParcelError::Damaged("the seal does not open"),
    })
}

fn check_created(manifest: &Manifest, now: Timestamp) -> Result<(), ParcelError> {
    if manifest.created > now.plus_secs(MAX_AHEAD_SECS) {
        return Err(ParcelError::FromFuture);
    }
    Ok(())
}

/// Where the signer's unit stands. The code in an officer's certificate counts only together with
/// who issued it: a unit can write any code into the certificates that it issues.
fn neighbour(signer: &Signer, trust: &Trust<'_>) -> Result<Neighbour, ParcelError> {
    let own = signer.unit_code == trust.own_code;
    if signer.issuer.public_key == *trust.own_key && !own {
        return Ok(Neighbour::Subordinate);
    }
    let above = trust.superior_chain.iter().map(|der| UnitFacts::read(der));
    let above: Vec<UnitFacts> = above
        .collect::<Result<_, _>>()
        .map_err(ParcelError::Chain)?;
    let Some(at) = above.iter().position(|unit| unit.code == signer.unit_code) else {
        return if own {
            Err(ParcelError::NotNeighbour)
        } else {
            Ok(Neighbour::Other)
        };
    };
    // The province's own officers are certified by the province itself.
    let issuer = above.get(at + 1).or_else(|| above.get(at));
    let genuine = issuer.is_some_and(|issuer| signer.issuer.public_key == issuer.public_key);
    match at {
        _ if own || !genuine => Err(ParcelError::NotNeighbour),
        0 => Ok(Neighbour::Superior),
        _ => Ok(Neighbour::Other),
    }
}

impl From<NotVerified> for ParcelError {
    fn from(error: NotVerified) -> Self {
        match error {
            NotVerified::Damaged(what) | NotVerified::Record(what) => Self::Damaged(what),
            NotVerified::Signature => Self::Altered,
            NotVerified::Chain(PkiError::UnknownRoot) => Self::UnknownRoot,
            NotVerified::Chain(other) => Self::Chain(other),
            NotVerified::Expired => Self::Damaged("it has ended"),
        }
    }
}

#[cfg(test)]
mod tests;
