//! A form's table: rows of labelled cells with wrapping text, boxes for opinions, and where a page
//! ends. Draws lines of its own; the page gives the paper.

use super::font::Font;
use super::page::{MM, Sheet, lines, width_mm};

/// Size of text in a table, points: 小四.
pub(super) const BODY: f32 = 12.0;
/// From base line to base line.
const LEADING: f32 = BODY * 1.4 / MM;
/// From a cell's top to its first base line, and between text and lines.
const RISE: f32 = BODY * 0.88 / MM;
const PADDING: f32 = 1.6;
/// A value that just does not fit into one line is set smaller: 五号.
const SMALLER: f32 = 10.0;

/// What a cell holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A heading, in the middle.
    Label(String),
    /// A value, from the left.
    Text(String),
    /// Boxes, those ticked that were chosen.
    Choices(Vec<(String, bool)>),
    /// Words at the top; below, at the right, who signs, the seal, the date.
    Opinion {
        words: String,
        signed: Signed,
        sealed: bool,
    },
}

/// The line at the foot of an opinion.
#[derive(Clone, Debug, Default)]
pub(super) struct Signed {
    /// `签字` or the like.
    pub(super) role: &'static str,
    /// Who signed, where that is known.
    pub(super) by: String,
    /// When, as `2026 年 11 月 24 日`; empty to be written by hand.
    pub(super) on: String,
}

/// A cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) width: f32,
    pub(super) content: Content,
}

/// A row; it stays on one page unless it is higher than one.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) least: f32,
}

/// A row with its text in lines.
#[derive(Clone, Debug)]
pub(super) struct LaidRow {
    cells: Vec<(Cell, Vec<String>)>,
    height: f32,
}

/// Breaks texts into lines and rows into pages of `room` millimetres, the first with `first`.
pub(super) fn lay_out(rows: Vec<Row>, font: &Font, first: f32, room: f32) -> Vec<Vec<LaidRow>> {
    let mut pages = vec![Vec::new()];
    let mut left = first;
    for row in rows {
        let mut rest = Some(laid(row, font));
        while let Some(row) = rest.take() {
            let is_first = pages.last().is_none_or(Vec::is_empty);
            if row.height <= left {
                left -= row.height;
                push(&mut pages, row);
            } else if row.height > room && left > 3.0 * LEADING {
                let (upper, lower) = split(row, left);
                push(&mut pages, upper);
                pages.push(Vec::new());
                left = room;
                rest = lower;
            } else if is_first {
                // Nothing else helps: it is drawn as it is.
                left = 0.0;
                push(&mut pages, row);
            } else {
                pages.push(Vec::new());
                left = room;
                rest = Some(row);
            }
        }
    }
    pages
}

fn push(pages: &mut [Vec<LaidRow>], row: LaidRow) {
    if let Some(page) = pages.last_mut() {
        page.push(row);
    }
}

fn laid(row: Row, font: &Font) -> LaidRow {
    let Row { cells, least } = row;
    let cells: Vec<(Cell, Vec<String>)> = cells
        .into_iter()
        .map(|cell| {
            let width = cell.width - 2.0 * PADDING;
            let lines = match &cell.content {
                Content::Text(text) if width_mm(font, text, BODY) > width => {
                    let smaller = lines(font, text, width, SMALLER);
                    if smaller.len() == 1 {
                        smaller
                    } else {
                        lines(font, text, width, BODY)
                    }
                }
                Content::Label(text) | Content::Text(text) => lines(font, text, width, BODY),
                Content::Choices(choices) => choice_lines(font, choices, width),
                Content::Opinion { words, .. } => lines(font, words, width, BODY),
            };
            (cell, lines)
        })
        .collect();
    let height = |(cell, lines): &(Cell, Vec<String>)| {
        let foot = match cell.content {
            Content::Opinion { .. } => 2.0 * LEADING,
            _ => 0.0,
        };
        high(lines.len()) + foot
    };
    let height = cells.iter().map(height).fold(least, f32::max);
    LaidRow { cells, height }
}

fn high(lines: usize) -> f32 {
    let lines = f32::from(u16::try_from(lines).unwrap_or(u16::MAX));
    lines * LEADING + PADDING
}

/// The upper part of a row that fits into `room`, and what is left of it.
fn split(row: LaidRow, room: f32) -> (LaidRow, Option<LaidRow>) {
    let mut fitting = 0;
    while high(fitting + 1) <= room {
        fitting += 1;
    }
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    let mut more = 0;
    for (cell, mut lines) in row.cells {
        let rest = lines.split_off(fitting.min(lines.len()));
        more = more.max(rest.len());
        let again = match &cell.content {
            Content::Label(_) => Content::Label(String::new()),
            other => other.clone(),
        };
        let kept = match &cell.content {
            Content::Opinion { words, .. } => Content::Text(words.clone()),
            other => other.clone(),
        };
        let width = cell.width;
        upper.push((
            Cell {
                width,
                content: kept,
            },
            lines,
        ));
        lower.push((
            Cell {
                width,
                content: again,
            },
            rest,
        ));
    }
    let upper = LaidRow {
        cells: upper,
        height: room,
    };
    let foot = row.height - room;
    let lower = LaidRow {
        cells: lower,
        height: high(more).max(foot),
    };
    (upper, (more > 0).then_some(lower))
}

