//! The zip inside a parcel: `manifest.json`, then `attachments/NAME` in the order of their names.
//! What is read is bounded by what the signed manifest says, and everything together by
//! [`MAX_BYTES`].

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::manifest::{Attachment, Manifest, Sha256Hex};
use super::{Attachments, MAX_BYTES, ParcelError};
use crate::keys::unit_pki::sha256;

const MANIFEST: &str = "manifest.json";
const FOLDER: &str = "attachments/";
const MAX_MANIFEST_BYTES: u64 = 32 * 1024 * 1024;
const MAX_ATTACHMENTS: usize = 20_000;
const MAX_NAME_BYTES: usize = 160;

/// Packs; the manifest's list of attachments is made here.
pub(super) fn write(
    mut manifest: Manifest,
    attachments: &Attachments,
) -> Result<Vec<u8>, &'static str> {
    if attachments.len() > MAX_ATTACHMENTS {
        return Err("too many attachments");
    }
    let total: usize = attachments.values().map(Vec::len).sum();
    if total > MAX_BYTES {
        return Err("too large");
    }
    if attachments.keys().any(|name| !is_allowed(name)) {
        return Err("an attachment's name");
    }
    manifest.attachments = attachments
        .iter()
        .map(|(name, bytes)| (name.clone(), bind(bytes)))
        .collect();
    let json = manifest.canonical().map_err(|_json| "its manifest")?;
    // Readable by this program too: what `parse` refuses is not packed.
    Manifest::parse(&json).map_err(|_error| "its manifest")?;
    let failed = |_error: zip::result::ZipError| "the zip";
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let names = attachments.keys().map(|name| format!("{FOLDER}{name}"));
    let parts = [(MANIFEST.to_owned(), &json)]
        .into_iter()
        .chain(names.zip(attachments.values()));
    for (name, bytes) in parts {
        zip.start_file(name, options).map_err(failed)?;
        zip.write_all(bytes).map_err(|_io| "the zip")?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

/// Reads and checks every part.
pub(super) fn read(bytes: &[u8]) -> Result<(Manifest, Attachments), ParcelError> {
    let bad = ParcelError::Damaged;
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_zip| bad("its zip"))?;
    if zip.len() > MAX_ATTACHMENTS + 1 {
        return Err(ParcelError::TooLarge);
    }
    if zip.has_duplicate_names() {
        return Err(bad("two parts of one name"));
    }
    let json = part(&mut zip, MANIFEST, MAX_MANIFEST_BYTES)?;
    let manifest = Manifest::parse(&json)?;
    // Extra parts, directories and names outside the folder have no place in the list.
    if zip.len() != manifest.attachments.len() + 1 {
        return Err(bad("its parts are not those of its manifest"));
    }
    let total = manifest.attachments.values().map(|found| found.length);
    if total.fold(0, u64::saturating_add) > MAX_BYTES as u64 {
        return Err(ParcelError::TooLarge);
    }
    let mut attachments = BTreeMap::new();
    for (name, bound) in &manifest.attachments {
        if !is_allowed(name) {
            return Err(bad("an attachment's name"));
        }
        let bytes = part(&mut zip, &format!("{FOLDER}{name}"), bound.length)?;
        if bind(&bytes) != *bound {
            return Err(bad("an attachment is not the one of its manifest"));
        }
        attachments.insert(name.clone(), bytes);
    }
    Ok((manifest, attachments))
}

/// Unpacks one part, at most `limit` bytes of it and one more.
fn part(
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, ParcelError> {
    let bad = || ParcelError::Damaged("a part is missing or damaged");
    let file = zip.by_name(name).map_err(|_zip| bad())?;
    if !file.is_file() || file.is_symlink() || file.encrypted() {
        return Err(bad());
    }
    let mut bytes = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|_io| bad())?;
    if bytes.len() as u64 > limit {
        return Err(ParcelError::TooLarge);
    }
    Ok(bytes)
}

fn bind(bytes: &[u8]) -> Attachment {
    Attachment {
        length: bytes.len() as u64,
        sha256: Sha256Hex(sha256(bytes)),
    }
}

/// Whether a name is safe everywhere: no way out of a folder, no device, no hidden file.
fn is_allowed(name: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.len() <= MAX_NAME_BYTES
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(safe))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_a_folder_are_refused() {
        for name in ["a", "scans/2026-0017-1.pdf", "A_b-c.d/e"] {
            assert!(is_allowed(name), "{name}");
        }
        for name in [
            "", "/a", "a/", "a//b", "..", "../a", "a/../b", ".hidden", "a\\b", "c:a", "李", "a b",
            "a\0",
        ] {
            assert!(!is_allowed(name), "{name}");
        }
        assert!(!is_allowed(&"a".repeat(161)));
    }

    /// A zip of any parts, in this order, as a stranger would write it.
    pub(in crate::keys::parcel) fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let options = SimpleFileOptions::default();
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}
