//! How long an import of 26,000 rows takes, as a ratio to the floor: reading the same sheet with
//! calamine and putting its cells into an encrypted table as they are, in one transaction. Prints
//! both, the ratio, the memory the import needed at most, and the processor time of both, which says
//! more where others work on the same machine: of the thread that writes, and of all threads.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement at a terminal"
)]

mod province;

use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use calamine::{Data, Reader as _, Xlsx};
use rusqlite::{Connection, params_from_iter};
use ukey_station::domain::officer::Duty;
use ukey_station::station::jobs::units::BadRows;
use ukey_station::station::jobs::{practice, request_import};

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u32 = 26_000;
const ROUNDS: usize = 7;
const UNIT: &str = "示例市练习小学";

fn main() {
    let province::Province {
        bytes: sheet,
        faults,
    } = province::province(UNIT, ROWS);
    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    let (mut floor_busy, mut writer_busy, mut all_busy) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak = 0;
    // In turn, so that a busy machine is busy for both.
    for _round in 0..ROUNDS {
        let dir = tempfile::tempdir().unwrap();
        let before = busy("/proc/thread-self/schedstat");
        floor.push(raw(&sheet, dir.path()));
        floor_busy.push(busy("/proc/thread-self/schedstat").saturating_sub(before));
        let (took, memory, busy) = import(&sheet, &faults, dir.path());
        ours.push(took);
        writer_busy.push(busy.0);
        all_busy.push(busy.1);
        peak = peak.max(memory);
    }
    let (floor, ours) = (median(floor), median(ours));
    println!("rows                {ROWS}");
    println!("calamine + raw      {floor:?}");
    println!("import              {ours:?}");
    println!(
        "ratio               {:.2}",
        ours.as_secs_f64() / floor.as_secs_f64()
    );
    println!("memory of import    {} MB", peak >> 10);
    let (floor, writer, all) = (median(floor_busy), median(writer_busy), median(all_busy));
    println!("processor time      {floor:?}, {writer:?} to write, {all:?} all threads");
    println!(
        "ratio               {:.2}, {:.2}",
        writer.as_secs_f64() / floor.as_secs_f64(),
        all.as_secs_f64() / floor.as_secs_f64()
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The floor.
fn raw(sheet: &[u8], dir: &Path) -> Duration {
    let mut db = Connection::open(dir.join("raw.db")).unwrap();
    let key = "11".repeat(32);
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{key}'\"; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;
         PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE raw (a, b, c, d, e, f, g, h, i, j, k, l);"
    ))
    .unwrap();
    let start = Instant::now();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(sheet)).unwrap();
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).unwrap();
    let tx = db.transaction().unwrap();
    {
        let mut insert = tx
            .prepare("INSERT INTO raw VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)")
            .unwrap();
        for row in range.rows().skip(1) {
            let cells = (0..12).map(|at| row.get(at).map(Data::to_string));
            insert.execute(params_from_iter(cells)).unwrap();
        }
    }
    tx.commit().unwrap();
    start.elapsed()
}

fn import(
    sheet: &[u8],
    faults: &[(u32, &str, &str)],
    dir: &Path,
) -> (Duration, u64, (Duration, Duration)) {
    let home = dir.join("home");
    let made = Command::new(env!("CARGO_BIN_EXE_ukey-station"))
        .args([
            "practice",
            "new",
            "--ukeys",
            "0",
            "--requests",
            "0",
            "--json",
        ])
        .arg(&home)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let (desk, officer) = practice::open(&home, Duty::EnterRequest).unwrap();
    // Linux forgets the highest mark when asked.
    std::fs::write("/proc/self/clear_refs", "5").ok();
    let before = (busy("/proc/thread-self/schedstat"), all_threads());
    let start = Instant::now();
    let report = request_import::import(&desk, &officer, sheet, BadRows::TakeGood).unwrap();
    let took = start.elapsed();
    let busy = (
        busy("/proc/thread-self/schedstat").saturating_sub(before.0),
        all_threads().saturating_sub(before.1),
    );
    let peak = peak_kilobytes();
    // Every fault, none invented, every other row; taken again, nothing is new.
    let mut found: Vec<_> = report.faults.iter().collect();
    found.sort_by_key(|fault| fault.place.row);
    let found = found
        .iter()
        .map(|fault| (fault.place.row, fault.place.field, fault.rule));
    assert!(found.eq(faults.iter().copied()));
    let imported = usize::try_from(ROWS).unwrap() - faults.len();
    assert_eq!((report.imported, report.unchanged), (imported, 0));
    let again = request_import::import(&desk, &officer, sheet, BadRows::TakeGood).unwrap();
    assert_eq!((again.imported, again.unchanged), (0, imported));
    (took, peak, busy)
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.unwrap_or_default().trim().trim_end_matches(" kB");
    digits.parse().unwrap_or_default()
}

/// What a thread has been on a processor for, as Linux counts it.
fn busy(schedstat: &str) -> Duration {
    let text = std::fs::read_to_string(schedstat).unwrap_or_default();
    let nanoseconds = text.split(' ').next().unwrap_or_default();
    Duration::from_nanos(nanoseconds.parse().unwrap_or_default())
}

/// The same of all threads, those that have ended too: in hundredths of a second.
fn all_threads() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets the twelfth and thirteenth: in user mode, in the kernel.
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
