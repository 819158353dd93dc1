//! What happens to one ukey of the stock: it is set aside, is damaged, its record was wrong, it ends for
//! good.

use super::movement;
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::stock::MovementKind;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::{RequestRow, UkeyRow};

/// A blank that cannot be used.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-in-use` for one that is made, or what the store says.
pub fn damage(
    desk: &Desk,
    officer: &ActingOfficer,
    (row, reason): (&UkeyRow, &str),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    if !matches!(
        row.state,
        UkeyState::Blank | UkeyState::Allocated | UkeyState::Returned
    ) {
        return Err(in_use(row));
    }
    let to = UkeyState::Damaged;
    put(
        (desk, officer, None),
        (row, to),
        (MovementKind::Damage, "ukey-damaged"),
        reason,
    )
}

/// Sets a blank aside for an approved request (已分配): it is made for no other.
///
/// # Errors
/// `wrong-duty`, `request-not-approved`, `request-is-renewal`, `ukey-not-in-stock`, `ukey-allocated` where the request has one.
pub fn allocate(
    desk: &Desk,
    officer: &ActingOfficer,
    (row, request): (&UkeyRow, &RequestRow),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    if request.state != RequestState::Approved {
        return Err(Error::refused(
            "request-not-approved",
            request.number.clone(),
        ));
    }
    if desk.store().read().renewed_ukey(request.id)?.is_some() {
        let number = request.number.clone();
        return Err(Error::refused("request-is-renewal", number));
    }
    if row.state != UkeyState::Blank {
        let text = format!("{} ({})", row.identity.serial, row.state);
        return Err(Error::refused("ukey-not-in-stock", text));
    }
    let set_aside = desk.store().read().ukeys(Some(UkeyState::Allocated))?;
    let mut its_own = set_aside
        .iter()
        .filter(|row| row.request == Some(request.id));
    if let Some(other) = its_own.next() {
        let text = format!("{}: {}", request.number, other.identity.serial);
        return Err(Error::refused("ukey-allocated", text));
    }
    set_aside_for(
        (desk, officer, "ukey-allocated"),
        row,
        (UkeyState::Allocated, Some(request.id)),
    )
}

/// Puts a blank that was set aside back among the others.
///
/// # Errors
/// `wrong-duty`, `ukey-in-use` for one that is not set aside.
pub fn release(desk: &Desk, officer: &ActingOfficer, row: &UkeyRow) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    if row.state != UkeyState::Allocated {
        return Err(in_use(row));
    }
    set_aside_for(
        (desk, officer, "ukey-released"),
        row,
        (UkeyState::Blank, None),
    )
}

fn set_aside_for(
    (desk, officer, act): (&Desk, &ActingOfficer, &'static str),
    row: &UkeyRow,
    (to, request): (UkeyState, Option<RequestId>),
) -> Result<UkeyRow, Error> {
    let serial = &row.identity.serial;
    let mut audit = Desk::audit_row(officer, act);
    audit.ukey = Some(serial.to_string());
    audit.request = request.or(row.request).map(|id| id.to_string());
    let now = audit.at;
    desk.store().act(&audit, |writing| {
        writing.move_ukey(serial, (row.state, to), request, now)
    })?;
    again(desk, serial)
}

/// Ends a ukey for good (D-48): two officers, the whole serial; it can never come back.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-in-use` where its state does not lead there.
pub fn destroy(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (row, reason): (&UkeyRow, &str),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    if !row.state.may_become(UkeyState::Destroyed) {
        return Err(in_use(row));
    }
    let to = UkeyState::Destroyed;
    let how = (MovementKind::Destroy, "ukey-destroyed");
    put((desk, officer, Some(second)), (row, to), how, reason)
}

/// Puts a wrong record right by a new entry (D-7): only of a ukey that was never made.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `correction-not-allowed`.
pub fn correct(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (row, to, reason): (&UkeyRow, UkeyState, &str),
) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    let stock = |state| {
        matches!(
            state,
            UkeyState::Blank | UkeyState::Damaged | UkeyState::Lost | UkeyState::Allocated
        )
    };
    let leads = row.state.may_be_corrected_to(to) || row.state.may_become(to);
    let made = desk
        .store()
        .read()
        .last_run_on(&row.identity.serial)?
        .is_some();
    if !stock(row.state) || !stock(to) || !leads || made {
        let text = format!("{}: {} → {to}", row.identity.serial, row.state);
        return Err(Error::refused("correction-not-allowed", text));
    }
    let how = (MovementKind::Correction, "stock-corrected");
    put((desk, officer, Some(second)), (row, to), how, reason)
}

fn in_use(row: &UkeyRow) -> Error {
    let text = format!("{} ({})", row.identity.serial, row.state);
    Error::refused("ukey-in-use", text)
}

fn put(
    (desk, officer, second): (&Desk, &ActingOfficer, Option<&SecondOfficer>),
    (row, to): (&UkeyRow, UkeyState),
    (kind, act): (MovementKind, &'static str),
    reason: &str,
) -> Result<UkeyRow, Error> {
    let reason = people::reason_text(reason)?;
    let (now, serial) = (clock::now(), &row.identity.serial);
    let why = movement(kind, officer, now, (second, Some(reason), None));
    let mut audit = Desk::audit_row(officer, act);
    audit.ukey = Some(serial.to_string());
    let confirmed = second.map_or_else(String::new, |second| format!("; {}", second.told()));
    audit.detail = Some(format!("{} → {to}{confirmed}; {}", row.state, why.id));
    desk.store().act(&audit, |writing| {
        writing.insert_movement(&why)?;
        writing.move_stock(serial, (row.state, to), (now, &why.id), true)
    })?;
    again(desk, serial)
}

fn again(desk: &Desk, serial: &Serial) -> Result<UkeyRow, Error> {
    let row = desk.store().read().ukey(serial)?;
    row.ok_or_else(|| Error::failed("store-damaged", serial.as_str()))
}
