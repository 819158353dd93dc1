//! How many blanks are needed, per unit and month (D-32). Whole numbers only, each rounded up:
//!
//! ```text
//! base    = approved and waiting + certificates that end in the month
//! losses  = base × lost ÷ issued, of the last twelve months; none where nothing was issued
//! spare   = (base + losses) × spare percent ÷ 100
//! needed  = base + losses + spare
//! ```
//!
//! What waits, and what has ended already, counts in the first month. A sum over units is rounded
//! once, not unit by unit: 213 schools with one request each need no 213 spare ukeys.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::timestamp::Timestamp;

/// Most months that a forecast looks ahead.
pub const MOST_MONTHS: u32 = 36;

/// A month of the calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(u32);

/// A text that is no month between the years 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a month in the form 2026-11")]
pub struct NotAMonth;

impl Month {
    /// The month of a moment.
    pub fn of(moment: Timestamp) -> Self {
        let date = moment.date();
        let year = u32::try_from(date.year()).unwrap_or_default();
        Self(year * 12 + u32::from(u8::from(date.month())) - 1)
    }

    /// Reads `2026-11`.
    ///
    /// # Errors
    /// [`NotAMonth`].
    pub fn parse(text: &str) -> Result<Self, NotAMonth> {
        let number = |part: &str, width: usize| {
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        };
        let (year, month) = text.split_once('-').ok_or(NotAMonth)?;
        let (year, month) = number(year, 4).zip(number(month, 2)).ok_or(NotAMonth)?;
        if (1970..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Self(year * 12 + month - 1))
        } else {
            Err(NotAMonth)
        }
    }

    /// So many months later.
    pub const fn plus(self, months: u32) -> Self {
        Self(self.0.saturating_add(months))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

impl TryFrom<String> for Month {
    type Error = NotAMonth;

    fn try_from(text: String) -> Result<Self, NotAMonth> {
        Self::parse(&text)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// `amount × part ÷ whole`, rounded up.
fn share(amount: u64, part: u64, whole: u64) -> u64 {
    let exact = u128::from(amount) * u128::from(part);
    let up = exact.div_ceil(u128::from(whole.max(1)));
    u64::try_from(up).unwrap_or(u64::MAX)
}

/// So many, and the spare percent of them on top (D-33).
pub fn with_spare(amount: u64, percent: u64) -> u64 {
    amount.saturating_add(share(amount, percent, 100))
}

/// How often ukeys were lost, damaged or destroyed: counts of the last twelve months.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossRate {
    /// Ukeys that became lost, damaged or destroyed, and did not come back.
    pub lost: u64,
    /// Ukeys that were issued.
    pub issued: u64,
}

impl LossRate {
    /// How many of these are lost; never more than all.
    pub fn of(self, amount: u64) -> u64 {
        if self.issued == 0 {
            0
        } else {
            share(amount, self.lost.min(self.issued), self.issued)
        }
    }
}

/// What a forecast reckons with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many are lost.
    pub rate: LossRate,
    /// How many more than needed are kept.
    pub spare_percent: u64,
}

/// The need of one month and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Approved requests without a ukey.
    pub approved_waiting: u64,
    /// Certificates that end.
    pub expiring: u64,
    /// What will be lost of these.
    pub losses: u64,
    /// What is kept beyond.
    pub spare: u64,
}

impl Need {
    /// The need for these.
    pub fn of(approved_waiting: u64, expiring: u64, terms: Terms) -> Self {
        let base = approved_waiting.saturating_add(expiring);
        let losses = terms.rate.of(base);
        Self {
            approved_waiting,
            expiring,
            losses,
            spare: share(base.saturating_add(losses), terms.spare_percent, 100),
        }
    }

    /// Blanks needed.
    pub const fn needed(&self) -> u64 {
        self.approved_waiting
            .saturating_add(self.expiring)
            .saturating_add(self.losses)
            .saturating_add(self.spare)
    }
}

/// What a unit's need is reckoned from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Approved requests without a ukey.
    pub approved_waiting: u64,
    /// Certificates that end, by month.
    pub expiring: BTreeMap<Month, u64>,
}

