//! Renewal on the same ukey (D-47): under a request of its own the holder's ukey gets a new key and
//! certificate, and the old ones are gone once the new ones are proven.
//!
//! Security's part is the approval. The SO PIN is released for nothing here: keys are made and destroyed
//! under the holder's own login, and whoever knows the SO PIN could set another user PIN.

use super::personalise::{self, Terms};
use super::{restore, ukeys};
use crate::domain::certificate::CertificateState;
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::keys::unit_pki;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::report::{Clerk, Summary};
use crate::station::{ActingOfficer, clock};
use crate::store::{CertificateRow, Reading, RequestRow, StoreError, UkeyRow, Writing};
use crate::workflow::journal::{KeyOrder, PinSource, Until};

/// A certificate that ends later than in so many days is renewed early: allowed, and said.
pub const EARLY_DAYS: i64 = 90;

/// How a ukey is renewed.
#[derive(Clone, Copy, Debug)]
pub struct RenewalTerms {
    /// The new key pair; as the old one where nobody says.
    pub key: Option<KeyAlgorithm>,
    /// Whether the holder types the PIN that the ukey has, or the practice secrets have it.
    pub pin: PinSource,
    /// Which key goes or comes first.
    pub order: KeyOrder,
}

/// What became of a renewal.
#[derive(Debug)]
pub struct Renewed {
    /// One ukey.
    pub summary: Summary,
    /// Days that the old certificate had left, where it was early.
    pub early_days: Option<i64>,
}

/// Gives the holder's ukey a new key and certificate under its approved renewal request.
///
/// # Errors
/// Before anything was begun: `wrong-duty`, `restore-not-compared`, `renewal-not-requested`,
/// `request-not-approved`, `request-expired`, `renewal-begun`, `ukey-not-handed-out`,
/// `renewal-of-temporary`, `renewal-of-another`, `certificate-revoked`, `certificate-on-hold`,
/// `renewal-without-room` and `renewal-with-room` for the order that the model's profile does not allow,
/// `ukey-not-inserted`, `ukey-duplicate-serial`.
pub fn renew(
    desk: &Desk,
    officer: &ActingOfficer,
    (serial, terms): (&str, RenewalTerms),
    clerk: Clerk<'_>,
) -> Result<Renewed, Error> {
    officer.demand(Duty::Personalise)?;
    officer.demand(Duty::HandOut)?;
    restore::demand_compared(desk)?;
    match terms.pin {
        PinSource::Secrets if !desk.is_practice() => {
            return Err(Error::usage("pin-secrets-in-practice-only", ""));
        }
        PinSource::Random => return Err(Error::usage("pin-not-typed", serial)),
        PinSource::Holder | PinSource::Secrets => {}
    }
    let ukey = ukeys::named(desk, officer, serial)?;
    let (request, old) = {
        let store = desk.store();
        let reading = store.read();
        let request = approved(&reading, &ukey.identity.serial)?;
        let old = renewable(&reading, &ukey, "ukey-not-handed-out")?;
        demand_same_holder(&reading, &request, &old)?;
        (request, old)
    };
    demand_order(desk, &ukey, terms.order)?;
    let key = terms.key.or_else(|| algorithm_of(&old));
    let key = key.ok_or_else(|| Error::failed("store-damaged", old.serial.to_string()))?;
    let days = (old.not_after.unix_secs() - clock::now().unix_secs()) / 86_400;
    let making = Terms {
        key,
        until: Until::Proven,
        pin: terms.pin,
        temporary: None,
    };
    let summary = personalise::renew(
        desk,
        officer,
        (request, ukey, old),
        (making, terms.order),
        clerk,
    )?;
    Ok(Renewed {
        summary,
        early_days: (days > EARLY_DAYS).then_some(days),
    })
}

