use super::*;
use crate::domain::certificate::RevocationReason;
use crate::keys::station_key::StationIdentity;
use crate::keys::unit_crl::{self, UnitCrlTerms, UnitRevocation};

pub(in crate::keys) fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
}

fn terms(serial: u8) -> Terms {
    Terms {
        serial: CertificateSerial::from_random([serial; 16]),
        not_before: now().plus_days(-1),
        not_after: now().plus_days(365),
    }
}

/// A unit with its keys and its chain up to the root.
pub(in crate::keys) struct TestUnit {
    pub(in crate::keys) name: &'static str,
    pub(in crate::keys) code: &'static str,
    pub(in crate::keys) key: SoftwareKey,
    pub(in crate::keys) station: StationIdentity,
    pub(in crate::keys) chain: Vec<Vec<u8>>,
}

impl TestUnit {
    pub(in crate::keys) fn root(root_use: RootUse) -> Self {
        let mut unit = Self::bare("示例省教育厅, +部\"", "11430000006123458L");
        let station_key = unit.station.public();
        let subject = Subject::Root {
            unit: unit.subject(&station_key),
            root_use,
        };
        unit.chain = vec![unit.sign(subject, &unit.key.public_key(), 1, None).unwrap()];
        unit
    }

    pub(in crate::keys) fn bare(name: &'static str, code: &'static str) -> Self {
        Self {
            name,
            code,
            key: SoftwareKey::generate().unwrap(),
            station: StationIdentity::generate(),
            chain: Vec::new(),
        }
    }

    fn subject<'a>(&'a self, station_key: &'a StationKey) -> UnitSubject<'a> {
        UnitSubject {
            name: self.name,
            code: self.code,
            station_key,
        }
    }

    fn sign(
        &self,
        subject: Subject<'_>,
        key: &PublicKeyDer,
        serial: u8,
        issuer: Option<&[u8]>,
    ) -> Result<Vec<u8>, SignError<PkiError>> {
        let own = self.key.public_key();
        let mut sign = |message: &[u8]| self.key.sign(message);
        certify(subject, key, &terms(serial), issuer, &own, &mut sign)
    }

    /// The unit's certificate by itself, as enrolment proposes it.
    pub(in crate::keys) fn proposal(&self) -> Vec<u8> {
        let station_key = self.station.public();
        let subject = Subject::Unit(self.subject(&station_key));
        self.sign(subject, &self.key.public_key(), 9, None).unwrap()
    }

    /// A unit directly below this one.
    pub(in crate::keys) fn below(&self, name: &'static str, code: &'static str) -> Self {
        let mut unit = Self::bare(name, code);
        let station_key = unit.station.public();
        let subject = Subject::Unit(unit.subject(&station_key));
        let issuer = Some(self.chain[0].as_slice());
        let certificate = self.sign(subject, &unit.key.public_key(), 2, issuer);
        unit.chain = vec![certificate.unwrap()];
        unit.chain.extend(self.chain.iter().cloned());
        unit
    }

    /// An officer of `unit`, certified by this one.
    pub(in crate::keys) fn officer_of(&self, unit: &Self, post: Post) -> Chain {
        let key = SoftwareKey::generate().unwrap();
        let subject = Subject::Officer {
            unit: unit.name,
            code: unit.code,
            name: &OfficerName::parse(post.word()).unwrap(),
            post,
        };
        let issuer = Some(self.chain[0].as_slice());
        let certificate = self.sign(subject, &key.public_key(), 3, issuer).unwrap();
        let mut chain = vec![certificate];
        chain.extend(self.chain.iter().cloned());
        Chain { key, chain }
    }

    pub(in crate::keys) fn crl(&self, number: u64, revoked: &[UnitRevocation]) -> Vec<u8> {
        let terms = UnitCrlTerms {
            number,
            this_update: now().plus_days(-1),
            next_update: now().plus_days(6),
        };
        let mut sign = |message: &[u8]| self.key.sign(message);
        unit_crl::make(&self.chain[0], revoked, terms, &mut sign).unwrap()
    }
}

/// An officer's key and the chain from their certificate to the root.
pub(in crate::keys) struct Chain {
    pub(in crate::keys) key: SoftwareKey,
    pub(in crate::keys) chain: Vec<Vec<u8>>,
}

impl Chain {
    /// An officer of a school under a county, a prefecture and a province.
    pub(in crate::keys) fn of_school(post: Post) -> Self {
        let [_, _, county, school] = family();
        county.officer_of(&school, post)
    }
}

/// Province, prefecture, county, school.
pub(in crate::keys) fn family() -> [TestUnit; 4] {
    let province = TestUnit::root(RootUse::Practice);
    let prefecture = province.below("示例市教育局", "11430100MB1K234565");
    let county = prefecture.below("示例县教育局", "91110000600037341L");
    let school = county.below("示例小学 = #一部 ", "2143000001");
    [province, prefecture, county, school]
}

