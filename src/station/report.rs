//! What people and programs are told while ukeys are made.

use crate::domain::fault::Fault;
use crate::domain::key::KeyAlgorithm;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::station::sign_in::AskUserPin;
use crate::wording::Wording;
use crate::workflow::journal::{About, Question, Wait};
use crate::workflow::step::Step;

/// One event of a long work.
#[derive(Clone, Debug)]
pub enum Event {
    /// A step begins.
    Started {
        /// Number of the request.
        request: String,
        /// The ukey.
        serial: Serial,
        /// The step.
        step: Step,
    },
    /// A step ended.
    Step {
        /// Number of the request.
        request: String,
        /// The ukey.
        serial: Serial,
        /// How it ended.
        step: StepReport,
    },
    /// A ukey ended.
    Result(Box<RunResult>),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step.
    pub step: Step,
    /// How long it took.
    pub ms: f64,
    /// `done`, or the code of what went wrong.
    pub outcome: String,
}

/// How the work on one ukey ended, for now.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// Number of the request.
    pub request: String,
    /// The ukey.
    pub serial: Serial,
    /// The outcome.
    pub outcome: Outcome,
    /// Whether it was handed to its holder.
    pub handed_out: bool,
    /// Serial number of its certificate.
    pub certificate: Option<String>,
    /// Until when that certificate is valid.
    pub not_after: Option<Timestamp>,
    /// Serial number of the certificate that it replaces on the same ukey (D-47).
    pub replaces: Option<String>,
    /// Where a revocation that came with it reaches the world: the word of `CrlStanding`.
    pub crl: Option<&'static str>,
    /// Whether it is a temporary ukey (D-20).
    pub temporary: bool,
    /// The key pair.
    pub key: KeyAlgorithm,
    /// The steps that were done now.
    pub steps: Vec<StepReport>,
    /// Milliseconds from beginning to end.
    pub ms: f64,
    /// Milliseconds of it inside the module.
    pub module_ms: f64,
}

/// How the work on one ukey ended, for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Made and proven.
    Issued,
    /// Goes on when something happens.
    Pending(Wait),
    /// Goes on when a person has answered.
    Question(Question),
    /// Refused before anything was begun; the code.
    Refused(String),
    /// The ukey failed before anything was begun.
    Fault(Fault),
    /// Written off by a person.
    WrittenOff,
    /// A renewal that a person gave up: the old key works as before.
    GivenUp,
    /// The station itself failed: code and facts.
    Failed(String, String),
}

impl Outcome {
    /// The word of JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Pending(_) => "pending",
            Self::Question(_) => "question",
            Self::Refused(_)
            | Self::Fault(_)
            | Self::WrittenOff
            | Self::GivenUp
            | Self::Failed(..) => "failed",
        }
    }
}

/// Counts of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Made and proven.
    pub issued: u32,
    /// Waiting.
    pub pending: u32,
    /// With an open question.
    pub question: u32,
    /// Failed or refused.
    pub failed: u32,
    /// Approved requests for which no blank ukey was plugged in.
    pub without_ukey: u32,
}

impl Summary {
    /// Counts one result.
    pub const fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Issued => self.issued += 1,
            Outcome::Pending(_) => self.pending += 1,
            Outcome::Question(_) => self.question += 1,
            Outcome::Refused(_)
            | Outcome::Fault(_)
            | Outcome::WrittenOff
            | Outcome::GivenUp
            | Outcome::Failed(..) => self.failed += 1,
        }
    }
}

/// Where events go; called from several threads.
pub type Report<'a> = &'a (dyn Fn(Event) + Sync);

/// How the work on several ukeys goes on; asked between two of them, from several threads.
pub trait Pace: Sync {
    /// Whether a further ukey may be begun; those at work are finished.
    fn goes_on(&self) -> bool {
        true
    }

    /// Whether this ukey may be taken for any request.
    fn takes(&self, _ukey: &Serial) -> bool {
        true
    }

    /// Whether blanks that are plugged in meanwhile are taken for requests that have none.
    fn takes_later_ukeys(&self) -> bool {
        false
    }
}

/// To the end without a pause, with the ukeys that are plugged in at the start.
#[derive(Clone, Copy, Debug)]
pub struct Straight;

impl Pace for Straight {}

/// Who sits at the desk while ukeys are made: told what happens, asked for a holder's PIN and how to go on.
#[derive(Clone, Copy)]
pub struct Clerk<'a> {
    /// Told.
    pub report: Report<'a>,
    /// Asked for PINs.
    pub pins: &'a dyn AskUserPin,
    /// Asked how to go on.
    pub pace: &'a dyn Pace,
}

/// What a question is about, as a stable word and as a sentence for people.
pub fn question_text(words: &Wording, question: &Question) -> (&'static str, String) {
    let step = |step: &Step| words.text(&format!("step-{}", step.word()));
    let (word, step, subject) = match &question.about {
        About::KeepsFailing(at, _fault) => ("keeps-failing", step(at), String::new()),
        About::Fault(at, _fault) => ("fault", step(at), String::new()),
        About::IssueRefused(code) => ("issue-refused", String::new(), words.error(code, "").0),
        About::ForeignLabel => ("foreign-label", String::new(), String::new()),
        About::ImpossibleState => ("impossible-state", String::new(), String::new()),
        About::SoPinUnknown => ("so-pin-unknown", String::new(), String::new()),
        About::UserPinTouched => ("user-pin-touched", String::new(), String::new()),
        About::PinLocked => ("pin-locked", String::new(), String::new()),
        About::KeyGone => ("key-gone", String::new(), String::new()),
        About::ObjectsBroken => ("objects-broken", String::new(), String::new()),
    };
    let key = format!("question-{word}");
    (
        word,
        words.with(&key, [("step", step), ("subject", subject)]),
    )
}

/// The fault behind a question: the code of its error, whose words are for people, and the facts of it for an
/// engineer.
pub fn question_fault(question: &Question) -> Option<(&str, String)> {
    match &question.about {
        About::KeepsFailing(_step, fault) | About::Fault(_step, fault) => {
            Some((fault.kind.word(), fault.to_string()))
        }
        About::IssueRefused(code) => Some((code, code.clone())),
        _ => None,
    }
}
