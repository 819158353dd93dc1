//! Revocation at the CA's station: an order is carried out for the unit that had ordered the certificate
//! and for nobody else; the CA's list is the answer (D-41, D-43). A direct subordinate without security
//! reports; this unit's security carries it out (D-8).

use std::path::Path;

use super::ca_side::{is_officer_of, order_refused, units_of};
use super::{CRL, Done, Item, REVOCATION, each_file, read, refused};
use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateSerial, Generation};
use crate::domain::certificate_order::CertificateOrder;
use crate::domain::officer::{Duty, Post};
use crate::domain::revocation_order::{RevocationOrder, Standing};
use crate::domain::timestamp::Timestamp;
use crate::issuing::crl;
use crate::keys::file;
use crate::keys::signature;
use crate::keys::unit_pki::UnitFacts;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca;
use crate::station::{ActingOfficer, clock};
use crate::store::ExchangeRow;

/// Name of the list among the answers; a former CA's has its generation behind (D-60).
const LIST: &str = "ca";

/// Carries out every order of a folder.
pub(super) fn take_in(
    desk: &Desk,
    officer: &ActingOfficer,
    dir: &Path,
) -> Result<Vec<Item>, Error> {
    let items = each_file(dir, REVOCATION, |path, serial| {
        revoke(desk, officer, path, serial)
    })?;
    let changed = |item: &Item| matches!(item.outcome, Ok(Done::Revoked | Done::Released));
    if items.iter().any(changed) {
        // In a real home security publishes: `out` says so.
        ca::publish_after_change(desk);
    }
    Ok(items)
}

