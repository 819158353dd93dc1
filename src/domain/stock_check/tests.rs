//! The rules of the stock check, by table and by chance.

use proptest::prelude::*;

use super::*;
use crate::domain::ukey::UkeyIdentity;

const fn known(state: UkeyState) -> Option<Known> {
    Some(Known {
        state,
        of_officer: false,
        same_model: true,
    })
}

const fn read(blank: Result<(), NotBlank>, objects: bool) -> Sight {
    Sight::Read {
        blank,
        objects,
        twice: false,
    }
}

fn label() -> NotBlank {
    NotBlank::Label("MINE".to_owned())
}

fn stranger() -> NotBlank {
    NotBlank::UnknownModel(UkeyIdentity {
        maker: "X".to_owned(),
        model: "Y".to_owned(),
        serial: Serial::parse("1").unwrap(),
    })
}

#[test]
fn what_lies_where_the_records_say_is_found() {
    let cases = [
        (UkeyState::Blank, read(Ok(()), false)),
        (UkeyState::Allocated, read(Ok(()), false)),
        (UkeyState::Personalising, read(Err(label()), true)),
        (UkeyState::Issued, read(Err(label()), true)),
        (UkeyState::Returned, read(Err(label()), true)),
        (UkeyState::Returned, read(Ok(()), false)),
        (UkeyState::Damaged, read(Err(NotBlank::SoPinLocked), false)),
        (UkeyState::Damaged, Sight::Unreadable),
        (UkeyState::Blank, Sight::Scanned),
        (UkeyState::Issued, Sight::Scanned),
    ];
    for (state, sight) in cases {
        assert_eq!(
            judge(known(state), &sight),
            Verdict::Found,
            "{state} {sight:?}"
        );
    }
}

#[test]
fn each_difference_has_its_own_verdict() {
    let officer = Some(Known {
        state: UkeyState::Blank,
        of_officer: true,
        same_model: true,
    });
    let other_model = Some(Known {
        state: UkeyState::Blank,
        of_officer: false,
        same_model: false,
    });
    let twice = Sight::Read {
        blank: Ok(()),
        objects: false,
        twice: true,
    };
    let blank = || read(Ok(()), false);
    let cases = [
        (None, blank(), Verdict::Unknown),
        (None, Sight::Scanned, Verdict::Unknown),
        (None, Sight::Unreadable, Verdict::Unreadable),
        (None, twice.clone(), Verdict::Twice),
        (known(UkeyState::Blank), twice, Verdict::Twice),
        (officer, blank(), Verdict::OfOfficer),
        (other_model, blank(), Verdict::WrongModel),
        (
            known(UkeyState::Blank),
            read(Err(stranger()), false),
            Verdict::WrongModel,
        ),
        (
            known(UkeyState::Blank),
            read(Err(NotBlank::SoPinLocked), false),
            Verdict::SoLocked,
        ),
        (
            known(UkeyState::Issued),
            read(Err(NotBlank::SoPinLocked), true),
            Verdict::SoLocked,
        ),
        (
            known(UkeyState::Blank),
            read(Err(label()), false),
            Verdict::NotBlank,
        ),
        (
            known(UkeyState::Allocated),
            read(Err(NotBlank::UserPinSet), false),
            Verdict::NotBlank,
        ),
        (
            known(UkeyState::Blank),
            read(Err(label()), true),
            Verdict::ForeignObjects,
        ),
        (
            known(UkeyState::Blank),
            Sight::Unreadable,
            Verdict::Unreadable,
        ),
        (known(UkeyState::Issued), blank(), Verdict::WrongState),
        (known(UkeyState::Destroyed), blank(), Verdict::WrongState),
        (known(UkeyState::Lost), Sight::Scanned, Verdict::WrongState),
        (
            known(UkeyState::Suspended),
            read(Err(label()), true),
            Verdict::WrongState,
        ),
    ];
    for (known, sight, verdict) in cases {
        assert_eq!(judge(known, &sight), verdict, "{known:?} {sight:?}");
    }
}

