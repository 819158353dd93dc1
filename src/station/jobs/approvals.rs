//! Decisions as signatures (D-22): approvals, returns and rejections, made by an officer's own key.
//! Approvals are verified again from the stored bytes whenever they are needed, and exported for
//! openssl.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::own_accounts::{self, Account};
use super::{officer_identity, people, requests, settings, units};
use crate::domain::approval::{ApprovalRecord, Decision, Salt, TYPE, VERSION, commitment};
use crate::domain::fault::Fault;
use crate::domain::id::UnitId;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::opinion;
use crate::domain::request::{FormKind, RequestForm, RequestState};
use crate::domain::setting::APPROVAL_DAYS;
use crate::issuing::profile;
use crate::keys::signature::{self, NotVerified, SignError, VerifiedApproval};
use crate::keys::unit_pki::PkiError;
use crate::keys::{file, random};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post;
use crate::station::sign_in::AskSecret;
use crate::station::signing_key::SigningKey;
use crate::station::{ActingOfficer, clock};
use crate::store::{ApprovalRow, OfficerRow, RefusalRow, RequestRow};

/// Evidence that a request may be made into a ukey: its approval was verified from the stored
/// bytes, up to the pinned root, and covers every stored value.
#[derive(Debug)]
pub struct ApprovedRequest {
    row: RequestRow,
    form: RequestForm,
}

impl ApprovedRequest {
    /// The request.
    pub const fn row(&self) -> &RequestRow {
        &self.row
    }

    /// The approved form.
    pub const fn form(&self) -> &RequestForm {
        &self.form
    }
}

/// Approves a submitted request with the officer's own signature. At a province the approval of form 1
/// certifies the officer whom it registers (D-6).
///
/// # Errors
/// `wrong-duty`, `request-not-submitted`, `officer-unidentified`, `own-entry`, `own-request`,
/// `opinions-missing`, `scan-missing`, `delegation-missing`, or the signing ukey's fault.
pub fn approve(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
    request: &RequestRow,
    ask: &dyn AskSecret,
) -> Result<(), Error> {
    demand_decision(desk, officer, request)?;
    let new = own_accounts::waiting(desk, request)?;
    let (opinions, scans) = {
        let store = desk.store();
        let reading = store.read();
        (reading.opinions(request.id)?, reading.scans(request.id)?)
    };
    let missing = opinion::missing(request.form, &opinions);
    if !missing.is_empty() {
        let words: Vec<_> = missing
            .into_iter()
            .map(opinion::OpinionKind::word)
            .collect();
        let text = format!("{}: {}", request.number, words.join(", "));
        return Err(Error::refused("opinions-missing", text));
    }
    if scans.is_empty() {
        return Err(Error::refused("scan-missing", request.number.clone()));
    }
    let now = clock::now();
    requests::form(desk, request, now.date())?.map_err(Error::invalid)?;
    let fields = values(desk, request)?;
    let (record, salts) = record(desk, (officer, key), request, Decision::Approved, &fields)?;
    let approval = sign(officer, key, request, &record)?;
    let account = new
        .map(|new| own_accounts::certify(desk, officer, (request, new), ask))
        .transpose()?;
    let mut audit = Desk::audit_row(officer, "request-approved");
    audit.request = Some(request.id.to_string());
    audit.detail = account.as_ref().map(Account::told);
    desk.store().act(&audit, |writing| {
        writing.move_request(request.id, RequestState::Submitted, RequestState::Approved)?;
        if let Some(account) = &account {
            account.record(writing)?;
        }
        writing.insert_approval(request, &approval, &salts, record.expires)
    })?;
    Ok(())
}

