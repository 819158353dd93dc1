//! One age X25519 key pair (C2SP age v1): what the SO PIN escrow and the station key share.

use std::fmt;
use std::str::FromStr as _;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use age::{DecryptError, EncryptError};
use zeroize::Zeroizing;

use super::secret::SecretText;

/// The public half: seals.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Public(Recipient);

/// The private half: opens. Never printed.
pub(super) struct Private(Identity);

impl Private {
    pub(super) fn generate() -> Self {
        Self(Identity::generate())
    }

    pub(super) fn from_secret(text: &SecretText) -> Option<Self> {
        Identity::from_str(text.expose()).ok().map(Self)
    }

    pub(super) fn to_secret(&self) -> SecretText {
        SecretText::new(self.0.to_string().expose_secret().to_owned())
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.to_public())
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        age::decrypt(&self.0, sealed).map(Zeroizing::new)
    }
}

impl Public {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Recipient::from_str(text).ok().map(Self)
    }

    pub(super) fn seal(&self, secret: &[u8]) -> Result<Vec<u8>, EncryptError> {
        age::encrypt(&self.0, secret)
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
