//! A temporary ukey (D-20): while the holder's own is on hold, another one with a certificate of some days.
//! It ends by itself: when the permanent one is handed out, or once the other is found.

use super::losses;
use crate::domain::certificate::{CertificateState, RevocationReason};
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{CertificateRow, Reading, RequestRow, StoreError, Writing};

/// Whether the ukey of the request that this one replaces is on hold, and no temporary one itself.
///
/// # Errors
/// `temporary-without-hold`, `temporary-second`.
pub(super) fn demand_other_on_hold(desk: &Desk, request: &RequestRow) -> Result<(), Error> {
    let store = desk.store();
    let reading = store.read();
    let refused = |code| Err(Error::refused(code, request.number.clone()));
    let Some(old) = reading.replaced_request(request.id)? else {
        return refused("temporary-without-hold");
    };
    if reading.is_temporary(old)? {
        return refused("temporary-second");
    }
    let held = reading.live_certificates(old)?;
    let mut suspended = false;
    for certificate in held
        .iter()
        .filter(|row| row.state == CertificateState::Hold)
    {
        let ukey = reading.ukey(&certificate.ukey)?;
        suspended |= ukey.is_some_and(|ukey| ukey.state == UkeyState::Suspended);
    }
    if suspended {
        Ok(())
    } else {
        refused("temporary-without-hold")
    }
}

/// Whether a temporary ukey is needed still at hand-out: nothing that it stands in for counts.
///
/// # Errors
/// `temporary-not-needed`.
pub(super) fn demand_needed(reading: &Reading<'_>, request: RequestId) -> Result<(), Error> {
    let Some(old) = reading.replaced_request(request)? else {
        return Ok(());
    };
    let live = reading.live_certificates(old)?;
    match live
        .iter()
        .find(|row| row.state == CertificateState::Active)
    {
        Some(found) => Err(Error::refused("temporary-not-needed", found.ukey.as_str())),
        None => Ok(()),
    }
}

/// The certificates of temporary ukeys that stand in for this ukey, which is found.
pub(super) fn standing_in(
    reading: &Reading<'_>,
    on_it: &[CertificateRow],
) -> Result<Vec<CertificateRow>, StoreError> {
    let mut standing = Vec::new();
    for held in on_it {
        for other in reading.replacements(&reading.request(held.request)?)? {
            if reading.is_temporary(other.id)? {
                standing.extend(reading.live_certificates(other.id)?);
            }
        }
    }
    Ok(standing)
}

/// Ends what stood in, in the transaction of the act that ends the need for it.
pub(super) fn end(
    writing: &Writing<'_>,
    standing: &[CertificateRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    for certificate in standing {
        writing.revoke_for_good(&certificate.serial, RevocationReason::Superseded, now)?;
        losses::close_request(writing, certificate.request)?;
    }
    Ok(())
}

/// Whether what was made on a ukey last is temporary.
///
/// # Errors
/// What the store says.
pub fn is_temporary(desk: &Desk, officer: &ActingOfficer, serial: &Serial) -> Result<bool, Error> {
    officer.demand(Duty::ReadRecords)?;
    let run = desk.store().read().last_run_on(serial)?;
    Ok(run.is_some_and(|run| run.temporary.is_some()))
}