#[test]
fn a_reading_takes_the_place_of_a_serial_number_and_never_the_other_way() {
    let found = Verdict::Found;
    let cases = [
        (
            (found, How::Scanned),
            (Verdict::NotBlank, How::Read),
            Again::Replaces,
        ),
        ((found, How::Read), (found, How::Read), Again::Stays),
        ((found, How::Read), (found, How::Scanned), Again::Stays),
        (
            (Verdict::NotBlank, How::Read),
            (found, How::Scanned),
            Again::Stays,
        ),
        (
            (Verdict::NotBlank, How::Read),
            (found, How::Read),
            Again::Stays,
        ),
        (
            (Verdict::Unreadable, How::Read),
            (found, How::Read),
            Again::Replaces,
        ),
        (
            (Verdict::Unreadable, How::Read),
            (Verdict::NotBlank, How::Read),
            Again::Replaces,
        ),
        (
            (Verdict::Unreadable, How::Read),
            (Verdict::Unreadable, How::Read),
            Again::Stays,
        ),
        (
            (Verdict::Unreadable, How::Read),
            (found, How::Scanned),
            Again::Stays,
        ),
        (
            (found, How::Read),
            (Verdict::Twice, How::Read),
            Again::Replaces,
        ),
        (
            (Verdict::Twice, How::Read),
            (found, How::Read),
            Again::Stays,
        ),
    ];
    for (before, now, expected) in cases {
        assert_eq!(again(before, now), expected, "{before:?} {now:?}");
    }
}

#[test]
fn words_are_each_others_inverse() {
    for verdict in Verdict::ALL {
        assert_eq!(Verdict::from_word(verdict.word()), Some(verdict));
        let json = serde_json::to_value(verdict).unwrap();
        assert_eq!(json, verdict.word());
    }
    for state in CheckState::ALL {
        assert_eq!(CheckState::from_word(state.word()), Some(state));
    }
    for how in How::ALL {
        assert_eq!(How::from_word(how.word()), Some(how));
    }
}

fn result() -> CheckResult {
    let time = Timestamp::from_unix(1_795_507_200).unwrap();
    let item = |serial: &str, verdict, state| CheckItem {
        at: time,
        detail: Some("blank".to_owned()),
        how: How::Read,
        maker: "Maker".to_owned(),
        model: "Model".to_owned(),
        serial: Serial::parse(serial).unwrap(),
        state,
        verdict,
    };
    CheckResult {
        check: "id".to_owned(),
        expected: 2,
        found: 1,
        home: HomeId::new(uuid::Uuid::from_u128(1)),
        instance: InstanceId::new(uuid::Uuid::from_u128(2)),
        items: vec![
            item("A1", Verdict::Found, Some(UkeyState::Blank)),
            item("B1", Verdict::Unknown, None),
            item("C1", Verdict::WrongState, Some(UkeyState::Destroyed)),
            item("D1", Verdict::OfOfficer, Some(UkeyState::Blank)),
        ],
        missing: vec![Missing {
            r#box: None,
            model: "Model".to_owned(),
            serial: Serial::parse("A2").unwrap(),
            state: UkeyState::Allocated,
        }],
        model: None,
        number: "2026-0001".to_owned(),
        officer: OfficerName::parse("admin").unwrap(),
        post: Post::System,
        started_at: time,
        time,
        kind: TYPE.to_owned(),
        unit: "2143000001".to_owned(),
        version: VERSION,
    }
}

