//! What the tests of the whole program share: a practice home in memory-backed storage, the program
//! run as a person would, and the third parties that judge what it made.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![allow(
    dead_code,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "each test file uses a part of it; a missing JSON field fails the test"
)]

pub(crate) mod losses;
pub(crate) mod paper;
pub(crate) mod point;
pub(crate) mod readers;
pub(crate) mod records;
pub(crate) mod renewal;
pub(crate) mod scene;
pub(crate) mod shares;
pub(crate) mod stations;
pub(crate) mod stock_check;
pub(crate) mod virtual_card;
pub(crate) mod web;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Where SoftHSM is on Debian and Ubuntu.
pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A PKCS#11 module that plays the ukeys.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// The token profile's name.
    pub(crate) profile: &'static str,
    /// The shared library.
    pub(crate) library: PathBuf,
    /// Names the library to the program.
    pub(crate) override_env: &'static str,
    /// Names the token's file to the library.
    conf_env: &'static str,
    conf_file: &'static str,
}

impl Module {
    pub(crate) fn softhsm() -> Self {
        Self {
            profile: "softhsm2",
            library: SOFTHSM.into(),
            override_env: "UKEY_STATION_SOFTHSM",
            conf_env: "SOFTHSM2_CONF",
            conf_file: "softhsm2.conf",
        }
    }

    /// The second, unrelated one: built from its published crate where nobody names it.
    pub(crate) fn kryoptic() -> Self {
        let library = std::env::var_os("UKEY_STATION_KRYOPTIC").unwrap_or_else(|| {
            let told = must("bash", &["scripts/kryoptic.sh"]);
            told.lines().last().unwrap().into()
        });
        Self {
            profile: "kryoptic",
            library: library.into(),
            override_env: "UKEY_STATION_KRYOPTIC",
            conf_env: "KRYOPTIC_CONF",
            conf_file: "token.sql",
        }
    }
}

/// A folder in memory where there is one: SoftHSM's object files are what an EC run waits for.
pub(crate) fn memory_dir() -> TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        TempDir::with_prefix_in("ukey-", shm)
    } else {
        TempDir::new()
    }
    .unwrap()
}

/// One call of the program and what it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) lines: Vec<Value>,
    pub(crate) stderr: String,
}

impl Answer {
    /// The only document on stdout.
    pub(crate) fn one(&self) -> &Value {
        assert_eq!(self.lines.len(), 1, "{self:#?}");
        self.lines.first().unwrap()
    }

    /// The documents with this `event`.
    pub(crate) fn events(&self, event: &str) -> Vec<&Value> {
        self.lines
            .iter()
            .filter(|line| line["event"] == event)
            .collect()
    }

    /// How a step ended, each time it was tried.
    pub(crate) fn outcomes(&self, step: &str) -> Vec<&str> {
        let steps = self.events("step").into_iter();
        let tried = steps.filter(|line| line["step"] == step);
        tried
            .map(|line| line["outcome"].as_str().unwrap())
            .collect()
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &Vec<Value> {
        self.one()["items"].as_array().unwrap()
    }

    /// The error's code.
    pub(crate) fn error_code(&self) -> &str {
        self.lines
            .iter()
            .find_map(|line| line["error"]["code"].as_str())
            .unwrap_or_default()
    }

    /// The command line itself was wrong.
    pub(crate) fn expect_usage(self) {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.error_code(), "usage");
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// The program, ready to be told what to do.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ukey-station"));
    for name in [
        "UKEY_STATION_HOME",
        "UKEY_STATION_OFFICER",
        "UKEY_STATION_SECRETS",
    ] {
        command.env_remove(name);
    }
    command.env("LANG", "C.UTF-8");
    command
}

/// Turns what a process left behind into an answer.
pub(crate) fn answer(output: &Output) -> Answer {
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Answer {
        code: output.status.code(),
        lines,
        stderr,
    }
}

/// A practice home and the folder it lives in.
#[derive(Debug)]
pub(crate) struct PracticeHome {
    _dir: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) module: Module,
}

impl PracticeHome {
    /// A place for one.
    pub(crate) fn empty(module: Module) -> Self {
        let dir = memory_dir();
        let path = dir.path().join("home");
        Self {
            _dir: dir,
            path,
            module,
        }
    }

    /// Makes one with so many ukeys and approved requests.
    pub(crate) fn new(ukeys: u16, requests: u16) -> Self {
        Self::with(Module::softhsm(), ukeys, requests)
    }

