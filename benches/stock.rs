//! How fast the stock of a prefecture is: pages, the proof of the daily balance, a delivery by list
//! against the floor of reading the same sheet and inserting it raw. `cargo bench --bench stock`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

use std::fs;
use std::path::Path;

use calamine::{Reader as _, Xlsx, open_workbook};
use rusqlite::Connection;
use ukey_station::domain::officer::Duty;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::domain::ukey::{Serial, UkeyIdentity, UkeyState};
use ukey_station::station::clock::Stopwatch;
use ukey_station::station::jobs::practice;
use ukey_station::station::jobs::stock::{self, Delivery};
use ukey_station::station::jobs::units::BadRows;
use ukey_station::store::{Store, StoreError, UkeyFilter};

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BLANKS: usize = 30_000;
const LIST: usize = 10_000;
const ROUNDS: usize = 100;
const DAYS: usize = 250;

fn identity(at: usize) -> UkeyIdentity {
    UkeyIdentity {
        maker: "Example".to_owned(),
        model: ["K1", "K2", "K3"][at % 3].to_owned(),
        serial: Serial::parse(&format!("FT{:08x}", at * 2_654_435_761 % 0xffff_fff1)).unwrap(),
    }
}

/// 30,000 ukeys that came on 250 days; every third has gone on a step.
fn filled(store: &mut Store) {
    for day in 0..DAYS {
        let at =
            Timestamp::from_unix(1_764_000_000 + i64::try_from(day).unwrap() * 86_400).unwrap();
        let written = store.write(|writing| {
            for ukey in (0..BLANKS).skip(day).step_by(DAYS) {
                let identity = identity(ukey);
                let label = format!("A{}", ukey % 300);
                let what = ("example", Some(label.as_str()));
                writing.receive_ukey(&identity, what, UkeyState::Blank, (at, None))?;
                if ukey % 3 == 0 {
                    let damaged = (UkeyState::Blank, UkeyState::Damaged);
                    writing.move_ukey(&identity.serial, damaged, None, at)?;
                }
            }
            Ok::<_, StoreError>(())
        });
        written.unwrap();
    }
}

fn pages() -> Vec<(&'static str, UkeyFilter)> {
    let page = UkeyFilter {
        limit: Some(50),
        ..UkeyFilter::default()
    };
    let of = |state| UkeyFilter {
        state: Some(state),
        ..page.clone()
    };
    let text = |text: &str| Some(text.to_owned());
    vec![
        ("first page", page.clone()),
        (
            "last page",
            UkeyFilter {
                offset: BLANKS - 50,
                ..page.clone()
            },
        ),
        ("by state", of(UkeyState::Blank)),
        (
            "by state, deep",
            UkeyFilter {
                offset: 19_000,
                ..of(UkeyState::Blank)
            },
        ),
        ("state with none", of(UkeyState::Lost)),
        (
            "by model",
            UkeyFilter {
                model: text("K2"),
                ..page.clone()
            },
        ),
        (
            "by box",
            UkeyFilter {
                box_of: text("A17"),
                ..page.clone()
            },
        ),
        (
            "part of a serial",
            UkeyFilter {
                serial_part: text("9f3"),
                ..page.clone()
            },
        ),
        (
            "nothing",
            UkeyFilter {
                serial_part: text("zz"),
                ..page
            },
        ),
    ]
}

fn times(mut measure: impl FnMut()) -> (f64, f64) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_round| {
            let watch = Stopwatch::start();
            measure();
            watch.ms()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100 - 1])
}

/// Reads the sheet and inserts its rows into a bare table of an encrypted file: what cannot be saved.
fn floor(sheet: &Path, db: &Path) -> f64 {
    let watch = Stopwatch::start();
    let mut book: Xlsx<_> = open_workbook(sheet).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let db = Connection::open(db).unwrap();
    db.execute_batch(
        "PRAGMA key = \"x'0707070707070707070707070707070707070707070707070707070707070707'\";
         PRAGMA cipher_hmac_algorithm = HMAC_SHA256; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE raw (serial TEXT PRIMARY KEY, model TEXT, box TEXT);
         BEGIN;",
    )
    .unwrap();
    let mut insert = db.prepare("INSERT INTO raw VALUES (?1, ?2, ?3)").unwrap();
    for row in range.rows().skip(1) {
        let cell = |at: usize| row.get(at).map(ToString::to_string).unwrap_or_default();
        insert.execute([cell(0), cell(2), cell(3)]).unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
    watch.ms()
}

/// A delivery of 10,000 with model and box.
fn sheet(path: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["序列号", "终止序列号", "型号", "箱号"]) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for at in 0..LIST {
        let row = u32::try_from(at).unwrap() + 1;
        sheet.write_string(row, 0, format!("XY{at:08}")).unwrap();
        sheet.write_string(row, 2, "softhsm2").unwrap();
        sheet.write_string(row, 3, format!("B{}", at / 50)).unwrap();
    }
    book.save(path).unwrap();
}

fn import(dir: &Path) {
    let path = dir.join("list.xlsx");
    sheet(&path);
    let home = dir.join("home");
    practice::new(&home, "softhsm2", 0, 0).unwrap();
    let floors: Vec<f64> = (0..5)
        .map(|round| floor(&path, &dir.join(format!("{round}.db"))))
        .collect();
    let floor = floors.iter().copied().fold(f64::INFINITY, f64::min);
    let (desk, officer) = practice::open(&home, Duty::ManageStock).unwrap();
    let watch = Stopwatch::start();
    let delivery = Delivery {
        sheet: Some(fs::read(&path).unwrap()),
        ..Delivery::default()
    };
    let done = stock::receive(&desk, &officer, None, (&delivery, BadRows::RefuseAll)).unwrap();
    let ms = watch.ms();
    assert_eq!(done.received, LIST, "{:?}", done.faults.first());
    println!(
        "list of {LIST}       {ms:8.1} ms, floor {floor:.1} ms, {:.2} times",
        ms / floor
    );
    let report = stock::report(&desk, &officer, None).unwrap();
    assert!(report.unproven.is_empty());
}

fn main() -> std::process::ExitCode {
    // The station starts its own program as the worker of the tokens that a practice home is made with.
    if std::env::args().nth(1).as_deref() == Some("token-worker") {
        return ukey_station::station::token_worker();
    }
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let path = dir.path().join("station.db");
    let mut store = Store::create(&path, &[7; 32]).unwrap();
    filled(&mut store);
    drop(store);
    let store = Store::open(&path, &[7; 32]).unwrap();
    for (what, filter) in pages() {
        let (median, p99) = times(|| {
            let rows = store.read().ukeys_page(&filter).unwrap();
            assert_eq!(
                rows.is_empty(),
                matches!(what, "state with none" | "nothing"),
                "{what}"
            );
        });
        println!("{what:20} {median:8.2} ms median, {p99:8.2} ms p99");
    }
    let (median, p99) = times(|| {
        assert_eq!(store.read().stock(None).unwrap().len(), 3);
    });
    println!("report               {median:8.2} ms median, {p99:8.2} ms p99");
    let (median, p99) = times(|| assert!(store.read().unproven_stock().unwrap().is_empty()));
    println!("proof of {DAYS} days    {median:8.2} ms median, {p99:8.2} ms p99");
    import(dir.path());
    std::process::ExitCode::SUCCESS
}
