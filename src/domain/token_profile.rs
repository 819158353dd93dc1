//! What one ukey model is, how to reach it and how it behaves: data from a strict TOML file. Reads
//! no file itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::atr::{Atr, AtrPattern};
use super::key::KeyAlgorithm;
use super::pin::{Pin, PinAlphabet, PinPolicy};
use super::ukey::{UkeyIdentity, UkeyReading};

/// One ukey model under one middleware. Unknown keys are an error (see [`TokenProfile::parse`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenProfile {
    /// Short name, unique: what the store records (D-31).
    pub name: String,
    /// Who makes model or middleware.
    pub vendor: String,
    /// Whether this project ever drove the model.
    pub tested: bool,
    /// Which tokens it is for.
    pub select: Select,
    /// Where the module is.
    pub module: Module,
    /// How virtual ukeys of this module are laid out; only for software modules.
    #[serde(rename = "virtual")]
    pub virtual_ukey: Option<VirtualLayout>,
    /// PINs as the maker sets them.
    pub factory: Factory,
    /// What a blank looks like (D-29).
    pub blank: Blank,
    /// The user PIN's rules.
    pub user_pin: UserPin,
    /// The SO PIN's rules.
    pub so_pin: SoPin,
    /// Keys and mechanisms.
    pub keys: Keys,
    /// Certificates.
    pub certificates: Certificates,
    /// Whether several of them may be driven side by side.
    #[serde(default)]
    pub parallel: Parallel,
    /// Whether `C_InitToken` keeps the serial number.
    pub reinit_keeps_serial: bool,
    /// Deadlines in seconds.
    pub deadlines: Deadlines,
    /// What is odd about it, each with its source.
    #[serde(default)]
    pub quirks: Vec<Quirk>,
}

/// Which tokens a profile is for: any maker and model of the lists; ATRs narrow a reader's card.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Select {
    /// `manufacturerID`, trimmed; empty: any.
    #[serde(default)]
    pub makers: Vec<String>,
    /// `model`, trimmed; empty: any.
    #[serde(default)]
    pub models: Vec<String>,
    /// Beginnings of ATRs, e.g. `3B:9F:..:81`, where its ukeys are cards in PC/SC readers.
    #[serde(default)]
    pub atr_prefixes: Vec<AtrPattern>,
    /// USB vendor and product, e.g. `096E:0807`.
    #[serde(default)]
    pub usb_ids: Vec<String>,
}

/// Candidate files of the PKCS#11 module; the first that exists is used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Module {
    /// On Linux.
    #[serde(default)]
    pub linux: Vec<PathBuf>,
    /// On Windows.
    #[serde(default)]
    pub windows: Vec<PathBuf>,
    /// On macOS.
    #[serde(default)]
    pub macos: Vec<PathBuf>,
    /// Environment variable that names the file instead (interop tests, odd installations).
    pub override_env: Option<String>,
    /// SHA-256 of the module file, hex; absent: pinned when a home first uses it (D-31).
    pub sha256: Option<String>,
}

/// How a virtual ukey of a software module is laid out in its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VirtualLayout {
    /// The environment variable that tells the module where its configuration is.
    pub env: String,
    /// Name of the configuration file in the ukey's folder.
    pub file: String,
    /// Its content; `{dir}` stands for the ukey's folder. Without it the variable names `file`
    /// itself and the module makes it.
    pub content: Option<String>,
    /// Sub-folders to make.
    #[serde(default)]
    pub folders: Vec<String>,
}

/// PINs as the maker sets them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Factory {
    /// The SO PIN of a factory-fresh ukey. A value every owner of the manual knows: no secret.
    pub so_pin: String,
    /// The user PIN, where one is set.
    pub user_pin: Option<String>,
}

/// What a blank looks like (D-29).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Blank {
    /// Labels a blank may have; empty: any.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether a token without `CKF_TOKEN_INITIALIZED` counts as blank.
    pub uninitialized: bool,
    /// Whether a blank may carry a user PIN (vendor ukeys do: the factory one).
    pub user_pin_set: bool,
    /// Greatest number of objects visible without login.
    pub max_public_objects: u32,
}

/// The user PIN's rules.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UserPin {
    /// Least number of characters.
    pub min: u8,
    /// Greatest number of characters.
    pub max: u8,
    /// Which characters.
    pub alphabet: PinAlphabet,
    /// Wrong tries until it locks; absent: never.
    pub tries: Option<u8>,
}

