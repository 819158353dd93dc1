//! Re-key: a new request in the place of an old one, for a new ukey with a new key (D-42).

use super::requests::{self, refuse_second};
use super::{people, ukeys};
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::ukey::UkeyState;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::RequestRow;

/// Enters the request of a ukey's holder anew, as a draft that replaces the old one: with the values of
/// then, to be edited, with its own paper, and to be approved anew. The old certificate is revoked when
/// the new ukey is handed out, if it is not by then.
///
/// # Errors
/// `wrong-duty`, `ukey-unknown`, `rekey-not-possible` for a ukey that was made for nobody,
/// `request-replaced`, `request-duplicate`, `request-invalid` where the old values do not count any more.
pub fn rekey(desk: &Desk, officer: &ActingOfficer, serial: &str) -> Result<RequestRow, Error> {
    officer.demand(Duty::EnterRequest)?;
    let ukey = ukeys::named(desk, officer, serial)?;
    let serial = &ukey.identity.serial;
    let made = matches!(
        ukey.state,
        UkeyState::Issued
            | UkeyState::HandedOut
            | UkeyState::Suspended
            | UkeyState::Lost
            | UkeyState::Damaged
            | UkeyState::Returned
    );
    let newest = desk.store().read().certificates_on(serial)?.pop();
    let newest = newest.filter(|_certificate| made).ok_or_else(|| {
        Error::refused("rekey-not-possible", format!("{serial} ({})", ukey.state))
    })?;
    let old = desk.store().read().request(newest.request)?;
    let now = clock::now();
    let form = requests::form(desk, &old, now.date())?.map_err(Error::invalid)?;
    let person = people::person_hash(desk, &form.id_number)?;
    let id = RequestId::new(clock::new_uuid());
    let mut audit = Desk::audit_row(officer, "request-rekeyed");
    audit.request = Some(id.to_string());
    audit.ukey = Some(serial.to_string());
    audit.detail = Some(format!("replaces {}", old.id));
    desk.store().act(&audit, |writing| {
        let mut others = writing.replacements(&old)?.into_iter();
        if let Some(other) = others.find(|row| counts(row.state)) {
            return Err(Error::refused("request-replaced", other.number));
        }
        refuse_second(writing, &form, &person, &[old.id])?;
        let number = writing.next_number(now.date().year())?;
        let row = requests::row_of(&form, (id, number, 1), (officer, now));
        writing.insert_replacement(&row, &person, &form.fields(), old.id)?;
        Ok::<_, Error>(row)
    })
}

/// Number of the request that this one replaces.
///
/// # Errors
/// What the store says.
pub fn replaced(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
) -> Result<Option<String>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let old = reading.replaced_request(request.id)?;
    let old = old.map(|id| reading.request(id)).transpose()?;
    Ok(old.map(|row| row.number))
}

/// Whether a request came to something, or may.
const fn counts(state: RequestState) -> bool {
    !matches!(
        state,
        RequestState::Rejected | RequestState::Withdrawn | RequestState::Expired
    )
}
