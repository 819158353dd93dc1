//! The clock that two officers look at before anything is issued (D-61).

use crate::domain::officer::Duty;
use crate::domain::timestamp::{DAY_SECS, Timestamp};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer, clock};

/// The clock beside the newest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockView {
    /// What the clock says.
    pub now: Timestamp,
    /// The newest believable time of any act.
    pub newest: Option<Timestamp>,
    /// Whether anything may be issued under this clock.
    pub plausible: bool,
}

/// The clock beside the newest record.
///
/// # Errors
/// What the store says.
pub fn show(desk: &Desk, officer: &ActingOfficer) -> Result<ClockView, Error> {
    officer.demand(Duty::ReadRecords)?;
    look(desk)
}

/// Two officers have looked at the clock and found it right.
///
/// # Errors
/// `wrong-duty`, or what the store says.
pub fn confirm(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
) -> Result<ClockView, Error> {
    officer.demand(Duty::SetUp)?;
    let ClockView { now, newest, .. } = look(desk)?;
    let mut audit = Desk::audit_row(officer, "clock-confirmed");
    let before = newest.map_or_else(|| "none".to_owned(), |newest| newest.to_string());
    audit.detail = Some(format!("{}; before {before}", second.told()));
    desk.store()
        .act(&audit, |writing| writing.set_newest_time(now))?;
    look(desk)
}

/// Demands a clock that may be believed.
///
/// # Errors
/// `clock-implausible`.
pub(in crate::station) fn demand(desk: &Desk) -> Result<(), Error> {
    let ClockView { now, plausible, .. } = look(desk)?;
    if plausible {
        Ok(())
    } else {
        Err(Error::refused("clock-implausible", now.to_string()))
    }
}

/// Behind the newest record is wrong everywhere; a real home also asks about a clock that is more
/// than a day ahead. A trainee's home may rest for weeks.
pub(in crate::station) fn look(desk: &Desk) -> Result<ClockView, Error> {
    let now = clock::now();
    let newest = desk.store().read().newest_time()?;
    let plausible = newest.is_none_or(|newest| {
        now >= newest && (desk.is_practice() || now <= newest.plus_secs(DAY_SECS))
    });
    Ok(ClockView {
        now,
        newest,
        plausible,
    })
}