/// The SO PIN's rules.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoPin {
    /// Whether `C_SetPIN` by the SO works; `false`: a PUK, or nothing.
    pub settable: bool,
    /// Length of the SO PIN that the station makes.
    pub len: u8,
    /// Its characters.
    pub alphabet: PinAlphabet,
    /// Wrong tries until it locks; absent: never.
    pub tries: Option<u8>,
}

/// Keys and mechanisms.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Keys {
    /// Key pairs it can make, the preferred one first.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Signature mechanisms, the preferred one first: those the token lists are used.
    pub mechanisms: Vec<Mechanism>,
    /// Attributes of a private key that the module refuses in a template; left out.
    #[serde(default)]
    pub avoid: Vec<TemplateAttribute>,
}

/// A signature mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// `CKM_ECDSA_SHA256`.
    EcdsaSha256,
    /// `CKM_ECDSA` over a digest made in software.
    Ecdsa,
    /// `CKM_SHA256_RSA_PKCS`.
    Sha256RsaPkcs,
    /// `CKM_RSA_PKCS` over a `DigestInfo` made in software.
    RsaPkcs,
}

/// An attribute of the private key's template that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the PKCS#11 attribute of that name")]
pub enum TemplateAttribute {
    Decrypt,
    Unwrap,
    Derive,
    SignRecover,
}

/// Certificates on the ukey.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Certificates {
    /// Whether there is room for the CA chain.
    pub chain: bool,
    /// Whether there is room for a second key pair and certificate beside those of the holder (D-47).
    /// Where there is none, a renewal destroys the old ones first.
    #[serde(default = "has_room")]
    pub room_for_renewal: bool,
}

/// Without a word about it a model is taken to have room: a renewal that finds none destroys nothing.
const fn has_room() -> bool {
    true
}

/// Whether several ukeys of a model may be driven side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parallel {
    /// Each by its own worker at the same time.
    PerUkey,
    /// One after another: the module opens every reader.
    #[default]
    OneAtATime,
}

/// Deadlines in seconds, after which a worker is ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deadlines {
    /// Start, and a look at the ukey. Longer than `generate`: a card may go on after its worker
    /// is gone.
    pub probe: u64,
    /// `C_InitToken`.
    pub init: u64,
    /// Logins and PIN changes.
    pub pin: u64,
    /// `C_GenerateKeyPair`.
    pub generate: u64,
    /// One signature.
    pub sign: u64,
    /// One object written.
    pub write: u64,
    /// Objects read.
    pub read: u64,
}

/// Something odd about a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quirk {
    /// What.
    pub text: String,
    /// Who reported it.
    pub source: String,
}

/// Why a file is no token profile, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ProfileError {
    /// From 1; 0 when the fault has no place.
    pub line: usize,
    /// From 1; 0 when the fault has no place.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Why a ukey is not blank (D-29).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBlank {
    /// No profile is for this maker and model.
    #[error("no token profile is for {0}")]
    UnknownModel(UkeyIdentity),
    /// Dead stock.
    #[error("its SO PIN is locked")]
    SoPinLocked,
    /// It carries another label than a blank's.
    #[error("its label is {0:?}")]
    Label(String),
    /// A user PIN is set.
    #[error("a user PIN is set")]
    UserPinSet,
    /// There are objects on it.
    #[error("{0} objects are on it")]
    Objects(u32),
    /// It was never initialised, and a blank of this model is.
    #[error("it is not initialised")]
    NotInitialised,
    /// It cannot be written.
    #[error("it is write-protected")]
    WriteProtected,
}

