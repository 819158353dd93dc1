//! Applications and units by sheet: a template, many rows at once, a list. One file is one
//! transaction; each application that it brings is one act in the audit log (D-49).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::requests::{self, RequestView};
use crate::documents::sheet::requests::{self as form2, ListedRequest, RequestSheet, SheetDraft};
use crate::documents::sheet::{self, CellFault, SheetError};
use crate::domain::audit::AuditRow;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::request::{FieldFault, RequestForm, RequestState, UnitFound};
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Unit;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{RequestFilter, RequestRow, StoreError, Writing};
use crate::wording::{Language, Wording};

/// What becomes of the good rows of a file with bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// They are taken.
    Taken,
    /// All rows or none.
    OnlyIfAll,
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// As table programs count: the headings of a template are row 1.
    pub row: u32,
    /// The heading as the form has it; empty for the row as a whole.
    pub column: &'static str,
    /// As table programs name it, e.g. `C5`; empty for the row as a whole.
    pub cell: String,
    /// Key of the field; empty for the row as a whole.
    pub field: &'static str,
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
}

/// Writes an empty sheet for form 2, with this home's units to choose from.
///
/// # Errors
/// `wrong-duty`, or what the file system says.
pub fn template(desk: &Desk, officer: &ActingOfficer, out: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let units = desk.store().read().units()?;
    let names: Vec<String> = units.into_iter().map(|unit| unit.name).collect();
    let bytes = form2::template(&names).map_err(not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))
}

/// Takes the rows of a file as drafts. Rows that are there already with the same values are left as
/// they are, so that a file can be taken again.
///
/// # Errors
/// `sheet-…` when the file gives no rows at all, `wrong-duty`, or what the store says. Rows with
/// faults are no error: they are in the report.
pub fn import(
    desk: &Desk,
    officer: &ActingOfficer,
    bytes: &[u8],
    good: Good,
) -> Result<Imported, Error> {
    officer.demand(Duty::EnterRequest)?;
    let sheet = form2::read(bytes).map_err(unreadable)?;
    let now = clock::now();
    let units = Units::new(desk.store().read().units()?);
    let mut report = Imported::default();
    let mut forms = Vec::new();
    let RequestSheet { rows, columns } = sheet;
    for row in rows {
        let SheetDraft { row, draft, faults } = row;
        let checked = RequestForm::check(&draft, units.find(&draft.unit), now.date());
        match checked {
            Ok(form) if faults.is_empty() => forms.push((row, form)),
            checked => {
                let faults = cell_faults(faults, checked.err().unwrap_or_default());
                let faults = faults.into_iter().map(|fault| fault.at(row, &columns));
                report.refused += 1;
                report.faults.extend(faults);
            }
        }
    }
    let taken = Import {
        officer,
        now,
        good,
        digest: Sha256::digest(bytes).into(),
    };
    taken.write(desk, forms, &columns, &mut report)?;
    report.faults.sort_by_key(|fault| fault.row);
    Ok(report)
}

/// One import: who, when, on which terms, of which file.
struct Import<'a> {
    officer: &'a ActingOfficer,
    now: Timestamp,
    good: Good,
    digest: [u8; 32],
}

/// A form to be written.
struct Planned {
    row: RequestRow,
    form: RequestForm,
}

/// Who has a live request: what it holds is compared.
enum Live {
    Stored(RequestId, String),
    /// Place among the planned ones.
    Planned(usize),
}

