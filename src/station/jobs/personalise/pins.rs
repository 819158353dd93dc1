//! The PINs of a run: chosen, sealed before the ukey has them, told and erased (D-37).

use super::perform::refuse;
use super::session::{Session, Stop};
use crate::domain::id::RunId;
use crate::domain::pin::{Pin, PinAlphabet};
use crate::keys::secret::SecretKey;
use crate::station::clock;
use crate::station::error::Error;
use crate::station::sign_in::{self, PinQuestion};
use crate::station::ukey_pins::{self, UkeyPins};
use crate::workflow::journal::{Failure, Finding, PinSource, SoPinFound};

/// Digits of a random user PIN.
const USER_PIN_DIGITS: usize = 8;

impl Session<'_> {
    /// A PIN that the practice secrets name is judged before anything is begun.
    pub(super) fn check_given_pin(&mut self) -> Result<(), Stop> {
        let Some(pin) = self.given_pin() else {
            return Ok(());
        };
        let policy = self.profile.pin_policy();
        let form = self.approved()?.form();
        pin.check(&policy, &form.personal_numbers())
            .map_err(|_weak| refuse("pin-weak"))
    }

    /// The user PIN that the practice secrets name for this ukey.
    pub(super) fn given_pin(&self) -> Option<Pin> {
        if self.run.plan().user_pin != PinSource::Secrets {
            return None;
        }
        let secrets = self.desk.secrets();
        let pin = secrets.as_ref()?.user_pin(&self.ukey.identity.serial);
        pin.cloned()
    }

    /// The user PIN as the plan says; `None` leaves it to chance.
    fn chosen_pin(&mut self) -> Result<Option<Pin>, Stop> {
        if self.run.plan().user_pin != PinSource::Holder {
            return Ok(self.given_pin());
        }
        let form = self.approved()?.form().clone();
        let question = PinQuestion {
            request: &self.request.number,
            holder: form.name.as_str(),
            serial: &self.ukey.identity.serial,
            policy: self.profile.pin_policy(),
            refused: None,
        };
        let personal = form.personal_numbers();
        let typed = sign_in::new_user_pin(self.clerk.pins, question, &personal, None);
        typed.map(Some).ok_or(Stop::Failure(Failure::PinNotTyped))
    }

    /// Digits that the holder's own numbers do not give away (D-37).
    fn random_user_pin(&mut self) -> Result<Pin, Stop> {
        let digits = (PinAlphabet::Digits, USER_PIN_DIGITS);
        let policy = self.profile.pin_policy();
        let personal = self.approved()?.form().personal_numbers();
        Ok(ukey_pins::random_user_pin(&policy, digits, &personal)?)
    }

    pub(super) fn seal_pins(&mut self) -> Result<Finding, Stop> {
        if self.stored_pins()?.is_none() {
            let user_pin = match self.chosen_pin()? {
                Some(pin) => pin,
                None => self.random_user_pin()?,
            };
            let pins = UkeyPins::make(self.profile, user_pin)?;
            let sealed = pins.seal(&purpose(self.id))?;
            let escrowed = self.desk.escrow_key()?.seal(&pins.so_pin);
            let escrowed = escrowed.map_err(|error| Error::failed("escrow", error.to_string()))?;
            let (id, serial, now) = (self.id, &self.ukey.identity.serial, clock::now());
            self.desk.store().write(|writing| {
                writing.insert_run_secrets(id, &sealed)?;
                writing.insert_escrow(serial, id, &escrowed, now)
            })?;
            self.pins = Some(pins);
        }
        if self.run.plan().user_pin == PinSource::Secrets {
            let (serial, user_pin) = (
                self.ukey.identity.serial.clone(),
                self.pins()?.user_pin.clone(),
            );
            if let Some(secrets) = self.desk.secrets().as_mut() {
                secrets.set_user_pin(serial, user_pin);
                secrets.save()?;
            }
        }
        Ok(Finding::Done)
    }

    pub(super) fn find_so_pin(&mut self) -> Result<Finding, Stop> {
        let pins = self.pins()?;
        let (old, new) = (pins.old_so_pin.clone(), pins.so_pin.clone());
        let worker = self.worker()?;
        let found = if worker.try_so_pin(&new)? {
            SoPinFound::New
        } else if worker.try_so_pin(&old)? {
            SoPinFound::Old
        } else {
            SoPinFound::Neither
        };
        if found == SoPinFound::New {
            self.confirm_so_pin()?;
        }
        Ok(Finding::SoPin(found))
    }

    /// The escrowed SO PIN is the ukey's now; the old one need not be kept any longer.
    pub(super) fn confirm_so_pin(&self) -> Result<(), Stop> {
        let id = self.id;
        Ok(self
            .desk
            .store()
            .write(|writing| writing.confirm_escrow(id))?)
    }

    pub(super) fn erase_secrets(&mut self) -> Result<Finding, Stop> {
        let (id, told_by) = (self.id, self.run.plan().user_pin);
        let letter = match (told_by, self.stored_pins()?) {
            (PinSource::Random, Some(pins)) => {
                let key = SecretKey::generate().map_err(Error::from)?;
                let purpose = super::letter_purpose(id);
                let sealed = key.seal(&purpose, pins.user_pin.expose().as_bytes());
                Some((key, sealed.map_err(Error::from)?))
            }
            (PinSource::Random, None) | (PinSource::Secrets | PinSource::Holder, _) => None,
        };
        self.desk.store().write(|writing| {
            if let Some((key, sealed)) = &letter {
                writing.insert_pin_letter(id, key.expose(), sealed)?;
            }
            writing.erase_run_secrets(id)
        })?;
        self.pins = None;
        Ok(Finding::Done)
    }

    /// The SO PIN that the ukey has as far as the run knows.
    pub(super) fn current_so_pin(&mut self) -> Result<Pin, Stop> {
        let new = self.run.so_pin_is_new();
        let pins = self.pins()?;
        Ok(if new {
            pins.so_pin.clone()
        } else {
            pins.old_so_pin.clone()
        })
    }

    pub(super) fn stored_pins(&mut self) -> Result<Option<&UkeyPins>, Stop> {
        if self.pins.is_none() {
            let sealed = self.desk.store().read().run_secrets(self.id)?;
            if let Some(sealed) = sealed {
                self.pins = Some(UkeyPins::open(&purpose(self.id), &sealed).map_err(Error::from)?);
            }
        }
        Ok(self.pins.as_ref())
    }

    pub(super) fn pins(&mut self) -> Result<&UkeyPins, Stop> {
        let missing = || Error::failed("store-damaged", "secrets of the run").into();
        self.stored_pins()?.ok_or_else(missing)
    }
}

/// What the PINs of a run are sealed for.
fn purpose(run: RunId) -> String {
    format!("ukey-station/run/v1/{run}")
}
