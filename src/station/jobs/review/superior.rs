//! At the superior: what came up, and the signed decisions that go back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::officers::{own_secrets, security};
use super::super::{officer_identity, people};
use super::{
    REASON, RequestsBody, ReviewBody, SentDecision, SentField, SentOfficer, SentRequest,
    decision_name, decision_word,
};
use crate::domain::approval::{ApprovalRecord, Commitment, Decision, TYPE, VERSION, commitment};
use crate::domain::field_fault::mask_value;
use crate::domain::identity_number::IdentityNumber;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::opinion::OpinionKind;
use crate::domain::request::FormKind;
use crate::domain::timestamp::Timestamp;
use crate::issuing::profile;
use crate::keys::parcel::{Attachments, Kind, Sha256Hex};
use crate::keys::{file, random};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post::{self, Incoming};
use crate::station::sign_in::AskSecret;
use crate::station::signing_key::SigningKey;
use crate::station::unit_key::{self, UnitKey};
use crate::station::{ActingOfficer, clock};
use crate::store::{ReviewRow, StoreError, UnitCertificateRow};

/// How long an approval is valid (D-21), in days.
const VALID_DAYS: i64 = 30;

/// A file of requests that was opened.
pub struct Review {
    incoming: Incoming,
    requests: Vec<SentRequest>,
    /// What is inside.
    pub items: Vec<ReviewItem>,
}

impl std::fmt::Debug for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Review({} requests)", self.requests.len())
    }
}

/// One request as it is shown: the identity number masked.
#[derive(Clone)]
pub struct ReviewItem {
    /// Its number at its own unit.
    pub number: String,
    /// The unit that sent it.
    pub sent_by: String,
    /// The holder's unit.
    pub unit: String,
    /// Every field, masked as in lists.
    pub fields: BTreeMap<String, String>,
    /// As they stand on the paper.
    pub opinions: Vec<serde_json::Value>,
    /// Names of the scans in the file.
    pub scans: Vec<String>,
    /// The officer whom it registers: the name they sign in with, their post, and SHA-256 of their key.
    pub officer: Option<(OfficerName, Post, String)>,
    /// Why it came up.
    pub why: String,
    /// What was decided on it before.
    pub decided: Option<String>,
}

/// What is decided about a request.
#[derive(Clone, Debug)]
pub enum Ruling {
    /// Approved.
    Approve,
    /// Sent back to be edited, with the reason.
    Return(String),
    /// Refused for good, with the reason.
    Reject(String),
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The answer.
    pub file: PathBuf,
    /// Number of each request, and the decision.
    pub requests: Vec<(String, Decision)>,
}

/// Opens a file of requests; opening it is noted, since it reveals personal data (D-39).
///
/// # Errors
/// `wrong-duty`, `parcel-…`.
pub fn open(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Review, Error> {
    officer.demand(Duty::DecideRequest)?;
    let incoming = post::open(desk, path, Kind::Requests)?;
    let manifest = &incoming.opened.manifest;
    let body: RequestsBody = serde_json::from_value(manifest.body.clone())
        .map_err(|error| Error::refused("parcel-damaged", "requests").because(error))?;
    let home = manifest.from.home;
    let mut items = Vec::new();
    for sent in &body.requests {
        let decided = desk
            .store()
            .read()
            .review(home, sent.request, sent.revision)?;
        items.push(ReviewItem {
            number: sent.number.clone(),
            sent_by: manifest.from.name.clone(),
            unit: sent.unit_name.clone(),
            fields: shown(&sent.fields),
            opinions: sent.opinions.clone(),
            scans: sent.scans.clone(),
            officer: sent.officer.as_ref().map(registered),
            why: sent.why.clone(),
            decided,
        });
    }
    let mut audit = Desk::audit_row(officer, "requests-opened");
    audit.detail = Some(format!("{}, {} requests", manifest.id, items.len()));
    desk.store()
        .act(&audit, |writing| incoming.record(writing))?;
    Ok(Review {
        incoming,
        requests: body.requests,
        items,
    })
}

fn registered(officer: &SentOfficer) -> (OfficerName, Post, String) {
    use sha2::Digest as _;
    // What is no hex is refused when it is certified.
    let key = hex::decode(&officer.public_key).unwrap_or_default();
    let fingerprint = hex::encode(sha2::Sha256::digest(key));
    (officer.name.clone(), officer.post, fingerprint)
}

fn shown(fields: &BTreeMap<String, SentField>) -> BTreeMap<String, String> {
    let show = |(field, sent): (&String, &SentField)| {
        let value = match field.as_str() {
            "name" => sent.value.clone(), // What the desk works by.
            _ => mask_value(field, &sent.value),
        };
        (field.clone(), value)
    };
    fields.iter().map(show).collect()
}

/// Writes the scans of a review to a folder, to be looked at.
///
/// # Errors
/// `wrong-duty`, or what the file system says.
pub fn write_scans(
    desk: &Desk,
    officer: &ActingOfficer,
    review: &Review,
    dir: &Path,
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::DecideRequest)?;
    let mut audit = Desk::audit_row(officer, "scans-opened");
    audit.detail = Some(review.incoming.opened.manifest.id.to_string());
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    let mut written = Vec::new();
    for (name, bytes) in &review.incoming.opened.attachments {
        let path = dir.join(name); // The parcel holds safe names only.
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        file::replace(&path, bytes).map_err(|error| Error::io(&path, error))?;
        written.push(path);
    }
    Ok(written)
}

