//! A copy of the file while others write, and what is known of backups (D-52).

use std::io::Read as _;

use super::*;
use crate::domain::key::PublicKeyDer;

/// Copies a store that stands still, with `meanwhile` done in between.
fn copied(store: &Store, to: &Path, meanwhile: impl FnOnce()) {
    let mut frozen = store.freeze().unwrap();
    let length = usize::try_from(frozen.length()).unwrap();
    let mut bytes = vec![0; length / 2];
    frozen.read_exact(&mut bytes).unwrap();
    meanwhile();
    frozen.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), length);
    std::fs::write(to, bytes).unwrap();
}

#[test]
fn a_copy_is_of_one_moment_whatever_is_written_meanwhile() {
    let (dir, path, mut store) = store();
    acts(&mut store, 400);
    let mut other = Store::open(&path, &KEY).unwrap();
    let to = dir.path().join("copy");
    copied(&store, &to, || {
        acts(&mut other, 400);
        other.fold_log().unwrap(); // Cannot, and does no harm.
        acts(&mut other, 10);
    });
    let found = examine(&to, &KEY).unwrap();
    assert_eq!((found.rows, found.first_broken), (400, None));
    assert_eq!(store.verify_audit().unwrap().rows, 810);
    // Once it is copied, the log goes into the file as ever.
    other.fold_log().unwrap();
    let to = dir.path().join("later");
    copied(&store, &to, || {});
    assert_eq!(examine(&to, &KEY).unwrap().rows, 810);
}

#[test]
fn a_copy_with_a_changed_page_another_key_or_a_newer_version_is_refused() {
    let (dir, _path, mut store) = store();
    acts(&mut store, 50);
    let to = dir.path().join("copy");
    copied(&store, &to, || {});
    let whole = std::fs::read(&to).unwrap();
    let other_key = examine(&to, &[8; 32]).unwrap_err();
    assert!(matches!(other_key, StoreError::NotOpened(_)));
    for place in [5000, whole.len() / 2, whole.len() - 5] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        std::fs::write(&to, &changed).unwrap();
        assert!(examine(&to, &KEY).is_err(), "byte {place}");
    }
    std::fs::write(&to, &whole).unwrap();
    let newer = Store::open(&to, &KEY).unwrap();
    newer.db.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let refused = examine(&to, &KEY).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }));
}

#[test]
fn a_backup_is_to_be_destroyed_after_the_first_purge_that_it_does_not_know() {
    let (_dir, _path, mut store) = store();
    acts(&mut store, 3);
    assert_eq!(store.read().first_purge_after(0).unwrap(), None);
    for (act, day) in [("request-purged", 1), ("order-purged", 2)] {
        let mut row = row(act);
        row.at = now().plus_days(day);
        store.act(&row, |_writing| Ok::<_, StoreError>(())).unwrap();
    }
    let after = |count| store.read().first_purge_after(count).unwrap();
    assert_eq!(after(3), Some(now().plus_days(1)));
    assert_eq!(after(4), Some(now().plus_days(2)));
    assert_eq!(after(5), None);
}

#[test]
fn what_a_ukey_shows_adds_to_what_a_list_named_and_its_key_stays_known() {
    let (_dir, _path, mut store) = store();
    let serial = CertificateSerial::from_random([5; 16]);
    let key = PublicKeyDer::new(vec![1, 2, 3]);
    let named = UnknownCertificateRow {
        serial: serial.clone(),
        ukey: None,
        certificate: None,
        noticed_at: now(),
        reason: RevocationReason::KeyCompromise,
        revoked_at: now(),
    };
    let shown = UnknownCertificateRow {
        ukey: Some(Serial::parse("u1").unwrap()),
        certificate: Some((key.clone(), vec![4])),
        reason: RevocationReason::Superseded,
        ..named.clone()
    };
    for row in [&named, &shown, &named] {
        store
            .write(|writing| writing.keep_unknown_certificate(row))
            .unwrap();
    }
    let expected = UnknownCertificateRow {
        reason: RevocationReason::KeyCompromise,
        ..shown
    };
    let reading = store.read();
    assert_eq!(reading.unknown_certificates().unwrap(), [expected]);
    assert!(reading.is_key_of_unknown(&key).unwrap());
    assert!(!reading.knows_certificate(&serial).unwrap());
}
