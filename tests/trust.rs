//! Real homes of a province, a prefecture, a county and a school with one person, made from the
//! command line and certified level by level, offline (D-3, D-57).

mod support;

use std::fs;
use std::path::Path;

use support::memory_dir;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};

#[test]
fn four_levels_are_certified_one_by_the_other_and_openssl_follows_the_chain() {
    let dir = memory_dir();
    let province = province(&dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let school = Station::new(dir.path(), "school", "2143000001");
    let one_person = [everyone()[0]];
    let levels: [(&Station, &Station, &str, &[_]); 3] = [
        (&province, &prefecture, "prefecture", &everyone()),
        (&prefecture, &county, "county", &everyone()),
        (&county, &school, "school", &one_person),
    ];
    for (superior, subordinate, level, officers) in levels {
        let made = subordinate.init(level, &superior.trust(), officers);
        let made = made.expect(0);
        let listed = subordinate.act(SYSTEM, &["officer", "list"]).expect(0);
        assert!(listed.items().iter().all(|item| item["certified"] == false));
        superior.enrol(subordinate, made.one());
        let listed = subordinate.act(SYSTEM, &["officer", "list"]).expect(0);
        assert_eq!(listed.items().len(), officers.len());
        assert!(listed.items().iter().all(|item| item["certified"] == true));
        let units = superior.act(SYSTEM, &["unit", "list"]).expect(0);
        assert_eq!(units.items()[1]["code"], subordinate.code);
    }
    // root ← prefecture ← county ← school, as openssl sees it.
    let given = school.file("given");
    school
        .act(SYSTEM, &["unit", "certificate", given.to_str().unwrap()])
        .expect(0);
    let (root, chain) = (given.join("root.pem"), given.join("unit.pem"));
    let (root, chain) = (root.to_str().unwrap(), chain.to_str().unwrap());
    let args = [
        "verify",
        "-x509_strict",
        "-CAfile",
        root,
        "-untrusted",
        chain,
        chain,
    ];
    assert!(support::must("openssl", &args).contains("OK"));
    for station in [&province, &prefecture, &county, &school] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]);
        assert_eq!(verdict.expect(0).one()["intact"], true);
    }
}

#[test]
fn a_home_is_refused_under_another_fingerprint_a_practice_root_or_the_wrong_superior() {
    let dir = memory_dir();
    let province = province(&dir);
    let trust = province.trust();
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let at = trust.find("superior-sha256").unwrap();
    let mut other = trust.clone();
    other.replace_range(at + 20..at + 24, "0000");
    let refused = county.init("county", &other, &everyone()).expect(4);
    assert_eq!(refused.error_code(), "fingerprint-differs");
    assert!(!county.home().exists());

    // A county is no direct subordinate of a province.
    let made = county.init("county", &trust, &everyone()).expect(0);
    let (file, paper) = (
        made.one()["enrolment"].as_str().unwrap(),
        made.one()["fingerprint"].as_str().unwrap(),
    );
    let enrol = ["unit", "enrol", file, "--fingerprint", paper];
    let refused = province.act(SECURITY, &enrol).expect(4);
    assert_eq!(refused.error_code(), "unit-not-subordinate");

    let practice = support::PracticeHome::new(0, 0);
    let given = dir.path().join("practice");
    let told = practice.run(["unit", "certificate", given.to_str().unwrap()]);
    let told = told.expect(0);
    let school = Station::new(dir.path(), "school", "2143000001");
    let trust = format!(
        "[trust]\nroot = \"{}\"\nroot-sha256 = \"{}\"\nsuperior = \"{}\"\nsuperior-sha256 = \"{}\"",
        given.join("root.pem").display(),
        told.one()["root_sha256"].as_str().unwrap(),
        given.join("unit.pem").display(),
        told.one()["unit_sha256"].as_str().unwrap(),
    );
    let refused = school.init("school", &trust, &everyone()).expect(4);
    assert_eq!(refused.error_code(), "root-of-practice");
}

