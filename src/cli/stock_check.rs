//! `stock check …`: a sitting that reads ukeys and takes scanned serial numbers at the same time, and what
//! comes before and after it.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::{Value, json};

use super::args::{Sitting, StockCheck};
use super::commands::Cli;
use super::output::{Output, Tint};
use crate::domain::officer::Duty;
use crate::domain::stock_check::{CheckItem, CheckState, How, Missing, Verdict};
use crate::domain::ukey::UkeyState;
use crate::station::desk::{Access, Desk};
use crate::station::files::read_limited;
use crate::station::jobs::stock_check::{self, CheckView, Checked, Session};
use crate::station::{ActingOfficer, CheckRow, Error};

/// How often the markers of virtual ukeys are looked at, and how often while answers are awaited.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const ANSWERS_EVERY: Duration = Duration::from_millis(2);
/// How long `--once` waits between two looks.
const ONCE_EVERY: Duration = Duration::from_millis(20);
/// Most bytes of a file of serial numbers, and of one that is typed.
const SCAN_MAX_BYTES: usize = 16 << 20;
const LINE_MAX_BYTES: usize = 4096;
/// What a script is told: the check is open and goes on when a person acts (interface.md).
const GOES_ON: u8 = 3;

/// Columns of a table of differences.
const COLUMNS: [(&str, &str); 5] = [
    ("col-serial", "serial"),
    ("col-model", "model"),
    ("col-state", "state"),
    ("col-verdict", "verdict"),
    ("col-to-do", "to_do"),
];

