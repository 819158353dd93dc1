//! Certificates, and the intents that are committed before one is signed (D-36).

use rusqlite::{OptionalExtension as _, Row, params};

use super::value::{from_json, id, json, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::certificate::{
    CertificateSerial, CertificateState, CertificateSubject, Generation, IssueIntent,
    RevocationReason,
};
use crate::domain::id::{RequestId, RunId};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// What was committed before a certificate was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentRow {
    /// The run.
    pub run: RunId,
    /// The request.
    pub request: RequestId,
    /// Serial number, dates and key.
    pub intent: IssueIntent,
    /// The subject, from the approved record.
    pub subject: CertificateSubject,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The run that asked for it.
    pub run: RunId,
    /// The request it was issued under.
    pub request: RequestId,
    /// The ukey it is on.
    pub ukey: Serial,
    /// The subject, for people.
    pub subject: String,
    /// notBefore.
    pub not_before: Timestamp,
    /// notAfter.
    pub not_after: Timestamp,
    /// DER.
    pub der: Vec<u8>,
    /// Active, on hold or revoked; whether it has expired is the reader's to say.
    pub state: CertificateState,
    /// Why it is revoked or on hold.
    pub reason: Option<RevocationReason>,
    /// Since when.
    pub revoked_at: Option<Timestamp>,
    /// Which generation of the CA signed it.
    pub generation: Generation,
}

const COLUMNS: &str = "serial, run, request, ukey, subject, not_before, not_after, der, state,
    reason, revoked_at, generation";

/// Whether a certificate stands for its ukey: that of a renewal does once the renewal is proven.
pub(super) const STANDS: &str = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = certificates.run
    AND runs.renews IS NOT NULL AND runs.outcome IS NOT 'proven')";

const INTENT: &str = "SELECT run, request, serial, not_before, not_after, public_key, subject
    FROM issue_intents";

