//! No bytes that a worker may write end in a panic, or in memory that nobody asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukey_station::token::worker;

fuzz_target!(|bytes: &[u8]| {
    assert!(worker::whole_answers(bytes) <= bytes.len() / 4);
});
