//! What the desk's thread does for the page of the audit log.

use std::sync::Arc;

use super::AtWork;
use crate::domain::checkpoint::CheckpointCode;
use crate::domain::officer::Duty;
use crate::domain::person::mask_name;
use crate::station::jobs::audit::{self, Against};
use crate::station::jobs::{officers, waivers};
use crate::station::{AuditEntry, Error, clock};
use crate::ui::audit_view::{
    AuditAct, AuditDone, AuditHealth, AuditLine, AuditPicture, AuditQuery, PAGE,
};
use crate::ui::lock;
use crate::ui::parts::typed_path;

/// Whose acts are in the log beside those of officers.
const OTHERS: [&str; 2] = ["station", "recovery-kit"];

impl AtWork<'_> {
    /// Reads one page of the log; the chain is verified once, when the page is first seen.
    pub(super) fn audit_picture(&self, query: &AuditQuery) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let mut entries = audit::list(desk, officer, query.filter())?;
        let more = entries.len() > PAGE;
        if more {
            entries.remove(0); // The oldest stands first.
        }
        let whole = Duty::Audit.belongs_to(officer.post());
        let (mut names, mut reach) = (Vec::new(), None);
        if whole {
            let officers = officers::list(desk, officer)?;
            names.extend(officers.iter().map(|row| row.name.as_str().to_owned()));
            names.extend(OTHERS.map(str::to_owned));
            reach = Some(audit::reach(desk, officer)?);
        }
        let picture = AuditPicture {
            lines: entries.iter().rev().map(line).collect(),
            more,
            officers: names,
            reach,
        };
        let known = {
            let mut view = lock(self.view);
            view.audit = Some(Arc::new(picture));
            view.audit_health.is_some()
        };
        if known {
            return Ok(());
        }
        (self.repaint)(); // A long log takes its time: its rows are seen meanwhile.
        self.verify(Against::Stored, None)
    }

    pub(super) fn audit_act(&self, act: &AuditAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).audit_done = None;
        let done = match act {
            AuditAct::Verify => return self.verify(Against::Stored, None),
            AuditAct::VerifyAgainst(typed) => {
                let code: Option<CheckpointCode> = typed.parse().ok();
                let path = typed_path(typed);
                let against = code.as_ref().map_or(Against::File(&path), Against::Code);
                return self.verify(against, Some(typed.trim()));
            }
            AuditAct::Sign(path) => {
                let signed = audit::checkpoint(desk, officer, path)?;
                AuditDone::Signed {
                    code: signed.position().code().to_string(),
                    path: path.clone(),
                }
            }
            AuditAct::Export(path) => {
                let verdict = audit::export(desk, officer, path)?;
                AuditDone::Exported {
                    rows: verdict.rows,
                    path: path.clone(),
                }
            }
        };
        lock(self.view).audit_done = Some(done);
        Ok(())
    }

    fn verify(&self, against: Against<'_>, typed: Option<&str>) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let found = audit::verify(desk, officer, against)?;
        let waivers = if found.told {
            waivers::list(desk, officer)?
        } else {
            Vec::new()
        };
        let standing = found.checkpoint.filter(|_standing| found.told);
        let health = AuditHealth {
            against: typed.map(str::to_owned).zip(standing),
            at: clock::now(),
            waivers,
            found,
        };
        lock(self.view).audit_health = Some(health);
        Ok(())
    }
}

fn line(entry: &AuditEntry) -> AuditLine {
    let row = entry.row.clone();
    AuditLine {
        sequence: entry.sequence,
        at: row.at,
        officer: row.officer,
        post: row.post,
        act: row.act,
        request: entry.number.clone().or(row.request),
        holder: entry.holder.as_deref().map(mask_name),
        ukey: row.ukey,
        certificate: row.certificate,
        result: row.result,
        detail: row.detail,
        hash: hex::encode(entry.hash),
    }
}
