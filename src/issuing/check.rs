//! Reads certificates back and compares every field with what was asked (D-38): nothing is written
//! to a ukey before it is a [`CheckedCertificate`].

use x509_parser::der_parser::asn1_rs::{Oid, Tag, oid};
use x509_parser::prelude::{
    AttributeTypeAndValue, FromDer as _, ParsedExtension, X509Certificate, X509Version,
};
use x509_parser::x509::X509Name;

use super::authority::Authority;
use crate::domain::certificate::{
    CertificateObject, CertificateSerial, CertificateSubject, IssueIntent,
};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

const COUNTRY: Oid<'_> = oid!(2.5.4.6);
const PROVINCE: Oid<'_> = oid!(2.5.4.8);
const LOCALITY: Oid<'_> = oid!(2.5.4.7);
const ORGANIZATION: Oid<'_> = oid!(2.5.4.10);
const ORGANIZATIONAL_UNIT: Oid<'_> = oid!(2.5.4.11);
const COMMON_NAME: Oid<'_> = oid!(2.5.4.3);
const SERIAL_NUMBER: Oid<'_> = oid!(2.5.4.5);
const DOCUMENT_SIGNING: Oid<'_> = oid!(1.3.6.1.5.5.7.3.36);

/// The field of a certificate that differs from what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Not one strict DER certificate, version 3.
    #[error("the certificate is no X.509 v3 in strict DER")]
    Encoding,
    /// The named field.
    #[error("the certificate differs in {0} from what was asked")]
    Field(&'static str),
    /// An extension that was not asked for: its name.
    #[error("the certificate has an extension that was not asked for: {0}")]
    UnknownExtension(&'static str),
    /// The CA's signature.
    #[error("the CA's signature on the certificate does not verify")]
    Signature,
}

/// Checks that each certificate of a CA's chain is issued by the next one, and the last by itself.
///
/// # Errors
/// [`CertificateFault`] with the first that does not hold.
pub fn chain(chain: &[Vec<u8>]) -> Result<(), CertificateFault> {
    let issuers = chain.iter().skip(1).chain(chain.last());
    for (der, issuer) in chain.iter().zip(issuers) {
        let (key, _not_after) = authority(issuer)?;
        let (certificate, issuer) = (parse(der)?, parse(issuer)?);
        if certificate.issuer().as_raw() != issuer.subject().as_raw() {
            return Err(CertificateFault::Field("issuer"));
        }
        let message = certificate.tbs_certificate.as_ref();
        if !key.verifies(message, &certificate.signature_value.data) {
            return Err(CertificateFault::Signature);
        }
    }
    Ok(())
}

/// Evidence that a certificate says exactly what was asked, and is signed by the CA.
#[derive(Clone, Debug)]
pub struct CheckedCertificate {
    object: CertificateObject,
    key: PublicKeyDer,
    serial: CertificateSerial,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Who gives serial number and dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// This program: they are those of the intent.
    Here,
    /// The CA: any serial number, dates as [`IssueIntent::date_fault`] allows.
    ByCa,
}

impl CheckedCertificate {
    /// Compares every field.
    ///
    /// # Errors
    /// [`CertificateFault`] with the first that differs.
    pub fn check(
        der: &[u8],
        authority: &Authority,
        subject: &CertificateSubject,
        intent: &IssueIntent,
    ) -> Result<Self, CertificateFault> {
        Self::compare(der, authority, (subject, intent), Given::Here)
    }

    /// As [`Self::check`], for a CA elsewhere that gives serial number and dates by itself (D-53):
    /// key, subject, extensions, issuer and signature are as asked.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_issued(
        der: &[u8],
        authority: &Authority,
        subject: &CertificateSubject,
        intent: &IssueIntent,
    ) -> Result<Self, CertificateFault> {
        Self::compare(der, authority, (subject, intent), Given::ByCa)
    }

    fn compare(
        der: &[u8],
        authority: &Authority,
        (subject, intent): (&CertificateSubject, &IssueIntent),
        given: Given,
    ) -> Result<Self, CertificateFault> {
        let field = CertificateFault::Field;
        let demand = |holds: bool, name| if holds { Ok(()) } else { Err(field(name)) };
        let certificate = parse(der)?;
        let tbs = &certificate.tbs_certificate;
        let issuer = parse(authority.certificate())?;
        let serial = CertificateSerial::from_issued(tbs.raw_serial())
            .map_err(|_range| field("serialNumber"))?;
        demand(
            given == Given::ByCa || serial == intent.serial,
            "serialNumber",
        )?;
        demand(tbs.issuer.as_raw() == issuer.subject().as_raw(), "issuer")?;
        demand(same_name(&tbs.subject, subject), "subject")?;
        let dates = tbs.validity();
        let not_before = Timestamp::from_unix(dates.not_before.timestamp())
            .map_err(|_range| field("notBefore"))?;
        let not_after = Timestamp::from_unix(dates.not_after.timestamp())
            .map_err(|_range| field("notAfter"))?;
        match given {
            Given::Here => {
                demand(not_before == intent.not_before, "notBefore")?;
                demand(not_after == intent.not_after, "notAfter")?;
            }
            Given::ByCa => {
                let fault = intent.date_fault(not_before, not_after);
                fault.map_or(Ok(()), |name| Err(field(name)))?;
                demand(not_after <= authority.not_after(), "notAfter")?;
            }
        }
        let key = PublicKeyDer::new(tbs.subject_pki.raw.to_vec());
        demand(key == intent.public_key, "subjectPublicKeyInfo")?;
        demand(
            tbs.issuer_uid.is_none() && tbs.subject_uid.is_none(),
            "uniqueID",
        )?;
        demand(
            certificate.signature_algorithm == tbs.signature,
            "signatureAlgorithm",
        )?;
        check_extensions(&certificate, &issuer)?;
        if !authority
            .key()
            .verifies(tbs.as_ref(), &certificate.signature_value.data)
        {
            return Err(CertificateFault::Signature);
        }
        let object = CertificateObject {
            der: der.to_vec(),
            subject: tbs.subject.as_raw().to_vec(),
            issuer: tbs.issuer.as_raw().to_vec(),
            serial: integer(tbs.raw_serial()),
        };
        Ok(Self {
            object,
            key,
            serial,
            not_before,
            not_after,
        })
    }

    /// As a PKCS#11 object.
    pub const fn object(&self) -> &CertificateObject {
        &self.object
    }

    /// The certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.object.der
    }

    /// The certified key.
    pub const fn key(&self) -> &PublicKeyDer {
        &self.key
    }

    /// The serial number, as it was issued.
    pub const fn serial(&self) -> &CertificateSerial {
        &self.serial
    }

    /// notBefore and notAfter, as they were issued.
    pub const fn dates(&self) -> (Timestamp, Timestamp) {
        (self.not_before, self.not_after)
    }
}

