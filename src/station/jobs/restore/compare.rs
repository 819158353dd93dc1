//! A restored home beside the world outside (D-52): the newest checkpoint, the newest list of revoked
//! certificates, and the ukeys that are plugged in. What they know and the records do not is taken in, and
//! only then ukeys are made again. It can be repeated when something else comes to light.

use std::path::{Path, PathBuf};

use super::{RESTORED, Record, read_named};
use crate::domain::certificate::{
    CertificateSerial, CertificateState, Generation, RevocationReason,
};
use crate::domain::checkpoint::{CheckpointCode, LogPosition, Standing};
use crate::domain::officer::Duty;
use crate::domain::ukey::{Expected, Serial, UkeyState};
use crate::issuing::check;
use crate::issuing::crl::{self, CheckedCrl, Revoked};
use crate::station::authorities::Issuer;
use crate::station::bench::{self, Inserted, Unusable};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::{self, CrlStanding};
use crate::station::jobs::{audit, older_records};
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::UnknownCertificateRow;
use crate::token::worker::Worker;

/// cRLNumber goes on so far from that of the backup: more lists are not signed between two backups, so
/// it only grows, whichever of them are known (D-43).
const CRL_NUMBERS_LEFT_OUT: u64 = 1000;

/// The newest checkpoint that is known outside.
#[derive(Clone, Copy, Debug)]
pub enum Outside<'a> {
    /// Its file.
    File(&'a Path),
    /// Its short code: from a paper slip, or told by a neighbour.
    Code(&'a CheckpointCode),
    /// The officers say that there is none.
    Nothing,
}

/// The newest published lists of revoked certificates: one of each generation of the CA (D-60).
#[derive(Clone, Copy, Debug)]
pub struct Lists<'a> {
    /// Their files.
    pub files: &'a [PathBuf],
    /// The officers say that there is none but these.
    pub no_other: bool,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// What the log of the backup says to the checkpoint.
    pub standing: Option<Standing>,
    /// How many rows of the log were lost, as far as the checkpoint tells.
    pub lost: Option<u64>,
    /// Certificates that the list revokes and the records held valid.
    pub revoked: Vec<CertificateSerial>,
    /// Certificates that the records do not hold: the ukey each was read from, if it was.
    pub unknown: Vec<(CertificateSerial, Option<Serial>)>,
    /// Ukeys that stood as blank and are not: out of stock as damaged.
    pub damaged: Vec<Serial>,
    /// cRLNumber of the list.
    pub crl_number: Option<u64>,
}

/// Compares, and takes in what is found: system proposes, security is the second. Tells also where the next
/// list stands, if it has more entries.
///
/// # Errors
/// `wrong-duty`, `restore-none`, `restore-forked` when the backup is of another history than the
/// checkpoint, `checkpoint-other-home`, `checkpoint-invalid`, `crl-invalid`, `exchange-crl-older` when a
/// newer list is known here, or a ukey's fault.
pub fn compare(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (outside, lists): (Outside<'_>, Lists<'_>),
) -> Result<(Compared, Option<CrlStanding>), Error> {
    officer.demand(Duty::SetUp)?;
    let record = Record::read(desk)?;
    let record = record.ok_or_else(|| Error::refused("restore-none", ""))?;
    let mut found = Compared::default();
    check_log(desk, &record.position(desk), outside, &mut found)?;
    let authority = desk.authority().ok(); // None yet: then there is no certificate either.
    let lists = match (lists.files.first(), &authority) {
        (Some(path), None) => return Err(invalid(path)),
        _ => read_lists(desk, lists)?,
    };
    found.crl_number = lists.iter().map(|list| list.number).max();
    let mut rows = Vec::new();
    for list in &lists {
        rows.extend(unknown_of_list(desk, list)?);
    }
    let plugged = bench::look(desk)?.ukeys;
    if authority.is_some() {
        let issuers = desk.issuers()?;
        for ukey in plugged.iter().filter(|ukey| is_holders(ukey)) {
            rows.extend(unknown_on(desk, ukey, &issuers)?);
        }
    }
    found.damaged = not_blank(desk, &plugged)?;
    let found = keep(desk, officer, second, (record, lists, rows), found)?;
    let changed = !found.revoked.is_empty() || !found.unknown.is_empty();
    let standing = changed.then(|| ca::publish_after_change(desk));
    Ok((found, standing))
}

