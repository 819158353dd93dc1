//! `RequestForm`: form 2 (全国教师管理信息系统用户实名制申请单) with every rule of its fields, and the
//! states of a request (D-9 … D-21).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use super::contact::{Email, Mobile, OfficePhone};
use super::id::UnitId;
use super::identity_number::{IdentityNumber, IdentityNumberError, mask};
use super::person::PersonName;

/// The user types of the notice; a province may extend the table (D-9).
pub const USER_TYPES: [&str; 5] = [
    "安全审计员",
    "信息查询员",
    "系统管理员",
    "培训管理员",
    "信息管理员",
];
/// The user type that cannot do without a certificate (D-10).
const NEEDS_CERTIFICATE: &str = "信息管理员";
/// The 办学类型 of a unit that is no school (D-18).
const AUTHORITY: &str = "教育行政部门";
/// First digits of the 办学类型 codes of GB/T 33782-2017, table 4.
const SCHOOL_TYPES: [&str; 28] = [
    "111", "112", "211", "218", "221", "311", "312", "319", "321", "341", "342", "345", "361",
    "362", "363", "364", "365", "366", "367", "368", "369", "371", "411", "412", "413", "414",
    "415", "421",
];
/// Special schools: 511 to 519.
const SPECIAL_SCHOOL_TYPES: std::ops::RangeInclusive<u16> = 511..=519;

/// A form as it was typed: text, nothing checked. Keys of a request file (interface.md).
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the field of that name on the form")]
pub struct RequestDraft {
    pub unit: String,
    pub name: String,
    pub id_number: String,
    pub office_phone: String,
    pub email: String,
    pub mobile: String,
    pub school_type: String,
    pub user_types: Vec<String>,
    pub apply_certificate: Option<bool>,
    pub existing_account: Option<String>,
    pub address: String,
    pub notes: Option<String>,
}

/// A form that breaks no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestForm {
    /// 申请人单位.
    pub unit: UnitId,
    /// 姓名.
    pub name: PersonName,
    /// 身份证号.
    pub id_number: IdentityNumber,
    /// 办公电话.
    pub office_phone: OfficePhone,
    /// 电子邮箱.
    pub email: Email,
    /// 手机号码.
    pub mobile: Mobile,
    /// 办学类型: a code of three digits, or 教育行政部门.
    pub school_type: String,
    /// 教师系统用户类型, at least one.
    pub user_types: Vec<String>,
    /// 申请数字证书.
    pub apply_certificate: bool,
    /// 已拥有登录账号.
    pub existing_account: Option<String>,
    /// 单位通讯地址.
    pub address: String,
    /// 其他补充说明.
    pub notes: Option<String>,
}

/// One fault of a form (D-11); all of them are told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Key of the field in a request file.
    pub field: &'static str,
    /// The rule, e.g. `D-14`.
    pub rule: &'static str,
    /// What was typed, masked where it is personal.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the wording room says each in full")]
pub enum FieldProblem {
    Missing,
    ControlCharacters,
    UnknownUnit,
    AmbiguousUnit,
    Name,
    IdentityNumber(IdentityNumberError),
    OfficePhone,
    Email,
    Mobile,
    SchoolType,
    UserType,
    UserTypesTooLong,
    CertificateNeeded,
}

impl FieldProblem {
    /// A stable word: the key of its wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::ControlCharacters => "control-characters",
            Self::UnknownUnit => "unknown-unit",
            Self::AmbiguousUnit => "ambiguous-unit",
            Self::Name => "name",
            Self::IdentityNumber(IdentityNumberError::Shape) => "id-shape",
            Self::IdentityNumber(IdentityNumberError::Province) => "id-province",
            Self::IdentityNumber(IdentityNumberError::BirthDate) => "id-birth-date",
            Self::IdentityNumber(IdentityNumberError::Age) => "id-age",
            Self::IdentityNumber(IdentityNumberError::Check) => "id-check",
            Self::OfficePhone => "office-phone",
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::SchoolType => "school-type",
            Self::UserType => "user-type",
            Self::UserTypesTooLong => "user-types-too-long",
            Self::CertificateNeeded => "certificate-needed",
        }
    }
}

