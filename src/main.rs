//! Arguments in, exit code out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// What a sheet is read into on one thread is given back on another: the system's allocator makes them
/// wait for each other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ukey_station::memory::forbid_core_files();
    ukey_station::cli::main(ukey_station::ui::open)
}
