//! The CA's key: on its own token, opened with the PIN that security released for some hours and
//! certificates (D-60). The operator never sees that PIN.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::PoisonError;

use super::desk::Desk;
use super::error::Error;
use super::key_token::{self, CannotOpen, OpenKey};
use super::sign_in::AskSecret;
use super::{ActingOfficer, SecondOfficer, clock, jobs};
use crate::domain::certificate::Generation;
use crate::domain::fault::Fault;
use crate::domain::officer::OfficerName;
use crate::domain::pin::Pin;
use crate::store::KeyToken;

/// Why the CA's key does not sign.
#[derive(Debug)]
pub(super) enum CaFailure {
    /// Security has not unlocked it, or time or count is up.
    Locked,
    /// Its token.
    Fault(Fault),
    /// The station.
    Error(Error),
}

impl From<Fault> for CaFailure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for CaFailure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The CA's tokens, one for each generation, each open once it was needed.
#[derive(Debug, Default)]
pub(super) struct CaKey(BTreeMap<Generation, OpenKey>);

impl CaKey {
    /// Signs with the key of the present CA, if security has unlocked it.
    pub(super) fn sign(&mut self, desk: &Desk, message: &[u8]) -> Result<Vec<u8>, CaFailure> {
        let generation = desk.store().read().ca_generation();
        self.sign_as(desk, generation.map_err(Error::from)?, message)
    }

    /// Signs with the key of a generation: that of a former one signs lists and nothing else (D-60).
    pub(super) fn sign_as(
        &mut self,
        desk: &Desk,
        generation: Generation,
        message: &[u8],
    ) -> Result<Vec<u8>, CaFailure> {
        let pin = released_pin(desk)?;
        self.0.retain(|_generation, key| !key.is_gone());
        let key = match self.0.entry(generation) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(slot) => {
                let (folder, token) = token(desk, generation)?;
                let opened = key_token::open(desk, &folder, &token, &pin);
                let opened = opened.map_err(|cannot| match cannot {
                    CannotOpen::Fault(fault) => CaFailure::Fault(fault),
                    CannotOpen::Error(error) => CaFailure::Error(error),
                })?;
                slot.insert(opened)
            }
        };
        Ok(key.sign(message)?)
    }
}

impl Desk {
    /// Closes the tokens that are open: another key is behind them from now on.
    pub(super) fn forget_ca_key(&self) {
        *self.ca_key.lock().unwrap_or_else(PoisonError::into_inner) = CaKey::default();
    }
}

/// Evidence that security signed in beside the first officer and opens the CA's token, for its backup (D-60).
#[derive(Debug)]
pub struct CaKeyHolder {
    second: SecondOfficer,
    pin: Pin,
}

impl CaKeyHolder {
    /// Security signs in.
    ///
    /// # Errors
    /// Those of `Desk::second_officer`, `wrong-duty` for one whose passphrase opens no PIN of the CA.
    pub fn by_security(
        desk: &Desk,
        first: &ActingOfficer,
        (named, ask): (Option<&OfficerName>, &dyn AskSecret),
    ) -> Result<Self, Error> {
        let (second, secrets) = desk.second_with_secrets(first, named, ask)?;
        let secrets = jobs::officers::security(secrets)?;
        Ok(Self {
            second,
            pin: secrets.ca_pin.clone(),
        })
    }

    /// The user PIN of the CA's tokens.
    pub(super) const fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Security's name.
    ///
    /// # Errors
    /// `second-officer-required`: no waiver stands in for it (D-8).
    pub(super) fn name(&self) -> Result<&OfficerName, Error> {
        let required = || Error::refused("second-officer-required", "");
        Ok(self.second.officer().ok_or_else(required)?.name())
    }

    /// Who it was.
    pub(super) fn told(&self) -> String {
        self.second.told()
    }
}

/// Whether the key may be used now.
pub(super) fn demand_released(desk: &Desk) -> Result<(), CaFailure> {
    released_pin(desk).map(drop)
}

/// The PIN while it is released. In practice the station releases it as `security` by itself.
fn released_pin(desk: &Desk) -> Result<Pin, CaFailure> {
    jobs::restore::demand_compared(desk)?;
    if let Some(pin) = stored_pin(desk)? {
        return Ok(pin);
    }
    if !desk.is_practice() {
        return Err(CaFailure::Locked);
    }
    jobs::ca::unlock_in_practice(desk)?;
    stored_pin(desk)?.ok_or(CaFailure::Locked)
}

fn stored_pin(desk: &Desk) -> Result<Option<Pin>, Error> {
    let unlock = desk.store().read().ca_unlock()?;
    let Some(unlock) = unlock.filter(|row| row.until > clock::now() && row.remaining > 0) else {
        return Ok(None);
    };
    let bytes = desk
        .store_key()
        .open(jobs::ca::PIN_PURPOSE, &unlock.sealed_pin)?;
    let damaged = || Error::failed("keys-damaged", "ca_unlock");
    let text = std::str::from_utf8(&bytes).map_err(|_binary| damaged())?;
    Pin::parse(text).map(Some).map_err(|_no_pin| damaged())
}

/// Where the key of a generation is.
pub(super) fn token(desk: &Desk, generation: Generation) -> Result<(PathBuf, KeyToken), Error> {
    let missing = || Error::refused("ca-elsewhere", "");
    let folder = desk.home().ca_token(generation);
    let store = desk.store();
    let reading = store.read();
    if generation == reading.ca_generation()? {
        let text = reading.meta("ca_token")?.ok_or_else(missing)?;
        let damaged = |error| Error::failed("store-damaged", "ca_token").because(error);
        return Ok((folder, serde_json::from_str(&text).map_err(damaged)?));
    }
    let mut former = reading.former_authorities()?.into_iter();
    let row = former.find(|row| row.generation == generation);
    let token = row.and_then(|row| row.token).ok_or_else(missing)?;
    Ok((folder, token))
}
