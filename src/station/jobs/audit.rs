//! The audit log (D-49).

use crate::domain::officer::Duty;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::AuditVerdict;

/// Recomputes the chain of the whole log. Who does not have the auditor's duty learns only whether
/// it is intact.
///
/// # Errors
/// What the store says.
pub fn verify(desk: &Desk, officer: &ActingOfficer) -> Result<(AuditVerdict, bool), Error> {
    let verdict = desk.store().read().verify_audit()?;
    Ok((verdict, Duty::Audit.belongs_to(officer.post())))
}
