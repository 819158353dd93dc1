//! The file on disk and the rules of its schema.

mod audit;
mod backups;
mod certificate_list;
mod counts;
mod fields;
mod request_list;
mod requests;
mod stock;
mod tallies;
mod temporary;

use std::collections::BTreeMap;

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::checkpoint::LogPosition;
use crate::domain::id::{HomeId, InstanceId, RequestId, UnitId};
use crate::domain::officer::OfficerName;
use crate::domain::request::{FormKind, RequestState};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity};
use crate::domain::unit::{Level, Unit};
use crate::domain::unit_code::UnitCode;

const KEY: [u8; 32] = [7; 32];

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
}

fn row(act: &str) -> AuditRow {
    AuditRow::new(now(), "admin", Some("system"), act)
}

fn store() -> (TempDir, PathBuf, Store) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("station.db");
    let store = Store::create(&path, &KEY).unwrap();
    (dir, path, store)
}

fn acts(store: &mut Store, count: usize) {
    for index in 0..count {
        let act = store.act(&row(&format!("act-{index}")), |_writing| {
            Ok::<_, StoreError>(())
        });
        act.unwrap();
    }
}

#[test]
fn nothing_of_the_file_can_be_read_without_its_key() {
    let (_dir, path, mut store) = store();
    acts(&mut store, 3);
    store
        .write(|writing| writing.set_meta("a-plain-word", "another-plain-word"))
        .unwrap();
    drop(store);
    let bytes = std::fs::read(&path).unwrap();
    assert!(
        !bytes
            .windows(6)
            .any(|part| part == b"SQLite" || part == b"a-plai")
    );
    assert!(matches!(
        Store::open(&path, &[8; 32]),
        Err(StoreError::NotOpened(_))
    ));
    let again = Store::open(&path, &KEY).unwrap();
    assert_eq!(
        again.read().meta("a-plain-word").unwrap().unwrap(),
        "another-plain-word"
    );
}

/// A file as the first version of the program left it, with a unit, a request and a ukey.
fn file_of_version_1() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("station.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = open(&path, &KEY, flags).unwrap();
    db.execute_batch(include_str!("schema/001.sql")).unwrap();
    db.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO units VALUES ('00000000-0000-0000-0000-000000000000', '示例小学', 'school',
             '2143000001', '湖南省', '长沙市', 1);
         INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
             apply_certificate, entered_by, entered_at)
         VALUES ('00000000-0000-0000-0000-000000000000', '2026-0017', 1, 'draft',
             '00000000-0000-0000-0000-000000000000', '李华', '信息管理员', 1, 'admin',
             '2026-11-24T08:00:00Z');
         INSERT INTO ukeys (serial, maker, model, profile, state, received_at)
         VALUES ('0001', 'maker', 'model', 'softhsm2', 'blank', '2026-11-24T08:00:00Z');
         INSERT INTO officers (name, post, enabled, ukey_serial, key_id, chain)
         VALUES ('admin', 'system', 1, '8f5c', x'01', '[]');
         INSERT INTO meta (name, value) VALUES ('officer_so_pin/admin', 'sealed');",
    )
    .unwrap();
    (dir, path)
}

#[test]
fn a_file_of_version_1_opens_with_its_requests_in_order_and_takes_new_ones() {
    let (_dir, path) = file_of_version_1();
    let mut store = Store::open(&path, &KEY).unwrap();
    let row = store.read().requests(&RequestFilter::default()).unwrap();
    assert_eq!((row.len(), row[0].form), (1, FormKind::Account));
    assert_eq!(store.read().next_number(2026).unwrap(), "2026-0018");
    assert_eq!(store.read().user_types().unwrap().len(), 5);
    assert_eq!(store.read().own_unit().unwrap().parent, None);
    let found = |store: &Store, text: &str| {
        let filter = RequestFilter {
            search: Some(text.to_owned()),
            ..RequestFilter::default()
        };
        store.read().requests(&filter).unwrap().len()
    };
    assert_eq!(found(&store, "李"), 0);
    let old = store.read().requests_not_indexed(10).unwrap();
    store
        .write(|writing| writing.index_request(&old[0], &[1; 32]))
        .unwrap();
    assert_eq!(found(&store, "李"), 1);
    assert!(store.read().requests_not_indexed(10).unwrap().is_empty());
}

#[test]
fn a_file_of_version_1_opens_with_its_officers_and_ukeys_and_takes_their_new_serials() {
    let (_dir, path) = file_of_version_1();
    let identity = UkeyIdentity {
        maker: "maker".to_owned(),
        model: "model".to_owned(),
        serial: Serial::parse("0001").unwrap(),
    };
    let mut store = Store::open(&path, &KEY).unwrap();
    let officers = store.read().officers().unwrap();
    assert_eq!(officers[0].name.as_str(), "admin");
    assert!(officers[0].enabled);
    let so_pins = store.read().officer_so_pins().unwrap();
    assert_eq!(so_pins, [(officers[0].name.clone(), "sealed".to_owned())]);
    assert_eq!(store.read().meta("officer_so_pin/admin").unwrap(), None);
    let found = |store: &Store, serial: &Serial| store.read().ukey_reported(serial).unwrap();
    let row = found(&store, &identity.serial).unwrap();
    assert_eq!(
        (row.reported(), &row.identity),
        (identity.clone(), &identity)
    );
    let new = Serial::parse("0002").unwrap();
    store
        .write(|writing| writing.set_token_serial(&identity.serial, &new))
        .unwrap();
    assert!(found(&store, &identity.serial).is_none());
    assert_eq!(found(&store, &new).unwrap().identity, identity);
    let taken = store.write(|writing| {
        writing.insert_ukey(
            &UkeyIdentity {
                serial: new.clone(),
                ..identity
            },
            "softhsm2",
            now(),
        )
    });
    assert!(matches!(taken, Err(StoreError::Constraint(_))), "{taken:?}");
}

#[test]
fn a_newer_a_damaged_and_a_missing_file_are_refused_as_what_they_are() {
    let (dir, path, store) = store();
    store.db.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    let newer = Store::open(&path, &KEY).unwrap_err();
    assert!(
        matches!(newer, StoreError::Newer { found: 99, known } if known == migration::newest()),
        "{newer}"
    );
    std::fs::write(&path, vec![0x5a; 8192]).unwrap();
    assert!(matches!(
        Store::open(&path, &KEY),
        Err(StoreError::NotOpened(_))
    ));
    let missing = dir.path().join("other.db");
    assert!(matches!(
        Store::open(&missing, &KEY),
        Err(StoreError::Missing(_))
    ));
    assert!(!missing.exists());
}

#[test]
fn a_failed_act_leaves_neither_its_effect_nor_its_row() {
    let (_dir, _path, mut store) = store();
    let failed: Result<(), StoreError> = store.act(&row("fails"), |writing| {
        writing.set_meta("name", "value")?;
        Err(StoreError::Changed("something"))
    });
    assert!(failed.is_err());
    assert_eq!(store.read().meta("name").unwrap(), None);
    assert_eq!(store.verify_audit().unwrap().rows, 0);
}

#[test]
fn every_table_is_judged_by_the_purge() {
    let (_dir, _path, store) = store();
    let mut statement = store
        .db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.unwrap().map(Result::unwrap).collect();
    let judged: Vec<_> = purge::TABLES.iter().map(|(table, _purge)| *table).collect();
    assert_eq!(names, judged);
}
