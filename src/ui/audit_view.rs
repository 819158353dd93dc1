//! What the window draws of the audit log, and what it asks the desk to do with it.

use std::path::PathBuf;

use crate::domain::checkpoint::Standing;
use crate::domain::timestamp::Timestamp;
use crate::station::AuditFilter;
use crate::station::jobs::audit::{Reach, Verification};
use crate::station::jobs::waivers::WaiverView;

/// Rows of one page of the time line.
pub(super) const PAGE: usize = 100;

/// Which rows are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AuditQuery {
    pub(super) search: String,
    pub(super) act: Option<String>,
    pub(super) officer: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// The page before ended at this place.
    pub(super) before: Option<u64>,
}

impl AuditQuery {
    /// As the log is asked; one row more says whether there is a next page.
    pub(super) fn filter(&self) -> AuditFilter {
        let search = self.search.trim();
        AuditFilter {
            search: (!search.is_empty()).then(|| search.to_owned()),
            since: self.since,
            until: self.until,
            act: self.act.clone(),
            officer: self.officer.clone(),
            before: self.before,
            limit: Some(PAGE + 1),
        }
    }
}

/// The page of the audit log.
#[derive(Clone, Debug, Default)]
pub(super) struct AuditPicture {
    /// One page of it, the newest first.
    pub(super) lines: Vec<AuditLine>,
    /// There are older ones.
    pub(super) more: bool,
    /// Who may be asked for; nobody where one sees one's own acts alone.
    pub(super) officers: Vec<String>,
    /// How far the log has come, for the auditor.
    pub(super) reach: Option<Reach>,
}

/// A row, with nothing of a person unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuditLine {
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    pub(super) officer: String,
    pub(super) post: Option<String>,
    pub(super) act: String,
    /// Number of the request, or its id where the records have none.
    pub(super) request: Option<String>,
    /// Masked.
    pub(super) holder: Option<String>,
    pub(super) ukey: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) result: String,
    pub(super) detail: Option<String>,
    pub(super) hash: String,
}

/// What verifying the log found, and when.
#[derive(Clone, Debug)]
pub(super) struct AuditHealth {
    pub(super) found: Verification,
    pub(super) at: Timestamp,
    /// What it was compared with beside the stored checkpoints, as typed.
    pub(super) against: Option<(String, Standing)>,
    /// Acts that one officer did under a waiver (D-8).
    pub(super) waivers: Vec<WaiverView>,
}

/// A file that was written.
#[derive(Clone, Debug)]
pub(super) enum AuditDone {
    /// A checkpoint, with its short code.
    Signed { code: String, path: PathBuf },
    /// The log and its checkpoints.
    Exported { rows: u64, path: PathBuf },
}

/// What the window asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AuditAct {
    /// Recompute the whole chain.
    Verify,
    /// The same, and compare with a short code or the file of a checkpoint.
    VerifyAgainst(String),
    /// Sign how far the log has come, to a file.
    Sign(PathBuf),
    /// Write the whole log to a file.
    Export(PathBuf),
}
