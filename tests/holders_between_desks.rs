//! A holder's record goes from one unit's desk to another's that is neither above nor below it, in a file
//! that only that desk opens, and once (D-45, D-57).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::memory_dir;
use support::stations::{SECURITY, SYSTEM, Station, altered, two_counties};

const WHY: [&str; 2] = ["--reason", "工作调动"];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn unit_certificate(station: &Station) -> PathBuf {
    let dir = station.file("own");
    station
        .act(SYSTEM, &["unit", "certificate", text(&dir)])
        .expect(0);
    dir.join("unit.pem")
}

fn requests(station: &Station) -> usize {
    let listed = station.act(SYSTEM, &["request", "list"]).expect(0);
    listed.items().len()
}

#[test]
fn a_record_moves_between_two_counties_and_becomes_a_draft_there() {
    let dir = memory_dir();
    let [prefecture, here, there] = two_counties(&dir);
    let (numbers, serials) = here.handed_out(2);
    let file = here.file("moves.ukey-handover");
    let transfer = |more: &[&str]| {
        let args = ["holder", "transfer", &numbers[0], "--with-ukeys", "--to"];
        let args = [&args[..], more, &WHY, &["--out", text(&file)]].concat();
        here.act(SYSTEM, &args)
    };
    // The other desk's key is believed from its certificate alone, up to the root that both pinned.
    let refused = transfer(&[there.code]).expect(4);
    assert_eq!(refused.error_code(), "unit-certificate-missing");
    let own = unit_certificate(&here);
    let refused = transfer(&[there.code, "--unit-certificate", text(&own)]).expect(4);
    assert_eq!(refused.error_code(), "unit-certificate-differs");
    let refused = transfer(&[here.code]).expect(4);
    assert_eq!(refused.error_code(), "holder-same-unit");
    // The holders' CA ends at another root than the units.
    let foreign = here.home().join("ca/ca.pem");
    let refused = transfer(&[there.code, "--unit-certificate", text(&foreign)]).expect(4);
    assert_eq!(refused.error_code(), "certificate-invalid");
    let list = here.act(SYSTEM, &["ukey", "list", "--state", "handed_out"]);
    assert_eq!(list.expect(0).items().len(), 2, "nothing was done");
    assert!(!file.exists());

    // A list that only its own subordinates know does not travel with it.
    here.act(SECURITY, &["unit", "renew-crl"]).expect(0);
    let certificate = unit_certificate(&there);
    let moved = transfer(&[there.code, "--unit-certificate", text(&certificate)]).expect(0);
    let told = moved.one();
    assert_eq!(told["to_code"], there.code);
    assert_eq!([&told["count"], &told["returned"]], [1, 1]);
    let shown = here
        .act(SYSTEM, &["request", "show", &numbers[0]])
        .expect(0);
    assert_eq!(shown.one()["state"], "closed");
    assert_eq!(shown.one()["departure"]["to_code"], there.code);
    // The log names the file, as of any that is sent.
    let sent = shown.one()["departure"]["handed_over"].as_str().unwrap();
    let log = here.act(SYSTEM, &["audit", "list", "--act", "holder-moved"]);
    let log = log.expect(0);
    let detail = log.items()[0]["detail"].as_str().unwrap();
    let to = format!("to {}; file {sent}", there.code);
    assert!(detail.contains(&to), "{detail}");
    let ukey = here.act(SYSTEM, &["ukey", "show", &serials[0]]).expect(0);
    let standing = ["state", "certificate_state", "certificate_reason"];
    let standing = standing.map(|field| ukey.one()[field].as_str().unwrap());
    assert_eq!(standing, ["returned", "revoked", "affiliationChanged"]);
    let raw = fs::read(&file).unwrap();
    let name = "王晓雯".as_bytes();
    assert!(!raw.windows(name.len()).any(|part| part == name), "sealed");
    let again = transfer(&[there.code, "--unit-certificate", text(&certificate)]).expect(4);
    assert_eq!(again.error_code(), "holder-ended");

    // Nobody else opens it, and on the way nothing can be changed.
    let receive =
        |station: &Station, file: &Path| station.act(SYSTEM, &["holder", "receive", text(file)]);
    let refused = receive(&prefecture, &file).expect(4);
    assert_eq!(refused.error_code(), "parcel-not-for-us");
    let refused = receive(&there, &altered(&file)).expect(4);
    assert_eq!(refused.error_code(), "parcel-damaged");
    let by_security = there.act(SECURITY, &["holder", "receive", text(&file)]);
    assert_eq!(by_security.expect(4).error_code(), "wrong-duty");
    assert_eq!(requests(&there), 1, "form 1 of its security");

    let received = receive(&there, &file).expect(0);
    let came = received.one();
    assert_eq!(came["from_code"], here.code);
    assert_eq!(came["certified_by"], "示例prefecture");
    assert_eq!(came["holders"][0]["outcome"], "entered");
    assert_eq!(came["holders"][0]["old_number"], numbers[0].as_str());
    let new = came["holders"][0]["number"].as_str().unwrap();
    let draft = there.act(SYSTEM, &["request", "show", new]).expect(0);
    assert_eq!(draft.one()["state"], "draft");
    assert_eq!(draft.one()["holder_name"], "王晓雯甲甲");
    assert_eq!(
        draft.one()["handed_over_from"]["number"],
        numbers[0].as_str()
    );
    assert_eq!(draft.one()["handed_over_from"]["ukey"], serials[0].as_str());
    let submitted = there.act(SYSTEM, &["request", "submit", new]).expect(0);
    assert_eq!(submitted.one()["state"], "submitted");
    let replayed = receive(&there, &file).expect(0);
    assert_eq!(replayed.one()["replayed"], true);
    assert_eq!(requests(&there), 2);

    up_the_tree_without_a_certificate(&here, &prefecture, &numbers[1]);
    for station in [&prefecture, &here, &there] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

/// The superior's desk is known; a ukey that was not brought takes security's word, typed at the desk.
fn up_the_tree_without_a_certificate(here: &Station, prefecture: &Station, number: &str) {
    let listed = here.act(SYSTEM, &["ukey", "list", "--state", "handed_out"]);
    let serial = listed.expect(0).items()[0]["serial"].clone();
    let inserted = here.home().join("ukeys").join(serial.as_str().unwrap());
    fs::remove_file(inserted.join("inserted")).unwrap();
    let file = here.file("up.ukey-handover");
    let args = ["holder", "transfer", number, "--to", prefecture.code];
    let args = [&args[..], &["--reason", "moved", "--out", text(&file)]].concat();
    let alone = here.act(SYSTEM, &args).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let args = [&args[..], &["--second", SECURITY.0]].concat();
    let moved = here.typed(SYSTEM, &args, &[SECURITY.1]).expect(0);
    assert_eq!(moved.one()["due"], 1, "{moved:#?}");
    let due = here.act(SYSTEM, &["holder", "due"]).expect(0);
    assert_eq!(due.items()[0]["serial"], serial);
    let received = prefecture.act(SYSTEM, &["holder", "receive", text(&file)]);
    let received = received.expect(0);
    assert_eq!(received.one()["holders"][0]["outcome"], "entered");
    assert_eq!(received.one()["replayed"], Value::Bool(false));
}

#[test]
fn what_does_not_fit_at_the_other_desk_stands_in_nobody_s_way() {
    let dir = memory_dir();
    let [_prefecture, here, there] = two_counties(&dir);
    let certificate = unit_certificate(&there);
    here.act(SECURITY, &["ca", "unlock"]).expect(0);
    here.act(SYSTEM, &["user-type", "add", "教研管理员"])
        .expect(0);
    here.stock(3);
    fs::write(here.file("scan.png"), include_bytes!("support/scan.png")).unwrap();
    let other = here.form(1).replace("信息管理员", "教研管理员");
    let mut first = Value::Null;
    // Somebody moves, comes back and moves again; and one has a user type that the receiver does not know.
    for (form, outcome) in [
        (here.form(0), "entered"),
        (here.form(0), "there"),
        (other, "refused"),
    ] {
        let number = here.submit("moving.toml", &form);
        here.act(SECURITY, &["request", "approve", &number])
            .expect(0);
        let make = ["personalise", &number, "--pin", "random", "--yes"];
        here.act(SYSTEM, &make).expect(0);
        let file = here.file(outcome);
        let args = ["holder", "transfer", &number, "--to", there.code];
        let how = [
            "--unit-certificate",
            text(&certificate),
            "--out",
            text(&file),
        ];
        let moved = here
            .act(SYSTEM, &[&args[..], &how, &WHY].concat())
            .expect(0);
        assert_eq!(moved.one()["returned"], 1, "made, and still plugged in");
        let received = there.act(SYSTEM, &["holder", "receive", text(&file)]);
        let came = &received.one()["holders"][0];
        assert_eq!(came["outcome"], outcome, "{received:#?}");
        match outcome {
            "entered" => first = came["number"].clone(),
            "there" => assert_eq!((received.code, &came["number"]), (Some(0), &first)),
            _ => {
                assert_eq!(received.code, Some(4));
                assert_eq!(came["error"]["faults"][0]["field"], "user_types");
            }
        }
    }
    assert_eq!(requests(&there), 2);
}
