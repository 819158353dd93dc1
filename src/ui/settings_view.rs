//! What the window draws of how the station is set up, and what it asks the desk to change.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Level;
use crate::station::jobs::backup::{Made, Progress};
use crate::station::jobs::doctor::Finding;
use crate::station::jobs::settings::Set;

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
}

/// How far a backup has come.
pub(super) type BackupProgress = Progress;
