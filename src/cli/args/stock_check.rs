//! `stock check …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `stock check …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StockCheck {
    /// Begin a check, and read what is plugged in until an empty line or the end of input.
    Start {
        /// Only ukeys of this model.
        #[arg(long)]
        model: Option<String>,
        #[command(flatten)]
        sitting: Sitting,
    },
    /// Go on with the open check, also after the program was ended in the middle.
    Resume {
        #[command(flatten)]
        sitting: Sitting,
    },
    /// Pause the open check.
    Pause,
    /// Sign the result of the open check (system) and record its differences.
    Sign {
        /// Also write the signature, its result and chain here, for `openssl cms -verify`.
        #[arg(long, value_name = "DIR")]
        export: Option<PathBuf>,
    },
    /// Print the check as PDF, to be signed by hand.
    Print {
        /// The file to write.
        out: PathBuf,
        /// Another than the newest check.
        #[arg(long, value_name = "NUMBER")]
        number: Option<String>,
    },
    /// Give the open check up: no difference is recorded.
    Drop,
    /// One check with every ukey it saw.
    Show {
        /// Its number; else the newest.
        number: Option<String>,
        /// Also write the signature, its result and chain here, for `openssl cms -verify`.
        #[arg(long, value_name = "DIR")]
        export: Option<PathBuf>,
    },
    /// Every check.
    List,
}

/// How ukeys come into a check.
#[derive(Args, Debug)]
pub(in crate::cli) struct Sitting {
    /// Read what is plugged in now, and end.
    #[arg(long)]
    pub(in crate::cli) once: bool,
    /// Take serial numbers from a file, a line each, `-` for standard input; read what is plugged in
    /// now, and end.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) scan: Option<PathBuf>,
}
