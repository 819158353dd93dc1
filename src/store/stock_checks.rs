//! Stock checks and the ukeys they saw (D-28). What a ukey means is judged by `domain::stock_check`.

use rusqlite::{OptionalExtension as _, Row, params};

use super::station::{chain_from_json, chain_json};
use super::value::{counted, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::OfficerName;
use crate::domain::stock::DiscrepancyKind;
use crate::domain::stock_check::{CheckItem, CheckState, How, Missing, Verdict, lies_here};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// A `UUIDv7`.
    pub id: String,
    /// E.g. `2026-0001`.
    pub number: String,
    /// Where it is in its life.
    pub state: CheckState,
    /// The only model it is of.
    pub model: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Who began it.
    pub started_by: OfficerName,
    /// When it was signed or dropped.
    pub ended_at: Option<Timestamp>,
    /// By whom.
    pub ended_by: Option<OfficerName>,
    /// CMS `SignedData` over the result, DER, and the signer's certificate with each issuer.
    pub signed: Option<(Vec<u8>, Vec<Vec<u8>>)>,
}

const COLUMNS: &str = "id, number, state, model, started_at, started_by, ended_at, ended_by,
    signature, chain";
const ITEM: &str = "serial, maker, model, verdict, detail, state, how, at";

/// The states that a check expects, as SQL.
fn expected_states() -> String {
    let states = UkeyState::ALL.into_iter().filter(|state| lies_here(*state));
    let words: Vec<_> = states.map(|state| format!("'{}'", state.word())).collect();
    words.join(", ")
}

