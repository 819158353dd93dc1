//! An officer's own key, open to sign (D-58): on their ukey, under a certificate that leads to the
//! pinned root.

use super::desk::Desk;
use super::error::Error;
use super::key_token::{self, OpenKey};
use super::own_ukey;
use super::sign_in::ActingOfficer;
use super::unit_trust;
use crate::domain::fault::Fault;
use crate::domain::pin::Pin;
use crate::keys::signature::{self, SignError};
use crate::store::OfficerRow;

/// An officer's own key, open to sign.
#[derive(Debug)]
pub struct SigningKey {
    key: OpenKey,
    officer: OfficerRow,
}

impl SigningKey {
    /// Opens the officer's own ukey. Its PIN is the one that their passphrase opened, else that of
    /// the practice secrets.
    ///
    /// # Errors
    /// `officer-not-certified` while the superior has not answered, `unit-certificate-revoked` once it
    /// has taken the certificate back, `officer-ukey-pin` when the PIN is not at hand, or the ukey's
    /// fault.
    pub fn open(desk: &Desk, officer: &ActingOfficer) -> Result<Self, Error> {
        let row = desk.officer(officer.name())?;
        let name = row.name.as_str();
        if row.chain.is_empty() {
            return Err(Error::refused("officer-not-certified", name));
        }
        unit_trust::check_officer(desk, &row.chain)?; // What it signs would be refused everywhere.
        let key = open(desk, &row)?;
        Ok(Self { key, officer: row })
    }

    /// The officer's certificate, then each issuer up to the root, DER.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.officer.chain
    }

    /// The officer's certificate, DER.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.officer.chain.first().map(Vec::as_slice)
    }

    /// CMS `SignedData` over `content`, which stands inside it.
    ///
    /// # Errors
    /// [`SignError`] with the ukey's fault.
    pub fn sign(&mut self, content: &[u8]) -> Result<Vec<u8>, SignError<Fault>> {
        let key = &mut self.key;
        signature::sign(content, &self.officer.chain, &mut |message| {
            key.sign(message)
        })
    }
}

impl SigningKey {
    /// The bare signature that a CMS builder asks for.
    pub(super) fn sign_raw(&mut self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.key.sign(message)
    }
}

/// The officer's own ukey, open.
fn open(desk: &Desk, row: &OfficerRow) -> Result<OpenKey, Error> {
    let without = || Error::refused("officer-without-ukey", row.name.as_str());
    let token = row.token.as_ref().ok_or_else(without)?;
    if row.bound_ukey().is_some() {
        return own_ukey::open(desk, row, token);
    }
    let dir = desk.home().officer(row.name.as_str());
    Ok(key_token::open(desk, &dir, token, &pin(desk, row)?)?)
}

/// The PIN of the officer's own ukey.
pub(super) fn pin(desk: &Desk, row: &OfficerRow) -> Result<Pin, Error> {
    let serial = row.token.as_ref().map(|token| &token.identity.serial);
    let named = desk
        .secrets()
        .as_ref()
        .zip(serial)
        .and_then(|(secrets, serial)| secrets.user_pin(serial).cloned());
    let pin = desk.own_pin(row).or(named);
    pin.ok_or_else(|| Error::usage("officer-ukey-pin", row.name.as_str()))
}
