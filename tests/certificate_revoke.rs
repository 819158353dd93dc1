//! Security revokes certificates, one or a whole list, and a ukey that comes back is revoked in the same act
//! (D-43, D-45).

mod support;

use std::fs;

use serde_json::Value;
use support::losses::{
    acts, blank, certificate, file, handed_out, losses, made, path, show, standing, suspend,
};

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
