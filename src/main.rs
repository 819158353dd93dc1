//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ukey_station::memory::forbid_core_files();
    ukey_station::cli::main(ukey_station::ui::open)
}
