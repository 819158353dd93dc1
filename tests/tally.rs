//! Forecast, deadlines and tallies between real homes: a school's numbers and sealed scans reach the
//! county and the prefecture once, and what differs between the levels is told (D-5, D-32, D-33).
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use support::memory_dir;
use support::records::records;
use support::stations::{SECURITY, SYSTEM, Station, everyone};
use ukey_station::domain::officer::{Duty, OfficerName};
use ukey_station::domain::stock::MovementKind;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::domain::ukey::{Serial, UkeyIdentity, UkeyState};
use ukey_station::keys::secret::SecretText;
use ukey_station::station::desk::{Access, Desk, OpenTerms};
use ukey_station::station::jobs::tally;
use ukey_station::station::sign_in::AskSecret;
use ukey_station::store::{MovementRow, StoreError};

const SCAN: &[u8] = include_bytes!("support/scan.png");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Prefecture, county and school under a province; each decides on its own requests.
fn stations(dir: &TempDir) -> [Station; 3] {
    let province = support::stations::province(dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let school = Station::new(dir.path(), "school", "2143000001");
    for (superior, subordinate, level) in [
        (&province, &prefecture, "prefecture"),
        (&prefecture, &county, "county"),
        (&county, &school, "school"),
    ] {
        let made = subordinate.init(level, &superior.trust(), &everyone());
        superior.enrol(subordinate, made.expect(0).one());
    }
    [prefecture, county, school]
}

fn sent(station: &Station, name: &str) -> (PathBuf, Value) {
    let file = station.file(name);
    let sent = station.act(SYSTEM, &["stock", "tally", "--out", text(&file)]);
    let document = sent.expect(0).one().clone();
    (file, document)
}

fn received(station: &Station, file: &Path) -> Value {
    let taken = station.act(SYSTEM, &["stock", "tally", "receive", text(file)]);
    taken.expect(0).one().clone()
}

fn shown(station: &Station, code: i32) -> Value {
    let shown = station.act(SYSTEM, &["stock", "tally", "show"]);
    shown.expect(code).one().clone()
}

fn unit<'a>(view: &'a Value, code: &str) -> &'a Value {
    let items = view["items"].as_array().unwrap();
    let mut found = items.iter().filter(|item| item["unit_code"] == code);
    let one = found.next().unwrap();
    assert!(found.next().is_none(), "each unit once");
    one
}

fn scans(station: &Station) -> Vec<Value> {
    let listed = station.act(SYSTEM, &["stock", "tally", "scans"]);
    listed.expect(0).items().clone()
}

fn approve(station: &Station, numbers: &[String]) {
    for number in numbers {
        station
            .act(SECURITY, &["request", "approve", number])
            .expect(0);
    }
}

