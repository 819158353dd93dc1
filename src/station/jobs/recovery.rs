//! Break-glass (D-46): the recovery kit, three shares on paper, of which two enrol a replacement officer for
//! some days. What they open is the store key: it reads and writes records, and neither approves nor issues
//! nor opens an SO PIN.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::documents::recovery_share::{self, ShareOf, ShareSheet};
use crate::domain::audit::AuditRow;
use crate::domain::officer::{Duty, OfficerName, Post, TEMPORARY_SECS};
use crate::domain::pin::PinAlphabet;
use crate::domain::timestamp::Timestamp;
use crate::keys::escrow::EscrowKey;
use crate::keys::file;
use crate::keys::secret::{SecretKey, SecretText};
use crate::keys::shares::{SHARES, Share, ShareFault};
use crate::keys::wrap::{KeysFile, OfficerSecrets, OwnPins, Recovered};
use crate::station::desk::{self, Desk, PRACTICE_PROFILE};
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::station::home::Home;
use crate::station::sign_in::{self, AskSecret};
use crate::station::{ActingOfficer, SecondOfficer, clock, key_token, ukey_pins};
use crate::store::{OfficerRow, Store, TemporaryRow};
use crate::token::profiles;

pub use crate::keys::shares::LINES;

/// What each paper of the kit is called, before its number.
pub(super) const KIT_PAPER: &str = "share";
/// Setting: who keeps the shares, JSON.
const CUSTODIANS: &str = "recovery_custodians";

/// Makes a kit in place of the one before, and writes each share to a paper of its own in `dir`:
/// `share-1.pdf` and so on. They are nowhere else.
///
/// # Errors
/// `wrong-duty`, `custodian-is-officer`, `custodians-same`, `file-exists`, or what the file
/// system says; the kit before then still holds.
pub fn make_kit(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (dir, custodians): (&Path, &[String]),
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::SetUp)?;
    check_custodians(desk, custodians)?;
    let papers = vacant_papers(dir, KIT_PAPER)?;
    let now = clock::now();
    // On paper first: a kit whose shares nobody has replaces none.
    let mut next = desk.keys().clone();
    let shares = next.make_kit(&desk.store_key(), now)?;
    write_papers(desk, ShareOf::Kit, (&shares, custodians), &papers)?;
    desk.home().change_keys(&mut desk.keys(), |keys| {
        keys.take_kit_of(&next);
    })?;
    let known = serde_json::to_string(&Custodians {
        names: custodians.to_vec(),
        made_at: now,
    });
    let known = known.map_err(|error| Error::failed("store-damaged", CUSTODIANS).because(error))?;
    let mut audit = Desk::audit_row(officer, "recovery-kit-made");
    audit.detail = Some(second.told());
    desk.store()
        .act(&audit, |writing| writing.set_meta(CUSTODIANS, &known))?;
    Ok(papers)
}

/// Writes each share to its paper. They are nowhere else.
pub(super) fn write_papers(
    desk: &Desk,
    of: ShareOf,
    (shares, custodians): (&[Share], &[String]),
    papers: &[PathBuf],
) -> Result<(), Error> {
    let unit = desk.own_unit()?.name;
    let texts = custodians.iter().map(String::as_str).chain([unit.as_str()]);
    let font = fonts::with(Face::Sans, texts)?;
    let made_on = clock::now().date().to_string();
    let checkpoint = desk.store().read().audit_position(desk.id())?.code();
    for ((share, custodian), path) in shares.iter().zip(custodians).zip(papers) {
        let folder = file::folder_of(path);
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        let lines = share.lines();
        let texts: Vec<&str> = lines.iter().map(SecretText::expose).collect();
        let sheet = ShareSheet {
            of,
            unit: &unit,
            custodian,
            number: share.number(),
            shares: SHARES,
            made_on: made_on.clone(),
            lines: &texts,
            checkpoint: checkpoint.to_string(),
        };
        let pdf = recovery_share::pdf(&sheet, &font).map_err(fonts::paper)?;
        let pdf = Zeroizing::new(pdf);
        file::replace(path, &pdf).map_err(|error| Error::io(path, error))?;
    }
    Ok(())
}

/// Who keeps the shares.
#[derive(Debug, Serialize, Deserialize)]
struct Custodians {
    names: Vec<String>,
    made_at: Timestamp,
}

/// Three people, and no officer among them, by whatever name.
pub(super) fn check_custodians(desk: &Desk, custodians: &[String]) -> Result<(), Error> {
    check_different(custodians)?;
    let store = desk.store();
    let reading = store.read();
    for row in reading.officers()?.iter().filter(|row| row.enabled) {
        let form = row.request.map(|id| reading.request(id)).transpose()?;
        let person = form.as_ref().map(|form| form.holder_name.as_str());
        check_no_officer(custodians, [row.name.as_str()].into_iter().chain(person))?;
    }
    Ok(())
}

