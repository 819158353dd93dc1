//! `Unit`: one node of the hierarchy (D-1, D-2).

use serde::{Deserialize, Serialize};

use super::id::UnitId;

/// A level of the hierarchy (D-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省.
    Province,
    /// 市州.
    Prefecture,
    /// 县市区.
    County,
    /// 学校.
    School,
    /// 高校.
    College,
    /// 直属单位.
    Affiliated,
}

impl Level {
    /// Every level, the highest first.
    pub const ALL: [Self; 6] = [
        Self::Province,
        Self::Prefecture,
        Self::County,
        Self::School,
        Self::College,
        Self::Affiliated,
    ];

    /// Whether a unit of this level is the direct superior of one of that level (D-1, D-3).
    pub const fn is_superior_of(self, other: Self) -> bool {
        match self {
            Self::Province => matches!(other, Self::Prefecture | Self::College | Self::Affiliated),
            Self::Prefecture => matches!(other, Self::County | Self::School),
            Self::County => matches!(other, Self::School),
            Self::School | Self::College | Self::Affiliated => false,
        }
    }

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Prefecture => "prefecture",
            Self::County => "county",
            Self::School => "school",
            Self::College => "college",
            Self::Affiliated => "affiliated",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

/// Whether a text has the shape of a 统一社会信用代码 (18) or a 学校标识码 (10).
pub fn is_code(text: &str) -> bool {
    matches!(text.len(), 10 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id in this home.
    pub id: UnitId,
    /// Its name: O of its holders' certificates.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// 统一社会信用代码 or 学校标识码: first OU of its holders' certificates.
    pub code: String,
    /// ST of its holders' certificates.
    pub province: String,
    /// L of its holders' certificates.
    pub prefecture: String,
    /// Whether this desk is its desk.
    pub own: bool,
}
