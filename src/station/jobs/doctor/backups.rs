//! Whether what must not be lost stands somewhere else, too (D-52).

use super::{Detail, Finding};
use crate::domain::timestamp::Timestamp;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{backup, restore};

/// The newest backup, and whether a restored home was compared.
pub(super) fn all(
    desk: &Desk,
    officer: &ActingOfficer,
    now: Timestamp,
) -> Result<Vec<Finding>, Error> {
    let (due, newest) = backup::due(desk, officer, now)?;
    let detail = newest.map_or_else(
        || Detail::new("backup-none", []),
        |at| Detail::new("backup", [("at", at.to_string())]),
    );
    let mut findings = vec![Finding {
        check: "backup".to_owned(),
        ok: due.is_none(),
        detail,
    }];
    if let Some(made_at) = restore::waits_to_be_compared(desk, officer)? {
        findings.push(Finding {
            check: "restore".to_owned(),
            ok: false,
            detail: Detail::new("restore", [("at", made_at.to_string())]),
        });
    }
    Ok(findings)
}
