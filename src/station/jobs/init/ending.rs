//! How `init` ends (D-46, D-52): with the recovery kit on paper and the first backup, so that a home is
//! never lost with the passphrases or the disk it began on. Officers whose passphrases were typed a moment
//! ago do both; they are not asked again.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Config, NewOfficer};
use crate::domain::officer::{Duty, OfficerName};
use crate::keys::file;
use crate::keys::secret::SecretText;
use crate::station::desk::{Access, Desk, OpenTerms};
use crate::station::error::Error;
use crate::station::home::Home;
use crate::station::jobs::{backup, recovery};
use crate::station::sign_in::AskSecret;

/// `[recovery]`: who keeps the shares, and the folder their papers are written to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoveryTable {
    pub(super) custodians: Vec<String>,
    pub(super) papers: PathBuf,
}

/// `[backup]`: the file of the first backup.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BackupTable {
    pub(super) file: PathBuf,
}

/// What `init` left beside the home.
#[derive(Debug, Default)]
pub struct Ending {
    /// The papers of the recovery kit, a share each; none where the configuration names no custodians.
    pub papers: Vec<PathBuf>,
    /// The first backup, where the configuration names its file.
    pub backup: Option<PathBuf>,
    /// Why one of them is still missing though it was asked for. The home stands all the same.
    pub failed: Option<Error>,
}

/// Who just chose their passphrases.
struct Typed<'a>(&'a [NewOfficer]);

impl AskSecret for Typed<'_> {
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText> {
        let typed = self.0.iter().find(|other| other.name == *officer);
        typed.map(|officer| officer.passphrase.clone())
    }
}

/// Whether what the configuration asks for can be made, before anything is.
///
/// # Errors
/// `config-invalid` where nobody has the duty, `custodians-same`, `custodian-is-officer`, `file-exists`,
/// `backup-exists`.
pub(super) fn check(config: &Config) -> Result<(), Error> {
    let invalid = |field: &str| Error::usage("config-invalid", field);
    let somebody = |duty: Duty| config.officers.iter().any(|one| duty.belongs_to(one.post));
    if let Some(table) = &config.recovery {
        // The kit is an act of two, and no waiver stands in for the second (D-7).
        if !somebody(Duty::SetUp) || !somebody(Duty::ConfirmAct) {
            return Err(invalid("recovery: officers"));
        }
        recovery::check_different(&table.custodians)?;
        let of_officers = config.officers.iter().map(|one| one.name.as_str());
        recovery::check_no_officer(&table.custodians, of_officers)?;
        recovery::vacant_papers(&table.papers, recovery::KIT_PAPER)?;
    }
    if let Some(BackupTable { file }) = &config.backup {
        if !somebody(Duty::SetUp) {
            return Err(invalid("backup: officers"));
        }
        backup::vacant(file)?;
        let folder = file::folder_of(file);
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    }
    Ok(())
}

/// Makes what the configuration asks for, the kit first: it is part of the backup.
pub(super) fn end(home: &Home, config: &Config, officers: &[NewOfficer]) -> Ending {
    let mut ending = Ending::default();
    let ended = make(home.path(), config, officers, &mut ending);
    ending.failed = ended.err();
    ending
}

fn make(
    home: &Path,
    config: &Config,
    officers: &[NewOfficer],
    ending: &mut Ending,
) -> Result<(), Error> {
    if config.recovery.is_none() && config.backup.is_none() {
        return Ok(());
    }
    let with = |duty: Duty| {
        let found = officers.iter().find(|one| duty.belongs_to(one.post));
        found.map(|officer| officer.name.clone())
    };
    let terms = OpenTerms {
        officer: with(Duty::SetUp),
        secrets: None,
    };
    let typed = Typed(officers);
    let (desk, system) = Desk::open(home, Access::Change, &terms, Duty::SetUp, &typed)?;
    if let Some(table) = &config.recovery {
        let second = with(Duty::ConfirmAct);
        let second = desk.second_officer(&system, second.as_ref(), &typed)?;
        let wanted = (table.papers.as_path(), table.custodians.as_slice());
        ending.papers = recovery::make_kit(&desk, &system, &second, wanted)?;
    }
    if let Some(BackupTable { file }) = &config.backup {
        backup::make(&desk, &system, file, &|_progress| ())?;
        ending.backup = Some(file.clone());
    }
    Ok(())
}