#[test]
fn a_tally_brings_numbers_and_scans_up_once_and_the_newest_one_stands() {
    let dir = memory_dir();
    let [prefecture, county, school] = stations(&dir);
    let numbers = school.submit_requests(3);
    // A second scan of the first request, another file.
    let other = school.file("other.png");
    let more = [SCAN, b"second page"].concat();
    fs::write(&other, &more).unwrap();
    let attach = ["request", "attach", &numbers[0], text(&other)];
    school.act(SYSTEM, &attach).expect(0);
    approve(&school, &numbers[..2]);

    let no = school.file("no");
    let by_security = ["stock", "tally", "--out", text(&no)];
    let refused = school.act(SECURITY, &by_security).expect(4);
    assert_eq!(refused.error_code(), "wrong-duty");
    assert!(!no.exists());
    let (first, told) = sent(&school, "first.ukey-tally");
    assert_eq!(
        (&told["units"], &told["scans"], &told["scans_left"]),
        (&1.into(), &3.into(), &0.into()),
        "of the two approved requests; the third still waits for its decision"
    );
    assert_eq!((&told["waiting"], &told["needed"]), (&2.into(), &3.into()));
    let sealed = fs::read(&first).unwrap();
    assert!(!sealed.windows(SCAN.len()).any(|part| part == SCAN));

    let taken = received(&county, &first);
    assert_eq!(taken["replayed"], false);
    assert_eq!(
        (&taken["scans"], &taken["differs"]),
        (&3.into(), &false.into())
    );
    let kept = scans(&county);
    let hash = |bytes: &[u8]| Value::from(hex::encode(Sha256::digest(bytes)));
    let of = |hash: &Value| {
        kept.iter()
            .filter(move |scan| scan["sha256"] == *hash)
            .count()
    };
    assert_eq!((of(&hash(SCAN)), of(&hash(&more))), (2, 1));
    let out = county.file("scan.out");
    let look = [
        "stock",
        "tally",
        "scan",
        hash(&more).as_str().unwrap(),
        text(&out),
    ]
    .map(str::to_owned);
    let look: Vec<&str> = look
        .iter()
        .map(String::as_str)
        .chain(["--reason", "核对份数"])
        .collect();
    county.act(SYSTEM, &look).expect(0);
    assert_eq!(fs::read(&out).unwrap(), more);
    let looks = ["audit", "list", "--act", "personal-data-revealed"];
    assert_eq!(county.act(SYSTEM, &looks).expect(0).items().len(), 1);

    // The same file again changes nothing.
    assert_eq!(received(&county, &first)["replayed"], true);
    assert_eq!(scans(&county).len(), 3);

    // The next tally replaces it, with the one scan that is new.
    approve(&school, &numbers[2..]);
    let (second, told) = sent(&school, "second.ukey-tally");
    assert_eq!((&told["scans"], &told["waiting"]), (&1.into(), &3.into()));
    assert_eq!(received(&county, &second)["scans"], 1);
    let view = shown(&county, 0);
    let at_county = unit(&view, school.code);
    assert_eq!(at_county["requests"]["approved"], 3);
    assert_eq!(at_county["superior"], county.code);
    assert_eq!(view["total"]["needed"], 4);
    assert_eq!(received(&county, &first)["replayed"], true);
    let after = shown(&county, 0);
    assert_eq!(
        unit(&after, school.code)["waiting"],
        3,
        "an older one replaces nothing"
    );
    let again = school.act(SYSTEM, &["stock", "tally", "--again"]).expect(0);
    assert_eq!(again.one()["scans"], 4);

    // The county's tally holds the school, and its scans go on.
    let (third, told) = sent(&county, "third.ukey-tally");
    assert_eq!((&told["units"], &told["scans"]), (&2.into(), &4.into()));
    assert_eq!(received(&prefecture, &third)["scans"], 4);
    assert_eq!(sent(&county, "fourth.ukey-tally").1["scans"], 0);
    let view = shown(&prefecture, 0);
    assert_eq!(view["items"].as_array().unwrap().len(), 3);
    assert_eq!(unit(&view, school.code)["waiting"], 3);
    assert_eq!(unit(&view, school.code)["superior"], county.code);
    assert_eq!(unit(&view, county.code)["superior"], prefecture.code);
    assert_eq!(scans(&prefecture).len(), 4);
    for station in [&prefecture, &county, &school] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }

    sheet_and_countdown(&prefecture, &county, &school);
    foreign_unit_is_refused(&county, &school);
    scans_go_when_their_time_is_over(&county);
}

