//! `personalise`, `resume`, `ukey`, `practice` and `profile`: what is done to ukeys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Key, PinFrom};

/// `practice …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Practice {
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
    /// Let a virtual ukey fail once at a step of its next run.
    Fault {
        /// The practice home.
        dir: PathBuf,
        /// The ukey; `next` for whichever comes to the step next.
        serial: String,
        /// What happens.
        kind: FaultWord,
        /// The step; else generate-key-pair, of a wrong PIN log-in.
        #[arg(long, value_name = "STEP")]
        at: Option<String>,
    },
    /// Show the faults that wait for their step.
    Faults {
        /// The practice home.
        dir: PathBuf,
        /// Take them all back.
        #[arg(long)]
        clear: bool,
    },
    /// Let the CA fall silent, or answer again.
    Ca {
        /// The practice home.
        dir: PathBuf,
        /// Whether it answers.
        answers: CaWord,
    },
    /// The guided course: how far each lesson has come by the records.
    Course {
        /// The practice home.
        dir: PathBuf,
        /// Begin it, or begin it again.
        #[arg(long)]
        begin: bool,
    },
}

/// Whether the CA of a practice home answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CaWord {
    /// Its token is plugged in.
    On,
    /// Its token is pulled out.
    Off,
}

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FaultWord {
    /// The ukey is pulled out.
    Removed,
    /// A wrong user PIN is tried.
    WrongPin,
    /// The station stops dead, as in a power cut.
    PowerCut,
    /// The module crashes.
    Crash,
    /// The module never answers.
    Hang,
    /// The module answers with an error.
    Error,
    /// The work is done, its answer is lost.
    Lost,
}

/// `personalise …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Personalise {
    /// Numbers or ids of approved requests.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(in crate::cli) ids: Vec<String>,
    /// Every approved request, on every blank plugged in.
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// On this ukey.
    #[arg(long, value_name = "SERIAL", conflicts_with = "all")]
    pub(in crate::cli) ukey: Option<String>,
    /// Ukeys driven side by side.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(in crate::cli) lanes: u8,
    /// The key pair to make.
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) key: Key,
    /// Where the user PIN comes from; else the holder types it, with --yes it is random, in practice it is in the secrets file.
    #[arg(long, value_enum)]
    pub(in crate::cli) pin: Option<PinFrom>,
    /// Stop after the certificate request (待下载); `resume` finishes it.
    #[arg(long)]
    pub(in crate::cli) csr_only: bool,
    /// A temporary ukey: valid for so many days, at most 30, while the holder's other one is suspended.
    #[arg(long, value_name = "DAYS", conflicts_with = "all")]
    pub(in crate::cli) temporary: Option<u32>,
}

/// An answer to a run's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AnswerWord {
    /// Look again and go on.
    TryAgain,
    /// Wipe the ukey and begin anew on it.
    Reinitialise,
    /// Write the ukey off as damaged.
    WriteOff,
    /// Give a renewal up: what it made is destroyed, the old key and certificate stay.
    GiveUp,
}

