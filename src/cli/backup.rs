//! `backup` and `restore`: all that must not be lost, in one file, and back.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::args::{Outside, Restore, Restored};
use super::audit::checkpoint_code;
use super::commands::{AskTerminal, Cli};
use super::output::Output;
use crate::domain::checkpoint::Standing;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::desk::Access;
use crate::station::jobs::backup::{self, Progress};
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::restore::compare::{self, Compared};
use crate::station::jobs::restore::{self, Terms};
use crate::station::{Error, clock};

/// Shows how far it has come, on a terminal only.
struct Bar<'a> {
    output: &'a Output,
    bar: ProgressBar,
}

impl<'a> Bar<'a> {
    fn new(output: &'a Output) -> Self {
        let bar = if output.is_json() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { output, bar }
    }

    fn tell(&self, Progress { stage, done, total }: Progress) {
        let word = format!("backup-stage-{}", stage.word());
        self.bar.set_message(self.output.wording().text(&word));
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Cli<'_> {
    /// Reads the home beside whoever works in it; its row in the log waits for its turn.
    pub(super) fn backup(&self, file: &Path) -> Result<u8, Error> {
        let watch = clock::Stopwatch::start();
        let (desk, officer) = self.open(Access::Read, Duty::SetUp)?;
        let bar = Bar::new(self.output);
        let made = backup::make(&desk, &officer, file, &|progress| bar.tell(progress))?;
        drop(bar);
        let (code, sha256) = (made.code.to_string(), hex::encode(made.sha256));
        let args = [
            ("path", file.display().to_string()),
            ("code", code.clone()),
            ("sha256", sha256.clone()),
        ];
        let document = json!({
            "files": [file], "sha256": sha256, "bytes": made.bytes, "parts": made.parts,
            "code": code, "made_at": made.made_at, "ms": watch.ms(),
        });
        self.output
            .document(&document, &self.output.wording().with("backup-made", args));
        Ok(0)
    }

    pub(super) fn restore(&self, Restore { file, command }: &Restore) -> Result<u8, Error> {
        match (file, command) {
            (_, Some(Restored::Compare(outside))) => self.compare(outside),
            (_, Some(Restored::Unknown)) => self.unknown(),
            (Some(file), None) => self.restore_from(file),
            (None, None) => Err(Error::usage("backup-invalid", "")),
        }
    }

    fn restore_from(&self, file: &Path) -> Result<u8, Error> {
        let opening = self.terms()?;
        let terms = Terms {
            officer: opening.officer,
            second: self.second_name()?,
            secrets: opening.secrets,
        };
        let home = self.home_path()?;
        let bar = Bar::new(self.output);
        let ask = AskTerminal(self.output);
        let tell = |progress| bar.tell(progress);
        let restored = restore::restore(file, &home, &terms, &ask, &tell)?;
        drop(bar);
        let code = restored.code.to_string();
        let args = [
            ("unit", restored.unit.clone()),
            ("at", restored.made_at.to_string()),
            ("code", code.clone()),
            ("root", restored.root.clone()),
            ("path", home.display().to_string()),
        ];
        let document = json!({
            "home": home, "unit": restored.unit, "made_at": restored.made_at, "code": code,
            "epoch": restored.epoch, "root": restored.root,
        });
        self.output
            .document(&document, &self.output.wording().with("restored", args));
        Ok(0)
    }

    fn compare(&self, outside: &Outside) -> Result<u8, Error> {
        let code = outside.code.as_deref().map(checkpoint_code).transpose()?;
        let newest = match (&outside.checkpoint, &code) {
            (Some(path), _) => compare::Outside::File(path),
            (None, Some(code)) => compare::Outside::Code(code),
            (None, None) => compare::Outside::Nothing,
        };
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::OlderRecords)?;
        let lists = compare::Lists {
            files: &outside.crl,
            no_other: outside.no_crl,
        };
        let known = (newest, lists);
        let (found, list) = compare::compare(&desk, &officer, &second, known)?;
        let unknown = found.unknown.iter();
        let unknown: Vec<Value> = unknown
            .map(|(serial, ukey)| json!({ "serial": serial, "ukey": ukey }))
            .collect();
        let document = json!({
            "checkpoint": found.standing.map(Standing::word), "lost": found.lost,
            "revoked": found.revoked, "unknown": unknown, "damaged": found.damaged,
            "crl_number": found.crl_number, "crl": list.as_ref().map(CrlStanding::word),
        });
        self.output
            .document(&document, &self.compared_text(&found, list.as_ref()));
        Ok(0)
    }

    fn compared_text(&self, found: &Compared, list: Option<&CrlStanding>) -> String {
        let words = self.output.wording();
        let args = [
            ("revoked", found.revoked.len().to_string()),
            ("unknown", found.unknown.len().to_string()),
            ("damaged", found.damaged.len().to_string()),
        ];
        let mut lines = vec![words.with("compared", args)];
        if let Some(lost) = found.lost.filter(|lost| *lost > 0) {
            lines.push(words.with("compared-lost", [("lost", lost.to_string())]));
        }
        for (serial, ukey) in &found.unknown {
            let ukey = ukey.as_ref().map_or("–", |ukey| ukey.as_str());
            lines.push(format!("  {serial}  {ukey}"));
        }
        if let Some(list) = list {
            lines.push(words.text(&format!("compared-crl-{}", list.word())));
        }
        lines.join("\n")
    }

    fn unknown(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let rows = compare::unknown(&desk, &officer)?;
        let items: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "serial": row.serial, "ukey": row.ukey, "noticed_at": row.noticed_at,
                    "reason": row.reason.word(), "revoked_at": row.revoked_at,
                })
            })
            .collect();
        let columns = [
            ("col-certificate", "serial"),
            ("col-serial", "ukey"),
            ("col-at", "noticed_at"),
            ("col-reason", "reason"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }
}
