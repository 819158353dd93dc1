//! The CA that certifies holders: show, export, unlock (D-60).

use std::path::Path;
use std::sync::PoisonError;

use super::restore::compare;
use super::{ca_rekey, crl, exchange, losses};
use crate::domain::audit::AuditRow;
use crate::domain::certificate::Generation;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::pin::Pin;
use crate::domain::timestamp::Timestamp;
use crate::issuing::check;
use crate::issuing::connector::{Connector as _, ConnectorError, EmbeddedCa};
use crate::issuing::crl::{CrlTerms, Revoked};
use crate::keys::file;
use crate::station::authorities::Issuer;
use crate::station::ca_key::CaFailure;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, CaKeyHolder, clock};
use crate::store::CaUnlockRow;

/// What the PIN of the CA's token is sealed for.
pub(in crate::station) const PIN_PURPOSE: &str = "ukey-station/ca-unlock/v1";
/// Longest time the key stays unlocked, in seconds.
const UNLOCK_SECS: i64 = 8 * 3600;
/// Most certificates of one unlock.
const UNLOCK_CERTIFICATES: u32 = 50;
/// Setting: thisUpdate of the newest list that was made here.
pub(super) const LAST_LIST: &str = "crl_made_at";
/// nextUpdate: at most seven days (D-43).
const CRL_DAYS: i64 = 7;

/// The CA as people see it.
#[derive(Clone, Debug)]
pub struct CaView {
    /// Its subject.
    pub subject: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// Which one it is.
    pub generation: Generation,
    /// A key that waits for its certificate: fingerprint of the next CA's.
    pub next: Option<String>,
    /// Those before that still sign lists, and until when their certificates last.
    pub former: Vec<(Generation, Timestamp)>,
    /// While it is unlocked: until when, and for how many more certificates.
    pub unlocked: Option<(Timestamp, u32)>,
}

/// The CA certificate and whether its key is unlocked.
///
/// # Errors
/// What the store says.
pub fn show(desk: &Desk, officer: &ActingOfficer) -> Result<CaView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut issuers = desk.issuers()?.into_iter();
    let missing = || Error::refused("ca-not-certified", "");
    let present = issuers.next().ok_or_else(missing)?;
    let former = issuers.filter(Issuer::signs_lists);
    let former = former.filter_map(|one| Some((one.generation, one.former?.last_leaf)));
    let unlock = desk.store().read().ca_unlock()?;
    let unlock = unlock.filter(|row| row.until > clock::now() && row.remaining > 0);
    Ok(CaView {
        subject: check::subject_text(present.authority.certificate()).unwrap_or_default(),
        not_after: present.authority.not_after(),
        generation: present.generation,
        next: ca_rekey::next_fingerprint(desk)?,
        former: former.collect(),
        unlocked: unlock.map(|row| (row.until, row.remaining)),
    })
}

/// Writes the CA certificate and its chain as PEM, and those of a CA before while it has certificates.
///
/// # Errors
/// What the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let pem = trusted(desk)?;
    file::replace(path, pem.as_bytes()).map_err(|error| Error::io(path, error))
}

/// The CA certificate, its chain, and those of former CAs whose certificates have not all ended, as PEM.
pub(super) fn trusted(desk: &Desk) -> Result<String, Error> {
    let issuers = desk.issuers()?.into_iter();
    let mut ders: Vec<Vec<u8>> = Vec::new();
    for issuer in issuers.filter(Issuer::signs_lists) {
        let own = issuer.authority.certificate().to_vec();
        for der in [vec![own], issuer.chain].concat() {
            if !ders.contains(&der) {
                ders.push(der);
            }
        }
    }
    Ok(ders
        .iter()
        .map(|der| super::certificates::pem(der))
        .collect())
}

/// Unlocks the CA key: security's passphrase gives the PIN of its token, which the store keeps
/// sealed for some hours and certificates.
///
/// # Errors
/// `wrong-duty`, `passphrase-wrong`.
pub fn unlock(desk: &Desk, officer: &ActingOfficer, ask: &dyn AskSecret) -> Result<CaView, Error> {
    officer.demand(Duty::UnlockCa)?;
    let given = desk
        .secrets()
        .as_ref()
        .and_then(|s| s.passphrase(officer.name()).cloned());
    let passphrase = given.or_else(|| ask.passphrase(officer.name()));
    let required = || Error::usage("officer-required", officer.name().as_str());
    let opened = desk.open_wraps(officer.name(), &passphrase.ok_or_else(required)?)?;
    let secrets = opened
        .security
        .ok_or_else(|| Error::refused("ca-locked", ""))?;
    let audit = Desk::audit_row(officer, "ca-unlocked");
    release(desk, (officer.name(), &secrets.ca_pin), &audit)?;
    show(desk, officer)
}

