//! What the window draws where no home is yet, and what it asks the desk's thread to make.

use std::path::PathBuf;

use crate::domain::field_fault::FieldFault;
use crate::domain::officer::OfficerName;
use crate::station::SecretText;
use crate::station::jobs::init::Filled;

/// There is no home yet.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstRun {
    /// Where the practice home is, or would be made.
    pub(super) practice: PathBuf,
    /// It is there.
    pub(super) practice_is_there: bool,
    /// Every field of the unit that was refused.
    pub(super) faults: Vec<FieldFault>,
    /// Whose passphrase was refused, and why: key of its words.
    pub(super) refused: Option<(OfficerName, &'static str)>,
}

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum SetUp {
    /// Go to the practice home; where there is none it is made.
    Practice,
    /// Make a real home.
    Real {
        filled: Box<Filled>,
        /// Each officer's, typed twice.
        passphrases: Vec<(OfficerName, [SecretText; 2])>,
    },
    /// Make a home out of a backup.
    Restore(Box<RestoreOrder>),
}

/// The backup, and who restores it.
#[derive(Clone, Debug)]
pub(super) struct RestoreOrder {
    pub(super) file: PathBuf,
    /// System and security of the backup, each with the passphrase of then.
    pub(super) officers: [(OfficerName, SecretText); 2],
}

/// A home that was just made: what is to be known before anybody signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeNote {
    pub(super) fingerprint: String,
    /// The file for the superior; none for a province.
    pub(super) enrolment: Option<PathBuf>,
    /// Those who may decide once their form 1 is on record.
    pub(super) unidentified: Vec<OfficerName>,
    /// Where the papers of the recovery kit are.
    pub(super) papers: Option<PathBuf>,
    pub(super) backup: Option<PathBuf>,
    /// Code and facts of why kit or backup is missing though it was asked for.
    pub(super) failed: Option<(String, String)>,
}
