//! The audit log: rows are appended, never changed, each chained to the one before (D-49).

use std::num::NonZero;
use std::thread;

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row, ToSql, params};

use super::value::{TimeTexts, parsed, time};
use super::{Reading, Store, StoreError, Writing, open_to_scan};
use crate::domain::audit::{AuditFields, AuditHash, AuditRow, GENESIS, digest};
use crate::domain::id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// What recomputing the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Rows.
    pub rows: u64,
    /// Hash of the last row that fits.
    pub head: AuditHash,
    /// The first row that does not fit.
    pub first_broken: Option<u64>,
}

/// A row of the log, and what the records say about the request it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub sequence: u64,
    /// The row.
    pub row: AuditRow,
    /// Its hash.
    pub hash: AuditHash,
    /// The number of the request.
    pub number: Option<String>,
    /// The holder, until they are purged.
    pub holder: Option<String>,
}

/// Which rows to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those where a field, the request's number or the holder's name holds this text.
    pub search: Option<String>,
    /// Only those from this moment on.
    pub since: Option<Timestamp>,
    /// Only those up to this moment.
    pub until: Option<Timestamp>,
    /// Only this act.
    pub act: Option<String>,
    /// Only acts of this officer.
    pub officer: Option<String>,
    /// Only those before this place: what follows on a page that ended there.
    pub before: Option<u64>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// A shorter log is not worth a thread.
pub(super) const LANE_ROWS: u64 = 5_000;
/// More threads than this would wait for the disk.
const MOST_LANES: u64 = 8;

pub(super) const COLUMNS: &str =
    "sequence, at, officer, post, act, request, ukey, certificate, result, detail, hash";

/// Number of the first field and of the hash in [`COLUMNS`].
const FIRST_FIELD: usize = 1;
const HASH: usize = 10;

impl Writing<'_> {
    /// Appends a row. Called by `Store::act` alone.
    pub(super) fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        AuditTail::read(self)?.append(self, row)
    }
}

/// The end of the log, kept at hand while one transaction appends many rows.
pub(super) struct AuditTail {
    rows: u64,
    hash: AuditHash,
    times: TimeTexts,
}

impl AuditTail {
    pub(super) fn read(reading: &Reading<'_>) -> Result<Self, StoreError> {
        let (rows, hash) = reading.audit_head()?;
        Ok(Self {
            rows,
            hash,
            times: TimeTexts::default(),
        })
    }

    /// Appends a row inside the transaction that the end was read in.
    pub(super) fn append(
        &mut self,
        writing: &Writing<'_>,
        row: &AuditRow,
    ) -> Result<(), StoreError> {
        let mut statement = writing.db.prepare_cached(&format!(
            "INSERT INTO audit ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
        ))?;
        let mut at = 0;
        self.chain(row, |value| {
            at += 1;
            statement.raw_bind_parameter(at, value)
        })?;
        statement.raw_execute()?;
        Ok(())
    }

    /// Gives the values of [`COLUMNS`] for a row after the end, which it becomes.
    pub(super) fn chain(
        &mut self,
        row: &AuditRow,
        mut put: impl FnMut(&dyn ToSql) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let sequence = self.rows + 1;
        let at = self.times.of(row.at);
        let hash = row.hash_at(at, sequence, &self.hash);
        put(&sequence.cast_signed())?;
        put(&at)?;
        put(&row.officer)?;
        put(&row.post)?;
        put(&row.act)?;
        put(&row.request)?;
        put(&row.ukey)?;
        put(&row.certificate)?;
        put(&row.result)?;
        put(&row.detail)?;
        put(&hash)?;
        (self.rows, self.hash) = (sequence, hash);
        Ok(())
    }
}

