//! Who left a unit or moved to another one, what other desks handed over, and units that were merged
//! (D-45).

use rusqlite::{OptionalExtension as _, Row, params};

use super::requests::{self, COLUMNS};
use super::value::{id, optional, parsed, time};
use super::{Reading, RequestRow, StoreError, Writing};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// The end of a request by its person's departure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartureRow {
    /// The request, closed by it.
    pub request: RequestId,
    /// The ukey whose certificate it revoked.
    pub ukey: Serial,
    /// When.
    pub at: Timestamp,
    /// Who entered it.
    pub officer: String,
    /// Who confirmed it where the ukey was not brought.
    pub confirmed_by: Option<String>,
    /// In words; empty once it is purged.
    pub reason: String,
    /// Code of the unit to which the person moved; none who left.
    pub to_code: Option<String>,
    /// Id of the file that handed the record over.
    pub parcel: Option<String>,
    /// The request that stands in its place, of a unit that this desk makes for.
    pub successor: Option<RequestId>,
}

/// A ukey whose holder left and that was not brought back yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    /// The ukey.
    pub serial: Serial,
    /// Its state.
    pub state: UkeyState,
    /// Number of the request.
    pub request: String,
    /// Name of the holder; empty once it is purged.
    pub holder: String,
    /// Name of the unit that was left.
    pub unit: String,
    /// When the holder left.
    pub since: Timestamp,
}

/// A record that another unit's desk handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverRow {
    /// The request here: entered for it, or there before.
    pub request: RequestId,
    /// Id of the file.
    pub parcel: String,
    /// Code of the unit that was left.
    pub from_code: String,
    /// Its name.
    pub from_unit: String,
    /// Number of the request there.
    pub number: String,
    /// Serial number of the certificate that was revoked there.
    pub certificate: String,
    /// The ukey that it was on.
    pub ukey: String,
    /// When it was received.
    pub at: Timestamp,
}

/// A unit that is part of another one since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergerRow {
    /// The unit, closed by it.
    pub unit: UnitId,
    /// Code of the other one.
    pub into_code: String,
    /// Its name then.
    pub into_unit: String,
    /// When.
    pub at: Timestamp,
}

impl Reading<'_> {
    /// The departure that ended a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn departure(&self, request: RequestId) -> Result<Option<DepartureRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT request, ukey, at, officer, confirmed_by, reason, to_code, parcel, successor
             FROM departures WHERE request = ?1",
        )?;
        let row = statement.query_row([request.to_string()], |row| {
            Ok(DepartureRow {
                request: parsed(row, 0, "request id", id)?,
                ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
                at: parsed(row, 2, "time", time)?,
                officer: row.get(3)?,
                confirmed_by: row.get(4)?,
                reason: row.get(5)?,
                to_code: row.get(6)?,
                parcel: row.get(7)?,
                successor: optional(row, 8, "request id", id)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Ukeys whose holders left and that were not brought back yet, the oldest departure first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukeys_due(&self) -> Result<Vec<DueRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT ukeys.serial, ukeys.state, requests.number, requests.holder_name, units.name,
                 departures.at
             FROM departures
             JOIN ukeys ON ukeys.serial = departures.ukey AND ukeys.request = departures.request
             JOIN requests ON requests.id = departures.request
             JOIN units ON units.id = requests.unit
             WHERE ukeys.state IN ('issued', 'handed_out', 'suspended')
             ORDER BY departures.at, requests.number",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(DueRow {
                serial: parsed(row, 0, "serial", |text| Serial::parse(text).ok())?,
                state: parsed(row, 1, "state", UkeyState::from_word)?,
                request: row.get(2)?,
                holder: row.get(3)?,
                unit: row.get(4)?,
                since: parsed(row, 5, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The requests of a unit that have a certificate that is active or on hold, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests_with_certificate(&self, unit: UnitId) -> Result<Vec<RequestRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM requests WHERE unit = ?1 AND id IN
                 (SELECT request FROM certificates WHERE state IN ('active', 'hold'))
             ORDER BY place"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([unit.to_string()], requests::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a request was handed over from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn handover_of(&self, request: RequestId) -> Result<Option<HandoverRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT request, parcel, from_code, from_unit, number, certificate, ukey, at
             FROM handovers_received WHERE request = ?1",
        )?;
        let row = statement.query_row([request.to_string()], read_handover);
        Ok(row.optional()?)
    }

    /// Into what a unit was merged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn merger_of(&self, unit: UnitId) -> Result<Option<MergerRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT unit, into_code, into_unit, at FROM unit_mergers WHERE unit = ?1",
        )?;
        let row = statement.query_row([unit.to_string()], |row| {
            Ok(MergerRow {
                unit: parsed(row, 0, "unit id", id)?,
                into_code: row.get(1)?,
                into_unit: row.get(2)?,
                at: parsed(row, 3, "time", time)?,
            })
        });
        Ok(row.optional()?)
    }
}

impl Writing<'_> {
    /// Keeps the departure that ends a request.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when one has ended it before.
    pub fn insert_departure(&self, row: &DepartureRow) -> Result<(), StoreError> {
        let DepartureRow {
            request,
            ukey,
            at,
            officer,
            confirmed_by,
            reason,
            to_code,
            parcel,
            successor,
        } = row;
        let mut statement = self.db.prepare_cached(
            "INSERT INTO departures (request, ukey, at, officer, confirmed_by, reason, to_code, parcel,
                 successor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        statement.execute(params![
            request.to_string(),
            ukey.as_str(),
            at.to_string(),
            officer,
            confirmed_by,
            reason,
            to_code,
            parcel,
            successor.map(|id| id.to_string()),
        ])?;
        Ok(())
    }

    /// Keeps what a request here was handed over from; the first one stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_handover(&self, row: &HandoverRow) -> Result<(), StoreError> {
        let HandoverRow {
            request,
            parcel,
            from_code,
            from_unit,
            number,
            certificate,
            ukey,
            at,
        } = row;
        let mut statement = self.db.prepare_cached(
            "INSERT INTO handovers_received
                 (request, parcel, from_code, from_unit, number, certificate, ukey, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (request) DO NOTHING",
        )?;
        statement.execute(params![
            request.to_string(),
            parcel,
            from_code,
            from_unit,
            number,
            certificate,
            ukey,
            at.to_string(),
        ])?;
        Ok(())
    }

    /// Keeps into what a unit was merged.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it was merged before.
    pub fn insert_merger(&self, row: &MergerRow) -> Result<(), StoreError> {
        let MergerRow {
            unit,
            into_code,
            into_unit,
            at,
        } = row;
        self.db.execute(
            "INSERT INTO unit_mergers (unit, into_code, into_unit, at) VALUES (?1, ?2, ?3, ?4)",
            params![unit.to_string(), into_code, into_unit, at.to_string()],
        )?;
        Ok(())
    }
}

fn read_handover(row: &Row<'_>) -> rusqlite::Result<HandoverRow> {
    Ok(HandoverRow {
        request: parsed(row, 0, "request id", id)?,
        parcel: row.get(1)?,
        from_code: row.get(2)?,
        from_unit: row.get(3)?,
        number: row.get(4)?,
        certificate: row.get(5)?,
        ukey: row.get(6)?,
        at: parsed(row, 7, "time", time)?,
    })
}