    /// The same with ukeys of another module.
    pub(crate) fn with(module: Module, ukeys: u16, requests: u16) -> Self {
        let home = Self::empty(module);
        let output = program()
            .env(home.module.override_env, &home.module.library)
            .args(["practice", "new", "--json"])
            .arg(&home.path)
            .args([
                "--ukeys",
                &ukeys.to_string(),
                "--requests",
                &requests.to_string(),
                "--profile",
                home.module.profile,
            ])
            .output()
            .unwrap();
        answer(&output).expect(0);
        home
    }

    /// The program on this home, `--json`.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = program();
        command
            .env(self.module.override_env, &self.module.library)
            .arg("--home")
            .arg(&self.path)
            .arg("--json")
            .args(args);
        command
    }

    /// Runs it.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        answer(&self.command(args).output().unwrap())
    }

    /// The program on this home with a module that misbehaves as these settings of tests/fault-module say.
    pub(crate) fn faulty(&self, settings: &[(&str, &str)], args: &[&str]) -> Answer {
        let mut command = self.command(args);
        command
            .env(self.module.override_env, fault_module())
            .env("FAULT_MODULE", &self.module.library)
            .envs(settings.iter().copied());
        answer(&command.output().unwrap())
    }

    /// The program at a terminal where a person types these lines; what the terminal showed is in
    /// `stderr`, the documents among it in `lines`.
    pub(crate) fn typed(&self, settings: &[(&str, &str)], args: &str, lines: &[&str]) -> Answer {
        let program = env!("CARGO_BIN_EXE_ukey-station");
        let home = self.path.to_str().unwrap();
        let command = format!("{program} --home {home} --json --lang en {args}");
        let module = (
            self.module.override_env,
            self.module.library.to_str().unwrap(),
        );
        typed(&command, &[&[module], settings].concat(), lines)
    }

    /// The user PIN of a ukey as the practice secrets have it.
    pub(crate) fn user_pin(&self, serial: &str) -> String {
        let text = std::fs::read_to_string(self.path.join("secrets.toml")).unwrap();
        let secrets: toml::Table = text.parse().unwrap();
        secrets["ukeys"][serial].as_str().unwrap().to_owned()
    }

    /// pkcs11-tool on one virtual ukey.
    pub(crate) fn pkcs11_tool(&self, serial: &str, args: &[&str]) -> Output {
        Command::new("pkcs11-tool")
            .arg("--module")
            .arg(&self.module.library)
            .args(args)
            .env(
                self.module.conf_env,
                self.path
                    .join("ukeys")
                    .join(serial)
                    .join(self.module.conf_file),
            )
            .output()
            .unwrap()
    }

    /// Somebody else initialises a blank with this label.
    pub(crate) fn written_by_others(&self, serial: &str, label: &str) {
        let token = ["--init-token", "--slot-index", "0", "--so-pin", "12345678"];
        let wiped = self.pkcs11_tool(serial, &[&token[..], &["--label", label]].concat());
        assert!(wiped.status.success(), "{wiped:?}");
    }

    /// Serials of the virtual ukeys, sorted.
    pub(crate) fn serials(&self) -> Vec<String> {
        let mut serials: Vec<String> = std::fs::read_dir(self.path.join("ukeys"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        serials.sort();
        serials
    }
}

/// The library of tests/fault-module, built on demand.
pub(crate) fn fault_module() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_ukey-station"))
        .parent()
        .unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "fault-module", "--target-dir"])
        .arg(target.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    target.join("libfault_module.so")
}

/// Runs a third party's tool and gives its output; it must succeed.
pub(crate) fn must(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {args:?}\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Runs a command line at a terminal where a person types these lines; what the terminal showed is in
/// `stderr`, the documents among it in `lines`.
pub(crate) fn typed(command: &str, settings: &[(&str, &str)], lines: &[&str]) -> Answer {
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", command, "/dev/null"])
        .envs(settings.iter().copied())
        .env_remove("UKEY_STATION_OFFICER")
        .env_remove("UKEY_STATION_SECRETS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    for line in lines {
        writeln!(keyboard, "{line}").unwrap();
    }
    let output = terminal.wait_with_output().unwrap();
    drop(keyboard); // Closed earlier, `script` would end the program.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let documents = text.lines().filter(|line| line.starts_with('{'));
    Answer {
        code: output.status.code(),
        lines: documents
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        stderr: text,
    }
}
