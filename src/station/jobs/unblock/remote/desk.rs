//! At the desk where the holder stands: it asks the owner of the ukey, takes the release once, has the holder
//! type a new PIN, gives the ukey another SO PIN, and answers (D-44).

use std::path::{Path, PathBuf};

use super::{AnswerBody, Ask, Body, Named, Release, body, other_step};
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::domain::ukey::{Serial, UkeyIdentity};
use crate::domain::unblock::may_be_used;
use crate::keys::escrow::EscrowKey;
use crate::keys::parcel::{Attachments, Kind};
use crate::keys::random;
use crate::keys::secret::SecretKey;
use crate::keys::unit_pki::UnitFacts;
use crate::station::bench::{self, Inserted, Unusable};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::at_ukey::AtUkey;
use crate::station::jobs::change_pin::set_pin;
use crate::station::jobs::enrolment::station_identity;
use crate::station::post::{Incoming, Outgoing};
use crate::station::sign_in::{self, AskUserPin, PinQuestion};
use crate::station::so_pin::{opening, told};
use crate::station::{ActingOfficer, SigningKey, clock, post, ukey_pins};
use crate::store::UnblockRequestRow;

/// What the copy of the next SO PIN is sealed for.
const PURPOSE: &str = "ukey-station/remote-unblock/v1";

/// A question that was asked.
#[derive(Debug)]
pub struct Asked {
    /// The ukey, as it reports itself.
    pub serial: Serial,
    /// Name of the unit that was asked.
    pub owner: String,
    /// The file for its station.
    pub file: PathBuf,
}

/// Asks the owner of a ukey that is plugged in: the superior, or the direct subordinate that is named.
///
/// # Errors
/// `wrong-duty`, `ukey-not-inserted`, `ukey-ambiguous`, `ukey-duplicate-serial`, `ukey-of-officer`,
/// `so-pin-locked`, `so-pin-held-here` for one of this desk, `unit-is-root`, `parcel-sender-unknown`,
/// `unit-ambiguous`, or what ukey and file system say.
pub fn ask(
    desk: &Desk,
    officer: &ActingOfficer,
    (text, owner): (&str, Option<&str>),
    out: Option<&Path>,
) -> Result<Asked, Error> {
    officer.demand(Duty::HandOut)?;
    let to = owner_named(desk, owner)?;
    let found = plugged_in(desk, text)?;
    let identity = found.reading.identity.clone();
    let serial = identity.serial.clone();
    if found.reading.flags.so_pin_locked {
        return Err(Error::refused("so-pin-locked", serial.as_str()));
    }
    if let Some(row) = &found.record {
        let held = desk.store().read().so_pin_of(&row.identity.serial)?;
        if held.is_some() {
            return Err(Error::refused("so-pin-held-here", serial.as_str()));
        }
    }
    let nonce: [u8; 16] = random::bytes()?;
    let row = UnblockRequestRow {
        nonce: hex::encode(nonce),
        ukey: identity,
        owner_code: to.code.clone(),
        asked_at: clock::now(),
        begun_at: None,
        next: None,
        escrowed: None,
        done_at: None,
    };
    let body = Body::Ask(Ask {
        nonce: row.nonce.clone(),
        ukey: Named::from(&row.ukey),
    });
    let parcel = packed(desk, officer, &to, &body)?;
    let mut audit = Desk::audit_row(officer, "unblock-asked");
    audit.ukey = Some(serial.to_string());
    audit.detail = Some(format!("of {}, {}", to.code, parcel.id()));
    desk.store().act(&audit, |writing| {
        writing.insert_unblock_request(&row)?;
        parcel.record(writing)
    })?;
    Ok(Asked {
        serial,
        owner: to.name,
        file: parcel.deliver(desk, out)?,
    })
}

fn owner_named(desk: &Desk, owner: Option<&str>) -> Result<UnitFacts, Error> {
    let Some(text) = owner else {
        return post::superior(desk);
    };
    let mut known = post::subordinates(desk)?;
    known.extend(post::superior(desk).ok());
    let found = post::named(known, text)?;
    found.ok_or_else(|| Error::refused("parcel-sender-unknown", text))
}

/// The ukey of this serial number, or its last four or more characters, among those that are plugged in.
fn plugged_in(desk: &Desk, text: &str) -> Result<Inserted, Error> {
    let plugged = bench::look(desk)?.ukeys.into_iter();
    let mut fitting = plugged.filter(|ukey| ukey.reading.identity.serial.is_named_by(text));
    let found = fitting.next();
    let found = found.ok_or_else(|| Error::refused("ukey-not-inserted", text))?;
    match &found.usable {
        Err(refused @ (Unusable::DuplicateSerial | Unusable::OfOfficer(_))) => {
            Err(Error::refused(refused.code(), text))
        }
        _ if fitting.next().is_some() => Err(Error::usage("ukey-ambiguous", text)),
        _ => Ok(found),
    }
}

