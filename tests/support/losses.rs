//! A desk whose ukeys are with their holders, and how each stands: for the tests of loss and revocation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::records::practice_file;
use super::{Answer, PracticeHome};

/// A whole scan.
pub(crate) const SCAN: &[u8] = include_bytes!("scan.png");

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A practice home with so many ukeys in their holders' hands.
pub(crate) fn handed_out(count: u16) -> PracticeHome {
    let home = PracticeHome::new(count + 1, count);
    home.run(["personalise", "--all"]).expect(0);
    for serial in made(&home) {
        home.run(["hand-out", &serial]).expect(0);
    }
    home
}

/// Serial numbers of the ukeys that have a certificate.
pub(crate) fn made(home: &PracticeHome) -> Vec<String> {
    let listed = home.run(["ukey", "list"]).expect(0);
    let made = listed.items().iter();
    let made = made.filter(|item| item["certificate"].is_string());
    made.map(|item| item["serial"].as_str().unwrap().to_owned())
        .collect()
}

/// The one that was never made.
pub(crate) fn blank(home: &PracticeHome) -> String {
    let listed = home.run(["ukey", "list", "--state", "blank"]).expect(0);
    listed.items()[0]["serial"].as_str().unwrap().to_owned()
}

pub(crate) fn show(home: &PracticeHome, serial: &str) -> Value {
    home.run(["ukey", "show", serial]).expect(0).one().clone()
}

/// State of the ukey, and of its certificate with the reason.
pub(crate) fn standing(home: &PracticeHome, serial: &str) -> [String; 3] {
    let shown = show(home, serial);
    ["state", "certificate_state", "certificate_reason"]
        .map(|field| shown[field].as_str().unwrap_or("none").to_owned())
}

pub(crate) fn certificate(home: &PracticeHome, serial: &str) -> String {
    show(home, serial)["certificate"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What the newest list says of a certificate.
pub(crate) fn listed(home: &PracticeHome, certificate: &str) -> Option<Value> {
    let shown = home.run(["crl", "show"]).expect(0);
    let mut entries = shown.one()["revoked"].as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["serial"] == certificate);
    entry.cloned()
}

/// How often an act stands in the log.
pub(crate) fn acts(home: &PracticeHome, act: &str) -> usize {
    let args = ["--officer", "auditor", "audit", "list", "--act", act];
    home.run(args).expect(0).items().len()
}

pub(crate) fn losses(home: &PracticeHome, options: &[&str]) -> Vec<Value> {
    let args = [&["ukey", "losses"], options].concat();
    home.run(args).expect(0).items().clone()
}

/// Whether `doctor` has nothing to say against the losses, and its words.
pub(crate) fn doctor(home: &PracticeHome) -> (bool, String) {
    let found = home.run(["--lang", "en", "doctor"]);
    let mut items = found.items().iter();
    let item = items.find(|item| item["check"] == "losses").unwrap();
    let detail = item["detail"].as_str().unwrap().to_owned();
    (item["ok"] == true, detail)
}

/// A file beside the home.
pub(crate) fn file(home: &PracticeHome, name: &str, content: &[u8]) -> PathBuf {
    let path = home.path.with_extension(name);
    fs::write(&path, content).unwrap();
    path
}

pub(crate) fn suspend(home: &PracticeHome, serial: &str) -> Answer {
    home.run(["ukey", "suspend", serial, "--reason", "公交车上找不到了"])
}

pub(crate) fn found(home: &PracticeHome, serial: &str, statement: &Path) -> Answer {
    home.run(["ukey", "found", serial, "--statement", path(statement)])
}

/// The report of a ukey as if it had been made so many hours before.
pub(crate) fn age(home: &PracticeHome, hours: i64) {
    let db = practice_file(&home.path);
    let earlier = format!("-{hours} hours");
    let changed = db.execute(
        "UPDATE loss_reports SET reported_at = strftime('%Y-%m-%dT%H:%M:%SZ', reported_at, ?1)",
        [&earlier],
    );
    assert_eq!(changed.unwrap(), 1);
    db.execute(
        "UPDATE certificates SET revoked_at = strftime('%Y-%m-%dT%H:%M:%SZ', revoked_at, ?1)
         WHERE state = 'hold'",
        [&earlier],
    )
    .unwrap();
}

/// What openssl and gnutls say of a certificate with a list.
pub(crate) fn judged(home: &PracticeHome, list: &Path, certificate: &str) -> [bool; 2] {
    let dir = home.path.join("out/certificates");
    home.run(["certificate", "export", path(&dir)]).expect(0);
    let (ca, pem) = (
        home.path.join("ca/ca.pem"),
        dir.join(format!("{certificate}.pem")),
    );
    let ok = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().unwrap();
        output.status.success()
    };
    [
        ok(
            "openssl",
            &[
                "verify",
                "-crl_check",
                "-CAfile",
                path(&ca),
                "-CRLfile",
                path(list),
                path(&pem),
            ],
        ),
        ok(
            "certtool",
            &[
                "--verify",
                "--load-ca-certificate",
                path(&ca),
                "--load-crl",
                path(list),
                "--infile",
                path(&pem),
            ],
        ),
    ]
}