/// How the form's unit was found among the units of this home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFound {
    /// Exactly one.
    One(UnitId),
    /// None.
    None,
    /// Several of this name.
    Several,
}

impl RequestForm {
    /// Checks every field.
    ///
    /// # Errors
    /// Every fault of the form, in the order of its fields.
    pub fn check(
        draft: &RequestDraft,
        unit: UnitFound,
        today: Date,
    ) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Faults::default();
        match Self::collect(draft, unit, today, &mut faults) {
            Some(form) if faults.0.is_empty() => Ok(form),
            _ => Err(faults.0),
        }
    }

    /// Looks at every field first, so that all faults are noted, then puts the form together.
    fn collect(
        draft: &RequestDraft,
        unit: UnitFound,
        today: Date,
        faults: &mut Faults,
    ) -> Option<Self> {
        use FieldProblem as P;
        let unit = match unit {
            UnitFound::One(id) => Some(id),
            UnitFound::None => faults.add("unit", "D-2", &draft.unit, P::UnknownUnit),
            UnitFound::Several => faults.add("unit", "D-2", &draft.unit, P::AmbiguousUnit),
        };
        let name = faults.parsed("name", "D-19", &draft.name, |text| {
            PersonName::parse(text).map_err(|_shape| (String::new(), P::Name))
        });
        let id_number = faults.parsed("id_number", "D-14", &draft.id_number, |text| {
            IdentityNumber::parse(text, today)
                .map_err(|error| (mask(text), P::IdentityNumber(error)))
        });
        let office_phone = faults.parsed("office_phone", "D-16", &draft.office_phone, |text| {
            OfficePhone::parse(text).map_err(|_shape| (text.to_owned(), P::OfficePhone))
        });
        let email = faults.parsed("email", "D-16", &draft.email, |text| {
            Email::parse(text).map_err(|_shape| (text.to_owned(), P::Email))
        });
        let mobile = faults.parsed("mobile", "D-16", &draft.mobile, |text| {
            Mobile::parse(text).map_err(|_shape| (mask_end(text), P::Mobile))
        });
        let school_type = faults.parsed("school_type", "D-18", &draft.school_type, |text| {
            let known = is_school_type(text).then(|| text.to_owned());
            known.ok_or_else(|| (text.to_owned(), P::SchoolType))
        });
        let user_types = faults.user_types(&draft.user_types);
        let apply_certificate = faults.apply_certificate(draft);
        let address = faults.text("address", &draft.address).map(str::to_owned);
        let existing_account = faults.optional("existing_account", draft.existing_account.as_ref());
        let notes = faults.optional("notes", draft.notes.as_ref());
        Some(Self {
            unit: unit?,
            name: name?,
            id_number: id_number?,
            office_phone: office_phone?,
            email: email?,
            mobile: mobile?,
            school_type: school_type?,
            user_types: user_types?,
            apply_certificate: apply_certificate?,
            existing_account,
            address: address?,
            notes,
        })
    }

    /// Every personal field under its key, as it is stored and committed to (D-22).
    pub fn fields(&self) -> BTreeMap<&'static str, String> {
        let Self {
            unit: _, // Stands in the record itself.
            name,
            id_number,
            office_phone,
            email,
            mobile,
            school_type,
            user_types,
            apply_certificate,
            existing_account,
            address,
            notes,
        } = self;
        BTreeMap::from([
            ("name", name.as_str().to_owned()),
            ("id_number", id_number.expose().to_owned()),
            ("office_phone", office_phone.as_str().to_owned()),
            ("email", email.as_str().to_owned()),
            ("mobile", mobile.as_str().to_owned()),
            ("school_type", school_type.clone()),
            ("user_types", user_types.join("、")),
            ("apply_certificate", yes_no(*apply_certificate).to_owned()),
            (
                "existing_account",
                existing_account.clone().unwrap_or_default(),
            ),
            ("address", address.clone()),
            ("notes", notes.clone().unwrap_or_default()),
        ])
    }

    /// Reads [`Self::fields`] back, checking every rule again.
    ///
    /// # Errors
    /// As [`Self::check`]: the stored values were changed.
    pub fn from_fields(
        unit: UnitId,
        fields: &BTreeMap<String, String>,
        today: Date,
    ) -> Result<Self, Vec<FieldFault>> {
        let text = |key: &str| fields.get(key).cloned().unwrap_or_default();
        let optional = |key: &str| fields.get(key).filter(|text| !text.is_empty()).cloned();
        let user_types = text("user_types");
        let draft = RequestDraft {
            unit: String::new(),
            name: text("name"),
            id_number: text("id_number"),
            office_phone: text("office_phone"),
            email: text("email"),
            mobile: text("mobile"),
            school_type: text("school_type"),
            user_types: user_types.split('、').map(str::to_owned).collect(),
            apply_certificate: Some(text("apply_certificate") == yes_no(true)),
            existing_account: optional("existing_account"),
            address: text("address"),
            notes: optional("notes"),
        };
        Self::check(&draft, UnitFound::One(unit), today)
    }

    /// The numbers of the holder that no user PIN may repeat (D-37).
    pub fn personal_numbers(&self) -> [&str; 3] {
        [
            self.id_number.birth_date(),
            self.mobile.as_str(),
            self.id_number.expose(),
        ]
    }
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "是" } else { "否" }
}

