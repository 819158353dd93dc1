//! 今日 on a home with real tokens and records: the numbers follow what is done.

use super::*;
use crate::station::jobs::health::{CaStanding, ListStanding};
use crate::station::jobs::today::{Numbers, ToDo, Today};

fn told(view: &View) -> Today {
    view.today.as_deref().cloned().unwrap()
}

#[test]
fn the_numbers_follow_what_is_made_and_each_post_sees_its_own_work() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.shown == Shown::Today && view.today.is_some());
    let first = told(&desk.view());
    let numbers = Numbers {
        to_make: 2,
        blanks: 2,
        problems: 0,
        ending: 0,
    };
    assert_eq!(first.numbers, numbers);
    let make = ToDo::Make {
        requests: 2,
        blanks: 2,
    };
    assert_eq!(first.to_do, [make]);
    let health = desk.view().health.unwrap();
    let may_sign = matches!(health.ca, CaStanding::ByItself | CaStanding::Unlocked(..));
    assert!(may_sign, "{health:?}");
    assert!(matches!(health.list, ListStanding::Fresh(_)), "{health:?}");
    assert!(health.clock.plausible);

    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && told(view).numbers.to_make == 0);
    assert_eq!(told(&desk.view()).to_do, [ToDo::HandOut(2)]);
    assert_eq!(told(&desk.view()).numbers.blanks, 0);
    desk.press("page-today");
    let button = format!("{}: ", desk.word("page-make"));
    let leads = desk.harness.get_all_by_role(Role::Button).any(|node| {
        let label = node.accesskit_node().label().unwrap_or_default();
        label.starts_with(&button)
    });
    assert!(leads);

    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert!(desk.view().today.is_none() && desk.view().health.is_none());
    desk.choose("auditor");
    desk.press("ui-sign-in");
    desk.until(|view| is_desk(view) && view.today.is_some());
    assert_eq!(told(&desk.view()).to_do, [ToDo::Checkpoint]);
}

#[test]
fn a_thorough_look_finds_that_a_practice_home_is_well() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.today.is_some());
    desk.press("ui-today-examine");
    desk.until(|view| !view.busy && view.examined.is_some());
    let findings = desk.view().examined.unwrap().findings;
    let wrong: Vec<_> = findings.iter().filter(|finding| !finding.ok).collect();
    // Whether memory can be locked is the computer's matter.
    assert!(
        wrong.iter().all(|finding| finding.check == "memory"),
        "{wrong:?}"
    );
    assert!(findings.len() > 10);
}
