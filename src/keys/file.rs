//! Replaces a small file so that a reader, or a power cut, sees the old or the new one, whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces `path` by a file with these bytes: mode 0600, synced, renamed over the old one, and the
/// folder synced.
///
/// # Errors
/// What the file system says; the old file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, 0o600)
}

/// The same with mode 0644: what is published is for everybody to read, a web server among them.
///
/// # Errors
/// As [`replace`].
pub fn replace_published(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, 0o644)
}

/// Writes a new file with these bytes: mode 0600, synced, and the folder synced.
///
/// # Errors
/// `AlreadyExists` where something is, which stays as it was; else what the file system says.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync(folder)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = NamedTempFile::new_in(folder)?; // Made with mode 0600.
    file.write_all(bytes)?;
    if mode != 0o600 {
        let mode = fs::Permissions::from_mode(mode);
        file.as_file().set_permissions(mode)?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync(folder)
}

/// The folder that a file lies in; of a bare name the one that one stands in.
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or_else(|| Path::new("."))
}

/// What was named in a folder, or renamed, is on the disk.
///
/// # Errors
/// What the file system says.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Reads a file that nobody else may read or write.
///
/// # Errors
/// `PermissionDenied` when its mode lets others in, else what the file system says.
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("its mode is {mode:04o}; others can read it: chmod 600 it first");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    fs::read(path)
}
