//! Many requests at once: many acts in one transaction, and what is kept of each request.

use std::sync::LazyLock;

use rusqlite::{Connection, Statement, ToSql, Transaction, TransactionBehavior};

use super::audit::{self, AuditTail};
use super::fields::FieldsText;
use super::requests::{ROW_COLUMNS, RequestRow, bind_row, place};
use super::value::TimeTexts;
use super::{Reading, Store, StoreError, Writing};
use crate::domain::audit::AuditRow;
use crate::domain::id::RequestId;
use crate::domain::timestamp::Timestamp;

/// The page cache: of a large transaction, whose pages would else be encrypted, leave the cache and
/// come back; and as `open` sets it.
const MANY_KILOBYTES: i64 = 112 * 1024;
const USUAL_KILOBYTES: i64 = 64 * 1024;

/// Requests of one statement.
pub const TOGETHER: usize = 32;

/// A new request among many.
#[derive(Clone, Copy)]
pub struct NewRequest<'a> {
    /// The request.
    pub row: &'a RequestRow,
    /// The search hash of the identity number.
    pub person: &'a [u8],
    /// Its fields.
    pub fields: &'a FieldsText,
    /// The name's place in a Chinese list.
    pub name_key: &'a [u8],
    /// The terms the name is found by, a line each.
    pub terms: &'a str,
}

impl Store {
    /// Does many acts in one transaction, each with its row in the audit log: all or nothing.
    /// `write` must pass on every error it gets: after some of them the transaction is gone.
    ///
    /// # Errors
    /// What `write` says, or [`StoreError`]; nothing is written then.
    pub fn act_on_many<T, E: From<StoreError>>(
        &mut self,
        write: impl FnOnce(&Writing<'_>, &mut Acts<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let db = &self.db;
        let _usual = Usual(db);
        set(db, MANY_KILOBYTES, false)?;
        let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate);
        let tx = tx.map_err(StoreError::from)?;
        let writing = Writing {
            reading: Reading { db: &tx },
        };
        let mut acts = Acts {
            writing: &writing,
            tail: AuditTail::read(&writing)?,
            newest: None,
        };
        let done = write(&writing, &mut acts)?;
        if let Some(at) = acts.newest {
            writing.advance_clock(at)?;
        }
        tx.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}

/// Gets ready for a large transaction, or back to the usual ones.
fn set(db: &Connection, kilobytes: i64, references: bool) -> Result<(), StoreError> {
    // SQLite takes kilobytes as a negative number.
    db.pragma_update(None, "cache_size", -kilobytes)?;
    // While SQLite looks at references it keeps a copy of each page, encrypted, for each statement of
    // several rows: that costs more than the rows. `insert_many` looks itself; what else is written so refers
    // to what is new in the same transaction, or was read in it.
    Ok(db.pragma_update(None, "foreign_keys", references)?)
}

/// Sets everything back, also when a thread panics in a large transaction.
struct Usual<'a>(&'a Connection);

impl Drop for Usual<'_> {
    fn drop(&mut self) {
        if set(self.0, USUAL_KILOBYTES, true).is_err() {
            tracing::error!("the store checks no references until it is opened again");
        }
    }
}

/// The acts of one transaction.
pub struct Acts<'a> {
    writing: &'a Writing<'a>,
    tail: AuditTail,
    newest: Option<Timestamp>,
}

impl Acts<'_> {
    /// Writes the row of an act.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add(&mut self, row: &AuditRow) -> Result<(), StoreError> {
        self.tail.append(self.writing, row)?;
        self.newest = self.newest.max(Some(row.at));
        Ok(())
    }

    /// Writes the row of an act that was done with each of these requests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_about(
        &mut self,
        mut row: AuditRow,
        requests: &[RequestId],
    ) -> Result<(), StoreError> {
        static TOGETHER_SQL: LazyLock<String> = LazyLock::new(audit_sql);
        for part in requests.chunks(TOGETHER) {
            if part.len() < TOGETHER {
                for request in part {
                    row.request = Some(request.to_string());
                    self.add(&row)?;
                }
                continue;
            }
            let mut statement = self.writing.db.prepare_cached(&TOGETHER_SQL)?;
            let mut values = Values(&mut statement, 0);
            for request in part {
                row.request = Some(request.to_string());
                self.tail.chain(&row, |value| values.put(value))?;
            }
            statement.raw_execute()?;
            self.newest = self.newest.max(Some(row.at));
        }
        Ok(())
    }
}

