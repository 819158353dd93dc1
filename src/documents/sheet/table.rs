//! A grid to rows under known headings: found by name, in any order, below any title.

use super::cell::{Cell, CellProblem, letters};
use super::error::SheetError;
use super::grid::{Grid, GridRow, Region};
use super::read::shown;
use crate::domain::identity_number::mask;

/// Rows from the top in which the headings may stand: a title and a remark may be above.
const HEADING_ROWS: usize = 20;
/// So many known headings make a row of headings.
const HEADINGS_AT_LEAST: usize = 2;

/// A column that a sheet may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Key of the field.
    pub(super) field: &'static str,
    /// As it stands on the form.
    pub(super) heading: &'static str,
    /// Other names that people give it.
    pub(super) names: &'static [&'static str],
    /// The rule of the field.
    pub(super) rule: &'static str,
    /// Whether its numbers are names, not amounts.
    pub(super) digits: bool,
    /// Whether the sheet must have it.
    pub(super) needed: bool,
}

/// What is wrong with one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// Key of the field.
    pub field: &'static str,
    /// The field's rule, or the word of the problem.
    pub rule: &'static str,
    /// What stands there, masked.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: CellProblem,
}

/// One row under the headings.
#[derive(Debug)]
pub(super) struct TableRow {
    /// As table programs count.
    pub(super) number: u32,
    /// The text of each column, in the order of the columns asked for; empty where there is none.
    pub(super) texts: Vec<String>,
    /// Cells that cannot be taken.
    pub(super) faults: Vec<CellFault>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Table {
    /// The letters of each column, in the order of the columns asked for.
    pub(super) letters: Vec<String>,
    /// The rows with content.
    pub(super) rows: Vec<TableRow>,
}

/// Finds the headings and takes the rows below them.
///
/// # Errors
/// [`SheetError`] when the headings are not those of `columns`, or no row is below them.
pub(super) fn table(grid: Grid, columns: &[Column]) -> Result<Table, SheetError> {
    if grid.rows.is_empty() {
        return Err(SheetError::Empty);
    }
    let at = heading_row(&grid, columns).ok_or(SheetError::NoHeadings)?;
    let mut rows = grid.rows.into_iter().skip(at);
    let headings = rows.next().ok_or(SheetError::NoHeadings)?;
    let mut merged = merged_rows(&grid.merged, headings.number)?;
    let places = places(&headings, columns)?;
    let column_of = |place: u32| places.iter().position(|found| *found == Some(place));
    let mut table = Table {
        letters: places
            .iter()
            .map(|place| place.map(letters).unwrap_or_default())
            .collect(),
        rows: Vec::new(),
    };
    for row in rows {
        let mut taken = TableRow {
            number: row.number,
            texts: vec![String::new(); columns.len()],
            faults: Vec::new(),
        };
        for (place, cell) in row.cells {
            let found =
                column_of(place).and_then(|at| columns.get(at).zip(taken.texts.get_mut(at)));
            match found {
                Some((column, text)) => match taken_cell(cell, column) {
                    Ok(taken) => *text = taken,
                    Err(fault) => taken.faults.push(fault),
                },
                None => taken.faults.push(CellFault {
                    field: "",
                    rule: CellProblem::NoHeading.word(),
                    value: Some(letters(place)),
                    problem: CellProblem::NoHeading,
                }),
            }
        }
        if let Some(name) = merged(row.number) {
            taken.faults.push(CellFault {
                field: "",
                rule: CellProblem::Merged.word(),
                value: Some(name),
                problem: CellProblem::Merged,
            });
        }
        table.rows.push(taken);
    }
    if table.rows.is_empty() {
        return Err(SheetError::Empty);
    }
    Ok(table)
}

fn taken_cell(cell: Cell, column: &Column) -> Result<String, CellFault> {
    let value = match &cell {
        Cell::Number(number) => Some(mask(&format!("{number:.0}"))),
        Cell::Text(text) if column.digits => Some(mask(text)),
        _ => None,
    };
    cell.into_text(column.digits).map_err(|problem| CellFault {
        field: column.field,
        rule: match problem {
            CellProblem::DigitsLost => column.rule,
            other => other.word(),
        },
        value,
        problem,
    })
}

/// The first of the rows at the top with the most known headings.
fn heading_row(grid: &Grid, columns: &[Column]) -> Option<usize> {
    let known = |row: &GridRow| {
        let is_known =
            |cell: &Cell| matches!(cell, Cell::Text(text) if column(text, columns).is_some());
        row.cells
            .iter()
            .filter(|(_place, cell)| is_known(cell))
            .count()
    };
    let top = grid.rows.iter().take(HEADING_ROWS).map(known).enumerate();
    let (at, count) = top.fold((0, 0), |best, row| if row.1 > best.1 { row } else { best });
    (count >= HEADINGS_AT_LEAST).then_some(at)
}

/// Where each column stands. All unknown ones are told, then all missing, then all doubled.
fn places(headings: &GridRow, columns: &[Column]) -> Result<Vec<Option<u32>>, SheetError> {
    let mut places = vec![None; columns.len()];
    let (mut unknown, mut twice) = (Vec::new(), Vec::new());
    for (place, cell) in &headings.cells {
        let text = match cell {
            Cell::Text(text) => text.as_str(),
            _ => "",
        };
        match column(text, columns) {
            None => unknown.push(format!("{} {}", letters(*place), shown(text))),
            Some(at) => {
                let found = places.get_mut(at).and_then(|found| found.replace(*place));
                if found.is_some() {
                    twice.push(shown(text));
                }
            }
        }
    }
    let missing = columns
        .iter()
        .zip(&places)
        .filter(|(column, place)| column.needed && place.is_none());
    let missing: Vec<String> = missing
        .map(|(column, _place)| column.heading.to_owned())
        .collect();
    if !unknown.is_empty() {
        Err(SheetError::UnknownColumns(unknown))
    } else if !missing.is_empty() {
        Err(SheetError::MissingColumns(missing))
    } else if !twice.is_empty() {
        Err(SheetError::DuplicateColumns(twice))
    } else {
        Ok(places)
    }
}

fn column(text: &str, columns: &[Column]) -> Option<usize> {
    let text = plain(text);
    let is_named = |column: &Column| {
        plain(column.heading) == text || column.names.iter().any(|name| *name == text)
    };
    columns.iter().position(is_named)
}

/// A heading without what people add to it: white space, full-width forms, a star for what need not
/// be filled in, a remark in brackets at its end.
fn plain(text: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let text = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && *c != '\u{feff}');
    let text: String = text.map(half).filter(|c| !matches!(c, '*' | ':')).collect();
    match text.split_once('(') {
        Some((before, after)) if after.ends_with(')') && !before.is_empty() => before.to_owned(),
        _ => text,
    }
}

/// Answers for rows from the top down whether one is merged with another or in itself: the name of
/// the region.
///
/// # Errors
/// [`SheetError::MergedHeadings`].
fn merged_rows(
    regions: &[Region],
    heading: u32,
) -> Result<impl FnMut(u32) -> Option<String>, SheetError> {
    let covers = |region: &&Region| region.rows.0 <= heading && heading <= region.rows.1;
    if let Some(region) = regions.iter().find(covers) {
        return Err(SheetError::MergedHeadings(region.name()));
    }
    let mut below: Vec<Region> = regions
        .iter()
        .filter(|region| region.rows.0 > heading)
        .copied()
        .collect();
    below.sort_by_key(|region| region.rows);
    let mut below = below.into_iter().peekable();
    let mut last: Option<Region> = None;
    Ok(move |row| {
        while let Some(region) = below.next_if(|region| region.rows.0 <= row) {
            // Of several that reach this row the one that reaches farthest.
            if last.is_none_or(|last| region.rows.1 > last.rows.1) {
                last = Some(region);
            }
        }
        last.filter(|region| region.rows.1 >= row).map(Region::name)
    })
}
