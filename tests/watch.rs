//! `ukey inserted --watch`: who comes and who goes, until nobody reads any more.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};
use support::PracticeHome;
use ukey_station::token::virtual_ukey;

/// A running watch. Reading a line of it blocks; nothing here waits for time to pass.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    /// Returns once it has noted who is plugged in.
    fn start(home: &PracticeHome) -> Self {
        let mut child = home
            .command(["--lang", "en", "ukey", "inserted", "--watch"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut said).unwrap();
        assert!(said.starts_with("Watching; 2 plugged in"), "{said}");
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

#[test]
fn a_ukey_that_goes_and_comes_back_is_told_and_no_other() {
    let home = PracticeHome::new(2, 0);
    let serial = home.serials()[1].clone();
    let path = home.path.to_str().unwrap();
    let mut watching = Watching::start(&home);
    home.run(["practice", "pull", path, &serial]).expect(0);
    let gone = watching.next();
    assert_eq!(gone["event"], "removed");
    assert_eq!(gone["serial"], serial.as_str());
    assert_eq!(gone["state"], "blank");
    assert_eq!(gone["inserted"], false);
    home.run(["practice", "insert", path, &serial]).expect(0);
    let back = watching.next();
    assert_eq!(back["event"], "inserted");
    assert_eq!(back["serial"], serial.as_str());
    assert_eq!(back["usable"], true);
    assert_eq!(back["inserted"], true);
    // Out and in again sooner than anybody looks: it went, and it came.
    let folder = home.path.join("ukeys").join(&serial);
    virtual_ukey::pull(&folder).unwrap();
    virtual_ukey::insert(&folder).unwrap();
    for event in ["removed", "inserted"] {
        let told = watching.next();
        assert_eq!(
            (&told["event"], &told["serial"]),
            (&json!(event), &json!(serial))
        );
    }
    watching.child.kill().unwrap();
    watching.child.wait().unwrap();
    assert!(watching.lines.next().is_none(), "what was told and no more");
}

#[test]
fn it_ends_quietly_when_nobody_reads_any_more() {
    let home = PracticeHome::new(2, 0);
    let Watching { mut child, lines } = Watching::start(&home);
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
