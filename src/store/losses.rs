//! Reports of loss, and the list of revoked certificates that was fetched back with each (D-41).

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::approval::Commitment;
use crate::domain::certificate::CertificateSerial;
use crate::domain::loss::{LossEnding, LossKind};
use crate::domain::scan::ScanKind;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossRow {
    /// A `UUIDv7`.
    pub id: String,
    /// The ukey.
    pub ukey: Serial,
    /// The newest certificate that was on it.
    pub certificate: CertificateSerial,
    /// What was reported.
    pub kind: LossKind,
    /// When: the clock begins.
    pub reported_at: Timestamp,
    /// Who; `station` when a hold had lasted too long.
    pub reported_by: String,
    /// In words; empty once it is purged.
    pub reason: String,
    /// State of the ukey before.
    pub state_before: UkeyState,
    /// Since when it waits for a list, where none could be published at once.
    pub queued_at: Option<Timestamp>,
    /// Number of the list that was fetched back with it.
    pub crl_number: Option<u64>,
    /// When it was fetched back: the clock stands.
    pub crl_confirmed_at: Option<Timestamp>,
    /// How a suspension ended.
    pub end: Option<LossEnd>,
}

/// How a suspension ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossEnd {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// How.
    pub ending: LossEnding,
    /// SHA-256 of the holder's signed statement.
    pub statement: Option<Commitment>,
}

impl LossRow {
    /// When its clock stood: with the list, or because the ukey was found before any list said it.
    pub fn stood_at(&self) -> Option<Timestamp> {
        let found = self.end.as_ref();
        let found = found.filter(|end| end.ending == LossEnding::Found);
        self.crl_confirmed_at.or_else(|| found.map(|end| end.at))
    }
}

/// A ukey that was made for somebody, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderRow {
    /// The ukey.
    pub serial: Serial,
    /// Its state.
    pub state: UkeyState,
    /// Number of the request.
    pub request: String,
    /// Name of the holder; empty once it is purged.
    pub holder: String,
    /// Name of the holder's unit.
    pub unit: String,
}

const COLUMNS: &str = "id, ukey, certificate, kind, reported_at, reported_by, reason, state_before,
    queued_at, crl_number, crl_confirmed_at, ended_at, ended_by, ending, statement_sha256";

/// Ukeys and the holders of their requests.
const HOLDERS: &str = "SELECT ukeys.serial, ukeys.state, requests.number, requests.holder_name,
    units.name
    FROM ukeys JOIN requests ON requests.id = ukeys.request JOIN units ON units.id = requests.unit";

fn holder(row: &Row<'_>) -> rusqlite::Result<HolderRow> {
    Ok(HolderRow {
        serial: parsed(row, 0, "serial", |text| Serial::parse(text).ok())?,
        state: parsed(row, 1, "state", UkeyState::from_word)?,
        request: row.get(2)?,
        holder: row.get(3)?,
        unit: row.get(4)?,
    })
}

