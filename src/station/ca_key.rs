//! The CA's key: on its own token, opened with the PIN that security released for some hours and
//! certificates (D-60). The operator never sees that PIN.

use super::desk::Desk;
use super::error::Error;
use super::key_token::{self, CannotOpen, OpenKey};
use super::{clock, jobs};
use crate::domain::fault::Fault;
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

/// The CA's token, open once it was needed.
#[derive(Debug, Default)]
pub(super) struct CaKey(Option<OpenKey>);

impl CaKey {
    /// Signs with the CA's key, if security has unlocked it.
    pub(super) fn sign(&mut self, desk: &Desk, message: &[u8]) -> Result<Vec<u8>, CaFailure> {
        let pin = released_pin(desk)?;
        if self.0.as_ref().is_some_and(OpenKey::is_gone) {
            self.0 = None;
        }
        let key = match &mut self.0 {
            Some(key) => key,
            slot => {
                let opened = key_token::open(desk, &desk.home().ca(), &token(desk)?, &pin);
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

fn token(desk: &Desk) -> Result<KeyToken, Error> {
    let missing = || Error::refused("ca-elsewhere", "");
    let text = desk.store().read().meta("ca_token")?.ok_or_else(missing)?;
    let damaged = |error| Error::failed("store-damaged", "ca_token").because(error);
    serde_json::from_str(&text).map_err(damaged)
}
