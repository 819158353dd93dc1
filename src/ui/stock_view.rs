//! What the window draws of the stock, and what it asks the desk to do with it.

use std::path::PathBuf;
use std::sync::Arc;

use super::audit_view::AuditQuery;
use super::certificates_view::CertificateQuery;
use super::requests_view::RequestsQuery;
use super::second_view::fact;
use crate::domain::stock::Resolution;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::stock::{
    LevelView, Neighbours, Received, SignedFor, StockDay, StockFile,
};
use crate::station::jobs::tally::Forecast;
use crate::station::jobs::units::BadRows;
use crate::station::{DiscrepancyRow, NoteRow, StockLine};
use crate::wording::Wording;

/// Which page is seen, and which part of it: the desk reads the records for that one only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// One whose facts are always at hand.
    #[default]
    Other,
    /// 今日.
    Today,
    /// 库存.
    Stock(StockQuery),
    /// 发放签收.
    Travel,
    /// 盘点.
    Check,
    /// 证书, with what is listed.
    Certificates(Box<CertificateQuery>),
    /// 申请.
    Requests(RequestsQuery),
    /// 挂失补办, with what is searched for.
    Loss(String),
    /// 审计, with the filters of its time line.
    Audit(AuditQuery),
    /// 设置.
    Settings,
}

/// A ukey that is plugged in and that the books do not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stranger {
    pub(super) serial: Serial,
    pub(super) model: String,
}

/// Which ukeys of the stock are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StockQuery {
    pub(super) model: Option<String>,
    pub(super) state: Option<UkeyState>,
    /// Empty for every box.
    pub(super) box_of: String,
    /// Empty for every serial number.
    pub(super) serial_part: String,
    pub(super) face: StockFace,
}

/// Which side of the stock is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StockFace {
    /// What is where now.
    #[default]
    Now,
    /// What the coming months need, and how the last days went.
    Ahead,
}

/// The stock page.
#[derive(Clone, Debug)]
pub(super) struct StockPicture {
    pub(super) summary: Arc<StockSummary>,
    /// Every ukey that the query meets.
    pub(super) rows: Vec<StockRow>,
    /// Read once it is looked at.
    pub(super) outlook: Option<Arc<StockOutlook>>,
}

/// What is plotted: the numbers of `stock forecast`, and those of `stock report` day by day.
#[derive(Clone, Debug)]
pub(super) struct StockOutlook {
    pub(super) forecast: Forecast,
    pub(super) days: Vec<StockDay>,
}

