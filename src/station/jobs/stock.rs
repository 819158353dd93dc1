//! The stock of blank ukeys (D-24 … D-33): received, dispatched, signed for, counted, corrected; the
//! ledger itself is kept by the store.

mod booking;
mod discrepancies;
mod dispatch;
mod neighbours;
mod receive;
mod sign_for;
mod single;
mod view;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::discrepancies::{accept, discrepancies, explain};
pub use self::dispatch::{Dispatched, Selection, dispatch, send_back};
pub use self::neighbours::{Neighbours, neighbours, plugged_in};
pub use self::receive::{Delivery, Received, comes_from_supplier, receive, template};
pub use self::sign_for::preview::{NoteFile, SignForFile, StockFile, look_into};
pub use self::sign_for::{Counted, SignedFor, receive_sign_for, sign_for};
pub use self::single::{allocate, correct, damage, destroy, release};
pub use self::view::{
    LevelView, StockDay, StockReport, age_days, in_transit, last_days, level, life, note, notes,
    report, set_level, unit_name,
};
use crate::domain::officer::OfficerName;
use crate::domain::stock::{DispatchItem, ItemOutcome, MovementKind};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::MovementRow;

#[cfg(test)]
mod tests;

/// What the file of a dispatch note says, besides its envelope.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    items: Vec<DispatchItem>,
    /// Id of the note.
    note: String,
    number: String,
    /// Why, of what is sent back.
    reason: Option<String>,
}

/// What the file of a sign-for says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignForBody {
    /// Came and stand on no line of the note.
    extra: Vec<Serial>,
    items: Vec<SignedItem>,
    /// Only what was missing before and came later.
    late: bool,
    /// Id of the note.
    note: String,
}

/// A line of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedItem {
    outcome: ItemOutcome,
    serial: Serial,
}

/// A file for a neighbour that was written.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Where it lies.
    pub file: PathBuf,
    /// Code of the unit that it is for.
    pub unit_code: String,
}

/// Why ukeys move, by this officer and now.
pub(super) fn movement(
    kind: MovementKind,
    officer: &ActingOfficer,
    at: Timestamp,
    (second, reason, note): (Option<&SecondOfficer>, Option<String>, Option<String>),
) -> MovementRow {
    MovementRow {
        id: clock::new_uuid().to_string(),
        kind,
        at,
        officer: officer.name().clone(),
        confirmed_by: second.map(|second| match second.officer() {
            Some(officer) => officer.name().to_string(),
            None => second.told(),
        }),
        reason,
        note,
    }
}

/// The name under which an officer stands in the records.
fn name(officer: &ActingOfficer) -> String {
    OfficerName::as_str(officer.name()).to_owned()
}
