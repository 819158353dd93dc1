//! A whole province in small: blanks flow from the province to its prefectures, counties, schools and a
//! college, one home each, are signed for, made, lost, damaged and returned; every balance holds at every
//! level at every step. A cut here; `scripts/province.sh` does it with 1 province, 2 prefectures,
//! 4 counties, 12 schools and 1 college, 500 blanks and 120 ukeys made.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers")]

mod support;

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use support::memory_dir;
use support::stations::{SECURITY, SYSTEM, Station, everyone, virtual_ukeys};
use ukey_station::token::virtual_ukey;

const EMBEDDED: &str = "[ca]\nkind = \"embedded\"\n";
/// USCCs and codes that fit (D-17, D-18).
const PREFECTURES: [&str; 2] = ["12430100MB1K234565", "91430100MA4L00011K"];
const COUNTIES: [&str; 4] = [
    "124300004448800102",
    "52430102MJJ5678955",
    "91110000600037341L",
    "2143009999",
];
const COLLEGE: &str = "4143000001";

/// How much of it.
#[derive(Clone, Copy)]
struct Amounts {
    prefectures: usize,
    counties: usize,
    schools: usize,
    blanks: usize,
    to_college: usize,
    to_school: usize,
    made_per_school: usize,
    lost: usize,
    damaged: usize,
    returned: usize,
}

