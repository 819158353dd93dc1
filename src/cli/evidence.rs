//! `evidence …`.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Evidence;
use super::commands::Cli;
use super::output::Tint;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::evidence::{self, Check, Verdict};
use crate::station::jobs::ukeys;

impl Cli<'_> {
    pub(super) fn evidence(&self, command: &Evidence) -> Result<u8, Error> {
        match command {
            Evidence::Export {
                serial,
                out,
                disclose,
            } => self.export_evidence(serial, disclose, out),
            Evidence::Verify { file, fingerprint } => {
                let verdict = evidence::verify(file, fingerprint.as_deref())?;
                let mut document = about(&verdict);
                if let Some(object) = document.as_object_mut() {
                    let checks = verdict.checks.iter().map(check).collect();
                    object.insert("checks".to_owned(), Value::Array(checks));
                }
                self.tell_verdict(&document, &verdict);
                Ok(u8::from(!verdict.proven()))
            }
        }
    }

    fn export_evidence(&self, serial: &str, disclose: &[String], out: &Path) -> Result<u8, Error> {
        // Whoever is named; else the auditor, who signs the log.
        let duty = match self.global.officer {
            None => Duty::Audit,
            Some(_) => Duty::ReadRecords,
        };
        let (desk, officer) = self.open(Access::Change, duty)?;
        let ukey = ukeys::named(&desk, &officer, serial)?;
        let verdict = evidence::export(&desk, &officer, (&ukey, disclose), out)?;
        let mut document = about(&verdict);
        if let Some(object) = document.as_object_mut() {
            object.insert("files".to_owned(), json!([out]));
        }
        let words = self.output.wording();
        let args = [("path", out.display().to_string())];
        self.output
            .document(&document, &words.with("written", args));
        Ok(0)
    }

    fn tell_verdict(&self, document: &Value, verdict: &Verdict) {
        if self.output.is_json() {
            self.output.document(document, "");
            return;
        }
        let words = self.output.wording();
        for check in &verdict.checks {
            let what = words.text(&format!("evidence-{}", check.what));
            let about = check.certificate.as_ref().map(ToString::to_string);
            let more = [about, check.detail.clone()].into_iter().flatten();
            let more: Vec<String> = more.collect();
            let (key, tint) = if check.proven {
                ("evidence-proven", Tint::Good)
            } else {
                ("evidence-not-proven", Tint::Attention)
            };
            let args = [("what", what), ("more", more.join(" "))];
            self.output.tinted(words.with(key, args).trim_end(), tint);
        }
        if !verdict.root_compared {
            let args = [("fingerprint", verdict.root.clone())];
            self.output
                .tinted(&words.with("evidence-compare", args), Tint::Attention);
        }
        let end = if verdict.proven() { "yes" } else { "no" };
        self.output.say(&words.text(&format!("evidence-all-{end}")));
    }
}

fn about(verdict: &Verdict) -> Value {
    let facts = &verdict.facts;
    json!({
        "ukey": facts.ukey.serial,
        "state": facts.state,
        "certificates": facts.certificates,
        "home": facts.home,
        "unit_code": facts.unit_code,
        "rows": [facts.first_row, facts.last_row],
        "exported_at": facts.exported_at,
        "exported_by": facts.exported_by,
        "root_sha256": verdict.root,
        "root_compared": verdict.root_compared,
        "proven": verdict.proven(),
    })
}

fn check(check: &Check) -> Value {
    json!({
        "check": check.what,
        "certificate": check.certificate,
        "proven": check.proven,
        "detail": check.detail,
    })
}
