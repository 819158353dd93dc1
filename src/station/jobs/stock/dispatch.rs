//! Ukeys leave for a direct subordinate, or back to the superior, with a dispatch note (发放单, D-26).

use std::path::Path;

use super::{NoteBody, Sent, booking, movement, name};
use crate::domain::officer::Duty;
use crate::domain::stock::{DispatchItem, MovementKind, may_travel};
use crate::domain::ukey::{Serial, UkeyState};
use crate::keys::parcel::{Attachments, Kind};
use crate::keys::unit_pki::UnitFacts;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people;
use crate::station::{ActingOfficer, SigningKey, clock, post};
use crate::store::{NoteRow, UkeyFilter, UkeyRow};

/// Which blanks go.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These.
    pub serials: Vec<Serial>,
    /// Every blank of these boxes.
    pub boxes: Vec<String>,
    /// So many more, the lowest serial numbers first.
    pub count: usize,
    /// Of this model only.
    pub model: Option<String>,
}

/// A note that was made.
#[derive(Clone, Debug)]
pub struct Dispatched {
    /// The note.
    pub note: NoteRow,
    /// Its ukeys by serial.
    pub items: Vec<DispatchItem>,
    /// The file for the receiver's station.
    pub sent: Sent,
}

/// Dispatches blanks to a direct subordinate.
///
/// # Errors
/// `wrong-duty`, `unit-not-subordinate` for a unit that was not certified here, `dispatch-nothing`,
/// `stock-not-enough`, `ukey-not-in-stock`, `ukey-of-officer`, or what ukey and file system say.
pub fn dispatch(
    desk: &Desk,
    officer: &ActingOfficer,
    (unit, selection): (&str, &Selection),
    out: Option<&Path>,
) -> Result<Dispatched, Error> {
    officer.demand(Duty::ManageStock)?;
    let to = receiver(desk, unit)?;
    let rows = selected(desk, selection)?;
    send((desk, officer), &to, (rows, None), out)
}

/// The direct subordinate of this name or code.
fn receiver(desk: &Desk, text: &str) -> Result<UnitFacts, Error> {
    let found = post::named(post::subordinates(desk)?, text)?;
    found.ok_or_else(|| Error::refused("unit-not-subordinate", text))
}

/// Sends ukeys back to the superior: blanks, and what cannot be used.
///
/// # Errors
/// `wrong-duty`, `unit-is-root`, `reason-required`, and as [`dispatch`].
pub fn send_back(
    desk: &Desk,
    officer: &ActingOfficer,
    (serials, reason): (&[Serial], &str),
    out: Option<&Path>,
) -> Result<Dispatched, Error> {
    officer.demand(Duty::ManageStock)?;
    let reason = people::reason_text(reason)?;
    let to = post::superior(desk)?;
    let rows = named(desk, serials, true)?;
    send((desk, officer), &to, (rows, Some(reason)), out)
}

/// The blanks that are meant, by serial.
fn selected(desk: &Desk, selection: &Selection) -> Result<Vec<UkeyRow>, Error> {
    let mut rows = named(desk, &selection.serials, false)?;
    let blanks = |box_of: Option<&String>| {
        desk.store().read().ukeys_page(&UkeyFilter {
            state: Some(UkeyState::Blank),
            model: selection.model.clone(),
            box_of: box_of.cloned(),
            ..UkeyFilter::default()
        })
    };
    let add = |rows: &mut Vec<UkeyRow>, more: Vec<UkeyRow>, most: usize| {
        let before = rows.len();
        for row in more {
            if rows.len() - before == most {
                break;
            }
            if rows.iter().all(|other| other.identity != row.identity) {
                rows.push(row);
            }
        }
        rows.len() - before
    };
    for label in &selection.boxes {
        let more = blanks(Some(label))?;
        if add(&mut rows, more, usize::MAX) == 0 {
            return Err(Error::refused("stock-not-enough", label.clone()));
        }
    }
    if selection.count > 0 {
        let found = add(&mut rows, blanks(None)?, selection.count);
        if found < selection.count {
            let text = format!("{found} < {}", selection.count);
            return Err(Error::refused("stock-not-enough", text));
        }
    }
    rows.sort_by(|a, b| a.identity.serial.cmp(&b.identity.serial));
    Ok(rows)
}

/// Ukeys that were named, each in a state in which it may travel.
fn named(desk: &Desk, serials: &[Serial], upwards: bool) -> Result<Vec<UkeyRow>, Error> {
    if let Some(serial) = crate::domain::stock::twice(serials).first() {
        return Err(Error::usage("serial-twice", serial.as_str()));
    }
    let store = desk.store();
    let reading = store.read();
    let mut rows = Vec::new();
    for serial in serials {
        let row = reading.ukey(serial)?;
        let row = row.ok_or_else(|| Error::usage("ukey-unknown", serial.as_str()))?;
        if row.officer.is_some() {
            return Err(Error::refused("ukey-of-officer", serial.as_str()));
        }
        if !may_travel(row.state, upwards) {
            let text = format!("{serial} ({})", row.state);
            return Err(Error::refused("ukey-not-in-stock", text));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn send(
    (desk, officer): (&Desk, &ActingOfficer),
    to: &UnitFacts,
    (rows, reason): (Vec<UkeyRow>, Option<String>),
    out: Option<&Path>,
) -> Result<Dispatched, Error> {
    if rows.is_empty() {
        return Err(Error::usage("dispatch-nothing", to.name.clone()));
    }
    let now = clock::now();
    let items: Vec<DispatchItem> = rows.into_iter().map(item).collect();
    let note = NoteRow {
        id: clock::new_uuid().to_string(),
        number: desk.store().read().next_note_number(now.date().year())?,
        sent: true,
        unit_code: to.code.clone(),
        at: now,
        officer: name(officer),
        reason: reason.clone(),
        signed_for_at: None,
        signed_for_by: None,
        count: u64::try_from(items.len()).unwrap_or(u64::MAX),
        in_transit: u64::try_from(items.len()).unwrap_or(u64::MAX),
    };
    let body = NoteBody {
        items: items.clone(),
        note: note.id.clone(),
        number: note.number.clone(),
        reason: reason.clone(),
    };
    let mut key = SigningKey::open(desk, officer)?;
    let nothing = Attachments::default();
    let parcel = post::pack(desk, &mut key, to, (Kind::Dispatch, &body), &nothing)?;
    let (kind, act) = if reason.is_some() {
        (MovementKind::SendBack, "stock-sent-back")
    } else {
        (MovementKind::Dispatch, "stock-dispatched")
    };
    let why = movement(kind, officer, now, (None, reason, Some(note.id.clone())));
    let mut audit = Desk::audit_row(officer, act);
    audit.detail = Some(format!(
        "note {} {} to {}, {} ukeys",
        note.number, note.id, to.code, note.count
    ));
    desk.store().act(&audit, |writing| {
        booking::dispatch(writing, &note, &items, &why)?;
        parcel.record(writing)
    })?;
    let sent = Sent {
        file: parcel.deliver(desk, out)?,
        unit_code: to.code.clone(),
    };
    Ok(Dispatched { note, items, sent })
}

fn item(row: UkeyRow) -> DispatchItem {
    DispatchItem {
        maker: row.identity.maker,
        model: row.identity.model,
        serial: row.identity.serial,
        profile: row.profile,
        r#box: row.box_of,
        state: row.state,
    }
}
