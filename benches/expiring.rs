//! How fast the end of 100,000 certificates in 26,000 units is told, by unit and month:
//! `cargo bench --bench expiring`. Promise: 100 ms at most.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

#[path = "units/invented.rs"]
mod units;

use std::path::Path;

use rusqlite::{Connection, params};
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::station::clock::Stopwatch;
use ukey_station::store::{Store, StoreError};
use units::unit;

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CERTIFICATES: u32 = 100_000;
const UNITS: u32 = 26_000;
const ROUNDS: usize = 20;
const KEY: [u8; 32] = [7; 32];

/// Rows of the shape that the main job leaves, of no request and on no ukey.
fn fill(path: &Path, now: Timestamp) {
    let db = Connection::open(path).unwrap();
    let key = hex::encode(KEY);
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{key}'\"; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;
         PRAGMA foreign_keys = OFF; BEGIN;"
    ))
    .unwrap();
    let der = vec![0x30_u8; 1_000];
    for at in 0..CERTIFICATES {
        // Three years of ends, as they were handed out.
        let end = now.plus_days(i64::from(at.wrapping_mul(7919) % 1095) + 1);
        let of = unit(at.wrapping_mul(104_729) % UNITS).id.to_string();
        db.prepare_cached(
            "INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after,
                 der, state, stored_at, unit)
             VALUES (?1, ?1, ?1, ?1, '', ?2, ?3, ?4, 'active', ?2, ?5)",
        )
        .unwrap()
        .execute(params![
            format!("{:032x}", u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            now.to_string(),
            end.to_string(),
            der,
            of,
        ])
        .unwrap();
    }
    db.execute_batch("COMMIT;").unwrap();
}

fn main() {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let path = dir.path().join("station.db");
    let mut store = Store::create(&path, &KEY).unwrap();
    let written =
        store.write(|writing| (0..UNITS).try_for_each(|at| writing.insert_unit(&unit(at))));
    let written: Result<(), StoreError> = written;
    written.unwrap();
    drop(store);
    let now = Timestamp::from_unix(1_795_507_200).unwrap();
    fill(&path, now);
    let store = Store::open(&path, &KEY).unwrap();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_round| {
            let watch = Stopwatch::start();
            let months = store.read().expiring_by_month(now).unwrap();
            let ms = watch.ms();
            let count: u64 = months.iter().map(|month| month.count).sum();
            assert_eq!(count, u64::from(CERTIFICATES));
            ms
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (median, slowest) = (times.get(ROUNDS / 2).unwrap(), times.last().unwrap());
    println!("certificates         {CERTIFICATES} in {UNITS} units");
    println!("by unit and month    {median:.1} ms median, {slowest:.1} ms slowest");
}
