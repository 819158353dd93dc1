//! Many requests at once: many acts in one transaction, and what is kept of each request.

use std::collections::BTreeMap;

use rusqlite::{Connection, Statement, ToSql, Transaction, TransactionBehavior};

use super::audit::AuditTail;
use super::requests::{ROW_COLUMNS, RequestRow, bind_row, place};
use super::{Reading, Store, StoreError, Writing};
use crate::domain::audit::AuditRow;
use crate::domain::timestamp::Timestamp;

/// The page cache: of a large transaction, whose pages would else be encrypted, leave the cache and
/// come back; and as `open` sets it.
const MANY_KILOBYTES: i64 = 112 * 1024;
const USUAL_KILOBYTES: i64 = 64 * 1024;

/// Requests of one statement.
pub const TOGETHER: usize = 32;
/// Terms of one statement.
const TERMS_TOGETHER: usize = 128;

/// A new request among many.
#[derive(Clone, Copy)]
pub struct NewRequest<'a> {
    /// The request.
    pub row: &'a RequestRow,
    /// The search hash of the identity number.
    pub person: &'a [u8],
    /// Its fields.
    pub fields: &'a BTreeMap<&'static str, String>,
    /// The name's place in a Chinese list.
    pub name_key: &'a [u8],
}

/// What many requests are found by, kept back until all are there: a tree is filled several times
/// faster in its own order.
#[derive(Default)]
pub struct Terms(Vec<(String, i64)>);

impl Terms {
    /// Adds the terms of a request's name.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when its number is none.
    pub fn add(&mut self, row: &RequestRow, terms: Vec<String>) -> Result<(), StoreError> {
        let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
        self.0.extend(terms.into_iter().map(|term| (term, place)));
        Ok(())
    }
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
    // several rows: that costs more than the rows. `insert_many` looks itself.
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
}

/// The statement that takes the fields of so many requests, kept as long as they are the same.
#[derive(Default)]
pub struct FieldsStatement {
    requests: usize,
    keys: Vec<&'static str>,
    sql: String,
}

impl FieldsStatement {
    fn of(&mut self, new: &[NewRequest<'_>], first: &NewRequest<'_>) -> &str {
        let keys = first.fields.keys();
        if self.requests != new.len() || !keys.eq(&self.keys) {
            self.requests = new.len();
            self.keys = first.fields.keys().copied().collect();
            let mut place = 0;
            let mut rows = Vec::new();
            for _request in new {
                place += 1;
                let request = place;
                for field in &self.keys {
                    place += 1;
                    // Keys are words of this program.
                    rows.push(format!("(?{request},'{field}',?{place})"));
                }
            }
            self.sql = format!(
                "INSERT OR ROLLBACK INTO request_fields (request, field, value) VALUES {}",
                rows.join(",")
            );
        }
        &self.sql
    }
}

impl Writing<'_> {
    /// Adds requests with their fields inside `act_on_many`. What they are found by comes after all:
    /// [`Self::insert_terms`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_many(
        &self,
        new: &[NewRequest<'_>],
        fields: &mut FieldsStatement,
    ) -> Result<(), StoreError> {
        self.check_units(new)?;
        for part in new.chunks(TOGETHER) {
            let same = |new: &NewRequest<'_>| {
                let first = part.first().map(|first| first.fields.keys());
                first.is_some_and(|first| first.eq(new.fields.keys()))
            };
            // A statement is kept for parts of this size; others go one by one.
            let whole = part.len() == TOGETHER && part.iter().all(same);
            for part in part.chunks(if whole { TOGETHER } else { 1 }) {
                self.insert_rows(part)?;
                self.insert_all_fields(part, fields)?;
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
        let sql = format!(
            "INSERT OR ROLLBACK INTO requests ({ROW_COLUMNS}) VALUES {}",
            rows(new.len(), ROW_COLUMNS.split(',').count())
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut values = Values(&mut statement, 0);
        for new in new {
            bind_row(new.row, new.person, new.name_key, |value| values.put(value))?;
        }
        statement.raw_execute()?;
        Ok(())
    }

    /// The fields of requests that all have the same ones.
    fn insert_all_fields(
        &self,
        new: &[NewRequest<'_>],
        statement: &mut FieldsStatement,
    ) -> Result<(), StoreError> {
        let Some(first) = new.first().filter(|first| !first.fields.is_empty()) else {
            return Ok(());
        };
        let mut statement = self.db.prepare_cached(statement.of(new, first))?;
        let mut values = Values(&mut statement, 0);
        for NewRequest { row, fields, .. } in new {
            values.put(&row.id.to_string())?;
            fields.values().try_for_each(|value| values.put(value))?;
        }
        statement.raw_execute()?;
        Ok(())
    }

    /// Makes new requests findable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_terms(&self, terms: Terms) -> Result<(), StoreError> {
        let Terms(mut terms) = terms;
        terms.sort_unstable();
        for part in terms.chunks(TERMS_TOGETHER) {
            let whole = part.len() == TERMS_TOGETHER;
            for part in part.chunks(if whole { TERMS_TOGETHER } else { 1 }) {
                let sql = format!(
                    "INSERT OR ROLLBACK INTO request_terms (term, place) VALUES {}",
                    rows(part.len(), 2)
                );
                let mut statement = self.db.prepare_cached(&sql)?;
                let mut values = Values(&mut statement, 0);
                for (term, place) in part {
                    values.put(term)?;
                    values.put(place)?;
                }
                statement.raw_execute()?;
            }
        }
        Ok(())
    }
}

/// `(?,?),(?,?)`: so many rows of so many values.
fn rows(rows: usize, values: usize) -> String {
    let row = format!("({})", vec!["?"; values].join(","));
    vec![row; rows].join(",")
}

/// Binds one value after the other.
struct Values<'a, 'db>(&'a mut Statement<'db>, usize);

impl Values<'_, '_> {
    fn put(&mut self, value: &dyn ToSql) -> rusqlite::Result<()> {
        self.1 += 1;
        self.0.raw_bind_parameter(self.1, value)
    }
}
