//! A holder leaves their unit or moves to another one, alone or with the whole unit: certificates are
//! revoked, ukeys taken back or noted as to be brought, and the requests are closed, in one transaction
//! (D-45).

mod receive;
mod transfer;

use std::collections::BTreeSet;

pub use self::receive::{Arrival, Arrived, Received, receive};
pub use self::transfer::{Moved, NextUnit, Transferred, merge, next_unit, transfer};
use super::ca::{self, CrlStanding};
use super::losses::close_request;
use super::{people, requests, stock, units};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::departure::{Departure, obstacle};
use crate::domain::field_fault::{FieldFault, FieldProblem};
use crate::domain::id::RequestId;
use crate::domain::loss::LossEnding;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::stock::MovementKind;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::domain::unit::Unit;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::{
    Acts, CertificateRow, DepartureRow, DueRow, HandoverRow, MergerRow, MovementRow, Reading,
    RequestRow, UkeyRow, Writing,
};

/// Whose departure it is.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// These: number or beginning of the id of the request, or end of the ukey's serial number.
    Named(&'a [String]),
    /// Everybody of the unit who has a certificate.
    AllOf(&'a Unit),
}

/// Where the ukeys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ukeys {
    /// All of them were brought.
    Here,
    /// Those that are plugged in were brought; nobody knows of the others.
    PluggedIn,
}

/// What ends with a departure: evidence that it may.
#[derive(Debug)]
pub struct Departing {
    how: Departure,
    reason: String,
    leaving: Vec<Leaving>,
    /// Requests of the same people that were under way.
    open: Vec<RequestRow>,
}

/// One request with its live certificate.
#[derive(Debug)]
struct Leaving {
    request: RequestRow,
    certificate: CertificateRow,
    ukey: UkeyRow,
    here: bool,
}

/// What became of one request, or will become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// Its number.
    pub number: String,
    /// The ukey.
    pub ukey: Serial,
    /// The state in which it is: returned, or still out.
    pub ukey_state: UkeyState,
    /// The certificate that was revoked.
    pub certificate: CertificateSerial,
    /// Why it is revoked.
    pub reason: RevocationReason,
    /// The request that stands in its place here, of who moved.
    pub successor: Option<String>,
}

/// A departure that was carried out.
#[derive(Debug)]
pub struct Left {
    /// Each request, by number.
    pub holders: Vec<Departed>,
    /// Numbers of requests under way that were withdrawn.
    pub withdrawn: Vec<String>,
    /// Why the certificates are revoked, each reason once.
    pub reasons: Vec<RevocationReason>,
    /// Where that reaches the world by the list; none when nobody had a certificate.
    pub crl: Option<CrlStanding>,
}

impl Departing {
    /// How many ukeys were not brought: to revoke their certificates security has to confirm (D-7).
    pub fn absent(&self) -> usize {
        self.leaving.iter().filter(|leaving| !leaving.here).count()
    }

    /// Why this certificate is revoked.
    fn reason(&self, leaving: &Leaving) -> RevocationReason {
        let missing = !leaving.here && leaving.ukey.state == UkeyState::Suspended;
        self.how.reason(missing)
    }

    /// What becomes of each request when it is carried out, by number.
    pub fn outlook(&self) -> Vec<Departed> {
        let leaving = self.leaving.iter().map(|leaving| Departed {
            number: leaving.request.number.clone(),
            ukey: leaving.ukey.identity.serial.clone(),
            ukey_state: if leaving.here {
                UkeyState::Returned
            } else {
                leaving.ukey.state
            },
            certificate: leaving.certificate.serial.clone(),
            reason: self.reason(leaving),
            successor: None,
        });
        leaving.collect()
    }

    /// Numbers of the requests under way that are withdrawn with it.
    pub fn withdrawn(&self) -> Vec<String> {
        let open = self.open.iter();
        open.map(|row| row.number.clone()).collect()
    }

    /// How many requests end with it.
    pub const fn len(&self) -> usize {
        self.leaving.len()
    }

    /// Whether nobody has a certificate.
    pub const fn is_empty(&self) -> bool {
        self.leaving.is_empty()
    }

    /// Demands security's word where a ukey was not brought: who takes it back has seen it, and nobody
    /// revokes alone what only security may (D-7).
    fn demand_confirmed(&self, second: Option<&SecondOfficer>) -> Result<(), Error> {
        let confirmed = second.map(|second| match second.officer() {
            Some(officer) => officer.demand(Duty::Revoke),
            None => Ok(()), // A waiver.
        });
        match confirmed {
            Some(confirmed) => confirmed,
            None if self.absent() == 0 => Ok(()),
            None => Err(Error::refused("second-officer-required", "")),
        }
    }
}

