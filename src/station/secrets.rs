//! The secrets file: officers' passphrases and, in practice, user PINs. Mode 0600 or refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::Error;
use crate::domain::officer::OfficerName;
use crate::domain::pin::Pin;
use crate::domain::ukey::Serial;
use crate::keys::file;
use crate::keys::secret::SecretText;

/// A secrets file as it was read.
#[derive(Debug)]
pub struct Secrets {
    path: PathBuf,
    officers: BTreeMap<OfficerName, SecretText>,
    ukeys: BTreeMap<Serial, Pin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    officers: BTreeMap<OfficerName, String>,
    #[serde(default)]
    ukeys: BTreeMap<Serial, String>,
}

impl Secrets {
    /// An empty one, not written yet.
    pub const fn new(path: PathBuf) -> Self {
        Self {
            path,
            officers: BTreeMap::new(),
            ukeys: BTreeMap::new(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `secrets-readable` when others can read it, `secrets-invalid`, or what the file system says.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = file::read_private(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::PermissionDenied {
                let text = format!("{}: {error}", path.display());
                Error::refused("secrets-readable", text).because(error)
            } else {
                Error::io(path, error)
            }
        })?;
        let bytes = Zeroizing::new(bytes);
        // The parser's message may quote the file: only the place is told.
        let invalid = || Error::usage("secrets-invalid", path.display().to_string());
        let text = std::str::from_utf8(&bytes).map_err(|_binary| invalid())?;
        let File { officers, ukeys } = toml::from_str(text).map_err(|_quotes_it| invalid())?;
        let officers = officers
            .into_iter()
            .map(|(name, text)| (name, SecretText::new(text)));
        let mut pins = BTreeMap::new();
        for (serial, text) in ukeys {
            let text = Zeroizing::new(text);
            let pin = Pin::parse(&text).map_err(|_no_pin| invalid())?;
            pins.insert(serial, pin);
        }
        Ok(Self {
            path: path.to_owned(),
            officers: officers.collect(),
            ukeys: pins,
        })
    }

    /// The officers it names.
    pub fn officers(&self) -> impl Iterator<Item = &OfficerName> {
        self.officers.keys()
    }

    /// Whether it holds user PINs.
    pub fn has_ukeys(&self) -> bool {
        !self.ukeys.is_empty()
    }

    /// An officer's passphrase.
    pub fn passphrase(&self, name: &OfficerName) -> Option<&SecretText> {
        self.officers.get(name)
    }

    /// The user PIN of a ukey.
    pub fn user_pin(&self, serial: &Serial) -> Option<&Pin> {
        self.ukeys.get(serial)
    }

    /// Adds an officer; [`Self::save`] writes it.
    pub fn set_passphrase(&mut self, name: OfficerName, passphrase: SecretText) {
        self.officers.insert(name, passphrase);
    }

    /// Adds a ukey; [`Self::save`] writes it.
    pub fn set_user_pin(&mut self, serial: Serial, pin: Pin) {
        self.ukeys.insert(serial, pin);
    }

    /// Replaces the file atomically.
    ///
    /// # Errors
    /// What the file system says; the old file is then as it was.
    pub fn save(&self) -> Result<(), Error> {
        let Self {
            path,
            officers,
            ukeys,
        } = self;
        let mut text = Zeroizing::new(String::from("[officers]\n"));
        for (name, passphrase) in officers {
            push(&mut text, name.as_str(), passphrase.expose());
        }
        text.push_str("\n[ukeys]\n");
        for (serial, pin) in ukeys {
            push(&mut text, serial.as_str(), pin.expose());
        }
        file::replace(path, text.as_bytes()).map_err(|error| Error::io(path, error))
    }
}

/// `"key" = "value"` with both as TOML basic strings.
fn push(text: &mut String, key: &str, value: &str) {
    for (part, end) in [(key, " = "), (value, "\n")] {
        text.push('"');
        for c in part.chars() {
            if matches!(c, '"' | '\\') {
                text.push('\\');
            }
            text.push(c);
        }
        text.push('"');
        text.push_str(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_back_and_a_readable_file_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.toml");
        let mut secrets = Secrets::new(path.clone());
        let name = OfficerName::parse("admin \"the first\"").unwrap();
        secrets.set_passphrase(name.clone(), SecretText::new("a\\b\"c d".to_owned()));
        let serial = Serial::parse("8f5c 5f1b").unwrap();
        secrets.set_user_pin(serial.clone(), Pin::parse("5930\"1746\\").unwrap());
        secrets.save().unwrap();
        let again = Secrets::read(&path).unwrap();
        assert_eq!(again.passphrase(&name).unwrap().expose(), "a\\b\"c d");
        assert_eq!(again.user_pin(&serial).unwrap().expose(), "5930\"1746\\");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(Secrets::read(&path).unwrap_err().code, "secrets-readable");
    }
}
