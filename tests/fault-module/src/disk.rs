//! Preloaded into the station: counts the syncs of the store's write-ahead log in `FAULT_SYNCS`, and fails
//! at sync n of `FAULT_DISK=n:KIND`:
//!
//! - `kill`, `kill-after`: SIGKILL to the station before or after the sync; `kill-workers`: to its workers;
//! - `power`, `power-torn`: what was written to the store since its last sync is gone, or the half of it,
//!   then SIGKILL: a PC that lost its power;
//! - `error`: the sync fails with EIO, and each later one;
//! - `full`, `read-only`: from there on nothing is written to files below `FAULT_UNDER`: ENOSPC, EROFS;
//!   `0:full`: from the start.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::calls::{append, fired};

/// What the disk answers from now on; 0: nothing.
static ERRNO: AtomicI32 = AtomicI32::new(0);

/// One write since the last sync of its file: what stood there, and how long the file was.
struct Undo {
    fd: c_int,
    at: i64,
    before: Vec<u8>,
    length: i64,
}

static UNDO: Mutex<BTreeMap<PathBuf, Vec<Undo>>> = Mutex::new(BTreeMap::new());

type Sync = unsafe extern "C" fn(c_int) -> c_int;
type Write = unsafe extern "C" fn(c_int, *const c_void, usize) -> isize;
type WriteAt = unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize;

/// As `fdatasync(2)`.
///
/// # Safety
/// As that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the next definition of the same function.
    unsafe {
        synced(
            fd,
            std::mem::transmute::<*mut c_void, Sync>(next(c"fdatasync".as_ptr())),
        )
    }
}

/// As `fsync(2)`.
///
/// # Safety
/// As that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the next definition of the same function.
    unsafe {
        synced(
            fd,
            std::mem::transmute::<*mut c_void, Sync>(next(c"fsync".as_ptr())),
        )
    }
}

/// As `write(2)`.
///
/// # Safety
/// As that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize {
    if refuses(fd) {
        return -1;
    }
    // SAFETY: the next definition of the same function.
    unsafe {
        let next: Write = std::mem::transmute(next(c"write".as_ptr()));
        next(fd, bytes, count)
    }
}

/// As `pwrite(2)`.
///
/// # Safety
/// As that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    // SAFETY: the next definition of the same function.
    unsafe { written(fd, bytes, (count, at)) }
}

/// As `pwrite64(2)`.
///
/// # Safety
/// As that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    // SAFETY: the next definition of the same function.
    unsafe { written(fd, bytes, (count, at)) }
}

unsafe fn next(name: *const c_char) -> *mut c_void {
    // SAFETY: a name of libc's.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name) }
}

unsafe fn written(fd: c_int, bytes: *const c_void, (count, at): (usize, i64)) -> isize {
    if refuses(fd) {
        return -1;
    }
    if let Some(path) = store_file(fd) {
        let undo = before(fd, count, at);
        let mut all = UNDO.lock().expect("no panic while it is held");
        all.entry(path).or_default().push(undo);
    }
    // SAFETY: the function that ours stands in front of.
    unsafe {
        let next: WriteAt = std::mem::transmute(next(c"pwrite64".as_ptr()));
        next(fd, bytes, count, at)
    }
}

fn before(fd: c_int, count: usize, at: i64) -> Undo {
    let mut before = vec![0; count];
    // SAFETY: a buffer of that length; the structure is filled.
    let length = unsafe {
        let read = libc::pread64(fd, before.as_mut_ptr().cast(), count, at);
        before.truncate(usize::try_from(read).unwrap_or(0));
        let mut stat: libc::stat64 = std::mem::zeroed();
        libc::fstat64(fd, &raw mut stat);
        stat.st_size
    };
    Undo {
        fd,
        at,
        before,
        length,
    }
}

