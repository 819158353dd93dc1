//! The blocking watch of the readers, in a thread of its own. Waits in the service, never in a loop of
//! its own; connects to no card.
#![expect(
    clippy::disallowed_methods,
    reason = "what a reader shows is dated by the watch itself"
)]

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Context, PNP_NOTIFICATION, ReaderState, Scope, State};

use super::ledger::{Face, Ledger, Look, ReaderEvent, Sight};
use crate::domain::atr::Atr;

/// How long one wait in the service lasts at most. pcsc-lite wakes nobody for a reader that appears
/// while nobody waits, for the first card of a reader that is gone again at once, nor when a program
/// takes a card to itself.
const WAIT: Duration = Duration::from_secs(2);
/// How often an absent service is looked for.
const RETRY: Duration = Duration::from_millis(500);
/// The pause after a look that had no news, so that no reader's chatter keeps a processor busy.
const QUIET: Duration = Duration::from_millis(20);
/// How many readers pcsc-lite takes (`PCSCLITE_MAX_READERS_CONTEXTS`).
const MAX_READERS: usize = 16;
/// Room for their names (`MAX_READERNAME` is 128).
const NAMES_BYTES: usize = MAX_READERS * 129 + 1;
/// How often an end is asked for, and how long it is waited for in all: a service that hangs holds its
/// callers.
const END_EVERY: Duration = Duration::from_millis(5);
const END_WITHIN: Duration = Duration::from_secs(2);

/// A running watch; ends when it is dropped.
#[derive(Debug)]
pub struct ReaderWatch {
    shared: Arc<Shared>,
    /// Readable while there is news.
    bell: UnixStream,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<Running>,
    changed: Condvar,
    bell: UnixStream,
}

#[derive(Debug, Default)]
struct Running {
    news: Vec<ReaderEvent>,
    looked: bool,
    stop: bool,
    ended: bool,
    context: Option<ServiceContext>,
}

/// A [`Context`] that can be shown.
struct ServiceContext(Context);

impl std::fmt::Debug for ServiceContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceContext")
    }
}

/// A reader and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The reader.
    pub reader: String,
    /// Whether a card is in it.
    pub card: bool,
}

/// Every reader, looked at once; `None` when the service for card readers does not answer.
pub fn standing() -> Option<Vec<Standing>> {
    let context = Context::establish(Scope::User).ok()?;
    let sights = Glance::default().look(&context, Duration::ZERO).ok()??;
    let standing = sights.into_iter().map(|(reader, sight)| Standing {
        reader,
        card: matches!(sight.face, Face::Card { .. }),
    });
    Some(standing.collect())
}

impl ReaderWatch {
    /// Starts it and waits for its first look. What is there then is the first news.
    ///
    /// # Errors
    /// When the system gives no thread or no pipe.
    pub fn start() -> io::Result<Self> {
        let (bell, ring) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ring.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            bell: ring,
        });
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("readers".to_owned())
            .spawn(move || {
                theirs.run();
                theirs.lock().ended = true;
                theirs.changed.notify_all();
            })?;
        let guard = shared.lock();
        let waiting = |running: &mut Running| !running.looked && !running.ended;
        drop(shared.changed.wait_while(guard, waiting));
        Ok(Self { shared, bell })
    }

    /// What the next [`Self::news`] will tell at least.
    pub fn waiting(&self) -> Vec<ReaderEvent> {
        self.shared.lock().news.clone()
    }

    /// What happened since it was asked last. Does not wait.
    pub fn news(&self) -> Vec<ReaderEvent> {
        let mut running = self.shared.lock();
        let mut rung = [0; 64];
        while (&self.bell).read(&mut rung).is_ok_and(|count| count > 0) {}
        std::mem::take(&mut running.news)
    }
}

/// Readable while there is news.
impl AsFd for ReaderWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

