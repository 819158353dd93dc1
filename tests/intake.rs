//! A ukey that nobody dispatched comes into stock by two officers, with a reason, once it is seen to be blank
//! (D-30).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use serde_json::{Value, json};
use support::stations::virtual_ukeys;
use support::{Answer, PracticeHome};
use ukey_station::token::virtual_ukey;

/// A factory-fresh ukey plugged in that the books do not know; its serial.
fn stranger(home: &PracticeHome) -> String {
    let folder = home.path.join("ukeys");
    let made = virtual_ukeys().make(&folder).unwrap();
    let serial = made.serial.as_str().to_owned();
    virtual_ukey::insert(&folder.join(&serial)).unwrap();
    serial
}

fn intake(home: &PracticeHome, serial: &str, second: &[&str]) -> Answer {
    let intake = ["stock", "intake", serial, "--reason", "抽屉里找到的"];
    home.run([second, &intake[..]].concat())
}

/// Blanks, and all that ever came; the books balance.
fn books(home: &PracticeHome) -> [Value; 2] {
    let report = home.run(["stock", "report"]).expect(0);
    let line = report.items().first().unwrap();
    assert_eq!(line["balanced"], true);
    ["blank", "received"].map(|field| line[field].clone())
}

#[test]
fn a_stranger_is_made_only_after_two_officers_have_taken_it_in() {
    let home = PracticeHome::new(1, 2);
    home.run(["personalise", "2026-0001"]).expect(0);
    let serial = stranger(&home);
    let make = ["personalise", "2026-0002", "--ukey", &serial];
    assert_eq!(home.run(make).expect(4).error_code(), "ukey-not-in-stock");
    let alone = intake(&home, &serial, &[]).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let second = ["--second", "security"];
    let wrong = [&second[..], &["--officer", "auditor"]].concat();
    let wrong = intake(&home, &serial, &wrong).expect(4);
    assert_eq!(wrong.error_code(), "wrong-duty");
    assert_eq!(books(&home), [json!(0), json!(1)]);

    let taken = intake(&home, &serial, &second).expect(0);
    assert_eq!(taken.one()["state"], "blank");
    assert_eq!(books(&home), [json!(1), json!(2)]);
    let twice = intake(&home, &serial, &second).expect(4);
    assert_eq!(twice.error_code(), "ukey-in-stock");
    home.run(make).expect(0);
    let rows = ["--officer", "auditor", "audit", "list", "--act"];
    let rows = home.run([&rows[..], &["ukey-taken-in"]].concat()).expect(0);
    let told = rows.items().first().unwrap()["detail"].clone();
    assert!(
        told.as_str()
            .unwrap()
            .starts_with("with security; reason sha256")
    );
}

#[test]
fn what_is_not_blank_not_plugged_in_or_without_a_reason_stays_a_stranger() {
    let home = PracticeHome::new(1, 1);
    let second = ["--second", "security"];
    let used = stranger(&home);
    home.written_by_others(&used, "of another desk");
    let used = intake(&home, &used, &second).expect(4);
    assert_eq!(used.error_code(), "ukey-not-blank");
    let pulled = stranger(&home);
    let pull = ["practice", "pull", home.path.to_str().unwrap(), &pulled];
    home.run(pull).expect(0);
    let pulled = intake(&home, &pulled, &second).expect(4);
    assert_eq!(pulled.error_code(), "ukey-not-inserted");
    let serial = stranger(&home);
    let unsaid = [
        "--second", "security", "stock", "intake", &serial, "--reason", " ",
    ];
    assert_eq!(home.run(unsaid).expect(2).error_code(), "reason-required");
    assert_eq!(books(&home), [json!(1), json!(1)]);
}
