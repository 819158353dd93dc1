//! Many requests at once: many acts in one transaction, and what is kept of each request.

use std::collections::BTreeMap;

use super::audit::AuditTail;
use super::requests::RequestRow;
use super::{Store, StoreError, Writing};
use crate::domain::audit::AuditRow;

/// The page cache: of a large transaction, whose pages would else be encrypted, leave the cache and
/// come back; and as `open` sets it.
const MANY_KILOBYTES: i64 = 112 * 1024;
const USUAL_KILOBYTES: i64 = 64 * 1024;

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
        let place = super::requests::place(&row.number).ok_or(StoreError::Changed("the number"))?;
        self.0.extend(terms.into_iter().map(|term| (term, place)));
        Ok(())
    }
}

impl Store {
    /// Does many acts in one transaction, each with its row in the audit log: all or nothing.
    ///
    /// # Errors
    /// What `write` says, or [`StoreError`]; nothing is written then.
    pub fn act_on_many<T, E: From<StoreError>>(
        &mut self,
        write: impl FnOnce(&Writing<'_>, &mut Acts<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.set_cache(MANY_KILOBYTES)?;
        let done = self.write(|writing| {
            let mut acts = Acts {
                writing,
                tail: AuditTail::read(writing)?,
                newest: None,
            };
            let done = write(writing, &mut acts)?;
            if let Some(at) = acts.newest {
                writing.advance_clock(at)?;
            }
            Ok(done)
        });
        self.set_cache(USUAL_KILOBYTES)?;
        done
    }

    fn set_cache(&self, kilobytes: i64) -> Result<(), StoreError> {
        // SQLite takes kilobytes as a negative number.
        Ok(self.db.pragma_update(None, "cache_size", -kilobytes)?)
    }
}

/// The acts of one transaction.
pub struct Acts<'a> {
    writing: &'a Writing<'a>,
    tail: AuditTail,
    newest: Option<crate::domain::timestamp::Timestamp>,
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

impl Writing<'_> {
    /// Adds a request with its fields. What it is found by comes after all: [`Self::insert_terms`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_one_of_many(&self, new: NewRequest<'_>) -> Result<(), StoreError> {
        self.insert_row(new.row, new.person, new.name_key)?;
        self.insert_fields(new.row.id, new.fields)
    }

    /// Makes new requests findable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_terms(&self, terms: Terms) -> Result<(), StoreError> {
        let Terms(mut terms) = terms;
        terms.sort_unstable();
        self.put_terms(&terms)
    }
}
