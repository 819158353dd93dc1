//! Signatures by people: CMS `SignedData` (RFC 5652) over canonical bytes, made by an officer's own
//! key, checked up to the pinned root (D-22, D-57). `openssl cms -verify` judges them alone.

use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::revocation::RevocationInfoChoice;
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo};
use der::asn1::OctetString;
use der::oid::ObjectIdentifier;
use der::{Any, AnyRef, Decode as _, Encode, Tag};
use sha2::{Digest as _, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::crl::CertificateList;

mod decision;

pub use self::decision::{VerifiedApproval, VerifiedDecision};
pub use super::signer::SignError;
use super::signer::{ClosureSigner, SignFn, Signature};
use super::unit_crl;
use super::unit_pki::{self, PkiError, Signer};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// It is not CMS `SignedData` with one signer and the content inside.
    #[error("the signature is damaged: {0}")]
    Damaged(&'static str),
    /// The content was changed, or another key signed it.
    #[error("the signature does not fit the content")]
    Signature,
    /// The signer's chain.
    #[error(transparent)]
    Chain(#[from] PkiError),
    /// The approval has ended.
    #[error("the approval has expired")]
    Expired,
    /// The content is signed and is not what it should be.
    #[error("the signed record does not allow this: {0}")]
    Record(&'static str),
}

/// What a signature says, once everything about it was checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// What was signed.
    pub content: Vec<u8>,
    /// Who signed it.
    pub signer: Signer,
}

/// As [`Verified`], with what the signature carried beside it.
#[derive(Debug)]
#[non_exhaustive]
pub struct VerifiedCarried {
    /// What was signed.
    pub content: Vec<u8>,
    /// Who signed it.
    pub signer: Signer,
    /// The signer's certificate, then each issuer, DER.
    pub chain: Vec<Vec<u8>>,
    /// The CRLs, DER, none older than a known one; each is signed by a unit of the chain or by one of
    /// those whose CRLs the reader takes.
    pub crls: Vec<Vec<u8>>,
}

/// Signs `content`, with the content inside and the whole chain beside it. `chain` is the signer's
/// certificate, then each issuer, DER.
///
/// # Errors
/// [`SignError`].
pub fn sign<E>(
    content: &[u8],
    chain: &[Vec<u8>],
    key: SignFn<'_, E>,
) -> Result<Vec<u8>, SignError<E>> {
    sign_with_crls(content, chain, &[], key)
}

/// As [`sign`], with CRLs beside the chain.
///
/// # Errors
/// [`SignError`].
pub fn sign_with_crls<E>(
    content: &[u8],
    chain: &[Vec<u8>],
    crls: &[Vec<u8>],
    key: SignFn<'_, E>,
) -> Result<Vec<u8>, SignError<E>> {
    let beside = Beside::parse(chain, crls).map_err(|error| encoding(&error))?;
    let no_certificate = || SignError::Encoding("no certificate".to_owned());
    let own = beside.certificates.first().ok_or_else(no_certificate)?;
    let public_key = unit_pki::public_key(own).map_err(|error| encoding(&error))?;
    let signer = ClosureSigner::new(&public_key, key);
    let built = build(content, own, &beside, &signer);
    signer.settle(built)
}

fn encoding<E>(error: &dyn std::fmt::Display) -> SignError<E> {
    SignError::Encoding(error.to_string())
}

/// What stands beside the content.
struct Beside {
    certificates: Vec<Certificate>,
    crls: Vec<CertificateList>,
}

impl Beside {
    fn parse(chain: &[Vec<u8>], crls: &[Vec<u8>]) -> der::Result<Self> {
        let certificates = chain.iter().map(|der| Certificate::from_der(der));
        let crls = crls.iter().map(|der| CertificateList::from_der(der));
        Ok(Self {
            certificates: certificates.collect::<Result<_, _>>()?,
            crls: crls.collect::<Result<_, _>>()?,
        })
    }
}

const fn sha256_algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: SHA256,
        parameters: None,
    }
}