/// Unlocks the CA key by security who signed in beside whoever is at the desk.
///
/// # Errors
/// What the store says.
pub fn unlock_beside(
    desk: &Desk,
    officer: &ActingOfficer,
    security: &CaKeyHolder,
) -> Result<CaView, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut audit = Desk::audit_row(officer, "ca-unlocked");
    audit.detail = Some(security.told());
    release(desk, (security.name()?, security.pin()), &audit)?;
    show(desk, officer)
}

/// Signs a full CRL of everything revoked or on hold and publishes it: `crl/unit.crl` and its PEM. A CA
/// before signs its own beside it, `crl/unit-g1.crl`, until its last certificate has ended (D-60).
///
/// # Errors
/// `wrong-duty`, `ca-locked`, `ca-token-gone`, `ca-failed`, or what the file system says.
pub fn publish_crl(desk: &Desk, officer: &ActingOfficer) -> Result<(), Error> {
    officer.demand(Duty::Revoke)?;
    let issuers = desk.issuers()?;
    losses::end_holds(desk)?;
    // One whose key does not answer keeps no other from its list; it is told afterwards.
    let sign = issuers.iter().filter(|issuer| issuer.signs_lists());
    let signed: Vec<_> = sign
        .map(|issuer| publish_list(desk, officer, issuer))
        .collect();
    signed.into_iter().collect()
}

/// The same of one generation of the CA.
fn publish_list(desk: &Desk, officer: &ActingOfficer, issuer: &Issuer) -> Result<(), Error> {
    let generation = issuer.generation;
    let (rows, number) = {
        let store = desk.store();
        let reading = store.read();
        let last = match issuer.former {
            Some(former) => former.last_list,
            None => reading
                .meta(LAST_LIST)?
                .and_then(|text| Timestamp::parse(&text).ok()),
        };
        let rows = reading.revocations((generation, last))?;
        (rows, reading.meta("crl_number")?)
    };
    // One count for all generations: of each it only grows.
    let number = number.and_then(|text| text.parse().ok()).unwrap_or(0_u64) + 1;
    let own = rows
        .into_iter()
        .map(|(serial, at, reason)| Revoked { serial, at, reason });
    let elsewhere = exchange::revoked(desk, generation)?;
    let unknown = compare::to_revoke(desk)?; // Which generation signed them is not known.
    let revoked: Vec<Revoked> = own.chain(elsewhere).chain(unknown).collect();
    let now = clock::now();
    let terms = CrlTerms {
        number,
        this_update: now,
        next_update: now.plus_days(CRL_DAYS),
    };
    // The number is spent before it is used: it only grows.
    desk.store()
        .write(|writing| writing.set_meta("crl_number", &number.to_string()))?;
    let der = sign_list(desk, issuer, (&revoked, terms))?;
    let path = desk.crl_of(issuer);
    file::replace(&path, &der).map_err(|error| Error::io(&path, error))?;
    write_pem(&path.with_extension("crl.pem"), "X509 CRL", &der)?;
    let mut audit = Desk::audit_row(officer, "crl-published");
    let of = issuer.former.map(|_former| format!("{generation}, "));
    let of = of.unwrap_or_default();
    audit.detail = Some(format!("{of}number {number}, {} entries", revoked.len()));
    desk.store().act(&audit, |writing| match issuer.former {
        Some(_) => writing.set_last_list(generation, now),
        None => writing.set_meta(LAST_LIST, &now.to_string()),
    })?;
    Ok(())
}

fn sign_list(
    desk: &Desk,
    issuer: &Issuer,
    (revoked, terms): (&[Revoked], CrlTerms),
) -> Result<Vec<u8>, Error> {
    let mut ca_key = desk.ca_key.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sign = |message: &[u8]| ca_key.sign_as(desk, issuer.generation, message);
    let crl = EmbeddedCa {
        authority: &issuer.authority,
        sign: &mut sign,
    }
    .crl(revoked, terms);
    crl.map_err(|error| match error {
        ConnectorError::Key(failure) => ca_error(failure),
        ConnectorError::OutlivesAuthority(_) | ConnectorError::Encoding(_) => {
            Error::failed("ca-failed", "")
        }
    })
}

