//! The generations of the CA (D-60): which one is present, and what is still to be known of those before.

use rusqlite::{Row, params};

use super::value::{from_json, json, one_changed, optional, parsed, time};
use super::{KeyToken, Reading, StoreError, Writing};
use crate::domain::certificate::Generation;
use crate::domain::timestamp::Timestamp;

/// Setting: the present generation; absent, it is the first.
const GENERATION: &str = "ca_generation";

/// A CA that signs no more certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerAuthorityRow {
    /// Which one it was.
    pub generation: Generation,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// The certificates above it up to the root, DER.
    pub chain: Vec<Vec<u8>>,
    /// The token with its key; `None` where that is at another station.
    pub token: Option<KeyToken>,
    /// The SO PIN of that token, sealed to the escrow key: hex.
    pub so_pin: Option<String>,
    /// When the last certificate that it signed ends.
    pub last_leaf: Timestamp,
    /// thisUpdate of its newest list.
    pub last_list: Option<Timestamp>,
    /// When the next one took its place.
    pub retired_at: Timestamp,
}

const COLUMNS: &str =
    "generation, certificate, chain, token, so_pin, last_leaf, last_list, retired_at";

impl Reading<'_> {
    /// The generation that signs certificates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ca_generation(&self) -> Result<Generation, StoreError> {
        let text = self.meta(GENERATION)?;
        let known = text.and_then(|text| text.parse().ok());
        Ok(known.map_or(Generation::FIRST, Generation))
    }

    /// The generations before, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn former_authorities(&self) -> Result<Vec<FormerAuthorityRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM former_authorities ORDER BY generation DESC");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the last certificate of this home ends that this generation signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_leaf(&self, generation: Generation) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(not_after) FROM certificates WHERE generation = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let last = statement.query_row([generation.0], |row| optional(row, 0, "time", time))?;
        Ok(last)
    }
}

impl Writing<'_> {
    /// Sets which generation signs certificates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_ca_generation(&self, generation: Generation) -> Result<(), StoreError> {
        self.set_meta(GENERATION, &generation.0.to_string())
    }

    /// Keeps what is to be known of a CA that signs no more certificates.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when that generation has ended before.
    pub fn retire_authority(&self, row: &FormerAuthorityRow) -> Result<(), StoreError> {
        let chain: Vec<String> = row.chain.iter().map(hex::encode).collect();
        self.db.execute(
            &format!(
                "INSERT INTO former_authorities ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            ),
            params![
                row.generation.0,
                row.certificate,
                json(&chain)?,
                row.token.as_ref().map(json).transpose()?,
                row.so_pin,
                row.last_leaf.to_string(),
                row.last_list.map(|at| at.to_string()),
                row.retired_at.to_string(),
            ],
        )?;
        Ok(())
    }

    /// Keeps when a former CA signed its newest list.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such generation.
    pub fn set_last_list(&self, generation: Generation, at: Timestamp) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE former_authorities SET last_list = ?2 WHERE generation = ?1",
            params![generation.0, at.to_string()],
        )?;
        one_changed(changed, "the former CA")
    }

    /// Seals the SO PIN of a former CA's token anew.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such generation.
    pub fn set_former_so_pin(
        &self,
        generation: Generation,
        so_pin: &str,
    ) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE former_authorities SET so_pin = ?2 WHERE generation = ?1",
            params![generation.0, so_pin],
        )?;
        one_changed(changed, "the former CA")
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<FormerAuthorityRow> {
    Ok(FormerAuthorityRow {
        generation: Generation(row.get(0)?),
        certificate: row.get(1)?,
        chain: parsed(row, 2, "the CA's chain", chain)?,
        token: optional(row, 3, "the CA's token", from_json)?,
        so_pin: row.get(4)?,
        last_leaf: parsed(row, 5, "time", time)?,
        last_list: optional(row, 6, "time", time)?,
        retired_at: parsed(row, 7, "time", time)?,
    })
}

fn chain(text: &str) -> Option<Vec<Vec<u8>>> {
    let chain: Vec<String> = from_json(text)?;
    let ders = chain.iter().map(|der| hex::decode(der).ok());
    ders.collect()
}
