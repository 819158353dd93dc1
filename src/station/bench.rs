//! What is plugged in: virtual ukeys of this home, and in real homes every module of a profile.

use std::path::PathBuf;

use super::desk::Desk;
use super::error::Error;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::label::TokenLabel;
use crate::domain::officer::OfficerName;
use crate::domain::token_profile::{NotBlank, TokenProfile};
use crate::domain::ukey::{Expected, Serial, UkeyIdentity, UkeyReading, UkeyState};
use crate::store::UkeyRow;
use crate::token::lister::{self, Listing, Place};
use crate::token::profiles;
use crate::token::virtual_ukey;
use crate::token::worker::{ModuleSpec, WorkerSpec};

/// One ukey that is plugged in.
#[derive(Clone, Debug)]
pub struct Inserted {
    /// What was read from it.
    pub reading: UkeyReading,
    /// The profile it was found through, or the one that selects it.
    pub profile: String,
    /// The virtual ukey's folder.
    pub folder: Option<PathBuf>,
    /// Its record, if it is in stock.
    pub record: Option<UkeyRow>,
    /// Why it cannot be personalised; `Ok` when it can.
    pub usable: Result<(), Unusable>,
}

/// Why a ukey cannot be personalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Not in this unit's stock.
    NotInStock,
    /// In stock, in another state.
    State(UkeyState),
    /// Not blank by its profile.
    NotBlank(NotBlank),
    /// It stands here as blank, and a run has initialised it: the records are older (D-52).
    RecordsOlder,
    /// Two ukeys show this serial.
    DuplicateSerial,
    /// An officer's own (D-58).
    OfOfficer(OfficerName),
}

impl Unusable {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotInStock | Self::State(_) => "ukey-not-in-stock",
            Self::NotBlank(NotBlank::SoPinLocked) => "ukey-locked",
            Self::NotBlank(NotBlank::UnknownModel(_)) => "ukey-unknown-model",
            Self::NotBlank(_) => "ukey-not-blank",
            Self::RecordsOlder => "records-older",
            Self::DuplicateSerial => "ukey-duplicate-serial",
            Self::OfOfficer(_) => "ukey-of-officer",
        }
    }
}

/// A place that shows something that is no readable ukey.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The profile.
    pub profile: String,
    /// The virtual ukey's folder.
    pub folder: Option<PathBuf>,
    /// What its module or worker said.
    pub fault: Fault,
}

/// Everything that is plugged in.
#[derive(Clone, Debug, Default)]
pub struct Bench {
    /// Ukeys, by serial.
    pub ukeys: Vec<Inserted>,
    /// Places in trouble.
    pub troubles: Vec<Trouble>,
}

/// Looks at everything that is plugged in, without login.
///
/// # Errors
/// Only when the home itself cannot be read; trouble of one ukey is part of the answer.
pub fn look(desk: &Desk) -> Result<Bench, Error> {
    let mut places = virtual_places(desk)?;
    if !desk.is_practice() {
        places.extend(reader_places(desk));
    }
    let mut bench = Bench::default();
    for Listing {
        profile,
        folder,
        readings,
    } in lister::list(&places)
    {
        match readings {
            Err(fault) => bench.troubles.push(Trouble {
                profile,
                folder,
                fault,
            }),
            Ok(readings) if readings.is_empty() && folder.is_some() => {
                let fault = Fault::new(FaultKind::Unreadable);
                bench.troubles.push(Trouble {
                    profile,
                    folder,
                    fault,
                });
            }
            Ok(readings) => {
                for reading in readings {
                    let record = desk
                        .store()
                        .read()
                        .ukey_reported(&reading.identity.serial)?;
                    let usable = usable(desk.profile(&profile)?, record.as_ref(), &reading);
                    let (profile, folder) = (profile.clone(), folder.clone());
                    bench.ukeys.push(Inserted {
                        reading,
                        profile,
                        folder,
                        record,
                        usable,
                    });
                }
            }
        }
    }
    bench
        .ukeys
        .sort_by(|a, b| a.reading.identity.cmp(&b.reading.identity));
    mark_duplicates(&mut bench.ukeys);
    Ok(bench)
}

/// Whether a ukey can be personalised (D-24, D-29, D-30).
pub(super) fn usable(
    profile: &TokenProfile,
    record: Option<&UkeyRow>,
    reading: &UkeyReading,
) -> Result<(), Unusable> {
    let record = record.ok_or(Unusable::NotInStock)?;
    if let Some(officer) = &record.officer {
        return Err(Unusable::OfOfficer(officer.clone()));
    }
    if record.reported() != reading.identity || record.profile != profile.name {
        return Err(Unusable::NotInStock);
    }
    if record.state != UkeyState::Blank {
        return Err(Unusable::State(record.state));
    }
    if TokenLabel::names_a_run(&reading.label) {
        return Err(Unusable::RecordsOlder);
    }
    profile.blankness(reading).map_err(Unusable::NotBlank)
}

