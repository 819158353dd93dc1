//! `unit crl`, `unit renew-crl`, `unit confirm-history`, `unit set-aside`, and what is said when a
//! revocation list of the unit PKI is out of date (D-52, D-57).

use std::path::Path;

use serde_json::{Value, json};

use super::audit::checkpoint_code;
use super::commands::{AskTerminal, Cli};
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::desk::Access;
use crate::station::jobs::neighbour_history::{self, NewHistory};
use crate::station::jobs::{unit_lists, unit_revocation};
use crate::station::{ActingOfficer, Desk, Error};

impl Cli<'_> {
    pub(super) fn unit_crl(&self, file: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let taken = unit_lists::take(&desk, &officer, file)?;
        let mut document = json!({
            "unit": taken.unit,
            "number": taken.number,
            "revoked": taken.revoked,
            "known": taken.known,
        });
        self.warn_of_ended_lists(&desk, &officer, &mut document)?;
        Ok(self.show(&document))
    }

    pub(super) fn unit_renew_crl(&self) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
        let (number, list) = unit_revocation::renew(&desk, &officer, &AskTerminal(self.output))?;
        Ok(self.show(&json!({ "number": number, "crl": list })))
    }

    pub(super) fn unit_confirm_history(
        &self,
        file: &Path,
        code: Option<&str>,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let Some(code) = code else {
            let history = neighbour_history::show(&desk, &officer, file)?;
            let facts = [
                ("unit", history.unit.clone()),
                ("code", history.code.to_string()),
            ];
            let text = self.output.wording().with("history-compare", facts);
            self.output.document(&history_value(&history), &text);
            return Ok(3);
        };
        let code = checkpoint_code(code)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::NeighbourHistory)?;
        let history = neighbour_history::confirm(&desk, &officer, &second, (file, code))?;
        Ok(self.done(&history_value(&history)))
    }

    pub(super) fn unit_set_aside(&self, file: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::NeighbourHistory)?;
        let aside = neighbour_history::set_aside(&desk, &officer, &second, file)?;
        Ok(self.done(&json!({
            "unit": aside.unit,
            "unit_code": aside.unit_code,
            "kind": aside.kind,
            "sequence": aside.sequence,
            "signer": aside.signer,
            "sha256": aside.sha256,
        })))
    }

    /// Names the units whose newest known list is out of date, as `warnings` of the document and for
    /// people.
    pub(super) fn warn_of_ended_lists(
        &self,
        desk: &Desk,
        officer: &ActingOfficer,
        document: &mut Value,
    ) -> Result<(), Error> {
        let words = self.output.wording();
        let mut warnings = Vec::new();
        for list in unit_lists::ended(desk, officer)? {
            let facts = [
                ("unit", list.unit.clone()),
                ("until", list.ended.to_string()),
            ];
            let code = if list.own {
                "unit-crl-due"
            } else {
                "unit-crl-ended"
            };
            let hint = words.with(code, facts);
            self.output.say(&hint);
            warnings.push(json!({
                "code": code,
                "unit": list.unit,
                "until": list.ended.to_string(),
                "hint": hint,
            }));
        }
        if let Some(object) = document.as_object_mut() {
            object.insert("warnings".to_owned(), Value::Array(warnings));
        }
        Ok(())
    }
}

fn history_value(history: &NewHistory) -> Value {
    json!({
        "unit": history.unit,
        "unit_code": history.unit_code,
        "code": history.code.to_string(),
        "before": history.before.to_string(),
        "confirmed": history.superseded.is_some(),
        "superseded": history.superseded,
    })
}
