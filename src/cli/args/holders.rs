//! `holder …`: who leaves or moves.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `holder …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Holder {
    /// Holders leave: certificates revoked, ukeys taken back, requests closed, in one transaction (system;
    /// security as --second where a ukey was not brought).
    Leave {
        #[command(flatten)]
        who: Who,
        /// Their unit is closed: the list of revoked certificates says cessationOfOperation.
        #[arg(long)]
        closed: bool,
        #[command(flatten)]
        terms: Departure,
    },
    /// Holders move to another unit: all that `leave` does, and a new request there. Of a unit with a desk of
    /// its own that desk gets a signed, sealed file (system; security as --second as for `leave`).
    Transfer {
        #[command(flatten)]
        who: Who,
        /// The unit they move to: name, code or id.
        #[arg(long, value_name = "UNIT")]
        to: String,
        #[command(flatten)]
        terms: Departure,
        #[command(flatten)]
        desk: OtherDesk,
    },
    /// Take a file of holders who moved here; each becomes a draft with the values of then (system).
    Receive {
        /// The file.
        file: PathBuf,
        /// The unit of this desk that they move to: name, code or id; else its own.
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
    },
    /// Ukeys of holders who left, still to be brought back; then: ukey return.
    Due,
}

/// Whose departure it is.
#[derive(Args, Debug)]
#[group(required = true, multiple = false, id = "who")]
pub(in crate::cli) struct Who {
    /// Number or beginning of the id of the request, or the last four or more characters of the ukey's serial.
    pub(in crate::cli) ids: Vec<String>,
    /// Everybody of this unit who has a certificate: name, code or id.
    #[arg(long, value_name = "UNIT")]
    pub(in crate::cli) all_of: Option<String>,
}

/// What every departure says.
#[derive(Args, Debug)]
pub(in crate::cli) struct Departure {
    /// Why, in words.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: String,
    /// All of their ukeys were brought. Else only those that are plugged in were, and the others are still
    /// to be brought.
    #[arg(long)]
    pub(in crate::cli) with_ukeys: bool,
}

/// How another unit's desk is reached.
#[derive(Args, Debug)]
pub(in crate::cli) struct OtherDesk {
    /// Certificate of that unit where its desk is neither above nor directly below this one: `unit.pem` of
    /// its `unit certificate`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) unit_certificate: Option<PathBuf>,
    /// The file for that desk; else in the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}
