//! A sitting at a stock check: who comes while it goes on, what a person sees and hears, pauses and kills,
//! and ukeys side by side on a hub.
#![expect(
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use support::PracticeHome;
use support::stock_check::{
    Sitting, copy, counts, discrepancies, insert, path, pull, summary, verdicts,
};
use ukey_station::station::clock::Stopwatch;
use ukey_station::token::lister::{Lister, Place};
use ukey_station::token::worker::{ModuleSpec, WorkerSpec};
use ukey_station::token::{profiles, virtual_ukey};

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
    // Out and in again sooner than anybody looks.
    let folder = home.path.join("ukeys").join(&serials[1]);
    virtual_ukey::pull(&folder).unwrap();
    virtual_ukey::insert(&folder).unwrap();
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
    home.written_by_others(&serial, "X");
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
