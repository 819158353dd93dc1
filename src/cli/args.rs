//! The arguments, parsed once into types (interface.md). Does nothing with them.

mod backup;
mod evidence;
mod holders;
mod people;
mod records;
mod requests;
mod stock;
mod stock_check;
mod ukeys;
mod units;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use self::backup::{Outside, Recovery, Restore, Restored};
pub(super) use self::evidence::Evidence;
pub(super) use self::holders::{Departure, Holder, OtherDesk, Who};
pub(super) use self::people::{Clock, Officer, Waiver};
pub(super) use self::records::{Audit, AuditList, Ca, Certificate, Crl, Doctor, Exchange};
pub(super) use self::requests::{OpinionWord, Request, RequestSheet, Reveal, Review, Sort, Which};
pub(super) use self::stock::{
    Discrepancy, Dispatch, Receive, SendBack, SignFor, Stock, Tally, TallyArguments,
};
pub(super) use self::stock_check::{Sitting, StockCheck};
pub(super) use self::ukeys::{
    AnswerWord, CaWord, FaultWord, Personalise, Practice, Profile, Ukey, Unblock, WhichUkeys,
};
pub(super) use self::units::{Config, Unit, UnitFields, UserType};
use crate::domain::key::KeyAlgorithm;
use crate::wording::Language;

/// 制证台: from an approved request and a blank ukey to a proven network identity.
///
/// Without a command the window opens, at its sign-in page; with --officer and --secrets, and in a
/// practice home, signed in.
#[derive(Debug, Parser)]
#[command(
    name = "ukey-station",
    version,
    max_term_width = 100,
    subcommand_required = false
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    /// Without a command the window opens.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(super) struct Global {
    /// The station's home; else the platform's data directory.
    #[arg(long, global = true, value_name = "DIR", env = "UKEY_STATION_HOME")]
    pub(super) home: Option<PathBuf>,
    /// Who acts; else the first officer of the secrets file who has the duty, else asked.
    #[arg(long, global = true, value_name = "NAME", env = "UKEY_STATION_OFFICER")]
    pub(super) officer: Option<String>,
    /// The second officer of an act that two confirm.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) second: Option<String>,
    /// A TOML file, mode 0600, with the tables `officers` (name = "passphrase") and `ukeys` (serial = "user PIN").
    #[arg(long, global = true, value_name = "FILE", env = "UKEY_STATION_SECRETS")]
    pub(super) secrets: Option<PathBuf>,
    /// Machine output: one JSON document a line on stdout.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// The language of messages; else the system's, else zh.
    #[arg(long, global = true, value_enum)]
    pub(super) lang: Option<Lang>,
    /// Answers plain confirmations; never a second officer, never destroys.
    #[arg(long, global = true)]
    pub(super) yes: bool,
}

impl Global {
    /// The language that was asked for.
    pub(super) fn language(&self) -> Option<Language> {
        self.lang.map(|lang| match lang {
            Lang::Zh => Language::Chinese,
            Lang::En => Language::English,
        })
    }
}

/// A language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// 中文.
    Zh,
    /// English.
    En,
}

/// The key pair to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Key {
    /// ECDSA on P-256.
    #[default]
    Ec,
    /// RSA with 2048 bits.
    Rsa,
}

impl From<Key> for KeyAlgorithm {
    fn from(key: Key) -> Self {
        match key {
            Key::Ec => Self::EcP256,
            Key::Rsa => Self::Rsa2048,
        }
    }
}

/// Where the user PIN comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PinFrom {
    /// The holder types it, twice.
    Ask,
    /// Random, printed on a sealed letter.
    Random,
    /// From the secrets file.
    Secrets,
}

/// One command.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Practice with virtual ukeys: a whole desk in one folder.
    #[command(subcommand)]
    Practice(Practice),
    /// Make a real home: unit, pinned root and superior, first officers, CA connection.
    Init {
        /// The file that says what it is made from; see the README.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Officers of this home.
    #[command(subcommand)]
    Officer(Officer),
    /// Units of the hierarchy.
    #[command(subcommand)]
    Unit(Unit),
    /// Waivers of the rule that two officers confirm an act.
    #[command(subcommand)]
    Waiver(Waiver),
    /// User types of the teacher system.
    #[command(subcommand)]
    UserType(UserType),
    /// Settings of this home.
    #[command(subcommand)]
    Config(Config),
    /// Applications.
    #[command(subcommand)]
    Request(Request),
    /// Make ukeys from approved requests; ends at issued, never hands out.
    Personalise(Personalise),
    /// Go on with runs that were interrupted, wait or asked a question.
    Resume {
        /// Only the run on this ukey.
        serial: Option<String>,
        /// The answer to the open question of that run.
        #[arg(long, value_enum, requires = "serial")]
        answer: Option<AnswerWord>,
        /// Ukeys driven side by side.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
        lanes: u8,
    },
    /// Give an issued ukey to its holder; with a random PIN its certificate is on hold until it is changed.
    HandOut {
        /// The ukey.
        serial: String,
    },
    /// Write the hand-out slip as PDF, and once the letter with a random PIN beside it.
    Slip {
        /// The ukey.
        serial: String,
        /// The file to write.
        out: PathBuf,
    },
    /// Holders who leave their unit or move to another one.
    #[command(subcommand)]
    Holder(Holder),
    /// Ukeys: plugged in, in stock, in use.
    #[command(subcommand)]
    Ukey(Ukey),
    /// The stock of blank ukeys.
    #[command(subcommand)]
    Stock(Stock),
    /// Certificates.
    #[command(subcommand)]
    Certificate(Certificate),
    /// The CA that certifies holders.
    #[command(subcommand)]
    Ca(Ca),
    /// The list of revoked certificates.
    #[command(subcommand)]
    Crl(Crl),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Proof of how a ukey came to be, for whoever asks later.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Token profiles: one file per ukey model.
    #[command(subcommand)]
    Profile(Profile),
    /// The clock beside the newest record.
    #[command(subcommand)]
    Clock(Clock),
    /// Write all that must not be lost to one file, sealed to the officers of this unit, while the station
    /// works (system).
    Backup {
        /// The file to write; none that is there is replaced.
        file: PathBuf,
    },
    /// Make a home out of a backup (system, and security as --second).
    Restore(Restore),
    /// Who gets in when an officer is lost and nobody can take their place.
    #[command(subcommand)]
    Recovery(Recovery),
    /// Erase what is personal and has had its time (system, confirmed by security).
    Purge {
        /// Only list what would go.
        #[arg(long)]
        dry_run: bool,
    },
    /// What is wrong with this station, and what to do.
    #[command(args_conflicts_with_subcommands = true)]
    Doctor {
        /// Write the findings to a file that a superior's station can read: no secrets, no personal data.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Without one this station is looked at.
        #[command(subcommand)]
        command: Option<Doctor>,
    },
    /// What to do, page by page: the help of the window. Without an option its pages are listed.
    Guide {
        /// The page to show.
        #[arg(long, value_name = "NAME", conflicts_with = "out")]
        page: Option<String>,
        /// Write the whole guide as PDF, to be printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Shell completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_tree_is_consistent() {
        Arguments::command().debug_assert();
    }
}
