//! Acts of two officers in the window, on a home with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::station::jobs::health::CaStanding;
use crate::station::jobs::today::ToDo;
use crate::station::jobs::{stock, ukeys};

const PIN: &str = "x7#Kq2!m";
const NEW_PIN: &str = "m4$Wz8?p";

impl RealDesk {
    fn say_reason(&mut self, text: &str) {
        let word = self.word("ui-reason");
        let field = (Role::MultilineTextInput, word.as_str());
        self.harness.get_by_role_and_label(field.0, field.1).focus();
        self.harness.step();
        self.type_text(text);
    }

    fn state_of(&self, serial: &Serial) -> UkeyState {
        let (desk, officer) = practice::open(self.home.path(), Duty::ReadRecords).unwrap();
        let row = ukeys::named(&desk, &officer, serial.as_str()).unwrap();
        row.state
    }
}

#[test]
fn security_releases_the_so_pin_in_the_card_and_the_holder_sets_a_new_pin() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::Gone, 1);
    desk.until(|view| is_door(view, None));
    let right = desk.passphrase("admin");
    desk.try_passphrase(&right);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    desk.press("page-make");
    let holder = desk.word("ui-pin-from-holder");
    desk.choose(&holder);
    desk.press("ui-make-all");
    desk.until(|view| view.pin.is_some());
    let serial = desk.view().pin.unwrap().serial;
    desk.type_pins(PIN, PIN);
    desk.until(|view| !view.busy && view.requests.is_empty());
    desk.press("ui-hand-out");
    desk.until(|view| !view.busy && view.handed_out.is_some());

    desk.press("page-loss");
    desk.until(|view| view.losses.is_some());
    let choose = format!("{} {serial}", desk.word("ui-loss-choose"));
    desk.press_word(&choose);
    desk.press("ui-unblock");
    assert!(
        desk.view().pin.is_none() && !desk.view().busy,
        "not compared yet"
    );
    let compared = desk.word("ui-unblock-compared");
    desk.harness
        .get_by_role_and_label(Role::CheckBox, &compared)
        .click();
    desk.harness.step();
    desk.press("ui-unblock");
    desk.type_text("wrong horse 12");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.second_tried.is_some());
    let tried = desk.view().second_tried.unwrap();
    assert_eq!(tried.refused.unwrap().0, "passphrase-wrong");
    assert!(desk.view().error.is_none(), "it is told in the card");
    assert_eq!(desk.view().officer, "admin", "the first stays signed in");
    let right = desk.passphrase("security");
    desk.type_text(&right);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| view.pin.is_some());
    assert!(!format!("{:?}", desk.view()).contains(&right));
    desk.type_pins(NEW_PIN, NEW_PIN);
    desk.until(|view| !view.busy && view.note.is_some());
    desk.harness.get_by_label(&desk.word("ui-unblocked"));
    desk.harness.get_by_label(&desk.word("ui-so-pin-rotated"));
    assert!(desk.logs_in(&serial, NEW_PIN));
    assert!(!desk.logs_in(&serial, PIN));

    // Its holder changes it once more: the present one is typed once.
    desk.press("page-make");
    desk.press("ui-change-pin");
    desk.until(|view| view.pin.is_some());
    desk.type_text(NEW_PIN);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| view.pin.as_ref().is_some_and(|asked| asked.turn == 4));
    desk.type_pins(NEW_PIN, NEW_PIN);
    desk.until(|view| {
        view.pin
            .as_ref()
            .is_some_and(|asked| asked.refused.is_some())
    });
    desk.harness
        .get_by_label_contains(&desk.word("pin-refused-unchanged"));
    desk.type_pins(PIN, PIN);
    desk.until(|view| !view.busy && view.note.is_some());
    assert!(desk.logs_in(&serial, PIN));
}

