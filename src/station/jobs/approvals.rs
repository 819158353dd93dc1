//! Approvals as signatures (D-22): made by an officer's own key, verified again from the stored
//! bytes whenever they are needed, exported for openssl.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::approval::{ApprovalRecord, Decision, Salt, TYPE, VERSION, commitment};
use crate::domain::fault::Fault;
use crate::domain::officer::Duty;
use crate::domain::request::{RequestForm, RequestState};
use crate::issuing::profile;
use crate::keys::signature::{self, NotVerified, SignError, VerifiedApproval};
use crate::keys::{file, random};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::post;
use crate::station::signing_key::SigningKey;
use crate::station::{ActingOfficer, clock};
use crate::store::{ApprovalRow, RequestRow};

/// How long an approval is valid (D-21), in days.
const VALID_DAYS: i64 = 30;

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

/// Approves a submitted request with the officer's own signature.
///
/// # Errors
/// `wrong-duty`, `own-entry`, `changed-meanwhile`, or the signing ukey's fault.
pub fn approve(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
    request: &RequestRow,
) -> Result<(), Error> {
    officer.demand(Duty::DecideRequest)?;
    if request.entered_by == *officer.name() {
        return Err(Error::refused("own-entry", request.number.clone()));
    }
    let now = clock::now();
    let fields = desk.store().read().request_fields(request.id)?;
    let mut salts = BTreeMap::new();
    for field in fields.keys() {
        salts.insert(field.clone(), random::bytes()?);
    }
    let record = ApprovalRecord {
        approver_certificate: key.certificate().map_or([0; 32], sha256),
        certificate_profile: profile::NAME.to_owned(),
        decision: Decision::Approved,
        expires: now.plus_days(VALID_DAYS),
        fields: fields
            .iter()
            .zip(salts.values())
            .map(|((field, row), salt)| (field.clone(), commitment(field, salt, &row.value)))
            .collect(),
        holder_unit: request.unit,
        making_unit: own_unit(desk)?,
        nonce: random::bytes()?,
        post: officer.post(),
        request: request.id,
        revision: request.revision,
        scans: Vec::new(),
        time: now,
        kind: TYPE.to_owned(),
        version: VERSION,
    };
    let bytes = record.canonical().map_err(|error| {
        Error::failed("approval-encoding", request.number.clone()).because(error)
    })?;
    let chain = key.chain().to_vec();
    let cms = key.sign(&bytes);
    let cms = cms.map_err(|error| sign_error(error, request))?;
    let approval = ApprovalRow {
        officer: officer.name().clone(),
        signature: cms,
        chain,
        decided_at: now,
    };
    let mut audit = Desk::audit_row(officer, "request-approved");
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        writing.move_request(request.id, RequestState::Submitted, RequestState::Approved)?;
        writing.insert_approval(request, &approval, &salts, record.expires)
    })?;
    Ok(())
}

/// Verifies the stored approval of a request, now.
///
/// # Errors
/// `request-not-approved`, `request-expired`, `request-altered`, `approval-invalid`,
/// `certificate-not-applied-for`.
pub fn verify(desk: &Desk, request: &RequestRow) -> Result<ApprovedRequest, Error> {
    let number = || request.number.clone();
    let root = desk.pinned_root()?;
    let now = clock::now();
    let (approval, fields, officers, crls) = {
        let store = desk.store();
        let reading = store.read();
        let approval = reading.approval(request.id, request.revision)?;
        (
            approval,
            reading.request_fields(request.id)?,
            reading.officers()?,
            reading.unit_crls()?,
        )
    };
    let approval = approval.ok_or_else(|| Error::refused("request-not-approved", number()))?;
    let enabled = officers
        .iter()
        .any(|row| row.enabled && row.name == approval.officer && row.chain == approval.chain);
    let about = (request.id, request.revision);
    let verified =
        VerifiedApproval::verify(&approval.signature, &approval.chain, &root, about, now, &crls);
    let verified = verified.map_err(|error| match error {
        NotVerified::Expired => Error::refused("request-expired", number()),
        other => {
            Error::refused("approval-invalid", format!("{}: {other}", number())).because(other)
        }
    })?;
    // Who is no officer here must be the superior's (D-8).
    if !enabled && !post::is_of_superior(desk, verified.signer())? {
        return Err(Error::refused("approval-invalid", number()));
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
    if !verified.record().covers(covered) || verified.record().holder_unit != request.unit {
        return Err(altered());
    }
    let values = fields
        .into_iter()
        .map(|(field, row)| (field, row.value))
        .collect();
    let form = RequestForm::from_fields(request.unit, &values, now.date());
    let form = form.map_err(|_faults| altered())?;
    let shown = (request.holder_name.as_str(), request.user_types.as_str());
    if shown != (form.name.as_str(), form.user_types.join("、").as_str()) {
        return Err(altered());
    }
    if !form.apply_certificate {
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
/// `request-not-approved`, or what the file system says.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    dir: &Path,
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let approval = desk.store().read().approval(request.id, request.revision)?;
    let none = || Error::refused("request-not-approved", request.number.clone());
    let approval = approval.ok_or_else(none)?;
    let content = signature::verify(
        &approval.signature,
        &approval.chain,
        &desk.pinned_root()?,
        approval.decided_at,
        &[],
    );
    let content = content
        .map_err(|error| Error::refused("approval-invalid", request.number.clone()).because(error))?
        .content;
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let pem: String = approval
        .chain
        .iter()
        .map(|der| super::certificates::pem(der))
        .collect();
    let files: [(&str, &[u8]); 3] = [
        ("approval.p7s", &approval.signature),
        ("record.json", &content),
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

fn own_unit(desk: &Desk) -> Result<crate::domain::id::UnitId, Error> {
    let units = desk.store().read().units()?;
    let own = units.into_iter().find(|unit| unit.own);
    Ok(own
        .ok_or_else(|| Error::failed("store-damaged", "no own unit"))?
        .id)
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
