//! A holder's PIN is locked or forgotten, and a ukey that came back is made blank again: both with the SO
//! PIN that security releases once (D-44, D-47).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use support::{Answer, PracticeHome};

const UNBLOCK: &str = "--identity-compared --second security";
const WIPE: [&str; 4] = ["--reason", "left", "--second", "security"];

/// A home with one ukey that its holder has, and its serial.
fn handed_out(requests: u16) -> (PracticeHome, String) {
    let home = PracticeHome::new(1, requests);
    home.run(["personalise", "2026-0001"]).expect(0);
    let serial = home.serials()[0].clone();
    home.run(["hand-out", &serial]).expect(0);
    (home, serial)
}

fn opens_with(home: &PracticeHome, serial: &str, pin: &str) -> bool {
    let seen = home.pkcs11_tool(serial, &["--login", "--pin", pin, "--list-objects"]);
    String::from_utf8_lossy(&seen.stdout).contains("Private Key Object")
}

fn acts(home: &PracticeHome, act: &str) -> Vec<String> {
    let found = home.run(["audit", "list", "--act", act]).expect(0);
    let result = |item: &serde_json::Value| item["result"].as_str().unwrap().to_owned();
    found.items().iter().map(result).collect()
}

#[test]
fn a_locked_pin_is_set_anew_by_its_holder_and_the_so_pin_is_another_one_each_time() {
    let (home, serial) = handed_out(1);
    let counter = home.path.join("tries");
    let module = support::fault_module();
    let settings = [
        (home.module.override_env, module.to_str().unwrap()),
        ("FAULT_MODULE", support::SOFTHSM),
        ("FAULT_PIN_TRIES", "2"),
        ("FAULT_PIN_FILE", counter.to_str().unwrap()),
    ];
    let change = format!("ukey change-pin {serial}");
    let old = home.user_pin(&serial);
    for _try in 0..2 {
        let wrong = home.typed(&settings, &change, &["00998877", "59301746", "59301746"]);
        assert_eq!(wrong.expect(1).error_code(), "pin-incorrect");
    }
    let locked = home.typed(&settings, &change, &["00998877", "59301746", "59301746"]);
    assert_eq!(locked.expect(1).error_code(), "ukey-locked");

    let unblock = format!("ukey unblock {serial} {UNBLOCK}");
    for new in ["59301746", "83051947"] {
        let done = home.typed(&[], &unblock, &[new, new]).expect(0);
        assert_eq!(done.one()["so_pin_rotated"], true, "{done:#?}");
        assert!(opens_with(&home, &serial, new));
        assert!(!opens_with(&home, &serial, &old));
    }
    assert_eq!(acts(&home, "so-pin-released").len(), 2);
    assert_eq!(acts(&home, "pin-unblocked"), ["done", "done"]);
    // The holder goes on with it.
    let typed = ["83051947", "40718263", "40718263"];
    home.typed(&[], &change, &typed).expect(0);
    assert!(opens_with(&home, &serial, "40718263"));
}

#[test]
fn an_unblock_that_was_interrupted_between_the_so_pins_is_done_again() {
    // Each function that writes on the ukey, with its answer lost.
    for function in ["C_InitPIN", "C_SetPIN"] {
        let (home, serial) = handed_out(1);
        let module = support::fault_module();
        let script = format!("{function}:lost");
        let settings = [
            (home.module.override_env, module.to_str().unwrap()),
            ("FAULT_MODULE", support::SOFTHSM),
            ("FAULT_AT", script.as_str()),
        ];
        let unblock = format!("ukey unblock {serial} {UNBLOCK}");
        let failed = home.typed(&settings, &unblock, &["59301746", "59301746"]);
        failed.expect(1);
        let done = home
            .typed(&[], &unblock, &["83051947", "83051947"])
            .expect(0);
        assert_eq!(done.one()["so_pin_rotated"], true, "{function}: {done:#?}");
        assert!(opens_with(&home, &serial, "83051947"), "{function}");
        // And the escrow holds the SO PIN of now.
        home.typed(&[], &unblock, &["40718263", "40718263"])
            .expect(0);
    }
}

#[test]
fn two_interruptions_in_a_row_lose_no_so_pin() {
    let (home, serial) = handed_out(1);
    let module = support::fault_module();
    let unblock = format!("ukey unblock {serial} {UNBLOCK}");
    // The ukey has the next SO PIN and nobody knows; then one that it did not get.
    for script in ["C_SetPIN:lost", "C_SetPIN:error=48"] {
        let settings = [
            (home.module.override_env, module.to_str().unwrap()),
            ("FAULT_MODULE", support::SOFTHSM),
            ("FAULT_AT", script),
        ];
        let failed = home.typed(&settings, &unblock, &["59301746", "59301746"]);
        failed.expect(1);
    }
    for new in ["83051947", "40718263"] {
        let done = home.typed(&[], &unblock, &[new, new]).expect(0);
        assert_eq!(done.one()["so_pin_rotated"], true, "{done:#?}");
        assert!(opens_with(&home, &serial, new));
    }
}

