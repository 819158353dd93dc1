//! The tally (汇总, D-33): what a unit and its subtree need and have, as it travels up, what is
//! demanded of one that comes, and how several become one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::forecast::{Month, with_spare};
use super::id::RequestId;
use super::request_state::RequestState;
use super::scan::{self, ScanKind};
use super::text::is_hidden;
use super::timestamp::Timestamp;
use super::ukey::UkeyState;
use super::unit::Level;
use super::unit_code::UnitCode;

/// Most units of one tally.
pub const MAX_UNITS: usize = 10_000;
/// Most units above one another in a tally, the sender among them; D-1 has four levels.
const MAX_DEPTH: usize = 6;
/// Most models of one unit, months of one unit, and scans of one file.
const MAX_MODELS: usize = 64;
const MAX_MONTHS: usize = 64;
const MAX_SCANS: usize = 20_000;
/// Counts beyond this are none.
const MAX_COUNT: u64 = 100_000_000;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The scans that lie beside it.
    pub scans: Vec<TallyScan>,
    /// How many more wait for the next file.
    pub scans_left: u64,
    /// The sender's unit and every one below it.
    pub units: Vec<UnitTally>,
}

/// A sealed scan that goes up, once (D-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TallyScan {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its format.
    pub kind: String,
    /// The request's number where it was entered.
    pub number: String,
    /// The request.
    pub request: RequestId,
    /// The request's revision.
    pub revision: u32,
    /// SHA-256, hex.
    pub sha256: String,
    /// Code of the holder's unit.
    pub unit: UnitCode,
}

impl TallyScan {
    /// The name of the attachment; one scan may belong to several requests.
    pub fn attachment(&self) -> String {
        format!("scans/{}.{}", self.sha256, self.kind)
    }
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTally {
    /// When its numbers were counted.
    pub as_of: Timestamp,
    /// People of it who have a live certificate.
    pub certified: u64,
    /// Its code.
    pub code: UnitCode,
    /// Its superior's books and its own do not agree on what was sent and what came (D-27). Said by
    /// the superior.
    pub differs: bool,
    /// Certificates that end, by month.
    pub expiring: BTreeMap<Month, u64>,
    /// Its level.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// Blanks needed: those who wait, and the spare percent.
    pub needed: u64,
    /// Requests by state.
    pub requests: BTreeMap<RequestState, u64>,
    /// The spare percent.
    pub spare_percent: u64,
    /// Its stock by model; of a unit without a desk none.
    pub stock: Vec<StockTally>,
    /// The unit above it; none for the sender's own.
    pub superior: Option<UnitCode>,
    /// Approved requests without a ukey.
    pub waiting: u64,
    /// People who apply for a certificate and have none that is live (D-5).
    pub without: u64,
}

/// The stock of one model at one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockTally {
    /// Came from the superior, as often as it did.
    pub from_superior: u64,
    /// Dispatched from here and not signed for.
    pub in_transit: u64,
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// What came, from wherever, less what became officers' own.
    pub received: u64,
    /// Went back to the superior.
    pub sent_back: u64,
    /// How many in each state.
    pub states: BTreeMap<UkeyState, u64>,
}

impl StockTally {
    /// How many are in a state.
    pub fn count(&self, state: UkeyState) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }

    /// Whether the states sum up to what was received (D-27).
    pub fn is_balanced(&self) -> bool {
        self.received == sum(self.states.values().copied())
    }
}

/// What the superior's books say of one model that went to a subordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// On notes to it.
    pub dispatched: u64,
    /// Of these not signed for, or missing.
    pub in_transit: u64,
    /// Of these refused or given up: they never came.
    pub not_come: u64,
    /// On notes back from it.
    pub sent_back: u64,
}

impl Passed {
    /// What it must have received.
    pub const fn arrived(&self) -> u64 {
        self.dispatched
            .saturating_sub(self.in_transit)
            .saturating_sub(self.not_come)
    }
}

/// Where two books do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// What the superior says: arrived, sent back.
    pub superior: (u64, u64),
    /// What the subordinate says: arrived, sent back.
    pub subordinate: (u64, u64),
    /// Whether the subordinate's states sum up to what it received.
    pub balanced: bool,
}

