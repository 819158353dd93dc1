//! Applications of a whole sheet, entered in one transaction: all of them, or the good ones (D-11,
//! D-20). Rows are judged side by side while one thread writes; each application is one act in the
//! audit log, and so is the file (D-49).

use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use sha2::{Digest as _, Sha256};

use super::people::PersonKey;
use super::requests;
use super::units::BadRows;
use crate::documents::sheet::requests::{self as form2, Columns, SheetDraft, SheetRow};
use crate::documents::sheet::{CellFault, SheetError};
use crate::domain::audit::AuditRow;
use crate::domain::id::RequestId;
use crate::domain::identity_number::IdentityNumber;
use crate::domain::name_index;
use crate::domain::officer::Duty;
use crate::domain::request::{FieldFault, FieldWarning, Known, Normalised, RequestForm, UnitFound};
use crate::domain::timestamp::Timestamp;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{
    Acts, Aside, FieldsText, NewRequest, RequestRow, Store, StoreError, TOGETHER, Terms, Writing,
};

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
    let now = clock::now();
    let judge = {
        let store = desk.store();
        Judge {
            units: Units::beside(&store)?,
            user_types: store.read().user_types()?,
            officer,
            now,
            persons: PersonKey::read(&store)?,
        }
    };
    let import = Import {
        officer,
        now,
        bad_rows,
        digest: Sha256::digest(bytes).into(),
    };
    thread::scope(|scope| {
        let mut lanes = Lanes::start(scope, &judge)?;
        let parts = std::mem::take(&mut lanes.parts);
        let read = move || read_parts(bytes, &parts);
        let reader = thread::Builder::new().name("sheet".to_owned());
        let reader = reader.spawn_scoped(scope, read).map_err(not_started)?;
        import.write(desk, &lanes.judged, || {
            // A thread that panics ends the import when it is joined at the end.
            let read = reader.join().unwrap_or(Ok(usize::MAX));
            read.map_err(super::sheets::unreadable)
        })
    })
}

fn not_started(error: std::io::Error) -> Error {
    Error::failed("file", error.to_string()).because(error)
}

/// Rows that are judged together, with where their columns stand.
struct Part {
    rows: Vec<SheetRow>,
    columns: Arc<Columns>,
}

/// Reads the sheet and gives its parts to the lanes in turn. Returns the number of rows.
fn read_parts(bytes: &[u8], lanes: &[SyncSender<Part>]) -> Result<usize, SheetError> {
    let mut turns = lanes.iter().cycle();
    let mut part: Option<Part> = None;
    let mut count = 0;
    // A lane that takes nothing any more belongs to an import that has failed.
    let mut give = |part: Part| turns.next().is_some_and(|lane| lane.send(part).is_ok());
    form2::read_each(bytes, |columns, row| {
        count += 1;
        let waiting = part.get_or_insert_with(|| Part {
            rows: Vec::with_capacity(PART),
            columns: Arc::new(columns.clone()),
        });
        waiting.rows.push(row);
        if waiting.rows.len() == PART {
            let columns = Arc::clone(&waiting.columns);
            let rows = std::mem::replace(&mut waiting.rows, Vec::with_capacity(PART));
            give(Part { rows, columns });
        }
    })?;
    if let Some(last) = part {
        give(last);
    }
    Ok(count)
}

/// A part, judged; or why no unit could be looked for.
type JudgedPart = Result<Vec<Judged>, Error>;

/// The threads that judge rows.
struct Lanes {
    /// Where each takes parts.
    parts: Vec<SyncSender<Part>>,
    /// Where each gives what it judged.
    judged: Vec<Receiver<JudgedPart>>,
}

impl Lanes {
    fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        judge: &'scope Judge<'_>,
    ) -> Result<Self, Error> {
        // One core writes.
        let count = thread::available_parallelism().map_or(1, NonZero::get) - 1;
        let mut lanes = Self {
            parts: Vec::new(),
            judged: Vec::new(),
        };
        for lane in 0..count.clamp(1, MOST_LANES) {
            let (give, parts) = sync_channel::<Part>(WAITING);
            let (send, judged) = sync_channel(WAITING);
            let work = move || {
                for part in parts {
                    if send.send(judge.part(part)).is_err() {
                        break; // Nobody writes any more.
                    }
                }
            };
            let name = format!("rows {lane}");
            let started = thread::Builder::new().name(name).spawn_scoped(scope, work);
            started.map_err(not_started)?;
            lanes.parts.push(give);
            lanes.judged.push(judged);
        }
        Ok(lanes)
    }
}

