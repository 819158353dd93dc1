//! Making ukeys (D-34): chooses requests and blanks, drives a run on each, several side by side.

mod ending;
mod issue;
mod perform;
mod pins;
mod queue;
mod renewal;
mod session;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::domain::certificate::TemporaryDays;
use crate::domain::id::RunId;
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::Duty;
use crate::domain::request::RequestState;
use crate::domain::token_profile::Parallel;
use crate::domain::ukey::{Expected, Serial, UkeyState};
use crate::station::bench::Unusable;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::{restore, temporary};
use crate::station::report::{Clerk, Event, Outcome, RunResult, Summary};
use crate::station::{ActingOfficer, bench, clock};
use crate::store::{CertificateRow, RequestFilter, RequestRow, RunRow, UkeyRow};
use crate::workflow::journal::{Answer, Entry, KeyOrder, PinSource, Plan, Until, Wait};
use queue::Queue;
use renewal::Renewal;
use session::Session;

/// So many of the newest runs tell how long a ukey usually takes.
const USUAL_RUNS: usize = 20;

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The key pair.
    pub key: KeyAlgorithm,
    /// Whether to stop at the CSR.
    pub until: Until,
    /// Where the user PIN comes from.
    pub pin: PinSource,
    /// For so many days only, while the holder's other ukey is on hold (D-20).
    pub temporary: Option<TemporaryDays>,
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
    Renewal(Terms, KeyOrder, Renewal),
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
/// `restore-not-compared`; for a temporary ukey `temporary-without-hold`, `temporary-second`.
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
        // A renewal is made on the ukey that its holder brings.
        let renewals = desk.store().read().approved_renewals()?;
        approved.retain(|request| !renewals.contains(&request.id));
        approved
    };
    if terms.temporary.is_some() {
        for request in &requests {
            temporary::demand_other_on_hold(desk, request)?;
        }
    }
    let mut ukeys = match ukey {
        Some(row) => vec![check_ukey(desk, row, &requests)?],
        None => plugged(desk)?,
    };
    ukeys.retain(|row| clerk.pace.takes(&row.identity.serial));
    let (orders, without_ukey) = paired(requests, ukeys, terms);
    if orders.is_empty() && !without_ukey.is_empty() {
        return Err(Error::refused("no-blank-ukey", ""));
    }
    let queue = Queue::new(desk, clerk.pace, orders).and_later(without_ukey, terms);
    let mut summary = drive(desk, officer, &queue, lanes, clerk);
    summary.without_ukey = u32::try_from(queue.rest()?).unwrap_or(u32::MAX);
    Ok(summary)
}

/// Seconds that a ukey of each profile usually takes: the middle one of the newest runs in this home.
///
/// # Errors
/// What the store says.
pub fn usual_secs(desk: &Desk, officer: &ActingOfficer) -> Result<BTreeMap<String, i64>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut runs: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (profile, secs) in desk.store().read().run_secs(USUAL_RUNS)? {
        runs.entry(profile).or_default().push(secs);
    }
    let middle = |mut secs: Vec<i64>| {
        secs.sort_unstable();
        secs.get(secs.len() / 2).copied()
    };
    let runs = runs.into_iter();
    Ok(runs
        .filter_map(|(profile, secs)| Some((profile, middle(secs)?)))
        .collect())
}

/// Each request with the ukey that was set aside for it, else with the next blank; and those that get none.
fn paired(
    requests: Vec<RequestRow>,
    ukeys: Vec<UkeyRow>,
    terms: Terms,
) -> (VecDeque<Order>, VecDeque<RequestRow>) {
    let (blanks, mut set_aside): (Vec<_>, Vec<_>) = ukeys
        .into_iter()
        .partition(|row| row.state == UkeyState::Blank);
    let mut blanks = VecDeque::from(blanks);
    let own = |set_aside: &mut Vec<UkeyRow>, request: &RequestRow| {
        let place = set_aside
            .iter()
            .position(|row| row.request == Some(request.id));
        place.map(|place| set_aside.swap_remove(place))
    };
    let (mut orders, mut without_ukey) = (VecDeque::new(), VecDeque::new());
    for request in requests {
        let ukey = own(&mut set_aside, &request).or_else(|| blanks.pop_front());
        let Some(ukey) = ukey else {
            without_ukey.push_back(request);
            continue;
        };
        orders.push_back(Order {
            request,
            ukey,
            key: terms.key,
            kind: OrderKind::New(terms),
        });
    }
    (orders, without_ukey)
}

