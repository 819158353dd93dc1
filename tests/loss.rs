//! A ukey is lost, suspended, found, given back, and its certificate counts as it should: for openssl and
//! gnutls with the published list, and in every record of the station (D-41 … D-45).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::records::{practice_file, practice_records};
use support::scene::Scene;
use support::web::{Conduct, WebServer};
use support::{Answer, PracticeHome, must};
use ukey_station::domain::certificate::CertificateSerial;
use ukey_station::station::clock;

const SCAN: &[u8] = include_bytes!("support/scan.png");

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A practice home with so many ukeys in their holders' hands.
fn handed_out(count: u16) -> PracticeHome {
    let home = PracticeHome::new(count + 1, count);
    home.run(["personalise", "--all"]).expect(0);
    for serial in made(&home) {
        home.run(["hand-out", &serial]).expect(0);
    }
    home
}

/// Serial numbers of the ukeys that have a certificate.
fn made(home: &PracticeHome) -> Vec<String> {
    let listed = home.run(["ukey", "list"]).expect(0);
    let made = listed.items().iter();
    let made = made.filter(|item| item["certificate"].is_string());
    made.map(|item| item["serial"].as_str().unwrap().to_owned())
        .collect()
}

/// The one that was never made.
fn blank(home: &PracticeHome) -> String {
    let listed = home.run(["ukey", "list", "--state", "blank"]).expect(0);
    listed.items()[0]["serial"].as_str().unwrap().to_owned()
}

fn show(home: &PracticeHome, serial: &str) -> Value {
    home.run(["ukey", "show", serial]).expect(0).one().clone()
}

/// State of the ukey, and of its certificate with the reason.
fn standing(home: &PracticeHome, serial: &str) -> [String; 3] {
    let shown = show(home, serial);
    ["state", "certificate_state", "certificate_reason"]
        .map(|field| shown[field].as_str().unwrap_or("none").to_owned())
}

