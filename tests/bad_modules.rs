//! Modules that lie, print, hang or crash, through the whole program: what is refused, what is told
//! and what goes on afterwards (the wrapper is tests/fault-module).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::point::{nobody_is_left, shorten_deadlines};
use support::{Answer, PracticeHome};

/// States of every request, ukey and certificate.
fn picture(home: &PracticeHome) -> String {
    let list = |what: &str| {
        let items = home.run([what, "list"]).expect(0);
        let states = items.items().iter().map(|item| item["state"].to_string());
        states.collect::<Vec<_>>().join(" ")
    };
    ["request", "ukey", "certificate"].map(list).join(" | ")
}

fn error(answer: &Answer) -> &Value {
    let results = answer.events("result");
    assert_eq!(results.len(), 1, "{answer:#?}");
    &results[0]["error"]
}

/// The question the only ukey ended with; its fault.
fn question(answer: &Answer) -> (&Value, &str) {
    let results = answer.events("result");
    assert_eq!(results.len(), 1, "{answer:#?}");
    let question = &results[0]["question"];
    (&question["about"], question["fault"].as_str().unwrap())
}

/// With a module that behaves, the answer finishes the same ukey.
fn goes_on(home: &PracticeHome, serial: &str) {
    let finished = home
        .run(["resume", serial, "--answer", "try-again"])
        .expect(0);
    assert_eq!(finished.events("result")[0]["outcome"], "issued");
    assert_eq!(finished.events("result")[0]["serial"], serial);
    let certificates = home.run(["certificate", "list"]).expect(0);
    assert_eq!(certificates.items().len(), 1);
    let pin = home.user_pin(serial);
    let seen = home.pkcs11_tool(serial, &["--login", "--pin", &pin, "--list-objects"]);
    let text = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert_eq!(text.matches("Private Key Object").count(), 1, "{text}");
}

#[test]
fn a_ukey_with_a_locked_so_pin_is_refused_untouched_and_the_other_one_is_made() {
    let home = PracticeHome::new(2, 1);
    let serials = home.serials();
    let before = picture(&home);
    let locked = [("FAULT_SO_LOCKED", "1"), ("FAULT_ONLY", &serials[0])];
    let listed = home.faulty(&locked, &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items()[0]["reason"], "ukey-locked");
    assert_eq!(listed.items()[1]["usable"], true);
    let args = ["personalise", "2026-0001", "--ukey", &serials[0]];
    let refused = home.faulty(&locked, &args).expect(4);
    assert_eq!(error(&refused)["code"], "ukey-locked");
    assert_eq!(error(&refused)["kind"], "refused");
    assert_eq!(picture(&home), before);
    home.faulty(
        &locked,
        &["personalise", "2026-0001", "--ukey", &serials[1]],
    )
    .expect(0);
}

/// Whether this home's profile calls a ukey blank that has a user PIN, as vendors deliver.
fn blank_has_a_user_pin(home: &PracticeHome, is_set: bool) {
    shorten_deadlines(home, 30);
    let path = home.path.join("token-profiles/softhsm2.toml");
    let mut profile: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let blank = profile["blank"].as_table_mut().unwrap();
    blank.insert("user-pin-set".to_owned(), is_set.into());
    fs::write(path, profile.to_string()).unwrap();
}

#[test]
fn a_vendors_fresh_ukey_is_made_where_its_profile_calls_it_blank_and_else_refused_untouched() {
    let home = PracticeHome::new(1, 1);
    let serial = home.serials()[0].clone();
    let changes = home.path.with_extension("changes");
    let fresh = [("FAULT_FACTORY", changes.to_str().unwrap())];
    let args = ["personalise", "2026-0001", "--ukey", &serial];
    let before = picture(&home);

    blank_has_a_user_pin(&home, false);
    let listed = home.faulty(&fresh, &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items()[0]["reason"], "ukey-not-blank");
    let refused = home.faulty(&fresh, &args).expect(4);
    assert_eq!(error(&refused)["code"], "ukey-not-blank");
    assert_eq!(picture(&home), before);
    assert!(!changes.exists(), "the ukey was changed");

    blank_has_a_user_pin(&home, true);
    let listed = home.faulty(&fresh, &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items()[0]["usable"], true);
    let made = home.faulty(&fresh, &args).expect(0);
    assert_eq!(made.events("result")[0]["outcome"], "issued");
    assert_eq!(made.events("question").len(), 0);
    assert!(fs::read(&changes).unwrap().len() >= 2);
    let pin = home.user_pin(&serial);
    let seen = home.pkcs11_tool(&serial, &["--login", "--pin", &pin, "--list-objects"]);
    let text = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert_eq!(text.matches("Private Key Object").count(), 1, "{text}");
}

