//! Applications of a whole sheet, entered in one transaction: all of them, or the good ones (D-11,
//! D-20). Rows are judged side by side while one thread writes; each application is one act in the
//! audit log, and so is the file (D-49).

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};
use time::Date;

use super::people::PersonKey;
use super::requests;
use super::units::BadRows;
use crate::documents::sheet::CellFault;
use crate::documents::sheet::requests::{self as form2, Columns, RequestSheet, SheetDraft};
use crate::domain::audit::AuditRow;
use crate::domain::id::RequestId;
use crate::domain::name_index;
use crate::domain::officer::Duty;
use crate::domain::request::{FieldFault, FieldWarning, Known, Normalised, RequestForm, UnitFound};
use crate::domain::timestamp::Timestamp;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{Acts, NewRequest, StoreError, Terms, Writing};

/// Rows that a thread judges before it gives them on.
const PART: usize = 256;
/// Parts that wait to be written, at most, of each thread.
const WAITING: usize = 4;
/// More threads than this would wait for the one that writes.
const MOST_LANES: usize = 4;

/// Where a value stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// As table programs count: the headings of a template are row 1.
    pub row: u32,
    /// The heading as the form has it; empty for the row as a whole.
    pub column: &'static str,
    /// As table programs name it, e.g. `C5`; empty for the row as a whole.
    pub cell: String,
    /// Key of the field; empty for the row as a whole.
    pub field: &'static str,
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Where.
    pub place: Place,
    /// What stands there, masked where it is personal.
    pub value: Option<String>,
    /// The rule, e.g. `D-14`, or the word of what a sheet may not hold.
    pub rule: &'static str,
    /// Key of the wording, after `fault-`.
    pub word: &'static str,
    /// The number of the request that stands against it.
    pub number: Option<String>,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows that are new requests now.
    pub imported: usize,
    /// Rows that were there with the same values.
    pub unchanged: usize,
    /// Rows with faults.
    pub refused: usize,
    /// Every fault, row by row.
    pub faults: Vec<RowFault>,
    /// Values of new requests that are kept otherwise than they were typed.
    pub normalised: Vec<(Place, Normalised)>,
    /// What a person should look at again in new requests.
    pub warnings: Vec<(Place, FieldWarning)>,
}

/// Takes the rows of a file as drafts. Rows that are there already with the same values are left as
/// they are, so that a file can be taken again; a person's second request in a unit with other values
/// is a fault.
///
/// # Errors
/// `sheet-…` when the file gives no rows at all, `wrong-duty`, or what the store says. Rows with
/// faults are no error: they are in the report.
pub fn import(
    desk: &Desk,
    officer: &ActingOfficer,
    bytes: &[u8],
    bad_rows: BadRows,
) -> Result<Imported, Error> {
    officer.demand(Duty::EnterRequest)?;
    let RequestSheet { rows, columns } = form2::read(bytes).map_err(super::sheets::unreadable)?;
    let now = clock::now();
    let (units, user_types) = units_of(desk, &rows)?;
    let judge = Judge {
        units,
        user_types,
        today: now.date(),
        persons: PersonKey::read(&desk.store())?,
        columns,
    };
    let import = Import {
        officer,
        now,
        bad_rows,
        digest: Sha256::digest(bytes).into(),
        columns: &judge.columns,
    };
    thread::scope(|scope| {
        let lanes = thread::available_parallelism().map_or(1, NonZero::get);
        let lanes: Vec<Receiver<Vec<Judged>>> = (0..lanes.min(MOST_LANES))
            .map(|lane| {
                let (send, receive) = sync_channel(WAITING);
                let parts = rows.chunks(PART).skip(lane).step_by(lanes.min(MOST_LANES));
                let judge = &judge;
                let work = move || {
                    for part in parts {
                        if send.send(judge.part(part)).is_err() {
                            break; // Nobody writes any more.
                        }
                    }
                };
                // A thread that cannot be started gives nothing: its parts are judged below.
                let name = format!("rows {lane}");
                let _started = thread::Builder::new().name(name).spawn_scoped(scope, work);
                receive
            })
            .collect();
        let parts = rows.chunks(PART).zip(lanes.iter().cycle());
        let judged = parts
            .flat_map(|(part, lane)| lane.recv().unwrap_or_else(|_no_thread| judge.part(part)));
        let report = import.write(desk, judged);
        drop(lanes);
        report
    })
}

