//! Units of the hierarchy, 代制 delegations, and the table of user types.

use rusqlite::{OptionalExtension as _, Row, params};
use time::Date;

use super::papers::day;
use super::value::{id, one_changed, optional, parsed, time};
use super::{Reading, StoreError, Writing};
use crate::domain::id::UnitId;
use crate::domain::name_index;
use crate::domain::officer::OfficerName;
use crate::domain::scan::ScanKind;
use crate::domain::school_type::SchoolType;
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::{Level, Unit};
use crate::domain::unit_code::UnitCode;

/// A school's signed delegation to have its ukeys made here (D-4), without its scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationRow {
    /// Its id.
    pub id: String,
    /// Whose holders.
    pub unit: UnitId,
    /// The date on the paper.
    pub signed_on: Date,
    /// Its last day.
    pub valid_until: Date,
    /// Who recorded it.
    pub recorded_by: OfficerName,
    /// The second officer who confirmed it; without one it is of no effect.
    pub confirmed_by: Option<OfficerName>,
}

const UNIT: &str = "id, name, level, code, province, prefecture, own, parent, school_type, address,
    contacts, closed_at";
const DELEGATION: &str = "id, unit, signed_on, valid_until, recorded_by, confirmed_by";

impl Reading<'_> {
    /// Every unit, the own one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn units(&self) -> Result<Vec<Unit>, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units ORDER BY own DESC, name, id");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], read_unit)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One unit.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there.
    pub fn unit(&self, id: UnitId) -> Result<Unit, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let unit = statement
            .query_row([id.to_string()], read_unit)
            .optional()?;
        unit.ok_or(StoreError::Changed("the unit"))
    }

    /// The unit of this desk.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is none.
    pub fn own_unit(&self) -> Result<Unit, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units WHERE own = 1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let unit = statement.query_row([], read_unit).optional()?;
        unit.ok_or(StoreError::Changed("the own unit"))
    }

    /// The unit with this code or id, else every unit of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn units_named(&self, text: &str) -> Result<Vec<Unit>, StoreError> {
        let sql = format!("SELECT {UNIT} FROM units WHERE code = ?1 OR id = ?1");
        let mut statement = self.db.prepare_cached(&sql)?;
        let exact = statement.query_map([text], read_unit)?;
        let exact: Vec<Unit> = exact.collect::<Result<_, _>>()?;
        if !exact.is_empty() {
            return Ok(exact);
        }
        let sql = format!("SELECT {UNIT} FROM units WHERE name = ?1 ORDER BY id LIMIT 20");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([text], read_unit)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a unit has requests that have not ended, or subordinates that are not closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unit_in_use(&self, id: UnitId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM requests WHERE unit = ?1
                 AND state NOT IN ('closed', 'rejected', 'withdrawn', 'expired'))
             OR EXISTS (SELECT 1 FROM units WHERE parent = ?1 AND closed_at IS NULL)";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([id.to_string()], |row| row.get(0))?)
    }

    /// Whether requests of a unit are between their submission and their certificate.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unit_awaits_certificates(&self, id: UnitId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM requests WHERE unit = ?1
                 AND state IN ('submitted', 'approved', 'personalising', 'pending'))";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([id.to_string()], |row| row.get(0))?)
    }

    /// The user types of this home, in their order (D-9).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn user_types(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT name FROM user_types ORDER BY place")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The delegations of a unit, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delegations(&self, unit: UnitId) -> Result<Vec<DelegationRow>, StoreError> {
        let sql = format!("SELECT {DELEGATION} FROM delegations WHERE unit = ?1 ORDER BY id DESC");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([unit.to_string()], |row| {
            let officer = |text: &str| OfficerName::parse(text).ok();
            Ok(DelegationRow {
                id: row.get(0)?,
                unit: parsed(row, 1, "unit id", id)?,
                signed_on: parsed(row, 2, "date", day)?,
                valid_until: parsed(row, 3, "date", day)?,
                recorded_by: parsed(row, 4, "officer", officer)?,
                confirmed_by: optional(row, 5, "officer", officer)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    /// Adds a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_unit(&self, unit: &Unit) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO units ({UNIT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        );
        self.put_unit(&sql, unit)?;
        self.index_unit(unit)
    }

    /// Makes a unit findable by any part of its name.
    fn index_unit(&self, unit: &Unit) -> Result<(), StoreError> {
        let id = unit.id.to_string();
        self.db
            .prepare_cached("DELETE FROM unit_terms WHERE unit = ?1")?
            .execute([&id])?;
        let mut statement = self.db.prepare_cached(
            "INSERT INTO unit_terms (term, unit) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        let name = name_index::folded(&unit.name);
        for (at, _c) in name.char_indices() {
            statement.execute([name.get(at..).unwrap_or_default(), &id])?;
        }
        Ok(())
    }

    /// Puts new values in the place of a unit's old ones.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there.
    pub fn update_unit(&self, unit: &Unit) -> Result<(), StoreError> {
        let sql = "UPDATE units SET name = ?2, level = ?3, code = ?4, province = ?5,
                 prefecture = ?6, own = ?7, parent = ?8, school_type = ?9, address = ?10,
                 contacts = ?11, closed_at = ?12
             WHERE id = ?1";
        match self.put_unit(sql, unit)? {
            1 => self.index_unit(unit),
            _ => Err(StoreError::Changed("the unit")),
        }
    }

    fn put_unit(&self, sql: &str, unit: &Unit) -> Result<usize, StoreError> {
        let Unit {
            id,
            name,
            level,
            code,
            province,
            prefecture,
            own,
            parent,
            school_type,
            address,
            contacts,
            closed_at,
        } = unit;
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.execute(params![
            id.to_string(),
            name,
            level.word(),
            code.as_str(),
            province,
            prefecture,
            own,
            parent.map(|id| id.to_string()),
            school_type.map(SchoolType::as_str),
            address,
            contacts,
            closed_at.map(|at| at.to_string()),
        ])?)
    }

    /// Adds a user type at the end of the table.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it is there.
    pub fn insert_user_type(&self, name: &str) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO user_types (name, place)
             VALUES (?1, (SELECT coalesce(max(place), 0) + 1 FROM user_types))",
            [name],
        )?;
        Ok(())
    }

    /// Keeps a delegation with its scan.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert_delegation(
        &self,
        row: &DelegationRow,
        (kind, sha256, scan): (ScanKind, &[u8; 32], &[u8]),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "INSERT INTO delegations (id, unit, signed_on, valid_until, scan_sha256, scan_kind, scan,
                 recorded_by, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                row.id,
                row.unit.to_string(),
                row.signed_on.to_string(),
                row.valid_until.to_string(),
                sha256,
                kind.word(),
                scan,
                row.recorded_by.as_str(),
                at.to_string()
            ],
        )?;
        Ok(())
    }

    /// Gives a delegation its effect: the second officer has confirmed it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not there or has been confirmed.
    pub fn confirm_delegation(
        &self,
        id: &str,
        officer: &OfficerName,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self.db.execute(
            "UPDATE delegations SET confirmed_by = ?2, confirmed_at = ?3
             WHERE id = ?1 AND confirmed_by IS NULL",
            params![id, officer.as_str(), at.to_string()],
        )?;
        one_changed(changed, "the delegation")
    }
}

fn read_unit(row: &Row<'_>) -> rusqlite::Result<Unit> {
    Ok(Unit {
        id: parsed(row, 0, "unit id", id)?,
        name: row.get(1)?,
        level: parsed(row, 2, "level", Level::from_word)?,
        code: parsed(row, 3, "unit code", |text| UnitCode::parse(text).ok())?,
        province: row.get(4)?,
        prefecture: row.get(5)?,
        own: row.get(6)?,
        parent: optional(row, 7, "unit id", id)?,
        school_type: optional(row, 8, "school type", |text| SchoolType::parse(text).ok())?,
        address: row.get(9)?,
        contacts: row.get(10)?,
        closed_at: optional(row, 11, "time", time)?,
    })
}
