//! What tallies and forecasts count (D-32, D-33), the tallies that came, and their scans.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{counted, from_json, id, json, parsed, time, unreadable};
use super::{Reading, StoreError, Writing};
use crate::domain::forecast::{LossRate, Month};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::request_state::RequestState;
use crate::domain::scan::ScanKind;
use crate::domain::tally::{Passed, UnitTally};
use crate::domain::timestamp::Timestamp;
use crate::domain::unit_code::UnitCode;

/// What the records here count of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitCounts {
    /// Requests by state.
    pub requests: BTreeMap<RequestState, u64>,
    /// Approved requests without a ukey.
    pub waiting: u64,
    /// Live certificates that end, by month.
    pub expiring: BTreeMap<Month, u64>,
    /// People who have a live certificate.
    pub certified: u64,
    /// People who apply for one and have none.
    pub without: u64,
}

/// Somebody who applies for a certificate and has none that is live (D-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutRow {
    /// The request.
    pub number: String,
    /// Where it is.
    pub state: RequestState,
    /// The holder's unit.
    pub unit: UnitId,
    /// The holder's name.
    pub holder_name: String,
}

/// Counts of one model beside its stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCounts {
    /// Came from the superior.
    pub from_superior: u64,
    /// Went back to the superior.
    pub sent_back: u64,
    /// On a note to here and did not come yet.
    pub coming: u64,
    /// On a note to a subordinate and did not come yet.
    pub leaving: u64,
    /// Issued since the day that was asked for.
    pub issued: u64,
}

/// The newest tally of a direct subordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyRow {
    /// Code of the unit that sent it.
    pub unit_code: String,
    /// Id of its file.
    pub parcel: String,
    /// When it was made, by the sender's clock.
    pub created: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// Who signed it.
    pub signer: String,
    /// Its units.
    pub units: Vec<UnitTally>,
    /// What the books here said then of what went to the sender.
    pub passed: Vec<Passed>,
}

/// A sealed scan that goes up, or came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyScanRow {
    /// The request, in the home that entered it.
    pub request: RequestId,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// The request's number there.
    pub number: String,
    /// The request's revision.
    pub revision: u32,
    /// Code of the holder's unit.
    pub unit_code: UnitCode,
    /// The format.
    pub kind: ScanKind,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it came; none for one of this home.
    pub received_at: Option<Timestamp>,
    /// The subordinate that sent it; none for one of this home.
    pub from_code: Option<String>,
    /// Whether its bytes are still here.
    pub kept: bool,
}

/// Where a number of a row goes.
type Place<T> = fn(&mut T) -> &mut u64;

const SCAN: &str =
    "request, sha256, number, revision, unit_code, kind, bytes, received_at, from_code,
    content IS NOT NULL";

/// Requests of people who still need a certificate: the newest one of each person, unless that was
/// refused or has ended, and no certificate of theirs is live at `?1`.
const WITHOUT: &str = "requests AS r WHERE r.apply_certificate = 1 AND r.purged_at IS NULL
    AND r.state NOT IN ('closed', 'rejected', 'withdrawn')
    AND NOT EXISTS (SELECT 1 FROM certificates WHERE certificates.request = r.id
        AND certificates.state IN ('active', 'hold') AND certificates.not_after > ?1)
    AND NOT EXISTS (SELECT 1 FROM requests AS other WHERE other.person = r.person
        AND other.unit = r.unit AND other.id <> r.id AND (
            (other.place > r.place AND other.apply_certificate = 1
                AND other.state NOT IN ('closed', 'rejected', 'withdrawn'))
            OR EXISTS (SELECT 1 FROM certificates WHERE certificates.request = other.id
                AND certificates.state IN ('active', 'hold') AND certificates.not_after > ?1)))";

