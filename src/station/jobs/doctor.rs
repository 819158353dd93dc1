//! What is wrong with a station, as findings a person can act on. Tells no secret and no personal
//! data.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::id::HomeId;
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::{ActingOfficer, clock};

mod checks;

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

/// Looks at everything that may be wrong.
///
/// # Errors
/// When the home cannot be read at all.
pub fn examine(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Finding>, Error> {
    officer.demand(Duty::ReadRecords)?;
    checks::all(desk, officer)
}
