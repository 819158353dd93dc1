//! Files that were sent to and received from neighbouring stations, and the revocation lists that
//! they brought.

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{counted, id, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::id::HomeId;
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelSentRow {
    /// Name of the file in the home's `out`.
    pub name: String,
    /// Its id, a `UUIDv7`.
    pub id: String,
    /// What it is for.
    pub kind: String,
    /// The unit it is addressed to.
    pub to_code: String,
    /// Its place among those to this unit, from 1.
    pub sequence: u64,
    /// SHA-256 of the one before.
    pub previous: Option<[u8; 32]>,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// When.
    pub at: Timestamp,
}

/// A superior's answer to the enrolment of this unit that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its id, a `UUIDv7`.
    pub id: String,
    /// The home it came from.
    pub from_home: HomeId,
    /// When it was made.
    pub created: Timestamp,
    /// The officer who signed it.
    pub signer: String,
    /// When it was taken.
    pub at: Timestamp,
}

/// A file that was received and accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelReceivedRow {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its id, a `UUIDv7`.
    pub id: String,
    /// What it is for.
    pub kind: String,
    /// The unit it came from.
    pub from_code: String,
    /// The home it came from.
    pub from_home: HomeId,
    /// Its place among those from this home, from 1.
    pub sequence: u64,
    /// SHA-256 of the one before.
    pub previous: Option<[u8; 32]>,
    /// When it was received.
    pub at: Timestamp,
    /// The officer who signed it.
    pub signer: String,
}

const RECEIVED: &str = "sha256, id, kind, from_code, from_home, sequence, previous, at, signer";

