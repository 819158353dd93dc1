//! The desk: an open home with its records, profiles and CA, and the officer who signed in.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ca_key::CaKey;
use super::clock;
use super::error::Error;
use super::home::{Home, HomeLock};
use super::secrets::Secrets;
use super::sign_in::{self, ActingOfficer, AskSecret};
use crate::domain::audit::AuditRow;
use crate::domain::id::HomeId;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::token_profile::{Profiles, TokenProfile};
use crate::issuing::authority::Authority;
use crate::keys::escrow::EscrowKey;
use crate::keys::secret::SecretKey;
use crate::keys::wrap::{KeysFile, SecuritySecrets};
use crate::store::Store;
use crate::token::profiles;
use crate::token::virtual_ukey::VirtualUkeys;

/// How a home is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenTerms {
    /// Who acts, if named.
    pub officer: Option<OfficerName>,
    /// The secrets file, if named.
    pub secrets: Option<PathBuf>,
}

/// Whether the home is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Beside any other process.
    Read,
    /// As the one process that changes things.
    Change,
}

/// An open home.
#[derive(Debug)]
pub struct Desk {
    home: Home,
    _lock: Option<HomeLock>,
    keys: KeysFile,
    store_key: SecretKey,
    store: Mutex<Store>,
    secrets: Mutex<Option<Secrets>>,
    profiles: Profiles,
    program: PathBuf,
    pub(super) ca_key: Mutex<CaKey>,
}

impl Desk {
    /// Opens a home and signs an officer in who has the duty.
    ///
    /// # Errors
    /// `home-missing`, `home-held`, `officer-required`, `passphrase-wrong`, `wrong-duty`,
    /// `store-newer`, `store-damaged`, `secrets-readable` and the like.
    pub fn open(
        path: &Path,
        access: Access,
        terms: &OpenTerms,
        duty: Duty,
        ask: &dyn AskSecret,
    ) -> Result<(Self, ActingOfficer), Error> {
        let home = Home::open(path)?;
        let lock = match access {
            Access::Read => None,
            Access::Change => Some(home.lock()?),
        };
        let keys = KeysFile::read(&home.keys())?;
        let secrets = read_secrets(&home, &keys, terms.secrets.as_deref())?;
        let name = sign_in::choose(&keys, secrets.as_ref(), terms.officer.as_ref(), duty)?;
        let passphrase = sign_in::passphrase(secrets.as_ref(), &name, ask)?;
        let opened = keys.open(&name, &passphrase)?;
        let store = Store::open(&home.store(), opened.store_key.expose())?;
        let row = store
            .read()
            .officers()?
            .into_iter()
            .find(|row| row.name == name && row.enabled);
        let row = row.ok_or_else(|| Error::refused("officer-unknown", name.as_str()))?;
        let officer = ActingOfficer::new(name, row.post);
        officer.demand(duty)?;
        let profiles = profiles::load(&home.profiles())?;
        let desk = Self {
            home,
            _lock: lock,
            keys,
            store_key: opened.store_key,
            store: Mutex::new(store),
            secrets: Mutex::new(secrets),
            profiles,
            program: this_program()?,
            ca_key: Mutex::default(),
        };
        Ok((desk, officer))
    }

    /// The home.
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Whether it is a practice home.
    pub const fn is_practice(&self) -> bool {
        self.keys.practice
    }

    /// The home's id.
    pub const fn id(&self) -> HomeId {
        self.keys.home
    }

    /// The wraps of the store key.
    pub(super) const fn keys(&self) -> &KeysFile {
        &self.keys
    }

    /// The store key: seals what the store keeps for a while.
    pub(super) const fn store_key(&self) -> &SecretKey {
        &self.store_key
    }

    /// The records; one thread at a time.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // A thread that panicked has rolled its transaction back.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secrets file, if there is one.
    pub(super) fn secrets(&self) -> MutexGuard<'_, Option<Secrets>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token profiles by name.
    pub const fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// One token profile.
    ///
    /// # Errors
    /// `profile-unknown`.
    pub fn profile(&self, name: &str) -> Result<&TokenProfile, Error> {
        self.profiles
            .get(name)
            .ok_or_else(|| Error::refused("profile-unknown", name))
    }

    /// How to reach virtual ukeys of a profile.
    ///
    /// # Errors
    /// `module-missing`.
    pub(super) fn virtual_ukeys(&self, profile: &str) -> Result<VirtualUkeys, Error> {
        virtual_ukeys(self.profile(profile)?.clone(), self.program.clone())
    }

