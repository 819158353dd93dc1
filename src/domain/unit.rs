//! `Unit`: one node of the hierarchy, and which level stands under which (D-1 … D-4).

use serde::{Deserialize, Serialize};

use super::field_fault::{FieldFault, FieldProblem, Findings, Normalised};
use super::id::UnitId;
use super::school_type::SchoolType;
use super::text::half_width;
use super::timestamp::Timestamp;
use super::unit_code::UnitCode;

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

    /// As sheets and screens name it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Province => "省",
            Self::Prefecture => "市州",
            Self::County => "县市区",
            Self::School => "学校",
            Self::College => "高校",
            Self::Affiliated => "直属单位",
        }
    }

    /// A word or its Chinese.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let named = |level: &Self| [level.word(), level.chinese()].contains(&text);
        Self::ALL.into_iter().find(named)
    }

    /// Whether a unit of this level can stand directly under one of `parent` (D-1): 市直学校 under the
    /// prefecture, colleges and directly affiliated units under the province.
    pub const fn may_stand_under(self, parent: Self) -> bool {
        match self {
            Self::Province => false,
            Self::Prefecture | Self::College | Self::Affiliated => {
                matches!(parent, Self::Province)
            }
            Self::County => matches!(parent, Self::Prefecture),
            Self::School => matches!(parent, Self::County | Self::Prefecture),
        }
    }
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
    pub code: UnitCode,
    /// ST of its holders' certificates.
    pub province: String,
    /// L of its holders' certificates.
    pub prefecture: String,
    /// Whether this desk is its desk.
    pub own: bool,
    /// Its superior, where this home has a record of it.
    pub parent: Option<UnitId>,
    /// 办学类型 of a school.
    pub school_type: Option<SchoolType>,
    /// 单位通讯地址.
    pub address: Option<String>,
    /// Who is called there, and how.
    pub contacts: Option<String>,
    /// When it was closed (D-45); its requests stay.
    pub closed_at: Option<Timestamp>,
}

/// A unit as it was typed or as a row of a sheet has it; nothing checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the field of that name of `Unit`")]
pub struct UnitDraft {
    pub name: String,
    /// Word or Chinese of a level.
    pub level: String,
    pub code: String,
    /// Name, code or id; may be missing.
    pub parent: String,
    pub province: String,
    pub prefecture: String,
    pub school_type: String,
    pub address: String,
    pub contacts: String,
}

/// How the superior of a draft was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentFound<'a> {
    /// Exactly one.
    One(&'a Unit),
    /// None is named.
    NotNamed,
    /// The named one is not there.
    None,
    /// Several have that name.
    Several,
}

/// Longest name: 64 characters fit into O (RFC 5280, ub-organization-name).
const MAX_NAME: usize = 64;
const MAX_ADDRESS: usize = 200;

impl UnitDraft {
    /// Checks every field. Province and prefecture, where they are not given, are the superior's.
    ///
    /// # Errors
    /// Every fault, in the order of the fields.
    pub fn check(
        &self,
        id: UnitId,
        parent: ParentFound<'_>,
    ) -> Result<(Unit, Vec<Normalised>), Vec<FieldFault>> {
        let mut findings = Findings::default();
        match self.collect(id, parent, &mut findings) {
            Some(unit) if findings.faults.is_empty() => Ok((unit, findings.normalised)),
            _ => Err(findings.faults),
        }
    }

