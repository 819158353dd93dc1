//! Runs: their journal, their secrets while they are open, and the escrow of SO PINs.

use rusqlite::{OptionalExtension as _, Row, params};

use super::certificates::serial;
use super::value::{from_json, id, json, optional, parsed, time, unreadable};
use super::{Reading, StoreError, Writing};
use crate::domain::certificate::{CertificateSerial, TemporaryDays};
use crate::domain::id::{RequestId, RunId};
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::workflow::journal::{Entry, Plan};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The request it works for.
    pub request: RequestId,
    /// The ukey it works on.
    pub ukey: Serial,
    /// Who began it.
    pub officer: OfficerName,
    /// When.
    pub opened_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The certificate that it replaces on the same ukey (D-47).
    pub renews: Option<CertificateSerial>,
    /// Days that the certificate of a temporary ukey is valid (D-20).
    pub temporary: Option<TemporaryDays>,
}

/// The secrets of an open run, each sealed under `run_key` (D-37).
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecrets {
    /// The run's own key.
    pub run_key: Vec<u8>,
    /// The SO PIN that will be set.
    pub so_pin: Vec<u8>,
    /// The SO PIN before it.
    pub old_so_pin: Vec<u8>,
    /// The user PIN.
    pub user_pin: Vec<u8>,
}

/// What a ukey signed to prove its key (D-50).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What for: `possession` before it is certified, `certificate` after it was read back.
    pub purpose: String,
    /// What was signed.
    pub message: String,
    /// ECDSA with SHA-256 in DER, or RSA PKCS #1 v1.5 with SHA-256.
    pub signature: Vec<u8>,
}

/// The key of a PIN letter and the user PIN sealed under it.
pub type SealedLetter = (Vec<u8>, Vec<u8>);

const COLUMNS: &str = "id, request, ukey, officer, opened_at, ended_at, renews, temporary_days";

