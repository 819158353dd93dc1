//! A holder's user PIN is locked or forgotten: security releases the SO PIN once, the holder types a new
//! PIN, and the SO PIN is another one afterwards (D-44).

pub mod remote;

use super::at_ukey::AtUkey;
use super::change_pin::{Subject, set_pin};
use crate::domain::certificate::CertificateState;
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::sign_in::AskUserPin;
use crate::station::so_pin::{Rotated, SoPinRelease, told};

/// What became of the ukey.
#[derive(Debug)]
pub struct Unblocked {
    /// Whether the SO PIN is another one now; false where the model has none that can be set.
    pub so_pin_rotated: bool,
    /// Whether the certificate is on hold still, for another reason than a random PIN.
    pub hold: bool,
    /// A hold was lifted; where that reaches the world by the CRL.
    pub lifted: Option<CrlStanding>,
}

/// Has the holder, whose identity the officer has compared, type a new PIN twice, and sets it with the
/// released SO PIN. An interrupted one is done again: both SO PINs are in escrow until one is proven.
///
/// # Errors
/// `wrong-duty`, `ukey-not-handed-out`, `certificate-revoked`, `ukey-not-inserted`, `so-pin-locked`,
/// `so-pin-touched`, `pin-not-typed`; `so-pin-refused` and faults of the ukey.
pub fn unblock(
    desk: &Desk,
    officer: &ActingOfficer,
    release: &SoPinRelease,
    ask: &dyn AskUserPin,
) -> Result<Unblocked, Error> {
    officer.demand(Duty::HandOut)?;
    let subject = Subject::read(desk, release.serial())?;
    if subject.certificate_state == CertificateState::Revoked {
        let text = subject.certificate.to_string();
        return Err(Error::refused("certificate-revoked", text));
    }
    let (mut at_ukey, _reading) = AtUkey::reach(desk, &subject.ukey)?;
    let new = subject.new_pin(desk, ask, None)?;
    let mut audit = subject.audit(officer, "pin-unblocked");
    audit.detail = Some(release.told());
    let rotated = match set(desk, &mut at_ukey, (release, &subject.ukey.profile), &new) {
        Ok(rotated) => rotated,
        Err(error) => {
            error.code.clone_into(&mut audit.result);
            desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
            return Err(error);
        }
    };
    let certificate = &subject.certificate;
    let lifted = desk.store().act(&audit, |writing| {
        if let Some(rotated) = &rotated {
            release.confirm(writing, rotated)?;
        }
        writing.lift_hold_of_random_pin(certificate)
    })?;
    let row = desk.store().read().certificate_of_run(subject.run.id)?;
    let row = row.ok_or_else(|| Error::failed("store-damaged", certificate.to_string()))?;
    Ok(Unblocked {
        so_pin_rotated: rotated.is_some(),
        hold: row.state == CertificateState::Hold,
        lifted: lifted.then(|| ca::publish_after_change(desk)),
    })
}

/// Sets the PIN, changes the SO PIN, and proves both.
fn set(
    desk: &Desk,
    at_ukey: &mut AtUkey,
    (release, profile): (&SoPinRelease, &str),
    new: &Pin,
) -> Result<Option<Rotated>, Error> {
    // It may have been pulled, or another one plugged in, while the holder typed.
    let reading = at_ukey.look()?;
    let serial = at_ukey.serial.clone();
    let so_pin = release.open(&mut at_ukey.worker, &reading)?;
    let worker = &mut at_ukey.worker;
    set_pin(desk, &serial, new, || worker.init_user_pin(&so_pin, new))?;
    let rotated = release.rotate(desk, worker, (profile, &so_pin))?;
    worker.log_in(new).map_err(|fault| told(&serial, fault))?;
    Ok(rotated)
}
