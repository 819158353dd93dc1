//! Requests that replace another one: re-key (D-42).

use rusqlite::{OptionalExtension as _, params};

use super::requests::{COLUMNS, read};
use super::value::{id, optional};
use super::{Reading, RequestRow, StoreError};
use crate::domain::id::RequestId;

impl Reading<'_> {
    /// The request that this one replaces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replaced_request(&self, request: RequestId) -> Result<Option<RequestId>, StoreError> {
        let sql = "SELECT replaces FROM requests WHERE id = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let replaced = statement.query_row([request.to_string()], |row| {
            optional(row, 0, "request id", id)
        });
        Ok(replaced.optional()?.flatten())
    }

    /// The requests that were entered in the place of this one, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn replacements(&self, request: &RequestRow) -> Result<Vec<RequestRow>, StoreError> {
        // By the person: that index has `replaces` too.
        let sql = format!(
            "SELECT {COLUMNS} FROM requests WHERE replaces = ?1 AND unit = ?2
                 AND person = (SELECT person FROM requests AS old WHERE old.id = ?1)
             ORDER BY place"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let values = params![request.id.to_string(), request.unit.to_string()];
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