/// Looks at whose departure it is, and demands that nothing stands in its way.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `request-unknown`, `request-ambiguous`; `holder-ended`,
/// `holder-run-open` or `holder-no-certificate` of one, `holders-invalid` with every fault of several;
/// what the readers say where ukeys are looked for.
pub fn look(
    desk: &Desk,
    officer: &ActingOfficer,
    (who, how, why): (Who<'_>, Departure, &str),
    ukeys: Ukeys,
) -> Result<Departing, Error> {
    officer.demand(Duty::ManageStock)?;
    officer.demand(Duty::EnterRequest)?;
    let reason = people::reason_text(why)?;
    let rows = match who {
        Who::Named(texts) => texts
            .iter()
            .map(|text| find(desk, officer, text))
            .collect::<Result<Vec<_>, _>>()?,
        Who::AllOf(unit) => desk.store().read().requests_with_certificate(unit.id)?,
    };
    let brought = match ukeys {
        Ukeys::Here => None,
        Ukeys::PluggedIn => {
            let plugged_in = stock::plugged_in(desk, officer)?.into_iter();
            let serials = plugged_in.map(|view| view.row.identity.serial);
            Some(serials.collect::<BTreeSet<Serial>>())
        }
    };
    let store = desk.store();
    let reading = store.read();
    let mut looked = Looked {
        reading: &reading,
        brought: brought.as_ref(),
        seen: BTreeSet::new(),
        faults: Vec::new(),
        leaving: Vec::new(),
        open: Vec::new(),
    };
    for row in rows {
        looked.take(row)?;
    }
    let Looked {
        faults,
        mut leaving,
        open,
        ..
    } = looked;
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    leaving.sort_by(|one, other| one.request.number.cmp(&other.request.number));
    Ok(Departing {
        how,
        reason,
        leaving,
        open,
    })
}

/// The request that a number, the beginning of an id or the end of a ukey's serial number names.
fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<RequestRow, Error> {
    let request = requests::find(desk, officer, text);
    let unknown = match request {
        Ok(view) => return Ok(view.row),
        Err(error) if error.code == "request-unknown" => error,
        Err(error) => return Err(error),
    };
    let ukeys = desk.store().read().ukeys_named(text)?;
    let mut made = ukeys.into_iter().filter_map(|ukey| ukey.request);
    match (made.next(), made.next()) {
        (Some(id), None) => Ok(desk.store().read().request(id)?),
        (Some(_), Some(_)) => Err(Error::usage("ukey-ambiguous", text)),
        (None, _) => Err(unknown),
    }
}

/// What was found so far.
struct Looked<'a> {
    reading: &'a Reading<'a>,
    /// The ukeys that were brought; all of them when it says nothing.
    brought: Option<&'a BTreeSet<Serial>>,
    seen: BTreeSet<RequestId>,
    faults: Vec<FieldFault>,
    leaving: Vec<Leaving>,
    open: Vec<RequestRow>,
}

