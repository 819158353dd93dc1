//! At the owner of a ukey: security releases its SO PIN to a neighbour's desk, once, and the answer keeps the
//! escrow true (D-44).

use std::path::{Path, PathBuf};

use super::{AnswerBody, Ask, Body, Named, Release, body, other_step};
use crate::domain::certificate::CertificateState;
use crate::domain::identity_number::mask;
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::domain::unblock::release_ends;
use crate::keys::parcel::{Attachments, Kind};
use crate::keys::unit_pki::UnitFacts;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::jobs::change_pin::Subject;
use crate::station::post::Incoming;
use crate::station::{ActingOfficer, SigningKey, SoPinRelease, clock, post};
use crate::store::UnblockGrantRow;

/// What a neighbour's desk asks: evidence that the ukey is ours, with its holder, and not released for this
/// question before.
pub struct Question {
    incoming: Incoming,
    ask: Ask,
    to: UnitFacts,
    subject: Subject,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Question({})", self.serial())
    }
}

impl Question {
    /// The ukey, as the records name it.
    pub const fn serial(&self) -> &Serial {
        &self.subject.ukey.identity.serial
    }

    /// Number of the request that it was made for.
    pub fn request(&self) -> &str {
        self.subject.number()
    }

    /// Name of the unit whose desk asks.
    pub fn unit(&self) -> &str {
        &self.to.name
    }
}

/// What was released.
#[derive(Debug)]
pub struct Grant {
    /// The ukey.
    pub serial: Serial,
    /// Name of the unit whose desk may use it.
    pub to: String,
    /// Until when.
    pub expires: Timestamp,
    /// The file for that desk.
    pub file: PathBuf,
}

