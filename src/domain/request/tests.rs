//! Both forms, their faults, and what is told about values that were changed.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const TODAY: Date = time::macros::date!(2026 - 11 - 24);

fn draft() -> RequestDraft {
    RequestDraft {
        unit: "示例小学".to_owned(),
        name: "李华".to_owned(),
        id_number: "430102199003070012".to_owned(),
        office_phone: "0731-84402950".to_owned(),
        email: "lihua@school.example.cn".to_owned(),
        mobile: "13812345678".to_owned(),
        post: None,
        school_type: "211".to_owned(),
        user_types: vec!["信息管理员".to_owned(), "信息查询员".to_owned()],
        apply_certificate: Some(true),
        existing_account: None,
        address: "示例路 1 号".to_owned(),
        notes: None,
    }
}

fn form_1() -> RequestDraft {
    RequestDraft {
        post: Some("安全管理员".to_owned()),
        school_type: String::new(),
        user_types: Vec::new(),
        apply_certificate: None,
        ..draft()
    }
}

fn check(draft: &RequestDraft) -> Result<Checked, Vec<FieldFault>> {
    let user_types = USER_TYPES.map(str::to_owned);
    let known = Known {
        unit: UnitFound::One(UnitId::new(Uuid::nil())),
        user_types: &user_types,
        today: TODAY,
    };
    RequestForm::check(draft, known)
}

fn faults(draft: &RequestDraft) -> Vec<(&'static str, &'static str, &'static str)> {
    let faults = check(draft).unwrap_err().into_iter();
    faults
        .map(|fault| (fault.field, fault.rule, fault.problem.word()))
        .collect()
}

#[test]
fn fields_of_both_forms_are_read_back_as_the_same_form() {
    for draft in [draft(), form_1()] {
        let form = check(&draft).unwrap().form;
        assert_eq!(form.kind(), draft.kind());
        let fields: BTreeMap<String, String> = form
            .fields()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let again = RequestForm::from_fields(form.unit, &fields, TODAY);
        assert_eq!(again.unwrap(), form);
    }
    assert!(!check(&form_1()).unwrap().form.applies_for_certificate());
}

#[test]
fn all_faults_of_a_form_are_told_at_once_and_masked() {
    let bad = RequestDraft {
        name: " ".to_owned(),
        id_number: "430102199003070013".to_owned(),
        mobile: "12812345678".to_owned(),
        school_type: "999".to_owned(),
        apply_certificate: Some(false),
        address: "\u{3000}".to_owned(),
        ..draft()
    };
    assert_eq!(
        faults(&bad),
        [
            ("name", "D-11", "missing"),
            ("id_number", "D-14", "id-check"),
            ("mobile", "D-16", "mobile"),
            ("school_type", "D-18", "school-type"),
            ("apply_certificate", "D-10", "certificate-needed"),
            ("address", "D-11", "missing"),
        ]
    );
    let told = check(&bad).unwrap_err();
    assert_eq!(told[1].value.as_deref(), Some("430102********0013"));
    assert_eq!(told[2].value.as_deref(), Some("128****5678"));
}

#[test]
fn an_empty_form_misses_every_mandatory_field() {
    let empty = RequestDraft::default();
    let user_types = USER_TYPES.map(str::to_owned);
    let known = Known {
        unit: UnitFound::None,
        user_types: &user_types,
        today: TODAY,
    };
    let faults = RequestForm::check(&empty, known).unwrap_err();
    let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        [
            "unit",
            "name",
            "id_number",
            "office_phone",
            "email",
            "mobile",
            "school_type",
            "user_types",
            "apply_certificate",
            "address"
        ]
    );
    assert!(faults.iter().all(|fault| fault.rule == "D-11"));
}

#[test]
fn form_1_has_a_post_and_nothing_of_form_2() {
    let mixed = RequestDraft {
        post: Some("校长".to_owned()),
        ..draft()
    };
    assert_eq!(
        faults(&mixed),
        [
            ("post", "D-7", "post"),
            ("school_type", "D-6", "other-form"),
            ("user_types", "D-6", "other-form"),
            ("apply_certificate", "D-6", "other-form"),
        ]
    );
}

#[test]
fn what_was_typed_otherwise_than_it_is_kept_is_told_masked() {
    let typed = RequestDraft {
        name: "买买提・艾力".to_owned(),
        id_number: "4328 3119 7008 1502 33".to_owned(),
        mobile: "+86 138-1234-5678".to_owned(),
        user_types: vec!["信息管理员".to_owned(), "其他：校医".to_owned()],
        address: " 示例路 1 号".to_owned(),
        ..draft()
    };
    let checked = check(&typed).unwrap();
    let told: Vec<_> = checked
        .normalised
        .iter()
        .map(|note| (note.field, note.to.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "买**·**"),
            ("id_number", "432831********0233"),
            ("mobile", "138****5678"),
            ("user_types", "其他:校医"),
            ("address", "示例路 ***"),
        ]
    );
    assert_eq!(checked.normalised[0].from, "买**・**");
    assert_eq!(checked.form.user_types(), ["信息管理员", "其他:校医"]);
    let warning = &checked.warnings[0];
    assert_eq!((warning.field, warning.rule), ("id_number", "D-14"));
    assert_eq!(warning.value.as_deref(), Some("432831"));
    assert!(check(&draft()).unwrap().normalised.is_empty());
    assert!(check(&draft()).unwrap().warnings.is_empty());
}