/// What a certificate says that a CA has signed; nothing else of it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCertificate {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The certified key.
    pub key: PublicKeyDer,
    /// notBefore.
    pub not_before: Timestamp,
    /// notAfter.
    pub not_after: Timestamp,
}

/// Reads a certificate and checks that this CA signed it. `None` for anything else.
pub fn signed_by(der: &[u8], authority: &Authority) -> Option<SignedCertificate> {
    let certificate = parse(der).ok()?;
    let issuer = parse(authority.certificate()).ok()?;
    let tbs = &certificate.tbs_certificate;
    let signed = tbs.issuer.as_raw() == issuer.subject().as_raw()
        && certificate.signature_algorithm == tbs.signature
        && authority
            .key()
            .verifies(tbs.as_ref(), &certificate.signature_value.data);
    let moment = |at: i64| Timestamp::from_unix(at).ok();
    signed.then_some(SignedCertificate {
        serial: CertificateSerial::from_issued(tbs.raw_serial()).ok()?,
        key: PublicKeyDer::new(tbs.subject_pki.raw.to_vec()),
        not_before: moment(tbs.validity().not_before.timestamp())?,
        not_after: moment(tbs.validity().not_after.timestamp())?,
    })
}

/// A CA certificate as a PKCS#11 object.
///
/// # Errors
/// [`CertificateFault::Encoding`].
pub fn object(der: &[u8]) -> Result<CertificateObject, CertificateFault> {
    let certificate = parse(der)?;
    let tbs = &certificate.tbs_certificate;
    Ok(CertificateObject {
        der: der.to_vec(),
        subject: tbs.subject.as_raw().to_vec(),
        issuer: tbs.issuer.as_raw().to_vec(),
        serial: integer(tbs.raw_serial()),
    })
}

/// The end of any certificate.
///
/// # Errors
/// [`CertificateFault::Encoding`].
pub fn not_after(der: &[u8]) -> Result<Timestamp, CertificateFault> {
    let end = parse(der)?.validity().not_after.timestamp();
    Timestamp::from_unix(end).map_err(|_range| CertificateFault::Encoding)
}

/// Key and end of a CA certificate.
pub(super) fn authority(der: &[u8]) -> Result<(PublicKeyDer, Timestamp), CertificateFault> {
    let certificate = parse(der)?;
    let signs = certificate
        .key_usage()
        .ok()
        .flatten()
        .is_some_and(|usage| usage.value.key_cert_sign() && usage.value.crl_sign());
    if !certificate.is_ca() || !signs {
        return Err(CertificateFault::Field("basicConstraints"));
    }
    let key = PublicKeyDer::new(certificate.public_key().raw.to_vec());
    let not_after = Timestamp::from_unix(certificate.validity().not_after.timestamp())
        .map_err(|_range| CertificateFault::Field("notAfter"))?;
    Ok((key, not_after))
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateFault> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) if certificate.version() == X509Version::V3 => Ok(certificate),
        Ok(_) | Err(_) => Err(CertificateFault::Encoding),
    }
}

