//! What the desk's thread does to make ukeys.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::AtWork;
use super::pins::AtWindow;
use crate::domain::handwriting::Handwriting;
use crate::domain::key::KeyAlgorithm;
use crate::domain::request::RequestState;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::renew::{self, RenewalTerms};
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{change_pin, hand_out, requests, slips};
use crate::station::report::{Clerk, Event, Pace, Straight};
use crate::station::{Error, RequestRow, clock};
use crate::ui::make_view::{MakeOrder, OpenOrder, RenewalOrder, SlipDone, UkeyNote};
use crate::ui::sound::Tone;
use crate::ui::view::{HandedOutNote, Lane, on_list};
use crate::ui::{Shared, lock};
use crate::workflow::journal::{Answer, Until};

/// Ukeys driven side by side from the window: as many as the largest hub takes.
const LANES: u8 = 16;

/// How who sits at the window wants it to go on.
struct WindowPace<'a> {
    view: &'a Shared,
    had_their_turn: &'a BTreeSet<Serial>,
    takes_later_ukeys: bool,
}

impl Pace for WindowPace<'_> {
    fn goes_on(&self) -> bool {
        let view = lock(self.view);
        !view.paused && !view.gone
    }

    fn takes(&self, ukey: &Serial) -> bool {
        !self.had_their_turn.contains(ukey)
    }

    fn takes_later_ukeys(&self) -> bool {
        self.takes_later_ukeys
    }
}

