//! Which card in a reader is which ukey: what the readers say beside what the modules show. Neither
//! names the other, so a card is given the ukey that came with it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::atr::Atr;
use crate::domain::ukey::Serial;
use crate::token::reader::{CardTrouble, ReaderEvent};

/// The cards in the readers.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    by_reader: BTreeMap<String, Card>,
}

/// A card in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardInReader {
    /// The reader.
    pub reader: String,
    /// The ATR, if it gave one.
    pub atr: Option<Atr>,
}

#[derive(Clone, Debug)]
struct Card {
    atr: Option<Atr>,
    standing: Standing,
    /// The ukey that the card before it in this reader was.
    before: Option<Serial>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// To be judged by what the modules show at the next look.
    New,
    /// A module shows it.
    Ukey(Serial),
    /// None does.
    Stranger,
    /// It gives no answer, so no module can show it.
    Mute,
    /// It is not there.
    Gone,
}

/// What a look has told about a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It went and came back between two looks at the modules.
    Returned(Serial),
    /// No module shows it.
    Stranger(CardInReader),
}

impl Cards {
    /// Takes an event; gives the card that went, if no module had shown it.
    pub(super) fn take(&mut self, event: &ReaderEvent) -> Option<CardInReader> {
        match event {
            ReaderEvent::CardInserted { reader, atr } => {
                let before = self.by_reader.remove(reader);
                let before = before.and_then(|card| card.ukey().cloned().or(card.before));
                let card = Card {
                    atr: atr.clone(),
                    standing: Standing::New,
                    before,
                };
                self.by_reader.insert(reader.clone(), card);
                None
            }
            ReaderEvent::CardRemoved { reader } => {
                let card = self.by_reader.get_mut(reader)?;
                let atr = card.atr.clone();
                let reader = reader.clone();
                if let Some(serial) = card.ukey() {
                    card.before = Some(serial.clone());
                }
                let was = std::mem::replace(&mut card.standing, Standing::Gone);
                (was == Standing::Stranger).then_some(CardInReader { reader, atr })
            }
            ReaderEvent::CardUnusable { reader, why } => {
                let card = self.by_reader.get_mut(reader)?;
                if *why == CardTrouble::Mute {
                    card.standing = Standing::Mute;
                }
                None
            }
            ReaderEvent::CardUsable { reader } => {
                let card = self.by_reader.get_mut(reader)?;
                if card.standing == Standing::Mute {
                    card.standing = Standing::New;
                }
                None
            }
            ReaderEvent::ReaderGone(reader) => {
                self.by_reader.remove(reader);
                None
            }
            ReaderEvent::ServiceGone
            | ReaderEvent::ServiceBack
            | ReaderEvent::ReaderAppeared(_) => None,
        }
    }

    /// Judges the new cards, and the strangers again, by the ukeys that came with this look (serial
    /// and profile) and those that stayed. `leaving`: what has happened since the look began.
    pub(super) fn judge(
        &mut self,
        came: &[(Serial, String)],
        stayed: &BTreeSet<Serial>,
        leaving: &[ReaderEvent],
        candidates: impl Fn(&Atr) -> Vec<String>,
    ) -> Vec<Verdict> {
        let known = self.by_reader.values().filter_map(Card::ukey);
        let mut taken: BTreeSet<Serial> = known.cloned().collect();
        let mut verdicts = Vec::new();
        // A ukey of a profile that the ATR points to first, then any.
        for by_atr in [true, false] {
            for card in self.by_reader.values_mut() {
                if !matches!(card.standing, Standing::New | Standing::Stranger) {
                    continue;
                }
                let likely = card.atr.as_ref().map(&candidates).unwrap_or_default();
                let mut free = came.iter().filter(|(serial, profile)| {
                    !taken.contains(serial) && (!by_atr || likely.contains(profile))
                });
                if let Some((serial, _profile)) = free.next() {
                    taken.insert(serial.clone());
                    card.standing = Standing::Ukey(serial.clone());
                }
            }
        }
        // One that left a reader since the look before, and is shown as if it had not, is back: in the
        // same reader or in another.
        let mut back: Vec<(String, Serial)> = Vec::new();
        for (reader, card) in &mut self.by_reader {
            let left = card.before.take();
            let left = left.filter(|serial| stayed.contains(serial) && !taken.contains(serial));
            back.extend(left.map(|serial| (reader.clone(), serial)));
        }
        for (reader, card) in &mut self.by_reader {
            if card.standing != Standing::New {
                continue;
            }
            let same = back.iter().position(|(from, _serial)| from == reader);
            if !back.is_empty() {
                let (_from, serial) = back.remove(same.unwrap_or(0));
                card.standing = Standing::Ukey(serial.clone());
                verdicts.push(Verdict::Returned(serial));
                continue;
            }
            let gone_again = leaving.iter().any(|event| {
                matches!(event, ReaderEvent::CardRemoved { reader: left } if left == reader)
            });
            if !gone_again {
                card.standing = Standing::Stranger;
                verdicts.push(Verdict::Stranger(CardInReader {
                    reader: reader.clone(),
                    atr: card.atr.clone(),
                }));
            }
        }
        verdicts
    }
}

impl Card {
    /// Which ukey it is.
    const fn ukey(&self) -> Option<&Serial> {
        match &self.standing {
            Standing::Ukey(serial) => Some(serial),
            Standing::New | Standing::Stranger | Standing::Mute | Standing::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests;
