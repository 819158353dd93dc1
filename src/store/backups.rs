//! Backups that were made of this store (D-52), and certificates that came to light after a restore.

use rusqlite::params;

use super::value::{counted, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::audit::AuditHash;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::key::PublicKeyDer;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupRow {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// When it was made.
    pub made_at: Timestamp,
    /// Its size.
    pub bytes: u64,
    /// Epoch of the instance it is of.
    pub epoch: u32,
    /// Rows of its log.
    pub count: u64,
    /// Hash of the last of them.
    pub head: AuditHash,
}

/// A certificate of this unit's CA that these records do not hold: it was issued after the backup that
/// was restored. It is revoked with the next list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCertificateRow {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// The ukey it was read from; none when a CRL named it.
    pub ukey: Option<Serial>,
    /// The key and the certificate itself, DER, where it was read.
    pub certificate: Option<(PublicKeyDer, Vec<u8>)>,
    /// When it came to light.
    pub noticed_at: Timestamp,
    /// Why it is revoked.
    pub reason: RevocationReason,
    /// Since when.
    pub revoked_at: Timestamp,
}

/// Acts that erase personal data; a backup made before one of them still holds it.
const PURGES: &str = "('request-purged', 'order-purged', 'tally-scans-purged')";

impl Reading<'_> {
    /// Every backup, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn backups(&self) -> Result<Vec<BackupRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT sha256, made_at, bytes, epoch, count, head FROM backups ORDER BY made_at, sha256",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(BackupRow {
                sha256: row.get(0)?,
                made_at: parsed(row, 1, "time", time)?,
                bytes: counted(row, 2)?,
                epoch: row.get(3)?,
                count: counted(row, 4)?,
                head: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first purge after so many rows of the log: what it erased is still in a backup of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_purge_after(&self, count: u64) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT at FROM audit WHERE sequence > ?1 AND act IN {PURGES} ORDER BY sequence LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([count.cast_signed()])?;
        let at = rows.next()?.map(|row| parsed(row, 0, "time", time));
        Ok(at.transpose()?)
    }

    /// When the newest certificate was kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_issue(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT max(stored_at) FROM certificates")?;
        Ok(statement.query_row([], |row| optional(row, 0, "time", time))?)
    }

    /// Whether the records hold a certificate with this serial number, or one is asked for or known of
    /// another desk's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn knows_certificate(&self, serial: &CertificateSerial) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM certificates WHERE serial = ?1)
                 OR EXISTS (SELECT 1 FROM issue_intents WHERE serial = ?1)
                 OR EXISTS (SELECT 1 FROM exchange_requests WHERE serial = ?1)",
        )?;
        Ok(statement.query_row([serial.to_string()], |row| row.get(0))?)
    }

    /// Certificates that these records do not hold, the first that came to light first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unknown_certificates(&self) -> Result<Vec<UnknownCertificateRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT serial, ukey, public_key, der, noticed_at, reason, revoked_at
             FROM unknown_certificates ORDER BY noticed_at, serial",
        )?;
        let serial = |text: &str| CertificateSerial::try_from(text.to_owned()).ok();
        let rows = statement.query_map([], |row| {
            let (key, der): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
            Ok(UnknownCertificateRow {
                serial: parsed(row, 0, "certificate serial", serial)?,
                ukey: optional(row, 1, "serial", |text| Serial::parse(text).ok())?,
                certificate: key.map(PublicKeyDer::new).zip(der),
                noticed_at: parsed(row, 4, "time", time)?,
                reason: parsed(row, 5, "reason", RevocationReason::from_word)?,
                revoked_at: parsed(row, 6, "time", time)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a certificate that these records do not hold is of this key (D-36).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_key_of_unknown(&self, key: &PublicKeyDer) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM unknown_certificates WHERE public_key = ?1)",
        )?;
        Ok(statement.query_row([key.as_bytes()], |row| row.get(0))?)
    }
}

impl Writing<'_> {
    /// Notes a backup.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_backup(&self, row: &BackupRow) -> Result<(), StoreError> {
        let BackupRow {
            sha256,
            made_at,
            bytes,
            epoch,
            count,
            head,
        } = row;
        self.db.execute(
            "INSERT INTO backups (sha256, made_at, bytes, epoch, count, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                sha256,
                made_at.to_string(),
                bytes.cast_signed(),
                epoch,
                count.cast_signed(),
                head
            ],
        )?;
        Ok(())
    }

    /// Keeps what came to light; what a ukey shows adds to what a CRL named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_unknown_certificate(&self, row: &UnknownCertificateRow) -> Result<(), StoreError> {
        let UnknownCertificateRow {
            serial,
            ukey,
            certificate,
            noticed_at,
            reason,
            revoked_at,
        } = row;
        let (key, der) = certificate.as_ref().map(|(key, der)| (key, der)).unzip();
        self.db.execute(
            "INSERT INTO unknown_certificates
                 (serial, ukey, public_key, der, noticed_at, reason, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (serial) DO UPDATE SET ukey = coalesce(excluded.ukey, ukey),
                 public_key = coalesce(excluded.public_key, public_key),
                 der = coalesce(excluded.der, der)",
            params![
                serial.to_string(),
                ukey.as_ref().map(Serial::as_str),
                key.map(PublicKeyDer::as_bytes),
                der,
                noticed_at.to_string(),
                reason.word(),
                revoked_at.to_string()
            ],
        )?;
        Ok(())
    }
}
