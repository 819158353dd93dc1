//! Ends a check (D-27, D-28): system signs the result, and its differences are recorded with it.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{found, named, open, seen};
use crate::domain::id::{HomeId, InstanceId};
use crate::domain::officer::{Duty, Post};
use crate::domain::stock_check::{CheckResult, TYPE, VERSION};
use crate::domain::timestamp::Timestamp;
use crate::keys::file;
use crate::keys::signature::{self, NotVerified};
use crate::keys::unit_pki::PkiError;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::certificates;
use crate::station::{ActingOfficer, SigningKey, clock, unit_key};
use crate::store::{CheckRow, DiscrepancyRow, Reading, StoreError};

/// What a result says beside what was seen.
struct Facts<'a> {
    officer: &'a ActingOfficer,
    home: HomeId,
    instance: InstanceId,
    unit: String,
    now: Timestamp,
}

impl Facts<'_> {
    fn result(&self, reading: &Reading<'_>, row: &CheckRow) -> Result<CheckResult, StoreError> {
        let view = seen(reading, row.clone())?;
        Ok(CheckResult {
            check: row.id.clone(),
            expected: view.expected,
            found: found(&view.items, row.model.as_deref()),
            home: self.home,
            instance: self.instance,
            items: view.items,
            missing: view.missing,
            model: row.model.clone(),
            number: row.number.clone(),
            officer: self.officer.name().clone(),
            post: self.officer.post(),
            started_at: row.started_at,
            time: self.now,
            kind: TYPE.to_owned(),
            unit: self.unit.clone(),
            version: VERSION,
        })
    }
}

/// Signs the result of the open check and records its differences, all in one transaction. A difference
/// of an earlier check that is still open for the same ukey is not recorded again.
///
/// # Errors
/// `wrong-duty`, `stock-check-none`, `stock-check-empty` when nothing was seen, the signing ukey's fault,
/// or `store-changed` when the stock moved meanwhile.
pub fn sign(desk: &Desk, officer: &ActingOfficer) -> Result<super::CheckView, Error> {
    officer.demand(Duty::ManageStock)?;
    let row = open(desk)?;
    let (_epoch, instance) = desk.store().read().audit_instance()?;
    let facts = Facts {
        officer,
        home: desk.id(),
        instance,
        unit: desk.own_unit()?.code.as_str().to_owned(),
        now: clock::now(),
    };
    let result = {
        let store = desk.store();
        store.at_one_moment(|store| facts.result(&store.read(), &row))?
    };
    if result.items.is_empty() && result.expected > 0 {
        return Err(Error::refused("stock-check-empty", row.number));
    }
    let content = result
        .canonical()
        .map_err(|error| Error::failed("approval-encoding", "stock check").because(error))?;
    let mut key = SigningKey::open(desk, officer)?;
    let signature = key.sign(&content).map_err(unit_key::sign_failed)?;
    let chain = key.chain().to_vec();
    let differences = result.differences();
    let mut audit = Desk::audit_row(officer, "stock-check-signed");
    audit.detail = Some(format!(
        "{}: {} of {} found, {} differences; sha256 {}",
        row.number,
        result.found,
        result.expected,
        differences.len(),
        hex::encode(Sha256::digest(&content))
    ));
    desk.store().act(&audit, |writing| {
        if facts.result(writing, &row)? != result {
            return Err(StoreError::Changed("the stock"));
        }
        let by = (officer.name(), facts.now);
        writing.end_stock_check(&row.id, by, Some((&signature, &chain)))?;
        for one in differences {
            if writing.stock_check_difference_open(one.kind, &one.serial)? {
                continue;
            }
            let id = clock::new_uuid().to_string();
            writing.insert_discrepancy(&DiscrepancyRow {
                check: Some(row.id.clone()),
                detail: Some(one.detail),
                ..DiscrepancyRow::found(id, one.kind, one.serial, (facts.now, officer.name()))
            })?;
        }
        Ok(())
    })?;
    super::view(desk, officer, Some(&row.number))
}

/// The signed result of a check and its bytes, verified again up to the pinned root.
///
/// # Errors
/// `stock-check-not-signed`, `stock-check-altered`, `unit-certificate-revoked`.
pub(super) fn verified(desk: &Desk, row: &CheckRow) -> Result<(CheckResult, Vec<u8>), Error> {
    let altered = || Error::failed("stock-check-altered", row.number.as_str());
    let signed = row.signed.as_ref().zip(row.ended_at);
    let ((cms, chain), at) =
        signed.ok_or_else(|| Error::refused("stock-check-not-signed", row.number.as_str()))?;
    let crls = desk.store().read().unit_crls()?;
    let verified = signature::verify(cms, chain, &desk.pinned_root()?, at, &crls);
    let verified = verified.map_err(|error| match &error {
        NotVerified::Chain(PkiError::Revoked) => {
            Error::refused("unit-certificate-revoked", row.number.as_str()).because(error)
        }
        _ => altered().because(error),
    })?;
    let result = CheckResult::parse(&verified.content).ok_or_else(altered)?;
    let signer = &verified.signer;
    let fits = result.check == row.id
        && result.time == at
        && result.unit == signer.unit_code
        && signer.unit_code == desk.own_unit()?.code.as_str()
        && (signer.post, &signer.name) == (Post::System, &result.officer);
    if fits {
        Ok((result, verified.content))
    } else {
        Err(altered())
    }
}

/// Writes `stock-check.p7s`, `result.json` and `chain.pem` of a signed check: enough for
/// `openssl cms -verify`.
///
/// # Errors
/// `stock-check-unknown`, `stock-check-not-signed`, `stock-check-altered`, `unit-certificate-revoked`, or what the file system says.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    number: Option<&str>,
    dir: &Path,
) -> Result<Vec<PathBuf>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let row = named(desk, number)?;
    let (_result, content) = verified(desk, &row)?;
    let (cms, chain) = row.signed.unwrap_or_default();
    std::fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let pem: String = chain.iter().map(|der| certificates::pem(der)).collect();
    let files: [(&str, &[u8]); 3] = [
        ("stock-check.p7s", &cms),
        ("result.json", &content),
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
