//! Revisions of a request: what it said before each edit.

use std::collections::BTreeMap;

use rusqlite::params;

use super::fields::{FieldsText, fields_from_json};
use super::requests::{RequestRow, place};
use super::value::{id, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;

/// What a request said before an edit.
#[derive(Clone)]
pub struct RevisionRow {
    /// Its revision.
    pub revision: u32,
    /// Who had entered it.
    pub entered_by: OfficerName,
    /// When.
    pub entered_at: Timestamp,
    /// The holder's unit then.
    pub unit: UnitId,
    /// Its fields.
    pub fields: BTreeMap<String, String>,
}

impl Reading<'_> {
    /// Earlier revisions of a request, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revisions(&self, request: RequestId) -> Result<Vec<RevisionRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT revision, entered_by, entered_at, unit, fields FROM request_revisions
             WHERE request = ?1 ORDER BY revision",
        )?;
        let rows = statement.query_map([request.to_string()], |row| {
            Ok(RevisionRow {
                revision: row.get(0)?,
                entered_by: parsed(row, 1, "officer", |text| OfficerName::parse(text).ok())?,
                entered_at: parsed(row, 2, "time", time)?,
                unit: parsed(row, 3, "unit id", id)?,
                fields: parsed(row, 4, "fields", fields_from_json)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Puts new values in the place of `old`, whose revision is kept. `row` is the request as it will
    /// be.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the request is no longer as `old` has it.
    pub fn edit_request(
        &self,
        old: &RequestRow,
        row: &RequestRow,
        person: &[u8],
        fields: &BTreeMap<&'static str, String>,
    ) -> Result<(), StoreError> {
        let id = old.id.to_string();
        let place = place(&old.number).ok_or(StoreError::Changed("the number"))?;
        self.db.execute(
            "INSERT INTO request_revisions (request, revision, entered_by, entered_at, unit, fields)
             VALUES (?1, ?2, ?3, ?4, ?5,
                 coalesce((SELECT fields FROM request_fields WHERE place = ?6), '{}'))",
            params![
                id,
                old.revision,
                old.entered_by.as_str(),
                old.entered_at.to_string(),
                old.unit.to_string(),
                place
            ],
        )?;
        self.db
            .execute("DELETE FROM request_fields WHERE place = ?1", [place])?;
        let changed = self.db.execute(
            "UPDATE requests SET revision = ?4, unit = ?5, holder_name = ?6, user_types = ?7,
                 apply_certificate = ?8, entered_by = ?9, entered_at = ?10, form = ?11, post = ?12,
                 person = ?13
             WHERE id = ?1 AND revision = ?2 AND state = ?3",
            params![
                id,
                old.revision,
                old.state.word(),
                row.revision,
                row.unit.to_string(),
                row.holder_name,
                row.user_types,
                row.apply_certificate,
                row.entered_by.as_str(),
                row.entered_at.to_string(),
                row.form.number(),
                row.post.map(Post::word),
                person,
            ],
        )?;
        if changed != 1 {
            return Err(StoreError::Changed("the request"));
        }
        self.insert_fields(place, &FieldsText::of(fields)?)?;
        self.index_request(row, person)
    }
}
