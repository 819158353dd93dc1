//! Revocation at the unit: what is revoked here and not yet in the CA's list is ordered, and the list
//! that comes back is the proof (D-41, D-43).

use std::path::Path;

use super::{CRL, Done, Item, REVOCATION, files, read, refused};
use crate::domain::certificate::{
    CertificateSerial, CertificateState, Generation, RevocationReason,
};
use crate::domain::officer::{Duty, Post};
use crate::domain::revocation_order::{RevocationOrder, Standing};
use crate::issuing::crl::{self, CheckedCrl};
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::{ca, losses};
use crate::station::signing_key::SigningKey;
use crate::station::unit_key::sign_failed;
use crate::station::{ActingOfficer, clock};
use crate::store::{CertificateRow, ConfirmedRevocation};

/// Setting: number of the newest list of the CA; that of a later generation has it behind (D-60).
const NUMBER: &str = "ca_crl_number";

fn number_of(generation: Generation) -> String {
    if generation == Generation::FIRST {
        return NUMBER.to_owned();
    }
    format!("{NUMBER}_{generation}").to_lowercase()
}

/// Writes an order for each certificate that stands otherwise here than in the CA's list; security's to
/// sign. For anybody else they wait; where there is no security the system administrator reports, and the
/// superior's security carries it out (D-8).
pub(super) fn out(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<Item>, Error> {
    losses::end_holds(desk)?;
    let due = due(desk)?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let signs = officer.demand(Duty::Revoke).is_ok() || !has_security(desk)?;
    // In practice the station does security's part by itself (interface.md).
    let security = match (signs, desk.is_practice()) {
        (true, _) => Some(ActingOfficer::clone(officer)),
        (false, true) => Some(desk.security_in_practice()?.0),
        (false, false) => None,
    };
    let mut key = match &security {
        Some(security) => Some(SigningKey::open(desk, security)?),
        None => None,
    };
    let mut items = Vec::new();
    for (row, standing) in due {
        let path = dir.join(format!("{}{REVOCATION}", row.serial));
        let outcome = match (&security, &mut key) {
            (Some(security), Some(key)) => {
                order(desk, (security, key), (&row, standing), &path).map(|()| Done::Written)
            }
            _ => Ok(Done::Waits),
        };
        items.push(Item {
            file: path,
            serial: Some(row.serial),
            outcome,
        });
    }
    Ok(items)
}

/// Whether this unit has a security administrator who can sign.
fn has_security(desk: &Desk) -> Result<bool, Error> {
    let mut officers = desk.store().read().officers()?.into_iter();
    Ok(officers.any(|row| row.enabled && row.post == Post::Security && !row.chain.is_empty()))
}

/// Certificates that stand otherwise here than in the CA's list, and how they stand here.
fn due(desk: &Desk) -> Result<Vec<(CertificateRow, Standing)>, Error> {
    let (rows, confirmed) = {
        let store = desk.store();
        let reading = store.read();
        (reading.certificates()?, reading.confirmed_revocations()?)
    };
    let now = clock::now();
    let is_due = |row: &CertificateRow| {
        let mut known = confirmed.iter().filter(|known| known.serial == row.serial);
        let known = known.next().map(|known| known.reason);
        let for_good = known.is_some_and(|reason| reason != RevocationReason::CertificateHold);
        row.not_after > now && !for_good && known != row.reason
    };
    let due = rows.into_iter().filter(is_due);
    Ok(due
        .map(|row| {
            let standing = row.reason.zip(row.revoked_at);
            (row, standing)
        })
        .collect())
}

fn order(
    desk: &Desk,
    (officer, key): (&ActingOfficer, &mut SigningKey),
    (row, standing): (&CertificateRow, Standing),
    path: &Path,
) -> Result<(), Error> {
    let unit_chain = desk.unit_chain()?.iter().map(hex::encode).collect();
    let (reason, at) = standing.unzip();
    let terms = (reason, at.unwrap_or_else(clock::now));
    let order = RevocationOrder::new(row.serial.clone(), terms, unit_chain);
    let damaged = |error| Error::failed("store-damaged", row.serial.to_string()).because(error);
    let signed = key
        .sign(&order.encode().map_err(damaged)?)
        .map_err(sign_failed)?;
    let mut audit = Desk::audit_row(officer, "revocation-ordered");
    audit.request = Some(row.request.to_string());
    audit.certificate = Some(row.serial.to_string());
    audit.detail = Some(
        reason
            .map_or("hold lifted", RevocationReason::word)
            .to_owned(),
    );
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    file::replace(path, &signed).map_err(|error| Error::io(path, error))
}

/// Takes the lists of a folder.
pub(super) fn take_in(
    desk: &Desk,
    officer: &ActingOfficer,
    dir: &Path,
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for path in files(dir, &[CRL])? {
        match take(desk, officer, &path) {
            Ok(moved) if moved.is_empty() => items.push(Item {
                file: path,
                serial: None,
                outcome: Ok(Done::Known),
            }),
            Ok(moved) => items.extend(moved),
            Err(error) => items.push(Item {
                file: path,
                serial: None,
                outcome: Err(error),
            }),
        }
    }
    Ok(items)
}

fn take(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Vec<Item>, Error> {
    let der = read(path)?;
    let issuers = desk.issuers()?.into_iter();
    let mut signed =
        issuers.filter_map(|issuer| Some((crl::check(&der, &issuer.authority)?, issuer)));
    let (list, issuer) = signed
        .next()
        .ok_or_else(|| refused("exchange-altered", path))?;
    let (rows, before, number) = {
        let store = desk.store();
        let reading = store.read();
        let mut rows = reading.certificates()?;
        rows.retain(|row| row.generation == issuer.generation);
        let mut before = reading.confirmed_revocations()?;
        before.retain(|known| rows.iter().any(|row| row.serial == known.serial));
        let number = reading.meta(&number_of(issuer.generation))?;
        let number = number.and_then(|text| text.parse().ok());
        (rows, before, number.unwrap_or(0_u64))
    };
    if list.number < number {
        let text = format!("{} < {number}", list.number);
        return Err(Error::refused("exchange-crl-older", text));
    }
    if list.number == number {
        return Ok(Vec::new());
    }
    let confirmed = confirmed(&list, &rows);
    let item = |serial: &CertificateSerial, done| Item {
        file: path.to_owned(),
        serial: Some(serial.clone()),
        outcome: Ok(done),
    };
    let new = confirmed.iter().filter(|row| !before.contains(row));
    let mut items: Vec<Item> = new.map(|row| item(&row.serial, Done::Revoked)).collect();
    let gone = |old: &&ConfirmedRevocation| !confirmed.iter().any(|row| row.serial == old.serial);
    let lifted = before.iter().filter(gone);
    items.extend(lifted.map(|row| item(&row.serial, Done::Released)));
    let by_ca: Vec<&ConfirmedRevocation> = confirmed
        .iter()
        .filter(|known| !before.contains(known) && rows.iter().any(|row| stricter(known, row)))
        .collect();
    let mut audit = Desk::audit_row(officer, "ca-list-received");
    audit.detail = Some(format!(
        "number {}, {} of ours",
        list.number,
        confirmed.len()
    ));
    desk.store().act(&audit, |writing| {
        for row in &by_ca {
            writing.revoke_certificate(&row.serial, row.reason, row.revoked_at)?;
        }
        let now = clock::now();
        let ours = (issuer.generation, confirmed.as_slice());
        writing.put_confirmed_revocations(ours, (list.number, now))?;
        if issuer.former.is_some() {
            writing.set_last_list(issuer.generation, list.this_update)?;
        }
        writing.set_meta(&number_of(issuer.generation), &list.number.to_string())
    })?;
    let own = desk.crl_of(&issuer);
    file::replace(&own, &der).map_err(|error| Error::io(&own, error))?;
    ca::write_pem(&own.with_extension("crl.pem"), "X509 CRL", &der)?;
    // What came back from the CA is what it has published (D-41).
    let issuers = desk.issuers()?;
    let published = issuers
        .iter()
        .filter_map(|issuer| desk.published_list(issuer));
    let published: Vec<CheckedCrl> = published.map(|(list, _der)| list).collect();
    losses::confirm(desk, officer, &published.iter().collect::<Vec<_>>())?;
    Ok(items)
}

/// What the list says of the certificates of this home.
fn confirmed(list: &CheckedCrl, rows: &[CertificateRow]) -> Vec<ConfirmedRevocation> {
    let ours = |serial: &CertificateSerial| rows.iter().any(|row| row.serial == *serial);
    let entries = list.revoked.iter().filter(|entry| ours(&entry.serial));
    entries
        .map(|entry| ConfirmedRevocation {
            serial: entry.serial.clone(),
            reason: entry.reason,
            revoked_at: entry.at,
        })
        .collect()
}

/// Whether the CA has revoked, by itself, what counts here.
fn stricter(known: &ConfirmedRevocation, row: &CertificateRow) -> bool {
    let hold = known.reason == RevocationReason::CertificateHold;
    known.serial == row.serial
        && match row.state {
            CertificateState::Active => true,
            CertificateState::Hold => !hold,
            CertificateState::Revoked | CertificateState::Expired | CertificateState::Pending => {
                false
            }
        }
}
