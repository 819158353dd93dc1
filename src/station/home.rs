//! A home on disk (interface.md): its paths, and the lock of the one process that changes things.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::domain::certificate::Generation;
use crate::domain::ukey::Serial;
use crate::keys::file;
use crate::keys::wrap::KeysFile;

/// A home.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

/// Held by the one process that changes things; released by its end, however it ends.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl Home {
    /// An existing home.
    ///
    /// # Errors
    /// `home-missing`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let missing =
            |error| Error::usage("home-missing", path.display().to_string()).because(error);
        let path = path.canonicalize().map_err(missing)?;
        let home = Self(path);
        fs::metadata(home.keys()).map_err(missing)?;
        Ok(home)
    }

    /// Whether a new home can be made here: nothing, or an empty folder.
    ///
    /// # Errors
    /// `home-exists`.
    pub(super) fn vacant(path: &Path) -> Result<(), Error> {
        let occupied = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || path.is_file() {
            return Err(Error::usage("home-exists", path.display().to_string()));
        }
        Ok(())
    }

    /// Makes the folders of a new home.
    ///
    /// # Errors
    /// `home-exists`, or what the file system says.
    pub fn create(path: &Path) -> Result<Self, Error> {
        Self::vacant(path)?;
        make_dir(path)?;
        let home = Self(
            path.canonicalize()
                .map_err(|error| Error::io(path, error))?,
        );
        for folder in [
            "ukeys",
            "ca",
            "unit",
            "officers",
            "crl",
            "out",
            "log",
            "locks",
            "token-profiles",
        ] {
            make_dir(&home.0.join(folder))?;
        }
        Ok(home)
    }

    /// Takes the home's lock without waiting.
    ///
    /// # Errors
    /// `home-held` names the holder.
    pub fn lock(&self) -> Result<HomeLock, Error> {
        let path = self.0.join("lock");
        let info = self.0.join("lock.info");
        let file = open_lock(&path).map_err(|error| Error::io(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a courtesy; the lock itself is the fact.
                File::open(&info)
                    .and_then(|mut file| file.read_to_string(&mut holder))
                    .ok();
                return Err(Error::failed("home-held", holder.trim()));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
        }
        let text = format!("process {}\n", std::process::id());
        file::replace(&info, text.as_bytes()).map_err(|error| Error::io(&info, error))?;
        Ok(HomeLock { _file: file })
    }

    /// Changes keys.json as it is on disk now, and `keys` with it; one process at a time.
    ///
    /// # Errors
    /// What the file system says; the file is then as it was.
    pub(super) fn change_keys(
        &self,
        keys: &mut KeysFile,
        change: impl FnOnce(&mut KeysFile),
    ) -> Result<(), Error> {
        let path = self.0.join("keys.lock");
        let lock = open_lock(&path).map_err(|error| Error::io(&path, error))?;
        lock.lock().map_err(|error| Error::io(&path, error))?;
        let mut now = KeysFile::read(&self.keys())?;
        change(&mut now);
        now.write(&self.keys())?;
        *keys = now;
        Ok(())
    }

    /// The home itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The records.
    pub fn store(&self) -> PathBuf {
        self.0.join("station.db")
    }

    /// Wraps of the store key.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys.json")
    }

    /// The practice secrets.
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets.toml")
    }

    /// Folder of the virtual ukeys.
    pub fn ukeys(&self) -> PathBuf {
        self.0.join("ukeys")
    }

    /// Folder of one virtual ukey.
    pub fn ukey(&self, serial: &Serial) -> PathBuf {
        self.ukeys().join(serial.as_str())
    }

    /// The CA's virtual token.
    pub fn ca(&self) -> PathBuf {
        self.0.join("ca")
    }

    /// The virtual token with the key of this generation.
    pub fn ca_token(&self, generation: Generation) -> PathBuf {
        if generation == Generation::FIRST {
            return self.ca();
        }
        self.ca().join(generation.to_string().to_lowercase())
    }

    /// The CA certificate and its chain.
    pub fn ca_pem(&self) -> PathBuf {
        self.ca().join("ca.pem")
    }

    /// The virtual token with the unit's key (D-57).
    pub fn unit(&self) -> PathBuf {
        self.0.join("unit")
    }

    /// An officer's own virtual ukey.
    pub fn officer(&self, name: &str) -> PathBuf {
        self.0.join("officers").join(name)
    }

    /// The published CRL.
    pub fn crl(&self) -> PathBuf {
        self.0.join("crl").join("unit.crl")
    }

    /// The last list of a CA that signs no more certificates (D-60).
    pub fn former_crl(&self, generation: Generation) -> PathBuf {
        let name = format!("unit-{generation}.crl").to_lowercase();
        self.0.join("crl").join(name)
    }

    /// Exports.
    pub fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    /// Token profiles that this home adds.
    pub fn profiles(&self) -> PathBuf {
        self.0.join("token-profiles")
    }

    /// The OS lock of one ukey.
    pub fn ukey_lock(&self, serial: &str) -> PathBuf {
        self.0.join("locks").join(format!("{serial}.lock"))
    }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.open(path)
}

/// Makes a folder of the home: mode 0700.
pub(super) fn make_dir(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Error::io(path, error))
}
