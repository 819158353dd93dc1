//! The thread that owns the desk: opens it for who signs in, takes commands, does the jobs, keeps the
//! view up to date, and lets the desk go with all its keys.

mod audit;
mod beside;
mod certificates;
mod check;
mod first_run;
mod line;
mod loss;
mod make;
mod parting;
mod pins;
mod practice;
mod read;
mod recovery;
mod remote;
mod requests;
mod second;
mod settings;
mod stock;
mod today;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) use self::line::{Commands, Inbox, line};

use self::read::Plugged;
use self::stock::Stale;
use super::audit_view::AuditAct;
use super::certificates_view::CertificateAct;
use super::check_view::CheckAct;
use super::first_run_view::SetUp;
use super::loss_view::LossAct;
use super::make_view::{MakeOrder, RenewalOrder};
use super::recovery_view::Recovery;
use super::requests_view::RequestsAct;
use super::second_view::Confirmed;
use super::settings_view::SettingsAct;
use super::sound::Tone;
use super::stock_view::{Shown, StockAct};
use super::view::{DoorView, Left, Place};
use super::{Shared, lock};
use crate::domain::handwriting::Handwriting;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::ukey::Serial;
use crate::station::desk::{Access, OpenTerms};
use crate::station::door;
use crate::station::jobs::review::Review;
use crate::station::sign_in::{AskSecret, NobodyToAsk};
use crate::station::{ActingOfficer, Desk, Error, SecretText};
use crate::workflow::journal::Answer;

/// How often the desk looks for what nobody tells while nothing is asked of it: virtual ukeys, and modules
/// whose ukeys are no cards. A card reader tells by itself.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Sign this officer in, with the passphrase as typed; practice secrets know theirs.
    SignIn(OfficerName, Option<SecretText>),
    /// Make a home where there is none.
    SetUp(SetUp),
    /// Enrol a replacement officer with two shares of the recovery kit.
    Recover(Box<Recovery>),
    /// Let the desk go.
    Leave(Left),
    /// In practice: begin the course, or begin it again.
    BeginCourse,
    /// Make ukeys.
    Make(MakeOrder),
    /// Make no more with the next blank that is plugged in.
    EndOrder,
    /// Go on with unfinished runs, or with one and the answer to its question.
    Resume(Option<(Serial, Option<Answer>)>),
    /// Hand a ukey to its holder.
    HandOut(Serial),
    /// Write the papers of a ukey for its holder, with the signature they wrote.
    Slip(Serial, Handwriting),
    /// Have the holder change the PIN of their ukey.
    ChangePin(Serial),
    /// Give the ukey of a holder a new key and certificate.
    Renew(RenewalOrder),
    /// An act of two officers.
    Confirmed(Confirmed),
    /// This page is seen now.
    Show(Shown),
    /// Something of the stock.
    Stock(StockAct),
    /// Something of the stock check.
    Check(CheckAct),
    /// Something about certificates.
    Certificates(CertificateAct),
    /// A loss.
    Loss(LossAct),
    /// Something of the audit log.
    Audit(AuditAct),
    /// How the station is set up, and whether it is well.
    Settings(SettingsAct),
    /// Something of applications.
    Requests(RequestsAct),
}

/// The thread at work. Whoever drops it waits until it has let the desk go: a process that ends under it would
/// take the libraries' memory away from what it is still doing.
pub(super) struct Running(Option<JoinHandle<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.join().ok(); // It has panicked: told already.
        }
    }
}

/// Starts the thread; it ends when the window drops its end of the commands, after what it is doing.
pub(super) fn start(
    home: PathBuf,
    terms: OpenTerms,
    view: Shared,
    repaint: impl Fn() + Send + Sync + 'static,
) -> io::Result<(Commands, Running)> {
    let (send, inbox) = line()?;
    let desk_thread = DeskThread {
        home: RefCell::new(home),
        terms,
        view,
        repaint: Box::new(repaint),
    };
    let thread = thread::Builder::new().name("desk".to_owned());
    let thread = thread.spawn(move || desk_thread.run(&inbox))?;
    Ok((send, Running(Some(thread))))
}

type Opened = (Desk, ActingOfficer);

struct DeskThread {
    /// The home; another one once the person goes to practise.
    home: RefCell<PathBuf>,
    terms: OpenTerms,
    view: Shared,
    repaint: Box<dyn Fn() + Send + Sync>,
}

impl DeskThread {
    fn run(&self, commands: &Inbox) {
        let (mut left, mut last) = (None, self.terms.officer.clone());
        let mut opened = self.at_start();
        loop {
            let at_desk = match opened.take() {
                Some(opened) => opened,
                None => match self.at_the_door(commands, left, last.as_ref()) {
                    Some(opened) => opened,
                    None => return,
                },
            };
            last = Some(at_desk.1.name().clone());
            {
                let mut view = lock(&self.view);
                view.place = Place::Desk;
                // They were for who signs in first.
                (view.made, view.restored, view.recovered) = (None, None, None);
            }
            let at_work = AtWork {
                desk: at_desk.0,
                officer: at_desk.1,
                view: &self.view,
                repaint: &self.repaint,
                review: Mutex::new(None),
                plugged: Mutex::default(),
            };
            left = at_work.serve(commands);
            // The keys are wiped and the home is free before the door is seen.
            drop(at_work);
            match left {
                None => return,
                Some(Left::ToPost(post)) => opened = self.change_post(post),
                Some(Left::SignedOut | Left::Locked | Left::PowerCut) => {}
            }
        }
    }