impl Reading<'_> {
    /// The intent of a run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn intent(&self, run: RunId) -> Result<Option<IntentRow>, StoreError> {
        let sql = format!("{INTENT} WHERE run = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([run.to_string()], read_intent);
        Ok(row.optional()?)
    }

    /// The intent for a key: one at most (D-36).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn intent_of_key(&self, key: &PublicKeyDer) -> Result<Option<IntentRow>, StoreError> {
        let sql = format!("{INTENT} WHERE public_key = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([key.as_bytes()], read_intent);
        Ok(row.optional()?)
    }

    /// The certificate that a run asked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificate_of_run(&self, run: RunId) -> Result<Option<CertificateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM certificates WHERE run = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([run.to_string()], read).optional()?)
    }

    /// Whether a request has a certificate that is active or on hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_live_certificate(&self, request: RequestId) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT count(*) FROM certificates WHERE request = ?1 AND state IN ('active', 'hold')",
        )?;
        let count: i64 = statement.query_row([request.to_string()], |row| row.get(0))?;
        Ok(count > 0)
    }

    /// The certificates of a request that are active or on hold: one at most (D-20).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn live_certificates(&self, request: RequestId) -> Result<Vec<CertificateRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM certificates WHERE request = ?1 AND state IN ('active', 'hold')"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([request.to_string()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every certificate, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificates(&self) -> Result<Vec<CertificateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM certificates ORDER BY stored_at, run");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One certificate by its whole serial number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificate(
        &self,
        serial: &CertificateSerial,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM certificates WHERE serial = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let row = statement.query_row([serial.to_string()], read);
        Ok(row.optional()?)
    }

    /// The certificates that were issued for a ukey, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certificates_on(&self, ukey: &Serial) -> Result<Vec<CertificateRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM certificates WHERE ukey = ?1 ORDER BY stored_at, run");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([ukey.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest certificate that stands for a ukey: what was issued in a renewal stands for it once the
    /// renewal is proven.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn standing_certificate(
        &self,
        ukey: &Serial,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM certificates WHERE ukey = ?1 AND {STANDS}
             ORDER BY stored_at DESC, run DESC LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        Ok(statement.query_row([ukey.as_str()], read).optional()?)
    }

    /// What this generation signed here and is revoked or on hold: serial number, since when and why, by
    /// serial number. What ended before its last list was made has been in one since, and is left out
    /// (D-43).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revocations(
        &self,
        (generation, last_list): (Generation, Option<Timestamp>),
    ) -> Result<Vec<(CertificateSerial, Timestamp, RevocationReason)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT serial, revoked_at, reason FROM certificates INDEXED BY certificates_in_crl
             WHERE state IN ('hold', 'revoked') AND generation = ?1 AND (?2 IS NULL OR not_after >= ?2)
             ORDER BY serial",
        )?;
        let last_list = last_list.map(|at| at.to_string());
        let rows = statement.query_map(params![generation.0, last_list], |row| {
            Ok((
                parsed(row, 0, "certificate serial", serial)?,
                parsed(row, 1, "time", time)?,
                parsed(row, 2, "reason", RevocationReason::from_word)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Commits an intent; a key that was ever certified is refused (D-36).
    ///
    /// # Errors
    /// [`StoreError::Constraint`].
    pub fn insert_intent(&self, row: &IntentRow) -> Result<(), StoreError> {
        let IntentRow {
            run,
            request,
            intent,
            subject,
        } = row;
        self.db
            .prepare_cached(
                "INSERT INTO issue_intents (run, request, serial, not_before, not_after, public_key,
                     subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                run.to_string(),
                request.to_string(),
                intent.serial.to_string(),
                intent.not_before.to_string(),
                intent.not_after.to_string(),
                intent.public_key.as_bytes(),
                json(subject)?,
            ])?;
        Ok(())
    }

    /// Keeps an issued certificate, before it is written to the ukey.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the request has a live one.
    pub fn insert_certificate(
        &self,
        row: &CertificateRow,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO certificates (serial, run, request, ukey, subject, not_before,
                     not_after, der, state, stored_at, reason, revoked_at, generation, unit)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                     (SELECT unit FROM requests WHERE id = ?3))",
            )?
            .execute(params![
                row.serial.to_string(),
                row.run.to_string(),
                row.request.to_string(),
                row.ukey.as_str(),
                row.subject,
                row.not_before.to_string(),
                row.not_after.to_string(),
                row.der,
                row.state.word(),
                at.to_string(),
                row.reason.map(RevocationReason::word),
                row.revoked_at.map(|at| at.to_string()),
                row.generation.0,
            ])?;
        // An answer of the CA before may come after the next one was installed.
        self.db
            .prepare_cached(
                "UPDATE former_authorities SET last_leaf = ?2 WHERE generation = ?1 AND last_leaf < ?2",
            )?
            .execute(params![row.generation.0, row.not_after.to_string()])?;
        Ok(())
    }

    /// Revokes a certificate, or puts it on hold.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is revoked already.
    pub fn revoke_certificate(
        &self,
        serial: &CertificateSerial,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let state = if reason == RevocationReason::CertificateHold {
            CertificateState::Hold
        } else {
            CertificateState::Revoked
        };
        let changed = self.db.execute(
            "UPDATE certificates SET state = ?2, reason = ?3, revoked_at = ?4, hold_ends = NULL
             WHERE serial = ?1 AND state IN ('active', 'hold')",
            params![
                serial.to_string(),
                state.word(),
                reason.word(),
                at.to_string()
            ],
        )?;
        one_changed(changed, "the certificate")
    }

    /// Puts a certificate on hold until the holder has changed the random PIN (D-59).
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not active.
    pub fn hold_until_pin_change(
        &self,
        serial: &CertificateSerial,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE certificates SET state = 'hold', reason = ?2, revoked_at = ?3,
                 hold_ends = 'pin-changed'
             WHERE serial = ?1 AND state = 'active'",
            params![
                serial.to_string(),
                RevocationReason::CertificateHold.word(),
                at.to_string()
            ],
        )?;
        one_changed(changed, "the certificate")
    }

    /// Puts a certificate on hold because its ukey is missing (D-41). One that waits for the holder to
    /// change the PIN waits for both then; one that the CA holds stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is revoked for good.
    pub fn suspend_certificate(
        &self,
        serial: &CertificateSerial,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE certificates SET state = 'hold', reason = ?2,
                 revoked_at = coalesce(revoked_at, ?3),
                 hold_ends = CASE WHEN state = 'active' THEN 'found'
                     WHEN hold_ends = 'pin-changed' THEN 'found-and-pin-changed'
                     ELSE hold_ends END
             WHERE serial = ?1 AND state IN ('active', 'hold')",
        )?;
        let changed = statement.execute(params![
            serial.to_string(),
            RevocationReason::CertificateHold.word(),
            at.to_string()
        ])?;
        one_changed(changed, "the certificate")
    }

    /// Ends the hold of a ukey that was found; a hold that waits for more stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lift_suspension(&self, serial: &CertificateSerial) -> Result<(), StoreError> {
        let serial = serial.to_string();
        self.db.execute(
            "UPDATE certificates SET state = 'active', reason = NULL, revoked_at = NULL,
                 hold_ends = NULL
             WHERE serial = ?1 AND state = 'hold' AND hold_ends = 'found'",
            [&serial],
        )?;
        self.db.execute(
            "UPDATE certificates SET hold_ends = 'pin-changed'
             WHERE serial = ?1 AND state = 'hold' AND hold_ends = 'found-and-pin-changed'",
            [&serial],
        )?;
        Ok(())
    }

    /// Revokes a certificate for good; one that was on hold keeps the date of the hold (D-43).
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is revoked already.
    pub fn revoke_for_good(
        &self,
        serial: &CertificateSerial,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare_cached(
            "UPDATE certificates SET state = 'revoked', reason = ?2,
                 revoked_at = coalesce(revoked_at, ?3), hold_ends = NULL
             WHERE serial = ?1 AND state IN ('active', 'hold')",
        )?;
        let changed =
            statement.execute(params![serial.to_string(), reason.word(), at.to_string()])?;
        one_changed(changed, "the certificate")
    }

    /// Lifts a hold that waited for the holder to change the PIN, and says whether there was one;
    /// a hold for any other reason stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lift_hold_of_random_pin(&self, serial: &CertificateSerial) -> Result<bool, StoreError> {
        let changed = self.db.execute(
            "UPDATE certificates SET state = 'active', reason = NULL, revoked_at = NULL,
                 hold_ends = NULL
             WHERE serial = ?1 AND state = 'hold' AND hold_ends = 'pin-changed'",
            [serial.to_string()],
        )?;
        Ok(changed == 1)
    }
}

