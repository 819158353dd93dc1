//! The thread of the practice bench: hands on virtual ukeys must be free while the desk's thread is at work on
//! them. It runs while the panel is open, and never for a real home: the jobs refuse that.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use eframe::egui;

use super::practice_view::BenchAct;
use super::view::Place;
use super::{Shared, lock};
use crate::domain::ukey::Serial;
use crate::station::Error;
use crate::station::jobs::practice;

/// How often it is looked what is plugged in: faults and other programs pull ukeys out too.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The thread; it ends once this is dropped.
#[derive(Debug)]
pub(super) struct Bench {
    home: PathBuf,
    acts: SyncSender<BenchAct>,
}

impl Bench {
    /// Starts it on a practice home.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(home: PathBuf, view: Shared, ctx: egui::Context) -> io::Result<Self> {
        let (acts, receive) = sync_channel(8);
        let path = home.clone();
        let thread = thread::Builder::new().name("practice-bench".to_owned());
        thread.spawn(move || serve(&path, &receive, &view, &ctx))?;
        Ok(Self { home, acts })
    }

    /// Whether it is that of a home.
    pub(super) fn is_of(&self, home: &Path) -> bool {
        self.home == home
    }

    /// Gives it something to do.
    pub(super) fn send(&self, act: BenchAct) {
        if self.acts.try_send(act).is_err() {
            tracing::debug!("the bench is busy");
        }
    }
}

fn serve(home: &Path, acts: &Receiver<BenchAct>, view: &Shared, ctx: &egui::Context) {
    let mut done = Ok(());
    loop {
        show(home, done, view, ctx);
        done = match acts.recv_timeout(LOOK_EVERY) {
            Ok(act) => perform(home, act),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => return,
        };
    }
}

/// Puts the bench into the picture, and what went wrong.
fn show(home: &Path, done: Result<(), Error>, view: &Shared, ctx: &egui::Context) {
    let looked = done.and_then(|()| practice::bench(home));
    let mut view = lock(view);
    if !matches!(view.place, Place::Desk) {
        return; // Nobody is signed in any more.
    }
    match looked {
        Ok(bench) if view.bench.as_deref() == Some(&bench) => return,
        Ok(bench) => view.bench = Some(Arc::new(bench)),
        Err(error) => view.error = Some((error.code.to_owned(), error.subject)),
    }
    drop(view);
    ctx.request_repaint();
}

fn perform(home: &Path, act: BenchAct) -> Result<(), Error> {
    match act {
        BenchAct::Insert(serial) => practice::insert(home, serial.as_str()).map(drop),
        BenchAct::Pull(serial) => practice::pull(home, serial.as_str()).map(drop),
        BenchAct::Ca(answers) => practice::set_ca(home, answers),
        BenchAct::Plan(serial, kind, at) => {
            let serial = serial.as_ref().map(Serial::as_str);
            practice::fault(home, serial, (kind, Some(at.word()))).map(drop)
        }
        BenchAct::Withdraw(serial) => practice::withdraw_fault(home, serial.as_ref()),
    }
}