impl Import<'_> {
    fn write(
        &self,
        desk: &Desk,
        forms: Vec<(u32, RequestForm)>,
        columns: &form2::Columns,
        report: &mut Imported,
    ) -> Result<(), Error> {
        desk.store().act_on_many(|writing, audit| {
            let planned = self.plan(writing, forms, columns, report)?;
            if planned.is_empty() || (self.good == Good::OnlyIfAll && report.refused > 0) {
                return Ok(());
            }
            for Planned { row, form } in &planned {
                writing.insert_request(row, &form.fields())?;
                let mut act = self.row("request-entered");
                act.request = Some(row.id.to_string());
                audit(&act)?;
            }
            report.imported = planned.len();
            let mut act = self.row("requests-imported");
            act.detail = Some(format!(
                "imported={};unchanged={};refused={};sha256={}",
                report.imported,
                report.unchanged,
                report.refused,
                hex::encode(self.digest)
            ));
            audit(&act)
        })?;
        Ok(())
    }

    fn row(&self, act: &str) -> AuditRow {
        let post = self.officer.post().word();
        AuditRow::new(self.now, self.officer.name().as_str(), Some(post), act)
    }

    /// Which forms are new; the others are counted. One live request a person and unit (D-20), also
    /// within the file.
    fn plan(
        &self,
        writing: &Writing<'_>,
        forms: Vec<(u32, RequestForm)>,
        columns: &form2::Columns,
        report: &mut Imported,
    ) -> Result<Vec<Planned>, StoreError> {
        let mut live: HashMap<(UnitId, String), Live> = HashMap::new();
        writing.live_requests(|found| {
            let stored = Live::Stored(found.id, found.number);
            live.insert((found.unit, found.id_number), stored);
        })?;
        let mut numbers = Numbers::after(&writing.next_number(self.now.date().year())?);
        let mut planned: Vec<Planned> = Vec::new();
        for (row, form) in forms {
            let person = (form.unit, form.id_number.expose().to_owned());
            let (number, same) = match live.entry(person) {
                Entry::Vacant(free) => {
                    free.insert(Live::Planned(planned.len()));
                    let row = self.request_row(&form, numbers.next());
                    planned.push(Planned { row, form });
                    continue;
                }
                Entry::Occupied(taken) => match taken.get() {
                    Live::Stored(id, number) => {
                        let stored = writing.request_fields(*id)?;
                        let fields = form.fields();
                        let same = fields.len() == stored.len()
                            && fields.iter().all(|(key, value)| {
                                stored.get(*key).is_some_and(|row| row.value == *value)
                            });
                        (number.clone(), same)
                    }
                    Live::Planned(at) => {
                        let other = planned.get(*at);
                        let number = other.map(|other| other.row.number.clone());
                        (
                            number.unwrap_or_default(),
                            other.is_some_and(|other| other.form == form),
                        )
                    }
                },
            };
            if same {
                report.unchanged += 1;
                continue;
            }
            let mut fault = RowFault {
                value: Some(form.id_number.masked()),
                number: Some(number),
                ..Fault("id_number", "D-20", None, "live-request").at(row, columns)
            };
            fault.row = row;
            report.refused += 1;
            report.faults.push(fault);
        }
        Ok(planned)
    }

    fn request_row(&self, form: &RequestForm, number: String) -> RequestRow {
        RequestRow {
            id: RequestId::new(clock::new_uuid()),
            number,
            revision: 1,
            state: RequestState::Draft,
            unit: form.unit,
            holder_name: form.name.as_str().to_owned(),
            user_types: form.user_types.join("、"),
            apply_certificate: form.apply_certificate,
            entered_by: self.officer.name().clone(),
            entered_at: self.now,
            approved_by: None,
            approved_at: None,
            expires_at: None,
        }
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

/// The units of this home by everything that may name them.
struct Units(HashMap<String, UnitFound>);

impl Units {
    fn new(units: Vec<Unit>) -> Self {
        let mut found = HashMap::new();
        for unit in &units {
            let several = found.contains_key(&unit.name);
            let one = if several {
                UnitFound::Several
            } else {
                UnitFound::One(unit.id)
            };
            found.insert(unit.name.clone(), one);
        }
        // A code or an id names one, whatever is called the same.
        for unit in units {
            found.insert(unit.id.to_string(), UnitFound::One(unit.id));
            found.insert(unit.code, UnitFound::One(unit.id));
        }
        Self(found)
    }

    fn find(&self, text: &str) -> UnitFound {
        self.0.get(text.trim()).copied().unwrap_or(UnitFound::None)
    }
}

/// Field, rule, masked value and word of a fault that has no place yet.
struct Fault(&'static str, &'static str, Option<String>, &'static str);

impl Fault {
    fn at(self, row: u32, columns: &form2::Columns) -> RowFault {
        let Self(field, rule, value, word) = self;
        let (column, letters) = columns.of(field).unwrap_or_default();
        let cell = if letters.is_empty() {
            String::new()
        } else {
            format!("{letters}{row}")
        };
        RowFault {
            row,
            column,
            cell,
            field,
            value,
            rule,
            word,
            number: None,
        }
    }
}

/// The faults of a row, each field once: a cell that cannot be taken is no missing field.
fn cell_faults(cells: Vec<CellFault>, fields: Vec<FieldFault>) -> Vec<Fault> {
    let taken: Vec<&'static str> = cells.iter().map(|fault| fault.field).collect();
    let cells = cells
        .into_iter()
        .map(|fault| Fault(fault.field, fault.rule, fault.value, fault.problem.word()));
    let fields = fields
        .into_iter()
        .filter(|fault| !taken.contains(&fault.field))
        .map(|fault| Fault(fault.field, fault.rule, fault.value, fault.problem.word()));
    cells.chain(fields).collect()
}

/// Whether values are shown in full, and why.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// Masked.
    Masked,
    /// In full, for this reason, which goes into the audit log (D-39).
    InFull(&'a str),
}

/// Writes the requests that `filter` finds as a sheet; gives their count.
///
/// # Errors
/// `wrong-duty`, `reason-missing`, or what store and file system say.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
    shown: Shown<'_>,
    out: &Path,
) -> Result<usize, Error> {
    officer.demand(Duty::ReadRecords)?;
    let views = requests::list(desk, officer, filter)?;
    if let Shown::InFull(reason) = shown {
        super::forms::may_reveal(officer, reason)?;
        desk.store().act_on_many(|_writing, audit| {
            for view in &views {
                audit(&super::forms::revealed(
                    officer,
                    &view.row,
                    "request-exported",
                    reason,
                ))?;
            }
            Ok::<_, Error>(())
        })?;
    }
    let words = Wording::new(Language::Chinese);
    let rows = views.iter().map(|view| listed(desk, view, shown, &words));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let bytes = form2::export(&rows).map_err(not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))?;
    Ok(rows.len())
}

