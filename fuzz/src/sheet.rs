//! Any bytes as a sheet of applications, and of units, and as the XML of a sheet in a book, so that
//! the parsers behind the checksum are reached: rows or a named refusal, never a panic.

use std::io::{Cursor, Write as _};

use ukey_station::documents::sheet::{requests, units};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Throws it at the parser.
pub(crate) fn check(bytes: &[u8]) {
    for file in [bytes, &book(bytes)] {
        match requests::read(file) {
            Ok(sheet) => assert!(!sheet.rows.is_empty()),
            Err(error) => assert!(error.code().starts_with("sheet-")),
        }
        if let Err(error) = units::read(file) {
            assert!(error.code().starts_with("sheet-"));
        }
    }
}

/// A book with this sheet.
fn book(sheet: &[u8]) -> Vec<u8> {
    let book = format!(
        "<workbook xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"1\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships><Relationship Id=\"a\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