#[test]
fn control_and_bidi_characters_are_refused_wherever_they_stand() {
    for hidden in [
        '\0', '\u{7}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}',
    ] {
        let with = |text: &str| format!("{text}{hidden}");
        let plain = draft();
        let bad = RequestDraft {
            name: with(&plain.name),
            id_number: with(&plain.id_number),
            office_phone: with(&plain.office_phone),
            email: with(&plain.email),
            mobile: with(&plain.mobile),
            school_type: with(&plain.school_type),
            user_types: vec![with("信息管理员")],
            existing_account: Some(with("li")),
            address: with(&plain.address),
            notes: Some(with("x")),
            ..plain
        };
        let told = faults(&bad);
        assert_eq!(told.len(), 10, "{told:?}");
        assert!(told.iter().all(|fault| fault.2 == "control-characters"));
    }
}

#[test]
fn a_value_of_ten_megabytes_is_a_fault_and_is_not_shown_back() {
    let huge = "长".repeat(3_500_000);
    let bad = RequestDraft {
        name: huge.clone(),
        id_number: huge.clone(),
        office_phone: huge.clone(),
        email: huge.clone(),
        mobile: huge.clone(),
        school_type: huge.clone(),
        user_types: vec![huge.clone()],
        existing_account: Some(huge.clone()),
        address: huge.clone(),
        notes: Some(huge),
        ..draft()
    };
    let told = check(&bad).unwrap_err();
    assert_eq!(told.len(), 10);
    for fault in told {
        assert!(
            fault.value.is_none_or(|value| value.len() < 300),
            "{}",
            fault.field
        );
    }
}

#[test]
fn user_types_come_from_the_table_or_stand_after_other() {
    let with = |types: &[&str]| RequestDraft {
        user_types: types.iter().map(|&text| text.to_owned()).collect(),
        ..draft()
    };
    assert_eq!(
        faults(&with(&["校长", "信息管理员", "其他:"])),
        [
            ("user_types", "D-9", "user-type"),
            ("user_types", "D-9", "user-type")
        ]
    );
    let long = format!("其他:{}", "长".repeat(60));
    let told = faults(&with(&["信息管理员", &long]));
    assert_eq!(told, [("user_types", "D-38", "user-types-too-long")]);
    let twice = check(&with(&["信息管理员", "信息管理员"])).unwrap();
    assert_eq!(twice.form.user_types(), ["信息管理员"]);
}

#[test]
fn a_file_may_leave_out_quotes_and_say_yes_in_chinese() {
    let text = "unit = \"示例小学\"\nname = \"李华\"\nid_number = 430102199003070012\n\
         office_phone = \"0731-84402950\"\nemail = \"a@example.cn\"\nmobile = 13812345678\n\
         school_type = 211\nuser_types = \"信息管理员、信息查询员\"\napply_certificate = \"是\"\n\
         address = \"示例路 1 号\"\n";
    let draft: RequestDraft = toml::from_str(text).unwrap();
    let form = check(&draft).unwrap().form;
    assert_eq!(form.user_types().len(), 2);
    assert!(form.applies_for_certificate());
    let unknown = toml::from_str::<RequestDraft>("colour = \"red\"");
    assert!(unknown.is_err());
    let null: RequestDraft =
        serde_json::from_str("{\"name\": null, \"user_types\": null}").unwrap();
    assert!(null.name.is_empty() && null.user_types.is_empty());
}

proptest! {
    #[test]
    fn no_form_makes_it_panic_and_a_kept_one_is_kept_again(
        name in "\\PC{0,12}", id in "[0-9Xx ０-９]{15,20}", phone in "[0-9+\\-－ ]{0,16}",
        email in "[a-z.@\\-]{0,20}", other in "\\PC{0,8}"
    ) {
        let typed = RequestDraft {
            name: name.clone(),
            id_number: id,
            office_phone: phone.clone(),
            mobile: phone,
            email,
            user_types: vec![other.clone(), "信息查询员".to_owned()],
            notes: Some(other),
            ..draft()
        };
        prop_assert!(check(&typed).is_ok() || !check(&typed).unwrap_err().is_empty());
        let named = RequestDraft { name, ..draft() };
        if let Ok(Checked { form, .. }) = check(&named) {
            let again = RequestDraft { name: form.name.as_str().to_owned(), ..draft() };
            let again = check(&again).unwrap();
            prop_assert!(again.normalised.is_empty());
            prop_assert_eq!(again.form, form);
        }
    }
}