impl Demand {
    /// Adds another unit's.
    pub fn add(&mut self, other: &Self) {
        self.approved_waiting = self.approved_waiting.saturating_add(other.approved_waiting);
        for (month, count) in &other.expiring {
            let sum = self.expiring.entry(*month).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// The need of so many months from `first` on.
    pub fn months(&self, first: Month, months: u32, terms: Terms) -> Vec<(Month, Need)> {
        let need = |ahead: u32| {
            let month = first.plus(ahead);
            let (waiting, since) = match ahead {
                0 => (self.approved_waiting, Bound::Unbounded),
                _ => (0, Bound::Included(month)),
            };
            let ends = self.expiring.range((since, Bound::Included(month)));
            let ends = sum(ends.map(|(_month, count)| *count));
            (month, Need::of(waiting, ends, terms))
        };
        (0..months.min(MOST_MONTHS)).map(need).collect()
    }
}

fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// The stock of one model beside the need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelStock {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// Fewer blanks than this here are too few.
    pub level: Option<u64>,
    /// Blanks here.
    pub blank: u64,
    /// On a note to here, and did not come yet.
    pub coming: u64,
    /// Blanks at the subordinates, or on their way to them.
    pub below: u64,
    /// Issued in the last twelve months.
    pub issued: u64,
}

impl ModelStock {
    fn at_hand(&self) -> u64 {
        sum([self.blank, self.coming, self.below].into_iter())
    }
}

/// How a model's stock will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Fewer blanks are here now than the reorder level.
    pub low: bool,
    /// The first month that ends with fewer than the reorder level; without a level, with too few.
    pub low_from: Option<Month>,
}