/// What people read: the sheet at the prefecture, the days and the masked list.
fn sheet_and_countdown(prefecture: &Station, county: &Station, school: &Station) {
    let file = prefecture.file("tally.xlsx");
    prefecture
        .act(SYSTEM, &["stock", "tally", "show", "--xlsx", text(&file)])
        .expect(0);
    let mut book: Xlsx<_> = open_workbook(&file).unwrap();
    let sheet = book.worksheet_range("汇总").unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    let cell = |row: &[Data], heading: &str| {
        let column = rows[0]
            .iter()
            .position(|cell| *cell == Data::String(heading.to_owned()));
        row[column.unwrap()].clone()
    };
    let text_cell = |text: &str| Data::String(text.to_owned());
    assert_eq!(rows.len(), 5, "headings, three units, the sums");
    let code = text_cell(school.code);
    let of_school = rows.iter().find(|row| cell(row, "代码") == code).unwrap();
    assert_eq!(cell(of_school, "单位名称"), text_cell("示例school"));
    assert_eq!(cell(of_school, "级别"), text_cell("学校"));
    assert_eq!(cell(of_school, "上级代码"), text_cell(county.code));
    assert_eq!(cell(of_school, "申请·已批准"), text_cell("3"));
    assert_eq!(cell(of_school, "需要空白 ukey"), text_cell("4"));
    assert_eq!(cell(rows[4], "单位名称"), text_cell("合计"));
    assert_eq!(cell(rows[4], "尚无证书人数"), text_cell("3"));

    let set = ["config", "set", "deadline_apply_by", "2000-01-01"];
    school.act(SYSTEM, &set).expect(0);
    let list = ["stock", "deadlines", "--list"];
    let told = school.act(SYSTEM, &list).expect(0);
    let told = told.one();
    assert!(told["apply_by_days"].as_i64().unwrap() < -9000);
    assert_eq!(told["mandatory_from"], Value::Null);
    assert_eq!(told["items"][0]["without"], 3);
    let people = told["people"].as_array().unwrap();
    let names: Vec<_> = people
        .iter()
        .map(|one| one["holder_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["王****"; 3]);
    let below = county.act(SYSTEM, &list).expect(0);
    assert_eq!(unit(below.one(), school.code)["without"], 3);
    assert_eq!(
        below.one()["people"],
        Value::Array(Vec::new()),
        "whose requests are elsewhere"
    );

    let forecast = school.act(SYSTEM, &["stock", "forecast", "--months", "2"]);
    let forecast = forecast.expect(0);
    let items = forecast.items();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (
            &items[0]["approved_waiting"],
            &items[0]["spare"],
            &items[0]["needed"]
        ),
        (&3.into(), &1.into(), &4.into())
    );
    assert_eq!(items[1]["needed"], 0);
    let county = county.act(SYSTEM, &["stock", "forecast"]).expect(0);
    assert_eq!(county.one()["total"][0]["needed"], 4);
    assert_eq!(county.one()["total"].as_array().unwrap().len(), 6);
}

/// A school that counts its superior as one of its own units.
fn foreign_unit_is_refused(county: &Station, school: &Station) {
    let add = ["unit", "add", "--name", "示例county", "--level", "county"];
    let place = ["--province", "湖南省", "--prefecture", "示例市"];
    let add = [&add[..], &["--code", county.code], &place].concat();
    school.act(SYSTEM, &add).expect(0);
    let form = format!(
        "unit = \"{}\"\nname = \"王晓雯\"\nid_number = \"43990019800307101X\"\n\
         office_phone = \"0731-84402950\"\nemail = \"t@school.example.cn\"\nmobile = \"19900001111\"\n\
         school_type = \"211\"\nuser_types = [\"信息管理员\"]\napply_certificate = true\n\
         address = \"示例路 1 号\"\n",
        county.code
    );
    let form = school.private("foreign.toml", &form);
    let entered = school.act(SYSTEM, &["request", "add", text(&form)]);
    assert_eq!(entered.code, Some(0), "{entered:#?}");
    let before = shown(county, 0);
    let (_again, _) = sent(school, "waits.ukey-tally");
    let file = school
        .home()
        .join("out")
        .join(format!("{}-0003.ukey-tally", county.code));
    received(county, &file); // --again, which comes before it.
    let bad = county.act(
        SYSTEM,
        &[
            "stock",
            "tally",
            "receive",
            text(&school.file("waits.ukey-tally")),
        ],
    );
    assert_eq!(bad.expect(4).error_code(), "tally-unit-foreign");
    let after = shown(county, 0);
    assert_eq!(
        unit(&after, county.code)["requests"],
        unit(&before, county.code)["requests"]
    );
    assert_eq!(scans(county).len(), 4);
}

struct Typed;

impl AskSecret for Typed {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        Some(SecretText::new(SECURITY.1.to_owned()))
    }
}

