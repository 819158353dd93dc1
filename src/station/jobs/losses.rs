//! Loss: a ukey is reported missing, lost or stolen, is found again, or its hold has lasted too long; the
//! clock of each report, and the list that stops it (D-41, D-43).

mod paper;

use std::collections::BTreeMap;

pub use self::paper::{print, write_statement};
use super::ca::{self, CrlStanding};
use super::clock_check::{self, ClockView};
use super::{papers, people, renew, temporary, ukeys};
use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateSerial, CertificateState, RevocationReason};
use crate::domain::id::RequestId;
use crate::domain::loss::{HOLD_SECS, LossClock, LossEnding, LossKind};
use crate::domain::officer::{Duty, Post};
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyState};
use crate::issuing::crl::CheckedCrl;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::store::{CertificateRow, HolderRow, LossRow, StoreError, UkeyRow, Writing};

/// Who reports what nobody reported: a hold that has lasted too long.
const STATION: &str = "station";

/// A report and its clock.
#[derive(Clone, Debug)]
pub struct LossView {
    /// The report.
    pub row: LossRow,
    /// Its clock, as of when it was read.
    pub clock: LossClock,
}

/// What became of a ukey that was reported or found.
#[derive(Debug)]
pub struct Reported {
    /// The ukey.
    pub ukey: UkeyRow,
    /// The report.
    pub loss: LossView,
    /// Where this reaches the world by the list; none where the list says it already.
    pub crl: Option<CrlStanding>,
    /// Certificates of temporary ukeys that ended with it (D-20).
    pub temporary_ended: Vec<CertificateSerial>,
}

/// Reports a ukey as suspended, lost or stolen: its certificates are on hold or revoked at once, in one
/// transaction with its state, the report and the audit row. Then the list is published, or waits.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `ukey-unknown`, `loss-known` for what was reported before,
/// `loss-not-possible` for one that is with nobody, `certificate-revoked` for a suspension of what is
/// revoked for good.
pub fn report(
    desk: &Desk,
    officer: &ActingOfficer,
    (serial, kind): (&str, LossKind),
    reason: &str,
) -> Result<Reported, Error> {
    officer.demand(Duty::ReportLoss)?;
    let reason = people::reason_text(reason)?;
    let ukey = ukeys::named(desk, officer, serial)?;
    demand_reportable(&ukey, kind)?;
    let (on_it, standing) = {
        let store = desk.store();
        let reading = store.read();
        let serial = &ukey.identity.serial;
        (
            reading.certificates_on(serial)?,
            reading.standing_certificate(serial)?,
        )
    };
    let row = row(&ukey, standing, kind, (officer.name().as_str(), &reason))?;
    let changes = on_it.iter().any(is_live);
    if !changes && kind == LossKind::Suspended {
        let text = row.certificate.to_string();
        return Err(Error::refused("certificate-revoked", text));
    }
    let mut audit = Desk::audit_row(officer, act(kind));
    about(&mut audit, &ukey, &row);
    desk.store()
        .act(&audit, |writing| put(writing, &ukey, &on_it, &row))?;
    let crl = changes.then(|| ca::publish_as(desk, officer));
    told(desk, &ukey.identity.serial, &row.id, crl)
}

/// Whether a loss of this kind may be reported of the ukey.
fn demand_reportable(ukey: &UkeyRow, kind: LossKind) -> Result<(), Error> {
    if kind.is_reported_of(ukey.state) {
        return Ok(());
    }
    let code = match ukey.state {
        UkeyState::Suspended | UkeyState::Lost => "loss-known",
        _ => "loss-not-possible",
    };
    let text = format!("{} ({})", ukey.identity.serial, ukey.state);
    Err(Error::refused(code, text))
}

/// The report of a ukey, and of the certificate that stands for it: that of a renewal once it is proven.
fn row(
    ukey: &UkeyRow,
    standing: Option<CertificateRow>,
    kind: LossKind,
    (by, reason): (&str, &str),
) -> Result<LossRow, Error> {
    let serial = &ukey.identity.serial;
    let certificate =
        standing.ok_or_else(|| Error::refused("loss-not-possible", serial.as_str()))?;
    Ok(LossRow {
        id: clock::new_uuid().to_string(),
        ukey: serial.clone(),
        certificate: certificate.serial,
        kind,
        reported_at: clock::now(),
        reported_by: by.to_owned(),
        reason: reason.to_owned(),
        state_before: ukey.state,
        queued_at: None,
        crl_number: None,
        crl_confirmed_at: None,
        end: None,
    })
}