fn amounts() -> Amounts {
    if std::env::var_os("STORY_IN_FULL").is_some() {
        Amounts {
            prefectures: 2,
            counties: 4,
            schools: 12,
            blanks: 500,
            to_college: 20,
            to_school: 30,
            made_per_school: 10,
            lost: 3,
            damaged: 2,
            returned: 5,
        }
    } else {
        Amounts {
            prefectures: 1,
            counties: 1,
            schools: 1,
            blanks: 40,
            to_college: 5,
            to_school: 10,
            made_per_school: 2,
            lost: 1,
            damaged: 1,
            returned: 2,
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every station, and which is whose superior by place.
struct Province {
    amounts: Amounts,
    /// Province, then prefectures, counties, schools, the college.
    stations: Vec<Station>,
    superior: Vec<Option<usize>>,
    steps: Cell<usize>,
}

impl Province {
    fn new(dir: &Path, amounts: Amounts) -> Self {
        let mut all = Self {
            amounts,
            stations: Vec::new(),
            superior: Vec::new(),
            steps: Cell::new(0),
        };
        all.add(dir, ("province", "11430000006123458L"), None);
        for code in PREFECTURES.into_iter().take(amounts.prefectures) {
            all.add(dir, ("prefecture", code), Some(0));
        }
        for (at, code) in COUNTIES.into_iter().take(amounts.counties).enumerate() {
            let prefecture = 1 + at % amounts.prefectures;
            all.add(dir, ("county", code), Some(prefecture));
            let prefecture = all.stations[prefecture].code;
            let county = all.stations.last().unwrap();
            all.stations[0].certify_ca(county, prefecture);
        }
        for at in 0..amounts.schools {
            let code: &'static str = format!("21430000{at:02}").leak();
            let county = 1 + amounts.prefectures + at % amounts.counties;
            all.add(dir, ("school", code), Some(county));
            let ca = all.stations[county].file("ca.pem");
            let school = all.stations.last().unwrap();
            school.act(SYSTEM, &["ca", "install", text(&ca)]).expect(0);
        }
        all.add(dir, ("college", COLLEGE), Some(0));
        all
    }

    fn add(&mut self, dir: &Path, (level, code): (&str, &'static str), superior: Option<usize>) {
        let station = Station::new(dir, &format!("{level}-{code}"), code);
        let has_ca = matches!(level, "province" | "county");
        let ca = if has_ca { EMBEDDED } else { "" };
        let trust = superior.map(|place| self.stations[place].trust());
        let trust = format!("{ca}{}", trust.unwrap_or_default());
        let made = station.init(level, &trust, &everyone()).expect(0);
        if let Some(place) = superior {
            self.stations[place].enrol(&station, made.one());
        }
        self.stations.push(station);
        self.superior.push(superior);
    }

    fn schools(&self) -> std::ops::Range<usize> {
        let first = 1 + self.amounts.prefectures + self.amounts.counties;
        first..first + self.amounts.schools
    }

    fn college(&self) -> usize {
        self.stations.len() - 1
    }

    fn below(&self, place: usize) -> Vec<usize> {
        let is_below = |other: &usize| self.superior[*other] == Some(place);
        (0..self.stations.len()).filter(is_below).collect()
    }

    fn act(&self, place: usize, args: &[&str]) -> support::Answer {
        let answer = self.stations[place].act(SYSTEM, args).expect(0);
        self.steps.set(self.steps.get() + 1);
        answer
    }

    /// The station's line of the report, which must balance; zeros before anything came.
    fn counts(&self, place: usize, words: &[&str]) -> Vec<u64> {
        let report = self.act(place, &["stock", "report"]);
        let Some(line) = report.items().first() else {
            return vec![0; words.len()];
        };
        assert_eq!(line["balanced"], true, "{line}");
        let count = |word: &&str| line[*word].as_u64().unwrap();
        words.iter().map(count).collect()
    }

    /// Dispatches boxes to a station below and has it sign; `missing` did not come.
    fn send_down(&self, to: usize, boxes: &[String], missing: &[String]) {
        let from = self.superior[to].unwrap();
        let code = self.stations[to].code;
        let (note, answer) = (self.file(from, "note"), self.file(to, "answer"));
        let mut args = vec!["stock", "dispatch", code, "--out", text(&note)];
        for label in boxes {
            args.extend(["--box", label]);
        }
        self.act(from, &args);
        let in_transit = self.counts(from, &["in_transit"])[0];
        let mut args = vec!["stock", "sign-for", text(&note), "--out", text(&answer)];
        for serial in missing {
            args.extend(["--missing", serial]);
        }
        let signed = self.act(to, &args);
        let received = signed.one()["received"].as_u64().unwrap();
        self.counts(to, &["received"]);
        self.act(from, &["stock", "receive-sign-for", text(&answer)]);
        let left = self.counts(from, &["in_transit"])[0];
        assert_eq!(in_transit - left, received);
    }

    fn file(&self, place: usize, name: &str) -> PathBuf {
        self.stations[place].file(name)
    }

    /// What was sent down, less what came back or is on its way, is what the stations below have
    /// received, less what they sent back.
    fn levels_meet(&self) {
        for place in 0..self.stations.len() {
            let below = self.below(place);
            if below.is_empty() {
                continue;
            }
            let above = self.counts(place, &["dispatched", "in_transit"]);
            let back_of_place: u64 = 0; // Nothing but schools sends back here.
            let received: u64 = below
                .iter()
                .map(|place| {
                    let counts = self.counts(*place, &["received", "dispatched"]);
                    let is_leaf = self.below(*place).is_empty();
                    counts[0] - if is_leaf { counts[1] } else { back_of_place }
                })
                .sum();
            assert_eq!(above[0] - above[1], received, "at {place}");
        }
    }
}

/// The label of a station's box.
fn label(all: &Province, place: usize) -> String {
    format!("箱{}", all.stations[place].code)
}

/// The serial numbers that are not real ukeys, of one box.
fn invented(place: usize, at: usize) -> String {
    format!("FT{place:02}-{at:04}")
}

/// The supplier's list: a box for each school and the college, the rest in reserve. The first of a
/// school's box are real ukeys that wait in `pool`.
fn delivery(all: &Province, pool: &Path) -> String {
    let amounts = all.amounts;
    let mut list = "序列号,箱号\n".to_owned();
    let mut count = 0;
    for place in all.schools().chain([all.college()]) {
        let is_college = place == all.college();
        let real = if is_college {
            0
        } else {
            amounts.made_per_school
        };
        let whole = if is_college {
            amounts.to_college
        } else {
            amounts.to_school
        };
        let box_of = label(all, place);
        for at in 0..whole {
            let serial = if at < real {
                let ukeys = virtual_ukeys();
                let folder = pool.join(all.stations[place].code);
                fs::create_dir_all(&folder).unwrap();
                ukeys.make(&folder).unwrap().serial.to_string()
            } else {
                invented(place, at)
            };
            writeln!(list, "{serial},{box_of}").unwrap();
            count += 1;
        }
    }
    for at in count..amounts.blanks {
        writeln!(list, "RES-{at:04},储备").unwrap();
    }
    list
}

/// The box has come: its real ukeys are plugged in.
fn unpack(all: &Province, pool: &Path, place: usize) {
    let ukeys = all.stations[place].home().join("ukeys");
    let folder = pool.join(all.stations[place].code);
    for entry in fs::read_dir(folder).unwrap() {
        let from = entry.unwrap().path();
        let to = ukeys.join(from.file_name().unwrap());
        fs::rename(&from, &to).unwrap();
        virtual_ukey::insert(&to).unwrap();
    }
}

/// Requests through the paper chain, ukeys made to 待下载, certified by the county, finished.
fn make(all: &Province, place: usize) {
    let (school, count) = (&all.stations[place], all.amounts.made_per_school);
    let county = &all.stations[all.superior[place].unwrap()];
    let numbers = school.submit_requests(count);
    let approve = ["request", "approve"].into_iter();
    let approve: Vec<&str> = approve.chain(numbers.iter().map(String::as_str)).collect();
    school.act(SECURITY, &approve).expect(0);
    let made = school.act(SYSTEM, &["personalise", "--all", "--pin", "random"]);
    assert_eq!(made.expect(3).events("summary")[0]["pending"], count);
    assert_eq!(
        all.counts(place, &["personalising"])[0],
        u64::try_from(count).unwrap()
    );
    let (orders, answers) = (school.file("orders"), county.file("answers"));
    all.act(place, &["ca", "exchange", "out", text(&orders)]);
    county
        .act(SYSTEM, &["ca", "exchange", "in", text(&orders)])
        .expect(0);
    county.act(SECURITY, &["ca", "unlock"]).expect(0);
    county
        .act(SYSTEM, &["ca", "exchange", "out", text(&answers)])
        .expect(0);
    // The folder holds the answers of the other schools of the county too: they are not this one's.
    school.act(SYSTEM, &["ca", "exchange", "in", text(&answers)]);
    let finished = all.act(place, &["resume"]);
    assert_eq!(finished.events("summary")[0]["issued"], count);
    fs::remove_dir_all(&answers).unwrap();
}

/// Every station's tally goes up, the lowest first: the province sees each station once, nothing differs
/// between the levels, and each line is what the station itself reports.
fn tallies_meet(all: &Province) {
    for place in (1..all.stations.len()).rev() {
        let (superior, file) = (all.superior[place].unwrap(), all.file(place, "tally"));
        all.act(place, &["stock", "tally", "--out", text(&file)]);
        let taken = all.act(superior, &["stock", "tally", "receive", text(&file)]);
        assert_eq!(taken.one()["differs"], false, "{:?}", taken.one());
    }
    let shown = all.act(0, &["stock", "tally", "show"]);
    assert_eq!(shown.items().len(), all.stations.len());
    for (place, station) in all.stations.iter().enumerate() {
        let is_its = |item: &&serde_json::Value| item["unit_code"] == station.code;
        let line = shown.items().iter().find(is_its).unwrap();
        let words = [
            "received",
            "blank",
            "issued",
            "lost",
            "damaged",
            "dispatched",
        ];
        let counts = all.counts(place, &words);
        for (word, count) in words.iter().zip(counts) {
            assert_eq!(line["stock"][0][word], count, "{} {word}", station.code);
        }
    }
}

#[test]
fn blanks_flow_through_a_province_and_every_balance_holds() {
    let dir = memory_dir();
    let amounts = amounts();
    let all = Province::new(dir.path(), amounts);
    let pool = dir.path().join("pool");
    let list = all.file(0, "delivery.csv");
    fs::write(&list, delivery(&all, &pool)).unwrap();
    let count = amounts.blanks.to_string();
    let receive = [
        "stock",
        "receive",
        "--file",
        text(&list),
        "--model",
        "softhsm2",
    ];
    all.act(0, &[&receive[..], &["--count", &count]].concat());
    assert_eq!(
        all.counts(0, &["blank"])[0],
        u64::try_from(amounts.blanks).unwrap()
    );

    // Down, level by level; each of the first schools misses one when its box is opened.
    let boxes = |places: Vec<usize>| {
        places
            .into_iter()
            .map(|place| label(&all, place))
            .collect::<Vec<_>>()
    };
    for prefecture in all.below(0) {
        if prefecture == all.college() {
            all.send_down(prefecture, &boxes(vec![prefecture]), &[]);
            continue;
        }
        let schools = all
            .below(prefecture)
            .into_iter()
            .flat_map(|county| all.below(county));
        all.send_down(prefecture, &boxes(schools.collect()), &[]);
        for county in all.below(prefecture) {
            all.send_down(county, &boxes(all.below(county)), &[]);
        }
    }
    for (at, place) in all.schools().enumerate() {
        let last = invented(place, amounts.to_school - 1);
        let missing: Vec<String> = (at < amounts.lost).then_some(last).into_iter().collect();
        all.send_down(place, &boxes(vec![place]), &missing);
        unpack(&all, &pool, place);
    }
    all.levels_meet();

    // What did not come is given up by the counties.
    let mut lost = 0;
    for county in 0..all.stations.len() {
        let open = all.act(county, &["stock", "discrepancy", "list"]);
        let sent = open
            .items()
            .iter()
            .filter(|_item| !all.below(county).is_empty());
        for item in sent {
            let number = item["number"].as_str().unwrap();
            let explain = ["stock", "discrepancy", "explain", number, "--as", "lost"];
            all.act(county, &[&explain[..], &["--reason", "途中丢失"]].concat());
            let accept = ["stock", "discrepancy", "accept", number];
            all.stations[county].act(SECURITY, &accept).expect(0);
            lost += 1;
        }
    }
    assert_eq!(lost, amounts.lost);
    all.levels_meet();

    for place in all.schools() {
        make(&all, place);
    }
    for place in all.schools().rev().take(amounts.damaged) {
        let serial = invented(place, amounts.made_per_school);
        all.act(place, &["ukey", "damaged", &serial, "--reason", "外壳破损"]);
        all.counts(place, &["damaged"]);
    }
    // One school returns what it does not need.
    let place = all.schools().end - 1;
    let county = all.superior[place].unwrap();
    let serials = (1..=amounts.returned).map(|at| invented(place, amounts.made_per_school + at));
    let serials: Vec<String> = serials.collect();
    let (note, answer) = (all.file(place, "back"), all.file(county, "answer"));
    let mut back = vec![
        "stock",
        "send-back",
        "--reason",
        "多余",
        "--out",
        text(&note),
    ];
    back.extend(serials.iter().map(String::as_str));
    all.act(place, &back);
    all.act(
        county,
        &["stock", "sign-for", text(&note), "--out", text(&answer)],
    );
    all.act(place, &["stock", "receive-sign-for", text(&answer)]);
    all.levels_meet();

    tallies_meet(&all);

    // At the top it adds up: every ukey is in one place.
    let words = [
        "blank",
        "issued",
        "handed_out",
        "lost",
        "damaged",
        "returned",
        "destroyed",
        "in_transit",
    ];
    let mut sums = vec![0; words.len()];
    for place in 0..all.stations.len() {
        for (sum, count) in sums.iter_mut().zip(all.counts(place, &words)) {
            *sum += count;
        }
        let verdict = all.act(place, &["audit", "verify"]);
        assert_eq!(verdict.one()["intact"], true);
    }
    let made = amounts.schools * amounts.made_per_school;
    let expected = [
        amounts.blanks - made - amounts.lost - amounts.damaged,
        made,
        0,
        amounts.lost,
        amounts.damaged,
        0,
        0,
        0,
    ];
    let expected = expected.map(|count| u64::try_from(count).unwrap());
    assert_eq!(sums, expected);
    println!(
        "{} stations, {} blanks, {made} made, {} commands that were judged",
        all.stations.len(),
        amounts.blanks,
        all.steps.get()
    );
}
