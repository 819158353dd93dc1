//! A ukey of the province is unblocked at the prefecture's desk, in the windows of both, by files between two
//! real homes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command as Program;

use serde_json::Value;

use super::*;
use crate::ui::remote_view::RemoteDone;

const RANDOM_PIN_ENDS: &str = "59301746";
/// Invented people; the last place is the check.
const OFFICERS_NUMBER: &str = "439900197102040011";
const HOLDERS_NUMBER: &str = "439900198003070009";

/// A desk of one unit, made and driven from the command line until its window opens.
pub(super) struct Station {
    dir: PathBuf,
    pub(super) code: &'static str,
}

impl Station {
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn home(&self) -> PathBuf {
        self.file("home")
    }

    /// A file that nobody else reads.
    fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs a command; gives the last thing that it says.
    pub(super) fn run(&self, officer: (&str, &str), args: &[&str]) -> Value {
        let mut both = vec![SYSTEM, SECURITY];
        if args.first() != Some(&"init") {
            both.retain(|one| *one == officer);
        }
        let lines = both
            .iter()
            .map(|(name, passphrase)| format!("\"{name}\" = \"{passphrase}\"\n"));
        let secrets = format!("[officers]\n{}", lines.collect::<String>());
        let secrets = self.private("secrets.toml", &secrets);
        let program = std::env::current_exe().unwrap();
        let mut command = Program::new(program.with_file_name("../ukey-station"));
        command.arg("--home").arg(self.home()).arg("--json");
        command.arg("--secrets").arg(secrets);
        if args.first() != Some(&"init") {
            command.args(["--officer", officer.0]);
        }
        let output = command.args(args).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{args:?} {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let last = said.lines().last().unwrap_or("null");
        serde_json::from_str(last).unwrap()
    }

    fn new(parent: &Path, level: &str, code: &'static str, tables: &str) -> (Self, Value) {
        let station = Self {
            dir: parent.join(level),
            code,
        };
        fs::create_dir(&station.dir).unwrap();
        station.private(
            "form-1.toml",
            &format!(
                "unit = \"\"\nname = \"赵志远\"\nid_number = \"{OFFICERS_NUMBER}\"\n\
                 office_phone = \"0731-84402950\"\nemail = \"officer@unit.example.cn\"\n\
                 mobile = \"19900001234\"\naddress = \"示例路 1 号\"\npost = \"安全管理员\"\n"
            ),
        );
        let config = format!(
            "{tables}\n[unit]\nname = \"示例{level}\"\nlevel = \"{level}\"\ncode = \"{code}\"\n\
             province = \"湖南省\"\nprefecture = \"示例市\"\n\
             [[officers]]\nname = \"{}\"\npost = \"system\"\n\
             [[officers]]\nname = \"{}\"\npost = \"security\"\nform = \"form-1.toml\"\n",
            SYSTEM.0, SECURITY.0
        );
        let file = station.file("init.toml");
        fs::write(&file, config).unwrap();
        let made = station.run(SYSTEM, &["init", "--config", text(&file)]);
        (station, made)
    }

    /// Makes a ukey for an invented holder, with a random PIN, and hands it out; gives its serial number.
    pub(super) fn handed_out(&self) -> String {
        let made = practice::reach("softhsm2")
            .unwrap()
            .make(&self.home().join("ukeys"));
        let serial = made.unwrap().serial.as_str().to_owned();
        let system = |args: &[&str]| self.run(SYSTEM, args);
        system(&[
            "stock", "receive", "--serial", &serial, "--model", "softhsm2",
        ]);
        plug_in(&self.home(), &serial);
        let form = format!(
            "unit = \"{}\"\nname = \"王晓雯\"\nid_number = \"{HOLDERS_NUMBER}\"\n\
             office_phone = \"0731-84402950\"\nemail = \"teacher@school.example.cn\"\n\
             mobile = \"19900000001\"\nschool_type = \"211\"\nuser_types = [\"信息管理员\"]\n\
             apply_certificate = true\naddress = \"示例路 1 号\"\n",
            self.code
        );
        let form = self.private("form-2.toml", &form);
        let number = system(&["request", "add", text(&form)]);
        let number = number["number"].as_str().unwrap().to_owned();
        let scan = self.file("scan.png");
        fs::write(&scan, include_bytes!("../../../../tests/support/scan.png")).unwrap();
        system(&["request", "attach", &number, text(&scan)]);
        for kind in ["applicant", "department", "office", "acceptance"] {
            let by = ["--by", "刘明", "--on", "2026-11-20"];
            system(&[&["request", "opinion", &number, kind][..], &by].concat());
        }
        system(&["request", "submit", &number]);
        self.run(SECURITY, &["ca", "unlock"]);
        self.run(SECURITY, &["request", "approve", &number]);
        system(&["personalise", &number, "--pin", "random", "--yes"]);
        system(&["slip", &serial, text(&self.file("slip.pdf"))]);
        system(&["hand-out", &serial]);
        serial
    }

    /// The window of an officer; another one's passphrase is typed where it is asked for.
    pub(super) fn window_of(&self, officer: (&str, &str)) -> RealDesk {
        let secrets = self.private(
            "one.toml",
            &format!("[officers]\n\"{}\" = \"{}\"\n", officer.0, officer.1),
        );
        let terms = OpenTerms {
            officer: Some(name(officer.0)),
            secrets: Some(secrets.clone()),
        };
        let home = Home::open(&self.home()).unwrap();
        let of = (home, Secrets::read(&secrets).unwrap());
        let kept = (TempDir::with_prefix("ukey-").unwrap(), alone());
        let mut desk = RealDesk::open(Language::Chinese, of, &terms, kept);
        desk.until(|view| is_desk(view) && view.officer == officer.0);
        desk
    }

    /// The window of system, where ukeys are unblocked by files.
    fn window(&self) -> RealDesk {
        let mut desk = self.window_of(SYSTEM);
        desk.press("page-loss");
        desk.until(|view| view.losses.is_some());
        desk.press("ui-remote");
        desk
    }
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// As a person plugs it in: a virtual ukey's folder says so by a file.
fn plug_in(home: &Path, serial: &str) {
    let folder = home.join("ukeys").join(serial);
    fs::write(folder.join("inserted"), b"").unwrap();
}

/// The province, with a CA of its own, and a prefecture under it, certified.
pub(super) fn two_stations(dir: &Path) -> [Station; 2] {
    let embedded = "[ca]\nkind = \"embedded\"\n";
    let (province, _made) = Station::new(dir, "province", "11430000006123458L", embedded);
    let given = province.file("given");
    let paper = province.run(SYSTEM, &["unit", "certificate", text(&given)]);
    let trust = format!(
        "[trust]\nroot = \"{}\"\nroot-sha256 = \"{}\"\nsuperior = \"{}\"\nsuperior-sha256 = \"{}\"\n",
        text(&given.join("root.pem")),
        paper["root_sha256"].as_str().unwrap(),
        text(&given.join("unit.pem")),
        paper["unit_sha256"].as_str().unwrap(),
    );
    let (prefecture, made) = Station::new(dir, "prefecture", "12430100MB1K234565", &trust);
    let answer = province.file("answer");
    let (file, paper) = (
        made["enrolment"].as_str().unwrap(),
        made["fingerprint"].as_str().unwrap(),
    );
    let enrol = ["unit", "enrol", file, "--fingerprint", paper, "--out"];
    province.run(SECURITY, &[&enrol[..], &[text(&answer)]].concat());
    prefecture.run(SYSTEM, &["unit", "enrolled", text(&answer)]);
    [province, prefecture]
}

impl RealDesk {
    fn turn_to_owner(&mut self) {
        let word = self.word("ui-remote-owner");
        self.choose(&word);
    }

    /// Waits for what becomes of it, and fails with what went wrong instead.
    fn remote_done(&mut self) -> RemoteDone {
        self.until(|view| !view.busy && (view.remote_done.is_some() || view.error.is_some()));
        assert_eq!(self.view().error, None);
        self.view().remote_done.unwrap()
    }
}

#[test]
fn two_desks_unblock_a_ukey_by_files_in_their_windows() {
    let dir = TempDir::with_prefix("ukey-").unwrap();
    let [province, prefecture] = two_stations(dir.path());
    let serial = province.handed_out();
    // The holder carries it to the other desk.
    let folder = |station: &Station| station.home().join("ukeys").join(&serial);
    fs::create_dir_all(prefecture.home().join("ukeys")).unwrap();
    fs::rename(folder(&province), folder(&prefecture)).unwrap();

    let mut desk = prefecture.window();
    let label = desk.word("ui-remote-serial");
    desk.harness
        .get_by_role_and_label(Role::TextInput, &label)
        .focus();
    desk.harness.step();
    desk.type_text(&serial);
    desk.press("ui-remote-ask");
    let RemoteDone::Asked { file: asked, .. } = desk.remote_done() else {
        panic!("{:?}", desk.view().remote_done)
    };
    drop(desk);

    let mut desk = province.window();
    desk.turn_to_owner();
    desk.fill(Role::TextInput, "ui-remote-question", text(&asked));
    desk.press("ui-remote-look");
    desk.until(|view| !view.busy && view.question.is_some());
    let seen = desk.view().question.unwrap();
    assert_eq!(
        (seen.serial.as_str(), seen.unit.as_str()),
        (serial.as_str(), "示例prefecture")
    );
    desk.press("ui-remote-grant");
    desk.type_text("wrong horse 12");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.second_tried.is_some());
    assert!(desk.view().remote_done.is_none(), "nothing is released");
    desk.until(|view| view.seconds.iter().all(|second| second.wait_secs.is_none()));
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    let RemoteDone::Granted { file: granted, .. } = desk.remote_done() else {
        panic!("{:?}", desk.view().remote_done)
    };
    // A question is answered once.
    desk.fill(Role::TextInput, "ui-remote-question", text(&asked));
    desk.press("ui-remote-look");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "unblock-granted");
    drop(desk);

