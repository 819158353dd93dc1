//! The stock of ukeys: notes that travel with them along the tree and what a receiver says of each
//! (D-26), and the differences that are explained and accepted (D-27). The states of one ukey and
//! their transitions stand in [`UkeyState`].

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::ukey::{Serial, UkeyIdentity, UkeyState};

/// Why ukeys moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// From the supplier, by list.
    Receive,
    /// One that nobody dispatched (D-30).
    Intake,
    /// Down to a subordinate.
    Dispatch,
    /// Back up to the superior.
    SendBack,
    /// Signed for here.
    SignFor,
    /// Cannot be used.
    Damage,
    /// Given back by its holder (D-45).
    Return,
    /// It came back, and is a blank again (D-25).
    Wipe,
    /// Ended for good (D-48).
    Destroy,
    /// A record was wrong (D-7).
    Correction,
    /// A difference was accepted (D-27).
    Discrepancy,
}

impl MovementKind {
    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Intake => "intake",
            Self::Dispatch => "dispatch",
            Self::SendBack => "send-back",
            Self::SignFor => "sign-for",
            Self::Damage => "damage",
            Self::Return => "return",
            Self::Wipe => "wipe",
            Self::Destroy => "destroy",
            Self::Correction => "correction",
            Self::Discrepancy => "discrepancy",
        }
    }
}

/// One ukey of a dispatch note (发放单).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchItem {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// `serialNumber`, trimmed.
    pub serial: Serial,
    /// The token profile it belongs to.
    pub profile: String,
    /// The sealed box it lies in.
    pub r#box: Option<String>,
    /// What it is: blank; of what is sent back also damaged or returned.
    pub state: UkeyState,
}

impl DispatchItem {
    /// Who it is.
    pub fn identity(&self) -> UkeyIdentity {
        UkeyIdentity {
            maker: self.maker.clone(),
            model: self.model.clone(),
            serial: self.serial.clone(),
        }
    }
}

/// What a receiver says of a ukey of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemOutcome {
    /// It came.
    Received,
    /// It was not among those that came.
    Missing,
    /// The receiver's records do not let it in: it is there in another state, or was destroyed.
    Refused,
}

impl ItemOutcome {
    const ALL: [Self; 3] = [Self::Received, Self::Missing, Self::Refused];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Missing => "missing",
            Self::Refused => "refused",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// A ukey as the records here know it, for who judges whether it may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: UkeyState,
    /// It was dispatched from here to the unit that sends it now, or came from it before.
    pub with_sender: bool,
}

/// Whether a ukey of a note comes into stock (D-26): not known here, or known to be where it comes
/// from. What is here in any other state, or was destroyed, is a difference.
pub const fn judge(known: Option<Known>, missing: bool) -> ItemOutcome {
    match known {
        _ if missing => ItemOutcome::Missing,
        None
        | Some(Known {
            state: UkeyState::Dispatched,
            with_sender: true,
        }) => ItemOutcome::Received,
        Some(_) => ItemOutcome::Refused,
    }
}

/// What a note may carry away: downwards only what can be made, upwards also what cannot.
pub const fn may_travel(state: UkeyState, upwards: bool) -> bool {
    match state {
        UkeyState::Blank => true,
        UkeyState::Damaged | UkeyState::Returned => upwards,
        _ => false,
    }
}

/// What differs (D-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiscrepancyKind {
    /// On a note, not among what came.
    Missing,
    /// Among what came, not on the note.
    Extra,
    /// On a note, and here in another state.
    Conflict,
    /// In stock, not found by the stock check.
    NotFound,
    /// Found by the stock check, not in stock.
    Unexpected,
    /// Found by the stock check, in another state than the records say.
    WrongState,
}

impl DiscrepancyKind {
    const ALL: [Self; 6] = [
        Self::Missing,
        Self::Extra,
        Self::Conflict,
        Self::NotFound,
        Self::Unexpected,
        Self::WrongState,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Conflict => "conflict",
            Self::NotFound => "not-found",
            Self::Unexpected => "unexpected",
            Self::WrongState => "wrong-state",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How the records follow once a difference is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The ukey is lost.
    Lost,
    /// The ukey is damaged.
    Damaged,
    /// It moved without a line on the note: at the sender it was dispatched, at the receiver it came.
    Moved,
    /// It is or came after all: no record changes.
    Nothing,
}

impl Resolution {
    /// Every resolution.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Damaged, Self::Moved, Self::Nothing];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::Moved => "moved",
            Self::Nothing => "nothing",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|resolution| resolution.word() == word)
    }
}

/// Most serial numbers that one range stands for.
const MOST_OF_RANGE: u64 = 100_000;

/// Why two ends make no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The second end is before the first.
    #[error("the range runs backwards")]
    Backwards,
    /// They do not differ by a number at their end alone, of one length.
    #[error("the ends of the range differ by more than a number at their end")]
    Shape,
    /// More than any delivery.
    #[error("the range holds more than {MOST_OF_RANGE} serial numbers")]
    TooLong,
}

