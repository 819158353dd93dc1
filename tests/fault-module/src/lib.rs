//! Test only, never part of the product. One shared library with two uses:
//!
//! - as a PKCS#11 module it forwards every function to `FAULT_MODULE`, counts and logs the calls
//!   ([`calls`]), and fails as the environment says: by script at one call ([`script`], [`fault`]), or
//!   all along ([`token_info`], [`pins`], [`slow`]);
//! - preloaded into the station it counts the syncs of the store's log and fails as a disk fails
//!   ([`disk`]).
//!
//! Only tokens whose file (`SOFTHSM2_CONF`, `KRYOPTIC_CONF`) lies in a folder `ukeys` are meant: the
//! CA and the officers have tokens of their own.

mod answer;
mod calls;
mod disk;
mod excess;
mod fault;
mod functions;
mod pins;
mod script;
mod slow;
mod target;
mod token_info;

use std::ffi::{CString, c_void};
use std::sync::OnceLock;
use std::time::Instant;

use fault::Fault;

/// `CK_FUNCTION_LIST`: version, padding, pointers.
#[repr(C)]
struct FunctionList {
    version: [u8; 8],
    functions: [usize; functions::COUNT],
}

static REAL: OnceLock<[usize; functions::COUNT]> = OnceLock::new();
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
    #[expect(
        clippy::disallowed_methods,
        reason = "the log's own clock; no decision hangs on it"
    )]
    let began = Instant::now();
    let place = calls::note(N);
    let fault = script::at(N, place);
    calls::print();
    slow::wait(N);
    let instead = fault::gone(N)
        .or_else(|| fault.and_then(Fault::before))
        .or_else(|| pins::refuse(N));
    let arguments = [a, b, c, d, e, f, g, h];
    let result = match instead {
        Some(result) => result,
        None => {
            let real = REAL.get().expect("loaded")[N];
            // SAFETY: the module's own function of that name; surplus arguments are ignored by the ABI.
            // Of `C_GetTokenInfo` the second argument is the structure it has filled.
            unsafe {
                let function: Function = std::mem::transmute(real);
                let result = function(a, b, c, d, e, f, g, h);
                token_info::lie(N, result, b);
                fault.map_or(result, |fault| fault.after(N, &arguments, result))
            }
        }
    };
    pins::count(N, result);
    token_info::count(N, result);
    calls::log(N, result, began);
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
        let mut ours = stubs![
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
            61 62 63 64 65 66 67
        ];
        ours[functions::GET_FUNCTION_LIST] = C_GetFunctionList as *const () as usize;
        FunctionList {
            version: real.version,
            functions: ours,
        }
    });
    // SAFETY: the caller's pointer.
    unsafe { *list = std::ptr::from_ref(ours).cast() };
    0
}

fn load() -> Option<&'static FunctionList> {
    let path = CString::new(std::env::var("FAULT_MODULE").ok()?).ok()?;
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
