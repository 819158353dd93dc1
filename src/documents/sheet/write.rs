//! Sheets out: lists, and templates to be filled in. Every cell is text, so that no table program
//! rounds a number or runs a value as a formula.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Formula,
    Workbook, Worksheet, XlsxError,
};

/// The sheets of a template that hold no data.
pub(super) const HELP_SHEETS: [&str; 1] = [HELP];
const HELP: &str = "填写说明";

/// A sheet could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("the sheet cannot be written: {0}")]
pub struct NotWritten(#[from] XlsxError);

/// A heading and the width of its column in characters.
#[derive(Clone, Copy, Debug)]
pub struct Heading(pub &'static str, pub f64);

/// One column of a template and how to fill it in.
pub(super) struct Help {
    pub(super) heading: &'static str,
    pub(super) needed: bool,
    pub(super) how: &'static str,
    pub(super) example: String,
    /// What the drop-down offers; empty for none.
    pub(super) choices: Vec<String>,
    /// Whether another value than the offered ones may be typed.
    pub(super) open: bool,
    pub(super) width: f64,
}

/// A list: headings that stay, a filter, text cells.
///
/// # Errors
/// [`NotWritten`].
pub fn list<'a, R>(
    name: &str,
    headings: &[Heading],
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<u8>, NotWritten>
where
    R: IntoIterator<Item = &'a str>,
{
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    head(sheet, headings)?;
    let text = text();
    let mut last = 0;
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, column, cell, &text)?;
            }
        }
        last = row;
    }
    let columns = u16::try_from(headings.len()).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, last, columns.saturating_sub(1))?;
    Ok(book.save_to_buffer()?)
}

/// A sheet to be filled in, and a second one that explains.
pub(super) fn template(
    name: &str,
    title: &str,
    columns: &[Help],
    rows: u32,
) -> Result<Vec<u8>, NotWritten> {
    let mut book = Workbook::new();
    let headings: Vec<Heading> = columns
        .iter()
        .map(|column| Heading(column.heading, column.width))
        .collect();
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    head(sheet, &headings)?;
    let text = text();
    // Choices stand on the second sheet below everything else.
    let first_choice = u32::try_from(columns.len()).unwrap_or_default() + 12;
    let lists = columns.iter().filter(|column| !column.choices.is_empty());
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_format(at, &text)?;
        let place = lists.clone().position(|list| std::ptr::eq(list, column));
        if let Some(place) = place.and_then(|place| u32::try_from(place).ok()) {
            let letter = super::cell::letters(place);
            let count = u32::try_from(column.choices.len()).unwrap_or_default();
            let range = format!(
                "={HELP}!${letter}${first_choice}:${letter}${}",
                first_choice + count - 1
            );
            sheet.add_data_validation(1, at, rows, at, &choice(&range, column)?)?;
        }
    }
    let help = book.add_worksheet();
    help.set_name(HELP)?;
    explain(help, title, columns, first_choice)?;
    Ok(book.save_to_buffer()?)
}

/// A drop-down; where other values may be typed it only warns.
fn choice(range: &str, column: &Help) -> Result<DataValidation, NotWritten> {
    let style = if column.open {
        DataValidationErrorStyle::Warning
    } else {
        DataValidationErrorStyle::Stop
    };
    let validation = DataValidation::new()
        .allow_list_formula(Formula::new(range))
        .set_error_style(style)
        .set_input_title(column.heading)?
        .set_input_message(column.how)?
        .set_error_title(column.heading)?
        .set_error_message(column.how)?;
    Ok(validation)
}

fn explain(
    sheet: &mut Worksheet,
    title: &str,
    columns: &[Help],
    first_choice: u32,
) -> Result<(), NotWritten> {
    let (text, bold) = (text(), heading());
    let (large, quiet) = (
        Format::new().set_bold().set_font_size(14),
        Format::new().set_text_wrap(),
    );
    sheet.write_string_with_format(0, 0, title, &large)?;
    for (column, name) in (0..).zip(["栏目", "是否必填", "填写要求"]) {
        sheet.write_string_with_format(2, column, name, &bold)?;
    }
    let mut row = 3;
    for column in columns {
        let needed = if column.needed { "必填" } else { "选填" };
        sheet.write_string_with_format(row, 0, column.heading, &text)?;
        sheet.write_string_with_format(row, 1, needed, &text)?;
        sheet.write_string_with_format(row, 2, column.how, &quiet)?;
        row += 1;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, "示例行（仅供参考，不会导入）", &large)?;
    for (at, column) in (0..).zip(columns) {
        sheet.write_string_with_format(row + 1, at, column.heading, &bold)?;
        sheet.write_string_with_format(row + 2, at, &column.example, &text)?;
        // The third column holds the sentences.
        sheet.set_column_width(at, if at == 2 { 52.0 } else { column.width })?;
    }
    row += 4;
    sheet.write_string_with_format(row, 0, "代码表", &large)?;
    let lists = columns.iter().filter(|column| !column.choices.is_empty());
    for (at, column) in (0..).zip(lists) {
        sheet.write_string_with_format(first_choice - 2, at, column.heading, &bold)?;
        for (row, choice) in (first_choice - 1..).zip(&column.choices) {
            sheet.write_string_with_format(row, at, choice, &text)?;
        }
    }
    Ok(())
}

fn head(sheet: &mut Worksheet, headings: &[Heading]) -> Result<(), NotWritten> {
    let bold = heading();
    for (at, Heading(name, width)) in (0..).zip(headings) {
        sheet.write_string_with_format(0, at, *name, &bold)?;
        sheet.set_column_width(at, *width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape();
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

fn text() -> Format {
    // Built-in format 49: text.
    Format::new().set_num_format_index(49)
}

fn heading() -> Format {
    text()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(0x00E8_ECF1))
}