impl Reading<'_> {
    /// The check that is open or paused: there is at most one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_stock_check(&self) -> Result<Option<CheckRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM stock_checks WHERE state IN ('open', 'paused')");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([], check).optional()?)
    }

    /// Every check, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_checks(&self) -> Result<Vec<CheckRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM stock_checks ORDER BY started_at, number");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], check)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ukeys that a check saw, in the order of seeing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_check_items(&self, check: &str) -> Result<Vec<CheckItem>, StoreError> {
        let sql =
            format!("SELECT {ITEM} FROM stock_check_items WHERE stock_check = ?1 ORDER BY id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([check], item)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a check saw under a serial number, and the places of the rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_check_seen(
        &self,
        check: &str,
        serial: &Serial,
    ) -> Result<Vec<(i64, CheckItem)>, StoreError> {
        let sql = format!(
            "SELECT {ITEM}, id FROM stock_check_items WHERE stock_check = ?1 AND serial = ?2
             ORDER BY id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([check, serial.as_str()], |row| {
            Ok((row.get(8)?, item(row)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many ukeys of the stock lie here by the records; only those of a model.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_check_expected(&self, model: Option<&str>) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM ukeys WHERE officer IS NULL AND state IN ({})
                 AND (?1 IS NULL OR model = ?1)",
            expected_states()
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([model], |row| counted(row, 0))?)
    }

    /// Those of them that a check has not seen, by serial.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_check_missing(
        &self,
        check: &str,
        model: Option<&str>,
    ) -> Result<Vec<Missing>, StoreError> {
        let sql = format!(
            "SELECT serial, model, state, box FROM ukeys
             WHERE officer IS NULL AND state IN ({}) AND (?2 IS NULL OR model = ?2)
                 AND NOT EXISTS (SELECT 1 FROM stock_check_items AS seen
                     WHERE seen.stock_check = ?1 AND seen.serial = ukeys.serial
                         AND seen.state IS NOT NULL)
             ORDER BY serial",
            expected_states()
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![check, model], |row| {
            Ok(Missing {
                serial: parsed(row, 0, "serial", |text| Serial::parse(text).ok())?,
                model: row.get(1)?,
                state: parsed(row, 2, "state", UkeyState::from_word)?,
                r#box: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a difference of this kind that a check found is open for this ukey.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_check_difference_open(
        &self,
        kind: DiscrepancyKind,
        serial: &Serial,
    ) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM discrepancies WHERE serial = ?1 AND kind = ?2
                 AND stock_check IS NOT NULL AND accepted_at IS NULL)",
        )?;
        Ok(statement.query_row([serial.as_str(), kind.word()], |row| row.get(0))?)
    }
}

impl Writing<'_> {
    /// Begins a check, under the next number of its year.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] while another one is open.
    pub fn start_stock_check(
        &self,
        id: &str,
        model: Option<&str>,
        (by, at): (&OfficerName, Timestamp),
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO stock_checks (id, number, state, model, started_at, started_by)
             VALUES (?1, format('%d-%04d', ?2, 1 + (SELECT count(*) FROM stock_checks
                 WHERE number LIKE ?2 || '-%')), 'open', ?3, ?4, ?5)",
            params![id, at.date().year(), model, at.to_string(), by.as_str()],
        )?;
        Ok(())
    }

    /// Pauses a check or goes on with it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it has ended.
    pub fn put_stock_check(&self, id: &str, paused: bool) -> Result<(), StoreError> {
        let state = if paused {
            CheckState::Paused
        } else {
            CheckState::Open
        };
        let changed = self.db.execute(
            "UPDATE stock_checks SET state = ?2 WHERE id = ?1 AND state IN ('open', 'paused')",
            params![id, state.word()],
        )?;
        one_changed(changed, "the stock check")
    }

    /// Ends a check: with its signed result, or without one.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it has ended.
    pub fn end_stock_check(
        &self,
        id: &str,
        (by, at): (&OfficerName, Timestamp),
        signed: Option<(&[u8], &[Vec<u8>])>,
    ) -> Result<(), StoreError> {
        let state = match signed {
            Some(_) => CheckState::Signed,
            None => CheckState::Dropped,
        };
        let chain = signed.map(|(_cms, chain)| chain_json(chain)).transpose()?;
        let changed = self.db.execute(
            "UPDATE stock_checks SET state = ?2, ended_at = ?3, ended_by = ?4, signature = ?5,
                 chain = ?6
             WHERE id = ?1 AND state IN ('open', 'paused')",
            params![
                id,
                state.word(),
                at.to_string(),
                by.as_str(),
                signed.map(|(cms, _chain)| cms),
                chain
            ],
        )?;
        one_changed(changed, "the stock check")
    }

    /// Keeps a ukey that an open check saw; in place of what stood at `place`.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the check is not open.
    pub fn put_stock_check_item(
        &self,
        check: &str,
        seen: &CheckItem,
        place: Option<i64>,
    ) -> Result<(), StoreError> {
        let CheckItem {
            at,
            detail,
            how,
            maker,
            model,
            serial,
            state,
            verdict,
        } = seen;
        let sql = match place {
            None => {
                "INSERT INTO stock_check_items (serial, maker, model, verdict, detail, state, how, at,
                     stock_check)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?10 IS NULL"
            }
            Some(_) => {
                "UPDATE stock_check_items SET serial = ?1, maker = ?2, model = ?3, verdict = ?4,
                     detail = ?5, state = ?6, how = ?7, at = ?8
                 WHERE stock_check = ?9 AND id = ?10"
            }
        };
        let changed = self.db.prepare_cached(sql)?.execute(params![
            serial.as_str(),
            maker,
            model,
            verdict.word(),
            detail,
            state.map(UkeyState::word),
            how.word(),
            at.to_string(),
            check,
            place
        ])?;
        one_changed(changed, "the stock check")
    }
}

fn check(row: &Row<'_>) -> rusqlite::Result<CheckRow> {
    let signature: Option<Vec<u8>> = row.get(8)?;
    let chain = optional(row, 9, "chain", chain_from_json)?;
    Ok(CheckRow {
        id: row.get(0)?,
        number: row.get(1)?,
        state: parsed(row, 2, "state", CheckState::from_word)?,
        model: row.get(3)?,
        started_at: parsed(row, 4, "time", time)?,
        started_by: parsed(row, 5, "officer", |text| OfficerName::parse(text).ok())?,
        ended_at: optional(row, 6, "time", time)?,
        ended_by: optional(row, 7, "officer", |text| OfficerName::parse(text).ok())?,
        signed: signature.zip(chain),
    })
}

fn item(row: &Row<'_>) -> rusqlite::Result<CheckItem> {
    Ok(CheckItem {
        serial: parsed(row, 0, "serial", |text| Serial::parse(text).ok())?,
        maker: row.get(1)?,
        model: row.get(2)?,
        verdict: parsed(row, 3, "verdict", Verdict::from_word)?,
        detail: row.get(4)?,
        state: optional(row, 5, "state", UkeyState::from_word)?,
        how: parsed(row, 6, "how", How::from_word)?,
        at: parsed(row, 7, "time", time)?,
    })
}
