//! Security releases the SO PIN of one ukey, for one use (D-44, D-47).

use super::desk::Desk;
use super::error::Error;
use super::sign_in::{ActingOfficer, AskSecret, SecondOfficer};
use super::{clock, ukey_pins};
use crate::domain::officer::OfficerName;
use crate::domain::pin::Pin;
use crate::domain::ukey::{Serial, UkeyReading};
use crate::keys::station_key::StationKey;
use crate::keys::wrap::SecuritySecrets;
use crate::store::{SoPinRow, StoreError, Writing};
use crate::token::worker::Worker;

/// Evidence that security has released the SO PIN of this ukey. It is spent with its use.
#[derive(Debug)]
pub struct SoPinRelease {
    second: SecondOfficer,
    serial: Serial,
    row: SoPinRow,
    /// The one that may hold since an interrupted change comes first.
    pins: Vec<Pin>,
}

/// An SO PIN that the ukey got and the records do not hold as confirmed yet.
pub(super) struct Rotated {
    sealed: Vec<u8>,
}

impl SoPinRelease {
    /// Security signs in beside the first officer and opens the escrow; it is noted before the PIN is
    /// used.
    ///
    /// # Errors
    /// Those of `Desk::second_officer`, `so-pin-not-held` where the escrow has none of this ukey.
    pub fn by_security(
        desk: &Desk,
        first: &ActingOfficer,
        (named, ask): (Option<&OfficerName>, &dyn AskSecret),
        serial: &Serial,
    ) -> Result<Self, Error> {
        let (second, secrets) = desk.second_with_secrets(first, named, ask)?;
        let not_held = || Error::refused("so-pin-not-held", serial.as_str());
        let secrets: SecuritySecrets = secrets.ok_or_else(not_held)?;
        let row = desk.store().read().so_pin_of(serial)?;
        let row = row.ok_or_else(not_held)?;
        let sealed = row.next.iter().chain([&row.sealed]);
        let pins: Result<Vec<Pin>, _> = sealed.map(|sealed| secrets.escrow.open(sealed)).collect();
        let pins = pins?;
        let mut audit = Desk::audit_row(first, "so-pin-released");
        audit.ukey = Some(serial.to_string());
        audit.detail = Some(second.told());
        desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
        Ok(Self {
            second,
            serial: serial.clone(),
            row,
            pins,
        })
    }

    /// The ukey it is for.
    pub const fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Who released it.
    pub(super) fn told(&self) -> String {
        self.second.told()
    }

    /// Which of the released PINs opens the ukey. One more is tried only where a change was interrupted,
    /// and none while a wrong try is open (D-37).
    pub(super) fn open(&self, worker: &mut Worker, reading: &UkeyReading) -> Result<Pin, Error> {
        self.open_with(worker, reading, None)
    }

    /// As [`Self::open`]; `other` is tried first.
    pub(super) fn open_with(
        &self,
        worker: &mut Worker,
        reading: &UkeyReading,
        other: Option<&Pin>,
    ) -> Result<Pin, Error> {
        opening(
            worker,
            (&self.serial, reading),
            other.into_iter().chain(&self.pins),
        )
    }

    /// Who of security released it.
    ///
    /// # Errors
    /// `second-officer-required`: no waiver stands in for it (D-8).
    pub(super) fn security(&self) -> Result<&ActingOfficer, Error> {
        let required = || Error::refused("second-officer-required", self.serial.as_str());
        self.second.officer().ok_or_else(required)
    }

    /// The released PINs for another station, each sealed to it, hex; the likelier first.
    pub(super) fn sealed_to(&self, station: &StationKey) -> Result<Vec<String>, Error> {
        let seal = |pin: &Pin| station.seal(pin.expose().as_bytes()).map(hex::encode);
        let sealed: Result<Vec<String>, _> = self.pins.iter().map(seal).collect();
        sealed.map_err(|error| Error::failed("escrow", error.to_string()))
    }

    /// Gives the ukey another SO PIN, in escrow before it has it; `None` where its model has none that
    /// can be set.
    pub(super) fn rotate(
        &self,
        desk: &Desk,
        worker: &mut Worker,
        (profile, current): (&str, &Pin),
    ) -> Result<Option<Rotated>, Error> {
        let terms = &desk.profile(profile)?.so_pin;
        if !terms.settable {
            return Ok(None);
        }
        let next = ukey_pins::random_pin(terms.alphabet, usize::from(terms.len))?;
        let sealed = desk.escrow_key()?.seal(&next);
        let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
        let now = clock::now();
        // An interrupted change may have reached the ukey: what it has is kept until it has the next one.
        let reached = self.row.next.as_ref();
        let reached = reached.filter(|_sealed| self.pins.first() == Some(current));
        desk.store().write(|writing| {
            if let Some(sealed) = reached {
                writing.end_so_pin_rotation(&self.serial, self.row.run, sealed)?;
            }
            writing.put_so_pin_rotation(&self.serial, &sealed, now)
        })?;
        let set = worker.set_so_pin(current, &next);
        set.map_err(|fault| told(&self.serial, fault))?;
        Ok(Some(Rotated { sealed }))
    }

    /// Notes in the transaction of the act that the ukey has the new SO PIN.
    pub(super) fn confirm(
        &self,
        writing: &Writing<'_>,
        rotated: &Rotated,
    ) -> Result<(), StoreError> {
        writing.end_so_pin_rotation(&self.serial, self.row.run, &rotated.sealed)
    }
}

/// Which of these SO PINs opens the ukey. None is tried while a wrong try is open (D-37).
///
/// # Errors
/// `so-pin-locked`, `so-pin-touched`, `so-pin-refused`, or the fault of the try.
pub(super) fn opening<'a>(
    worker: &mut Worker,
    (serial, reading): (&Serial, &UkeyReading),
    pins: impl IntoIterator<Item = &'a Pin>,
) -> Result<Pin, Error> {
    if reading.flags.so_pin_locked {
        return Err(Error::refused("so-pin-locked", serial.as_str()));
    }
    if !reading.flags.so_tries_untouched() {
        return Err(Error::refused("so-pin-touched", serial.as_str()));
    }
    for pin in pins {
        let opens = worker.try_so_pin(pin);
        if opens.map_err(|fault| told(serial, fault))? {
            return Ok(pin.clone());
        }
    }
    Err(Error::failed("so-pin-refused", serial.as_str()))
}

/// A fault with the ukey it is about.
pub(super) fn told(serial: &Serial, fault: crate::domain::fault::Fault) -> Error {
    Error::failed(fault.kind.word(), format!("{serial}: {fault}")).because(fault)
}
