//! `RequestForm`: form 1 (管理类用户注册申请单) and form 2 (全国教师管理信息系统用户实名制申请单) with
//! every rule of their fields (§3, §4, D-6 … D-20). One record: what the two share stands in it once,
//! what only one asks for in [`Asks`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use time::Date;

use super::contact::{Email, Mobile, OfficePhone};
use super::field_fault::Findings;
use super::id::UnitId;
use super::identity_number::IdentityNumber;
use super::officer::Post;
use super::person::PersonName;
use super::request_draft::yes_no;
use super::school_type::SchoolType;
use super::text::half_width;

pub use super::field_fault::{FieldFault, FieldProblem, FieldWarning, Normalised};
pub use super::request_draft::{FormKind, RequestDraft, draft_of_fields, parse_yes_no, split_list};
pub use super::request_state::RequestState;

/// The user types of the notice, with which a home begins; a province may extend its table (D-9).
pub const USER_TYPES: [&str; 5] = [
    "安全审计员",
    "信息查询员",
    "系统管理员",
    "培训管理员",
    "信息管理员",
];
/// The user type that cannot do without a certificate (D-10).
const NEEDS_CERTIFICATE: &str = "信息管理员";
/// Before what stands in the blank of form 2.
const OTHER: &str = "其他:";
/// Longest 单位通讯地址, 其他补充说明, 已拥有登录账号 and user type, in characters.
const MAX_ADDRESS: usize = 200;
const MAX_NOTES: usize = 1000;
const MAX_ACCOUNT: usize = 64;
/// D-38: the second OU of a certificate.
const MAX_USER_TYPES: usize = 64;

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
    /// What only one of the two forms asks for.
    pub asks: Asks,
    /// 单位通讯地址.
    pub address: String,
    /// 其他补充说明.
    pub notes: Option<String>,
}

/// What a form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Form 1: to be a platform officer.
    Officer {
        /// 管理类用户岗位.
        post: Post,
    },
    /// Form 2: a user account.
    Account {
        /// 办学类型.
        school_type: SchoolType,
        /// 教师系统用户类型, at least one.
        user_types: Vec<String>,
        /// 申请数字证书.
        apply_certificate: bool,
        /// 已拥有登录账号.
        existing_account: Option<String>,
    },
}

/// A form without faults, and what was made of it without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The form.
    pub form: RequestForm,
    /// Values that are kept otherwise than they were typed.
    pub normalised: Vec<Normalised>,
    /// What a person should look at again.
    pub warnings: Vec<FieldWarning>,
}

/// Everything that is to be said of a form that may still be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Every fault, in the order of the fields.
    pub faults: Vec<FieldFault>,
    /// Values that would be kept otherwise than they were typed.
    pub normalised: Vec<Normalised>,
    /// What a person should look at again.
    pub warnings: Vec<FieldWarning>,
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
    /// One that is closed.
    Closed,
}

/// What the home knows, against which a form is checked.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The form's unit.
    pub unit: UnitFound,
    /// The home's table of user types (D-9).
    pub user_types: &'a [String],
    /// Today, UTC.
    pub today: Date,
}

impl RequestForm {
    /// Checks every field.
    ///
    /// # Errors
    /// Every fault of the form, in the order of its fields.
    pub fn check(draft: &RequestDraft, known: Known<'_>) -> Result<Checked, Vec<FieldFault>> {
        let (form, findings) = judged(draft, known);
        match form {
            Some(form) if findings.faults.is_empty() => Ok(Checked {
                form,
                normalised: findings.normalised,
                warnings: findings.warnings,
            }),
            _ => Err(findings.faults),
        }
    }

    /// The same while it is being typed: what is right is told beside what is wrong.
    pub fn look(draft: &RequestDraft, known: Known<'_>) -> Looked {
        let (_form, findings) = judged(draft, known);
        Looked {
            faults: findings.faults,
            normalised: findings.normalised,
            warnings: findings.warnings,
        }
    }

