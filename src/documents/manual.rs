//! The guide as a book: a title with the contents, then each page of the guide from the top of a sheet on.

use super::font::Font;
use super::page::{self, MM, Paper, PaperError, Sheet, lines, width_mm};
use crate::wording::Language;
use crate::wording::guide::{Block, Guide, Page, Span, Style};

/// Left edge and width of the text, millimetres.
const LEFT: f32 = 20.0;
const WIDTH: f32 = 170.0;
/// First and last base line of a sheet.
const TOP: f32 = 26.0;
const BOTTOM: f32 = 272.0;
/// Sizes, points.
const TITLE: f32 = 18.0;
const HEADING: f32 = 13.0;
const BODY: f32 = 10.0;
const SMALL: f32 = 9.0;
/// How far a point of a list stands from the left.
const INDENT: f32 = 7.0;

/// What is said on no page of the guide itself.
#[derive(Clone, Debug)]
pub struct Words {
    /// Title of the book.
    pub title: String,
    /// The program that it is about.
    pub version: String,
    /// Heading of the contents.
    pub contents: String,
}

/// Something in its place on a sheet.
#[derive(Clone, Debug)]
struct Placed {
    x: f32,
    y: f32,
    size: f32,
    text: String,
}

/// The sheets of one page so far, and how far down the last one is filled.
struct Layout<'a> {
    font: &'a Font,
    quotes: [&'static str; 2],
    /// From base line to base line, in sizes of the type.
    leading: f32,
    sheets: Vec<Vec<Placed>>,
    y: f32,
}

/// The usual leading, and the one that saves a sheet for some last lines.
const LEADINGS: [f32; 2] = [1.5, 1.34];

/// The book as PDF, and how many sheets it has.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(words: &Words, guide: &Guide, font: &Font) -> Result<(Vec<u8>, usize), PaperError> {
    let quotes = match guide.language() {
        Language::Chinese => ["“", "”"],
        Language::English => ["\"", "\""],
    };
    let mut sheets = vec![Vec::new()]; // The title's.
    let mut contents = Vec::new();
    for page in guide.pages() {
        contents.push((page.title.clone(), sheets.len() + 1));
        let laid = LEADINGS.map(|leading| laid_out(page, (font, quotes, leading)));
        // The usual one, unless the other takes fewer sheets.
        sheets.extend(laid.into_iter().min_by_key(Vec::len).unwrap_or_default());
    }
    let count = sheets.len();
    if let Some(first) = sheets.first_mut() {
        *first = title(font, words, &contents);
    }
    let pdf = page::sheets(Paper::A4, count, font, |at, sheet| {
        for placed in sheets.get(at).into_iter().flatten() {
            sheet.text(placed.x, placed.y, placed.size, &placed.text);
        }
        foot(sheet, words, (at + 1, count));
        Ok(())
    })?;
    Ok((pdf, count))
}

fn foot(sheet: &mut Sheet<'_>, words: &Words, (at, of): (usize, usize)) {
    sheet.line(LEFT, 280.0, WIDTH);
    sheet.text(LEFT, 285.0, SMALL, &words.title);
    sheet.text_to(LEFT + WIDTH, 285.0, SMALL, &format!("{at}/{of}"));
}

/// The title and the contents, with the sheet that each page begins on.
fn title(font: &Font, words: &Words, contents: &[(String, usize)]) -> Vec<Placed> {
    let middle = |y, size, text: &str| Placed {
        x: LEFT + (WIDTH - width_mm(font, text, size)) / 2.0,
        y,
        size,
        text: text.to_owned(),
    };
    let mut placed = vec![
        middle(50.0, 26.0, &words.title),
        middle(62.0, BODY, &words.version),
        middle(86.0, HEADING, &words.contents),
    ];
    let mut y = 100.0;
    for (title, sheet) in contents {
        let number = sheet.to_string();
        let right = LEFT + WIDTH - 15.0;
        let number_x = right - width_mm(font, &number, 11.0);
        let from = LEFT + 15.0 + width_mm(font, title, 11.0) + 3.0;
        let dot = width_mm(font, ".", 11.0).max(0.1);
        let mut dots = String::new();
        let mut reach = from + dot;
        while reach < number_x - 3.0 {
            dots.push('.');
            reach += dot;
        }
        let dots_x = number_x - 3.0 - width_mm(font, &dots, 11.0);
        for (x, text) in [
            (LEFT + 15.0, title.clone()),
            (dots_x, dots),
            (number_x, number),
        ] {
            let size = 11.0;
            placed.push(Placed { x, y, size, text });
        }
        y += 8.4;
    }
    placed
}