/// Signs a decision about each named request and writes the answer, sealed to the unit that asked.
/// Requests that are not named stay undecided; a later answer may decide them.
///
/// # Errors
/// `wrong-duty`, `officer-unidentified`, `request-unknown`, `own-request`, `changed-meanwhile` when one was decided on before,
/// or what the ukey says; nothing is decided then.
pub fn decide(
    desk: &Desk,
    officer: &ActingOfficer,
    (review, rulings): (&Review, &[(String, Ruling)]),
    out: Option<&Path>,
    ask: &dyn AskSecret,
) -> Result<Decided, Error> {
    officer.demand(Duty::DecideRequest)?;
    let own = officer_identity::demand(desk, officer)?;
    let opened = &review.incoming.opened;
    let to = post::subordinate(desk, &opened.signer.unit_code)?;
    let mut key = SigningKey::open(desk, officer)?;
    let mut draft = Draft::default();
    for (number, ruling) in rulings {
        let sent = review.requests.iter().find(|sent| sent.number == *number);
        let sent = sent.ok_or_else(|| Error::usage("request-unknown", number.as_str()))?;
        check_free(desk, &own, review, sent)?;
        if let Ruling::Approve = ruling {
            check_form(sent)?;
            check_papers(sent)?;
        }
        draft.add(&review.incoming, officer, &mut key, (sent, ruling))?;
        if let (Ruling::Approve, Some(new)) = (ruling, &sent.officer) {
            draft.certify(desk, officer, (&to.name, &to.code), (new, ask))?;
        }
    }
    let body = ReviewBody {
        answers: Sha256Hex(opened.sha256),
        decisions: draft.decisions,
    };
    let parcel = post::pack(
        desk,
        &mut key,
        &to,
        (Kind::Review, &body),
        &draft.attachments,
    )?;
    let mut audit = Desk::audit_row(officer, "requests-reviewed");
    audit.detail = Some(format!("{}, {} decisions", parcel.id(), draft.rows.len()));
    let kept = desk.store().act(&audit, |writing| {
        for row in &draft.rows {
            writing.insert_review(row)?;
        }
        for row in &draft.certificates {
            writing.insert_unit_certificate(row)?;
        }
        parcel.record(writing)
    });
    kept.map_err(|error| match error {
        StoreError::Constraint(_) => Error::refused("changed-meanwhile", "review"),
        other => other.into(),
    })?;
    let decided = body.decisions.iter().zip(rulings);
    let requests = decided.map(|(sent, (number, _ruling))| (number.clone(), sent.decision));
    Ok(Decided {
        requests: requests.collect(),
        file: parcel.deliver(desk, out)?,
    })
}

/// Nobody decides twice, or about themselves (D-8).
fn check_free(desk: &Desk, own: &[u8], review: &Review, sent: &SentRequest) -> Result<(), Error> {
    let home = review.incoming.opened.manifest.from.home;
    let decided = desk
        .store()
        .read()
        .review(home, sent.request, sent.revision)?;
    if decided.is_some() {
        return Err(Error::refused("changed-meanwhile", sent.number.clone()));
    }
    if let Some(field) = sent.fields.get("id_number") {
        let damaged = |_fault| Error::refused("parcel-damaged", "requests");
        let number = IdentityNumber::parse(&field.value, clock::now().date()).map_err(damaged)?;
        if people::person_hash(desk, &number)? == own {
            return Err(Error::refused("own-request", sent.number.clone()));
        }
    }
    Ok(())
}

/// The request is of the form that its fields are of, and the officer whom it registers has the post that
/// it asks for (D-6): what is looked at is what is certified.
fn check_form(sent: &SentRequest) -> Result<(), Error> {
    let post = sent.fields.get("post").map(|field| field.value.as_str());
    let fits = match (sent.form, post, &sent.officer) {
        (FormKind::Officer, Some(post), Some(officer)) => officer.post.chinese() == post,
        (FormKind::Officer, Some(_), None) | (FormKind::Account, None, None) => true,
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Error::refused("request-names-officer", sent.number.clone()))
    }
}