#[test]
fn a_blank_is_destroyed_and_a_stranger_taken_in_by_two() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 1);
    let known = desk.view().ukeys[0].row.identity.serial.clone();
    let made = practice::reach("softhsm2")
        .unwrap()
        .make(&desk.home.ukeys());
    let stranger = made.unwrap().serial;
    practice::insert(desk.home.path(), stranger.as_str()).unwrap();
    desk.press("page-stock");
    desk.until(|view| view.stock.is_some());
    desk.press("ui-strangers-look");
    desk.until(|view| !view.busy && view.strangers.is_some());
    let strangers = desk.view().strangers.unwrap();
    assert_eq!(strangers.len(), 1);
    assert_eq!(strangers[0].serial, stranger);
    desk.press("ui-card-take-in");
    desk.say_reason("抽屉里找到的");
    desk.press("ui-card-take-in-sure");
    desk.press("ui-second-confirm");
    desk.until(|view| !view.busy && view.note.is_some());
    desk.until(|view| {
        view.stock
            .as_ref()
            .is_some_and(|stock| stock.rows.len() == 2)
    });

    desk.press_word(&parts::grouped(known.as_str()));
    desk.say_reason("外壳破裂");
    desk.press("ui-card-destroy");
    desk.press("ui-second-confirm");
    desk.until(|view| view.note.as_ref().is_some_and(|note| note.serial == known));
    desk.harness.get_by_label(&desk.word("ui-destroyed"));
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert_eq!(desk.state_of(&known), UkeyState::Destroyed);
    assert_eq!(desk.state_of(&stranger), UkeyState::Blank);
    let (books, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
    let life = stock::life(&books, &officer, &known).unwrap();
    let end = life.last().unwrap();
    assert_eq!(end.confirmed_by.as_deref(), Some("security"));
}

/// The button of the CA in the top bar while it is locked.
fn locked_lamp(desk: &RealDesk) -> String {
    format!("△ {}", desk.word("ui-health-ca-locked"))
}

fn ca_of(view: &View) -> Option<CaStanding> {
    view.health.map(|health| health.ca)
}

#[test]
fn security_unlocks_the_ca_beside_who_is_signed_in() {
    let mut desk = RealDesk::real(Some(SYSTEM.0), &SecretsFile::There);
    desk.until(|view| is_desk(view) && ca_of(view) == Some(CaStanding::Locked));
    let lamp = locked_lamp(&desk);
    desk.press_word(&lamp);
    desk.type_text(SYSTEM.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.second_tried.is_some());
    let tried = desk.view().second_tried.unwrap();
    assert_eq!(tried.refused.unwrap().0, "passphrase-wrong");
    assert_eq!(ca_of(&desk.view()), Some(CaStanding::Locked));
    desk.until(|view| view.seconds.iter().all(|second| second.wait_secs.is_none()));
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| matches!(ca_of(view), Some(CaStanding::Unlocked(_, 50))));
    assert_eq!(desk.view().officer, SYSTEM.0, "the first stays signed in");
    assert!(!format!("{:?}", desk.view()).contains(SECURITY.1));
}

#[test]
fn security_unlocks_the_ca_alone_with_the_passphrase_once_more() {
    let mut desk = RealDesk::real(Some(SECURITY.0), &SecretsFile::Gone);
    desk.until(|view| is_door(view, None));
    desk.try_passphrase(SECURITY.1);
    desk.until(|view| is_desk(view) && view.today.is_some());
    // It waits on the page of the day, with the button that does it.
    let waits = desk.word("ui-second-unlock-ca");
    let waits = format!("{waits}: {}", desk.word("ui-today-ca-locked"));
    desk.press_word(&waits);
    assert!(
        desk.harness
            .query_by_label_contains(&desk.word("ui-second-reason"))
            .is_none()
    );
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| matches!(ca_of(view), Some(CaStanding::Unlocked(_, 50))));
    desk.until(|view| {
        view.today
            .as_ref()
            .is_some_and(|today| !today.to_do.iter().any(|item| matches!(item, ToDo::Ca(_))))
    });
}
