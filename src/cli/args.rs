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
    /// The clock beside the newest record.
    #[command(subcommand)]
    Clock(Clock),
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

/// `officer …`.
#[derive(Debug, Subcommand)]
pub(super) enum Officer {
    /// Every officer, enabled or not.
    List,
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
}

/// `clock …`.
#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// The clock and the newest record; whether anything may be issued.
    Show,
    /// Two officers looked at the clock and found it right (system, and security as --second).
    Confirm,
}

/// `unit …`.
#[derive(Debug, Subcommand)]
pub(super) enum Unit {
    /// All units, the own one first.
    List,
    /// Write the root's and this unit's certificates, which subordinates pin, and tell their fingerprints.
    Certificate {
        /// The folder to write to.
        dir: PathBuf,
    },
    /// Certify a new subordinate unit and its officers from its file, and write the answer (security).
    Enrol {
        /// The file that its `init` wrote.
        file: PathBuf,
        /// SHA-256 of its key as it stands on the paper; without it the file's is shown and nothing done.
        #[arg(long, value_name = "SHA256")]
        fingerprint: Option<String>,
        /// The answer; else in the home's `out`.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take the superior's answer: certificates of this unit and its officers (system).
    Enrolled {
        /// The answer.
        file: PathBuf,
    },
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
    /// Write what the superior decides on to a sealed file (system).
    SendUp {
        /// The file to write.
        file: PathBuf,
        /// Only these; else every submitted request that is the superior's to decide.
        ids: Vec<String>,
    },
    /// At the superior: open a file of requests, and decide (security).
    Review(Review),
    /// Take the superior's answer (system).
    ReceiveReview {
        /// The answer.
        file: PathBuf,
    },
}

/// `request review …`.
#[derive(Args, Debug)]
pub(super) struct Review {
    /// The file.
    pub(super) file: PathBuf,
    /// Approve these numbers, or `all` that are undecided.
    #[arg(long, value_name = "NUMBER", num_args = 1..)]
    pub(super) approve: Vec<String>,
    /// Return these numbers to be edited.
    #[arg(long, value_name = "NUMBER", num_args = 1.., requires = "reason")]
    pub(super) r#return: Vec<String>,
    /// Reject these numbers for good.
    #[arg(long, value_name = "NUMBER", num_args = 1.., requires = "reason")]
    pub(super) reject: Vec<String>,
    /// Why they are returned or rejected.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The answer; else in the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Only write the scans to this folder, to be looked at.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["approve", "return", "reject"])]
    pub(super) scans: Option<PathBuf>,
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
    /// Write the certificate request of this unit's CA, for the province, and tell its fingerprint (security).
    Request {
        /// The file to write.
        file: PathBuf,
    },
    /// At the province: certify a unit's CA with the holder root (security).
    Certify {
        /// The request.
        file: PathBuf,
        /// SHA-256 of its key as it stands on the paper.
        #[arg(long, value_name = "SHA256")]
        fingerprint: String,
        /// The unit: name or code.
        #[arg(long)]
        unit: String,
        /// The certificate to write, with its root.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Install the certificate of the CA, with its root (system).
    Install {
        /// The file.
        file: PathBuf,
    },
    /// Certificates by files: orders of this unit out and answers in, or the other way round at the CA (system).
    #[command(subcommand)]
    Exchange(Exchange),
}

/// `ca exchange …`.
#[derive(Debug, Subcommand)]
pub(super) enum Exchange {
    /// Write the orders of pending runs; at the CA sign what is queued and write the certificates.
    Out {
        /// The folder to write to.
        dir: PathBuf,
    },
    /// Take certificates in; at the CA check and queue orders.
    In {
        /// The folder to read.
        dir: PathBuf,
    },
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
