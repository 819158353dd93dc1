//! A signer for the CMS and X.509 builders whose key is somewhere else: on a ukey, behind a
//! closure. The builders can only say "failed"; the closure's own error is kept aside.

use std::cell::RefCell;

use der::Document;
use der::asn1::BitString;
use der::oid::ObjectIdentifier;
use signature::{Keypair, Signer};
use spki::{
    AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SignatureBitStringEncoding,
};

use crate::domain::key::{KeyAlgorithm, PublicKeyDer};

const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// Signs a message: ECDSA with SHA-256 in DER, or RSA PKCS #1 v1.5 with SHA-256.
pub type SignFn<'a, E> = &'a mut dyn FnMut(&[u8]) -> Result<Vec<u8>, E>;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError<E> {
    /// The key's own failure.
    #[error("the signing key failed")]
    Key(E),
    /// What was to be signed cannot be encoded.
    #[error("the signature cannot be encoded: {0}")]
    Encoding(String),
}

/// What a signature by this key is called.
pub(super) fn algorithm(key: &PublicKeyDer) -> Option<AlgorithmIdentifierOwned> {
    let (oid, parameters) = match key.algorithm()? {
        KeyAlgorithm::EcP256 => (ECDSA_WITH_SHA256, None),
        KeyAlgorithm::Rsa2048 => (SHA256_WITH_RSA, Some(der::Any::null())),
    };
    Some(AlgorithmIdentifierOwned { oid, parameters })
}

pub(super) struct ClosureSigner<'a, E> {
    key: VerifyingKey,
    sign: RefCell<SignFn<'a, E>>,
    failure: RefCell<Option<E>>,
}

impl<'a, E> ClosureSigner<'a, E> {
    pub(super) fn new(key: &PublicKeyDer, sign: SignFn<'a, E>) -> Self {
        let key = VerifyingKey(key.clone());
        Self {
            key,
            sign: RefCell::new(sign),
            failure: RefCell::new(None),
        }
    }

    /// What was built, or the key's own failure in place of the builder's words for it.
    pub(super) fn settle<T>(self, built: Result<T, String>) -> Result<T, SignError<E>> {
        match (built, self.failure.into_inner()) {
            (_, Some(failure)) => Err(SignError::Key(failure)),
            (Ok(value), None) => Ok(value),
            (Err(text), None) => Err(SignError::Encoding(text)),
        }
    }
}

#[derive(Clone)]
pub(super) struct VerifyingKey(PublicKeyDer);

pub(super) struct Signature(Vec<u8>);

impl<E> Keypair for ClosureSigner<'_, E> {
    type VerifyingKey = VerifyingKey;

    fn verifying_key(&self) -> VerifyingKey {
        self.key.clone()
    }
}

impl EncodePublicKey for VerifyingKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_bytes())?)
    }
}

impl<E> DynSignatureAlgorithmIdentifier for ClosureSigner<'_, E> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        algorithm(&self.key.0).ok_or(spki::Error::KeyMalformed)
    }
}

impl<E> Signer<Signature> for ClosureSigner<'_, E> {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, signature::Error> {
        let mut sign = self.sign.borrow_mut();
        sign(message).map(Signature).map_err(|failure| {
            self.failure.replace(Some(failure));
            signature::Error::new()
        })
    }
}

impl SignatureBitStringEncoding for Signature {
    fn to_bitstring(&self) -> der::Result<BitString> {
        BitString::from_bytes(&self.0)
    }
}