impl Reading<'_> {
    /// What is counted of each unit that has requests here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unit_counts(&self, now: Timestamp) -> Result<BTreeMap<UnitId, UnitCounts>, StoreError> {
        let mut counts: BTreeMap<UnitId, UnitCounts> = BTreeMap::new();
        let now = now.to_string();
        let mut statement = self
            .db
            .prepare_cached("SELECT unit, state, count(*) FROM requests GROUP BY unit, state")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let state = parsed(row, 1, "state", RequestState::from_word)?;
            let of_unit = counts.entry(unit(row)?).or_default();
            of_unit.requests.insert(state, counted(row, 2)?);
        }
        let numbers: [(&str, Place<UnitCounts>); 3] = [
            (
                "SELECT unit, count(*) FROM requests WHERE state = 'approved'
                     AND apply_certificate = 1 AND expires_at > ?1 AND renews IS NULL
                     AND NOT EXISTS (SELECT 1 FROM ukeys WHERE ukeys.request = requests.id
                         AND ukeys.state IN ('allocated', 'personalising'))
                 GROUP BY unit",
                |counts| &mut counts.waiting,
            ),
            (
                "SELECT requests.unit, count(DISTINCT coalesce(person, requests.id)) FROM requests
                 JOIN certificates ON certificates.request = requests.id
                 WHERE certificates.state IN ('active', 'hold') AND not_after > ?1
                 GROUP BY requests.unit",
                |counts| &mut counts.certified,
            ),
            (
                &format!("SELECT unit, count(*) FROM {WITHOUT} GROUP BY unit"),
                |counts| &mut counts.without,
            ),
        ];
        for (sql, place) in numbers {
            let mut statement = self.db.prepare_cached(sql)?;
            let mut rows = statement.query([&now])?;
            while let Some(row) = rows.next()? {
                *place(counts.entry(unit(row)?).or_default()) = counted(row, 1)?;
            }
        }
        let mut statement = self.db.prepare_cached(
            "SELECT requests.unit, substr(not_after, 1, 7), count(*) FROM requests
             JOIN certificates ON certificates.request = requests.id
             WHERE certificates.state IN ('active', 'hold') AND not_after > ?1 GROUP BY 1, 2",
        )?;
        let mut rows = statement.query([&now])?;
        while let Some(row) = rows.next()? {
            let month = parsed(row, 1, "month", |text| Month::parse(text).ok())?;
            let of_unit = counts.entry(unit(row)?).or_default();
            of_unit.expiring.insert(month, counted(row, 2)?);
        }
        Ok(counts)
    }

    /// Who applies for a certificate and has none that is live, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn people_without(&self, now: Timestamp) -> Result<Vec<WithoutRow>, StoreError> {
        let sql = format!(
            "SELECT r.unit, r.number, r.state, r.holder_name FROM {WITHOUT} ORDER BY r.place"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([now.to_string()], |row| {
            Ok(WithoutRow {
                unit: unit(row)?,
                number: row.get(1)?,
                state: parsed(row, 2, "state", RequestState::from_word)?,
                holder_name: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many ukeys became lost, damaged or destroyed since then, each once and only those that did
    /// not come back, and how many were issued (D-32).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn loss_rate(&self, since: Timestamp) -> Result<LossRate, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT
                 (SELECT count(DISTINCT ukey) FROM stock_entries AS entry
                  WHERE at >= ?1 AND to_account IN ('lost', 'damaged', 'destroyed')
                      AND NOT EXISTS (SELECT 1 FROM stock_entries AS later
                          WHERE later.ukey = entry.ukey AND later.id > entry.id AND (
                              later.to_account = 'blank' OR (later.from_account = 'lost'
                                  AND later.to_account IN ('dispatched', 'returned'))))),
                 (SELECT count(*) FROM stock_entries WHERE at >= ?1 AND to_account = 'issued'
                      AND from_account = 'personalising')",
        )?;
        Ok(statement.query_row([since.to_string()], |row| {
            Ok(LossRate {
                lost: counted(row, 0)?,
                issued: counted(row, 1)?,
            })
        })?)
    }

    /// Counts of each model (maker, model): what came from the superior and went back, by the ledger;
    /// what is on its way; what was issued since then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn model_counts(
        &self,
        superior: Option<&str>,
        since: Timestamp,
    ) -> Result<BTreeMap<(String, String), ModelCounts>, StoreError> {
        let moved = "FROM stock_entries JOIN stock_movements ON stock_movements.id = movement
            JOIN dispatch_notes ON dispatch_notes.id = stock_movements.note
            WHERE unit_code = ?1";
        let open = "FROM dispatch_items JOIN dispatch_notes ON dispatch_notes.id = note";
        let since = since.to_string();
        let superior = superior.unwrap_or_default();
        let queries: [(String, &str, Place<ModelCounts>); 5] = [
            (
                format!("{moved} AND stock_movements.kind = 'sign-for' AND sent = 0
                     AND from_account IN ('outside', 'dispatched')"),
                superior,
                |counts| &mut counts.from_superior,
            ),
            (
                format!("{moved} AND stock_movements.kind = 'send-back' AND sent = 1
                     AND to_account = 'dispatched'"),
                superior,
                |counts| &mut counts.sent_back,
            ),
            (
                format!("{open} WHERE sent = 0 AND unit_code = ?1 AND outcome = 'missing'
                     AND NOT EXISTS (SELECT 1 FROM discrepancies
                         WHERE discrepancies.note = dispatch_notes.id
                         AND discrepancies.serial = dispatch_items.serial AND accepted_at IS NOT NULL)"),
                superior,
                |counts| &mut counts.coming,
            ),
            (
                format!("{open} WHERE sent = 1 AND unit_code <> ?1
                     AND (outcome IS NULL OR outcome = 'missing')"),
                superior,
                |counts| &mut counts.leaving,
            ),
            (
                "FROM stock_entries WHERE at >= ?1 AND to_account = 'issued'
                     AND from_account = 'personalising'".to_owned(),
                &since,
                |counts| &mut counts.issued,
            ),
        ];
        let mut models: BTreeMap<(String, String), ModelCounts> = BTreeMap::new();
        for (from, value, place) in queries {
            let sql = format!("SELECT maker, model, count(*) {from} GROUP BY maker, model");
            let mut statement = self.db.prepare_cached(&sql)?;
            let mut rows = statement.query([value])?;
            while let Some(row) = rows.next()? {
                let model = models.entry((row.get(0)?, row.get(1)?)).or_default();
                *place(model) = counted(row, 2)?;
            }
        }
        Ok(models)
    }

    /// What the books here say of what went to a unit, by model (D-27).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn passed_to(&self, unit_code: &str) -> Result<Vec<Passed>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT maker, model, sum(sent), sum(sent AND (outcome IS NULL OR outcome = 'missing')),
                 sum(sent AND outcome IS 'refused'), sum(NOT sent)
             FROM dispatch_items JOIN dispatch_notes ON dispatch_notes.id = note
             WHERE unit_code = ?1 GROUP BY maker, model ORDER BY maker, model",
        )?;
        let rows = statement.query_map([unit_code], |row| {
            Ok(Passed {
                maker: row.get(0)?,
                model: row.get(1)?,
                dispatched: counted(row, 2)?,
                in_transit: counted(row, 3)?,
                not_come: counted(row, 4)?,
                sent_back: counted(row, 5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest tally of each direct subordinate, by its code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tallies(&self) -> Result<Vec<TallyRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT unit_code, parcel, created, received_at, signer, units, passed FROM tallies
             ORDER BY unit_code",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(TallyRow {
                unit_code: row.get(0)?,
                parcel: row.get(1)?,
                created: parsed(row, 2, "time", time)?,
                received_at: parsed(row, 3, "time", time)?,
                signer: row.get(4)?,
                units: parsed(row, 5, "tally", from_json)?,
                passed: parsed(row, 6, "tally", from_json)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The scans that the next tally takes up, without their bytes: of the requests of this home that
    /// were approved, and those that came from below. Those that went before only when `again`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scans_to_send(&self, again: bool) -> Result<Vec<TallyScanRow>, StoreError> {
        let sql = format!(
            "SELECT {SCAN} FROM (
                 SELECT requests.id AS request, sha256, requests.number, requests.revision,
                     units.code AS unit_code, kind, bytes, NULL AS received_at, NULL AS from_code,
                     content
                 FROM scans JOIN requests ON requests.id = scans.request
                     AND requests.revision = scans.revision
                 JOIN units ON units.id = requests.unit
                 WHERE requests.state IN
                     ('approved', 'personalising', 'pending', 'issued', 'handed_out')
                 UNION ALL
                 SELECT request, sha256, number, revision, unit_code, kind, bytes, received_at,
                     from_code, content
                 FROM tally_scans) AS unsent
             WHERE content IS NOT NULL AND (?1 OR NOT EXISTS (SELECT 1 FROM tally_scans_sent AS sent
                 WHERE sent.request = unsent.request AND sent.sha256 = unsent.sha256))
             ORDER BY request, sha256"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([again], scan)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The scans that came from below, in the order of unit and number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tally_scans(&self) -> Result<Vec<TallyScanRow>, StoreError> {
        let sql = format!("SELECT {SCAN} FROM tally_scans ORDER BY unit_code, number, sha256");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], scan)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bytes of a scan that came from below; none when they are purged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tally_scan_content(
        &self,
        request: RequestId,
        sha256: &[u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT content FROM tally_scans WHERE request = ?1 AND sha256 = ?2")?;
        let which = params![request.to_string(), sha256];
        let content = statement.query_row(which, |row| row.get(0));
        Ok(content.optional()?.flatten())
    }
}

impl Writing<'_> {
    /// Keeps a tally in the place of the one before of its sender.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_tally(&self, tally: &TallyRow) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO tallies (unit_code, parcel, created, received_at, signer, units, passed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (unit_code) DO UPDATE SET parcel = excluded.parcel,
                     created = excluded.created, received_at = excluded.received_at,
                     signer = excluded.signer, units = excluded.units, passed = excluded.passed",
            )?
            .execute(params![
                tally.unit_code,
                tally.parcel,
                tally.created.to_string(),
                tally.received_at.to_string(),
                tally.signer,
                json(&tally.units)?,
                json(&tally.passed)?,
            ])?;
        Ok(())
    }

    /// Keeps a scan that came from below; one that is or was here stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_tally_scan(&self, row: &TallyScanRow, content: &[u8]) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO tally_scans (request, sha256, number, revision, unit_code, kind, bytes,
                     received_at, from_code, content)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (request, sha256) DO NOTHING",
            )?
            .execute(params![
                row.request.to_string(),
                row.sha256,
                row.number,
                row.revision,
                row.unit_code.as_str(),
                row.kind.word(),
                i64::try_from(row.bytes).unwrap_or(i64::MAX),
                row.received_at.map(|at| at.to_string()),
                row.from_code,
                content,
            ])?;
        Ok(())
    }

    /// Notes that a scan went up with a file that was noted as sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tally_scan_went_up(&self, row: &TallyScanRow, parcel: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO tally_scans_sent (request, sha256, parcel) VALUES (?1, ?2, ?3)
                 ON CONFLICT (request, sha256) DO UPDATE SET parcel = excluded.parcel",
            )?
            .execute(params![row.request.to_string(), row.sha256, parcel])?;
        Ok(())
    }

    /// Erases the bytes of a scan that came from below; its hash stays (D-51).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn purge_tally_scan(&self, row: &TallyScanRow) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE tally_scans SET content = NULL WHERE request = ?1 AND sha256 = ?2",
            )?
            .execute(params![row.request.to_string(), row.sha256])?;
        Ok(())
    }
}

fn unit(row: &Row<'_>) -> rusqlite::Result<UnitId> {
    parsed(row, 0, "unit id", id)
}

fn scan(row: &Row<'_>) -> rusqlite::Result<TallyScanRow> {
    let at: Option<String> = row.get(7)?;
    let at = at.map(|text| time(&text).ok_or_else(|| unreadable("time")));
    Ok(TallyScanRow {
        request: parsed(row, 0, "request id", id)?,
        sha256: row.get(1)?,
        number: row.get(2)?,
        revision: row.get(3)?,
        unit_code: parsed(row, 4, "unit code", |text| UnitCode::parse(text).ok())?,
        kind: parsed(row, 5, "scan", ScanKind::from_word)?,
        bytes: counted(row, 6)?,
        received_at: at.transpose()?,
        from_code: row.get(8)?,
        kept: row.get(9)?,
    })
}
