//! Waivers of the two-person rule (D-8): the superior's security grants one to a subordinate by a
//! signed file; there it stands in for the second officer of what it may free from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::people;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::two_officers::{TwoOfficerAct, Waiver};
use crate::domain::unit::Unit;
use crate::keys::parcel::{Attachments, Kind};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, SecondOfficer, SigningKey, clock, post};

/// What the file says, besides its envelope.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: String,
    until: String,
}

/// A waiver, and how often it was used here.
#[derive(Clone, Debug)]
pub struct WaiverView {
    /// The waiver.
    pub waiver: Waiver,
    /// It is for this unit: what is done under another's stands in the log of that unit.
    pub own: bool,
    /// Acts of this home's log that were done under it.
    pub acts: u64,
    /// Whether its time has neither begun nor ended.
    pub in_time: bool,
}

impl WaiverView {
    /// The message that tells of it, with its arguments. What is done under another unit's waiver is not
    /// known here, so nothing is said of it.
    pub fn told(&self) -> (&'static str, [(&'static str, String); 5]) {
        let key = if self.own {
            "audit-waiver"
        } else {
            "audit-waiver-granted"
        };
        let waiver = &self.waiver;
        let args = [
            ("id", waiver.id.clone()),
            ("unit", waiver.unit_code.clone()),
            ("by", waiver.granted_by.clone()),
            ("until", waiver.until.to_string()),
            ("acts", self.acts.to_string()),
        ];
        (key, args)
    }
}

/// Every waiver that was granted or received here, the newest first.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<WaiverView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let unit = desk.own_unit()?.code;
    let store = desk.store();
    let reading = store.read();
    let now = clock::now();
    let view = |waiver: Waiver| {
        let own = waiver.unit_code == unit.as_str();
        Ok(WaiverView {
            own,
            // Each count reads the log through.
            acts: if own {
                reading.acts_under_waiver(&waiver.id)?
            } else {
                0
            },
            in_time: waiver.granted_at <= now && now.date() <= waiver.until,
            waiver,
        })
    };
    reading.waivers()?.into_iter().map(view).collect()
}

/// Grants a waiver to a direct subordinate and writes the file for it.
///
/// # Errors
/// `wrong-duty`, `reason-required`, `waiver-too-long`, `parcel-sender-unknown` for a unit that was not
/// certified here, or what ukey and file system say.
pub fn grant(
    desk: &Desk,
    officer: &ActingOfficer,
    (unit, until, reason): (&Unit, Date, &str),
    out: Option<&Path>,
) -> Result<(Waiver, PathBuf), Error> {
    officer.demand(Duty::ConfirmAct)?;
    let reason = people::reason_text(reason)?;
    let to = post::subordinate(desk, unit.code.as_str())?;
    let mut waiver = Waiver {
        id: String::new(),
        unit_code: to.code.clone(),
        granted_by: officer.name().as_str().to_owned(),
        granted_at: clock::now(),
        until,
        reason,
    };
    if !waiver.is_lawful() {
        return Err(Error::refused("waiver-too-long", until.to_string()));
    }
    let body = Body {
        reason: waiver.reason.clone(),
        until: until.to_string(),
    };
    let mut key = SigningKey::open(desk, officer)?;
    let nothing = Attachments::default();
    let parcel = post::pack(desk, &mut key, &to, (Kind::Waiver, &body), &nothing)?;
    parcel.id().clone_into(&mut waiver.id);
    let mut audit = Desk::audit_row(officer, "waiver-granted");
    audit.detail = Some(format!("{} {} until {until}", waiver.id, to.code));
    desk.store().act(&audit, |writing| {
        writing.insert_waiver(&waiver)?;
        parcel.record(writing)
    })?;
    Ok((waiver, parcel.deliver(desk, out)?))
}

/// Takes the superior's waiver; the same file again changes nothing.
///
/// # Errors
/// `wrong-duty`, `parcel-…`, `waiver-too-long` when it says more than D-8 lets it.
pub fn receive(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<(Waiver, bool), Error> {
    if !Duty::ManageOfficers.belongs_to(officer.post()) {
        officer.demand(Duty::SetUp)?;
    }
    let incoming = post::open(desk, path, Kind::Waiver)?;
    let manifest = &incoming.opened.manifest;
    let damaged = || Error::refused("parcel-damaged", Kind::Waiver.word());
    let body: Body =
        serde_json::from_value(manifest.body.clone()).map_err(|error| damaged().because(error))?;
    let waiver = Waiver {
        id: manifest.id.to_string(),
        unit_code: desk.own_unit()?.code.as_str().to_owned(),
        granted_by: incoming.opened.signer.name.as_str().to_owned(),
        granted_at: manifest.created,
        until: Date::parse(&body.until, &Iso8601::DATE).map_err(|_no_day| damaged())?,
        reason: people::reason_text(&body.reason).map_err(|_unsaid| damaged())?,
    };
    if !waiver.is_lawful() {
        return Err(Error::refused("waiver-too-long", body.until));
    }
    if incoming.replayed {
        return Ok((waiver, true));
    }
    let mut audit = Desk::audit_row(officer, "waiver-received");
    audit.detail = Some(format!("{} until {}", waiver.id, waiver.until));
    desk.store().act(&audit, |writing| {
        writing.insert_waiver(&waiver)?;
        incoming.record(writing)
    })?;
    Ok((waiver, false))
}

/// Who confirms an act of two officers: the second one, signed in; where none is named and a waiver
/// frees from it, the waiver.
///
/// # Errors
/// As [`Desk::second_officer`].
pub fn confirm(
    desk: &Desk,
    first: &ActingOfficer,
    act: TwoOfficerAct,
    named: Option<&OfficerName>,
    ask: &dyn AskSecret,
) -> Result<SecondOfficer, Error> {
    if named.is_none() {
        let own = desk.own_unit()?.code;
        let waivers = desk.store().read().waivers()?.into_iter();
        let mut free = waivers.filter(|waiver| waiver.frees(own.as_str(), act, clock::now()));
        if let Some(waiver) = free.next() {
            return Ok(SecondOfficer::waived(waiver.id));
        }
    }
    desk.second_officer(first, named, ask)
}
