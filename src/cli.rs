//! The command line: the same jobs as the window, as commands.

use std::process::ExitCode;

/// Runs one command and gives the exit code of interface.md.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
