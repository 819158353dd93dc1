//! Signatures by people: CMS `SignedData` (RFC 5652) over canonical bytes, made by an officer's own
//! key, checked up to the pinned root (D-22, D-57). `openssl cms -verify` judges them alone.

use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::ContentInfo;
use cms::signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo};
use der::asn1::OctetString;
use der::oid::ObjectIdentifier;
use der::{Any, Decode as _, Encode as _, Tag};
use sha2::{Digest as _, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;

use super::signer::{ClosureSigner, SignFn, Signature};
use super::unit_pki::{self, PkiError};
use crate::domain::approval::{ApprovalRecord, Decision};
use crate::domain::id::RequestId;
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError<E> {
    /// The key's own failure.
    #[error("the signing key failed")]
    Key(E),
    /// A certificate or the record cannot be encoded.
    #[error("the signature cannot be encoded: {0}")]
    Encoding(String),
}

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
    let encoding = |text: String| SignError::Encoding(text);
    let certificates: Vec<Certificate> = chain
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(|error| encoding(error.to_string()))?;
    let own = certificates
        .first()
        .ok_or_else(|| encoding("no certificate".to_owned()))?;
    let public_key = unit_pki::public_key(own).map_err(|error| encoding(error.to_string()))?;
    let signer = ClosureSigner::new(&public_key, key);
    let built = build(content, own, &certificates, &signer);
    match (built, signer.into_failure()) {
        (_, Some(failure)) => Err(SignError::Key(failure)),
        (Ok(der), None) => Ok(der),
        (Err(text), None) => Err(encoding(text)),
    }
}

fn build<E>(
    content: &[u8],
    own: &Certificate,
    certificates: &[Certificate],
    signer: &ClosureSigner<'_, E>,
) -> Result<Vec<u8>, String> {
    let sha256 = AlgorithmIdentifierOwned {
        oid: SHA256,
        parameters: None,
    };
    let econtent = Any::new(Tag::OctetString, content).map_err(|error| error.to_string())?;
    let encapsulated = EncapsulatedContentInfo {
        econtent_type: DATA,
        econtent: Some(econtent),
    };
    let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: own.tbs_certificate.issuer.clone(),
        serial_number: own.tbs_certificate.serial_number.clone(),
    });
    let info = SignerInfoBuilder::new(signer, sid, sha256.clone(), &encapsulated, None)
        .map_err(|error| error.to_string())?;
    let mut builder = SignedDataBuilder::new(&encapsulated);
    builder
        .add_digest_algorithm(sha256)
        .map_err(|error| error.to_string())?;
    for certificate in certificates {
        builder
            .add_certificate(CertificateChoices::Certificate(certificate.clone()))
            .map_err(|error| error.to_string())?;
    }
    builder
        .add_signer_info::<_, Signature>(info)
        .and_then(SignedDataBuilder::build)
        .map_err(|error| error.to_string())?
        .to_der()
        .map_err(|error| error.to_string())
}

/// Verifies a signature at `moment` and gives the signed content and the signer's certificate.
///
/// # Errors
/// [`NotVerified`].
pub fn verify(
    cms: &[u8],
    chain: &[Vec<u8>],
    pinned_root: &[u8],
    moment: Timestamp,
) -> Result<Vec<u8>, NotVerified> {
    let damaged = NotVerified::Damaged;
    let outer = ContentInfo::from_der(cms).map_err(|_der| damaged("not a CMS message"))?;
    if outer.content_type != SIGNED_DATA {
        return Err(damaged("not SignedData"));
    }
    let data: SignedData = outer
        .content
        .decode_as()
        .map_err(|_der| damaged("not SignedData"))?;
    let [signer] = data.signer_infos.0.as_slice() else {
        return Err(damaged("not exactly one signer"));
    };
    let content = data.encap_content_info.econtent.as_ref();
    let content: OctetString = content
        .ok_or_else(|| damaged("the content is not inside"))?
        .decode_as()
        .map_err(|_der| damaged("the content is damaged"))?;
    let public_key = unit_pki::check_chain(chain, pinned_root, moment)?;
    let own = chain
        .first()
        .and_then(|der| Certificate::from_der(der).ok());
    let own = own.ok_or_else(|| damaged("no certificate"))?;
    let named = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: own.tbs_certificate.issuer.clone(),
        serial_number: own.tbs_certificate.serial_number,
    });
    if signer.sid != named {
        return Err(damaged("another certificate signed it"));
    }
    let message = signed_attributes(signer, content.as_bytes())?;
    if public_key.verifies(&message, signer.signature.as_bytes()) {
        Ok(content.into_bytes())
    } else {
        Err(NotVerified::Signature)
    }
}

