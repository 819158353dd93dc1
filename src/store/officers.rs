//! Officers of this home, and the certificates of the unit PKI that it issued (D-6, D-57).

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::station::{chain_from_json, chain_json};
use super::value::{from_json, id, json, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::id::RequestId;
use crate::domain::key::{KeyId, PublicKeyDer};
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyIdentity;

/// An officer of this home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerRow {
    /// The name they sign in with.
    pub name: OfficerName,
    /// Their post.
    pub post: Post,
    /// Whether they may sign in.
    pub enabled: bool,
    /// Disabled for cause: their approvals are void unless issued (D-22).
    pub for_cause: bool,
    /// The ukey with their signing key.
    pub token: Option<KeyToken>,
    /// The public half of that key.
    pub public_key: Option<PublicKeyDer>,
    /// Their certificate, then each issuer up to the root, DER; empty until the superior has
    /// certified them (D-6).
    pub chain: Vec<Vec<u8>>,
    /// Their form 1.
    pub request: Option<RequestId>,
    /// Who they are: HMAC of the identity number under a key of this home.
    pub person: Option<Vec<u8>>,
}

impl OfficerRow {
    /// The ukey that the officer is bound to: a second proof at sign-in (D-58). `None` while their
    /// key lies on the virtual token that the home made for them.
    pub fn bound_ukey(&self) -> Option<&KeyToken> {
        self.token.as_ref().filter(|token| token.profile.is_some())
    }
}

/// A token with one key that is no holder's: an officer's own ukey, the CA's, the unit's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyToken {
    /// Which ukey.
    pub identity: UkeyIdentity,
    /// `CKA_ID` of the key.
    pub key_id: KeyId,
    /// The token profile of a ukey that is plugged in; a virtual token in a folder of its own has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// A certificate of the unit PKI that this unit issued (D-57).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitCertificateRow {
    /// Its serial number.
    pub serial: CertificateSerial,
    /// Code of the unit it speaks for.
    pub unit_code: String,
    /// The officer and their post; `None` for the unit's own.
    pub officer: Option<(OfficerName, Post)>,
    /// DER.
    pub der: Vec<u8>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<RevocationReason>,
}

const OFFICER: &str = "name, post, enabled, token, public_key, chain, request, person, for_cause";

