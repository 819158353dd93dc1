//! `ScanKind`: a scan of a sealed form, known by its content and not by its name: PDF, JPG or PNG that
//! is whole (D-13). Looks at the structure only; what is on the picture the approver sees.

use super::approval::Commitment;

/// The largest scan, in bytes: 20 MB.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;

/// A file format of scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanKind {
    /// PDF.
    Pdf,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// Why a file is no scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Larger than [`MAX_BYTES`].
    #[error("larger than 20 MB")]
    TooLarge,
    /// Another format, whatever its name says.
    #[error("not a PDF, JPG or PNG by its content")]
    Format,
    /// Cut off or damaged.
    #[error("the file is damaged or cut off")]
    Damaged,
}

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

impl ScanKind {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Finds the format and sees that the file is whole.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn of(bytes: &[u8]) -> Result<Self, ScanError> {
        if bytes.len() > MAX_BYTES {
            return Err(ScanError::TooLarge);
        }
        let (kind, whole) = if bytes.starts_with(b"%PDF-") {
            (Self::Pdf, is_whole_pdf(bytes))
        } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            (Self::Jpeg, is_whole_jpeg(bytes))
        } else if bytes.starts_with(PNG_MAGIC) {
            (Self::Png, is_whole_png(bytes))
        } else {
            return Err(ScanError::Format);
        };
        if whole {
            Ok(kind)
        } else {
            Err(ScanError::Damaged)
        }
    }
}

/// A scan without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// SHA-256 of the file.
    pub sha256: Commitment,
    /// Its format.
    pub kind: ScanKind,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A version, a cross-reference that lies inside the file, and the end where it belongs.
fn is_whole_pdf(bytes: &[u8]) -> bool {
    let version = bytes.get(5..8);
    let version = version.is_some_and(|v| matches!(v, [b'1' | b'2', b'.', b'0'..=b'9']));
    let tail = bytes
        .get(bytes.len().saturating_sub(2048)..)
        .unwrap_or_default();
    let find = |needle: &[u8]| tail.windows(needle.len()).rposition(|part| part == needle);
    let (Some(start), Some(end)) = (find(b"startxref"), find(b"%%EOF")) else {
        return false;
    };
    let offset = tail
        .get(start + 9..end)
        .and_then(|part| std::str::from_utf8(part).ok());
    let offset = offset.and_then(|text| text.trim().parse::<usize>().ok());
    version && offset.is_some_and(|offset| (8..bytes.len()).contains(&offset))
}

/// Segments that lead to a picture of some size, and the end-of-image mark after it.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    let mut sized = false;
    loop {
        let Some(&[0xff, mark, high, low]) = bytes
            .get(at..at + 4)
            .and_then(|part| part.first_chunk::<4>())
        else {
            return false;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        match mark {
            0xff => {
                at += 1; // A fill byte.
                continue;
            }
            // Start of scan: the compressed picture follows, up to the last mark.
            0xda => {
                let rest = bytes.get(at + 2 + length..).unwrap_or_default();
                let end = rest.windows(2).rposition(|pair| pair == [0xff, 0xd9]);
                return sized && end.is_some_and(|end| end > 0);
            }
            0xc0..=0xcf if !matches!(mark, 0xc4 | 0xc8 | 0xcc) => {
                let size = bytes.get(at + 5..at + 9);
                sized = size.is_some_and(
                    |size| matches!(size, [a, b, c, d] if (a | b) != 0 && (c | d) != 0),
                );
            }
            _ => {}
        }
        if length < 2 {
            return false;
        }
        at += 2 + length;
    }
}

/// Chunks from `IHDR` with a size to `IEND`, nothing missing.
fn is_whole_png(bytes: &[u8]) -> bool {
    let mut at = PNG_MAGIC.len();
    let mut first = true;
    let mut has_data = false;
    loop {
        let Some(head) = bytes.get(at..at + 8) else {
            return false;
        };
        let (length, kind) = head.split_at(4);
        let length = length
            .iter()
            .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        let Some(data) = bytes.get(at + 8..(at + 8).saturating_add(length)) else {
            return false;
        };
        if first {
            let size = |range| {
                data.get(range)
                    .is_some_and(|part: &[u8]| part.iter().any(|byte| *byte != 0))
            };
            if kind != b"IHDR" || length != 13 || !size(0..4) || !size(4..8) {
                return false;
            }
        }
        first = false;
        has_data |= kind == b"IDAT" && length > 0;
        at += 12 + length;
        if kind == b"IEND" {
            return has_data && bytes.len() >= at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png() -> Vec<u8> {
        let mut bytes = PNG_MAGIC.to_vec();
        let chunks: [(&[u8; 4], &[u8]); 3] = [
            (b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
            (b"IDAT", &[0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]),
            (b"IEND", &[]),
        ];
        for (kind, data) in chunks {
            bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend(kind);
            bytes.extend(data);
            bytes.extend([0; 4]);
        }
        bytes
    }

    fn jpeg() -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        bytes.extend([0xff, 0xe0, 0, 4, 1, 2]);
        bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 0, 0, 0]);
        bytes.extend([0xff, 0xda, 0, 3, 1, 0x11, 0x22, 0xff, 0xd9]);
        bytes
    }

    const PDF: &[u8] =
        b"%PDF-1.4\n1 0 obj<<>>endobj\nxref\n0 1\ntrailer<<>>\nstartxref\n27\n%%EOF\n";

    #[test]
    fn the_three_formats_are_known_by_content() {
        assert_eq!(ScanKind::of(PDF), Ok(ScanKind::Pdf));
        assert_eq!(ScanKind::of(&jpeg()), Ok(ScanKind::Jpeg));
        assert_eq!(ScanKind::of(&png()), Ok(ScanKind::Png));
    }

    #[test]
    fn others_and_parts_of_them_are_refused() {
        for other in [
            &b""[..],
            b"GIF89a",
            b"MZ",
            b"<html>",
            b"\x89PNG",
            b"PDF-1.4",
        ] {
            assert_eq!(ScanKind::of(other), Err(ScanError::Format));
        }
        for whole in [PDF.to_vec(), jpeg(), png()] {
            for cut in 8..whole.len() - 6 {
                assert_eq!(
                    ScanKind::of(&whole[..cut]),
                    Err(ScanError::Damaged),
                    "{cut}"
                );
            }
        }
        let large = vec![0x25; MAX_BYTES + 1];
        assert_eq!(ScanKind::of(&large), Err(ScanError::TooLarge));
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(kind in 0..3_usize, tail in proptest::collection::vec(0..=255_u8, 0..200)) {
            let head: &[u8] = [b"%PDF-1.4" as &[u8], &[0xff, 0xd8, 0xff], PNG_MAGIC][kind];
            let bytes = [head, &tail].concat();
            ScanKind::of(&bytes).ok();
        }
    }
}
