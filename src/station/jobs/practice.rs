//! A complete practice home (D-56); its bench of virtual ukeys and faults is in `bench`.

mod bench;

use std::path::Path;

use crate::domain::certificate::CertificateSerial;
use crate::domain::id::UnitId;
use crate::domain::identity_number::IdentityNumber;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::opinion::{Opinion, OpinionKind};
use crate::domain::pin::PinAlphabet;
use crate::domain::request::RequestDraft;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyIdentity;
use crate::domain::unit::{Level, ParentFound, Unit, UnitDraft};
use crate::issuing::authority::{Authority, AuthorityTerms};
use crate::keys::secret::SecretText;
use crate::keys::station_key::StationIdentity;
use crate::keys::unit_pki::{self, PkiError, RootUse, SoftwareKey, Subject, UnitSubject};
use crate::keys::{SignError, file, random};
use crate::station::desk::{self, Access, Desk, OpenTerms, PRACTICE_PROFILE};
use crate::station::error::Error;
use crate::station::foundation::{self, Foundation, Identity};
use crate::station::home::Home;
use crate::station::jobs::{approvals, ca, certificates, papers, people, requests};
use crate::station::secrets::Secrets;
use crate::station::sign_in::NobodyToAsk;
use crate::station::unit_key::{self, UNIT_DAYS};
use crate::station::{ActingOfficer, SigningKey, clock, ukey_pins};
use crate::token::profiles;
use crate::token::virtual_ukey::{self, VirtualUkeys};

pub use bench::{
    CaAnswers, PracticeBench, bench, fault, fault_steps, insert, pull, set_ca, withdraw_fault,
};

const OFFICERS: [(&str, Post); 3] = [
    ("admin", Post::System),
    ("security", Post::Security),
    ("auditor", Post::Auditor),
];
/// D-60: twice the longest leaf and a year.
const CA_DAYS: i64 = 7 * 365;

/// Makes a practice home: own unit, roots, CA, officers, blank ukeys of a profile in stock, approved
/// requests.
///
/// # Errors
/// `home-exists`, `profile-unknown`, `module-missing`, or what a file or the module says.
pub fn new(path: &Path, profile: &str, ukeys: u16, requests: u16) -> Result<Home, Error> {
    let virtual_ukeys = reach(PRACTICE_PROFILE)?;
    let stock = reach(profile)?;
    if stock.profile.virtual_ukey.is_none() {
        let error = virtual_ukey::Error::NotVirtual(profile.to_owned());
        return Err(Error::usage("profile-unknown", profile).because(error));
    }
    let home = Home::create(path)?;
    let filled = fill(&home, (&virtual_ukeys, &stock), (ukeys, requests));
    if filled.is_err() {
        // It was empty: half a home would only be in the way.
        std::fs::remove_dir_all(home.path()).ok();
    }
    filled.map(|()| home)
}

fn fill(
    home: &Home,
    (virtual_ukeys, stock): (&VirtualUkeys, &VirtualUkeys),
    (ukeys, requests): (u16, u16),
) -> Result<(), Error> {
    let lock = home.lock()?;
    let mut maker = Maker::new(home, virtual_ukeys)?;
    maker.certify_unit()?;
    maker.make_ca()?;
    for (name, post) in OFFICERS {
        maker.add_officer(&officer_name(name)?, post)?;
    }
    for _ in 0..ukeys {
        maker.add_ukey(stock)?;
    }
    maker.base.keys.write(&home.keys())?;
    maker.secrets.save()?;
    drop(maker);
    drop(lock); // The desk takes it itself.
    add_requests(home, requests)?;
    let (desk, security) = open(home.path(), Duty::Revoke)?;
    ca::publish_crl(&desk, &security)
}

/// How to reach virtual ukeys of a shipped profile.
pub(crate) fn reach(profile: &str) -> Result<VirtualUkeys, Error> {
    let unknown = || Error::usage("profile-unknown", profile);
    let found = profiles::load(Path::new(""))?.remove(profile);
    desk::virtual_ukeys(found.ok_or_else(unknown)?, desk::this_program()?)
}

