//! One record for people: a line a fact in the catalogue's words, its lists as tables below. Fields of a
//! record that say nothing are left out.

use serde_json::{Map, Value};

use super::output::Output;

/// The fields of the records that are shown, in reading order: what it is, how it stands, its dates, its
/// lists. A field that is not here comes last.
const ORDER: [&str; 79] = [
    "number",
    "name",
    "serial",
    "subject",
    "generation",
    "unit",
    "unit_code",
    "made_for",
    "level",
    "code",
    "own",
    "value",
    "default",
    "range",
    "rule",
    "state",
    "inserted",
    "temporary",
    "request",
    "officer",
    "certificate",
    "certificate_state",
    "certificate_reason",
    "certificate_not_after",
    "ukey",
    "kind",
    "sent",
    "count",
    "in_transit",
    "age_days",
    "reason",
    "not_before",
    "not_after",
    "this_update",
    "next_update",
    "due",
    "known",
    "plausible",
    "now",
    "newest",
    "at",
    "from",
    "to",
    "movement",
    "confirmed_by",
    "note",
    "signed_for_at",
    "signed_for_by",
    "unlocked_until",
    "unlocked_certificates",
    "next",
    "last_leaf",
    "fingerprint",
    "root_sha256",
    "unit_sha256",
    "maker",
    "model",
    "profile",
    "school_type",
    "province",
    "prefecture",
    "address",
    "contacts",
    "closed_at",
    "merged_into",
    "signed_on",
    "valid_until",
    "confirmed",
    "reported_at",
    "reported_by",
    "revoked_at",
    "ok",
    "crl_number",
    "crl_confirmed_at",
    "open_losses",
    "revoked",
    "crl",
    "file",
    "files",
];

/// Fields for programs only, and those that are told in sentences of their own.
const UNSAID: [&str; 12] = [
    "error",
    "id",
    "parent",
    "warnings",
    "state_before",
    "queued_at",
    "elapsed_secs",
    "target_secs",
    "open",
    "overdue",
    "statement_sha256",
    "hint",
];

impl Output {
    /// One document, or its facts for people.
    pub(super) fn facts(&self, document: &Value) {
        if self.is_json() {
            Self::line(document);
            return;
        }
        let facts: Vec<_> = document.as_object().map(sorted).unwrap_or_default();
        let (lists, single): (Vec<_>, Vec<_>) = facts
            .into_iter()
            .partition(|(_field, value)| rows(value).is_some());
        for (field, value) in single {
            let told = self.cell(kind_of(field), Some(value));
            self.say(&format!("{}: {told}", self.fact_word(field)));
        }
        for (field, value) in lists {
            self.say(&format!("{}:", self.fact_word(field)));
            self.rows(rows(value).unwrap_or_default());
        }
    }

    /// Records as a table of the fields that any of them has.
    fn rows(&self, items: &[Value]) {
        let mut all = Map::new();
        for (field, value) in items.iter().filter_map(Value::as_object).flatten() {
            if !is_nothing(value) {
                all.insert(field.clone(), value.clone());
            }
        }
        let fields: Vec<_> = sorted(&all).into_iter().map(|(field, _)| field).collect();
        let head: Vec<_> = fields.iter().map(|field| self.fact_word(field)).collect();
        let lines = items.iter().map(|item| {
            let cells = fields
                .iter()
                .map(|field| self.cell(kind_of(field), item.get(field)));
            cells.collect()
        });
        Self::grid(&head, lines);
    }

    /// What a field is called.
    fn fact_word(&self, field: &str) -> String {
        let name = field.replace('_', "-");
        let known = ["fact", "col"].map(|kind| self.wording().known(&format!("{kind}-{name}")));
        known
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_else(|| field.to_owned())
    }
}

/// The field whose words a field's values have.
fn kind_of(field: &str) -> &str {
    match field {
        "certificate_state" | "from" | "to" => "state",
        "certificate_reason" => "reason",
        other => other,
    }
}

/// A list of records.
fn rows(value: &Value) -> Option<&[Value]> {
    let items = value.as_array()?;
    let records = items.first().is_some_and(Value::is_object);
    records.then_some(items)
}

/// What is told of a record, in reading order.
fn sorted(record: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let place = |field: &str| ORDER.iter().position(|known| *known == field);
    let told = record
        .iter()
        .filter(|(field, value)| !UNSAID.contains(&field.as_str()) && !is_nothing(value));
    let mut facts: Vec<_> = told.map(|(field, value)| (field.as_str(), value)).collect();
    facts.sort_by_key(|(field, _value)| place(field).unwrap_or(ORDER.len()));
    facts
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        _ => false,
    }
}
