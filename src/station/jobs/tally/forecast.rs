//! The forecast (D-32): which blanks are needed, per unit and month, and when the stock runs low.

use std::collections::BTreeMap;

use super::view::{Numbers, year_before};
use crate::domain::forecast::{self, Demand, ModelStock, Month, Need, Outlook, Terms};
use crate::domain::officer::Duty;
use crate::domain::tally::UnitTally;
use crate::domain::ukey::UkeyState;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};

/// What one unit needs.
#[derive(Clone, Debug)]
pub struct UnitForecast {
    /// Its name.
    pub unit: String,
    /// Its code.
    pub unit_code: String,
    /// Month by month.
    pub months: Vec<(Month, Need)>,
}

/// The forecast.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Units that need something, here and by the tallies of the subordinates.
    pub units: Vec<UnitForecast>,
    /// All units together, rounded once.
    pub total: Vec<(Month, Need)>,
    /// Each model beside that.
    pub models: Vec<(ModelStock, Outlook)>,
    /// What it was reckoned with.
    pub terms: Terms,
}

/// Reckons the blanks needed in so many months from this one on.
///
/// # Errors
/// What the store says.
pub fn forecast(desk: &Desk, officer: &ActingOfficer, months: u32) -> Result<Forecast, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let numbers = Numbers::read(desk, now)?;
    let (rate, levels) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.loss_rate(year_before(now))?,
            reading.reorder_levels()?,
        )
    };
    let terms = Terms {
        rate,
        spare_percent: numbers.spare_percent,
    };
    let models = models(&numbers, levels);
    let first = Month::of(now);
    let mut all = Demand::default();
    let mut units = Vec::new();
    for unit in numbers.merge() {
        let demand = Demand {
            approved_waiting: unit.waiting,
            expiring: unit.expiring,
        };
        all.add(&demand);
        let months = demand.months(first, months, terms);
        if months.iter().any(|(_month, need)| need.needed() > 0) {
            units.push(UnitForecast {
                unit: unit.name,
                unit_code: unit.code.as_str().to_owned(),
                months,
            });
        }
    }
    let total = all.months(first, months, terms);
    let outlook = forecast::outlook(&models, &total);
    Ok(Forecast {
        units,
        models: models.into_iter().zip(outlook).collect(),
        total,
        terms,
    })
}

/// Each model that is, was or should be here or below.
fn models(numbers: &Numbers, levels: Vec<(String, String, u64)>) -> Vec<ModelStock> {
    let mut models: BTreeMap<(String, String), ModelStock> = BTreeMap::new();
    let mut of = |maker: &str, model: &str, set: &dyn Fn(&mut ModelStock)| {
        let key = (maker.to_owned(), model.to_owned());
        let one = models.entry(key).or_insert_with(|| ModelStock {
            maker: maker.to_owned(),
            model: model.to_owned(),
            ..ModelStock::default()
        });
        set(one);
    };
    for line in numbers.own.iter().flat_map(|unit: &UnitTally| &unit.stock) {
        let blank = line.count(UkeyState::Blank);
        of(&line.maker, &line.model, &|one| one.blank = blank);
    }
    for ((maker, model), counts) in &numbers.models {
        of(maker, model, &|one| {
            one.coming = counts.coming;
            one.below = counts.leaving;
            one.issued = counts.issued;
        });
    }
    let below = numbers.tallies.iter().flat_map(|row| &row.units);
    for line in below.flat_map(|unit| &unit.stock) {
        let blank = line.count(UkeyState::Blank);
        of(&line.maker, &line.model, &|one| one.below += blank);
    }
    for (maker, model, level) in levels {
        of(&maker, &model, &|one| one.level = Some(level));
    }
    models.into_values().collect()
}
