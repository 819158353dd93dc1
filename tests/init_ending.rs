//! `init` ends with the recovery kit on paper and the first backup (D-46, D-52), or says that they are due.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;

use serde_json::Value;
use support::losses::path;
use support::shares::lines_on;
use support::stations::{SECURITY, SYSTEM, Station, everyone};

const ENDING: &str = "[recovery]\ncustodians = [\"周一\", \"吴二\", \"郑三\"]\npapers = \"papers\"\n\
                      [backup]\nfile = \"disk/first.ukey-backup\"\n";

fn province(dir: &tempfile::TempDir, name: &str) -> Station {
    Station::new(dir.path(), name, "11430000006123458L")
}

fn check(station: &Station, check: &str) -> Value {
    let found = station.act(SYSTEM, &["doctor"]);
    let mut items = found.items().iter();
    items.find(|item| item["check"] == check).unwrap()["ok"].clone()
}

#[test]
fn a_new_home_has_a_kit_and_a_backup_that_is_restored_elsewhere() {
    let dir = support::memory_dir();
    let station = province(&dir, "new");
    let made = station.init("province", ENDING, &everyone()).expect(0);
    assert_eq!(made.one()["failed"], Value::Null);
    let papers = made.one()["recovery_papers"].as_array().unwrap();
    assert_eq!(papers.len(), 3);
    for (paper, custodian) in papers.iter().zip(["周一", "吴二", "郑三"]) {
        let (_lines, text) = lines_on(paper.as_str().unwrap().as_ref());
        assert!(text.contains(custodian), "{text}");
    }
    assert_eq!(check(&station, "recovery-kit"), true);
    assert_eq!(check(&station, "backup"), true);

    // On another PC, with the two officers of the day it was made.
    let backup = made.one()["backup"].as_str().unwrap();
    let other = Station::new(dir.path(), "other", "11430000006123458L");
    let args = ["restore", backup, "--second", SECURITY.0];
    let restored = other.typed(SYSTEM, &args, &[SECURITY.1]);
    assert_eq!(restored.code, Some(0), "{restored:#?}");
    let units = other.act(SYSTEM, &["unit", "list"]).expect(0);
    assert_eq!(units.items()[0]["name"], "示例province");
}

#[test]
fn what_cannot_be_made_is_said_before_anything_is() {
    let dir = support::memory_dir();
    let station = province(&dir, "new");
    let officer = ENDING.replace("吴二", SECURITY.0);
    let refused = station.init("province", &officer, &everyone()).expect(4);
    assert_eq!(refused.error_code(), "custodian-is-officer");
    let two = ENDING.replace(", \"郑三\"", "");
    let refused = station.init("province", &two, &everyone()).expect(2);
    assert_eq!(refused.error_code(), "custodians-same");
    let one = [everyone()[0]];
    let alone = station.init("province", ENDING, &one).expect(2);
    assert_eq!(alone.error_code(), "config-invalid");
    let papers = station.file("papers");
    fs::create_dir_all(&papers).unwrap();
    fs::write(papers.join("share-2.pdf"), b"of an older kit").unwrap();
    let refused = station.init("province", ENDING, &everyone()).expect(2);
    assert_eq!(refused.error_code(), "file-exists");
    assert!(!station.home().exists(), "no half of a home");
    assert_eq!(
        fs::read(papers.join("share-2.pdf")).unwrap(),
        b"of an older kit"
    );
    assert!(!papers.join("share-1.pdf").exists());
}

#[test]
fn a_home_whose_backup_cannot_be_written_stands_and_says_what_is_missing() {
    let dir = support::memory_dir();
    let station = province(&dir, "new");
    // A folder that is there and takes no file: the home comes first all the same.
    let ending = ENDING.replace("disk/first", "/proc/first");
    let made = station.init("province", &ending, &everyone()).expect(1);
    assert_eq!(made.one()["recovery_papers"].as_array().unwrap().len(), 3);
    assert_eq!(made.one()["backup"], Value::Null);
    assert!(made.one()["failed"]["code"].is_string());
    assert_eq!(check(&station, "recovery-kit"), true);
    assert_eq!(check(&station, "backup"), false);
    let later = station.file("later.ukey-backup");
    station.act(SYSTEM, &["backup", path(&later)]).expect(0);
    assert_eq!(check(&station, "backup"), true);
}

#[test]
fn without_them_the_text_says_what_is_next_and_who_is_not_on_record() {
    let dir = support::memory_dir();
    let station = province(&dir, "new");
    let tables = "[[officers]]\nname = \"system\"\npost = \"system\"\n\
                  [[officers]]\nname = \"guard\"\npost = \"security\"\n";
    let officers = [
        ("system", "system", SYSTEM.1),
        ("guard", "security", SECURITY.1),
    ];
    let made = station
        .init_with("", "province", tables, &officers)
        .expect(0);
    assert_eq!(made.one()["unidentified"], serde_json::json!(["guard"]));
    assert_eq!(made.one()["backup"], Value::Null);
    let other = station.file("other").display().to_string();
    let (secrets, config) = (station.file("all.toml"), station.file("init.toml"));
    let mut command = support::program();
    command.args([
        "--home",
        &other,
        "--lang",
        "en",
        "--secrets",
        path(&secrets),
    ]);
    let output = command.args(["init", "--config", path(&config)]).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(
        said.contains("recovery kit DIR") && said.contains("backup FILE"),
        "{said}"
    );
    assert!(said.contains("guard"), "{said}");
}
