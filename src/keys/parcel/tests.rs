use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::archive::tests::zip_of;
use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::id::HomeId;
use crate::domain::officer::Post;
use crate::keys::unit_crl::UnitRevocation;
use crate::keys::unit_pki::tests::{Chain, TestUnit, family, now, pem};
use crate::keys::unit_pki::{RootUse, fingerprint};

mod neighbours;

/// A county, its school, and whoever else a test needs.
struct Scene {
    province: TestUnit,
    prefecture: TestUnit,
    county: TestUnit,
    school: TestUnit,
}

impl Scene {
    fn new() -> Self {
        let [province, prefecture, county, school] = family();
        Self {
            province,
            prefecture,
            county,
            school,
        }
    }

    fn root(&self) -> &[u8] {
        &self.province.chain[0]
    }

    /// Requests from the school to the county.
    fn up(&self) -> Parcel<'_> {
        Parcel {
            officer: self.county.officer_of(&self.school, Post::System),
            manifest: manifest(Kind::Requests, &self.school, &self.county),
            attachments: attachments(),
            crls: Vec::new(),
            to: &self.county,
        }
    }

    /// A review from the county to the school.
    fn down(&self) -> Parcel<'_> {
        Parcel {
            officer: self.prefecture.officer_of(&self.county, Post::Security),
            manifest: manifest(Kind::Review, &self.county, &self.school),
            attachments: attachments(),
            crls: Vec::new(),
            to: &self.school,
        }
    }

    fn open_at(&self, unit: &TestUnit, bytes: &[u8]) -> Result<Opened, ParcelError> {
        self.open_with(unit, bytes, &[])
    }

    fn open_with(
        &self,
        unit: &TestUnit,
        bytes: &[u8],
        crls: &[Vec<u8>],
    ) -> Result<Opened, ParcelError> {
        let trust = Trust {
            root: self.root(),
            own_code: unit.code,
            own_key: &unit.key.public_key(),
            superior_chain: &unit.chain[1..],
            crls,
            crl_issuers: &unit.chain[1..],
        };
        open(bytes, &unit.station, &trust, now())
    }
}

struct Parcel<'a> {
    officer: Chain,
    manifest: Manifest,
    attachments: Attachments,
    crls: Vec<Vec<u8>>,
    to: &'a TestUnit,
}

impl Parcel<'_> {
    fn pack(&self) -> Packed {
        self.try_pack().unwrap()
    }

    fn try_pack(&self) -> Result<Packed, PackError<PkiError>> {
        let credentials = Credentials {
            chain: &self.officer.chain,
            crls: &self.crls,
        };
        let station = self.to.station.public();
        let mut sign = |message: &[u8]| self.officer.key.sign(message);
        let (manifest, attachments) = (self.manifest.clone(), &self.attachments);
        pack(manifest, attachments, credentials, &station, &mut sign)
    }

    /// The same officer signs other bytes than a packed zip.
    fn sealed_around(&self, zip: &[u8]) -> Vec<u8> {
        let mut sign = |message: &[u8]| self.officer.key.sign(message);
        let cms = signature::sign(zip, &self.officer.chain, &mut sign).unwrap();
        self.to.station.public().seal(&cms).unwrap()
    }
}

fn manifest(kind: Kind, from: &TestUnit, to: &TestUnit) -> Manifest {
    let sender = Sender {
        code: from.code.to_owned(),
        home: HomeId::new(Uuid::from_u128(7)),
        name: from.name.to_owned(),
    };
    let receiver = Receiver {
        code: to.code.to_owned(),
    };
    let made = (Uuid::from_u128(1), now());
    let body = json!({"z": 1, "a": ["二", null]});
    let before = matches!(kind, Kind::Enrol | Kind::Enrolled);
    Manifest::new(
        (kind, body),
        (sender, receiver),
        made,
        (u64::from(!before), None),
    )
}

