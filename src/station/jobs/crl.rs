//! The list of revoked certificates as a person works with it: shown, signed anew, given to where it is
//! published and fetched back from there (D-41, D-43).

use std::path::{Path, PathBuf};

use super::{ca, losses, settings};
use crate::domain::certificate::Generation;
use crate::domain::destination::Destination;
use crate::domain::officer::Duty;
use crate::domain::setting::CRL_DESTINATIONS;
use crate::issuing::crl::CheckedCrl;
use crate::keys::file;
use crate::station::authorities::Issuer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock, web};

/// The newest list of one generation of the CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlView {
    /// Of which.
    pub generation: Generation,
    /// What it says, its signature checked.
    pub list: CheckedCrl,
    /// Half its time is over: the next one is due (D-43).
    pub due: bool,
    /// Where it lies.
    pub files: Vec<PathBuf>,
}

/// A place that the list was given to.
#[derive(Debug)]
pub struct Place {
    /// Where.
    pub to: Destination,
    /// Whether the same list was fetched back from there; else it waits for the next time.
    pub outcome: Result<(), Error>,
}

/// What became of a list that was published.
#[derive(Debug)]
pub struct Published {
    /// The list, and where copies of it lie.
    pub view: CrlView,
    /// The same of every CA before that still signs lists (D-60).
    pub former: Vec<CrlView>,
    /// Every place; none where none is set and none was named.
    pub places: Vec<Place>,
    /// How many reports of loss it confirms (D-41).
    pub confirmed: usize,
    /// How many it does not: their clocks run.
    pub open: usize,
}

impl Published {
    /// Demands that every place has it.
    ///
    /// # Errors
    /// What the first place said that has not.
    pub(super) fn demand_everywhere(self) -> Result<(), Error> {
        self.places.into_iter().try_for_each(|place| place.outcome)
    }
}

/// The newest list of this home's CA, its signature checked.
///
/// # Errors
/// `crl-missing` when none was published, or what stands in its place is no list of this CA.
pub fn show(desk: &Desk, officer: &ActingOfficer) -> Result<CrlView, Error> {
    officer.demand(Duty::ReadRecords)?;
    view(desk, &desk.issuer()?)
}

/// The newest lists of the CAs before that still sign them (D-60).
///
/// # Errors
/// As [`show`].
pub fn show_former(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<CrlView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let issuers = desk.issuers()?.into_iter();
    let former = issuers.filter(|issuer| issuer.former.is_some() && issuer.signs_lists());
    former.map(|issuer| view(desk, &issuer)).collect()
}

fn view(desk: &Desk, issuer: &Issuer) -> Result<CrlView, Error> {
    let path = desk.crl_of(issuer);
    let missing = || Error::refused("crl-missing", path.display().to_string());
    let (list, _der) = desk.published_list(issuer).ok_or_else(missing)?;
    Ok(CrlView {
        generation: issuer.generation,
        due: list.is_due(clock::now()),
        list,
        files: vec![path.with_extension("crl.pem"), path],
    })
}

/// Publishes the list: security signs the next one, system gives on the newest. It is put where `to`
/// says, else to every destination that is set, and fetched back; the reports of loss that it tells of
/// are confirmed once it came back from everywhere. A place that fails loses nothing: the next call gives
/// it the list of then.
///
/// # Errors
/// `wrong-duty`, `ca-locked`, `ca-elsewhere` when security is to sign one of another station's CA,
/// `crl-missing`, or what the file system says of the home.
pub fn publish(
    desk: &Desk,
    officer: &ActingOfficer,
    to: Option<&Destination>,
) -> Result<Published, Error> {
    if Duty::Revoke.belongs_to(officer.post()) {
        if desk.ca_is_elsewhere()? {
            return Err(Error::refused("ca-elsewhere", ""));
        }
        ca::publish_crl(desk, officer)?;
    } else {
        officer.demand(Duty::Personalise)?;
    }
    give_on(desk, officer, to)
}

/// Gives the newest list on.
pub(super) fn give_on(
    desk: &Desk,
    officer: &ActingOfficer,
    to: Option<&Destination>,
) -> Result<Published, Error> {
    let destinations = match to {
        Some(one) => vec![one.clone()],
        None => set(desk)?,
    };
    let mut former = show_former(desk, officer)?;
    let mut view = match show(desk, officer) {
        Ok(view) => view,
        Err(error) => {
            // The present CA has signed none yet; those before wait for nobody.
            for destination in &destinations {
                give_former(&mut former, destination, to.is_some())?;
            }
            return Err(error);
        }
    };
    let mut places = Vec::new();
    for destination in destinations {
        // A folder that is set must be there: it may be a share that is not mounted.
        if let (Destination::Folder(dir), true) = (&destination, to.is_some()) {
            std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
        }
        let given = give_former(&mut former, &destination, to.is_some());
        // The present one last: by then the others are there.
        let outcome = given.and_then(|()| give(&mut view, &destination, to.is_some()));
        places.push(Place {
            to: destination,
            outcome,
        });
    }
    // In practice the home's own folder is where the list is published.
    let everywhere = places.iter().all(|place| place.outcome.is_ok());
    let confirmed = if everywhere && (desk.is_practice() || !places.is_empty()) {
        let lists: Vec<_> = former
            .iter()
            .chain([&view])
            .map(|view| &view.list)
            .collect();
        losses::confirm(desk, officer, &lists)?
    } else {
        0
    };
    Ok(Published {
        view,
        former,
        places,
        confirmed,
        open: losses::list(desk, officer, true)?.len(),
    })
}

/// The destinations that are set.
fn set(desk: &Desk) -> Result<Vec<Destination>, Error> {
    let text = settings::read(desk, CRL_DESTINATIONS)?.value;
    let damaged = |error| Error::failed("store-damaged", CRL_DESTINATIONS.name).because(error);
    Destination::list(&text).map_err(damaged)
}

/// Gives the lists of CAs before to a destination, each by its own name.
fn give_former(former: &mut [CrlView], to: &Destination, named: bool) -> Result<(), Error> {
    former
        .iter_mut()
        .try_for_each(|view| give(view, &to.of_former(view.generation), named))
}

/// Gives a list to a destination; where one was named, its files are those there from then on.
fn give(view: &mut CrlView, destination: &Destination, named: bool) -> Result<(), Error> {
    match destination {
        Destination::Folder(dir) => {
            let copies = copy(&view.files, dir)?;
            if named {
                view.files = copies;
            }
            Ok(())
        }
        Destination::Web(address) => {
            let der = view
                .files
                .iter()
                .find(|path| path.extension() == Some("crl".as_ref()));
            let path = der.ok_or_else(|| Error::refused("crl-missing", address.as_str()))?;
            let der = std::fs::read(path).map_err(|error| Error::io(path, error))?;
            web::publish(address, &der, web::TIMEOUT)
        }
    }
}

/// Copies the files of the list to a folder and reads them back: what was published is what can be
/// fetched (D-41).
fn copy(files: &[PathBuf], dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut copies = Vec::new();
    for from in files {
        let copy = dir.join(from.file_name().unwrap_or_default());
        let bytes = std::fs::read(from).map_err(|error| Error::io(from, error))?;
        file::replace_published(&copy, &bytes).map_err(|error| Error::io(&copy, error))?;
        let fetched = std::fs::read(&copy).map_err(|error| Error::io(&copy, error))?;
        if fetched != bytes {
            return Err(Error::failed("crl-differs", copy.display().to_string()));
        }
        copies.push(copy);
    }
    Ok(copies)
}