/// A ukey that was unblocked.
#[derive(Debug)]
pub struct Applied {
    /// The ukey, as it reports itself.
    pub serial: Serial,
    /// Whether its SO PIN is another one now; false where the model has none that can be set.
    pub so_pin_rotated: bool,
    /// The answer for its owner.
    pub file: PathBuf,
}

/// Takes a release, once: the holder, whose identity the officer has compared, types a new PIN, and the SO PIN
/// is another one afterwards. One that was interrupted is gone on with by the same file.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `unblock-not-asked` for another desk's question or another ukey,
/// `unblock-expired`, `unblock-used` once it was applied, `ukey-not-inserted`, `so-pin-locked`,
/// `so-pin-touched`, `pin-not-typed`; `so-pin-refused` and faults of the ukey.
pub fn apply(
    desk: &Desk,
    officer: &ActingOfficer,
    (path, out): (&Path, Option<&Path>),
    ask: &dyn AskUserPin,
) -> Result<Applied, Error> {
    officer.demand(Duty::HandOut)?;
    let incoming = post::open(desk, path, Kind::Unblock)?;
    let Body::Release(release) = body(&incoming)? else {
        return Err(other_step());
    };
    let asked = asked(desk, &incoming, &release)?;
    let found = plugged_in(desk, asked.ukey.serial.as_str())?;
    if found.reading.identity != asked.ukey {
        let serial = asked.ukey.serial.as_str();
        return Err(Error::refused("unblock-not-asked", serial));
    }
    let mut at_ukey = AtUkey::reach_unknown(desk, &found)?;
    let user_pin = new_pin(desk, &found.profile, (&release, &asked.ukey), ask)?;
    let mut so_pins = released(desk, &release)?;
    let (asked, next) = if asked.begun_at.is_some() {
        let next = kept(&asked)?;
        // The ukey may have it already.
        so_pins.splice(0..0, next.iter().cloned());
        (asked, next)
    } else {
        let next = draw(desk, &found.profile)?;
        let begun = begin(desk, officer, (&incoming, &release, asked), next.as_ref())?;
        (begun, next)
    };
    let mut audit = Desk::audit_row(officer, "pin-unblocked");
    audit.ukey = Some(asked.ukey.serial.to_string());
    let signer = &incoming.opened.signer;
    let released_by = format!("released by {} of {}", signer.name, signer.unit_code);
    audit.detail = Some(released_by);
    let set = set(desk, &mut at_ukey, (&so_pins, next.as_ref()), &user_pin);
    if let Err(error) = set {
        error.code.clone_into(&mut audit.result);
        desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
        return Err(error);
    }
    let parcel = answer(desk, officer, &incoming, &asked)?;
    let now = audit.at;
    desk.store().act(&audit, |writing| {
        writing.end_unblock(&asked.nonce, now)?;
        parcel.record(writing)
    })?;
    Ok(Applied {
        serial: asked.ukey.serial,
        so_pin_rotated: next.is_some(),
        file: parcel.deliver(desk, out)?,
    })
}

/// The question that a release answers, if it may be used still.
fn asked(desk: &Desk, incoming: &Incoming, release: &Release) -> Result<UnblockRequestRow, Error> {
    let serial = release.ukey.serial.as_str();
    let row = desk.store().read().unblock_request(&release.nonce)?;
    let from = &incoming.opened.signer.unit_code;
    let row = row.filter(|row| Named::from(&row.ukey) == release.ukey && row.owner_code == *from);
    let row = row.ok_or_else(|| Error::refused("unblock-not-asked", serial))?;
    if row.done_at.is_some() {
        return Err(Error::refused("unblock-used", serial));
    }
    // What was begun has to be finished: the ukey may have its next SO PIN already.
    if row.begun_at.is_none() && !may_be_used(release.expires, clock::now()) {
        return Err(Error::refused("unblock-expired", serial));
    }
    Ok(row)
}

fn new_pin(
    desk: &Desk,
    profile: &str,
    (release, ukey): (&Release, &UkeyIdentity),
    ask: &dyn AskUserPin,
) -> Result<Pin, Error> {
    let holder = format!("{} {}", release.holder, release.id_number);
    let question = PinQuestion {
        request: &release.request,
        holder: &holder,
        serial: &ukey.serial,
        policy: desk.profile(profile)?.pin_policy(),
        refused: None,
    };
    let personal: Vec<&str> = release.personal.iter().map(String::as_str).collect();
    let new = sign_in::new_user_pin(ask, question, &personal, None);
    new.ok_or_else(|| Error::usage("pin-not-typed", ukey.serial.as_str()))
}

