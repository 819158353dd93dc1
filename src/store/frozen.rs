//! The file of the store as it stands at one moment, to be copied page for page while others go on
//! writing (D-52), and what such a copy holds.
//!
//! `sqlite3_backup` would decrypt each page and encrypt it again. Instead the write-ahead log is taken into
//! the file while nobody may begin to write, and a reader is put on the file alone: as long as it reads,
//! `SQLite` writes to the log beside the file and not into it (the lock `WAL_READ_LOCK(0)`). Whether that
//! held is seen on the copy: each page has its own HMAC, and [`examine`] reads them all.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::audit::AuditVerdict;
use super::{Reading, Store, StoreError, migration, open_to_scan, unlock};

/// How often, and after how long, it is tried again while another reader holds on to older pages.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// A copy up to this size is held in memory while it is examined.
const HELD_BYTES: u64 = 256 * 1024 * 1024;

/// The file while it stands still.
pub struct Frozen {
    /// In a transaction: its end lets the file go.
    db: Connection,
    /// Never closed: with any descriptor of the file the process would give up the locks that `SQLite`
    /// has on it (POSIX locks), and another process could take the file for its own.
    raw: ManuallyDrop<File>,
    left: u64,
    length: u64,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frozen({} bytes)", self.length)
    }
}

impl Store {
    /// Lets the file stand still until the value is dropped; acts go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another reader holds on for seconds, or any other.
    pub fn freeze(&self) -> Result<Frozen, StoreError> {
        let writer = unlock(&self.path, &self.key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        writer.busy_timeout(Duration::from_secs(5))?;
        let db = open_to_scan(&self.path, &self.key)?;
        for _try in 0..TRIES {
            writer.execute_batch("BEGIN IMMEDIATE")?; // Nobody writes from here on.
            let (busy, logged, folded): (i64, i64, i64) =
                db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            if busy == 0 && logged >= 0 && logged == folded {
                db.execute_batch("BEGIN")?;
                db.query_row("SELECT count(*) FROM sqlite_master", [], |_row| Ok(()))?;
                let failed = |error| StoreError::File(self.path.clone(), error);
                let raw = File::open(&self.path).map_err(failed)?;
                let raw = ManuallyDrop::new(raw);
                let length = raw.metadata().map_err(failed)?.len();
                writer.execute_batch("ROLLBACK")?;
                return Ok(Frozen {
                    db,
                    raw,
                    left: length,
                    length,
                    key: self.key.clone(),
                });
            }
            writer.execute_batch("ROLLBACK")?;
            thread::sleep(PAUSE);
        }
        Err(StoreError::Busy)
    }
}

impl Frozen {
    /// What the file holds.
    pub const fn read(&self) -> Reading<'_> {
        Reading { db: &self.db }
    }

    /// Its length in bytes.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The key of this file and of its copies.
    pub fn key(&self) -> Zeroizing<[u8; 32]> {
        self.key.clone()
    }
}

/// Gives the bytes of the file, once.
impl Read for Frozen {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&*self.raw).take(self.left).read(buffer)?;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// Reads every page of a copy and recomputes the chain of its log; the copy is not changed.
///
/// # Errors
/// [`StoreError::NotOpened`] when a page is damaged or the key is another's, [`StoreError::Newer`] for one
/// of a newer program, or any other.
pub fn examine(path: &Path, key: &[u8; 32]) -> Result<AuditVerdict, StoreError> {
    let db = open_to_scan(path, key)?;
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = migration::newest();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    // Decrypting a page takes longer than anything that is done with it.
    let (sound, audit) = if std::fs::metadata(path).is_ok_and(|file| file.len() <= HELD_BYTES) {
        // Once: the second look finds the pages in the cache.
        db.execute_batch("PRAGMA cache_size = -300000;")?;
        (Ok(is_sound(&db)), Reading { db: &db }.verify_audit())
    } else {
        side_by_side(&db, (path, key))
    };
    if !sound? {
        return Err(StoreError::NotOpened(path.to_owned()));
    }
    audit
}

/// Both looks at once, each with pages of its own.
fn side_by_side(
    db: &Connection,
    (path, key): (&Path, &[u8; 32]),
) -> (Result<bool, StoreError>, Result<AuditVerdict, StoreError>) {
    thread::scope(|scope| {
        let look = || {
            let db = open_to_scan(path, key)?;
            db.execute_batch("PRAGMA cache_size = -65536;")?;
            Ok(is_sound(&db))
        };
        let looking = thread::Builder::new().name("integrity".to_owned());
        let looking = looking.spawn_scoped(scope, look);
        let audit = Reading { db }.verify_audit();
        // A thread that could not be started or did not end has not seen the pages.
        let sound = looking.ok().and_then(|looking| looking.join().ok());
        (sound.unwrap_or(Ok(false)), audit)
    })
}

/// Whether every page can be read and the tables and indices hold together.
fn is_sound(db: &Connection) -> bool {
    let said = db.query_row("PRAGMA integrity_check(1)", [], |row| {
        row.get::<_, String>(0)
    });
    said.is_ok_and(|said| said == "ok")
}
