//! What a unit revokes is ordered at the CA that it reaches by files, and the CA's list comes back as the
//! proof (D-41, D-43, D-53).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::records::practice_records;
use support::scene::{Scene, named};
use support::{Answer, must};
use ukey_station::domain::certificate::{CertificateSerial, RevocationReason};
use ukey_station::station::clock;

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Takes a folder to or from the CA: `ca exchange in` or `out`.
fn desk(scene: &Scene, way: &str, dir: &Path) -> Answer {
    scene.desk.run(["ca", "exchange", way, path(dir)])
}

fn ca(scene: &Scene, way: &str, dir: &Path) -> Answer {
    scene.ca(&["ca", "exchange", way, path(dir)])
}

/// The outcomes of the items about one certificate.
fn outcomes(answer: &Answer, serial: &str) -> Vec<String> {
    let items = answer.items().iter();
    let items = items.filter(|item| item["serial"] == serial);
    items
        .map(|item| item["outcome"].as_str().unwrap().to_owned())
        .collect()
}

/// State and reason at the desk.
fn standing(scene: &Scene, serial: &str) -> (String, String) {
    let shown = scene.desk.run(["certificate", "show", serial]).expect(0);
    let word = |field: &str| shown.one()[field].as_str().unwrap_or_default().to_owned();
    (word("state"), word("reason"))
}

/// What a kill inside a C_ call leaves behind; the run then asks, and is written off.
fn write_off(scene: &Scene, ukey: &str) {
    let tokens = scene.desk.path.join("ukeys").join(ukey).join("tokens");
    for token in fs::read_dir(tokens).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let asked = scene.desk.run(["resume"]).expect(3);
    let questions = asked.events("result");
    let asked = questions
        .iter()
        .any(|result| result["outcome"] == "question");
    assert!(asked, "{questions:#?}");
    let answer = ["resume", ukey, "--answer", "write-off"];
    scene.desk.run(answer).expect(1);
}

/// Serial numbers of the desk's certificates and the ukeys they are for.
fn certificates(scene: &Scene) -> Vec<(String, String)> {
    let listed = scene.desk.run(["certificate", "list"]).expect(0);
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let items = listed.items().iter();
    items
        .map(|item| (word(&item["serial"]), word(&item["ukey"])))
        .collect()
}

/// The answers of the CA to what lies in a folder.
fn answered(scene: &Scene, orders: &Path, name: &str) -> PathBuf {
    ca(scene, "in", orders).expect(0);
    let answers = scene.file(name);
    ca(scene, "out", &answers).expect(0);
    answers
}

fn crl_text(list: &Path) -> String {
    let args = [
        "crl",
        "-inform",
        "DER",
        "-in",
        path(list),
        "-noout",
        "-text",
    ];
    must("openssl", &args).to_lowercase()
}

#[test]
fn a_certificate_of_a_run_that_is_written_off_is_revoked_at_the_ca_and_its_list_comes_back() {
    let scene = Scene::with_pending(2);
    let orders = scene.orders("orders");
    must(
        "cp",
        &["-a", path(&scene.file("ca")), path(&scene.file("fresh"))],
    );
    let answers = answered(&scene, &orders, "answers");
    desk(&scene, "in", &answers).expect(0);
    let before = fs::read(scene.desk.path.join("crl/unit.crl")).unwrap();
    let (serial, ukey) = certificates(&scene).remove(0);
    let (other, _ukey) = certificates(&scene).remove(1);
    write_off(&scene, &ukey);
    let revoked = ("revoked".to_owned(), "cessationOfOperation".to_owned());
    assert_eq!(standing(&scene, &serial), revoked);
    let own = fs::read(scene.desk.path.join("crl/unit.crl")).unwrap();
    assert_eq!(own, before, "a desk whose CA is elsewhere signs no list");

    let dir = scene.file("revocations");
    let written = desk(&scene, "out", &dir).expect(0);
    assert_eq!(outcomes(&written, &serial), ["written"]);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "and nothing else");
    let bad = scene.file("bad");
    fs::create_dir(&bad).unwrap();
    let mut bytes = fs::read(&named(&dir, ".revoke.p7s")[0]).unwrap();
    let last = bytes.len() - 9;
    bytes[last] ^= 1;
    fs::write(bad.join("bad.revoke.p7s"), bytes).unwrap();
    let refused = ca(&scene, "in", &bad).expect(4);
    assert_eq!(refused.items()[0]["error"]["code"], "exchange-altered");
    // A CA that never had the order revokes nothing.
    let refused = scene.at("fresh", &["ca", "exchange", "in", path(&dir)]);
    let refused = refused.expect(4);
    assert_eq!(refused.items()[0]["error"]["code"], "exchange-not-theirs");

    let taken = ca(&scene, "in", &dir).expect(0);
    assert_eq!(outcomes(&taken, &serial), ["revoked"]);
    let again = ca(&scene, "in", &dir).expect(0);
    assert_eq!(outcomes(&again, &serial), ["known"]);
    let answers = scene.file("answers-2");
    ca(&scene, "out", &answers).expect(0);
    let list = answers.join("ca.crl");
    let text = crl_text(&list);
    assert!(text.contains("cessation of operation"), "{text}");
    assert!(text.contains(&serial) && !text.contains(&other), "{text}");

    let received = desk(&scene, "in", &answers).expect(0);
    assert_eq!(outcomes(&received, &serial), ["known", "revoked"]);
    let own = fs::read(scene.desk.path.join("crl/unit.crl")).unwrap();
    assert_eq!(own, fs::read(&list).unwrap());
    let nothing = scene.file("nothing");
    let again = desk(&scene, "out", &nothing).expect(0);
    assert!(again.items().is_empty(), "the CA has confirmed it");
    let (state, _reason) = standing(&scene, &other);
    assert_eq!(state, "active");

    // A newer list, and the old one after it.
    let newer = scene.file("answers-3");
    let sign = [
        "--officer",
        "security",
        "ca",
        "exchange",
        "out",
        path(&newer),
    ];
    scene.ca(&sign).expect(0);
    desk(&scene, "in", &newer).expect(0);
    let refused = desk(&scene, "in", &answers).expect(4);
    let codes = refused.items().iter().map(|item| &item["error"]["code"]);
    assert!(codes.clone().any(|code| code == "exchange-crl-older"));
}

