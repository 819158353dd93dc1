//! Replaces a small file so that a reader, or a power cut, sees the old or the new one, whole.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces `path` by a file with these bytes: mode 0600, synced, renamed over the old one, and the
/// folder synced.
///
/// # Errors
/// What the file system says; the old file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // A bare file name has an empty parent: the folder one stands in.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut file = NamedTempFile::new_in(folder)?; // Made with mode 0600.
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Reads a file of at most `most` bytes: what a person names by mistake may be a device or a disk image.
///
/// # Errors
/// `FileTooLarge`, else what the file system says.
pub fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let beyond = most.saturating_add(1);
    File::open(path)?.take(beyond).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == beyond {
        let text = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Reads a file that nobody else may read or write.
///
/// # Errors
/// `PermissionDenied` when its mode lets others in, else what the file system says.
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("its mode is {mode:04o}; others can read it: chmod 600 it first");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused_and_what_just_fits_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read_at_most(&path, 100).unwrap(), [7; 100]);
        let refused = |path: &Path| read_at_most(path, 99).unwrap_err().kind();
        assert_eq!(refused(&path), io::ErrorKind::FileTooLarge);
        assert_eq!(refused(Path::new("/dev/zero")), io::ErrorKind::FileTooLarge);
        assert_eq!(refused(folder.path()), io::ErrorKind::IsADirectory);
    }
}
