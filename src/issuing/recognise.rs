//! Recognises a certificate that the CA signed, whatever it says: after a restore the records may not know
//! what was asked (D-52).

use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::authority::Authority;
use crate::domain::certificate::CertificateSerial;
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

/// A certificate of the CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The key it is of.
    pub key: PublicKeyDer,
    /// When it ends.
    pub not_after: Timestamp,
}

/// Reads a certificate, DER, that this CA signed for somebody else; `None` for anything else.
pub fn recognise(der: &[u8], authority: &Authority) -> Option<Recognised> {
    let Ok(([], certificate)) = X509Certificate::from_der(der) else {
        return None;
    };
    let (_rest, issuer) = X509Certificate::from_der(authority.certificate()).ok()?;
    let tbs = &certificate.tbs_certificate;
    let signed = tbs.issuer.as_raw() == issuer.subject().as_raw()
        && certificate.signature_algorithm == tbs.signature
        && authority
            .key()
            .verifies(tbs.as_ref(), &certificate.signature_value.data);
    (signed && der != authority.certificate()).then_some(())?;
    Some(Recognised {
        serial: CertificateSerial::from_issued(tbs.raw_serial()).ok()?,
        key: PublicKeyDer::new(tbs.subject_pki.raw.to_vec()),
        not_after: Timestamp::from_unix(tbs.validity.not_after.timestamp()).ok()?,
    })
}