impl Store {
    /// Recomputes the chain of the whole log. A long log is read in parts side by side, for reading
    /// an encrypted page takes several times longer than hashing its rows.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read at all.
    pub fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let Ok((rows, head)) = self.read().audit_head() else {
            return self.read().verify_audit(); // The last row is damaged.
        };
        let lanes = thread::available_parallelism().map_or(1, NonZero::get);
        let lanes = u64::try_from(lanes).unwrap_or(1).min(MOST_LANES);
        let lanes = lanes.min(rows / LANE_ROWS);
        let whole = lanes > 1 && self.is_whole(rows, lanes)?;
        // Where something is wrong, the first broken row is wanted; and somebody may have written
        // meanwhile.
        if whole && self.read().audit_head()? == (rows, head) {
            let first_broken = None;
            return Ok(AuditVerdict {
                rows,
                head,
                first_broken,
            });
        }
        self.read().verify_audit()
    }

    /// Whether each row up to `rows` stands at its place and follows from the one before, looked at
    /// by so many threads. As each starts from a stored hash that another has recomputed, all of
    /// them together see what one would see alone.
    fn is_whole(&self, rows: u64, lanes: u64) -> Result<bool, StoreError> {
        let first: Option<i64> =
            self.db
                .query_row("SELECT min(sequence) FROM audit", [], |row| row.get(0))?;
        if first != Some(1) {
            return Ok(false);
        }
        let length = rows.div_ceil(lanes);
        let (path, key) = (self.path.as_path(), &self.key);
        thread::scope(|scope| {
            let start = |lane: u64| {
                let first = lane * length + 1;
                let last = (first + length - 1).min(rows);
                let look = move || match open_to_scan(path, key) {
                    Ok(db) => Reading { db: &db }.follows(first, last),
                    Err(_error) => Ok(false), // Under another key meanwhile.
                };
                let name = format!("audit {first}");
                thread::Builder::new().name(name).spawn_scoped(scope, look)
            };
            let started: Vec<_> = (0..lanes).map(start).collect();
            let mut whole = true;
            for lane in started {
                // A thread that could not be started or did not end has not seen its rows.
                let seen = lane.ok().and_then(|lane| lane.join().ok());
                whole &= seen.unwrap_or(Ok(false))?;
            }
            Ok(whole)
        })
    }
}

