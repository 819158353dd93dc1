//! Applications: enter, edit, submit, withdraw, list and find (D-9 … D-21).

use std::collections::BTreeMap;

use time::Date;

use super::people::{self, Sight};
use crate::domain::audit::AuditRow;
use crate::domain::field_fault::mask_value;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::identity_number::IdentityNumber;
use crate::domain::officer::{Duty, Post};
use crate::domain::request::{
    Asks, Checked, FieldWarning, Known, Normalised, RequestDraft, RequestForm, RequestState,
    UnitFound,
};
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Unit;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{FieldRow, OfficerRow, Reading, RequestFilter, RequestRow, StoreError};

/// One application with its unit, and the numbers that a list shows.
#[derive(Clone)]
pub struct RequestView {
    /// The request.
    pub row: RequestRow,
    /// The holder's unit.
    pub unit: Unit,
    /// The identity number, as much of it as may be seen.
    pub id_number: String,
    /// The mobile number, likewise.
    pub mobile: String,
}

impl std::fmt::Debug for RequestView {
    /// Its numbers may be revealed: logs do not get them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestView({})", self.row.number)
    }
}

/// A request as it was entered, and what was made of it without being asked.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The request.
    pub row: RequestRow,
    /// Values that are kept otherwise than they were typed.
    pub normalised: Vec<Normalised>,
    /// What a person should look at again.
    pub warnings: Vec<FieldWarning>,
}

/// Enters an application as a draft.
///
/// # Errors
/// `request-invalid` with every fault, `request-duplicate` (D-20), `wrong-duty`.
pub fn enter(desk: &Desk, officer: &ActingOfficer, draft: &RequestDraft) -> Result<Entered, Error> {
    officer.demand(Duty::EnterRequest)?;
    let now = clock::now();
    let checked = check(desk, draft, now.date())?;
    let person = people::person_hash(desk, &checked.form.id_number)?;
    let id = RequestId::new(clock::new_uuid());
    let mut audit = Desk::audit_row(officer, "request-entered");
    audit.request = Some(id.to_string());
    let row = desk.store().act(&audit, |writing| {
        refuse_second(writing, &checked.form, &person, &[])?;
        let number = writing.next_number(now.date().year())?;
        let row = row_of(&checked.form, (id, number, 1), (officer, now));
        writing.insert_request(&row, &person, &checked.form.fields())?;
        Ok::<_, Error>(row)
    })?;
    Ok(entered(row, checked))
}

/// Puts new values in the place of a draft's or a returned request's; the old ones are kept as their
/// revision. Values that are the same change nothing.
///
/// # Errors
/// `request-not-editable`, `request-invalid` with every fault, `request-duplicate`, `wrong-duty`.
pub fn edit(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    (draft, same_papers): (&RequestDraft, bool),
) -> Result<Entered, Error> {
    officer.demand(Duty::EnterRequest)?;
    if !request.state.is_editable() {
        return Err(wrong_state("request-not-editable", request));
    }
    let now = clock::now();
    let checked = check(desk, draft, now.date())?;
    let fields = checked.form.fields();
    let stored = desk.store().read().request_fields(request.id)?;
    let same = request.unit == checked.form.unit
        && stored.len() == fields.len()
        && fields
            .iter()
            .all(|(field, value)| stored.get(*field).is_some_and(|row| row.value == *value));
    if same {
        return Ok(entered(request.clone(), checked));
    }
    let person = people::person_hash(desk, &checked.form.id_number)?;
    let revision = request.revision + 1;
    let about = (request.id, request.number.clone(), revision);
    let mut row = row_of(&checked.form, about, (officer, now));
    row.state = request.state;
    let mut audit = Desk::audit_row(officer, "request-edited");
    audit.request = Some(request.id.to_string());
    audit.detail = Some(format!("revision {revision}"));
    let officers = desk.store().read().officers()?;
    let registered = officers.iter().find(|row| row.request == Some(request.id));
    let fits = |officer: &OfficerRow| {
        row.post == Some(officer.post) && officer.person.as_ref() == Some(&person)
    };
    if registered.is_some_and(|officer| !fits(officer)) {
        // The officer's key goes up with this form: it must stay theirs.
        return Err(Error::refused(
            "request-names-officer",
            request.number.clone(),
        ));
    }
    let same_paper = same_papers || !is_another_paper((request, &stored), (&row, &fields));
    if same_papers {
        audit.detail = Some(format!("revision {revision}, same papers"));
    }
    desk.store().act(&audit, |writing| {
        let mut but = writing.all_replaced(request.id)?;
        but.push(request.id);
        refuse_second(writing, &checked.form, &person, &but)?;
        writing.edit_request(request, &row, &person, &fields)?;
        if same_paper {
            writing.keep_papers(request.id)?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(entered(row, checked))
}

/// Whether an edit is of who asks, for which unit, for what: then it was entered from another paper,
/// whose scan and opinions are still to come (D-13).
fn is_another_paper(
    (old, stored): (&RequestRow, &BTreeMap<String, FieldRow>),
    (new, fields): (&RequestRow, &BTreeMap<&'static str, String>),
) -> bool {
    const WHO_AND_WHAT: [&str; 5] = [
        "name",
        "id_number",
        "post",
        "user_types",
        "apply_certificate",
    ];
    let differs = |field: &&str| stored.get(*field).map(|row| &row.value) != fields.get(*field);
    old.unit != new.unit || WHO_AND_WHAT.iter().any(differs)
}

/// Submits a draft or a returned request for approval; its fields are checked once more.
///
/// # Errors
/// `request-not-editable` when it is neither, `request-invalid`, `wrong-duty`.
pub fn submit(desk: &Desk, officer: &ActingOfficer, request: &RequestRow) -> Result<(), Error> {
    officer.demand(Duty::EnterRequest)?;
    if !request.state.may_become(RequestState::Submitted) {
        return Err(wrong_state("request-not-editable", request));
    }
    let now = clock::now();
    let form = form(desk, request, now.date())?.map_err(Error::invalid)?;
    let person = people::person_hash(desk, &form.id_number)?;
    // The superior decides once about a revision: what comes again is another, changed or not.
    let above = desk.store().read().superior_refusals(request.id)?;
    let again = above.iter().any(|row| row.revision == request.revision);
    let mut audit = Desk::audit_row(officer, "request-submitted");
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        if again {
            let row = RequestRow {
                revision: request.revision + 1,
                entered_by: officer.name().clone(),
                entered_at: now,
                ..request.clone()
            };
            writing.edit_request(request, &row, &person, &form.fields())?;
            writing.keep_papers(request.id)?;
        }
        writing.move_request(request.id, request.state, RequestState::Submitted)
    })?;
    Ok(())
}

/// Takes a request back before a ukey is made of it.
///
/// # Errors
/// `request-not-open`, `wrong-duty`.
pub fn withdraw(desk: &Desk, officer: &ActingOfficer, request: &RequestRow) -> Result<(), Error> {
    officer.demand(Duty::EnterRequest)?;
    if !request.state.may_become(RequestState::Withdrawn) {
        return Err(wrong_state("request-not-open", request));
    }
    let mut audit = Desk::audit_row(officer, "request-withdrawn");
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        writing.move_request(request.id, request.state, RequestState::Withdrawn)
    })?;
    Ok(())
}

