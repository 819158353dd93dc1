//! Revocation lists of units above and below that come by hand, not with a file between stations
//! (D-57); and which of the known ones are out of date.

use std::path::Path;

use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::keys::unit_crl::{self, UnitCrl};
use crate::keys::unit_pki::UnitFacts;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::{ActingOfficer, clock, unit_trust};

/// Largest list that is read.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A list that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenList {
    /// The unit that signed it.
    pub unit: String,
    /// cRLNumber.
    pub number: u64,
    /// How many certificates it takes back.
    pub revoked: usize,
    /// It was known already: nothing was done.
    pub known: bool,
}

/// A known list whose unit has promised another one by now, or the own one when half its time is over
/// (D-43). It counts all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedList {
    /// The unit that signed it.
    pub unit: String,
    /// nextUpdate.
    pub ended: Timestamp,
    /// This unit signs the next one itself: `unit renew-crl`.
    pub own: bool,
}

/// Takes a list of the own unit, of one above it or of one that was certified here; PEM or DER.
///
/// # Errors
/// `wrong-duty`, `unit-crl-invalid`, `unit-crl-older` when a newer one is known, or what the file
/// system says.
pub fn take(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<TakenList, Error> {
    officer.demand(Duty::SetUp)?;
    let name = || path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = read_limited(path, MAX_BYTES)?;
    let der = unit_crl::read_file(&bytes);
    let der = der.ok_or_else(|| Error::refused("unit-crl-invalid", name()))?;
    let issuers = unit_trust::issuers(desk)?;
    let list = unit_crl::check_of(&der, &issuers).map_err(|error| {
        Error::refused("unit-crl-invalid", format!("{}: {error}", name())).because(error)
    })?;
    let unit = unit_of(&list, &issuers);
    let known = desk.store().read().unit_crls()?;
    let known = known
        .iter()
        .filter_map(|der| unit_crl::check_of(der, &issuers).ok())
        .find(|known| known.issuer_key == list.issuer_key);
    let known = match known {
        Some(known) if known.number > list.number => {
            let text = format!("{unit}: {} < {}", list.number, known.number);
            return Err(Error::refused("unit-crl-older", text));
        }
        Some(known) => known.number == list.number,
        None => false,
    };
    if !known {
        let mut audit = Desk::audit_row(officer, "unit-list-taken");
        audit.detail = Some(format!(
            "list {}, {} entries",
            list.number,
            list.revoked.len()
        ));
        desk.store().act(&audit, |writing| {
            writing.put_unit_crl(&list.issuer_key, list.number, &der)
        })?;
    }
    Ok(TakenList {
        unit,
        number: list.number,
        revoked: list.revoked.len(),
        known,
    })
}

/// The known lists that are to be replaced.
///
/// # Errors
/// What the store says.
pub fn ended(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<EndedList>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let (issuers, now) = (unit_trust::issuers(desk)?, clock::now());
    let own = desk.unit_chain()?.into_iter().next();
    let own = own.and_then(|der| UnitFacts::read(&der).ok());
    let known = desk.store().read().unit_crls()?;
    let lists = known
        .iter()
        .filter_map(|der| unit_crl::check_of(der, &issuers).ok());
    Ok(lists
        .filter_map(|list| {
            let own = (own.as_ref()).is_some_and(|own| own.public_key == list.issuer_key);
            let ended = list.next_update?;
            let half = ended.unix_secs().midpoint(list.this_update.unix_secs());
            let due = list.has_ended(now) || own && half <= now.unix_secs();
            due.then(|| EndedList {
                unit: unit_of(&list, &issuers),
                ended,
                own,
            })
        })
        .collect())
}

fn unit_of(list: &UnitCrl, issuers: &[Vec<u8>]) -> String {
    let facts = issuers.iter().filter_map(|der| UnitFacts::read(der).ok());
    let mut facts = facts.filter(|facts| facts.public_key == list.issuer_key);
    facts.next().map(|facts| facts.name).unwrap_or_default()
}
