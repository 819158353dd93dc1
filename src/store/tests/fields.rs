//! What requests say: kept from an earlier version, edited, approved and purged; and what their
//! names are found by.

use super::*;

/// Text that another encoding would spoil.
const TRICKY: &str = "“其他” \"a\\b\" \u{7f}\t'; -- 𠮷 \u{1f511}";

fn id(at: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(at))
}

/// A file of version 12: request 1 approved, with a revision before; 2 withdrawn; 3 a live one of
/// the same person as 2.
fn file_of_version_12() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("station.db");
    // As version 12 made it: with SQLCipher's own choice of how pages are authenticated.
    let db = Connection::open(&path).unwrap();
    let key = format!("PRAGMA key = \"x'{}'\"", value::Hex(&KEY));
    db.execute_batch(&key).unwrap();
    for script in &migration::SCRIPTS[..12] {
        db.execute_batch(script).unwrap();
    }
    let unit = UnitId::new(Uuid::nil());
    db.execute(
        "INSERT INTO units (id, name, level, code, province, prefecture, own)
         VALUES (?1, '示例小学', 'school', '2143000001', '湖南省', '长沙市', 1)",
        [unit.to_string()],
    )
    .unwrap();
    for (at, state, person) in [(1, "approved", 1_u8), (2, "withdrawn", 2), (3, "draft", 2)] {
        let id = id(at).to_string();
        db.execute(
            "INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
                 apply_certificate, entered_by, entered_at, person, place, name_key)
             VALUES (?1, ?2, 2, ?3, ?4, '李华', '信息管理员', 1, 'admin', '2026-11-24T08:00:00Z',
                 ?5, ?6, x'01')",
            rusqlite::params![
                id,
                format!("2026-{at:04}"),
                state,
                unit.to_string(),
                [person; 32],
                2026 * 10_000_000 + i64::try_from(at).unwrap(),
            ],
        )
        .unwrap();
        for (field, value) in [
            ("notes", TRICKY),
            ("name", "李华"),
            ("existing_account", ""),
        ] {
            let salt = (at == 1).then_some([u8::try_from(field.len()).unwrap(); 32]);
            db.execute(
                "INSERT INTO request_fields (request, field, value, salt) VALUES (?1, ?2, ?3, ?4)",
                rusqlite::params![id, field, value, salt],
            )
            .unwrap();
        }
        db.execute(
            "INSERT INTO request_terms (term, place)
             SELECT term, place FROM requests,
                 (SELECT 'lihua' AS term UNION SELECT 'lh' UNION SELECT '李华' UNION SELECT '华')
             WHERE id = ?1",
            [&id],
        )
        .unwrap();
    }
    db.execute_batch(&format!(
        "PRAGMA user_version = 12;
         INSERT INTO request_revisions VALUES ('{0}', 1, 'admin', '2026-11-23T08:00:00Z', '{unit}');
         INSERT INTO revision_fields VALUES ('{0}', 1, 'name', '李'), ('{0}', 1, 'notes', 'a\"b');",
        id(1)
    ))
    .unwrap();
    (dir, path)
}

fn found(store: &Store, text: &str) -> usize {
    let filter = RequestFilter {
        search: Some(text.to_owned()),
        ..RequestFilter::default()
    };
    store.read().requests(&filter).unwrap().len()
}

