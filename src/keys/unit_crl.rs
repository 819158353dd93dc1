//! Revocation lists of the unit PKI: which unit and officer certificates a unit has taken back
//! (D-57). X.509 v2 CRLs (RFC 5280, 5), full, signed by the unit key.

use der::asn1::{BitString, OctetString, Uint};
use der::oid::AssociatedOid as _;
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason};
use x509_cert::ext::{AsExtension as _, Extension};
use x509_cert::time::Time;
use x509_cert::{Version, spki::SubjectPublicKeyInfoRef};

use super::signer::{self, SignError, SignFn};
use super::unit_pki::{self, PkiError};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

/// RFC 5280, 5.3.1. (The type of the library carries the OID of another extension.)
const REASON_CODE: der::oid::ObjectIdentifier = der::oid::ObjectIdentifier::new_unwrap("2.5.29.21");

/// One certificate that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRevocation {
    /// The certificate.
    pub serial: CertificateSerial,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// What a CRL says beside its entries.
#[derive(Clone, Copy, Debug)]
pub struct UnitCrlTerms {
    /// cRLNumber; it only grows.
    pub number: u64,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate.
    pub next_update: Timestamp,
}

/// A CRL whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitCrl {
    /// The unit key that signed it.
    pub issuer_key: PublicKeyDer,
    /// cRLNumber.
    pub number: u64,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate: the issuer has promised another one by then.
    pub next_update: Option<Timestamp>,
    /// What was taken back.
    pub revoked: Vec<UnitRevocation>,
}

/// Signs a full CRL, DER. `issuer` is the unit's certificate.
///
/// # Errors
/// [`SignError`] with the key's own failure.
pub fn make<E>(
    issuer: &[u8],
    revoked: &[UnitRevocation],
    terms: UnitCrlTerms,
    sign: SignFn<'_, E>,
) -> Result<Vec<u8>, SignError<E>> {
    let tbs = tbs(issuer, revoked, terms).map_err(SignError::Encoding)?;
    let message = tbs.to_der().map_err(encoding)?;
    let signature = sign(&message).map_err(SignError::Key)?;
    let list = CertificateList {
        signature_algorithm: tbs.signature.clone(),
        tbs_cert_list: tbs,
        signature: BitString::from_bytes(&signature).map_err(encoding)?,
    };
    list.to_der().map_err(encoding)
}

fn tbs(
    issuer: &[u8],
    revoked: &[UnitRevocation],
    terms: UnitCrlTerms,
) -> Result<TbsCertList, String> {
    use unit_pki::text;
    let issuer = Certificate::from_der(issuer).map_err(text)?;
    let name = issuer.tbs_certificate.subject.clone();
    let key = unit_pki::public_key(&issuer).map_err(text)?;
    let spki = SubjectPublicKeyInfoRef::try_from(key.as_bytes()).map_err(text)?;
    let key_id = AuthorityKeyIdentifier::try_from(spki).map_err(text)?;
    let number = CrlNumber(Uint::new(&terms.number.to_be_bytes()).map_err(text)?);
    let extensions = vec![
        key_id.to_extension(&name, &[]).map_err(text)?,
        number.to_extension(&name, &[]).map_err(text)?,
    ];
    let entries: Vec<RevokedCert> = revoked.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(TbsCertList {
        version: Version::V2,
        signature: signer::algorithm(&key).ok_or("not a key of this PKI")?,
        issuer: name,
        this_update: unit_pki::time(terms.this_update)?,
        next_update: Some(unit_pki::time(terms.next_update)?),
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(extensions),
    })
}

fn entry(revoked: &UnitRevocation) -> Result<RevokedCert, String> {
    let reason = code(revoked.reason).to_der();
    let reason = reason.and_then(OctetString::new);
    let extension = Extension {
        extn_id: REASON_CODE,
        critical: false,
        extn_value: reason.map_err(|error| error.to_string())?,
    };
    Ok(RevokedCert {
        serial_number: unit_pki::serial(&revoked.serial)?,
        revocation_date: unit_pki::time(revoked.at)?,
        crl_entry_extensions: Some(vec![extension]),
    })
}