/// The bytes that were signed, once they are seen to name this content.
fn signed_attributes(signer: &SignerInfo, content: &[u8]) -> Result<Vec<u8>, NotVerified> {
    let damaged = NotVerified::Damaged;
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
    if kind != Some(DATA) || signer.digest_alg.oid != SHA256 {
        return Err(damaged("other algorithms or content type"));
    }
    if digest.is_none_or(|digest| digest.as_bytes() != Sha256::digest(content).as_slice()) {
        return Err(NotVerified::Signature);
    }
    attributes
        .to_der()
        .map_err(|_der| damaged("the signed attributes are damaged"))
}

/// Evidence that this record was approved by an officer whose certificate leads to the pinned root.
#[derive(Debug)]
pub struct VerifiedApproval {
    record: ApprovalRecord,
}

impl VerifiedApproval {
    /// Verifies the stored bytes of an approval of `request` in this revision, now.
    ///
    /// # Errors
    /// [`NotVerified`] when signature, chain, post, decision, request, revision or dates do not
    /// hold.
    pub fn verify(
        cms: &[u8],
        chain: &[Vec<u8>],
        pinned_root: &[u8],
        (request, revision): (RequestId, u32),
        now: Timestamp,
    ) -> Result<Self, NotVerified> {
        let refuse = |text| Err(NotVerified::Record(text));
        let content = verify(cms, chain, pinned_root, now)?;
        let Some(record) = ApprovalRecord::parse(&content) else {
            return refuse("not an approval record in canonical form");
        };
        if record.request != request || record.revision != revision {
            return refuse("it is about another request or revision");
        }
        if record.decision != Decision::Approved {
            return refuse("it does not approve");
        }
        if record.post != Post::Security {
            return refuse("the signer's post may not approve");
        }
        let signer: Option<[u8; 32]> = chain.first().map(|der| Sha256::digest(der).into());
        if signer != Some(record.approver_certificate) {
            return refuse("it names another approver's certificate");
        }
        if record.expires < now {
            return Err(NotVerified::Expired);
        }
        Ok(Self { record })
    }

    /// What was approved.
    pub const fn record(&self) -> &ApprovalRecord {
        &self.record
    }
}

#[cfg(test)]
mod tests {
    use super::super::unit_pki::tests::{now, officer};
    use super::*;

    #[test]
    fn a_signature_verifies_and_one_changed_byte_anywhere_is_noticed() {
        let (key, chain) = officer(Post::Security);
        let content = b"{\"type\":\"a record\"}";
        let cms = sign(content, &chain, &mut |message| key.sign_for_test(message)).unwrap();
        assert_eq!(verify(&cms, &chain, &chain[2], now()).unwrap(), content);
        let at = cms
            .windows(content.len())
            .position(|part| part == content)
            .unwrap();
        for index in [at, at + 5, cms.len() - 1, cms.len() - 20] {
            let mut changed = cms.clone();
            changed[index] ^= 1;
            assert!(
                verify(&changed, &chain, &chain[2], now()).is_err(),
                "byte {index}"
            );
        }
    }

    #[test]
    fn the_key_s_own_failure_comes_back() {
        let (_, chain) = officer(Post::Security);
        let failed = sign(b"record", &chain, &mut |_message| {
            Err::<Vec<u8>, _>("pulled out")
        });
        assert!(matches!(failed, Err(SignError::Key("pulled out"))));
    }
}
