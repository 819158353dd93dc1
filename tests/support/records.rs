//! The records of a home, opened beside the program: to bring about what no command does.

use std::fs;
use std::path::Path;

use ukey_station::domain::officer::OfficerName;
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::KeysFile;
use ukey_station::store::Store;

/// Opens them with an officer's passphrase.
pub(crate) fn records(home: &Path, (officer, passphrase): (&str, &str)) -> Store {
    let keys = KeysFile::read(&home.join("keys.json")).unwrap();
    let name = OfficerName::parse(officer).unwrap();
    let opened = keys.open(&name, &SecretText::new(passphrase.to_owned()));
    Store::open(&home.join("station.db"), opened.unwrap().store_key.expose()).unwrap()
}

/// The same of a practice home.
pub(crate) fn practice_records(home: &Path) -> Store {
    let text = fs::read_to_string(home.join("secrets.toml")).unwrap();
    let secrets: toml::Table = text.parse().unwrap();
    let passphrase = secrets["officers"]["admin"].as_str().unwrap();
    records(home, ("admin", passphrase))
}
