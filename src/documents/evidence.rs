//! The evidence bundle as a file (D-50): a zip of parts, their SHA-256 sums, how to verify them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What each part is called, and what it holds.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// The list of sums, and its signature.
pub const SUMS: &str = "SHA256SUMS";
/// CMS `SignedData` over [`SUMS`].
pub const SEAL: &str = "SHA256SUMS.p7s";

/// The present CA with its chain, and its newest list. A certificate of a CA before has its own beside it,
/// by the same names without the folder (D-60).
pub const HOLDER_CA: (&str, &str) = ("trust", "holder-ca.pem");
/// The newest list.
pub const LIST: (&str, &str) = ("crl", "list.pem");

/// More parts than this are not read: a row of the log each, and some twenty of a certificate.
const MOST_PARTS: usize = 200_000;
/// Bytes of all parts together.
const MOST_BYTES: u64 = 256 << 20;

/// A file that is no bundle, or a part that cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an evidence bundle: {0}")]
pub struct NotEvidence(&'static str);

/// The parts that say how the others are verified, the same in every bundle.
pub fn instructions() -> Parts {
    let part = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    Parts::from([
        part("README.md", include_str!("evidence/README.md")),
        part("verify.sh", include_str!("evidence/verify.sh")),
    ])
}

/// The sums of all parts but [`SUMS`] and [`SEAL`], as `sha256sum --check` reads them, in the order of
/// the names.
pub fn sums(parts: &Parts) -> String {
    let mut text = String::new();
    let summed = parts
        .iter()
        .filter(|(name, _bytes)| ![SUMS, SEAL].contains(&name.as_str()));
    for (name, bytes) in summed {
        // Writing to a String does not fail.
        writeln!(text, "{}  {name}", hex::encode(Sha256::digest(bytes))).ok();
    }
    text
}

/// Packs the parts.
///
/// # Errors
/// [`NotEvidence`] when it would be one that [`read`] refuses.
pub fn write(parts: &Parts) -> Result<Vec<u8>, NotEvidence> {
    if parts.len() > MOST_PARTS {
        return Err(NotEvidence("too many parts"));
    }
    parts.keys().try_for_each(|name| check_name(name))?;
    let failed = |_error: zip::result::ZipError| NotEvidence("the zip");
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, options).map_err(failed)?;
        zip.write_all(bytes).map_err(|_io| NotEvidence("the zip"))?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

/// Unpacks the parts, bounded in number and size.
///
/// # Errors
/// [`NotEvidence`].
pub fn read(bytes: &[u8]) -> Result<Parts, NotEvidence> {
    let damaged = |_error: zip::result::ZipError| NotEvidence("its zip is damaged");
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if zip.len() > MOST_PARTS {
        return Err(NotEvidence("too many parts"));
    }
    if zip.has_duplicate_names() {
        return Err(NotEvidence("two parts of one name"));
    }
    let (mut parts, mut left) = (Parts::new(), MOST_BYTES);
    for index in 0..zip.len() {
        let file = zip.by_index(index).map_err(damaged)?;
        if !file.is_file() || file.is_symlink() || file.encrypted() {
            return Err(NotEvidence("a part that is no plain file"));
        }
        let name = file.name().map_err(damaged)?.into_owned();
        check_name(&name)?;
        let mut content = Vec::new();
        let taken = file.take(left + 1).read_to_end(&mut content);
        taken.map_err(|_io| NotEvidence("its zip is damaged"))?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or(NotEvidence("too large"))?;
        parts.insert(name, content);
    }
    Ok(parts)
}

/// Of plain characters, and inside the folder wherever it is unpacked.
fn check_name(name: &str) -> Result<(), NotEvidence> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let inside = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
    if name.len() <= 160 && name.split('/').all(inside) {
        Ok(())
    } else {
        Err(NotEvidence("a part's name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_and_a_name_that_leaves_the_folder_is_not() {
        let mut parts = instructions();
        parts.insert("certificates/01/proof.txt".to_owned(), vec![7; 9]);
        assert_eq!(read(&write(&parts).unwrap()).unwrap(), parts);
        for name in ["../up", "/top", "a//b", ".hidden", "a\\b", ""] {
            let one = Parts::from([(name.to_owned(), Vec::new())]);
            assert_eq!(write(&one), Err(NotEvidence("a part's name")), "{name:?}");
        }
        assert!(read(b"PK no zip").is_err());
    }
}
