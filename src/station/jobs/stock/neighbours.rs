//! To whom ukeys may go from here (D-26), and which of the stock are plugged in: what the window asks
//! for often, without reading the whole stock.

use crate::domain::officer::Duty;
use crate::domain::unit::Unit;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::{ActingOfficer, bench, post};
use crate::store::UkeyRow;
use crate::token::virtual_ukey;

/// The units with which ukeys are exchanged.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// Name of the superior; a province has none.
    pub superior: Option<String>,
    /// Direct subordinates that are not closed, and whether they were certified here: only those can be
    /// sent a file.
    pub subordinates: Vec<(Unit, bool)>,
}

/// The superior and the direct subordinates.
///
/// # Errors
/// What the store says.
pub fn neighbours(desk: &Desk, officer: &ActingOfficer) -> Result<Neighbours, Error> {
    officer.demand(Duty::ReadRecords)?;
    let superior = match post::superior(desk) {
        Ok(facts) => Some(facts.name),
        Err(error) if error.code == "unit-is-root" => None,
        Err(error) => return Err(error),
    };
    let store = desk.store();
    let reading = store.read();
    let units = reading.units()?;
    let certified = reading.certified_units()?;
    let own = units.iter().find(|unit| unit.own).map(|unit| unit.id);
    let is_certified =
        |unit: &Unit| (certified.iter()).any(|row| row.unit_code == unit.code.as_str());
    let below = units
        .into_iter()
        .filter(|unit| own.is_some() && unit.parent == own && unit.closed_at.is_none());
    let subordinates = below.map(|unit| {
        let known = is_certified(&unit);
        (unit, known)
    });
    Ok(Neighbours {
        superior,
        subordinates: subordinates.collect(),
    })
}

/// The ukeys of the stock that are plugged in.
///
/// # Errors
/// What store and file system say.
pub fn plugged_in(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<UkeyView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut rows: Vec<UkeyRow> = Vec::new();
    if desk.is_practice() {
        for (serial, folder) in virtual_ukey::folders(&desk.home().ukeys())? {
            if virtual_ukey::is_inserted(&folder) {
                rows.extend(desk.store().read().ukey(&serial)?);
            }
        }
    } else {
        let found = bench::look(desk)?.ukeys.into_iter();
        rows.extend(found.filter_map(|ukey| ukey.record));
        rows.dedup();
    }
    rows.retain(|row| row.officer.is_none());
    let view = |row| UkeyView {
        row,
        inserted: true,
    };
    Ok(rows.into_iter().map(view).collect())
}
