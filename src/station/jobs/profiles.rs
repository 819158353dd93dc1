//! Token profiles: list, check.

use std::path::{Path, PathBuf};

use crate::domain::token_profile::TokenProfile;
use crate::station::error::Error;
use crate::token::profiles;

/// A profile and the module file it would use here.
#[derive(Clone, Debug)]
pub struct ProfileView {
    /// The profile.
    pub profile: TokenProfile,
    /// Its module, if one is installed.
    pub module: Option<PathBuf>,
}

/// The shipped profiles and those of a home. Needs no sign-in: they are no secret.
///
/// # Errors
/// `profile-invalid` with line and column.
pub fn list(home: &Path) -> Result<Vec<ProfileView>, Error> {
    let profiles = profiles::load(&home.join("token-profiles"))?;
    let view = |profile| ProfileView {
        module: profiles::module_path(&profile),
        profile,
    };
    Ok(profiles.into_values().map(view).collect())
}

/// Checks one file.
///
/// # Errors
/// `profile-invalid` with line and column.
pub fn check(file: &Path) -> Result<TokenProfile, Error> {
    Ok(profiles::read(file)?)
}
