//! `keys.json`: the store key, sealed to each officer's own key pair, whose private half is wrapped
//! under their passphrase, and what security alone may open (D-58). Holds sealed values only; whoever
//! reads the file has nothing without a passphrase. The public halves let the store key be changed
//! when an officer is disabled, without the passphrases of the others.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::str::FromStr as _;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::escrow::{EscrowError, EscrowIdentity};
use super::file;
use super::random::{self, NoRandom};
use super::secret::{NotOpened, SealError, Sealed, SecretKey, SecretText};
use super::shares::SplitError;
use crate::domain::id::HomeId;
use crate::domain::key::KeyId;
use crate::domain::officer::{OfficerName, Post, sign_in_wait_secs};
use crate::domain::pin::Pin;
use crate::domain::timestamp::Timestamp;

mod change;
mod recovery;

pub use recovery::Recovered;

/// Version of the file this program writes; any other is refused.
const VERSION: u32 = 2;

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
    /// Public half of the escrow key that comes next, while the keys of the home are being changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_escrow: Option<String>,
    /// The recovery kit, while its shares open something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovery: Option<recovery::Kit>,
    /// Wrong passphrases since the last right one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    failures: BTreeMap<OfficerName, Failures>,
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failures {
    count: u32,
    last: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrap {
    /// To choose who acts; the store says who may.
    post: Post,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    /// The officer's private half (age X25519), under the passphrase.
    identity: Sealed,
    /// Their public half: what follows is sealed to it.
    recipient: String,
    store_key: Sealed,
    /// The store's next key, while it is being changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_store_key: Option<Sealed>,
    /// The user PIN of the officer's own ukey, where the station keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own_pin: Option<Sealed>,
    /// The user PIN of the ukey that the officer binds, or bound, beside the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bound_pin: Option<BoundSealed>,
    /// Security's part: escrow identity and CA key PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    security: Option<SecurityWrap>,
    /// Security's next part, while the escrow key is being changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_security: Option<SecurityWrap>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundSealed {
    /// `CKA_ID` of the key on that ukey, hex.
    key: String,
    pin: Sealed,
    /// The ukey refused it once: it is tried never again (D-37).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecurityWrap {
    escrow: Sealed,
    ca_pin: Sealed,
}

/// What a passphrase opens.
#[derive(Debug)]
pub struct Opened {
    /// The store's key.
    pub store_key: SecretKey,
    /// Its next key, if a change was interrupted.
    pub next_store_key: Option<SecretKey>,
    /// The user PINs of the officer's own ukeys, where the station keeps them.
    pub own_pins: OwnPins,
    /// Security's secrets, for an officer of that post.
    pub security: Option<SecuritySecrets>,
}

/// The user PINs of an officer's own ukeys: the one that is bound, and the token before it.
#[derive(Clone, Debug, Default)]
pub struct OwnPins {
    /// Of the token before.
    pub own: Option<Pin>,
    /// `CKA_ID` of the key on the bound ukey, hex, and the PIN.
    pub bound: Option<(String, Pin)>,
}

impl OwnPins {
    /// The PIN of the token with this key.
    pub fn of(&self, key: KeyId) -> Option<&Pin> {
        match &self.bound {
            Some((bound, pin)) if *bound == key.to_string() => Some(pin),
            _ => self.own.as_ref(),
        }
    }
}

/// What is wrapped for a new officer.
#[derive(Clone, Copy, Debug)]
pub struct OfficerSecrets<'a> {
    /// The store's key.
    pub store_key: &'a SecretKey,
    /// The user PINs of the officer's own ukeys, where the station keeps them.
    pub own_pins: &'a OwnPins,
    /// For security alone.
    pub security: Option<&'a SecuritySecrets>,
}

