//! The SO PIN of one ukey in escrow, its change, and its end (D-37, D-44).

use rusqlite::{OptionalExtension as _, params};

use super::value::{id, parsed};
use super::{Reading, StoreError, Writing};
use crate::domain::id::RunId;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// What the escrow holds for a ukey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoPinRow {
    /// The run that set it first.
    pub run: RunId,
    /// Sealed to the escrow key.
    pub sealed: Vec<u8>,
    /// The one that may hold since a change that was interrupted, sealed alike.
    pub next: Option<Vec<u8>>,
}

impl Reading<'_> {
    /// The confirmed SO PIN of a ukey, and the one that may have replaced it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn so_pin_of(&self, ukey: &Serial) -> Result<Option<SoPinRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT run, escrow.sealed, so_pin_rotations.sealed
             FROM escrow LEFT JOIN so_pin_rotations ON so_pin_rotations.ukey = escrow.ukey
             WHERE escrow.ukey = ?1 AND confirmed = 1
             ORDER BY escrow.stored_at DESC, run DESC LIMIT 1",
        )?;
        let row = statement.query_row([ukey.as_str()], |row| {
            Ok(SoPinRow {
                run: parsed(row, 0, "run id", id)?,
                sealed: row.get(1)?,
                next: row.get(2)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Every SO PIN that is about to replace another, sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn so_pin_rotations(&self) -> Result<Vec<(Serial, Vec<u8>)>, StoreError> {
        let sql = "SELECT ukey, sealed FROM so_pin_rotations";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let serial = parsed(row, 0, "serial", |text| Serial::parse(text).ok())?;
            Ok((serial, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Keeps the SO PIN that the ukey is about to get, beside the one it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_so_pin_rotation(
        &self,
        ukey: &Serial,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO so_pin_rotations (ukey, sealed, stored_at) VALUES (?1, ?2, ?3)";
        self.db
            .execute(sql, params![ukey.as_str(), sealed, at.to_string()])?;
        Ok(())
    }

    /// The ukey has it: it stands where the one before stood.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_so_pin_rotation(
        &self,
        ukey: &Serial,
        run: RunId,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        self.set_escrow(ukey, run, sealed)?;
        let sql = "DELETE FROM so_pin_rotations WHERE ukey = ?1";
        self.db.execute(sql, [ukey.as_str()])?;
        Ok(())
    }

    /// The ukey has its factory's SO PIN again: none is kept of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_so_pins(&self, ukey: &Serial) -> Result<(), StoreError> {
        for table in ["so_pin_rotations", "escrow"] {
            let sql = format!("DELETE FROM {table} WHERE ukey = ?1");
            self.db.execute(&sql, [ukey.as_str()])?;
        }
        Ok(())
    }
}