/// `ukey …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ukey {
    /// What is plugged in.
    Inserted {
        /// Stay, and tell each ukey that is plugged in or pulled out.
        #[arg(long)]
        watch: bool,
    },
    /// Every ukey of this unit.
    List {
        #[command(flatten)]
        which: WhichUkeys,
    },
    /// One ukey, and every step of its life.
    Show {
        /// Serial or its last four or more characters.
        serial: String,
    },
    /// Note that a blank, or one that came back, cannot be used.
    Damaged {
        /// Serial or its last four or more characters.
        serial: String,
        /// What is wrong with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Report a ukey missing for the moment (挂失, any officer): its certificate is on hold at once, for at
    /// most 24 hours.
    Suspend {
        /// Serial or its last four or more characters.
        serial: String,
        /// What happened.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Report a ukey lost or stolen (遗失, any officer): its certificate is revoked at once and for good.
    Lost {
        /// Serial or its last four or more characters.
        serial: String,
        /// What happened.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Somebody took it.
        #[arg(long)]
        stolen: bool,
    },
    /// A suspended ukey was found: the hold ends (system or security).
    Found {
        /// Serial or its last four or more characters.
        serial: String,
        /// Scan of the holder's signed statement: PDF, JPG or PNG.
        #[arg(long, value_name = "FILE")]
        statement: PathBuf,
    },
    /// Write the statement with which a ukey was found; that is a look at personal data.
    Statement {
        /// Serial or its last four or more characters.
        serial: String,
        /// The file to write.
        out: PathBuf,
        /// Why it is looked at; kept for the auditor.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a ukey back from its holder, who leaves, moves or gives it up; its certificate is revoked.
    Return {
        /// Serial or its last four or more characters.
        serial: String,
        /// Why it comes back.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// What the list of revoked certificates says, as in `certificate revoke`.
        #[arg(long, value_name = "REASON", default_value = "affiliationChanged")]
        certificate_reason: String,
    },
    /// Every report of loss, with the time from the report to the published list.
    Losses {
        /// Only those that no published list is known to tell yet.
        #[arg(long)]
        open: bool,
    },
    /// Write the newest report of a ukey as PDF, one page, to be signed.
    LossReport {
        /// Serial or its last four or more characters.
        serial: String,
        /// The file to write.
        out: PathBuf,
    },
    /// End a ukey for good (system, and security as --second): it can never come back.
    Destroy {
        /// Its whole serial.
        serial: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Write the certificate of destruction as PDF, to be signed by both officers.
    Destruction {
        /// Serial or its last four or more characters.
        serial: String,
        /// The file to write.
        out: PathBuf,
    },
    /// Make a ukey that came back blank again, with the SO PIN that security releases as --second; it is a
    /// blank of the stock only once that is proven (system).
    Wipe {
        /// Its whole serial.
        serial: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// The holder types a new user PIN where the old one is locked or forgotten, with the SO PIN that
    /// security releases once as --second; the SO PIN is another one afterwards (system).
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Unblock {
        /// Serial or its last four or more characters.
        #[arg(required = true)]
        serial: Option<String>,
        /// The holder is here, and their identity was compared with their document.
        #[arg(long, required = true)]
        identity_compared: bool,
        /// At a neighbour's desk, which does not hold the SO PIN: by files.
        #[command(subcommand)]
        remote: Option<Unblock>,
    },
    /// The holder changes the user PIN, typed at the terminal; a hold of a random PIN ends.
    ChangePin {
        /// Serial or its last four or more characters.
        serial: String,
    },
}

/// `ukey unblock …` by files between the desk where the holder stands and the owner of the ukey.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Unblock {
    /// Where the holder stands: ask the owner of the plugged ukey (system).
    Request {
        /// Serial or its last four or more characters.
        serial: String,
        /// The file for the owner's station.
        file: PathBuf,
        /// The owner where it is a direct subordinate: name or code; else the superior.
        #[arg(long, value_name = "UNIT")]
        owner: Option<String>,
    },
    /// At the owner: answer with the SO PIN that security releases once as --second (system).
    Grant {
        /// The file of the desk that asks.
        file: PathBuf,
        /// The file for that desk, good for three days.
        out: PathBuf,
    },
    /// Where the holder stands: the holder types a new user PIN; the ukey gets another SO PIN, sealed to its
    /// owner. One that was interrupted goes on with the same file (system).
    Apply {
        /// The file of the owner.
        file: PathBuf,
        /// The answer for the owner.
        out: PathBuf,
        /// The holder is here, and their identity was compared with their document.
        #[arg(long, required = true)]
        identity_compared: bool,
    },
    /// At the owner: take the answer, so that the escrow holds what the ukey has (system).
    Confirm {
        /// The answer.
        file: PathBuf,
    },
}

/// Which ukeys are listed.
#[derive(Args, Debug)]
pub(in crate::cli) struct WhichUkeys {
    /// Only those in this state.
    #[arg(long)]
    pub(in crate::cli) state: Option<String>,
    /// Only those of this model.
    #[arg(long)]
    pub(in crate::cli) model: Option<String>,
    /// Only those of this box.
    #[arg(long = "box", value_name = "LABEL")]
    pub(in crate::cli) box_of: Option<String>,
    /// Only those whose serial number holds this.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) search: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub(in crate::cli) limit: Option<usize>,
    /// After so many.
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) offset: usize,
}

/// `profile …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Profile {
    /// The ukey models this station knows.
    List,
    /// Check a profile file.
    Check {
        /// The file.
        file: PathBuf,
    },
}
