//! Two officers confirm that a neighbour's home was restored (D-52): only then are files of its new
//! instance taken. What the log of one instance shows, shorter or forked, nobody can confirm.

use std::path::Path;

use crate::domain::checkpoint::CheckpointCode;
use crate::domain::officer::Duty;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post;
use crate::station::{ActingOfficer, SecondOfficer};

/// A neighbour's new history as people compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHistory {
    /// The unit.
    pub unit: String,
    /// Its code.
    pub unit_code: String,
    /// Where the new log stands: the neighbour types it into `audit verify --code`.
    pub code: CheckpointCode,
    /// The newest that was seen before.
    pub before: CheckpointCode,
    /// Files that were received and have no place in the new history; only once it is confirmed.
    pub superseded: Option<usize>,
}

/// What a file says of its sender's new history; nothing is changed.
///
/// # Errors
/// `wrong-duty`, `history-not-restored`, `parcel-…`.
pub fn show(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<NewHistory, Error> {
    officer.demand(Duty::SetUp)?;
    Ok(view(&post::open_restored(desk, path)?))
}

/// Confirms it: system proposes, security is the second. `code` is what the neighbour has confirmed by
/// another way than the file.
///
/// # Errors
/// As [`show`]; `history-code-differs`.
pub fn confirm(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (path, code): (&Path, CheckpointCode),
) -> Result<NewHistory, Error> {
    officer.demand(Duty::SetUp)?;
    let restored = post::open_restored(desk, path)?;
    let history = view(&restored);
    if code != history.code {
        return Err(Error::refused("history-code-differs", code.to_string()));
    }
    let mut audit = Desk::audit_row(officer, "neighbour-history-confirmed");
    audit.detail = Some(format!(
        "{} {code}; before {}; {}",
        history.unit_code,
        history.before,
        second.told()
    ));
    let count = desk
        .store()
        .act(&audit, |writing| restored.confirm(writing))?;
    Ok(NewHistory {
        superseded: Some(count),
        ..history
    })
}

fn view(restored: &post::Restored) -> NewHistory {
    NewHistory {
        unit: restored.unit.clone(),
        unit_code: restored.code.clone(),
        code: restored.position.code(),
        before: restored.before.code(),
        superseded: None,
    }
}
