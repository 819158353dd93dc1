//! One file with all that must not be lost (D-52), made while the station works: sealed to the officers of
//! this unit, read back and examined before it gets its name.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::domain::backup::{self, Due};
use crate::domain::checkpoint::{CheckpointCode, LogPosition};
use crate::domain::officer::Duty;
use crate::domain::retention::Kept;
use crate::domain::timestamp::Timestamp;
use crate::keys::backup::{BackupError, Facts, Manifest, Rehearsal, Sealed, Writer};
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::home::Home;
use crate::station::{ActingOfficer, clock};
use crate::store::{self, BackupRow, Frozen};

/// The records, as a part of a backup.
pub(super) const STORE: &str = "station.db";
/// Folders of the home that belong to a backup: the own tokens, what is published, files on their way to
/// neighbours, profiles that the home adds. Virtual ukeys do not: they stand for devices.
pub(super) const FOLDERS: [&str; 6] = ["ca", "unit", "officers", "crl", "out", "token-profiles"];
/// What a backup's file is called by convention; one in the home is no part of the next.
const EXTENSION: &str = "ukey-backup";

/// The practice secrets, as a part of a backup.
const SECRETS: &str = "secrets.toml";

/// Whether a part may be in a backup.
pub(super) fn is_part(name: &str) -> bool {
    let folder = name.split_once('/').map(|(folder, _rest)| folder);
    folder.map_or(matches!(name, STORE | SECRETS), |folder| {
        FOLDERS.contains(&folder)
    })
}

/// How far the work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub stage: Stage,
    /// Bytes of the parts so far.
    pub done: u64,
    /// Bytes of all parts.
    pub total: u64,
}

/// What is done with a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Parts are copied and sealed.
    Write,
    /// The file is read back.
    Read,
    /// The copy of the records is examined page for page, and its log recomputed.
    Examine,
}

impl Stage {
    /// The wording's key is `backup-stage-` and this word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Examine => "examine",
        }
    }
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its size.
    pub bytes: u64,
    /// How far the log in it has come.
    pub code: CheckpointCode,
    /// When it was made.
    pub made_at: Timestamp,
    /// How many parts of the home are in it.
    pub parts: usize,
}

/// Makes one. It runs beside whatever else the station does; what is done meanwhile is in the next.
///
/// # Errors
/// `wrong-duty`, `backup-exists`, `store-busy`, `backup-changed`, `audit-broken` when the log in it does
/// not verify, or what the file system says; there is no file then.
pub fn make(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    tell: &dyn Fn(Progress),
) -> Result<Made, Error> {
    officer.demand(Duty::SetUp)?; // System's (D-7).
    vacant(path)?;
    let folder = file::folder_of(path);
    let at = |error| Error::io(path, error);
    let file = NamedTempFile::new_in(folder).map_err(at)?; // Mode 0600, and gone if it gets no name.
    let (manifest, rehearsal, key) = write(desk, file.as_file(), tell)?;
    file.as_file().sync_all().map_err(at)?;
    let (sha256, bytes) = rehearse(desk, (file.path(), &manifest), &rehearsal, (&key, tell))?;
    file.persist_noclobber(path).map_err(|error| {
        if error.error.kind() == io::ErrorKind::AlreadyExists {
            exists(path)
        } else {
            at(error.error)
        }
    })?;
    file::sync(folder).map_err(at)?;
    let Facts {
        count,
        epoch,
        head,
        made_at,
        ..
    } = manifest.facts;
    let row = BackupRow {
        sha256,
        made_at,
        bytes,
        epoch,
        count,
        head,
    };
    let code = position(&manifest).code();
    let mut audit = Desk::audit_row(officer, "backup-made");
    audit.detail = Some(format!("{code} sha256 {}", hex::encode(sha256)));
    let noted = desk
        .store()
        .act(&audit, |writing| writing.insert_backup(&row));
    if let Err(error) = noted {
        // No backup without its row (D-49).
        fs::remove_file(path).ok();
        return Err(error.into());
    }
    Ok(Made {
        sha256,
        bytes,
        code,
        made_at,
        parts: manifest.parts.len(),
    })
}

/// Whether nothing is where a backup is to be written.
///
/// # Errors
/// `backup-exists`.
pub(super) fn vacant(path: &Path) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    Ok(())
}

fn exists(path: &Path) -> Error {
    Error::usage("backup-exists", path.display().to_string())
}

/// How far the log in a backup has come.
pub(super) fn position(manifest: &Manifest) -> LogPosition {
    let Facts {
        count,
        epoch,
        head,
        home,
        instance,
        ..
    } = manifest.facts;
    LogPosition {
        home,
        instance,
        epoch,
        count,
        head,
    }
}

type Key = zeroize::Zeroizing<[u8; 32]>;

