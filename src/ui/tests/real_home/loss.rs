//! A loss in the window, on a home with real tokens and records.

use super::*;
use crate::domain::ukey::UkeyState;

#[test]
fn a_ukey_is_suspended_and_found_in_the_window_and_the_list_follows() {
    let (mut desk, choose) = RealDesk::with_one_made();
    desk.press_word(&choose);
    desk.choose("挂失");
    desk.fill(Role::MultilineTextInput, "ui-reason", "公交车上找不到了");
    desk.press("ui-loss-report");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    desk.harness
        .get_by_label(&desk.word("ui-loss-suspended-done"));
    let state = |view: &View| view.losses.as_ref().map(|page| page.ukeys[0].state);
    desk.until(|view| state(view) == Some(UkeyState::Suspended));
    assert!(desk.view().losses.unwrap().open.is_empty(), "published");

    // A text is no statement: it is told, and the ukey stays suspended.
    let text = desk.home.path().join("statement.txt");
    fs::write(&text, "找到了").unwrap();
    desk.press_word(&choose);
    desk.fill(
        Role::TextInput,
        "ui-loss-statement",
        &text.display().to_string(),
    );
    desk.press("ui-loss-found");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "scan-invalid");
    assert_eq!(state(&desk.view()), Some(UkeyState::Suspended));
    let scan = desk.home.path().join("statement.png");
    fs::write(&scan, include_bytes!("../../../../tests/support/scan.png")).unwrap();
    desk.fill(Role::TextInput, "ui-loss-statement", "");
    desk.key(Modifiers::COMMAND, Key::A);
    desk.type_text(&scan.display().to_string());
    desk.press("ui-loss-found");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    desk.until(|view| state(view) == Some(UkeyState::Issued));
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert!(desk.view().losses.is_none() && desk.view().loss_done.is_none());
}

#[test]
fn for_a_lost_ukey_the_holders_request_is_entered_anew_once() {
    let (mut desk, choose) = RealDesk::with_one_made();
    desk.press_word(&choose);
    desk.choose(&desk.word("ui-loss-lost"));
    desk.fill(Role::MultilineTextInput, "ui-reason", "搬家时丢了");
    desk.press("ui-loss-report");
    desk.until(|view| !view.busy && view.loss_done.is_some());
    let lost = |view: &View| {
        let page = view.losses.as_ref();
        page.is_some_and(|page| page.ukeys[0].state == UkeyState::Lost)
    };
    desk.until(lost);
    desk.press_word(&choose);
    desk.press("ui-loss-rekey");
    let entered = |view: &View| {
        view.loss_done
            .as_ref()
            .and_then(|done| done.request.clone())
    };
    desk.until(|view| !view.busy && entered(view).is_some());
    let number = entered(&desk.view()).unwrap();
    desk.harness.get_by_label_contains(&number);

    // Once is enough.
    desk.press_word(&choose);
    desk.press("ui-loss-rekey");
    desk.until(|view| !view.busy && view.error.is_some());
    assert!(entered(&desk.view()).is_none());
}

impl RealDesk {
    /// The page of losses with one made ukey, and the name of the button that chooses it.
    fn with_one_made() -> (Self, String) {
        let mut desk = Self::new(Language::Chinese, &SecretsFile::There, 1);
        desk.until(|view| is_desk(view) && view.requests.len() == 1);
        desk.press("page-make");
        desk.press("ui-make-all");
        desk.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
        desk.press("page-loss");
        desk.until(|view| {
            view.losses
                .as_ref()
                .is_some_and(|page| page.ukeys.len() == 1)
        });
        let serial = desk.view().losses.unwrap().ukeys[0].serial.clone();
        let choose = format!("{} {serial}", desk.word("ui-loss-choose"));
        (desk, choose)
    }
}
