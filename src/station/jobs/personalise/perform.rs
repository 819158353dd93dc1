//! What each step of a run does: plain straight-line code. Which step comes next is the machine's
//! to say.

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::RunId;
use crate::domain::key::PublicKeyDer;
use crate::domain::pin::{Pin, PinAlphabet};
use crate::domain::request::RequestState;
use crate::domain::ukey::{TokenFlags, UkeyState};
use crate::issuing::SignError;
use crate::issuing::check::{self};
use crate::issuing::csr::{self, CheckedCsr};
use crate::keys::random;
use crate::keys::secret::SecretKey;
use crate::station::bench::{self, Unusable};
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{approvals, clock_check, older_records};
use crate::station::sign_in::{self, PinQuestion};
use crate::station::ukey_pins::{self, UkeyPins};
use crate::store::{Proof, StoreError};
use crate::workflow::journal::{
    CertificatesSeen, Failure, Finding, KeysSeen, LabelSeen, ObjectsFound, PinSeen, PinSource,
    Probe, SoPinFound, TriesSeen,
};
use crate::workflow::step::Step;

use super::session::{Session, Stop};

/// Digits of a random user PIN.
const USER_PIN_DIGITS: usize = 8;

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failure(Failure::Ukey(fault))
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Error(error.into())
    }
}

pub(super) fn refuse(code: &str) -> Stop {
    Stop::Failure(Failure::Refused {
        code: code.to_owned(),
    })
}

pub(super) fn wrong_answer(detail: &str) -> Stop {
    Fault::new(FaultKind::WrongAnswer)
        .with_detail(detail)
        .into()
}