/// How each unit that the rows name is found. Each name is looked for once.
struct Units(Mutex<(Aside, BTreeMap<String, UnitFound>)>);

impl Units {
    fn beside(store: &Store) -> Result<Self, Error> {
        Ok(Self(Mutex::new((store.aside()?, BTreeMap::new()))))
    }

    fn find(&self, name: &str) -> Result<UnitFound, Error> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (aside, known) = &mut *known;
        if let Some(found) = known.get(name) {
            return Ok(*found);
        }
        let found = requests::find_unit(&aside.read(), name)?;
        known.insert(name.to_owned(), found);
        Ok(found)
    }
}

/// What rows are judged by.
struct Judge<'a> {
    officer: &'a ActingOfficer,
    now: Timestamp,
    units: Units,
    user_types: Vec<String>,
    persons: PersonKey,
}

/// One row, judged by itself.
enum Judged {
    Good(Box<Good>),
    /// The faults, never none.
    Bad(Vec<RowFault>),
}

/// A row that breaks no rule, with everything that is kept of it.
struct Good {
    /// The request, but for its number.
    request: RequestRow,
    /// Where it stands in the file.
    row: u32,
    columns: Arc<Columns>,
    id_number: IdentityNumber,
    fields: FieldsText,
    person: Vec<u8>,
    name_key: Vec<u8>,
    /// A line each.
    terms: String,
    normalised: Vec<(Place, Normalised)>,
    warnings: Vec<(Place, FieldWarning)>,
}

impl Judge<'_> {
    fn part(&self, part: Part) -> JudgedPart {
        let Part { rows, columns } = part;
        let rows = rows.into_iter();
        rows.map(|row| self.row(row.draft(), &columns)).collect()
    }

    fn row(&self, row: SheetDraft, columns: &Arc<Columns>) -> Result<Judged, Error> {
        let SheetDraft { row, draft, faults } = row;
        let known = Known {
            unit: self.units.find(draft.unit.trim())?,
            user_types: &self.user_types,
            today: self.now.date(),
        };
        let at = |field| place(columns, row, field);
        Ok(match RequestForm::check(&draft, known) {
            Ok(checked) if faults.is_empty() => {
                let form = checked.form;
                let (normalised, warnings) = (checked.normalised, checked.warnings);
                Judged::Good(Box::new(Good {
                    row,
                    columns: Arc::clone(columns),
                    fields: FieldsText::of(&form.texts())?,
                    person: self.persons.hash(&form.id_number),
                    name_key: name_index::sort_key(form.name.as_str()),
                    terms: name_index::terms(form.name.as_str()).join("\n"),
                    request: requests::row_of(
                        &form,
                        (RequestId::new(clock::new_uuid()), String::new(), 1),
                        (self.officer, self.now),
                    ),
                    id_number: form.id_number,
                    normalised: normalised
                        .into_iter()
                        .map(|note| (at(note.field), note))
                        .collect(),
                    warnings: warnings
                        .into_iter()
                        .map(|note| (at(note.field), note))
                        .collect(),
                }))
            }
            checked => Judged::Bad(row_faults(&faults, checked.err().unwrap_or_default(), at)),
        })
    }
}