/// A new SO PIN of what the model takes; none where it has none that can be set.
fn draw(desk: &Desk, profile: &str) -> Result<Option<Pin>, Error> {
    let terms = &desk.profile(profile)?.so_pin;
    let draw = || ukey_pins::random_pin(terms.alphabet, usize::from(terms.len));
    terms.settable.then(draw).transpose()
}

/// The next SO PIN of an unblock that was begun.
fn kept(asked: &UnblockRequestRow) -> Result<Option<Pin>, Error> {
    let Some((key, sealed)) = &asked.next else {
        return Ok(None);
    };
    let damaged = || Error::failed("store-damaged", asked.ukey.serial.as_str());
    let key = SecretKey::from_slice(key).ok_or_else(damaged)?;
    let bytes = key.open(PURPOSE, sealed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_binary| damaged())?;
    Pin::parse(text).map(Some).map_err(|_no_pin| damaged())
}

/// Keeps, before the ukey is touched, that the release is taken and what the ukey will get: from here on the
/// same file only goes on.
fn begin(
    desk: &Desk,
    officer: &ActingOfficer,
    (incoming, release, asked): (&Incoming, &Release, UnblockRequestRow),
    next: Option<&Pin>,
) -> Result<UnblockRequestRow, Error> {
    let damaged = || Error::refused("parcel-damaged", Kind::Unblock.word());
    let escrow = EscrowKey::parse(&release.escrow_key);
    let escrow = escrow.map_err(|error| damaged().because(error))?;
    let mut kept = asked;
    if let Some(next) = next {
        let key = SecretKey::generate()?;
        let own = key.seal(PURPOSE, next.expose().as_bytes())?;
        let escrowed = escrow.seal(next);
        let escrowed = escrowed.map_err(|error| Error::failed("escrow", error.to_string()))?;
        kept.next = Some((key.expose().to_vec(), own));
        kept.escrowed = Some(escrowed);
    }
    let mut audit = Desk::audit_row(officer, "unblock-begun");
    audit.ukey = Some(kept.ukey.serial.to_string());
    audit.detail = Some(incoming.opened.manifest.id.to_string());
    let now = audit.at;
    kept.begun_at = Some(now);
    desk.store().act(&audit, |writing| {
        incoming.record(writing)?;
        writing.begin_unblock(&kept, now)
    })?;
    Ok(kept)
}

/// The SO PINs that were released, the likelier first.
fn released(desk: &Desk, release: &Release) -> Result<Vec<Pin>, Error> {
    let identity = station_identity(desk)?;
    let damaged = || Error::refused("parcel-damaged", Kind::Unblock.word());
    let open = |sealed: &String| {
        let sealed = hex::decode(sealed).map_err(|error| damaged().because(error))?;
        let text = identity.open(&sealed);
        let text = text.map_err(|error| damaged().because(error))?;
        let text = std::str::from_utf8(&text).map_err(|_binary| damaged())?;
        Pin::parse(text).map_err(|_no_pin| damaged())
    };
    release.so_pins.iter().map(open).collect()
}

/// Sets the PIN, changes the SO PIN unless an interrupted try has, and proves the PIN.
fn set(
    desk: &Desk,
    at_ukey: &mut AtUkey,
    (so_pins, next): (&[Pin], Option<&Pin>),
    user_pin: &Pin,
) -> Result<(), Error> {
    // It may have been pulled, or another one plugged in, while the holder typed.
    let reading = at_ukey.look()?;
    let serial = at_ukey.serial.clone();
    let fault = |fault| told(&serial, fault);
    let worker = &mut at_ukey.worker;
    let so_pin = opening(worker, (&serial, &reading), so_pins)?;
    set_pin(desk, &serial, user_pin, || {
        worker.init_user_pin(&so_pin, user_pin)
    })?;
    if let Some(next) = next.filter(|next| **next != so_pin) {
        worker.set_so_pin(&so_pin, next).map_err(fault)?;
    }
    worker.log_in(user_pin).map_err(fault)
}

/// The answer for the owner.
fn answer(
    desk: &Desk,
    officer: &ActingOfficer,
    incoming: &Incoming,
    asked: &UnblockRequestRow,
) -> Result<Outgoing, Error> {
    let to = incoming.answer_to(desk)?;
    let body = Body::Answer(AnswerBody {
        nonce: asked.nonce.clone(),
        set_at: clock::now(),
        so_pin: asked.escrowed.as_ref().map(hex::encode),
        ukey: Named::from(&asked.ukey),
    });
    packed(desk, officer, &to, &body)
}

fn packed(
    desk: &Desk,
    officer: &ActingOfficer,
    to: &UnitFacts,
    body: &Body,
) -> Result<Outgoing, Error> {
    let mut key = SigningKey::open(desk, officer)?;
    let nothing = Attachments::default();
    post::pack(desk, &mut key, to, (Kind::Unblock, body), &nothing)
}
