//! What the desk's thread does while there is no home: it makes one, whole or not at all.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{DeskThread, Opened};
use crate::domain::officer::OfficerName;
use crate::station::jobs::backup::Progress;
use crate::station::jobs::init::{Config, Filled, Made, init};
use crate::station::jobs::practice;
use crate::station::jobs::restore::{self, Restored, Terms};
use crate::station::sign_in::AskSecret;
use crate::station::{Error, Home, SecretText};
use crate::ui::first_run_view::{FirstRun, MadeNote, RestoreOrder, SetUp};
use crate::ui::lock;
use crate::ui::view::Place;

/// What a practice home made here has: enough for an afternoon.
const PRACTICE_PROFILE: &str = "softhsm2";
const PRACTICE_REQUESTS: u16 = 10;
/// Some blanks are left for the course when every request is made at once.
const PRACTICE_UKEYS: u16 = 16;

impl DeskThread {
    /// Shows that there is no home; what was refused meanwhile stays. Whether there is one to practise in.
    pub(super) fn show_first_run(&self) -> bool {
        let practice = practice_beside(&self.home.borrow());
        let practice_is_there = Home::open(&practice).is_ok();
        let mut view = lock(&self.view);
        if let Place::FirstRun(first) = &mut view.place {
            (first.practice, first.practice_is_there) = (practice, practice_is_there);
            return practice_is_there;
        }
        // That there is none is no fault here.
        *view = view.emptied(Place::FirstRun(FirstRun {
            practice,
            practice_is_there,
            ..FirstRun::default()
        }));
        practice_is_there
    }

    /// Makes what was asked for; gives the desk that opens by itself, of a practice home.
    pub(super) fn set_up(&self, set_up: SetUp) -> Option<Opened> {
        {
            let mut view = lock(&self.view);
            view.busy = true;
            view.error = None;
            if let Place::FirstRun(first) = &mut view.place {
                first.faults.clear();
                first.refused = None;
            }
        }
        (self.repaint)();
        let made = match set_up {
            SetUp::Practice => self.to_practice(),
            SetUp::Real {
                filled,
                passphrases,
            } => self.make_real(*filled, passphrases),
            SetUp::Restore(order) => self.restore(*order),
        };
        lock(&self.view).busy = false;
        match made {
            Ok(Next::Practice) => return self.at_start(),
            Ok(Next::SignIn(note)) => lock(&self.view).made = Some(note),
            Ok(Next::Compare(restored)) => lock(&self.view).restored = Some(restored),
            Ok(Next::Refused(name, key)) => {
                self.in_place(|first| first.refused = Some((name, key)));
            }
            Err(error) => {
                let faults = error.faults.clone();
                self.in_place(|first| first.faults = faults);
                self.tell(error);
            }
        }
        (self.repaint)();
        None
    }

    /// Puts on the page what was refused there.
    fn in_place(&self, change: impl FnOnce(&mut FirstRun)) {
        if let Place::FirstRun(first) = &mut lock(&self.view).place {
            change(first);
        }
    }

    fn to_practice(&self) -> Result<Next, Error> {
        let path = practice_beside(&self.home.borrow());
        if Home::open(&path).is_err() {
            let (ukeys, requests) = (PRACTICE_UKEYS, PRACTICE_REQUESTS);
            practice::new(&path, PRACTICE_PROFILE, ukeys, requests)?;
        }
        *self.home.borrow_mut() = path;
        Ok(Next::Practice)
    }

    fn make_real(
        &self,
        filled: Filled,
        passphrases: Vec<(OfficerName, [SecretText; 2])>,
    ) -> Result<Next, Error> {
        let config = Config::filled(filled)?;
        let typed = TypedTwice {
            passphrases,
            refused: RefCell::default(),
        };
        let path = self.home.borrow().clone();
        match init(&path, &config, None, &typed) {
            Ok(made) => Ok(Next::SignIn(note(made))),
            Err(error) => match typed.refused.into_inner() {
                Some((name, key)) => Ok(Next::Refused(name, key)),
                None => Err(error),
            },
        }
    }

    fn restore(&self, order: RestoreOrder) -> Result<Next, Error> {
        let RestoreOrder { file, officers } = order;
        let [system, security] = officers.each_ref().map(|(name, _passphrase)| name.clone());
        let terms = Terms {
            officer: Some(system),
            second: Some(security),
            secrets: None, // What is typed counts.
        };
        let typed = TypedOnce(&officers);
        let path = self.home.borrow().clone();
        let tell = |progress: Progress| {
            lock(&self.view).backing_up = Some(progress);
            (self.repaint)();
        };
        let restored = restore::restore(&file, &path, &terms, &typed, &tell);
        lock(&self.view).backing_up = None;
        restored.map(Next::Compare)
    }
}

/// How it goes on.
enum Next {
    /// In the practice home.
    Practice,
    /// At the door of the home that was made.
    SignIn(MadeNote),
    /// At the door of the home that was restored, which is to be compared.
    Compare(Restored),
    /// Nothing was made: this passphrase is to be another one.
    Refused(OfficerName, &'static str),
}

fn note(made: Made) -> MadeNote {
    let paper = made.ending.papers.first();
    MadeNote {
        fingerprint: made.fingerprint,
        enrolment: made.enrolment,
        unidentified: made.unidentified,
        papers: paper.and_then(|paper| paper.parent()).map(Path::to_owned),
        backup: made.ending.backup,
        failed: made
            .ending
            .failed
            .map(|error| (error.code.to_owned(), error.subject)),
    }
}

/// Beside the home, so that the real one can still be made where it belongs.
fn practice_beside(home: &Path) -> PathBuf {
    let mut name = home
        .file_name()
        .map_or_else(|| OsString::from("ukey-station"), ToOwned::to_owned);
    name.push("-practice");
    home.with_file_name(name)
}

/// The passphrases as the page took them; one that is refused is not asked for again.
struct TypedTwice {
    passphrases: Vec<(OfficerName, [SecretText; 2])>,
    refused: RefCell<Option<(OfficerName, &'static str)>>,
}

impl AskSecret for TypedTwice {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        None
    }

    fn new_passphrase(
        &self,
        officer: &OfficerName,
        refused: Option<&'static str>,
    ) -> Option<[SecretText; 2]> {
        if let Some(key) = refused {
            *self.refused.borrow_mut() = Some((officer.clone(), key));
            return None;
        }
        let mut typed = self.passphrases.iter();
        let typed = typed.find(|(name, _typed)| name == officer);
        typed.map(|(_name, typed)| typed.clone())
    }
}

/// The passphrases of a backup's officers.
struct TypedOnce<'a>(&'a [(OfficerName, SecretText)]);

impl AskSecret for TypedOnce<'_> {
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText> {
        let mut typed = self.0.iter();
        let typed = typed.find(|(name, _typed)| name == officer);
        typed.map(|(_name, typed)| typed.clone())
    }
}
