//! The audit log: rows are appended, never changed, each chained to the one before (D-49).

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::audit::{AuditHash, AuditRow, GENESIS};

/// What `audit verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Rows.
    pub rows: u64,
    /// Hash of the last row that fits.
    pub head: AuditHash,
    /// The first row that does not fit.
    pub first_broken: Option<u64>,
}

const COLUMNS: &str =
    "sequence, at, officer, post, act, request, ukey, certificate, result, detail, hash";

impl Writing<'_> {
    /// Appends a row. Called by `Store::act` alone.
    pub(super) fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        let last = self
            .db
            .prepare_cached("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")?
            .query_row([], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, AuditHash>(1)?))
            })
            .optional()?;
        let (sequence, previous) = last.map_or((1_i64, GENESIS), |(last, hash)| (last + 1, hash));
        self.db
            .prepare_cached(&format!(
                "INSERT INTO audit ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
            ))?
            .execute(params![
                sequence,
                row.at.to_string(),
                row.officer,
                row.post,
                row.act,
                row.request,
                row.ukey,
                row.certificate,
                row.result,
                row.detail,
                row.hash(sequence.unsigned_abs(), &previous),
            ])?;
        Ok(())
    }
}

impl Reading<'_> {
    /// Recomputes the chain from the first row.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read at all.
    pub fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let mut statement = self
            .db
            .prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY sequence"))?;
        let mut rows = statement.query([])?;
        let mut verdict = AuditVerdict {
            rows: 0,
            head: GENESIS,
            first_broken: None,
        };
        while let Some(row) = rows.next()? {
            verdict.rows += 1;
            if verdict.first_broken.is_some() {
                continue;
            }
            let sequence: i64 = row.get(0)?;
            let stored: Option<AuditHash> = row.get(10).ok();
            let hash = read(row)
                .ok()
                .map(|read| read.hash(verdict.rows, &verdict.head));
            match hash {
                Some(hash) if sequence == verdict.rows.cast_signed() && stored == Some(hash) => {
                    verdict.head = hash;
                }
                _ => verdict.first_broken = Some(verdict.rows),
            }
        }
        Ok(verdict)
    }

    /// Number of rows and hash of the last one: the checkpoint's code on a slip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_head(&self) -> Result<(u64, AuditHash), StoreError> {
        let last = self
            .db
            .query_row(
                "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
                [],
                |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)),
            )
            .optional()?;
        Ok(last.unwrap_or((0, GENESIS)))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        at: parsed(row, 1, "time", time)?,
        officer: row.get(2)?,
        post: row.get(3)?,
        act: row.get(4)?,
        request: row.get(5)?,
        ukey: row.get(6)?,
        certificate: row.get(7)?,
        result: row.get(8)?,
        detail: row.get(9)?,
    })
}
