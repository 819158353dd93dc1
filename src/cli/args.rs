//! The arguments, parsed once into types (interface.md). Does nothing with them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::key::KeyAlgorithm;

/// 制证台: from an approved request and a blank ukey to a proven network identity.
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
    /// Units of the hierarchy.
    #[command(subcommand)]
    Unit(Unit),
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
    /// Give an issued ukey to its holder.
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
    /// Ukeys: plugged in, in stock, in use.
    #[command(subcommand)]
    Ukey(Ukey),
    /// Certificates.
    #[command(subcommand)]
    Certificate(Certificate),
    /// The CA that certifies holders.
    #[command(subcommand)]
    Ca(Ca),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Token profiles: one file per ukey model.
    #[command(subcommand)]
    Profile(Profile),
    /// What is wrong with this station, and what to do.
    Doctor,
    /// Shell completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `practice …`.
#[derive(Debug, Subcommand)]
pub(super) enum Practice {
    /// Make a complete practice home.
    New {
        /// A folder that does not exist yet.
        dir: PathBuf,
        /// Virtual ukeys in stock, plugged in.
        #[arg(long, default_value_t = 10)]
        ukeys: u16,
        /// Approved requests.
        #[arg(long, default_value_t = 10)]
        requests: u16,
        /// The token profile of the virtual ukeys.
        #[arg(long, value_name = "NAME", default_value = "softhsm2")]
        profile: String,
    },
    /// Make every ukey and hand it over; a table of what was done.
    Run {
        /// The practice home.
        dir: PathBuf,
        /// The key pair to make.
        #[arg(long, value_enum, default_value_t)]
        key: Key,
        /// Ukeys driven side by side.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
        lanes: u8,
    },
    /// Plug a virtual ukey in.
    Insert {
        /// The practice home.
        dir: PathBuf,
        /// The ukey.
        serial: String,
    },
    /// Pull a virtual ukey out.
    Pull {
        /// The practice home.
        dir: PathBuf,
        /// The ukey.
        serial: String,
    },
}

/// `unit …`.
#[derive(Debug, Subcommand)]
pub(super) enum Unit {
    /// All units, the own one first.
    List,
}

/// `request …`.
#[derive(Debug, Subcommand)]
pub(super) enum Request {
    /// Enter an application from a file (TOML or JSON).
    Add {
        /// The file.
        file: PathBuf,
    },
    /// Applications, newest first.
    List {
        /// Only those in this state.
        #[arg(long)]
        state: Option<String>,
        /// Only those whose number, name or unit holds this text.
        #[arg(long)]
        search: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// One application.
    Show {
        /// Number, id or a unique beginning of the id.
        id: String,
    },
    /// Export an approval so that openssl alone can judge it.
    Approval {
        /// Number, id or a unique beginning of the id.
        id: String,
        /// The folder to write to.
        dir: PathBuf,
    },
    #[command(flatten)]
    Sheet(RequestSheet),
}

/// `request …` by sheet and on paper.
#[derive(Debug, Subcommand)]
pub(super) enum RequestSheet {
    /// Write an empty sheet (XLSX) with the form's headings, to be filled in.
    Template {
        /// The file to write.
        out: PathBuf,
    },
    /// Enter the applications of a sheet: XLSX, XLS or CSV. Good rows are taken, bad ones reported;
    /// exit code 4 when no row could be taken.
    Import {
        /// The file.
        file: PathBuf,
        /// Take no row when one has a fault; exit code 4 then.
        #[arg(long)]
        all_or_nothing: bool,
    },
    /// Write what `list` shows as a sheet (XLSX), masked.
    Export {
        /// The file to write.
        out: PathBuf,
        /// Only those in this state.
        #[arg(long)]
        state: Option<String>,
        /// Only those whose number, name or unit holds this text.
        #[arg(long)]
        search: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
        /// Values in full; each application is noted in the audit log.
        #[arg(long, requires = "reason")]
        reveal: bool,
        /// Why, for the audit log.
        #[arg(long, requires = "reveal")]
        reason: Option<String>,
    },
    /// Write the form of an application as PDF, with its full values; or a blank one.
    #[command(
        override_usage = "ukey-station request form ID OUT.pdf --reason TEXT\n       ukey-station request form --blank 1|2 OUT.pdf"
    )]
    Form {
        /// Number, id or a unique beginning of the id; then the file to write. With --blank the file alone.
        #[arg(required = true, num_args = 1..=2, value_names = ["ID", "OUT.pdf"])]
        words: Vec<String>,
        /// An empty form: 1 registers a platform officer, 2 asks for an account and certificate.
        #[arg(long, value_name = "FORM", value_parser = clap::value_parser!(u8).range(1..=2))]
        blank: Option<u8>,
        /// Why full values are printed, for the audit log.
        #[arg(
            long,
            value_name = "TEXT",
            required_unless_present = "blank",
            conflicts_with = "blank"
        )]
        reason: Option<String>,
    },
}

/// `personalise …`.
#[derive(Args, Debug)]
pub(super) struct Personalise {
    /// Numbers or ids of approved requests.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) ids: Vec<String>,
    /// Every approved request, on every blank plugged in.
    #[arg(long)]
    pub(super) all: bool,
    /// On this ukey.
    #[arg(long, value_name = "SERIAL", conflicts_with = "all")]
    pub(super) ukey: Option<String>,
    /// Ukeys driven side by side.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) lanes: u8,
    /// The key pair to make.
    #[arg(long, value_enum, default_value_t)]
    pub(super) key: Key,
    /// Where the user PIN comes from; else the holder types it, with --yes it is random, in practice it is in the secrets file.
    #[arg(long, value_enum)]
    pub(super) pin: Option<PinFrom>,
    /// Stop after the certificate request (待下载); `resume` finishes it.
    #[arg(long)]
    pub(super) csr_only: bool,
}

/// An answer to a run's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerWord {
    /// Look again and go on.
    TryAgain,
    /// Wipe the ukey and begin anew on it.
    Reinitialise,
    /// Write the ukey off as damaged.
    WriteOff,
}

/// `ukey …`.
#[derive(Debug, Subcommand)]
pub(super) enum Ukey {
    /// What is plugged in.
    Inserted,
    /// Every ukey of this unit.
    List {
        /// Only those in this state.
        #[arg(long)]
        state: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// One ukey.
    Show {
        /// Serial or its last four or more characters.
        serial: String,
    },
}

/// `certificate …`.
#[derive(Debug, Subcommand)]
pub(super) enum Certificate {
    /// Every certificate issued here.
    List {
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// One certificate.
    Show {
        /// Serial number or a unique beginning of it.
        serial: String,
    },
    /// Write every certificate as PEM and DER.
    Export {
        /// The folder to write to.
        dir: PathBuf,
    },
}

/// `ca …`.
#[derive(Debug, Subcommand)]
pub(super) enum Ca {
    /// The CA certificate and whether its key is unlocked.
    Show,
    /// Write the CA certificate and its chain as PEM.
    Export {
        /// The file to write.
        file: PathBuf,
    },
    /// Unlock the CA key for at most 8 hours and 50 certificates (security).
    Unlock,
}

/// `audit …`.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Is every row as it was written?
    Verify,
}

/// `profile …`.
#[derive(Debug, Subcommand)]
pub(super) enum Profile {
    /// The ukey models this station knows.
    List,
    /// Check a profile file.
    Check {
        /// The file.
        file: PathBuf,
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
