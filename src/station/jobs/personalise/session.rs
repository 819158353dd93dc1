//! One run at work: the machine, its journal in the store, and the worker on the ukey.

use crate::domain::certificate::TemporaryDays;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::RunId;
use crate::domain::key::{KeyAlgorithm, KeyId};
use crate::domain::label::TokenLabel;
use crate::domain::pin::{Pin, PinAlphabet};
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::token_profile::TokenProfile;
use crate::domain::ukey::{Expected, Serial, UkeyReading, UkeyState};
use crate::issuing::check::CheckedCertificate;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::approvals::ApprovedRequest;
use crate::station::jobs::ca::CrlStanding;
use crate::station::report::{Clerk, Event, Outcome, StepReport};
use crate::station::ukey_pins::UkeyPins;
use crate::station::{ActingOfficer, FaultAtStep, bench, clock, practice_fault, ukey_pins};
use crate::store::{Proof, RequestRow, RunRow, StoreError, UkeyRow, Writing};
use crate::token::virtual_ukey;
use crate::token::worker::{Worker, WorkerSpec};
use crate::workflow::journal::{
    Answer, Entry, Failure, Finding, KeyOrder, Making, Plan, SoPinSupport,
};
use crate::workflow::run::{Next, Run};
use crate::workflow::step::{Step, StepClass};

use super::Terms;
use super::ending::failure_code;
use super::renewal::Renewal;

/// So many digits has the wrong PIN of practice: one that could have been the right one.
const WRONG_PIN_DIGITS: usize = 8;

/// One run at work.
pub(super) struct Session<'a> {
    pub(super) desk: &'a Desk,
    pub(super) officer: &'a ActingOfficer,
    pub(super) id: RunId,
    pub(super) request: RequestRow,
    pub(super) ukey: UkeyRow,
    pub(super) profile: &'a TokenProfile,
    pub(super) run: Run,
    pub(super) worker: Option<Worker>,
    pub(super) reading: Option<UkeyReading>,
    pub(super) approved: Option<ApprovedRequest>,
    pub(super) pins: Option<UkeyPins>,
    pub(super) certificate: Option<CheckedCertificate>,
    pub(super) read_back: Option<Vec<u8>>,
    /// Written with the next entries of the journal.
    pub(super) proofs: Vec<Proof>,
    /// What it replaces, if it is a renewal.
    pub(super) renewal: Option<Renewal>,
    /// For so many days only (D-20).
    pub(super) temporary: Option<TemporaryDays>,
    /// The holder's PIN, once the ukey has taken it in this session.
    pub(super) proven_pin: Option<Pin>,
    /// Where a revocation of this session reaches the world.
    pub(super) crl: Option<CrlStanding>,
    spec: WorkerSpec,
    pub(super) entries: Vec<Entry>,
    pub(super) stored: usize,
    opened: bool,
    steps: Vec<StepReport>,
    module_ms: f64,
    pub(super) clerk: Clerk<'a>,
}

/// What a run replaces on its ukey, and for how long it stands in.
type Kind = (Option<Renewal>, Option<TemporaryDays>);

/// Why a step did not come to a finding.
pub(super) enum Stop {
    /// Journalled; the machine decides.
    Failure(Failure),
    /// The station cannot go on; the journal says where it stood.
    Error(Error),
}

impl<'a> Session<'a> {
    /// A new run; `None` when its ukey is not plugged in.
    pub(super) fn begin(
        desk: &'a Desk,
        officer: &'a ActingOfficer,
        id: RunId,
        request: RequestRow,
        ukey: UkeyRow,
        (terms, renewal): (Terms, Option<(KeyOrder, Renewal)>),
        clerk: Clerk<'a>,
    ) -> Result<Option<Self>, Error> {
        let profile = desk.profile(&ukey.profile)?;
        if !profile.keys.algorithms.contains(&terms.key) {
            return Err(Error::refused("ukey-unsupported", terms.key.word()));
        }
        let so_pin = if profile.so_pin.settable {
            SoPinSupport::Settable
        } else {
            SoPinSupport::Fixed
        };
        let plan = Plan {
            algorithm: terms.key,
            until: terms.until,
            so_pin,
            user_pin: terms.pin,
            making: match &renewal {
                None => Making::New,
                Some((order, _renewal)) => Making::Renewal(*order),
            },
        };
        let renewal = renewal.map(|(_order, renewal)| renewal);
        let expected = expected(profile, &ukey, labelled(id, renewal.as_ref()));
        let Some(spec) = bench::find(desk, &ukey, &expected)? else {
            return Ok(None);
        };
        let run = (Run::new(plan), spec, (renewal, terms.temporary));
        let mut session = Self::new(desk, officer, id, (request, ukey, profile), run, clerk);
        session.entries.push(Entry::Opened(plan));
        Ok(Some(session))
    }

