//! Reads files that people name: by mistake that may be a device, or the image of a disk.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::error::Error;

/// Reads a file up to one byte more than `most`: who judges the content sees that it is too long.
///
/// # Errors
/// What the file system says.
pub fn read_limited(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut content))
        .map_err(|error| Error::io(path, error))?;
    Ok(content)
}

/// What the reader of sheets takes at most.
const MAX_SHEET: usize = 128 << 20;

/// A file up to one byte more than a sheet can have: who reads it sees that it is too large.
///
/// # Errors
/// As [`read_limited`].
pub fn read_sheet(path: &Path) -> Result<Vec<u8>, Error> {
    read_limited(path, MAX_SHEET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_one_byte_too_far_and_a_folder_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read_limited(&path, 100).unwrap(), [7; 100]);
        assert_eq!(read_limited(&path, 99).unwrap().len(), 100);
        assert_eq!(read_limited(Path::new("/dev/zero"), 99).unwrap().len(), 100);
        assert_eq!(read_limited(folder.path(), 99).unwrap_err().code, "file");
    }
}
