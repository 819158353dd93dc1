//! Takes a ukey that nobody dispatched into stock: read, found blank, with a reason and two officers
//! (D-7, D-30).

use sha2::{Digest as _, Sha256};

use super::{people, stock};
use crate::domain::officer::Duty;
use crate::domain::stock::MovementKind;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::bench::{self, Unusable};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::UkeyRow;

/// Takes the plugged ukey of this serial into stock as blank.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-not-inserted`, `ukey-in-stock`, `ukey-not-blank`,
/// `ukey-locked`, `ukey-duplicate-serial`, `ukey-unknown-model`; the ukey is only read.
pub fn intake(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (text, reason): (&str, &str),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    let reason = people::reason_text(reason)?;
    let not_there = || Error::refused("ukey-not-inserted", text);
    let serial = Serial::parse(text).map_err(|error| not_there().because(error))?;
    let plugged = bench::look(desk)?.ukeys.into_iter();
    let mut plugged = plugged.filter(|ukey| ukey.reading.identity.serial == serial);
    let found = plugged.next().ok_or_else(not_there)?;
    match &found.usable {
        Err(Unusable::NotInStock) if found.record.is_none() => {}
        Err(refused @ (Unusable::DuplicateSerial | Unusable::OfOfficer(_))) => {
            return Err(Error::refused(refused.code(), text));
        }
        Ok(()) | Err(_) => return Err(Error::refused("ukey-in-stock", text)),
    }
    let blank = desk.profile(&found.profile)?.blankness(&found.reading);
    blank.map_err(|why| Error::refused(Unusable::NotBlank(why).code(), text))?;
    let hash: [u8; 32] = Sha256::digest(reason.as_bytes()).into();
    let mut audit = Desk::audit_row(officer, "ukey-taken-in");
    audit.ukey = Some(serial.as_str().to_owned());
    audit.detail = Some(format!(
        "{}; reason sha256 {}",
        second.told(),
        hex::encode(hash)
    ));
    let (identity, now) = (&found.reading.identity, clock::now());
    let because = (Some(second), Some(reason.clone()), None);
    let why = stock::movement(MovementKind::Intake, officer, now, because);
    desk.store().act(&audit, |writing| {
        writing.put_reveal_reason(&hash, &reason)?;
        writing.insert_movement(&why)?;
        let when = (now, Some(why.id.as_str()));
        writing.receive_ukey(identity, (&found.profile, None), UkeyState::Blank, when)
    })?;
    let row = desk.store().read().ukey(&serial)?;
    row.ok_or_else(|| Error::failed("store-damaged", serial.as_str()))
}
