//! Hands the lanes their orders: first those that were paired at the start, then, where it is wanted, requests
//! without a ukey as blanks are plugged in. Makes nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Order, OrderKind, Terms, plugged};
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::report::Pace;
use crate::store::{RequestRow, UkeyRow};

/// How often it is looked what was plugged in, while another lane is at work.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is left to be made.
pub(super) struct Queue<'a> {
    desk: &'a Desk,
    pace: &'a dyn Pace,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    orders: VecDeque<Order>,
    /// Requests for which no ukey was plugged in.
    without_ukey: VecDeque<RequestRow>,
    /// What they are made by.
    terms: Option<Terms>,
    /// Every ukey that had its turn.
    taken: BTreeSet<Serial>,
    /// Lanes at work.
    at_work: usize,
    /// Why it cannot be looked any more what is plugged in.
    failed: Option<Error>,
}

impl<'a> Queue<'a> {
    /// These orders and no more.
    pub(super) fn new(desk: &'a Desk, pace: &'a dyn Pace, orders: VecDeque<Order>) -> Self {
        let taken = orders
            .iter()
            .map(|order| order.ukey.identity.serial.clone());
        let state = State {
            taken: taken.collect(),
            orders,
            without_ukey: VecDeque::new(),
            terms: None,
            at_work: 0,
            failed: None,
        };
        Self {
            desk,
            pace,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// With requests that take blanks which are plugged in later.
    pub(super) fn and_later(self, requests: VecDeque<RequestRow>, terms: Terms) -> Self {
        {
            let mut state = self.lock();
            state.without_ukey = requests;
            state.terms = Some(terms);
        }
        self
    }

    /// How many may be at work at once, at most.
    pub(super) fn width(&self) -> usize {
        let state = self.lock();
        let later = if self.pace.takes_later_ukeys() {
            state.without_ukey.len()
        } else {
            0
        };
        state.orders.len() + later
    }

    /// The next order; waits for a blank as long as another lane is at work.
    pub(super) fn next(&self) -> Option<Order> {
        let mut state = self.lock();
        loop {
            if !self.pace.goes_on() || self.desk.power_is_cut() {
                return None;
            }
            if let Some(order) = state.orders.pop_front() {
                state.at_work += 1;
                return Some(order);
            }
            let more = !state.without_ukey.is_empty() && state.failed.is_none();
            if !more || !self.pace.takes_later_ukeys() {
                return None;
            }
            if let Some(order) = self.later(&mut state) {
                state.orders.push_back(order);
                continue;
            }
            if state.at_work == 0 {
                return None;
            }
            let waited = self.changed.wait_timeout(state, LOOK_EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A lane is done with its order.
    pub(super) fn finished(&self) {
        self.lock().at_work -= 1;
        self.changed.notify_all();
    }

    /// How many requests got no ukey.
    ///
    /// # Errors
    /// Why it could not be looked what is plugged in.
    pub(super) fn rest(self) -> Result<usize, Error> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        match state.failed {
            Some(error) => Err(error),
            None => Ok(state.without_ukey.len()),
        }
    }

    /// A blank that had no turn yet, for the next request.
    fn later(&self, state: &mut State) -> Option<Order> {
        let terms = state.terms?;
        let plugged = match plugged(self.desk) {
            Ok(plugged) => plugged,
            Err(error) => {
                state.failed = Some(error);
                return None;
            }
        };
        let is_next = |row: &UkeyRow| {
            let serial = &row.identity.serial;
            row.state == UkeyState::Blank
                && !state.taken.contains(serial)
                && self.pace.takes(serial)
        };
        let ukey = plugged.into_iter().find(is_next)?;
        let request = state.without_ukey.pop_front()?;
        state.taken.insert(ukey.identity.serial.clone());
        Some(Order {
            request,
            ukey,
            key: terms.key,
            kind: OrderKind::New(terms),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
