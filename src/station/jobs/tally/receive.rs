//! The tally of a direct subordinate comes: checked, and kept in the place of the one before.

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::id::UnitId;
use crate::domain::officer::Duty;
use crate::domain::scan::ScanKind;
use crate::domain::tally::{self, Tally, TallyFault, TallyScan};
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Unit;
use crate::keys::parcel::{Kind, Sha256Hex};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post::Incoming;
use crate::station::{ActingOfficer, clock, post};
use crate::store::{StoreError, TallyRow, TallyScanRow};

/// A tally that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The same file came before: nothing was done.
    pub replayed: bool,
    /// Code of the unit that sent it.
    pub unit_code: String,
    /// Its name.
    pub unit: String,
    /// When it was made.
    pub created: Timestamp,
    /// Units in it.
    pub units: usize,
    /// Scans in it.
    pub scans: usize,
    /// Scans that come with the next one.
    pub scans_left: u64,
    /// Its books and those here do not agree (D-27).
    pub differs: bool,
}

/// Takes a subordinate's tally; it replaces the one before.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `tally-unit-foreign` for a unit that is not below the sender,
/// `tally-invalid` for what no tally says; nothing was taken then.
pub fn receive(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Received, Error> {
    officer.demand(Duty::ManageStock)?;
    let incoming = post::open(desk, path, Kind::Tally)?;
    let manifest = &incoming.opened.manifest;
    let damaged = |error| Error::refused("parcel-damaged", Kind::Tally.word()).because(error);
    let tally: Tally = serde_json::from_value(manifest.body.clone()).map_err(damaged)?;
    let sender = manifest.from.code.as_str();
    let now = clock::now();
    let mut received = Received {
        replayed: incoming.replayed,
        unit_code: sender.to_owned(),
        unit: manifest.from.name.clone(),
        created: manifest.created,
        units: tally.units.len(),
        scans: tally.scans.len(),
        scans_left: tally.scans_left,
        differs: false,
    };
    if incoming.replayed {
        let rows = desk.store().read().tallies()?;
        received.differs = rows
            .iter()
            .any(|row| row.unit_code == sender && differs(row));
        return Ok(received);
    }
    demand_sound(desk, &tally, sender)?;
    let scans = scans(&incoming, &tally.scans, now)?;
    let mut audit = Desk::audit_row(officer, "stock-tally-received");
    audit.detail = Some(format!(
        "{} of {sender}, {} units, {} scans",
        manifest.id,
        tally.units.len(),
        scans.len()
    ));
    let row = desk.store().act(&audit, |writing| {
        incoming.record(writing)?;
        let row = TallyRow {
            unit_code: sender.to_owned(),
            parcel: manifest.id.to_string(),
            created: manifest.created,
            received_at: now,
            signer: incoming.opened.signer.name.as_str().to_owned(),
            // Its sign-fors came before it: files come in order. So both books are of one moment.
            passed: writing.passed_to(sender)?,
            units: tally.units,
        };
        writing.keep_tally(&row)?;
        for (scan, content) in &scans {
            writing.keep_tally_scan(scan, content)?;
        }
        Ok::<_, StoreError>(row)
    })?;
    received.differs = differs(&row);
    Ok(received)
}

fn differs(row: &TallyRow) -> bool {
    let own = row.units.iter().find(|unit| unit.superior.is_none());
    own.is_some_and(|unit| !tally::differences(&row.passed, &unit.stock).is_empty())
}

/// Whether every unit of a tally can be below its sender, as far as this home knows.
fn demand_sound(desk: &Desk, tally: &Tally, sender: &str) -> Result<(), Error> {
    tally.check(sender).map_err(|fault| {
        let code = match fault {
            TallyFault::NoSender | TallyFault::NotBelow(_) => "tally-unit-foreign",
            _ => "tally-invalid",
        };
        Error::refused(code, fault.to_string())
    })?;
    let own = desk.own_unit()?;
    let superior = post::superior(desk).ok().map(|facts| facts.code);
    let store = desk.store();
    let reading = store.read();
    let certified = reading.certified_units()?.into_iter();
    let mut elsewhere: BTreeSet<String> = certified.map(|row| row.unit_code).collect();
    elsewhere.extend([own.code.as_str().to_owned()]);
    elsewhere.extend(superior);
    elsewhere.extend(under_others(&reading.units()?, &own, sender));
    elsewhere.remove(sender);
    let foreign = tally.units.iter().map(|unit| unit.code.as_str());
    match foreign.into_iter().find(|code| elsewhere.contains(*code)) {
        Some(code) => Err(Error::refused("tally-unit-foreign", code)),
        None => Ok(()),
    }
}

/// Units that the records here have below the own unit by another way than the sender.
fn under_others(units: &[Unit], own: &Unit, sender: &str) -> Vec<String> {
    let by_id: std::collections::BTreeMap<UnitId, &Unit> =
        units.iter().map(|unit| (unit.id, unit)).collect();
    let is_other = |unit: &&Unit| {
        let mut at: &Unit = unit;
        for _step in 0..8 {
            if at.code.as_str() == sender {
                return false;
            }
            match at.parent.and_then(|id| by_id.get(&id)) {
                // Directly below the own unit: another subordinate, or the sender's school whose
                // superior nobody wrote down.
                Some(above) if above.id == own.id => return at.id != unit.id,
                Some(above) => at = above,
                None => return false,
            }
        }
        false
    };
    let others = units.iter().filter(is_other);
    others.map(|unit| unit.code.as_str().to_owned()).collect()
}

/// The scans with their bytes, each the one that its line says.
fn scans<'a>(
    incoming: &'a Incoming,
    lines: &[TallyScan],
    now: Timestamp,
) -> Result<Vec<(TallyScanRow, &'a [u8])>, Error> {
    let opened = &incoming.opened;
    let names: BTreeSet<String> = lines.iter().map(TallyScan::attachment).collect();
    let invalid = |text: &str| Error::refused("tally-invalid", format!("scan {text}"));
    if let Some(name) = opened
        .attachments
        .keys()
        .find(|name| !names.contains(*name))
    {
        return Err(invalid(name));
    }
    let mut rows = Vec::new();
    for line in lines {
        let content = opened.attachments.get(&line.attachment());
        let bound = opened.manifest.attachments.get(&line.attachment());
        let (content, bound) = content.zip(bound).ok_or_else(|| invalid(&line.sha256))?;
        let kind = ScanKind::of(content).map_err(|error| invalid(&line.sha256).because(error))?;
        let Sha256Hex(sha256) = bound.sha256; // Of these bytes: checked when the file was opened.
        if hex::encode(sha256) != line.sha256
            || kind.word() != line.kind
            || bound.length != line.bytes
        {
            return Err(invalid(&line.sha256));
        }
        let row = TallyScanRow {
            request: line.request,
            sha256,
            number: line.number.clone(),
            revision: line.revision,
            unit_code: line.unit.clone(),
            kind,
            bytes: line.bytes,
            received_at: Some(now),
            from_code: Some(opened.manifest.from.code.clone()),
            kept: true,
        };
        rows.push((row, content.as_slice()));
    }
    Ok(rows)
}
