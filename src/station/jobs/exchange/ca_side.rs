//! The CA's side: every order is checked up to the pinned root when it comes, and again from the
//! stored bytes before it is signed (D-22, D-36, D-60).

use std::path::Path;
use std::sync::PoisonError;

use super::super::ca::ca_error;
use super::{APPROVAL, CSR, Done, Item, ORDER, each_file, files, read, refused, sha256};
use crate::domain::certificate_order::CertificateOrder;
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::domain::unit::Unit;
use crate::issuing::authority::Authority;
use crate::issuing::check::CheckedCertificate;
use crate::issuing::connector::{Answer, Connector as _, ConnectorError, EmbeddedCa, Submission};
use crate::issuing::csr::CheckedCsr;
use crate::keys::file;
use crate::keys::signature::{self, NotVerified, VerifiedApproval, VerifiedDecision};
use crate::keys::unit_pki::{self, PkiError, Signer, UnitFacts};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::unit_trust;
use crate::station::{ActingOfficer, clock};
use crate::store::{ExchangeRow, StoreError};

/// For how long answers are written again, in days.
const AGAIN_DAYS: i64 = 30;

pub(super) fn take_in(
    desk: &Desk,
    officer: &ActingOfficer,
    dir: &Path,
) -> Result<Vec<Item>, Error> {
    let mut items = each_file(dir, ORDER, |path, serial| {
        queue(desk, officer, path, serial)
    })?;
    for path in files(dir, &[CSR])? {
        let ordered = sibling(&path, CSR, ORDER).is_some_and(|order| order.is_file());
        if !ordered {
            items.push(Item {
                outcome: Err(refused("exchange-incomplete", &path)),
                file: path,
                serial: None,
            });
        }
    }
    Ok(items)
}

fn sibling(path: &Path, ending: &str, other: &str) -> Option<std::path::PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(ending)?;
    Some(path.with_file_name(format!("{name}{other}")))
}