/// Returns a submitted request to be edited, or rejects it for good: signed like an approval, with the
/// reason among the commitments.
///
/// # Errors
/// `wrong-duty`, `request-not-submitted`, `officer-unidentified`, `own-entry`, `own-request`,
/// `reason-required`, or the signing ukey's fault.
pub fn refuse(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
    request: &RequestRow,
    (refusal, reason): (Refusal, &str),
) -> Result<(), Error> {
    demand_decision(desk, officer, request)?;
    let reason = people::reason_text(reason)?;
    let (decision, state, act) = match refusal {
        Refusal::Return => (
            Decision::Returned,
            RequestState::Returned,
            "request-returned",
        ),
        Refusal::Reject => (
            Decision::Rejected,
            RequestState::Rejected,
            "request-rejected",
        ),
    };
    let mut fields = values(desk, request)?;
    fields.insert(REASON.to_owned(), reason.clone());
    let (record, salts) = record(desk, (officer, key), request, decision, &fields)?;
    let row = RefusalRow {
        revision: request.revision,
        decision,
        reason,
        salts,
        signed: sign(officer, key, request, &record)?,
    };
    let mut audit = Desk::audit_row(officer, act);
    audit.request = Some(request.id.to_string());
    let id = clock::new_uuid().to_string();
    desk.store().act(&audit, |writing| {
        writing.move_request(request.id, RequestState::Submitted, state)?;
        writing.insert_refusal(&id, request.id, &row)
    })?;
    Ok(())
}

/// A decision that is no approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// To be edited and submitted again.
    Return,
    /// For good.
    Reject,
}

/// The commitment of a return's or rejection's reason, among those of the fields.
const REASON: &str = "reason";

/// Who may decide what: security, about a submitted request that is neither their own entry nor their
/// own application (D-8); so it must be known who they are.
fn demand_decision(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
) -> Result<(), Error> {
    officer.demand(Duty::DecideRequest)?;
    if request.state != RequestState::Submitted {
        return Err(requests::wrong_state("request-not-submitted", request));
    }
    let (revisions, officers, holder) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.revisions(request.id)?,
            reading.officers()?,
            reading.person_of(request.id)?,
        )
    };
    let person = |name: &OfficerName| {
        let row = officers.iter().find(|row| row.name == *name);
        row.and_then(|row| row.person.as_ref())
    };
    let own = officer_identity::demand(desk, officer)?;
    // One person may have had another name, and another post, when they entered it.
    let is_own = |by: &OfficerName| by == officer.name() || person(by) == Some(&own);
    let mut entered = revisions.iter().map(|row| &row.entered_by);
    if is_own(&request.entered_by) || entered.any(is_own) {
        return Err(Error::refused("own-entry", request.number.clone()));
    }
    if holder.as_ref() == Some(&own) {
        return Err(Error::refused("own-request", request.number.clone()));
    }
    if request.form == FormKind::Officer && desk.own_unit()?.id == request.unit {
        // It registers an officer: the superior creates the account, where there is one (D-3, D-6).
        return if desk.superior_chain()?.is_empty() {
            Ok(())
        } else {
            Err(Error::refused("superior-decides", request.number.clone()))
        };
    }
    if is_officer(&officers, holder.as_ref()) {
        return Err(Error::refused("holder-is-officer", request.number.clone()));
    }
    Ok(())
}

/// Whether a person has a post here: holder and maker would be one, and the decision is the superior's,
/// always (D-8).
fn is_officer(officers: &[OfficerRow], person: Option<&Vec<u8>>) -> bool {
    let is_theirs = |row: &OfficerRow| row.enabled && row.person.as_ref() == person;
    person.is_some() && officers.iter().any(is_theirs)
}

fn values(desk: &Desk, request: &RequestRow) -> Result<BTreeMap<String, String>, Error> {
    let fields = desk.store().read().request_fields(request.id)?.into_iter();
    Ok(fields.map(|(field, row)| (field, row.value)).collect())
}