    fn collect(
        &self,
        id: UnitId,
        parent: ParentFound<'_>,
        findings: &mut Findings,
    ) -> Option<Unit> {
        use FieldProblem as P;
        let name = findings
            .text("name", &self.name, MAX_NAME)
            .map(str::to_owned);
        let level = findings.parsed(
            ("level", "D-1"),
            &self.level,
            |text| Level::parse(text).ok_or(P::UnitLevel),
            |level| {
                if self.level.trim() == level.word() {
                    level.word()
                } else {
                    level.chinese()
                }
            },
        );
        let code = findings.parsed(
            ("code", "D-17"),
            &self.code,
            |text| UnitCode::parse(text).map_err(P::UnitCode),
            UnitCode::as_str,
        );
        let above = match parent {
            ParentFound::One(unit) => {
                if level.is_some_and(|level| !level.may_stand_under(unit.level)) {
                    findings.add::<()>("parent", "D-1", &self.parent, P::UnitParent);
                }
                Some(unit)
            }
            ParentFound::NotNamed => None,
            ParentFound::None => findings.add("parent", "D-1", &self.parent, P::UnknownUnit),
            ParentFound::Several => findings.add("parent", "D-1", &self.parent, P::AmbiguousUnit),
        };
        let school_type = match self.school_type.trim() {
            "" => Some(None),
            _ => findings
                .parsed(
                    ("school_type", "D-18"),
                    &self.school_type,
                    |text| {
                        let plain: String = text.chars().take(32).map(half_width).collect();
                        SchoolType::parse(&plain).map_err(|_code| P::SchoolType)
                    },
                    |school_type| school_type.as_str(),
                )
                .map(Some),
        };
        let inherited = |typed: &str, of: fn(&Unit) -> &String| match typed.trim() {
            "" => above.map(of).cloned().unwrap_or_default(),
            text => text.to_owned(),
        };
        let address = findings.optional("address", Some(&self.address), MAX_ADDRESS);
        let contacts = findings.optional("contacts", Some(&self.contacts), MAX_ADDRESS);
        let province = inherited(&self.province, |unit| &unit.province);
        let province = findings
            .text("province", &province, MAX_NAME)
            .map(str::to_owned);
        // L of a certificate: a province's own office is in no prefecture of the tree.
        let prefecture = inherited(&self.prefecture, |unit| &unit.prefecture);
        let prefecture = findings
            .text("prefecture", &prefecture, MAX_NAME)
            .map(str::to_owned);
        Some(Unit {
            id,
            name: name?,
            level: level?,
            code: code?,
            province: province?,
            prefecture: prefecture?,
            own: false,
            parent: above.map(|unit| unit.id),
            school_type: school_type?,
            address,
            contacts,
            closed_at: None,
        })
    }
}

impl From<&Unit> for UnitDraft {
    /// As it would be typed; the superior by its id.
    fn from(unit: &Unit) -> Self {
        Self {
            name: unit.name.clone(),
            level: unit.level.word().to_owned(),
            code: unit.code.as_str().to_owned(),
            parent: unit.parent.map(|id| id.to_string()).unwrap_or_default(),
            province: unit.province.clone(),
            prefecture: unit.prefecture.clone(),
            school_type: unit
                .school_type
                .map(SchoolType::as_str)
                .unwrap_or_default()
                .to_owned(),
            address: unit.address.clone().unwrap_or_default(),
            contacts: unit.contacts.clone().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> UnitId {
        UnitId::new(Uuid::from_u128(number))
    }

    fn draft(level: &str, code: &str) -> UnitDraft {
        UnitDraft {
            name: "示例教育局".to_owned(),
            level: level.to_owned(),
            code: code.to_owned(),
            province: "湖南省".to_owned(),
            prefecture: "示例市".to_owned(),
            ..UnitDraft::default()
        }
    }

    #[test]
    fn the_levels_stand_under_each_other_as_d_1_says() {
        let allowed: Vec<_> = Level::ALL
            .into_iter()
            .flat_map(|level| Level::ALL.into_iter().map(move |parent| (level, parent)))
            .filter(|(level, parent)| level.may_stand_under(*parent))
            .collect();
        assert_eq!(
            allowed,
            [
                (Level::Prefecture, Level::Province),
                (Level::County, Level::Prefecture),
                (Level::School, Level::Prefecture),
                (Level::School, Level::County),
                (Level::College, Level::Province),
                (Level::Affiliated, Level::Province),
            ]
        );
    }

    #[test]
    fn a_unit_takes_province_and_prefecture_from_its_superior() {
        let (county, _) = draft("县市区", "11430000006123458L")
            .check(id(1), ParentFound::NotNamed)
            .unwrap();
        let school = UnitDraft {
            province: String::new(),
            prefecture: String::new(),
            school_type: "211".to_owned(),
            ..draft("school", "2143000001")
        };
        let (school, normalised) = school.check(id(2), ParentFound::One(&county)).unwrap();
        assert_eq!(
            (school.parent, school.province.as_str()),
            (Some(id(1)), "湖南省")
        );
        assert!(normalised.is_empty(), "{normalised:?}");
        let again = UnitDraft::from(&school)
            .check(id(2), ParentFound::One(&county))
            .unwrap()
            .0;
        assert_eq!(again, school);
    }

    #[test]
    fn every_fault_of_a_unit_is_told_at_once() {
        let (school, _) = draft("school", "2143000001")
            .check(id(1), ParentFound::NotNamed)
            .unwrap();
        let bad = UnitDraft {
            name: String::new(),
            school_type: "999".to_owned(),
            ..draft("county", "11430000006123459L")
        };
        let faults = bad.check(id(2), ParentFound::One(&school)).unwrap_err();
        let told: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field, fault.rule, fault.problem.word()))
            .collect();
        assert_eq!(
            told,
            [
                ("name", "D-11", "missing"),
                ("code", "D-17", "unit-code-check"),
                ("parent", "D-1", "unit-parent"),
                ("school_type", "D-18", "school-type"),
            ]
        );
    }
}