/// What a changing command does first: approvals that have ended become expired (D-21), and requests
/// that an earlier version entered become findable.
///
/// # Errors
/// What the store says.
pub fn tidy(desk: &Desk) -> Result<(), Error> {
    let now = clock::now();
    let expired = desk.store().read().expired_requests(now)?;
    for request in expired {
        // Time did it, not the officer who happens to come next.
        let mut audit = AuditRow::new(now, "station", None, "request-expired");
        audit.request = Some(request.id.to_string());
        desk.store().act(&audit, |writing| {
            writing.move_request(request.id, RequestState::Approved, RequestState::Expired)
        })?;
    }
    let old = desk.store().read().requests_not_indexed(1000)?;
    for request in old {
        let fields = desk.store().read().request_fields(request.id)?;
        let number = fields.get("id_number").map(|row| row.value.as_str());
        let number = IdentityNumber::parse(number.unwrap_or_default(), now.date());
        // A purged request has no number, and is found by its name no more.
        if let Ok(number) = number {
            let person = people::person_hash(desk, &number)?;
            desk.store()
                .write(|writing| writing.index_request(&request, &person))?;
        }
    }
    Ok(())
}

/// A page of applications. A whole identity number as search text finds its person.
///
/// # Errors
/// What the store says.
pub fn list(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
) -> Result<Vec<RequestView>, Error> {
    list_seen(desk, officer, filter, Sight::Masked)
}

/// The same, with numbers in full for who has revealed them.
///
/// # Errors
/// What the store says.
pub fn list_seen(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
    sight: Sight<'_>,
) -> Result<Vec<RequestView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let filter = person_searched(desk, filter)?;
    let store = desk.store();
    let reading = store.read();
    let mut units = BTreeMap::new();
    let rows = reading.requests(&filter)?.into_iter();
    rows.map(|row| view(&reading, row, &mut units, sight))
        .collect()
}

/// How many applications a filter finds, on whatever page; and how many there are in each state.
///
/// # Errors
/// What the store says.
pub fn counts(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
) -> Result<(u64, BTreeMap<RequestState, u64>), Error> {
    officer.demand(Duty::ReadRecords)?;
    let filter = person_searched(desk, filter)?;
    let store = desk.store();
    let reading = store.read();
    let of_states = reading.request_counts()?;
    let narrow = filter.unit.is_some() || filter.search.is_some() || filter.person.is_some();
    let found = match filter.state {
        _ if narrow => reading.count_requests(&filter)?,
        Some(state) => of_states.get(&state).copied().unwrap_or_default(),
        None => of_states.values().sum(),
    };
    Ok((found, of_states))
}