/// Opens a practice home as the officer who has a duty.
///
/// # Errors
/// As `Desk::open`, and `not-practice`.
pub fn open(path: &Path, duty: Duty) -> Result<(Desk, ActingOfficer), Error> {
    let opened = Desk::open(
        path,
        Access::Change,
        &OpenTerms::default(),
        duty,
        &NobodyToAsk,
    )?;
    if opened.0.is_practice() {
        Ok(opened)
    } else {
        Err(Error::refused("not-practice", path.display().to_string()))
    }
}

/// A home while it is made.
struct Maker<'a> {
    base: Foundation<'a>,
    now: Timestamp,
    secrets: Secrets,
    unit: Unit,
    /// The practice county: it certifies the own unit and its officers (D-57).
    superior_key: SoftwareKey,
    /// Its certificate, then the root.
    superior_chain: Vec<Vec<u8>>,
}

impl<'a> Maker<'a> {
    fn new(home: &'a Home, ukeys: &'a VirtualUkeys) -> Result<Self, Error> {
        let mut base = Foundation::lay(home, ukeys, true)?;
        let unit = own_unit()?;
        let settings = [
            ("hotline", "0731-12345678"),
            ("assistant_address", "https://ca.example.cn/assistant"),
        ];
        base.record(&unit, &settings)?;
        Ok(Self {
            base,
            now: clock::now(),
            secrets: Secrets::new(home.secrets()),
            unit,
            superior_key: SoftwareKey::generate().map_err(pki)?,
            superior_chain: Vec::new(),
        })
    }

    /// Practice province, county and own unit; the keys of the three are not kept.
    fn certify_unit(&mut self) -> Result<(), Error> {
        let (root_key, unit_key) = (
            SoftwareKey::generate().map_err(pki)?,
            SoftwareKey::generate().map_err(pki)?,
        );
        let [root_station, superior_station, station] =
            std::array::from_fn(|_unit| StationIdentity::generate());
        let root = Subject::Root {
            unit: UnitSubject {
                name: "练习省教育厅 (practice root)",
                code: "11430000006123458L",
                station_key: &root_station.public(),
            },
            root_use: RootUse::Practice,
        };
        let root = self.certify(root, &root_key.public_key(), &root_key, &[])?;
        let superior = Subject::Unit(UnitSubject {
            name: "练习县教育局",
            code: "12430100MB1K234565",
            station_key: &superior_station.public(),
        });
        self.superior_chain =
            self.certify(superior, &self.superior_key.public_key(), &root_key, &root)?;
        let own = Subject::Unit(UnitSubject {
            name: &self.unit.name,
            code: self.unit.code.as_str(),
            station_key: &station.public(),
        });
        let (key, superior) = (unit_key.public_key(), &self.superior_chain);
        let chain = self.certify(own, &key, &self.superior_key, superior)?;
        let list = |chain: &[Vec<u8>]| chain.iter().map(hex::encode).collect::<Vec<_>>().join(" ");
        let (chain, superior, root) = (list(&chain), list(superior), list(&root));
        self.base
            .store
            .act(&foundation::row("root-pinned"), |writing| {
                writing.set_meta("pinned_root", &root)?;
                writing.set_meta("superior_chain", &superior)?;
                writing.set_meta("unit_chain", &chain)?;
                writing.set_meta("station_identity", station.to_secret().expose())
            })?;
        Ok(())
    }

