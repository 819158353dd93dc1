//! The audit log (D-49): list, verify, sign a checkpoint of it, export it.

use std::path::Path;

use serde_json::{Value, json};

use crate::domain::checkpoint::{Checkpoint, CheckpointCode, LogPosition, Standing};
use crate::domain::id::HomeId;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::domain::two_officers::Waiver;
use crate::keys::checkpoint::{ClaimedCheckpoint, OwnUnit, VerifiedCheckpoint};
use crate::keys::file;
use crate::keys::signature::NotVerified;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::{ActingOfficer, SigningKey, clock, unit_key};
use crate::store::{AuditEntry, AuditFilter, AuditVerdict, CheckpointRow, Reading, Store};

/// First line of an export.
const EXPORT_TYPE: &str = "ukey-station/audit-export";
/// Version of an export.
const EXPORT_VERSION: u32 = 1;
/// A checkpoint with its chain has some 3000 bytes.
const CHECKPOINT_MAX_BYTES: usize = 1 << 20;

/// What a log is compared with, beside the checkpoints that the store keeps.
#[derive(Clone, Copy, Debug)]
pub enum Against<'a> {
    /// Nothing else.
    Stored,
    /// A checkpoint's file.
    File(&'a Path),
    /// The short code of a paper slip.
    Code(&'a CheckpointCode),
}

/// What verifying the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Rows.
    pub rows: u64,
    /// Hash of the last row that fits.
    pub head: [u8; 32],
    /// The first row that does not fit, is missing, or differs from a checkpoint.
    pub first_broken: Option<u64>,
    /// What the log says to the checkpoint that was given; without one, to the stored ones, if
    /// there are any.
    pub checkpoint: Option<Standing>,
    /// Whether the officer may know more than whether it is intact.
    pub told: bool,
}

impl Verification {
    /// Whether every row is as it was written.
    pub const fn intact(&self) -> bool {
        self.first_broken.is_none()
    }
}

/// How far the log has come. Nothing is recomputed for it: that is [`verify`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Rows.
    pub rows: u64,
    /// The newest checkpoint that was signed here; none, or one that is not what was signed any more.
    pub newest: Option<Signed>,
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its short code.
    pub code: CheckpointCode,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub officer: OfficerName,
}

/// How far the log has come, for the auditor.
///
/// # Errors
/// `wrong-duty`, or what the store says.
pub fn reach(desk: &Desk, officer: &ActingOfficer) -> Result<Reach, Error> {
    officer.demand(Duty::Audit)?;
    let (root, code) = (desk.pinned_root()?, desk.own_unit()?.code);
    let store = desk.store();
    let reading = store.read();
    let crls = reading.unit_crls()?;
    let own = OwnUnit {
        code: code.as_str(),
        root: &root,
        crls: &crls,
    };
    let newest = reading.newest_checkpoint()?.and_then(|row| {
        let verified = VerifiedCheckpoint::verify(&row.signature, &row.chain, &own).ok()?;
        let checkpoint = verified.checkpoint();
        Some(Signed {
            code: checkpoint.position().code(),
            at: checkpoint.time,
            officer: checkpoint.officer.clone(),
        })
    });
    let (rows, _head) = reading.audit_head()?;
    Ok(Reach { rows, newest })
}

/// Rows of the log, the oldest first. The auditor sees all; others their own acts (D-7).
///
/// # Errors
/// `wrong-duty` when another's acts are asked for.
pub fn list(
    desk: &Desk,
    officer: &ActingOfficer,
    mut filter: AuditFilter,
) -> Result<Vec<AuditEntry>, Error> {
    officer.demand(Duty::ReadRecords)?;
    if !Duty::Audit.belongs_to(officer.post()) {
        let own = officer.name().as_str();
        if filter.officer.as_deref().is_some_and(|name| name != own) {
            officer.demand(Duty::Audit)?;
        }
        filter.officer = Some(own.to_owned());
    }
    Ok(desk.store().read().audit_entries(&filter)?)
}

/// Recomputes the chain of the whole log and compares it with every stored checkpoint, and with the
/// one that is given. Who does not have the auditor's duty learns only whether it is intact.
///
/// # Errors
/// `checkpoint-invalid` when the given file is no checkpoint, or of this home and not signed by one
/// of its officers; what the store or the file system says.
pub fn verify(
    desk: &Desk,
    officer: &ActingOfficer,
    against: Against<'_>,
) -> Result<Verification, Error> {
    officer.demand(Duty::ReadRecords)?;
    let (root, code) = (desk.pinned_root()?, desk.own_unit()?.code);
    let crls = desk.store().read().unit_crls()?;
    let own = OwnUnit {
        code: code.as_str(),
        root: &root,
        crls: &crls,
    };
    let given = match against {
        Against::File(path) => Some(read_checkpoint(desk, path, &own)?),
        Against::Stored | Against::Code(_) => None,
    };
    let told = Duty::Audit.belongs_to(officer.post());
    let given = (given, against);
    // A window may write meanwhile, and sign a checkpoint.
    let store = desk.store();
    store.at_one_moment(|store| compare(store, desk.id(), (&own, given, told)))
}