    /// An open run, as its journal says; `None` when its ukey is not plugged in.
    pub(super) fn reopen(
        desk: &'a Desk,
        officer: &'a ActingOfficer,
        row: &RunRow,
        (request, ukey, journal): (RequestRow, UkeyRow, Vec<Entry>),
        clerk: Clerk<'a>,
    ) -> Result<Option<Self>, Error> {
        let id = row.id;
        let profile = desk.profile(&ukey.profile)?;
        let renewal = Renewal::of(desk, row)?;
        let damaged = || Error::failed("journal-damaged", id.to_string());
        let run = Run::replay(&journal).map_err(|error| damaged().because(error))?;
        let run = run.ok_or_else(damaged)?;
        let expected = expected(profile, &ukey, labelled(id, renewal.as_ref()));
        let Some(spec) = bench::find(desk, &ukey, &expected)? else {
            return Ok(None);
        };
        let parts = (request, ukey, profile);
        let mut session = Self::new(
            desk,
            officer,
            id,
            parts,
            (run, spec, (renewal, row.temporary)),
            clerk,
        );
        session.stored = journal.len();
        session.entries = journal;
        session.opened = true;
        Ok(Some(session))
    }

    fn new(
        desk: &'a Desk,
        officer: &'a ActingOfficer,
        id: RunId,
        (request, ukey, profile): (RequestRow, UkeyRow, &'a TokenProfile),
        (run, spec, (renewal, temporary)): (Run, WorkerSpec, Kind),
        clerk: Clerk<'a>,
    ) -> Self {
        Self {
            desk,
            officer,
            id,
            request,
            ukey,
            profile,
            run,
            worker: None,
            reading: None,
            approved: None,
            pins: None,
            certificate: None,
            read_back: None,
            proofs: Vec::new(),
            renewal,
            temporary,
            proven_pin: None,
            crl: None,
            spec,
            entries: Vec::new(),
            stored: 0,
            opened: false,
            steps: Vec::new(),
            module_ms: 0.0,
            clerk,
        }
    }

    /// Drives the run until it ends, waits or asks.
    pub(super) fn drive(&mut self, answer: Option<Answer>) -> Result<Outcome, Error> {
        if self.opened {
            self.take_up(answer)?;
        }
        loop {
            match self.run.next() {
                Next::Perform(step) => self.step(step)?,
                Next::Wait(wait) => {
                    self.flush()?;
                    return Ok(Outcome::Pending(wait));
                }
                Next::Ask(question) => {
                    self.flush()?;
                    return Ok(Outcome::Question(question));
                }
                Next::Ended(end) => return self.end(&end),
            }
        }
    }

    /// Notes that the run goes on after a break, and the answer to its question.
    fn take_up(&mut self, answer: Option<Answer>) -> Result<(), Error> {
        // A renewal can be given up without a question as well.
        let asks = matches!(self.run.next(), Next::Ask(_))
            || answer == Some(Answer::GiveUp) && self.run.may_be_given_up();
        match (asks, answer) {
            (true, None) => Ok(()),
            (true, Some(answer)) => {
                let serial = self.ukey.identity.serial.as_str();
                let refused = Error::refused("answer-not-offered", serial);
                self.take(Entry::Answered(answer))
                    .map_err(|error| refused.because(error))
            }
            (false, Some(_)) => Err(Error::refused(
                "no-open-question",
                self.ukey.identity.serial.as_str(),
            )),
            (false, None) => self.must_take(Entry::Resumed),
        }
    }

    /// One step: journalled before and after (idea 4).
    fn step(&mut self, step: Step) -> Result<(), Error> {
        if self.desk.power_is_cut() {
            return Err(practice_fault::power_cut());
        }
        self.must_take(Entry::Started(step))?;
        if step.class() != StepClass::ReadOnly {
            self.flush()?;
        }
        let (request, serial) = (
            self.request.number.clone(),
            self.ukey.identity.serial.clone(),
        );
        (self.clerk.report)(Event::Started {
            request: request.clone(),
            serial: serial.clone(),
            step,
        });
        let watch = clock::Stopwatch::start();
        let performed = self.perform_in_practice(step);
        if self.desk.power_is_cut() {
            // Nothing more is written down, as in a process that is gone.
            return Err(practice_fault::power_cut());
        }
        let mut told = StepReport {
            step,
            ms: watch.ms(),
            outcome: "done".to_owned(),
        };
        let entry = match performed {
            Ok(finding) => Entry::Done(step, finding),
            Err(Stop::Failure(failure)) => {
                failure_code(&failure).clone_into(&mut told.outcome);
                tracing::warn!(step = step.word(), ?failure, "step failed");
                Entry::Failed(step, failure)
            }
            Err(Stop::Error(error)) => {
                self.flush()?;
                return Err(error);
            }
        };
        let failed = matches!(entry, Entry::Failed(..));
        self.must_take(entry)?;
        if failed && step.touches_ukey() {
            self.close_worker(); // A new session begins with identify.
        }
        self.steps.push(told.clone());
        (self.clerk.report)(Event::Step {
            request,
            serial,
            step: told,
        });
        Ok(())
    }

    /// Does a step, with the fault that a trainer has put there.
    fn perform_in_practice(&mut self, step: Step) -> Result<Finding, Stop> {
        let serial = &self.ukey.identity.serial;
        let device = || Stop::from(Fault::new(FaultKind::Device));
        match practice_fault::take(self.desk, serial, step)? {
            None => {}
            Some(FaultAtStep::Error) => return Err(device()),
            Some(FaultAtStep::Lost) => {
                self.perform(step)?;
                return Err(device());
            }
            Some(FaultAtStep::Removed) => {
                let folder = self.desk.home().ukeys().join(serial.as_str());
                virtual_ukey::pull(&folder).map_err(Error::from)?;
            }
            Some(FaultAtStep::WrongPin) => {
                let wrong = ukey_pins::random_pin(PinAlphabet::Digits, WRONG_PIN_DIGITS)?;
                self.worker()?.log_in(&wrong)?;
            }
            Some(FaultAtStep::PowerCut) => {
                // Before the step: a software token that is killed inside a call can be destroyed by it.
                if let Some(worker) = &self.worker {
                    worker.crash();
                }
                practice_fault::cut_power(self.desk);
                return Err(practice_fault::power_cut().into());
            }
            Some(FaultAtStep::Crash) => self.worker()?.crash(),
            Some(FaultAtStep::Hang) => self.worker()?.freeze(),
        }
        self.perform(step)
    }

    fn take(&mut self, entry: Entry) -> Result<(), crate::workflow::run::Misplaced> {
        self.run.handle(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn must_take(&mut self, entry: Entry) -> Result<(), Error> {
        let damaged = Error::failed("journal-damaged", self.id.to_string());
        self.take(entry).map_err(|error| damaged.because(error))
    }

    /// Brings the store up to the journal; the first time, opens the run in the same transaction.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let new = self.entries.get(self.stored..).unwrap_or_default();
        if new.is_empty() || !(self.opened || self.run.is_opened()) {
            return Ok(());
        }
        let (id, first, now) = (self.id, self.stored, clock::now());
        if self.opened {
            let proofs = std::mem::take(&mut self.proofs);
            self.desk.store().write(|writing| {
                for proof in &proofs {
                    writing.put_proof(id, proof)?;
                }
                writing.append_journal(id, first, new, now)
            })?;
        } else {
            let row = RunRow {
                id,
                request: self.request.id,
                ukey: self.ukey.identity.serial.clone(),
                officer: self.officer.name().clone(),
                opened_at: now,
                ended_at: None,
                renews: self
                    .renewal
                    .as_ref()
                    .map(|renewal| renewal.old.serial.clone()),
                temporary: self.temporary,
            };
            let act = match self.run.plan().making {
                Making::New => "run-opened",
                Making::Renewal(_) => "renewal-opened",
            };
            let mut audit = Desk::audit_row(self.officer, act);
            audit.request = Some(self.request.id.to_string());
            audit.ukey = Some(row.ukey.as_str().to_owned());
            audit.detail = Some(match self.run.plan().making {
                Making::New | Making::Renewal(KeyOrder::NewFirst) => id.to_string(),
                Making::Renewal(KeyOrder::OldFirst) => format!("{id}; old key first"),
            });
            self.desk.store().act(&audit, |writing| {
                let (from, to) = (RequestState::Approved, RequestState::Personalising);
                writing.move_request(row.request, from, to)?;
                if self.renewal.is_some() {
                    // It stays with its holder, and may have been reported meanwhile.
                    demand_with_holder(writing, &row.ukey)?;
                } else {
                    // Only a blank of the stock can be taken, in the transaction that opens the run (D-30).
                    let taken = (self.ukey.state, UkeyState::Personalising);
                    writing.move_ukey(&row.ukey, taken, Some(row.request), now)?;
                }
                writing.insert_run(&row)?;
                writing.append_journal(id, first, new, now)
            })?;
            self.request.state = RequestState::Personalising;
            self.opened = true;
        }
        self.stored = self.entries.len();
        Ok(())
    }

    /// The worker on the ukey, started if there is none.
    pub(super) fn worker(&mut self) -> Result<&mut Worker, Stop> {
        if self.worker.as_ref().is_some_and(Worker::is_gone) {
            self.close_worker();
        }
        if self.worker.is_none() {
            let mut worker = Worker::start(&self.spec)?;
            let reading = worker.identify(self.expected());
            self.worker = Some(worker);
            self.saw(reading?)?;
        }
        let missing = || Stop::Error(Error::failed("worker-died", ""));
        self.worker.as_mut().ok_or_else(missing)
    }

    /// The ukey of this run, as it may look by now.
    pub(super) fn expected(&self) -> Expected {
        let run = labelled(self.id, self.renewal.as_ref());
        expected(self.profile, &self.ukey, run)
    }

    /// Keeps a reading of the ukey, and in the store the new serial number that it may show.
    pub(super) fn saw(&mut self, reading: UkeyReading) -> Result<(), Stop> {
        let reported = &reading.identity.serial;
        if *reported != self.ukey.reported().serial {
            let serial = &self.ukey.identity.serial;
            let mut audit = Desk::audit_row(self.officer, "ukey-renumbered");
            audit.request = Some(self.request.id.to_string());
            audit.ukey = Some(serial.as_str().to_owned());
            audit.detail = Some(reported.as_str().to_owned());
            self.desk
                .store()
                .act(&audit, |writing| writing.set_token_serial(serial, reported))?;
            self.ukey.token_serial = Some(reported.clone());
        }
        self.reading = Some(reading);
        Ok(())
    }

    fn close_worker(&mut self) {
        if let Some(worker) = self.worker.take() {
            self.module_ms += worker.c_time().as_secs_f64() * 1000.0;
        }
        self.reading = None;
    }

    /// The steps done now, and the milliseconds inside the module.
    pub(super) fn finish(mut self) -> (Vec<StepReport>, f64) {
        self.close_worker();
        (self.steps, self.module_ms)
    }

    /// Serial number of the issued certificate.
    pub(super) fn certificate_serial(&self) -> Option<String> {
        self.certificate
            .as_ref()
            .map(|certificate| certificate.serial().to_string())
    }

    /// Until when it is valid.
    pub(super) fn not_after(&self) -> Option<Timestamp> {
        self.certificate.as_ref()?;
        self.desk
            .store()
            .read()
            .certificate_of_run(self.id)
            .ok()?
            .map(|row| row.not_after)
    }

    /// The key pair.
    pub(super) const fn algorithm(&self) -> KeyAlgorithm {
        self.run.plan().algorithm
    }

    /// `CKA_ID` of the run's key.
    pub(super) const fn key_id(&self) -> KeyId {
        KeyId::of_run(self.id)
    }

    /// The label of the run's ukey.
    pub(super) fn label(&self) -> TokenLabel {
        TokenLabel::of_run(labelled(self.id, self.renewal.as_ref()))
    }
}

/// The run whose label is on the ukey: the one that initialised it.
fn labelled(run: RunId, renewal: Option<&Renewal>) -> RunId {
    renewal.map_or(run, |renewal| renewal.made_by)
}

fn demand_with_holder(writing: &Writing<'_>, serial: &Serial) -> Result<(), StoreError> {
    let ukey = writing.ukey(serial)?;
    match ukey.filter(|row| row.state == UkeyState::HandedOut) {
        Some(_with_holder) => Ok(()),
        None => Err(StoreError::Changed("the ukey")),
    }
}

fn expected(profile: &TokenProfile, ukey: &UkeyRow, run: RunId) -> Expected {
    Expected {
        identity: ukey.reported(),
        label: (!profile.reinit_keeps_serial).then(|| TokenLabel::of_run(run)),
    }
}
