//! `unit …` and `user-type …`.

use serde_json::{Value, json};

use super::args::{Unit as UnitCommand, UnitFields, UserType};
use super::commands::Cli;
use super::requests::{parse_day, read_scan};
use crate::domain::officer::Duty;
use crate::domain::school_type::SchoolType;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::unit::{Unit, UnitDraft};
use crate::station::desk::Access;
use crate::station::jobs::{holders, units};
use crate::station::{DelegationRow, Error};

impl Cli<'_> {
    pub(super) fn unit(&self, command: &UnitCommand) -> Result<u8, Error> {
        match command {
            UnitCommand::List { below, limit } => {
                let (desk, officer) = self.read()?;
                let below = below
                    .as_ref()
                    .map(|text| units::find(&desk, &officer, text));
                let below = below.transpose()?.map(|unit| unit.id);
                let found = units::list(&desk, &officer, below)?;
                let limit = limit.unwrap_or(usize::MAX);
                let items: Vec<Value> = found.iter().take(limit).map(unit_value).collect();
                let columns = [
                    ("col-unit", "name"),
                    ("col-level", "level"),
                    ("col-code", "code"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            UnitCommand::Certificate { dir } => self.unit_certificate(dir),
            UnitCommand::Enrol {
                file,
                fingerprint,
                out,
            } => self.unit_enrol(file, fingerprint.as_deref(), out.as_deref()),
            UnitCommand::Enrolled { file } => self.unit_enrolled(file),
            UnitCommand::Crl { file } => self.unit_crl(file),
            UnitCommand::ConfirmHistory { file, code } => {
                self.unit_confirm_history(file, code.as_deref())
            }
            UnitCommand::Revoke { unit, of, reason } => {
                self.unit_revoke(unit, of.as_deref(), reason)
            }
            UnitCommand::SetAside { file } => self.unit_set_aside(file),
            UnitCommand::RenewCrl => self.unit_renew_crl(),
            UnitCommand::Show { unit } => {
                let (desk, officer) = self.read()?;
                let unit = units::find(&desk, &officer, unit)?;
                let mut document = unit_value(&unit);
                let delegations: Vec<Value> = units::delegations(&desk, &officer, &unit)?
                    .iter()
                    .map(|row| {
                        json!({
                            "id": row.id,
                            "signed_on": row.signed_on.to_string(),
                            "valid_until": row.valid_until.to_string(),
                            "confirmed": row.confirmed_by.is_some(),
                        })
                    })
                    .collect();
                if let Some(object) = document.as_object_mut() {
                    object.insert("delegations".to_owned(), Value::Array(delegations));
                    let merger = holders::merger(&desk, &officer, &unit)?;
                    let into =
                        merger.map(|row| json!({ "code": row.into_code, "name": row.into_unit }));
                    object.insert("merged_into".to_owned(), json!(into));
                }
                Ok(self.show(&document))
            }
            UnitCommand::Add(fields) => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let draft = with(UnitDraft::default(), fields);
                let (unit, normalised) = units::add(&desk, &officer, &draft)?;
                let mut document = unit_value(&unit);
                self.output.notices(&mut document, &normalised, &[]);
                Ok(self.done(&document))
            }
            UnitCommand::Edit { unit, fields } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let unit = units::find(&desk, &officer, unit)?;
                let draft = with(UnitDraft::from(&unit), fields);
                let (unit, normalised) = units::edit(&desk, &officer, &unit, &draft)?;
                let mut document = unit_value(&unit);
                self.output.notices(&mut document, &normalised, &[]);
                Ok(self.done(&document))
            }
            UnitCommand::Import {
                file,
                all_or_nothing,
            } => self.unit_import(file, *all_or_nothing),
            UnitCommand::Close {
                unit,
                holders_leave: _,
                reason,
                with_ukeys,
            } => self.unit_close(unit, reason.as_deref(), *with_ukeys),
            UnitCommand::Merge {
                unit,
                into,
                terms,
                desk,
            } => self.unit_merge((unit, into), terms, desk),
            UnitCommand::Delegate {
                unit,
                signed_on,
                until,
                scan,
            } => {
                let days = (parse_day(signed_on)?, parse_day(until)?);
                let content = read_scan(scan)?;
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let unit = units::find(&desk, &officer, unit)?;
                // The second officer first: a wrong passphrase records nothing.
                let named = self.global.second.is_some();
                let second = named
                    .then(|| self.second((&desk, &officer), TwoOfficerAct::Delegate))
                    .transpose()?;
                let row = units::delegate(&desk, &officer, &unit, days, &content)?;
                if let Some(second) = second {
                    units::confirm_delegation(&desk, &officer, &second, &row)?;
                    return Ok(self.done(&delegation_value(&unit, &row, true)));
                }
                let sentence = self.output.wording().text("delegation-waits");
                let document = delegation_value(&unit, &row, false);
                self.output.document(&document, &sentence);
                Ok(3)
            }
            UnitCommand::DelegateConfirm { unit } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let unit = units::find(&desk, &officer, unit)?;
                let row = units::waiting_delegation(&desk, &officer, &unit)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::Delegate)?;
                units::confirm_delegation(&desk, &officer, &second, &row)?;
                Ok(self.done(&delegation_value(&unit, &row, true)))
            }
        }
    }

    pub(super) fn user_type(&self, command: &UserType) -> Result<u8, Error> {
        match command {
            UserType::List => {
                let (desk, officer) = self.read()?;
                let names = units::user_types(&desk, &officer)?.into_iter();
                let items: Vec<Value> = names.map(|name| json!({ "name": name })).collect();
                self.output.list(&items, &[("col-name", "name")]);
                Ok(0)
            }
            UserType::Add { name } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                units::add_user_type(&desk, &officer, name)?;
                Ok(self.done(&json!({ "name": name.trim() })))
            }
        }
    }
}

/// The `unit` object of interface.md.
pub(super) fn unit_value(unit: &Unit) -> Value {
    json!({
        "id": unit.id.to_string(),
        "name": unit.name,
        "level": unit.level.word(),
        "own": unit.own,
        "code": unit.code.as_str(),
        "parent": unit.parent.map(|id| id.to_string()),
        "school_type": unit.school_type.map(SchoolType::as_str),
        "province": unit.province,
        "prefecture": unit.prefecture,
        "address": unit.address,
        "contacts": unit.contacts,
        "closed_at": unit.closed_at.map(|at| at.to_string()),
    })
}

/// A draft with what was given in the place of what it had.
fn with(draft: UnitDraft, fields: &UnitFields) -> UnitDraft {
    let or = |given: &Option<String>, had: String| given.clone().unwrap_or(had);
    UnitDraft {
        name: or(&fields.name, draft.name),
        level: or(&fields.level, draft.level),
        code: or(&fields.code, draft.code),
        parent: or(&fields.parent, draft.parent),
        province: or(&fields.province, draft.province),
        prefecture: or(&fields.prefecture, draft.prefecture),
        school_type: or(&fields.school_type, draft.school_type),
        address: or(&fields.address, draft.address),
        contacts: or(&fields.contacts, draft.contacts),
    }
}

fn delegation_value(unit: &Unit, row: &DelegationRow, confirmed: bool) -> Value {
    json!({
        "id": row.id,
        "unit": unit.name,
        "valid_until": row.valid_until.to_string(),
        "confirmed": confirmed,
    })
}
