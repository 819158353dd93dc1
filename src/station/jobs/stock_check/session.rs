//! One sitting at an open check: reads whatever is plugged in, each ukey once and side by side, and takes
//! serial numbers from a scanner. What it tells is on record before. Never logs in, never changes a ukey.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::keep::{Checked, Seen, What, keep_all, scanned};
use super::open;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::officer::Duty;
use crate::domain::stock_check::CheckState;
use crate::domain::token_profile::Parallel;
use crate::domain::ukey::{Serial, UkeyIdentity, UkeyReading};
use crate::station::clock::Stopwatch;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, bench};
use crate::store::UkeyRow;
use crate::token::lister::{Lister, Place};
use crate::token::virtual_ukey::{self, Insertion};

/// Most ukeys that are read side by side: a hub's.
const LANES: usize = 16;
/// Milliseconds between two looks at the readers: a look opens every one.
const READERS_EVERY_MS: f64 = 1000.0;
/// Serial numbers that are kept in one transaction.
const SCANS_TOGETHER: usize = 500;

/// Where ukeys show.
#[derive(Clone, Debug)]
enum Spot {
    /// The folder of a virtual ukey.
    Folder(PathBuf),
    /// A module that drives readers.
    Module,
}

/// What a worker answered.
#[derive(Debug)]
struct Answered {
    spot: Spot,
    profile: String,
    readings: Result<Vec<UkeyReading>, Fault>,
    ms: f64,
    module_ms: f64,
}

/// A ukey as one module shows it.
struct Shown {
    reading: UkeyReading,
    profile: String,
    twice: bool,
    times: (f64, f64),
}

/// One sitting.
#[derive(Debug)]
pub struct Session {
    check: String,
    /// Folders of virtual ukeys that are plugged in and were read, and who answered there.
    there: BTreeMap<PathBuf, Vec<UkeyIdentity>>,
    /// The time at which each that is in was plugged in, as of the last look.
    came: BTreeMap<PathBuf, Insertion>,
    waiting: VecDeque<Place>,
    at_work: BTreeMap<PathBuf, String>,
    in_readers: BTreeSet<UkeyIdentity>,
    /// The modules that drive readers, each in a thread of its own that waits to be asked.
    modules: Option<Vec<SyncSender<()>>>,
    modules_at_work: usize,
    modules_said: Vec<Answered>,
    readers_looked: Option<Stopwatch>,
    /// Profiles whose modules failed at the last look.
    troubles: BTreeSet<String>,
    troubles_untold: Vec<Error>,
    send: SyncSender<Answered>,
    receive: Receiver<Answered>,
    answers: Vec<Answered>,
}

impl Session {
    /// Sits down at the open check. Whatever is plugged in counts as newly come.
    ///
    /// # Errors
    /// `wrong-duty`, `stock-check-none`, `stock-check-paused`.
    pub fn begin(desk: &Desk, officer: &ActingOfficer) -> Result<Self, Error> {
        officer.demand(Duty::ManageStock)?;
        let row = open(desk)?;
        if row.state != CheckState::Open {
            return Err(Error::refused("stock-check-paused", row.number));
        }
        let (send, receive) = sync_channel(LANES);
        Ok(Self {
            check: row.id,
            there: BTreeMap::new(),
            came: BTreeMap::new(),
            waiting: VecDeque::new(),
            at_work: BTreeMap::new(),
            in_readers: BTreeSet::new(),
            modules: None,
            modules_at_work: 0,
            modules_said: Vec::new(),
            readers_looked: None,
            troubles: BTreeSet::new(),
            troubles_untold: Vec::new(),
            send,
            receive,
            answers: Vec::new(),
        })
    }

