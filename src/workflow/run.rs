//! One making of one ukey, as a machine without I/O: it says which step comes next, is told what
//! became of it, and can be replayed from its journal. It never does a step.

use super::journal::{
    About, Answer, CertificatesSeen, Entry, Failure, Finding, Making, Plan, Question, SoPinFound,
    SoPinSupport, Until, Wait,
};
use super::recovery::{self, AfterInventory, AfterProbe, Cause, Consent, CsrAt, Known, OldKey};
use super::recovery::{Progress, Reaction, after_failure};
use super::step::Step;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::PublicKeyDer;

mod steps;

use steps::{StepCounts, StepSet};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write [`Entry::Started`], do the step, write what became of it.
    Perform(Step),
    /// Nothing, until a person or the CA has acted; then [`Entry::Resumed`].
    Wait(Wait),
    /// Nothing, until a person has answered.
    Ask(Question),
    /// Nothing any more.
    Ended(End),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The ukey is made and proven.
    Proven,
    /// Refused before anything was begun: request, ukey and store are as they were.
    Refused(Failure),
    /// A person wrote the ukey off.
    WrittenOff,
    /// A person gave the renewal up: the old key is alone on the ukey again, and works.
    GivenUp,
}

/// An entry that cannot follow the ones before it: the journal is not one of this machine's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("journal entry {index} cannot stand there: {entry:?}")]
pub struct Misplaced {
    /// Its place, from 0.
    pub index: usize,
    /// The entry.
    pub entry: Box<Entry>,
}

/// The state of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    plan: Plan,
    entries: usize,
    in_hand: Option<Step>,
    again: bool,
    done: StepSet,
    tried: StepSet,
    failures: StepCounts,
    truth: Truth,
    public_key: Option<PublicKeyDer>,
    csr_released: bool,
    consent: bool,
    reinitialised: bool,
    giving_up: bool,
    standing: Standing,
}

/// What is known of the ukey in the present session, as the step that has to come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    /// Known: the next step of the order may be done.
    Known,
    /// Unknown: this recovery step comes first.
    Needs(Step),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Going,
    Waiting(Wait),
    Asking(Question),
    Ended(End),
}

impl Run {
    /// Begins a run. One caller: the station's personalise job.
    pub const fn new(plan: Plan) -> Self {
        Self {
            plan,
            entries: 1,
            in_hand: None,
            again: false,
            done: StepSet::EMPTY,
            tried: StepSet::EMPTY,
            failures: StepCounts::ZERO,
            truth: Truth::Known,
            public_key: None,
            csr_released: false,
            consent: false,
            reinitialised: false,
            giving_up: false,
            standing: Standing::Going,
        }
    }

    /// Rebuilds the run that wrote these entries.
    ///
    /// # Errors
    /// [`Misplaced`] when an entry cannot stand where it stands; the first must be `Opened`.
    pub fn replay<'a>(
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<Option<Self>, Misplaced> {
        let mut run: Option<Self> = None;
        for (index, entry) in entries.into_iter().enumerate() {
            match (&mut run, entry) {
                (None, Entry::Opened(plan)) => run = Some(Self::new(*plan)),
                (None, _) => {
                    return Err(Misplaced {
                        index,
                        entry: Box::new(entry.clone()),
                    });
                }
                (Some(run), entry) => run.handle(entry)?,
            }
        }
        Ok(run)
    }

    /// The plan it began with.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The key pair's public part, once the ukey has told it.
    pub const fn public_key(&self) -> Option<&PublicKeyDer> {
        self.public_key.as_ref()
    }

    /// Whether the step was done and still counts.
    pub const fn is_done(&self, step: Step) -> bool {
        self.done.has(step)
    }

    /// Whether this step is in hand, and an earlier try may have done it.
    pub fn is_tried_again(&self, step: Step) -> bool {
        self.in_hand == Some(step) && self.again
    }

    /// Whether the SO PIN on the ukey is known to be the run's own.
    pub fn so_pin_is_new(&self) -> bool {
        self.progress(Step::SetSoPin) == Progress::Done
    }

    /// Whether the run has begun: everything before was a look, and left no trace.
    pub const fn is_opened(&self) -> bool {
        let last_look = match self.plan.making {
            Making::New => Step::CheckBlank,
            Making::Renewal(_) => Step::ProveOld,
        };
        self.giving_up || self.done.has(last_look)
    }

