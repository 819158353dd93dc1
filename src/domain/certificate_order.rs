//! `CertificateOrder`: what a unit's station asks of a CA at another station, and whether an approval
//! covers it (D-23, D-36, D-53).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::approval::{ApprovalRecord, Commitment, Salt, commitment};
use super::certificate::{CertificateSubject, IssueIntent};
use super::id::RequestId;
use super::timestamp::{DAY_SECS, Timestamp};

/// The order's `type`.
const TYPE: &str = "ukey-station/certificate-order";
const VERSION: u32 = 1;
/// D-38: one to three years.
const MAX_DAYS: i64 = 3 * 365;
/// The fields that are disclosed: what stands in the certificate, and that one was applied for.
pub const DISCLOSED: [&str; 3] = ["apply_certificate", "name", "user_types"];

/// A disclosed field of the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosed {
    /// The salt of its commitment.
    #[serde(with = "hex::serde")]
    pub salt: Salt,
    /// Its value.
    pub value: String,
}

/// An order; signed by the unit's system administrator. Holds no identity number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateOrder {
    /// SHA-256 of the approval, CMS.
    pub approval_sha256: Commitment,
    /// SHA-256 of the certificate request, PKCS #10.
    pub csr_sha256: Commitment,
    /// [`DISCLOSED`].
    pub fields: BTreeMap<String, Disclosed>,
    /// Serial number, dates and key.
    pub intent: IssueIntent,
    /// The request in the home that asks.
    pub request: RequestId,
    /// Its revision.
    pub revision: u32,
    /// The certificate's subject.
    pub subject: CertificateSubject,
    #[serde(rename = "type")]
    kind: String,
    /// The unit's certificate, then each superior's up to the root: hex of DER.
    pub unit_chain: Vec<String>,
    version: u32,
}

/// What an order is made of.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the field of that name of the order")]
pub struct OrderParts {
    pub approval_sha256: [u8; 32],
    pub csr_sha256: [u8; 32],
    pub fields: BTreeMap<String, Disclosed>,
    pub intent: IssueIntent,
    pub request: RequestId,
    pub revision: u32,
    pub subject: CertificateSubject,
    pub unit_chain: Vec<String>,
}

/// Why an approval does not cover an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// Another request or revision.
    #[error("the approval is about another request")]
    Request,
    /// A disclosed field is not the approved one.
    #[error("the field {0} was not approved like this")]
    Field(&'static str),
    /// The subject says something else than the approved fields.
    #[error("the subject is not the approved holder")]
    Subject,
    /// No certificate was applied for (D-10).
    #[error("no certificate was applied for")]
    NotAppliedFor,
    /// A serial number that is no random one of 16 to 20 octets.
    #[error("the serial number is not a random one")]
    Serial,
    /// Dates that do not follow from the approval, or longer than three years.
    #[error("the certificate's dates are not those of an approval")]
    Dates,
}

impl CertificateOrder {
    /// An order of the version that this program writes.
    pub fn new(parts: OrderParts) -> Self {
        let OrderParts {
            approval_sha256,
            csr_sha256,
            fields,
            intent,
            request,
            revision,
            subject,
            unit_chain,
        } = parts;
        Self {
            approval_sha256: Commitment(approval_sha256),
            csr_sha256: Commitment(csr_sha256),
            fields,
            intent,
            request,
            revision,
            subject,
            kind: TYPE.to_owned(),
            unit_chain,
            version: VERSION,
        }
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// Never for an order of this type; `serde_json` cannot promise it.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads an order; `None` for anything else, and for a newer version.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let order: Self = serde_json::from_slice(bytes).ok()?;
        (order.kind == TYPE && order.version == VERSION).then_some(order)
    }

