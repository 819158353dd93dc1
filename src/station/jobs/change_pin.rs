//! A holder changes the user PIN of a ukey at the desk; a hold that waited for it ends (D-37, D-59).

use super::at_ukey::AtUkey;
use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateSerial, CertificateState};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::domain::request::RequestForm;
use crate::domain::ukey::{Serial, UkeyReading, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::sign_in::{self, AskUserPin, PinQuestion};
use crate::station::so_pin::told;
use crate::station::{ActingOfficer, clock};
use crate::store::{RequestRow, RunRow, UkeyRow};

/// What became of the certificate once the PIN was changed.
#[derive(Debug)]
pub struct PinChanged {
    /// Whether the certificate is on hold still, for another reason.
    pub hold: bool,
    /// A hold was lifted; where that reaches the world by the CRL.
    pub lifted: Option<CrlStanding>,
}

/// Has the holder type the present PIN once and the new one twice, and sets it. The present PIN is
/// tried once and never again by the program (D-37). A hold that began at hand-out because the PIN
/// was random ends with it.
///
/// # Errors
/// Before the ukey was tried: `ukey-not-in-stock`, `ukey-not-handed-out`, `ukey-not-inserted`,
/// `ukey-locked`, `pin-not-typed`, `pin-malformed`, and the faults of a look at it. Then
/// `pin-incorrect`, `pin-refused` and other faults that left the PIN as it was, or
/// `pin-change-unknown`.
pub fn change_pin(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &Serial,
    ask: &dyn AskUserPin,
) -> Result<PinChanged, Error> {
    officer.demand(Duty::HandOut)?;
    let subject = Subject::read(desk, serial)?;
    let (mut at_ukey, reading) = AtUkey::reach(desk, &subject.ukey)?;
    demand_not_locked(&reading)?;
    let pins = ask_pins(desk, &subject, ask)?;
    // It may have been pulled, or another one plugged in, while the holder typed.
    demand_not_locked(&at_ukey.look()?)?;
    let mut audit = subject.audit(officer, "pin-changed");
    let worker = &mut at_ukey.worker;
    let set = || worker.set_user_pin(&pins.present, &pins.new);
    if let Err(error) = set_pin(desk, serial, &pins.new, set) {
        error.code.clone_into(&mut audit.result);
        desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
        return Err(error);
    }
    let certificate = &subject.certificate;
    let lifted = desk.store().act(&audit, |writing| {
        writing.lift_hold_of_random_pin(certificate)
    })?;
    let row = desk
        .store()
        .read()
        .certificate_of_run(subject.run.id)?
        .ok_or_else(|| Error::failed("store-damaged", certificate.to_string()))?;
    Ok(PinChanged {
        hold: row.state == CertificateState::Hold,
        lifted: lifted.then(|| ca::publish_after_change(desk)),
    })
}

/// Whether its PIN can be tried.
fn demand_not_locked(reading: &UkeyReading) -> Result<(), Error> {
    if reading.flags.user_pin_locked {
        return Err(Error::refused(
            "ukey-locked",
            reading.identity.serial.as_str(),
        ));
    }
    Ok(())
}

/// Which ukey it is, and for whom it was made.
pub(super) struct Subject {
    pub(super) ukey: UkeyRow,
    pub(super) run: RunRow,
    request: RequestRow,
    /// The holder's own numbers are in it; purged forms have none (D-51).
    form: Option<RequestForm>,
    pub(super) certificate: CertificateSerial,
    pub(super) certificate_state: CertificateState,
}

impl Subject {
    pub(super) fn read(desk: &Desk, serial: &Serial) -> Result<Self, Error> {
        let unknown = || Error::refused("ukey-not-in-stock", serial.as_str());
        let not_out = || Error::refused("ukey-not-handed-out", serial.as_str());
        let store = desk.store();
        let reading = store.read();
        let ukey = reading.ukey(serial)?.ok_or_else(unknown)?;
        if ukey.state != UkeyState::HandedOut {
            return Err(not_out());
        }
        let run = reading.last_run_on(serial)?.ok_or_else(not_out)?;
        let certificate = reading.certificate_of_run(run.id)?.ok_or_else(not_out)?;
        let request = reading.request(run.request)?;
        let fields = reading.request_fields(request.id)?.into_iter();
        let values = fields.map(|(field, row)| (field, row.value)).collect();
        let form = RequestForm::from_fields(request.unit, &values, clock::now().date()).ok();
        Ok(Self {
            ukey,
            run,
            request,
            form,
            certificate: certificate.serial,
            certificate_state: certificate.state,
        })
    }

    /// What the holder is asked.
    fn question(&self, desk: &Desk) -> Result<PinQuestion<'_>, Error> {
        Ok(PinQuestion {
            request: &self.request.number,
            holder: &self.request.holder_name,
            serial: &self.ukey.identity.serial,
            policy: desk.profile(&self.ukey.profile)?.pin_policy(),
            refused: None,
        })
    }

    /// Name of the holder, and what no PIN may quote; the identity number comes last.
    pub(super) fn holder(&self) -> (String, Vec<String>) {
        let numbers = self.form.as_ref().map(RequestForm::personal_numbers);
        let numbers = numbers.into_iter().flatten().map(str::to_owned);
        (self.request.holder_name.clone(), numbers.collect())
    }

    /// Number of the request.
    pub(super) fn number(&self) -> &str {
        &self.request.number
    }

    /// Has the holder type a new PIN twice, another one than `present`.
    pub(super) fn new_pin(
        &self,
        desk: &Desk,
        ask: &dyn AskUserPin,
        present: Option<&Pin>,
    ) -> Result<Pin, Error> {
        let personal = self.form.as_ref().map(RequestForm::personal_numbers);
        let personal = personal.as_ref().map_or(&[][..], |numbers| numbers);
        let new = sign_in::new_user_pin(ask, self.question(desk)?, personal, present);
        let serial = self.ukey.identity.serial.as_str();
        new.ok_or_else(|| Error::usage("pin-not-typed", serial))
    }

    pub(super) fn audit(&self, officer: &ActingOfficer, act: &'static str) -> AuditRow {
        let mut audit = Desk::audit_row(officer, act);
        audit.request = Some(self.request.id.to_string());
        audit.ukey = Some(self.ukey.identity.serial.as_str().to_owned());
        audit.certificate = Some(self.certificate.to_string());
        audit
    }
}

