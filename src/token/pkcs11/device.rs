//! `Device`: one module and the one ukey at work, with at most one session. Every C function is
//! called through [`Device::call`], which looks at the stop flag and at the virtual ukey's marker.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::Attribute;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use sha2::{Digest as _, Sha256};

use super::fault::from_error;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::ukey::{Expected, Serial, TokenFlags, UkeyIdentity, UkeyReading};
use crate::token::worker::protocol::ModuleSpec;

/// One loaded module and the ukey at work.
pub(in crate::token) struct Device {
    module: Pkcs11,
    marker: Option<PathBuf>,
    stop: Arc<AtomicBool>,
    ukey: Option<(Slot, Expected)>,
    session: Option<Session>,
    login: Login,
    c_time: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    None,
    So,
    User,
}

impl Device {
    /// Loads the module and initialises it.
    pub(in crate::token) fn load(spec: &ModuleSpec, stop: Arc<AtomicBool>) -> Result<Self, Fault> {
        check_module(&spec.path, spec.sha256.as_deref())?;
        let started = now();
        let module = Pkcs11::new(&spec.path).map_err(|error| from_error(&error))?;
        let mut device = Self {
            module,
            marker: spec.marker.clone(),
            stop,
            ukey: None,
            session: None,
            login: Login::None,
            c_time: started.elapsed(),
        };
        let args = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        device.call(|this| this.module.initialize(args))?;
        Ok(device)
    }

    /// Time spent inside the module so far.
    pub(in crate::token) const fn c_time(&self) -> Duration {
        self.c_time
    }

    /// The one way into the module.
    pub(super) fn call<T>(
        &mut self,
        function: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        self.check_still_there()?;
        let started = now();
        let answer = function(self);
        self.c_time += started.elapsed();
        self.check_still_there()?;
        answer.map_err(|error| from_error(&error))
    }

    fn check_still_there(&self) -> Result<(), Fault> {
        if self.stop.load(Ordering::SeqCst) {
            return Err(Fault::new(FaultKind::Busy).with_detail("the station is gone"));
        }
        match &self.marker {
            Some(marker) if !marker.exists() => Err(Fault::new(FaultKind::Removed)),
            Some(_) | None => Ok(()),
        }
    }

    /// Looks at every ukey of the module; slots without a serial are none (D-29).
    pub(in crate::token) fn list(&mut self) -> Result<Vec<UkeyReading>, Fault> {
        let mut readings = Vec::new();
        for slot in self.call(|this| this.module.get_slots_with_token())? {
            let info = self.call(|this| this.module.get_token_info(slot))?;
            if let Some(mut reading) = reading(&info) {
                reading.public_objects = self.count_public_objects(slot)?;
                readings.push(reading);
            }
        }
        Ok(readings)
    }

    /// Counts the objects visible without login, in a session of its own: an SO cannot log in
    /// beside a read-only one.
    fn count_public_objects(&mut self, slot: Slot) -> Result<u32, Fault> {
        if self.session.is_some() {
            return Ok(0);
        }
        let opened = self.call(|this| this.module.open_ro_session(slot));
        let session = match opened {
            Ok(session) => session,
            // A token that was never initialised has no sessions.
            Err(fault) if fault.kind == FaultKind::Device => return Ok(0),
            Err(fault) => return Err(fault),
        };
        let stored = [Attribute::Token(true)];
        let objects = self.call(|_| session.find_objects(&stored))?;
        self.call(|_| session.close())?;
        Ok(u32::try_from(objects.len()).unwrap_or(u32::MAX))
    }

    /// Finds the ukey and keeps its slot (D-24).
    pub(in crate::token) fn identify(&mut self, expected: &Expected) -> Result<UkeyReading, Fault> {
        let (slot, mut reading) = self.find(expected)?;
        if self.ukey.as_ref().is_none_or(|(known, _)| *known != slot) {
            self.close_session();
        }
        self.ukey = Some((slot, expected.clone()));
        reading.public_objects = self.count_public_objects(slot)?;
        Ok(reading)
    }