/// Checks a CRL against its issuer's certificate, both DER.
///
/// # Errors
/// [`PkiError::Crl`] when it is damaged or another's.
pub fn check(crl: &[u8], issuer: &[u8]) -> Result<UnitCrl, PkiError> {
    let issuer = Certificate::from_der(issuer)
        .map_err(|_der| PkiError::Crl("its issuer's certificate is damaged"))?;
    check_against(&parse(crl)?, &issuer)?.ok_or(PkiError::Crl("another unit issued it"))
}

/// Checks a CRL that one of these units may have issued: its issuer's certificate is among them, DER.
///
/// # Errors
/// [`PkiError::Crl`] when it is damaged or of none of them.
pub fn check_of(crl: &[u8], issuers: &[Vec<u8>]) -> Result<UnitCrl, PkiError> {
    let list = parse(crl)?;
    for issuer in issuers {
        let issuer = Certificate::from_der(issuer)
            .map_err(|_der| PkiError::Crl("its issuer's certificate is damaged"))?;
        if let Some(found) = check_against(&list, &issuer)? {
            return Ok(found);
        }
    }
    Err(PkiError::Crl("another unit issued it"))
}

/// The DER of a CRL in a file, PEM or DER; not checked yet.
pub fn read_file(bytes: &[u8]) -> Option<Vec<u8>> {
    if CertificateList::from_der(bytes).is_ok() {
        return Some(bytes.to_vec());
    }
    let (label, der) = der::pem::decode_vec(bytes.trim_ascii()).ok()?;
    (label == "X509 CRL" && CertificateList::from_der(&der).is_ok()).then_some(der)
}

/// The newest of the CRLs that `issuer` signed. One in its name that it did not sign is an error.
pub(super) fn newest(crls: &[Vec<u8>], issuer: &Certificate) -> Result<Option<UnitCrl>, PkiError> {
    let mut newest: Option<UnitCrl> = None;
    for der in crls {
        let Some(crl) = check_against(&parse(der)?, issuer)? else {
            continue;
        };
        if newest
            .as_ref()
            .is_none_or(|other| other.number < crl.number)
        {
            newest = Some(crl);
        }
    }
    Ok(newest)
}

impl UnitCrl {
    /// Whether another one was promised by `now`. It counts all the same: stations are often offline.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.next_update.is_some_and(|next| next < now)
    }

    /// Whether a certificate counts for nothing at `moment`: revoked by then, or its key was
    /// compromised, since a thief can date a signature back. What was signed in the very second in
    /// which another certificate took its place may have come first, and its signer is trusted: it
    /// counts.
    pub(super) fn voids(&self, serial: &[u8], moment: Timestamp) -> bool {
        let mut entries = self.revoked.iter();
        entries.any(|entry| {
            let by_then = match entry.reason {
                RevocationReason::KeyCompromise => true,
                RevocationReason::Superseded => entry.at < moment,
                _ => entry.at <= moment,
            };
            entry.serial.as_octets() == serial && by_then
        })
    }

    /// Why a certificate of this unit's, DER, was taken back, if it was.
    pub fn reason_of(&self, certificate: &[u8]) -> Option<RevocationReason> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let serial = certificate.tbs_certificate.serial_number.as_bytes();
        let mut entries = self.revoked.iter();
        let entry = entries.find(|entry| entry.serial.as_octets() == serial)?;
        Some(entry.reason)
    }

    /// Whether nothing worse is said of a certificate than that another has taken its place.
    pub(super) fn only_supersedes(&self, serial: &[u8]) -> bool {
        let mut entries = self.revoked.iter();
        entries.all(|entry| {
            entry.serial.as_octets() != serial || entry.reason == RevocationReason::Superseded
        })
    }
}

fn parse(crl: &[u8]) -> Result<CertificateList, PkiError> {
    CertificateList::from_der(crl).map_err(|_der| PkiError::Crl("its DER is damaged"))
}

