//! The thread that owns the desk: takes commands, does the jobs, keeps the view up to date.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::{Shared, lock};
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::ukey::Serial;
use crate::station::desk::{Access, OpenTerms};
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{hand_out, people, requests, ukeys};
use crate::station::report::{Clerk, Event, RunResult, StepReport};
use crate::station::sign_in::NobodyToAsk;
use crate::station::{ActingOfficer, Desk, Error, RequestFilter};
use crate::workflow::journal::{Answer, Until};
use crate::workflow::step::Step;

/// How often the desk looks who is plugged in while nothing is asked of it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Ukeys driven side by side from the window.
const LANES: u8 = 2;

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Make this request, or all.
    Make(Option<String>),
    /// Go on with unfinished runs, or with one and the answer to its question.
    Resume(Option<(Serial, Answer)>),
    /// Hand a ukey to its holder.
    HandOut(Serial),
}

/// What the window draws.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) unit: String,
    pub(super) officer: String,
    pub(super) post: String,
    pub(super) practice: bool,
    pub(super) requests: Vec<RequestView>,
    pub(super) ukeys: Vec<UkeyView>,
    pub(super) lanes: Vec<Lane>,
    pub(super) busy: bool,
    /// Code and facts of what went wrong.
    pub(super) error: Option<(String, String)>,
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

/// Starts the thread; it ends when the window drops its end.
pub(super) fn start(
    home: PathBuf,
    terms: OpenTerms,
    view: Shared,
    repaint: impl Fn() + Send + Sync + 'static,
) -> io::Result<SyncSender<Command>> {
    let (send, receive) = sync_channel(8);
    thread::Builder::new()
        .name("desk".to_owned())
        .spawn(move || {
            let opened = Desk::open(
                &home,
                Access::Change,
                &terms,
                Duty::Personalise,
                &NobodyToAsk,
            );
            match opened {
                Ok((desk, officer)) => {
                    let at_work = AtWork {
                        desk,
                        officer,
                        view,
                        repaint: Box::new(repaint),
                    };
                    at_work.serve(&receive);
                }
                Err(error) => {
                    lock(&view).error = Some((error.code.to_owned(), error.subject));
                    repaint();
                }
            }
        })?;
    Ok(send)
}

struct AtWork {
    desk: Desk,
    officer: ActingOfficer,
    view: Shared,
    repaint: Box<dyn Fn() + Send + Sync>,
}

impl AtWork {
    fn serve(&self, commands: &Receiver<Command>) {
        loop {
            let refreshed = self.refresh();
            self.tell(refreshed);
            let command = match commands.recv_timeout(LOOK_EVERY) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            lock(&self.view).busy = true;
            lock(&self.view).error = None;
            (self.repaint)();
            let done = self.perform(command);
            lock(&self.view).busy = false;
            self.tell(done);
        }
    }

    fn tell(&self, done: Result<(), Error>) {
        if let Err(error) = done {
            lock(&self.view).error = Some((error.code.to_owned(), error.subject));
        }
        (self.repaint)();
    }

    fn refresh(&self) -> Result<(), Error> {
        let filter = RequestFilter {
            state: Some(RequestState::Approved),
            ..RequestFilter::default()
        };
        let requests = requests::list(&self.desk, &self.officer, &filter)?;
        let ukeys = ukeys::list(&self.desk, &self.officer, None)?;
        let unit = people::units(&self.desk, &self.officer)?
            .into_iter()
            .find(|unit| unit.own);
        let mut view = lock(&self.view);
        view.unit = unit.map(|unit| unit.name).unwrap_or_default();
        self.officer.name().as_str().clone_into(&mut view.officer);
        self.officer.post().chinese().clone_into(&mut view.post);
        view.practice = self.desk.is_practice();
        view.requests = requests;
        view.ukeys = ukeys;
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
                personalise::personalise(
                    &self.desk,
                    &self.officer,
                    named,
                    None,
                    (terms, LANES),
                    clerk,
                )?;
            }
            Command::Resume(on) => {
                let on = on.as_ref().map(|(serial, answer)| (serial, Some(*answer)));
                personalise::resume(&self.desk, &self.officer, on, LANES, clerk)?;
            }
            Command::HandOut(serial) => {
                hand_out::hand_out(&self.desk, &self.officer, &serial)?;
                let mut view = lock(&self.view);
                for lane in view.lanes.iter_mut().filter(|lane| lane.serial == serial) {
                    if let Some(result) = &mut lane.result {
                        result.handed_out = true;
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&self, event: Event) {
        let mut view = lock(&self.view);
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