/// The sheets of one page.
fn laid_out(
    page: &Page,
    (font, quotes, leading): (&Font, [&'static str; 2], f32),
) -> Vec<Vec<Placed>> {
    let mut layout = Layout {
        font,
        quotes,
        leading,
        sheets: Vec::new(),
        y: TOP,
    };
    layout.next_sheet();
    layout.page(page);
    layout.sheets
}

impl Layout<'_> {
    fn next_sheet(&mut self) {
        self.sheets.push(Vec::new());
        self.y = TOP;
    }

    fn page(&mut self, page: &Page) {
        self.text((LEFT, TITLE), &page.title);
        self.y += 4.0;
        let mut blocks = page.blocks.iter().peekable();
        while let Some(block) = blocks.next() {
            match block {
                Block::Heading(text) => {
                    self.y += 3.0;
                    // A heading does not stand alone at the end of a sheet.
                    if self.y + 18.0 > BOTTOM {
                        self.next_sheet();
                    }
                    self.text((LEFT, HEADING), text);
                    self.y += 1.0;
                }
                Block::Paragraph(spans) => {
                    let text = self.flat(spans);
                    self.text((LEFT, BODY), &text);
                    self.y += 2.0;
                }
                Block::Item(number, spans) => {
                    let mark = number.map_or_else(|| "·".to_owned(), |number| format!("{number}."));
                    let text = self.flat(spans);
                    self.item(&mark, &text);
                    let more = matches!(blocks.peek(), Some(Block::Item(..)));
                    self.y += if more { 0.6 } else { 2.0 };
                }
                Block::Code(text) => {
                    for line in text.lines() {
                        self.text((LEFT + INDENT, SMALL), line);
                    }
                    self.y += 2.0;
                }
            }
        }
    }

    fn item(&mut self, mark: &str, text: &str) {
        let (sheets, y) = (self.sheets.len(), self.y);
        self.text((LEFT + INDENT, BODY), text);
        // The mark stands on the first line, wherever that is.
        let moved = self.sheets.len() > sheets && y + self.step(BODY) > BOTTOM;
        let y = if moved { TOP } else { y };
        let at = if moved { sheets } else { sheets - 1 };
        let placed = Placed {
            x: LEFT + 1.0,
            y,
            size: BODY,
            text: mark.to_owned(),
        };
        if let Some(sheet) = self.sheets.get_mut(at) {
            sheet.push(placed);
        }
    }

    /// Text in lines, from this place to the right edge.
    fn text(&mut self, (x, size): (f32, f32), text: &str) {
        for text in lines(self.font, text, LEFT + WIDTH - x, size) {
            if self.y + self.step(size) > BOTTOM {
                self.next_sheet();
            }
            let y = self.y;
            if let Some(sheet) = self.sheets.last_mut() {
                sheet.push(Placed { x, y, size, text });
            }
            self.y += self.step(size);
        }
    }

    /// From base line to base line, millimetres.
    fn step(&self, size: f32) -> f32 {
        size * self.leading / MM
    }

    /// There is one weight of type: words of the window stand in quotation marks.
    fn flat(&self, spans: &[Span]) -> String {
        let [open, close] = self.quotes;
        let texts = spans.iter().map(|span| match &span.style {
            Style::Strong | Style::Link(_) => format!("{open}{}{close}", span.text),
            Style::Plain | Style::Code => span.text.clone(),
        });
        texts.collect()
    }
}
