//! The CA by files (D-53): a unit writes what its pending runs need, the CA's station checks every
//! item by itself, signs, and writes the answers. Each side says of each file what became of it.

mod ca_revocations;
mod ca_side;
mod own_revocations;
mod requester;

use std::fs;
use std::path::{Path, PathBuf};

pub(super) use self::ca_revocations::entries as revoked;
use crate::domain::certificate::CertificateSerial;
use crate::domain::officer::Duty;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::jobs::restore;
use crate::station::signing_key::SigningKey;

/// Endings of the three files of one item.
const ORDER: &str = ".order.p7s";
const APPROVAL: &str = ".approval.p7s";
const CSR: &str = ".p10";
/// Ending of an order to revoke, to hold or to lift a hold.
const REVOCATION: &str = ".revoke.p7s";
/// Ending of the CA's list.
const CRL: &str = ".crl";
/// Largest file that is read.
const MAX_BYTES: usize = 1024 * 1024;

/// What became of one item.
#[derive(Debug)]
pub struct Item {
    /// The file that was read or written.
    pub file: PathBuf,
    /// The certificate's serial number, once it is known.
    pub serial: Option<CertificateSerial>,
    /// What was done, or why not.
    pub outcome: Result<Done, Error>,
}

/// What was done with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Written for the CA, or by it.
    Written,
    /// Checked and queued at the CA.
    Queued,
    /// The certificate was checked and kept; `resume` goes on.
    Taken,
    /// It was here before: nothing to do.
    Known,
    /// Revoked or put on hold: at the CA as it was ordered, at the unit as the CA's list says.
    Revoked,
    /// A hold ended.
    Released,
    /// Not written: security signs it, with the same command.
    Waits,
}

impl Done {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Queued => "queued",
            Self::Taken => "taken",
            Self::Known => "known",
            Self::Revoked => "revoked",
            Self::Released => "released",
            Self::Waits => "waits",
        }
    }
}

/// Writes to a folder: at a unit whose CA is elsewhere the orders of its pending runs, at the CA's
/// station the certificates that it signs now, and those of the last weeks again. Security, whose duty
/// it is to revoke, writes the orders to revoke there, and here a new list of the CA.
///
/// # Errors
/// `wrong-duty`, `ca-locked` before the first signature, or what token and file system say.
pub fn out(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<Item>, Error> {
    let makes = makes(officer)?;
    restore::demand_compared(desk)?;
    fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let mut items = Vec::new();
    if desk.ca_is_elsewhere()? {
        if makes {
            let mut key = SigningKey::open(desk, officer)?;
            items.extend(requester::out(desk, officer, &mut key, dir)?);
        }
        items.extend(own_revocations::out(desk, officer, dir)?);
    } else {
        if makes {
            items.extend(ca_side::out(desk, officer, dir)?);
        }
        items.extend(ca_revocations::out(desk, officer, dir)?);
    }
    Ok(items)
}

/// Whether the officer makes ukeys; one who does not must be one who revokes.
fn makes(officer: &ActingOfficer) -> Result<bool, Error> {
    if Duty::Revoke.belongs_to(officer.post()) {
        return Ok(false);
    }
    officer.demand(Duty::Personalise)?;
    Ok(true)
}

/// Takes a folder in: at a unit whose CA is elsewhere the answers, at the CA's station the orders.
/// One bad item never stops the others.
///
/// # Errors
/// `wrong-duty`, or what the file system says of the folder.
pub fn take_in(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<Item>, Error> {
    officer.demand(Duty::Personalise)?;
    let mut items;
    if desk.ca_is_elsewhere()? {
        items = requester::take_in(desk, officer, dir)?;
        items.extend(own_revocations::take_in(desk, officer, dir)?);
    } else {
        items = ca_side::take_in(desk, officer, dir)?;
        items.extend(ca_revocations::take_in(desk, officer, dir)?);
    }
    Ok(items)
}

/// Files of a folder whose name ends so, by name.
fn files(dir: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let failed = |error| Error::io(dir, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if endings.iter().any(|ending| name.ends_with(ending)) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Takes each file of a folder whose name ends so; `take` tells the serial number once it knows it, also
/// of a file that it refuses.
fn each_file(
    dir: &Path,
    ending: &str,
    take: impl Fn(&Path, &mut Option<CertificateSerial>) -> Result<Done, Error>,
) -> Result<Vec<Item>, Error> {
    let taken = files(dir, &[ending])?.into_iter().map(|file| {
        let mut serial = None;
        let outcome = take(&file, &mut serial);
        Item {
            file,
            serial,
            outcome,
        }
    });
    Ok(taken.collect())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_limited(path, MAX_BYTES)
}

/// A refusal of one file.
fn refused(code: &'static str, path: &Path) -> Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Error::refused(code, name)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
