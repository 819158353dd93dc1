//! Officers' own ukeys (D-58): a blank becomes an officer's, the superior certifies its key, and from
//! then on signing in asks for it.
#![expect(
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::stations::{SECURITY, SYSTEM, Station, everyone};
use support::{Answer, PracticeHome, answer, fault_module, memory_dir, must, program};
use tempfile::TempDir;
use ukey_station::domain::officer::OfficerName;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::domain::ukey::{Serial, UkeyIdentity};
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::KeysFile;
use ukey_station::store::Store;

const AUDITOR: (&str, &str) = ("sun-auditor", "narrow window bread 40");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn copy_folder(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// System, security and auditor.
fn three() -> [(&'static str, &'static str, &'static str); 3] {
    let [system, security] = everyone();
    [system, security, (AUDITOR.0, "auditor", AUDITOR.1)]
}

/// The records of a home, as only a test may open them.
fn store(station: &Station) -> Store {
    let keys = KeysFile::read(&station.home().join("keys.json")).unwrap();
    let name = OfficerName::parse(SYSTEM.0).unwrap();
    let opened = keys.open(&name, &SecretText::new(SYSTEM.1.to_owned()));
    let key = opened.unwrap().store_key;
    Store::open(&station.home().join("station.db"), key.expose()).unwrap()
}

/// Factory-fresh virtual ukeys, plugged in and in stock as blank; their serials, sorted.
fn blanks(station: &Station, count: u16) -> Vec<String> {
    let practice = PracticeHome::new(count, 0);
    let mut store = store(station);
    for serial in practice.serials() {
        let (from, to) = (practice.path.join("ukeys"), station.home().join("ukeys"));
        copy_folder(&from.join(&serial), &to);
        let identity = UkeyIdentity {
            maker: "SoftHSM project".to_owned(),
            model: "SoftHSM v2".to_owned(),
            serial: Serial::parse(&serial).unwrap(),
        };
        let at = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
        store
            .write(|writing| writing.insert_ukey(&identity, "softhsm2", at))
            .unwrap();
    }
    practice.serials()
}

/// A province with a CA of its own.
fn province(dir: &TempDir) -> Station {
    province_of(dir, &three())
}

fn province_of(dir: &TempDir, officers: &[(&str, &str, &str)]) -> Station {
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    let tables = province.tables(officers) + "[ca]\nkind = \"embedded\"\n";
    let made = province.init_with("", "province", &tables, officers);
    made.expect(0);
    province
}

fn marker(station: &Station, serial: &str) -> PathBuf {
    station.home().join("ukeys").join(serial).join("inserted")
}

fn pull(station: &Station, serial: &str) {
    fs::remove_file(marker(station, serial)).unwrap();
}

fn insert(station: &Station, serial: &str) {
    fs::write(marker(station, serial), b"").unwrap();
}

fn bind(station: &Station, officer: (&str, &str), more: &[&str]) -> Answer {
    let args = [&["officer", "bind-ukey", officer.0], more].concat();
    station.act(officer, &args)
}

fn signs_in(station: &Station, officer: (&str, &str)) -> Answer {
    station.act(officer, &["officer", "list"])
}

fn bound(station: &Station, name: &str) -> Value {
    let listed = signs_in(station, AUDITOR).expect(0);
    let found = listed.items().iter().find(|row| row["name"] == name);
    found.unwrap()["bound"].clone()
}

/// Acts in the log with this word, with their results.
fn acts(station: &Station, act: &str) -> Vec<(Value, Value, Value)> {
    let listed = station.act(AUDITOR, &["audit", "list"]).expect(0);
    let rows = listed.items().iter().filter(|row| row["act"] == act);
    rows.map(|row| {
        let field = |name: &str| row[name].clone();
        (field("officer"), field("ukey"), field("result"))
    })
    .collect()
}

/// `openssl cms -verify` on an approval; gives the public key of who signed it, PEM.
fn judged(station: &Station, number: &str) -> String {
    let dir = station.file(&format!("approval-{number}"));
    station
        .act(SYSTEM, &["request", "approval", number, text(&dir)])
        .expect(0);
    let (p7s, chain) = (dir.join("approval.p7s"), dir.join("chain.pem"));
    let signer = dir.join("signer.pem");
    let args = ["cms", "-verify", "-inform", "DER", "-binary", "-in"];
    let more = [
        text(&p7s),
        "-CAfile",
        text(&chain),
        "-signer",
        text(&signer),
    ];
    let record = must("openssl", &[&args[..], &more].concat());
    assert!(record.contains("\"decision\":\"approved\""), "{record}");
    key_of(&signer)
}

fn key_of(certificate: &Path) -> String {
    let args = ["x509", "-noout", "-pubkey", "-in", text(certificate)];
    must("openssl", &args)
}

#[test]
fn an_officers_new_key_goes_up_its_certificate_comes_back_and_signing_in_asks_for_the_ukey() {
    let dir = memory_dir();
    let province = province(&dir);
    let unit = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = unit.init("prefecture", &province.trust(), &three());
    province.enrol(&unit, made.expect(0).one());
    let serials = blanks(&unit, 2);
    let [own, other] = [serials[0].as_str(), serials[1].as_str()];
    let numbers = unit.submit_requests(2);

    let for_another = ["officer", "bind-ukey", SECURITY.0];
    let refused = unit.act(SYSTEM, &for_another).expect(4);
    assert_eq!(refused.error_code(), "officer-other");
    let which = bind(&unit, SECURITY, &[]).expect(2);
    assert_eq!(which.error_code(), "ukey-ambiguous");
    let absent = bind(&unit, SECURITY, &["--ukey", "0000000000000000"]);
    assert_eq!(absent.expect(4).error_code(), "ukey-not-inserted");
    let file = unit.file("key.ukey-officer-key");
    let made = bind(&unit, SECURITY, &["--ukey", own, "--out", text(&file)]);
    let made = made.expect(3);
    assert_eq!(made.one()["ukey"], own);
    assert_eq!(made.one()["bound"], false);

    // Out of the stock from here on, and told apart from the blank beside it.
    let listed = unit.act(SYSTEM, &["ukey", "list"]).expect(0);
    let listed: Vec<_> = listed.items().iter().map(|row| &row["serial"]).collect();
    assert_eq!(listed, [other]);
    let plugged = unit.act(SYSTEM, &["ukey", "inserted"]).expect(0);
    let seen = |serial: &str| {
        let mut items = plugged.items().iter();
        items.find(|row| row["serial"] == serial).unwrap().clone()
    };
    assert_eq!(seen(own)["officer"], SECURITY.0);
    assert_eq!(seen(own)["reason"], "ukey-of-officer");
    assert_eq!(seen(own)["state"], Value::Null);
    assert_eq!(seen(other)["officer"], Value::Null);
    assert_eq!(seen(other)["usable"], true);
    let taken = bind(&unit, SYSTEM, &["--ukey", own]).expect(4);
    assert_eq!(taken.error_code(), "ukey-of-officer");

    // Until the certificate is there the key before it signs, without the ukey.
    pull(&unit, own);
    unit.act(SECURITY, &["request", "approve", &numbers[0]])
        .expect(0);
    insert(&unit, own);

    let answer = province.file("answer.pem");
    let certify = ["officer", "certify", text(&file), "--out", text(&answer)];
    let by_system = province.act(SYSTEM, &certify).expect(4);
    assert_eq!(by_system.error_code(), "wrong-duty");
    let here = unit.act(SECURITY, &certify).expect(4);
    assert_eq!(here.error_code(), "parcel-not-for-us");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() - 9;
    bytes[at] ^= 1;
    let altered = province.file("altered");
    fs::write(&altered, bytes).unwrap();
    let refused = province.act(SECURITY, &["officer", "certify", text(&altered)]);
    assert_eq!(refused.expect(4).error_code(), "parcel-damaged");
    let first = province.act(SECURITY, &certify).expect(0);
    assert_eq!(first.one()["installed"], false);
    assert_eq!(first.one()["post"], "security");
    let again = province.act(SECURITY, &certify).expect(0);
    assert_eq!(again.one()["certificate"], first.one()["certificate"]);
    let list = province.home().join("crl/units.crl.pem");
    let shown = must("openssl", &["crl", "-noout", "-text", "-in", text(&list)]);
    assert_eq!(shown.matches("Superseded").count(), 1, "{shown}");

    let install = |name: &str| unit.act(SYSTEM, &["officer", "certificate", name, text(&answer)]);
    let refused = install(SYSTEM.0).expect(4);
    assert_eq!(refused.error_code(), "certificate-differs");
    assert_eq!(bound(&unit, SECURITY.0), false);
    let installed = install(SECURITY.0).expect(0);
    assert_eq!(installed.one()["bound"], true);
    assert_eq!(bound(&unit, SECURITY.0), true);

    // Pulled: neither acts nor reads, and nothing is counted against them.
    pull(&unit, own);
    for _ in 0..3 {
        let refused = signs_in(&unit, SECURITY).expect(4);
        assert_eq!(refused.error_code(), "officer-ukey-missing");
    }
    let approve = ["request", "approve", numbers[1].as_str()];
    let refused = unit.act(SECURITY, &approve).expect(4);
    assert_eq!(refused.error_code(), "officer-ukey-missing");
    signs_in(&unit, SYSTEM).expect(0);
    let shown = unit
        .act(SYSTEM, &["request", "show", &numbers[1]])
        .expect(0);
    assert_eq!(shown.one()["state"], "submitted");
    insert(&unit, own);
    unit.act(SECURITY, &approve).expect(0);

    let (old, new) = (judged(&unit, &numbers[0]), judged(&unit, &numbers[1]));
    assert_eq!(new, key_of(&answer));
    assert_ne!(new, old);
    // The token before it is retired, not erased.
    let token = unit.home().join("officers").join(SECURITY.0);
    assert!(token.join("tokens").is_dir());
    assert!(!token.join("inserted").exists());
    let expected = (SYSTEM.0.into(), own.into(), "done".into());
    assert_eq!(acts(&unit, "officer-ukey-bound"), [expected]);
    let refused = acts(&unit, "sign-in-refused");
    assert_eq!(refused.len(), 4);
    let missing = (SECURITY.0.into(), own.into(), "officer-ukey-missing".into());
    assert!(refused.iter().all(|row| *row == missing), "{refused:?}");
    for station in [&province, &unit] {
        let verdict = station.act(AUDITOR, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

#[test]
fn a_province_certifies_its_own_officers_and_what_was_approved_before_stands() {
    let dir = memory_dir();
    let province = province(&dir);
    let serials = blanks(&province, 3);
    let number = province.submit_requests(1).remove(0);
    province
        .act(SECURITY, &["request", "approve", &number])
        .expect(0);

    // Security binds at once; system's file is certified by security.
    let at_once = bind(&province, SECURITY, &["--yes"]).expect(0);
    assert_eq!(at_once.one()["ukey"], serials[0].as_str());
    assert_eq!(at_once.one()["bound"], true);
    let waits = bind(&province, SYSTEM, &["--yes"]).expect(3);
    assert_eq!(waits.one()["ukey"], serials[1].as_str());
    let file = waits.one()["file"].as_str().unwrap().to_owned();
    assert!(!file.contains(SYSTEM.0), "{file}");
    assert_eq!(bound(&province, SYSTEM.0), false);
    let certified = province.act(SECURITY, &["officer", "certify", &file]);
    assert_eq!(certified.expect(0).one()["installed"], true);
    for name in [SECURITY.0, SYSTEM.0] {
        assert_eq!(bound(&province, name), true);
    }

    // The blank is found between the officers' own; the approval under the old certificate stands.
    province.act(SECURITY, &["ca", "unlock"]).expect(0);
    let made = province.act(SYSTEM, &["personalise", &number, "--pin", "random"]);
    let made = made.expect(0);
    let result = made.events("result")[0];
    assert_eq!(result["serial"], serials[2].as_str());
    assert_eq!(result["outcome"], "issued");
    let named = ["personalise", &number, "--ukey", serials[0].as_str()];
    let refused = province.act(SYSTEM, &named).expect(4);
    assert_eq!(refused.error_code(), "ukey-of-officer");

    // The second officer of an act shows theirs, too.
    let confirm = || confirmed(&province);
    assert_eq!(confirm().expect(0).one()["plausible"], true);
    pull(&province, &serials[0]);
    assert_eq!(confirm().expect(4).error_code(), "officer-ukey-missing");
    insert(&province, &serials[0]);

    // Another token in its place is not the officer's.
    let tokens = |serial: &str| province.home().join("ukeys").join(serial).join("tokens");
    let kept = province.file("kept");
    fs::rename(tokens(&serials[0]), &kept).unwrap();
    copy_folder(&tokens(&serials[1]), &tokens(&serials[0]));
    let refused = signs_in(&province, SECURITY).expect(4);
    assert_eq!(refused.error_code(), "officer-ukey-refused");
    fs::remove_dir_all(tokens(&serials[0])).unwrap();
    fs::rename(&kept, tokens(&serials[0])).unwrap();
    signs_in(&province, SECURITY).expect(0);
    let refused = acts(&province, "sign-in-refused");
    let results: Vec<_> = refused.iter().map(|(_, _, result)| result).collect();
    assert_eq!(results, ["officer-ukey-missing", "officer-ukey-refused"]);
}

#[test]
fn a_pin_that_the_ukey_refuses_is_tried_once_and_never_again() {
    let dir = memory_dir();
    let province = province(&dir);
    let serial = blanks(&province, 1).remove(0);
    assert_eq!(
        bind(&province, SECURITY, &[]).expect(0).one()["bound"],
        true
    );
    // As if it had another PIN: what is sealed for the token before it.
    let path = province.home().join("keys.json");
    let mut keys: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let wrap = &mut keys["officers"][SECURITY.0];
    wrap["bound_pin"]["pin"] = wrap["own_pin"].clone();
    fs::write(&path, keys.to_string()).unwrap();
    let first = signs_in(&province, SECURITY).expect(4);
    assert_eq!(first.error_code(), "officer-ukey-refused");
    // Not asked again: it is not even looked for.
    pull(&province, &serial);
    let again = signs_in(&province, SECURITY).expect(4);
    assert_eq!(again.error_code(), "officer-ukey-refused");
    signs_in(&province, SYSTEM).expect(0);
}

#[test]
fn the_keys_of_the_home_change_with_a_binding_open_and_it_goes_on() {
    let dir = memory_dir();
    let [left, leaves] = ["qian-auditor", "li-auditor"];
    let others = [left, leaves].map(|name| (name, "auditor", AUDITOR.1));
    let province = province_of(&dir, &[&three()[..], &others].concat());
    let serials = blanks(&province, 3);
    bind(&province, SYSTEM, &["--yes"]).expect(3);
    let listed = signs_in(&province, SYSTEM).expect(0);
    let mut rows = listed.items().iter();
    let own = rows.find(|row| row["name"] == SYSTEM.0).unwrap();
    assert_eq!(own["binding"], serials[0].as_str());
    // Each time every SO PIN is opened with the key before and sealed to the next.
    for name in [left, leaves] {
        let disable = ["officer", "disable", name];
        province.act(SECURITY, &disable).expect(0);
    }
    let again = bind(&province, SYSTEM, &[]).expect(3);
    assert_eq!(again.one()["ukey"], serials[0].as_str());
    // Another ukey in its place: the one before stays out of the stock.
    let other = bind(&province, SYSTEM, &["--ukey", &serials[1]]).expect(3);
    let file = other.one()["file"].as_str().unwrap().to_owned();
    province
        .act(SECURITY, &["officer", "certify", &file])
        .expect(0);
    assert_eq!(bound(&province, SYSTEM.0), true);
    pull(&province, &serials[0]);
    signs_in(&province, SYSTEM).expect(0);
    // A bound officer binds the next one; the one before signs the file, and is asked until then.
    let next = bind(&province, SYSTEM, &["--ukey", &serials[2]]).expect(3);
    pull(&province, &serials[2]);
    signs_in(&province, SYSTEM).expect(0);
    let next = next.one()["file"].as_str().unwrap().to_owned();
    province
        .act(SECURITY, &["officer", "certify", &next])
        .expect(0);
    let refused = signs_in(&province, SYSTEM).expect(4);
    assert_eq!(refused.error_code(), "officer-ukey-missing");
    insert(&province, &serials[2]);
    pull(&province, &serials[1]);
    let stock = province.act(SYSTEM, &["ukey", "list"]).expect(0);
    assert!(stock.items().is_empty());
    let sealed = store(&province).read().own_ukey_so_pins().unwrap();
    assert_eq!(sealed.len(), 3);
    // A file for the key that was given up is not for the officer any more, and nothing changes.
    let earlier = again.one()["file"].as_str().unwrap().to_owned();
    let refused = province.act(SECURITY, &["officer", "certify", &earlier]);
    assert_eq!(refused.expect(4).error_code(), "parcel-sender-unknown");
    signs_in(&province, SYSTEM).expect(0);
}

#[test]
fn a_binding_that_was_killed_anywhere_goes_on_with_the_same_ukey() {
    let dir = memory_dir();
    let province = province(&dir);
    let serial = blanks(&province, 1).remove(0);
    let fault_module = fault_module();
    let calls = dir.path().join("calls");
    let run = |home: &Path, settings: &[(&str, &str)]| {
        let words = format!("[officers]\n\"{}\" = \"{}\"\n", SYSTEM.0, SYSTEM.1);
        let secrets = province.private("one.toml", &words);
        let mut command = program();
        command
            .env("UKEY_STATION_SOFTHSM", &fault_module)
            .env("FAULT_MODULE", support::SOFTHSM)
            .env("FAULT_CALLS", &calls)
            .envs(settings.iter().copied())
            .args(["--home", text(home), "--json", "--secrets", text(&secrets)])
            .args(["officer", "bind-ukey", SYSTEM.0]);
        answer(&command.output().unwrap())
    };
    let copy = |name: &str| {
        let to = dir.path().join(name);
        copy_folder(&province.home(), &to);
        fs::remove_file(&calls).ok(); // Counted anew.
        to
    };
    run(&copy("whole"), &[]).expect(3);
    let count = fs::metadata(&calls).unwrap().len();
    // The last calls are those on the ukey: before them is the look at what is plugged in.
    let step = usize::try_from(count / 6).unwrap();
    let mut killed = 0;
    for (n, fault) in (1..=count)
        .rev()
        .step_by(step)
        .zip(["kill-after", "kill-station-after"].iter().cycle())
    {
        let home = copy(&format!("{fault}-{n}"));
        let at = format!("{n}:{fault}");
        let broken = run(&home, &[("FAULT_AT", &at)]);
        killed += u32::from(broken.code != Some(3));
        let made = run(&home, &[]).expect(3);
        assert_eq!(made.one()["ukey"], serial.as_str(), "{at}");
        fs::remove_dir_all(home).unwrap();
    }
    assert!(killed >= 5, "{killed} of {count} calls");
}

/// `clock confirm` by system with security beside them, whose passphrase is typed.
fn confirmed(station: &Station) -> Answer {
    let confirm = ["--second", SECURITY.0, "clock", "confirm"];
    station.typed(SYSTEM, &confirm, &[SECURITY.1])
}
