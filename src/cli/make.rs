//! `personalise`, `resume` and `practice run`: lines as they happen, a table at the end.

use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::output::Output;
use super::pins::AtTerminal;
use crate::domain::fault::FaultKind;
use crate::station::jobs::renew::Renewed;
use crate::station::report::{self, Event, Outcome, RunResult, Summary};
use crate::station::sign_in::{AskUserPin, PinQuestion};
use crate::station::{Error, SecretText, clock};
use crate::workflow::journal::{Answer, Question};
use crate::workflow::step::Step;

/// Shows events while ukeys are made, and keeps the results for the table.
pub(super) struct Show<'a> {
    output: &'a Output,
    watch: clock::Stopwatch,
    bars: MultiProgress,
    state: Mutex<State>,
    asking: Mutex<()>,
}

#[derive(Default)]
struct State {
    results: Vec<RunResult>,
    lanes: Vec<(String, ProgressBar)>,
}

impl<'a> Show<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self {
            output,
            watch: clock::Stopwatch::start(),
            bars: MultiProgress::new(), // Draws on a terminal only.
            state: Mutex::default(),
            asking: Mutex::default(),
        }
    }

    /// Takes one event; called from several threads.
    pub(super) fn event(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started {
                request,
                serial,
                step,
            } => {
                if !self.output.is_json() {
                    self.show_step(&mut state, serial.as_str(), &request, step);
                }
            }
            Event::Step {
                request,
                serial,
                step,
            } => {
                if self.output.is_json() {
                    Output::line(&json!({
                        "event": "step",
                        "request": request,
                        "serial": serial.as_str(),
                        "step": step.step.word(),
                        "ms": step.ms,
                        "outcome": step.outcome,
                    }));
                }
            }
            Event::Result(result) => {
                if self.output.is_json() {
                    Output::line(&self.result(&result));
                }
                let serial = result.serial.as_str();
                state.lanes.retain(|(lane, bar)| {
                    if lane == serial {
                        bar.finish_and_clear();
                    }
                    lane != serial
                });
                state.results.push(*result);
            }
        }
    }

    fn show_step(&self, state: &mut State, serial: &str, request: &str, step: Step) {
        let known = state.lanes.iter().position(|(lane, _bar)| lane == serial);
        let steps = u64::try_from(Step::ORDER.len()).unwrap_or_default();
        let index = known.unwrap_or_else(|| {
            let style = ProgressStyle::with_template("{prefix} {bar:19} {msg}");
            let style = style.unwrap_or_else(|_never| ProgressStyle::default_bar());
            let bar = self.bars.add(ProgressBar::new(steps).with_style(style));
            bar.set_prefix(format!("{request} {serial}"));
            state.lanes.push((serial.to_owned(), bar));
            state.lanes.len() - 1
        });
        let place = |order: &[Step]| order.iter().position(|other| *other == step);
        let at = place(&Step::ORDER).or_else(|| place(&Step::RENEWAL));
        if let Some((_lane, bar)) = state.lanes.get(index) {
            if let Some(at) = at.and_then(|at| u64::try_from(at).ok()) {
                bar.set_position(at);
            }
            bar.set_message(self.output.wording().text(&format!("step-{}", step.word())));
        }
    }

    /// The same of a renewal, and whether it was early.
    pub(super) fn finish_renewal(self, renewed: &Renewed) -> u8 {
        let output = self.output;
        if let Some(days) = renewed.early_days {
            let days = [("days", days.to_string())];
            output.say(&output.wording().with("renewal-early", days));
        }
        self.finish(renewed.summary)
    }

    /// The last line, the table, and the exit code.
    pub(super) fn finish(self, summary: Summary) -> u8 {
        let Summary {
            issued,
            pending,
            question,
            failed,
            without_ukey,
        } = summary;
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let module_ms: f64 = state.results.iter().map(|result| result.module_ms).sum();
        // Given up as it was asked: nothing failed.
        let given_up = state.results.iter();
        let given_up = given_up.filter(|result| matches!(result.outcome, Outcome::GivenUp));
        let given_up = u32::try_from(given_up.count()).unwrap_or(u32::MAX);
        let failed = failed.saturating_sub(given_up);
        if self.output.is_json() {
            Output::line(&json!({
                "event": "summary",
                "issued": issued,
                "pending": pending,
                "question": question,
                "failed": failed,
                "without_ukey": without_ukey,
                "ms": self.watch.ms(),
                "module_ms": three_decimals(module_ms),
            }));
        } else {
            show_table(
                self.output,
                &state.results,
                summary,
                self.watch.ms(),
                module_ms,
            );
        }
        let refused_alone = match state.results.as_slice() {
            [result] => is_refusal(&result.outcome),
            _ => false,
        };
        if refused_alone {
            4
        } else if failed > 0 {
            1
        } else if pending > 0 || question > 0 || without_ukey > 0 {
            3
        } else {
            0
        }
    }

    fn result(&self, result: &RunResult) -> Value {
        result_value(self.output, result)
    }
}

