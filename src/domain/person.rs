//! `PersonName`: a name as a form, a certificate and a screen can all carry it (D-19).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::half_width;

/// A 姓名: 2 to 30 Han characters or letters, with `·` between parts.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// A text that is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 2 to 30 Han characters or letters, parts joined by ·")]
pub struct PersonNameError;

impl PersonName {
    /// Trims, turns the look-alike dots into `·` U+00B7 and full-width letters into plain ones, drops
    /// spaces between Han characters (`李　华`), and checks.
    ///
    /// # Errors
    /// [`PersonNameError`] as described there.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        // More than any name has is refused all the same; nobody waits for the rest of it.
        let typed: Vec<char> = text.trim().chars().map(plain).take(200).collect();
        let mut name = String::new();
        for (at, c) in typed.iter().enumerate() {
            let beside = |at: Option<usize>| at.and_then(|at| typed.get(at)).copied();
            let around = [beside(at.checked_sub(1)), beside(at.checked_add(1))];
            let between_han = *c == ' '
                && around
                    .into_iter()
                    .all(|other| other.is_some_and(|c| c == ' ' || is_han(c)));
            if !between_han {
                name.push(*c);
            }
        }
        let letters = name.chars().filter(|c| c.is_alphabetic()).count();
        let allowed = name
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '·' | ' '));
        let inner = name.trim_matches(['·', ' ']);
        let joined_once = !["··", "  ", "· ", " ·"]
            .iter()
            .any(|pair| name.contains(pair));
        let count = name.chars().count();
        if letters >= 2 && count <= 30 && allowed && joined_once && inner.len() == name.len() {
            Ok(Self(name))
        } else {
            Err(PersonNameError)
        }
    }

    /// The first character, the others as stars; dots stay.
    pub fn masked(&self) -> String {
        mask_name(&self.0)
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first character, the others as stars; dots and spaces stay.
pub fn mask_name(name: &str) -> String {
    let star = |(at, c): (usize, char)| match c {
        '·' | '•' | '・' | ' ' => c,
        _ if at == 0 => c,
        _ => '*',
    };
    name.trim().chars().take(30).enumerate().map(star).collect()
}

fn plain(c: char) -> char {
    match half_width(c) {
        '•' | '・' | '‧' | '∙' | '\u{ff65}' | '⋅' => '·',
        other => other,
    }
}

/// Han of any plane; the compatibility ideographs too.
const fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

impl fmt::Debug for PersonName {
    /// A name is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonName({} characters)", self.0.chars().count())
    }
}

impl TryFrom<String> for PersonName {
    type Error = PersonNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_survive_and_others_are_refused() {
        // 𰻝 is of extension G, 𠮷 of B, 〇 a number that is a letter.
        for name in [
            "张伟",
            "买买提·艾力",
            "𠮷田梓",
            "李𰻝",
            "喆珺",
            "李〇",
            "Anna Meyer",
            "阿卜杜热西提·阿卜杜克热木",
        ] {
            assert_eq!(PersonName::parse(name).unwrap().as_str(), name);
        }
        for bad in [
            "张",
            "",
            "张3",
            "张\u{202e}伟",
            "·张伟",
            "张伟·",
            "张··伟",
            "张\n伟",
            "张\u{e000}",
            "张😀",
            "A·",
        ] {
            assert_eq!(PersonName::parse(bad), Err(PersonNameError), "{bad:?}");
        }
        assert!(PersonName::parse(&"张".repeat(30)).is_ok());
        assert!(PersonName::parse(&"张".repeat(31)).is_err());
        assert!(PersonName::parse(&"张".repeat(3_000_000)).is_err());
    }

    #[test]
    fn dots_spaces_and_wide_letters_are_normalised() {
        for (typed, kept) in [
            ("买买提・艾力", "买买提·艾力"),
            ("买买提•艾力", "买买提·艾力"),
            (" 李\u{3000}华 ", "李华"),
            ("李  华", "李华"),
            ("Ａｎｎａ Meyer", "Anna Meyer"),
        ] {
            assert_eq!(PersonName::parse(typed).unwrap().as_str(), kept, "{typed}");
        }
        assert_eq!(
            PersonName::parse("买买提·艾力").unwrap().masked(),
            "买**·**"
        );
    }
}
