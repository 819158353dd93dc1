//! A holder stands at a desk that does not hold the SO PIN of their ukey: the owner's security releases it once,
//! by file, and the owner's escrow stays true (D-44).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::records::{file, opened, records};
use support::stations::{SECURITY, SYSTEM, Station, altered, two_counties};
use support::{Answer, answer, memory_dir};
use tempfile::TempDir;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::domain::ukey::Serial;

const WITH_SECURITY: [&str; 2] = ["--second", SECURITY.0];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A county's ukey with its holder at the prefecture's desk.
struct Scene {
    _dir: TempDir,
    owner: Station,
    desk: Station,
    other: Station,
    serial: String,
}

impl Scene {
    fn new() -> Self {
        let dir = memory_dir();
        let [desk, owner, other] = two_counties(&dir);
        let (_numbers, serials) = owner.handed_out(1);
        Self {
            _dir: dir,
            owner,
            desk,
            other,
            serial: serials[0].clone(),
        }
    }

    /// The holder carries the ukey from one desk to the other.
    fn carry(&self, from: &Station, to: &Station) {
        let folder = |station: &Station| station.home().join("ukeys").join(&self.serial);
        fs::create_dir_all(to.home().join("ukeys")).unwrap();
        fs::rename(folder(from), folder(to)).unwrap();
    }

    /// The desk asks; gives the file.
    fn ask(&self, name: &str) -> PathBuf {
        let file = self.desk.file(name);
        let ask = ["ukey", "unblock", "request", &self.serial, text(&file)];
        let ask = [&ask[..], &["--owner", self.owner.code]].concat();
        self.desk.act(SYSTEM, &ask).expect(0);
        file
    }

    fn grant(&self, asked: &Path, name: &str) -> (PathBuf, Answer) {
        let file = self.owner.file(name);
        let grant = ["ukey", "unblock", "grant", text(asked), text(&file)];
        let grant = [&grant[..], &WITH_SECURITY].concat();
        let answer = self.owner.typed(SYSTEM, &grant, &[SECURITY.1]);
        (file, answer)
    }

    /// The holder types this PIN twice, while the module misbehaves so.
    fn apply(&self, granted: &Path, pin: &str, fault: Option<&str>) -> (PathBuf, Answer) {
        let out = self.desk.file("answer.ukey-unblock");
        let apply = ["ukey", "unblock", "apply", text(granted), text(&out)];
        let apply = [&apply[..], &["--identity-compared"]].concat();
        let module = support::fault_module();
        let mut settings = Vec::new();
        if let Some(script) = fault {
            settings.push(("UKEY_STATION_SOFTHSM", text(&module)));
            settings.push(("FAULT_MODULE", support::SOFTHSM));
            settings.push(("FAULT_AT", script));
        }
        let answer = self.desk.typed_with(SYSTEM, &settings, &apply, &[pin, pin]);
        (out, answer)
    }

    fn opens_with(&self, station: &Station, pin: &str) -> bool {
        let folder = station.home().join("ukeys").join(&self.serial);
        let seen = Command::new("pkcs11-tool")
            .args(["--module", support::SOFTHSM, "--login", "--pin", pin])
            .arg("--list-objects")
            .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
            .output()
            .unwrap();
        String::from_utf8_lossy(&seen.stdout).contains("Private Key Object")
    }
}

