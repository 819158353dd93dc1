//! A tally as a sheet for people (D-33): a row for each unit, the sums in the last one.

use super::write::{Heading, NotWritten, list};
use crate::domain::request_state::RequestState;
use crate::domain::tally::{Total, UnitTally};
use crate::domain::ukey::UkeyState;

const BEFORE: [(&str, f64); 9] = [
    ("单位名称", 32.0),
    ("级别", 10.0),
    ("代码", 22.0),
    ("上级代码", 22.0),
    ("统计时间（UTC）", 22.0),
    ("已有证书人数", 12.0),
    ("尚无证书人数", 12.0),
    ("待制证（已审批）", 14.0),
    ("需要空白 ukey", 14.0),
];

/// The sheet.
///
/// # Errors
/// [`NotWritten`].
pub fn write(units: &[&UnitTally], total: &Total) -> Result<Vec<u8>, NotWritten> {
    let rows = units
        .iter()
        .map(|unit| row(unit))
        .chain([last(total, units)]);
    let rows: Vec<Vec<String>> = rows.collect();
    let cells = rows.iter().map(|row| row.iter().map(String::as_str));
    list("汇总", &headings(), cells)
}

/// In the order of [`RequestState::ALL`].
const REQUESTS: [&str; 12] = [
    "申请·草稿",
    "申请·已提交",
    "申请·已批准",
    "申请·制证中",
    "申请·待下载",
    "申请·已制证",
    "申请·已领用",
    "申请·已办结",
    "申请·已退回",
    "申请·已拒绝",
    "申请·已撤回",
    "申请·已过期",
];
/// In the order of [`UkeyState::ALL`].
const UKEYS: [&str; 11] = [
    "ukey·空白",
    "ukey·已分配",
    "ukey·制证中",
    "ukey·已制证",
    "ukey·已领用",
    "ukey·挂失",
    "ukey·遗失",
    "ukey·损坏",
    "ukey·已回收",
    "ukey·已销毁",
    "ukey·已发出",
];

fn headings() -> Vec<Heading> {
    let narrow = |name| Heading(name, 13.0);
    let mut headings: Vec<Heading> = BEFORE.map(|(name, width)| Heading(name, width)).into();
    headings.extend(REQUESTS.map(narrow));
    headings.push(narrow("ukey·收到"));
    headings.extend(UKEYS.map(narrow));
    headings.extend(["ukey·在途", "与上级账目不符"].map(narrow));
    headings
}

fn row(unit: &UnitTally) -> Vec<String> {
    let superior = unit.superior.as_ref().map_or("", |code| code.as_str());
    let mut cells = vec![
        unit.name.clone(),
        unit.level.chinese().to_owned(),
        unit.code.as_str().to_owned(),
        superior.to_owned(),
        unit.as_of.to_string(),
        unit.certified.to_string(),
        unit.without.to_string(),
        unit.waiting.to_string(),
        unit.needed.to_string(),
    ];
    let count = |state| {
        unit.requests
            .get(&state)
            .copied()
            .unwrap_or_default()
            .to_string()
    };
    cells.extend(RequestState::ALL.map(count));
    cells.extend(stock(&[unit]));
    cells.push(if unit.differs { "是" } else { "" }.to_owned());
    cells
}

fn last(total: &Total, units: &[&UnitTally]) -> Vec<String> {
    let mut cells = vec!["合计".to_owned()];
    cells.resize(5, String::new());
    let counts = [total.certified, total.without, total.waiting, total.needed];
    cells.extend(counts.map(|count| count.to_string()));
    let count = |state| {
        total
            .requests
            .get(&state)
            .copied()
            .unwrap_or_default()
            .to_string()
    };
    cells.extend(RequestState::ALL.map(count));
    cells.extend(stock(units));
    cells.push(String::new());
    cells
}

/// Received, each state and in transit, over all models; empty without a stock.
fn stock(units: &[&UnitTally]) -> Vec<String> {
    let lines: Vec<_> = units.iter().flat_map(|unit| &unit.stock).collect();
    if lines.is_empty() {
        return vec![String::new(); UkeyState::ALL.len() + 2];
    }
    let sum = |count: &dyn Fn(&crate::domain::tally::StockTally) -> u64| {
        let all = lines.iter().map(|line| count(line));
        all.fold(0, u64::saturating_add).to_string()
    };
    let mut cells = vec![sum(&|line| line.received)];
    cells.extend(UkeyState::ALL.map(|state| sum(&|line| line.count(state))));
    cells.push(sum(&|line| line.in_transit));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::{Language, Wording};

    #[test]
    fn a_heading_names_the_state_of_its_place() {
        let words = Wording::new(Language::Chinese);
        for (state, heading) in RequestState::ALL.into_iter().zip(REQUESTS) {
            let key = format!("state-{}", state.word().replace('_', "-"));
            assert_eq!(heading, format!("申请·{}", words.text(&key)));
        }
        for (state, heading) in UkeyState::ALL.into_iter().zip(UKEYS) {
            assert_eq!(heading, format!("ukey·{}", state.chinese()));
        }
        let total = last(&Total::default(), &[]);
        assert_eq!(total.len(), headings().len());
    }
}
