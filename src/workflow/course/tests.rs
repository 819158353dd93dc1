//! What the records say to the course: nothing ticks by itself, and nothing twice.

use super::*;
use crate::domain::fault::Fault;
use crate::domain::timestamp::Timestamp;

fn row(act: &str, request: &str, ukey: &str, run: &str) -> AuditRow {
    let mut row = AuditRow::new(Timestamp::EPOCH, "admin", Some("system"), act);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (row.request, row.ukey, row.detail) = (some(request), some(ukey), some(run));
    row
}

fn failed(kind: FaultKind) -> Entry {
    Entry::Failed(Step::LogIn, Failure::Ukey(Fault::new(kind)))
}

#[track_caller]
fn check(rows: &[AuditRow], runs: &[(String, Vec<Entry>)], lesson: Lesson, expected: (u8, u8)) {
    let judged = judge(rows, runs);
    let progress = judged
        .iter()
        .find(|progress| progress.lesson == lesson)
        .unwrap();
    assert_eq!((progress.done, progress.of), expected, "{lesson:?}");
}

#[test]
fn nothing_is_done_before_anything_happened() {
    let judged = judge(&[], &[]);
    assert_eq!(judged.len(), Lesson::ALL.len());
    for progress in judged {
        assert!(progress.done == 0 && progress.of > 0 && !progress.is_done());
    }
}

#[test]
fn acts_tick_their_lesson_and_refused_ones_do_not() {
    let entered = [row("request-entered", "r1", "", "")];
    check(&entered, &[], Lesson::Enter, (1, 2));
    let submitted = [row("request-submitted", "r1", "", "")];
    check(&submitted, &[], Lesson::Enter, (2, 2));
    check(&submitted, &[], Lesson::Approve, (0, 1));
    let mut refused = row("backup-made", "", "", "");
    refused.result = "disk-full".to_owned();
    check(&[refused], &[], Lesson::BackUp, (0, 1));
    for act in ["ukey-suspended", "ukey-lost", "ukey-stolen"] {
        check(&[row(act, "", "u1", "")], &[], Lesson::Loss, (1, 1));
    }
}

#[test]
fn three_ukeys_are_three_and_not_one_made_three_times() {
    let made = |ukey| row("ukey-issued", "r1", ukey, "");
    check(
        &[made("u1"), made("u1"), made("u1")],
        &[],
        Lesson::Make,
        (1, 3),
    );
    check(
        &[made("u1"), made("u2"), made("u3")],
        &[],
        Lesson::Make,
        (3, 3),
    );
    let four = ["u1", "u2", "u3", "u4"].map(made);
    check(&four, &[], Lesson::Make, (3, 3));
}

#[test]
fn a_fault_counts_once_its_run_is_at_its_end() {
    let cases = [
        (Lesson::PulledOut, vec![failed(FaultKind::Removed)]),
        (Lesson::WrongPin, vec![failed(FaultKind::PinIncorrect)]),
        (
            Lesson::PowerCut,
            vec![Entry::Started(Step::LogIn), Entry::Resumed],
        ),
    ];
    for (lesson, journal) in cases {
        let runs = [("run1".to_owned(), journal)];
        check(&[], &runs, lesson, (1, 2));
        let other = [row("ukey-issued", "r1", "u1", "run2")];
        check(&other, &runs, lesson, (1, 2));
        let own = [row("ukey-issued", "r1", "u1", "run1")];
        check(&own, &runs, lesson, (2, 2));
        check(&own, &[("run1".to_owned(), Vec::new())], lesson, (0, 2));
    }
}

#[test]
fn a_run_that_failed_or_waited_was_not_broken_off() {
    let journals = [
        vec![failed(FaultKind::Removed), Entry::Resumed],
        vec![Entry::Done(Step::Issue, Finding::Pending), Entry::Resumed],
        vec![
            Entry::Started(Step::LogIn),
            Entry::Done(Step::LogIn, Finding::Done),
        ],
    ];
    for journal in journals {
        let runs = [("run1".to_owned(), journal)];
        check(&[], &runs, Lesson::PowerCut, (0, 2));
    }
}

#[test]
fn a_replacement_is_entered_approved_and_made_under_the_same_request() {
    let rekeyed = row("request-rekeyed", "r2", "u1", "");
    let others = ["request-approved", "ukey-issued"].map(|act| row(act, "r9", "u9", ""));
    let rows = [vec![rekeyed.clone()], others.to_vec()].concat();
    check(&rows, &[], Lesson::Rekey, (1, 3));
    let own = ["request-approved", "ukey-issued"].map(|act| row(act, "r2", "u2", ""));
    check(
        &[vec![rekeyed], own.to_vec()].concat(),
        &[],
        Lesson::Rekey,
        (3, 3),
    );
}