/// What is where, and what differs.
#[derive(Clone, Debug, Default)]
pub(super) struct StockSummary {
    pub(super) lines: Vec<StockLine>,
    pub(super) unproven: Vec<(String, String, &'static str)>,
    pub(super) levels: Vec<LevelView>,
    pub(super) differences: Vec<DiscrepancyRow>,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct StockRow {
    pub(super) serial: Serial,
    pub(super) model: String,
    pub(super) box_of: Option<String>,
    pub(super) state: UkeyState,
    /// Number of the request it is, or was, made for.
    pub(super) request: Option<String>,
}

/// The page of what travels.
#[derive(Clone, Debug, Default)]
pub(super) struct TravelPicture {
    /// Sent from here, something of it still on its way; the oldest first.
    pub(super) in_transit: Vec<NoteLine>,
    /// All others, sent and received; the newest first.
    pub(super) notes: Vec<NoteLine>,
    pub(super) neighbours: Neighbours,
    /// Blanks of each model.
    pub(super) blanks: Vec<(String, u64)>,
    /// Ukeys come here from the supplier, not by note (D-26).
    pub(super) supplier: bool,
}

/// A note in a list.
#[derive(Clone, Debug)]
pub(super) struct NoteLine {
    pub(super) row: NoteRow,
    /// Name of the other unit.
    pub(super) unit: String,
    pub(super) age_days: i64,
}

/// A file that was looked into.
#[derive(Clone, Debug)]
pub(super) struct OpenedFile {
    pub(super) path: PathBuf,
    pub(super) file: StockFile,
}

/// What became of the last act here.
#[derive(Clone, Debug)]
pub(super) enum StockDone {
    /// Ukeys left.
    Sent {
        number: String,
        unit: String,
        count: usize,
        file: PathBuf,
        paper: Paper,
    },
    /// A note was signed for, or its sign-for came.
    SignedFor(SignedFor),
    /// A stock check was signed.
    Checked {
        number: String,
        differences: usize,
        paper: Paper,
    },
    /// A delivery was judged; what was good of it is in stock.
    Delivered(Received),
    /// A paper was written.
    Printed { number: String, paper: PathBuf },
}

/// The paper of what was just done: where it lies, or code and facts of why there is none.
pub(super) type Paper = Result<PathBuf, (String, String)>;

/// How many things of a page wait for who is signed in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    /// To be decided, or to be entered further.
    pub(super) requests: u64,
    pub(super) differences: usize,
    pub(super) in_transit: usize,
    /// Reports of loss whose clock runs: everybody's.
    pub(super) losses: usize,
}

/// What the window asks for.
#[derive(Clone, Debug)]
pub(super) enum StockAct {
    /// Say why something differs.
    Explain {
        number: String,
        resolution: Resolution,
        reason: String,
    },
    /// Accept an explanation.
    Accept(String),
    /// Set the reorder level of a model.
    Level { model: String, level: u32 },
    /// Down to the unit of this code.
    Dispatch { unit: String, what: Chosen },
    /// Up to the superior.
    SendBack {
        serials: Vec<String>,
        reason: String,
    },
    /// Write the paper of the note with this number or id.
    Paper { number: String, id: String },
    /// Look which ukeys are plugged in that the books do not know.
    LookForStrangers,
    /// Look into a file.
    Open(PathBuf),
    /// Sign for the note in it.
    SignFor { path: PathBuf, counted: Came },
    /// Take the sign-for in it.
    ReceiveSignFor(PathBuf),
    /// Take what the supplier brought.
    TakeDelivery(Box<DeliveryOrder>),
}

/// What was delivered, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeliveryOrder {
    pub(super) sheet: Option<PathBuf>,
    /// Serial numbers, and ranges of them as first and last.
    pub(super) typed: Vec<(String, Option<String>)>,
    pub(super) model: Option<String>,
    pub(super) box_of: Option<String>,
    pub(super) count: Option<usize>,
    pub(super) reason: Option<String>,
    pub(super) bad_rows: BadRows,
}

impl DeliveryOrder {
    /// What the second officer confirms, line by line.
    pub(super) fn facts(&self, wording: &Wording) -> Vec<String> {
        let sheet = self.sheet.as_ref().map(|path| path.display().to_string());
        let typed = self.typed.iter().map(|(first, last)| match last {
            Some(last) => format!("{first} … {last}"),
            None => first.clone(),
        });
        let typed = (!self.typed.is_empty()).then(|| typed.collect::<Vec<_>>().join(", "));
        let count = self.count.map(|count| count.to_string());
        let facts = [
            ("ui-delivery-sheet", sheet),
            ("ui-delivery-serials-typed", typed),
            ("ui-delivery-model", self.model.clone()),
            ("ui-delivery-box", self.box_of.clone()),
            ("ui-delivery-count", count),
        ];
        let told = facts.into_iter();
        told.filter_map(|(key, is)| Some(fact(wording, wording.text(key), is?)))
            .collect()
    }
}

/// Which blanks go, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) serials: Vec<String>,
    pub(super) boxes: Vec<String>,
    pub(super) count: usize,
    pub(super) model: Option<String>,
}

/// What differs from a note, as ticked and typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) missing: Vec<Serial>,
    pub(super) extra: Vec<String>,
    pub(super) late: Vec<Serial>,
}
