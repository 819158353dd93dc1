//! `request template`, `import`, `export` and `form`, `unit import`: records by sheet and on paper.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{RequestSheet, Reveal, Which};
use super::commands::Cli;
use crate::domain::officer::Duty;
use crate::domain::request::FormKind;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::files::read_sheet;
use crate::station::jobs::people::Sight;
use crate::station::jobs::request_import::{self, Imported, Place, RowFault};
use crate::station::jobs::units::BadRows;
use crate::station::jobs::{forms, requests, sheets};

/// A rule refuses and nothing was taken (interface.md).
const REFUSED: u8 = 4;

impl Cli<'_> {
    pub(super) fn request_sheet(&self, command: &RequestSheet) -> Result<u8, Error> {
        match command {
            RequestSheet::Template { out } => {
                let (desk, officer) = self.read()?;
                sheets::template(&desk, &officer, out)?;
                Ok(self.written(std::slice::from_ref(out)))
            }
            RequestSheet::Import {
                file,
                all_or_nothing,
            } => self.request_import(file, *all_or_nothing),
            RequestSheet::Export { out, which, reveal } => self.request_export(which, reveal, out),
            RequestSheet::Form {
                words,
                blank,
                reason,
            } => self.request_form(words, *blank, reason.as_deref().unwrap_or_default()),
        }
    }

    fn request_import(&self, file: &Path, all_or_nothing: bool) -> Result<u8, Error> {
        let bytes = read_sheet(file)?;
        let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
        let bad_rows = bad_rows(all_or_nothing);
        let report = request_import::import(&desk, &officer, &bytes, bad_rows)?;
        let Imported {
            imported,
            unchanged,
            refused,
            faults,
            normalised,
            warnings,
        } = &report;
        let faults = self.row_faults(faults);
        let normalised: Vec<Value> = normalised
            .iter()
            .map(|(place, note)| with_place(place, json!({ "from": note.from, "to": note.to })))
            .collect();
        let warnings: Vec<Value> = warnings
            .iter()
            .map(|(place, note)| {
                let hint = self
                    .output
                    .wording()
                    .text(&format!("warning-{}", note.word));
                with_place(
                    place,
                    json!({ "value": note.value, "rule": note.rule, "hint": hint }),
                )
            })
            .collect();
        let counts = [
            ("imported", imported.to_string()),
            ("unchanged", unchanged.to_string()),
            ("refused", refused.to_string()),
        ];
        let mut sentence = self.output.wording().with("imported", counts);
        if !normalised.is_empty() || !warnings.is_empty() {
            let counts = [
                ("normalised", normalised.len().to_string()),
                ("warnings", warnings.len().to_string()),
            ];
            let noted = self.output.wording().with("imported-noted", counts);
            sentence = format!("{sentence}\n{noted}");
        }
        let document = json!({
            "imported": imported,
            "unchanged": unchanged,
            "refused": refused,
            "faults": faults,
            "normalised": normalised,
            "warnings": warnings,
        });
        self.output.document(&document, &sentence);
        let taken = imported + unchanged;
        Ok(exit_code(*refused, taken, all_or_nothing))
    }

    pub(super) fn unit_import(&self, file: &Path, all_or_nothing: bool) -> Result<u8, Error> {
        let bytes = read_sheet(file)?;
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let report = sheets::import_units(&desk, &officer, &bytes, bad_rows(all_or_nothing))?;
        let sheets::UnitsImported {
            imported,
            refused,
            faults,
        } = &report;
        let faults = self.row_faults(faults);
        let counts = [
            ("imported", imported.to_string()),
            ("refused", refused.to_string()),
        ];
        let sentence = self.output.wording().with("units-imported", counts);
        let document = json!({ "imported": imported, "refused": refused, "faults": faults });
        self.output.document(&document, &sentence);
        Ok(exit_code(*refused, *imported, all_or_nothing))
    }

    /// The faults as values; people get them as a table at once.
    pub(super) fn row_faults(&self, faults: &[RowFault]) -> Vec<Value> {
        let items: Vec<Value> = faults.iter().map(|fault| self.row_fault(fault)).collect();
        if !self.output.is_json() && !items.is_empty() {
            let columns = [
                ("col-row", "row"),
                ("col-cell", "cell"),
                ("col-column", "column"),
                ("col-value", "value"),
                ("col-rule", "rule"),
                ("col-hint", "hint"),
            ];
            self.output.table(&items, &columns);
        }
        items
    }

    fn row_fault(&self, fault: &RowFault) -> Value {
        let RowFault {
            place,
            value,
            rule,
            word,
            number,
        } = fault;
        let number = number.clone().unwrap_or_default();
        let hint = self
            .output
            .wording()
            .with(&format!("fault-{word}"), [("number", number)]);
        with_place(place, json!({ "value": value, "rule": rule, "hint": hint }))
    }

    fn request_export(&self, which: &Which, reveal: &Reveal, out: &Path) -> Result<u8, Error> {
        let (desk, officer, revealed) = self.open_to_see(reveal, None)?;
        let filter = Self::filter((&desk, &officer), which)?;
        let sight = revealed.as_ref().map_or(Sight::Masked, Sight::Full);
        sheets::export(&desk, &officer, &filter, sight, out)?;
        Ok(self.written(&[out.to_owned()]))
    }

    fn request_form(&self, words: &[String], blank: Option<u8>, reason: &str) -> Result<u8, Error> {
        let out = match (blank, words) {
            (Some(form), [out]) => {
                let (_desk, officer) = self.read()?;
                let kind = FormKind::from_number(form).unwrap_or(FormKind::Account);
                forms::blank(&officer, kind, Path::new(out))?;
                out
            }
            (None, [id, out]) => {
                let (desk, officer) = self.open_requests(Duty::ReadRecords)?;
                let row = requests::find(&desk, &officer, id)?.row;
                let revealed = self.reveal(&desk, &officer, ("form", Some(row.id)), reason)?;
                forms::write(&desk, &officer, &row, &revealed, Path::new(out))?;
                out
            }
            _ => return Err(Error::usage("form-words", words.len().to_string())),
        };
        Ok(self.written(&[PathBuf::from(out)]))
    }
}

pub(super) const fn bad_rows(all_or_nothing: bool) -> BadRows {
    if all_or_nothing {
        BadRows::RefuseAll
    } else {
        BadRows::TakeGood
    }
}

pub(super) fn exit_code(refused: usize, taken: usize, all_or_nothing: bool) -> u8 {
    if refused > 0 && (taken == 0 || all_or_nothing) {
        REFUSED
    } else {
        0
    }
}

/// An object that begins with a place in a file.
fn with_place(place: &Place, more: Value) -> Value {
    let Place {
        row,
        column,
        cell,
        field,
    } = place;
    let mut object = json!({ "row": row, "column": column, "cell": cell, "field": field });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
