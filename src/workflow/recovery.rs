//! What to do when the truth about a ukey is unknown: probe first, then continue, verify, redo or
//! ask (D-34, D-37 and the SO PIN dance of the architecture). Decides only.
#![warn(clippy::wildcard_enum_match_arm)]

use super::journal::{
    About, Answer, CertificatesSeen, Failure, KeysSeen, LabelSeen, Making, ObjectsFound, PinSeen,
    Probe, SoPinFound, TriesSeen,
};
use super::step::Step;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::PublicKeyDer;
use crate::domain::ukey::Serial;

/// What the run knows that a recovery depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// Whether `C_InitToken` was begun since the ukey was last known to be blank.
    pub(super) init: Progress,
    /// Whether the SO PIN was set.
    pub(super) so_pin: Progress,
    /// Whether the user PIN was set.
    pub(super) user_pin: Progress,
    /// Whether a key pair was made.
    pub(super) key: Progress,
    /// The key, once the ukey has told it.
    pub(super) public_key: Option<&'a PublicKeyDer>,
    /// Whether the CSR may have left the station.
    pub(super) csr: CsrAt,
    /// Whether a person allowed one more try of a PIN in doubt.
    pub(super) consent: Consent,
    /// What the run makes.
    pub(super) making: Making,
    /// What became of the old key of a renewal.
    pub(super) old: OldKey,
}

/// The old key and certificate of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldKey {
    /// There is none, or it is gone, or may be: there is no way back.
    Given,
    /// Untouched: the renewal can be given up.
    Untouched,
}

impl Known<'_> {
    /// `first`, then the way back where there is one, then writing off. Wiping again needs an SO PIN
    /// that is known to hold, and a CSR that has not left the station; giving a renewal up needs the old
    /// key.
    pub(super) fn answers(self, first: Option<Answer>) -> Vec<Answer> {
        let back = match (self.making, self.csr, self.so_pin) {
            (Making::New, CsrAt::Station, Progress::Done) => Some(Answer::Reinitialise),
            (Making::New, CsrAt::Station, Progress::Untried | Progress::Doubtful)
            | (Making::New, CsrAt::Ca, _) => None,
            (Making::Renewal(_), _, _) => match self.old {
                OldKey::Untouched => Some(Answer::GiveUp),
                OldKey::Given => None,
            },
        };
        first
            .into_iter()
            .chain(back)
            .chain([Answer::WriteOff])
            .collect()
    }
}

/// How far an effect on the ukey is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Never begun.
    Untried,
    /// Begun, and its answer is lost or was an error.
    Doubtful,
    /// Confirmed.
    Done,
}

/// Where the CSR is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CsrAt {
    /// It has not left the station: the key may be replaced.
    Station,
    /// A CA may have seen it: the key is never replaced without a person (D-36).
    Ca,
}

/// Whether a person allowed one more try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// No.
    None,
    /// Yes, once.
    OneTry,
}

/// What follows from a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterProbe {
    /// S0: `C_InitToken` is still to be done.
    Initialise,
    /// S1: initialised, the SO PIN is the old one.
    SetSoPin,
    /// S1 or S2: try which SO PIN holds.
    FindSoPin,
    /// S2: the SO PIN is the new one, no user PIN.
    SetUserPin,
    /// S3: log in and look at the objects.
    LogIn,
    /// A person decides.
    Ask(Cause),
}

/// Why a person is asked after a look at the ukey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    ForeignLabel,
    ImpossibleState,
    SoPinUnknown,
    UserPinTouched,
    PinLocked,
    KeyGone,
    ObjectsBroken,
}

impl Cause {
    pub(super) const fn about(self) -> About {
        match self {
            Self::ForeignLabel => About::ForeignLabel,
            Self::ImpossibleState => About::ImpossibleState,
            Self::SoPinUnknown => About::SoPinUnknown,
            Self::UserPinTouched => About::UserPinTouched,
            Self::PinLocked => About::PinLocked,
            Self::KeyGone => About::KeyGone,
            Self::ObjectsBroken => About::ObjectsBroken,
        }
    }

    /// The answers a person may give, the least harmful first.
    pub(super) fn answers(self, known: Known<'_>) -> Vec<Answer> {
        match (self, known.making) {
            (Self::PinLocked, Making::New) => vec![Answer::WriteOff],
            (Self::ForeignLabel, Making::New) => vec![Answer::TryAgain, Answer::WriteOff],
            // A holder's PIN can be unblocked meanwhile (D-44).
            (Self::PinLocked | Self::ForeignLabel, Making::Renewal(_))
            | (
                Self::ImpossibleState
                | Self::SoPinUnknown
                | Self::UserPinTouched
                | Self::KeyGone
                | Self::ObjectsBroken,
                Making::New | Making::Renewal(_),
            ) => known.answers(Some(Answer::TryAgain)),
        }
    }
}

