//! Hand-over with a random PIN: the hold of D-59, the CRL as openssl reads it, and the holder who
//! changes the PIN at a terminal.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;

use support::{PracticeHome, fault_module, must};

/// `C_Login` and `C_SetPIN` in the function list: what tests/fault-module writes down for a call.
const LOGIN: u8 = 18;
const SET_PIN: u8 = 11;

/// A ukey with a random PIN, issued, its letter printed.
struct Letter {
    home: PracticeHome,
    serial: String,
    pin: String,
}

impl Letter {
    fn printed() -> Self {
        let home = made_with_random_pin();
        let serial = home.serials()[0].clone();
        let slip = home.path.join("out/slip.pdf");
        home.run(["slip", &serial, slip.to_str().unwrap()])
            .expect(0);
        let letter = home.path.join("out/slip.pin.pdf");
        let text = must("pdftotext", &[letter.to_str().unwrap(), "-"]);
        let digits =
            |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        let pin = text.lines().map(str::trim).find(digits).unwrap().to_owned();
        Self { home, serial, pin }
    }

    fn handed_out() -> Self {
        let letter = Self::printed();
        letter.home.run(["hand-out", &letter.serial]).expect(0);
        letter
    }

    /// State and reason of the certificate, the CRL's number, and whether the CRL holds it.
    fn standing(&self) -> (String, String, u32, bool) {
        let certificates = self.home.run(["certificate", "list"]).expect(0);
        let certificate = &certificates.items()[0];
        let crl = self.home.path.join("crl/unit.crl.pem");
        let ca = self.home.path.join("ca/ca.pem");
        let args = ["crl", "-noout", "-text", "-crlnumber", "-in"];
        let files = [crl.to_str().unwrap(), "-CAfile", ca.to_str().unwrap()];
        let text = must("openssl", &[&args[..], &files[..]].concat());
        let number = text
            .lines()
            .find_map(|line| line.strip_prefix("crlNumber=0x"));
        let number = u32::from_str_radix(number.unwrap(), 16).unwrap();
        let serial = certificate["serial"].as_str().unwrap().to_uppercase();
        let listed = text.contains(&serial);
        assert_eq!(listed, text.contains("Certificate Hold"), "{text}");
        let word = |field: &str| certificate[field].as_str().unwrap_or("none").to_owned();
        (word("state"), word("reason"), number, listed)
    }

    fn opens_with(&self, pin: &str) -> bool {
        let args = ["--login", "--pin", pin, "--list-objects"];
        let seen = self.home.pkcs11_tool(&self.serial, &args);
        String::from_utf8_lossy(&seen.stdout).contains("Private Key Object")
    }

    fn change(&self, lines: &[&str]) -> support::Answer {
        let args = format!("ukey change-pin {}", self.serial);
        self.home.typed(&[], &args, lines)
    }
}

fn made_with_random_pin() -> PracticeHome {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all", "--pin", "random"])
        .expect(0);
    home
}

fn held() -> (String, String) {
    ("hold".to_owned(), "certificateHold".to_owned())
}

#[test]
fn a_ukey_whose_pin_letter_is_not_printed_stays_at_the_desk() {
    let home = made_with_random_pin();
    let serial = home.serials()[0].clone();
    let refused = home.run(["hand-out", &serial]).expect(4);
    assert_eq!(refused.error_code(), "pin-letter-not-printed");
    let ukey = home.run(["ukey", "show", &serial]).expect(0);
    assert_eq!(ukey.one()["state"], "issued");
    assert_eq!(ukey.one()["certificate_state"], "active");
}

#[test]
fn with_a_random_pin_the_certificate_is_on_hold_until_the_holder_has_changed_it() {
    let letter = Letter::printed();
    let before = letter.standing();
    assert_eq!((before.0.as_str(), before.3), ("active", false));
    let handed = letter.home.run(["hand-out", &letter.serial]).expect(0);
    assert_eq!(handed.one()["hold"], true);
    assert_eq!(handed.one()["crl"], "published");
    assert_eq!(handed.one()["state"], "handed_out");
    let (state, reason, number, listed) = letter.standing();
    assert_eq!((state, reason), held());
    assert!(listed && number == before.2 + 1, "CRL {number}");
    let ukey = letter.home.run(["ukey", "show", &letter.serial]).expect(0);
    assert_eq!(ukey.one()["certificate_state"], "hold");
    assert_eq!(ukey.one()["certificate_reason"], "certificateHold");

    let changed = letter.change(&[&letter.pin, "59301746", "59301746"]);
    let changed = changed.expect(0);
    let expected = serde_json::json!({
        "serial": letter.serial, "changed": true, "hold": false, "crl": "published",
    });
    assert_eq!(*changed.one(), expected);
    let (state, reason, number, listed) = letter.standing();
    assert_eq!((state.as_str(), reason.as_str()), ("active", "none"));
    assert!(!listed && number == before.2 + 2, "CRL {number}");
    assert!(letter.opens_with("59301746"));
    assert!(!letter.opens_with(&letter.pin));
    let secrets = fs::read_to_string(letter.home.path.join("secrets.toml")).unwrap();
    assert!(
        !secrets.contains("59301746"),
        "a typed PIN is nobody else's"
    );
    let audit = letter
        .home
        .run(["--officer", "auditor", "audit", "verify"])
        .expect(0);
    assert_eq!(audit.one()["intact"], true);
}