#[test]
fn an_enrolment_altered_on_the_way_or_given_to_another_unit_is_refused() {
    let dir = memory_dir();
    let province = province(&dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = prefecture.init("prefecture", &province.trust(), &everyone());
    let made = made.expect(0);
    let file = Path::new(made.one()["enrolment"].as_str().unwrap()).to_owned();
    let bytes = fs::read(&file).unwrap();
    let altered = dir.path().join("altered");
    for at in [bytes.len() / 3, bytes.len() - 5] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        fs::write(&altered, bytes).unwrap();
        let refused = province.act(SECURITY, &["unit", "enrol", altered.to_str().unwrap()]);
        assert_eq!(refused.expect(4).error_code(), "parcel-damaged");
    }
    // The prefecture cannot open what it sealed to the province.
    let refused = prefecture.act(SECURITY, &["unit", "enrol", file.to_str().unwrap()]);
    assert_eq!(refused.expect(4).error_code(), "parcel-not-for-us");
}

#[test]
fn wrong_passphrases_make_the_next_try_wait_and_that_outlives_the_process() {
    let dir = memory_dir();
    let province = province(&dir);
    let wrong = (SYSTEM.0, "not the passphrase 1");
    for _ in 0..3 {
        let refused = province.act(wrong, &["officer", "list"]).expect(4);
        assert_eq!(refused.error_code(), "passphrase-wrong");
    }
    let right = province.act(SYSTEM, &["officer", "list"]).expect(4);
    assert_eq!(right.error_code(), "sign-in-wait");
    province.act(SECURITY, &["officer", "list"]).expect(0);
}

#[test]
fn a_disabled_officer_is_out_the_keys_are_changed_and_the_last_of_a_post_stays() {
    let dir = memory_dir();
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    let second = ("qian-system", "green tea morning 33");
    let officers = [everyone()[0], everyone()[1], (second.0, "system", second.1)];
    province.init("province", "", &officers).expect(0);
    let kept = fs::read(province.home().join("keys.json")).unwrap();
    let disable = |name: &str| province.act(SECURITY, &["officer", "disable", name]);
    let by_system = province.act(SYSTEM, &["officer", "disable", second.0]);
    assert_eq!(by_system.expect(4).error_code(), "wrong-duty");
    disable(second.0).expect(0);
    assert_eq!(province.act(second, &["officer", "list"]).code, Some(2));
    province.act(SYSTEM, &["officer", "list"]).expect(0);
    assert_eq!(disable(SYSTEM.0).expect(4).error_code(), "last-officer");
    assert_eq!(disable(SECURITY.0).expect(4).error_code(), "own-account");

    // What the disabled officer kept opens nothing any more.
    let now = province.home().join("keys.json");
    let new = fs::read(&now).unwrap();
    fs::write(&now, kept).unwrap();
    let opened = province.act(second, &["officer", "list"]).expect(1);
    assert_eq!(opened.error_code(), "store-damaged");
    fs::write(&now, new).unwrap();
    province.act(SYSTEM, &["officer", "list"]).expect(0);
}

#[test]
fn two_officers_confirm_the_clock_and_one_alone_cannot() {
    let dir = memory_dir();
    let province = province(&dir);
    let confirm = province.act(SYSTEM, &["clock", "confirm"]).expect(4);
    assert_eq!(confirm.error_code(), "second-officer-required");
    let same = ["--second", SYSTEM.0, "clock", "confirm"];
    let confirm = province.act(SYSTEM, &same).expect(4);
    assert_eq!(confirm.error_code(), "second-officer-same");
    // In a real home the second passphrase is typed, never read from a file.
    let named = ["--second", SECURITY.0, "clock", "confirm"];
    let confirm = province.act(SYSTEM, &named).expect(4);
    assert_eq!(confirm.error_code(), "second-officer-required");

    let practice = support::PracticeHome::new(0, 0);
    let confirmed = practice.run(["--second", "security", "clock", "confirm"]);
    assert_eq!(confirmed.expect(0).one()["plausible"], true);
    let second = practice.run(["--second", "auditor", "clock", "confirm"]);
    assert_eq!(second.expect(4).error_code(), "wrong-duty");
}
