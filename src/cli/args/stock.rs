//! `stock …`: blanks received, dispatched, signed for, counted.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::stock_check::StockCheck;
use crate::domain::stock::Resolution;

/// `stock …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Stock {
    /// Take a delivery of the supplier into stock, by list.
    Receive(Receive),
    /// Write an empty sheet for `receive` to be filled in.
    Template {
        /// Where: .xlsx.
        file: PathBuf,
    },
    /// Take a plugged blank that nobody dispatched into stock (system, and security as --second).
    Intake {
        /// Its whole serial.
        serial: String,
        /// Why it is taken in.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Send blanks to a direct subordinate: the dispatch note's file, and its paper to be signed.
    Dispatch(Dispatch),
    /// Send ukeys back to the superior.
    SendBack(SendBack),
    /// Sign for what came with a dispatch note; writes the file for its sender.
    SignFor(SignFor),
    /// Take the receiver's sign-for of a note from here.
    ReceiveSignFor {
        /// The file.
        file: PathBuf,
    },
    /// Dispatch notes from here.
    Notes {
        /// Those to here instead.
        #[arg(long)]
        received: bool,
    },
    /// One dispatch note with its ukeys.
    Note {
        /// Its number or the beginning of its id.
        number: String,
        /// Print it again, to be signed.
        #[arg(long, value_name = "FILE")]
        pdf: Option<PathBuf>,
    },
    /// What was dispatched and is not signed for, the oldest first.
    InTransit,
    /// Count the stock: read ukeys and scan serial numbers; without a word: show the open check.
    Check {
        /// What to do with it.
        #[command(subcommand)]
        command: Option<StockCheck>,
    },
    /// Differences: what was found, its explanation, its acceptance.
    #[command(subcommand)]
    Discrepancy(Discrepancy),
    /// Put a wrong record right by a new entry (system, and security as --second).
    Correct {
        /// Its whole serial.
        serial: String,
        /// The state it is really in: blank, damaged, lost.
        #[arg(long, value_name = "STATE")]
        to: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// How few blanks of each model are too few; with a model and a number: set it.
    Level {
        /// The model.
        #[arg(requires = "level")]
        model: Option<String>,
        /// Fewer than so many blanks are too few.
        level: Option<u32>,
    },
    /// What is where, for each model, and whether it adds up.
    Report {
        /// At the end of this day (YYYY-MM-DD, UTC); else now.
        #[arg(long, value_name = "DAY")]
        day: Option<String>,
    },
}

/// `stock receive …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Receive {
    /// A sheet: XLSX, XLS or CSV with the column 序列号 and, if needed, 终止序列号, 型号, 箱号, 数量.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// A serial number; may be given again.
    #[arg(long, value_name = "SERIAL")]
    pub(in crate::cli) serial: Vec<String>,
    /// A range of them, as on a box: FIRST..LAST; may be given again.
    #[arg(long, value_name = "FIRST..LAST")]
    pub(in crate::cli) range: Vec<String>,
    /// Model, or name of a token profile, of those for which the list names none.
    #[arg(long)]
    pub(in crate::cli) model: Option<String>,
    /// The box of those for which the list names none.
    #[arg(long = "box", value_name = "LABEL")]
    pub(in crate::cli) box_of: Option<String>,
    /// How many the papers say it is: another number is refused.
    #[arg(long)]
    pub(in crate::cli) count: Option<usize>,
    /// From whom, and by which paper.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
    /// Take nothing if a row has a fault.
    #[arg(long)]
    pub(in crate::cli) all_or_nothing: bool,
}

/// `stock dispatch …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Dispatch {
    /// The direct subordinate: name, code or id.
    pub(in crate::cli) unit: String,
    /// Serials or their last four or more characters.
    pub(in crate::cli) serials: Vec<String>,
    /// Every blank of this box; may be given again.
    #[arg(long = "box", value_name = "LABEL")]
    pub(in crate::cli) boxes: Vec<String>,
    /// So many blanks, the lowest serial numbers first.
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) count: usize,
    /// Of this model only.
    #[arg(long)]
    pub(in crate::cli) model: Option<String>,
    /// Where the file is written; else into the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print the note, to be signed.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) pdf: Option<PathBuf>,
}

/// `stock send-back …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct SendBack {
    /// Serials or their last four or more characters.
    #[arg(required = true)]
    pub(in crate::cli) serials: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: String,
    /// Where the file is written; else into the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print the note, to be signed.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) pdf: Option<PathBuf>,
}

/// `stock sign-for …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct SignFor {
    /// The dispatch note's file.
    pub(in crate::cli) file: PathBuf,
    /// On the note, and did not come; may be given again.
    #[arg(long, value_name = "SERIAL")]
    pub(in crate::cli) missing: Vec<String>,
    /// Came, and is not on the note: its whole serial; may be given again.
    #[arg(long, value_name = "SERIAL")]
    pub(in crate::cli) extra: Vec<String>,
    /// Was missing when this note was signed for, and came now; may be given again.
    #[arg(long, value_name = "SERIAL", conflicts_with_all = ["missing", "extra"])]
    pub(in crate::cli) late: Vec<String>,
    /// Where the file is written; else into the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// `stock discrepancy …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Discrepancy {
    /// The open ones.
    List {
        /// The accepted ones too.
        #[arg(long)]
        all: bool,
    },
    /// Say why it differs and how the records are to follow (system).
    Explain {
        /// Its number.
        number: String,
        /// How the records follow.
        #[arg(long = "as", value_name = "HOW")]
        resolution: ResolutionWord,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Accept the explanation (security; or system, and security as --second).
    Accept {
        /// Its number.
        number: String,
    },
}

/// How the records follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ResolutionWord {
    /// The ukey is lost.
    Lost,
    /// The ukey is damaged.
    Damaged,
    /// It moved without a line on the note.
    Moved,
    /// No record changes.
    Nothing,
}

impl From<ResolutionWord> for Resolution {
    fn from(word: ResolutionWord) -> Self {
        match word {
            ResolutionWord::Lost => Self::Lost,
            ResolutionWord::Damaged => Self::Damaged,
            ResolutionWord::Moved => Self::Moved,
            ResolutionWord::Nothing => Self::Nothing,
        }
    }
}
