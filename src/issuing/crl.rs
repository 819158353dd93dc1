//! Full CRLs (D-43): signed for the embedded CA, read back from a CA elsewhere.

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason as RcgenReason,
    RevokedCertParams, SerialNumber,
};

use x509_parser::prelude::{ASN1Time, CertificateRevocationList, FromDer as _, X509Certificate};
use x509_parser::x509::ReasonCode;

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

/// A CRL of the CA whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCrl {
    /// cRLNumber.
    pub number: u64,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate.
    pub next_update: Option<Timestamp>,
    /// Every entry; one without a reason, or with one that this program does not use, is taken for
    /// privilegeWithdrawn.
    pub revoked: Vec<Revoked>,
}

impl CheckedCrl {
    /// Whether half the time to nextUpdate is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_update.is_some_and(|next| {
            next.unix_secs().midpoint(self.this_update.unix_secs()) <= now.unix_secs()
        })
    }
}

/// Reads a full CRL, DER, and checks that this CA signed it. `None` for anything else.
pub fn check(der: &[u8], authority: &Authority) -> Option<CheckedCrl> {
    let Ok(([], crl)) = CertificateRevocationList::from_der(der) else {
        return None;
    };
    let (_rest, issuer) = X509Certificate::from_der(authority.certificate()).ok()?;
    let tbs = &crl.tbs_cert_list;
    let signed = tbs.issuer.as_raw() == issuer.subject().as_raw()
        && crl.signature_algorithm == tbs.signature
        && authority
            .key()
            .verifies(tbs.as_ref(), &crl.signature_value.data);
    let number = u64::try_from(crl.crl_number()?).ok()?;
    let entries = crl.iter_revoked_certificates().map(|entry| {
        let reason = entry.reason_code().map(|(_critical, reason)| reason);
        Some(Revoked {
            serial: CertificateSerial::from_issued(entry.raw_serial()).ok()?,
            at: Timestamp::from_unix(entry.revocation_date.timestamp()).ok()?,
            reason: reason_of(reason),
        })
    });
    let revoked: Option<Vec<_>> = entries.collect();
    let moment = |time: ASN1Time| Timestamp::from_unix(time.timestamp()).ok();
    signed.then_some(CheckedCrl {
        number,
        this_update: moment(tbs.this_update)?,
        next_update: match tbs.next_update {
            Some(next) => Some(moment(next)?),
            None => None,
        },
        revoked: revoked?,
    })
}

fn reason_of(code: Option<ReasonCode>) -> RevocationReason {
    match code {
        Some(ReasonCode::KeyCompromise) => RevocationReason::KeyCompromise,
        Some(ReasonCode::AffiliationChanged) => RevocationReason::AffiliationChanged,
        Some(ReasonCode::Superseded) => RevocationReason::Superseded,
        Some(ReasonCode::CessationOfOperation) => RevocationReason::CessationOfOperation,
        Some(ReasonCode::CertificateHold) => RevocationReason::CertificateHold,
        _ => RevocationReason::PrivilegeWithdrawn,
    }
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
