//! The thread that owns the desk: opens it for who signs in, takes commands, does the jobs, keeps the
//! view up to date, and lets the desk go with all its keys.

mod check;
mod loss;
mod stock;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use self::stock::Stale;
use super::check_view::CheckAct;
use super::loss_view::LossAct;
use super::stock_view::{Shown, StockAct};
use super::view::{DoorView, HandedOutNote, Lane, Left, Place};
use super::{Shared, lock};
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::request::RequestState;
use crate::domain::setting::IDLE_LOCK_MINUTES;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::{Access, OpenTerms};
use crate::station::door;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::{hand_out, people, requests, settings, stock as stock_jobs};
use crate::station::report::{Clerk, Event};
use crate::station::sign_in::{AskSecret, NobodyToAsk};
use crate::station::{ActingOfficer, Desk, Error, RequestFilter, SecretText};
use crate::workflow::journal::{Answer, Until};

/// How often the desk looks who is plugged in while nothing is asked of it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Ukeys driven side by side from the window.
const LANES: u8 = 2;

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Sign this officer in, with the passphrase as typed; practice secrets know theirs.
    SignIn(OfficerName, Option<SecretText>),
    /// Let the desk go.
    Leave(Left),
    /// Make this request, or all.
    Make(Option<String>),
    /// Go on with unfinished runs, or with one and the answer to its question.
    Resume(Option<(Serial, Answer)>),
    /// Hand a ukey to its holder.
    HandOut(Serial),
    /// This page is seen now.
    Show(Shown),
    /// Something of the stock.
    Stock(StockAct),
    /// Something of the stock check.
    Check(CheckAct),
    /// A loss.
    Loss(LossAct),
}

/// Starts the thread; it ends when the window drops its end.
pub(super) fn start(
    home: PathBuf,
    terms: OpenTerms,
    view: Shared,
    repaint: impl Fn() + Send + Sync + 'static,
) -> io::Result<SyncSender<Command>> {
    let (send, receive) = sync_channel(8);
    let desk_thread = DeskThread {
        home,
        terms,
        view,
        repaint: Box::new(repaint),
    };
    thread::Builder::new()
        .name("desk".to_owned())
        .spawn(move || desk_thread.run(&receive))?;
    Ok(send)
}

type Opened = (Desk, ActingOfficer);

struct DeskThread {
    home: PathBuf,
    terms: OpenTerms,
    view: Shared,
    repaint: Box<dyn Fn() + Send + Sync>,
}

impl DeskThread {
    fn run(&self, commands: &Receiver<Command>) {
        let (mut left, mut last) = (None, self.terms.officer.clone());
        let mut opened = self.at_start();
        loop {
            let at_desk = match opened.take() {
                Some(opened) => opened,
                None => match self.at_the_door(commands, left, last.as_ref()) {
                    Some(opened) => opened,
                    None => return,
                },
            };
            last = Some(at_desk.1.name().clone());
            lock(&self.view).place = Place::Desk;
            let at_work = AtWork {
                desk: at_desk.0,
                officer: at_desk.1,
                view: &self.view,
                repaint: &self.repaint,
            };
            left = at_work.serve(commands);
            // The keys are wiped and the home is free before the door is seen.
            drop(at_work);
            if left.is_none() {
                return;
            }
        }
    }

    /// A secrets file signs in at the start, in practice the home's own (interface.md).
    fn at_start(&self) -> Option<Opened> {
        {
            let mut view = lock(&self.view);
            view.home = self.home.display().to_string();
            view.busy = true;
        }
        let change = Access::Change;
        let opened = Desk::open(
            &self.home,
            change,
            &self.terms,
            Duty::ReadRecords,
            &NobodyToAsk,
        );
        lock(&self.view).busy = false;
        match opened {
            Ok(opened) => Some(opened),
            Err(error) if error.code == "officer-required" => None,
            Err(error) => {
                self.tell(error);
                None
            }
        }
    }

