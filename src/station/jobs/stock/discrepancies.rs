//! Differences of the stock (D-27): system explains, security accepts, and the records follow as a new
//! entry.

use super::movement;
use crate::domain::officer::Duty;
use crate::domain::stock::{DiscrepancyKind, MovementKind, Resolution};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{UkeyIdentity, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::{DiscrepancyRow, Explanation, Reading, Writing};

/// Every difference, or only the open ones.
///
/// # Errors
/// What the store says.
pub fn discrepancies(
    desk: &Desk,
    officer: &ActingOfficer,
    open_only: bool,
) -> Result<Vec<DiscrepancyRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().discrepancies(open_only)?)
}

/// Says why something differs and how the records are to follow.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `discrepancy-unknown`, `discrepancy-closed`,
/// `discrepancy-resolution` where this one cannot be resolved so.
pub fn explain(
    desk: &Desk,
    officer: &ActingOfficer,
    (text, resolution, reason): (&str, Resolution, &str),
) -> Result<DiscrepancyRow, Error> {
    officer.demand(Duty::ManageStock)?;
    let reason = people::reason_text(reason)?;
    let row = open(desk, text)?;
    let said = Explanation {
        resolution,
        text: reason,
        at: clock::now(),
        by: officer.name().to_string(),
    };
    follow(&desk.store().read(), &row, resolution)?;
    let mut audit = Desk::audit_row(officer, "discrepancy-explained");
    audit.ukey = Some(row.serial.to_string());
    audit.detail = Some(format!(
        "{} {}: {}",
        row.number,
        row.kind.word(),
        resolution.word()
    ));
    desk.store().act(&audit, |writing| {
        writing.explain_discrepancy(&row.id, &said)
    })?;
    find(desk, &row.id)
}

/// Accepts an explanation; the records follow in the same transaction. Security does it, or system with
/// a second officer or a waiver.
///
/// # Errors
/// `wrong-duty`, `discrepancy-unknown`, `discrepancy-closed`, `discrepancy-not-explained`,
/// `discrepancy-resolution` where the ukey is elsewhere meanwhile.
pub fn accept(
    desk: &Desk,
    officer: &ActingOfficer,
    (second, text): (Option<&SecondOfficer>, &str),
) -> Result<DiscrepancyRow, Error> {
    if second.is_some() {
        officer.demand(Duty::ManageStock)?;
    } else {
        officer.demand(Duty::ConfirmAct)?;
    }
    let row = open(desk, text)?;
    let said = row.explained.clone();
    let said = said.ok_or_else(|| Error::refused("discrepancy-not-explained", text))?;
    let follows = follow(&desk.store().read(), &row, said.resolution)?;
    let now = clock::now();
    let why = (second, Some(said.text), row.note.clone());
    let why = movement(MovementKind::Discrepancy, officer, now, why);
    let mut audit = Desk::audit_row(officer, "discrepancy-accepted");
    audit.ukey = Some(row.serial.to_string());
    let confirmed = second.map_or_else(String::new, |second| format!("; {}", second.told()));
    audit.detail = Some(format!(
        "{} {}: {}{confirmed}",
        row.number,
        row.kind.word(),
        said.resolution.word()
    ));
    let by = second.map_or_else(|| officer.name().to_string(), SecondOfficer::told);
    desk.store().act(&audit, |writing| {
        writing.accept_discrepancy(&row.id, &by, now)?;
        if let Some(follows) = &follows {
            writing.insert_movement(&why)?;
            follows.book(writing, &row, (now, &why.id))?;
        }
        Ok::<_, crate::store::StoreError>(())
    })?;
    find(desk, &row.id)
}

/// What an accepted difference changes.
pub(super) enum Follows {
    /// A ukey of the stock goes to another state.
    Moves { from: UkeyState, to: UkeyState },
    /// A ukey comes that stood on no note.
    Comes {
        identity: UkeyIdentity,
        profile: String,
    },
}

impl Follows {
    pub(super) fn book(
        &self,
        writing: &Writing<'_>,
        row: &DiscrepancyRow,
        (now, movement): (Timestamp, &str),
    ) -> Result<(), crate::store::StoreError> {
        match self {
            Self::Moves { from, to } => {
                writing.move_stock(&row.serial, (*from, *to), (now, movement), true)?;
                if *from == UkeyState::Dispatched {
                    writing.give_up_item(&row.serial)?;
                }
                Ok(())
            }
            Self::Comes { identity, profile } => writing.receive_ukey(
                identity,
                (profile, None),
                UkeyState::Blank,
                (now, Some(movement)),
            ),
        }
    }
}

