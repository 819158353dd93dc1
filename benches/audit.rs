//! How fast `audit verify` is, beside hashing the same bytes from memory: `cargo bench --bench audit`.
//! Promise: at least 100,000 rows a second, and at most three times as long as the hashing alone.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

use std::hint::black_box;

use ukey_station::domain::audit::{AuditFields, AuditRow, GENESIS, digest};
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::station::clock::Stopwatch;
use ukey_station::store::{Store, StoreError};

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u32 = 50_000;
const ROUNDS: u32 = 20;

/// A row like those of the main job.
fn row(index: u32) -> AuditRow {
    let at = Timestamp::from_unix(1_795_507_200 + i64::from(index)).unwrap();
    let mut row = AuditRow::new(at, "admin", Some("system"), "ukey-issued");
    row.request = Some(format!("019abcde-0000-7000-8000-{index:012x}"));
    row.ukey = Some(format!("{index:016x}"));
    row.certificate = Some(format!("{index:040x}"));
    row.detail = Some(format!("019abcdf-0000-7000-8000-{index:012x}"));
    row
}

/// The shortest of some rounds, in seconds.
fn shortest(mut act: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_round| {
        let watch = Stopwatch::start();
        act();
        watch.ms() / 1000.0
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn main() {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let mut store = Store::create(&dir.path().join("station.db"), &[7; 32]).unwrap();
    let mut head = GENESIS;
    let mut encoded = Vec::new();
    for index in 0..ROWS {
        let row = row(index);
        store.act(&row, |_writing| Ok::<_, StoreError>(())).unwrap();
        let sequence = u64::from(index) + 1;
        let at = row.at.to_string();
        let fields = [
            Some(at.as_str()),
            Some(row.officer.as_str()),
            row.post.as_deref(),
            Some(row.act.as_str()),
            row.request.as_deref(),
            row.ukey.as_deref(),
            row.certificate.as_deref(),
            Some(row.result.as_str()),
            row.detail.as_deref(),
        ];
        let mut bytes = Vec::new();
        AuditFields(fields.map(|field| field.map(str::as_bytes)))
            .encode(sequence, &head, &mut bytes);
        head = digest(&bytes);
        encoded.push(bytes);
    }
    let verdict = store.verify_audit().unwrap();
    assert_eq!((verdict.rows, verdict.head), (u64::from(ROWS), head));
    assert_eq!(verdict.first_broken, None);

    let verify = shortest(|| {
        black_box(store.verify_audit().unwrap());
    });
    let hashing = shortest(|| {
        for bytes in &encoded {
            black_box(digest(bytes));
        }
    });
    let bytes: usize = encoded.iter().map(Vec::len).sum();
    println!("rows            {ROWS}, {bytes} bytes hashed");
    println!("audit verify    {:.0} rows/s", f64::from(ROWS) / verify);
    println!("hashing alone   {:.0} rows/s", f64::from(ROWS) / hashing);
    println!("ratio           {:.2}", verify / hashing);
}
