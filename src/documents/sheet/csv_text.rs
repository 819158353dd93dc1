//! CSV as offices write it: UTF-8 with or without a mark, UTF-16 with one, or GB18030; commas, tabs
//! or semicolons.

use std::borrow::Cow;

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::{Encoding, GB18030};

use super::cell::Cell;
use super::error::SheetError;
use super::grid::Grid;

/// Bytes of a text file that are read at most.
const MAX_BYTES: usize = 128 << 20;

/// Reads the whole text.
///
/// # Errors
/// [`SheetError::NoSheet`] for what is no text, [`SheetError::Encoding`], [`SheetError::Damaged`]
/// when a quotation mark is never closed.
pub(super) fn read(bytes: &[u8], grid: &mut Grid<'_>) -> Result<(), SheetError> {
    if bytes.len() > MAX_BYTES {
        return Err(SheetError::TooLarge("bytes"));
    }
    let text = decode(bytes)?;
    // One kind of line end, so that lines can be counted.
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    };
    // Marks come in pairs. A lone one would swallow every row after it into one cell.
    if count(text.as_bytes(), b'"') % 2 == 1 {
        return Err(SheetError::Damaged("\"".to_owned()));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let mut breaks_in_cells = 0;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| SheetError::Damaged(error.to_string()))?
    {
        // As table programs count: a cell of two lines is in one row, an empty line is one. The
        // reader tells the line before the empty ones that it skips.
        let place = record
            .position()
            .cloned()
            .unwrap_or_else(csv::Position::new);
        let from = usize::try_from(place.byte()).unwrap_or(usize::MAX);
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        let skipped = rest.iter().take_while(|byte| **byte == b'\n').count() as u64;
        let row = (place.line() + skipped).saturating_sub(1 + breaks_in_cells);
        let row = u32::try_from(row).map_err(|_large| SheetError::TooLarge("rows"))?;
        for (column, field) in record.iter().enumerate() {
            breaks_in_cells += count(field, b'\n') as u64;
            let field = std::str::from_utf8(field).map_err(|_cut| SheetError::Encoding)?;
            let column = u32::try_from(column).map_err(|_large| SheetError::TooLarge("columns"))?;
            let cell = match Cell::from_text(field) {
                Some(Cell::Text(text)) if text.trim_start().starts_with('=') => Cell::Formula,
                Some(cell) => cell,
                None => continue,
            };
            grid.push(row, column, cell)?;
        }
    }
    Ok(())
}

/// By its mark, else UTF-8 if it is that, else GB18030 if it is that.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let text = bytes.get(length..).unwrap_or_default();
        return encoding
            .decode_without_bom_handling_and_without_replacement(text)
            .ok_or(SheetError::Encoding);
    }
    if bytes.contains(&0) || bytes.starts_with(b"%PDF-") {
        return Err(SheetError::NoSheet);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(SheetError::Encoding)
}

/// The one of the three that the first line with content has most of.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let first = first.unwrap_or_default().as_bytes();
    [b'\t', b';'].into_iter().fold(b',', |best, mark| {
        if count(first, mark) > count(first, best) {
            mark
        } else {
            best
        }
    })
}

fn count(bytes: &[u8], mark: u8) -> usize {
    bytes.split(|byte| *byte == mark).count() - 1
}

#[cfg(test)]
mod tests {
    use super::super::grid::{GridRow, Region};
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<(u32, Vec<(u32, Cell)>)> {
        let mut rows = Vec::new();
        let mut take = |_merged: &[Region], row: GridRow| rows.push((row.number, row.cells));
        let mut grid = Grid::new(&mut take);
        super::read(bytes, &mut grid).unwrap();
        grid.end();
        rows
    }

    fn read(bytes: &[u8]) -> Result<(), SheetError> {
        super::read(bytes, &mut Grid::new(&mut |_merged, _row| {}))
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn every_encoding_of_an_office_gives_the_same_cells() {
        let sheet = "姓名,单位\n李华,示例市练习小学\n";
        let marked = [b"\xEF\xBB\xBF", sheet.as_bytes()].concat();
        let (chinese, _, _) = GB18030.encode(sheet);
        let wide: Vec<u8> = "\u{feff}姓名\t单位\n李华\t示例市练习小学\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [sheet.as_bytes(), &marked, &chinese, &wide] {
            let expected = [
                (1, vec![(0, text("姓名")), (1, text("单位"))]),
                (2, vec![(0, text("李华")), (1, text("示例市练习小学"))]),
            ];
            assert_eq!(rows(bytes), expected);
        }
        let (rare, _, lost) = GB18030.encode("𠮷田梓,喆");
        assert!(!lost);
        assert_eq!(
            rows(&rare),
            [(1, vec![(0, text("𠮷田梓")), (1, text("喆"))])]
        );
    }

    #[test]
    fn rows_are_counted_as_a_table_program_counts_them() {
        let sheet = "a,b\r\n\r\n\"two\nlines\",\"say \"\"no\"\"\"\r\n,\r\nx,=1+1\n";
        let expected = [
            (1, vec![(0, text("a")), (1, text("b"))]),
            (3, vec![(0, text("two\nlines")), (1, text("say \"no\""))]),
            (5, vec![(0, text("x")), (1, Cell::Formula)]),
        ];
        assert_eq!(rows(sheet.as_bytes()), expected);
    }

    #[test]
    fn what_is_no_text_or_never_ends_is_refused() {
        assert!(matches!(read(b"a,\"b\nc,d\n"), Err(SheetError::Damaged(_))));
        assert_eq!(read(b"a\0b").unwrap_err(), SheetError::NoSheet);
        assert_eq!(
            read(b"\xff\xff\xff\xff,").unwrap_err(),
            SheetError::Encoding
        );
    }
}