impl Cli<'_> {
    pub(super) fn stock_check(&self, command: Option<&StockCheck>) -> Result<u8, Error> {
        let change = || self.open(Access::Change, Duty::ManageStock);
        match command {
            None => self.check_show(None, None),
            Some(StockCheck::Start { model, sitting }) => {
                let (desk, officer) = change()?;
                stock_check::start(&desk, &officer, model.as_deref())?;
                self.check_sit((&desk, &officer), sitting)
            }
            Some(StockCheck::Resume { sitting }) => {
                let (desk, officer) = change()?;
                stock_check::resume(&desk, &officer)?;
                self.check_sit((&desk, &officer), sitting)
            }
            Some(StockCheck::Pause) => {
                let (desk, officer) = change()?;
                let view = stock_check::pause(&desk, &officer)?;
                Ok(self.check_done(&view, Some("check-next")))
            }
            Some(StockCheck::Sign { export }) => {
                let (desk, officer) = change()?;
                let view = stock_check::sign(&desk, &officer)?;
                if let Some(dir) = export {
                    stock_check::export(&desk, &officer, Some(&view.row.number), dir)?;
                }
                let differs = !view.differences().is_empty();
                Ok(self.check_done(&view, differs.then_some("check-recorded")))
            }
            Some(StockCheck::Print { out, number }) => {
                let (desk, officer) = self.read()?;
                stock_check::print(&desk, &officer, number.as_deref(), out)?;
                Ok(self.written(std::slice::from_ref(out)))
            }
            Some(StockCheck::Drop) => {
                let (desk, officer) = change()?;
                let view = stock_check::give_up(&desk, &officer)?;
                Ok(self.check_done(&view, None))
            }
            Some(StockCheck::Show { number, export }) => {
                self.check_show(number.as_deref(), export.as_deref())
            }
            Some(StockCheck::List) => self.check_list(),
        }
    }

    fn check_list(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let rows = stock_check::list(&desk, &officer)?;
        let items: Vec<Value> = rows.iter().map(check_row).collect();
        let columns = [
            ("col-number", "number"),
            ("col-state", "state"),
            ("col-model", "model"),
            ("col-at", "started_at"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn check_show(&self, number: Option<&str>, export: Option<&Path>) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let view = stock_check::view(&desk, &officer, number)?;
        if let Some(dir) = export {
            stock_check::export(&desk, &officer, Some(&view.row.number), dir)?;
        }
        let mut document = check(&view);
        let items: Vec<Value> = view.items.iter().map(|one| self.check_item(one)).collect();
        let missing: Vec<Value> = view.missing.iter().map(missing).collect();
        if self.output.is_json() {
            if let Some(object) = document.as_object_mut() {
                object.insert("items".to_owned(), json!(items));
                object.insert("missing".to_owned(), json!(missing));
            }
            Output::line(&document);
            return Ok(0);
        }
        self.output.say(&self.check_said(&view));
        let differs = |item: &&Value| item["difference"].is_string();
        let differing: Vec<Value> = missing
            .into_iter()
            .chain(items.iter().filter(differs).cloned())
            .collect();
        if !differing.is_empty() {
            self.output.table(&differing, &COLUMNS);
        }
        Ok(0)
    }

    /// One object, and the sentence for people with what comes next.
    fn check_done(&self, view: &CheckView, next: Option<&str>) -> u8 {
        let words = self.output.wording();
        let mut sentences = vec![self.check_said(view)];
        sentences.extend(next.map(|key| words.text(key)));
        self.output.document(&check(view), &sentences.join("\n"));
        0
    }

    fn check_said(&self, view: &CheckView) -> String {
        let words = self.output.wording();
        let state = words.text(&format!("state-{}", view.row.state.word()));
        let args = [
            ("number", view.row.number.clone()),
            ("state", state),
            ("found", view.found().to_string()),
            ("expected", view.expected.to_string()),
            ("missing", view.missing.len().to_string()),
            ("differences", view.differing().to_string()),
        ];
        words.with("check-said", args)
    }

    /// Reads and scans until there is no more, then pauses the check.
    fn check_sit(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        sitting: &Sitting,
    ) -> Result<u8, Error> {
        let mut sit = Sit {
            cli: self,
            session: Session::begin(desk, officer)?,
            duplicates: 0,
            at: (desk, officer),
        };
        let scanned = match sitting.scan.as_deref() {
            None => Vec::new(),
            Some(path) if path == Path::new("-") => {
                let mut text = Vec::new();
                let mut input = io::stdin().lock().take(SCAN_MAX_BYTES as u64);
                let read = input.read_to_end(&mut text);
                read.map_err(|error| Error::io(path, error))?;
                lines(&text)
            }
            Some(path) => lines(&read_limited(path, SCAN_MAX_BYTES)?),
        };
        if sitting.once || sitting.scan.is_some() {
            sit.scan(&scanned)?;
            sit.read_all()?;
        } else {
            self.output
                .say(&self.output.wording().text("check-sitting"));
            sit.until_empty_line()?;
        }
        let duplicates = sit.duplicates;
        let view = stock_check::pause(desk, officer)?;
        if self.output.is_json() {
            let mut summary = check(&view);
            if let Some(object) = summary.as_object_mut() {
                object.insert("event".to_owned(), json!("summary"));
                object.insert("duplicates".to_owned(), json!(duplicates));
            }
            Output::line(&summary);
        } else {
            self.output.say(&self.check_said(&view));
            let next = self.output.wording().text("check-next");
            self.output.say(&next);
        }
        Ok(GOES_ON)
    }

    /// Tells of one ukey: shape, colour and word; what to do where it differs.
    fn check_tell(&self, checked: &Checked) {
        let item = &checked.item;
        if self.output.is_json() {
            let mut event = self.check_item(item);
            if let Some(object) = event.as_object_mut() {
                object.insert("event".to_owned(), json!("checked"));
                let before = checked.before.map(Verdict::word);
                object.insert("before".to_owned(), json!(before));
                object.insert("ms".to_owned(), json!(checked.ms));
                object.insert("module_ms".to_owned(), json!(checked.module_ms));
                object.insert("fault".to_owned(), json!(checked.fault));
            }
            return Output::line(&event);
        }
        let words = self.output.wording();
        let (shape, tint) = look(item.verdict);
        let verdict = words.text(&format!("verdict-{}", item.verdict.word()));
        let state = item.state.map(|state| words.ukey_state(state));
        let args = [
            ("shape", shape.to_owned()),
            ("serial", item.serial.to_string()),
            ("word", verdict),
            ("state", state.unwrap_or_default()),
        ];
        let mut line = words.with("check-line", args).trim_end().to_owned();
        if item.verdict.is_difference() {
            let cure = [("cure", self.cure(item.verdict))];
            line = format!("{line}\n{}", words.with("check-cure-line", cure));
        }
        self.output.tinted(&line, tint);
    }

    fn cure(&self, verdict: Verdict) -> String {
        let key = format!("check-cure-{}", verdict.word());
        self.output.wording().text(&key)
    }

    fn check_item(&self, item: &CheckItem) -> Value {
        json!({
            "serial": item.serial.as_str(),
            "maker": item.maker,
            "model": item.model,
            "verdict": item.verdict.word(),
            "detail": item.detail,
            "state": item.state.map(UkeyState::word),
            "how": item.how.word(),
            "at": item.at.to_string(),
            "difference": item.difference().map(crate::domain::stock::DiscrepancyKind::word),
            "to_do": item.verdict.is_difference().then(|| self.cure(item.verdict)),
        })
    }
}

/// Shape and meaning of a verdict: never told by colour alone.
const fn look(verdict: Verdict) -> (&'static str, Tint) {
    match verdict {
        Verdict::Found => ("✓", Tint::Good),
        Verdict::Duplicate => ("=", Tint::Quiet),
        Verdict::OfOfficer => ("·", Tint::Quiet),
        Verdict::Unreadable => ("?", Tint::Attention),
        Verdict::Twice
        | Verdict::Unknown
        | Verdict::WrongState
        | Verdict::NotBlank
        | Verdict::SoLocked
        | Verdict::WrongModel
        | Verdict::ForeignObjects => ("✗", Tint::Attention),
    }
}

/// One sitting at the terminal.
struct Sit<'a> {
    cli: &'a Cli<'a>,
    session: Session,
    duplicates: usize,
    at: (&'a Desk, &'a ActingOfficer),
}

