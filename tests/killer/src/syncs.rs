//! Preloaded into the station: counts the syncs of the store's log, and kills the station at one.

use std::ffi::{c_char, c_int};

use crate::calls::append;

/// Preloaded: syncs of the store's write-ahead log are counted.
///
/// # Safety
/// As `fdatasync(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the next definition of the same function.
    unsafe { synced(fd, c"fdatasync".as_ptr()) }
}

/// As [`fdatasync`].
///
/// # Safety
/// As `fsync(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the next definition of the same function.
    unsafe { synced(fd, c"fsync".as_ptr()) }
}

unsafe fn synced(fd: c_int, name: *const c_char) -> c_int {
    let count = if is_store_log(fd) {
        std::env::var("KILLER_SYNCS").map_or(0, |path| append(&path, b'.'))
    } else {
        0
    };
    let at = std::env::var("KILLER_SYNC_AT").unwrap_or_default();
    let is_now = |phase: &str| count > 0 && at == format!("{count}:{phase}");
    // SAFETY: plain system calls, and the function that ours stands in front of.
    unsafe {
        if is_now("before") {
            libc::kill(libc::getpid(), libc::SIGKILL);
        }
        let next = libc::dlsym(libc::RTLD_NEXT, name);
        if next.is_null() {
            return -1;
        }
        let next: unsafe extern "C" fn(c_int) -> c_int = std::mem::transmute(next);
        let result = next(fd);
        if is_now("after") {
            libc::kill(libc::getpid(), libc::SIGKILL);
        }
        result
    }
}

fn is_store_log(fd: c_int) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{fd}"))
        .is_ok_and(|path| path.to_string_lossy().ends_with("station.db-wal"))
}
