//! Real homes of several units in one folder, made from the command line and certified by each other.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::store::StoreError;
use ukey_station::token::profiles;
use ukey_station::token::virtual_ukey::{self, VirtualUkeys};

use super::records::records;
use super::{Answer, SOFTHSM, answer, program, typed};

/// The system administrator of every station and their passphrase.
pub(crate) const SYSTEM: (&str, &str) = ("wang-system", "brave paper lantern 71");
/// The security administrator.
pub(crate) const SECURITY: (&str, &str) = ("zhao-security", "quiet river stone 92");

/// A desk of one unit in a folder of its own.
#[derive(Debug)]
pub(crate) struct Station {
    dir: PathBuf,
    pub(crate) code: &'static str,
}

impl Station {
    /// A place for one.
    pub(crate) fn new(parent: &Path, name: &str, code: &'static str) -> Self {
        let dir = parent.join(name);
        fs::create_dir(&dir).unwrap();
        Self { dir, code }
    }

    /// A file beside the home.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The home.
    pub(crate) fn home(&self) -> PathBuf {
        self.file("home")
    }

    /// A file that nobody else reads.
    pub(crate) fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs a command as one officer.
    pub(crate) fn act(&self, officer: (&str, &str), args: &[&str]) -> Answer {
        answer(&self.command(officer, args).output().unwrap())
    }

    /// The command itself.
    pub(crate) fn command(&self, officer: (&str, &str), args: &[&str]) -> Command {
        let text = format!("[officers]\n\"{}\" = \"{}\"\n", officer.0, officer.1);
        let secrets = self.private(&format!("{}.toml", officer.0), &text);
        let mut command = program();
        command.arg("--home").arg(self.home()).arg("--json");
        command.arg("--secrets").arg(secrets);
        command.args(["--officer", officer.0]).args(args);
        command
    }

    /// The same at a terminal where a person types these lines, e.g. the second officer's passphrase.
    pub(crate) fn typed(&self, officer: (&str, &str), args: &[&str], lines: &[&str]) -> Answer {
        self.typed_with(officer, &[], args, lines)
    }

    /// The same with these settings in the environment.
    pub(crate) fn typed_with(
        &self,
        officer: (&str, &str),
        settings: &[(&str, &str)],
        args: &[&str],
        lines: &[&str],
    ) -> Answer {
        let text = format!("[officers]\n\"{}\" = \"{}\"\n", officer.0, officer.1);
        let secrets = self.private(&format!("{}.toml", officer.0), &text);
        let (home, secrets) = (self.home(), secrets.display().to_string());
        let (home, program) = (home.display(), env!("CARGO_BIN_EXE_ukey-station"));
        let options = format!("--home {home} --json --lang en --secrets {secrets}");
        let args = args.join(" ");
        let command = format!("{program} {options} --officer {} {args}", officer.0);
        typed(&command, settings, lines)
    }

    /// Makes the home; officers are name, post and passphrase.
    pub(crate) fn init(&self, level: &str, trust: &str, officers: &[(&str, &str, &str)]) -> Answer {
        self.init_with(trust, level, &self.tables(officers), officers)
    }

    /// `[[officers]]`, with form 1 of those who decide.
    pub(crate) fn tables(&self, officers: &[(&str, &str, &str)]) -> String {
        let mut tables = String::new();
        for (at, (name, post, _passphrase)) in officers.iter().enumerate() {
            writeln!(tables, "[[officers]]\nname = \"{name}\"\npost = \"{post}\"").unwrap();
            if *post == "security" {
                let id_number = with_check(&format!("43990019710204{at:03}"));
                let form = format!(
                    "unit = \"\"\nname = \"赵志远\"\nid_number = \"{id_number}\"\n\
                     office_phone = \"0731-84402950\"\nemail = \"officer@unit.example.cn\"\n\
                     mobile = \"19900001234\"\naddress = \"示例路 1 号\"\npost = \"安全管理员\"\n"
                );
                self.private(&format!("form-1-{at}.toml"), &form);
                writeln!(tables, "form = \"form-1-{at}.toml\"").unwrap();
            }
        }
        tables
    }

