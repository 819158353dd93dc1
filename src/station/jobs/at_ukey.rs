//! One ukey of the stock that is plugged in, with a worker of its own, not logged in.

use crate::domain::ukey::{Expected, Serial, UkeyReading};
use crate::station::bench::{self, Inserted};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::so_pin::told;
use crate::store::UkeyRow;
use crate::token::worker::Worker;

/// The ukey with its worker.
pub(super) struct AtUkey {
    pub(super) worker: Worker,
    expected: Expected,
    pub(super) serial: Serial,
}

impl AtUkey {
    /// Reaches a ukey and looks whether it is the one.
    ///
    /// # Errors
    /// `ukey-not-inserted`, or the fault of the look.
    pub(super) fn reach(desk: &Desk, ukey: &UkeyRow) -> Result<(Self, UkeyReading), Error> {
        let serial = ukey.identity.serial.clone();
        let expected = Expected::from(&ukey.reported());
        let spec = bench::find(desk, ukey, &expected)?;
        let spec = spec.ok_or_else(|| Error::refused("ukey-not-inserted", serial.as_str()))?;
        let worker = Worker::start(&spec).map_err(|fault| told(&serial, fault))?;
        let mut at_ukey = Self {
            worker,
            expected,
            serial,
        };
        let reading = at_ukey.look()?;
        Ok((at_ukey, reading))
    }

    /// Reaches a ukey that the records here do not know, as a look at the readers found it.
    ///
    /// # Errors
    /// `ukey-not-inserted`, or the fault of the look.
    pub(super) fn reach_unknown(desk: &Desk, found: &Inserted) -> Result<Self, Error> {
        let serial = found.reading.identity.serial.clone();
        let spec = match &found.folder {
            Some(_) => Some(bench::virtual_spec(desk, &serial, &found.profile)?),
            None => bench::reader_spec(desk, desk.profile(&found.profile)?, Some(&serial)),
        };
        let spec = spec.ok_or_else(|| Error::refused("ukey-not-inserted", serial.as_str()))?;
        let worker = Worker::start(&spec).map_err(|fault| told(&serial, fault))?;
        let mut at_ukey = Self {
            worker,
            expected: Expected::from(&found.reading.identity),
            serial,
        };
        at_ukey.look()?;
        Ok(at_ukey)
    }

    /// Looks again: it may have been pulled, or another one plugged in.
    ///
    /// # Errors
    /// The fault of the look.
    pub(super) fn look(&mut self) -> Result<UkeyReading, Error> {
        let reading = self.worker.identify(self.expected.clone());
        reading.map_err(|fault| told(&self.serial, fault))
    }
}
