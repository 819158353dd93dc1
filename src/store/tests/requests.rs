//! Requests: their states, what the schema refuses, and many at once.

use super::*;

pub(super) fn sample_unit() -> Unit {
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

pub(super) fn sample_request() -> RequestRow {
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
            let fields = FieldsText::of(&fields)?;
            let new = rows.iter().map(|(row, person)| NewRequest {
                row,
                person,
                fields: &fields,
                name_key: b"key",
                terms: "lihua\n李华",
            });
            let new: Vec<_> = new.collect();
            writing.insert_many(&new)?;
            let mut terms = Terms::default();
            for (request, _person) in rows {
                terms.add(request, "lihua\n李华", b"key")?;
            }
            let entered: Vec<_> = rows.iter().map(|(request, _person)| request.id).collect();
            acts.add_about(row("request-entered"), &entered)?;
            writing.insert_terms(terms)
        })
    };
    let person = |at: u32| [u8::try_from(at).unwrap(); 32];
    let many: Vec<_> = (1..=70).map(|at| (request(at), person(at))).collect();
    enter(&mut store, &many).unwrap();
    assert_eq!(store.verify_audit().unwrap().rows, 70);
    assert_eq!(store.verify_audit().unwrap().first_broken, None);
    let entries = store.read().audit_entries(&AuditFilter::default());
    let numbers = entries.unwrap().into_iter().map(|entry| entry.number);
    assert!(numbers.eq(many.iter().map(|(row, _person)| Some(row.number.clone()))));
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
