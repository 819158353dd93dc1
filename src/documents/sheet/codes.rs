//! 办学类型 as a sheet spells it: a code, its name, or both.

use crate::domain::school_type::SchoolType;

/// A unit that is no school (D-18).
const AUTHORITY: &str = "教育行政部门";

/// As a drop-down shows them: `211 小学`.
pub(super) fn school_type_choices() -> Vec<String> {
    let codes = SchoolType::all().map(|known| format!("{} {}", known.as_str(), known.name()));
    codes.chain([AUTHORITY.to_owned()]).collect()
}

/// The code in what was chosen or typed: `211`, `211 小学`, `小学`. A text that is none of these
/// stays as it is, for the form to refuse; so does a code with another type's name, and a name that
/// several codes have.
pub(super) fn school_type(text: &str) -> String {
    if let Ok(known) = SchoolType::parse(text) {
        return known.as_str().to_owned(); // As nearly every row has it.
    }
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut named = SchoolType::all().filter(|known| known.name() == plain);
    if let (Some(known), None) = (named.next(), named.next()) {
        return known.as_str().to_owned();
    }
    let both = |known: &SchoolType| plain.strip_prefix(known.as_str()) == Some(known.name());
    SchoolType::all()
        .find(both)
        .map_or_else(|| text.trim().to_owned(), |known| known.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_type_is_found_by_code_name_or_both_and_never_guessed() {
        for text in ["211", "小学", "211 小学", "211小学", " 211　小学 "] {
            assert_eq!(school_type(text), "211", "{text}");
        }
        assert_eq!(school_type("教育行政部门"), "教育行政部门");
        for text in ["211 幼儿园", "特殊教育学校", "2", "小"] {
            assert_eq!(school_type(text), text, "{text}");
        }
    }

    #[test]
    fn every_choice_is_understood_as_its_code() {
        for choice in school_type_choices() {
            let code = school_type(&choice);
            assert!(SchoolType::parse(&code).is_ok(), "{choice}");
            assert!(choice.starts_with(&code), "{choice}");
        }
    }
}