    /// The same with `[[officers]]` as they are given.
    pub(crate) fn init_with(
        &self,
        trust: &str,
        level: &str,
        tables: &str,
        officers: &[(&str, &str, &str)],
    ) -> Answer {
        let config = format!(
            "{trust}\n[unit]\nname = \"示例{level}\"\nlevel = \"{level}\"\ncode = \"{}\"\n\
             province = \"湖南省\"\nprefecture = \"示例市\"\n{tables}",
            self.code
        );
        let mut secrets = "[officers]\n".to_owned();
        for (name, _post, passphrase) in officers {
            writeln!(secrets, "\"{name}\" = \"{passphrase}\"").unwrap();
        }
        fs::write(self.file("init.toml"), config).unwrap();
        let secrets = self.private("all.toml", &secrets);
        let mut command = program();
        command.arg("--home").arg(self.home()).arg("--json");
        command.arg("--secrets").arg(secrets).arg("init");
        command.arg("--config").arg(self.file("init.toml"));
        answer(&command.output().unwrap())
    }

    /// Gives the `[trust]` table that a subordinate pins, and the folder it points to.
    pub(crate) fn trust(&self) -> String {
        let dir = self.file("given");
        let given = self.act(SYSTEM, &["unit", "certificate", dir.to_str().unwrap()]);
        let given = given.expect(0);
        let word = |name: &str| given.one()[name].as_str().unwrap().to_owned();
        format!(
            "[trust]\nroot = \"{}\"\nroot-sha256 = \"{}\"\nsuperior = \"{}\"\nsuperior-sha256 = \"{}\"",
            dir.join("root.pem").display(),
            word("root_sha256").to_uppercase(),
            dir.join("unit.pem").display(),
            word("unit_sha256"),
        )
    }

    /// Certifies a subordinate that was just initialised, and has it take the answer.
    pub(crate) fn enrol(&self, subordinate: &Self, made: &Value) {
        let (file, paper) = (
            made["enrolment"].as_str().unwrap(),
            made["fingerprint"].as_str().unwrap(),
        );
        let shown = self.act(SECURITY, &["unit", "enrol", file]).expect(3);
        assert_eq!(shown.one()["fingerprint"], paper);
        let wrong = ["unit", "enrol", file, "--fingerprint", &"0".repeat(64)];
        let refused = self.act(SECURITY, &wrong).expect(4);
        assert_eq!(refused.error_code(), "fingerprint-differs");
        let answer = self.file("answer");
        let right = [
            "unit",
            "enrol",
            file,
            "--fingerprint",
            paper,
            "--out",
            answer.to_str().unwrap(),
        ];
        let enrolled = self.act(SECURITY, &right).expect(0);
        assert_eq!(enrolled.one()["code"], subordinate.code);
        let taken = ["unit", "enrolled", answer.to_str().unwrap()];
        subordinate.act(SYSTEM, &taken).expect(0);
    }

    /// The province's holder root certifies the CA of a county under this prefecture.
    pub(crate) fn certify_ca(&self, county: &Self, prefecture: &str) {
        let (request, ca) = (county.file("ca.p10"), county.file("ca.pem"));
        let (request, ca) = (request.to_str().unwrap(), ca.to_str().unwrap());
        let asked = county.act(SECURITY, &["ca", "request", request]);
        let fingerprint = asked.expect(0).one()["fingerprint"]
            .as_str()
            .unwrap()
            .to_owned();
        let add = ["unit", "add", "--name", "示例county", "--level", "county"];
        let add = [&add[..], &["--code", county.code, "--parent", prefecture]].concat();
        self.act(SYSTEM, &add).expect(0);
        let certify = |fingerprint: &str| {
            let args = ["ca", "certify", request, "--fingerprint", fingerprint];
            let args = [&args[..], &["--unit", county.code, "--out", ca]].concat();
            self.act(SECURITY, &args)
        };
        assert_eq!(certify(&fingerprint).expect(4).error_code(), "ca-locked");
        self.act(SECURITY, &["ca", "unlock"]).expect(0);
        let wrong = certify(&"0".repeat(64)).expect(4);
        assert_eq!(wrong.error_code(), "fingerprint-differs");
        certify(&fingerprint).expect(0);
        county.act(SYSTEM, &["ca", "install", ca]).expect(0);
    }

