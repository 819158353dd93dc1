//! A ukey that came back is made blank again, and is a blank of the stock only once that is proven (D-25,
//! D-47).

use super::at_ukey::AtUkey;
use super::{people, stock};
use crate::domain::label::TokenLabel;
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::domain::stock::MovementKind;
use crate::domain::ukey::{Serial, UkeyReading, UkeyState};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::so_pin::{SoPinRelease, told};
use crate::store::UkeyRow;

/// What a wiped ukey is called where its model's blanks may have any label.
const BLANK: &str = "BLANK";

/// Initialises a ukey that came back, gives it its factory's SO PIN again, reads it, and books it as blank
/// when it is. One that was interrupted is done again.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-in-use` for one that has not come back, `ukey-not-inserted`,
/// `so-pin-locked`, `so-pin-touched`, `so-pin-refused`, `wipe-not-proven`, and faults of the ukey.
pub fn wipe(
    desk: &Desk,
    officer: &ActingOfficer,
    (release, reason): (&SoPinRelease, &str),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    let reason = people::reason_text(reason)?;
    let serial = release.serial();
    let ukey = returned(desk, serial)?;
    let mut audit = Desk::audit_row(officer, "ukey-wiped");
    audit.ukey = Some(serial.to_string());
    audit.request = ukey.request.map(|id| id.to_string());
    let why = (None, Some(reason), None);
    let movement = stock::movement(MovementKind::Wipe, officer, audit.at, why);
    audit.detail = Some(format!("{}; {}", release.told(), movement.id));
    let reading = match initialised(desk, &ukey, release) {
        Ok(reading) => reading,
        Err(error) => {
            error.code.clone_into(&mut audit.result);
            desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
            return Err(error);
        }
    };
    let now = audit.at;
    desk.store().act(&audit, |writing| {
        writing.insert_movement(&movement)?;
        if reading.identity.serial != ukey.reported().serial {
            writing.set_token_serial(serial, &reading.identity.serial)?;
        }
        writing.erase_so_pins(serial)?;
        let blank = (UkeyState::Returned, UkeyState::Blank);
        writing.move_stock(serial, blank, (now, &movement.id), true)
    })?;
    let row = desk.store().read().ukey(serial)?;
    row.ok_or_else(|| Error::failed("store-damaged", serial.as_str()))
}

/// The ukey, if it came back and nothing on it counts any more.
fn returned(desk: &Desk, serial: &Serial) -> Result<UkeyRow, Error> {
    let row = desk.store().read().ukey(serial)?;
    let row = row.ok_or_else(|| Error::refused("ukey-not-in-stock", serial.as_str()))?;
    if row.state == UkeyState::Returned {
        return Ok(row);
    }
    let text = format!("{serial} ({})", row.state);
    Err(Error::refused("ukey-in-use", text))
}

/// Makes it what a blank of its model is, and reads that it is.
fn initialised(desk: &Desk, ukey: &UkeyRow, release: &SoPinRelease) -> Result<UkeyReading, Error> {
    let profile = desk.profile(&ukey.profile)?;
    let factory: Pin = profile
        .factory_so_pin()
        .map_err(|error| Error::refused("profile-invalid", error.to_string()))?;
    let label = profile.blank.labels.first().map_or(BLANK, String::as_str);
    let label = TokenLabel::parse(label);
    let label = label.map_err(|error| Error::refused("profile-invalid", error.to_string()))?;
    let (mut at_ukey, reading) = AtUkey::reach(desk, ukey)?;
    let serial = at_ukey.serial.clone();
    let fault = |fault| told(&serial, fault);
    let worker = &mut at_ukey.worker;
    // Once it was initialised and nothing else, it has the factory's SO PIN perhaps.
    let again = (reading.label == label.as_str()).then_some(&factory);
    let current = release.open_with(worker, &reading, again)?;
    let reading = worker.init_token(&current, &label).map_err(fault)?;
    if profile.so_pin.settable && current != factory {
        worker.set_so_pin(&current, &factory).map_err(fault)?;
    }
    let not_proven = |why: &str| Error::failed("wipe-not-proven", format!("{serial}: {why}"));
    if !worker.try_so_pin(&factory).map_err(fault)? {
        return Err(not_proven("SO PIN"));
    }
    let reading = worker.identify(&reading.identity).map_err(fault)?;
    profile
        .blankness(&reading)
        .map_err(|error| not_proven(&error.to_string()).because(error))?;
    Ok(reading)
}
