//! The hand-over of an issued ukey to its holder, and the hold that a random PIN asks for (D-59).

use crate::domain::certificate::{CertificateSerial, CertificateState, RevocationReason};
use crate::domain::loss::LossEnding;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::jobs::{losses, restore, temporary};
use crate::station::{ActingOfficer, clock};
use crate::store::{CertificateRow, RunRow, StoreError, UkeyRow, Writing};
use crate::workflow::journal::PinSource;

/// What became of a ukey that was handed out.
#[derive(Debug)]
pub struct HandedOut {
    /// The ukey.
    pub row: UkeyRow,
    /// With a random PIN the certificate is on hold; where that reaches the world by the CRL.
    pub hold: Option<CrlStanding>,
    /// The certificates that this one replaces (D-42).
    pub replaced: Vec<CertificateSerial>,
    /// Where their revocation reaches the world, where no hold does it with the same list.
    pub replaced_crl: Option<CrlStanding>,
}

/// Records that the holder got the ukey in person, with the slip. With a random PIN the certificate
/// goes on hold in the same act, until the holder has changed the PIN at a station. What this ukey
/// replaces is revoked first, in the same act (D-42).
///
/// # Errors
/// `ukey-not-in-stock`, `ukey-not-issued`, `pin-letter-not-printed`, `certificate-revoked`,
/// `temporary-not-needed`, `restore-not-compared`, `wrong-duty`.
pub fn hand_out(desk: &Desk, officer: &ActingOfficer, serial: &Serial) -> Result<HandedOut, Error> {
    officer.demand(Duty::HandOut)?;
    restore::demand_compared(desk)?;
    let unknown = || Error::refused("ukey-not-in-stock", serial.as_str());
    let not_issued = || Error::refused("ukey-not-issued", serial.as_str());
    let row = desk.store().read().ukey(serial)?.ok_or_else(unknown)?;
    let run = desk
        .store()
        .read()
        .last_run_on(serial)?
        .ok_or_else(not_issued)?;
    if row.state != UkeyState::Issued {
        return Err(not_issued());
    }
    let to_hold = certificate_to_hold(desk, &run)?;
    demand_live(desk, &run)?;
    let replaced = to_replace(desk, &run)?;
    let mut audit = Desk::audit_row(officer, "ukey-handed-out");
    audit.request = Some(run.request.to_string());
    audit.ukey = Some(serial.as_str().to_owned());
    audit.certificate.clone_from(&row.certificate);
    audit.detail = to_hold.as_ref().map(|_held| "certificateHold".to_owned());
    let now = clock::now();
    if !replaced.is_empty() {
        let serials: Vec<_> = replaced.iter().map(|row| row.serial.to_string()).collect();
        let held = audit.detail.take().unwrap_or_default();
        audit.detail = Some(format!("{held} replaces {}", serials.join(" ")));
    }
    desk.store().act(&audit, |writing| {
        for old in &replaced {
            revoke_replaced(writing, old, (officer, now))?;
        }
        let handed_out = (UkeyState::Issued, UkeyState::HandedOut);
        writing.move_ukey(serial, handed_out, Some(run.request), now)?;
        writing.move_request(run.request, RequestState::Issued, RequestState::HandedOut)?;
        if let Some(certificate) = &to_hold {
            writing.hold_until_pin_change(&certificate.serial, now)?;
        }
        writing.hand_out_slip(run.id, officer.name(), now)
    })?;
    let row = desk.store().read().ukey(serial)?.ok_or_else(unknown)?;
    let hold = to_hold.map(|_held| ca::publish_after_change(desk));
    let alone = hold.is_none() && !replaced.is_empty();
    Ok(HandedOut {
        row,
        hold,
        replaced_crl: alone.then(|| ca::publish_after_change(desk)),
        replaced: replaced.into_iter().map(|row| row.serial).collect(),
    })
}

/// A ukey whose certificate was revoked before it reached its holder is not given to them.
fn demand_live(desk: &Desk, run: &RunRow) -> Result<(), Error> {
    let certificate = desk.store().read().certificate_of_run(run.id)?;
    match certificate.filter(|row| row.state == CertificateState::Revoked) {
        Some(row) => Err(Error::refused(
            "certificate-revoked",
            row.serial.to_string(),
        )),
        None => Ok(()),
    }
}

/// The live certificates of the request that this run's request replaces, and of those before it: where a
/// temporary ukey stood in, the one on hold ends with it. A temporary ukey itself ends nothing (D-20).
fn to_replace(desk: &Desk, run: &RunRow) -> Result<Vec<CertificateRow>, Error> {
    let store = desk.store();
    let reading = store.read();
    if run.temporary.is_some() {
        temporary::demand_needed(&reading, run.request)?;
        return Ok(Vec::new());
    }
    let mut live = Vec::new();
    for old in reading.all_replaced(run.request)? {
        live.extend(reading.live_certificates(old)?);
    }
    Ok(live)
}

/// Revokes what is replaced: superseded, or a compromised key where its ukey is missing (D-43).
fn revoke_replaced(
    writing: &Writing<'_>,
    old: &CertificateRow,
    (officer, now): (&ActingOfficer, Timestamp),
) -> Result<(), StoreError> {
    let ukey = writing.ukey(&old.ukey)?;
    let missing = ukey.is_some_and(|ukey| ukey.state == UkeyState::Suspended);
    let reason = if missing {
        RevocationReason::KeyCompromise
    } else {
        RevocationReason::Superseded
    };
    writing.revoke_for_good(&old.serial, reason, now)?;
    losses::close_request(writing, old.request)?;
    let by = (officer.name().as_str(), now);
    writing.end_suspension(&old.ukey, by, LossEnding::Revoked)
}

/// Whether handing this ukey out will put its certificate on hold: its PIN is random (D-59).
///
/// # Errors
/// What the store says.
pub fn will_hold(desk: &Desk, officer: &ActingOfficer, serial: &Serial) -> Result<bool, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let Some(run) = reading.last_run_on(serial)? else {
        return Ok(false);
    };
    let plan = reading.plan(run.id)?;
    Ok(plan.is_some_and(|plan| plan.user_pin == PinSource::Random))
}

/// The certificate of a ukey whose PIN is random; its holder must have that PIN on paper.
fn certificate_to_hold(desk: &Desk, run: &RunRow) -> Result<Option<CertificateRow>, Error> {
    let damaged = |what: &str| Error::failed("store-damaged", what);
    let store = desk.store();
    let reading = store.read();
    let plan = reading.plan(run.id)?;
    match plan.ok_or_else(|| damaged("journal of the run"))?.user_pin {
        PinSource::Holder | PinSource::Secrets => return Ok(None),
        PinSource::Random => {}
    }
    if reading.pin_letter(run.id)?.is_some() {
        return Err(Error::refused("pin-letter-not-printed", run.ukey.as_str()));
    }
    let certificate = reading.certificate_of_run(run.id)?;
    certificate
        .ok_or_else(|| damaged("certificate of the run"))
        .map(Some)
}
