//! At the unit that asks: what goes up, and what the answer moves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::officers;
use super::{
    REASON, RequestsBody, ReviewBody, SentDecision, SentField, SentOfficer, SentRequest,
    decision_name,
};
use crate::domain::approval::{Decision, Salt};
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::request::{FormKind, RequestState};
use crate::domain::superior::{self, Facts};
use crate::domain::timestamp::Timestamp;
use crate::keys::parcel::{Attachments, Kind};
use crate::keys::random;
use crate::keys::signature::{NotVerified, VerifiedDecision};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post::{self, Incoming};
use crate::station::signing_key::SigningKey;
use crate::station::{ActingOfficer, clock};
use crate::store::{
    ApprovalRow, FieldRow, OfficerRow, RequestFilter, RequestRow, StoreError, SuperiorRefusalRow,
    Writing,
};

/// What was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The file.
    pub file: PathBuf,
    /// Number of each request, and why it goes up.
    pub requests: Vec<(String, String)>,
}

/// What became of one request.
#[derive(Debug)]
pub struct Moved {
    /// Its number.
    pub number: String,
    /// The decision, or why it does not count.
    pub outcome: Result<Decision, Error>,
}

/// What an answer did.
#[derive(Debug)]
pub struct Received {
    /// The same file was received before: nothing was done.
    pub replayed: bool,
    /// Each request in it.
    pub requests: Vec<Moved>,
}

