//! Ukeys that are unblocked at a neighbour's desk: what was asked there, and what their owner released
//! (D-44).

use std::fmt;

use rusqlite::{OptionalExtension as _, params};

use super::value::{one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity};

/// What this desk asked of the owner of a ukey.
#[derive(Clone, PartialEq, Eq)]
pub struct UnblockRequestRow {
    /// Binds the answer to the question: 16 random bytes, hex.
    pub nonce: String,
    /// The ukey, by its own words.
    pub ukey: UkeyIdentity,
    /// Code of the owner's unit.
    pub owner_code: String,
    /// When.
    pub asked_at: Timestamp,
    /// When the grant was taken.
    pub begun_at: Option<Timestamp>,
    /// Until the ukey is proven: a key, and the next SO PIN sealed under it.
    pub next: Option<(Vec<u8>, Vec<u8>)>,
    /// The next SO PIN, sealed to the owner's escrow key; none where the model has none that can be set.
    pub escrowed: Option<Vec<u8>>,
    /// When the holder's PIN was set and proven.
    pub done_at: Option<Timestamp>,
}

impl fmt::Debug for UnblockRequestRow {
    /// The key beside the sealed SO PIN opens it: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnblockRequestRow({} {})", self.nonce, self.ukey.serial)
    }
}

/// An SO PIN that security released to a neighbour's desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnblockGrantRow {
    /// As the neighbour asked.
    pub nonce: String,
    /// The ukey.
    pub ukey: Serial,
    /// Code of the neighbour's unit.
    pub to_code: String,
    /// The escrow key of then.
    pub escrow_key: String,
    /// When.
    pub granted_at: Timestamp,
    /// Until when it may be used.
    pub expires_at: Timestamp,
    /// Who of security released it.
    pub released_by: String,
    /// When the answer came.
    pub confirmed_at: Option<Timestamp>,
}

impl Reading<'_> {
    /// What this desk asked under a nonce.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unblock_request(&self, nonce: &str) -> Result<Option<UnblockRequestRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT nonce, maker, model, serial, owner_code, asked_at, begun_at, next_key, next_pin,
                 escrowed, done_at FROM unblock_requests WHERE nonce = ?1",
        )?;
        let row = statement.query_row([nonce], |row| {
            let key: Option<Vec<u8>> = row.get(7)?;
            let pin: Option<Vec<u8>> = row.get(8)?;
            Ok(UnblockRequestRow {
                nonce: row.get(0)?,
                ukey: UkeyIdentity {
                    maker: row.get(1)?,
                    model: row.get(2)?,
                    serial: parsed(row, 3, "serial", |text| Serial::parse(text).ok())?,
                },
                owner_code: row.get(4)?,
                asked_at: parsed(row, 5, "time", time)?,
                begun_at: optional(row, 6, "time", time)?,
                next: key.zip(pin),
                escrowed: row.get(9)?,
                done_at: optional(row, 10, "time", time)?,
            })
        });
        Ok(row.optional()?)
    }

    /// What was released under a nonce.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unblock_grant(&self, nonce: &str) -> Result<Option<UnblockGrantRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT nonce, ukey, to_code, escrow_key, granted_at, expires_at, released_by, confirmed_at
             FROM unblock_grants WHERE nonce = ?1",
        )?;
        let row = statement.query_row([nonce], |row| {
            Ok(UnblockGrantRow {
                nonce: row.get(0)?,
                ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
                to_code: row.get(2)?,
                escrow_key: row.get(3)?,
                granted_at: parsed(row, 4, "time", time)?,
                expires_at: parsed(row, 5, "time", time)?,
                released_by: row.get(6)?,
                confirmed_at: optional(row, 7, "time", time)?,
            })
        });
        Ok(row.optional()?)
    }
}

impl Writing<'_> {
    /// Keeps what is asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_unblock_request(&self, row: &UnblockRequestRow) -> Result<(), StoreError> {
        let UkeyIdentity {
            maker,
            model,
            serial,
        } = &row.ukey;
        self.db.execute(
            "INSERT INTO unblock_requests (nonce, maker, model, serial, owner_code, asked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                row.nonce,
                maker,
                model,
                serial.as_str(),
                row.owner_code,
                row.asked_at.to_string()
            ],
        )?;
        Ok(())
    }

    /// Keeps, before the ukey is touched, that its grant is taken, and the SO PIN that it will get: for this
    /// desk under a key of its own, for the owner in its escrow.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was taken before.
    pub fn begin_unblock(&self, row: &UnblockRequestRow, at: Timestamp) -> Result<(), StoreError> {
        let (key, pin) = row.next.clone().unzip();
        let changed = self.db.execute(
            "UPDATE unblock_requests SET begun_at = ?2, next_key = ?3, next_pin = ?4, escrowed = ?5
             WHERE nonce = ?1 AND begun_at IS NULL",
            params![row.nonce, at.to_string(), key, pin, row.escrowed],
        )?;
        one_changed(changed, "the question")
    }

    /// The ukey has its new PINs, proven: this desk knows no SO PIN of it any more.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was done before.
    pub fn end_unblock(&self, nonce: &str, at: Timestamp) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE unblock_requests SET done_at = ?2, next_key = NULL, next_pin = NULL
             WHERE nonce = ?1 AND begun_at IS NOT NULL AND done_at IS NULL",
            params![nonce, at.to_string()],
        )?;
        one_changed(changed, "the question")
    }

    /// Keeps what security released.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when that was released before.
    pub fn insert_unblock_grant(&self, row: &UnblockGrantRow) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO unblock_grants
                 (nonce, ukey, to_code, escrow_key, granted_at, expires_at, released_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                row.nonce,
                row.ukey.as_str(),
                row.to_code,
                row.escrow_key,
                row.granted_at.to_string(),
                row.expires_at.to_string(),
                row.released_by
            ],
        )?;
        Ok(())
    }

    /// Notes that the answer to a release came.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it came before.
    pub fn confirm_unblock_grant(&self, nonce: &str, at: Timestamp) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE unblock_grants SET confirmed_at = ?2 WHERE nonce = ?1 AND confirmed_at IS NULL",
            params![nonce, at.to_string()],
        )?;
        one_changed(changed, "the release")
    }
}
