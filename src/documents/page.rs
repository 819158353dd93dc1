//! One sheet of paper with text, lines and a QR code, on krilla. Layout is ours; millimetres, from
//! the top left corner.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use qrcode::QrCode;

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

/// A font with Chinese.
#[derive(Clone)]
pub struct Font(krilla::text::Font);

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Font")
    }
}

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The page cannot be written as PDF.
    #[error("the page cannot be written as PDF: {0}")]
    Pdf(String),
    /// Too much for a QR code.
    #[error("too much for a QR code")]
    QrCode,
}

impl Font {
    /// Takes a font file; `index` is its place in a collection.
    pub fn new(bytes: Vec<u8>, index: u32) -> Option<Self> {
        krilla::text::Font::new(bytes.into(), index).map(Self)
    }
}

/// A sheet being drawn.
pub(super) struct Sheet<'a> {
    surface: Surface<'a>,
    font: &'a Font,
}

/// Draws one A5 sheet, upright: 148 mm by 210 mm.
pub(super) fn a5(
    font: &Font,
    draw: impl FnOnce(&mut Sheet<'_>) -> Result<(), PaperError>,
) -> Result<Vec<u8>, PaperError> {
    let mut document = Document::new();
    let size = PageSettings::from_wh(148.0 * MM, 210.0 * MM);
    let size = size.ok_or_else(|| PaperError::Pdf("page size".to_owned()))?;
    let mut page = document.start_page_with(size);
    let drawn = {
        let mut sheet = Sheet {
            surface: page.surface(),
            font,
        };
        draw(&mut sheet)
        // The surface ends here, before its page.
    };
    page.finish();
    drawn?;
    document
        .finish()
        .map_err(|error| PaperError::Pdf(format!("{error:?}")))
}

impl Sheet<'_> {
    /// Text of `size` points with its base line at `y`.
    pub(super) fn text(&mut self, x: f32, y: f32, size: f32, text: &str) {
        let start = Point::from_xy(x * MM, y * MM);
        let font = self.font.0.clone();
        self.fill_black();
        self.surface
            .draw_text(start, font, size, text, false, TextDirection::Auto);
    }

    /// Text in the middle of the sheet.
    pub(super) fn title(&mut self, y: f32, size: f32, text: &str) {
        let width = width_mm(text, size);
        self.text((148.0 - width) / 2.0, y, size, text);
    }

    /// Text broken into lines of at most `width` millimetres; gives the base line after the last.
    pub(super) fn paragraph(
        &mut self,
        (x, y): (f32, f32),
        width: f32,
        size: f32,
        text: &str,
    ) -> f32 {
        let mut line = String::new();
        let mut at = y;
        for c in text.chars() {
            line.push(c);
            if width_mm(&line, size) > width - size / MM {
                self.text(x, at, size, &line);
                line.clear();
                at += size * 1.6 / MM;
            }
        }
        if !line.is_empty() {
            self.text(x, at, size, &line);
            at += size * 1.6 / MM;
        }
        at
    }

    /// A thin line to the right.
    pub(super) fn line(&mut self, x: f32, y: f32, length: f32) {
        let mut path = PathBuilder::new();
        path.move_to(x * MM, y * MM);
        path.line_to((x + length) * MM, y * MM);
        if let Some(path) = path.finish() {
            self.surface.set_fill(None);
            self.surface.set_stroke(Some(Stroke {
                width: 0.5,
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

/// Width of text in millimetres: a Han character is as wide as high, a Latin one about half.
fn width_mm(text: &str, size: f32) -> f32 {
    let ems = |c: char| if c.is_ascii() { 0.56 } else { 1.0 };
    text.chars().map(ems).sum::<f32>() * size / MM
}
