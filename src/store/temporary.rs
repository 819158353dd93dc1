//! Officers whom the recovery kit enrolled, until the superior has certified them (D-46).

use rusqlite::params;

use super::value::{parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;

/// An officer for some hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryRow {
    /// The officer.
    pub name: OfficerName,
    /// Whose post they fill.
    pub replaces: OfficerName,
    /// Until when.
    pub until: Timestamp,
}

impl Reading<'_> {
    /// Every one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn temporary_officers(&self) -> Result<Vec<TemporaryRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT name, replaces, until FROM temporary_officers ORDER BY name")?;
        let name = |text: &str| OfficerName::parse(text).ok();
        let rows = statement.query_map([], |row| {
            Ok(TemporaryRow {
                name: parsed(row, 0, "officer", name)?,
                replaces: parsed(row, 1, "officer", name)?,
                until: parsed(row, 2, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Notes that an officer is one until then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_temporary_officer(&self, row: &TemporaryRow) -> Result<(), StoreError> {
        let TemporaryRow {
            name,
            replaces,
            until,
        } = row;
        self.db.execute(
            "INSERT INTO temporary_officers (name, replaces, until) VALUES (?1, ?2, ?3)",
            params![name.as_str(), replaces.as_str(), until.to_string()],
        )?;
        Ok(())
    }

    /// The superior has certified the officer: they stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_temporary_officer(&self, name: &OfficerName) -> Result<(), StoreError> {
        let sql = "DELETE FROM temporary_officers WHERE name = ?1";
        self.db.execute(sql, [name.as_str()])?;
        Ok(())
    }
}
