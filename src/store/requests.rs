//! Requests, their fields and their approvals.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};

use super::station::{chain_from_json, chain_json};
use super::value::{id, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::approval::Salt;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::OfficerName;
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;

/// One request without its personal fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Its id.
    pub id: RequestId,
    /// What people type, e.g. `2026-0017`.
    pub number: String,
    /// Grows with every edit.
    pub revision: u32,
    /// Where it is in its life.
    pub state: RequestState,
    /// The holder's unit.
    pub unit: UnitId,
    /// The holder's name.
    pub holder_name: String,
    /// The user types joined by 、.
    pub user_types: String,
    /// Whether a certificate was applied for.
    pub apply_certificate: bool,
    /// Who entered it.
    pub entered_by: OfficerName,
    /// When.
    pub entered_at: Timestamp,
    /// Who approved it.
    pub approved_by: Option<OfficerName>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// When the approval ends.
    pub expires_at: Option<Timestamp>,
}

/// One field of a form.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldRow {
    /// Its value.
    pub value: String,
    /// Its salt, once it is approved.
    pub salt: Option<Salt>,
}

/// An approval as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Who approved.
    pub officer: OfficerName,
    /// CMS `SignedData`, DER.
    pub signature: Vec<u8>,
    /// The approver's certificate, then each issuer up to the root, DER.
    pub chain: Vec<Vec<u8>>,
    /// When.
    pub decided_at: Timestamp,
}

/// Which requests to list.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Only those in this state.
    pub state: Option<RequestState>,
    /// Only those whose number, name or unit holds this text.
    pub search: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

const COLUMNS: &str = "requests.id, number, revision, state, unit, holder_name, user_types,
    apply_certificate, entered_by, entered_at, approved_by, approved_at, expires_at";

