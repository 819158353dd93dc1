//! Keeps the records: one encrypted SQLite file, one transaction for each decision. Makes no
//! decision itself; a failed write fails the act.

mod audit;
mod authorities;
mod backups;
mod bindings;
mod certificate_list;
mod certificates;
mod checkpoints;
mod counts;
mod departures;
mod discrepancies;
mod dispatch;
mod exchange;
mod expiring;
mod fields;
mod frozen;
mod imports;
mod losses;
mod migration;
mod officers;
mod papers;
mod parcels;
mod purge;
mod replacements;
mod request_list;
mod request_terms;
mod requests;
mod reviews;
mod revisions;
mod runs;
mod so_pins;
mod station;
mod stock;
mod stock_checks;
mod tallies;
mod temporary;
mod ukeys;
mod unblocks;
mod units;
mod value;
mod waivers;

use std::fmt;
use std::fs::OpenOptions;
use std::ops::Deref;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use zeroize::Zeroizing;

pub use self::audit::{AuditEntry, AuditFilter, AuditVerdict};
pub use self::authorities::FormerAuthorityRow;
pub use self::backups::{BackupRow, UnknownCertificateRow};
pub use self::bindings::BindingRow;
pub use self::certificate_list::{CertificateFilter, CertificateLine, CertificateOrder};
pub use self::certificates::{CertificateRow, IntentRow};
pub use self::checkpoints::{CheckpointRow, NeighbourRow};
pub use self::departures::{DepartureRow, DueRow, HandoverRow, MergerRow};
pub use self::discrepancies::{DiscrepancyRow, Explanation};
pub use self::dispatch::{NoteLine, NoteRow};
pub use self::exchange::{ConfirmedRevocation, ExchangeRow};
pub use self::expiring::{ExpiringMonth, ExpiringRow};
pub use self::fields::{FieldRow, FieldsText};
pub use self::frozen::{Frozen, examine};
pub use self::imports::{Acts, NewRequest, TOGETHER};
pub use self::losses::{HolderRow, LossEnd, LossRow};
pub use self::officers::{KeyToken, OfficerRow, UnitCertificateRow};
pub use self::papers::{RefusalRow, ScanRow};
pub use self::parcels::{EnrolmentRow, ParcelReceivedRow, ParcelSentRow};
pub use self::request_list::{RequestFilter, RequestOrder};
pub use self::request_terms::Terms;
pub use self::requests::{ApprovalRow, RequestRow};
pub use self::reviews::{ReviewRow, SuperiorRefusalRow};
pub use self::revisions::RevisionRow;
pub use self::runs::{Proof, RunRow, SealedLetter, SealedSecrets};
pub use self::so_pins::SoPinRow;
pub use self::station::CaUnlockRow;
pub use self::stock::{EntryRow, MovementRow, StockLine};
pub use self::stock_checks::CheckRow;
pub use self::tallies::{ModelCounts, TallyRow, TallyScanRow, UnitCounts, WithoutRow};
pub use self::temporary::TemporaryRow;
pub use self::ukeys::{NewUkey, UkeyFilter, UkeyRow};
pub use self::unblocks::{UnblockGrantRow, UnblockRequestRow};
pub use self::units::DelegationRow;
use crate::domain::audit::AuditRow;

/// The records.
pub struct Store {
    db: Connection,
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}

/// Why the records cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not there.
    #[error("no store at {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be made.
    #[error("cannot make {}", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// Wrong key, or the file is damaged.
    #[error("the store {} does not open: it is damaged, or keys.json is another home's", .0.display())]
    NotOpened(PathBuf),
    /// Made by a newer program.
    #[error("the store has version {found}, this program knows {known}: use the newer program")]
    Newer {
        /// Version of the file.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// Others read or write all the time.
    #[error("the store is in use and does not stand still")]
    Busy,
    /// A row that should be there is not, or is not in the state it was in before.
    #[error("{0} has changed meanwhile, or is not there")]
    Changed(&'static str),
    /// A rule of the schema refuses: the name of the index or table.
    #[error("the records do not allow it: {0}")]
    Constraint(String),
    /// Anything else.
    #[error("the store failed")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(code, Some(text))
                if code.code == rusqlite::ErrorCode::ConstraintViolation =>
            {
                Self::Constraint(text.clone())
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// Reads, inside or outside a transaction.
#[derive(Debug)]
pub struct Reading<'a> {
    db: &'a Connection,
}

/// Reads beside a store that somebody else writes to.
#[derive(Debug)]
pub struct Aside(Connection);

impl Aside {
    /// To read.
    pub const fn read(&self) -> Reading<'_> {
        Reading { db: &self.0 }
    }
}

/// Writes, inside one transaction.
#[derive(Debug)]
pub struct Writing<'a> {
    reading: Reading<'a>,
}