    /// Whether a person may give it up: a renewal whose old key and certificate are untouched.
    pub fn may_be_given_up(&self) -> bool {
        let ended = matches!(self.next(), Next::Ended(_));
        self.is_opened() && !ended && self.old_key() == OldKey::Untouched
    }

    /// What is to be done next. Asking changes nothing.
    pub fn next(&self) -> Next {
        match &self.standing {
            Standing::Waiting(wait) => return Next::Wait(wait.clone()),
            Standing::Asking(question) => return Next::Ask(question.clone()),
            Standing::Ended(end) => return Next::Ended(end.clone()),
            Standing::Going => {}
        }
        let (order, end) = if self.giving_up {
            (&Step::GIVING_UP[..], End::GivenUp)
        } else {
            (Step::order(self.plan.making), End::Proven)
        };
        let Some(step) = order.iter().copied().find(|step| !self.done.has(*step)) else {
            return Next::Ended(end);
        };
        if step == Step::Issue && self.stops_at_csr() && !self.csr_released {
            return Next::Wait(Wait::CsrOnly);
        }
        match self.truth {
            // No certificate for a key that may be gone: the CA is asked once the ukey was seen.
            Truth::Needs(recovery) if step.asks_for_a_look() => Next::Perform(recovery),
            Truth::Needs(_) | Truth::Known => Next::Perform(step),
        }
    }

    /// Takes in what happened.
    ///
    /// # Errors
    /// [`Misplaced`] when the entry cannot follow; the run is then as before.
    pub fn handle(&mut self, entry: &Entry) -> Result<(), Misplaced> {
        let taken = match entry {
            Entry::Opened(_) => false,
            Entry::Started(step) => self.start(*step),
            Entry::Done(step, finding) => self.finish(*step, finding),
            Entry::Failed(step, failure) => self.fail(*step, failure),
            Entry::Resumed => self.resume(),
            Entry::Answered(answer) => self.answer(*answer),
        };
        if !taken {
            return Err(Misplaced {
                index: self.entries,
                entry: Box::new(entry.clone()),
            });
        }
        self.entries += 1;
        Ok(())
    }

    fn start(&mut self, step: Step) -> bool {
        if self.in_hand.is_some() || self.next() != Next::Perform(step) {
            return false;
        }
        self.in_hand = Some(step);
        self.again = self.tried.has(step);
        self.tried.add(step);
        true
    }

    fn finish(&mut self, step: Step, finding: &Finding) -> bool {
        if self.in_hand != Some(step) || !finding_fits(step, finding) {
            return false;
        }
        self.in_hand = None;
        match finding {
            Finding::Done => self.done_plainly(step),
            Finding::Key(key) => self.saw_key(step, key),
            Finding::Pending => self.standing = Standing::Waiting(Wait::Certificate),
            Finding::Probed(probe) => self.decide(recovery::after_probe(self.known(), *probe)),
            Finding::SoPin(found) => {
                if *found == SoPinFound::Neither {
                    self.consent = false;
                }
                self.decide(recovery::after_so_pin(*found));
            }
            Finding::Objects(objects) => {
                let verdict = recovery::after_inventory(self.known(), objects);
                let certificates = objects.certificates;
                self.take_stock(verdict, certificates);
            }
        }
        true
    }

    fn done_plainly(&mut self, step: Step) {
        match step {
            Step::LogIn if self.truth == Truth::Needs(Step::LogIn) => {
                self.consent = false;
                self.truth = Truth::Needs(Step::Inventory);
                self.done.add(Step::LogIn);
            }
            Step::ClearCertificates => self.truth = Truth::Known,
            Step::ClearKeys if self.truth == Truth::Needs(Step::ClearKeys) => {
                self.truth = Truth::Known;
            }
            step => {
                self.done.add(step);
                if step == Step::InitToken && self.plan.so_pin == SoPinSupport::Fixed {
                    self.done.add(Step::SetSoPin);
                }
            }
        }
    }

    fn saw_key(&mut self, step: Step, key: &PublicKeyDer) {
        match &self.public_key {
            Some(known) if known != key => {
                let fault = Fault::new(FaultKind::WrongAnswer)
                    .with_detail("the public key is another one than before");
                self.fault(step, &fault);
            }
            _ => {
                self.public_key = Some(key.clone());
                self.done.add(step);
            }
        }
    }

