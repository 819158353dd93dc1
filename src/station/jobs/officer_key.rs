//! Certifies the key that an officer has on a ukey of their own (D-57, D-58): at the superior, and for a
//! province's officers at the province itself.

use std::path::{Path, PathBuf};

use super::certificates;
use super::enrolment::{parcel_refused, station_identity};
use super::officers::{install_certificate, own_secrets, security};
use super::unit_revocation::NextList;
use crate::domain::certificate::RevocationReason;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::keys::officer_key::{self, ProposedKey};
use crate::keys::unit_pki;
use crate::keys::{file, wrap::SecuritySecrets};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::sign_in::AskSecret;
use crate::station::unit_key::UnitKey;
use crate::station::{ActingOfficer, clock, post};
use crate::store::UnitCertificateRow;

/// What was certified.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The officer.
    pub officer: OfficerName,
    /// Their post.
    pub post: Post,
    /// Code of their unit.
    pub unit: String,
    /// Serial number of the certificate.
    pub serial: String,
    /// Their new certificate and each issuer, PEM.
    pub answer: PathBuf,
    /// Whether it was installed here: the officer is this station's own.
    pub installed: bool,
}

/// Certifies the key in a file of `officer bind-ukey` and revokes the certificate before it as
/// superseded. A file that was answered before gets the same answer again.
///
/// # Errors
/// `wrong-duty`, `parcel-…` when the file or its signer does not hold, `parcel-sender-unknown` when the
/// signer's certificate is not one of this station's that is valid, or what token and file system say.
pub fn certify(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    out: Option<&Path>,
    ask: &dyn AskSecret,
) -> Result<Certified, Error> {
    officer.demand(Duty::ManageOfficers)?;
    let bytes = read_limited(path, officer_key::MAX_BYTES)?;
    let root = desk.pinned_root()?;
    let open = |crls: &[Vec<u8>]| -> Result<ProposedKey, Error> {
        let identity = station_identity(desk)?;
        officer_key::open(&bytes, &identity, &root, clock::now(), crls).map_err(parcel_refused)
    };
    // Without lists first: answering has revoked the certificate that signed the file.
    let proposed = open(&[])?;
    let (row, chain) = if let Some(row) = answered(desk, &proposed)? {
        let chain = [vec![row.der.clone()], desk.unit_chain()?].concat();
        (row, chain)
    } else {
        let crls = desk.store().read().unit_crls()?;
        let proposed = open(&crls)?;
        let secrets = security(own_secrets(desk, officer, ask)?.security)?;
        replace(desk, officer, &proposed, &secrets)?
    };
    let serial = row.serial.to_string();
    let named = || desk.home().out().join(format!("{serial}.pem"));
    let answer = out.map_or_else(named, Path::to_owned);
    let pem: String = chain.iter().map(|der| certificates::pem(der)).collect();
    file::replace(&answer, pem.as_bytes()).map_err(|error| Error::io(&answer, error))?;
    let signer = proposed.signer;
    let installed = signer.unit_code == desk.own_unit()?.code.as_str();
    if installed {
        install_certificate(desk, officer, &signer.name, &chain)?;
    }
    Ok(Certified {
        officer: signer.name,
        post: signer.post,
        unit: signer.unit_code,
        serial,
        answer,
        installed,
    })
}

/// The valid certificate that this station has issued for the proposed key.
fn answered(desk: &Desk, proposed: &ProposedKey) -> Result<Option<UnitCertificateRow>, Error> {
    let (signer, key) = (&proposed.signer, proposed.record.public_key());
    let mut rows = desk.store().read().unit_certificates()?.into_iter();
    Ok(rows.find(|row| {
        let same = row.unit_code == signer.unit_code
            && row.officer.as_ref() == Some(&(signer.name.clone(), signer.post));
        let same_key = unit_pki::public_key_of(&row.der).is_ok_and(|found| found == key);
        same && same_key && row.revoked_at.is_none()
    }))
}

/// Issues the new certificate and revokes the one before it, in one act.
fn replace(
    desk: &Desk,
    officer: &ActingOfficer,
    proposed: &ProposedKey,
    secrets: &SecuritySecrets,
) -> Result<(UnitCertificateRow, Vec<Vec<u8>>), Error> {
    let signer = &proposed.signer;
    let unknown = || Error::refused("parcel-sender-unknown", signer.unit_code.as_str());
    let mut key = UnitKey::open(desk, secrets)?;
    // A code alone proves nothing: this unit's key must have issued it, and the row must be there.
    let rows = desk.store().read().unit_certificates()?;
    let before: Vec<_> = rows
        .into_iter()
        .filter(|row| proposed.chain.first() == Some(&row.der) && row.revoked_at.is_none())
        .collect();
    if signer.issuer.public_key != *key.public_key() || before.is_empty() {
        return Err(unknown());
    }
    let own = desk.own_unit()?;
    if signer.unit_code != own.code.as_str() {
        post::subordinate(desk, &signer.unit_code)?; // Certified here, and still is.
    }
    let public_key = proposed.record.public_key();
    let unit = (signer.unit_name.as_str(), signer.unit_code.as_str());
    let who = (&signer.name, signer.post);
    let certified = key.certify_officer(unit, who, &public_key)?;
    let before = before.into_iter();
    let before = before.map(|row| (row, RevocationReason::Superseded));
    let list = NextList::sign(desk, &mut key, before.collect(), clock::now())?;
    let mut audit = Desk::audit_row(officer, "officer-key-certified");
    audit.certificate = Some(certified.row.serial.to_string());
    audit.detail = Some(format!(
        "{} {} {}",
        signer.unit_code, signer.name, signer.post
    ));
    desk.store().act(&audit, |writing| {
        writing.insert_unit_certificate(&certified.row)?;
        list.record(writing)
    })?;
    list.publish(desk)?;
    Ok((certified.row, certified.chain))
}