    /// Enters so many requests of invented holders as the paper chain asks: form, scan, opinions;
    /// submits them, and gives their numbers.
    pub(crate) fn submit_requests(&self, count: usize) -> Vec<String> {
        self.submit_requests_with(count, include_bytes!("scan.png"))
    }

    /// As [`Self::submit_requests`], each with this scan.
    pub(crate) fn submit_requests_with(&self, count: usize, content: &[u8]) -> Vec<String> {
        fs::write(self.file("scan.png"), content).unwrap();
        (0..count)
            .map(|index| self.submit(&format!("request-{index}.toml"), &self.form(index)))
            .collect()
    }

    /// Enters a form with the scan that is there and every opinion, submits it, and gives its number.
    pub(crate) fn submit(&self, name: &str, form: &str) -> String {
        let run = |args: &[&str]| self.act(SYSTEM, args).expect(0);
        let (file, scan) = (self.private(name, form), self.file("scan.png"));
        let entered = run(&["request", "add", file.to_str().unwrap()]);
        let number = entered.one()["number"].as_str().unwrap().to_owned();
        run(&["request", "attach", &number, scan.to_str().unwrap()]);
        for kind in ["applicant", "department", "office", "acceptance"] {
            let by = ["--by", "刘明", "--on", "2026-11-20"];
            run(&[&["request", "opinion", &number, kind], by.as_slice()].concat());
        }
        run(&["request", "submit", &number]);
        number
    }

