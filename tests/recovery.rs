//! The recovery kit (D-46): two of three shares on paper enrol an officer for some days, who approves, issues
//! and hands out nothing; and then the kit is void.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use support::shares::lines_on;
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use support::{Answer, PracticeHome};
use tempfile::TempDir;
use ukey_station::domain::officer::OfficerName;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::keys::secret::SecretText;
use ukey_station::keys::wrap::KeysFile;
use ukey_station::store::{Store, StoreError, TemporaryRow};

const PASSPHRASE: &str = "seven grey herons 58";
const CUSTODIANS: [&str; 6] = [
    "--custodian",
    "周一",
    "--custodian",
    "吴二",
    "--custodian",
    "郑三",
];

struct Scene {
    home: PracticeHome,
    dir: TempDir,
}

impl Scene {
    fn new() -> Self {
        let dir = support::memory_dir();
        Self {
            home: PracticeHome::new(1, 1),
            dir,
        }
    }

    /// Makes a kit; the lines of each share.
    fn kit(&self, name: &str) -> [Vec<String>; 3] {
        let dir = self.dir.path().join(name);
        let args = [
            "--second",
            "security",
            "recovery",
            "kit",
            dir.to_str().unwrap(),
        ];
        let made = self.home.run([&args[..], &CUSTODIANS].concat()).expect(0);
        assert_eq!(made.one()["files"].as_array().unwrap().len(), 3);
        let share = |number: usize| {
            let (lines, text) = lines_on(&dir.join(format!("share-{number}.pdf")));
            let custodian = CUSTODIANS.get(2 * number - 1).unwrap();
            assert!(text.contains(*custodian), "{text}");
            lines
        };
        [share(1), share(2), share(3)]
    }

    /// Types two shares, and a passphrase.
    fn recover(&self, name: &str, shares: [&Vec<String>; 2]) -> Answer {
        let lines = shares.into_iter().flatten().map(String::as_str);
        let lines: Vec<&str> = lines.chain([PASSPHRASE, PASSPHRASE]).collect();
        self.typed(name, &lines)
    }

    /// Types as far as it is asked, and gives the error's code: it may stand behind the last prompt.
    fn refused(&self, shares: &[&Vec<String>]) -> String {
        let lines = shares.iter().copied().flatten().map(String::as_str);
        let answer = self.typed("another", &lines.collect::<Vec<_>>());
        assert_eq!(answer.code, Some(4), "{answer:#?}");
        let code = answer.stderr.split("\"code\":\"").nth(1);
        let code = code.and_then(|rest| rest.split('"').next());
        code.unwrap_or_default().to_owned()
    }

    fn typed(&self, name: &str, lines: &[&str]) -> Answer {
        let args = format!("recovery use {name} --replaces security");
        self.home.typed(&[], &args, lines)
    }

    /// Runs a command as the replacement.
    fn act(&self, name: &str, args: &[&str]) -> Answer {
        let secrets = self.dir.path().join("secrets");
        fs::write(&secrets, format!("[officers]\n{name} = \"{PASSPHRASE}\"\n")).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
        let options = ["--secrets", secrets.to_str().unwrap(), "--officer", name];
        self.home.run([&options[..], args].concat())
    }

    fn doctor(&self, check: &str) -> Vec<bool> {
        let found = self.home.run(["doctor"]);
        let items = found.items().iter();
        let items = items.filter(|item| item["check"] == check);
        items.map(|item| item["ok"].as_bool().unwrap()).collect()
    }

    /// The records, as an officer's passphrase opens them.
    fn store(&self, name: &str) -> Store {
        let keys = KeysFile::read(&self.home.path.join("keys.json")).unwrap();
        let passphrase = SecretText::new(PASSPHRASE.to_owned());
        let opened = keys.open(&officer(name), &passphrase).unwrap();
        assert!(opened.security.is_none(), "neither escrow nor the CA's PIN");
        let path: PathBuf = self.home.path.join("station.db");
        Store::open(Path::new(&path), opened.store_key.expose()).unwrap()
    }
}

fn officer(name: &str) -> OfficerName {
    OfficerName::parse(name).unwrap()
}

