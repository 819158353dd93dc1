//! Counts and writes down the calls of a run, over all its processes.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Instant;

use crate::{functions, target};

/// Writes a call down in `FAULT_CALLS`, its function's number as one byte, and gives its place, from 1; 0
/// when it is not counted.
pub(crate) fn note(function: usize) -> u64 {
    match std::env::var("FAULT_CALLS") {
        Ok(path) if target::is_meant() => append(&path, u8::try_from(function).unwrap_or(u8::MAX)),
        _ => 0,
    }
}

/// Appends one byte and gives the file's length.
pub(crate) fn append(path: &str, byte: u8) -> u64 {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let Ok(mut file) = file else { return 0 };
    let written = file.write_all(&[byte]).and_then(|()| file.metadata());
    written.map_or(0, |metadata| metadata.len())
}

/// Adds a byte to `FAULT_FIRED`: a fault has come to its place.
pub(crate) fn fired() {
    if let Ok(path) = std::env::var("FAULT_FIRED") {
        append(&path, b'.');
    }
}

/// Adds a line to `FAULT_LOG`: process, function, result (CKR, hexadecimal), microseconds.
pub(crate) fn log(function: usize, result: usize, began: Instant) {
    let Ok(path) = std::env::var("FAULT_LOG") else {
        return;
    };
    if !target::is_meant() {
        return;
    }
    let (process, name) = (std::process::id(), functions::NAMES[function]);
    let micros = began.elapsed().as_micros();
    let line = format!("{process} {name} {result:#x} {micros}\n");
    let file = OpenOptions::new().create(true).append(true).open(path);
    if let Ok(mut file) = file {
        drop(file.write_all(line.as_bytes()));
    }
}

/// `FAULT_PRINT=text`: the module prints it, and a line end, to stdout before every call.
pub(crate) fn print() {
    if let Ok(text) = std::env::var("FAULT_PRINT")
        && target::is_meant()
    {
        let line = format!("{text}\n");
        // SAFETY: a system call on bytes that live; past Rust's own buffer, as a C library does it.
        unsafe { libc::write(1, line.as_ptr().cast(), line.len()) };
    }
}
