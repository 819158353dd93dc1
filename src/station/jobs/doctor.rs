//! What is wrong with a station, as findings a person can act on. Tells no secret and no personal
//! data.

use std::collections::BTreeMap;
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
use crate::wording::Wording;

mod backups;
mod checks;

/// A diagnostics report's `type`.
const TYPE: &str = "ukey-station/diagnostics";
/// Its version.
const VERSION: u32 = 2;
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
    pub detail: Detail,
}

/// Facts as data: who reads them is told in their own language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The wording's key is `detail-` and this word.
    pub word: String,
    /// What the wording names, by name. `codes` are error codes, to be told by their headlines.
    pub values: BTreeMap<String, String>,
}

impl Detail {
    /// Stands between two of `codes`.
    const BETWEEN_CODES: &str = " ";

    fn new<const N: usize>(word: &str, values: [(&str, String); N]) -> Self {
        Self {
            word: word.to_owned(),
            values: BTreeMap::from(values.map(|(name, value)| (name.to_owned(), value))),
        }
    }

    /// The facts in the reader's language.
    pub fn told(&self, words: &Wording) -> String {
        let Self { word, values } = self;
        let mut values = values.clone();
        if let Some(codes) = values.get_mut("codes") {
            let headlines = codes
                .split(Self::BETWEEN_CODES)
                .map(|code| words.error(code, "").0);
            *codes = headlines.collect::<Vec<_>>().join(" / ");
        }
        // A newer station's report may know more than this program does.
        words
            .known_with(&format!("detail-{word}"), &values)
            .unwrap_or_else(|| word.clone())
    }
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
        if let Some(path) = finding.detail.values.get_mut("path") {
            *path = path.rsplit('/').next().unwrap_or_default().to_owned();
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