const fn act(kind: LossKind) -> &'static str {
    match kind {
        LossKind::Suspended => "ukey-suspended",
        LossKind::Lost => "ukey-lost",
        LossKind::Stolen => "ukey-stolen",
    }
}

/// Ids of what an act is about.
fn about(audit: &mut AuditRow, ukey: &UkeyRow, row: &LossRow) {
    audit.request = ukey.request.map(|id| id.to_string());
    audit.ukey = Some(row.ukey.to_string());
    audit.certificate = Some(row.certificate.to_string());
    let reason = row.kind.reason().word();
    audit.detail = Some(format!("{} → {reason}; {}", row.state_before, row.id));
}

fn is_live(row: &CertificateRow) -> bool {
    matches!(row.state, CertificateState::Active | CertificateState::Hold)
}

/// Writes a report: the ukey's state, every live certificate on it, and the end of a suspension before.
fn put(
    writing: &Writing<'_>,
    ukey: &UkeyRow,
    on_it: &[CertificateRow],
    row: &LossRow,
) -> Result<(), StoreError> {
    let at = row.reported_at;
    let states = (ukey.state, row.kind.state());
    writing.move_ukey(&row.ukey, states, ukey.request, at)?;
    for certificate in on_it.iter().filter(|row| is_live(row)) {
        match row.kind {
            LossKind::Suspended => writing.suspend_certificate(&certificate.serial, at)?,
            LossKind::Lost | LossKind::Stolen => {
                writing.revoke_for_good(&certificate.serial, row.kind.reason(), at)?;
                close_request(writing, certificate.request)?;
            }
        }
    }
    if row.kind != LossKind::Suspended {
        renew::end_with_ukey(writing, &row.ukey, at)?;
        let ending = if row.reported_by == STATION {
            LossEnding::HoldOver
        } else {
            LossEnding::Lost
        };
        writing.end_suspension(&row.ukey, (&row.reported_by, at), ending)?;
    }
    writing.insert_loss(row)
}

/// A request whose certificate has ended is closed (D-21).
pub(super) fn close_request(writing: &Writing<'_>, id: RequestId) -> Result<(), StoreError> {
    let state = writing.request(id)?.state;
    match state {
        RequestState::Issued | RequestState::HandedOut => {
            writing.move_request(id, state, RequestState::Closed)
        }
        _ => Ok(()),
    }
}

/// Puts the live certificates of a ukey on hold, as security orders it without a report of the holder.
pub(super) fn suspend_by_order(
    writing: &Writing<'_>,
    (ukey, on_it): (&UkeyRow, &[CertificateRow]),
    officer: &ActingOfficer,
) -> Result<(), Error> {
    let reason = RevocationReason::CertificateHold.word();
    let by = (officer.name().as_str(), reason);
    let standing = writing.standing_certificate(&ukey.identity.serial)?;
    let row = row(ukey, standing, LossKind::Suspended, by)?;
    Ok(put(writing, ukey, on_it, &row)?)
}

/// What a report or a find came to; where no list could be published at once the report is queued.
fn told(
    desk: &Desk,
    serial: &Serial,
    id: &str,
    crl: Option<CrlStanding>,
) -> Result<Reported, Error> {
    let mut store = desk.store();
    let now = clock::now();
    if matches!(crl, Some(CrlStanding::Due(_) | CrlStanding::Ordered)) {
        store.write(|writing| writing.queue_loss(id, now))?;
    }
    let damaged = || Error::failed("store-damaged", serial.as_str());
    let reading = store.read();
    let ukey = reading.ukey(serial)?.ok_or_else(damaged)?;
    let mut losses = reading.losses_of(serial)?.into_iter();
    let row = losses.find(|row| row.id == id).ok_or_else(damaged)?;
    Ok(Reported {
        ukey,
        loss: view(row, now),
        crl,
        temporary_ended: Vec::new(),
    })
}

fn view(row: LossRow, now: Timestamp) -> LossView {
    LossView {
        clock: LossClock::new(row.reported_at, row.stood_at(), now),
        row,
    }
}