    /// Every personal field under its key, as it is stored and committed to (D-22).
    pub fn fields(&self) -> BTreeMap<&'static str, String> {
        let texts = self.texts().into_iter();
        texts
            .map(|(field, text)| (field, text.into_owned()))
            .collect()
    }

    /// The same, borrowed where the form has it as it is stored.
    pub fn texts(&self) -> BTreeMap<&'static str, Cow<'_, str>> {
        let Self {
            unit: _, // Stands in the record itself.
            name,
            id_number,
            office_phone,
            email,
            mobile,
            asks,
            address,
            notes,
        } = self;
        let mut fields: BTreeMap<_, Cow<'_, str>> = BTreeMap::from([
            ("name", name.as_str().into()),
            ("id_number", id_number.expose().into()),
            ("office_phone", office_phone.as_str().into()),
            ("email", email.as_str().into()),
            ("mobile", mobile.as_str().into()),
            ("address", address.into()),
            ("notes", notes.as_deref().unwrap_or_default().into()),
        ]);
        match asks {
            Asks::Officer { post } => {
                fields.insert("post", post.chinese().into());
            }
            Asks::Account {
                school_type,
                user_types,
                apply_certificate,
                existing_account,
            } => fields.extend([
                ("school_type", school_type.as_str().into()),
                ("user_types", user_types.join("、").into()),
                ("apply_certificate", yes_no(*apply_certificate).into()),
                (
                    "existing_account",
                    existing_account.as_deref().unwrap_or_default().into(),
                ),
            ]),
        }
        fields
    }

    /// Reads [`Self::fields`] back, checking every rule again but whether a user type is in the
    /// table, which may have changed since.
    ///
    /// # Errors
    /// As [`Self::check`]: the stored values were changed.
    pub fn from_fields(
        unit: UnitId,
        fields: &BTreeMap<String, String>,
        today: Date,
    ) -> Result<Self, Vec<FieldFault>> {
        let mut findings = Findings::default();
        let draft = draft_of_fields(fields);
        match collect(&draft, (UnitFound::One(unit), None, today), &mut findings) {
            Some(form) if findings.faults.is_empty() => Ok(form),
            _ => Err(findings.faults),
        }
    }

    /// Which form it is.
    pub const fn kind(&self) -> FormKind {
        match self.asks {
            Asks::Officer { .. } => FormKind::Officer,
            Asks::Account { .. } => FormKind::Account,
        }
    }

    /// 教师系统用户类型; form 1 has none.
    pub fn user_types(&self) -> &[String] {
        match &self.asks {
            Asks::Officer { .. } => &[],
            Asks::Account { user_types, .. } => user_types,
        }
    }

    /// Whether a ukey can be made from it: 申请数字证书 = 是 on form 2. An officer's certificate is the
    /// superior's answer to form 1 (D-6).
    pub const fn applies_for_certificate(&self) -> bool {
        matches!(
            self.asks,
            Asks::Account {
                apply_certificate: true,
                ..
            }
        )
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

fn judged(draft: &RequestDraft, known: Known<'_>) -> (Option<RequestForm>, Findings) {
    let mut findings = Findings::default();
    let user_types = Some(known.user_types);
    let form = collect(draft, (known.unit, user_types, known.today), &mut findings);
    let region = form
        .as_ref()
        .and_then(|form| form.id_number.unknown_region());
    if let Some(code) = region {
        findings.warn("id_number", "D-14", code, "unknown-region");
    }
    (form, findings)
}

type Against<'a> = (UnitFound, Option<&'a [String]>, Date);

/// Looks at every field first, so that all faults are noted, then puts the form together.
fn collect(
    draft: &RequestDraft,
    (unit, user_types, today): Against<'_>,
    findings: &mut Findings,
) -> Option<RequestForm> {
    use FieldProblem as P;
    let unit = check_unit(draft, unit, findings);
    let name = findings.parsed(
        ("name", "D-19"),
        &draft.name,
        |text| PersonName::parse(text).map_err(|_shape| P::Name),
        PersonName::as_str,
    );
    let id_number = findings.parsed(
        ("id_number", "D-14"),
        &draft.id_number,
        |text| IdentityNumber::parse(text, today).map_err(P::IdentityNumber),
        IdentityNumber::expose,
    );
    let office_phone = findings.parsed(
        ("office_phone", "D-16"),
        &draft.office_phone,
        |text| OfficePhone::parse(text).map_err(|_shape| P::OfficePhone),
        OfficePhone::as_str,
    );
    let email = findings.parsed(
        ("email", "D-16"),
        &draft.email,
        |text| Email::parse(text).map_err(|_shape| P::Email),
        Email::as_str,
    );
    let mobile = findings.parsed(
        ("mobile", "D-16"),
        &draft.mobile,
        |text| Mobile::parse(text).map_err(|_shape| P::Mobile),
        Mobile::as_str,
    );
    let asks = match draft.kind() {
        FormKind::Officer => officer(draft, findings),
        FormKind::Account => account(draft, user_types, findings),
    };
    let address = findings.text("address", &draft.address, MAX_ADDRESS);
    let notes = findings.optional("notes", draft.notes.as_deref(), MAX_NOTES);
    Some(RequestForm {
        unit: unit?,
        name: name?,
        id_number: id_number?,
        office_phone: office_phone?,
        email: email?,
        mobile: mobile?,
        asks: asks?,
        address: address?.to_owned(),
        notes,
    })
}

