//! The sealed scans that came with tallies: listed, looked at for a reason (D-39), purged (D-51).

use std::path::Path;

use time::Date;

use super::deadlines::day_of;
use crate::domain::officer::Duty;
use crate::domain::retention::Kept;
use crate::domain::setting::MANDATORY_FROM;
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people::Revealed;
use crate::station::{ActingOfficer, SecondOfficer};
use crate::store::TallyScanRow;

/// The scans that came from below, by unit and number.
///
/// # Errors
/// What the store says.
pub fn scans(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<TallyScanRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().tally_scans()?)
}

/// Writes one of them to a file. Which one: its SHA-256 or the beginning of it.
///
/// # Errors
/// `tally-scan-unknown`, `scan-missing` for one that was purged.
pub fn write_scan(
    desk: &Desk,
    officer: &ActingOfficer,
    (which, out): (&str, &Path),
    _revealed: &Revealed,
) -> Result<TallyScanRow, Error> {
    let which = which.to_ascii_lowercase();
    let rows = scans(desk, officer)?.into_iter();
    let mut found = rows.filter(|row| hex::encode(row.sha256).starts_with(&which));
    let row = found.next().filter(|_row| which.len() >= 8);
    let row = row.ok_or_else(|| Error::usage("tally-scan-unknown", which))?;
    let content = desk
        .store()
        .read()
        .tally_scan_content(row.request, &row.sha256)?;
    let content = content.ok_or_else(|| Error::refused("scan-missing", row.number.clone()))?;
    file::replace(out, &content).map_err(|error| Error::io(out, error))?;
    Ok(row)
}

/// A scan whose time is over.
#[derive(Clone, Debug)]
pub struct DueScan {
    /// The scan.
    pub row: TallyScanRow,
    /// What it counts as.
    pub kept: Kept,
    /// Since when it is due.
    pub since: Timestamp,
}

/// The scans that a purge would take at `now`: six months after the end of the roll-out, which is the
/// day from which certificates are mandatory; one that came later, after that. Without that day none.
///
/// # Errors
/// What the store says.
pub fn due_scans(
    desk: &Desk,
    officer: &ActingOfficer,
    now: Timestamp,
) -> Result<Vec<DueScan>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let Some(end) = day_of(desk, MANDATORY_FROM)?.and_then(midnight) else {
        return Ok(Vec::new());
    };
    let kept = Kept::SuperiorScan;
    let rows = desk.store().read().tally_scans()?.into_iter();
    let due = rows.filter(|row| row.kept).filter_map(|row| {
        let from = row.received_at.unwrap_or(end).max(end);
        let since = kept.ends(from).filter(|since| *since <= now)?;
        Some(DueScan { row, kept, since })
    });
    Ok(due.collect())
}

/// Purges the scans that are due at `now`; their hashes stay.
///
/// # Errors
/// `wrong-duty`, or what the store says.
pub fn purge_scans(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    now: Timestamp,
) -> Result<Vec<DueScan>, Error> {
    officer.demand(Duty::SetUp)?; // System's.
    let due = due_scans(desk, officer, now)?;
    if due.is_empty() {
        return Ok(due);
    }
    let mut audit = Desk::audit_row(officer, "tally-scans-purged");
    let kept = Kept::SuperiorScan.word();
    audit.detail = Some(format!(
        "{kept}, {} scans, confirmed {}",
        due.len(),
        second.told()
    ));
    desk.store().act(&audit, |writing| {
        due.iter()
            .try_for_each(|scan| writing.purge_tally_scan(&scan.row))
    })?;
    desk.store().fold_log()?;
    Ok(due)
}

fn midnight(day: Date) -> Option<Timestamp> {
    Timestamp::from_unix(day.midnight().assume_utc().unix_timestamp()).ok()
}
