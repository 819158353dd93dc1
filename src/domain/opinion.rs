//! `Opinion`: what the applicant, the department, the office and the accepting department wrote on
//! the paper, with its date (D-12).

use serde::{Deserialize, Serialize};
use time::Date;

use super::request::FormKind;

/// Whose opinion, in the order in which the paper is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpinionKind {
    /// 申请人确认.
    Applicant,
    /// 申请人部门意见.
    Department,
    /// 办公室意见.
    Office,
    /// 用户管理部门受理意见.
    Acceptance,
}

impl OpinionKind {
    /// Every kind, in the order of their dates.
    pub const ALL: [Self; 4] = [
        Self::Applicant,
        Self::Department,
        Self::Office,
        Self::Acceptance,
    ];

    /// The word of the command line, of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Department => "department",
            Self::Office => "office",
            Self::Acceptance => "acceptance",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Those that a form needs before it can be approved: form 1 has the department's alone.
    pub const fn needed(form: FormKind) -> &'static [Self] {
        match form {
            FormKind::Officer => &[Self::Department],
            FormKind::Account => &Self::ALL,
        }
    }
}

/// One opinion as the paper has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opinion {
    /// Whose.
    pub kind: OpinionKind,
    /// Who signed or sealed it.
    pub by: String,
    /// The date on the paper.
    pub on: Date,
    /// A remark, asked for when the dates are out of order.
    pub note: Option<String>,
}

impl std::fmt::Debug for Opinion {
    /// Who signed is personal data: logs do not get it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opinion({:?} on {})", self.kind, self.on)
    }
}

/// Kinds whose date is later than that of a later kind, or after `today`: each asks for a note (D-12).
pub fn out_of_order(opinions: &[Opinion], today: Date) -> Vec<OpinionKind> {
    let mut kinds: Vec<OpinionKind> = opinions
        .iter()
        .filter(|opinion| {
            let later = |other: &&Opinion| other.kind > opinion.kind && other.on < opinion.on;
            opinion.on > today || opinions.iter().any(|other| later(&other))
        })
        .map(|opinion| opinion.kind)
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Those that are needed and not there.
pub fn missing(form: FormKind, opinions: &[Opinion]) -> Vec<OpinionKind> {
    let there = |kind: &&OpinionKind| !opinions.iter().any(|opinion| opinion.kind == **kind);
    OpinionKind::needed(form)
        .iter()
        .filter(there)
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn opinions(days: [Date; 4]) -> Vec<Opinion> {
        let pairs = OpinionKind::ALL.into_iter().zip(days);
        pairs
            .map(|(kind, on)| Opinion {
                kind,
                by: "李华".to_owned(),
                on,
                note: None,
            })
            .collect()
    }

    #[test]
    fn dates_in_order_need_no_note_and_others_name_whose_date_it_is() {
        let today = date!(2026 - 11 - 24);
        let day = |day| Date::from_calendar_date(2026, time::Month::November, day).unwrap();
        let ordered = opinions([day(1), day(1), day(3), day(24)]);
        assert_eq!(out_of_order(&ordered, today), []);
        let early_office = opinions([day(1), day(5), day(3), day(6)]);
        assert_eq!(
            out_of_order(&early_office, today),
            [OpinionKind::Department]
        );
        let future = opinions([day(1), day(2), day(3), day(25)]);
        assert_eq!(out_of_order(&future, today), [OpinionKind::Acceptance]);
    }

    #[test]
    fn form_1_needs_the_department_form_2_all_four() {
        assert_eq!(missing(FormKind::Officer, &[]), [OpinionKind::Department]);
        assert_eq!(missing(FormKind::Account, &[]), OpinionKind::ALL);
        let all = opinions([date!(2026 - 11 - 24); 4]);
        assert_eq!(missing(FormKind::Account, &all), []);
    }
}
