//! What is approved is what is made: nothing between a decision and its certificate changes what was
//! looked at, and nothing without the right to a ukey takes one.

mod support;

use std::fs;
use std::process::Stdio;

use serde_json::json;
use support::PracticeHome;
use support::paper::Desk;

const ID: &str = "2026-0001";

#[test]
fn a_unit_keeps_its_name_while_certificates_that_say_it_are_on_their_way() {
    let desk = Desk::new();
    let edit = |unit: &str, more: &[&str]| {
        let args = [&["unit", "edit", unit], more].concat();
        desk.run(&args)
    };
    let add = ["unit", "add", "--level", "school", "--code", "2143000002"];
    let place = [
        "--name",
        "示例二小",
        "--province",
        "湖南省",
        "--prefecture",
        "示例市",
    ];
    desk.run(&[&add[..], &place].concat()).expect(0);
    desk.put(&["add"], &json!({ "unit": "2143000002" }))
        .expect(0);
    edit("2143000002", &["--name", "示例第二小学"]).expect(0);
    desk.ready(ID);
    let renamed = edit("2143000002", &["--name", "冒名小学"]).expect(4);
    assert_eq!(renamed.error_code(), "unit-in-use");
    edit("2143000002", &["--address", "新路 2 号"]).expect(0);
}

#[test]
fn another_persons_paper_is_asked_for_anew_and_a_corrected_entry_keeps_its_own() {
    let desk = Desk::new();
    desk.put(&["add"], &json!({})).expect(0);
    let send_back = || {
        desk.run(&["request", "return", ID, "--reason", "请核对"])
            .expect(0);
    };
    let approve = || {
        desk.run(&["request", "submit", ID]).expect(0);
        desk.run(&["request", "approve", ID])
    };
    desk.ready(ID);
    send_back();
    let types = json!({ "user_types": ["信息管理员", "信息查询员"] });
    desk.put(&["edit", ID], &types).expect(0);
    let shown = desk.run(&["request", "show", ID]).expect(0);
    assert_eq!(shown.one()["scans"], json!([]));
    let missing = approve().expect(4);
    assert_eq!(missing.error_code(), "opinions-missing");
    for kind in ["applicant", "department", "office", "acceptance"] {
        desk.opinion(ID, kind, "2026-11-21").expect(0);
    }
    let missing = desk.run(&["request", "approve", ID]).expect(4);
    assert_eq!(missing.error_code(), "scan-missing");
    // The paper that lay there before may be the one after all.
    desk.attach(ID).expect(0);
    send_back();

    let corrected = json!({ "user_types": ["信息管理员"] });
    desk.put(&["edit", "--same-papers", ID], &corrected)
        .expect(0);
    let shown = desk.run(&["request", "show", ID]).expect(0);
    assert_eq!(shown.one()["scans"].as_array().unwrap().len(), 1);
    let looks = desk
        .run(&["--officer", "auditor", "audit", "list"])
        .expect(0);
    let told = looks
        .items()
        .iter()
        .filter_map(|row| row["detail"].as_str());
    assert_eq!(told.filter(|text| text.ends_with("same papers")).count(), 1);
    approve().expect(0);
}

#[test]
fn who_does_not_apply_for_a_certificate_takes_no_blank_from_who_does() {
    let home = PracticeHome::new(1, 0);
    let desk = Desk { home };
    let without = json!({
        "id_number": "439900198001010520", "user_types": ["信息查询员"], "apply_certificate": false,
    });
    desk.put(&["add"], &without).expect(0);
    desk.put(&["add"], &json!({})).expect(0);
    for number in [ID, "2026-0002"] {
        desk.ready(number);
        desk.run(&["request", "approve", number]).expect(0);
    }
    let made = desk.run(&["personalise", "--all", "--yes"]).expect(0);
    let results = made.events("result");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["request"], "2026-0002");
    assert_eq!(results[0]["outcome"], "issued");
    assert_eq!(desk.state(ID), "approved");
}

#[test]
fn a_home_does_not_become_another_kind_by_one_word_and_an_emptied_store_is_not_made_anew() {
    let home = PracticeHome::new(0, 0);
    let keys = home.path.join("keys.json");
    let text = fs::read_to_string(&keys).unwrap();
    fs::write(
        &keys,
        text.replace("\"practice\": true", "\"practice\": false"),
    )
    .unwrap();
    assert_ne!(fs::read_to_string(&keys).unwrap(), text);
    let args = ["--officer", "admin", "--secrets"];
    let secrets = home.path.join("secrets.toml");
    let one = fs::read_to_string(&secrets).unwrap();
    let admin = one.lines().find(|line| line.contains("admin")).unwrap();
    fs::write(&secrets, format!("[officers]\n{admin}\n")).unwrap();
    let list = [&args[..], &[secrets.to_str().unwrap(), "unit", "list"]].concat();
    let refused = home.run(&list).expect(1);
    assert_eq!(refused.error_code(), "store-damaged");
    fs::write(&keys, text).unwrap();
    home.run(&list).expect(0);

    let store = home.path.join("station.db");
    for file in ["station.db-wal", "station.db-shm"] {
        fs::remove_file(home.path.join(file)).ok();
    }
    fs::write(&store, "").unwrap();
    let refused = home.run(&list).expect(1);
    assert_eq!(refused.error_code(), "store-damaged");
    assert_eq!(fs::metadata(&store).unwrap().len(), 0);
}

#[test]
fn words_that_are_no_command_are_told_as_json_too() {
    let home = PracticeHome::new(0, 0);
    let wrong = home.run(["request", "list", "--sideways"]).expect(2);
    assert_eq!(wrong.one()["error"]["kind"], "usage");
    assert_eq!(wrong.error_code(), "usage");
}

#[test]
fn a_reader_that_goes_away_is_nobodys_fault() {
    let home = PracticeHome::new(0, 0);
    for words in [
        ["--lang", "zh", "unit", "list"].as_slice(),
        &["--json", "unit", "list"],
        &["--json", "unit", "list", "--sideways"],
    ] {
        let mut command = support::program();
        command.arg("--home").arg(&home.path).args(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 2)), "{words:?}: {code:?}");
    }
}