fn certificate(home: &PracticeHome, serial: &str) -> String {
    show(home, serial)["certificate"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What the newest list says of a certificate.
fn listed(home: &PracticeHome, certificate: &str) -> Option<Value> {
    let shown = home.run(["crl", "show"]).expect(0);
    let mut entries = shown.one()["revoked"].as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["serial"] == certificate);
    entry.cloned()
}

/// How often an act stands in the log.
fn acts(home: &PracticeHome, act: &str) -> usize {
    let args = ["--officer", "auditor", "audit", "list", "--act", act];
    home.run(args).expect(0).items().len()
}

fn losses(home: &PracticeHome, options: &[&str]) -> Vec<Value> {
    let args = [&["ukey", "losses"], options].concat();
    home.run(args).expect(0).items().clone()
}

/// Whether `doctor` has nothing to say against the losses, and its words.
fn doctor(home: &PracticeHome) -> (bool, String) {
    let found = home.run(["--lang", "en", "doctor"]);
    let mut items = found.items().iter();
    let item = items.find(|item| item["check"] == "losses").unwrap();
    let detail = item["detail"].as_str().unwrap().to_owned();
    (item["ok"] == true, detail)
}

/// A file beside the home.
fn file(home: &PracticeHome, name: &str, content: &[u8]) -> PathBuf {
    let path = home.path.with_extension(name);
    fs::write(&path, content).unwrap();
    path
}

fn suspend(home: &PracticeHome, serial: &str) -> Answer {
    home.run(["ukey", "suspend", serial, "--reason", "公交车上找不到了"])
}

fn found(home: &PracticeHome, serial: &str, statement: &Path) -> Answer {
    home.run(["ukey", "found", serial, "--statement", path(statement)])
}

/// The report of a ukey as if it had been made so many hours before.
fn age(home: &PracticeHome, hours: i64) {
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
fn judged(home: &PracticeHome, list: &Path, certificate: &str) -> [bool; 2] {
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

#[test]
fn a_lost_ukey_is_refused_by_openssl_and_gnutls_and_the_good_one_is_not() {
    let home = handed_out(2);
    let [lost, good] = <[String; 2]>::try_from(made(&home)).unwrap();
    let (gone, kept) = (certificate(&home, &lost), certificate(&home, &good));
    let web = home.path.with_extension("web");
    home.run(["crl", "publish", "--to", path(&web)]).expect(0);
    let list = web.join("unit.crl.pem");
    assert_eq!(judged(&home, &list, &gone), [true, true]);

    let report = ["ukey", "lost", &lost, "--reason", "掉进河里", "--stolen"];
    let reported = home
        .run([&["--officer", "auditor"], &report[..]].concat())
        .expect(0);
    let reported = reported.one();
    assert_eq!(
        (&reported["state"], &reported["certificate_state"]),
        (&"lost".into(), &"revoked".into())
    );
    assert_eq!(reported["certificate_reason"], "keyCompromise");
    assert_eq!(reported["crl"], "published");
    assert_eq!(reported["loss"]["kind"], "stolen");
    let published = home.run(["crl", "publish", "--to", path(&web)]).expect(0);
    assert_eq!(published.one()["places"][0]["ok"], true);
    assert_eq!(judged(&home, &list, &gone), [false, false]);
    assert_eq!(judged(&home, &list, &kept), [true, true]);
    let entry = listed(&home, &gone).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
    assert!(listed(&home, &kept).is_none());

    // The clock stood with the list, and says how long it took.
    let told = &losses(&home, &[])[0];
    assert_eq!(
        (&told["open"], &told["overdue"]),
        (&false.into(), &false.into())
    );
    assert!(told["crl_confirmed_at"].is_string() && told["crl_number"].is_u64());
    assert!(told["elapsed_secs"].as_i64().unwrap() < 600, "{told}");
    assert_eq!(losses(&home, &["--open"]).len(), 0);
    assert!(doctor(&home).0);
    assert_eq!(show(&home, &lost)["losses"][0], *told);
    let paper = home.path.join("out/loss.pdf");
    home.run(["ukey", "loss-report", &lost, path(&paper)])
        .expect(0);
    let text = must("pdftotext", &["-layout", path(&paper), "-"]);
    for word in ["ukey 挂失报告单", "被盗", "掉进河里", &lost, &gone, "0:0"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let pages = must("pdfinfo", &[path(&paper)]);
    assert!(
        pages
            .lines()
            .any(|line| line.starts_with("Pages:") && line.ends_with(" 1")),
        "{pages}"
    );

    // It is gone for good, and told once.
    let statement = file(&home, "statement.png", SCAN);
    let number = home.run(["crl", "show"]).expect(0).one()["number"].clone();
    assert_eq!(home.run(report).expect(4).error_code(), "loss-known");
    assert_eq!(suspend(&home, &lost).expect(4).error_code(), "loss-known");
    let refused = found(&home, &lost, &statement).expect(4);
    assert_eq!(refused.error_code(), "certificate-revoked");
    assert_eq!(losses(&home, &[]).len(), 1);
    assert_eq!(home.run(["crl", "show"]).expect(0).one()["number"], number);
    assert_eq!(standing(&home, &lost), ["lost", "revoked", "keyCompromise"]);
    assert_eq!(
        [acts(&home, "ukey-stolen"), acts(&home, "loss-confirmed")],
        [1, 1]
    );
    // The request of the one is closed, the other's is not.
    let states: Vec<_> = [&lost, &good]
        .map(|serial| show(&home, serial)["request"].as_str().unwrap().to_owned())
        .iter()
        .map(|request| home.run(["request", "show", request]).expect(0).one()["state"].clone())
        .collect();
    assert_eq!(states, ["closed", "handed_out"]);
    let log = home.run(["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
    let stock = home.run(["stock", "report"]).expect(0);
    assert_eq!(stock.items()[0]["lost"], 1);
    assert_eq!(stock.items()[0]["balanced"], true);
}

#[test]
fn a_suspended_ukey_is_found_with_the_holder_s_statement_and_leaves_the_next_list() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    let suspended = suspend(&home, &serial).expect(0);
    assert_eq!(suspended.one()["state"], "suspended");
    assert_eq!(suspended.one()["loss"]["state_before"], "handed_out");
    assert_eq!(listed(&home, &number).unwrap()["reason"], "certificateHold");
    let list = home.path.join("crl/unit.crl.pem");
    assert_eq!(judged(&home, &list, &number), [false, false]);
    let again = suspend(&home, &serial).expect(4);
    assert_eq!(again.error_code(), "loss-known");

    // No statement, or what is none, lifts nothing.
    home.run(["ukey", "found", &serial]).expect_usage();
    let text = file(&home, "statement.pdf", "本人已找到 ukey".as_bytes());
    assert_eq!(
        found(&home, &serial, &text).expect(4).error_code(),
        "scan-invalid"
    );
    let cut = file(&home, "cut.png", &SCAN[..SCAN.len() / 2]);
    assert_eq!(
        found(&home, &serial, &cut).expect(4).error_code(),
        "scan-invalid"
    );
    let statement = file(&home, "statement.png", SCAN);
    let auditor = ["--officer", "auditor", "ukey", "found", &serial];
    let auditor = [&auditor[..], &["--statement", path(&statement)]].concat();
    assert_eq!(home.run(auditor).expect(4).error_code(), "wrong-duty");
    // Nor does the holder who changes the PIN.
    let change = home.run(["ukey", "change-pin", &serial]).expect(4);
    assert_eq!(change.error_code(), "ukey-not-handed-out");
    assert_eq!(
        standing(&home, &serial),
        ["suspended", "hold", "certificateHold"]
    );

    let lifted = found(&home, &serial, &statement).expect(0);
    assert_eq!(lifted.one()["crl"], "published");
    assert_eq!(standing(&home, &serial), ["handed_out", "active", "none"]);
    assert!(listed(&home, &number).is_none());
    assert_eq!(judged(&home, &list, &number), [true, true]);
    let told = &losses(&home, &[])[0];
    assert_eq!(told["ending"], "found");
    let sha256 = must("sha256sum", &[path(&statement)]);
    assert!(sha256.starts_with(told["statement_sha256"].as_str().unwrap()));
    let out = home.path.join("out/statement.png");
    let look = ["ukey", "statement", &serial, path(&out), "--reason"];
    let unsaid = [&look[..], &["x"]].concat();
    assert_eq!(home.run(unsaid).expect(2).error_code(), "reason-required");
    assert!(!out.exists());
    home.run([&look[..], &["核对签字"]].concat()).expect(0);
    assert_eq!(fs::read(&out).unwrap(), SCAN);
    assert_eq!(acts(&home, "personal-data-revealed"), 1);
    let once = found(&home, &serial, &statement).expect(4);
    assert_eq!(once.error_code(), "ukey-not-suspended");

    // Before hand-out it goes back to the desk, not to the holder.
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all"]).expect(0);
    let serial = made(&home).remove(0);
    suspend(&home, &serial).expect(0);
    found(&home, &serial, &statement).expect(0);
    assert_eq!(standing(&home, &serial), ["issued", "active", "none"]);
}

#[test]
fn a_hold_of_a_day_becomes_a_compromised_key_by_the_date_of_the_hold() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    suspend(&home, &serial).expect(0);
    age(&home, 23);
    home.run(["crl", "publish"]).expect(0);
    assert_eq!(standing(&home, &serial)[1], "hold");
    age(&home, 2);
    let since = practice_records(&home.path)
        .read()
        .revocations(None)
        .unwrap()[0]
        .1;

    // `doctor` finds it, and until the next list it is open.
    assert!(!doctor(&home).0);
    assert_eq!(
        standing(&home, &serial),
        ["lost", "revoked", "keyCompromise"]
    );
    assert_eq!(losses(&home, &["--open"]).len(), 1);
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "certificate-revoked");
    let published = home.run(["crl", "publish"]).expect(0);
    assert_eq!(published.one()["confirmed"], 1);
    let entry = listed(&home, &number).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
    assert_eq!(entry["revoked_at"], since.to_string());
    assert!(doctor(&home).0);
    let told = losses(&home, &[]);
    assert_eq!(
        [&told[0]["ending"], &told[1]["reported_by"]],
        ["hold-over", "station"]
    );
    let args = [
        "--officer",
        "auditor",
        "audit",
        "list",
        "--act",
        "hold-over",
    ];
    let log = home.run(args).expect(0);
    assert_eq!(log.items().len(), 1, "once");
    assert_eq!(log.items()[0]["officer"], "station");
    assert_eq!(log.items()[0]["certificate"], number.as_str());
}

#[test]
fn an_entry_leaves_the_list_once_it_stood_in_one_after_the_certificate_had_ended() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    home.run(report).expect(0);
    let ends = |seconds: i64| {
        let db = practice_file(&home.path);
        let at = clock::now().plus_secs(seconds).to_string();
        let changed = db.execute("UPDATE certificates SET not_after = ?1", [at]);
        assert_eq!(changed.unwrap(), 1);
    };
    ends(3_600);
    home.run(["crl", "publish"]).expect(0);
    assert!(listed(&home, &number).is_some(), "it has not ended");
    ends(-3_600); // Before the list that has it: that was one after its end.
    home.run(["crl", "publish"]).expect(0);
    assert!(listed(&home, &number).is_none());
    assert_eq!(standing(&home, &serial)[1], "revoked");
}

#[test]
fn a_clock_that_nobody_believes_ends_no_hold_for_good() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    suspend(&home, &serial).expect(0);
    let newest = |hours: i64| {
        let mut store = practice_records(&home.path);
        let at = clock::now().plus_secs(hours * 3_600);
        store.write(|writing| writing.set_newest_time(at)).unwrap();
    };
    age(&home, 25);
    newest(2);
    home.run(["crl", "publish"]).expect(0);
    let held = ["suspended", "hold", "certificateHold"];
    assert_eq!(standing(&home, &serial), held);
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "clock-implausible");
    assert_eq!(standing(&home, &serial), held);
    newest(-1);
    home.run(["crl", "publish"]).expect(0);
    assert_eq!(standing(&home, &serial)[2], "keyCompromise");
}

