//! `keys.json`: the store key, wrapped for each officer under their passphrase, and what security
//! alone may open (D-58). Holds wraps only; whoever reads the file has nothing without a passphrase.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::escrow::{EscrowError, EscrowIdentity};
use super::file;
use super::random::{self, NoRandom};
use super::secret::{NotOpened, SealError, SecretKey, SecretText};
use crate::domain::id::HomeId;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::pin::Pin;

/// Version of the file this program writes; a newer one is refused.
const VERSION: u32 = 1;

/// The file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysFile {
    version: u32,
    /// The home it belongs to.
    pub home: HomeId,
    /// Whether the home is for practice.
    pub practice: bool,
    argon2: Cost,
    officers: BTreeMap<OfficerName, Wrap>,
}

/// Cost of Argon2id (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// A practice home: the OWASP minimum, so that a trainee does not wait.
    pub const PRACTICE: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    /// A real home: about half a second on a desk PC.
    pub const REAL: Self = Self {
        memory_kib: 19 * 1024,
        passes: 32,
        lanes: 1,
    };
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrap {
    /// To choose who acts; the store says who may.
    post: Post,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(with = "hex::serde")]
    store_key: Vec<u8>,
    /// Security's part: escrow identity and CA key PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    security: Option<SecurityWrap>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecurityWrap {
    #[serde(with = "hex::serde")]
    escrow: Vec<u8>,
    #[serde(with = "hex::serde")]
    ca_pin: Vec<u8>,
}

/// What a passphrase opens.
#[derive(Debug)]
pub struct Opened {
    /// The store's key.
    pub store_key: SecretKey,
    /// Security's secrets, for an officer of that post.
    pub security: Option<SecuritySecrets>,
}

/// What security alone holds.
#[derive(Debug)]
pub struct SecuritySecrets {
    /// Opens the escrow.
    pub escrow: EscrowIdentity,
    /// Logs in to the CA's token.
    pub ca_pin: Pin,
}

