//! `officer bind-ukey` and `officer certify`: an officer's own ukey, and who certifies its key.

use std::path::Path;

use serde_json::json;

use super::commands::{AskTerminal, Cli};
use crate::domain::officer::{Duty, OfficerName};
use crate::station::desk::Access;
use crate::station::jobs::bind_ukey::{self, Choice};
use crate::station::jobs::officer_key;
use crate::station::{Desk, Error};

impl Cli<'_> {
    /// Acts as the officer who is named, since nobody binds a ukey for another.
    pub(super) fn bind_ukey(
        &self,
        name: &OfficerName,
        ukey: Option<&str>,
        out: Option<&Path>,
    ) -> Result<u8, Error> {
        let ask = AskTerminal(self.output);
        let mut terms = self.terms()?;
        terms.officer.get_or_insert_with(|| name.clone());
        let (path, duty) = (self.home_path()?, Duty::ReadRecords);
        let (desk, officer) = Desk::open(&path, Access::Change, &terms, duty, &ask)?;
        let choice = match ukey {
            Some(serial) => Choice::Named(serial),
            None if self.global.yes => Choice::Lowest,
            None => Choice::Only,
        };
        let made = bind_ukey::bind(&desk, &officer, (name, choice), out, &ask)?;
        let file = made.file.display().to_string();
        let document = json!({
            "name": name.as_str(),
            "ukey": made.ukey.as_str(),
            "file": file,
            "bound": made.bound,
        });
        let facts = [("serial", made.ukey.as_str().to_owned()), ("path", file)];
        let (key, code) = if made.bound {
            ("officer-ukey-bound", 0)
        } else {
            ("officer-ukey-waits", 3)
        };
        let words = self.output.wording();
        self.output.document(&document, &words.with(key, facts));
        Ok(code)
    }

    pub(super) fn certify_key(&self, file: &Path, out: Option<&Path>) -> Result<u8, Error> {
        let ask = AskTerminal(self.output);
        let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
        let made = officer_key::certify(&desk, &officer, file, out, &ask)?;
        let answer = made.answer.display().to_string();
        let document = json!({
            "name": made.officer.as_str(),
            "post": made.post.word(),
            "unit": made.unit,
            "certificate": made.serial,
            "answer": answer,
            "installed": made.installed,
        });
        let words = self.output.wording();
        self.output
            .document(&document, &words.with("written", [("path", answer)]));
        Ok(0)
    }
}
