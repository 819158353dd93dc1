//! Practice in the window, on homes with real tokens and records: each fault on request, the run brought to its
//! end, and lessons that tick by themselves.

use super::*;
use crate::station::jobs::practice::{CaAnswers, PracticeBench};
use crate::station::{FaultAtStep, PlannedFault};
use crate::workflow::course::Lesson;
use crate::workflow::journal::Wait;

/// How many parts of a lesson are done, and of how many.
fn parts(view: &View, lesson: Lesson) -> (u8, u8) {
    let training = view.training.as_ref().expect("a practice home");
    let mut lessons = training.course.lessons.iter();
    let progress = lessons.find(|progress| progress.lesson == lesson);
    progress
        .map(|progress| (progress.done, progress.of))
        .unwrap()
}

fn is_done(view: &View, lesson: Lesson) -> bool {
    let (done, of) = parts(view, lesson);
    done == of
}

fn bench(view: &View) -> Option<&PracticeBench> {
    view.bench.as_deref()
}

fn issued(view: &View) -> usize {
    let ukeys = view.ukeys.iter();
    ukeys
        .filter(|ukey| ukey.row.state == UkeyState::Issued)
        .count()
}

fn outcome(view: &View) -> Option<&Outcome> {
    let result = view.lanes.first()?.result.as_ref();
    result.map(|result| &result.outcome)
}

impl RealDesk {
    /// At a practice desk, the course begun, on the page for making.
    fn in_course(language: Language, ukeys: u16) -> Self {
        let mut desk = Self::new(language, &SecretsFile::There, ukeys);
        let count = usize::from(ukeys);
        desk.until(|view| is_desk(view) && view.requests.len() == count && view.training.is_some());
        desk.press("ui-practice");
        desk.press("ui-course-begin");
        let begun = |view: &View| {
            let training = view.training.as_ref();
            training.is_some_and(|training| training.course.begun.is_some())
        };
        desk.until(|view| !view.busy && begun(view) && view.bench.is_some());
        desk.press("page-make");
        desk
    }

    /// Reads a lesson that is not done and puts its fault in place.
    fn plan_fault_of(&mut self, lesson: Lesson) {
        let name = self.word(&format!("lesson-{}", lesson.word()));
        let name = format!("{name}: {}", self.word("ui-lesson-open"));
        self.press_word(&name);
        self.press("ui-lesson-fault-plan");
        self.until(|view| bench(view).is_some_and(|bench| bench.planned.len() == 1));
    }
}

#[test]
fn a_ukey_pulled_out_on_request_is_put_back_finished_and_its_lesson_ticks() {
    let mut desk = RealDesk::in_course(Language::Chinese, 1);
    desk.plan_fault_of(Lesson::PulledOut);
    desk.press("ui-make-all");
    let waits = |view: &View| matches!(outcome(view), Some(Outcome::Pending(Wait::Ukey { .. })));
    desk.until(|view| !view.busy && waits(view) && parts(view, Lesson::PulledOut) == (1, 2));
    // It is out on the bench, and the fault has struck.
    desk.until(|view| {
        bench(view).is_some_and(|bench| bench.planned.is_empty() && !bench.ukeys[0].1)
    });
    assert!(desk.view().ukeys.is_empty());
    desk.press("ui-bench");
    let serial = desk.view().bench.unwrap().ukeys[0].0.clone();
    let insert = format!(
        "{} {}",
        desk.word("ui-bench-insert"),
        parts::grouped(serial.as_str())
    );
    desk.press_word(&insert);
    desk.until(|view| view.ukeys.len() == 1);
    desk.press("ui-resume");
    desk.until(|view| !view.busy && issued(view) == 1 && is_done(view, Lesson::PulledOut));
    assert!(!is_done(&desk.view(), Lesson::PowerCut));
}

#[test]
fn a_wrong_pin_is_really_tried_and_the_ukey_is_begun_anew() {
    let mut desk = RealDesk::in_course(Language::English, 1);
    desk.plan_fault_of(Lesson::WrongPin);
    desk.press("ui-make-all");
    let asks = |view: &View| matches!(outcome(view), Some(Outcome::Question(_)));
    desk.until(|view| !view.busy && asks(view) && parts(view, Lesson::WrongPin) == (1, 2));
    desk.press("answer-reinitialise");
    desk.until(|view| !view.busy && issued(view) == 1 && is_done(view, Lesson::WrongPin));
}

