//! Unpacks an archive for nothing but its size, before a parser may: a small file that grows
//! without end is refused here.

use std::io::{Cursor, Read as _};

use memchr::memmem;
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::SheetError;

/// Bytes that all members may have, unpacked. A sheet with 26,000 rows has 20 MB.
const MAX_TOTAL: u64 = 256 << 20;
/// A member above this size may not be packed tighter than [`MAX_RATIO`].
const SMALL: u64 = 1 << 20;
/// Unpacked by packed. XML of sheets packs to a tenth or a fortieth.
const MAX_RATIO: u64 = 200;
/// Members of an archive.
const MAX_MEMBERS: usize = 10_000;

/// How an element begins that merges cells.
const MERGES: &[u8] = b"mergeCell";

/// Reads every member to its end. What the archive says of sizes is not believed; its checksums are
/// compared on the way. Says whether cells may be merged in it.
///
/// # Errors
/// [`SheetError::TooLarge`], [`SheetError::Damaged`], [`SheetError::NoSheet`] for another archive.
pub(super) fn check(bytes: &[u8]) -> Result<bool, SheetError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MAX_MEMBERS {
        return Err(SheetError::TooLarge("members"));
    }
    let is_workbook = archive
        .file_names_raw()
        .any(|name| name.eq_ignore_ascii_case(b"xl/workbook.xml"));
    let mut left = MAX_TOTAL;
    let mut merges = false;
    // What was read last stays before what is read next, so that no word is cut.
    let kept = MERGES.len() - 1;
    let mut buffer = vec![b' '; kept + (64 << 10)];
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| damaged(&error))?;
        let packed = member.compressed_size().max(1);
        let mut unpacked = 0_u64;
        loop {
            let read = member.read(buffer.get_mut(kept..).unwrap_or_default());
            let read = read.map_err(|error| SheetError::Damaged(error.to_string()))?;
            if read == 0 {
                break;
            }
            let known = buffer.get(..kept + read).unwrap_or_default();
            // XML in two octets a character has zeros in it: nothing is known of that.
            merges = merges || known.contains(&0) || memmem::find(known, MERGES).is_some();
            buffer.copy_within(read..read + kept, 0);
            let read = read as u64;
            unpacked += read;
            left = left
                .checked_sub(read)
                .ok_or(SheetError::TooLarge("unpacked"))?;
            if unpacked > SMALL && unpacked / packed > MAX_RATIO {
                return Err(SheetError::TooLarge("packed too tightly"));
            }
        }
    }
    is_workbook.then_some(merges).ok_or(SheetError::NoSheet)
}

fn damaged(error: &ZipError) -> SheetError {
    match error {
        ZipError::UnsupportedArchive(text) if *text == ZipError::PASSWORD_REQUIRED => {
            SheetError::Encrypted
        }
        other => SheetError::Damaged(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(members: &[(&str, usize)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, size) in members {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            let block = vec![b' '; 1 << 20];
            let mut left = *size;
            while left > 0 {
                let part = left.min(block.len());
                writer.write_all(&block[..part]).unwrap();
                left -= part;
            }
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn what_grows_without_end_is_refused_and_what_is_small_is_not() {
        let book = "xl/workbook.xml";
        assert_eq!(check(&archive(&[(book, 900_000)])), Ok(false));
        assert_eq!(
            check(&archive(&[(book, 8 << 20)])),
            Err(SheetError::TooLarge("packed too tightly"))
        );
        let many: Vec<String> = (0..300).map(|at| format!("xl/{at}.xml")).collect();
        let members: Vec<_> = many.iter().map(|name| (name.as_str(), 1 << 20)).collect();
        assert_eq!(
            check(&archive(&members)),
            Err(SheetError::TooLarge("unpacked"))
        );
    }

    #[test]
    fn a_word_about_merged_cells_is_found_wherever_it_is_cut() {
        let block: usize = 64 << 10;
        for before in (block - 10..block + 10).chain(0..10) {
            let mut text = vec![b'x'; before];
            text.extend(b"<mergeCells");
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            writer
                .start_file("xl/workbook.xml", SimpleFileOptions::default())
                .unwrap();
            writer.write_all(&text).unwrap();
            let archive = writer.finish().unwrap().into_inner();
            assert_eq!(check(&archive), Ok(true), "{before}");
        }
    }

    #[test]
    fn another_archive_and_a_cut_one_are_no_sheets() {
        assert_eq!(
            check(&archive(&[("word/document.xml", 10)])),
            Err(SheetError::NoSheet)
        );
        let whole = archive(&[("xl/workbook.xml", 1000)]);
        for length in [4, 40, whole.len() / 2, whole.len() - 5] {
            let cut = check(&whole[..length]);
            assert!(
                matches!(cut, Err(SheetError::Damaged(_))),
                "{length}: {cut:?}"
            );
        }
    }
}
