//! A fault that a trainer puts at a step of a virtual ukey's next run (D-56): what it does is done to the
//! real worker and the real virtual ukey. The kinds are those of `tests/fault-module`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::error::Error;
use crate::domain::ukey::Serial;
use crate::keys::file;
use crate::workflow::step::Step;

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultAtStep {
    /// The module answers with an error, the work is not done.
    Error,
    /// The work is done, its answer is lost.
    Lost,
    /// The ukey is pulled out before it.
    Removed,
    /// The module crashes, and its worker with it.
    Crash,
    /// The module never answers.
    Hang,
}

/// The file in the virtual ukey's folder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    at: Step,
    kind: FaultAtStep,
}

fn path(folder: &Path) -> PathBuf {
    folder.join("fault.json")
}

/// Puts a fault at a step, in the place of one that waits.
///
/// # Errors
/// What the file system says.
pub(super) fn plan(folder: &Path, kind: FaultAtStep, at: Step) -> Result<(), Error> {
    let path = path(folder);
    let text = serde_json::to_vec(&Planned { at, kind });
    let text = text.map_err(|error| Error::failed("practice-fault", "").because(error))?;
    file::replace(&path, &text).map_err(|error| Error::io(&path, error))
}

/// The fault that waits at this step of a virtual ukey; it strikes once. Never in a real home.
///
/// # Errors
/// What the file system says.
pub(super) fn take(desk: &Desk, serial: &Serial, step: Step) -> Result<Option<FaultAtStep>, Error> {
    let path = path(&desk.home().ukeys().join(serial.as_str()));
    if !desk.is_practice() || !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(|error| Error::io(&path, error))?;
    let planned: Option<Planned> = serde_json::from_slice(&text).ok();
    let Some(Planned { kind, .. }) = planned.filter(|planned| planned.at == step) else {
        return Ok(None);
    };
    std::fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
    Ok(Some(kind))
}