impl AskUserPin for Show<'_> {
    fn user_pin(&self, question: &PinQuestion<'_>) -> Option<[SecretText; 2]> {
        let _one_holder_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.bars
            .suspend(|| AtTerminal(self.output).user_pin(question))
    }

    fn present_user_pin(&self, question: &PinQuestion<'_>) -> Option<SecretText> {
        let _one_holder_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.bars
            .suspend(|| AtTerminal(self.output).present_user_pin(question))
    }
}

fn show_table(output: &Output, results: &[RunResult], summary: Summary, ms: f64, module_ms: f64) {
    let Summary {
        issued,
        pending,
        question,
        failed,
        without_ukey,
    } = summary;
    let words = output.wording();
    let rows: Vec<Value> = results
        .iter()
        .map(|result| result_value(output, result))
        .collect();
    if !rows.is_empty() {
        output.table(
            &rows,
            &[
                ("col-request", "request"),
                ("col-serial", "serial"),
                ("col-outcome", "outcome"),
                ("handed-out", "handed_out"),
                ("col-certificate", "certificate_serial"),
                ("col-not-after", "not_after"),
                ("col-ms", "ms"),
            ],
        );
    }
    for (result, row) in results.iter().zip(&rows) {
        let number = &result.request;
        if let Some(headline) = row.pointer("/error/headline").and_then(Value::as_str) {
            output.say(&format!("{number}: {headline}"));
        }
        if let Some(text) = row.pointer("/question/text").and_then(Value::as_str) {
            let serial = result.serial.as_str();
            output.say(&format!("{number} {serial}: {text}"));
        }
        if let Some(text) = row.get("waits_text").and_then(Value::as_str) {
            output.say(&format!("{number}: {text}"));
        }
        say_renewal(output, result);
    }
    output.say(&words.with(
        "summary",
        [
            ("issued", issued.to_string()),
            ("pending", pending.to_string()),
            ("question", question.to_string()),
            ("failed", failed.to_string()),
            ("without", without_ukey.to_string()),
        ],
    ));
    if issued > 0 {
        let each = |ms: f64| format!("{:.1}", ms / f64::from(issued));
        let args = [("ms", each(ms)), ("module", each(module_ms))];
        output.say(&words.with("per-ukey", args));
    }
}

/// What became of the certificate that is replaced, and what is left to do.
fn say_renewal(output: &Output, result: &RunResult) {
    let words = output.wording();
    match (&result.outcome, &result.replaces) {
        (Outcome::Issued, Some(old)) => {
            output.say(&words.with("renewal-done", [("old", old.clone())]));
        }
        (Outcome::GivenUp, Some(old)) => {
            output.say(&words.with("renewal-given-up", [("old", old.clone())]));
        }
        _ => {}
    }
    match result.crl {
        Some("due") => output.say(&words.text("crl-due")),
        Some("ordered") => output.say(&words.text("crl-ordered")),
        _ => {}
    }
}

