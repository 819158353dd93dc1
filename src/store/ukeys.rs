//! Ukeys of this unit's stock and their states.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row, params, params_from_iter};

use super::certificates::STANDS;
use super::value::{id, json, one_changed, optional, parsed};
use super::{Reading, StoreError, Writing};
use crate::domain::id::RequestId;
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity, UkeyState};

/// One ukey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UkeyRow {
    /// Who it is, with the serial number it had at intake.
    pub identity: UkeyIdentity,
    /// The serial number it reports now, where `C_InitToken` gave it another one.
    pub token_serial: Option<Serial>,
    /// The token profile it belongs to; once initialised, the only one that may touch it (D-31).
    pub profile: String,
    /// Where it is in its life.
    pub state: UkeyState,
    /// The request it was, or is, made for.
    pub request: Option<RequestId>,
    /// Serial number of its newest certificate that stands: of a renewal once it is proven.
    pub certificate: Option<String>,
    /// The officer whose own ukey it is, or is to be (D-58): it is no stock.
    pub officer: Option<OfficerName>,
    /// The box it came in.
    pub box_of: Option<String>,
}

/// A ukey that comes into stock with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUkey {
    /// Who it is.
    pub identity: UkeyIdentity,
    /// The token profile it belongs to.
    pub profile: String,
    /// The box it came in.
    pub box_of: Option<String>,
}

impl UkeyRow {
    /// Who it is by its own words of now.
    pub fn reported(&self) -> UkeyIdentity {
        let mut identity = self.identity.clone();
        if let Some(serial) = &self.token_serial {
            identity.serial = serial.clone();
        }
        identity
    }
}

/// Which ukeys of the stock to list.
#[derive(Clone, Debug, Default)]
pub struct UkeyFilter {
    /// Only those in this state.
    pub state: Option<UkeyState>,
    /// Only those of this model.
    pub model: Option<String>,
    /// Only those of this box.
    pub box_of: Option<String>,
    /// Only those whose serial number holds this.
    pub serial_part: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
    /// After so many.
    pub offset: usize,
}

/// A query of ukeys: their columns, and what comes `from` there on.
fn select(from: &str) -> String {
    // The certificate as `standing_certificate` of a ukey.
    format!(
        "SELECT ukeys.maker, ukeys.model, ukeys.serial, ukeys.profile, ukeys.state, ukeys.request,
             (SELECT serial FROM certificates WHERE certificates.ukey = ukeys.serial AND {STANDS}
              ORDER BY stored_at DESC, run DESC LIMIT 1),
             ukeys.token_serial, ukeys.officer, ukeys.box
         FROM {from}"
    )
}