/// Decides what a look at the ukey means.
pub(super) fn after_probe(known: Known<'_>, probe: Probe) -> AfterProbe {
    match known.making {
        Making::New => after_probe_of_new(known, probe),
        Making::Renewal(_) => after_probe_of_renewal(known, probe),
    }
}

/// A holder's ukey: its label is that of the run that made it, its user PIN is the holder's, and its SO
/// PIN is not asked for.
const fn after_probe_of_renewal(known: Known<'_>, probe: Probe) -> AfterProbe {
    let Probe {
        label,
        user_pin,
        so_pin: _,
    } = probe;
    match (label, user_pin) {
        (LabelSeen::Blank | LabelSeen::Foreign, _) => AfterProbe::Ask(Cause::ForeignLabel),
        (LabelSeen::ThisRun, PinSeen::Unset) => AfterProbe::Ask(Cause::ImpossibleState),
        (LabelSeen::ThisRun, PinSeen::Set(TriesSeen::Untouched)) => AfterProbe::LogIn,
        (LabelSeen::ThisRun, PinSeen::Set(TriesSeen::Low)) => match known.consent {
            Consent::OneTry => AfterProbe::LogIn,
            Consent::None => AfterProbe::Ask(Cause::UserPinTouched),
        },
        (LabelSeen::ThisRun, PinSeen::Set(TriesSeen::Locked)) => AfterProbe::Ask(Cause::PinLocked),
    }
}

fn after_probe_of_new(known: Known<'_>, probe: Probe) -> AfterProbe {
    let Probe {
        label,
        user_pin,
        so_pin,
    } = probe;
    if so_pin == TriesSeen::Locked || user_pin == PinSeen::Set(TriesSeen::Locked) {
        return AfterProbe::Ask(Cause::PinLocked);
    }
    match (label, known.init) {
        (LabelSeen::Foreign, _) => AfterProbe::Ask(Cause::ForeignLabel),
        (LabelSeen::Blank, Progress::Untried | Progress::Doubtful) => AfterProbe::Initialise,
        // It was decided to wipe it again, and that was not begun.
        (LabelSeen::ThisRun, Progress::Untried) if known.so_pin == Progress::Done => {
            AfterProbe::Initialise
        }
        // The label says blank although later steps were confirmed, or the other way round.
        (LabelSeen::Blank, Progress::Done) | (LabelSeen::ThisRun, Progress::Untried) => {
            AfterProbe::Ask(Cause::ImpossibleState)
        }
        (LabelSeen::ThisRun, Progress::Doubtful | Progress::Done) => {
            initialised(known, user_pin, so_pin)
        }
    }
}

/// The ukey carries the run's label: S1, S2 or S3.
fn initialised(known: Known<'_>, user_pin: PinSeen, so_pin: TriesSeen) -> AfterProbe {
    match (user_pin, known.user_pin) {
        (PinSeen::Set(TriesSeen::Untouched), Progress::Doubtful | Progress::Done) => {
            AfterProbe::LogIn
        }
        (PinSeen::Set(TriesSeen::Low | TriesSeen::Locked), Progress::Doubtful | Progress::Done) => {
            match known.consent {
                Consent::OneTry => AfterProbe::LogIn,
                Consent::None => AfterProbe::Ask(Cause::UserPinTouched),
            }
        }
        // Wiping again did not happen: label and user PIN are those from before it.
        (PinSeen::Set(_), Progress::Untried)
            if known.init == Progress::Doubtful && known.so_pin == Progress::Done =>
        {
            AfterProbe::Initialise
        }
        (PinSeen::Set(_), Progress::Untried) | (PinSeen::Unset, Progress::Done) => {
            AfterProbe::Ask(Cause::ImpossibleState)
        }
        (PinSeen::Unset, Progress::Untried | Progress::Doubtful) => match known.so_pin {
            Progress::Untried => AfterProbe::SetSoPin,
            Progress::Done => AfterProbe::SetUserPin,
            Progress::Doubtful => match (so_pin, known.consent) {
                (TriesSeen::Untouched, _) | (TriesSeen::Low, Consent::OneTry) => {
                    AfterProbe::FindSoPin
                }
                (TriesSeen::Low, Consent::None) | (TriesSeen::Locked, _) => {
                    AfterProbe::Ask(Cause::SoPinUnknown)
                }
            },
        },
    }
}

/// Decides what the search for the SO PIN means.
pub(super) const fn after_so_pin(found: SoPinFound) -> AfterProbe {
    match found {
        SoPinFound::New => AfterProbe::SetUserPin,
        SoPinFound::Old => AfterProbe::SetSoPin,
        SoPinFound::Neither => AfterProbe::Ask(Cause::SoPinUnknown),
    }
}

