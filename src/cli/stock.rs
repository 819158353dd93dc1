//! `stock …`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Discrepancy, Dispatch, Receive, SendBack, SignFor, Stock};
use super::commands::Cli;
use super::objects::Names;
use super::sheets::{bad_rows, exit_code};
use crate::domain::audit;
use crate::domain::officer::Duty;
use crate::domain::stock::{DispatchItem, ItemOutcome, Resolution};
use crate::domain::timestamp::Timestamp;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::{Access, Desk};
use crate::station::files::read_sheet;
use crate::station::jobs::stock::{self, Counted, Delivery, Dispatched, Selection, SignedFor};
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{dispatch_paper, intake, requests, ukeys};
use crate::station::{ActingOfficer, DiscrepancyRow, Error, NoteRow, StockLine, UkeyRow};
use crate::wording::ukey_state_key;

impl Cli<'_> {
    pub(super) fn stock(&self, command: &Stock) -> Result<u8, Error> {
        match command {
            Stock::Receive(receive) => self.stock_receive(receive),
            Stock::Template { file } => {
                let (_desk, officer) = self.read()?;
                stock::template(&officer, file)?;
                Ok(self.written(std::slice::from_ref(file)))
            }
            Stock::Intake { serial, reason } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::Intake)?;
                let row = intake::intake(&desk, &officer, &second, (serial, reason))?;
                self.ukey_done((&desk, &officer), row, true)
            }
            Stock::Dispatch(dispatch) => self.stock_dispatch(dispatch),
            Stock::SendBack(send_back) => self.stock_send_back(send_back),
            Stock::SignFor(sign_for) => self.stock_sign_for(sign_for),
            Stock::ReceiveSignFor { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let signed = stock::receive_sign_for(&desk, &officer, file)?;
                self.signed_for((&desk, &officer), &signed)
            }
            Stock::Notes { received } => {
                let (desk, officer) = self.read()?;
                let notes = stock::notes(&desk, &officer, !received)?;
                self.notes((&desk, &officer), &notes)
            }
            Stock::Note { number, pdf } => self.stock_note(number, pdf.as_deref()),
            Stock::InTransit => {
                let (desk, officer) = self.read()?;
                let notes = stock::in_transit(&desk, &officer)?;
                self.notes((&desk, &officer), &notes)
            }
            Stock::Check { command } => self.stock_check(command.as_ref()),
            Stock::Discrepancy(command) => self.discrepancy(command),
            Stock::Allocate { serial, request } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = ukeys::named(&desk, &officer, serial)?;
                let request = requests::find(&desk, &officer, request)?.row;
                let row = stock::allocate(&desk, &officer, (&row, &request))?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Stock::Release { serial } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = ukeys::named(&desk, &officer, serial)?;
                let row = stock::release(&desk, &officer, &row)?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Stock::Correct { serial, to, reason } => {
                let to = UkeyState::from_word(to).ok_or_else(|| Error::usage("not-a-state", to))?;
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = whole((&desk, &officer), serial)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::Correction)?;
                let row = stock::correct(&desk, &officer, &second, (&row, to, reason))?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Stock::Level { model, level } => self.stock_level(model.as_deref().zip(*level)),
            Stock::Forecast { months } => self.stock_forecast(*months),
            Stock::Deadlines { list } => self.stock_deadlines(*list),
            Stock::Tally(arguments) => self.stock_tally(arguments),
            Stock::Report { day } => self.stock_report(day.as_deref()),
        }
    }

    fn stock_receive(&self, receive: &Receive) -> Result<u8, Error> {
        let sheet = receive.file.as_deref().map(read_sheet).transpose()?;
        let one = receive
            .serial
            .iter()
            .map(|serial| Ok((serial.clone(), None)));
        let ranges = receive.range.iter().map(|text| {
            let ends = text.split_once("..");
            let (first, last) = ends.ok_or_else(|| Error::usage("range-not-given", text))?;
            Ok((first.trim().to_owned(), Some(last.trim().to_owned())))
        });
        let delivery = Delivery {
            sheet,
            typed: one.chain(ranges).collect::<Result<_, Error>>()?,
            model: receive.model.clone(),
            box_of: receive.box_of.clone(),
            count: receive.count,
            reason: receive.reason.clone(),
        };
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let second = if stock::comes_from_supplier(&desk)? {
            None
        } else {
            Some(self.second((&desk, &officer), TwoOfficerAct::Intake)?)
        };
        let all_or_nothing = receive.all_or_nothing;
        let how = (&delivery, bad_rows(all_or_nothing));
        let report = stock::receive(&desk, &officer, second.as_ref(), how)?;
        let faults = self.row_faults(&report.faults);
        let counts = [
            ("received", report.received.to_string()),
            ("refused", report.refused.to_string()),
        ];
        let sentence = self.output.wording().with("stock-received", counts);
        let document = json!({
            "received": report.received,
            "refused": report.refused,
            "faults": faults,
            "movement": report.movement,
        });
        self.output.document(&document, &sentence);
        Ok(exit_code(report.refused, report.received, all_or_nothing))
    }

    fn stock_dispatch(&self, dispatch: &Dispatch) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let selection = Selection {
            serials: ukeys::named_all(&desk, &officer, &dispatch.serials)?,
            boxes: dispatch.boxes.clone(),
            count: dispatch.count,
            model: dispatch.model.clone(),
        };
        let out = dispatch.out.as_deref();
        let sent = stock::dispatch(&desk, &officer, (dispatch.unit.as_str(), &selection), out)?;
        self.dispatched((&desk, &officer), &sent, dispatch.pdf.as_deref())
    }

    fn stock_send_back(&self, back: &SendBack) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let serials = ukeys::named_all(&desk, &officer, &back.serials)?;
        let what = (serials.as_slice(), back.reason.as_str());
        let sent = stock::send_back(&desk, &officer, what, back.out.as_deref())?;
        self.dispatched((&desk, &officer), &sent, back.pdf.as_deref())
    }

    fn dispatched(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        sent: &Dispatched,
        pdf: Option<&Path>,
    ) -> Result<u8, Error> {
        if let Some(path) = pdf {
            dispatch_paper::write(desk, officer, &sent.note.id, path)?;
        }
        let mut document = note(desk, officer, &sent.note)?;
        let items: Vec<Value> = sent.items.iter().map(|item| line(item, None)).collect();
        if let Some(object) = document.as_object_mut() {
            object.insert("file".to_owned(), json!(sent.sent.file));
            object.insert("pdf".to_owned(), json!(pdf));
            object.insert("items".to_owned(), json!(items));
        }
        let words = self.output.wording();
        let args = [
            ("number", sent.note.number.clone()),
            ("count", sent.items.len().to_string()),
            ("path", sent.sent.file.display().to_string()),
        ];
        self.output
            .document(&document, &words.with("stock-dispatched", args));
        Ok(0)
    }

    fn stock_sign_for(&self, sign_for: &SignFor) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let counted = Counted {
            missing: sign_for.missing.clone(),
            extra: sign_for.extra.clone(),
            late: sign_for.late.clone(),
        };
        let out = sign_for.out.as_deref();
        let signed = stock::sign_for(&desk, &officer, (&sign_for.file, &counted), out)?;
        self.signed_for((&desk, &officer), &signed)
    }

    fn signed_for(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        signed: &SignedFor,
    ) -> Result<u8, Error> {
        let of = |outcome| {
            let items = signed
                .items
                .iter()
                .filter(move |(_, other)| *other == outcome);
            let serials = items.map(|(serial, _)| serial.as_str());
            serials.collect::<Vec<_>>()
        };
        let received = of(ItemOutcome::Received);
        let (missing, refused) = (of(ItemOutcome::Missing), of(ItemOutcome::Refused));
        let extra: Vec<_> = signed.extra.iter().map(Serial::as_str).collect();
        let mut document = json!({
            "replayed": signed.replayed,
            "note": note(desk, officer, &signed.note)?,
            "received": received.len(),
            "missing": missing,
            "refused": refused,
            "extra": extra,
            "file": signed.sent.as_ref().map(|sent| &sent.file),
        });
        self.warn_of_ended_lists(desk, officer, &mut document)?;
        let words = self.output.wording();
        let differs = missing.len() + refused.len() + extra.len();
        let mut sentences = vec![if signed.replayed {
            words.text("parcel-replayed")
        } else {
            let args = [
                ("number", signed.note.number.clone()),
                ("count", received.len().to_string()),
            ];
            words.with("stock-signed-for", args)
        }];
        if differs > 0 {
            sentences.push(words.with("stock-differs", [("count", differs.to_string())]));
        }
        if let Some(sent) = &signed.sent {
            let path = sent.file.display().to_string();
            sentences.push(words.with("written", [("path", path)]));
        }
        self.output.document(&document, &sentences.join("\n"));
        Ok(0)
    }

    fn notes(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        notes: &[NoteRow],
    ) -> Result<u8, Error> {
        let notes = notes.iter().map(|row| note(desk, officer, row));
        let items: Vec<Value> = notes.collect::<Result<_, _>>()?;
        let columns = [
            ("col-number", "number"),
            ("col-unit", "unit"),
            ("col-count", "count"),
            ("col-in-transit", "in_transit"),
            ("col-age-days", "age_days"),
            ("col-at", "at"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn stock_note(&self, number: &str, pdf: Option<&Path>) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let (row, lines) = stock::note(&desk, &officer, number)?;
        if let Some(path) = pdf {
            dispatch_paper::write(&desk, &officer, &row.id, path)?;
            return Ok(self.written(&[PathBuf::from(path)]));
        }
        let mut document = note(&desk, &officer, &row)?;
        let items = lines.iter().map(|(item, outcome)| line(item, *outcome));
        let items: Vec<Value> = items.collect();
        let columns = [
            ("col-serial", "serial"),
            ("col-model", "model"),
            ("col-box", "box"),
            ("col-outcome", "outcome"),
        ];
        if self.output.is_json() {
            if let Some(object) = document.as_object_mut() {
                object.insert("items".to_owned(), json!(items));
            }
            self.output.document(&document, "");
        } else {
            self.show(&document);
            self.output.table(&items, &columns);
        }
        Ok(0)
    }

    fn discrepancy(&self, command: &Discrepancy) -> Result<u8, Error> {
        match command {
            Discrepancy::List { all } => {
                let (desk, officer) = self.read()?;
                let rows = stock::discrepancies(&desk, &officer, !all)?;
                let items: Vec<Value> = rows.iter().map(discrepancy).collect();
                let columns = [
                    ("col-number", "number"),
                    ("col-kind", "kind"),
                    ("col-serial", "serial"),
                    ("col-found-at", "found_at"),
                    ("col-proposal", "resolution"),
                    ("col-accepted-by", "accepted_by"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Discrepancy::Explain {
                number,
                resolution,
                reason,
            } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let said = (number.as_str(), (*resolution).into(), reason.as_str());
                let row = stock::explain(&desk, &officer, said)?;
                Ok(self.done(&discrepancy(&row)))
            }
            Discrepancy::Accept { number } => {
                let row = self.accept(number)?;
                Ok(self.done(&discrepancy(&row)))
            }
        }
    }

    /// Security accepts; or system does with security as --second, or under a waiver.
    fn accept(&self, number: &str) -> Result<DiscrepancyRow, Error> {
        if self.global.second.is_none() {
            match self.open(Access::Change, Duty::ConfirmAct) {
                Err(error) if error.code == "wrong-duty" => {}
                Err(error) => return Err(error),
                Ok((desk, officer)) => return stock::accept(&desk, &officer, (None, number)),
            }
        }
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::Discrepancy)?;
        stock::accept(&desk, &officer, (Some(&second), number))
    }

    fn stock_level(&self, set: Option<(&str, u32)>) -> Result<u8, Error> {
        if let Some((model, level)) = set {
            let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
            stock::set_level(&desk, &officer, (model, level))?;
            return Ok(self.done(&json!({ "model": model, "level": level })));
        }
        let (desk, officer) = self.read()?;
        let views = stock::level(&desk, &officer)?;
        let items: Vec<Value> = views
            .iter()
            .map(|view| {
                json!({
                    "maker": view.maker,
                    "model": view.model,
                    "level": view.level,
                    "blank": view.blank,
                    "low": view.level.is_some_and(|level| view.blank < level),
                })
            })
            .collect();
        let columns = [
            ("col-model", "model"),
            ("state-blank", "blank"),
            ("col-reorder-level", "level"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn stock_report(&self, day: Option<&str>) -> Result<u8, Error> {
        let day = day.map(|text| {
            let moment = audit::until(text).filter(|_| text.len() == 10);
            moment.ok_or_else(|| Error::usage("not-a-day", text))
        });
        let day = day.transpose()?.map(Timestamp::date);
        let (desk, officer) = self.read()?;
        let report = stock::report(&desk, &officer, day)?;
        let items: Vec<Value> = report.lines.iter().map(stock_line).collect();
        let mut columns = vec![("col-model", "model"), ("col-received", "received")];
        let states = UkeyState::ALL.map(|state| (ukey_state_key(state), state.word()));
        columns.extend(states);
        columns.extend([
            ("col-in-transit", "in_transit"),
            ("col-balanced", "balanced"),
        ]);
        self.output.list(&items, &columns);
        for (model, day, what) in &report.unproven {
            let args = [("model", model.clone()), ("day", day.clone())];
            self.output.say(
                &self
                    .output
                    .wording()
                    .with(&format!("stock-unproven-{what}"), args),
            );
        }
        let balanced = report.unproven.is_empty() && report.lines.iter().all(|line| line.balanced);
        Ok(u8::from(!balanced))
    }

    pub(super) fn ukey_done(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        row: UkeyRow,
        inserted: bool,
    ) -> Result<u8, Error> {
        let view = UkeyView { row, inserted };
        let value = Names::read(desk, officer)?.ukey(&view);
        Ok(self.done(&value))
    }
}

/// A ukey of the stock by its whole serial.
pub(super) fn whole(
    (desk, officer): (&Desk, &ActingOfficer),
    serial: &str,
) -> Result<UkeyRow, Error> {
    let row = ukeys::named(desk, officer, serial)?;
    if row.identity.serial.as_str() == serial {
        Ok(row)
    } else {
        Err(Error::usage("serial-not-whole", serial))
    }
}

/// The `note` object.
fn note(desk: &Desk, officer: &ActingOfficer, row: &NoteRow) -> Result<Value, Error> {
    let unit = stock::unit_name(desk, officer, &row.unit_code)?;
    Ok(json!({
        "id": row.id,
        "number": row.number,
        "sent": row.sent,
        "unit": unit,
        "unit_code": row.unit_code,
        "at": row.at.to_string(),
        "officer": row.officer,
        "reason": row.reason,
        "count": row.count,
        "in_transit": row.in_transit,
        "age_days": stock::age_days(row),
        "signed_for_at": row.signed_for_at.map(|at| at.to_string()),
        "signed_for_by": row.signed_for_by,
    }))
}

fn line(item: &DispatchItem, outcome: Option<ItemOutcome>) -> Value {
    json!({
        "serial": item.serial.as_str(),
        "maker": item.maker,
        "model": item.model,
        "profile": item.profile,
        "box": item.r#box,
        "state": item.state.word(),
        "outcome": outcome.map(ItemOutcome::word),
    })
}

fn discrepancy(row: &DiscrepancyRow) -> Value {
    let said = row.explained.as_ref();
    json!({
        "id": row.id,
        "number": row.number,
        "kind": row.kind.word(),
        "serial": row.serial.as_str(),
        "note": row.note,
        "check": row.check,
        "detail": row.detail,
        "found_at": row.found_at.to_string(),
        "found_by": row.found_by,
        "resolution": said.map(|said| Resolution::word(said.resolution)),
        "explanation": said.map(|said| &said.text),
        "explained_by": said.map(|said| &said.by),
        "accepted_at": row.accepted_at.map(|at| at.to_string()),
        "accepted_by": row.accepted_by,
    })
}

/// A line of the stock report: one number for each state of D-27.
fn stock_line(line: &StockLine) -> Value {
    let mut value = json!({
        "maker": line.maker,
        "model": line.model,
        "day": line.day,
        "received": line.received,
        "in_transit": line.in_transit,
        "balanced": line.balanced,
    });
    if let Some(object) = value.as_object_mut() {
        for state in UkeyState::ALL {
            object.insert(state.word().to_owned(), json!(line.count(state)));
        }
    }
    value
}
