//! The desk: an open home with its records, profiles and CA, and the officer who signed in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ca_key::CaKey;
use super::clock;
use super::error::Error;
use super::home::{Home, HomeLock};
use super::jobs::losses;
use super::own_ukey;
use super::post;
use super::practice_fault::Power;
use super::secrets::Secrets;
use super::sign_in::{self, ActingOfficer, AskSecret, SecondOfficer, Standing};
use crate::domain::audit::AuditRow;
use crate::domain::id::HomeId;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::pin::Pin;
use crate::domain::token_profile::{Profiles, TokenProfile};
use crate::domain::unit::Unit;
use crate::issuing::authority::Authority;
use crate::keys::escrow::EscrowKey;
use crate::keys::secret::{SecretKey, SecretText};
use crate::keys::unit_pki::is_practice_root;
use crate::keys::wrap::{KeysFile, Opened, OwnPins, SecuritySecrets};
use crate::store::{OfficerRow, Store, StoreError};
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
    id: HomeId,
    practice: bool,
    keys: Mutex<KeysFile>,
    own_pins: Mutex<BTreeMap<OfficerName, OwnPins>>,
    store_key: Mutex<SecretKey>,
    store: Mutex<Store>,
    secrets: Mutex<Option<Secrets>>,
    profiles: Profiles,
    program: PathBuf,
    pub(super) ca_key: Mutex<CaKey>,
    pub(super) power: Power,
}

