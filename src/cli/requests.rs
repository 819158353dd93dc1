//! `request …`: applications, their papers and decisions.

use std::path::Path;

use serde_json::{Value, json};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::args::{OpinionWord, Request, Reveal, Sort, Which};
use super::commands::{AskTerminal, Cli, parse_state};
use super::objects;
use super::output::{self, Output};
use crate::domain::id::RequestId;
use crate::domain::officer::Duty;
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::domain::request::{RequestDraft, RequestState};
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::SigningKey;
use crate::station::desk::Access;
use crate::station::files::read_limited;
use crate::station::jobs::approvals::{self, Refusal};
use crate::station::jobs::people::{self, Revealed, Sight};
use crate::station::jobs::request_view::{self, Details};
use crate::station::jobs::requests::{self, Entered, RequestView};
use crate::station::jobs::{holders, papers, rekey, units};
use crate::station::{
    ActingOfficer, DepartureRow, Desk, Error, ErrorKind, HandoverRow, RequestFilter, RequestOrder,
    RequestRow, ScanRow,
};

/// A request file larger than this is none.
const MAX_FILE: usize = 64 * 1024 * 1024;

impl Cli<'_> {
    pub(super) fn request(&self, command: &Request) -> Result<u8, Error> {
        match command {
            Request::SendUp { file, ids } => self.send_up(file, ids),
            Request::Review(arguments) => self.review(arguments),
            Request::ReceiveReview { file } => self.receive_review(file),
            Request::Add { file } => {
                let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
                let entered = requests::enter(&desk, &officer, &read_draft(file)?)?;
                self.entered((&desk, &officer), &entered)
            }
            Request::Edit {
                id,
                file,
                same_papers,
            } => {
                let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
                let row = requests::find(&desk, &officer, id)?.row;
                let entered =
                    requests::edit(&desk, &officer, &row, (&read_draft(file)?, *same_papers))?;
                self.entered((&desk, &officer), &entered)
            }
            Request::Rekey { serial } | Request::Renew { serial } => {
                let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
                let row = match command {
                    Request::Renew { .. } => rekey::renewal(&desk, &officer, serial)?,
                    _ => rekey::rekey(&desk, &officer, serial)?,
                };
                let view = requests::find(&desk, &officer, &row.number)?;
                let words = self.output.wording();
                let sentence = words.with("request-entered", [("number", row.number)]);
                self.output.document(&objects::request(&view), &sentence);
                Ok(0)
            }
            Request::List { which, reveal } => self.request_list(which, reveal),
            Request::Sheet(command) => self.request_sheet(command),
            Request::Show { id, reveal } => self.request_show(id, reveal),
            Request::Diff { id } => self.request_diff(id),
            Request::Attach { id, scan } => {
                let content = read_scan(scan)?;
                let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
                let row = requests::find(&desk, &officer, id)?.row;
                let scan = papers::attach(&desk, &officer, &row, &content)?;
                let mut document = scan_value(&scan);
                if let Some(object) = document.as_object_mut() {
                    object.insert("request".to_owned(), json!(row.number));
                }
                Ok(self.done(&document))
            }
            Request::Scan {
                id,
                out,
                reason,
                sha256,
            } => {
                let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
                let row = requests::find(&desk, &officer, id)?.row;
                let revealed = self.reveal(&desk, &officer, ("scan", Some(row.id)), reason)?;
                papers::write_scan(&desk, &row, (sha256.as_deref(), out), &revealed)?;
                Ok(self.written(std::slice::from_ref(out)))
            }
            Request::Opinion {
                id,
                kind,
                by,
                on,
                note,
            } => {
                let opinion = Opinion {
                    kind: opinion_kind(*kind),
                    by: by.trim().to_owned(),
                    on: parse_day(on)?,
                    note: note.as_ref().map(|note| note.trim().to_owned()),
                };
                let (desk, officer) = self.open_requests(Duty::EnterRequest)?;
                let row = requests::find(&desk, &officer, id)?.row;
                let warnings = papers::record(&desk, &officer, &row, &[opinion])?;
                let mut document = json!({
                    "request": row.number, "kind": opinion_kind(*kind).word(), "on": on,
                });
                self.output.notices(&mut document, &[], &warnings);
                Ok(self.done(&document))
            }
            Request::Submit { .. }
            | Request::Approve { .. }
            | Request::Return { .. }
            | Request::Reject { .. }
            | Request::Withdraw { .. } => self.request_move(command),
            Request::Approval { id, dir } => {
                let (desk, officer) = self.read()?;
                let row = requests::find(&desk, &officer, id)?.row;
                let files = approvals::export(&desk, &officer, &row, dir)?;
                Ok(self.written(&files))
            }
        }
    }

    /// Opens the home to change it; what has ended meanwhile is told first.
    pub(super) fn open_requests(&self, duty: Duty) -> Result<(Desk, ActingOfficer), Error> {
        let (desk, officer) = self.open(Access::Change, duty)?;
        requests::tidy(&desk)?;
        Ok((desk, officer))
    }

    /// Opens the home, to change it where a look in full is to be written down.
    pub(super) fn open_to_see(
        &self,
        reveal: &Reveal,
        id: Option<&str>,
    ) -> Result<(Desk, ActingOfficer, Option<Revealed>), Error> {
        let Some(reason) = reveal.reason.as_deref().filter(|_reason| reveal.reveal) else {
            let (desk, officer) = self.read()?;
            return Ok((desk, officer, None));
        };
        let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
        let request = id
            .map(|id| requests::find(&desk, &officer, id))
            .transpose()?;
        let (what, id) = match request {
            Some(view) => ("fields", Some(view.row.id)),
            None => ("list", None),
        };
        let revealed = self.reveal(&desk, &officer, (what, id), reason)?;
        Ok((desk, officer, Some(revealed)))
    }

    /// Writes down a look at personal data in full; an auditor's is released by security first.
    pub(super) fn reveal(
        &self,
        desk: &Desk,
        officer: &ActingOfficer,
        (what, request): (&str, Option<RequestId>),
        reason: &str,
    ) -> Result<Revealed, Error> {
        let asked = people::needs_release(officer) && self.global.second.is_some();
        let release = asked
            .then(|| self.second((desk, officer), TwoOfficerAct::Reveal))
            .transpose()?;
        people::reveal(desk, (officer, release.as_ref()), what, request, reason)
    }

    fn entered(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        entered: &Entered,
    ) -> Result<u8, Error> {
        let view = requests::find(desk, officer, &entered.row.number)?;
        let mut document = objects::request(&view);
        let Entered {
            row: _,
            normalised,
            warnings,
        } = entered;
        self.output.notices(&mut document, normalised, warnings);
        let words = self.output.wording();
        let sentence = words.with("request-entered", [("number", view.row.number)]);
        self.output.document(&document, &sentence);
        Ok(0)
    }

    pub(super) fn filter(
        (desk, officer): (&Desk, &ActingOfficer),
        which: &Which,
    ) -> Result<RequestFilter, Error> {
        let Which {
            state,
            search,
            unit,
            limit,
            offset,
            sort,
        } = which;
        let unit = unit.as_ref().map(|text| units::find(desk, officer, text));
        Ok(RequestFilter {
            state: parse_state(state.as_deref(), RequestState::from_word)?,
            unit: unit.transpose()?.map(|unit| unit.id),
            search: search.clone(),
            person: None,
            order: match sort {
                Sort::Number => RequestOrder::Number,
                Sort::Name => RequestOrder::Name,
            },
            limit: *limit,
            offset: *offset,
        })
    }

    fn request_list(&self, which: &Which, reveal: &Reveal) -> Result<u8, Error> {
        let (desk, officer, revealed) = self.open_to_see(reveal, None)?;
        let filter = Self::filter((&desk, &officer), which)?;
        let sight = revealed.as_ref().map_or(Sight::Masked, Sight::Full);
        let views = requests::list_seen(&desk, &officer, &filter, sight)?;
        let items: Vec<Value> = views.iter().map(objects::request).collect();
        let columns = [
            ("col-number", "number"),
            ("col-state", "state"),
            ("col-holder", "holder_name"),
            ("col-id-number", "id_number"),
            ("col-unit", "unit"),
            ("col-types", "user_types"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn request_show(&self, id: &str, reveal: &Reveal) -> Result<u8, Error> {
        let (desk, officer, revealed) = self.open_to_see(reveal, Some(id))?;
        let mut view = requests::find(&desk, &officer, id)?;
        let sight = revealed.as_ref().map_or(Sight::Masked, Sight::Full);
        let details = request_view::details(&desk, &officer, &view.row, sight)?;
        let seen = |field: &str| details.fields.get(field).cloned().unwrap_or_default();
        (view.id_number, view.mobile) = (seen("id_number"), seen("mobile"));
        let mut document = objects::request(&view);
        if self.output.is_json() {
            self.add_details(&mut document, &details);
            if let Some(object) = document.as_object_mut() {
                let replaced = rekey::replaced(&desk, &officer, &view.row)?;
                object.insert("replaces".to_owned(), json!(replaced.request));
                object.insert("renews".to_owned(), json!(replaced.renews));
                let ways = holders::ways(&desk, &officer, view.row.id)?;
                object.insert(
                    "handed_over_from".to_owned(),
                    json!(ways.from.as_ref().map(came)),
                );
                object.insert("departure".to_owned(), json!(ways.left.as_ref().map(went)));
            }
            return Ok(self.show(&document));
        }
        self.say_request(&view, &details);
        Ok(0)
    }

    /// One application for people, as the paper has it.
    fn say_request(&self, view: &RequestView, details: &Details) {
        let words = self.output.wording();
        let state = format!("state-{}", view.row.state.word().replace('_', "-"));
        let (number, title) = (&view.row.number, view.row.form.title());
        self.output
            .say(&format!("{number} · {title} · {}", words.text(&state)));
        let line = |field: &str, value: &str| {
            if !value.is_empty() {
                let word = self.output.field_word(field);
                self.output.say(&format!("  {word}: {value}"));
            }
        };
        line("unit", &view.unit.name);
        for (field, value) in &details.fields {
            line(field, value);
        }
        for opinion in &details.opinions {
            let note = opinion.note.as_deref().unwrap_or_default();
            let text = format!("{} {} {note}", opinion.by, opinion.on);
            line(opinion.kind.word(), text.trim_end());
        }
        for row in &details.scans {
            let hash: String = hex::encode(row.scan.sha256.0).chars().take(12).collect();
            let text = format!("{} {hash}… {}", row.scan.kind.word(), row.attached_at);
            line("scan", &text);
        }
        for decision in &details.decisions {
            let state = words.text(&format!("state-{}", decision.decision.word()));
            let reason = decision.reason.as_deref().unwrap_or_default();
            let text = format!("{state} {} {} {reason}", decision.officer, decision.at);
            line("decision", text.trim_end());
        }
        for warning in &details.warnings {
            let text = words.text(&format!("warning-{}", warning.word));
            line(warning.field, &format!("({}) {text}", warning.rule));
        }
    }

    fn add_details(&self, document: &mut Value, details: &Details) {
        let Details {
            fields,
            opinions,
            scans,
            decisions,
            warnings,
        } = details;
        let opinions: Vec<Value> = opinions
            .iter()
            .map(|opinion| {
                json!({
                    "kind": opinion.kind.word(),
                    "by": opinion.by,
                    "on": opinion.on.to_string(),
                    "note": opinion.note,
                })
            })
            .collect();
        let decisions: Vec<Value> = decisions
            .iter()
            .map(|decision| {
                json!({
                    "revision": decision.revision,
                    "decision": decision.decision.word(),
                    "officer": decision.officer.as_str(),
                    "at": decision.at.to_string(),
                    "reason": decision.reason,
                })
            })
            .collect();
        let scans: Vec<Value> = scans.iter().map(scan_value).collect();
        if let Some(object) = document.as_object_mut() {
            object.insert("fields".to_owned(), json!(fields));
            object.insert("opinions".to_owned(), Value::Array(opinions));
            object.insert("scans".to_owned(), Value::Array(scans));
            object.insert("decisions".to_owned(), Value::Array(decisions));
            object.insert("warnings".to_owned(), self.output.warnings(warnings));
        }
    }

    fn request_diff(&self, id: &str) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let row = requests::find(&desk, &officer, id)?.row;
        let edits = request_view::edits(&desk, &officer, &row)?;
        if self.output.is_json() {
            let items: Vec<Value> = edits
                .iter()
                .map(|edit| {
                    let changes = edit.changes.iter();
                    let changes = changes.map(|change| {
                        json!({ "field": change.field, "from": change.from, "to": change.to })
                    });
                    json!({
                        "revision": edit.revision,
                        "by": edit.by.as_str(),
                        "at": edit.at.to_string(),
                        "changes": changes.collect::<Vec<_>>(),
                    })
                })
                .collect();
            self.output.list(&items, &[]);
            return Ok(0);
        }
        let lines: Vec<Value> = edits
            .iter()
            .flat_map(|edit| {
                edit.changes.iter().map(|change| {
                    json!({
                        "revision": edit.revision,
                        "field": self.output.field_word(&change.field),
                        "from": change.from,
                        "to": change.to,
                    })
                })
            })
            .collect();
        let columns = [
            ("col-revision", "revision"),
            ("col-field", "field"),
            ("col-from", "from"),
            ("col-to", "to"),
        ];
        self.output.list(&lines, &columns);
        Ok(0)
    }

    /// What moves requests along their life.
    fn request_move(&self, command: &Request) -> Result<u8, Error> {
        let one = |id: &String| vec![id.clone()];
        let (ids, duty) = match command {
            Request::Submit { ids } => (ids.clone(), Duty::EnterRequest),
            Request::Withdraw { id } => (one(id), Duty::EnterRequest),
            Request::Approve { ids }
            | Request::Return { ids, .. }
            | Request::Reject { ids, .. } => (ids.clone(), Duty::DecideRequest),
            _ => return Ok(0),
        };
        let (desk, officer) = self.open_requests(duty)?;
        let mut key = match duty {
            Duty::DecideRequest => Some(SigningKey::open(&desk, &officer)?),
            _ => None,
        };
        let no_key = || Error::failed("officer-ukey-pin", officer.name().as_str());
        let act = |row: &RequestRow| match command {
            Request::Submit { .. } => requests::submit(&desk, &officer, row),
            Request::Withdraw { .. } => requests::withdraw(&desk, &officer, row),
            Request::Approve { .. } => {
                let ask = AskTerminal(self.output);
                approvals::approve(&desk, &officer, key.as_mut().ok_or_else(no_key)?, row, &ask)
            }
            Request::Return { reason, .. } => {
                let key = key.as_mut().ok_or_else(no_key)?;
                approvals::refuse(&desk, &officer, key, row, (Refusal::Return, reason))
            }
            Request::Reject { reason, .. } => {
                let key = key.as_mut().ok_or_else(no_key)?;
                approvals::refuse(&desk, &officer, key, row, (Refusal::Reject, reason))
            }
            _ => Ok(()),
        };
        self.each((&desk, &officer), &ids, act)
    }

    /// Does one act on each request: one failing never stops the others. A single one answers with
    /// its object or error; of several each answers with an event.
    fn each(
        &self,
        (desk, officer): (&Desk, &ActingOfficer),
        ids: &[String],
        mut act: impl FnMut(&RequestRow) -> Result<(), Error>,
    ) -> Result<u8, Error> {
        let mut once = |id: &String| {
            let row = requests::find(desk, officer, id)?.row;
            act(&row)?;
            requests::find(desk, officer, &row.number)
        };
        if let [id] = ids {
            let view = once(id)?;
            return Ok(self.done(&objects::request(&view)));
        }
        let (mut done, mut worst) = (0_usize, None);
        for id in ids {
            match once(id) {
                Ok(view) => {
                    done += 1;
                    let (number, state) = (view.row.number, view.row.state.word());
                    let event = json!({ "event": "result", "request": number, "outcome": state });
                    self.event(&event, &number, state);
                }
                Err(error) => {
                    let event = json!({
                        "event": "result",
                        "request": id,
                        "outcome": "failed",
                        "error": self.output.error_of(&error),
                    });
                    let headline = self.output.wording().error(error.code, &error.subject).0;
                    self.event(&event, id, &headline);
                    worst = match worst {
                        Some(ErrorKind::Failed) => worst,
                        _ => Some(error.kind),
                    };
                }
            }
        }
        let failed = ids.len() - done;
        let words = self.output.wording();
        let args = [("done", done.to_string()), ("failed", failed.to_string())];
        let sentence = words.with("bulk-summary", args);
        let summary = json!({ "event": "summary", "done": done, "failed": failed });
        self.output.document(&summary, &sentence);
        Ok(match worst {
            None => 0,
            // Nothing was begun at all: a refusal as of a single one.
            Some(kind) if done == 0 => output::exit_code(kind),
            Some(_) => 1,
        })
    }

    fn event(&self, event: &Value, request: &str, text: &str) {
        if self.output.is_json() {
            Output::line(event);
        } else {
            let key = format!("state-{}", text.replace('_', "-"));
            let word = self.output.wording().known(&key);
            self.output
                .say(&format!("{request}: {}", word.as_deref().unwrap_or(text)));
        }
    }
}

/// The record of another unit from which a request was handed over.
fn came(row: &HandoverRow) -> Value {
    json!({
        "unit": row.from_unit,
        "unit_code": row.from_code,
        "number": row.number,
        "certificate": row.certificate,
        "ukey": row.ukey,
        "at": row.at.to_string(),
    })
}

/// The departure that ended a request, and the request in its place.
fn went((row, successor): &(DepartureRow, Option<String>)) -> Value {
    json!({
        "at": row.at.to_string(),
        "by": row.officer,
        "confirmed_by": row.confirmed_by,
        "reason": row.reason,
        "ukey": row.ukey,
        "to_code": row.to_code,
        "handed_over": row.parcel,
        "successor": successor,
    })
}

fn scan_value(row: &ScanRow) -> Value {
    json!({
        "sha256": hex::encode(row.scan.sha256.0),
        "kind": row.scan.kind.word(),
        "bytes": row.scan.bytes,
        "attached_by": row.attached_by.as_str(),
        "attached_at": row.attached_at.to_string(),
    })
}

const fn opinion_kind(word: OpinionWord) -> OpinionKind {
    match word {
        OpinionWord::Applicant => OpinionKind::Applicant,
        OpinionWord::Department => OpinionKind::Department,
        OpinionWord::Office => OpinionKind::Office,
        OpinionWord::Acceptance => OpinionKind::Acceptance,
    }
}

/// A day as `2026-11-24`.
pub(super) fn parse_day(text: &str) -> Result<Date, Error> {
    Date::parse(text.trim(), &Iso8601::DATE)
        .map_err(|error| Error::usage("date-invalid", text).because(error))
}

/// A scan file, not read further than a scan can be long.
pub(super) fn read_scan(path: &Path) -> Result<Vec<u8>, Error> {
    read_limited(path, crate::domain::scan::MAX_BYTES)
}

/// An application file, TOML or JSON by its ending.
fn read_draft(file: &Path) -> Result<RequestDraft, Error> {
    let invalid = |text: String| Error::usage("file", format!("{}: {text}", file.display()));
    let bytes = read_limited(file, MAX_FILE)?;
    if bytes.len() > MAX_FILE {
        return Err(invalid("larger than 64 MB".to_owned()));
    }
    // Editors on Windows begin a file with a byte order mark.
    let text = String::from_utf8(bytes).map_err(|_bytes| invalid("not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if file.extension().is_some_and(|ending| ending == "json") {
        serde_json::from_str(text)
            .map_err(|error| invalid(format!("line {}, column {}", error.line(), error.column())))
    } else {
        toml::from_str(text).map_err(|error| invalid(error.message().to_owned()))
    }
}
