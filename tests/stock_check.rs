//! The stock check (D-28) through the command line: what is read and scanned, what differs and what
//! becomes of it, across pauses and kills; and that no ukey is changed by it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use support::{Answer, PracticeHome, must};
use ukey_station::station::clock::Stopwatch;
use ukey_station::token::lister::{Lister, Place};
use ukey_station::token::profiles;
use ukey_station::token::worker::{ModuleSpec, WorkerSpec};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn pull(home: &PracticeHome, serial: &str) {
    home.run(["practice", "pull", path(&home.path), serial])
        .expect(0);
}

fn insert(home: &PracticeHome, serial: &str) {
    home.run(["practice", "insert", path(&home.path), serial])
        .expect(0);
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// Every file of the virtual ukeys' tokens with its bytes.
fn tokens(home: &PracticeHome) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    let mut found = BTreeMap::new();
    for serial in home.serials() {
        walk(
            &home.path.join("ukeys").join(serial).join("tokens"),
            &mut found,
        );
    }
    assert!(!found.is_empty());
    found
}

/// Verdict of each ukey that a sitting told of.
fn verdicts(answer: &Answer) -> BTreeMap<String, String> {
    let events = answer.events("checked").into_iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events
        .map(|event| (text(&event["serial"]), text(&event["verdict"])))
        .collect()
}

fn summary(answer: &Answer) -> &Value {
    let summaries = answer.events("summary");
    assert_eq!(summaries.len(), 1, "{answer:#?}");
    summaries[0]
}

/// `[expected, found, not_found, differing]`.
fn counts(value: &Value) -> [u64; 4] {
    ["expected", "found", "not_found", "differing"].map(|key| value[key].as_u64().unwrap())
}

fn discrepancies(home: &PracticeHome) -> Vec<Value> {
    home.run(["stock", "discrepancy", "list"])
        .expect(0)
        .items()
        .clone()
}

fn is_balanced(home: &PracticeHome) {
    let report = home.run(["stock", "report"]).expect(0);
    assert!(report.items().iter().all(|line| line["balanced"] == true));
}

#[test]
fn what_is_plugged_in_is_found_what_is_not_becomes_a_difference_and_openssl_judges_the_result() {
    let home = PracticeHome::new(7, 0);
    let serials = home.serials();
    pull(&home, &serials[6]);
    let before = tokens(&home);
    let none = home.run(["stock", "check"]).expect(4);
    assert_eq!(none.error_code(), "stock-check-none");
    let read = home.run(["stock", "check", "start", "--once"]).expect(3);
    let found: BTreeMap<_, _> = serials[..6]
        .iter()
        .map(|serial| (serial.clone(), "found".to_owned()))
        .collect();
    assert_eq!(verdicts(&read), found);
    for event in read.events("checked") {
        assert_eq!(event["how"], "read");
        assert_eq!(event["state"], "blank");
        assert!(event["ms"].as_f64() >= event["module_ms"].as_f64());
    }
    assert_eq!(counts(summary(&read)), [7, 6, 1, 0]);
    assert_eq!(summary(&read)["state"], "paused");
    let second = home.run(["stock", "check", "start", "--once"]).expect(4);
    assert_eq!(second.error_code(), "stock-check-open");
    assert_eq!(discrepancies(&home).len(), 0, "nothing before it is signed");

    let dir = home.path.join("out/check");
    let signed = home
        .run(["stock", "check", "sign", "--export", path(&dir)])
        .expect(0);
    assert_eq!(signed.one()["state"], "signed");
    assert_eq!(counts(signed.one()), [7, 6, 1, 0]);
    let (p7s, chain, out) = (
        dir.join("stock-check.p7s"),
        dir.join("chain.pem"),
        dir.join("verified"),
    );
    let verify = ["cms", "-verify", "-inform", "DER", "-binary"];
    let files = [
        "-in",
        path(&p7s),
        "-CAfile",
        path(&chain),
        "-out",
        path(&out),
    ];
    must("openssl", &[&verify[..], &files[..]].concat());
    let verified = fs::read(&out).unwrap();
    assert_eq!(verified, fs::read(dir.join("result.json")).unwrap());
    let result: Value = serde_json::from_slice(&verified).unwrap();
    assert_eq!(result["type"], "ukey-station/stock-check");
    assert_eq!(result["missing"][0]["serial"], serials[6].as_str());
    assert_eq!(result["items"].as_array().unwrap().len(), 6);

    let differences = discrepancies(&home);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["kind"], "not-found");
    assert_eq!(differences[0]["serial"], serials[6].as_str());
    assert_eq!(differences[0]["check"], signed.one()["id"]);
    let number = differences[0]["number"].as_str().unwrap();
    let explain = [
        "stock",
        "discrepancy",
        "explain",
        number,
        "--reason",
        "搬家时丢失",
    ];
    let wrong = home
        .run([&explain[..], &["--as", "damaged"]].concat())
        .expect(4);
    assert_eq!(wrong.error_code(), "discrepancy-resolution");
    home.run([&explain[..], &["--as", "lost"]].concat())
        .expect(0);
    home.run(["stock", "discrepancy", "accept", number])
        .expect(0);
    assert_eq!(
        home.run(["ukey", "show", &serials[6]]).one()["state"],
        "lost"
    );
    assert_eq!(tokens(&home), before, "reading never changes a ukey");
    is_balanced(&home);
    let after = home.run(["stock", "check", "resume", "--once"]).expect(4);
    assert_eq!(after.error_code(), "stock-check-none");
    let shown = home.run(["stock", "check"]).expect(0);
    assert_eq!(counts(shown.one()), [7, 6, 1, 0], "what was signed stays");
}

