//! What the desk's thread does for the stock check: one sitting that reads and takes scans while its page
//! is seen.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::{AtWork, Command, Inbox, LOOK_EVERY};
use crate::station::Error;
use crate::station::clock::Stopwatch;
use crate::station::jobs::stock;
use crate::station::jobs::stock_check::{self, Checked, Session};
use crate::station::jobs::ukeys::Watch;
use crate::ui::check_view::{CheckAct, CheckPicture, LastSeen};
use crate::ui::lock;
use crate::ui::sound::Tone;
use crate::ui::stock_view::StockDone;

/// How often ukeys are looked for, and how often while one is being read.
const SIT_EVERY: Duration = Duration::from_millis(20);
const ANSWERS_EVERY: Duration = Duration::from_millis(4);
/// The whole check is read again when that takes at most this part of the time.
const PART_OF_TIME: f64 = 8.0;

/// One sitting.
pub(super) struct Sitting {
    session: Session,
    last: Option<LastSeen>,
    no_serial: Option<(String, String)>,
    turn: u64,
    /// The picture is older than the check.
    behind: bool,
    drawn: Stopwatch,
    cost_ms: f64,
}

impl Sitting {
    fn see(&mut self, checked: Checked) {
        self.turn += 1;
        self.no_serial = None;
        self.behind = true;
        self.last = Some(LastSeen {
            item: checked.item,
            before: checked.before,
            turn: self.turn,
        });
    }
}

