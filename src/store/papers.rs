//! What belongs to a request's paper: opinions, scans, and the signed returns and rejections.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::station::{chain_from_json, chain_json};
use super::value::{from_json, parsed, salts_from_json, salts_json, time};
use super::{ApprovalRow, Reading, StoreError, Writing};
use crate::domain::approval::{Commitment, Decision, Salt};
use crate::domain::id::RequestId;
use crate::domain::officer::OfficerName;
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::domain::scan::{Scan, ScanKind};
use crate::domain::timestamp::Timestamp;

/// A scan without its bytes, and who attached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRow {
    /// The scan.
    pub scan: Scan,
    /// Who attached it.
    pub attached_by: OfficerName,
    /// When.
    pub attached_at: Timestamp,
}

/// A return or rejection as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// The revision that was looked at.
    pub revision: u32,
    /// Returned or rejected.
    pub decision: Decision,
    /// Why, for the one who entered it.
    pub reason: String,
    /// Salt of every commitment in the record; `reason` is among them.
    pub salts: BTreeMap<String, Salt>,
    /// Who decided, the signature and when.
    pub signed: ApprovalRow,
}

impl Reading<'_> {
    /// The opinions on the paper that a request is entered from now, in the order of the paper.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn opinions(&self, id: RequestId) -> Result<Vec<Opinion>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT kind, given_by, given_on, note FROM opinions
             WHERE request = ?1 AND revision = (SELECT revision FROM requests WHERE id = ?1)",
        )?;
        let rows = statement.query_map([id.to_string()], |row| {
            Ok(Opinion {
                kind: parsed(row, 0, "opinion", OpinionKind::from_word)?,
                by: row.get(1)?,
                on: parsed(row, 2, "date", day)?,
                note: row.get(3)?,
            })
        })?;
        let mut opinions: Vec<Opinion> = rows.collect::<Result<_, _>>()?;
        opinions.sort_by_key(|opinion| opinion.kind);
        Ok(opinions)
    }

    /// The scans of the paper that a request is entered from now, the first attached first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scans(&self, id: RequestId) -> Result<Vec<ScanRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sha256, kind, bytes, attached_by, attached_at FROM scans
             WHERE request = ?1 AND revision = (SELECT revision FROM requests WHERE id = ?1)
             ORDER BY attached_at, sha256",
        )?;
        let rows = statement.query_map([id.to_string()], |row| {
            Ok(ScanRow {
                scan: Scan {
                    sha256: Commitment(row.get(0)?),
                    kind: parsed(row, 1, "scan", ScanKind::from_word)?,
                    bytes: row.get::<_, i64>(2)?.unsigned_abs(),
                },
                attached_by: parsed(row, 3, "officer", |text| OfficerName::parse(text).ok())?,
                attached_at: parsed(row, 4, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bytes of a scan; none when it is purged or was never there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan_content(
        &self,
        id: RequestId,
        sha256: Commitment,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT content FROM scans WHERE request = ?1 AND sha256 = ?2")?;
        let content = statement.query_row(params![id.to_string(), sha256.0], |row| row.get(0));
        Ok(content.optional()?.flatten())
    }

    /// The returns and rejections of a request, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn refusals(&self, id: RequestId) -> Result<Vec<RefusalRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT revision, decision, reason, salts, officer, signature, chain, decided_at
             FROM refusals WHERE request = ?1 ORDER BY decided_at, id",
        )?;
        let rows = statement.query_map([id.to_string()], |row| {
            Ok(RefusalRow {
                revision: row.get(0)?,
                decision: parsed(row, 1, "decision", |word| from_json(&format!("\"{word}\"")))?,
                reason: row.get(2)?,
                salts: parsed(row, 3, "salts", salts_from_json)?,
                signed: ApprovalRow {
                    officer: parsed(row, 4, "officer", |text| OfficerName::parse(text).ok())?,
                    signature: row.get(5)?,
                    chain: parsed(row, 6, "chain", chain_from_json)?,
                    decided_at: parsed(row, 7, "time", time)?,
                },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Keeps an opinion in the place of an earlier one of its kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_opinion(
        &self,
        id: RequestId,
        opinion: &Opinion,
        (officer, at): (&OfficerName, Timestamp),
    ) -> Result<(), StoreError> {
        let Opinion { kind, by, on, note } = opinion;
        self.db
            .prepare_cached(
                "INSERT INTO opinions
                     (request, kind, given_by, given_on, note, recorded_by, recorded_at, revision)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT revision FROM requests WHERE id = ?1))
                 ON CONFLICT (request, kind) DO UPDATE SET
                     given_by = excluded.given_by, given_on = excluded.given_on,
                     note = excluded.note, recorded_by = excluded.recorded_by,
                     recorded_at = excluded.recorded_at, revision = excluded.revision",
            )?
            .execute(params![
                id.to_string(),
                kind.word(),
                by,
                on.to_string(),
                note,
                officer.as_str(),
                at.to_string()
            ])?;
        Ok(())
    }

    /// Takes the papers of the revision before over to the present one: they are the same paper.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_papers(&self, id: RequestId) -> Result<(), StoreError> {
        for table in ["scans", "opinions"] {
            let sql = format!(
                "UPDATE {table} SET revision = revision + 1 WHERE request = ?1
                 AND revision + 1 = (SELECT revision FROM requests WHERE id = ?1)"
            );
            self.db.execute(&sql, [id.to_string()])?;
        }
        Ok(())
    }

    /// Keeps why personal data was looked at, under its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_reveal_reason(&self, sha256: &[u8; 32], reason: &str) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO reveal_reasons (sha256, reason) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![sha256, reason],
        )?;
        Ok(())
    }

    /// Keeps a scan.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_scan(
        &self,
        id: RequestId,
        row: &ScanRow,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let ScanRow {
            scan,
            attached_by,
            attached_at,
        } = row;
        let bytes = i64::try_from(scan.bytes).unwrap_or(i64::MAX);
        self.db
            .prepare_cached(
                "INSERT INTO scans
                     (request, sha256, kind, bytes, attached_by, attached_at, content, revision)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT revision FROM requests WHERE id = ?1))
                 ON CONFLICT (request, sha256) DO UPDATE SET
                     attached_by = excluded.attached_by, attached_at = excluded.attached_at,
                     revision = excluded.revision",
            )?
            .execute(params![
                id.to_string(),
                scan.sha256.0,
                scan.kind.word(),
                bytes,
                attached_by.as_str(),
                attached_at.to_string(),
                content
            ])?;
        Ok(())
    }

    /// Keeps a return or rejection. `key` is an id of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_refusal(
        &self,
        key: &str,
        id: RequestId,
        refusal: &RefusalRow,
    ) -> Result<(), StoreError> {
        let RefusalRow {
            revision,
            decision,
            reason,
            salts,
            signed,
        } = refusal;
        self.db.execute(
            "INSERT INTO refusals (id, request, revision, decision, officer, reason, salts,
                 signature, chain, decided_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                key,
                id.to_string(),
                revision,
                decision.word(),
                signed.officer.as_str(),
                reason,
                salts_json(salts)?,
                signed.signature,
                chain_json(&signed.chain)?,
                signed.decided_at.to_string()
            ],
        )?;
        Ok(())
    }
}

/// A day as `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text, &Iso8601::DATE).ok()
}
