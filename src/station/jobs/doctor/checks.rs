//! The checks: each looks at one thing and says what it found.

use std::os::unix::fs::PermissionsExt as _;

use super::super::{health, losses, older_records, ukeys, unit_lists};
use super::{Detail, Finding};
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyState;
use crate::memory;
use crate::station::desk::{Desk, PRACTICE_PROFILE};
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};
use crate::token::{profiles, reader};

/// Less free space than this is soon none: a backup and a store that grows need it.
const FREE_BYTES: u64 = 500 * 1024 * 1024;
/// Where the service for card readers listens (pcsc-lite on Debian and Ubuntu).
const READER_SERVICE: &str = "/run/pcscd/pcscd.comm";

/// Every check, in the order in which a person would look.
pub(super) fn all(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Finding>, Error> {
    let now = clock::now();
    let mut findings = permissions(desk)?;
    findings.push(space(desk)?);
    findings.push(cost(desk));
    findings.push(locked_memory());
    findings.push(forms(desk)?);
    findings.push(audit(desk)?);
    findings.push(time(desk, now)?);
    let older = older_records::noticed(desk)?.len();
    findings.push(found("records", older == 0, counted("records", older)));
    findings.extend(super::backups::all(desk, officer, now)?);
    findings.extend(ca(desk, now)?);
    findings.push(list(desk, now)?);
    findings.push(losses(desk, officer)?);
    let ended = unit_lists::ended(desk, officer)?.len();
    findings.push(found(
        "unit-lists",
        ended == 0,
        counted("unit-lists", ended),
    ));
    let open = desk.store().read().open_runs()?.len();
    findings.push(found("open-runs", open == 0, counted("open-runs", open)));
    findings.push(escrow(desk)?);
    findings.extend(modules(desk));
    findings.push(plugged(desk, officer)?);
    findings.extend(reader_service(desk));
    findings.extend(readers(desk));
    Ok(findings)
}

fn counted(word: &str, count: usize) -> Detail {
    Detail::new(word, [("count", count.to_string())])
}

/// An error's code: people read its headline.
fn failed(code: &str) -> Detail {
    Detail::new("error", [("codes", code.to_owned())])
}

fn found(check: &str, ok: bool, detail: Detail) -> Finding {
    Finding {
        check: check.to_owned(),
        ok,
        detail,
    }
}

fn permissions(desk: &Desk) -> Result<Vec<Finding>, Error> {
    let home = desk.home();
    let files = [
        ("home", home.path().to_owned()),
        ("station.db", home.store()),
        ("keys.json", home.keys()),
    ];
    let mode = |(name, path): (&str, std::path::PathBuf)| {
        let facts = std::fs::metadata(&path).map_err(|error| Error::io(&path, error))?;
        let mode = facts.permissions().mode() & 0o777;
        let ours_alone = (mode & 0o077).count_ones() == 0;
        let values = [("name", name.to_owned()), ("mode", format!("{mode:04o}"))];
        Ok(found(
            "permissions",
            ours_alone,
            Detail::new("permissions", values),
        ))
    };
    files.into_iter().map(mode).collect()
}

fn space(desk: &Desk) -> Result<Finding, Error> {
    let path = desk.home().path();
    let facts = rustix::fs::statvfs(path).map_err(|error| Error::io(path, error.into()))?;
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    let mib = free / (1024 * 1024);
    let detail = Detail::new("disk-space", [("mib", mib.to_string())]);
    Ok(found("disk-space", free >= FREE_BYTES, detail))
}

fn cost(desk: &Desk) -> Finding {
    let practice = desk.keys().has_practice_cost();
    let word = if practice {
        "argon2-practice"
    } else {
        "argon2-real"
    };
    found(
        "argon2-cost",
        desk.is_practice() || !practice,
        Detail::new(word, []),
    )
}

/// Whether a PIN that is typed at this moment could be swapped out.
fn locked_memory() -> Finding {
    let locked = memory::can_be_locked();
    let word = if locked {
        "memory-locked"
    } else {
        "memory-open"
    };
    found("memory", locked, Detail::new(word, []))
}

/// Nobody can tell whether an officer without form 1 decides on their own application (D-8).
fn forms(desk: &Desk) -> Result<Finding, Error> {
    let officers = desk.store().read().officers()?;
    let unknown = officers
        .iter()
        .filter(|row| row.enabled && row.post == Post::Security && row.person.is_none());
    let unknown = unknown.count();
    Ok(found(
        "officers-form-1",
        desk.is_practice() || unknown == 0,
        counted("officers-form-1", unknown),
    ))
}

fn audit(desk: &Desk) -> Result<Finding, Error> {
    let verdict = desk.store().verify_audit()?;
    let intact = verdict.first_broken.is_none();
    let detail = Detail::new("audit", [("rows", verdict.rows.to_string())]);
    Ok(found("audit", intact, detail))
}

fn time(desk: &Desk, now: Timestamp) -> Result<Finding, Error> {
    let newest = desk.store().read().newest_time()?;
    let plausible = newest.is_none_or(|newest| newest <= now);
    let detail = Detail::new("clock", [("now", now.to_string())]);
    Ok(found("clock", plausible, detail))
}

fn ca(desk: &Desk, now: Timestamp) -> Result<Option<Finding>, Error> {
    if desk.ca_is_elsewhere()? {
        return Ok(None);
    }
    Ok(Some(match desk.authority() {
        Ok(authority) => {
            let until = authority.not_after();
            let detail = Detail::new("ca", [("until", until.to_string())]);
            found("ca", until > now, detail)
        }
        Err(error) => found("ca", false, failed(error.code)),
    }))
}

/// The published list of revoked certificates: there, the CA's, and not past the half of its time (D-43).
fn list(desk: &Desk, now: Timestamp) -> Result<Finding, Error> {
    let Some(list) = health::first_to_end(desk) else {
        let none = !health::is_needed(desk)?;
        return Ok(found("crl", none, Detail::new("crl-none", [])));
    };
    let until = list.next_update.map(|next| next.to_string());
    let values = [
        ("number", list.number.to_string()),
        ("until", until.unwrap_or_default()),
    ];
    Ok(found("crl", !list.is_due(now), Detail::new("crl", values)))
}

/// Every loss that was reported is in the published list, and within its time (D-41).
fn losses(desk: &Desk, officer: &ActingOfficer) -> Result<Finding, Error> {
    losses::end_holds(desk)?;
    let open = losses::list(desk, officer, true)?;
    let overdue = open.iter().filter(|view| view.clock.is_overdue()).count();
    let values = [
        ("count", open.len().to_string()),
        ("overdue", overdue.to_string()),
    ];
    let detail = Detail::new("losses", values);
    Ok(found("losses", open.is_empty(), detail))
}

/// Every ukey that was made here has its SO PIN in escrow (D-37).
fn escrow(desk: &Desk) -> Result<Finding, Error> {
    let (ukeys, kept) = {
        let store = desk.store();
        let reading = store.read();
        (reading.ukeys(None)?, reading.escrow()?)
    };
    let made = [
        UkeyState::Issued,
        UkeyState::HandedOut,
        UkeyState::Suspended,
    ];
    let missing = ukeys.iter().filter(|row| {
        let has = |(serial, ..): &(_, _, _)| *serial == row.identity.serial;
        made.contains(&row.state) && !kept.iter().any(has)
    });
    let missing = missing.count();
    Ok(found("escrow", missing == 0, counted("escrow", missing)))
}

fn modules(desk: &Desk) -> Vec<Finding> {
    let wanted = desk.profiles().values().filter(|profile| {
        let ours = profile.virtual_ukey.is_none() || profile.name == PRACTICE_PROFILE;
        ours && (profile.tested || !desk.is_practice())
    });
    let look = |profile| {
        let module = profiles::module_path(profile);
        let name = ("profile", profile.name.clone());
        let detail = match &module {
            Some(path) => Detail::new("module", [name, ("path", path.display().to_string())]),
            None => Detail::new("module-none", [name]),
        };
        found("module", module.is_some(), detail)
    };
    wanted.map(look).collect()
}

fn plugged(desk: &Desk, officer: &ActingOfficer) -> Result<Finding, Error> {
    let bench = ukeys::inserted(desk, officer)?;
    let readable = bench.ukeys.len();
    let troubles = bench.troubles.iter();
    let codes: Vec<_> = troubles.map(|trouble| trouble.fault.kind.word()).collect();
    let detail = if codes.is_empty() {
        counted("ukeys", readable)
    } else {
        let values = [
            ("count", readable.to_string()),
            ("codes", codes.join(Detail::BETWEEN_CODES)),
        ];
        Detail::new("ukeys-trouble", values)
    };
    Ok(found("ukeys", codes.is_empty(), detail))
}

/// Ukeys that look like a card in a reader need its service; practice has none.
fn reader_service(desk: &Desk) -> Option<Finding> {
    let runs = std::path::Path::new(READER_SERVICE).exists();
    let word = if runs {
        "reader-service-runs"
    } else {
        "reader-service-stopped"
    };
    (!desk.is_practice()).then(|| found("reader-service", runs, Detail::new(word, [])))
}

/// The readers themselves, as their service tells them.
fn readers(desk: &Desk) -> Option<Finding> {
    if desk.is_practice() {
        return None;
    }
    let Some(readers) = reader::standing() else {
        return Some(found("readers", false, Detail::new("readers-silent", [])));
    };
    let readers: Vec<_> = readers
        .into_iter()
        .map(|reader::Standing { reader, card }| {
            let what = if card { " (card)" } else { "" };
            format!("{reader}{what}")
        })
        .collect();
    let detail = match readers.as_slice() {
        [] => Detail::new("readers-none", []),
        some => Detail::new("readers", [("names", some.join(", "))]),
    };
    Some(found("readers", true, detail))
}
