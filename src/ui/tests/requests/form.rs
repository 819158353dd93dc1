//! The form: judged as it is left and when it is saved, filled by a pasted row, and lost by nothing.

use egui::Event;

use super::*;
use crate::domain::request::{FieldFault, FieldProblem, FormKind, RequestDraft};
use crate::ui::requests_view::{StoredDraft, Typed};

/// A good row in the template's order.
const ROW: [&str; 12] = [
    "示例市练习小学",
    "王晓雯",
    ID_NUMBER,
    "0731-84402950",
    "wang@example.cn",
    "13800000000",
    "211 小学",
    "信息管理员、其他:档案员",
    "是",
    "",
    "示例路 1 号",
    "",
];

fn at_form(language: Language) -> Bench {
    let mut bench = at_requests(language, Post::System, facts());
    bench.press_key("ui-request-new");
    bench.asked_to_read();
    bench.harness.step();
    bench
}

impl Bench {
    fn paste(&mut self, text: &str) {
        self.harness.event(Event::Paste(text.to_owned()));
        self.harness.step();
        self.harness.step();
    }

    /// Whether a field holds this text.
    fn holds(&self, text: &str) -> bool {
        self.harness.query_all_by_value(text).next().is_some()
    }

    fn entered(&self) -> (RequestDraft, bool) {
        let acts = self.request_acts();
        match acts.as_slice() {
            [
                RequestsAct::Enter {
                    typed: Typed(draft),
                    submit,
                },
            ] => ((**draft).clone(), *submit),
            other => panic!("{other:?}"),
        }
    }

    fn is_invalid(&self, key: &str) -> bool {
        let word = self.word(key);
        let field = self.harness.get_by_role_and_label(Role::TextInput, &word);
        let told = field.accesskit_node().description();
        told.is_some_and(|told| told.starts_with('✕'))
    }
}

#[test]
fn a_field_is_judged_as_it_is_left_and_no_other_is() {
    let mut bench = at_form(Language::Chinese);
    bench.type_into(Role::TextInput, "field-mobile", "1380000");
    assert!(!bench.is_invalid("field-mobile"), "it is still typed");
    bench.type_into(Role::TextInput, "field-email", "wang@example.cn");
    assert!(bench.is_invalid("field-mobile"));
    assert!(!bench.is_invalid("field-id-number"), "nobody was there");
    assert!(bench.says("应为 11 位手机号 (D-16)"));
    bench.type_into(Role::TextInput, "field-mobile", "0000");
    assert!(!bench.is_invalid("field-mobile"), "it is put right");
}

#[test]
fn saving_tells_every_fault_at_once_and_goes_to_the_first() {
    for key in ["ui-request-save", "ui-request-save-submit"] {
        let mut bench = at_form(Language::Chinese);
        bench.press_key(key);
        assert!(bench.request_acts().is_empty());
        assert!(bench.says("还有 10 栏要改正"));
        let unit = bench.word("field-unit");
        let unit = bench.harness.get_by_role_and_label(Role::TextInput, &unit);
        assert!(unit.is_focused());
        for key in [
            "field-unit",
            "field-name",
            "field-id-number",
            "field-address",
        ] {
            assert!(bench.is_invalid(key), "{key}");
        }
        assert!(
            !bench.is_invalid("field-existing-account"),
            "it may be empty"
        );
    }
}

#[test]
fn the_keyboard_goes_to_the_last_field_and_it_is_seen() {
    let mut bench = at_form(Language::Chinese);
    bench.press_key("ui-request-save"); // Every fault is told: it is longer than the window.
    let notes = bench.word("field-notes");
    let mut tabs = 0;
    loop {
        bench.key(Modifiers::NONE, Key::Tab);
        let role = Role::MultilineTextInput;
        let field = bench.harness.get_by_role_and_label(role, &notes);
        tabs += 1;
        assert!(tabs < 40, "it is never reached");
        if field.is_focused() {
            break;
        }
    }
    for _ in 0..60 {
        bench.harness.step(); // It scrolls there.
    }
    let role = Role::MultilineTextInput;
    let field = bench.harness.get_by_role_and_label(role, &notes).rect();
    let save = bench.word("ui-request-save");
    let save = bench.harness.get_by_role_and_label(Role::Button, &save);
    assert!(field.bottom() < save.rect().top(), "{field:?}");
}

