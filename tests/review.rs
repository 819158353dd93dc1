//! A school with one officer sends its requests to the county and takes the signed decisions back
//! (D-3, D-8): sealed files between two real homes that share nothing but a folder.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::stations::{SECURITY, SYSTEM, Station, county_and_school};
use support::{memory_dir, must};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn state(school: &Station, number: &str) -> String {
    let shown = school.act(SYSTEM, &["request", "show", number]).expect(0);
    shown.one()["state"].as_str().unwrap().to_owned()
}

fn copied(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

fn altered(file: &Path, name: &str) -> PathBuf {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let other = file.with_file_name(name);
    fs::write(&other, bytes).unwrap();
    other
}

#[test]
fn the_superior_s_decisions_come_back_and_move_the_requests_once() {
    let dir = memory_dir();
    let [county, school] = county_and_school(&dir);
    let numbers = school.submit_requests(3);
    let up = school.file("up.ukey-requests");
    let sent = school
        .act(SYSTEM, &["request", "send-up", path(&up)])
        .expect(0);
    assert_eq!(sent.one()["requests"].as_array().unwrap().len(), 3);
    assert_eq!(sent.one()["requests"][0]["why"], "no-security");
    let raw = fs::read(&up).unwrap();
    let name = "王晓雯".as_bytes();
    assert!(!raw.windows(name.len()).any(|part| part == name), "sealed");

    // Only the county's security opens it; on the way nothing can be changed.
    let by_system = county.act(SYSTEM, &["request", "review", path(&up)]);
    assert_eq!(by_system.expect(4).error_code(), "wrong-duty");
    let bad = altered(&up, "bad.ukey-requests");
    let refused = county.act(SECURITY, &["request", "review", path(&bad)]);
    assert_eq!(refused.expect(4).error_code(), "parcel-damaged");
    let listed = county
        .act(SECURITY, &["request", "review", path(&up)])
        .expect(0);
    assert_eq!(listed.items().len(), 3);
    assert_eq!(listed.items()[0]["name"], "王晓雯甲甲");
    let masked = listed.items()[0]["fields"]["id_number"].as_str().unwrap();
    assert!(
        masked.contains('*') && masked.starts_with("439900"),
        "{masked}"
    );

    let down = county.file("down.ukey-review");
    let mut decide = vec!["request", "review", path(&up)];
    decide.extend(["--approve", &numbers[0], "--return", &numbers[1]]);
    decide.extend(["--reason", "姓名与证件不符", "--out", path(&down)]);
    let decided = county.act(SECURITY, &decide).expect(0);
    assert_eq!(decided.one()["requests"].as_array().unwrap().len(), 2);
    let again = county.act(SECURITY, &decide).expect(4);
    assert_eq!(again.error_code(), "changed-meanwhile");
    let left = county
        .act(SECURITY, &["request", "review", path(&up)])
        .expect(0);
    let open: Vec<_> = left
        .items()
        .iter()
        .map(|item| item["decided"].clone())
        .collect();
    assert_eq!(
        open,
        [
            "approved".into(),
            "returned".into(),
            serde_json::Value::Null
        ]
    );

    let refused = county.act(SYSTEM, &["request", "receive-review", path(&down)]);
    assert_eq!(refused.expect(4).error_code(), "parcel-not-for-us");
    let taken = school
        .act(SYSTEM, &["request", "receive-review", path(&down)])
        .expect(0);
    assert_eq!(taken.one()["replayed"], false);
    let states: Vec<_> = numbers
        .iter()
        .map(|number| state(&school, number))
        .collect();
    assert_eq!(states, ["approved", "returned", "submitted"]);
    let replayed = school
        .act(SYSTEM, &["request", "receive-review", path(&down)])
        .expect(0);
    assert_eq!(replayed.one()["replayed"], true);
    assert_eq!(state(&school, &numbers[0]), "approved");

    // The county's own signature is the approval, and openssl judges it alone.
    let shown = school
        .act(SYSTEM, &["request", "show", &numbers[0]])
        .expect(0);
    assert_eq!(shown.one()["approved_by"], SECURITY.0);
    let given = school.file("approval");
    school
        .act(SYSTEM, &["request", "approval", &numbers[0], path(&given)])
        .expect(0);
    let (p7s, chain) = (given.join("approval.p7s"), given.join("chain.pem"));
    let subject = must(
        "openssl",
        &["x509", "-in", path(&chain), "-noout", "-subject"],
    );
    assert!(subject.contains("124300004448800102"), "{subject}");
    let mut verify = vec![
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-binary",
        "-in",
        path(&p7s),
    ];
    verify.extend(["-CAfile", path(&chain)]);
    let record = must("openssl", &verify);
    assert!(record.contains("\"decision\":\"approved\""), "{record}");

    // The third is decided later, in a file of its own.
    let later = county.file("later.ukey-review");
    let mut decide = vec!["request", "review", path(&up), "--reject", &numbers[2]];
    decide.extend(["--reason", "不在编", "--out", path(&later)]);
    county.act(SECURITY, &decide).expect(0);
    school
        .act(SYSTEM, &["request", "receive-review", path(&later)])
        .expect(0);
    assert_eq!(state(&school, &numbers[2]), "rejected");
    let nothing = school
        .act(SYSTEM, &["request", "send-up", path(&up)])
        .expect(4);
    assert_eq!(nothing.error_code(), "nothing-to-send");
    for station in [&county, &school] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

#[test]
fn what_a_revoked_officer_signs_is_refused_from_then_on() {
    let dir = memory_dir();
    let [county, school] = county_and_school(&dir);
    school.submit_requests(1);
    let up = school.file("up.ukey-requests");
    school
        .act(SYSTEM, &["request", "send-up", path(&up)])
        .expect(0);
    let revoke = ["unit", "revoke", school.code, "--of", SYSTEM.0];
    let revoke = [&revoke[..], &["--reason", "keyCompromise"]].concat();
    let by_system = county.act(SYSTEM, &revoke).expect(4);
    assert_eq!(by_system.error_code(), "wrong-duty");
    let done = county.act(SECURITY, &revoke).expect(0);
    assert_eq!(done.one()["revoked"], 1);
    let refused = county.act(SECURITY, &["request", "review", path(&up)]);
    assert_eq!(refused.expect(4).error_code(), "unit-certificate-revoked");
    let crl = county.home().join("crl/units.crl.pem");
    let listed = must("openssl", &["crl", "-in", path(&crl), "-noout", "-text"]);
    assert!(listed.contains("Key Compromise"), "{listed}");
}

#[test]
fn a_file_out_of_its_order_or_from_a_second_history_is_refused() {
    let dir = memory_dir();
    let [county, school] = county_and_school(&dir);
    let numbers = school.submit_requests(2);
    let up = school.file("up.ukey-requests");
    school
        .act(SYSTEM, &["request", "send-up", path(&up)])
        .expect(0);
    county
        .act(SECURITY, &["request", "review", path(&up)])
        .expect(0);
    let before = dir.path().join("county-before");
    copied(&county.home(), &before);
    let answer = |number: &str, name: &str| {
        let out = county.file(name);
        let args = ["request", "review", path(&up), "--approve", number];
        let args = [&args[..], &["--out", path(&out)]].concat();
        county.act(SECURITY, &args).expect(0);
        out
    };
    let first = answer(&numbers[0], "first");
    let second = answer(&numbers[1], "second");
    let take = |file: &Path| school.act(SYSTEM, &["request", "receive-review", path(file)]);
    assert_eq!(take(&second).expect(4).error_code(), "parcel-out-of-order");
    take(&first).expect(0);
    take(&second).expect(0);

    // The county goes back to an old copy and answers again: a second history.
    fs::remove_dir_all(county.home()).unwrap();
    copied(&before, &county.home());
    let forked = answer(&numbers[0], "forked");
    assert_eq!(take(&forked).expect(4).error_code(), "parcel-forked");
    assert_eq!(state(&school, &numbers[0]), "approved");
}
