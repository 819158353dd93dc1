//! The step that makes the certificate: intent, submission, check, each committed before the next
//! (D-36).

use std::sync::PoisonError;

use super::perform::{refuse, wrong_answer};
use super::session::{Session, Stop};
use crate::domain::certificate::{
    CertificateSerial, CertificateState, CertificateSubject, Generation, IssueIntent,
};
use crate::domain::request::RequestState;
use crate::issuing::check::{self, CertificateFault, CheckedCertificate};
use crate::issuing::connector::{
    Answer, Connector as _, ConnectorError, EmbeddedCa, FileExchange, Submission,
};
use crate::issuing::csr::CheckedCsr;
use crate::issuing::profile::CertificateProfile;
use crate::keys::random;
use crate::station::authorities::Issuer;
use crate::station::ca_key::CaFailure;
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{people, temporary};
use crate::store::{CertificateRow, IntentRow, StoreError};
use crate::workflow::journal::{Failure, Finding};

impl Session<'_> {
    /// Intent, certificate, check: each committed before the next (D-36).
    pub(super) fn issue(&mut self) -> Result<Finding, Stop> {
        let intent = self.intent()?;
        let stored = self.desk.store().read().certificate_of_run(self.id)?;
        if let Some(row) = stored {
            let checked = self.check_stored(&row, &intent)?;
            self.certificate = Some(checked.map_err(|_fault| refuse("certificate-differs"))?);
            return Ok(Finding::Done);
        }
        let Issuer {
            authority,
            generation,
            ..
        } = self.desk.issuer()?;
        let csr = self.desk.store().read().csr(self.id)?;
        let csr = csr.ok_or_else(|| wrong_answer("no certificate request"))?;
        let csr =
            CheckedCsr::check(&csr, &self.public_key()?).map_err(|_fault| refuse("csr-refused"))?;
        let desk = self.desk;
        // Held until the certificate is counted: two lanes never share the last one of an unlock.
        let mut ca_key = desk.ca_key.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sign = |message: &[u8]| ca_key.sign(desk, message);
        let mut ca = EmbeddedCa {
            authority: &authority,
            sign: &mut sign,
        };
        let submission = Submission {
            csr: &csr,
            subject: &intent.subject,
            intent: &intent.intent,
        };
        let answer = if desk.ca_is_elsewhere()? {
            let answer = FileExchange.submit(submission);
            answer.map_err(|error| Error::failed("ca-failed", error.to_string()))?
        } else {
            ca.submit(submission).map_err(ca_stop)?
        };
        match answer {
            Answer::Pending => {
                self.wait_for_ca()?;
                Ok(Finding::Pending)
            }
            Answer::Issued(der) => {
                let checked =
                    CheckedCertificate::check(&der, &authority, &intent.subject, &intent.intent);
                let checked = checked.map_err(|_fault| refuse("certificate-differs"))?;
                self.keep_certificate((&checked, generation), &intent)?;
                self.certificate = Some(checked);
                Ok(Finding::Done)
            }
        }
    }

    /// Notes that the request waits for the CA (待下载).
    fn wait_for_ca(&mut self) -> Result<(), Stop> {
        let (id, from) = (self.request.id, self.request.state);
        if from != RequestState::Pending {
            let store = &mut self.desk.store();
            store.write(|writing| writing.move_request(id, from, RequestState::Pending))?;
            self.request.state = RequestState::Pending;
        }
        Ok(())
    }

    /// The intent of this run: the stored one, or a new one from the approved record, verified now.
    fn intent(&mut self) -> Result<IntentRow, Stop> {
        let key = self.public_key()?;
        if let Some(row) = self.desk.store().read().intent(self.id)? {
            return if row.intent.public_key == key {
                Ok(row)
            } else {
                Err(wrong_answer("another key than the one that was submitted"))
            };
        }
        if self.desk.store().read().is_key_of_unknown(&key)? {
            return Err(refuse("key-seen-before")); // Certified after the backup that was restored.
        }
        self.verify_approval()?;
        let authority = self.desk.authority()?;
        if self.temporary.is_some() {
            // It may have been found since the run began.
            temporary::demand_other_on_hold(self.desk, &self.request)
                .map_err(|error| refuse(error.code))?;
        }
        if self.renewal.is_some() {
            self.old_certificate()?;
        }
        let now = clock::now();
        let (not_before, not_after) = match self.temporary {
            None => CertificateProfile::DEFAULT.dates(now),
            Some(days) => (now, now.plus_days(days.get().into())),
        };
        let serial = CertificateSerial::from_random(random::bytes().map_err(Error::from)?);
        let intent = IssueIntent {
            serial,
            not_before,
            not_after,
            public_key: key,
        };
        authority
            .covers(intent.not_after)
            .map_err(|_end| refuse("certificate-outlives-ca"))?;
        let form = self.approved()?.form().clone();
        let (run, request) = (self.id, self.request.id);
        let person = people::person_hash(self.desk, &form.id_number)?;
        let pseudonym: [u8; 10] = random::bytes().map_err(Error::from)?;
        let mut audit = Desk::audit_row(self.officer, "certificate-asked");
        audit.request = Some(request.to_string());
        audit.ukey = Some(self.ukey.identity.serial.as_str().to_owned());
        audit.certificate = Some(intent.serial.to_string());
        let committed = self.desk.store().act(&audit, |writing| {
            let pseudonym = if let Some(known) = writing.pseudonym(form.unit, &person)? {
                known
            } else {
                let new = hex::encode_upper(pseudonym);
                writing.insert_pseudonym(form.unit, &person, &new)?;
                new
            };
            let unit = writing.unit(form.unit)?;
            let subject = CertificateSubject {
                province: unit.province,
                prefecture: unit.prefecture,
                unit: unit.name,
                unit_code: unit.code.into(),
                user_types: form.user_types().join("、"),
                name: form.name.as_str().to_owned(),
                pseudonym,
            };
            let row = IntentRow {
                run,
                request,
                intent,
                subject,
            };
            writing.insert_intent(&row)?;
            Ok(row)
        });
        committed.map_err(|error| match error {
            StoreError::Constraint(_) => refuse("key-seen-before"),
            other => other.into(),
        })
    }

    fn keep_certificate(
        &self,
        (checked, generation): (&CheckedCertificate, Generation),
        intent: &IntentRow,
    ) -> Result<(), Stop> {
        let row = CertificateRow {
            serial: checked.serial().clone(),
            run: self.id,
            request: self.request.id,
            ukey: self.ukey.identity.serial.clone(),
            subject: check::subject_text(checked.der()).unwrap_or_default(),
            not_before: intent.intent.not_before,
            not_after: intent.intent.not_after,
            der: checked.der().to_vec(),
            state: CertificateState::Active,
            reason: None,
            revoked_at: None,
            generation,
        };
        let mut audit = Desk::audit_row(self.officer, "certificate-issued");
        audit.request = Some(row.request.to_string());
        audit.ukey = Some(row.ukey.as_str().to_owned());
        audit.certificate = Some(row.serial.to_string());
        self.desk.store().act(&audit, |writing| {
            writing.insert_certificate(&row, clock::now())?;
            writing.spend_ca_unlock()
        })?;
        Ok(())
    }

    /// A stored certificate, checked again. A CA elsewhere may have given serial number and dates.
    fn check_stored(
        &self,
        row: &CertificateRow,
        IntentRow {
            intent, subject, ..
        }: &IntentRow,
    ) -> Result<Result<CheckedCertificate, CertificateFault>, Error> {
        let Issuer { authority, .. } = self.desk.issuer_of(row.generation)?;
        Ok(if self.desk.ca_is_elsewhere()? {
            CheckedCertificate::check_issued(&row.der, &authority, subject, intent)
        } else {
            CheckedCertificate::check(&row.der, &authority, subject, intent)
        })
    }

    /// The run's certificate, checked again from the stored bytes where it is not at hand.
    pub(super) fn checked_certificate(&mut self) -> Result<CheckedCertificate, Stop> {
        if self.certificate.is_none() {
            let missing = || Error::failed("store-damaged", "certificate of the run");
            let (row, intent) = {
                let store = self.desk.store();
                let reading = store.read();
                (
                    reading.certificate_of_run(self.id)?,
                    reading.intent(self.id)?,
                )
            };
            let (row, intent) = (row.ok_or_else(missing)?, intent.ok_or_else(missing)?);
            let checked = self.check_stored(&row, &intent)?;
            self.certificate = Some(checked.map_err(|error| missing().because(error))?);
        }
        self.certificate
            .clone()
            .ok_or_else(|| refuse("certificate-differs"))
    }
}

fn ca_stop(error: ConnectorError<CaFailure>) -> Stop {
    match error {
        ConnectorError::Key(CaFailure::Locked) => Stop::Failure(Failure::CaLocked),
        // Not the target ukey's fault: its run waits until the CA works again.
        ConnectorError::Key(CaFailure::Fault(fault)) => {
            tracing::error!(%fault, "the CA's token failed");
            refuse("ca-failed")
        }
        ConnectorError::Key(CaFailure::Error(error)) => error.into(),
        ConnectorError::OutlivesAuthority(_) => refuse("certificate-outlives-ca"),
        ConnectorError::Encoding(text) => Error::failed("ca-failed", text).into(),
    }
}