    let mut desk = prefecture.window();
    desk.fill(Role::TextInput, "ui-remote-release", text(&granted));
    let compared = desk.word("ui-unblock-compared");
    desk.harness
        .get_by_role_and_label(Role::CheckBox, &compared)
        .click();
    desk.harness.step();
    desk.press("ui-remote-apply");
    desk.until(|view| view.pin.is_some() || view.error.is_some());
    desk.type_pins(RANDOM_PIN_ENDS, RANDOM_PIN_ENDS);
    let RemoteDone::Applied { file: answer, .. } = desk.remote_done() else {
        panic!("{:?}", desk.view().remote_done)
    };
    assert!(desk.logs_in(&Serial::parse(&serial).unwrap(), RANDOM_PIN_ENDS));
    drop(desk);

    let mut desk = province.window();
    desk.turn_to_owner();
    desk.fill(Role::TextInput, "ui-remote-answer", text(&answer));
    desk.press("ui-remote-confirm");
    let confirmed = desk.remote_done();
    let RemoteDone::Confirmed {
        replayed, lifted, ..
    } = confirmed
    else {
        panic!("{confirmed:?}")
    };
    assert!(!replayed && lifted, "the hold of the random PIN ends");
    drop(desk);
    let shown = province.run(SYSTEM, &["ukey", "show", &serial]);
    assert_eq!(shown["certificate_state"], "active");
}
