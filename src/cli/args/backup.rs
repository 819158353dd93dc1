//! `restore …` and `recovery …`: what is done with a backup, and with the recovery kit. `backup` itself has a
//! file and no more.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `restore …`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(in crate::cli) struct Restore {
    /// The backup; --home names the new place, where nothing is.
    pub(in crate::cli) file: Option<PathBuf>,
    /// What comes after it.
    #[command(subcommand)]
    pub(in crate::cli) command: Option<Restored>,
}

/// A home that was restored.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Restored {
    /// Compare it with what is known outside, ukeys that are plugged in among it; before that no ukey is
    /// made, handed out or signed for (system, and security as --second). To be repeated when something
    /// else comes to light.
    Compare(Outside),
    /// Certificates that came to light: the records do not hold them, and they are on every list.
    Unknown,
}

/// What is known outside.
#[derive(Args, Debug)]
pub(in crate::cli) struct Outside {
    /// The newest checkpoint of this home.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["code", "no_checkpoint"],
        conflicts_with_all = ["code", "no_checkpoint"]
    )]
    pub(in crate::cli) checkpoint: Option<PathBuf>,
    /// Its short code instead: from the newest paper, or told by a neighbour.
    #[arg(long, conflicts_with = "no_checkpoint")]
    pub(in crate::cli) code: Option<String>,
    /// Both officers say that there is none.
    #[arg(long)]
    pub(in crate::cli) no_checkpoint: bool,
    /// The newest published list of revoked certificates, DER or PEM, from where others fetch it; of each CA
    /// whose certificates last, where its key has changed.
    #[arg(long, value_name = "FILE", required_unless_present = "no_crl")]
    pub(in crate::cli) crl: Vec<PathBuf>,
    /// Both officers say that none, or no other, was published after the backup.
    #[arg(long)]
    pub(in crate::cli) no_crl: bool,
}

/// `recovery …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Recovery {
    /// Make a recovery kit: three shares on paper, of which two enrol a replacement officer. The one before
    /// is void (system, and security as --second).
    Kit {
        /// The folder for the papers; print them, then delete them.
        dir: PathBuf,
        /// Who keeps a share, three times; no officer of this unit. One is of the superior.
        #[arg(long, value_name = "NAME", required = true)]
        custodian: Vec<String>,
    },
    /// Enrol a replacement officer with two shares, for at most 72 hours; they approve, issue and hand out
    /// nothing before the superior has certified them. The kit is void afterwards.
    Use {
        /// The name that the new officer signs in with.
        name: String,
        /// The officer who is lost, and is disabled.
        #[arg(long, value_name = "NAME")]
        replaces: String,
    },
}
