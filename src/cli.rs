//! The command line: the same jobs as the window, as commands.

mod args;
mod audit;
mod backup;
mod ca;
mod commands;
mod crl;
mod evidence;
mod exchange;
mod expiring;
mod facts;
mod guide;
mod holders;
mod losses;
mod make;
mod objects;
mod officer_ukey;
mod officers;
mod output;
mod pins;
mod practice;
mod recovery;
mod renewal;
mod requests;
mod review;
mod settings;
mod sheets;
mod stock;
mod stock_check;
mod tally;
mod trust;
mod ukey_watch;
mod ukeys;
mod unblock;
mod units;
mod waivers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

use self::args::Arguments;
use self::output::Output;
use crate::station::Error;
use crate::station::desk::OpenTerms;
use crate::wording::{Language, Wording};

/// Opens the window on a home; given by `main`, so that the two faces do not know each other.
pub type OpenWindow = fn(PathBuf, OpenTerms, Option<Language>) -> Result<u8, Error>;

/// Runs one command and gives the exit code of interface.md.
pub fn main(open_window: OpenWindow) -> ExitCode {
    let worker = std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == "token-worker");
    if worker {
        return crate::station::token_worker();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = error.exit_code();
            // Help goes to stdout, usage errors to stderr; a closed pipe is nobody's fault.
            error.print().ok();
            if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                output::usage_error(&error);
            }
            return ExitCode::from(u8::try_from(code).unwrap_or(2));
        }
    };
    start_log();
    let language = arguments.global.language();
    let language = language.unwrap_or_else(Language::of_system);
    let output = Output::new(arguments.global.json, Wording::new(language));
    match commands::run(&arguments, &output, open_window) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output.error(&error);
            ExitCode::from(output::exit_code(error.kind))
        }
    }
}

/// Diagnostics for an engineer on stderr, only when `RUST_LOG` asks for them.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_not_set| tracing_subscriber::EnvFilter::new("off"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    log.try_init().ok(); // A test may have set one.
}
