//! `request …`: applications, their sheets and papers.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `request …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Request {
    /// Enter an application from a file (TOML or JSON).
    Add {
        /// The file; with `post` it is form 1.
        file: PathBuf,
    },
    /// Put new values in the place of a draft's or a returned application's. With another person, unit,
    /// post or user type it is another paper: its scan and opinions are asked for anew.
    Edit {
        /// Number, id or a unique beginning of the id.
        id: String,
        /// The file.
        file: PathBuf,
        /// The paper was right and the entry was not: scan and opinions stay.
        #[arg(long)]
        same_papers: bool,
    },
    /// Enter the application of a ukey's holder anew, in the place of the old one (re-key): a draft with
    /// the values of then, for a new ukey. The old certificate ends when that is handed out.
    Rekey {
        /// Serial of the old ukey, or its last four or more characters.
        serial: String,
    },
    /// Enter the application of a ukey's holder anew for a new key on the same ukey (renewal): a draft with
    /// the values of then. Once it is approved: certificate renew.
    Renew {
        /// Serial of the ukey, or its last four or more characters.
        serial: String,
    },
    /// Applications, in the order of their numbers.
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        reveal: Reveal,
    },
    /// One application with its fields, papers and decisions.
    Show {
        /// Number, id or a unique beginning of the id.
        id: String,
        #[command(flatten)]
        reveal: Reveal,
    },
    /// What edits changed, field by field, masked.
    Diff {
        /// Number, id or a unique beginning of the id.
        id: String,
    },
    /// Attach the scan of the sealed paper: PDF, JPG or PNG, at most 20 MB.
    Attach {
        /// Number, id or a unique beginning of the id.
        id: String,
        /// The file.
        scan: PathBuf,
    },
    /// Write a scan to a file; it counts as revealing.
    Scan {
        /// Number, id or a unique beginning of the id.
        id: String,
        /// The file to write.
        out: PathBuf,
        /// Why it is looked at; kept for the auditor.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Which one, by a beginning of its SHA-256; else the last attached.
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// Record an opinion that stands on the paper.
    Opinion {
        /// Number, id or a unique beginning of the id.
        id: String,
        /// Whose.
        #[arg(value_enum)]
        kind: OpinionWord,
        /// Who signed or sealed it.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The date on the paper, e.g. 2026-11-24.
        #[arg(long, value_name = "DATE")]
        on: String,
        /// A remark, asked for when the dates are out of order.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Submit applications for approval.
    Submit {
        /// Numbers or ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Approve applications, each with a signature of its own (security).
    Approve {
        /// Numbers or ids.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Send applications back to be edited, signed (security).
    Return {
        /// Numbers or ids.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Reject applications for good, signed (security).
    Reject {
        /// Numbers or ids.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take an application back before a ukey is made of it.
    Withdraw {
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
    #[command(flatten)]
    Sheet(RequestSheet),
}

/// Which applications, and in which order.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Which {
    /// Only those in this state.
    #[arg(long)]
    pub(in crate::cli) state: Option<String>,
    /// Only those with this number, name, pinyin, initials, unit or whole identity number.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) search: Option<String>,
    /// Only those of this unit: name, code or id.
    #[arg(long)]
    pub(in crate::cli) unit: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub(in crate::cli) limit: Option<usize>,
    /// After so many.
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) offset: usize,
    /// In which order.
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) sort: Sort,
}

/// `request …` by sheet and on paper.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RequestSheet {
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
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        reveal: Reveal,
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
        /// Why full values are printed; kept for the auditor.
        #[arg(
            long,
            value_name = "TEXT",
            required_unless_present = "blank",
            conflicts_with = "blank"
        )]
        reason: Option<String>,
    },
}

/// `request review …`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Review {
    /// The file.
    pub(in crate::cli) file: PathBuf,
    /// Approve these numbers, or `all` that are undecided.
    #[arg(long, value_name = "NUMBER", num_args = 1..)]
    pub(in crate::cli) approve: Vec<String>,
    /// Return these numbers to be edited.
    #[arg(long, value_name = "NUMBER", num_args = 1.., requires = "reason")]
    pub(in crate::cli) r#return: Vec<String>,
    /// Reject these numbers for good.
    #[arg(long, value_name = "NUMBER", num_args = 1.., requires = "reason")]
    pub(in crate::cli) reject: Vec<String>,
    /// Why they are returned or rejected.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
    /// The answer; else in the home's `out`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Only write the scans to this folder, to be looked at.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["approve", "return", "reject"])]
    pub(in crate::cli) scans: Option<PathBuf>,
}

/// Looking at personal data in full.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Reveal {
    /// Show numbers and addresses in full; it is written to the audit log.
    #[arg(long, requires = "reason")]
    pub(in crate::cli) reveal: bool,
    /// Why they are looked at; kept for the auditor.
    #[arg(long, value_name = "TEXT", requires = "reveal")]
    pub(in crate::cli) reason: Option<String>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Sort {
    /// By number.
    #[default]
    Number,
    /// By name, as a Chinese list.
    Name,
}

/// Whose opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OpinionWord {
    /// 申请人确认.
    Applicant,
    /// 申请人部门意见.
    Department,
    /// 办公室意见.
    Office,
    /// 用户管理部门受理意见.
    Acceptance,
}