/// When each model's stock falls below its reorder level. A request names no model, so the need is
/// shared out as the models were issued in the last twelve months; where none was, as their blanks.
pub fn outlook(models: &[ModelStock], need: &[(Month, Need)]) -> Vec<Outlook> {
    let issued = sum(models.iter().map(|model| model.issued));
    let at_hand = sum(models.iter().map(ModelStock::at_hand));
    let look = |model: &ModelStock| {
        let (part, whole) = match (issued, at_hand) {
            (0, 0) => (1, 1), // Nothing tells them apart: each would have to do it alone.
            (0, all) => (model.at_hand(), all),
            (all, _) => (model.issued, all),
        };
        let level = model.level.unwrap_or_default();
        let mut needed = 0_u64;
        let mut falls = need.iter().filter_map(|(month, need)| {
            needed = needed.saturating_add(need.needed());
            let gone = share(needed, part, whole).saturating_add(level);
            (model.at_hand() < gone).then_some(*month)
        });
        Outlook {
            low: model.blank < level,
            low_from: falls.next(),
        }
    };
    models.iter().map(look).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    const TERMS: Terms = Terms {
        rate: LossRate {
            lost: 3,
            issued: 100,
        },
        spare_percent: 10,
    };

    #[test]
    fn months_count_over_the_year_and_say_themselves() {
        assert_eq!(month("2026-11").plus(2), month("2027-01"));
        let at = Timestamp::parse("2026-12-31T23:59:59Z").unwrap();
        assert_eq!(Month::of(at).to_string(), "2026-12");
        for text in [
            "", "2026", "2026-13", "2026-00", "2026-1", "1969-12", "+026-11", "2026-+1",
        ] {
            assert_eq!(Month::parse(text), Err(NotAMonth), "{text}");
        }
    }

    #[test]
    fn a_need_is_reckoned_as_it_is_written_down() {
        // 40 wait, 10 end: 50; 3 of 100 were lost: 1.5 → 2; a tenth of 52: 5.2 → 6.
        let need = Need::of(40, 10, TERMS);
        assert_eq!((need.losses, need.spare, need.needed()), (2, 6, 58));
        let nothing = Need::of(0, 0, TERMS);
        assert_eq!(nothing.needed(), 0);
        let unknown = LossRate { lost: 5, issued: 0 };
        assert_eq!(unknown.of(100), 0);
        assert_eq!(with_spare(1, 10), 2);
        assert_eq!(with_spare(0, 10), 0);
    }

    #[test]
    fn what_waits_and_what_has_ended_counts_in_the_first_month() {
        let demand = Demand {
            approved_waiting: 3,
            expiring: [
                (month("2026-10"), 1),
                (month("2026-11"), 2),
                (month("2027-01"), 4),
            ]
            .into(),
        };
        let plain = Terms {
            rate: LossRate::default(),
            spare_percent: 0,
        };
        let needs = demand.months(month("2026-11"), 3, plain);
        let needed: Vec<_> = needs
            .iter()
            .map(|(month, need)| (month.to_string(), need.needed()))
            .collect();
        let expected = [("2026-11", 6), ("2026-12", 0), ("2027-01", 4)];
        assert_eq!(
            needed,
            expected.map(|(month, count)| (month.to_owned(), count))
        );
    }

    #[test]
    fn a_model_falls_below_its_level_in_the_month_in_which_it_does() {
        let stock = |model: &str, blank, level, issued| ModelStock {
            model: model.to_owned(),
            level,
            blank,
            issued,
            ..ModelStock::default()
        };
        let need = |count| Need {
            approved_waiting: count,
            ..Need::default()
        };
        let needs = [(month("2026-11"), need(40)), (month("2026-12"), need(40))];
        let alone = outlook(&[stock("a", 100, Some(30), 0)], &needs);
        let falls = Outlook {
            low: false,
            low_from: Some(month("2026-12")),
        };
        assert_eq!(alone, [falls]);
        // Three of four are made with the first: 60 of 80.
        let models = [stock("a", 60, None, 3), stock("b", 10, Some(20), 1)];
        let two = outlook(&models, &needs);
        assert_eq!((two[0].low, two[0].low_from), (false, None));
        assert_eq!(
            (two[1].low, two[1].low_from),
            (true, Some(month("2026-11")))
        );
    }

    prop_compose! {
        fn terms()(lost in 0..500_u64, issued in 0..500_u64, spare_percent in 0..=100_u64) -> Terms {
            Terms { rate: LossRate { lost, issued }, spare_percent }
        }
    }

    fn demands() -> impl Strategy<Value = Vec<Demand>> {
        let start = month("2026-11");
        let ends = prop::collection::btree_map(
            (0..8_u32).prop_map(move |n| start.plus(n)),
            0..300_u64,
            0..6,
        );
        let one = (0..500_u64, ends).prop_map(|(approved_waiting, expiring)| Demand {
            approved_waiting,
            expiring,
        });
        prop::collection::vec(one, 1..20)
    }

    proptest! {
        #[test]
        fn more_of_anything_never_needs_fewer(
            waiting in 0..10_000_u64, expiring in 0..10_000_u64, more in 0..1000_u64, terms in terms(),
        ) {
            let need = Need::of(waiting, expiring, terms).needed();
            prop_assert!(need >= waiting + expiring);
            prop_assert!(Need::of(waiting + more, expiring, terms).needed() >= need + more);
            prop_assert!(Need::of(waiting, expiring + more, terms).needed() >= need + more);
            let spare_percent = terms.spare_percent + more;
            let spared = Terms { spare_percent, ..terms };
            prop_assert!(Need::of(waiting, expiring, spared).needed() >= need);
            let rate = LossRate { lost: terms.rate.lost + more, ..terms.rate };
            let lossy = Terms { rate, ..terms };
            prop_assert!(Need::of(waiting, expiring, lossy).needed() >= need);
        }

        #[test]
        fn a_sum_of_units_needs_no_more_than_they_do_one_by_one(units in demands(), terms in terms()) {
            let first = month("2026-11");
            let mut all = Demand::default();
            let mut alone = 0;
            for unit in &units {
                all.add(unit);
                alone += unit.months(first, 9, terms).iter().map(|(_, need)| need.needed()).sum::<u64>();
            }
            let base = units.iter().map(|unit| unit.approved_waiting + unit.expiring.values().sum::<u64>());
            let base: u64 = base.sum();
            let together = all.months(first, 9, terms);
            let needed: u64 = together.iter().map(|(_, need)| need.needed()).sum();
            prop_assert!(needed <= alone && needed >= base);
            let counted: u64 = together.iter().map(|(_, need)| need.approved_waiting + need.expiring).sum();
            prop_assert_eq!(counted, base, "everything counts in one month, and in one alone");
        }

        #[test]
        fn more_blanks_never_last_shorter(
            blank in 0..1000_u64, more in 0..1000_u64, level in 0..200_u64, units in demands(), terms in terms(),
        ) {
            let need = units.first().map(|unit| unit.months(month("2026-11"), 9, terms)).unwrap();
            let with = |blank| {
                let model = ModelStock { blank, level: Some(level), ..ModelStock::default() };
                outlook(&[model], &need).remove(0)
            };
            let (few, many) = (with(blank), with(blank + more));
            let never = month("9999-12");
            prop_assert!(many.low_from.unwrap_or(never) >= few.low_from.unwrap_or(never));
            prop_assert!(!many.low || few.low);
        }
    }
}
