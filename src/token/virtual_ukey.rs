//! Virtual ukeys: a folder with a software token of its own, and the marker `inserted`. Makes,
//! inserts and pulls them; what is on them is the worker's business.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::worker::{ModuleSpec, Worker, WorkerSpec};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::label::{LabelError, TokenLabel};
use crate::domain::pin::PinError;
use crate::domain::token_profile::{TokenProfile, VirtualLayout};
use crate::domain::ukey::{Serial, SerialError, UkeyIdentity, UkeyReading};

/// Label of a factory-fresh virtual ukey.
const BLANK_LABEL: &str = "BLANK";
/// Name of the marker file.
const MARKER: &str = "inserted";

/// Why a virtual ukey cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile has no `[virtual]` section.
    #[error("profile {0} is not for virtual ukeys")]
    NotVirtual(String),
    /// A file or folder.
    #[error("virtual ukey: {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// The module.
    #[error("virtual ukey: {0}")]
    Fault(#[from] Fault),
    /// The profile's factory PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The module's serial number.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The label.
    #[error(transparent)]
    Label(#[from] LabelError),
}

/// How to reach virtual ukeys of one profile.
#[derive(Clone, Debug)]
pub struct VirtualUkeys {
    /// The profile; it has a `[virtual]` section.
    pub profile: TokenProfile,
    /// This program.
    pub program: PathBuf,
    /// The module file.
    pub module: PathBuf,
    /// Its pinned SHA-256.
    pub sha256: Option<Vec<u8>>,
}

impl VirtualUkeys {
    fn layout(&self) -> Result<&VirtualLayout, Error> {
        let none = || Error::NotVirtual(self.profile.name.clone());
        self.profile.virtual_ukey.as_ref().ok_or_else(none)
    }

    /// Makes a factory-fresh ukey in `parent`, in a folder named by its serial, not plugged in.
    ///
    /// # Errors
    /// [`Error`] when the folder cannot be made or the module refuses.
    pub fn make(&self, parent: &Path) -> Result<UkeyIdentity, Error> {
        let (reading, dir) = self.make_unnamed(parent)?;
        let identity = reading.identity;
        let serial = &identity.serial;
        let named = parent.join(serial.as_str());
        fs::rename(&dir, &named).map_err(|error| Error::Io(named.clone(), error))?;
        self.write_configuration(&named)?;
        Ok(identity)
    }

    /// Makes one in exactly this folder: the CA's and the officers' own.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn make_at(&self, dir: &Path) -> Result<UkeyReading, Error> {
        create_dir(dir)?;
        self.initialise(dir)
    }

    fn make_unnamed(&self, parent: &Path) -> Result<(UkeyReading, PathBuf), Error> {
        let temporary = tempfile::Builder::new()
            .prefix(".making-")
            .tempdir_in(parent)
            .map_err(|error| Error::Io(parent.to_owned(), error))?;
        let reading = self.initialise(temporary.path())?;
        Ok((reading, temporary.keep()))
    }

    fn initialise(&self, dir: &Path) -> Result<UkeyReading, Error> {
        for folder in &self.layout()?.folders {
            create_dir(&dir.join(folder))?;
        }
        self.write_configuration(dir)?;
        let mut worker = Worker::start(&WorkerSpec {
            module: ModuleSpec {
                marker: None,
                ..self.module_spec(dir)
            },
            ..self.spec(dir, None)?
        })?;
        let label = TokenLabel::parse(BLANK_LABEL)?;
        Ok(worker.make_token(&self.profile.factory_so_pin()?, &label)?)
    }

    /// Writes the configuration with the folder's present path.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_configuration(&self, dir: &Path) -> Result<(), Error> {
        let layout = self.layout()?;
        let Some(content) = &layout.content else {
            return Ok(());
        };
        let path = dir.join(&layout.file);
        let text = content.replace("{dir}", &dir.to_string_lossy());
        let unchanged = fs::read_to_string(&path).is_ok_and(|old| old == text);
        if unchanged {
            Ok(())
        } else {
            write_file(&path, text.as_bytes())
        }
    }

    /// What a worker needs to drive the ukey in this folder.
    ///
    /// # Errors
    /// [`Error::NotVirtual`].
    pub fn spec(&self, dir: &Path, lock: Option<PathBuf>) -> Result<WorkerSpec, Error> {
        let layout = self.layout()?;
        Ok(WorkerSpec {
            program: self.program.clone(),
            module: self.module_spec(dir),
            env: Some((layout.env.clone(), dir.join(&layout.file).into_os_string())),
            lock,
            keys: self.profile.keys.clone(),
            deadlines: self.profile.deadlines,
        })
    }

    fn module_spec(&self, dir: &Path) -> ModuleSpec {
        ModuleSpec {
            path: self.module.clone(),
            sha256: self.sha256.clone(),
            marker: Some(dir.join(MARKER)),
        }
    }
}

/// Plugs a virtual ukey in.
///
/// # Errors
/// [`Error::Io`]; a folder that is not there is `Removed`.
pub fn insert(dir: &Path) -> Result<(), Error> {
    if !dir.is_dir() {
        return Err(Fault::new(FaultKind::Removed).into());
    }
    if is_inserted(dir) {
        return Ok(()); // In already is as good, and is no second time.
    }
    write_file(&dir.join(MARKER), b"")
}

/// Pulls a virtual ukey out; out already is as good.
///
/// # Errors
/// [`Error::Io`].
pub fn pull(dir: &Path) -> Result<(), Error> {
    let marker = dir.join(MARKER);
    match fs::remove_file(&marker) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Io(marker, error)),
        _ => Ok(()),
    }
}

/// One time that a virtual ukey was plugged in: another one, however soon after, is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insertion {
    inode: u64,
    changed: (i64, i64),
}

/// The virtual ukeys in `parent` that are plugged in, each with its folder and the time it was plugged in.
///
/// # Errors
/// [`Error::Io`].
pub fn inserted(parent: &Path) -> Result<Vec<(Serial, PathBuf, Insertion)>, Error> {
    let folders = folders(parent)?.into_iter();
    let inserted = folders.filter_map(|(serial, folder)| {
        let marker = fs::metadata(folder.join(MARKER)).ok()?;
        let insertion = Insertion {
            inode: marker.ino(),
            changed: (marker.ctime(), marker.ctime_nsec()),
        };
        Some((serial, folder, insertion))
    });
    Ok(inserted.collect())
}

/// Whether it is plugged in.
pub fn is_inserted(dir: &Path) -> bool {
    dir.join(MARKER).exists()
}

/// The folders of virtual ukeys in `parent`, sorted by serial.
///
/// # Errors
/// [`Error::Io`].
pub fn folders(parent: &Path) -> Result<Vec<(Serial, PathBuf)>, Error> {
    let io = |error| Error::Io(parent.to_owned(), error);
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !name.starts_with('.')
            && let Ok(serial) = Serial::parse(name)
        {
            found.push((serial, path));
        }
    }
    found.sort();
    Ok(found)
}

fn create_dir(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Error::Io(path.to_owned(), error))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)
    };
    write().map_err(|error| Error::Io(path.to_owned(), error))
}
