//! The page where ukeys are made: which requests are next, what the cards show, and how it stops.

use super::door::name;
use super::real_home::make::pressed;
use super::*;
use crate::station::report::StepReport;
use crate::ui::make_view::{MakeOrder, OpenOrder};
use crate::workflow::journal::{PinSource, Wait};

pub(super) fn at_work(text: &str, now: Step, done: &[Step]) -> Lane {
    let report = |step: &Step| StepReport {
        step: *step,
        ms: 12.0,
        outcome: "done".to_owned(),
    };
    Lane {
        request: "2026-0004".to_owned(),
        serial: serial(text),
        begun: Some(clock::now()),
        now: Some(now),
        steps: done.iter().map(report).collect(),
        result: None,
    }
}

fn ended(outcome: Outcome, request: &str) -> Lane {
    let mut lane = asking(&[Answer::TryAgain]);
    request.clone_into(&mut lane.request);
    lane.result.as_mut().unwrap().outcome = outcome;
    lane
}

impl Bench {
    fn tick_next(&mut self, number: &str) {
        let name = format!("{} {number}", self.word("ui-make-next"));
        self.choose_named(Role::CheckBox, &name);
    }

    /// The orders that were sent.
    fn orders(&self) -> Vec<MakeOrder> {
        let sent = self.sent().into_iter().map(|command| match command {
            Command::Make(order) => order,
            other => panic!("{other:?}"),
        });
        sent.collect()
    }

    fn begin(&mut self) {
        let begin = self.word("ui-make-all");
        self.press(&begin);
    }
}

#[test]
fn what_is_checked_is_made_and_what_is_not_waits() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::new(language, view());
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        bench.tick_next("2026-0001");
        bench.begin();
        assert_eq!(bench.orders()[0].numbers, ["2026-0002"]);
        bench.tick_next("2026-0002");
        bench.begin();
        assert!(bench.sent().is_empty(), "nothing is checked");
        let all = bench.word("ui-make-check-all");
        bench.press(&all);
        bench.begin();
        let orders = bench.orders();
        assert!(orders[0].numbers.is_empty(), "all: {orders:?}");
        assert_eq!(orders[0].pin, PinSource::Secrets);
        assert!(!orders[0].goes_on);
    }
}

#[test]
fn a_real_home_has_the_holder_type_and_practice_its_own_unless_somebody_chooses() {
    let mut real = view();
    real.practice = false;
    let mut bench = Bench::new(Language::Chinese, real);
    let secrets = bench.word("ui-pin-from-secrets");
    assert!(bench.harness.query_by_label(&secrets).is_none());
    bench.begin();
    assert_eq!(bench.orders()[0].pin, PinSource::Holder);
    let random = bench.word("ui-pin-from-random");
    bench.choose_named(Role::RadioButton, &random);
    bench.begin();
    assert_eq!(bench.orders()[0].pin, PinSource::Random);
}

#[test]
fn a_search_finds_by_name_and_keeps_what_is_checked() {
    let mut view = view();
    let row = &mut Arc::make_mut(&mut view.requests)[1].row;
    row.approved_by = Some(name("security"));
    row.approved_at = Some(Timestamp::EPOCH);
    let mut bench = Bench::new(Language::Chinese, view);
    bench.harness.get_by_label_contains("security审核");
    bench.type_into(Role::TextInput, "ui-make-search", "志远");
    assert!(bench.harness.query_by_label("王晓雯").is_none());
    bench.harness.get_by_label("李志远");
    let one = format!("{} 2026-0002", bench.word("ui-make-one"));
    bench.press(&one);
    assert_eq!(bench.orders()[0].numbers, ["2026-0002"]);
    bench.begin();
    assert!(bench.orders()[0].numbers.is_empty(), "both are checked");
}

#[test]
fn a_card_shows_the_live_step_among_the_others_and_the_time_that_is_left() {
    let mut view = view();
    view.busy = true;
    view.lanes = vec![at_work(
        "8f5c00005f1b0001",
        Step::CheckBlank,
        &[Step::VerifyApproval, Step::Identify],
    )];
    view.usual_secs.insert("softhsm2".to_owned(), 90);
    let bench = Bench::new(Language::English, view);
    let word = |step: Step| bench.word(&format!("step-{}", step.word()));
    for (mark, step) in [
        ("✓", Step::Identify),
        ("◐", Step::CheckBlank),
        ("○", Step::SealPins),
    ] {
        bench
            .harness
            .get_by_label(&format!("{mark} {}", word(step)));
    }
    bench.harness.get_by_label_contains("step 3 of 19");
    bench.harness.get_by_label_contains(" s left");
    let cards = bench.harness.query_all_by_label("8f5c 0000 5f1b 0001");
    assert_eq!(cards.count(), 1, "one card for a ukey");
}