/// Present and new PIN.
struct Pins {
    present: Pin,
    new: Pin,
}

fn ask_pins(desk: &Desk, subject: &Subject, ask: &dyn AskUserPin) -> Result<Pins, Error> {
    let serial = &subject.ukey.identity.serial;
    let not_typed = || Error::usage("pin-not-typed", serial.as_str());
    let typed = ask
        .present_user_pin(&subject.question(desk)?)
        .ok_or_else(not_typed)?;
    let present = Pin::parse(typed.expose())
        .map_err(|error| Error::refused("pin-malformed", serial.as_str()).because(error))?;
    let new = subject.new_pin(desk, ask, Some(&present))?;
    Ok(Pins { present, new })
}

/// Sets the PIN by one call. Where the practice secrets name this ukey's, they have the new one before the
/// ukey does, and the old one back if the ukey kept it.
pub(super) fn set_pin(
    desk: &Desk,
    serial: &Serial,
    new: &Pin,
    set: impl FnOnce() -> Result<(), Fault>,
) -> Result<(), Error> {
    let named = keep_in_secrets(desk, serial, new)?;
    let Err(fault) = set() else {
        return Ok(());
    };
    if !kept_its_pin(&fault) {
        let subject = format!("{serial}: {fault}");
        return Err(Error::failed("pin-change-unknown", subject).because(fault));
    }
    if let Some(old) = named {
        keep_in_secrets(desk, serial, &old)?;
    }
    Err(told(serial, fault))
}

/// Whether the ukey certainly has the PIN it had: a C function has said no.
const fn kept_its_pin(fault: &Fault) -> bool {
    fault.ckr.is_some() && !matches!(fault.kind, FaultKind::Removed)
}

/// Puts the PIN into the practice secrets if they name this ukey; gives the one they had.
fn keep_in_secrets(desk: &Desk, serial: &Serial, pin: &Pin) -> Result<Option<Pin>, Error> {
    let mut secrets = desk.secrets();
    let Some(secrets) = secrets.as_mut().filter(|_| desk.is_practice()) else {
        return Ok(None);
    };
    let Some(old) = secrets.user_pin(serial).cloned() else {
        return Ok(None);
    };
    secrets.set_user_pin(serial.clone(), pin.clone());
    secrets.save()?;
    Ok(Some(old))
}
