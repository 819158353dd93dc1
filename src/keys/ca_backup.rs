//! The backup of the CA's key (D-60): a virtual token's folder and its PIN, sealed to a key that is in the
//! hands of three; any two of them open it. A key on a token of its own cannot be copied, and is not here.

use std::fmt;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::backup::is_allowed;
use super::secret::{NotOpened, Sealed};
use super::shares::{SHARES, Scope, Share, ShareFault, Split, SplitError};
use crate::domain::certificate::Generation;
use crate::domain::id::HomeId;
use crate::domain::pin::Pin;
use crate::domain::timestamp::Timestamp;

const PURPOSE: &str = "ukey-station/ca-backup/v1";
const VERSION: u32 = 1;
/// The largest file that is read.
pub const MOST_BYTES: usize = 4 << 20;

/// The file: JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaBackup {
    version: u32,
    /// The home whose CA it is.
    pub home: HomeId,
    /// Which generation of it.
    pub generation: Generation,
    /// SHA-256 of its public key, lower-case hex.
    pub key: String,
    /// When it was made.
    pub made_at: Timestamp,
    split: Split,
    content: Sealed,
}

/// A file's path in its folder, and its bytes.
pub type KeptFile = (String, Zeroizing<Vec<u8>>);

/// What is kept of a token.
pub struct Content {
    /// The files of its folder, by their paths in it.
    pub files: Vec<KeptFile>,
    /// Its user PIN.
    pub pin: Pin,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} files)", self.files.len())
    }
}

/// The content as it is sealed.
#[derive(Serialize, Deserialize)]
struct Encoded {
    files: Vec<(String, String)>,
    pin: String,
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.pin.zeroize();
        self.files.iter_mut().for_each(|(_name, hex)| hex.zeroize());
    }
}

/// A file that is no backup of a CA's key, or of a newer program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a backup of a CA's key")]
pub struct NotCaBackup;

/// Which key is kept.
#[derive(Clone, Debug)]
pub struct About {
    /// The home.
    pub home: HomeId,
    /// Which generation of its CA.
    pub generation: Generation,
    /// SHA-256 of the public key.
    pub key: String,
    /// When.
    pub made_at: Timestamp,
}

impl CaBackup {
    /// Seals a token; the shares are nowhere else.
    ///
    /// # Errors
    /// [`SplitError`].
    pub fn make(
        about: About,
        content: &Content,
    ) -> Result<(Self, [Share; SHARES as usize]), SplitError> {
        let About {
            home,
            generation,
            key,
            made_at,
        } = about;
        let identity = Identity::generate();
        let secret = Zeroizing::new(identity.to_string().expose_secret().to_owned());
        let scope = Scope {
            purpose: PURPOSE,
            home,
        };
        let (split, shares) = Split::new(scope, secret.as_bytes())?;
        let files = content.files.iter();
        let encoded = Encoded {
            files: files
                .map(|(name, bytes)| (name.clone(), hex::encode(bytes)))
                .collect(),
            pin: content.pin.expose().to_owned(),
        };
        let text = serde_json::to_vec(&encoded).map(Zeroizing::new);
        let text = text.map_err(|_json| super::secret::SealError::TooLong)?;
        let sealed = age::encrypt(&identity.to_public(), &text);
        let sealed = sealed.map_err(|_age| super::secret::SealError::TooLong)?;
        let backup = Self {
            version: VERSION,
            home,
            generation,
            key,
            made_at,
            split,
            content: Sealed(sealed),
        };
        Ok((backup, shares))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`NotCaBackup`], which does not happen.
    pub fn encode(&self) -> Result<Vec<u8>, NotCaBackup> {
        serde_json::to_vec(self).map_err(|_json| NotCaBackup)
    }

    /// Reads a file; what is in it opens with two shares.
    ///
    /// # Errors
    /// [`NotCaBackup`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCaBackup> {
        let backup: Self = serde_json::from_slice(bytes).map_err(|_json| NotCaBackup)?;
        if backup.version == VERSION {
            Ok(backup)
        } else {
            Err(NotCaBackup)
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`ShareFault`], or [`NotOpened`] when it was changed.
    pub fn open(&self, shares: &[Share; 2]) -> Result<Result<Content, ShareFault>, NotOpened> {
        let scope = Scope {
            purpose: PURPOSE,
            home: self.home,
        };
        let (secret, _pair) = match self.split.join(scope, shares)? {
            Ok(joined) => joined,
            Err(fault) => return Ok(Err(fault)),
        };
        let secret = std::str::from_utf8(&secret).map_err(|_binary| NotOpened)?;
        let identity: Identity = secret.parse().map_err(|_text| NotOpened)?;
        let text = age::decrypt(&identity, &self.content.0).map_err(|_opaque| NotOpened)?;
        let text = Zeroizing::new(text);
        let encoded: Encoded = serde_json::from_slice(&text).map_err(|_json| NotOpened)?;
        let files = encoded.files.iter().map(|(name, hex)| {
            let bytes = hex::decode(hex).map_err(|_hex| NotOpened)?;
            if !is_allowed(name) {
                return Err(NotOpened);
            }
            Ok((name.clone(), Zeroizing::new(bytes)))
        });
        Ok(Ok(Content {
            files: files.collect::<Result<_, NotOpened>>()?,
            pin: Pin::parse(&encoded.pin).map_err(|_pin| NotOpened)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn made() -> (CaBackup, [Share; 3]) {
        let about = About {
            home: HomeId::new(Uuid::from_u128(1)),
            generation: Generation(2),
            key: "ab".repeat(32),
            made_at: Timestamp::from_unix(1_795_507_200).unwrap(),
        };
        let content = Content {
            files: vec![(
                "tokens/a/token.object".to_owned(),
                Zeroizing::new(vec![7; 99]),
            )],
            pin: Pin::parse("kd83nf7qw2mz5xtb").unwrap(),
        };
        CaBackup::make(about, &content).unwrap()
    }

    #[test]
    fn two_shares_open_what_was_kept_and_the_file_alone_says_nothing_of_it() {
        let (backup, [a, _b, c]) = made();
        let bytes = backup.encode().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("kd83nf7qw2mz5xtb") && !text.contains("token.object"));
        let opened = CaBackup::parse(&bytes)
            .unwrap()
            .open(&[c, a])
            .unwrap()
            .unwrap();
        assert_eq!(opened.pin.expose(), "kd83nf7qw2mz5xtb");
        let (name, content) = &opened.files[0];
        assert_eq!(
            (name.as_str(), content.len()),
            ("tokens/a/token.object", 99)
        );
    }

    #[test]
    fn shares_of_another_backup_and_a_changed_file_are_refused() {
        let (backup, [a, ..]) = made();
        let (other, [_, b, c]) = made();
        let mixed = backup.open(&[a, b.clone()]).unwrap();
        assert_eq!(mixed.unwrap_err(), ShareFault::OtherKit(2));
        let mut changed = other;
        if let Some(last) = changed.content.0.last_mut() {
            *last ^= 1;
        }
        changed.open(&[b, c]).unwrap_err();
        assert_eq!(CaBackup::parse(b"{}").unwrap_err(), NotCaBackup);
    }
}