fn revoke(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    serial: &mut Option<CertificateSerial>,
) -> Result<Done, Error> {
    let (bytes, now) = (read(path)?, clock::now());
    let (root, crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
    let signed = signature::verify_carried(&bytes, &root, now, &crls).map_err(order_refused)?;
    let order = RevocationOrder::parse(&signed.content);
    let order = order.ok_or_else(|| refused("exchange-altered", path))?;
    *serial = Some(order.serial.clone());
    let units = units_of(&order.unit_chain, &root, now, &crls)?;
    let orders = Duty::Revoke.belongs_to(signed.signer.post);
    let reports = !orders && is_without_security(desk, &units)?;
    if !is_officer_of(&units, &signed.signer, 0) || !(orders || reports) {
        let text = format!("{} {}", signed.signer.unit_code, signed.signer.post);
        return Err(Error::refused("exchange-sender-unknown", text));
    }
    let rows = desk.store().read().exchange_requests()?.into_iter();
    let mut rows = rows.filter(|row| row.serial == order.serial);
    let not_theirs = || Error::refused("exchange-not-theirs", order.serial.to_string());
    let row = rows.next().ok_or_else(not_theirs)?;
    if !ordered_by(&row, &units, &root) {
        return Err(not_theirs());
    }
    let before = row.reason.zip(row.revoked_at);
    let after = order.applied_to(before, now);
    let after = after.map_err(|error| {
        Error::refused("exchange-not-held", order.serial.to_string()).because(error)
    })?;
    if after == before {
        return Ok(Done::Known);
    }
    // A report waits: until it is carried out the certificate stands as before.
    let (act, standing, done) = match after {
        _ if reports => ("revocation-reported", before, Done::Waits),
        Some(_) => ("revocation-ordered", after, Done::Revoked),
        None => ("revocation-ordered", after, Done::Released),
    };
    if row.revocation_order.as_deref() == Some(&bytes) && standing == before {
        return Ok(done);
    }
    let audit = audit_row(officer, act, &row, after);
    desk.store().act(&audit, |writing| {
        writing.set_exchange_revocation(&order.serial, standing, &bytes)
    })?;
    Ok(done)
}

fn audit_row(officer: &ActingOfficer, act: &str, row: &ExchangeRow, after: Standing) -> AuditRow {
    let mut audit = Desk::audit_row(officer, act);
    audit.certificate = Some(row.serial.to_string());
    let reason = after.map_or("hold lifted", |(reason, _at)| reason.word());
    audit.detail = Some(format!("{}: {reason}", row.from_code));
    audit
}

/// Whether a unit has no security administrator, by what was certified here: this unit is its superior,
/// and its own security acts for it (D-8).
fn is_without_security(desk: &Desk, units: &[UnitFacts]) -> Result<bool, Error> {
    let [unit, superior, ..] = units else {
        return Ok(false);
    };
    let own = desk.unit_chain()?.into_iter().next();
    let own = own.and_then(|der| UnitFacts::read(&der).ok());
    if own.is_none_or(|own| own.public_key != superior.public_key) {
        return Ok(false);
    }
    let mut certified = desk.store().read().unit_certificates()?.into_iter();
    Ok(!certified.any(|row| {
        let security = matches!(row.officer, Some((_, Post::Security)));
        row.unit_code == unit.code && security && row.revoked_at.is_none()
    }))
}

/// Carries out what units without security have reported; the acting security signs the list with it. A
/// report whose signer was revoked meanwhile waits on.
fn carry_out(desk: &Desk, officer: &ActingOfficer) -> Result<(), Error> {
    let (root, crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
    let rows = desk.store().read().exchange_requests()?; // The lock ends here.
    for row in rows {
        let Some((after, signed)) = reported(&row) else {
            continue;
        };
        if signature::verify_carried(signed, &root, clock::now(), &crls).is_err() {
            continue;
        }
        let audit = audit_row(officer, "revocation-ordered", &row, after);
        desk.store().act(&audit, |writing| {
            writing.set_exchange_revocation(&row.serial, after, signed)
        })?;
    }
    Ok(())
}

/// How a certificate will stand once what was reported of it is carried out, and the report. Its
/// signature was checked when it was taken in.
fn reported(row: &ExchangeRow) -> Option<(Standing, &[u8])> {
    let signed = row.revocation_order.as_deref()?;
    let order = RevocationOrder::parse(&signature::content(signed).ok()?)?;
    let before = row.reason.zip(row.revoked_at);
    let after = order.applied_to(before, clock::now()).ok()?;
    (after != before).then_some((after, signed))
}

/// Whether the certificate was ordered by this unit. A code alone proves nothing: the unit that
/// certified it must be the same too.
fn ordered_by(row: &ExchangeRow, units: &[UnitFacts], root: &[u8]) -> bool {
    // Judged by every list when it was taken; here it is read, as of then.
    let order = signature::verify_carried(&row.signed_order, root, row.received_at, &[]);
    let order = order
        .ok()
        .and_then(|order| CertificateOrder::parse(&order.content));
    let Some(order) = order else { return false };
    let then: Vec<UnitFacts> = order
        .unit_chain
        .iter()
        .filter_map(|der| UnitFacts::read(&hex::decode(der).ok()?).ok())
        .collect();
    let who = |units: &[UnitFacts]| {
        let certifier = units.get(1).or_else(|| units.first());
        let keys = certifier.map(|unit| unit.public_key.clone());
        units.first().map(|unit| unit.code.clone()).zip(keys)
    };
    who(units).is_some() && who(units) == who(&then)
}

/// Writes the CA's newest list with the answers, once it says what was ordered. Security signs a new one
/// here; the system administrator gives on the one that is there.
pub(super) fn out(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<Item>, Error> {
    if officer.demand(Duty::Revoke).is_ok() {
        carry_out(desk, officer)?;
        ca::publish_crl(desk, officer)?;
    }
    let rows = desk.store().read().exchange_requests()?;
    let touched = rows
        .iter()
        .filter(|row| row.reason.is_some() || reported(row).is_some());
    let issuers = desk.issuers()?;
    let issuers = issuers.iter().filter(|issuer| issuer.signs_lists());
    // None was published: it says nothing.
    let published = issuers.filter_map(|issuer| Some((issuer, desk.published_list(issuer)?)));
    let lists: Vec<_> = published.collect();
    let says = |row: &ExchangeRow| {
        let mut entries = lists.iter().flat_map(|(_, (list, _der))| &list.revoked);
        entries.any(|entry| entry.serial == row.serial && Some(entry.reason) == row.reason)
    };
    let mut items: Vec<Item> = touched
        .filter(|row| !says(row) || reported(row).is_some())
        .map(|row| Item {
            file: dir.join(format!("{LIST}{CRL}")),
            serial: Some(row.serial.clone()),
            outcome: Err(Error::refused("exchange-crl-due", row.serial.to_string())),
        })
        .collect();
    // Also where the last hold was lifted: the desk waits for a list without it.
    let ordered = rows.iter().any(|row| row.revocation_order.is_some());
    for (issuer, (_list, der)) in lists.iter().filter(|_list| ordered) {
        let generation = issuer
            .former
            .map(|_former| format!("-{}", issuer.generation));
        let name = format!("{LIST}{}{CRL}", generation.unwrap_or_default());
        let path = dir.join(name.to_lowercase());
        file::replace(&path, der).map_err(|error| Error::io(&path, error))?;
        items.push(Item {
            file: path,
            serial: None,
            outcome: Ok(Done::Written),
        });
    }
    Ok(items)
}

/// The certificates of other stations that belong into the list of this generation of the CA.
pub(in crate::station::jobs) fn entries(
    desk: &Desk,
    generation: Generation,
) -> Result<Vec<crl::Revoked>, Error> {
    let rows = desk.store().read().exchange_requests()?.into_iter();
    let rows = rows.filter(|row| row.generation == generation);
    let entry = |row: ExchangeRow| {
        let (reason, at): (_, Timestamp) = row.reason.zip(row.revoked_at)?;
        Some(crl::Revoked {
            serial: row.serial,
            at,
            reason,
        })
    };
    Ok(rows.filter_map(entry).collect())
}