/// How each unit that the rows name is found, and the table of user types.
fn units_of(
    desk: &Desk,
    rows: &[SheetDraft],
) -> Result<(BTreeMap<String, UnitFound>, Vec<String>), Error> {
    let store = desk.store();
    let reading = store.read();
    let mut units = BTreeMap::new();
    for row in rows {
        let name = row.draft.unit.trim();
        if !units.contains_key(name) {
            units.insert(name.to_owned(), requests::find_unit(&reading, name)?);
        }
    }
    Ok((units, reading.user_types()?))
}

/// What rows are judged by.
struct Judge {
    units: BTreeMap<String, UnitFound>,
    user_types: Vec<String>,
    today: Date,
    persons: PersonKey,
    columns: Columns,
}

/// One row, judged by itself.
enum Judged {
    Good(Box<Good>),
    Bad(Vec<RowFault>),
}

/// A row that breaks no rule, with everything that is kept of it.
struct Good {
    row: u32,
    form: RequestForm,
    fields: BTreeMap<&'static str, String>,
    person: Vec<u8>,
    name_key: Vec<u8>,
    terms: Vec<String>,
    normalised: Vec<Normalised>,
    warnings: Vec<FieldWarning>,
}

impl Judge {
    fn part(&self, rows: &[SheetDraft]) -> Vec<Judged> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    fn row(&self, SheetDraft { row, draft, faults }: &SheetDraft) -> Judged {
        let unit = self.units.get(draft.unit.trim()).copied();
        let known = Known {
            unit: unit.unwrap_or(UnitFound::None),
            user_types: &self.user_types,
            today: self.today,
        };
        match RequestForm::check(draft, known) {
            Ok(checked) if faults.is_empty() => {
                let form = checked.form;
                Judged::Good(Box::new(Good {
                    row: *row,
                    fields: form.fields(),
                    person: self.persons.hash(&form.id_number),
                    name_key: name_index::sort_key(form.name.as_str()),
                    terms: name_index::terms(form.name.as_str()),
                    form,
                    normalised: checked.normalised,
                    warnings: checked.warnings,
                }))
            }
            checked => Judged::Bad(self.faults(*row, faults, checked.err().unwrap_or_default())),
        }
    }

    /// The faults of a row, each field once: a cell that cannot be taken is no missing field.
    fn faults(&self, row: u32, cells: &[CellFault], fields: Vec<FieldFault>) -> Vec<RowFault> {
        let of_cells = cells.iter().map(|fault| RowFault {
            place: place(&self.columns, row, fault.field),
            value: fault.value.clone(),
            rule: fault.rule,
            word: fault.problem.word(),
            number: None,
        });
        let of_fields = fields
            .into_iter()
            .filter(|fault| !cells.iter().any(|cell| cell.field == fault.field))
            .map(|fault| RowFault {
                place: place(&self.columns, row, fault.field),
                value: fault.value,
                rule: fault.rule,
                word: fault.problem.word(),
                number: None,
            });
        of_cells.chain(of_fields).collect()
    }
}

/// Where a field stands in the file.
fn place(columns: &Columns, row: u32, field: &'static str) -> Place {
    let (column, letters) = columns.of(field).unwrap_or_default();
    let cell = if letters.is_empty() {
        String::new()
    } else {
        format!("{letters}{row}")
    };
    Place {
        row,
        column,
        cell,
        field,
    }
}

/// One import: who, when, on which terms, of which file.
struct Import<'a> {
    officer: &'a ActingOfficer,
    now: Timestamp,
    bad_rows: BadRows,
    digest: [u8; 32],
    columns: &'a Columns,
}

