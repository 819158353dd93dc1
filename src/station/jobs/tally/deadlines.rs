//! The countdown to the roll-out's deadlines, and who is still without a certificate (D-5).

use std::collections::BTreeMap;

use time::Date;
use time::macros::format_description;

use super::view::Numbers;
use crate::domain::field_fault::mask_value;
use crate::domain::id::UnitId;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::setting::{APPLY_BY, MANDATORY_FROM, Setting};
use crate::domain::tally::UnitTally;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::settings;
use crate::station::{ActingOfficer, clock};

/// A day and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The day.
    pub day: Date,
    /// Days until then; negative once it has passed.
    pub days: i64,
}

/// Somebody of this home's requests who is still without a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonWithout {
    /// Number of the request.
    pub number: String,
    /// Where it is.
    pub state: RequestState,
    /// The holder's name, masked.
    pub name: String,
    /// The holder's unit.
    pub unit: String,
    /// Its code.
    pub unit_code: String,
}

/// The countdown.
#[derive(Clone, Debug)]
pub struct Deadlines {
    /// Until when people apply.
    pub apply_by: Option<Deadline>,
    /// From when everybody needs one.
    pub mandatory_from: Option<Deadline>,
    /// Units with requests, here and by the tallies of the subordinates.
    pub units: Vec<UnitTally>,
    /// Who is still without one, of the requests of this home, by number.
    pub people: Vec<PersonWithout>,
}

/// Counts down, and tells who is still without a certificate: those who apply for one and have none
/// that is live.
///
/// # Errors
/// What the store says.
pub fn deadlines(desk: &Desk, officer: &ActingOfficer) -> Result<Deadlines, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let [apply_by, mandatory_from] = countdown(desk, now.date())?;
    let mut units = Numbers::read(desk, now)?.merge();
    units.retain(|unit| unit.without + unit.certified > 0);
    let store = desk.store();
    let reading = store.read();
    let names: BTreeMap<UnitId, (String, String)> = reading
        .units()?
        .into_iter()
        .map(|unit| (unit.id, (unit.name, unit.code.as_str().to_owned())))
        .collect();
    let people = reading.people_without(now)?.into_iter().map(|row| {
        let (unit, unit_code) = names.get(&row.unit).cloned().unwrap_or_default();
        PersonWithout {
            number: row.number,
            state: row.state,
            name: mask_value("name", &row.holder_name),
            unit,
            unit_code,
        }
    });
    Ok(Deadlines {
        apply_by,
        mandatory_from,
        units,
        people: people.collect(),
    })
}

/// Days until people must have applied, and until everybody needs a certificate, where they are set.
pub(in crate::station::jobs) fn countdown(
    desk: &Desk,
    today: Date,
) -> Result<[Option<Deadline>; 2], Error> {
    let count = |setting| {
        let day = day_of(desk, setting)?;
        Ok::<_, Error>(day.map(|day| Deadline {
            day,
            days: (day - today).whole_days(),
        }))
    };
    Ok([count(APPLY_BY)?, count(MANDATORY_FROM)?])
}

/// The day of a setting, where one is set.
pub(super) fn day_of(desk: &Desk, setting: Setting) -> Result<Option<Date>, Error> {
    let text = settings::read(desk, setting)?.value;
    if text.is_empty() {
        return Ok(None);
    }
    let day = Date::parse(&text, format_description!("[year]-[month]-[day]"));
    let damaged = |error| Error::failed("store-damaged", setting.name).because(error);
    day.map(Some).map_err(damaged)
}
