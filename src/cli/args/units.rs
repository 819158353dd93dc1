//! `unit`, `user-type` and `config`: what a home knows of its surroundings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::holders::{Departure, OtherDesk};

/// `unit …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Unit {
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
    /// Close a unit; its records stay. With --holders-leave everybody of it who has a certificate leaves in
    /// the same transaction, as by `holder leave --all-of UNIT --closed`.
    Close {
        /// Name, code or id.
        unit: String,
        /// Its holders leave with it.
        #[arg(long, requires = "reason")]
        holders_leave: bool,
        /// Why, in words.
        #[arg(long, value_name = "TEXT", requires = "holders_leave")]
        reason: Option<String>,
        /// All of their ukeys were brought, as in `holder leave`.
        #[arg(long, requires = "holders_leave")]
        with_ukeys: bool,
    },
    /// Merge a unit into another one: everybody of it who has a certificate moves there, as by `holder
    /// transfer --all-of UNIT --to OTHER`, and it is closed, in one transaction (system; security as --second
    /// where a ukey was not brought).
    Merge {
        /// The unit that ends: name, code or id.
        unit: String,
        /// The unit that it becomes part of: name, code or id.
        #[arg(long, value_name = "UNIT")]
        into: String,
        #[command(flatten)]
        terms: Departure,
        #[command(flatten)]
        desk: OtherDesk,
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
    /// Sign the next revocation list of units and officers certified here, nothing added (security).
    RenewCrl,
    /// Confirm that the neighbour who sent a file has restored its home or set it up anew; then its files are taken (system, and security as --second).
    ConfirmHistory {
        /// The file that was refused.
        file: PathBuf,
        /// The short code that the neighbour has confirmed with `audit verify --code`; without it the file's is shown and nothing done.
        #[arg(long)]
        code: Option<String>,
    },
    /// Leave out a file that is refused because its signer was revoked, so that the sender's next ones can be taken (system, and security as --second).
    SetAside {
        /// The file that was refused.
        file: PathBuf,
    },
    /// Take the superior's answer: certificates of this unit and its officers (system).
    Enrolled {
        /// The answer.
        file: PathBuf,
    },
}

/// The fields of a unit.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct UnitFields {
    /// Its name.
    #[arg(long)]
    pub(in crate::cli) name: Option<String>,
    /// province, prefecture, county, school, college or affiliated.
    #[arg(long)]
    pub(in crate::cli) level: Option<String>,
    /// 统一社会信用代码 or 学校标识码.
    #[arg(long)]
    pub(in crate::cli) code: Option<String>,
    /// Its superior: name, code or id.
    #[arg(long, value_name = "UNIT")]
    pub(in crate::cli) parent: Option<String>,
    /// Province; else the superior's.
    #[arg(long)]
    pub(in crate::cli) province: Option<String>,
    /// Prefecture; else the superior's.
    #[arg(long)]
    pub(in crate::cli) prefecture: Option<String>,
    /// 办学类型 of a school: a three-digit code.
    #[arg(long, value_name = "CODE")]
    pub(in crate::cli) school_type: Option<String>,
    /// Postal address.
    #[arg(long)]
    pub(in crate::cli) address: Option<String>,
    /// Who is called there, and how.
    #[arg(long)]
    pub(in crate::cli) contacts: Option<String>,
}

/// `user-type …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum UserType {
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
pub(in crate::cli) enum Config {
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
