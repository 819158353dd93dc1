//! Units of this home, and what is known of people: their search hash, and the looks at their data in
//! full, each with a reason (D-39).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::domain::id::RequestId;
use crate::domain::identity_number::IdentityNumber;
use crate::domain::officer::{Duty, Post};
use crate::domain::text::is_hidden;
use crate::domain::unit::Unit;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer};
use crate::store::Store;

/// Every unit, the own one first.
///
/// # Errors
/// What the store says.
pub fn units(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Unit>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().units()?)
}

/// How much of a person's data is shown.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// Numbers and addresses masked.
    Masked,
    /// In full, for a reason that is kept.
    Full(&'a Revealed),
}

/// Evidence that a look at personal data in full was written to the audit log, with its reason.
#[derive(Debug)]
pub struct Revealed(());

/// Whether an officer sees personal data in full only when security releases it (D-39).
pub fn needs_release(officer: &ActingOfficer) -> bool {
    post_needs_release(officer.post())
}

/// The same of a post.
pub fn post_needs_release(post: Post) -> bool {
    post == Post::Auditor
}

/// Writes down that personal data is looked at in full: of one request, or of a list. The auditor
/// needs security's release, for each look anew (D-39).
///
/// # Errors
/// `reason-required`, `reveal-not-released`.
pub fn reveal(
    desk: &Desk,
    (officer, release): (&ActingOfficer, Option<&SecondOfficer>),
    what: &str,
    request: Option<RequestId>,
    reason: &str,
) -> Result<Revealed, Error> {
    officer.demand(Duty::ReadRecords)?;
    if needs_release(officer) && release.is_none() {
        let name = officer.name().as_str();
        return Err(Error::refused("reveal-not-released", name));
    }
    let reason = reason_text(reason)?;
    let hash: [u8; 32] = Sha256::digest(reason.as_bytes()).into();
    let mut audit = Desk::audit_row(officer, "personal-data-revealed");
    audit.request = request.map(|id| id.to_string());
    let released = release.map_or_else(String::new, |second| {
        format!("released {}; ", second.told())
    });
    let hash_text = hex::encode(hash);
    audit.detail = Some(format!("{what}; {released}reason sha256 {hash_text}"));
    desk.store()
        .act(&audit, |writing| writing.put_reveal_reason(&hash, &reason))?;
    Ok(Revealed(()))
}

/// Whether a reason says something: 2 to 500 characters, none invisible.
pub fn is_reason(reason: &str) -> bool {
    let reason = reason.trim();
    let said = reason.chars().nth(1).is_some() && reason.chars().nth(500).is_none();
    said && !reason.chars().any(is_hidden)
}

/// A reason that says something.
pub(super) fn reason_text(reason: &str) -> Result<String, Error> {
    if is_reason(reason) {
        Ok(reason.trim().to_owned())
    } else {
        Err(Error::usage("reason-required", ""))
    }
}

/// D-39: the search hash of an identity number, under a key that never leaves this home.
pub(in crate::station) fn person_hash(
    desk: &Desk,
    number: &IdentityNumber,
) -> Result<Vec<u8>, Error> {
    Ok(PersonKey::read(&desk.store())?.hash(number))
}

/// The same while there is no desk yet.
pub(in crate::station) fn person_hash_in(
    store: &Store,
    number: &IdentityNumber,
) -> Result<Vec<u8>, Error> {
    Ok(PersonKey::read(store)?.hash(number))
}

/// The key of the search hashes, for who makes many.
pub(super) struct PersonKey(Hmac<Sha256>);

impl PersonKey {
    pub(super) fn read(store: &Store) -> Result<Self, Error> {
        let damaged = || Error::failed("store-damaged", "person_key");
        let key = store.read().meta("person_key")?;
        let key = hex::decode(key.ok_or_else(damaged)?).map_err(|_hex| damaged())?;
        let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_length| damaged())?;
        Ok(Self(mac))
    }

    pub(super) fn hash(&self, number: &IdentityNumber) -> Vec<u8> {
        let mut mac = self.0.clone();
        mac.update(number.expose().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}
