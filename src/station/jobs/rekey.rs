//! A new request in the place of an old one: re-key, for a new ukey with a new key (D-42), and renewal, for
//! a new key on the ukey that the holder has (D-47).

use std::collections::BTreeSet;

use super::requests::{self, refuse_second};
use super::{people, renew, ukeys};
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::ukey::UkeyState;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{RequestRow, UkeyRow};

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
    let newest = desk.store().read().standing_certificate(serial)?;
    let newest = newest.filter(|_certificate| made).ok_or_else(|| {
        Error::refused("rekey-not-possible", format!("{serial} ({})", ukey.state))
    })?;
    enter((desk, officer), (&ukey, newest.request), Kind::Rekey)
}

/// Enters the request of a ukey's holder anew, as [`rekey`] does, for a new key on the same ukey.
///
/// # Errors
/// As [`rekey`]; `renewal-not-possible` for a ukey that is not with its holder, `renewal-of-temporary`,
/// `certificate-revoked` and `certificate-on-hold` where its certificate does not count.
pub fn renewal(desk: &Desk, officer: &ActingOfficer, serial: &str) -> Result<RequestRow, Error> {
    officer.demand(Duty::EnterRequest)?;
    let ukey = ukeys::named(desk, officer, serial)?;
    let newest = renew::renewable(&desk.store().read(), &ukey, "renewal-not-possible")?;
    enter((desk, officer), (&ukey, newest.request), Kind::Renewal)
}

/// What the new request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rekey,
    Renewal,
}

fn enter(
    (desk, officer): (&Desk, &ActingOfficer),
    (ukey, old): (&UkeyRow, RequestId),
    kind: Kind,
) -> Result<RequestRow, Error> {
    let serial = &ukey.identity.serial;
    let old = desk.store().read().request(old)?;
    let now = clock::now();
    let form = requests::form(desk, &old, now.date())?.map_err(Error::invalid)?;
    let person = people::person_hash(desk, &form.id_number)?;
    let id = RequestId::new(clock::new_uuid());
    let act = match kind {
        Kind::Rekey => "request-rekeyed",
        Kind::Renewal => "request-for-renewal",
    };
    let mut audit = Desk::audit_row(officer, act);
    audit.request = Some(id.to_string());
    audit.ukey = Some(serial.to_string());
    audit.detail = Some(format!("replaces {}", old.id));
    desk.store().act(&audit, |writing| {
        for other in writing.replacements(&old)? {
            // A temporary ukey that has ended stands in for nothing.
            let over = other.state == RequestState::Closed && writing.is_temporary(other.id)?;
            if counts(other.state) && !over {
                return Err(Error::refused("request-replaced", other.number));
            }
        }
        // Where a temporary ukey stands in, the one on hold is of a live request as well (D-20).
        let mut replaced = writing.all_replaced(old.id)?;
        replaced.push(old.id);
        refuse_second(writing, &form, &person, &replaced)?;
        let number = writing.next_number(now.date().year())?;
        let row = requests::row_of(&form, (id, number, 1), (officer, now));
        writing.insert_replacement(&row, &person, &form.fields(), old.id)?;
        if kind == Kind::Renewal {
            writing.set_renewed_ukey(id, serial)?;
        }
        Ok::<_, Error>(row)
    })
}

/// What a request replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Number of the old request.
    pub request: Option<String>,
    /// Serial number of the ukey that it is to give a new key (D-47).
    pub renews: Option<String>,
}

/// The request that this one replaces, and the ukey that it renews.
///
/// # Errors
/// What the store says.
pub fn replaced(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
) -> Result<Replaced, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let old = reading.replaced_request(request.id)?;
    let old = old.map(|id| reading.request(id)).transpose()?;
    let renews = reading.renewed_ukey(request.id)?;
    Ok(Replaced {
        request: old.map(|row| row.number),
        renews: renews.map(String::from),
    })
}

/// The approved requests that are to give a ukey of a holder a new key.
///
/// # Errors
/// What the store says.
pub fn renewals(desk: &Desk, officer: &ActingOfficer) -> Result<BTreeSet<RequestId>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().approved_renewals()?)
}

/// Whether a request came to something, or may.
const fn counts(state: RequestState) -> bool {
    !matches!(
        state,
        RequestState::Rejected | RequestState::Withdrawn | RequestState::Expired
    )
}
