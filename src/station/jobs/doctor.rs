//! What is wrong with a station, as findings a person can act on. Tells no secret and no personal
//! data.

use std::os::unix::fs::PermissionsExt as _;

use crate::domain::officer::Duty;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::token::profiles;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable word.
    pub check: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Facts.
    pub detail: String,
}

/// Looks at home, keys, log, CA and modules.
///
/// # Errors
/// When the home cannot be read at all.
pub fn examine(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Finding>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut findings = Vec::new();
    let mut add = |check, ok, detail: String| findings.push(Finding { check, ok, detail });
    let home = desk.home();
    for path in [home.path().to_owned(), home.store(), home.keys()] {
        let mode = std::fs::metadata(&path).map_err(|error| Error::io(&path, error))?;
        let mode = mode.permissions().mode() & 0o777;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        add(
            "permissions",
            (mode & 0o077).count_ones() == 0,
            format!("{name} {mode:04o}"),
        );
    }
    let practice_cost = desk.keys().has_practice_cost();
    let cost = if practice_cost { "practice" } else { "real" };
    add(
        "argon2-cost",
        desk.is_practice() || !practice_cost,
        cost.to_owned(),
    );
    let verdict = desk.store().read().verify_audit()?;
    add(
        "audit",
        verdict.first_broken.is_none(),
        format!("{} rows", verdict.rows),
    );
    let newest = desk.store().read().newest_time()?;
    let now = crate::station::clock::now();
    add(
        "clock",
        newest.is_none_or(|newest| newest <= now),
        now.to_string(),
    );
    let authority = desk.authority()?;
    add(
        "ca",
        authority.not_after() > now,
        format!("until {}", authority.not_after()),
    );
    let open = desk.store().read().open_runs()?.len();
    add("open-runs", open == 0, open.to_string());
    for profile in desk.profiles().values() {
        let wanted =
            profile.virtual_ukey.is_none() || profile.name == super::super::desk::PRACTICE_PROFILE;
        if wanted && (profile.tested || !desk.is_practice()) {
            let module = profiles::module_path(profile);
            let detail = module.as_ref().map_or_else(
                || format!("{}: no module", profile.name),
                |path| format!("{}: {}", profile.name, path.display()),
            );
            add("module", module.is_some(), detail);
        }
    }
    Ok(findings)
}
