//! What this unit gives its subordinates to pin (D-57): the root's certificate and its own.

use std::path::{Path, PathBuf};

use super::certificates;
use crate::domain::officer::Duty;
use crate::keys::{file, unit_pki};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;

/// What was written, and the fingerprints for the paper.
#[derive(Clone, Debug)]
pub struct Given {
    /// `root.pem` and `unit.pem`.
    pub files: Vec<PathBuf>,
    /// SHA-256 of the root, lower-case hex.
    pub root_sha256: String,
    /// SHA-256 of this unit's certificate, lower-case hex.
    pub unit_sha256: String,
}

/// Writes `root.pem`, and `unit.pem` with this unit's certificate and each issuer.
///
/// # Errors
/// `unit-not-certified`, or what the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Given, Error> {
    officer.demand(Duty::ReadRecords)?;
    let (root, chain) = (desk.pinned_root()?, desk.unit_chain()?);
    let own = chain
        .first()
        .ok_or_else(|| Error::refused("unit-not-certified", ""))?;
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let pem: String = chain.iter().map(|der| certificates::pem(der)).collect();
    let mut files = Vec::new();
    for (name, text) in [("root.pem", certificates::pem(&root)), ("unit.pem", pem)] {
        let path = dir.join(name);
        file::replace(&path, text.as_bytes()).map_err(|error| Error::io(&path, error))?;
        files.push(path);
    }
    Ok(Given {
        files,
        root_sha256: unit_pki::fingerprint(&root),
        unit_sha256: unit_pki::fingerprint(own),
    })
}
