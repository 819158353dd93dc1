//! Certificates that end, and when (D-47).

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::value::{parsed, time, unreadable};
use super::{Reading, StoreError};
use crate::domain::certificate::CertificateSerial;
use crate::domain::forecast::Month;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// Of a time, the year and the month.
const MONTH_CHARS: usize = 7;

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

    /// How many live certificates of each unit end in each month after `now`: counted in one walk of the
    /// index that has both.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expiring_by_month(&self, now: Timestamp) -> Result<Vec<ExpiringMonth>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT unit, not_after FROM certificates INDEXED BY certificates_by_unit_end
             WHERE state IN ('active', 'hold') AND not_after > ?1 ORDER BY unit, not_after",
        )?;
        let mut rows = statement.query([now.to_string()])?;
        let mut found: Vec<ExpiringMonth> = Vec::new(); // By their ids as yet.
        let mut last = String::new();
        while let Some(row) = rows.next()? {
            let text = |at| {
                row.get_ref(at)?
                    .as_str()
                    .map_err(|_kind| unreadable("month"))
            };
            let (unit, end) = (text(0)?, text(1)?);
            let month = end.get(..MONTH_CHARS).ok_or_else(|| unreadable("month"))?;
            match found.last_mut() {
                Some(counted) if counted.unit == unit && last == month => counted.count += 1,
                _ => {
                    month.clone_into(&mut last);
                    let month = Month::parse(month).map_err(|_text| unreadable("month"))?;
                    found.push(ExpiringMonth {
                        unit: unit.to_owned(),
                        month,
                        count: 1,
                    });
                }
            }
        }
        self.named(found)
    }

    /// In the order of months and of names; until here a unit is its id, and those of one stand together.
    fn named(&self, found: Vec<ExpiringMonth>) -> Result<Vec<ExpiringMonth>, StoreError> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut statement = self.db.prepare_cached("SELECT id, name FROM units")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            names.insert(row.get(0)?, row.get(1)?);
        }
        let mut by_name: Vec<&str> = names.values().map(String::as_str).collect();
        by_name.sort_unstable();
        let mut known = (String::new(), 0);
        let mut placed = Vec::with_capacity(found.len());
        for counted in found {
            if counted.unit != known.0 || placed.is_empty() {
                let name = names.get(&counted.unit);
                let name = name.ok_or_else(|| unreadable("unit"))?.as_str();
                known = (counted.unit, by_name.partition_point(|other| *other < name));
            }
            placed.push((counted.month, known.1, counted.count));
        }
        placed.sort_unstable();
        let named = placed
            .into_iter()
            .map(|(month, place, count)| ExpiringMonth {
                unit: by_name.get(place).copied().unwrap_or_default().to_owned(),
                month,
                count,
            });
        Ok(named.collect())
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