/// Six months after the end of the roll-out (D-51), and no day before.
fn scans_go_when_their_time_is_over(county: &Station) {
    let set = ["config", "set", "deadline_mandatory_from", "2030-01-31"];
    county.act(SYSTEM, &set).expect(0);
    let nothing = county.act(SYSTEM, &["purge", "--dry-run"]).expect(0);
    assert_eq!(nothing.items().len(), 0);
    let terms = OpenTerms {
        officer: Some(OfficerName::parse(SYSTEM.0).unwrap()),
        secrets: Some(county.file(&format!("{}.toml", SYSTEM.0))),
    };
    let (desk, admin) =
        Desk::open(&county.home(), Access::Change, &terms, Duty::SetUp, &Typed).unwrap();
    let security = OfficerName::parse(SECURITY.0).unwrap();
    let second = desk
        .second_officer(&admin, Some(&security), &Typed)
        .unwrap();
    let time = |text: &str| Timestamp::parse(text).unwrap();
    let early = time("2030-07-30T23:59:59Z");
    assert_eq!(tally::due_scans(&desk, &admin, early).unwrap().len(), 0);
    let after = time("2030-07-31T00:00:00Z");
    let gone = tally::purge_scans(&desk, &admin, &second, after).unwrap();
    assert_eq!(gone.len(), 4);
    assert_eq!(tally::due_scans(&desk, &admin, after).unwrap().len(), 0);
    drop(desk);
    let left = scans(county);
    assert!(left.len() == 4 && left.iter().all(|scan| scan["kept"] == false));
    let hash = left[0]["sha256"].as_str().unwrap();
    let out = county.file("gone.out");
    let look = [
        "stock",
        "tally",
        "scan",
        hash,
        text(&out),
        "--reason",
        "核对份数",
    ];
    let missing = county.act(SYSTEM, &look).expect(4);
    assert_eq!(missing.error_code(), "scan-missing");
    assert!(!out.exists());
}