impl Reading<'_> {
    /// Whether the rows from `first` to `last` are there, each at its place, and follow from the
    /// stored hash before them.
    fn follows(&self, first: u64, last: u64) -> Result<bool, StoreError> {
        let Some(before) = self.audit_hash_at(first - 1)? else {
            return Ok(false);
        };
        let judge = Follows {
            first,
            before,
            last,
        };
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
        let values = i32::try_from(HASH + 1).unwrap_or(-1);
        self.db
            .create_aggregate_function("audit_follows", values, flags, judge)?;
        let sql =
            format!("SELECT audit_follows({COLUMNS}) FROM audit WHERE sequence BETWEEN ?1 AND ?2");
        let range = [first.cast_signed(), last.cast_signed()];
        Ok(self.db.query_row(&sql, range, |row| row.get(0))?)
    }

    /// Recomputes the chain from the first row.
    pub(super) fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let mut statement = self
            .db
            .prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY sequence"))?;
        let mut rows = statement.query([])?;
        let mut verdict = AuditVerdict {
            rows: 0,
            head: GENESIS,
            first_broken: None,
        };
        let mut encoded = Vec::with_capacity(512);
        while let Some(row) = rows.next()? {
            verdict.rows += 1;
            if verdict.first_broken.is_some() {
                continue;
            }
            let value = |column| row.get_ref(column).ok();
            match chained(value, verdict.rows, &verdict.head, &mut encoded) {
                Some(hash) => verdict.head = hash,
                None => verdict.first_broken = Some(verdict.rows),
            }
        }
        Ok(verdict)
    }

    /// Number of rows and hash of the last one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_head(&self) -> Result<(u64, AuditHash), StoreError> {
        let last = self
            .db
            .prepare_cached("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")?
            .query_row([], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
            })
            .optional()?;
        Ok(last.unwrap_or((0, GENESIS)))
    }

    /// The hash of the row at this place; [`GENESIS`] at 0.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_hash_at(&self, count: u64) -> Result<Option<AuditHash>, StoreError> {
        if count == 0 {
            return Ok(Some(GENESIS));
        }
        let Ok(sequence) = i64::try_from(count) else {
            return Ok(None);
        };
        let mut statement = self
            .db
            .prepare_cached("SELECT hash FROM audit WHERE sequence = ?1")?;
        let hash = statement.query_row([sequence], |row| Ok(row.get(0).ok()));
        Ok(hash.optional()?.flatten())
    }

    /// Rows of the log, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        let columns = COLUMNS.replace(", ", ", audit.");
        let sql = format!(
            "SELECT audit.{columns}, requests.number, requests.holder_name
             FROM audit LEFT JOIN requests ON requests.id = audit.request
             WHERE (?1 IS NULL OR instr(audit.act, ?1) > 0 OR instr(audit.officer, ?1) > 0
                    OR instr(audit.result, ?1) > 0 OR instr(coalesce(audit.request, ''), ?1) > 0
                    OR instr(coalesce(audit.ukey, ''), ?1) > 0
                    OR instr(coalesce(audit.certificate, ''), ?1) > 0
                    OR instr(coalesce(audit.detail, ''), ?1) > 0
                    OR instr(coalesce(requests.number, ''), ?1) > 0
                    OR instr(coalesce(requests.holder_name, ''), ?1) > 0)
               AND (?2 IS NULL OR audit.at >= ?2) AND (?3 IS NULL OR audit.at <= ?3)
               AND (?4 IS NULL OR audit.act = ?4) AND (?5 IS NULL OR audit.officer = ?5)
               AND audit.sequence < ?6
             ORDER BY audit.sequence DESC LIMIT ?7"
        );
        let AuditFilter {
            search,
            since,
            until,
            act,
            officer,
            before,
            limit,
        } = filter;
        let limit = limit
            .and_then(|limit| i64::try_from(limit).ok())
            .unwrap_or(i64::MAX);
        // Not `?6 IS NULL OR …`: a bound is looked up, where that would walk the log from its end.
        let before = before
            .and_then(|before| i64::try_from(before).ok())
            .unwrap_or(i64::MAX);
        let (since, until) = (
            since.map(|at| at.to_string()),
            until.map(|at| at.to_string()),
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![search, since, until, act, officer, before, limit],
            entry,
        )?;
        let mut entries = rows.collect::<Result<Vec<_>, _>>()?;
        entries.reverse();
        Ok(entries)
    }

    /// Gives every row to `take`, the first one first, without what other tables say of it.
    ///
    /// # Errors
    /// What `take` says, or [`StoreError`].
    pub fn each_audit_row<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(&AuditEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_audit_row_from(1, &mut take)
    }

    /// As [`Self::each_audit_row`], from a place on.
    ///
    /// # Errors
    /// What `take` says, or [`StoreError`].
    pub fn each_audit_row_from<E: From<StoreError>>(
        &self,
        first: u64,
        mut take: impl FnMut(&AuditEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {COLUMNS}, NULL, NULL FROM audit WHERE sequence >= ?1 ORDER BY sequence"
        );
        let mut statement = self.db.prepare(&sql).map_err(StoreError::from)?;
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let mut rows = statement.query([first]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            take(&entry(row).map_err(StoreError::from)?)?;
        }
        Ok(())
    }

    /// The places of the first and the newest act about a ukey, or about one of its requests; that its
    /// evidence was exported changes nothing of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn acts_about_ukey(&self, ukey: &Serial) -> Result<Option<(u64, u64)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT min(sequence), max(sequence) FILTER (WHERE act <> 'evidence-exported') FROM audit
             WHERE ukey = ?1 OR request IN (SELECT request FROM runs WHERE ukey = ?1)",
        )?;
        let place = |row: &Row<'_>, at| {
            let place: Option<i64> = row.get(at)?;
            Ok::<_, rusqlite::Error>(place.and_then(|place| u64::try_from(place).ok()))
        };
        let found =
            statement.query_row([ukey.as_str()], |row| Ok((place(row, 0)?, place(row, 1)?)))?;
        Ok(found.0.zip(found.1))
    }

    /// Where the newest course of a practice home begins, and when that was (D-56).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_course(&self) -> Result<Option<(u64, Timestamp)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sequence, at FROM audit INDEXED BY audit_courses WHERE act = 'course-begun'
             ORDER BY sequence DESC LIMIT 1",
        )?;
        let begun = statement.query_row([], |row| {
            let sequence: i64 = row.get(0)?;
            Ok((sequence, parsed(row, 1, "at", time)?))
        });
        let begun = begun.optional()?;
        Ok(begun.map(|(sequence, at)| (sequence.unsigned_abs(), at)))
    }

    /// The newest act about a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_act_about(&self, request: RequestId) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT at FROM audit WHERE request = ?1 AND act <> 'personal-data-revealed'
             ORDER BY sequence DESC LIMIT 1",
        )?;
        let at = statement.query_row([request.to_string()], |row| parsed(row, 0, "time", time));
        Ok(at.optional()?)
    }
}

