//! The own numbers and the newest tallies of the subordinates as one: on the screen, as a sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::documents::sheet::tally as tally_sheet;
use crate::domain::forecast::{MOST_MONTHS, Month};
use crate::domain::id::UnitId;
use crate::domain::officer::Duty;
use crate::domain::setting::SPARE_PERCENT;
use crate::domain::tally::{self, Difference, StockTally, Total, UnitTally};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyState;
use crate::domain::unit::Unit;
use crate::domain::unit_code::UnitCode;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{settings, sheets};
use crate::station::{ActingOfficer, clock, post};
use crate::store::{ModelCounts, Reading, StoreError, TallyRow, UnitCounts};

/// One unit of the view.
#[derive(Clone, Debug)]
pub struct MergedUnit {
    /// Its numbers.
    pub tally: UnitTally,
    /// Of a direct subordinate: where its books and those here did not agree when its tally came.
    pub differences: Vec<Difference>,
}

/// The whole view.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The own unit, then the others by code.
    pub units: Vec<MergedUnit>,
    /// Sums over them.
    pub total: Total,
    /// The spare percent of this home, with which the sum is reckoned.
    pub spare_percent: u64,
}

/// The own numbers and the newest tally of each subordinate, each unit once (D-33), and what differs
/// between the levels (D-27).
///
/// # Errors
/// What the store says.
pub fn merged(desk: &Desk, officer: &ActingOfficer) -> Result<Merged, Error> {
    officer.demand(Duty::ReadRecords)?;
    let numbers = Numbers::read(desk, clock::now())?;
    let mut found: BTreeMap<UnitCode, Vec<Difference>> = BTreeMap::new();
    for row in &numbers.tallies {
        for unit in row.units.iter().filter(|unit| unit.superior.is_none()) {
            let differences = tally::differences(&row.passed, &unit.stock);
            found.insert(unit.code.clone(), differences);
        }
    }
    let spare_percent = numbers.spare_percent;
    let units = numbers.merge();
    let total = tally::total(&units, spare_percent);
    let units = units.into_iter().map(|tally| MergedUnit {
        differences: found.remove(&tally.code).unwrap_or_default(),
        tally,
    });
    Ok(Merged {
        units: units.collect(),
        total,
        spare_percent,
    })
}

/// Writes the view as a sheet for people: a row for each unit.
///
/// # Errors
/// What the file system says.
pub fn write_sheet(merged: &Merged, out: &Path) -> Result<(), Error> {
    let units: Vec<&UnitTally> = merged.units.iter().map(|unit| &unit.tally).collect();
    let bytes = tally_sheet::write(&units, &merged.total).map_err(sheets::not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))
}

/// What tally, forecast and countdown are reckoned from, read at one moment.
pub(super) struct Numbers {
    /// The own unit's row first.
    pub(super) own: Vec<UnitTally>,
    /// Of units that are subordinates now.
    pub(super) tallies: Vec<TallyRow>,
    pub(super) models: BTreeMap<(String, String), ModelCounts>,
    pub(super) spare_percent: u64,
}

impl Numbers {
    pub(super) fn read(desk: &Desk, now: Timestamp) -> Result<Self, Error> {
        let spare_percent = settings::read(desk, SPARE_PERCENT)?.value;
        let spare_percent = spare_percent.parse().unwrap_or_default();
        let superior = post::superior(desk).ok().map(|facts| facts.code);
        let store = desk.store();
        store.at_one_moment(|store| {
            let reading = store.read();
            let superior = superior.as_deref();
            let models = reading.model_counts(superior, year_before(now))?;
            let stock = stock(&reading, &models)?;
            let counts = reading.unit_counts(now)?;
            Ok(Self {
                own: own_rows(&reading.units()?, counts, (now, spare_percent), stock),
                tallies: current(&reading)?,
                models,
                spare_percent,
            })
        })
    }

    /// Each unit once.
    pub(super) fn merge(self) -> Vec<UnitTally> {
        let received = self.tallies.into_iter().map(|row| {
            let mut units = row.units;
            for unit in units.iter_mut().filter(|unit| unit.superior.is_none()) {
                unit.differs = !tally::differences(&row.passed, &unit.stock).is_empty();
            }
            units
        });
        tally::merged(self.own, received.collect())
    }
}

