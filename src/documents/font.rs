//! `Font`: a font with Chinese and those that stand in for characters it lacks. Knows which
//! characters each has and how wide they are, read from the font's own tables.

use std::fmt;

/// A font, and others for what it lacks.
#[derive(Clone)]
pub struct Font {
    faces: Vec<Face>,
}

#[derive(Clone)]
struct Face {
    font: krilla::text::Font,
    glyphs: Glyphs,
}

impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Font({} faces)", self.faces.len())
    }
}

/// Characters that draw nothing of their own: no font need have them.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

impl Font {
    /// Parts of Noto Sans CJK SC and of Noto Sans Symbols (OpenType, SIL Open Font License 1.1): all texts of
    /// the program, the most frequent Han, and signs.
    pub const BUNDLED: [&[u8]; 2] = [
        include_bytes!("../../assets/fonts/NotoSansCJKsc-Subset.otf"),
        include_bytes!("../../assets/fonts/NotoSansSymbols-Subset.ttf"),
    ];

    /// The fonts that are bundled for systems without a Chinese one.
    pub fn bundled() -> Option<Self> {
        let fonts = Self::BUNDLED.iter();
        let fonts = fonts.map(|bytes| Self::new(bytes.to_vec(), 0));
        fonts.reduce(|one, other| Some(one?.with(other?)))?
    }

    /// The place among the fonts of the first one that has this character.
    pub fn place_of(&self, c: char) -> Option<usize> {
        self.faces
            .iter()
            .position(|face| face.glyphs.glyph(c).is_some())
    }

    /// Takes a font file; `index` is its place in a collection.
    pub fn new(bytes: Vec<u8>, index: u32) -> Option<Self> {
        let face = Face::new(bytes, index)?;
        Some(Self { faces: vec![face] })
    }

    /// The same with another font for what it lacks.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.faces.extend(other.faces);
        self
    }

    /// The first character of a text that no font here has.
    pub fn lacks(&self, text: &str) -> Option<char> {
        text.chars()
            .find(|c| !is_mark(*c) && self.face_of(*c).is_none())
    }

    fn face_of(&self, c: char) -> Option<&Face> {
        self.faces
            .iter()
            .find(|face| face.glyphs.glyph(c).is_some())
    }

    /// Width of a text at one point, in points.
    pub(super) fn width(&self, text: &str) -> f32 {
        let width = |c: char| match self.face_of(c) {
            Some(face) => face.glyphs.width(c),
            None if is_mark(c) => 0.0,
            None => 1.0,
        };
        text.chars().map(width).sum()
    }

    /// The text in pieces that one font each can draw.
    pub(super) fn pieces<'t>(&self, text: &'t str) -> Vec<(&'t str, krilla::text::Font)> {
        let mut pieces = Vec::new();
        let (mut start, mut at_face) = (0, None);
        for (at, c) in text.char_indices() {
            let face = if is_mark(c) {
                at_face
            } else {
                self.place_of(c).or(Some(0))
            };
            if at_face.is_some() && face != at_face {
                pieces.push((start, at, at_face));
                start = at;
            }
            at_face = face;
        }
        pieces.push((start, text.len(), at_face));
        let font = |face: Option<usize>| self.faces.get(face.unwrap_or_default());
        let piece = |(from, to, face)| Some((text.get(from..to)?, font(face)?.font.clone()));
        pieces
            .into_iter()
            .filter_map(piece)
            .filter(|(text, _font)| !text.is_empty())
            .collect()
    }
}

impl Face {
    fn new(bytes: Vec<u8>, index: u32) -> Option<Self> {
        let glyphs = Glyphs::read(&bytes, index)?;
        let font = krilla::text::Font::new(bytes.into(), index)?;
        Some(Self { font, glyphs })
    }
}

/// Which characters a font has, and how wide they are.
#[derive(Clone, Debug)]
struct Glyphs {
    /// Ranges of characters by their first: first, last, glyph of the first.
    ranges: Vec<(u32, u32, u32)>,
    /// Widths by glyph, in units; the last holds for all after it.
    widths: Vec<u16>,
    units_per_em: f32,
}