#[test]
fn a_pasted_row_fills_the_form_by_the_rules_of_a_sheet() {
    let mut bench = at_form(Language::Chinese);
    bench.paste(&ROW.join("\t"));
    bench.press_key("ui-request-save-submit");
    let (draft, submit) = bench.entered();
    assert!(submit);
    assert_eq!(draft.unit, "2143999999", "the unit's code: it is the one");
    assert_eq!(
        (draft.name.as_str(), draft.id_number.as_str()),
        ("王晓雯", ID_NUMBER)
    );
    assert_eq!(draft.school_type, "211");
    assert_eq!(draft.user_types, ["信息管理员", "其他:档案员"]);
    assert_eq!((draft.apply_certificate, draft.notes), (Some(true), None));
    // A row with faults is told under its fields at once.
    let mut bench = at_form(Language::Chinese);
    let bad = ROW
        .join("\t")
        .replace("13800000000", "138")
        .replace("\t是\t", "\t也许\t");
    bench.paste(&bad);
    assert!(bench.is_invalid("field-mobile"));
    assert!(bench.says("只能填 是 或 否"));
    bench.press_key("ui-request-save");
    assert!(bench.request_acts().is_empty());
}

#[test]
fn what_will_be_kept_otherwise_is_told_before_it_is() {
    let mut bench = at_form(Language::Chinese);
    bench.type_into(Role::TextInput, "field-mobile", "138 0000 0000");
    bench.type_into(Role::TextInput, "field-address", "示例路 1 号");
    assert!(bench.says("将存为 138****0000"));
}

#[test]
fn form_1_asks_for_a_post_and_nothing_of_form_2() {
    let mut bench = at_form(Language::Chinese);
    bench.choose_named(Role::RadioButton, FormKind::Officer.title());
    assert!(!bench.has(Role::TextInput, &bench.word("field-school-type")));
    for (key, text) in [
        ("field-unit", "2143999999"),
        ("field-name", "李志远"),
        ("field-id-number", ID_NUMBER),
        ("field-office-phone", "0731-84402950"),
        ("field-email", "li@example.cn"),
        ("field-mobile", "13800000000"),
        ("field-address", "示例路 1 号"),
    ] {
        bench.type_into(Role::TextInput, key, text);
    }
    bench.press_key("ui-request-save");
    assert!(bench.request_acts().is_empty() && bench.says("还有 1 栏要改正"));
    bench.choose_named(Role::RadioButton, Post::Auditor.chinese());
    bench.press_key("ui-request-save");
    let (draft, submit) = bench.entered();
    assert_eq!(draft.post.as_deref(), Some("安全审计员"));
    assert!(!submit && draft.user_types.is_empty() && draft.apply_certificate.is_none());
}

#[test]
fn a_unit_is_found_by_a_part_of_its_name_and_chosen_by_keyboard() {
    let mut bench = at_form(Language::English);
    bench.type_into(Role::TextInput, "field-unit", "第二");
    assert!(!bench.has(Role::Button, "示例市练习小学"));
    bench.key(Modifiers::NONE, Key::Tab);
    bench.key(Modifiers::NONE, Key::Space);
    assert!(bench.says("✓ 示例市第二小学 2143999997"));
    let name = bench.word("field-name");
    let name = bench.harness.get_by_role_and_label(Role::TextInput, &name);
    assert!(name.is_focused(), "the next field");
}

