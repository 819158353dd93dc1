//! The certificate of destruction of a ukey, to be signed and filed (D-48).

use std::path::Path;

use crate::documents::destruction::{self, Destruction};
use crate::documents::moment;
use crate::domain::officer::Duty;
use crate::domain::ukey::UkeyState;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::store::{EntryRow, UkeyRow};

/// Writes it as PDF: one page.
///
/// # Errors
/// `ukey-not-destroyed`, or what the file system says.
pub fn print(
    desk: &Desk,
    officer: &ActingOfficer,
    ukey: &UkeyRow,
    out: &Path,
) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let paper = facts(desk, ukey)?;
    let texts = [
        paper.unit.as_str(),
        &paper.reason,
        &paper.officer,
        &paper.confirmed_by,
    ];
    let font = fonts::with(Face::Sans, texts)?;
    let pdf = destruction::pdf(&paper, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

fn facts(desk: &Desk, ukey: &UkeyRow) -> Result<Destruction, Error> {
    let serial = &ukey.identity.serial;
    let store = desk.store();
    let reading = store.read();
    let life = reading.stock_entries(serial)?;
    let is_end = |entry: &&EntryRow| entry.to == UkeyState::Destroyed.word();
    let end = life.iter().find(is_end);
    let end = end.ok_or_else(|| Error::refused("ukey-not-destroyed", serial.as_str()))?;
    let came = life.first().map(|entry| moment(entry.at));
    let certificates = reading.certificates_on(serial)?;
    let position = reading.audit_position(desk.id())?;
    Ok(Destruction {
        unit: reading.own_unit()?.name,
        ukey_serial: serial.to_string(),
        ukey_maker: ukey.identity.maker.clone(),
        ukey_model: ukey.identity.model.clone(),
        received: came.unwrap_or_default(),
        certificates: certificates
            .iter()
            .map(|row| row.serial.to_string())
            .collect(),
        reason: end.reason.clone().unwrap_or_default(),
        destroyed: moment(end.at),
        officer: end.officer.clone().unwrap_or_default(),
        confirmed_by: end.confirmed_by.clone().unwrap_or_default(),
        checkpoint: position.code().to_string(),
    })
}
