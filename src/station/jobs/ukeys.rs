//! Ukeys in stock and in use.

use std::collections::BTreeSet;

use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::ActingOfficer;
use crate::station::bench::{self, Bench};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::UkeyRow;
use crate::token::virtual_ukey;

/// A ukey and whether it is plugged in.
#[derive(Clone, Debug)]
pub struct UkeyView {
    /// Its record.
    pub row: UkeyRow,
    /// Whether it is plugged in.
    pub inserted: bool,
}

/// What is plugged in, read without login.
///
/// # Errors
/// When the home cannot be read.
pub fn inserted(desk: &Desk, officer: &ActingOfficer) -> Result<Bench, Error> {
    officer.demand(Duty::ReadRecords)?;
    bench::look(desk)
}

/// Every ukey of this unit.
///
/// # Errors
/// What the store says.
pub fn list(
    desk: &Desk,
    officer: &ActingOfficer,
    state: Option<UkeyState>,
) -> Result<Vec<UkeyView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let rows = desk.store().read().ukeys(state)?;
    let plugged = plugged(desk)?;
    let view = |row: UkeyRow| UkeyView {
        inserted: plugged.contains(&row.identity.serial),
        row,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// One ukey by its serial or the last four or more characters of it.
///
/// # Errors
/// `ukey-unknown`, `ukey-ambiguous`.
pub fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<UkeyView, Error> {
    let views = list(desk, officer, None)?;
    let exact = views
        .iter()
        .find(|view| view.row.identity.serial.as_str() == text);
    if let Some(view) = exact {
        return Ok(view.clone());
    }
    let tail = |view: &UkeyView| {
        text.chars().count() >= 4 && view.row.identity.serial.as_str().ends_with(text)
    };
    let found: Vec<_> = views.into_iter().filter(tail).collect();
    match found.as_slice() {
        [view] => Ok(view.clone()),
        [] => Err(Error::usage("ukey-unknown", text)),
        several => {
            let serials: Vec<_> = several
                .iter()
                .map(|view| view.row.identity.serial.as_str())
                .collect();
            Err(Error::usage(
                "ukey-ambiguous",
                format!("{text}: {}", serials.join(", ")),
            ))
        }
    }
}

/// The serials that are plugged in. Virtual ones by their marker; readers are looked at.
fn plugged(desk: &Desk) -> Result<BTreeSet<Serial>, Error> {
    if desk.is_practice() {
        let folders = virtual_ukey::folders(&desk.home().ukeys())?.into_iter();
        let inserted = folders.filter(|(_serial, folder)| virtual_ukey::is_inserted(folder));
        return Ok(inserted.map(|(serial, _folder)| serial).collect());
    }
    let bench = bench::look(desk)?;
    Ok(bench
        .ukeys
        .into_iter()
        .map(|ukey| match ukey.record {
            Some(record) => record.identity.serial,
            None => ukey.reading.identity.serial,
        })
        .collect())
}
