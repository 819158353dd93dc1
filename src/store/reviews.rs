//! Reviews by the superior (D-3, D-8): what went up, and what was decided.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};

use super::station::{chain_from_json, chain_json};
use super::value::{from_json, parsed, salts_from_json, salts_json, time};
use super::{Reading, StoreError, Writing};
use crate::domain::approval::{Decision, Salt};
use crate::domain::id::{HomeId, RequestId};
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;

/// At the superior: one decision about a subordinate's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The unit that asked.
    pub from_code: String,
    /// Its home.
    pub from_home: HomeId,
    /// The request in that home.
    pub request: RequestId,
    /// Its revision.
    pub revision: u32,
    /// approved, returned or rejected.
    pub decision: String,
    /// CMS, DER.
    pub signature: Vec<u8>,
    /// When.
    pub decided_at: Timestamp,
}

/// At the origin: a return or rejection by the superior.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperiorRefusalRow {
    /// The request.
    pub request: RequestId,
    /// Its revision.
    pub revision: u32,
    /// Returned or rejected.
    pub decision: Decision,
    /// Who of the superior's decided.
    pub officer: OfficerName,
    /// Why.
    pub reason: String,
    /// CMS, DER.
    pub signature: Vec<u8>,
    /// The superior's officer's certificate, then each issuer, DER.
    pub chain: Vec<Vec<u8>>,
    /// When.
    pub decided_at: Timestamp,
}

impl Reading<'_> {
    /// Whether a request was decided on here, and how.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn review(
        &self,
        home: HomeId,
        request: RequestId,
        revision: u32,
    ) -> Result<Option<String>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT decision FROM reviews WHERE from_home = ?1 AND request = ?2 AND revision = ?3",
        )?;
        let key = params![home.to_string(), request.to_string(), revision];
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    /// The superior's returns and rejections of a request, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn superior_refusals(
        &self,
        request: RequestId,
    ) -> Result<Vec<SuperiorRefusalRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT revision, decision, officer, reason, signature, chain, decided_at
             FROM superior_refusals WHERE request = ?1 ORDER BY revision",
        )?;
        let rows = statement.query_map([request.to_string()], |row| {
            Ok(SuperiorRefusalRow {
                request,
                revision: row.get(0)?,
                decision: parsed(row, 1, "decision", |word| from_json(&format!("\"{word}\"")))?,
                officer: parsed(row, 2, "officer", |text| OfficerName::parse(text).ok())?,
                reason: row.get(3)?,
                signature: row.get(4)?,
                chain: parsed(row, 5, "chain", chain_from_json)?,
                decided_at: parsed(row, 6, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The salts of a request that went up and was not answered yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sent_up(
        &self,
        request: RequestId,
        revision: u32,
    ) -> Result<Option<BTreeMap<String, Salt>>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT salts FROM sent_up
             WHERE request = ?1 AND revision = ?2 AND salts IS NOT NULL",
        )?;
        let salts = statement.query_row(params![request.to_string(), revision], |row| {
            parsed(row, 0, "salts", salts_from_json)
        });
        Ok(salts.optional()?)
    }
}

impl Writing<'_> {
    /// Notes a decision about a subordinate's request.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it was decided on before.
    pub fn insert_review(&self, row: &ReviewRow) -> Result<(), StoreError> {
        let ReviewRow {
            from_code,
            from_home,
            request,
            revision,
            decision,
            signature,
            decided_at,
        } = row;
        self.db.execute(
            "INSERT INTO reviews (from_code, from_home, request, revision, decision, signature,
                 decided_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                from_code,
                from_home.to_string(),
                request.to_string(),
                revision,
                decision,
                signature,
                decided_at.to_string()
            ],
        )?;
        Ok(())
    }

    /// Notes that a request goes up, again where it was not answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_sent_up(
        &self,
        (request, revision): (RequestId, u32),
        parcel: &str,
        salts: &BTreeMap<String, Salt>,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO sent_up (request, revision, parcel, salts) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (request, revision) DO UPDATE
             SET parcel = excluded.parcel, salts = excluded.salts",
            params![request.to_string(), revision, parcel, salts_json(salts)?],
        )?;
        Ok(())
    }

    /// Notes that a request was answered: its salts stand elsewhere by now, or are needed no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_sent_up(&self, request: RequestId, revision: u32) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE sent_up SET salts = NULL WHERE request = ?1 AND revision = ?2",
            params![request.to_string(), revision],
        )?;
        Ok(())
    }

    /// Keeps the superior's return or rejection.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_superior_refusal(&self, row: &SuperiorRefusalRow) -> Result<(), StoreError> {
        let SuperiorRefusalRow {
            request,
            revision,
            decision,
            officer,
            reason,
            signature,
            chain,
            decided_at,
        } = row;
        self.db.execute(
            "INSERT INTO superior_refusals (request, revision, decision, reason, signature, chain,
                 decided_at, officer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                request.to_string(),
                revision,
                decision.word(),
                reason,
                signature,
                chain_json(chain)?,
                decided_at.to_string(),
                officer.as_str()
            ],
        )?;
        Ok(())
    }
}