/// The log, the stored checkpoints and what was given, at one moment.
fn compare(
    store: &Store,
    home: HomeId,
    (unit, (given, against), told): (&OwnUnit<'_>, (Option<LogPosition>, Against<'_>), bool),
) -> Result<Verification, Error> {
    let reading = store.read();
    let verdict = store.verify_audit()?;
    let (epoch, instance) = reading.audit_instance()?;
    let own = LogPosition {
        home,
        instance,
        epoch,
        count: verdict.rows,
        head: verdict.head,
    };
    let mut found = Verification {
        rows: verdict.rows,
        head: verdict.head,
        first_broken: verdict.first_broken,
        checkpoint: None,
        told,
    };
    for row in reading.checkpoints()? {
        let (count, standing) = match VerifiedCheckpoint::verify(&row.signature, &row.chain, unit) {
            Ok(verified) => {
                let seen = verified.checkpoint().position();
                let then = then(&reading, seen.count)?;
                (seen.count, own.against(&seen, then.as_ref()))
            }
            // Not what an officer signed any more.
            Err(_altered) => (own.count, Standing::Forked),
        };
        // What is kept here as this home's was put there by somebody else.
        let foreign = standing == Standing::OtherHome;
        found.take(count, if foreign { Standing::Forked } else { standing });
    }
    let said = match (given, against) {
        (Some(seen), _) => {
            let then = then(&reading, seen.count)?;
            Some((seen.count, own.against(&seen, then.as_ref())))
        }
        (None, Against::Code(code)) => {
            let (instances, then) = (reading.audit_instances()?, then(&reading, code.count())?);
            Some((
                code.count(),
                own.against_code(&instances, code, then.as_ref()),
            ))
        }
        (None, Against::Stored | Against::File(_)) => None,
    };
    if let Some((count, standing)) = said {
        found.take(count, standing);
        found.checkpoint = Some(standing);
    }
    Ok(found)
}

impl Verification {
    /// Counts what the log says to one checkpoint of `count` rows.
    fn take(&mut self, count: u64, standing: Standing) {
        let broken = match standing {
            Standing::Matches | Standing::OtherHome => None,
            Standing::Shorter => Some(self.rows + 1), // The first one missing.
            Standing::Forked => Some(count.max(1)),
        };
        let both = self.first_broken.into_iter().chain(broken);
        self.first_broken = both.min();
        self.checkpoint = self.checkpoint.max(Some(standing));
    }
}

/// The hash this log has after so many rows.
fn then(reading: &Reading<'_>, count: u64) -> Result<Option<[u8; 32]>, Error> {
    Ok(reading.audit_hash_at(count)?)
}

/// The position in a checkpoint's file, judged by what this home trusts.
pub(super) fn position_in(desk: &Desk, path: &Path) -> Result<LogPosition, Error> {
    let (root, code) = (desk.pinned_root()?, desk.own_unit()?.code);
    let crls = desk.store().read().unit_crls()?;
    let own = OwnUnit {
        code: code.as_str(),
        root: &root,
        crls: &crls,
    };
    read_checkpoint(desk, path, &own)
}

/// The position that a checkpoint's file says. That of another home is believed as far as being
/// another home's.
fn read_checkpoint(desk: &Desk, path: &Path, own: &OwnUnit<'_>) -> Result<LogPosition, Error> {
    let invalid = |text: String| Error::refused("checkpoint-invalid", text);
    let bytes = read_limited(path, CHECKPOINT_MAX_BYTES)?;
    let refuse =
        |error: NotVerified| invalid(format!("{}: {error}", path.display())).because(error);
    let claimed = ClaimedCheckpoint::read(&bytes).map_err(refuse)?;
    let position = claimed.checkpoint().position();
    if position.home == desk.id() {
        let verified = claimed.verify(own).map_err(refuse)?;
        return Ok(verified.checkpoint().position());
    }
    Ok(position)
}