/// The hash of a row of [`COLUMNS`], if it stands at this place and its stored hash follows from `previous`. Reads
/// the columns where SQLite has them: nothing is copied but into `encoded`.
fn chained<'a>(
    value: impl Fn(usize) -> Option<ValueRef<'a>>,
    place: u64,
    previous: &AuditHash,
    encoded: &mut Vec<u8>,
) -> Option<AuditHash> {
    let (ValueRef::Integer(sequence), ValueRef::Blob(stored)) = (value(0)?, value(HASH)?) else {
        return None;
    };
    let mut fields = [None; 9];
    for (column, field) in (FIRST_FIELD..HASH).zip(&mut fields) {
        *field = match value(column)? {
            ValueRef::Text(bytes) => Some(bytes),
            ValueRef::Null => None,
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => return None,
        };
    }
    AuditFields(fields).encode(place, previous, encoded);
    let hash = digest(encoded);
    (sequence == place.cast_signed() && stored == hash).then_some(hash)
}

/// Judges the rows of a part as an aggregate of SQL: it is given each row's values where they lie, in a fifth
/// less time than a statement takes that hands out row after row. Rows in any other order than their
/// places' do not follow.
struct Follows {
    first: u64,
    /// The stored hash of the row before the first.
    before: AuditHash,
    last: u64,
}

/// How far a part is judged.
struct Judged {
    /// The place of the next row.
    place: u64,
    /// The hash of the last one; none once a row did not follow.
    head: Option<AuditHash>,
    encoded: Vec<u8>,
}

impl Aggregate<Judged, bool> for Follows {
    fn init(&self, _row: &mut Context<'_>) -> rusqlite::Result<Judged> {
        Ok(Judged {
            place: self.first,
            head: Some(self.before),
            encoded: Vec::with_capacity(512),
        })
    }

    fn step(&self, row: &mut Context<'_>, judged: &mut Judged) -> rusqlite::Result<()> {
        if let Some(head) = &judged.head {
            let value = |column| Some(row.get_raw(column));
            judged.head = chained(value, judged.place, head, &mut judged.encoded);
            judged.place += 1;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, judged: Option<Judged>) -> rusqlite::Result<bool> {
        let whole = judged.filter(|judged| judged.head.is_some());
        Ok(whole.is_some_and(|judged| judged.place == self.last + 1))
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        sequence: row.get::<_, i64>(0)?.unsigned_abs(),
        row: AuditRow {
            at: parsed(row, 1, "time", time)?,
            officer: row.get(2)?,
            post: row.get(3)?,
            act: row.get(4)?,
            request: row.get(5)?,
            ukey: row.get(6)?,
            certificate: row.get(7)?,
            result: row.get(8)?,
            detail: row.get(9)?,
        },
        hash: row.get(HASH)?,
        number: row.get(11)?,
        holder: row.get(12)?,
    })
}