#[test]
fn the_owner_s_security_releases_the_so_pin_once_and_gets_the_next_one_back() {
    let scene = Scene::new();
    let Scene {
        owner,
        desk,
        other,
        serial,
        ..
    } = &scene;
    let ask = [
        "ukey", "unblock", "request", serial, "nowhere", "--owner", owner.code,
    ];
    let absent = desk.act(SYSTEM, &ask).expect(4);
    assert_eq!(absent.error_code(), "ukey-not-inserted");
    let at_owner = ["ukey", "unblock", "request", serial, "nowhere"];
    let at_owner = owner.act(SYSTEM, &at_owner).expect(4);
    assert_eq!(at_owner.error_code(), "so-pin-held-here");
    scene.carry(owner, desk);
    // Both counties have one name: the question goes to neither of them.
    let by_name = [&ask[..5], &["--owner", "示例county"]].concat();
    let by_name = desk.act(SYSTEM, &by_name).expect(2);
    assert_eq!(by_name.error_code(), "unit-ambiguous");
    let asked = scene.ask("ask.ukey-unblock");

    // Nobody releases alone, and each question is answered once.
    let out = owner.file("alone");
    let alone = ["ukey", "unblock", "grant", text(&asked), text(&out)];
    let refused = owner.act(SYSTEM, &alone).expect(4);
    assert_eq!(refused.error_code(), "second-officer-required");
    let refused = other.act(SYSTEM, &alone).expect(4);
    assert_eq!(refused.error_code(), "parcel-not-for-us");
    not_while_two_so_pins_may_hold(owner, serial, &alone);
    let (granted, answer) = scene.grant(&asked, "grant.ukey-unblock");
    assert_eq!(answer.expect(0).one()["serial"], serial.as_str());
    let (_file, again) = scene.grant(&asked, "again.ukey-unblock");
    assert_eq!(again.expect(4).error_code(), "unblock-granted");
    assert!(!owner.file("again.ukey-unblock").exists());

    // On the way nothing can be changed, and no other desk opens it.
    let (_out, bad) = scene.apply(&altered(&granted), "59301746", None);
    assert_eq!(bad.expect(4).error_code(), "parcel-damaged");
    let elsewhere = ["ukey", "unblock", "apply", text(&granted), "nowhere"];
    let elsewhere = [&elsewhere[..], &["--identity-compared"]].concat();
    let elsewhere = other.act(SYSTEM, &elsewhere).expect(4);
    assert_eq!(elsewhere.error_code(), "parcel-not-for-us");
    let uncompared = ["ukey", "unblock", "apply", text(&granted), "nowhere"];
    desk.act(SYSTEM, &uncompared).expect_usage();
    expires(desk, &granted);

    let (out, applied) = scene.apply(&granted, "59301746", None);
    assert_eq!(applied.expect(0).one()["so_pin_rotated"], true);
    assert!(scene.opens_with(desk, "59301746"));
    let (_out, again) = scene.apply(&granted, "83051947", None);
    assert_eq!(again.expect(4).error_code(), "unblock-used");
    assert!(scene.opens_with(desk, "59301746"));

    // The answer ends the hold of the random PIN, and the escrow opens the ukey. What a renewal that was given
    // up had issued does not stand for it.
    given_up_renewal(owner, serial);
    let confirm = ["ukey", "unblock", "confirm", text(&out)];
    let wrong = ["ukey", "unblock", "confirm", text(&asked)];
    let wrong = owner.act(SYSTEM, &wrong).expect(4);
    assert_eq!(wrong.error_code(), "parcel-other-kind");
    let confirmed = owner.act(SYSTEM, &confirm).expect(0);
    assert_eq!(confirmed.one()["so_pin_rotated"], true);
    assert!(confirmed.one()["crl"].is_string(), "{confirmed:#?}");
    let replayed = owner.act(SYSTEM, &confirm).expect(0);
    assert_eq!(replayed.one()["replayed"], true);
    let shown = owner.act(SYSTEM, &["ukey", "show", serial]).expect(0);
    assert_eq!(shown.one()["certificate_state"], "active");
    scene.carry(desk, owner);
    unblocked_at_home(&scene);
    for station in [owner, desk] {
        let log = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(log.one()["intact"], true);
    }
}

/// That desk would try both, and its own next one: one more than may be tried (D-37).
fn not_while_two_so_pins_may_hold(owner: &Station, serial: &str, grant: &[&str]) {
    let serial = Serial::parse(serial).unwrap();
    let mut store = records(&owner.home(), SYSTEM);
    let held = store.read().so_pin_of(&serial).unwrap().unwrap();
    let at = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
    let open = store.write(|writing| writing.put_so_pin_rotation(&serial, &held.sealed, at));
    open.unwrap();
    drop(store);
    let refused = owner.act(SYSTEM, grant).expect(4);
    assert_eq!(refused.error_code(), "so-pin-change-open");
    let mut store = records(&owner.home(), SYSTEM);
    let ended = store.write(|writing| writing.end_so_pin_rotation(&serial, held.run, &held.sealed));
    ended.unwrap();
}

