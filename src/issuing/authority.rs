//! The embedded unit CA: signs what the profile says, with a key that is elsewhere (D-60).

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer,
    KeyUsagePurpose, SerialNumber,
};

use super::check::{self, CertificateFault};
use super::csr::CheckedCsr;
use super::profile::CertificateProfile;
use super::signer::{self, ClosureKey, SignError, SignFn};
use crate::domain::certificate::{CertificateSerial, CertificateSubject, IssueIntent};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

/// The CA's certificate; its key is elsewhere.
#[derive(Clone, Debug)]
pub struct Authority {
    certificate: Vec<u8>,
    key: PublicKeyDer,
    not_after: Timestamp,
}

/// What a CA is called and how long it lives.
#[derive(Clone, Debug)]
pub struct AuthorityTerms {
    /// CN.
    pub name: String,
    /// O.
    pub unit: String,
    /// ST.
    pub province: String,
    /// The certificate's serial number.
    pub serial: CertificateSerial,
    /// notBefore.
    pub not_before: Timestamp,
    /// notAfter.
    pub not_after: Timestamp,
}

impl AuthorityTerms {
    fn params(&self, path_len: u8) -> Result<CertificateParams, rcgen::Error> {
        let Self {
            name,
            unit,
            province,
            serial,
            not_before,
            not_after,
        } = self;
        let mut dn = DistinguishedName::new();
        let country = "CN".try_into().map(DnValue::PrintableString)?;
        dn.push(DnType::CountryName, country);
        dn.push(
            DnType::StateOrProvinceName,
            DnValue::Utf8String(province.clone()),
        );
        dn.push(DnType::OrganizationName, DnValue::Utf8String(unit.clone()));
        dn.push(DnType::CommonName, DnValue::Utf8String(name.clone()));
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial.as_octets()));
        params.not_before = not_before.to_offset();
        params.not_after = not_after.to_offset();
        params.distinguished_name = dn;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_len));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }
}

/// Why a certificate was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError<E> {
    /// The CA's key or the encoding.
    #[error(transparent)]
    Sign(#[from] SignError<E>),
    /// The certificate would outlive the CA: refused, never shortened (D-38).
    #[error("the certificate would outlive the CA, which ends {0}")]
    OutlivesAuthority(Timestamp),
}

impl Authority {
    /// Makes a self-signed CA certificate with pathLen 0, DER: the CA of a practice home.
    ///
    /// # Errors
    /// [`SignError`] with the key's own failure.
    pub fn self_signed<E>(
        terms: &AuthorityTerms,
        key: &PublicKeyDer,
        sign: SignFn<'_, E>,
    ) -> Result<Vec<u8>, SignError<E>> {
        Self::alone(terms, 0, key, sign)
    }

    /// Makes the province's holder root, DER: it certifies unit CAs (D-60), so its pathLen is 1.
    ///
    /// # Errors
    /// [`SignError`] with the key's own failure.
    pub fn root<E>(
        terms: &AuthorityTerms,
        key: &PublicKeyDer,
        sign: SignFn<'_, E>,
    ) -> Result<Vec<u8>, SignError<E>> {
        Self::alone(terms, 1, key, sign)
    }

    fn alone<E>(
        terms: &AuthorityTerms,
        path_len: u8,
        key: &PublicKeyDer,
        sign: SignFn<'_, E>,
    ) -> Result<Vec<u8>, SignError<E>> {
        let signer = ClosureKey::new(key, sign)?;
        let params = signer.settle(terms.params(path_len))?;
        let certificate = params.self_signed(&signer);
        Ok(signer.settle(certificate)?.der().to_vec())
    }

    /// Certifies a unit CA with pathLen 0 (D-60), DER.
    ///
    /// # Errors
    /// [`IssueError`]; a CA that would outlive its root is refused.
    pub fn certify<E>(
        &self,
        terms: &AuthorityTerms,
        csr: &CheckedCsr,
        sign: SignFn<'_, E>,
    ) -> Result<Vec<u8>, IssueError<E>> {
        if terms.not_after > self.not_after {
            return Err(IssueError::OutlivesAuthority(self.not_after));
        }
        let signer = ClosureKey::new(&self.key, sign)?;
        let mut params = signer.settle(terms.params(0))?;
        params.use_authority_key_identifier_extension = true;
        let key = signer.settle(signer::public_key(csr.key()))?;
        let issuer = signer.settle(Issuer::from_ca_cert_der(
            &self.certificate.as_slice().into(),
            &signer,
        ));
        let certificate = params.signed_by(&key, &issuer?);
        Ok(signer.settle(certificate)?.der().to_vec())
    }

    /// Reads the CA's certificate.
    ///
    /// # Errors
    /// [`CertificateFault`] when it is no CA certificate.
    pub fn from_certificate(der: Vec<u8>) -> Result<Self, CertificateFault> {
        let (key, not_after) = check::authority(&der)?;
        Ok(Self {
            certificate: der,
            key,
            not_after,
        })
    }

    /// The CA's certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The CA's public key.
    pub const fn key(&self) -> &PublicKeyDer {
        &self.key
    }

    /// When the CA ends.
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Refuses an end after the CA's own; asked before anything is committed.
    ///
    /// # Errors
    /// The end of the CA.
    pub fn covers(&self, not_after: Timestamp) -> Result<(), Timestamp> {
        if not_after > self.not_after {
            Err(self.not_after)
        } else {
            Ok(())
        }
    }

    /// Signs a certificate for a checked request: DER. The one caller is the embedded connector.
    ///
    /// # Errors
    /// [`IssueError`].
    pub(super) fn sign<E>(
        &self,
        subject: &CertificateSubject,
        intent: &IssueIntent,
        csr: &CheckedCsr,
        sign: SignFn<'_, E>,
    ) -> Result<Vec<u8>, IssueError<E>> {
        self.covers(intent.not_after)
            .map_err(IssueError::OutlivesAuthority)?;
        let signer = ClosureKey::new(&self.key, sign)?;
        let params = signer.settle(CertificateProfile::params(subject, intent))?;
        let key = signer.settle(signer::public_key(csr.key()))?;
        let issuer = signer.settle(Issuer::from_ca_cert_der(
            &self.certificate.as_slice().into(),
            &signer,
        ));
        let certificate = params.signed_by(&key, &issuer?);
        Ok(signer.settle(certificate)?.der().to_vec())
    }

    /// The CA as the issuer of a CRL.
    pub(super) fn issuer<'a, E>(
        &self,
        signer: &'a ClosureKey<'a, E>,
    ) -> Result<Issuer<'a, &'a ClosureKey<'a, E>>, SignError<E>> {
        signer.settle(Issuer::from_ca_cert_der(
            &self.certificate.as_slice().into(),
            signer,
        ))
    }
}
