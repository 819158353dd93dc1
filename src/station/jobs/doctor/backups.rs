//! Whether what must not be lost stands somewhere else, too (D-52), and whether somebody could still get in
//! (D-46).

use super::{Detail, Finding};
use crate::domain::timestamp::Timestamp;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{backup, recovery, restore};

/// The newest backup, whether a restored home was compared, the recovery kit, and whom one has enrolled.
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
    let (kit, temporary) = recovery::state(desk, officer)?;
    findings.push(Finding {
        check: "recovery-kit".to_owned(),
        ok: kit.is_some() || desk.is_practice(),
        detail: kit.map_or_else(
            || Detail::new("recovery-kit-none", []),
            |at| Detail::new("recovery-kit", [("at", at.to_string())]),
        ),
    });
    findings.extend(temporary.into_iter().map(|row| {
        // A report names nobody.
        let values = [("until", row.until.to_string())];
        Finding {
            check: "temporary-officer".to_owned(),
            ok: false,
            detail: Detail::new("temporary-officer", values),
        }
    }));
    Ok(findings)
}