unsafe fn synced(fd: c_int, next: Sync) -> c_int {
    let path = store_file(fd);
    let is_log = path
        .as_ref()
        .is_some_and(|path| path.ends_with("station.db-wal"));
    let count = match std::env::var("FAULT_SYNCS") {
        Ok(file) if is_log => append(&file, b'.'),
        _ => 0,
    };
    let fault = std::env::var("FAULT_DISK").unwrap_or_default();
    let fault = fault
        .split_once(':')
        .filter(|(at, _kind)| count > 0 && at.parse() == Ok(count));
    let fault = fault.map_or("", |(_at, kind)| kind);
    if !fault.is_empty() {
        fired();
    }
    begin(fault);
    if path.is_some() && ERRNO.load(Ordering::Relaxed) == libc::EIO {
        return fail(libc::EIO);
    }
    // SAFETY: the function that ours stands in front of.
    let result = unsafe { next(fd) };
    if let Some(path) = path {
        UNDO.lock()
            .expect("no panic while it is held")
            .remove(&path);
    }
    if fault == "kill-after" {
        kill();
    }
    result
}

fn begin(fault: &str) {
    match fault {
        "kill" => kill(),
        "kill-workers" => kill_workers(),
        "power" => lose_power(false),
        "power-torn" => lose_power(true),
        "error" => ERRNO.store(libc::EIO, Ordering::Relaxed),
        "full" => ERRNO.store(libc::ENOSPC, Ordering::Relaxed),
        "read-only" => ERRNO.store(libc::EROFS, Ordering::Relaxed),
        _ => {}
    }
}

/// Whether a write is refused, `errno` set.
fn refuses(fd: c_int) -> bool {
    let errno = match ERRNO.load(Ordering::Relaxed) {
        0 => from_the_start(),
        errno => errno,
    };
    if errno == 0 || errno == libc::EIO {
        return false;
    }
    let under = std::env::var("FAULT_UNDER").unwrap_or_default();
    let refused = file(fd).is_some_and(|path| !under.is_empty() && path.starts_with(under));
    if refused {
        fail(errno);
    }
    refused
}

/// What the disk answers from the first write on.
fn from_the_start() -> c_int {
    match std::env::var("FAULT_DISK").as_deref() {
        Ok("0:full") => libc::ENOSPC,
        Ok("0:read-only") => libc::EROFS,
        _ => 0,
    }
}

fn fail(errno: c_int) -> c_int {
    // SAFETY: this thread's own.
    unsafe { *libc::__errno_location() = errno };
    -1
}

fn kill() {
    // SAFETY: a system call.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// SIGKILL to every process that this one started.
fn kill_workers() {
    let own = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
    // Threads start workers too.
    let tasks = std::fs::read_dir(format!("/proc/{own}/task"))
        .into_iter()
        .flatten();
    let of_tasks = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    for children in children.into_iter().chain(of_tasks) {
        for child in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
        {
            // SAFETY: a system call.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
    }
}

/// Takes back what was not synced, all or the later half of it, and ends the station.
fn lose_power(torn: bool) {
    let all = std::mem::take(&mut *UNDO.lock().expect("no panic while it is held"));
    for (_path, writes) in all {
        let kept = if torn { writes.len() / 2 } else { 0 };
        for (place, undo) in writes.iter().enumerate().skip(kept).rev() {
            // The first one that is lost was half written.
            let whole = !(torn && place == kept);
            let from = if whole { 0 } else { undo.before.len() / 2 };
            let bytes = &undo.before[from..];
            let at = undo.at + i64::try_from(from).expect("a page");
            // SAFETY: bytes that live, through the function that ours stands in front of.
            unsafe {
                let next: WriteAt = std::mem::transmute(next(c"pwrite64".as_ptr()));
                next(undo.fd, bytes.as_ptr().cast(), bytes.len(), at);
                if whole {
                    libc::ftruncate64(undo.fd, undo.length);
                }
            }
        }
    }
    kill();
}

/// The file behind a descriptor.
fn file(fd: c_int) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

/// Store or its log.
fn store_file(fd: c_int) -> Option<PathBuf> {
    std::env::var_os("FAULT_SYNCS")?;
    file(fd).filter(|path| path.ends_with("station.db") || path.ends_with("station.db-wal"))
}