/// What security alone holds.
#[derive(Debug)]
pub struct SecuritySecrets {
    /// Opens the escrow.
    pub escrow: EscrowIdentity,
    /// Logs in to the unit's own tokens: the CA's, and the one with the unit's key.
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
    /// Made by a program before the first release.
    #[error("keys.json has version {0}, from before the first release: make the home anew")]
    Older(u32),
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

impl From<SplitError> for WrapError {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::Random(error) => error.into(),
            SplitError::Seal(error) => error.into(),
        }
    }
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
            next_escrow: None,
            recovery: None,
            failures: BTreeMap::new(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`WrapError`] when it is missing, damaged or of another version.
    pub fn read(path: &Path) -> Result<Self, WrapError> {
        Self::parse(&file::read_private(path)?)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WrapError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(bytes)?;
        match version {
            VERSION => Ok(serde_json::from_slice(bytes)?),
            newer if newer > VERSION => Err(WrapError::Newer(newer)),
            older => Err(WrapError::Older(older)),
        }
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

    /// Seconds that an officer has to wait before the next try; `None` when none.
    pub fn wait_secs(&self, name: &OfficerName, now: Timestamp) -> Option<i64> {
        let Failures { count, last } = self.failures.get(name)?;
        let until = last.plus_secs(sign_in_wait_secs(*count));
        let left = until.unix_secs() - now.unix_secs();
        // A clock that was set back does not lengthen the wait.
        (left > 0).then(|| left.min(sign_in_wait_secs(*count)))
    }

    /// Forgets every wrong passphrase: those of a backup are of another day.
    pub fn forget_failures(&mut self) {
        self.failures.clear();
    }

    /// Whether trying a passphrase takes no more memory and time than a station would ever ask for.
    pub(super) const fn is_affordable(&self) -> bool {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.argon2;
        memory_kib <= 1024 * 1024 && passes <= 256 && lanes <= 16
    }

    /// The public halves of every officer.
    pub(super) fn recipients(&self) -> Result<Vec<Recipient>, WrapError> {
        let wraps = self.officers.values();
        wraps.map(|wrap| recipient(&wrap.recipient)).collect()
    }

    /// Counts a wrong passphrase.
    pub fn note_failure(&mut self, name: &OfficerName, now: Timestamp) {
        let count = self.failures.get(name).map_or(0, |known| known.count);
        let count = count.saturating_add(1);
        self.failures
            .insert(name.clone(), Failures { count, last: now });
    }

    /// Whether wrong passphrases are counted against an officer.
    pub fn has_failures(&self, name: &OfficerName) -> bool {
        self.failures.contains_key(name)
    }

    /// Forgets wrong passphrases after a right one.
    pub fn note_success(&mut self, name: &OfficerName) {
        self.failures.remove(name);
    }

    /// Wraps for an officer, new or with a new passphrase.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn add_officer(
        &mut self,
        (name, post): (&OfficerName, Post),
        passphrase: &SecretText,
        secrets: OfficerSecrets<'_>,
    ) -> Result<(), WrapError> {
        let OfficerSecrets {
            store_key,
            own_pins,
            security,
        } = secrets;
        let salt = random::bytes()?;
        let key = self.derive(passphrase, &salt)?;
        let identity = Identity::generate();
        let recipient = identity.to_public();
        let text = Zeroizing::new(identity.to_string().expose_secret().to_owned());
        let wrap = Wrap {
            post,
            salt,
            identity: Sealed(key.seal(&purpose(self.home, name), text.as_bytes())?),
            recipient: recipient.to_string(),
            store_key: seal(&recipient, store_key.expose())?,
            next_store_key: None,
            own_pin: own_pins
                .own
                .as_ref()
                .map(|pin| seal(&recipient, pin.expose().as_bytes()))
                .transpose()?,
            bound_pin: own_pins
                .bound
                .as_ref()
                .map(|(key, pin)| BoundSealed::seal(&recipient, key, pin))
                .transpose()?,
            security: security
                .map(|secrets| SecurityWrap::seal(&recipient, secrets))
                .transpose()?,
            next_security: None,
        };
        self.officers.insert(name.clone(), wrap);
        Ok(())
    }

    /// Seals the user PINs of an officer's own ukeys for them.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn set_own_pins(&mut self, name: &OfficerName, pins: &OwnPins) -> Result<(), WrapError> {
        let wrap = self.officers.get_mut(name);
        let wrap = wrap.ok_or_else(|| WrapError::UnknownOfficer(name.clone()))?;
        let to = recipient(&wrap.recipient)?;
        let OwnPins { own, bound } = pins;
        let own = own.as_ref().map(|pin| seal(&to, pin.expose().as_bytes()));
        let bound = bound
            .as_ref()
            .map(|(key, pin)| BoundSealed::seal(&to, key, pin));
        (wrap.own_pin, wrap.bound_pin) = (own.transpose()?, bound.transpose()?);
        Ok(())
    }

    /// Notes that the ukey with this key refused the PIN that is kept of it.
    pub fn note_pin_refused(&mut self, name: &OfficerName, key: KeyId) {
        let bound = self.officers.get_mut(name);
        let bound = bound.and_then(|wrap| wrap.bound_pin.as_mut());
        if let Some(bound) = bound.filter(|bound| bound.key == key.to_string()) {
            bound.refused = true;
        }
    }

    /// Whether it did: a try is never repeated by the program (D-37).
    pub fn pin_was_refused(&self, name: &OfficerName, key: KeyId) -> bool {
        let bound = self.officers.get(name);
        let bound = bound.and_then(|wrap| wrap.bound_pin.as_ref());
        bound.is_some_and(|bound| bound.refused && bound.key == key.to_string())
    }

    /// Opens an officer's wraps.
    ///
    /// # Errors
    /// [`WrapError::WrongPassphrase`], [`WrapError::UnknownOfficer`], or what is damaged.
    pub fn open(&self, name: &OfficerName, passphrase: &SecretText) -> Result<Opened, WrapError> {
        let identity = self.identity(name, passphrase)?;
        let wrap = self.wrap(name)?;
        let key = |sealed: &Sealed| -> Result<SecretKey, NotOpened> {
            SecretKey::from_slice(&open(&identity, sealed)?).ok_or(NotOpened)
        };
        Ok(Opened {
            store_key: key(&wrap.store_key)?,
            next_store_key: wrap.next_store_key.as_ref().map(key).transpose()?,
            own_pins: OwnPins {
                own: wrap
                    .own_pin
                    .as_ref()
                    .map(|sealed| open_pin(&identity, sealed))
                    .transpose()?,
                bound: wrap
                    .bound_pin
                    .as_ref()
                    .map(|bound| {
                        Ok::<_, NotOpened>((bound.key.clone(), open_pin(&identity, &bound.pin)?))
                    })
                    .transpose()?,
            },
            security: wrap
                .security
                .as_ref()
                .map(|sealed| sealed.open(&identity))
                .transpose()?,
        })
    }

    fn wrap(&self, name: &OfficerName) -> Result<&Wrap, WrapError> {
        let wrap = self.officers.get(name);
        wrap.ok_or_else(|| WrapError::UnknownOfficer(name.clone()))
    }

    /// An officer's private half: opens what is sealed to them.
    pub(super) fn identity(
        &self,
        name: &OfficerName,
        passphrase: &SecretText,
    ) -> Result<Identity, WrapError> {
        let wrap = self.wrap(name)?;
        let key = self.derive(passphrase, &wrap.salt)?;
        let identity = key
            .open(&purpose(self.home, name), &wrap.identity.0)
            .map_err(|_opaque| WrapError::WrongPassphrase(name.clone()))?;
        let identity = std::str::from_utf8(&identity).map_err(|_binary| NotOpened)?;
        Ok(Identity::from_str(identity).map_err(|_text| NotOpened)?)
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

impl BoundSealed {
    fn seal(to: &Recipient, key: &str, pin: &Pin) -> Result<Self, WrapError> {
        Ok(Self {
            key: key.to_owned(),
            pin: seal(to, pin.expose().as_bytes())?,
            refused: false,
        })
    }
}

impl SecurityWrap {
    fn seal(to: &Recipient, secrets: &SecuritySecrets) -> Result<Self, WrapError> {
        let SecuritySecrets { escrow, ca_pin } = secrets;
        Ok(Self {
            escrow: seal(to, escrow.to_secret().expose().as_bytes())?,
            ca_pin: seal(to, ca_pin.expose().as_bytes())?,
        })
    }

    fn open(&self, identity: &Identity) -> Result<SecuritySecrets, WrapError> {
        let escrow = open(identity, &self.escrow)?;
        let escrow = std::str::from_utf8(&escrow).map_err(|_binary| NotOpened)?;
        Ok(SecuritySecrets {
            escrow: EscrowIdentity::from_secret(&SecretText::new(escrow.to_owned()))?,
            ca_pin: open_pin(identity, &self.ca_pin)?,
        })
    }
}

fn recipient(text: &str) -> Result<Recipient, WrapError> {
    Ok(Recipient::from_str(text).map_err(|_text| NotOpened)?)
}

fn seal(to: &Recipient, secret: &[u8]) -> Result<Sealed, WrapError> {
    let sealed = age::encrypt(to, secret).map_err(|_error| SealError::TooLong)?;
    Ok(Sealed(sealed))
}

fn open(identity: &Identity, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    age::decrypt(identity, &sealed.0)
        .map(Zeroizing::new)
        .map_err(|_opaque| NotOpened)
}

fn open_pin(identity: &Identity, sealed: &Sealed) -> Result<Pin, NotOpened> {
    let bytes = open(identity, sealed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_binary| NotOpened)?;
    Pin::parse(text).map_err(|_no_pin| NotOpened)
}

/// A wrap of one home and officer opens in no other place.
fn purpose(home: HomeId, name: &OfficerName) -> String {
    format!("ukey-station/keys/v2/{home}/{name}")
}

#[cfg(test)]
mod tests;