impl Writing<'_> {
    /// Adds requests with their fields inside `act_on_many`. What they are found by comes after all:
    /// [`Self::insert_terms`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_many(&self, new: &[NewRequest<'_>]) -> Result<(), StoreError> {
        self.check_units(new)?;
        for part in new.chunks(TOGETHER) {
            // A statement is kept for parts of this size; others go one by one.
            let together = if part.len() == TOGETHER { TOGETHER } else { 1 };
            for part in part.chunks(together) {
                self.insert_rows(part)?;
                self.insert_fields_of(part)?;
            }
        }
        Ok(())
    }

    /// Whether the units are there. What else a new request refers to is new with it.
    fn check_units(&self, new: &[NewRequest<'_>]) -> Result<(), StoreError> {
        let mut known = None;
        for NewRequest { row, .. } in new {
            if known != Some(row.unit) {
                let mut statement = self
                    .db
                    .prepare_cached("SELECT 1 FROM units WHERE id = ?1")?;
                if !statement.exists([row.unit.to_string()])? {
                    return Err(StoreError::Changed("the unit"));
                }
                known = Some(row.unit);
            }
        }
        Ok(())
    }

    fn insert_rows(&self, new: &[NewRequest<'_>]) -> Result<(), StoreError> {
        static TOGETHER_SQL: LazyLock<String> = LazyLock::new(|| rows_sql(TOGETHER));
        static ONE_SQL: LazyLock<String> = LazyLock::new(|| rows_sql(1));
        let many = new.len() == TOGETHER;
        let sql = if many { &*TOGETHER_SQL } else { &*ONE_SQL };
        let mut statement = self.db.prepare_cached(sql)?;
        let mut values = Values(&mut statement, 0);
        let mut times = TimeTexts::default();
        for new in new {
            bind_row(new, &mut times, |value| values.put(value))?;
        }
        statement.raw_execute()?;
        Ok(())
    }

    fn insert_fields_of(&self, new: &[NewRequest<'_>]) -> Result<(), StoreError> {
        static TOGETHER_SQL: LazyLock<String> = LazyLock::new(|| fields_sql(TOGETHER));
        static ONE_SQL: LazyLock<String> = LazyLock::new(|| fields_sql(1));
        let many = new.len() == TOGETHER;
        let sql = if many { &*TOGETHER_SQL } else { &*ONE_SQL };
        let mut statement = self.db.prepare_cached(sql)?;
        let mut values = Values(&mut statement, 0);
        for NewRequest { row, fields, .. } in new {
            let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
            values.put(&place)?;
            values.put(&fields.as_str())?;
        }
        statement.raw_execute()?;
        Ok(())
    }
}

/// Takes the rows of so many requests.
fn rows_sql(count: usize) -> String {
    let rows = rows(count, ROW_COLUMNS.split(',').count());
    format!("INSERT OR ROLLBACK INTO requests ({ROW_COLUMNS}) VALUES {rows}")
}

/// Takes the rows of as many acts.
fn audit_sql() -> String {
    let columns = audit::COLUMNS;
    let rows = rows(TOGETHER, columns.split(',').count());
    format!("INSERT OR ROLLBACK INTO audit ({columns}) VALUES {rows}")
}

/// Takes the fields of so many requests.
fn fields_sql(count: usize) -> String {
    let rows = rows(count, 2);
    format!("INSERT OR ROLLBACK INTO request_fields (place, fields) VALUES {rows}")
}

/// `(?,?),(?,?)`: so many rows of so many values.
pub(super) fn rows(rows: usize, values: usize) -> String {
    let row = format!("({})", vec!["?"; values].join(","));
    vec![row.as_str(); rows].join(",")
}

/// Binds one value after the other.
pub(super) struct Values<'a, 'db>(
    pub(super) &'a mut Statement<'db>,
    /// So many are bound.
    pub(super) usize,
);

impl Values<'_, '_> {
    pub(super) fn put(&mut self, value: &dyn ToSql) -> rusqlite::Result<()> {
        self.1 += 1;
        self.0.raw_bind_parameter(self.1, value)
    }
}