/// As many people as shares, each with a name.
///
/// # Errors
/// `custodians-same`.
pub(super) fn check_different(custodians: &[String]) -> Result<(), Error> {
    let mut different: Vec<&str> = custodians.iter().map(|name| name.trim()).collect();
    different.retain(|name| !name.is_empty());
    different.sort_unstable();
    different.dedup();
    let shares = usize::from(SHARES);
    if different.len() != shares || custodians.len() != shares {
        return Err(Error::usage("custodians-same", ""));
    }
    Ok(())
}

/// Who keeps a share is no officer (D-46).
///
/// # Errors
/// `custodian-is-officer`.
pub(super) fn check_no_officer<'a>(
    custodians: &[String],
    officers: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    for officer in officers {
        if custodians.iter().any(|name| name.trim() == officer) {
            return Err(Error::refused("custodian-is-officer", officer));
        }
    }
    Ok(())
}

/// The papers of three shares in `dir`, where nothing is in their way.
///
/// # Errors
/// `file-exists`.
pub(super) fn vacant_papers(dir: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    let papers = (1..=SHARES).map(|number| dir.join(format!("{name}-{number}.pdf")));
    let papers: Vec<PathBuf> = papers.collect();
    match papers.iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(there) => Err(Error::usage("file-exists", there.display().to_string())),
        None => Ok(papers),
    }
}

/// Asks for a share as it stands on its paper, line by line.
pub trait AskShare {
    /// The lines of the first or the second share, each checked with [`check_line`]; `None` when nobody
    /// can be asked.
    fn share(&self, place: u8) -> Option<Vec<SecretText>>;
}

/// Whether a line is typed right.
pub fn check_line(number: u8, text: &str) -> bool {
    Share::check_line(number, text).is_ok()
}

/// Who is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The new officer.
    pub name: OfficerName,
    /// Whose post they fill.
    pub replaces: OfficerName,
}

/// An officer for some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The officer.
    pub name: OfficerName,
    /// Their post.
    pub post: Post,
    /// Until when, unless the superior has certified them.
    pub until: Timestamp,
}

/// Enrols a replacement officer with two shares, and disables the one they replace. Nobody can sign in for
/// this: the shares are the evidence. The kit is void afterwards.
///
/// # Errors
/// `home-held`, `recovery-none`, `share-line`, `share-same`, `share-other-kit`, `share-wrong`, `sign-in-wait`
/// after wrong shares, `officer-unknown`, `officer-exists`, `passphrase-weak`, or what the token says.
pub fn enrol(
    path: &Path,
    wanted: &Replacement,
    (ask, ask_share): (&dyn AskSecret, &dyn AskShare),
) -> Result<Enrolled, Error> {
    let home = Home::open(path)?;
    let _lock = home.lock()?;
    let mut keys = KeysFile::read(&home.keys())?;
    let Recovered {
        store_key,
        next_store_key,
        shares,
    } = open_kit(&home, &mut keys, ask_share)?;
    let known = (&store_key, next_store_key.as_ref());
    let (mut store, mut store_key) = desk::open_store(&home, known)?;
    if keys.announced_escrow().is_some() {
        // A change of keys that was interrupted: who is enrolled now was not told the next ones.
        let change = (store_key, next_store_key);
        store_key = desk::finish_key_change(&home, &mut keys, &mut store, change)?;
    }
    let replaced = replaced(&store, wanted)?;
    let passphrase = sign_in::new_passphrase(None, &wanted.name, ask)?;
    let now = clock::now();
    let enrolled = Enrolled {
        name: wanted.name.clone(),
        post: replaced.post,
        until: now.plus_secs(TEMPORARY_SECS),
    };
    let (row, so_pin) = wrap(
        &home,
        &mut keys,
        &store,
        (&enrolled, &passphrase, &store_key),
    )?;
    let temporary = TemporaryRow {
        name: wanted.name.clone(),
        replaces: wanted.replaces.clone(),
        until: enrolled.until,
    };
    let mut audit = AuditRow::new(now, "recovery-kit", None, "recovery-used");
    audit.detail = Some(format!(
        "{} {} replaces {}, until {}; shares {} and {}",
        enrolled.name, enrolled.post, wanted.replaces, enrolled.until, shares.0, shares.1
    ));
    store.act(&audit, |writing| {
        writing.disable_officer(&wanted.replaces, false, now)?;
        writing.insert_officer(&row, Some(&so_pin))?;
        writing.insert_temporary_officer(&temporary)?;
        writing.clear_ca_unlock()
    })?;
    home.change_keys(&mut keys, |keys| keys.spend_kit(&wanted.replaces))?;
    Ok(enrolled)
}

