//! Sheets, and the files to and from the superior.

use super::*;
use crate::station::jobs::request_import::{Imported, Place as Cell, RowFault};
use crate::station::jobs::review::{ReviewItem, Ruling};

#[test]
fn what_became_of_a_sheet_is_told_row_by_row() {
    let mut bench = at_requests(Language::Chinese, Post::System, facts());
    bench.press_key("ui-request-files");
    bench.press_key("ui-request-import");
    assert!(bench.request_acts().is_empty(), "no file yet");
    bench.type_into(Role::TextInput, "ui-request-sheet", "/tmp/一年级.xlsx");
    let nothing = bench.word("ui-request-all-or-nothing");
    bench.choose_named(Role::RadioButton, &nothing);
    bench.press_key("ui-request-import");
    bench.press_key("ui-request-template");
    bench.press_key("ui-request-export");
    let acts = bench.request_acts();
    assert!(
        matches!(
            acts.as_slice(),
            [
                RequestsAct::Import { .. },
                RequestsAct::Template(None),
                RequestsAct::Export { out: None, .. },
            ]
        ),
        "{acts:?}"
    );
    bench.done(RequestsDone::Imported(Imported {
        imported: 4,
        refused: 1,
        faults: vec![RowFault {
            place: Cell {
                row: 7,
                column: "身份证号",
                cell: "C7".to_owned(),
                field: "id_number",
            },
            value: Some("439900********0019".to_owned()),
            rule: "D-14",
            word: "id-check",
            number: None,
        }],
        ..Imported::default()
    }));
    for text in ["7", "C7", "身份证号", "439900********0019", "D-14"] {
        bench.harness.get_by_label(text);
    }
    bench.harness.get_by_label(&bench.word("fault-id-check"));
    assert!(bench.says("导入 4 条"));
}

#[test]
fn the_superior_decides_on_each_of_a_file_and_signs_the_answer() {
    let item = |number: &str, decided: Option<&str>| ReviewItem {
        number: number.to_owned(),
        sent_by: "示例市第二小学".to_owned(),
        unit: "示例市第二小学".to_owned(),
        fields: BTreeMap::from([("name".to_owned(), "王晓雯".to_owned())]),
        opinions: vec![serde_json::json!({
            "kind": "department", "by": "李校长", "on": "2026-11-24", "note": null,
        })],
        scans: vec!["scan.png".to_owned()],
        officer: None,
        why: "no-security".to_owned(),
        decided: decided.map(str::to_owned),
    };
    let mut facts = facts();
    facts.review = Some(Arc::new(ReviewPicture {
        file: PathBuf::from("/tmp/up"),
        items: vec![
            item("2026-0011", None),
            item("2026-0012", None),
            item("2026-0013", Some("approved")),
        ],
    }));
    let mut bench = at_requests(Language::Chinese, Post::Security, facts);
    bench.press_key("ui-request-files");
    let unnamed = bench.harness.unnamed_widgets();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    bench.type_into(Role::TextInput, "ui-request-review-file", "/tmp/up");
    bench.press_key("ui-request-review-open");
    bench.press("签名 0 条并写出答复");
    bench.choose_named(Role::RadioButton, "批准 2026-0011");
    bench.choose_named(Role::RadioButton, "退回 2026-0012");
    assert!(
        !bench.has(Role::RadioButton, "批准 2026-0013"),
        "it is decided"
    );
    bench.press("签名 2 条并写出答复");
    bench.type_into(Role::MultilineTextInput, "ui-reason", "缺部门盖章");
    bench.press("签名 2 条并写出答复");
    let acts = bench.request_acts();
    let [
        RequestsAct::OpenReview(_),
        RequestsAct::Decide { rulings, .. },
    ] = acts.as_slice()
    else {
        panic!("{acts:?}")
    };
    let [(first, Ruling::Approve), (second, Ruling::Return(reason))] = rulings.as_slice() else {
        panic!("{rulings:?}")
    };
    assert_eq!(
        (first.as_str(), second.as_str()),
        ("2026-0011", "2026-0012")
    );
    assert_eq!(reason, "缺部门盖章");
}

#[test]
fn submitted_ones_go_up_and_the_answer_is_taken() {
    let mut bench = at_requests(Language::Chinese, Post::System, facts());
    bench.tick_one("2026-0003");
    bench.press_key("ui-request-send-up");
    bench.press("写出上报文件（1 条）");
    bench.press_key("ui-request-files");
    bench.type_into(Role::TextInput, "ui-request-answer-file", "/tmp/answer");
    bench.press_key("ui-request-answer");
    let acts = bench.request_acts();
    let [
        RequestsAct::SendUp { numbers, out: None },
        RequestsAct::ReceiveAnswer(file),
    ] = acts.as_slice()
    else {
        panic!("{acts:?}")
    };
    assert_eq!(numbers, &["2026-0003"]);
    assert_eq!(file, &PathBuf::from("/tmp/answer"));
}

#[test]
fn the_record_of_who_moved_here_is_taken_for_the_own_unit_or_a_named_one() {
    let mut bench = at_requests(Language::English, Post::System, facts());
    bench.press_key("ui-request-files");
    let take = bench.word("ui-moved-in");
    bench.type_into(Role::TextInput, "ui-moved-in-file", "/tmp/moved");
    for unit in [None, Some("2143000002")] {
        if let Some(unit) = unit {
            bench.type_into(Role::TextInput, "ui-moved-in-unit", unit);
        }
        let button = bench.harness.get_by_role_and_label(Role::Button, &take);
        button.click_accesskit();
        bench.harness.step();
        bench.harness.step();
        let acts = bench.request_acts();
        let [RequestsAct::ReceiveHolders { file, unit: to }] = acts.as_slice() else {
            panic!("{acts:?}")
        };
        assert_eq!((file, to.as_deref()), (&PathBuf::from("/tmp/moved"), unit));
    }
}
