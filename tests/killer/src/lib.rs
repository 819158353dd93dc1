//! Test only, never part of the product. One shared library with two uses:
//!
//! - as a PKCS#11 module it forwards every function to `KILLER_MODULE`, appends each function's
//!   number to `KILLER_CALLS` (one byte a call, across processes), and at call `n` of
//!   `KILLER_AT=n:before|after:worker|station` kills that process with SIGKILL;
//! - preloaded into the station it counts the syncs of the store's log in `KILLER_SYNCS`, and at
//!   sync `n` of `KILLER_SYNC_AT=n:before|after` kills the station.
//!
//! Only tokens whose file (`SOFTHSM2_CONF`, `KRYOPTIC_CONF`) lies in a folder `ukeys` are counted: the CA and the officers
//! have tokens of their own.

use std::ffi::{CString, c_char, c_int, c_void};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::OnceLock;

/// Functions of `CK_FUNCTION_LIST` (PKCS#11 2.40), in order.
const FUNCTIONS: usize = 68;
/// `C_GetFunctionList` itself.
const GET_FUNCTION_LIST: usize = 3;

/// `CK_FUNCTION_LIST`: version, padding, pointers.
#[repr(C)]
struct FunctionList {
    version: [u8; 8],
    functions: [usize; FUNCTIONS],
}

static REAL: OnceLock<[usize; FUNCTIONS]> = OnceLock::new();
static OURS: OnceLock<FunctionList> = OnceLock::new();

/// Any PKCS#11 function: none has more than eight arguments, each a word or less.
type Function =
    unsafe extern "C" fn(usize, usize, usize, usize, usize, usize, usize, usize) -> usize;

macro_rules! stubs {
    ($($index:literal)*) => { [$(stub::<$index> as *const () as usize),*] };
}

unsafe extern "C" fn stub<const N: usize>(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
    g: usize,
    h: usize,
) -> usize {
    let count = note(N);
    fire(count, "before");
    let real = REAL.get().expect("loaded")[N];
    // SAFETY: the module's own function of that name; surplus arguments are ignored by the ABI.
    let result = unsafe {
        let function: Function = std::mem::transmute(real);
        function(a, b, c, d, e, f, g, h)
    };
    fire(count, "after");
    result
}

/// The entry point of a PKCS#11 module.
///
/// # Safety
/// `list` points to a writable pointer, as PKCS#11 says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *const c_void) -> usize {
    let Some(real) = load() else { return 5 }; // CKR_GENERAL_ERROR
    REAL.get_or_init(|| real.functions);
    let ours = OURS.get_or_init(|| {
        let mut functions = stubs![
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
            61 62 63 64 65 66 67
        ];
        functions[GET_FUNCTION_LIST] = C_GetFunctionList as *const () as usize;
        FunctionList {
            version: real.version,
            functions,
        }
    });
    // SAFETY: the caller's pointer.
    unsafe { *list = std::ptr::from_ref(ours).cast() };
    0
}

fn load() -> Option<&'static FunctionList> {
    let path = CString::new(std::env::var("KILLER_MODULE").ok()?).ok()?;
    // SAFETY: a PKCS#11 module and its documented entry point.
    unsafe {
        let module = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        if module.is_null() {
            return None;
        }
        let symbol = libc::dlsym(module, c"C_GetFunctionList".as_ptr());
        if symbol.is_null() {
            return None;
        }
        let get: unsafe extern "C" fn(*mut *const FunctionList) -> usize =
            std::mem::transmute(symbol);
        let mut list: *const FunctionList = std::ptr::null();
        if get(&raw mut list) != 0 {
            None
        } else {
            list.as_ref()
        }
    }
}

/// Writes a call down and gives its place, from 1; 0 when it is not counted.
fn note(function: usize) -> u64 {
    let holder = ["SOFTHSM2_CONF", "KRYOPTIC_CONF"]
        .into_iter()
        .any(|name| std::env::var(name).is_ok_and(|conf| conf.contains("/ukeys/")));
    match std::env::var("KILLER_CALLS") {
        Ok(path) if holder => append(&path, u8::try_from(function).unwrap_or(u8::MAX)),
        _ => 0,
    }
}

/// Appends one byte and gives the file's length.
fn append(path: &str, byte: u8) -> u64 {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let Ok(mut file) = file else { return 0 };
    let written = file.write_all(&[byte]).and_then(|()| file.metadata());
    written.map_or(0, |metadata| metadata.len())
}

fn fire(count: u64, phase: &str) {
    let Ok(at) = std::env::var("KILLER_AT") else {
        return;
    };
    let mut parts = at.split(':');
    let wanted = parts.next().and_then(|number| number.parse::<u64>().ok());
    if count == 0 || wanted != Some(count) || parts.next() != Some(phase) {
        return;
    }
    // SAFETY: plain system calls.
    unsafe {
        match parts.next() {
            Some("worker") => libc::kill(libc::getpid(), libc::SIGKILL),
            _ => libc::kill(libc::getppid(), libc::SIGKILL),
        };
    }
}

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
