//! What a bad module does around a call: prints to stdout, never returns, aborts the process.

use crate::target;

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

/// `FAULT_HANG=C_Name[:after]`: this function never returns.
pub(crate) fn hang(function: usize, phase: &str) {
    if target::names("FAULT_HANG", function, phase) {
        loop {
            // SAFETY: a system call.
            unsafe { libc::pause() };
        }
    }
}

/// `FAULT_CRASH=C_Name[:after]`: this function aborts the process.
pub(crate) fn crash(function: usize, phase: &str) {
    if target::names("FAULT_CRASH", function, phase) {
        // SAFETY: ends the process.
        unsafe { libc::abort() };
    }
}
