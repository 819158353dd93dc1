//! What the window draws of the stock check, and what it asks the desk to do with it.

use crate::domain::stock_check::{CheckItem, Missing, Verdict};
use crate::station::CheckRow;

/// The stock check page.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckPicture {
    /// The check that is open or paused, else the newest; there may be none.
    pub(super) row: Option<CheckRow>,
    /// Ukeys are read and scanned now.
    pub(super) sitting: bool,
    pub(super) found: u64,
    pub(super) expected: u64,
    /// Seen and differing, the newest first.
    pub(super) differing: Vec<CheckItem>,
    /// Expected and not seen, by serial.
    pub(super) missing: Vec<Missing>,
    /// Of which models ukeys are, or were, in stock.
    pub(super) models: Vec<String>,
    pub(super) last: Option<LastSeen>,
    /// Code and facts of why what was scanned last is no ukey's number.
    pub(super) no_serial: Option<(String, String)>,
}

/// The ukey that was read or scanned last.
#[derive(Clone, Debug)]
pub(super) struct LastSeen {
    pub(super) item: CheckItem,
    /// What stood in the check before.
    pub(super) before: Option<Verdict>,
    /// Counts what was seen in this sitting: a new number is a new ukey.
    pub(super) turn: u64,
}

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum CheckAct {
    /// Begin one, of the whole stock or of one model.
    Start(Option<String>),
    /// Go on with the one that is open or paused.
    Resume,
    /// Go on later.
    Pause,
    /// These serial numbers were scanned or typed.
    Scan(Vec<String>),
    /// Sign the result.
    Sign,
    /// End it without a result.
    GiveUp,
    /// Write the paper of the check of this number.
    Print(String),
}
