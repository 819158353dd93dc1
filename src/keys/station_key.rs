//! The station encryption key: what a file is sealed to before it travels to a station (D-58; age,
//! X25519). Its public half is certified by the superior, inside the unit's certificate.

use std::fmt;

use age::DecryptError;
use zeroize::Zeroizing;

use super::age_pair::{Private, Public};
use super::secret::SecretText;

/// The public half: seals to a station.
#[derive(Clone, PartialEq, Eq)]
pub struct StationKey(Public);

/// The private half: opens what was sealed to this station. Never printed.
pub struct StationIdentity(Private);

/// A text that is no station key, or bytes that could not be sealed.
#[derive(Debug, thiserror::Error)]
#[error("station key: {0}")]
pub struct StationKeyError(String);

/// Why a sealed file does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUnsealed {
    /// It is sealed, and not to this station.
    #[error("the file is not sealed to this station")]
    OtherStation,
    /// It is no age file, or its bytes were changed.
    #[error("the sealed file is damaged")]
    Damaged,
}

impl StationIdentity {
    /// A new pair.
    pub fn generate() -> Self {
        Self(Private::generate())
    }

    /// Reads [`Self::to_secret`] back.
    ///
    /// # Errors
    /// [`StationKeyError`] for any other text.
    pub fn from_secret(text: &SecretText) -> Result<Self, StationKeyError> {
        Private::from_secret(text)
            .map(Self)
            .ok_or_else(|| StationKeyError("not a station identity".to_owned()))
    }

    /// As text, to be kept in the encrypted store.
    pub fn to_secret(&self) -> SecretText {
        self.0.to_secret()
    }

    /// The public half.
    pub fn public(&self) -> StationKey {
        StationKey(self.0.public())
    }

    /// Opens what was sealed to this station.
    ///
    /// # Errors
    /// [`NotUnsealed`].
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotUnsealed> {
        self.0.open(sealed).map_err(|error| match error {
            DecryptError::NoMatchingKeys => NotUnsealed::OtherStation,
            _ => NotUnsealed::Damaged,
        })
    }
}

impl StationKey {
    /// Reads the text of `Display` back: an age recipient, `age1…`.
    ///
    /// # Errors
    /// [`StationKeyError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, StationKeyError> {
        Public::parse(text)
            .map(Self)
            .ok_or_else(|| StationKeyError("not an age recipient".to_owned()))
    }

    /// Seals bytes to the station.
    ///
    /// # Errors
    /// [`StationKeyError`] when encryption fails.
    pub fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, StationKeyError> {
        self.0
            .seal(bytes)
            .map_err(|error| StationKeyError(error.to_string()))
    }
}

impl fmt::Display for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StationIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StationIdentity([elided])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_addressed_station_opens_and_a_changed_byte_is_noticed() {
        let identity = StationIdentity::from_secret(&StationIdentity::generate().to_secret());
        let identity = identity.unwrap();
        let key = StationKey::parse(&identity.public().to_string()).unwrap();
        let mut sealed = key.seal(b"a parcel").unwrap();
        assert_eq!(identity.open(&sealed).unwrap().as_slice(), b"a parcel");
        let other = StationIdentity::generate().open(&sealed);
        assert_eq!(other.unwrap_err(), NotUnsealed::OtherStation);
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(identity.open(&sealed).unwrap_err(), NotUnsealed::Damaged);
    }
}
