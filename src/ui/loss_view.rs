//! What the window draws of losses, and what it asks the desk to do about one.

use std::path::PathBuf;

use crate::domain::loss::LossKind;
use crate::domain::ukey::Serial;
use crate::station::HolderRow;
use crate::station::jobs::losses::LossView;

/// The page of what is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct LossPicture {
    /// Ukeys that were made for somebody, as the search finds them.
    pub(super) ukeys: Vec<HolderRow>,
    /// There are more than are listed.
    pub(super) more: bool,
    /// Reports whose clock runs, the oldest first.
    pub(super) open: Vec<LossView>,
}

/// What became of the last act here.
#[derive(Clone, Debug)]
pub(super) struct LossDone {
    pub(super) serial: Serial,
    /// Key of its words.
    pub(super) done: &'static str,
    /// The request that was entered for it.
    pub(super) request: Option<String>,
    /// What is still to be done about the list: key of its words.
    pub(super) crl: Option<&'static str>,
    /// Code and facts of why the station could not publish it.
    pub(super) crl_error: Option<(String, String)>,
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
}