/// Compares what a superior sent with what its subordinate says came (D-27): dispatched − in transit
/// − sent back = received, model by model.
pub fn differences(passed: &[Passed], stock: &[StockTally]) -> Vec<Difference> {
    let mut models: BTreeMap<(&str, &str), Difference> = BTreeMap::new();
    let none = |maker: &str, model: &str| Difference {
        maker: maker.to_owned(),
        model: model.to_owned(),
        superior: (0, 0),
        subordinate: (0, 0),
        balanced: true,
    };
    for passed in passed {
        let key = (passed.maker.as_str(), passed.model.as_str());
        let one = models.entry(key).or_insert_with(|| none(key.0, key.1));
        one.superior = (passed.arrived(), passed.sent_back);
    }
    for line in stock {
        let key = (line.maker.as_str(), line.model.as_str());
        let one = models.entry(key).or_insert_with(|| none(key.0, key.1));
        one.subordinate = (line.from_superior, line.sent_back);
        one.balanced = line.is_balanced();
    }
    let differs = |one: &Difference| one.superior != one.subordinate || !one.balanced;
    models.into_values().filter(differs).collect()
}

/// What is wrong with a tally that came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TallyFault {
    /// More than [`MAX_UNITS`] units, or more scans than a file may hold.
    #[error("more units or scans than a tally may have")]
    TooMany,
    /// A unit stands twice.
    #[error("unit {0} stands twice")]
    Twice(UnitCode),
    /// The sender's own unit is not in it, or it names a superior.
    #[error("the sender's own unit is not the first of its tally")]
    NoSender,
    /// Nothing leads from a unit to the sender.
    #[error("unit {0} is not below the sender")]
    NotBelow(UnitCode),
    /// A number or text that no unit has.
    #[error("unit {0}: {1}")]
    Value(UnitCode, &'static str),
    /// A scan that belongs to no unit of it, stands twice, or is none.
    #[error("scan {0}")]
    Scan(String),
}

impl UnitTally {
    /// Sets what is needed from who waits.
    pub fn reckon(&mut self) {
        self.needed = with_spare(self.waiting, self.spare_percent);
    }

