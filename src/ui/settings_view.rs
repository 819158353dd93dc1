//! What the window draws of how the station is set up, and what it asks the desk to change.

use std::path::PathBuf;
use std::sync::Arc;

use time::Date;

use crate::domain::checkpoint::CheckpointCode;
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Level;
use crate::station::UnknownCertificateRow;
use crate::station::jobs::backup::{Made, Progress};
use crate::station::jobs::doctor::Finding;
use crate::station::jobs::restore::Origin;
use crate::station::jobs::restore::compare::Compared;
use crate::station::jobs::settings::Set;
use crate::station::jobs::waivers::WaiverView;

/// The page of settings.
#[derive(Clone, Debug, Default)]
pub(super) struct SettingsPicture {
    pub(super) settings: Vec<Set>,
    /// Where the list of revoked certificates goes.
    pub(super) destinations: Vec<String>,
    pub(super) officers: Vec<OfficerLine>,
    /// The tree in its order: each unit behind its superior.
    pub(super) units: Vec<UnitLine>,
    pub(super) models: Vec<ModelLine>,
    /// When the recovery kit was made that holds.
    pub(super) kit_made_at: Option<Timestamp>,
    /// Waivers that were granted or received here.
    pub(super) waivers: Vec<WaiverView>,
    /// Where this home comes from, if it was restored.
    pub(super) origin: Option<Origin>,
    /// Certificates that came to light after a restore.
    pub(super) unknown: Vec<UnknownCertificateRow>,
}

/// The recovery kit as it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KitOrder {
    pub(super) folder: PathBuf,
    /// Who keeps the shares: a name each.
    pub(super) custodians: Vec<String>,
}

/// The backup of the CA's key as it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CaBackupOrder {
    pub(super) file: PathBuf,
    /// The papers that open it.
    pub(super) shares: KitOrder,
}

/// The newest checkpoint that is known outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    File(PathBuf),
    Code(CheckpointCode),
    /// Both officers say that there is none.
    Nothing,
}

/// What a restored home is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompareOrder {
    pub(super) newest: Newest,
    /// The newest lists of revoked certificates.
    pub(super) lists: Vec<PathBuf>,
    /// Both officers say that there is none but these.
    pub(super) no_other: bool,
}

/// An officer.
#[derive(Clone, Debug)]
pub(super) struct OfficerLine {
    pub(super) name: String,
    pub(super) post: Post,
    pub(super) enabled: bool,
    /// Their certificate is installed.
    pub(super) certified: bool,
    /// Their form 1 is on record.
    pub(super) identified: bool,
    pub(super) ukey: OwnUkey,
}

/// What an officer signs in with besides the passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnUkey {
    /// Nothing: the key lies on a virtual token of the home.
    None,
    /// A binding that has not come to its end.
    Waiting(String),
    /// Their own ukey.
    Bound(String),
}

/// A unit of the tree.
#[derive(Clone, Debug)]
pub(super) struct UnitLine {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) level: Level,
    /// How many superiors this home knows above it.
    pub(super) depth: u8,
    pub(super) own: bool,
    pub(super) closed: bool,
}

/// A model of ukey that this station knows.
#[derive(Clone, Debug)]
pub(super) struct ModelLine {
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) tested: bool,
    /// The module's file; none is installed without it.
    pub(super) module: Option<PathBuf>,
}

/// What `doctor` found, and when.
#[derive(Clone, Debug)]
pub(super) struct Examined {
    pub(super) at: Timestamp,
    pub(super) findings: Arc<Vec<Finding>>,
}

/// What became of the last act here.
#[derive(Clone, Debug)]
pub(super) enum SettingsDone {
    /// A setting has this value now.
    Set(&'static str),
    /// The findings were written.
    Reported(PathBuf),
    /// A backup was made.
    BackedUp { path: PathBuf, made: Made },
    /// A recovery kit was made: its papers.
    KitMade(Vec<PathBuf>),
    /// The CA's key was backed up: the file, and the papers that open it.
    CaBackedUp { file: PathBuf, papers: Vec<PathBuf> },
    /// A waiver was granted: the file for its unit.
    WaiverGranted(PathBuf),
    /// The superior's waiver came, for the first time or again.
    WaiverReceived { replayed: bool },
    /// The restored home was compared.
    Compared {
        found: Compared,
        /// What is still to be done about the list: key of its words.
        crl: Option<&'static str>,
        /// Code and facts of why the station could not publish it.
        crl_error: Option<(String, String)>,
    },
}

/// What the window asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SettingsAct {
    /// Give a setting this value.
    Set { name: &'static str, value: String },
    /// Look at everything that may be wrong.
    Examine,
    /// Write what is wrong to a file.
    Report(PathBuf),
    /// Back up into this folder.
    BackUp(PathBuf),
    /// Free a direct subordinate from the second officer, to this day.
    GrantWaiver {
        unit: String,
        until: Date,
        reason: String,
    },
    /// Take the superior's waiver.
    ReceiveWaiver(PathBuf),
}

/// How far a backup has come.
pub(super) type BackupProgress = Progress;
