//! `stock forecast`, `stock deadlines`, `stock tally …`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Tally, TallyArguments};
use super::commands::Cli;
use super::output::{self, Output};
use crate::domain::forecast::{Month, Need};
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::tally::{Difference, StockTally, Total};
use crate::domain::ukey::UkeyState;
use crate::domain::unit_code::UnitCode;
use crate::station::desk::Access;
use crate::station::jobs::tally::{self, Deadline, Merged, MergedUnit, Received, Sent};
use crate::station::{ActingOfficer, Desk, Error, ErrorKind, TallyScanRow};

impl Cli<'_> {
    pub(super) fn stock_forecast(&self, months: u32) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let forecast = tally::forecast(&desk, &officer, months)?;
        let lines = |unit: &str, code: Option<&str>, months: &[(Month, Need)]| {
            let line = |(month, need): &(Month, Need)| {
                json!({
                    "unit": unit,
                    "unit_code": code,
                    "month": month.to_string(),
                    "approved_waiting": need.approved_waiting,
                    "expiring": need.expiring,
                    "losses": need.losses,
                    "spare": need.spare,
                    "needed": need.needed(),
                })
            };
            months.iter().map(line).collect::<Vec<Value>>()
        };
        let of_units = forecast.units.iter();
        let items: Vec<Value> = of_units
            .flat_map(|unit| lines(&unit.unit, Some(&unit.unit_code), &unit.months))
            .collect();
        let total = lines(
            &self.output.wording().text("tally-total"),
            None,
            &forecast.total,
        );
        let models = forecast.models.iter().map(|(stock, outlook)| {
            json!({
                "maker": stock.maker,
                "model": stock.model,
                "level": stock.level,
                "blank": stock.blank,
                "coming": stock.coming,
                "below": stock.below,
                "low": outlook.low,
                "low_from": outlook.low_from.map(|month| month.to_string()),
            })
        });
        let models: Vec<Value> = models.collect();
        if self.output.is_json() {
            let terms = forecast.terms;
            Output::line(&json!({
                "items": items,
                "total": total,
                "models": models,
                "terms": {
                    "lost": terms.rate.lost,
                    "issued": terms.rate.issued,
                    "spare_percent": terms.spare_percent,
                },
            }));
            return Ok(0);
        }
        let columns = [
            ("col-unit", "unit"),
            ("col-month", "month"),
            ("col-waiting", "approved_waiting"),
            ("col-expiring", "expiring"),
            ("col-losses", "losses"),
            ("col-spare", "spare"),
            ("col-needed", "needed"),
        ];
        self.output.table(&[items, total].concat(), &columns);
        let columns = [
            ("col-model", "model"),
            ("state-blank", "blank"),
            ("col-coming", "coming"),
            ("col-below", "below"),
            ("col-reorder-level", "level"),
            ("col-low", "low"),
            ("col-low-from", "low_from"),
        ];
        self.output.table(&models, &columns);
        Ok(0)
    }

    pub(super) fn stock_deadlines(&self, list: bool) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let found = tally::deadlines(&desk, &officer)?;
        let items = found.units.iter().map(|unit| {
            json!({
                "unit": unit.name,
                "unit_code": unit.code.as_str(),
                "certified": unit.certified,
                "without": unit.without,
            })
        });
        let items: Vec<Value> = items.collect();
        let people = found.people.iter().map(|person| {
            json!({
                "request": person.number,
                "state": person.state.word(),
                "holder_name": person.name,
                "unit": person.unit,
                "unit_code": person.unit_code,
            })
        });
        let people: Vec<Value> = people.collect();
        if self.output.is_json() {
            let mut document = json!({
                "apply_by": found.apply_by.map(|one| one.day.to_string()),
                "apply_by_days": found.apply_by.map(|one| one.days),
                "mandatory_from": found.mandatory_from.map(|one| one.day.to_string()),
                "mandatory_from_days": found.mandatory_from.map(|one| one.days),
                "items": items,
            });
            if let Some(object) = document.as_object_mut().filter(|_| list) {
                object.insert("people".to_owned(), json!(people));
            }
            Output::line(&document);
            return Ok(0);
        }
        self.countdown("apply-by", found.apply_by);
        self.countdown("mandatory-from", found.mandatory_from);
        let columns = [
            ("col-unit", "unit"),
            ("col-code", "unit_code"),
            ("col-with-certificate", "certified"),
            ("col-without", "without"),
        ];
        self.output.table(&items, &columns);
        if list {
            let columns = [
                ("col-request", "request"),
                ("col-holder", "holder_name"),
                ("col-unit", "unit"),
                ("col-state", "state"),
            ];
            self.output.table(&people, &columns);
        }
        Ok(0)
    }

    fn countdown(&self, which: &str, deadline: Option<Deadline>) {
        let words = self.output.wording();
        let sentence = match deadline {
            None => words.text(&format!("deadline-{which}-unset")),
            Some(Deadline { day, days }) => {
                let passed = if days < 0 { "-passed" } else { "" };
                let args = [("day", day.to_string()), ("days", days.abs().to_string())];
                words.with(&format!("deadline-{which}{passed}"), args)
            }
        };
        self.output.say(&sentence);
    }

    pub(super) fn stock_tally(&self, arguments: &TallyArguments) -> Result<u8, Error> {
        match &arguments.command {
            None => self.tally_send(arguments),
            Some(Tally::Receive { files }) => self.tally_receive(files),
            Some(Tally::Show { xlsx }) => {
                let (desk, officer) = self.read()?;
                let merged = tally::merged(&desk, &officer)?;
                match xlsx {
                    Some(file) => {
                        tally::write_sheet(&merged, file)?;
                        Ok(self.written(std::slice::from_ref(file)))
                    }
                    None => Ok(self.tally_show(&merged)),
                }
            }
            Some(Tally::Scans) => {
                let (desk, officer) = self.read()?;
                let rows = tally::scans(&desk, &officer)?;
                let items: Vec<Value> = rows.iter().map(scan).collect();
                let columns = [
                    ("col-code", "unit_code"),
                    ("col-request", "request"),
                    ("col-kind", "kind"),
                    ("col-bytes", "bytes"),
                    ("col-sha256", "sha256"),
                    ("col-received-at", "received_at"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Some(Tally::Scan {
                sha256,
                out,
                reason,
            }) => {
                let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
                let revealed = self.reveal(&desk, &officer, ("tally scan", None), reason)?;
                tally::write_scan(&desk, &officer, (sha256, out), &revealed)?;
                Ok(self.written(std::slice::from_ref(out)))
            }
        }
    }

    fn tally_send(&self, arguments: &TallyArguments) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let xlsx = arguments.xlsx.as_deref();
        if let Some(file) = xlsx {
            tally::write_sheet(&tally::merged(&desk, &officer)?, file)?;
        }
        let out = arguments.out.as_deref();
        match tally::send(&desk, &officer, arguments.again, out) {
            Ok(sent) => Ok(self.tally_sent(&sent, xlsx)),
            // The top of the tree: the sheet is all that was wanted.
            Err(error) if error.code == "unit-is-root" && xlsx.is_some() && out.is_none() => {
                let file = xlsx.map(Path::to_owned).unwrap_or_default();
                Ok(self.written(&[file]))
            }
            Err(error) => Err(error),
        }
    }

    fn tally_sent(&self, sent: &Sent, xlsx: Option<&Path>) -> u8 {
        let document = json!({
            "file": sent.file,
            "xlsx": xlsx,
            "unit_code": sent.unit_code,
            "units": sent.units,
            "scans": sent.scans,
            "scans_left": sent.scans_left,
            "waiting": sent.waiting,
            "needed": sent.needed,
        });
        let words = self.output.wording();
        let args = [
            ("units", sent.units.to_string()),
            ("scans", sent.scans.to_string()),
            ("needed", sent.needed.to_string()),
            ("path", sent.file.display().to_string()),
        ];
        let mut sentences = vec![words.with("tally-sent", args)];
        if sent.scans_left > 0 {
            let args = [("count", sent.scans_left.to_string())];
            sentences.push(words.with("tally-scans-left", args));
        }
        if let Some(path) = xlsx {
            let path = path.display().to_string();
            sentences.push(words.with("written", [("path", path)]));
        }
        self.output.document(&document, &sentences.join("\n"));
        0
    }

    /// Takes each file: one failing never stops the others. A single one answers with its object or
    /// error, of several each answers with an event.
    fn tally_receive(&self, files: &[PathBuf]) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        if let [file] = files {
            let received = tally::receive(&desk, &officer, file)?;
            return self.tally_received((&desk, &officer), &received);
        }
        let (mut done, mut worst) = (0_usize, None);
        for file in files {
            let (event, sentence) = match tally::receive(&desk, &officer, file) {
                Ok(received) => {
                    done += 1;
                    let mut event = received_value(&received);
                    if let Some(object) = event.as_object_mut() {
                        object.insert("event".to_owned(), json!("result"));
                        object.insert("file".to_owned(), json!(file));
                        object.insert("outcome".to_owned(), json!("received"));
                    }
                    (event, self.received_sentence(&received))
                }
                Err(error) => {
                    worst = match worst {
                        Some(ErrorKind::Failed) => worst,
                        _ => Some(error.kind),
                    };
                    let event = json!({
                        "event": "result",
                        "file": file,
                        "outcome": "failed",
                        "error": self.output.error_of(&error),
                    });
                    let headline = self.output.wording().error(error.code, &error.subject).0;
                    (event, format!("{}: {headline}", file.display()))
                }
            };
            self.output.document(&event, &sentence);
        }
        let failed = files.len() - done;
        let args = [("done", done.to_string()), ("failed", failed.to_string())];
        let sentence = self.output.wording().with("bulk-summary", args);
        let summary = json!({ "event": "summary", "done": done, "failed": failed });
        self.output.document(&summary, &sentence);
        Ok(match worst {
            None => 0,
            Some(kind) if done == 0 => output::exit_code(kind),
            Some(_) => 1,
        })
    }

    fn tally_received(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        received: &Received,
    ) -> Result<u8, Error> {
        let mut document = received_value(received);
        self.warn_of_ended_lists(desk, officer, &mut document)?;
        self.output
            .document(&document, &self.received_sentence(received));
        Ok(0)
    }

    fn received_sentence(&self, received: &Received) -> String {
        let words = self.output.wording();
        if received.replayed {
            return words.text("parcel-replayed");
        }
        let args = [
            ("unit", received.unit.clone()),
            ("units", received.units.to_string()),
            ("scans", received.scans.to_string()),
        ];
        let mut sentences = vec![words.with("tally-received", args)];
        if received.differs {
            sentences.push(words.text("tally-differs"));
        }
        if received.scans_left > 0 {
            let args = [("count", received.scans_left.to_string())];
            sentences.push(words.with("tally-scans-to-come", args));
        }
        sentences.join("\n")
    }

    fn tally_show(&self, merged: &Merged) -> u8 {
        let items: Vec<Value> = merged.units.iter().map(unit).collect();
        let differs = merged
            .units
            .iter()
            .filter(|unit| unit.tally.differs)
            .count();
        if self.output.is_json() {
            Output::line(&json!({
                "items": items,
                "total": total(&merged.total, merged.spare_percent),
                "differs": differs,
            }));
            return u8::from(differs > 0);
        }
        let flat = |value: &Value| {
            let mut value = value.clone();
            let blank = value.pointer("/stock_total/blank").cloned();
            let received = value.pointer("/stock_total/received").cloned();
            if let Some(object) = value.as_object_mut() {
                object.insert("blank".to_owned(), blank.unwrap_or_default());
                object.insert("received".to_owned(), received.unwrap_or_default());
            }
            value
        };
        let mut lines: Vec<Value> = items.iter().map(flat).collect();
        lines.push(json!({
            "unit": self.output.wording().text("tally-total"),
            "certified": merged.total.certified,
            "without": merged.total.without,
            "waiting": merged.total.waiting,
            "needed": merged.total.needed,
            "blank": merged.total.blank,
        }));
        let columns = [
            ("col-unit", "unit"),
            ("col-level", "level"),
            ("col-code", "unit_code"),
            ("col-with-certificate", "certified"),
            ("col-without", "without"),
            ("col-waiting", "waiting"),
            ("col-needed", "needed"),
            ("state-blank", "blank"),
            ("col-received", "received"),
            ("col-differs", "differs"),
            ("col-at", "as_of"),
        ];
        self.output.table(&lines, &columns);
        let found = merged.units.iter().flat_map(|unit| {
            unit.differences.iter().map(|one| {
                let mut value = difference(one);
                if let Some(object) = value.as_object_mut() {
                    object.insert("unit".to_owned(), json!(unit.tally.name));
                }
                value
            })
        });
        let found: Vec<Value> = found.collect();
        if !found.is_empty() {
            let columns = [
                ("col-unit", "unit"),
                ("col-model", "model"),
                ("col-arrived-here", "superior_received"),
                ("col-arrived-there", "unit_received"),
                ("col-back-here", "superior_sent_back"),
                ("col-back-there", "unit_sent_back"),
                ("col-balanced", "balanced"),
            ];
            self.output.table(&found, &columns);
        }
        u8::from(differs > 0)
    }
}

