//! The CA gets another key and name; the key before signs its list until its last certificate has ended
//! (D-60).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::losses::{certificate, path, standing};
use support::paper::Desk;
use support::scene::{Scene, named};
use support::stations::{SECURITY, SYSTEM, Station, everyone};
use support::{PracticeHome, must};

/// What openssl says of a certificate under these CAs and lists.
fn judged(ca: &Path, lists: &[&Path], pem: &Path) -> String {
    let mut command = Command::new("openssl");
    command.args(["verify", "-crl_check", "-CAfile", path(ca)]);
    for list in lists {
        command.args(["-CRLfile", path(list)]);
    }
    let output = command.arg(path(pem)).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A ukey made and handed out, of the two requests of the home.
fn made(home: &PracticeHome, request: &str) -> String {
    let done = home.run(["personalise", request]).expect(0);
    let result = done.events("result");
    let serial = result.first().unwrap()["serial"].as_str().unwrap();
    home.run(["hand-out", serial]).expect(0);
    serial.to_owned()
}

#[test]
fn both_generations_are_judged_by_openssl_and_each_has_its_own_list() {
    let home = PracticeHome::new(2, 2);
    let old = made(&home, "2026-0001");
    let system = ["--officer", "admin", "ca", "rekey"];
    assert_eq!(home.run(system).expect(4).error_code(), "wrong-duty");
    let begun = home.run(["ca", "rekey"]).expect(0);
    assert_eq!(begun.one()["generation"], "G2");
    assert_eq!(begun.one()["begun"], true);
    assert_eq!(begun.one()["crl"], "published");
    let new = made(&home, "2026-0002");
    let shown = home.run(["ca", "show"]).expect(0);
    assert!(shown.one()["subject"].as_str().unwrap().contains("CA G2"));
    assert_eq!(shown.one()["former"][0]["generation"], "G1");

    home.run(["ukey", "lost", &old, "--reason", "掉进河里"])
        .expect(0);
    home.run(["ukey", "suspend", &new, "--reason", "找不到了"])
        .expect(0);
    let to = home.path.with_extension("web");
    let published = home.run(["crl", "publish", "--to", path(&to)]).expect(0);
    let serials = |list: &Value| {
        let entries = list["revoked"].as_array().unwrap().iter();
        let serials: Vec<_> = entries.map(|entry| entry["serial"].clone()).collect();
        serials
    };
    let [old_number, new_number] = [&old, &new].map(|serial| certificate(&home, serial));
    assert_eq!(serials(published.one()), [json!(new_number)]);
    let former = &published.one()["former"][0];
    assert_eq!(
        (&former["generation"], serials(former)),
        (&json!("G1"), vec![json!(old_number)])
    );
    let losses = home.run(["ukey", "losses", "--open"]).expect(0);
    assert!(losses.items().is_empty(), "each list confirms its own");

    let [present, before] = ["unit.crl.pem", "unit-g1.crl.pem"].map(|name| to.join(name));
    let (ca, certificates) = (
        home.path.join("ca/ca.pem"),
        home.path.join("out/certificates"),
    );
    home.run(["certificate", "export", path(&certificates)])
        .expect(0);
    let pem = |number: &str| certificates.join(format!("{number}.pem"));
    let lists = [present.as_path(), before.as_path()];
    for number in [&old_number, &new_number] {
        let said = judged(&ca, &lists, &pem(number));
        assert!(said.contains("certificate revoked"), "{said}");
    }
    let own = judged(&ca, &[&before], &pem(&new_number));
    assert!(own.contains("unable to get certificate CRL"), "{own}");

    // Found again, and the hold is not in the next list of its own CA.
    let statement = support::losses::file(&home, "statement.png", support::losses::SCAN);
    home.run(["ukey", "found", &new, "--statement", path(&statement)])
        .expect(0);
    home.run(["crl", "publish", "--to", path(&to)]).expect(0);
    let said = judged(&ca, &lists, &pem(&new_number));
    assert!(said.ends_with("OK\n"), "{said}");

    // The evidence of either ukey proves itself under the CA that signed it.
    for serial in [&old, &new] {
        let bundle = home.path.join("out").join(format!("{serial}.zip"));
        home.run(["evidence", "export", serial, path(&bundle)])
            .expect(0);
        let folder = support::memory_dir();
        must("unzip", &["-q", path(&bundle), "-d", path(folder.path())]);
        let said = must("sh", &[path(&folder.path().join("verify.sh"))]);
        assert!(said.ends_with("all proven\n"), "{said}");
    }
    assert_eq!(standing(&home, &old), ["lost", "revoked", "keyCompromise"]);
    assert_eq!(
        home.run(["audit", "verify"]).expect(0).one()["intact"],
        true
    );
    let doctor = home.run(["doctor"]);
    let mut checks = doctor.items().iter();
    assert_eq!(
        checks.find(|item| item["check"] == "crl").unwrap()["ok"],
        true
    );

    // And a third one: the first still has a certificate that lasts.
    let third = home.run(["ca", "rekey"]).expect(0);
    assert_eq!(third.one()["generation"], "G3");
    let shown = home.run(["crl", "show"]).expect(0);
    assert_eq!(shown.one()["former"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_that_was_promised_a_certificate_gets_it_from_the_ca_that_promised() {
    let home = PracticeHome::new(1, 1);
    // The CA's token does not answer, once the serial number and the dates are promised.
    let tokens = home.path.join("ca/tokens");
    let away = tokens.with_extension("away");
    fs::rename(&tokens, &away).unwrap();
    assert_ne!(home.run(["personalise", "--all"]).code, Some(0));
    fs::remove_dir_all(&tokens).ok();
    fs::rename(&away, &tokens).unwrap();
    let refused = home.run(["ca", "rekey"]).expect(4);
    assert_eq!(refused.error_code(), "runs-wait-for-ca");
    let serial = home.serials().remove(0);
    home.run(["resume", &serial, "--answer", "try-again"])
        .expect(0);
    home.run(["ca", "rekey"]).expect(0);
}

#[test]
fn a_unit_s_next_key_is_certified_by_the_province_under_the_next_name() {
    let dir = support::memory_dir();
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    let root = "[ca]\nkind = \"embedded\"";
    province.init("province", root, &everyone()).expect(0);
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let embedded = format!("{}\n[ca]\nkind = \"embedded\"", province.trust());
    let third = ("sun-security", "security", "brave paper lantern 71");
    let officers = [everyone()[0], everyone()[1], third];
    let made = county.init("prefecture", &embedded, &officers).expect(0);
    province.enrol(&county, made.one());
    let file = |name: &str| county.file(name).display().to_string();
    province.act(SECURITY, &["ca", "unlock"]).expect(0);
    let certified = |name: &str| {
        let asked = county.act(SECURITY, &["ca", "request", &file("ca.p10")]);
        let paper = asked.expect(0).one()["fingerprint"].clone();
        let paper = paper.as_str().unwrap().to_owned();
        let (p10, out) = (file("ca.p10"), file(name));
        let args = [
            "ca",
            "certify",
            &p10,
            "--fingerprint",
            &paper,
            "--unit",
            county.code,
        ];
        province
            .act(SECURITY, &[&args[..], &["--out", &out]].concat())
            .expect(0);
        (paper, out)
    };
    let early = county.act(SECURITY, &["ca", "rekey"]).expect(4);
    assert_eq!(early.error_code(), "ca-not-certified");
    let (first, ca) = certified("g1.pem");
    county.act(SYSTEM, &["ca", "install", &ca]).expect(0);

    let waits = county.act(SECURITY, &["ca", "rekey"]).expect(0);
    assert_eq!(waits.one()["begun"], false);
    let twice = county.act(SECURITY, &["ca", "rekey"]).expect(4);
    assert_eq!(twice.error_code(), "ca-next-waits");
    let shown = county.act(SYSTEM, &["ca", "show"]).expect(0);
    assert_eq!(shown.one()["generation"], "G1");
    assert_eq!(shown.one()["next"], waits.one()["fingerprint"]);
    let (second, next) = certified("g2.pem");
    assert_ne!(first, second);
    let named = must(
        "openssl",
        &[
            "x509", "-noout", "-subject", "-in", &next, "-nameopt", "utf8",
        ],
    );
    assert!(named.contains("CA G2"), "{named}");
    county.act(SYSTEM, &["ca", "install", &ca]).expect(0);
    assert_eq!(
        county.act(SYSTEM, &["ca", "show"]).expect(0).one()["generation"],
        "G1"
    );
    county.act(SYSTEM, &["ca", "install", &next]).expect(0);
    let shown = county.act(SYSTEM, &["ca", "show"]).expect(0);
    assert_eq!(
        (&shown.one()["generation"], &shown.one()["next"]),
        (&json!("G2"), &Value::Null)
    );
    let old = county.act(SYSTEM, &["ca", "install", &ca]).expect(4);
    assert_eq!(old.error_code(), "certificate-differs");
    // Whoever leaves opens nothing of what comes later: what is sealed of either CA is sealed anew.
    let disable = ["officer", "disable", third.0];
    county.act(SECURITY, &disable).expect(0);
    county.act(SECURITY, &["ca", "unlock"]).expect(0);
    county.act(SECURITY, &["crl", "publish"]).expect(0);
    // The first has certified nobody: it signs one list more, and is trusted no longer.
    let exported = file("trusted.pem");
    county.act(SYSTEM, &["ca", "export", &exported]).expect(0);
    for (list, ca) in [("unit.crl.pem", &exported), ("unit-g1.crl.pem", &ca)] {
        let list = county.home().join("crl").join(list);
        let args = ["crl", "-noout", "-in", path(&list), "-CAfile", ca];
        let said = Command::new("openssl").args(args).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains("verify OK"), "{said}");
    }
    let shown = county.act(SYSTEM, &["ca", "show"]).expect(0);
    assert_eq!(shown.one()["former"], json!([]));
}

#[test]
fn a_desk_that_reaches_the_ca_by_files_takes_the_lists_of_both_generations() {
    let scene = Scene::with_pending(2);
    let orders = scene.orders("orders");
    let [answers, more] = ["answers", "more"].map(|name| scene.file(name));
    scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(0);
    // One is signed before the CA's key changes; both answers come after it.
    scene
        .ca(&["ca", "exchange", "out", path(&answers)])
        .expect(0);
    let later = named(&answers, ".cer").remove(1);
    scene.ca(&["ca", "rekey"]).expect(0);
    let next = scene.file("next.pem");
    scene.ca(&["ca", "export", path(&next)]).expect(0);
    let before = scene.file("g1.pem");
    let present = scene.desk.path.join("ca/ca.pem");
    fs::copy(&present, &before).unwrap();
    // The file has the CA before in it, too.
    scene.desk.run(["ca", "install", path(&next)]).expect(0);
    let back = scene.desk.run(["ca", "install", path(&before)]).expect(4);
    assert_eq!(back.error_code(), "certificate-differs");
    scene
        .desk
        .run(["ca", "exchange", "in", path(&answers)])
        .expect(0);
    scene.desk.run(["resume"]).expect(0);
    let serial = later.file_stem().unwrap().to_str().unwrap().to_owned();
    let revoke = [
        "certificate",
        "revoke",
        &serial,
        "--reason",
        "privilegeWithdrawn",
    ];
    scene.desk.run(revoke).expect(0);
    let revocations = scene.file("revocations");
    scene
        .desk
        .run(["ca", "exchange", "out", path(&revocations)])
        .expect(0);
    scene
        .ca(&["ca", "exchange", "in", path(&revocations)])
        .expect(0);
    scene.ca(&["ca", "exchange", "out", path(&more)]).expect(0);
    let lists = named(&more, ".crl");
    let names: Vec<_> = lists.iter().map(|list| list.file_name().unwrap()).collect();
    assert_eq!(names, ["ca-g1.crl", "ca.crl"]);
    let taken = scene
        .desk
        .run(["ca", "exchange", "in", path(&more)])
        .expect(0);
    let revoked = taken
        .items()
        .iter()
        .filter(|item| item["outcome"] == "revoked");
    let revoked: Vec<_> = revoked.map(|item| item["serial"].clone()).collect();
    assert_eq!(revoked, [json!(serial)]);
}

#[test]
fn a_loss_of_a_ukey_that_both_have_certified_is_told_by_both_lists_together() {
    let home = PracticeHome::new(1, 1);
    let serial = made(&home, "2026-0001");
    let old = certificate(&home, &serial);
    home.run(["ca", "rekey"]).expect(0);
    let desk = Desk { home };
    let entered = desk.run(&["request", "renew", &serial]).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    desk.ready(&number);
    desk.run(&["request", "approve", &number]).expect(0);
    desk.run(&["certificate", "renew", &serial]).expect(0);
    let new = certificate(&desk.home, &serial);
    assert_ne!(old, new);
    desk.run(&["ukey", "lost", &serial, "--reason", "掉进河里"])
        .expect(0);
    let open = desk.run(&["ukey", "losses", "--open"]).expect(0);
    assert!(open.items().is_empty(), "{open:#?}");
    let shown = desk.run(&["crl", "show"]).expect(0);
    let lists = [shown.one(), &shown.one()["former"][0]];
    let serials = lists.map(|list| list["revoked"][0]["serial"].clone());
    assert_eq!(serials, [json!(new), json!(old)]);
}
