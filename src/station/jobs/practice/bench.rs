//! The bench of a practice home (D-56): virtual ukeys that are plugged in and pulled out, a CA that falls
//! silent, faults that wait for their step. Opens no record, so that it works beside a desk at work; refuses
//! every home that is not for practice.

use std::path::{Path, PathBuf};

use crate::domain::certificate::Generation;
use crate::domain::ukey::Serial;
use crate::keys::wrap::KeysFile;
use crate::station::error::Error;
use crate::station::home::Home;
use crate::station::{FaultAtStep, PlannedFault, practice_fault};
use crate::token::virtual_ukey;
use crate::workflow::step::Step;

/// What lies on the bench of a practice home: nothing here is in the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeBench {
    /// The virtual ukeys, by serial, and whether each is plugged in.
    pub ukeys: Vec<(Serial, bool)>,
    /// Whether the CA answers.
    pub ca_answers: bool,
    /// Faults that wait for their step.
    pub planned: Vec<PlannedFault>,
}

/// Looks at the bench.
///
/// # Errors
/// `not-practice`, or what the file system says.
pub fn bench(path: &Path) -> Result<PracticeBench, Error> {
    let home = home(path)?;
    let folders = virtual_ukey::folders(&home.ukeys())?.into_iter();
    let ukeys = folders.map(|(serial, folder)| (serial, virtual_ukey::is_inserted(&folder)));
    Ok(PracticeBench {
        ukeys: ukeys.collect(),
        ca_answers: ca_tokens(&home)
            .iter()
            .all(|dir| virtual_ukey::is_inserted(dir)),
        planned: practice_fault::planned(&home)?,
    })
}

/// Plugs a virtual ukey in.
///
/// # Errors
/// `ukey-unknown`, `not-practice`.
pub fn insert(path: &Path, serial: &str) -> Result<Serial, Error> {
    let home = home(path)?;
    let serial = named(&home, serial)?;
    virtual_ukey::insert(&home.ukey(&serial))?;
    Ok(serial)
}

/// Pulls a virtual ukey out.
///
/// # Errors
/// `ukey-unknown`, `not-practice`.
pub fn pull(path: &Path, serial: &str) -> Result<Serial, Error> {
    let home = home(path)?;
    let serial = named(&home, serial)?;
    virtual_ukey::pull(&home.ukey(&serial))?;
    Ok(serial)
}

/// Whether the CA answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaAnswers {
    /// Its token is plugged in.
    Yes,
    /// Its token is out, and nothing can be signed with its key.
    No,
}

/// Lets the CA fall silent, or answer again: its tokens are pulled out, or plugged in.
///
/// # Errors
/// `not-practice`, or what the file system says.
pub fn set_ca(path: &Path, answers: CaAnswers) -> Result<(), Error> {
    for dir in ca_tokens(&home(path)?) {
        match answers {
            CaAnswers::Yes => virtual_ukey::insert(&dir)?,
            CaAnswers::No => virtual_ukey::pull(&dir)?,
        }
    }
    Ok(())
}

/// The folders of the CA's tokens, one for each generation.
fn ca_tokens(home: &Home) -> Vec<PathBuf> {
    let mut tokens = Vec::new();
    let mut generation = Generation::FIRST;
    while home.ca_token(generation).is_dir() {
        tokens.push(home.ca_token(generation));
        generation = generation.next();
    }
    tokens
}

/// Puts a fault at a step of a virtual ukey's next run, or of whichever ukey comes to that step next; without
/// a step at the one where it is usual.
///
/// # Errors
/// `ukey-unknown`, `not-practice`; `practice-fault-step` for a step at which it cannot happen.
pub fn fault(
    path: &Path,
    serial: Option<&str>,
    (kind, at): (FaultAtStep, Option<&str>),
) -> Result<PlannedFault, Error> {
    let home = home(path)?;
    let serial = serial.map(|serial| named(&home, serial)).transpose()?;
    let steps = fault_steps(kind);
    let at = match at {
        None => kind.usual_step(),
        Some(at) => {
            let step = steps.iter().copied().find(|step| step.word() == at);
            step.ok_or_else(|| {
                let words: Vec<_> = steps.iter().map(|step| step.word()).collect();
                Error::usage("practice-fault-step", format!("{at}; {}", words.join(", ")))
            })?
        }
    };
    let fault = PlannedFault { serial, kind, at };
    practice_fault::plan(&home, &fault)?;
    Ok(fault)
}

/// The steps at which a fault can happen, in the order of a run, then those of a renewal alone.
pub fn fault_steps(kind: FaultAtStep) -> Vec<Step> {
    let renewal = Step::RENEWAL.into_iter();
    let renewal = renewal.filter(|step| !Step::ORDER.contains(step));
    let steps = Step::ORDER.into_iter().chain(renewal);
    steps.filter(|step| kind.strikes_at(*step)).collect()
}

/// Takes a fault back that has not struck.
///
/// # Errors
/// `not-practice`, or what the file system says.
pub fn withdraw_fault(path: &Path, serial: Option<&Serial>) -> Result<(), Error> {
    practice_fault::withdraw(&home(path)?, serial)
}

/// A practice home: faults and hands on virtual ukeys are for no other.
fn home(path: &Path) -> Result<Home, Error> {
    let home = Home::open(path)?;
    if KeysFile::read(&home.keys())?.practice {
        Ok(home)
    } else {
        Err(Error::refused("not-practice", path.display().to_string()))
    }
}

fn named(home: &Home, text: &str) -> Result<Serial, Error> {
    let folders = virtual_ukey::folders(&home.ukeys())?.into_iter();
    let mut found = folders.filter(|(serial, _folder)| serial.is_named_by(text));
    match (found.next(), found.next()) {
        (Some((serial, _folder)), None) => Ok(serial),
        (None, _) => Err(Error::usage("ukey-unknown", text)),
        (Some(_), Some(_)) => Err(Error::usage("ukey-ambiguous", text)),
    }
}
