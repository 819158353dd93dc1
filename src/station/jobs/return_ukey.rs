//! A ukey comes back from its holder, who leaves, moves or gave it up: its certificate is revoked in the
//! same act (D-45).

use super::ca::{self, CrlStanding};
use super::losses::close_request;
use super::{people, renew, stock, ukeys};
use crate::domain::certificate::{CertificateState, RevocationReason};
use crate::domain::loss::LossEnding;
use crate::domain::officer::Duty;
use crate::domain::stock::MovementKind;
use crate::domain::ukey::UkeyState;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{CertificateRow, UkeyRow};

/// A ukey that came back.
#[derive(Debug)]
pub struct Returned {
    /// The ukey.
    pub ukey: UkeyRow,
    /// Where its revocation reaches the world; none where it was revoked before.
    pub crl: Option<CrlStanding>,
}

/// Takes a ukey back: issued, handed out, suspended, or lost and found too late. What is on it is revoked
/// for the reason that is given.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-unknown`, `ukey-in-use` in another state, `not-a-reason` for a
/// hold.
pub fn take_back(
    desk: &Desk,
    officer: &ActingOfficer,
    (serial, why): (&str, &str),
    reason: RevocationReason,
) -> Result<Returned, Error> {
    officer.demand(Duty::ManageStock)?;
    let why = people::reason_text(why)?;
    if reason == RevocationReason::CertificateHold {
        return Err(Error::usage("not-a-reason", reason.word()));
    }
    let ukey = ukeys::named(desk, officer, serial)?;
    let serial = ukey.identity.serial.clone();
    let on_it = desk.store().read().certificates_on(&serial)?;
    demand_made(&ukey, &on_it)?;
    let live = on_it
        .iter()
        .filter(|row| matches!(row.state, CertificateState::Active | CertificateState::Hold));
    let live: Vec<&CertificateRow> = live.collect();
    let mut audit = Desk::audit_row(officer, "ukey-returned");
    let now = audit.at;
    let because = (None, Some(why), None);
    let movement = stock::movement(MovementKind::Return, officer, now, because);
    audit.request = ukey.request.map(|id| id.to_string());
    audit.ukey = Some(serial.to_string());
    audit.certificate.clone_from(&ukey.certificate);
    let told = if live.is_empty() { "" } else { reason.word() };
    audit.detail = Some(format!("{} → {told}; {}", ukey.state, movement.id));
    desk.store().act(&audit, |writing| {
        writing.insert_movement(&movement)?;
        let states = (ukey.state, UkeyState::Returned);
        writing.move_with_request(&serial, states, ukey.request, (now, &movement.id))?;
        for certificate in &live {
            writing.revoke_for_good(&certificate.serial, reason, now)?;
            close_request(writing, certificate.request)?;
        }
        renew::end_with_ukey(writing, &serial, now)?;
        let by = officer.name().as_str();
        writing.end_suspension(&serial, (by, now), LossEnding::Returned)
    })?;
    let crl = (!live.is_empty()).then(|| ca::publish_as(desk, officer));
    let again = desk.store().read().ukey(&serial)?;
    let damaged = || Error::failed("store-damaged", serial.as_str());
    Ok(Returned {
        ukey: again.ok_or_else(damaged)?,
        crl,
    })
}

/// Only what was made for somebody comes back from them.
fn demand_made(ukey: &UkeyRow, on_it: &[CertificateRow]) -> Result<(), Error> {
    let with_somebody = matches!(
        ukey.state,
        UkeyState::Issued | UkeyState::HandedOut | UkeyState::Suspended | UkeyState::Lost
    );
    if with_somebody && !on_it.is_empty() {
        return Ok(());
    }
    let text = format!("{} ({})", ukey.identity.serial, ukey.state);
    Err(Error::refused("ukey-in-use", text))
}