/// Renews the ukey of a holder (D-47) under this request; `renew` of the jobs has checked both.
pub(super) fn renew(
    desk: &Desk,
    officer: &ActingOfficer,
    (request, ukey, old): (RequestRow, UkeyRow, CertificateRow),
    (terms, order): (Terms, KeyOrder),
    clerk: Clerk<'_>,
) -> Result<Summary, Error> {
    demand_inserted(desk, &ukey)?;
    let serial = ukey.identity.serial.as_str();
    let made_by = renewal::made_by(desk, &ukey.identity.serial)?;
    let made_by = made_by.ok_or_else(|| Error::failed("store-damaged", serial))?;
    let order = Order {
        request,
        ukey,
        key: terms.key,
        kind: OrderKind::Renewal(terms, order, Renewal { old, made_by }),
    };
    let queue = Queue::new(desk, clerk.pace, VecDeque::from([order]));
    Ok(drive(desk, officer, &queue, 1, clerk))
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
        // Suspended during its renewal: it goes on once it is found.
        if run.renews.is_some() && ukey.state != UkeyState::HandedOut {
            if on.is_some() {
                let text = format!("{} ({})", run.ukey, ukey.state);
                return Err(Error::refused("ukey-not-handed-out", text));
            }
            continue;
        }
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
    if answer == Some(Answer::GiveUp) {
        // It takes the new key off the ukey; else the answer would be forgotten by the time it is plugged in.
        for order in &orders {
            demand_inserted(desk, &order.ukey)?;
        }
    }
    let queue = Queue::new(desk, clerk.pace, orders);
    Ok(drive(desk, officer, &queue, lanes, clerk))
}

/// Only an approved request may begin a run.
fn check_state(desk: &Desk, request: &RequestRow) -> Result<(), Error> {
    let live = desk.store().read().has_live_certificate(request.id)?;
    let refused = |code| Err(Error::refused(code, request.number.clone()));
    if desk.store().read().renewed_ukey(request.id)?.is_some() {
        return refused("request-is-renewal");
    }
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
    demand_inserted(desk, row)?;
    Ok(row.clone())
}

/// Plugged in, and no other shows its serial (D-24).
fn demand_inserted(desk: &Desk, row: &UkeyRow) -> Result<(), Error> {
    let serial = row.identity.serial.as_str();
    let identity = row.reported();
    if bench::find(desk, row, &Expected::from(&identity))?.is_none() {
        return Err(Error::refused("ukey-not-inserted", serial));
    }
    if bench::doubles(desk)?.contains(&identity) {
        return Err(Error::refused("ukey-duplicate-serial", serial));
    }
    Ok(())
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
    queue: &Queue<'_>,
    lanes: u8,
    clerk: Clerk<'_>,
) -> Summary {
    let lanes = usize::from(lanes).min(queue.width());
    let summary = Mutex::new(Summary::default());
    let one_at_a_time = Mutex::new(());
    let lane = || {
        while let Some(order) = queue.next() {
            let alone = desk
                .profile(&order.ukey.profile)
                .is_ok_and(|profile| profile.parallel == Parallel::OneAtATime);
            let _turn = alone.then(|| lock(&one_at_a_time));
            let result = make_one(desk, officer, order, clerk);
            lock(&summary).count(&result.outcome);
            (clerk.report)(Event::Result(Box::new(result)));
            queue.finished();
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
        replaces: None,
        crl: None,
        temporary: false,
        key,
        steps: Vec::new(),
        ms: 0.0,
        module_ms: 0.0,
    };
    let (begun, answer) = match kind {
        OrderKind::New(terms) => {
            let id = RunId::new(clock::new_uuid());
            (
                Session::begin(desk, officer, id, request, ukey, (terms, None), clerk),
                None,
            )
        }
        OrderKind::Renewal(terms, order, renewal) => {
            let id = RunId::new(clock::new_uuid());
            let terms = (terms, Some((order, renewal)));
            let begun = Session::begin(desk, officer, id, request, ukey, terms, clerk);
            (begun, None)
        }
        OrderKind::Resume {
            run,
            journal,
            answer,
        } => {
            let parts = (request, ukey, journal);
            (Session::reopen(desk, officer, &run, parts, clerk), answer)
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
            let renewal = session.renewal.as_ref();
            result.replaces = renewal.map(|renewal| renewal.old.serial.to_string());
            // It never left its holder.
            result.handed_out = renewal.is_some() && result.outcome == Outcome::Issued;
            result.crl = session.crl().map(CrlStanding::word);
            result.temporary = session.temporary.is_some();
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