/// What follows from the objects on the ukey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AfterInventory {
    /// No key: make one.
    Generate,
    /// The key is there; no certificate under its id.
    KeyOnly(PublicKeyDer),
    /// Key and issued certificate are there.
    KeyAndCertificate(PublicKeyDer),
    /// The key is there, and certificates that must go.
    ClearCertificates(PublicKeyDer),
    /// Clear the ukey of what this run made, and begin anew: the CSR has not left the station.
    Reinitialise,
    /// A person decides.
    Ask(Cause),
}

/// Decides what the objects on the ukey mean.
pub(super) fn after_inventory(known: Known<'_>, objects: &ObjectsFound) -> AfterInventory {
    match (&objects.keys, known.key, known.csr) {
        (KeysSeen::Empty, Progress::Untried | Progress::Doubtful, CsrAt::Station) => {
            AfterInventory::Generate
        }
        (KeysSeen::Pair(found), Progress::Doubtful | Progress::Done, _)
            if known.public_key.is_none_or(|key| key == found) =>
        {
            match objects.certificates {
                CertificatesSeen::Empty => AfterInventory::KeyOnly(found.clone()),
                CertificatesSeen::Ours => AfterInventory::KeyAndCertificate(found.clone()),
                CertificatesSeen::Wrong => AfterInventory::ClearCertificates(found.clone()),
            }
        }
        (KeysSeen::Empty | KeysSeen::Pair(_) | KeysSeen::Broken, _, CsrAt::Station) => {
            AfterInventory::Reinitialise
        }
        (KeysSeen::Empty | KeysSeen::Pair(_) | KeysSeen::Broken, _, CsrAt::Ca) => {
            AfterInventory::Ask(Cause::KeyGone)
        }
    }
}

/// What a failure asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Look at the ukey, then decide; the second failure of a step asks a person.
    ProbeThenAsk,
    /// Wait until the ukey is plugged in.
    AwaitUkey {
        /// Serial of another ukey found in its place.
        found: Option<Serial>,
    },
    /// Wait until security unlocks the CA key.
    AwaitCaUnlock,
    /// Wait until the holder types the user PIN.
    AwaitUserPin,
    /// A person decides at once.
    Ask(About, Vec<Answer>),
}

/// Decides what a failed step asks for.
pub(super) fn after_failure(known: Known<'_>, step: Step, failure: &Failure) -> Reaction {
    let fault = match failure {
        Failure::CaLocked => return Reaction::AwaitCaUnlock,
        Failure::PinNotTyped => return Reaction::AwaitUserPin,
        Failure::Refused { code } => {
            let answers = match known.making {
                Making::New => vec![Answer::TryAgain, Answer::WriteOff],
                Making::Renewal(_) => known.answers(Some(Answer::TryAgain)),
            };
            return Reaction::Ask(About::IssueRefused(code.clone()), answers);
        }
        Failure::Ukey(fault) => fault,
    };
    match &fault.kind {
        FaultKind::Removed => Reaction::AwaitUkey { found: None },
        FaultKind::Swapped { found } => Reaction::AwaitUkey {
            found: found.clone(),
        },
        FaultKind::Unreadable
        | FaultKind::ObjectMissing
        | FaultKind::ObjectDuplicate
        | FaultKind::WrongAnswer
        | FaultKind::Device
        | FaultKind::WorkerDied { .. }
        | FaultKind::Deadline { .. }
        | FaultKind::Protocol => Reaction::ProbeThenAsk,
        // The same try again would spend a second one: never by the program (D-37). In a renewal the
        // holder types, and can have the PIN unblocked.
        FaultKind::PinLocked => match known.making {
            Making::New => Reaction::Ask(About::Fault(step, fault.clone()), vec![Answer::WriteOff]),
            Making::Renewal(_) => ask(known, step, fault, Some(Answer::TryAgain)),
        },
        FaultKind::PinIncorrect => match known.making {
            Making::New => ask(known, step, fault, None),
            Making::Renewal(_) => ask(known, step, fault, Some(Answer::TryAgain)),
        },
        FaultKind::Attribute(_) => ask(known, step, fault, None),
        FaultKind::DuplicateSerial
        | FaultKind::PinRefused
        | FaultKind::NoRoom
        | FaultKind::Unsupported
        | FaultKind::ModuleUnusable
        | FaultKind::ModuleChanged
        | FaultKind::Busy => ask(known, step, fault, Some(Answer::TryAgain)),
    }
}

fn ask(known: Known<'_>, step: Step, fault: &Fault, first: Option<Answer>) -> Reaction {
    Reaction::Ask(About::Fault(step, fault.clone()), known.answers(first))
}