impl Reading<'_> {
    /// Sequence and SHA-256 of the newest file to a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_parcel_to(&self, code: &str) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sequence, sha256 FROM parcels_sent WHERE to_code = ?1
             ORDER BY sequence DESC LIMIT 1",
        )?;
        let row = statement.query_row([code], |row| Ok((counted(row, 0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// The newest file from a home of a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_parcel_from(
        &self,
        code: &str,
        home: HomeId,
    ) -> Result<Option<ParcelReceivedRow>, StoreError> {
        let sql = format!(
            "SELECT {RECEIVED} FROM parcels_received WHERE from_code = ?1 AND from_home = ?2
             ORDER BY sequence DESC LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([code, &home.to_string()], read);
        Ok(row.optional()?)
    }

    /// The home from which a unit's newest file came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn home_of(&self, code: &str) -> Result<Option<HomeId>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT from_home FROM parcels_received WHERE from_code = ?1
             ORDER BY at DESC, rowid DESC LIMIT 1",
        )?;
        let row = statement.query_row([code], |row| parsed(row, 0, "home id", id));
        Ok(row.optional()?)
    }

    /// SHA-256 of the file that a home sent in this place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parcel_at(
        &self,
        code: &str,
        home: HomeId,
        sequence: u64,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sha256 FROM parcels_received
             WHERE from_code = ?1 AND from_home = ?2 AND sequence = ?3",
        )?;
        let which = params![code, home.to_string(), sql(sequence)];
        Ok(statement.query_row(which, |row| row.get(0)).optional()?)
    }

    /// Name and bytes of the files that were sent and not written to the home's `out` yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parcels_to_write(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT name, sealed FROM parcels_sent WHERE sealed IS NOT NULL")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A file that was received before, by its bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parcel_received(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<ParcelReceivedRow>, StoreError> {
        let sql = format!("SELECT {RECEIVED} FROM parcels_received WHERE sha256 = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([sha256], read).optional()?)
    }

    /// The answers to the enrolment of this unit that were taken, the newest by its own time first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enrolments_received(&self) -> Result<Vec<EnrolmentRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sha256, id, from_home, created, signer, at FROM enrolments_received
             ORDER BY created DESC, id DESC",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(EnrolmentRow {
                sha256: row.get(0)?,
                id: row.get(1)?,
                from_home: parsed(row, 2, "home id", id)?,
                created: parsed(row, 3, "time", time)?,
                signer: row.get(4)?,
                at: parsed(row, 5, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest revocation list of each unit, DER.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unit_crls(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT der FROM unit_crls ORDER BY issuer_key")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Notes a file that was sent.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when another one took its place meanwhile.
    pub fn insert_parcel_sent(&self, row: &ParcelSentRow, sealed: &[u8]) -> Result<(), StoreError> {
        let ParcelSentRow {
            name,
            id,
            kind,
            to_code,
            sequence,
            previous,
            sha256,
            at,
        } = row;
        self.db.execute(
            "INSERT INTO parcels_sent
                 (id, kind, to_code, sequence, previous, sha256, at, name, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id,
                kind,
                to_code,
                sql(*sequence),
                previous,
                sha256,
                at.to_string(),
                name,
                sealed
            ],
        )?;
        Ok(())
    }

    /// Notes that a file that was sent lies in the home's `out`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parcel_written(&self, name: &str) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE parcels_sent SET sealed = NULL WHERE name = ?1",
            [name],
        )?;
        Ok(())
    }

    /// Notes a file that was received.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it, or another in its place, is there already.
    pub fn insert_parcel_received(&self, row: &ParcelReceivedRow) -> Result<(), StoreError> {
        let ParcelReceivedRow {
            sha256,
            id,
            kind,
            from_code,
            from_home,
            sequence,
            previous,
            at,
            signer,
        } = row;
        self.db.execute(
            &format!(
                "INSERT INTO parcels_received ({RECEIVED})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            ),
            params![
                sha256,
                id,
                kind,
                from_code,
                from_home.to_string(),
                sql(*sequence),
                previous,
                at.to_string(),
                signer
            ],
        )?;
        Ok(())
    }

    /// Notes an answer to the enrolment of this unit that was taken.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it was taken before.
    pub fn insert_enrolment_received(&self, row: &EnrolmentRow) -> Result<(), StoreError> {
        let EnrolmentRow {
            sha256,
            id,
            from_home,
            created,
            signer,
            at,
        } = row;
        self.db.execute(
            "INSERT INTO enrolments_received (sha256, id, from_home, created, signer, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                sha256,
                id,
                from_home.to_string(),
                created.to_string(),
                signer,
                at.to_string()
            ],
        )?;
        Ok(())
    }

    /// Puts the files of a home from this place on aside: they belong to a history that its restore
    /// has ended (D-52). Tells how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn supersede_parcels(
        &self,
        code: &str,
        home: HomeId,
        sequence: u64,
    ) -> Result<usize, StoreError> {
        let which = params![code, home.to_string(), sql(sequence)];
        let from = "FROM parcels_received
             WHERE from_code = ?1 AND from_home = ?2 AND sequence >= ?3";
        self.db.execute(
            &format!("INSERT INTO parcels_superseded ({RECEIVED}) SELECT {RECEIVED} {from}"),
            which,
        )?;
        Ok(self.db.execute(&format!("DELETE {from}"), which)?)
    }

    /// Keeps a unit's revocation list unless a newer one is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_unit_crl(
        &self,
        issuer: &PublicKeyDer,
        number: u64,
        der: &[u8],
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO unit_crls (issuer_key, number, der) VALUES (?1, ?2, ?3)
             ON CONFLICT (issuer_key) DO UPDATE SET number = excluded.number, der = excluded.der
             WHERE excluded.number > unit_crls.number",
            params![issuer.as_bytes(), sql(number), der],
        )?;
        Ok(())
    }
}

fn sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ParcelReceivedRow> {
    Ok(ParcelReceivedRow {
        sha256: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        from_code: row.get(3)?,
        from_home: parsed(row, 4, "home id", id)?,
        sequence: counted(row, 5)?,
        previous: row.get(6)?,
        at: parsed(row, 7, "time", time)?,
        signer: row.get(8)?,
    })
}
