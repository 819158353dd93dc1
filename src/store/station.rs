//! The station itself: settings, units, and the CA key while it is unlocked.

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{from_json, id, json, parsed, time, unreadable};
use super::{Reading, StoreError, Writing};
use crate::domain::id::UnitId;
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::{DAY_SECS, Timestamp};
use crate::domain::unit::{Level, Unit};

/// The CA key while it is unlocked (D-60).
#[derive(Clone, PartialEq, Eq)]
pub struct CaUnlockRow {
    /// Who unlocked it.
    pub officer: OfficerName,
    /// The PIN of the CA's token, sealed under the store key.
    pub sealed_pin: Vec<u8>,
    /// Until when.
    pub until: Timestamp,
    /// For how many more certificates.
    pub remaining: u32,
}

impl std::fmt::Debug for CaUnlockRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaUnlockRow({} until {})", self.remaining, self.until)
    }
}

/// Setting: the newest believable time.
const NEWEST_TIME: &str = "newest_time";
const UNIT: &str = "id, name, level, code, province, prefecture, own";

impl Reading<'_> {
    /// A setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// The newest believable time of any act: a clock before it is wrong (D-61).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let text = self.meta(NEWEST_TIME)?;
        let time = text.map(|text| time(&text).ok_or_else(|| unreadable("time")));
        Ok(time.transpose()?)
    }

    /// Every unit, the own one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn units(&self) -> Result<Vec<Unit>, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units ORDER BY own DESC, name, id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read_unit)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One unit.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there.
    pub fn unit(&self, id: UnitId) -> Result<Unit, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let unit = statement
            .query_row([id.to_string()], read_unit)
            .optional()?;
        unit.ok_or(StoreError::Changed("the unit"))
    }

    /// The CA key, if security has unlocked it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ca_unlock(&self) -> Result<Option<CaUnlockRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT officer, pin, until, remaining FROM ca_unlock WHERE id = 1")?;
        let row = statement.query_row([], |row| {
            Ok(CaUnlockRow {
                officer: parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?,
                sealed_pin: row.get(1)?,
                until: parsed(row, 2, "time", time)?,
                remaining: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }
}

impl Writing<'_> {
    /// Sets a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.db.prepare_cached(sql)?.execute([name, value])?;
        Ok(())
    }

    /// Moves the newest believable time forward. A time more than a day ahead of it stays unbelieved
    /// until two officers confirm it (D-61).
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn advance_clock(&self, at: Timestamp) -> Result<(), StoreError> {
        let newest = self.newest_time()?;
        if newest.is_none_or(|newest| at > newest && at <= newest.plus_secs(DAY_SECS)) {
            self.set_newest_time(at)?;
        }
        Ok(())
    }

    /// Sets the newest believable time: two officers confirmed it (D-61).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_newest_time(&self, at: Timestamp) -> Result<(), StoreError> {
        self.set_meta(NEWEST_TIME, &at.to_string())
    }

    /// Adds a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_unit(&self, unit: &Unit) -> Result<(), StoreError> {
        let Unit {
            id,
            name,
            level,
            code,
            province,
            prefecture,
            own,
        } = unit;
        self.db.execute(
            &format!("INSERT INTO units ({UNIT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
            params![
                id.to_string(),
                name,
                level.word(),
                code,
                province,
                prefecture,
                own
            ],
        )?;
        Ok(())
    }

    /// Keeps the CA key unlocked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_ca_unlock(&self, unlock: &CaUnlockRow) -> Result<(), StoreError> {
        let CaUnlockRow {
            officer,
            sealed_pin,
            until,
            remaining,
        } = unlock;
        self.db.execute("DELETE FROM ca_unlock", [])?;
        self.db.execute(
            "INSERT INTO ca_unlock (id, officer, pin, until, remaining) VALUES (1, ?1, ?2, ?3, ?4)",
            params![officer.as_str(), sealed_pin, until.to_string(), remaining],
        )?;
        Ok(())
    }

    /// Locks the CA key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear_ca_unlock(&self) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM ca_unlock", [])?;
        Ok(())
    }

    /// Takes one certificate off the unlocked CA key.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when none is left.
    pub fn spend_ca_unlock(&self) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE ca_unlock SET remaining = remaining - 1 WHERE id = 1 AND remaining > 0",
        )?;
        if statement.execute([])? == 1 {
            Ok(())
        } else {
            Err(StoreError::Changed("the CA unlock"))
        }
    }
}

pub(super) fn chain_json(chain: &[Vec<u8>]) -> rusqlite::Result<String> {
    json(&chain.iter().map(hex::encode).collect::<Vec<_>>())
}

pub(super) fn chain_from_json(text: &str) -> Option<Vec<Vec<u8>>> {
    let chain: Vec<String> = from_json(text)?;
    chain.iter().map(|der| hex::decode(der).ok()).collect()
}

fn read_unit(row: &Row<'_>) -> rusqlite::Result<Unit> {
    Ok(Unit {
        id: parsed(row, 0, "unit id", id)?,
        name: row.get(1)?,
        level: parsed(row, 2, "level", Level::from_word)?,
        code: row.get(3)?,
        province: row.get(4)?,
        prefecture: row.get(5)?,
        own: row.get(6)?,
    })
}
