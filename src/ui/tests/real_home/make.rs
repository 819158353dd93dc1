//! Making in the window: one after another, a pause, and paper; on a home with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::station::SigningKey;
use crate::station::jobs::{approvals, papers, rekey, requests};
use crate::ui::make_view::PinKind;
use crate::ui::sound::Tone;

impl RealDesk {
    fn pull(&self, serial: &Serial) {
        practice::pull(self.home.path(), serial.as_str()).unwrap();
    }

    fn insert(&self, serial: &Serial) {
        practice::insert(self.home.path(), serial.as_str()).unwrap();
    }

    fn sign_on_screen(&mut self) {
        self.press("ui-sign");
        let name = self.word("ui-sign-field");
        let field = self.harness.get_by_role_and_label(Role::Canvas, &name);
        let place = field.rect();
        let at = |part: f32| place.min + egui::vec2(part, part * part) * place.size();
        self.harness.event(egui::Event::PointerMoved(at(0.1)));
        self.harness.event(pressed(at(0.1), true));
        self.harness.step();
        for part in [0.3, 0.4, 0.5, 0.6, 0.7, 0.8] {
            self.harness.event(egui::Event::PointerMoved(at(part)));
            self.harness.step();
        }
        self.harness.event(pressed(at(0.8), false));
        self.harness.step();
        self.press("ui-sign-print");
    }

    fn tick(&mut self, key: &str) {
        let word = self.word(key);
        self.harness
            .get_by_role_and_label(Role::CheckBox, &word)
            .click();
        self.harness.step();
    }
}

/// The main button of the mouse.
pub(in crate::ui::tests) const fn pressed(pos: egui::Pos2, pressed: bool) -> egui::Event {
    egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    }
}

fn issued(view: &View) -> usize {
    let ukeys = view.ukeys.iter();
    ukeys
        .filter(|ukey| ukey.row.state == UkeyState::Issued)
        .count()
}

#[test]
fn each_blank_that_is_plugged_in_later_is_made_by_itself() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 3);
    desk.until(|view| is_desk(view) && view.requests.len() == 3 && view.ukeys.len() == 3);
    let ukeys = desk.view().ukeys;
    let serials: Vec<Serial> = ukeys
        .into_iter()
        .map(|ukey| ukey.row.identity.serial)
        .collect();
    desk.pull(&serials[1]);
    desk.pull(&serials[2]);
    desk.until(|view| view.ukeys.len() == 1);
    desk.press("page-make");
    let heard = desk.listen();
    desk.tick("ui-make-goes-on");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.requests.len() == 2 && issued(view) == 1);
    assert!(desk.view().open_order.is_some() && desk.view().error.is_none());
    for (at, serial) in serials.iter().enumerate().skip(1) {
        desk.insert(serial);
        desk.until(|view| !view.busy && view.requests.len() == 2 - at && issued(view) == at + 1);
    }
    // Nothing is left to be made: the order has ended.
    desk.until(|view| view.open_order.is_none());
    assert_eq!(desk.view().error, None);
    let heard: Vec<_> = heard.try_iter().collect();
    assert_eq!(heard, [Tone::Good; 3], "one for each that was made");
}

#[test]
fn a_making_that_wants_a_ukey_says_so_to_the_ear() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.requests.len() == 2 && view.ukeys.len() == 2);
    let serials = desk.view().ukeys;
    let serials = serials.iter().map(|ukey| &ukey.row.identity.serial);
    let serials: Vec<Serial> = serials.cloned().collect();
    let heard = desk.listen();
    desk.pull(&serials[1]);
    desk.until(|view| view.ukeys.len() == 1);
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && issued(view) == 1 && view.without_ukey == 1);
    let of_first: Vec<_> = heard.try_iter().collect();
    assert_eq!(of_first, [Tone::Good, Tone::Stopped], "a second is wanted");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "no-blank-ukey");
    let of_second: Vec<_> = heard.try_iter().collect();
    assert_eq!(of_second, [Tone::Stopped], "refused");
}

#[test]
fn a_blank_that_is_plugged_in_while_another_is_at_work_is_begun_beside_it() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.requests.len() == 2 && view.ukeys.len() == 2);
    desk.press("page-make");
    let second = desk.view().ukeys[1].row.identity.serial.clone();
    desk.pull(&second);
    desk.until(|view| view.ukeys.len() == 1);
    let holder = desk.word("ui-pin-from-holder");
    desk.choose(&holder);
    desk.tick("ui-make-goes-on");
    desk.press("ui-make-all");
    desk.until(|view| view.pin.is_some());
    let first = desk.view().pin.unwrap();
    desk.insert(&second);
    let begun = |view: &View| view.lanes.iter().any(|lane| lane.serial == second);
    desk.until(|view| begun(view) && view.busy);
    assert_eq!(
        desk.view().pin.unwrap().turn,
        first.turn,
        "one after another"
    );
    desk.type_pins("x7#Kq2!m", "x7#Kq2!m");
    desk.until(|view| {
        view.pin
            .as_ref()
            .is_some_and(|asked| asked.serial == second)
    });
    desk.type_pins("m4$Wz8?p", "m4$Wz8?p");
    desk.until(|view| !view.busy && issued(view) == 2);
    assert!(desk.logs_in(&first.serial, "x7#Kq2!m"));
    assert!(desk.logs_in(&second, "m4$Wz8?p"));
}

