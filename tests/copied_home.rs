//! A home that is copied while its station works: each copy can be opened and is whole, whatever step the
//! run was at, and the copy knows no more than was confirmed when it was made.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{PracticeHome, memory_dir, program};

fn run(home: &Path, like: &PracticeHome, args: &[&str]) -> support::Answer {
    let mut command = program();
    command.env(like.module.override_env, &like.module.library);
    command.arg("--home").arg(home).arg("--json").args(args);
    support::answer(&command.output().unwrap())
}

fn signal(process: u32, name: &str) {
    // The shell's own: not every system has a program of that name.
    let mut command = Command::new("bash");
    let sent = command
        .arg("-c")
        .arg(format!("kill {name} {process}"))
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn each_copy_of_a_home_at_work_is_whole() {
    let home = PracticeHome::new(2, 2);
    let dir = memory_dir();
    let mut working = home
        .command(["personalise", "--all"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut copies = Vec::new();
    for line in BufReader::new(working.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["event"] != "step" {
            continue;
        }
        let copy = dir.path().join(copies.len().to_string());
        // The station stands still meanwhile, or has ended: a file that goes away is no whole copy.
        signal(working.id(), "-STOP");
        let mut command = Command::new("cp");
        let copied = command.arg("-a").arg(&home.path).arg(&copy).status();
        signal(working.id(), "-CONT");
        assert!(copied.unwrap().success());
        copies.push((copy, event["step"].clone()));
    }
    assert!(working.wait().unwrap().success());
    assert!(copies.len() > 30, "{} steps", copies.len());

    for (copy, step) in copies.iter().step_by(3) {
        let verify = ["--officer", "auditor", "audit", "verify"];
        let verdict = run(copy, &home, &verify).expect(0);
        assert_eq!(verdict.one()["intact"], true, "at {step}");
        let requests = run(copy, &home, &["request", "list"]).expect(0);
        assert_eq!(requests.items().len(), 2, "at {step}");
        let certificates = run(copy, &home, &["certificate", "list"]).expect(0);
        for certificate in certificates.items() {
            // What the copy knows, the home knows too.
            let serial = certificate["serial"].as_str().unwrap();
            home.run(["certificate", "show", serial]).expect(0);
        }
    }
}