impl Reading<'_> {
    /// One request.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there.
    pub fn request(&self, id: RequestId) -> Result<RequestRow, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM requests WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([id.to_string()], read).optional()?;
        row.ok_or(StoreError::Changed("the request"))
    }

    /// Those whose number is `text`, or whose id begins with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests_named(&self, text: &str) -> Result<Vec<RequestRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM requests WHERE number = ?1 OR substr(id, 1, length(?1)) = ?1
             ORDER BY number"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([text], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Requests, the oldest number first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests(&self, filter: &RequestFilter) -> Result<Vec<RequestRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM requests JOIN units ON units.id = requests.unit
             WHERE (?1 IS NULL OR state = ?1)
               AND (?2 IS NULL OR instr(number, ?2) > 0 OR instr(holder_name, ?2) > 0
                    OR instr(units.name, ?2) > 0)
             ORDER BY number LIMIT ?3"
        );
        let limit = filter
            .limit
            .and_then(|limit| i64::try_from(limit).ok())
            .unwrap_or(i64::MAX);
        let mut statement = self.db.prepare_cached(&sql)?;
        let state = filter.state.map(RequestState::word);
        let rows = statement.query_map(params![state, filter.search, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The fields of a request by their key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn request_fields(&self, id: RequestId) -> Result<BTreeMap<String, FieldRow>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT field, value, salt FROM request_fields WHERE request = ?1")?;
        let rows = statement.query_map([id.to_string()], |row| {
            Ok((
                row.get(0)?,
                FieldRow {
                    value: row.get(1)?,
                    salt: row.get(2)?,
                },
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The approval of a request in this revision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn approval(
        &self,
        id: RequestId,
        revision: u32,
    ) -> Result<Option<ApprovalRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT officer, signature, chain, decided_at FROM approvals
             WHERE request = ?1 AND revision = ?2",
        )?;
        let row = statement.query_row(params![id.to_string(), revision], |row| {
            Ok(ApprovalRow {
                officer: parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?,
                signature: row.get(1)?,
                chain: parsed(row, 2, "chain", chain_from_json)?,
                decided_at: parsed(row, 3, "time", time)?,
            })
        });
        Ok(row.optional()?)
    }

    /// The next number of a year: `2026-0017`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_number(&self, year: i32) -> Result<String, StoreError> {
        let prefix = format!("{year:04}-");
        let count: i64 = self.db.query_row(
            "SELECT count(*) FROM requests WHERE substr(number, 1, 5) = ?1",
            [&prefix],
            |row| row.get(0),
        )?;
        Ok(format!("{prefix}{:04}", count + 1))
    }

    /// The pseudonym of a person in a unit, by the HMAC of their identity number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pseudonym(&self, unit: UnitId, person: &[u8]) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT pseudonym FROM pseudonyms WHERE unit = ?1 AND person = ?2")?;
        Ok(statement
            .query_row(params![unit.to_string(), person], |row| row.get(0))
            .optional()?)
    }
}

impl Writing<'_> {
    /// Adds a request with its fields.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_request(
        &self,
        row: &RequestRow,
        fields: &BTreeMap<&'static str, String>,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
                     apply_certificate, entered_by, entered_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                row.id.to_string(),
                row.number,
                row.revision,
                row.state.word(),
                row.unit.to_string(),
                row.holder_name,
                row.user_types,
                row.apply_certificate,
                row.entered_by.as_str(),
                row.entered_at.to_string(),
            ])?;
        let mut statement = self.db.prepare_cached(
            "INSERT INTO request_fields (request, field, value) VALUES (?1, ?2, ?3)",
        )?;
        for (field, value) in fields {
            statement.execute(params![row.id.to_string(), field, value])?;
        }
        Ok(())
    }

    /// Moves a request from one state to the next.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not in `from`, or may not go to `to`.
    pub fn move_request(
        &self,
        id: RequestId,
        from: RequestState,
        to: RequestState,
    ) -> Result<(), StoreError> {
        let mut statement = self
            .db
            .prepare_cached("UPDATE requests SET state = ?3 WHERE id = ?1 AND state = ?2")?;
        let moved = from.may_become(to)
            && statement.execute(params![id.to_string(), from.word(), to.word()])? == 1;
        if moved {
            Ok(())
        } else {
            Err(StoreError::Changed("the request"))
        }
    }

    /// Keeps an approval and the salts of its commitments.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_approval(
        &self,
        request: &RequestRow,
        approval: &ApprovalRow,
        salts: &BTreeMap<String, Salt>,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let id = request.id.to_string();
        let ApprovalRow {
            officer,
            signature,
            chain,
            decided_at,
        } = approval;
        self.db
            .prepare_cached(
                "INSERT INTO approvals (request, revision, officer, signature, chain, decided_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                id,
                request.revision,
                officer.as_str(),
                signature,
                chain_json(chain)?,
                decided_at.to_string(),
            ])?;
        self.db
            .prepare_cached(
                "UPDATE requests SET approved_by = ?2, approved_at = ?3, expires_at = ?4
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                officer.as_str(),
                decided_at.to_string(),
                expires.to_string()
            ])?;
        let mut statement = self.db.prepare_cached(
            "UPDATE request_fields SET salt = ?3 WHERE request = ?1 AND field = ?2",
        )?;
        for (field, salt) in salts {
            statement.execute(params![id, field, salt])?;
        }
        Ok(())
    }

    /// Keeps the pseudonym of a person in a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_pseudonym(
        &self,
        unit: UnitId,
        person: &[u8],
        pseudonym: &str,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO pseudonyms (unit, person, pseudonym) VALUES (?1, ?2, ?3)",
            params![unit.to_string(), person, pseudonym],
        )?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    let officer = |text: &str| OfficerName::parse(text).ok();
    Ok(RequestRow {
        id: parsed(row, 0, "request id", id)?,
        number: row.get(1)?,
        revision: row.get(2)?,
        state: parsed(row, 3, "state", RequestState::from_word)?,
        unit: parsed(row, 4, "unit id", id)?,
        holder_name: row.get(5)?,
        user_types: row.get(6)?,
        apply_certificate: row.get(7)?,
        entered_by: parsed(row, 8, "officer", officer)?,
        entered_at: parsed(row, 9, "time", time)?,
        approved_by: optional(row, 10, "officer", officer)?,
        approved_at: optional(row, 11, "time", time)?,
        expires_at: optional(row, 12, "time", time)?,
    })
}
