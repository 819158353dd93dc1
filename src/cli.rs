//! The command line: the same jobs as the window, as commands.

use std::process::ExitCode;

/// Runs one command and gives the exit code of interface.md.
pub fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == "token-worker")
    {
        return crate::token::worker::child::main();
    }
    ExitCode::SUCCESS
}
