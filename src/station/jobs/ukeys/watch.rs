//! Who comes and who goes: a look when a reader stirs, and every look asks what no reader tells of.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd as _, BorrowedFd};

use super::cards::{Cards, Verdict};
use super::{CardInReader, UkeyView, insertions, serial_of};
use crate::domain::atr::Atr;
use crate::domain::officer::Duty;
use crate::domain::token_profile;
use crate::domain::ukey::Serial;
use crate::station::ActingOfficer;
use crate::station::bench::{self, Bench, Inserted};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::UkeyRow;
use crate::token::reader::{ReaderEvent, ReaderWatch};
use crate::token::virtual_ukey::Insertion;

/// Who came and who went.
#[derive(Clone, Debug)]
pub enum Change {
    /// Plugged in.
    Inserted(Box<Inserted>),
    /// Plugged in, and cannot be read; with its record, if it is in stock.
    Unreadable(Serial, Option<UkeyRow>),
    /// Pulled out; with its record, if it is in stock.
    Removed(Serial, Option<UkeyRow>),
    /// Something happened at a reader.
    AtReader(ReaderEvent),
    /// A card came that no module shows.
    NotRecognised(CardInReader),
    /// A card went that no module had shown.
    StrangerGone(CardInReader),
}

/// Knows who was plugged in at the last look.
#[derive(Debug)]
pub struct Watch {
    /// Virtual ukeys, and those of modules whose ukeys are no cards.
    asked: BTreeSet<Serial>,
    /// The virtual ones, and since which time each is in.
    virtual_in: BTreeMap<Serial, Insertion>,
    /// Those that are cards in readers.
    cards: BTreeSet<Serial>,
    /// `None` in practice.
    readers: Option<Readers>,
    /// What the start found and nobody was told yet.
    untold: Vec<Change>,
    /// A reader stirred, and the modules have not been asked since.
    stirred: bool,
}

#[derive(Debug)]
struct Readers {
    watch: ReaderWatch,
    cards: Cards,
    /// Whether there ever was a service that tells of readers. Without one the modules are asked.
    served: bool,
}

impl Watch {
    /// Notes who is plugged in now.
    ///
    /// # Errors
    /// When the home cannot be read, or the system gives no thread for the readers.
    pub fn start(desk: &Desk, officer: &ActingOfficer) -> Result<Self, Error> {
        officer.demand(Duty::ReadRecords)?;
        let readers = if desk.is_practice() {
            None
        } else {
            Some(Readers::start()?)
        };
        let mut watch = Self {
            asked: BTreeSet::new(),
            virtual_in: BTreeMap::new(),
            cards: BTreeSet::new(),
            readers,
            untold: Vec::new(),
            stirred: false,
        };
        let mut found = watch.look(desk, officer)?;
        if watch.is_stirred() {
            found.extend(watch.look(desk, officer)?);
        }
        // Who and what is there was not plugged in just now; what is wrong is told all the same.
        watch.untold = found.into_iter().filter(Change::is_trouble).collect();
        Ok(watch)
    }

    /// How many were plugged in.
    pub fn count(&self) -> usize {
        self.asked.union(&self.cards).count()
    }

