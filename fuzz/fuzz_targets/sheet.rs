//! Any bytes as a sheet of applications, and of units: rows or a named refusal, never a panic.
//! `cargo +nightly fuzz run sheet`
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukey_station::documents::sheet::{requests, units};

fuzz_target!(|bytes: &[u8]| {
    match requests::read(bytes) {
        Ok(sheet) => assert!(!sheet.rows.is_empty()),
        Err(error) => assert!(error.code().starts_with("sheet-")),
    }
    if let Err(error) = units::read(bytes) {
        assert!(error.code().starts_with("sheet-"));
    }
});
