//! What two officers say of a neighbour's files: that its home was restored, for only then are files of
//! its new instance taken (D-52); that one whose signer was revoked is left out (D-57). What the log of
//! one instance shows, shorter or forked, nobody can confirm.

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

/// A file that was put aside, or can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The sender's unit.
    pub unit: String,
    /// Its code.
    pub unit_code: String,
    /// What the file is for.
    pub kind: String,
    /// Its place among its sender's.
    pub sequence: u64,
    /// The officer who signed it.
    pub signer: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// Puts a file aside that is refused because its signer was revoked since, so that those after it can be
/// taken; system proposes, security is the second. It is not read: its sender sends again what it held.
///
/// # Errors
/// `wrong-duty`, `parcel-not-refused` when it can be taken, `parcel-…`.
pub fn set_aside(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    path: &Path,
) -> Result<SetAside, Error> {
    officer.demand(Duty::SetUp)?;
    let refused = post::open_refused(desk, path)?;
    let row = refused.row();
    let aside = SetAside {
        unit: refused.unit.clone(),
        unit_code: row.from_code.clone(),
        kind: row.kind.clone(),
        sequence: row.sequence,
        signer: row.signer.clone(),
        sha256: hex::encode(row.sha256),
    };
    let mut audit = Desk::audit_row(officer, "parcel-set-aside");
    audit.detail = Some(format!(
        "{} {} {}, signed by {}; {}",
        row.from_code,
        row.sequence,
        row.id,
        row.signer,
        second.told()
    ));
    desk.store()
        .act(&audit, |writing| refused.record(writing))?;
    Ok(aside)
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