impl Glyphs {
    /// The tables `cmap`, `hhea`, `hmtx` and `head` (OpenType 1.9). Anything unreadable is `None`.
    fn read(bytes: &[u8], index: u32) -> Option<Self> {
        let start = if bytes.starts_with(b"ttcf") {
            u32_at(bytes, 12 + 4 * usize::try_from(index).ok()?)?
        } else {
            0
        };
        let directory = bytes.get(usize::try_from(start).ok()?..)?;
        let table = |name: &[u8; 4]| {
            let count = usize::from(u16_at(directory, 4)?);
            let entries = directory.get(12..)?.chunks_exact(16).take(count);
            let entry = entries.into_iter().find(|entry| entry.starts_with(name))?;
            bytes.get(usize::try_from(u32_at(entry, 8)?).ok()?..)
        };
        let units_per_em = f32::from(u16_at(table(b"head")?, 18)?);
        let count = usize::from(u16_at(table(b"hhea")?, 34)?);
        let metrics = table(b"hmtx")?;
        let widths = (0..count)
            .map(|at| u16_at(metrics, at * 4))
            .collect::<Option<_>>()?;
        Some(Self {
            ranges: ranges(table(b"cmap")?)?,
            widths,
            units_per_em,
        })
    }

    fn glyph(&self, c: char) -> Option<u32> {
        let code = u32::from(c);
        let after = self
            .ranges
            .partition_point(|(first, _last, _glyph)| *first <= code);
        let (first, last, glyph) = self.ranges.get(after.checked_sub(1)?)?;
        (code <= *last).then(|| glyph + (code - first))
    }

    fn width(&self, c: char) -> f32 {
        let glyph = self.glyph(c).and_then(|glyph| usize::try_from(glyph).ok());
        let width = glyph
            .and_then(|glyph| self.widths.get(glyph))
            .or_else(|| self.widths.last());
        width.map_or(1.0, |width| f32::from(*width) / self.units_per_em)
    }
}

/// The ranges of the widest subtable: format 12 (all of Unicode), else format 4 (its first plane).
fn ranges(cmap: &[u8]) -> Option<Vec<(u32, u32, u32)>> {
    let count = usize::from(u16_at(cmap, 2)?);
    let subtables = (0..count).filter_map(|at| {
        let offset = u32_at(cmap, 4 + at * 8 + 4)?;
        let subtable = cmap.get(usize::try_from(offset).ok()?..)?;
        Some((u16_at(subtable, 0)?, subtable))
    });
    let subtables: Vec<_> = subtables.collect();
    let of = |format| subtables.iter().find(|(found, _table)| *found == format);
    let mut ranges = match (of(12), of(4)) {
        (Some((_format, table)), _) => all_of_unicode(table)?,
        (None, Some((_format, table))) => first_plane(table)?,
        (None, None) => return None,
    };
    ranges.sort_unstable();
    Some(ranges)
}

fn all_of_unicode(table: &[u8]) -> Option<Vec<(u32, u32, u32)>> {
    let count = usize::try_from(u32_at(table, 12)?).ok()?;
    let groups = table.get(16..)?.chunks_exact(12).take(count);
    groups
        .map(|group| Some((u32_at(group, 0)?, u32_at(group, 4)?, u32_at(group, 8)?)))
        .collect()
}

fn first_plane(table: &[u8]) -> Option<Vec<(u32, u32, u32)>> {
    let twice = usize::from(u16_at(table, 6)?);
    let mut ranges = Vec::new();
    for at in (0..twice).step_by(2) {
        let last = u16_at(table, 14 + at)?;
        let first = u16_at(table, 16 + twice + at)?;
        let delta = u16_at(table, 16 + 2 * twice + at)?;
        let offset_at = 16 + 3 * twice + at;
        let offset = usize::from(u16_at(table, offset_at)?);
        for code in first..=last {
            let glyph = if offset == 0 {
                code.wrapping_add(delta)
            } else {
                let place = offset_at + offset + 2 * usize::from(code - first);
                match u16_at(table, place)? {
                    0 => 0,
                    glyph => glyph.wrapping_add(delta),
                }
            };
            if glyph != 0 && code != u16::MAX {
                ranges.push((code.into(), code.into(), glyph.into()));
            }
        }
    }
    Some(ranges)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(found.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(found.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_font_are_refused() {
        for bytes in [&b""[..], b"ttcf", b"OTTO\0\x09", &[0xff; 64]] {
            assert!(Font::new(bytes.to_vec(), 0).is_none());
        }
    }
}