    fn find(&mut self, expected: &Expected) -> Result<(Slot, UkeyReading), Fault> {
        let mut found = Vec::new();
        let mut other = None;
        for slot in self.call(|this| this.module.get_slots_with_token())? {
            let info = self.call(|this| this.module.get_token_info(slot))?;
            match reading(&info) {
                Some(reading) if expected.fits(&reading) => found.push((slot, reading)),
                Some(reading) => other = Some(reading.identity.serial),
                None => {}
            }
        }
        match (found.pop(), found.is_empty(), other) {
            (Some(one), true, _) => Ok(one),
            (Some(_), false, _) => Err(Fault::new(FaultKind::DuplicateSerial)),
            // A virtual ukey's folder holds one token: another one there is a swap, none there
            // although it is plugged in is a token that cannot be read.
            (None, _, Some(serial)) if self.marker.is_some() => {
                Err(Fault::new(FaultKind::Swapped {
                    found: Some(serial),
                }))
            }
            (None, _, None) if self.marker.is_some() => Err(Fault::new(FaultKind::Unreadable)),
            (None, _, _) => Err(Fault::new(FaultKind::Removed)),
        }
    }

    /// `C_InitToken`. The ukey is identified right before and right after; all sessions are closed.
    pub(in crate::token) fn init_token(
        &mut self,
        so_pin: &Pin,
        label: &TokenLabel,
    ) -> Result<UkeyReading, Fault> {
        let (_, expected) = self.ukey()?;
        self.close_session();
        let (slot, _) = self.find(&expected)?;
        self.call(|this| this.module.init_token(slot, &auth(so_pin), label.as_str()))?;
        // The slot may have another number now.
        self.ukey = None;
        self.identify(&expected)
    }

    /// Initialises the uninitialised token of a virtual ukey's folder and tells who it became.
    pub(in crate::token) fn make_token(
        &mut self,
        so_pin: &Pin,
        label: &TokenLabel,
    ) -> Result<UkeyReading, Fault> {
        let slots = self.call(|this| this.module.get_slots_with_token())?;
        let [slot] = slots.as_slice() else {
            return Err(Fault::new(FaultKind::WrongAnswer)
                .with_detail(format!("{} slots in a fresh folder", slots.len())));
        };
        self.call(|this| this.module.init_token(*slot, &auth(so_pin), label.as_str()))?;
        let mut readings = self.list()?.into_iter();
        match (readings.next(), readings.next()) {
            (Some(reading), None) => Ok(reading),
            _ => {
                Err(Fault::new(FaultKind::WrongAnswer)
                    .with_detail("not one token after C_InitToken"))
            }
        }
    }

    /// SO login with the current PIN (one try), `C_SetPIN`.
    pub(in crate::token) fn set_so_pin(&mut self, current: &Pin, new: &Pin) -> Result<(), Fault> {
        self.log_in_as(Login::So, current)?;
        self.with_session(|session| session.set_pin(&auth(current), &auth(new)))
    }

    /// `C_InitPIN`, by the SO login that is still there or a new one.
    pub(in crate::token) fn init_user_pin(
        &mut self,
        so_pin: &Pin,
        user: &Pin,
    ) -> Result<(), Fault> {
        if self.login != Login::So {
            self.log_in_as(Login::So, so_pin)?;
        }
        self.with_session(|session| session.init_pin(&auth(user)))
    }

