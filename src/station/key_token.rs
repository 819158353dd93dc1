//! Tokens with one key that are no ukeys of holders: the CA's, the unit's, and the officers' own.

use std::path::Path;

use super::desk::Desk;
use super::error::Error;
use super::{bench, clock};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::RunId;
use crate::domain::key::{KeyAlgorithm, KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::ukey::Serial;
use crate::store::KeyToken;
use crate::token::virtual_ukey::{self, VirtualUkeys};
use crate::token::worker::{Worker, WorkerSpec};

/// A token with its user logged in.
#[derive(Debug)]
pub(super) struct OpenKey {
    worker: Worker,
    key_id: KeyId,
}

impl OpenKey {
    pub(super) fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.worker.sign(self.key_id, message)
    }

    /// Takes a worker that is logged in.
    pub(super) const fn of(worker: Worker, key_id: KeyId) -> Self {
        Self { worker, key_id }
    }

    pub(super) const fn is_gone(&self) -> bool {
        self.worker.is_gone()
    }
}

/// Makes a virtual token in `dir` with a P-256 key of its own, logged in.
pub(super) fn make(
    ukeys: &VirtualUkeys,
    dir: &Path,
    (so_pin, user_pin): (&Pin, &Pin),
) -> Result<(KeyToken, PublicKeyDer, OpenKey), Error> {
    let id = RunId::new(clock::new_uuid());
    let (key_id, label) = (KeyId::of_run(id), TokenLabel::of_run(id));
    let identity = ukeys.make_at(dir)?.identity;
    virtual_ukey::insert(dir)?;
    let mut worker = Worker::start(&ukeys.spec(dir, None)?)?;
    worker.identify(&identity)?;
    let factory = ukeys
        .profile
        .factory_so_pin()
        .map_err(virtual_ukey::Error::from)?;
    worker.init_token(&factory, &label)?;
    worker.set_so_pin(&factory, so_pin)?;
    worker.init_user_pin(so_pin, user_pin)?;
    worker.log_in(user_pin)?;
    let public = worker.generate(KeyAlgorithm::EcP256, key_id, &label)?;
    let (attributes, read) = worker.read_key(key_id)?;
    if attributes.assert_born_on_token().is_err() || read != public {
        return Err(Error::failed("key-attribute", identity.to_string()));
    }
    Ok((
        KeyToken {
            identity,
            key_id,
            profile: None,
        },
        public,
        OpenKey { worker, key_id },
    ))
}

/// Opens a virtual token in `dir`, or a ukey wherever it is plugged in.
pub(super) fn open(
    desk: &Desk,
    dir: &Path,
    token: &KeyToken,
    user_pin: &Pin,
) -> Result<OpenKey, CannotOpen> {
    let spec = spec(desk, dir, token)?;
    let mut worker = Worker::start(&spec)?;
    worker.identify(&token.identity)?;
    worker.log_in(user_pin)?;
    Ok(OpenKey {
        worker,
        key_id: token.key_id,
    })
}

/// How to reach a token: a virtual one in `dir`, a ukey by its serial.
fn spec(desk: &Desk, dir: &Path, token: &KeyToken) -> Result<WorkerSpec, CannotOpen> {
    match &token.profile {
        None => {
            let ukeys = desk.own_tokens()?;
            let lock = desk.home().ukey_lock(token.identity.serial.as_str());
            ukeys
                .write_configuration(dir)
                .and_then(|()| ukeys.spec(dir, Some(lock)))
                .map_err(|error| Error::from(error).into())
        }
        Some(profile) => ukey_spec(desk, &token.identity.serial, profile),
    }
}

/// How to reach a ukey by the serial number that it reports: a virtual one of the home has a folder.
pub(super) fn ukey_spec(
    desk: &Desk,
    reported: &Serial,
    profile: &str,
) -> Result<WorkerSpec, CannotOpen> {
    let record = desk.store().read().ukey_reported(reported);
    let record = record.map_err(Error::from)?;
    let serial = record.map_or_else(|| reported.clone(), |row| row.identity.serial);
    let folder = desk.home().ukey(&serial);
    if folder.is_dir() && virtual_ukey::is_inserted(&folder) {
        return Ok(bench::virtual_spec(desk, &serial, profile)?);
    }
    if folder.is_dir() || desk.is_practice() {
        return Err(Fault::new(FaultKind::Removed).into());
    }
    let spec = bench::reader_spec(desk, desk.profile(profile)?, Some(reported));
    Ok(spec.ok_or_else(|| Error::failed("module-missing", profile))?)
}

/// Why a token does not open.
#[derive(Debug)]
pub(super) enum CannotOpen {
    /// The token.
    Fault(Fault),
    /// The station.
    Error(Error),
}

impl From<Fault> for CannotOpen {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for CannotOpen {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<CannotOpen> for Error {
    fn from(cannot: CannotOpen) -> Self {
        match cannot {
            CannotOpen::Fault(fault) => fault.into(),
            CannotOpen::Error(error) => error,
        }
    }
}
