//! `ukey …` and `hand-out`: what is plugged in, the stock, and a ukey's holder.

use serde_json::{Value, json};

use super::args::{Ukey, WhichUkeys};
use super::commands::{AskTerminal, Cli, parse_state};
use super::objects::{self, Names};
use super::output::Output;
use super::pins::AtTerminal;
use super::stock::whole;
use crate::domain::certificate::RevocationReason;
use crate::domain::loss::LossKind;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Access;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{
    certificates, change_pin, destruction_paper, hand_out, losses, stock, temporary, ukeys,
    unblock, wipe,
};
use crate::station::{ActingOfficer, Desk, EntryRow, Error, SoPinRelease, UkeyFilter};

/// Columns of a table of ukeys.
const COLUMNS: [(&str, &str); 6] = [
    ("col-serial", "serial"),
    ("col-model", "model"),
    ("col-state", "state"),
    ("col-request", "request"),
    ("col-certificate", "certificate"),
    ("col-inserted", "inserted"),
];

impl Cli<'_> {
    pub(super) fn ukey(&self, command: &Ukey) -> Result<u8, Error> {
        match command {
            Ukey::Inserted { watch: false } => self.ukey_inserted(),
            Ukey::Inserted { watch: true } => self.ukey_watch(),
            Ukey::List { which } => self.ukey_list(which),
            Ukey::Show { serial } => {
                let (desk, officer) = self.read()?;
                let view = ukeys::find(&desk, &officer, serial)?;
                let value = ukey_with_certificate(&desk, &officer, &view)?;
                Ok(self.show(&value))
            }
            Ukey::Damaged { serial, reason } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = ukeys::named(&desk, &officer, serial)?;
                let row = stock::damage(&desk, &officer, (&row, reason))?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Ukey::Destroy { serial, reason } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = whole((&desk, &officer), serial)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::Destruction)?;
                let row = stock::destroy(&desk, &officer, &second, (&row, reason))?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Ukey::Suspend { serial, reason } => {
                self.report_loss((serial, LossKind::Suspended), reason)
            }
            Ukey::Lost {
                serial,
                reason,
                stolen,
            } => {
                let kind = if *stolen {
                    LossKind::Stolen
                } else {
                    LossKind::Lost
                };
                self.report_loss((serial, kind), reason)
            }
            Ukey::Found { serial, statement } => self.found(serial, statement),
            Ukey::Statement {
                serial,
                out,
                reason,
            } => self.statement((serial, out), reason),
            Ukey::Return {
                serial,
                reason,
                certificate_reason,
            } => self.ukey_return((serial, reason), certificate_reason),
            Ukey::Losses { open } => self.losses(*open),
            Ukey::LossReport { serial, out } => self.loss_report(serial, out),
            Ukey::Destruction { serial, out } => {
                let (desk, officer) = self.read()?;
                let row = ukeys::named(&desk, &officer, serial)?;
                destruction_paper::print(&desk, &officer, &row, out)?;
                Ok(self.written(std::slice::from_ref(out)))
            }
            Ukey::Wipe { serial, reason } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
                let row = whole((&desk, &officer), serial)?;
                let release = self.so_pin((&desk, &officer), &row.identity.serial)?;
                let row = wipe::wipe(&desk, &officer, (&release, reason))?;
                self.ukey_done((&desk, &officer), row, false)
            }
            Ukey::Unblock {
                remote: Some(command),
                ..
            } => self.remote_unblock(command),
            Ukey::Unblock { serial, .. } => self.unblock(serial.as_deref().unwrap_or_default()),
            Ukey::ChangePin { serial } => self.change_pin(serial),
        }
    }

    /// Security releases the SO PIN of a ukey.
    pub(super) fn so_pin(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        serial: &Serial,
    ) -> Result<SoPinRelease, Error> {
        let named = self.second_name()?;
        let ask = AskTerminal(self.output);
        SoPinRelease::by_security(desk, officer, (named.as_ref(), &ask), serial)
    }

    fn unblock(&self, serial: &str) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let serial = ukeys::named(&desk, &officer, serial)?.identity.serial;
        let release = self.so_pin((&desk, &officer), &serial)?;
        let done = unblock::unblock(&desk, &officer, &release, &AtTerminal(self.output))?;
        let value = json!({
            "serial": serial,
            "so_pin_rotated": done.so_pin_rotated,
            "hold": done.hold,
            "crl": done.lifted.as_ref().map(CrlStanding::word),
        });
        Ok(self.done(&value))
    }

    fn ukey_list(&self, which: &WhichUkeys) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let filter = UkeyFilter {
            state: parse_state(which.state.as_deref(), UkeyState::from_word)?,
            model: which.model.clone(),
            box_of: which.box_of.clone(),
            serial_part: which.search.clone(),
            limit: which.limit,
            offset: which.offset,
        };
        let views = ukeys::page(&desk, &officer, &filter)?;
        let names = Names::read(&desk, &officer)?;
        let items: Vec<Value> = views.iter().map(|view| names.ukey(view)).collect();
        if self.output.is_json() {
            Output::line(&json!({ "items": items }));
        } else {
            self.output.table(&told_apart(items), &COLUMNS);
        }
        Ok(0)
    }

    fn ukey_inserted(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let names = Names::read(&desk, &officer)?;
        let bench = ukeys::inserted(&desk, &officer)?;
        let items: Vec<Value> = bench
            .ukeys
            .iter()
            .map(|ukey| names.inserted(ukey))
            .collect();
        let troubles: Vec<Value> = bench
            .troubles
            .iter()
            .map(|trouble| {
                let folder = trouble.folder.as_ref().and_then(|path| path.file_name());
                json!({
                    "profile": trouble.profile,
                    "serial": folder.map(|name| name.to_string_lossy()),
                    "code": trouble.fault.kind.word(),
                    "detail": trouble.fault.to_string(),
                })
            })
            .collect();
        if self.output.is_json() {
            Output::line(&json!({ "items": items, "troubles": troubles }));
        } else {
            self.output.table(&told_apart(items), &COLUMNS);
            for trouble in &bench.troubles {
                let code = trouble.fault.kind.word();
                let words = self.output.wording();
                self.output
                    .say(&words.error(code, &trouble.fault.to_string()).0);
            }
        }
        Ok(0)
    }

    /// The holder types at the terminal; the desk only starts it.
    fn change_pin(&self, text: &str) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let serial = ukeys::find(&desk, &officer, text)?.row.identity.serial;
        let ask = AtTerminal(self.output);
        let changed = change_pin::change_pin(&desk, &officer, &serial, &ask)?;
        let document = json!({
            "serial": serial.as_str(),
            "changed": true,
            "hold": changed.hold,
            "crl": changed.lifted.as_ref().map(CrlStanding::word),
        });
        let words = self.output.wording();
        let mut sentences = vec![words.text("pin-changed")];
        if changed.lifted.is_some() {
            sentences.push(words.text("hold-lifted"));
        }
        if changed.hold {
            sentences.push(words.text("hold-stays"));
        }
        self.output.document(&document, &sentences.join("\n"));
        self.say_crl(changed.lifted.as_ref());
        Ok(0)
    }

    pub(super) fn hand_out(&self, text: &str) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let UkeyView { row, inserted } = ukeys::find(&desk, &officer, text)?;
        let done = hand_out::hand_out(&desk, &officer, &row.identity.serial)?;
        let view = UkeyView {
            row: done.row,
            inserted,
        };
        let crl = done.hold.as_ref().or(done.replaced_crl.as_ref());
        let mut value = Names::read(&desk, &officer)?.ukey(&view);
        if let Some(object) = value.as_object_mut() {
            object.insert("hold".to_owned(), json!(done.hold.is_some()));
            let crl = crl.map(CrlStanding::word);
            object.insert("crl".to_owned(), json!(crl));
            object.insert("replaced".to_owned(), json!(done.replaced));
        }
        let words = self.output.wording();
        let mut sentences = vec![words.text("done")];
        if done.hold.is_some() {
            sentences.push(words.text("hold-begun"));
        }
        if !done.replaced.is_empty() {
            sentences.push(words.text("rekey-revoked"));
        }
        self.output.document(&value, &sentences.join("\n"));
        self.say_crl(crl);
        Ok(0)
    }

    /// Says what security has to do where the CRL is not published yet.
    pub(super) fn say_crl(&self, standing: Option<&CrlStanding>) {
        let words = self.output.wording();
        let error = match standing {
            Some(CrlStanding::Due(error)) => error,
            Some(CrlStanding::Ordered) => return self.output.say(&words.text("crl-ordered")),
            Some(CrlStanding::Published) | None => return,
        };
        if let Some(error) = error {
            self.output.say(&words.error(error.code, &error.subject).0);
        }
        self.output.say(&words.text("crl-due"));
    }
}

