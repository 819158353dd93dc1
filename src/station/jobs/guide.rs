//! The guide as one book to be printed. Needs no home and no sign-in: it is part of the program.

use std::path::Path;

use crate::documents::manual;
use crate::keys::file;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::wording::Wording;
use crate::wording::guide::Guide;

/// Writes the whole guide as PDF, with its contents; gives the number of its sheets.
///
/// # Errors
/// `glyph-missing`, or what the file system says.
pub fn write(wording: &Wording, out: &Path) -> Result<usize, Error> {
    let guide = Guide::new(wording.language());
    let texts = guide.pages().iter().flat_map(|page| page.source.lines());
    let font = fonts::with(Face::Sans, texts)?;
    let words = manual::Words {
        title: wording.text("manual-title"),
        version: wording.with(
            "manual-version",
            [("version", env!("CARGO_PKG_VERSION").to_owned())],
        ),
        contents: wording.text("manual-contents"),
    };
    let (pdf, sheets) = manual::pdf(&words, &guide, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))?;
    Ok(sheets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;

    #[test]
    fn the_book_has_a_sheet_for_each_page_at_least_in_both_languages() {
        let dir = tempfile::tempdir().unwrap();
        for language in [Language::Chinese, Language::English] {
            let out = dir.path().join("manual.pdf");
            let sheets = write(&Wording::new(language), &out).unwrap();
            assert!(sheets > Guide::new(language).pages().len());
            assert!(std::fs::read(&out).unwrap().starts_with(b"%PDF-"));
        }
    }
}