#[test]
fn a_wrong_pin_costs_one_try_and_changes_nothing() {
    let letter = Letter::handed_out();
    let calls = letter.home.path.join("calls");
    let fault_module = fault_module();
    let settings = [
        (
            letter.home.module.override_env,
            fault_module.to_str().unwrap(),
        ),
        ("FAULT_MODULE", support::SOFTHSM),
        ("FAULT_CALLS", calls.to_str().unwrap()),
    ];
    let args = format!("ukey change-pin {}", letter.serial);
    let typed = ["00998877", "59301746", "59301746"];
    let wrong = letter.home.typed(&settings, &args, &typed).expect(1);
    assert_eq!(wrong.error_code(), "pin-incorrect", "{wrong:#?}");
    let pin_calls = fs::read(calls).unwrap().into_iter();
    let pin_calls = pin_calls.filter(|call| [LOGIN, SET_PIN].contains(call));
    assert_eq!(pin_calls.collect::<Vec<_>>(), [LOGIN]);
    let (state, reason, _number, listed) = letter.standing();
    assert_eq!((state, reason), held());
    assert!(listed);
    assert!(letter.opens_with(&letter.pin));
}

/// A ukey with two tries, which `SoftHSM` itself does not count.
#[test]
fn a_ukey_that_locks_its_pin_says_so_and_the_right_pin_before_that_sets_the_count_back() {
    let letter = Letter::handed_out();
    let (wrong_ones, fault_module) = (letter.home.path.join("wrong"), fault_module());
    let settings = [
        (
            letter.home.module.override_env,
            fault_module.to_str().unwrap(),
        ),
        ("FAULT_MODULE", support::SOFTHSM),
        ("FAULT_PIN_TRIES", "2"),
        ("FAULT_PIN_FILE", wrong_ones.to_str().unwrap()),
    ];
    let args = format!("ukey change-pin {}", letter.serial);
    let change = |present: &str, new: &str| {
        let typed = [present, new, new];
        letter.home.typed(&settings, &args, &typed)
    };
    let wrong = || change("00998877", "59301746").expect(1);
    assert_eq!(wrong().error_code(), "pin-incorrect");
    change(&letter.pin, "59301746").expect(0);
    for _try in 0..2 {
        assert_eq!(wrong().error_code(), "pin-incorrect");
    }
    let locked = change("59301746", "83051947").expect(1);
    assert_eq!(locked.error_code(), "ukey-locked", "{locked:#?}");
    assert!(letter.opens_with("59301746"), "nothing was changed");
}

#[test]
fn a_new_pin_is_judged_before_the_ukey_is_tried() {
    let letter = Letter::handed_out();
    let lines = [
        letter.pin.as_str(),
        "12345678",
        "12345678",
        "59301",
        "59301",
        "59301746",
        "59301747",
        &letter.pin,
        &letter.pin,
        // The invented holder's mobile number, then her birth date.
        "19900000",
        "19900000",
        "19800101",
        "19800101",
        "83051947",
        "83051947",
    ];
    let changed = letter.change(&lines).expect(0);
    for sentence in [
        "counts up or down",
        "needs 6 to 32 characters",
        "not the same",
        "has already",
        "holder's own numbers",
    ] {
        assert!(changed.stderr.contains(sentence), "{}", changed.stderr);
    }
    assert!(letter.opens_with("83051947"));
}

#[test]
fn a_ukey_that_is_blank_pulled_or_without_a_terminal_is_refused_untried() {
    let letter = Letter::printed();
    let refused = |code: i32, word: &str, answer: support::Answer| {
        let answer = answer.expect(code);
        assert_eq!(answer.error_code(), word, "{answer:#?}");
    };
    refused(4, "ukey-not-handed-out", letter.change(&[]));
    letter.home.run(["hand-out", &letter.serial]).expect(0);
    let path = letter.home.path.to_str().unwrap();
    let nobody = letter.home.run(["ukey", "change-pin", &letter.serial]);
    refused(2, "pin-not-typed", nobody);
    let wrong_post = [
        "--officer",
        "security",
        "ukey",
        "change-pin",
        &letter.serial,
    ];
    refused(4, "wrong-duty", letter.home.run(wrong_post));
    refused(
        2,
        "ukey-unknown",
        letter.home.run(["ukey", "change-pin", "nosuchukey"]),
    );
    letter
        .home
        .run(["practice", "pull", path, &letter.serial])
        .expect(0);
    refused(4, "ukey-not-inserted", letter.change(&[]));
    assert!(letter.opens_with(&letter.pin));
}

#[test]
fn a_pin_that_the_practice_secrets_name_is_changed_there_too_and_back_when_the_ukey_refuses() {
    let home = PracticeHome::new(1, 1);
    home.run(["practice", "run", home.path.to_str().unwrap()])
        .expect(0);
    let serial = home.serials()[0].clone();
    let old = home.user_pin(&serial);
    let certificates = home.run(["certificate", "list"]).expect(0);
    assert_eq!(certificates.items()[0]["state"], "active", "no hold");
    let args = format!("ukey change-pin {serial}");
    let wrong = home.typed(&[], &args, &["00998877", "59301746", "59301746"]);
    assert_eq!(wrong.expect(1).error_code(), "pin-incorrect");
    assert_eq!(home.user_pin(&serial), old);
    let changed = home.typed(&[], &args, &[&old, "59301746", "59301746"]);
    let changed = changed.expect(0);
    assert_eq!(changed.one()["hold"], false);
    assert_eq!(changed.one()["crl"], serde_json::Value::Null);
    assert_eq!(home.user_pin(&serial), "59301746");
    let login = ["--login", "--pin", "59301746", "--list-objects"];
    let seen = home.pkcs11_tool(&serial, &login);
    assert!(String::from_utf8_lossy(&seen.stdout).contains("Private Key Object"));
}