impl Session<'_> {
    /// Does one step.
    pub(super) fn perform(&mut self, step: Step) -> Result<Finding, Stop> {
        match step {
            Step::VerifyApproval => self.verify_approval(),
            Step::Identify => self.worker().map(|_worker| Finding::Done),
            Step::CheckBlank => self.check_blank(),
            Step::SealPins => self.seal_pins(),
            Step::InitToken => self.init_token(),
            Step::SetSoPin => self.set_so_pin(),
            Step::InitUserPin => self.init_user_pin(),
            Step::LogIn => self.log_in(),
            Step::GenerateKeyPair => self.generate_key_pair(),
            Step::ReadAttributes => self.read_attributes(),
            Step::MakeCsr => self.make_csr(),
            Step::ProvePossession => self.prove_possession(),
            Step::Issue => self.issue(),
            Step::WriteCertificate => self.write_certificate(),
            Step::WriteChain => self.write_chain(),
            Step::ReadBack => self.read_certificate_back(),
            Step::ProveCertificate => self.prove_certificate(),
            Step::EraseSecrets => self.erase_secrets(),
            Step::Slip => self.record_slip(),
            Step::Probe => self.probe(),
            Step::FindSoPin => self.find_so_pin(),
            Step::Inventory => self.inventory(),
            Step::ClearCertificates => self.clear_certificates(),
        }
    }

    pub(super) fn verify_approval(&mut self) -> Result<Finding, Stop> {
        self.check_clock()?;
        if !older_records::noticed(self.desk)?.is_empty() {
            return Err(refuse("records-older"));
        }
        match approvals::verify(self.desk, &self.request) {
            Ok(approved) => {
                self.approved = Some(approved);
                Ok(Finding::Done)
            }
            Err(error) if error.kind == crate::station::ErrorKind::Refused => {
                Err(refuse(error.code))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// D-61: nothing is issued under a clock that cannot be right.
    fn check_clock(&self) -> Result<(), Stop> {
        if clock_check::look(self.desk)?.plausible {
            Ok(())
        } else {
            Err(refuse("clock-implausible"))
        }
    }

    fn check_blank(&mut self) -> Result<Finding, Stop> {
        self.worker()?;
        let record = self.desk.store().read().ukey(&self.ukey.identity.serial)?;
        let reading = self
            .reading
            .as_ref()
            .ok_or_else(|| refuse("ukey-removed"))?;
        let usable = bench::usable(
            self.profile,
            record.as_ref(),
            reading,
            Some(self.request.id),
        );
        if usable == Err(Unusable::RecordsOlder) {
            older_records::notice(self.desk, self.officer, &self.ukey.identity.serial)?;
        }
        usable.map_err(|unusable| refuse(unusable.code()))?;
        self.check_given_pin()?;
        Ok(Finding::Done)
    }

    /// A PIN that the practice secrets name is judged before anything is begun.
    fn check_given_pin(&mut self) -> Result<(), Stop> {
        let Some(pin) = self.given_pin() else {
            return Ok(());
        };
        let policy = self.profile.pin_policy();
        let form = self.approved()?.form();
        pin.check(&policy, &form.personal_numbers())
            .map_err(|_weak| refuse("pin-weak"))
    }

    /// The user PIN that the practice secrets name for this ukey.
    fn given_pin(&self) -> Option<Pin> {
        if self.run.plan().user_pin != PinSource::Secrets {
            return None;
        }
        let secrets = self.desk.secrets();
        let pin = secrets.as_ref()?.user_pin(&self.ukey.identity.serial);
        pin.cloned()
    }

    /// The user PIN as the plan says; `None` leaves it to chance.
    fn chosen_pin(&mut self) -> Result<Option<Pin>, Stop> {
        if self.run.plan().user_pin != PinSource::Holder {
            return Ok(self.given_pin());
        }
        let form = self.approved()?.form().clone();
        let question = PinQuestion {
            request: &self.request.number,
            holder: form.name.as_str(),
            serial: &self.ukey.identity.serial,
            policy: self.profile.pin_policy(),
            refused: None,
        };
        let personal = form.personal_numbers();
        let typed = sign_in::new_user_pin(self.clerk.pins, question, &personal, None);
        typed.map(Some).ok_or(Stop::Failure(Failure::PinNotTyped))
    }

    /// Digits that the holder's own numbers do not give away (D-37).
    fn random_user_pin(&mut self) -> Result<Pin, Stop> {
        let digits = (PinAlphabet::Digits, USER_PIN_DIGITS);
        let policy = self.profile.pin_policy();
        let personal = self.approved()?.form().personal_numbers();
        Ok(ukey_pins::random_user_pin(&policy, digits, &personal)?)
    }

    fn seal_pins(&mut self) -> Result<Finding, Stop> {
        if self.stored_pins()?.is_none() {
            let user_pin = match self.chosen_pin()? {
                Some(pin) => pin,
                None => self.random_user_pin()?,
            };
            let pins = UkeyPins::make(self.profile, user_pin)?;
            let sealed = pins.seal(&purpose(self.id))?;
            let escrowed = self.desk.escrow_key()?.seal(&pins.so_pin);
            let escrowed = escrowed.map_err(|error| Error::failed("escrow", error.to_string()))?;
            let (id, serial, now) = (self.id, &self.ukey.identity.serial, clock::now());
            self.desk.store().write(|writing| {
                writing.insert_run_secrets(id, &sealed)?;
                writing.insert_escrow(serial, id, &escrowed, now)
            })?;
            self.pins = Some(pins);
        }
        if self.run.plan().user_pin == PinSource::Secrets {
            let (serial, user_pin) = (
                self.ukey.identity.serial.clone(),
                self.pins()?.user_pin.clone(),
            );
            if let Some(secrets) = self.desk.secrets().as_mut() {
                secrets.set_user_pin(serial, user_pin);
                secrets.save()?;
            }
        }
        Ok(Finding::Done)
    }

    fn init_token(&mut self) -> Result<Finding, Stop> {
        let (expected, label) = (self.expected(), self.label());
        let so_pin = self.current_so_pin()?;
        let worker = self.worker()?;
        worker.identify(expected)?;
        let reading = worker.init_token(&so_pin, &label)?;
        self.saw(reading)?;
        Ok(Finding::Done)
    }

    fn set_so_pin(&mut self) -> Result<Finding, Stop> {
        let pins = self.pins()?;
        let (old, new) = (pins.old_so_pin.clone(), pins.so_pin.clone());
        self.worker()?.set_so_pin(&old, &new)?;
        self.confirm_so_pin()?;
        Ok(Finding::Done)
    }

    fn find_so_pin(&mut self) -> Result<Finding, Stop> {
        let pins = self.pins()?;
        let (old, new) = (pins.old_so_pin.clone(), pins.so_pin.clone());
        let worker = self.worker()?;
        let found = if worker.try_so_pin(&new)? {
            SoPinFound::New
        } else if worker.try_so_pin(&old)? {
            SoPinFound::Old
        } else {
            SoPinFound::Neither
        };
        if found == SoPinFound::New {
            self.confirm_so_pin()?;
        }
        Ok(Finding::SoPin(found))
    }

    /// The escrowed SO PIN is the ukey's now; the old one need not be kept any longer.
    fn confirm_so_pin(&self) -> Result<(), Stop> {
        let id = self.id;
        Ok(self
            .desk
            .store()
            .write(|writing| writing.confirm_escrow(id))?)
    }

    fn init_user_pin(&mut self) -> Result<Finding, Stop> {
        let so_pin = self.current_so_pin()?;
        let user_pin = self.pins()?.user_pin.clone();
        self.worker()?.init_user_pin(&so_pin, &user_pin)?;
        Ok(Finding::Done)
    }

    fn log_in(&mut self) -> Result<Finding, Stop> {
        let user_pin = self.pins()?.user_pin.clone();
        self.worker()?.log_in(&user_pin)?;
        if self.run.so_pin_is_new() {
            self.confirm_so_pin()?;
        }
        Ok(Finding::Done)
    }

    fn generate_key_pair(&mut self) -> Result<Finding, Stop> {
        let (algorithm, id, label) = (self.algorithm(), self.key_id(), self.label());
        let key = self.worker()?.generate(algorithm, id, &label)?;
        Ok(Finding::Key(key))
    }

    fn read_attributes(&mut self) -> Result<Finding, Stop> {
        let (algorithm, id) = (self.algorithm(), self.key_id());
        let (attributes, key) = self.worker()?.read_key(id)?;
        attributes
            .assert_born_on_token()
            .map_err(|fault| Fault::new(FaultKind::Attribute(fault)))?;
        if attributes.algorithm != Some(algorithm) || key.algorithm() != Some(algorithm) {
            return Err(wrong_answer(
                "the key is of another kind than was asked for",
            ));
        }
        Ok(Finding::Key(key))
    }

    fn make_csr(&mut self) -> Result<Finding, Stop> {
        let (key, id) = (self.public_key()?, self.key_id());
        let worker = self.worker()?;
        let made = csr::make(&key, &mut |message| worker.sign(id, message));
        let der = made.map_err(|error| match error {
            SignError::Key(fault) => fault.into(),
            SignError::Encoding(text) => wrong_answer(&text),
        })?;
        if CheckedCsr::check(&der, &key).is_err() {
            return Err(wrong_answer(
                "the signature of the certificate request does not verify",
            ));
        }
        let run = self.id;
        self.desk
            .store()
            .write(|writing| writing.set_csr(run, &der))?;
        Ok(Finding::Done)
    }

    fn prove_possession(&mut self) -> Result<Finding, Stop> {
        let key = self.public_key()?;
        self.prove("possession", &key)
    }

    /// The ukey signs a nonce that says what it is for (D-58).
    fn prove(&mut self, purpose: &str, key: &PublicKeyDer) -> Result<Finding, Stop> {
        let nonce: [u8; 32] = random::bytes().map_err(Error::from)?;
        let (home, nonce) = (self.desk.id(), hex::encode(nonce));
        let message = format!(
            "ukey-station/{purpose}/v1\n{home}\n{nonce}\n{}\n",
            clock::now()
        );
        let id = self.key_id();
        let signature = self.worker()?.sign(id, message.as_bytes())?;
        if !key.verifies(message.as_bytes(), &signature) {
            return Err(wrong_answer("a signature does not verify"));
        }
        self.proofs.push(Proof {
            purpose: purpose.to_owned(),
            message,
            signature,
        });
        Ok(Finding::Done)
    }

    fn write_certificate(&mut self) -> Result<Finding, Stop> {
        let certificate = self.checked_certificate()?;
        let id = self.key_id();
        if *certificate.key() != self.public_key()? {
            return Err(wrong_answer("the certificate is for another key"));
        }
        self.worker()?.write_certificate(id, certificate.object())?;
        Ok(Finding::Done)
    }

    fn write_chain(&mut self) -> Result<Finding, Stop> {
        if self.profile.certificates.chain {
            let own = self.desk.authority()?.certificate().to_vec();
            let chain = [vec![own], self.desk.ca_chain()?].concat();
            let objects = chain.iter().map(|der| check::object(der));
            let objects: Vec<_> = objects
                .collect::<Result<_, _>>()
                .map_err(|error| Error::failed("store-damaged", error.to_string()))?;
            self.worker()?.write_chain(&objects)?;
        }
        Ok(Finding::Done)
    }

    fn read_certificate_back(&mut self) -> Result<Finding, Stop> {
        let id = self.key_id();
        let expected = self.checked_certificate()?;
        let found = self.worker()?.read_certificates(id)?;
        match found.as_slice() {
            [der] if der == expected.der() => {
                self.read_back = Some(der.clone());
                Ok(Finding::Done)
            }
            [_] => Err(wrong_answer("the certificate on the ukey is another one")),
            [] => Err(Fault::new(FaultKind::ObjectMissing).into()),
            _ => Err(Fault::new(FaultKind::ObjectDuplicate).into()),
        }
    }

    fn prove_certificate(&mut self) -> Result<Finding, Stop> {
        if self.read_back.is_none() {
            self.read_certificate_back()?;
        }
        // The bytes just read are the checked certificate's: its key is the one they certify.
        let key = self.checked_certificate()?.key().clone();
        self.prove("certificate", &key)
    }

    fn erase_secrets(&mut self) -> Result<Finding, Stop> {
        let (id, told_by) = (self.id, self.run.plan().user_pin);
        let letter = match (told_by, self.stored_pins()?) {
            (PinSource::Random, Some(pins)) => {
                let key = SecretKey::generate().map_err(Error::from)?;
                let purpose = super::letter_purpose(id);
                let sealed = key.seal(&purpose, pins.user_pin.expose().as_bytes());
                Some((key, sealed.map_err(Error::from)?))
            }
            (PinSource::Random, None) | (PinSource::Secrets | PinSource::Holder, _) => None,
        };
        self.desk.store().write(|writing| {
            if let Some((key, sealed)) = &letter {
                writing.insert_pin_letter(id, key.expose(), sealed)?;
            }
            writing.erase_run_secrets(id)
        })?;
        self.pins = None;
        Ok(Finding::Done)
    }

    fn record_slip(&mut self) -> Result<Finding, Stop> {
        let (id, now, request) = (self.id, clock::now(), &self.request);
        let serial = &self.ukey.identity.serial;
        let mut audit = Desk::audit_row(self.officer, "ukey-issued");
        audit.request = Some(request.id.to_string());
        audit.ukey = Some(serial.as_str().to_owned());
        audit.certificate = self.certificate_serial();
        audit.detail = Some(id.to_string());
        self.desk.store().act(&audit, |writing| {
            writing.insert_slip(id, serial)?;
            let made = (UkeyState::Personalising, UkeyState::Issued);
            writing.move_ukey(serial, made, Some(request.id), now)?;
            writing.move_request(request.id, request.state, RequestState::Issued)?;
            writing.end_run(id, "proven", now)
        })?;
        Ok(Finding::Done)
    }

    fn probe(&mut self) -> Result<Finding, Stop> {
        let (expected, label) = (self.expected(), self.label());
        let reading = self.worker()?.identify(expected)?;
        let flags = reading.flags;
        let label = if reading.label == label.as_str() {
            LabelSeen::ThisRun
        } else if self.profile.blankness(&reading).is_ok()
            || self.is_locked_blank(&flags, &reading.label)
        {
            LabelSeen::Blank
        } else {
            LabelSeen::Foreign
        };
        self.saw(reading)?;
        let user = if flags.user_pin_locked {
            TriesSeen::Locked
        } else {
            untouched_unless(flags.user_pin_final_try || flags.user_pin_count_low)
        };
        let user_pin = if flags.user_pin_initialized {
            PinSeen::Set(user)
        } else {
            PinSeen::Unset
        };
        let so_pin = if flags.so_pin_locked {
            TriesSeen::Locked
        } else {
            untouched_unless(!flags.so_tries_untouched())
        };
        Ok(Finding::Probed(Probe {
            label,
            user_pin,
            so_pin,
        }))
    }

    /// A blank whose SO PIN is locked is still this run's blank: the lock is what is told.
    fn is_locked_blank(&self, flags: &TokenFlags, label: &str) -> bool {
        flags.so_pin_locked && self.profile.blank.labels.iter().any(|blank| blank == label)
    }

    fn inventory(&mut self) -> Result<Finding, Stop> {
        let id = self.key_id();
        let objects = self.worker()?.inventory()?;
        let is_ours = |found: &[u8]| found == id.as_bytes();
        let keys = match (
            objects.private_keys.as_slice(),
            objects.public_keys.as_slice(),
        ) {
            ([], []) => KeysSeen::Empty,
            ([private], [(public, Some(key))]) if is_ours(private) && is_ours(public) => {
                KeysSeen::Pair(key.clone())
            }
            _ => KeysSeen::Broken,
        };
        let issued = self.desk.store().read().certificate_of_run(self.id)?;
        let ours: Vec<_> = objects
            .certificates
            .iter()
            .filter(|(found, _der)| is_ours(found))
            .collect();
        let certificates = match (ours.as_slice(), issued) {
            ([], _) => CertificatesSeen::Empty,
            ([(_id, der)], Some(row)) if *der == row.der => CertificatesSeen::Ours,
            _ => CertificatesSeen::Wrong,
        };
        Ok(Finding::Objects(ObjectsFound { keys, certificates }))
    }

    fn clear_certificates(&mut self) -> Result<Finding, Stop> {
        let id = self.key_id();
        self.worker()?.clear_certificates(id)?;
        Ok(Finding::Done)
    }

    /// The approval, verified from the stored bytes where this session has not done it yet.
    pub(super) fn approved(&mut self) -> Result<&approvals::ApprovedRequest, Stop> {
        if self.approved.is_none() {
            self.verify_approval()?;
        }
        self.approved
            .as_ref()
            .ok_or_else(|| refuse("request-not-approved"))
    }

    pub(super) fn public_key(&self) -> Result<PublicKeyDer, Stop> {
        self.run
            .public_key()
            .cloned()
            .ok_or_else(|| wrong_answer("no public key"))
    }

    /// The SO PIN that the ukey has as far as the run knows.
    fn current_so_pin(&mut self) -> Result<Pin, Stop> {
        let new = self.run.so_pin_is_new();
        let pins = self.pins()?;
        Ok(if new {
            pins.so_pin.clone()
        } else {
            pins.old_so_pin.clone()
        })
    }

    fn stored_pins(&mut self) -> Result<Option<&UkeyPins>, Stop> {
        if self.pins.is_none() {
            let sealed = self.desk.store().read().run_secrets(self.id)?;
            if let Some(sealed) = sealed {
                self.pins = Some(UkeyPins::open(&purpose(self.id), &sealed).map_err(Error::from)?);
            }
        }
        Ok(self.pins.as_ref())
    }

    fn pins(&mut self) -> Result<&UkeyPins, Stop> {
        let missing = || Error::failed("store-damaged", "secrets of the run").into();
        self.stored_pins()?.ok_or_else(missing)
    }
}

/// What the PINs of a run are sealed for.
fn purpose(run: RunId) -> String {
    format!("ukey-station/run/v1/{run}")
}

const fn untouched_unless(low: bool) -> TriesSeen {
    if low {
        TriesSeen::Low
    } else {
        TriesSeen::Untouched
    }
}