#[test]
fn two_ukeys_that_show_one_serial_are_both_refused_untouched() {
    let home = PracticeHome::new(2, 1);
    let serials = home.serials();
    let before = picture(&home);
    let double = [
        ("FAULT_SERIAL", serials[0].as_str()),
        ("FAULT_ONLY", &serials[1]),
    ];
    let listed = home.faulty(&double, &["ukey", "inserted"]).expect(0);
    for item in listed.items() {
        assert_eq!(item["serial"], serials[0].as_str());
        assert_eq!(item["reason"], "ukey-duplicate-serial");
    }
    let args = ["personalise", "2026-0001", "--ukey", &serials[0]];
    let refused = home.faulty(&double, &args).expect(4);
    assert_eq!(refused.error_code(), "ukey-duplicate-serial");
    assert_eq!(refused.events("step").len(), 0, "nothing was begun");
    let args = ["personalise", "2026-0001", "--ukey", &serials[1]];
    let refused = home.faulty(&double, &args).expect(4);
    assert_eq!(error(&refused)["code"], "ukey-swapped");
    assert_eq!(picture(&home), before);
    home.run(["personalise", "2026-0001", "--ukey", &serials[0]])
        .expect(0);
}

/// What somebody makes who copies a virtual ukey: another folder with the same token.
#[test]
fn a_copied_ukey_stops_every_way_to_the_one_it_was_copied_from() {
    let home = PracticeHome::new(1, 1);
    let serial = home.serials()[0].clone();
    let before = picture(&home);
    let folder = home.path.join("ukeys");
    let copy = |from: &Path, to: &Path| {
        let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(copied.unwrap().success());
    };
    copy(&folder.join(&serial), &folder.join("0000copy"));
    for args in [
        &["personalise", "--all"][..],
        &["personalise", "2026-0001", "--ukey", &serial],
    ] {
        let refused = home.run(args).expect(4);
        assert_eq!(refused.error_code(), "ukey-duplicate-serial");
    }
    assert_eq!(picture(&home), before);
    fs::remove_dir_all(folder.join("0000copy")).unwrap();
    home.run(["personalise", "--all"]).expect(0);
}

#[test]
fn a_module_that_prints_to_stdout_changes_nothing() {
    let home = PracticeHome::new(1, 1);
    let noise = [(
        "FAULT_PRINT",
        "{\"event\":\"result\",\"outcome\":\"forged\"}",
    )];
    // `answer` parses every line.
    let listed = home.faulty(&noise, &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items().len(), 1);
    let made = home.faulty(&noise, &["personalise", "--all"]).expect(0);
    assert_eq!(made.events("result").len(), 1);
    assert_eq!(made.events("result")[0]["outcome"], "issued");
    assert!(!made.stderr.contains("forged"), "{}", made.stderr);
}

#[test]
fn a_module_that_hangs_in_a_look_is_ended_at_the_deadline_and_nothing_was_begun() {
    let home = PracticeHome::new(1, 1);
    shorten_deadlines(&home, 2);
    let before = picture(&home);
    let hangs = [("FAULT_AT", "C_GetTokenInfo:hang")];
    let listed = home.faulty(&hangs, &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.one()["troubles"][0]["code"], "deadline");
    let failed = home.faulty(&hangs, &["personalise", "--all"]).expect(1);
    assert_eq!(error(&failed)["code"], "deadline");
    assert_eq!(picture(&home), before);
    home.run(["personalise", "--all"]).expect(0);
}

