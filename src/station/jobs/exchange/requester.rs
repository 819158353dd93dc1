//! The unit's side: orders of the pending runs out, certificates in (D-40, D-53).

use std::collections::BTreeMap;
use std::path::Path;

use super::{APPROVAL, CSR, Done, Item, ORDER, files, read, refused, sha256};
use crate::domain::certificate::{
    CertificateSerial, CertificateState, Generation, RevocationReason,
};
use crate::domain::certificate_order::{CertificateOrder, DISCLOSED, Disclosed, OrderParts};
use crate::domain::id::RunId;
use crate::issuing::check::{self, CertificateFault, CheckedCertificate};
use crate::issuing::connector;
use crate::keys::{file, unit_pki};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::signing_key::SigningKey;
use crate::station::{ActingOfficer, clock};
use crate::store::{CertificateRow, IntentRow, StoreError};

pub(super) fn out(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
    dir: &Path,
) -> Result<Vec<Item>, Error> {
    let runs = desk.store().read().runs_without_certificate()?;
    let mut items = Vec::new();
    for run in runs {
        let intent = desk.store().read().intent(run)?;
        let Some(intent) = intent else { continue };
        let serial = intent.intent.serial.clone();
        items.push(Item {
            file: dir.join(format!("{serial}{ORDER}")),
            serial: Some(serial),
            outcome: order(desk, officer, key, (run, intent), dir).map(|()| Done::Written),
        });
    }
    Ok(items)
}

/// Writes the three files of one run.
fn order(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
    (run, row): (RunId, IntentRow),
    dir: &Path,
) -> Result<(), Error> {
    let (request, csr, approval, fields) = {
        let store = desk.store();
        let reading = store.read();
        let request = reading.request(row.request)?;
        let approval = reading.approval(request.id, request.revision)?;
        (
            request.clone(),
            reading.csr(run)?,
            approval,
            reading.request_fields(request.id)?,
        )
    };
    let damaged = || Error::failed("store-damaged", request.number.clone());
    let csr = csr.ok_or_else(damaged)?;
    let not_approved = || Error::refused("request-not-approved", request.number.clone());
    let approval = approval.ok_or_else(not_approved)?.signature;
    let mut disclosed = BTreeMap::new();
    for field in DISCLOSED {
        let found = fields.get(field).ok_or_else(damaged)?;
        let shown = Disclosed {
            salt: found.salt.ok_or_else(damaged)?,
            value: found.value.clone(),
        };
        disclosed.insert(field.to_owned(), shown);
    }
    let serial = row.intent.serial.clone();
    let order = CertificateOrder::new(OrderParts {
        approval_sha256: sha256(&approval),
        csr_sha256: sha256(&csr),
        fields: disclosed,
        intent: row.intent,
        request: request.id,
        revision: request.revision,
        subject: row.subject,
        unit_chain: desk.unit_chain()?.iter().map(hex::encode).collect(),
    });
    let bytes = order.encode().map_err(|error| damaged().because(error))?;
    let signed = key
        .sign(&bytes)
        .map_err(crate::station::unit_key::sign_failed)?;
    let mut audit = Desk::audit_row(officer, "certificate-ordered");
    audit.request = Some(request.id.to_string());
    audit.certificate = Some(serial.to_string());
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    // The order last: without it the others are no item.
    for (ending, bytes) in [(CSR, &csr), (APPROVAL, &approval), (ORDER, &signed)] {
        let path = dir.join(format!("{serial}{ending}"));
        file::replace(&path, bytes).map_err(|error| Error::io(&path, error))?;
    }
    Ok(())
}

pub(super) fn take_in(
    desk: &Desk,
    officer: &ActingOfficer,
    dir: &Path,
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for path in files(dir, &[".cer", ".crt", ".der", ".pem", ".p7b", ".p7c"])? {
        let read = read(&path).and_then(|bytes| {
            read_answer(&bytes).ok_or_else(|| refused("exchange-altered", &path))
        });
        let certificates = match read {
            Ok(certificates) => certificates,
            Err(error) => {
                items.push(Item {
                    file: path,
                    serial: None,
                    outcome: Err(error),
                });
                continue;
            }
        };
        items.extend(answers(desk, officer, &path, &certificates)?);
    }
    Ok(items)
}