#[test]
fn two_shares_enrol_an_officer_for_72_hours_who_decides_and_issues_nothing() {
    let scene = Scene::new();
    let [one, _two, three] = scene.kit("kit");
    let used = scene.recover("helper", [&three, &one]);
    assert_eq!(used.code, Some(0), "{used:#?}");
    let told = used.one().clone();
    assert_eq!(
        (&told["post"], &told["replaces"]),
        (&"security".into(), &"security".into())
    );
    // The one who was lost is out, and the kit is void.
    let gone = scene
        .home
        .run(["--officer", "security", "request", "list"])
        .expect(2);
    assert_eq!(gone.error_code(), "officer-unknown");
    assert_eq!(scene.refused(&[]), "recovery-none");
    // They see the records, and decide, sign, unlock nothing.
    let seen = scene.act("helper", &["request", "list"]).expect(0);
    assert_eq!(seen.items().len(), 1);
    for command in [
        ["request", "approve", "2026-0001"].as_slice(),
        &["ca", "unlock"],
        &["crl", "publish"],
        &["request", "reject", "2026-0001", "--reason", "x"],
    ] {
        let refused = scene.act("helper", command);
        assert_eq!(refused.code, Some(4), "{command:?} {refused:#?}");
        assert_eq!(refused.error_code(), "officer-temporary", "{command:?}");
    }
    let second = ["--second", "helper", "clock", "confirm"];
    let confirmed = scene.home.typed(&[], &second.join(" "), &[PASSPHRASE]);
    assert_eq!(
        confirmed.error_code(),
        "officer-temporary",
        "{confirmed:#?}"
    );
    assert_eq!(scene.doctor("temporary-officer"), [false]);
    let log = [
        "--officer",
        "auditor",
        "audit",
        "list",
        "--act",
        "recovery-used",
    ];
    let rows = scene.home.run(log).expect(0);
    assert_eq!(rows.items()[0]["officer"], "recovery-kit");
    let detail = rows.items()[0]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("helper security replaces security"),
        "{detail}"
    );
    let audit = scene.home.run(["--officer", "auditor", "audit", "verify"]);
    assert_eq!(audit.expect(0).one()["intact"], true);

    // After 72 hours they are out. The clock of the machine cannot be set here: their time is.
    let mut store = scene.store("helper");
    let until = told["until"].as_str().unwrap();
    let row = store.read().temporary_officers().unwrap().remove(0);
    assert_eq!(row.until.to_string(), until);
    let past = TemporaryRow {
        until: Timestamp::parse(until).unwrap().plus_secs(-72 * 3600 - 1),
        ..row
    };
    store
        .write(|writing| {
            writing.end_temporary_officer(&past.name)?;
            writing.insert_temporary_officer(&past)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    drop(store);
    let over = scene.act("helper", &["request", "list"]).expect(4);
    assert_eq!(over.error_code(), "officer-temporary-ended");
}

#[test]
fn one_share_twice_an_older_one_and_a_forged_one_open_nothing_and_have_to_wait() {
    let scene = Scene::new();
    let [old, _, _] = scene.kit("old");
    let [one, two, _three] = scene.kit("new");
    let before = fs::read(scene.home.path.join("station.db")).unwrap();
    assert_eq!(scene.refused(&[&one, &one]), "share-same");
    assert_eq!(scene.refused(&[&old, &two]), "share-other-kit");
    assert_eq!(scene.refused(&[&old, &one]), "share-other-kit");
    // The third wrong one in a row costs time, even for the right shares.
    assert_eq!(scene.refused(&[]), "sign-in-wait");
    assert_eq!(
        fs::read(scene.home.path.join("station.db")).unwrap(),
        before
    );
    assert!(!scene.home.path.join("officers/another").exists());
    scene
        .home
        .run(["--officer", "security", "request", "list"])
        .expect(0);
}

#[test]
fn a_line_with_a_mistake_is_named_and_typed_again() {
    let scene = Scene::new();
    let [one, two, _three] = scene.kit("kit");
    let mut mistyped = one.clone();
    let first = if one[2].starts_with('7') { "8" } else { "7" };
    mistyped.insert(2, format!("{first}{}", &one[2][1..]));
    let used = scene.recover("helper", [&mistyped, &two]);
    assert_eq!(used.code, Some(0), "{used:#?}");
    assert!(used.stderr.contains("Line 3 has a mistake"), "{used:#?}");
}

#[test]
fn a_kit_needs_two_officers_and_three_people_who_are_none() {
    let scene = Scene::new();
    let dir = scene.dir.path().join("kit");
    let kit = ["recovery", "kit", dir.to_str().unwrap()];
    let alone = scene.home.run([&kit[..], &CUSTODIANS].concat()).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let with = ["--second", "security"];
    let same = [
        "--custodian",
        "周一",
        "--custodian",
        "周一",
        "--custodian",
        "郑三",
    ];
    let same = scene.home.run([&with[..], &kit, &same].concat()).expect(2);
    assert_eq!(same.error_code(), "custodians-same");
    let own = [
        "--custodian",
        "周一",
        "--custodian",
        "auditor",
        "--custodian",
        "郑三",
    ];
    let own = scene.home.run([&with[..], &kit, &own].concat()).expect(4);
    assert_eq!(own.error_code(), "custodian-is-officer");
    assert!(!dir.exists());
    assert_eq!(scene.doctor("recovery-kit"), [true], "practice needs none");
    let nobody = scene
        .home
        .run(["recovery", "use", "helper", "--replaces", "security"]);
    assert_eq!(nobody.expect(4).error_code(), "recovery-none");
}

/// Enters form 1 of an invented person, with scan and opinions, and submits it; gives its number.
fn form_1(unit: &Station) -> String {
    let text = format!(
        "unit = \"{}\"\nname = \"孙明哲\"\nid_number = \"439900198001010512\"\n\
         office_phone = \"0731-84402950\"\nemail = \"officer@unit.example.cn\"\n\
         mobile = \"19900001234\"\naddress = \"示例路 1 号\"\npost = \"安全管理员\"\n",
        unit.code
    );
    let file = unit.private("form-1.toml", &text);
    let run = |args: &[&str]| unit.act(SYSTEM, args).expect(0);
    let entered = run(&["request", "add", file.to_str().unwrap()]);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    let scan = unit.file("scan.png");
    run(&["request", "attach", &number, scan.to_str().unwrap()]);
    for kind in ["applicant", "department", "office", "acceptance"] {
        let by = ["--by", "刘明", "--on", "2026-11-20"];
        run(&[&["request", "opinion", &number, kind], by.as_slice()].concat());
    }
    run(&["request", "submit", &number]);
    number
}

#[test]
fn the_superior_s_certificate_makes_the_replacement_an_officer_for_good() {
    let dir = support::memory_dir();
    let superior = province(&dir);
    let unit = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = unit.init("prefecture", &superior.trust(), &everyone());
    superior.enrol(&unit, made.expect(0).one());
    let account = unit.submit_requests(1).remove(0);
    let papers = unit.file("kit");
    let (second, people) = (SECURITY.0, CUSTODIANS.join(" "));
    let kit = format!(
        "--second {second} recovery kit {} {people}",
        papers.display()
    );
    let kit = unit.typed(SYSTEM, &[&kit], &[SECURITY.1]);
    assert_eq!(kit.code, Some(0), "{kit:#?}");

    let helper = ("helper", PASSPHRASE);
    let share = |number| lines_on(&papers.join(format!("share-{number}.pdf"))).0;
    let shares = [share(2), share(3)].concat();
    let lines: Vec<&str> = shares.iter().map(String::as_str).collect();
    let lines = [lines, vec![PASSPHRASE, PASSPHRASE]].concat();
    let recover = ["recovery", "use", "helper", "--replaces", SECURITY.0];
    let used = unit.typed(SYSTEM, &recover, &lines);
    assert_eq!(used.code, Some(0), "{used:#?}");
    let approve = ["request", "approve", &account];
    let early = unit.act(helper, &approve).expect(4);
    assert_eq!(early.error_code(), "officer-temporary");

    let number = form_1(&unit);
    let identify = ["officer", "identify", "helper", "--request", &number];
    unit.act(helper, &identify).expect(0);
    let (up, down) = (unit.file("up"), superior.file("down"));
    let (up, down) = (up.to_str().unwrap(), down.to_str().unwrap());
    unit.act(SYSTEM, &["request", "send-up", up, &number])
        .expect(0);
    let review = ["request", "review", up, "--approve", &number, "--out", down];
    superior.act(SECURITY, &review).expect(0);
    unit.act(SYSTEM, &["request", "receive-review", down])
        .expect(0);
    unit.act(helper, &approve).expect(0);
    let found = unit.act(SYSTEM, &["doctor"]);
    let mut items = found.items().iter();
    assert!(!items.any(|item| item["check"] == "temporary-officer"));
}