fn is_school_type(text: &str) -> bool {
    let special = text
        .parse()
        .is_ok_and(|code| SPECIAL_SCHOOL_TYPES.contains(&code));
    text == AUTHORITY || SCHOOL_TYPES.contains(&text) || (text.len() == 3 && special)
}

fn mask_end(text: &str) -> String {
    let kept: String = text.chars().take(3).collect();
    format!("{kept}****")
}

/// Control and bidi characters, which D-11 refuses.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    /// Notes a fault; the answer is always `None`.
    fn add<T>(
        &mut self,
        field: &'static str,
        rule: &'static str,
        value: &str,
        problem: FieldProblem,
    ) -> Option<T> {
        let value = (!value.is_empty()).then(|| value.chars().filter(|c| !is_hidden(*c)).collect());
        self.0.push(FieldFault {
            field,
            rule,
            value,
            problem,
        });
        None
    }

    /// A mandatory text (D-11).
    fn text<'a>(&mut self, field: &'static str, text: &'a str) -> Option<&'a str> {
        if text.trim().is_empty() {
            return self.add(field, "D-11", "", FieldProblem::Missing);
        }
        if text.chars().any(is_hidden) {
            return self.add(field, "D-11", "", FieldProblem::ControlCharacters);
        }
        Some(text.trim())
    }

    /// A mandatory text with a shape of its own: the value to show, and what is wrong with it.
    fn parsed<T>(
        &mut self,
        field: &'static str,
        rule: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, (String, FieldProblem)>,
    ) -> Option<T> {
        match parse(self.text(field, text)?) {
            Ok(value) => Some(value),
            Err((shown, problem)) => self.add(field, rule, &shown, problem),
        }
    }

    fn optional(&mut self, field: &'static str, text: Option<&String>) -> Option<String> {
        let text = text
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())?;
        if text.chars().any(is_hidden) {
            return self.add(field, "D-11", "", FieldProblem::ControlCharacters);
        }
        Some(text.to_owned())
    }

    fn user_types(&mut self, typed: &[String]) -> Option<Vec<String>> {
        let field = "user_types";
        if typed.iter().all(|text| text.trim().is_empty()) {
            return self.add(field, "D-11", "", FieldProblem::Missing);
        }
        let mut user_types = Vec::new();
        for text in typed.iter().map(|text| text.trim()) {
            let other = text
                .strip_prefix("其他:")
                .or_else(|| text.strip_prefix("其他："));
            let known = USER_TYPES.contains(&text)
                || other.is_some_and(|what| {
                    !what.is_empty() && !what.contains('、') && !what.chars().any(is_hidden)
                });
            if !known {
                return self.add(field, "D-9", text, FieldProblem::UserType);
            }
            if !user_types.iter().any(|taken| taken == text) {
                user_types.push(text.to_owned());
            }
        }
        if user_types.join("、").chars().count() > 64 {
            return self.add(field, "D-38", "", FieldProblem::UserTypesTooLong);
        }
        Some(user_types)
    }

    fn apply_certificate(&mut self, draft: &RequestDraft) -> Option<bool> {
        let field = "apply_certificate";
        let needs = draft
            .user_types
            .iter()
            .any(|text| text.trim() == NEEDS_CERTIFICATE);
        match draft.apply_certificate {
            None => self.add(field, "D-11", "", FieldProblem::Missing),
            Some(false) if needs => self.add(field, "D-10", "否", FieldProblem::CertificateNeeded),
            Some(apply) => Some(apply),
        }
    }
}

