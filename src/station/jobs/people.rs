//! Units and officers of this home.

use crate::domain::officer::Duty;
use crate::domain::unit::Unit;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;

/// Every unit, the own one first.
///
/// # Errors
/// What the store says.
pub fn units(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Unit>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().units()?)
}
