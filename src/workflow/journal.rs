//! What a run writes down: one [`Entry`] for each event, in order. The journal alone says where a
//! run stands (`Run::replay`); it holds public facts only, never a PIN.

use serde::{Deserialize, Serialize};

use super::step::Step;
use crate::domain::fault::Fault;
use crate::domain::key::{KeyAlgorithm, PublicKeyDer};
use crate::domain::ukey::Serial;

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The run begins with this plan; the first entry and only the first.
    Opened(Plan),
    /// A step is about to be done.
    Started(Step),
    /// The step in hand was done and found this.
    Done(Step, Finding),
    /// The step in hand failed.
    Failed(Step, Failure),
    /// The run goes on after a break: another worker, another station process, or the ukey was
    /// plugged in again. A step in hand stays unanswered for good.
    Resumed,
    /// A person answered the open question.
    Answered(Answer),
}

/// What was asked for when the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which key pair.
    pub algorithm: KeyAlgorithm,
    /// Where the run stops by itself.
    pub until: Until,
    /// Whether the model can set an SO PIN of its own (D-37).
    pub so_pin: SoPinSupport,
    /// Where the user PIN comes from.
    pub user_pin: PinSource,
    /// What is made.
    #[serde(default)]
    pub making: Making,
}

/// What a run makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Making {
    /// A ukey out of a blank (D-34).
    #[default]
    New,
    /// A new key on the ukey that its holder has (D-47).
    Renewal(KeyOrder),
}

/// Which key a renewal begins with (D-47).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyOrder {
    /// The new one is made beside the old one, which goes once the new one is proven.
    NewFirst,
    /// The old one goes first, since the ukey has no room for two; the holder was told.
    OldFirst,
}

/// Where the user PIN comes from (D-37).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinSource {
    /// The holder types it at the desk: a new one, or for a renewal the one that the ukey has.
    Holder,
    /// Random, told to the holder by a sealed letter.
    Random,
    /// The practice secrets file: the PIN it names, else one made by the station and written there.
    /// Counted as typed by the holder.
    Secrets,
}

/// Where a run stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// The proven ukey.
    Proven,
    /// The CSR (D-40, 待下载): going on later is a person's act.
    Csr,
}

/// Whether a model has an SO PIN that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoPinSupport {
    /// `C_SetPIN` by the SO works.
    Settable,
    /// The middleware has none, or none that it can change.
    Fixed,
}

/// What a step found, as far as later decisions need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Done; nothing else to say.
    Done,
    /// The public key on the ukey ([`Step::GenerateKeyPair`], [`Step::ReadAttributes`]).
    Key(PublicKeyDer),
    /// The CA has the request and will answer later ([`Step::Issue`]).
    Pending,
    /// What the ukey looks like ([`Step::Probe`]).
    Probed(Probe),
    /// Which SO PIN holds ([`Step::FindSoPin`]).
    SoPin(SoPinFound),
    /// What is on the ukey ([`Step::Inventory`]).
    Objects(ObjectsFound),
}

/// A look at the ukey without login: the columns of the SO PIN dance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Whose label it has.
    pub label: LabelSeen,
    /// Whether a user PIN is set.
    pub user_pin: PinSeen,
    /// The state of the SO PIN's tries.
    pub so_pin: TriesSeen,
}

/// Whose label the ukey has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSeen {
    /// The ukey is blank by its profile.
    Blank,
    /// This run's: `C_InitToken` happened.
    ThisRun,
    /// Any other: somebody else wrote on it.
    Foreign,
}

/// Whether a user PIN is set, and how its tries stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinSeen {
    /// None is set.
    Unset,
    /// One is set.
    Set(TriesSeen),
}

/// How the tries of a PIN stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriesSeen {
    /// No wrong try since the last right one.
    Untouched,
    /// At least one wrong try.
    Low,
    /// Locked.
    Locked,
}

/// Which SO PIN opened the ukey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoPinFound {
    /// The run's own.
    New,
    /// The one before it.
    Old,
    /// None of the two.
    Neither,
}

/// Keys and certificates on the ukey after login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectsFound {
    /// Key pairs; in a renewal those under the run's `CKA_ID` alone.
    pub keys: KeysSeen,
    /// Certificates under the run's `CKA_ID`.
    pub certificates: CertificatesSeen,
}

/// Key pairs on the ukey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysSeen {
    /// No key at all.
    Empty,
    /// Exactly one whole pair under the run's `CKA_ID`, with this public key.
    Pair(PublicKeyDer),
    /// Half a pair, several pairs, or one under another id.
    Broken,
}

/// Certificates under the run's `CKA_ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificatesSeen {
    /// None.
    Empty,
    /// Exactly one, byte for byte the one that was issued.
    Ours,
    /// Anything else.
    Wrong,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The ukey, its module or its worker.
    Ukey(Fault),
    /// The CA's key is locked (D-60).
    CaLocked,
    /// The holder has not typed a PIN.
    PinNotTyped,
    /// A rule said no; the stable code of interface.md.
    Refused {
        /// E.g. `request-not-approved`.
        code: String,
    },
}

/// What a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Look again and go on; allows one more try of an SO PIN in doubt.
    TryAgain,
    /// Wipe the ukey and begin anew on it; only while no CSR has left the station.
    Reinitialise,
    /// Write the ukey off as damaged; the request goes back to approved, that of a renewal ends.
    WriteOff,
    /// Give the renewal up: what it made is destroyed, and the old key and certificate stay. Only while
    /// the old ones are untouched.
    GiveUp,
}

impl Answer {
    /// The word of command line and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TryAgain => "try-again",
            Self::Reinitialise => "reinitialise",
            Self::WriteOff => "write-off",
            Self::GiveUp => "give-up",
        }
    }
}

/// What a run asks a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What happened.
    pub about: About,
    /// What may be answered, the least harmful first.
    pub answers: Vec<Answer>,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The step failed again although the ukey was looked at in between.
    KeepsFailing(Step, Fault),
    /// The fault leaves nothing to try without a person.
    Fault(Step, Fault),
    /// A rule refused the certificate; the code of interface.md.
    IssueRefused(String),
    /// The ukey carries a label that is neither blank nor this run's.
    ForeignLabel,
    /// The ukey is in a state that this run cannot have made.
    ImpossibleState,
    /// Neither SO PIN opened it, or none may be tried.
    SoPinUnknown,
    /// The user PIN has wrong tries that this run did not make.
    UserPinTouched,
    /// A PIN is locked.
    PinLocked,
    /// The key that was certified, or is about to be, is gone from the ukey.
    KeyGone,
    /// The objects on the ukey stayed broken after it was initialised again.
    ObjectsBroken,
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// The ukey is to be plugged in; the serial of another one that was found in its place.
    Ukey {
        /// Serial of the other ukey.
        found: Option<Serial>,
    },
    /// The CA's answer (待下载).
    Certificate,
    /// The CSR is made and the run was asked to stop there.
    CsrOnly,
    /// Security is to unlock the CA key.
    CaUnlock,
    /// The holder is to type the user PIN.
    UserPin,
}

impl Wait {
    /// The word of JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ukey { .. } => "ukey",
            Self::Certificate => "certificate",
            Self::CsrOnly => "csr-only",
            Self::CaUnlock => "ca-unlock",
            Self::UserPin => "user-pin",
        }
    }
}
