//! `PersonName`: a name as a form, a certificate and a screen can all carry it (D-19).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A 姓名: 2 to 30 Han characters or letters, with `·` between parts.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// A text that is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 2 to 30 Han characters or letters, parts joined by ·")]
pub struct PersonNameError;

impl PersonName {
    /// Trims, turns the look-alike dots into `·` U+00B7, and checks.
    ///
    /// # Errors
    /// [`PersonNameError`] as described there.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        let dot = |c| {
            if matches!(c, '•' | '・' | '‧' | '∙') {
                '·'
            } else {
                c
            }
        };
        let name: String = text.trim().chars().map(dot).collect();
        let inner = name.trim_matches(['·', ' ']);
        let allowed = name
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '·' | ' '));
        if (2..=30).contains(&name.chars().count()) && allowed && inner.len() == name.len() {
            Ok(Self(name))
        } else {
            Err(PersonNameError)
        }
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

/// A name as lists show it to those who need not know it: the first character, and `*` for the
/// others.
pub fn mask_name(name: &str) -> String {
    let stars = name.chars().skip(1).map(|_other| '*');
    name.chars().take(1).chain(stars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_survive_and_others_are_refused() {
        for name in ["张伟", "买买提·艾力", "𠮷田梓", "喆珺", "Anna Meyer"] {
            assert_eq!(PersonName::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(
            PersonName::parse("买买提・艾力").unwrap().as_str(),
            "买买提·艾力"
        );
        for bad in ["张", "", "张3", "张\u{202e}伟", "·张伟", "张\n伟"] {
            assert_eq!(PersonName::parse(bad), Err(PersonNameError), "{bad:?}");
        }
    }
}
