//! Certificates issued here: list, find, show, export.

use std::path::{Path, PathBuf};

use super::requests;
use crate::domain::certificate::{CertificateSerial, CertificateState};
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{
    CertificateFilter, CertificateLine, CertificateOrder, CertificateRow, EntryRow, RequestFilter,
    UkeyRow,
};

/// Every certificate, its state as it is now.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<CertificateRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let rows = desk.store().read().certificates()?.into_iter();
    Ok(rows.map(|row| as_it_is(row, now)).collect())
}

fn as_it_is(mut row: CertificateRow, now: Timestamp) -> CertificateRow {
    if row.state == CertificateState::Active && row.not_after < now {
        row.state = CertificateState::Expired;
    }
    row
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

/// What a page of the list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A part of a serial number or of a ukey's, a request's number, a name, its pinyin or initials, a unit,
    /// a whole identity number; empty for all.
    pub search: String,
    /// Only those in this state.
    pub state: Option<CertificateState>,
    /// Only live ones that end within so many days.
    pub ends_within_days: Option<u32>,
    /// In which order.
    pub order: CertificateOrder,
}

/// The first certificates that are wanted, at most so many.
///
/// # Errors
/// What the store says.
pub fn page(
    desk: &Desk,
    officer: &ActingOfficer,
    (wanted, limit): (&Wanted, usize),
) -> Result<Vec<CertificateLine>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let search = wanted.search.trim();
    let search = (!search.is_empty()).then(|| RequestFilter {
        search: Some(search.to_owned()),
        ..RequestFilter::default()
    });
    let filter = CertificateFilter {
        search: search
            .map(|filter| requests::person_searched(desk, &filter))
            .transpose()?,
        state: wanted.state,
        ends_by: wanted
            .ends_within_days
            .map(|days| now.plus_days(days.into())),
        order: wanted.order,
        limit,
    };
    Ok(desk.store().read().certificate_lines(&filter, now)?)
}

/// One certificate with all that is known of it.
#[derive(Clone, Debug)]
pub struct CertificateCard {
    /// The certificate, its state as it is now.
    pub row: CertificateRow,
    /// Number of its request.
    pub number: String,
    /// Its holder; empty once purged.
    pub holder: String,
    /// The holder's unit.
    pub unit: String,
    /// The ukey it is on.
    pub ukey: UkeyRow,
    /// That ukey's life, the oldest step first.
    pub life: Vec<EntryRow>,
}

/// One certificate with all that is known of it.
///
/// # Errors
/// `certificate-unknown`, or what the store says.
pub fn card(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &CertificateSerial,
) -> Result<CertificateCard, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let unknown = || Error::usage("certificate-unknown", serial.to_string());
    let row = as_it_is(
        reading.certificate(serial)?.ok_or_else(unknown)?,
        clock::now(),
    );
    let request = reading.request(row.request)?;
    let damaged = || Error::failed("store-damaged", row.ukey.as_str());
    Ok(CertificateCard {
        number: request.number,
        holder: request.holder_name,
        unit: reading.unit(request.unit)?.name,
        ukey: reading.ukey(&row.ukey)?.ok_or_else(damaged)?,
        life: reading.stock_entries(&row.ukey)?,
        row,
    })
}

/// Writes one certificate as `<serial>.pem` and `<serial>.der`.
///
/// # Errors
/// `certificate-unknown`, or what the file system says.
pub fn export_one(
    desk: &Desk,
    officer: &ActingOfficer,
    (serial, dir): (&CertificateSerial, &Path),
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let found = desk.store().read().certificate(serial)?;
    let unknown = || Error::usage("certificate-unknown", serial.to_string());
    write(&[found.ok_or_else(unknown)?], dir)
}

/// Writes every certificate as `<serial>.pem` and `<serial>.der`.
///
/// # Errors
/// What the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    write(&list(desk, officer)?, dir)
}

fn write(rows: &[CertificateRow], dir: &Path) -> Result<Vec<PathBuf>, Error> {
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