/// The record of a decision about a request as it is stored, and the salts of its commitments.
fn record(
    desk: &Desk,
    (officer, key): (&ActingOfficer, &SigningKey),
    request: &RequestRow,
    decision: Decision,
    fields: &BTreeMap<String, String>,
) -> Result<(ApprovalRecord, BTreeMap<String, Salt>), Error> {
    let now = clock::now();
    let mut salts = BTreeMap::new();
    for field in fields.keys() {
        salts.insert(field.clone(), random::bytes()?);
    }
    let scans = desk.store().read().scans(request.id)?;
    let making_unit = match decision {
        Decision::Approved => making_unit(desk, request)?,
        Decision::Returned | Decision::Rejected => desk.store().read().own_unit()?.id,
    };
    let expires = match decision {
        Decision::Approved => now.plus_days(valid_days(desk)?),
        Decision::Returned | Decision::Rejected => now,
    };
    let record = ApprovalRecord {
        approver_certificate: key.certificate().map_or([0; 32], sha256),
        certificate_profile: profile::NAME.to_owned(),
        decision,
        expires,
        fields: fields
            .iter()
            .zip(salts.values())
            .map(|((field, value), salt)| (field.clone(), commitment(field, salt, value)))
            .collect(),
        holder_unit: request.unit,
        making_unit,
        nonce: random::bytes()?,
        post: officer.post(),
        request: request.id,
        revision: request.revision,
        scans: scans.into_iter().map(|row| row.scan.sha256).collect(),
        time: now,
        kind: TYPE.to_owned(),
        version: VERSION,
    };
    Ok((record, salts))
}

fn sign(
    officer: &ActingOfficer,
    key: &mut SigningKey,
    request: &RequestRow,
    record: &ApprovalRecord,
) -> Result<ApprovalRow, Error> {
    let bytes = record.canonical().map_err(|error| {
        Error::failed("approval-encoding", request.number.clone()).because(error)
    })?;
    let chain = key.chain().to_vec();
    let cms = key.sign(&bytes);
    Ok(ApprovalRow {
        officer: officer.name().clone(),
        signature: cms.map_err(|error| sign_error(error, request))?,
        chain,
        decided_at: record.time,
    })
}

/// How long an approval is valid (D-21), in days.
fn valid_days(desk: &Desk) -> Result<i64, Error> {
    let set = settings::read(desk, APPROVAL_DAYS)?;
    let damaged = |error| Error::failed("store-damaged", APPROVAL_DAYS.name).because(error);
    set.value.parse().map_err(damaged)
}

/// Whose desk makes the ukey: this one, for its own holders, for a school that has delegated it
/// (代制), and for the platform officers of direct subordinates (D-3, D-4).
fn making_unit(desk: &Desk, request: &RequestRow) -> Result<UnitId, Error> {
    let (own, holder) = {
        let store = desk.store();
        let reading = store.read();
        (reading.own_unit()?, reading.unit(request.unit)?)
    };
    let of_subordinate = request.form == FormKind::Officer && holder.parent == Some(own.id);
    if holder.id == own.id || of_subordinate || units::delegated(desk, holder.id)? {
        Ok(own.id)
    } else {
        Err(Error::refused("delegation-missing", request.number.clone()))
    }
}