/// The faults of a row, each field once: a cell that cannot be taken is no missing field.
fn row_faults(
    cells: &[CellFault],
    fields: Vec<FieldFault>,
    at: impl Fn(&'static str) -> Place,
) -> Vec<RowFault> {
    let of_cells = cells.iter().map(|fault| RowFault {
        place: at(fault.field),
        value: fault.value.clone(),
        rule: fault.rule,
        word: fault.problem.word(),
        number: None,
    });
    let of_fields = fields
        .into_iter()
        .filter(|fault| !cells.iter().any(|cell| cell.field == fault.field))
        .map(|fault| RowFault {
            place: at(fault.field),
            value: fault.value,
            rule: fault.rule,
            word: fault.problem.word(),
            number: None,
        });
    of_cells.chain(of_fields).collect()
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
}

/// Ends the transaction without keeping anything of it.
enum Stop {
    Failed(Error),
    /// Bad rows, and none is to be taken.
    BadRows(Imported),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What one transaction writes, and what it has to tell.
struct Written<'a, 'b> {
    writing: &'a Writing<'a>,
    acts: &'a mut Acts<'b>,
    numbers: Numbers,
    /// New requests, until they are written together.
    #[expect(clippy::vec_box, reason = "they come in boxes, and go in them")]
    pending: Vec<Box<Good>>,
    /// The first bytes of the search hash of each person who has a request, also of those that wait.
    persons: HashSet<u64>,
    terms: Terms,
    report: Imported,
}

impl Import<'_> {
    /// Writes what the lanes give, in the order of the file. `ended` tells how many rows it has, once
    /// no lane gives any more.
    fn write(
        &self,
        desk: &Desk,
        lanes: &[Receiver<JudgedPart>],
        ended: impl FnOnce() -> Result<usize, Error>,
    ) -> Result<Imported, Error> {
        let done = desk.store().act_on_many(|writing, acts| {
            let mut written = Written {
                writing,
                acts,
                numbers: Numbers::after(&writing.next_number(self.now.date().year())?),
                pending: Vec::with_capacity(TOGETHER),
                persons: HashSet::new(),
                terms: Terms::default(),
                report: Imported::default(),
            };
            let persons = &mut written.persons;
            writing.each_person(|person| {
                persons.insert(first_bytes(person));
            })?;
            let mut count = 0;
            for part in lanes.iter().cycle().map_while(|lane| lane.recv().ok()) {
                for row in part.map_err(Stop::Failed)? {
                    count += 1;
                    match row {
                        Judged::Good(good) => self.row(&mut written, good)?,
                        Judged::Bad(faults) => {
                            written.report.refused += 1;
                            written.report.faults.extend(faults);
                        }
                    }
                }
            }
            self.write_pending(&mut written)?;
            if ended().map_err(Stop::Failed)? != count {
                // A thread has panicked.
                return Err(Stop::Failed(Error::failed("file", "")));
            }
            let Written { terms, report, .. } = written;
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
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Enters one row, unless its person has a live request already.
    fn row(&self, written: &mut Written<'_, '_>, mut good: Box<Good>) -> Result<(), StoreError> {
        // A person who comes again is looked for in the store, with the others.
        let comes_again = !written.persons.insert(first_bytes(&good.person));
        if comes_again {
            self.write_pending(written)?;
        }
        let (writing, report) = (written.writing, &mut written.report);
        let Good {
            request, fields, ..
        } = &*good;
        let other = if comes_again {
            writing.live_request(request.unit, &good.person, request.form)?
        } else {
            None
        };
        if let Some(other) = other {
            if writing.says(other.id, fields)? {
                report.unchanged += 1;
                return Ok(());
            }
            report.refused += 1;
            report.faults.push(RowFault {
                place: place(&good.columns, good.row, "id_number"),
                value: Some(good.id_number.masked()),
                rule: "D-20",
                word: "live-request",
                number: Some(other.number),
            });
            return Ok(());
        }
        good.request.number = written.numbers.next();
        report.imported += 1;
        report.normalised.append(&mut good.normalised);
        report.warnings.append(&mut good.warnings);
        written
            .terms
            .add(&good.request, &good.terms, &good.name_key)?;
        written.pending.push(good);
        if written.pending.len() == TOGETHER {
            self.write_pending(written)?;
        }
        Ok(())
    }

    /// Writes the requests that wait, each with its act.
    fn write_pending(&self, written: &mut Written<'_, '_>) -> Result<(), StoreError> {
        if written.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::replace(&mut written.pending, Vec::with_capacity(TOGETHER));
        let new = pending.iter().map(|good| NewRequest {
            row: &good.request,
            person: &good.person,
            fields: &good.fields,
            name_key: &good.name_key,
            terms: &good.terms,
        });
        let new: Vec<_> = new.collect();
        written.writing.insert_many(&new)?;
        let entered: Vec<RequestId> = new.iter().map(|new| new.row.id).collect();
        written
            .acts
            .add_about(self.act("request-entered"), &entered)
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

/// What tells nearly all search hashes apart: two with the same are looked at more closely.
fn first_bytes(person: &[u8]) -> u64 {
    let first = person.first_chunk().copied();
    u64::from_be_bytes(first.unwrap_or_default())
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
