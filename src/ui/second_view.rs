//! What two officers do together in the window: what the first proposes, and how the second signs in beside
//! them for that one act.

use super::loss_view::PartingLooked;
use super::view::View;
use crate::domain::departure::Departure;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::Serial;
use crate::station::SecretText;
use crate::station::door::AtDoor;
use crate::wording::Wording;

/// What the first officer proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proposed {
    /// The holder of this ukey, whose identity was compared, sets a new PIN.
    Unblock { serial: Serial },
    /// Make a ukey that came back blank again.
    Wipe { serial: Serial, reason: String },
    /// End a ukey for good.
    Destroy { serial: Serial, reason: String },
    /// Take a ukey that nobody dispatched into stock.
    TakeIn { serial: Serial, reason: String },
    /// The holder of a ukey leaves or moves, and not every ukey was brought.
    Part(Box<PartingLooked>),
    /// The CA's key signs for some hours and certificates.
    UnlockCa,
    /// The clock was looked at and is right.
    ConfirmClock,
    /// Work goes on with records that are older than a ukey.
    GoOn,
}

impl Proposed {
    /// The duty of who proposes it.
    pub(super) const fn duty(&self) -> Duty {
        match self {
            Self::Unblock { .. } => Duty::HandOut,
            Self::Wipe { .. } | Self::Destroy { .. } | Self::TakeIn { .. } | Self::Part(_) => {
                Duty::ManageStock
            }
            Self::UnlockCa => Duty::ReadRecords, // Security alone decides on it, whoever asks.
            Self::ConfirmClock | Self::GoOn => Duty::SetUp,
        }
    }

    /// Key of its name.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Unblock { .. } => "ui-second-unblock",
            Self::Wipe { .. } => "ui-second-wipe",
            Self::Destroy { .. } => "ui-second-destroy",
            Self::TakeIn { .. } => "ui-second-take-in",
            Self::Part(looked) => match looked.parting.how {
                Departure::Left | Departure::UnitClosed => "ui-second-leave",
                Departure::Moved => "ui-second-move",
            },
            Self::UnlockCa => "ui-second-unlock-ca",
            Self::ConfirmClock => "ui-second-confirm-clock",
            Self::GoOn => "ui-second-go-on",
        }
    }

    /// Key of what it means.
    pub(super) const fn meaning(&self) -> &'static str {
        match self {
            Self::Unblock { .. } => "ui-second-unblock-means",
            Self::Wipe { .. } => "ui-second-wipe-means",
            Self::Destroy { .. } => "ui-second-destroy-means",
            Self::TakeIn { .. } => "ui-second-take-in-means",
            Self::Part(_) => "ui-second-part-means",
            Self::UnlockCa => "ui-second-unlock-ca-means",
            Self::ConfirmClock => "ui-second-confirm-clock-means",
            Self::GoOn => "ui-second-go-on-means",
        }
    }

    /// The ukey, if it is about one.
    pub(super) const fn serial(&self) -> Option<&Serial> {
        match self {
            Self::Unblock { serial }
            | Self::Wipe { serial, .. }
            | Self::Destroy { serial, .. }
            | Self::TakeIn { serial, .. } => Some(serial),
            Self::Part(looked) => Some(&looked.parting.serial),
            Self::UnlockCa | Self::ConfirmClock | Self::GoOn => None,
        }
    }

    /// Why, as it was typed.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unblock { .. } | Self::UnlockCa | Self::ConfirmClock | Self::GoOn => None,
            Self::Wipe { reason, .. }
            | Self::Destroy { reason, .. }
            | Self::TakeIn { reason, .. } => Some(reason),
            Self::Part(looked) => Some(&looked.parting.reason),
        }
    }

    /// What else is confirmed, line by line.
    pub(super) fn facts(&self, wording: &Wording) -> Vec<String> {
        match self {
            Self::Unblock { .. }
            | Self::Wipe { .. }
            | Self::Destroy { .. }
            | Self::TakeIn { .. }
            | Self::UnlockCa
            | Self::ConfirmClock
            | Self::GoOn => Vec::new(),
            Self::Part(looked) => looked.facts(wording),
        }
    }

    /// Who signs in for it, if that is whoever is at the desk: their passphrase is asked once more.
    pub(super) fn alone<'a>(&self, view: &'a View) -> Option<&'a AtDoor> {
        let alone = *self == Self::UnlockCa && view.may(Duty::UnlockCa);
        view.own.as_ref().filter(|_own| alone)
    }

    /// As the rules on two officers know it; what security alone releases is none of those.
    pub(super) const fn act(&self) -> Option<TwoOfficerAct> {
        match self {
            Self::Unblock { .. } | Self::Wipe { .. } | Self::UnlockCa => None,
            Self::Destroy { .. } => Some(TwoOfficerAct::Destruction),
            Self::TakeIn { .. } => Some(TwoOfficerAct::Intake),
            Self::Part(_) => Some(TwoOfficerAct::Departure),
            Self::ConfirmClock => Some(TwoOfficerAct::ConfirmClock),
            Self::GoOn => Some(TwoOfficerAct::OlderRecords),
        }
    }
}

/// An act with who confirms it.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    /// Another one for each try.
    pub(super) turn: u64,
    pub(super) act: Proposed,
    /// Nobody where a waiver stands in.
    pub(super) named: Option<OfficerName>,
    /// As typed; practice secrets know theirs.
    pub(super) passphrase: Option<SecretText>,
}

/// How a try to confirm ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecondTried {
    pub(super) turn: u64,
    /// Code and facts of why the second officer did not come in.
    pub(super) refused: Option<(String, String)>,
}
