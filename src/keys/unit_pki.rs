//! The unit PKI: province root → unit → unit → officer (D-57). Apart from the CA that certifies
//! holders. A unit's certificate is issued by its superior's unit key, and so is the certificate of
//! each of its officers: who is whose superior is the chain itself.

use std::time::Duration;

use der::asn1::{GeneralizedTime, Ia5String, PrintableStringRef, SetOfVec, UtcTime, Utf8StringRef};
use der::oid::ObjectIdentifier;
use der::{Any, Decode as _, Encode as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::signer::{ClosureSigner, SignError, SignFn, Signature};
use super::station_key::StationKey;
use crate::domain::certificate::CertificateSerial;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;

mod chain;
mod facts;

pub use chain::{Signer, check_chain, check_root, check_unit_chain, check_unit_proposal};
pub(super) use chain::{check_parsed, is_signed_by, order_chain};
pub(super) use facts::public_key;
pub use facts::{
    UnitFacts, fingerprint, is_practice_root, public_key_of, read_certificates, typed_fingerprint,
};

/// How many levels of units may hang below the root: prefecture, county, school (D-1).
const LEVELS_BELOW_ROOT: u8 = 3;
/// OU that marks the root of practice homes.
const PRACTICE: &str = "practice";
/// What stands before the age recipient in a unit certificate's subjectAltName URI.
const STATION_KEY_SCHEME: &str = "age:";
/// id-kp-emailProtection: what `openssl cms -verify` asks for.
const EMAIL_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");
/// id-kp-documentSigning (RFC 9336).
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// `SubjectPublicKeyInfo` of a P-256 key up to the point.
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A file with certificates or a CRL has at most so many bytes: a chain has some thousand.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// Why a certificate or a CRL of the unit PKI does not hold.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The software key refused.
    #[error("unit PKI: the signing key failed")]
    Key,
    /// The bytes are no certificate of this PKI.
    #[error("not a certificate of the unit PKI: {0}")]
    Certificate(&'static str),
    /// The chain ends at another root than the pinned one.
    #[error("the certificates lead to another root than the pinned one")]
    UnknownRoot,
    /// A chain that does not lead from its subject to the pinned root.
    #[error("the certificates do not lead to the pinned root: {0}")]
    Chain(&'static str),
    /// A certificate of the chain was revoked.
    #[error("a certificate on the way to the pinned root was revoked")]
    Revoked,
    /// Another certificate of the same subject took the place of one of the chain.
    #[error("a certificate on the way to the pinned root was replaced by another")]
    Superseded,
    /// A CRL that does not hold.
    #[error("a revocation list does not hold: {0}")]
    Crl(&'static str),
}

/// A P-256 key in memory, for practice and tests: used to set a home up, then gone. As a closure:
/// `&mut |message| key.sign(message)`.
pub struct SoftwareKey(EcdsaKeyPair, SystemRandom);

impl SoftwareKey {
    /// A new one.
    ///
    /// # Errors
    /// [`PkiError::Key`].
    pub fn generate() -> Result<Self, PkiError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_unspecified| PkiError::Key)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        Ok(Self(pair.map_err(|_rejected| PkiError::Key)?, random))
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKeyDer {
        PublicKeyDer::new([&P256_SPKI_PREFIX, self.0.public_key().as_ref()].concat())
    }

    /// Signs a message: ECDSA with SHA-256 in DER.
    ///
    /// # Errors
    /// [`PkiError::Key`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, PkiError> {
        let signature = self
            .0
            .sign(&self.1, message)
            .map_err(|_unspecified| PkiError::Key)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// Whether a root is for practice alone; real homes refuse such a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootUse {
    /// A real province.
    Real,
    /// Practice: `OU=practice` stands in its name.
    Practice,
}

/// A unit, as its certificate is to name it.
#[derive(Clone, Copy, Debug)]
pub struct UnitSubject<'a> {
    /// Its name: O and CN.
    pub name: &'a str,
    /// Its code: OU.
    pub code: &'a str,
    /// Its station encryption key: a subjectAltName URI `age:RECIPIENT`.
    pub station_key: &'a StationKey,
}

/// Who a certificate of the unit PKI is for.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The province: self-signed, the root that every home pins.
    Root {
        /// The province.
        unit: UnitSubject<'a>,
        /// What it is a root for.
        root_use: RootUse,
    },
    /// A unit. Without an issuer: self-signed, a proposal to the superior (enrolment).
    Unit(UnitSubject<'a>),
    /// An officer of a unit; issued by the unit's superior (for the province by the root).
    Officer {
        /// The name of the officer's own unit.
        unit: &'a str,
        /// The code of the officer's own unit.
        code: &'a str,
        /// The officer.
        name: &'a OfficerName,
        /// Their post.
        post: Post,
    },
}

/// What goes into one certificate beside subject and key.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The serial number.
    pub serial: CertificateSerial,
    /// notBefore.
    pub not_before: Timestamp,
    /// notAfter.
    pub not_after: Timestamp,
}

/// Makes a certificate: DER. `issuer` is the issuer's certificate, `None` for a self-signed one.
/// The path length of a unit is one less than its issuer's.
///
/// # Errors
/// [`SignError`] with the key's own failure, or when the issuer may not certify such a subject.
pub fn certify<E>(
    subject: Subject<'_>,
    key: &PublicKeyDer,
    terms: &Terms,
    issuer: Option<&[u8]>,
    issuer_key: &PublicKeyDer,
    sign: SignFn<'_, E>,
) -> Result<Vec<u8>, SignError<E>> {
    let profile = profile(subject, issuer).map_err(SignError::Encoding)?;
    let signer = ClosureSigner::new(issuer_key, sign);
    let built = build(subject, key, terms, profile, &signer);
    signer.settle(built)
}

