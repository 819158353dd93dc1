//! The stock check (D-28) through the command line: what is read and scanned, what differs and what
//! becomes of it; and that no ukey is changed by it.
#![expect(
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::stock_check::{copy, counts, discrepancies, insert, path, pull, summary, verdicts};
use support::{PracticeHome, must};

/// Every file of the virtual ukeys' tokens with its bytes.
fn tokens(home: &PracticeHome) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    let mut found = BTreeMap::new();
    for serial in home.serials() {
        walk(
            &home.path.join("ukeys").join(serial).join("tokens"),
            &mut found,
        );
    }
    assert!(!found.is_empty());
    found
}

fn is_balanced(home: &PracticeHome) {
    let report = home.run(["stock", "report"]).expect(0);
    assert!(report.items().iter().all(|line| line["balanced"] == true));
}

#[test]
fn what_is_plugged_in_is_found_what_is_not_becomes_a_difference_and_openssl_judges_the_result() {
    let home = PracticeHome::new(7, 0);
    let serials = home.serials();
    pull(&home, &serials[6]);
    let before = tokens(&home);
    let none = home.run(["stock", "check"]).expect(4);
    assert_eq!(none.error_code(), "stock-check-none");
    let read = home.run(["stock", "check", "start", "--once"]).expect(3);
    let found: BTreeMap<_, _> = serials[..6]
        .iter()
        .map(|serial| (serial.clone(), "found".to_owned()))
        .collect();
    assert_eq!(verdicts(&read), found);
    for event in read.events("checked") {
        assert_eq!(event["how"], "read");
        assert_eq!(event["state"], "blank");
        assert!(event["ms"].as_f64() >= event["module_ms"].as_f64());
    }
    assert_eq!(counts(summary(&read)), [7, 6, 1, 0]);
    assert_eq!(summary(&read)["state"], "paused");
    let second = home.run(["stock", "check", "start", "--once"]).expect(4);
    assert_eq!(second.error_code(), "stock-check-open");
    assert_eq!(discrepancies(&home).len(), 0, "nothing before it is signed");

    let dir = home.path.join("out/check");
    let signed = home
        .run(["stock", "check", "sign", "--export", path(&dir)])
        .expect(0);
    assert_eq!(signed.one()["state"], "signed");
    assert_eq!(counts(signed.one()), [7, 6, 1, 0]);
    let (p7s, chain, out) = (
        dir.join("stock-check.p7s"),
        dir.join("chain.pem"),
        dir.join("verified"),
    );
    let verify = ["cms", "-verify", "-inform", "DER", "-binary"];
    let files = [
        "-in",
        path(&p7s),
        "-CAfile",
        path(&chain),
        "-out",
        path(&out),
    ];
    must("openssl", &[&verify[..], &files[..]].concat());
    let verified = fs::read(&out).unwrap();
    assert_eq!(verified, fs::read(dir.join("result.json")).unwrap());
    let result: Value = serde_json::from_slice(&verified).unwrap();
    assert_eq!(result["type"], "ukey-station/stock-check");
    assert_eq!(result["missing"][0]["serial"], serials[6].as_str());
    assert_eq!(result["items"].as_array().unwrap().len(), 6);

    let differences = discrepancies(&home);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["kind"], "not-found");
    assert_eq!(differences[0]["serial"], serials[6].as_str());
    assert_eq!(differences[0]["check"], signed.one()["id"]);
    let number = differences[0]["number"].as_str().unwrap();
    let explain = [
        "stock",
        "discrepancy",
        "explain",
        number,
        "--reason",
        "搬家时丢失",
    ];
    let wrong = home
        .run([&explain[..], &["--as", "damaged"]].concat())
        .expect(4);
    assert_eq!(wrong.error_code(), "discrepancy-resolution");
    home.run([&explain[..], &["--as", "lost"]].concat())
        .expect(0);
    home.run(["stock", "discrepancy", "accept", number])
        .expect(0);
    assert_eq!(
        home.run(["ukey", "show", &serials[6]]).one()["state"],
        "lost"
    );
    assert_eq!(tokens(&home), before, "reading never changes a ukey");
    is_balanced(&home);
    let after = home.run(["stock", "check", "resume", "--once"]).expect(4);
    assert_eq!(after.error_code(), "stock-check-none");
    let shown = home.run(["stock", "check"]).expect(0);
    assert_eq!(counts(shown.one()), [7, 6, 1, 0], "what was signed stays");
}

