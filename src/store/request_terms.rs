//! The tree of terms that requests are found by: each row holds a term, the places of some requests
//! whose names have it, and beside each place how the name's key begins: most terms are had by many, and
//! a row that many share is written and read in a fraction of the time that many rows take.

use std::ops::Range;

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::imports::{Values, rows};
use super::requests::{RequestRow, place};
use super::value::unreadable;
use super::{Reading, StoreError, Writing};
use crate::domain::id::RequestId;

/// Rows of one statement.
const ROWS_TOGETHER: usize = 128;
/// Places of one row: with a term of usual length it stays within a page of the file.
const PLACES_A_ROW: usize = 50;
/// Bytes of a packed hit: `start`, then `place`, as their order is.
const PACKED: usize = 16;

/// A request that a term finds; by its place in a list, as far as `start` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// How the key of its name begins; 0 in a list by number.
    pub(super) start: u64,
    pub(super) place: i64,
}

impl Hit {
    pub(super) fn new(place: i64, name_key: &[u8]) -> Self {
        Self {
            start: name_start(name_key),
            place,
        }
    }

    fn packed(self) -> [u8; PACKED] {
        let both = (u128::from(self.start) << 64) | u128::from(self.place.cast_unsigned());
        both.to_be_bytes()
    }

    fn unpacked(hit: [u8; PACKED]) -> Self {
        let both = u128::from_be_bytes(hit);
        #[expect(clippy::cast_possible_truncation, reason = "each half is wanted")]
        let (start, place) = ((both >> 64) as u64, both as u64);
        Self {
            start,
            place: place.cast_signed(),
        }
    }

    /// The hits of a row: of its own place, and of `more`.
    fn of_row(row: &Row<'_>) -> rusqlite::Result<Vec<Self>> {
        let (place, start, more) = (row.get(0)?, row.get_ref(1)?, row.get_ref(2)?);
        let (ValueRef::Blob(start), ValueRef::Blob(more)) = (start, more) else {
            return Err(unreadable("name_start"));
        };
        let mut hits = vec![Self::new(place, start)];
        hits.extend(unpacked(more));
        Ok(hits)
    }
}

/// How a name's key begins, zeros after a short one.
fn name_start(name_key: &[u8]) -> u64 {
    let mut start = [0; 8];
    for (to, from) in start.iter_mut().zip(name_key) {
        *to = *from;
    }
    u64::from_be_bytes(start)
}

/// The place of a row with these hits, and what it says after it.
fn place_and_more(hits: &[Hit]) -> (Option<i64>, Vec<u8>) {
    let more = hits.iter().skip(1).flat_map(|hit| hit.packed());
    (hits.first().map(|hit| hit.place), more.collect())
}

fn unpacked(packed: &[u8]) -> impl Iterator<Item = Hit> {
    let (hits, _none) = packed.as_chunks::<PACKED>();
    hits.iter().copied().map(Hit::unpacked)
}

/// What many requests are found by, kept back until all are there: a tree is filled several times
/// faster in its own order.
#[derive(Default)]
pub struct Terms {
    text: String,
    terms: Vec<Term>,
}

/// One of them.
struct Term {
    /// Its first bytes, which decide nearly every comparison.
    first: u64,
    /// Where it stands in the text of all.
    at: Range<usize>,
    hit: Hit,
}

impl Terms {
    /// Adds the terms of a request's name, a line each, and the name's place in a Chinese list.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when its number is none.
    pub fn add(
        &mut self,
        row: &RequestRow,
        terms: &str,
        name_key: &[u8],
    ) -> Result<(), StoreError> {
        let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
        let hit = Hit::new(place, name_key);
        for term in terms.lines() {
            let from = self.text.len();
            self.text.push_str(term);
            self.terms.push(Term {
                first: name_start(term.as_bytes()),
                at: from..self.text.len(),
                hit,
            });
        }
        Ok(())
    }

    /// What each row holds, with its term, in the order of the tree.
    fn rows(&mut self) -> Vec<(&str, &[Term])> {
        let Self { text, terms } = self;
        let text = |term: &Term| text.get(term.at.clone()).unwrap_or_default();
        terms.sort_unstable_by(|one, other| {
            let first = one.first.cmp(&other.first);
            let whole = || text(one).cmp(text(other));
            first
                .then_with(whole)
                .then(one.hit.place.cmp(&other.hit.place))
        });
        let alike = |one: &Term, next: &Term| one.first == next.first && text(one) == text(next);
        let rows = terms
            .chunk_by(alike)
            .flat_map(|alike| alike.chunks(PLACES_A_ROW));
        rows.map(|row| (row.first().map(text).unwrap_or_default(), row))
            .collect()
    }
}