fn received_value(received: &Received) -> Value {
    json!({
        "replayed": received.replayed,
        "unit": received.unit,
        "unit_code": received.unit_code,
        "created": received.created.to_string(),
        "units": received.units,
        "scans": received.scans,
        "scans_left": received.scans_left,
        "differs": received.differs,
    })
}

fn requests(count: impl Fn(RequestState) -> u64) -> Value {
    let states = RequestState::ALL.into_iter();
    let states = states.map(|state| (state.word().to_owned(), json!(count(state))));
    Value::Object(states.collect())
}

fn unit(unit: &MergedUnit) -> Value {
    let MergedUnit { tally, differences } = unit;
    let of = |state| tally.requests.get(&state).copied().unwrap_or_default();
    let sum = |count: &dyn Fn(&StockTally) -> u64| {
        let counts = tally.stock.iter().map(count);
        counts.fold(0, u64::saturating_add)
    };
    json!({
        "unit": tally.name,
        "unit_code": tally.code.as_str(),
        "level": tally.level.word(),
        "superior": tally.superior.as_ref().map(UnitCode::as_str),
        "as_of": tally.as_of.to_string(),
        "requests": requests(of),
        "certified": tally.certified,
        "without": tally.without,
        "waiting": tally.waiting,
        "spare_percent": tally.spare_percent,
        "needed": tally.needed,
        "stock": tally.stock.iter().map(stock).collect::<Vec<_>>(),
        "stock_total": {
            "received": sum(&|line| line.received),
            "blank": sum(&|line| line.count(UkeyState::Blank)),
        },
        "differs": tally.differs,
        "differences": differences.iter().map(difference).collect::<Vec<_>>(),
    })
}

