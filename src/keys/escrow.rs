//! The escrow of SO PINs: sealed to a public key, opened by security alone (D-37, D-58; age,
//! X25519).

use std::fmt;

use super::age_pair::{Private, Public};
use super::secret::{NotOpened, SecretText};
use crate::domain::pin::Pin;

/// The public half: seals.
#[derive(Clone)]
pub struct EscrowKey(Public);

/// The private half: opens. Never printed.
pub struct EscrowIdentity(Private);

/// A text that is no escrow key, or an SO PIN that could not be sealed.
#[derive(Debug, thiserror::Error)]
#[error("escrow: {0}")]
pub struct EscrowError(String);

impl EscrowIdentity {
    /// A new pair.
    pub fn generate() -> Self {
        Self(Private::generate())
    }

    /// Reads [`Self::to_secret`] back.
    ///
    /// # Errors
    /// [`EscrowError`] for any other text.
    pub fn from_secret(text: &SecretText) -> Result<Self, EscrowError> {
        Private::from_secret(text)
            .map(Self)
            .ok_or_else(|| EscrowError("not an escrow identity".to_owned()))
    }

    /// As text, to be wrapped.
    pub fn to_secret(&self) -> SecretText {
        self.0.to_secret()
    }

    /// The public half.
    pub fn public(&self) -> EscrowKey {
        EscrowKey(self.0.public())
    }

    /// Opens a sealed SO PIN.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, sealed: &[u8]) -> Result<Pin, NotOpened> {
        let text = self.0.open(sealed).map_err(|_opaque| NotOpened)?;
        let text = std::str::from_utf8(&text).map_err(|_binary| NotOpened)?;
        Pin::parse(text).map_err(|_no_pin| NotOpened)
    }
}

impl EscrowKey {
    /// Reads the text of `Display` back.
    ///
    /// # Errors
    /// [`EscrowError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, EscrowError> {
        Public::parse(text)
            .map(Self)
            .ok_or_else(|| EscrowError("not an escrow key".to_owned()))
    }

    /// Seals an SO PIN.
    ///
    /// # Errors
    /// [`EscrowError`] when encryption fails.
    pub fn seal(&self, so_pin: &Pin) -> Result<Vec<u8>, EscrowError> {
        self.0
            .seal(so_pin.expose().as_bytes())
            .map_err(|error| EscrowError(error.to_string()))
    }
}

impl fmt::Display for EscrowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EscrowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EscrowIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EscrowIdentity([elided])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_private_half_opens_an_so_pin() {
        let identity = EscrowIdentity::generate();
        let key = EscrowKey::parse(&identity.public().to_string()).unwrap();
        let sealed = key.seal(&Pin::parse("kd83nf7qw2mz5xtb").unwrap()).unwrap();
        let again = EscrowIdentity::from_secret(&identity.to_secret()).unwrap();
        assert_eq!(again.open(&sealed).unwrap().expose(), "kd83nf7qw2mz5xtb");
        assert!(EscrowIdentity::generate().open(&sealed).is_err());
    }
}
