//! The holder's page: what it shows, what it hides, what it answers, and how it ends.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use egui::{Key, Modifiers};

use super::door::Person as _;
use super::*;
use crate::domain::pin::{PinAlphabet, PinPolicy, WeakPin};
use crate::station::SecretText;
use crate::station::sign_in::PinRefused;
use crate::ui::make_view::{PinAnswer, PinAsked, PinKind};

const SERIAL: &str = "8f5c00005f1b0007";

/// A question, and where its answer arrives.
pub(super) fn asked(
    turn: u64,
    kind: PinKind,
    refused: Option<PinRefused>,
) -> (PinAsked, Receiver<PinAnswer>) {
    let (answer, given) = sync_channel(1);
    let asked = PinAsked {
        turn,
        kind,
        request: "2026-0007".to_owned(),
        holder: "王**".to_owned(),
        serial: serial(SERIAL),
        policy: PinPolicy {
            min_len: 6,
            max_len: 16,
            alphabet: PinAlphabet::Ascii,
        },
        refused,
        answer,
    };
    (asked, given)
}

impl Bench {
    /// A desk at work whose run asks a holder.
    fn asking(language: Language, kind: PinKind) -> (Self, Receiver<PinAnswer>) {
        let (asked, given) = asked(1, kind, None);
        let view = View {
            pin: Some(asked),
            busy: true,
            ..view()
        };
        (Self::new(language, view), given)
    }

    fn is_typed_into(&self, key: &str) -> bool {
        let word = self.word(key);
        let field = self
            .harness
            .get_by_role_and_label(Role::PasswordInput, &word);
        field.is_focused()
    }

    fn fill(&mut self, key: &str, text: &str) {
        self.type_into(Role::PasswordInput, key, text);
    }

    fn is_met(&self, key: &str, met: bool) -> bool {
        let range = [("min", "6".to_owned()), ("max", "16".to_owned())];
        let words = self.harness.state().wording.with(key, range);
        let mark = if met { "✓" } else { "○" };
        let words = format!("{mark} {words}");
        let found = self.harness.query_by_label(&words);
        found.is_some()
    }
}

#[test]
fn while_a_pin_is_asked_for_nothing_else_is_seen() {
    for language in [Language::Chinese, Language::English] {
        for kind in [PinKind::New, PinKind::Present] {
            let (bench, _given) = Bench::asking(language, kind);
            for hidden in ["王晓雯", "2026-0001", "8f5c 0000 5f1b 0001", "admin"] {
                assert!(bench.harness.query_by_label_contains(hidden).is_none());
            }
            let rail = bench.word("page-stock");
            assert!(bench.harness.query_by_label(&rail).is_none());
            for seen in ["王**", "2026-0007", "8f5c 0000 5f1b 0007"] {
                bench.harness.get_by_label(seen);
            }
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
        }
    }
}

#[test]
fn the_rules_turn_as_they_are_met() {
    let (mut bench, given) = Bench::asking(Language::Chinese, PinKind::New);
    let rules = [
        "ui-pin-rule-length",
        "ui-pin-rule-ascii",
        "ui-pin-rule-run",
        "ui-pin-rule-repeat",
        "ui-pin-rule-same",
    ];
    for rule in rules {
        assert!(bench.is_met(rule, false), "{rule}");
    }
    assert!(bench.is_typed_into("ui-pin-new"));
    bench.type_text("123456");
    assert!(bench.is_met("ui-pin-rule-length", true));
    assert!(bench.is_met("ui-pin-rule-run", false), "it counts up");
    bench.type_text("93");
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.is_typed_into("ui-pin-again"));
    bench.type_text("1234569");
    for (rule, met) in rules.into_iter().zip([true, true, true, true, false]) {
        assert!(bench.is_met(rule, met), "{rule}");
    }
    bench.type_text("3");
    assert!(bench.is_met("ui-pin-rule-same", true));
    assert_eq!(given.try_recv().unwrap_err(), TryRecvError::Empty);
    bench.key(Modifiers::NONE, Key::Enter);
    let PinAnswer::New(typed) = given.try_recv().unwrap() else {
        panic!("no new PIN")
    };
    assert_eq!(typed.each_ref().map(SecretText::expose), ["12345693"; 2]);
    assert!(bench.sent().is_empty());
}

