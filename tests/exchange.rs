//! The CA at another station, by files (D-53): a desk whose runs wait at 待下载, and the station of
//! the CA, which checks every order by itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::Path;

use support::records::practice_records;
use support::scene::{Scene, named};
use support::{PracticeHome, must};
use ukey_station::domain::officer::{Duty, OfficerName};
use ukey_station::issuing::check;
use ukey_station::station::desk::{Access, Desk, OpenTerms};
use ukey_station::station::jobs::purge;
use ukey_station::station::sign_in::NobodyToAsk;

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() - 9;
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn orders_go_out_certificates_come_in_and_the_runs_are_finished() {
    let scene = Scene::with_pending(2);
    let orders = scene.orders("orders");
    assert_eq!(fs::read_dir(&orders).unwrap().count(), 6);
    let queued = scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(0);
    assert!(
        queued
            .items()
            .iter()
            .all(|item| item["outcome"] == "queued")
    );
    let again = scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(0);
    assert!(again.items().iter().all(|item| item["outcome"] == "known"));
    let answers = scene.file("answers");
    let signed = scene
        .ca(&["ca", "exchange", "out", path(&answers)])
        .expect(0);
    assert_eq!(signed.items().len(), 2);

    // openssl says what the CA signed; a .p7b is as good as a .cer.
    let certificates = named(&answers, ".cer");
    let ca = scene.file("ca").join("ca/ca.pem");
    let pem = scene.file("one.pem");
    let args = [
        "x509",
        "-inform",
        "DER",
        "-in",
        path(&certificates[0]),
        "-out",
        path(&pem),
    ];
    must("openssl", &args);
    let args = ["verify", "-x509_strict", "-CAfile", path(&ca), path(&pem)];
    must("openssl", &args);
    let p7b = answers.join("one.p7b");
    let mut args = vec![
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        path(&pem),
        "-certfile",
        path(&ca),
    ];
    args.extend(["-outform", "DER", "-out", path(&p7b)]);
    must("openssl", &args);
    fs::remove_file(&certificates[0]).unwrap();

    let taken = scene
        .desk
        .run(["ca", "exchange", "in", path(&answers)])
        .expect(0);
    assert_eq!(taken.items().len(), 2);
    assert!(taken.items().iter().all(|item| item["outcome"] == "taken"));
    let again = scene
        .desk
        .run(["ca", "exchange", "in", path(&answers)])
        .expect(0);
    assert!(again.items().iter().all(|item| item["outcome"] == "known"));
    let finished = scene.desk.run(["resume"]).expect(0);
    let results = finished.events("result");
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result["outcome"] == "issued"));
    let none = scene.orders("none");
    assert_eq!(
        fs::read_dir(none).unwrap().count(),
        0,
        "nothing waits any more"
    );
    for serial in scene.desk.serials() {
        let pin = scene.desk.user_pin(&serial);
        let args = ["--login", "--pin", &pin, "--list-objects", "--type", "cert"];
        let objects = scene.desk.pkcs11_tool(&serial, &args);
        assert!(String::from_utf8_lossy(&objects.stdout).contains("Certificate Object"));
    }
}

#[test]
fn a_run_goes_on_waiting_while_the_ca_has_not_answered() {
    let scene = Scene::with_pending(1);
    let waiting = scene.desk.run(["resume"]).expect(3);
    assert_eq!(waiting.events("result")[0]["outcome"], "pending");
    let listed = scene.desk.run(["certificate", "list"]).expect(0);
    assert!(listed.items().is_empty());
}

