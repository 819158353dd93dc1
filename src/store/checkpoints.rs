//! Instances of this home, checkpoints of its log, and the newest position seen of each neighbour's
//! (D-49). Whether a position is believed is decided in `domain::checkpoint`.

use rusqlite::{OptionalExtension as _, Row, params};

use super::station::{chain_from_json, chain_json};
use super::value::{id, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::checkpoint::LogPosition;
use crate::domain::id::{HomeId, InstanceId};
use crate::domain::timestamp::Timestamp;

/// A checkpoint as it is stored. What it says is in the signed bytes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// CMS `SignedData`, DER.
    pub signature: Vec<u8>,
    /// The signer's certificate, then each issuer up to the root, DER.
    pub chain: Vec<Vec<u8>>,
}

/// The newest position seen of another home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourRow {
    /// How far its log had come.
    pub position: LogPosition,
    /// When that was seen here.
    pub seen_at: Timestamp,
    /// The file that carried it: its kind and digest.
    pub file: String,
}

const NEIGHBOUR: &str = "home, instance, epoch, count, head, seen_at, file";

impl Reading<'_> {
    /// Every instance this home ever had, with its epoch, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_instances(&self) -> Result<Vec<(u32, InstanceId)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT epoch, instance FROM audit_instances ORDER BY epoch")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, parsed(row, 1, "instance id", id)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Epoch and instance of now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_instance(&self) -> Result<(u32, InstanceId), StoreError> {
        let newest = self.audit_instances()?.pop();
        newest.ok_or(StoreError::Changed("the instance"))
    }

    /// How far the log of this home has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_position(&self, home: HomeId) -> Result<LogPosition, StoreError> {
        let (epoch, instance) = self.audit_instance()?;
        let (count, head) = self.audit_head()?;
        Ok(LogPosition {
            home,
            instance,
            epoch,
            count,
            head,
        })
    }

    /// Every checkpoint of this log, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoints(&self) -> Result<Vec<CheckpointRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT signature, chain FROM audit_checkpoints ORDER BY epoch, count",
        )?;
        let rows = statement.query_map([], checkpoint)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest checkpoint of this log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_checkpoint(&self) -> Result<Option<CheckpointRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT signature, chain FROM audit_checkpoints ORDER BY epoch DESC, count DESC LIMIT 1",
        )?;
        Ok(statement.query_row([], checkpoint).optional()?)
    }

    /// The newest position seen of another home.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn neighbour_checkpoint(&self, home: HomeId) -> Result<Option<NeighbourRow>, StoreError> {
        let sql = format!("SELECT {NEIGHBOUR} FROM neighbours WHERE home = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([home.to_string()], |row| {
            Ok(NeighbourRow {
                position: LogPosition {
                    home: parsed(row, 0, "home id", id)?,
                    instance: parsed(row, 1, "instance id", id)?,
                    epoch: row.get(2)?,
                    count: row.get::<_, i64>(3)?.unsigned_abs(),
                    head: row.get(4)?,
                },
                seen_at: parsed(row, 5, "time", time)?,
                file: row.get(6)?,
            })
        });
        Ok(row.optional()?)
    }
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<CheckpointRow> {
    Ok(CheckpointRow {
        signature: row.get(0)?,
        chain: parsed(row, 1, "chain", chain_from_json)?,
    })
}

impl Writing<'_> {
    /// Begins the next instance of this home, after a restore (D-52).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn start_instance(&self, instance: InstanceId) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO audit_instances (epoch, instance, count)
             SELECT max(epoch) + 1, ?1, (SELECT coalesce(max(sequence), 0) FROM audit)
             FROM audit_instances",
            [instance.to_string()],
        )?;
        Ok(())
    }

    /// Keeps a signed checkpoint of `position`, which the log must still have.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the log has grown meanwhile.
    pub fn insert_checkpoint(
        &self,
        position: &LogPosition,
        row: &CheckpointRow,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.audit_position(position.home)? != *position {
            return Err(StoreError::Changed("the audit log"));
        }
        self.db.execute(
            "INSERT INTO audit_checkpoints (epoch, count, signature, chain, stored_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                position.epoch,
                position.count.cast_signed(),
                row.signature,
                chain_json(&row.chain)?,
                at.to_string()
            ],
        )?;
        Ok(())
    }

    /// Keeps the position of another home in place of the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_neighbour_checkpoint(&self, row: &NeighbourRow) -> Result<(), StoreError> {
        let NeighbourRow {
            position,
            seen_at,
            file,
        } = row;
        self.db.execute(
            &format!(
                "INSERT INTO neighbours ({NEIGHBOUR}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (home) DO UPDATE SET instance = excluded.instance,
                     epoch = excluded.epoch, count = excluded.count, head = excluded.head,
                     seen_at = excluded.seen_at, file = excluded.file"
            ),
            params![
                position.home.to_string(),
                position.instance.to_string(),
                position.epoch,
                position.count.cast_signed(),
                position.head,
                seen_at.to_string(),
                file
            ],
        )?;
        Ok(())
    }
}