/// The filter as the store takes it: a whole identity number finds its person.
pub(super) fn person_searched(desk: &Desk, filter: &RequestFilter) -> Result<RequestFilter, Error> {
    let mut filter = filter.clone();
    let today = clock::now().date();
    let number = filter
        .search
        .as_deref()
        .map(|text| IdentityNumber::parse(text, today));
    if let Some(Ok(number)) = number {
        filter.person = Some(people::person_hash(desk, &number)?);
        filter.search = None;
    }
    filter.search = filter.search.filter(|text| !text.trim().is_empty());
    Ok(filter)
}

/// Number of each request, and the holder's unit.
///
/// # Errors
/// What the store says.
pub fn numbers(
    desk: &Desk,
    officer: &ActingOfficer,
) -> Result<BTreeMap<RequestId, (String, UnitId)>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let rows = desk.store().read().requests(&RequestFilter::default())?;
    let known = rows.into_iter().map(|row| (row.id, (row.number, row.unit)));
    Ok(known.collect())
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
        (Some(row), 0) => view(&reading, row, &mut BTreeMap::new(), Sight::Masked),
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

fn view(
    reading: &Reading<'_>,
    row: RequestRow,
    units: &mut BTreeMap<UnitId, Unit>,
    sight: Sight<'_>,
) -> Result<RequestView, Error> {
    let unit = match units.get(&row.unit) {
        Some(unit) => unit.clone(),
        None => units
            .entry(row.unit)
            .or_insert(reading.unit(row.unit)?)
            .clone(),
    };
    let seen = |field: &str| {
        let value = reading.request_field(row.id, field)?.unwrap_or_default();
        Ok::<_, StoreError>(match sight {
            Sight::Masked => mask_value(field, &value),
            Sight::Full(_) => value,
        })
    };
    Ok(RequestView {
        id_number: seen("id_number")?,
        mobile: seen("mobile")?,
        row,
        unit,
    })
}

/// The stored form of a request, every rule checked again.
pub(super) fn form(
    desk: &Desk,
    request: &RequestRow,
    today: Date,
) -> Result<Result<RequestForm, Vec<crate::domain::request::FieldFault>>, Error> {
    let fields = desk.store().read().request_fields(request.id)?;
    let values = fields
        .into_iter()
        .map(|(field, row)| (field, row.value))
        .collect();
    Ok(RequestForm::from_fields(request.unit, &values, today))
}

/// A refusal that names the state a request is in.
pub(super) fn wrong_state(code: &'static str, request: &RequestRow) -> Error {
    Error::refused(
        code,
        format!("{} ({})", request.number, request.state.word()),
    )
}

fn check(desk: &Desk, draft: &RequestDraft, today: Date) -> Result<Checked, Error> {
    let (unit, user_types) = {
        let store = desk.store();
        let reading = store.read();
        (find_unit(&reading, &draft.unit)?, reading.user_types()?)
    };
    let known = Known {
        unit,
        user_types: &user_types,
        today,
    };
    RequestForm::check(draft, known).map_err(Error::invalid)
}

pub(super) fn find_unit(reading: &Reading<'_>, text: &str) -> Result<UnitFound, Error> {
    let found = reading.units_named(text.trim())?;
    let mut open = found.iter().filter(|unit| unit.closed_at.is_none());
    Ok(match (open.next(), open.next()) {
        (Some(unit), None) => UnitFound::One(unit.id),
        (Some(_), Some(_)) => UnitFound::Several,
        (None, _) if found.is_empty() => UnitFound::None,
        (None, _) => UnitFound::Closed,
    })
}

/// D-20: one live request for a person and unit, listing all user types.
pub(super) fn refuse_second(
    reading: &Reading<'_>,
    form: &RequestForm,
    person: &[u8],
    but: &[RequestId],
) -> Result<(), Error> {
    let live = reading.live_requests(form.unit, person, form.kind())?;
    match live.into_iter().find(|row| !but.contains(&row.id)) {
        Some(other) => Err(Error::refused("request-duplicate", other.number)),
        None => Ok(()),
    }
}

pub(super) fn row_of(
    form: &RequestForm,
    (id, number, revision): (RequestId, String, u32),
    (officer, now): (&ActingOfficer, Timestamp),
) -> RequestRow {
    let post: Option<Post> = match &form.asks {
        Asks::Officer { post } => Some(*post),
        Asks::Account { .. } => None,
    };
    RequestRow {
        id,
        number,
        revision,
        state: RequestState::Draft,
        unit: form.unit,
        holder_name: form.name.as_str().to_owned(),
        user_types: form.user_types().join("、"),
        apply_certificate: form.applies_for_certificate(),
        form: form.kind(),
        post,
        entered_by: officer.name().clone(),
        entered_at: now,
        approved_by: None,
        approved_at: None,
        expires_at: None,
    }
}

pub(super) fn entered(row: RequestRow, checked: Checked) -> Entered {
    let Checked {
        form: _,
        normalised,
        warnings,
    } = checked;
    Entered {
        row,
        normalised,
        warnings,
    }
}
