//! `RequestState`: the life of a request (D-21), as one table that also prints itself.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Where a request is in its life (D-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the state of that name in D-21")]
pub enum RequestState {
    Draft,
    Submitted,
    Approved,
    Personalising,
    Pending,
    Issued,
    HandedOut,
    Closed,
    Returned,
    Rejected,
    Withdrawn,
    Expired,
}

/// One line of the table: from, to, what does it, who.
type Transition = (RequestState, RequestState, &'static str, &'static str);

use RequestState::{
    Approved, Closed, Draft, Expired, HandedOut, Issued, Pending, Personalising, Rejected,
    Returned, Submitted, Withdrawn,
};

/// Every transition there is. `may_become` reads it, `docs/request-states.md` prints it.
const TRANSITIONS: [Transition; 21] = [
    (Draft, Submitted, "request submit", "system"),
    (Draft, Withdrawn, "request withdraw", "system"),
    (Submitted, Approved, "request approve, signed", "security"),
    (Submitted, Returned, "request return, signed", "security"),
    (Submitted, Rejected, "request reject, signed", "security"),
    (Submitted, Withdrawn, "request withdraw", "system"),
    (Returned, Submitted, "request submit", "system"),
    (Returned, Withdrawn, "request withdraw", "system"),
    (Approved, Personalising, "personalise", "system"),
    (Approved, Withdrawn, "request withdraw", "system"),
    (
        Approved,
        Expired,
        "the approval's last day has passed",
        "station",
    ),
    (
        Personalising,
        Pending,
        "the CA answers later (待下载)",
        "station",
    ),
    (
        Personalising,
        Issued,
        "the certificate is proven on the ukey",
        "station",
    ),
    (Personalising, Approved, "the ukey is written off", "system"),
    (Pending, Personalising, "resume", "system"),
    (
        Pending,
        Issued,
        "the certificate is proven on the ukey",
        "station",
    ),
    (Pending, Approved, "the ukey is written off", "system"),
    (Issued, HandedOut, "hand-out", "system"),
    (Issued, Closed, "the ukey is given back unused", "system"),
    (Issued, Approved, "the ukey is written off", "system"),
    (HandedOut, Closed, "the certificate has ended", "system"),
];

impl RequestState {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Submitted,
        Self::Approved,
        Self::Personalising,
        Self::Pending,
        Self::Issued,
        Self::HandedOut,
        Self::Closed,
        Self::Returned,
        Self::Rejected,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Personalising => "personalising",
            Self::Pending => "pending",
            Self::Issued => "issued",
            Self::HandedOut => "handed_out",
            Self::Closed => "closed",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a request may go from this state to `next`.
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS
            .iter()
            .any(|(from, to, _by, _who)| (*from, *to) == (self, next))
    }

    /// Whether its fields may be edited.
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Returned)
    }

    /// Whether no transition leads out of it.
    pub fn is_final(self) -> bool {
        !Self::ALL.into_iter().any(|next| self.may_become(next))
    }

    /// Whether it counts as the one live request of its person and unit (D-20).
    pub fn is_live(self) -> bool {
        !self.is_final()
    }
}

/// The table as Markdown.
pub fn documentation() -> String {
    let mut text = "# The life of a request (D-21)\n\nPrinted from the table in `src/domain/request_state.rs` by a test; do not edit.\n\n\
        | from | to | by | who |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for (from, to, by, who) in TRANSITIONS {
        let (from, to) = (from.word(), to.word());
        // Writing to a String does not fail.
        writeln!(text, "| {from} | {to} | {by} | {who} |").ok();
    }
    let finals: Vec<_> = RequestState::ALL
        .into_iter()
        .filter(|state| state.is_final())
        .map(RequestState::word)
        .collect();
    writeln!(
        text,
        "\nFinal: {}. Fields can be edited in draft and returned only. Every state that is not final \
         counts as the one live request of a person in a unit (D-20).",
        finals.join(", ")
    )
    .ok();
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn words_are_read_back_and_the_final_states_are_final() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_word(state.word()), Some(state));
        }
        let finals: Vec<_> = RequestState::ALL
            .into_iter()
            .filter(|state| state.is_final())
            .collect();
        assert_eq!(finals, [Closed, Rejected, Withdrawn, Expired]);
    }

    #[test]
    fn no_request_is_made_into_a_ukey_without_being_approved_first() {
        for state in RequestState::ALL {
            if state.may_become(Personalising) {
                assert!(matches!(state, Approved | Pending), "{state:?}");
            }
            if state.may_become(Approved) {
                assert!(
                    matches!(state, Submitted | Personalising | Pending | Issued),
                    "{state:?}"
                );
            }
        }
        assert!(!Draft.may_become(Approved) && !Returned.may_become(Approved));
    }

    #[test]
    fn every_transition_stands_once_and_every_state_is_reached() {
        for (at, (from, to, ..)) in TRANSITIONS.iter().enumerate() {
            let again = TRANSITIONS.iter().skip(at + 1);
            assert!(again.clone().all(|(f, t, ..)| (f, t) != (from, to)));
            assert_ne!(from, to);
        }
        for state in RequestState::ALL {
            let reached = TRANSITIONS.iter().any(|(_from, to, ..)| *to == state);
            assert!(reached || state == Draft, "{state:?}");
        }
    }

    /// `INSTA_UPDATE=always` writes the page anew.
    #[test]
    fn the_page_in_docs_says_what_the_table_says() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/request-states.md");
        if std::env::var("INSTA_UPDATE").is_ok_and(|word| word == "always") {
            std::fs::write(&page, documentation()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(page).unwrap(), documentation());
    }
}
