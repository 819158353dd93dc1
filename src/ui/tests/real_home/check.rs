//! The stock check in the window, on a home with real tokens.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::stock_check::{CheckState, Verdict};
use crate::station::jobs::stock_check;
use crate::ui::sound::Tone;
use crate::ui::stock_view::StockDone;

impl RealDesk {
    fn scan(&mut self, text: &str) {
        self.type_text(text);
        self.key(Modifiers::NONE, Key::Enter);
    }

    fn last_verdict(view: &View) -> Option<Verdict> {
        let check = view.check.as_ref()?;
        check.last.as_ref().map(|last| last.item.verdict)
    }
}

#[test]
fn a_check_reads_what_is_plugged_in_takes_scans_and_its_differences_come_to_the_stock() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 3);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 3);
    let heard = desk.listen();
    let [first, second] = [0, 1].map(|at| desk.view().ukeys[at].row.identity.serial.clone());
    practice::pull(desk.home.path(), first.as_str()).unwrap();
    practice::pull(desk.home.path(), second.as_str()).unwrap();
    desk.press("page-check");
    desk.until(|view| view.check.is_some());
    desk.press("ui-check-start");
    desk.until(|view| {
        view.check
            .as_ref()
            .is_some_and(|check| check.sitting && check.found == 1)
    });
    assert_eq!(desk.view().check.unwrap().missing.len(), 2);

    // One comes while the check runs, one is scanned.
    practice::insert(desk.home.path(), first.as_str()).unwrap();
    desk.until(|view| view.check.as_ref().is_some_and(|check| check.found == 2));
    desk.scan(second.as_str());
    desk.until(|view| view.check.as_ref().is_some_and(|check| check.found == 3));
    desk.harness.get_by_label(&desk.word("verdict-found"));
    desk.scan(second.as_str());
    desk.until(|view| RealDesk::last_verdict(view) == Some(Verdict::Duplicate));
    assert_eq!(desk.view().check.unwrap().found, 3, "counted once");
    desk.scan("NOT-OURS-0001");
    desk.until(|view| RealDesk::last_verdict(view) == Some(Verdict::Unknown));
    desk.harness
        .get_by_label(&format!("✕ {}", desk.word("verdict-unknown")));
    assert!(desk.view().error.is_none());
    let heard: Vec<_> = heard.try_iter().collect();
    let good = [Tone::Good; 3]; // One read, two by the scanner or plugged in.
    let expected = [&good[..], &[Tone::Attention, Tone::Stopped]].concat();
    assert_eq!(heard, expected, "one for each verdict");

    desk.press("ui-check-pause");
    desk.until(|view| !view.busy && view.check.as_ref().is_some_and(|check| !check.sitting));
    desk.press("ui-check-resume");
    desk.until(|view| !view.busy && view.check.as_ref().is_some_and(|check| check.sitting));
    desk.press("ui-check-sign");
    desk.until(|view| !view.busy && view.stock_done.is_some());
    let Some(StockDone::Checked { differences, .. }) = desk.view().stock_done else {
        panic!("{:?}", desk.view().stock_done);
    };
    assert_eq!(differences, 1);
    desk.until(|view| {
        let row = view.check.as_ref().and_then(|check| check.row.as_ref());
        row.is_some_and(|row| row.state == CheckState::Signed)
    });
    desk.press("page-stock");
    desk.until(|view| view.stock.is_some());
    assert_eq!(desk.view().waiting.differences, 1);
    desk.harness.get_by_label("未结差异（1）");
    desk.harness
        .get_by_label(&format!("△ {}", desk.word("difference-unexpected")));
}

#[test]
fn a_check_that_is_left_is_paused_and_goes_on_after_the_next_sign_in() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 2);
    desk.press("page-check");
    desk.until(|view| view.check.is_some());
    desk.press("ui-check-start");
    desk.until(|view| view.check.as_ref().is_some_and(|check| check.found == 2));
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    {
        let (open, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
        let check = stock_check::view(&open, &officer, None).unwrap();
        assert_eq!((check.row.state, check.found()), (CheckState::Paused, 2));
    }
    desk.press("ui-sign-in");
    desk.until(is_desk);
    desk.press("page-check");
    desk.until(|view| view.check.as_ref().is_some_and(|check| check.found == 2));
    assert!(!desk.view().check.unwrap().sitting);
    desk.press("ui-check-resume");
    desk.until(|view| view.check.as_ref().is_some_and(|check| check.sitting));
    assert_eq!(desk.view().error, None);
}
