//! Lies of `C_GetTokenInfo`: another serial number, a locked SO PIN, a vendor's fresh ukey.

use std::fs;

use crate::{calls, functions, target};

/// Where the serial number stands in `CK_TOKEN_INFO`: behind label, maker and model.
const SERIAL: std::ops::Range<usize> = 80..96;
/// `CK_TOKEN_INFO.flags` stand behind it.
const FLAGS: usize = 96;
/// `CKF_SO_PIN_LOCKED`.
const SO_PIN_LOCKED: libc::c_ulong = 0x0040_0000;

/// `CKF_SO_PIN_TO_BE_CHANGED`.
const FACTORY_SO_PIN: libc::c_ulong = 0x0080_0000;
/// As vendors deliver: that, `CKF_USER_PIN_INITIALIZED`, `CKF_TOKEN_INITIALIZED` and
/// `CKF_USER_PIN_TO_BE_CHANGED`.
const FACTORY: libc::c_ulong = FACTORY_SO_PIN | 0x0000_0008 | 0x0000_0400 | 0x0008_0000;

/// Changes what the module wrote to `info`, where it is a token with a serial number:
/// `FAULT_SERIAL=text` (16 characters at most), `FAULT_SO_LOCKED=1`, and `FAULT_FACTORY=FILE`: a vendor's
/// fresh ukey, until FILE says that it is none any more ([`count`]).
///
/// # Safety
/// `info` points to the `CK_TOKEN_INFO` that `C_GetTokenInfo` has just filled.
pub(crate) unsafe fn lie(function: usize, result: usize, info: usize) {
    if function != functions::GET_TOKEN_INFO || result != 0 || !target::is_meant() {
        return;
    }
    let info = info as *mut u8;
    // SAFETY: the caller's structure is longer than what is touched; flags are read unaligned.
    unsafe {
        let serial = std::slice::from_raw_parts_mut(info.add(SERIAL.start), SERIAL.len());
        if serial.iter().all(|byte| *byte == b' ' || *byte == 0) {
            return;
        }
        if let Ok(text) = std::env::var("FAULT_SERIAL") {
            serial.fill(b' ');
            for (place, byte) in serial.iter_mut().zip(text.bytes()) {
                *place = byte;
            }
        }
        let locked = std::env::var_os("FAULT_SO_LOCKED").map_or(0, |_set| SO_PIN_LOCKED);
        let lie = locked | factory_flags();
        let flags = info.add(FLAGS).cast::<libc::c_ulong>();
        flags.write_unaligned(flags.read_unaligned() | lie);
    }
}

/// What is left of the vendor's PINs: all, after `C_InitToken` the SO PIN, after `C_SetPIN` nothing.
fn factory_flags() -> libc::c_ulong {
    let Some(file) = std::env::var_os("FAULT_FACTORY") else {
        return 0;
    };
    match fs::metadata(file).map_or(0, |metadata| metadata.len()) {
        0 => FACTORY,
        1 => FACTORY_SO_PIN,
        _ => 0,
    }
}

/// Adds a byte to the file of `FAULT_FACTORY` for each `C_InitToken` and `C_SetPIN` that worked.
pub(crate) fn count(function: usize, result: usize) {
    let changes = [functions::INIT_TOKEN, functions::SET_PIN].contains(&function);
    if let Ok(file) = std::env::var("FAULT_FACTORY")
        && changes
        && result == 0
        && target::is_meant()
    {
        calls::append(&file, b'.');
    }
}

/// Another ukey's serial number.
///
/// # Safety
/// As [`lie`].
pub(crate) unsafe fn swap(info: usize) {
    // SAFETY: the caller's structure is longer than what is touched.
    let first = unsafe { &mut *(info as *mut u8).add(SERIAL.start) };
    *first = if *first == b'0' { b'1' } else { b'0' };
}
