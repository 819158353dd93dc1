//! `audit`, `purge` and `doctor`: what the station proves, forgets and says about itself.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Audit, AuditList, Doctor};
use super::commands::Cli;
use super::output::Output;
use super::waivers::view;
use crate::domain::audit::{since, until};
use crate::domain::checkpoint::{CheckpointCode, Standing};
use crate::domain::officer::Duty;
use crate::domain::person::mask_name;
use crate::domain::retention::Kept;
use crate::domain::timestamp::Timestamp;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::desk::Access;
use crate::station::jobs::audit::{self, Against, Verification};
use crate::station::jobs::doctor::{self, Finding};
use crate::station::jobs::older_records;
use crate::station::jobs::{backup, purge, tally, waivers};
use crate::station::{ActingOfficer, AuditEntry, AuditFilter, Desk, Error, clock};

impl Cli<'_> {
    pub(super) fn audit(&self, command: &Audit) -> Result<u8, Error> {
        match command {
            Audit::List(list) => self.audit_list(list),
            Audit::Verify { checkpoint, code } => {
                self.audit_verify(checkpoint.as_deref(), code.as_deref())
            }
            Audit::Checkpoint { file } => {
                let (desk, officer) = self.open_audit(Access::Change)?;
                let signed = audit::checkpoint(&desk, &officer, file)?;
                let code = signed.position().code().to_string();
                let words = self.output.wording();
                let args = [("code", code.clone()), ("path", file.display().to_string())];
                let document = json!({
                    "files": [file], "code": code, "count": signed.count, "epoch": signed.epoch,
                    "head": hex::encode(signed.head), "home": signed.home,
                    "instance": signed.instance, "officer": signed.officer,
                    "post": signed.post, "time": signed.time,
                });
                self.output
                    .document(&document, &words.with("audit-checkpoint-signed", args));
                Ok(0)
            }
            Audit::GoOn => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::OlderRecords)?;
                let (epoch, ukeys) = older_records::go_on(&desk, &officer, &second)?;
                Ok(self.done(&json!({ "epoch": epoch, "damaged": ukeys })))
            }
            Audit::Export { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::Audit)?;
                let verdict = audit::export(&desk, &officer, file)?;
                let words = self.output.wording();
                let args = [
                    ("rows", verdict.rows.to_string()),
                    ("path", file.display().to_string()),
                ];
                let document = json!({
                    "files": [file], "rows": verdict.rows, "head": hex::encode(verdict.head),
                    "intact": verdict.first_broken.is_none(),
                });
                self.output
                    .document(&document, &words.with("audit-exported", args));
                Ok(0)
            }
        }
    }

    /// Whoever is named may ask; without a name the auditor is who has the duty.
    fn open_audit(&self, access: Access) -> Result<(Desk, ActingOfficer), Error> {
        let named = self.global.officer.is_some();
        let duty = if named {
            Duty::ReadRecords
        } else {
            Duty::Audit
        };
        self.open(access, duty)
    }

    fn audit_list(&self, list: &AuditList) -> Result<u8, Error> {
        let AuditList {
            search,
            since: from,
            until: to,
            act,
            by,
            limit,
        } = list;
        let filter = AuditFilter {
            search: search.clone(),
            since: moment(from.as_deref(), since)?,
            until: moment(to.as_deref(), until)?,
            act: act.clone(),
            officer: by.clone(),
            before: None,
            limit: *limit,
        };
        let (desk, officer) = self.open_audit(Access::Read)?;
        let entries = audit::list(&desk, &officer, filter)?;
        let items: Vec<Value> = entries.iter().map(entry).collect();
        let columns = [
            ("col-sequence", "sequence"),
            ("col-at", "at"),
            ("col-officer", "officer"),
            ("col-act", "act"),
            ("col-request", "request"),
            ("col-holder", "holder"),
            ("col-serial", "ukey"),
            ("col-outcome", "result"),
            ("col-detail", "detail"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn audit_verify(&self, checkpoint: Option<&Path>, code: Option<&str>) -> Result<u8, Error> {
        let code = code.map(checkpoint_code).transpose()?;
        let against = match (checkpoint, &code) {
            (Some(path), _) => Against::File(path),
            (None, Some(code)) => Against::Code(code),
            (None, None) => Against::Stored,
        };
        let (desk, officer) = self.open_audit(Access::Read)?;
        let found = audit::verify(&desk, &officer, against)?;
        let waivers = waivers::list(&desk, &officer)?;
        let told = found.told;
        let standing = found.checkpoint.filter(|_standing| told);
        let document = json!({
            "rows": told.then_some(found.rows),
            "intact": found.intact(),
            "head": told.then(|| hex::encode(found.head)),
            "first_broken": found.first_broken.filter(|_row| told),
            "checkpoint": standing.map(Standing::word),
            "waivers": told.then(|| waivers.iter().map(view).collect::<Vec<_>>()),
        });
        let mut text = self.verified_text(&found, standing);
        for line in waivers.iter().filter(|_line| told) {
            let (key, args) = line.told();
            text.push('\n');
            text.push_str(&self.output.wording().with(key, args));
        }
        self.output.document(&document, &text);
        let other = found.checkpoint == Some(Standing::OtherHome);
        Ok(u8::from(!found.intact() || other))
    }

    fn verified_text(&self, found: &Verification, standing: Option<Standing>) -> String {
        let words = self.output.wording();
        let chain = match found.first_broken {
            None => words.with("audit-intact", [("rows", found.rows.to_string())]),
            Some(row) if found.told => words.with("audit-broken", [("row", row.to_string())]),
            Some(_) => words.text("audit-broken-unnamed"),
        };
        let checkpoint = standing.map(|standing| {
            let key = format!("audit-checkpoint-{}", standing.word());
            words.text(&key)
        });
        let lines: Vec<String> = [chain].into_iter().chain(checkpoint).collect();
        lines.join("\n")
    }

    pub(super) fn purge(&self, dry_run: bool) -> Result<u8, Error> {
        let now = clock::now();
        let (due, orders, scans, backups) = if dry_run {
            let (desk, officer) = self.open(Access::Read, Duty::SetUp)?;
            let orders = purge::due_orders(&desk, &officer, now)?;
            let scans = tally::due_scans(&desk, &officer, now)?;
            let due = purge::due(&desk, &officer, now)?;
            let any = !(due.is_empty() && orders.is_empty() && scans.is_empty());
            let backups = backup::to_destroy(&desk, &officer, (now, any))?;
            (due, orders, scans, backups)
        } else {
            let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
            let second = self.second((&desk, &officer), TwoOfficerAct::Purge)?;
            let orders = purge::purge_orders(&desk, &officer, &second, now)?;
            let scans = tally::purge_scans(&desk, &officer, &second, now)?;
            let due = purge::purge(&desk, &officer, &second, now)?;
            let backups = backup::to_destroy(&desk, &officer, (now, false))?;
            (due, orders, scans, backups)
        };
        let requests = due.iter().map(|due| {
            json!({
                "request": due.row.number,
                "certificate": null,
                "state": due.row.state.word(),
                "kept": due.kept.word(),
                "since": due.since,
                "fields": due.fields,
            })
        });
        let orders = orders.iter().map(|order| {
            json!({
                "request": null, "certificate": order.serial, "state": null,
                "kept": order.kept.word(), "since": order.since, "fields": null,
            })
        });
        let scans = scans.iter().map(|scan| {
            json!({
                "request": scan.row.number, "certificate": null, "state": null,
                "kept": scan.kept.word(), "since": scan.since, "fields": null,
            })
        });
        let backups = backups.iter().map(|backup| {
            json!({
                "request": null, "certificate": null, "state": null, "kept": Kept::Backup.word(),
                "since": null, "fields": null, "sha256": hex::encode(backup.sha256),
                "made_at": backup.made_at, "destroy_by": backup.by,
            })
        });
        let items = requests.chain(orders).chain(scans).chain(backups);
        let items: Vec<Value> = items.collect();
        let columns = [
            ("col-request", "request"),
            ("col-certificate", "certificate"),
            ("col-state", "state"),
            ("col-kept", "kept"),
            ("col-since", "since"),
            ("col-sha256", "sha256"),
            ("col-destroy-by", "destroy_by"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    pub(super) fn doctor(
        &self,
        report: Option<&Path>,
        command: Option<&Doctor>,
    ) -> Result<u8, Error> {
        let findings = match (report, command) {
            (_, Some(Doctor::Read { file })) => {
                let report = doctor::read(file)?;
                if self.output.is_json() {
                    Output::line(&json!(report));
                    return Ok(0);
                }
                let (home, at) = (report.home.to_string(), report.at.to_string());
                let args = [
                    ("home", home),
                    ("at", at),
                    ("program", report.program),
                    ("system", report.system),
                ];
                let words = self.output.wording();
                self.output.say(&words.with("diagnostics-of", args));
                self.findings(&report.findings);
                return Ok(0); // What is wrong there is not wrong here.
            }
            (Some(path), None) => {
                let (desk, officer) = self.read()?;
                doctor::report(&desk, &officer, path)?;
                return Ok(self.written(&[path.to_owned()]));
            }
            (None, None) => {
                let (desk, officer) = self.read()?;
                doctor::examine(&desk, &officer)?
            }
        };
        self.findings(&findings);
        Ok(u8::from(findings.iter().any(|Finding { ok, .. }| !ok)))
    }

    /// What was looked at, in words, and what to do where something is wrong.
    fn findings(&self, findings: &[Finding]) {
        let words = self.output.wording();
        let item = |finding: &Finding| {
            let Finding { check, ok, detail } = finding;
            let hint = (!ok).then(|| words.text(&format!("cure-{check}")));
            json!({
                "check": check,
                "ok": ok,
                "detail": detail.told(words),
                "what": words.text(&format!("check-{check}")),
                "hint": hint,
            })
        };
        let items: Vec<Value> = findings.iter().map(item).collect();
        let columns = [
            ("col-check", "what"),
            ("col-outcome", "ok"),
            ("col-detail", "detail"),
        ];
        self.output.list(&items, &columns);
        for Finding { check, .. } in findings.iter().filter(|finding| !finding.ok) {
            let what = words.text(&format!("check-{check}"));
            let hint = words.text(&format!("cure-{check}"));
            self.output.say(&format!("{what}: {hint}"));
        }
    }
}

/// A row as people search it: with the request's number, and the holder's name masked.
fn entry(entry: &AuditEntry) -> Value {
    let AuditEntry {
        sequence,
        row,
        hash,
        number,
        holder,
    } = entry;
    json!({
        "sequence": sequence,
        "at": row.at,
        "officer": row.officer,
        "post": row.post,
        "act": row.act,
        "request": number.as_ref().or(row.request.as_ref()),
        "holder": holder.as_deref().map(mask_name),
        "ukey": row.ukey,
        "certificate": row.certificate,
        "result": row.result,
        "detail": row.detail,
        "hash": hex::encode(hash),
    })
}

fn moment(
    text: Option<&str>,
    parse: fn(&str) -> Option<Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    text.map(|text| parse(text).ok_or_else(|| Error::usage("not-a-date", text)))
        .transpose()
}

/// The short code of a checkpoint as it was typed from paper.
pub(super) fn checkpoint_code(text: &str) -> Result<CheckpointCode, Error> {
    let wrong = |error| Error::usage("checkpoint-code-invalid", text).because(error);
    text.parse().map_err(wrong)
}
