//! A stock check as the tests drive it: ukeys put in and pulled, a sitting at work, what was told.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::{Answer, PracticeHome};

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn pull(home: &PracticeHome, serial: &str) {
    home.run(["practice", "pull", path(&home.path), serial])
        .expect(0);
}

pub(crate) fn insert(home: &PracticeHome, serial: &str) {
    home.run(["practice", "insert", path(&home.path), serial])
        .expect(0);
}

pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// Verdict of each ukey that a sitting told of.
pub(crate) fn verdicts(answer: &Answer) -> BTreeMap<String, String> {
    let events = answer.events("checked").into_iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events
        .map(|event| (text(&event["serial"]), text(&event["verdict"])))
        .collect()
}

pub(crate) fn summary(answer: &Answer) -> &Value {
    let summaries = answer.events("summary");
    assert_eq!(summaries.len(), 1, "{answer:#?}");
    summaries[0]
}

/// `[expected, found, not_found, differing]`.
pub(crate) fn counts(value: &Value) -> [u64; 4] {
    ["expected", "found", "not_found", "differing"].map(|key| value[key].as_u64().unwrap())
}

pub(crate) fn discrepancies(home: &PracticeHome) -> Vec<Value> {
    home.run(["stock", "discrepancy", "list"])
        .expect(0)
        .items()
        .clone()
}

/// A sitting at work. Reading a line of it blocks; nothing here waits for time to pass.
#[derive(Debug)]
pub(crate) struct Sitting {
    pub(crate) child: Child,
    pub(crate) keyboard: Option<ChildStdin>,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
}

impl Sitting {
    pub(crate) fn of(home: &PracticeHome, verb: &str) -> Self {
        Self::spawn(home.command(["stock", "check", verb]))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
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

    pub(crate) fn next(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Verdict of each of the next ones.
    pub(crate) fn told(&mut self, count: usize) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (0..count)
            .map(|_| self.next())
            .map(|event| (text(&event["serial"]), text(&event["verdict"])))
            .collect()
    }

    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.keyboard.as_mut().unwrap(), "{line}").unwrap();
    }
}
