//! The evidence bundle of a ukey (D-50): everything that proves how it came to be, in one file that
//! openssl and sha256sum judge.

use std::collections::BTreeSet;
use std::path::Path;

use self::verify::judge;
pub use self::verify::{Check, Verdict, verify};
use super::ca::to_pem;
use super::{audit, certificates};
use crate::documents::evidence::{self as bundle, Parts};
use crate::domain::approval::ApprovalRecord;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::evidence::{CertificateFacts, EvidenceFacts, EvidenceOf};
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::keys::checkpoint::ClaimedCheckpoint;
use crate::keys::{file, signature};
use crate::station::authorities::Issuer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, SigningKey, clock, unit_key};
use crate::store::{CertificateRow, RunRow, UkeyRow};

mod verify;

/// The field that is disclosed without being asked for (D-50).
const NAME: &str = "name";

/// A run that ended with a certificate.
struct Made {
    run: RunRow,
    certificate: CertificateRow,
    revision: u32,
    handed_out_at: Option<Timestamp>,
}

/// Writes the bundle of a ukey. `disclosed` names fields of the form that it shows beside the name.
/// Security or the auditor signs the log as it is now; for anybody else the newest checkpoint must
/// reach the last act about the ukey.
///
/// # Errors
/// `ukey-not-issued` when no certificate was made for it, `field-unknown`, `checkpoint-due`,
/// `evidence-broken` when what was packed does not prove what it should, or what the store, the
/// signing ukey or the file system says.
pub fn export(
    desk: &Desk,
    officer: &ActingOfficer,
    (ukey, disclosed): (&UkeyRow, &[String]),
    out: &Path,
) -> Result<Verdict, Error> {
    officer.demand(Duty::ReadRecords)?;
    let serial = &ukey.identity.serial;
    let made = made_on(desk, serial)?;
    if made.is_empty() {
        return Err(Error::refused("ukey-not-issued", serial.as_str()));
    }
    let signs = audit::demand_checkpoint(officer).is_ok();
    if !signs {
        signed_log(desk, serial)?; // Else nothing is noted as exported.
    }
    let mut key = SigningKey::open(desk, officer)?;
    note(desk, officer, serial, disclosed)?;
    if signs {
        audit::sign_checkpoint(desk, officer, &mut key)?;
    }
    let signed = signed_log(desk, serial)?;
    let mut parts = bundle::instructions();
    let present = desk.issuer()?;
    add_trust(desk, &present, &mut parts)?;
    for one in &made {
        add_certificate(desk, (&mut parts, &present), one, disclosed)?;
    }
    let rows = add_log(desk, signed, &mut parts)?;
    let now = clock::now();
    let facts = EvidenceFacts::new(
        EvidenceOf {
            home: desk.id(),
            unit_code: desk.own_unit()?.code.as_str().to_owned(),
            ukey: ukey.identity.clone(),
            state: ukey.state.word().to_owned(),
        },
        made.iter().map(facts).collect(),
        rows,
        (officer.name().to_string(), now),
    );
    let encoding = |error| Error::failed("approval-encoding", "facts.json").because(error);
    put(
        &mut parts,
        "facts.json",
        facts.canonical().map_err(encoding)?,
    );
    put(&mut parts, "sealed-at", seconds(now));
    let sums = bundle::sums(&parts);
    let seal = key.sign(sums.as_bytes()).map_err(unit_key::sign_failed)?;
    put(&mut parts, bundle::SUMS, sums.into_bytes());
    put(&mut parts, bundle::SEAL, seal);
    let packed = bundle::write(&parts).map_err(not_packed)?;
    // Nothing leaves the house that does not prove itself.
    let verdict = judge(&packed, None)?;
    if let Some(broken) = verdict.first_broken() {
        return Err(Error::failed("evidence-broken", broken.to_owned()));
    }
    file::replace(out, &packed).map_err(|error| Error::io(out, error))?;
    Ok(verdict)
}

fn not_packed(error: bundle::NotEvidence) -> Error {
    Error::failed("evidence-broken", error.to_string()).because(error)
}

