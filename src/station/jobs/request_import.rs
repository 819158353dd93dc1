//! Applications of a whole sheet, entered in one act: all of them, or the good ones (D-11, D-20).

use std::collections::BTreeMap;

use super::people;
use super::requests::{self, Entered};
use super::units::BadRows;
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::request::{
    FieldFault, FieldProblem, Known, RequestDraft, RequestForm, UnitFound,
};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::StoreError;

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Requests that were entered, each with the index of its row among those given.
    pub entered: Vec<(usize, Entered)>,
    /// Index of each bad row, with every fault.
    pub bad: Vec<(usize, Vec<FieldFault>)>,
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

/// Enters every row as a draft, in one transaction with one row in the audit log. A second request of
/// the same person in a unit is a fault of its row.
///
/// # Errors
/// `wrong-duty`, or what the store says; faults of rows are in the answer.
pub fn import_rows(
    desk: &Desk,
    officer: &ActingOfficer,
    rows: &[RequestDraft],
    bad_rows: BadRows,
) -> Result<Imported, Error> {
    officer.demand(Duty::EnterRequest)?;
    let now = clock::now();
    let (units, user_types) = units_of(desk, rows)?;
    let mut imported = Imported::default();
    let mut good = Vec::new();
    for (at, draft) in rows.iter().enumerate() {
        let known = Known {
            unit: units
                .get(draft.unit.trim())
                .copied()
                .unwrap_or(UnitFound::None),
            user_types: &user_types,
            today: now.date(),
        };
        match RequestForm::check(draft, known) {
            Ok(checked) => {
                let person = people::person_hash(desk, &checked.form.id_number)?;
                good.push((at, checked, person));
            }
            Err(faults) => imported.bad.push((at, faults)),
        }
    }
    if good.is_empty() {
        return Ok(imported);
    }
    let mut audit = Desk::audit_row(officer, "requests-imported");
    audit.detail = Some(format!("{} rows", rows.len()));
    let done = desk.store().act(&audit, |writing| {
        for (at, checked, person) in good {
            let form = &checked.form;
            if writing
                .live_request(form.unit, &person, form.kind())?
                .is_some()
            {
                imported.bad.push((at, vec![duplicate(form)]));
                continue;
            }
            let number = writing.next_number(now.date().year())?;
            let id = RequestId::new(clock::new_uuid());
            let row = requests::row_of(form, (id, number, 1), (officer, now));
            writing.insert_request(&row, &person, &form.fields())?;
            imported.entered.push((at, requests::entered(row, checked)));
        }
        imported.bad.sort_by_key(|(at, _faults)| *at);
        if imported.bad.is_empty() || bad_rows == BadRows::TakeGood {
            Ok(imported)
        } else {
            imported.entered.clear();
            Err(Stop::BadRows(imported))
        }
    });
    match done {
        Ok(imported) | Err(Stop::BadRows(imported)) => Ok(imported),
        Err(Stop::Store(error)) => Err(error.into()),
    }
}

/// How each unit that the rows name is found, and the table of user types.
fn units_of(
    desk: &Desk,
    rows: &[RequestDraft],
) -> Result<(BTreeMap<String, UnitFound>, Vec<String>), Error> {
    let store = desk.store();
    let reading = store.read();
    let mut units = BTreeMap::new();
    for row in rows {
        let name = row.unit.trim();
        if !units.contains_key(name) {
            units.insert(name.to_owned(), requests::find_unit(&reading, name)?);
        }
    }
    Ok((units, reading.user_types()?))
}

fn duplicate(form: &RequestForm) -> FieldFault {
    FieldFault {
        field: "id_number",
        rule: "D-20",
        value: Some(form.id_number.masked()),
        problem: FieldProblem::Duplicate,
    }
}