/// Draws rows of one page from `(x, y)` down; gives the foot of the last.
pub(super) fn draw(
    sheet: &mut Sheet<'_>,
    font: &Font,
    (x, y): (f32, f32),
    rows: &[LaidRow],
) -> f32 {
    let mut top = y;
    for row in rows {
        let mut left = x;
        for (cell, lines) in &row.cells {
            sheet.frame((left, top), (cell.width, row.height));
            draw_cell(sheet, font, (left, top), row.height, cell, lines);
            left += cell.width;
        }
        top += row.height;
    }
    top
}

fn draw_cell(
    sheet: &mut Sheet<'_>,
    font: &Font,
    (x, y): (f32, f32),
    height: f32,
    cell: &Cell,
    lines: &[String],
) {
    let text_height = high(lines.len()) - PADDING;
    let middle = y + (height - text_height) / 2.0 + RISE + (LEADING - BODY / MM) / 2.0;
    match &cell.content {
        Content::Label(_) => {
            for (at, line) in (0_u16..).zip(lines) {
                let free = cell.width - width_mm(font, line, BODY);
                sheet.text(x + free / 2.0, middle + f32::from(at) * LEADING, BODY, line);
            }
        }
        Content::Text(_) => {
            let room = cell.width - 2.0 * PADDING;
            for (at, line) in (0_u16..).zip(lines) {
                let fits = width_mm(font, line, BODY) <= room + BODY / MM;
                let size = if fits { BODY } else { SMALLER };
                sheet.text(x + PADDING, middle + f32::from(at) * LEADING, size, line);
            }
        }
        Content::Choices(choices) => {
            draw_choices(
                sheet,
                font,
                (x + PADDING, middle),
                cell.width - 2.0 * PADDING,
                choices,
            );
        }
        Content::Opinion { signed, sealed, .. } => {
            for (at, line) in (0_u16..).zip(lines) {
                let base = y + PADDING + RISE + f32::from(at) * LEADING;
                sheet.text(x + PADDING, base, BODY, line);
            }
            draw_signed(sheet, font, (x + cell.width, y + height), signed, *sealed);
        }
    }
}

/// `签字：____　（盖章）　　年　月　日`, from the right end of an opinion's last line.
fn draw_signed(
    sheet: &mut Sheet<'_>,
    font: &Font,
    (right, bottom): (f32, f32),
    signed: &Signed,
    sealed: bool,
) {
    let by_hand = "　　　年　　月　　日";
    let on = if signed.on.is_empty() {
        by_hand
    } else {
        &signed.on
    };
    let base = bottom - PADDING - 1.5;
    sheet.text_to(right - 4.0, base, BODY, on);
    let date = width_mm(font, by_hand, BODY).max(width_mm(font, on, BODY));
    let mut end = right - 4.0 - date - 6.0;
    if sealed {
        // The seal goes over the words, up to 42 mm wide.
        sheet.text_to(end, base, BODY, "（盖章）");
        end -= width_mm(font, "（盖章）", BODY) + 4.0;
    }
    if !signed.role.is_empty() {
        let role = format!("{}：", signed.role);
        let start = end - 28.0;
        sheet.text(start, base, BODY, &signed.by);
        sheet.text_to(start, base, BODY, &role);
        if signed.by.is_empty() {
            sheet.line(start, base + 1.0, 28.0);
        }
    }
}

const BOX: f32 = 3.4;
const BOX_GAP: f32 = 1.2;
const CHOICE_GAP: f32 = 5.0;

/// Where each choice begins: line and distance from the left.
fn choice_places(font: &Font, choices: &[(String, bool)], width: f32) -> Vec<(u16, f32)> {
    let (mut line, mut at) = (0, 0.0);
    let mut places = Vec::new();
    for (name, _chosen) in choices {
        let needed = BOX + BOX_GAP + width_mm(font, name, BODY);
        if at > 0.0 && at + needed > width {
            line += 1;
            at = 0.0;
        }
        places.push((line, at));
        at += needed + CHOICE_GAP;
    }
    places
}

/// As many empty lines as the choices need: they are drawn by their own places.
fn choice_lines(font: &Font, choices: &[(String, bool)], width: f32) -> Vec<String> {
    let last = choice_places(font, choices, width)
        .last()
        .map_or(0, |(line, _at)| *line);
    vec![String::new(); usize::from(last) + 1]
}

fn draw_choices(
    sheet: &mut Sheet<'_>,
    font: &Font,
    (x, base): (f32, f32),
    width: f32,
    choices: &[(String, bool)],
) {
    for ((name, chosen), (line, at)) in choices.iter().zip(choice_places(font, choices, width)) {
        let (left, base) = (x + at, base + f32::from(line) * LEADING);
        let top = base - BOX + 0.3;
        sheet.frame((left, top), (BOX, BOX));
        if *chosen {
            // A tick, drawn: not every font has one.
            for shift in [0.0, 0.25] {
                sheet.stroke(&[
                    (left + 0.6 + shift, top + 1.7),
                    (left + 1.4 + shift, top + 2.7),
                    (left + 3.0 + shift, top + 0.5),
                ]);
            }
        }
        sheet.text(left + BOX + BOX_GAP, base, BODY, name);
    }
}
