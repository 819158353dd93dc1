//! What the desk's thread does for the pages of the stock.

use std::path::PathBuf;
use std::sync::Arc;

use super::AtWork;
use crate::domain::officer::Post;
use crate::domain::request::RequestState;
use crate::domain::ukey::Serial;
use crate::station::bench::Unusable;
use crate::station::files::read_sheet;
use crate::station::jobs::stock::{self, Counted, Delivery, Dispatched, Selection};
use crate::station::jobs::{dispatch_paper, losses, requests, tally, ukeys};
use crate::station::{Error, NoteRow, RequestFilter, SecondOfficer, UkeyFilter};
use crate::ui::lock;
use crate::ui::stock_view::{
    Came, Chosen, DeliveryOrder, NoteLine, OpenedFile, Shown, StockAct, StockDone, StockFace,
    StockOutlook, StockPicture, StockQuery, StockRow, StockSummary, Stranger, TravelPicture,
    Waiting,
};

/// What is plotted: a year ahead and a month back.
const MONTHS_AHEAD: u32 = 12;
const DAYS_BACK: u8 = 30;

/// What has changed since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// Nothing that is written down here.
    Nothing,
    /// Another page, or another part of it.
    Page,
    /// The records.
    Records,
}

impl AtWork<'_> {
    /// Reads what the page that is seen shows; only what may have changed.
    pub(super) fn look_at_stock(&self, shown: &Shown, stale: Stale) -> Result<(), Error> {
        if stale == Stale::Nothing {
            return Ok(());
        }
        if !matches!(shown, Shown::Requests(_)) {
            self.leave_requests(stale);
        }
        if stale == Stale::Records {
            let waiting = self.waiting()?;
            let mut view = lock(self.view);
            view.waiting = waiting;
            // A page that is not seen is read again when it is.
            if !matches!(shown, Shown::Stock(_)) {
                view.stock = None;
                view.strangers = None;
            }
            if *shown != Shown::Travel {
                view.travel = None;
            }
            if *shown != Shown::Check {
                view.check = None;
            }
            if !matches!(shown, Shown::Certificates(_)) {
                view.certificates = None;
                view.certificate_done = None;
            }
            if !matches!(shown, Shown::Loss(_)) {
                view.losses = None;
                view.loss_done = None;
            }
            if *shown != Shown::Settings {
                view.settings = None;
                view.settings_done = None;
            }
            if !matches!(shown, Shown::Audit(_)) {
                view.audit = None;
                view.audit_done = None;
            }
        }
        let looked = match shown {
            Shown::Other | Shown::Today | Shown::Check => Ok(()),
            Shown::Stock(query) => self.stock_picture(query, stale),
            Shown::Travel => self.travel_picture(),
            Shown::Certificates(query) => self.certificate_picture(query),
            Shown::Loss(search) => self.loss_picture(search),
            Shown::Audit(query) => self.audit_picture(query),
            Shown::Settings => self.settings_picture(),
            Shown::Requests(query) => self.requests_picture(query, stale),
        };
        lock(self.view).shown = shown.clone();
        looked
    }

    fn waiting(&self) -> Result<Waiting, Error> {
        let open = stock::discrepancies(&self.desk, &self.officer, true)?;
        let explained = open.iter().filter(|row| row.explained.is_some()).count();
        let in_transit = stock::in_transit(&self.desk, &self.officer)?.len();
        let losses = losses::list(&self.desk, &self.officer, true)?.len();
        let counts = requests::counts(&self.desk, &self.officer, &RequestFilter::default())?.1;
        let requests = |states: &[RequestState]| {
            let counts = states.iter().map(|state| counts.get(state).copied());
            counts.map(Option::unwrap_or_default).sum()
        };
        Ok(match self.officer.post() {
            Post::System => Waiting {
                requests: requests(&[RequestState::Draft, RequestState::Returned]),
                differences: open.len() - explained,
                in_transit,
                losses,
            },
            Post::Security => Waiting {
                requests: requests(&[RequestState::Submitted]),
                differences: explained,
                in_transit: 0,
                losses,
            },
            Post::Auditor => Waiting {
                losses,
                ..Waiting::default()
            },
        })
    }

    fn stock_picture(&self, query: &StockQuery, stale: Stale) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let known = lock(self.view).stock.clone();
        let known = known.filter(|_known| stale == Stale::Page);
        let outlook = known.as_ref().and_then(|known| known.outlook.clone());
        let outlook = match (query.face, outlook) {
            (StockFace::Ahead, None) => Some(self.stock_outlook()?),
            (StockFace::Ahead | StockFace::Now, outlook) => outlook,
        };
        let summary = if let Some(known) = known {
            Arc::clone(&known.summary)
        } else {
            let report = stock::report(desk, officer, None)?;
            Arc::new(StockSummary {
                lines: report.lines,
                unproven: report.unproven,
                levels: stock::level(desk, officer)?,
                differences: stock::discrepancies(desk, officer, true)?,
            })
        };
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let filter = UkeyFilter {
            state: query.state,
            model: query.model.clone(),
            box_of: some(&query.box_of),
            serial_part: some(&query.serial_part),
            ..UkeyFilter::default()
        };
        let found = ukeys::page(desk, officer, &filter)?;
        let numbers = if found.iter().any(|ukey| ukey.row.request.is_some()) {
            requests::numbers(desk, officer)?
        } else {
            std::collections::BTreeMap::new()
        };
        let rows = found.into_iter().map(|ukey| StockRow {
            serial: ukey.row.identity.serial,
            model: ukey.row.identity.model,
            box_of: ukey.row.box_of,
            state: ukey.row.state,
            request: ukey
                .row
                .request
                .and_then(|id| numbers.get(&id))
                .map(|(number, _unit)| number.clone()),
        });
        let picture = StockPicture {
            summary,
            rows: rows.collect(),
            outlook,
        };
        lock(self.view).stock = Some(Arc::new(picture));
        Ok(())
    }

    fn stock_outlook(&self) -> Result<Arc<StockOutlook>, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        Ok(Arc::new(StockOutlook {
            forecast: tally::forecast(desk, officer, MONTHS_AHEAD)?,
            days: stock::last_days(desk, officer, DAYS_BACK)?,
        }))
    }

    fn travel_picture(&self) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let sent = stock::notes(desk, officer, true)?.into_iter();
        let (in_transit, mut notes): (Vec<_>, Vec<_>) = sent.partition(|note| note.in_transit > 0);
        notes.extend(stock::notes(desk, officer, false)?);
        notes.sort_by_key(|note| std::cmp::Reverse(note.at));
        let levels = stock::level(desk, officer)?;
        let picture = TravelPicture {
            in_transit: self.note_lines(in_transit)?,
            notes: self.note_lines(notes)?,
            neighbours: stock::neighbours(desk, officer)?,
            blanks: levels
                .into_iter()
                .map(|level| (level.model, level.blank))
                .collect(),
            supplier: stock::comes_from_supplier(desk)?,
        };
        lock(self.view).travel = Some(Arc::new(picture));
        Ok(())
    }

    fn note_lines(&self, rows: Vec<NoteRow>) -> Result<Vec<NoteLine>, Error> {
        let lines = rows.into_iter().map(|row| {
            Ok(NoteLine {
                unit: stock::unit_name(&self.desk, &self.officer, &row.unit_code)?,
                age_days: stock::age_days(&row),
                row,
            })
        });
        lines.collect()
    }

    pub(super) fn stock_act(&self, act: StockAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).stock_done = None;
        match act {
            StockAct::Explain {
                number,
                resolution,
                reason,
            } => {
                stock::explain(desk, officer, (&number, resolution, &reason))?;
            }
            StockAct::Accept(number) => {
                stock::accept(desk, officer, (None, &number))?;
            }
            StockAct::Level { model, level } => stock::set_level(desk, officer, (&model, level))?,
            StockAct::Dispatch { unit, what } => self.dispatch(&unit, &what)?,
            StockAct::SendBack { serials, reason } => {
                let serials = ukeys::named_all(desk, officer, &serials)?;
                let sent = stock::send_back(desk, officer, (&serials, &reason), None)?;
                self.sent(&sent)?;
            }
            StockAct::Paper { number, id } => {
                let paper = self.paper(&number, &id)?;
                lock(self.view).stock_done = Some(StockDone::Printed { number, paper });
            }
            StockAct::LookForStrangers => self.look_for_strangers()?,
            StockAct::Open(path) => self.open(path)?,
            StockAct::SignFor { path, counted } => {
                let counted = counted_of(&counted);
                let signed = stock::sign_for(desk, officer, (&path, &counted), None)?;
                self.signed_for(signed);
            }
            StockAct::ReceiveSignFor(path) => {
                let signed = stock::receive_sign_for(desk, officer, &path)?;
                self.signed_for(signed);
            }
            StockAct::TakeDelivery(order) => self.take_delivery(&order, None)?,
        }
        Ok(())
    }

    /// Takes a delivery; what became of each row is told on the page.
    pub(super) fn take_delivery(
        &self,
        order: &DeliveryOrder,
        second: Option<&SecondOfficer>,
    ) -> Result<(), Error> {
        let sheet = order.sheet.as_deref();
        let delivery = Delivery {
            sheet: sheet.map(read_sheet).transpose()?,
            typed: order.typed.clone(),
            model: order.model.clone(),
            box_of: order.box_of.clone(),
            count: order.count,
            reason: order.reason.clone(),
        };
        let how = (&delivery, order.bad_rows);
        let received = stock::receive(&self.desk, &self.officer, second, how)?;
        lock(self.view).stock_done = Some(StockDone::Delivered(received));
        Ok(())
    }

    fn look_for_strangers(&self) -> Result<(), Error> {
        let bench = ukeys::inserted(&self.desk, &self.officer)?;
        let unknown = bench.ukeys.into_iter().filter(|ukey| {
            ukey.record.is_none() && matches!(ukey.usable, Err(Unusable::NotInStock))
        });
        let strangers = unknown.map(|ukey| Stranger {
            serial: ukey.reading.identity.serial,
            model: ukey.reading.identity.model,
        });
        lock(self.view).strangers = Some(strangers.collect());
        Ok(())
    }

    fn dispatch(&self, unit: &str, what: &Chosen) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let selection = Selection {
            serials: ukeys::named_all(desk, officer, &what.serials)?,
            boxes: what.boxes.clone(),
            count: what.count,
            model: what.model.clone(),
        };
        let sent = stock::dispatch(desk, officer, (unit, &selection), None)?;
        self.sent(&sent)
    }

    fn sent(&self, sent: &Dispatched) -> Result<(), Error> {
        let note = &sent.note;
        let unit = stock::unit_name(&self.desk, &self.officer, &note.unit_code)?;
        // The ukeys are gone by now, whatever becomes of the paper.
        let paper = self.paper(&note.number, &note.id);
        lock(self.view).stock_done = Some(StockDone::Sent {
            number: note.number.clone(),
            unit,
            count: sent.items.len(),
            file: sent.sent.file.clone(),
            paper: paper.map_err(|error| (error.code.to_owned(), error.subject)),
        });
        Ok(())
    }

    /// Writes the paper of a note beside the files that go out.
    fn paper(&self, number: &str, id: &str) -> Result<PathBuf, Error> {
        // The number of a note that came was chosen elsewhere.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name: String = number.chars().filter(|c| plain(*c)).collect();
        let short: String = id.chars().rev().take(6).collect();
        let file = format!("note-{name}-{short}.pdf");
        let path = self.desk.home().out().join(file);
        dispatch_paper::write(&self.desk, &self.officer, id, &path)?;
        Ok(path)
    }

    fn open(&self, path: PathBuf) -> Result<(), Error> {
        let file = stock::look_into(&self.desk, &self.officer, &path);
        let mut view = lock(self.view);
        view.opened = None;
        view.opened = Some(Arc::new(OpenedFile { path, file: file? }));
        Ok(())
    }

    fn signed_for(&self, signed: stock::SignedFor) {
        let mut view = lock(self.view);
        view.opened = None;
        view.stock_done = Some(StockDone::SignedFor(signed));
    }
}

fn counted_of(came: &Came) -> Counted {
    let texts = |serials: &[Serial]| serials.iter().map(ToString::to_string).collect();
    Counted {
        missing: texts(&came.missing),
        extra: came.extra.clone(),
        late: texts(&came.late),
    }
}