impl Reading<'_> {
    /// Every report, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn losses(&self) -> Result<Vec<LossRow>, StoreError> {
        self.losses_where("1 = 1", [])
    }

    /// The reports whose clock runs: no list was fetched back with them, and the ukey was not found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_losses(&self) -> Result<Vec<LossRow>, StoreError> {
        let open = "crl_confirmed_at IS NULL AND (ending IS NULL OR ending <> 'found')";
        self.losses_where(open, [])
    }

    /// The reports of a ukey, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn losses_of(&self, ukey: &Serial) -> Result<Vec<LossRow>, StoreError> {
        self.losses_where("ukey = ?1", [ukey.as_str()])
    }

    /// Suspensions that nothing has ended yet, reported at this moment or before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn suspensions_until(&self, latest: Timestamp) -> Result<Vec<LossRow>, StoreError> {
        let over = "kind = 'suspended' AND ended_at IS NULL AND reported_at <= ?1";
        self.losses_where(over, [latest.to_string()])
    }

    /// Ukeys that are issued, handed out, suspended or lost, the suspended first: those whose serial number
    /// or holder's name holds `search`, or whose request has this number; at most so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holders(&self, search: &str, limit: usize) -> Result<Vec<HolderRow>, StoreError> {
        let sql = format!(
            "{HOLDERS} WHERE ukeys.officer IS NULL
                 AND ukeys.state IN ('issued', 'handed_out', 'suspended', 'lost')
                 AND (instr(ukeys.serial, ?1) > 0 OR instr(requests.holder_name, ?1) > 0
                     OR requests.number = ?1)
             ORDER BY ukeys.state <> 'suspended', ukeys.state = 'lost', ukeys.serial LIMIT ?2"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![search, limit], holder)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// For whom a ukey was made, or is set aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holder_of(&self, serial: &Serial) -> Result<Option<HolderRow>, StoreError> {
        let sql = format!("{HOLDERS} WHERE ukeys.officer IS NULL AND ukeys.serial = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([serial.as_str()], holder).optional()?)
    }

    /// The holder's signed statement of a report; none when it is purged or was never there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn loss_statement(&self, id: &str) -> Result<Option<(ScanKind, Vec<u8>)>, StoreError> {
        let sql = "SELECT statement_kind, statement FROM loss_reports
             WHERE id = ?1 AND statement IS NOT NULL";
        let mut statement = self.db.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            Ok((
                parsed(row, 0, "statement", ScanKind::from_word)?,
                row.get(1)?,
            ))
        };
        Ok(statement.query_row([id], read).optional()?)
    }

    fn losses_where(
        &self,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<LossRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM loss_reports WHERE {condition} ORDER BY reported_at, id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Keeps a report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_loss(&self, row: &LossRow) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO loss_reports (id, ukey, certificate, kind, reported_at, reported_by, reason,
                 state_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        statement.execute(params![
            row.id,
            row.ukey.as_str(),
            row.certificate.to_string(),
            row.kind.word(),
            row.reported_at.to_string(),
            row.reported_by,
            row.reason,
            row.state_before.word(),
        ])?;
        Ok(())
    }

    /// Ends the suspension of a ukey, if there is one that nothing has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_suspension(
        &self,
        ukey: &Serial,
        (by, at): (&str, Timestamp),
        ending: LossEnding,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE loss_reports SET ended_at = ?2, ended_by = ?3, ending = ?4
             WHERE ukey = ?1 AND kind = 'suspended' AND ended_at IS NULL",
        )?;
        statement.execute(params![ukey.as_str(), at.to_string(), by, ending.word()])?;
        Ok(())
    }

    /// Keeps the holder's signed statement with the report that it ends.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the report is not there.
    pub fn put_loss_statement(
        &self,
        id: &str,
        (sha256, kind): (Commitment, ScanKind),
        content: &[u8],
    ) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE loss_reports SET statement_sha256 = ?2, statement_kind = ?3, statement = ?4
             WHERE id = ?1",
            params![id, sha256.0, kind.word(), content],
        )?;
        one_changed(changed, "the report")
    }

    /// Notes that no list could be published at once with a report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn queue_loss(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE loss_reports SET queued_at = ?2
             WHERE id = ?1 AND queued_at IS NULL AND crl_confirmed_at IS NULL";
        self.db.execute(sql, params![id, at.to_string()])?;
        Ok(())
    }

    /// Stops the clock of a report: this list was fetched back with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirm_loss(&self, id: &str, (number, at): (u64, Timestamp)) -> Result<(), StoreError> {
        let sql = "UPDATE loss_reports SET crl_number = ?2, crl_confirmed_at = ?3
             WHERE id = ?1 AND crl_confirmed_at IS NULL";
        let mut statement = self.db.prepare_cached(sql)?;
        statement.execute(params![id, number.cast_signed(), at.to_string()])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<LossRow> {
    let ended: Option<Timestamp> = optional(row, 11, "time", time)?;
    let end = match ended {
        Some(at) => Some(LossEnd {
            at,
            by: row.get(12)?,
            ending: parsed(row, 13, "ending", LossEnding::from_word)?,
            statement: row.get::<_, Option<[u8; 32]>>(14)?.map(Commitment),
        }),
        None => None,
    };
    let number: Option<i64> = row.get(9)?;
    Ok(LossRow {
        id: row.get(0)?,
        ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
        certificate: parsed(row, 2, "certificate serial", |text| {
            CertificateSerial::try_from(text.to_owned()).ok()
        })?,
        kind: parsed(row, 3, "kind", LossKind::from_word)?,
        reported_at: parsed(row, 4, "time", time)?,
        reported_by: row.get(5)?,
        reason: row.get(6)?,
        state_before: parsed(row, 7, "state", UkeyState::from_word)?,
        queued_at: optional(row, 8, "time", time)?,
        crl_number: number.map(i64::cast_unsigned),
        crl_confirmed_at: optional(row, 10, "time", time)?,
        end,
    })
}
