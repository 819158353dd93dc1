//! Review by the superior (D-3, D-8): requests go up in a sealed file, signed decisions come back.

mod origin;
mod superior;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::origin::{Moved, Received, Sent, receive_review, send_up};
pub use self::superior::{Decided, Review, ReviewItem, Ruling, decide, open, write_scans};
use crate::domain::approval::{Decision, Salt};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::{OfficerName, Post};
use crate::domain::request::FormKind;
use crate::keys::parcel::Sha256Hex;

/// Field of a commitment to the reason of a return or rejection.
const REASON: &str = "reason";

/// Body of a `requests` parcel.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestsBody {
    requests: Vec<SentRequest>,
}

/// One request as it travels; sealed to the superior's station.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRequest {
    fields: BTreeMap<String, SentField>,
    form: FormKind,
    holder_unit: UnitId,
    making_unit: UnitId,
    number: String,
    officer: Option<SentOfficer>,
    /// As they stand on the paper.
    opinions: Vec<Value>,
    request: RequestId,
    revision: u32,
    /// Names of the attachments, in the order in which an approval names their hashes.
    scans: Vec<String>,
    unit_name: String,
    why: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentField {
    #[serde(with = "hex::serde")]
    salt: Salt,
    value: String,
}

/// Who is to be certified once form 1 is approved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentOfficer {
    name: OfficerName,
    post: Post,
    public_key: String,
}

/// Body of a `review` parcel; the decision of each request is the attachment [`decision_name`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewBody {
    /// The file that is answered.
    answers: Sha256Hex,
    decisions: Vec<SentDecision>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentDecision {
    decision: Decision,
    /// The officer's new certificate, then each issuer: hex of DER.
    officer_chain: Option<Vec<String>>,
    reason: Option<SentField>,
    request: RequestId,
    revision: u32,
}

fn decision_name(request: RequestId) -> String {
    format!("decisions/{request}.p7s")
}

const fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Approved => "approved",
        Decision::Returned => "returned",
        Decision::Rejected => "rejected",
    }
}