    /// Adds the requests that another home has of the same unit; the stock is the desk's.
    fn add(&mut self, other: &Self) {
        for (state, count) in &other.requests {
            let sum = self.requests.entry(*state).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (month, count) in &other.expiring {
            let sum = self.expiring.entry(*month).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.certified = self.certified.saturating_add(other.certified);
        self.without = self.without.saturating_add(other.without);
        self.waiting = self.waiting.saturating_add(other.waiting);
        self.reckon();
    }

    fn fault(&self) -> Option<&'static str> {
        let counts = [self.certified, self.without, self.waiting, self.needed];
        let counts = counts.iter().chain(self.requests.values());
        let mut counts = counts.chain(self.expiring.values());
        let approved = self.requests.get(&RequestState::Approved).copied();
        let models: BTreeSet<_> = self
            .stock
            .iter()
            .map(|line| (&line.maker, &line.model))
            .collect();
        if !is_plain(&self.name, 64) || self.name.trim().is_empty() {
            Some("its name")
        } else if counts.any(|count| *count > MAX_COUNT) || self.expiring.len() > MAX_MONTHS {
            Some("a count")
        } else if self.spare_percent > 100
            || self.waiting > approved.unwrap_or_default()
            || self.needed != with_spare(self.waiting, self.spare_percent)
        {
            Some("what it needs")
        } else if models.len() != self.stock.len()
            || models.len() > MAX_MODELS
            || !self.stock.iter().all(is_sound)
        {
            Some("its stock")
        } else {
            None
        }
    }
}

fn is_sound(line: &StockTally) -> bool {
    let counts = [
        line.from_superior,
        line.in_transit,
        line.received,
        line.sent_back,
    ];
    let mut counts = counts.iter().chain(line.states.values());
    is_plain(&line.maker, 64)
        && is_plain(&line.model, 64)
        && counts.all(|count| *count <= MAX_COUNT)
}

fn is_plain(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_none() && !text.chars().any(is_hidden)
}

fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

impl Tally {
    /// Checks everything that a tally says by itself: who is below whom, and that every number and
    /// text is one that a unit can have.
    ///
    /// # Errors
    /// [`TallyFault`], the first one.
    pub fn check(&self, sender: &str) -> Result<(), TallyFault> {
        if self.units.len() > MAX_UNITS || self.scans.len() > MAX_SCANS {
            return Err(TallyFault::TooMany);
        }
        let mut above = BTreeMap::new();
        for unit in &self.units {
            let known = above.insert(
                unit.code.as_str(),
                unit.superior.as_ref().map(UnitCode::as_str),
            );
            if known.is_some() {
                return Err(TallyFault::Twice(unit.code.clone()));
            }
        }
        if above.get(sender) != Some(&None) {
            return Err(TallyFault::NoSender);
        }
        for unit in &self.units {
            if !leads_to(unit.code.as_str(), sender, &above) {
                return Err(TallyFault::NotBelow(unit.code.clone()));
            }
            if let Some(what) = unit.fault() {
                return Err(TallyFault::Value(unit.code.clone(), what));
            }
        }
        let mut seen = BTreeSet::new();
        for scan in &self.scans {
            let hash = scan.sha256.len() == 64
                && scan
                    .sha256
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let sound = hash
                && ScanKind::from_word(&scan.kind).is_some()
                && usize::try_from(scan.bytes).is_ok_and(|bytes| bytes <= scan::MAX_BYTES)
                && is_plain(&scan.number, 32)
                && above.contains_key(scan.unit.as_str())
                && seen.insert((scan.request, &scan.sha256));
            if !sound {
                let text: String = scan
                    .sha256
                    .chars()
                    .take(64)
                    .filter(|c| !is_hidden(*c))
                    .collect();
                return Err(TallyFault::Scan(text));
            }
        }
        Ok(())
    }
}

/// Whether the units above one another lead from one to another in few steps.
fn leads_to(from: &str, to: &str, above: &BTreeMap<&str, Option<&str>>) -> bool {
    let mut at = from;
    for _step in 0..MAX_DEPTH {
        if at == to {
            return true;
        }
        match above.get(at) {
            Some(Some(next)) => at = next,
            _ => return false,
        }
    }
    false
}

/// One view of the own unit's rows and the newest tally of each direct subordinate, each unit once, the
/// own one first, then by code. Of a unit that two subordinates name (a school that moved) the newer
/// numbers stand; what this home has of a unit that has a desk of its own is added.
pub fn merged(own: Vec<UnitTally>, received: Vec<Vec<UnitTally>>) -> Vec<UnitTally> {
    let Some(root) = own.first().map(|unit| unit.code.clone()) else {
        return Vec::new();
    };
    let mut units: BTreeMap<UnitCode, UnitTally> = BTreeMap::new();
    for mut unit in received.into_iter().flatten() {
        if unit.code == root {
            continue;
        }
        unit.superior.get_or_insert_with(|| root.clone());
        match units.get(&unit.code) {
            Some(known) if known.as_of >= unit.as_of => {}
            _ => {
                units.insert(unit.code.clone(), unit);
            }
        }
    }
    for unit in own {
        if let Some(known) = units.get_mut(&unit.code) {
            known.add(&unit);
        } else {
            units.insert(unit.code.clone(), unit);
        }
    }
    // Files of different days may say of each other what does not fit together.
    let above: BTreeMap<String, Option<String>> = units
        .values()
        .map(|unit| {
            let superior = unit.superior.as_ref().map(UnitCode::as_str);
            (unit.code.as_str().to_owned(), superior.map(str::to_owned))
        })
        .collect();
    let above = above
        .iter()
        .map(|(code, next)| (code.as_str(), next.as_deref()))
        .collect();
    for unit in units.values_mut() {
        if unit.code != root && !leads_to(unit.code.as_str(), root.as_str(), &above) {
            unit.superior = Some(root.clone());
        }
    }
    let first = units.remove(&root);
    first.into_iter().chain(units.into_values()).collect()
}

/// Sums over units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// People who have a live certificate.
    pub certified: u64,
    /// People who have none.
    pub without: u64,
    /// Requests by state.
    pub requests: BTreeMap<RequestState, u64>,
    /// Approved requests without a ukey.
    pub waiting: u64,
    /// Blanks needed, rounded once.
    pub needed: u64,
    /// Blanks that lie with the units.
    pub blank: u64,
}

/// The sums over these units.
pub fn total(units: &[UnitTally], spare_percent: u64) -> Total {
    let mut total = Total::default();
    for unit in units {
        total.certified = total.certified.saturating_add(unit.certified);
        total.without = total.without.saturating_add(unit.without);
        total.waiting = total.waiting.saturating_add(unit.waiting);
        for (state, count) in &unit.requests {
            let sum = total.requests.entry(*state).or_default();
            *sum = sum.saturating_add(*count);
        }
        for line in &unit.stock {
            total.blank = total.blank.saturating_add(line.count(UkeyState::Blank));
        }
    }
    total.needed = with_spare(total.waiting, spare_percent);
    total
}

#[cfg(test)]
mod tests;
