//! A home out of a backup (D-52): two officers, into an empty place, whole or not at all. It begins a new
//! instance, and makes no ukey before [`compare`] has seen what the world outside knows of the one before.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::backup::{self, Progress, STORE, Stage, failed};
use crate::domain::checkpoint::{CheckpointCode, LogPosition};
use crate::domain::id::InstanceId;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::timestamp::Timestamp;
use crate::keys::backup::{Manifest, Sealed};
use crate::keys::file;
use crate::keys::secret::SecretText;
use crate::keys::unit_pki;
use crate::keys::wrap::KeysFile;
use crate::station::desk::{Access, Desk, OpenTerms};
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::home::Home;
use crate::station::secrets::Secrets;
use crate::station::sign_in::{self, AskSecret};
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::BackupRow;

pub mod compare;

/// Setting: what the home was restored from, JSON.
const RESTORED: &str = "restored";
/// Folders that a home has, and no backup.
const EMPTY_FOLDERS: [&str; 3] = ["ukeys", "log", "locks"];

/// Who restores.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// System, if named.
    pub officer: Option<OfficerName>,
    /// Security.
    pub second: Option<OfficerName>,
    /// The secrets file, if named.
    pub secrets: Option<PathBuf>,
}

/// A home that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The unit.
    pub unit: String,
    /// When the backup was made.
    pub made_at: Timestamp,
    /// How far the log in it had come.
    pub code: CheckpointCode,
    /// Which instance of the home begins now.
    pub epoch: u32,
    /// SHA-256 of the pinned root: whoever can write a file can seal a false home to these officers, so
    /// it is compared on paper as at the beginning (D-57).
    pub root: String,
}

/// What the store keeps of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// When the backup was made.
    made_at: Timestamp,
    /// When it was restored.
    at: Timestamp,
    /// Where its log stood.
    instance: InstanceId,
    epoch: u32,
    count: u64,
    #[serde(with = "hex::serde")]
    head: [u8; 32],
    /// When it was compared first.
    compared_at: Option<Timestamp>,
}

/// Restores a backup to a place where nothing is.
///
/// # Errors
/// `home-exists`, `backup-invalid`, `backup-newer`, `backup-damaged`, `second-officer-required`,
/// `second-officer-same`, `passphrase-wrong`, `officer-…`, `wrong-duty`, `store-newer`, `audit-broken`, or
/// what the file system says; nothing is left behind then.
pub fn restore(
    file: &Path,
    home: &Path,
    terms: &Terms,
    ask: &dyn AskSecret,
    tell: &dyn Fn(Progress),
) -> Result<Restored, Error> {
    Home::vacant(home)?;
    let at = |error| Error::io(file, error);
    let source = fs::File::open(file).map_err(at)?;
    let bytes = source.metadata().map_err(at)?.len();
    let sealed = Sealed::read(BufReader::with_capacity(1 << 20, source)).map_err(failed)?;
    let (names, given) = passphrases(sealed.keys(), terms, ask)?;
    let mut keys = sealed.keys().clone();
    let staging = staging(home)?;
    let parts = sealed.open(&names.0, given.of(&names.0)?).map_err(failed)?;
    let mut done = 0;
    let told = |count| {
        done += count;
        tell(Progress {
            stage: Stage::Read,
            done,
            total: bytes,
        });
    };
    let manifest = parts
        .read(|name| place(staging.path(), name), told)
        .map_err(failed)?;
    tell(Progress {
        stage: Stage::Examine,
        done: bytes,
        total: bytes,
    });
    let opened = keys.open(&names.0, given.of(&names.0)?)?;
    backup::examine(
        &staging.path().join(STORE),
        opened.store_key.expose(),
        &manifest,
    )?;
    keys.forget_failures();
    keys.forget_kit();
    keys.write(&staging.path().join("keys.json"))?;
    let sha256 = backup::sha256_of(file)?;
    let row = backup_row(&manifest, sha256, bytes);
    let restored = begin(staging.path(), &names, &given, (&manifest, &row))?;
    give_name(staging, home)?;
    Ok(restored)
}

/// Who acts, and the passphrases that were given for them.
struct Given(Vec<(OfficerName, SecretText)>);

