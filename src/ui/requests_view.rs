//! What the window draws of applications, and what it asks the desk to do with them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::second_view::fact;
use crate::domain::id::UnitId;
use crate::domain::opinion::Opinion;
use crate::domain::request::{
    FieldFault, FieldWarning, FormKind, Normalised, RequestDraft, RequestState,
};
use crate::station::jobs::approvals::Refusal;
use crate::station::jobs::holders::Received;
use crate::station::jobs::request_import::Imported;
use crate::station::jobs::request_view::{Details, Edit};
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::review::{ReviewItem, Ruling};
use crate::station::jobs::units::BadRows;
use crate::station::{RequestFilter, RequestOrder};
use crate::wording::Wording;

/// So many stand on one page of the list.
pub(super) const PAGE: usize = 500;

/// What of the page is seen: the desk reads the records for that only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestsQuery {
    pub(super) list: ListQuery,
    /// Number of the one that is open.
    pub(super) open: Option<String>,
    /// The form is open: its units and user types are wanted.
    pub(super) entry: bool,
}

/// Which applications are listed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub(super) search: String,
    pub(super) state: Option<RequestState>,
    pub(super) by_name: bool,
    /// The first page is 0.
    pub(super) page: usize,
}

impl fmt::Debug for ListQuery {
    /// What is searched for may be an identity number: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, page) = (self.state, self.page);
        write!(f, "ListQuery({state:?}, page {page})")
    }
}

impl ListQuery {
    /// The same for the jobs; the page is theirs to add.
    pub(super) fn filter(&self) -> RequestFilter {
        let search = self.search.trim();
        RequestFilter {
            state: self.state,
            search: (!search.is_empty()).then(|| search.to_owned()),
            order: if self.by_name {
                RequestOrder::Name
            } else {
                RequestOrder::Number
            },
            ..RequestFilter::default()
        }
    }
}

/// Everything the page draws.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestsFacts {
    pub(super) list: Option<Arc<ListPicture>>,
    pub(super) open: Option<Arc<OpenPicture>>,
    pub(super) entry: Option<Arc<EntryFacts>>,
    /// What of the open one was revealed.
    pub(super) seen: Option<Arc<Seen>>,
    /// A stored application that is to be edited; the page takes it.
    pub(super) draft: Option<Arc<StoredDraft>>,
    /// A subordinate's file that is open.
    pub(super) review: Option<Arc<ReviewPicture>>,
    /// The last act here.
    pub(super) done: Option<Arc<RequestsDone>>,
    /// Counts the acts, so that the page sees that one was done.
    pub(super) turn: u64,
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub(super) struct ListPicture {
    pub(super) query: ListQuery,
    pub(super) rows: Vec<RequestView>,
    /// So many are found, on whatever page.
    pub(super) found: u64,
    /// How many there are in each state, whatever is searched for.
    pub(super) counts: BTreeMap<RequestState, u64>,
}

/// One application.
#[derive(Clone, Debug)]
pub(super) struct OpenPicture {
    pub(super) view: RequestView,
    pub(super) details: Details,
    pub(super) edits: Vec<Edit>,
}

/// What the form is filled in with.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryFacts {
    /// Open ones; the own unit first.
    pub(super) units: Vec<UnitChoice>,
    pub(super) user_types: Vec<String>,
}

/// A unit to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnitChoice {
    pub(super) id: UnitId,
    pub(super) name: String,
    pub(super) code: String,
}

/// What of an application was revealed, for a reason that is kept (D-39).
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) number: String,
    pub(super) revision: u32,
    pub(super) fields: Option<BTreeMap<String, String>>,
    pub(super) scan: Option<ScanSight>,
}

impl fmt::Debug for Seen {
    /// It is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seen({})", self.number)
    }
}

/// A scan that was opened.
#[derive(Clone)]
pub(super) struct ScanSight {
    /// SHA-256, hex.
    pub(super) sha256: String,
    /// The picture; none when the window cannot draw this kind.
    pub(super) picture: Option<Arc<Pixels>>,
}

/// A picture as the window draws it.
pub(super) struct Pixels {
    pub(super) size: [usize; 2],
    pub(super) rgba: Vec<u8>,
}

/// A stored application, to be edited.
#[derive(Clone)]
pub(super) struct StoredDraft {
    pub(super) number: String,
    pub(super) kind: FormKind,
    pub(super) unit: UnitChoice,
    pub(super) draft: RequestDraft,
}

impl fmt::Debug for StoredDraft {
    /// It is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredDraft({})", self.number)
    }
}

/// A subordinate's applications to be decided on.
#[derive(Clone)]
pub(super) struct ReviewPicture {
    pub(super) file: PathBuf,
    pub(super) items: Vec<ReviewItem>,
}

impl fmt::Debug for ReviewPicture {
    /// It is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReviewPicture({} requests)", self.items.len())
    }
}

/// A form as it was typed.
#[derive(Clone)]
pub(super) struct Typed(pub(super) Box<RequestDraft>);

