//! `waiver …`: the superior's word that one officer may do what two confirm elsewhere.

use serde_json::{Value, json};

use super::args::Waiver;
use super::commands::Cli;
use super::requests::parse_day;
use crate::domain::officer::Duty;
use crate::domain::two_officers;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::units;
use crate::station::jobs::waivers::{self, WaiverView};

impl Cli<'_> {
    pub(super) fn waiver(&self, command: &Waiver) -> Result<u8, Error> {
        match command {
            Waiver::List => {
                let (desk, officer) = self.read()?;
                let items: Vec<Value> = waivers::list(&desk, &officer)?.iter().map(view).collect();
                let columns = [
                    ("col-id", "id"),
                    ("col-unit", "unit"),
                    ("col-officer", "granted_by"),
                    ("col-until", "until"),
                    ("col-acts", "acts"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Waiver::Grant {
                unit,
                until,
                reason,
                out,
            } => {
                let until = parse_day(until)?;
                let (desk, officer) = self.open(Access::Change, Duty::ConfirmAct)?;
                let unit = units::find(&desk, &officer, unit)?;
                let terms = (&unit, until, reason.as_str());
                let (waiver, file) = waivers::grant(&desk, &officer, terms, out.as_deref())?;
                let path = file.display().to_string();
                let text = self.output.wording().with("written", [("path", path)]);
                let document = facts(&waiver, [("file", json!(file))]);
                self.output.document(&document, &text);
                Ok(0)
            }
            Waiver::Receive { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
                let (waiver, replayed) = waivers::receive(&desk, &officer, file)?;
                let document = facts(&waiver, [("replayed", json!(replayed))]);
                let key = if replayed { "parcel-replayed" } else { "done" };
                self.output
                    .document(&document, &self.output.wording().text(key));
                Ok(0)
            }
        }
    }
}

fn facts<const N: usize>(waiver: &two_officers::Waiver, more: [(&'static str, Value); N]) -> Value {
    let facts = [
        ("id", json!(waiver.id)),
        ("unit", json!(waiver.unit_code)),
        ("granted_by", json!(waiver.granted_by)),
        ("granted_at", json!(waiver.granted_at)),
        ("until", json!(waiver.until.to_string())),
        ("reason", json!(waiver.reason)),
    ];
    let named = facts.into_iter().chain(more);
    Value::Object(named.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A waiver as lists and the auditor's report have it.
pub(super) fn view(view: &WaiverView) -> Value {
    let more = [("acts", json!(view.acts)), ("in_time", json!(view.in_time))];
    facts(&view.waiver, more)
}
