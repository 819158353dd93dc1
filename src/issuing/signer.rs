//! A key for rcgen that is somewhere else, behind a closure. rcgen can only say "remote key error";
//! the closure's own error is kept aside.

use std::cell::RefCell;

use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey, SubjectPublicKeyInfo};

use crate::domain::key::{KeyAlgorithm, PublicKeyDer};

/// Signs a message: ECDSA with SHA-256 in DER, or RSA PKCS #1 v1.5 with SHA-256.
pub type SignFn<'a, E> = &'a mut dyn FnMut(&[u8]) -> Result<Vec<u8>, E>;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError<E> {
    /// The key's own failure.
    #[error("the signing key failed")]
    Key(E),
    /// What was to be signed cannot be encoded.
    #[error("cannot be encoded: {0}")]
    Encoding(String),
}

pub(super) struct ClosureKey<'a, E> {
    key: SubjectPublicKeyInfo,
    algorithm: &'static SignatureAlgorithm,
    sign: RefCell<SignFn<'a, E>>,
    failure: RefCell<Option<E>>,
}

impl<'a, E> ClosureKey<'a, E> {
    pub(super) fn new(key: &PublicKeyDer, sign: SignFn<'a, E>) -> Result<Self, SignError<E>> {
        let algorithm = match key.algorithm() {
            Some(KeyAlgorithm::EcP256) => &rcgen::PKCS_ECDSA_P256_SHA256,
            Some(KeyAlgorithm::Rsa2048) => &rcgen::PKCS_RSA_SHA256,
            None => return Err(SignError::Encoding("not a P-256 or RSA key".to_owned())),
        };
        let key = public_key(key).map_err(|error| SignError::Encoding(error.to_string()))?;
        Ok(Self {
            key,
            algorithm,
            sign: RefCell::new(sign),
            failure: RefCell::new(None),
        })
    }

    /// The result, or the key's own failure in place of rcgen's words for it.
    pub(super) fn settle<T>(&self, result: Result<T, rcgen::Error>) -> Result<T, SignError<E>> {
        match (result, self.failure.take()) {
            (_, Some(failure)) => Err(SignError::Key(failure)),
            (Ok(value), None) => Ok(value),
            (Err(error), None) => Err(SignError::Encoding(error.to_string())),
        }
    }
}

/// A public key as rcgen has it.
pub(super) fn public_key(key: &PublicKeyDer) -> Result<SubjectPublicKeyInfo, rcgen::Error> {
    SubjectPublicKeyInfo::from_der(key.as_bytes())
}

impl<E> PublicKeyData for ClosureKey<'_, E> {
    fn der_bytes(&self) -> &[u8] {
        self.key.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl<E> SigningKey for ClosureKey<'_, E> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut sign = self.sign.borrow_mut();
        sign(message).map_err(|failure| {
            self.failure.replace(Some(failure));
            rcgen::Error::RemoteKeyError
        })
    }
}
