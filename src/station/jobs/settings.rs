//! Settings of the home: list, get, set.

use crate::domain::officer::Duty;
use crate::domain::setting::{Range, SETTINGS, Setting};
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;

/// A setting and its value, which may be the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Which.
    pub setting: Setting,
    /// Its value.
    pub value: String,
}

/// Every setting.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<Set>, Error> {
    officer.demand(Duty::ReadRecords)?;
    SETTINGS.into_iter().map(|one| read(desk, one)).collect()
}

/// One setting.
///
/// # Errors
/// `setting-unknown`.
pub fn get(desk: &Desk, officer: &ActingOfficer, name: &str) -> Result<Set, Error> {
    officer.demand(Duty::ReadRecords)?;
    read(desk, named(name)?)
}

/// Gives a setting a value. The same value changes nothing.
///
/// # Errors
/// `setting-unknown`, `setting-invalid` with the range, `wrong-duty`.
pub fn set(desk: &Desk, officer: &ActingOfficer, name: &str, typed: &str) -> Result<Set, Error> {
    officer.demand(Duty::SetUp)?;
    let setting = named(name)?;
    let value = setting.check(typed).map_err(|error| {
        Error::usage("setting-invalid", format!("{name}: {}", setting.range)).because(error)
    })?;
    if read(desk, setting)?.value != value {
        let mut audit = Desk::audit_row(officer, "setting-changed");
        audit.detail = Some(match setting.range {
            // Might name a person, or a place of this computer.
            Range::Text(_) | Range::Destinations => name.to_owned(),
            Range::Whole(..) | Range::Day => format!("{name} = {value}"),
        });
        desk.store()
            .act(&audit, |writing| writing.set_meta(setting.name, &value))?;
    }
    Ok(Set { setting, value })
}

/// The value of a setting, checked again.
///
/// # Errors
/// `store-damaged`.
pub(super) fn read(desk: &Desk, setting: Setting) -> Result<Set, Error> {
    let damaged = |error| Error::failed("store-damaged", setting.name).because(error);
    let value = match desk.store().read().meta(setting.name)? {
        // `init` and earlier versions checked text less.
        Some(text) if matches!(setting.range, Range::Text(_)) => text,
        Some(text) => setting.check(&text).map_err(damaged)?,
        None => setting.default.to_owned(),
    };
    Ok(Set { setting, value })
}

fn named(name: &str) -> Result<Setting, Error> {
    Setting::named(name).ok_or_else(|| Error::usage("setting-unknown", name))
}