#[test]
fn an_answer_that_comes_after_the_write_off_is_kept_as_revoked_and_ordered_so() {
    let scene = Scene::with_pending(1);
    let orders = scene.orders("orders");
    let answers = answered(&scene, &orders, "answers");
    let ukey = scene.desk.serials().remove(0);
    write_off(&scene, &ukey);
    assert!(certificates(&scene).is_empty());
    let taken = desk(&scene, "in", &answers).expect(0);
    assert_eq!(taken.items()[0]["outcome"], "revoked");
    let (serial, _ukey) = certificates(&scene).remove(0);
    assert_eq!(standing(&scene, &serial).0, "revoked");
    let written = desk(&scene, "out", &scene.file("revocations")).expect(0);
    assert_eq!(outcomes(&written, &serial), ["written"]);
    let shown = scene.desk.run(["request", "show", "2026-0001"]).expect(0);
    assert_eq!(shown.one()["state"], "approved");
}

#[test]
fn a_hold_is_ordered_lifted_by_order_and_a_final_revocation_is_not() {
    let scene = Scene::with_pending(1);
    let orders = scene.orders("orders");
    let answers = answered(&scene, &orders, "answers");
    desk(&scene, "in", &answers).expect(0);
    let (serial, _ukey) = certificates(&scene).remove(0);
    let number = CertificateSerial::try_from(serial.clone()).unwrap();
    let round = |name: &str| {
        let orders = scene.file(&format!("{name}-orders"));
        let written = desk(&scene, "out", &orders).expect(0);
        assert_eq!(outcomes(&written, &serial), ["written"], "{name}");
        let taken = ca(&scene, "in", &orders).expect(0);
        let answers = scene.file(&format!("{name}-answers"));
        ca(&scene, "out", &answers).expect(0);
        desk(&scene, "in", &answers).expect(0);
        let nothing = scene.file(&format!("{name}-nothing"));
        assert!(desk(&scene, "out", &nothing).expect(0).items().is_empty());
        (outcomes(&taken, &serial), crl_text(&answers.join("ca.crl")))
    };
    let mut store = practice_records(&scene.desk.path);
    let hold = store.write(|writing| writing.hold_until_pin_change(&number, clock::now()));
    hold.unwrap();
    drop(store);
    let (done, list) = round("hold");
    assert_eq!(done, ["revoked"]);
    assert!(
        list.contains("certificate hold") && list.contains(&serial),
        "{list}"
    );

    let mut store = practice_records(&scene.desk.path);
    let lifted = store.write(|writing| writing.lift_hold_of_random_pin(&number));
    assert!(lifted.unwrap());
    drop(store);
    let (done, list) = round("lift");
    assert_eq!(done, ["released"]);
    assert!(!list.contains(&serial), "{list}");
    assert_eq!(standing(&scene, &serial).0, "active");
    let lift_again = scene.file("lift-orders");

    let mut store = practice_records(&scene.desk.path);
    let reason = RevocationReason::KeyCompromise;
    store
        .write(|writing| writing.revoke_certificate(&number, reason, clock::now()))
        .unwrap();
    drop(store);
    let (done, list) = round("final");
    assert_eq!(done, ["revoked"]);
    assert!(list.contains("key compromise"), "{list}");
    // The order that lifted the hold, given once more, lifts nothing.
    let refused = ca(&scene, "in", &lift_again).expect(4);
    assert_eq!(refused.items()[0]["error"]["code"], "exchange-not-held");
    assert_eq!(standing(&scene, &serial).1, "keyCompromise");
}