    /// Follows a probe's verdict: marks what it confirmed, and says what comes first.
    fn decide(&mut self, verdict: AfterProbe) {
        match verdict {
            AfterProbe::Initialise => {
                self.forget(&[Step::InitToken]);
                self.truth = Truth::Known;
            }
            AfterProbe::SetSoPin => {
                self.forget(&[Step::SetSoPin]);
                self.done_plainly(Step::InitToken);
                self.truth = Truth::Known;
            }
            AfterProbe::FindSoPin => {
                self.done.add(Step::InitToken);
                self.truth = Truth::Needs(Step::FindSoPin);
            }
            AfterProbe::SetUserPin => {
                self.done.add(Step::InitToken);
                self.done.add(Step::SetSoPin);
                self.forget(&[Step::InitUserPin]);
                self.truth = Truth::Known;
            }
            AfterProbe::LogIn => {
                for step in [Step::InitToken, Step::SetSoPin, Step::InitUserPin] {
                    self.done.add(step);
                }
                self.truth = Truth::Needs(Step::LogIn);
            }
            AfterProbe::Ask(cause) => self.ask_about(cause),
        }
    }

    /// Follows an inventory's verdict.
    fn take_stock(&mut self, verdict: AfterInventory, certificates: CertificatesSeen) {
        let reread = [Step::ReadBack, Step::ProveCertificate];
        match verdict {
            // Whatever this run has made is destroyed in any case.
            _ if self.giving_up => self.truth = Truth::Known,
            AfterInventory::Generate => {
                self.forget(&[Step::GenerateKeyPair]);
                self.truth = Truth::Known;
            }
            AfterInventory::KeyOnly(key)
            | AfterInventory::KeyAndCertificate(key)
            | AfterInventory::ClearCertificates(key) => {
                self.public_key = Some(key);
                self.done.add(Step::GenerateKeyPair);
                self.forget(&reread);
                self.truth = Truth::Known;
                match certificates {
                    CertificatesSeen::Ours => self.done.add(Step::WriteCertificate),
                    CertificatesSeen::Empty => self.forget(&[Step::WriteCertificate]),
                    CertificatesSeen::Wrong => {
                        self.forget(&[Step::WriteCertificate]);
                        self.truth = Truth::Needs(Step::ClearCertificates);
                    }
                }
            }
            AfterInventory::Reinitialise if self.reinitialised => {
                self.ask_about(Cause::ObjectsBroken);
            }
            AfterInventory::Reinitialise => {
                self.reinitialise();
                self.truth = match self.plan.making {
                    Making::New => Truth::Known,
                    Making::Renewal(_) => Truth::Needs(Step::ClearKeys),
                };
            }
            AfterInventory::Ask(cause) => self.ask_about(cause),
        }
    }

    /// Goes back to `C_InitToken`, whose SO PIN is the run's own by now and outlives it; a renewal to its
    /// own key pair, beside the old one.
    fn reinitialise(&mut self) {
        self.reinitialised = true;
        self.public_key = None;
        match self.plan.making {
            Making::New => self.forget(&[Step::InitToken, Step::InitUserPin, Step::LogIn]),
            Making::Renewal(_) => {}
        }
        self.forget(&[
            Step::GenerateKeyPair,
            Step::ReadAttributes,
            Step::MakeCsr,
            Step::ProvePossession,
        ]);
    }

    fn fail(&mut self, step: Step, failure: &Failure) -> bool {
        if self.in_hand != Some(step) {
            return false;
        }
        self.in_hand = None;
        if step == Step::RevokeOld && !self.again {
            // One transaction: it did not happen; but it may have before, in a try whose answer never came.
            self.tried.remove(step);
        }
        if !self.is_opened() {
            self.standing = Standing::Ended(End::Refused(failure.clone()));
            return true;
        }
        if step.touches_ukey() {
            self.truth = Truth::Needs(Step::Probe);
        }
        match after_failure(self.known(), step, failure) {
            Reaction::AwaitUkey { found } => {
                self.standing = Standing::Waiting(Wait::Ukey { found });
            }
            Reaction::AwaitCaUnlock => self.standing = Standing::Waiting(Wait::CaUnlock),
            Reaction::AwaitUserPin => self.standing = Standing::Waiting(Wait::UserPin),
            Reaction::Ask(about, answers) => self.ask(about, answers),
            Reaction::ProbeThenAsk => {
                if let Failure::Ukey(fault) = failure {
                    self.fault(step, fault);
                }
            }
        }
        true
    }

