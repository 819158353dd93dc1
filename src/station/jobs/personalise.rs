//! Making ukeys (D-34): chooses requests and blanks, drives a run on each, several side by side.

mod issue;
mod perform;
mod session;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::domain::id::RunId;
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::token_profile::Parallel;
use crate::domain::ukey::{Expected, Serial, UkeyState};
use crate::station::bench::Unusable;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::restore;
use crate::station::report::{Clerk, Event, Outcome, RunResult, Summary};
use crate::station::{ActingOfficer, bench, clock};
use crate::store::{RequestFilter, RequestRow, RunRow, UkeyRow};
use crate::workflow::journal::{Answer, Entry, PinSource, Plan, Until, Wait};
use session::Session;

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The key pair.
    pub key: KeyAlgorithm,
    /// Whether to stop at the CSR.
    pub until: Until,
    /// Where the user PIN comes from.
    pub pin: PinSource,
}

/// Where the user PIN comes from when nobody says.
pub const fn usual_pin_source(desk: &Desk) -> PinSource {
    if desk.is_practice() {
        PinSource::Secrets
    } else {
        PinSource::Random
    }
}

/// One ukey to be made.
#[derive(Clone, Debug)]
struct Order {
    request: RequestRow,
    ukey: UkeyRow,
    key: KeyAlgorithm,
    kind: OrderKind,
}

#[derive(Clone, Debug)]
enum OrderKind {
    New(Terms),
    Resume {
        run: RunRow,
        journal: Vec<Entry>,
        answer: Option<Answer>,
    },
}

/// Makes ukeys for these requests, or for every approved one when none is named.
///
/// # Errors
/// Before anything was begun: `wrong-duty`, `request-not-approved`, `request-already-used`,
/// `ukey-not-inserted`, `ukey-not-in-stock`, `ukey-duplicate-serial`, `no-blank-ukey`,
/// `restore-not-compared`.
pub fn personalise(
    desk: &Desk,
    officer: &ActingOfficer,
    requests: Option<&[RequestRow]>,
    ukey: Option<&UkeyRow>,
    (terms, lanes): (Terms, u8),
    clerk: Clerk<'_>,
) -> Result<Summary, Error> {
    officer.demand(Duty::Personalise)?;
    restore::demand_compared(desk)?;
    if terms.pin == PinSource::Secrets && !desk.is_practice() {
        return Err(Error::usage("pin-secrets-in-practice-only", ""));
    }
    let requests = if let Some(named) = requests {
        named
            .iter()
            .try_for_each(|request| check_state(desk, request))?;
        named.to_vec()
    } else {
        let mut approved = desk.store().read().requests(&RequestFilter {
            state: Some(RequestState::Approved),
            ..RequestFilter::default()
        })?;
        // Of the others no ukey is made (D-10): they take no blank from those.
        approved.retain(|request| request.apply_certificate);
        approved
    };
    let ukeys = match ukey {
        Some(row) => vec![check_ukey(desk, row, &requests)?],
        None => plugged(desk)?,
    };
    let (orders, without_ukey) = paired(requests, ukeys, terms);
    if orders.is_empty() && without_ukey > 0 {
        return Err(Error::refused("no-blank-ukey", ""));
    }
    let mut summary = drive(desk, officer, orders, lanes, clerk);
    summary.without_ukey = u32::try_from(without_ukey).unwrap_or(u32::MAX);
    Ok(summary)
}

/// Each request with the ukey that was set aside for it, else with the next blank; and how many get none.
fn paired(
    requests: Vec<RequestRow>,
    ukeys: Vec<UkeyRow>,
    terms: Terms,
) -> (VecDeque<Order>, usize) {
    let (blanks, mut set_aside): (Vec<_>, Vec<_>) = ukeys
        .into_iter()
        .partition(|row| row.state == UkeyState::Blank);
    let mut blanks = VecDeque::from(blanks);
    let count = requests.len();
    let own = |set_aside: &mut Vec<UkeyRow>, request: &RequestRow| {
        let place = set_aside
            .iter()
            .position(|row| row.request == Some(request.id));
        place.map(|place| set_aside.swap_remove(place))
    };
    let orders: VecDeque<Order> = requests
        .into_iter()
        .filter_map(|request| {
            let ukey = own(&mut set_aside, &request).or_else(|| blanks.pop_front())?;
            Some(Order {
                request,
                ukey,
                key: terms.key,
                kind: OrderKind::New(terms),
            })
        })
        .collect();
    let without_ukey = count - orders.len();
    (orders, without_ukey)
}

