//! One certificate made by the embedded CA with software keys, and every way it may differ.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::*;
use crate::issuing::SignError;
use crate::issuing::authority::AuthorityTerms;
use crate::issuing::connector::{Answer, Connector as _, ConnectorError, EmbeddedCa, Submission};
use crate::issuing::csr::{self, CheckedCsr, CsrFault};
use crate::issuing::profile::CertificateProfile;

struct Key(EcdsaKeyPair, PublicKeyDer);

impl Key {
    fn generate() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
        let spki = PublicKeyDer::new([&prefix, pair.public_key().as_ref()].concat());
        Self(pair, spki)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "has the shape of a key that can fail"
    )]
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let signature = self.0.sign(&SystemRandom::new(), message).unwrap();
        Ok(signature.as_ref().to_vec())
    }
}

struct Desk {
    ca_key: Key,
    ca: Authority,
    ukey: Key,
    subject: CertificateSubject,
    intent: IssueIntent,
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
}

fn desk() -> Desk {
    let (ca_key, ukey) = (Key::generate(), Key::generate());
    let terms = AuthorityTerms {
        name: "示例单位 CA G1".to_owned(),
        unit: "示例小学".to_owned(),
        province: "湖南省".to_owned(),
        serial: CertificateSerial::from_random([1; 16]),
        not_before: now(),
        not_after: now().plus_days(7 * 366),
    };
    let mut sign = |message: &[u8]| ca_key.sign(message);
    let ca = Authority::self_signed(&terms, &ca_key.1, &mut sign).unwrap();
    let ca = Authority::from_certificate(ca).unwrap();
    let (not_before, not_after) = CertificateProfile::DEFAULT.dates(now());
    let intent = IssueIntent {
        serial: CertificateSerial::from_random([9; 16]),
        not_before,
        not_after,
        public_key: ukey.1.clone(),
    };
    let subject = CertificateSubject {
        province: "湖南省".to_owned(),
        prefecture: "长沙市".to_owned(),
        unit: "示例小学".to_owned(),
        unit_code: "2143000001".to_owned(),
        user_types: "信息管理员、信息查询员".to_owned(),
        name: "𠮷田·喆珺".to_owned(),
        pseudonym: "7K2M9QX4TB5N8WCD".to_owned(),
    };
    Desk {
        ca_key,
        ca,
        ukey,
        subject,
        intent,
    }
}

fn submit(desk: &Desk) -> Result<Answer, ConnectorError<&'static str>> {
    let request = csr::make(&desk.ukey.1, &mut |message| desk.ukey.sign(message)).unwrap();
    let csr = CheckedCsr::check(&request, &desk.ukey.1).unwrap();
    let mut sign = |message: &[u8]| desk.ca_key.sign(message);
    let mut ca = EmbeddedCa {
        authority: &desk.ca,
        sign: &mut sign,
    };
    ca.submit(Submission {
        csr: &csr,
        subject: &desk.subject,
        intent: &desk.intent,
    })
}

fn issue(desk: &Desk) -> Vec<u8> {
    match submit(desk).unwrap() {
        Answer::Issued(der) => der,
        Answer::Pending => panic!("the embedded CA answers at once"),
    }
}

#[test]
fn a_certificate_as_asked_passes_and_a_redo_says_the_same() {
    let desk = desk();
    let first = issue(&desk);
    let checked = CheckedCertificate::check(&first, &desk.ca, &desk.subject, &desk.intent).unwrap();
    assert_eq!(checked.key(), &desk.ukey.1);
    assert_eq!(checked.object().serial[..2], [0x02, 0x10]);
    let second = issue(&desk);
    let parsed = (parse(&first).unwrap(), parse(&second).unwrap());
    assert_eq!(
        parsed.0.tbs_certificate.as_ref(),
        parsed.1.tbs_certificate.as_ref()
    );
}

#[test]
fn a_certificate_that_differs_in_any_field_is_refused_with_its_name() {
    let desk = desk();
    let der = issue(&desk);
    let refused = |subject: &CertificateSubject, intent: &IssueIntent| {
        CheckedCertificate::check(&der, &desk.ca, subject, intent).unwrap_err()
    };
    let field = CertificateFault::Field;
    let with = |change: &dyn Fn(&mut IssueIntent)| {
        let mut intent = desk.intent.clone();
        change(&mut intent);
        refused(&desk.subject, &intent)
    };
    assert_eq!(
        with(&|intent| intent.serial = CertificateSerial::from_random([8; 16])),
        field("serialNumber")
    );
    assert_eq!(
        with(&|intent| intent.not_before = now().plus_secs(1)),
        field("notBefore")
    );
    assert_eq!(with(&|intent| intent.not_after = now()), field("notAfter"));
    assert_eq!(
        with(&|intent| intent.public_key = desk.ca_key.1.clone()),
        field("subjectPublicKeyInfo")
    );
    for change in [
        |subject: &mut CertificateSubject| subject.province.push('x'),
        |subject: &mut CertificateSubject| subject.prefecture.push('x'),
        |subject: &mut CertificateSubject| subject.unit.push('x'),
        |subject: &mut CertificateSubject| subject.unit_code.push('x'),
        |subject: &mut CertificateSubject| subject.user_types.push('x'),
        |subject: &mut CertificateSubject| subject.name.push('x'),
        |subject: &mut CertificateSubject| subject.pseudonym.push('x'),
    ] {
        let mut subject = desk.subject.clone();
        change(&mut subject);
        assert_eq!(refused(&subject, &desk.intent), field("subject"));
    }
    let mut changed = der.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let fault = CheckedCertificate::check(&changed, &desk.ca, &desk.subject, &desk.intent);
    assert_eq!(fault.unwrap_err(), CertificateFault::Signature);
    let longer = [der.as_slice(), &[0]].concat();
    let fault = CheckedCertificate::check(&longer, &desk.ca, &desk.subject, &desk.intent);
    assert_eq!(fault.unwrap_err(), CertificateFault::Encoding);
}

#[test]
fn a_request_with_another_key_or_a_broken_signature_is_refused() {
    let desk = desk();
    let request = csr::make(&desk.ukey.1, &mut |message| desk.ukey.sign(message)).unwrap();
    let check = |der: &[u8], key| CheckedCsr::check(der, key).unwrap_err();
    assert_eq!(check(&request, &desk.ca_key.1), CsrFault::OtherKey);
    let foreign = csr::make(&desk.ukey.1, &mut |message| desk.ca_key.sign(message)).unwrap();
    assert_eq!(check(&foreign, &desk.ukey.1), CsrFault::Signature);
    assert_eq!(
        check(&[request.as_slice(), &[0]].concat(), &desk.ukey.1),
        CsrFault::Encoding
    );
    let failed = csr::make(&desk.ukey.1, &mut |_message| Err("pulled out"));
    assert!(matches!(failed, Err(SignError::Key("pulled out"))));
}

#[test]
fn what_would_outlive_the_ca_is_refused_not_shortened() {
    let mut desk = desk();
    desk.intent.not_after = desk.ca.not_after().plus_secs(1);
    let refused = submit(&desk).unwrap_err();
    assert!(matches!(refused, ConnectorError::OutlivesAuthority(_)));
}
