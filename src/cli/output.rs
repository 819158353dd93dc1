//! What a command prints: one JSON document a line on stdout with `--json`, else tables and
//! sentences for people. The only place of the command line that prints.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::domain::field_fault::{FieldWarning, Normalised};
use crate::domain::identity_number::mask_within;
use crate::station::{Error, ErrorKind};
use crate::wording::Wording;

/// Where output goes.
#[derive(Debug)]
pub(super) struct Output {
    json: bool,
    wording: Wording,
}

/// What a line means to who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tint {
    /// As it should be.
    Good,
    /// Nothing new.
    Quiet,
    /// Somebody has to do something.
    Attention,
}

/// Words on the command line that are no command, as a machine reads them.
pub(super) fn usage_error(error: &clap::Error) {
    let text = error.to_string();
    let headline = text.lines().next().unwrap_or_default();
    let headline = mask_within(headline.trim_start_matches("error: "));
    let words = json!({ "kind": "usage", "code": "usage", "headline": headline, "hints": [] });
    Output::line(&json!({ "error": words }));
}

/// The exit code of an error (interface.md).
pub(super) const fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Failed => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Refused => 4,
    }
}

/// A line for who reads stdout, flushed; a reader that went away cannot be told.
fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

/// A line for the person, on stderr.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

impl Output {
    pub(super) const fn new(json: bool, wording: Wording) -> Self {
        Self { json, wording }
    }

    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    pub(super) const fn wording(&self) -> &Wording {
        &self.wording
    }

    /// One document, or the sentence for people.
    pub(super) fn document(&self, document: &Value, sentence: &str) {
        if self.json {
            Self::line(document);
        } else {
            print(sentence);
        }
    }

    /// A list, or a table for people: `columns` are pairs of a wording key and a field.
    pub(super) fn list(&self, items: &[Value], columns: &[(&str, &str)]) {
        if self.json {
            Self::line(&json!({ "items": items }));
        } else {
            self.table(items, columns);
        }
    }

    /// A table for people.
    pub(super) fn table(&self, items: &[Value], columns: &[(&str, &str)]) {
        let head: Vec<_> = columns
            .iter()
            .map(|(key, _field)| self.wording.text(key))
            .collect();
        let lines = items.iter().map(|item| {
            let cells = columns
                .iter()
                .map(|(_key, field)| self.cell(field, item.get(field)));
            cells.collect()
        });
        Self::grid(&head, lines);
    }

