//! Certificates that end: who is to come to the desk, and when (D-47).

use std::path::Path;

use time::Date;

use crate::documents::calendar;
use crate::documents::sheet::renewals::{self, Renewal};
use crate::domain::officer::Duty;
use crate::domain::renewal::appointments;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::sheets::not_written;
use crate::station::{ActingOfficer, clock};
use crate::store::{ExpiringMonth, ExpiringRow};
use crate::wording::Wording;

/// How far ahead, and how many a day.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Certificates that end within so many days.
    pub within_days: u32,
    /// Appointments of one working day, at most.
    pub per_day: usize,
}

/// Certificates that end, each with the day to come.
#[derive(Clone, Debug)]
pub struct Expiring {
    /// The earliest end first.
    pub rows: Vec<(ExpiringRow, Date)>,
    /// How many end in each month, unit by unit, all of them.
    pub months: Vec<ExpiringMonth>,
}

/// Who is to come, and when.
///
/// # Errors
/// What the store says.
pub fn expiring(desk: &Desk, officer: &ActingOfficer, plan: Plan) -> Result<Expiring, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let (rows, months) = {
        let store = desk.store();
        let reading = store.read();
        let until = now.plus_days(plan.within_days.into());
        (
            reading.expiring(now, until)?,
            reading.expiring_by_month(now)?,
        )
    };
    let ends: Vec<Date> = rows.iter().map(|row| row.not_after.date()).collect();
    let days = appointments(now.date(), &ends, plan.per_day);
    Ok(Expiring {
        rows: rows.into_iter().zip(days).collect(),
        months,
    })
}

/// Writes the list for people: a sheet (`.xlsx`) or a calendar (`.ics`).
///
/// # Errors
/// `file-ending` for any other ending, or what the file system says.
pub fn write(expiring: &Expiring, words: &Wording, out: &Path) -> Result<(), Error> {
    let renewals: Vec<Renewal> = expiring.rows.iter().map(renewal).collect();
    let ending = out.extension().and_then(|ending| ending.to_str());
    let bytes = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("xlsx") => renewals::write(&renewals).map_err(not_written)?,
        Some("ics") => {
            let (name, subject) = (words.text("renewals"), words.text("renewal-of"));
            calendar::write(&renewals, (&name, &subject), clock::now()).into_bytes()
        }
        _ => return Err(Error::usage("file-ending", out.display().to_string())),
    };
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))
}

fn renewal((row, day): &(ExpiringRow, Date)) -> Renewal {
    Renewal {
        appointment: day.to_string(),
        holder: row.holder.clone(),
        unit: row.unit.clone(),
        number: row.number.clone(),
        ukey: row.ukey.to_string(),
        certificate: row.serial.to_string(),
        ends: row.not_after.date().to_string(),
    }
}
