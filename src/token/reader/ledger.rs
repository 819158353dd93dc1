//! From what the readers show to what happened in between. Pure and total: time is an argument, and
//! any two looks give a history that can have happened.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::atr::Atr;

/// How long a service that answers again may take to show who was there before: it needs a moment to
/// find its readers and to power their cards.
const COMING_BACK: Duration = Duration::from_secs(3);
/// How long a card may take to show its ATR, or to vanish after its ATR has.
const SETTLING: Duration = Duration::from_secs(1);
/// How long another program may have a card to itself before it is told: programs that only look, our
/// workers among them, do so for moments.
const IN_USE: Duration = Duration::from_secs(2);

/// Something that happened at the readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderEvent {
    /// The service for card readers does not answer.
    ServiceGone,
    /// It answers again, and shows what it showed before or has had its time to do so.
    ServiceBack,
    /// A reader was connected.
    ReaderAppeared(String),
    /// A reader was unplugged.
    ReaderGone(String),
    /// A card came.
    CardInserted {
        /// The reader.
        reader: String,
        /// Its ATR; `None` when it gave none or was gone again before it could be read.
        atr: Option<Atr>,
    },
    /// The card went.
    CardRemoved {
        /// The reader.
        reader: String,
    },
    /// The card that is there cannot be used.
    CardUnusable {
        /// The reader.
        reader: String,
        /// Why.
        why: CardTrouble,
    },
    /// It can be used again.
    CardUsable {
        /// The reader.
        reader: String,
    },
}

/// Why a card cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardTrouble {
    /// It does not answer when it is powered: put in the wrong way, dirty or broken.
    Mute,
    /// Another program has it to itself.
    InUse,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The service does not answer.
    NoService,
    /// Every reader by name.
    Readers(BTreeMap<String, Sight>),
}

/// What one reader shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// How often a card came or went, modulo 2^16.
    pub(super) counter: u16,
    /// What is in it.
    pub(super) face: Face,
}

/// What is in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// Nothing.
    Empty,
    /// The reader itself is in trouble and does not say.
    Unclear,
    /// A card.
    Card {
        /// Its ATR, once it is powered.
        atr: Option<Atr>,
        /// Whether it did not answer.
        mute: bool,
        /// Whether a program has it to itself.
        in_use: bool,
    },
}

/// Who was where at the last look.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    serving: bool,
    /// Until when a service that answers again is waited for.
    coming_back: Option<Duration>,
    readers: BTreeMap<String, Reader>,
}

#[derive(Clone, Debug, Default)]
struct Reader {
    counter: u16,
    /// Since when one move more is told than the counter says.
    ahead: Option<Duration>,
    card: Option<Card>,
    /// Since when a card is there that has no ATR.
    unsettled: Option<Duration>,
    /// Not seen since the service went.
    stale: bool,
}

#[derive(Clone, Debug)]
struct Card {
    atr: Option<Atr>,
    in_use: Option<Duration>,
    told: Option<CardTrouble>,
}

impl Ledger {
    /// Before the first look, which tells everything that is there as if it came just then.
    pub(super) const fn new() -> Self {
        Self {
            serving: true,
            coming_back: None,
            readers: BTreeMap::new(),
        }
    }

    /// Takes a look at `now` and tells what happened since the one before.
    pub(super) fn take(&mut self, look: Look, now: Duration) -> Vec<ReaderEvent> {
        let mut events = Vec::new();
        let sights = match look {
            Look::Readers(sights) => sights,
            Look::NoService => {
                if self.serving {
                    events.push(ReaderEvent::ServiceGone);
                }
                self.serving = false;
                self.coming_back = None;
                for reader in self.readers.values_mut() {
                    reader.stale = true;
                    reader.unsettled = None;
                }
                return events;
            }
        };
        if !self.serving {
            let until = *self.coming_back.get_or_insert(now + COMING_BACK);
            if now < until && !self.all_are_back(&sights) {
                return events;
            }
            self.serving = true;
            self.coming_back = None;
            events.push(ReaderEvent::ServiceBack);
        }
        self.readers.retain(|name, reader| {
            let stays = sights.contains_key(name);
            if !stays {
                if reader.card.is_some() {
                    events.push(removed(name));
                }
                events.push(ReaderEvent::ReaderGone(name.clone()));
            }
            stays
        });
        for (name, sight) in sights {
            if !self.readers.contains_key(&name) {
                events.push(ReaderEvent::ReaderAppeared(name.clone()));
                let first = Reader {
                    // What was before it appeared is not asked.
                    counter: sight.counter,
                    ..Reader::default()
                };
                self.readers.insert(name.clone(), first);
            }
            if let Some(reader) = self.readers.get_mut(&name) {
                reader.see(&name, sight, now, &mut events);
            }
        }
        events
    }

