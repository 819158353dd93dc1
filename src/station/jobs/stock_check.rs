//! The stock check (盘点, D-28): begun, paused, gone on with, given up, looked at. What is read and
//! scanned comes in through [`Session`]; the signed result and its paper are apart.

mod keep;
mod paper;
mod session;
mod sign;

pub use self::keep::Checked;
pub use self::paper::print;
pub use self::session::Session;
pub use self::sign::{export, sign};
use crate::domain::officer::Duty;
use crate::domain::stock_check::{
    CheckItem, CheckState, Difference, Missing, Verdict, differences,
};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{CheckRow, Reading, StoreError};

/// A check and what it has found so far; of a signed one, what was signed.
#[derive(Clone, Debug)]
pub struct CheckView {
    /// Its record.
    pub row: CheckRow,
    /// How many ukeys the records have here.
    pub expected: u64,
    /// Every ukey that was seen, in the order of seeing.
    pub items: Vec<CheckItem>,
    /// Those that are expected and were not seen, by serial.
    pub missing: Vec<Missing>,
}

impl CheckView {
    /// How many were found, of the model that is checked.
    pub fn found(&self) -> u64 {
        found(&self.items, self.row.model.as_deref())
    }

    /// How many have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let items = self.items.iter();
        items.filter(|item| item.verdict == verdict).count()
    }

    /// How many were seen and differ.
    pub fn differing(&self) -> usize {
        let items = self.items.iter();
        items.filter(|item| item.verdict.is_difference()).count()
    }

    /// Every difference, as it would be recorded now.
    pub fn differences(&self) -> Vec<Difference> {
        differences(&self.items, &self.missing)
    }
}

fn found(items: &[CheckItem], model: Option<&str>) -> u64 {
    let of_model = |item: &&CheckItem| model.is_none_or(|model| item.model == model);
    let found = items
        .iter()
        .filter(|item| item.verdict == Verdict::Found)
        .filter(of_model)
        .count();
    u64::try_from(found).unwrap_or(u64::MAX)
}

/// Begins a check of the whole stock, or of one model.
///
/// # Errors
/// `wrong-duty`, `stock-check-open` while another one is, `ukey-unknown-model` where none of the model is
/// or was in stock.
pub fn start(
    desk: &Desk,
    officer: &ActingOfficer,
    model: Option<&str>,
) -> Result<CheckView, Error> {
    officer.demand(Duty::ManageStock)?;
    if let Some(open) = desk.store().read().open_stock_check()? {
        return Err(Error::refused("stock-check-open", open.number));
    }
    if let Some(model) = model {
        let lines = desk.store().read().stock(None)?;
        if !lines.iter().any(|line| line.model == model) {
            return Err(Error::usage("ukey-unknown-model", model));
        }
    }
    let id = clock::new_uuid().to_string();
    let mut audit = Desk::audit_row(officer, "stock-check-started");
    audit.detail = Some(match model {
        Some(model) => format!("{id}: {model}"),
        None => id.clone(),
    });
    desk.store().act(&audit, |writing| {
        writing.start_stock_check(&id, model, (officer.name(), audit.at))
    })?;
    of_open(desk)
}

/// Goes on with the check that is open or paused; also after the program was ended in the middle.
///
/// # Errors
/// `wrong-duty`, `stock-check-none`.
pub fn resume(desk: &Desk, officer: &ActingOfficer) -> Result<CheckView, Error> {
    put(desk, officer, (false, "stock-check-resumed"))
}

/// Pauses it; one that is paused stays so.
///
/// # Errors
/// `wrong-duty`, `stock-check-none`.
pub fn pause(desk: &Desk, officer: &ActingOfficer) -> Result<CheckView, Error> {
    officer.demand(Duty::ManageStock)?;
    if open(desk)?.state == CheckState::Paused {
        return of_open(desk);
    }
    put(desk, officer, (true, "stock-check-paused"))
}

fn put(
    desk: &Desk,
    officer: &ActingOfficer,
    (paused, act): (bool, &'static str),
) -> Result<CheckView, Error> {
    officer.demand(Duty::ManageStock)?;
    let row = open(desk)?;
    let mut audit = Desk::audit_row(officer, act);
    audit.detail = Some(row.number);
    desk.store()
        .act(&audit, |writing| writing.put_stock_check(&row.id, paused))?;
    of_open(desk)
}

/// Gives it up: what was seen stays on record, and no difference is recorded.
///
/// # Errors
/// `wrong-duty`, `stock-check-none`.
pub fn give_up(desk: &Desk, officer: &ActingOfficer) -> Result<CheckView, Error> {
    officer.demand(Duty::ManageStock)?;
    let row = open(desk)?;
    let mut audit = Desk::audit_row(officer, "stock-check-dropped");
    audit.detail = Some(row.number.clone());
    desk.store().act(&audit, |writing| {
        writing.end_stock_check(&row.id, (officer.name(), audit.at), None)
    })?;
    view(desk, officer, Some(&row.number))
}

/// The check of this number, or the open one; where none is open, the newest.
///
/// # Errors
/// `stock-check-none`, `stock-check-unknown`, `stock-check-altered` where a signed one is not what was
/// signed.
pub fn view(
    desk: &Desk,
    officer: &ActingOfficer,
    number: Option<&str>,
) -> Result<CheckView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let row = named(desk, number)?;
    match row.state {
        CheckState::Signed => {
            let (result, _content) = sign::verified(desk, &row)?;
            Ok(CheckView {
                row,
                expected: result.expected,
                items: result.items,
                missing: result.missing,
            })
        }
        CheckState::Open | CheckState::Paused | CheckState::Dropped => {
            let store = desk.store();
            Ok(store.at_one_moment(|store| seen(&store.read(), row))?)
        }
    }
}

/// Every check, the oldest first.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<CheckRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().stock_checks()?)
}

fn named(desk: &Desk, number: Option<&str>) -> Result<CheckRow, Error> {
    let mut rows = desk.store().read().stock_checks()?;
    match number {
        Some(number) => {
            let row = rows.into_iter().find(|row| row.number == number);
            row.ok_or_else(|| Error::usage("stock-check-unknown", number))
        }
        None => rows
            .pop()
            .ok_or_else(|| Error::refused("stock-check-none", "")),
    }
}

/// The check that is open or paused.
fn open(desk: &Desk) -> Result<CheckRow, Error> {
    let row = desk.store().read().open_stock_check()?;
    row.ok_or_else(|| Error::refused("stock-check-none", ""))
}

fn of_open(desk: &Desk) -> Result<CheckView, Error> {
    let row = open(desk)?;
    let store = desk.store();
    Ok(store.at_one_moment(|store| seen(&store.read(), row))?)
}

/// What an unsigned check has seen; one that was given up misses nothing.
fn seen(reading: &Reading<'_>, row: CheckRow) -> Result<CheckView, StoreError> {
    let model = row.model.as_deref();
    let missing = match row.state {
        CheckState::Dropped => Vec::new(),
        CheckState::Open | CheckState::Paused | CheckState::Signed => {
            reading.stock_check_missing(&row.id, model)?
        }
    };
    Ok(CheckView {
        expected: reading.stock_check_expected(model)?,
        items: reading.stock_check_items(&row.id)?,
        missing,
        row,
    })
}
