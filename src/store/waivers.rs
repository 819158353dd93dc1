//! Waivers of the two-person rule, granted or received (D-8).

use rusqlite::params;

use super::papers::day;
use super::value::{parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::two_officers::Waiver;

impl Reading<'_> {
    /// Every waiver, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waivers(&self) -> Result<Vec<Waiver>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, unit_code, granted_by, granted_at, until, reason FROM waivers
             ORDER BY granted_at DESC, id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Waiver {
                id: row.get(0)?,
                unit_code: row.get(1)?,
                granted_by: row.get(2)?,
                granted_at: parsed(row, 3, "time", time)?,
                until: parsed(row, 4, "day", day)?,
                reason: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many acts of this home's log were done under a waiver.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn acts_under_waiver(&self, id: &str) -> Result<u64, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT count(*) FROM audit WHERE instr(detail, ?1) > 0")?;
        let count: i64 = statement.query_row([format!("under waiver {id}")], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

impl Writing<'_> {
    /// Keeps a waiver.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it is kept already.
    pub fn insert_waiver(&self, waiver: &Waiver) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO waivers (id, unit_code, granted_by, granted_at, until, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                waiver.id,
                waiver.unit_code,
                waiver.granted_by,
                waiver.granted_at.to_string(),
                waiver.until.to_string(),
                waiver.reason
            ],
        )?;
        Ok(())
    }
}