impl Desk {
    /// Opens a home and signs an officer in who has the duty.
    ///
    /// # Errors
    /// `home-missing`, `home-held`, `officer-required`, `passphrase-wrong`, `wrong-duty`,
    /// `officer-temporary`, `officer-temporary-ended`, `officer-ukey-missing`, `officer-ukey-refused`, `store-newer`, `store-damaged`, `secrets-readable` and the like.
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
        let mut keys = KeysFile::read(&home.keys())?;
        let secrets = read_secrets(&home, &keys, terms.secrets.as_deref())?;
        let name = sign_in::choose(&keys, secrets.as_ref(), terms.officer.as_ref(), duty)?;
        let passphrase = sign_in::passphrase(secrets.as_ref(), &name, ask)?;
        let opened = sign_in::open_wraps(&home, &mut keys, &name, &passphrase)?;
        let known = (&opened.store_key, opened.next_store_key.as_ref());
        let (mut store, mut store_key) = open_store(&home, known)?;
        // Before a change of keys is finished: who it disabled was not told the next ones.
        let (row, standing) = enabled_officer(&store, &name)?;
        if access == Access::Change && keys.announced_escrow().is_some() {
            store_key = finish_key_change(
                &home,
                &mut keys,
                &mut store,
                (opened.store_key.clone(), opened.next_store_key.clone()),
            )?;
        }
        check_kind(&store, keys.practice)?;
        sign_in::demand(&name, row.post, duty)?;
        let profiles = profiles::load(&home.profiles())?;
        let desk = Self {
            home,
            _lock: lock,
            id: keys.home,
            practice: keys.practice,
            keys: Mutex::new(keys),
            own_pins: Mutex::new([(name, opened.own_pins)].into()),
            store_key: Mutex::new(store_key),
            store: Mutex::new(store),
            secrets: Mutex::new(secrets),
            profiles,
            program: this_program()?,
            ca_key: Mutex::default(),
            power: Power::default(),
        };
        let proof = own_ukey::prove(&desk, &row)?;
        if access == Access::Change {
            post::finish(&desk)?;
            losses::end_holds(&desk)?;
        }
        let officer = ActingOfficer::new(&row, standing, proof);
        officer.demand(duty)?;
        Ok((desk, officer))
    }

    /// The home.
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Whether it is a practice home.
    pub const fn is_practice(&self) -> bool {
        self.practice
    }

    /// The home's id.
    pub const fn id(&self) -> HomeId {
        self.id
    }

    /// The wraps of the store key.
    pub(super) fn keys(&self) -> MutexGuard<'_, KeysFile> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store key: seals what the store keeps for a while.
    pub(super) fn store_key(&self) -> MutexGuard<'_, SecretKey> {
        self.store_key
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The PIN of an officer's own ukey, once their passphrase was given.
    pub(super) fn own_pin(&self, officer: &OfficerRow) -> Option<Pin> {
        let key = officer.token.as_ref()?.key_id;
        self.own_pins(&officer.name).of(key).cloned()
    }

    /// The PINs of an officer's own ukeys, as far as their passphrase opened them.
    pub(super) fn own_pins(&self, name: &OfficerName) -> OwnPins {
        let pins = self.own_pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.get(name).cloned().unwrap_or_default()
    }

    /// Keeps other PINs of an officer's own ukeys, wrapped for them.
    pub(super) fn set_own_pins(&self, name: &OfficerName, pins: OwnPins) -> Result<(), Error> {
        let mut wrapped = Ok(());
        self.home.change_keys(&mut self.keys(), |keys| {
            wrapped = keys.set_own_pins(name, &pins);
        })?;
        wrapped?;
        let mut known = self.own_pins.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.clone(), pins);
        Ok(())
    }

    /// Opens an officer's wraps with their passphrase, wrong ones counted.
    ///
    /// # Errors
    /// `passphrase-wrong`, `sign-in-wait`, `officer-unknown`.
    pub(super) fn open_wraps(
        &self,
        name: &OfficerName,
        passphrase: &SecretText,
    ) -> Result<Opened, Error> {
        let opened = sign_in::open_wraps(&self.home, &mut self.keys(), name, passphrase)?;
        let mut pins = self.own_pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.insert(name.clone(), opened.own_pins.clone());
        drop(pins);
        Ok(opened)
    }

    /// An officer's record.
    ///
    /// # Errors
    /// `officer-unknown`.
    pub(super) fn officer(&self, name: &OfficerName) -> Result<OfficerRow, Error> {
        let officers = self.store().read().officers()?;
        let row = officers.into_iter().find(|row| row.name == *name);
        row.ok_or_else(|| Error::usage("officer-unknown", name.as_str()))
    }

    /// Signs a second officer in beside the first, for one act.
    ///
    /// # Errors
    /// `second-officer-required` when nobody is named or can be asked, `second-officer-same`,
    /// `wrong-duty`, `passphrase-wrong`, `sign-in-wait`, `officer-ukey-missing`,
    /// `officer-ukey-refused`.
    pub fn second_officer(
        &self,
        first: &ActingOfficer,
        named: Option<&OfficerName>,
        ask: &dyn AskSecret,
    ) -> Result<SecondOfficer, Error> {
        let (second, _secrets) = self.second_with_secrets(first, named, ask)?;
        Ok(second)
    }

    /// As [`Self::second_officer`], with what security's passphrase opens.
    pub(super) fn second_with_secrets(
        &self,
        first: &ActingOfficer,
        named: Option<&OfficerName>,
        ask: &dyn AskSecret,
    ) -> Result<(SecondOfficer, Option<SecuritySecrets>), Error> {
        let required = || Error::refused("second-officer-required", "");
        let name = named.ok_or_else(required)?;
        if name == first.name() {
            return Err(Error::refused("second-officer-same", name.as_str()));
        }
        let (row, standing) = enabled_officer(&self.store(), name)?;
        sign_in::demand(name, row.post, Duty::ConfirmAct)?;
        // In a real home the second passphrase is typed, never read from a file (interface.md).
        let given = self
            .secrets()
            .as_ref()
            .filter(|_secrets| self.practice)
            .and_then(|secrets| secrets.passphrase(name).cloned());
        let passphrase = given
            .or_else(|| ask.passphrase(name))
            .ok_or_else(required)?;
        let opened = self.open_wraps(name, &passphrase)?;
        let proof = own_ukey::prove(self, &row)?;
        let officer = ActingOfficer::new(&row, standing, proof);
        officer.demand(Duty::ConfirmAct)?;
        Ok((SecondOfficer::new(officer), opened.security))
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
    ///
    /// # Errors
    /// `ca-not-certified` while it has no certificate.
    pub(super) fn authority(&self) -> Result<Authority, Error> {
        let damaged = || Error::failed("store-damaged", "ca_certificate");
        let missing = || Error::refused("ca-not-certified", "");
        let text = self.store().read().meta("ca_certificate")?;
        let text = text.ok_or_else(missing)?;
        let der = hex::decode(text).map_err(|_hex| damaged())?;
        Authority::from_certificate(der).map_err(|error| damaged().because(error))
    }

    /// Whether holders' certificates come from another station's CA, by files (D-53).
    pub(super) fn ca_is_elsewhere(&self) -> Result<bool, Error> {
        Ok(self.store().read().meta("ca_kind")?.as_deref() == Some("exchange"))
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

    /// The own unit's certificate, then each issuer up to the root, DER; empty until the superior
    /// has answered.
    pub(super) fn unit_chain(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.certificates_in("unit_chain")
    }

    /// The superior's unit certificate, then each issuer up to the root, DER; empty for a province.
    pub(super) fn superior_chain(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.certificates_in("superior_chain")
    }

    /// What stands above the CA's certificate, up to its root, DER.
    pub(super) fn ca_chain(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.certificates_in("ca_chain")
    }

    /// The self-signed certificate that the unit proposed to its superior.
    pub(super) fn unit_proposal(&self) -> Result<Vec<u8>, Error> {
        let proposal = self.certificates_in("unit_proposal")?.into_iter().next();
        proposal.ok_or_else(|| Error::refused("unit-is-root", ""))
    }

    fn certificates_in(&self, setting: &'static str) -> Result<Vec<Vec<u8>>, Error> {
        let text = self.store().read().meta(setting)?.unwrap_or_default();
        let damaged = |error| Error::failed("store-damaged", setting).because(error);
        let chain = text.split_whitespace().map(hex::decode);
        chain.collect::<Result<_, _>>().map_err(damaged)
    }

    /// The own unit.
    pub(super) fn own_unit(&self) -> Result<Unit, Error> {
        let units = self.store().read().units()?;
        let own = units.into_iter().find(|unit| unit.own);
        own.ok_or_else(|| Error::failed("store-damaged", "no own unit"))
    }

    /// The announced keys hold: encrypts the store under the next key (D-58).
    ///
    /// # Errors
    /// What store and file say; it is finished at the next start.
    pub(super) fn adopt_keys(&self, next: SecretKey) -> Result<(), Error> {
        let mut keys = self.keys();
        let mut store = self.store();
        let old = self.store_key().clone();
        let key = finish_key_change(&self.home, &mut keys, &mut store, (old, Some(next)))?;
        *self.store_key() = key;
        Ok(())
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
        let name = sign_in::choose(&self.keys(), secrets.as_ref(), None, Duty::UnlockCa)?;
        let passphrase = secrets
            .as_ref()
            .and_then(|secrets| secrets.passphrase(&name).cloned());
        drop(secrets);
        let opened = self.open_wraps(&name, &passphrase.ok_or_else(locked)?)?;
        let (row, standing) = enabled_officer(&self.store(), &name)?;
        sign_in::demand(&name, row.post, Duty::UnlockCa)?;
        let officer = ActingOfficer::new(&row, standing, own_ukey::prove(self, &row)?);
        Ok((officer, opened.security.ok_or_else(locked)?))
    }

    /// A row of the audit log for an act of `officer`, with nothing filled in but who, what, when.
    pub(super) fn audit_row(officer: &ActingOfficer, act: &str) -> AuditRow {
        let (name, post) = (officer.name().as_str(), officer.post().word());
        AuditRow::new(clock::now(), name, Some(post), act)
    }
}

/// Opens the records with the store's key; with its next one where a change was interrupted after
/// the file had it.
pub(super) fn open_store(
    home: &Home,
    (store_key, next): (&SecretKey, Option<&SecretKey>),
) -> Result<(Store, SecretKey), Error> {
    let with = |key: &SecretKey| Store::open(&home.store(), key.expose());
    match (with(store_key), next) {
        (Err(StoreError::NotOpened(_)), Some(next)) => Ok((with(next)?, next.clone())),
        (store, _) => Ok((store?, store_key.clone())),
    }
}

/// keys.json can be edited by whoever has the file: what it says of practice must be what the root in
/// the encrypted store says (D-57).
fn check_kind(store: &Store, practice: bool) -> Result<(), Error> {
    let root = store.read().meta("pinned_root")?.unwrap_or_default();
    let root = hex::decode(root).unwrap_or_default();
    if is_practice_root(&root) == practice {
        Ok(())
    } else {
        Err(Error::failed("store-damaged", "keys.json: practice"))
    }
}

/// Finishes, or takes back, a change of the home's keys that was interrupted: the escrow key in the
/// store tells whether its transaction was committed.
pub(super) fn finish_key_change(
    home: &Home,
    keys: &mut KeysFile,
    store: &mut Store,
    (old, next): (SecretKey, Option<SecretKey>),
) -> Result<SecretKey, Error> {
    let committed = store.read().meta("escrow_key")?.as_deref() == keys.announced_escrow();
    match next {
        Some(next) if committed => {
            store.change_key(next.expose())?; // Once more is as good as once.
            home.change_keys(keys, KeysFile::adopt)?;
            Ok(next)
        }
        None if committed => Err(Error::failed("store-damaged", "keys.json: next keys")),
        _ => {
            home.change_keys(keys, KeysFile::withdraw)?;
            Ok(old)
        }
    }
}

/// An officer who may sign in, and by what right.
fn enabled_officer(store: &Store, name: &OfficerName) -> Result<(OfficerRow, Standing), Error> {
    let officers = store.read().officers()?.into_iter();
    let mut enabled = officers.filter(|row| row.enabled);
    let row = enabled.find(|row| row.name == *name);
    let row = row.ok_or_else(|| Error::refused("officer-unknown", name.as_str()))?;
    let mut temporary = store.read().temporary_officers()?.into_iter();
    match temporary.find(|temporary| temporary.name == *name) {
        None => Ok((row, Standing::Ordinary)),
        Some(temporary) if clock::now() < temporary.until => Ok((row, Standing::Temporary)),
        Some(temporary) => {
            let text = format!("{name}, {}", temporary.until);
            Err(Error::refused("officer-temporary-ended", text))
        }
    }
}

/// The profile of virtual ukeys in a practice home.
pub(super) const PRACTICE_PROFILE: &str = "softhsm2";

/// This program's file.
pub(super) fn this_program() -> Result<PathBuf, Error> {
    let program = std::env::current_exe();
    // Unit tests run as target/…/deps/…: the program itself, which is the worker, lies beside deps.
    #[cfg(test)]
    let program = program.map(|test| test.with_file_name("../ukey-station"));
    program.map_err(|error| Error::io(Path::new("this program"), error))
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
pub(super) fn read_secrets(
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
