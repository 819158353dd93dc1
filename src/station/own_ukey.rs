//! The second proof at sign-in (D-58): the ukey that an officer is bound to is plugged in and signs a
//! fresh challenge under the officer's certified key.

use super::desk::Desk;
use super::error::Error;
use super::key_token::{self, CannotOpen, OpenKey};
use super::{clock, signing_key, unit_trust};
use crate::domain::audit::AuditRow;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::PublicKeyDer;
use crate::domain::sign_in_proof::SignInChallenge;
use crate::keys::{random, unit_pki};
use crate::store::{KeyToken, OfficerRow};

/// Evidence that the officer's own ukey answered, or that they are bound to none. Made here alone.
pub(super) struct SecondProof(());

/// Demands that an officer whose passphrase was right is still in office, and the second proof. One
/// worker is started and the ukey's lock is held no longer than that, so that reading commands run beside
/// an open window.
///
/// # Errors
/// As `unit_trust::demand_in_office`; `officer-ukey-missing` when the ukey is not plugged in,
/// `officer-ukey-refused` when it is another one, its PIN was changed, or it did not answer the challenge:
/// each in the audit log, none counted as a wrong passphrase. Or the ukey's fault.
pub(super) fn prove(desk: &Desk, row: &OfficerRow) -> Result<SecondProof, Error> {
    let bound = row.bound_ukey();
    let proven = unit_trust::demand_in_office(desk, row)
        .and_then(|()| bound.map_or(Ok(()), |token| challenge(desk, row, token)));
    let Err(error) = proven else {
        return Ok(SecondProof(()));
    };
    let (name, post) = (row.name.as_str(), row.post.word());
    let mut audit = AuditRow::new(clock::now(), name, Some(post), "sign-in-refused");
    audit.ukey = bound.map(|token| token.identity.serial.as_str().to_owned());
    error.code.clone_into(&mut audit.result);
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    Err(error)
}

fn challenge(desk: &Desk, row: &OfficerRow, token: &KeyToken) -> Result<(), Error> {
    let refused = |why: &str| {
        let subject = format!("{} {}: {why}", row.name, token.identity.serial);
        Error::refused("officer-ukey-refused", subject)
    };
    let key = certified_key(row)?;
    let mut opened = open(desk, row, token)?;
    let challenge = SignInChallenge::new(desk.id(), random::bytes()?, clock::now());
    let signature = opened.sign(&challenge.message());
    let signature = signature.map_err(|fault| told(desk, (row, token), fault))?;
    challenge
        .judge(&key, &signature, clock::now())
        .map_err(|error| refused(&error.to_string()).because(error))?;
    Ok(())
}

/// The officer's own ukey, open; its PIN is tried once, and never again once it was refused (D-37).
///
/// # Errors
/// `officer-ukey-missing`, `officer-ukey-refused`, `officer-ukey-pin`, or its fault.
pub(super) fn open(desk: &Desk, row: &OfficerRow, token: &KeyToken) -> Result<OpenKey, Error> {
    if desk.keys().pin_was_refused(&row.name, token.key_id) {
        let fault = Fault::new(FaultKind::PinIncorrect);
        return Err(told(desk, (row, token), fault));
    }
    let pin = signing_key::pin(desk, row)?;
    let dir = desk.home().officer(row.name.as_str());
    let opened = key_token::open(desk, &dir, token, &pin);
    opened.map_err(|cannot| match cannot {
        CannotOpen::Fault(fault) => told(desk, (row, token), fault),
        CannotOpen::Error(error) => error,
    })
}

/// The key that the officer's certificate names: never what the ukey says of itself.
fn certified_key(row: &OfficerRow) -> Result<PublicKeyDer, Error> {
    let missing = || Error::refused("officer-not-certified", row.name.as_str());
    let damaged = || Error::failed("store-damaged", "officer's certificate");
    let key = unit_pki::public_key_of(row.chain.first().ok_or_else(missing)?);
    key.map_err(|error| damaged().because(error))
}

/// What a fault of the ukey means at sign-in.
fn told(desk: &Desk, (row, token): (&OfficerRow, &KeyToken), fault: Fault) -> Error {
    let subject = format!("{} {}", row.name, token.identity.serial);
    match &fault.kind {
        FaultKind::Removed => Error::refused("officer-ukey-missing", subject).because(fault),
        FaultKind::Swapped { .. }
        | FaultKind::DuplicateSerial
        | FaultKind::PinIncorrect
        | FaultKind::PinLocked
        | FaultKind::ObjectMissing
        | FaultKind::ObjectDuplicate
        | FaultKind::WrongAnswer => {
            if fault.kind == FaultKind::PinIncorrect {
                let noted = desk.home().change_keys(&mut desk.keys(), |keys| {
                    keys.note_pin_refused(&row.name, token.key_id);
                });
                if let Err(error) = noted {
                    return error;
                }
            }
            let why = fault.kind.word();
            Error::refused("officer-ukey-refused", format!("{subject}: {why}")).because(fault)
        }
        FaultKind::Unreadable
        | FaultKind::PinRefused
        | FaultKind::NoRoom
        | FaultKind::Unsupported
        | FaultKind::Attribute(_)
        | FaultKind::Device
        | FaultKind::WorkerDied { .. }
        | FaultKind::Deadline { .. }
        | FaultKind::Protocol
        | FaultKind::ModuleUnusable
        | FaultKind::ModuleChanged
        | FaultKind::Busy => fault.into(),
    }
}
