//! The station itself: settings, and the CA key while it is unlocked.

use rusqlite::{OptionalExtension as _, params};

use super::value::{from_json, json, one_changed, parsed, time, unreadable};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::{DAY_SECS, Timestamp};

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

    /// Sets a setting no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unset_meta(&self, name: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE name = ?1";
        self.db.prepare_cached(sql)?.execute([name])?;
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
        one_changed(statement.execute([])?, "the CA unlock")
    }
}

pub(super) fn chain_json(chain: &[Vec<u8>]) -> rusqlite::Result<String> {
    json(&chain.iter().map(hex::encode).collect::<Vec<_>>())
}

pub(super) fn chain_from_json(text: &str) -> Option<Vec<Vec<u8>>> {
    let chain: Vec<String> = from_json(text)?;
    chain.iter().map(|der| hex::decode(der).ok()).collect()
}