/// A suspended ukey was found: with the holder's signed statement it goes back to the state that it had,
/// the certificate of a temporary ukey that stood in is revoked (D-20), and the hold ends; one that waits
/// for a changed PIN too stays on hold (D-43, D-59).
///
/// # Errors
/// `wrong-duty` (system or security), `ukey-unknown`, `ukey-not-suspended`, `certificate-revoked` once it
/// is revoked for good, `scan-invalid`; `clock-implausible` where the hold would be over by a clock that
/// nobody believes.
pub fn found(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &str,
    statement: &[u8],
) -> Result<Reported, Error> {
    officer.demand(duty_to_find(officer.post()))?;
    end_holds(desk)?;
    let ukey = ukeys::named(desk, officer, serial)?;
    let serial = &ukey.identity.serial;
    let (on_it, losses, stood_in) = {
        let store = desk.store();
        let reading = store.read();
        let on_it = reading.certificates_on(serial)?;
        let stood_in = temporary::standing_in(&reading, &on_it)?;
        (on_it, reading.losses_of(serial)?, stood_in)
    };
    let open = losses.iter().rev();
    let open = open.into_iter().find(|row| is_open_suspension(row));
    let (UkeyState::Suspended, Some(open)) = (ukey.state, open) else {
        let gone = matches!(ukey.state, UkeyState::Suspended | UkeyState::Lost);
        let code = if gone {
            "certificate-revoked"
        } else {
            "ukey-not-suspended"
        };
        return Err(Error::refused(code, serial.as_str()));
    };
    let scan = papers::check_scan(statement)?;
    let by_now = clock::now();
    if by_now > open.reported_at.plus_secs(HOLD_SECS) {
        return Err(Error::refused("clock-implausible", by_now.to_string()));
    }
    let mut audit = Desk::audit_row(officer, "ukey-found");
    about(&mut audit, &ukey, open);
    let ended = stood_in.iter().map(|row| format!("; ends {}", row.serial));
    audit.detail = Some(format!(
        "{}; statement sha256 {}{}",
        open.id,
        hex::encode(scan.sha256.0),
        ended.collect::<String>()
    ));
    let now = audit.at;
    desk.store().act(&audit, |writing| {
        let states = (UkeyState::Suspended, open.state_before);
        writing.move_ukey(serial, states, ukey.request, now)?;
        for certificate in &on_it {
            writing.lift_suspension(&certificate.serial)?;
        }
        temporary::end(writing, &stood_in, now)?;
        let by = officer.name().as_str();
        writing.end_suspension(serial, (by, now), LossEnding::Found)?;
        writing.put_loss_statement(&open.id, (scan.sha256, scan.kind), statement)
    })?;
    let crl = Some(ca::publish_as(desk, officer));
    let mut found = told(desk, serial, &open.id, crl)?;
    found.temporary_ended = stood_in.into_iter().map(|row| row.serial).collect();
    Ok(found)
}

/// What lets an officer of this post take a suspended ukey as found: the desk sees the holder with it,
/// and lifting a hold is security's as well (D-7).
pub fn duty_to_find(post: Post) -> Duty {
    match post {
        Post::Security => Duty::Revoke,
        Post::System | Post::Auditor => Duty::HandOut,
    }
}

fn is_open_suspension(row: &LossRow) -> bool {
    row.kind == LossKind::Suspended && row.end.is_none()
}

/// Every report, or only those whose clock runs, the oldest first.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer, open: bool) -> Result<Vec<LossView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let rows = if open {
        reading.open_losses()?
    } else {
        reading.losses()?
    };
    let now = clock::now();
    Ok(rows.into_iter().map(|row| view(row, now)).collect())
}

/// Ukeys that were made for somebody, as a search finds them: a part of the serial number or of the
/// holder's name, or the request's number; at most so many.
///
/// # Errors
/// What the store says.
pub fn holders(
    desk: &Desk,
    officer: &ActingOfficer,
    search: &str,
    limit: usize,
) -> Result<Vec<HolderRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().holders(search, limit)?)
}

/// For whom a ukey was made, or is set aside.
///
/// # Errors
/// What the store says.
pub fn holder_of(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &Serial,
) -> Result<Option<HolderRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().holder_of(serial)?)
}