impl Looked<'_> {
    /// Takes a request, and every other live one of its person: nothing of them stays in this unit.
    fn take(&mut self, row: RequestRow) -> Result<(), Error> {
        if !self.seen.insert(row.id) {
            return Ok(()); // Named twice, or by another one of the same person.
        }
        let (id, unit, form) = (row.id, row.unit, row.form);
        self.end(row)?;
        let Some(person) = self.reading.person_of(id)? else {
            return Ok(());
        };
        for other in self.reading.live_requests(unit, &person, form)? {
            if !self.seen.insert(other.id) {
                continue;
            }
            if other.state.may_become(RequestState::Withdrawn) {
                self.open.push(other);
            } else {
                self.end(other)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, request: RequestRow) -> Result<(), Error> {
        let certificate = self.reading.live_certificates(request.id)?.pop();
        let problem = obstacle(request.state, certificate.is_some());
        let (None, Some(certificate)) = (problem, certificate) else {
            let problem = problem.unwrap_or(FieldProblem::HolderNoCertificate);
            self.faults.push(fault(&request, problem));
            return Ok(());
        };
        let damaged = || Error::failed("store-damaged", certificate.ukey.as_str());
        let ukey = self.reading.ukey(&certificate.ukey)?;
        let ukey = ukey.ok_or_else(damaged)?;
        let brought = self.brought;
        let here = brought.is_none_or(|serials| serials.contains(&ukey.identity.serial));
        self.leaving.push(Leaving {
            request,
            certificate,
            here: here && ukey.state.may_become(UkeyState::Returned),
            ukey,
        });
        Ok(())
    }
}

fn fault(request: &RequestRow, problem: FieldProblem) -> FieldFault {
    FieldFault {
        field: "holder",
        rule: "D-45",
        value: Some(format!("{} ({})", request.number, request.state.word())),
        problem,
    }
}

/// One fault by its own word, several together.
fn refused(faults: Vec<FieldFault>) -> Error {
    if let [only] = faults.as_slice() {
        let code = match only.problem {
            FieldProblem::HolderEnded => "holder-ended",
            FieldProblem::HolderRunOpen => "holder-run-open",
            FieldProblem::HolderSameUnit => "holder-same-unit",
            _ => "holder-no-certificate",
        };
        return Error::refused(code, only.value.clone().unwrap_or_default());
    }
    let mut error = Error::refused("holders-invalid", faults.len().to_string());
    error.faults = faults;
    error
}

/// Lets holders leave: their certificates are revoked, the ukeys that were brought are taken back, their
/// requests are closed and what was under way is withdrawn; all of it or nothing.
///
/// # Errors
/// `wrong-duty`, `second-officer-required` where a ukey was not brought, `changed-meanwhile`.
pub fn leave(
    desk: &Desk,
    officer: &ActingOfficer,
    departing: &Departing,
    second: Option<&SecondOfficer>,
) -> Result<Left, Error> {
    departing.demand_confirmed(second)?;
    let end = End::new((desk, officer), departing, second);
    desk.store().act_on_many(|writing, acts| {
        end.carry_out(writing, acts, |_acts, _leaving| Ok(Successor::default()))
    })?;
    Ok(end.told(Vec::new()))
}

/// Closes a unit and lets its holders leave, in one transaction.
///
/// # Errors
/// As [`leave`] and [`units::close`].
pub fn close_unit(
    desk: &Desk,
    officer: &ActingOfficer,
    (unit, departing): (&Unit, &Departing),
    second: Option<&SecondOfficer>,
) -> Result<(Unit, Left), Error> {
    departing.demand_confirmed(second)?;
    let closed = units::to_close(officer, unit)?;
    let end = End::new((desk, officer), departing, second);
    if closed == *unit && departing.is_empty() {
        return Ok((closed, end.told(Vec::new())));
    }
    desk.store().act_on_many(|writing, acts| {
        end.carry_out(writing, acts, |_acts, _leaving| Ok(Successor::default()))?;
        units::put_closed(writing, &closed)?;
        Ok::<_, Error>(acts.add(&units::closing(officer, &closed))?)
    })?;
    Ok((closed, end.told(Vec::new())))
}

/// What comes in the place of a request that ends.
#[derive(Clone, Default)]
struct Successor {
    to_code: Option<String>,
    parcel: Option<String>,
    request: Option<RequestId>,
    number: Option<String>,
}

/// A departure that is carried out.
struct End<'a> {
    desk: &'a Desk,
    officer: &'a ActingOfficer,
    second: Option<&'a SecondOfficer>,
    departing: &'a Departing,
    now: Timestamp,
    /// How the ukeys that were brought come back.
    movement: MovementRow,
}

impl<'a> End<'a> {
    fn new(
        (desk, officer): (&'a Desk, &'a ActingOfficer),
        departing: &'a Departing,
        second: Option<&'a SecondOfficer>,
    ) -> Self {
        let now = clock::now();
        let because = (second, Some(departing.reason.clone()), None);
        Self {
            desk,
            officer,
            second: second.filter(|_second| departing.absent() > 0),
            departing,
            now,
            movement: stock::movement(MovementKind::Return, officer, now, because),
        }
    }