/// Writes the submitted requests that the superior decides on, or those named, to a sealed file.
///
/// # Errors
/// `wrong-duty`, `unit-is-root`, `nothing-to-send`, `request-not-submitted`, or the ukey's fault.
pub fn send_up(
    desk: &Desk,
    officer: &ActingOfficer,
    named: Option<&[RequestRow]>,
    out: &Path,
) -> Result<Sent, Error> {
    officer.demand(Duty::EnterRequest)?;
    let superior = post::superior(desk)?;
    let officers = desk.store().read().officers()?;
    let rows = match named {
        Some(rows) => rows.to_vec(),
        None => desk.store().read().requests(&RequestFilter {
            state: Some(RequestState::Submitted),
            ..RequestFilter::default()
        })?,
    };
    let mut requests = Vec::new();
    let mut attachments = Attachments::new();
    let making_unit = desk.own_unit()?.id;
    for row in rows {
        if row.state != RequestState::Submitted {
            return Err(Error::refused("request-not-submitted", row.number));
        }
        let fields = desk.store().read().request_fields(row.id)?;
        let why = superior::why(facts(desk, &row, &officers)?);
        let why = match (why, named) {
            (Some(why), _) => why.word(),
            (None, Some(_)) => "named",
            (None, None) => continue,
        };
        let papers = papers(desk, &row)?;
        let scans = papers.scans.keys().cloned().collect();
        attachments.extend(papers.scans);
        requests.push(SentRequest {
            fields: salted(desk, &row, fields)?,
            form: row.form,
            holder_unit: row.unit,
            making_unit,
            officer: proposed(desk, &row, &officers)?,
            opinions: papers.opinions,
            request: row.id,
            revision: row.revision,
            scans,
            unit_name: desk.store().read().unit(row.unit)?.name,
            why: why.to_owned(),
            number: row.number,
        });
    }
    if requests.is_empty() {
        return Err(Error::refused("nothing-to-send", ""));
    }
    let mut key = SigningKey::open(desk, officer)?;
    let body = RequestsBody { requests };
    let parcel = post::pack(
        desk,
        &mut key,
        &superior,
        (Kind::Requests, &body),
        &attachments,
    )?;
    let mut audit = Desk::audit_row(officer, "requests-sent-up");
    audit.detail = Some(format!("{}, {} requests", parcel.id(), body.requests.len()));
    desk.store().act(&audit, |writing| {
        parcel.record(writing)?;
        for sent in &body.requests {
            let salts: BTreeMap<String, Salt> = sent
                .fields
                .iter()
                .map(|(field, sent)| (field.clone(), sent.salt))
                .collect();
            writing.put_sent_up((sent.request, sent.revision), parcel.id(), &salts)?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(Sent {
        file: parcel.deliver(desk, Some(out))?,
        requests: body
            .requests
            .into_iter()
            .map(|sent| (sent.number, sent.why))
            .collect(),
    })
}

/// What decides whether a request goes up (D-8).
fn facts(desk: &Desk, row: &RequestRow, officers: &[OfficerRow]) -> Result<Facts, Error> {
    let person = desk.store().read().person_of(row.id)?;
    let mut enabled = officers.iter().filter(|officer| officer.enabled);
    let holder_is_officer =
        person.is_some() && enabled.clone().any(|officer| officer.person == person);
    Ok(Facts {
        registers_officer: row.form == FormKind::Officer,
        holder_is_officer,
        has_security: enabled
            .any(|officer| officer.post == Post::Security && !officer.chain.is_empty()),
    })
}

/// Every field with its salt: the one it went up with before, else a new one.
fn salted(
    desk: &Desk,
    row: &RequestRow,
    fields: BTreeMap<String, FieldRow>,
) -> Result<BTreeMap<String, SentField>, Error> {
    let sent = desk
        .store()
        .read()
        .sent_up(row.id, row.revision)?
        .unwrap_or_default();
    let mut salted = BTreeMap::new();
    for (field, FieldRow { value, .. }) in fields {
        let salt = match sent.get(&field) {
            Some(salt) => *salt,
            None => random::bytes()?,
        };
        salted.insert(field, SentField { salt, value });
    }
    Ok(salted)
}

/// The officer whom form 1 registers, if their ukey is made.
///
/// # Errors
/// `request-names-officer` when the form has become another person's, or another post's.
fn proposed(
    desk: &Desk,
    row: &RequestRow,
    officers: &[OfficerRow],
) -> Result<Option<SentOfficer>, Error> {
    let mut named = officers.iter();
    let Some(officer) = named.find(|officer| officer.request == Some(row.id)) else {
        return Ok(None);
    };
    let person = desk.store().read().person_of(row.id)?;
    if row.post != Some(officer.post) || officer.person != person {
        return Err(Error::refused("request-names-officer", row.number.clone()));
    }
    let key = officer.public_key.as_ref();
    Ok(key.map(|key| SentOfficer {
        name: officer.name.clone(),
        post: officer.post,
        public_key: hex::encode(key.as_bytes()),
    }))
}

/// Opinions and scans of a request.
struct Papers {
    opinions: Vec<serde_json::Value>,
    scans: Attachments,
}

/// What the superior has to see beside the fields (D-13).
fn papers(desk: &Desk, row: &RequestRow) -> Result<Papers, Error> {
    let store = desk.store();
    let reading = store.read();
    let opinions = reading.opinions(row.id)?.into_iter().map(|opinion| {
        json!({
            "by": opinion.by,
            "kind": opinion.kind.word(),
            "note": opinion.note,
            "on": opinion.on.to_string(),
        })
    });
    let mut scans = Attachments::new();
    for (at, found) in reading.scans(row.id)?.into_iter().enumerate() {
        let content = reading.scan_content(row.id, found.scan.sha256)?;
        let missing = || Error::refused("scan-missing", row.number.clone());
        // In the order of the store: the approval names their hashes in it.
        let name = format!("scans/{}/{at:03}.{}", row.id, found.scan.kind.word());
        scans.insert(name, content.ok_or_else(missing)?);
    }
    Ok(Papers {
        opinions: opinions.collect(),
        scans,
    })
}

/// Takes the superior's answer: each decision moves its request, once, if signature, unit, request,
/// revision and every value hold.
///
/// # Errors
/// `wrong-duty`, `parcel-…`.
pub fn receive_review(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
) -> Result<Received, Error> {
    officer.demand(Duty::EnterRequest)?;
    let incoming = post::open(desk, path, Kind::Review)?;
    if incoming.replayed {
        return Ok(Received {
            replayed: true,
            requests: Vec::new(),
        });
    }
    let body: ReviewBody = serde_json::from_value(incoming.opened.manifest.body.clone())
        .map_err(|error| Error::refused("parcel-damaged", "review").because(error))?;
    let mut requests = Vec::new();
    for sent in &body.decisions {
        let row = desk.store().read().request(sent.request); // The lock ends here.
        let (number, outcome) = match row {
            Ok(row) => {
                let moved = take(desk, officer, &incoming, &row, sent);
                (row.number, moved)
            }
            Err(error) => (sent.request.to_string(), Err(error.into())),
        };
        requests.push(Moved { number, outcome });
    }
    // Last: a crash before it leaves a file that can be taken again; what it moved stays moved.
    let mut audit = Desk::audit_row(officer, "review-received");
    audit.detail = Some(format!(
        "{}, {} decisions",
        incoming.opened.manifest.id,
        requests.len()
    ));
    desk.store()
        .act(&audit, |writing| incoming.record(writing))?;
    Ok(Received {
        replayed: false,
        requests,
    })
}

/// One decision: verified, then the request moved in one transaction.
fn take(
    desk: &Desk,
    officer: &ActingOfficer,
    incoming: &Incoming,
    row: &RequestRow,
    sent: &SentDecision,
) -> Result<Decision, Error> {
    let invalid = || Error::refused("approval-invalid", row.number.clone());
    let cms = incoming
        .opened
        .attachments
        .get(&decision_name(sent.request));
    let cms = cms.ok_or_else(invalid)?;
    let (fields, salts, approval) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.request_fields(row.id)?,
            reading.sent_up(row.id, row.revision)?,
            reading.approval(row.id, row.revision)?,
        )
    };
    if approval.is_some_and(|approval| approval.signature == *cms) {
        return Ok(Decision::Approved); // Moved before a crash, and the officer certified with it.
    }
    if row.revision != sent.revision || row.state != RequestState::Submitted {
        return Err(Error::refused("changed-meanwhile", row.number.clone()));
    }
    let not_sent = || Error::refused("request-not-sent", row.number.clone());
    let salts = salts.ok_or_else(not_sent)?;
    let now = clock::now();
    let (decision, chain) = verify(desk, cms, (row, sent), (&fields, &salts), now)?;
    let record = decision.record();
    let signed = ApprovalRow {
        officer: decision.signer().name.clone(),
        signature: cms.clone(),
        chain,
        decided_at: record.time,
    };
    let (to, act) = match sent.decision {
        Decision::Approved => (RequestState::Approved, "request-approved"),
        Decision::Returned => (RequestState::Returned, "request-returned"),
        Decision::Rejected => (RequestState::Rejected, "request-rejected"),
    };
    let certified = match &sent.officer_chain {
        Some(chain) => Some(certified(desk, row, chain)?),
        None => None,
    };
    let mut audit = Desk::audit_row(officer, act);
    audit.request = Some(row.id.to_string());
    let told = certified.as_ref();
    let told = told.map(|(name, _chain)| format!("; {name} certified"));
    audit.detail = Some(format!("by the superior{}", told.unwrap_or_default()));
    desk.store().act(&audit, |writing| {
        writing.move_request(row.id, row.state, to)?;
        writing.end_sent_up(row.id, row.revision)?;
        if let Some((name, chain)) = &certified {
            writing.set_officer_chain(name, chain)?;
        }
        keep(writing, row, sent, (&signed, &salts, record.expires))
    })?;
    Ok(sent.decision)
}

fn keep(
    writing: &Writing<'_>,
    row: &RequestRow,
    sent: &SentDecision,
    (signed, salts, expires): (&ApprovalRow, &BTreeMap<String, Salt>, Timestamp),
) -> Result<(), StoreError> {
    if sent.decision == Decision::Approved {
        return writing.insert_approval(row, signed, salts, expires);
    }
    let reason = sent.reason.as_ref().map(|reason| reason.value.clone());
    writing.insert_superior_refusal(&SuperiorRefusalRow {
        request: row.id,
        revision: row.revision,
        decision: sent.decision,
        officer: signed.officer.clone(),
        reason: reason.unwrap_or_default(),
        signature: signed.signature.clone(),
        chain: signed.chain.clone(),
        decided_at: signed.decided_at,
    })
}

/// The superior's security signed this decision about this request as it stands here.
fn verify(
    desk: &Desk,
    cms: &[u8],
    (row, sent): (&RequestRow, &SentDecision),
    (fields, salts): (&BTreeMap<String, FieldRow>, &BTreeMap<String, Salt>),
    now: Timestamp,
) -> Result<(VerifiedDecision, Vec<Vec<u8>>), Error> {
    let invalid = |error: NotVerified| {
        Error::refused("approval-invalid", format!("{}: {error}", row.number)).because(error)
    };
    let (root, crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
    let about = (row.id, row.revision);
    let verified = VerifiedDecision::verify_carried(cms, &root, about, now, &crls);
    let (decision, chain) = verified.map_err(invalid)?;
    let record = decision.record();
    let scans = desk.store().read().scans(row.id)?.into_iter();
    let scans: Vec<_> = scans.map(|found| found.scan.sha256).collect();
    let zero: Salt = [0; 32]; // Covers nothing.
    let values = fields.iter().map(|(field, row)| {
        let salt = salts.get(field).unwrap_or(&zero);
        (field.as_str(), row.value.as_str(), salt)
    });
    let reason = sent.reason.iter();
    let reason = reason.map(|reason| (REASON, reason.value.as_str(), &reason.salt));
    let fits = post::is_of_superior(desk, decision.signer())?
        && record.decision == sent.decision
        && record.holder_unit == row.unit
        && record.making_unit == desk.own_unit()?.id
        && record.scans == scans
        && (record.decision == Decision::Approved) == sent.reason.is_none()
        && record.covers(values.chain(reason));
    let ended = record.decision == Decision::Approved && record.expires < now;
    if fits && !ended {
        return Ok((decision, chain));
    }
    Err(Error::refused("approval-invalid", row.number.clone()))
}

/// The officer whom form 1 registered, and their certificate, checked (D-6, D-57).
fn certified(
    desk: &Desk,
    row: &RequestRow,
    chain: &[String],
) -> Result<(OfficerName, Vec<Vec<u8>>), Error> {
    let officers = desk.store().read().officers()?;
    let mut registered = officers.into_iter();
    let registered = registered.find(|other| other.request == Some(row.id));
    let unknown = || Error::refused("officer-unknown", row.number.clone());
    let registered = registered.ok_or_else(unknown)?;
    let chain: Result<Vec<_>, _> = chain.iter().map(hex::decode).collect();
    let chain = chain.map_err(|error| {
        Error::refused("certificate-invalid", row.number.clone()).because(error)
    })?;
    officers::check_certificate(desk, (&registered, None), &chain)?;
    Ok((registered.name, chain))
}
