//! The code lists of a sheet's drop-downs.

/// 办学类型 by code, with the name people know it by (D-18).
pub const SCHOOL_TYPE_NAMES: [(&str, &str); 38] = [
    ("111", "幼儿园"),
    ("112", "附设幼儿班"),
    ("211", "小学"),
    ("218", "小学教学点"),
    ("221", "成人小学"),
    ("311", "初级中学"),
    ("312", "九年一贯制学校"),
    ("319", "附设普通初中班"),
    ("321", "职业初中"),
    ("341", "完全中学"),
    ("342", "高级中学"),
    ("345", "十二年一贯制学校"),
    ("361", "中等职业学校"),
    ("362", "中等职业学校"),
    ("363", "中等职业学校"),
    ("364", "中等职业学校"),
    ("365", "中等职业学校"),
    ("366", "中等职业学校"),
    ("367", "中等职业学校"),
    ("368", "中等职业学校"),
    ("369", "中等职业学校"),
    ("371", "工读学校"),
    ("411", "大学"),
    ("412", "学院"),
    ("413", "独立学院"),
    ("414", "高等专科学校"),
    ("415", "高等职业学校"),
    ("421", "成人高等学校"),
    ("511", "特殊教育学校"),
    ("512", "特殊教育学校"),
    ("513", "特殊教育学校"),
    ("514", "特殊教育学校"),
    ("515", "特殊教育学校"),
    ("516", "特殊教育学校"),
    ("517", "特殊教育学校"),
    ("518", "特殊教育学校"),
    ("519", "特殊教育学校"),
    ("", "教育行政部门"),
];

/// As a drop-down shows it: `211 小学`.
pub(super) fn school_type_choices() -> Vec<String> {
    SCHOOL_TYPE_NAMES
        .iter()
        .map(|(code, name)| format!("{code} {name}").trim_start().to_owned())
        .collect()
}

/// The code in what was chosen or typed: `211`, `211 小学`, `小学`. A text that is none of these
/// stays as it is, for the form to refuse; so does a code with another type's name.
pub(super) fn school_type(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut named = SCHOOL_TYPE_NAMES
        .iter()
        .filter(|(_code, name)| *name == plain);
    if let (Some((code, name)), None) = (named.next(), named.next()) {
        return if code.is_empty() { name } else { code }.to_string();
    }
    let of_code = SCHOOL_TYPE_NAMES
        .iter()
        .find(|(code, name)| !code.is_empty() && plain.strip_prefix(code) == Some(name));
    of_code.map_or_else(
        || text.trim().to_owned(),
        |(code, _name)| (*code).to_owned(),
    )
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
}