#[test]
fn what_was_sent_and_what_came_is_compared_between_the_levels() {
    let dir = memory_dir();
    let [prefecture, county, school] = stations(&dir);
    let second = ["--second", SECURITY.0];
    let receive = [
        "stock",
        "receive",
        "--range",
        "FT-0001..FT-0005",
        "--model",
        "softhsm2",
    ];
    let receive = [&receive[..], &["--reason", "清点"], &second].concat();
    county.typed(SYSTEM, &receive, &[SECURITY.1]).expect(0);
    let note = county.file("note");
    let dispatch = [
        "stock",
        "dispatch",
        school.code,
        "--count",
        "3",
        "--out",
        text(&note),
    ];
    county.act(SYSTEM, &dispatch).expect(0);
    let signed = school.file("signed");
    let sign = [
        "stock",
        "sign-for",
        text(&note),
        "--missing",
        "FT-0003",
        "--out",
        text(&signed),
    ];
    let sign = school.act(SYSTEM, &sign).expect(0);
    let note_id = sign.one()["note"]["id"].as_str().unwrap().to_owned();

    // The tally was made after the sign-for, so it waits for it.
    let (first, _) = sent(&school, "first");
    let early = county.act(SYSTEM, &["stock", "tally", "receive", text(&first)]);
    assert_eq!(early.expect(4).error_code(), "parcel-out-of-order");
    let taken = ["stock", "receive-sign-for", text(&signed)];
    county.act(SYSTEM, &taken).expect(0);
    assert_eq!(received(&county, &first)["differs"], false);
    let view = shown(&county, 0);
    let line = &unit(&view, school.code)["stock"][0];
    assert_eq!(
        (&line["from_superior"], &line["received"]),
        (&2.into(), &2.into())
    );
    let own = &unit(&view, county.code)["stock"][0];
    assert_eq!(
        (&own["blank"], &own["dispatched"], &own["in_transit"]),
        (&2.into(), &3.into(), &1.into())
    );

    // Sent back: gone from both books alike.
    let back = school.file("back");
    let send = [
        "stock",
        "send-back",
        "FT-0001",
        "--reason",
        "不再需要",
        "--out",
        text(&back),
    ];
    school.act(SYSTEM, &send).expect(0);
    let came = ["stock", "sign-for", text(&back)];
    county.act(SYSTEM, &came).expect(0);
    let (second, _) = sent(&school, "second");
    assert_eq!(received(&county, &second)["differs"], false);

    // A ukey that the school booked as come, and the county never signed off.
    let serial = Serial::parse("FT-0003").unwrap();
    let now = Timestamp::parse("2026-11-25T08:00:00Z").unwrap();
    let mut books = records(&school.home(), SYSTEM);
    let line = books.read().stock(None).unwrap().remove(0);
    books
        .write(|writing| {
            let why = MovementRow {
                id: "edited".to_owned(),
                kind: MovementKind::SignFor,
                at: now,
                officer: OfficerName::parse(SYSTEM.0).unwrap(),
                confirmed_by: None,
                reason: None,
                note: Some(note_id),
            };
            writing.insert_movement(&why)?;
            let identity = UkeyIdentity {
                maker: line.maker,
                model: line.model,
                serial,
            };
            let when = (now, Some("edited"));
            writing.receive_ukey(&identity, ("softhsm2", None), UkeyState::Blank, when)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    drop(books);
    let (third, _) = sent(&school, "third");
    assert_eq!(received(&county, &third)["differs"], true);
    let view = shown(&county, 1);
    assert_eq!(view["differs"], 1);
    let told = unit(&view, school.code);
    assert_eq!(told["differs"], true);
    let told = &told["differences"][0];
    assert_eq!(
        (&told["superior_received"], &told["unit_received"]),
        (&2.into(), &3.into())
    );
    assert_eq!(
        (&told["superior_sent_back"], &told["unit_sent_back"]),
        (&1.into(), &1.into())
    );
    let dispatched = &unit(&view, county.code)["stock"][0]["dispatched"];
    assert_eq!(*dispatched, 2, "told, not put right");

    // It is told further up, too.
    let (fourth, _) = sent(&county, "fourth");
    assert_eq!(received(&prefecture, &fourth)["differs"], false);
    let view = shown(&prefecture, 1);
    assert_eq!(unit(&view, school.code)["differs"], true);
    assert_eq!(unit(&view, county.code)["differs"], false);

    // Several files at once: one that fails stops none, and what is told of each is its own.
    let both = ["stock", "tally", "receive", text(&third), text(&fourth)];
    let both = county.act(SYSTEM, &both).expect(1);
    let results = both.events("result");
    assert_eq!(
        (&results[0]["replayed"], &results[1]["outcome"]),
        (&true.into(), &"failed".into())
    );
    assert_eq!(both.events("summary")[0]["failed"], 1);
}

#[test]
fn at_the_top_of_the_tree_a_sheet_is_all_that_is_written() {
    let dir = memory_dir();
    let province = support::stations::province(&dir);
    let refused = province.act(SYSTEM, &["stock", "tally"]).expect(4);
    assert_eq!(refused.error_code(), "unit-is-root");
    let file = province.file("tally.xlsx");
    let written = province.act(SYSTEM, &["stock", "tally", "--xlsx", text(&file)]);
    assert_eq!(written.expect(0).one()["files"][0], text(&file));
    let book: Result<Xlsx<_>, _> = open_workbook(&file);
    assert_eq!(book.unwrap().sheet_names(), ["汇总"]);
    for months in ["0", "37"] {
        let forecast = ["stock", "forecast", "--months", months];
        province.act(SYSTEM, &forecast).expect_usage();
    }
}
