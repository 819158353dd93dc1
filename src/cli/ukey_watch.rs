//! `ukey inserted --watch`: who comes and who goes, and what the readers have to say.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::{Value, json};

use super::commands::Cli;
use super::objects::Names;
use super::output::Output;
use crate::domain::atr::Atr;
use crate::domain::ukey::Serial;
use crate::station::jobs::ukeys::{
    CardInReader, CardTrouble, Change, ReaderEvent, Watch, candidates,
};
use crate::station::{ActingOfficer, Desk, Error};

/// How often it is asked who is plugged in where no reader tells.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The code of a card that no module shows.
const NOT_RECOGNISED: &str = "ukey-not-recognised";

impl Cli<'_> {
    /// Tells who comes and goes, until it is interrupted or nobody reads any more.
    pub(super) fn ukey_watch(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let mut watch = Watch::start(&desk, &officer)?;
        let count = [("count", watch.count().to_string())];
        self.output
            .say(&self.output.wording().with("watching", count));
        loop {
            for change in watch.look(&desk, &officer)? {
                self.tell(&desk, &officer, &change)?;
            }
            let wait = if watch.is_stirred() {
                Duration::ZERO
            } else {
                LOOK_EVERY
            };
            if !reader_stays(&watch, wait) {
                return Ok(0);
            }
        }
    }

    fn tell(&self, desk: &Desk, officer: &ActingOfficer, change: &Change) -> Result<(), Error> {
        let names = Names::read(desk, officer)?;
        match change {
            Change::Inserted(ukey) => self.tell_ukey("inserted", change, names.inserted(ukey)),
            Change::Unreadable(serial, record) => {
                self.tell_ukey("inserted", change, names.bare(serial, record.as_ref()));
            }
            Change::Removed(serial, record) => {
                self.tell_ukey("removed", change, names.bare(serial, record.as_ref()));
            }
            Change::AtReader(event) => self.tell_reader(desk, event),
            Change::NotRecognised(card) => self.tell_stranger(desk, card, "inserted"),
            Change::StrangerGone(card) => self.tell_stranger(desk, card, "removed"),
        }
        Ok(())
    }

    fn tell_ukey(&self, event: &str, change: &Change, mut value: Value) {
        if let Some(object) = value.as_object_mut() {
            object.insert("event".to_owned(), json!(event));
            object.insert("inserted".to_owned(), json!(event == "inserted"));
        }
        let words = self.output.wording();
        let serial = change.serial().map(Serial::as_str).unwrap_or_default();
        let state = change.record().map(|row| match &row.officer {
            Some(_) => words.text("state-of-officer"),
            None => words.ukey_state(row.state),
        });
        let args = [
            ("serial", serial.to_owned()),
            ("state", state.unwrap_or_else(|| words.text("not-in-stock"))),
        ];
        let sentence = words.with(&format!("watch-{event}"), args);
        self.line(&value, Some(&sentence));
    }

    /// What happens at a reader. For people a card that comes or goes is told as the ukey it is, or as
    /// a stranger.
    fn tell_reader(&self, desk: &Desk, event: &ReaderEvent) {
        let atr_of = |atr: &Option<Atr>| atr.as_ref().map(Atr::to_string);
        let value = match event {
            ReaderEvent::ServiceGone => json!({ "event": "service-gone" }),
            ReaderEvent::ServiceBack => json!({ "event": "service-back" }),
            ReaderEvent::ReaderAppeared(reader) => {
                json!({ "event": "reader-appeared", "reader": reader })
            }
            ReaderEvent::ReaderGone(reader) => json!({ "event": "reader-gone", "reader": reader }),
            ReaderEvent::CardInserted { reader, atr } => json!({
                "event": "card-inserted",
                "reader": reader,
                "atr": atr_of(atr),
                "candidates": likely(desk, atr.as_ref()),
            }),
            ReaderEvent::CardRemoved { reader } => {
                json!({ "event": "card-removed", "reader": reader })
            }
            ReaderEvent::CardUnusable { reader, why } => {
                let code = match why {
                    CardTrouble::Mute => "card-mute",
                    CardTrouble::InUse => "card-in-use",
                };
                json!({ "event": "card-unusable", "reader": reader, "code": code })
            }
            ReaderEvent::CardUsable { reader } => {
                json!({ "event": "card-usable", "reader": reader })
            }
        };
        let told_otherwise = matches!(
            event,
            ReaderEvent::CardInserted { .. } | ReaderEvent::CardRemoved { .. }
        );
        let word = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
        let sentence = match word("code") {
            "" => format!("watch-{}", word("event")),
            code => format!("watch-{code}"),
        };
        let args = [("reader", word("reader").to_owned())];
        let sentence = (!told_otherwise).then(|| self.output.wording().with(&sentence, args));
        self.line(&value, sentence.as_deref());
    }

    /// A card that no module shows.
    fn tell_stranger(&self, desk: &Desk, card: &CardInReader, event: &str) {
        let CardInReader { reader, atr } = card;
        let likely = likely(desk, atr.as_ref());
        let value = json!({
            "event": event,
            "inserted": event == "inserted",
            "reader": reader,
            "atr": atr.as_ref().map(Atr::to_string),
            "candidates": likely,
            "code": NOT_RECOGNISED,
        });
        let words = self.output.wording();
        let sentence = if event == "inserted" {
            let (headline, hints) = words.error(NOT_RECOGNISED, reader);
            let likely = (!likely.is_empty())
                .then(|| words.with("watch-candidates", [("profiles", likely.join(", "))]));
            let lines = [vec![headline], likely.into_iter().collect(), hints].concat();
            lines.join("\n")
        } else {
            words.with("watch-stranger-gone", [("reader", reader.clone())])
        };
        self.line(&value, Some(&sentence));
    }

    fn line(&self, value: &Value, sentence: Option<&str>) {
        if self.output.is_json() {
            Output::line(value);
        } else if let Some(sentence) = sentence {
            Output::bytes(format!("{sentence}\n").as_bytes());
        }
    }
}

/// Names of the profiles that a card may belong to, best first.
fn likely(desk: &Desk, atr: Option<&Atr>) -> Vec<String> {
    atr.map(|atr| candidates(desk, atr)).unwrap_or_default()
}

/// Waits until a card reader has news, or so long; `false` as soon as nobody
/// reads stdout any more.
fn reader_stays(watch: &Watch, time: Duration) -> bool {
    let stdout = io::stdout();
    // Asks for nothing: a closed reader is told unasked.
    let mut watched = vec![PollFd::new(&stdout, PollFlags::empty())];
    let bell = watch.bell();
    watched.extend(bell.as_ref().map(|bell| PollFd::new(bell, PollFlags::IN)));
    let limit = Timespec::try_from(time).ok();
    match rustix::event::poll(&mut watched, limit.as_ref()) {
        Ok(_ready) => watched.first().is_some_and(|one| one.revents().is_empty()),
        Err(rustix::io::Errno::INTR) => true,
        Err(_) => false,
    }
}
