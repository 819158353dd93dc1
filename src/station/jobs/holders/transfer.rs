//! Holders move to another unit (D-45). To one that this desk makes for: a new request is entered in the
//! place of the old one. To one with a desk of its own: the record goes there in a signed, sealed file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Departing, End, Leaving, Left, Successor, fault, refused};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::field_fault::FieldProblem;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::Duty;
use crate::domain::request::{Known, RequestForm, UnitFound};
use crate::domain::request_draft::{RequestDraft, draft_of_fields};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::domain::unit::Unit;
use crate::keys::parcel::{Attachments, Kind};
use crate::keys::unit_pki::{self, UnitFacts};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::jobs::people::PersonKey;
use crate::station::jobs::{requests, units};
use crate::station::post::Outgoing;
use crate::station::{ActingOfficer, SecondOfficer, SigningKey, clock, post};
use crate::store::{Acts, MergerRow, Writing};

/// Fields of the form that stay behind: a note is about the old request.
const STAYS: &str = "notes";
/// More than a chain of unit certificates has.
const MAX_CERTIFICATES: usize = 1 << 20;

/// Body of a `handover` parcel; sealed to the station of the unit to which the people move.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandoverBody {
    pub(super) holders: Vec<HandedOver>,
}

/// One record.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandedOver {
    /// Serial number of the certificate that was revoked.
    pub(super) certificate: CertificateSerial,
    /// What the form said; notes stay behind.
    pub(super) fields: BTreeMap<String, String>,
    /// Number of the request there.
    pub(super) number: String,
    pub(super) reason: RevocationReason,
    pub(super) request: RequestId,
    pub(super) revoked_at: Timestamp,
    /// The ukey that the certificate was on.
    pub(super) ukey: Serial,
    /// The unit that was left: the sender's, or one that it makes for.
    pub(super) unit_code: String,
    pub(super) unit_name: String,
}

/// The unit to which people move.
#[derive(Debug)]
pub struct NextUnit {
    /// The unit's name.
    pub name: String,
    /// Its code.
    pub code: String,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// This desk makes for that unit too.
    Here(Box<Unit>),
    /// It has a desk of its own.
    Desk(Box<UnitFacts>),
}

impl NextUnit {
    /// Whether a desk of its own makes for it: then the records go there in a file.
    pub const fn has_a_desk(&self) -> bool {
        match &self.way {
            Way::Here(_) => false,
            Way::Desk(_) => true,
        }
    }
}

/// People who moved, and what the move left behind.
#[derive(Debug)]
pub struct Transferred {
    /// What ended here.
    pub left: Left,
    /// The file for the other desk.
    pub file: Option<PathBuf>,
}

/// A unit that became part of another one.
#[derive(Debug)]
pub struct Moved {
    /// The unit, closed.
    pub unit: Unit,
    /// Its holders.
    pub transferred: Transferred,
}

/// Finds the unit to which people move, by name, code or id. Where its desk is neither above nor directly
/// below this one its certificate has to be given: `unit.pem` of its `unit certificate`.
///
/// # Errors
/// `unit-ambiguous`, `unit-closed`, `unit-own` for this desk's own code in a file,
/// `unit-certificate-missing`, `unit-certificate-differs`, `unit-certificate-revoked`,
/// `certificate-invalid` for one that does not lead to the pinned root.
pub fn next_unit(
    desk: &Desk,
    officer: &ActingOfficer,
    text: &str,
    certificate: Option<&Path>,
) -> Result<NextUnit, Error> {
    officer.demand(Duty::EnterRequest)?;
    let unit = match units::find(desk, officer, text) {
        Ok(unit) => Some(unit),
        Err(error) if error.code == "unit-unknown" => None,
        Err(error) => return Err(error),
    };
    if let Some(unit) = &unit {
        if unit.closed_at.is_some() {
            return Err(Error::refused("unit-closed", unit.name.clone()));
        }
        if unit.own || units::delegated(desk, unit.id)? {
            return Ok(NextUnit {
                name: unit.name.clone(),
                code: unit.code.as_str().to_owned(),
                way: Way::Here(Box::new(unit.clone())),
            });
        }
    }
    let chain = certificate.map(read_chain).transpose()?;
    let code = unit.as_ref().map(|unit| unit.code.as_str());
    let facts = post::any_unit(desk, (text.trim(), code), chain.as_deref())?;
    Ok(NextUnit {
        name: facts.name.clone(),
        code: facts.code.clone(),
        way: Way::Desk(Box::new(facts)),
    })
}

fn read_chain(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let bytes = read_limited(path, MAX_CERTIFICATES)?;
    unit_pki::read_certificates(&bytes).map_err(|error| {
        Error::refused("certificate-invalid", path.display().to_string()).because(error)
    })
}

