use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const COUNTY: &str = "124300004448800102";
const PREFECTURE: &str = "12430100MB1K234565";

fn code(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap()
}

fn school(number: u32) -> UnitCode {
    code(&format!("2143{number:06}"))
}

fn time(day: u32) -> Timestamp {
    Timestamp::EPOCH.plus_days(i64::from(20_000 + day))
}

fn unit(code: UnitCode, superior: Option<&UnitCode>, waiting: u64) -> UnitTally {
    let mut unit = UnitTally {
        as_of: time(0),
        certified: 1,
        code,
        differs: false,
        expiring: BTreeMap::new(),
        level: Level::School,
        name: "示例小学".to_owned(),
        needed: 0,
        requests: [(RequestState::Approved, waiting), (RequestState::Draft, 2)].into(),
        spare_percent: 10,
        stock: Vec::new(),
        superior: superior.cloned(),
        waiting,
        without: waiting,
    };
    unit.reckon();
    unit
}

fn county() -> Tally {
    let root = code(COUNTY);
    let mut units = vec![unit(root.clone(), None, 0)];
    units.extend((1..=3).map(|number| unit(school(number), Some(&root), u64::from(number))));
    units[0].stock.push(StockTally {
        from_superior: 5,
        received: 5,
        states: [(UkeyState::Blank, 3), (UkeyState::Dispatched, 2)].into(),
        ..StockTally::default()
    });
    let scan = TallyScan {
        bytes: 50_000,
        kind: "pdf".to_owned(),
        number: "2026-0001".to_owned(),
        request: RequestId::new(Uuid::from_u128(7)),
        revision: 1,
        sha256: "0f".repeat(32),
        unit: school(1),
    };
    Tally {
        scans: vec![scan],
        scans_left: 0,
        units,
    }
}

#[test]
fn a_tally_is_the_same_after_the_way_by_canonical_json() {
    let tally = county();
    let value = serde_json::to_value(&tally).unwrap();
    let text = value.to_string();
    assert!(
        !text.contains('.') || text.contains(".pdf"),
        "no fractions: {text}"
    );
    let again: Tally = serde_json::from_str(&text).unwrap();
    assert_eq!(again, tally);
    assert_eq!(again.check(COUNTY), Ok(()));
}

#[test]
fn what_no_tally_says_is_refused() {
    type Change = fn(&mut Tally);
    let refused = |change: Change| {
        let mut tally = county();
        change(&mut tally);
        tally.check(COUNTY).unwrap_err()
    };
    let root = code(COUNTY);
    assert_eq!(
        refused(|tally| tally.units[2] = tally.units[1].clone()),
        TallyFault::Twice(school(1))
    );
    assert_eq!(county().check(PREFECTURE), Err(TallyFault::NoSender));
    assert_eq!(
        refused(|tally| tally.units[0].superior = Some(code(PREFECTURE))),
        TallyFault::NoSender
    );
    assert_eq!(
        refused(|tally| tally.units[1].superior = None),
        TallyFault::NotBelow(school(1))
    );
    let ring = refused(|tally| {
        tally.units[1].superior = Some(school(2));
        tally.units[2].superior = Some(school(1));
    });
    assert_eq!(ring, TallyFault::NotBelow(school(1)));
    let stranger = refused(|tally| tally.units[3].superior = Some(code(PREFECTURE)));
    assert_eq!(stranger, TallyFault::NotBelow(school(3)));
    let values: [(Change, &str); 8] = [
        (|tally| tally.units[0].needed = 1, "what it needs"),
        (|tally| tally.units[0].waiting = 1, "what it needs"),
        (|tally| tally.units[0].spare_percent = 101, "what it needs"),
        (|tally| tally.units[0].certified = u64::MAX, "a count"),
        (
            |tally| tally.units[0].name = "a\u{200b}b".to_owned(),
            "its name",
        ),
        (|tally| tally.units[0].name = " ".to_owned(), "its name"),
        (
            |tally| {
                let again = tally.units[0].stock[0].clone();
                tally.units[0].stock.push(again);
            },
            "its stock",
        ),
        (
            |tally| tally.units[0].stock[0].model = "长".repeat(65),
            "its stock",
        ),
    ];
    for (change, what) in values {
        assert_eq!(refused(change), TallyFault::Value(root.clone(), what));
    }
    let scans: [Change; 6] = [
        |tally| tally.scans[0].unit = code(PREFECTURE),
        |tally| tally.scans[0].kind = "exe".to_owned(),
        |tally| tally.scans[0].sha256 = "0F".repeat(32),
        |tally| tally.scans[0].bytes = u64::MAX,
        |tally| tally.scans[0].number = "1".repeat(33),
        |tally| {
            let again = tally.scans[0].clone();
            tally.scans.push(again);
        },
    ];
    for change in scans {
        assert!(matches!(refused(change), TallyFault::Scan(_)));
    }
    let many = refused(|tally| {
        let one = tally.units[0].clone();
        tally.units = vec![one; MAX_UNITS + 1];
    });
    assert_eq!(many, TallyFault::TooMany);
}

