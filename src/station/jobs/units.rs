//! Units: list, show, add, edit, import, close; 代制 delegations; the table of user types (D-1 … D-4,
//! D-9).

use std::collections::BTreeMap;

use time::Date;

use super::papers;
use crate::domain::audit::AuditRow;
use crate::domain::id::UnitId;
use crate::domain::officer::Duty;
use crate::domain::request::{FieldFault, FieldProblem, Normalised};
use crate::domain::text::is_hidden;
use crate::domain::unit::{Level, ParentFound, Unit, UnitDraft};
use crate::domain::unit_code::UnitCode;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::{DelegationRow, Writing};

/// One unit by name, code or id.
///
/// # Errors
/// `unit-unknown`, `unit-ambiguous`.
pub fn find(desk: &Desk, officer: &ActingOfficer, text: &str) -> Result<Unit, Error> {
    officer.demand(Duty::ReadRecords)?;
    let mut found = desk.store().read().units_named(text.trim())?;
    match (found.pop(), found.len()) {
        (Some(unit), 0) => Ok(unit),
        (None, _) => Err(Error::usage("unit-unknown", text)),
        (Some(last), _) => {
            let codes = found.iter().chain([&last]).map(|unit| unit.code.as_str());
            let codes: Vec<_> = codes.collect();
            Err(Error::usage(
                "unit-ambiguous",
                format!("{text}: {}", codes.join(", ")),
            ))
        }
    }
}

/// Units in the tree below `above`, itself first; every unit without it.
///
/// # Errors
/// What the store says.
pub fn list(
    desk: &Desk,
    officer: &ActingOfficer,
    above: Option<UnitId>,
) -> Result<Vec<Unit>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let all = desk.store().read().units()?;
    let Some(above) = above else {
        return Ok(all);
    };
    let parents: BTreeMap<UnitId, Option<UnitId>> =
        all.iter().map(|unit| (unit.id, unit.parent)).collect();
    // The tree is at most four levels high; a circle in damaged records ends all the same.
    let is_below = |unit: &Unit| {
        let above_it =
            std::iter::successors(Some(unit.id), |id| parents.get(id).copied().flatten());
        above_it.take(8).any(|id| id == above)
    };
    let mut found: Vec<Unit> = all.into_iter().filter(is_below).collect();
    found.sort_by_key(|unit| unit.id != above);
    Ok(found)
}

/// Adds a unit.
///
/// # Errors
/// `unit-invalid` with every fault, `wrong-duty`.
pub fn add(
    desk: &Desk,
    officer: &ActingOfficer,
    draft: &UnitDraft,
) -> Result<(Unit, Vec<Normalised>), Error> {
    officer.demand(Duty::SetUp)?;
    let known = Known::read(desk)?;
    let id = UnitId::new(clock::new_uuid());
    let (unit, normalised) = known.check(draft, id).map_err(invalid)?;
    let mut audit = Desk::audit_row(officer, "unit-added");
    audit.detail = Some(id.to_string());
    desk.store()
        .act(&audit, |writing| writing.insert_unit(&unit))?;
    Ok((unit, normalised))
}

/// Puts new values in the place of a unit's; certificates that were issued keep the old ones. What a
/// certificate says of it does not change between a decision and its certificate (D-36), and of the own
/// unit never.
///
/// # Errors
/// `unit-invalid` with every fault, `unit-own`, `unit-in-use`, `wrong-duty`.
pub fn edit(
    desk: &Desk,
    officer: &ActingOfficer,
    unit: &Unit,
    draft: &UnitDraft,
) -> Result<(Unit, Vec<Normalised>), Error> {
    officer.demand(Duty::SetUp)?;
    let known = Known::read(desk)?;
    let (mut changed, normalised) = known.check(draft, unit.id).map_err(invalid)?;
    let misplaced = known
        .units
        .iter()
        .any(|other| other.parent == Some(unit.id) && !other.level.may_stand_under(changed.level));
    if misplaced {
        let level = changed.level.word();
        return Err(invalid(vec![fault(
            "level",
            level,
            FieldProblem::UnitParent,
        )]));
    }
    (changed.own, changed.closed_at) = (unit.own, unit.closed_at);
    if changed == *unit {
        return Ok((changed, normalised));
    }
    let moved = (unit.level, unit.parent) != (changed.level, changed.parent);
    if unit.own && !desk.is_practice() && (moved || is_another(unit, &changed)) {
        // Its certificate names it so: under another name no neighbour would take its files.
        return Err(Error::refused("unit-own", unit.name.clone()));
    }
    let mut audit = Desk::audit_row(officer, "unit-edited");
    audit.detail = Some(unit.id.to_string());
    desk.store().act(&audit, |writing| {
        // A certificate says what was approved, and what was approved says the unit by its id.
        if is_another(unit, &changed) && writing.unit_awaits_certificates(unit.id)? {
            return Err(Error::refused("unit-in-use", unit.name.clone()));
        }
        Ok(writing.update_unit(&changed)?)
    })?;
    Ok((changed, normalised))
}

