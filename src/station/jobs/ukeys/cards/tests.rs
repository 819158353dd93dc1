use super::*;

fn atr(last: u8) -> Atr {
    Atr::from_bytes(&[0x3B, 0x00, last]).unwrap()
}

fn serial(text: &str) -> Serial {
    Serial::parse(text).unwrap()
}

fn came(list: &[(&str, &str)]) -> Vec<(Serial, String)> {
    let each = list.iter();
    each.map(|(text, profile)| (serial(text), (*profile).to_owned()))
        .collect()
}

fn stayed(list: &[&str]) -> BTreeSet<Serial> {
    list.iter().map(|text| serial(text)).collect()
}

/// ATR 1 points to profile `one`, 2 to `two`, others to none.
fn candidates(of: &Atr) -> Vec<String> {
    let known = [(atr(1), "one"), (atr(2), "two")].into_iter();
    let fitting = known.filter(|(known, _name)| known == of);
    fitting.map(|(_atr, name)| name.to_owned()).collect()
}

fn goes_in(cards: &mut Cards, reader: &str, last: u8) {
    let event = ReaderEvent::CardInserted {
        reader: reader.to_owned(),
        atr: Some(atr(last)),
    };
    assert_eq!(cards.take(&event), None);
}

fn out(reader: &str) -> ReaderEvent {
    ReaderEvent::CardRemoved {
        reader: reader.to_owned(),
    }
}

fn stranger(reader: &str, last: u8) -> CardInReader {
    CardInReader {
        reader: reader.to_owned(),
        atr: Some(atr(last)),
    }
}

#[test]
fn a_card_is_the_ukey_that_came_with_it_and_by_its_atr_where_two_came() {
    let mut cards = Cards::default();
    goes_in(&mut cards, "a", 1);
    goes_in(&mut cards, "b", 2);
    let ukeys = came(&[("2222", "two"), ("1111", "one")]);
    assert!(
        cards
            .judge(&ukeys, &stayed(&[]), &[], candidates)
            .is_empty()
    );
    assert_eq!(cards.take(&out("a")), None);
    goes_in(&mut cards, "a", 1);
    let back = cards.judge(&[], &stayed(&["1111", "2222"]), &[], candidates);
    assert_eq!(back, [Verdict::Returned(serial("1111"))]);
}

#[test]
fn a_card_that_no_module_shows_is_told_once_and_when_it_goes() {
    let mut cards = Cards::default();
    goes_in(&mut cards, "a", 9);
    let verdicts = cards.judge(&[], &stayed(&["1111"]), &[], candidates);
    assert_eq!(verdicts, [Verdict::Stranger(stranger("a", 9))]);
    assert!(
        cards
            .judge(&[], &stayed(&["1111"]), &[], candidates)
            .is_empty()
    );
    assert_eq!(cards.take(&out("a")), Some(stranger("a", 9)));
    assert!(
        cards
            .judge(&[], &stayed(&["1111"]), &[], candidates)
            .is_empty()
    );
}

#[test]
fn a_card_that_is_gone_again_while_the_modules_are_asked_is_no_stranger() {
    let mut cards = Cards::default();
    goes_in(&mut cards, "a", 1);
    let left = out("a");
    let verdicts = cards.judge(&[], &stayed(&[]), std::slice::from_ref(&left), candidates);
    assert!(verdicts.is_empty());
    assert_eq!(cards.take(&left), None);
}

#[test]
fn a_ukey_put_into_another_reader_is_no_stranger() {
    let mut cards = Cards::default();
    goes_in(&mut cards, "a", 1);
    cards.judge(&came(&[("1111", "one")]), &stayed(&[]), &[], candidates);
    cards.take(&out("a"));
    goes_in(&mut cards, "b", 1);
    let moved = cards.judge(&[], &stayed(&["1111"]), &[], candidates);
    assert_eq!(moved, [Verdict::Returned(serial("1111"))]);
}

#[test]
fn a_mute_card_is_judged_when_it_answers() {
    let mut cards = Cards::default();
    let reader = || "a".to_owned();
    goes_in(&mut cards, "a", 1);
    let why = CardTrouble::Mute;
    cards.take(&ReaderEvent::CardUnusable {
        reader: reader(),
        why,
    });
    assert!(cards.judge(&[], &stayed(&[]), &[], candidates).is_empty());
    cards.take(&ReaderEvent::CardUsable { reader: reader() });
    let ukeys = came(&[("1111", "one")]);
    assert!(
        cards
            .judge(&ukeys, &stayed(&[]), &[], candidates)
            .is_empty()
    );
    assert_eq!(cards.take(&out("a")), None, "it was recognised");
}
