//! Everything about one application: its fields, papers and decisions, and what edits changed. Masked
//! unless it was revealed (D-39).

use std::collections::{BTreeMap, BTreeSet};

use super::papers;
use super::people::Sight;
use crate::domain::approval::Decision;
use crate::domain::field_fault::mask_value;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::opinion::Opinion;
use crate::domain::request::FieldWarning;
use crate::domain::timestamp::Timestamp;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{RequestRow, ScanRow};

/// Everything about one application.
#[derive(Clone)]
pub struct Details {
    /// Its fields, as much of them as may be seen.
    pub fields: BTreeMap<String, String>,
    /// Its opinions, in the order of the paper.
    pub opinions: Vec<Opinion>,
    /// Its scans.
    pub scans: Vec<ScanRow>,
    /// Its decisions, the first one first.
    pub decisions: Vec<DecisionView>,
    /// What a person should look at again.
    pub warnings: Vec<FieldWarning>,
}

impl std::fmt::Debug for Details {
    /// Its fields may be revealed: logs do not get them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scans, decisions) = (self.scans.len(), self.decisions.len());
        write!(f, "Details({scans} scans, {decisions} decisions)")
    }
}

/// One decision.
#[derive(Clone, Debug)]
pub struct DecisionView {
    /// The revision that was looked at.
    pub revision: u32,
    /// What was decided.
    pub decision: Decision,
    /// By whom.
    pub officer: OfficerName,
    /// When.
    pub at: Timestamp,
    /// Why, if it is no approval.
    pub reason: Option<String>,
}

/// What one edit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The revision it made.
    pub revision: u32,
    /// Who made it.
    pub by: OfficerName,
    /// When.
    pub at: Timestamp,
    /// Field, value before, value after; masked.
    pub changes: Vec<Change>,
}

/// One changed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub field: String,
    /// The value before, masked; none when the form had no such field.
    pub from: Option<String>,
    /// The value after, masked.
    pub to: Option<String>,
}

/// Everything about one application.
///
/// # Errors
/// What the store says.
pub fn details(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    sight: Sight<'_>,
) -> Result<Details, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let fields = reading.request_fields(request.id)?.into_iter();
    let seen = |field: &str, value: String| match sight {
        Sight::Full(_) => value,
        // The name is what the desk works by: every list has it.
        Sight::Masked if field == "name" => value,
        Sight::Masked => mask_value(field, &value),
    };
    let opinions = reading.opinions(request.id)?;
    let refusals = reading.refusals(request.id)?.into_iter();
    let mut decisions: Vec<DecisionView> = refusals
        .map(|row| DecisionView {
            revision: row.revision,
            decision: row.decision,
            officer: row.signed.officer,
            at: row.signed.decided_at,
            reason: Some(row.reason),
        })
        .collect();
    let above = reading.superior_refusals(request.id)?.into_iter();
    decisions.extend(above.map(|row| DecisionView {
        revision: row.revision,
        decision: row.decision,
        officer: row.officer,
        at: row.decided_at,
        reason: Some(row.reason),
    }));
    decisions.sort_by_key(|decision| (decision.revision, decision.at));
    if let Some(approval) = reading.approval(request.id, request.revision)? {
        decisions.push(DecisionView {
            revision: request.revision,
            decision: Decision::Approved,
            officer: approval.officer,
            at: approval.decided_at,
            reason: None,
        });
    }
    Ok(Details {
        fields: fields
            .map(|(field, row)| {
                let value = seen(&field, row.value);
                (field, value)
            })
            .collect(),
        warnings: papers::warnings(&opinions),
        opinions,
        scans: reading.scans(request.id)?,
        decisions,
    })
}

/// What each edit changed, field by field, masked.
///
/// # Errors
/// What the store says.
pub fn edits(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
) -> Result<Vec<Edit>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let mut states = Vec::new();
    for row in reading.revisions(request.id)? {
        let unit = reading.unit(row.unit)?.name;
        states.push((
            row.revision,
            row.entered_by,
            row.entered_at,
            row.fields,
            unit,
        ));
    }
    let fields = reading.request_fields(request.id)?.into_iter();
    let fields = fields.map(|(field, row)| (field, row.value)).collect();
    states.push((
        request.revision,
        request.entered_by.clone(),
        request.entered_at,
        fields,
        reading.unit(request.unit)?.name,
    ));
    for (_revision, _by, _at, fields, unit) in &mut states {
        fields.insert("unit".to_owned(), std::mem::take(unit));
    }
    let pairs = states.iter().zip(states.iter().skip(1));
    Ok(pairs
        .map(|((.., before, _), (revision, by, at, after, _))| Edit {
            revision: *revision,
            by: by.clone(),
            at: *at,
            changes: changes(before, after),
        })
        .collect())
}

fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Change {
            field: key.clone(),
            from: before.get(key).map(|value| mask_value(key, value)),
            to: after.get(key).map(|value| mask_value(key, value)),
        })
        .collect()
}