/// The renewal request of a ukey, if it is approved and nothing was begun under it.
fn approved(reading: &Reading<'_>, serial: &Serial) -> Result<RequestRow, Error> {
    let none = || Error::refused("renewal-not-requested", serial.as_str());
    let request = reading.renewal_of(serial)?.ok_or_else(none)?;
    let refused = |code| Err(Error::refused(code, request.number.clone()));
    match request.state {
        RequestState::Approved => Ok(request),
        RequestState::Personalising | RequestState::Pending => refused("renewal-begun"),
        RequestState::Expired => refused("request-expired"),
        RequestState::Draft | RequestState::Submitted | RequestState::Returned => {
            refused("request-not-approved")
        }
        RequestState::Issued
        | RequestState::HandedOut
        | RequestState::Closed
        | RequestState::Rejected
        | RequestState::Withdrawn => Err(none()),
    }
}

/// The newest certificate on a ukey, if its holder has both; `not_out` is said of another state. A temporary
/// one stands in for some days and no more (D-20): renewed it would last as long as any.
///
/// # Errors
/// `not_out`, `renewal-of-temporary`, `certificate-revoked`, `certificate-on-hold`.
pub(super) fn renewable(
    reading: &Reading<'_>,
    ukey: &UkeyRow,
    not_out: &'static str,
) -> Result<CertificateRow, Error> {
    let serial = &ukey.identity.serial;
    let newest = reading.standing_certificate(serial)?;
    let out = ukey.state == UkeyState::HandedOut;
    let Some(newest) = newest.filter(|_newest| out) else {
        let text = format!("{serial} ({})", ukey.state);
        return Err(Error::refused(not_out, text));
    };
    let last = reading.last_run_on(serial)?;
    if last.is_some_and(|run| run.temporary.is_some()) {
        return Err(Error::refused("renewal-of-temporary", serial.as_str()));
    }
    let refused = |code| Err(Error::refused(code, newest.serial.to_string()));
    match newest.state {
        CertificateState::Revoked => refused("certificate-revoked"),
        CertificateState::Hold => refused("certificate-on-hold"),
        CertificateState::Active | CertificateState::Expired | CertificateState::Pending => {
            Ok(newest)
        }
    }
}

/// Whether the request is of the person and the unit that the old certificate was made for: it was entered so,
/// but a draft can be edited.
///
/// # Errors
/// `renewal-of-another`.
pub(super) fn demand_same_holder(
    reading: &Reading<'_>,
    request: &RequestRow,
    old: &CertificateRow,
) -> Result<(), Error> {
    let before = reading.request(old.request)?;
    let person = reading.person_of(request.id)?;
    let same_person = person.is_some() && person == reading.person_of(before.id)?;
    if same_person && request.unit == before.unit {
        Ok(())
    } else {
        Err(Error::refused("renewal-of-another", request.number.clone()))
    }
}

/// The old key goes first only where there is no room for both, and then nobody is left without a key
/// unknowingly: it has to be said.
fn demand_order(desk: &Desk, ukey: &UkeyRow, order: KeyOrder) -> Result<(), Error> {
    let room = desk.profile(&ukey.profile)?.certificates.room_for_renewal;
    let refused = |code| Err(Error::refused(code, ukey.identity.serial.as_str()));
    match (room, order) {
        (true, KeyOrder::NewFirst) | (false, KeyOrder::OldFirst) => Ok(()),
        (false, KeyOrder::NewFirst) => refused("renewal-without-room"),
        (true, KeyOrder::OldFirst) => refused("renewal-with-room"),
    }
}

fn algorithm_of(certificate: &CertificateRow) -> Option<KeyAlgorithm> {
    let key = unit_pki::public_key_of(&certificate.der).ok()?;
    key.algorithm()
}

/// The ukey of an open renewal is gone from its holder's hand: the renewal ends with it, and its request.
/// What was issued in it is revoked by who calls.
pub(super) fn end_with_ukey(
    writing: &Writing<'_>,
    serial: &Serial,
    at: Timestamp,
) -> Result<(), StoreError> {
    let open = writing.open_run_on(serial)?;
    let Some(run) = open.filter(|run| run.renews.is_some()) else {
        return Ok(());
    };
    let state = writing.request(run.request)?.state;
    writing.move_request(run.request, state, RequestState::Approved)?;
    let (from, to) = (RequestState::Approved, RequestState::Withdrawn);
    writing.move_request(run.request, from, to)?;
    writing.end_run(run.id, "ukey-gone", at)
}