fn count(store: &Store, table: &str) -> usize {
    let sql = format!("SELECT count(*) FROM {table}");
    let count: i64 = store.db.query_row(&sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

fn values(store: &Store, at: u128) -> Vec<(String, String, Option<u8>)> {
    let fields = store.read().request_fields(id(at)).unwrap().into_iter();
    let fields = fields.map(|(field, row)| {
        let salt = row.salt.map(|salt| {
            assert_eq!(salt, [salt[0]; 32]);
            salt[0]
        });
        (field, row.value, salt)
    });
    fields.collect()
}

#[test]
fn a_file_of_version_12_keeps_each_value_salt_and_revision_of_its_requests() {
    let (_dir, path) = file_of_version_12();
    let store = Store::open(&path, &KEY).unwrap();
    let expected = |salt: bool| {
        [
            ("existing_account", ""),
            ("name", "李华"),
            ("notes", TRICKY),
        ]
        .map(|(field, value)| {
            let salt = salt.then(|| u8::try_from(field.len()).unwrap());
            (field.to_owned(), value.to_owned(), salt)
        })
    };
    assert_eq!(values(&store, 1), expected(true));
    assert_eq!(values(&store, 2), expected(false));
    assert_eq!(values(&store, 4), []);
    assert_eq!(
        store
            .read()
            .request_field(id(3), "notes")
            .unwrap()
            .as_deref(),
        Some(TRICKY)
    );
    assert_eq!(store.read().request_field(id(3), "salt").unwrap(), None);
    let revisions = store.read().revisions(id(1)).unwrap();
    let said = [("name", "李"), ("notes", "a\"b")];
    let said = said.map(|(field, value)| (field.to_owned(), value.to_owned()));
    assert_eq!((revisions.len(), &revisions[0].fields), (1, &said.into()));
    assert!(store.read().revisions(id(2)).unwrap().is_empty());
    // What a later version writes of the same values is the same.
    let now = [
        ("name", "李华".to_owned()),
        ("notes", TRICKY.to_owned()),
        ("existing_account", String::new()),
    ];
    let other = now[..2].iter().cloned().collect();
    let says = |fields: &BTreeMap<&'static str, String>| {
        let fields = FieldsText::of(fields).unwrap();
        store.read().says(id(1), &fields).unwrap()
    };
    assert!(says(&now.into()));
    assert!(!says(&other));
    assert_eq!([found(&store, "lihu"), found(&store, "ih")], [3, 0]);
}

#[test]
fn a_purge_takes_values_salts_and_terms_of_an_old_file_too() {
    let (_dir, path) = file_of_version_12();
    let mut store = Store::open(&path, &KEY).unwrap();
    assert_eq!(count(&store, "request_terms"), 12);
    store
        .write(|writing| writing.purge_request(id(1), now()))
        .unwrap();
    assert_eq!(values(&store, 1), []);
    assert!(store.read().revisions(id(1)).unwrap()[0].fields.is_empty());
    assert_eq!(count(&store, "request_terms"), 8);
    assert_eq!(count(&store, "request_fields"), 2);
    assert_eq!(count(&store, "requests WHERE terms <> ''"), 2);
    assert_eq!(found(&store, "lihu"), 2);
    assert_eq!(values(&store, 2).len(), 3);
}

#[test]
fn an_edit_keeps_what_was_said_and_changes_what_the_name_is_found_by() {
    let (_dir, path) = file_of_version_12();
    let mut store = Store::open(&path, &KEY).unwrap();
    let old = store.read().request(id(3)).unwrap();
    let row = RequestRow {
        revision: 3,
        holder_name: "王芳".to_owned(),
        ..old.clone()
    };
    let fields = [("name", "王芳".to_owned())].into();
    store
        .write(|writing| writing.edit_request(&old, &row, &[3; 32], &fields))
        .unwrap();
    let said = [("name".to_owned(), "王芳".to_owned(), None)];
    assert_eq!(values(&store, 3), said);
    let before = &store.read().revisions(id(3)).unwrap()[0];
    assert_eq!((before.revision, before.fields.len()), (2, 3));
    assert_eq!(before.fields["notes"], TRICKY);
    assert_eq!([found(&store, "lihua"), found(&store, "wangf")], [2, 1]);
    let mut persons = Vec::new();
    let all = store.read().each_person(|person| persons.push(person[0]));
    all.unwrap();
    persons.sort_unstable();
    assert_eq!(persons, [1, 2, 3]);
    let again = store.write(|writing| writing.edit_request(&old, &row, &[3; 32], &fields));
    assert!(again.is_err(), "it has another revision by now");
}

/// D-20: what is over stands beside others, and comes back only when there is no live one.
#[test]
fn of_a_persons_requests_one_is_live_and_any_number_is_over() {
    let (_dir, path) = file_of_version_12();
    let store = Store::open(&path, &KEY).unwrap();
    let move_to = |at: u128, state: &str| {
        let sql = format!(
            "UPDATE requests SET state = '{state}' WHERE id = '{}'",
            id(at)
        );
        store.db.execute(&sql, [])
    };
    assert!(move_to(2, "draft").is_err(), "3 is live");
    move_to(3, "rejected").unwrap();
    move_to(2, "draft").unwrap();
    assert!(move_to(3, "draft").is_err());
    move_to(2, "expired").unwrap();
    move_to(3, "expired").unwrap();
}

#[test]
fn a_file_of_version_12_can_be_given_another_key() {
    let (_dir, path) = file_of_version_12();
    let mut store = Store::open(&path, &KEY).unwrap();
    store.change_key(&[8; 32]).unwrap();
    drop(store);
    assert!(matches!(
        Store::open(&path, &KEY),
        Err(StoreError::NotOpened(_))
    ));
    let again = Store::open(&path, &[8; 32]).unwrap();
    assert_eq!(values(&again, 2).len(), values(&again, 1).len());
}
