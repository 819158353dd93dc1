//! What a file from a neighbour says of ukeys, before it is signed for: reads, and books nothing.

use std::path::Path;

use super::{judged, note_body, parsed};
use crate::domain::officer::Duty;
use crate::domain::stock::{DispatchItem, ItemOutcome};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::keys::parcel::Kind;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::stock::SignForBody;
use crate::station::{ActingOfficer, post};
use crate::store::NoteRow;

/// A file that was looked into.
#[derive(Clone, Debug)]
pub enum StockFile {
    /// A dispatch note.
    Note(NoteFile),
    /// The sign-for of a note that was sent from here.
    SignFor(SignForFile),
}

/// What a dispatch note's file says.
#[derive(Clone, Debug)]
pub struct NoteFile {
    /// The sender's number.
    pub number: String,
    /// Name of the unit that sends.
    pub unit: String,
    /// Who signed it.
    pub signer: String,
    /// When.
    pub at: Timestamp,
    /// Why, of what is sent back.
    pub reason: Option<String>,
    /// It was signed for before: only what was missing can still come.
    pub signed_for: bool,
    /// Its ukeys and what becomes of each if all came; of one that was signed for, what became of it.
    pub lines: Vec<(DispatchItem, ItemOutcome)>,
}

/// What a sign-for's file says.
#[derive(Clone, Debug)]
pub struct SignForFile {
    /// The note.
    pub note: NoteRow,
    /// Name of the unit that signs for it.
    pub unit: String,
    /// Who signed it.
    pub signer: String,
    /// When.
    pub at: Timestamp,
    /// It was received before.
    pub replayed: bool,
    /// What became of each ukey of it.
    pub items: Vec<(Serial, ItemOutcome)>,
    /// Came, and is not on the note.
    pub extra: Vec<Serial>,
}

/// Looks into a dispatch note or a sign-for from a neighbour.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `note-unknown`.
pub fn look_into(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<StockFile, Error> {
    officer.demand(Duty::ManageStock)?;
    match post::open(desk, path, Kind::Dispatch) {
        Err(error)
            if error.code == "parcel-other-kind" && error.subject == Kind::Signfor.word() =>
        {
            sign_for_file(desk, path).map(StockFile::SignFor)
        }
        Err(error) => Err(error),
        Ok(incoming) => {
            let body = note_body(&incoming)?;
            let lines = if incoming.replayed {
                let known = desk.store().read().dispatch_items(&body.note)?.into_iter();
                known
                    .filter_map(|(item, outcome)| outcome.map(|outcome| (item, outcome)))
                    .collect()
            } else {
                let outcomes = judged(desk, &incoming, &body, (&[], &[]))?;
                body.items.into_iter().zip(outcomes).collect()
            };
            let opened = incoming.opened;
            Ok(StockFile::Note(NoteFile {
                number: body.number,
                unit: opened.manifest.from.name,
                signer: opened.signer.name.as_str().to_owned(),
                at: opened.manifest.created,
                reason: body.reason,
                signed_for: incoming.replayed,
                lines,
            }))
        }
    }
}

fn sign_for_file(desk: &Desk, path: &Path) -> Result<SignForFile, Error> {
    let incoming = post::open(desk, path, Kind::Signfor)?;
    let body: SignForBody = parsed(&incoming.opened.manifest)?;
    let opened = incoming.opened;
    let from = opened.manifest.from;
    let note = desk.store().read().dispatch_note(&body.note)?;
    let note = note.filter(|note| note.sent && note.unit_code == from.code);
    Ok(SignForFile {
        note: note.ok_or_else(|| Error::refused("note-unknown", from.code))?,
        unit: from.name,
        signer: opened.signer.name.as_str().to_owned(),
        at: opened.manifest.created,
        replayed: incoming.replayed,
        items: body
            .items
            .into_iter()
            .map(|item| (item.serial, item.outcome))
            .collect(),
        extra: body.extra,
    })
}