#[test]
fn a_school_with_a_desk_has_its_own_numbers_and_what_the_county_has_of_it() {
    let root = code(COUNTY);
    let own = vec![unit(root.clone(), None, 0), unit(school(1), Some(&root), 4)];
    let mut desk = unit(school(1), None, 3);
    desk.stock.push(StockTally::default());
    let merged = merged(own, vec![vec![desk]]);
    assert_eq!(merged.len(), 2);
    let one = &merged[1];
    assert_eq!((one.waiting, one.needed, one.stock.len()), (7, 8, 1));
    assert_eq!(one.superior, Some(root));
}

#[test]
fn of_a_school_that_moved_the_newer_numbers_stand_and_no_ring_stays() {
    let root = code(PREFECTURE);
    let (a, b) = (code(COUNTY), code("11430000006123458L"));
    let (mut before, mut after) = (unit(school(1), Some(&a), 1), unit(school(1), Some(&b), 9));
    (before.as_of, after.as_of) = (time(1), time(2));
    let of_a = vec![unit(a.clone(), None, 0), before];
    let of_b = vec![unit(b.clone(), None, 0), after];
    for received in [vec![of_a.clone(), of_b.clone()], vec![of_b, of_a]] {
        let merged = merged(vec![unit(root.clone(), None, 0)], received);
        let moved: Vec<_> = merged
            .iter()
            .filter(|unit| unit.code == school(1))
            .collect();
        assert_eq!(moved.len(), 1);
        assert_eq!(
            (moved[0].waiting, &moved[0].superior),
            (9, &Some(b.clone()))
        );
    }
    // a says that b is below it, and b that a is: both stand below the own unit.
    let mut ring = [
        vec![unit(a.clone(), None, 0)],
        vec![unit(b.clone(), None, 0)],
    ];
    let (mut a_of_b, mut b_of_a) = (unit(a.clone(), Some(&b), 0), unit(b.clone(), Some(&a), 0));
    (a_of_b.as_of, b_of_a.as_of) = (time(5), time(5));
    ring[0].push(b_of_a);
    ring[1].push(a_of_b);
    let merged = merged(vec![unit(root.clone(), None, 0)], ring.into());
    let whole = Tally {
        scans: Vec::new(),
        scans_left: 0,
        units: merged,
    };
    assert_eq!(whole.check(PREFECTURE), Ok(()), "what is merged can go up");
}

#[test]
fn books_that_agree_differ_nowhere_and_others_are_told_with_both_numbers() {
    let passed = |dispatched, in_transit, not_come, sent_back| Passed {
        model: "m".to_owned(),
        dispatched,
        in_transit,
        not_come,
        sent_back,
        ..Passed::default()
    };
    let line = |from_superior, sent_back| StockTally {
        model: "m".to_owned(),
        from_superior,
        sent_back,
        received: from_superior,
        states: [(UkeyState::Blank, from_superior)].into(),
        ..StockTally::default()
    };
    assert_eq!(differences(&[], &[]), []);
    assert_eq!(differences(&[passed(10, 2, 1, 3)], &[line(7, 3)]), []);
    for (passed, line) in [
        (vec![passed(10, 2, 1, 3)], vec![line(8, 3)]),
        (vec![passed(10, 2, 1, 3)], vec![line(7, 2)]),
        (vec![passed(1, 0, 0, 0)], Vec::new()),
        (Vec::new(), vec![line(1, 0)]),
    ] {
        assert_eq!(differences(&passed, &line).len(), 1);
    }
    let mut edited = line(7, 3);
    edited.states = [(UkeyState::Blank, 6)].into();
    let told = differences(&[passed(10, 2, 1, 3)], &[edited]);
    assert!(!told[0].balanced);
    assert_eq!((told[0].superior, told[0].subordinate), ((7, 3), (7, 3)));
}

proptest! {
    #[test]
    fn merging_loses_nobody_and_sums_up(waiting in prop::collection::vec(0..500_u64, 1..40)) {
        let root = code(COUNTY);
        let own = vec![unit(root, None, 1)];
        let received: Vec<Vec<UnitTally>> = (1..)
            .zip(&waiting)
            .map(|(number, waiting)| vec![unit(school(number), None, *waiting)])
            .collect();
        let units = merged(own, received);
        prop_assert_eq!(units.len(), waiting.len() + 1);
        let total = total(&units, 10);
        prop_assert_eq!(total.waiting, waiting.iter().sum::<u64>() + 1);
        prop_assert!(total.needed <= units.iter().map(|unit| unit.needed).sum());
        let tally = Tally { scans: Vec::new(), scans_left: 0, units };
        prop_assert_eq!(tally.check(COUNTY), Ok(()));
    }
}
