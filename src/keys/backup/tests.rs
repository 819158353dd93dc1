//! The file: what is read back, and what is refused.

use uuid::Uuid;

use super::super::escrow::EscrowIdentity;
use super::super::secret::SecretKey;
use super::super::wrap::{Cost, OfficerSecrets, OwnPins, SecuritySecrets};
use super::*;
use crate::domain::officer::Post;
use crate::domain::pin::Pin;

fn passphrase() -> SecretText {
    SecretText::new("brave paper lantern 71".to_owned())
}

fn name() -> OfficerName {
    OfficerName::parse("wang-system").unwrap()
}

fn keys_json() -> Vec<u8> {
    let home = HomeId::new(Uuid::from_u128(1));
    let mut keys = KeysFile::new(home, true, Cost::PRACTICE);
    let security = SecuritySecrets {
        escrow: EscrowIdentity::generate(),
        ca_pin: Pin::parse("kd83nf7qw2mz5xtb").unwrap(),
    };
    let secrets = OfficerSecrets {
        store_key: &SecretKey::generate().unwrap(),
        own_pins: &OwnPins::default(),
        security: Some(&security),
    };
    keys.add_officer((&name(), Post::System), &passphrase(), secrets)
        .unwrap();
    serde_json::to_vec(&keys).unwrap()
}

fn facts() -> Facts {
    Facts {
        count: 7,
        epoch: 1,
        head: [9; 32],
        home: HomeId::new(Uuid::from_u128(1)),
        instance: InstanceId::new(Uuid::from_u128(2)),
        made_at: Timestamp::from_unix(1_795_507_200).unwrap(),
        practice: true,
        program: "0.1.0".to_owned(),
        unit_code: "2143000001".to_owned(),
        unit_name: "示例小学".to_owned(),
    }
}

fn written(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut writer, _rehearsal) = Writer::begin(Vec::new(), &keys_json()).unwrap();
    for (name, bytes) in parts {
        writer
            .part(name, bytes.len() as u64, *bytes, |_bytes| {})
            .unwrap();
    }
    writer.finish(facts()).unwrap().0
}

fn read(file: &[u8]) -> Result<(Manifest, usize), BackupError> {
    let mut placed = 0;
    let sealed = Sealed::read(file)?.open(&name(), &passphrase())?;
    let manifest = sealed.read(
        |_name| {
            placed += 1;
            Ok(Vec::new())
        },
        |_bytes| {},
    )?;
    Ok((manifest, placed))
}

const PARTS: [(&str, &[u8]); 2] = [
    ("station.db", &[5; 200_000]),
    ("officers/wang-system/tokens/a/token.object", b"object"),
];

#[test]
fn what_was_written_is_read_back_by_an_officer() {
    let (manifest, placed) = read(&written(&PARTS)).unwrap();
    assert_eq!((manifest.facts, placed), (facts(), 2));
    assert_eq!(manifest.parts.len(), 2);
    let sealed = written(&PARTS);
    let sealed = Sealed::read(sealed.as_slice()).unwrap();
    let wrong = SecretText::new("quiet river stone 92".to_owned());
    let refused = sealed.open(&name(), &wrong).map(drop).unwrap_err();
    assert!(matches!(
        refused,
        BackupError::Keys(WrapError::WrongPassphrase(_))
    ));
}

#[test]
fn a_changed_byte_anywhere_and_every_shorter_file_are_refused() {
    let file = written(&PARTS);
    // Trying a passphrase takes time: each of the first bytes, then some of each part.
    let places = (0..64).chain((64..file.len()).step_by(file.len() / 60));
    for place in places {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert!(read(&changed).is_err(), "byte {place}");
    }
    let mut last = file.clone();
    *last.last_mut().unwrap() ^= 1;
    assert!(read(&last).is_err());
    for length in [0, 10, 22, 26, 100, file.len() / 2, file.len() - 1] {
        assert!(read(&file[..length]).is_err(), "{length} bytes");
    }
    assert!(read(&[file.as_slice(), b"more"].concat()).is_err());
}

#[test]
fn a_newer_file_is_named_so_and_another_one_is_no_backup() {
    let file = written(&[]);
    let newer = [b"ukey-station backup 2\n", &file[22..]].concat();
    assert!(matches!(read(&newer), Err(BackupError::Newer(2))));
    for other in [b"".as_slice(), b"PK\x03\x04", b"ukey-station backup x\n"] {
        assert!(matches!(read(other), Err(BackupError::NotOne)), "{other:?}");
    }
}

#[test]
fn no_name_leads_out_of_the_home() {
    for name in ["station.db", "officers/王芳/a", "a/.b"] {
        assert!(is_allowed(name), "{name}");
    }
    for name in [
        "", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "./a", "a/./b", "a\\b", "a\0",
    ] {
        assert!(!is_allowed(name), "{name}");
    }
    let (mut writer, _rehearsal) = Writer::begin(Vec::new(), &keys_json()).unwrap();
    assert!(
        writer
            .part("../a", 1, b"a".as_slice(), |_bytes| {})
            .is_err()
    );
    assert!(writer.part("a", 2, b"a".as_slice(), |_bytes| {}).is_err());
}
