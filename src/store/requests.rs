//! Requests: their row and approvals. What they say: `fields`; lists of them: `request_list`.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, ToSql, params};

use super::fields::FieldsText;
use super::imports::NewRequest;
use super::request_terms::Hit;
use super::station::{chain_from_json, chain_json};
use super::value::{TimeTexts, id, optional, parsed, time, unreadable};
use super::{Reading, StoreError, Writing};
use crate::domain::approval::Salt;
use crate::domain::id::{RequestId, UnitId};
use crate::domain::name_index;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::request::{FormKind, RequestState};
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
    /// Which paper it is.
    pub form: FormKind,
    /// 管理类用户岗位 of form 1.
    pub post: Option<Post>,
    /// Who entered this revision.
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

pub(super) const COLUMNS: &str =
    "requests.id, number, revision, state, unit, holder_name, user_types,
    apply_certificate, entered_by, entered_at, approved_by, approved_at, expires_at, form, post";
/// What a new row has.
pub(super) const ROW_COLUMNS: &str = "id, number, revision, state, unit, holder_name, user_types,
    apply_certificate, entered_by, entered_at, form, post, person, place, name_key, terms";
/// Places of one year: number `2026-0017` has place 2026 * `YEAR` + 17.
pub(super) const YEAR: i64 = 10_000_000;

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
        // An id is lower-case hex with hyphens: `g` comes after every id that begins with `text`.
        let sql = format!(
            "SELECT {COLUMNS} FROM requests WHERE number = ?1
             UNION SELECT {COLUMNS} FROM requests WHERE id >= ?2 AND id < ?2 || 'g'
             ORDER BY number LIMIT 20"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([text, &text.to_ascii_lowercase()], read)?;
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
        let first = i64::from(year) * YEAR;
        let last: Option<i64> = self.db.query_row(
            "SELECT max(place) FROM requests WHERE place >= ?1 AND place < ?2",
            [first, first + YEAR],
            |row| row.get(0),
        )?;
        let count = last.map_or(0, |last| last - first) + 1;
        Ok(format!("{year:04}-{count:04}"))
    }

    /// The live request of a person in a unit on this form, if there is one (D-20).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn live_request(
        &self,
        unit: UnitId,
        person: &[u8],
        form: FormKind,
    ) -> Result<Option<RequestRow>, StoreError> {
        Ok(self.live_requests(unit, person, form)?.into_iter().next())
    }

    /// Every live request of a person in a unit: one, and those that are to replace it (D-20, D-42).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn live_requests(
        &self,
        unit: UnitId,
        person: &[u8],
        form: FormKind,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM requests INDEXED BY requests_by_person
             WHERE person = ?1 AND unit = ?2 AND form = ?3 ORDER BY place"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let found = statement.query_map(params![person, unit.to_string(), form.number()], read)?;
        let mut rows: Vec<RequestRow> = found.collect::<Result<_, _>>()?;
        rows.retain(|row| row.state.is_live());
        Ok(rows)
    }

    /// Gives the search hash of each request's person to `take`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn each_person(&self, mut take: impl FnMut(&[u8])) -> Result<(), StoreError> {
        let sql = "SELECT person FROM requests WHERE person IS NOT NULL";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(
                row.get_ref(0)?
                    .as_blob()
                    .map_err(|_kind| unreadable("person"))?,
            );
        }
        Ok(())
    }

    /// The search hash of a request's person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person_of(&self, id: RequestId) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT person FROM requests WHERE id = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let person = statement.query_row([id.to_string()], |row| row.get(0));
        Ok(person.optional()?.flatten())
    }

    /// Approved requests whose approval ended before `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expired_requests(&self, now: Timestamp) -> Result<Vec<RequestRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM requests WHERE state = 'approved' AND expires_at < ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([now.to_string()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// At most `limit` requests that no search finds yet: they were entered by an earlier version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests_not_indexed(&self, limit: u32) -> Result<Vec<RequestRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM requests WHERE name_key = x'' LIMIT ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
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
    /// Adds a request with its fields, and what it is searched by. `person` is the search hash of the
    /// identity number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_request(
        &self,
        row: &RequestRow,
        person: &[u8],
        fields: &BTreeMap<&'static str, String>,
    ) -> Result<(), StoreError> {
        self.insert(row, person, fields, None)
    }

    /// The same of a request that replaces another one (D-42).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_replacement(
        &self,
        row: &RequestRow,
        person: &[u8],
        fields: &BTreeMap<&'static str, String>,
        replaces: RequestId,
    ) -> Result<(), StoreError> {
        self.insert(row, person, fields, Some(replaces))
    }

    fn insert(
        &self,
        row: &RequestRow,
        person: &[u8],
        fields: &BTreeMap<&'static str, String>,
        replaces: Option<RequestId>,
    ) -> Result<(), StoreError> {
        let terms = name_index::terms(&row.holder_name);
        let name_key = name_index::sort_key(&row.holder_name);
        let fields = FieldsText::of(fields)?;
        let new = NewRequest {
            row,
            person,
            fields: &fields,
            name_key: &name_key,
            terms: &terms.join("\n"),
        };
        self.insert_row(&new, replaces)?;
        let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
        self.insert_fields(place, &fields)?;
        self.put_terms(&terms, Hit::new(place, &name_key))
    }

    /// The row itself.
    fn insert_row(
        &self,
        new: &NewRequest<'_>,
        replaces: Option<RequestId>,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(&format!(
            "INSERT INTO requests ({ROW_COLUMNS}, replaces)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
        ))?;
        let mut at = 0;
        bind_row(new, &mut TimeTexts::default(), |value| {
            at += 1;
            statement.raw_bind_parameter(at, value)
        })?;
        statement.raw_bind_parameter(at + 1, replaces.map(|id| id.to_string()))?;
        statement.raw_execute()?;
        Ok(())
    }

    /// Makes a request findable by its name, and gives it its place in lists by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn index_request(&self, row: &RequestRow, person: &[u8]) -> Result<(), StoreError> {
        let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
        self.delete_terms(row.id)?;
        let terms = name_index::terms(&row.holder_name);
        let name_key = name_index::sort_key(&row.holder_name);
        self.db
            .prepare_cached(
                "UPDATE requests SET name_key = ?2, person = ?3, terms = ?4 WHERE id = ?1",
            )?
            .execute(params![
                row.id.to_string(),
                name_key,
                person,
                terms.join("\n")
            ])?;
        self.put_terms(&terms, Hit::new(place, &name_key))
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
        self.set_salts(request.id, salts)
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

