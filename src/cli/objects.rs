//! The objects of interface.md as JSON: request, ukey, certificate.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::certificate::RevocationReason;
use crate::domain::id::UnitId;
use crate::domain::loss::TARGET_SECS;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::ukey::Serial;
use crate::station::bench::{Inserted, Unusable};
use crate::station::jobs::losses::LossView;
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{people, requests};
use crate::station::{ActingOfficer, CertificateRow, Desk, Error, UkeyRow};

/// Numbers of requests and names of units, for the objects that refer to them.
pub(super) struct Names {
    requests: BTreeMap<String, (String, UnitId)>,
    units: BTreeMap<UnitId, String>,
    own: Option<UnitId>,
}

impl Names {
    pub(super) fn read(desk: &Desk, officer: &ActingOfficer) -> Result<Self, Error> {
        let numbers = requests::numbers(desk, officer)?.into_iter();
        let requests = numbers.map(|(id, known)| (id.to_string(), known));
        let units = people::units(desk, officer)?;
        let own = units.iter().find(|unit| unit.own).map(|unit| unit.id);
        Ok(Self {
            requests: requests.collect(),
            units: units.into_iter().map(|unit| (unit.id, unit.name)).collect(),
            own,
        })
    }

    fn number(&self, id: &str) -> Option<&String> {
        self.requests.get(id).map(|(number, _unit)| number)
    }

    /// The holder's unit where it is not the one whose desk makes the ukey (代制, D-4).
    fn made_for(&self, request: &str) -> Option<&String> {
        let (_number, unit) = self.requests.get(request)?;
        self.units.get(unit).filter(|_name| Some(*unit) != self.own)
    }

    pub(super) fn ukey(&self, view: &UkeyView) -> Value {
        let UkeyView { row, inserted } = view;
        json!({
            "serial": row.identity.serial.as_str(),
            "maker": row.identity.maker,
            "model": row.identity.model,
            "profile": row.profile,
            "state": row.officer.is_none().then_some(row.state.word()),
            "unit": self.own.and_then(|own| self.units.get(&own)),
            "made_for": row.request.and_then(|id| self.made_for(&id.to_string())),
            "request": row.request.and_then(|id| self.number(&id.to_string())),
            "certificate": row.certificate,
            "inserted": inserted,
        })
    }

    pub(super) fn inserted(&self, ukey: &Inserted) -> Value {
        let mut value = match &ukey.record {
            Some(row) => self.ukey(&UkeyView {
                row: row.clone(),
                inserted: true,
            }),
            None => json!({
                "serial": ukey.reading.identity.serial.as_str(),
                "maker": ukey.reading.identity.maker,
                "model": ukey.reading.identity.model,
                "profile": ukey.profile,
                "state": null,
                "unit": null,
                "made_for": null,
                "request": null,
                "certificate": null,
                "inserted": true,
            }),
        };
        if let Some(object) = value.as_object_mut() {
            let own = ukey.record.as_ref().and_then(|row| row.officer.as_ref());
            object.insert("officer".to_owned(), json!(own.map(OfficerName::as_str)));
            let refused = ukey.usable.as_ref().err();
            object.insert("usable".to_owned(), json!(refused.is_none()));
            object.insert("reason".to_owned(), json!(refused.map(Unusable::code)));
            object.insert("label".to_owned(), json!(ukey.reading.label));
        }
        value
    }

    /// A ukey that cannot be read now: what the records have of it.
    pub(super) fn bare(&self, serial: &Serial, record: Option<&UkeyRow>) -> Value {
        match record {
            Some(row) => self.ukey(&UkeyView {
                row: row.clone(),
                inserted: false,
            }),
            None => json!({ "serial": serial.as_str(), "state": null }),
        }
    }

    pub(super) fn certificate(&self, row: &CertificateRow) -> Value {
        json!({
            "serial": row.serial.to_string(),
            "subject": row.subject,
            "not_before": row.not_before.to_string(),
            "not_after": row.not_after.to_string(),
            "state": row.state.word(),
            "reason": row.reason.map(RevocationReason::word),
            "ukey": row.ukey.as_str(),
            "request": self.number(&row.request.to_string()),
        })
    }
}

/// A report of loss and its clock.
pub(super) fn loss(view: &LossView) -> Value {
    let LossView { row, clock } = view;
    let end = row.end.as_ref();
    json!({
        "id": row.id,
        "ukey": row.ukey.as_str(),
        "certificate": row.certificate.to_string(),
        "kind": row.kind.word(),
        "reason": row.reason,
        "reported_at": row.reported_at,
        "reported_by": row.reported_by,
        "state_before": row.state_before.word(),
        "queued_at": row.queued_at,
        "crl_number": row.crl_number,
        "crl_confirmed_at": row.crl_confirmed_at,
        "elapsed_secs": clock.elapsed_secs,
        "target_secs": TARGET_SECS,
        "open": clock.runs,
        "overdue": clock.is_overdue(),
        "ended_at": end.map(|end| end.at),
        "ended_by": end.map(|end| end.by.as_str()),
        "ending": end.map(|end| end.ending.word()),
        "statement_sha256": end.and_then(|end| end.statement).map(|hash| hex::encode(hash.0)),
    })
}

/// The `request` object.
pub(super) fn request(view: &RequestView) -> Value {
    let RequestView {
        row,
        unit,
        id_number,
        mobile,
    } = view;
    let user_types = row.user_types.split('、').filter(|text| !text.is_empty());
    let user_types: Vec<_> = user_types.collect();
    json!({
        "id": row.id.to_string(),
        "number": row.number,
        "revision": row.revision,
        "state": row.state.word(),
        "form": row.form.number(),
        "holder_name": row.holder_name,
        "id_number": id_number,
        "mobile": mobile,
        "unit": unit.name,
        "user_types": user_types,
        "post": row.post.map(Post::chinese),
        "apply_certificate": row.apply_certificate,
        "entered_by": row.entered_by.as_str(),
        "entered_at": row.entered_at.to_string(),
        "approved_by": row.approved_by.as_ref().map(OfficerName::as_str),
        "approved_at": row.approved_at.map(|at| at.to_string()),
        "expires_at": row.expires_at.map(|at| at.to_string()),
    })
}