/// Lets holders move: what ended here, and what begins there, in one transaction.
///
/// # Errors
/// `wrong-duty`, `second-officer-required` where a ukey was not brought, `holder-same-unit`,
/// `request-invalid` where the old values do not count any more, or what ukey and file system say.
pub fn transfer(
    desk: &Desk,
    officer: &ActingOfficer,
    (departing, to): (&Departing, &NextUnit),
    second: Option<&SecondOfficer>,
    out: Option<&Path>,
) -> Result<Transferred, Error> {
    carry(desk, officer, (departing, to), second, out, |_, _| Ok(()))
}

/// Merges a unit into another one: its holders move there, and it is closed, in one transaction.
///
/// # Errors
/// As [`transfer`] and [`units::close`]; `unit-merged` for one that was merged before.
pub fn merge(
    desk: &Desk,
    officer: &ActingOfficer,
    (unit, departing, to): (&Unit, &Departing, &NextUnit),
    second: Option<&SecondOfficer>,
    out: Option<&Path>,
) -> Result<Moved, Error> {
    let closed = units::to_close(officer, unit)?;
    if to.code == unit.code.as_str() {
        return Err(Error::refused("holder-same-unit", unit.name.clone()));
    }
    if desk.store().read().merger_of(unit.id)?.is_some() {
        return Err(Error::refused("unit-merged", unit.name.clone()));
    }
    let merger = MergerRow {
        unit: unit.id,
        into_code: to.code.clone(),
        into_unit: to.name.clone(),
        at: clock::now(),
    };
    let mut audit = units::closing(officer, &closed);
    "unit-merged".clone_into(&mut audit.act);
    audit.detail = Some(format!("{} into {}", unit.id, to.code));
    let close = |writing: &Writing<'_>, acts: &mut Acts<'_>| {
        units::put_closed(writing, &closed)?;
        writing.insert_merger(&merger)?;
        Ok::<_, Error>(acts.add(&audit)?)
    };
    let transferred = carry(desk, officer, (departing, to), second, out, close)?;
    Ok(Moved {
        unit: closed,
        transferred,
    })
}

/// Ends what is here and begins what is there; `also` is done in the same transaction.
fn carry(
    desk: &Desk,
    officer: &ActingOfficer,
    (departing, to): (&Departing, &NextUnit),
    second: Option<&SecondOfficer>,
    out: Option<&Path>,
    also: impl FnOnce(&Writing<'_>, &mut Acts<'_>) -> Result<(), Error>,
) -> Result<Transferred, Error> {
    officer.demand(Duty::EnterRequest)?;
    departing.demand_confirmed(second)?;
    demand_other_unit(desk, departing, to)?;
    let end = End::new((desk, officer), departing, second);
    match &to.way {
        Way::Here(unit) => {
            let mut entering = Entering::prepare(&end, unit)?;
            let numbers = desk.store().act_on_many(|writing, acts| {
                let numbers = end.carry_out(writing, acts, |acts, leaving| {
                    entering.enter(writing, acts, leaving)
                })?;
                also(writing, acts)?;
                Ok::<_, Error>(numbers)
            })?;
            Ok(Transferred {
                left: end.told(numbers),
                file: None,
            })
        }
        Way::Desk(facts) => {
            let parcel = if departing.is_empty() {
                None
            } else {
                Some(pack(&end, facts)?)
            };
            let successor = Successor {
                to_code: Some(to.code.clone()),
                parcel: parcel.as_ref().map(|parcel| parcel.id().to_owned()),
                ..Successor::default()
            };
            desk.store().act_on_many(|writing, acts| {
                end.carry_out(writing, acts, |_acts, _leaving| Ok(successor.clone()))?;
                if let Some(parcel) = &parcel {
                    parcel.record(writing)?;
                }
                also(writing, acts)
            })?;
            let file = parcel.map(|parcel| parcel.deliver(desk, out)).transpose();
            Ok(Transferred {
                left: end.told(Vec::new()),
                file: file?,
            })
        }
    }
}

/// Nobody moves to where they are.
fn demand_other_unit(desk: &Desk, departing: &Departing, to: &NextUnit) -> Result<(), Error> {
    let all = desk.store().read().units()?;
    let there: Vec<UnitId> = all
        .iter()
        .filter(|unit| unit.code.as_str() == to.code)
        .map(|unit| unit.id)
        .collect();
    let same = departing.leaving.iter();
    let same = same.filter(|leaving| there.contains(&leaving.request.unit));
    let faults: Vec<_> = same
        .map(|leaving| fault(&leaving.request, FieldProblem::HolderSameUnit))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(refused(faults))
    }
}

