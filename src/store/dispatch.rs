//! Dispatch notes that were sent and received, with their ukeys (D-26).

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{counted, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::stock::{DispatchItem, ItemOutcome, Known};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};

/// A note without its ukeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRow {
    /// A `UUIDv7`, the same in both homes.
    pub id: String,
    /// The sender's number.
    pub number: String,
    /// Sent from here; else to here.
    pub sent: bool,
    /// Code of the other unit.
    pub unit_code: String,
    /// When the sender made it.
    pub at: Timestamp,
    /// Who made it, at the sender.
    pub officer: String,
    /// Why, of what is sent back.
    pub reason: Option<String>,
    /// When the receiver signed for it.
    pub signed_for_at: Option<Timestamp>,
    /// Who signed for it.
    pub signed_for_by: Option<String>,
    /// Its ukeys.
    pub count: u64,
    /// Those that are neither received nor settled otherwise.
    pub in_transit: u64,
}

/// A ukey of a note, and what became of it; nothing while it is in transit.
pub type NoteLine = (DispatchItem, Option<ItemOutcome>);

const NOTE: &str = "id, number, sent, unit_code, at, officer, reason, signed_for_at, signed_for_by,
    (SELECT count(*) FROM dispatch_items WHERE note = id),
    (SELECT count(*) FROM dispatch_items WHERE note = id AND (outcome IS NULL OR outcome = 'missing'))";

impl Reading<'_> {
    /// Notes, the oldest first; only those sent from here, or to here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dispatch_notes(&self, sent: bool) -> Result<Vec<NoteRow>, StoreError> {
        let sql = format!("SELECT {NOTE} FROM dispatch_notes WHERE sent = ?1 ORDER BY at, id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([sent], note)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One note by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dispatch_note(&self, id: &str) -> Result<Option<NoteRow>, StoreError> {
        let sql = format!("SELECT {NOTE} FROM dispatch_notes WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([id], note).optional()?)
    }

    /// The ukeys of a note by serial, and what became of each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dispatch_items(&self, note: &str) -> Result<Vec<NoteLine>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT maker, model, serial, profile, box, state, outcome FROM dispatch_items
             WHERE note = ?1 ORDER BY serial",
        )?;
        let rows = statement.query_map([note], |row| {
            let item = DispatchItem {
                maker: row.get(0)?,
                model: row.get(1)?,
                serial: parsed(row, 2, "serial", |text| Serial::parse(text).ok())?,
                profile: row.get(3)?,
                r#box: row.get(4)?,
                state: parsed(row, 5, "state", UkeyState::from_word)?,
            };
            Ok((item, optional(row, 6, "outcome", ItemOutcome::from_word)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the records here know of a ukey that a unit sends: none of one that never was here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_of(&self, serial: &Serial, sender: &str) -> Result<Option<Known>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT state, officer IS NOT NULL, ?2 IS (SELECT unit_code FROM dispatch_items
                 JOIN dispatch_notes ON id = note
                 WHERE dispatch_items.serial = ukeys.serial AND sent = 1 ORDER BY at DESC, id DESC LIMIT 1)
             FROM ukeys WHERE serial = ?1",
        )?;
        let known = statement.query_row([serial.as_str(), sender], |row| {
            let own: bool = row.get(1)?;
            Ok(Known {
                state: parsed(row, 0, "state", UkeyState::from_word)?,
                with_sender: row.get::<_, bool>(2)? && !own,
            })
        });
        Ok(known.optional()?)
    }

    /// The next number of a note from here in a year: `2026-0003`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_note_number(&self, year: i32) -> Result<String, StoreError> {
        let sql = "SELECT count(*) FROM dispatch_notes WHERE sent = 1 AND number LIKE ?1 || '-%'";
        let mut statement = self.db.prepare_cached(sql)?;
        let count = statement.query_row([year.to_string()], |row| counted(row, 0))?;
        Ok(format!("{year}-{:04}", count + 1))
    }
}

impl Writing<'_> {
    /// Keeps a note with its ukeys, in transit.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it is here, or one of its ukeys is on another open note.
    pub fn insert_note(&self, note: &NoteRow, items: &[DispatchItem]) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO dispatch_notes (id, number, sent, unit_code, at, officer, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                note.id,
                note.number,
                note.sent,
                note.unit_code,
                note.at.to_string(),
                note.officer,
                note.reason,
            ],
        )?;
        let mut statement = self.db.prepare_cached(
            "INSERT INTO dispatch_items (note, serial, maker, model, profile, box, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for item in items {
            statement.execute(params![
                note.id,
                item.serial.as_str(),
                item.maker,
                item.model,
                item.profile,
                item.r#box,
                item.state.word(),
            ])?;
        }
        Ok(())
    }

    /// Notes what became of a ukey of a note.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not on the note, or was received.
    pub fn settle_item(
        &self,
        note: &str,
        serial: &Serial,
        outcome: ItemOutcome,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE dispatch_items SET outcome = ?3
             WHERE note = ?1 AND serial = ?2 AND outcome IS NOT 'received'",
        )?;
        let changed = statement.execute(params![note, serial.as_str(), outcome.word()])?;
        one_changed(changed, "the note")
    }

    /// A ukey of a sent note that will not come: no longer in transit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn give_up_item(&self, serial: &Serial) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE dispatch_items SET outcome = 'refused'
             WHERE serial = ?1 AND (outcome IS NULL OR outcome = 'missing')
                 AND note IN (SELECT id FROM dispatch_notes WHERE sent = 1)",
            [serial.as_str()],
        )?;
        Ok(())
    }

    /// Notes that a note was signed for; the first time counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sign_for_note(&self, note: &str, by: &str, at: Timestamp) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE dispatch_notes SET signed_for_at = ?2, signed_for_by = ?3
             WHERE id = ?1 AND signed_for_at IS NULL",
            params![note, at.to_string(), by],
        )?;
        Ok(())
    }
}

fn note(row: &Row<'_>) -> rusqlite::Result<NoteRow> {
    Ok(NoteRow {
        id: row.get(0)?,
        number: row.get(1)?,
        sent: row.get(2)?,
        unit_code: row.get(3)?,
        at: parsed(row, 4, "time", time)?,
        officer: row.get(5)?,
        reason: row.get(6)?,
        signed_for_at: optional(row, 7, "time", time)?,
        signed_for_by: row.get(8)?,
        count: counted(row, 9)?,
        in_transit: counted(row, 10)?,
    })
}