/// Milliseconds as interface.md has them: a sum of such numbers is none by itself.
fn three_decimals(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// The `result` object of interface.md.
fn result_value(output: &Output, result: &RunResult) -> Value {
    let words = output.wording();
    let steps: Vec<Value> = result
        .steps
        .iter()
        .map(|step| json!({ "step": step.step.word(), "ms": step.ms, "outcome": step.outcome }))
        .collect();
    let mut value = json!({
        "event": "result",
        "request": result.request,
        "serial": result.serial.as_str(),
        "outcome": result.outcome.word(),
        "handed_out": result.handed_out,
        "certificate_serial": result.certificate,
        "not_after": result.not_after.map(|at| at.to_string()),
        "key": result.key.word(),
        "ms": result.ms,
        "module_ms": three_decimals(result.module_ms),
        "steps": steps,
    });
    if let Some(object) = value.as_object_mut() {
        object.insert("temporary".to_owned(), json!(result.temporary));
    }
    if let (Some(old), Some(object)) = (&result.replaces, value.as_object_mut()) {
        object.insert("replaces".to_owned(), json!(old));
        object.insert("crl".to_owned(), json!(result.crl));
    }
    let serial = result.serial.as_str();
    let fault_kind = if is_refusal(&result.outcome) {
        "refused"
    } else {
        "failed"
    };
    let more = match &result.outcome {
        Outcome::Issued => None,
        Outcome::Pending(wait) => Some(("waits", json!(wait.word()))),
        Outcome::Question(question) => Some(("question", question_value(output, question))),
        Outcome::Refused(code) => Some((
            "error",
            output.error_object("refused", code, &subject(code, result)),
        )),
        Outcome::Fault(fault) => {
            let error = Error::from(fault.clone());
            let text = format!("{serial}: {}", error.subject);
            Some(("error", output.error_object(fault_kind, error.code, &text)))
        }
        Outcome::WrittenOff => Some(("written_off", json!(true))),
        Outcome::GivenUp => Some(("given_up", json!(true))),
        Outcome::Failed(code, text) => Some(("error", output.error_object("failed", code, text))),
    };
    if let (Some((key, more)), Some(object)) = (more, value.as_object_mut()) {
        object.insert(key.to_owned(), more);
    }
    if let (Outcome::Pending(wait), Some(object)) = (&result.outcome, value.as_object_mut()) {
        let text = words.text(&format!("wait-{}", wait.word()));
        object.insert("waits_text".to_owned(), json!(text));
    }
    value
}

/// Whether a rule refused it with nothing begun; a broken module or ukey is a failure.
const fn is_refusal(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused(_) => true,
        Outcome::Fault(fault) => matches!(
            fault.kind,
            FaultKind::Removed
                | FaultKind::Swapped { .. }
                | FaultKind::DuplicateSerial
                | FaultKind::PinLocked
        ),
        _ => false,
    }
}

/// What a refusal is about: the request or the ukey.
fn subject(code: &str, result: &RunResult) -> String {
    if code.starts_with("request") || code.starts_with("approval") {
        result.request.clone()
    } else {
        result.serial.as_str().to_owned()
    }
}

fn question_value(output: &Output, question: &Question) -> Value {
    let words = output.wording();
    let (about, text) = report::question_text(words, question);
    let answers: Vec<_> = question.answers.iter().copied().map(Answer::word).collect();
    let spoken: Vec<_> = answers
        .iter()
        .map(|word| format!("{word} ({})", words.text(&format!("answer-{word}"))))
        .collect();
    let choices = words.with("answers", [("answers", spoken.join(", "))]);
    json!({
        "about": about,
        "text": format!("{text}. {choices}"),
        "fault": report::question_fault(question).map(|(_code, facts)| facts),
        "answers": answers,
    })
}
