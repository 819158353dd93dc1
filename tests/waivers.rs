//! A waiver of the two-person rule (D-8), between real homes.

mod support;

use std::fs;

use support::memory_dir;
use support::stations::{SECURITY, SYSTEM, Station, province};

const AUDITOR: (&str, &str) = ("qian-auditor", "seven copper kettles 38");

/// A province, and its prefecture without a security administrator.
fn pair(dir: &tempfile::TempDir) -> [Station; 2] {
    let province = province(dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let officers = [
        (SYSTEM.0, "system", SYSTEM.1),
        (AUDITOR.0, "auditor", AUDITOR.1),
    ];
    let made = prefecture.init("prefecture", &province.trust(), &officers);
    province.enrol(&prefecture, made.expect(0).one());
    [province, prefecture]
}

/// A day so many days from now.
fn day(days: i64) -> String {
    let day = time::OffsetDateTime::now_utc().date() + time::Duration::days(days);
    day.to_string()
}

#[test]
fn under_the_superiors_waiver_one_officer_does_what_two_confirm_elsewhere() {
    let dir = memory_dir();
    let [province, prefecture] = pair(&dir);
    let confirm = || prefecture.act(SYSTEM, &["clock", "confirm"]);
    assert_eq!(confirm().expect(4).error_code(), "second-officer-required");

    let file = province.file("waiver");
    let file = file.to_str().unwrap();
    let unit = prefecture.code;
    let grant = |officer, until: &str, out: &str| {
        let words = ["waiver", "grant", unit, "--until", until];
        let rest = ["--reason", "本单位只有一名管理员", "--out", out];
        province.act(officer, &[words.as_slice(), &rest].concat())
    };
    assert_eq!(
        grant(SYSTEM, &day(100), file).expect(4).error_code(),
        "wrong-duty"
    );
    for wrong in [day(367), day(-1)] {
        let refused = grant(SECURITY, &wrong, file).expect(4);
        assert_eq!(refused.error_code(), "waiver-too-long");
    }
    assert!(!std::path::Path::new(file).exists());
    let granted = grant(SECURITY, &day(100), file).expect(0);
    let id = granted.one()["id"].as_str().unwrap().to_owned();

    // One byte changed: refused, and nothing is freed.
    let mut bytes = fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let altered = prefecture.private("altered", "");
    fs::write(&altered, bytes).unwrap();
    let receive = |file: &str| prefecture.act(SYSTEM, &["waiver", "receive", file]);
    receive(altered.to_str().unwrap()).expect(4);
    // Nor does the superior free itself with what is meant for another.
    let own = province.act(SYSTEM, &["waiver", "receive", file]).expect(4);
    assert!(own.error_code().starts_with("parcel-"));
    assert_eq!(confirm().expect(4).error_code(), "second-officer-required");

    assert_eq!(receive(file).expect(0).one()["replayed"], false);
    assert_eq!(confirm().expect(0).one()["plausible"], true);
    assert_eq!(receive(file).expect(0).one()["replayed"], true);
    let listed = prefecture.act(SYSTEM, &["waiver", "list"]).expect(0);
    assert_eq!(listed.items().len(), 1);
    assert_eq!(listed.items()[0]["acts"], 1);
    assert_eq!(listed.items()[0]["in_time"], true);

    // It stands in every report of the log.
    let verdict = prefecture.act(AUDITOR, &["audit", "verify"]).expect(0);
    assert_eq!(verdict.one()["waivers"][0]["id"], id.as_str());
    let out = prefecture.file("log.jsonl");
    let export = ["audit", "export", out.to_str().unwrap()];
    prefecture.act(AUDITOR, &export).expect(0);
    let lines = fs::read_to_string(out).unwrap();
    let under = format!("under waiver {id}");
    assert_eq!(lines.matches(&under).count(), 1);
    assert_eq!(lines.matches("{\"waiver\":").count(), 1);
    let granted = province.act(SECURITY, &["waiver", "list"]).expect(0);
    assert_eq!(granted.items()[0]["acts"], 0);
}

#[test]
fn a_waiver_does_not_release_personal_data_to_the_auditor() {
    let dir = memory_dir();
    let [province, prefecture] = pair(&dir);
    let file = province.file("waiver");
    let file = file.to_str().unwrap();
    let until = day(30);
    let words = ["waiver", "grant", prefecture.code, "--until", &until];
    let rest = ["--reason", "本单位只有一名管理员", "--out", file];
    province
        .act(SECURITY, &[words.as_slice(), &rest].concat())
        .expect(0);
    prefecture
        .act(SYSTEM, &["waiver", "receive", file])
        .expect(0);
    let look = ["request", "list", "--reveal", "--reason", "核对"];
    let refused = prefecture.act(AUDITOR, &look).expect(4);
    assert_eq!(refused.error_code(), "reveal-not-released");
}