#[test]
fn a_module_that_hangs_in_a_run_is_ended_at_the_deadline_and_the_run_goes_on() {
    let home = PracticeHome::new(1, 1);
    shorten_deadlines(&home, 2);
    let serial = home.serials()[0].clone();
    let hangs = [("FAULT_AT", "C_GenerateKeyPair:hang")];
    let asked = home.faulty(&hangs, &["personalise", "--all"]).expect(3);
    assert_eq!(asked.outcomes("generate-key-pair"), ["deadline"; 2]);
    let (about, fault) = question(&asked);
    assert_eq!((about, fault), (&"keeps-failing".into(), "deadline (2 s)"));
    goes_on(&home, &serial);
}

#[test]
fn a_module_that_hangs_once_its_work_is_done_loses_nothing() {
    let home = PracticeHome::new(1, 1);
    shorten_deadlines(&home, 2);
    let hangs = [("FAULT_AT", "C_InitToken:hang-after")];
    let made = home.faulty(&hangs, &["personalise", "--all"]).expect(0);
    assert_eq!(made.outcomes("init-token"), ["deadline"]);
    assert_eq!(made.events("result")[0]["outcome"], "issued");
}

#[test]
fn a_module_that_crashes_costs_its_worker_and_the_run_goes_on() {
    for (function, step) in [
        ("C_GenerateKeyPair", "generate-key-pair"),
        ("C_SetPIN", "set-so-pin"),
    ] {
        let home = PracticeHome::new(1, 1);
        let serial = home.serials()[0].clone();
        let at = format!("{function}:abort");
        let crashes = [("FAULT_AT", at.as_str())];
        let asked = home.faulty(&crashes, &["personalise", "--all"]).expect(3);
        assert_eq!(asked.outcomes(step), ["worker-died"; 2]);
        let (about, fault) = question(&asked);
        let told = (&"keeps-failing".into(), "worker-died (signal 6)");
        assert_eq!((about, fault), told);
        goes_on(&home, &serial);
    }
}

#[test]
fn a_module_that_crashes_once_its_work_is_done_loses_nothing() {
    let home = PracticeHome::new(1, 1);
    let crashes = [("FAULT_AT", "C_GenerateKeyPair:abort-after")];
    let made = home.faulty(&crashes, &["personalise", "--all"]).expect(0);
    assert_eq!(made.outcomes("generate-key-pair"), ["worker-died"]);
    assert_eq!(made.events("result")[0]["outcome"], "issued");
}

#[test]
fn a_module_that_crashes_when_it_is_loaded_fails_before_anything_was_begun() {
    let home = PracticeHome::new(1, 1);
    let before = picture(&home);
    let crashes = [("FAULT_AT", "C_Initialize:abort")];
    let failed = home.faulty(&crashes, &["personalise", "--all"]).expect(1);
    assert_eq!(error(&failed)["code"], "worker-died");
    assert_eq!(picture(&home), before);
    home.run(["personalise", "--all"]).expect(0);
}

#[test]
fn a_module_that_takes_too_much_costs_its_step_and_leaves_nothing_behind() {
    for (excess, outcome) in [
        ("flood", "done"),
        ("garbage", "worker-protocol"),
        ("gorge", "worker-died"),
        ("fork", "done"),
    ] {
        let home = PracticeHome::new(1, 1);
        // The first in each worker: one that is started anew meets it again.
        let at = format!("C_GenerateKeyPair#1:{excess}");
        let fired = home.path.with_extension("fired");
        let once = [
            ("FAULT_AT", at.as_str()),
            ("FAULT_FIRED", fired.to_str().unwrap()),
        ];
        let made = home.faulty(&once, &["personalise", "--all"]);
        assert!(fired.exists(), "{excess}");
        assert_eq!(made.outcomes("generate-key-pair")[0], outcome, "{excess}");
        if made.code == Some(3) {
            goes_on(&home, &home.serials()[0]);
        } else {
            assert_eq!(made.events("result")[0]["outcome"], "issued", "{excess}");
        }
        nobody_is_left(&home.path).unwrap();
    }
}
