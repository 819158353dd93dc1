//! Full CRLs of the embedded CA (D-43).

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason as RcgenReason,
    RevokedCertParams, SerialNumber,
};

use super::authority::Authority;
use super::signer::{ClosureKey, SignError, SignFn};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::timestamp::Timestamp;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The certificate.
    pub serial: CertificateSerial,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// What a CRL says beside its entries.
#[derive(Clone, Copy, Debug)]
pub struct CrlTerms {
    /// cRLNumber; it only grows.
    pub number: u64,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate, at most seven days later.
    pub next_update: Timestamp,
}

/// Signs a full CRL, DER.
///
/// # Errors
/// [`SignError`] with the key's own failure.
pub fn sign<E>(
    authority: &Authority,
    revoked: &[Revoked],
    terms: CrlTerms,
    sign: SignFn<'_, E>,
) -> Result<Vec<u8>, SignError<E>> {
    let signer = ClosureKey::new(authority.key(), sign)?;
    let issuer = authority.issuer(&signer)?;
    let params = CertificateRevocationListParams {
        this_update: terms.this_update.to_offset(),
        next_update: terms.next_update.to_offset(),
        crl_number: SerialNumber::from(terms.number),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let crl = params.signed_by(&issuer);
    Ok(signer.settle(crl)?.der().to_vec())
}

fn entry(revoked: &Revoked) -> RevokedCertParams {
    let reason = match revoked.reason {
        RevocationReason::KeyCompromise => RcgenReason::KeyCompromise,
        RevocationReason::AffiliationChanged => RcgenReason::AffiliationChanged,
        RevocationReason::Superseded => RcgenReason::Superseded,
        RevocationReason::CessationOfOperation => RcgenReason::CessationOfOperation,
        RevocationReason::CertificateHold => RcgenReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn => RcgenReason::PrivilegeWithdrawn,
    };
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(revoked.serial.as_octets()),
        revocation_time: revoked.at.to_offset(),
        reason_code: Some(reason),
        invalidity_date: None,
    }
}