impl AtWork<'_> {
    /// Waits for the next command, or until a card reader stirs; ukeys that come to a sitting are read
    /// meanwhile, numbers that are scanned are taken.
    pub(super) fn next_command(
        &self,
        commands: &Inbox,
        sitting: Option<&mut Sitting>,
    ) -> Result<Command, RecvTimeoutError> {
        let mut plugged = self.plugged();
        let Some(sitting) = sitting else {
            let limit = if plugged.looks_soon {
                Duration::ZERO
            } else {
                LOOK_EVERY
            };
            return commands.next(limit, plugged.watch.as_ref().and_then(Watch::bell));
        };
        let begun = Stopwatch::start();
        let whole = LOOK_EVERY.as_secs_f64() * 1000.0;
        loop {
            // The sitting looks by itself too: the module that it keeps loaded may be slower than its reader.
            if plugged.watch.as_mut().is_some_and(Watch::listen) {
                sitting.session.readers_changed();
            }
            if let Err(error) = self.sit(sitting) {
                self.tell(Err(error));
                return commands.next(LOOK_EVERY, None);
            }
            let limit = if sitting.session.is_reading() {
                ANSWERS_EVERY
            } else {
                SIT_EVERY
            };
            match commands.next(limit, plugged.watch.as_ref().and_then(Watch::bell)) {
                Ok(Command::Check(CheckAct::Scan(texts))) => {
                    let scanned = self.scan(sitting, &texts);
                    self.tell(scanned);
                }
                Err(RecvTimeoutError::Timeout) if begun.ms() < whole => {}
                other => return other,
            }
        }
    }

    fn sit(&self, sitting: &mut Sitting) -> Result<(), Error> {
        let mut seen = Vec::new();
        let looked = sitting
            .session
            .look(&self.desk, &self.officer, &mut |checked| seen.push(checked));
        for checked in seen {
            self.ring(checked.item.verdict.into());
            sitting.see(checked);
        }
        looked?;
        let rested = sitting.drawn.ms() >= sitting.cost_ms * PART_OF_TIME;
        if sitting.behind && rested {
            self.check_picture(Some(sitting))?;
            (self.repaint)();
        }
        Ok(())
    }

    /// Until everything that is plugged in has answered: what the hub shows is in the check.
    fn read_all(&self, sitting: &mut Option<Sitting>) -> Result<(), Error> {
        let Some(sitting) = sitting else {
            return Ok(());
        };
        self.sit(sitting)?;
        while sitting.session.is_reading() {
            sitting.session.wait(SIT_EVERY);
            self.sit(sitting)?;
        }
        Ok(())
    }

    fn scan(&self, sitting: &mut Sitting, texts: &[String]) -> Result<(), Error> {
        let mut answers = Vec::new();
        let mut take = |answer| answers.push(answer);
        sitting
            .session
            .scan(&self.desk, &self.officer, texts, &mut take)?;
        for answer in answers {
            match answer {
                Ok(checked) => {
                    self.ring(checked.item.verdict.into());
                    sitting.see(checked);
                }
                Err(error) => {
                    self.ring(Tone::Stopped);
                    sitting.behind = true;
                    sitting.no_serial = Some((error.code.to_owned(), error.subject));
                }
            }
        }
        Ok(())
    }

    /// Puts the check into the view.
    pub(super) fn check_picture(&self, sitting: Option<&mut Sitting>) -> Result<(), Error> {
        let watch = Stopwatch::start();
        let mut picture = CheckPicture::default();
        match stock_check::view(&self.desk, &self.officer, None) {
            Err(error) if error.code == "stock-check-none" => {}
            Err(error) => return Err(error),
            Ok(view) => {
                picture.found = view.found();
                picture.expected = view.expected;
                let items = view.items.into_iter().rev();
                picture.differing = items.filter(|item| item.verdict.is_difference()).collect();
                picture.missing = view.missing;
                picture.row = Some(view.row);
            }
        }
        let known = lock(self.view).check.clone();
        picture.models = match known {
            Some(known) if sitting.is_some() => known.models.clone(),
            _ => self.models()?,
        };
        if let Some(sitting) = sitting {
            picture.sitting = true;
            picture.last.clone_from(&sitting.last);
            picture.no_serial.clone_from(&sitting.no_serial);
            sitting.behind = false;
            sitting.cost_ms = watch.ms();
            sitting.drawn = Stopwatch::start();
        }
        lock(self.view).check = Some(Arc::new(picture));
        Ok(())
    }

    fn models(&self) -> Result<Vec<String>, Error> {
        let levels = stock::level(&self.desk, &self.officer)?;
        Ok(levels.into_iter().map(|level| level.model).collect())
    }

    pub(super) fn check_act(
        &self,
        act: CheckAct,
        sitting: &mut Option<Sitting>,
    ) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).stock_done = None;
        match act {
            CheckAct::Start(model) => {
                stock_check::start(desk, officer, model.as_deref())?;
                *sitting = Some(self.sit_down()?);
            }
            CheckAct::Resume => {
                stock_check::resume(desk, officer)?;
                *sitting = Some(self.sit_down()?);
            }
            CheckAct::Pause => {
                self.read_all(sitting)?;
                stock_check::pause(desk, officer)?;
                *sitting = None;
            }
            // Scanned just as the sitting ended: it is said, and nothing is lost in silence.
            CheckAct::Scan(texts) => match sitting {
                Some(sitting) => self.scan(sitting, &texts)?,
                None => return Err(Error::refused("stock-check-paused", texts.join(" "))),
            },
            CheckAct::Sign => {
                self.read_all(sitting)?;
                let view = stock_check::sign(desk, officer)?;
                *sitting = None;
                let number = view.row.number.clone();
                let differences = view.differences().len();
                let paper = self.check_paper(&number);
                lock(self.view).stock_done = Some(StockDone::Checked {
                    number,
                    differences,
                    paper: paper.map_err(|error| (error.code.to_owned(), error.subject)),
                });
            }
            CheckAct::GiveUp => {
                stock_check::give_up(desk, officer)?;
                *sitting = None;
            }
            CheckAct::Print(number) => {
                let paper = self.check_paper(&number)?;
                lock(self.view).stock_done = Some(StockDone::Printed { number, paper });
            }
        }
        Ok(())
    }

    /// A check that nobody sits at is paused, so that it says so itself.
    pub(super) fn rise(&self, sitting: Option<&Sitting>) {
        if sitting.is_some()
            && let Err(error) = stock_check::pause(&self.desk, &self.officer)
        {
            tracing::warn!(code = error.code, "the stock check was not paused");
        }
    }

    fn sit_down(&self) -> Result<Sitting, Error> {
        Ok(Sitting {
            session: Session::begin(&self.desk, &self.officer)?,
            last: None,
            no_serial: None,
            turn: 0,
            behind: true,
            drawn: Stopwatch::start(),
            cost_ms: 0.0,
        })
    }

    fn check_paper(&self, number: &str) -> Result<PathBuf, Error> {
        let path = self.desk.home().out().join(format!("check-{number}.pdf"));
        stock_check::print(&self.desk, &self.officer, Some(number), &path)?;
        Ok(path)
    }
}