impl fmt::Debug for Typed {
    /// It is personal data: logs do not get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed")
    }
}

/// Number of an application, and code and facts of why something was not done to it.
pub(super) type Refused = (String, (String, String));

/// What became of the last act here.
#[derive(Debug)]
pub(super) enum RequestsDone {
    /// A form was entered or edited.
    Saved {
        number: String,
        normalised: Vec<Normalised>,
        warnings: Vec<FieldWarning>,
    },
    /// A form was refused, for these.
    Invalid(Vec<FieldFault>),
    /// Something was done to each of these applications; code and facts where it was not.
    Each {
        /// Key of what was done.
        done: &'static str,
        numbers: Vec<String>,
        refused: Vec<Refused>,
    },
    /// What stands on the paper was added: key of its words, and what to look at again.
    Paper {
        done: &'static str,
        warnings: Vec<FieldWarning>,
    },
    /// Files were written.
    Written(PathBuf),
    /// A sheet was read.
    Imported(Imported),
    /// Applications went up in a file.
    SentUp { file: PathBuf, count: usize },
    /// A subordinate's applications were decided on: the answer.
    Reviewed { file: PathBuf, count: usize },
    /// The superior's answer came.
    Answered {
        replayed: bool,
        numbers: Vec<String>,
        refused: Vec<Refused>,
    },
    /// Records that another desk handed over came.
    HandedOver(Received),
}

/// What is looked at in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The fields.
    Fields,
    /// The scan of this SHA-256, hex.
    Scan(String),
    /// The filled form, as a file.
    Form(Option<PathBuf>),
    /// The scan as a file.
    ScanFile {
        /// SHA-256, hex.
        sha256: String,
        out: Option<PathBuf>,
    },
}

/// A look at something in full, for a reason that is kept (D-39). Where no path is given a file goes to the
/// home's `out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InFull {
    pub(super) number: String,
    pub(super) what: Look,
    pub(super) reason: String,
}

impl InFull {
    /// Each of its facts, as a line.
    pub(super) fn facts(&self, wording: &Wording) -> Vec<String> {
        let fact = |key: &str, is: String| fact(wording, wording.text(key), is);
        let (key, scan, out) = match &self.what {
            Look::Fields => ("ui-reveal-fields", None, None),
            Look::Scan(sha256) => ("ui-reveal-scan", Some(sha256), None),
            Look::Form(out) => ("ui-reveal-form", None, out.as_ref()),
            Look::ScanFile { sha256, out } => ("ui-reveal-scan-file", Some(sha256), out.as_ref()),
        };
        let scan = scan.map(|sha256| sha256.chars().take(8).collect());
        let more = [
            scan.map(|short| fact("field-scan", short)),
            out.map(|out| fact("ui-request-out", out.display().to_string())),
        ];
        let request = fact("ui-col-request", self.number.clone());
        let facts = [request, wording.text(key)].into_iter();
        facts.chain(more.into_iter().flatten()).collect()
    }
}

/// What the window asks for. Where no path is given the file goes to the home's `out`.
#[derive(Clone, Debug)]
pub(super) enum RequestsAct {
    /// Enter a form, and submit it as well.
    Enter {
        typed: Typed,
        submit: bool,
    },
    /// Give a stored application to the form; the reason is kept, since it is seen in full.
    Open {
        number: String,
        reason: String,
    },
    /// Put a form in the place of a stored one.
    Edit {
        number: String,
        typed: Typed,
        same_papers: bool,
        submit: bool,
    },
    Submit(Vec<String>),
    Withdraw(Vec<String>),
    Approve(Vec<String>),
    Refuse {
        numbers: Vec<String>,
        refusal: Refusal,
        reason: String,
    },
    /// Attach a scan.
    Attach {
        number: String,
        scan: PathBuf,
    },
    /// Record what stands on the paper.
    Record {
        number: String,
        opinion: Opinion,
    },
    /// Look at something in full.
    Reveal(InFull),
    /// Write an empty sheet.
    Template(Option<PathBuf>),
    /// Take the rows of a sheet.
    Import {
        file: PathBuf,
        bad_rows: BadRows,
    },
    /// Write what is listed, masked, as a sheet.
    Export {
        query: ListQuery,
        out: Option<PathBuf>,
    },
    /// Send applications up to the superior.
    SendUp {
        numbers: Vec<String>,
        out: Option<PathBuf>,
    },
    /// Look into a subordinate's file.
    OpenReview(PathBuf),
    /// Write the scans in it to a folder.
    WriteReviewScans(Option<PathBuf>),
    /// Sign what was decided about the applications in it, by their numbers, and write the answer.
    Decide {
        rulings: Vec<(String, Ruling)>,
        out: Option<PathBuf>,
    },
    /// Take the superior's answer.
    ReceiveAnswer(PathBuf),
    /// Take the records that another desk handed over, for the own unit or one that this desk makes for.
    ReceiveHolders {
        file: PathBuf,
        unit: Option<String>,
    },
}