fn build<E>(
    content: &[u8],
    own: &Certificate,
    beside: &Beside,
    signer: &ClosureSigner<'_, E>,
) -> Result<Vec<u8>, String> {
    let text = |error: der::Error| error.to_string();
    let failed = |error: cms::builder::Error| error.to_string();
    let encapsulated = EncapsulatedContentInfo {
        econtent_type: DATA,
        econtent: Some(Any::new(Tag::OctetString, content).map_err(text)?),
    };
    let info = SignerInfoBuilder::new(signer, sid(own), sha256_algorithm(), &encapsulated, None)
        .map_err(failed)?;
    let mut builder = SignedDataBuilder::new(&encapsulated);
    builder
        .add_digest_algorithm(sha256_algorithm())
        .map_err(failed)?;
    for certificate in &beside.certificates {
        let certificate = CertificateChoices::Certificate(certificate.clone());
        builder.add_certificate(certificate).map_err(failed)?;
    }
    for crl in &beside.crls {
        let crl = RevocationInfoChoice::Crl(crl.clone());
        builder.add_crl(crl).map_err(failed)?;
    }
    builder
        .add_signer_info::<_, Signature>(info)
        .and_then(SignedDataBuilder::build)
        .map_err(failed)?
        .to_der()
        .map_err(text)
}

fn sid(certificate: &Certificate) -> SignerIdentifier {
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: certificate.tbs_certificate.issuer.clone(),
        serial_number: certificate.tbs_certificate.serial_number.clone(),
    })
}

/// Verifies a signature at `moment`: gives the signed content and who signed it. `chain` is what
/// was stored beside the signature, and must be what the signature carries; `crls` are those that
/// this home knows.
///
/// # Errors
/// [`NotVerified`].
pub fn verify(
    cms: &[u8],
    chain: &[Vec<u8>],
    pinned_root: &[u8],
    moment: Timestamp,
    crls: &[Vec<u8>],
) -> Result<Verified, NotVerified> {
    let message = Message::parse(cms)?;
    let signer = unit_pki::check_chain(chain, pinned_root, moment, crls)?;
    let beside = Beside::parse(chain, &[]).map_err(|_der| damaged("the chain"))?;
    let own = beside.certificates.first();
    let own = own.ok_or_else(|| damaged("no certificate"))?;
    let carried = message.certificates.len() == beside.certificates.len()
        && (beside.certificates.iter()).all(|found| message.certificates.contains(found));
    if !carried {
        return Err(damaged("it carries another chain"));
    }
    message.check(own, &signer.public_key)?;
    Ok(Verified {
        content: message.content,
        signer,
    })
}

/// Verifies a signature at `moment` by the chain that it carries itself, up to the pinned root, and
/// by the CRLs that it carries and those that this home knows already. A carried CRL that is older
/// than a known one is passed over: its sender has not heard yet.
///
/// # Errors
/// [`NotVerified`].
pub fn verify_carried(
    cms: &[u8],
    pinned_root: &[u8],
    moment: Timestamp,
    known_crls: &[Vec<u8>],
) -> Result<VerifiedCarried, NotVerified> {
    verify_carried_with(cms, pinned_root, moment, (known_crls, &[]))
}

/// As [`verify_carried`]; CRLs of `issuers`, whose certificates this home trusts already, are taken
/// beside those of the signer's chain.
///
/// # Errors
/// [`NotVerified`].
pub fn verify_carried_with(
    cms: &[u8],
    pinned_root: &[u8],
    moment: Timestamp,
    (known_crls, issuers): (&[Vec<u8>], &[Vec<u8>]),
) -> Result<VerifiedCarried, NotVerified> {
    let (message, chain) = carried(cms)?;
    let issuers = Beside::parse(issuers, &[]).map_err(|_der| damaged("an issuer of CRLs"))?;
    let units = chain.iter().skip(1).chain(&issuers.certificates);
    let units: Vec<&Certificate> = units.collect();
    let crls = checked_crls(&message.crls, &units, known_crls)?;
    let all: Vec<Vec<u8>> = crls.iter().chain(known_crls).cloned().collect();
    judge_carried((message, &chain), pinned_root, (moment, &all), crls)
}