/// Ends the transaction without keeping anything of it.
enum Stop {
    Store(StoreError),
    /// Bad rows, and none is to be taken.
    BadRows(Imported),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Import<'_> {
    fn write(&self, desk: &Desk, rows: impl Iterator<Item = Judged>) -> Result<Imported, Error> {
        let done = desk.store().act_on_many(|writing, acts| {
            let mut report = Imported::default();
            let mut numbers = Numbers::after(&writing.next_number(self.now.date().year())?);
            let mut terms = Terms::default();
            for row in rows {
                match row {
                    Judged::Good(good) => {
                        let number = || numbers.next();
                        self.row(writing, acts, (*good, number), (&mut terms, &mut report))?;
                    }
                    Judged::Bad(faults) => {
                        report.refused += 1;
                        report.faults.extend(faults);
                    }
                }
            }
            if report.refused > 0 && self.bad_rows == BadRows::RefuseAll {
                let Imported {
                    refused, faults, ..
                } = report;
                return Err(Stop::BadRows(Imported {
                    refused,
                    faults,
                    ..Imported::default()
                }));
            }
            if report.imported > 0 {
                writing.insert_terms(terms)?;
                acts.add(&self.file_act(&report))?;
            }
            Ok(report)
        });
        match done {
            Ok(report) | Err(Stop::BadRows(report)) => Ok(report),
            Err(Stop::Store(error)) => Err(error.into()),
        }
    }

    /// Enters one row, unless its person has a live request already.
    fn row(
        &self,
        writing: &Writing<'_>,
        acts: &mut Acts<'_>,
        (good, number): (Good, impl FnOnce() -> String),
        (terms, report): (&mut Terms, &mut Imported),
    ) -> Result<(), StoreError> {
        let Good { form, fields, .. } = &good;
        if let Some(other) = writing.live_request(form.unit, &good.person, form.kind())? {
            let stored = writing.request_fields(other.id)?;
            let same = |(key, value): (&&'static str, &String)| {
                stored.get(*key).is_some_and(|row| row.value == *value)
            };
            if fields.len() == stored.len() && fields.iter().all(same) {
                report.unchanged += 1;
                return Ok(());
            }
            report.refused += 1;
            report.faults.push(RowFault {
                place: place(self.columns, good.row, "id_number"),
                value: Some(form.id_number.masked()),
                rule: "D-20",
                word: "live-request",
                number: Some(other.number),
            });
            return Ok(());
        }
        let id = RequestId::new(clock::new_uuid());
        let row = requests::row_of(form, (id, number(), 1), (self.officer, self.now));
        writing.insert_one_of_many(NewRequest {
            row: &row,
            person: &good.person,
            fields,
            name_key: &good.name_key,
        })?;
        terms.add(&row, good.terms)?;
        let mut act = self.act("request-entered");
        act.request = Some(id.to_string());
        acts.add(&act)?;
        report.imported += 1;
        let at = |field| place(self.columns, good.row, field);
        let normalised = good.normalised.into_iter();
        report
            .normalised
            .extend(normalised.map(|note| (at(note.field), note)));
        let warnings = good.warnings.into_iter();
        report
            .warnings
            .extend(warnings.map(|note| (at(note.field), note)));
        Ok(())
    }

    fn file_act(&self, report: &Imported) -> AuditRow {
        let mut act = self.act("requests-imported");
        act.detail = Some(format!(
            "imported={};unchanged={};refused={};sha256={}",
            report.imported,
            report.unchanged,
            report.refused,
            hex::encode(self.digest)
        ));
        act
    }

    fn act(&self, act: &str) -> AuditRow {
        let post = self.officer.post().word();
        AuditRow::new(self.now, self.officer.name().as_str(), Some(post), act)
    }
}

/// Numbers of new requests: the store tells the first, `2026-0017`.
struct Numbers {
    year: String,
    next: u64,
}

impl Numbers {
    fn after(first: &str) -> Self {
        let (year, number) = first.split_once('-').unwrap_or((first, ""));
        Self {
            next: number.parse().unwrap_or(1),
            year: year.to_owned(),
        }
    }

    fn next(&mut self) -> String {
        let number = format!("{}-{:04}", self.year, self.next);
        self.next += 1;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_from_the_one_the_store_tells() {
        let mut numbers = Numbers::after("2026-9999");
        assert_eq!(
            [numbers.next(), numbers.next()],
            ["2026-9999", "2026-10000"]
        );
    }
}