/// Writes every part.
fn write(
    desk: &Desk,
    file: &File,
    tell: &dyn Fn(Progress),
) -> Result<(Manifest, Rehearsal, Key), Error> {
    let home = desk.home();
    let keys_json = read_keys(home)?;
    let frozen = desk.store().freeze()?;
    let facts = facts(desk, &frozen)?;
    let key = frozen.key();
    let files = files(home, desk.is_practice())?;
    let store = (STORE.to_owned(), frozen.length());
    let others = files.iter().map(|file| file.length);
    let total = others.fold(store.1, u64::saturating_add);
    let mut done = 0;
    let mut told = |bytes| {
        done += bytes;
        tell(Progress {
            stage: Stage::Write,
            done,
            total,
        });
    };
    let out = BufWriter::with_capacity(1 << 20, file);
    let (mut writer, rehearsal) = Writer::begin(out, &keys_json).map_err(failed)?;
    writer
        .part(&store.0, store.1, frozen, &mut told)
        .map_err(failed)?;
    for PartFile { name, path, .. } in files {
        copy(&mut writer, (&name, &path), &mut told)?;
    }
    let (mut out, manifest) = writer.finish(facts).map_err(failed)?;
    out.flush().map_err(|error| failed(error.into()))?;
    // While the keys of the home change, the records may have another one than keys.json says.
    if read_keys(home)? != keys_json {
        return Err(Error::refused("backup-changed", "keys.json"));
    }
    Ok((manifest, rehearsal, key))
}

/// Copies one file as it is when it is opened: most are replaced while the station works, never changed.
fn copy(
    writer: &mut Writer<impl io::Write>,
    (name, path): (&str, &Path),
    told: impl FnMut(u64),
) -> Result<(), Error> {
    let changed = || Error::refused("backup-changed", name);
    let at = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => changed(),
        _ => Error::io(path, error),
    };
    let from = File::open(path).map_err(at)?;
    let before = from.metadata().map_err(at)?;
    writer
        .part(name, before.len(), &from, told)
        .map_err(failed)?;
    let after = from.metadata().map_err(at)?;
    let same = before.len() == after.len() && before.modified().ok() == after.modified().ok();
    if same { Ok(()) } else { Err(changed()) }
}

/// keys.json between two changes of the home's keys (D-58).
fn read_keys(home: &Home) -> Result<Vec<u8>, Error> {
    let path = home.keys();
    let bytes = fs::read(&path).map_err(|error| Error::io(&path, error))?;
    let keys = crate::keys::wrap::KeysFile::parse(&bytes)?;
    if keys.announced_escrow().is_some() {
        return Err(Error::refused("backup-changed", "keys.json"));
    }
    Ok(bytes)
}

fn facts(desk: &Desk, frozen: &Frozen) -> Result<Facts, Error> {
    let reading = frozen.read();
    let LogPosition {
        home,
        instance,
        epoch,
        count,
        head,
    } = reading.audit_position(desk.id())?;
    let units = reading.units()?;
    let own = units.into_iter().find(|unit| unit.own);
    let own = own.ok_or_else(|| Error::failed("store-damaged", "no own unit"))?;
    Ok(Facts {
        count,
        epoch,
        head,
        home,
        instance,
        made_at: clock::now(),
        practice: desk.is_practice(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        unit_code: own.code.as_str().to_owned(),
        unit_name: own.name,
    })
}

/// A file of the home that belongs to a backup.
pub(super) struct PartFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// When it was listed: to tell how far the work has come.
    length: u64,
}

fn files(home: &Home, practice: bool) -> Result<Vec<PartFile>, Error> {
    let mut found = Vec::new();
    if practice && home.secrets().is_file() {
        add(&mut found, (SECRETS.to_owned(), home.secrets()))?;
    }
    for folder in FOLDERS {
        gather(&mut found, (folder.to_owned(), home.path().join(folder)))?;
    }
    Ok(found)
}

fn add(found: &mut Vec<PartFile>, (name, path): (String, PathBuf)) -> Result<(), Error> {
    let length = fs::metadata(&path)
        .map_err(|error| Error::io(&path, error))?
        .len();
    found.push(PartFile { name, path, length });
    Ok(())
}

/// Finds every file of a folder, by its path from `name` on.
pub(super) fn gather(
    found: &mut Vec<PartFile>,
    (name, folder): (String, PathBuf),
) -> Result<(), Error> {
    if !folder.is_dir() {
        return Ok(());
    }
    let at = |error| Error::io(&folder, error);
    let mut entries = fs::read_dir(&folder)
        .map_err(at)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(at)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_kept = path
            .extension()
            .is_none_or(|extension| extension != EXTENSION);
        let entry_name = entry.file_name();
        // What is being replaced at this moment has no name yet.
        let Some(part) = entry_name.to_str().filter(|part| !part.starts_with(".tmp")) else {
            continue;
        };
        let name = format!("{name}/{part}");
        let kind = entry.file_type().map_err(at)?;
        if kind.is_dir() {
            gather(found, (name, path))?;
        } else if kind.is_file() && is_kept {
            add(found, (name, path))?;
        }
    }
    Ok(())
}