    /// Readable while a reader has news; `None` where there are no readers.
    pub fn bell(&self) -> Option<BorrowedFd<'_>> {
        self.readers.as_ref().map(|readers| readers.watch.as_fd())
    }

    /// Whether a reader stirred and the modules are to be asked: look again without waiting.
    pub const fn is_stirred(&self) -> bool {
        self.stirred
    }

    /// Takes what the readers have to say, for the next look to tell, and asks no module. Whether one
    /// stirred.
    pub fn listen(&mut self) -> bool {
        let Some(readers) = &mut self.readers else {
            return false;
        };
        let news = readers.take_news(&mut self.untold);
        self.stirred |= news;
        news
    }

    /// Those of the stock that were plugged in at the last look, by serial; asks no module.
    ///
    /// # Errors
    /// What the store says.
    pub fn plugged_in(&self, desk: &Desk, officer: &ActingOfficer) -> Result<Vec<UkeyView>, Error> {
        officer.demand(Duty::ReadRecords)?;
        let mut found = Vec::new();
        for serial in self.asked.union(&self.cards) {
            let row = record(desk, serial)?.filter(|row| row.officer.is_none());
            found.extend(row.map(|row| UkeyView {
                row,
                inserted: true,
            }));
        }
        Ok(found)
    }

    /// Who came and who went since the last look. What a reader has to say is told first, and the modules
    /// are asked by the look after it. Virtual ukeys are opened only when one came, so that a run at work
    /// on another one is left alone; the modules of cards only when a reader stirred, or where there never
    /// was a service that tells of readers.
    ///
    /// # Errors
    /// When the home cannot be read.
    pub fn look(&mut self, desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Change>, Error> {
        officer.demand(Duty::ReadRecords)?;
        let mut changes = std::mem::take(&mut self.untold);
        let was_stirred = std::mem::take(&mut self.stirred);
        let mut stirred = was_stirred;
        if let Some(readers) = &mut self.readers {
            let news = readers.take_news(&mut changes);
            if news && !was_stirred {
                self.stirred = true;
                return Ok(changes);
            }
            stirred |= news || !readers.served;
        }
        let bench = if desk.is_practice() {
            Bench::default()
        } else {
            bench::look_through(desk, |profile| stirred || !profile.is_for_cards())?
        };
        let virtual_in = insertions(desk)?;
        let mut asked: BTreeSet<Serial> = virtual_in.keys().cloned().collect();
        let mut cards = BTreeSet::new();
        for ukey in &bench.ukeys {
            let is_card = desk.profile(&ukey.profile)?.is_for_cards();
            let shown = if is_card { &mut cards } else { &mut asked };
            shown.insert(serial_of(ukey).clone());
        }
        let then = std::mem::replace(&mut self.virtual_in, virtual_in);
        // One that was out and in again between two looks went and came.
        let again = |serial: &Serial| {
            let (then, now) = (then.get(serial), self.virtual_in.get(serial));
            then.is_some() && now.is_some() && then != now
        };
        let before = std::mem::replace(&mut self.asked, asked);
        let stayed = before.intersection(&self.asked);
        let stayed = stayed.filter(|serial| !again(serial)).cloned().collect();
        compare(desk, &before, &stayed, &bench, &mut changes)?;
        compare(desk, &stayed, &self.asked, &bench, &mut changes)?;
        if stirred {
            let before = std::mem::replace(&mut self.cards, cards);
            compare(desk, &before, &self.cards, &bench, &mut changes)?;
            self.judge(desk, &before, &bench, &mut changes)?;
        }
        Ok(changes)
    }

    /// Tells of the cards that no module shows, and of those that went and came back at once.
    fn judge(
        &mut self,
        desk: &Desk,
        before: &BTreeSet<Serial>,
        bench: &Bench,
        changes: &mut Vec<Change>,
    ) -> Result<(), Error> {
        let Some(readers) = &mut self.readers else {
            return Ok(());
        };
        let leaving = readers.watch.waiting();
        let shown = bench.ukeys.iter();
        let shown = shown.map(|ukey| (serial_of(ukey).clone(), ukey.profile.clone()));
        let came: Vec<_> = shown
            .filter(|(serial, _profile)| self.cards.contains(serial) && !before.contains(serial))
            .collect();
        let stayed = self.cards.intersection(before).cloned().collect();
        let likely = |atr: &Atr| candidates(desk, atr);
        for verdict in readers.cards.judge(&came, &stayed, &leaving, likely) {
            match verdict {
                Verdict::Stranger(card) => changes.push(Change::NotRecognised(card)),
                Verdict::Returned(serial) => {
                    changes.push(Change::Removed(serial.clone(), record(desk, &serial)?));
                    changes.push(inserted(desk, &serial, bench)?);
                }
            }
        }
        Ok(())
    }
}

