//! `RevocationOrder`: what a unit's station asks of a CA at another station about a certificate that it
//! had ordered there (D-43, D-53), and what the CA does with it.

use serde::{Deserialize, Serialize};

use super::certificate::{CertificateSerial, RevocationReason};
use super::timestamp::Timestamp;

/// The order's `type`.
const TYPE: &str = "ukey-station/revocation-order";
const VERSION: u32 = 1;

/// An order; signed by an officer of the unit whose duty it is to revoke. Names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationOrder {
    /// Since when.
    pub at: Timestamp,
    /// Why it is revoked or on hold; `None`: the hold ends.
    pub reason: Option<RevocationReason>,
    /// The certificate.
    pub serial: CertificateSerial,
    #[serde(rename = "type")]
    kind: String,
    /// The unit's certificate, then each superior's up to the root: hex of DER.
    pub unit_chain: Vec<String>,
    version: u32,
}

/// Why and since when a certificate counts for nothing.
pub type Standing = Option<(RevocationReason, Timestamp)>;

/// A certificate that is revoked stays so: only a hold can be lifted (D-43).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is revoked for good")]
pub struct RevokedForGood;

impl RevocationOrder {
    /// An order of the version that this program writes.
    pub fn new(
        serial: CertificateSerial,
        (reason, at): (Option<RevocationReason>, Timestamp),
        unit_chain: Vec<String>,
    ) -> Self {
        Self {
            at,
            reason,
            serial,
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

    /// How a certificate stands once the order is carried out at `now`. What was on hold is revoked since
    /// it was put on hold; nothing is revoked from tomorrow on.
    ///
    /// # Errors
    /// [`RevokedForGood`] when it would lift more than a hold. To revoke again changes nothing.
    pub fn applied_to(&self, before: Standing, now: Timestamp) -> Result<Standing, RevokedForGood> {
        let for_good = before.filter(|(reason, _at)| *reason != RevocationReason::CertificateHold);
        match (for_good, self.reason) {
            (Some(_), None) => Err(RevokedForGood),
            (Some(standing), Some(_)) => Ok(Some(standing)),
            (None, None) => Ok(None),
            (None, Some(reason)) => {
                let at = before.map_or(self.at, |(_hold, since)| since);
                Ok(Some((reason, at.min(now))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
    }

    fn order(reason: Option<RevocationReason>, at: Timestamp) -> RevocationOrder {
        let serial = CertificateSerial::from_random([1; 16]);
        RevocationOrder::new(serial, (reason, at), Vec::new())
    }

    #[test]
    fn a_hold_can_end_or_become_final_since_its_own_day_and_nothing_else_is_lifted() {
        use RevocationReason::{CertificateHold as Hold, KeyCompromise, Superseded};
        let earlier = now().plus_days(-1);
        let revoke = order(Some(KeyCompromise), now());
        let lift = order(None, now());
        assert_eq!(
            revoke.applied_to(None, now()),
            Ok(Some((KeyCompromise, now())))
        );
        let held = Some((Hold, earlier));
        assert_eq!(
            revoke.applied_to(held, now()),
            Ok(Some((KeyCompromise, earlier)))
        );
        assert_eq!(lift.applied_to(held, now()), Ok(None));
        assert_eq!(lift.applied_to(None, now()), Ok(None));
        let gone = Some((Superseded, earlier));
        assert_eq!(lift.applied_to(gone, now()), Err(RevokedForGood));
        assert_eq!(revoke.applied_to(gone, now()), Ok(gone));
        let tomorrow = order(Some(Hold), now().plus_days(1));
        assert_eq!(tomorrow.applied_to(None, now()), Ok(Some((Hold, now()))));
    }

    #[test]
    fn a_newer_order_or_a_certificate_order_is_not_read_as_one() {
        let text = String::from_utf8(order(None, now()).encode().unwrap()).unwrap();
        assert!(RevocationOrder::parse(text.as_bytes()).is_some());
        for other in [
            text.replace("\"version\":1", "\"version\":2"),
            text.replace(TYPE, "ukey-station/certificate-order"),
        ] {
            assert!(RevocationOrder::parse(other.as_bytes()).is_none());
        }
    }
}
