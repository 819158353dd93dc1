//! How fast the pages of a prefecture's home are found, and what a request takes in the store: 100,000
//! requests in 26,000 units. `cargo bench --bench requests`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

#[path = "units/invented.rs"]
mod units;

use std::fs;

use ukey_station::domain::id::RequestId;
use ukey_station::domain::officer::OfficerName;
use ukey_station::domain::request::{FormKind, RequestState};
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::station::clock::Stopwatch;
use ukey_station::store::{RequestFilter, RequestOrder, RequestRow, Store, StoreError};
use units::unit;
use uuid::Uuid;

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REQUESTS: u32 = 100_000;
const UNITS: u32 = 26_000;
const ROUNDS: usize = 100;
const FAMILY: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "欧阳", "曾"];
const GIVEN: [&str; 12] = [
    "晓雯", "志远", "喆珺", "文镕", "雨堃", "建国", "梓涵", "若兰", "思齐", "明哲", "华", "娜",
];

fn request(at: u32) -> RequestRow {
    let pick = |list: &[&str], at: u32| list[at as usize % list.len()].to_owned();
    let name = pick(&FAMILY, at) + &pick(&GIVEN, at / 7) + &pick(&["", "一", "二"], at / 3);
    RequestRow {
        id: RequestId::new(Uuid::from_u128(u128::from(at) + 1)),
        number: format!("2026-{:04}", at + 1),
        revision: 1,
        state: [RequestState::Approved, RequestState::Issued][at as usize % 2],
        unit: unit(at % UNITS).id,
        holder_name: name,
        user_types: "信息管理员".to_owned(),
        apply_certificate: true,
        form: FormKind::Account,
        post: None,
        entered_by: OfficerName::parse("admin").unwrap(),
        entered_at: Timestamp::from_unix(1_795_507_200).unwrap(),
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

fn filled(store: &mut Store) {
    let written =
        store.write(|writing| (0..UNITS).try_for_each(|at| writing.insert_unit(&unit(at))));
    written.unwrap();
    for block in 0..REQUESTS / 1000 {
        let written = store.write(|writing| {
            for at in block * 1000..(block + 1) * 1000 {
                let row = request(at);
                // Of the length of a form's values.
                let fields = [
                    ("name", row.holder_name.clone()),
                    ("id_number", format!("439900{at:012}")),
                    ("office_phone", format!("0731-{at:08}")),
                    ("email", format!("teacher{at:06}@school.example.cn")),
                    ("mobile", format!("199{at:08}")),
                    ("address", "示例市示例路 1 号".to_owned()),
                    ("notes", String::new()),
                    ("school_type", "211".to_owned()),
                    ("user_types", row.user_types.clone()),
                    ("apply_certificate", "是".to_owned()),
                    ("existing_account", String::new()),
                ];
                writing.insert_request(&row, &person(at), &fields.into())?;
            }
            Ok::<_, StoreError>(())
        });
        written.unwrap();
    }
}

/// What a page is called, and how it is asked for.
fn pages() -> Vec<(&'static str, RequestFilter)> {
    let base = RequestFilter {
        limit: Some(50),
        ..RequestFilter::default()
    };
    let issued = RequestFilter {
        state: Some(RequestState::Issued),
        ..base.clone()
    };
    // One half of all; every 王 is among them.
    let approved = |filter: &RequestFilter| RequestFilter {
        state: Some(RequestState::Approved),
        ..filter.clone()
    };
    let by_name = |filter: &RequestFilter| RequestFilter {
        order: RequestOrder::Name,
        ..filter.clone()
    };
    let after = |filter: &RequestFilter, offset| RequestFilter {
        offset,
        ..filter.clone()
    };
    let search = |text: &str| RequestFilter {
        search: Some(text.to_owned()),
        ..base.clone()
    };
    let of_unit = RequestFilter {
        unit: Some(unit(7).id),
        ..base.clone()
    };
    let of_person = RequestFilter {
        person: Some(person(4711).to_vec()),
        ..base.clone()
    };
    vec![
        ("first page", base.clone()),
        ("last page", after(&base, 99_950)),
        ("by state", issued.clone()),
        ("by state, deep", after(&issued, 40_000)),
        ("by name", by_name(&base)),
        ("by name, deep", after(&by_name(&base), 90_000)),
        ("by name and state", by_name(&issued)),
        ("by unit", of_unit),
        ("person", of_person),
        ("number", search("2026-4711")),
        ("number part", search("2026-47")),
        ("count", search("4711")),
        ("name", search("欧阳华")),
        ("surname", search("王")),
        ("initials", search("oyn")),
        ("one initial", search("w")),
        ("unit name", search("第4711小学")),
        ("all units", search("小学")),
        ("nothing", search("不存在")),
        ("surname, deep", after(&search("王"), 9_900)),
        ("surname and state", approved(&search("王"))),
        ("surname by name", by_name(&search("王"))),
        (
            "surname by name, deep",
            after(&by_name(&search("王")), 9_900),
        ),
        (
            "surname by name and state",
            by_name(&approved(&search("王"))),
        ),
        ("one initial by name", by_name(&search("w"))),
    ]
}

fn main() {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_no_memory| tempfile::tempdir());
    let dir = dir.unwrap();
    let path = dir.path().join("station.db");
    let mut store = Store::create(&path, &[7; 32]).unwrap();
    let watch = Stopwatch::start();
    filled(&mut store);
    println!("filled in            {:8.0} ms", watch.ms());
    drop(store);
    let bytes = fs::metadata(&path).unwrap().len();
    println!(
        "store                {bytes} bytes, {} a request with its share of units",
        bytes / u64::from(REQUESTS)
    );

    // What follows the passphrase's own key, which is slow on purpose.
    let watch = Stopwatch::start();
    let store = Store::open(&path, &[7; 32]).unwrap();
    let first = store.read().requests(&pages()[0].1).unwrap();
    assert_eq!(first.len(), 50);
    println!("opened, first page   {:8.2} ms", watch.ms());
    for (what, filter) in pages() {
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_round| {
                let watch = Stopwatch::start();
                let rows = store.read().requests(&filter).unwrap();
                let ms = watch.ms();
                assert_eq!(rows.is_empty(), what == "nothing", "{what}");
                ms
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, p99) = (times[ROUNDS / 2], times[ROUNDS * 99 / 100 - 1]);
        println!("{what:25} {median:8.2} ms median, {p99:8.2} ms p99");
    }
}
