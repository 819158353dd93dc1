//! Certificates issued here: list, show, export.

use std::path::{Path, PathBuf};

use crate::domain::certificate::CertificateState;
use crate::domain::officer::Duty;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::CertificateRow;

/// Every certificate, its state as it is now.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<CertificateRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let mut rows = desk.store().read().certificates()?;
    for row in &mut rows {
        if row.state == CertificateState::Active && row.not_after < now {
            row.state = CertificateState::Expired;
        }
    }
    Ok(rows)
}

/// One certificate by its serial number or a unique beginning of it.
///
/// # Errors
/// `certificate-unknown`, `certificate-ambiguous`.
pub fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<CertificateRow, Error> {
    let rows = list(desk, officer)?.into_iter();
    let wanted = text.to_ascii_lowercase();
    let mut rows = rows.filter(|row| row.serial.to_string().starts_with(&wanted));
    match (rows.next(), rows.next()) {
        (Some(row), None) if !wanted.is_empty() => Ok(row),
        (None, _) => Err(Error::usage("certificate-unknown", text)),
        (Some(_), _) => Err(Error::usage("certificate-ambiguous", text)),
    }
}

/// Writes every certificate as `<serial>.pem` and `<serial>.der`.
///
/// # Errors
/// What the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let rows = list(desk, officer)?;
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let mut written = Vec::new();
    for row in rows {
        let text = pem(&row.der);
        for (ending, bytes) in [("pem", text.as_bytes()), ("der", &row.der)] {
            let path = dir.join(format!("{}.{ending}", row.serial));
            file::replace(&path, bytes).map_err(|error| Error::io(&path, error))?;
            written.push(path);
        }
    }
    Ok(written)
}

/// A certificate as PEM (RFC 7468).
pub(in crate::station) fn pem(der: &[u8]) -> String {
    use der::pem::LineEnding;
    der::pem::encode_string("CERTIFICATE", LineEnding::LF, der).unwrap_or_default()
}

/// The certificates of a file, PEM or DER.
pub(in crate::station) fn from_pem(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    crate::keys::unit_pki::read_certificates(bytes).ok()
}
