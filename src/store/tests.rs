//! The file on disk and the rules of its schema.

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
fn verify_finds_an_edit_a_deletion_and_a_reorder_at_their_row() {
    type Damage = &'static str;
    let cases: [(Damage, u64); 6] = [
        ("UPDATE audit SET result = 'refused' WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 2", 2),
        (
            "UPDATE audit SET sequence = -sequence; UPDATE audit SET sequence = 6 + sequence",
            1,
        ),
        ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 5", 5),
        ("UPDATE audit SET hash = zeroblob(7) WHERE sequence = 5", 5),
        (
            "UPDATE audit SET at = '2026-11-24t08:00:00z' WHERE sequence = 4",
            4,
        ),
    ];
    for (damage, first) in cases {
        let (_dir, _path, mut store) = store();
        acts(&mut store, 5);
        let intact = store.verify_audit().unwrap();
        assert_eq!((intact.rows, intact.first_broken), (5, None));
        store.db.execute_batch(damage).unwrap();
        let broken = store.verify_audit().unwrap();
        assert_eq!(broken.first_broken, Some(first), "{damage}");
    }
}

#[test]
fn each_file_is_an_instance_of_its_own_and_a_restore_begins_the_next() {
    let home = HomeId::new(Uuid::from_u128(1));
    let (_dir, _path, mut store) = store();
    let (_other_dir, _other_path, other) = self::store();
    acts(&mut store, 3);
    let first = store.read().audit_position(home).unwrap();
    assert_eq!((first.epoch, first.count), (1, 3));
    let twin = other.read().audit_position(home).unwrap();
    assert_eq!((twin.epoch, twin.count), (1, 0));
    assert_ne!(first.instance, twin.instance);
    let next = InstanceId::new(Uuid::from_u128(7));
    store.write(|writing| writing.start_instance(next)).unwrap();
    let second = store.read().audit_position(home).unwrap();
    assert_eq!((second.epoch, second.instance), (2, next));
    assert_eq!((second.count, second.head), (first.count, first.head));
    let again = store.write(|writing| writing.start_instance(next));
    assert!(matches!(again, Err(StoreError::Constraint(_))), "{again:?}");
}

#[test]
fn a_checkpoint_is_kept_only_of_the_log_as_it_is() {
    let home = HomeId::new(Uuid::from_u128(1));
    let (_dir, _path, mut store) = store();
    acts(&mut store, 2);
    let old = store.read().audit_position(home).unwrap();
    acts(&mut store, 1);
    let row = CheckpointRow {
        signature: vec![1, 2],
        chain: vec![vec![3]],
    };
    let keep = |store: &mut Store, position| {
        store.act(&self::row("checkpoint-signed"), |writing| {
            writing.insert_checkpoint(position, &row, now())
        })
    };
    let refused = keep(&mut store, &old);
    assert!(
        matches!(refused, Err(StoreError::Changed(_))),
        "{refused:?}"
    );
    assert!(store.read().checkpoints().unwrap().is_empty());
    let current = store.read().audit_position(home).unwrap();
    keep(&mut store, &current).unwrap();
    assert_eq!(
        store.read().checkpoints().unwrap(),
        std::slice::from_ref(&row)
    );
    assert_eq!(store.read().audit_position(home).unwrap().count, 4);
    let hash = |count| store.read().audit_hash_at(count).unwrap();
    assert_eq!(hash(3), Some(current.head));
    assert_eq!(hash(0), Some(crate::domain::audit::GENESIS));
    assert_eq!((hash(5), hash(u64::MAX)), (None, None));
}

#[test]
fn the_newest_position_of_a_neighbour_replaces_the_one_before() {
    let home = HomeId::new(Uuid::from_u128(9));
    let (_dir, _path, mut store) = store();
    assert_eq!(store.read().neighbour_checkpoint(home).unwrap(), None);
    let mut row = NeighbourRow {
        position: LogPosition {
            home,
            instance: InstanceId::new(Uuid::from_u128(1)),
            epoch: 1,
            count: 10,
            head: [1; 32],
        },
        seen_at: now(),
        file: "ukey-tally 5f0c".to_owned(),
    };
    for count in [10, 12] {
        row.position.count = count;
        store
            .write(|writing| writing.keep_neighbour_checkpoint(&row))
            .unwrap();
        let kept = store.read().neighbour_checkpoint(home).unwrap();
        assert_eq!(kept.as_ref(), Some(&row));
    }
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

#[test]
fn the_log_is_searched_by_what_it_says_and_by_time() {
    let (_dir, _path, mut store) = store();
    for (at, officer, act, detail) in [
        ("2026-11-23T23:59:59Z", "admin", "ukey-issued", None),
        (
            "2026-11-24T00:00:00Z",
            "security",
            "crl-published",
            Some("number 7"),
        ),
        ("2026-11-24T08:00:00Z", "admin", "crl-published", None),
    ] {
        let mut row = AuditRow::new(Timestamp::parse(at).unwrap(), officer, None, act);
        row.detail = detail.map(str::to_owned);
        store.act(&row, |_writing| Ok::<_, StoreError>(())).unwrap();
    }
    let found = |filter: AuditFilter| {
        let entries = store.read().audit_entries(&filter).unwrap();
        let rows: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
        rows
    };
    let all = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(all()), [1, 2, 3]);
    assert_eq!(
        found(AuditFilter {
            limit: Some(2),
            ..all()
        }),
        [2, 3],
        "the newest"
    );
    assert_eq!(
        found(AuditFilter {
            act: text("crl-published"),
            ..all()
        }),
        [2, 3]
    );
    assert_eq!(
        found(AuditFilter {
            officer: text("admin"),
            ..all()
        }),
        [1, 3]
    );
    assert_eq!(
        found(AuditFilter {
            search: text("number 7"),
            ..all()
        }),
        [2]
    );
    assert_eq!(
        found(AuditFilter {
            search: text("no such"),
            ..all()
        }),
        [0_u64; 0]
    );
    let since = crate::domain::audit::since("2026-11-24");
    assert_eq!(found(AuditFilter { since, ..all() }), [2, 3]);
    let until = crate::domain::audit::until("2026-11-23");
    assert_eq!(found(AuditFilter { until, ..all() }), [1]);
}

