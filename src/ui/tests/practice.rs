//! The panel of practice: what it shows, what it asks for, and that a real home has none.

use std::collections::BTreeMap;

use super::*;
use crate::domain::officer::Post;
use crate::station::jobs::course::Course;
use crate::station::jobs::practice::PracticeBench;
use crate::station::{FaultAtStep, PlannedFault};
use crate::ui::practice_view::PracticePicture;
use crate::workflow::course::{Lesson, Progress, judge};

/// A course with these lessons done.
fn course(done: &[Lesson]) -> Course {
    let lessons = judge(&[], &[]).into_iter();
    let lessons = lessons.map(|progress| Progress {
        done: if done.contains(&progress.lesson) {
            progress.of
        } else {
            0
        },
        ..progress
    });
    Course {
        begun: Some(Timestamp::EPOCH),
        lessons: lessons.collect(),
    }
}

fn practice_view(course: Course) -> View {
    let serials = ["8f5c00005f1b0001", "8f5c00005f1b0003"].map(serial);
    let [first, second] = serials.clone();
    let states = serials.map(|serial| (serial, UkeyState::Blank));
    View {
        training: Some(Arc::new(PracticePicture {
            course,
            states: BTreeMap::from(states),
        })),
        bench: Some(Arc::new(PracticeBench {
            ukeys: vec![(first.clone(), true), (second, false)],
            ca_answers: true,
            planned: vec![PlannedFault {
                serial: Some(first),
                kind: FaultAtStep::Removed,
                at: Step::GenerateKeyPair,
            }],
        })),
        ..view()
    }
}

impl Bench {
    fn opens(&mut self) {
        let mark = self.word("ui-practice");
        self.press(&mark);
    }

    fn sees_word(&self, key: &str) -> bool {
        let word = self.word(key);
        self.harness.query_by_label(&word).is_some()
    }
}

#[test]
fn every_control_of_the_panel_has_a_name() {
    for language in [Language::Chinese, Language::English] {
        for begun in [Some(Timestamp::EPOCH), None] {
            let course = Course {
                begun,
                ..course(&[Lesson::Enter])
            };
            let mut bench = Bench::new(language, practice_view(course));
            if begun.is_none() {
                bench.opens();
            }
            assert!(bench.sees_word("ui-practice-desk"));
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
            let part = bench.word("ui-bench");
            bench.press(&part);
            assert!(bench.sees_word("ui-fault-title"));
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
            let words = [bench.word("ui-bench-pull"), bench.word("ui-bench-insert")];
            let serials = ["8f5c 0000 5f1b 0001", "8f5c 0000 5f1b 0003"];
            for (word, serial) in words.iter().zip(serials) {
                let name = format!("{word} {serial}");
                bench.harness.get_by_role_and_label(Role::Button, &name);
            }
        }
    }
}

#[test]
fn every_lesson_says_why_and_what_to_do_and_every_fault_what_it_is() {
    for language in [Language::Chinese, Language::English] {
        let wording = Wording::new(language);
        for lesson in Lesson::ALL {
            for part in ["", "-why", "-do"] {
                let key = format!("lesson-{}{part}", lesson.word());
                assert!(wording.known(&key).is_some(), "{key}");
            }
        }
        for kind in FaultAtStep::ALL {
            for part in ["", "-what"] {
                let key = format!("fault-{}{part}", kind.word());
                assert!(wording.known(&key).is_some(), "{key}");
            }
        }
    }
}

#[test]
fn a_real_home_has_neither_mark_nor_panel() {
    let mut view = practice_view(course(&[]));
    view.practice = false;
    for page in Page::ALL {
        let bench = Bench::on(Language::English, view.clone(), page);
        // The guide names some of these words.
        for key in [
            "ui-practice",
            "ui-practice-close",
            "ui-course-open",
            "ui-bench",
        ] {
            let word = bench.word(key);
            let found = bench.harness.query_by_role_and_label(Role::Button, &word);
            assert!(found.is_none(), "{key} on {page:?}");
        }
    }
}

#[test]
fn the_present_lesson_stands_open_and_leads_to_its_page() {
    let mut bench = Bench::new(Language::English, practice_view(course(&[Lesson::Enter])));
    // Approving is for security: the post is changed on the way.
    assert!(bench.sees_word("lesson-approve-do"));
    let security = [("post", bench.word("ui-practice-post-security"))];
    let wording = Wording::new(Language::English);
    bench.press(&wording.with("ui-course-show-as", security));
    let sent = bench.sent();
    assert!(
        matches!(
            sent.as_slice(),
            [Command::Leave(Left::ToPost(Post::Security))]
        ),
        "{sent:?}"
    );
    // Another lesson is read, and is in one's own post.
    let check = format!(
        "{}: {}",
        bench.word("lesson-check"),
        bench.word("ui-lesson-open")
    );
    bench.press(&check);
    let page = [("page", bench.word("page-check"))];
    bench.press(&wording.with("ui-course-show", page));
    assert_eq!(bench.harness.state().page, Page::Check);
    assert!(bench.sent().is_empty());
}

#[test]
fn who_has_not_begun_is_invited_and_begins() {
    let course = Course {
        begun: None,
        ..course(&[])
    };
    let mut bench = Bench::on(Language::Chinese, practice_view(course), Page::Today);
    assert!(!bench.sees_word("ui-practice-desk"));
    let open = bench.word("ui-course-open");
    bench.press(&open);
    let begin = bench.word("ui-course-begin");
    bench.press(&begin);
    let sent = bench.sent();
    assert!(
        matches!(sent.as_slice(), [Command::BeginCourse]),
        "{sent:?}"
    );
}

#[test]
fn the_panel_stays_closed_once_it_was_closed() {
    let mut bench = Bench::new(Language::English, practice_view(course(&[])));
    let close = bench.word("ui-practice-close");
    bench.press(&close);
    assert!(!bench.sees_word("ui-practice-desk"));
    bench.opens();
    assert!(bench.sees_word("ui-practice-desk"));
    bench.opens();
    assert!(!bench.sees_word("ui-practice-desk"));
}

#[test]
fn in_a_narrow_window_the_panel_stands_under_the_page_and_leaves_it_its_width() {
    for language in [Language::Chinese, Language::English] {
        for (width, below) in [(1280.0, false), (960.0, true)] {
            let mut bench = Bench::new(language, practice_view(course(&[Lesson::Enter])));
            bench.harness.set_size(egui::vec2(width, 560.0));
            bench.harness.step();
            bench.harness.step();
            let panel = bench.word("ui-practice-desk");
            let panel = bench.harness.get_by_label(&panel).rect();
            let all = bench.word("ui-make-all");
            let make = bench.harness.get_by_role_and_label(Role::Button, &all);
            let page = make.rect();
            assert_eq!(panel.top() > page.bottom(), below, "{panel:?} {page:?}");
            assert!(panel.right() <= width && page.right() <= width);
            let close = bench.word("ui-practice-close");
            bench.press(&close);
            assert!(!bench.sees_word("ui-practice-desk"));
        }
    }
}
