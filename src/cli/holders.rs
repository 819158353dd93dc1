//! `holder …`, and units that are closed or merged with their holders.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Departure as Terms, Holder, OtherDesk, Who as WhoArguments};
use super::commands::Cli;
use super::units::unit_value;
use crate::domain::departure::Departure;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::UkeyState;
use crate::station::desk::Access;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::holders::{
    self, Arrival, Arrived, Departing, Left, Transferred, Ukeys, Who,
};
use crate::station::jobs::units;
use crate::station::{ActingOfficer, Desk, Error, SecondOfficer};

impl Cli<'_> {
    pub(super) fn holder(&self, command: &Holder) -> Result<u8, Error> {
        match command {
            Holder::Leave { who, closed, terms } => {
                let how = if *closed {
                    Departure::UnitClosed
                } else {
                    Departure::Left
                };
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let departing = departing((&desk, &officer), who, (how, terms))?;
                let second = self.confirmed((&desk, &officer), &departing)?;
                let left = holders::leave(&desk, &officer, &departing, second.as_ref())?;
                Ok(self.left(&left, []))
            }
            Holder::Transfer {
                who,
                to,
                terms,
                desk: other,
            } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let certificate = other.unit_certificate.as_deref();
                let to = holders::next_unit(&desk, &officer, to, certificate)?;
                let how = Departure::Moved;
                let departing = departing((&desk, &officer), who, (how, terms))?;
                let second = self.confirmed((&desk, &officer), &departing)?;
                let (moving, out) = ((&departing, &to), other.out.as_deref());
                let moved = holders::transfer(&desk, &officer, moving, second.as_ref(), out)?;
                Ok(self.moved(&moved, (&to.name, &to.code), Value::Null))
            }
            Holder::Receive { file, unit } => self.receive_holders(file, unit.as_deref()),
            Holder::Due => {
                let (desk, officer) = self.read()?;
                let due = holders::due(&desk, &officer)?;
                let items = due.iter().map(|row| {
                    json!({
                        "serial": row.serial,
                        "state": row.state.word(),
                        "request": row.request,
                        "holder_name": row.holder,
                        "unit": row.unit,
                        "since": row.since.to_string(),
                    })
                });
                let columns = [
                    ("col-serial", "serial"),
                    ("col-state", "state"),
                    ("col-request", "request"),
                    ("col-holder", "holder_name"),
                    ("col-unit", "unit"),
                    ("col-since", "since"),
                ];
                self.output.list(&items.collect::<Vec<_>>(), &columns);
                Ok(0)
            }
        }
    }

    /// `unit close`, with its holders where a reason is given.
    pub(super) fn unit_close(
        &self,
        unit: &str,
        reason: Option<&str>,
        with_ukeys: bool,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let unit = units::find(&desk, &officer, unit)?;
        let Some(reason) = reason else {
            let unit = units::close(&desk, &officer, &unit)?;
            return Ok(self.done(&unit_value(&unit)));
        };
        let whose = (Who::AllOf(&unit), Departure::UnitClosed, reason);
        let departing = holders::look(&desk, &officer, whose, ukeys(with_ukeys))?;
        let second = self.confirmed((&desk, &officer), &departing)?;
        let closing = (&unit, &departing);
        let (unit, left) = holders::close_unit(&desk, &officer, closing, second.as_ref())?;
        Ok(self.left(&left, [("unit", unit_value(&unit))]))
    }

    pub(super) fn unit_merge(
        &self,
        (unit, into): (&str, &str),
        terms: &Terms,
        other: &OtherDesk,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let unit = units::find(&desk, &officer, unit)?;
        let certificate = other.unit_certificate.as_deref();
        let to = holders::next_unit(&desk, &officer, into, certificate)?;
        let whose = (Who::AllOf(&unit), Departure::Moved, terms.reason.as_str());
        let departing = holders::look(&desk, &officer, whose, ukeys(terms.with_ukeys))?;
        let second = self.confirmed((&desk, &officer), &departing)?;
        let (merging, out) = ((&unit, &departing, &to), other.out.as_deref());
        let merged = holders::merge(&desk, &officer, merging, second.as_ref(), out)?;
        let unit = unit_value(&merged.unit);
        Ok(self.moved(&merged.transferred, (&to.name, &to.code), unit))
    }

    /// Security beside the first officer, where a ukey was not brought.
    fn confirmed(
        &self,
        at: (&Desk, &ActingOfficer),
        departing: &Departing,
    ) -> Result<Option<SecondOfficer>, Error> {
        let absent = departing.absent();
        if absent == 0 {
            return Ok(None);
        }
        let second = self.second(at, TwoOfficerAct::Departure);
        if second.is_err() {
            let args = [("count", absent.to_string())];
            self.output
                .say(&self.output.wording().with("holders-absent", args));
        }
        second.map(Some)
    }

    fn left<const N: usize>(&self, left: &Left, more: [(&'static str, Value); N]) -> u8 {
        let returned = left.holders.iter();
        let returned = returned.filter(|row| row.ukey_state == UkeyState::Returned);
        let (returned, all) = (returned.count(), left.holders.len());
        let words = self.output.wording();
        let meanings = left.reasons.iter();
        let meanings = meanings.map(|reason| words.text(&format!("reason-{}", reason.word())));
        let meaning = meanings.collect::<Vec<_>>().join(" / ");
        let reason = match left.reasons.as_slice() {
            [only] => Some(only.word()),
            _ => None, // Each holder's own says it.
        };
        let facts = [
            ("count", json!(all)),
            ("returned", json!(returned)),
            ("due", json!(all - returned)),
            ("withdrawn", json!(left.withdrawn)),
            ("reason", json!(reason)),
            ("meaning", json!(meaning)),
            ("crl", json!(left.crl.as_ref().map(CrlStanding::word))),
            (
                "holders",
                json!(left.holders.iter().map(departed).collect::<Vec<_>>()),
            ),
        ];
        let facts = facts.into_iter().chain(more);
        let document = facts.map(|(key, value)| (key.to_owned(), value)).collect();
        let args = [
            ("count", all.to_string()),
            ("returned", returned.to_string()),
            ("due", (all - returned).to_string()),
            ("meaning", meaning),
        ];
        let sentence = words.with("holders-left", args);
        self.output.document(&Value::Object(document), &sentence);
        self.say_crl(left.crl.as_ref());
        0
    }

    fn moved(&self, moved: &Transferred, (name, code): (&str, &str), unit: Value) -> u8 {
        let more = [
            ("to", json!(name)),
            ("to_code", json!(code)),
            ("file", json!(moved.file)),
            ("unit", unit),
        ];
        let code = self.left(&moved.left, more);
        if let Some(file) = &moved.file {
            let args = [
                ("path", file.display().to_string()),
                ("unit", name.to_owned()),
            ];
            self.output
                .say(&self.output.wording().with("holders-file", args));
        }
        code
    }

    fn receive_holders(&self, file: &Path, unit: Option<&str>) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::EnterRequest)?;
        let unit = unit.map(|text| units::find(&desk, &officer, text));
        let unit = unit.transpose()?;
        let received = holders::receive(&desk, &officer, file, unit.as_ref())?;
        let items: Vec<Value> = received
            .holders
            .iter()
            .map(|row| self.arrived(row))
            .collect();
        let refused = received.holders.iter().any(|row| row.arrival.is_err());
        let mut document = json!({
            "replayed": received.replayed,
            "from": received.from,
            "from_code": received.from_code,
            "certified_by": received.certified_by,
            "signer": received.signer,
            "holders": items,
        });
        self.warn_of_ended_lists(&desk, &officer, &mut document)?;
        let words = self.output.wording();
        if received.replayed {
            let text = words.text("parcel-replayed");
            self.output.document(&document, &text);
            return Ok(0);
        }
        let args = [
            ("count", received.holders.len().to_string()),
            ("unit", received.from),
            ("by", received.certified_by),
        ];
        let sentence = words.with("holders-received", args);
        self.output.document(&document, &sentence);
        if !self.output.is_json() {
            let columns = [
                ("col-number", "number"),
                ("col-outcome", "outcome"),
                ("col-old-number", "old_number"),
                ("col-unit", "old_unit"),
            ];
            self.output.table(&items, &columns);
        }
        Ok(if refused { 4 } else { 0 })
    }

    fn arrived(&self, row: &Arrived) -> Value {
        let (number, outcome, error) = match &row.arrival {
            Ok(Arrival::Entered(number)) => (Some(number), "entered", Value::Null),
            Ok(Arrival::There(number)) => (Some(number), "there", Value::Null),
            Err(error) => (None, "refused", self.output.error_of(error)),
        };
        json!({
            "number": number,
            "outcome": outcome,
            "old_number": row.old_number,
            "old_unit": row.old_unit,
            "error": error,
        })
    }
}

fn departing(
    (desk, officer): (&Desk, &ActingOfficer),
    who: &WhoArguments,
    (how, terms): (Departure, &Terms),
) -> Result<Departing, Error> {
    let unit = who.all_of.as_ref();
    let unit = unit.map(|text| units::find(desk, officer, text));
    let unit = unit.transpose()?;
    let who = unit.as_ref().map_or(Who::Named(&who.ids), Who::AllOf);
    let whose = (who, how, terms.reason.as_str());
    holders::look(desk, officer, whose, ukeys(terms.with_ukeys))
}

const fn ukeys(with_ukeys: bool) -> Ukeys {
    if with_ukeys {
        Ukeys::Here
    } else {
        Ukeys::PluggedIn
    }
}

fn departed(row: &holders::Departed) -> Value {
    json!({
        "number": row.number,
        "ukey": row.ukey,
        "ukey_state": row.ukey_state.word(),
        "certificate": row.certificate.to_string(),
        "reason": row.reason.word(),
        "successor": row.successor,
    })
}