#[test]
fn what_is_read_at_one_moment_fits_together_while_another_process_writes() {
    let (_dir, path, mut store) = store();
    let mut other = Store::open(&path, &KEY).unwrap();
    acts(&mut store, 2);
    let read = store.at_one_moment(|store| {
        let before = store.verify_audit()?;
        acts(&mut other, 3);
        Ok::<_, StoreError>((before, store.read().audit_head()?))
    });
    let (verdict, (count, head)) = read.unwrap();
    assert_eq!((verdict.rows, verdict.head), (count, head));
    assert_eq!(store.verify_audit().unwrap().rows, 5);
}

/// Long enough to be read in parts.
#[test]
fn damage_in_a_long_log_is_found_at_its_row_too() {
    let (_dir, _path, mut store) = store();
    store.db.pragma_update(None, "synchronous", "OFF").unwrap();
    let rows = 2 * audit::LANE_ROWS + 3;
    acts(&mut store, usize::try_from(rows).unwrap());
    let intact = store.verify_audit().unwrap();
    assert_eq!((intact.rows, intact.first_broken), (rows, None));
    assert_eq!(intact, store.read().verify_audit().unwrap());
    for (damage, first) in [
        (
            "UPDATE audit SET act = 'other' WHERE sequence = 7500",
            7_500,
        ),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 5001",
            5_001,
        ),
        ("DELETE FROM audit WHERE sequence = 777", 777),
        (
            "INSERT INTO audit SELECT 0, at, officer, post, act, request, ukey, certificate,
             result, detail, hash FROM audit WHERE sequence = 1",
            1,
        ),
    ] {
        store
            .db
            .execute_batch(&format!("SAVEPOINT whole; {damage}; RELEASE whole"))
            .unwrap();
        let broken = store.verify_audit().unwrap();
        assert_eq!(broken.first_broken, Some(first), "{damage}");
    }
}

fn sample_unit() -> Unit {
    Unit {
        id: UnitId::new(Uuid::nil()),
        name: "示例小学".to_owned(),
        level: Level::School,
        code: UnitCode::parse("2143000001").unwrap(),
        province: "湖南省".to_owned(),
        prefecture: "长沙市".to_owned(),
        own: true,
        parent: None,
        school_type: None,
        address: None,
        contacts: None,
        closed_at: None,
    }
}

fn sample_request() -> RequestRow {
    RequestRow {
        id: RequestId::new(Uuid::nil()),
        number: "2026-0001".to_owned(),
        revision: 1,
        state: RequestState::Draft,
        unit: UnitId::new(Uuid::nil()),
        holder_name: "李华".to_owned(),
        user_types: "信息管理员".to_owned(),
        apply_certificate: true,
        form: FormKind::Account,
        post: None,
        entered_by: OfficerName::parse("admin").unwrap(),
        entered_at: now(),
        approved_by: None,
        approved_at: None,
        expires_at: None,
    }
}

