//! The file on disk and the rules of its schema.

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::OfficerName;
use crate::domain::request::RequestState;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity};
use crate::domain::unit::{Level, Unit};

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

/// As the first version of this program wrote it: its own script, and some rows.
fn version_1(path: &Path) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = open(path, &KEY, flags).unwrap();
    db.execute_batch(include_str!("schema/001.sql")).unwrap();
    db.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO ukeys (serial, maker, model, profile, state, received_at)
         VALUES ('0001', 'maker', 'model', 'softhsm2', 'blank', '2026-11-24T08:00:00Z');
         INSERT INTO officers (name, post, enabled, ukey_serial, key_id, chain)
         VALUES ('admin', 'system', 1, '8f5c', x'01', '[]');
         INSERT INTO meta (name, value) VALUES ('officer_so_pin/admin', 'sealed');",
    )
    .unwrap();
}

#[test]
fn a_file_of_version_1_opens_with_its_officers_and_ukeys_and_takes_their_new_serials() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("station.db");
    version_1(&path);
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
    assert_eq!(store.read().verify_audit().unwrap().rows, 0);
}

#[test]
fn verify_finds_an_edit_a_deletion_and_a_reorder_at_their_row() {
    type Damage = &'static str;
    let cases: [(Damage, u64); 4] = [
        ("UPDATE audit SET result = 'refused' WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 2", 2),
        (
            "UPDATE audit SET sequence = -sequence; UPDATE audit SET sequence = 6 + sequence",
            1,
        ),
        ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 5", 5),
    ];
    for (damage, first) in cases {
        let (_dir, _path, mut store) = store();
        acts(&mut store, 5);
        let intact = store.read().verify_audit().unwrap();
        assert_eq!((intact.rows, intact.first_broken), (5, None));
        store.db.execute_batch(damage).unwrap();
        let broken = store.read().verify_audit().unwrap();
        assert_eq!(broken.first_broken, Some(first), "{damage}");
    }
}

#[test]
fn a_request_moves_along_its_table_only_and_from_the_state_it_is_in() {
    let (_dir, _path, mut store) = store();
    let unit = Unit {
        id: UnitId::new(Uuid::nil()),
        name: "示例小学".to_owned(),
        level: Level::School,
        code: "2143000001".to_owned(),
        province: "湖南省".to_owned(),
        prefecture: "长沙市".to_owned(),
        own: true,
    };
    let request = RequestRow {
        id: RequestId::new(Uuid::nil()),
        number: "2026-0001".to_owned(),
        revision: 1,
        state: RequestState::Draft,
        unit: unit.id,
        holder_name: "李华".to_owned(),
        user_types: "信息管理员".to_owned(),
        apply_certificate: true,
        entered_by: OfficerName::parse("admin").unwrap(),
        entered_at: now(),
        approved_by: None,
        approved_at: None,
        expires_at: None,
    };
    store
        .write(|writing| {
            writing.insert_unit(&unit)?;
            writing.insert_request(&request, &[("name", "李华".to_owned())].into())
        })
        .unwrap();
    assert_eq!(store.read().request(request.id).unwrap(), request);
    assert_eq!(store.read().next_number(2026).unwrap(), "2026-0002");
    let mut moving = |from, to| store.write(|writing| writing.move_request(request.id, from, to));
    assert!(moving(RequestState::Submitted, RequestState::Approved).is_err());
    assert!(moving(RequestState::Draft, RequestState::Approved).is_err());
    assert!(moving(RequestState::Draft, RequestState::Submitted).is_ok());
    assert!(moving(RequestState::Draft, RequestState::Submitted).is_err());
}

#[test]
fn a_changed_pin_lifts_the_hold_of_a_random_pin_and_no_other() {
    let (_dir, _path, mut store) = store();
    let serial = CertificateSerial::from_random([0x41; 16]);
    let insert = format!(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after, der,
             state, stored_at)
         VALUES ('{serial}', '', '', '', '', '', '', x'00', 'active', '')"
    );
    store.db.execute_batch(&insert).unwrap();
    let standing = |store: &Store| -> (String, Option<String>, Option<String>) {
        let sql = "SELECT state, reason, revoked_at FROM certificates";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        store.db.query_row(sql, [], read).unwrap()
    };
    let lift = |store: &mut Store| {
        store
            .write(|writing| writing.lift_hold_of_random_pin(&serial))
            .unwrap()
    };
    assert!(!lift(&mut store), "it was active");
    let hold =
        |store: &mut Store| store.write(|writing| writing.hold_until_pin_change(&serial, now()));
    hold(&mut store).unwrap();
    assert_eq!(standing(&store).1.as_deref(), Some("certificateHold"));
    assert!(lift(&mut store));
    assert_eq!(standing(&store), ("active".to_owned(), None, None));

    hold(&mut store).unwrap();
    assert!(hold(&mut store).is_err(), "it is on hold");
    let suspended = store.write(|writing| {
        let reason = RevocationReason::CertificateHold;
        writing.revoke_certificate(&serial, reason, now())
    });
    suspended.unwrap();
    assert!(!lift(&mut store), "its holder has lost it meanwhile");
    assert_eq!(standing(&store).0, "hold");
}