/// Verifies the stored approval of a request, now.
///
/// # Errors
/// `request-not-approved`, `request-expired`, `request-altered`, `approval-invalid`,
/// `unit-certificate-revoked`, `certificate-not-applied-for`, `delegation-missing` when it has ended meanwhile.
pub fn verify(desk: &Desk, request: &RequestRow) -> Result<ApprovedRequest, Error> {
    let number = || request.number.clone();
    let root = desk.pinned_root()?;
    let now = clock::now();
    let (approval, fields, scans, officers, (holder, past), crls) = {
        let store = desk.store();
        let reading = store.read();
        let approval = reading.approval(request.id, request.revision)?;
        let past = match &approval {
            Some(approval) => reading.past_chains(&approval.officer)?,
            None => Vec::new(),
        };
        (
            approval,
            reading.request_fields(request.id)?,
            reading.scans(request.id)?,
            reading.officers()?,
            (reading.person_of(request.id)?, past),
            reading.unit_crls()?,
        )
    };
    let approval = approval.ok_or_else(|| Error::refused("request-not-approved", number()))?;
    let about = (request.id, request.revision);
    let verified = VerifiedApproval::verify(
        &approval.signature,
        &approval.chain,
        &root,
        about,
        now,
        &crls,
    );
    let verified = verified.map_err(|error| match error {
        NotVerified::Expired => Error::refused("request-expired", number()),
        NotVerified::Chain(PkiError::Revoked) => {
            Error::refused("unit-certificate-revoked", number()).because(error)
        }
        other => {
            Error::refused("approval-invalid", format!("{}: {other}", number())).because(other)
        }
    })?;
    if !post::is_of_superior(desk, verified.signer())? {
        // Who left since then has approved; who was disabled for cause has not (D-22). What they
        // approved under a certificate before theirs stands, too.
        let replaced = past.contains(&approval.chain);
        let signed = |row: &OfficerRow| row.chain == approval.chain || replaced;
        let stands = officers
            .iter()
            .any(|row| !row.for_cause && row.name == approval.officer && signed(row));
        if !stands || verified.signer().unit_code != desk.own_unit()?.code.as_str() {
            return Err(Error::refused("approval-invalid", number()));
        }
        // They may have become an officer after the decision.
        if is_officer(&officers, holder.as_ref()) {
            return Err(Error::refused("holder-is-officer", number()));
        }
    }
    let altered = || Error::refused("request-altered", number());
    let zero: Salt = [0; 32]; // Covers nothing: a field without salt was never approved.
    let covered = fields.iter().map(|(field, row)| {
        (
            field.as_str(),
            row.value.as_str(),
            row.salt.as_ref().unwrap_or(&zero),
        )
    });
    let record = verified.record();
    let scanned: Vec<_> = scans.iter().map(|row| row.scan.sha256).collect();
    let same = record.holder_unit == request.unit && record.scans == scanned;
    if !record.covers(covered) || !same {
        return Err(altered());
    }
    if record.making_unit != making_unit(desk, request)? {
        let text = format!("{}: for another unit's desk", number());
        return Err(Error::refused("approval-invalid", text));
    }
    let values = fields
        .into_iter()
        .map(|(field, row)| (field, row.value))
        .collect();
    let form = RequestForm::from_fields(request.unit, &values, now.date());
    let form = form.map_err(|_faults| altered())?;
    let shown = (request.holder_name.as_str(), request.user_types.as_str());
    if shown != (form.name.as_str(), form.user_types().join("、").as_str()) {
        return Err(altered());
    }
    if !form.applies_for_certificate() {
        return Err(Error::refused("certificate-not-applied-for", number()));
    }
    Ok(ApprovedRequest {
        row: request.clone(),
        form,
    })
}

/// Writes `approval.p7s`, `record.json` and `chain.pem`: enough for `openssl cms -verify`.
///
/// # Errors
/// `request-not-approved`, `unit-certificate-revoked`, `approval-invalid`, or what the file system says.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    dir: &Path,
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let (approval, crls) = {
        let store = desk.store();
        let reading = store.read();
        let approval = reading.approval(request.id, request.revision)?;
        (approval, reading.unit_crls()?)
    };
    let none = || Error::refused("request-not-approved", request.number.clone());
    let approval = approval.ok_or_else(none)?;
    let content = signature::verify(
        &approval.signature,
        &approval.chain,
        &desk.pinned_root()?,
        approval.decided_at,
        &crls,
    );
    let content = content.map_err(|error| {
        let code = match &error {
            NotVerified::Chain(PkiError::Revoked) => "unit-certificate-revoked",
            _ => "approval-invalid",
        };
        Error::refused(code, request.number.clone()).because(error)
    })?;
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let pem: String = approval
        .chain
        .iter()
        .map(|der| super::certificates::pem(der))
        .collect();
    let files: [(&str, &[u8]); 3] = [
        ("approval.p7s", &approval.signature),
        ("record.json", &content.content),
        ("chain.pem", pem.as_bytes()),
    ];
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = dir.join(name);
        file::replace(&path, bytes).map_err(|error| Error::io(&path, error))?;
        written.push(path);
    }
    Ok(written)
}

fn sign_error(error: SignError<Fault>, request: &RequestRow) -> Error {
    match error {
        SignError::Key(fault) => fault.into(),
        SignError::Encoding(text) => {
            Error::failed("approval-encoding", format!("{}: {text}", request.number))
        }
    }
}

fn sha256(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}
