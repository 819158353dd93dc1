//! The dispatch note on paper, to be signed by both sides (D-26).

use std::collections::BTreeMap;
use std::path::Path;

use super::stock;
use crate::documents::dispatch_note::{self, DispatchNote};
use crate::domain::ukey::UkeyState;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};

/// Writes the paper of a note, sent or received, by its number or id.
///
/// # Errors
/// `note-unknown`, or what the file system says.
pub fn write(desk: &Desk, officer: &ActingOfficer, note: &str, out: &Path) -> Result<(), Error> {
    let (row, lines) = stock::note(desk, officer, note)?;
    let (own, checkpoint) = {
        let store = desk.store();
        let reading = store.read();
        (reading.own_unit()?.name, reading.audit_position(desk.id())?)
    };
    let other = stock::unit_name(desk, officer, &row.unit_code)?;
    let (from, to) = if row.sent { (own, other) } else { (other, own) };
    let (mut models, mut boxes) = (BTreeMap::new(), BTreeMap::new());
    for (item, _outcome) in &lines {
        *models.entry(item.model.clone()).or_default() += 1;
        if let Some(label) = &item.r#box {
            *boxes.entry(label.clone()).or_default() += 1;
        }
    }
    let serials = lines.iter().map(|(item, _outcome)| {
        let remark = (item.state != UkeyState::Blank).then(|| item.state.chinese().to_owned());
        (item.serial.to_string(), remark)
    });
    let facts = DispatchNote {
        number: row.number,
        id: row.id,
        from,
        to,
        date: row.at.date().to_string(),
        officer: row.officer,
        reason: row.reason,
        models: models.into_iter().collect(),
        boxes: boxes.into_iter().collect(),
        serials: serials.collect(),
        checkpoint: checkpoint.code().to_string(),
    };
    let reason = facts.reason.as_deref().unwrap_or_default();
    let font = fonts::with(Face::Sans, [&facts.from, &facts.to, reason])?;
    let pdf = dispatch_note::pdf(&facts, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}
