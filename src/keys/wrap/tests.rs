//! Wraps, their change, and the wait after wrong passphrases.

use uuid::Uuid;

use super::*;
use crate::domain::id::RunId;

fn name(text: &str) -> OfficerName {
    OfficerName::parse(text).unwrap()
}

fn passphrase(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// A file without officers, whose passphrases are quickly tried.
fn keys_file() -> KeysFile {
    let cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    KeysFile::new(HomeId::new(Uuid::nil()), true, cost)
}

#[test]
fn each_passphrase_opens_its_own_wraps_and_security_alone_gets_the_escrow() {
    let mut keys = keys_file();
    let store_key = SecretKey::generate().unwrap();
    let secrets = SecuritySecrets {
        escrow: EscrowIdentity::generate(),
        ca_pin: Pin::parse("59301746").unwrap(),
    };
    let bound_key = KeyId::of_run(RunId::new(Uuid::from_u128(1)));
    let own_pins = OwnPins {
        own: Some(Pin::parse("83051947").unwrap()),
        bound: Some((bound_key.to_string(), Pin::parse("26740915").unwrap())),
    };
    let mut add = |who: (&str, Post), words: &str, security| {
        let secrets = OfficerSecrets {
            store_key: &store_key,
            own_pins: &own_pins,
            security,
        };
        keys.add_officer((&name(who.0), who.1), &passphrase(words), secrets)
            .unwrap();
    };
    add(("admin", Post::System), "correct horse 1", None);
    add(
        ("security", Post::Security),
        "correct horse 2",
        Some(&secrets),
    );

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    keys.write(&path).unwrap();
    let keys = KeysFile::read(&path).unwrap();
    let admin = keys
        .open(&name("admin"), &passphrase("correct horse 1"))
        .unwrap();
    assert_eq!(admin.store_key.expose(), store_key.expose());
    assert!(admin.security.is_none());
    let other_key = KeyId::of_run(RunId::new(Uuid::from_u128(2)));
    let pin = |key| admin.own_pins.of(key).unwrap().expose();
    assert_eq!((pin(bound_key), pin(other_key)), ("26740915", "83051947"));
    let security = keys
        .open(&name("security"), &passphrase("correct horse 2"))
        .unwrap();
    assert_eq!(security.security.unwrap().ca_pin.expose(), "59301746");
    let wrong = keys.open(&name("admin"), &passphrase("correct horse 2"));
    assert!(matches!(wrong, Err(WrapError::WrongPassphrase(_))));
}

#[test]
fn a_new_store_key_reaches_who_stays_without_their_passphrase_and_not_who_left() {
    let mut keys = keys_file();
    let store_keys = [(); 2].map(|()| SecretKey::generate().unwrap());
    let [old, new] = &store_keys;
    let [escrow, next_escrow] = [(); 2].map(|()| SecuritySecrets {
        escrow: EscrowIdentity::generate(),
        ca_pin: Pin::parse("59301746").unwrap(),
    });
    for (who, post) in [
        ("stays", Post::System),
        ("leaves", Post::System),
        ("security", Post::Security),
    ] {
        let secrets = OfficerSecrets {
            store_key: old,
            own_pins: &OwnPins::default(),
            security: (post == Post::Security).then_some(&escrow),
        };
        keys.add_officer((&name(who), post), &passphrase(who), secrets)
            .unwrap();
    }
    let before = keys.clone();
    let open = |keys: &KeysFile, who: &str| keys.open(&name(who), &passphrase(who));
    keys.announce(new, &next_escrow, &name("leaves")).unwrap();
    let public = next_escrow.escrow.public().to_string();
    assert_eq!(keys.announced_escrow(), Some(public.as_str()));
    let between = open(&keys, "stays").unwrap();
    assert_eq!(between.store_key.expose(), old.expose());
    assert_eq!(between.next_store_key.unwrap().expose(), new.expose());

    let mut withdrawn = keys.clone();
    withdrawn.withdraw();
    let opened = open(&withdrawn, "stays").unwrap();
    assert_eq!(opened.store_key.expose(), old.expose());
    assert!(opened.next_store_key.is_none());
    // Nothing came of it: they are there as before.
    let stayed = open(&withdrawn, "leaves").unwrap();
    assert_eq!(stayed.store_key.expose(), old.expose());
    assert!(open(&keys, "leaves").unwrap().next_store_key.is_none());

    keys.adopt();
    let after = open(&keys, "stays").unwrap();
    assert_eq!(after.store_key.expose(), new.expose());
    assert!(after.next_store_key.is_none());
    let security = open(&keys, "security").unwrap().security.unwrap();
    assert_eq!(security.escrow.public().to_string(), public);
    assert!(matches!(
        open(&keys, "leaves"),
        Err(WrapError::UnknownOfficer(_))
    ));
    let kept = open(&before, "leaves").unwrap();
    assert_ne!(kept.store_key.expose(), new.expose());
}

#[test]
fn wrong_passphrases_make_the_next_try_wait_longer_and_a_right_one_forgets_them() {
    let mut keys = KeysFile::new(HomeId::new(Uuid::nil()), true, Cost::PRACTICE);
    let now = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
    let admin = name("admin");
    let mut waits = Vec::new();
    for _ in 0..6 {
        keys.note_failure(&admin, now);
        waits.push(keys.wait_secs(&admin, now).unwrap_or(0));
    }
    assert_eq!(waits, [0, 0, 15, 30, 60, 120]);
    assert_eq!(keys.wait_secs(&admin, now.plus_secs(120)), None);
    assert_eq!(keys.wait_secs(&admin, now.plus_days(-2)), Some(120));
    assert_eq!(keys.wait_secs(&name("other"), now), None);
    assert!(keys.has_failures(&admin));
    keys.note_success(&admin);
    assert_eq!(keys.wait_secs(&admin, now), None);
    assert!(!keys.has_failures(&admin));
}

#[test]
fn a_pin_that_the_ukey_refused_is_remembered_until_another_is_set() {
    let mut keys = keys_file();
    let store_key = SecretKey::generate().unwrap();
    let secrets = OfficerSecrets {
        store_key: &store_key,
        own_pins: &OwnPins::default(),
        security: None,
    };
    let admin = name("admin");
    let who = (&admin, Post::System);
    keys.add_officer(who, &passphrase("correct horse 1"), secrets)
        .unwrap();
    let key = KeyId::of_run(RunId::new(Uuid::from_u128(1)));
    let pins = OwnPins {
        own: None,
        bound: Some((key.to_string(), Pin::parse("26740915").unwrap())),
    };
    keys.set_own_pins(&admin, &pins).unwrap();
    assert!(!keys.pin_was_refused(&admin, key));
    let other = KeyId::of_run(RunId::new(Uuid::from_u128(2)));
    keys.note_pin_refused(&admin, other);
    assert!(!keys.pin_was_refused(&admin, key));
    keys.note_pin_refused(&admin, key);
    assert!(keys.pin_was_refused(&admin, key));
    keys.set_own_pins(&admin, &pins).unwrap();
    assert!(!keys.pin_was_refused(&admin, key));
}

#[test]
fn a_newer_file_and_one_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    file::replace(&path, br#"{"version":3,"later":true}"#).unwrap();
    assert!(matches!(KeysFile::read(&path), Err(WrapError::Newer(3))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(KeysFile::read(&path), Err(WrapError::Io(_))));
}