fn put(parts: &mut Parts, name: &str, bytes: impl Into<Vec<u8>>) {
    parts.insert(name.to_owned(), bytes.into());
}

fn path(folder: &str, name: &str) -> String {
    format!("{folder}/{name}")
}

fn seconds(at: Timestamp) -> String {
    at.unix_secs().to_string()
}

/// What was made on a ukey and certified, the oldest first.
fn made_on(desk: &Desk, ukey: &Serial) -> Result<Vec<Made>, Error> {
    let store = desk.store();
    let reading = store.read();
    let mut made = Vec::new();
    for run in reading.runs_on(ukey)? {
        let Some(certificate) = reading.certificate_of_run(run.id)? else {
            continue;
        };
        made.push(Made {
            revision: reading.request(run.request)?.revision,
            handed_out_at: reading.handed_out_at(run.id)?,
            certificate,
            run,
        });
    }
    Ok(made)
}

fn facts(made: &Made) -> CertificateFacts {
    CertificateFacts {
        handed_out_at: made.handed_out_at,
        not_after: made.certificate.not_after,
        not_before: made.certificate.not_before,
        request: made.run.request,
        revision: made.revision,
        run: made.run.id,
        serial: made.certificate.serial.clone(),
    }
}

/// First on record, then out of the house: what is disclosed beside the name stands there too.
fn note(
    desk: &Desk,
    officer: &ActingOfficer,
    ukey: &Serial,
    disclosed: &[String],
) -> Result<(), Error> {
    let mut audit = Desk::audit_row(officer, "evidence-exported");
    audit.ukey = Some(ukey.to_string());
    audit.detail = (!disclosed.is_empty()).then(|| disclosed.join(", "));
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))
}

/// The roots that everything leads to, and the newest list of the CA where there is one.
fn add_trust(desk: &Desk, present: &Issuer, parts: &mut Parts) -> Result<(), Error> {
    put(
        parts,
        "trust/root.pem",
        certificates::pem(&desk.pinned_root()?),
    );
    let [ca, list] = [bundle::HOLDER_CA, bundle::LIST].map(|(folder, name)| path(folder, name));
    add_issuer(desk, (parts, (&ca, &list)), present)
}

/// A CA with its chain, and its newest list: none was published while nothing was ever revoked.
fn add_issuer(
    desk: &Desk,
    (parts, (ca, list)): (&mut Parts, (&str, &str)),
    issuer: &Issuer,
) -> Result<(), Error> {
    let own = [issuer.authority.certificate().to_vec()];
    let ders = own.iter().chain(&issuer.chain);
    put(
        parts,
        ca,
        ders.map(|der| certificates::pem(der)).collect::<String>(),
    );
    if let Some((_list, der)) = desk.published_list(issuer) {
        put(parts, list, to_pem("X509 CRL", &der)?);
    }
    Ok(())
}

/// One certificate with the approval it was issued under and what its ukey signed.
fn add_certificate(
    desk: &Desk,
    (parts, present): (&mut Parts, &Issuer),
    made: &Made,
    disclosed: &[String],
) -> Result<(), Error> {
    let (run, certificate) = (&made.run, &made.certificate);
    let folder = format!("certificates/{}", certificate.serial);
    let (approval, csr, proofs) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.approval(run.request, made.revision)?,
            reading.csr(run.id)?,
            reading.proofs(run.id)?,
        )
    };
    let damaged = || Error::failed("store-damaged", certificate.serial.to_string());
    let (approval, csr) = (approval.ok_or_else(damaged)?, csr.ok_or_else(damaged)?);
    let content =
        signature::content(&approval.signature).map_err(|error| damaged().because(error))?;
    let record = ApprovalRecord::parse(&content).ok_or_else(damaged)?;
    for (field, bytes) in disclosures(desk, made, &record, disclosed)? {
        put(parts, &format!("{folder}/disclosed/{field}"), bytes);
    }
    let issuer = desk.issuer_of(certificate.generation)?;
    if issuer.generation != present.generation {
        // Signed by the CA before: its own certificate and list stand beside (D-60).
        let [ca, list] = [bundle::HOLDER_CA, bundle::LIST].map(|(_, name)| path(&folder, name));
        add_issuer(desk, (parts, (&ca, &list)), &issuer)?;
    }
    let mut add = |name: &str, bytes: Vec<u8>| put(parts, &format!("{folder}/{name}"), bytes);
    add(
        "certificate.pem",
        certificates::pem(&certificate.der).into(),
    );
    add("issued-at", seconds(certificate.not_before).into());
    add("request.p10", csr);
    add("approval.p7s", approval.signature);
    add("record.json", content);
    add("approved-at", seconds(record.time).into());
    for proof in proofs {
        add(&format!("{}.txt", proof.purpose), proof.message.into());
        add(&format!("{}.sig", proof.purpose), proof.signature);
    }
    if let Some((list, _der)) = desk.published_list(&issuer) {
        let listed = list
            .revoked
            .iter()
            .any(|entry| entry.serial == certificate.serial);
        add("listed", if listed { "yes\n" } else { "no\n" }.into());
    }
    Ok(())
}

