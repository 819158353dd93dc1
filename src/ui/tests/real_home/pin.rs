//! A holder types the PIN of their ukey in the window, on a home with real tokens and records.

use super::*;
use crate::station::jobs::profiles;
use crate::ui::make_view::PinKind;
use crate::ui::stock_view::StockQuery;
use crate::workflow::journal::Wait;

const PIN: &str = "x7#Kq2!m";

impl RealDesk {
    /// At the desk with one request, the holder asked for the PIN of its ukey.
    pub(super) fn asking(ukeys: u16) -> Self {
        let mut desk = Self::new(Language::Chinese, &SecretsFile::There, ukeys);
        let count = usize::from(ukeys);
        desk.until(|view| is_desk(view) && view.requests.len() == count);
        desk.press("page-make");
        let holder = desk.word("ui-pin-from-holder");
        desk.choose(&holder);
        desk.press("ui-make-all");
        desk.until(|view| view.pin.is_some());
        desk
    }

    pub(super) fn type_pins(&mut self, first: &str, second: &str) {
        self.type_text(first);
        self.key(Modifiers::NONE, Key::Enter);
        self.type_text(second);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Whether OpenSC logs in to this ukey with the PIN.
    pub(super) fn logs_in(&self, serial: &Serial, pin: &str) -> bool {
        let folder = self.home.ukey(serial);
        let profiles = profiles::list(self.home.path()).unwrap().into_iter();
        let mut softhsm = profiles.filter(|view| view.profile.name == "softhsm2");
        let module = softhsm.next().unwrap().module.unwrap();
        let done = std::process::Command::new("pkcs11-tool")
            .arg("--module")
            .arg(module)
            .args([
                "--login",
                "--pin",
                pin,
                "--list-objects",
                "--type",
                "privkey",
            ])
            .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
            .output()
            .unwrap();
        done.status.success() && !done.stdout.is_empty()
    }
}

fn outcomes(view: &View) -> Vec<Outcome> {
    let results = view.lanes.iter().filter_map(|lane| lane.result.as_ref());
    results.map(|result| result.outcome.clone()).collect()
}

#[test]
fn a_holder_types_the_pin_twice_and_it_is_the_ukeys() {
    let mut desk = RealDesk::asking(1);
    let asked = desk.view().pin.unwrap();
    assert_eq!(asked.kind, PinKind::New);
    desk.type_pins("12345678", "12345678");
    desk.until(|view| {
        view.pin
            .as_ref()
            .is_some_and(|asked| asked.refused.is_some())
    });
    desk.harness
        .get_by_label_contains(&desk.word("pin-refused-run"));
    desk.type_pins(PIN, "x7#Kq2!n");
    desk.until(|view| view.pin.as_ref().is_some_and(|asked| asked.turn == 3));
    desk.harness
        .get_by_label_contains(&desk.word("pin-refused-differ"));
    desk.type_pins(PIN, PIN);
    desk.until(|view| !view.busy && !view.lanes.is_empty());
    assert_eq!(outcomes(&desk.view()), [Outcome::Issued]);
    assert!(desk.logs_in(&asked.serial, PIN));
    assert!(!desk.logs_in(&asked.serial, "12345678"));
    assert!(!format!("{:?}", desk.view()).contains(PIN));
}

#[test]
fn whoever_goes_away_is_asked_again_later_and_no_ukey_is_half_made() {
    let mut desk = RealDesk::asking(2);
    desk.draw_at(10_000.0);
    desk.type_text("x7#K");
    desk.draw_at(10_061.0);
    // Nobody is there: the second holder's page does not open either.
    desk.until(|view| !view.busy && view.lanes.len() == 2);
    let waits = Outcome::Pending(Wait::UserPin);
    assert_eq!(outcomes(&desk.view()), [waits.clone(), waits]);
    assert_eq!(desk.view().pins_asked, 1);
    let label = "BLANK";
    for folder in fs::read_dir(desk.home.ukeys()).unwrap() {
        let folder = folder.unwrap();
        let listed = std::process::Command::new("softhsm2-util")
            .arg("--show-slots")
            .env("SOFTHSM2_CONF", folder.path().join("softhsm2.conf"))
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains(label), "{listed}");
    }

    // One after another they come back; one cancels.
    desk.press("ui-resume");
    desk.until(|view| view.pin.is_some());
    let first = desk.view().pin.unwrap();
    desk.key(Modifiers::NONE, Key::Escape);
    desk.until(|view| {
        view.pin
            .as_ref()
            .is_some_and(|asked| asked.turn > first.turn)
    });
    let second = desk.view().pin.unwrap();
    assert_ne!(second.serial, first.serial);
    desk.type_pins(PIN, PIN);
    desk.until(|view| !view.busy);
    assert!(desk.logs_in(&second.serial, PIN));
    assert!(!desk.logs_in(&first.serial, PIN));
}

#[test]
fn pages_are_read_while_a_ukey_is_made_and_what_is_asked_waits_its_turn() {
    let mut desk = RealDesk::asking(1);
    let serial = desk.view().pin.unwrap().serial;
    for shown in [Shown::Stock(StockQuery::default()), Shown::Check] {
        desk.harness.state().send(Command::Show(shown.clone()));
        desk.until(|view| view.shown == shown);
        assert!(desk.view().busy && desk.view().pin.is_some(), "it goes on");
    }
    assert!(desk.view().stock.is_some() && desk.view().check.is_some());
    // Nothing is done in the middle of it, and nothing is forgotten.
    desk.harness.state().send(Command::HandOut(serial.clone()));
    desk.harness.state().send(Command::Show(Shown::Travel));
    desk.until(|view| view.shown == Shown::Travel);
    assert!(desk.view().handed_out.is_none() && desk.view().busy);
    desk.type_pins(PIN, PIN);
    desk.until(|view| !view.busy && view.handed_out.is_some());
    assert_eq!(outcomes(&desk.view()), [Outcome::Issued]);
    assert!(desk.logs_in(&serial, PIN));
}