/// Reads the file back and examines the copy of the records in it; gives the file's SHA-256 and size.
fn rehearse(
    desk: &Desk,
    (path, written): (&Path, &Manifest),
    rehearsal: &Rehearsal,
    (key, tell): (&Key, &dyn Fn(Progress)),
) -> Result<([u8; 32], u64), Error> {
    let at = |error| Error::io(path, error);
    // In the home: the place for the backup may be slow, or small.
    let folder = tempfile::Builder::new()
        .prefix(".backup-")
        .tempdir_in(desk.home().path())
        .map_err(at)?;
    let copy = folder.path().join(STORE);
    let file = File::open(path).map_err(at)?;
    let bytes = file.metadata().map_err(at)?.len();
    forget_cached(&file);
    let hashed = Hashed {
        from: file,
        hash: Sha256::new(),
    };
    let mut reader = BufReader::with_capacity(1 << 20, hashed);
    let total: u64 = written.parts.values().map(|part| part.length).sum();
    let mut done = 0;
    let told = |bytes| {
        done += bytes;
        tell(Progress {
            stage: Stage::Read,
            done,
            total,
        });
    };
    let sealed = Sealed::read(&mut reader).map_err(failed)?;
    let parts = sealed.rehearse(rehearsal).map_err(failed)?;
    let read = parts
        .read(
            |name| {
                if name == STORE {
                    let file = File::create_new(&copy)?;
                    return Ok(Box::new(file) as Box<dyn io::Write>);
                }
                Ok(Box::new(io::sink()) as Box<dyn io::Write>)
            },
            told,
        )
        .map_err(failed)?;
    if read != *written {
        return Err(Error::failed("backup-damaged", "its manifest"));
    }
    let sha256 = reader.into_inner().hash.finalize().into();
    tell(Progress {
        stage: Stage::Examine,
        done: 0,
        total,
    });
    examine(&copy, key, &read)?;
    Ok((sha256, bytes))
}

/// Demands that the records of a backup are whole and are those that its manifest names.
pub(super) fn examine(copy: &Path, key: &[u8; 32], manifest: &Manifest) -> Result<(), Error> {
    let found = store::examine(copy, key)?;
    if let Some(row) = found.first_broken {
        return Err(Error::failed("audit-broken", row.to_string()));
    }
    let Facts { count, head, .. } = manifest.facts;
    if (found.rows, found.head) != (count, head) {
        return Err(Error::failed("backup-damaged", "its log"));
    }
    Ok(())
}

/// So that the device is read, and not what the system remembers of the writing.
fn forget_cached(file: &File) {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
}

/// Hashes what is read.
struct Hashed {
    from: File,
    hash: Sha256,
}

/// SHA-256 of a file.
pub(super) fn sha256_of(path: &Path) -> Result<[u8; 32], Error> {
    let at = |error| Error::io(path, error);
    let mut hashed = Hashed {
        from: File::open(path).map_err(at)?,
        hash: Sha256::new(),
    };
    io::copy(&mut hashed, &mut io::sink()).map_err(at)?;
    Ok(hashed.hash.finalize().into())
}

impl io::Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// What the file's trouble is called.
pub(super) fn failed(error: BackupError) -> Error {
    let text = error.to_string();
    let made = match error {
        BackupError::Keys(keys) => return keys.into(),
        BackupError::Io(_) => Error::failed("file", text),
        BackupError::NotOne => Error::refused("backup-invalid", text),
        BackupError::Newer(_) => Error::refused("backup-newer", text),
        BackupError::Damaged(_) => Error::refused("backup-damaged", text),
        BackupError::Changed(ref name) => Error::refused("backup-changed", name.as_str()),
        BackupError::Seal(_) => Error::failed("keys-damaged", text),
    };
    made.because(error)
}

/// Whether a backup is due, and when the newest was made (D-52). In practice nobody has to.
///
/// # Errors
/// What the store says.
pub fn due(
    desk: &Desk,
    officer: &ActingOfficer,
    now: Timestamp,
) -> Result<(Option<Due>, Option<Timestamp>), Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let newest = reading.backups()?.last().map(|row| row.made_at);
    let due = backup::due(newest, reading.newest_issue()?, now);
    Ok((due.filter(|_due| !desk.is_practice()), newest))
}

/// A backup that still holds what was purged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDestroy {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// When it was made.
    pub made_at: Timestamp,
    /// By when it is to be destroyed: six months after the first purge since (D-51).
    pub by: Timestamp,
}

/// The backups that hold what was purged since they were made, or would be by a purge `now`.
///
/// # Errors
/// What the store says.
pub fn to_destroy(
    desk: &Desk,
    officer: &ActingOfficer,
    (now, purge_is_due): (Timestamp, bool),
) -> Result<Vec<ToDestroy>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let mut found = Vec::new();
    for row in reading.backups()? {
        let purge = reading.first_purge_after(row.count)?;
        let purge = purge.or_else(|| purge_is_due.then_some(now));
        if let Some(by) = purge.and_then(|purge| Kept::Backup.ends(purge)) {
            found.push(ToDestroy {
                sha256: row.sha256,
                made_at: row.made_at,
                by,
            });
        }
    }
    Ok(found)
}
