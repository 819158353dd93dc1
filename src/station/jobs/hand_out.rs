//! The hand-over of an issued ukey to its holder (D-59).

use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::UkeyRow;

/// Records that the holder got the ukey in person, with the slip.
///
/// # Errors
/// `ukey-not-in-stock`, `ukey-not-issued`, `wrong-duty`.
pub fn hand_out(desk: &Desk, officer: &ActingOfficer, serial: &Serial) -> Result<UkeyRow, Error> {
    officer.demand(Duty::HandOut)?;
    let unknown = || Error::refused("ukey-not-in-stock", serial.as_str());
    let not_issued = || Error::refused("ukey-not-issued", serial.as_str());
    let row = desk.store().read().ukey(serial)?.ok_or_else(unknown)?;
    let run = desk
        .store()
        .read()
        .last_run_on(serial)?
        .ok_or_else(not_issued)?;
    if row.state != UkeyState::Issued {
        return Err(not_issued());
    }
    let mut audit = Desk::audit_row(officer, "ukey-handed-out");
    audit.request = Some(run.request.to_string());
    audit.ukey = Some(serial.as_str().to_owned());
    audit.certificate.clone_from(&row.certificate);
    desk.store().act(&audit, |writing| {
        writing.move_ukey(
            serial,
            UkeyState::Issued,
            UkeyState::HandedOut,
            Some(run.request),
        )?;
        writing.move_request(run.request, RequestState::Issued, RequestState::HandedOut)?;
        writing.hand_out_slip(run.id, officer.name(), clock::now())
    })?;
    desk.store().read().ukey(serial)?.ok_or_else(unknown)
}
