//! What the window draws of unblocking by files, between the desk where a holder stands and the owner of their
//! ukey (D-44), and what it asks for.

use std::path::PathBuf;

use super::second_view::fact;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::wording::Wording;

/// What the window asks for. Every file that is written goes to the home's `out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemoteAct {
    /// Where the holder stands: ask the owner of a ukey that is plugged in; the superior where none is named.
    Ask {
        serial: String,
        owner: Option<String>,
    },
    /// At the owner: look into a question.
    Look(PathBuf),
    /// Where the holder stands: the holder sets a new PIN with what was released in this file.
    Apply(PathBuf),
    /// At the owner: take the answer in.
    Confirm(PathBuf),
}

/// A question that was looked into, and may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuestionLooked {
    pub(super) file: PathBuf,
    pub(super) serial: Serial,
    /// Number of the request that the ukey was made for.
    pub(super) request: String,
    /// Whose desk asks.
    pub(super) unit: String,
}

impl QuestionLooked {
    /// Each of its facts, as a line.
    pub(super) fn facts(&self, wording: &Wording) -> Vec<String> {
        let fact = |key: &str, is: &str| fact(wording, wording.text(key), is.to_owned());
        vec![
            fact("ui-col-request", &self.request),
            fact("ui-remote-asks", &self.unit),
        ]
    }
}

/// What became of the last act here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemoteDone {
    /// A question for the owner was written.
    Asked {
        serial: Serial,
        owner: String,
        file: PathBuf,
    },
    /// The SO PIN was released once.
    Granted {
        serial: Serial,
        to: String,
        until: Timestamp,
        file: PathBuf,
    },
    /// The holder has set a new PIN: the answer for the owner.
    Applied { serial: Serial, file: PathBuf },
    /// The answer was taken in.
    Confirmed {
        serial: Serial,
        replayed: bool,
        /// A hold of a random PIN has ended.
        lifted: bool,
        /// What is still to be done about the list: key of its words.
        crl: Option<&'static str>,
        /// Code and facts of why the station could not publish it.
        crl_error: Option<(String, String)>,
    },
}

impl RemoteDone {
    /// The ukey.
    pub(super) const fn serial(&self) -> &Serial {
        match self {
            Self::Asked { serial, .. }
            | Self::Granted { serial, .. }
            | Self::Applied { serial, .. }
            | Self::Confirmed { serial, .. } => serial,
        }
    }
}