    /// A secrets file signs in at the start, in practice the home's own (interface.md).
    fn at_start(&self) -> Option<Opened> {
        {
            let mut view = lock(&self.view);
            view.home = self.home.borrow().display().to_string();
            view.busy = true;
        }
        let change = Access::Change;
        let opened = Desk::open(
            &self.home.borrow(),
            change,
            &self.terms,
            Duty::ReadRecords,
            &NobodyToAsk,
        );
        lock(&self.view).busy = false;
        match opened {
            Ok(opened) => Some(opened),
            Err(error) if error.code == "officer-required" => None,
            Err(error) => {
                self.tell(error);
                None
            }
        }
    }

    /// Waits until somebody has signed in; `None` when the window is gone.
    fn at_the_door(
        &self,
        commands: &Inbox,
        left: Option<Left>,
        last: Option<&OfficerName>,
    ) -> Option<Opened> {
        let mut shown = None;
        loop {
            let seen = self.look_at_door(left, last, shown.as_ref());
            if shown.as_ref() != Some(&seen) {
                shown = Some(seen);
                (self.repaint)();
            }
            match commands.next(LOOK_EVERY, None) {
                Ok(Command::SignIn(name, passphrase)) => {
                    {
                        let mut view = lock(&self.view);
                        view.busy = true;
                        view.error = None;
                    }
                    (self.repaint)();
                    let opened = self.sign_in(name, passphrase);
                    lock(&self.view).busy = false;
                    match opened {
                        Ok(opened) => return Some(opened),
                        Err(error) => self.tell(error),
                    }
                }
                Ok(Command::SetUp(set_up)) => {
                    if let Some(opened) = self.set_up(set_up) {
                        return Some(opened);
                    }
                }
                Ok(Command::Recover(order)) => self.recover(&order),
                // Asked of a desk that was left before its turn came: nobody acts.
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Shows who may sign in, or that there is no home yet, or why neither can be seen. Gives what is seen
    /// now; what was refused before is no longer told.
    fn look_at_door(
        &self,
        left: Option<Left>,
        last: Option<&OfficerName>,
        before: Option<&Seen>,
    ) -> Seen {
        let home = self.home.borrow().clone();
        match door::look(&home, self.terms.secrets.as_deref()) {
            Ok(door) => {
                let mut view = lock(&self.view);
                let error = view.error.take();
                let error = error.filter(|_| !matches!(before, Some(Seen::Refused(_))));
                view.practice = door.practice;
                let last = last.cloned();
                let door = DoorView { door, left, last };
                *view = view.emptied(Place::Door(door.clone()));
                view.error = error;
                Seen::Door(door)
            }
            Err(error) if error.code == "home-missing" && door::is_vacant(&home) => Seen::NoHome {
                practice: self.show_first_run(),
            },
            Err(error) => {
                let error = (error.code.to_owned(), error.subject);
                lock(&self.view).error = Some(error.clone());
                Seen::Refused(error)
            }
        }
    }

    fn sign_in(&self, name: OfficerName, passphrase: Option<SecretText>) -> Result<Opened, Error> {
        let typed = passphrase.is_some();
        let terms = OpenTerms {
            officer: Some(name),
            // What is typed counts, whatever a file says.
            secrets: (!typed).then(|| self.terms.secrets.clone()).flatten(),
        };
        let asked = Typed(RefCell::new(passphrase));
        Desk::open(
            &self.home.borrow(),
            Access::Change,
            &terms,
            Duty::ReadRecords,
            &asked,
        )
    }

    fn tell(&self, error: Error) {
        lock(&self.view).error = Some((error.code.to_owned(), error.subject));
        (self.repaint)();
    }
}

/// What is seen while nobody is signed in.
#[derive(PartialEq, Eq)]
enum Seen {
    Door(DoorView),
    /// There is no home yet; whether there is one to practise in.
    NoHome {
        practice: bool,
    },
    /// Code and facts of why the home cannot be looked at.
    Refused((String, String)),
}

/// The passphrase that the sign-in page took; it answers once.
struct Typed(RefCell<Option<SecretText>>);

impl AskSecret for Typed {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        self.0.borrow_mut().take()
    }
}

struct AtWork<'a> {
    desk: Desk,
    officer: ActingOfficer,
    view: &'a Shared,
    repaint: &'a (dyn Fn() + Send + Sync),
    /// A subordinate's applications that are looked at.
    review: Mutex<Option<Review>>,
    plugged: Mutex<Plugged>,
}

impl AtWork<'_> {
    /// Serves until the desk is left; `None` when the window is gone.
    fn serve(&self, commands: &Inbox) -> Option<Left> {
        let (mut shown, mut stale) = (Shown::default(), Stale::Records);
        let (mut sitting, mut day) = (None, None);
        let mut held = VecDeque::new();
        let left = loop {
            let reads = sitting.is_some() && shown == Shown::Check;
            let looked = self.look_again((&shown, stale), (reads, sitting.as_mut()));
            let course_looked = self.look_at_practice(stale);
            let day_looked = self.look_at_day((&shown, stale), &mut day);
            self.tell_news(stale, [looked, course_looked, day_looked]);
            let next = held.pop_front().map_or_else(
                || self.next_command(commands, sitting.as_mut().filter(|_| reads)),
                Ok,
            );
            let command = match next {
                Ok(Command::Leave(left)) if self.may_leave(left) => break Some(left),
                Ok(Command::Show(other)) => {
                    shown = other;
                    stale = Stale::Page;
                    continue;
                }
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => {
                    stale = Stale::Nothing;
                    let Some(order) = self.next_of_order() else {
                        continue;
                    };
                    Command::Make(order)
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            {
                let mut view = lock(self.view);
                view.busy = true;
                view.error = None;
                view.without_ukey = 0;
                view.without_room = None;
                view.note = None;
            }
            (self.repaint)();
            let done = match command {
                Command::Check(act) => self.check_act(act, &mut sitting),
                command if command.is_long() => {
                    let sees = (&mut shown, sitting.as_mut());
                    self.beside(command, (commands, &mut held), sees)
                }
                command => self.perform(command),
            };
            if self.desk.power_is_cut() {
                break Some(Left::PowerCut);
            }
            stale = Stale::Records;
            lock(self.view).busy = false;
            self.tell(done);
        };
        self.rise(sitting.as_ref());
        left
    }

    /// Brings the view up to date with what may have changed; whether anything did.
    fn look_again(
        &self,
        (shown, stale): (&Shown, Stale),
        (reads, sitting): (bool, Option<&mut check::Sitting>),
    ) -> Result<bool, Error> {
        // Nobody else changes the records while this desk holds its home; ukeys come and go by themselves.
        let records = if stale == Stale::Records {
            self.read_records()
        } else {
            Ok(())
        };
        // A sitting opens the readers itself.
        let ukeys = if reads && stale == Stale::Nothing {
            Ok(false)
        } else {
            self.read_ukeys(stale)
        };
        let looked = self.look_at_page((shown, stale), sitting);
        records.and(looked).and(ukeys)
    }

    /// Reads what the page that is seen shows.
    fn look_at_page(
        &self,
        (shown, stale): (&Shown, Stale),
        sitting: Option<&mut check::Sitting>,
    ) -> Result<(), Error> {
        let checked = if *shown == Shown::Check && stale != Stale::Nothing {
            self.check_picture(sitting)
        } else {
            Ok(())
        };
        let looked = self.look_at_stock(shown, stale);
        checked.and(looked)
    }

    /// Asks for a frame when there is something to see. A desk at which nothing happens costs nothing.
    fn tell_news<const N: usize>(&self, stale: Stale, looked: [Result<bool, Error>; N]) {
        let looked: Result<Vec<bool>, Error> = looked.into_iter().collect();
        match looked {
            Ok(news) if stale == Stale::Nothing && !news.contains(&true) => {}
            looked => self.tell(looked.map(drop)),
        }
    }

    fn tell(&self, done: Result<(), Error>) {
        if let Err(error) = done {
            lock(self.view).error = Some((error.code.to_owned(), error.subject));
        }
        (self.repaint)();
    }

    fn perform(&self, command: Command) -> Result<(), Error> {
        match command {
            Command::Make(order) => self.heard(self.make(&order))?,
            Command::EndOrder => lock(self.view).open_order = None,
            Command::Resume(on) => self.heard(self.resume(on.as_ref()))?,
            Command::HandOut(serial) => self.hand_out(&serial)?,
            Command::Slip(serial, signature) => self.slip(&serial, signature)?,
            Command::ChangePin(serial) => self.change_pin(&serial)?,
            Command::Renew(order) => self.heard(self.renew(&order))?,
            Command::Confirmed(confirmed) => self.confirmed(confirmed)?,
            Command::Stock(act) => self.stock_act(act)?,
            Command::Certificates(act) => self.certificate_act(act)?,
            Command::Loss(act) => self.loss_act(act)?,
            Command::Audit(act) => self.audit_act(&act)?,
            Command::Settings(act) => self.settings_act(&act)?,
            Command::Requests(act) => self.requests_act(act)?,
            Command::BeginCourse => self.begin_course()?,
            // Signing in is the door's; the others are heard before.
            Command::SignIn(..)
            | Command::SetUp(_)
            | Command::Recover(_)
            | Command::Leave(_)
            | Command::Show(_)
            | Command::Check(_) => {}
        }
        Ok(())
    }

    /// Says something for the ear.
    fn ring(&self, tone: Tone) {
        lock(self.view).tones.push(tone);
        (self.repaint)();
    }

    /// A making that was refused is heard too.
    fn heard(&self, done: Result<(), Error>) -> Result<(), Error> {
        if done.is_err() {
            self.ring(Tone::Stopped);
        }
        done
    }
}
