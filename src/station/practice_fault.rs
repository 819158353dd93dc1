//! A fault that a trainer, or a trainee, puts at a step of a virtual ukey's next run (D-56): what it does is
//! done to the real worker, the real virtual ukey and the run itself. Never in a real home.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::error::Error;
use super::home::Home;
use crate::domain::ukey::Serial;
use crate::keys::file;
use crate::token::virtual_ukey;
use crate::workflow::step::Step;

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultAtStep {
    /// The ukey is pulled out before it.
    Removed,
    /// A wrong user PIN is tried on the ukey, which counts it.
    WrongPin,
    /// The station stops dead: what it had not stored is gone, and nobody is signed in.
    PowerCut,
    /// The module crashes, and its worker with it.
    Crash,
    /// The module never answers.
    Hang,
    /// The module answers with an error, the work is not done.
    Error,
    /// The work is done, its answer is lost.
    Lost,
}

impl FaultAtStep {
    /// Every kind, the ones that desks meet most first.
    pub const ALL: [Self; 7] = [
        Self::Removed,
        Self::WrongPin,
        Self::PowerCut,
        Self::Crash,
        Self::Hang,
        Self::Error,
        Self::Lost,
    ];

    /// The word of command line and wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::WrongPin => "wrong-pin",
            Self::PowerCut => "power-cut",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Error => "error",
            Self::Lost => "lost",
        }
    }

    /// Whether it can happen at a step.
    pub const fn strikes_at(self, step: Step) -> bool {
        match self {
            Self::WrongPin => matches!(step, Step::LogIn),
            // The worst moment: the CA may have the request.
            Self::PowerCut => step.touches_ukey() || matches!(step, Step::Issue),
            Self::Removed | Self::Crash | Self::Hang | Self::Error | Self::Lost => {
                step.touches_ukey()
            }
        }
    }

    /// The step where it happens when nobody names one.
    pub const fn usual_step(self) -> Step {
        match self {
            Self::WrongPin => Step::LogIn,
            Self::Removed
            | Self::PowerCut
            | Self::Crash
            | Self::Hang
            | Self::Error
            | Self::Lost => Step::GenerateKeyPair,
        }
    }
}

/// A fault that waits for its step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// The ukey; whichever comes to the step next where none is named.
    pub serial: Option<Serial>,
    /// What happens.
    pub kind: FaultAtStep,
    /// Where.
    pub at: Step,
}

/// The file in the virtual ukey's folder, or in the home for whichever ukey is next.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    at: Step,
    kind: FaultAtStep,
}

/// The power of the desk. Once cut it stays so: who goes on opens the home anew.
#[derive(Debug, Default)]
pub(super) struct Power(AtomicBool);

impl Power {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Desk {
    /// Whether a power cut of practice has struck: nothing goes on at this desk, as in a program that is gone.
    pub fn power_is_cut(&self) -> bool {
        self.power.0.load(Ordering::SeqCst)
    }
}

/// Cuts the power of the desk.
pub(super) fn cut_power(desk: &Desk) {
    desk.power.cut();
}

/// What a run says that stood when the power went.
pub(super) fn power_cut() -> Error {
    Error::failed("power-cut", "")
}

fn path(folder: &Path) -> PathBuf {
    folder.join("fault.json")
}

/// The folder that holds a ukey's fault, or that of whichever is next.
fn folder(home: &Home, serial: Option<&Serial>) -> PathBuf {
    serial.map_or_else(|| home.path().to_owned(), |serial| home.ukey(serial))
}

/// Puts a fault at a step, in the place of one that waits there.
///
/// # Errors
/// What the file system says.
pub(super) fn plan(home: &Home, fault: &PlannedFault) -> Result<(), Error> {
    let path = path(&folder(home, fault.serial.as_ref()));
    let (at, kind) = (fault.at, fault.kind);
    let text = serde_json::to_vec(&Planned { at, kind });
    let text = text.map_err(|error| Error::failed("practice-fault", "").because(error))?;
    file::replace(&path, &text).map_err(|error| Error::io(&path, error))
}

/// The faults that wait, that of whichever ukey is next first.
///
/// # Errors
/// What the file system says.
pub(super) fn planned(home: &Home) -> Result<Vec<PlannedFault>, Error> {
    let ukeys = virtual_ukey::folders(&home.ukeys())?.into_iter();
    let places = std::iter::once(None).chain(ukeys.map(|(serial, _folder)| Some(serial)));
    let mut found = Vec::new();
    for serial in places {
        let waiting = read(&path(&folder(home, serial.as_ref())))?;
        found.extend(waiting.map(|Planned { at, kind }| PlannedFault { serial, kind, at }));
    }
    Ok(found)
}

/// Takes a fault back before it strikes; one that is not there is as good.
///
/// # Errors
/// What the file system says.
pub(super) fn withdraw(home: &Home, serial: Option<&Serial>) -> Result<(), Error> {
    remove(&path(&folder(home, serial))).map(drop)
}

/// The fault that waits at this step of a virtual ukey; it strikes once. Never in a real home.
///
/// # Errors
/// What the file system says.
pub(super) fn take(desk: &Desk, serial: &Serial, step: Step) -> Result<Option<FaultAtStep>, Error> {
    if !desk.is_practice() {
        return Ok(None);
    }
    for place in [Some(serial), None] {
        let path = path(&folder(desk.home(), place));
        let waiting = read(&path)?.filter(|planned| planned.at == step);
        // Of two lanes that come to the step together, it strikes the one that takes the file away.
        if let Some(Planned { kind, .. }) = waiting
            && remove(&path)?
        {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

/// What a file says; nothing where there is none, or something else.
fn read(path: &Path) -> Result<Option<Planned>, Error> {
    match std::fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// Removes a file; whether it was there.
fn remove(path: &Path) -> Result<bool, Error> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io(path, error)),
    }
}
