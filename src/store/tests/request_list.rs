//! Pages of requests, compared with a plain list that is looked through and sorted here.

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::domain::name_index;
use crate::store::migration::SCRIPTS;
use crate::store::request_terms::Hit;

const STATES: [RequestState; 4] = [
    RequestState::Draft,
    RequestState::Submitted,
    RequestState::Approved,
    RequestState::Issued,
];
/// Three persons in four have a frequent text in their name; some have it twice, many the same name.
const FAMILY: [&str; 4] = ["王", "李", "王", "汪"];
const GIVEN: [&str; 7] = ["小明", "晓雯", "华", "小王", "梓涵一", "梓涵二", "小娜"];
const REQUESTS: u32 = 2_900;
/// Texts that more names hold than are looked for one by one.
const FREQUENT: [&str; 5] = ["王", "wang", "w", "x", "小"];
/// More than a search looks for by their rows: 22 units hold 小学.
const UNITS: u32 = 23;

fn unit(at: u32) -> Unit {
    let name = match at {
        0 => "王家中学".to_owned(),
        _ => format!("示例第{at}小学"),
    };
    Unit {
        id: UnitId::new(Uuid::from_u128(u128::from(at) + 1)),
        name,
        level: Level::School,
        code: UnitCode::parse(&format!("2143{at:06}")).unwrap(),
        province: "湖南省".to_owned(),
        prefecture: "示例市".to_owned(),
        own: at == 0,
        parent: None,
        school_type: None,
        address: None,
        contacts: None,
        closed_at: None,
    }
}