impl Writing<'_> {
    /// Makes new requests findable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_terms(&self, mut terms: Terms) -> Result<(), StoreError> {
        let of = |count| {
            let rows = rows(count, 4);
            format!(
                "INSERT OR ROLLBACK INTO request_terms (term, place, name_start, more) VALUES {rows}"
            )
        };
        let mut many = self.db.prepare_cached(&of(ROWS_TOGETHER))?;
        let mut one = self.db.prepare_cached(&of(1))?;
        let mut packed = Vec::with_capacity(PLACES_A_ROW * PACKED);
        for part in terms.rows().chunks(ROWS_TOGETHER) {
            let (statement, count) = if part.len() == ROWS_TOGETHER {
                (&mut many, ROWS_TOGETHER)
            } else {
                (&mut one, 1)
            };
            for part in part.chunks(count) {
                let mut values = Values(statement, 0);
                for (term, hits) in part {
                    let Some((first, more)) = hits.split_first() else {
                        continue;
                    };
                    packed.clear();
                    packed.extend(more.iter().flat_map(|term| term.hit.packed()));
                    values.put(term)?;
                    values.put(&first.hit.place)?;
                    values.put(&first.hit.start.to_be_bytes())?;
                    values.put(&packed)?;
                }
                statement.raw_execute()?;
            }
        }
        Ok(())
    }

    /// Makes a request findable by each of these terms.
    pub(super) fn put_terms(&self, terms: &[String], hit: Hit) -> Result<(), StoreError> {
        terms.iter().try_for_each(|term| self.put_term(term, hit))
    }

    /// Adds a hit to the last row of the term before it, if there is room, else in a row of its own.
    fn put_term(&self, term: &str, hit: Hit) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT place, name_start, more FROM request_terms WHERE term = ?1 AND place < ?2
             ORDER BY place DESC LIMIT 1",
        )?;
        let before = statement.query_row(params![term, hit.place], Hit::of_row);
        let before = before.optional()?;
        let Some(mut hits) = before.filter(|hits| hits.len() < PLACES_A_ROW) else {
            return self.put_hits(term, &[hit]);
        };
        // Its own place, the first, stays the first.
        let at = hits.partition_point(|other| other.place < hit.place);
        hits.insert(at, hit);
        let (row, more) = place_and_more(&hits);
        self.db
            .prepare_cached("UPDATE request_terms SET more = ?3 WHERE term = ?1 AND place = ?2")?
            .execute(params![term, row, more])?;
        Ok(())
    }

    /// Adds a row of a term; none for no hits.
    fn put_hits(&self, term: &str, hits: &[Hit]) -> Result<(), StoreError> {
        let Some(first) = hits.first() else {
            return Ok(());
        };
        let (_place, more) = place_and_more(hits);
        self.db
            .prepare_cached(
                "INSERT INTO request_terms (term, place, name_start, more) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![term, first.place, first.start.to_be_bytes(), more])?;
        Ok(())
    }

    /// Lets a request be found by its name no longer. Its row still says by what it was.
    pub(super) fn delete_terms(&self, id: RequestId) -> Result<(), StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT place, terms FROM requests WHERE id = ?1")?;
        let found = statement.query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)));
        let (place, terms): (i64, String) = found
            .optional()?
            .ok_or(StoreError::Changed("the request"))?;
        terms
            .lines()
            .try_for_each(|term| self.delete_term(term, place))
    }

    /// Takes a place out of the row of the term that has it; those it shared it with keep theirs.
    pub(super) fn delete_term(&self, term: &str, place: i64) -> Result<(), StoreError> {
        let Some(mut hits) = self.hits_around(term, place)? else {
            return Ok(());
        };
        let first = hits.first().map(|hit| hit.place);
        self.db
            .prepare_cached("DELETE FROM request_terms WHERE term = ?1 AND place = ?2")?
            .execute(params![term, first])?;
        hits.retain(|hit| hit.place != place);
        self.put_hits(term, &hits)
    }

    /// All hits of the row of a term that has this place.
    fn hits_around(&self, term: &str, place: i64) -> Result<Option<Vec<Hit>>, StoreError> {
        // The places of a row stand in order, its own first. Nearly always the first row has it.
        let mut statement = self.db.prepare_cached(
            "SELECT place, name_start, more FROM request_terms WHERE term = ?1 AND place <= ?2
             ORDER BY place DESC",
        )?;
        let mut rows = statement.query(params![term, place])?;
        while let Some(row) = rows.next()? {
            let hits = Hit::of_row(row)?;
            if hits.iter().any(|hit| hit.place == place) {
                return Ok(Some(hits));
            }
        }
        Ok(None)
    }
}

impl Reading<'_> {
    /// The places that the terms from `term` to before `end` find; `None` where they are more than
    /// `most`.
    pub(super) fn few_places(
        &self,
        (term, end): (&str, &str),
        most: usize,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT place, name_start, more FROM request_terms WHERE term >= ?1 AND term < ?2",
        )?;
        let mut rows = statement.query([term, end])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            places.extend(Hit::of_row(row)?.iter().map(|hit| hit.place));
            if places.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(places))
    }
}

/// Gathers hits as an aggregate of SQL: many are found in two thirds of the time that a statement
/// takes which hands out row after row.
struct PackedHits;

impl Aggregate<Vec<u8>, Vec<u8>> for PackedHits {
    fn init(&self, _row: &mut Context<'_>) -> rusqlite::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn step(&self, row: &mut Context<'_>, packed: &mut Vec<u8>) -> rusqlite::Result<()> {
        let values = (row.get_raw(0), row.get_raw(1), row.get_raw(2));
        let (ValueRef::Integer(place), ValueRef::Blob(start), ValueRef::Blob(more)) = values else {
            return Err(unreadable("name_start"));
        };
        packed.extend(Hit::new(place, start).packed());
        packed.extend(more);
        Ok(())
    }

    fn finalize(
        &self,
        _row: &mut Context<'_>,
        packed: Option<Vec<u8>>,
    ) -> rusqlite::Result<Vec<u8>> {
        Ok(packed.unwrap_or_default())
    }
}

/// Makes `packed_hits(place, name_start, more)` known to a connection: all hits of all rows, as
/// [`hits_of`] reads them.
pub(super) fn teach(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    db.create_aggregate_function("packed_hits", 3, flags, PackedHits)
}

/// What `packed_hits` gathered.
pub(super) fn hits_of(row: &Row<'_>) -> rusqlite::Result<Vec<Hit>> {
    let packed = row.get_ref(0)?.as_blob();
    Ok(unpacked(packed.map_err(|_kind| unreadable("hits"))?).collect())
}