/// Goes on with open runs: all of them, or the one on this ukey, with the answer to its question.
///
/// # Errors
/// `run-not-open`, `restore-not-compared`, `wrong-duty`.
pub fn resume(
    desk: &Desk,
    officer: &ActingOfficer,
    on: Option<(&Serial, Option<Answer>)>,
    lanes: u8,
    clerk: Clerk<'_>,
) -> Result<Summary, Error> {
    officer.demand(Duty::Personalise)?;
    restore::demand_compared(desk)?;
    let answer = on.and_then(|(_serial, answer)| answer);
    let mut orders = VecDeque::new();
    let runs = desk.store().read().open_runs()?; // The lock ends here: each run takes it again.
    for run in runs {
        if on.is_some_and(|(serial, _answer)| *serial != run.ukey) {
            continue;
        }
        let store = desk.store();
        let reading = store.read();
        let ukey = reading.ukey(&run.ukey)?;
        let ukey = ukey.ok_or_else(|| Error::failed("store-damaged", run.ukey.as_str()))?;
        let request = reading.request(run.request)?;
        let journal = reading.journal(run.id)?;
        let Some(Entry::Opened(Plan { algorithm, .. })) = journal.first() else {
            return Err(Error::failed("journal-damaged", run.id.to_string()));
        };
        orders.push_back(Order {
            request,
            ukey,
            key: *algorithm,
            kind: OrderKind::Resume {
                run,
                journal,
                answer,
            },
        });
    }
    if let (Some((serial, _answer)), true) = (on, orders.is_empty()) {
        return Err(Error::refused("run-not-open", serial.as_str()));
    }
    Ok(drive(desk, officer, orders, lanes, clerk))
}

/// Only an approved request may begin a run.
fn check_state(desk: &Desk, request: &RequestRow) -> Result<(), Error> {
    let live = desk.store().read().has_live_certificate(request.id)?;
    let refused = |code| Err(Error::refused(code, request.number.clone()));
    match request.state {
        RequestState::Approved if !live => Ok(()),
        RequestState::Approved
        | RequestState::Personalising
        | RequestState::Pending
        | RequestState::Issued
        | RequestState::HandedOut
        | RequestState::Closed => refused("request-already-used"),
        RequestState::Expired => refused("request-expired"),
        RequestState::Draft
        | RequestState::Submitted
        | RequestState::Returned
        | RequestState::Rejected
        | RequestState::Withdrawn => refused("request-not-approved"),
    }
}

/// The ukey that was named: in stock as blank or set aside for one of the requests, plugged in, and no
/// other shows its serial (D-24). The run looks at it itself.
fn check_ukey(desk: &Desk, row: &UkeyRow, requests: &[RequestRow]) -> Result<UkeyRow, Error> {
    let serial = row.identity.serial.as_str();
    let set_aside = row.state == UkeyState::Allocated
        && requests
            .iter()
            .any(|request| row.request == Some(request.id));
    if row.state != UkeyState::Blank && !set_aside {
        return Err(Error::refused(
            "ukey-not-in-stock",
            format!("{serial} ({})", row.state),
        ));
    }
    let identity = row.reported();
    if bench::find(desk, row, &Expected::from(&identity))?.is_none() {
        return Err(Error::refused("ukey-not-inserted", serial));
    }
    if bench::doubles(desk)?.contains(&identity) {
        return Err(Error::refused("ukey-duplicate-serial", serial));
    }
    Ok(row.clone())
}

