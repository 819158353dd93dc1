//! What a certificate of the unit PKI says, before anything is believed.

use der::asn1::OctetString;
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode as _, Encode};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};

use super::{
    COMMON_NAME, DOCUMENT_SIGNING, ORGANIZATION, ORGANIZATIONAL_UNIT, PRACTICE, PkiError,
    STATION_KEY_SCHEME, sha256,
};
use crate::domain::key::PublicKeyDer;
use crate::keys::station_key::StationKey;

/// What a unit certificate says of its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFacts {
    /// The unit's name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// What files to its station are sealed to.
    pub station_key: StationKey,
    /// Its unit key.
    pub public_key: PublicKeyDer,
}

impl UnitFacts {
    /// Reads a unit certificate, DER. Nothing is verified.
    ///
    /// # Errors
    /// [`PkiError::Certificate`] when it is no unit certificate.
    pub fn read(der: &[u8]) -> Result<Self, PkiError> {
        Self::of(&parse(der)?)
    }

    pub(super) fn of(certificate: &Certificate) -> Result<Self, PkiError> {
        let bad = PkiError::Certificate;
        let missing = || bad("its unit is not named");
        let uris: Vec<String> = extension::<SubjectAltName>(certificate)
            .map(|names| names.0)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
                _ => None,
            })
            .collect();
        let mut keys = uris
            .iter()
            .filter_map(|uri| uri.strip_prefix(STATION_KEY_SCHEME));
        let (Some(key), None) = (keys.next(), keys.next()) else {
            return Err(bad("it certifies no station key"));
        };
        if levels_below(certificate).is_none() {
            return Err(bad("it is no unit's"));
        }
        Ok(Self {
            name: first(certificate, ORGANIZATION).ok_or_else(missing)?,
            code: first(certificate, ORGANIZATIONAL_UNIT).ok_or_else(missing)?,
            station_key: StationKey::parse(key)
                .map_err(|_text| bad("its station key is damaged"))?,
            public_key: public_key(certificate)?,
        })
    }
}

/// Reads one certificate from PEM or DER, or several from PEM, in the order in which they stand:
/// DER of each.
///
/// # Errors
/// [`PkiError::Certificate`].
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, PkiError> {
    let bad = || PkiError::Certificate("neither PEM nor DER");
    let text = bytes.trim_ascii();
    let certificates = if bytes.first() == Some(&0x30) {
        vec![Certificate::from_der(bytes).map_err(|_der| bad())?]
    } else if text.is_empty() {
        return Err(bad()); // The library would count from the end of nothing.
    } else {
        Certificate::load_pem_chain(text).map_err(|_pem| bad())?
    };
    if certificates.is_empty() {
        return Err(bad());
    }
    let der = certificates.iter().map(Encode::to_der);
    der.collect::<Result<_, _>>().map_err(|_der| bad())
}

/// SHA-256 of a certificate or a public key, lower-case hex: what is compared on paper.
pub fn fingerprint(der: &[u8]) -> String {
    hex::encode(sha256(der))
}

/// A fingerprint as a person typed it from paper: spaces, colons and the case do not count.
pub fn typed_fingerprint(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != ':')
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether this is the root of practice homes: `OU=practice` stands in its name.
pub fn is_practice_root(der: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else {
        return false;
    };
    attributes(&certificate, ORGANIZATIONAL_UNIT)
        .iter()
        .any(|unit| unit == PRACTICE)
}

/// The public key of a certificate, DER.
///
/// # Errors
/// [`PkiError::Certificate`] when it is damaged.
pub fn public_key_of(der: &[u8]) -> Result<PublicKeyDer, PkiError> {
    public_key(&parse(der)?)
}

pub(super) fn parse(der: &[u8]) -> Result<Certificate, PkiError> {
    Certificate::from_der(der).map_err(|_der| PkiError::Certificate("its DER is damaged"))
}

pub(in crate::keys) fn public_key(certificate: &Certificate) -> Result<PublicKeyDer, PkiError> {
    certificate
        .tbs_certificate
        .subject_public_key_info
        .to_der()
        .map(PublicKeyDer::new)
        .map_err(|_der| PkiError::Certificate("a public key is damaged"))
}

/// The first value of an attribute of the subject.
pub(super) fn first(certificate: &Certificate, oid: ObjectIdentifier) -> Option<String> {
    attributes(certificate, oid).into_iter().next()
}

/// An officer's name.
pub(super) fn common_name(certificate: &Certificate) -> Option<String> {
    first(certificate, COMMON_NAME)
}

/// Every value of an attribute of the subject, in order. Only what this PKI writes: UTF-8.
pub(super) fn attributes(certificate: &Certificate, oid: ObjectIdentifier) -> Vec<String> {
    let rdns = &certificate.tbs_certificate.subject.0;
    rdns.iter()
        .flat_map(|rdn| rdn.0.iter())
        .filter(|attribute| attribute.oid == oid)
        .filter_map(|attribute| attribute.value.decode_as::<String>().ok())
        .collect()
}

pub(super) fn extension<'a, T: AssociatedOid + der::Decode<'a>>(
    certificate: &'a Certificate,
) -> Option<T> {
    let extensions = certificate.tbs_certificate.extensions.as_ref()?;
    let mut found = extensions
        .iter()
        .filter(|extension| extension.extn_id == T::OID);
    match (found.next(), found.next()) {
        (Some(extension), None) => T::from_der(OctetString::as_bytes(&extension.extn_value)).ok(),
        _ => None,
    }
}

/// For a CA: how many levels of units it may have below it (pathLen). `None` for any other
/// certificate, and for a CA that does not say.
pub(super) fn levels_below(certificate: &Certificate) -> Option<u8> {
    let constraints = extension::<BasicConstraints>(certificate)?;
    let usage = extension::<KeyUsage>(certificate)?;
    let may = constraints.ca && usage.key_cert_sign() && usage.crl_sign();
    constraints.path_len_constraint.filter(|_levels| may)
}

/// Whether the certificate is an officer's: for signing documents, and no CA.
pub(super) fn may_sign_documents(certificate: &Certificate) -> bool {
    let no_ca = extension::<BasicConstraints>(certificate).is_none_or(|found| !found.ca);
    let usage = extension::<KeyUsage>(certificate)
        .is_some_and(|usage| usage.non_repudiation() && !usage.key_cert_sign());
    let extended = extension::<ExtendedKeyUsage>(certificate)
        .is_some_and(|usage| usage.0.contains(&DOCUMENT_SIGNING));
    no_ca && usage && extended
}

/// Whether it asks for something that this program does not check.
pub(super) fn has_unknown_critical(certificate: &Certificate) -> bool {
    let known = [
        BasicConstraints::OID,
        KeyUsage::OID,
        ExtendedKeyUsage::OID,
        SubjectAltName::OID,
    ];
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    let mut critical = extensions.filter(|extension| extension.critical);
    critical.any(|extension| !known.contains(&extension.extn_id))
}