impl Drop for ReaderWatch {
    fn drop(&mut self) {
        let asked = Instant::now();
        let mut running = self.shared.lock();
        running.stop = true;
        self.shared.changed.notify_all();
        // A wait that is just about to begin is not cancelled, so it is asked again.
        while !running.ended && asked.elapsed() < END_WITHIN {
            let context = running.context.as_ref().map(|context| context.0.clone());
            drop(running);
            if let Some(context) = context {
                context.cancel().ok(); // Nobody waits, or the service is gone: it ends by itself.
            }
            running = self.shared.pause(END_EVERY, |running| !running.ended);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, and no longer than `while_so`.
    fn pause(
        &self,
        time: Duration,
        mut while_so: impl FnMut(&Running) -> bool,
    ) -> MutexGuard<'_, Running> {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), time, |running| while_so(running));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Until it is stopped.
    fn run(&self) {
        let begun = Instant::now();
        let mut ledger = Ledger::new();
        loop {
            if let Ok(context) = Context::establish(Scope::User) {
                self.lock().context = Some(ServiceContext(context.clone()));
                self.attend(&context, &mut ledger, begun);
                self.lock().context = None;
            }
            self.report(ledger.take(Look::NoService, begun.elapsed()));
            if self.pause(RETRY, |running| !running.stop).stop {
                return;
            }
        }
    }

    /// Until it is stopped or the service is gone.
    fn attend(&self, context: &Context, ledger: &mut Ledger, begun: Instant) {
        let mut glance = Glance::default();
        let mut wait = Duration::ZERO;
        while !self.lock().stop {
            let Ok(sights) = glance.look(context, wait) else {
                return;
            };
            let now = begun.elapsed();
            if let Some(sights) = sights {
                let events = ledger.take(Look::Readers(sights), now);
                if events.is_empty() {
                    drop(self.pause(QUIET, |running| !running.stop));
                }
                self.report(events);
            }
            let due = ledger.due(now).map(|due| due.saturating_sub(now));
            wait = due.map_or(WAIT, |due| due.min(WAIT).max(QUIET));
        }
    }

    fn report(&self, events: Vec<ReaderEvent>) {
        let mut running = self.lock();
        running.looked = true;
        if !events.is_empty() {
            running.news.extend(events);
            // A full pipe rings already.
            (&self.bell).write_all(&[1]).ok();
        }
        self.changed.notify_all();
    }
}

/// What was seen last, as the service wants it back.
#[derive(Default)]
struct Glance(Vec<ReaderState>);

impl Glance {
    /// Waits until something differs from what was seen last, or so long; new readers do not wait.
    /// `None` when a reader vanished meanwhile: look again.
    fn look(
        &mut self,
        context: &Context,
        wait: Duration,
    ) -> Result<Option<BTreeMap<String, Sight>>, pcsc::Error> {
        let mut buffer = [0; NAMES_BYTES];
        let names: Vec<_> = context.list_readers(&mut buffer)?.collect();
        let known = |name: &CStr| names.contains(&name);
        self.0.retain(|state| known(state.name()));
        for name in names.iter().take(MAX_READERS) {
            if !self.0.iter().any(|state| state.name() == *name) {
                self.0.push(ReaderState::new(*name, State::UNAWARE));
            }
        }
        // With as many readers as the service takes, none can be added before one goes.
        if self.0.len() < MAX_READERS {
            self.0
                .push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        }
        for state in &mut self.0 {
            state.sync_current_state();
        }
        let waited = context.get_status_change(wait, &mut self.0);
        self.0.retain(|state| state.name() != PNP_NOTIFICATION());
        match waited {
            Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::Cancelled) => {}
            Err(pcsc::Error::UnknownReader) => return Ok(None),
            Err(error) => return Err(error),
        }
        let there = self.0.iter().filter(|state| {
            let gone = State::UNKNOWN | State::IGNORE;
            !state.event_state().intersects(gone)
        });
        Ok(Some(there.map(sight).collect()))
    }
}

fn sight(state: &ReaderState) -> (String, Sight) {
    let shows = state.event_state();
    let face = if shows.contains(State::PRESENT) {
        Face::Card {
            atr: Atr::from_bytes(state.atr()),
            mute: shows.contains(State::MUTE),
            in_use: shows.contains(State::EXCLUSIVE),
        }
    } else if shows.contains(State::EMPTY) {
        Face::Empty
    } else {
        Face::Unclear
    };
    let name = state.name().to_string_lossy().into_owned();
    // The service counts in 16 bits.
    let counter = u16::try_from(state.event_count()).unwrap_or(u16::MAX);
    (name, Sight { counter, face })
}
