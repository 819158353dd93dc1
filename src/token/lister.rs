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

/// Looks at one place: what it shows, and the time that its module took. The answer is told before the
/// worker ends.
pub fn look(place: &Place, tell: impl FnOnce(Result<Vec<UkeyReading>, Fault>, Duration)) {
    match Worker::start(&place.spec) {
        Err(fault) => tell(Err(fault), Duration::ZERO),
        Ok(mut worker) => {
            let readings = worker.list();
            tell(readings, worker.c_time());
        }
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
