//! Takes certificates of subordinates back (D-57): from then on files signed under them are refused
//! here, and whoever gets the list refuses them too.

use std::path::PathBuf;

use super::ca::write_pem;
use super::officers::{own_secrets, security};
use crate::domain::certificate::RevocationReason;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::keys::unit_crl::{self, UnitCrlTerms, UnitRevocation};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::sign_in::AskSecret;
use crate::station::unit_key::{self, UnitKey};
use crate::station::{ActingOfficer, clock};
use crate::store::{StoreError, UnitCertificateRow, Writing};

/// Setting: number of the newest list.
const NUMBER: &str = "unit_crl_number";
/// nextUpdate of a list: the unit PKI changes seldom, and a list travels with files.
const DAYS: i64 = 365;

/// What is taken back.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Code of the unit.
    pub unit: &'a str,
    /// One officer of it; `None`: the unit and all its officers.
    pub officer: Option<&'a OfficerName>,
    /// Why.
    pub reason: RevocationReason,
}

/// Revokes certificates that were issued here, signs the next list and keeps it.
///
/// # Errors
/// `wrong-duty`, `certificate-unknown` when nothing of that kind is valid, or what token and file
/// system say.
pub fn revoke(
    desk: &Desk,
    officer: &ActingOfficer,
    taken: Taken<'_>,
    ask: &dyn AskSecret,
) -> Result<(usize, PathBuf), Error> {
    officer.demand(Duty::ManageOfficers)?;
    let Taken {
        unit,
        officer: name,
        reason,
    } = taken;
    let now = clock::now();
    let meant = |row: &UnitCertificateRow| {
        let whose = row.officer.as_ref().map(|(name, _post)| name);
        row.unit_code == unit && (name.is_none() || whose == name) && row.revoked_at.is_none()
    };
    let rows = desk.store().read().unit_certificates()?;
    let new = rows.into_iter().filter(meant);
    let new: Vec<_> = new.map(|row| (row, reason)).collect();
    if new.is_empty() {
        return Err(Error::usage("certificate-unknown", unit));
    }
    let count = new.len();
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let mut key = UnitKey::open(desk, &secrets)?;
    let list = NextList::sign(desk, &mut key, new, now)?;
    let mut audit = Desk::audit_row(officer, "unit-certificates-revoked");
    let who = name.map_or("the unit", OfficerName::as_str);
    let (word, number) = (reason.word(), list.number);
    audit.detail = Some(format!("{unit}, {who}: {word}; list {number}"));
    desk.store().act(&audit, |writing| list.record(writing))?;
    Ok((count, list.publish(desk)?))
}

/// Signs the next list with nothing added, before the newest one's nextUpdate; gives its number.
///
/// # Errors
/// `wrong-duty`, or what token and file system say.
pub fn renew(
    desk: &Desk,
    officer: &ActingOfficer,
    ask: &dyn AskSecret,
) -> Result<(u64, PathBuf), Error> {
    officer.demand(Duty::ManageOfficers)?;
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let mut key = UnitKey::open(desk, &secrets)?;
    let list = NextList::sign(desk, &mut key, Vec::new(), clock::now())?;
    let mut audit = Desk::audit_row(officer, "unit-list-renewed");
    audit.detail = Some(format!("list {}", list.number));
    desk.store().act(&audit, |writing| list.record(writing))?;
    Ok((list.number, list.publish(desk)?))
}

/// The next list of revoked certificates, signed; it counts once [`Self::record`] was committed.
pub(super) struct NextList {
    number: u64,
    der: Vec<u8>,
    issuer: PublicKeyDer,
    new: Vec<(UnitCertificateRow, RevocationReason)>,
    at: Timestamp,
}

impl NextList {
    /// Adds these certificates to those that were revoked before.
    pub(super) fn sign(
        desk: &Desk,
        key: &mut UnitKey,
        new: Vec<(UnitCertificateRow, RevocationReason)>,
        at: Timestamp,
    ) -> Result<Self, Error> {
        let rows = desk.store().read().unit_certificates()?;
        let before = rows.iter().filter_map(|row| {
            Some(UnitRevocation {
                serial: row.serial.clone(),
                at: row.revoked_at?,
                reason: row.reason?,
            })
        });
        let added = new.iter().map(|(row, reason)| UnitRevocation {
            serial: row.serial.clone(),
            at,
            reason: *reason,
        });
        let revoked: Vec<_> = before.chain(added).collect();
        let number = desk.store().read().meta(NUMBER)?;
        let number = number.and_then(|text| text.parse().ok()).unwrap_or(0_u64) + 1;
        let terms = UnitCrlTerms {
            number,
            this_update: at,
            next_update: at.plus_days(DAYS),
        };
        let own = key.chain().first().cloned().unwrap_or_default();
        let made = unit_crl::make(&own, &revoked, terms, &mut |message| key.sign(message));
        Ok(Self {
            number,
            der: made.map_err(unit_key::sign_failed)?,
            issuer: key.public_key().clone(),
            new,
            at,
        })
    }

    /// Keeps it, in the transaction of the act.
    pub(super) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        for (row, reason) in &self.new {
            writing.revoke_unit_certificate(&row.serial, *reason, self.at)?;
        }
        writing.set_meta(NUMBER, &self.number.to_string())?;
        writing.put_unit_crl(&self.issuer, self.number, &self.der)
    }

    /// Writes it where it is published.
    pub(super) fn publish(&self, desk: &Desk) -> Result<PathBuf, Error> {
        let path = desk.home().crl().with_file_name("units.crl");
        file::replace(&path, &self.der).map_err(|error| Error::io(&path, error))?;
        write_pem(&path.with_extension("crl.pem"), "X509 CRL", &self.der)?;
        Ok(path)
    }
}
