//! `SchoolType`: 办学类型, a code of GB/T 33782-2017 table 4, or 教育行政部门 outside it (D-18).

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize};

use super::table;

static TABLE: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| table::pairs(include_str!("school_types.csv")));
/// A unit that is no school.
const AUTHORITY: &str = "教育行政部门";

/// A known 办学类型.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct SchoolType {
    code: &'static str,
    name: &'static str,
}

/// A text that is no code of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a school type is a three-digit code of GB/T 33782-2017, or 教育行政部门")]
pub struct SchoolTypeError;

impl SchoolType {
    /// Takes a code of the table, or 教育行政部门.
    ///
    /// # Errors
    /// [`SchoolTypeError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, SchoolTypeError> {
        let text = text.trim();
        if text == AUTHORITY {
            let (code, name) = (AUTHORITY, AUTHORITY);
            return Ok(Self { code, name });
        }
        let found = TABLE.iter().find(|(code, _name)| *code == text);
        let (code, name) = *found.ok_or(SchoolTypeError)?;
        Ok(Self { code, name })
    }

    /// Every school type of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, name)| Self { code, name })
    }

    /// The code, or 教育行政部门.
    pub const fn as_str(self) -> &'static str {
        self.code
    }

    /// Its name, e.g. 小学.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether a 学校标识码 may begin with these two digits.
    pub(super) fn has_category(two_digits: &str) -> bool {
        let of = |(code, _name): &(&str, &str)| code.get(..2) == Some(two_digits);
        TABLE.iter().any(of)
    }
}

impl<'de> Deserialize<'de> for SchoolType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<SchoolType> for String {
    fn from(school_type: SchoolType) -> Self {
        school_type.code.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_codes_of_d_18_are_known_once_each_and_others_are_not() {
        let named = [
            "111", "211", "311", "312", "341", "342", "345", "371", "411", "412", "413", "414",
            "415",
        ];
        let ranges = (361..=369).chain(511..=519).map(|code| code.to_string());
        for code in named.into_iter().map(str::to_owned).chain(ranges) {
            assert_eq!(SchoolType::parse(&code).unwrap().as_str(), code);
        }
        assert_eq!(SchoolType::parse("211").unwrap().name(), "小学");
        assert_eq!(SchoolType::parse(AUTHORITY).unwrap().as_str(), AUTHORITY);
        for text in ["", "999", "21", "2111", "小学", "５１１"] {
            assert_eq!(SchoolType::parse(text), Err(SchoolTypeError), "{text}");
        }
        let codes: BTreeSet<_> = SchoolType::all().map(SchoolType::as_str).collect();
        assert_eq!(codes.len(), SchoolType::all().count());
    }
}
