//! Ukeys are signed for (签收单, D-26): at the receiver by what came, at the sender by the receiver's
//! file. What differs becomes a difference, never a silent fix.

pub(super) mod preview;

use std::collections::BTreeSet;
use std::path::Path;

use super::{NoteBody, Sent, SignForBody, SignedItem, booking, movement, name};
use crate::domain::officer::Duty;
use crate::domain::stock::{self, DispatchItem, ItemOutcome, MovementKind, judge, may_travel};
use crate::domain::ukey::Serial;
use crate::keys::parcel::{Attachments, Kind, Manifest, Neighbour};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post::Incoming;
use crate::station::{ActingOfficer, SigningKey, clock, post};
use crate::store::{NoteRow, StoreError, Writing};

/// What was counted when the ukeys of a note came.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// On the note, and did not come: serial numbers or their last four or more characters.
    pub missing: Vec<String>,
    /// Came, and is not on the note: whole serial numbers.
    pub extra: Vec<String>,
    /// Was missing when the note was signed for, and came now: nothing else is counted then.
    pub late: Vec<String>,
}

/// What became of a note.
#[derive(Clone, Debug)]
pub struct SignedFor {
    /// The same file came before, and nothing is late: nothing was done.
    pub replayed: bool,
    /// The note.
    pub note: NoteRow,
    /// What became of each ukey of this file.
    pub items: Vec<(Serial, ItemOutcome)>,
    /// Came, and is not on the note.
    pub extra: Vec<Serial>,
    /// The file for the sender's station, at the receiver.
    pub sent: Option<Sent>,
}

/// Signs for the ukeys of a note.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `note-item-unknown` for a missing or late one that is not on the note or
/// was not missing, `note-item-listed` for an extra one that is, or what ukey and file system say.
pub fn sign_for(
    desk: &Desk,
    officer: &ActingOfficer,
    (path, counted): (&Path, &Counted),
    out: Option<&Path>,
) -> Result<SignedFor, Error> {
    officer.demand(Duty::ManageStock)?;
    let incoming = post::open(desk, path, Kind::Dispatch)?;
    let body = note_body(&incoming)?;
    if incoming.replayed {
        let known = desk.store().read().dispatch_note(&body.note)?;
        let note = known.ok_or_else(|| Error::refused("note-unknown", body.number.clone()))?;
        if counted.late.is_empty() {
            return Ok(replayed(note));
        }
        return late(desk, officer, (&incoming, note, &counted.late), out);
    }
    if let Some(text) = counted.late.first() {
        return Err(Error::usage("note-item-unknown", text));
    }
    let extra = serials(&counted.extra)?;
    let judged = judged(desk, &incoming, &body, (&counted.missing, &extra))?;
    let manifest = &incoming.opened.manifest;
    let note = NoteRow {
        id: body.note.clone(),
        number: body.number.clone(),
        sent: false,
        unit_code: manifest.from.code.clone(),
        at: manifest.created,
        officer: incoming.opened.signer.name.as_str().to_owned(),
        reason: body.reason.clone(),
        signed_for_at: Some(clock::now()),
        signed_for_by: Some(name(officer)),
        count: u64::try_from(body.items.len()).unwrap_or(u64::MAX),
        in_transit: 0,
    };
    let lines = Lines {
        late: false,
        items: body.items.iter().zip(judged).collect(),
        extra: &extra,
    };
    let first = |writing: &Writing<'_>| {
        incoming.record(writing)?;
        writing.insert_note(&note, &body.items)
    };
    let sent = take((desk, officer), (&incoming, &note), &lines, first, out)?;
    Ok(SignedFor {
        replayed: false,
        items: lines.outcomes(),
        extra: extra.clone(),
        note,
        sent: Some(sent),
    })
}

/// Takes what was missing of a note that was signed for and came now.
fn late(
    desk: &Desk,
    officer: &ActingOfficer,
    (incoming, note, texts): (&Incoming, NoteRow, &[String]),
    out: Option<&Path>,
) -> Result<SignedFor, Error> {
    let on_note = desk.store().read().dispatch_items(&note.id)?;
    let missing = on_note.iter();
    let missing = missing.filter(|(_item, outcome)| *outcome == Some(ItemOutcome::Missing));
    let missing: Vec<&DispatchItem> = missing.map(|(item, _outcome)| item).collect();
    let serials = meant(&missing, texts)?;
    let mut items = Vec::new();
    for item in missing {
        if serials.contains(&item.serial) {
            let store = desk.store();
            let known = store.read().known_of(&item.serial, &note.unit_code)?;
            items.push((item, judge(known, false)));
        }
    }
    let lines = Lines {
        late: true,
        items,
        extra: &[],
    };
    let sent = take(
        (desk, officer),
        (incoming, &note),
        &lines,
        |_writing| Ok(()),
        out,
    )?;
    Ok(SignedFor {
        replayed: false,
        items: lines.outcomes(),
        extra: Vec::new(),
        note,
        sent: Some(sent),
    })
}