#[test]
fn each_difference_has_its_verdict_its_cure_and_its_record() {
    let home = PracticeHome::new(5, 1);
    let serials = home.serials();
    let [made, written, destroyed, copied, blank] = [0, 1, 2, 3, 4].map(|at| serials[at].as_str());
    home.run(["personalise", "2026-0001", "--ukey", made])
        .expect(0);
    home.written_by_others(written, "MINE");
    let destroy = [
        "ukey", "destroy", destroyed, "--reason", "试毁", "--second", "security",
    ];
    home.run(destroy).expect(0);
    let folder = home.path.join("ukeys");
    copy(&folder.join(copied), &folder.join("0000copy"));
    let other = PracticeHome::new(1, 0);
    let foreign = other.serials()[0].clone();
    copy(
        &other.path.join("ukeys").join(&foreign),
        &folder.join(&foreign),
    );
    let before = tokens(&home);

    let read = home.run(["stock", "check", "start", "--once"]).expect(3);
    let expected = [
        (made, "found"),
        (written, "not-blank"),
        (destroyed, "wrong-state"),
        (copied, "twice"),
        (blank, "found"),
        (foreign.as_str(), "unknown"),
    ];
    let told = verdicts(&read);
    for (serial, verdict) in expected {
        assert_eq!(told[serial], verdict, "{serial}");
    }
    for event in read.events("checked") {
        let differs = !["found", "duplicate"].contains(&event["verdict"].as_str().unwrap());
        assert_eq!(event["to_do"].is_string(), differs, "{event}");
        assert!(
            !event.to_string().contains("MINE"),
            "no label is told: {event}"
        );
    }
    let newest = read.events("checked").into_iter();
    let mut of_copied = newest.filter(|event| event["serial"] == copied);
    assert_eq!(of_copied.next_back().unwrap()["verdict"], "twice");
    // Four lie here: the destroyed one does not, and each difference is one.
    assert_eq!(counts(summary(&read)), [4, 2, 0, 4]);
    let print = home.path.join("out/check.pdf");
    home.run(["stock", "check", "print", path(&print)])
        .expect(0);
    let text = must("pdftotext", &["-layout", path(&print), "-"]);
    for word in [
        "盘点表",
        "2026-0001",
        written,
        "不是空白",
        "监盘人",
        "已暂停",
        "应有",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    home.run(["stock", "check", "sign"]).expect(0);
    let kinds: BTreeMap<_, _> = discrepancies(&home)
        .iter()
        .map(|row| {
            (
                row["serial"].as_str().unwrap().to_owned(),
                row["kind"].clone(),
            )
        })
        .collect();
    let expected = [
        (written, "wrong-state"),
        (destroyed, "wrong-state"),
        (copied, "wrong-state"),
        (foreign.as_str(), "unexpected"),
    ];
    let expected = expected.map(|(serial, kind)| (serial.to_owned(), json!(kind)));
    assert_eq!(kinds, expected.into());
    assert_eq!(tokens(&home), before, "reading never changes a ukey");
    is_balanced(&home);

    // What is still open is not recorded again by the next check.
    home.run(["stock", "check", "start", "--once"]).expect(3);
    let again = home.run(["stock", "check", "sign"]).expect(0);
    assert_eq!(again.one()["number"], "2026-0002");
    assert_eq!(discrepancies(&home).len(), 4);
}

#[test]
fn a_locked_a_silent_and_a_foreign_made_ukey_are_told_apart() {
    let home = PracticeHome::new(3, 1);
    let serials = home.serials();
    // Made elsewhere: a copy of these records was taken before.
    let twin = home.path.with_extension("twin");
    copy(&home.path, &twin);
    home.run(["personalise", "2026-0001", "--ukey", &serials[0]])
        .expect(0);
    for part in [
        "station.db",
        "station.db-wal",
        "station.db-shm",
        "keys.json",
        "secrets.toml",
    ] {
        fs::remove_file(home.path.join(part)).ok();
        if twin.join(part).exists() {
            copy(&twin.join(part), &home.path.join(part));
        }
    }
    let tokens = home.path.join("ukeys").join(&serials[1]).join("tokens");
    for token in fs::read_dir(tokens).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let locked = [
        ("FAULT_SO_LOCKED", "1"),
        ("FAULT_ONLY", serials[2].as_str()),
    ];
    let read = home
        .faulty(&locked, &["stock", "check", "start", "--once"])
        .expect(3);
    let told = verdicts(&read);
    assert_eq!(told[&serials[0]], "foreign-objects");
    assert_eq!(told[&serials[1]], "unreadable");
    assert_eq!(told[&serials[2]], "so-locked");
    assert_eq!(counts(summary(&read)), [3, 0, 0, 3]);
}

#[test]
fn a_module_that_hangs_or_dies_costs_one_ukey_and_no_other() {
    let home = PracticeHome::new(2, 0);
    let serials = home.serials();
    let dies = [
        ("FAULT_AT", "C_GetTokenInfo:abort"),
        ("FAULT_ONLY", serials[0].as_str()),
    ];
    let read = home
        .faulty(&dies, &["stock", "check", "start", "--once"])
        .expect(3);
    let told = verdicts(&read);
    assert_eq!(told[&serials[1]], "found");
    assert_eq!(told[&serials[0]], "unreadable");
    // Plugged in again where it works, it is found; the other one was counted.
    let again = home.run(["stock", "check", "resume", "--once"]).expect(3);
    assert_eq!(verdicts(&again)[&serials[0]], "found");
    assert_eq!(verdicts(&again)[&serials[1]], "duplicate");
    assert_eq!(counts(summary(&again)), [2, 2, 0, 0]);
}

#[test]
fn sealed_boxes_are_scanned_and_a_reading_counts_more() {
    let home = PracticeHome::new(3, 0);
    let serials = home.serials();
    for serial in &serials {
        pull(&home, serial);
    }
    let list = home.path.join("out/scanned.txt");
    let person = "439900198001010512";
    let text = format!(
        "{}\r\n\n{}\r\nNOBODY-7\n{}\n{person}\n",
        serials[0], serials[1], serials[0]
    );
    fs::write(&list, text).unwrap();
    let scanned = home
        .run(["stock", "check", "start", "--scan", path(&list)])
        .expect(3);
    let told: Vec<_> = scanned
        .events("checked")
        .iter()
        .map(|event| {
            (
                event["serial"].clone(),
                event["verdict"].clone(),
                event["how"].clone(),
            )
        })
        .collect();
    let row = |serial: &str, verdict: &str| (json!(serial), json!(verdict), json!("scanned"));
    let expected = [
        row(&serials[0], "found"),
        row(&serials[1], "found"),
        row("NOBODY-7", "unknown"),
        row(&serials[0], "duplicate"),
    ];
    assert_eq!(told, expected);
    assert_eq!(scanned.error_code(), "stock-check-serial");
    assert!(
        !format!("{scanned:?}").contains(person),
        "a person's number is masked"
    );
    assert_eq!(counts(summary(&scanned)), [3, 2, 1, 1]);
    assert_eq!(summary(&scanned)["scanned"], 3);
    // Plugged in, one of them turns out to be written.
    home.written_by_others(&serials[1], "X");
    insert(&home, &serials[1]);
    let read = home.run(["stock", "check", "resume", "--once"]).expect(3);
    assert_eq!(
        verdicts(&read),
        [(serials[1].clone(), "not-blank".to_owned())].into()
    );
    assert_eq!(read.events("checked")[0]["before"], "found");
    assert_eq!(counts(summary(&read)), [3, 1, 1, 2]);
}