/// Ukeys in stock, blank or set aside, that are plugged in, the lowest serial first. Virtual ones are not
/// opened for it, each run looks at its own; but one that is not in stock may show any serial.
fn plugged(desk: &Desk) -> Result<Vec<UkeyRow>, Error> {
    let (mut rows, set_aside) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.ukeys(Some(UkeyState::Blank))?,
            reading.ukeys(Some(UkeyState::Allocated))?,
        )
    };
    rows.extend(set_aside);
    if desk.is_practice() {
        let inserted = |row: &UkeyRow| {
            let folder = desk.home().ukey(&row.identity.serial);
            crate::token::virtual_ukey::is_inserted(&folder)
        };
        let blanks: Vec<_> = rows.into_iter().filter(inserted).collect();
        if bench::has_stranger(desk)? {
            let doubles = bench::doubles(desk)?;
            let double = blanks.iter().find(|row| doubles.contains(&row.reported()));
            if let Some(row) = double {
                let serial = row.identity.serial.as_str();
                return Err(Error::refused("ukey-duplicate-serial", serial));
            }
        }
        return Ok(blanks);
    }
    let bench = bench::look(desk)?;
    let usable = bench.ukeys.into_iter().filter(|ukey| {
        let set_aside = Unusable::State(UkeyState::Allocated);
        ukey.usable
            .as_ref()
            .err()
            .is_none_or(|why| *why == set_aside)
    });
    Ok(usable.filter_map(|ukey| ukey.record).collect())
}

/// Works through the orders; one failing ukey never stops the queue.
fn drive(
    desk: &Desk,
    officer: &ActingOfficer,
    orders: VecDeque<Order>,
    lanes: u8,
    clerk: Clerk<'_>,
) -> Summary {
    let lanes = usize::from(lanes).min(orders.len());
    let queue = Mutex::new(orders);
    let summary = Mutex::new(Summary::default());
    let one_at_a_time = Mutex::new(());
    let lane = || {
        loop {
            let order = lock(&queue).pop_front();
            let Some(order) = order else { return };
            let alone = desk
                .profile(&order.ukey.profile)
                .is_ok_and(|profile| profile.parallel == Parallel::OneAtATime);
            let _turn = alone.then(|| lock(&one_at_a_time));
            let result = make_one(desk, officer, order, clerk);
            lock(&summary).count(&result.outcome);
            (clerk.report)(Event::Result(Box::new(result)));
        }
    };
    thread::scope(|scope| {
        for _ in 1..lanes {
            scope.spawn(lane);
        }
        lane();
    });
    *lock(&summary)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drives one run as far as it goes now.
fn make_one(desk: &Desk, officer: &ActingOfficer, order: Order, clerk: Clerk<'_>) -> RunResult {
    let watch = clock::Stopwatch::start();
    let Order {
        request,
        ukey,
        key,
        kind,
    } = order;
    let mut result = RunResult {
        request: request.number.clone(),
        serial: ukey.identity.serial.clone(),
        outcome: Outcome::Pending(Wait::Ukey { found: None }),
        handed_out: false,
        certificate: None,
        not_after: None,
        key,
        steps: Vec::new(),
        ms: 0.0,
        module_ms: 0.0,
    };
    let (begun, answer) = match kind {
        OrderKind::New(terms) => {
            let id = RunId::new(clock::new_uuid());
            (
                Session::begin(desk, officer, id, request, ukey, terms, clerk),
                None,
            )
        }
        OrderKind::Resume {
            run,
            journal,
            answer,
        } => {
            let parts = (request, ukey, journal);
            (Session::reopen(desk, officer, run.id, parts, clerk), answer)
        }
    };
    let failed = |error: Error| Outcome::Failed(error.code.to_owned(), error.subject);
    match begun {
        Err(error) => result.outcome = failed(error),
        Ok(None) => {} // Its ukey is not plugged in: the run waits, as it stands above.
        Ok(Some(mut session)) => {
            result.outcome = session.drive(answer).unwrap_or_else(failed);
            result.certificate = session.certificate_serial();
            result.not_after = session.not_after();
            (result.steps, result.module_ms) = session.finish();
        }
    }
    result.ms = watch.ms();
    result
}

/// What the user PIN of a letter is sealed for.
pub(super) fn letter_purpose(run: RunId) -> String {
    format!("ukey-station/letter/v1/{run}")
}