/// As [`verify_carried`], by no list at all: for a message whose signer was revoked since. What it says
/// is not to be believed, only where it stands among others.
///
/// # Errors
/// [`NotVerified`].
pub fn verify_carried_unheeded(
    cms: &[u8],
    pinned_root: &[u8],
    moment: Timestamp,
) -> Result<VerifiedCarried, NotVerified> {
    let (message, chain) = carried(cms)?;
    judge_carried((message, &chain), pinned_root, (moment, &[]), Vec::new())
}

/// The content of a message whose signature was checked before.
///
/// # Errors
/// [`NotVerified::Damaged`].
pub fn content(cms: &[u8]) -> Result<Vec<u8>, NotVerified> {
    Ok(Message::parse(cms)?.content)
}

/// A message and the chain of its signer that it carries, nothing else beside.
fn carried(cms: &[u8]) -> Result<(Message, Vec<Certificate>), NotVerified> {
    let message = Message::parse(cms)?;
    let chain = unit_pki::order_chain(message.own()?.clone(), &message.certificates)?;
    if chain.len() != message.certificates.len() {
        return Err(damaged("it carries certificates that are not the signer's"));
    }
    Ok((message, chain))
}

fn judge_carried(
    (message, chain): (Message, &[Certificate]),
    pinned_root: &[u8],
    (moment, lists): (Timestamp, &[Vec<u8>]),
    crls: Vec<Vec<u8>>,
) -> Result<VerifiedCarried, NotVerified> {
    let signer = unit_pki::check_parsed(chain, pinned_root, moment, lists)?;
    message.check(message.own()?, &signer.public_key)?;
    let chain = chain.iter().map(Encode::to_der);
    Ok(VerifiedCarried {
        content: message.content,
        signer,
        chain: chain
            .collect::<Result<_, _>>()
            .map_err(|_der| damaged("a certificate"))?,
        crls,
    })
}

/// Verifies a signature at `moment` by a unit key that nobody certified yet: the one certificate
/// that it carries is self-signed. Gives content and certificate. Who the unit is, only the
/// comparison of its fingerprint on paper can tell.
///
/// # Errors
/// [`NotVerified`].
pub fn verify_self_signed(
    cms: &[u8],
    moment: Timestamp,
) -> Result<(Vec<u8>, Vec<u8>), NotVerified> {
    let message = Message::parse(cms)?;
    let own = message.own()?.clone();
    if message.certificates.len() != 1 || !message.crls.is_empty() {
        return Err(damaged("it carries more than one certificate"));
    }
    let der = own.to_der().map_err(|_der| damaged("a certificate"))?;
    let facts = unit_pki::check_unit_proposal(&der, moment)?;
    message.check(&own, &facts.public_key)?;
    Ok((message.content, der))
}