/// What a new row has, in the order of [`ROW_COLUMNS`].
pub(super) fn bind_row(
    new: &NewRequest<'_>,
    times: &mut TimeTexts,
    mut put: impl FnMut(&dyn ToSql) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let row = new.row;
    let place = place(&row.number).ok_or(StoreError::Changed("the number"))?;
    put(&row.id.to_string())?;
    put(&row.number)?;
    put(&row.revision)?;
    put(&row.state.word())?;
    put(&row.unit.to_string())?;
    put(&row.holder_name)?;
    put(&row.user_types)?;
    put(&row.apply_certificate)?;
    put(&row.entered_by.as_str())?;
    put(&times.of(row.entered_at))?;
    put(&row.form.number())?;
    put(&row.post.map(Post::word))?;
    put(&new.person)?;
    put(&place)?;
    put(&new.name_key)?;
    put(&new.terms)?;
    Ok(())
}

/// The place of a number like `2026-0017` among all.
pub(super) fn place(number: &str) -> Option<i64> {
    let (year, count) = number.split_once('-')?;
    let (year, count): (i64, i64) = (year.parse().ok()?, count.parse().ok()?);
    ((0..10_000).contains(&year) && (0..YEAR).contains(&count)).then_some(year * YEAR + count)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
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
        form: FormKind::from_number(row.get(13)?).ok_or_else(|| unreadable("form"))?,
        post: optional(row, 14, "post", Post::from_word)?,
    })
}
