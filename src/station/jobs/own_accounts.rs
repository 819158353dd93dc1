//! Accounts of a province's own officers (D-6): no superior answers their form 1, so the approval of the
//! province's security creates the account, under the root.

use super::officers::{own_secrets, security};
use crate::domain::request::FormKind;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::sign_in::AskSecret;
use crate::station::unit_key::{Certified, UnitKey};
use crate::store::{OfficerRow, RequestRow, StoreError, Writing};

/// An account to be created: its officer, and their certificate.
pub(super) struct Account {
    officer: OfficerRow,
    certified: Certified,
}

/// The officer whom a form 1 of this province registers and who waits for their certificate. In practice
/// nobody holds the root's key.
///
/// # Errors
/// `officer-not-added` before `officer add`: once the form is decided on, no key can come under it.
pub(super) fn waiting(desk: &Desk, request: &RequestRow) -> Result<Option<OfficerRow>, Error> {
    let own = request.form == FormKind::Officer && desk.own_unit()?.id == request.unit;
    if !own || desk.is_practice() || !desk.superior_chain()?.is_empty() {
        return Ok(None);
    }
    let mut officers = desk.store().read().officers()?.into_iter();
    let added = officers.find(|row| row.request == Some(request.id));
    let added = added.ok_or_else(|| Error::refused("officer-not-added", request.number.clone()))?;
    Ok(Some(added).filter(|row| row.enabled && row.chain.is_empty()))
}

/// Certifies an officer who waits, if the form still asks for their post.
///
/// # Errors
/// `request-names-officer`, `passphrase-wrong`, or the token's fault.
pub(super) fn certify(
    desk: &Desk,
    officer: &ActingOfficer,
    (request, new): (&RequestRow, OfficerRow),
    ask: &dyn AskSecret,
) -> Result<Account, Error> {
    let differs = || Error::refused("request-names-officer", request.number.clone());
    let key = new.public_key.as_ref().ok_or_else(differs)?;
    let person = desk.store().read().person_of(request.id)?;
    if request.post != Some(new.post) || new.person != person {
        return Err(differs());
    }
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let own = desk.own_unit()?;
    let unit = (own.name.as_str(), own.code.as_str());
    let certified =
        UnitKey::open(desk, &secrets)?.certify_officer(unit, (&new.name, new.post), key)?;
    Ok(Account {
        officer: new,
        certified,
    })
}

impl Account {
    /// Creates it, in the transaction of the act.
    pub(super) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        writing.insert_unit_certificate(&self.certified.row)?;
        writing.set_officer_chain(&self.officer.name, &self.certified.chain)
    }

    /// For the audit log.
    pub(super) fn told(&self) -> String {
        format!("{} {} certified", self.officer.name, self.officer.post)
    }
}
