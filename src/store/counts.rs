//! How many records wait for somebody: counted in indexes, however many there are.

use rusqlite::{OptionalExtension as _, Params, params};

use super::value::{parsed, time};
use super::{Reading, StoreError};
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyState;

impl Reading<'_> {
    /// How many requests are in a state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_in_state(&self, state: RequestState) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) FROM requests INDEXED BY requests_by_state_place WHERE state = ?1";
        self.count(sql, [state.word()])
    }

    /// How many approved requests are to give a ukey of a holder a new key: they take no blank.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_approved_renewals(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM requests INDEXED BY requests_by_renewal
             WHERE renews IS NOT NULL AND state = 'approved'";
        self.count(sql, [])
    }

    /// How many ukeys of the stock are in a state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_ukeys(&self, state: UkeyState) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM ukeys INDEXED BY ukeys_by_state
             WHERE officer IS NULL AND state = ?1";
        self.count(sql, [state.word()])
    }

    /// How many runs have not ended and wait for no CA.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_unfinished_runs(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM runs JOIN requests ON requests.id = runs.request
             WHERE runs.ended_at IS NULL AND requests.state <> 'pending'";
        self.count(sql, [])
    }

    /// How many live certificates end after `now` and not after `until`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_expiring(&self, now: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM certificates INDEXED BY certificates_by_end
             WHERE state IN ('active', 'hold') AND not_after > ?1 AND not_after <= ?2";
        self.count(sql, params![now.to_string(), until.to_string()])
    }

    /// When the newest checkpoint of this log was signed, and after how many rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_checkpoint_at(&self) -> Result<Option<(Timestamp, u64)>, StoreError> {
        let sql = "SELECT stored_at, count FROM audit_checkpoints
             ORDER BY epoch DESC, count DESC LIMIT 1";
        let mut statement = self.db.prepare_cached(sql)?;
        let row = statement.query_row([], |row| {
            let count: i64 = row.get(1)?;
            Ok((parsed(row, 0, "time", time)?, count.unsigned_abs()))
        });
        Ok(row.optional()?)
    }

    /// How many rows the audit log has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_audit(&self) -> Result<u64, StoreError> {
        Ok(self.audit_head()?.0)
    }

    fn count(&self, sql: &str, values: impl Params) -> Result<u64, StoreError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let count: i64 = statement.query_row(values, |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}