    /// Blanks that the superior would have sent, plugged in: distribution is another matter.
    pub(crate) fn stock(&self, count: usize) {
        let (folder, ukeys) = (self.home().join("ukeys"), virtual_ukeys());
        let mut store = records(&self.home(), SYSTEM);
        for _ in 0..count {
            let identity = ukeys.make(&folder).unwrap();
            virtual_ukey::insert(&folder.join(identity.serial.as_str())).unwrap();
            let at = Timestamp::parse("2026-11-24T08:00:00Z").unwrap();
            store
                .write(|writing| {
                    writing.insert_ukey(&identity, "softhsm2", at)?;
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        }
    }

    /// Makes so many ukeys, with random PINs, and hands them out; gives the requests' numbers and the
    /// ukeys, the first of each belonging together.
    pub(crate) fn handed_out(&self, count: usize) -> (Vec<String>, Vec<String>) {
        let numbers = self.submit_requests(count);
        self.stock(count);
        self.act(SECURITY, &["ca", "unlock"]).expect(0);
        let mut serials = Vec::new();
        for number in &numbers {
            self.act(SECURITY, &["request", "approve", number])
                .expect(0);
            let make = ["personalise", number, "--pin", "random", "--yes"];
            let made = self.act(SYSTEM, &make).expect(0);
            let serial = made.events("result")[0]["serial"].as_str().unwrap();
            let slip = self.file("slip.pdf");
            let slip = slip.to_str().unwrap();
            self.act(SYSTEM, &["slip", serial, slip]).expect(0);
            self.act(SYSTEM, &["hand-out", serial]).expect(0);
            serials.push(serial.to_owned());
        }
        (numbers, serials)
    }

    /// Form 2 of an invented holder.
    pub(crate) fn form(&self, index: usize) -> String {
        let digits = format!("43990019800307{index:03}");
        let given = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
        format!(
            "unit = \"{}\"\nname = \"王晓雯{}{}\"\nid_number = \"{}\"\n\
             office_phone = \"0731-84402950\"\nemail = \"teacher{index}@school.example.cn\"\n\
             mobile = \"1990000{index:04}\"\nschool_type = \"211\"\n\
             user_types = [\"信息管理员\"]\napply_certificate = true\naddress = \"示例路 1 号\"\n",
            self.code,
            given[index / 10],
            given[index % 10],
            with_check(&digits),
        )
    }
}

/// How to make factory-fresh virtual ukeys, as a supplier does.
pub(crate) fn virtual_ukeys() -> VirtualUkeys {
    let profile = profiles::load(Path::new("")).unwrap().remove("softhsm2");
    VirtualUkeys {
        profile: profile.unwrap(),
        program: env!("CARGO_BIN_EXE_ukey-station").into(),
        module: SOFTHSM.into(),
        sha256: None,
    }
}

/// Both officers.
pub(crate) fn everyone() -> [(&'static str, &'static str, &'static str); 2] {
    [
        (SYSTEM.0, "system", SYSTEM.1),
        (SECURITY.0, "security", SECURITY.1),
    ]
}

/// The province, made.
pub(crate) fn province(dir: &TempDir) -> Station {
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    province.init("province", "", &everyone()).expect(0);
    province
}

/// A county and its school under a prefecture and a province, certified. The school has one officer,
/// so the county's security decides on its requests (D-8).
pub(crate) fn county_and_school(dir: &TempDir) -> [Station; 2] {
    let province = province(dir);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let county = Station::new(dir.path(), "county", "124300004448800102");
    let school = Station::new(dir.path(), "school", "2143000001");
    let one = [everyone()[0]];
    let levels: [(&Station, &Station, &str, &[_]); 3] = [
        (&province, &prefecture, "prefecture", &everyone()),
        (&prefecture, &county, "county", &everyone()),
        (&county, &school, "school", &one),
    ];
    for (superior, subordinate, level, officers) in levels {
        let made = subordinate
            .init(level, &superior.trust(), officers)
            .expect(0);
        superior.enrol(subordinate, made.one());
    }
    [county, school]
}

/// A prefecture and two counties under it, the first of them with a CA of its own.
pub(crate) fn two_counties(dir: &TempDir) -> [Station; 3] {
    let embedded = "[ca]\nkind = \"embedded\"\n";
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    province.init("province", embedded, &everyone()).expect(0);
    let prefecture = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let made = prefecture.init("prefecture", &province.trust(), &everyone());
    province.enrol(&prefecture, made.expect(0).one());
    let here = Station::new(dir.path(), "here", "124300004448800102");
    let trust = format!("{embedded}{}", prefecture.trust());
    let made = here.init("county", &trust, &everyone());
    prefecture.enrol(&here, made.expect(0).one());
    province.certify_ca(&here, prefecture.code);
    let there = Station::new(dir.path(), "there", "11430102006123888G");
    let made = there.init("county", &prefecture.trust(), &everyone());
    prefecture.enrol(&there, made.expect(0).one());
    [prefecture, here, there]
}

/// A copy of a file with one bit changed, beside it.
pub(crate) fn altered(file: &Path) -> PathBuf {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.len() / 2;
    *bytes.get_mut(at).unwrap() ^= 1;
    let other = file.with_extension("altered");
    fs::write(&other, bytes).unwrap();
    other
}

/// The check character that fits (D-14).
fn with_check(digits: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits
        .chars()
        .zip(weights)
        .map(|(digit, weight)| digit.to_digit(10).unwrap() * weight)
        .sum();
    let check = "10X98765432".chars().nth((sum % 11) as usize).unwrap();
    format!("{digits}{check}")
}