/// Where a request is in its life (D-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the state of that name in D-21")]
pub enum RequestState {
    Draft,
    Submitted,
    Approved,
    Personalising,
    Pending,
    Issued,
    HandedOut,
    Closed,
    Returned,
    Rejected,
    Withdrawn,
    Expired,
}

impl RequestState {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Submitted,
        Self::Approved,
        Self::Personalising,
        Self::Pending,
        Self::Issued,
        Self::HandedOut,
        Self::Closed,
        Self::Returned,
        Self::Rejected,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The word of JSON and of the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Personalising => "personalising",
            Self::Pending => "pending",
            Self::Issued => "issued",
            Self::HandedOut => "handed_out",
            Self::Closed => "closed",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a request may go from this state to `next`. The one table of transitions.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft | Self::Returned => matches!(next, Self::Submitted | Self::Withdrawn),
            Self::Submitted => matches!(
                next,
                Self::Approved | Self::Returned | Self::Rejected | Self::Withdrawn
            ),
            Self::Approved => matches!(next, Self::Personalising | Self::Withdrawn | Self::Expired),
            // Back to approved when the ukey is written off.
            Self::Personalising => matches!(next, Self::Pending | Self::Issued | Self::Approved),
            Self::Pending => matches!(next, Self::Personalising | Self::Issued | Self::Approved),
            Self::Issued => matches!(next, Self::HandedOut | Self::Closed | Self::Approved),
            Self::HandedOut => matches!(next, Self::Closed),
            Self::Closed | Self::Rejected | Self::Withdrawn | Self::Expired => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn draft() -> RequestDraft {
        RequestDraft {
            unit: "示例小学".to_owned(),
            name: "李华".to_owned(),
            id_number: "430102199003070012".to_owned(),
            office_phone: "0731-84402950".to_owned(),
            email: "lihua@school.example.cn".to_owned(),
            mobile: "13812345678".to_owned(),
            school_type: "211".to_owned(),
            user_types: vec!["信息管理员".to_owned(), "信息查询员".to_owned()],
            apply_certificate: Some(true),
            existing_account: None,
            address: "示例路 1 号".to_owned(),
            notes: None,
        }
    }

    fn check(draft: &RequestDraft) -> Result<RequestForm, Vec<FieldFault>> {
        let unit = UnitFound::One(UnitId::new(Uuid::nil()));
        RequestForm::check(draft, unit, time::macros::date!(2026 - 11 - 24))
    }

    #[test]
    fn fields_are_read_back_as_the_same_form() {
        let form = check(&draft()).unwrap();
        let fields = form
            .fields()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let again =
            RequestForm::from_fields(form.unit, &fields, time::macros::date!(2026 - 11 - 24));
        assert_eq!(again.unwrap(), form);
    }

    #[test]
    fn all_faults_of_a_form_are_told_at_once_and_masked() {
        let bad = RequestDraft {
            name: " ".to_owned(),
            id_number: "430102199003070013".to_owned(),
            mobile: "12812345678".to_owned(),
            apply_certificate: Some(false),
            ..draft()
        };
        let faults = check(&bad).unwrap_err();
        let told: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field, fault.rule))
            .collect();
        assert_eq!(
            told,
            [
                ("name", "D-11"),
                ("id_number", "D-14"),
                ("mobile", "D-16"),
                ("apply_certificate", "D-10")
            ]
        );
        assert_eq!(faults[1].value.as_deref(), Some("430102********0013"));
    }

    #[test]
    fn states_are_each_others_inverse_and_the_final_ones_are_final() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_word(state.word()), Some(state));
        }
        for last in [
            RequestState::Closed,
            RequestState::Rejected,
            RequestState::Expired,
        ] {
            assert!(
                RequestState::ALL
                    .into_iter()
                    .all(|next| !last.may_become(next))
            );
        }
    }
}