    /// Lines under their headings.
    pub(super) fn grid(head: &[String], lines: impl Iterator<Item = Vec<String>>) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(head);
        for line in lines {
            table.add_row(line);
        }
        print(&table.to_string());
    }

    /// A sentence for people; on stderr beside JSON.
    pub(super) fn say(&self, sentence: &str) {
        if self.json {
            tell(sentence);
        } else {
            print(sentence);
        }
    }

    /// One JSON line, flushed.
    pub(super) fn line(document: &Value) {
        print(&document.to_string());
    }

    /// A line for people in the colour of its meaning, with the terminal's bell where it is to be heard:
    /// both only where a person looks at a terminal, colour not with `NO_COLOR`.
    pub(super) fn tinted(&self, sentence: &str, tint: Tint) {
        let terminal = std::io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match tint {
            Tint::Good => "32",
            Tint::Quiet => "2",
            Tint::Attention => "1;31",
        };
        let bell = if terminal && tint == Tint::Attention {
            "\x07"
        } else {
            ""
        };
        if terminal && !plain {
            self.say(&format!("\x1b[{colour}m{sentence}\x1b[0m{bell}"));
        } else {
            self.say(&format!("{sentence}{bell}"));
        }
    }

    /// Bytes as they are.
    pub(super) fn bytes(bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        // A reader that went away cannot be told.
        out.write_all(bytes).and_then(|()| out.flush()).ok();
    }

    /// An error: what was tried, why, what to do next.
    pub(super) fn error(&self, error: &Error) {
        let document = json!({ "error": self.error_of(error) });
        if self.json {
            Self::line(&document);
        }
        self.explain(error);
    }

    /// The same for people alone.
    pub(super) fn explain(&self, error: &Error) {
        let (headline, hints) = self.wording.error(error.code, &error.subject);
        tell(&headline);
        for fault in &error.faults {
            let value = fault.value.as_deref().map(|value| format!(" “{value}”"));
            let text = self
                .wording
                .text(&format!("fault-{}", fault.problem.word()));
            tell(&format!(
                "  {} ({}){}: {text}",
                self.field_word(fault.field),
                fault.rule,
                value.unwrap_or_default()
            ));
        }
        for hint in hints {
            tell(&format!("  {hint}"));
        }
    }

    /// What a field is called on the form.
    pub(super) fn field_word(&self, field: &str) -> String {
        let key = format!("field-{}", field.replace('_', "-"));
        self.wording.known(&key).unwrap_or_else(|| field.to_owned())
    }

    /// Adds to a document what was made of its fields without being asked, and says it to people.
    pub(super) fn notices(
        &self,
        document: &mut Value,
        normalised: &[Normalised],
        warnings: &[FieldWarning],
    ) {
        let notes: Vec<Value> = normalised
            .iter()
            .map(|note| json!({ "field": note.field, "from": note.from, "to": note.to }))
            .collect();
        if let Some(object) = document.as_object_mut() {
            object.insert("normalised".to_owned(), Value::Array(notes));
            object.insert("warnings".to_owned(), self.warnings(warnings));
        }
        for note in normalised {
            let args = [
                ("field", self.field_word(note.field)),
                ("from", note.from.clone()),
                ("to", note.to.clone()),
            ];
            tell(&self.wording.with("normalised", args));
        }
        for warning in warnings {
            let word = self.field_word(warning.field);
            let rule = warning.rule;
            let text = self.wording.text(&format!("warning-{}", warning.word));
            tell(&format!("{word} ({rule}): {text}"));
        }
    }

    /// Warnings as JSON.
    pub(super) fn warnings(&self, warnings: &[FieldWarning]) -> Value {
        let warnings = warnings.iter().map(|warning| {
            json!({
                "field": warning.field,
                "rule": warning.rule,
                "value": warning.value,
                "hint": self.wording.text(&format!("warning-{}", warning.word)),
            })
        });
        Value::Array(warnings.collect())
    }

    /// An error as its JSON object, with every fault.
    pub(super) fn error_of(&self, error: &Error) -> Value {
        let mut value = self.error_object(error.kind.word(), error.code, &error.subject);
        if !error.faults.is_empty() {
            let fault = |fault: &crate::domain::request::FieldFault| {
                json!({
                    "field": fault.field,
                    "rule": fault.rule,
                    "value": fault.value,
                    "hint": self.wording.text(&format!("fault-{}", fault.problem.word())),
                })
            };
            let faults = error.faults.iter().map(fault).collect();
            if let Some(object) = value.as_object_mut() {
                object.insert("faults".to_owned(), Value::Array(faults));
            }
        }
        value
    }

    /// The `error` object of interface.md.
    pub(super) fn error_object(&self, kind: &str, code: &str, subject: &str) -> Value {
        let (headline, hints) = self.wording.error(code, subject);
        json!({ "kind": kind, "code": code, "headline": headline, "hints": hints })
    }

    /// A value in words: as the catalogue has it for this field, else as it is.
    pub(super) fn cell(&self, field: &str, value: Option<&Value>) -> String {
        let state = |text: &str| {
            let key = format!("{field}-{}", text.replace('_', "-"));
            self.wording.known(&key).unwrap_or_else(|| text.to_owned())
        };
        match value {
            None | Some(Value::Null) => "–".to_owned(),
            Some(Value::String(text)) => state(text),
            Some(Value::Object(fields)) => fields
                .values()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            Some(Value::Bool(true)) => self.wording.text("yes"),
            Some(Value::Bool(false)) => self.wording.text("no"),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join("、"),
            Some(other) => other.to_string(),
        }
    }
}