    /// Ends every request, each with its row in the log; `follow` says what comes in its place.
    fn carry_out(
        &self,
        writing: &Writing<'_>,
        acts: &mut Acts<'_>,
        mut follow: impl FnMut(&mut Acts<'_>, &Leaving) -> Result<Successor, Error>,
    ) -> Result<Vec<Option<String>>, Error> {
        for row in &self.departing.open {
            writing.move_request(row.id, row.state, RequestState::Withdrawn)?;
            let mut audit = Desk::audit_row(self.officer, "request-withdrawn");
            audit.request = Some(row.id.to_string());
            audit.detail = Some(self.departing.how.act().to_owned());
            acts.add(&audit)?;
        }
        let leaving = &self.departing.leaving;
        if leaving.iter().any(|leaving| leaving.here) {
            writing.insert_movement(&self.movement)?;
        }
        let mut numbers = Vec::with_capacity(leaving.len());
        for leaving in leaving {
            self.end(writing, leaving)?;
            let successor = follow(acts, leaving)?;
            writing.insert_departure(&self.row(leaving, &successor))?;
            acts.add(&self.audit(leaving, &successor))?;
            numbers.push(successor.number);
        }
        Ok(numbers)
    }

    fn end(&self, writing: &Writing<'_>, leaving: &Leaving) -> Result<(), Error> {
        let (request, serial) = (&leaving.request, &leaving.ukey.identity.serial);
        let reason = self.departing.reason(leaving);
        writing.revoke_for_good(&leaving.certificate.serial, reason, self.now)?;
        close_request(writing, request.id)?;
        let ending = if leaving.here {
            let states = (leaving.ukey.state, UkeyState::Returned);
            let by = (self.now, self.movement.id.as_str());
            writing.move_with_request(serial, states, Some(request.id), by)?;
            LossEnding::Returned
        } else {
            LossEnding::Revoked
        };
        let by = (self.officer.name().as_str(), self.now);
        Ok(writing.end_suspension(serial, by, ending)?)
    }

    fn row(&self, leaving: &Leaving, successor: &Successor) -> DepartureRow {
        let second = self.second.filter(|_second| !leaving.here);
        DepartureRow {
            request: leaving.request.id,
            ukey: leaving.ukey.identity.serial.clone(),
            at: self.now,
            officer: self.officer.name().to_string(),
            confirmed_by: second.map(|second| match second.officer() {
                Some(officer) => officer.name().to_string(),
                None => second.told(),
            }),
            reason: self.departing.reason.clone(),
            to_code: successor.to_code.clone(),
            parcel: successor.parcel.clone(),
            successor: successor.request,
        }
    }

    fn audit(&self, leaving: &Leaving, successor: &Successor) -> crate::domain::audit::AuditRow {
        let mut audit = Desk::audit_row(self.officer, self.departing.how.act());
        audit.request = Some(leaving.request.id.to_string());
        audit.ukey = Some(leaving.ukey.identity.serial.to_string());
        audit.certificate = Some(leaving.certificate.serial.to_string());
        let mut detail = self.departing.reason(leaving).word().to_owned();
        let to = successor.to_code.as_ref().map(|code| format!("to {code}"));
        let file = successor.parcel.as_ref().map(|id| format!("file {id}"));
        let successor = successor.request.map(|id| format!("request {id}"));
        let ukey = match self.second.filter(|_second| !leaving.here) {
            None => Some(self.movement.id.clone()),
            Some(second) => Some(format!("ukey not brought, {}", second.told())),
        };
        for part in [to, file, successor, ukey].into_iter().flatten() {
            detail.push_str("; ");
            detail.push_str(&part);
        }
        audit.detail = Some(detail);
        audit
    }

    /// What was done; the successors' numbers in the order of the requests, if there are any.
    fn told(&self, successors: Vec<Option<String>>) -> Left {
        let departing = self.departing;
        let mut successors = successors.into_iter();
        let mut holders = departing.outlook();
        for row in &mut holders {
            row.successor = successors.next().flatten();
        }
        let mut reasons = Vec::new();
        if holders.is_empty() {
            reasons.push(departing.how.reason(false));
        }
        for row in &holders {
            if !reasons.contains(&row.reason) {
                reasons.push(row.reason);
            }
        }
        Left {
            holders,
            withdrawn: departing.withdrawn(),
            reasons,
            crl: (!departing.is_empty()).then(|| ca::publish_as(self.desk, self.officer)),
        }
    }
}

/// Ukeys whose holders left and that were not brought back yet, the oldest departure first.
///
/// # Errors
/// What the store says.
pub fn due(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<DueRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().ukeys_due()?)
}

/// Where a request's person came from and went to.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// The record that another desk handed over for it.
    pub from: Option<HandoverRow>,
    /// The departure that ended it, and the number of the request in its place here.
    pub left: Option<(DepartureRow, Option<String>)>,
}

/// Where the person of a request came from and went to.
///
/// # Errors
/// What the store says.
pub fn ways(desk: &Desk, officer: &ActingOfficer, request: RequestId) -> Result<Ways, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let left = match reading.departure(request)? {
        Some(row) => {
            let successor = row.successor.map(|id| reading.request(id)).transpose()?;
            Some((row, successor.map(|row| row.number)))
        }
        None => None,
    };
    Ok(Ways {
        from: reading.handover_of(request)?,
        left,
    })
}

/// Into what a unit was merged.
///
/// # Errors
/// What the store says.
pub fn merger(
    desk: &Desk,
    officer: &ActingOfficer,
    unit: &Unit,
) -> Result<Option<MergerRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().merger_of(unit.id)?)
}