fn stock(line: &StockTally) -> Value {
    let mut value = json!({
        "maker": line.maker,
        "model": line.model,
        "received": line.received,
        "from_superior": line.from_superior,
        "sent_back": line.sent_back,
        "in_transit": line.in_transit,
        "balanced": line.is_balanced(),
    });
    if let Some(object) = value.as_object_mut() {
        for state in UkeyState::ALL {
            object.insert(state.word().to_owned(), json!(line.count(state)));
        }
    }
    value
}

fn difference(one: &Difference) -> Value {
    json!({
        "maker": one.maker,
        "model": one.model,
        "superior_received": one.superior.0,
        "unit_received": one.subordinate.0,
        "superior_sent_back": one.superior.1,
        "unit_sent_back": one.subordinate.1,
        "balanced": one.balanced,
    })
}

fn total(total: &Total, spare_percent: u64) -> Value {
    let of = |state| total.requests.get(&state).copied().unwrap_or_default();
    json!({
        "requests": requests(of),
        "certified": total.certified,
        "without": total.without,
        "waiting": total.waiting,
        "spare_percent": spare_percent,
        "needed": total.needed,
        "blank": total.blank,
    })
}

fn scan(row: &TallyScanRow) -> Value {
    json!({
        "request_id": row.request.to_string(),
        "request": row.number,
        "revision": row.revision,
        "unit_code": row.unit_code.as_str(),
        "from": row.from_code,
        "kind": row.kind.word(),
        "bytes": row.bytes,
        "sha256": hex::encode(row.sha256),
        "received_at": row.received_at.map(|at| at.to_string()),
        "kept": row.kept,
    })
}
