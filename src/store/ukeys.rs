//! Ukeys of this unit's stock and their states.

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{id, optional, parsed};
use super::{Reading, StoreError, Writing};
use crate::domain::id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity, UkeyState};

/// One ukey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UkeyRow {
    /// Who it is.
    pub identity: UkeyIdentity,
    /// The token profile it belongs to; once initialised, the only one that may touch it (D-31).
    pub profile: String,
    /// Where it is in its life.
    pub state: UkeyState,
    /// The request it was, or is, made for.
    pub request: Option<RequestId>,
    /// Serial number of its newest certificate.
    pub certificate: Option<String>,
}

const COLUMNS: &str = "ukeys.maker, ukeys.model, ukeys.serial, ukeys.profile, ukeys.state,
    ukeys.request,
    (SELECT serial FROM certificates WHERE certificates.ukey = ukeys.serial
     ORDER BY stored_at DESC, serial LIMIT 1)";

impl Reading<'_> {
    /// One ukey by its whole serial.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukey(&self, serial: &Serial) -> Result<Option<UkeyRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ukeys WHERE serial = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([serial.as_str()], read).optional()?)
    }

    /// Ukeys by serial; only those in `state` if it is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukeys(&self, state: Option<UkeyState>) -> Result<Vec<UkeyRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM ukeys WHERE ?1 IS NULL OR state = ?1 ORDER BY serial");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([state.map(UkeyState::word)], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Takes a ukey into stock as blank.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when its serial is known already.
    pub fn insert_ukey(
        &self,
        identity: &UkeyIdentity,
        profile: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO ukeys (serial, maker, model, profile, state, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                identity.serial.as_str(),
                identity.maker,
                identity.model,
                profile,
                UkeyState::Blank.word(),
                at.to_string(),
            ],
        )?;
        Ok(())
    }

    /// Moves a ukey from one state to the next.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not in `from`, or may not go to `to`.
    pub fn move_ukey(
        &self,
        serial: &Serial,
        from: UkeyState,
        to: UkeyState,
        request: Option<RequestId>,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE ukeys SET state = ?3, request = ?4 WHERE serial = ?1 AND state = ?2",
        )?;
        let request = request.map(|id| id.to_string());
        let moved = from.may_become(to)
            && statement.execute(params![serial.as_str(), from.word(), to.word(), request])? == 1;
        if moved {
            Ok(())
        } else {
            Err(StoreError::Changed("the ukey"))
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<UkeyRow> {
    Ok(UkeyRow {
        identity: UkeyIdentity {
            maker: row.get(0)?,
            model: row.get(1)?,
            serial: parsed(row, 2, "serial", |text| Serial::parse(text).ok())?,
        },
        profile: row.get(3)?,
        state: parsed(row, 4, "state", UkeyState::from_word)?,
        request: optional(row, 5, "request id", id)?,
        certificate: row.get(6)?,
    })
}