#[test]
fn a_request_moves_along_its_table_only_and_from_the_state_it_is_in() {
    let (_dir, _path, mut store) = store();
    let (unit, request) = (sample_unit(), sample_request());
    store
        .write(|writing| {
            writing.insert_unit(&unit)?;
            writing.insert_request(&request, &[1; 32], &[("name", "李华".to_owned())].into())
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

/// D-21: an approval that has ended is found by its date, and only while it is one.
#[test]
fn an_approval_that_has_ended_is_found_once() {
    let (_dir, _path, mut store) = store();
    let request = RequestRow {
        state: RequestState::Submitted,
        ..sample_request()
    };
    let approval = ApprovalRow {
        officer: OfficerName::parse("security").unwrap(),
        signature: vec![1],
        chain: Vec::new(),
        decided_at: now(),
    };
    store
        .write(|writing| {
            writing.insert_unit(&sample_unit())?;
            let fields = [("name", "李华".to_owned())].into();
            writing.insert_request(&request, &[1; 32], &fields)?;
            let (from, to) = (RequestState::Submitted, RequestState::Approved);
            writing.move_request(request.id, from, to)?;
            let salts = [("name".to_owned(), [2; 32])].into();
            writing.insert_approval(&request, &approval, &salts, now().plus_days(30))
        })
        .unwrap();
    let expired = |store: &Store, days| {
        let at = now().plus_days(days);
        store.read().expired_requests(at).unwrap().len()
    };
    assert_eq!((expired(&store, 30), expired(&store, 31)), (0, 1));
    let (from, to) = (RequestState::Approved, RequestState::Expired);
    store
        .write(|writing| writing.move_request(request.id, from, to))
        .unwrap();
    assert_eq!(expired(&store, 31), 0);
    let again = store.write(|writing| writing.move_request(request.id, to, from));
    assert!(again.is_err());
}

/// D-20, where nobody looked before: the schema itself refuses the second one.
#[test]
fn the_schema_refuses_a_second_live_request_of_a_person() {
    let (_dir, _path, mut store) = store();
    let second = RequestRow {
        id: RequestId::new(Uuid::from_u128(2)),
        number: "2026-0002".to_owned(),
        ..sample_request()
    };
    let insert = |writing: &Writing<'_>, row: &RequestRow| {
        writing.insert_request(row, &[1; 32], &[("name", "李华".to_owned())].into())
    };
    store
        .write(|writing| {
            writing.insert_unit(&sample_unit())?;
            insert(writing, &sample_request())
        })
        .unwrap();
    let refused = store.write(|writing| insert(writing, &second));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "{refused:?}"
    );
    let found = |text: &str| {
        let filter = RequestFilter {
            search: Some(text.to_owned()),
            ..RequestFilter::default()
        };
        store.read().requests(&filter).unwrap().len()
    };
    // Nothing of the refused one stays, and the first is found by each of its marks.
    for text in [
        "李",
        "李华",
        "华",
        "lihua",
        "lh",
        "LH",
        "2026-0001",
        "2026-",
        "1",
        "示例",
        "2143000001",
    ] {
        assert_eq!(found(text), 1, "{text}");
    }
    for text in ["2026-0002", "2", "王", "2025-", "x", "'; --", "\u{10ffff}"] {
        assert_eq!(found(text), 0, "{text}");
    }
}

/// What SQLite looks at row by row elsewhere is kept here too, and looked at again afterwards.
#[test]
fn many_requests_are_written_whole_or_not_at_all() {
    let (_dir, _path, mut store) = store();
    store
        .write(|writing| writing.insert_unit(&sample_unit()))
        .unwrap();
    let request = |at: u32| RequestRow {
        id: RequestId::new(Uuid::from_u128(at.into())),
        number: format!("2026-{at:04}"),
        ..sample_request()
    };
    let stranger = UnitId::new(Uuid::from_u128(9));
    let enter = |store: &mut Store, rows: &[(RequestRow, [u8; 32])]| {
        store.act_on_many(|writing, acts| {
            let fields = [("name", "李华".to_owned()), ("notes", String::new())].into();
            let new = rows.iter().map(|(row, person)| NewRequest {
                row,
                person,
                fields: &fields,
                name_key: b"key",
            });
            let new: Vec<_> = new.collect();
            writing.insert_many(&new, &mut FieldsStatement::default())?;
            let mut terms = Terms::default();
            for (request, _person) in rows {
                terms.add(request, vec!["lihua".to_owned(), "李华".to_owned()])?;
                acts.add(&row("request-entered"))?;
            }
            writing.insert_terms(terms)
        })
    };
    let person = |at: u32| [u8::try_from(at).unwrap(); 32];
    let many: Vec<_> = (1..=70).map(|at| (request(at), person(at))).collect();
    enter(&mut store, &many).unwrap();
    assert_eq!(store.verify_audit().unwrap().rows, 70);
    for (row, person) in &many {
        let fields = store.read().request_fields(row.id).unwrap();
        assert_eq!((fields.len(), fields["name"].value.as_str()), (2, "李华"));
        let live = store.read().live_request(row.unit, person, row.form);
        assert_eq!(live.unwrap().as_ref(), Some(row));
    }
    let search = Some("lih".to_owned());
    let filter = RequestFilter {
        search,
        ..RequestFilter::default()
    };
    assert_eq!(store.read().requests(&filter).unwrap().len(), 70);

    let nowhere = RequestRow {
        unit: stranger,
        ..request(172)
    };
    let more: Vec<_> = (101..=140).map(|at| (request(at), person(at))).collect();
    for last in [(nowhere.clone(), person(172)), (request(173), person(70))] {
        let with_last = [&more[..], &[last]].concat();
        assert!(enter(&mut store, &with_last).is_err());
        assert_eq!(store.verify_audit().unwrap().rows, 70);
        assert_eq!(store.read().next_number(2026).unwrap(), "2026-0071");
    }
    let alone = store.write(|writing| writing.insert_request(&nowhere, &[1; 32], &BTreeMap::new()));
    assert!(matches!(alone, Err(StoreError::Constraint(_))), "{alone:?}");
}
