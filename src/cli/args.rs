//! The arguments, parsed once into types (interface.md). Does nothing with them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::key::KeyAlgorithm;

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
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Token profiles: one file per ukey model.
    #[command(subcommand)]
    Profile(Profile),
    /// The clock beside the newest record.
    #[command(subcommand)]
    Clock(Clock),
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
    /// Add the officer whom a submitted form 1 names; they type a passphrase, and sign once the superior has certified them (security).
    Add {
        /// Form 1: number, id or a unique beginning of the id.
        #[arg(long, value_name = "ID")]
        request: String,
        /// The name they sign in with; else the holder's.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
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
pub(super) enum Clock {
    /// The clock and the newest record; whether anything may be issued.
    Show,
    /// Two officers looked at the clock and found it right (system, and security as --second).
    Confirm,
}

/// `waiver …`.
#[derive(Debug, Subcommand)]
pub(super) enum Waiver {
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

/// `unit …`.
#[derive(Debug, Subcommand)]
pub(super) enum Unit {
    /// All units, the own one first.
    List {
        /// Only this unit and those below it.
        #[arg(long, value_name = "UNIT")]
        below: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// One unit.
    Show {
        /// Name, code or id.
        unit: String,
    },
    /// Add a unit.
    Add(UnitFields),
    /// Change a unit; what is not given stays.
    Edit {
        /// Name, code or id.
        unit: String,
        #[command(flatten)]
        fields: UnitFields,
    },
    /// Add the units of a sheet: XLSX, XLS or CSV. Good rows are taken, bad ones reported; exit code 4
    /// when no row could be taken.
    Import {
        /// The file.
        file: PathBuf,
        /// Take no row when one has a fault; exit code 4 then.
        #[arg(long)]
        all_or_nothing: bool,
    },
    /// Close a unit; its records stay.
    Close {
        /// Name, code or id.
        unit: String,
    },
    /// Record a school's signed delegation to have its ukeys made here (代制); without --second it waits for a second officer.
    Delegate {
        /// The school: name, code or id.
        unit: String,
        /// The date on the paper.
        #[arg(long, value_name = "DATE")]
        signed_on: String,
        /// Its last day.
        #[arg(long, value_name = "DATE")]
        until: String,
        /// The scan of the sealed paper: PDF, JPG or PNG.
        #[arg(long, value_name = "FILE")]
        scan: PathBuf,
    },
    /// Confirm a delegation that was recorded before (system, and security as --second).
    DelegateConfirm {
        /// The school: name, code or id.
        unit: String,
    },
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
    /// Take a subordinate's certificates back; files signed under them are refused from then on (security).
    Revoke {
        /// Code of the unit.
        unit: String,
        /// Only this officer's; else the unit's and those of all its officers.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// Why: an RFC 5280 name, e.g. keyCompromise, affiliationChanged, cessationOfOperation.
        #[arg(long)]
        reason: String,
    },
    /// Take a revocation list of this unit, one above it or a subordinate that came by hand (system).
    Crl {
        /// The list, PEM or DER: `units.crl` of the unit that signed it.
        file: PathBuf,
    },
    /// Confirm that the neighbour who sent a file has restored its home; then its files are taken (system, and security as --second).
    ConfirmHistory {
        /// The file that was refused.
        file: PathBuf,
        /// The short code that the neighbour has confirmed with `audit verify --code`; without it the file's is shown and nothing done.
        #[arg(long)]
        code: Option<String>,
    },
    /// Take the superior's answer: certificates of this unit and its officers (system).
    Enrolled {
        /// The answer.
        file: PathBuf,
    },
}

/// The fields of a unit.
#[derive(Args, Clone, Debug)]
pub(super) struct UnitFields {
    /// Its name.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// province, prefecture, county, school, college or affiliated.
    #[arg(long)]
    pub(super) level: Option<String>,
    /// 统一社会信用代码 or 学校标识码.
    #[arg(long)]
    pub(super) code: Option<String>,
    /// Its superior: name, code or id.
    #[arg(long, value_name = "UNIT")]
    pub(super) parent: Option<String>,
    /// Province; else the superior's.
    #[arg(long)]
    pub(super) province: Option<String>,
    /// Prefecture; else the superior's.
    #[arg(long)]
    pub(super) prefecture: Option<String>,
    /// 办学类型 of a school: a three-digit code.
    #[arg(long, value_name = "CODE")]
    pub(super) school_type: Option<String>,
    /// Postal address.
    #[arg(long)]
    pub(super) address: Option<String>,
    /// Who is called there, and how.
    #[arg(long)]
    pub(super) contacts: Option<String>,
}

/// `user-type …`.
#[derive(Debug, Subcommand)]
pub(super) enum UserType {
    /// The user types that form 2 may ask for.
    List,
    /// Add a user type to the table.
    Add {
        /// Its name.
        name: String,
    },
}

/// `config …`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Every setting with its value, rule, default and range.
    List,
    /// One setting.
    Get {
        /// Its name.
        name: String,
    },
    /// Give a setting a value; an empty one takes text and dates away (system).
    Set {
        /// Its name.
        name: String,
        /// The value.
        value: String,
    },
}

/// `request …`.
#[derive(Debug, Subcommand)]
pub(super) enum Request {
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
pub(super) struct Which {
    /// Only those in this state.
    #[arg(long)]
    pub(super) state: Option<String>,
    /// Only those with this number, name, pinyin, initials, unit or whole identity number.
    #[arg(long, value_name = "TEXT")]
    pub(super) search: Option<String>,
    /// Only those of this unit: name, code or id.
    #[arg(long)]
    pub(super) unit: Option<String>,
    /// At most so many.
    #[arg(long)]
    pub(super) limit: Option<usize>,
    /// After so many.
    #[arg(long, default_value_t = 0)]
    pub(super) offset: usize,
    /// In which order.
    #[arg(long, value_enum, default_value_t)]
    pub(super) sort: Sort,
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

/// Looking at personal data in full.
#[derive(Args, Clone, Debug)]
pub(super) struct Reveal {
    /// Show numbers and addresses in full; it is written to the audit log.
    #[arg(long, requires = "reason")]
    pub(super) reveal: bool,
    /// Why they are looked at; kept for the auditor.
    #[arg(long, value_name = "TEXT", requires = "reveal")]
    pub(super) reason: Option<String>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Sort {
    /// By number.
    #[default]
    Number,
    /// By name, as a Chinese list.
    Name,
}

/// Whose opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OpinionWord {
    /// 申请人确认.
    Applicant,
    /// 申请人部门意见.
    Department,
    /// 办公室意见.
    Office,
    /// 用户管理部门受理意见.
    Acceptance,
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
    Inserted {
        /// Stay, and tell each ukey that is plugged in or pulled out.
        #[arg(long)]
        watch: bool,
    },
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
    /// The holder changes the user PIN, typed at the terminal; a hold of a random PIN ends.
    ChangePin {
        /// Serial or its last four or more characters.
        serial: String,
    },
}

/// `stock …`.
#[derive(Debug, Subcommand)]
pub(super) enum Stock {
    /// Take a plugged blank that nobody dispatched into stock (system, and security as --second).
    Intake {
        /// Its whole serial.
        serial: String,
        /// Why it is taken in.
        #[arg(long, value_name = "TEXT")]
        reason: String,
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
    /// Write the orders of pending runs; at the CA sign what is queued and write the certificates. As
    /// security: write the orders to revoke; at the CA sign a new CRL.
    Out {
        /// The folder to write to.
        dir: PathBuf,
    },
    /// Take certificates and the CA's CRL in; at the CA check and queue orders, and revoke.
    In {
        /// The folder to read.
        dir: PathBuf,
    },
}

/// `audit …`.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Acts, the oldest first; who is not the auditor sees their own.
    List(AuditList),
    /// Is every row as it was written, and does the log hold every checkpoint signed before?
    Verify {
        /// Compare with this checkpoint, too.
        #[arg(long, value_name = "FILE", conflicts_with = "code")]
        checkpoint: Option<PathBuf>,
        /// Compare with the short code of a paper slip, too.
        #[arg(long)]
        code: Option<String>,
    },
    /// Sign how far the log has come and write it to a file (auditor or security).
    Checkpoint {
        /// The file to write: a CMS signature (DER) with the checkpoint inside.
        file: PathBuf,
    },
    /// Write the whole log and its checkpoints as JSON lines (auditor).
    Export {
        /// The file to write.
        file: PathBuf,
    },
}

/// `audit list`.
#[derive(Args, Debug)]
pub(super) struct AuditList {
    /// Only those where a field, the request's number or the holder's name holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) search: Option<String>,
    /// Only from this day (UTC) or time on: 2026-11-24 or 2026-11-24T08:00:00+08:00.
    #[arg(long, value_name = "DATE")]
    pub(super) since: Option<String>,
    /// Only up to the end of this day (UTC), or this time.
    #[arg(long, value_name = "DATE")]
    pub(super) until: Option<String>,
    /// Only this act, e.g. ukey-issued.
    #[arg(long)]
    pub(super) act: Option<String>,
    /// Only acts of this officer (--officer is who asks).
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// At most so many, the newest.
    #[arg(long)]
    pub(super) limit: Option<usize>,
}

/// `doctor …`.
#[derive(Debug, Subcommand)]
pub(super) enum Doctor {
    /// Show the report of another station.
    Read {
        /// The file.
        file: PathBuf,
    },
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