/// Why keys.json cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The file.
    #[error("keys.json")]
    Io(#[from] io::Error),
    /// Its content.
    #[error("keys.json is damaged")]
    Damaged(#[from] serde_json::Error),
    /// Made by a newer program.
    #[error("keys.json has version {0}, this program knows {VERSION}")]
    Newer(u32),
    /// No such officer.
    #[error("no officer {0} in this home")]
    UnknownOfficer(OfficerName),
    /// The passphrase does not open it.
    #[error("the passphrase of {0} is wrong")]
    WrongPassphrase(OfficerName),
    /// The parameters of Argon2 are out of range.
    #[error("keys.json: Argon2 {0}")]
    Argon2(argon2::Error),
    /// Sealing.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A wrapped value that opens and is not what it should be.
    #[error(transparent)]
    Escrow(#[from] EscrowError),
    /// As above.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

impl KeysFile {
    /// An empty one.
    pub const fn new(home: HomeId, practice: bool, argon2: Cost) -> Self {
        Self {
            version: VERSION,
            home,
            practice,
            argon2,
            officers: BTreeMap::new(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`WrapError`] when it is missing, damaged or newer.
    pub fn read(path: &Path) -> Result<Self, WrapError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let bytes = file::read_private(path)?;
        let Versioned { version } = serde_json::from_slice(&bytes)?;
        if version > VERSION {
            return Err(WrapError::Newer(version));
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Replaces it atomically.
    ///
    /// # Errors
    /// [`WrapError::Io`]; the old one is then as it was.
    pub fn write(&self, path: &Path) -> Result<(), WrapError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(file::replace(path, &bytes)?)
    }

    /// Officers and their posts, in the order in which one is chosen when nobody is named.
    pub fn officers(&self) -> Vec<(OfficerName, Post)> {
        let mut officers: Vec<_> = self
            .officers
            .iter()
            .map(|(name, wrap)| (name.clone(), wrap.post))
            .collect();
        officers.sort_by_key(|(_name, post)| *post);
        officers
    }

    /// Whether the cost of Argon2 is that of a practice home.
    pub fn has_practice_cost(&self) -> bool {
        self.argon2 == Cost::PRACTICE
    }

    /// Wraps the store key for an officer, and security's secrets where they are given.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn add_officer(
        &mut self,
        (name, post): (&OfficerName, Post),
        passphrase: &SecretText,
        store_key: &SecretKey,
        security: Option<&SecuritySecrets>,
    ) -> Result<(), WrapError> {
        let salt = random::bytes()?;
        let key = self.derive(passphrase, &salt)?;
        let seal = |what, secret: &[u8]| key.seal(&purpose(self.home, name, what), secret);
        let security = match security {
            None => None,
            Some(SecuritySecrets { escrow, ca_pin }) => Some(SecurityWrap {
                escrow: seal("escrow", escrow.to_secret().expose().as_bytes())?,
                ca_pin: seal("ca-pin", ca_pin.expose().as_bytes())?,
            }),
        };
        let store_key = seal("store", store_key.expose())?;
        self.officers.insert(
            name.clone(),
            Wrap {
                post,
                salt,
                store_key,
                security,
            },
        );
        Ok(())
    }

    /// Opens an officer's wraps.
    ///
    /// # Errors
    /// [`WrapError::WrongPassphrase`], [`WrapError::UnknownOfficer`], or what is damaged.
    pub fn open(&self, name: &OfficerName, passphrase: &SecretText) -> Result<Opened, WrapError> {
        let wrap = self
            .officers
            .get(name)
            .ok_or_else(|| WrapError::UnknownOfficer(name.clone()))?;
        let key = self.derive(passphrase, &wrap.salt)?;
        let store_key = key
            .open(&purpose(self.home, name, "store"), &wrap.store_key)
            .map_err(|_opaque| WrapError::WrongPassphrase(name.clone()))?;
        let store_key = SecretKey::from_slice(&store_key).ok_or(NotOpened)?;
        let security = match &wrap.security {
            None => None,
            Some(SecurityWrap { escrow, ca_pin }) => {
                let text = |what, sealed: &[u8]| -> Result<SecretText, NotOpened> {
                    let bytes = key.open(&purpose(self.home, name, what), sealed)?;
                    let text = std::str::from_utf8(&bytes).map_err(|_binary| NotOpened)?;
                    Ok(SecretText::new(text.to_owned()))
                };
                let ca_pin = text("ca-pin", ca_pin)?;
                Some(SecuritySecrets {
                    escrow: EscrowIdentity::from_secret(&text("escrow", escrow)?)?,
                    ca_pin: Pin::parse(ca_pin.expose()).map_err(|_no_pin| NotOpened)?,
                })
            }
        };
        Ok(Opened {
            store_key,
            security,
        })
    }

    fn derive(&self, passphrase: &SecretText, salt: &[u8; 16]) -> Result<SecretKey, WrapError> {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.argon2;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(WrapError::Argon2)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
            .map_err(WrapError::Argon2)?;
        Ok(SecretKey::from_bytes(&key))
    }
}

/// A wrap of one home, officer and secret opens in no other place.
fn purpose(home: HomeId, name: &OfficerName, what: &str) -> String {
    format!("ukey-station/keys/v1/{home}/{name}/{what}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn name(text: &str) -> OfficerName {
        OfficerName::parse(text).unwrap()
    }

    fn passphrase(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    #[test]
    fn each_passphrase_opens_its_own_wraps_and_security_alone_gets_the_escrow() {
        let cost = Cost {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        };
        let mut keys = KeysFile::new(HomeId::new(Uuid::nil()), true, cost);
        let store_key = SecretKey::generate().unwrap();
        let secrets = SecuritySecrets {
            escrow: EscrowIdentity::generate(),
            ca_pin: Pin::parse("59301746").unwrap(),
        };
        keys.add_officer(
            (&name("admin"), Post::System),
            &passphrase("correct horse 1"),
            &store_key,
            None,
        )
        .unwrap();
        keys.add_officer(
            (&name("security"), Post::Security),
            &passphrase("correct horse 2"),
            &store_key,
            Some(&secrets),
        )
        .unwrap();

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        keys.write(&path).unwrap();
        let keys = KeysFile::read(&path).unwrap();
        let admin = keys
            .open(&name("admin"), &passphrase("correct horse 1"))
            .unwrap();
        assert_eq!(admin.store_key.expose(), store_key.expose());
        assert!(admin.security.is_none());
        let security = keys
            .open(&name("security"), &passphrase("correct horse 2"))
            .unwrap();
        assert_eq!(security.security.unwrap().ca_pin.expose(), "59301746");
        let wrong = keys.open(&name("admin"), &passphrase("correct horse 2"));
        assert!(matches!(wrong, Err(WrapError::WrongPassphrase(_))));
    }

    #[test]
    fn a_newer_file_and_one_that_others_can_read_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        file::replace(&path, br#"{"version":2,"later":true}"#).unwrap();
        assert!(matches!(KeysFile::read(&path), Err(WrapError::Newer(2))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(KeysFile::read(&path), Err(WrapError::Io(_))));
    }
}