    /// A certificate of the unit PKI and the chain above it.
    fn certify(
        &self,
        subject: Subject<'_>,
        key: &PublicKeyDer,
        issuer_key: &SoftwareKey,
        issuer_chain: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, Error> {
        let terms = unit_key::terms(self.now, UNIT_DAYS)?;
        let issuer = issuer_chain.first().map(Vec::as_slice);
        let public = issuer_key.public_key();
        let mut sign = |message: &[u8]| issuer_key.sign(message);
        let made = unit_pki::certify(subject, key, &terms, issuer, &public, &mut sign);
        let made = made.map_err(|error| match error {
            SignError::Key(error) => pki(error),
            SignError::Encoding(text) => Error::failed("unit-pki", text),
        })?;
        Ok([vec![made], issuer_chain.to_vec()].concat())
    }

    /// The CA on a token of its own.
    fn make_ca(&mut self) -> Result<(), Error> {
        let home = self.base.home;
        let mut made = self
            .base
            .make_token(&home.ca(), &self.base.security.ca_pin)?;
        let terms = AuthorityTerms {
            name: "练习 CA G1 (practice)".to_owned(),
            unit: self.unit.name.clone(),
            province: self.unit.province.clone(),
            serial: CertificateSerial::from_random(random::bytes()?),
            not_before: self.now,
            not_after: self.now.plus_days(CA_DAYS),
        };
        let key = &mut made.key;
        let certificate =
            Authority::self_signed(&terms, &made.public_key, &mut |message| key.sign(message));
        let certificate =
            certificate.map_err(|error| Error::failed("ca-failed", error.to_string()))?;
        let pem = certificates::pem(&certificate);
        let path = home.ca_pem();
        file::replace(&path, pem.as_bytes()).map_err(|error| Error::io(&path, error))?;
        let token = serde_json::to_string(&made.token)
            .map_err(|error| Error::failed("practice", "token").because(error))?;
        self.base
            .store
            .act(&foundation::row("ca-made"), |writing| {
                writing.set_meta("ca_certificate", &hex::encode(&certificate))?;
                writing.set_meta("ca_token", &token)?;
                writing.set_meta("ca_so_pin", &made.so_pin)
            })?;
        Ok(())
    }

    /// An officer with passphrase, own ukey and certificate.
    fn add_officer(&mut self, name: &OfficerName, post: Post) -> Result<(), Error> {
        let passphrase = SecretText::new(
            ukey_pins::random_pin(PinAlphabet::Ascii, 20)?
                .expose()
                .to_owned(),
        );
        let (token, own_pin, public) =
            self.base
                .make_officer((name, post), &passphrase, self.invented_identity(post)?)?;
        let subject = Subject::Officer {
            unit: &self.unit.name,
            code: self.unit.code.as_str(),
            name,
            post,
        };
        let chain = self.certify(subject, &public, &self.superior_key, &self.superior_chain)?;
        let mut row = foundation::row("officer-certified");
        row.detail = Some(format!("{name} {post}"));
        self.base
            .store
            .act(&row, |writing| writing.set_officer_chain(name, &chain))?;
        self.secrets.set_passphrase(name.clone(), passphrase);
        self.secrets.set_user_pin(token.identity.serial, own_pin);
        Ok(())
    }

    /// Who the officer of a post is: an invented person, none of the holders (D-7, D-8).
    fn invented_identity(&self, post: Post) -> Result<Identity, Error> {
        let digits = match post {
            Post::System => "43990019700101001",
            Post::Security => "43990019700102002",
            Post::Auditor => "43990019700103003",
        };
        let number = with_check(digits)?;
        let number = IdentityNumber::parse(&number, self.now.date())
            .map_err(|_fault| Error::failed("practice", "no identity number"))?;
        Ok(Identity {
            request: None,
            person: Some(people::person_hash_in(&self.base.store, &number)?),
        })
    }

    /// A factory-fresh virtual ukey, in stock and plugged in.
    fn add_ukey(&mut self, ukeys: &VirtualUkeys) -> Result<(), Error> {
        let UkeyIdentity {
            maker,
            model,
            serial,
        } = ukeys.make(&self.base.home.ukeys())?;
        virtual_ukey::insert(&self.base.home.ukey(&serial))?;
        let mut row = foundation::row("ukey-received");
        row.ukey = Some(serial.as_str().to_owned());
        let (identity, now) = (
            UkeyIdentity {
                maker,
                model,
                serial,
            },
            self.now,
        );
        self.base.store.act(&row, |writing| {
            writing.insert_ukey(&identity, &ukeys.profile.name, now)
        })?;
        Ok(())
    }
}

/// Requests through the same jobs as anywhere: entered and submitted by system, signed by security.
fn add_requests(home: &Home, count: u16) -> Result<(), Error> {
    if count == 0 {
        return Ok(());
    }
    let mut submitted = Vec::new();
    let (desk, system) = open(home.path(), Duty::EnterRequest)?;
    for index in 0..count {
        let row = requests::enter(&desk, &system, &invented(index)?)?.row;
        papers::attach(&desk, &system, &row, &invented_scan(&row.number))?;
        papers::record(&desk, &system, &row, &invented_opinions())?;
        requests::submit(&desk, &system, &row)?;
        submitted.push(requests::find(&desk, &system, &row.number)?.row);
    }
    drop(desk);
    let (desk, security) = open(home.path(), Duty::DecideRequest)?;
    let mut key = SigningKey::open(&desk, &security)?;
    for row in submitted {
        approvals::approve(&desk, &security, &mut key, &row, &NobodyToAsk)?;
    }
    Ok(())
}

/// A sealed form of one page, as a scanner would send it.
fn invented_scan(number: &str) -> Vec<u8> {
    let text = format!("BT /F1 24 Tf 72 700 Td (Practice scan {number}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R\
         /Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        format!("<</Length {}>>\nstream\n{text}\nendstream", text.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut offsets = String::new();
    for (at, object) in (1..).zip(&objects) {
        offsets = format!("{offsets}{:010} 00000 n \n", pdf.len());
        pdf = format!("{pdf}{at} 0 obj\n{object}\nendobj\n");
    }
    let (start, size) = (pdf.len(), objects.len() + 1);
    let pdf = format!(
        "{pdf}xref\n0 {size}\n0000000000 65535 f \n{offsets}\
         trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    );
    pdf.into_bytes()
}

/// What stands on that form: every opinion, today.
fn invented_opinions() -> Vec<Opinion> {
    let on = clock::now().date();
    let opinion = |kind| Opinion {
        kind,
        by: "练习人".to_owned(),
        on,
        note: None,
    };
    OpinionKind::ALL.into_iter().map(opinion).collect()
}

/// An invented holder. Numbers begin with 439900, a county that does not exist.
fn invented(index: u16) -> Result<RequestDraft, Error> {
    const FAMILY: [&str; 12] = [
        "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "欧阳", "司马",
    ];
    const GIVEN: [&str; 10] = [
        "晓雯", "志远", "喆珺", "文镕", "雨堃", "建国", "梓涵", "若兰", "思齐", "明哲",
    ];
    let at = usize::from(index);
    let pick = |list: &[&str], at: usize| {
        list.get(at % list.len())
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    let name = pick(&FAMILY, at) + &pick(&GIVEN, at / 3 + at);
    let (month, day) = (1 + index / 28 % 12, 1 + index % 28);
    let year = 1980 + index / 336 % 20;
    let digits = format!("439900{year}{month:02}{day:02}{:03}", index % 1000);
    let user_types = if at % 3 == 0 {
        vec!["信息管理员", "信息查询员"]
    } else {
        vec!["信息管理员"]
    };
    Ok(RequestDraft {
        unit: OWN_CODE.to_owned(),
        name,
        id_number: with_check(&digits)?,
        office_phone: format!("0731-{:08}", 84_400_000 + u32::from(index)),
        email: format!("teacher{index:04}@school.example.cn"),
        mobile: format!("1990000{index:04}"),
        post: None,
        school_type: "211".to_owned(),
        user_types: user_types.into_iter().map(str::to_owned).collect(),
        apply_certificate: Some(true),
        existing_account: None,
        address: "示例市练习路 1 号".to_owned(),
        notes: None,
    })
}

/// Adds the check character: the one of eleven that is accepted (D-14).
fn with_check(digits: &str) -> Result<String, Error> {
    let today = clock::now().date();
    "0123456789X"
        .chars()
        .map(|check| format!("{digits}{check}"))
        .find(|number| IdentityNumber::parse(number, today).is_ok())
        .ok_or_else(|| Error::failed("practice", "no identity number"))
}

/// 学校标识码 of the practice school.
const OWN_CODE: &str = "2143999999";

fn own_unit() -> Result<Unit, Error> {
    let draft = UnitDraft {
        name: "示例市练习小学".to_owned(),
        level: Level::School.word().to_owned(),
        code: OWN_CODE.to_owned(),
        province: "湖南省".to_owned(),
        prefecture: "示例市".to_owned(),
        school_type: "211".to_owned(),
        ..UnitDraft::default()
    };
    let checked = draft.check(UnitId::new(clock::new_uuid()), ParentFound::NotNamed);
    let (unit, _normalised) =
        checked.map_err(|_faults| Error::failed("practice", "the practice unit"))?;
    Ok(Unit { own: true, ..unit })
}

fn officer_name(text: &str) -> Result<OfficerName, Error> {
    OfficerName::parse(text).map_err(|error| Error::usage("officer-unknown", text).because(error))
}

fn pki(error: PkiError) -> Error {
    Error::failed("unit-pki", error.to_string()).because(error)
}