impl<'a> Deref for Writing<'a> {
    type Target = Reading<'a>;

    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl Store {
    /// Makes a new file. `key` is the raw key of SQLCipher.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(path: &Path, key: &[u8; 32]) -> Result<Self, StoreError> {
        // Mode 0600 from the start; SQLite gives its other files the same.
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| StoreError::File(path.to_owned(), error))?;
        let mut store = Self {
            db: open(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
            path: path.to_owned(),
            key: Zeroizing::new(*key),
        };
        migration::migrate(&mut store.db)?;
        Ok(store)
    }

    /// Opens the file to read and write, and brings it to this program's version.
    ///
    /// # Errors
    /// [`StoreError`] when it is missing, damaged, newer or another home's.
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Self, StoreError> {
        let file = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file);
        let file = file.ok_or_else(|| StoreError::Missing(path.to_owned()))?;
        if file.len() == 0 {
            // SQLite would make a new one of it.
            return Err(StoreError::NotOpened(path.to_owned()));
        }
        let mut store = Self {
            db: open(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
            path: path.to_owned(),
            key: Zeroizing::new(*key),
        };
        migration::migrate(&mut store.db)?;
        Ok(store)
    }

    /// To read.
    pub const fn read(&self) -> Reading<'_> {
        Reading { db: &self.db }
    }

    /// A second connection to the same file, to read on another thread while this one writes: what
    /// is not committed does not show.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn aside(&self) -> Result<Aside, StoreError> {
        Ok(Aside(open_to_scan(&self.path, &self.key)?))
    }

    /// Reads several things as they are at one moment, whatever another process writes meanwhile.
    ///
    /// # Errors
    /// What `read` says, or [`StoreError`].
    pub fn at_one_moment<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let moment = self.db.unchecked_transaction().map_err(StoreError::from)?;
        let value = read(self)?;
        moment.finish().map_err(StoreError::from)?; // Nothing was written.
        Ok(value)
    }

    /// Does one act and writes its row in the audit log, in one transaction: all or nothing.
    ///
    /// # Errors
    /// What `write` says, or [`StoreError`]; nothing is written then.
    pub fn act<T, E: From<StoreError>>(
        &mut self,
        row: &AuditRow,
        write: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(|writing| {
            let value = write(writing)?;
            writing.append_audit(row)?;
            writing.advance_clock(row.at)?;
            Ok(value)
        })
    }

    /// Encrypts the file under another key, in one transaction (D-58).
    ///
    /// # Errors
    /// [`StoreError`]; the file then has the key it had.
    pub fn change_key(&mut self, key: &[u8; 32]) -> Result<(), StoreError> {
        // SQLCipher rewrites every page; outside the log it is one ordinary transaction.
        self.db.execute_batch("PRAGMA journal_mode = DELETE;")?;
        let rekey = Zeroizing::new(format!("PRAGMA rekey = \"x'{}'\"", value::Hex(key)));
        let changed = self.db.execute_batch(&rekey);
        self.db.execute_batch("PRAGMA journal_mode = WAL;")?;
        changed?;
        self.key = Zeroizing::new(*key);
        Ok(())
    }

    /// Writes what is no act of its own (the journal of a run, counters) in one transaction.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        write: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let tx = Transaction::new(&mut self.db, TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let value = write(&Writing {
            reading: Reading { db: &tx },
        })?;
        tx.commit().map_err(StoreError::from)?;
        Ok(value)
    }
}

fn open(path: &Path, key: &[u8; 32], flags: OpenFlags) -> Result<Connection, StoreError> {
    let db = unlock(path, key, flags)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA busy_timeout = 5000;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;",
    )?;
    // Else a statement is parsed again for each value that it searches for, in vain: no statistics
    // are kept that could change its plan.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// A second connection to the same file, to read each page of a table once on a thread of its own:
/// its few pages stay in the processor's cache.
fn open_to_scan(path: &Path, key: &[u8; 32]) -> Result<Connection, StoreError> {
    let db = unlock(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(
        "PRAGMA query_only = ON;
         PRAGMA busy_timeout = 5000;
         PRAGMA cache_size = 32;",
    )?;
    Ok(db)
}

/// How each page is authenticated. SHA-256 has instructions of its own on today's processors, which
/// SHA-512 has on few. Files up to version 12 have SQLCipher's own choice, the second.
const PAGE_HMAC: [&str; 2] = ["HMAC_SHA256", "HMAC_SHA512"];

fn unlock(path: &Path, key: &[u8; 32], flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    for hmac in PAGE_HMAC {
        let db = Connection::open_with_flags(path, flags)?;
        // What does not open is told by its error, not by lines on stderr.
        let terms = Zeroizing::new(format!(
            "PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\"; PRAGMA cipher_hmac_algorithm = {hmac};",
            value::Hex(key)
        ));
        db.execute_batch(&terms)?;
        let opened = db.query_row("SELECT count(*) FROM sqlite_master", [], |_row| Ok(()));
        if opened.is_ok() {
            request_terms::teach(&db)?;
            return Ok(db);
        }
    }
    Err(StoreError::NotOpened(path.to_owned()))
}

#[cfg(test)]
mod tests;