#[test]
fn a_hold_of_a_random_pin_and_a_suspension_do_not_lift_each_other() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all", "--pin", "random"])
        .expect(0);
    let serial = made(&home).remove(0);
    let slip = home.path.join("out/slip.pdf");
    home.run(["slip", &serial, path(&slip)]).expect(0);
    home.run(["hand-out", &serial]).expect(0);
    let number = CertificateSerial::try_from(certificate(&home, &serial)).unwrap();
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "ukey-not-suspended");
    let lift = || {
        let mut store = practice_records(&home.path);
        let lifted = store.write(|writing| writing.lift_hold_of_random_pin(&number));
        lifted.unwrap()
    };
    suspend(&home, &serial).expect(0);
    assert!(!lift(), "it is suspended too");
    let back = found(&home, &serial, &statement).expect(0);
    assert_eq!(
        (&back.one()["state"], &back.one()["certificate_state"]),
        (&"handed_out".into(), &"hold".into())
    );
    assert!(lift(), "the PIN's own hold is left");
    assert_eq!(standing(&home, &serial), ["handed_out", "active", "none"]);
}

#[test]
fn a_place_that_fails_is_told_loses_nothing_and_gets_the_next_list() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let server = WebServer::start();
    let folder = home.path.with_extension("share");
    let places = format!("{}; {}", path(&folder), server.url());
    home.run(["config", "set", "crl_destinations", "ftp://a.example.cn/"])
        .expect(2);
    home.run(["config", "set", "crl_destinations", &places])
        .expect(0);
    server.behave(Conduct::Refuses(500));
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    let reported = home.run(report).expect(0);
    assert_eq!(reported.one()["crl"], "due");
    assert!(reported.one()["loss"]["queued_at"].is_string());
    assert_eq!(
        standing(&home, &serial)[1],
        "revoked",
        "revoked all the same"
    );
    assert_eq!(doctor(&home), (false, "1 open, 0 over 18 hours".to_owned()));

    // The folder is a share that is not mounted; the address fails in each of its ways.
    let publish = |code: &str| {
        let told = home.run(["crl", "publish"]).expect(1);
        let told = told.one().clone();
        assert_eq!(told["places"][1]["error"]["code"], code);
        assert_eq!(told["confirmed"], 0);
        assert_eq!(losses(&home, &["--open"]).len(), 1);
        told
    };
    let told = publish("crl-not-sent");
    assert_eq!(told["places"][0]["error"]["code"], "file");
    assert!(!folder.exists(), "it is not made up");
    fs::create_dir(&folder).unwrap();
    let list = || fs::read(home.path.join("crl/unit.crl")).unwrap();
    let older = list();
    server.behave(Conduct::Gives(older));
    let told = publish("crl-differs");
    assert_eq!(told["places"][0]["ok"], true);
    assert_eq!(fs::read(folder.join("unit.crl")).unwrap(), list());
    let to = ["crl", "publish", "--to", "http://name:word@a.example.cn/"];
    let refused = home.run(to).expect(2);
    assert_eq!(refused.error_code(), "crl-destination-invalid");

    // Overdue, then everything answers: by system too, who signs none.
    age(&home, 19);
    assert_eq!(doctor(&home), (false, "1 open, 1 over 18 hours".to_owned()));
    assert_eq!(losses(&home, &["--open"])[0]["overdue"], true);
    server.behave(Conduct::Keeps);
    let done = home.run(["--officer", "admin", "crl", "publish"]).expect(0);
    assert_eq!(done.one()["confirmed"], 1);
    assert_eq!(server.kept(), list());
    assert_eq!(losses(&home, &["--open"]).len(), 0);
    let told = &losses(&home, &[])[0];
    assert!(
        told["elapsed_secs"].as_i64().unwrap() >= 19 * 3600,
        "{told}"
    );
    assert_eq!(told["overdue"], true, "late stays late");
    let mode = must("stat", &["-c", "%a", path(&folder.join("unit.crl"))]);
    assert_eq!(mode.trim(), "644", "a web server reads it");
}

