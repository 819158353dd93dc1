//! What is counted is what there is.

use super::*;
use crate::domain::ukey::UkeyState;

/// Certificates by serial, state and end; and whose request and run they are does not matter here.
fn put_certificates(store: &Store, certificates: &[(&str, &str, &str)]) {
    store.db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for (serial, state, end) in certificates {
        let sql = "INSERT INTO certificates (serial, run, request, ukey, subject, not_before,
                 not_after, der, state, stored_at) VALUES (?1, ?1, ?1, '', '', '', ?3, x'00', ?2, '')";
        store.db.execute(sql, [serial, state, end]).unwrap();
    }
}

#[test]
fn certificates_that_end_are_counted_with_the_last_moment_and_without_the_first() {
    let (_dir, _path, store) = store();
    let certificates = [
        ("01", "active", "2026-11-24T08:00:00Z"),
        ("02", "active", "2026-11-24T08:00:01Z"),
        ("03", "hold", "2026-11-30T23:59:59Z"),
        ("04", "revoked", "2026-11-26T00:00:00Z"),
        ("05", "active", "2026-12-01T00:00:00Z"),
    ];
    put_certificates(&store, &certificates);
    let until = Timestamp::parse("2026-11-30T23:59:59Z").unwrap();
    assert_eq!(store.read().count_expiring(now(), until).unwrap(), 2);
    assert_eq!(store.read().count_expiring(until, now()).unwrap(), 0);
}

#[test]
fn requests_ukeys_and_runs_are_counted_by_state() {
    let (_dir, _path, store) = store();
    let rows = "PRAGMA foreign_keys = OFF;
        INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
            apply_certificate, entered_by, entered_at, place, renews) VALUES
            ('a', '2026-0001', 1, 'approved', '', '', '', 1, '', '', 1, NULL),
            ('b', '2026-0002', 1, 'approved', '', '', '', 1, '', '', 2, '0b'),
            ('c', '2026-0003', 1, 'personalising', '', '', '', 1, '', '', 3, NULL),
            ('d', '2026-0004', 1, 'pending', '', '', '', 1, '', '', 4, '0d'),
            ('e', '2026-0005', 1, 'issued', '', '', '', 1, '', '', 5, NULL);
        INSERT INTO runs (id, request, ukey, officer, opened_at, ended_at) VALUES
            ('a', 'c', '1', '', '', NULL), ('b', 'd', '2', '', '', NULL), ('c', 'e', '3', '', '', '');
        INSERT INTO ukeys (serial, maker, model, profile, state, received_at, moved_at, officer) VALUES
            ('2', '', '', '', 'blank', '', '', NULL),
            ('3', '', '', '', 'blank', '', '', NULL),
            ('4', '', '', '', 'blank', '', '', 'admin');";
    store.db.execute_batch(rows).unwrap();
    let reading = store.read();
    let requests = |state| reading.count_in_state(state).unwrap();
    assert_eq!(requests(RequestState::Approved), 2);
    assert_eq!(requests(RequestState::Pending), 1);
    assert_eq!(requests(RequestState::Submitted), 0);
    assert_eq!(reading.count_approved_renewals().unwrap(), 1);
    assert_eq!(
        reading.count_unfinished_runs().unwrap(),
        1,
        "one waits for the CA"
    );
    let blanks = reading.count_ukeys(UkeyState::Blank).unwrap();
    assert_eq!(blanks, 2, "an officer's own is no stock");
}

#[test]
fn the_newest_checkpoint_is_the_one_that_counts_most_rows_of_the_last_epoch() {
    let (_dir, _path, mut store) = store();
    assert_eq!(store.read().newest_checkpoint_at().unwrap(), None);
    acts(&mut store, 3);
    assert_eq!(store.read().count_audit().unwrap(), 3);
    let rows = "INSERT INTO audit_checkpoints (epoch, count, signature, chain, stored_at) VALUES
        (1, 9, x'00', '[]', '2026-11-20T08:00:00Z'), (2, 2, x'00', '[]', '2026-11-24T08:00:00Z')";
    store.db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    store.db.execute_batch(rows).unwrap();
    assert_eq!(
        store.read().newest_checkpoint_at().unwrap(),
        Some((now(), 2))
    );
}