    /// Notices who came and who went, begins to read who came, and keeps and reports every answer that
    /// is there. Does not wait for any.
    ///
    /// # Errors
    /// `wrong-duty`, when the home cannot be read, or what the store says.
    pub fn look(
        &mut self,
        desk: &Desk,
        officer: &ActingOfficer,
        report: &mut dyn FnMut(Checked),
    ) -> Result<(), Error> {
        officer.demand(Duty::ManageStock)?;
        self.notice(desk)?;
        self.read(desk)?;
        self.answers.extend(self.receive.try_iter());
        if self.answers.is_empty() {
            return Ok(());
        }
        let seen = self.take(desk)?;
        for checked in keep_all(desk, &self.check, &seen)? {
            report(checked);
        }
        self.read(desk)
    }

    /// Modules that drive readers and fail since the last look: nobody there can be counted.
    pub fn take_troubles(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.troubles_untold)
    }

    /// Whether an answer is still to come.
    pub fn is_reading(&self) -> bool {
        !(self.at_work.is_empty() && self.waiting.is_empty() && self.answers.is_empty())
            || self.modules_at_work > 0
    }

    /// Waits for an answer, at most so long.
    pub fn wait(&mut self, limit: Duration) {
        if let Ok(answer) = self.receive.recv_timeout(limit) {
            self.answers.push(answer);
        }
    }

    /// Takes serial numbers that were typed or scanned, in their order; each is answered.
    ///
    /// # Errors
    /// `wrong-duty`, or what the store says. A text that is no serial number (`stock-check-serial`) is
    /// an answer.
    pub fn scan(
        &mut self,
        desk: &Desk,
        officer: &ActingOfficer,
        texts: &[String],
        report: &mut dyn FnMut(Result<Checked, Error>),
    ) -> Result<(), Error> {
        officer.demand(Duty::ManageStock)?;
        for texts in texts.chunks(SCANS_TOGETHER) {
            let parsed: Vec<Result<Serial, Error>> =
                texts.iter().map(|text| scanned(desk, text)).collect();
            let good = parsed.iter().filter_map(|serial| serial.as_ref().ok());
            let seen = good.map(|serial| Seen::scanned(serial.clone()));
            let seen: Vec<_> = seen.collect();
            let mut checked = keep_all(desk, &self.check, &seen)?.into_iter();
            for serial in parsed {
                match serial {
                    Err(error) => report(Err(error)),
                    Ok(_serial) => checked.next().into_iter().for_each(|one| report(Ok(one))),
                }
            }
        }
        Ok(())
    }

    /// Who came waits to be read; who went is forgotten.
    fn notice(&mut self, desk: &Desk) -> Result<(), Error> {
        let inserted = virtual_ukey::inserted(&desk.home().ukeys())?.into_iter();
        let inserted: BTreeMap<PathBuf, (Serial, Insertion)> = inserted
            .map(|(serial, folder, insertion)| (folder, (serial, insertion)))
            .collect();
        // One that was out and in again between two looks has come anew.
        let came = std::mem::take(&mut self.came);
        let same = |folder: &PathBuf| {
            let now = inserted.get(folder).map(|(_serial, insertion)| insertion);
            now.is_some() && now == came.get(folder)
        };
        self.there.retain(|folder, _| same(folder));
        self.at_work
            .retain(|folder, _| inserted.contains_key(folder));
        self.waiting.retain(|place| {
            let folder = place.folder.as_ref();
            folder.is_some_and(|folder| inserted.contains_key(folder))
        });
        for (folder, (serial, insertion)) in inserted {
            self.came.insert(folder.clone(), insertion);
            let waits = |place: &Place| place.folder.as_deref() == Some(&folder);
            let is_known = self.there.contains_key(&folder)
                || self.at_work.contains_key(&folder)
                || self.waiting.iter().any(waits);
            if !is_known {
                let place = bench::virtual_place(desk, &serial, folder)?;
                self.waiting.push_back(place);
            }
        }
        Ok(())
    }

    /// Begins to read as many as may be read side by side.
    fn read(&mut self, desk: &Desk) -> Result<(), Error> {
        while self.at_work.len() < LANES {
            let at_work = &self.at_work;
            let free = |place: &Place| {
                let profile = desk.profiles().get(&place.profile);
                profile.is_some_and(|profile| profile.parallel == Parallel::PerUkey)
                    || !at_work.values().any(|other| *other == place.profile)
            };
            let Some(place) = self.waiting.iter().position(free) else {
                break;
            };
            let Some(place) = self.waiting.remove(place) else {
                break;
            };
            if let Some(folder) = place.folder.clone() {
                let profile = place.profile.clone();
                self.at_work.insert(folder.clone(), profile);
                read_once(Lister::new(place), folder, self.send.clone())?;
            }
        }
        let due = |watch: Stopwatch| watch.ms() >= READERS_EVERY_MS;
        if !desk.is_practice() && self.modules_at_work == 0 && self.readers_looked.is_none_or(due) {
            self.ask_modules(desk)?;
        }
        Ok(())
    }

    /// Asks every module that drives readers what it shows.
    fn ask_modules(&mut self, desk: &Desk) -> Result<(), Error> {
        let modules = if let Some(modules) = self.modules.take() {
            modules
        } else {
            let places = bench::module_places(desk, |_profile| true).into_iter();
            let start = |place| read_when_asked(Lister::new(place), self.send.clone());
            places.map(start).collect::<Result<_, _>>()?
        };
        let asked = modules.iter().filter(|module| module.try_send(()).is_ok());
        self.modules_at_work = asked.count();
        self.readers_looked = Some(Stopwatch::start());
        self.modules = Some(modules);
        Ok(())
    }

    /// Has the readers looked at without delay: somebody knows that a ukey came.
    pub fn readers_changed(&mut self) {
        self.readers_looked = None;
    }

    /// What the answers show: only of those that are still plugged in, and of readers only who came.
    fn take(&mut self, desk: &Desk) -> Result<Vec<Seen>, Error> {
        let mut seen = Vec::new();
        let mut in_folders = Vec::new();
        for answer in std::mem::take(&mut self.answers) {
            let Spot::Folder(folder) = &answer.spot else {
                self.modules_at_work = self.modules_at_work.saturating_sub(1);
                self.modules_said.push(answer);
                continue;
            };
            let folder = folder.clone();
            if self.at_work.remove(&folder).is_none() || !virtual_ukey::is_inserted(&folder) {
                continue;
            }
            let fault = match &answer.readings {
                Err(fault) if fault.kind == FaultKind::Removed => continue,
                Err(fault) => Some(fault.kind.word()),
                Ok(readings) if readings.is_empty() => Some(FaultKind::Unreadable.word()),
                Ok(_) => None,
            };
            let readings = answer.readings.unwrap_or_default();
            let identities = readings.iter().map(|reading| reading.identity.clone());
            self.there.insert(folder.clone(), identities.collect());
            let times = (answer.ms, answer.module_ms);
            match (fault, named(&folder)) {
                (Some(fault), Some(serial)) => {
                    seen.push(Seen::answered(What::Unreadable(serial), times, Some(fault)));
                }
                (Some(_), None) => {}
                (None, _) => in_folders.push((readings, answer.profile, times)),
            }
        }
        let shown: Vec<&UkeyIdentity> = self.there.values().flatten().collect();
        for (readings, profile, times) in in_folders {
            for reading in readings {
                let same = shown.iter().filter(|other| ***other == reading.identity);
                let twice = same.count() > 1;
                let profile = profile.clone();
                let what = What::Read {
                    reading,
                    profile,
                    twice,
                };
                seen.push(Seen::answered(what, times, None));
            }
        }
        if self.modules_at_work == 0 && !self.modules_said.is_empty() {
            self.readers_looked = Some(Stopwatch::start());
            self.take_readers(desk, &mut seen)?;
        }
        Ok(seen)
    }

    /// What a whole look at the readers shows of those who came. Several middlewares may show one ukey:
    /// the profile of its record is believed, else one that is for its model.
    fn take_readers(&mut self, desk: &Desk, seen: &mut Vec<Seen>) -> Result<(), Error> {
        let shown = self.shown_in_readers();
        let now: BTreeSet<_> = shown.keys().cloned().collect();
        for (identity, mut shown) in shown {
            if self.in_readers.contains(&identity) {
                continue;
            }
            let record = desk.store().read().ukey_reported(&identity.serial)?;
            shown.sort_by_key(|one| {
                let of_record = |row: &UkeyRow| row.profile == one.profile;
                let selects = desk.profiles().get(&one.profile);
                let selects = selects.is_some_and(|profile| profile.selects(&identity));
                (!record.as_ref().is_some_and(of_record), !selects)
            });
            if let Some(one) = shown.into_iter().next() {
                let what = What::Read {
                    reading: one.reading,
                    profile: one.profile,
                    twice: one.twice,
                };
                seen.push(Seen::answered(what, one.times, None));
            }
        }
        self.in_readers = now;
        Ok(())
    }

    /// Everything that the modules show, by identity; modules that fail are noted.
    fn shown_in_readers(&mut self) -> BTreeMap<UkeyIdentity, Vec<Shown>> {
        let mut shown: BTreeMap<UkeyIdentity, Vec<Shown>> = BTreeMap::new();
        for answer in std::mem::take(&mut self.modules_said) {
            let readings = match answer.readings {
                Ok(readings) => {
                    self.troubles.remove(&answer.profile);
                    readings
                }
                Err(fault) => {
                    // A module that fails is no ukey: told once, until it answers.
                    if self.troubles.insert(answer.profile) {
                        self.troubles_untold.push(fault.into());
                    }
                    continue;
                }
            };
            let identities: Vec<_> = readings.iter().map(|one| one.identity.clone()).collect();
            for reading in readings {
                let same = identities
                    .iter()
                    .filter(|other| **other == reading.identity);
                let twice = same.count() > 1;
                let one = Shown {
                    profile: answer.profile.clone(),
                    twice,
                    times: (answer.ms, answer.module_ms),
                    reading,
                };
                shown
                    .entry(one.reading.identity.clone())
                    .or_default()
                    .push(one);
            }
        }
        shown
    }
}