impl Sit<'_> {
    fn look(&mut self) -> Result<(), Error> {
        let (cli, duplicates) = (self.cli, &mut self.duplicates);
        self.session.look(self.at.0, self.at.1, &mut |checked| {
            *duplicates += usize::from(checked.item.verdict == Verdict::Duplicate);
            cli.check_tell(&checked);
        })?;
        for trouble in self.session.take_troubles() {
            cli.output.error(&trouble);
        }
        Ok(())
    }

    fn scan(&mut self, texts: &[String]) -> Result<(), Error> {
        let (cli, duplicates) = (self.cli, &mut self.duplicates);
        self.session
            .scan(self.at.0, self.at.1, texts, &mut |answer| match answer {
                Ok(checked) => {
                    *duplicates += usize::from(checked.item.verdict == Verdict::Duplicate);
                    cli.check_tell(&checked);
                }
                // The next one may be right.
                Err(error) => cli.output.error(&error),
            })
    }

    /// Until everything that is plugged in has answered.
    fn read_all(&mut self) -> Result<(), Error> {
        self.look()?;
        while self.session.is_reading() {
            self.session.wait(ONCE_EVERY);
            self.look()?;
        }
        Ok(())
    }

    /// Until an empty line, the end of input, or nobody reads what is told any more.
    fn until_empty_line(&mut self) -> Result<(), Error> {
        let mut typed = Typed::default();
        loop {
            self.look()?;
            let limit = if self.session.is_reading() {
                ANSWERS_EVERY
            } else {
                LOOK_EVERY
            };
            let goes_on = typed.take(limit);
            let whole: Vec<_> = typed.lines.drain(..).collect();
            let end = whole.iter().position(String::is_empty);
            self.scan(whole.get(..end.unwrap_or(whole.len())).unwrap_or_default())?;
            if end.is_some() || !goes_on {
                return self.read_all();
            }
        }
    }
}

/// What a person or a scanner types, line by line.
#[derive(Default)]
struct Typed {
    rest: Vec<u8>,
    lines: VecDeque<String>,
}

impl Typed {
    /// Waits so long for input; `false` at its end, or when nobody reads stdout any more.
    fn take(&mut self, limit: Duration) -> bool {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let mut watched = [
            PollFd::new(&stdin, PollFlags::IN),
            // Asks for nothing: a closed reader is told unasked.
            PollFd::new(&stdout, PollFlags::empty()),
        ];
        let limit = Timespec::try_from(limit).ok();
        match rustix::event::poll(&mut watched, limit.as_ref()) {
            Ok(_ready) => {}
            Err(rustix::io::Errno::INTR) => return true,
            Err(_) => return false,
        }
        let [input, output] = watched;
        if !output.revents().is_empty() {
            return false;
        }
        if input.revents().is_empty() {
            return true;
        }
        let mut bytes = [0; 1024];
        // Past the reader's own buffer: what lies there is not polled.
        match rustix::io::read(&stdin, &mut bytes[..]) {
            Ok(0) => {
                if !self.rest.is_empty() {
                    self.end_line();
                }
                false
            }
            Ok(count) => {
                for byte in bytes.iter().take(count) {
                    if *byte == b'\n' {
                        self.end_line();
                    } else if self.rest.len() < LINE_MAX_BYTES {
                        self.rest.push(*byte);
                    }
                }
                true
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => true,
            Err(_) => false,
        }
    }

    fn end_line(&mut self) {
        let text = String::from_utf8_lossy(&self.rest).trim().to_owned();
        self.lines.push_back(text);
        self.rest.clear();
    }
}

/// The lines of a file that say something.
fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn missing(missing: &Missing) -> Value {
    json!({
        "serial": missing.serial.as_str(),
        "model": missing.model,
        "state": missing.state.word(),
        "box": missing.r#box,
        "verdict": "not-found",
    })
}

fn check_row(row: &CheckRow) -> Value {
    json!({
        "id": row.id,
        "number": row.number,
        "state": row.state.word(),
        "model": row.model,
        "started_at": row.started_at.to_string(),
        "started_by": row.started_by.as_str(),
        "ended_at": row.ended_at.map(|at| at.to_string()),
        "ended_by": row.ended_by.as_ref().map(|name| name.as_str().to_owned()),
        "signed": row.state == CheckState::Signed,
    })
}

/// The `check` object with its counts.
fn check(view: &CheckView) -> Value {
    let mut value = check_row(&view.row);
    let verdicts = Verdict::ALL.into_iter();
    let counts = verdicts.filter_map(|verdict| {
        let count = view.count(verdict);
        (count > 0).then(|| (verdict.word().to_owned(), json!(count)))
    });
    let counts: serde_json::Map<String, Value> = counts.collect();
    let scanned = view.items.iter().filter(|item| item.how == How::Scanned);
    if let Some(object) = value.as_object_mut() {
        object.insert("expected".to_owned(), json!(view.expected));
        object.insert("found".to_owned(), json!(view.found()));
        object.insert("not_found".to_owned(), json!(view.missing.len()));
        object.insert("differing".to_owned(), json!(view.differing()));
        object.insert("seen".to_owned(), json!(view.items.len()));
        object.insert("scanned".to_owned(), json!(scanned.count()));
        object.insert("verdicts".to_owned(), Value::Object(counts));
    }
    value
}
