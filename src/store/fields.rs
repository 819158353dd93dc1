//! What a request says, field by field: one row a request, its values and its salts each as JSON.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::value::{from_json, optional, parsed, salts_from_json, salts_json};
use super::{Reading, StoreError, Writing};
use crate::domain::approval::Salt;
use crate::domain::id::RequestId;

/// One field of a form.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldRow {
    /// Its value.
    pub value: String,
    /// Its salt, once it is approved.
    pub salt: Option<Salt>,
}

/// The fields of a request as they are stored: JSON, keys in alphabetical order.
pub struct FieldsText(String);

impl FieldsText {
    /// The text of these fields.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be written as JSON.
    pub fn of(fields: &BTreeMap<&'static str, impl Serialize>) -> Result<Self, StoreError> {
        // As long as most are: it need not grow.
        let mut text = Vec::with_capacity(512);
        serde_json::to_writer(&mut text, fields)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let text = String::from_utf8(text)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Self(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Reading<'_> {
    /// The fields of a request by their key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn request_fields(&self, id: RequestId) -> Result<BTreeMap<String, FieldRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT fields, salts FROM request_fields
             WHERE place = (SELECT place FROM requests WHERE id = ?1)",
        )?;
        let found = statement.query_row([id.to_string()], |row| {
            let salts = optional(row, 1, "salts", salts_from_json)?.unwrap_or_default();
            Ok((parsed(row, 0, "fields", fields_from_json)?, salts))
        });
        let (fields, mut salts) = found.optional()?.unwrap_or_default();
        let rows = fields.into_iter().map(|(field, value)| {
            let salt = salts.remove(&field);
            (field, FieldRow { value, salt })
        });
        Ok(rows.collect())
    }

    /// One field of a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn request_field(&self, id: RequestId, field: &str) -> Result<Option<String>, StoreError> {
        let mut fields = self.request_fields(id)?;
        Ok(fields.remove(field).map(|row| row.value))
    }

    /// Whether a request says just this.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn says(&self, id: RequestId, fields: &FieldsText) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT fields FROM request_fields
             WHERE place = (SELECT place FROM requests WHERE id = ?1)",
        )?;
        let stored = statement.query_row([id.to_string()], |row| row.get(0));
        let stored: Option<String> = stored.optional()?;
        Ok(stored.is_some_and(|stored| {
            // Another version may have written the same fields with other escapes.
            stored == fields.0 || fields_from_json(&stored) == fields_from_json(&fields.0)
        }))
    }
}

impl Writing<'_> {
    /// Keeps the fields of the request at a place.
    pub(super) fn insert_fields(&self, place: i64, fields: &FieldsText) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT INTO request_fields (place, fields) VALUES (?1, ?2)")?
            .execute(params![place, fields.0])?;
        Ok(())
    }

    /// Keeps the salts of a request's fields.
    pub(super) fn set_salts(
        &self,
        id: RequestId,
        salts: &BTreeMap<String, Salt>,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE request_fields SET salts = ?2
                 WHERE place = (SELECT place FROM requests WHERE id = ?1)",
            )?
            .execute(params![id.to_string(), salts_json(salts)?])?;
        Ok(())
    }
}

/// Fields by their key, as [`FieldsText`] has them.
pub(super) fn fields_from_json(text: &str) -> Option<BTreeMap<String, String>> {
    from_json(text)
}