impl Reading<'_> {
    /// One ukey by its whole serial.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukey(&self, serial: &Serial) -> Result<Option<UkeyRow>, StoreError> {
        let sql = select("ukeys WHERE serial = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([serial.as_str()], read).optional()?)
    }

    /// One ukey by the serial number that it reports now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukey_reported(&self, serial: &Serial) -> Result<Option<UkeyRow>, StoreError> {
        let sql = select("ukeys WHERE coalesce(token_serial, serial) = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([serial.as_str()], read).optional()?)
    }

    /// Ukeys of the stock by serial; only those in `state` if it is given. Officers' own are no stock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukeys(&self, state: Option<UkeyState>) -> Result<Vec<UkeyRow>, StoreError> {
        let sql = select(
            "ukeys
             WHERE officer IS NULL AND (?1 IS NULL OR state = ?1) ORDER BY serial",
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([state.map(UkeyState::word)], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which of these serial numbers are or were here, officers' own among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_ukeys(&self, serials: &[Serial]) -> Result<Vec<Serial>, StoreError> {
        let sql = "SELECT 1 FROM ukeys WHERE serial = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut known = Vec::new();
        for serial in serials {
            if statement.exists([serial.as_str()])? {
                known.push(serial.clone());
            }
        }
        Ok(known)
    }

    /// Ukeys of the stock whose serial number is `text` or, for four or more characters, ends so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukeys_named(&self, text: &str) -> Result<Vec<UkeyRow>, StoreError> {
        if let Ok(serial) = Serial::parse(text)
            && let Some(row) = self.ukey(&serial)?.filter(|row| row.officer.is_none())
        {
            return Ok(vec![row]);
        }
        let sql = select(
            "ukeys
             WHERE officer IS NULL AND length(?1) >= 4 AND substr(serial, -length(?1)) = ?1
             ORDER BY serial LIMIT 20",
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([text], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A page of the stock by serial.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ukeys_page(&self, filter: &UkeyFilter) -> Result<Vec<UkeyRow>, StoreError> {
        let UkeyFilter {
            state,
            model,
            box_of,
            serial_part,
            limit,
            offset,
        } = filter;
        let state = state.map(|state| state.word().to_owned());
        let conditions = [
            (" AND state = ?", state),
            (" AND model = ?", model.clone()),
            (" AND box = ?", box_of.clone()),
            (" AND instr(serial, ?) > 0", serial_part.clone()),
        ];
        let given = conditions.into_iter();
        let given = given.filter_map(|(sql, value)| Some((sql, Value::from(value?))));
        let (conditions, mut values): (Vec<&str>, Vec<Value>) = given.unzip();
        let conditions = conditions.concat();
        let index = match (&filter.state, values.len()) {
            (Some(_), 1) => "ukeys_by_state",
            _ => "ukeys_in_stock",
        };
        let count = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        values.extend([count(limit.unwrap_or(usize::MAX)), count(*offset)]);
        // Found in the index alone; only the rows of the page are read then.
        let sql = select(&format!(
            "(SELECT serial AS found FROM ukeys INDEXED BY {index}
                 WHERE officer IS NULL{conditions} ORDER BY serial LIMIT ? OFFSET ?)
             CROSS JOIN ukeys ON ukeys.serial = found"
        ));
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ukeys that are, were or are to be officers' own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn officers_ukeys(&self) -> Result<Vec<UkeyRow>, StoreError> {
        let sql = select("ukeys WHERE officer IS NOT NULL ORDER BY serial");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Takes a ukey into stock as blank; no note brought it.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when its serial is known already.
    pub fn insert_ukey(
        &self,
        identity: &UkeyIdentity,
        profile: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.receive_ukey(identity, (profile, None), UkeyState::Blank, (at, None))
    }

    /// Takes a ukey into stock: its profile and box, its state, when and by which movement.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when its serial is known already, or nothing comes in that state.
    pub fn receive_ukey(
        &self,
        identity: &UkeyIdentity,
        (profile, box_of): (&str, Option<&str>),
        state: UkeyState,
        (at, movement): (Timestamp, Option<&str>),
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO ukeys (serial, maker, model, profile, box, state, received_at, moved_at, movement)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
        )?;
        statement.execute(params![
            identity.serial.as_str(),
            identity.maker,
            identity.model,
            profile,
            box_of,
            state.word(),
            at.to_string(),
            movement,
        ])?;
        Ok(())
    }

    /// Takes a delivery into stock as blank, with one statement: its ukeys are booked together.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when one of the serials is known already; none is taken then.
    pub fn receive_ukeys(
        &self,
        coming: &[NewUkey],
        (at, movement): (Timestamp, &str),
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = coming
            .iter()
            .map(|new| {
                let UkeyIdentity {
                    maker,
                    model,
                    serial,
                } = &new.identity;
                (serial, maker, model, &new.profile, &new.box_of)
            })
            .collect();
        let mut statement = self.db.prepare_cached(
            "INSERT INTO stock_deliveries (movement, at, ukeys) VALUES (?1, ?2, ?3)",
        )?;
        statement.execute(params![movement, at.to_string(), json(&rows)?])?;
        Ok(())
    }

    /// Notes the serial number that a ukey reports since its `C_InitToken`.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when another ukey has that number.
    pub fn set_token_serial(&self, serial: &Serial, reported: &Serial) -> Result<(), StoreError> {
        let sql = "UPDATE ukeys SET token_serial = ?2 WHERE serial = ?1";
        let changed = self.db.execute(sql, [serial.as_str(), reported.as_str()])?;
        one_changed(changed, "the ukey")
    }

    /// Moves a ukey from one state to the next; the ledger books it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not in `from`, may not go to `to`, or is an officer's own.
    pub fn move_ukey(
        &self,
        serial: &Serial,
        (from, to): (UkeyState, UkeyState),
        request: Option<RequestId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if !from.may_become(to) {
            return Err(StoreError::Changed("the ukey"));
        }
        self.put_state(serial, (from, to), request, (at, None))
    }

    /// Moves a ukey of no request by a movement of the stock; `corrected` also where only a correction
    /// leads.
    ///
    /// # Errors
    /// As [`Self::move_ukey`].
    pub fn move_stock(
        &self,
        serial: &Serial,
        (from, to): (UkeyState, UkeyState),
        (at, movement): (Timestamp, &str),
        corrected: bool,
    ) -> Result<(), StoreError> {
        if !(from.may_become(to) || corrected && from.may_be_corrected_to(to)) {
            return Err(StoreError::Changed("the ukey"));
        }
        self.put_state(serial, (from, to), None, (at, Some(movement)))
    }

    /// Moves a ukey that keeps its request by a movement of the stock.
    ///
    /// # Errors
    /// As [`Self::move_ukey`].
    pub fn move_with_request(
        &self,
        serial: &Serial,
        (from, to): (UkeyState, UkeyState),
        request: Option<RequestId>,
        (at, movement): (Timestamp, &str),
    ) -> Result<(), StoreError> {
        if !from.may_become(to) {
            return Err(StoreError::Changed("the ukey"));
        }
        self.put_state(serial, (from, to), request, (at, Some(movement)))
    }

    fn put_state(
        &self,
        serial: &Serial,
        (from, to): (UkeyState, UkeyState),
        request: Option<RequestId>,
        (at, movement): (Timestamp, Option<&str>),
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE ukeys SET state = ?3, request = ?4, moved_at = ?5, movement = ?6
             WHERE serial = ?1 AND state = ?2 AND officer IS NULL",
        )?;
        let request = request.map(|id| id.to_string());
        let at = at.to_string();
        let values = params![
            serial.as_str(),
            from.word(),
            to.word(),
            request,
            at,
            movement
        ];
        one_changed(statement.execute(values)?, "the ukey")
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
        token_serial: optional(row, 7, "serial", |text| Serial::parse(text).ok())?,
        officer: optional(row, 8, "officer", |text| OfficerName::parse(text).ok())?,
        box_of: row.get(9)?,
    })
}
