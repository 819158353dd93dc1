//! The list of revoked certificates as a person works with it: shown, signed anew, copied to where it is
//! published (D-41, D-43).

use std::path::{Path, PathBuf};

use super::ca;
use crate::domain::officer::Duty;
use crate::issuing::crl::{self, CheckedCrl};
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};

/// The newest list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlView {
    /// What it says, its signature checked.
    pub list: CheckedCrl,
    /// Half its time is over: the next one is due (D-43).
    pub due: bool,
    /// Where it lies.
    pub files: Vec<PathBuf>,
}

/// The newest list of this home's CA, its signature checked.
///
/// # Errors
/// `crl-missing` when none was published, or what stands in its place is no list of this CA.
pub fn show(desk: &Desk, officer: &ActingOfficer) -> Result<CrlView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let path = desk.home().crl();
    let list = read(desk, &path)?;
    Ok(CrlView {
        due: list.is_due(clock::now()),
        list,
        files: vec![path.with_extension("crl.pem"), path],
    })
}

fn read(desk: &Desk, path: &Path) -> Result<CheckedCrl, Error> {
    let missing = || Error::refused("crl-missing", path.display().to_string());
    let der = std::fs::read(path).map_err(|error| missing().because(error))?;
    crl::check(&der, &desk.authority()?).ok_or_else(missing)
}

/// Publishes the list: security signs the next one, system gives on the newest. With `to` it is copied
/// there too, and read back.
///
/// # Errors
/// `wrong-duty`, `ca-locked`, `ca-elsewhere` when security is to sign one of another station's CA,
/// `crl-missing`, or what the file system says.
pub fn publish(desk: &Desk, officer: &ActingOfficer, to: Option<&Path>) -> Result<CrlView, Error> {
    if Duty::Revoke.belongs_to(officer.post()) {
        if desk.ca_is_elsewhere()? {
            return Err(Error::refused("ca-elsewhere", ""));
        }
        ca::publish_crl(desk, officer)?;
    } else {
        officer.demand(Duty::Personalise)?;
    }
    let mut view = show(desk, officer)?;
    let Some(dir) = to else { return Ok(view) };
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let mut files = Vec::new();
    for from in &view.files {
        let copy = dir.join(from.file_name().unwrap_or_default());
        let bytes = std::fs::read(from).map_err(|error| Error::io(from, error))?;
        file::replace(&copy, &bytes).map_err(|error| Error::io(&copy, error))?;
        files.push(copy);
    }
    // What was published is what can be fetched (D-41).
    for copy in files
        .iter()
        .filter(|copy| copy.extension().is_some_and(|end| end == "crl"))
    {
        view.list = read(desk, copy)?;
    }
    view.files = files;
    Ok(view)
}