/// For people an officer's own ukey stands as such where another has its state, and one that came back has
/// another word than a request that did.
fn told_apart(mut items: Vec<Value>) -> Vec<Value> {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        let state = match item.get("state").and_then(Value::as_str) {
            _ if item.get("officer").is_some_and(Value::is_string) => "of_officer",
            Some("returned") => "ukey_returned",
            _ => continue,
        };
        item.insert("state".to_owned(), json!(state));
    }
    items
}

/// The ukey with the state of its newest certificate.
fn ukey_with_certificate(
    desk: &Desk,
    officer: &ActingOfficer,
    view: &UkeyView,
) -> Result<Value, Error> {
    let mut value = Names::read(desk, officer)?.ukey(view);
    let certificate = match &view.row.certificate {
        Some(serial) => Some(certificates::find(desk, officer, serial)?),
        None => None,
    };
    let certificate_ends = certificate.as_ref().map(|row| row.not_after);
    if let Some(object) = value.as_object_mut() {
        let state = certificate.as_ref().map(|row| row.state.word());
        object.insert("certificate_state".to_owned(), json!(state));
        let reason = certificate.and_then(|row| row.reason.map(RevocationReason::word));
        object.insert("certificate_reason".to_owned(), json!(reason));
        let temporary = temporary::is_temporary(desk, officer, &view.row.identity.serial)?;
        object.insert("temporary".to_owned(), json!(temporary));
        let ends = certificate_ends.map(|at| at.to_string());
        object.insert("certificate_not_after".to_owned(), json!(ends));
        let losses = losses::of_ukey(desk, officer, &view.row.identity.serial)?;
        let losses: Vec<Value> = losses.iter().map(objects::loss).collect();
        object.insert("losses".to_owned(), json!(losses));
        let life = stock::life(desk, officer, &view.row.identity.serial)?;
        let life: Vec<Value> = life.iter().map(step).collect();
        object.insert("history".to_owned(), json!(life));
    }
    Ok(value)
}

/// A step of a ukey's life.
fn step(entry: &EntryRow) -> Value {
    json!({
        "at": entry.at.to_string(),
        "from": entry.from,
        "to": entry.to,
        "movement": entry.kind,
        "officer": entry.officer,
        "confirmed_by": entry.confirmed_by,
        "reason": entry.reason,
        "note": entry.note,
    })
}
