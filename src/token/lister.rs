//! Which ukeys are plugged in: one short-lived worker per module, or per virtual ukey's folder. A
//! module that crashes or hangs costs its own list and no other.

use std::path::PathBuf;
use std::time::Duration;

use super::worker::{Worker, WorkerSpec};
use crate::domain::fault::Fault;
use crate::domain::ukey::UkeyReading;

/// What one module, or one virtual ukey's folder, has to show.
#[derive(Debug)]
pub struct Listing {
    /// The profile that led to it.
    pub profile: String,
    /// The virtual ukey's folder; `None` for a module that drives readers.
    pub folder: Option<PathBuf>,
    /// What it shows.
    pub readings: Result<Vec<UkeyReading>, Fault>,
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Place {
    /// The profile's name.
    pub profile: String,
    /// The virtual ukey's folder, if it is one.
    pub folder: Option<PathBuf>,
    /// How to reach it.
    pub spec: WorkerSpec,
}

/// Looks at one place, again and again: its worker stays, with the module loaded, until it fails.
#[derive(Debug)]
pub struct Lister {
    place: Place,
    worker: Option<Worker>,
}

impl Lister {
    /// For this place; starts nothing yet.
    pub const fn new(place: Place) -> Self {
        Self {
            place,
            worker: None,
        }
    }

    /// The profile that leads to the place.
    pub fn profile(&self) -> &str {
        &self.place.profile
    }

    /// What the place shows now, and the time that its module took: the first time with being loaded.
    pub fn look(&mut self) -> (Result<Vec<UkeyReading>, Fault>, Duration) {
        let (worker, before) = match &mut self.worker {
            Some(worker) => {
                let before = worker.c_time();
                (worker, before)
            }
            None => match Worker::start(&self.place.spec) {
                Ok(worker) => (self.worker.insert(worker), Duration::ZERO),
                Err(fault) => return (Err(fault), Duration::ZERO),
            },
        };
        let readings = worker.list();
        let module = worker.c_time().saturating_sub(before);
        if readings.is_err() {
            self.worker = None; // Who failed once is not asked again.
        }
        (readings, module)
    }
}

/// Looks at every place, one after the other.
pub fn list(places: &[Place]) -> Vec<Listing> {
    let look = |place: &Place| {
        let mut worker = Worker::start(&place.spec)?;
        worker.list()
    };
    let places = places.iter();
    places
        .map(|place| Listing {
            profile: place.profile.clone(),
            folder: place.folder.clone(),
            readings: look(place),
        })
        .collect()
}