    /// The first fault of a step is looked into, the second one asked about.
    fn fault(&mut self, step: Step, fault: &Fault) {
        self.truth = Truth::Needs(Step::Probe);
        if self.failures.add(step) >= 2 {
            let answers = self.known().answers(Some(Answer::TryAgain));
            self.ask(About::KeepsFailing(step, fault.clone()), answers);
        }
    }

    fn resume(&mut self) -> bool {
        match &self.standing {
            Standing::Ended(_) => return false,
            Standing::Asking(_) => {}
            Standing::Waiting(_) | Standing::Going => self.standing = Standing::Going,
        }
        self.in_hand = None;
        if self.is_opened() {
            self.truth = Truth::Needs(Step::Probe);
        }
        self.csr_released |= self.stops_at_csr();
        true
    }

    fn answer(&mut self, answer: Answer) -> bool {
        let offered = match &self.standing {
            Standing::Asking(question) => question.answers.contains(&answer),
            // The way back is open whenever the old key is untouched, asked or not.
            Standing::Going | Standing::Waiting(_) => {
                answer == Answer::GiveUp && self.may_be_given_up()
            }
            Standing::Ended(_) => false,
        };
        if !offered {
            return false;
        }
        self.in_hand = None;
        self.failures = StepCounts::ZERO;
        self.standing = Standing::Going;
        self.truth = Truth::Needs(Step::Probe);
        match answer {
            Answer::TryAgain => self.consent = true,
            Answer::Reinitialise => self.reinitialise(),
            Answer::WriteOff => self.standing = Standing::Ended(End::WrittenOff),
            Answer::GiveUp => {
                self.giving_up = true;
                self.forget(&Step::GIVING_UP);
            }
        }
        true
    }

    fn ask_about(&mut self, cause: Cause) {
        let answers = cause.answers(self.known());
        self.ask(cause.about(), answers);
    }

    fn ask(&mut self, about: About, answers: Vec<Answer>) {
        self.truth = Truth::Needs(Step::Probe);
        self.standing = Standing::Asking(Question { about, answers });
    }

    fn forget(&mut self, steps: &[Step]) {
        for step in steps {
            self.done.remove(*step);
            self.tried.remove(*step);
        }
    }

    /// Whether the run was asked to stop at the CSR and has come that far.
    fn stops_at_csr(&self) -> bool {
        self.plan.until == Until::Csr && self.done.has(Step::ProvePossession)
    }

    const fn progress(&self, step: Step) -> Progress {
        match (self.done.has(step), self.tried.has(step)) {
            (true, _) => Progress::Done,
            (false, true) => Progress::Doubtful,
            (false, false) => Progress::Untried,
        }
    }

    fn known(&self) -> Known<'_> {
        let csr = if self.tried.has(Step::Issue) || self.stops_at_csr() {
            CsrAt::Ca
        } else {
            CsrAt::Station
        };
        Known {
            init: self.progress(Step::InitToken),
            so_pin: self.progress(Step::SetSoPin),
            user_pin: self.progress(Step::InitUserPin),
            key: self.progress(Step::GenerateKeyPair),
            public_key: self.public_key.as_ref(),
            csr,
            consent: if self.consent {
                Consent::OneTry
            } else {
                Consent::None
            },
            making: self.plan.making,
            old: self.old_key(),
        }
    }

    /// Whether the old key of a renewal, and its certificate, are as they were.
    const fn old_key(&self) -> OldKey {
        let touched = self.tried.has(Step::RevokeOld) || self.tried.has(Step::DestroyOld);
        match self.plan.making {
            Making::Renewal(_) if !touched && !self.giving_up => OldKey::Untouched,
            Making::Renewal(_) | Making::New => OldKey::Given,
        }
    }
}

/// Which finding a step may have.
const fn finding_fits(step: Step, finding: &Finding) -> bool {
    match finding {
        Finding::Done => !matches!(
            step,
            Step::GenerateKeyPair
                | Step::ReadAttributes
                | Step::Probe
                | Step::FindSoPin
                | Step::Inventory
        ),
        Finding::Key(_) => matches!(step, Step::GenerateKeyPair | Step::ReadAttributes),
        Finding::Pending => matches!(step, Step::Issue),
        Finding::Probed(_) => matches!(step, Step::Probe),
        Finding::SoPin(_) => matches!(step, Step::FindSoPin),
        Finding::Objects(_) => matches!(step, Step::Inventory),
    }
}

#[cfg(test)]
mod tests;