/// PEM or DER, one certificate or a `.p7b`.
fn read_answer(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    if bytes.first() == Some(&0x30) {
        return connector::certificates(bytes);
    }
    if let Ok(certificates) = unit_pki::read_certificates(bytes) {
        return Some(certificates);
    }
    let (_label, der) = der::pem::decode_vec(bytes.trim_ascii()).ok()?;
    connector::certificates(&der)
}

/// Certificates of one file; those of the CA itself are passed over.
fn answers(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    certificates: &[Vec<u8>],
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for der in certificates {
        let Ok(key) = unit_pki::public_key_of(der) else {
            continue;
        };
        let row = desk.store().read().intent_of_key(&key)?;
        let Some(row) = row else { continue };
        let (serial, outcome) = match keep(desk, officer, der, &row) {
            Ok((done, issued)) => (issued, Ok(done)),
            Err(error) => (row.intent.serial.clone(), Err(error)),
        };
        items.push(Item {
            file: path.to_owned(),
            serial: Some(serial),
            outcome,
        });
    }
    if items.is_empty() {
        items.push(Item {
            file: path.to_owned(),
            serial: None,
            outcome: Err(refused("exchange-answer-unknown", path)),
        });
    }
    Ok(items)
}

/// The certificate and which generation of the CA signed it: an answer may have been under way while the
/// CA's key changed.
fn check(
    desk: &Desk,
    der: &[u8],
    intent: &IntentRow,
) -> Result<(CheckedCertificate, Generation), Error> {
    let (subject, asked) = (&intent.subject, &intent.intent);
    let mut present = None;
    for issuer in desk.issuers()? {
        match CheckedCertificate::check_issued(der, &issuer.authority, subject, asked) {
            Ok(checked) => return Ok((checked, issuer.generation)),
            Err(fault) => present = present.or(Some(fault)),
        }
    }
    let text = present.map(|fault| fault.to_string()).unwrap_or_default();
    let serial = &asked.serial;
    Err(Error::refused(
        "certificate-differs",
        format!("{serial}: {text}"),
    ))
}

/// Checks a certificate as one of the embedded CA is checked, but for serial number and dates, which a
/// CA elsewhere may give by itself; keeps it, and tells the serial number as it was issued.
fn keep(
    desk: &Desk,
    officer: &ActingOfficer,
    der: &[u8],
    intent: &IntentRow,
) -> Result<(Done, CertificateSerial), Error> {
    let serial = &intent.intent.serial;
    let (checked, generation) = check(desk, der, intent)?;
    let (known, run) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.certificate_of_run(intent.run)?,
            reading
                .open_runs()?
                .into_iter()
                .find(|run| run.id == intent.run),
        )
    };
    match known {
        Some(row) if row.der == der => return Ok((Done::Known, row.serial)),
        // The CA has certified the key twice: one of them is nobody's.
        Some(_) => return Err(Error::refused("exchange-second-answer", serial.to_string())),
        None => {}
    }
    // An answer that came too late: the run was written off. What arrives is revoked (D-36).
    let late = run.is_none();
    let run = match run {
        Some(run) => run,
        None => desk.store().read().run(intent.run)?,
    };
    let now = clock::now();
    let row = CertificateRow {
        serial: checked.serial().clone(),
        run: run.id,
        request: intent.request,
        ukey: run.ukey,
        subject: check::subject_text(checked.der()).unwrap_or_default(),
        not_before: checked.dates().0,
        not_after: checked.dates().1,
        der: checked.der().to_vec(),
        state: if late {
            CertificateState::Revoked
        } else {
            CertificateState::Active
        },
        reason: late.then_some(RevocationReason::CessationOfOperation),
        revoked_at: late.then_some(now),
        generation,
    };
    let act = if late {
        "certificate-received-late"
    } else {
        "certificate-received"
    };
    let mut audit = Desk::audit_row(officer, act);
    audit.request = Some(row.request.to_string());
    audit.ukey = Some(row.ukey.as_str().to_owned());
    audit.certificate = Some(row.serial.to_string());
    audit.detail = (row.serial != *serial).then(|| format!("ordered as {serial}"));
    let kept = desk
        .store()
        .act(&audit, |writing| writing.insert_certificate(&row, now));
    kept.map_err(|error| match error {
        // The CA gave the serial number of another certificate.
        StoreError::Constraint(_) => {
            let text = format!("{serial}: {}", CertificateFault::Field("serialNumber"));
            Error::refused("certificate-differs", text)
        }
        other => other.into(),
    })?;
    let done = if late { Done::Revoked } else { Done::Taken };
    Ok((done, row.serial))
}
