//! `ca exchange`: certificates by files (D-53).

use serde_json::{Value, json};

use super::args::Exchange;
use super::commands::Cli;
use crate::domain::officer::Duty;
use crate::station::desk::Access;
use crate::station::jobs::exchange::{self, Item};
use crate::station::{Error, ErrorKind};

impl Cli<'_> {
    pub(super) fn exchange(&self, command: &Exchange) -> Result<u8, Error> {
        let duty = match command {
            Exchange::Out { .. } => Duty::ReadRecords, // Two posts write; the job says which.
            Exchange::In { .. } => Duty::Personalise,
        };
        let (desk, officer) = self.open(Access::Change, duty)?;
        let items = match command {
            Exchange::Out { dir } => exchange::out(&desk, &officer, dir)?,
            Exchange::In { dir } => exchange::take_in(&desk, &officer, dir)?,
        };
        let values: Vec<Value> = items.iter().map(|item| self.exchanged(item)).collect();
        let columns = [
            ("col-file", "file"),
            ("col-certificate", "serial"),
            ("col-outcome", "outcome"),
            ("col-detail", "headline"),
        ];
        self.output.list(&values, &columns);
        Ok(exit_code(&items))
    }

    fn exchanged(&self, item: &Item) -> Value {
        let serial = item.serial.as_ref().map(ToString::to_string);
        let mut value = json!({ "file": item.file, "serial": serial });
        let (outcome, more) = match &item.outcome {
            Ok(done) => (done.word(), None),
            Err(error) => {
                let words = self
                    .output
                    .error_object(error.kind.word(), error.code, &error.subject);
                ("refused", Some(words))
            }
        };
        if let Some(object) = value.as_object_mut() {
            object.insert("outcome".to_owned(), outcome.into());
            if let Some(error) = more {
                let headline = error.get("headline").cloned().unwrap_or_default();
                object.insert("headline".to_owned(), headline);
                object.insert("error".to_owned(), error);
            }
        }
        value
    }
}

/// As many ukeys at once: 1 if any failed, 4 if a rule refused some and nothing failed.
fn exit_code(items: &[Item]) -> u8 {
    let mut errors = items.iter().filter_map(|item| item.outcome.as_ref().err());
    let mut code = 0;
    for error in &mut errors {
        code = match error.kind {
            ErrorKind::Refused if code != 1 => 4,
            ErrorKind::Refused | ErrorKind::Failed | ErrorKind::Usage => 1,
        };
    }
    code
}
