//! The steps of a renewal that a first making has not (D-47): the old key and certificate are looked at,
//! proven, and destroyed once the new ones stand in for them.

use super::perform::{refuse, wrong_answer};
use super::session::{Session, Stop};
use crate::domain::certificate::{CertificateState, RevocationReason};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::RunId;
use crate::domain::key::{KeyId, PublicKeyDer};
use crate::domain::pin::Pin;
use crate::domain::request::RequestState;
use crate::domain::ukey::{Serial, UkeyState};
use crate::issuing::profile::CertificateProfile;
use crate::keys::unit_pki;
use crate::station::ca_key::{self, CaFailure};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{losses, renew};
use crate::station::sign_in::PinQuestion;
use crate::station::{ErrorKind, clock};
use crate::store::{CertificateRow, RunRow};
use crate::workflow::journal::{Failure, Finding, KeyOrder, Making};
use crate::workflow::step::Step;

/// What a renewal replaces.
#[derive(Clone, Debug)]
pub(super) struct Renewal {
    /// The certificate whose key goes.
    pub(super) old: CertificateRow,
    /// The run that made the ukey: its label stands on it.
    pub(super) made_by: RunId,
}

impl Renewal {
    /// The renewal that this run is; `None` of one that makes a ukey.
    pub(super) fn of(desk: &Desk, run: &RunRow) -> Result<Option<Self>, Error> {
        let Some(old) = &run.renews else {
            return Ok(None);
        };
        let damaged = || Error::failed("store-damaged", run.id.to_string());
        let old = desk.store().read().certificate(old)?;
        let made_by = made_by(desk, &run.ukey)?;
        Ok(Some(Self {
            old: old.ok_or_else(damaged)?,
            made_by: made_by.ok_or_else(damaged)?,
        }))
    }

    /// `CKA_ID` of the old key.
    const fn old_id(&self) -> KeyId {
        KeyId::of_run(self.old.run)
    }
}

/// What a job refuses stops the step; what the station cannot do stops the run.
fn refused(error: Error) -> Stop {
    match error.kind {
        ErrorKind::Refused => refuse(error.code),
        _ => error.into(),
    }
}

/// The run that made a ukey out of a blank.
pub(super) fn made_by(desk: &Desk, ukey: &Serial) -> Result<Option<RunId>, Error> {
    let run = desk.store().read().run_that_made(ukey)?;
    Ok(run.map(|run| run.id))
}

