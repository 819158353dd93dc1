//! Domain types as SQL values, and back with the column's fault named.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::types::Type;
use rusqlite::{Row, RowIndex};

use super::StoreError;
use crate::domain::approval::Salt;
use crate::domain::timestamp::Timestamp;

/// Bytes as lower-case hex.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A stored value that is not what this program writes.
#[derive(Debug)]
struct Unreadable(&'static str);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unreadable {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

pub(super) fn unreadable(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(Unreadable(what)))
}

/// A text column through a parser that gives `None` for what it does not know.
pub(super) fn parsed<T>(
    row: &Row<'_>,
    column: impl RowIndex,
    what: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| unreadable(what))
}

/// As [`parsed`], for a column that may be NULL.
pub(super) fn optional<T>(
    row: &Row<'_>,
    column: impl RowIndex,
    what: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parse(&text).ok_or_else(|| unreadable(what)))
        .transpose()
}

pub(super) fn id<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).ok()
}

/// Times as text: many rows of one transaction have the same.
#[derive(Default)]
pub(super) struct TimeTexts(Option<(Timestamp, String)>);

impl TimeTexts {
    pub(super) fn of(&mut self, time: Timestamp) -> &str {
        let same = self.0.take().filter(|(last, _text)| *last == time);
        let last = same.unwrap_or_else(|| (time, time.to_string()));
        &self.0.insert(last).1
    }
}

/// A value as JSON text.
pub(super) fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Salts as JSON text: field to hex of its salt.
pub(super) fn salts_json(salts: &BTreeMap<String, Salt>) -> rusqlite::Result<String> {
    let salts = salts.iter();
    let salts = salts.map(|(field, salt)| (field.as_str(), Hex(salt).to_string()));
    json(&salts.collect::<BTreeMap<_, _>>())
}

pub(super) fn salts_from_json(text: &str) -> Option<BTreeMap<String, Salt>> {
    let salts: BTreeMap<String, String> = from_json(text)?;
    let salts = salts.into_iter();
    let read =
        |(field, salt): (String, String)| Some((field, hex::decode(salt).ok()?.try_into().ok()?));
    salts.map(read).collect()
}

/// A column that counts: never below zero.
pub(super) fn counted(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let count: i64 = row.get(column)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Whether a statement changed the one row that it was about.
pub(super) const fn one_changed(changed: usize, what: &'static str) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Changed(what))
    }
}
