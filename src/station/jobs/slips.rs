//! The hand-out slip, and the letter with a random PIN, as PDF.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::documents::{pin_letter, slip};
use crate::domain::handwriting::Handwriting;
use crate::domain::identity_number::mask;
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::domain::ukey::Serial;
use crate::keys::file;
use crate::keys::secret::{NotOpened, SecretKey};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::store::RunRow;

/// Writes the slip of a ukey to `out`, and once, beside it as `*.pin.pdf`, the letter with its
/// random PIN; after that the station no longer knows that PIN.
///
/// # Errors
/// `ukey-not-issued`, or what the file system says.
pub fn write(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &Serial,
    out: &Path,
) -> Result<Vec<PathBuf>, Error> {
    write_signed(desk, officer, (serial, Handwriting::default()), out)
}

/// The same with the signature that the holder wrote at the desk. It stands on that slip and nowhere else.
///
/// # Errors
/// As [`write()`].
pub fn write_signed(
    desk: &Desk,
    officer: &ActingOfficer,
    (serial, signature): (&Serial, Handwriting),
    out: &Path,
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::HandOut)?;
    let not_issued = || Error::refused("ukey-not-issued", serial.as_str());
    let (mut facts, run) = facts(desk, serial)?.ok_or_else(not_issued)?;
    facts.signature = signature;
    let font = fonts::with(Face::Sans, [facts.holder.as_str(), &facts.unit])?;
    let pdf = slip::pdf(&facts, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))?;
    let mut written = vec![out.to_owned()];
    let letter = desk.store().read().pin_letter(run.id)?;
    if let Some((key, sealed)) = letter {
        let path = out.with_extension("pin.pdf");
        let pin = open_letter(&run, &key, &sealed)?;
        let pdf = pin_letter::pdf(&facts.unit, &facts.holder, serial.as_str(), &pin, &font);
        let pdf = Zeroizing::new(pdf.map_err(fonts::paper)?);
        file::replace(&path, &pdf).map_err(|error| Error::io(&path, error))?;
        let mut audit = Desk::audit_row(officer, "pin-letter-printed");
        audit.ukey = Some(serial.as_str().to_owned());
        desk.store()
            .act(&audit, |writing| writing.erase_pin_letter(run.id))?;
        written.push(path);
    }
    Ok(written)
}

fn facts(desk: &Desk, serial: &Serial) -> Result<Option<(slip::Slip, RunRow)>, Error> {
    let store = desk.store();
    let reading = store.read();
    let Some(ukey) = reading.ukey(serial)? else {
        return Ok(None);
    };
    let Some(run) = reading
        .last_run_on(serial)?
        .filter(|run| run.ended_at.is_some())
    else {
        return Ok(None);
    };
    let Some(certificate) = reading.certificate_of_run(run.id)? else {
        return Ok(None);
    };
    let request = reading.request(run.request)?;
    let fields = reading.request_fields(run.request)?;
    let masked_id = fields
        .get("id_number")
        .map(|row| mask(&row.value))
        .unwrap_or_default();
    let unit = reading.unit(request.unit)?;
    let position = reading.audit_position(desk.id())?;
    let meta = |name: &str| Ok::<_, Error>(reading.meta(name)?.unwrap_or_default());
    let own = reading.own_unit()?;
    let slip = slip::Slip {
        made_by: (unit.id != own.id).then_some(own.name),
        unit: unit.name,
        request: request.number,
        holder: request.holder_name,
        masked_id,
        user_types: request.user_types,
        ukey_serial: serial.as_str().to_owned(),
        ukey_model: ukey.identity.model,
        certificate_serial: certificate.serial.to_string(),
        not_before: certificate.not_before.date().to_string(),
        not_after: certificate.not_after.date().to_string(),
        temporary: run.temporary.is_some(),
        assistant_address: meta("assistant_address")?,
        hotline: meta("hotline")?,
        checkpoint: position.code().to_string(),
        signature: Handwriting::default(),
    };
    Ok(Some((slip, run)))
}

fn open_letter(run: &RunRow, key: &[u8], sealed: &[u8]) -> Result<Pin, Error> {
    let key = SecretKey::from_slice(key).ok_or(NotOpened)?;
    let bytes = key.open(&super::personalise::letter_purpose(run.id), sealed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_binary| NotOpened)?;
    Ok(Pin::parse(text).map_err(|_no_pin| NotOpened)?)
}
