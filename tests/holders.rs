//! Holders who leave, move and whose unit ends (D-45): what counts no more is in the list at once, ukeys come
//! back or are known to be out, and a record goes to another desk once, sealed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::PracticeHome;
use support::losses::{
    acts, certificate, handed_out, judged, listed, losses, made, path, show, standing, suspend,
};
use support::paper::Desk;
use support::records::practice_file;

const LEFT: [&str; 2] = ["--reason", "调离本单位"];

fn leave(home: &PracticeHome, args: &[&str]) -> support::Answer {
    home.run([&["holder", "leave"], args, &LEFT].concat())
}

fn number_of(home: &PracticeHome, serial: &str) -> String {
    show(home, serial)["request"].as_str().unwrap().to_owned()
}

fn state_of(home: &PracticeHome, number: &str) -> String {
    let shown = home.run(["request", "show", number]).expect(0);
    shown.one()["state"].as_str().unwrap().to_owned()
}

fn due(home: &PracticeHome) -> Vec<String> {
    let due = home.run(["holder", "due"]).expect(0);
    let serial = |item: &Value| item["serial"].as_str().unwrap().to_owned();
    due.items().iter().map(serial).collect()
}

#[test]
fn who_leaves_with_the_ukey_plugged_in_gives_it_back_and_the_list_says_so() {
    let home = handed_out(2);
    let [going, staying] = <[String; 2]>::try_from(made(&home)).unwrap();
    let (number, certified) = (number_of(&home, &going), certificate(&home, &going));
    let left = leave(&home, &[&going[going.len() - 6..]]).expect(0);
    let told = left.one();
    assert_eq!([&told["count"], &told["returned"], &told["due"]], [1, 1, 0]);
    assert_eq!(told["reason"], "affiliationChanged");
    assert_eq!(told["crl"], "published");
    assert_eq!(told["holders"][0]["number"], number.as_str());
    assert_eq!(told["holders"][0]["ukey_state"], "returned");
    let expected = ["returned", "revoked", "affiliationChanged"];
    assert_eq!(standing(&home, &going), expected);
    assert_eq!(state_of(&home, &number), "closed");
    assert_eq!(standing(&home, &staying)[1], "active");
    assert!(due(&home).is_empty());

    // Others judge the published list.
    assert_eq!(
        listed(&home, &certified).unwrap()["reason"],
        "affiliationChanged"
    );
    let list = home.path.join("crl/unit.crl.pem");
    assert_eq!(judged(&home, &list, &certified), [false, false]);
    assert_eq!(
        judged(&home, &list, &certificate(&home, &staying)),
        [true, true]
    );
    // The log says it of the request, and why stands with the request.
    assert_eq!(acts(&home, "holder-left"), 1);
    let shown = home.run(["request", "show", &number]).expect(0);
    assert_eq!(shown.one()["departure"]["reason"], LEFT[1]);
    assert_eq!(shown.one()["departure"]["confirmed_by"], Value::Null);
    let stock = home.run(["stock", "report"]).expect(0);
    assert_eq!(stock.items()[0]["returned"], 1);
    assert_eq!(stock.items()[0]["balanced"], true);
    // It ends once.
    let again = leave(&home, &[&number]).expect(4);
    assert_eq!(again.error_code(), "holder-ended");
    let back = home.run(["ukey", "return", &going, "--reason", "再次交回"]);
    assert_eq!(back.expect(4).error_code(), "ukey-in-use");
    let log = home.run(["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
}

#[test]
fn a_ukey_that_was_not_brought_is_revoked_with_security_s_word_and_stays_known_as_out() {
    let home = handed_out(2);
    let serials = made(&home);
    let [away, here] = <[String; 2]>::try_from(serials).unwrap();
    home.run(["practice", "pull", path(&home.path), &away])
        .expect(0);
    let both = [number_of(&home, &away), number_of(&home, &here)];
    let both = both.each_ref().map(String::as_str);

    let alone = leave(&home, &both).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let auditor = leave(&home, &[&both[..], &["--second", "auditor"]].concat());
    assert_eq!(auditor.expect(4).error_code(), "wrong-duty");
    let by_security = [
        &["--officer", "security", "holder", "leave"],
        &both[..],
        &LEFT,
    ]
    .concat();
    assert_eq!(home.run(by_security).expect(4).error_code(), "wrong-duty");
    assert_eq!(standing(&home, &here)[1], "active", "nothing was done");
    assert_eq!(acts(&home, "holder-left"), 0);

    let left = leave(&home, &[&both[..], &["--second", "security"]].concat()).expect(0);
    let told = left.one();
    assert_eq!([&told["count"], &told["returned"], &told["due"]], [2, 1, 1]);
    let out = ["handed_out", "revoked", "affiliationChanged"];
    assert_eq!(standing(&home, &away), out);
    assert_eq!(standing(&home, &here)[0], "returned");
    assert_eq!(due(&home), std::slice::from_ref(&away));
    let departure = |number: &str| {
        let shown = home.run(["request", "show", number]).expect(0);
        shown.one()["departure"]["confirmed_by"].clone()
    };
    assert_eq!(
        [departure(both[0]), departure(both[1])],
        [json!("security"), Value::Null]
    );
    // It comes back later, and the list does not change.
    let back = ["ukey", "return", &away, "--reason", "邮寄交回"];
    assert_eq!(home.run(back).expect(0).one()["crl"], Value::Null);
    assert!(due(&home).is_empty());
    assert_eq!(standing(&home, &away)[0], "returned");
}

#[test]
fn a_suspended_ukey_that_was_not_brought_is_a_compromised_key() {
    let home = handed_out(2);
    let [missing, here] = <[String; 2]>::try_from(made(&home)).unwrap();
    let certified = certificate(&home, &missing);
    let both = [number_of(&home, &missing), number_of(&home, &here)];
    let both = both.each_ref().map(String::as_str);
    suspend(&home, &missing).expect(0);
    home.run(["practice", "pull", path(&home.path), &missing])
        .expect(0);

    let left = leave(&home, &[&both[..], &["--second", "security"]].concat()).expect(0);
    let told = left.one();
    assert_eq!(told["reason"], Value::Null, "they differ");
    let reason = |number: &str| {
        let holders = told["holders"].as_array().unwrap();
        let holder = holders.iter().find(|holder| holder["number"] == number);
        holder.unwrap()["reason"].clone()
    };
    assert_eq!(
        both.map(reason),
        ["keyCompromise", "affiliationChanged"],
        "{told:#?}"
    );
    let expected = ["suspended", "revoked", "keyCompromise"];
    assert_eq!(standing(&home, &missing), expected);
    assert_eq!(standing(&home, &here)[2], "affiliationChanged");
    assert_eq!(
        listed(&home, &certified).unwrap()["reason"],
        "keyCompromise"
    );
    assert_eq!(losses(&home, &[])[0]["ending"], "revoked");
    let args = [
        "--officer",
        "auditor",
        "audit",
        "list",
        "--act",
        "holder-left",
    ];
    let log = home.run(args).expect(0);
    let row = log.items().iter().find(|row| row["ukey"] == missing);
    let detail = row.unwrap()["detail"].as_str().unwrap();
    assert!(detail.starts_with("keyCompromise; "), "{detail}");
}

#[test]
fn nothing_of_a_person_stays_in_the_unit_and_one_bad_name_stops_the_whole_list() {
    let home = handed_out(2);
    let [first, second] = <[String; 2]>::try_from(made(&home)).unwrap();
    let numbers = [number_of(&home, &first), number_of(&home, &second)];
    let rekeyed = home.run(["request", "rekey", &first]).expect(0);
    let rekeyed = rekeyed.one()["number"].as_str().unwrap().to_owned();

    // Everything that stands in the way is told at once.
    let desk = Desk { home };
    let entered = desk.put(&["add"], &json!({})).expect(0);
    let draft = entered.one()["number"].as_str().unwrap().to_owned();
    desk.run(&["request", "withdraw", &draft]).expect(0);
    let other = json!({ "name": "李华明", "id_number": "430102199003070012" });
    let again = desk.put(&["add"], &other).expect(0);
    let open = again.one()["number"].as_str().unwrap().to_owned();
    let home = &desk.home;
    let all = [&numbers[0], &draft, &open, &numbers[1]].map(String::as_str);
    let refused = leave(home, &[&all[..], &["--with-ukeys"]].concat()).expect(4);
    assert_eq!(refused.error_code(), "holders-invalid");
    let faults = refused.one()["error"]["faults"].as_array().unwrap();
    let values: Vec<_> = faults.iter().map(|fault| &fault["value"]).collect();
    let expected = [format!("{draft} (withdrawn)"), format!("{open} (draft)")];
    assert_eq!(values, [&json!(expected[0]), &json!(expected[1])]);
    assert_eq!(standing(home, &first)[1], "active");
    let unmade = leave(home, &[&open]).expect(4);
    assert_eq!(unmade.error_code(), "holder-no-certificate");
    assert_eq!(
        leave(home, &["2099-0001"]).expect(2).error_code(),
        "request-unknown"
    );
    home.run([&["holder", "leave"], &LEFT[..]].concat())
        .expect_usage();
    let short = ["holder", "leave", &numbers[0], "--reason", "x"];
    assert_eq!(home.run(short).expect(2).error_code(), "reason-required");

    // The request that was to replace it goes with it; whoever is named twice leaves once.
    let named = [first.as_str(), &numbers[0], "--with-ukeys"];
    let left = leave(home, &named).expect(0);
    assert_eq!(left.one()["count"], 1);
    assert_eq!(left.one()["withdrawn"], json!([rekeyed]));
    assert_eq!(state_of(home, &rekeyed), "withdrawn");
    assert_eq!(state_of(home, &numbers[1]), "handed_out");
}

#[test]
fn a_run_that_is_open_ends_before_its_holder_leaves() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all", "--csr-only"]).expect(3);
    let refused = leave(&home, &["2026-0001"]).expect(4);
    assert_eq!(refused.error_code(), "holder-run-open");
    home.run(["resume"]).expect(0);
    let issued = leave(&home, &["2026-0001"]).expect(0);
    assert_eq!(issued.one()["returned"], 1, "made, and never handed out");
    assert_eq!(state_of(&home, "2026-0001"), "closed");
}

/// A unit beside the own one, to which these requests belong.
fn other_unit(home: &PracticeHome, serials: &[String]) -> String {
    let args = ["unit", "add", "--name", "示例第二小学", "--level", "school"];
    let place = [
        "--code",
        "2143000009",
        "--province",
        "湖南省",
        "--prefecture",
        "示例市",
    ];
    let unit = home.run([&args[..], &place].concat()).expect(0);
    let id = unit.one()["id"].as_str().unwrap().to_owned();
    let numbers: Vec<String> = serials.iter().map(|one| number_of(home, one)).collect();
    let db = practice_file(&home.path);
    for number in numbers {
        let sql = "UPDATE requests SET unit = ?1 WHERE number = ?2";
        assert_eq!(db.execute(sql, [&id, &number]).unwrap(), 1);
    }
    id
}

#[test]
fn a_unit_that_ends_takes_its_holders_certificates_with_it() {
    let home = handed_out(3);
    let serials = made(&home);
    let unit = other_unit(&home, &serials[..2]);
    let close = ["unit", "close", "2143000009"];
    let refused = home.run(close).expect(4);
    assert_eq!(refused.error_code(), "unit-in-use");
    suspend(&home, &serials[1]).expect(0);
    let with = ["--holders-leave", "--with-ukeys", "--reason", "学校撤销"];
    let closed = home.run([&close[..], &with].concat()).expect(0);
    assert_eq!(closed.one()["count"], 2);
    assert_eq!(closed.one()["unit"]["id"], unit.as_str());
    assert!(closed.one()["unit"]["closed_at"].is_string());
    for serial in &serials[..2] {
        let expected = ["returned", "revoked", "cessationOfOperation"];
        assert_eq!(standing(&home, serial), expected);
    }
    assert_eq!(standing(&home, &serials[2])[1], "active");
    assert_eq!(acts(&home, "holder-left-with-unit"), 2);
    assert_eq!(acts(&home, "unit-closed"), 1);
    assert_eq!(losses(&home, &[])[0]["ending"], "returned");
    home.run([&close[..], &with].concat()).expect(0);
    assert_eq!(acts(&home, "unit-closed"), 1, "once");
    // Nobody is left to leave, and nobody comes.
    let empty = leave(&home, &["--all-of", "2143000009", "--closed"]).expect(0);
    assert_eq!(empty.one()["count"], 0);
    assert_eq!(empty.one()["reason"], "cessationOfOperation");
    assert_eq!(empty.one()["crl"], Value::Null);
    let to = [
        "holder",
        "transfer",
        &number_of(&home, &serials[2]),
        "--to",
        &unit,
    ];
    let to = home.run([&to[..], &LEFT].concat()).expect(4);
    assert_eq!(to.error_code(), "unit-closed");
}

#[test]
fn a_merged_unit_s_holders_stand_in_the_other_one_with_drafts_of_their_own() {
    let home = handed_out(3);
    let serials = made(&home);
    let unit = other_unit(&home, &serials[..2]);
    let own = home.run(["unit", "list"]).expect(0).items()[0].clone();
    let own_code = own["code"].as_str().unwrap();
    let numbers: Vec<String> = serials.iter().map(|one| number_of(&home, one)).collect();

    // Who has a draft there blocks nothing, and a unit with one stays open: nothing is half done.
    let merge = [
        "unit", "merge", &unit, "--into", own_code, "--reason", "并校",
    ];
    let db = practice_file(&home.path);
    let sql = "INSERT INTO units SELECT '019abcde-0000-7000-8000-000000000001', '示例分校', level,
         '2143000008', province, prefecture, own, id, school_type, address, contacts, NULL
         FROM units WHERE id = ?1";
    assert_eq!(db.execute(sql, [&unit]).unwrap(), 1);
    drop(db);
    let all = [&merge[..], &["--with-ukeys"]].concat();
    assert_eq!(home.run(&all).expect(4).error_code(), "unit-in-use");
    assert_eq!(standing(&home, &serials[0])[1], "active");
    assert_eq!(
        acts(&home, "request-entered"),
        3,
        "those of the practice home"
    );
    home.run(["unit", "close", "2143000008"]).expect(0);

    let merged = home.run(&all).expect(0);
    let told = merged.one();
    assert_eq!([&told["count"], &told["returned"]], [2, 2]);
    assert_eq!(told["reason"], "affiliationChanged");
    assert_eq!(told["to_code"], own_code);
    assert_eq!(told["file"], Value::Null);
    let shown = home.run(["unit", "show", &unit]).expect(0);
    assert_eq!(shown.one()["merged_into"]["code"], own_code);
    assert!(shown.one()["closed_at"].is_string());
    for (at, number) in numbers[..2].iter().enumerate() {
        let successor = told["holders"][at]["successor"].as_str().unwrap();
        let new = home.run(["request", "show", successor]).expect(0);
        assert_eq!(new.one()["state"], "draft");
        assert_eq!(new.one()["replaces"], number.as_str());
        assert_eq!(new.one()["unit"], own["name"]);
        let old = home.run(["request", "show", number]).expect(0);
        assert_eq!(old.one()["state"], "closed");
        assert_eq!(old.one()["holder_name"], new.one()["holder_name"]);
        assert_eq!(old.one()["departure"]["successor"], successor);
    }
    assert_eq!(acts(&home, "unit-merged"), 1);
    assert_eq!(state_of(&home, &numbers[2]), "handed_out");
    // The draft becomes a ukey like any other, with a key of its own.
    let first = told["holders"][0]["successor"].as_str().unwrap();
    let desk = Desk { home };
    desk.ready(first);
    desk.run(&["request", "approve", first]).expect(0);
    desk.run(&["personalise", first]).expect(0);
    let new = desk.run(&["ukey", "list", "--state", "issued"]).expect(0);
    assert_eq!(new.items()[0]["request"], first);
    let back = desk.run(&["holder", "transfer", &numbers[2], "--to", own_code]);
    back.expect_usage();
    let same = ["holder", "transfer", &numbers[2], "--to", own_code];
    let same = desk.run(&[&same[..], &LEFT].concat()).expect(4);
    assert_eq!(same.error_code(), "holder-same-unit");
    let unknown = ["holder", "transfer", &numbers[2], "--to", "示例第九小学"];
    let unknown = desk.run(&[&unknown[..], &LEFT].concat()).expect(4);
    assert_eq!(unknown.error_code(), "unit-certificate-missing");
    let list = fs::read(desk.home.path.join("crl/unit.crl")).unwrap();
    assert!(!list.is_empty());
}
