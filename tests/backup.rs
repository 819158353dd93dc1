//! `backup` and `restore` (D-52): one file made while the station works, verified before it has its name;
//! restored by two officers into an empty place or not at all; nothing issued before the comparison.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::stations::{SECURITY, SYSTEM, Station, province};
use support::{Answer, PracticeHome, answer, memory_dir, program};
use tempfile::TempDir;
use ukey_station::domain::audit::AuditRow;
use ukey_station::domain::officer::OfficerName;
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::KeysFile;
use ukey_station::station::clock;
use ukey_station::store::{Store, StoreError};

/// A place for backups and restored homes beside a practice home.
struct Place {
    dir: TempDir,
    home: PracticeHome,
}

impl Place {
    fn new(ukeys: u16, requests: u16) -> Self {
        Self {
            dir: memory_dir(),
            home: PracticeHome::new(ukeys, requests),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a backup of the practice home.
    fn backup(&self, name: &str) -> (PathBuf, Value) {
        let file = self.path(name);
        let made = self.home.run(["backup", file.to_str().unwrap()]).expect(0);
        (file, made.one().clone())
    }

    /// The program on another home, with the practice home's secrets where it has none yet.
    fn at(&self, home: &Path, options: &[&str], args: &[&str]) -> Answer {
        let mut command = program();
        let module = &self.home.module;
        command.env(module.override_env, &module.library);
        command.arg("--home").arg(home).arg("--json");
        command.args(options).args(args);
        answer(&command.output().unwrap())
    }

    fn restore(&self, file: &Path, home: &Path, more: &[&str]) -> Answer {
        let secrets = self.home.path.join("secrets.toml");
        let options = [&["--secrets", secrets.to_str().unwrap()], more].concat();
        self.at(home, &options, &["restore", file.to_str().unwrap()])
    }

    /// Restores, and plugs the ukeys of the old computer into the new one.
    fn restored(&self, file: &Path, name: &str) -> PathBuf {
        let home = self.path(name);
        self.restore(file, &home, &["--second", "security"])
            .expect(0);
        fs::remove_dir(home.join("ukeys")).unwrap();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.home.path.join("ukeys"))
            .arg(home.join("ukeys"))
            .status();
        assert!(copied.unwrap().success());
        home
    }

    fn intact(&self, home: &Path) {
        let verdict = self.at(home, &["--officer", "auditor"], &["audit", "verify"]);
        assert_eq!(verdict.expect(0).one()["intact"], true);
    }

    /// Nothing but the files that are named is here.
    fn holds(&self, names: &[&str]) {
        let mut found: Vec<String> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, names);
    }
}

/// Notes a purge in the log of a practice home: what it would take is years old.
fn purged(home: &PracticeHome) {
    let text = fs::read_to_string(home.path.join("secrets.toml")).unwrap();
    let secrets: toml::Table = text.parse().unwrap();
    let officers = secrets.get("officers").unwrap();
    let passphrase = officers.get("admin").unwrap().as_str().unwrap().to_owned();
    let admin = OfficerName::parse("admin").unwrap();
    let keys = KeysFile::read(&home.path.join("keys.json")).unwrap();
    let opened = keys.open(&admin, &SecretText::new(passphrase)).unwrap();
    let key = opened.store_key.expose();
    let mut store = Store::open(&home.path.join("station.db"), key).unwrap();
    let row = AuditRow::new(clock::now(), "admin", Some("system"), "request-purged");
    store.act(&row, |_writing| Ok::<_, StoreError>(())).unwrap();
}

const SECOND: [&str; 2] = ["--second", "security"];