/// The carried CRLs that are not older than a known one, each one's signature checked, DER.
fn checked_crls(
    carried: &[CertificateList],
    units: &[&Certificate],
    known: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, NotVerified> {
    let mut crls = Vec::new();
    for list in carried {
        let mut found = None;
        for issuer in units {
            if let Some(crl) = unit_crl::check_against(list, issuer)? {
                found = Some((crl, issuer));
            }
        }
        let Some((crl, issuer)) = found else {
            return Err(damaged("it carries a CRL of a unit that is not known"));
        };
        let newest = unit_crl::newest(known, issuer)?;
        if newest.is_none_or(|newest| newest.number <= crl.number) {
            crls.push(list.to_der().map_err(|_der| damaged("a CRL"))?);
        }
    }
    Ok(crls)
}

const fn damaged(what: &'static str) -> NotVerified {
    NotVerified::Damaged(what)
}

/// A CMS message as this program writes it, byte for byte; nothing in it is believed yet.
struct Message {
    content: Vec<u8>,
    signer: SignerInfo,
    certificates: Vec<Certificate>,
    crls: Vec<CertificateList>,
}

impl Message {
    fn parse(cms: &[u8]) -> Result<Self, NotVerified> {
        let outer = ContentInfo::from_der(cms).map_err(|_der| damaged("not a CMS message"))?;
        let data: SignedData = outer
            .content
            .decode_as()
            .map_err(|_der| damaged("not SignedData"))?;
        let again = data
            .to_der()
            .and_then(|der| AnyRef::try_from(der.as_slice()).map(Any::from));
        let exact = again.is_ok_and(|again| again == outer.content);
        let digests = data.digest_algorithms.as_slice() == [sha256_algorithm()];
        if outer.content_type != SIGNED_DATA || !exact || !digests || data.version != CmsVersion::V1
        {
            return Err(damaged("not SignedData as this program writes it"));
        }
        let [signer] = data.signer_infos.0.as_slice() else {
            return Err(damaged("not exactly one signer"));
        };
        let content = data.encap_content_info;
        let inside = content
            .econtent
            .filter(|_content| content.econtent_type == DATA)
            .ok_or_else(|| damaged("the content is not inside"))?;
        let content: OctetString = inside
            .decode_as()
            .map_err(|_der| damaged("the content is damaged"))?;
        let certificates = data.certificates.iter().flat_map(|set| set.0.iter());
        let crls = data.crls.iter().flat_map(|set| set.0.iter());
        Ok(Self {
            content: content.into_bytes(),
            signer: signer.clone(),
            certificates: certificates
                .map(|choice| match choice {
                    CertificateChoices::Certificate(certificate) => Ok(certificate.clone()),
                    CertificateChoices::Other(_) => Err(damaged("a certificate of another kind")),
                })
                .collect::<Result<_, _>>()?,
            crls: crls
                .map(|choice| match choice {
                    RevocationInfoChoice::Crl(crl) => Ok(crl.clone()),
                    RevocationInfoChoice::Other(_) => Err(damaged("a CRL of another kind")),
                })
                .collect::<Result<_, _>>()?,
        })
    }

    /// The certificate that the signer names.
    fn own(&self) -> Result<&Certificate, NotVerified> {
        let mut named = self.certificates.iter();
        named
            .find(|certificate| self.signer.sid == sid(certificate))
            .ok_or_else(|| damaged("the signer's certificate is missing"))
    }

    /// Whether `key`, the key of `own`, signed this content.
    fn check(&self, own: &Certificate, key: &PublicKeyDer) -> Result<(), NotVerified> {
        let signer = &self.signer;
        if signer.sid != sid(own) {
            return Err(damaged("another certificate signed it"));
        }
        let usual = signer.version == CmsVersion::V1
            && signer.digest_alg == sha256_algorithm()
            && Some(&signer.signature_algorithm) == super::signer::algorithm(key).as_ref()
            && signer.unsigned_attrs.is_none();
        if !usual {
            return Err(damaged("other algorithms"));
        }
        let message = signed_attributes(signer, &self.content)?;
        if key.verifies(&message, signer.signature.as_bytes()) {
            Ok(())
        } else {
            Err(NotVerified::Signature)
        }
    }
}

/// The bytes that were signed, once they are seen to name this content.
fn signed_attributes(signer: &SignerInfo, content: &[u8]) -> Result<Vec<u8>, NotVerified> {
    let attributes = signer
        .signed_attrs
        .as_ref()
        .ok_or_else(|| damaged("no signed attributes"))?;
    let single = |oid| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next(), found.next()) {
            (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.get(0),
            _ => None,
        }
    };
    let kind: Option<ObjectIdentifier> = single(CONTENT_TYPE).and_then(|any| any.decode_as().ok());
    let digest: Option<OctetString> = single(MESSAGE_DIGEST).and_then(|any| any.decode_as().ok());
    if kind != Some(DATA) {
        return Err(damaged("another content type"));
    }
    if digest.is_none_or(|digest| digest.as_bytes() != Sha256::digest(content).as_slice()) {
        return Err(NotVerified::Signature);
    }
    attributes
        .to_der()
        .map_err(|_der| damaged("the signed attributes are damaged"))
}

#[cfg(test)]
mod tests;
