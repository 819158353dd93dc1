//! A record that another unit's desk handed over becomes a draft of a unit that this desk makes for
//! (D-45): with the values of then, to be edited, with its own paper, and to be approved here.

use std::collections::BTreeMap;
use std::path::Path;

use super::transfer::{HandedOver, HandoverBody, draft_for};
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::{Known, RequestForm, UnitFound};
use crate::domain::unit::Unit;
use crate::keys::parcel::Kind;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people::PersonKey;
use crate::station::jobs::{requests, units};
use crate::station::post::Incoming;
use crate::station::{ActingOfficer, clock, post};
use crate::store::{Acts, HandoverRow, Writing};

/// What came.
#[derive(Debug)]
pub struct Received {
    /// The same file came before: nothing was done.
    pub replayed: bool,
    /// Name of the unit whose desk sent it.
    pub from: String,
    /// Its code.
    pub from_code: String,
    /// The unit that certified its officer, and so vouches for its name and code.
    pub certified_by: String,
    /// The officer who signed.
    pub signer: String,
    /// Each person.
    pub holders: Vec<Arrived>,
}

/// One person.
#[derive(Debug)]
pub struct Arrived {
    /// Number of the request there.
    pub old_number: String,
    /// Name of the unit that was left.
    pub old_unit: String,
    /// What became of it here.
    pub arrival: Result<Arrival, Error>,
}

/// What became of a record here.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A draft was entered: its number.
    Entered(String),
    /// The person has a request in this unit already: its number.
    There(String),
}

/// Takes a file of records. One whose values do not count here is told with its faults and has to be entered
/// by hand; it stands in nobody's way.
///
/// # Errors
/// `wrong-duty`, `parcel-…`; `unit-closed`, `unit-not-made-for` for one that this desk does not make for.
pub fn receive(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    unit: Option<&Unit>,
) -> Result<Received, Error> {
    officer.demand(Duty::EnterRequest)?;
    let unit = match unit {
        Some(unit) => unit.clone(),
        None => desk.own_unit()?,
    };
    if unit.closed_at.is_some() {
        return Err(Error::refused("unit-closed", unit.name));
    }
    if !unit.own && !units::delegated(desk, unit.id)? {
        return Err(Error::refused("unit-not-made-for", unit.name));
    }
    let incoming = post::open(desk, path, Kind::Handover)?;
    let damaged = || Error::refused("parcel-damaged", Kind::Handover.word());
    let body: HandoverBody = serde_json::from_value(incoming.opened.manifest.body.clone())
        .map_err(|error| damaged().because(error))?;
    let mut received = Received {
        replayed: incoming.replayed,
        from: incoming.opened.signer.unit_name.clone(),
        from_code: incoming.opened.signer.unit_code.clone(),
        certified_by: incoming.opened.signer.issuer.name.clone(),
        signer: incoming.opened.signer.name.to_string(),
        holders: Vec::new(),
    };
    if incoming.replayed {
        return Ok(received);
    }
    let forms = forms(desk, &unit, &body)?;
    let arriving = Arriving {
        officer,
        unit: &unit,
        incoming: &incoming,
    };
    let mut audit = Desk::audit_row(officer, "handover-received");
    let (id, from) = (incoming.opened.manifest.id, &received.from_code);
    audit.detail = Some(format!("{id} from {from}, {} holders", body.holders.len()));
    received.holders = desk.store().act_on_many(|writing, acts| {
        let mut holders = Vec::with_capacity(body.holders.len());
        for (handed, form) in body.holders.iter().zip(forms) {
            let arrival = match form {
                Ok((form, person)) => Ok(arriving.take(writing, acts, handed, (&form, &person))?),
                Err(error) => Err(error),
            };
            holders.push(Arrived {
                old_number: handed.number.clone(),
                old_unit: handed.unit_name.clone(),
                arrival,
            });
        }
        incoming.record(writing)?;
        acts.add(&audit)?;
        Ok::<_, Error>(holders)
    })?;
    Ok(received)
}

type Judged = Result<(RequestForm, Vec<u8>), Error>;

/// Each form as it would be in this unit.
fn forms(desk: &Desk, unit: &Unit, body: &HandoverBody) -> Result<Vec<Judged>, Error> {
    let store = desk.store();
    let user_types = store.read().user_types()?;
    let key = PersonKey::read(&store)?;
    let today = clock::now().date();
    let judge = |handed: &HandedOver| {
        let known = Known {
            unit: UnitFound::One(unit.id),
            user_types: &user_types,
            today,
        };
        let fields: &BTreeMap<String, String> = &handed.fields;
        let checked = RequestForm::check(&draft_for(unit, fields), known);
        let form = checked.map_err(Error::invalid)?.form;
        let person = key.hash(&form.id_number);
        Ok((form, person))
    };
    Ok(body.holders.iter().map(judge).collect())
}

struct Arriving<'a> {
    officer: &'a ActingOfficer,
    unit: &'a Unit,
    incoming: &'a Incoming,
}

impl Arriving<'_> {
    fn take(
        &self,
        writing: &Writing<'_>,
        acts: &mut Acts<'_>,
        handed: &HandedOver,
        (form, person): (&RequestForm, &[u8]),
    ) -> Result<Arrival, Error> {
        let now = clock::now();
        let there = writing.live_request(self.unit.id, person, form.kind())?;
        let (id, arrival) = if let Some(row) = there {
            (row.id, Arrival::There(row.number))
        } else {
            let id = RequestId::new(clock::new_uuid());
            let number = writing.next_number(now.date().year())?;
            let row = requests::row_of(form, (id, number.clone(), 1), (self.officer, now));
            writing.insert_request(&row, person, &form.fields())?;
            let mut audit = Desk::audit_row(self.officer, "request-entered");
            audit.request = Some(id.to_string());
            audit.detail = Some(format!("handed over, {} there", handed.request));
            acts.add(&audit)?;
            (id, Arrival::Entered(number))
        };
        writing.insert_handover(&HandoverRow {
            request: id,
            parcel: self.incoming.opened.manifest.id.to_string(),
            from_code: handed.unit_code.clone(),
            from_unit: handed.unit_name.clone(),
            number: handed.number.clone(),
            certificate: handed.certificate.to_string(),
            ukey: handed.ukey.to_string(),
            at: now,
        })?;
        Ok(arrival)
    }
}
