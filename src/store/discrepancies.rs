//! Differences of the stock: found, explained by system, accepted by security (D-27).

use rusqlite::{Row, params};

use super::value::{one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::OfficerName;
use crate::domain::stock::{DiscrepancyKind, Resolution};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscrepancyRow {
    /// A `UUIDv7`.
    pub id: String,
    /// E.g. `2026-0001`.
    pub number: String,
    /// What differs.
    pub kind: DiscrepancyKind,
    /// The ukey.
    pub serial: Serial,
    /// The note on which it was found.
    pub note: Option<String>,
    /// The stock check that found it.
    pub check: Option<String>,
    /// What was seen, e.g. a state.
    pub detail: Option<String>,
    /// When it was found.
    pub found_at: Timestamp,
    /// By whom.
    pub found_by: String,
    /// What system proposes, and the explanation.
    pub explained: Option<Explanation>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// By whom: an officer, a waiver, or `station` where what was missing came.
    pub accepted_by: Option<String>,
}

impl DiscrepancyRow {
    /// One that was just found; the store gives it its number.
    pub fn found(
        id: String,
        kind: DiscrepancyKind,
        serial: Serial,
        (found_at, found_by): (Timestamp, &OfficerName),
    ) -> Self {
        Self {
            id,
            number: String::new(),
            kind,
            serial,
            note: None,
            check: None,
            detail: None,
            found_at,
            found_by: found_by.to_string(),
            explained: None,
            accepted_at: None,
            accepted_by: None,
        }
    }
}

/// What system says of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// How the records follow.
    pub resolution: Resolution,
    /// In words.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

const COLUMNS: &str = "id, number, kind, serial, note, stock_check, detail, found_at, found_by,
    resolution, explanation, explained_at, explained_by, accepted_at, accepted_by";

impl Reading<'_> {
    /// Differences by number; only the open ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discrepancies(&self, open_only: bool) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM discrepancies
             WHERE NOT ?1 OR accepted_at IS NULL ORDER BY found_at, number"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([open_only], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The difference with this number, or those whose id begins so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discrepancies_named(&self, text: &str) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM discrepancies
             WHERE number = ?1 OR (length(?1) >= 4 AND substr(id, 1, length(?1)) = ?1)
             ORDER BY number LIMIT 20"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([text], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Keeps a difference, under the next number of its year; one that is open already for the same ukey,
    /// kind and place of finding is not kept twice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_discrepancy(&self, row: &DiscrepancyRow) -> Result<(), StoreError> {
        let year = row.found_at.date().year();
        self.db
            .prepare_cached(
                "INSERT INTO discrepancies (id, number, kind, serial, note, stock_check, detail, found_at,
                     found_by)
                 SELECT ?1, format('%d-%04d', ?2, 1 + (SELECT count(*) FROM discrepancies
                     WHERE number LIKE ?2 || '-%')), ?3, ?4, ?5, ?6, ?7, ?8, ?9
                 WHERE NOT EXISTS (SELECT 1 FROM discrepancies WHERE serial = ?4 AND kind = ?3
                     AND note IS ?5 AND stock_check IS ?6 AND accepted_at IS NULL)",
            )?
            .execute(params![
                row.id,
                year,
                row.kind.word(),
                row.serial.as_str(),
                row.note,
                row.check,
                row.detail,
                row.found_at.to_string(),
                row.found_by,
            ])?;
        Ok(())
    }

    /// Explains an open difference, in place of an explanation before.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not open.
    pub fn explain_discrepancy(&self, id: &str, said: &Explanation) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE discrepancies SET resolution = ?2, explanation = ?3, explained_at = ?4,
                 explained_by = ?5
             WHERE id = ?1 AND accepted_at IS NULL",
            params![
                id,
                said.resolution.word(),
                said.text,
                said.at.to_string(),
                said.by
            ],
        )?;
        one_changed(changed, "the difference")
    }

    /// Accepts an explained difference: it is closed.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not open.
    pub fn accept_discrepancy(&self, id: &str, by: &str, at: Timestamp) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE discrepancies SET accepted_at = ?2, accepted_by = ?3
             WHERE id = ?1 AND accepted_at IS NULL AND resolution IS NOT NULL",
            params![id, at.to_string(), by],
        )?;
        one_changed(changed, "the difference")
    }

    /// Closes what was missing on a note and came: nothing is left to accept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn missing_came(
        &self,
        note: &str,
        serial: &Serial,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE discrepancies SET resolution = 'nothing', accepted_at = ?3, accepted_by = 'station'
             WHERE note = ?1 AND serial = ?2 AND kind = 'missing' AND accepted_at IS NULL",
            params![note, serial.as_str(), at.to_string()],
        )?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<DiscrepancyRow> {
    let resolution = optional(row, 9, "resolution", Resolution::from_word)?;
    let texts: (Option<String>, Option<String>) = (row.get(10)?, row.get(12)?);
    let at = optional(row, 11, "time", time)?;
    let explained = match (resolution, texts, at) {
        (Some(resolution), (Some(text), Some(by)), Some(at)) => Some(Explanation {
            resolution,
            text,
            at,
            by,
        }),
        _ => None,
    };
    Ok(DiscrepancyRow {
        id: row.get(0)?,
        number: row.get(1)?,
        kind: parsed(row, 2, "kind", DiscrepancyKind::from_word)?,
        serial: parsed(row, 3, "serial", |text| Serial::parse(text).ok())?,
        note: row.get(4)?,
        check: row.get(5)?,
        detail: row.get(6)?,
        found_at: parsed(row, 7, "time", time)?,
        found_by: row.get(8)?,
        explained,
        accepted_at: optional(row, 13, "time", time)?,
        accepted_by: row.get(14)?,
    })
}
