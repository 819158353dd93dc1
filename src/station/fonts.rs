//! Finds fonts with Chinese: the system's that paper is set in, else the bundled one, and others for
//! characters that it lacks.

use std::iter;
use std::sync::LazyLock;

use super::error::Error;
use crate::documents::{Font, PaperError};

/// The style of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// 黑体: slips and letters.
    Sans,
    /// 宋体: forms of the office.
    Song,
}

/// Where systems keep a font with Chinese, and its place in the collection.
const SANS: [(&str, u32); 6] = [
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    (
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        2,
    ),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("C:/Windows/Fonts/simsun.ttc", 0),
    ("C:/Windows/Fonts/msyh.ttc", 0),
    ("/System/Library/Fonts/PingFang.ttc", 2),
];
const SONG: [(&str, u32); 5] = [
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    (
        "/usr/share/fonts/google-noto-serif-cjk/NotoSerifCJK-Regular.ttc",
        2,
    ),
    ("/usr/share/fonts/truetype/arphic/uming.ttc", 0),
    ("C:/Windows/Fonts/simsun.ttc", 0),
    ("/System/Library/Fonts/Supplemental/Songti.ttc", 6),
];
/// Fonts with the rare Han of names: planes 2 and 3.
const RARE: [(&str, u32); 8] = [
    ("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", 0),
    ("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf", 0),
    ("/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf", 0),
    (
        "/usr/share/fonts/truetype/plangothic/PlangothicP1-Regular.ttf",
        0,
    ),
    ("C:/Windows/Fonts/simsunb.ttf", 0),
    ("C:/Windows/Fonts/SimsunExtG.ttf", 0),
    ("C:/Windows/Fonts/mingliub.ttc", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0),
];

/// The bundled font (OpenType) that has this character, where one has it.
pub fn bundled_with(c: char) -> Option<&'static [u8]> {
    static BUNDLED: LazyLock<Option<Font>> = LazyLock::new(Font::bundled);
    let place = BUNDLED.as_ref()?.place_of(c)?;
    Font::BUNDLED.get(place).copied()
}

/// A font for paper with these texts of people. Others are read only for what the first one lacks.
///
/// # Errors
/// `glyph-missing` where no font has a character; `paper` where the bundled one cannot be read.
pub(super) fn with<'a>(
    face: Face,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Font, Error> {
    let text: String = texts.into_iter().collect();
    let first = match face {
        Face::Sans => SANS.iter().chain(&SONG),
        Face::Song => SONG.iter().chain(&SANS),
    };
    // Not there is the usual case: a list of several systems.
    let read = |(path, index): &(&str, u32)| Font::new(std::fs::read(path).ok()?, *index);
    let bundled = iter::once_with(Font::bundled).flatten();
    let mut fonts = first
        .filter_map(read)
        .chain(bundled)
        .chain(RARE.iter().filter_map(read));
    let mut font = fonts
        .next()
        .ok_or_else(|| Error::failed("paper", "assets/fonts"))?;
    while font.lacks(&text).is_some() {
        match fonts.next() {
            Some(other) => font = font.with(other),
            None => break,
        }
    }
    match font.lacks(&text) {
        Some(c) => Err(paper(PaperError::NoGlyph(c.into()))),
        None => Ok(font),
    }
}

/// Says why there is no paper.
pub(super) fn paper(error: PaperError) -> Error {
    let code = match error {
        PaperError::NoGlyph(_) => "glyph-missing",
        PaperError::Pdf(_) | PaperError::QrCode => "paper",
    };
    Error::failed(code, error.to_string()).because(error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn texts(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                texts(&path, all);
            } else {
                all.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn the_bundled_font_has_every_character_of_the_program_s_texts_and_usual_names() {
        let mut all = "王晓雯赵钱孙李周吴郑湖南省长沙市岳麓区教育局第一中学".to_owned();
        texts(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wording"),
            &mut all,
        );
        all.retain(|c| !c.is_control());
        let lacking: Vec<char> = all.chars().filter(|c| bundled_with(*c).is_none()).collect();
        assert!(
            lacking.is_empty(),
            "{lacking:?}: bash scripts/font_subset.sh"
        );
        assert!(bundled_with('가').is_none(), "a subset");
    }
}