fn attachments() -> Attachments {
    Attachments::from([
        ("scans/1.pdf".to_owned(), b"%PDF-1.7 a scan".repeat(40)),
        ("empty".to_owned(), Vec::new()),
    ])
}

#[test]
fn what_a_subordinate_packs_its_superior_opens_and_the_other_way_round() {
    let scene = Scene::new();
    let parcel = scene.up();
    let packed = parcel.pack();
    let opened = scene.open_at(&scene.county, &packed.bytes).unwrap();
    assert_eq!(opened.manifest.body, parcel.manifest.body);
    assert_eq!(opened.attachments, parcel.attachments);
    assert_eq!(opened.manifest.attachments["empty"].length, 0);
    assert_eq!(
        (opened.sender, opened.sha256),
        (Neighbour::Subordinate, packed.sha256)
    );
    assert_eq!(opened.signer.unit_code, scene.school.code);
    assert_eq!(opened.chain, parcel.officer.chain);

    let packed = scene.down().pack();
    let opened = scene.open_at(&scene.school, &packed.bytes).unwrap();
    assert_eq!(opened.sender, Neighbour::Superior);
    assert_eq!(opened.signer.post, Post::Security);
}

#[test]
fn the_province_is_a_superior_like_any_other() {
    let scene = Scene::new();
    let parcel = Parcel {
        officer: scene.province.officer_of(&scene.province, Post::Security),
        manifest: manifest(Kind::Review, &scene.province, &scene.prefecture),
        to: &scene.prefecture,
        ..scene.down()
    };
    let opened = scene
        .open_at(&scene.prefecture, &parcel.pack().bytes)
        .unwrap();
    assert_eq!(opened.sender, Neighbour::Superior);
}

#[test]
fn only_the_station_to_which_it_is_sealed_opens_it() {
    let scene = Scene::new();
    let bytes = scene.up().pack().bytes;
    let refused = scene.open_at(&scene.prefecture, &bytes);
    assert!(matches!(refused, Err(ParcelError::OtherStation)));

    // Sealed anew by the one who could open it, it still says to whom it was addressed.
    let cms = scene.county.station.open(&bytes).unwrap();
    let forwarded = scene.prefecture.station.public().seal(&cms).unwrap();
    let refused = scene.open_at(&scene.prefecture, &forwarded);
    assert!(matches!(refused, Err(ParcelError::NotNeighbour)));
    let sibling = scene.county.below("示例二小", "2143000009");
    let to_sibling = sibling.station.public();
    let cms = scene
        .school
        .station
        .open(&scene.down().pack().bytes)
        .unwrap();
    let refused = scene.open_at(&sibling, &to_sibling.seal(&cms).unwrap());
    assert!(matches!(refused, Err(ParcelError::WrongAddressee)));
}

