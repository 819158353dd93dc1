//! Certificates that end, and when (D-47).

use rusqlite::{Row, params};

use super::value::{counted, parsed, time};
use super::{Reading, StoreError};
use crate::domain::certificate::CertificateSerial;
use crate::domain::forecast::Month;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// A live certificate that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringRow {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The ukey it is on.
    pub ukey: Serial,
    /// notAfter.
    pub not_after: Timestamp,
    /// The number of its request.
    pub number: String,
    /// Its holder; empty once purged.
    pub holder: String,
    /// The holder's unit.
    pub unit: String,
}

/// How many live certificates of a unit end in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringMonth {
    /// The unit's name.
    pub unit: String,
    /// The month.
    pub month: Month,
    /// How many.
    pub count: u64,
}

impl Reading<'_> {
    /// Live certificates that end after `now` and not after `until`, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expiring(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ExpiringRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT certificates.serial, certificates.ukey, not_after, number, holder_name, units.name
             FROM certificates INDEXED BY certificates_by_end
             JOIN requests ON requests.id = certificates.request
             JOIN units ON units.id = requests.unit
             WHERE certificates.state IN ('active', 'hold') AND not_after > ?1 AND not_after <= ?2
             ORDER BY not_after, certificates.serial",
        )?;
        let rows = statement.query_map(params![now.to_string(), until.to_string()], row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many live certificates of each unit end in each month after `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expiring_by_month(&self, now: Timestamp) -> Result<Vec<ExpiringMonth>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT units.name, ending.month, ending.count
             FROM (SELECT requests.unit AS unit, substr(not_after, 1, 7) AS month, count(*) AS count
                   FROM certificates INDEXED BY certificates_by_end
                   JOIN requests ON requests.id = certificates.request
                   WHERE certificates.state IN ('active', 'hold') AND not_after > ?1
                   GROUP BY 1, 2) AS ending
             JOIN units ON units.id = ending.unit
             ORDER BY ending.month, units.name",
        )?;
        let rows = statement.query_map([now.to_string()], |row| {
            Ok(ExpiringMonth {
                unit: row.get(0)?,
                month: parsed(row, 1, "month", |text| Month::parse(text).ok())?,
                count: counted(row, 2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<ExpiringRow> {
    let serial = |text: &str| CertificateSerial::try_from(text.to_owned()).ok();
    Ok(ExpiringRow {
        serial: parsed(row, 0, "certificate serial", serial)?,
        ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
        not_after: parsed(row, 2, "time", time)?,
        number: row.get(3)?,
        holder: row.get(4)?,
        unit: row.get(5)?,
    })
}
