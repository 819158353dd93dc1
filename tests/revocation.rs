//! What a unit takes back in the unit PKI reaches those below it with its files, or by hand, and is
//! heeded wherever a certificate counts (D-57).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::records::practice_records;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use support::{PracticeHome, memory_dir};
use tempfile::TempDir;
use ukey_station::domain::certificate::CertificateSerial;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::keys::station_key::StationIdentity;
use ukey_station::keys::unit_crl::{self, UnitCrlTerms};
use ukey_station::keys::unit_pki::{self, RootUse, SoftwareKey, Subject, Terms, UnitSubject};
use ukey_station::store::AuditFilter;

/// A second system administrator.
const SECOND: (&str, &str) = ("qian-system", "green tea morning 33");

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Prefecture, county and school; county and school have a second system administrator.
fn stations(dir: &TempDir) -> [Station; 3] {
    let province = province(dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let school = Station::new(dir.path(), "school", "2143000001");
    let [system, security] = everyone();
    let three = [system, security, (SECOND.0, "system", SECOND.1)];
    let levels: [(&Station, &Station, &str, &[_]); 3] = [
        (&province, &prefecture, "prefecture", &everyone()),
        (&prefecture, &county, "county", &three),
        (&county, &school, "school", &[system, three[2]]),
    ];
    for (superior, subordinate, level, officers) in levels {
        let trust = superior.trust();
        let made = subordinate.init(level, &trust, officers).expect(0);
        superior.enrol(subordinate, made.one());
    }
    [prefecture, county, school]
}

/// Takes an officer's certificates back; gives the list.
fn revoke(superior: &Station, unit: &Station, officer: &str, reason: &str) -> PathBuf {
    let args = [
        "unit", "revoke", unit.code, "--of", officer, "--reason", reason,
    ];
    superior.act(SECURITY, &args).expect(0);
    let list = superior.file(&format!("{officer}.crl"));
    fs::copy(superior.home().join("crl/units.crl"), &list).unwrap();
    list
}

/// Sends requests up and takes the answer to them back.
fn review(superior: &Station, unit: &Station, numbers: &[String]) {
    let (up, down) = (unit.file("up"), unit.file("down"));
    let mut send = vec!["request", "send-up", path(&up)];
    send.extend(numbers.iter().map(String::as_str));
    unit.act(SYSTEM, &send).expect(0);
    let decide = ["request", "review", path(&up), "--approve", "all"];
    let decide = [&decide[..], &["--out", path(&down)]].concat();
    superior.act(SECURITY, &decide).expect(0);
    let taken = unit.act(SYSTEM, &["request", "receive-review", path(&down)]);
    let taken = taken.expect(0);
    assert_eq!(taken.one()["replayed"], false);
    assert_eq!(taken.one()["warnings"].as_array().unwrap().len(), 0);
}

/// How often an act stands in the log.
fn acts(station: &Station, act: &str) -> usize {
    let store = support::records::records(&station.home(), SYSTEM);
    let filter = AuditFilter {
        act: Some(act.to_owned()),
        ..AuditFilter::default()
    };
    store.read().audit_entries(&filter).unwrap().len()
}

#[test]
fn a_list_comes_down_with_answers_level_by_level_and_stops_the_revoked_officer() {
    let dir = memory_dir();
    let [prefecture, county, school] = stations(&dir);
    let numbers = county.submit_requests(2);
    let list = revoke(&prefecture, &county, SECOND.0, "affiliationChanged");
    review(&prefecture, &county, &numbers[..1]);
    let up = county.file("by-second");
    let send = ["request", "send-up", path(&up), &numbers[1]];
    let refused = county.act(SECOND, &send).expect(4);
    assert_eq!(refused.error_code(), "unit-certificate-revoked");
    assert!(!up.exists());
    county.act(SYSTEM, &send).expect(0);
    let taken = county.act(SYSTEM, &["unit", "crl", path(&list)]).expect(0);
    assert_eq!(taken.one()["known"], true, "it came with the answer");
    assert_eq!(taken.one()["revoked"], 1);
    assert_eq!(
        acts(&county, "unit-list-taken"),
        0,
        "nothing was to be done"
    );

    // Nor do they sign in, though their own unit has not disabled them; to a stolen key another is given.
    let listed = county.act(SECOND, &["request", "list"]).expect(4);
    assert_eq!(listed.error_code(), "unit-certificate-revoked");
    assert_eq!(acts(&county, "sign-in-refused"), 2);

    // One level further down, though the school and the prefecture exchange nothing.
    let own = revoke(&county, &school, SECOND.0, "keyCompromise");
    let numbers = school.submit_requests(1);
    review(&county, &school, &numbers);
    for list in [&list, &own] {
        let taken = school.act(SYSTEM, &["unit", "crl", path(list)]).expect(0);
        assert_eq!(taken.one()["known"], true);
    }
    school.act(SECOND, &["request", "list"]).expect(0);
}

#[test]
fn a_list_by_hand_is_taken_from_units_above_and_an_older_or_altered_one_is_not() {
    let dir = memory_dir();
    let [prefecture, county, school] = stations(&dir);
    let older = revoke(&prefecture, &county, SECOND.0, "superseded");
    let newer = revoke(&prefecture, &county, SECURITY.0, "keyCompromise");
    let take = |station: &Station, list: &Path| station.act(SYSTEM, &["unit", "crl", path(list)]);
    let altered = county.file("altered");
    let mut bytes = fs::read(&newer).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(&altered, bytes).unwrap();
    let refused = take(&county, &altered).expect(4);
    assert_eq!(refused.error_code(), "unit-crl-invalid");
    let security = county
        .act(SECURITY, &["unit", "crl", path(&newer)])
        .expect(4);
    assert_eq!(security.error_code(), "wrong-duty");

    let numbers = county.submit_requests(2);
    let approved = county.act(SECURITY, &["request", "approve", &numbers[0]]);
    approved.expect(0);
    let given = county.file("approval");
    let export = ["request", "approval", &numbers[0], path(&given)];
    county.act(SYSTEM, &export).expect(0);

    let taken = take(&county, &newer).expect(0);
    assert_eq!(
        (&taken.one()["known"], &taken.one()["number"]),
        (&false.into(), &2.into())
    );
    assert_eq!(
        take(&county, &older).expect(4).error_code(),
        "unit-crl-older"
    );
    assert_eq!(take(&county, &newer).expect(0).one()["known"], true);
    assert_eq!(acts(&county, "unit-list-taken"), 1);
    let stranger = PracticeHome::new(0, 0);
    let refused = stranger.run(["unit", "crl", path(&newer)]).expect(4);
    assert_eq!(refused.error_code(), "unit-crl-invalid");
    take(&school, &newer).expect(0);

    // The key was stolen: what it ever signed counts for nothing, and its certificate goes nowhere.
    let revoked = "unit-certificate-revoked";
    assert_eq!(county.act(SYSTEM, &export).expect(4).error_code(), revoked);
    let chain = given.join("chain.pem");
    let install = ["officer", "certificate", SECURITY.0, path(&chain)];
    assert_eq!(county.act(SYSTEM, &install).expect(4).error_code(), revoked);
    let approve = county.act(SECURITY, &["request", "approve", &numbers[1]]);
    assert_eq!(approve.expect(4).error_code(), revoked);
}

#[test]
fn a_file_of_a_revoked_signer_is_left_out_by_two_officers_and_the_next_ones_are_taken() {
    let dir = memory_dir();
    let [prefecture, county, _school] = stations(&dir);
    let numbers = county.submit_requests(1);
    let (first, second) = (county.file("first"), county.file("second"));
    let send = ["request", "send-up", path(&first), &numbers[0]];
    county.act(SECOND, &send).expect(0);
    revoke(&prefecture, &county, SECOND.0, "privilegeWithdrawn");
    let send = ["request", "send-up", path(&second), &numbers[0]];
    county.act(SYSTEM, &send).expect(0);
    let review = |file: &Path| prefecture.act(SECURITY, &["request", "review", path(file)]);
    let revoked = review(&first).expect(4);
    assert_eq!(revoked.error_code(), "unit-certificate-revoked");
    assert_eq!(
        review(&second).expect(4).error_code(),
        "parcel-out-of-order"
    );

    let aside = |file: &Path, lines: &[&str]| {
        let args = ["--second", SECURITY.0, "unit", "set-aside", path(file)];
        prefecture.typed(SYSTEM, &args, lines)
    };
    let alone = prefecture.act(SYSTEM, &["unit", "set-aside", path(&first)]);
    assert_eq!(alone.expect(4).error_code(), "second-officer-required");
    let good = aside(&second, &[SECURITY.1]).expect(4);
    assert_eq!(good.error_code(), "parcel-not-refused");
    assert_eq!(acts(&prefecture, "parcel-set-aside"), 0);
    let done = aside(&first, &[SECURITY.1]).expect(0);
    assert_eq!(
        (&done.one()["sequence"], &done.one()["signer"]),
        (&1.into(), &SECOND.0.into())
    );
    assert_eq!(acts(&prefecture, "parcel-set-aside"), 1);
    let again = aside(&first, &[SECURITY.1]).expect(4);
    assert_eq!(again.error_code(), "parcel-not-refused");

    // It is still not to be read, and what it held came with the next one.
    let revoked = review(&first).expect(4);
    assert_eq!(revoked.error_code(), "unit-certificate-revoked");
    let shown = review(&second).expect(0);
    assert_eq!(shown.items()[0]["number"], numbers[0]);
}

#[test]
fn an_enrolment_s_answer_is_taken_once_and_an_older_or_revoked_one_is_refused() {
    let dir = memory_dir();
    let province = province(&dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = prefecture.init("prefecture", &province.trust(), &everyone());
    let made = made.expect(0).one().clone();
    let (file, paper) = (
        made["enrolment"].as_str().unwrap(),
        made["fingerprint"].as_str().unwrap(),
    );
    let answer = |name: &str| {
        let out = province.file(name);
        let enrol = [
            "unit",
            "enrol",
            file,
            "--fingerprint",
            paper,
            "--out",
            path(&out),
        ];
        province.act(SECURITY, &enrol).expect(0);
        out
    };
    let (first, second, third) = (answer("first"), answer("second"), answer("third"));
    let take = |file: &Path| prefecture.act(SYSTEM, &["unit", "enrolled", path(file)]);
    let taken = take(&second).expect(0);
    assert_eq!(taken.one()["replayed"], false);
    assert_eq!(taken.one()["certified"].as_array().unwrap().len(), 2);
    let again = take(&second).expect(0);
    assert_eq!(again.one()["replayed"], true);
    assert_eq!(again.one()["certified"].as_array().unwrap().len(), 0);
    assert_eq!(take(&first).expect(4).error_code(), "enrolled-older");
    assert_eq!(acts(&prefecture, "unit-certified"), 1);

    let list = revoke(&province, &prefecture, SECURITY.0, "keyCompromise");
    prefecture
        .act(SYSTEM, &["unit", "crl", path(&list)])
        .expect(0);
    assert_eq!(
        take(&third).expect(4).error_code(),
        "unit-certificate-revoked"
    );
    let fourth = answer("fourth"); // Certified anew, under the same key: a new serial number.
    assert_eq!(take(&fourth).expect(0).one()["replayed"], false);
    assert_eq!(acts(&prefecture, "unit-certified"), 2);
}

#[test]
fn a_list_past_its_next_update_counts_and_warns() {
    let home = PracticeHome::new(0, 0);
    let key = SoftwareKey::generate().unwrap();
    let now = ukey_station::station::clock::now();
    let station = StationIdentity::generate().public();
    let subject = Subject::Root {
        unit: UnitSubject {
            name: "练习县教育局",
            code: "12430100MB1K234565",
            station_key: &station,
        },
        root_use: RootUse::Practice,
    };
    let terms = Terms {
        serial: CertificateSerial::from_random([1; 16]),
        not_before: now.plus_days(-9),
        not_after: now.plus_days(9),
    };
    let public = key.public_key();
    let mut sign = |message: &[u8]| key.sign(message);
    let unit = unit_pki::certify(subject, &public, &terms, None, &public, &mut sign).unwrap();
    // As if that unit were the superior.
    let mut store = practice_records(&home.path);
    let chain = hex::encode(&unit);
    store
        .write(|writing| writing.set_meta("superior_chain", &chain))
        .unwrap();
    drop(store);
    let mut list = |number: u64, next: Timestamp| {
        let terms = UnitCrlTerms {
            number,
            this_update: now.plus_days(-8),
            next_update: next,
        };
        let der = unit_crl::make(&unit, &[], terms, &mut sign).unwrap();
        let file = home.path.with_extension(number.to_string());
        fs::write(&file, der).unwrap();
        file
    };
    let (ended, current) = (list(1, now.plus_secs(-60)), list(2, now.plus_days(1)));
    let taken = home.run(["unit", "crl", path(&ended)]).expect(0);
    let warnings = taken.one()["warnings"].as_array().unwrap();
    assert_eq!(warnings[0]["code"], "unit-crl-ended");
    assert_eq!(warnings[0]["unit"], "练习县教育局");
    let ok = |answer: &support::Answer| {
        let mut found = answer
            .items()
            .iter()
            .filter(|item| item["check"] == "unit-lists");
        found.next().unwrap()["ok"].clone()
    };
    assert_eq!(ok(&home.run(["doctor"])), false);
    let taken = home.run(["unit", "crl", path(&current)]).expect(0);
    assert_eq!(taken.one()["warnings"].as_array().unwrap().len(), 0);
    assert_eq!(ok(&home.run(["doctor"])), true);

    // The own one is due when half its time is over.
    let mut store = practice_records(&home.path);
    store
        .write(|writing| writing.set_meta("unit_chain", &chain))
        .unwrap();
    drop(store);
    let known = home.run(["unit", "crl", path(&current)]).expect(0);
    let warnings = known.one()["warnings"].as_array().unwrap();
    assert_eq!(warnings[0]["code"], "unit-crl-due");
    assert_eq!(ok(&home.run(["doctor"])), false);
}

#[test]
fn security_signs_the_next_list_before_the_last_one_ends_and_openssl_accepts_it() {
    let dir = memory_dir();
    let province = province(&dir);
    let system = province.act(SYSTEM, &["unit", "renew-crl"]).expect(4);
    assert_eq!(system.error_code(), "wrong-duty");
    for number in [1, 2] {
        let renewed = province.act(SECURITY, &["unit", "renew-crl"]).expect(0);
        assert_eq!(renewed.one()["number"], number);
    }
    province.trust(); // Writes root.pem.
    let (list, root) = (
        province.home().join("crl/units.crl.pem"),
        province.file("given/root.pem"),
    );
    let args = ["crl", "-noout", "-crlnumber", "-nextupdate", "-CAfile"];
    let args = [&args[..], &[path(&root), "-in", path(&list)]].concat();
    let told = Command::new("openssl").args(args).output().unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains("crlNumber=0x02"));
    assert!(String::from_utf8_lossy(&told.stderr).contains("verify OK"));
}
