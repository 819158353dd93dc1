//! What the window draws of losses, and what it asks the desk to do about one.

use std::path::PathBuf;

use super::parts::grouped;
use super::remote_view::RemoteAct;
use crate::domain::certificate::RevocationReason;
use crate::domain::departure::Departure;
use crate::domain::loss::LossKind;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::holders::Departed;
use crate::station::jobs::losses::LossView;
use crate::station::{DueRow, HolderRow};
use crate::wording::Wording;

/// The page of what is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct LossPicture {
    /// Ukeys that were made for somebody, as the search finds them.
    pub(super) ukeys: Vec<HolderRow>,
    /// There are more than are listed.
    pub(super) more: bool,
    /// Reports whose clock runs, the oldest first.
    pub(super) open: Vec<LossView>,
    /// Ukeys that are still to be fetched from who left, the oldest departure first.
    pub(super) due: Vec<DueRow>,
}

/// What became of the last act here.
#[derive(Clone, Debug)]
pub(super) struct LossDone {
    pub(super) serial: Serial,
    /// Key of its words.
    pub(super) done: &'static str,
    /// The request that was entered for it.
    pub(super) request: Option<String>,
    /// Whose holder has left or moved.
    pub(super) parted: Option<Parted>,
    /// What is still to be done about the list: key of its words.
    pub(super) crl: Option<&'static str>,
    /// Code and facts of why the station could not publish it.
    pub(super) crl_error: Option<(String, String)>,
}

/// That the holder of a ukey leaves, or moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parting {
    pub(super) serial: Serial,
    /// Number of the request.
    pub(super) number: String,
    pub(super) how: Departure,
    pub(super) reason: String,
    /// Every ukey of theirs was brought, also those that are not plugged in.
    pub(super) brought: bool,
    /// Name or code of the unit that they move to; nobody else's is asked for.
    pub(super) to: Option<String>,
    /// That unit's certificate, where its desk is not known here.
    pub(super) certificate: Option<PathBuf>,
}

/// What ends with it, as the desk has found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartingLooked {
    pub(super) parting: Parting,
    /// Each request with its ukey.
    pub(super) outlook: Vec<Departed>,
    /// Numbers of requests under way that are withdrawn.
    pub(super) withdrawn: Vec<String>,
    /// How many ukeys were not brought: security confirms.
    pub(super) absent: usize,
    pub(super) to: Option<PartingTo>,
}

impl PartingLooked {
    /// Each of its facts, as a line.
    pub(super) fn facts(&self, wording: &Wording) -> Vec<String> {
        let ends = self.outlook.iter().map(|row| {
            let here = row.ukey_state == UkeyState::Returned;
            let args = [
                ("number", row.number.clone()),
                ("serial", grouped(row.ukey.as_str())),
                (
                    "reason",
                    wording.text(&format!("reason-{}", row.reason.word())),
                ),
            ];
            wording.with(
                if here {
                    "ui-part-here"
                } else {
                    "ui-part-absent"
                },
                args,
            )
        });
        let withdrawn = self.withdrawn.iter();
        let withdrawn =
            withdrawn.map(|number| wording.with("ui-part-withdrawn", [("number", number.clone())]));
        let to = self.to.iter().map(|to| {
            let args = [("unit", to.name.clone()), ("code", to.code.clone())];
            let key = if to.has_a_desk {
                "ui-part-to-desk"
            } else {
                "ui-part-to-unit"
            };
            wording.with(key, args)
        });
        ends.chain(withdrawn).chain(to).collect()
    }
}

/// The unit that was found for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartingTo {
    pub(super) name: String,
    pub(super) code: String,
    /// Its own desk makes for it: the record goes there in a file.
    pub(super) has_a_desk: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) struct Parted {
    pub(super) all: usize,
    pub(super) returned: usize,
    pub(super) reasons: Vec<RevocationReason>,
    /// Numbers of the requests that stand in the place of those that ended.
    pub(super) successors: Vec<String>,
    /// The file for the other unit's desk, and that unit.
    pub(super) file: Option<(PathBuf, String)>,
}

/// What the window asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LossAct {
    /// Report a ukey.
    Report {
        serial: Serial,
        kind: LossKind,
        reason: String,
    },
    /// It was found; the holder's signed statement lies there.
    Found { serial: Serial, statement: PathBuf },
    /// Enter its holder's request anew, for another ukey (D-42) or for a new key on this one (D-47).
    Anew { serial: Serial, renewal: bool },
    /// It came back from its holder; whatever certificate is on it ends, told so in the list.
    TakeBack {
        serial: Serial,
        why: RevocationReason,
        reason: String,
    },
    /// See what ends when its holder leaves or moves (D-45).
    LookAtParting(Parting),
    /// Carry it out: every ukey was brought.
    Part(Parting),
    /// Something of unblocking by files.
    Remote(RemoteAct),
}
