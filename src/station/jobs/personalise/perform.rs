//! What each step of a run does: plain straight-line code. Which step comes next is the machine's
//! to say.

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::{KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::request::RequestState;
use crate::domain::ukey::{TokenFlags, UkeyState};
use crate::issuing::SignError;
use crate::issuing::check::{self};
use crate::issuing::csr::{self, CheckedCsr};
use crate::keys::random;
use crate::station::bench::{self, Unusable};
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{approvals, clock_check, older_records};
use crate::store::{Proof, StoreError};
use crate::workflow::journal::{
    CertificatesSeen, Failure, Finding, KeysSeen, LabelSeen, ObjectsFound, PinSeen, Probe,
    TriesSeen,
};
use crate::workflow::step::Step;

use super::session::{Session, Stop};

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
            Step::CheckRenewal => self.check_renewal(),
            Step::ProveOld => self.prove_old(),
            Step::RevokeOld => self.revoke_old(),
            Step::DestroyOld => self.destroy_old(),
            Step::ProveGone => self.prove_gone(),
            Step::ClearKeys => self.clear_keys(),
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

    fn init_user_pin(&mut self) -> Result<Finding, Stop> {
        let so_pin = self.current_so_pin()?;
        let user_pin = self.pins()?.user_pin.clone();
        self.worker()?.init_user_pin(&so_pin, &user_pin)?;
        Ok(Finding::Done)
    }

    fn log_in(&mut self) -> Result<Finding, Stop> {
        if self.renewal.is_some() {
            return self.log_in_as_holder();
        }
        let user_pin = self.pins()?.user_pin.clone();
        self.worker()?.log_in(&user_pin)?;
        if self.run.so_pin_is_new() {
            self.confirm_so_pin()?;
        }
        Ok(Finding::Done)
    }

    fn generate_key_pair(&mut self) -> Result<Finding, Stop> {
        let (algorithm, id) = (self.algorithm(), self.key_id());
        let label = TokenLabel::of_run(self.id);
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

    /// The run's own key signs a nonce, which is kept.
    fn prove(&mut self, purpose: &str, key: &PublicKeyDer) -> Result<Finding, Stop> {
        let proof = self.sign_nonce(purpose, (self.key_id(), key))?;
        self.proofs.push(proof);
        Ok(Finding::Done)
    }

    /// A key on the ukey signs a nonce that says what it is for (D-58).
    pub(super) fn sign_nonce(
        &mut self,
        purpose: &str,
        (id, key): (KeyId, &PublicKeyDer),
    ) -> Result<Proof, Stop> {
        let nonce: [u8; 32] = random::bytes().map_err(Error::from)?;
        let (home, nonce) = (self.desk.id(), hex::encode(nonce));
        let message = format!(
            "ukey-station/{purpose}/v1\n{home}\n{nonce}\n{}\n",
            clock::now()
        );
        let signature = self.worker()?.sign(id, message.as_bytes())?;
        if !key.verifies(message.as_bytes(), &signature) {
            return Err(wrong_answer("a signature does not verify"));
        }
        Ok(Proof {
            purpose: purpose.to_owned(),
            message,
            signature,
        })
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
            let stored = self.desk.store().read().certificate_of_run(self.id)?;
            let signed = stored.ok_or_else(|| wrong_answer("no certificate"))?;
            let issuer = self.desk.issuer_of(signed.generation)?;
            let own = issuer.authority.certificate().to_vec();
            let chain = [vec![own], issuer.chain].concat();
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

    fn record_slip(&mut self) -> Result<Finding, Stop> {
        if self.renewal.is_some() {
            return self.record_renewal();
        }
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
        // A renewal makes its key beside another, which is no fault.
        let counts = |found: &[u8]| self.renewal.is_none() || is_ours(found);
        let private = objects.private_keys.iter().filter(|found| counts(found));
        let private: Vec<_> = private.collect();
        let public = objects.public_keys.iter();
        let public: Vec<_> = public.filter(|(found, _key)| counts(found)).collect();
        let keys = match (private.as_slice(), public.as_slice()) {
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
}

const fn untouched_unless(low: bool) -> TriesSeen {
    if low {
        TriesSeen::Low
    } else {
        TriesSeen::Untouched
    }
}
