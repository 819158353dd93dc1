//! Sheets beside the import of applications: the empty template, a list of applications, and units.

use std::path::Path;

use super::people::Sight;
use super::request_import::{Place, RowFault};
use super::requests::{self, RequestView};
use super::units::{self, BadRows};
use crate::documents::sheet::requests::{self as form2, ListedRequest};
use crate::documents::sheet::units::SheetUnit;
use crate::documents::sheet::{self, SheetError};
use crate::domain::field_fault::mask_value;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::request::{FieldFault, RequestDraft, RequestState};
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::UnitDraft;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{Reading, RequestFilter};
use crate::wording::{Language, Wording};

/// Writes an empty sheet for form 2, with this home's open units and its user types to choose from.
///
/// # Errors
/// `wrong-duty`, or what the file system says.
pub fn template(desk: &Desk, officer: &ActingOfficer, out: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let (units, user_types) = {
        let store = desk.store();
        let reading = store.read();
        (reading.units()?, reading.user_types()?)
    };
    let open = units.into_iter().filter(|unit| unit.closed_at.is_none());
    let names: Vec<String> = open.map(|unit| unit.name).collect();
    let bytes = form2::template(&names, &user_types).map_err(not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))
}

/// The application in a row that was copied from a sheet with the template's columns, and its cells that
/// cannot be taken; `None` when the text is no such row. The rules of an imported row.
pub fn pasted(text: &str) -> Option<(RequestDraft, Vec<RowFault>)> {
    let row = form2::pasted(text)?;
    let faults = row.faults.into_iter().map(|fault| RowFault {
        place: Place {
            row: row.row,
            column: heading(fault.field),
            cell: String::new(),
            field: fault.field,
        },
        value: fault.value,
        rule: fault.rule,
        word: fault.problem.word(),
        number: None,
    });
    Some((row.draft, faults.collect()))
}

fn heading(field: &str) -> &'static str {
    let mut headings = form2::headings();
    let found = headings.find(|(known, _heading)| *known == field);
    found.map_or("", |(_field, heading)| heading)
}

/// Writes the requests that `filter` finds as a sheet, as much of them as may be seen; gives their
/// count. The name is never masked: it is what a list is for.
///
/// # Errors
/// `wrong-duty`, or what store and file system say.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &RequestFilter,
    sight: Sight<'_>,
    out: &Path,
) -> Result<usize, Error> {
    officer.demand(Duty::ReadRecords)?;
    let views = requests::list_seen(desk, officer, filter, sight)?;
    let words = Wording::new(Language::Chinese);
    let rows = {
        let store = desk.store();
        let reading = store.read();
        let rows = views
            .iter()
            .map(|view| listed(&reading, view, sight, &words));
        rows.collect::<Result<Vec<_>, _>>()?
    };
    let bytes = form2::export(&rows).map_err(not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))?;
    Ok(rows.len())
}

fn listed(
    reading: &Reading<'_>,
    view: &RequestView,
    sight: Sight<'_>,
    words: &Wording,
) -> Result<ListedRequest, Error> {
    let RequestView { row, unit, .. } = view;
    let fields = reading.request_fields(row.id)?;
    let value = |field: &str| {
        let value = fields.get(field).map(|row| row.value.as_str());
        match (field, value.unwrap_or_default(), sight) {
            ("unit", _, _) => unit.name.clone(),
            (_, value, Sight::Full(_)) | ("name", value, _) => value.to_owned(),
            (_, value, Sight::Masked) => mask_value(field, value),
        }
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let approved_by = row.approved_by.as_ref().map(OfficerName::as_str);
    Ok(ListedRequest {
        number: row.number.clone(),
        state: state(row.state, words),
        fields: form2::headings()
            .map(|(field, _heading)| value(field))
            .collect(),
        acts: [
            row.entered_by.as_str().to_owned(),
            time(Some(row.entered_at)),
            approved_by.unwrap_or_default().to_owned(),
            time(row.approved_at),
        ],
    })
}

fn state(state: RequestState, words: &Wording) -> String {
    let word = words.known(&format!("state-{}", state.word().replace('_', "-")));
    word.unwrap_or_else(|| state.word().to_owned())
}

/// What became of a file of units.
#[derive(Clone, Debug, Default)]
pub struct UnitsImported {
    /// Units that are new.
    pub imported: usize,
    /// Rows with faults.
    pub refused: usize,
    /// Every fault, row by row.
    pub faults: Vec<RowFault>,
}

/// Adds the units of a file, superiors before their subordinates whatever their order.
///
/// # Errors
/// `sheet-…` when the file gives no rows at all, `wrong-duty`, or what the store says. Rows with
/// faults are no error: they are in the report.
pub fn import_units(
    desk: &Desk,
    officer: &ActingOfficer,
    bytes: &[u8],
    bad_rows: BadRows,
) -> Result<UnitsImported, Error> {
    officer.demand(Duty::SetUp)?;
    let rows = sheet::units::read(bytes).map_err(unreadable)?;
    let mut report = UnitsImported::default();
    let (bad, good): (Vec<SheetUnit>, Vec<SheetUnit>) =
        rows.into_iter().partition(|row| !row.faults.is_empty());
    for SheetUnit { row, faults, .. } in bad {
        report.refused += 1;
        report
            .faults
            .extend(faults.into_iter().map(|fault| RowFault {
                place: unit_place(row, fault.field),
                value: fault.value,
                rule: fault.rule,
                word: fault.problem.word(),
                number: None,
            }));
    }
    let drafts: Vec<UnitDraft> = good.iter().map(unit_draft).collect();
    // With a bad cell in the file nothing is written, but every other fault is told too.
    let none = report.refused > 0 && bad_rows == BadRows::RefuseAll;
    let done = if none {
        units::judge_rows(desk, officer, &drafts)?
    } else {
        units::import_rows(desk, officer, &drafts, bad_rows)?
    };
    report.imported = if none { 0 } else { done.added.len() };
    for (at, faults) in done.bad {
        report.refused += 1;
        let row = good.get(at).map_or(0, |row| row.row);
        report
            .faults
            .extend(faults.into_iter().map(|fault| unit_fault(row, fault)));
    }
    report.faults.sort_by_key(|fault| fault.place.row);
    Ok(report)
}

fn unit_draft(row: &SheetUnit) -> UnitDraft {
    let read = row.draft.clone();
    let contacts = [read.contact, read.phone].map(|text| text.trim().to_owned());
    let contacts: Vec<String> = contacts
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    UnitDraft {
        name: read.name,
        level: read
            .level
            .map_or(read.level_text, |level| level.word().to_owned()),
        code: read.code,
        parent: read.superior,
        province: read.province,
        prefecture: read.prefecture,
        school_type: read.school_type,
        address: read.address,
        contacts: contacts.join(" "),
    }
}

fn unit_fault(row: u32, fault: FieldFault) -> RowFault {
    // The sheet has two columns where a unit has one field, and another name for its superior.
    let field = match fault.field {
        "parent" => "superior",
        "contacts" => "contact",
        other => other,
    };
    RowFault {
        place: unit_place(row, field),
        value: fault.value,
        rule: fault.rule,
        word: fault.problem.word(),
        number: None,
    }
}

fn unit_place(row: u32, field: &'static str) -> Place {
    Place {
        row,
        column: sheet::units::heading(field).unwrap_or_default(),
        cell: String::new(),
        field,
    }
}

pub(super) fn unreadable(error: SheetError) -> Error {
    Error::refused(error.code(), error.subject()).because(error)
}

pub(super) fn not_written(error: sheet::NotWritten) -> Error {
    Error::failed("file", error.to_string()).because(error)
}
