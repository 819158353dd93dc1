//! The place of a file among those of its sender, and in the sender's history: what was replayed, left
//! out or forked, and what a restore of the sender's home has ended (D-49, D-52).

use std::path::Path;

use super::open_any;
use crate::domain::checkpoint::{LogPosition, NeighbourVerdict};
use crate::keys::parcel::Manifest;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{NeighbourRow, ParcelReceivedRow, StoreError, Writing};

/// A file that may be taken.
pub(super) enum Place {
    /// The same bytes were received before.
    Replayed,
    /// The next one of its sender, and how far the sender's log has come if that is further than before.
    Next(Option<NeighbourRow>),
}

/// Where a file stands.
///
/// # Errors
/// `parcel-home-new`, `parcel-home-replaced`, `parcel-out-of-order`, `parcel-log-restored`,
/// `parcel-forked`, `parcel-log-shorter`, `parcel-log-forked`.
pub(super) fn place(
    desk: &Desk,
    manifest: &Manifest,
    row: &ParcelReceivedRow,
) -> Result<Place, Error> {
    let (known, last) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.parcel_received(&row.sha256)?.is_some(),
            reading.last_parcel_from(&row.from_code, row.from_home)?,
        )
    };
    if known {
        return Ok(Place::Replayed);
    }
    demand_home(desk, row, last.is_some())?;
    let (next, before) = last.map_or((1, None), |last| (last.sequence + 1, Some(last.sha256)));
    demand_not_ahead(row, next)?;
    let told = told(desk, manifest, row)?;
    // First: a restored home counts on from its backup, which looks like a fork of its files.
    if let Some((NeighbourVerdict::NewInstance, _seen)) = told {
        return Err(Error::refused("parcel-log-restored", which(row)));
    }
    if row.sequence < next || row.previous != before {
        return Err(Error::refused("parcel-forked", which(row)));
    }
    match told {
        None | Some((NeighbourVerdict::Same, _)) => Ok(Place::Next(None)),
        Some((NeighbourVerdict::Accept, seen)) => Ok(Place::Next(Some(neighbour(seen, row)))),
        Some((other, _seen)) => Err(log_refused(other, row)),
    }
}

/// A unit has one home: whoever makes a new one has left the log of the one before, as a restore does,
/// so two officers confirm it.
fn demand_home(desk: &Desk, row: &ParcelReceivedRow, has_sent: bool) -> Result<(), Error> {
    let (home, confirmed) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.home_of(&row.from_code)?,
            reading.neighbour_checkpoint(row.from_home)?.is_some(),
        )
    };
    match home {
        Some(home) if home != row.from_home && has_sent => {
            Err(Error::refused("parcel-home-replaced", which(row)))
        }
        Some(home) if home != row.from_home && !confirmed => {
            Err(Error::refused("parcel-home-new", which(row)))
        }
        _ => Ok(()),
    }
}

fn demand_not_ahead(row: &ParcelReceivedRow, next: u64) -> Result<(), Error> {
    if row.sequence > next {
        // The ones before it are still on their way.
        let text = format!("{}, {next}", which(row));
        return Err(Error::refused("parcel-out-of-order", text));
    }
    Ok(())
}

/// How far the sender's log had come, and what was seen of it before says to that. A home that told
/// once tells always: without it a shortened log would go unseen.
fn told(
    desk: &Desk,
    manifest: &Manifest,
    row: &ParcelReceivedRow,
) -> Result<Option<(NeighbourVerdict, LogPosition)>, Error> {
    let damaged = || Error::refused("parcel-damaged", which(row));
    let kept = desk.store().read().neighbour_checkpoint(row.from_home)?;
    let Some(told) = &manifest.checkpoint else {
        return if kept.is_none() {
            Ok(None)
        } else {
            Err(damaged())
        };
    };
    if told.home != row.from_home {
        return Err(damaged());
    }
    let seen = LogPosition {
        home: told.home,
        instance: told.instance.parse().map_err(|_id| damaged())?,
        epoch: u32::try_from(told.epoch).map_err(|_range| damaged())?,
        count: told.count,
        head: told.head.0,
    };
    let kept = kept.map(|row| row.position);
    Ok(Some((NeighbourVerdict::judge(kept.as_ref(), &seen), seen)))
}

