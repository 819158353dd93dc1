//! PKCS #10 requests (RFC 2986): made with the ukey's signature, and checked before a certificate
//! is made from one (D-36).

use rcgen::{CertificateParams, DistinguishedName};
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

use super::signer::{ClosureKey, SignError, SignFn};
use crate::domain::key::PublicKeyDer;

/// Makes a request for this key, DER. The subject is left empty: it comes from the approved record,
/// not from the applicant.
///
/// # Errors
/// [`SignError`] with the ukey's own failure.
pub fn make<E>(key: &PublicKeyDer, sign: SignFn<'_, E>) -> Result<Vec<u8>, SignError<E>> {
    let signer = ClosureKey::new(key, sign)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&signer);
    Ok(signer.settle(request)?.der().to_vec())
}

/// Evidence that a request is whole, signed by the key inside, and that this key is the ukey's.
#[derive(Clone, Debug)]
pub struct CheckedCsr {
    key: PublicKeyDer,
}

/// Why a request is refused (D-36).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrFault {
    /// Not strict DER, or something follows it.
    #[error("the certificate request is no strict DER")]
    Encoding,
    /// The signature does not verify under the key inside.
    #[error("the certificate request is not signed by its own key")]
    Signature,
    /// The key is not the one that was read from the ukey.
    #[error("the key in the certificate request is not the ukey's")]
    OtherKey,
}

impl CheckedCsr {
    /// Checks a request against the key that was read from the ukey in this run.
    ///
    /// # Errors
    /// [`CsrFault`].
    pub fn check(der: &[u8], ukey: &PublicKeyDer) -> Result<Self, CsrFault> {
        let request = Self::check_alone(der)?;
        if request.key == *ukey {
            Ok(request)
        } else {
            Err(CsrFault::OtherKey)
        }
    }

    /// Checks that a request is whole and signed by the key inside; whose key that is the caller
    /// knows otherwise: by a fingerprint on paper.
    ///
    /// # Errors
    /// [`CsrFault::Encoding`], [`CsrFault::Signature`].
    pub fn check_alone(der: &[u8]) -> Result<Self, CsrFault> {
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|_der| CsrFault::Encoding)?;
        if !rest.is_empty() {
            return Err(CsrFault::Encoding);
        }
        let info = &request.certification_request_info;
        let key = PublicKeyDer::new(info.subject_pki.raw.to_vec());
        if !key.verifies(info.raw, &request.signature_value.data) {
            return Err(CsrFault::Signature);
        }
        Ok(Self { key })
    }

    /// The key, which is the ukey's.
    pub const fn key(&self) -> &PublicKeyDer {
        &self.key
    }
}
