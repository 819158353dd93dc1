//! What forecast, countdown and tally count.

use super::*;

const UNIT: &str = "00000000-0000-0000-0000-000000000000";

/// A request: its place, state, person, whether it asks for a certificate, the end of its approval.
fn request(db: &Connection, place: u32, (state, person): (&str, u8), asks: bool, expires: &str) {
    db.execute(
        "INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
             apply_certificate, entered_by, entered_at, person, place, expires_at, replaces)
         VALUES (?1, ?2, 1, ?3, ?4, '李华', '', ?5, 'admin', '2026-01-01T00:00:00Z', ?6, ?7, ?8,
             (SELECT id FROM requests WHERE person = ?6 AND state = 'handed_out'))",
        rusqlite::params![
            Uuid::from_u128(u128::from(place)).to_string(),
            format!("2026-{place:04}"),
            state,
            UNIT,
            asks,
            [person; 32],
            place,
            expires
        ],
    )
    .unwrap();
}

fn certificate(db: &Connection, place: u32, state: &str, not_after: &str) {
    let id = Uuid::from_u128(u128::from(place)).to_string();
    db.execute_batch(&format!(
        "INSERT INTO ukeys (serial, maker, model, profile, state, received_at, moved_at)
             VALUES ('c{place}', 'maker', 'model', 'p', 'blank', '2020-01-01T00:00:00Z',
                 '2020-01-01T00:00:00Z');
         INSERT INTO runs (id, request, ukey, officer, opened_at, ended_at)
             VALUES ('{id}', '{id}', 'c{place}', 'admin', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
         INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after, der,
                 state, stored_at)
             VALUES ('{place}', '{id}', '{id}', 'c{place}', '', '2026-01-01T00:00:00Z', '{not_after}',
                 x'00', '{state}', '2026-01-01T00:00:00Z');"
    ))
    .unwrap();
}

#[test]
fn a_person_counts_once_as_with_or_without_and_who_waits_is_approved() {
    let (_dir, _path, store) = store();
    let db = &store.db;
    db.execute_batch(&format!(
        "INSERT INTO units (id, name, level, code, province, prefecture, own)
         VALUES ('{UNIT}', '示例小学', 'school', '2143000001', '湖南省', '长沙市', 1);"
    ))
    .unwrap();
    let (later, before) = ("2026-12-20T00:00:00Z", "2026-11-20T00:00:00Z");
    request(db, 1, ("approved", 1), true, later);
    request(db, 2, ("handed_out", 2), true, before);
    certificate(db, 2, "active", "2027-01-10T00:00:00Z");
    request(db, 3, ("handed_out", 3), true, before);
    certificate(db, 3, "active", "2026-11-01T00:00:00Z"); // It has ended.
    request(db, 4, ("rejected", 4), true, before);
    request(db, 5, ("closed", 5), true, before);
    certificate(db, 5, "revoked", "2028-01-01T00:00:00Z");
    request(db, 6, ("submitted", 5), true, later);
    request(db, 7, ("handed_out", 6), true, before);
    certificate(db, 7, "hold", "2027-01-31T23:59:59Z");
    request(db, 8, ("approved", 6), true, later); // A re-key beside it.
    request(db, 9, ("approved", 7), false, later);
    request(db, 10, ("approved", 8), true, before); // Too late to be made.
    let counts = store.read().unit_counts(now()).unwrap();
    let counts = &counts[&UnitId::new(Uuid::nil())];
    assert_eq!(
        (counts.waiting, counts.certified, counts.without),
        (2, 2, 4)
    );
    let months: Vec<_> = counts
        .expiring
        .iter()
        .map(|(month, count)| (month.to_string(), *count))
        .collect();
    assert_eq!(months, [("2027-01".to_owned(), 2)]);
    assert_eq!(counts.requests[&RequestState::Approved], 4);
    let people = store.read().people_without(now()).unwrap();
    let numbers: Vec<_> = people.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(
        numbers,
        ["2026-0001", "2026-0003", "2026-0006", "2026-0010"]
    );
}

#[test]
fn a_ukey_is_lost_once_and_not_when_it_came_back() {
    let (_dir, _path, store) = store();
    let lives: [(&str, &[(&str, &str)]); 5] = [
        ("1", &[("damaged", "2026-06-01")]),
        ("2", &[("damaged", "2026-06-01"), ("blank", "2026-06-02")]),
        ("3", &[("lost", "2026-06-01"), ("destroyed", "2026-07-01")]),
        (
            "4",
            &[("personalising", "2026-06-01"), ("issued", "2026-06-01")],
        ),
        ("5", &[("damaged", "2024-06-01")]),
    ];
    for (serial, steps) in lives {
        let insert = format!(
            "INSERT INTO ukeys (serial, maker, model, profile, state, received_at, moved_at)
             VALUES ('{serial}', 'maker', 'model', 'p', 'blank', '2020-01-01T00:00:00Z',
                 '2020-01-01T00:00:00Z')"
        );
        store.db.execute_batch(&insert).unwrap();
        for (state, day) in steps {
            let step = format!(
                "UPDATE ukeys SET state = '{state}', moved_at = '{day}T00:00:00Z'
                 WHERE serial = '{serial}'"
            );
            store.db.execute_batch(&step).unwrap();
        }
    }
    let rate = store.read().loss_rate(now().plus_days(-365)).unwrap();
    assert_eq!((rate.lost, rate.issued), (2, 1));
    let models = store
        .read()
        .model_counts(None, now().plus_days(-365))
        .unwrap();
    let model = &models[&("maker".to_owned(), "model".to_owned())];
    assert_eq!(
        (model.issued, model.from_superior, model.leaving),
        (1, 0, 0)
    );
}