impl Given {
    fn of(&self, name: &OfficerName) -> Result<&SecretText, Error> {
        let mut found = self.0.iter();
        let found = found.find(|(known, _passphrase)| known == name);
        let required = || Error::usage("officer-required", name.as_str());
        Ok(&found.ok_or_else(required)?.1)
    }
}

impl AskSecret for Given {
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText> {
        self.of(officer).ok().cloned()
    }
}

/// System and security of the backup, each with a passphrase that opens their wraps in it.
fn passphrases(
    keys: &KeysFile,
    terms: &Terms,
    ask: &dyn AskSecret,
) -> Result<((OfficerName, OfficerName), Given), Error> {
    let secrets = terms.secrets.as_deref().map(Secrets::read).transpose()?;
    let officer = terms.officer.as_ref();
    let first = sign_in::choose(keys, secrets.as_ref(), officer, Duty::SetUp)?;
    let required = || Error::refused("second-officer-required", "");
    let second = terms.second.clone().ok_or_else(required)?;
    if first == second {
        return Err(Error::refused("second-officer-same", second.as_str()));
    }
    let posts = keys.officers();
    for (name, duty) in [(&first, Duty::SetUp), (&second, Duty::ConfirmAct)] {
        let unknown = || Error::usage("officer-unknown", name.as_str());
        let mut posts = posts.iter();
        let found = posts.find(|(known, _post)| known == name);
        sign_in::demand(name, found.ok_or_else(unknown)?.1, duty)?;
    }
    let one = sign_in::passphrase(secrets.as_ref(), &first, ask)?;
    keys.open(&first, &one)?;
    // In a real home the second passphrase is typed, never read from a file (interface.md).
    let secrets = secrets.filter(|_secrets| keys.practice);
    let other = secrets.and_then(|secrets| secrets.passphrase(&second).cloned());
    let other = other.or_else(|| ask.passphrase(&second));
    let other = other.ok_or_else(required)?;
    keys.open(&second, &other)?;
    let given = Given(vec![(first.clone(), one), (second.clone(), other)]);
    Ok(((first, second), given))
}

/// A folder beside the place, which goes with everything in it unless it gets the place's name.
fn staging(home: &Path) -> Result<TempDir, Error> {
    let at = |error| Error::io(home, error);
    let parent = file::folder_of(home);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(parent)
        .map_err(at)?;
    let staging = tempfile::Builder::new()
        .prefix(".restore-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(at)?;
    for folder in EMPTY_FOLDERS.into_iter().chain(backup::FOLDERS) {
        let path = staging.path().join(folder);
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::io(&path, error))?;
    }
    Ok(staging)
}

/// Where a part goes.
fn place(staging: &Path, name: &str) -> std::io::Result<fs::File> {
    if !backup::is_part(name) {
        let text = format!("{name} is no part of a home");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
    }
    new_file(&staging.join(name))
}

/// A new file, mode 0600, in folders of mode 0700.
pub(super) fn new_file(path: &Path) -> std::io::Result<fs::File> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(file::folder_of(path))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

fn backup_row(manifest: &Manifest, sha256: [u8; 32], bytes: u64) -> BackupRow {
    let LogPosition {
        epoch, count, head, ..
    } = backup::position(manifest);
    BackupRow {
        sha256,
        made_at: manifest.facts.made_at,
        bytes,
        epoch,
        count,
        head,
    }
}

/// Signs both officers in as at any desk, and begins the new instance.
fn begin(
    staging: &Path,
    (first, second): &(OfficerName, OfficerName),
    given: &Given,
    (manifest, row): (&Manifest, &BackupRow),
) -> Result<Restored, Error> {
    let terms = OpenTerms {
        officer: Some(first.clone()),
        secrets: None,
    };
    let (desk, officer) = Desk::open(staging, Access::Change, &terms, Duty::SetUp, given)?;
    let second = desk.second_officer(&officer, Some(second), given)?;
    if desk.id() != manifest.facts.home || desk.is_practice() != manifest.facts.practice {
        return Err(Error::refused("backup-damaged", "its home"));
    }
    start_instance(&desk, &officer, &second, (manifest, row))
}

