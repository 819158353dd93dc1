//! The paper of an application: its sealed scan and the opinions on it (D-12, D-13).

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::people::Revealed;
use super::requests::wrong_state;
use crate::domain::approval::Commitment;
use crate::domain::officer::Duty;
use crate::domain::opinion::{self, Opinion, OpinionKind};
use crate::domain::request::{FieldFault, FieldProblem, FieldWarning, RequestState};
use crate::domain::scan::{Scan, ScanError, ScanKind};
use crate::domain::text::is_hidden;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{Reading, RequestRow, ScanRow};

/// Longest name of who gave an opinion, and longest note, in characters.
const MAX_BY: usize = 64;
const MAX_NOTE: usize = 500;

/// Attaches the scan of the sealed paper. The same scan again changes nothing.
///
/// # Errors
/// `scan-invalid`, `request-not-open`, `wrong-duty`.
pub fn attach(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    content: &[u8],
) -> Result<ScanRow, Error> {
    officer.demand(Duty::EnterRequest)?;
    demand_open(request)?;
    let scan = check_scan(content)?;
    let known = desk.store().read().scans(request.id)?;
    if let Some(row) = known.into_iter().find(|row| row.scan.sha256 == scan.sha256) {
        return Ok(row);
    }
    let row = ScanRow {
        scan,
        attached_by: officer.name().clone(),
        attached_at: clock::now(),
    };
    let mut audit = Desk::audit_row(officer, "scan-attached");
    audit.request = Some(request.id.to_string());
    audit.detail = Some(hex::encode(scan.sha256.0));
    desk.store().act(&audit, |writing| {
        demand_here(writing, request)?;
        Ok::<_, Error>(writing.insert_scan(request.id, &row, content)?)
    })?;
    Ok(row)
}

/// What a file is, seen from its content.
///
/// # Errors
/// `scan-invalid`.
pub(super) fn check_scan(content: &[u8]) -> Result<Scan, Error> {
    let kind = ScanKind::of(content).map_err(|error: ScanError| {
        Error::refused("scan-invalid", error.to_string()).because(error)
    })?;
    Ok(Scan {
        sha256: Commitment(Sha256::digest(content).into()),
        kind,
        bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
    })
}

/// A scan with its bytes: the one whose SHA-256 begins with `which`, else the last attached. Whoever
/// calls it has revealed it (D-39).
///
/// # Errors
/// `scan-missing`, or what the store says.
pub fn read_scan(
    desk: &Desk,
    request: &RequestRow,
    which: Option<&str>,
    _revealed: &Revealed,
) -> Result<(ScanRow, Vec<u8>), Error> {
    let missing = || Error::refused("scan-missing", request.number.clone());
    let which = which.unwrap_or_default().to_ascii_lowercase();
    let mut scans = desk.store().read().scans(request.id)?.into_iter();
    let row = scans.rfind(|row| hex::encode(row.scan.sha256.0).starts_with(&which));
    let row = row.ok_or_else(missing)?;
    let content = desk
        .store()
        .read()
        .scan_content(request.id, row.scan.sha256)?;
    Ok((row, content.ok_or_else(missing)?))
}

/// Writes a scan to `out`: the one whose SHA-256 begins with `which`, else the last attached. Whoever
/// calls it has revealed it (D-39).
///
/// # Errors
/// `scan-missing`, or what the file system says.
pub fn write_scan(
    desk: &Desk,
    request: &RequestRow,
    (which, out): (Option<&str>, &Path),
    revealed: &Revealed,
) -> Result<ScanRow, Error> {
    let (row, content) = read_scan(desk, request, which, revealed)?;
    file::replace(out, &content).map_err(|error| Error::io(out, error))?;
    Ok(row)
}

/// Records what stands on the paper: one opinion or several at once. Dates out of order, or after
/// today, warn and ask for a note.
///
/// # Errors
/// `request-invalid` on `by` or `note`, `request-not-open`, `wrong-duty`.
pub fn record(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    opinions: &[Opinion],
) -> Result<Vec<FieldWarning>, Error> {
    officer.demand(Duty::EnterRequest)?;
    demand_open(request)?;
    let faults: Vec<FieldFault> = opinions.iter().flat_map(faults).collect();
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let now = clock::now();
    let kinds: Vec<_> = opinions.iter().map(|opinion| opinion.kind.word()).collect();
    let mut audit = Desk::audit_row(officer, "opinion-recorded");
    audit.request = Some(request.id.to_string());
    audit.detail = Some(kinds.join(" "));
    let all = desk.store().act(&audit, |writing| {
        demand_here(writing, request)?;
        for opinion in opinions {
            writing.put_opinion(request.id, opinion, (officer.name(), now))?;
        }
        Ok::<_, Error>(writing.opinions(request.id)?)
    })?;
    Ok(warnings(&all))
}

/// A warning for each date out of order that has no note (D-12).
pub(super) fn warnings(opinions: &[Opinion]) -> Vec<FieldWarning> {
    let noted = |kind: &OpinionKind| {
        let mut found = opinions.iter();
        found.any(|opinion| opinion.kind == *kind && opinion.note.is_some())
    };
    opinion::out_of_order(opinions, clock::now().date())
        .into_iter()
        .filter(|kind| !noted(kind))
        .map(|kind| FieldWarning {
            field: kind.word(),
            rule: "D-12",
            value: None,
            word: "dates-out-of-order",
        })
        .collect()
}

fn faults(opinion: &Opinion) -> Vec<FieldFault> {
    let fault = |field, problem| FieldFault {
        field,
        rule: "D-11",
        value: None,
        problem,
    };
    let text = |field, text: &str, most: usize| {
        if text.chars().any(is_hidden) {
            Some(fault(field, FieldProblem::ControlCharacters))
        } else if text.chars().nth(most).is_some() {
            Some(fault(field, FieldProblem::TooLong))
        } else {
            None
        }
    };
    let missing = opinion.by.trim().is_empty();
    let by = missing.then(|| fault("by", FieldProblem::Missing));
    let by = by.or_else(|| text("by", &opinion.by, MAX_BY));
    let note = opinion.note.as_deref().unwrap_or_default();
    by.into_iter().chain(text("note", note, MAX_NOTE)).collect()
}

/// As [`demand_open`], from the records of the act; and what lies with the superior stays as it went up:
/// the answer covers that and nothing else.
fn demand_here(reading: &Reading<'_>, request: &RequestRow) -> Result<(), Error> {
    let row = reading.request(request.id)?;
    demand_open(&row)?;
    if reading.sent_up(row.id, row.revision)?.is_some() {
        return Err(Error::refused("request-sent-up", row.number));
    }
    Ok(())
}

/// Papers are added until the decision: the approval covers every scan.
fn demand_open(request: &RequestRow) -> Result<(), Error> {
    match request.state {
        RequestState::Draft | RequestState::Returned | RequestState::Submitted => Ok(()),
        _ => Err(wrong_state("request-not-open", request)),
    }
}
