//! The stock check (盘点, D-28): what a ukey that is read or scanned means against the records, what of it
//! is a difference, and the result that is signed. Reads nothing itself.

use serde::{Deserialize, Serialize};

use super::id::{HomeId, InstanceId};
use super::officer::{OfficerName, Post};
use super::stock::DiscrepancyKind;
use super::timestamp::Timestamp;
use super::token_profile::NotBlank;
use super::ukey::{Serial, UkeyState};

/// Version of [`CheckResult`]'s canonical bytes.
pub const VERSION: u32 = 1;
/// The result's `type`.
pub const TYPE: &str = "ukey-station/stock-check";

/// Where a check is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckState {
    /// Ukeys are being read.
    Open,
    /// It goes on later.
    Paused,
    /// Its result is signed: final.
    Signed,
    /// Given up without a result: final.
    Dropped,
}

impl CheckState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Paused, Self::Signed, Self::Dropped];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Signed => "signed",
            Self::Dropped => "dropped",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// How a ukey came into a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Plugged in and read.
    Read,
    /// Its serial number alone, from a sealed box: typed, or by a barcode scanner.
    Scanned,
}

impl How {
    const ALL: [Self; 2] = [Self::Read, Self::Scanned];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Scanned => "scanned",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.word() == word)
    }
}

/// What a ukey of the check is against the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Where and what the records say.
    Found,
    /// Seen before in this check: told, and not counted again.
    Duplicate,
    /// Two that are plugged in show this serial number (D-24).
    Twice,
    /// Not in the records.
    Unknown,
    /// An officer's own (D-58): no stock.
    OfOfficer,
    /// The records have it in a state in which it does not lie here, or empty where it was made.
    WrongState,
    /// The records say blank, its label or its flags do not (D-29).
    NotBlank,
    /// Its SO PIN is locked: dead stock (D-29).
    SoLocked,
    /// Maker or model are not those of the records, or no token profile is for them.
    WrongModel,
    /// The records say blank, and certificates or other objects are on it.
    ForeignObjects,
    /// Plugged in, and gives no answer.
    Unreadable,
}

impl Verdict {
    /// Every verdict, in the order of a report.
    pub const ALL: [Self; 11] = [
        Self::Found,
        Self::Duplicate,
        Self::Twice,
        Self::Unknown,
        Self::OfOfficer,
        Self::WrongState,
        Self::NotBlank,
        Self::SoLocked,
        Self::WrongModel,
        Self::ForeignObjects,
        Self::Unreadable,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Duplicate => "duplicate",
            Self::Twice => "twice",
            Self::Unknown => "unknown",
            Self::OfOfficer => "of-officer",
            Self::WrongState => "wrong-state",
            Self::NotBlank => "not-blank",
            Self::SoLocked => "so-locked",
            Self::WrongModel => "wrong-model",
            Self::ForeignObjects => "foreign-objects",
            Self::Unreadable => "unreadable",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// Whether somebody has to do something about it.
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::Found | Self::Duplicate | Self::OfOfficer)
    }
}

/// Whether a ukey in this state lies at the desk or in its cupboard, so that a check expects it. One that
/// is reported lost (suspended) does not: where it turns up, somebody has to lift the hold (D-25).
pub const fn lies_here(state: UkeyState) -> bool {
    match state {
        UkeyState::Blank
        | UkeyState::Allocated
        | UkeyState::Personalising
        | UkeyState::Issued
        | UkeyState::Damaged
        | UkeyState::Returned => true,
        UkeyState::HandedOut
        | UkeyState::Suspended
        | UkeyState::Lost
        | UkeyState::Destroyed
        | UkeyState::Dispatched => false,
    }
}

/// A ukey as the records have it, for who judges what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state.
    pub state: UkeyState,
    /// It is an officer's own.
    pub of_officer: bool,
    /// Maker and model are those that were read.
    pub same_model: bool,
}