#[test]
fn a_backup_made_during_a_run_is_restored_compared_and_goes_on() {
    let place = Place::new(3, 3);
    let mut working = place
        .home
        .command(["personalise", "--all"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(working.stdout.take().unwrap()).lines();
    // The first ukey is half made; the program goes on meanwhile.
    let generated = lines.find(|line| line.as_ref().unwrap().contains("generate-key-pair"));
    assert!(generated.is_some());
    let (file, made) = place.backup("a.ukey-backup");
    assert!(made["bytes"].as_u64().unwrap() > 100_000, "{made}");
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(working.wait().unwrap().success(), "{rest:#?}");
    place.intact(&place.home.path);

    let home = place.path("new");
    let restored = place.restore(&file, &home, &SECOND).expect(0);
    assert_eq!(restored.one()["epoch"], 2);
    assert_eq!(restored.one()["code"], made["code"]);
    place.intact(&home);
    place.holds(&["a.ukey-backup", "new"]);
    // The computer burned at that moment, the ukeys with it; new ones are received there.
    for command in [
        ["personalise", "--all"].as_slice(),
        &["resume"],
        &["crl", "publish"],
    ] {
        let locked = place.at(&home, &[], command).expect(4);
        assert_eq!(locked.error_code(), "restore-not-compared", "{command:?}");
    }
    let doctor = place.at(&home, &[], &["doctor"]).expect(1);
    let bad = doctor.items().iter().filter(|item| item["ok"] == false);
    assert!(bad.clone().any(|item| item["check"] == "restore"));
    let nothing = ["restore", "compare", "--no-checkpoint", "--no-crl"];
    let alone = place.at(&home, &[], &nothing).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    place.at(&home, &[], &["restore", "compare"]).expect_usage();
    let compared = place.at(&home, &SECOND, &nothing).expect(0);
    assert!(compared.one()["checkpoint"].is_null());
    place.at(&home, &[], &["crl", "publish"]).expect(0);
    let states = place.at(&home, &[], &["ukey", "list"]).expect(0);
    assert_eq!(states.items().len(), 3);
}

#[test]
fn an_open_run_goes_on_where_the_computer_stopped() {
    let place = Place::new(1, 1);
    let serial = place.home.serials().remove(0);
    let path = place.home.path.to_str().unwrap().to_owned();
    let fault = [
        "practice",
        "fault",
        &path,
        &serial,
        "removed",
        "--at",
        "generate-key-pair",
    ];
    place.home.run(fault).expect(0);
    let stopped = place.home.run(["personalise", "--all"]);
    assert_ne!(stopped.code, Some(0), "{stopped:#?}");
    let (file, _made) = place.backup("a.ukey-backup");
    let home = place.restored(&file, "new");
    let path = home.to_str().unwrap().to_owned();
    place
        .at(&home, &[], &["practice", "insert", &path, &serial])
        .expect(0);
    let locked = place.at(&home, &[], &["resume"]).expect(4);
    assert_eq!(locked.error_code(), "restore-not-compared");
    let nothing = ["restore", "compare", "--no-checkpoint", "--no-crl"];
    place.at(&home, &SECOND, &nothing).expect(0);
    let resumed = place.at(&home, &[], &["resume"]).expect(0);
    assert_eq!(resumed.events("result")[0]["outcome"], "issued");
    place.at(&home, &[], &["hand-out", &serial]).expect(0);
    place.intact(&home);
}

#[test]
fn what_is_no_whole_backup_or_has_no_two_officers_leaves_nothing_behind() {
    let place = Place::new(1, 0);
    let (file, _made) = place.backup("a");
    let whole = fs::read(&file).unwrap();
    let home = place.path("new");
    let refused = |bytes: &[u8], what: &str| {
        let broken = place.path("broken");
        fs::write(&broken, bytes).unwrap();
        let answer = place.restore(&broken, &home, &SECOND);
        assert!(
            matches!(answer.code, Some(1 | 4 | 2)),
            "{what}: {answer:#?}"
        );
        fs::remove_file(&broken).unwrap();
        place.holds(&["a"]);
        answer.error_code().to_owned()
    };
    // The line, the length, keys.json, the seal's head, the records, the other parts, the end.
    let keys_end = 26 + u32::from_le_bytes(whole[22..26].try_into().unwrap()) as usize;
    let places = [
        0,
        20,
        23,
        30,
        keys_end - 3,
        keys_end + 100,
        keys_end + 2_000,
    ];
    let far = [whole.len() / 2, whole.len() - 9_000, whole.len() - 1];
    for at in places.into_iter().chain(far) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let code = refused(&changed, &format!("byte {at}"));
        if at >= keys_end {
            assert_eq!(code, "backup-damaged", "byte {at}");
        }
    }
    let cut = refused(&whole[..whole.len() - 1], "one byte short");
    assert_eq!(cut, "backup-damaged");
    assert_eq!(refused(&whole[..whole.len() / 2], "half"), "backup-damaged");
    let newer = [b"ukey-station backup 2\n", &whole[22..]].concat();
    assert_eq!(refused(&newer, "newer"), "backup-newer");
    assert_eq!(refused(b"PK\x03\x04", "another file"), "backup-invalid");

    let code = |more: &[&str]| {
        let answer = place.restore(&file, &home, more).expect(4);
        place.holds(&["a"]);
        answer.error_code().to_owned()
    };
    assert_eq!(code(&[]), "second-officer-required");
    assert_eq!(code(&["--second", "admin"]), "second-officer-same");
    assert_eq!(code(&["--second", "auditor"]), "wrong-duty");
    assert_eq!(
        code(&["--officer", "security", "--second", "admin"]),
        "wrong-duty"
    );
    let wrong =
        "[officers]\nadmin = \"another paper lantern\"\nsecurity = \"another river stone\"\n";
    let secrets = place.dir.path().join("secrets");
    let mode = |text: &str| {
        fs::write(&secrets, text).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    };
    mode(wrong);
    let options = [
        "--secrets",
        secrets.to_str().unwrap(),
        "--second",
        "security",
    ];
    let answer = place.at(&home, &options, &["restore", file.to_str().unwrap()]);
    assert_eq!(answer.expect(4).error_code(), "passphrase-wrong");
    // The first is right, the second is not.
    let text = fs::read_to_string(place.home.path.join("secrets.toml")).unwrap();
    let known: toml::Table = text.parse().unwrap();
    let first = known["officers"]["admin"].as_str().unwrap();
    mode(&format!(
        "[officers]\nadmin = \"{first}\"\nsecurity = \"another river stone\"\n"
    ));
    let answer = place.at(&home, &options, &["restore", file.to_str().unwrap()]);
    assert_eq!(answer.expect(4).error_code(), "passphrase-wrong");
    place.holds(&["a", "secrets"]);

    fs::create_dir(&home).unwrap();
    fs::write(home.join("note"), "mine").unwrap();
    let occupied = place.restore(&file, &home, &SECOND).expect(2);
    assert_eq!(occupied.error_code(), "home-exists");
    assert_eq!(fs::read_to_string(home.join("note")).unwrap(), "mine");
    fs::remove_file(home.join("note")).unwrap();
    place.restore(&file, &home, &SECOND).expect(0);
    place.intact(&home);
}

#[test]
fn a_backup_is_system_s_names_itself_in_the_log_and_replaces_no_file() {
    let place = Place::new(1, 0);
    let file = place.path("a");
    fs::write(&file, "mine").unwrap();
    let exists = place.home.run(["backup", file.to_str().unwrap()]).expect(2);
    assert_eq!(exists.error_code(), "backup-exists");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    fs::remove_file(&file).unwrap();
    for other in ["security", "auditor"] {
        let refused = ["--officer", other, "backup", file.to_str().unwrap()];
        assert_eq!(place.home.run(refused).expect(4).error_code(), "wrong-duty");
    }
    place.holds(&[]);
    let (_file, made) = place.backup("a");
    place.holds(&["a"]);
    let sha256 = made["sha256"].as_str().unwrap();
    let told = support::must("sha256sum", &[file.to_str().unwrap()]);
    assert!(told.starts_with(sha256), "{told}");
    let list = [
        "--officer",
        "auditor",
        "audit",
        "list",
        "--act",
        "backup-made",
    ];
    let rows = place.home.run(list).expect(0);
    assert!(rows.items()[0]["detail"].as_str().unwrap().contains(sha256));
    let doctor = place.home.run(["doctor"]).expect(0);
    let mut items = doctor.items().iter();
    let found = items.find(|item| item["check"] == "backup").unwrap();
    assert_eq!(found["detail"], made["made_at"]);
    // Once something is purged, the backup that still holds it has a last day (D-51).
    let dry = ["purge", "--dry-run"];
    assert_eq!(place.home.run(dry).expect(0).items().len(), 0);
    purged(&place.home);
    let told = place.home.run(dry).expect(0);
    assert_eq!(told.items()[0]["kept"], "backup");
    assert_eq!(told.items()[0]["sha256"], sha256);
    let by = told.items()[0]["destroy_by"].as_str().unwrap();
    let half_a_year = by > made["made_at"].as_str().unwrap() && by.ends_with('Z');
    assert!(half_a_year, "{told:#?}");
    // Neither the sealed file nor what was staged shows what is inside.
    let bytes = fs::read(&file).unwrap();
    for secret in ["SQLite format", "[officers]", "softhsm2"] {
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    let left = fs::read_dir(&place.home.path).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_str().unwrap().starts_with(".backup-")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn yesterday_s_backup_is_noticed_by_ukeys_checkpoint_and_list_and_reconciled() {
    let place = Place::new(3, 3);
    let (file, _made) = place.backup("yesterday");
    let serials = place.home.serials();
    // Today: two ukeys are made, the certificate of one is revoked, the auditor signs.
    let make = |number: &str, serial: &str| {
        let made = place
            .home
            .run(["personalise", number, "--ukey", serial])
            .expect(0);
        let result = made.events("result")[0].clone();
        result["certificate_serial"].as_str().unwrap().to_owned()
    };
    let kept = make("2026-0001", &serials[0]);
    let lost = make("2026-0002", &serials[1]);
    place.home.run(["crl", "publish"]).expect(0);
    let list = place.path("outside.crl");
    fs::copy(place.home.path.join("crl/unit.crl"), &list).unwrap();
    let newest = place.home.run(["crl", "show"]).expect(0).one()["number"]
        .as_u64()
        .unwrap();
    let checkpoint = place.path("checkpoint");
    let sign = [
        "--officer",
        "auditor",
        "audit",
        "checkpoint",
        checkpoint.to_str().unwrap(),
    ];
    let code = place.home.run(sign).expect(0).one()["code"]
        .as_str()
        .unwrap()
        .to_owned();

    let home = place.restored(&file, "new");
    let path = home.to_str().unwrap().to_owned();
    // The second ukey is with its holder.
    place
        .at(&home, &[], &["practice", "pull", &path, &serials[1]])
        .expect(0);
    let listed = place.at(&home, &[], &["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items()[0]["reason"], "records-older");
    let told = [
        "--checkpoint",
        checkpoint.to_str().unwrap(),
        "--crl",
        list.to_str().unwrap(),
    ];
    let compare = [&["restore", "compare"], told.as_slice()].concat();
    let found = place.at(&home, &SECOND, &compare).expect(0).one().clone();
    assert_eq!(found["checkpoint"], "shorter");
    assert!(found["lost"].as_u64().unwrap() > 5, "{found}");
    assert_eq!(found["unknown"][0]["serial"], kept.as_str());
    assert_eq!(found["unknown"][0]["ukey"], serials[0].as_str());
    assert_eq!(found["unknown"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["damaged"][0], serials[0].as_str());
    assert_eq!(found["crl_number"], newest);
    assert_eq!(found["crl"], "published");
    // The list that came out of it counts on, and has what was found.
    let shown = place
        .at(&home, &[], &["crl", "show"])
        .expect(0)
        .one()
        .clone();
    assert!(shown["number"].as_u64().unwrap() > newest, "{shown}");
    assert_eq!(shown["revoked"][0]["serial"], kept.as_str(), "{shown}");
    assert_eq!(shown["revoked"].as_array().unwrap().len(), 1, "{shown}");
    // The same approval leads to another certificate on another ukey: the one before is revoked.
    let again = place
        .at(&home, &[], &["personalise", "2026-0001"])
        .expect(0);
    assert_eq!(again.events("result")[0]["serial"], serials[2].as_str());
    // The holder comes: the second is found, too, and known from then on.
    place
        .at(&home, &[], &["practice", "insert", &path, &serials[1]])
        .expect(0);
    let by_code = ["restore", "compare", "--code", &code, "--no-crl"];
    let found = place.at(&home, &SECOND, &by_code).expect(0).one().clone();
    assert_eq!(found["unknown"][0]["serial"], lost.as_str());
    assert_eq!(found["unknown"].as_array().unwrap().len(), 1, "{found}");
    let twice = place.at(&home, &SECOND, &by_code).expect(0).one().clone();
    assert_eq!(twice["unknown"].as_array().unwrap().len(), 0, "{twice}");
    let unknown = place.at(&home, &[], &["restore", "unknown"]).expect(0);
    assert_eq!(unknown.items().len(), 2);
    place.intact(&home);
    // A checkpoint of another home, and one that the restored log contradicts, are refused.
    let other = PracticeHome::new(0, 0);
    let strange = place.path("strange");
    let sign = [
        "--officer",
        "auditor",
        "audit",
        "checkpoint",
        strange.to_str().unwrap(),
    ];
    other.run(sign).expect(0);
    let strange = [
        "restore",
        "compare",
        "--checkpoint",
        strange.to_str().unwrap(),
        "--no-crl",
    ];
    let refused = place.at(&home, &SECOND, &strange).expect(4);
    assert_eq!(refused.error_code(), "checkpoint-other-home");
    let never = place.home.run([
        "--second",
        "security",
        "restore",
        "compare",
        "--no-checkpoint",
        "--no-crl",
    ]);
    assert_eq!(never.expect(4).error_code(), "restore-none");
}

#[test]
fn a_real_home_asks_for_a_backup_and_a_kit_and_the_second_passphrase_is_typed() {
    let dir = memory_dir();
    let unit = province(&dir);
    let missing = |station: &Station| -> Vec<String> {
        let found = station.act(SYSTEM, &["doctor"]);
        let items = found.items().iter().filter(|item| item["ok"] == false);
        let words = items.map(|item| item["check"].as_str().unwrap().to_owned());
        words
            .filter(|word| matches!(word.as_str(), "backup" | "recovery-kit" | "restore"))
            .collect()
    };
    assert_eq!(missing(&unit), ["backup", "recovery-kit"]);
    let file = unit.file("a.ukey-backup");
    let file = file.to_str().unwrap();
    unit.act(SYSTEM, &["backup", file]).expect(0);
    assert_eq!(missing(&unit), ["recovery-kit"]);
    let papers = unit.file("papers");
    let people = "--custodian 周一 --custodian 吴二 --custodian 郑三";
    let kit = format!(
        "--second {} recovery kit {} {people}",
        SECURITY.0,
        papers.display()
    );
    let made = unit.typed(SYSTEM, &[&kit], &[SECURITY.1]);
    assert_eq!(made.code, Some(0), "{made:#?}");
    assert_eq!(missing(&unit), [""; 0]);
    unit.act(SYSTEM, &["backup", unit.file("b").to_str().unwrap()])
        .expect(0);

    let rebuilt = Station::new(dir.path(), "rebuilt", unit.code);
    let restore = [
        "--second",
        SECURITY.0,
        "restore",
        unit.file("b").to_str().unwrap(),
    ]
    .join(" ");
    let wrong = rebuilt.typed(SYSTEM, &[&restore], &["quiet river stone 93"]);
    assert_eq!(wrong.code, Some(4), "{wrong:#?}");
    assert!(wrong.stderr.contains("passphrase-wrong"), "{wrong:#?}");
    assert!(!rebuilt.home().exists());
    let restored = rebuilt.typed(SYSTEM, &[&restore], &[SECURITY.1]);
    assert_eq!(restored.code, Some(0), "{restored:#?}");
    // The kit of that day may have been used since: it holds no more.
    assert_eq!(missing(&rebuilt), ["restore", "recovery-kit"]);
    let compare = "restore compare --no-checkpoint --no-crl";
    let compare = format!("--second {} {compare}", SECURITY.0);
    let compared = rebuilt.typed(SYSTEM, &[&compare], &[SECURITY.1]);
    assert_eq!(compared.code, Some(0), "{compared:#?}");
    assert_eq!(missing(&rebuilt), ["recovery-kit"]);
    let verdict = rebuilt.act(SYSTEM, &["audit", "verify"]).expect(0);
    assert_eq!(verdict.one()["intact"], true);
}

/// What was revoked after the backup is in the list of the CA that signed it: without each list a stolen ukey
/// would count again.
#[test]
fn after_a_change_of_the_ca_s_key_the_list_of_each_is_asked_for() {
    let place = Place::new(2, 1);
    let home = &place.home;
    home.run(["personalise", "--all"]).expect(0);
    let listed = home.run(["ukey", "list", "--state", "issued"]).expect(0);
    let serial = listed.items()[0]["serial"].as_str().unwrap().to_owned();
    home.run(["hand-out", &serial]).expect(0);
    let shown = home.run(["ukey", "show", &serial]).expect(0);
    let certificate = shown.one()["certificate"].clone();
    home.run(["ca", "rekey"]).expect(0);
    let again = home.run(["ca", "rekey"]).expect(4);
    assert_eq!(again.error_code(), "ca-next-begun");
    let (file, _made) = place.backup("two-keys");
    let stolen = ["ukey", "lost", &serial, "--reason", "被盗", "--stolen"];
    home.run(stolen).expect(0);
    let web = place.path("web");
    home.run(["crl", "publish", "--to", web.to_str().unwrap()])
        .expect(0);
    let [present, before] = ["unit.crl", "unit-g1.crl"].map(|name| web.join(name));
    let (present, before) = (present.to_str().unwrap(), before.to_str().unwrap());

    let new = place.restored(&file, "new");
    let mode = fs::metadata(&new).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let compare = ["restore", "compare", "--no-checkpoint", "--crl"];
    let one = [&compare[..], &[present]].concat();
    let refused = place.at(&new, &SECOND, &one).expect(4);
    assert_eq!(refused.error_code(), "restore-crl-missing");
    let both = [&compare[..], &[present, "--crl", before]].concat();
    let found = place.at(&new, &SECOND, &both).expect(0).one().clone();
    assert_eq!(found["revoked"], serde_json::json!([certificate]));
    let shown = place.at(&new, &[], &["crl", "show"]).expect(0);
    let former = &shown.one()["former"][0]["revoked"][0];
    assert_eq!(former["reason"], "keyCompromise");
}