impl Session<'_> {
    fn renewal(&self) -> Result<&Renewal, Stop> {
        let damaged = || Error::failed("journal-damaged", self.id.to_string()).into();
        self.renewal.as_ref().ok_or_else(damaged)
    }

    /// Whether the ukey is its holder's still, who is the one of the request, and its certificate counts;
    /// without login.
    pub(super) fn check_renewal(&mut self) -> Result<Finding, Stop> {
        self.worker()?;
        let old = &self.renewal()?.old;
        let (ukey, certificate, same_holder) = {
            let store = self.desk.store();
            let reading = store.read();
            (
                reading.ukey(&self.ukey.identity.serial)?,
                reading.certificate(&old.serial)?,
                renew::demand_same_holder(&reading, &self.request, old),
            )
        };
        same_holder.map_err(refused)?;
        if ukey.is_none_or(|row| row.state != UkeyState::HandedOut) {
            return Err(refuse("ukey-not-handed-out"));
        }
        match certificate.map(|row| row.state) {
            Some(CertificateState::Active) => {}
            Some(CertificateState::Hold) => return Err(refuse("certificate-on-hold")),
            _ => return Err(refuse("certificate-revoked")),
        }
        let label = self.label();
        let reading = self.reading.as_ref();
        let reading = reading.ok_or_else(|| refuse("ukey-removed"))?;
        if reading.label != label.as_str() || !reading.flags.user_pin_initialized {
            return Err(refuse("ukey-not-as-made"));
        }
        if reading.flags.user_pin_locked {
            return Err(refuse("ukey-locked"));
        }
        if self.run.plan().making == Making::Renewal(KeyOrder::OldFirst) {
            self.demand_ca()?;
        }
        Ok(Finding::Done)
    }

    /// Nothing is destroyed for a certificate that the CA would not sign now. The clock was looked at with the
    /// approval.
    fn demand_ca(&self) -> Result<(), Stop> {
        let authority = self.desk.authority().map_err(refused)?;
        let (_from, not_after) = CertificateProfile::DEFAULT.dates(clock::now());
        authority
            .covers(not_after)
            .map_err(|_end| refuse("certificate-outlives-ca"))?;
        if self.desk.ca_is_elsewhere()? {
            return Ok(()); // The holder was told that it takes as long as the answer.
        }
        ca_key::demand_released(self.desk).map_err(|failure| match failure {
            CaFailure::Locked => refuse("ca-locked"),
            CaFailure::Fault(fault) => fault.into(),
            CaFailure::Error(error) => error.into(),
        })
    }

    /// Login with the PIN that the ukey has. The station keeps it in no file: in each session the holder
    /// types it anew, and one that was not proven right is never tried again by itself (D-37).
    pub(super) fn log_in_as_holder(&mut self) -> Result<Finding, Stop> {
        let pin = match self.proven_pin.take() {
            Some(pin) => pin,
            None => self.present_pin()?,
        };
        self.worker()?.log_in(&pin)?;
        self.proven_pin = Some(pin);
        Ok(Finding::Done)
    }

    fn present_pin(&self) -> Result<Pin, Stop> {
        if let Some(pin) = self.given_pin() {
            return Ok(pin);
        }
        let question = PinQuestion {
            request: &self.request.number,
            holder: &self.request.holder_name,
            serial: &self.ukey.identity.serial,
            policy: self.profile.pin_policy(),
            refused: None,
        };
        let typed = self.clerk.pins.present_user_pin(&question);
        let typed = typed.ok_or(Stop::Failure(Failure::PinNotTyped))?;
        Pin::parse(typed.expose()).map_err(|_no_pin| refuse("pin-malformed"))
    }

    /// The old key pair and its certificate are on the ukey, with no other key beside them, and the key
    /// signs: whoever asks for the renewal holds what is renewed.
    pub(super) fn prove_old(&mut self) -> Result<Finding, Stop> {
        let renewal = self.renewal()?;
        let (id, der) = (renewal.old_id(), renewal.old.der.clone());
        let key: PublicKeyDer = unit_pki::public_key_of(&der)
            .map_err(|error| Error::failed("store-damaged", error.to_string()))?;
        let objects = self.worker()?.inventory()?;
        let is_old = |found: &[u8]| found == id.as_bytes();
        let alone = matches!(objects.private_keys.as_slice(), [found] if is_old(found))
            && matches!(objects.public_keys.as_slice(), [(found, Some(read))]
                if is_old(found) && *read == key);
        let certified = objects
            .certificates
            .iter()
            .any(|(found, read)| is_old(found) && *read == der);
        if !alone || !certified {
            return Err(if self.run.is_opened() {
                Fault::new(FaultKind::ObjectMissing).into()
            } else {
                refuse("ukey-not-as-made")
            });
        }
        self.sign_nonce("renewal", (id, &key))?;
        Ok(Finding::Done)
    }

    /// The certificate that a renewal replaces, as long as nobody but this run has revoked it: it may have been
    /// security, since the renewal was begun.
    pub(super) fn old_certificate(&self) -> Result<CertificateRow, Stop> {
        let serial = &self.renewal()?.old.serial;
        let old = self.desk.store().read().certificate(serial)?;
        let old = old.ok_or_else(|| Error::failed("store-damaged", serial.to_string()))?;
        let again = self.run.is_tried_again(Step::RevokeOld);
        let own = again && old.reason == Some(RevocationReason::Superseded);
        if old.state == CertificateState::Revoked && !own {
            return Err(refuse("certificate-revoked"));
        }
        Ok(old)
    }

    /// The new certificate stands in for the old one from here on; it must count itself.
    pub(super) fn revoke_old(&mut self) -> Result<Finding, Stop> {
        let new = self.desk.store().read().certificate_of_run(self.id)?;
        if new.is_none_or(|row| row.state != CertificateState::Active) {
            return Err(refuse("certificate-revoked"));
        }
        let old = self.old_certificate()?;
        if old.state != CertificateState::Revoked {
            let reason = RevocationReason::Superseded;
            let mut audit = Desk::audit_row(self.officer, "certificate-revoked");
            audit.request = Some(old.request.to_string());
            audit.ukey = Some(old.ukey.to_string());
            audit.certificate = Some(old.serial.to_string());
            audit.detail = Some(format!("{}; {}", reason.word(), self.id));
            let now = audit.at;
            self.desk.store().act(&audit, |writing| {
                writing.revoke_for_good(&old.serial, reason, now)?;
                losses::close_request(writing, old.request)
            })?;
        }
        Ok(Finding::Done)
    }

    pub(super) fn destroy_old(&mut self) -> Result<Finding, Stop> {
        let id = self.renewal()?.old_id();
        self.worker()?.destroy_objects(id)?;
        Ok(Finding::Done)
    }

    /// Reads the ukey once more: nothing stands under the old id, the old certificate is nowhere, and the
    /// only key is the new one, where it is made already.
    pub(super) fn prove_gone(&mut self) -> Result<Finding, Stop> {
        let renewal = self.renewal()?;
        let (old_id, old_der) = (renewal.old_id(), renewal.old.der.clone());
        let made = self.run.is_done(Step::GenerateKeyPair);
        let new_id = self.key_id();
        let objects = self.worker()?.inventory()?;
        let expected: &[&[u8]] = if made {
            &[new_id.as_bytes().as_slice()]
        } else {
            &[]
        };
        let alone = objects
            .private_keys
            .iter()
            .map(Vec::as_slice)
            .eq(expected.iter().copied())
            && objects
                .public_keys
                .iter()
                .map(|(id, _key)| id.as_slice())
                .eq(expected.iter().copied());
        let certified = objects
            .certificates
            .iter()
            .any(|(id, der)| id == old_id.as_bytes() || *der == old_der);
        if alone && !certified {
            Ok(Finding::Done)
        } else {
            Err(wrong_answer("objects of the old key are on the ukey still"))
        }
    }

    /// What this run itself has made on the ukey, and nothing else.
    pub(super) fn clear_keys(&mut self) -> Result<Finding, Stop> {
        let id = self.key_id();
        self.worker()?.destroy_objects(id)?;
        Ok(Finding::Done)
    }

    /// The ukey never left its holder: it stands under the new request, handed out.
    pub(super) fn record_renewal(&mut self) -> Result<Finding, Stop> {
        // Before the run ends: after a crash it is done again, and no revocation is forgotten.
        self.publish();
        let (id, now, request) = (self.id, clock::now(), &self.request);
        let serial = &self.ukey.identity.serial;
        let old = &self.renewal()?.old.serial;
        let mut audit = Desk::audit_row(self.officer, "certificate-renewed");
        audit.request = Some(request.id.to_string());
        audit.ukey = Some(serial.as_str().to_owned());
        audit.certificate = self.certificate_serial();
        audit.detail = Some(format!("replaces {old}, whose key is destroyed; {id}"));
        self.desk.store().act(&audit, |writing| {
            writing.insert_slip(id, serial)?;
            writing.hand_out_slip(id, self.officer.name(), now)?;
            writing.move_request(request.id, request.state, RequestState::Issued)?;
            writing.move_request(request.id, RequestState::Issued, RequestState::HandedOut)?;
            writing.put_ukey_under(serial, request.id)?;
            writing.end_run(id, "proven", now)
        })?;
        Ok(Finding::Done)
    }

    /// The renewal is given up: a certificate that was issued in it is revoked, and its approval can be
    /// used again.
    pub(super) fn record_giving_up(&mut self) -> Result<(), Error> {
        let (id, now) = (self.id, clock::now());
        let live = self.live_certificate()?;
        let request = self.desk.store().read().request(self.request.id)?;
        let mut audit = Desk::audit_row(self.officer, "renewal-given-up");
        audit.request = Some(request.id.to_string());
        audit.ukey = Some(self.ukey.identity.serial.to_string());
        audit.certificate = live.as_ref().map(|row| row.serial.to_string());
        audit.detail = Some(id.to_string());
        self.act_and_store(&audit, |writing| {
            if let Some(row) = &live {
                let reason = RevocationReason::CessationOfOperation;
                writing.revoke_for_good(&row.serial, reason, now)?;
            }
            writing.move_request(request.id, request.state, RequestState::Approved)?;
            writing.end_run(id, "given-up", now)
        })?;
        if live.is_some() {
            self.publish();
        }
        Ok(())
    }
}