    /// Whether this approval covers it, `now`.
    ///
    /// # Errors
    /// [`OrderFault`] with what does not fit.
    pub fn fits(&self, approval: &ApprovalRecord, now: Timestamp) -> Result<(), OrderFault> {
        if (approval.request, approval.revision) != (self.request, self.revision) {
            return Err(OrderFault::Request);
        }
        let mut values = BTreeMap::new();
        for field in DISCLOSED {
            let disclosed = self.fields.get(field).ok_or(OrderFault::Field(field))?;
            let found = commitment(field, &disclosed.salt, &disclosed.value);
            if approval.fields.get(field) != Some(&found) {
                return Err(OrderFault::Field(field));
            }
            values.insert(field, disclosed.value.as_str());
        }
        if values.get("apply_certificate") != Some(&"是") {
            return Err(OrderFault::NotAppliedFor);
        }
        let subject = (self.subject.name.as_str(), self.subject.user_types.as_str());
        if (values.get("name"), values.get("user_types")) != (Some(&subject.0), Some(&subject.1)) {
            return Err(OrderFault::Subject);
        }
        if !self.intent.serial.is_own() {
            return Err(OrderFault::Serial);
        }
        let IssueIntent {
            not_before,
            not_after,
            ..
        } = self.intent;
        let fit = approval.time <= not_before
            && not_before <= now.plus_secs(DAY_SECS)
            && not_before < not_after
            && not_after <= not_before.plus_days(MAX_DAYS);
        if fit { Ok(()) } else { Err(OrderFault::Dates) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::approval::Decision;
    use super::super::certificate::CertificateSerial;
    use super::super::id::UnitId;
    use super::super::key::PublicKeyDer;
    use super::super::officer::Post;
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
    }

    fn order() -> CertificateOrder {
        let values = ["是", "李华", "信息管理员"];
        let fields = DISCLOSED.into_iter().zip(values).map(|(field, value)| {
            let disclosed = Disclosed {
                salt: [7; 32],
                value: value.to_owned(),
            };
            (field.to_owned(), disclosed)
        });
        CertificateOrder::new(OrderParts {
            approval_sha256: [1; 32],
            csr_sha256: [2; 32],
            fields: fields.collect(),
            intent: IssueIntent {
                serial: CertificateSerial::from_random([3; 16]),
                not_before: now(),
                not_after: now().plus_days(MAX_DAYS),
                public_key: PublicKeyDer::new(vec![4]),
            },
            request: RequestId::new(Uuid::nil()),
            revision: 2,
            subject: CertificateSubject {
                province: "湖南省".to_owned(),
                prefecture: "示例市".to_owned(),
                unit: "示例小学".to_owned(),
                unit_code: "2143000001".to_owned(),
                user_types: "信息管理员".to_owned(),
                name: "李华".to_owned(),
                pseudonym: "0A".to_owned(),
            },
            unit_chain: Vec::new(),
        })
    }

    fn approval() -> ApprovalRecord {
        ApprovalRecord {
            approver_certificate: [7; 32],
            certificate_profile: "holder-v1".to_owned(),
            decision: Decision::Approved,
            expires: now().plus_days(30),
            fields: order()
                .fields
                .iter()
                .map(|(field, found)| (field.clone(), commitment(field, &found.salt, &found.value)))
                .collect(),
            holder_unit: UnitId::new(Uuid::nil()),
            making_unit: UnitId::new(Uuid::nil()),
            nonce: [9; 16],
            post: Post::Security,
            request: RequestId::new(Uuid::nil()),
            revision: 2,
            scans: Vec::new(),
            time: now(),
            kind: super::super::approval::TYPE.to_owned(),
            version: super::super::approval::VERSION,
        }
    }

    type Spoil<'a> = &'a dyn Fn(&mut CertificateOrder);

    #[test]
    fn only_what_was_approved_can_be_ordered() {
        assert_eq!(order().fits(&approval(), now()), Ok(()));
        let cases: [(Spoil<'_>, OrderFault); 8] = [
            (
                &|order| order.intent.serial = CertificateSerial::from_issued(&[1]).unwrap(),
                OrderFault::Serial,
            ),
            (&|order| order.revision = 1, OrderFault::Request),
            (
                &|order| {
                    order.fields.remove("name");
                },
                OrderFault::Field("name"),
            ),
            (
                &|order| order.fields.get_mut("name").unwrap().value = "李明".to_owned(),
                OrderFault::Field("name"),
            ),
            (
                &|order| order.subject.name = "李明".to_owned(),
                OrderFault::Subject,
            ),
            (
                &|order| order.subject.user_types.push_str("、信息查询员"),
                OrderFault::Subject,
            ),
            (
                &|order| order.intent.not_after = now().plus_days(MAX_DAYS + 1),
                OrderFault::Dates,
            ),
            (
                &|order| order.intent.not_before = now().plus_secs(-1),
                OrderFault::Dates,
            ),
        ];
        for (spoil, fault) in cases {
            let mut order = order();
            spoil(&mut order);
            assert_eq!(order.fits(&approval(), now()), Err(fault));
        }
    }

    #[test]
    fn a_newer_order_is_not_read_as_an_old_one() {
        let bytes = order().encode().unwrap();
        assert!(CertificateOrder::parse(&bytes).is_some());
        let text = String::from_utf8(bytes).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert!(CertificateOrder::parse(newer.as_bytes()).is_none());
    }
}