/// What a renewal of this ukey leaves in the records that was given up once its certificate was issued.
fn given_up_renewal(owner: &Station, serial: &str) {
    let db = file(&owner.home(), &opened(&owner.home(), SYSTEM));
    let run = "019fffff-0000-7000-8000-000000000001";
    let begun =
        "INSERT INTO runs (id, request, ukey, officer, opened_at, ended_at, outcome, renews)
         SELECT ?1, request, ukey, ?2, stored_at, stored_at, 'given-up', serial
         FROM certificates WHERE ukey = ?3";
    db.execute(begun, [run, SYSTEM.0, serial]).unwrap();
    let issued = "INSERT INTO certificates (serial, run, request, ukey, subject, not_before, not_after, der,
             state, reason, revoked_at, stored_at, generation, unit)
         SELECT '40' || substr(serial, 3), ?1, request, ukey, subject, not_before, not_after, der, 'revoked',
             'cessationOfOperation', stored_at, strftime('%Y-%m-%dT%H:%M:%SZ', stored_at, '+1 second'),
             generation, unit
         FROM certificates WHERE ukey = ?2";
    assert_eq!(db.execute(issued, [run, serial]).unwrap(), 1);
}

/// On the fourth day the release is of no use, at a copy of the desk whose clock says so.
fn expires(desk: &Station, granted: &Path) {
    let late = desk.file("late");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(desk.home())
        .arg(&late)
        .status();
    assert!(copied.unwrap().success());
    let out = desk.file("late-answer");
    let apply = ["ukey", "unblock", "apply", text(granted), text(&out)];
    let command = desk.command(SYSTEM, &[&apply[..], &["--identity-compared"]].concat());
    let mut args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let home = args.iter().position(|arg| arg == "--home").unwrap();
    args[home + 1] = late.into_os_string();
    let mut later = Command::new("faketime");
    later.arg("+4 days").arg(command.get_program()).args(args);
    later.env_remove("UKEY_STATION_HOME");
    let refused = answer(&later.output().unwrap()).expect(4);
    assert_eq!(refused.error_code(), "unblock-expired");
}

/// With the SO PIN that stands in the owner's escrow.
fn unblocked_at_home(scene: &Scene) {
    let Scene { owner, serial, .. } = scene;
    let unblock = ["ukey", "unblock", serial, "--identity-compared"];
    let unblock = [&unblock[..], &WITH_SECURITY].concat();
    let typed = [SECURITY.1, "40718263", "40718263"];
    owner.typed(SYSTEM, &unblock, &typed).expect(0);
    assert!(scene.opens_with(owner, "40718263"));
}

#[test]
fn a_crash_on_either_side_of_the_new_so_pin_is_gone_on_with_by_the_same_file() {
    let scene = Scene::new();
    scene.carry(&scene.owner, &scene.desk);
    let asked = scene.ask("ask.ukey-unblock");
    let (granted, answer) = scene.grant(&asked, "grant.ukey-unblock");
    answer.expect(0);
    for fault in ["C_SetPIN:error=48", "C_SetPIN:lost", "C_InitPIN:lost"] {
        let (_out, failed) = scene.apply(&granted, "59301746", Some(fault));
        failed.expect(1);
    }
    // The station dies after the ukey has both and before anything is noted.
    let (_out, killed) = scene.apply(&granted, "59301746", Some("C_InitPIN:kill-station-after"));
    assert!(killed.lines.is_empty(), "{killed:#?}");
    let (out, applied) = scene.apply(&granted, "83051947", None);
    applied.expect(0);
    assert!(scene.opens_with(&scene.desk, "83051947"));
    let confirm = ["ukey", "unblock", "confirm", text(&out)];
    scene.owner.act(SYSTEM, &confirm).expect(0);
    scene.carry(&scene.desk, &scene.owner);
    unblocked_at_home(&scene);
}