impl Reading<'_> {
    /// Every officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn officers(&self) -> Result<Vec<OfficerRow>, StoreError> {
        let sql = format!("SELECT {OFFICER} FROM officers ORDER BY name");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read_officer)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The certificates of the unit PKI that were issued here, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unit_certificates(&self) -> Result<Vec<UnitCertificateRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "SELECT serial, unit_code, officer, post, der, issued_at, revoked_at, reason
             FROM unit_certificates ORDER BY issued_at, serial",
        )?;
        let rows = statement.query_map([], read_unit_certificate)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Of these, the certificates of units that were not revoked, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn certified_units(&self) -> Result<Vec<UnitCertificateRow>, StoreError> {
        let mut rows = self.unit_certificates()?;
        rows.retain(|row| row.officer.is_none() && row.revoked_at.is_none());
        Ok(rows)
    }

    /// Who an officer's ukey says to open with: its SO PIN, sealed to the escrow key, hex.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn officer_so_pins(&self) -> Result<Vec<(OfficerName, String)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT name, so_pin FROM officers WHERE so_pin IS NOT NULL")?;
        let rows = statement.query_map([], |row| {
            let name = parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?;
            Ok((name, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Adds an officer; `so_pin` is that of their ukey, sealed to the escrow key.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the name is taken, or the person has a post already (D-7).
    pub fn insert_officer(
        &self,
        officer: &OfficerRow,
        so_pin: Option<&str>,
    ) -> Result<(), StoreError> {
        let OfficerRow {
            name,
            post,
            enabled,
            for_cause,
            token,
            public_key,
            chain,
            request,
            person,
        } = officer;
        self.db.execute(
            &format!(
                "INSERT INTO officers ({OFFICER}, so_pin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            ),
            params![
                name.as_str(),
                post.word(),
                enabled,
                token.as_ref().map(json).transpose()?,
                public_key.as_ref().map(PublicKeyDer::as_bytes),
                chain_json(chain)?,
                request.map(|id| id.to_string()),
                person,
                for_cause,
                so_pin,
            ],
        )?;
        Ok(())
    }

    /// Keeps an officer's certificate and its chain: from here they can sign, and are an officer for good.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such officer.
    pub fn set_officer_chain(
        &self,
        name: &OfficerName,
        chain: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        self.end_temporary_officer(name)?;
        let sql = "UPDATE officers SET chain = ?2 WHERE name = ?1";
        one_officer(
            self.db
                .execute(sql, params![name.as_str(), chain_json(chain)?])?,
        )
    }

    /// Keeps who an officer is, who was there before their form 1: the form, and the search hash of the
    /// identity number.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such officer, or it is known already;
    /// [`StoreError::Constraint`] when the person has a post already (D-7).
    pub fn set_officer_identity(
        &self,
        name: &OfficerName,
        (request, person): (RequestId, &[u8]),
    ) -> Result<(), StoreError> {
        let sql = "UPDATE officers SET request = ?2, person = ?3
                   WHERE name = ?1 AND person IS NULL";
        let values = params![name.as_str(), request.to_string(), person];
        one_officer(self.db.execute(sql, values)?)
    }

    /// Puts an officer's key on another ukey, with the certificate of the new key.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such officer.
    pub fn set_officer_token(
        &self,
        name: &OfficerName,
        (token, public_key): (&KeyToken, &PublicKeyDer),
        chain: &[Vec<u8>],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE officers SET token = ?2, public_key = ?3, chain = ?4 WHERE name = ?1";
        let (token, chain) = (json(token)?, chain_json(chain)?);
        let values = params![name.as_str(), token, public_key.as_bytes(), chain];
        one_officer(self.db.execute(sql, values)?)
    }

    /// Disables an officer; `for_cause` makes their approvals void unless issued (D-22).
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such enabled officer.
    pub fn disable_officer(
        &self,
        name: &OfficerName,
        for_cause: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE officers SET enabled = 0, disabled_at = ?2, for_cause = ?3
                   WHERE name = ?1 AND enabled = 1";
        let values = params![name.as_str(), at.to_string(), for_cause];
        one_officer(self.db.execute(sql, values)?)
    }

    /// Replaces the sealed SO PIN of an officer's ukey: the escrow key has changed.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such officer.
    pub fn set_officer_so_pin(&self, name: &OfficerName, sealed: &str) -> Result<(), StoreError> {
        let sql = "UPDATE officers SET so_pin = ?2 WHERE name = ?1";
        one_officer(self.db.execute(sql, [name.as_str(), sealed])?)
    }

    /// Keeps a certificate of the unit PKI that was issued here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_unit_certificate(&self, row: &UnitCertificateRow) -> Result<(), StoreError> {
        let officer = row.officer.as_ref();
        self.db.execute(
            "INSERT INTO unit_certificates (serial, unit_code, officer, post, der, issued_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                row.serial.to_string(),
                row.unit_code,
                officer.map(|(name, _post)| name.as_str()),
                officer.map(|(_name, post)| post.word()),
                row.der,
                row.issued_at.to_string(),
            ],
        )?;
        Ok(())
    }

    /// Revokes a certificate of the unit PKI.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there, or revoked already.
    pub fn revoke_unit_certificate(
        &self,
        serial: &CertificateSerial,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE unit_certificates SET revoked_at = ?2, reason = ?3
                   WHERE serial = ?1 AND revoked_at IS NULL";
        let values = params![serial.to_string(), at.to_string(), reason.word()];
        one_changed(self.db.execute(sql, values)?, "the certificate")
    }
}

/// Whether exactly one row was changed.
pub(super) const fn one_officer(changed: usize) -> Result<(), StoreError> {
    one_changed(changed, "the officer")
}

fn read_officer(row: &Row<'_>) -> rusqlite::Result<OfficerRow> {
    Ok(OfficerRow {
        name: parsed(row, 0, "officer", |text| OfficerName::parse(text).ok())?,
        post: parsed(row, 1, "post", Post::from_word)?,
        enabled: row.get(2)?,
        for_cause: row.get(8)?,
        token: optional(row, 3, "officer's ukey", from_json)?,
        public_key: row.get::<_, Option<Vec<u8>>>(4)?.map(PublicKeyDer::new),
        chain: parsed(row, 5, "chain", chain_from_json)?,
        request: optional(row, 6, "request id", id)?,
        person: row.get(7)?,
    })
}

fn read_unit_certificate(row: &Row<'_>) -> rusqlite::Result<UnitCertificateRow> {
    let name = optional(row, 2, "officer", |text| OfficerName::parse(text).ok())?;
    let post = optional(row, 3, "post", Post::from_word)?;
    Ok(UnitCertificateRow {
        serial: parsed(row, 0, "certificate serial", |text| {
            CertificateSerial::try_from(text.to_owned()).ok()
        })?,
        unit_code: row.get(1)?,
        officer: name.zip(post),
        der: row.get(4)?,
        issued_at: parsed(row, 5, "time", time)?,
        revoked_at: optional(row, 6, "time", time)?,
        reason: optional(row, 7, "reason", RevocationReason::from_word)?,
    })
}