/// Whether certificates would name a unit otherwise.
fn is_another(unit: &Unit, changed: &Unit) -> bool {
    unit.name != changed.name
        || unit.code != changed.code
        || unit.province != changed.province
        || unit.prefecture != changed.prefecture
}

/// Closes a unit: no request is entered for it any more, its records stay (D-45).
///
/// # Errors
/// `unit-own`, `unit-in-use` while it has live requests or open subordinates, `wrong-duty`.
pub fn close(desk: &Desk, officer: &ActingOfficer, unit: &Unit) -> Result<Unit, Error> {
    let closed = to_close(officer, unit)?;
    if closed == *unit {
        return Ok(closed);
    }
    let audit = closing(officer, &closed);
    desk.store()
        .act(&audit, |writing| put_closed(writing, &closed))?;
    Ok(closed)
}

/// The unit as it is once it is closed; one that is closed already stays as it is.
pub(super) fn to_close(officer: &ActingOfficer, unit: &Unit) -> Result<Unit, Error> {
    officer.demand(Duty::SetUp)?;
    if unit.own {
        return Err(Error::refused("unit-own", unit.name.clone()));
    }
    Ok(Unit {
        closed_at: unit.closed_at.or_else(|| Some(clock::now())),
        ..unit.clone()
    })
}

/// The row of the log about it.
pub(super) fn closing(officer: &ActingOfficer, unit: &Unit) -> AuditRow {
    let mut audit = Desk::audit_row(officer, "unit-closed");
    audit.detail = Some(unit.id.to_string());
    audit
}

/// Closes it, in the transaction of the act.
pub(super) fn put_closed(writing: &Writing<'_>, closed: &Unit) -> Result<(), Error> {
    if writing.unit_in_use(closed.id)? {
        return Err(Error::refused("unit-in-use", closed.name.clone()));
    }
    Ok(writing.update_unit(closed)?)
}

/// What becomes of the good rows of a sheet with bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// None is taken.
    RefuseAll,
    /// The good ones are taken.
    TakeGood,
}

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Units that were added.
    pub added: Vec<Unit>,
    /// Index of each bad row among those given, with every fault.
    pub bad: Vec<(usize, Vec<FieldFault>)>,
}

/// Adds the units of a sheet's rows, superiors before their subordinates whatever their order, in one
/// act.
///
/// # Errors
/// `wrong-duty`, or what the store says; faults of rows are in the answer.
pub fn import_rows(
    desk: &Desk,
    officer: &ActingOfficer,
    rows: &[UnitDraft],
    bad_rows: BadRows,
) -> Result<Imported, Error> {
    let mut imported = judge_rows(desk, officer, rows)?;
    if !imported.bad.is_empty() && bad_rows == BadRows::RefuseAll {
        imported.added.clear();
    }
    if !imported.added.is_empty() {
        let mut audit = Desk::audit_row(officer, "units-imported");
        audit.detail = Some(imported.added.len().to_string());
        desk.store().act(&audit, |writing| {
            imported
                .added
                .iter()
                .try_for_each(|unit| writing.insert_unit(unit))
        })?;
    }
    Ok(imported)
}