#[test]
fn each_difference_has_its_verdict_its_cure_and_its_record() {
    let home = PracticeHome::new(5, 1);
    let serials = home.serials();
    let [made, written, destroyed, copied, blank] = [0, 1, 2, 3, 4].map(|at| serials[at].as_str());
    home.run(["personalise", "2026-0001", "--ukey", made])
        .expect(0);
    let label = [
        "--init-token",
        "--slot-index",
        "0",
        "--so-pin",
        "12345678",
        "--label",
        "MINE",
    ];
    assert!(home.pkcs11_tool(written, &label).status.success());
    let destroy = [
        "ukey", "destroy", destroyed, "--reason", "试毁", "--second", "security",
    ];
    home.run(destroy).expect(0);
    let folder = home.path.join("ukeys");
    copy(&folder.join(copied), &folder.join("0000copy"));
    let other = PracticeHome::new(1, 0);
    let foreign = other.serials()[0].clone();
    copy(
        &other.path.join("ukeys").join(&foreign),
        &folder.join(&foreign),
    );
    let before = tokens(&home);

    let read = home.run(["stock", "check", "start", "--once"]).expect(3);
    let expected = [
        (made, "found"),
        (written, "not-blank"),
        (destroyed, "wrong-state"),
        (copied, "twice"),
        (blank, "found"),
        (foreign.as_str(), "unknown"),
    ];
    let told = verdicts(&read);
    for (serial, verdict) in expected {
        assert_eq!(told[serial], verdict, "{serial}");
    }
    for event in read.events("checked") {
        let differs = !["found", "duplicate"].contains(&event["verdict"].as_str().unwrap());
        assert_eq!(event["to_do"].is_string(), differs, "{event}");
        assert!(
            !event.to_string().contains("MINE"),
            "no label is told: {event}"
        );
    }
    let newest = read.events("checked").into_iter();
    let mut of_copied = newest.filter(|event| event["serial"] == copied);
    assert_eq!(of_copied.next_back().unwrap()["verdict"], "twice");
    // Four lie here: the destroyed one does not, and each difference is one.
    assert_eq!(counts(summary(&read)), [4, 2, 0, 4]);
    let print = home.path.join("out/check.pdf");
    home.run(["stock", "check", "print", path(&print)])
        .expect(0);
    let text = must("pdftotext", &["-layout", path(&print), "-"]);
    for word in [
        "盘点表",
        "2026-0001",
        written,
        "不是空白",
        "监盘人",
        "已暂停",
        "应有",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    home.run(["stock", "check", "sign"]).expect(0);
    let kinds: BTreeMap<_, _> = discrepancies(&home)
        .iter()
        .map(|row| {
            (
                row["serial"].as_str().unwrap().to_owned(),
                row["kind"].clone(),
            )
        })
        .collect();
    let expected = [
        (written, "wrong-state"),
        (destroyed, "wrong-state"),
        (copied, "wrong-state"),
        (foreign.as_str(), "unexpected"),
    ];
    let expected = expected.map(|(serial, kind)| (serial.to_owned(), json!(kind)));
    assert_eq!(kinds, expected.into());
    assert_eq!(tokens(&home), before, "reading never changes a ukey");
    is_balanced(&home);

    // What is still open is not recorded again by the next check.
    home.run(["stock", "check", "start", "--once"]).expect(3);
    let again = home.run(["stock", "check", "sign"]).expect(0);
    assert_eq!(again.one()["number"], "2026-0002");
    assert_eq!(discrepancies(&home).len(), 4);
}

#[test]
fn a_locked_a_silent_and_a_foreign_made_ukey_are_told_apart() {
    let home = PracticeHome::new(3, 1);
    let serials = home.serials();
    // Made elsewhere: a copy of these records was taken before.
    let twin = home.path.with_extension("twin");
    copy(&home.path, &twin);
    home.run(["personalise", "2026-0001", "--ukey", &serials[0]])
        .expect(0);
    for part in [
        "station.db",
        "station.db-wal",
        "station.db-shm",
        "keys.json",
        "secrets.toml",
    ] {
        fs::remove_file(home.path.join(part)).ok();
        if twin.join(part).exists() {
            copy(&twin.join(part), &home.path.join(part));
        }
    }
    let tokens = home.path.join("ukeys").join(&serials[1]).join("tokens");
    for token in fs::read_dir(tokens).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let locked = [
        ("FAULT_SO_LOCKED", "1"),
        ("FAULT_ONLY", serials[2].as_str()),
    ];
    let read = home
        .faulty(&locked, &["stock", "check", "start", "--once"])
        .expect(3);
    let told = verdicts(&read);
    assert_eq!(told[&serials[0]], "foreign-objects");
    assert_eq!(told[&serials[1]], "unreadable");
    assert_eq!(told[&serials[2]], "so-locked");
    assert_eq!(counts(summary(&read)), [3, 0, 0, 3]);
}

#[test]
fn a_module_that_hangs_or_dies_costs_one_ukey_and_no_other() {
    let home = PracticeHome::new(2, 0);
    let serials = home.serials();
    let dies = [
        ("FAULT_AT", "C_GetTokenInfo:abort"),
        ("FAULT_ONLY", serials[0].as_str()),
    ];
    let read = home
        .faulty(&dies, &["stock", "check", "start", "--once"])
        .expect(3);
    let told = verdicts(&read);
    assert_eq!(told[&serials[1]], "found");
    assert_eq!(told[&serials[0]], "unreadable");
    // Plugged in again where it works, it is found; the other one was counted.
    let again = home.run(["stock", "check", "resume", "--once"]).expect(3);
    assert_eq!(verdicts(&again)[&serials[0]], "found");
    assert_eq!(verdicts(&again)[&serials[1]], "duplicate");
    assert_eq!(counts(summary(&again)), [2, 2, 0, 0]);
}

#[test]
fn sealed_boxes_are_scanned_and_a_reading_counts_more() {
    let home = PracticeHome::new(3, 0);
    let serials = home.serials();
    for serial in &serials {
        pull(&home, serial);
    }
    let list = home.path.join("out/scanned.txt");
    let person = "439900198001010512";
    let text = format!(
        "{}\r\n\n{}\r\nNOBODY-7\n{}\n{person}\n",
        serials[0], serials[1], serials[0]
    );
    fs::write(&list, text).unwrap();
    let scanned = home
        .run(["stock", "check", "start", "--scan", path(&list)])
        .expect(3);
    let told: Vec<_> = scanned
        .events("checked")
        .iter()
        .map(|event| {
            (
                event["serial"].clone(),
                event["verdict"].clone(),
                event["how"].clone(),
            )
        })
        .collect();
    let row = |serial: &str, verdict: &str| (json!(serial), json!(verdict), json!("scanned"));
    let expected = [
        row(&serials[0], "found"),
        row(&serials[1], "found"),
        row("NOBODY-7", "unknown"),
        row(&serials[0], "duplicate"),
    ];
    assert_eq!(told, expected);
    assert_eq!(scanned.error_code(), "stock-check-serial");
    assert!(
        !format!("{scanned:?}").contains(person),
        "a person's number is masked"
    );
    assert_eq!(counts(summary(&scanned)), [3, 2, 1, 1]);
    assert_eq!(summary(&scanned)["scanned"], 3);
    // Plugged in, one of them turns out to be written.
    let label = [
        "--init-token",
        "--slot-index",
        "0",
        "--so-pin",
        "12345678",
        "--label",
        "X",
    ];
    assert!(home.pkcs11_tool(&serials[1], &label).status.success());
    insert(&home, &serials[1]);
    let read = home.run(["stock", "check", "resume", "--once"]).expect(3);
    assert_eq!(
        verdicts(&read),
        [(serials[1].clone(), "not-blank".to_owned())].into()
    );
    assert_eq!(read.events("checked")[0]["before"], "found");
    assert_eq!(counts(summary(&read)), [3, 1, 1, 2]);
}

/// A sitting at work. Reading a line of it blocks; nothing here waits for time to pass.
struct Sitting {
    child: Child,
    keyboard: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Sitting {
    fn of(home: &PracticeHome, verb: &str) -> Self {
        Self::spawn(home.command(["stock", "check", verb]))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let keyboard = child.stdin.take();
        Self {
            child,
            keyboard,
            lines,
        }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Verdict of each of the next ones.
    fn told(&mut self, count: usize) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (0..count)
            .map(|_| self.next())
            .map(|event| (text(&event["serial"]), text(&event["verdict"])))
            .collect()
    }

    fn types(&mut self, line: &str) {
        writeln!(self.keyboard.as_mut().unwrap(), "{line}").unwrap();
    }
}

#[test]
fn a_sitting_reads_who_comes_takes_what_is_scanned_and_loses_nothing_when_it_is_killed() {
    let home = PracticeHome::new(5, 0);
    let serials = home.serials();
    for serial in &serials[1..] {
        pull(&home, serial);
    }
    let found = |serial: &String| (serial.clone(), "found".to_owned());
    let mut sitting = Sitting::of(&home, "start");
    assert_eq!(sitting.told(1), [found(&serials[0])].into());
    insert(&home, &serials[1]);
    insert(&home, &serials[2]);
    let both: BTreeMap<_, _> = serials[1..3].iter().map(found).collect();
    assert_eq!(sitting.told(2), both);
    sitting.types(&serials[3]);
    let scanned = sitting.next();
    assert_eq!(
        (&scanned["verdict"], &scanned["how"]),
        (&json!("found"), &json!("scanned"))
    );
    // Beside it the check can be looked at, not changed.
    let shown = home.run(["stock", "check"]).expect(0);
    assert_eq!(counts(shown.one()), [5, 4, 1, 0]);
    let held = home.run(["stock", "check", "sign"]).expect(1);
    assert_eq!(held.error_code(), "home-held");
    pull(&home, &serials[1]);
    insert(&home, &serials[1]);
    let back = sitting.next();
    assert_eq!(
        (&back["serial"], &back["verdict"]),
        (&json!(serials[1]), &json!("duplicate"))
    );
    sitting.child.kill().unwrap();
    sitting.child.wait().unwrap();

    let open = home.run(["stock", "check"]).expect(0);
    assert_eq!(open.one()["state"], "open");
    assert_eq!(counts(open.one()), [5, 4, 1, 0], "all that was told stands");
    let mut sitting = Sitting::of(&home, "resume");
    for (_serial, verdict) in sitting.told(3) {
        assert_eq!(verdict, "duplicate");
    }
    insert(&home, &serials[4]);
    assert_eq!(sitting.told(1), [found(&serials[4])].into());
    sitting.types("");
    let summary = sitting.next();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["state"], "paused");
    assert_eq!(summary["duplicates"], 3);
    assert_eq!(counts(&summary), [5, 5, 0, 0]);
    assert!(sitting.lines.next().is_none());
    assert_eq!(sitting.child.wait().unwrap().code(), Some(3));
    let signed = home.run(["stock", "check", "sign"]).expect(0);
    assert_eq!(counts(signed.one()), [5, 5, 0, 0]);
    assert_eq!(discrepancies(&home).len(), 0);
}

#[test]
fn a_sitting_ends_with_its_input() {
    let home = PracticeHome::new(2, 0);
    let serials = home.serials();
    pull(&home, &serials[1]);
    let mut sitting = Sitting::of(&home, "start");
    assert_eq!(sitting.next()["verdict"], "found");
    write!(sitting.keyboard.as_mut().unwrap(), "{}", serials[1]).unwrap();
    drop(sitting.keyboard.take());
    assert_eq!(
        sitting.next()["serial"],
        serials[1].as_str(),
        "the last line needs no end"
    );
    assert_eq!(counts(&sitting.next()), [2, 2, 0, 0]);
    assert_eq!(sitting.child.wait().unwrap().code(), Some(3));
}

#[test]
fn people_see_shape_and_word_colour_only_at_a_terminal_and_hear_differences_there() {
    let home = PracticeHome::new(1, 0);
    let serial = home.serials()[0].clone();
    let label = [
        "--init-token",
        "--slot-index",
        "0",
        "--so-pin",
        "12345678",
        "--label",
        "X",
    ];
    let plain = |verb: &str| {
        let mut command = support::program();
        command
            .arg("--home")
            .arg(&home.path)
            .args(["--lang", "en", "stock", "check", verb, "--once"]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = plain("start");
    assert!(
        told.contains(&format!("✓ {serial}  found  blank")),
        "{told}"
    );
    home.run(["stock", "check", "drop"]).expect(0);
    assert!(home.pkcs11_tool(&serial, &label).status.success());
    let told = plain("start");
    assert!(
        told.contains(&format!("✗ {serial}  not blank  blank")),
        "{told}"
    );
    assert!(told.contains("Do not use it"), "{told}");
    assert!(!told.contains(['\x1b', '\x07']), "{told:?}");
    let at_terminal = |settings: &[(&str, &str)]| {
        home.run(["stock", "check", "drop"]).expect(0);
        let program = env!("CARGO_BIN_EXE_ukey-station");
        let command = format!(
            "{program} --home {} --lang en stock check start --once",
            home.path.display()
        );
        support::typed(&command, settings, &[]).stderr
    };
    let told = at_terminal(&[]);
    assert!(
        told.contains("\x1b[1;31m✗") && told.contains('\x07'),
        "{told:?}"
    );
    let told = at_terminal(&[("NO_COLOR", "1")]);
    assert!(!told.contains("\x1b[") && told.contains('\x07'), "{told:?}");
}

#[test]
fn only_system_counts_and_what_was_given_up_or_is_empty_is_not_signed() {
    let home = PracticeHome::new(1, 0);
    pull(&home, &home.serials()[0]);
    let start = ["stock", "check", "start", "--once"];
    let refused = home
        .run([&["--officer", "security"], &start[..]].concat())
        .expect(4);
    assert_eq!(refused.error_code(), "wrong-duty");
    let model = home
        .run([&start[..], &["--model", "nothing"]].concat())
        .expect(2);
    assert_eq!(model.error_code(), "ukey-unknown-model");
    home.run(start).expect(3);
    let empty = home.run(["stock", "check", "sign"]).expect(4);
    assert_eq!(empty.error_code(), "stock-check-empty");
    let dropped = home.run(["stock", "check", "drop"]).expect(0);
    assert_eq!(dropped.one()["state"], "dropped");
    let out = home.path.join("out/none");
    let export = [
        "stock",
        "check",
        "show",
        "2026-0001",
        "--export",
        path(&out),
    ];
    let refused = home.run(export).expect(4);
    assert_eq!(refused.error_code(), "stock-check-not-signed");
    assert!(!out.exists());
    assert_eq!(discrepancies(&home).len(), 0);
    let log = home.run(["audit", "list"]).expect(0).one().to_string();
    for act in ["started", "paused", "dropped"] {
        assert!(log.contains(&format!("stock-check-{act}")), "{act}");
    }
}

/// Copies of every ukey of a home behind one module, as readers on a hub are: the folder, and what
/// `SOFTHSM2_CONF` names.
fn on_a_hub(made: &PracticeHome, dir: &Path) -> (PathBuf, PathBuf) {
    let hub = dir.join("hub");
    fs::create_dir(&hub).unwrap();
    for serial in made.serials() {
        let tokens = made.path.join("ukeys").join(&serial).join("tokens");
        for token in fs::read_dir(tokens).unwrap() {
            copy(&token.unwrap().path(), &hub.join(&serial));
        }
    }
    let conf = dir.join("hub.conf");
    let tokens = format!("directories.tokendir = {}", path(&hub));
    fs::write(&conf, format!("{tokens}\nobjectstore.backend = file\n")).unwrap();
    (hub, conf)
}

/// A module stays loaded from look to look: what a look takes beside the module's own time is printed,
/// and `--nocapture` shows it.
#[test]
fn a_hub_is_read_again_and_again_by_one_loaded_module() {
    let made = PracticeHome::new(16, 0);
    let dir = support::memory_dir();
    let (_hub, conf) = on_a_hub(&made, dir.path());
    let profile = profiles::load(Path::new("/nonexistent"))
        .unwrap()
        .remove("softhsm2")
        .unwrap();
    let mut lister = Lister::new(Place {
        profile: profile.name.clone(),
        folder: None,
        spec: WorkerSpec {
            program: env!("CARGO_BIN_EXE_ukey-station").into(),
            module: ModuleSpec {
                path: made.module.library.clone(),
                sha256: None,
                marker: None,
            },
            env: Some(("SOFTHSM2_CONF".to_owned(), conf.into_os_string())),
            lock: None,
            keys: profile.keys.clone(),
            deadlines: profile.deadlines,
        },
    });
    let (readings, _loading) = lister.look();
    assert_eq!(readings.unwrap().len(), 16);
    let looks = (0..10).map(|_| {
        let watch = Stopwatch::start();
        let (readings, module) = lister.look();
        assert_eq!(readings.unwrap().len(), 16);
        (watch.ms() - module.as_secs_f64() * 1000.0, watch.ms())
    });
    let looks: Vec<(f64, f64)> = looks.collect();
    assert!(looks.iter().all(|(beside, _all)| *beside >= 0.0));
    println!("ms beside the module's own, and in all: {looks:.3?}");
}

/// A hub behind one module: a real home, and SoftHSM as a middleware that shows every reader.
#[test]
fn ukeys_in_readers_are_told_apart_by_what_they_report() {
    let made = PracticeHome::new(4, 0);
    let serials = made.serials();
    let dir = support::memory_dir();
    let station = support::stations::province(&dir);
    let (hub, conf) = on_a_hub(&made, dir.path());
    let profile = fs::read_to_string("token-profiles/softhsm2.toml").unwrap();
    let (before, rest) = profile.split_once("[virtual]").unwrap();
    let (_layout, after) = rest.split_once("[factory]").unwrap();
    let before = before
        .replace("\"softhsm2\"", "\"hub\"")
        .replace("per-ukey", "one-at-a-time");
    let profiles = station.home().join("token-profiles");
    fs::create_dir_all(&profiles).unwrap();
    fs::write(
        profiles.join("hub.toml"),
        format!("{before}[factory]{after}"),
    )
    .unwrap();
    let run = |args: &[&str]| {
        let secrets = station.private(
            "system.toml",
            &format!(
                "[officers]\n\"{}\" = \"{}\"\n",
                support::stations::SYSTEM.0,
                support::stations::SYSTEM.1
            ),
        );
        let mut command = support::program();
        command
            .env("SOFTHSM2_CONF", &conf)
            .arg("--home")
            .arg(station.home())
            .arg("--secrets")
            .arg(secrets)
            .arg("--json")
            .args(args);
        support::answer(&command.output().unwrap())
    };
    let named = [
        "--serial",
        &serials[0],
        "--serial",
        &serials[1],
        "--serial",
        &serials[2],
    ];
    let receive = ["stock", "receive", "--model", "hub"];
    run(&[&receive[..], &named[..]].concat()).expect(0);
    let read = run(&["stock", "check", "start", "--once"]).expect(3);
    let expected = [
        (&serials[0], "found"),
        (&serials[1], "found"),
        (&serials[2], "found"),
        (&serials[3], "unknown"),
    ];
    let expected = expected.map(|(serial, verdict)| (serial.clone(), verdict.to_owned()));
    assert_eq!(verdicts(&read), expected.into(), "{read:#?}");
    assert_eq!(read.events("checked").len(), 4, "each once: {read:#?}");
    assert_eq!(counts(summary(&read)), [3, 3, 0, 1]);
    // A module that fails is told, and is no ukey.
    copy(&hub.join(&serials[1]), &hub.join("twin")); // SoftHSM ends itself at two of one serial.
    let failed = run(&["stock", "check", "resume", "--once"]).expect(3);
    assert_eq!(failed.error_code(), "worker-died");
    assert_eq!(failed.events("checked").len(), 0);
    assert_eq!(
        counts(summary(&failed)),
        [3, 3, 0, 1],
        "what was counted stands"
    );
    let signed = run(&["stock", "check", "sign"]).expect(0);
    assert_eq!(signed.one()["state"], "signed");
}

/// With ukeys as slow as real ones each is told once, and its time is told apart from its module's own;
/// `docs/stock-check.md` says what was measured.
#[test]
fn sixteen_slow_ones_are_told_once_each() {
    let home = PracticeHome::new(16, 0);
    for serial in home.serials() {
        pull(&home, &serial);
    }
    let mut command = home.command(["stock", "check", "start"]);
    command
        .env(home.module.override_env, support::fault_module())
        .env("FAULT_MODULE", &home.module.library)
        .env("FAULT_SLOW_LOOK", "500");
    let mut sitting = Sitting::spawn(command);
    for serial in home.serials() {
        let folder = home.path.join("ukeys").join(serial);
        fs::write(folder.join("inserted"), b"").unwrap();
    }
    for _ in 0..16 {
        let event = sitting.next();
        assert_eq!(event["verdict"], "found");
        let (ms, module) = (
            event["ms"].as_f64().unwrap(),
            event["module_ms"].as_f64().unwrap(),
        );
        assert!(module >= 500.0 && ms >= module, "{event}");
    }
    sitting.types("");
    assert_eq!(counts(&sitting.next()), [16, 16, 0, 0]);
    assert_eq!(sitting.child.wait().unwrap().code(), Some(3));
}