/// The reports of one ukey, the oldest first.
///
/// # Errors
/// What the store says.
pub fn of_ukey(
    desk: &Desk,
    officer: &ActingOfficer,
    serial: &Serial,
) -> Result<Vec<LossView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let rows = desk.store().read().losses_of(serial)?;
    let now = clock::now();
    Ok(rows.into_iter().map(|row| view(row, now)).collect())
}

/// Stops the clock of every report that the published lists tell of together, once they were fetched back;
/// gives their number (D-41). A ukey may have certificates of two generations of the CA (D-60).
pub(in crate::station) fn confirm(
    desk: &Desk,
    officer: &ActingOfficer,
    lists: &[&CheckedCrl],
) -> Result<usize, Error> {
    let Some(list) = lists.iter().max_by_key(|list| list.number) else {
        return Ok(0);
    };
    let made_at = lists.iter().map(|list| list.this_update).min();
    let made_at = made_at.unwrap_or(list.this_update);
    let entries: BTreeMap<&CertificateSerial, RevocationReason> = lists
        .iter()
        .flat_map(|list| &list.revoked)
        .map(|entry| (&entry.serial, entry.reason))
        .collect();
    let told: Vec<LossRow> = {
        let store = desk.store();
        let reading = store.read();
        let mut told = Vec::new();
        for row in reading.open_losses()? {
            let on_it = reading.certificates_on(&row.ukey)?;
            if is_told(&row, &on_it, (&entries, made_at)) {
                told.push(row);
            }
        }
        told
    };
    if told.is_empty() {
        return Ok(0);
    }
    let now = clock::now();
    desk.store().act_on_many(|writing, acts| {
        for row in &told {
            let mut audit = Desk::audit_row(officer, "loss-confirmed");
            audit.ukey = Some(row.ukey.to_string());
            audit.certificate = Some(row.certificate.to_string());
            let secs = now.unix_secs() - row.reported_at.unix_secs();
            audit.detail = Some(format!("CRL {}, {secs} s; {}", list.number, row.id));
            writing.confirm_loss(&row.id, (list.number, now))?;
            acts.add(&audit)?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(told.len())
}

/// Whether the list says what was reported: of every certificate on the ukey that stood in for its holder
/// then and counts no more; one that has ended since needs no entry.
fn is_told(
    row: &LossRow,
    on_it: &[CertificateRow],
    (entries, made_at): (&BTreeMap<&CertificateSerial, RevocationReason>, Timestamp),
) -> bool {
    let said = |certificate: &CertificateRow| {
        let reason = entries.get(&certificate.serial);
        reason.is_some_and(|reason| row.kind.is_told_by(*reason))
    };
    let mut meant = on_it.iter().filter(|certificate| {
        let ended = certificate.not_after < row.reported_at.max(made_at);
        certificate.reason.is_some() && !ended
    });
    meant.all(said)
}

/// Takes every suspension that has lasted longer than a hold may for a loss: the key counts as
/// compromised, by the date of the hold (D-43). Done before a list is made and whenever the home is
/// opened to be changed or examined; gives their number. Never under a clock that nobody believes (D-61):
/// it cannot be undone, and until then the list says that the certificate is on hold.
pub(in crate::station) fn end_holds(desk: &Desk) -> Result<usize, Error> {
    let ClockView { now, plausible, .. } = clock_check::look(desk)?;
    if !plausible {
        return Ok(0);
    }
    let over = desk
        .store()
        .read()
        .suspensions_until(now.plus_secs(-HOLD_SECS))?;
    for suspension in &over {
        let (ukey, on_it, standing) = {
            let store = desk.store();
            let reading = store.read();
            (
                reading.ukey(&suspension.ukey)?,
                reading.certificates_on(&suspension.ukey)?,
                reading.standing_certificate(&suspension.ukey)?,
            )
        };
        let Some(ukey) = ukey.filter(|row| row.state == UkeyState::Suspended) else {
            continue; // Moved by another act, which ended the suspension.
        };
        let why = (STATION, suspension.id.as_str());
        let row = row(&ukey, standing, LossKind::Lost, why)?;
        let mut audit = AuditRow::new(now, STATION, None, "hold-over");
        about(&mut audit, &ukey, &row);
        desk.store()
            .act(&audit, |writing| put(writing, &ukey, &on_it, &row))?;
    }
    Ok(over.len())
}