/// Checks one item and queues it.
fn queue(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    serial: &mut Option<crate::domain::certificate::CertificateSerial>,
) -> Result<Done, Error> {
    let part = |ending| {
        let found = sibling(path, ORDER, ending).filter(|path| path.is_file());
        read(&found.ok_or_else(|| refused("exchange-incomplete", path))?)
    };
    let item = Parts {
        order: &read(path)?,
        approval: &part(APPROVAL)?,
        csr: &part(CSR)?,
    };
    let now = clock::now();
    let checked = item.check(desk, now)?;
    *serial = Some(checked.order.intent.serial.clone());
    let row = ExchangeRow {
        serial: checked.order.intent.serial.clone(),
        from_code: checked.unit.code.clone(),
        order_sha256: sha256(item.order),
        signed_order: item.order.to_vec(),
        approval: item.approval.to_vec(),
        csr: item.csr.to_vec(),
        public_key: checked.order.intent.public_key.as_bytes().to_vec(),
        approval_nonce: checked.approval.record().nonce,
        received_at: now,
        certificate: None,
        signed_at: None,
        reason: None,
        revoked_at: None,
        revocation_order: None,
        generation: desk.store().read().ca_generation()?,
    };
    let known = desk.store().read().exchange_requests()?;
    let mut same = known.iter().filter(|other| other.serial == row.serial);
    // Signed again with the same content is the same order: a stick that was lost on the way.
    if same.any(|other| (&other.csr, &other.approval) == (&row.csr, &row.approval)) {
        return Ok(Done::Known);
    }
    let mut audit = Desk::audit_row(officer, "order-queued");
    audit.certificate = Some(row.serial.to_string());
    audit.detail = Some(row.from_code.clone());
    let queued = desk
        .store()
        .act(&audit, |writing| writing.insert_exchange_request(&row));
    match queued {
        Ok(()) => Ok(Done::Queued),
        Err(StoreError::Constraint(_)) => Err(refused("exchange-replayed", path)),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn out(desk: &Desk, officer: &ActingOfficer, dir: &Path) -> Result<Vec<Item>, Error> {
    let authority = desk.authority()?;
    let now = clock::now();
    let mut items = Vec::new();
    let rows = desk.store().read().exchange_requests()?;
    for row in rows {
        if row.certificate.is_none() && row.reason.is_some() {
            continue; // Revoked before it was signed: it never is.
        }
        let path = dir.join(format!("{}.cer", row.serial));
        let (der, done) = match (&row.certificate, row.signed_at) {
            (Some(_), Some(at)) if at.plus_days(AGAIN_DAYS) < now => continue,
            (Some(der), _) => (Ok(der.clone()), Done::Known),
            (None, _) => (sign(desk, officer, &authority, &row), Done::Written),
        };
        // A locked CA stops everything: the next one would say the same.
        if let Err(error) = &der
            && error.code == "ca-locked"
            && items.is_empty()
        {
            return Err(Error::refused("ca-locked", ""));
        }
        let written =
            der.and_then(|der| file::replace(&path, &der).map_err(|error| Error::io(&path, error)));
        items.push(Item {
            file: path,
            serial: Some(row.serial),
            outcome: written.map(|()| done),
        });
    }
    Ok(items)
}

/// Signs one queued order: checked again from the stored bytes.
fn sign(
    desk: &Desk,
    officer: &ActingOfficer,
    authority: &Authority,
    row: &ExchangeRow,
) -> Result<Vec<u8>, Error> {
    let parts = Parts {
        order: &row.signed_order,
        approval: &row.approval,
        csr: &row.csr,
    };
    let now = clock::now();
    let Checked { order, csr, .. } = parts.check(desk, now)?;
    // Held until the certificate is counted.
    let mut ca_key = desk.ca_key.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sign = |message: &[u8]| ca_key.sign(desk, message);
    let mut ca = EmbeddedCa {
        authority,
        sign: &mut sign,
    };
    let submission = Submission {
        csr: &csr,
        subject: &order.subject,
        intent: &order.intent,
    };
    let failed = |text: String| Error::failed("ca-failed", text);
    let der = match ca.submit(submission) {
        Ok(Answer::Issued(der)) => der,
        Ok(Answer::Pending) => return Err(failed("pending".to_owned())),
        Err(ConnectorError::Key(failure)) => return Err(ca_error(failure)),
        Err(ConnectorError::OutlivesAuthority(end)) => {
            return Err(Error::refused("certificate-outlives-ca", end.to_string()));
        }
        Err(ConnectorError::Encoding(text)) => return Err(failed(text)),
    };
    let checked = CheckedCertificate::check(&der, authority, &order.subject, &order.intent);
    let checked = checked.map_err(|error| failed(error.to_string()))?;
    let mut audit = Desk::audit_row(officer, "order-signed");
    audit.certificate = Some(row.serial.to_string());
    audit.detail = Some(row.from_code.clone());
    desk.store().act(&audit, |writing| {
        writing.set_exchange_certificate(&row.serial, checked.der(), now)?;
        writing.spend_ca_unlock()
    })?;
    Ok(der)
}

/// The three files of one item.
struct Parts<'a> {
    order: &'a [u8],
    approval: &'a [u8],
    csr: &'a [u8],
}

/// An item whose every part was checked.
struct Checked {
    order: CertificateOrder,
    approval: VerifiedApproval,
    csr: CheckedCsr,
    unit: UnitFacts,
}

impl Parts<'_> {
    fn check(&self, desk: &Desk, now: Timestamp) -> Result<Checked, Error> {
        let (root, crls) = (desk.pinned_root()?, desk.store().read().unit_crls()?);
        let altered = |why: &str| Error::refused("exchange-altered", why);
        let signed = signature::verify_carried(self.order, &root, now, &crls);
        let signed = signed.map_err(order_refused)?;
        let order = CertificateOrder::parse(&signed.content);
        let order = order.ok_or_else(|| altered("the order"))?;
        let serial = order.intent.serial.to_string();
        if order.csr_sha256.0 != sha256(self.csr)
            || order.approval_sha256.0 != sha256(self.approval)
        {
            return Err(altered(&serial));
        }
        let not_approved = |error: NotVerified| {
            if let NotVerified::Chain(PkiError::Revoked) = error {
                return Error::refused("unit-certificate-revoked", serial.clone()).because(error);
            }
            let text = format!("{serial}: {error}");
            Error::refused("exchange-not-approved", text).because(error)
        };
        let about = (order.request, order.revision);
        let decision = VerifiedDecision::verify_carried(self.approval, &root, about, now, &crls);
        let (decision, _chain) = decision.map_err(not_approved)?;
        let approval = decision.approval(now).map_err(not_approved)?;
        let unit = unit_of(&order, (&signed.signer, &approval), &root, now, &crls)?;
        check_subject(desk, &order, &unit)?;
        order.fits(approval.record(), now).map_err(|error| {
            Error::refused("exchange-not-approved", format!("{serial}: {error}")).because(error)
        })?;
        let csr = CheckedCsr::check(self.csr, &order.intent.public_key);
        let csr = csr.map_err(|error| Error::refused("csr-refused", serial).because(error))?;
        Ok(Checked {
            order,
            approval,
            csr,
            unit,
        })
    }
}

