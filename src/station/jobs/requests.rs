//! Applications: enter, submit, list, show (D-9 … D-21).

use std::collections::BTreeMap;

use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::{RequestDraft, RequestForm, RequestState, UnitFound};
use crate::domain::unit::Unit;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{RequestFilter, RequestRow};

/// One application with its unit and, for who may see them, its fields.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// The request.
    pub row: RequestRow,
    /// The holder's unit.
    pub unit: Unit,
}

/// Enters an application as a draft.
///
/// # Errors
/// `request-invalid` with every fault, `wrong-duty`.
pub fn enter(
    desk: &Desk,
    officer: &ActingOfficer,
    draft: &RequestDraft,
) -> Result<RequestRow, Error> {
    officer.demand(Duty::EnterRequest)?;
    let now = clock::now();
    let unit = find_unit(&desk.store().read().units()?, &draft.unit);
    let form = RequestForm::check(draft, unit, now.date()).map_err(Error::invalid)?;
    let mut audit = Desk::audit_row(officer, "request-entered");
    let id = RequestId::new(clock::new_uuid());
    audit.request = Some(id.to_string());
    desk.store().act(&audit, |writing| {
        let row = RequestRow {
            id,
            number: writing.next_number(now.date().year())?,
            revision: 1,
            state: RequestState::Draft,
            unit: form.unit,
            holder_name: form.name.as_str().to_owned(),
            user_types: form.user_types.join("、"),
            apply_certificate: form.apply_certificate,
            entered_by: officer.name().clone(),
            entered_at: now,
            approved_by: None,
            approved_at: None,
            expires_at: None,
        };
        writing.insert_request(&row, &form.fields())?;
        Ok(row)
    })
}

/// Submits a draft for approval.
///
/// # Errors
/// `changed-meanwhile` when it is no draft, `wrong-duty`.
pub fn submit(desk: &Desk, officer: &ActingOfficer, request: &RequestRow) -> Result<(), Error> {
    officer.demand(Duty::EnterRequest)?;
    let mut audit = Desk::audit_row(officer, "request-submitted");
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        writing.move_request(request.id, request.state, RequestState::Submitted)
    })?;
    Ok(())
}

/// Applications, the oldest number first.
///
/// # Errors
/// What the store says.
pub fn list(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
) -> Result<Vec<RequestView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let units: BTreeMap<_, _> = reading
        .units()?
        .into_iter()
        .map(|unit| (unit.id, unit))
        .collect();
    let rows = reading.requests(filter)?;
    let view = |row: RequestRow| {
        let unit = units.get(&row.unit).cloned();
        let damaged = || Error::failed("store-damaged", row.number.clone());
        Ok(RequestView {
            unit: unit.ok_or_else(damaged)?,
            row,
        })
    };
    rows.into_iter().map(view).collect()
}

/// One application by number, id or a unique beginning of the id.
///
/// # Errors
/// `request-unknown`, `request-ambiguous`.
pub fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<RequestView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let mut found = if text.is_empty() {
        Vec::new()
    } else {
        reading.requests_named(text)?
    };
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(RequestView {
            unit: reading.unit(row.unit)?,
            row,
        }),
        (None, _) => Err(Error::usage("request-unknown", text)),
        (Some(last), _) => {
            let numbers = found.iter().chain([&last]).map(|row| row.number.as_str());
            let numbers: Vec<_> = numbers.collect();
            Err(Error::usage(
                "request-ambiguous",
                format!("{text}: {}", numbers.join(", ")),
            ))
        }
    }
}

fn find_unit(units: &[Unit], text: &str) -> UnitFound {
    let text = text.trim();
    let exact = units
        .iter()
        .find(|unit| unit.code == text || unit.id.to_string() == text);
    if let Some(unit) = exact {
        return UnitFound::One(unit.id);
    }
    let mut named = units.iter().filter(|unit| unit.name == text);
    match (named.next(), named.next()) {
        (Some(unit), None) => UnitFound::One(unit.id),
        (Some(_), Some(_)) => UnitFound::Several,
        (None, _) => UnitFound::None,
    }
}