fn listed(
    desk: &Desk,
    view: &RequestView,
    shown: Shown<'_>,
    words: &Wording,
) -> Result<ListedRequest, Error> {
    let RequestView { row, unit } = view;
    let fields = desk.store().read().request_fields(row.id)?;
    let value = |field: &str| {
        let value = fields
            .get(field)
            .map(|row| row.value.as_str())
            .unwrap_or_default();
        match (field, shown) {
            ("unit", _) => unit.name.clone(),
            (_, Shown::InFull(_)) => value.to_owned(),
            (_, Shown::Masked) => masked(field, value),
        }
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let state = format!("state-{}", row.state.word().replace('_', "-"));
    Ok(ListedRequest {
        number: row.number.clone(),
        state: words
            .known(&state)
            .unwrap_or_else(|| row.state.word().to_owned()),
        fields: form2::headings()
            .map(|(field, _heading)| value(field))
            .collect(),
        acts: [
            row.entered_by.as_str().to_owned(),
            time(Some(row.entered_at)),
            row.approved_by
                .as_ref()
                .map(OfficerName::as_str)
                .unwrap_or_default()
                .to_owned(),
            time(row.approved_at),
        ],
    })
}

/// A value as a list shows it. The name is what a list is for.
fn masked(field: &str, value: &str) -> String {
    use crate::domain::identity_number::mask;
    let but = |first: usize, last: usize| {
        let count = value.chars().count();
        let star = |(at, c)| {
            if at < first || at + last >= count {
                c
            } else {
                '*'
            }
        };
        value.chars().enumerate().map(star).collect::<String>()
    };
    match field {
        "id_number" => mask(value),
        "mobile" | "office_phone" => but(3, 2),
        "email" => match value.split_once('@') {
            Some((local, domain)) => {
                let first: String = local.chars().take(1).collect();
                format!("{first}***@{domain}")
            }
            None => but(1, 0),
        },
        "existing_account" | "address" | "notes" => but(1, 0),
        _ => value.to_owned(),
    }
}

/// One unit of a sheet, for the job that keeps units.
pub type SheetUnit = sheet::units::SheetUnit;

/// The rows of a file of units: values as they were typed, for the units' own rules.
///
/// # Errors
/// `sheet-…` when the file gives no rows at all, `wrong-duty`.
pub fn read_units(officer: &ActingOfficer, bytes: &[u8]) -> Result<Vec<SheetUnit>, Error> {
    officer.demand(Duty::SetUp)?;
    sheet::units::read(bytes).map_err(unreadable)
}

fn unreadable(error: SheetError) -> Error {
    Error::refused(error.code(), error.subject()).because(error)
}

fn not_written(error: sheet::NotWritten) -> Error {
    Error::failed("file", error.to_string()).because(error)
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

    #[test]
    fn a_list_shows_no_number_in_full() {
        assert_eq!(
            masked("id_number", "430102199003070012"),
            "430102********0012"
        );
        assert_eq!(masked("mobile", "13812345678"), "138******78");
        assert_eq!(masked("email", "lihua@example.cn"), "l***@example.cn");
        assert_eq!(masked("name", "李华"), "李华");
    }
}
