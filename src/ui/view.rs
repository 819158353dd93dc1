//! What the window draws: a picture of the desk, or of its door while nobody is signed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check_view::CheckPicture;
use super::loss_view::{LossDone, LossPicture};
use super::stock_view::{OpenedFile, Shown, StockDone, StockPicture, TravelPicture, Waiting};
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::ukey::Serial;
use crate::station::door::Door;
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::report::{RunResult, StepReport};
use crate::workflow::step::Step;

/// What the window draws.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) place: Place,
    /// Path of the home.
    pub(super) home: String,
    /// Empty until somebody has signed in: the records know it.
    pub(super) unit: String,
    pub(super) officer: String,
    pub(super) post: Option<Post>,
    pub(super) practice: bool,
    /// After so many minutes without input the desk is left; 0 while it is not open.
    pub(super) idle_minutes: u32,
    pub(super) requests: Vec<RequestView>,
    /// Those of the stock that are plugged in.
    pub(super) ukeys: Vec<UkeyView>,
    /// Issued ukeys whose certificate goes on hold when they are handed out (D-59).
    pub(super) to_hold: BTreeSet<Serial>,
    pub(super) lanes: Vec<Lane>,
    /// The last hand-out.
    pub(super) handed_out: Option<HandedOutNote>,
    /// Approved requests for which no blank was plugged in, the last time all were made.
    pub(super) without_ukey: u32,
    pub(super) waiting: Waiting,
    /// The page that the pictures below were made for.
    pub(super) shown: Shown,
    pub(super) stock: Option<Arc<StockPicture>>,
    pub(super) travel: Option<Arc<TravelPicture>>,
    pub(super) check: Option<Arc<CheckPicture>>,
    pub(super) losses: Option<Arc<LossPicture>>,
    /// The last loss that was reported, or found.
    pub(super) loss_done: Option<LossDone>,
    pub(super) opened: Option<Arc<OpenedFile>>,
    /// The last act of the stock.
    pub(super) stock_done: Option<StockDone>,
    pub(super) busy: bool,
    /// Code and facts of what went wrong.
    pub(super) error: Option<(String, String)>,
}

impl View {
    /// Whether the post of who is signed in has a duty.
    pub(super) fn may(&self, duty: Duty) -> bool {
        self.post.is_some_and(|post| duty.belongs_to(post))
    }

    /// The same without anything that only who is signed in may see.
    pub(super) fn emptied(&self, place: Place) -> Self {
        Self {
            place,
            home: self.home.clone(),
            unit: self.unit.clone(),
            practice: self.practice,
            ..Self::default()
        }
    }
}

/// Where the window stands.
#[derive(Clone, Debug, Default)]
pub(super) enum Place {
    /// Nothing is known yet.
    #[default]
    Opening,
    /// Nobody is signed in.
    Door(DoorView),
    /// An officer is signed in.
    Desk,
}

/// The door of the desk.
#[derive(Clone, Debug)]
pub(super) struct DoorView {
    pub(super) door: Door,
    /// How the desk was left, if somebody was signed in before.
    pub(super) left: Option<Left>,
    /// Who is chosen before a person chooses.
    pub(super) last: Option<OfficerName>,
}

/// How a desk is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// By the button.
    SignedOut,
    /// Nobody touched it for too long.
    Locked,
}

/// What became of the last hand-out.
#[derive(Clone, Debug)]
pub(super) struct HandedOutNote {
    pub(super) serial: Serial,
    pub(super) hold: bool,
    /// An old certificate was revoked for it (D-42).
    pub(super) replaced: bool,
    /// What is still to be done about the CRL: key of its words.
    pub(super) crl: Option<&'static str>,
    /// Code and facts of why the station could not publish it.
    pub(super) crl_error: Option<(String, String)>,
}

/// One ukey at work, or just done.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) request: String,
    pub(super) serial: Serial,
    pub(super) now: Option<Step>,
    pub(super) steps: Vec<StepReport>,
    pub(super) result: Option<RunResult>,
}
