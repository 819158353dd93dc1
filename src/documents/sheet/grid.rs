//! `Grid`: the cells with content of one sheet become its rows, whatever file they come from. Sparse:
//! a lone cell in the last corner of a sheet costs one cell. Keeps no row longer than until the next.

use super::cell::Cell;
use super::error::SheetError;

/// Rows with content that are read at most. A province has 26,000 schools.
const MAX_ROWS: usize = 200_000;
/// Cells with content that are read at most.
const MAX_CELLS: usize = 4_000_000;
/// Merged regions that are looked at, at most.
const MAX_REGIONS: usize = 10_000;

/// The cells of one sheet on their way to who takes its rows.
pub(super) struct Grid<'a> {
    take: &'a mut dyn FnMut(&[Region], GridRow),
    merged: Vec<Region>,
    last: Option<GridRow>,
    rows: usize,
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

impl<'a> Grid<'a> {
    /// Gives each row with content to `take`, from the top, with the merged regions.
    pub(super) fn new(take: &'a mut dyn FnMut(&[Region], GridRow)) -> Self {
        Self {
            take,
            merged: Vec::new(),
            last: None,
            rows: 0,
            cells: 0,
        }
    }

    /// Whether no cell was added yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// Adds a cell; cells come row by row.
    pub(super) fn push(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), SheetError> {
        let number = row.saturating_add(1);
        self.cells += 1;
        if self.cells > MAX_CELLS {
            return Err(SheetError::TooLarge("cells"));
        }
        match &mut self.last {
            Some(last) if last.number == number => {
                last.cells.push((column, cell));
                return Ok(());
            }
            // A row that comes back would hide what it said before.
            Some(last) if last.number > number => {
                return Err(SheetError::Damaged(format!("row {number}")));
            }
            _ => {}
        }
        if self.rows == MAX_ROWS {
            return Err(SheetError::TooLarge("rows"));
        }
        self.rows += 1;
        let cells = vec![(column, cell)];
        if let Some(whole) = self.last.replace(GridRow { number, cells }) {
            (self.take)(&self.merged, whole);
        }
        Ok(())
    }

    /// Gives the last row.
    pub(super) fn end(&mut self) {
        if let Some(whole) = self.last.take() {
            (self.take)(&self.merged, whole);
        }
    }

    /// The merged regions of the sheet whose cells come next; the first row and column are 0.
    pub(super) fn merge(
        &mut self,
        regions: impl IntoIterator<Item = ((u32, u32), (u32, u32))>,
    ) -> Result<(), SheetError> {
        self.merged.clear();
        for (start, end) in regions {
            if self.merged.len() == MAX_REGIONS {
                return Err(SheetError::TooLarge("merged cells"));
            }
            self.merged.push(Region {
                rows: (start.0.saturating_add(1), end.0.saturating_add(1)),
                columns: (start.1, end.1),
            });
        }
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
