//! Records that are older than a ukey: an old copy of the home was put back (D-52). A ukey that stands here
//! as blank and bears the label of a run tells so. From then on nothing is made until two officers have
//! said that it goes on from there, as after a restore.

use crate::domain::audit::AuditRow;
use crate::domain::id::InstanceId;
use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::{StoreError, Writing};

/// Setting: serial numbers of the ukeys that told so, JSON: they may hold blanks.
const NOTICED: &str = "records_older_than";

/// The ukeys that told so since it was last said that it goes on.
pub(in crate::station) fn noticed(desk: &Desk) -> Result<Vec<Serial>, Error> {
    let Some(text) = desk.store().read().meta(NOTICED)? else {
        return Ok(Vec::new());
    };
    serde_json::from_str(&text).map_err(damaged)
}

fn damaged(error: serde_json::Error) -> Error {
    Error::failed("store-damaged", NOTICED).because(error)
}

/// Keeps in mind what a ukey has told.
pub(in crate::station) fn notice(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &Serial,
) -> Result<(), Error> {
    let mut known = noticed(desk)?;
    if known.contains(serial) {
        return Ok(());
    }
    known.push(serial.clone());
    let text = serde_json::to_string(&known).map_err(damaged)?;
    let mut audit = Desk::audit_row(officer, "records-older-noticed");
    audit.ukey = Some(serial.as_str().to_owned());
    desk.store()
        .act(&audit, |writing| writing.set_meta(NOTICED, &text))
        .map_err(Error::from)
}

/// What was told is dealt with, in the transaction of the act.
pub(in crate::station) fn settle(writing: &Writing<'_>) -> Result<(), StoreError> {
    writing.set_meta(NOTICED, "[]")
}

/// Goes on with these records: a new instance and epoch, which every neighbour will ask about, and the
/// ukeys that told so are out of stock as damaged. Gives the new epoch.
///
/// # Errors
/// `wrong-duty`, `records-not-older` when no ukey has told so.
pub fn go_on(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
) -> Result<(u32, Vec<Serial>), Error> {
    officer.demand(Duty::SetUp)?;
    let serials = noticed(desk)?;
    if serials.is_empty() {
        return Err(Error::refused("records-not-older", ""));
    }
    let audit = AuditRow {
        detail: Some(format!("{} ukeys; {}", serials.len(), second.told())),
        ..Desk::audit_row(officer, "instance-started")
    };
    desk.store().act(&audit, |writing| {
        writing.start_instance(InstanceId::new(clock::new_uuid()))?;
        for serial in &serials {
            let damaged = (UkeyState::Blank, UkeyState::Damaged);
            writing.move_ukey(serial, damaged, None, audit.at)?;
        }
        settle(writing)
    })?;
    let (epoch, _instance) = desk.store().read().audit_instance()?;
    Ok((epoch, serials))
}