/// Signs how far the log has come, keeps the checkpoint and writes it to `path` as CMS
/// `SignedData`, DER.
///
/// # Errors
/// `wrong-duty` for who is neither auditor nor security, `audit-broken` when the log does not verify,
/// the signing ukey's fault, or what the file system says.
pub fn checkpoint(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Checkpoint, Error> {
    demand_checkpoint(officer)?;
    let mut key = SigningKey::open(desk, officer)?;
    let (checkpoint, row) = sign_checkpoint(desk, officer, &mut key)?;
    file::replace(path, &row.signature).map_err(|error| Error::io(path, error))?;
    Ok(checkpoint)
}

/// Signs how far the log has come with the officer's own key, and keeps the checkpoint.
pub(super) fn sign_checkpoint(
    desk: &Desk,
    officer: &ActingOfficer,
    key: &mut SigningKey,
) -> Result<(Checkpoint, CheckpointRow), Error> {
    demand_checkpoint(officer)?;
    let found = verify(desk, officer, Against::Stored)?;
    if let Some(row) = found.first_broken {
        // Nobody signs what is known to be wrong.
        let row = found.told.then(|| row.to_string());
        return Err(Error::failed("audit-broken", row.unwrap_or_default()));
    }
    let now = clock::now();
    let position = desk.store().read().audit_position(desk.id())?;
    let checkpoint = Checkpoint::new(&position, officer.name(), officer.post(), now);
    let content = checkpoint
        .canonical()
        .map_err(|error| Error::failed("approval-encoding", "checkpoint").because(error))?;
    let signature = key.sign(&content).map_err(unit_key::sign_failed)?;
    let chain = key.chain().to_vec();
    let row = CheckpointRow { signature, chain };
    let mut audit = Desk::audit_row(officer, "checkpoint-signed");
    audit.detail = Some(position.code().to_string());
    desk.store().act(&audit, |writing| {
        writing.insert_checkpoint(&position, &row, now)
    })?;
    Ok((checkpoint, row))
}

/// The duty by which a post signs checkpoints (D-49): the auditor's, or security's.
pub fn duty_to_sign(post: Post) -> Duty {
    match post {
        Post::Security => Duty::Revoke,
        Post::System | Post::Auditor => Duty::Audit,
    }
}

/// D-49: the auditor or security.
pub(super) fn demand_checkpoint(officer: &ActingOfficer) -> Result<(), Error> {
    officer.demand(duty_to_sign(officer.post()))
}

/// Writes the whole log and its checkpoints as JSON lines (docs/audit-log.md), as they are, broken
/// or not.
///
/// # Errors
/// `wrong-duty`, or what the store or the file system says.
pub fn export(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<AuditVerdict, Error> {
    officer.demand(Duty::Audit)?;
    let (lines, verdict) = {
        let store = desk.store();
        store.at_one_moment(|store| export_lines(store, desk.id()))?
    };

    // First on record, then out of the house.
    let mut audit = Desk::audit_row(officer, "audit-exported");
    audit.detail = Some(format!("{} rows", verdict.rows));
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    file::replace(path, &lines).map_err(|error| Error::io(path, error))?;
    Ok(verdict)
}

/// The lines of an export, and what recomputing the chain found.
fn export_lines(store: &Store, home: HomeId) -> Result<(Vec<u8>, AuditVerdict), Error> {
    let mut lines = Vec::new();
    let reading = store.read();
    let verdict = store.verify_audit()?;
    let instances = reading.audit_instances()?.into_iter();
    let instances: Vec<Value> = instances
        .map(|(epoch, instance)| json!({ "epoch": epoch, "instance": instance.to_string() }))
        .collect();
    push(
        &mut lines,
        &json!({
            "type": EXPORT_TYPE, "version": EXPORT_VERSION, "home": home.to_string(),
            "instances": instances, "rows": verdict.rows, "head": hex::encode(verdict.head),
        }),
    );
    reading.each_audit_row(|entry| {
        push(&mut lines, &json!({ "row": row_json(entry) }));
        Ok::<_, Error>(())
    })?;
    for waiver in reading.waivers()? {
        push(&mut lines, &json!({ "waiver": waiver_json(&waiver) }));
    }
    for row in reading.checkpoints()? {
        let chain: Vec<String> = row.chain.iter().map(hex::encode).collect();
        let signature = hex::encode(&row.signature);
        push(
            &mut lines,
            &json!({ "checkpoint": { "signature": signature, "chain": chain } }),
        );
    }
    Ok((lines, verdict))
}

/// D-8: a waiver stands in every report of the log.
fn waiver_json(waiver: &Waiver) -> Value {
    json!({
        "id": waiver.id, "unit": waiver.unit_code, "granted_by": waiver.granted_by,
        "granted_at": waiver.granted_at, "until": waiver.until.to_string(), "reason": waiver.reason,
    })
}

/// A row with nothing but what is hashed, and its hash.
fn row_json(entry: &AuditEntry) -> Value {
    let row = &entry.row;
    json!({
        "sequence": entry.sequence,
        "at": row.at.to_string(),
        "officer": row.officer,
        "post": row.post,
        "act": row.act,
        "request": row.request,
        "ukey": row.ukey,
        "certificate": row.certificate,
        "result": row.result,
        "detail": row.detail,
        "hash": hex::encode(entry.hash),
    })
}

fn push(lines: &mut Vec<u8>, value: &Value) {
    lines.extend_from_slice(value.to_string().as_bytes());
    lines.push(b'\n');
}