    /// One SO login: whether the PIN holds.
    pub(in crate::token) fn try_so_pin(&mut self, pin: &Pin) -> Result<bool, Fault> {
        match self.log_in_as(Login::So, pin) {
            Ok(()) => Ok(true),
            Err(fault) if fault.kind == FaultKind::PinIncorrect => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// User login with the present PIN (one try), `C_SetPIN`.
    pub(in crate::token) fn set_user_pin(&mut self, current: &Pin, new: &Pin) -> Result<(), Fault> {
        self.log_in_as(Login::User, current)?;
        self.with_session(|session| session.set_pin(&auth(current), &auth(new)))
    }

    /// User login.
    pub(in crate::token) fn log_in(&mut self, user: &Pin) -> Result<(), Fault> {
        self.log_in_as(Login::User, user)
    }

    fn log_in_as(&mut self, who: Login, pin: &Pin) -> Result<(), Fault> {
        if self.login != Login::None {
            self.with_session(Session::logout)?;
            self.login = Login::None;
        }
        let user = if who == Login::So {
            UserType::So
        } else {
            UserType::User
        };
        self.with_session(|session| match session.login(user, Some(&auth(pin))) {
            // Login is per token and process; an earlier session of ours did it.
            Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            answer => answer,
        })?;
        self.login = who;
        Ok(())
    }

    /// Calls a function of the open session; opens one when there is none.
    pub(super) fn with_session<T>(
        &mut self,
        function: impl FnOnce(&Session) -> Result<T, Error>,
    ) -> Result<T, Fault> {
        let (slot, _) = self.ukey()?;
        let session = match self.session.take() {
            Some(session) => session,
            None => self.call(|this| this.module.open_rw_session(slot))?,
        };
        let answer = self.call(|_| function(&session));
        self.session = Some(session);
        answer
    }

    /// The mechanisms that the ukey lists.
    pub(super) fn mechanisms(&mut self) -> Result<Vec<cryptoki::mechanism::MechanismType>, Fault> {
        let (slot, _) = self.ukey()?;
        self.call(|this| this.module.get_mechanism_list(slot))
    }

    fn ukey(&self) -> Result<(Slot, Expected), Fault> {
        let none = || Fault::new(FaultKind::Protocol).with_detail("no ukey was identified");
        self.ukey.clone().ok_or_else(none)
    }

    fn close_session(&mut self) {
        self.session = None;
        self.login = Login::None;
    }
}

/// Refuses a file that is not the pinned one (D-31).
fn check_module(path: &Path, pinned: Option<&[u8]>) -> Result<(), Fault> {
    let Some(pinned) = pinned else { return Ok(()) };
    let unusable = |error: std::io::Error| {
        Fault::new(FaultKind::ModuleUnusable).with_detail(error.to_string())
    };
    let file = fs::read(path).map_err(unusable)?;
    if Sha256::digest(file).as_slice() == pinned {
        Ok(())
    } else {
        Err(Fault::new(FaultKind::ModuleChanged))
    }
}

fn auth(pin: &Pin) -> AuthPin {
    AuthPin::new(pin.expose().into())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the worker times what it does itself"
)]
fn now() -> Instant {
    Instant::now()
}

/// What `C_GetTokenInfo` says; `None` without a serial.
fn reading(info: &TokenInfo) -> Option<UkeyReading> {
    let serial = Serial::parse(info.serial_number()).ok()?;
    let bytes = |size: Option<usize>| size.map(|size| size as u64);
    Some(UkeyReading {
        identity: UkeyIdentity {
            maker: info.manufacturer_id().trim().to_owned(),
            model: info.model().trim().to_owned(),
            serial,
        },
        label: info.label().trim().to_owned(),
        flags: TokenFlags {
            token_initialized: info.token_initialized(),
            user_pin_initialized: info.user_pin_initialized(),
            user_pin_count_low: info.user_pin_count_low(),
            user_pin_final_try: info.user_pin_final_try(),
            user_pin_locked: info.user_pin_locked(),
            user_pin_to_be_changed: info.user_pin_to_be_changed(),
            so_pin_count_low: info.so_pin_count_low(),
            so_pin_final_try: info.so_pin_final_try(),
            so_pin_locked: info.so_pin_locked(),
            so_pin_to_be_changed: info.so_pin_to_be_changed(),
            write_protected: info.write_protected(),
        },
        public_objects: 0,
        free_public_bytes: bytes(info.free_public_memory()),
        free_private_bytes: bytes(info.free_private_memory()),
    })
}