fn request(at: u32) -> RequestRow {
    let pick = |list: &[&str], at: u32| list[at as usize % list.len()].to_owned();
    RequestRow {
        id: RequestId::new(Uuid::from_u128(u128::from(at) + 1)),
        number: format!("2026-{:04}", at + 1),
        revision: 1,
        state: STATES[(at / 5) as usize % STATES.len()],
        unit: unit(at % UNITS).id,
        // The youngest come first by name: by number and by name are different orders.
        holder_name: pick(&FAMILY, REQUESTS - at) + &pick(&GIVEN, (REQUESTS - at) / 4),
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

fn person(at: u32) -> [u8; 32] {
    let mut person = [0; 32];
    person[..4].copy_from_slice(&at.to_be_bytes());
    person
}

/// Requests that come in many: they share the rows of their terms.
const IN_MANY: Range<u32> = 400..2_500;

fn enter_in_many(store: &mut Store) {
    let name = |at| request(at).holder_name;
    let texts: Vec<_> = IN_MANY
        .map(|at| {
            (
                name_index::sort_key(&name(at)),
                name_index::terms(&name(at)).join("\n"),
            )
        })
        .collect();
    let fields = FieldsText::of(&[("notes", String::new())].into()).unwrap();
    let rows: Vec<_> = IN_MANY.map(|at| (request(at), person(at))).collect();
    let all = store.act_on_many(|writing, acts| {
        let mut terms = Terms::default();
        let new = rows.iter().zip(&texts);
        let new = new.map(|((row, person), (name_key, names))| {
            terms.add(row, names, name_key)?;
            Ok(NewRequest {
                row,
                person,
                fields: &fields,
                name_key,
                terms: names,
            })
        });
        writing.insert_many(&new.collect::<Result<Vec<_>, StoreError>>()?)?;
        acts.add(&row("requests-imported"))?;
        writing.insert_terms(terms)
    });
    all.unwrap();
}

/// All requests, most of which came in many; some were purged, some edited to another name.
fn filled() -> (TempDir, Store) {
    let (dir, _path, mut store) = store();
    let all = store.write(|writing| {
        (0..UNITS).try_for_each(|at| writing.insert_unit(&unit(at)))?;
        for at in (0..REQUESTS).filter(|at| !IN_MANY.contains(at)) {
            let fields = [("notes", String::new())].into();
            writing.insert_request(&request(at), &person(at), &fields)?;
        }
        Ok::<_, StoreError>(())
    });
    all.unwrap();
    enter_in_many(&mut store);
    let all = store.write(|writing| {
        for at in (0..REQUESTS).step_by(61) {
            writing.purge_request(request(at).id, now())?;
        }
        for at in (1..REQUESTS).step_by(122) {
            let old = request(at);
            let new = RequestRow {
                revision: 2,
                holder_name: ["王小明", "赵小明"][at as usize / 122 % 2].to_owned(),
                ..old.clone()
            };
            writing.edit_request(&old, &new, &person(at), &BTreeMap::new())?;
        }
        Ok::<_, StoreError>(())
    });
    all.unwrap();
    (dir, store)
}

/// The numbers that a filter without offset and limit should give.
fn expected(all: &[RequestRow], filter: &RequestFilter) -> Vec<String> {
    let text = filter.search.as_deref().unwrap();
    let units: Vec<_> = (0..UNITS).map(unit).collect();
    let held = |row: &&RequestRow| {
        let names = name_index::terms(&row.holder_name);
        let unit = units.iter().find(|unit| unit.id == row.unit).unwrap();
        names.iter().any(|term| term.starts_with(text)) || unit.name.contains(text)
    };
    let fits = |row: &&RequestRow| {
        filter.state.is_none_or(|state| row.state == state)
            && filter.unit.is_none_or(|unit| row.unit == unit)
    };
    let mut rows: Vec<_> = all.iter().filter(held).filter(fits).collect();
    if filter.order == RequestOrder::Name {
        // Stable: those of one name stay in order of number. Who was purged has no name.
        let key = |name: &str| match name {
            "" => Vec::new(),
            name => name_index::sort_key(name),
        };
        rows.sort_by_key(|row| key(&row.holder_name));
    }
    rows.into_iter().map(|row| row.number.clone()).collect()
}

#[test]
fn each_page_of_a_frequent_text_is_what_a_plain_list_has_there() {
    let (_dir, store) = filled();
    let numbers = |filter: &RequestFilter| -> Vec<String> {
        let rows = store.read().requests(filter).unwrap();
        rows.into_iter().map(|row| row.number).collect()
    };
    let all = store.read().requests(&RequestFilter::default()).unwrap();
    assert_eq!(all.len(), REQUESTS as usize);
    let counts = store.read().request_counts().unwrap();
    for state in RequestState::ALL {
        let count = all.iter().filter(|row| row.state == state).count();
        let told = counts.get(&state).copied().unwrap_or_default();
        assert_eq!(told, count as u64, "{state:?}");
    }
    let filters = [
        (None, None),
        (Some(RequestState::Approved), None),
        (None, Some(unit(0).id)),
        (Some(RequestState::Draft), Some(unit(3).id)),
        (Some(RequestState::Closed), None),
    ];
    // Surname, pinyin, initials; a given name; what many units hold as well; what one unit does.
    for text in ["王", "wang", "w", "x", "娜", "小", "王小"] {
        for (order, (state, unit)) in [RequestOrder::Number, RequestOrder::Name]
            .into_iter()
            .flat_map(|order| filters.map(|filter| (order, filter)))
        {
            let whole = RequestFilter {
                state,
                unit,
                search: Some(text.to_owned()),
                order,
                ..RequestFilter::default()
            };
            let expected = expected(&all, &whole);
            assert_eq!(numbers(&whole), expected, "{whole:?}");
            if FREQUENT.contains(&text) && state.is_none() && unit.is_none() {
                assert!(expected.len() > 1_000, "{text}");
            }
            let last = RequestFilter {
                offset: 7,
                limit: Some(50),
                ..whole.clone()
            };
            let count = store.read().count_requests(&last).unwrap();
            assert_eq!(count, expected.len() as u64, "{last:?}");
            let ends = [0, 1, 49, expected.len(), expected.len().saturating_sub(1)];
            for offset in (0..=expected.len()).step_by(311).chain(ends) {
                let page = RequestFilter {
                    offset,
                    limit: Some(50),
                    ..whole.clone()
                };
                let rest = expected.get(offset..).unwrap_or_default();
                let there = &rest[..rest.len().min(50)];
                assert_eq!(numbers(&page), there, "{page:?}");
            }
        }
    }
}

/// A file of version 13 says nothing beside its terms: what it has is taken from the names.
#[test]
fn pages_of_a_file_of_version_13_are_the_same() {
    let (_dir, store) = filled();
    let page = RequestFilter {
        search: Some("王".to_owned()),
        order: RequestOrder::Name,
        offset: 700,
        limit: Some(50),
        ..RequestFilter::default()
    };
    let before = store.read().requests(&page).unwrap();
    assert_eq!(before.len(), 50);
    store
        .db
        .execute_batch(
            r#"CREATE TABLE older (term TEXT NOT NULL, place INTEGER NOT NULL,
                 PRIMARY KEY (term, place)) STRICT, WITHOUT ROWID;
             INSERT INTO older SELECT value, place FROM requests,
                 json_each('["' || replace(terms, char(10), '","') || '"]') WHERE terms <> '';
             DROP TABLE request_terms;
             ALTER TABLE older RENAME TO request_terms;"#,
        )
        .unwrap();
    // The steps of this table alone: those between them are done already.
    store.db.execute_batch(SCRIPTS[13]).unwrap();
    store.db.execute_batch(SCRIPTS[24]).unwrap();
    assert_eq!(store.read().requests(&page).unwrap(), before);
}

/// What a purge or another name takes out of a shared row leaves its other places there.
#[test]
fn a_term_finds_who_has_it_and_nobody_else() {
    let (_dir, store) = filled();
    let mut tree: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let (mut rows, mut shared) = (0, 0);
    let sql = "SELECT term, place, name_start, more FROM request_terms ORDER BY term, place";
    let mut statement = store.db.prepare(sql).unwrap();
    let mut read = statement.query([]).unwrap();
    while let Some(row) = read.next().unwrap() {
        let (term, place): (String, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let more: Vec<u8> = row.get(3).unwrap();
        let (more, rest) = more.as_chunks::<16>();
        assert!(rest.is_empty());
        let places = tree.entry(term).or_default();
        places.push(place);
        places.extend(more.iter().map(|hit| {
            let (_start, place) = hit.split_last_chunk::<8>().unwrap();
            i64::from_be_bytes(*place)
        }));
        rows += 1;
        shared += more.len();
    }
    assert!(rows < shared, "{rows} rows share {shared} places");
    let mut expected: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in store.read().requests(&RequestFilter::default()).unwrap() {
        let place = crate::store::requests::place(&row.number).unwrap();
        for term in name_index::terms(&row.holder_name) {
            expected.entry(term).or_default().push(place);
        }
    }
    for places in tree.values_mut() {
        places.sort_unstable();
    }
    assert_eq!(tree, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However names come, go and come again, each term finds those who have it.
    #[test]
    fn a_tree_of_terms_is_what_was_put_into_it(
        turns in prop::collection::vec((0_i64..90, 0_usize..3), 1..400)
    ) {
        let (_dir, _path, mut store) = store();
        let terms = ["li", "lihua", "李华"];
        let mut expected = std::collections::BTreeSet::new();
        for (place, term) in turns {
            let (term, had) = (terms[term], expected.remove(&(terms[term], place)));
            let turned = store.write(|writing| {
                if had {
                    writing.delete_term(term, place)
                } else {
                    writing.put_terms(&[term.to_owned()], Hit::new(place, b"key"))
                }
            });
            turned.unwrap();
            if !had {
                expected.insert((term, place));
            }
        }
        for term in terms {
            let end = format!("{term}\u{1}");
            let found = store.read().few_places((term, &end), 1_000).unwrap().unwrap();
            let mut sorted = found.clone();
            sorted.sort_unstable();
            let of_term = expected.iter().filter(|(other, _place)| *other == term);
            prop_assert!(of_term.map(|(_term, place)| *place).eq(sorted));
        }
    }
}