/// What the log of the backup says to the checkpoint.
fn check_log(
    desk: &Desk,
    base: &LogPosition,
    outside: Outside<'_>,
    found: &mut Compared,
) -> Result<(), Error> {
    let seen = match outside {
        Outside::File(path) => Some(audit::position_in(desk, path)?),
        Outside::Code(_) | Outside::Nothing => None,
    };
    let (count, standing) = {
        let store = desk.store();
        let reading = store.read();
        // Rows of the new instance are no answer to a checkpoint of the one before.
        let then = |count: u64| {
            let ours = count <= base.count;
            ours.then(|| reading.audit_hash_at(count))
                .transpose()
                .map(Option::flatten)
        };
        match (seen, outside) {
            (Some(seen), _) => (seen.count, base.against(&seen, then(seen.count)?.as_ref())),
            (None, Outside::Code(code)) => {
                let mut instances = reading.audit_instances()?;
                instances.retain(|(epoch, _instance)| *epoch <= base.epoch);
                let then = then(code.count())?;
                (
                    code.count(),
                    base.against_code(&instances, code, then.as_ref()),
                )
            }
            (None, Outside::Nothing | Outside::File(_)) => return Ok(()),
        }
    };
    match standing {
        Standing::Matches => found.lost = Some(0),
        // As it must be: something was done after the backup.
        Standing::Shorter => found.lost = Some(count.saturating_sub(base.count)),
        Standing::Forked => return Err(Error::refused("restore-forked", base.code().to_string())),
        Standing::OtherHome => return Err(Error::refused("checkpoint-other-home", "")),
    }
    found.standing = Some(standing);
    Ok(())
}

fn invalid(path: &Path) -> Error {
    Error::refused("crl-invalid", path.display().to_string())
}

/// Every list; of each generation whose certificates last there must be one, or nobody would know what it
/// has revoked: the next list would make it count again.
fn read_lists(desk: &Desk, lists: Lists<'_>) -> Result<Vec<CheckedCrl>, Error> {
    let read = lists.files.iter().map(|path| read_list(desk, path));
    let (lists_read, of): (Vec<CheckedCrl>, Vec<Generation>) =
        read.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    if lists.no_other || desk.authority().is_err() {
        return Ok(lists_read);
    }
    let issuers = desk.issuers()?.into_iter();
    let mut missing = issuers.filter(|one| one.signs_lists() && !of.contains(&one.generation));
    match missing.next() {
        Some(one) => Err(Error::refused(
            "restore-crl-missing",
            one.generation.to_string(),
        )),
        None => Ok(lists_read),
    }
}

/// The list, DER or PEM, if the CA signed it and none newer is known here; and which generation did.
fn read_list(desk: &Desk, path: &Path) -> Result<(CheckedCrl, Generation), Error> {
    let bytes = read_named(path)?;
    let der = match der::pem::decode_vec(&bytes) {
        Ok(("X509 CRL", der)) => der,
        Ok(_) | Err(_) => bytes,
    };
    let issuers = desk.issuers()?.into_iter();
    let mut signed =
        issuers.filter_map(|issuer| Some((crl::check(&der, &issuer.authority)?, issuer)));
    let (list, issuer) = signed.next().ok_or_else(|| invalid(path))?;
    let published = desk.published_list(&issuer);
    if published.is_some_and(|(known, _der)| known.number > list.number) {
        let text = path.display().to_string();
        return Err(Error::refused("exchange-crl-older", text));
    }
    Ok((list, issuer.generation))
}

