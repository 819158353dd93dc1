//! What the desk's thread does for the page of applications: its pictures and acts.

mod in_full;
mod scan_picture;

use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};

use super::AtWork;
use super::stock::Stale;
use crate::domain::request::{RequestDraft, draft_of_fields};
use crate::domain::scan;
use crate::station::files::{read_limited, read_sheet};
use crate::station::jobs::people::{self, Sight};
use crate::station::jobs::requests::{self, Entered};
use crate::station::jobs::review::{Review, Ruling};
use crate::station::jobs::{
    approvals, holders, papers, request_import, request_view, review, sheets, units,
};
use crate::station::sign_in::NobodyToAsk;
use crate::station::{Error, RequestFilter, RequestRow, SigningKey, clock};
use crate::ui::lock;
use crate::ui::requests_view::{
    EntryFacts, ListPicture, ListQuery, OpenPicture, PAGE, RequestsAct, RequestsDone,
    RequestsQuery, ReviewPicture, Seen, StoredDraft, UnitChoice,
};

impl AtWork<'_> {
    /// Reads what the page shows; what cannot have changed stays.
    pub(super) fn requests_picture(
        &self,
        query: &RequestsQuery,
        stale: Stale,
    ) -> Result<(), Error> {
        let known = lock(self.view).applications.clone();
        let kept = stale == Stale::Page;
        let list = known.list.filter(|list| kept && list.query == query.list);
        let list = match list {
            Some(list) => list,
            None => Arc::new(self.list_picture(&query.list)?),
        };
        let entry = match known.entry.filter(|_entry| kept) {
            _ if !query.entry => None,
            Some(entry) => Some(entry),
            None => Some(Arc::new(self.entry_facts()?)),
        };
        let is_open = |open: &Arc<OpenPicture>| Some(&open.view.row.number) == query.open.as_ref();
        let open = known.open.filter(|open| kept && is_open(open));
        let open = match (open, &query.open) {
            (Some(open), _) => Ok(Some(open)),
            (None, None) => Ok(None),
            (None, Some(number)) => self.open_picture(number).map(|open| Some(Arc::new(open))),
        };
        let mut view = lock(self.view);
        let facts = &mut view.applications;
        (facts.list, facts.entry) = (Some(list), entry);
        let open = match open {
            Ok(open) => open,
            Err(error) => {
                (facts.open, facts.seen) = (None, None);
                return Err(error);
            }
        };
        // What was revealed is of one revision, and is seen no longer than it is open.
        let is_seen = |seen: &Arc<Seen>| {
            let row = open.as_ref().map(|open| &open.view.row);
            row.is_some_and(|row| (&row.number, row.revision) == (&seen.number, seen.revision))
        };
        facts.seen = facts.seen.take().filter(is_seen);
        facts.open = open;
        Ok(())
    }

    /// What was revealed or opened is seen no longer than its page is; what may have changed is read
    /// again when the page is seen.
    pub(super) fn leave_requests(&self, stale: Stale) {
        self.opened_review().take();
        let mut view = lock(self.view);
        let facts = &mut view.applications;
        (facts.seen, facts.review) = (None, None);
        if stale == Stale::Records {
            (facts.list, facts.open, facts.entry, facts.done) = (None, None, None, None);
        }
    }

    fn list_picture(&self, query: &ListQuery) -> Result<ListPicture, Error> {
        let filter = query.filter();
        let (found, counts) = requests::counts(&self.desk, &self.officer, &filter)?;
        let page = RequestFilter {
            limit: Some(PAGE),
            offset: query.page * PAGE,
            ..filter
        };
        Ok(ListPicture {
            query: query.clone(),
            rows: requests::list(&self.desk, &self.officer, &page)?,
            found,
            counts,
        })
    }

    fn open_picture(&self, number: &str) -> Result<OpenPicture, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let view = requests::find(desk, officer, number)?;
        Ok(OpenPicture {
            details: request_view::details(desk, officer, &view.row, Sight::Masked)?,
            edits: request_view::edits(desk, officer, &view.row)?,
            view,
        })
    }

    fn entry_facts(&self) -> Result<EntryFacts, Error> {
        let all = people::units(&self.desk, &self.officer)?;
        let open = all.into_iter().filter(|unit| unit.closed_at.is_none());
        Ok(EntryFacts {
            units: open
                .map(|unit| UnitChoice {
                    id: unit.id,
                    name: unit.name,
                    code: unit.code.as_str().to_owned(),
                })
                .collect(),
            user_types: units::user_types(&self.desk, &self.officer)?,
        })
    }

    pub(super) fn requests_act(&self, act: RequestsAct) -> Result<(), Error> {
        self.told(|| self.do_act(act))
    }

    /// Tells the page what became of an act.
    fn told(&self, act: impl FnOnce() -> Result<Option<RequestsDone>, Error>) -> Result<(), Error> {
        lock(self.view).applications.done = None;
        requests::tidy(&self.desk)?;
        let done = act();
        let mut view = lock(self.view);
        let facts = &mut view.applications;
        facts.turn += 1;
        match done {
            Ok(Some(done)) => facts.done = Some(Arc::new(done)),
            Ok(None) => {}
            // The form says each under its field.
            Err(error) if error.code == "request-invalid" => {
                facts.done = Some(Arc::new(RequestsDone::Invalid(error.faults)));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn do_act(&self, act: RequestsAct) -> Result<Option<RequestsDone>, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let done = match act {
            RequestsAct::Enter { typed, submit } => {
                let entered = requests::enter(desk, officer, &typed.0)?;
                self.saved(entered, submit)?
            }
            RequestsAct::Open { number, reason } => {
                self.open_draft(&number, &reason)?;
                return Ok(None);
            }
            RequestsAct::Edit {
                number,
                typed,
                same_papers,
                submit,
            } => {
                let row = self.row(&number)?;
                let entered = requests::edit(desk, officer, &row, (&typed.0, same_papers))?;
                self.saved(entered, submit)?
            }
            RequestsAct::Submit(numbers) => self.each("ui-request-submitted", &numbers, |row| {
                requests::submit(desk, officer, row)
            }),
            RequestsAct::Withdraw(numbers) => self.each("ui-request-withdrawn", &numbers, |row| {
                requests::withdraw(desk, officer, row)
            }),
            RequestsAct::Approve(numbers) => {
                let mut key = SigningKey::open(desk, officer)?;
                self.each("ui-request-approved", &numbers, |row| {
                    approvals::approve(desk, officer, &mut key, row, &NobodyToAsk)
                })
            }
            RequestsAct::Refuse {
                numbers,
                refusal,
                reason,
            } => {
                let mut key = SigningKey::open(desk, officer)?;
                let key_of_words = match refusal {
                    approvals::Refusal::Return => "ui-request-returned",
                    approvals::Refusal::Reject => "ui-request-rejected",
                };
                self.each(key_of_words, &numbers, |row| {
                    approvals::refuse(desk, officer, &mut key, row, (refusal, &reason))
                })
            }
            RequestsAct::OpenReview(file) => {
                self.open_review(file)?;
                return Ok(None);
            }
            RequestsAct::Reveal(sight) => return self.see(&sight, None),
            paper_or_file => self.paper_or_file(paper_or_file)?,
        };
        Ok(Some(done))
    }

    /// What goes to or comes from files.
    fn paper_or_file(&self, act: RequestsAct) -> Result<RequestsDone, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        Ok(match act {
            RequestsAct::Attach { number, scan } => {
                let content = read_limited(&scan, scan::MAX_BYTES)?;
                papers::attach(desk, officer, &self.row(&number)?, &content)?;
                RequestsDone::Paper {
                    done: "ui-request-scan-attached",
                    warnings: Vec::new(),
                }
            }
            RequestsAct::Record { number, opinion } => {
                let row = self.row(&number)?;
                RequestsDone::Paper {
                    warnings: papers::record(desk, officer, &row, &[opinion])?,
                    done: "ui-request-opinion-recorded",
                }
            }
            RequestsAct::Template(out) => {
                let out = self.out(out, "requests-template.xlsx");
                sheets::template(desk, officer, &out)?;
                RequestsDone::Written(out)
            }
            RequestsAct::Import { file, bad_rows } => {
                let bytes = read_sheet(&file)?;
                let imported = request_import::import(desk, officer, &bytes, bad_rows)?;
                RequestsDone::Imported(imported)
            }
            RequestsAct::Export { query, out } => {
                let out = self.out(out, &format!("requests-{}.xlsx", file_time()));
                sheets::export(desk, officer, &query.filter(), Sight::Masked, &out)?;
                RequestsDone::Written(out)
            }
            RequestsAct::SendUp { numbers, out } => {
                let rows = numbers.iter().map(|number| self.row(number));
                let rows = rows.collect::<Result<Vec<_>, _>>()?;
                let name = format!("requests-{}.ukey-requests", file_time());
                let out = self.out(out, &name);
                let sent = review::send_up(desk, officer, Some(&rows), &out)?;
                RequestsDone::SentUp {
                    count: sent.requests.len(),
                    file: sent.file,
                }
            }
            RequestsAct::ReceiveAnswer(file) => self.answered(&file)?,
            RequestsAct::ReceiveHolders { file, unit } => {
                let unit = unit.map(|unit| units::find(desk, officer, &unit));
                let unit = unit.transpose()?;
                let received = holders::receive(desk, officer, &file, unit.as_ref())?;
                RequestsDone::HandedOver(received)
            }
            RequestsAct::WriteReviewScans(out) => {
                let opened = self.opened_review();
                let opened = opened.as_ref().ok_or_else(not_opened)?;
                let out = self.out(out, &format!("scans-{}", file_time()));
                review::write_scans(desk, officer, opened, &out)?;
                RequestsDone::Written(out)
            }
            RequestsAct::Decide { rulings, out } => self.decide(&rulings, out.as_deref())?,
            _ => RequestsDone::Invalid(Vec::new()),
        })
    }

    fn row(&self, number: &str) -> Result<RequestRow, Error> {
        Ok(requests::find(&self.desk, &self.officer, number)?.row)
    }

    /// What was entered, submitted as well where that was asked for. It stays where that is refused.
    fn saved(&self, entered: Entered, submit: bool) -> Result<RequestsDone, Error> {
        let Entered {
            row,
            normalised,
            warnings,
        } = entered;
        let done = RequestsDone::Saved {
            number: row.number.clone(),
            normalised,
            warnings,
        };
        if submit && let Err(error) = requests::submit(&self.desk, &self.officer, &row) {
            lock(self.view).applications.done = Some(Arc::new(done));
            return Err(error);
        }
        Ok(done)
    }

    /// Does one act on each application: one that is refused never stops the others.
    fn each(
        &self,
        done: &'static str,
        numbers: &[String],
        mut act: impl FnMut(&RequestRow) -> Result<(), Error>,
    ) -> RequestsDone {
        let (mut well, mut refused) = (Vec::new(), Vec::new());
        for number in numbers {
            match self.row(number).and_then(|row| act(&row)) {
                Ok(()) => well.push(number.clone()),
                Err(error) => {
                    let why = (error.code.to_owned(), error.subject);
                    refused.push((number.clone(), why));
                }
            }
        }
        RequestsDone::Each {
            done,
            numbers: well,
            refused,
        }
    }

    /// Gives the stored values to the form: a look at them in full, which is written down.
    fn open_draft(&self, number: &str, reason: &str) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let view = requests::find(desk, officer, number)?;
        if !view.row.state.is_editable() {
            let (number, state) = (&view.row.number, view.row.state.word());
            let text = format!("{number} ({state})");
            return Err(Error::refused("request-not-editable", text));
        }
        let revealed = self.revealed("fields", (&view.row, None), reason)?;
        let sight = Sight::Full(&revealed);
        let details = request_view::details(desk, officer, &view.row, sight)?;
        let draft = StoredDraft {
            number: view.row.number,
            kind: view.row.form,
            unit: UnitChoice {
                id: view.unit.id,
                name: view.unit.name,
                code: view.unit.code.as_str().to_owned(),
            },
            draft: RequestDraft {
                unit: view.unit.code.as_str().to_owned(),
                ..draft_of_fields(&details.fields)
            },
        };
        lock(self.view).applications.draft = Some(Arc::new(draft));
        Ok(())
    }

    fn answered(&self, file: &Path) -> Result<RequestsDone, Error> {
        let received = review::receive_review(&self.desk, &self.officer, file)?;
        let (mut numbers, mut refused) = (Vec::new(), Vec::new());
        for moved in received.requests {
            match moved.outcome {
                Ok(_decision) => numbers.push(moved.number),
                Err(error) => {
                    let why = (error.code.to_owned(), error.subject);
                    refused.push((moved.number, why));
                }
            }
        }
        Ok(RequestsDone::Answered {
            replayed: received.replayed,
            numbers,
            refused,
        })
    }

    /// Looks into a subordinate's file; it stays open until it is decided on, or the page is left.
    fn open_review(&self, file: PathBuf) -> Result<(), Error> {
        self.opened_review().take();
        lock(self.view).applications.review = None;
        let opened = review::open(&self.desk, &self.officer, &file)?;
        let picture = ReviewPicture {
            file,
            items: opened.items.clone(),
        };
        *self.opened_review() = Some(opened);
        lock(self.view).applications.review = Some(Arc::new(picture));
        Ok(())
    }

    /// Signs what was decided about the file that is open, and writes the answer.
    fn decide(
        &self,
        rulings: &[(String, Ruling)],
        out: Option<&Path>,
    ) -> Result<RequestsDone, Error> {
        let decided = {
            let opened = self.opened_review();
            let opened = opened.as_ref().ok_or_else(not_opened)?;
            let (desk, officer) = (&self.desk, &self.officer);
            review::decide(desk, officer, (opened, rulings), out, &NobodyToAsk)?
        };
        self.opened_review().take();
        lock(self.view).applications.review = None;
        Ok(RequestsDone::Reviewed {
            count: decided.requests.len(),
            file: decided.file,
        })
    }

    /// The subordinate's file that is open.
    fn opened_review(&self) -> MutexGuard<'_, Option<Review>> {
        let review = self.review.lock();
        review.unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a file goes: as asked, else beside the other files that go out.
    fn out(&self, asked: Option<PathBuf>, name: &str) -> PathBuf {
        asked.unwrap_or_else(|| self.desk.home().out().join(name))
    }
}

/// Nothing to decide on is open: it was left meanwhile.
fn not_opened() -> Error {
    Error::refused("changed-meanwhile", "")
}

/// The moment as file names have it.
fn file_time() -> String {
    clock::now().to_string().replace(':', "")
}
