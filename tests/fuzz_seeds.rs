//! What `scripts/fuzz.sh` throws at the parsers of foreign files starts from these seeds: the targets
//! are built with the suite and pass on each seed, and on each seed cut short or with a bit turned.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

#[path = "../fuzz/src/frame.rs"]
mod frame;
#[path = "../fuzz/src/parcel.rs"]
mod parcel;
#[path = "../fuzz/src/profile.rs"]
mod profile;
#[path = "../fuzz/src/sheet.rs"]
mod sheet;

use std::fs;
use std::path::Path;

#[test]
fn sheets_made_from_the_seeds_break_nothing() {
    each_of("fuzz/seeds/sheet", sheet::check);
}

#[test]
fn parcels_made_from_the_seeds_break_nothing() {
    each_of("fuzz/seeds/parcel", parcel::check);
}

#[test]
fn workers_answers_made_from_the_seeds_break_nothing() {
    each_of("fuzz/seeds/frame", frame::check);
}

#[test]
fn profiles_made_from_the_bundled_ones_break_nothing() {
    each_of("token-profiles", |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            profile::check(text);
        }
    });
}

/// Each seed, its beginnings and itself with one bit turned, at forty places.
fn each_of(folder: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seeds = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let seed = fs::read(entry.unwrap().path()).unwrap();
        check(&seed);
        for place in (0..seed.len()).step_by(seed.len().div_ceil(40).max(1)) {
            check(&seed[..place]);
            let mut turned = seed.clone();
            turned[place] ^= 1 << (place % 8);
            check(&turned);
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seed");
}
