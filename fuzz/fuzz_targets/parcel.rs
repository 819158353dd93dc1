#![no_main]

#[path = "../src/parcel.rs"]
mod parcel;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parcel::check(bytes));