fn mark_duplicates(ukeys: &mut [Inserted]) {
    let identities: Vec<_> = ukeys
        .iter()
        .map(|ukey| ukey.reading.identity.clone())
        .collect();
    for ukey in ukeys {
        let same = identities
            .iter()
            .filter(|other| **other == ukey.reading.identity)
            .count();
        if same > 1 {
            ukey.usable = Err(Unusable::DuplicateSerial);
        }
    }
}

/// The ukeys that stand twice (D-24): maker, model and serial of each. Opens everything plugged in.
pub(super) fn doubles(desk: &Desk) -> Result<Vec<UkeyIdentity>, Error> {
    let ukeys = look(desk)?.ukeys.into_iter();
    let doubles = ukeys.filter(|ukey| ukey.usable == Err(Unusable::DuplicateSerial));
    Ok(doubles.map(|ukey| ukey.reading.identity).collect())
}

/// Whether a virtual ukey is plugged in that the records do not know: it may show any serial.
pub(super) fn has_stranger(desk: &Desk) -> Result<bool, Error> {
    for (serial, folder) in virtual_ukey::folders(&desk.home().ukeys())? {
        if virtual_ukey::is_inserted(&folder) && desk.store().read().ukey(&serial)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How to reach one ukey by its serial: the virtual one of that name if it is plugged in, else what
/// a look at the readers finds.
pub(super) fn find(
    desk: &Desk,
    record: &UkeyRow,
    expected: &Expected,
) -> Result<Option<WorkerSpec>, Error> {
    let serial = &record.identity.serial;
    let folder = desk.home().ukey(serial);
    if folder.is_dir() {
        if !virtual_ukey::is_inserted(&folder) {
            return Ok(None);
        }
        return virtual_spec(desk, serial, &record.profile).map(Some);
    }
    if desk.is_practice() {
        return Ok(None);
    }
    let profile = desk.profile(&record.profile)?;
    let Some(spec) = reader_spec(desk, profile, Some(serial)) else {
        return Ok(None);
    };
    let place = Place {
        profile: profile.name.clone(),
        folder: None,
        spec: spec.clone(),
    };
    let there = lister::list(&[place]).into_iter().any(|listing| {
        let readings = listing.readings.unwrap_or_default();
        readings.iter().any(|reading| expected.fits(reading))
    });
    Ok(there.then_some(spec))
}

/// How to reach a virtual ukey; its configuration is rewritten if the home has moved.
pub(super) fn virtual_spec(
    desk: &Desk,
    serial: &Serial,
    profile: &str,
) -> Result<WorkerSpec, Error> {
    let folder = desk.home().ukey(serial);
    let ukeys = desk.virtual_ukeys(profile)?;
    ukeys.write_configuration(&folder)?;
    Ok(ukeys.spec(&folder, Some(desk.home().ukey_lock(serial.as_str())))?)
}

fn virtual_places(desk: &Desk) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    for (serial, folder) in virtual_ukey::folders(&desk.home().ukeys())? {
        if virtual_ukey::is_inserted(&folder) {
            places.push(virtual_place(desk, &serial, folder)?);
        }
    }
    Ok(places)
}

/// How to look at the virtual ukey in a folder, and no more.
pub(super) fn virtual_place(desk: &Desk, serial: &Serial, folder: PathBuf) -> Result<Place, Error> {
    let record = desk.store().read().ukey(serial)?;
    let profile = record.map_or_else(
        || super::desk::PRACTICE_PROFILE.to_owned(),
        |record| record.profile,
    );
    let mut spec = virtual_spec(desk, serial, &profile)?;
    spec.lock = None; // Looks only.
    Ok(Place {
        profile,
        folder: Some(folder),
        spec,
    })
}

/// Where real ukeys show: a place for each profile whose module is installed.
pub(super) fn reader_places(desk: &Desk) -> Vec<Place> {
    let profiles = desk
        .profiles()
        .values()
        .filter(|profile| profile.virtual_ukey.is_none());
    let places = profiles.filter_map(|profile| {
        let spec = reader_spec(desk, profile, None)?;
        Some(Place {
            profile: profile.name.clone(),
            folder: None,
            spec,
        })
    });
    places.collect()
}

/// How to reach a real ukey of a profile, if its module is installed.
pub(super) fn reader_spec(
    desk: &Desk,
    profile: &TokenProfile,
    serial: Option<&Serial>,
) -> Option<WorkerSpec> {
    let path = profiles::module_path(profile)?;
    let sha256 = profile
        .module
        .sha256
        .as_ref()
        .and_then(|text| hex::decode(text).ok());
    Some(WorkerSpec {
        program: desk.program().to_owned(),
        module: ModuleSpec {
            path,
            sha256,
            marker: None,
        },
        env: None,
        lock: serial.map(|serial| desk.home().ukey_lock(serial.as_str())),
        keys: profile.keys.clone(),
        deadlines: profile.deadlines,
    })
}