fn revoked(serial: u8, reason: RevocationReason, at: Timestamp) -> UnitRevocation {
    UnitRevocation {
        serial: CertificateSerial::from_random([serial; 16]),
        at,
        reason,
    }
}

#[test]
fn a_chain_tells_the_officer_their_unit_and_every_unit_above() {
    let [province, _, county, school] = family();
    let root = &province.chain[0];
    let officer = county.officer_of(&school, Post::Auditor);
    let signer = check_chain(&officer.chain, root, now(), &[]).unwrap();
    assert_eq!(signer.public_key, officer.key.public_key());
    assert_eq!(
        (signer.post, signer.name.as_str()),
        (Post::Auditor, "auditor")
    );
    assert_eq!(signer.unit_name, "示例小学 = #一部 ");
    assert_eq!(signer.unit_code, school.code);
    assert_eq!(signer.issuer, UnitFacts::read(&county.chain[0]).unwrap());
    assert_eq!(signer.issuer.station_key, county.station.public());
    let path: Vec<_> = signer.path.iter().map(|unit| unit.code.as_str()).collect();
    assert_eq!(
        path,
        [
            "91110000600037341L",
            "11430100MB1K234565",
            "11430000006123458L"
        ]
    );
    let own = province.officer_of(&province, Post::Security);
    assert_eq!(
        check_chain(&own.chain, root, now(), &[])
            .unwrap()
            .path
            .len(),
        1
    );
    let units = check_unit_chain(&school.chain, root, now(), &[]).unwrap();
    assert_eq!(units.len(), 4);
    assert_eq!(units[0].public_key, school.key.public_key());
}

#[test]
fn a_chain_holds_up_to_its_own_root_and_inside_its_dates_only() {
    let [_, _, county, school] = family();
    let Chain { chain, .. } = county.officer_of(&school, Post::Security);
    let root = chain.last().unwrap();
    let other = Chain::of_school(Post::Security).chain;
    let with_other_root = check_chain(&chain, other.last().unwrap(), now(), &[]);
    assert!(matches!(with_other_root, Err(PkiError::UnknownRoot)));
    assert!(check_chain(&chain, root, now().plus_days(366), &[]).is_err());
    let mut foreign = chain.clone();
    foreign[0] = other[0].clone();
    assert!(check_chain(&foreign, root, now(), &[]).is_err());
    let short = [chain[0].clone(), chain[2].clone(), chain[3].clone()];
    assert!(check_chain(&short, root, now(), &[]).is_err());
    assert!(check_chain(&[], root, now(), &[]).is_err());
    assert!(
        check_chain(&school.chain, root, now(), &[]).is_err(),
        "a unit signs nothing"
    );
    assert!(
        check_unit_chain(&chain, root, now(), &[]).is_err(),
        "an officer is no unit"
    );
}

#[test]
fn nobody_below_a_school_and_nobody_under_an_officer_is_certified() {
    let [province, _, county, school] = family();
    let child = TestUnit::bare("分校", "2143000002");
    let station_key = child.station.public();
    let subject = Subject::Unit(child.subject(&station_key));
    let below = school.sign(subject, &child.key.public_key(), 4, Some(&school.chain[0]));
    assert!(matches!(below, Err(SignError::Encoding(_))));
    let officer = county.officer_of(&school, Post::System);
    let below = county.sign(subject, &child.key.public_key(), 4, Some(&officer.chain[0]));
    assert!(matches!(below, Err(SignError::Encoding(_))));

    // Whoever signs it all the same, with a self-made certificate of its own, is not believed.
    let forged = TestUnit {
        chain: vec![school.proposal()],
        ..school
    };
    let officer = forged.officer_of(&child, Post::Security);
    let mut chain = vec![officer.chain[0].clone()];
    chain.extend(county.below("示例小学", "2143000001").chain);
    assert!(check_chain(&chain, &province.chain[0], now(), &[]).is_err());
}

