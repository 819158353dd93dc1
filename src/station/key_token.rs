//! Tokens with one key that are no ukeys of holders: the CA's and the officers' own, virtual ones
//! in practice.

use std::path::Path;

use super::clock;
use super::error::Error;
use super::home::Home;
use crate::domain::fault::Fault;
use crate::domain::id::RunId;
use crate::domain::key::{KeyAlgorithm, KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::ukey::UkeyIdentity;
use crate::token::virtual_ukey::{self, VirtualUkeys};
use crate::token::worker::Worker;

/// What is to be known of such a token to use its key.
#[derive(Clone, Debug)]
pub(super) struct KeyToken {
    pub(super) identity: UkeyIdentity,
    pub(super) key_id: KeyId,
}

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
        KeyToken { identity, key_id },
        public,
        OpenKey { worker, key_id },
    ))
}

/// Opens the token in `dir`.
pub(super) fn open(
    (home, ukeys): (&Home, &VirtualUkeys),
    dir: &Path,
    token: &KeyToken,
    user_pin: &Pin,
) -> Result<OpenKey, Fault> {
    let lock = home.ukey_lock(token.identity.serial.as_str());
    let spec = ukeys
        .write_configuration(dir)
        .and_then(|()| ukeys.spec(dir, Some(lock)));
    let spec = spec.map_err(|error| match error {
        virtual_ukey::Error::Fault(fault) => fault,
        other => Fault::new(crate::domain::fault::FaultKind::ModuleUnusable)
            .with_detail(other.to_string()),
    })?;
    let mut worker = Worker::start(&spec)?;
    worker.identify(&token.identity)?;
    worker.log_in(user_pin)?;
    Ok(OpenKey {
        worker,
        key_id: token.key_id,
    })
}