fn start_instance(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    (manifest, row): (&Manifest, &BackupRow),
) -> Result<Restored, Error> {
    officer.demand(Duty::SetUp)?;
    let position = backup::position(manifest);
    let made_at = manifest.facts.made_at;
    let record = Record {
        made_at,
        at: clock::now(),
        instance: position.instance,
        epoch: position.epoch,
        count: position.count,
        head: position.head,
        compared_at: None,
    };
    let text = record.text()?;
    let code = position.code();
    let mut audit = Desk::audit_row(officer, "restored");
    audit.detail = Some(format!("{code} made {made_at}; {}", second.told()));
    desk.store().act(&audit, |writing| {
        writing.start_instance(InstanceId::new(clock::new_uuid()))?;
        writing.clear_ca_unlock()?;
        writing.insert_backup(row)?;
        writing.set_meta(RESTORED, &text)
    })?;
    let (epoch, _instance) = desk.store().read().audit_instance()?;
    Ok(Restored {
        unit: desk.own_unit()?.name,
        made_at,
        code,
        epoch,
        root: unit_pki::fingerprint(&desk.pinned_root()?),
    })
}

/// The staged home becomes the home: from here on it stays.
fn give_name(staging: TempDir, home: &Path) -> Result<(), Error> {
    let at = |error| Error::io(home, error);
    Home::vacant(home)?;
    // Onto nothing, or onto an empty folder.
    fs::rename(staging.path(), home).map_err(at)?;
    let _moved = staging.keep();
    file::sync(file::folder_of(home)).map_err(at)
}

impl Record {
    fn read(desk: &Desk) -> Result<Option<Self>, Error> {
        let damaged = |error| Error::failed("store-damaged", RESTORED).because(error);
        let text = desk.store().read().meta(RESTORED)?;
        let record = text.map(|text| serde_json::from_str(&text).map_err(damaged));
        record.transpose()
    }

    fn text(&self) -> Result<String, Error> {
        let failed = |error| Error::failed("store-damaged", RESTORED).because(error);
        serde_json::to_string(self).map_err(failed)
    }

    /// Where the log of the backup stood.
    fn position(&self, desk: &Desk) -> LogPosition {
        LogPosition {
            home: desk.id(),
            instance: self.instance,
            epoch: self.epoch,
            count: self.count,
            head: self.head,
        }
    }
}

/// Demands that a restored home was compared with what is known outside: before that nothing is issued,
/// signed by the CA or handed out (D-52).
///
/// # Errors
/// `restore-not-compared`.
pub(in crate::station) fn demand_compared(desk: &Desk) -> Result<(), Error> {
    match Record::read(desk)? {
        Some(record) if record.compared_at.is_none() => {
            let text = record.made_at.to_string();
            Err(Error::refused("restore-not-compared", text))
        }
        _ => Ok(()),
    }
}

/// Where a home comes from that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// When the backup was made.
    pub made_at: Timestamp,
    /// When it was restored.
    pub restored_at: Timestamp,
    /// When it was compared first; nothing is issued before.
    pub compared_at: Option<Timestamp>,
}

/// Where this home comes from, if it was restored.
///
/// # Errors
/// What the store says.
pub fn origin(desk: &Desk, officer: &ActingOfficer) -> Result<Option<Origin>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let record = Record::read(desk)?;
    Ok(record.map(|record| Origin {
        made_at: record.made_at,
        restored_at: record.at,
        compared_at: record.compared_at,
    }))
}

/// Whether the home waits to be compared, and with which backup.
///
/// # Errors
/// What the store says.
pub fn waits_to_be_compared(
    desk: &Desk,
    officer: &ActingOfficer,
) -> Result<Option<Timestamp>, Error> {
    let waits = origin(desk, officer)?.filter(|origin| origin.compared_at.is_none());
    Ok(waits.map(|origin| origin.made_at))
}

/// A small file that a person names.
fn read_named(path: &Path) -> Result<Vec<u8>, Error> {
    const MOST_BYTES: usize = 64 * 1024 * 1024;
    read_limited(path, MOST_BYTES)
}
