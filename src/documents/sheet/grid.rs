//! `Grid`: the cells with content of one sheet, whatever file it came from. Sparse: a lone cell in
//! the last corner of a sheet costs one cell.

use super::cell::Cell;
use super::error::SheetError;

/// Rows with content that are read at most. A province has 26,000 schools.
const MAX_ROWS: usize = 200_000;
/// Cells with content that are read at most.
const MAX_CELLS: usize = 4_000_000;
/// Merged regions that are looked at, at most.
const MAX_REGIONS: usize = 10_000;

/// One sheet.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Rows with content, from the top.
    pub(super) rows: Vec<GridRow>,
    /// Merged regions.
    pub(super) merged: Vec<Region>,
    cells: usize,
}

/// One row with content.
#[derive(Debug)]
pub(super) struct GridRow {
    /// As table programs count: the first is 1.
    pub(super) number: u32,
    /// Cells with content from the left; the first column is 0.
    pub(super) cells: Vec<(u32, Cell)>,
}

/// A merged region; rows and columns counted as in [`GridRow`], both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
}

impl Grid {
    /// Adds a cell; cells come row by row.
    pub(super) fn push(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), SheetError> {
        let number = row.saturating_add(1);
        self.cells += 1;
        if self.cells > MAX_CELLS {
            return Err(SheetError::TooLarge("cells"));
        }
        match self.rows.last_mut() {
            Some(last) if last.number == number => last.cells.push((column, cell)),
            // A row that comes back would hide what it said before.
            Some(last) if last.number > number => {
                return Err(SheetError::Damaged(format!("row {number}")));
            }
            _ => {
                if self.rows.len() == MAX_ROWS {
                    return Err(SheetError::TooLarge("rows"));
                }
                let cells = vec![(column, cell)];
                self.rows.push(GridRow { number, cells });
            }
        }
        Ok(())
    }

    /// Adds a merged region; the first row and column are 0.
    pub(super) fn merge(&mut self, start: (u32, u32), end: (u32, u32)) -> Result<(), SheetError> {
        if self.merged.len() == MAX_REGIONS {
            return Err(SheetError::TooLarge("merged cells"));
        }
        self.merged.push(Region {
            rows: (start.0.saturating_add(1), end.0.saturating_add(1)),
            columns: (start.1, end.1),
        });
        Ok(())
    }
}

impl Region {
    /// `A5:C7`.
    pub(super) fn name(self) -> String {
        use super::cell::letters;
        let ((top, bottom), (left, right)) = (self.rows, self.columns);
        format!("{}{top}:{}{bottom}", letters(left), letters(right))
    }
}
