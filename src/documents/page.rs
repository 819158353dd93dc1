//! Sheets of paper with text, lines and QR codes, on krilla. Layout is ours; millimetres, from the
//! top left corner.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use qrcode::QrCode;

use super::font::Font;

/// Points in a millimetre.
pub(super) const MM: f32 = 72.0 / 25.4;
/// Width of a line, points.
const LINE: f32 = 0.5;

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The page cannot be written as PDF.
    #[error("the page cannot be written as PDF: {0}")]
    Pdf(String),
    /// Too much for a QR code.
    #[error("too much for a QR code")]
    QrCode,
    /// No font here has this character: it would be printed as a box.
    #[error("no font has U+{0:04X}")]
    NoGlyph(u32),
}

/// A size of paper, upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    A4,
    A5,
}

impl Paper {
    /// Width and height.
    pub(super) const fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (210.0, 297.0),
            Self::A5 => (148.0, 210.0),
        }
    }
}

/// A sheet being drawn.
pub(super) struct Sheet<'a> {
    surface: Surface<'a>,
    font: &'a Font,
    width: f32,
    lacking: Option<char>,
}

/// Draws one A5 sheet.
pub(super) fn a5(
    font: &Font,
    draw: impl FnOnce(&mut Sheet<'_>) -> Result<(), PaperError>,
) -> Result<Vec<u8>, PaperError> {
    let mut draw = Some(draw);
    sheets(Paper::A5, 1, font, |_at, sheet| {
        draw.take().map_or(Ok(()), |draw| draw(sheet))
    })
}

/// Draws so many sheets; `draw` gets the place of each, from 0.
pub(super) fn sheets(
    paper: Paper,
    count: usize,
    font: &Font,
    mut draw: impl FnMut(usize, &mut Sheet<'_>) -> Result<(), PaperError>,
) -> Result<Vec<u8>, PaperError> {
    let mut document = Document::new();
    let (width, height) = paper.size();
    for at in 0..count {
        let size = PageSettings::from_wh(width * MM, height * MM);
        let size = size.ok_or_else(|| PaperError::Pdf("page size".to_owned()))?;
        let mut page = document.start_page_with(size);
        let mut sheet = Sheet {
            surface: page.surface(),
            font,
            width,
            lacking: None,
        };
        let drawn = draw(at, &mut sheet);
        let lacking = sheet.lacking;
        drop(sheet); // The surface ends before its page.
        page.finish();
        drawn?;
        if let Some(c) = lacking {
            return Err(PaperError::NoGlyph(c.into()));
        }
    }
    document
        .finish()
        .map_err(|error| PaperError::Pdf(format!("{error:?}")))
}

impl Sheet<'_> {
    /// Text of `size` points with its base line at `y`.
    pub(super) fn text(&mut self, x: f32, y: f32, size: f32, text: &str) {
        self.lacking = self.lacking.or_else(|| self.font.lacks(text));
        self.fill_black();
        let mut at = x;
        for (piece, font) in self.font.pieces(text) {
            let start = Point::from_xy(at * MM, y * MM);
            self.surface
                .draw_text(start, font, size, piece, false, TextDirection::Auto);
            at += self.font.width(piece) * size / MM;
        }
    }

    /// Text in the middle of the sheet.
    pub(super) fn title(&mut self, y: f32, size: f32, text: &str) {
        let x = (self.width - width_mm(self.font, text, size)) / 2.0;
        self.text(x, y, size, text);
    }

    /// Text that ends at `x`.
    pub(super) fn text_to(&mut self, x: f32, y: f32, size: f32, text: &str) {
        self.text(x - width_mm(self.font, text, size), y, size, text);
    }

    /// Text broken into lines of at most `width` millimetres; gives the base line after the last.
    pub(super) fn paragraph(
        &mut self,
        (x, y): (f32, f32),
        width: f32,
        size: f32,
        text: &str,
    ) -> f32 {
        let mut at = y;
        for line in lines(self.font, text, width, size) {
            self.text(x, at, size, &line);
            at += size * 1.6 / MM;
        }
        at
    }

    /// A thin line to the right.
    pub(super) fn line(&mut self, x: f32, y: f32, length: f32) {
        self.stroke(&[(x, y), (x + length, y)]);
    }

    /// The frame of a rectangle.
    pub(super) fn frame(&mut self, (x, y): (f32, f32), (width, height): (f32, f32)) {
        let (right, bottom) = (x + width, y + height);
        self.stroke(&[(x, y), (right, y), (right, bottom), (x, bottom), (x, y)]);
    }

    /// A thin line from point to point.
    pub(super) fn stroke(&mut self, points: &[(f32, f32)]) {
        let mut path = PathBuilder::new();
        let mut points = points.iter();
        if let Some((x, y)) = points.next() {
            path.move_to(x * MM, y * MM);
        }
        for (x, y) in points {
            path.line_to(x * MM, y * MM);
        }
        if let Some(path) = path.finish() {
            self.surface.set_fill(None);
            self.surface.set_stroke(Some(Stroke {
                width: LINE,
                ..Stroke::default()
            }));
            self.surface.draw_path(&path);
            self.surface.set_stroke(None);
        }
    }

    /// A QR code of `side` millimetres.
    pub(super) fn qr_code(
        &mut self,
        (x, y): (f32, f32),
        side: f32,
        text: &str,
    ) -> Result<(), PaperError> {
        let code = QrCode::new(text.as_bytes()).map_err(|_too_long| PaperError::QrCode)?;
        let width = code.width();
        let cell = side / f32::from(u16::try_from(width).unwrap_or(u16::MAX));
        let mut path = PathBuilder::new();
        for (index, color) in code.to_colors().into_iter().enumerate() {
            if color == qrcode::Color::Light {
                continue;
            }
            let at = |cells: usize| f32::from(u16::try_from(cells).unwrap_or_default()) * cell;
            let (left, top) = (x + at(index % width), y + at(index / width));
            if let Some(square) = Rect::from_xywh(left * MM, top * MM, cell * MM, cell * MM) {
                path.push_rect(square);
            }
        }
        if let Some(path) = path.finish() {
            self.fill_black();
            self.surface.draw_path(&path);
        }
        Ok(())
    }

    fn fill_black(&mut self) {
        self.surface.set_fill(Some(Fill {
            paint: rgb::Color::new(0, 0, 0).into(),
            opacity: NormalizedF32::ONE,
            ..Fill::default()
        }));
    }
}

/// Width of a text of `size` points.
pub(super) fn width_mm(font: &Font, text: &str, size: f32) -> f32 {
    font.width(text) * size / MM
}

/// Text in lines of at most `width` millimetres. Words and numbers stay whole where they fit; a line
/// does not begin with a mark that ends a sentence.
pub(super) fn lines(font: &Font, text: &str, width: f32, size: f32) -> Vec<String> {
    const NOT_FIRST: &str = "，。、；：！？）》”’,.;:!?)%";
    let most = width * MM / size;
    let mut lines = Vec::new();
    let mut line = String::new();
    for unit in units(text) {
        if unit == "\n" {
            lines.push(std::mem::take(&mut line));
            continue;
        }
        let fits = font.width(&line) + font.width(&unit) <= most;
        let hangs = unit.chars().all(|c| NOT_FIRST.contains(c)) && !line.is_empty();
        if fits || hangs {
            line.push_str(&unit);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in unit.trim_start().chars() {
            if font.width(&line) + font.width(c.encode_utf8(&mut [0; 4])) > most && !line.is_empty()
            {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What must not be broken: a word, a number, a Han character.
fn units(text: &str) -> Vec<String> {
    let joins = |c: char| c.is_ascii_graphic();
    let mut units: Vec<String> = Vec::new();
    for c in text.chars() {
        match units.last_mut() {
            // An address too long for its line is broken behind its @.
            Some(last) if joins(c) && last.chars().all(joins) && !last.ends_with('@') => {
                last.push(c);
            }
            _ => units.push(c.to_string()),
        }
    }
    units
}
