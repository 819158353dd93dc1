//! Forms 1 and 2 on paper: blank, or filled from the record. The paper holds full numbers, so that
//! printing one is revealing them (D-39).

use std::collections::BTreeMap;
use std::path::Path;

use crate::documents::form::{self, Applicant, Foot, Form1, Form2};
use crate::documents::sheet::SCHOOL_TYPE_NAMES;
use crate::domain::audit::AuditRow;
use crate::domain::officer::Duty;
use crate::domain::request::USER_TYPES;
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

/// A form of the notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// 管理类用户注册申请单.
    Form1,
    /// 全国教师管理信息系统用户实名制申请单.
    Form2,
}

/// Writes a blank form.
///
/// # Errors
/// `font-missing`, or what the file system says.
pub fn blank(officer: &ActingOfficer, blank: Blank, out: &Path) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let font = fonts::with(Face::Song, [])?;
    let pdf = match blank {
        Blank::Form1 => form::form1(&Form1::default(), &Foot::default(), &font),
        Blank::Form2 => {
            let form = Form2 {
                user_types: choices(&[]),
                ..Form2::default()
            };
            form::form2(&form, &Foot::default(), &font)
        }
    };
    let pdf = pdf.map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

/// Writes the form of a request with its full values. The act and its reason are in the audit log
/// before the file is there.
///
/// # Errors
/// `wrong-duty`, `reason-missing`, `font-missing`, `glyph-missing`, or what store and file system
/// say.
pub fn write(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    reason: &str,
    out: &Path,
) -> Result<(), Error> {
    may_reveal(officer, reason)?;
    let (unit, fields, head) = {
        let store = desk.store();
        let reading = store.read();
        let unit = reading.unit(request.unit)?;
        (
            unit.name,
            reading.request_fields(request.id)?,
            reading.audit_head()?,
        )
    };
    let values = Values(fields);
    let form = filled(unit, &values);
    let font = fonts::with(Face::Song, values.0.values().map(|row| row.value.as_str()))?;
    let code: String = hex::encode(head.1).chars().take(12).collect();
    let foot = Foot {
        number: request.number.clone(),
        qr: format!(
            "REQUEST:{};ID:{};REV:{}",
            request.number, request.id, request.revision
        ),
        checkpoint: format!("{}-{code}", head.0),
    };
    let pdf = form::form2(&form, &foot, &font).map_err(fonts::paper)?;
    let audit = revealed(officer, request, "form-printed", reason);
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

/// The fields of a request.
struct Values(BTreeMap<String, FieldRow>);

impl Values {
    fn text(&self, field: &str) -> String {
        self.0
            .get(field)
            .map(|row| row.value.clone())
            .unwrap_or_default()
    }
}

fn filled(unit: String, values: &Values) -> Form2 {
    let types = values.text("user_types");
    let types: Vec<&str> = types.split('、').collect();
    Form2 {
        applicant: Applicant {
            unit,
            name: values.text("name"),
            id_number: values.text("id_number"),
            office_phone: values.text("office_phone"),
            email: values.text("email"),
            mobile: values.text("mobile"),
            address: values.text("address"),
            notes: values.text("notes"),
        },
        school_type: named(&values.text("school_type")),
        user_types: choices(&types),
        apply_certificate: Some(values.text("apply_certificate") == "是"),
        existing_account: values.text("existing_account"),
        ..Form2::default()
    }
}

/// The types of the form, ticked where chosen; then what was written for 其他.
fn choices(chosen: &[&str]) -> Vec<(String, bool)> {
    let known = USER_TYPES.map(|name| (name.to_owned(), chosen.contains(&name)));
    let others = chosen
        .iter()
        .filter(|name| !USER_TYPES.contains(name) && !name.is_empty());
    let mut others: Vec<_> = others.map(|name| ((*name).to_owned(), true)).collect();
    if others.is_empty() {
        others.push((
            if chosen.is_empty() { BY_HAND } else { OTHER }.to_owned(),
            false,
        ));
    }
    known.into_iter().chain(others).collect()
}

/// `211 小学`.
fn named(code: &str) -> String {
    let found = SCHOOL_TYPE_NAMES
        .iter()
        .find(|(known, _name)| *known == code);
    match found {
        Some((known, name)) if !known.is_empty() => format!("{known} {name}"),
        _ => code.to_owned(),
    }
}

/// System at entry and hand-out, security at approval see full numbers, each for a reason (D-39).
pub(super) fn may_reveal(officer: &ActingOfficer, reason: &str) -> Result<(), Error> {
    if officer.demand(Duty::EnterRequest).is_err() {
        officer.demand(Duty::DecideRequest)?;
    }
    if reason.trim().is_empty() {
        return Err(Error::usage("reason-missing", ""));
    }
    Ok(())
}

/// The row of an act that reveals a request.
pub(super) fn revealed(
    officer: &ActingOfficer,
    request: &RequestRow,
    act: &str,
    reason: &str,
) -> AuditRow {
    let mut audit = Desk::audit_row(officer, act);
    audit.request = Some(request.id.to_string());
    audit.detail = Some(format!("reason={}", reason.trim()));
    audit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_ticked_and_other_types_are_named() {
        let ticked = |chosen: &[&str]| -> Vec<String> {
            let ticked = choices(chosen)
                .into_iter()
                .filter(|(_name, ticked)| *ticked);
            ticked.map(|(name, _ticked)| name).collect()
        };
        assert_eq!(
            ticked(&["信息管理员", "其他:统计员"]),
            ["信息管理员", "其他:统计员"]
        );
        assert!(ticked(&[]).is_empty());
        assert_eq!(choices(&[]).last().unwrap().0, BY_HAND);
        assert_eq!(
            (named("211"), named("教育行政部门")),
            ("211 小学".to_owned(), "教育行政部门".to_owned())
        );
    }
}