/// What [`import_rows`] would do, with nothing written.
pub(super) fn judge_rows(
    desk: &Desk,
    officer: &ActingOfficer,
    rows: &[UnitDraft],
) -> Result<Imported, Error> {
    officer.demand(Duty::SetUp)?;
    let mut known = Known::read(desk)?;
    let mut imported = Imported::default();
    let mut order: Vec<(usize, &UnitDraft)> = rows.iter().enumerate().collect();
    order.sort_by_key(|(_at, row)| Level::parse(&row.level));
    for (at, row) in order {
        match known.check(row, UnitId::new(clock::new_uuid())) {
            Ok((unit, _normalised)) => {
                known.add(unit.clone());
                imported.added.push(unit);
            }
            Err(faults) => imported.bad.push((at, faults)),
        }
    }
    imported.bad.sort_by_key(|(at, _faults)| *at);
    Ok(imported)
}

/// Records a school's signed delegation to have its ukeys made here (代制, D-4). It has no effect
/// until a second officer confirms it: [`confirm_delegation`].
///
/// # Errors
/// `delegation-not-possible` unless this is a county and the unit a school directly under it;
/// `scan-invalid`, `wrong-duty`.
pub fn delegate(
    desk: &Desk,
    officer: &ActingOfficer,
    unit: &Unit,
    (signed_on, valid_until): (Date, Date),
    scan: &[u8],
) -> Result<DelegationRow, Error> {
    officer.demand(Duty::SetUp)?;
    let own = desk.store().read().own_unit()?;
    let possible = own.level == Level::County
        && unit.level == Level::School
        && unit.parent == Some(own.id)
        && unit.closed_at.is_none()
        && signed_on <= valid_until;
    if !possible {
        return Err(Error::refused("delegation-not-possible", unit.name.clone()));
    }
    let checked = papers::check_scan(scan)?;
    let row = DelegationRow {
        id: clock::new_uuid().to_string(),
        unit: unit.id,
        signed_on,
        valid_until,
        recorded_by: officer.name().clone(),
        confirmed_by: None,
    };
    let mut audit = Desk::audit_row(officer, "delegation-recorded");
    audit.detail = Some(format!("{} for unit {}", row.id, unit.id));
    desk.store().act(&audit, |writing| {
        let paper = (checked.kind, &checked.sha256.0, scan);
        writing.insert_delegation(&row, paper, clock::now())
    })?;
    Ok(row)
}

/// Gives a delegation its effect: confirmed by security, the second of the two county officers, who
/// did not record it (D-4).
///
/// # Errors
/// `wrong-duty`, `own-entry`, `changed-meanwhile` when it is confirmed already.
pub fn confirm_delegation(
    desk: &Desk,
    officer: &ActingOfficer,
    second: &SecondOfficer,
    delegation: &DelegationRow,
) -> Result<(), Error> {
    officer.demand(Duty::SetUp)?;
    let required = || Error::refused("second-officer-required", "");
    let second = second.officer().ok_or_else(required)?;
    second.demand(Duty::DecideRequest)?;
    if delegation.recorded_by == *second.name() {
        return Err(Error::refused("own-entry", delegation.id.clone()));
    }
    let mut audit = Desk::audit_row(second, "delegation-confirmed");
    audit.detail = Some(delegation.id.clone());
    desk.store().act(&audit, |writing| {
        writing.confirm_delegation(&delegation.id, second.name(), clock::now())
    })?;
    Ok(())
}

/// The delegation of a unit that waits for its second officer.
///
/// # Errors
/// `delegation-not-waiting`.
pub fn waiting_delegation(
    desk: &Desk,
    officer: &ActingOfficer,
    unit: &Unit,
) -> Result<DelegationRow, Error> {
    let rows = delegations(desk, officer, unit)?.into_iter();
    let mut waiting = rows.filter(|row| row.confirmed_by.is_none());
    let none = || Error::refused("delegation-not-waiting", unit.name.clone());
    waiting.next().ok_or_else(none)
}

/// The delegations of a unit, the newest first.
///
/// # Errors
/// What the store says.
pub fn delegations(
    desk: &Desk,
    officer: &ActingOfficer,
    unit: &Unit,
) -> Result<Vec<DelegationRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().delegations(unit.id)?)
}