#[test]
fn a_holder_signs_by_mouse_and_the_slip_is_written_with_it() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::new(language, view());
        let sign = bench.word("ui-sign");
        bench.press(&sign);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        let print = bench.word("ui-sign-print");
        bench.press(&print);
        assert!(bench.sent().is_empty(), "nobody has signed");
        let name = bench.word("ui-sign-field");
        let field = bench.harness.get_by_role_and_label(Role::Canvas, &name);
        let place = field.rect();
        let at = |x: f32, y: f32| place.min + egui::vec2(x, y) * place.size();
        for event in [
            egui::Event::PointerMoved(at(0.2, 0.5)),
            pressed(at(0.2, 0.5), true),
            egui::Event::PointerMoved(at(0.4, 0.2)),
            egui::Event::PointerMoved(at(0.6, 0.8)),
            pressed(at(0.6, 0.8), false),
        ] {
            bench.harness.event(event);
            bench.harness.step();
        }
        bench.press(&print);
        let sent = bench.sent();
        let [Command::Slip(on, written)] = sent.as_slice() else {
            panic!("{sent:?}")
        };
        assert_eq!(on.as_str(), "8f5c00005f1b0002");
        let last = written.lines().last().and_then(|line| line.last());
        let (x, y) = last.copied().unwrap();
        assert!(
            (x - 0.6).abs() < 0.02 && (y - 0.8).abs() < 0.02,
            "{written:?}"
        );
        assert!(
            bench.harness.query_by_label(&name).is_none(),
            "it is closed"
        );
    }
}

#[test]
fn a_pause_is_heard_while_the_desk_is_at_work() {
    let mut view = view();
    view.busy = true;
    view.lanes = vec![at_work("8f5c00005f1b0001", Step::Identify, &[])];
    let mut bench = Bench::new(Language::Chinese, view);
    let pause = bench.word("ui-make-pause");
    bench.press(&pause);
    assert!(lock(&bench.harness.state().view).paused);
    assert!(bench.sent().is_empty(), "no command: nobody would read it");
    bench.harness.get_by_label(&bench.word("ui-make-pausing"));
}

#[test]
fn an_order_that_goes_on_asks_for_the_next_blank_and_ends_when_told() {
    let mut view = view();
    view.open_order = Some(OpenOrder {
        order: MakeOrder {
            numbers: vec!["2026-0002".to_owned()],
            pin: PinSource::Holder,
            goes_on: true,
        },
        seen: std::collections::BTreeSet::new(),
    });
    let mut bench = Bench::new(Language::Chinese, view);
    let count = [("count", "1".to_owned())];
    let next = Wording::new(Language::Chinese).with("ui-make-next-blank", count);
    bench.harness.get_by_label_contains(&next);
    for (key, paused) in [("ui-make-pause", true), ("ui-make-go-on", false)] {
        let word = bench.word(key);
        bench.press(&word);
        assert_eq!(lock(&bench.harness.state().view).paused, paused);
    }
    let end = bench.word("ui-make-end");
    bench.press(&end);
    assert!(matches!(bench.sent().as_slice(), [Command::EndOrder]));
    let goes_on = bench.word("ui-make-goes-on");
    bench.choose_named(Role::CheckBox, &goes_on);
    bench.begin();
    assert!(bench.orders()[0].goes_on);
}

#[test]
fn what_stopped_is_begun_again_or_resumed_and_put_aside_until_then() {
    let mut view = view();
    view.lanes = vec![ended(Outcome::Pending(Wait::UserPin), "2026-0003")];
    let mut bench = Bench::new(Language::English, view);
    let again = bench.word("ui-make-again");
    bench.press(&again);
    let sent = bench.sent();
    assert!(
        matches!(sent.as_slice(), [Command::Resume(Some((on, None)))] if on.as_str() == "8f5c00005f1b0004"),
        "{sent:?}"
    );
    let waits = bench.word("ui-wait-user-pin");
    bench.harness.get_by_label(&waits);
    let skip = bench.word("ui-make-skip");
    bench.press(&skip);
    assert!(bench.harness.query_by_label(&waits).is_none());

    // Nothing was begun under a request that is approved still.
    let refused = Outcome::Refused("ukey-not-blank".to_owned());
    let mut view = tests::view();
    view.lanes = vec![ended(refused, "2026-0001")];
    let mut bench = Bench::new(Language::English, view);
    bench.press(&again);
    assert_eq!(bench.orders()[0].numbers, ["2026-0001"]);
}
