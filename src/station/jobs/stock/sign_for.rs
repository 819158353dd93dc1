//! Ukeys are signed for (签收单, D-26): at the receiver by what came, at the sender by the receiver's
//! file. What differs becomes a difference, never a silent fix.

use std::collections::BTreeSet;
use std::path::Path;

use super::{NoteBody, Sent, SignForBody, SignedItem, movement, name};
use crate::domain::officer::Duty;
use crate::domain::stock::{
    self, DiscrepancyKind, DispatchItem, ItemOutcome, MovementKind, judge, may_travel,
};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::keys::parcel::{Attachments, Kind, Manifest, Neighbour};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post::Incoming;
use crate::station::{ActingOfficer, SigningKey, clock, post};
use crate::store::{DiscrepancyRow, NoteRow, Reading, StoreError, Writing};

/// What was counted when the ukeys of a note came.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// On the note, and did not come: serial numbers or their last four or more characters.
    pub missing: Vec<String>,
    /// Came, and is not on the note.
    pub extra: Vec<Serial>,
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
    let judged = judged(desk, &incoming, &body, counted)?;
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
        extra: &counted.extra,
    };
    let first = |writing: &Writing<'_>| {
        incoming.record(writing)?;
        writing.insert_note(&note, &body.items)
    };
    let sent = take((desk, officer), (&incoming, &note), &lines, first, out)?;
    Ok(SignedFor {
        replayed: false,
        items: lines.outcomes(),
        extra: counted.extra.clone(),
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
    let to = match incoming.opened.sender {
        Neighbour::Superior => post::superior(desk)?,
        Neighbour::Subordinate => post::subordinate(desk, &note.unit_code)?,
    };
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
        writing.insert_movement(&why)?;
        for (item, outcome) in &lines.items {
            come(writing, (note, item, *outcome), (now, &why.id), officer)?;
        }
        for serial in lines.extra {
            let found = difference(DiscrepancyKind::Extra, serial, note, (now, officer));
            writing.insert_discrepancy(&found)?;
        }
        writing.sign_for_note(&note.id, officer.name().as_str(), now)?;
        parcel.record(writing)
    })?;
    Ok(Sent {
        file: parcel.deliver(desk, out)?,
        unit_code: to.code,
    })
}

/// Books one ukey at the receiver.
fn come(
    writing: &Writing<'_>,
    (note, item, outcome): (&NoteRow, &DispatchItem, ItemOutcome),
    (now, movement): (Timestamp, &str),
    officer: &ActingOfficer,
) -> Result<(), StoreError> {
    writing.settle_item(&note.id, &item.serial, outcome)?;
    let kind = match outcome {
        ItemOutcome::Missing => DiscrepancyKind::Missing,
        ItemOutcome::Refused => DiscrepancyKind::Conflict,
        ItemOutcome::Received => {
            if writing.ukey(&item.serial)?.is_some() {
                let back = (UkeyState::Dispatched, item.state);
                writing.move_stock(&item.serial, back, (now, movement), false)?;
            } else {
                let (profile, box_of) = (item.profile.as_str(), item.r#box.as_deref());
                let when = (now, Some(movement));
                writing.receive_ukey(&item.identity(), (profile, box_of), item.state, when)?;
            }
            return writing.missing_came(&note.id, &item.serial, now);
        }
    };
    let mut found = difference(kind, &item.serial, note, (now, officer));
    let known = writing.ukey(&item.serial)?;
    found.detail = known.map(|row| row.state.word().to_owned());
    writing.insert_discrepancy(&found)
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
    demand_fits(&desk.store().read(), &note, &body)?;
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
        writing.insert_movement(&why)?;
        for (serial, outcome) in &outcomes {
            settle(writing, (&note, serial, *outcome), (now, &why.id), officer)?;
        }
        for serial in &body.extra {
            let mut found = difference(DiscrepancyKind::Extra, serial, &note, (now, officer));
            let known = writing.ukey(serial)?;
            found.detail = known.map(|row| row.state.word().to_owned());
            writing.insert_discrepancy(&found)?;
        }
        let signer = incoming.opened.signer.name.as_str();
        writing.sign_for_note(&note.id, signer, manifest.created)?;
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

/// Whether a sign-for is of this note: every line of it once, or what was missing.
fn demand_fits(reading: &Reading<'_>, note: &NoteRow, body: &SignForBody) -> Result<(), Error> {
    if note.signed_for_at.is_some() != body.late {
        return Err(Error::refused("note-signed-for", note.number.clone()));
    }
    let differs = || Error::refused("sign-for-differs", note.number.clone());
    let lines = reading.dispatch_items(&note.id)?;
    let on_note: BTreeSet<&Serial> = lines.iter().map(|(item, _outcome)| &item.serial).collect();
    let signed: BTreeSet<&Serial> = body.items.iter().map(|item| &item.serial).collect();
    let twice = signed.len() != body.items.len() || !stock::twice(&body.extra).is_empty();
    let fits = if body.late {
        let missing = |serial: &Serial| {
            lines.iter().any(|(item, outcome)| {
                item.serial == *serial && *outcome != Some(ItemOutcome::Received)
            })
        };
        signed.into_iter().all(missing)
    } else {
        signed == on_note
    };
    if !fits || twice || body.extra.iter().any(|serial| on_note.contains(serial)) {
        return Err(differs());
    }
    Ok(())
}

/// Books one ukey at the sender.
fn settle(
    writing: &Writing<'_>,
    (note, serial, outcome): (&NoteRow, &Serial, ItemOutcome),
    (now, movement): (Timestamp, &str),
    officer: &ActingOfficer,
) -> Result<(), StoreError> {
    writing.settle_item(&note.id, serial, outcome)?;
    let kind = match outcome {
        ItemOutcome::Missing => DiscrepancyKind::Missing,
        ItemOutcome::Refused => DiscrepancyKind::Conflict,
        ItemOutcome::Received => {
            let row = writing.ukey(serial)?;
            if row.is_some_and(|row| row.state == UkeyState::Lost) {
                // It was given up meanwhile, and came after all.
                let found = (UkeyState::Lost, UkeyState::Dispatched);
                writing.move_stock(serial, found, (now, movement), true)?;
            }
            return writing.missing_came(&note.id, serial, now);
        }
    };
    writing.insert_discrepancy(&difference(kind, serial, note, (now, officer)))
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
    counted: &Counted,
) -> Result<Vec<ItemOutcome>, Error> {
    let on_note: BTreeSet<&Serial> = body.items.iter().map(|item| &item.serial).collect();
    let lines: Vec<&DispatchItem> = body.items.iter().collect();
    let missing = meant(&lines, &counted.missing)?;
    for serial in &counted.extra {
        if on_note.contains(serial) {
            return Err(Error::usage("note-item-listed", serial.as_str()));
        }
    }
    if let Some(serial) = stock::twice(&counted.extra).first() {
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

fn difference(
    kind: DiscrepancyKind,
    serial: &Serial,
    note: &NoteRow,
    (at, officer): (Timestamp, &ActingOfficer),
) -> DiscrepancyRow {
    DiscrepancyRow {
        id: clock::new_uuid().to_string(),
        number: String::new(), // The store counts.
        kind,
        serial: serial.clone(),
        note: Some(note.id.clone()),
        check: None,
        detail: None,
        found_at: at,
        found_by: name(officer),
        explained: None,
        accepted_at: None,
        accepted_by: None,
    }
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