/// What was seen of a ukey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Its serial number on the outside.
    Scanned,
    /// That it gives no answer.
    Unreadable,
    /// What it shows without login.
    Read {
        /// Whether it is blank by its token profile.
        blank: Result<(), NotBlank>,
        /// Whether more objects are on it than on a blank.
        objects: bool,
        /// Whether another one that is plugged in shows the same identity.
        twice: bool,
    },
}

impl Sight {
    /// What is told beside the verdict: never a label, which may name a person.
    pub fn detail(&self) -> Option<&'static str> {
        match self {
            Self::Scanned | Self::Unreadable => None,
            Self::Read { blank: Ok(()), .. } => Some("blank"),
            Self::Read { objects: true, .. } => Some("objects"),
            Self::Read {
                blank: Err(why), ..
            } => Some(match why {
                NotBlank::UnknownModel(_) => "unknown-model",
                NotBlank::SoPinLocked => "so-pin-locked",
                NotBlank::Label(_) => "label",
                NotBlank::UserPinSet => "user-pin-set",
                NotBlank::Objects(_) => "objects",
                NotBlank::NotInitialised => "not-initialised",
                NotBlank::WriteProtected => "write-protected",
            }),
        }
    }
}

/// What a ukey is against its record. Whether it was seen before is [`again`]'s to say.
pub const fn judge(known: Option<Known>, sight: &Sight) -> Verdict {
    if matches!(sight, Sight::Read { twice: true, .. }) {
        return Verdict::Twice;
    }
    let Some(known) = known else {
        return match sight {
            Sight::Unreadable => Verdict::Unreadable,
            Sight::Scanned | Sight::Read { .. } => Verdict::Unknown,
        };
    };
    if known.of_officer {
        return Verdict::OfOfficer;
    }
    if !known.same_model {
        return Verdict::WrongModel;
    }
    if !lies_here(known.state) {
        return Verdict::WrongState;
    }
    match (known.state, sight) {
        // A damaged one need not answer as a blank, nor at all.
        (_, Sight::Scanned) | (UkeyState::Damaged, _) => Verdict::Found,
        (_, Sight::Unreadable) => Verdict::Unreadable,
        (state, Sight::Read { blank, objects, .. }) => read(state, blank, *objects),
    }
}

/// What a reading says of a ukey that lies here, by its state.
const fn read(state: UkeyState, blank: &Result<(), NotBlank>, objects: bool) -> Verdict {
    let is_made = matches!(state, UkeyState::Issued);
    let is_blank = matches!(state, UkeyState::Blank | UkeyState::Allocated);
    match blank {
        Err(NotBlank::UnknownModel(_)) => Verdict::WrongModel,
        Err(NotBlank::SoPinLocked) => Verdict::SoLocked,
        Ok(()) if is_made => Verdict::WrongState,
        Err(_) if is_blank && objects => Verdict::ForeignObjects,
        Err(
            NotBlank::Label(_)
            | NotBlank::UserPinSet
            | NotBlank::Objects(_)
            | NotBlank::NotInitialised
            | NotBlank::WriteProtected,
        ) if is_blank => Verdict::NotBlank,
        Ok(()) | Err(_) => Verdict::Found,
    }
}

/// What becomes of a ukey that is in the check already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is a [`Verdict::Duplicate`]: what stands stays.
    Stays,
    /// What is seen now tells more: it takes the place of what stands.
    Replaces,
}

/// A reading tells more than a serial number alone, any answer more than none, and that there are two
/// more than all.
pub const fn again(before: (Verdict, How), now: (Verdict, How)) -> Again {
    match (before, now) {
        ((Verdict::Twice, _), _) => Again::Stays,
        (_, (Verdict::Twice, _)) | ((_, How::Scanned), (_, How::Read)) => Again::Replaces,
        ((Verdict::Unreadable, _), (verdict, How::Read))
            if !matches!(verdict, Verdict::Unreadable) =>
        {
            Again::Replaces
        }
        _ => Again::Stays,
    }
}

