//! The stock ledger (D-27): why ukeys moved, what was where at the end of a day, and the proof that it
//! adds up. The entries themselves are booked by triggers of the schema.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::value::{counted, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::officer::OfficerName;
use crate::domain::stock::MovementKind;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// Why ukeys moved.
#[derive(Clone, Debug)]
pub struct MovementRow {
    /// A `UUIDv7`.
    pub id: String,
    /// Why.
    pub kind: MovementKind,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub officer: OfficerName,
    /// Who confirmed it: a second officer, or a waiver.
    pub confirmed_by: Option<String>,
    /// In words.
    pub reason: Option<String>,
    /// The note that it belongs to.
    pub note: Option<String>,
}

/// What is where of one model at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLine {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// The day on which something moved last, `YYYY-MM-DD`, UTC.
    pub day: String,
    /// What came, less what became officers' own.
    pub received: u64,
    /// How many in each state, in the order of [`UkeyState::ALL`].
    pub counts: [u64; 11],
    /// The part of those dispatched that is not signed for yet. Of today: it has no history.
    pub in_transit: u64,
    /// Whether the states sum up to what was received (D-27), in this row and in every one before it.
    pub balanced: bool,
}

impl StockLine {
    /// How many are in a state.
    pub fn count(&self, state: UkeyState) -> u64 {
        let place = UkeyState::ALL.iter().position(|other| *other == state);
        let count = place.and_then(|place| self.counts.get(place));
        count.copied().unwrap_or_default()
    }
}

/// One step of a ukey's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// When.
    pub at: Timestamp,
    /// A state, or `outside`.
    pub from: String,
    /// A state, or `outside`.
    pub to: String,
    /// The word of the movement, if it was one of the stock.
    pub kind: Option<String>,
    /// Who moved it, if it was one of the stock.
    pub officer: Option<String>,
    /// The second officer, or the waiver, of a movement that two confirm.
    pub confirmed_by: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Number of the note.
    pub note: Option<String>,
}

/// Maker and model.
type Model = (String, String);
/// A number for each state, in the order of [`UkeyState::ALL`].
type Accounts = [i64; 11];

/// The number of a state; `outside` has none.
fn account<'a>(accounts: &'a mut Accounts, word: &str) -> Option<&'a mut i64> {
    let place = UkeyState::ALL.iter().position(|state| state.word() == word);
    place.and_then(|place| accounts.get_mut(place))
}

const STATES: &str =
    "blank, allocated, personalising, issued, handed_out, suspended, lost, damaged,
    returned, destroyed, dispatched";