#[test]
fn another_root_an_ended_chain_and_a_revoked_officer_are_refused() {
    let scene = Scene::new();
    let stranger = TestUnit::root(RootUse::Real);
    let bytes = Parcel {
        officer: stranger.officer_of(&scene.school, Post::System),
        ..scene.up()
    }
    .pack()
    .bytes;
    let refused = scene.open_at(&scene.county, &bytes);
    assert!(matches!(refused, Err(ParcelError::UnknownRoot)));

    let mut parcel = scene.up();
    let revocation = UnitRevocation {
        serial: CertificateSerial::from_random([3; 16]),
        at: now(),
        reason: RevocationReason::PrivilegeWithdrawn,
    };
    let revoking = scene.county.crl(5, &[revocation]);
    let (older, newer) = (scene.county.crl(4, &[]), scene.county.crl(6, &[]));
    let bytes = parcel.pack().bytes;
    let known = std::slice::from_ref(&revoking);
    let refused = scene.open_with(&scene.county, &bytes, known);
    assert!(matches!(
        refused,
        Err(ParcelError::Chain(PkiError::Revoked))
    ));
    parcel.crls = vec![older];
    // The sender has not heard yet: the newer one that is known counts.
    let refused = scene.open_with(&scene.county, &parcel.pack().bytes, known);
    assert!(matches!(
        refused,
        Err(ParcelError::Chain(PkiError::Revoked))
    ));
    parcel.crls = vec![newer.clone()];
    let opened = scene.open_with(&scene.county, &parcel.pack().bytes, known);
    assert_eq!(opened.unwrap().crls, [newer]);
    parcel.crls = vec![revoking.clone()];
    let refused = scene.open_at(&scene.county, &parcel.pack().bytes);
    assert!(matches!(
        refused,
        Err(ParcelError::Chain(PkiError::Revoked))
    ));
    parcel.crls = vec![stranger.crl(1, &[])];
    let refused = scene.open_at(&scene.county, &parcel.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::Damaged(_))));

    let trust = Trust {
        root: scene.root(),
        own_code: scene.county.code,
        own_key: &scene.county.key.public_key(),
        superior_chain: &scene.county.chain[1..],
        crls: &[],
        crl_issuers: &[],
    };
    let later = open(&bytes, &scene.county.station, &trust, now().plus_days(366));
    assert!(matches!(later, Err(ParcelError::Chain(PkiError::Chain(_)))));
}

#[test]
fn a_superior_s_own_list_comes_down_and_an_older_one_is_passed_over() {
    let scene = Scene::new();
    let mut parcel = scene.down();
    // The county's officers are certified by the prefecture: the county is not in their chain.
    let (older, own) = (scene.county.crl(1, &[]), scene.county.crl(2, &[]));
    let above = scene.prefecture.crl(7, &[]);
    parcel.crls = vec![own.clone(), above.clone()];
    let opened = scene.open_at(&scene.school, &parcel.pack().bytes).unwrap();
    assert_eq!(opened.crls.len(), 2);
    assert!(opened.crls.contains(&own) && opened.crls.contains(&above));
    parcel.crls = vec![older];
    let known = [own];
    let opened = scene.open_with(&scene.school, &parcel.pack().bytes, &known);
    assert!(opened.unwrap().crls.is_empty());
    // A sibling's list is nobody's here.
    let sibling = scene.county.below("示例二小", "2143000009");
    parcel.crls = vec![sibling.crl(1, &[])];
    let refused = scene.open_at(&scene.school, &parcel.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::Damaged(_))));
}

#[test]
fn the_future_begins_after_a_day() {
    let scene = Scene::new();
    let mut parcel = scene.up();
    parcel.manifest.created = now().plus_days(1);
    assert!(scene.open_at(&scene.county, &parcel.pack().bytes).is_ok());
    parcel.manifest.created = now().plus_days(1).plus_secs(1);
    let refused = scene.open_at(&scene.county, &parcel.pack().bytes);
    assert!(matches!(refused, Err(ParcelError::FromFuture)));
}

