//! How fast a county takes the tallies of its schools, with one sealed scan of 50 KB each (D-33). Every
//! school is a real home, made and certified by command, which takes some seconds each: `SCHOOLS` says
//! how many, 213 for the whole county.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use ukey_station::station::clock::Stopwatch;

const SCAN: &[u8] = include_bytes!("../tests/support/scan.png");
const SCAN_BYTES: usize = 50_000;

fn main() {
    let count = std::env::var("SCHOOLS")
        .ok()
        .and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(12);
    let dir = support::memory_dir();
    let province = province(&dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let county = Station::new(dir.path(), "county", "124300004448800102");
    certified(&province, &prefecture, "prefecture");
    certified(&prefecture, &county, "county");
    let files: Vec<PathBuf> = (0..count).map(|at| school(&county, &dir, at)).collect();

    let names = files.iter().map(|file| file.to_str().unwrap());
    let args: Vec<&str> = ["stock", "tally", "receive"]
        .into_iter()
        .chain(names)
        .collect();
    let watch = Stopwatch::start();
    county.act(SYSTEM, &args).expect(0);
    let whole = watch.ms();
    // Again, nothing is new: what the command costs without its files' content.
    let watch = Stopwatch::start();
    county.act(SYSTEM, &["stock", "tally", "show"]);
    let start = watch.ms();
    let scans = county.act(SYSTEM, &["stock", "tally", "scans"]).expect(0);
    assert_eq!(scans.items().len(), count);
    println!(
        "{count} tallies with a scan each: {whole:.0} ms in all; {start:.0} ms to sign in and show them"
    );
}

fn certified(superior: &Station, subordinate: &Station, level: &str) {
    let made = subordinate.init(level, &superior.trust(), &everyone());
    superior.enrol(subordinate, made.expect(0).one());
}

/// A school with one request and its scan; its tally's file.
fn school(county: &Station, dir: &tempfile::TempDir, at: usize) -> PathBuf {
    let code = format!("21430{at:05}").leak();
    let school = Station::new(dir.path(), code, code);
    certified(county, &school, "school");
    let mut scan = SCAN.to_vec();
    // No two alike, and none that packs well.
    let mut state = u64::try_from(at).unwrap() + 1;
    scan.resize_with(SCAN_BYTES, || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    });
    for number in school.submit_requests_with(1, &scan) {
        school
            .act(SECURITY, &["request", "approve", &number])
            .expect(0);
    }
    let file = school.file("up.ukey-tally");
    school
        .act(SYSTEM, &["stock", "tally", "--out", file.to_str().unwrap()])
        .expect(0);
    file
}
