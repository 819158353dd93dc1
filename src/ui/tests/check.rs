//! The stock check's page: its counter, its verdicts, the scanner's field, and what a post may not do.

use super::door::Person as _;
use super::*;
use crate::domain::stock_check::{CheckItem, CheckState, How, Missing, Verdict};
use crate::station::CheckRow;
use crate::station::window_choices::SoundChoice;
use crate::ui::check_view::{CheckAct, CheckPicture, LastSeen};
use crate::ui::sound::Tone;

fn item(text: &str, verdict: Verdict) -> CheckItem {
    CheckItem {
        at: Timestamp::EPOCH,
        detail: None,
        how: How::Scanned,
        maker: String::new(),
        model: String::new(),
        serial: serial(text),
        state: (verdict != Verdict::Unknown).then_some(UkeyState::Blank),
        verdict,
    }
}

fn picture(state: CheckState) -> CheckPicture {
    CheckPicture {
        row: Some(CheckRow {
            id: "id".to_owned(),
            number: "2026-0003".to_owned(),
            state,
            model: None,
            started_at: Timestamp::EPOCH,
            started_by: OfficerName::parse("admin").unwrap(),
            ended_at: None,
            ended_by: None,
            signed: None,
        }),
        sitting: state == CheckState::Open,
        found: 41,
        expected: 44,
        differing: vec![item("9f5c00005f1b0009", Verdict::Unknown)],
        missing: vec![Missing {
            r#box: Some("A-01".to_owned()),
            model: "SoftHSM v2".to_owned(),
            serial: serial("8f5c00005f1b0007"),
            state: UkeyState::Blank,
        }],
        models: vec!["SoftHSM v2".to_owned()],
        last: Some(LastSeen {
            item: item("9f5c00005f1b0009", Verdict::Unknown),
            before: None,
            turn: 1,
        }),
        no_serial: None,
    }
}

fn bench(language: Language, picture: CheckPicture, post: Post) -> Bench {
    let view = View {
        shown: Shown::Check,
        check: Some(Arc::new(picture)),
        post: Some(post),
        ..view()
    };
    let mut bench = Bench::new(language, view);
    let window = bench.harness.state_mut();
    (window.page, window.asked) = (Page::Check, Shown::Check);
    bench.harness.step();
    bench.harness.step();
    bench
}

fn acts(bench: &Bench) -> Vec<CheckAct> {
    let acts = bench.sent().into_iter().map(|command| match command {
        Command::Check(act) => act,
        other => panic!("{other:?}"),
    });
    acts.collect()
}

#[test]
fn the_counter_the_last_ukey_and_every_difference_are_told_in_words() {
    for language in [Language::Chinese, Language::English] {
        let bench = bench(language, picture(CheckState::Open), Post::System);
        bench.harness.get_by_label("41");
        bench.harness.get_by_label("/ 44");
        let word = bench.word("verdict-unknown");
        bench.harness.get_by_label(&word);
        bench.harness.get_by_label(&format!("✕ {word}"));
        assert_eq!(
            bench
                .harness
                .get_all_by_label("9f5c 0000 5f1b 0009")
                .count(),
            2
        );
        bench.harness.get_by_label("8f5c 0000 5f1b 0007");
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
    }
}

#[test]
fn each_tone_is_asked_for_once_and_none_that_a_person_does_not_want() {
    let mut bench = bench(Language::Chinese, picture(CheckState::Open), Post::System);
    let heard = bench.listen();
    let ring = |bench: &mut Bench, tones: &[Tone]| {
        lock(&bench.harness.state().view).tones.extend(tones);
        bench.harness.step();
        bench.harness.step();
    };
    ring(&mut bench, &[Tone::Good, Tone::Stopped, Tone::Good]);
    let all: Vec<_> = heard.try_iter().collect();
    assert_eq!(all, [Tone::Good, Tone::Stopped, Tone::Good]);
    bench.harness.state_mut().choices.sound = SoundChoice::Off;
    ring(&mut bench, &[Tone::Stopped]);
    bench.harness.state_mut().choices.sound = SoundChoice::On;
    ring(&mut bench, &[]);
    assert_eq!(heard.try_iter().count(), 0, "nor later");
}

