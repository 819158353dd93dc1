//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ukey_station::cli::main(ukey_station::ui::open)
}
