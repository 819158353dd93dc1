//! The audit log: what verifying it finds, its instances, checkpoints and search (D-49).

use super::*;
use crate::store::audit::LANE_ROWS;

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
    assert_eq!(store.read().newest_checkpoint().unwrap(), None);
    keep(&mut store, &current).unwrap();
    assert_eq!(
        store.read().checkpoints().unwrap(),
        std::slice::from_ref(&row)
    );
    assert_eq!(store.read().newest_checkpoint().unwrap(), Some(row.clone()));
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
    let rows = 2 * LANE_ROWS + 3;
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

#[test]
fn pages_of_the_log_follow_each_other_without_a_gap() {
    let (_dir, _path, mut store) = store();
    acts(&mut store, 7);
    let mut filter = AuditFilter {
        limit: Some(3),
        ..AuditFilter::default()
    };
    let mut pages = Vec::new();
    loop {
        let found = store.read().audit_entries(&filter).unwrap();
        let Some(first) = found.first() else { break };
        filter.before = Some(first.sequence);
        let places: Vec<u64> = found.iter().map(|entry| entry.sequence).collect();
        pages.push(places);
    }
    assert_eq!(pages, [vec![5, 6, 7], vec![2, 3, 4], vec![1]]);
    filter.act = Some("act-0".to_owned());
    filter.before = Some(2);
    assert_eq!(store.read().audit_entries(&filter).unwrap().len(), 1);
    filter.before = Some(1);
    assert!(store.read().audit_entries(&filter).unwrap().is_empty());
}
