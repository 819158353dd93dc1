//! A temporary ukey: some days, while the holder's own is on hold, and it ends by itself (D-20).
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![allow(
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "a missing JSON field fails the test"
)]

mod support;

use serde_json::{Value, json};
use support::Answer;
use support::PracticeHome;
use support::losses::{SCAN, certificate, file, found, listed, path, show, standing, suspend};
use support::must;
use support::paper::Desk;

/// A ukey in its holder's hand, suspended, and so many blanks; its serial number.
fn suspended(blanks: u16) -> (Desk, String) {
    let home = PracticeHome::new(blanks + 1, 1);
    home.run(["personalise", "--all"]).expect(0);
    let desk = Desk { home };
    let own = desk.in_state("issued").remove(0);
    desk.run(&["hand-out", &own]).expect(0);
    suspend(&desk.home, &own).expect(0);
    (desk, own)
}

/// A re-key of this ukey, approved; gives its number.
fn rekey(desk: &Desk, serial: &str) -> String {
    let entered = desk.run(&["request", "rekey", serial]).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    desk.ready(&number);
    desk.run(&["request", "approve", &number]).expect(0);
    number
}

fn temporary(desk: &Desk, number: &str, days: &str) -> Answer {
    desk.run(&["personalise", number, "--temporary", days])
}

/// A temporary ukey in the hand of a holder whose own is suspended: both, and the request.
fn handed_out(blanks: u16) -> (Desk, String, String, String) {
    let (desk, own) = suspended(blanks);
    let number = rekey(&desk, &own);
    temporary(&desk, &number, "14").expect(0);
    let other = desk.in_state("issued").remove(0);
    let handed = desk.run(&["hand-out", &other]).expect(0);
    assert_eq!(handed.one()["replaced"], json!([]), "the hold stays");
    (desk, own, other, number)
}

fn refused(answer: Answer, code: &str) {
    assert_eq!(answer.expect(4).error_code(), code);
}

#[test]
fn a_temporary_ukey_is_valid_for_its_days_and_says_so_everywhere() {
    let (desk, own) = suspended(1);
    let number = rekey(&desk, &own);
    let made = temporary(&desk, &number, "14").expect(0);
    assert_eq!(made.events("result")[0]["temporary"], true);
    let other = desk.in_state("issued").remove(0);
    let shown = show(&desk.home, &other);
    assert_eq!(shown["temporary"], true);
    assert_eq!(show(&desk.home, &own)["temporary"], false);

    // openssl: it ends in fourteen days, to the second.
    let out = desk.home.path.join("out/certificates");
    desk.run(&["certificate", "export", path(&out)]).expect(0);
    let serial = certificate(&desk.home, &other);
    let pem = out.join(format!("{serial}.pem"));
    let pem = path(&pem);
    let fifteen = (15 * 86_400).to_string();
    let checked = std::process::Command::new("openssl")
        .args(["x509", "-in", pem, "-noout", "-checkend", &fifteen])
        .status();
    assert!(!checked.unwrap().success(), "it ends within fifteen days");
    must(
        "openssl",
        &["x509", "-in", pem, "-noout", "-checkend", "1123200"],
    );
    let slip = desk.home.path.join("out/slip.pdf");
    desk.run(&["slip", &other, path(&slip)]).expect(0);
    let text = must("pdftotext", &["-layout", path(&slip), "-"]);
    assert!(text.contains("临时"), "{text}");
}

#[test]
fn it_ends_in_the_act_that_takes_the_suspended_one_as_found() {
    let (desk, own, other, number) = handed_out(1);
    let home = &desk.home;
    let short = certificate(home, &other);
    assert_eq!(
        standing(home, &own),
        ["suspended", "hold", "certificateHold"]
    );
    let statement = file(home, "png", SCAN);
    let told = found(home, &own, &statement).expect(0);
    assert_eq!(told.one()["temporary_ended"], json!([short]));
    assert_eq!(standing(home, &own), ["handed_out", "active", "none"]);
    assert_eq!(
        standing(home, &other),
        ["handed_out", "revoked", "superseded"]
    );
    assert_eq!(listed(home, &short).unwrap()["reason"], "superseded");
    assert_eq!(desk.state(&number), "closed");
    let back = ["ukey", "return", &other, "--reason", "原 ukey 已找回"];
    desk.run(&back).expect(0);
    // It stands in nobody's way.
    desk.run(&["request", "renew", &own]).expect(0);
}

#[test]
fn it_ends_with_the_one_on_hold_in_the_act_that_hands_the_permanent_one_out() {
    let (desk, own, other, number) = handed_out(2);
    let home = &desk.home;
    let (held, short) = (certificate(home, &own), certificate(home, &other));
    refused(desk.run(&["request", "rekey", &own]), "request-replaced");
    let renewal = desk.run(&["request", "renew", &other]);
    refused(renewal, "renewal-of-temporary");
    let permanent = rekey(&desk, &other);
    refused(temporary(&desk, &permanent, "14"), "temporary-second");
    desk.run(&["personalise", &permanent]).expect(0);
    let third = desk.in_state("issued").remove(0);
    let handed = desk.run(&["hand-out", &third]).expect(0);
    assert_eq!(handed.one()["replaced"], json!([short, held]));
    assert_eq!(
        standing(home, &other),
        ["handed_out", "revoked", "superseded"]
    );
    assert_eq!(
        standing(home, &own),
        ["suspended", "revoked", "keyCompromise"]
    );
    assert_eq!(standing(home, &third), ["handed_out", "active", "none"]);
    for one in [&short, &held] {
        assert!(listed(home, one).is_some());
    }
    assert_eq!(desk.state(&number), "closed");
    assert_eq!(show(home, &third)["temporary"], false);
}

#[test]
fn no_temporary_ukey_for_too_long_or_while_the_own_one_works() {
    let (desk, own) = suspended(2);
    let home = &desk.home;
    let number = rekey(&desk, &own);
    for days in ["0", "31"] {
        refused(temporary(&desk, &number, days), "temporary-too-long");
    }
    desk.run(&["personalise", "--all", "--temporary", "3"])
        .expect_usage();
    temporary(&desk, &number, "30").expect(0);
    let other = desk.in_state("issued").remove(0);

    // Found before it is handed out: it ends in the drawer.
    let statement = file(home, "png", SCAN);
    let told = found(home, &own, &statement).expect(0);
    assert_eq!(
        told.one()["temporary_ended"],
        json!([certificate(home, &other)])
    );
    refused(desk.run(&["hand-out", &other]), "certificate-revoked");
    let back = ["ukey", "return", &other, "--reason", "未发放"];
    desk.run(&back).expect(0);

    let again = rekey(&desk, &own);
    refused(temporary(&desk, &again, "7"), "temporary-without-hold");
    let states: Vec<Value> = vec![json!(desk.state(&again)), json!(desk.state(&number))];
    assert_eq!(states, ["approved", "closed"]);
    assert_eq!(desk.in_state("blank").len(), 1, "nothing was begun");
}
