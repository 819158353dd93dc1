//! The unit PKI: province root → unit → officer (D-57). Apart from the CA that certifies holders.

use std::time::Duration;

use der::asn1::{GeneralizedTime, OctetString};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode as _, Encode as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::signer::{ClosureSigner, Signature};
use crate::domain::certificate::CertificateSerial;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;

/// id-kp-emailProtection: what `openssl cms -verify` asks for.
const EMAIL_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");
/// id-kp-documentSigning (RFC 9336).
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");
/// `SubjectPublicKeyInfo` of a P-256 key up to the point.
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why a certificate of the unit PKI cannot be made or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A name, key or serial number cannot be encoded.
    #[error("unit PKI: {0}")]
    Encoding(String),
    /// The software key refused.
    #[error("unit PKI: the signing key failed")]
    Key,
    /// A chain that does not lead from the officer to the pinned root.
    #[error("the officer's certificate does not lead to the pinned root: {0}")]
    Chain(&'static str),
}

/// A P-256 key in memory, for the roots of practice: used to set a home up, then gone.
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

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, PkiError> {
        let signature = self
            .0
            .sign(&self.1, message)
            .map_err(|_unspecified| PkiError::Key)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// Who a certificate of the unit PKI is for.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The province's root.
    Root {
        /// Its name.
        name: &'a str,
    },
    /// A unit.
    Unit {
        /// The unit's name.
        name: &'a str,
    },
    /// An officer of a unit.
    Officer {
        /// The unit's name.
        unit: &'a str,
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

/// Makes a certificate: DER. `issuer` is the issuer's certificate, `None` for the root itself.
///
/// # Errors
/// [`PkiError`].
pub fn certify(
    subject: Subject<'_>,
    key: &PublicKeyDer,
    terms: &Terms,
    issuer: Option<&[u8]>,
    issuer_key: &SoftwareKey,
) -> Result<Vec<u8>, PkiError> {
    let encoding = |error: &dyn std::fmt::Display| PkiError::Encoding(error.to_string());
    let issuer = match issuer {
        Some(der) => Some(Certificate::from_der(der).map_err(|error| encoding(&error))?),
        None => None,
    };
    let issuer_name = issuer.map(|issuer| issuer.tbs_certificate.subject);
    let leaf = matches!(subject, Subject::Officer { .. });
    let profile = match (subject, issuer_name) {
        (Subject::Root { .. }, _) | (_, None) => Profile::Root,
        (Subject::Unit { .. }, Some(issuer)) => Profile::SubCA {
            issuer,
            path_len_constraint: Some(0),
        },
        (Subject::Officer { .. }, Some(issuer)) => Profile::Leaf {
            issuer,
            enable_key_agreement: false,
            enable_key_encipherment: false,
        },
    };
    let mut sign = |message: &[u8]| issuer_key.sign(message);
    let signer = ClosureSigner::new(&issuer_key.public_key(), &mut sign);
    let mut builder = CertificateBuilder::new(
        profile,
        SerialNumber::new(terms.serial.as_octets()).map_err(|error| encoding(&error))?,
        Validity {
            not_before: time(terms.not_before)?,
            not_after: time(terms.not_after)?,
        },
        name(subject)?,
        SubjectPublicKeyInfoOwned::from_der(key.as_bytes()).map_err(|error| encoding(&error))?,
        &signer,
    )
    .map_err(|error| encoding(&error))?;
    if leaf {
        builder
            .add_extension(&ExtendedKeyUsage(vec![EMAIL_PROTECTION, DOCUMENT_SIGNING]))
            .map_err(|error| encoding(&error))?;
    }
    let certificate = builder
        .build::<Signature>()
        .map_err(|error| encoding(&error))?;
    certificate.to_der().map_err(|error| encoding(&error))
}

fn time(moment: Timestamp) -> Result<Time, PkiError> {
    let secs = u64::try_from(moment.unix_secs()).unwrap_or_default();
    GeneralizedTime::from_unix_duration(Duration::from_secs(secs))
        .map(Time::GeneralTime) // The builder turns it into UTCTime where RFC 5280 asks for it.
        .map_err(|error| PkiError::Encoding(error.to_string()))
}

fn name(subject: Subject<'_>) -> Result<Name, PkiError> {
    let parts = match subject {
        Subject::Root { name } => vec![("CN", name)],
        Subject::Unit { name } => vec![("O", name), ("CN", name)],
        Subject::Officer { unit, name, post } => {
            vec![("O", unit), ("OU", post.word()), ("CN", name.as_str())]
        }
    };
    // RFC 4514 text, most specific first.
    let text: Vec<String> = parts
        .iter()
        .rev()
        .map(|(kind, value)| format!("{kind}={}", escape(value)))
        .chain(["C=CN".to_owned()])
        .collect();
    text.join(",")
        .parse()
        .map_err(|error: der::Error| PkiError::Encoding(error.to_string()))
}

/// RFC 4514, 2.4.
fn escape(value: &str) -> String {
    let special = |c| matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '#' | '=');
    value.chars().fold(String::new(), |mut text, c| {
        if special(c) {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

/// What a chain must satisfy at `moment`: signatures, names, dates, and CAs that may sign. Gives
/// the officer's public key. `chain` is the officer's certificate, then each issuer, DER.
///
/// # Errors
/// [`PkiError::Chain`] with what does not hold.
pub fn check_chain(
    chain: &[Vec<u8>],
    pinned_root: &[u8],
    moment: Timestamp,
) -> Result<PublicKeyDer, PkiError> {
    let bad = PkiError::Chain;
    if chain.last().is_none_or(|last| last != pinned_root) {
        return Err(bad("the last certificate is not the pinned root"));
    }
    let certificates: Vec<Certificate> = chain
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(|_der| bad("a certificate is damaged"))?;
    let issuers = certificates.iter().skip(1).chain(certificates.last());
    for (at, (certificate, issuer)) in certificates.iter().zip(issuers).enumerate() {
        let tbs = &certificate.tbs_certificate;
        let secs = u64::try_from(moment.unix_secs()).unwrap_or_default();
        let moment = Duration::from_secs(secs);
        if moment < tbs.validity.not_before.to_unix_duration()
            || moment > tbs.validity.not_after.to_unix_duration()
        {
            return Err(bad("a certificate is not valid at that time"));
        }
        if tbs.issuer != issuer.tbs_certificate.subject {
            return Err(bad("a certificate has another issuer"));
        }
        let message = tbs
            .to_der()
            .map_err(|_der| bad("a certificate is damaged"))?;
        let signature = certificate.signature.as_bytes().unwrap_or_default();
        if !public_key(issuer)?.verifies(&message, signature) {
            return Err(bad("a signature does not verify"));
        }
        if at > 0 && !may_certify(certificate) {
            return Err(bad("an issuer is no CA"));
        }
    }
    let officer = certificates
        .first()
        .ok_or_else(|| bad("the chain is empty"))?;
    if !may_sign_documents(officer) {
        return Err(bad("the officer's certificate is not for signing"));
    }
    public_key(officer)
}

/// The public key of a certificate of the unit PKI.
///
/// # Errors
/// [`PkiError::Chain`] when it is damaged.
pub(super) fn public_key(certificate: &Certificate) -> Result<PublicKeyDer, PkiError> {
    certificate
        .tbs_certificate
        .subject_public_key_info
        .to_der()
        .map(PublicKeyDer::new)
        .map_err(|_der| PkiError::Chain("a public key is damaged"))
}

fn extension<'a, T: AssociatedOid + der::Decode<'a>>(certificate: &'a Certificate) -> Option<T> {
    let extensions = certificate.tbs_certificate.extensions.as_ref()?;
    let found = extensions
        .iter()
        .find(|extension| extension.extn_id == T::OID)?;
    T::from_der(OctetString::as_bytes(&found.extn_value)).ok()
}

fn may_certify(certificate: &Certificate) -> bool {
    extension::<BasicConstraints>(certificate).is_some_and(|constraints| constraints.ca)
        && extension::<KeyUsage>(certificate).is_some_and(|usage| usage.key_cert_sign())
}

fn may_sign_documents(certificate: &Certificate) -> bool {
    extension::<KeyUsage>(certificate).is_some_and(|usage| usage.non_repudiation())
        && extension::<ExtendedKeyUsage>(certificate)
            .is_some_and(|usage| usage.0.contains(&DOCUMENT_SIGNING))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::keys) fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
    }

    fn terms(serial: u8) -> Terms {
        Terms {
            serial: CertificateSerial::from_random([serial; 16]),
            not_before: now().plus_days(-1),
            not_after: now().plus_days(365),
        }
    }

    /// An officer's key and the chain from their certificate to the root.
    pub(in crate::keys) fn officer(post: Post) -> (SoftwareKey, Vec<Vec<u8>>) {
        let root_key = SoftwareKey::generate().unwrap();
        let unit_key = SoftwareKey::generate().unwrap();
        let key = SoftwareKey::generate().unwrap();
        let name = OfficerName::parse("security").unwrap();
        let root_subject = Subject::Root {
            name: "示例省 = 练习根",
        };
        let root = certify(
            root_subject,
            &root_key.public_key(),
            &terms(1),
            None,
            &root_key,
        )
        .unwrap();
        let unit_subject = Subject::Unit {
            name: "示例小学, 一部",
        };
        let unit = certify(
            unit_subject,
            &unit_key.public_key(),
            &terms(2),
            Some(&root),
            &root_key,
        )
        .unwrap();
        let subject = Subject::Officer {
            unit: "示例小学, 一部",
            name: &name,
            post,
        };
        let officer = certify(
            subject,
            &key.public_key(),
            &terms(3),
            Some(&unit),
            &unit_key,
        )
        .unwrap();
        (key, vec![officer, unit, root])
    }

    impl SoftwareKey {
        pub(in crate::keys) fn sign_for_test(&self, message: &[u8]) -> Result<Vec<u8>, PkiError> {
            self.sign(message)
        }
    }

    #[test]
    fn a_chain_holds_up_to_its_own_root_and_inside_its_dates_only() {
        let (key, chain) = officer(Post::Security);
        let (_, other) = officer(Post::Security);
        let found = check_chain(&chain, &chain[2], now()).unwrap();
        assert_eq!(found, key.public_key());
        assert!(check_chain(&chain, &other[2], now()).is_err());
        assert!(check_chain(&chain, &chain[2], now().plus_days(366)).is_err());
        let foreign = [other[0].clone(), chain[1].clone(), chain[2].clone()];
        assert!(check_chain(&foreign, &chain[2], now()).is_err());
        let short = [chain[0].clone(), chain[2].clone()];
        assert!(check_chain(&short, &chain[2], now()).is_err());
    }
}
