//! `ukey suspend|lost|found|return|losses|loss-report` and `certificate revoke`: what follows when a ukey
//! is missing, comes back, or counts no more.

use std::path::Path;

use serde_json::{Value, json};

use super::commands::Cli;
use super::objects::{self, Names};
use super::output::Output;
use crate::domain::certificate::RevocationReason;
use crate::domain::loss::LossKind;
use crate::domain::officer::Duty;
use crate::domain::scan;
use crate::station::desk::Access;
use crate::station::files::read_limited;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::losses::{self, Reported};
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{certificates, return_ukey, revoke, ukeys};
use crate::station::{ActingOfficer, Desk, Error, UkeyRow};

/// Largest list of serial numbers: more than any unit has.
const LIST_MAX_BYTES: usize = 8 << 20;

impl Cli<'_> {
    pub(super) fn report_loss(
        &self,
        (serial, kind): (&str, LossKind),
        reason: &str,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ReportLoss)?;
        let reported = losses::report(&desk, &officer, (serial, kind), reason)?;
        let key = match kind {
            LossKind::Suspended => "loss-suspended",
            LossKind::Lost | LossKind::Stolen => "loss-revoked",
        };
        self.reported((&desk, &officer), reported, key)
    }

    pub(super) fn found(&self, serial: &str, statement: &Path) -> Result<u8, Error> {
        // Security lifts holds too: the job says who may (D-7).
        let duty = match self.global.officer {
            None => Duty::HandOut,
            Some(_) => Duty::ReadRecords,
        };
        let (desk, officer) = self.open(Access::Change, duty)?;
        let content = read_limited(statement, scan::MAX_BYTES)?;
        let reported = losses::found(&desk, &officer, serial, &content)?;
        self.reported((&desk, &officer), reported, "loss-found")
    }

    pub(super) fn statement(
        &self,
        (serial, out): (&str, &Path),
        reason: &str,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
        let ukey = ukeys::named(&desk, &officer, serial)?;
        let revealed = self.reveal(&desk, &officer, ("statement", ukey.request), reason)?;
        losses::write_statement(&desk, &ukey, out, &revealed)?;
        Ok(self.written(&[out.to_owned()]))
    }

    fn reported(
        &self,
        at: (&Desk, &ActingOfficer),
        reported: Reported,
        key: &str,
    ) -> Result<u8, Error> {
        let Reported {
            ukey,
            loss,
            crl,
            temporary_ended,
        } = reported;
        let mut value = ukey_value(at, ukey, crl.as_ref())?;
        if let Some(object) = value.as_object_mut() {
            object.insert("loss".to_owned(), objects::loss(&loss));
            object.insert("temporary_ended".to_owned(), json!(temporary_ended));
        }
        let mut sentences = vec![self.output.wording().text(key)];
        if key == "loss-found" && value.get("certificate_state") == Some(&json!("hold")) {
            sentences.push(self.output.wording().text("hold-stays"));
        }
        if !temporary_ended.is_empty() {
            sentences.push(self.output.wording().text("temporary-ended"));
        }
        self.output.document(&value, &sentences.join("\n"));
        self.say_crl(crl.as_ref());
        Ok(0)
    }

    pub(super) fn ukey_return(
        &self,
        (serial, why): (&str, &str),
        reason: &str,
    ) -> Result<u8, Error> {
        let reason = reason_of(reason)?;
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let returned = return_ukey::take_back(&desk, &officer, (serial, why), reason)?;
        let crl = returned.crl;
        let value = ukey_value((&desk, &officer), returned.ukey, crl.as_ref())?;
        let text = self.output.wording().text("done");
        self.output.document(&value, &text);
        self.say_crl(crl.as_ref());
        Ok(0)
    }

    pub(super) fn losses(&self, open: bool) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let views = losses::list(&desk, &officer, open)?;
        let mut items: Vec<Value> = views.iter().map(objects::loss).collect();
        if self.output.is_json() {
            Output::line(&json!({ "items": items }));
            return Ok(0);
        }
        for (item, view) in items.iter_mut().zip(&views) {
            if let Some(object) = item.as_object_mut() {
                object.insert("clock".to_owned(), json!(view.clock.hours_minutes()));
            }
        }
        let columns = [
            ("col-serial", "ukey"),
            ("col-kind", "kind"),
            ("col-reported-at", "reported_at"),
            ("col-officer", "reported_by"),
            ("col-clock", "clock"),
            ("col-confirmed-at", "crl_confirmed_at"),
            ("col-overdue", "overdue"),
            ("col-ending", "ending"),
        ];
        self.output.table(&items, &columns);
        Ok(0)
    }

    pub(super) fn loss_report(&self, serial: &str, out: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        losses::print(&desk, &officer, serial, out)?;
        Ok(self.written(&[out.to_owned()]))
    }

    /// One by its whole serial number, or a list of them.
    pub(super) fn certificate_revoke(
        &self,
        (serial, list): (Option<&str>, Option<&Path>),
        reason: &str,
    ) -> Result<u8, Error> {
        let reason = reason_of(reason)?;
        let (desk, officer) = self.open(Access::Change, Duty::Revoke)?;
        let words = self.output.wording();
        let meaning = words.text(&format!("reason-{}", reason.word()));
        let (mut value, crl) = match (serial, list) {
            (_, Some(path)) => {
                let bytes = read_limited(path, LIST_MAX_BYTES)?;
                let text = String::from_utf8_lossy(&bytes);
                let revoked = revoke::listed(&desk, &officer, &text, reason)?;
                (json!({ "revoked": revoked.serials.len() }), revoked.crl)
            }
            (Some(serial), None) => {
                let found = certificates::find(&desk, &officer, serial)?;
                // What cannot be undone is named in full.
                if found.serial.to_string() != serial.to_ascii_lowercase() {
                    return Err(Error::usage("certificate-ambiguous", serial));
                }
                let revoked = revoke::one(&desk, &officer, serial, reason)?;
                let row = certificates::find(&desk, &officer, serial)?;
                let names = Names::read(&desk, &officer)?;
                (names.certificate(&row), revoked.crl)
            }
            (None, None) => return Err(Error::usage("certificate-unknown", "")),
        };
        if let Some(object) = value.as_object_mut() {
            object.insert("reason".to_owned(), json!(reason.word()));
            object.insert("meaning".to_owned(), json!(meaning));
            object.insert("crl".to_owned(), json!(crl.word()));
        }
        let count = value.get("revoked").and_then(Value::as_u64).unwrap_or(1);
        let args = [("count", count.to_string()), ("meaning", meaning)];
        let sentence = words.with("certificates-revoked", args);
        self.output.document(&value, &sentence);
        self.say_crl(Some(&crl));
        Ok(0)
    }
}

/// The ukey with how its newest certificate stands and where that reaches the world.
fn ukey_value(
    (desk, officer): (&Desk, &ActingOfficer),
    row: UkeyRow,
    crl: Option<&CrlStanding>,
) -> Result<Value, Error> {
    let certificate = match &row.certificate {
        Some(serial) => Some(certificates::find(desk, officer, serial)?),
        None => None,
    };
    let view = UkeyView {
        row,
        inserted: false,
    };
    let mut value = Names::read(desk, officer)?.ukey(&view);
    if let Some(object) = value.as_object_mut() {
        object.remove("inserted"); // Nobody looked.
        let state = certificate.as_ref().map(|row| row.state.word());
        object.insert("certificate_state".to_owned(), json!(state));
        let reason = certificate.and_then(|row| row.reason.map(RevocationReason::word));
        object.insert("certificate_reason".to_owned(), json!(reason));
        let crl = crl.map(CrlStanding::word);
        object.insert("crl".to_owned(), json!(crl));
    }
    Ok(value)
}

/// A reason by its name in RFC 5280.
fn reason_of(word: &str) -> Result<RevocationReason, Error> {
    RevocationReason::from_word(word).ok_or_else(|| Error::usage("not-a-reason", word))
}
