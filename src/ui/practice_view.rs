//! What the window draws of practice, and what it asks to be done to the bench (D-56).

use std::collections::BTreeMap;

use crate::domain::ukey::{Serial, UkeyState};
use crate::station::FaultAtStep;
use crate::station::jobs::course::Course;
use crate::station::jobs::practice::CaAnswers;
use crate::workflow::step::Step;

/// What the records of a practice home say.
#[derive(Clone, Debug)]
pub(super) struct PracticePicture {
    pub(super) course: Course,
    /// The state of every ukey, plugged in or not.
    pub(super) states: BTreeMap<Serial, UkeyState>,
}

/// What hands do to the bench; it needs no desk, and so can be done while one is at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BenchAct {
    /// Plug a virtual ukey in.
    Insert(Serial),
    /// Pull it out.
    Pull(Serial),
    /// Let the CA fall silent, or answer again.
    Ca(CaAnswers),
    /// Put a fault at a step of this ukey, or of whichever comes to it next.
    Plan(Option<Serial>, FaultAtStep, Step),
    /// Take it back.
    Withdraw(Option<Serial>),
}
