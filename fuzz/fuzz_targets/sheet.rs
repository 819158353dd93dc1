#![no_main]

#[path = "../src/sheet.rs"]
mod sheet;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sheet::check(bytes));
