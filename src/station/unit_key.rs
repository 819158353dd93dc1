//! The unit's own key (D-57): certifies its officers' and its subordinates' certificates, and signs
//! the list of those it revoked. It lies on a token of the home whose PIN security alone can open.

use super::clock;
use super::desk::Desk;
use super::error::Error;
use super::key_token::{self, OpenKey};
use super::unit_trust;
use crate::domain::certificate::CertificateSerial;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::keys::SignError;
use crate::keys::random;
use crate::keys::unit_pki::{self, Subject, Terms, UnitFacts, UnitSubject};
use crate::keys::wrap::SecuritySecrets;
use crate::store::{KeyToken, UnitCertificateRow};

/// How long a unit's certificate is valid, in days.
pub(super) const UNIT_DAYS: i64 = 10 * 365;
/// How long an officer's certificate is valid, in days.
pub(super) const OFFICER_DAYS: i64 = 3 * 365;

/// The unit's key, open.
pub(super) struct UnitKey {
    key: OpenKey,
    public_key: PublicKeyDer,
    /// The unit's certificate, then each issuer up to the root, DER.
    chain: Vec<Vec<u8>>,
}

/// A certificate just issued, and the chain that its subject needs.
pub(super) struct Certified {
    pub(super) row: UnitCertificateRow,
    /// It, then each issuer up to the root, DER.
    pub(super) chain: Vec<Vec<u8>>,
}

impl UnitKey {
    /// Takes a key that is open already: while a home is made.
    pub(super) const fn new(key: OpenKey, public_key: PublicKeyDer, chain: Vec<Vec<u8>>) -> Self {
        Self {
            key,
            public_key,
            chain,
        }
    }

    /// Opens the token with what security's passphrase gave.
    ///
    /// # Errors
    /// `unit-not-certified` while the superior has not answered, `unit-certificate-revoked` once it has
    /// taken the certificate back, or the token's fault.
    pub(super) fn open(desk: &Desk, secrets: &SecuritySecrets) -> Result<Self, Error> {
        let chain = desk.unit_chain()?;
        let own = chain
            .first()
            .ok_or_else(|| Error::refused("unit-not-certified", ""))?;
        unit_trust::check_unit(desk, &chain, &[])?;
        let damaged = || Error::failed("store-damaged", "unit_token");
        let public_key = unit_pki::public_key_of(own).map_err(|error| damaged().because(error))?;
        let token = desk
            .store()
            .read()
            .meta("unit_token")?
            .ok_or_else(damaged)?;
        let token: KeyToken =
            serde_json::from_str(&token).map_err(|error| damaged().because(error))?;
        let key = key_token::open(desk, &desk.home().unit(), &token, &secrets.ca_pin)?;
        Ok(Self::new(key, public_key, chain))
    }

    /// The unit's certificate, then each issuer up to the root, DER.
    pub(super) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The key's public half.
    pub(super) const fn public_key(&self) -> &PublicKeyDer {
        &self.public_key
    }

    /// Signs with the unit's key.
    pub(super) fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>, crate::domain::fault::Fault> {
        self.key.sign(message)
    }

    /// Certifies an officer of a direct subordinate, or of the province itself.
    pub(super) fn certify_officer(
        &mut self,
        (unit_name, unit_code): (&str, &str),
        (name, post): (&OfficerName, Post),
        key: &PublicKeyDer,
    ) -> Result<Certified, Error> {
        let subject = Subject::Officer {
            unit: unit_name,
            code: unit_code,
            name,
            post,
        };
        self.certify(
            subject,
            unit_code,
            Some((name.clone(), post)),
            key,
            OFFICER_DAYS,
        )
    }

    /// Certifies a direct subordinate as it proposed itself.
    pub(super) fn certify_unit(&mut self, unit: &UnitFacts) -> Result<Certified, Error> {
        let subject = Subject::Unit(UnitSubject {
            name: &unit.name,
            code: &unit.code,
            station_key: &unit.station_key,
        });
        self.certify(subject, &unit.code, None, &unit.public_key, UNIT_DAYS)
    }

    fn certify(
        &mut self,
        subject: Subject<'_>,
        unit_code: &str,
        officer: Option<(OfficerName, Post)>,
        key: &PublicKeyDer,
        days: i64,
    ) -> Result<Certified, Error> {
        let terms = terms(clock::now(), days)?;
        let issuer = self.chain.first().cloned();
        let own = &mut self.key;
        let mut sign = |message: &[u8]| own.sign(message);
        let made = unit_pki::certify(
            subject,
            key,
            &terms,
            issuer.as_deref(),
            &self.public_key,
            &mut sign,
        );
        let der = made.map_err(sign_failed)?;
        let row = UnitCertificateRow {
            serial: terms.serial,
            unit_code: unit_code.to_owned(),
            officer,
            der: der.clone(),
            issued_at: terms.not_before,
            revoked_at: None,
            reason: None,
        };
        let chain = [vec![der], self.chain.clone()].concat();
        Ok(Certified { row, chain })
    }
}

/// How far the clock of a neighbour's station may be behind without refusing a new certificate.
const CLOCK_SECS: i64 = 60 * 60;

/// Serial number and dates of a certificate made now.
pub(super) fn terms(now: Timestamp, days: i64) -> Result<Terms, Error> {
    Ok(Terms {
        serial: CertificateSerial::from_random(random::bytes()?),
        // The neighbour's clock may be behind; files of the next day are refused anyway (D-61).
        not_before: now.plus_secs(-CLOCK_SECS),
        not_after: now.plus_days(days),
    })
}

/// A token that did not sign, or a certificate that cannot be encoded.
pub(super) fn sign_failed(error: SignError<crate::domain::fault::Fault>) -> Error {
    match error {
        SignError::Key(fault) => fault.into(),
        SignError::Encoding(text) => Error::refused("unit-pki", text),
    }
}