/// Opens the kit; wrong shares are counted, as wrong passphrases are.
fn open_kit(home: &Home, keys: &mut KeysFile, ask: &dyn AskShare) -> Result<Recovered, Error> {
    if keys.kit_made_at().is_none() {
        return Err(share_error(ShareFault::NoKit));
    }
    let now = clock::now();
    if let Some(secs) = keys.kit_wait_secs(now) {
        return Err(Error::refused("sign-in-wait", format!("{secs} s")));
    }
    let shares = two_shares(ask)?;
    match keys.open_kit(&shares)? {
        Ok(recovered) => Ok(recovered),
        Err(fault) => {
            home.change_keys(keys, |keys| keys.note_kit_failure(now))?;
            Err(share_error(fault))
        }
    }
}

/// Two shares as they are typed.
pub(super) fn two_shares(ask: &dyn AskShare) -> Result<[Share; 2], Error> {
    let required = || Error::usage("share-required", "");
    let read = |place| -> Result<Share, Error> {
        let lines = ask.share(place).ok_or_else(required)?;
        Share::parse(&lines).map_err(share_error)
    };
    Ok([read(1)?, read(2)?])
}

/// Why shares do not open.
pub(super) fn share_error(fault: ShareFault) -> Error {
    match fault {
        ShareFault::Line(line) => Error::usage("share-line", line.to_string()),
        ShareFault::NoKit => Error::refused("recovery-none", ""),
        ShareFault::Same(number) => Error::refused("share-same", number.to_string()),
        ShareFault::OtherKit(number) => Error::refused("share-other-kit", number.to_string()),
        ShareFault::Wrong(number) => Error::refused("share-wrong", number.to_string()),
    }
}

/// The officer to be replaced, if one may be under this name.
fn replaced(store: &Store, wanted: &Replacement) -> Result<OfficerRow, Error> {
    let officers = store.read().officers()?;
    if officers.iter().any(|row| row.name == wanted.name) {
        return Err(Error::refused("officer-exists", wanted.name.as_str()));
    }
    let mut enabled = officers.into_iter().filter(|row| row.enabled);
    let found = enabled.find(|row| row.name == wanted.replaces);
    found.ok_or_else(|| Error::usage("officer-unknown", wanted.replaces.as_str()))
}

/// A token and wraps for the new officer: the store key, and nothing of security's.
fn wrap(
    home: &Home,
    keys: &mut KeysFile,
    store: &Store,
    (enrolled, passphrase, store_key): (&Enrolled, &SecretText, &SecretKey),
) -> Result<(OfficerRow, String), Error> {
    let (so_pin, own_pin) = (
        ukey_pins::random_pin(PinAlphabet::Ascii, 24)?,
        ukey_pins::random_pin(PinAlphabet::Ascii, 12)?,
    );
    let dir = home.officer(enrolled.name.as_str());
    if dir.exists() {
        // Left by an attempt that did not come to an end: nobody has its PIN.
        std::fs::remove_dir_all(&dir).map_err(|error| Error::io(&dir, error))?;
    }
    let profile = store.read().meta("own_tokens_profile")?;
    let profile = profile.as_deref().unwrap_or(PRACTICE_PROFILE);
    let unknown = || Error::refused("profile-unknown", profile);
    let found = profiles::load(&home.profiles())?.remove(profile);
    let ukeys = desk::virtual_ukeys(found.ok_or_else(unknown)?, desk::this_program()?)?;
    let (token, public_key, _key) = key_token::make(&ukeys, &dir, (&so_pin, &own_pin))?;
    let damaged = || Error::failed("store-damaged", "escrow_key");
    let escrow = store.read().meta("escrow_key")?.ok_or_else(damaged)?;
    let escrow = EscrowKey::parse(&escrow).map_err(|error| damaged().because(error))?;
    let sealed = escrow.seal(&so_pin);
    let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
    let own_pins = OwnPins {
        own: Some(own_pin),
        bound: None,
    };
    let secrets = OfficerSecrets {
        store_key,
        own_pins: &own_pins,
        security: None,
    };
    let mut wrapped = Ok(());
    home.change_keys(keys, |keys| {
        wrapped = keys.add_officer((&enrolled.name, enrolled.post), passphrase, secrets);
    })?;
    wrapped?;
    let row = OfficerRow {
        name: enrolled.name.clone(),
        post: enrolled.post,
        enabled: true,
        for_cause: false,
        token: Some(token),
        public_key: Some(public_key),
        chain: Vec::new(),
        request: None,
        person: None,
    };
    Ok((row, hex::encode(sealed)))
}

/// When the kit was made, and the officers whom one has enrolled.
///
/// # Errors
/// What the store says.
pub fn state(
    desk: &Desk,
    officer: &ActingOfficer,
) -> Result<(Option<Timestamp>, Vec<TemporaryRow>), Error> {
    officer.demand(Duty::ReadRecords)?;
    let temporary = desk.store().read().temporary_officers()?;
    Ok((desk.keys().kit_made_at(), temporary))
}