    /// How to reach the CA's and the officers' own virtual tokens.
    pub(super) fn own_tokens(&self) -> Result<VirtualUkeys, Error> {
        let profile = self.store().read().meta("own_tokens_profile")?;
        self.virtual_ukeys(profile.as_deref().unwrap_or(PRACTICE_PROFILE))
    }

    /// This program's file: what workers are started from.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The CA that certifies holders.
    pub(super) fn authority(&self) -> Result<Authority, Error> {
        let damaged = || Error::failed("store-damaged", "ca_certificate");
        let text = self
            .store()
            .read()
            .meta("ca_certificate")?
            .ok_or_else(damaged)?;
        let der = hex::decode(text).map_err(|_hex| damaged())?;
        Authority::from_certificate(der).map_err(|error| damaged().because(error))
    }

    /// The pinned root of the unit PKI, DER.
    pub(super) fn pinned_root(&self) -> Result<Vec<u8>, Error> {
        let damaged = || Error::failed("store-damaged", "pinned_root");
        let text = self
            .store()
            .read()
            .meta("pinned_root")?
            .ok_or_else(damaged)?;
        hex::decode(text).map_err(|_hex| damaged())
    }

    /// Seals SO PINs.
    pub(super) fn escrow_key(&self) -> Result<EscrowKey, Error> {
        let damaged = || Error::failed("store-damaged", "escrow_key");
        let text = self
            .store()
            .read()
            .meta("escrow_key")?
            .ok_or_else(damaged)?;
        EscrowKey::parse(&text).map_err(|error| damaged().because(error))
    }

    /// Security's secrets and who that is, from the practice secrets.
    pub(super) fn security_in_practice(&self) -> Result<(ActingOfficer, SecuritySecrets), Error> {
        let locked = || Error::refused("ca-locked", "");
        let secrets = self.secrets();
        let name = sign_in::choose(&self.keys, secrets.as_ref(), None, Duty::UnlockCa)?;
        let passphrase = secrets
            .as_ref()
            .and_then(|secrets| secrets.passphrase(&name));
        let opened = self.keys.open(&name, passphrase.ok_or_else(locked)?)?;
        let officers = self.store().read().officers()?;
        let row = officers
            .into_iter()
            .find(|row| row.name == name && row.enabled);
        let officer = ActingOfficer::new(name, row.ok_or_else(locked)?.post);
        officer.demand(Duty::UnlockCa)?;
        Ok((officer, opened.security.ok_or_else(locked)?))
    }

    /// A row of the audit log for an act of `officer`, with nothing filled in but who, what, when.
    pub(super) fn audit_row(officer: &ActingOfficer, act: &str) -> AuditRow {
        let (name, post) = (officer.name().as_str(), officer.post().word());
        AuditRow::new(clock::now(), name, Some(post), act)
    }
}

/// The profile of virtual ukeys in a practice home.
pub(super) const PRACTICE_PROFILE: &str = "softhsm2";

/// This program's file.
pub(super) fn this_program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|error| Error::io(Path::new("this program"), error))
}

/// How to reach virtual ukeys of a profile.
pub(super) fn virtual_ukeys(
    profile: TokenProfile,
    program: PathBuf,
) -> Result<VirtualUkeys, Error> {
    let missing = || Error::failed("module-missing", profile.name.clone());
    let module = profiles::module_path(&profile).ok_or_else(missing)?;
    let sha256 = profile
        .module
        .sha256
        .as_ref()
        .and_then(|text| hex::decode(text).ok());
    Ok(VirtualUkeys {
        profile,
        program,
        module,
        sha256,
    })
}

/// The secrets file that is named, else the practice home's own.
fn read_secrets(
    home: &Home,
    keys: &KeysFile,
    named: Option<&Path>,
) -> Result<Option<Secrets>, Error> {
    let secrets = match named {
        Some(path) => Secrets::read(path)?,
        None if keys.practice && home.secrets().is_file() => Secrets::read(&home.secrets())?,
        None => return Ok(None),
    };
    if !keys.practice && (secrets.officers().count() > 1 || secrets.has_ukeys()) {
        let text = "in a real home a secrets file names one officer and no ukeys";
        return Err(Error::refused("secrets-invalid", text));
    }
    Ok(Some(secrets))
}
