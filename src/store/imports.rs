//! Many requests at once: who has a live one, and many acts in one transaction.

use rusqlite::params;

use super::value::{id, parsed};
use super::{Reading, Store, StoreError, Writing};
use crate::domain::audit::AuditRow;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::request::RequestState;

/// SQLite's page cache, in kilobytes when negative: for many acts at once, and its default.
const CACHE_KILOBYTES: i64 = -65_536;
const USUAL_KILOBYTES: i64 = -2_000;

/// A live request and whose it is (D-20).
#[derive(Clone)]
pub struct LiveRequest {
    /// Its id.
    pub id: RequestId,
    /// Its number.
    pub number: String,
    /// The holder's unit.
    pub unit: UnitId,
    /// The holder's identity number.
    pub id_number: String,
}

impl Store {
    /// Does many acts in one transaction, each with its row in the audit log: all or nothing.
    /// `write` gets what appends a row.
    ///
    /// # Errors
    /// What `write` says, or [`StoreError`]; nothing is written then.
    pub fn act_on_many<T, E: From<StoreError>>(
        &mut self,
        write: impl FnOnce(&Writing<'_>, &dyn Fn(&AuditRow) -> Result<(), StoreError>) -> Result<T, E>,
    ) -> Result<T, E> {
        // Pages of a large transaction would else leave the cache, be encrypted and come back.
        self.db
            .pragma_update(None, "cache_size", CACHE_KILOBYTES)
            .map_err(StoreError::from)?;
        let done = self.write(|writing| write(writing, &|row| writing.append_audit(row)));
        self.db
            .pragma_update(None, "cache_size", USUAL_KILOBYTES)
            .map_err(StoreError::from)?;
        done
    }
}

impl Reading<'_> {
    /// Tells `each` live request: one that may still become something else (D-21).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn live_requests(&self, mut each: impl FnMut(LiveRequest)) -> Result<(), StoreError> {
        let ended = RequestState::ALL.into_iter().filter(|state| {
            let mut all = RequestState::ALL.into_iter();
            !all.any(|next| state.may_become(next))
        });
        let ended: Vec<String> = ended.map(|state| format!("'{}'", state.word())).collect();
        let sql = format!(
            "SELECT requests.id, number, unit, value FROM requests
             JOIN request_fields ON request = requests.id AND field = ?1
             WHERE state NOT IN ({})",
            ended.join(", ")
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(params!["id_number"])?;
        while let Some(row) = rows.next()? {
            each(LiveRequest {
                id: parsed(row, 0, "request id", id)?,
                number: row.get(1)?,
                unit: parsed(row, 2, "unit id", id)?,
                id_number: row.get(3)?,
            });
        }
        Ok(())
    }
}