impl Reading<'_> {
    /// Runs that have not ended, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE ended_at IS NULL ORDER BY id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Seconds from beginning to end of the newest proven runs on blanks, at most so many of each profile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_secs(&self, most: usize) -> Result<Vec<(String, i64)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT profile, secs FROM (
                 SELECT ukeys.profile AS profile,
                     unixepoch(runs.ended_at) - unixepoch(runs.opened_at) AS secs,
                     ROW_NUMBER() OVER (PARTITION BY ukeys.profile ORDER BY runs.id DESC) AS place
                 FROM runs JOIN ukeys ON ukeys.serial = runs.ukey
                 WHERE runs.outcome = 'proven' AND runs.renews IS NULL)
             WHERE place <= ?1",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map([most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError`], also when there is none.
    pub fn run(&self, run: RunId) -> Result<RunRow, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([run.to_string()], read)?)
    }

    /// The newest run on a ukey; a renewal only once it is proven, until then the ukey is what it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_run_on(&self, ukey: &Serial) -> Result<Option<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs
             WHERE ukey = ?1 AND (renews IS NULL OR outcome IS 'proven')
             ORDER BY id DESC LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([ukey.as_str()], read).optional()?)
    }

    /// Whether a request was used for a temporary ukey (D-20).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_temporary(&self, request: RequestId) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT 1 FROM runs WHERE request = ?1 AND temporary_days IS NOT NULL
                 AND outcome = 'proven'",
        )?;
        Ok(statement.exists([request.to_string()])?)
    }

    /// The run that is open on a ukey.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_run_on(&self, ukey: &Serial) -> Result<Option<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE ukey = ?1 AND ended_at IS NULL");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([ukey.as_str()], read).optional()?)
    }

    /// The newest run that made a ukey out of a blank: its label stands on the ukey, whatever was renewed
    /// since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_that_made(&self, ukey: &Serial) -> Result<Option<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs WHERE ukey = ?1 AND renews IS NULL ORDER BY id DESC LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([ukey.as_str()], read).optional()?)
    }

    /// The journal of a run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn journal(&self, run: RunId) -> Result<Vec<Entry>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT entry FROM run_journal WHERE run = ?1 ORDER BY sequence")?;
        let rows = statement.query_map([run.to_string()], |row| {
            parsed(row, 0, "journal entry", from_json)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The plan that a run began with: the first entry of its journal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn plan(&self, run: RunId) -> Result<Option<Plan>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT entry FROM run_journal WHERE run = ?1 AND sequence = 0")?;
        let first = statement.query_row([run.to_string()], |row| {
            parsed(row, 0, "journal entry", from_json::<Entry>)
        });
        Ok(first.optional()?.and_then(|entry| match entry {
            Entry::Opened(plan) => Some(plan),
            _ => None,
        }))
    }

    /// The PKCS #10 request of a run, once it is made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn csr(&self, run: RunId) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT csr FROM runs WHERE id = ?1")?;
        Ok(statement
            .query_row([run.to_string()], |row| row.get(0))
            .optional()?
            .flatten())
    }

    /// Every run on a ukey, the oldest first; renewals only once they are proven.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_on(&self, ukey: &Serial) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs
             WHERE ukey = ?1 AND (renews IS NULL OR outcome IS 'proven') ORDER BY id"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([ukey.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the ukey of a run was given to its holder.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn handed_out_at(&self, run: RunId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT handed_out_at FROM slips WHERE run = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let at = statement.query_row([run.to_string()], |row| optional(row, 0, "time", time));
        Ok(at.optional()?.flatten())
    }

    /// What the ukey of a run signed to prove its key, by purpose.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn proofs(&self, run: RunId) -> Result<Vec<Proof>, StoreError> {
        let sql = "SELECT purpose, message, signature FROM run_proofs WHERE run = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([run.to_string()], |row| {
            Ok(Proof {
                purpose: row.get(0)?,
                message: row.get(1)?,
                signature: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A random user PIN whose letter is not printed yet: key and sealed PIN.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pin_letter(&self, run: RunId) -> Result<Option<SealedLetter>, StoreError> {
        let sql = "SELECT letter_key, user_pin FROM pin_letters WHERE run = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let row = statement.query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// The secrets of an open run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_secrets(&self, run: RunId) -> Result<Option<SealedSecrets>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT run_key, so_pin, old_so_pin, user_pin FROM run_secrets WHERE run = ?1",
        )?;
        let row = statement.query_row([run.to_string()], |row| {
            Ok(SealedSecrets {
                run_key: row.get(0)?,
                so_pin: row.get(1)?,
                old_so_pin: row.get(2)?,
                user_pin: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }

    /// Every sealed SO PIN, with its ukey and the run that stored it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn escrow(&self) -> Result<Vec<(Serial, RunId, Vec<u8>)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT ukey, run, sealed FROM escrow")?;
        let rows = statement.query_map([], |row| {
            let serial = parsed(row, 0, "serial", |text| Serial::parse(text).ok())?;
            Ok((serial, parsed(row, 1, "run id", id)?, row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Opens a run.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when ukey or request has an open one.
    pub fn insert_run(&self, run: &RunRow) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO runs (id, request, ukey, officer, opened_at, renews, temporary_days)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                run.id.to_string(),
                run.request.to_string(),
                run.ukey.as_str(),
                run.officer.as_str(),
                run.opened_at.to_string(),
                run.renews.as_ref().map(CertificateSerial::to_string),
                run.temporary.map(TemporaryDays::get),
            ])?;
        Ok(())
    }

    /// Appends to the journal; `first` is the place of the first of these entries, from 0.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when another process wrote there.
    pub fn append_journal(
        &self,
        run: RunId,
        first: usize,
        entries: &[Entry],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO run_journal (run, sequence, at, entry) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (index, entry) in entries.iter().enumerate() {
            let sequence = i64::try_from(first + index).unwrap_or(i64::MAX);
            statement.execute(params![
                run.to_string(),
                sequence,
                at.to_string(),
                json(entry)?
            ])?;
        }
        Ok(())
    }

    /// Keeps the PKCS #10 request of a run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_csr(&self, run: RunId, csr: &[u8]) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE runs SET csr = ?2 WHERE id = ?1")?
            .execute(params![run.to_string(), csr])?;
        Ok(())
    }

    /// Keeps what the ukey of a run signed; the newest of its purpose.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_proof(&self, run: RunId, proof: &Proof) -> Result<(), StoreError> {
        let Proof {
            purpose,
            message,
            signature,
        } = proof;
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO run_proofs (run, purpose, message, signature)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![run.to_string(), purpose, message, signature])?;
        Ok(())
    }

    /// Keeps the secrets of an open run. Written once.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when there are some.
    pub fn insert_run_secrets(&self, run: RunId, sealed: &SealedSecrets) -> Result<(), StoreError> {
        let SealedSecrets {
            run_key,
            so_pin,
            old_so_pin,
            user_pin,
        } = sealed;
        self.db
            .prepare_cached(
                "INSERT INTO run_secrets (run, run_key, so_pin, old_so_pin, user_pin)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                run.to_string(),
                run_key,
                so_pin,
                old_so_pin,
                user_pin
            ])?;
        Ok(())
    }

    /// Erases the secrets of a run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_run_secrets(&self, run: RunId) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM run_secrets WHERE run = ?1")?
            .execute([run.to_string()])?;
        Ok(())
    }

    /// Keeps an SO PIN, sealed to the escrow key, before it is set.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_escrow(
        &self,
        ukey: &Serial,
        run: RunId,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO escrow (ukey, run, sealed, stored_at, confirmed)
                 VALUES (?1, ?2, ?3, ?4, 0)",
            )?
            .execute(params![
                ukey.as_str(),
                run.to_string(),
                sealed,
                at.to_string()
            ])?;
        Ok(())
    }

    /// Replaces a sealed SO PIN: the escrow key has changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_escrow(&self, ukey: &Serial, run: RunId, sealed: &[u8]) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE escrow SET sealed = ?3 WHERE ukey = ?1 AND run = ?2")?
            .execute(params![ukey.as_str(), run.to_string(), sealed])?;
        Ok(())
    }

    /// The SO PIN that this run stored is the ukey's now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirm_escrow(&self, run: RunId) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE escrow SET confirmed = 1 WHERE run = ?1 AND confirmed = 0")?
            .execute([run.to_string()])?;
        Ok(())
    }

    /// Ends a run.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not open.
    pub fn end_run(&self, run: RunId, outcome: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE runs SET ended_at = ?2, outcome = ?3 WHERE id = ?1 AND ended_at IS NULL",
        )?;
        let ended = statement.execute(params![run.to_string(), at.to_string(), outcome])? == 1;
        if ended {
            Ok(())
        } else {
            Err(StoreError::Changed("the run"))
        }
    }

    /// Records that the slip of a run can be printed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_slip(&self, run: RunId, ukey: &Serial) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT INTO slips (run, ukey) VALUES (?1, ?2)")?
            .execute(params![run.to_string(), ukey.as_str()])?;
        Ok(())
    }

    /// Records the hand-over.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no slip, or it was handed out before.
    pub fn hand_out_slip(
        &self,
        run: RunId,
        by: &OfficerName,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE slips SET handed_out_at = ?2, handed_out_by = ?3
             WHERE run = ?1 AND handed_out_at IS NULL",
        )?;
        let done = statement.execute(params![run.to_string(), at.to_string(), by.as_str()])? == 1;
        if done {
            Ok(())
        } else {
            Err(StoreError::Changed("the slip"))
        }
    }

    /// Keeps a random user PIN until its letter is printed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_pin_letter(
        &self,
        run: RunId,
        letter_key: &[u8],
        user_pin: &[u8],
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO pin_letters (run, letter_key, user_pin) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![run.to_string(), letter_key, user_pin])?;
        Ok(())
    }

    /// Erases a random user PIN: its letter is printed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_pin_letter(&self, run: RunId) -> Result<(), StoreError> {
        self.db
            .execute("DELETE FROM pin_letters WHERE run = ?1", [run.to_string()])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: parsed(row, 0, "run id", id)?,
        request: parsed(row, 1, "request id", id)?,
        ukey: parsed(row, 2, "serial", |text| Serial::parse(text).ok())?,
        officer: parsed(row, 3, "officer", |text| OfficerName::parse(text).ok())?,
        opened_at: parsed(row, 4, "time", time)?,
        ended_at: optional(row, 5, "time", time)?,
        renews: optional(row, 6, "certificate serial", serial)?,
        temporary: row
            .get::<_, Option<u32>>(7)?
            .map(|days| TemporaryDays::new(days).ok_or_else(|| unreadable("temporary days")))
            .transpose()?,
    })
}