#[test]
fn after_a_power_cut_one_signs_in_again_and_resumes_with_nothing_lost() {
    let mut desk = RealDesk::in_course(Language::Chinese, 2);
    desk.plan_fault_of(Lesson::PowerCut);
    desk.press("ui-make-all");
    desk.until(|view| is_door(view, Some(Left::PowerCut)));
    assert!(desk.is_free() && desk.view().lanes.is_empty());
    desk.harness.get_by_label(&desk.word("ui-power-cut-next"));
    desk.press("ui-sign-in");
    desk.until(|view| is_desk(view) && view.training.is_some() && view.ukeys.len() == 2);
    let unfinished = |view: &View| {
        let ukeys = view.ukeys.iter();
        ukeys
            .filter(|ukey| ukey.row.state == UkeyState::Personalising)
            .count()
    };
    assert!(unfinished(&desk.view()) > 0, "found as it was left");
    // The course goes on where it stood: its panel is there by itself.
    desk.harness.get_by_label(&desk.word("ui-practice-desk"));
    desk.press("page-make");
    desk.press("ui-resume");
    desk.until(|view| !view.busy && unfinished(view) == 0 && issued(view) > 0);
    desk.until(|view| is_done(view, Lesson::PowerCut));
    if !desk.view().requests.is_empty() {
        desk.press("ui-make-all"); // The other one had not begun.
        desk.until(|view| !view.busy && issued(view) == 2);
    }
    assert_eq!(issued(&desk.view()), 2);
}

#[test]
fn a_ca_that_is_cut_off_stops_the_issue_and_is_put_back() {
    let mut desk = RealDesk::in_course(Language::Chinese, 1);
    desk.press("ui-bench");
    desk.press("ui-bench-ca-turn-off");
    desk.until(|view| bench(view).is_some_and(|bench| !bench.ca_answers));
    desk.press("ui-make-all");
    let asks = |view: &View| matches!(outcome(view), Some(Outcome::Question(_)));
    desk.until(|view| !view.busy && asks(view));
    assert_eq!(issued(&desk.view()), 0);
    desk.press("ui-bench-ca-turn-on");
    desk.until(|view| bench(view).is_some_and(|bench| bench.ca_answers));
    desk.press("answer-try-again");
    desk.until(|view| !view.busy && issued(view) == 1);
}

#[test]
fn lessons_tick_by_what_was_done_in_each_post_and_count_anew_once_begun_again() {
    let mut desk = RealDesk::in_course(Language::Chinese, 3);
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && issued(view) == 3 && is_done(view, Lesson::Make));
    assert!(!is_done(&desk.view(), Lesson::HandOut));
    let hand_out = desk.word("ui-hand-out");
    let mut buttons = desk
        .harness
        .get_all_by_role_and_label(Role::Button, &hand_out);
    buttons.next().unwrap().click();
    drop(buttons);
    desk.harness.step();
    desk.until(|view| !view.busy && is_done(view, Lesson::HandOut));
    // In another post one stays on the page, and the course stands as it stood.
    desk.choose(&desk.word("ui-practice-post-auditor"));
    desk.until(|view| is_desk(view) && view.post == Some(Post::Auditor) && view.training.is_some());
    assert_eq!(desk.harness.state().page, Page::Make);
    assert!(is_done(&desk.view(), Lesson::Make) && is_done(&desk.view(), Lesson::HandOut));
    desk.harness
        .get_by_label_contains(&format!("{}: ", desk.word("lesson-verify")));
    desk.press("ui-course-again");
    desk.until(|view| !view.busy && !is_done(view, Lesson::Make));
    assert_eq!(parts(&desk.view(), Lesson::HandOut), (0, 1));
}

#[test]
fn a_real_home_refuses_faults_and_the_course() {
    let mut desk = RealDesk::real(Some(SYSTEM.0), &SecretsFile::There);
    desk.until(|view| is_desk(view) && view.post == Some(Post::System) && !view.busy);
    let word = desk.word("ui-practice");
    assert!(desk.harness.query_by_label(&word).is_none());
    assert!(desk.view().training.is_none() && desk.view().bench.is_none());
    desk.harness.state().send(Command::BeginCourse);
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "not-practice");
    // Another post needs its own passphrase.
    let to_security = Command::Leave(Left::ToPost(Post::Security));
    desk.harness.state().send(to_security);
    desk.harness.state().send(Command::Show(Shown::Today));
    desk.until(|view| view.shown == Shown::Today);
    assert_eq!(desk.view().post, Some(Post::System));

    let path = desk.home.path();
    let fault = PlannedFault {
        serial: None,
        kind: FaultAtStep::PowerCut,
        at: Step::Issue,
    };
    let refused = [
        practice::bench(path).map(drop),
        practice::insert(path, "0001").map(drop),
        practice::pull(path, "0001").map(drop),
        practice::set_ca(path, CaAnswers::No),
        practice::fault(path, None, (fault.kind, None)).map(drop),
        practice::withdraw_fault(path, None),
    ];
    for done in refused {
        assert_eq!(done.unwrap_err().code, "not-practice");
    }
}