/// The serial number that names a virtual ukey's folder: what is printed on another's case.
fn named(folder: &Path) -> Option<Serial> {
    let name = folder.file_name()?.to_str()?;
    Serial::parse(name).ok()
}

/// Reads the ukey in a folder in a thread of its own: one that hangs holds nobody up.
fn read_once(mut lister: Lister, folder: PathBuf, send: SyncSender<Answered>) -> Result<(), Error> {
    let work = move || {
        let answered = answer(&mut lister, Spot::Folder(folder));
        send.send(answered).ok(); // The sitting may be over; the worker ends after that.
    };
    started(
        thread::Builder::new()
            .name("stock check".to_owned())
            .spawn(work),
    )
}

/// Keeps a module loaded and reads its ukeys whenever it is asked, until the sitting is over.
fn read_when_asked(
    mut lister: Lister,
    send: SyncSender<Answered>,
) -> Result<SyncSender<()>, Error> {
    let (ask, asked) = sync_channel(1);
    let work = move || {
        while let Ok(()) = asked.recv() {
            if send.send(answer(&mut lister, Spot::Module)).is_err() {
                break;
            }
        }
    };
    started(
        thread::Builder::new()
            .name("readers".to_owned())
            .spawn(work),
    )?;
    Ok(ask)
}

fn answer(lister: &mut Lister, spot: Spot) -> Answered {
    let watch = Stopwatch::start();
    let (readings, module) = lister.look();
    Answered {
        spot,
        profile: lister.profile().to_owned(),
        readings,
        ms: watch.ms(),
        module_ms: (module.as_secs_f64() * 1_000_000.0).round() / 1000.0,
    }
}

fn started(thread: std::io::Result<thread::JoinHandle<()>>) -> Result<(), Error> {
    match thread {
        Ok(_runs_on) => Ok(()),
        Err(error) => Err(Error::failed("file", error.to_string()).because(error)),
    }
}
