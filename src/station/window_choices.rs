//! How a person of this computer wants the window: language, theme and tones, in one small file of their own.
//! No part of a home: whoever uses the desk from another account chooses anew.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::error::Error;
use crate::keys::file::folder_of;
use crate::wording::Language;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl ThemeChoice {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The wording's key is `theme-` and this word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Whether tones are heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoundChoice {
    /// They are.
    #[default]
    On,
    /// They are not.
    Off,
}

/// What was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    language: Option<LanguageChoice>,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Whether tones are heard.
    pub sound: SoundChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LanguageChoice {
    Zh,
    En,
}

impl Choices {
    /// Where they are kept: in the person's own configuration folder.
    pub fn place() -> Option<PathBuf> {
        let dirs = directories::ProjectDirs::from("", "", "ukey-station")?;
        Some(dirs.config_dir().join("window.toml"))
    }

    /// What was chosen before; nothing, where nothing can be read.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Keeps it. It is not waited until the disk has it: after a power cut one chooses again.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(self, path: &Path) -> Result<(), Error> {
        let text = toml::to_string(&self)
            .map_err(|error| Error::failed("file", path.display().to_string()).because(error))?;
        let folder = folder_of(path);
        let at = |error| Error::io(path, error);
        fs::create_dir_all(folder).map_err(at)?;
        let mut file = NamedTempFile::new_in(folder).map_err(at)?;
        file.write_all(text.as_bytes()).map_err(at)?;
        file.persist(path).map_err(|error| at(error.error))?;
        Ok(())
    }

    /// The language, if one was chosen.
    pub fn language(self) -> Option<Language> {
        self.language.map(|language| match language {
            LanguageChoice::Zh => Language::Chinese,
            LanguageChoice::En => Language::English,
        })
    }

    /// Chooses a language.
    pub const fn set_language(&mut self, language: Language) {
        self.language = Some(match language {
            Language::Chinese => LanguageChoice::Zh,
            Language::English => LanguageChoice::En,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_found_again_and_rubbish_is_no_choice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("window.toml");
        assert_eq!(Choices::read(&path), Choices::default());
        let mut choices = Choices {
            theme: ThemeChoice::Dark,
            sound: SoundChoice::Off,
            ..Choices::default()
        };
        choices.write(&path).unwrap();
        assert_eq!(Choices::read(&path), choices);
        assert_eq!(choices.language(), None);
        for language in [Language::English, Language::Chinese] {
            choices.set_language(language);
            choices.write(&path).unwrap();
            assert_eq!(Choices::read(&path).language(), Some(language));
        }
        fs::write(&path, "theme = \"dark\"").unwrap();
        let of_before = Choices::read(&path);
        assert_eq!(
            (of_before.theme, of_before.sound),
            (ThemeChoice::Dark, SoundChoice::On)
        );
        fs::write(&path, "theme = 7").unwrap();
        assert_eq!(Choices::read(&path), Choices::default());
    }
}
