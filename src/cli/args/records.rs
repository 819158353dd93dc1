//! `certificate`, `ca`, `audit` and `doctor`: what is issued, and what is proven.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Key;

/// `certificate …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Certificate {
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
    /// Which certificates end, each with a working day to come and renew it; and how many end in each
    /// month, unit by unit.
    Expiring {
        /// Those that end within so many days.
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        within: u32,
        /// At most so many appointments a day.
        #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
        per_day: u16,
        /// Write the list: a sheet (.xlsx) or a calendar (.ics).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Give a holder's ukey a new key and certificate under its approved renewal request (request renew).
    ///
    /// The new key is made beside the old one; once the new certificate is on the ukey and proven, the old
    /// one is revoked (superseded) and the old key destroyed. The holder types the PIN of the ukey.
    /// Interrupted, it goes on with resume SERIAL, or is taken back with resume SERIAL --answer give-up.
    Renew {
        /// Serial of the ukey, or its last four or more characters.
        serial: String,
        /// The key pair to make; as the old one where nothing is said.
        #[arg(long, value_enum)]
        key: Option<Key>,
        /// Where the ukey has no room for two key pairs: destroy the old one first. Until the new one is
        /// proven the holder has no working key; ask before.
        #[arg(long)]
        old_key_first: bool,
    },
    /// Write every certificate as PEM and DER.
    Export {
        /// The folder to write to.
        dir: PathBuf,
    },
    /// Revoke a certificate, or all of a list (security).
    ///
    /// Reasons: keyCompromise (lost or stolen), affiliationChanged (left or moved), superseded (replaced
    /// by another), cessationOfOperation (the unit is closed), privilegeWithdrawn (lent to others),
    /// certificateHold (missing: on hold for at most 24 hours).
    Revoke {
        /// Its whole serial number.
        #[arg(required_unless_present = "list", conflicts_with = "list")]
        serial: Option<String>,
        /// A file with a serial number on each line: all are revoked, or none.
        #[arg(long, value_name = "FILE")]
        list: Option<PathBuf>,
        /// Why, by its name in RFC 5280.
        #[arg(long, value_name = "REASON")]
        reason: String,
    },
}

/// `ca …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ca {
    /// The CA certificate and whether its key is unlocked.
    Show,
    /// Write the CA certificate and its chain as PEM.
    Export {
        /// The file to write.
        file: PathBuf,
    },
    /// Unlock the CA key for at most 8 hours and 50 certificates (security).
    Unlock,
    /// Give the CA another key and name (security): a root begins with it at once, any other CA once `ca
    /// request`, `ca certify` and `ca install` have brought its certificate. The key before signs its CRL on.
    Rekey,
    /// Back the CA's key up into a file that two of three shares on paper open (system, and security as --second).
    Backup {
        /// The file to write.
        file: PathBuf,
        /// The folder for the papers; print them, then delete them.
        #[arg(long, value_name = "DIR")]
        papers: PathBuf,
        /// Who keeps a share, three times; no officer of this unit. One is of the superior.
        #[arg(long, value_name = "NAME", required = true)]
        custodian: Vec<String>,
    },
    /// Put the CA's key back from its backup with two shares, when its token does not answer any more (system,
    /// and security as --second).
    Restore {
        /// The backup.
        file: PathBuf,
    },
    /// Write the certificate request of this unit's CA, of its next key after `ca rekey`, for the province, and tell
    /// its fingerprint (security).
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
        /// Which key of that CA it is, where it is not the next one that was certified here.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        generation: Option<u32>,
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

/// `crl …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Crl {
    /// What the newest list says.
    Show,
    /// Sign the next list and publish it (security), or give on the newest (system): to --to, else to
    /// every one of `config set crl_destinations`; then fetch it back.
    Publish {
        /// The folder, or the address http(s)://HOST/PATH that takes it by PUT.
        #[arg(long, value_name = "DIR|URL")]
        to: Option<String>,
    },
}

/// `ca exchange …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Exchange {
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
pub(in crate::cli) enum Audit {
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
    /// Go on with records that are older than a ukey, after an old copy of the home was put back: a new instance, which neighbours will ask about (system, and security as --second).
    GoOn,
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
pub(in crate::cli) struct AuditList {
    /// Only those where a field, the request's number or the holder's name holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) search: Option<String>,
    /// Only from this day (UTC) or time on: 2026-11-24 or 2026-11-24T08:00:00+08:00.
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) since: Option<String>,
    /// Only up to the end of this day (UTC), or this time.
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) until: Option<String>,
    /// Only this act, e.g. ukey-issued.
    #[arg(long)]
    pub(in crate::cli) act: Option<String>,
    /// Only acts of this officer (--officer is who asks).
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: Option<String>,
    /// At most so many, the newest.
    #[arg(long)]
    pub(in crate::cli) limit: Option<usize>,
}

/// `doctor …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Doctor {
    /// Show the report of another station.
    Read {
        /// The file.
        file: PathBuf,
    },
}