/// The serial numbers from `first` to `last`, as they stand on a box: both end in a decimal number of
/// one length behind the same beginning.
///
/// # Errors
/// [`RangeError`].
pub fn range(first: &Serial, last: &Serial) -> Result<Vec<Serial>, RangeError> {
    let split = |serial: &Serial| {
        let text = serial.as_str();
        let digits = text
            .bytes()
            .rev()
            .take_while(u8::is_ascii_digit)
            .count()
            .min(18);
        let (beginning, number) = text.split_at(text.len() - digits);
        let value: Option<u64> = number.parse().ok();
        value.map(|value| (beginning.to_owned(), digits, value))
    };
    let ends = split(first).zip(split(last));
    let ((beginning, width, from), (other, same, to)) = ends.ok_or(RangeError::Shape)?;
    if beginning != other || width != same {
        return Err(RangeError::Shape);
    }
    if to < from {
        return Err(RangeError::Backwards);
    }
    if to - from >= MOST_OF_RANGE {
        return Err(RangeError::TooLong);
    }
    let serials = (from..=to).map(|number| Serial::parse(&format!("{beginning}{number:0width$}")));
    serials
        .collect::<Result<_, _>>()
        .map_err(|_serial| RangeError::Shape)
}

/// The serial numbers that stand more than once.
pub fn twice<'a>(serials: impl IntoIterator<Item = &'a Serial>) -> Vec<Serial> {
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for serial in serials {
        if !seen.insert(serial) {
            twice.insert(serial.clone());
        }
    }
    twice.into_iter().collect()
}

/// The states of a ukey and where each may lead (D-25), as a page of Markdown:
/// `docs/ukey-states.md`.
pub fn documentation() -> String {
    let mut text = "# The states of a ukey (D-25)\n\nPrinted from the table in `src/domain/ukey.rs` by a \
                    test; do not edit. ● by an act of the desk, ○ only as a correction by two officers \
                    with a reason. The store refuses every other step by itself.\n\n| from \\ to |"
        .to_owned();
    for state in UkeyState::ALL {
        // Writing to a String does not fail.
        write!(text, " {state} |").ok();
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(UkeyState::ALL.len()));
    text.push('\n');
    for from in UkeyState::ALL {
        write!(text, "| {} {from} |", from.chinese()).ok();
        for to in UkeyState::ALL {
            let mark = if from.may_become(to) {
                "●"
            } else if from.may_be_corrected_to(to) {
                "○"
            } else {
                ""
            };
            write!(text, " {mark} |").ok();
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(text: &str) -> Serial {
        Serial::parse(text).unwrap()
    }

    #[test]
    fn a_range_counts_the_number_at_the_end_and_keeps_its_zeros() {
        let serials = range(&serial("FT-0098"), &serial("FT-0101")).unwrap();
        let texts: Vec<_> = serials.iter().map(Serial::as_str).collect();
        assert_eq!(texts, ["FT-0098", "FT-0099", "FT-0100", "FT-0101"]);
        assert_eq!(range(&serial("7"), &serial("7")).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let refused = |first, last| range(&serial(first), &serial(last)).unwrap_err();
        assert_eq!(refused("A2", "A1"), RangeError::Backwards);
        for (first, last) in [("A1", "B2"), ("A1", "A10"), ("A", "B"), ("A1x", "A2x")] {
            assert_eq!(refused(first, last), RangeError::Shape, "{first} {last}");
        }
        assert_eq!(refused("000000", "100000"), RangeError::TooLong);
        assert_eq!(refused("1a", "1b"), RangeError::Shape);
    }

    #[test]
    fn only_what_is_not_here_comes_in() {
        assert_eq!(judge(None, false), ItemOutcome::Received);
        assert_eq!(judge(None, true), ItemOutcome::Missing);
        for state in UkeyState::ALL {
            for with_sender in [false, true] {
                let outcome = judge(Some(Known { state, with_sender }), false);
                let comes = state == UkeyState::Dispatched && with_sender;
                assert_eq!(outcome == ItemOutcome::Received, comes, "{state}");
            }
        }
    }

    #[test]
    fn a_correction_never_undoes_a_destruction_or_what_belongs_to_a_holder() {
        for from in UkeyState::ALL {
            for to in UkeyState::ALL
                .into_iter()
                .filter(|to| from.may_be_corrected_to(*to))
            {
                assert!(matches!(from, UkeyState::Damaged | UkeyState::Lost));
                assert!(matches!(to, UkeyState::Blank | UkeyState::Dispatched));
                assert!(!from.may_become(to), "{from} {to} needs no correction");
            }
        }
    }

    /// `INSTA_UPDATE=always` writes the page; without it the test compares.
    #[test]
    fn the_page_says_what_the_table_says() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ukey-states.md");
        if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
            std::fs::write(&page, documentation()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(page).unwrap(), documentation());
    }
}
