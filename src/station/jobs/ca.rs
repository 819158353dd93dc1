//! The CA that certifies holders: show, export, unlock (D-60).

use std::path::Path;

use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::issuing::check;
use crate::keys::file;
use crate::keys::wrap::SecuritySecrets;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, clock};
use crate::store::CaUnlockRow;

/// What the PIN of the CA's token is sealed for.
pub(in crate::station) const PIN_PURPOSE: &str = "ukey-station/ca-unlock/v1";
/// Longest time the key stays unlocked, in seconds.
const UNLOCK_SECS: i64 = 8 * 3600;
/// Most certificates of one unlock.
const UNLOCK_CERTIFICATES: u32 = 50;

/// The CA as people see it.
#[derive(Clone, Debug)]
pub struct CaView {
    /// Its subject.
    pub subject: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// While it is unlocked: until when, and for how many more certificates.
    pub unlocked: Option<(Timestamp, u32)>,
}

/// The CA certificate and whether its key is unlocked.
///
/// # Errors
/// What the store says.
pub fn show(desk: &Desk, officer: &ActingOfficer) -> Result<CaView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let authority = desk.authority()?;
    let unlock = desk.store().read().ca_unlock()?;
    let unlock = unlock.filter(|row| row.until > clock::now() && row.remaining > 0);
    Ok(CaView {
        subject: check::subject_text(authority.certificate()).unwrap_or_default(),
        not_after: authority.not_after(),
        unlocked: unlock.map(|row| (row.until, row.remaining)),
    })
}

/// Writes the CA certificate and its chain as PEM.
///
/// # Errors
/// What the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let pem = super::certificates::pem(desk.authority()?.certificate());
    file::replace(path, pem.as_bytes()).map_err(|error| Error::io(path, error))
}

/// Unlocks the CA key: security's passphrase gives the PIN of its token, which the store keeps
/// sealed for some hours and certificates.
///
/// # Errors
/// `wrong-duty`, `passphrase-wrong`.
pub fn unlock(desk: &Desk, officer: &ActingOfficer, ask: &dyn AskSecret) -> Result<CaView, Error> {
    officer.demand(Duty::UnlockCa)?;
    let given = desk
        .secrets()
        .as_ref()
        .and_then(|s| s.passphrase(officer.name()).cloned());
    let passphrase = given.or_else(|| ask.passphrase(officer.name()));
    let required = || Error::usage("officer-required", officer.name().as_str());
    let opened = desk
        .keys()
        .open(officer.name(), &passphrase.ok_or_else(required)?)?;
    let secrets = opened
        .security
        .ok_or_else(|| Error::refused("ca-locked", ""))?;
    release(desk, officer, &secrets)?;
    show(desk, officer)
}

/// In practice the station does it by itself, as security (interface.md).
pub(in crate::station) fn unlock_in_practice(desk: &Desk) -> Result<(), Error> {
    let (security, secrets) = desk.security_in_practice()?;
    release(desk, &security, &secrets)
}

fn release(desk: &Desk, officer: &ActingOfficer, secrets: &SecuritySecrets) -> Result<(), Error> {
    let sealed_pin = desk
        .store_key()
        .seal(PIN_PURPOSE, secrets.ca_pin.expose().as_bytes())?;
    let row = CaUnlockRow {
        officer: officer.name().clone(),
        sealed_pin,
        until: clock::now().plus_secs(UNLOCK_SECS),
        remaining: UNLOCK_CERTIFICATES,
    };
    let audit = Desk::audit_row(officer, "ca-unlocked");
    desk.store()
        .act(&audit, |writing| writing.set_ca_unlock(&row))?;
    Ok(())
}
