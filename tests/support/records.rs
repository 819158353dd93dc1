//! The records of a home, opened beside the program: to bring about what no command does.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use ukey_station::domain::officer::OfficerName;
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::{KeysFile, Opened};
use ukey_station::store::Store;

/// What an officer's passphrase opens.
pub(crate) fn opened(home: &Path, (officer, passphrase): (&str, &str)) -> Opened {
    let keys = KeysFile::read(&home.join("keys.json")).unwrap();
    let name = OfficerName::parse(officer).unwrap();
    let opened = keys.open(&name, &SecretText::new(passphrase.to_owned()));
    opened.unwrap()
}

/// The same of an officer of a practice home.
pub(crate) fn opened_in_practice(home: &Path, officer: &str) -> Opened {
    let text = fs::read_to_string(home.join("secrets.toml")).unwrap();
    let secrets: toml::Table = text.parse().unwrap();
    let passphrase = secrets["officers"][officer].as_str().unwrap();
    opened(home, (officer, passphrase))
}

/// The records, opened with an officer's passphrase.
pub(crate) fn records(home: &Path, officer: (&str, &str)) -> Store {
    store(home, &opened(home, officer))
}

/// The same of a practice home.
pub(crate) fn practice_records(home: &Path) -> Store {
    store(home, &opened_in_practice(home, "admin"))
}

fn store(home: &Path, opened: &Opened) -> Store {
    Store::open(&home.join("station.db"), opened.store_key.expose()).unwrap()
}

/// The store of a practice home as a file: for what no reader of this program gives.
pub(crate) fn practice_file(home: &Path) -> Connection {
    file(home, &opened_in_practice(home, "auditor"))
}

/// The same of any home.
pub(crate) fn file(home: &Path, opened: &Opened) -> Connection {
    let db = Connection::open(home.join("station.db")).unwrap();
    let key = hex::encode(opened.store_key.expose());
    let terms = "cipher_hmac_algorithm = HMAC_SHA256";
    db.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA {terms};"))
        .unwrap();
    db
}