fn log_refused(verdict: NeighbourVerdict, row: &ParcelReceivedRow) -> Error {
    let code = match verdict {
        NeighbourVerdict::Shorter => "parcel-log-shorter",
        NeighbourVerdict::Forked => "parcel-log-forked",
        NeighbourVerdict::NewInstance => "parcel-log-restored",
        NeighbourVerdict::Accept | NeighbourVerdict::Same => "history-not-restored",
    };
    Error::refused(code, which(row))
}

fn neighbour(position: LogPosition, row: &ParcelReceivedRow) -> NeighbourRow {
    NeighbourRow {
        position,
        seen_at: row.at,
        file: format!("{} {}", row.kind, hex::encode(row.sha256)),
    }
}

fn which(row: &ParcelReceivedRow) -> String {
    format!("{} {}", row.from_code, row.sequence)
}

/// A file by which a neighbour shows that its home was restored or made anew: the first of its new history.
pub(in crate::station) struct Restored {
    /// The sender's unit.
    pub(in crate::station) unit: String,
    /// Its code.
    pub(in crate::station) code: String,
    /// How far its log has come in the new instance.
    pub(in crate::station) position: LogPosition,
    /// The newest that was seen of the instance before.
    pub(in crate::station) before: LogPosition,
    row: ParcelReceivedRow,
}

/// Opens a file that is refused for its sender's new instance or home, and for nothing else. It stays
/// unread: once the history is confirmed it is taken by the command for its kind.
///
/// # Errors
/// `history-not-restored` for a file of a history that goes on, `parcel-…` for one that would be
/// refused anyway: a shorter or forked log, a file before it that is missing.
pub(in crate::station) fn open_restored(desk: &Desk, path: &Path) -> Result<Restored, Error> {
    let (opened, row, _crls) = open_any(desk, path)?;
    let (known, last, kept, home) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.parcel_received(&row.sha256)?.is_some(),
            reading.last_parcel_from(&row.from_code, row.from_home)?,
            reading.neighbour_checkpoint(row.from_home)?,
            reading.home_of(&row.from_code)?,
        )
    };
    let not_restored = || Error::refused("history-not-restored", which(&row));
    if known {
        return Err(not_restored());
    }
    let (kept, wanted) = match (kept, home.filter(|home| *home != row.from_home)) {
        (Some(kept), None) => (Some(kept), NeighbourVerdict::NewInstance),
        (None, Some(other)) => {
            let store = desk.store();
            let of_other = store.read().neighbour_checkpoint(other)?;
            (of_other, NeighbourVerdict::Accept)
        }
        _ => return Err(not_restored()),
    };
    let kept = kept.ok_or_else(not_restored)?;
    demand_not_ahead(&row, last.map_or(1, |last| last.sequence + 1))?;
    let (verdict, position) = told(desk, &opened.manifest, &row)?.ok_or_else(not_restored)?;
    if verdict != wanted {
        return Err(log_refused(verdict, &row));
    }
    // The backup must be of this history: what it counts on from was received here.
    let place = row.sequence.saturating_sub(1);
    let before = desk
        .store()
        .read()
        .parcel_at(&row.from_code, row.from_home, place)?;
    if row.previous != before {
        return Err(Error::refused("parcel-forked", which(&row)));
    }
    Ok(Restored {
        unit: opened.manifest.from.name,
        code: row.from_code.clone(),
        position,
        before: kept.position,
        row,
    })
}

impl Restored {
    /// Takes the new instance for this neighbour's, and puts aside what was received after the backup,
    /// in the transaction of the act. Tells how many files that were.
    pub(in crate::station) fn confirm(&self, writing: &Writing<'_>) -> Result<usize, StoreError> {
        let Self { position, row, .. } = self;
        writing.keep_neighbour_checkpoint(&neighbour(*position, row))?;
        writing.supersede_parcels(&row.from_code, row.from_home, row.sequence)
    }
}