impl Reading<'_> {
    /// What is where of each model at the end of `day` (`YYYY-MM-DD`), or now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock(&self, day: Option<&str>) -> Result<Vec<StockLine>, StoreError> {
        let sql = format!(
            "SELECT maker, model, day, received, {STATES},
                 (SELECT count(*) FROM dispatch_items JOIN dispatch_notes ON id = note
                  WHERE sent = 1 AND (outcome IS NULL OR outcome = 'missing')
                      AND dispatch_items.maker = days.maker AND dispatch_items.model = days.model),
                 NOT EXISTS (SELECT 1 FROM stock_days AS other WHERE other.maker = days.maker
                     AND other.model = days.model AND other.day <= days.day AND other.received <>
                     other.blank + other.allocated + other.personalising + other.issued
                     + other.handed_out + other.suspended + other.lost + other.damaged
                     + other.returned + other.destroyed + other.dispatched)
             FROM stock_days AS days
             WHERE day = (SELECT max(day) FROM stock_days AS newest WHERE newest.maker = days.maker
                 AND newest.model = days.model AND (?1 IS NULL OR newest.day <= ?1))
             ORDER BY maker, model"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([day], line)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every model and day whose row is not what the entries and the ukeys themselves say: none, unless
    /// somebody edited the file. Model, day, and what differs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unproven_stock(&self) -> Result<Vec<(String, String, &'static str)>, StoreError> {
        let mut moved = self.booked()?;
        let mut found = Vec::new();
        let mut newest: BTreeMap<Model, (String, Accounts)> = BTreeMap::new();
        let sql = format!(
            "SELECT maker, model, day, {STATES} FROM stock_days ORDER BY maker, model, day"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (model, day): (Model, String) = ((row.get(0)?, row.get(1)?), row.get(2)?);
            let mut said: Accounts = [0; 11];
            for (at, count) in said.iter_mut().enumerate() {
                *count = row.get(at + 3)?;
            }
            let before = newest
                .get(&model)
                .map_or([0; 11], |(_day, accounts)| *accounts);
            let changes = moved.remove(&(model.0.clone(), model.1.clone(), day.clone()));
            let changes = changes.unwrap_or([0; 11]);
            let fits = (said.iter().zip(before).zip(changes))
                .all(|((said, before), change)| *said == before + change);
            if !fits {
                found.push((model.1.clone(), day.clone(), "entries"));
            }
            newest.insert(model, (day, said));
        }
        // Entries of a day that has no row.
        let rest = moved.into_keys();
        found.extend(rest.map(|(_maker, model, day)| (model, day, "entries")));
        let mut counted = self.counted_ukeys()?;
        for (model, (day, said)) in newest {
            if counted.remove(&model).unwrap_or([0; 11]) != said {
                found.push((model.1, day, "ukeys"));
            }
        }
        let rest = counted.into_keys();
        found.extend(rest.map(|(_maker, model)| (model, String::new(), "ukeys")));
        Ok(found)
    }

    /// What the entries of each model and day change.
    fn booked(&self) -> Result<BTreeMap<(String, String, String), Accounts>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT maker, model, day, from_account, to_account, count(*) FROM stock_entries
             GROUP BY maker, model, day, from_account, to_account",
        )?;
        let mut moved: BTreeMap<_, Accounts> = BTreeMap::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let accounts = moved
                .entry((row.get(0)?, row.get(1)?, row.get(2)?))
                .or_insert([0; 11]);
            let count: i64 = row.get(5)?;
            for (column, sign) in [(3, -count), (4, count)] {
                if let Some(account) =
                    account(accounts, row.get_ref(column)?.as_str().unwrap_or_default())
                {
                    *account += sign;
                }
            }
        }
        Ok(moved)
    }

    /// How many ukeys of each model are in each state.
    fn counted_ukeys(&self) -> Result<BTreeMap<Model, Accounts>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT maker, model, state, count(*) FROM ukeys WHERE officer IS NULL
             GROUP BY maker, model, state",
        )?;
        let mut counted: BTreeMap<Model, Accounts> = BTreeMap::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let accounts = counted.entry((row.get(0)?, row.get(1)?)).or_insert([0; 11]);
            if let Some(account) = account(accounts, row.get_ref(2)?.as_str().unwrap_or_default()) {
                *account += row.get::<_, i64>(3)?;
            }
        }
        Ok(counted)
    }

    /// The steps of a ukey's life, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stock_entries(&self, serial: &Serial) -> Result<Vec<EntryRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT stock_entries.at, from_account, to_account, stock_movements.kind,
                 stock_movements.officer, stock_movements.reason, dispatch_notes.number, confirmed_by
             FROM stock_entries
             LEFT JOIN stock_movements ON stock_movements.id = movement
             LEFT JOIN dispatch_notes ON dispatch_notes.id = stock_movements.note
             WHERE ukey = ?1 ORDER BY stock_entries.id",
        )?;
        let rows = statement.query_map([serial.as_str()], |row| {
            Ok(EntryRow {
                at: parsed(row, 0, "time", time)?,
                from: row.get(1)?,
                to: row.get(2)?,
                kind: row.get(3)?,
                officer: row.get(4)?,
                reason: row.get(5)?,
                note: row.get(6)?,
                confirmed_by: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How few blanks of each model are too few (D-32): maker, model, level.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reorder_levels(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        let sql = "SELECT maker, model, level FROM reorder_levels ORDER BY maker, model";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, counted(row, 2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Notes why ukeys move, before they do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_movement(&self, movement: &MovementRow) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO stock_movements (id, kind, at, officer, confirmed_by, reason, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                movement.id,
                movement.kind.word(),
                movement.at.to_string(),
                movement.officer.as_str(),
                movement.confirmed_by,
                movement.reason,
                movement.note,
            ])?;
        Ok(())
    }

    /// Sets how few blanks of a model are too few.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_reorder_level(
        &self,
        (maker, model): (&str, &str),
        level: u32,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO reorder_levels (maker, model, level) VALUES (?1, ?2, ?3)
             ON CONFLICT (maker, model) DO UPDATE SET level = excluded.level",
            params![maker, model, level],
        )?;
        Ok(())
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<StockLine> {
    let mut counts = [0; 11];
    for (at, count) in counts.iter_mut().enumerate() {
        *count = counted(row, at + 4)?;
    }
    Ok(StockLine {
        maker: row.get(0)?,
        model: row.get(1)?,
        day: row.get(2)?,
        received: counted(row, 3)?,
        counts,
        in_transit: counted(row, 15)?,
        balanced: row.get(16)?,
    })
}
