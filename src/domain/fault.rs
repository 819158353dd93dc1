//! `Fault`: what can go wrong with a ukey, as facts. Decides nothing: `workflow/recovery.rs` does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::key::AttributeFault;
use super::ukey::Serial;

/// A failed act on a ukey: what kind, which C function, which return value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What it means for the desk.
    pub kind: FaultKind,
    /// The PKCS#11 function that answered, e.g. `C_InitToken`.
    pub function: Option<String>,
    /// The name of its return value, e.g. `CKR_DEVICE_ERROR`.
    pub ckr: Option<String>,
    /// More facts for an engineer, without secrets.
    pub detail: Option<String>,
}

/// What a fault means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// The ukey is not there (any more).
    Removed,
    /// Another ukey stands where the run's was (D-34); its serial where it has one.
    Swapped {
        /// Serial of the one found.
        found: Option<Serial>,
    },
    /// Two ukeys with one serial (D-24).
    DuplicateSerial,
    /// The module sees a token that it cannot read.
    Unreadable,
    /// `CKR_PIN_INCORRECT`: a try was spent.
    PinIncorrect,
    /// `CKR_PIN_LOCKED`.
    PinLocked,
    /// The module refused a new PIN (length, characters, policy); no try was spent.
    PinRefused,
    /// No room for the object.
    NoRoom,
    /// The module cannot do what was asked.
    Unsupported,
    /// An object that must be there is not.
    ObjectMissing,
    /// More objects than there may be.
    ObjectDuplicate,
    /// The key does not have the attributes of D-35.
    Attribute(AttributeFault),
    /// The ukey answered something untrue: a wrong signature, other bytes than were written.
    WrongAnswer,
    /// Any other error of the module.
    Device,
    /// The worker ended by a signal or with an exit code.
    WorkerDied {
        /// Signal or exit code, e.g. `signal 11`.
        how: String,
    },
    /// The worker did not answer within the step's deadline and was ended.
    Deadline {
        /// The deadline in seconds.
        secs: u64,
    },
    /// The worker's answer cannot be read.
    Protocol,
    /// The file is no PKCS#11 module, or cannot be loaded.
    ModuleUnusable,
    /// The module file's SHA-256 differs from the pinned one (D-31).
    ModuleChanged,
    /// Another process works on this ukey.
    Busy,
}

impl Fault {
    /// A fault without a PKCS#11 return value.
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            function: None,
            ckr: None,
            detail: None,
        }
    }

    /// The same with more facts for an engineer.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with the C function and its return value.
    #[must_use]
    pub fn with_ckr(mut self, function: impl Into<String>, ckr: impl Into<String>) -> Self {
        self.function = Some(function.into());
        self.ckr = Some(ckr.into());
        self
    }
}

impl FaultKind {
    /// A stable word for journal, audit and JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Removed => "ukey-removed",
            Self::Swapped { .. } => "ukey-swapped",
            Self::DuplicateSerial => "ukey-duplicate-serial",
            Self::Unreadable => "ukey-unreadable",
            Self::PinIncorrect => "pin-incorrect",
            Self::PinLocked => "ukey-locked",
            Self::PinRefused => "pin-refused",
            Self::NoRoom => "ukey-full",
            Self::Unsupported => "ukey-unsupported",
            Self::ObjectMissing => "object-missing",
            Self::ObjectDuplicate => "object-duplicate",
            Self::Attribute(_) => "key-attribute",
            Self::WrongAnswer => "wrong-answer",
            Self::Device => "device-error",
            Self::WorkerDied { .. } => "worker-died",
            Self::Deadline { .. } => "deadline",
            Self::Protocol => "worker-protocol",
            Self::ModuleUnusable => "module-unusable",
            Self::ModuleChanged => "module-changed",
            Self::Busy => "ukey-busy",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            function,
            ckr,
            detail,
        } = self;
        f.write_str(kind.word())?;
        match kind {
            FaultKind::Swapped {
                found: Some(serial),
            } => write!(f, " (found {serial})")?,
            FaultKind::Attribute(attribute) => write!(f, ": {attribute}")?,
            FaultKind::WorkerDied { how } => write!(f, " ({how})")?,
            FaultKind::Deadline { secs } => write!(f, " ({secs} s)")?,
            _ => {}
        }
        if let Some(function) = function {
            write!(f, " in {function}")?;
        }
        if let Some(ckr) = ckr {
            write!(f, " {ckr}")?;
        }
        match detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