#[test]
fn what_differs_never_sounds_as_if_it_were_well() {
    let good = Verdict::ALL.into_iter();
    let good: Vec<_> = good
        .filter(|verdict| Tone::from(*verdict) == Tone::Good)
        .collect();
    assert_eq!(good, [Verdict::Found]);
}

#[test]
fn the_scanner_types_into_the_field_and_loses_nothing_while_the_desk_works() {
    let mut bench = bench(Language::Chinese, picture(CheckState::Open), Post::System);
    let field = bench.word("ui-check-scan");
    let find = |bench: &Bench| {
        let node = bench.harness.get_by_role_and_label(Role::TextInput, &field);
        node.is_focused()
    };
    assert!(find(&bench));
    bench.type_text("8f5c 0000 5f1b 0007");
    bench.key(egui::Modifiers::NONE, egui::Key::Enter);
    let sent = acts(&bench);
    assert!(matches!(sent.as_slice(), [CheckAct::Scan(texts)] if *texts == ["8f5c00005f1b0007"]));
    assert!(find(&bench), "the next one is typed at once");

    while bench.harness.state().send(Command::Resume(None)) {}
    for text in ["A-0001", "A-0002"] {
        bench.type_text(text);
        bench.key(egui::Modifiers::NONE, egui::Key::Enter);
    }
    assert!(
        bench
            .sent()
            .iter()
            .all(|command| matches!(command, Command::Resume(None)))
    );
    bench.harness.step();
    let sent = acts(&bench);
    assert!(matches!(sent.as_slice(), [CheckAct::Scan(texts)] if *texts == ["A-0001", "A-0002"]));
}

#[test]
fn a_check_is_paused_gone_on_with_signed_and_given_up_only_when_asked_twice() {
    let mut open = bench(Language::English, picture(CheckState::Open), Post::System);
    let press = |bench: &mut Bench, key: &str| {
        let word = bench.word(key);
        bench.press(&word);
    };
    press(&mut open, "ui-check-pause");
    press(&mut open, "ui-check-sign");
    press(&mut open, "ui-check-drop");
    let sent = acts(&open);
    assert!(
        matches!(sent.as_slice(), [CheckAct::Pause, CheckAct::Sign]),
        "{sent:?}"
    );
    press(&mut open, "ui-check-drop-yes");
    assert!(matches!(acts(&open).as_slice(), [CheckAct::GiveUp]));

    let mut paused = bench(Language::English, picture(CheckState::Paused), Post::System);
    press(&mut paused, "ui-check-pause");
    press(&mut paused, "ui-check-resume");
    assert!(matches!(acts(&paused).as_slice(), [CheckAct::Resume]));
    assert_eq!(paused.harness.query_all_by_role(Role::TextInput).count(), 0);

    let mut signed = bench(Language::English, picture(CheckState::Signed), Post::System);
    press(&mut signed, "ui-check-sign");
    press(&mut signed, "ui-check-start");
    press(&mut signed, "ui-print");
    let sent = acts(&signed);
    assert!(
        matches!(sent.as_slice(), [CheckAct::Start(None), CheckAct::Print(number)] if number == "2026-0003"),
        "{sent:?}"
    );
}

#[test]
fn only_system_counts() {
    for post in [Post::Security, Post::Auditor] {
        for state in [CheckState::Paused, CheckState::Signed] {
            let mut bench = bench(Language::Chinese, picture(state), post);
            let key = if state == CheckState::Paused {
                "ui-check-resume"
            } else {
                "ui-check-start"
            };
            for key in [key, "ui-check-pause", "ui-check-sign", "ui-check-drop"] {
                let word = bench.word(key);
                bench.press(&word);
            }
            assert!(bench.sent().is_empty());
        }
    }
}