/// The moment twelve months earlier, to a day.
pub(super) fn year_before(now: Timestamp) -> Timestamp {
    now.plus_days(-365)
}

/// The tallies of units that are certified here now: of one that left, its new superior tells.
fn current(reading: &Reading<'_>) -> Result<Vec<TallyRow>, StoreError> {
    let certified = reading.certified_units()?.into_iter();
    let codes: BTreeSet<String> = certified.map(|row| row.unit_code).collect();
    let mut rows = reading.tallies()?;
    rows.retain(|row| codes.contains(&row.unit_code));
    Ok(rows)
}

/// The stock of this desk, model by model.
fn stock(
    reading: &Reading<'_>,
    models: &BTreeMap<(String, String), ModelCounts>,
) -> Result<Vec<StockTally>, StoreError> {
    let lines = reading.stock(None)?.into_iter().map(|line| {
        let key = (line.maker.clone(), line.model.clone());
        let counts = models.get(&key).cloned().unwrap_or_default();
        let states = UkeyState::ALL.into_iter();
        let states = states.map(|state| (state, line.count(state)));
        StockTally {
            from_superior: counts.from_superior,
            in_transit: line.in_transit,
            received: line.received,
            sent_back: counts.sent_back,
            states: states.filter(|(_state, count)| *count > 0).collect(),
            maker: line.maker,
            model: line.model,
        }
    });
    Ok(lines.collect())
}

/// A row for the own unit, each open one below it, and each that has requests here.
fn own_rows(
    units: &[Unit],
    mut counts: BTreeMap<UnitId, UnitCounts>,
    (now, spare_percent): (Timestamp, u64),
    mut stock: Vec<StockTally>,
) -> Vec<UnitTally> {
    let Some(own) = units.first().filter(|unit| unit.own) else {
        return Vec::new();
    };
    let own = (own.id, own.code.clone());
    let by_id: BTreeMap<UnitId, &Unit> = units.iter().map(|unit| (unit.id, unit)).collect();
    let told = |unit: &Unit, counts: &BTreeMap<UnitId, UnitCounts>| {
        let below = unit.closed_at.is_none() && is_below(unit, own.0, &by_id);
        unit.own || below || counts.contains_key(&unit.id)
    };
    let codes: BTreeMap<UnitId, UnitCode> = units
        .iter()
        .filter(|unit| told(unit, &counts))
        .map(|unit| (unit.id, unit.code.clone()))
        .collect();
    let superior = |unit: &Unit| {
        let above = ancestors(unit, &by_id).find_map(|above| codes.get(&above.id));
        above.unwrap_or(&own.1).clone()
    };
    let last = Month::of(now).plus(MOST_MONTHS); // Further nobody looks ahead.
    let mut rows = Vec::new();
    for unit in units.iter().filter(|unit| codes.contains_key(&unit.id)) {
        let UnitCounts {
            requests,
            waiting,
            mut expiring,
            certified,
            without,
        } = counts.remove(&unit.id).unwrap_or_default();
        expiring.retain(|month, _count| *month <= last);
        let mut row = UnitTally {
            as_of: now,
            certified,
            code: unit.code.clone(),
            differs: false,
            expiring,
            level: unit.level,
            name: unit.name.clone(),
            needed: 0,
            requests,
            spare_percent,
            stock: if unit.own {
                std::mem::take(&mut stock)
            } else {
                Vec::new()
            },
            superior: (!unit.own).then(|| superior(unit)),
            waiting,
            without,
        };
        row.reckon();
        rows.push(row);
    }
    rows
}

/// The units above one, the nearest first; a ring of records ends after some steps.
fn ancestors<'a>(
    unit: &Unit,
    by_id: &'a BTreeMap<UnitId, &'a Unit>,
) -> impl Iterator<Item = &'a Unit> {
    let above = |unit: &Unit| unit.parent.and_then(|id| by_id.get(&id)).copied();
    std::iter::successors(above(unit), move |unit| above(unit)).take(8)
}

fn is_below(unit: &Unit, own: UnitId, by_id: &BTreeMap<UnitId, &Unit>) -> bool {
    ancestors(unit, by_id).any(|above| above.id == own)
}