fn build<E>(
    subject: Subject<'_>,
    key: &PublicKeyDer,
    terms: &Terms,
    profile: Profile,
    signer: &ClosureSigner<'_, E>,
) -> Result<Vec<u8>, String> {
    let mut builder = CertificateBuilder::new(
        profile,
        serial(&terms.serial)?,
        Validity {
            not_before: time(terms.not_before)?,
            not_after: time(terms.not_after)?,
        },
        name(subject).map_err(text)?,
        SubjectPublicKeyInfoOwned::from_der(key.as_bytes()).map_err(text)?,
        signer,
    )
    .map_err(text)?;
    match subject {
        Subject::Root { unit, .. } | Subject::Unit(unit) => {
            let uri = format!("{STATION_KEY_SCHEME}{}", unit.station_key);
            let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(&uri).map_err(text)?);
            builder.add_extension(&SubjectAltName(vec![uri]))
        }
        Subject::Officer { .. } => {
            builder.add_extension(&ExtendedKeyUsage(vec![EMAIL_PROTECTION, DOCUMENT_SIGNING]))
        }
    }
    .map_err(text)?;
    let certificate = builder.build::<Signature>().map_err(text)?;
    certificate.to_der().map_err(text)
}

fn profile(subject: Subject<'_>, issuer: Option<&[u8]>) -> Result<Profile, String> {
    let issuer = issuer
        .map(Certificate::from_der)
        .transpose()
        .map_err(text)?;
    let below = |issuer: &Certificate| {
        let levels = facts::levels_below(issuer).and_then(|levels| levels.checked_sub(1));
        levels.ok_or_else(|| "the issuer may not certify a unit".to_owned())
    };
    match (subject, issuer) {
        (Subject::Root { .. }, None) => Ok(Profile::SubCA {
            issuer: name(subject).map_err(text)?,
            path_len_constraint: Some(LEVELS_BELOW_ROOT),
        }),
        (Subject::Unit(_), None) => Ok(Profile::SubCA {
            issuer: name(subject).map_err(text)?,
            path_len_constraint: Some(0),
        }),
        (Subject::Unit(_), Some(issuer)) => Ok(Profile::SubCA {
            path_len_constraint: Some(below(&issuer)?),
            issuer: issuer.tbs_certificate.subject,
        }),
        (Subject::Officer { .. }, Some(issuer)) => {
            if facts::levels_below(&issuer).is_none() {
                return Err("the issuer may not certify an officer".to_owned());
            }
            Ok(Profile::Leaf {
                issuer: issuer.tbs_certificate.subject,
                enable_key_agreement: false,
                enable_key_encipherment: false,
            })
        }
        (Subject::Root { .. }, Some(_)) => Err("a root has no issuer".to_owned()),
        (Subject::Officer { .. }, None) => Err("an officer needs an issuer".to_owned()),
    }
}

fn name(subject: Subject<'_>) -> der::Result<Name> {
    let parts = match subject {
        Subject::Root { unit, root_use } => {
            let mut parts = vec![(ORGANIZATION, unit.name), (ORGANIZATIONAL_UNIT, unit.code)];
            if root_use == RootUse::Practice {
                parts.push((ORGANIZATIONAL_UNIT, PRACTICE));
            }
            parts.push((COMMON_NAME, unit.name));
            parts
        }
        Subject::Unit(unit) => vec![
            (ORGANIZATION, unit.name),
            (ORGANIZATIONAL_UNIT, unit.code),
            (COMMON_NAME, unit.name),
        ],
        Subject::Officer {
            unit,
            code,
            name,
            post,
        } => vec![
            (ORGANIZATION, unit),
            (ORGANIZATIONAL_UNIT, code),
            (ORGANIZATIONAL_UNIT, post.word()),
            (COMMON_NAME, name.as_str()),
        ],
    };
    let mut rdns = vec![rdn(
        COUNTRY,
        Any::encode_from(&PrintableStringRef::new("CN")?)?,
    )?];
    for (kind, value) in parts {
        rdns.push(rdn(kind, Any::encode_from(&Utf8StringRef::new(value)?)?)?);
    }
    Ok(RdnSequence(rdns))
}

fn rdn(oid: ObjectIdentifier, value: Any) -> der::Result<RelativeDistinguishedName> {
    let attribute = AttributeTypeAndValue { oid, value };
    SetOfVec::try_from(vec![attribute]).map(RelativeDistinguishedName)
}

/// `UTCTime` up to 2049, else `GeneralizedTime` (RFC 5280, 4.1.2.5).
pub(super) fn time(moment: Timestamp) -> Result<Time, String> {
    let since = Duration::from_secs(u64::try_from(moment.unix_secs()).map_err(text)?);
    match UtcTime::from_unix_duration(since) {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_later) => GeneralizedTime::from_unix_duration(since)
            .map(Time::GeneralTime)
            .map_err(text),
    }
}

pub(super) fn serial(serial: &CertificateSerial) -> Result<SerialNumber, String> {
    SerialNumber::new(serial.as_octets()).map_err(text)
}

pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
pub(super) mod tests;