/// The hashed bytes of the fields to disclose; after a purge there are none.
fn disclosures(
    desk: &Desk,
    made: &Made,
    record: &ApprovalRecord,
    disclosed: &[String],
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let wanted: BTreeSet<&str> = disclosed.iter().map(String::as_str).chain([NAME]).collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|field| !record.fields.contains_key(**field))
    {
        return Err(Error::usage("field-unknown", (*unknown).to_owned()));
    }
    let fields = desk.store().read().request_fields(made.run.request)?;
    let shown = fields
        .iter()
        .filter(|(field, _row)| wanted.contains(field.as_str()));
    Ok(shown
        .filter_map(|(field, row)| {
            let salt = row.salt.as_ref()?;
            Some((
                field.clone(),
                crate::domain::approval::committed(field, salt, &row.value),
            ))
        })
        .collect())
}

/// The part of the log about a ukey that an officer has signed.
struct SignedLog {
    /// The first act about it.
    first: u64,
    checkpoint: Checkpoint,
    signature: Vec<u8>,
}

/// Up to the newest checkpoint, if it signs all that was done with the ukey.
fn signed_log(desk: &Desk, ukey: &Serial) -> Result<SignedLog, Error> {
    let store = desk.store();
    let reading = store.read();
    let due = || Error::refused("checkpoint-due", ukey.as_str());
    let newest = reading.checkpoints()?.pop().ok_or_else(due)?;
    let claimed = ClaimedCheckpoint::read(&newest.signature);
    let claimed = claimed.map_err(|error| log_damaged().because(error))?;
    let checkpoint = claimed.checkpoint().clone();
    let (first, last) = reading.acts_about_ukey(ukey)?.ok_or_else(log_damaged)?;
    if checkpoint.count < last {
        return Err(due());
    }
    Ok(SignedLog {
        first,
        checkpoint,
        signature: newest.signature,
    })
}

fn log_damaged() -> Error {
    Error::failed("store-damaged", "audit")
}

/// The rows of the log from the first act about the ukey to the one that the checkpoint signs; gives both
/// places.
fn add_log(desk: &Desk, signed: SignedLog, parts: &mut Parts) -> Result<(u64, u64), Error> {
    let SignedLog {
        first,
        checkpoint,
        signature,
    } = signed;
    let store = desk.store();
    let reading = store.read();
    let before = reading.audit_hash_at(first - 1)?.ok_or_else(log_damaged)?;
    put(parts, "audit/before", hex::encode(before));
    let mut previous = before;
    reading.each_audit_row_from(first, |entry| {
        if entry.sequence <= checkpoint.count {
            let at = entry.row.at.to_string();
            let bytes = entry.row.encoded(&at, entry.sequence, &previous);
            put(parts, &format!("audit/rows/{:08}", entry.sequence), bytes);
            previous = entry.hash;
        }
        Ok::<_, Error>(())
    })?;
    let content = checkpoint.canonical();
    let content = content.map_err(|error| log_damaged().because(error))?;
    put(parts, "audit/checkpoint.json", content);
    put(parts, "audit/signed-at", seconds(checkpoint.time));
    put(parts, "audit/checkpoint.p7s", signature);
    Ok((first, checkpoint.count))
}
