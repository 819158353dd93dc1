use proptest::prelude::*;

use super::*;

const READER: &str = "Reader 00 00";

fn atr(last: u8) -> Atr {
    Atr::from_bytes(&[0x3B, 0x00, last]).unwrap()
}

fn card(atr: Option<Atr>) -> Face {
    Face::Card {
        atr,
        mute: false,
        in_use: false,
    }
}

fn seen(counter: u16, face: Face) -> Look {
    Look::Readers([(READER.to_owned(), Sight { counter, face })].into())
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn words(events: &[ReaderEvent]) -> Vec<&str> {
    let word = |event: &ReaderEvent| match event {
        ReaderEvent::ServiceGone => "service gone",
        ReaderEvent::ServiceBack => "service back",
        ReaderEvent::ReaderAppeared(_) => "reader appeared",
        ReaderEvent::ReaderGone(_) => "reader gone",
        ReaderEvent::CardInserted { .. } => "in",
        ReaderEvent::CardRemoved { .. } => "out",
        ReaderEvent::CardUnusable {
            why: CardTrouble::Mute,
            ..
        } => "mute",
        ReaderEvent::CardUnusable {
            why: CardTrouble::InUse,
            ..
        } => "in use",
        ReaderEvent::CardUsable { .. } => "usable",
    };
    events.iter().map(word).collect()
}

/// A ledger that has looked once at an empty reader with this count.
fn empty_reader(counter: u16) -> Ledger {
    let mut ledger = Ledger::new();
    let first = ledger.take(seen(counter, Face::Empty), at(0));
    assert_eq!(words(&first), ["reader appeared"]);
    ledger
}

#[test]
fn what_came_and_went_between_two_looks_is_told_in_order() {
    let mut ledger = empty_reader(0);
    let pair = ledger.take(seen(2, Face::Empty), at(10));
    assert_eq!(words(&pair), ["in", "out"]);
    let three = ledger.take(seen(5, card(Some(atr(1)))), at(20));
    assert_eq!(words(&three), ["in", "out", "in"]);
    assert_eq!(
        three.last(),
        Some(&ReaderEvent::CardInserted {
            reader: READER.to_owned(),
            atr: Some(atr(1)),
        })
    );
    assert!(
        matches!(&three[0], ReaderEvent::CardInserted { atr: None, .. }),
        "nobody read it"
    );
    assert_eq!(
        words(&ledger.take(seen(7, card(Some(atr(1)))), at(30))),
        ["out", "in"]
    );
    assert!(ledger.take(seen(7, card(Some(atr(1)))), at(40)).is_empty());
}

#[test]
fn a_reader_that_counts_anew_was_unplugged_and_its_card_with_it() {
    let mut ledger = empty_reader(40);
    ledger.take(seen(41, card(Some(atr(1)))), at(10));
    assert_eq!(
        words(&ledger.take(seen(1, card(Some(atr(1)))), at(20))),
        ["out", "in"]
    );
    assert_eq!(words(&ledger.take(seen(2, Face::Empty), at(30))), ["out"]);
}

#[test]
fn another_card_is_another_card_even_where_nobody_counts() {
    let mut ledger = empty_reader(0);
    ledger.take(seen(0, card(Some(atr(1)))), at(10));
    assert_eq!(
        words(&ledger.take(seen(0, card(Some(atr(2)))), at(2000))),
        ["out", "in"]
    );
}

#[test]
fn a_card_without_answer_is_told_once_and_may_recover() {
    let mut ledger = empty_reader(0);
    assert!(
        ledger.take(seen(1, card(None)), at(10)).is_empty(),
        "being powered"
    );
    assert_eq!(ledger.due(at(10)), Some(at(1010)));
    let mute = ledger.take(seen(1, card(None)), at(1010));
    assert_eq!(words(&mute), ["in", "mute"]);
    assert!(ledger.take(seen(1, card(None)), at(1020)).is_empty());
    assert_eq!(
        words(&ledger.take(seen(1, card(Some(atr(1)))), at(1030))),
        ["usable"]
    );
    assert_eq!(words(&ledger.take(seen(2, Face::Empty), at(1040))), ["out"]);
}

#[test]
fn a_program_that_only_looks_is_no_news_and_one_that_stays_is() {
    let taken = |in_use| Face::Card {
        atr: Some(atr(1)),
        mute: false,
        in_use,
    };
    let mut ledger = empty_reader(0);
    ledger.take(seen(1, taken(false)), at(0));
    assert!(ledger.take(seen(1, taken(true)), at(100)).is_empty());
    assert_eq!(ledger.due(at(100)), Some(at(2100)));
    assert!(
        ledger.take(seen(1, taken(false)), at(400)).is_empty(),
        "it only looked"
    );
    assert!(ledger.take(seen(1, taken(true)), at(1000)).is_empty());
    assert_eq!(
        words(&ledger.take(seen(1, taken(true)), at(3000))),
        ["in use"]
    );
    assert!(ledger.take(seen(1, taken(true)), at(3100)).is_empty());
    assert_eq!(
        words(&ledger.take(seen(1, taken(false)), at(3200))),
        ["usable"]
    );
}

#[test]
fn a_restarted_service_has_its_time_to_show_what_was_there() {
    let mut ledger = empty_reader(6);
    ledger.take(seen(7, card(Some(atr(1)))), at(10));
    assert_eq!(
        words(&ledger.take(Look::NoService, at(20))),
        ["service gone"]
    );
    assert!(ledger.take(Look::NoService, at(30)).is_empty());
    let none = Look::Readers(BTreeMap::new());
    assert!(ledger.take(none.clone(), at(100)).is_empty());
    assert_eq!(ledger.due(at(100)), Some(at(3100)));
    assert!(ledger.take(seen(0, Face::Empty), at(200)).is_empty());
    assert!(ledger.take(seen(1, card(None)), at(300)).is_empty());
    let back = ledger.take(seen(1, card(Some(atr(1)))), at(400));
    assert_eq!(words(&back), ["service back"], "the card never left");

    ledger.take(Look::NoService, at(1000));
    assert!(ledger.take(none.clone(), at(1100)).is_empty());
    let without = ledger.take(none, at(4100));
    assert_eq!(words(&without), ["service back", "out", "reader gone"]);
}

#[test]
fn who_came_while_there_was_no_service_is_told_when_it_is_back() {
    let mut ledger = empty_reader(0);
    ledger.take(Look::NoService, at(10));
    let back = ledger.take(seen(0, card(Some(atr(1)))), at(20));
    assert_eq!(words(&back), ["service back", "in"]);
    ledger.take(Look::NoService, at(30));
    let back = ledger.take(seen(0, card(Some(atr(2)))), at(40));
    assert_eq!(words(&back), ["service back", "out", "in"]);
}

#[test]
fn trouble_of_the_reader_itself_does_not_drive_the_count_away() {
    let mut ledger = empty_reader(0);
    let mut now = 10;
    let mut counter = 1;
    ledger.take(seen(counter, card(Some(atr(1)))), at(now));
    for _ in 0..5 {
        now += 10;
        assert!(ledger.take(seen(0, Face::Unclear), at(now)).is_empty());
        // pcsc-lite counts the end of the trouble, and not its beginning.
        counter += 1;
        now += 10;
        let powered_anew = ledger.take(seen(counter, card(Some(atr(1)))), at(now));
        assert_eq!(words(&powered_anew), ["out", "in"]);
        now += 2000;
        assert!(
            ledger
                .take(seen(counter, card(Some(atr(1)))), at(now))
                .is_empty()
        );
    }
    let out = ledger.take(seen(counter + 1, Face::Empty), at(now + 10));
    assert_eq!(words(&out), ["out"]);
}

proptest! {
    /// However many moves lie between two looks, and though the count lags by one now and then, each is
    /// told once.
    #[test]
    fn no_move_is_lost_and_none_is_invented(
        start: u16,
        rounds in prop::collection::vec((0_u16..40, any::<bool>()), 1..30),
    ) {
        let mut ledger = empty_reader(start);
        let (mut moved, mut now) = (0_u16, 0);
        let mut told = Vec::new();
        let mut look = |moved: u16, lag: u16, told: &mut Vec<ReaderEvent>| {
            now += 7;
            let face = if moved % 2 == 1 { card(Some(atr(1))) } else { Face::Empty };
            let counter = start.wrapping_add(moved - lag);
            told.extend(ledger.take(seen(counter, face), at(now)));
        };
        for (moves, lags) in rounds {
            moved += moves;
            look(moved, u16::from(lags && moves > 0), &mut told);
            prop_assert_eq!(told.len(), usize::from(moved));
        }
        look(moved, 0, &mut told);
        prop_assert_eq!(told.len(), usize::from(moved));
        for (at, word) in words(&told).into_iter().enumerate() {
            prop_assert_eq!(word, ["in", "out"][at % 2]);
        }
    }

    /// Whatever the service shows, the history can have happened.
    #[test]
    fn any_looks_give_a_possible_history(
        looks in prop::collection::vec((0_u64..3000, any_look()), 1..60),
    ) {
        let mut ledger = Ledger::new();
        let (mut serving, mut now) = (true, 0);
        let mut readers: BTreeMap<String, bool> = BTreeMap::new();
        for (ms, look) in looks {
            now += ms;
            for event in ledger.take(look, at(now)) {
                match event {
                    ReaderEvent::ServiceGone => prop_assert!(std::mem::replace(&mut serving, false)),
                    ReaderEvent::ServiceBack => prop_assert!(!std::mem::replace(&mut serving, true)),
                    ReaderEvent::ReaderAppeared(name) => {
                        prop_assert_eq!(readers.insert(name, false), None);
                    }
                    ReaderEvent::ReaderGone(name) => {
                        prop_assert_eq!(readers.remove(&name), Some(false));
                    }
                    ReaderEvent::CardInserted { reader, .. } => {
                        prop_assert_eq!(readers.insert(reader, true), Some(false));
                    }
                    ReaderEvent::CardRemoved { reader } => {
                        prop_assert_eq!(readers.insert(reader, false), Some(true));
                    }
                    ReaderEvent::CardUnusable { reader, .. }
                    | ReaderEvent::CardUsable { reader } => {
                        prop_assert_eq!(readers.get(&reader), Some(&true));
                    }
                }
            }
            prop_assert!(ledger.due(at(now)).is_none_or(|due| due > at(now) || !serving));
        }
    }
}

fn any_look() -> impl Strategy<Value = Look> {
    let atr = prop::option::of((0_u8..3).prop_map(atr));
    let card = (atr, any::<bool>(), any::<bool>());
    let face = prop_oneof![
        3 => Just(Face::Empty),
        1 => Just(Face::Unclear),
        4 => card.prop_map(|(atr, mute, in_use)| Face::Card { atr, mute, in_use }),
    ];
    let counter = prop_oneof![0_u16..6, any::<u16>()];
    let sight = (counter, face).prop_map(|(counter, face)| Sight { counter, face });
    let readers = prop::collection::btree_map("[ab]", sight, 0..3);
    prop_oneof![1 => Just(Look::NoService), 6 => readers.prop_map(Look::Readers)]
}
