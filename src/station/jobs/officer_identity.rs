//! Who an officer is (D-6, D-8): their form 1. Nobody decides whose form is not on record, for then
//! nobody could tell whether they decide on their own application.

use crate::domain::officer::{Duty, OfficerName};
use crate::domain::request::{FormKind, RequestState};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{OfficerRow, RequestRow};

/// Says whose form 1 of this unit a submitted request is: of an officer who was there before it, as the
/// first ones may be.
///
/// # Errors
/// `wrong-duty`, `officer-unknown`, `officer-disabled`, `officer-identified`, `request-not-form-1`,
/// `request-names-officer` when it asks for another post, `request-not-submitted`, `officer-exists`
/// when it is another officer's, `person-has-post`.
pub fn identify(
    desk: &Desk,
    officer: &ActingOfficer,
    name: &OfficerName,
    request: &RequestRow,
) -> Result<OfficerRow, Error> {
    officer.demand(Duty::ManageOfficers)?;
    let row = desk.officer(name)?;
    if !row.enabled {
        return Err(Error::refused("officer-disabled", name.as_str()));
    }
    if row.person.is_some() {
        return Err(Error::refused("officer-identified", name.as_str()));
    }
    let number = || request.number.clone();
    let of_unit = request.form == FormKind::Officer && request.unit == desk.own_unit()?.id;
    if !of_unit {
        return Err(Error::refused("request-not-form-1", number()));
    }
    if request.post != Some(row.post) {
        return Err(Error::refused("request-names-officer", number()));
    }
    if request.state != RequestState::Submitted {
        return Err(Error::refused("request-not-submitted", number()));
    }
    let person = desk.store().read().person_of(request.id)?;
    let person = person.ok_or_else(|| Error::failed("store-damaged", number()))?;
    let others = desk.store().read().officers()?;
    if others.iter().any(|other| other.request == Some(request.id)) {
        return Err(Error::refused("officer-exists", number()));
    }
    let mut enabled = others.iter().filter(|other| other.enabled);
    if enabled.any(|other| other.person.as_ref() == Some(&person)) {
        return Err(Error::refused("person-has-post", number()));
    }
    let mut audit = Desk::audit_row(officer, "officer-identified");
    audit.detail = Some(format!("{name} {}", row.post));
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        writing.set_officer_identity(name, (request.id, &person))
    })?;
    desk.officer(name)
}

/// Demands that it is on record who decides; gives the search hash of their identity number.
///
/// # Errors
/// `officer-unidentified`.
pub(super) fn demand(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<u8>, Error> {
    let person = desk.officer(officer.name())?.person;
    person.ok_or_else(|| Error::refused("officer-unidentified", officer.name().as_str()))
}
