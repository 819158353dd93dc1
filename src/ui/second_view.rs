//! What two officers do together in the window: what the first proposes, and how the second signs in beside
//! them for that one act.

use super::loss_view::PartingLooked;
use super::remote_view::QuestionLooked;
use super::requests_view::InFull;
use super::settings_view::{CaBackupOrder, CompareOrder, KitOrder, Newest};
use super::stock_view::DeliveryOrder;
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
    /// A neighbour's desk unblocks a ukey of this station.
    Grant(Box<QuestionLooked>),
    /// Make a ukey that came back blank again.
    Wipe { serial: Serial, reason: String },
    /// End a ukey for good.
    Destroy { serial: Serial, reason: String },
    /// Take a ukey that nobody dispatched into stock.
    TakeIn { serial: Serial, reason: String },
    /// Take a delivery into stock where ukeys come by note.
    TakeDelivery(Box<DeliveryOrder>),
    /// The holder of a ukey leaves or moves, and not every ukey was brought.
    Part(Box<PartingLooked>),
    /// The shares that let somebody in without a passphrase are made.
    MakeKit(KitOrder),
    /// The CA's key is copied to a file that two of three shares open.
    BackUpCa(Box<CaBackupOrder>),
    /// The restored home is compared with what is known outside.
    Compare(CompareOrder),
    /// The auditor sees personal data in full.
    Reveal(Box<InFull>),
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
            Self::Unblock { .. } | Self::Grant(_) => Duty::HandOut,
            Self::Wipe { .. }
            | Self::Destroy { .. }
            | Self::TakeIn { .. }
            | Self::TakeDelivery(_)
            | Self::Part(_) => Duty::ManageStock,
            // Security decides on both, whoever asks.
            Self::Reveal(_) | Self::UnlockCa => Duty::ReadRecords,
            Self::MakeKit(_)
            | Self::BackUpCa(_)
            | Self::Compare(_)
            | Self::ConfirmClock
            | Self::GoOn => Duty::SetUp,
        }
    }

    /// Key of its name.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Unblock { .. } => "ui-second-unblock",
            Self::Grant(_) => "ui-second-grant",
            Self::Wipe { .. } => "ui-second-wipe",
            Self::Destroy { .. } => "ui-second-destroy",
            Self::TakeIn { .. } => "ui-second-take-in",
            Self::TakeDelivery(_) => "ui-second-delivery",
            Self::Part(looked) => match looked.parting.how {
                Departure::Left | Departure::UnitClosed => "ui-second-leave",
                Departure::Moved => "ui-second-move",
            },
            Self::MakeKit(_) => "ui-second-kit",
            Self::BackUpCa(_) => "ui-second-ca-backup",
            Self::Compare(_) => "ui-second-compare",
            Self::Reveal(_) => "ui-second-reveal",
            Self::UnlockCa => "ui-second-unlock-ca",
            Self::ConfirmClock => "ui-second-confirm-clock",
            Self::GoOn => "ui-second-go-on",
        }
    }

    /// Key of what it means.
    pub(super) const fn meaning(&self) -> &'static str {
        match self {
            Self::Unblock { .. } => "ui-second-unblock-means",
            Self::Grant(_) => "ui-second-grant-means",
            Self::Wipe { .. } => "ui-second-wipe-means",
            Self::Destroy { .. } => "ui-second-destroy-means",
            Self::TakeIn { .. } => "ui-second-take-in-means",
            Self::TakeDelivery(_) => "ui-second-delivery-means",
            Self::Part(_) => "ui-second-part-means",
            Self::MakeKit(_) => "ui-second-kit-means",
            Self::BackUpCa(_) => "ui-second-ca-backup-means",
            Self::Compare(_) => "ui-second-compare-means",
            Self::Reveal(_) => "ui-second-reveal-means",
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
            Self::Grant(looked) => Some(&looked.serial),
            Self::Part(looked) => Some(&looked.parting.serial),
            Self::TakeDelivery(_)
            | Self::MakeKit(_)
            | Self::BackUpCa(_)
            | Self::Compare(_)
            | Self::Reveal(_)
            | Self::UnlockCa
            | Self::ConfirmClock
            | Self::GoOn => None,
        }
    }

    /// Why, as it was typed.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unblock { .. }
            | Self::Grant(_)
            | Self::MakeKit(_)
            | Self::BackUpCa(_)
            | Self::Compare(_)
            | Self::UnlockCa
            | Self::ConfirmClock
            | Self::GoOn => None,
            Self::Wipe { reason, .. }
            | Self::Destroy { reason, .. }
            | Self::TakeIn { reason, .. } => Some(reason),
            Self::TakeDelivery(order) => order.reason.as_deref(),
            Self::Part(looked) => Some(&looked.parting.reason),
            Self::Reveal(sight) => Some(&sight.reason),
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
            Self::TakeDelivery(order) => order.facts(wording),
            Self::Grant(looked) => looked.facts(wording),
            Self::Part(looked) => looked.facts(wording),
            Self::MakeKit(order) => kit_facts(order, wording),
            Self::BackUpCa(order) => {
                let file = order.file.display().to_string();
                let file = fact(wording, wording.text("ui-ca-backup-file"), file);
                [vec![file], kit_facts(&order.shares, wording)].concat()
            }
            Self::Compare(order) => compare_facts(order, wording),
            Self::Reveal(sight) => sight.facts(wording),
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
            Self::Unblock { .. }
            | Self::Grant(_)
            | Self::Wipe { .. }
            | Self::BackUpCa(_)
            | Self::UnlockCa => None,
            Self::Destroy { .. } => Some(TwoOfficerAct::Destruction),
            Self::TakeIn { .. } | Self::TakeDelivery(_) => Some(TwoOfficerAct::Intake),
            Self::Part(_) => Some(TwoOfficerAct::Departure),
            Self::MakeKit(_) => Some(TwoOfficerAct::RecoveryKit),
            Self::Reveal(_) => Some(TwoOfficerAct::Reveal),
            Self::ConfirmClock => Some(TwoOfficerAct::ConfirmClock),
            Self::Compare(_) | Self::GoOn => Some(TwoOfficerAct::OlderRecords),
        }
    }
}

/// A fact that the second officer sees, as a line.
pub(super) fn fact(wording: &Wording, what: String, is: String) -> String {
    wording.with("ui-second-fact", [("what", what), ("is", is)])
}

fn kit_facts(order: &KitOrder, wording: &Wording) -> Vec<String> {
    let people = order.custodians.iter().zip(1..).map(|(name, number)| {
        let args = [("number", number.to_string())];
        let custodian = wording.with("ui-first-custodian", args);
        fact(wording, custodian, name.clone())
    });
    let folder = order.folder.display().to_string();
    let folder = fact(wording, wording.text("ui-kit-folder"), folder);
    people.chain([folder]).collect()
}

fn compare_facts(order: &CompareOrder, wording: &Wording) -> Vec<String> {
    let fact = |key: &str, is: String| fact(wording, wording.text(key), is);
    let newest = match &order.newest {
        Newest::File(path) => fact("ui-compare-checkpoint", path.display().to_string()),
        Newest::Code(code) => fact("ui-compare-checkpoint", code.to_string()),
        Newest::Nothing => wording.text("ui-compare-no-checkpoint"),
    };
    let lists = order.lists.iter();
    let lists = lists.map(|path| fact("ui-compare-list", path.display().to_string()));
    let none = order
        .no_other
        .then(|| wording.text("ui-compare-no-other-list"));
    [newest].into_iter().chain(lists).chain(none).collect()
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