/// `None` when another unit issued it.
pub(super) fn check_against(
    list: &CertificateList,
    issuer: &Certificate,
) -> Result<Option<UnitCrl>, PkiError> {
    let bad = PkiError::Crl;
    let tbs = &list.tbs_cert_list;
    let key = unit_pki::public_key(issuer)?;
    if tbs.issuer != issuer.tbs_certificate.subject || names_other_key(tbs, &key) {
        return Ok(None);
    }
    let message = tbs.to_der().map_err(|_der| bad("its DER is damaged"))?;
    let signed = list.signature_algorithm == tbs.signature
        && unit_pki::is_signed_by(&message, &tbs.signature, &list.signature, issuer);
    if !signed {
        return Err(bad("its signature does not verify"));
    }
    let extensions = tbs.crl_extensions.iter().flatten();
    let mut numbers = extensions.filter(|extension| extension.extn_id == CrlNumber::OID);
    let number = numbers
        .next()
        .and_then(|found| CrlNumber::from_der(found.extn_value.as_bytes()).ok())
        .and_then(|number| as_u64(number.0.as_bytes()));
    let entries = tbs.revoked_certificates.iter().flatten();
    Ok(Some(UnitCrl {
        issuer_key: key,
        number: number.ok_or_else(|| bad("it has no number"))?,
        this_update: moment(&tbs.this_update)?,
        next_update: tbs.next_update.as_ref().map(moment).transpose()?,
        revoked: entries.map(read_entry).collect::<Result<_, _>>()?,
    }))
}

/// Whether it is the list of an earlier or later key of a unit of the same name.
fn names_other_key(tbs: &TbsCertList, key: &PublicKeyDer) -> bool {
    let extensions = tbs.crl_extensions.iter().flatten();
    let mut named = extensions
        .filter(|extension| extension.extn_id == AuthorityKeyIdentifier::OID)
        .filter_map(|found| AuthorityKeyIdentifier::from_der(found.extn_value.as_bytes()).ok());
    let own = SubjectPublicKeyInfoRef::try_from(key.as_bytes())
        .ok()
        .and_then(|spki| AuthorityKeyIdentifier::try_from(spki).ok());
    named.next() != own
}

fn read_entry(entry: &RevokedCert) -> Result<UnitRevocation, PkiError> {
    let bad = PkiError::Crl;
    let serial = CertificateSerial::from_octets(entry.serial_number.as_bytes())
        .map_err(|_other| bad("an entry has a foreign serial number"))?;
    let extensions = entry.crl_entry_extensions.iter().flatten();
    let mut reasons = extensions.filter(|extension| extension.extn_id == REASON_CODE);
    let reason = reasons
        .next()
        .and_then(|found| CrlReason::from_der(found.extn_value.as_bytes()).ok())
        .and_then(|found| {
            let mut known = RevocationReason::ALL.into_iter();
            known.find(|reason| code(*reason) == found)
        });
    Ok(UnitRevocation {
        serial,
        at: moment(&entry.revocation_date)?,
        reason: reason.ok_or_else(|| bad("an entry has no reason"))?,
    })
}

fn moment(time: &Time) -> Result<Timestamp, PkiError> {
    let secs = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix(secs).map_err(|_range| PkiError::Crl("a time is out of range"))
}

fn as_u64(octets: &[u8]) -> Option<u64> {
    (octets.len() <= 8).then(|| {
        let shift = |number: u64, octet: &u8| number << 8 | u64::from(*octet);
        octets.iter().fold(0, shift)
    })
}

const fn code(reason: RevocationReason) -> CrlReason {
    match reason {
        RevocationReason::KeyCompromise => CrlReason::KeyCompromise,
        RevocationReason::AffiliationChanged => CrlReason::AffiliationChanged,
        RevocationReason::Superseded => CrlReason::Superseded,
        RevocationReason::CessationOfOperation => CrlReason::CessationOfOperation,
        RevocationReason::CertificateHold => CrlReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn => CrlReason::PrivilegeWithdrawn,
    }
}

fn encoding<E>(error: der::Error) -> SignError<E> {
    SignError::Encoding(error.to_string())
}

#[cfg(test)]
mod tests;
