//! `Cell`: what one cell of a file holds, and how it becomes text without losing a digit.

/// Longest text of a cell, in characters: what Excel itself takes.
pub(super) const MAX_TEXT: usize = 32_767;
/// Numbers below this are whole in a file's floating point, each digit as it was typed. Excel keeps
/// 15 digits.
const EXACT_BELOW: f64 = 1e15;

/// A cell with content.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Text as it stands.
    Text(String),
    /// A number.
    Number(f64),
    /// TRUE or FALSE.
    Logical,
    /// A date or a time.
    Date,
    /// `#N/A` and the like.
    ErrorValue,
    /// A formula, whatever it shows.
    Formula,
    /// More text than a cell can have.
    TooLong,
}

/// Why a cell is refused before the form looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellProblem {
    /// Stored as a number with more digits than a number keeps, or with a fraction.
    DigitsLost,
    /// TRUE or FALSE.
    Logical,
    /// A date.
    Date,
    /// `#N/A` and the like.
    ErrorValue,
    /// A formula.
    Formula,
    /// More text than a cell can have.
    TooLong,
    /// Part of a merged region.
    Merged,
    /// Content beside the last heading.
    NoHeading,
    /// Neither 是 nor 否.
    YesNo,
}

impl CellProblem {
    /// A stable word: the key of its wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DigitsLost => "cell-digits-lost",
            Self::Logical => "cell-logical",
            Self::Date => "cell-date",
            Self::ErrorValue => "cell-error",
            Self::Formula => "cell-formula",
            Self::TooLong => "cell-too-long",
            Self::Merged => "cell-merged",
            Self::NoHeading => "cell-no-heading",
            Self::YesNo => "cell-yes-no",
        }
    }
}

impl Cell {
    /// Text, or what it says of itself: too long, or a formula in a CSV file.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        if text.chars().all(char::is_whitespace) {
            return None;
        }
        // Bytes first: the usual text need not be counted.
        if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
            return Some(Self::TooLong);
        }
        Some(Self::Text(text.to_owned()))
    }

    /// The text of the cell, or why it has none. `digits`: the column holds a number that is a name,
    /// not an amount, so that `4.30102E+17` is a number whose digits are gone.
    pub(super) fn into_text(self, digits: bool) -> Result<String, (CellProblem, Self)> {
        let problem = match self {
            Self::Text(text) if digits && is_scientific(&text) => {
                return Err((CellProblem::DigitsLost, Self::Text(text)));
            }
            Self::Text(text) => return Ok(text),
            Self::Number(number) => {
                return whole(number).ok_or((CellProblem::DigitsLost, self));
            }
            Self::Logical => CellProblem::Logical,
            Self::Date => CellProblem::Date,
            Self::ErrorValue => CellProblem::ErrorValue,
            Self::Formula => CellProblem::Formula,
            Self::TooLong => CellProblem::TooLong,
        };
        Err((problem, self))
    }
}

/// The digits of a whole number that kept them all.
fn whole(number: f64) -> Option<String> {
    let exact = number.is_finite() && number.fract() == 0.0 && number.abs() < EXACT_BELOW;
    exact.then(|| format!("{number:.0}"))
}

/// `4.30102E+17`: what a table program writes of a long number.
fn is_scientific(text: &str) -> bool {
    if !text.bytes().any(|byte| matches!(byte, b'E' | b'e')) {
        return false; // As nearly every text.
    }
    let Some((digits, exponent)) = text.trim().split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    all_digits(whole) && all_digits(fraction) && all_digits(exponent)
}

/// `A`, `Z`, `AA` …: a column as table programs name it; the first is 0.
pub(super) fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_text_only_while_every_digit_is_there() {
        let problem = |cell: Cell| cell.into_text(true).map_err(|(problem, _cell)| problem);
        let text = |number| problem(Cell::Number(number));
        assert_eq!(text(13_812_345_678.0).unwrap(), "13812345678");
        assert_eq!(text(211.0).unwrap(), "211");
        for lost in [4.301_021_990_030_70e17, 1e15, 0.5, f64::NAN, f64::INFINITY] {
            assert_eq!(text(lost), Err(CellProblem::DigitsLost), "{lost}");
        }
        for text in ["4.30102E+17", "4.30102e17", "4E+17"] {
            let cell = || Cell::Text(text.to_owned());
            assert_eq!(problem(cell()), Err(CellProblem::DigitsLost), "{text}");
            assert_eq!(cell().into_text(false).unwrap(), text);
        }
        for text in ["E", "4E", "43010219900307001X", "E12", "1.E5"] {
            assert_eq!(Cell::Text(text.to_owned()).into_text(true).unwrap(), text);
        }
    }

    #[test]
    fn columns_have_the_letters_of_table_programs() {
        for (column, name) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (701, "ZZ"),
            (16_383, "XFD"),
        ] {
            assert_eq!(letters(column), name);
        }
    }

    #[test]
    fn a_cell_takes_no_more_than_excel_does() {
        assert_eq!(
            Cell::from_text(&"张".repeat(MAX_TEXT + 1)),
            Some(Cell::TooLong)
        );
        let full = "张".repeat(MAX_TEXT);
        assert_eq!(Cell::from_text(&full), Some(Cell::Text(full)));
        assert_eq!(Cell::from_text(" \u{a0}\t"), None);
    }
}
