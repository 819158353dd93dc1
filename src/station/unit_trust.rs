//! What this station knows to be taken back in the unit PKI (D-57): the newest list of each unit, used
//! wherever a certificate of a unit or an officer is judged.

use super::clock;
use super::desk::Desk;
use super::error::Error;
use crate::domain::certificate::RevocationReason;
use crate::keys::unit_crl::{self, UnitCrl};
use crate::keys::unit_pki::{self, PkiError, Signer, UnitFacts};
use crate::store::{OfficerRow, StoreError, Writing};

/// Units whose lists this station takes although they stand in no signer's chain: the own unit, those
/// above it, and those that were certified here. Certificates, DER.
pub(super) fn issuers(desk: &Desk) -> Result<Vec<Vec<u8>>, Error> {
    let mut issuers = desk.unit_chain()?;
    issuers.extend(desk.superior_chain()?);
    let units = desk.store().read().certified_units()?.into_iter();
    issuers.extend(units.map(|row| row.der));
    Ok(issuers)
}

/// Judges an officer's chain now, by every list that is known here.
///
/// # Errors
/// As [`refused`].
pub(super) fn check_officer(desk: &Desk, chain: &[Vec<u8>]) -> Result<Signer, Error> {
    check_officer_with(desk, chain, &[])
}

/// As [`check_officer`], and by lists that came along.
///
/// # Errors
/// As [`refused`].
pub(super) fn check_officer_with(
    desk: &Desk,
    chain: &[Vec<u8>],
    carried: &[Vec<u8>],
) -> Result<Signer, Error> {
    let (root, mut crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
    crls.extend_from_slice(carried);
    unit_pki::check_chain(chain, &root, clock::now(), &crls).map_err(refused)
}

/// Demands that the superior has not taken an officer's certificate back because they left or may no
/// longer act: then they sign in no more, whatever their own unit did. A stolen or superseded key is no
/// reason: its officer signs in to be given another.
///
/// # Errors
/// `unit-certificate-revoked`.
pub(super) fn demand_in_office(desk: &Desk, officer: &OfficerRow) -> Result<(), Error> {
    let [own, issuer, ..] = officer.chain.as_slice() else {
        return Ok(()); // Not certified yet.
    };
    let crls = desk.store().read().unit_crls()?;
    let mut lists = crls
        .iter()
        .filter_map(|der| unit_crl::check(der, issuer).ok());
    let reason = lists.find_map(|list| list.reason_of(own));
    match reason {
        Some(
            reason @ (RevocationReason::AffiliationChanged | RevocationReason::PrivilegeWithdrawn),
        ) => {
            let text = format!("{}: {}", officer.name, reason.word());
            Err(Error::refused("unit-certificate-revoked", text))
        }
        _ => Ok(()),
    }
}

/// Judges a unit's chain now, by every list that is known here and those that came along.
///
/// # Errors
/// As [`refused`].
pub(super) fn check_unit(
    desk: &Desk,
    chain: &[Vec<u8>],
    carried: &[Vec<u8>],
) -> Result<Vec<UnitFacts>, Error> {
    let (root, mut crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
    crls.extend_from_slice(carried);
    unit_pki::check_unit_chain(chain, &root, clock::now(), &crls).map_err(refused)
}

/// A certificate of a unit or officer that does not hold: `unit-certificate-revoked`, else
/// `certificate-invalid`.
pub(super) fn refused(error: PkiError) -> Error {
    let code = match &error {
        PkiError::Revoked => "unit-certificate-revoked",
        PkiError::Key
        | PkiError::Superseded
        | PkiError::Certificate(_)
        | PkiError::UnknownRoot
        | PkiError::Chain(_)
        | PkiError::Crl(_) => "certificate-invalid",
    };
    Error::refused(code, error.to_string()).because(error)
}

/// Lists that came with a file whose signature was checked.
pub(super) struct CarriedLists(Vec<(UnitCrl, Vec<u8>)>);

impl CarriedLists {
    /// Those of `crls` that a unit of `issuers` signed.
    pub(super) fn of(crls: &[Vec<u8>], issuers: &[Vec<u8>]) -> Self {
        let checked = crls.iter().filter_map(|der| {
            let list = unit_crl::check_of(der, issuers).ok()?;
            Some((list, der.clone()))
        });
        Self(checked.collect())
    }

    /// Keeps each one unless a newer one is there, in the transaction of the act.
    pub(super) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        for (list, der) in &self.0 {
            writing.put_unit_crl(&list.issuer_key, list.number, der)?;
        }
        Ok(())
    }
}
