//! Blanks between two real homes that never see a network: received by list, dispatched, signed for, sent
//! back; what differs is told, explained and accepted, and every balance holds (D-24 … D-30).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use support::{PracticeHome, memory_dir, must};
use tempfile::TempDir;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A province and a prefecture that it certified.
fn two_levels(dir: &TempDir) -> [Station; 2] {
    let province = province(dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = prefecture.init("prefecture", &province.trust(), &everyone());
    province.enrol(&prefecture, made.expect(0).one());
    [province, prefecture]
}

/// The one line of the report, which must balance.
fn line(station: &Station) -> Value {
    let report = station.act(SYSTEM, &["stock", "report"]).expect(0);
    let items = report.items();
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0]["balanced"], true);
    items[0].clone()
}

fn counts(station: &Station, words: &[&str]) -> Vec<u64> {
    let line = line(station);
    let count = |word: &&str| line[*word].as_u64().unwrap();
    words.iter().map(count).collect()
}

/// The numbers of open differences by kind.
fn open(station: &Station) -> Vec<(String, String, String)> {
    let list = station.act(SYSTEM, &["stock", "discrepancy", "list"]);
    let list = list.expect(0);
    let word = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    list.items()
        .iter()
        .map(|item| {
            (
                word(item, "kind"),
                word(item, "serial"),
                word(item, "number"),
            )
        })
        .collect()
}

fn number_of(station: &Station, kind: &str) -> String {
    let found = open(station);
    let found = found.into_iter().find(|(other, ..)| other == kind);
    found.unwrap().2
}

fn receive(province: &Station, range: &str) {
    let args = ["stock", "receive", "--range", range, "--model", "softhsm2"];
    province.act(SYSTEM, &args).expect(0);
}

/// Dispatches `args` to the prefecture; gives the file.
fn dispatch(province: &Station, prefecture: &Station, args: &[&str]) -> PathBuf {
    let file = province.file("down.ukey-dispatch");
    let sent = ["stock", "dispatch", prefecture.code, "--out", text(&file)];
    province.act(SYSTEM, &[&sent, args].concat()).expect(0);
    file
}

fn sign_for(station: &Station, file: &Path, args: &[&str]) -> PathBuf {
    let answer = station.file("up.ukey-signfor");
    let signed = ["stock", "sign-for", text(file), "--out", text(&answer)];
    station.act(SYSTEM, &[&signed, args].concat()).expect(0);
    answer
}