/// Which difference this is, of a ukey that is in the records or not.
pub const fn difference(verdict: Verdict, in_records: bool) -> Option<DiscrepancyKind> {
    match verdict {
        Verdict::Found | Verdict::Duplicate | Verdict::OfOfficer => None,
        Verdict::Unknown => Some(DiscrepancyKind::Unexpected),
        Verdict::Twice
        | Verdict::WrongState
        | Verdict::NotBlank
        | Verdict::SoLocked
        | Verdict::WrongModel
        | Verdict::ForeignObjects
        | Verdict::Unreadable => Some(if in_records {
            DiscrepancyKind::WrongState
        } else {
            DiscrepancyKind::Unexpected
        }),
    }
}

/// One ukey of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckItem {
    /// When it was seen.
    pub at: Timestamp,
    /// What was seen beside the verdict: [`Sight::detail`].
    pub detail: Option<String>,
    /// How it was seen.
    pub how: How,
    /// `manufacturerID`, trimmed; empty where nothing says it.
    pub maker: String,
    /// `model`, trimmed; empty where nothing says it.
    pub model: String,
    /// Its serial number: of the records, else as the token reports it.
    pub serial: Serial,
    /// What the records said; `None` when it is not in them.
    pub state: Option<UkeyState>,
    /// What it is.
    pub verdict: Verdict,
}

impl CheckItem {
    /// Which difference it is.
    pub const fn difference(&self) -> Option<DiscrepancyKind> {
        difference(self.verdict, self.state.is_some())
    }
}

/// One that is expected and was not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The box it should lie in.
    pub r#box: Option<String>,
    /// `model` of the records.
    pub model: String,
    /// Its serial number.
    pub serial: Serial,
    /// What the records say.
    pub state: UkeyState,
}

/// What system signs at the end of a check. Its bytes are JSON without white space, keys in alphabetical
/// order (the order of this struct); [`Self::canonical`] and nothing else is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    /// Id of the check.
    pub check: String,
    /// How many were expected.
    pub expected: u64,
    /// How many of the model were found.
    pub found: u64,
    /// The home.
    pub home: HomeId,
    /// Its instance.
    pub instance: InstanceId,
    /// Every ukey that was seen, in the order of seeing.
    pub items: Vec<CheckItem>,
    /// Every ukey that was expected and not seen, by serial.
    pub missing: Vec<Missing>,
    /// The only model that was checked.
    pub model: Option<String>,
    /// E.g. `2026-0001`.
    pub number: String,
    /// Who signs.
    pub officer: OfficerName,
    /// Their post.
    pub post: Post,
    /// When the check began.
    pub started_at: Timestamp,
    /// When it is signed.
    pub time: Timestamp,
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Code of the unit.
    pub unit: String,
    /// [`VERSION`].
    pub version: u32,
}

impl CheckResult {
    /// The bytes that are signed.
    ///
    /// # Errors
    /// Never for a result of this type; `serde_json` cannot promise it.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a result and demands that it is in canonical form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let result: Self = serde_json::from_slice(bytes).ok()?;
        let same = result.canonical().ok()? == bytes;
        (same && result.kind == TYPE && result.version == VERSION).then_some(result)
    }

    /// Every difference of the result.
    pub fn differences(&self) -> Vec<Difference> {
        differences(&self.items, &self.missing)
    }
}

/// What differs, of which ukey, and in words of the store what was seen or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: DiscrepancyKind,
    /// Whose.
    pub serial: Serial,
    /// Verdict, state of the records and what was seen; of a missing one its state.
    pub detail: String,
}

/// Every difference of what was seen and what was not.
pub fn differences(items: &[CheckItem], missing: &[Missing]) -> Vec<Difference> {
    let seen = items.iter().filter_map(|item| {
        let state = item.state.map_or("", UkeyState::word);
        let detail = item.detail.as_deref().unwrap_or_default();
        let parts = [item.verdict.word(), state, detail];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Some(Difference {
            kind: item.difference()?,
            serial: item.serial.clone(),
            detail: parts.join(" "),
        })
    });
    let missing = missing.iter().map(|missing| Difference {
        kind: DiscrepancyKind::NotFound,
        serial: missing.serial.clone(),
        detail: missing.state.word().to_owned(),
    });
    seen.chain(missing).collect()
}

#[cfg(test)]
mod tests;
