//! The purge of what is personal and has had its time (D-51): system proposes, security confirms.
//! The audit log and every signature stay verifiable.

use std::collections::BTreeMap;

use crate::domain::certificate::CertificateSerial;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::Duty;
use crate::domain::retention::{Kept, RequestDates};
use crate::domain::timestamp::Timestamp;
use crate::issuing::check;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer};
use crate::store::RequestRow;

/// A request whose time is over.
#[derive(Clone, Debug)]
pub struct Due {
    /// The request.
    pub row: RequestRow,
    /// What it counts as.
    pub kept: Kept,
    /// Since when it is due.
    pub since: Timestamp,
    /// How many values of the form are still there.
    pub fields: usize,
}

/// What a purge would take at `now`, the oldest number first; nothing is changed.
///
/// # Errors
/// What the store says.
pub fn due(desk: &Desk, officer: &ActingOfficer, now: Timestamp) -> Result<Vec<Due>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let mut found = Vec::new();
    for id in reading.unpurged_requests()? {
        let row = reading.request(id)?;
        let dates = RequestDates {
            state: row.state,
            last_act: reading.last_act_about(id)?.unwrap_or(row.entered_at),
            approval_ends: row.expires_at,
            certificate_ends: reading.certificates_end(id)?,
        };
        if let Some((kept, since)) = dates.due().filter(|(_kept, since)| *since <= now) {
            found.push(Due {
                kept,
                since,
                fields: reading.request_fields(id)?.len(),
                row,
            });
        }
    }
    Ok(found)
}

/// Purges what is due at `now`: one act and one row in the audit log for each request.
///
/// # Errors
/// `wrong-duty`, or what the store says.
pub fn purge(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    now: Timestamp,
) -> Result<Vec<Due>, Error> {
    officer.demand(Duty::SetUp)?; // System's.
    let due = due(desk, officer, now)?;
    let mut people = People::read(desk)?;
    for item in &due {
        let id = item.row.id;
        let last = people.leaves(id);
        let mut audit = Desk::audit_row(officer, "request-purged");
        audit.request = Some(id.to_string());
        audit.detail = Some(format!("{}, confirmed {}", item.kept.word(), second.told()));
        desk.store().act(&audit, |writing| {
            if let Some((unit, person)) = &last {
                writing.purge_pseudonym(*unit, person)?;
            }
            writing.purge_request(id, now)
        })?;
    }
    desk.store().fold_log()?;
    Ok(due)
}

/// An order of another station's desk to the CA here (D-53), whose time is over: it names the holder.
#[derive(Clone, Debug)]
pub struct DueOrder {
    /// Serial number of the certificate.
    pub serial: CertificateSerial,
    /// What it counts as.
    pub kept: Kept,
    /// Since when it is due.
    pub since: Timestamp,
}

/// The orders that a purge would take at `now`; nothing is changed.
///
/// # Errors
/// What the store says.
pub fn due_orders(
    desk: &Desk,
    officer: &ActingOfficer,
    now: Timestamp,
) -> Result<Vec<DueOrder>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let rows = desk.store().read().exchange_requests()?.into_iter();
    let mut found = Vec::new();
    for row in rows.filter(|row| !row.signed_order.is_empty()) {
        let damaged = |error| Error::failed("store-damaged", "exchange").because(error);
        let (kept, from) = match &row.certificate {
            Some(der) => (Kept::IssuedRequest, check::not_after(der).map_err(damaged)?),
            None => (Kept::UnissuedRequest, row.received_at),
        };
        if let Some(since) = kept.ends(from).filter(|since| *since <= now) {
            let serial = row.serial;
            found.push(DueOrder {
                serial,
                kept,
                since,
            });
        }
    }
    Ok(found)
}

/// Purges the orders that are due at `now`; the certificates and the approvals, which hold commitments
/// alone, stay.
///
/// # Errors
/// `wrong-duty`, or what the store says.
pub fn purge_orders(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    now: Timestamp,
) -> Result<Vec<DueOrder>, Error> {
    officer.demand(Duty::SetUp)?; // System's.
    let due = due_orders(desk, officer, now)?;
    for order in &due {
        let mut audit = Desk::audit_row(officer, "order-purged");
        audit.certificate = Some(order.serial.to_string());
        audit.detail = Some(format!(
            "{}, confirmed {}",
            order.kept.word(),
            second.told()
        ));
        desk.store().act(&audit, |writing| {
            writing.purge_exchange_order(&order.serial)
        })?;
    }
    desk.store().fold_log()?;
    Ok(due)
}

/// Whose requests are still there, by the search hash of the identity number.
#[derive(Default)]
struct People {
    of_request: BTreeMap<RequestId, (UnitId, Vec<u8>)>,
    requests: BTreeMap<(UnitId, Vec<u8>), usize>,
}

impl People {
    fn read(desk: &Desk) -> Result<Self, Error> {
        let ids = desk.store().read().unpurged_requests()?;
        let mut people = Self::default();
        for id in ids {
            let (unit, person) = {
                let store = desk.store();
                let reading = store.read();
                (reading.request(id)?.unit, reading.person_of(id)?)
            };
            if let Some(person) = person {
                let person = (unit, person);
                *people.requests.entry(person.clone()).or_default() += 1;
                people.of_request.insert(id, person);
            }
        }
        Ok(people)
    }

    /// Takes a request out; gives the person whose last one it was.
    fn leaves(&mut self, request: RequestId) -> Option<(UnitId, Vec<u8>)> {
        let person = self.of_request.remove(&request)?;
        let left = self.requests.get_mut(&person)?;
        *left = left.saturating_sub(1);
        (*left == 0).then_some(person)
    }
}
