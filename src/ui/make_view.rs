//! What the window asks the desk about making ukeys, and what a holder is asked in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;

use super::paper::Sent;
use super::view::on_list;
use crate::domain::pin::PinPolicy;
use crate::domain::ukey::Serial;
use crate::station::SecretText;
use crate::station::jobs::ca::CrlStanding;
use crate::station::sign_in::PinRefused;
use crate::workflow::journal::{KeyOrder, PinSource};

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MakeOrder {
    /// Numbers of the requests; all that are approved where none is named.
    pub(super) numbers: Vec<String>,
    /// Where the user PIN comes from.
    pub(super) pin: PinSource,
    /// Whether it goes on with each blank that is plugged in later.
    pub(super) goes_on: bool,
}

/// An order that goes on, while the desk is free.
#[derive(Clone, Debug)]
pub(super) struct OpenOrder {
    pub(super) order: MakeOrder,
    /// Ukeys that had their turn and are plugged in still.
    pub(super) seen: BTreeSet<Serial>,
}

/// What became of an act on one ukey.
#[derive(Clone, Debug)]
pub(super) struct UkeyNote {
    pub(super) serial: Serial,
    /// Keys of the words that say so.
    pub(super) said: Vec<&'static str>,
    /// What is still to be done about the CRL: key of its words.
    pub(super) crl: Option<&'static str>,
    /// Code and facts of why the station could not publish it.
    pub(super) crl_error: Option<(String, String)>,
}

impl UkeyNote {
    /// With where the act reaches the world by the list.
    pub(super) fn new(
        serial: &Serial,
        said: Vec<&'static str>,
        standing: Option<&CrlStanding>,
    ) -> Self {
        let (crl, crl_error) = on_list(standing);
        Self {
            serial: serial.clone(),
            said,
            crl,
            crl_error,
        }
    }
}

/// The papers of a ukey that were written.
#[derive(Clone, Debug)]
pub(super) struct SlipDone {
    pub(super) serial: Serial,
    /// The slip; then the letter with a random PIN, once.
    pub(super) files: Vec<PathBuf>,
    /// Whether the window has taken them on.
    pub(super) taken: bool,
    /// What became of them, once it is known.
    pub(super) sent: Option<Sent>,
}

/// A renewal on the ukey of a holder (D-47).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RenewalOrder {
    pub(super) serial: Serial,
    /// Where the user PIN comes from.
    pub(super) pin: PinSource,
    /// Which key goes or comes first.
    pub(super) order: KeyOrder,
}

/// What a holder is asked, in a window that shows nothing else meanwhile.
#[derive(Clone, Debug)]
pub(super) struct PinAsked {
    /// Another one for each question.
    pub(super) turn: u64,
    pub(super) kind: PinKind,
    /// Number of the request.
    pub(super) request: String,
    /// Name of the holder, masked.
    pub(super) holder: String,
    pub(super) serial: Serial,
    pub(super) policy: PinPolicy,
    /// Why the last answer was refused.
    pub(super) refused: Option<PinRefused>,
    /// Where the answer goes; it takes one.
    pub(super) answer: SyncSender<PinAnswer>,
}

/// Which PIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinKind {
    /// A new one, typed twice.
    New,
    /// The one that the ukey has.
    Present,
}

/// What the holder answered.
#[derive(Debug)]
pub(super) enum PinAnswer {
    /// A new PIN, as typed twice.
    New([SecretText; 2]),
    /// The one that the ukey has.
    Present(SecretText),
    /// Not now.
    Cancelled,
    /// Nobody touched the window for too long.
    Still,
}