/// DER of an INTEGER of at most 20 octets.
fn integer(octets: &[u8]) -> Vec<u8> {
    let length = u8::try_from(octets.len().min(127)).unwrap_or(127);
    [&[0x02, length], octets].concat()
}

/// Exactly the eight attributes of D-38, in order, one in each RDN, in their string types.
fn same_name(found: &X509Name<'_>, asked: &CertificateSubject) -> bool {
    let asked = [
        (COUNTRY, "CN", Tag::PrintableString),
        (PROVINCE, asked.province.as_str(), Tag::Utf8String),
        (LOCALITY, &asked.prefecture, Tag::Utf8String),
        (ORGANIZATION, &asked.unit, Tag::Utf8String),
        (ORGANIZATIONAL_UNIT, &asked.unit_code, Tag::Utf8String),
        (ORGANIZATIONAL_UNIT, &asked.user_types, Tag::Utf8String),
        (COMMON_NAME, &asked.name, Tag::Utf8String),
        (SERIAL_NUMBER, &asked.pseudonym, Tag::PrintableString),
    ];
    let rdns: Vec<Vec<&AttributeTypeAndValue<'_>>> =
        found.iter_rdn().map(|rdn| rdn.iter().collect()).collect();
    rdns.len() == asked.len()
        && rdns
            .iter()
            .zip(asked)
            .all(|(rdn, (kind, text, tag))| match rdn.as_slice() {
                [attribute] => {
                    *attribute.attr_type() == kind
                        && attribute.attr_value().tag() == tag
                        && attribute.as_str() == Ok(text)
                }
                _ => false,
            })
}

/// The extensions of D-38 and no other, each with its criticality.
fn check_extensions(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), CertificateFault> {
    let field = CertificateFault::Field;
    let demand = |holds: bool, name| if holds { Ok(()) } else { Err(field(name)) };
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        let (name, holds) = match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => {
                // Bits 0 and 1 only: digitalSignature and nonRepudiation.
                ("keyUsage", usage.flags == 0b11 && extension.critical)
            }
            ParsedExtension::ExtendedKeyUsage(usage) => (
                "extKeyUsage",
                usage.client_auth
                    && usage.other == [DOCUMENT_SIGNING]
                    && !(usage.any
                        || usage.server_auth
                        || usage.code_signing
                        || usage.email_protection
                        || usage.time_stamping
                        || usage.ocsp_signing),
            ),
            ParsedExtension::BasicConstraints(constraints) => (
                "basicConstraints",
                !constraints.ca && constraints.path_len_constraint.is_none(),
            ),
            ParsedExtension::SubjectKeyIdentifier(id) => (
                "subjectKeyIdentifier",
                !id.0.is_empty() && !extension.critical,
            ),
            ParsedExtension::AuthorityKeyIdentifier(id) => (
                "authorityKeyIdentifier",
                id.key_identifier.as_ref().map(|id| id.0) == key_identifier(issuer)
                    && !extension.critical,
            ),
            other => return Err(CertificateFault::UnknownExtension(extension_name(other))),
        };
        demand(holds && !seen.contains(&name), name)?;
        seen.push(name);
    }
    for name in [
        "keyUsage",
        "extKeyUsage",
        "basicConstraints",
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
    ] {
        demand(seen.contains(&name), name)?;
    }
    Ok(())
}

const fn extension_name(extension: &ParsedExtension<'_>) -> &'static str {
    match extension {
        ParsedExtension::CertificatePolicies(_) => "certificatePolicies",
        ParsedExtension::PolicyMappings(_) => "policyMappings",
        ParsedExtension::SubjectAlternativeName(_) => "subjectAltName",
        ParsedExtension::IssuerAlternativeName(_) => "issuerAltName",
        ParsedExtension::NameConstraints(_) => "nameConstraints",
        ParsedExtension::PolicyConstraints(_) => "policyConstraints",
        ParsedExtension::CRLDistributionPoints(_) => "cRLDistributionPoints",
        ParsedExtension::InhibitAnyPolicy(_) => "inhibitAnyPolicy",
        ParsedExtension::AuthorityInfoAccess(_) => "authorityInfoAccess",
        ParsedExtension::SubjectInfoAccess(_) => "subjectInfoAccess",
        ParsedExtension::NSCertType(_) => "netscapeCertType",
        ParsedExtension::NsCertComment(_) => "netscapeComment",
        ParsedExtension::SCT(_) => "signedCertificateTimestamps",
        _ => "another",
    }
}

fn key_identifier<'a>(issuer: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    issuer
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
            _ => None,
        })
}

/// The subject of a certificate as text, for people.
pub fn subject_text(der: &[u8]) -> Option<String> {
    let certificate = parse(der).ok()?;
    Some(certificate.subject().to_string())
}

#[cfg(test)]
mod tests;
