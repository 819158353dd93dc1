//! A grid to rows under known headings: found by name, in any order, below any title.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::cell::{Cell, CellProblem, letters as letters_of};
use super::error::SheetError;
use super::grid::{GridRow, Region};
use super::read::{rows, shown};
use crate::domain::identity_number::mask;

/// Rows from the top in which the headings may stand: a title and a remark may be above.
const HEADING_ROWS: usize = 20;
/// So many known headings make a row of headings; fewer where a sheet needs fewer.
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

/// The table in a sheet: its headings are looked for in the rows at the top, and what stands below
/// them is given on row by row.
struct Table<'a> {
    columns: &'a [Column],
    /// Rows that come before the headings are known.
    top: Vec<GridRow>,
    merged: Vec<Region>,
    under: Option<Under>,
    /// Why the headings will not do.
    refused: Option<SheetError>,
}

/// What is known once the headings are.
struct Under {
    /// Where each column stands, in the order of the columns asked for.
    places: Vec<Option<u32>>,
    /// Its letters.
    letters: Vec<String>,
    merged: MergedRows,
    any: bool,
}

impl<'a> Table<'a> {
    /// A table with these columns.
    const fn new(columns: &'a [Column]) -> Self {
        Self {
            columns,
            top: Vec::new(),
            merged: Vec::new(),
            under: None,
            refused: None,
        }
    }

    /// Takes the next row of the sheet; gives what is known to be a row under the headings to
    /// `give`, with the letters of each column.
    fn take(
        &mut self,
        merged: &[Region],
        row: GridRow,
        give: &mut impl FnMut(&[String], TableRow),
    ) {
        if let Some(under) = &mut self.under {
            under.row(self.columns, row, give);
        } else if self.refused.is_none() {
            if self.top.is_empty() {
                self.merged = merged.to_vec();
            }
            self.top.push(row);
            if self.top.len() == HEADING_ROWS {
                self.look_for_headings(give);
            }
        }
    }

    /// Gives the rows that wait, and says what was wrong with the sheet.
    ///
    /// # Errors
    /// [`SheetError`] when the headings are not those of the columns, or no row is below them.
    fn end(mut self, give: &mut impl FnMut(&[String], TableRow)) -> Result<(), SheetError> {
        if self.under.is_none() && self.refused.is_none() {
            if self.top.is_empty() {
                return Err(SheetError::Empty);
            }
            self.look_for_headings(give);
        }
        match (self.refused, self.under) {
            (Some(error), _) => Err(error),
            (None, Some(under)) if under.any => Ok(()),
            (None, _) => Err(SheetError::Empty),
        }
    }

    fn look_for_headings(&mut self, give: &mut impl FnMut(&[String], TableRow)) {
        let top = std::mem::take(&mut self.top);
        match headings(top, &self.merged, self.columns) {
            Ok((mut under, rows)) => {
                for row in rows {
                    under.row(self.columns, row, give);
                }
                self.under = Some(under);
            }
            Err(error) => self.refused = Some(error),
        }
    }
}

/// Reads a file: gives each row below the headings to `give`, with the letters of each column.
///
/// # Errors
/// [`SheetError`]; rows may have been given before.
pub(super) fn read(
    bytes: &[u8],
    columns: &[Column],
    mut give: impl FnMut(&[String], TableRow),
) -> Result<(), SheetError> {
    let mut table = Table::new(columns);
    rows(bytes, |merged, row| table.take(merged, row, &mut give))?;
    table.end(&mut give)
}

/// The headings among the rows at the top, and the rows below them.
fn headings(
    top: Vec<GridRow>,
    merged: &[Region],
    columns: &[Column],
) -> Result<(Under, impl Iterator<Item = GridRow>), SheetError> {
    let at = heading_row(&top, columns).ok_or(SheetError::NoHeadings)?;
    let mut rows = top.into_iter().skip(at);
    let headings = rows.next().ok_or(SheetError::NoHeadings)?;
    let merged = MergedRows::new(merged, headings.number)?;
    let places = places(&headings, columns)?;
    let letters = places.iter();
    let letters = letters
        .map(|place| place.map(letters_of).unwrap_or_default())
        .collect();
    let under = Under {
        places,
        letters,
        merged,
        any: false,
    };
    Ok((under, rows))
}

impl Under {
    fn row(
        &mut self,
        columns: &[Column],
        row: GridRow,
        give: &mut impl FnMut(&[String], TableRow),
    ) {
        self.any = true;
        let column_of = |place: u32| self.places.iter().position(|found| *found == Some(place));
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
                    value: Some(letters_of(place)),
                    problem: CellProblem::NoHeading,
                }),
            }
        }
        if let Some(name) = self.merged.covering(row.number) {
            taken.faults.push(CellFault {
                field: "",
                rule: CellProblem::Merged.word(),
                value: Some(name),
                problem: CellProblem::Merged,
            });
        }
        give(&self.letters, taken);
    }
}

fn taken_cell(cell: Cell, column: &Column) -> Result<String, CellFault> {
    cell.into_text(column.digits)
        .map_err(|(problem, cell)| CellFault {
            field: column.field,
            rule: match problem {
                CellProblem::DigitsLost => column.rule,
                other => other.word(),
            },
            value: match cell {
                Cell::Number(number) => Some(mask(&format!("{number:.0}"))),
                Cell::Text(text) => Some(mask(&text)),
                _ => None,
            },
            problem,
        })
}

/// The first of the rows at the top with the most known headings.
fn heading_row(top: &[GridRow], columns: &[Column]) -> Option<usize> {
    let known = |row: &GridRow| {
        let is_known =
            |cell: &Cell| matches!(cell, Cell::Text(text) if column(text, columns).is_some());
        row.cells
            .iter()
            .filter(|(_place, cell)| is_known(cell))
            .count()
    };
    let known = top.iter().map(known).enumerate();
    let (at, count) = known.fold((0, 0), |best, row| if row.1 > best.1 { row } else { best });
    let needed = columns.iter().filter(|column| column.needed).count();
    (count >= HEADINGS_AT_LEAST.min(needed)).then_some(at)
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
            None => unknown.push(format!("{} {}", letters_of(*place), shown(text))),
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

/// Answers for rows from the top down whether one is merged with another or in itself.
struct MergedRows {
    below: Peekable<IntoIter<Region>>,
    last: Option<Region>,
}

impl MergedRows {
    /// # Errors
    /// [`SheetError::MergedHeadings`].
    fn new(regions: &[Region], heading: u32) -> Result<Self, SheetError> {
        let covers = |region: &&Region| region.rows.0 <= heading && heading <= region.rows.1;
        if let Some(region) = regions.iter().find(covers) {
            return Err(SheetError::MergedHeadings(region.name()));
        }
        let below = regions.iter().filter(|region| region.rows.0 > heading);
        let mut below: Vec<Region> = below.copied().collect();
        below.sort_by_key(|region| region.rows);
        Ok(Self {
            below: below.into_iter().peekable(),
            last: None,
        })
    }

    /// The name of the region.
    fn covering(&mut self, row: u32) -> Option<String> {
        while let Some(region) = self.below.next_if(|region| region.rows.0 <= row) {
            // Of several that reach this row the one that reaches farthest.
            if self.last.is_none_or(|last| region.rows.1 > last.rows.1) {
                self.last = Some(region);
            }
        }
        let last = self.last.filter(|region| region.rows.1 >= row);
        last.map(Region::name)
    }
}
