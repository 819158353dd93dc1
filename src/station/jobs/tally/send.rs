//! The tally goes up: signed, sealed to the superior, with the scans that did not go before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::view::Numbers;
use crate::domain::officer::Duty;
use crate::domain::tally::{self, MAX_UNITS, Tally, TallyScan};
use crate::domain::unit_code::UnitCode;
use crate::keys::parcel::{Attachments, Kind};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SigningKey, clock, post};
use crate::store::TallyScanRow;

/// Most bytes of scans in one file, and most scans; the others go with the next one.
const MOST_BYTES: u64 = 96 * 1024 * 1024;
const MOST_SCANS: usize = 10_000;

/// A tally that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The file.
    pub file: PathBuf,
    /// Code of the superior.
    pub unit_code: String,
    /// Units in it.
    pub units: usize,
    /// Scans in it.
    pub scans: usize,
    /// Scans that wait for the next file.
    pub scans_left: usize,
    /// Approved requests without a ukey, of all units.
    pub waiting: u64,
    /// Blanks needed, of all units.
    pub needed: u64,
}

/// Writes the tally of the own unit and everything below it to a file for the superior. `again`: with
/// the scans that went before, too.
///
/// # Errors
/// `wrong-duty`, `unit-is-root`, `tally-too-many-units`, `store-damaged`, or what ukey and file system
/// say.
pub fn send(
    desk: &Desk,
    officer: &ActingOfficer,
    again: bool,
    out: Option<&Path>,
) -> Result<Sent, Error> {
    officer.demand(Duty::ManageStock)?;
    let to = post::superior(desk)?;
    let numbers = Numbers::read(desk, clock::now())?;
    let spare_percent = numbers.spare_percent;
    let units = numbers.merge();
    if units.len() > MAX_UNITS {
        let text = format!("{} > {MAX_UNITS}", units.len());
        return Err(Error::refused("tally-too-many-units", text));
    }
    let total = tally::total(&units, spare_percent);
    let waiting = desk.store().read().scans_to_send(again)?;
    let codes: BTreeSet<&UnitCode> = units.iter().map(|unit| &unit.code).collect();
    let known = |row: &TallyScanRow| codes.contains(&row.unit_code);
    let waiting: Vec<TallyScanRow> = waiting.into_iter().filter(known).collect();
    let taken = taken(&waiting);
    let (now, later) = waiting.split_at(taken);
    let attachments = attachments(desk, now)?;
    let body = Tally {
        scans: now.iter().map(told).collect(),
        scans_left: u64::try_from(later.len()).unwrap_or(u64::MAX),
        units,
    };
    let own = desk.own_unit()?;
    let unsound = |error| Error::failed("store-damaged", "tally").because(error);
    body.check(own.code.as_str()).map_err(unsound)?; // What a receiver refuses is not sent.
    let mut key = SigningKey::open(desk, officer)?;
    let parcel = post::pack(desk, &mut key, &to, (Kind::Tally, &body), &attachments)?;
    let mut audit = Desk::audit_row(officer, "stock-tally-sent");
    audit.detail = Some(format!(
        "{} to {}, {} units, {} scans, {} left",
        parcel.id(),
        to.code,
        body.units.len(),
        now.len(),
        later.len()
    ));
    desk.store().act(&audit, |writing| {
        parcel.record(writing)?;
        now.iter()
            .try_for_each(|row| writing.tally_scan_went_up(row, parcel.id()))
    })?;
    Ok(Sent {
        file: parcel.deliver(desk, out)?,
        unit_code: to.code,
        units: body.units.len(),
        scans: now.len(),
        scans_left: later.len(),
        waiting: total.waiting,
        needed: total.needed,
    })
}

/// How many of these fit into one file: always one.
fn taken(rows: &[TallyScanRow]) -> usize {
    let mut bytes = 0_u64;
    let fits = rows.iter().take(MOST_SCANS).take_while(|row| {
        bytes = bytes.saturating_add(row.bytes);
        bytes <= MOST_BYTES
    });
    fits.count().max(1).min(rows.len())
}

fn told(row: &TallyScanRow) -> TallyScan {
    TallyScan {
        bytes: row.bytes,
        kind: row.kind.word().to_owned(),
        number: row.number.clone(),
        request: row.request,
        revision: row.revision,
        sha256: hex::encode(row.sha256),
        unit: row.unit_code.clone(),
    }
}

fn attachments(desk: &Desk, rows: &[TallyScanRow]) -> Result<Attachments, Error> {
    let store = desk.store();
    let reading = store.read();
    let mut attachments = Attachments::new();
    for row in rows {
        let name = told(row).attachment();
        if attachments.contains_key(&name) {
            continue;
        }
        let content = match row.from_code {
            None => {
                let sha256 = crate::domain::approval::Commitment(row.sha256);
                reading.scan_content(row.request, sha256)?
            }
            Some(_) => reading.tally_scan_content(row.request, &row.sha256)?,
        };
        let damaged = || Error::failed("store-damaged", "scan");
        attachments.insert(name, content.ok_or_else(damaged)?);
    }
    Ok(attachments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::RequestId;
    use crate::domain::scan::ScanKind;

    fn rows(sizes: &[u64]) -> Vec<TallyScanRow> {
        let row = |bytes: &u64| TallyScanRow {
            request: RequestId::new(uuid::Uuid::from_u128(u128::from(*bytes))),
            sha256: [0; 32],
            number: "2026-0001".to_owned(),
            revision: 1,
            unit_code: UnitCode::parse("2143000001").unwrap(),
            kind: ScanKind::Pdf,
            bytes: *bytes,
            received_at: None,
            from_code: None,
            kept: true,
        };
        sizes.iter().map(row).collect()
    }

    #[test]
    fn what_does_not_fit_into_one_file_waits_for_the_next() {
        const MB: u64 = 1024 * 1024;
        assert_eq!(taken(&[]), 0);
        assert_eq!(taken(&rows(&[50_000; 213])), 213);
        assert_eq!(taken(&rows(&[20 * MB; 6])), 4);
        assert_eq!(taken(&rows(&[200 * MB, 1])), 1, "one always goes");
        let many = vec![1; MOST_SCANS + 5];
        assert_eq!(taken(&rows(&many)), MOST_SCANS);
    }
}