/// The lines of one signing.
struct Lines<'a> {
    late: bool,
    items: Vec<(&'a DispatchItem, ItemOutcome)>,
    extra: &'a [Serial],
}

impl Lines<'_> {
    fn outcomes(&self) -> Vec<(Serial, ItemOutcome)> {
        let outcomes = self.items.iter();
        outcomes
            .map(|(item, outcome)| (item.serial.clone(), *outcome))
            .collect()
    }
}

/// Books what came and writes the sign-for: one act.
fn take(
    (desk, officer): (&Desk, &ActingOfficer),
    (incoming, note): (&Incoming, &NoteRow),
    lines: &Lines<'_>,
    first: impl Fn(&Writing<'_>) -> Result<(), StoreError>,
    out: Option<&Path>,
) -> Result<Sent, Error> {
    let to = incoming.answer_to(desk)?;
    let signed = lines.outcomes().into_iter();
    let body = SignForBody {
        extra: lines.extra.to_vec(),
        items: signed
            .map(|(serial, outcome)| SignedItem { outcome, serial })
            .collect(),
        late: lines.late,
        note: note.id.clone(),
    };
    let mut key = SigningKey::open(desk, officer)?;
    let nothing = Attachments::default();
    let parcel = post::pack(desk, &mut key, &to, (Kind::Signfor, &body), &nothing)?;
    let now = clock::now();
    let why = movement(
        MovementKind::SignFor,
        officer,
        now,
        (None, None, Some(note.id.clone())),
    );
    let mut audit = Desk::audit_row(officer, "stock-signed-for");
    audit.detail = Some(told(note, &lines.outcomes(), lines.extra));
    desk.store().act(&audit, |writing| {
        first(writing)?;
        let came = (lines.items.as_slice(), lines.extra);
        booking::receive(writing, note, came, &why)?;
        parcel.record(writing)
    })?;
    Ok(Sent {
        file: parcel.deliver(desk, out)?,
        unit_code: to.code,
    })
}

/// Takes the receiver's sign-for of a note from here.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `note-unknown` for a note that was not sent to that unit,
/// `note-signed-for` for a second one, `sign-for-differs` for one that signs for other ukeys than were
/// sent.
pub fn receive_sign_for(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
) -> Result<SignedFor, Error> {
    officer.demand(Duty::ManageStock)?;
    let incoming = post::open(desk, path, Kind::Signfor)?;
    let manifest = &incoming.opened.manifest;
    let body: SignForBody = parsed(manifest)?;
    let note = desk.store().read().dispatch_note(&body.note)?;
    let from = manifest.from.code.as_str();
    let note = note.filter(|note| note.sent && note.unit_code == from);
    let note = note.ok_or_else(|| Error::refused("note-unknown", from))?;
    if incoming.replayed {
        return Ok(replayed(note));
    }
    booking::demand_fits(&desk.store().read(), &note, &body)?;
    let now = clock::now();
    let why = movement(
        MovementKind::SignFor,
        officer,
        now,
        (None, None, Some(note.id.clone())),
    );
    let outcomes = body.items.iter();
    let outcomes: Vec<_> = outcomes
        .map(|item| (item.serial.clone(), item.outcome))
        .collect();
    let mut audit = Desk::audit_row(officer, "stock-sign-for-received");
    audit.detail = Some(told(&note, &outcomes, &body.extra));
    desk.store().act(&audit, |writing| {
        let signer = incoming.opened.signer.name.as_str();
        booking::sign_for(writing, &note, &body, (signer, manifest.created), &why)?;
        incoming.record(writing)
    })?;
    Ok(SignedFor {
        replayed: false,
        items: outcomes,
        extra: body.extra,
        note,
        sent: None,
    })
}

fn replayed(note: NoteRow) -> SignedFor {
    SignedFor {
        replayed: true,
        note,
        items: Vec::new(),
        extra: Vec::new(),
        sent: None,
    }
}

fn parsed<T: serde::de::DeserializeOwned>(manifest: &Manifest) -> Result<T, Error> {
    let damaged = |error| Error::refused("parcel-damaged", manifest.kind.word()).because(error);
    serde_json::from_value(manifest.body.clone()).map_err(damaged)
}

/// What a note's file says, where it says what a note may say.
fn note_body(incoming: &Incoming) -> Result<NoteBody, Error> {
    let body: NoteBody = parsed(&incoming.opened.manifest)?;
    let upwards = incoming.opened.sender == Neighbour::Subordinate;
    let plain = |text: &str, most: usize| {
        text.chars().nth(most).is_none() && !text.chars().any(crate::domain::text::is_hidden)
    };
    let sound = !body.items.is_empty()
        && body.note.parse::<uuid::Uuid>().is_ok()
        && plain(&body.number, 32)
        && body
            .reason
            .as_deref()
            .is_none_or(|reason| plain(reason, 500))
        && upwards == body.reason.is_some()
        && stock::twice(body.items.iter().map(|item| &item.serial)).is_empty()
        && body.items.iter().all(|item| {
            may_travel(item.state, upwards)
                && [&item.maker, &item.model, &item.profile]
                    .iter()
                    .all(|text| plain(text, 64))
                && item.r#box.as_deref().is_none_or(|label| plain(label, 64))
        });
    if sound {
        Ok(body)
    } else {
        Err(Error::refused("parcel-damaged", Kind::Dispatch.word()))
    }
}

/// What becomes of each ukey of a note, in its order.
fn judged(
    desk: &Desk,
    incoming: &Incoming,
    body: &NoteBody,
    (missing, extra): (&[String], &[Serial]),
) -> Result<Vec<ItemOutcome>, Error> {
    let on_note: BTreeSet<&Serial> = body.items.iter().map(|item| &item.serial).collect();
    let lines: Vec<&DispatchItem> = body.items.iter().collect();
    let missing = meant(&lines, missing)?;
    for serial in extra {
        if on_note.contains(serial) {
            return Err(Error::usage("note-item-listed", serial.as_str()));
        }
    }
    if let Some(serial) = stock::twice(extra).first() {
        return Err(Error::usage("serial-twice", serial.as_str()));
    }
    let from = incoming.opened.manifest.from.code.as_str();
    let store = desk.store();
    let reading = store.read();
    let outcome = |item: &DispatchItem| {
        let known = reading.known_of(&item.serial, from)?;
        Ok(judge(known, missing.contains(&item.serial)))
    };
    body.items.iter().map(outcome).collect()
}

/// Serial numbers of ukeys that may not be here.
fn serials(texts: &[String]) -> Result<Vec<Serial>, Error> {
    let parse = |text: &String| {
        Serial::parse(text).map_err(|error| Error::usage("ukey-unknown", text).because(error))
    };
    texts.iter().map(parse).collect()
}

/// The ukeys of a note that are meant by their serial numbers or the ends of them, each once.
fn meant(lines: &[&DispatchItem], texts: &[String]) -> Result<BTreeSet<Serial>, Error> {
    let mut serials = BTreeSet::new();
    for text in texts {
        let exact = lines.iter().filter(|item| item.serial.as_str() == text);
        let named = lines.iter().filter(|item| item.serial.is_named_by(text));
        let mut found: Vec<&Serial> = exact.map(|item| &item.serial).collect();
        if found.is_empty() {
            found = named.map(|item| &item.serial).collect();
        }
        match found.as_slice() {
            [serial] if serials.insert((*serial).clone()) => {}
            [serial] => return Err(Error::usage("serial-twice", serial.as_str())),
            [] => return Err(Error::usage("note-item-unknown", text)),
            _ => return Err(Error::usage("ukey-ambiguous", text)),
        }
    }
    Ok(serials)
}

/// For the audit log: counts, and the serial numbers of what is not as it was sent.
fn told(note: &NoteRow, items: &[(Serial, ItemOutcome)], extra: &[Serial]) -> String {
    let of = |outcome| {
        items
            .iter()
            .filter(move |(_serial, other)| *other == outcome)
    };
    let list = |outcome| {
        of(outcome)
            .map(|(serial, _)| serial.as_str())
            .collect::<Vec<_>>()
    };
    let extra: Vec<_> = extra.iter().map(Serial::as_str).collect();
    format!(
        "note {} {}: {} received, missing [{}], refused [{}], extra [{}]",
        note.number,
        note.id,
        of(ItemOutcome::Received).count(),
        list(ItemOutcome::Missing).join(" "),
        list(ItemOutcome::Refused).join(" "),
        extra.join(" ")
    )
}
