//! Finds fonts with Chinese on this system: the one that paper is set in, and others for characters
//! that it lacks.

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

/// A font for paper with these texts of people. Others are read only for what the first one lacks.
///
/// # Errors
/// `font-missing`; `glyph-missing` where no font of this system has a character.
pub(super) fn with<'a>(
    face: Face,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Font, Error> {
    let text: String = texts.into_iter().collect();
    let first = match face {
        Face::Sans => SANS.iter().chain(&SONG),
        Face::Song => SONG.iter().chain(&SANS),
    };
    let mut fonts = first.chain(&RARE).filter_map(|(path, index)| {
        // Not there is the usual case: a list of several systems.
        Font::new(std::fs::read(path).ok()?, *index)
    });
    let mut font = fonts
        .next()
        .ok_or_else(|| Error::failed("font-missing", "fonts-noto-cjk"))?;
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