pub(super) fn order_refused(error: NotVerified) -> Error {
    let code = match &error {
        NotVerified::Chain(PkiError::Revoked) => "unit-certificate-revoked",
        NotVerified::Damaged(_)
        | NotVerified::Signature
        | NotVerified::Record(_)
        | NotVerified::Expired => "exchange-altered",
        NotVerified::Chain(_) => "exchange-sender-unknown",
    };
    Error::refused(code, error.to_string()).because(error)
}

/// The unit that orders, from its own chain: its system administrator signed the order, and its
/// security administrator or its superior's the approval.
fn unit_of(
    order: &CertificateOrder,
    (orderer, approval): (&Signer, &VerifiedApproval),
    root: &[u8],
    now: Timestamp,
    crls: &[Vec<u8>],
) -> Result<UnitFacts, Error> {
    let unknown = |why: &str| Error::refused("exchange-sender-unknown", why);
    let units = units_of(&order.unit_chain, root, now, crls)?;
    if !is_officer_of(&units, orderer, 0) || orderer.post != Post::System {
        return Err(unknown(&orderer.unit_code));
    }
    let approver = approval.signer();
    if !is_officer_of(&units, approver, 0) && !is_officer_of(&units, approver, 1) {
        return Err(Error::refused(
            "exchange-not-approved",
            approver.unit_code.clone(),
        ));
    }
    let unit = units.into_iter().next();
    unit.ok_or_else(|| unknown(&orderer.unit_code))
}

/// The unit that an order names, then each above it, by their certificates.
pub(super) fn units_of(
    chain: &[String],
    root: &[u8],
    now: Timestamp,
    crls: &[Vec<u8>],
) -> Result<Vec<UnitFacts>, Error> {
    let unknown = |why: &str| Error::refused("exchange-sender-unknown", why);
    let chain: Result<Vec<_>, _> = chain.iter().map(hex::decode).collect();
    let chain = chain.map_err(|error| unknown("its unit").because(error))?;
    let units = unit_pki::check_unit_chain(&chain, root, now, crls);
    units.map_err(|error| match error {
        PkiError::Revoked => unit_trust::refused(error),
        other => unknown(&other.to_string()).because(other),
    })
}

/// Whether a signer is an officer of the unit at this place of a chain: certified by its superior, or
/// for the province by itself.
pub(super) fn is_officer_of(units: &[UnitFacts], signer: &Signer, at: usize) -> bool {
    let certifier = units.get(at + 1).or_else(|| units.last());
    let unit = units.get(at);
    unit.is_some_and(|unit| unit.code == signer.unit_code)
        && certifier.is_some_and(|unit| unit.public_key == signer.issuer.public_key)
}

/// The subject names the unit as it is certified, and the place where this home knows it to be.
fn check_subject(desk: &Desk, order: &CertificateOrder, unit: &UnitFacts) -> Result<(), Error> {
    let subject = &order.subject;
    let units = desk.store().read().units()?;
    let known = units.iter().find(|known| known.code.as_str() == unit.code);
    let placed = match known {
        Some(Unit {
            province,
            prefecture,
            ..
        }) => (province, prefecture) == (&subject.province, &subject.prefecture),
        None => units
            .iter()
            .any(|own| own.own && own.province == subject.province),
    };
    if placed && subject.unit == unit.name && subject.unit_code == unit.code {
        return Ok(());
    }
    Err(Error::refused(
        "exchange-not-approved",
        order.intent.serial.to_string(),
    ))
}