/// D-13: an approval needs the scan and every opinion.
fn check_papers(sent: &SentRequest) -> Result<(), Error> {
    let given = |kind: &OpinionKind| {
        let word = kind.word();
        sent.opinions
            .iter()
            .any(|opinion| opinion.get("kind").is_some_and(|kind| kind == word))
    };
    let needed = OpinionKind::needed(sent.form).iter();
    let missing: Vec<_> = needed
        .filter(|kind| !given(kind))
        .map(|kind| kind.word())
        .collect();
    if !missing.is_empty() {
        let text = format!("{}: {}", sent.number, missing.join(", "));
        return Err(Error::refused("opinions-missing", text));
    }
    if sent.scans.is_empty() {
        return Err(Error::refused("scan-missing", sent.number.clone()));
    }
    Ok(())
}

/// An answer while it is made.
#[derive(Default)]
struct Draft {
    decisions: Vec<SentDecision>,
    attachments: Attachments,
    rows: Vec<ReviewRow>,
    certificates: Vec<UnitCertificateRow>,
    unit_key: Option<UnitKey>,
}

impl Draft {
    /// One signed decision.
    fn add(
        &mut self,
        incoming: &Incoming,
        officer: &ActingOfficer,
        key: &mut SigningKey,
        (sent, ruling): (&SentRequest, &Ruling),
    ) -> Result<(), Error> {
        let (decision, reason) = match ruling {
            Ruling::Approve => (Decision::Approved, None),
            Ruling::Return(reason) => (Decision::Returned, Some(reason)),
            Ruling::Reject(reason) => (Decision::Rejected, Some(reason)),
        };
        let reason = match reason {
            None => None,
            Some(reason) => Some(SentField {
                salt: random::bytes()?,
                value: people::reason_text(reason)?,
            }),
        };
        let now = clock::now();
        let attached = &incoming.opened.attachments;
        let about = (sent, decision, reason.as_ref());
        let record = record(officer, key, about, (attached, now))?;
        let bytes = record.canonical().map_err(|error| {
            Error::failed("approval-encoding", sent.number.clone()).because(error)
        })?;
        let cms = key.sign(&bytes).map_err(unit_key::sign_failed)?;
        let manifest = &incoming.opened.manifest;
        self.rows.push(ReviewRow {
            from_code: manifest.from.code.clone(),
            from_home: manifest.from.home,
            request: sent.request,
            revision: sent.revision,
            decision: decision_word(decision).to_owned(),
            signature: cms.clone(),
            decided_at: now,
        });
        self.attachments.insert(decision_name(sent.request), cms);
        self.decisions.push(SentDecision {
            decision,
            officer_chain: None,
            reason,
            request: sent.request,
            revision: sent.revision,
        });
        Ok(())
    }

    /// Certifies the officer whom the last decision registers (D-6).
    fn certify(
        &mut self,
        desk: &Desk,
        officer: &ActingOfficer,
        unit: (&str, &str),
        (new, ask): (&SentOfficer, &dyn AskSecret),
    ) -> Result<(), Error> {
        let public = hex::decode(&new.public_key)
            .map_err(|error| Error::refused("parcel-damaged", "requests").because(error))?;
        let unit_key = match &mut self.unit_key {
            Some(key) => key,
            slot => {
                let secrets = security(own_secrets(desk, officer, ask)?.security)?;
                slot.insert(UnitKey::open(desk, &secrets)?)
            }
        };
        let who = (&new.name, new.post);
        let certified = unit_key.certify_officer(unit, who, &PublicKeyDer::new(public))?;
        self.certificates.push(certified.row);
        if let Some(last) = self.decisions.last_mut() {
            last.officer_chain = Some(certified.chain.iter().map(hex::encode).collect());
        }
        Ok(())
    }
}

/// What is signed: about the ids of the home that asked.
fn record(
    officer: &ActingOfficer,
    key: &SigningKey,
    (sent, decision, reason): (&SentRequest, Decision, Option<&SentField>),
    (attached, now): (&Attachments, Timestamp),
) -> Result<ApprovalRecord, Error> {
    use sha2::Digest as _;
    let mut scans = Vec::new();
    for name in &sent.scans {
        let missing = || Error::refused("scan-missing", sent.number.clone());
        let bytes = attached.get(name).ok_or_else(missing)?;
        scans.push(Commitment(sha2::Sha256::digest(bytes).into()));
    }
    let commit = |field: &str, sent: &SentField| {
        (field.to_owned(), commitment(field, &sent.salt, &sent.value))
    };
    let fields = sent.fields.iter().map(|(field, sent)| commit(field, sent));
    let reason = reason.map(|reason| commit(REASON, reason));
    Ok(ApprovalRecord {
        approver_certificate: key
            .certificate()
            .map_or([0; 32], |der| sha2::Sha256::digest(der).into()),
        certificate_profile: profile::NAME.to_owned(),
        decision,
        expires: now.plus_days(VALID_DAYS),
        fields: fields.chain(reason).collect(),
        holder_unit: sent.holder_unit,
        making_unit: sent.making_unit,
        nonce: random::bytes()?,
        post: officer.post(),
        request: sent.request,
        revision: sent.revision,
        scans,
        time: now,
        kind: TYPE.to_owned(),
        version: VERSION,
    })
}
