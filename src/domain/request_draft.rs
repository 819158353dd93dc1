//! `RequestDraft`: a form as it was typed, and how files and sheets spell its values. Checks nothing:
//! [`super::request::RequestForm`] does.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// A form as it was typed: text, nothing checked. Keys of a request file (interface.md); a file with
/// `post` is form 1. Numbers without quotes are taken as their digits, 是 and 否 as yes and no.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the field of that name on the form")]
pub struct RequestDraft {
    #[serde(deserialize_with = "text")]
    pub unit: String,
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub id_number: String,
    #[serde(deserialize_with = "text")]
    pub office_phone: String,
    #[serde(deserialize_with = "text")]
    pub email: String,
    #[serde(deserialize_with = "text")]
    pub mobile: String,
    /// Form 1: 管理类用户岗位.
    pub post: Option<String>,
    #[serde(deserialize_with = "text")]
    pub school_type: String,
    #[serde(deserialize_with = "list")]
    pub user_types: Vec<String>,
    #[serde(deserialize_with = "yes_or_no")]
    pub apply_certificate: Option<bool>,
    pub existing_account: Option<String>,
    #[serde(deserialize_with = "text")]
    pub address: String,
    pub notes: Option<String>,
}

/// Which paper it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    /// Form 1 registers a platform officer.
    Officer,
    /// Form 2 asks for a user account and certificate.
    Account,
}

impl FormKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Officer, Self::Account];

    /// Keys of its fields in the paper's order (D-9, D-10).
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Officer => &[
                "unit",
                "name",
                "id_number",
                "office_phone",
                "email",
                "mobile",
                "post",
                "address",
                "notes",
            ],
            Self::Account => &[
                "unit",
                "name",
                "id_number",
                "office_phone",
                "email",
                "mobile",
                "school_type",
                "user_types",
                "apply_certificate",
                "existing_account",
                "address",
                "notes",
            ],
        }
    }

    /// 1 or 2, as in JSON and in the store.
    pub const fn number(self) -> u8 {
        match self {
            Self::Officer => 1,
            Self::Account => 2,
        }
    }

    /// Reads [`Self::number`] back.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The title of the paper.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Officer => "管理类用户注册申请单",
            Self::Account => "全国教师管理信息系统用户实名制申请单",
        }
    }
}

impl RequestDraft {
    /// Which form it is: a filled 岗位 is on form 1 alone.
    pub fn kind(&self) -> FormKind {
        match &self.post {
            Some(post) if !post.trim().is_empty() => FormKind::Officer,
            _ => FormKind::Account,
        }
    }
}

/// The draft that would be typed for stored fields: `RequestForm::fields` undone.
pub fn draft_of_fields(fields: &BTreeMap<String, String>) -> RequestDraft {
    let text = |key: &str| fields.get(key).cloned().unwrap_or_default();
    let optional = |key: &str| fields.get(key).filter(|text| !text.is_empty()).cloned();
    RequestDraft {
        unit: String::new(),
        name: text("name"),
        id_number: text("id_number"),
        office_phone: text("office_phone"),
        email: text("email"),
        mobile: text("mobile"),
        post: optional("post"),
        school_type: text("school_type"),
        user_types: optional("user_types")
            .iter()
            .flat_map(|joined| joined.split('、').map(str::to_owned))
            .collect(),
        apply_certificate: optional("apply_certificate").map(|word| word == yes_no(true)),
        existing_account: optional("existing_account"),
        address: text("address"),
        notes: optional("notes"),
    }
}

pub(super) const fn yes_no(yes: bool) -> &'static str {
    if yes { "是" } else { "否" }
}

/// A value as files and sheets have it: text, a number without quotes, a yes or no, or nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Nothing(()),
    Yes(bool),
    Number(i64),
    Text(String),
    Several(Vec<String>),
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Nothing(()) => Ok(String::new()),
        Scalar::Text(text) => Ok(text),
        Scalar::Number(number) => Ok(number.to_string()),
        Scalar::Yes(_) | Scalar::Several(_) => Err(serde::de::Error::custom("not a text")),
    }
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Nothing(()) => Ok(Vec::new()),
        Scalar::Several(list) => Ok(list),
        Scalar::Text(text) => Ok(split_list(&text)),
        Scalar::Yes(_) | Scalar::Number(_) => Err(serde::de::Error::custom("not a list of texts")),
    }
}

/// A cell with several values: `信息管理员、信息查询员`.
pub fn split_list(text: &str) -> Vec<String> {
    let parts = text.split(['、', ',', '，', ';', '；']);
    parts
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Nothing(()) => Ok(None),
        Scalar::Yes(yes) => Ok(Some(yes)),
        Scalar::Text(text) if text.trim().is_empty() => Ok(None),
        Scalar::Text(text) => match parse_yes_no(&text) {
            Some(yes) => Ok(Some(yes)),
            None => Err(serde::de::Error::custom("not 是 or 否")),
        },
        Scalar::Number(_) | Scalar::Several(_) => Err(serde::de::Error::custom("not 是 or 否")),
    }
}

/// A cell with 是 or 否.
pub fn parse_yes_no(text: &str) -> Option<bool> {
    match text.trim() {
        "是" | "true" | "yes" => Some(true),
        "否" | "false" | "no" => Some(false),
        _ => None,
    }
}