/// Opens a question and demands that it may be answered.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `unblock-granted` for one that was answered before, `ukey-not-in-stock` for a
/// ukey that is not ours, `ukey-not-handed-out`, `certificate-revoked`, `so-pin-change-open` while two SO PINs
/// may hold.
pub fn question(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Question, Error> {
    officer.demand(Duty::HandOut)?;
    let incoming = post::open(desk, path, Kind::Unblock)?;
    let Body::Ask(ask) = body(&incoming)? else {
        return Err(other_step());
    };
    let serial = ask.ukey.serial.clone();
    let known = desk.store().read().unblock_grant(&ask.nonce)?;
    if incoming.replayed || known.is_some() {
        return Err(Error::refused("unblock-granted", serial));
    }
    let to = incoming.answer_to(desk)?;
    let not_ours = || Error::refused("ukey-not-in-stock", serial.clone());
    let reported = Serial::parse(&serial).map_err(|error| not_ours().because(error))?;
    let row = desk.store().read().ukey_reported(&reported)?;
    let row = row.filter(|row| Named::from(&row.reported()) == ask.ukey);
    let subject = Subject::read(desk, &row.ok_or_else(not_ours)?.identity.serial)?;
    if subject.certificate_state == CertificateState::Revoked {
        let text = subject.certificate.to_string();
        return Err(Error::refused("certificate-revoked", text));
    }
    // That desk tries its own next SO PIN and one more (D-37): two of ours would be three tries.
    let held = desk
        .store()
        .read()
        .so_pin_of(&subject.ukey.identity.serial)?;
    if held.is_some_and(|held| held.next.is_some()) {
        return Err(Error::refused("so-pin-change-open", serial));
    }
    Ok(Question {
        incoming,
        ask,
        to,
        subject,
    })
}

/// Answers a question with the SO PIN that security released for it: signed by security, sealed to that desk
/// twice, bound to the question, for three days.
///
/// # Errors
/// `wrong-duty`, or what ukey, store and file system say; no file was made then.
pub fn grant(
    desk: &Desk,
    officer: &ActingOfficer,
    (question, release): (&Question, &SoPinRelease),
    out: Option<&Path>,
) -> Result<Grant, Error> {
    officer.demand(Duty::HandOut)?;
    let security = release.security()?;
    let serial = question.serial();
    if release.serial() != serial {
        return Err(Error::refused("so-pin-not-held", serial.as_str()));
    }
    let now = clock::now();
    let row = UnblockGrantRow {
        nonce: question.ask.nonce.clone(),
        ukey: serial.clone(),
        to_code: question.to.code.clone(),
        escrow_key: desk.escrow_key()?.to_string(),
        granted_at: now,
        expires_at: release_ends(now),
        released_by: security.name().to_string(),
        confirmed_at: None,
    };
    let (holder, personal) = question.subject.holder();
    let body = Body::Release(Release {
        escrow_key: row.escrow_key.clone(),
        expires: row.expires_at,
        holder,
        id_number: personal
            .last()
            .map(|number| mask(number))
            .unwrap_or_default(),
        nonce: row.nonce.clone(),
        personal,
        request: question.subject.number().to_owned(),
        so_pins: release.sealed_to(&question.to.station_key)?,
        ukey: question.ask.ukey.clone(),
    });
    let mut key = SigningKey::open(desk, security)?;
    let nothing = Attachments::default();
    let what = (Kind::Unblock, &body);
    let parcel = post::pack(desk, &mut key, &question.to, what, &nothing)?;
    let mut audit = question.subject.audit(officer, "unblock-granted");
    let ends = row.expires_at;
    audit.detail = Some(format!(
        "{} to {}, until {ends}, {}",
        release.told(),
        row.to_code,
        parcel.id()
    ));
    desk.store().act(&audit, |writing| {
        question.incoming.record(writing)?;
        writing.insert_unblock_grant(&row)?;
        parcel.record(writing)
    })?;
    Ok(Grant {
        serial: serial.clone(),
        to: question.to.name.clone(),
        expires: row.expires_at,
        file: parcel.deliver(desk, out)?,
    })
}

/// An answer that was taken.
#[derive(Debug)]
pub struct Confirmed {
    /// The same file came before: nothing was done.
    pub replayed: bool,
    /// The ukey.
    pub serial: Serial,
    /// Whether its SO PIN is another one now.
    pub so_pin_rotated: bool,
    /// A hold of a random PIN was lifted; where that reaches the world by the list.
    pub lifted: Option<CrlStanding>,
}

/// Takes the answer of the neighbour's desk: the escrow holds what the ukey has.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `unblock-not-granted` for what nobody released to that desk,
/// `escrow-changed` when the escrow's key is another one since.
pub fn confirm(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Confirmed, Error> {
    officer.demand(Duty::HandOut)?;
    let incoming = post::open(desk, path, Kind::Unblock)?;
    let Body::Answer(answer) = body(&incoming)? else {
        return Err(other_step());
    };
    let not_granted = || Error::refused("unblock-not-granted", answer.ukey.serial.clone());
    let granted = desk.store().read().unblock_grant(&answer.nonce)?;
    let granted = granted.ok_or_else(not_granted)?;
    let damaged = || Error::failed("store-damaged", granted.ukey.as_str());
    let ukey = desk.store().read().ukey(&granted.ukey)?;
    let ukey = ukey.ok_or_else(damaged)?;
    let from = &incoming.opened.signer.unit_code;
    if granted.to_code != *from || Named::from(&ukey.reported()) != answer.ukey {
        return Err(not_granted());
    }
    let mut confirmed = Confirmed {
        replayed: incoming.replayed,
        serial: granted.ukey.clone(),
        so_pin_rotated: answer.so_pin.is_some(),
        lifted: None,
    };
    if incoming.replayed {
        return Ok(confirmed);
    }
    if answer.so_pin.is_some() && desk.escrow_key()?.to_string() != granted.escrow_key {
        return Err(Error::refused("escrow-changed", granted.ukey.as_str()));
    }
    if take(desk, officer, (&incoming, &granted), &answer)? {
        confirmed.lifted = Some(ca::publish_after_change(desk));
    }
    Ok(confirmed)
}

/// Writes the answer down; tells whether a hold was lifted.
fn take(
    desk: &Desk,
    officer: &ActingOfficer,
    (incoming, granted): (&Incoming, &UnblockGrantRow),
    answer: &AnswerBody,
) -> Result<bool, Error> {
    let damaged = || Error::refused("parcel-damaged", Kind::Unblock.word());
    let sealed = answer.so_pin.as_ref().map(hex::decode).transpose();
    let sealed = sealed.map_err(|error| damaged().because(error))?;
    let serial = &granted.ukey;
    let (held, standing) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.so_pin_of(serial)?,
            reading.standing_certificate(serial)?,
        )
    };
    let held = held.ok_or_else(|| Error::refused("so-pin-not-held", serial.as_str()))?;
    let mut audit = Desk::audit_row(officer, "unblock-confirmed");
    audit.ukey = Some(serial.to_string());
    audit.certificate = standing.as_ref().map(|row| row.serial.to_string());
    audit.detail = Some(format!("at {}, {}", granted.to_code, answer.set_at));
    let now = audit.at;
    desk.store().act(&audit, |writing| {
        incoming.record(writing)?;
        writing.confirm_unblock_grant(&granted.nonce, now)?;
        if let Some(sealed) = &sealed {
            writing.end_so_pin_rotation(serial, held.run, sealed)?;
        }
        match &standing {
            Some(row) => Ok(writing.lift_hold_of_random_pin(&row.serial)?),
            None => Ok::<_, Error>(false),
        }
    })
}