/// What the own CA has revoked that these records never issued.
fn unknown_of_list(desk: &Desk, list: &CheckedCrl) -> Result<Vec<UnknownCertificateRow>, Error> {
    if desk.ca_is_elsewhere()? {
        return Ok(Vec::new()); // Most entries are other units'.
    }
    let noticed_at = clock::now();
    let mut rows = Vec::new();
    for Revoked { serial, at, reason } in &list.revoked {
        if !desk.store().read().knows_certificate(serial)? {
            rows.push(UnknownCertificateRow {
                serial: serial.clone(),
                ukey: None,
                certificate: None,
                noticed_at,
                reason: *reason,
                revoked_at: *at,
            });
        }
    }
    Ok(rows)
}

/// Whether a ukey may hold a holder's certificate.
fn is_holders(ukey: &Inserted) -> bool {
    let of_officer = ukey
        .record
        .as_ref()
        .is_some_and(|row| row.officer.is_some());
    ukey.reading.public_objects > 0 && !of_officer
}

/// Certificates on a ukey that this CA signed and the records do not hold: the approval that each was
/// issued under stands here as unused, so the certificate goes (D-23).
fn unknown_on(
    desk: &Desk,
    ukey: &Inserted,
    issuers: &[Issuer],
) -> Result<Vec<UnknownCertificateRow>, Error> {
    let identity = &ukey.reading.identity;
    let profile = desk.profile(&ukey.profile)?;
    let spec = if ukey.folder.is_some() {
        bench::virtual_spec(desk, &identity.serial, &ukey.profile)?
    } else {
        let gone = || Error::failed("module-missing", profile.name.clone());
        bench::reader_spec(desk, profile, Some(&identity.serial)).ok_or_else(gone)?
    };
    let mut worker = Worker::start(&spec)?;
    worker.identify(Expected::from(identity))?;
    let now = clock::now();
    let mut rows = Vec::new();
    for (_id, der) in worker.inventory()?.certificates {
        // A root is its own CA's too.
        let signed = issuers.iter().find_map(|issuer| {
            let signed = check::signed_by(&der, &issuer.authority);
            signed.filter(|_signed| der != issuer.authority.certificate())
        });
        let Some(certificate) = signed else {
            continue; // The chain, or another CA's.
        };
        let serial = certificate.serial;
        if desk.store().read().knows_certificate(&serial)? {
            continue;
        }
        rows.push(UnknownCertificateRow {
            serial,
            ukey: Some(identity.serial.clone()),
            certificate: Some((certificate.key, der)),
            noticed_at: now,
            reason: RevocationReason::Superseded,
            revoked_at: now,
        });
    }
    Ok(rows)
}

/// Ukeys that stand as blank and bear the label of a run: their SO PIN is lost with the records.
fn not_blank(desk: &Desk, plugged: &[Inserted]) -> Result<Vec<Serial>, Error> {
    let mut serials = older_records::noticed(desk)?;
    for ukey in plugged {
        let serial = &ukey.reading.identity.serial;
        if ukey.usable == Err(Unusable::RecordsOlder) && !serials.contains(serial) {
            serials.push(serial.clone());
        }
    }
    let store = desk.store();
    let reading = store.read();
    let mut damaged = Vec::new();
    for serial in serials {
        if reading
            .ukey(&serial)?
            .is_some_and(|row| row.state == UkeyState::Blank)
        {
            damaged.push(serial);
        }
    }
    Ok(damaged)
}

