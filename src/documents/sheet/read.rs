//! A file's bytes to the rows of the one sheet in it that holds data. The kind of file is told by its content,
//! never by its name.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Reader as _, SheetType, Xls, XlsError, Xlsx, XlsxError};

use super::cell::Cell;
use super::error::SheetError;
use super::grid::{Grid, GridRow, Region};
use super::write::HELP_SHEETS;
use super::{csv_text, guard};

/// How a ZIP archive begins, and an old Office file (also an encrypted new one).
const ZIP: &[u8] = b"PK\x03\x04";
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes of an XLS file that are read at most.
const MAX_XLS: usize = 64 << 20;

/// Reads the sheet with data: gives each row with content to `take`, with the merged regions.
///
/// # Errors
/// [`SheetError`]; rows may have been given before.
pub(super) fn rows(
    bytes: &[u8],
    mut take: impl FnMut(&[Region], GridRow),
) -> Result<(), SheetError> {
    let mut grid = Grid::new(&mut take);
    if bytes.starts_with(ZIP) {
        let merges = guard::check(bytes)?;
        guarded(|| xlsx(bytes, merges, &mut grid))?;
    } else if bytes.starts_with(COMPOUND) {
        if bytes.len() > MAX_XLS {
            return Err(SheetError::TooLarge("bytes"));
        }
        guarded(|| xls(bytes, &mut grid))?;
    } else {
        csv_text::read(bytes, &mut grid)?;
    }
    grid.end();
    Ok(())
}

/// A parser that gives up in the middle of a hostile file must not take the station with it.
fn guarded(read: impl FnOnce() -> Result<(), SheetError>) -> Result<(), SheetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_panic| Err(SheetError::Damaged("parser".to_owned())))
}

fn xlsx(bytes: &[u8], merges: bool, found: &mut Grid<'_>) -> Result<(), SheetError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| xlsx_error(&error))?;
    for name in data_sheets(book.sheets_metadata()) {
        let first = found.is_empty();
        // They stand below the cells: to look for them is to read the sheet once more.
        if first && merges {
            let merged = book.merge_cells_by_sheet_name(&name);
            let merged = merged.map_err(|error| xlsx_error(&error))?;
            found.merge(merged.iter().map(|region| (region.start, region.end)))?;
        }
        let mut cells = book
            .worksheet_cells_reader(&name)
            .map_err(|error| xlsx_error(&error))?;
        while let Some(record) = cells
            .next_cell_with_formula_metadata()
            .map_err(|error| xlsx_error(&error))?
        {
            let cell = if record.formula.is_some() {
                Some(Cell::Formula)
            } else {
                xlsx_cell(record.value)
            };
            let Some(cell) = cell else { continue };
            if !first {
                return Err(SheetError::SeveralSheets(shown(&name)));
            }
            found.push(record.pos.0, record.pos.1, cell)?;
        }
    }
    Ok(())
}

fn xlsx_cell(value: DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::String(text) => Cell::from_text(&text),
        DataRef::SharedString(text) => Cell::from_text(text),
        #[expect(clippy::cast_precision_loss, reason = "as the file's own numbers")]
        DataRef::Int(number) => Some(Cell::Number(number as f64)),
        DataRef::Float(number) => Some(Cell::Number(number)),
        DataRef::Bool(_) => Some(Cell::Logical),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
            Some(Cell::Date)
        }
        DataRef::Error(_) => Some(Cell::ErrorValue),
    }
}

fn xls(bytes: &[u8], found: &mut Grid<'_>) -> Result<(), SheetError> {
    if names_stream(bytes, "EncryptedPackage") {
        return Err(SheetError::Encrypted);
    }
    if !names_stream(bytes, "Workbook") && !names_stream(bytes, "Book") {
        return Err(SheetError::NoSheet);
    }
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|error| xls_error(&error))?;
    for name in data_sheets(book.sheets_metadata()) {
        let range = book
            .worksheet_range(&name)
            .map_err(|error| xls_error(&error))?;
        let formulas = book
            .worksheet_formula(&name)
            .map_err(|error| xls_error(&error))?;
        let first = found.is_empty();
        if first {
            let merged = book.merge_cells_by_sheet_name(&name);
            let merged = merged.map_err(|error| xls_error(&error))?;
            found.merge(merged.iter().map(|region| (region.start, region.end)))?;
        }
        let (top, left) = range.start().unwrap_or_default();
        let position =
            |at: usize, from: u32| u32::try_from(at).unwrap_or(u32::MAX).saturating_add(from);
        for (row, column, value) in range.used_cells() {
            let (row, column) = (position(row, top), position(column, left));
            let formula = formulas.get_value((row, column));
            let cell = if formula.is_some_and(|text| !text.is_empty()) {
                Some(Cell::Formula)
            } else {
                xls_cell(value)
            };
            let Some(cell) = cell else { continue };
            if !first {
                return Err(SheetError::SeveralSheets(shown(&name)));
            }
            found.push(row, column, cell)?;
        }
    }
    Ok(())
}

fn xls_cell(value: &Data) -> Option<Cell> {
    match value {
        Data::Empty => None,
        Data::String(text) => Cell::from_text(text),
        #[expect(clippy::cast_precision_loss, reason = "as the file's own numbers")]
        Data::Int(number) => Some(Cell::Number(*number as f64)),
        Data::Float(number) => Some(Cell::Number(*number)),
        Data::Bool(_) => Some(Cell::Logical),
        Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => Some(Cell::Date),
        Data::Error(_) => Some(Cell::ErrorValue),
    }
}

/// Names of the sheets that may hold data: not charts and macros, not the template's own help.
fn data_sheets(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .filter(|sheet| !HELP_SHEETS.contains(&sheet.name.as_str()))
        .map(|sheet| sheet.name.clone())
        .collect()
}

/// Whether a compound file has a stream of this name; its directory is UTF-16.
fn names_stream(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(wide.len()).any(|window| window == wide)
}

/// A name out of a file, fit to be shown.
pub(super) fn shown(name: &str) -> String {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let visible = name.chars().filter(|c| !c.is_control()).take(40);
    // Where a heading should be there may be a person's number.
    visible
        .map(|c| {
            if digits > 6 && c.is_ascii_digit() {
                '*'
            } else {
                c
            }
        })
        .collect()
}

fn xlsx_error(error: &XlsxError) -> SheetError {
    match error {
        XlsxError::Password => SheetError::Encrypted,
        other => SheetError::Damaged(kind(other)),
    }
}

fn xls_error(error: &XlsError) -> SheetError {
    match error {
        XlsError::Password => SheetError::Encrypted,
        other => SheetError::Damaged(kind(other)),
    }
}

/// The kind of a parser's error without its text: that may quote a cell.
fn kind(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}
