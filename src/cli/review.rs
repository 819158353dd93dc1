//! `request send-up`, `review` and `receive-review`: requests that the superior decides on.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Review;
use super::commands::{AskTerminal, Cli};
use crate::domain::approval::Decision;
use crate::domain::officer::Duty;
use crate::station::desk::Access;
use crate::station::jobs::requests;
use crate::station::jobs::review::{self, ReviewItem, Ruling};
use crate::station::{Error, RequestRow};

impl Cli<'_> {
    pub(super) fn send_up(&self, file: &Path, ids: &[String]) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::EnterRequest)?;
        let rows: Vec<RequestRow> = ids
            .iter()
            .map(|id| requests::find(&desk, &officer, id).map(|view| view.row))
            .collect::<Result<_, _>>()?;
        let named = (!rows.is_empty()).then_some(rows.as_slice());
        let sent = review::send_up(&desk, &officer, named, file)?;
        let items: Vec<Value> = sent
            .requests
            .iter()
            .map(|(number, why)| json!({ "number": number, "why": why }))
            .collect();
        let words = self.output.wording();
        let path = sent.file.display().to_string();
        self.output.document(
            &json!({ "file": sent.file, "requests": items }),
            &words.with("written", [("path", path)]),
        );
        Ok(0)
    }

    pub(super) fn review(&self, arguments: &Review) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::DecideRequest)?;
        let opened = review::open(&desk, &officer, &arguments.file)?;
        if let Some(dir) = &arguments.scans {
            let files = review::write_scans(&desk, &officer, &opened, dir)?;
            return Ok(self.written(&files));
        }
        // A list of items has no place for it: it is said alone.
        self.warn_of_ended_lists(&desk, &officer, &mut Value::Null)?;
        let rulings = rulings(arguments, &opened.items)?;
        if rulings.is_empty() {
            let items: Vec<Value> = opened.items.iter().map(item).collect();
            let columns = [
                ("col-number", "number"),
                ("col-unit", "unit"),
                ("col-holder", "name"),
                ("col-types", "user_types"),
                ("col-outcome", "decided"),
            ];
            self.output.list(&items, &columns);
            return Ok(0);
        }
        let ask = AskTerminal(self.output);
        let out = arguments.out.as_deref();
        let decided = review::decide(&desk, &officer, (&opened, &rulings), out, &ask)?;
        let items: Vec<Value> = decided
            .requests
            .iter()
            .map(|(number, decision)| json!({ "number": number, "decision": word(*decision) }))
            .collect();
        let words = self.output.wording();
        let path = decided.file.display().to_string();
        self.output.document(
            &json!({ "file": decided.file, "requests": items }),
            &words.with("written", [("path", path)]),
        );
        Ok(0)
    }

    pub(super) fn receive_review(&self, file: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::EnterRequest)?;
        let received = review::receive_review(&desk, &officer, file)?;
        let mut code = 0;
        let items: Vec<Value> = received
            .requests
            .iter()
            .map(|moved| match &moved.outcome {
                Ok(decision) => json!({ "number": moved.number, "decision": word(*decision) }),
                Err(error) => {
                    code = 4;
                    let words =
                        self.output
                            .error_object(error.kind.word(), error.code, &error.subject);
                    json!({ "number": moved.number, "decision": null, "error": words })
                }
            })
            .collect();
        let words = self.output.wording();
        let text = words.text(if received.replayed {
            "parcel-replayed"
        } else {
            "done"
        });
        let mut document = json!({ "replayed": received.replayed, "requests": items });
        self.warn_of_ended_lists(&desk, &officer, &mut document)?;
        self.output.document(&document, &text);
        Ok(code)
    }
}

/// What was typed, one ruling for a request.
fn rulings(arguments: &Review, items: &[ReviewItem]) -> Result<Vec<(String, Ruling)>, Error> {
    let reason = arguments.reason.clone().unwrap_or_default();
    let open = items.iter().filter(|item| item.decided.is_none());
    let mut rulings: Vec<(String, Ruling)> = Vec::new();
    let approve = arguments
        .approve
        .iter()
        .flat_map(|typed| match typed.as_str() {
            "all" => open.clone().map(|item| item.number.clone()).collect(),
            number => vec![number.to_owned()],
        });
    rulings.extend(approve.map(|number| (number, Ruling::Approve)));
    let returned = arguments.r#return.iter().cloned();
    rulings.extend(returned.map(|number| (number, Ruling::Return(reason.clone()))));
    let rejected = arguments.reject.iter().cloned();
    rulings.extend(rejected.map(|number| (number, Ruling::Reject(reason.clone()))));
    let mut numbers: Vec<&str> = rulings
        .iter()
        .map(|(number, _ruling)| number.as_str())
        .collect();
    numbers.sort_unstable();
    if let Some([twice, _]) = numbers.array_windows().find(|[one, other]| one == other) {
        return Err(Error::usage("request-ambiguous", *twice));
    }
    Ok(rulings)
}

fn item(item: &ReviewItem) -> Value {
    let field = |name: &str| item.fields.get(name);
    json!({
        "number": item.number,
        "sent_by": item.sent_by,
        "unit": item.unit,
        "name": field("name"),
        "user_types": field("user_types"),
        "post": field("post"),
        "fields": item.fields,
        "opinions": item.opinions,
        "scans": item.scans,
        "officer": item.officer.as_ref().map(|(name, post, key)| json!({
            "name": name.as_str(), "post": post.word(), "key_sha256": key,
        })),
        "why": item.why,
        "decided": item.decided,
    })
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approved => "approved",
        Decision::Returned => "returned",
        Decision::Rejected => "rejected",
    }
}