/// Whether a unit's ukeys may be made here today: a confirmed delegation that has not ended.
pub(super) fn delegated(desk: &Desk, unit: UnitId) -> Result<bool, Error> {
    let today = clock::now().date();
    let delegations = desk.store().read().delegations(unit)?;
    Ok(delegations.iter().any(|row| {
        row.confirmed_by.is_some() && (row.signed_on..=row.valid_until).contains(&today)
    }))
}

/// The user types of this home, in their order (D-9).
///
/// # Errors
/// What the store says.
pub fn user_types(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<String>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().user_types()?)
}

/// Adds a user type to the table. One that is there changes nothing.
///
/// # Errors
/// `user-type-invalid`: 2 to 30 characters without 、, none invisible; `wrong-duty`.
pub fn add_user_type(desk: &Desk, officer: &ActingOfficer, name: &str) -> Result<(), Error> {
    officer.demand(Duty::SetUp)?;
    let name = name.trim();
    let length = (2..=30).contains(&name.chars().count());
    if !length || name.contains('、') || name.starts_with("其他") || name.chars().any(is_hidden)
    {
        return Err(Error::usage("user-type-invalid", ""));
    }
    if desk
        .store()
        .read()
        .user_types()?
        .iter()
        .any(|known| known == name)
    {
        return Ok(());
    }
    let mut audit = Desk::audit_row(officer, "user-type-added");
    audit.detail = Some(name.to_owned());
    desk.store()
        .act(&audit, |writing| writing.insert_user_type(name))?;
    Ok(())
}

/// The units a draft is checked against.
struct Known {
    units: Vec<Unit>,
    by_name: BTreeMap<String, Vec<usize>>,
    by_code: BTreeMap<String, usize>,
}

impl Known {
    fn read(desk: &Desk) -> Result<Self, Error> {
        let mut known = Self {
            units: Vec::new(),
            by_name: BTreeMap::new(),
            by_code: BTreeMap::new(),
        };
        for unit in desk.store().read().units()? {
            known.add(unit);
        }
        Ok(known)
    }

    fn add(&mut self, unit: Unit) {
        let at = self.units.len();
        self.by_name.entry(unit.name.clone()).or_default().push(at);
        self.by_code.insert(unit.code.as_str().to_owned(), at);
        self.by_code.insert(unit.id.to_string(), at);
        self.units.push(unit);
    }

    fn check(
        &self,
        draft: &UnitDraft,
        id: UnitId,
    ) -> Result<(Unit, Vec<Normalised>), Vec<FieldFault>> {
        let checked = draft.check(id, self.parent(draft.parent.trim()));
        let code = UnitCode::parse(&draft.code).ok();
        let taken = code.and_then(|code| self.by_code.get(code.as_str()));
        let taken = taken.and_then(|at| self.units.get(*at));
        match taken {
            Some(other) if other.id != id => {
                let mut faults = checked.err().unwrap_or_default();
                faults.push(fault(
                    "code",
                    draft.code.trim(),
                    FieldProblem::UnitCodeTaken,
                ));
                Err(faults)
            }
            _ => checked,
        }
    }

    fn parent(&self, text: &str) -> ParentFound<'_> {
        if text.is_empty() {
            return ParentFound::NotNamed;
        }
        let unit = |at: &usize| self.units.get(*at);
        if let Some(unit) = self.by_code.get(text).and_then(unit) {
            return ParentFound::One(unit);
        }
        match self.by_name.get(text).map(Vec::as_slice) {
            Some([one]) => unit(one).map_or(ParentFound::None, ParentFound::One),
            Some([_, _, ..]) => ParentFound::Several,
            Some([]) | None => ParentFound::None,
        }
    }
}

fn fault(field: &'static str, value: &str, problem: FieldProblem) -> FieldFault {
    FieldFault {
        field,
        rule: "D-2",
        value: Some(crate::domain::text::shortened(value, 64)),
        problem,
    }
}

fn invalid(faults: Vec<FieldFault>) -> Error {
    let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    let mut error = Error::refused("unit-invalid", fields.join(", "));
    error.faults = faults;
    error
}