    /// Waits until somebody has signed in; `None` when the window is gone.
    fn at_the_door(
        &self,
        commands: &Receiver<Command>,
        left: Option<Left>,
        last: Option<&OfficerName>,
    ) -> Option<Opened> {
        let mut unseen = false;
        loop {
            match door::look(&self.home, self.terms.secrets.as_deref()) {
                Ok(door) => {
                    let mut view = lock(&self.view);
                    if unseen {
                        view.error = None;
                    }
                    unseen = false;
                    view.practice = door.practice;
                    let last = last.cloned();
                    let error = view.error.take();
                    *view = view.emptied(Place::Door(DoorView { door, left, last }));
                    view.error = error;
                }
                Err(error) => {
                    unseen = true;
                    self.tell(error);
                }
            }
            (self.repaint)();
            match commands.recv_timeout(LOOK_EVERY) {
                Ok(Command::SignIn(name, passphrase)) => {
                    {
                        let mut view = lock(&self.view);
                        view.busy = true;
                        view.error = None;
                    }
                    (self.repaint)();
                    let opened = self.sign_in(name, passphrase);
                    lock(&self.view).busy = false;
                    match opened {
                        Ok(opened) => return Some(opened),
                        Err(error) => self.tell(error),
                    }
                }
                // Asked of a desk that was left before its turn came: nobody acts.
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn sign_in(&self, name: OfficerName, passphrase: Option<SecretText>) -> Result<Opened, Error> {
        let typed = passphrase.is_some();
        let terms = OpenTerms {
            officer: Some(name),
            // What is typed counts, whatever a file says.
            secrets: (!typed).then(|| self.terms.secrets.clone()).flatten(),
        };
        let asked = Typed(RefCell::new(passphrase));
        Desk::open(
            &self.home,
            Access::Change,
            &terms,
            Duty::ReadRecords,
            &asked,
        )
    }

    fn tell(&self, error: Error) {
        lock(&self.view).error = Some((error.code.to_owned(), error.subject));
        (self.repaint)();
    }
}

/// The passphrase that the sign-in page took; it answers once.
struct Typed(RefCell<Option<SecretText>>);

impl AskSecret for Typed {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        self.0.borrow_mut().take()
    }
}

struct AtWork<'a> {
    desk: Desk,
    officer: ActingOfficer,
    view: &'a Shared,
    repaint: &'a (dyn Fn() + Send + Sync),
}

impl AtWork<'_> {
    /// Serves until the desk is left; `None` when the window is gone.
    fn serve(&self, commands: &Receiver<Command>) -> Option<Left> {
        let (mut shown, mut stale) = (Shown::default(), Stale::Records);
        let mut sitting = None;
        let left = loop {
            let reads = sitting.is_some() && shown == Shown::Check;
            let looked = self.look_again((&shown, stale), (reads, sitting.as_mut()));
            self.tell(looked);
            let command = match self.next_command(commands, sitting.as_mut().filter(|_| reads)) {
                Ok(Command::Leave(left)) => break Some(left),
                Ok(Command::Show(other)) => {
                    shown = other;
                    stale = Stale::Page;
                    continue;
                }
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => {
                    stale = Stale::Nothing;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            {
                let mut view = lock(self.view);
                view.busy = true;
                view.error = None;
                view.without_ukey = 0;
            }
            (self.repaint)();
            let done = match command {
                Command::Check(act) => self.check_act(act, &mut sitting),
                command => self.perform(command),
            };
            stale = Stale::Records;
            lock(self.view).busy = false;
            self.tell(done);
        };
        self.rise(sitting.as_ref());
        left
    }

    /// Brings the view up to date with what may have changed.
    fn look_again(
        &self,
        (shown, stale): (&Shown, Stale),
        (reads, sitting): (bool, Option<&mut check::Sitting>),
    ) -> Result<(), Error> {
        // A sitting opens the readers itself.
        let refreshed = if reads && stale == Stale::Nothing {
            Ok(())
        } else {
            self.refresh()
        };
        let checked = if *shown == Shown::Check && stale != Stale::Nothing {
            self.check_picture(sitting)
        } else {
            Ok(())
        };
        let looked = self.look_at_stock(shown, stale);
        refreshed.and(checked).and(looked)
    }

    fn tell(&self, done: Result<(), Error>) {
        if let Err(error) = done {
            lock(self.view).error = Some((error.code.to_owned(), error.subject));
        }
        (self.repaint)();
    }

    fn refresh(&self) -> Result<(), Error> {
        let filter = RequestFilter {
            state: Some(RequestState::Approved),
            ..RequestFilter::default()
        };
        let requests = requests::list(&self.desk, &self.officer, &filter)?;
        let ukeys = stock_jobs::plugged_in(&self.desk, &self.officer)?;
        let unit = people::units(&self.desk, &self.officer)?
            .into_iter()
            .find(|unit| unit.own);
        let idle = settings::get(&self.desk, &self.officer, IDLE_LOCK_MINUTES.name)?;
        let issued = ukeys
            .iter()
            .filter(|ukey| ukey.inserted && ukey.row.state == UkeyState::Issued)
            .map(|ukey| &ukey.row.identity.serial);
        let mut to_hold = BTreeSet::new();
        for serial in issued {
            if hand_out::will_hold(&self.desk, &self.officer, serial)? {
                to_hold.insert(serial.clone());
            }
        }
        let mut view = lock(self.view);
        view.unit = unit.map(|unit| unit.name).unwrap_or_default();
        self.officer.name().as_str().clone_into(&mut view.officer);
        view.post = Some(self.officer.post());
        view.practice = self.desk.is_practice();
        view.idle_minutes = idle.value.parse().unwrap_or_default(); // Checked: a whole number.
        view.requests = requests;
        view.ukeys = ukeys;
        view.to_hold = to_hold;
        Ok(())
    }

    fn perform(&self, command: Command) -> Result<(), Error> {
        let report = |event| self.take(event);
        let clerk = Clerk {
            report: &report,
            pins: &NobodyToAsk,
        };
        match command {
            Command::Make(number) => {
                let row = match &number {
                    Some(number) => Some(requests::find(&self.desk, &self.officer, number)?.row),
                    None => None,
                };
                let terms = Terms {
                    key: KeyAlgorithm::EcP256,
                    until: Until::Proven,
                    pin: personalise::usual_pin_source(&self.desk),
                };
                let named = row.as_ref().map(std::slice::from_ref);
                let summary = personalise::personalise(
                    &self.desk,
                    &self.officer,
                    named,
                    None,
                    (terms, LANES),
                    clerk,
                )?;
                lock(self.view).without_ukey = summary.without_ukey;
            }
            Command::Resume(on) => {
                let on = on.as_ref().map(|(serial, answer)| (serial, Some(*answer)));
                personalise::resume(&self.desk, &self.officer, on, LANES, clerk)?;
            }
            Command::HandOut(serial) => self.hand_out(&serial)?,
            Command::Stock(act) => self.stock_act(act)?,
            Command::Loss(act) => self.loss_act(act)?,
            // Signing in is the door's; the others are heard before.
            Command::SignIn(..) | Command::Leave(_) | Command::Show(_) | Command::Check(_) => {}
        }
        Ok(())
    }

    fn hand_out(&self, serial: &Serial) -> Result<(), Error> {
        let done = hand_out::hand_out(&self.desk, &self.officer, serial)?;
        let standing = done.hold.as_ref().or(done.replaced_crl.as_ref());
        let (crl, crl_error) = match standing {
            Some(CrlStanding::Due(error)) => (Some("crl-due"), error.as_ref()),
            Some(CrlStanding::Ordered) => (Some("crl-ordered"), None),
            Some(CrlStanding::Published) | None => (None, None),
        };
        let mut view = lock(self.view);
        view.handed_out = Some(HandedOutNote {
            serial: serial.clone(),
            hold: done.hold.is_some(),
            replaced: !done.replaced.is_empty(),
            crl,
            crl_error: crl_error.map(|error| (error.code.to_owned(), error.subject.clone())),
        });
        for lane in view.lanes.iter_mut().filter(|lane| lane.serial == *serial) {
            if let Some(result) = &mut lane.result {
                result.handed_out = true;
            }
        }
        Ok(())
    }

    fn take(&self, event: Event) {
        let mut view = lock(self.view);
        match event {
            Event::Started {
                request,
                serial,
                step,
            } => {
                let lane = lane(&mut view.lanes, &request, &serial);
                if lane.result.take().is_some() {
                    lane.steps.clear();
                }
                lane.now = Some(step);
            }
            Event::Step {
                request,
                serial,
                step,
            } => {
                let lane = lane(&mut view.lanes, &request, &serial);
                lane.now = None;
                lane.steps.push(step);
            }
            Event::Result(result) => {
                let lane = lane(&mut view.lanes, &result.request, &result.serial);
                lane.now = None;
                lane.result = Some(*result);
            }
        }
        drop(view);
        (self.repaint)();
    }
}

/// The lane of a ukey; a new one stands first.
#[expect(
    clippy::indexing_slicing,
    reason = "the place was found, or made, just now"
)]
fn lane<'a>(lanes: &'a mut Vec<Lane>, request: &str, serial: &Serial) -> &'a mut Lane {
    let at = lanes
        .iter()
        .position(|lane| lane.serial == *serial)
        .unwrap_or_else(|| {
            let (request, serial) = (request.to_owned(), serial.clone());
            lanes.insert(
                0,
                Lane {
                    request,
                    serial,
                    now: None,
                    steps: Vec::new(),
                    result: None,
                },
            );
            0
        });
    &mut lanes[at]
}
