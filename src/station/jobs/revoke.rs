//! Security revokes certificates, one or many at once, for a reason of RFC 5280 (D-43).

use super::ca::{self, CrlStanding};
use super::losses::{close_request, suspend_by_order};
use crate::domain::certificate::{CertificateSerial, CertificateState, RevocationReason};
use crate::domain::field_fault::{FieldFault, FieldProblem};
use crate::domain::loss::{LossEnding, LossKind};
use crate::domain::officer::Duty;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{Acts, CertificateRow, Reading, Writing};

/// What was revoked.
#[derive(Debug)]
pub struct Revoked {
    /// The serial numbers, as they were given.
    pub serials: Vec<CertificateSerial>,
    /// Where it reaches the world by the list.
    pub crl: CrlStanding,
}

/// Revokes a certificate by its whole serial number; for `certificateHold` its ukey is suspended.
///
/// # Errors
/// `wrong-duty`, `certificate-unknown`, `certificate-revoked`, `loss-not-possible` for a hold of a ukey
/// that is with nobody.
pub fn one(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &str,
    reason: RevocationReason,
) -> Result<Revoked, Error> {
    let texts = [(0, serial)];
    all(desk, officer, &texts, reason)?.map_err(|faults| {
        let code = match faults.first().map(|fault| fault.problem) {
            Some(FieldProblem::CertificateRevoked) => "certificate-revoked",
            Some(FieldProblem::NoHold) => "loss-not-possible",
            _ => return Error::usage("certificate-unknown", serial),
        };
        Error::refused(code, serial)
    })
}

/// Revokes the certificates of a list, a serial number a line: all, or none when any of them cannot be.
/// Blank lines, and lines that begin with `#`, are left out.
///
/// # Errors
/// `wrong-duty`, `revocation-list-invalid` with every fault, `revocation-list-empty`.
pub fn listed(
    desk: &Desk,
    officer: &ActingOfficer,
    list: &str,
    reason: RevocationReason,
) -> Result<Revoked, Error> {
    let lines = (1..).zip(list.trim_start_matches('\u{feff}').lines().map(str::trim));
    let texts: Vec<(usize, &str)> = lines
        .filter(|(_line, text)| !text.is_empty() && !text.starts_with('#'))
        .collect();
    if texts.is_empty() {
        officer.demand(Duty::Revoke)?;
        return Err(Error::usage("revocation-list-empty", ""));
    }
    all(desk, officer, &texts, reason)?.map_err(|faults| {
        let mut error = Error::refused("revocation-list-invalid", faults.len().to_string());
        error.faults = faults;
        error
    })
}

/// Checks everything first; then one transaction, each certificate with its audit row.
fn all(
    desk: &Desk,
    officer: &ActingOfficer,
    texts: &[(usize, &str)],
    reason: RevocationReason,
) -> Result<Result<Revoked, Vec<FieldFault>>, Error> {
    officer.demand(Duty::Revoke)?;
    let checked = check(&desk.store().read(), texts, reason)?;
    let rows = match checked {
        Ok(rows) => rows,
        Err(faults) => return Ok(Err(faults)),
    };
    desk.store().act_on_many(|writing, acts| {
        for row in &rows {
            revoke(writing, acts, officer, (row, reason))?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(Ok(Revoked {
        serials: rows.into_iter().map(|row| row.serial).collect(),
        crl: ca::publish_as(desk, officer),
    }))
}

fn check(
    reading: &Reading<'_>,
    texts: &[(usize, &str)],
    reason: RevocationReason,
) -> Result<Result<Vec<CertificateRow>, Vec<FieldFault>>, Error> {
    let mut rows: Vec<CertificateRow> = Vec::with_capacity(texts.len());
    let mut seen = std::collections::BTreeSet::new();
    let mut faults = Vec::new();
    for (line, text) in texts {
        let problem = match CertificateSerial::try_from(text.to_ascii_lowercase()) {
            Err(_no_serial) => Some(FieldProblem::CertificateUnknown),
            Ok(serial) if !seen.insert(serial.clone()) => Some(FieldProblem::ListedTwice),
            Ok(serial) => match reading.certificate(&serial)? {
                None => Some(FieldProblem::CertificateUnknown),
                Some(row) => {
                    let problem = problem(reading, &row, reason)?;
                    rows.push(row);
                    problem
                }
            },
        };
        faults.extend(problem.map(|problem| FieldFault {
            field: "serial",
            rule: "D-43",
            value: Some(format!("{line}: {text}")),
            problem,
        }));
    }
    Ok(if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    })
}

/// Why a certificate cannot be revoked for this reason.
fn problem(
    reading: &Reading<'_>,
    row: &CertificateRow,
    reason: RevocationReason,
) -> Result<Option<FieldProblem>, Error> {
    if row.state == CertificateState::Revoked {
        return Ok(Some(FieldProblem::CertificateRevoked));
    }
    if reason != RevocationReason::CertificateHold {
        return Ok(None);
    }
    let ukey = reading.ukey(&row.ukey)?;
    let with_somebody = ukey.is_some_and(|ukey| LossKind::Suspended.is_reported_of(ukey.state));
    Ok((!with_somebody).then_some(FieldProblem::NoHold))
}

fn revoke(
    writing: &Writing<'_>,
    acts: &mut Acts<'_>,
    officer: &ActingOfficer,
    (row, reason): (&CertificateRow, RevocationReason),
) -> Result<(), Error> {
    let now = clock::now();
    let mut audit = Desk::audit_row(officer, "certificate-revoked");
    audit.request = Some(row.request.to_string());
    audit.ukey = Some(row.ukey.to_string());
    audit.certificate = Some(row.serial.to_string());
    audit.detail = Some(reason.word().to_owned());
    if reason == RevocationReason::CertificateHold {
        let damaged = || Error::failed("store-damaged", row.ukey.as_str());
        let ukey = writing.ukey(&row.ukey)?.ok_or_else(damaged)?;
        let on_it = writing.certificates_on(&row.ukey)?;
        suspend_by_order(writing, (&ukey, &on_it), officer)?;
    } else {
        writing.revoke_for_good(&row.serial, reason, now)?;
        close_request(writing, row.request)?;
        let by = (officer.name().as_str(), now);
        writing.end_suspension(&row.ukey, by, LossEnding::Revoked)?;
    }
    Ok(acts.add(&audit)?)
}