#[test]
fn a_revoked_officer_and_one_under_a_revoked_unit_count_for_nothing() {
    let [province, prefecture, county, school] = family();
    let root = &province.chain[0];
    let Chain { chain, .. } = county.officer_of(&school, Post::Security);
    let left = |serial, at| vec![revoked(serial, RevocationReason::AffiliationChanged, at)];
    let check = |crls: &[Vec<u8>]| check_chain(&chain, root, now(), crls);

    let others = county.crl(1, &left(7, now()));
    assert!(check(std::slice::from_ref(&others)).is_ok());
    let officer = county.crl(2, &left(3, now()));
    let both = [officer.clone(), others.clone()];
    assert!(
        matches!(check(&both), Err(PkiError::Revoked)),
        "the newest counts"
    );
    assert!(matches!(
        check(&[prefecture.crl(1, &left(2, now()))]),
        Err(PkiError::Revoked)
    ));
    let later = left(3, now().plus_secs(1));
    assert!(
        check(&[county.crl(3, &later)]).is_ok(),
        "what was signed before stays"
    );
    let stolen = revoked(3, RevocationReason::KeyCompromise, now().plus_secs(1));
    let stolen = county.crl(3, &[stolen]);
    assert!(matches!(check(&[stolen]), Err(PkiError::Revoked)));
    let replaced = revoked(3, RevocationReason::Superseded, now().plus_secs(-1));
    let list = county.crl(3, std::slice::from_ref(&replaced));
    assert!(matches!(check(&[list]), Err(PkiError::Superseded)));
    let worse = revoked(3, RevocationReason::KeyCompromise, now());
    let list = county.crl(3, &[replaced, worse]);
    assert!(matches!(check(&[list]), Err(PkiError::Revoked)));

    let forged = TestUnit {
        key: SoftwareKey::generate().unwrap(),
        ..county
    };
    assert!(
        check(&[forged.crl(9, &[])]).is_err(),
        "not signed by the county"
    );
}

#[test]
fn the_root_of_practice_is_recognised_and_any_root_checks_itself() {
    let practice = TestUnit::root(RootUse::Practice);
    let real = TestUnit::root(RootUse::Real);
    assert!(is_practice_root(&practice.chain[0]));
    assert!(!is_practice_root(&real.chain[0]));
    assert!(!is_practice_root(b"no certificate"));
    let facts = check_root(&real.chain[0], now()).unwrap();
    assert_eq!(facts.code, "11430000006123458L");
    assert!(check_root(&real.chain[0], now().plus_days(400)).is_err());
    let county = real.below("示例县教育局", "91110000600037341L");
    assert!(
        check_root(&county.chain[0], now()).is_err(),
        "not self-signed"
    );
    assert!(
        check_root(&county.proposal(), now()).is_err(),
        "may certify nobody"
    );
    assert_eq!(
        check_unit_proposal(&county.proposal(), now()).unwrap().name,
        county.name
    );
}

#[test]
fn certificates_are_read_from_pem_and_der_and_fingerprints_are_those_of_sha256() {
    let [_, _, county, _] = family();
    let pem: String = county.chain.iter().map(|der| pem(der)).collect();
    assert_eq!(read_certificates(pem.as_bytes()).unwrap(), county.chain);
    assert_eq!(
        read_certificates(&county.chain[0]).unwrap(),
        county.chain[..1]
    );
    for bad in [
        &b""[..],
        b"0",
        b"\n",
        b"-----BEGIN CERTIFICATE-----",
        b"certificate",
    ] {
        assert!(read_certificates(bad).is_err(), "{bad:?}");
    }
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(fingerprint(b""), empty);
}

/// What openssl says of the whole chain, and of a CRL.
#[test]
fn openssl_accepts_the_chain_and_rejects_it_once_the_officer_is_revoked() {
    let [_, _, county, school] = family();
    let Chain { chain, .. } = county.officer_of(&school, Post::Security);
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let officer = write("officer.pem", &pem(&chain[0]));
    let between: String = chain[1..3].iter().map(|der| pem(der)).collect();
    let between = write("between.pem", &between);
    let root = write("root.pem", &pem(&chain[3]));
    let openssl = |args: &[&str]| {
        let output = std::process::Command::new("openssl").args(args).output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    let time = now().unix_secs().to_string();
    let mut verify = vec![
        "verify",
        "-x509_strict",
        "-purpose",
        "smimesign",
        "-attime",
        &time,
    ];
    verify.extend(["-CAfile", &root, "-untrusted", &between]);
    let (accepted, text) = openssl(&[&verify[..], &[&officer]].concat());
    assert!(accepted, "{text}");

    let empty = write("empty.crl.pem", &crl_pem(&county.crl(1, &[])));
    let left = revoked(
        3,
        RevocationReason::AffiliationChanged,
        now().plus_secs(-60),
    );
    let full = write("full.crl.pem", &crl_pem(&county.crl(2, &[left])));
    let issuer = write("county.pem", &pem(&county.chain[0]));
    for crl in [&empty, &full] {
        let (accepted, text) = openssl(&["crl", "-in", crl, "-CAfile", &issuer, "-noout"]);
        assert!(accepted && text.contains("verify OK"), "{text}");
    }
    verify.extend(["-crl_check", "-CRLfile"]);
    let (accepted, text) = openssl(&[&verify[..], &[&empty, &officer]].concat());
    assert!(accepted, "{text}");
    let (accepted, text) = openssl(&[&verify[..], &[&full, &officer]].concat());
    assert!(!accepted && text.contains("revoked"), "{text}");
}

pub(in crate::keys) fn pem(der: &[u8]) -> String {
    armour("CERTIFICATE", der)
}

fn crl_pem(der: &[u8]) -> String {
    armour("X509 CRL", der)
}

fn armour(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
}