    /// When after `now` to look again although nothing stirs.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        if !self.serving {
            return self.coming_back;
        }
        let readers = self.readers.values();
        let each = readers.flat_map(|reader| {
            let in_use = reader.card.as_ref().and_then(|card| {
                let waits = card.told != Some(CardTrouble::InUse);
                card.in_use
                    .filter(|_since| waits)
                    .map(|since| since + IN_USE)
            });
            let unsettled = reader.unsettled.map(|since| since + SETTLING);
            [in_use, unsettled]
        });
        each.flatten().filter(|due| *due > now).min()
    }

    /// Whether every reader and card is seen that was there before the service went.
    fn all_are_back(&self, sights: &BTreeMap<String, Sight>) -> bool {
        self.readers.iter().all(|(name, reader)| {
            let face = sights.get(name).map(|sight| &sight.face);
            match face {
                None | Some(Face::Unclear) => false,
                Some(Face::Empty) => reader.card.is_none(),
                Some(Face::Card { atr, mute, .. }) => *mute || atr.is_some(),
            }
        })
    }
}

impl Reader {
    fn see(&mut self, name: &str, sight: Sight, now: Duration, events: &mut Vec<ReaderEvent>) {
        let Sight { counter, face } = sight;
        let (atr, mute, in_use) = match face {
            Face::Unclear => return,
            Face::Empty => {
                self.unsettled = None;
                self.history(name, false, None, counter, now, events);
                self.card = None;
                return;
            }
            Face::Card { atr, mute, in_use } => (atr, mute, in_use),
        };
        let mut mute = mute;
        if atr.is_none() && !mute {
            let since = *self.unsettled.get_or_insert(now);
            if now < since + SETTLING {
                return;
            }
            mute = true;
        } else {
            self.unsettled = None;
        }
        self.history(name, true, atr.as_ref(), counter, now, events);
        let card = self.card.get_or_insert(Card {
            atr: None,
            in_use: None,
            told: None,
        });
        card.atr = atr;
        card.in_use = in_use.then(|| card.in_use.unwrap_or(now));
        let long = card.in_use.is_some_and(|since| now >= since + IN_USE);
        let trouble = match (mute, in_use) {
            (true, _) => Some(CardTrouble::Mute),
            (false, true) if long => Some(CardTrouble::InUse),
            // Taken for a moment: not told yet, and no news while it was told before.
            (false, true) => card.told,
            (false, false) => None,
        };
        if trouble != card.told {
            let reader = name.to_owned();
            events.push(match trouble {
                Some(why) => ReaderEvent::CardUnusable { reader, why },
                None => ReaderEvent::CardUsable { reader },
            });
            card.told = trouble;
        }
    }

    /// Tells what came and went since the look before, so that it ends in what is seen; forgets the
    /// card that went.
    fn history(
        &mut self,
        name: &str,
        present: bool,
        atr: Option<&Atr>,
        counter: u16,
        now: Duration,
        events: &mut Vec<ReaderEvent>,
    ) {
        let here = self.card.is_some();
        let known = self.card.as_ref().and_then(|card| card.atr.as_ref());
        let other = known.is_some() && atr.is_some() && known != atr;
        let moves = if self.stale {
            // A service that was started anew counts anew.
            self.counter = counter;
            self.ahead = None;
            u32::from(here != present)
        } else {
            self.moves(here != present, counter, now)
        };
        let moves = if moves == 0 && other { 2 } else { moves };
        let mut card_here = here;
        for left in (0..moves).rev() {
            card_here = !card_here;
            events.push(if card_here {
                let atr = atr.filter(|_atr| left == 0).cloned();
                let reader = name.to_owned();
                ReaderEvent::CardInserted { reader, atr }
            } else {
                removed(name)
            });
        }
        if moves > 0 {
            self.card = None;
        }
        self.stale = false;
    }

    /// How often a card came or went since the look before: odd exactly when one of the two looks has a
    /// card (`differs`).
    ///
    /// pcsc-lite shows a card a moment before it counts it, so of the numbers with the right parity it is
    /// the smallest that is not below the count; what is told ahead of the count is taken off the next.
    fn moves(&mut self, differs: bool, counter: u16, now: Duration) -> u32 {
        let late = self.ahead.is_some_and(|since| now >= since + SETTLING);
        if late && counter == self.counter {
            // It was no delay: the reader had trouble of its own.
            self.ahead = None;
        }
        let told = self.counter.wrapping_add(u16::from(self.ahead.is_some()));
        let counted = counter.wrapping_sub(told).cast_signed();
        let (told, counted) = match (counted, self.card.is_some()) {
            (0.., _) => (told, counted.unsigned_abs()),
            (-1, _) => (told, 0),
            // It counts from zero: the reader was unplugged, and a card with it.
            (_, had_card) => (
                0_u16.wrapping_sub(u16::from(had_card)),
                counter.min(u16::MAX / 2) + u16::from(had_card),
            ),
        };
        let moves = counted + u16::from((counted % 2 == 1) != differs);
        let ahead = told.wrapping_add(moves) == counter.wrapping_add(1);
        self.ahead = ahead.then(|| self.ahead.unwrap_or(now));
        self.counter = counter;
        u32::from(moves)
    }
}

fn removed(name: &str) -> ReaderEvent {
    ReaderEvent::CardRemoved {
        reader: name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
