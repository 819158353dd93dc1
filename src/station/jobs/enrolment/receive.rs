//! Takes the superior's answer to this unit's enrolment, once: the same bytes again do nothing, and an
//! answer that is older than the one in use is refused (D-57).

use std::path::Path;

use super::{Answer, CertifiedOfficer, parcel_refused, station_identity};
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::unit::Unit;
use crate::keys::parcel::{self, Kind, Opened, Trust};
use crate::keys::unit_pki::{self, UnitFacts};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::jobs::officers;
use crate::station::unit_trust::{self, CarriedLists};
use crate::station::{ActingOfficer, clock};
use crate::store::EnrolmentRow;

/// What an answer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The same file was taken before: nothing was done.
    pub replayed: bool,
    /// The officers who can sign.
    pub certified: Vec<OfficerName>,
}

/// Takes the superior's answer: the unit's certificate and those of its officers.
///
/// # Errors
/// `parcel-…`, `enrolled-older`, `certificate-differs`, `unit-certificate-revoked`,
/// `certificate-invalid`.
pub fn receive(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Received, Error> {
    officer.demand(Duty::SetUp)?;
    let own = desk.own_unit()?;
    let (opened, lists) = open(desk, &own, path)?;
    let Some(row) = fresh(desk, &opened)? else {
        return Ok(Received {
            replayed: true,
            certified: Vec::new(),
        });
    };
    let damaged = || Error::refused("parcel-damaged", "enrolled");
    let answer: Answer = serde_json::from_value(opened.manifest.body.clone())
        .map_err(|error| damaged().because(error))?;
    let unit_chain = decode(&answer.unit_chain)?;
    let units = unit_trust::check_unit(desk, &unit_chain, &opened.crls)?;
    check_own(desk, &own, units.first().ok_or_else(damaged)?)?;
    let mut officers = Vec::new();
    for CertifiedOfficer { chain, name } in answer.officers {
        let chain = decode(&chain)?;
        unit_trust::check_officer_with(desk, &chain, &opened.crls)?;
        officers.push((name, chain));
    }
    for (name, chain) in &officers {
        officers::install_certificate(desk, officer, name, chain)?;
    }
    let mut audit = Desk::audit_row(officer, "unit-certified");
    let certificate = unit_chain.first().ok_or_else(damaged)?;
    audit.detail = Some(unit_pki::fingerprint(certificate));
    let exchange = desk.store().read().meta("ca_kind")?.as_deref() == Some("exchange");
    let without_ca = desk.store().read().meta("ca_certificate")?.is_none();
    // Last: a crash before it leaves a file that can be taken again.
    desk.store().act(&audit, |writing| {
        let list: Vec<_> = unit_chain.iter().map(hex::encode).collect();
        writing.set_meta("unit_chain", &list.join(" "))?;
        lists.record(writing)?;
        writing.insert_enrolment_received(&row)?;
        match &answer.ca_certificate {
            Some(der) if exchange && without_ca => writing.set_meta("ca_certificate", der),
            _ => Ok(()),
        }
    })?;
    Ok(Received {
        replayed: false,
        certified: officers.into_iter().map(|(name, _chain)| name).collect(),
    })
}

/// Opens the answer under the proposed key, which nobody has certified yet.
fn open(desk: &Desk, own: &Unit, path: &Path) -> Result<(Opened, CarriedLists), Error> {
    let bytes = read_limited(path, parcel::MAX_BYTES)?;
    let (superior_chain, root) = (desk.superior_chain()?, desk.pinned_root()?);
    let crls = desk.store().read().unit_crls()?;
    let trust = Trust {
        root: &root,
        own_code: own.code.as_str(),
        own_key: &unit_pki::public_key_of(&desk.unit_proposal()?).map_err(unit_trust::refused)?,
        superior_chain: &superior_chain,
        crls: &crls,
        crl_issuers: &superior_chain,
    };
    let opened = parcel::open(&bytes, &station_identity(desk)?, &trust, clock::now());
    let opened = opened.map_err(parcel_refused)?;
    if opened.manifest.kind != Kind::Enrolled {
        return Err(Error::refused("parcel-damaged", "enrolled"));
    }
    let issuers = opened.chain.iter().skip(1).chain(&superior_chain);
    let issuers: Vec<_> = issuers.cloned().collect();
    let lists = CarriedLists::of(&opened.crls, &issuers);
    Ok((opened, lists))
}

/// How the answer is noted; `None` when these bytes were taken before.
fn fresh(desk: &Desk, opened: &Opened) -> Result<Option<EnrolmentRow>, Error> {
    let taken = desk.store().read().enrolments_received()?;
    if taken.iter().any(|row| row.sha256 == opened.sha256) {
        return Ok(None);
    }
    let (created, id) = (opened.manifest.created, opened.manifest.id.to_string());
    if let Some(newest) = taken.first()
        && (created, id.as_str()) < (newest.created, newest.id.as_str())
    {
        return Err(Error::refused("enrolled-older", created.to_string()));
    }
    Ok(Some(EnrolmentRow {
        sha256: opened.sha256,
        id,
        from_home: opened.manifest.from.home,
        created,
        signer: opened.signer.name.as_str().to_owned(),
        at: clock::now(),
    }))
}

/// The certificate is for this unit and for the key that it proposed.
fn check_own(desk: &Desk, own: &Unit, facts: &UnitFacts) -> Result<(), Error> {
    let proposed = unit_pki::public_key_of(&desk.unit_proposal()?).map_err(unit_trust::refused)?;
    if facts.public_key != proposed || facts.code != own.code.as_str() || facts.name != own.name {
        return Err(Error::refused("certificate-differs", own.code.as_str()));
    }
    Ok(())
}

fn decode(chain: &[String]) -> Result<Vec<Vec<u8>>, Error> {
    let decoded = chain.iter().map(hex::decode);
    decoded
        .collect::<Result<_, _>>()
        .map_err(|error| Error::refused("parcel-damaged", "enrolled").because(error))
}