#[test]
fn a_refused_pin_is_told_in_place_and_typed_anew() {
    let (mut bench, _given) = Bench::asking(Language::English, PinKind::New);
    bench.type_text("12121212");
    let refused = PinRefused::Weak(WeakPin::Repeat);
    let (again, given) = asked(2, PinKind::New, Some(refused));
    lock(&bench.harness.state().view).pin = Some(again);
    bench.harness.step();
    bench.harness.step();
    let words = Wording::new(Language::English).text("pin-refused-repeat");
    bench.harness.get_by_label_contains(&words);
    assert!(
        bench.is_met("ui-pin-rule-length", false),
        "it is empty again"
    );
    bench.fill("ui-pin-new", "59301746");
    bench.fill("ui-pin-again", "59301746");
    let set = bench.word("ui-pin-set");
    bench.press(&set);
    assert!(matches!(given.try_recv().unwrap(), PinAnswer::New(_)));
}

#[test]
fn the_present_pin_is_typed_once() {
    let (mut bench, given) = Bench::asking(Language::Chinese, PinKind::Present);
    let fields = bench.harness.query_all_by_role(Role::PasswordInput);
    assert_eq!(fields.count(), 1);
    let go_on = bench.word("ui-pin-go-on");
    bench.press(&go_on);
    assert_eq!(
        given.try_recv().unwrap_err(),
        TryRecvError::Empty,
        "nothing typed"
    );
    bench.fill("ui-pin-present", "59301746");
    bench.key(Modifiers::NONE, Key::Enter);
    let PinAnswer::Present(typed) = given.try_recv().unwrap() else {
        panic!("no PIN")
    };
    assert_eq!(typed.expose(), "59301746");
}

#[test]
fn escape_cancels_and_a_minute_of_stillness_closes() {
    let (mut bench, given) = Bench::asking(Language::Chinese, PinKind::New);
    bench.type_text("59301746");
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(matches!(given.try_recv().unwrap(), PinAnswer::Cancelled));

    let (mut bench, given) = Bench::asking(Language::Chinese, PinKind::New);
    bench.draw_at(50.0);
    bench.type_text("5930");
    bench.draw_at(109.0);
    assert_eq!(given.try_recv().unwrap_err(), TryRecvError::Empty);
    bench.draw_at(112.0);
    assert!(matches!(given.try_recv().unwrap(), PinAnswer::Still));
    // Once it is answered the page takes nothing any more.
    let fields = bench.harness.query_all_by_role(Role::PasswordInput);
    assert_eq!(fields.count(), 0);
}

#[test]
fn a_page_that_appears_on_a_still_desk_gets_its_own_minute() {
    let mut bench = Bench::new(Language::Chinese, view());
    bench.draw_at(5_000.0);
    let (asked, given) = asked(1, PinKind::New, None);
    lock(&bench.harness.state().view).pin = Some(asked);
    bench.draw_at(5_100.0);
    bench.draw_at(5_150.0);
    assert_eq!(given.try_recv().unwrap_err(), TryRecvError::Empty);
    bench.draw_at(5_161.0);
    assert!(matches!(given.try_recv().unwrap(), PinAnswer::Still));
}

#[test]
fn what_is_typed_stands_nowhere_else_and_a_closed_window_asks_nobody() {
    let (mut bench, given) = Bench::asking(Language::English, PinKind::New);
    bench.fill("ui-pin-new", "x7#Kq2!m");
    bench.key(Modifiers::COMMAND, Key::A);
    bench.harness.event(egui::Event::Copy);
    bench.harness.step();
    let copied = format!("{:?}", bench.harness.output().platform_output.commands);
    assert!(!copied.contains("x7#Kq2!m"), "{copied}");
    let tree = format!("{:?}", bench.harness.root());
    assert!(!tree.contains("x7#Kq2!m"));
    let seen = format!("{:?}", *lock(&bench.harness.state().view));
    assert!(!seen.contains("x7#Kq2!m"));
    drop(bench);
    assert!(given.recv().is_err(), "nobody will answer");
}