impl Change {
    /// Which ukey: the serial it has in stock, else the one it reports.
    pub fn serial(&self) -> Option<&Serial> {
        match self {
            Self::Inserted(ukey) => Some(serial_of(ukey)),
            Self::Unreadable(serial, _) | Self::Removed(serial, _) => Some(serial),
            Self::AtReader(_) | Self::NotRecognised(_) | Self::StrangerGone(_) => None,
        }
    }

    /// Its record, if it is in stock.
    pub fn record(&self) -> Option<&UkeyRow> {
        match self {
            Self::Inserted(ukey) => ukey.record.as_ref(),
            Self::Unreadable(_, record) | Self::Removed(_, record) => record.as_ref(),
            Self::AtReader(_) | Self::NotRecognised(_) | Self::StrangerGone(_) => None,
        }
    }

    /// Whether it tells of something wrong rather than of somebody who is there.
    const fn is_trouble(&self) -> bool {
        match self {
            Self::NotRecognised(_) => true,
            Self::AtReader(event) => matches!(
                event,
                ReaderEvent::ServiceGone | ReaderEvent::CardUnusable { .. }
            ),
            Self::Inserted(_)
            | Self::Unreadable(..)
            | Self::Removed(..)
            | Self::StrangerGone(_) => false,
        }
    }
}

impl Readers {
    fn start() -> Result<Self, Error> {
        let watch = ReaderWatch::start()
            .map_err(|error| Error::failed("readers-unwatched", "").because(error))?;
        let served = !watch.waiting().contains(&ReaderEvent::ServiceGone);
        Ok(Self {
            watch,
            cards: Cards::default(),
            served,
        })
    }

    /// Takes the news into account; `true` when the modules of cards are to be looked at.
    fn take_news(&mut self, changes: &mut Vec<Change>) -> bool {
        let mut stirred = false;
        for event in self.watch.news() {
            match &event {
                ReaderEvent::ServiceBack => {
                    self.served = true;
                    stirred = true;
                }
                ReaderEvent::CardInserted { .. }
                | ReaderEvent::CardRemoved { .. }
                | ReaderEvent::CardUsable { .. } => stirred = true,
                ReaderEvent::ServiceGone
                | ReaderEvent::ReaderAppeared(_)
                | ReaderEvent::ReaderGone(_)
                | ReaderEvent::CardUnusable { .. } => {}
            }
            let gone = self.cards.take(&event);
            changes.push(Change::AtReader(event));
            changes.extend(gone.map(Change::StrangerGone));
        }
        stirred
    }
}

/// The profiles that an ATR may belong to, best first.
pub fn candidates(desk: &Desk, atr: &Atr) -> Vec<String> {
    let found = token_profile::candidates(desk.profiles(), atr).into_iter();
    found.map(|profile| profile.name.clone()).collect()
}

/// Tells who went and who came.
fn compare(
    desk: &Desk,
    before: &BTreeSet<Serial>,
    now: &BTreeSet<Serial>,
    bench: &Bench,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    for serial in before.difference(now) {
        changes.push(Change::Removed(serial.clone(), record(desk, serial)?));
    }
    let shown = |serial: &Serial| bench.ukeys.iter().any(|ukey| serial_of(ukey) == serial);
    let came: Vec<_> = now.difference(before).collect();
    let virtual_bench = if came.iter().all(|serial| shown(serial)) {
        Bench::default()
    } else {
        bench::look_at_virtual(desk)?
    };
    for serial in came {
        let bench = if shown(serial) { bench } else { &virtual_bench };
        changes.push(inserted(desk, serial, bench)?);
    }
    Ok(())
}

fn inserted(desk: &Desk, serial: &Serial, bench: &Bench) -> Result<Change, Error> {
    let found = bench.ukeys.iter().find(|ukey| serial_of(ukey) == serial);
    Ok(match found {
        Some(ukey) => Change::Inserted(Box::new(ukey.clone())),
        None => Change::Unreadable(serial.clone(), record(desk, serial)?),
    })
}

fn record(desk: &Desk, serial: &Serial) -> Result<Option<UkeyRow>, Error> {
    Ok(desk.store().read().ukey(serial)?)
}
