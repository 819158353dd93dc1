//! The token profiles that are shipped with the program, and those a home adds. Parses them; knows
//! no ukey.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

use crate::domain::token_profile::{ProfileError, Profiles, TokenProfile};

#[derive(RustEmbed)]
#[folder = "token-profiles"]
struct Shipped;

/// Why the profiles of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file is no profile.
    #[error("{}: {source}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: ProfileError,
    },
}

/// The shipped profiles by name, and those of `folder` over them.
///
/// # Errors
/// [`Error`] names the first file that cannot be used.
pub fn load(folder: &Path) -> Result<Profiles, Error> {
    let mut profiles = Profiles::new();
    for file in Shipped::iter() {
        let Some(content) = Shipped::get(&file) else {
            continue;
        };
        let text = String::from_utf8_lossy(&content.data);
        let invalid = |source| Error::Invalid {
            path: PathBuf::from(file.as_ref()),
            source,
        };
        let profile = TokenProfile::parse(&text).map_err(invalid)?;
        profiles.insert(profile.name.clone(), profile);
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(profiles),
        Err(error) => return Err(Error::Read(folder.to_owned(), error)),
    };
    for entry in entries {
        let path = entry
            .map_err(|error| Error::Read(folder.to_owned(), error))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let profile = read(&path)?;
            profiles.insert(profile.name.clone(), profile);
        }
    }
    Ok(profiles)
}

/// Reads one profile file.
///
/// # Errors
/// [`Error`] when it cannot be read or is no profile.
pub fn read(path: &Path) -> Result<TokenProfile, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::Read(path.to_owned(), error))?;
    TokenProfile::parse(&text).map_err(|source| Error::Invalid {
        path: path.to_owned(),
        source,
    })
}

/// The module file of a profile: what its override variable names, else the first candidate that
/// exists.
pub fn module_path(profile: &TokenProfile) -> Option<PathBuf> {
    let named = profile
        .module
        .override_env
        .as_ref()
        .and_then(std::env::var_os);
    if let Some(path) = named {
        return Some(PathBuf::from(path));
    }
    let candidates = match std::env::consts::OS {
        "windows" => &profile.module.windows,
        "macos" => &profile.module.macos,
        _ => &profile.module.linux,
    };
    candidates.iter().find(|path| path.is_file()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::atr::Atr;
    use crate::domain::token_profile::candidates;

    fn softhsm2() -> String {
        let file = Shipped::get("softhsm2.toml").unwrap();
        String::from_utf8(file.data.into_owned()).unwrap()
    }

    #[test]
    fn every_shipped_profile_parses_under_its_own_name() {
        let profiles = load(Path::new("/nonexistent")).unwrap();
        assert_eq!(profiles.len(), Shipped::iter().count());
        for name in [
            "softhsm2",
            "kryoptic",
            "feitian-epass2003",
            "feitian-epass2003-opensc",
        ] {
            assert!(profiles.contains_key(name), "{name}");
        }
        assert!(profiles.values().filter(|profile| profile.tested).count() == 2);
    }

    proptest::proptest! {
        #[test]
        fn a_profile_with_any_change_is_read_or_refused_with_a_place(at: usize, text in "\\PC{0,12}") {
            let mut profile: Vec<char> = softhsm2().chars().collect();
            let at = at % profile.len();
            profile.splice(at..at, text.chars());
            let changed: String = profile.into_iter().collect();
            if let Err(error) = TokenProfile::parse(&changed) {
                proptest::prop_assert!(error.line <= changed.lines().count() + 1, "{error}");
            }
        }
    }

    #[test]
    fn an_atr_gives_the_profiles_it_may_belong_to_the_closest_first() {
        let profiles = load(Path::new("/nonexistent")).unwrap();
        let names = |profiles: &Profiles, atr: &str| -> Vec<String> {
            let atr = Atr::from_bytes(&hex::decode(atr).unwrap()).unwrap();
            let found = candidates(profiles, &atr).into_iter();
            found.map(|profile| profile.name.clone()).collect()
        };
        let epass = "3B9F958131FE9F006646530523002571DF000000000002";
        let both = ["feitian-epass2003", "feitian-epass2003-opensc"];
        assert_eq!(names(&profiles, epass), both);
        let mut extended = profiles.clone();
        let mut closer = extended["longmai-mtoken-cryptoid"].clone();
        closer.name = "zz-closer".to_owned();
        closer.select.atr_prefixes =
            vec!["3B:9F:95:81:31:FE:9F:..:66:46:53:05:23:00".parse().unwrap()];
        extended.insert(closer.name.clone(), closer);
        assert_eq!(names(&extended, epass)[0], "zz-closer");
        assert_eq!(
            names(&profiles, "3B9F118131FE9F006A6D546F6B656E"),
            ["longmai-mtoken-cryptoid"]
        );
        assert!(names(&profiles, "3B00").is_empty());
    }

    #[test]
    fn a_bad_profile_is_refused_with_its_place() {
        let bad = |from: &str, to: &str| {
            let text = softhsm2();
            assert!(text.contains(from), "{from}");
            TokenProfile::parse(&text.replacen(from, to, 1)).unwrap_err()
        };
        let unknown = bad(
            "reinit-keeps-serial = true",
            "reinit-keeps-serial = true\nclour = 1",
        );
        assert_eq!((unknown.line, unknown.column), (6, 1), "{unknown}");
        assert!(unknown.message.contains("clour"), "{unknown}");
        let kind = bad("probe = 45", "probe = \"45\"");
        assert!(kind.line > 50 && kind.column == 9, "{kind}");
        assert!(
            bad("probe = 45", "probe = 30")
                .message
                .contains("deadlines.probe")
        );
        assert!(bad("len = 24", "len = 4").message.contains("so-pin.len"));
        let atr = bad("[select]", "[select]\natr-prefixes = [\"3B:9\"]");
        assert!(atr.message.contains("ATR pattern"), "{atr}");
        assert!(
            bad("so-pin = \"12345678\"", "so-pin = \"1\"")
                .message
                .contains("factory.so-pin")
        );
        let all = bad(
            "makers = [\"SoftHSM project\"]\nmodels = [\"SoftHSM v2\"]",
            "",
        );
        assert!(all.message.contains("every ukey"), "{all}");
    }
}