#[test]
fn each_altered_mixed_up_or_incomplete_order_is_refused_and_the_good_one_is_not() {
    let scene = Scene::with_pending(4);
    let orders = scene.orders("orders");
    let (csrs, approvals) = (named(&orders, ".p10"), named(&orders, ".approval.p7s"));
    let signed = named(&orders, ".order.p7s");
    flip(&csrs[0]);
    fs::copy(&approvals[2], &approvals[1]).unwrap(); // Another holder's approval.
    flip(&signed[2]);
    let refused = scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(4);
    let codes: Vec<_> = refused
        .items()
        .iter()
        .map(|item| {
            (
                item["outcome"].as_str().unwrap(),
                item["error"]["code"].as_str(),
            )
        })
        .collect();
    let altered = ("refused", Some("exchange-altered"));
    assert_eq!(codes, [altered, altered, altered, ("queued", None)]);
    fs::remove_file(&approvals[0]).unwrap();
    fs::remove_file(&signed[1]).unwrap();
    let refused = scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(4);
    let incomplete = refused
        .items()
        .iter()
        .filter(|item| item["error"]["code"] == "exchange-incomplete");
    assert_eq!(incomplete.count(), 2);
    let answers = scene.file("answers");
    let written = scene
        .ca(&["ca", "exchange", "out", path(&answers)])
        .expect(0);
    assert_eq!(written.items().len(), 1, "only the good one is signed");

    flip(&named(&answers, ".cer")[0]);
    let refused = scene
        .desk
        .run(["ca", "exchange", "in", path(&answers)])
        .expect(4);
    assert_eq!(refused.items()[0]["error"]["code"], "certificate-differs");
    let listed = scene.desk.run(["certificate", "list"]).expect(0);
    assert!(listed.items().is_empty());
}

#[test]
fn an_order_of_another_root_is_refused() {
    let scene = Scene::with_pending(1);
    let orders = scene.orders("orders");
    let stranger = PracticeHome::new(0, 0);
    let refused = stranger
        .run(["ca", "exchange", "in", path(&orders)])
        .expect(4);
    assert_eq!(
        refused.items()[0]["error"]["code"],
        "exchange-sender-unknown"
    );
    let answers = scene.file("answers");
    let signed = stranger
        .run(["ca", "exchange", "out", path(&answers)])
        .expect(0);
    assert!(signed.items().is_empty());
}

#[test]
fn an_order_is_purged_when_its_certificate_has_had_its_time_and_not_before() {
    let scene = Scene::with_pending(1);
    let orders = scene.orders("orders");
    scene.ca(&["ca", "exchange", "in", path(&orders)]).expect(0);
    let answers = scene.file("answers");
    scene
        .ca(&["ca", "exchange", "out", path(&answers)])
        .expect(0);
    let nothing = scene.ca(&["purge", "--dry-run"]).expect(0);
    assert_eq!(nothing.items().len(), 0);
    let ca = scene.file("ca");
    let kept = || {
        let row = practice_records(&ca).read().exchange_requests().unwrap();
        let [row] = row.try_into().unwrap();
        row
    };
    let before = kept();
    assert!(!before.signed_order.is_empty());

    let terms = OpenTerms {
        officer: Some(OfficerName::parse("admin").unwrap()),
        secrets: None,
    };
    let (desk, admin) = Desk::open(&ca, Access::Change, &terms, Duty::SetUp, &NobodyToAsk).unwrap();
    let security = OfficerName::parse("security").unwrap();
    let second = desk
        .second_officer(&admin, Some(&security), &NobodyToAsk)
        .unwrap();
    let end = check::not_after(before.certificate.as_ref().unwrap()).unwrap();
    let early = end.plus_days(5 * 365);
    assert_eq!(purge::due_orders(&desk, &admin, early).unwrap().len(), 0);
    let after = end.plus_days(5 * 366);
    let gone = purge::purge_orders(&desk, &admin, &second, after).unwrap();
    assert_eq!(gone[0].serial, before.serial);
    assert_eq!(purge::due_orders(&desk, &admin, after).unwrap().len(), 0);
    drop(desk);
    let left = kept();
    assert!(left.signed_order.is_empty());
    assert_eq!(
        (left.certificate, left.approval),
        (before.certificate, before.approval)
    );
    let verdict = scene.ca(&["audit", "verify"]).expect(0);
    assert_eq!(verdict.one()["intact"], true);
}
