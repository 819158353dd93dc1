//! Re-key: a new request in the place of an old one, a new ukey and a new key, and the old certificate ends
//! before the new ukey is in the holder's hand (D-42).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use serde_json::Value;
use support::PracticeHome;
use support::paper::Desk;

/// A home with one ukey in its holder's hand, and blanks.
fn handed_out(blanks: u16) -> (Desk, String) {
    let home = PracticeHome::new(blanks + 1, 1);
    home.run(["personalise", "--all"]).expect(0);
    let desk = Desk { home };
    let old = desk.in_state("issued").remove(0);
    desk.run(&["hand-out", &old]).expect(0);
    (desk, old)
}

/// State of the ukey, and of its certificate with the reason.
fn standing(desk: &Desk, serial: &str) -> [String; 3] {
    let shown = desk.run(&["ukey", "show", serial]).expect(0);
    ["state", "certificate_state", "certificate_reason"]
        .map(|field| shown.one()[field].as_str().unwrap_or("none").to_owned())
}

/// What the newest list says, by serial number.
fn revoked(desk: &Desk) -> Vec<(String, String)> {
    let shown = desk.run(&["crl", "show"]).expect(0);
    let entries = shown.one()["revoked"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    entries
        .map(|entry| (word(&entry["serial"]), word(&entry["reason"])))
        .collect()
}

/// Enters the request anew, has it approved and made; gives its number and the new ukey.
fn made_anew(desk: &Desk, old: &str) -> (String, String) {
    let entered = desk.run(&["request", "rekey", old]).expect(0);
    assert_eq!(entered.one()["state"], "draft");
    let shown = desk.run(&["request", "show", entered.one()["id"].as_str().unwrap()]);
    assert!(shown.expect(0).one()["replaces"].is_string());
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    desk.ready(&number);
    desk.run(&["request", "approve", &number]).expect(0);
    desk.run(&["personalise", &number]).expect(0);
    (number, desk.in_state("issued").remove(0))
}

#[test]
fn the_old_certificate_ends_in_the_act_that_hands_the_new_ukey_out_and_not_before() {
    let (desk, old) = handed_out(1);
    let certificate = |serial: &str| {
        let shown = desk.run(&["ukey", "show", serial]).expect(0);
        shown.one()["certificate"].as_str().unwrap().to_owned()
    };
    let first = certificate(&old);
    let (number, new) = made_anew(&desk, &old);
    let live = |serial: &str| standing(&desk, serial)[1] == "active";
    assert!(live(&old) && live(&new), "the holder can still work");
    let again = desk.run(&["request", "rekey", &old]).expect(4);
    assert_eq!(again.error_code(), "request-replaced");

    let handed = desk.run(&["hand-out", &new]).expect(0);
    assert_eq!(handed.one()["replaced"], serde_json::json!([first]));
    assert_eq!(handed.one()["crl"], "published");
    assert_eq!(
        standing(&desk, &old),
        ["handed_out", "revoked", "superseded"]
    );
    assert!(live(&new));
    assert_eq!(revoked(&desk), [(first, "superseded".to_owned())]);
    assert_eq!(desk.state("2026-0001"), "closed");
    assert_eq!(desk.state(&number), "handed_out");
    let keys = [&old, &new].map(|serial| certificate(serial));
    assert_ne!(keys[0], keys[1]);
    let back = ["ukey", "return", &old, "--reason", "换发后收回"];
    let back = desk.run(&back).expect(0);
    assert_eq!(back.one()["crl"], Value::Null, "revoked before");
    assert_eq!(standing(&desk, &old), ["returned", "revoked", "superseded"]);
    let log = desk.run(&["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
}

#[test]
fn a_lost_ukey_s_certificate_keeps_its_reason_and_a_missing_one_s_is_compromised() {
    let (desk, old) = handed_out(2);
    desk.run(&["ukey", "lost", &old, "--reason", "掉进河里"])
        .expect(0);
    let (_number, new) = made_anew(&desk, &old);
    let handed = desk.run(&["hand-out", &new]).expect(0);
    assert_eq!(handed.one()["replaced"], serde_json::json!([]));
    assert_eq!(standing(&desk, &old), ["lost", "revoked", "keyCompromise"]);

    // The new one is suspended, and a third is made before anybody finds it.
    desk.run(&["ukey", "suspend", &new, "--reason", "找不到了"])
        .expect(0);
    let (_number, third) = made_anew(&desk, &new);
    assert_eq!(standing(&desk, &new)[1], "hold");
    desk.run(&["hand-out", &third]).expect(0);
    assert_eq!(
        standing(&desk, &new),
        ["suspended", "revoked", "keyCompromise"]
    );
    let shown = desk.run(&["ukey", "losses"]).expect(0);
    assert_eq!(shown.items()[1]["ending"], "revoked");
}

#[test]
fn only_a_holder_s_ukey_is_replaced_once_at_a_time_and_the_draft_can_be_edited() {
    let (desk, old) = handed_out(1);
    let blank = desk.in_state("blank").remove(0);
    let refused = desk.run(&["request", "rekey", &blank]).expect(4);
    assert_eq!(refused.error_code(), "rekey-not-possible");
    let security = ["--officer", "security", "request", "rekey", &old];
    assert_eq!(desk.run(&security).expect(4).error_code(), "wrong-duty");
    let entered = desk.run(&["request", "rekey", &old]).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    let twice = desk.run(&["request", "rekey", &old]).expect(4);
    assert_eq!(twice.error_code(), "request-replaced");

    // Other user types, which is what a re-key is for while the ukey is there (D-20).
    let reveal = ["--reveal", "--reason", "换发录入"];
    let shown = [&["request", "show", &number], &reveal[..]].concat();
    let fields = desk.run(&shown).expect(0).one()["fields"].clone();
    let changes = serde_json::json!({
        "name": fields["name"], "id_number": fields["id_number"],
        "user_types": ["信息管理员", "其他:督导"],
    });
    let edited = desk.put(&["edit", &number], &changes).expect(0);
    assert_eq!(edited.one()["revision"], 2);
    // Withdrawn, it stands in nobody's way.
    desk.run(&["request", "withdraw", &number]).expect(0);
    desk.run(&["request", "rekey", &old]).expect(0);
}
