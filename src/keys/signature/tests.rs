use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::unit_crl::UnitRevocation;
use super::super::unit_pki::tests::{Chain, family, now};
use super::*;
use crate::domain::approval::{ApprovalRecord, Decision, TYPE, VERSION};
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::officer::Post;

#[test]
fn a_signature_verifies_and_one_changed_byte_anywhere_is_noticed() {
    let Chain { key, chain, .. } = Chain::of_school(Post::Security);
    let root = chain.last().unwrap();
    let content = b"{\"type\":\"a record\"}";
    let cms = sign(content, &chain, &mut |message| key.sign(message)).unwrap();
    let verified = verify(&cms, &chain, root, now(), &[]).unwrap();
    assert_eq!(verified.content, content);
    assert_eq!(verified.signer.unit_code, "2143000001");
    for index in 0..cms.len() {
        let mut changed = cms.clone();
        changed[index] ^= 1;
        let stored = verify(&changed, &chain, root, now(), &[]);
        assert!(stored.is_err(), "byte {index}");
        let carried = verify_carried(&changed, root, now(), &[]);
        assert!(carried.is_err(), "byte {index}");
    }
}

#[test]
fn the_key_s_own_failure_comes_back() {
    let Chain { chain, .. } = Chain::of_school(Post::Security);
    let failed = sign(b"record", &chain, &mut |_message| {
        Err::<Vec<u8>, _>("pulled out")
    });
    assert!(matches!(failed, Err(SignError::Key("pulled out"))));
}

/// An approval of this time, signed under this chain.
fn approval(officer: &Chain, time: Timestamp) -> Vec<u8> {
    let record = ApprovalRecord {
        approver_certificate: Sha256::digest(&officer.chain[0]).into(),
        certificate_profile: "holder-v1".to_owned(),
        decision: Decision::Approved,
        expires: time.plus_days(60),
        fields: BTreeMap::new(),
        holder_unit: UnitId::new(Uuid::nil()),
        making_unit: UnitId::new(Uuid::nil()),
        nonce: [9; 16],
        post: Post::Security,
        request: RequestId::new(Uuid::nil()),
        revision: 1,
        scans: Vec::new(),
        time,
        kind: TYPE.to_owned(),
        version: VERSION,
    };
    let bytes = record.canonical().unwrap();
    sign(&bytes, &officer.chain, &mut |message| {
        officer.key.sign(message)
    })
    .unwrap()
}

#[test]
fn what_was_approved_before_a_certificate_was_replaced_stands_for_a_while() {
    let [province, _, county, school] = family();
    let root = &province.chain[0];
    let officer = county.officer_of(&school, Post::Security);
    let list = |reason| {
        let revoked = UnitRevocation {
            serial: CertificateSerial::from_random([3; 16]),
            at: now(),
            reason,
        };
        [county.crl(1, &[revoked])]
    };
    let about = (RequestId::new(Uuid::nil()), 1);
    let check = |time: Timestamp, reason, moment: Timestamp| {
        let (cms, crls) = (approval(&officer, time), list(reason));
        let carried = VerifiedDecision::verify_carried(&cms, root, about, moment, &crls);
        let stored = VerifiedApproval::verify(&cms, &officer.chain, root, about, moment, &crls);
        assert_eq!(carried.is_ok(), stored.is_ok());
        stored.map(|_approval| ())
    };
    let (before, later) = (now().plus_secs(-1), now().plus_secs(60));
    for in_time in [before, now()] {
        assert!(check(in_time, RevocationReason::Superseded, later).is_ok());
    }
    let gone = |refused| matches!(refused, Err(NotVerified::Chain(PkiError::Superseded)));
    let after = now().plus_secs(1);
    assert!(gone(check(after, RevocationReason::Superseded, later)));
    let future = later.plus_secs(1);
    assert!(gone(check(future, RevocationReason::Superseded, later)));
    let month = before.plus_days(30);
    assert!(check(before, RevocationReason::Superseded, month).is_ok());
    let longer = month.plus_secs(1);
    assert!(gone(check(before, RevocationReason::Superseded, longer)));
    for reason in [
        RevocationReason::KeyCompromise,
        RevocationReason::PrivilegeWithdrawn,
    ] {
        let refused = check(before, reason, later);
        assert!(matches!(
            refused,
            Err(NotVerified::Chain(PkiError::Revoked))
        ));
    }
}
