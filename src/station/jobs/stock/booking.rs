//! What notes and sign-fors change in the records of sender and receiver, each in one transaction
//! (D-26): the same for a file from a neighbour and for who tries to break it.

use std::collections::BTreeSet;

use super::SignForBody;
use crate::domain::stock::{self, DiscrepancyKind, DispatchItem, ItemOutcome};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::clock;
use crate::station::error::Error;
use crate::store::{DiscrepancyRow, MovementRow, NoteRow, Reading, StoreError, Writing};

/// Ukeys leave with a note.
pub(super) fn dispatch(
    writing: &Writing<'_>,
    note: &NoteRow,
    items: &[DispatchItem],
    why: &MovementRow,
) -> Result<(), StoreError> {
    writing.insert_note(note, items)?;
    writing.insert_movement(why)?;
    items.iter().try_for_each(|item| {
        let leaves = (item.state, UkeyState::Dispatched);
        writing.move_stock(&item.serial, leaves, (why.at, &why.id), false)
    })
}

/// Ukeys of a note come, or do not.
pub(super) fn receive(
    writing: &Writing<'_>,
    note: &NoteRow,
    (items, extra): (&[(&DispatchItem, ItemOutcome)], &[Serial]),
    why: &MovementRow,
) -> Result<(), StoreError> {
    writing.insert_movement(why)?;
    for (item, outcome) in items {
        come(writing, (note, item, *outcome), why)?;
    }
    for serial in extra {
        let found = difference(DiscrepancyKind::Extra, serial, note, why);
        writing.insert_discrepancy(&found)?;
    }
    writing.sign_for_note(&note.id, why.officer.as_str(), why.at)
}

/// The receiver of a note has signed for it.
pub(super) fn sign_for(
    writing: &Writing<'_>,
    note: &NoteRow,
    body: &SignForBody,
    (signer, signed_at): (&str, Timestamp),
    why: &MovementRow,
) -> Result<(), StoreError> {
    writing.insert_movement(why)?;
    for item in &body.items {
        settle(writing, (note, &item.serial, item.outcome), why)?;
    }
    for serial in &body.extra {
        let mut found = difference(DiscrepancyKind::Extra, serial, note, why);
        let known = writing.ukey(serial)?;
        found.detail = known.map(|row| row.state.word().to_owned());
        writing.insert_discrepancy(&found)?;
    }
    writing.sign_for_note(&note.id, signer, signed_at)
}

/// Books one ukey at the receiver.
fn come(
    writing: &Writing<'_>,
    (note, item, outcome): (&NoteRow, &DispatchItem, ItemOutcome),
    why: &MovementRow,
) -> Result<(), StoreError> {
    writing.settle_item(&note.id, &item.serial, outcome)?;
    let kind = match outcome {
        ItemOutcome::Missing => DiscrepancyKind::Missing,
        ItemOutcome::Refused => DiscrepancyKind::Conflict,
        ItemOutcome::Received => {
            if writing.ukey(&item.serial)?.is_some() {
                let back = (UkeyState::Dispatched, item.state);
                writing.move_stock(&item.serial, back, (why.at, &why.id), false)?;
            } else {
                let (profile, box_of) = (item.profile.as_str(), item.r#box.as_deref());
                let when = (why.at, Some(why.id.as_str()));
                writing.receive_ukey(&item.identity(), (profile, box_of), item.state, when)?;
            }
            return writing.missing_came(&note.id, &item.serial, why.at);
        }
    };
    let mut found = difference(kind, &item.serial, note, why);
    let known = writing.ukey(&item.serial)?;
    found.detail = known.map(|row| row.state.word().to_owned());
    writing.insert_discrepancy(&found)
}

/// Books one ukey at the sender.
fn settle(
    writing: &Writing<'_>,
    (note, serial, outcome): (&NoteRow, &Serial, ItemOutcome),
    why: &MovementRow,
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
                writing.move_stock(serial, found, (why.at, &why.id), true)?;
            }
            return writing.missing_came(&note.id, serial, why.at);
        }
    };
    writing.insert_discrepancy(&difference(kind, serial, note, why))
}

/// Whether a sign-for is of this note: every line of it once, or what was missing.
pub(super) fn demand_fits(
    reading: &Reading<'_>,
    note: &NoteRow,
    body: &SignForBody,
) -> Result<(), Error> {
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

fn difference(
    kind: DiscrepancyKind,
    serial: &Serial,
    note: &NoteRow,
    why: &MovementRow,
) -> DiscrepancyRow {
    let found = (why.at, &why.officer);
    DiscrepancyRow {
        note: Some(note.id.clone()),
        ..DiscrepancyRow::found(clock::new_uuid().to_string(), kind, serial.clone(), found)
    }
}
