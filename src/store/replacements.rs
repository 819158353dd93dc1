//! Requests that replace another one: re-key (D-42), and renewal on the same ukey (D-47).

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, params};

use super::requests::{COLUMNS, read};
use super::value::{id, one_changed, optional, parsed};
use super::{Reading, RequestRow, StoreError, Writing};
use crate::domain::id::RequestId;
use crate::domain::ukey::{Serial, UkeyState};

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

    /// The request that this one replaces, the one which that replaced, and so on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn all_replaced(&self, request: RequestId) -> Result<Vec<RequestId>, StoreError> {
        let mut all = Vec::new();
        let mut at = request;
        while let Some(old) = self.replaced_request(at)? {
            all.push(old); // Each is older than the one before: no ring.
            at = old;
        }
        Ok(all)
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

    /// The ukey that a request is to give a new key; none for a request of another kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renewed_ukey(&self, request: RequestId) -> Result<Option<Serial>, StoreError> {
        let sql = "SELECT renews FROM requests WHERE id = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let ukey = statement.query_row([request.to_string()], |row| {
            optional(row, 0, "serial", |text| Serial::parse(text).ok())
        });
        Ok(ukey.optional()?.flatten())
    }

    /// The approved requests that are to give a ukey of a holder a new key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn approved_renewals(&self) -> Result<BTreeSet<RequestId>, StoreError> {
        let sql = "SELECT id FROM requests INDEXED BY requests_by_renewal
             WHERE renews IS NOT NULL AND state = 'approved'";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| parsed(row, 0, "request id", id))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest request to give this ukey a new key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renewal_of(&self, ukey: &Serial) -> Result<Option<RequestRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM requests WHERE renews = ?1 ORDER BY place DESC LIMIT 1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([ukey.as_str()], read).optional()?)
    }
}

impl Writing<'_> {
    /// Notes that a request is to give this ukey a new key.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the request is not there.
    pub fn set_renewed_ukey(&self, request: RequestId, ukey: &Serial) -> Result<(), StoreError> {
        let sql = "UPDATE requests SET renews = ?2 WHERE id = ?1";
        let changed = self
            .db
            .execute(sql, params![request.to_string(), ukey.as_str()])?;
        one_changed(changed, "the request")
    }

    /// A ukey stays with its holder under another request.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not with its holder.
    pub fn put_ukey_under(&self, ukey: &Serial, request: RequestId) -> Result<(), StoreError> {
        let sql = "UPDATE ukeys SET request = ?2 WHERE serial = ?1 AND state = ?3";
        let state = UkeyState::HandedOut.word();
        let values = params![ukey.as_str(), request.to_string(), state];
        let changed = self.db.execute(sql, values)?;
        one_changed(changed, "the ukey")
    }
}