#[test]
fn nobody_unblocks_alone_nor_what_its_holder_does_not_have() {
    let (home, serial) = handed_out(1);
    let refused = |args: &[&str], code: i32, word: &str| {
        let answer: Answer = home.run(args).expect(code);
        assert_eq!(answer.error_code(), word, "{args:?}");
    };
    let before = home.user_pin(&serial);
    let unblock = ["ukey", "unblock", &serial, "--identity-compared"];
    refused(&unblock, 4, "second-officer-required");
    refused(
        &[&unblock[..], &["--second", "admin"]].concat(),
        4,
        "second-officer-same",
    );
    refused(
        &[&unblock[..], &["--second", "auditor"]].concat(),
        4,
        "wrong-duty",
    );
    home.run(["ukey", "unblock", &serial, "--second", "security"])
        .expect_usage();
    let by_security = [
        &["--officer", "security"],
        &unblock[..],
        &["--second", "admin"],
    ];
    refused(&by_security.concat(), 4, "wrong-duty");
    let with_security = [&unblock[..], &["--second", "security"]].concat();
    refused(&with_security, 2, "pin-not-typed");
    // Nor is a PIN of use whose certificate counts no more.
    let (other, revoked) = handed_out(1);
    let shown = other.run(["ukey", "show", &revoked]).expect(0);
    let certificate = shown.one()["certificate"].as_str().unwrap();
    let revoke = [
        "certificate",
        "revoke",
        certificate,
        "--reason",
        "privilegeWithdrawn",
    ];
    other.run(revoke).expect(0);
    let unblock = [
        "ukey",
        "unblock",
        &revoked,
        "--identity-compared",
        "--second",
        "security",
    ];
    let answer = other.run(unblock).expect(4);
    assert_eq!(answer.error_code(), "certificate-revoked");
    home.run(["ukey", "lost", &serial, "--reason", "gone"])
        .expect(0);
    refused(&with_security, 4, "ukey-not-handed-out");
    assert!(opens_with(&home, &serial, &before), "nothing was changed");
}

#[test]
fn a_ukey_that_came_back_is_a_blank_again_only_once_it_is_one_and_is_made_anew() {
    let (home, serial) = handed_out(2);
    let wipe = |args: &[&str]| home.run([&["ukey", "wipe", serial.as_str()], args].concat());
    assert_eq!(wipe(&WIPE).expect(4).error_code(), "ukey-in-use");
    let old = home.user_pin(&serial);
    assert!(opens_with(&home, &serial, &old), "it was not touched");
    let back = ["ukey", "return", serial.as_str(), "--reason", "left"];
    home.run(back).expect(0);
    assert_eq!(
        wipe(&WIPE[..2]).expect(4).error_code(),
        "second-officer-required"
    );
    // The answer of either step is lost: it stays returned, and is wiped again.
    for fault in ["C_InitToken:lost", "C_SetPIN:lost"] {
        let args = [&["ukey", "wipe", serial.as_str()], &WIPE[..]].concat();
        home.faulty(&[("FAULT_AT", fault)], &args).expect(1);
        let shown = home.run(["ukey", "show", serial.as_str()]).expect(0);
        assert_eq!(shown.one()["state"], "returned", "{fault}");
    }
    let done = wipe(&WIPE).expect(0);
    assert_eq!(done.one()["state"], "blank");
    let seen = home.pkcs11_tool(&serial, &["--list-objects"]);
    assert!(!String::from_utf8_lossy(&seen.stdout).contains("Object"));
    assert!(!opens_with(&home, &serial, &old));
    // It adds up, and the same ukey is made for somebody else.
    let report = home.run(["stock", "report"]).expect(0);
    assert_eq!(report.items()[0]["balanced"], true, "{report:#?}");
    home.run(["personalise", "2026-0002"]).expect(0);
    let certificates = home.run(["certificate", "list"]).expect(0);
    let states: Vec<_> = certificates
        .items()
        .iter()
        .map(|item| &item["state"])
        .collect();
    assert_eq!(states, ["revoked", "active"]);
    assert_eq!(acts(&home, "ukey-wiped").last().unwrap(), "done");
}
