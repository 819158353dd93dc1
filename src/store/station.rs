//! The station itself: settings, officers, and the CA key while it is unlocked.

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{from_json, json, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// An officer of this home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerRow {
    /// The name they sign in with.
    pub name: OfficerName,
    /// Their post.
    pub post: Post,
    /// Whether they may sign in.
    pub enabled: bool,
    /// The ukey with their signing key.
    pub ukey: Serial,
    /// `CKA_ID` of that key.
    pub key_id: Vec<u8>,
    /// Their certificate, then each issuer up to the root, DER.
    pub chain: Vec<Vec<u8>>,
}

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

const OFFICER: &str = "name, post, enabled, ukey_serial, key_id, chain";

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

    /// Every officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn officers(&self) -> Result<Vec<OfficerRow>, StoreError> {
        let sql = format!("SELECT {OFFICER} FROM officers ORDER BY name");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read_officer)?;
        Ok(rows.collect::<Result<_, _>>()?)
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
        self.db.execute(sql, [name, value])?;
        Ok(())
    }

    /// Adds an officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_officer(&self, officer: &OfficerRow) -> Result<(), StoreError> {
        let OfficerRow {
            name,
            post,
            enabled,
            ukey,
            key_id,
            chain,
        } = officer;
        let chain = chain_json(chain)?;
        self.db.execute(
            &format!("INSERT INTO officers ({OFFICER}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
            params![
                name.as_str(),
                post.word(),
                enabled,
                ukey.as_str(),
                key_id,
                chain
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

fn read_officer(row: &Row<'_>) -> rusqlite::Result<OfficerRow> {
    Ok(OfficerRow {
        name: parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?,
        post: parsed(row, 1, "post", Post::from_word)?,
        enabled: row.get(2)?,
        ukey: parsed(row, 3, "serial", |text| Serial::parse(text).ok())?,
        key_id: row.get(4)?,
        chain: parsed(row, 5, "chain", chain_from_json)?,
    })
}
