//! A holder changes the user PIN of a ukey at the desk; a hold that waited for it ends (D-37, D-59).

use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateSerial, CertificateState};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::domain::request::RequestForm;
use crate::domain::ukey::{Expected, Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::sign_in::{self, AskUserPin, PinQuestion};
use crate::station::{ActingOfficer, bench, clock};
use crate::store::{RequestRow, RunRow, UkeyRow};
use crate::token::worker::Worker;

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
    let mut at_ukey = AtUkey::find(desk, &subject.ukey)?;
    let pins = ask_pins(desk, &subject, ask)?;
    at_ukey.look()?; // It may have been pulled, or another one plugged in, while the holder typed.
    let mut audit = subject.audit(officer);
    if let Err(error) = set(desk, serial, &mut at_ukey, &pins) {
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

/// Which ukey it is, and for whom it was made.
struct Subject {
    ukey: UkeyRow,
    run: RunRow,
    request: RequestRow,
    /// The holder's own numbers are in it; purged forms have none (D-51).
    form: Option<RequestForm>,
    certificate: CertificateSerial,
}

impl Subject {
    fn read(desk: &Desk, serial: &Serial) -> Result<Self, Error> {
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
        })
    }

    fn audit(&self, officer: &ActingOfficer) -> AuditRow {
        let mut audit = Desk::audit_row(officer, "pin-changed");
        audit.request = Some(self.request.id.to_string());
        audit.ukey = Some(self.ukey.identity.serial.as_str().to_owned());
        audit.certificate = Some(self.certificate.to_string());
        audit
    }
}

/// The ukey with its worker, not logged in.
struct AtUkey {
    worker: Worker,
    expected: Expected,
    serial: Serial,
}

impl AtUkey {
    fn find(desk: &Desk, ukey: &UkeyRow) -> Result<Self, Error> {
        let serial = ukey.identity.serial.clone();
        let expected = Expected::from(&ukey.reported());
        let spec = bench::find(desk, ukey, &expected)?;
        let spec = spec.ok_or_else(|| Error::refused("ukey-not-inserted", serial.as_str()))?;
        let worker = Worker::start(&spec).map_err(|fault| told(&serial, fault))?;
        let mut at_ukey = Self {
            worker,
            expected,
            serial,
        };
        at_ukey.look()?;
        Ok(at_ukey)
    }

    /// Looks whether it is the ukey and whether its PIN can be tried, without login.
    fn look(&mut self) -> Result<(), Error> {
        let reading = self.worker.identify(self.expected.clone());
        let reading = reading.map_err(|fault| told(&self.serial, fault))?;
        if reading.flags.user_pin_locked {
            return Err(Error::refused("ukey-locked", self.serial.as_str()));
        }
        Ok(())
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
    let question = PinQuestion {
        request: &subject.request.number,
        holder: &subject.request.holder_name,
        serial,
        policy: desk.profile(&subject.ukey.profile)?.pin_policy(),
        refused: None,
    };
    let typed = ask.present_user_pin(&question).ok_or_else(not_typed)?;
    let present = Pin::parse(typed.expose())
        .map_err(|error| Error::refused("pin-malformed", serial.as_str()).because(error))?;
    let personal = subject.form.as_ref().map(RequestForm::personal_numbers);
    let personal = personal.as_ref().map_or(&[][..], |numbers| numbers);
    let new = sign_in::new_user_pin(ask, question, personal, Some(&present));
    Ok(Pins {
        present,
        new: new.ok_or_else(not_typed)?,
    })
}

/// Sets the PIN. Where the practice secrets name this ukey's, they have the new one before the ukey
/// does, and the old one back if the ukey kept it.
fn set(desk: &Desk, serial: &Serial, at_ukey: &mut AtUkey, pins: &Pins) -> Result<(), Error> {
    let named = keep_in_secrets(desk, serial, &pins.new)?;
    let Err(fault) = at_ukey.worker.set_user_pin(&pins.present, &pins.new) else {
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

/// A fault with the ukey it is about.
fn told(serial: &Serial, fault: Fault) -> Error {
    Error::failed(fault.kind.word(), format!("{serial}: {fault}")).because(fault)
}