/// What this resolution changes; nothing for one that changes nothing.
pub(super) fn follow(
    reading: &Reading<'_>,
    row: &DiscrepancyRow,
    resolution: Resolution,
) -> Result<Option<Follows>, Error> {
    let known = reading.ukey(&row.serial)?;
    let state = known
        .filter(|row| row.officer.is_none())
        .map(|row| row.state);
    let unfit = || {
        let state = state.map_or("outside", UkeyState::word);
        let text = format!("{} {}: {}", row.number, state, resolution.word());
        Err(Error::refused("discrepancy-resolution", text))
    };
    let fits = match row.kind {
        // What a stock check found is as it was seen (D-28): not there, or there and of no use.
        DiscrepancyKind::NotFound => matches!(resolution, Resolution::Lost | Resolution::Nothing),
        // `stock intake` takes in what may come in.
        DiscrepancyKind::Unexpected => resolution == Resolution::Nothing,
        DiscrepancyKind::WrongState => {
            matches!(resolution, Resolution::Damaged | Resolution::Nothing)
        }
        DiscrepancyKind::Missing | DiscrepancyKind::Extra | DiscrepancyKind::Conflict => true,
    };
    if !fits {
        return unfit();
    }
    let note = match &row.note {
        Some(id) => reading.dispatch_note(id)?,
        None => None,
    };
    if row.kind == DiscrepancyKind::Missing && note.is_some_and(|note| !note.sent) {
        // What did not come is on the sender's books, also where it once left from here: they follow.
        return if resolution == Resolution::Nothing {
            Ok(None)
        } else {
            unfit()
        };
    }
    match (resolution, state) {
        (Resolution::Nothing, _) => Ok(None),
        (Resolution::Lost, Some(from @ (UkeyState::Damaged | UkeyState::Returned)))
            if row.kind == DiscrepancyKind::NotFound =>
        {
            Ok(Some(Follows::Moves {
                from,
                to: UkeyState::Lost,
            }))
        }
        (Resolution::Damaged, Some(from @ UkeyState::Returned))
            if row.kind == DiscrepancyKind::WrongState =>
        {
            Ok(Some(Follows::Moves {
                from,
                to: UkeyState::Damaged,
            }))
        }
        (
            Resolution::Lost,
            Some(from @ (UkeyState::Blank | UkeyState::Allocated | UkeyState::Dispatched)),
        ) => Ok(Some(Follows::Moves {
            from,
            to: UkeyState::Lost,
        })),
        (Resolution::Damaged, Some(from @ (UkeyState::Blank | UkeyState::Allocated))) => {
            Ok(Some(Follows::Moves {
                from,
                to: UkeyState::Damaged,
            }))
        }
        (Resolution::Moved, Some(from @ UkeyState::Blank))
            if row.kind == DiscrepancyKind::Extra =>
        {
            Ok(Some(Follows::Moves {
                from,
                to: UkeyState::Dispatched,
            }))
        }
        (Resolution::Moved, None) if row.kind == DiscrepancyKind::Extra => {
            let note = row.note.as_deref().unwrap_or_default();
            let items = reading.dispatch_items(note)?;
            // One model came: another's is taken in by its own reading (`stock intake`).
            let Some((first, _outcome)) = items.first() else {
                return unfit();
            };
            let same = |item: &crate::domain::stock::DispatchItem| {
                (&item.maker, &item.model) == (&first.maker, &first.model)
            };
            if !items.iter().all(|(item, _outcome)| same(item)) {
                return unfit();
            }
            Ok(Some(Follows::Comes {
                identity: UkeyIdentity {
                    serial: row.serial.clone(),
                    ..first.identity()
                },
                profile: first.profile.clone(),
            }))
        }
        _ => unfit(),
    }
}

fn find(desk: &Desk, text: &str) -> Result<DiscrepancyRow, Error> {
    let mut found = desk.store().read().discrepancies_named(text)?;
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(row),
        (None, _) => Err(Error::usage("discrepancy-unknown", text)),
        (Some(_), _) => Err(Error::usage("discrepancy-ambiguous", text)),
    }
}

fn open(desk: &Desk, text: &str) -> Result<DiscrepancyRow, Error> {
    let row = find(desk, text)?;
    if row.accepted_at.is_some() {
        return Err(Error::refused("discrepancy-closed", row.number));
    }
    Ok(row)
}
