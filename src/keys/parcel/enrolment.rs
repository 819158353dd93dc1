//! Enrolment: the parcel of a unit that has no certificate yet (D-57). Signed by its unit key alone,
//! with a self-signed proposal of its certificate; that the key is the unit's, the superior sees by
//! comparing the key's fingerprint on paper.

use super::manifest::{Kind, Manifest};
use super::{Attachments, PackError, Packed, ParcelError, archive, check_created, seal, unseal};
use crate::domain::timestamp::Timestamp;
use crate::keys::signature;
use crate::keys::signer::SignFn;
use crate::keys::station_key::{StationIdentity, StationKey};
use crate::keys::unit_pki::{self, UnitFacts};

/// An enrolment that was opened: its signature holds, and nobody has said yet whose key that is.
#[derive(Debug)]
pub struct Enrolment {
    fingerprint: String,
    content: ComparedEnrolment,
}

/// An enrolment whose fingerprint was compared: the unit may be certified.
#[derive(Debug)]
#[non_exhaustive]
pub struct ComparedEnrolment {
    /// The manifest.
    pub manifest: Manifest,
    /// The attachments.
    pub attachments: Attachments,
    /// What is to be certified: name, code, station key and unit key.
    pub unit: UnitFacts,
    /// SHA-256 of the sealed file.
    pub sha256: [u8; 32],
}

/// The fingerprint on paper is another: the key is not the unit's, or the file was exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fingerprint on paper is another than the file's")]
pub struct FingerprintDiffers;

impl Enrolment {
    /// SHA-256 of the unit key (`SubjectPublicKeyInfo`), lower-case hex: what stands on the paper.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The unit that the file says it comes from; to be shown, not to be believed.
    pub const fn claimed(&self) -> &UnitFacts {
        &self.content.unit
    }

    /// Compares what was typed from the paper; spaces, colons and the case do not count.
    ///
    /// # Errors
    /// [`FingerprintDiffers`].
    pub fn compare(self, typed: &str) -> Result<ComparedEnrolment, FingerprintDiffers> {
        if unit_pki::typed_fingerprint(typed) == self.fingerprint {
            Ok(self.content)
        } else {
            Err(FingerprintDiffers)
        }
    }
}

/// Packs an enrolment for the superior's station. `proposal` is the unit's self-signed certificate
/// (`certify` without issuer), `sign` its unit key.
///
/// # Errors
/// [`PackError`].
pub fn pack_enrolment<E>(
    manifest: Manifest,
    attachments: &Attachments,
    proposal: &[u8],
    to: &StationKey,
    sign: SignFn<'_, E>,
) -> Result<Packed, PackError<E>> {
    if manifest.kind != Kind::Enrol {
        return Err(PackError::Content("not an enrolment"));
    }
    let zip = archive::write(manifest, attachments).map_err(PackError::Content)?;
    let cms = signature::sign(&zip, &[proposal.to_vec()], sign)?;
    seal(&cms, to)
}

/// Opens an enrolment at the station of the unit `own_code`.
///
/// # Errors
/// [`ParcelError`].
pub fn open_enrolment(
    bytes: &[u8],
    identity: &StationIdentity,
    own_code: &str,
    now: Timestamp,
) -> Result<Enrolment, ParcelError> {
    let signed = unseal(bytes, identity)?;
    let (content, proposal) = signature::verify_self_signed(&signed, now)?;
    let unit = UnitFacts::read(&proposal).map_err(ParcelError::Chain)?;
    let (manifest, attachments) = archive::read(&content)?;
    if manifest.from.code != unit.code || manifest.from.name != unit.name {
        return Err(ParcelError::UnitMismatch);
    }
    if manifest.to.code != own_code {
        return Err(ParcelError::WrongAddressee);
    }
    if manifest.kind != Kind::Enrol {
        return Err(ParcelError::WrongDirection);
    }
    check_created(&manifest, now)?;
    let content = ComparedEnrolment {
        manifest,
        attachments,
        unit,
        sha256: unit_pki::sha256(bytes),
    };
    Ok(Enrolment {
        fingerprint: unit_pki::fingerprint(content.unit.public_key.as_bytes()),
        content,
    })
}