fn read_intent(row: &Row<'_>) -> rusqlite::Result<IntentRow> {
    Ok(IntentRow {
        run: parsed(row, 0, "run id", id)?,
        request: parsed(row, 1, "request id", id)?,
        intent: IssueIntent {
            serial: parsed(row, 2, "certificate serial", serial)?,
            not_before: parsed(row, 3, "time", time)?,
            not_after: parsed(row, 4, "time", time)?,
            public_key: PublicKeyDer::new(row.get(5)?),
        },
        subject: parsed(row, 6, "subject", from_json)?,
    })
}

pub(super) fn serial(text: &str) -> Option<CertificateSerial> {
    CertificateSerial::try_from(text.to_owned()).ok()
}

fn read(row: &Row<'_>) -> rusqlite::Result<CertificateRow> {
    Ok(CertificateRow {
        serial: parsed(row, 0, "certificate serial", serial)?,
        run: parsed(row, 1, "run id", id)?,
        request: parsed(row, 2, "request id", id)?,
        ukey: parsed(row, 3, "serial", |text| Serial::parse(text).ok())?,
        subject: row.get(4)?,
        not_before: parsed(row, 5, "time", time)?,
        not_after: parsed(row, 6, "time", time)?,
        der: row.get(7)?,
        state: parsed(row, 8, "state", |text| match text {
            "active" => Some(CertificateState::Active),
            "hold" => Some(CertificateState::Hold),
            "revoked" => Some(CertificateState::Revoked),
            _ => None,
        })?,
        reason: optional(row, 9, "reason", RevocationReason::from_word)?,
        revoked_at: optional(row, 10, "time", time)?,
        generation: Generation(row.get(11)?),
    })
}