/// What the form of a request would say in another unit: that unit's own address and kind of school, where
/// they are known, and no note.
pub(super) fn draft_for(unit: &Unit, fields: &BTreeMap<String, String>) -> RequestDraft {
    let mut draft = draft_of_fields(fields);
    draft.unit = unit.id.to_string();
    draft.notes = None;
    if let Some(address) = &unit.address {
        draft.address.clone_from(address);
    }
    if let Some(school_type) = unit.school_type {
        school_type.as_str().clone_into(&mut draft.school_type);
    }
    draft
}

/// Requests that are entered here in the place of others.
struct Entering<'a> {
    end: &'a End<'a>,
    unit: &'a Unit,
    forms: BTreeMap<RequestId, (RequestForm, Vec<u8>)>,
    /// One request for each person, whatever they had.
    entered: BTreeMap<Vec<u8>, (RequestId, String)>,
}

impl<'a> Entering<'a> {
    /// Checks every form before anything ends.
    fn prepare(end: &'a End<'a>, unit: &'a Unit) -> Result<Self, Error> {
        let store = end.desk.store();
        let reading = store.read();
        let user_types = reading.user_types()?;
        let key = PersonKey::read(&store)?;
        let mut forms = BTreeMap::new();
        for leaving in &end.departing.leaving {
            let fields = reading.request_fields(leaving.request.id)?.into_iter();
            let fields = fields.map(|(field, row)| (field, row.value)).collect();
            let known = Known {
                unit: UnitFound::One(unit.id),
                user_types: &user_types,
                today: end.now.date(),
            };
            let checked = RequestForm::check(&draft_for(unit, &fields), known);
            let form = checked.map_err(|faults| {
                let mut error = Error::invalid(faults);
                error.subject = format!("{}: {}", leaving.request.number, error.subject);
                error
            })?;
            let person = key.hash(&form.form.id_number);
            forms.insert(leaving.request.id, (form.form, person));
        }
        Ok(Self {
            end,
            unit,
            forms,
            entered: BTreeMap::new(),
        })
    }

    /// Enters the request in the place of one that ends; the one that is there already stands for it.
    fn enter(
        &mut self,
        writing: &Writing<'_>,
        acts: &mut Acts<'_>,
        leaving: &Leaving,
    ) -> Result<Successor, Error> {
        let damaged = || Error::failed("store-damaged", leaving.request.number.clone());
        let (form, person) = self.forms.get(&leaving.request.id).ok_or_else(damaged)?;
        let (id, number) = if let Some(entered) = self.entered.get(person) {
            entered.clone()
        } else {
            let there = writing.live_request(self.unit.id, person, form.kind())?;
            let (id, number) = match there {
                Some(row) => (row.id, row.number),
                None => enter_new(writing, acts, self.end, (form, person), leaving)?,
            };
            self.entered.insert(person.clone(), (id, number.clone()));
            (id, number)
        };
        Ok(Successor {
            to_code: Some(self.unit.code.as_str().to_owned()),
            parcel: None,
            request: Some(id),
            number: Some(number),
        })
    }
}

fn enter_new(
    writing: &Writing<'_>,
    acts: &mut Acts<'_>,
    end: &End<'_>,
    (form, person): (&RequestForm, &[u8]),
    leaving: &Leaving,
) -> Result<(RequestId, String), Error> {
    let id = RequestId::new(clock::new_uuid());
    let number = writing.next_number(end.now.date().year())?;
    let row = requests::row_of(form, (id, number.clone(), 1), (end.officer, end.now));
    writing.insert_replacement(&row, person, &form.fields(), leaving.request.id)?;
    let mut audit = Desk::audit_row(end.officer, "request-entered");
    audit.request = Some(id.to_string());
    audit.detail = Some(format!("moved, replaces {}", leaving.request.id));
    acts.add(&audit)?;
    Ok((id, number))
}

/// The file for the other desk.
fn pack(end: &End<'_>, to: &UnitFacts) -> Result<Outgoing, Error> {
    let mut holders = Vec::with_capacity(end.departing.leaving.len());
    for leaving in &end.departing.leaving {
        let store = end.desk.store();
        let reading = store.read();
        let unit = reading.unit(leaving.request.unit)?;
        let fields = reading.request_fields(leaving.request.id)?.into_iter();
        let fields = fields.filter(|(field, _row)| field != STAYS);
        holders.push(HandedOver {
            certificate: leaving.certificate.serial.clone(),
            fields: fields.map(|(field, row)| (field, row.value)).collect(),
            number: leaving.request.number.clone(),
            reason: end.departing.reason(leaving),
            request: leaving.request.id,
            revoked_at: leaving.certificate.revoked_at.unwrap_or(end.now),
            ukey: leaving.ukey.identity.serial.clone(),
            unit_code: unit.code.as_str().to_owned(),
            unit_name: unit.name,
        });
    }
    let mut key = SigningKey::open(end.desk, end.officer)?;
    let body = HandoverBody { holders };
    let nothing = Attachments::default();
    post::pack(end.desk, &mut key, to, (Kind::Handover, &body), &nothing)
}
