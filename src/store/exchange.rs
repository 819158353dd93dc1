//! The CA by files (D-53): at the CA, what other stations asked for; at a requester, which runs wait.

use rusqlite::{Row, params};

use super::value::{id, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::certificate::{CertificateSerial, Generation, RevocationReason};
use crate::domain::id::RunId;
use crate::domain::timestamp::Timestamp;

/// One certificate that another station asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRow {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The unit that asked.
    pub from_code: String,
    /// SHA-256 of the signed order.
    pub order_sha256: [u8; 32],
    /// The signed order: CMS, DER.
    pub signed_order: Vec<u8>,
    /// The approval: CMS, DER.
    pub approval: Vec<u8>,
    /// The certificate request: PKCS #10, DER.
    pub csr: Vec<u8>,
    /// The key, `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
    /// The approval's nonce: one approval, one certificate (D-23).
    pub approval_nonce: [u8; 16],
    /// When it was taken in.
    pub received_at: Timestamp,
    /// The certificate, DER, once it is signed.
    pub certificate: Option<Vec<u8>>,
    /// When it was signed.
    pub signed_at: Option<Timestamp>,
    /// Why it is revoked or on hold.
    pub reason: Option<RevocationReason>,
    /// Since when.
    pub revoked_at: Option<Timestamp>,
    /// The newest order to revoke it, to hold it or to end its hold: CMS, DER. What its unit reports
    /// without security of its own stands here before it is carried out (D-8).
    pub revocation_order: Option<Vec<u8>>,
    /// Which generation of the CA signed it.
    pub generation: Generation,
}

/// What the newest list of a CA elsewhere says of a certificate of this home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedRevocation {
    /// The certificate.
    pub serial: CertificateSerial,
    /// Why it is revoked or on hold.
    pub reason: RevocationReason,
    /// Since when.
    pub revoked_at: Timestamp,
}

const COLUMNS: &str = "serial, from_code, order_sha256, signed_order, approval, csr, public_key,
    approval_nonce, received_at, certificate, signed_at, reason, revoked_at,
    revocation_order, generation";

impl Reading<'_> {
    /// Everything that was asked for, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn exchange_requests(&self) -> Result<Vec<ExchangeRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM exchange_requests ORDER BY received_at, serial");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the CA's newest list says of the certificates of this home.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirmed_revocations(&self) -> Result<Vec<ConfirmedRevocation>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT serial, reason, revoked_at FROM exchange_revocations ORDER BY serial",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(ConfirmedRevocation {
                serial: parsed(row, 0, "certificate serial", serial)?,
                reason: parsed(row, 1, "reason", RevocationReason::from_word)?,
                revoked_at: parsed(row, 2, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Open runs that have asked for a certificate and have none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_without_certificate(&self) -> Result<Vec<RunId>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT runs.id FROM runs JOIN issue_intents ON issue_intents.run = runs.id
             LEFT JOIN certificates ON certificates.run = runs.id
             WHERE runs.ended_at IS NULL AND certificates.run IS NULL ORDER BY runs.id",
        )?;
        let rows = statement.query_map([], |row| parsed(row, 0, "run id", id))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Queues what another station asks for.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] for a key, an approval or a serial number that was there before.
    pub fn insert_exchange_request(&self, row: &ExchangeRow) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO exchange_requests (serial, from_code, order_sha256, signed_order,
                 approval, csr, public_key, approval_nonce, received_at, generation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                row.serial.to_string(),
                row.from_code,
                row.order_sha256,
                row.signed_order,
                row.approval,
                row.csr,
                row.public_key,
                row.approval_nonce,
                row.received_at.to_string(),
                row.generation.0,
            ],
        )?;
        Ok(())
    }

    /// Revokes what another station asked for, puts it on hold or ends a hold; keeps the order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_exchange_revocation(
        &self,
        serial: &CertificateSerial,
        standing: Option<(RevocationReason, Timestamp)>,
        order: &[u8],
    ) -> Result<(), StoreError> {
        let (reason, at) = standing.unzip();
        self.db.execute(
            "UPDATE exchange_requests SET reason = ?2, revoked_at = ?3, revocation_order = ?4
             WHERE serial = ?1",
            params![
                serial.to_string(),
                reason.map(RevocationReason::word),
                at.map(|at| at.to_string()),
                order,
            ],
        )?;
        Ok(())
    }

    /// Keeps what the newest list of this generation of the CA says of the certificates of this home, in
    /// place of what the one before said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_confirmed_revocations(
        &self,
        (generation, rows): (Generation, &[ConfirmedRevocation]),
        (number, at): (u64, Timestamp),
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM exchange_revocations WHERE serial IN
            (SELECT serial FROM certificates WHERE generation = ?1)";
        self.db.execute(sql, [generation.0])?;
        for ConfirmedRevocation {
            serial,
            reason,
            revoked_at,
        } in rows
        {
            self.db.execute(
                "INSERT INTO exchange_revocations (serial, reason, revoked_at, crl_number, at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    serial.to_string(),
                    reason.word(),
                    revoked_at.to_string(),
                    number.cast_signed(),
                    at.to_string(),
                ],
            )?;
        }
        Ok(())
    }

    /// Keeps the certificate that was signed, by the present generation of the CA.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when one is there already.
    pub fn set_exchange_certificate(
        &self,
        serial: &CertificateSerial,
        der: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE exchange_requests SET certificate = ?2, signed_at = ?3, generation = ?4
             WHERE serial = ?1 AND certificate IS NULL AND reason IS NULL",
            params![
                serial.to_string(),
                der,
                at.to_string(),
                self.ca_generation()?.0
            ],
        )?;
        one_changed(changed, "the request for a certificate")
    }
}

fn serial(text: &str) -> Option<CertificateSerial> {
    CertificateSerial::try_from(text.to_owned()).ok()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ExchangeRow> {
    Ok(ExchangeRow {
        serial: parsed(row, 0, "certificate serial", serial)?,
        from_code: row.get(1)?,
        order_sha256: row.get(2)?,
        signed_order: row.get(3)?,
        approval: row.get(4)?,
        csr: row.get(5)?,
        public_key: row.get(6)?,
        approval_nonce: row.get(7)?,
        received_at: parsed(row, 8, "time", time)?,
        certificate: row.get(9)?,
        signed_at: optional(row, 10, "time", time)?,
        reason: optional(row, 11, "reason", RevocationReason::from_word)?,
        revoked_at: optional(row, 12, "time", time)?,
        revocation_order: row.get(13)?,
        generation: Generation(row.get(14)?),
    })
}
