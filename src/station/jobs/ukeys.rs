//! Ukeys in stock and in use.

use std::collections::BTreeSet;

use crate::domain::officer::Duty;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::ActingOfficer;
use crate::station::bench::{self, Bench, Inserted};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{UkeyFilter, UkeyRow};
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
/// `ukey-unknown`, `ukey-ambiguous`, `ukey-of-officer`.
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

/// Why no ukey of the stock has this serial.
fn not_in_stock(desk: &Desk, text: &str) -> Result<Error, Error> {
    let own = desk.store().read().officers_ukeys()?;
    let mut own = own.iter();
    Ok(
        match own.find(|row| row.identity.serial.is_named_by(text)) {
            Some(row) => Error::refused("ukey-of-officer", row.identity.serial.as_str()),
            None => Error::usage("ukey-unknown", text),
        },
    )
}

/// Who came and who went.
#[derive(Clone, Debug)]
pub enum Change {
    /// Plugged in.
    Inserted(Box<Inserted>),
    /// Plugged in, and cannot be read; with its record, if it is in stock.
    Unreadable(Serial, Option<UkeyRow>),
    /// Pulled out; with its record, if it is in stock.
    Removed(Serial, Option<UkeyRow>),
}

impl Change {
    /// Which ukey: the serial it has in stock, else the one it reports.
    pub fn serial(&self) -> &Serial {
        match self {
            Self::Inserted(ukey) => match &ukey.record {
                Some(row) => &row.identity.serial,
                None => &ukey.reading.identity.serial,
            },
            Self::Unreadable(serial, _) | Self::Removed(serial, _) => serial,
        }
    }

    /// Its record, if it is in stock.
    pub fn record(&self) -> Option<&UkeyRow> {
        match self {
            Self::Inserted(ukey) => ukey.record.as_ref(),
            Self::Unreadable(_, record) | Self::Removed(_, record) => record.as_ref(),
        }
    }
}

/// Knows who was plugged in at the last look.
#[derive(Clone, Debug)]
pub struct Watch(BTreeSet<Serial>);

impl Watch {
    /// Notes who is plugged in now.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub fn start(desk: &Desk, officer: &ActingOfficer) -> Result<Self, Error> {
        officer.demand(Duty::ReadRecords)?;
        Ok(Self(plugged(desk)?))
    }

    /// How many were plugged in.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Who came and who went since the last look. Virtual ukeys are opened only when one came, so
    /// that a run at work on another one is left alone.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub fn look(&mut self, desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Change>, Error> {
        officer.demand(Duty::ReadRecords)?;
        let now = plugged(desk)?;
        let before = std::mem::replace(&mut self.0, now);
        let mut changes = Vec::new();
        for serial in before.difference(&self.0) {
            let record = desk.store().read().ukey(serial)?;
            changes.push(Change::Removed(serial.clone(), record));
        }
        let came: Vec<_> = self.0.difference(&before).collect();
        if came.is_empty() {
            return Ok(changes);
        }
        let bench = bench::look(desk)?;
        for serial in came {
            let is_it = |ukey: &&Inserted| match &ukey.record {
                Some(row) => row.identity.serial == *serial,
                None => ukey.reading.identity.serial == *serial,
            };
            changes.push(match bench.ukeys.iter().find(is_it) {
                Some(ukey) => Change::Inserted(Box::new(ukey.clone())),
                None => Change::Unreadable(serial.clone(), desk.store().read().ukey(serial)?),
            });
        }
        Ok(changes)
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