#[test]
fn blanks_go_down_are_signed_for_and_come_back() {
    let dir = memory_dir();
    let [province, prefecture] = two_levels(&dir);
    receive(&province, "FT-0001..FT-0010");
    let paper = province.file("note.pdf");
    let file = dispatch(
        &province,
        &prefecture,
        &["--count", "4", "--pdf", text(&paper)],
    );
    assert_eq!(
        counts(
            &province,
            &["received", "blank", "dispatched", "in_transit"]
        ),
        [10, 6, 4, 4]
    );
    let words = must("pdftotext", &["-layout", text(&paper), "-"]);
    for word in [
        "发放单",
        "FT-0001",
        "FT-0004",
        "示例province",
        "示例prefecture",
    ] {
        assert!(words.contains(word), "{word} is not on the paper: {words}");
    }
    let waiting = province.act(SYSTEM, &["stock", "in-transit"]).expect(0);
    assert_eq!(waiting.items()[0]["in_transit"], 4);
    assert_eq!(waiting.items()[0]["age_days"], 0);

    let answer = sign_for(&prefecture, &file, &[]);
    assert_eq!(counts(&prefecture, &["received", "blank"]), [4, 4]);
    let again = prefecture.act(SYSTEM, &["stock", "sign-for", text(&file)]);
    assert_eq!(again.expect(0).one()["replayed"], true);
    assert_eq!(counts(&prefecture, &["received", "blank"]), [4, 4]);

    let receive = ["stock", "receive-sign-for", text(&answer)];
    let settled = province.act(SYSTEM, &receive).expect(0);
    assert_eq!(settled.one()["received"], 4);
    assert_eq!(counts(&province, &["dispatched", "in_transit"]), [4, 0]);
    assert_eq!(
        province.act(SYSTEM, &receive).expect(0).one()["replayed"],
        true
    );

    // One is broken: both go back up, as what they are.
    let broken = ["ukey", "damaged", "FT-0002", "--reason", "外壳破损"];
    prefecture.act(SYSTEM, &broken).expect(0);
    let up = prefecture.file("back.ukey-dispatch");
    let back = [
        "stock",
        "send-back",
        "FT-0001",
        "FT-0002",
        "--out",
        text(&up),
    ];
    let back = [&back[..], &["--reason", "多余一个，损坏一个"]].concat();
    prefecture.act(SYSTEM, &back).expect(0);
    let answer = sign_for(&province, &up, &[]);
    let received = ["stock", "receive-sign-for", text(&answer)];
    prefecture.act(SYSTEM, &received).expect(0);
    assert_eq!(
        counts(&province, &["received", "blank", "damaged", "dispatched"]),
        [10, 7, 1, 2]
    );
    assert_eq!(
        counts(
            &prefecture,
            &["received", "blank", "dispatched", "in_transit"]
        ),
        [4, 2, 2, 0]
    );
    let life = province.act(SYSTEM, &["ukey", "show", "FT-0002"]).expect(0);
    let steps = life.one()["history"].as_array().unwrap();
    let steps: Vec<_> = steps
        .iter()
        .map(|step| step["to"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["blank", "dispatched", "damaged"]);
    for station in [&province, &prefecture] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

#[test]
fn what_differs_is_explained_by_one_officer_and_accepted_by_another() {
    let dir = memory_dir();
    let [province, prefecture] = two_levels(&dir);
    receive(&province, "FT-0001..FT-0010");
    let file = dispatch(&province, &prefecture, &["--count", "4"]);
    // 0002 and 0003 did not come; 0009 lay in the box.
    let counted = [
        "--missing",
        "FT-0002",
        "--missing",
        "0003",
        "--extra",
        "FT-0009",
    ];
    let answer = sign_for(&prefecture, &file, &counted);
    province
        .act(SYSTEM, &["stock", "receive-sign-for", text(&answer)])
        .expect(0);
    assert_eq!(
        counts(&province, &["blank", "dispatched", "in_transit"]),
        [6, 4, 2]
    );
    assert_eq!(open(&province).len(), 3);

    // Nothing follows before security has accepted what system explained.
    let missing = number_of(&province, "missing");
    let accept = |number: &str| {
        ["stock", "discrepancy", "accept"]
            .map(str::to_owned)
            .into_iter()
            .chain([number.to_owned()])
            .collect::<Vec<_>>()
    };
    let as_text = |args: &[String]| args.to_vec();
    let args = as_text(&accept(&missing));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let early = province.act(SECURITY, &args).expect(4);
    assert_eq!(early.error_code(), "discrepancy-not-explained");
    let explain = |station: &Station, number: &str, how: &str| {
        let args = [
            "stock",
            "discrepancy",
            "explain",
            number,
            "--as",
            how,
            "--reason",
            "途中丢失，已查",
        ];
        station.act(SYSTEM, &args)
    };
    explain(&province, &missing, "lost").expect(0);
    assert_eq!(
        province.act(SYSTEM, &args).expect(4).error_code(),
        "second-officer-required"
    );
    province.act(SECURITY, &args).expect(0);
    assert_eq!(
        counts(&province, &["dispatched", "lost", "in_transit"]),
        [3, 1, 1]
    );
    assert_eq!(
        explain(&province, &missing, "nothing")
            .expect(4)
            .error_code(),
        "discrepancy-closed"
    );

    // The receiver does not write off what is on the sender's books.
    let theirs = number_of(&prefecture, "missing");
    let refused = explain(&prefecture, &theirs, "lost").expect(4);
    assert_eq!(refused.error_code(), "discrepancy-resolution");

    // What stood on no line moves on both sides.
    for station in [&province, &prefecture] {
        let extra = number_of(station, "extra");
        explain(station, &extra, "moved").expect(0);
        let args = ["stock", "discrepancy", "accept", &extra];
        station.act(SECURITY, &args).expect(0);
    }
    assert_eq!(counts(&province, &["blank", "dispatched"]), [5, 4]);
    assert_eq!(counts(&prefecture, &["received", "blank"]), [3, 3]);

    // Both that were missing come after all, the one that was given up too.
    let late = sign_for(
        &prefecture,
        &file,
        &["--late", "FT-0002", "--late", "FT-0003"],
    );
    let taken = province.act(SYSTEM, &["stock", "receive-sign-for", text(&late)]);
    assert_eq!(taken.expect(0).one()["received"], 2);
    assert_eq!(
        counts(&province, &["blank", "dispatched", "lost", "in_transit"]),
        [5, 5, 0, 0]
    );
    assert_eq!(counts(&prefecture, &["received", "blank"]), [5, 5]);
    assert!(open(&province).is_empty() && open(&prefecture).is_empty());
}

#[test]
fn what_cannot_be_right_is_refused_and_changes_nothing() {
    let dir = memory_dir();
    let [province, prefecture] = two_levels(&dir);
    receive(&province, "FT-0001..FT-0006");
    let before = line(&province);
    let to = prefecture.code;
    for (args, code, exit) in [
        (vec!["dispatch", to, "--count", "7"], "stock-not-enough", 4),
        (vec!["dispatch", to], "dispatch-nothing", 2),
        (
            vec!["dispatch", to, "FT-0001", "FT-0001"],
            "serial-twice",
            2,
        ),
        (vec!["dispatch", to, "--box", "A1"], "stock-not-enough", 4),
        (
            vec!["dispatch", "2143000001", "--count", "1"],
            "unit-not-subordinate",
            4,
        ),
        (
            vec!["send-back", "FT-0001", "--reason", "多余"],
            "unit-is-root",
            4,
        ),
        (
            vec!["receive", "--serial", "X1", "--model", "no such"],
            "",
            4,
        ),
        (vec!["receive", "--range", "FT-0009..FT-0007"], "", 4),
        (vec!["receive", "--range", "FT-0005..FT-0009"], "", 4),
        (
            vec!["receive", "--range", "FT-0011..FT-0020", "--count", "9"],
            "stock-count-differs",
            4,
        ),
    ] {
        let answer = province.act(SYSTEM, &[&["stock"], args.as_slice()].concat());
        let answer = answer.expect(exit);
        if code.is_empty() {
            assert_eq!(answer.one()["received"], 0, "{args:?}");
            assert_eq!(answer.one()["refused"], 1, "{args:?}");
        } else {
            assert_eq!(answer.error_code(), code, "{args:?}");
        }
    }
    assert_eq!(line(&province), before);

    // Outside the root stock comes by note; by list only with two officers.
    let list = ["stock", "receive", "--serial", "X1", "--model", "softhsm2"];
    let alone = prefecture.act(SYSTEM, &list).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");

    let file = dispatch(&province, &prefecture, &["FT-0001", "FT-0002"]);
    // The file is for that station alone, and a note is a note.
    let own = province.act(SYSTEM, &["stock", "sign-for", text(&file)]);
    assert!(own.expect(4).error_code().starts_with("parcel-"));
    let wrong = prefecture.act(SYSTEM, &["stock", "receive-sign-for", text(&file)]);
    assert_eq!(wrong.expect(4).error_code(), "parcel-other-kind");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let broken = province.file("broken.ukey-dispatch");
    fs::write(&broken, &bytes).unwrap();
    let broken = prefecture.act(SYSTEM, &["stock", "sign-for", text(&broken)]);
    assert!(broken.expect(4).error_code().starts_with("parcel-"));
    for (args, code) in [
        (["--missing", "FT-0005"], "note-item-unknown"),
        (["--extra", "FT-0001"], "note-item-listed"),
        (["--late", "FT-0001"], "note-item-unknown"),
    ] {
        let signed = [&["stock", "sign-for", text(&file)], &args[..]].concat();
        let refused = prefecture.act(SYSTEM, &signed).expect(2);
        assert_eq!(refused.error_code(), code);
    }
    let none = prefecture.act(SYSTEM, &["stock", "report"]).expect(0);
    assert!(none.items().is_empty());
    sign_for(&prefecture, &file, &[]);

    // What was destroyed here and comes again is a difference, not a ukey.
    let destroy = ["ukey", "destroy", "FT-0002", "--reason", "压碎"];
    let destroyed = [&destroy[..], &["--second", SECURITY.0]].concat();
    let short = [
        "ukey", "destroy", "0002", "--reason", "压碎", "--second", SECURITY.0,
    ];
    let short = prefecture.act(SYSTEM, &short).expect(2);
    assert_eq!(short.error_code(), "serial-not-whole");
    prefecture
        .typed(SYSTEM, &destroyed, &[SECURITY.1])
        .expect(0);
    assert_eq!(counts(&prefecture, &["blank", "destroyed"]), [1, 1]);
    // On paper, signed by both.
    let paper = prefecture.file("destroyed.pdf");
    let print = |serial| prefecture.act(SYSTEM, &["ukey", "destruction", serial, text(&paper)]);
    let refused = print("FT-0001").expect(4);
    assert_eq!(refused.error_code(), "ukey-not-destroyed");
    print("FT-0002").expect(0);
    let words = must("pdftotext", &["-layout", text(&paper), "-"]);
    for word in ["销毁证明", "FT-0002", "压碎", SYSTEM.0, SECURITY.0] {
        assert!(words.contains(word), "{word}: {words}");
    }
}

#[test]
fn a_blank_that_is_set_aside_is_made_for_its_request_alone() {
    let home = PracticeHome::new(2, 2);
    let blanks = home.run(["ukey", "list", "--state", "blank"]).expect(0);
    let serial = |at: usize| blanks.items()[at]["serial"].as_str().unwrap().to_owned();
    let requests = home.run(["request", "list"]).expect(0);
    let number = |at: usize| requests.items()[at]["number"].as_str().unwrap().to_owned();
    // The first ukey for the second request: else it would be the first one's.
    let (first, second) = (serial(0), number(1));
    let set_aside = home.run(["stock", "allocate", &first, "--request", &second]);
    assert_eq!(set_aside.expect(0).one()["state"], "allocated");
    let again = home.run(["stock", "allocate", &serial(1), "--request", &second]);
    assert_eq!(again.expect(4).error_code(), "ukey-allocated");
    let other = home.run(["personalise", &number(0), "--ukey", &first]);
    assert_eq!(other.expect(4).error_code(), "ukey-not-in-stock");
    let made = home.run(["personalise", "--all"]).expect(0);
    for result in made.events("result") {
        let its_own = result["request"] == second.as_str();
        assert_eq!(result["serial"] == first.as_str(), its_own, "{result}");
    }
    assert_eq!(made.events("summary")[0]["issued"], 2);
    let report = home.run(["stock", "report"]).expect(0);
    assert_eq!(report.items()[0]["issued"], 2);
    assert_eq!(report.items()[0]["balanced"], true);
}

#[test]
fn a_list_is_taken_row_by_row_and_every_fault_is_told() {
    let home = PracticeHome::new(0, 0);
    let sheet = home.path.with_extension("csv");
    let rows = "序列号,终止序列号,型号,箱号,数量\n\
                FT-0001,FT-0050,softhsm2,A1,50\n\
                FT-0060,FT-0055,softhsm2,,\n\
                FT-0050,,softhsm2,,\n\
                FT-0100,FT-0109,softhsm2,A2,9\n\
                FT-0200,FT-0201,no such,,\n\
                a/b,,softhsm2,,\n\
                FT-0300,,SoftHSM v2,A3,1\n";
    fs::write(&sheet, rows).unwrap();
    let all = [
        "stock",
        "receive",
        "--all-or-nothing",
        "--file",
        text(&sheet),
    ];
    let refused = home.run(all).expect(4);
    assert_eq!(refused.one()["received"], 0);
    let taken = home.run(["stock", "receive", "--file", text(&sheet)]);
    let taken = taken.expect(0);
    assert_eq!(taken.one()["received"], 51);
    assert_eq!(taken.one()["refused"], 5);
    let faults = taken.one()["faults"].as_array().unwrap();
    let told: Vec<_> = faults
        .iter()
        .map(|fault| {
            (
                fault["row"].as_u64().unwrap(),
                fault["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, "终止序列号"),
            (4, "序列号"),
            (5, "数量"),
            (6, "型号"),
            (7, "序列号")
        ]
    );
    let boxes = home.run(["ukey", "list", "--box", "A1"]).expect(0);
    assert_eq!(boxes.items().len(), 50);
    let report = home.run(["stock", "report"]).expect(0);
    assert_eq!(report.items()[0]["received"], 51);
    assert_eq!(report.items()[0]["balanced"], true);
    fs::remove_file(&sheet).unwrap();
}