#[test]
fn what_is_typed_outlives_another_page_a_refusal_and_the_lock_of_the_desk() {
    let mut bench = at_form(Language::Chinese);
    bench.paste(&ROW.join("\t"));
    let stock = bench.word("page-stock");
    bench.press(&stock);
    let requests = bench.word("page-requests");
    bench.press(&requests);
    assert!(bench.holds("wang@example.cn"));
    // The desk refuses it: the fault stands under its field.
    bench.done(RequestsDone::Invalid(vec![FieldFault {
        field: "unit",
        rule: "D-45",
        value: None,
        problem: FieldProblem::ClosedUnit,
    }]));
    assert!(bench.is_invalid("field-unit"));
    assert!(bench.holds("wang@example.cn"));
    // The list says that it waits.
    let back = format!("← {}", bench.word("ui-request-back"));
    bench.press(&back);
    bench
        .harness
        .get_by_label(&bench.word("ui-request-form-waits"));
    bench.harness.state_mut().requests.leave();
    bench.harness.step();
    bench.press_key("ui-request-form-go-on");
    assert!(bench.holds("wang@example.cn"));
    // It is for who typed it.
    lock(&bench.harness.state().view).officer = "other".to_owned();
    bench.harness.step();
    assert!(!bench.holds("wang@example.cn"));
    assert!(!bench.says(&bench.word("ui-request-form-waits")));
}

#[test]
fn throwing_away_is_asked_for_once_more() {
    let mut bench = at_form(Language::Chinese);
    bench.paste(&ROW.join("\t"));
    bench.press_key("ui-request-discard");
    bench.press_key("ui-request-form-go-on");
    assert!(bench.holds("wang@example.cn"));
    bench.press_key("ui-request-discard");
    bench.press_key("ui-request-discard-now");
    assert!(!bench.says(&bench.word("ui-request-form-waits")));
    bench.press_key("ui-request-new");
    assert!(!bench.holds("wang@example.cn"));
}

#[test]
fn a_returned_one_is_edited_with_its_values_and_the_reason_beside_them() {
    let mut bench = at_one(Post::System, "2026-0001", RequestState::Returned);
    bench.press_key("ui-request-edit");
    let acts = bench.request_acts();
    let [RequestsAct::Open { number, reason }] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    assert_eq!(
        (number.as_str(), reason.as_str()),
        ("2026-0001", "修改申请")
    );
    let unit = entry_facts().units.remove(0);
    let stored = StoredDraft {
        number: "2026-0001".to_owned(),
        kind: FormKind::Account,
        draft: RequestDraft {
            unit: unit.code.clone(),
            name: "王晓雯".to_owned(),
            id_number: ID_NUMBER.to_owned(),
            office_phone: "0731-84402950".to_owned(),
            email: "wang@example.cn".to_owned(),
            mobile: "13800000000".to_owned(),
            school_type: "211".to_owned(),
            user_types: vec!["信息管理员".to_owned()],
            apply_certificate: Some(true),
            address: "示例路 1 号".to_owned(),
            ..RequestDraft::default()
        },
        unit,
    };
    {
        let mut view = lock(&bench.harness.state().view);
        view.applications.draft = Some(Arc::new(stored));
    }
    bench.harness.step();
    bench.harness.step();
    assert!(bench.says("修改 2026-0001") && bench.says("security 的意见：电话写错"));
    let debug = format!("{:?}", lock(&bench.harness.state().view));
    assert!(!debug.contains(ID_NUMBER));
    let same = bench.word("ui-request-same-papers");
    bench.choose_named(Role::CheckBox, &same);
    bench.type_into(Role::TextInput, "field-existing-account", "wangxw");
    bench.press_key("ui-request-save-submit");
    let acts = bench.request_acts();
    let [
        RequestsAct::Edit {
            number,
            typed: Typed(draft),
            same_papers: true,
            submit: true,
        },
    ] = acts.as_slice()
    else {
        panic!("{acts:?}")
    };
    assert_eq!(number, "2026-0001");
    assert_eq!(draft.existing_account.as_deref(), Some("wangxw"));
    assert_eq!(draft.id_number, ID_NUMBER);
    assert!(!format!("{acts:?}").contains(ID_NUMBER));
}
