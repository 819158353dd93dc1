//! `officer`, `clock` and `waiver`: who acts, and who confirms.

use std::path::PathBuf;

use clap::Subcommand;

/// `officer …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Officer {
    /// Every officer, enabled or not.
    List,
    /// Add the officer whom a submitted form 1 names; they type a passphrase, and sign once the superior has certified them (security).
    Add {
        /// Form 1: number, id or a unique beginning of the id.
        #[arg(long, value_name = "ID")]
        request: String,
        /// The name they sign in with; else the holder's.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Say that a submitted form 1 is of an officer who was there before it: from then on they may decide (security).
    Identify {
        /// The officer.
        name: String,
        /// Their form 1: number, id or a unique beginning of the id.
        #[arg(long, value_name = "ID")]
        request: String,
    },
    /// Install the certificate that the superior answered with.
    Certificate {
        /// The officer.
        name: String,
        /// Their certificate and each issuer, PEM.
        file: PathBuf,
    },
    /// Disable an officer; the keys of store and escrow are changed (security).
    Disable {
        /// The officer.
        name: String,
        /// For cause: what they approved is void unless issued.
        #[arg(long)]
        for_cause: bool,
    },
    /// Change the passphrase of the officer who acts.
    Passphrase,
    /// Make one's own key on a blank ukey; from its certificate on, signing in asks for that ukey. Writes a file for the superior.
    BindUkey {
        /// The officer: oneself.
        name: String,
        /// The ukey; else the only blank that is plugged in (of several, with --yes, the lowest serial).
        #[arg(long, value_name = "SERIAL")]
        ukey: Option<String>,
        /// The file to write; else one in the home's `out`.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Certify the key in a file of bind-ukey: at the superior, for a province's officers at the province (security).
    Certify {
        /// The file.
        file: PathBuf,
        /// The certificate to write, for `officer certificate`; else one in the home's `out`.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// `clock …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Clock {
    /// The clock and the newest record; whether anything may be issued.
    Show,
    /// Two officers looked at the clock and found it right (system, and security as --second).
    Confirm,
}

/// `waiver …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Waiver {
    /// Waivers granted or received here, and how many acts were done under each.
    List,
    /// Grant one to a direct subordinate (security): a signed file, for at most twelve months.
    Grant {
        /// Name, id or code of the unit.
        unit: String,
        /// Its last day, e.g. 2027-06-30.
        #[arg(long, value_name = "DATE")]
        until: String,
        /// Why the unit needs it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Where the file goes; else the home's `out`.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take the superior's: from then on it stands in for --second at intake, purge and clock confirm.
    Receive {
        /// The superior's file.
        file: PathBuf,
    },
}
