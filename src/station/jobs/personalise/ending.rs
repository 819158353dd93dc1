//! How a run ends: proven, refused, given up or written off, each in the transaction of its act.

use super::session::Session;
use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateState, RevocationReason};
use crate::domain::request::RequestState;
use crate::domain::ukey::UkeyState;
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs;
use crate::station::jobs::ca::CrlStanding;
use crate::station::report::Outcome;
use crate::store::{CertificateRow, StoreError, Writing};
use crate::workflow::journal::Failure;
use crate::workflow::run::End;

impl Session<'_> {
    pub(super) fn end(&mut self, end: &End) -> Result<Outcome, Error> {
        match end {
            End::Proven => {
                self.flush()?;
                Ok(Outcome::Issued)
            }
            End::GivenUp => {
                self.record_giving_up()?;
                Ok(Outcome::GivenUp)
            }
            End::Refused(failure) => {
                let mut audit = Desk::audit_row(self.officer, "ukey-refused");
                audit.request = Some(self.request.id.to_string());
                audit.ukey = Some(self.ukey.identity.serial.as_str().to_owned());
                failure_code(failure).clone_into(&mut audit.result);
                if let Failure::Ukey(fault) = failure {
                    audit.detail.clone_from(&fault.ckr);
                }
                self.desk
                    .store()
                    .act(&audit, |_writing| Ok::<_, Error>(()))?;
                Ok(match failure {
                    Failure::Ukey(fault) => Outcome::Fault(fault.clone()),
                    other => Outcome::Refused(failure_code(other).to_owned()),
                })
            }
            End::WrittenOff => {
                self.write_off()?;
                Ok(Outcome::WrittenOff)
            }
        }
    }

    /// Brings the store up to the journal in the transaction of an act.
    pub(super) fn act_and_store(
        &mut self,
        audit: &AuditRow,
        act: impl FnOnce(&Writing<'_>) -> Result<(), StoreError>,
    ) -> Result<(), Error> {
        let (id, first) = (self.id, self.stored);
        let new = self.entries.get(first..).unwrap_or_default();
        self.desk.store().act(audit, |writing| {
            writing.append_journal(id, first, new, audit.at)?;
            act(writing)
        })?;
        self.stored = self.entries.len();
        Ok(())
    }

    /// The run's certificate, where it was issued and counts.
    pub(super) fn live_certificate(&self) -> Result<Option<CertificateRow>, Error> {
        let certificate = self.desk.store().read().certificate_of_run(self.id)?;
        Ok(certificate.filter(|row| row.state != CertificateState::Revoked))
    }

    /// Publishes what was revoked here, or says whose that is.
    pub(super) fn publish(&mut self) {
        self.crl = Some(jobs::ca::publish_after_change(self.desk));
    }

    /// Where a revocation of this session reaches the world.
    pub(super) const fn crl(&self) -> Option<&CrlStanding> {
        self.crl.as_ref()
    }

    /// The ukey is damaged, a certificate that was issued for it revoked, the request approved
    /// again: all in one transaction. Of a renewal the old certificate ends with it, and the request.
    fn write_off(&mut self) -> Result<(), Error> {
        let (id, now) = (self.id, clock::now());
        let serial = self.ukey.identity.serial.clone();
        let request = self.desk.store().read().request(self.request.id)?;
        let live = self.live_certificate()?;
        let old = self.live_old_certificate()?;
        let mut audit = Desk::audit_row(self.officer, "ukey-written-off");
        audit.request = Some(request.id.to_string());
        audit.ukey = Some(serial.as_str().to_owned());
        audit.certificate = live.as_ref().map(|row| row.serial.to_string());
        audit.detail = Some(match &old {
            Some(old) => format!("{id}; revokes {}", old.serial),
            None => id.to_string(),
        });
        let is_renewal = self.renewal.is_some();
        self.act_and_store(&audit, |writing| {
            for row in live.iter().chain(&old) {
                let reason = RevocationReason::CessationOfOperation;
                writing.revoke_certificate(&row.serial, reason, now)?;
            }
            writing.move_request(request.id, request.state, RequestState::Approved)?;
            if let Some(row) = &old {
                jobs::losses::close_request(writing, row.request)?;
            }
            let from = if is_renewal {
                let (from, to) = (RequestState::Approved, RequestState::Withdrawn);
                writing.move_request(request.id, from, to)?;
                UkeyState::HandedOut
            } else {
                UkeyState::Personalising
            };
            writing.move_ukey(&serial, (from, UkeyState::Damaged), Some(request.id), now)?;
            writing.erase_run_secrets(id)?;
            writing.end_run(id, "written-off", now)
        })?;
        if live.is_some() || old.is_some() {
            self.publish();
        }
        Ok(())
    }

    /// The certificate that a renewal replaces, as long as it counts.
    fn live_old_certificate(&self) -> Result<Option<CertificateRow>, Error> {
        let Some(renewal) = &self.renewal else {
            return Ok(None);
        };
        let old = self.desk.store().read().certificate(&renewal.old.serial)?;
        Ok(old.filter(|row| row.state != CertificateState::Revoked))
    }
}

/// The stable code of a failure.
pub(super) fn failure_code(failure: &Failure) -> &str {
    match failure {
        Failure::Ukey(fault) => fault.kind.word(),
        Failure::CaLocked => "ca-locked",
        Failure::PinNotTyped => "pin-not-typed",
        Failure::Refused { code } => code,
    }
}
