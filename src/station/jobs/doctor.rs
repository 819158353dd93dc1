//! What is wrong with a station, as findings a person can act on. Tells no secret and no personal
//! data.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::id::HomeId;
use crate::domain::officer::{Duty, Post};
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::jobs::unit_lists;
use crate::station::{ActingOfficer, clock};
use crate::token::profiles;

/// A diagnostics report's `type`.
const TYPE: &str = "ukey-station/diagnostics";
/// Its version.
const VERSION: u32 = 1;
/// A report has some thousand bytes.
const REPORT_MAX_BYTES: usize = 1 << 20;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable word.
    pub check: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Facts.
    pub detail: String,
}

/// What a superior's station can read of a station in trouble (D-56): no secret, no personal data,
/// no path of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// When it was made.
    pub at: Timestamp,
    /// Every finding.
    pub findings: Vec<Finding>,
    /// The home.
    pub home: HomeId,
    /// Whether it is a practice home.
    pub practice: bool,
    /// Version of the program.
    pub program: String,
    /// Operating system and processor.
    pub system: String,
    /// [`TYPE`].
    #[serde(rename = "type")]
    kind: String,
    /// [`VERSION`].
    version: u32,
}

/// Writes what [`examine`] finds as JSON.
///
/// # Errors
/// As [`examine`], or what the file system says.
pub fn report(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Report, Error> {
    let mut findings = examine(desk, officer)?;
    for finding in &mut findings {
        // A path may name who installed it.
        if let Some((before, path)) = finding.detail.split_once(": /") {
            let name = path.rsplit('/').next().unwrap_or_default();
            finding.detail = format!("{before}: {name}");
        }
    }
    let report = Report {
        at: clock::now(),
        findings,
        home: desk.id(),
        practice: desk.is_practice(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        kind: TYPE.to_owned(),
        version: VERSION,
    };
    let text = serde_json::to_vec(&report)
        .map_err(|error| Error::failed("diagnostics-invalid", "").because(error))?;
    file::replace(path, &text).map_err(|error| Error::io(path, error))?;
    Ok(report)
}

/// Reads another station's report. Needs no home and no sign-in.
///
/// # Errors
/// `diagnostics-invalid`, or what the file system says.
pub fn read(path: &Path) -> Result<Report, Error> {
    let invalid = || Error::refused("diagnostics-invalid", path.display().to_string());
    let bytes = read_limited(path, REPORT_MAX_BYTES)?;
    let report: Report =
        serde_json::from_slice(&bytes).map_err(|error| invalid().because(error))?;
    if report.kind == TYPE && report.version == VERSION {
        Ok(report)
    } else {
        Err(invalid())
    }
}

/// Looks at home, keys, log, CA and modules.
///
/// # Errors
/// When the home cannot be read at all.
pub fn examine(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Finding>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut findings = Vec::new();
    let mut add = |check: &str, ok, detail: String| {
        findings.push(Finding {
            check: check.to_owned(),
            ok,
            detail,
        });
    };
    let home = desk.home();
    let files = [
        ("home", home.path().to_owned()),
        ("station.db", home.store()),
        ("keys.json", home.keys()),
    ];
    for (name, path) in files {
        let mode = std::fs::metadata(&path).map_err(|error| Error::io(&path, error))?;
        let mode = mode.permissions().mode() & 0o777;
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
    let officers = desk.store().read().officers()?;
    let unknown = officers
        .iter()
        .filter(|row| row.enabled && row.post == Post::Security && row.person.is_none());
    // Nobody can tell whether they decide on their own application (D-8).
    let unknown = unknown.count();
    add(
        "officers-form-1",
        desk.is_practice() || unknown == 0,
        format!("{unknown} of security without form 1"),
    );
    let verdict = desk.store().verify_audit()?;
    add(
        "audit",
        verdict.first_broken.is_none(),
        format!("{} rows", verdict.rows),
    );
    let newest = desk.store().read().newest_time()?;
    let now = clock::now();
    add(
        "clock",
        newest.is_none_or(|newest| newest <= now),
        now.to_string(),
    );
    if !desk.ca_is_elsewhere()? {
        match desk.authority() {
            Ok(authority) => add(
                "ca",
                authority.not_after() > now,
                format!("until {}", authority.not_after()),
            ),
            Err(error) => add("ca", false, error.code.to_owned()),
        }
    }
    let ended = unit_lists::ended(desk, officer)?.len();
    add("unit-lists", ended == 0, format!("{ended} out of date"));
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
