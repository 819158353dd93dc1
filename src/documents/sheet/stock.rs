//! A delivery of ukeys as a sheet: one serial number, or one range of them, a row.

use super::error::SheetError;
use super::table::{self, CellFault, Column};
use super::write::{Heading, NotWritten, list};

const fn column(
    field: &'static str,
    heading: &'static str,
    names: &'static [&'static str],
    needed: bool,
) -> Column {
    Column {
        field,
        heading,
        names,
        rule: "D-24",
        digits: true,
        needed,
    }
}

const COLUMNS: [Column; 5] = [
    column(
        "serial",
        "序列号",
        &["ukey序列号", "起始序列号", "起号", "SN", "serial"],
        true,
    ),
    column("last", "终止序列号", &["止号", "末序列号", "last"], false),
    column("model", "型号", &["ukey型号", "model"], false),
    column("box", "箱号", &["盒号", "包装箱号", "box"], false),
    column("count", "数量", &["个数", "count"], false),
];

/// One row as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetDelivery {
    /// As table programs count.
    pub row: u32,
    /// The serial number, or the first of a range.
    pub serial: String,
    /// The last of a range; empty: one alone.
    pub last: String,
    /// Model or profile; may be empty.
    pub model: String,
    /// The box; may be empty.
    pub box_of: String,
    /// How many the row says it is; may be empty.
    pub count: String,
    /// Cells that cannot be taken.
    pub faults: Vec<CellFault>,
}

/// Reads a file.
///
/// # Errors
/// [`SheetError`] when it has no rows under these headings.
pub fn read(bytes: &[u8]) -> Result<Vec<SheetDelivery>, SheetError> {
    let mut rows = Vec::new();
    table::read(bytes, &COLUMNS, |_letters, row| {
        let mut texts = row.texts.into_iter().map(|text| text.trim().to_owned());
        let mut next = || texts.next().unwrap_or_default();
        rows.push(SheetDelivery {
            row: row.number,
            serial: next(),
            last: next(),
            model: next(),
            box_of: next(),
            count: next(),
            faults: row.faults,
        });
    })?;
    Ok(rows)
}

/// The heading of a field.
pub fn heading(field: &str) -> Option<&'static str> {
    let found = COLUMNS.iter().find(|column| column.field == field);
    found.map(|column| column.heading)
}

/// An empty sheet with the headings.
///
/// # Errors
/// [`NotWritten`].
pub fn template() -> Result<Vec<u8>, NotWritten> {
    let headings = COLUMNS.map(|column| Heading(column.heading, 24.0));
    list("库存", &headings, std::iter::empty::<[&str; 0]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_serial_number_or_a_range_is_a_row() {
        let sheet = "序列号,终止序列号,箱号,数量\nFT-0001,FT-0050,A1,50\n8f5c5f1bb3f1a2c4,,,\n";
        let rows = read(sheet.as_bytes()).unwrap();
        assert_eq!(rows.len(), 2);
        let first = &rows[0];
        let texts = [&first.serial, &first.last, &first.box_of, &first.count];
        assert_eq!(texts, ["FT-0001", "FT-0050", "A1", "50"]);
        let alone = read("序列号\nFT-1\n".as_bytes()).unwrap();
        assert_eq!(alone[0].serial, "FT-1", "a list of serial numbers alone");
        assert_eq!(rows[1].serial, "8f5c5f1bb3f1a2c4");
        assert_eq!(read(&template().unwrap()), Err(SheetError::Empty));
    }
}