fn check_unit(draft: &RequestDraft, unit: UnitFound, findings: &mut Findings) -> Option<UnitId> {
    let missing = draft.unit.trim().is_empty();
    match unit {
        UnitFound::One(id) => Some(id),
        UnitFound::None if missing => findings.add("unit", "D-11", "", FieldProblem::Missing),
        UnitFound::None => findings.add("unit", "D-2", &draft.unit, FieldProblem::UnknownUnit),
        UnitFound::Several => findings.add("unit", "D-2", &draft.unit, FieldProblem::AmbiguousUnit),
        UnitFound::Closed => findings.add("unit", "D-45", &draft.unit, FieldProblem::ClosedUnit),
    }
}

/// What form 1 alone has, and nothing of what form 2 alone has.
fn officer(draft: &RequestDraft, findings: &mut Findings) -> Option<Asks> {
    let text = draft.post.as_deref().unwrap_or_default();
    let known = |text: &str| {
        let mut posts = Post::ALL.into_iter();
        posts.find(|post| [post.chinese(), post.word()].contains(&text.trim()))
    };
    let post = findings.parsed(
        ("post", "D-7"),
        text,
        |text| known(text).ok_or(FieldProblem::Post),
        |post| post.chinese(),
    );
    let foreign = [
        ("school_type", !draft.school_type.trim().is_empty()),
        ("user_types", !draft.user_types.is_empty()),
        ("apply_certificate", draft.apply_certificate.is_some()),
        (
            "existing_account",
            draft
                .existing_account
                .as_ref()
                .is_some_and(|text| !text.trim().is_empty()),
        ),
    ];
    for (field, given) in foreign {
        if given {
            findings.add::<()>(field, "D-6", "", FieldProblem::OtherForm);
        }
    }
    Some(Asks::Officer { post: post? })
}

/// What form 2 alone has.
fn account(
    draft: &RequestDraft,
    known: Option<&[String]>,
    findings: &mut Findings,
) -> Option<Asks> {
    let school_type = findings.parsed(
        ("school_type", "D-18"),
        &draft.school_type,
        |text| {
            let plain: String = text.chars().take(32).map(half_width).collect();
            SchoolType::parse(&plain).map_err(|_code| FieldProblem::SchoolType)
        },
        |school_type| school_type.as_str(),
    );
    let user_types = user_types(&draft.user_types, known, findings);
    let apply_certificate = apply_certificate(draft, findings);
    let account = draft.existing_account.as_deref();
    let existing_account = findings.optional("existing_account", account, MAX_ACCOUNT);
    Some(Asks::Account {
        school_type: school_type?,
        user_types: user_types?,
        apply_certificate: apply_certificate?,
        existing_account,
    })
}

/// Without `known` any type of the right shape is taken: stored values are read back.
fn user_types(
    typed: &[String],
    known: Option<&[String]>,
    findings: &mut Findings,
) -> Option<Vec<String>> {
    let field = "user_types";
    if typed.iter().all(|text| text.trim().is_empty()) {
        return findings.add(field, "D-11", "", FieldProblem::Missing);
    }
    let mut user_types: Vec<String> = Vec::new();
    let mut refused = false;
    for typed in typed {
        let Some(text) = findings.text(field, typed, MAX_USER_TYPES) else {
            refused = true;
            continue;
        };
        let text = match text
            .strip_prefix("其他：")
            .or_else(|| text.strip_prefix(OTHER))
        {
            Some(what) => format!("{OTHER}{}", what.trim()),
            None => text.to_owned(),
        };
        let other = text.strip_prefix(OTHER);
        let in_table = known.is_none_or(|known| known.contains(&text));
        let fits = other.map_or(in_table, |what| !what.is_empty()) && !text.contains('、');
        if !fits {
            refused = true;
            findings.add::<()>(field, "D-9", &text, FieldProblem::UserType);
        } else if !user_types.contains(&text) {
            findings.kept(field, typed.trim(), &text);
            user_types.push(text);
        }
    }
    if user_types.join("、").chars().count() > MAX_USER_TYPES {
        return findings.add(field, "D-38", "", FieldProblem::UserTypesTooLong);
    }
    (!refused).then_some(user_types)
}

fn apply_certificate(draft: &RequestDraft, findings: &mut Findings) -> Option<bool> {
    let field = "apply_certificate";
    let needs = draft
        .user_types
        .iter()
        .any(|text| text.trim() == NEEDS_CERTIFICATE);
    match draft.apply_certificate {
        None => findings.add(field, "D-11", "", FieldProblem::Missing),
        Some(false) if needs => findings.add(
            field,
            "D-10",
            yes_no(false),
            FieldProblem::CertificateNeeded,
        ),
        Some(apply) => Some(apply),
    }
}

#[cfg(test)]
mod tests;