/// Each certificate in an act of its own, then all the rest in one.
fn keep(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (mut record, lists, rows): (Record, Vec<CheckedCrl>, Vec<UnknownCertificateRow>),
    mut found: Compared,
) -> Result<Compared, Error> {
    let known = desk.store().read().unknown_certificates()?;
    for row in rows {
        let serial = row.serial.clone();
        let told = |other: &&UnknownCertificateRow| {
            other.serial == serial && (other.ukey.is_some() || row.ukey.is_none())
        };
        if known.iter().any(|other| told(&other)) {
            continue;
        }
        let mut audit = Desk::audit_row(officer, "certificate-unknown");
        audit.certificate = Some(serial.to_string());
        audit.ukey = row.ukey.as_ref().map(|ukey| ukey.as_str().to_owned());
        audit.detail = Some(row.reason.word().to_owned());
        desk.store()
            .act(&audit, |writing| writing.keep_unknown_certificate(&row))?;
        found.unknown.retain(|(other, _ukey)| *other != serial);
        found.unknown.push((serial, row.ukey));
    }
    let changes = revocations(desk, &lists)?;
    found.revoked = changes.iter().map(|change| change.serial.clone()).collect();
    let first = record.compared_at.is_none();
    let now = clock::now();
    record.compared_at = Some(record.compared_at.unwrap_or(now));
    let text = record.text()?;
    let number = next_number(desk, &lists, first)?;
    let mut audit = Desk::audit_row(officer, "restore-compared");
    audit.detail = Some(summary(&found, second));
    desk.store().act(&audit, |writing| {
        for Revoked { serial, at, reason } in &changes {
            writing.revoke_certificate(serial, *reason, *at)?;
        }
        for serial in &found.damaged {
            let damaged = (UkeyState::Blank, UkeyState::Damaged);
            writing.move_ukey(serial, damaged, None, now)?;
        }
        older_records::settle(writing)?;
        if let Some(number) = number {
            writing.set_meta("crl_number", &number.to_string())?;
        }
        writing.set_meta(RESTORED, &text)
    })?;
    Ok(found)
}

/// Entries of the list that say more than the records do.
fn revocations(desk: &Desk, lists: &[CheckedCrl]) -> Result<Vec<Revoked>, Error> {
    let store = desk.store();
    let reading = store.read();
    let mut changes = Vec::new();
    for entry in lists.iter().flat_map(|list| &list.revoked) {
        let Some(row) = reading.certificate(&entry.serial)? else {
            continue;
        };
        let held_again = row.state == CertificateState::Hold
            && entry.reason == RevocationReason::CertificateHold;
        if row.state != CertificateState::Revoked && !held_again {
            changes.push(entry.clone());
        }
    }
    Ok(changes)
}

/// The number that the next list counts on from; the CA's own matter where it is elsewhere.
fn next_number(desk: &Desk, lists: &[CheckedCrl], first: bool) -> Result<Option<u64>, Error> {
    if desk.ca_is_elsewhere()? {
        return Ok(None);
    }
    let text = desk.store().read().meta("crl_number")?;
    let here: u64 = text.and_then(|text| text.parse().ok()).unwrap_or_default();
    let left_out = if first { CRL_NUMBERS_LEFT_OUT } else { 0 };
    let there = lists.iter().map(|list| list.number).max().unwrap_or(0);
    Ok(Some(here.saturating_add(left_out).max(there)))
}

fn summary(found: &Compared, second: &SecondOfficer) -> String {
    let Compared {
        standing,
        lost,
        revoked,
        unknown,
        damaged,
        crl_number,
    } = found;
    let log = match (standing, lost) {
        (Some(_), Some(lost)) => format!("checkpoint, {lost} rows lost"),
        _ => "no checkpoint".to_owned(),
    };
    let list = crl_number.map_or_else(|| "no CRL".to_owned(), |number| format!("CRL {number}"));
    format!(
        "{log}; {list}; {} revoked, {} unknown, {} damaged; {}",
        revoked.len(),
        unknown.len(),
        damaged.len(),
        second.told()
    )
}

/// Certificates that came to light: they go on every list.
///
/// # Errors
/// What the store says.
pub fn unknown(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<UnknownCertificateRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().unknown_certificates()?)
}

/// The same for the list itself.
pub(in crate::station) fn to_revoke(desk: &Desk) -> Result<Vec<Revoked>, Error> {
    let rows = desk.store().read().unknown_certificates()?.into_iter();
    let rows = rows.map(|row| Revoked {
        serial: row.serial,
        at: row.revoked_at,
        reason: row.reason,
    });
    Ok(rows.collect())
}