impl AtWork<'_> {
    pub(super) fn make(&self, order: &MakeOrder) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let mut seen = {
            let mut view = lock(self.view);
            view.paused = false;
            let open = view.open_order.take();
            open.map(|open| open.seen).unwrap_or_default()
        };
        let usual = personalise::usual_secs(desk, officer)?;
        lock(self.view).usual_secs = usual;
        let rows = self.named(order)?;
        if rows.as_ref().is_some_and(Vec::is_empty) {
            return Ok(()); // All that were named are made by now.
        }
        let terms = Terms {
            key: KeyAlgorithm::EcP256,
            until: Until::Proven,
            pin: order.pin,
            temporary: None,
        };
        let turns = Mutex::new(BTreeSet::new());
        let report = |event: Event| {
            if let Event::Result(result) = &event {
                let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
                turns.insert(result.serial.clone());
            }
            self.take(event);
        };
        let (pins, pace) = (
            self.holder(),
            WindowPace {
                view: self.view,
                had_their_turn: &seen,
                takes_later_ukeys: order.goes_on,
            },
        );
        let clerk = Clerk {
            report: &report,
            pins: &pins,
            pace: &pace,
        };
        let rows = rows.as_deref();
        let made = personalise::personalise(desk, officer, rows, None, (terms, LANES), clerk);
        if order.goes_on {
            let turns = turns.into_inner().unwrap_or_else(PoisonError::into_inner);
            seen.extend(turns);
            let order = order.clone();
            lock(self.view).open_order = Some(OpenOrder { order, seen });
        }
        match made {
            Ok(summary) => {
                lock(self.view).without_ukey = summary.without_ukey;
                // In an order that goes on the tone of the ukey that was made calls for the next.
                if summary.without_ukey > 0 && !order.goes_on {
                    self.ring(Tone::Stopped);
                }
            }
            // The first blank is still to be plugged in.
            Err(error) if order.goes_on && error.code == "no-blank-ukey" => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The requests that an order names, where it does; of one that goes on those that are left.
    fn named(&self, order: &MakeOrder) -> Result<Option<Vec<RequestRow>>, Error> {
        if order.numbers.is_empty() {
            return Ok(None);
        }
        let find = |number: &String| Ok(requests::find(&self.desk, &self.officer, number)?.row);
        let rows = order.numbers.iter().map(find);
        let mut rows = rows.collect::<Result<Vec<_>, Error>>()?;
        if order.goes_on {
            rows.retain(|row| row.state == RequestState::Approved);
        }
        Ok(Some(rows))
    }

    /// The order that goes on, if a blank was plugged in for it.
    pub(super) fn next_of_order(&self) -> Option<MakeOrder> {
        let mut view = lock(self.view);
        if view.paused {
            return None;
        }
        let inserted = view.ukeys.iter().filter(|ukey| ukey.inserted);
        let serial = |ukey: &UkeyView| ukey.row.identity.serial.clone();
        let there: BTreeSet<Serial> = inserted.clone().map(serial).collect();
        let blanks = inserted.filter(|ukey| ukey.row.state == UkeyState::Blank);
        let blanks: Vec<Serial> = blanks.map(serial).collect();
        let waiting = view
            .requests
            .iter()
            .map(|request| request.row.number.clone());
        let waiting: BTreeSet<String> = waiting.collect();
        let open = view.open_order.as_mut()?;
        // One that was pulled and comes back has another turn.
        open.seen.retain(|serial| there.contains(serial));
        let named = &open.order.numbers;
        let left = named.is_empty() || named.iter().any(|number| waiting.contains(number));
        if waiting.is_empty() || !left {
            view.open_order = None;
            drop(view);
            (self.repaint)();
            return None;
        }
        let new = blanks.iter().any(|serial| !open.seen.contains(serial));
        new.then(|| open.order.clone())
    }

    pub(super) fn resume(&self, on: Option<&(Serial, Option<Answer>)>) -> Result<(), Error> {
        lock(self.view).paused = false;
        let (report, pins) = (|event| self.take(event), self.holder());
        let pace = WindowPace {
            view: self.view,
            had_their_turn: &BTreeSet::new(),
            takes_later_ukeys: false,
        };
        let clerk = Clerk {
            report: &report,
            pins: &pins,
            pace: &pace,
        };
        let on = on.map(|(serial, answer)| (serial, *answer));
        personalise::resume(&self.desk, &self.officer, on, LANES, clerk)?;
        Ok(())
    }

    pub(super) fn hand_out(&self, serial: &Serial) -> Result<(), Error> {
        let done = hand_out::hand_out(&self.desk, &self.officer, serial)?;
        let standing = done.hold.as_ref().or(done.replaced_crl.as_ref());
        let (crl, crl_error) = on_list(standing);
        let mut view = lock(self.view);
        view.handed_out = Some(HandedOutNote {
            serial: serial.clone(),
            hold: done.hold.is_some(),
            replaced: !done.replaced.is_empty(),
            crl,
            crl_error,
        });
        for lane in view.lanes.iter_mut().filter(|lane| lane.serial == *serial) {
            if let Some(result) = &mut lane.result {
                result.handed_out = true;
            }
        }
        Ok(())
    }

    /// Writes slip and letter beside the files that go out; the window prints them.
    pub(super) fn slip(&self, serial: &Serial, signature: Handwriting) -> Result<(), Error> {
        lock(self.view).slip = None;
        let out = self.desk.home().out().join(format!("slip-{serial}.pdf"));
        let what = (serial, signature);
        let files = slips::write_signed(&self.desk, &self.officer, what, &out)?;
        lock(self.view).slip = Some(SlipDone {
            serial: serial.clone(),
            files,
            taken: false,
            sent: None,
        });
        Ok(())
    }

    pub(super) fn change_pin(&self, serial: &Serial) -> Result<(), Error> {
        let done = change_pin::change_pin(&self.desk, &self.officer, serial, &self.holder())?;
        let mut said = vec!["pin-changed"];
        said.extend(done.lifted.is_some().then_some("hold-lifted"));
        said.extend(done.hold.then_some("hold-stays"));
        lock(self.view).note = Some(UkeyNote::new(serial, said, done.lifted.as_ref()));
        Ok(())
    }

    pub(super) fn renew(&self, order: &RenewalOrder) -> Result<(), Error> {
        let (report, pins) = (|event| self.take(event), self.holder());
        let clerk = Clerk {
            report: &report,
            pins: &pins,
            pace: &Straight,
        };
        let terms = RenewalTerms {
            key: None,
            pin: order.pin,
            order: order.order,
        };
        let serial = &order.serial;
        let renewed = renew::renew(&self.desk, &self.officer, (serial.as_str(), terms), clerk);
        if let Err(error) = &renewed {
            // Who hears that the old key has to go first may say so.
            if error.code == "renewal-without-room" {
                lock(self.view).without_room = Some(serial.clone());
            }
        }
        if renewed?.summary.issued > 0 {
            lock(self.view).note = Some(UkeyNote::new(serial, vec!["ui-renewed"], None));
        }
        Ok(())
    }

    /// Shows what is told of a ukey at work; how it ended is heard too.
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
                    lane.begun = None;
                }
                lane.request = request;
                lane.begun = lane.begun.or_else(|| Some(clock::now()));
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
                view.tones.push((&result.outcome).into());
                let lane = lane(&mut view.lanes, &result.request, &result.serial);
                lane.now = None;
                lane.result = Some(*result);
            }
        }
        drop(view);
        (self.repaint)();
    }

    /// The holder, at this window.
    pub(super) fn holder(&self) -> AtWindow<'_> {
        AtWindow::new(self.view, self.repaint)
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
                    begun: None,
                    now: None,
                    steps: Vec::new(),
                    result: None,
                },
            );
            0
        });
    &mut lanes[at]
}
