//! Ukeys in stock and in use.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::officer::Duty;
use crate::domain::ukey::Serial;
use crate::station::ActingOfficer;
use crate::station::bench::{self, Bench, Inserted};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{UkeyFilter, UkeyRow};
use crate::token::virtual_ukey::{self, Insertion};

mod cards;
mod watch;

pub use crate::token::reader::{CardTrouble, ReaderEvent};
pub use cards::CardInReader;
pub use watch::{Change, Watch, candidates};

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

/// A page of the stock.
///
/// # Errors
/// What the store says.
pub fn page(
    desk: &Desk,
    officer: &ActingOfficer,
    filter: &UkeyFilter,
) -> Result<Vec<UkeyView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let rows = desk.store().read().ukeys_page(filter)?;
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
/// `ukey-unknown`, `ukey-ambiguous`, `ukey-of-officer`, `ukey-not-in-stock` for one that is plugged in and
/// not on record.
pub fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<UkeyView, Error> {
    let row = named(desk, officer, text)?;
    let inserted = plugged(desk)?.contains(&row.identity.serial);
    Ok(UkeyView { row, inserted })
}

/// The same without a look at what is plugged in.
///
/// # Errors
/// As [`find`].
pub fn named(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<UkeyRow, Error> {
    officer.demand(Duty::ReadRecords)?;
    let found = desk.store().read().ukeys_named(text)?;
    match found.as_slice() {
        [row] => Ok(row.clone()),
        [] => Err(not_in_stock(desk, text)?),
        several => {
            let serials: Vec<_> = several
                .iter()
                .map(|row| row.identity.serial.as_str())
                .collect();
            Err(Error::usage(
                "ukey-ambiguous",
                format!("{text}: {}", serials.join(", ")),
            ))
        }
    }
}

/// The whole serial numbers of ukeys of the stock, each named as [`find`] takes it.
///
/// # Errors
/// As [`find`].
pub fn named_all(
    desk: &Desk,
    officer: &ActingOfficer,
    texts: &[String],
) -> Result<Vec<Serial>, Error> {
    let named = texts.iter().map(|text| named(desk, officer, text));
    named
        .map(|row| row.map(|row| row.identity.serial))
        .collect()
}

/// Why no ukey of the stock has this serial.
fn not_in_stock(desk: &Desk, text: &str) -> Result<Error, Error> {
    let own = desk.store().read().officers_ukeys()?;
    let mut own = own.iter();
    Ok(
        match own.find(|row| row.identity.serial.is_named_by(text)) {
            Some(row) => Error::refused("ukey-of-officer", row.identity.serial.as_str()),
            None => match stranger(desk, text) {
                Some(serial) => Error::refused("ukey-not-in-stock", serial.as_str()),
                None => Error::usage("ukey-unknown", text),
            },
        },
    )
}

/// One that is plugged in and not on record: it can be taken in (D-30). Where the readers cannot be looked
/// at it is unknown as any other.
fn stranger(desk: &Desk, text: &str) -> Option<Serial> {
    let plugged = serials(&bench::look(desk).ok()?);
    let mut named = plugged
        .into_iter()
        .filter(|serial| serial.is_named_by(text));
    named.next().filter(|_first| named.next().is_none())
}

/// The serials that are plugged in. Virtual ones by their marker; modules are asked.
fn plugged(desk: &Desk) -> Result<BTreeSet<Serial>, Error> {
    if desk.is_practice() {
        return Ok(insertions(desk)?.into_keys().collect());
    }
    Ok(serials(&bench::look(desk)?))
}

/// The virtual ukeys that are plugged in, by their marker, and since which time.
fn insertions(desk: &Desk) -> Result<BTreeMap<Serial, Insertion>, Error> {
    let inserted = virtual_ukey::inserted(&desk.home().ukeys())?.into_iter();
    Ok(inserted
        .map(|(serial, _folder, insertion)| (serial, insertion))
        .collect())
}

fn serials(bench: &Bench) -> BTreeSet<Serial> {
    bench
        .ukeys
        .iter()
        .map(|ukey| serial_of(ukey).clone())
        .collect()
}

/// The serial it has in stock, else the one it reports.
fn serial_of(ukey: &Inserted) -> &Serial {
    match &ukey.record {
        Some(row) => &row.identity.serial,
        None => &ukey.reading.identity.serial,
    }
}