/// Why the CA's key did not sign.
pub(super) fn ca_error(failure: CaFailure) -> Error {
    match failure {
        CaFailure::Locked => Error::refused("ca-locked", ""),
        // Not a holder's ukey: another word, and another way on.
        CaFailure::Fault(fault) => {
            let text = fault.kind.word().to_owned();
            Error::failed("ca-token-gone", text).because(fault)
        }
        CaFailure::Error(error) => error,
    }
}

/// DER as PEM (RFC 7468).
pub(super) fn to_pem(label: &str, der: &[u8]) -> Result<String, Error> {
    let pem = der::pem::encode_string(label, der::pem::LineEnding::LF, der);
    pem.map_err(|error| Error::failed("pem", error.to_string()))
}

/// Writes DER as PEM.
pub(super) fn write_pem(path: &Path, label: &str, der: &[u8]) -> Result<(), Error> {
    let pem = to_pem(label, der)?;
    file::replace(path, pem.as_bytes()).map_err(|error| Error::io(path, error))
}

/// Where the CRL stands after a certificate went on hold, or came off it.
#[derive(Debug)]
pub enum CrlStanding {
    /// A new one is published.
    Published,
    /// Security is to publish one; why the station could not do it itself, where it tried.
    Due(Option<Error>),
    /// The CA is elsewhere: it is ordered there with the next `ca exchange out`.
    Ordered,
}

impl CrlStanding {
    /// The word of JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Due(_) => "due",
            Self::Ordered => "ordered",
        }
    }
}

/// Publishes the CRL after a change that is already recorded: in practice the station does it as
/// security, in a real home it is security's to do. A failure does not undo the change.
pub(in crate::station) fn publish_after_change(desk: &Desk) -> CrlStanding {
    match desk.ca_is_elsewhere() {
        Ok(true) => return CrlStanding::Ordered,
        Ok(false) if desk.is_practice() => {}
        Ok(false) => return CrlStanding::Due(None),
        Err(error) => return CrlStanding::Due(Some(error)),
    }
    let (security, _secrets) = match desk.security_in_practice() {
        Ok(security) => security,
        Err(error) => return CrlStanding::Due(Some(error)),
    };
    publish_everywhere(desk, &security)
}

/// The same after an act of this officer: security publishes at once in a real home too, if the key of
/// the CA is unlocked.
pub(super) fn publish_as(desk: &Desk, officer: &ActingOfficer) -> CrlStanding {
    let own_act = Duty::Revoke.belongs_to(officer.post()) && !desk.is_practice();
    if !own_act || !matches!(desk.ca_is_elsewhere(), Ok(false)) {
        return publish_after_change(desk);
    }
    publish_everywhere(desk, officer)
}

/// Signs the next list and gives it to every destination that is set.
fn publish_everywhere(desk: &Desk, security: &ActingOfficer) -> CrlStanding {
    let published = publish_crl(desk, security)
        .and_then(|()| crl::give_on(desk, security, None)?.demand_everywhere());
    match published {
        Ok(()) => CrlStanding::Published,
        Err(error) => CrlStanding::Due(Some(error)),
    }
}

/// In practice the station does it by itself, as security (interface.md).
pub(in crate::station) fn unlock_in_practice(desk: &Desk) -> Result<(), Error> {
    let (security, secrets) = desk.security_in_practice()?;
    let audit = Desk::audit_row(&security, "ca-unlocked");
    release(desk, (security.name(), &secrets.ca_pin), &audit)
}

fn release(
    desk: &Desk,
    (security, pin): (&OfficerName, &Pin),
    audit: &AuditRow,
) -> Result<(), Error> {
    let sealed_pin = desk
        .store_key()
        .seal(PIN_PURPOSE, pin.expose().as_bytes())?;
    let row = CaUnlockRow {
        officer: security.clone(),
        sealed_pin,
        until: clock::now().plus_secs(UNLOCK_SECS),
        remaining: UNLOCK_CERTIFICATES,
    };
    desk.store()
        .act(audit, |writing| writing.set_ca_unlock(&row))?;
    Ok(())
}
