//! What a home tells before anybody has signed in: its officers, and who has to wait. Opens no
//! record and needs no key.

use std::path::Path;

use super::clock;
use super::desk;
use super::error::Error;
use super::home::Home;
use crate::domain::officer::{OfficerName, Post};
use crate::keys::wrap::KeysFile;

/// A closed home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Whether it is a practice home.
    pub practice: bool,
    /// Who may sign in: disabled officers are not among them.
    pub officers: Vec<AtDoor>,
}

/// One who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtDoor {
    /// The officer's name.
    pub name: OfficerName,
    /// Their post.
    pub post: Post,
    /// Seconds until the next try, after wrong passphrases (D-58).
    pub wait_secs: Option<i64>,
    /// Whether practice secrets sign them in, so that nothing is typed.
    pub by_secrets: bool,
}

/// Whether a home could be made here: there is nothing, or an empty folder.
pub fn is_vacant(path: &Path) -> bool {
    Home::vacant(path).is_ok()
}

/// Looks at a home from outside. `secrets` is the secrets file that is named; only in practice does
/// it sign somebody in without a passphrase.
///
/// # Errors
/// `home-missing`, `keys-damaged`, `store-newer`, `secrets-readable` and the like.
pub fn look(path: &Path, secrets: Option<&Path>) -> Result<Door, Error> {
    let home = Home::open(path)?;
    let keys = KeysFile::read(&home.keys())?;
    let secrets = if keys.practice {
        desk::read_secrets(&home, &keys, secrets)?
    } else {
        None
    };
    let now = clock::now();
    let officers = keys.officers().into_iter().map(|(name, post)| AtDoor {
        wait_secs: keys.wait_secs(&name, now),
        by_secrets: secrets
            .as_ref()
            .is_some_and(|secrets| secrets.passphrase(&name).is_some()),
        name,
        post,
    });
    Ok(Door {
        practice: keys.practice,
        officers: officers.collect(),
    })
}
