//! Forms 1 and 2 on paper: blank, or filled from the record with its opinions. The paper holds full
//! numbers: who prints one has revealed it (D-39).

use std::collections::BTreeMap;
use std::path::Path;

use time::Date;

use super::people::Revealed;
use crate::documents::form::{self, Applicant, Foot, Form1, Form2, Opinion as Written};
use crate::domain::officer::Duty;
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::domain::request::{FormKind, USER_TYPES};
use crate::domain::school_type::SchoolType;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::store::{FieldRow, RequestRow};

/// What a form offers beside the types of the table (D-9).
const OTHER: &str = "其他";
/// Room to write by hand.
const BY_HAND: &str = "其他：＿＿＿＿＿＿＿＿";

/// Writes a blank form.
///
/// # Errors
/// What the file system says.
pub fn blank(officer: &ActingOfficer, kind: FormKind, out: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let font = fonts::with(Face::Song, [])?;
    let pdf = match kind {
        FormKind::Officer => form::form1(&Form1::default(), &Foot::default(), &font),
        FormKind::Account => {
            let form = Form2 {
                user_types: choices(&USER_TYPES.map(str::to_owned), &[]),
                ..Form2::default()
            };
            form::form2(&form, &Foot::default(), &font)
        }
    };
    let pdf = pdf.map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

/// Writes the form of a request with its full values and the opinions that were recorded.
///
/// # Errors
/// `wrong-duty`, `glyph-missing`, or what store and file system say.
pub fn write(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    _revealed: &Revealed,
    out: &Path,
) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let (record, position) = {
        let store = desk.store();
        let reading = store.read();
        let record = Record {
            unit: reading.unit(request.unit)?.name,
            fields: reading.request_fields(request.id)?,
            opinions: reading.opinions(request.id)?,
            user_types: reading.user_types()?,
        };
        (record, reading.audit_position(desk.id())?)
    };
    let values = record.fields.values().map(|row| row.value.as_str());
    let opinions = record.opinions.iter();
    let opinions =
        opinions.flat_map(|opinion| [Some(opinion.by.as_str()), opinion.note.as_deref()]);
    let texts = values
        .chain(opinions.flatten())
        .chain([record.unit.as_str()])
        .chain(record.user_types.iter().map(String::as_str));
    let font = fonts::with(Face::Song, texts)?;
    let foot = Foot {
        number: request.number.clone(),
        qr: format!(
            "REQUEST:{};ID:{};REV:{}",
            request.number, request.id, request.revision
        ),
        checkpoint: position.code().to_string(),
    };
    let pdf = match request.form {
        FormKind::Officer => form::form1(&record.form1(), &foot, &font),
        FormKind::Account => form::form2(&record.form2(), &foot, &font),
    };
    let pdf = pdf.map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

/// What a form is filled from.
struct Record {
    unit: String,
    fields: BTreeMap<String, FieldRow>,
    opinions: Vec<Opinion>,
    user_types: Vec<String>,
}

impl Record {
    fn text(&self, field: &str) -> String {
        let value = self.fields.get(field).map(|row| row.value.clone());
        value.unwrap_or_default()
    }

    fn opinion(&self, kind: OpinionKind) -> Written {
        let found = self.opinions.iter().find(|opinion| opinion.kind == kind);
        found.map_or_else(Written::default, |opinion| Written {
            note: opinion.note.clone().unwrap_or_default(),
            by: opinion.by.clone(),
            on: day(opinion.on),
        })
    }

    fn applicant(&self) -> Applicant {
        Applicant {
            unit: self.unit.clone(),
            name: self.text("name"),
            id_number: self.text("id_number"),
            office_phone: self.text("office_phone"),
            email: self.text("email"),
            mobile: self.text("mobile"),
            address: self.text("address"),
            notes: self.text("notes"),
        }
    }

    fn form1(&self) -> Form1 {
        Form1 {
            applicant: self.applicant(),
            post: self.text("post"),
            department: self.opinion(OpinionKind::Department),
        }
    }

    fn form2(&self) -> Form2 {
        let types = self.text("user_types");
        let types: Vec<&str> = types.split('、').filter(|name| !name.is_empty()).collect();
        Form2 {
            applicant: self.applicant(),
            school_type: named(&self.text("school_type")),
            user_types: choices(&self.user_types, &types),
            apply_certificate: Some(self.text("apply_certificate") == "是"),
            existing_account: self.text("existing_account"),
            confirmation: self.opinion(OpinionKind::Applicant),
            opinions: [
                OpinionKind::Department,
                OpinionKind::Office,
                OpinionKind::Acceptance,
            ]
            .map(|kind| self.opinion(kind)),
        }
    }
}

/// The types of the table, ticked where chosen; then what was written for 其他.
fn choices(table: &[String], chosen: &[&str]) -> Vec<(String, bool)> {
    let known = table
        .iter()
        .map(|name| (name.clone(), chosen.contains(&name.as_str())));
    let others = chosen
        .iter()
        .filter(|name| !table.iter().any(|known| known == *name));
    let mut others: Vec<_> = others.map(|name| ((*name).to_owned(), true)).collect();
    if others.is_empty() {
        let other = if chosen.is_empty() { BY_HAND } else { OTHER };
        others.push((other.to_owned(), false));
    }
    known.chain(others).collect()
}

/// `211 小学`.
fn named(code: &str) -> String {
    match SchoolType::parse(code) {
        Ok(known) if known.name() != known.as_str() => {
            format!("{} {}", known.as_str(), known.name())
        }
        _ => code.to_owned(),
    }
}

/// `2026 年 11 月 24 日`.
fn day(date: Date) -> String {
    let (year, month, day) = date.to_calendar_date();
    format!("{year} 年 {} 月 {day} 日", u8::from(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_ticked_and_other_types_are_named() {
        let table = USER_TYPES.map(str::to_owned);
        let ticked = |chosen: &[&str]| -> Vec<String> {
            let ticked = choices(&table, chosen)
                .into_iter()
                .filter(|(_name, ticked)| *ticked);
            ticked.map(|(name, _ticked)| name).collect()
        };
        assert_eq!(
            ticked(&["信息管理员", "其他:统计员"]),
            ["信息管理员", "其他:统计员"]
        );
        assert!(ticked(&[]).is_empty());
        assert_eq!(choices(&table, &[]).last().unwrap().0, BY_HAND);
        assert_eq!(
            (named("211"), named("教育行政部门")),
            ("211 小学".to_owned(), "教育行政部门".to_owned())
        );
    }
}