#[test]
fn a_list_of_certificates_is_revoked_whole_or_not_at_all() {
    let home = handed_out(3);
    let serials = made(&home);
    let numbers: Vec<String> = serials.iter().map(|one| certificate(&home, one)).collect();
    let revoke = |args: &[&str]| home.run([&["certificate", "revoke"], args].concat());
    let reason = ["--reason", "affiliationChanged"];
    let unknown = "41".repeat(16);
    let refused = revoke(&[&[unknown.as_str()], &reason[..]].concat()).expect(2);
    assert_eq!(refused.error_code(), "certificate-unknown");
    let short = revoke(&[&[&numbers[0][..12]], &reason[..]].concat()).expect(2);
    assert_eq!(short.error_code(), "certificate-ambiguous");
    let word = revoke(&[&numbers[0], "--reason", "unspecified"]).expect(2);
    assert_eq!(word.error_code(), "not-a-reason");
    let system = ["--officer", "admin", "certificate", "revoke", &numbers[0]];
    let system = home.run([&system[..], &reason[..]].concat()).expect(4);
    assert_eq!(system.error_code(), "wrong-duty");
    revoke(&reason).expect_usage();

    let one = revoke(&[
        &numbers[0],
        "--reason",
        "privilegeWithdrawn",
        "--lang",
        "en",
    ])
    .expect(0);
    assert_eq!(one.one()["meaning"], "lent to others");
    assert_eq!(one.one()["state"], "revoked");
    assert_eq!(one.one()["crl"], "published");
    let text = format!(
        "# left in August\n{}\n{}\n\nzz\n{unknown}\n{}\n",
        numbers[1], numbers[0], numbers[1]
    );
    let list = file(&home, "list.txt", text.as_bytes());
    let with_list = [&["--list", path(&list)], &reason[..]].concat();
    let refused = revoke(&with_list).expect(4);
    assert_eq!(refused.error_code(), "revocation-list-invalid");
    let faults = refused.one()["error"]["faults"].as_array().unwrap();
    let lines: Vec<_> = faults
        .iter()
        .map(|fault| fault["value"].as_str().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(lines, ["3", "5", "6", "7"]);
    assert_eq!(
        standing(&home, &serials[1])[1],
        "active",
        "none was revoked"
    );
    assert_eq!(acts(&home, "certificate-revoked"), 1);
    let good = format!("{}\r\n{}\r\n", numbers[1], numbers[2].to_uppercase());
    fs::write(&list, good).unwrap();
    let done = revoke(&with_list).expect(0);
    assert_eq!(done.one()["revoked"], 2);
    for serial in &serials[1..] {
        let expected = ["handed_out", "revoked", "affiliationChanged"];
        assert_eq!(standing(&home, serial), expected);
    }
    assert_eq!(acts(&home, "certificate-revoked"), 3);
    let again = revoke(&with_list).expect(4);
    assert_eq!(again.error_code(), "revocation-list-invalid");
    // What counts no more is not suspended, and a lost one of it is lost all the same.
    let refused = suspend(&home, &serials[1]).expect(4);
    assert_eq!(refused.error_code(), "certificate-revoked");
    let lost = ["ukey", "lost", &serials[1], "--reason", "交接时已不见"];
    let lost = home.run(lost).expect(0);
    assert_eq!(lost.one()["crl"], Value::Null);
    let expected = ["lost", "revoked", "affiliationChanged"];
    assert_eq!(standing(&home, &serials[1]), expected);
    home.run(["crl", "publish"]).expect(0);
    assert_eq!(losses(&home, &["--open"]).len(), 0);
}

#[test]
fn a_hold_by_security_is_a_suspension_and_a_ukey_that_comes_back_is_revoked_in_the_same_act() {
    let home = handed_out(2);
    let [held, moved] = <[String; 2]>::try_from(made(&home)).unwrap();
    let number = certificate(&home, &held);
    let hold = [
        "certificate",
        "revoke",
        &number,
        "--reason",
        "certificateHold",
    ];
    assert_eq!(home.run(hold).expect(0).one()["state"], "hold");
    assert_eq!(standing(&home, &held)[0], "suspended");
    let blank = blank(&home);
    for report in ["suspend", "lost"] {
        let refused = home.run(["ukey", report, &blank, "--reason", "不见了"]);
        assert_eq!(refused.expect(4).error_code(), "loss-not-possible");
    }
    let short = home.run(["ukey", "suspend", &moved, "--reason", "x"]);
    assert_eq!(short.expect(2).error_code(), "reason-required");
    assert_eq!(standing(&home, &moved)[1], "active");

    let back = |serial: &str, options: &[&str]| {
        let args = ["ukey", "return", serial, "--reason", "调往他校"];
        home.run([&args[..], options].concat())
    };
    let unlawful = ["--certificate-reason", "certificateHold"];
    assert_eq!(
        back(&moved, &unlawful).expect(2).error_code(),
        "not-a-reason"
    );
    assert_eq!(back(&blank, &[]).expect(4).error_code(), "ukey-in-use");
    let returned = back(&moved, &[]).expect(0);
    assert_eq!(returned.one()["crl"], "published");
    let expected = ["returned", "revoked", "affiliationChanged"];
    assert_eq!(standing(&home, &moved), expected);
    let reason = ["--certificate-reason", "cessationOfOperation"];
    back(&held, &reason).expect(0);
    let expected = ["returned", "revoked", "cessationOfOperation"];
    assert_eq!(standing(&home, &held), expected);
    assert_eq!(losses(&home, &[])[0]["ending"], "returned");
    let life = show(&home, &moved)["history"].clone();
    let last = life.as_array().unwrap().last().unwrap();
    assert_eq!([&last["movement"], &last["reason"]], ["return", "调往他校"]);
    assert_eq!(back(&moved, &[]).expect(4).error_code(), "ukey-in-use");
    let stock = home.run(["stock", "report"]).expect(0);
    assert_eq!(stock.items()[0]["returned"], 2);
    assert_eq!(stock.items()[0]["balanced"], true);
}

#[test]
fn where_the_ca_is_elsewhere_a_loss_waits_for_its_list() {
    let scene = Scene::with_pending(1);
    let folder = |name: &str| path(&scene.file(name)).to_owned();
    let desk = |way: &str, name: &str| {
        let dir = folder(name);
        scene.desk.run(["ca", "exchange", way, &dir]).expect(0)
    };
    let ca = |way: &str, name: &str| scene.ca(&["ca", "exchange", way, &folder(name)]).expect(0);
    scene.orders("orders");
    ca("in", "orders");
    ca("out", "answers");
    desk("in", "answers");
    scene.desk.run(["resume"]).expect(0);
    let serial = made(&scene.desk).remove(0);
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    let reported = scene.desk.run(report).expect(0);
    assert_eq!(reported.one()["crl"], "ordered");
    assert!(reported.one()["loss"]["queued_at"].is_string());
    let publish = ["crl", "publish"];
    let refused = scene.desk.run(publish).expect(4);
    assert_eq!(refused.error_code(), "ca-elsewhere");
    assert_eq!(losses(&scene.desk, &["--open"]).len(), 1);

    desk("out", "revocations");
    assert_eq!(
        losses(&scene.desk, &["--open"]).len(),
        1,
        "ordered is not done"
    );
    ca("in", "revocations");
    ca("out", "list");
    desk("in", "list");
    assert_eq!(losses(&scene.desk, &["--open"]).len(), 0);
    let number = certificate(&scene.desk, &serial);
    let entry = listed(&scene.desk, &number).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
}
