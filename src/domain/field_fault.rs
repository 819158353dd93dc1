//! `FieldFault`: what is wrong with a field of a form, and what was made of it without being asked:
//! normalised values and warnings (D-11, D-14). Values are masked here, once for all.

use super::identity_number::{IdentityNumberError, mask};
use super::person::mask_name;
use super::text::{is_hidden, masked, shortened};
use super::unit_code::UnitCodeError;

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
    TooLong,
    UnknownUnit,
    AmbiguousUnit,
    ClosedUnit,
    Name,
    IdentityNumber(IdentityNumberError),
    OfficePhone,
    Email,
    Mobile,
    SchoolType,
    UserType,
    UserTypesTooLong,
    CertificateNeeded,
    Duplicate,
    Post,
    OtherForm,
    UnitCode(UnitCodeError),
    UnitCodeTaken,
    UnitLevel,
    UnitParent,
    CertificateUnknown,
    CertificateRevoked,
    ListedTwice,
    NoHold,
    HolderEnded,
    HolderRunOpen,
    HolderNoCertificate,
    HolderSameUnit,
}

impl FieldProblem {
    /// A stable word: the key of its wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::ControlCharacters => "control-characters",
            Self::TooLong => "too-long",
            Self::UnknownUnit => "unknown-unit",
            Self::AmbiguousUnit => "ambiguous-unit",
            Self::ClosedUnit => "closed-unit",
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
            Self::Duplicate => "duplicate",
            Self::Post => "post",
            Self::OtherForm => "other-form",
            Self::UnitCode(UnitCodeError::Shape) => "unit-code-shape",
            Self::UnitCode(UnitCodeError::Check) => "unit-code-check",
            Self::UnitCode(UnitCodeError::Organisation) => "unit-code-organisation",
            Self::UnitCode(UnitCodeError::Category) => "unit-code-category",
            Self::UnitCode(UnitCodeError::Province) => "unit-code-province",
            Self::UnitCodeTaken => "unit-code-taken",
            Self::UnitLevel => "unit-level",
            Self::UnitParent => "unit-parent",
            Self::CertificateUnknown => "certificate-unknown",
            Self::CertificateRevoked => "certificate-revoked",
            Self::ListedTwice => "listed-twice",
            Self::NoHold => "no-hold",
            Self::HolderEnded => "holder-ended",
            Self::HolderRunOpen => "holder-run-open",
            Self::HolderNoCertificate => "holder-no-certificate",
            Self::HolderSameUnit => "holder-same-unit",
        }
    }
}

/// A value that was kept otherwise than it was typed; never silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    /// Key of the field.
    pub field: &'static str,
    /// As it was typed, masked.
    pub from: String,
    /// As it is kept, masked.
    pub to: String,
}

/// What a person should look at again; nothing is refused for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldWarning {
    /// Key of the field.
    pub field: &'static str,
    /// The rule, e.g. `D-12`.
    pub rule: &'static str,
    /// What it is about, masked where it is personal.
    pub value: Option<String>,
    /// Key of its wording, after `warning-`.
    pub word: &'static str,
}

/// A field's value as people and programs are shown it without a reason to see more (D-39).
pub fn mask_value(field: &str, value: &str) -> String {
    let value: String = value.chars().filter(|c| !is_hidden(*c)).take(200).collect();
    let value = value.trim();
    match field {
        "name" => mask_name(value),
        "id_number" => mask(value),
        "mobile" => masked(value, 3, 4),
        "office_phone" => masked(value, 5, 2),
        "email" => {
            let (local, domain) = value.rsplit_once('@').unwrap_or((value, ""));
            let at = if domain.is_empty() { "" } else { "@" };
            format!("{}{at}{domain}", masked(local, 1, 0))
        }
        "address" => masked(value, 4, 0),
        "existing_account" | "notes" => masked(value, 1, 0),
        _ => shortened(value, 64),
    }
}

/// What a check of fields has found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) faults: Vec<FieldFault>,
    pub(super) normalised: Vec<Normalised>,
    pub(super) warnings: Vec<FieldWarning>,
}

impl Findings {
    /// Notes a fault; the answer is always `None`.
    pub(super) fn add<T>(
        &mut self,
        field: &'static str,
        rule: &'static str,
        value: &str,
        problem: FieldProblem,
    ) -> Option<T> {
        let value = (!value.is_empty()).then(|| mask_value(field, value));
        self.faults.push(FieldFault {
            field,
            rule,
            value,
            problem,
        });
        None
    }

    /// A mandatory text without invisible characters (D-11), at most `most` characters.
    pub(super) fn text<'a>(
        &mut self,
        field: &'static str,
        text: &'a str,
        most: usize,
    ) -> Option<&'a str> {
        if text.trim().is_empty() {
            return self.add(field, "D-11", "", FieldProblem::Missing);
        }
        self.visible(field, text, most)
    }

    /// A text that may be missing.
    pub(super) fn optional(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        most: usize,
    ) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        self.visible(field, text, most).map(str::to_owned)
    }

    fn visible<'a>(&mut self, field: &'static str, text: &'a str, most: usize) -> Option<&'a str> {
        let trimmed = text.trim();
        if text.chars().any(is_hidden) {
            return self.add(field, "D-11", text, FieldProblem::ControlCharacters);
        }
        if trimmed.chars().nth(most).is_some() {
            return self.add(field, "D-11", text, FieldProblem::TooLong);
        }
        self.kept(field, text, trimmed);
        Some(trimmed)
    }

    /// A mandatory text with a shape of its own.
    pub(super) fn parsed<T>(
        &mut self,
        (field, rule): (&'static str, &'static str),
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
        shown: impl FnOnce(&T) -> &str,
    ) -> Option<T> {
        if text.trim().is_empty() {
            return self.add(field, "D-11", "", FieldProblem::Missing);
        }
        // White space is normalised where the rule says so; a line break is white space.
        if text.chars().any(|c| is_hidden(c) && !c.is_whitespace()) {
            return self.add(field, "D-11", text, FieldProblem::ControlCharacters);
        }
        match parse(text) {
            Ok(value) => {
                self.kept(field, text, shown(&value));
                Some(value)
            }
            Err(problem) => self.add(field, rule, text, problem),
        }
    }

    /// Tells when a value is kept otherwise than it was typed.
    pub(super) fn kept(&mut self, field: &'static str, from: &str, to: &str) {
        if from != to {
            let masked = |text: &str| mask_value(field, text);
            self.normalised.push(Normalised {
                field,
                from: masked(from),
                to: masked(to),
            });
        }
    }

    pub(super) fn warn(
        &mut self,
        field: &'static str,
        rule: &'static str,
        value: &str,
        word: &'static str,
    ) {
        let value = (!value.is_empty()).then(|| value.to_owned());
        self.warnings.push(FieldWarning {
            field,
            rule,
            value,
            word,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_shown_back_in_full_where_it_is_personal() {
        for (field, value, shown) in [
            ("id_number", "430102199003070012", "430102********0012"),
            ("id_number", "E12345678", "E1*****78"),
            ("mobile", "13812345678", "138****5678"),
            ("office_phone", "0731-84402950", "0731-******50"),
            ("email", "lihua@example.cn", "l****@example.cn"),
            ("name", "李华明", "李**"),
            ("address", "示例路练习街 1 号", "示例路练******"),
            ("school_type", "211", "211"),
        ] {
            assert_eq!(mask_value(field, value), shown, "{field}");
        }
        assert!(mask_value("notes", &"长".repeat(1_000_000)).chars().count() < 20);
        assert!(mask_value("unit", &"长".repeat(1_000_000)).chars().count() < 70);
    }
}
