//! A ukey that counts wrong PINs: `FAULT_PIN_TRIES=n` with `FAULT_PIN_FILE`, which holds one byte for each
//! wrong one since the last right one. At n it is locked, for every PIN.

use std::fs;

use crate::functions::LOGIN;
use crate::{calls, target};

/// `CKR_PIN_INCORRECT`.
const PIN_INCORRECT: usize = 0xA0;
/// `CKR_PIN_LOCKED`.
const PIN_LOCKED: usize = 0xA4;

fn counted() -> Option<(u64, String)> {
    let tries = std::env::var("FAULT_PIN_TRIES").ok()?.parse().ok()?;
    let file = std::env::var("FAULT_PIN_FILE").ok()?;
    target::is_meant().then_some((tries, file))
}

/// What a locked ukey answers to a login.
pub(crate) fn refuse(function: usize) -> Option<usize> {
    let (tries, file) = counted().filter(|_counted| function == LOGIN)?;
    let wrong = fs::metadata(file).map_or(0, |metadata| metadata.len());
    (wrong >= tries).then_some(PIN_LOCKED)
}

/// Counts a login's result.
pub(crate) fn count(function: usize, result: usize) {
    let Some((_tries, file)) = counted().filter(|_counted| function == LOGIN) else {
        return;
    };
    match result {
        0 => drop(fs::remove_file(file)),
        PIN_INCORRECT => drop(calls::append(&file, b'.')),
        _ => {}
    }
}