impl TokenProfile {
    /// Reads a profile. Every key of the file must be known, every figure plausible.
    ///
    /// # Errors
    /// [`ProfileError`] with line and column.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|error| {
            let (line, column) = error.span().map_or((0, 0), |span| place(text, span.start));
            ProfileError {
                line,
                column,
                message: error.message().to_owned(),
            }
        })?;
        profile.check().map_err(|message| ProfileError {
            line: 0,
            column: 0,
            message,
        })?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), String> {
        let Deadlines {
            probe, generate, ..
        } = self.deadlines;
        let refuse = |wrong: bool, text: &str| if wrong { Err(text.to_owned()) } else { Ok(()) };
        refuse(self.name.is_empty(), "name is empty")?;
        refuse(
            self.select.makers.is_empty()
                && self.select.models.is_empty()
                && self.select.atr_prefixes.is_empty(),
            "select names no maker, model or ATR: it would take every ukey",
        )?;
        refuse(self.keys.algorithms.is_empty(), "keys.algorithms is empty")?;
        refuse(self.keys.mechanisms.is_empty(), "keys.mechanisms is empty")?;
        refuse(self.user_pin.min < 4, "user-pin.min is below 4")?;
        refuse(
            self.user_pin.max < self.user_pin.min,
            "user-pin.max is below user-pin.min",
        )?;
        refuse(
            !(8..=64).contains(&self.so_pin.len),
            "so-pin.len is not 8 to 64",
        )?;
        refuse(
            probe <= generate,
            "deadlines.probe must exceed deadlines.generate",
        )?;
        refuse(
            Pin::parse(&self.factory.so_pin).is_err(),
            "factory.so-pin is no PIN",
        )?;
        let sha256 = self.module.sha256.as_deref();
        let is_sha256 = |text: &str| hex::decode(text).is_ok_and(|bytes| bytes.len() == 32);
        refuse(
            sha256.is_some_and(|text| !is_sha256(text)),
            "module.sha256 is no SHA-256 in hex",
        )
    }

    /// Whether the profile is for this ukey.
    pub fn selects(&self, identity: &UkeyIdentity) -> bool {
        let Select { makers, models, .. } = &self.select;
        let fits = |list: &[String], text: &str| list.is_empty() || list.iter().any(|l| l == text);
        !(makers.is_empty() && models.is_empty())
            && fits(makers, &identity.maker)
            && fits(models, &identity.model)
    }

    /// Whether its ukeys are cards in PC/SC readers, so that a reader's event tells of them. The others
    /// have to be asked again and again.
    pub fn is_for_cards(&self) -> bool {
        !self.select.atr_prefixes.is_empty()
    }

    /// The factory SO PIN.
    ///
    /// # Errors
    /// Never for a profile that [`Self::parse`] accepted.
    pub fn factory_so_pin(&self) -> Result<Pin, super::pin::PinError> {
        Pin::parse(&self.factory.so_pin)
    }

    /// What user PINs it takes; never fewer than six characters (D-37).
    pub fn pin_policy(&self) -> PinPolicy {
        PinPolicy {
            min_len: usize::from(self.user_pin.min).max(6),
            max_len: usize::from(self.user_pin.max),
            alphabet: self.user_pin.alphabet,
        }
    }

    /// Whether a ukey that looks like this is blank (D-29).
    ///
    /// # Errors
    /// [`NotBlank`] with the first reason.
    pub fn blankness(&self, reading: &UkeyReading) -> Result<(), NotBlank> {
        let UkeyReading {
            identity,
            label,
            flags,
            public_objects,
            ..
        } = reading;
        if !self.selects(identity) {
            return Err(NotBlank::UnknownModel(identity.clone()));
        }
        if flags.so_pin_locked {
            return Err(NotBlank::SoPinLocked);
        }
        if flags.write_protected {
            return Err(NotBlank::WriteProtected);
        }
        if !flags.token_initialized {
            return if self.blank.uninitialized {
                Ok(())
            } else {
                Err(NotBlank::NotInitialised)
            };
        }
        if !self.blank.labels.is_empty() && !self.blank.labels.contains(label) {
            return Err(NotBlank::Label(label.clone()));
        }
        if flags.user_pin_initialized && !self.blank.user_pin_set {
            return Err(NotBlank::UserPinSet);
        }
        if *public_objects > self.blank.max_public_objects {
            return Err(NotBlank::Objects(*public_objects));
        }
        Ok(())
    }
}

/// Profiles by name.
pub type Profiles = BTreeMap<String, TokenProfile>;

/// The profiles that a card may belong to, best first: the pattern that fixes more bytes, then the
/// model that was driven before, then by name. Only its module can say which ukey it is.
pub fn candidates<'p>(profiles: &'p Profiles, atr: &Atr) -> Vec<&'p TokenProfile> {
    let exactness = |profile: &TokenProfile| {
        let fitting = profile.select.atr_prefixes.iter();
        let fitting = fitting.filter(|pattern| pattern.fits(atr));
        fitting.map(AtrPattern::exactness).max()
    };
    let mut found: Vec<_> = profiles
        .values()
        .filter_map(|profile| Some((exactness(profile)?, profile)))
        .collect();
    // A stable sort: equals stay in the order of their names.
    found.sort_by_key(|(exactness, profile)| std::cmp::Reverse((*exactness, profile.tested)));
    found
        .into_iter()
        .map(|(_exactness, profile)| profile)
        .collect()
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
