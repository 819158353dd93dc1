//! Officers' own ukeys (D-58): a binding from its first step until the certificate of the new key is
//! there, and the certificates that were replaced.

use rusqlite::{OptionalExtension as _, Row, params};

use super::officers::one_officer;
use super::station::chain_from_json;
use super::value::{from_json, json, one_changed, parsed, time};
use super::{KeyToken, Reading, SealedSecrets, StoreError, Writing};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// A ukey that is to become an officer's own.
#[derive(Clone)]
pub struct BindingRow {
    /// The officer.
    pub officer: OfficerName,
    /// The ukey, by its serial number at intake.
    pub ukey: Serial,
    /// The ukey as it reports itself, and the key on it.
    pub token: KeyToken,
    /// The PINs for the worker alone, sealed under a key of this binding; gone once the key is made.
    pub secrets: Option<SealedSecrets>,
    /// The public key, once it is made.
    pub public_key: Option<PublicKeyDer>,
    /// When it began.
    pub begun_at: Timestamp,
}

impl std::fmt::Debug for BindingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BindingRow({})", self.ukey)
    }
}

const COLUMNS: &str = "officer, ukey, token, bind_key, new_so_pin, old_so_pin, user_pin,
    public_key, begun_at";

impl Reading<'_> {
    /// The open binding of an officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn binding(&self, officer: &OfficerName) -> Result<Option<BindingRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM officer_bindings WHERE officer = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([officer.as_str()], read).optional()?)
    }

    /// The officers with an open binding, and its ukey.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_bindings(&self) -> Result<Vec<(OfficerName, Serial)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT officer, ukey FROM officer_bindings ORDER BY officer")?;
        let rows = statement.query_map([], |row| {
            let officer = parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?;
            let serial = parsed(row, 1, "serial", |text| Serial::parse(text).ok())?;
            Ok((officer, serial))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The SO PIN of every ukey that is, was or is to be an officer's own, sealed to the escrow key, hex.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_ukey_so_pins(&self) -> Result<Vec<(Serial, String)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT serial, officer_so_pin FROM ukeys WHERE officer_so_pin IS NOT NULL",
        )?;
        let rows = statement.query_map([], |row| {
            let serial = parsed(row, 0, "serial", |text| Serial::parse(text).ok())?;
            Ok((serial, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The certificates that an officer had before, each with its chain, DER.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn past_chains(&self, officer: &OfficerName) -> Result<Vec<Vec<Vec<u8>>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT chain FROM officer_past_chains WHERE officer = ?1")?;
        let rows = statement.query_map([officer.as_str()], |row| {
            parsed(row, 0, "chain", chain_from_json)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Begins a binding, in place of an open one; its ukey leaves the stock. `so_pin` is the one that it
    /// will get, sealed to the escrow key, hex.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the ukey is not a blank of the stock.
    pub fn begin_binding(&self, binding: &BindingRow, so_pin: &str) -> Result<(), StoreError> {
        let BindingRow {
            officer,
            ukey,
            token,
            secrets,
            public_key,
            begun_at,
        } = binding;
        self.end_binding(officer)?;
        let taken = self.db.execute(
            "UPDATE ukeys SET officer = ?2, officer_so_pin = ?3, moved_at = ?4, movement = NULL
             WHERE serial = ?1 AND state = 'blank' AND officer IS NULL",
            [
                ukey.as_str(),
                officer.as_str(),
                so_pin,
                &begun_at.to_string(),
            ],
        )?;
        if taken != 1 {
            return Err(StoreError::Changed("the ukey"));
        }
        let secrets = secrets.as_ref();
        self.db.execute(
            &format!(
                "INSERT INTO officer_bindings ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            ),
            params![
                officer.as_str(),
                ukey.as_str(),
                json(token)?,
                secrets.map(|sealed| &sealed.run_key),
                secrets.map(|sealed| &sealed.so_pin),
                secrets.map(|sealed| &sealed.old_so_pin),
                secrets.map(|sealed| &sealed.user_pin),
                public_key.as_ref().map(PublicKeyDer::as_bytes),
                begun_at.to_string(),
            ],
        )?;
        Ok(())
    }

    /// The key is made: keeps its public half and erases the PINs.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such binding.
    pub fn binding_made(
        &self,
        officer: &OfficerName,
        token: &KeyToken,
        public_key: &PublicKeyDer,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE officer_bindings SET token = ?2, public_key = ?3,
                       bind_key = NULL, new_so_pin = NULL, old_so_pin = NULL, user_pin = NULL
                   WHERE officer = ?1";
        let values = params![officer.as_str(), json(token)?, public_key.as_bytes()];
        one_officer(self.db.execute(sql, values)?)
    }

    /// Ends a binding; its ukey stays out of the stock. None open is as good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_binding(&self, officer: &OfficerName) -> Result<(), StoreError> {
        let sql = "DELETE FROM officer_bindings WHERE officer = ?1";
        self.db.execute(sql, [officer.as_str()])?;
        Ok(())
    }

    /// Keeps the certificate that an officer has now among their past ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_past_chain(&self, officer: &OfficerName, at: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO officer_past_chains (officer, chain, ended_at)
                   SELECT name, chain, ?2 FROM officers WHERE name = ?1 AND chain <> '[]'
                   ON CONFLICT DO NOTHING";
        self.db.execute(sql, [officer.as_str(), &at.to_string()])?;
        Ok(())
    }

    /// Replaces the sealed SO PIN of an officer's own ukey: the escrow key has changed.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such ukey.
    pub fn set_own_ukey_so_pin(&self, ukey: &Serial, sealed: &str) -> Result<(), StoreError> {
        let sql = "UPDATE ukeys SET officer_so_pin = ?2
                   WHERE serial = ?1 AND officer_so_pin IS NOT NULL";
        one_changed(self.db.execute(sql, [ukey.as_str(), sealed])?, "the ukey")
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<BindingRow> {
    let sealed: [Option<Vec<u8>>; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
    let secrets = match sealed {
        [
            Some(run_key),
            Some(so_pin),
            Some(old_so_pin),
            Some(user_pin),
        ] => Some(SealedSecrets {
            run_key,
            so_pin,
            old_so_pin,
            user_pin,
        }),
        _ => None,
    };
    Ok(BindingRow {
        officer: parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?,
        ukey: parsed(row, 1, "serial", |text| Serial::parse(text).ok())?,
        token: parsed(row, 2, "officer's ukey", from_json)?,
        secrets,
        public_key: row.get::<_, Option<Vec<u8>>>(7)?.map(PublicKeyDer::new),
        begun_at: parsed(row, 8, "time", time)?,
    })
}