#[test]
fn after_a_pause_those_at_work_are_finished_and_no_other_is_begun() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 4);
    desk.until(|view| is_desk(view) && view.requests.len() == 4 && view.ukeys.len() == 4);
    let ukeys = desk.view().ukeys.into_iter();
    let serials: Vec<Serial> = ukeys.map(|ukey| ukey.row.identity.serial).collect();
    let [_, _, third, fourth] = &serials[..] else {
        unreachable!()
    };
    desk.pull(third);
    desk.pull(fourth);
    desk.until(|view| view.ukeys.len() == 2);
    desk.press("page-make");
    let holder = desk.word("ui-pin-from-holder");
    desk.choose(&holder);
    desk.tick("ui-make-goes-on");
    desk.press("ui-make-all");
    desk.until(|view| view.pin.is_some() && view.lanes.len() == 2);
    lock(&desk.harness.state().view).paused = true;
    desk.insert(third);
    desk.insert(fourth);
    while let Some(asked) = desk.view().pin {
        desk.type_pins("x7#Kq2!m", "x7#Kq2!m");
        let next = |view: &View| view.pin.as_ref().is_some_and(|pin| pin.turn > asked.turn);
        desk.until(|view| next(view) || !view.busy);
    }
    desk.until(|view| view.requests.len() == 2 && issued(view) == 2 && view.ukeys.len() == 4);
    assert_eq!(desk.view().lanes.len(), 2);
    desk.choose("练习用");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.requests.is_empty() && issued(view) == 4);
}

/// How many tenths of a millimetre squared are dark where the holder signs on a slip, as poppler draws it.
fn ink_above_the_line(slip: &std::path::Path) -> usize {
    let place = [
        "-r", "254", "-x", "440", "-y", "1530", "-W", "370", "-H", "85",
    ];
    let drawn = std::process::Command::new("pdftoppm")
        .args(place)
        .args(["-gray", "-singlefile"])
        .arg(slip)
        .output()
        .unwrap();
    assert!(drawn.status.success(), "{drawn:?}");
    let pixels = &drawn.stdout[drawn.stdout.len() - 370 * 85..];
    pixels.iter().filter(|pixel| **pixel < 128).count()
}

#[test]
fn the_slip_and_the_letter_are_written_before_the_ukey_is_handed_out() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    desk.press("page-make");
    let random = desk.word("ui-pin-from-random");
    desk.choose(&random);
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && issued(view) == 1);
    desk.press("ui-hand-out");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "pin-letter-not-printed");
    desk.press("ui-slip");
    desk.until(|view| view.slip.as_ref().is_some_and(|slip| slip.sent.is_some()));
    let slip = desk.view().slip.unwrap();
    assert_eq!(slip.files.len(), 2, "{slip:?}");
    for file in &slip.files {
        assert!(file.starts_with(desk.home.out()), "{file:?}");
        assert!(fs::read(file).unwrap().starts_with(b"%PDF"));
    }
    desk.harness
        .get_by_label_contains(&desk.word("ui-slip-letter"));
    let unsigned = ink_above_the_line(&slip.files[0]);
    desk.sign_on_screen();
    desk.until(|view| {
        view.slip
            .as_ref()
            .is_some_and(|slip| slip.files.len() == 1 && slip.sent.is_some())
    });
    let signed = ink_above_the_line(&slip.files[0]);
    assert!(signed > unsigned + 200, "{signed} after {unsigned}");
    desk.press("ui-hand-out");
    desk.until(|view| !view.busy && view.handed_out.is_some());
    assert!(desk.view().handed_out.unwrap().hold);
}

/// A renewal of this ukey is entered, submitted and approved; gives its number.
fn renewal_approved(home: &Home, serial: &Serial) -> String {
    let (desk, system) = practice::open(home.path(), Duty::EnterRequest).unwrap();
    let row = rekey::renewal(&desk, &system, serial.as_str()).unwrap();
    let scan = include_bytes!("../../../../tests/support/scan.png");
    papers::attach(&desk, &system, &row, scan).unwrap();
    let opinion = |kind| Opinion {
        kind,
        by: "练习人".to_owned(),
        on: clock::now().date(),
        note: None,
    };
    let opinions: Vec<_> = OpinionKind::ALL.into_iter().map(opinion).collect();
    papers::record(&desk, &system, &row, &opinions).unwrap();
    requests::submit(&desk, &system, &row).unwrap();
    let row = requests::find(&desk, &system, &row.number).unwrap().row;
    drop(desk);
    let (desk, security) = practice::open(home.path(), Duty::DecideRequest).unwrap();
    let mut key = SigningKey::open(&desk, &security).unwrap();
    approvals::approve(&desk, &security, &mut key, &row, &NobodyToAsk).unwrap();
    row.number
}

#[test]
fn a_holder_types_the_pin_and_their_ukey_is_renewed() {
    let mut desk = RealDesk::asking(1);
    let serial = desk.view().pin.unwrap().serial;
    desk.type_pins("x7#Kq2!m", "x7#Kq2!m");
    desk.until(|view| !view.busy && issued(view) == 1);
    desk.press("ui-hand-out");
    desk.until(|view| !view.busy && view.handed_out.is_some());
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let number = renewal_approved(&desk.home, &serial);
    desk.press("ui-sign-in");
    desk.until(|view| is_desk(view) && view.to_renew.contains_key(&serial));
    desk.press("page-make");
    assert!(desk.view().requests.is_empty(), "it takes no blank");
    let holder = desk.word("ui-pin-from-holder");
    desk.choose(&holder);
    let renew = [("request", number)];
    let renew = desk.harness.state().wording.with("ui-renew", renew);
    desk.press_word(&renew);
    desk.until(|view| view.pin.is_some());
    assert_eq!(desk.view().pin.unwrap().kind, PinKind::Present);
    desk.type_text("x7#Kq2!m");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.note.is_some());
    desk.harness.get_by_label(&desk.word("ui-renewed"));
    desk.until(|view| view.to_renew.is_empty());
    assert!(desk.logs_in(&serial, "x7#Kq2!m"));
}