#[test]
fn the_canonical_bytes_have_their_keys_in_order_and_are_the_only_form() {
    let bytes = result().canonical().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        object.to_string(),
        text,
        "keys in alphabetical order throughout"
    );
    assert_eq!(CheckResult::parse(&bytes), Some(result()));
    for other in [
        text.replacen(',', ", ", 1),
        text.replace("\"version\":1", "\"version\":2"),
        text.replace(TYPE, "ukey-station/checkpoint"),
        text.replace("\"expected\":2,", ""),
    ] {
        assert_eq!(CheckResult::parse(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn a_result_names_each_difference_once() {
    let differences = result().differences();
    let told: Vec<_> = differences
        .iter()
        .map(|one| (one.kind.word(), one.serial.as_str(), one.detail.as_str()))
        .collect();
    let expected = [
        ("unexpected", "B1", "unknown blank"),
        ("wrong-state", "C1", "wrong-state destroyed blank"),
        ("not-found", "A2", "allocated"),
    ];
    assert_eq!(told, expected);
}

fn any_not_blank() -> impl Strategy<Value = NotBlank> {
    prop_oneof![
        Just(stranger()),
        Just(NotBlank::SoPinLocked),
        ".{0,8}".prop_map(NotBlank::Label),
        Just(NotBlank::UserPinSet),
        any::<u32>().prop_map(NotBlank::Objects),
        Just(NotBlank::NotInitialised),
        Just(NotBlank::WriteProtected),
    ]
}

fn any_sight() -> impl Strategy<Value = Sight> {
    let read = (
        prop::option::of(any_not_blank()),
        any::<bool>(),
        any::<bool>(),
    );
    prop_oneof![
        Just(Sight::Scanned),
        Just(Sight::Unreadable),
        read.prop_map(|(why, objects, twice)| Sight::Read {
            blank: why.map_or(Ok(()), Err),
            objects,
            twice
        }),
    ]
}

fn any_known() -> impl Strategy<Value = Option<Known>> {
    let states = prop::sample::select(UkeyState::ALL.to_vec());
    prop::option::of((states, any::<bool>(), any::<bool>()).prop_map(
        |(state, of_officer, same_model)| Known {
            state,
            of_officer,
            same_model,
        },
    ))
}

proptest! {
    /// What the rule promises, whatever is seen.
    #[test]
    fn every_sight_of_every_ukey_has_a_verdict_that_fits(known in any_known(), sight in any_sight()) {
        let verdict = judge(known, &sight);
        let reads_twice = matches!(sight, Sight::Read { twice: true, .. });
        prop_assert_ne!(verdict, Verdict::Duplicate);
        prop_assert_eq!(verdict == Verdict::Twice, reads_twice);
        if verdict == Verdict::Found {
            let known = known.unwrap();
            prop_assert!(lies_here(known.state) && known.same_model && !known.of_officer);
            if let (UkeyState::Blank, Sight::Read { blank, .. }) = (known.state, &sight) {
                prop_assert_eq!(blank, &Ok(()));
            }
        }
        prop_assert_eq!(verdict == Verdict::Unknown, known.is_none() && !reads_twice && sight != Sight::Unreadable);
        let kind = difference(verdict, known.is_some());
        prop_assert_eq!(kind.is_some(), verdict.is_difference());
        prop_assert_ne!(kind, Some(DiscrepancyKind::NotFound));
        if known.is_none() && kind.is_some() {
            prop_assert_eq!(kind, Some(DiscrepancyKind::Unexpected));
        }
    }

    /// A difference that was shown never goes away by a serial number alone.
    #[test]
    fn what_stands_is_replaced_by_more_and_never_by_less(
        before in prop::sample::select(Verdict::ALL.to_vec()), read_before: bool,
        now in prop::sample::select(Verdict::ALL.to_vec()), read_now: bool,
    ) {
        let how = |read| if read { How::Read } else { How::Scanned };
        let replaced = again((before, how(read_before)), (now, how(read_now))) == Again::Replaces;
        if replaced && !read_now {
            prop_assert_eq!(now, Verdict::Twice);
        }
        if replaced && read_before && before.is_difference() {
            prop_assert!(before == Verdict::Unreadable || now == Verdict::Twice);
        }
    }
}
