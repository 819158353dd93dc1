//! `request template`, `import`, `export` and `form`: applications by sheet and on paper.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::RequestSheet;
use super::commands::{Cli, parse_state};
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::station::desk::Access;
use crate::station::jobs::forms::{self, Blank};
use crate::station::jobs::requests;
use crate::station::jobs::sheets::{self, Good, Imported, RowFault, Shown};
use crate::station::{Error, RequestFilter};

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
            RequestSheet::Export {
                out,
                state,
                search,
                limit,
                reveal: _, // Clap asks for both or none.
                reason,
            } => {
                let filter = RequestFilter {
                    state: parse_state(state.as_deref(), RequestState::from_word)?,
                    search: search.clone(),
                    limit: *limit,
                };
                self.request_export(&filter, reason.as_deref(), out)
            }
            RequestSheet::Form {
                words,
                blank,
                reason,
            } => self.request_form(words, *blank, reason.as_deref().unwrap_or_default()),
        }
    }

    fn request_import(&self, file: &Path, all_or_nothing: bool) -> Result<u8, Error> {
        let bytes = std::fs::read(file).map_err(|error| Error::io(file, error))?;
        let (desk, officer) = self.open(Access::Change, Duty::EnterRequest)?;
        let good = if all_or_nothing {
            Good::OnlyIfAll
        } else {
            Good::Taken
        };
        let report = sheets::import(&desk, &officer, &bytes, good)?;
        let Imported {
            imported,
            unchanged,
            refused,
            faults,
        } = &report;
        let items: Vec<Value> = faults.iter().map(|fault| self.row_fault(fault)).collect();
        let document = json!({
            "imported": imported,
            "unchanged": unchanged,
            "refused": refused,
            "faults": items,
        });
        let counts = [
            ("imported", imported.to_string()),
            ("unchanged", unchanged.to_string()),
            ("refused", refused.to_string()),
        ];
        let sentence = self.output.wording().with("imported", counts);
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
        self.output.document(&document, &sentence);
        let nothing = report.imported + report.unchanged == 0 || all_or_nothing;
        Ok(if report.refused > 0 && nothing {
            REFUSED
        } else {
            0
        })
    }

    fn row_fault(&self, fault: &RowFault) -> Value {
        let RowFault {
            row,
            column,
            cell,
            field,
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
        json!({
            "row": row,
            "column": column,
            "cell": cell,
            "field": field,
            "value": value,
            "rule": rule,
            "hint": hint,
        })
    }

    fn request_export(
        &self,
        filter: &RequestFilter,
        reason: Option<&str>,
        out: &Path,
    ) -> Result<u8, Error> {
        let (access, shown) = match reason {
            Some(reason) => (Access::Change, Shown::InFull(reason)),
            None => (Access::Read, Shown::Masked),
        };
        let (desk, officer) = self.open(access, Duty::ReadRecords)?;
        sheets::export(&desk, &officer, filter, shown, out)?;
        Ok(self.written(&[out.to_owned()]))
    }

    fn request_form(&self, words: &[String], blank: Option<u8>, reason: &str) -> Result<u8, Error> {
        let out = match (blank, words) {
            (Some(form), [out]) => {
                let (_desk, officer) = self.read()?;
                let form = if form == 1 {
                    Blank::Form1
                } else {
                    Blank::Form2
                };
                forms::blank(&officer, form, Path::new(out))?;
                out
            }
            (None, [id, out]) => {
                let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
                let row = requests::find(&desk, &officer, id)?.row;
                forms::write(&desk, &officer, &row, reason, Path::new(out))?;
                out
            }
            _ => return Err(Error::usage("form-words", words.len().to_string())),
        };
        Ok(self.written(&[PathBuf::from(out)]))
    }
}