/// What a signer of the right unit, but of another or a broken program, could send.
#[test]
fn zips_that_are_not_as_their_manifest_says_are_refused() {
    let scene = Scene::new();
    let parcel = scene.up();
    let zip = archive::write(parcel.manifest.clone(), &parcel.attachments).unwrap();
    let (full, _) = archive::read(&zip).unwrap();
    let json = full.canonical().unwrap();
    let text = String::from_utf8(json.clone()).unwrap();
    let scan = parcel.attachments["scans/1.pdf"].as_slice();
    let parts = |json: &[u8], more: &[(&str, &[u8])]| {
        let always: [(&str, &[u8]); 2] = [("manifest.json", json), ("attachments/empty", b"")];
        parcel.sealed_around(&zip_of(&[&always, more].concat()))
    };
    let whole: (&str, &[u8]) = ("attachments/scans/1.pdf", scan);
    let open = |bytes: &[u8]| scene.open_at(&scene.county, bytes);
    assert!(open(&parts(&json, &[whole])).is_ok());

    let longer = [scan, b"!"].concat();
    let newer = text.replace("\"version\":1", "\"new\":0,\"version\":2");
    let spaced = text.replacen(':', ": ", 1);
    let traversal = text.replace("scans/1.pdf", "../1.pdf");
    let bomb = text.replace("\"length\":600", "\"length\":600000000000");
    assert_ne!(bomb, text);
    for (bytes, expected) in [
        (parts(&json, &[]), "damaged"),
        (
            parts(&json, &[whole, ("attachments/extra", b"x")]),
            "damaged",
        ),
        (parts(&json, &[("scans/1.pdf", scan)]), "damaged"),
        (
            parts(&json, &[("attachments/scans/1.pdf", &longer)]),
            "large",
        ),
        (
            parts(&json, &[("attachments/scans/1.pdf", &scan[1..])]),
            "damaged",
        ),
        (parts(spaced.as_bytes(), &[whole]), "damaged"),
        (parts(newer.as_bytes(), &[whole]), "version 2"),
        (
            parts(traversal.as_bytes(), &[("attachments/../1.pdf", scan)]),
            "damaged",
        ),
        (parts(bomb.as_bytes(), &[whole]), "large"),
        (parcel.sealed_around(b"no zip"), "damaged"),
        (parcel.sealed_around(&zip_of(&[])), "damaged"),
    ] {
        let error = open(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
    let twice = zip_of(&[("manifest.json", &json), ("manifest.jsom", b""), whole]);
    let twice = replaced(&twice, b"manifest.jsom", b"manifest.json");
    assert!(matches!(
        open(&parcel.sealed_around(&twice)),
        Err(ParcelError::Damaged(_))
    ));
    let bare = scene.county.station.public().seal(b"no signature").unwrap();
    assert!(matches!(open(&bare), Err(ParcelError::Damaged(_))));
    assert!(matches!(open(b"no seal"), Err(ParcelError::Damaged(_))));
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(from.len()).position(|part| part == from) {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn names_and_counts_that_no_receiver_would_take_are_not_packed() {
    let scene = Scene::new();
    let mut parcel = scene.up();
    parcel.attachments.insert("../out".to_owned(), Vec::new());
    assert!(matches!(parcel.try_pack(), Err(PackError::Content(_))));
    let mut parcel = scene.up();
    parcel.manifest.sequence = 2; // And no previous.
    assert!(matches!(parcel.try_pack(), Err(PackError::Content(_))));
}

#[test]
fn an_enrolment_opens_and_counts_only_after_its_fingerprint_was_compared() {
    let scene = Scene::new();
    let new = TestUnit::bare("示例三小", "2143000003");
    let manifest = manifest(Kind::Enrol, &new, &scene.county);
    let pack = |manifest: Manifest, proposal: &[u8]| {
        let mut sign = |message: &[u8]| new.key.sign(message);
        let to = scene.county.station.public();
        pack_enrolment(manifest, &attachments(), proposal, &to, &mut sign)
    };
    let packed = pack(manifest.clone(), &new.proposal()).unwrap();
    let open = |bytes: &[u8], code| open_enrolment(bytes, &scene.county.station, code, now());
    let enrolment = open(&packed.bytes, scene.county.code).unwrap();
    assert_eq!(enrolment.claimed().station_key, new.station.public());
    let paper = fingerprint(new.key.public_key().as_bytes());
    assert_eq!(enrolment.fingerprint(), paper);
    let other = fingerprint(b"another key");
    assert_eq!(enrolment.compare(&other).unwrap_err(), FingerprintDiffers);
    let enrolment = open(&packed.bytes, scene.county.code).unwrap();
    let spaced = paper.to_uppercase().replace("00", "0 0:");
    let compared = enrolment.compare(&spaced).unwrap();
    assert_eq!(compared.unit.public_key, new.key.public_key());

    let refused = open(&packed.bytes, scene.school.code);
    assert!(matches!(refused, Err(ParcelError::WrongAddressee)));
    let foreign = TestUnit::bare("示例三小", "2143000003").proposal();
    let bytes = pack(manifest.clone(), &foreign).unwrap().bytes;
    assert!(matches!(
        open(&bytes, scene.county.code),
        Err(ParcelError::Altered)
    ));
    let mut renamed = manifest;
    renamed.from.code = "2143000004".to_owned();
    let bytes = pack(renamed, &new.proposal()).unwrap().bytes;
    assert!(matches!(
        open(&bytes, scene.county.code),
        Err(ParcelError::UnitMismatch)
    ));
    // Neither does an officer's parcel pass as an enrolment, nor an enrolment as a parcel.
    assert!(open(&scene.up().pack().bytes, scene.county.code).is_err());
    let refused = scene.open_at(&scene.county, &packed.bytes);
    assert!(matches!(refused, Err(ParcelError::UnknownRoot)));
}

#[test]
fn openssl_verifies_the_message_inside_and_gives_the_zip() {
    let scene = Scene::new();
    let parcel = Parcel {
        crls: vec![scene.county.crl(1, &[])],
        ..scene.up()
    };
    let opened = scene.open_at(&scene.county, &parcel.pack().bytes).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let root = pem(scene.root());
    std::fs::write(path("parcel.p7s"), &*opened.signed).unwrap();
    std::fs::write(path("root.pem"), root).unwrap();
    let time = now().unix_secs().to_string();
    let output = std::process::Command::new("openssl")
        .args([
            "cms", "-verify", "-inform", "DER", "-binary", "-attime", &time,
        ])
        .args(["-in", &path("parcel.p7s"), "-CAfile", &path("root.pem")])
        .args(["-out", &path("parcel.zip")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let zip = std::fs::read(path("parcel.zip")).unwrap();
    assert_eq!(archive::read(&zip).unwrap().1, parcel.attachments);
    let listed = std::process::Command::new("unzip")
        .args(["-t", &path("parcel.zip")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.status.success() && text.contains("attachments/scans/1.pdf"),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// In the sealed file, in the signed message under a fresh seal, in the zip under the old
    /// signature: nothing can be changed.
    #[test]
    fn one_changed_byte_anywhere_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let scene = Scene::new();
        let parcel = Parcel { crls: vec![scene.county.crl(1, &[])], ..scene.up() };
        let sealed = parcel.pack().bytes;
        let change = |bytes: &[u8]| {
            let mut changed = bytes.to_vec();
            changed[at.index(bytes.len())] ^= 1 << bit;
            changed
        };
        prop_assert!(scene.open_at(&scene.county, &sealed).is_ok());
        prop_assert!(scene.open_at(&scene.county, &change(&sealed)).is_err());

        let cms = scene.county.station.open(&sealed).unwrap();
        let seal = |cms: &[u8]| scene.county.station.public().seal(cms).unwrap();
        prop_assert!(scene.open_at(&scene.county, &seal(&cms)).is_ok());
        prop_assert!(scene.open_at(&scene.county, &seal(&change(&cms))).is_err());

        let zip = archive::write(parcel.manifest.clone(), &parcel.attachments).unwrap();
        let inside = cms.windows(zip.len()).position(|part| part == zip).unwrap();
        let mut changed = cms.to_vec();
        changed[inside..inside + zip.len()].copy_from_slice(&change(&zip));
        prop_assert!(matches!(
            scene.open_at(&scene.county, &seal(&changed)),
            Err(ParcelError::Altered)
        ));
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let station = StationIdentity::generate();
        prop_assert!(unseal(&bytes, &station).is_err());
        prop_assert!(archive::read(&bytes).is_err());
        prop_assert!(signature::verify_self_signed(&bytes, now()).is_err());
    }
}
