//! A neighbour that restored its home counts on from its backup: its files are taken once two officers
//! have confirmed the new history, and never those of a second history within one instance (D-52).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::memory_dir;
use support::records::records;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use ukey_station::domain::id::InstanceId;
use uuid::Uuid;

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Puts `to` in the place of what is there.
fn copied(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

fn state(unit: &Station, number: &str) -> String {
    let shown = unit.act(SYSTEM, &["request", "show", number]).expect(0);
    shown.one()["state"].as_str().unwrap().to_owned()
}

#[test]
fn files_of_a_restored_neighbour_are_taken_once_two_officers_have_confirmed_its_history() {
    let dir = memory_dir();
    let superior = province(&dir);
    let unit = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = unit.init("prefecture", &superior.trust(), &everyone());
    superior.enrol(&unit, made.expect(0).one());
    let numbers = unit.submit_requests(3);
    let up = unit.file("up");
    let mut send = vec!["request", "send-up", path(&up)];
    send.extend(numbers.iter().map(String::as_str));
    unit.act(SYSTEM, &send).expect(0);
    superior
        .act(SECURITY, &["request", "review", path(&up)])
        .expect(0);
    let answer = |number: &str, name: &str| -> PathBuf {
        let out = superior.file(name);
        let args = ["request", "review", path(&up), "--approve", number];
        let args = [&args[..], &["--out", path(&out)]].concat();
        superior.act(SECURITY, &args).expect(0);
        out
    };
    let take = |file: &Path| unit.act(SYSTEM, &["request", "receive-review", path(file)]);
    let show = |file: &Path| unit.act(SYSTEM, &["unit", "confirm-history", path(file)]);
    let backup = superior.file("backup");
    copied(&superior.home(), &backup);
    let first = answer(&numbers[0], "first");
    assert_eq!(show(&first).expect(4).error_code(), "history-not-restored");
    take(&first).expect(0);

    // The superior loses its disk and restores the backup: a new instance that knows of no answer.
    copied(&backup, &superior.home());
    let instance = InstanceId::new(Uuid::from_u128(0x0f00_ba11));
    records(&superior.home(), SECURITY)
        .write(|writing| writing.start_instance(instance))
        .unwrap();
    copied(&superior.home(), &backup);
    let second = answer(&numbers[1], "second");
    let refused = take(&second).expect(4);
    assert_eq!(refused.error_code(), "parcel-log-restored");
    assert_eq!(state(&unit, &numbers[1]), "submitted");

    let shown = show(&second).expect(3);
    let code = shown.one()["code"].as_str().unwrap();
    assert!(code.contains("-2-"), "epoch 2: {code}");
    assert_eq!(shown.one()["confirmed"], false);
    let verify = ["audit", "verify", "--code", code];
    let verdict = superior.act(SECURITY, &verify).expect(0);
    assert_eq!(verdict.one()["intact"], true, "the code is of its log");

    let confirm = ["unit", "confirm-history", path(&second), "--code", code];
    let alone = unit.act(SYSTEM, &confirm).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let by_security = unit.act(SECURITY, &confirm).expect(4);
    assert_eq!(by_security.error_code(), "wrong-duty");
    let with = ["--second", SECURITY.0];
    let other = shown.one()["before"].as_str().unwrap();
    let wrong = ["unit", "confirm-history", path(&second), "--code", other];
    let wrong = unit.typed(SYSTEM, &[&with[..], &wrong].concat(), &[SECURITY.1]);
    assert_eq!(wrong.expect(4).error_code(), "history-code-differs");
    let refused = take(&second).expect(4);
    assert_eq!(refused.error_code(), "parcel-log-restored");
    let done = unit.typed(SYSTEM, &[&with[..], &confirm].concat(), &[SECURITY.1]);
    let done = done.expect(0);
    assert_eq!(
        (&done.one()["confirmed"], &done.one()["superseded"]),
        (&true.into(), &1.into())
    );

    assert_eq!(take(&second).expect(0).one()["replayed"], false);
    assert_eq!(take(&second).expect(0).one()["replayed"], true);
    assert_eq!(state(&unit, &numbers[1]), "approved");
    assert_eq!(
        state(&unit, &numbers[0]),
        "approved",
        "what was taken stays"
    );
    assert_eq!(take(&first).expect(4).error_code(), "parcel-forked");
    assert_eq!(show(&second).expect(4).error_code(), "history-not-restored");

    // A second history within the instance is no restore: nobody can confirm it.
    copied(&backup, &superior.home());
    let forked = answer(&numbers[2], "forked");
    assert_eq!(take(&forked).expect(4).error_code(), "parcel-forked");
    assert_eq!(show(&forked).expect(4).error_code(), "parcel-log-forked");
    assert_eq!(state(&unit, &numbers[2]), "submitted");
    let verdict = unit.act(SYSTEM, &["audit", "verify"]).expect(0);
    assert_eq!(verdict.one()["intact"], true);
}

#[test]
fn a_unit_that_set_its_home_up_anew_is_heard_once_two_officers_have_confirmed_it() {
    let dir = memory_dir();
    let superior = province(&dir);
    let unit = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let up = unit.file("up");
    let send = |numbers: &[String]| {
        let mut send = vec!["request", "send-up", path(&up)];
        send.extend(numbers.iter().map(String::as_str));
        unit.act(SYSTEM, &send).expect(0);
    };
    let made = || {
        let made = unit.init("prefecture", &superior.trust(), &everyone());
        superior.enrol(&unit, made.expect(0).one());
    };
    let review = || superior.act(SECURITY, &["request", "review", path(&up)]);
    made();
    let first = unit.submit_requests(1);
    send(&first);
    review().expect(0);
    let old = unit.file("old");
    fs::rename(unit.home(), &old).unwrap();

    made();
    send(&unit.submit_requests(2));
    let refused = review().expect(4);
    assert_eq!(refused.error_code(), "parcel-home-new");
    let show = ["unit", "confirm-history", path(&up)];
    let shown = superior.act(SYSTEM, &show).expect(3);
    let code = shown.one()["code"].as_str().unwrap();
    let verify = ["audit", "verify", "--code", code];
    let verdict = unit.act(SECURITY, &verify).expect(0);
    assert_eq!(verdict.one()["intact"], true, "the code is of its log");
    let confirm = ["--second", SECURITY.0, "unit", "confirm-history", path(&up)];
    let confirm = [&confirm[..], &["--code", code]].concat();
    let done = superior.typed(SYSTEM, &confirm, &[SECURITY.1]).expect(0);
    assert_eq!(done.one()["superseded"], 0);
    assert_eq!(review().expect(0).items().len(), 2);

    // The home that was given up is heard no more, and nobody can confirm it.
    fs::rename(unit.home(), unit.file("new")).unwrap();
    fs::rename(&old, unit.home()).unwrap();
    send(&first);
    let refused = review().expect(4);
    assert_eq!(refused.error_code(), "parcel-home-replaced");
    let shown = superior.act(SYSTEM, &show).expect(4);
    assert_eq!(shown.error_code(), "history-not-restored");
}
