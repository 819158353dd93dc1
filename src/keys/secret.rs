//! `SecretKey`: 32 bytes that seal and open small secrets (XChaCha20-Poly1305).

use std::fmt;

use chacha20poly1305::aead::{Aead as _, AeadInOut as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::random::{self, NoRandom};
use crate::memory::SecretBytes;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// A symmetric key. No `Display`, no `Serialize`; locked in memory where the system can, wiped on drop.
#[derive(Clone)]
pub struct SecretKey(SecretBytes);

/// Bytes that only their key opens, as hex in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sealed(#[serde(with = "hex::serde")] pub(super) Vec<u8>);

/// A sealed secret that does not open: wrong key, wrong purpose, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open: wrong key, or changed")]
pub struct NotOpened;

/// Why a secret cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No random nonce.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// Too long for the cipher: never for what a station seals.
    #[error("the secret is too long to seal")]
    TooLong,
}

impl SecretKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn generate() -> Result<Self, NoRandom> {
        random::secret().map(|bytes| Self::from_bytes(&bytes))
    }

    /// Takes a key from its bytes.
    pub fn from_bytes(bytes: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(SecretBytes::copied(bytes.as_slice()))
    }

    /// Takes a key from a slice of 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_BYTES).then(|| Self(SecretBytes::copied(bytes)))
    }

    /// The key itself. Callers: the store's `PRAGMA key`, and where a run's own key is kept.
    #[expect(clippy::missing_panics_doc, reason = "every maker takes 32 bytes")]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        self.0.first_chunk().expect("a key has 32 bytes")
    }

    /// Seals `secret` for `purpose`: a nonce of 24 bytes, then the ciphertext with its tag. What is
    /// sealed for one purpose does not open for another.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_BYTES] = random::bytes()?;
        let payload = Payload {
            msg: secret,
            aad: purpose.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new(self.expose().into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_opaque| SealError::TooLong)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] made for this purpose, in locked memory.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretBytes, NotOpened> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
        let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(NotOpened)?;
        let mut secret = SecretBytes::copied(text);
        XChaCha20Poly1305::new(self.expose().into())
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                purpose.as_bytes(),
                (&mut *secret).into(),
                &(*tag).into(),
            )
            .map_err(|_opaque| NotOpened)?;
        Ok(secret)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([elided])")
    }
}

/// A secret text: a passphrase or an age identity. Locked in memory where the system can, wiped on drop,
/// never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(SecretBytes);

impl SecretText {
    /// Takes the text and wipes where it stood.
    pub fn new(mut text: String) -> Self {
        let taken = Self(SecretBytes::copied(text.as_bytes()));
        text.zeroize();
        taken
    }

    /// The text itself.
    #[expect(clippy::missing_panics_doc, reason = "the only maker takes a text")]
    pub fn expose(&self) -> &str {
        str::from_utf8(&self.0).expect("it was a text")
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[elided]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_purpose_and_key_only() {
        let key = SecretKey::generate().unwrap();
        let sealed = key.seal("so-pin", b"kd83nf7q").unwrap();
        assert_eq!(*key.open("so-pin", &sealed).unwrap(), *b"kd83nf7q");
        assert_eq!(key.open("user-pin", &sealed), Err(NotOpened));
        assert_eq!(
            SecretKey::generate().unwrap().open("so-pin", &sealed),
            Err(NotOpened)
        );
        let mut changed = sealed;
        if let Some(last) = changed.last_mut() {
            *last ^= 1;
        }
        assert_eq!(key.open("so-pin", &changed), Err(NotOpened));
        assert_eq!(key.open("so-pin", b"short"), Err(NotOpened));
    }
}
