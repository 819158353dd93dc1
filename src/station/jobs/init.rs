//! A real home (D-57): own unit with its key, pinned root and superior, the first officers. A
//! province makes the root; every other unit writes a file for its superior, whose answer certifies
//! unit and officers. Until then the officers sign in and sign nothing.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::certificate::CertificateSerial;
use crate::domain::id::UnitId;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::request::RequestForm;
use crate::domain::unit::{Level, ParentFound, Unit, UnitDraft};
use crate::issuing::authority::{Authority, AuthorityTerms};
use crate::keys::secret::SecretText;
use crate::keys::station_key::StationIdentity;
use crate::keys::unit_pki::{self, RootUse, Subject, UnitFacts, UnitSubject};
use crate::keys::{file, random};
use crate::station::clock;
use crate::station::desk::PRACTICE_PROFILE;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::foundation::{self, Foundation};
use crate::station::home::Home;
use crate::station::jobs::{certificates, enrolment, practice};
use crate::station::key_token::OpenKey;
use crate::station::secrets::Secrets;
use crate::station::sign_in::{self, AskSecret};
use crate::station::unit_key::{self, UNIT_DAYS, UnitKey};
use crate::store::KeyToken;

mod ending;
mod initial_officers;

pub use ending::Ending;
use ending::{BackupTable, RecoveryTable};

/// D-60: a root of holders' CAs outlives them by far.
const HOLDER_ROOT_DAYS: i64 = 20 * 365;

/// What a real home is made from: the file of `init --config`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    unit: UnitDraft,
    /// Absent for a province: it makes the root.
    trust: Option<TrustTable>,
    officers: Vec<OfficerTable>,
    #[serde(default)]
    ca: CaTable,
    #[serde(default)]
    desk: DeskTable,
    recovery: Option<RecoveryTable>,
    backup: Option<BackupTable>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TrustTable {
    root: PathBuf,
    root_sha256: String,
    /// The superior's unit certificate, then each issuer up to the root.
    superior: PathBuf,
    superior_sha256: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficerTable {
    name: OfficerName,
    post: Post,
    /// Their form 1, so that the home knows who they are (D-8).
    form: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaTable {
    #[serde(default)]
    kind: CaKind,
    /// The CA's certificate and its chain, for `exchange`.
    certificate: Option<PathBuf>,
}

/// Where holders' certificates come from (D-53, D-60).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaKind {
    /// Another station's CA, by files.
    #[default]
    Exchange,
    /// This station's own CA, certified by the province's holder root; the province's own is that
    /// root.
    Embedded,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct DeskTable {
    assistant_address: String,
    hotline: String,
}

/// What a person fills in at the window, in place of the file.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// The unit.
    pub unit: UnitDraft,
    /// Root and superior; none for a province.
    pub trust: Option<FilledTrust>,
    /// Name and post of each of the first officers, and where their form 1 lies.
    pub officers: Vec<(OfficerName, Post, Option<PathBuf>)>,
    /// Where holders' certificates come from.
    pub ca: CaKind,
    /// The certificate of a CA elsewhere, where it is at hand.
    pub ca_certificate: Option<PathBuf>,
    /// Who keeps the shares of the recovery kit, and the folder for their papers.
    pub recovery: Option<(Vec<String>, PathBuf)>,
    /// The file of the first backup.
    pub backup: Option<PathBuf>,
}

/// The certificates that are compared with paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilledTrust {
    /// The root's certificate.
    pub root: PathBuf,
    /// Its fingerprint, as it stands on paper.
    pub root_sha256: String,
    /// The superior's certificate and its chain.
    pub superior: PathBuf,
    /// Its fingerprint, as it stands on paper.
    pub superior_sha256: String,
}

/// One of the first officers.
struct NewOfficer {
    name: OfficerName,
    post: Post,
    passphrase: SecretText,
    form: Option<RequestForm>,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// The home.
    pub home: Home,
    /// Name of the unit.
    pub unit: String,
    /// The officers who can sign in.
    pub officers: Vec<(OfficerName, Post)>,
    /// Those among them who may decide once their form 1 is on record (D-8), and not before.
    pub unidentified: Vec<OfficerName>,
    /// SHA-256 of the unit's public key: what the superior compares on paper; for a province
    /// SHA-256 of the root, which everybody pins.
    pub fingerprint: String,
    /// The file for the superior.
    pub enrolment: Option<PathBuf>,
    /// Recovery kit and first backup.
    pub ending: Ending,
}

/// The pinned root and the superior's certificates, compared with what stands on paper.
struct Trust {
    root: Vec<u8>,
    superior: Vec<Vec<u8>>,
    facts: UnitFacts,
}

impl Config {
    /// Reads the file; relative paths in it are relative to it.
    ///
    /// # Errors
    /// `config-invalid` with line and column, or the field.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        let at = |what: &str| Error::usage("config-invalid", format!("{}: {what}", path.display()));
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            at(&format!("line {line}: {}", error.message())).because(error)
        })?;
        config.check().map_err(at)?;
        let folder = path.parent().unwrap_or(path);
        if let Some(trust) = &mut config.trust {
            trust.root = folder.join(&trust.root);
            trust.superior = folder.join(&trust.superior);
        }
        if let Some(certificate) = &mut config.ca.certificate {
            *certificate = folder.join(&*certificate);
        }
        if let Some(recovery) = &mut config.recovery {
            recovery.papers = folder.join(&recovery.papers);
        }
        if let Some(backup) = &mut config.backup {
            backup.file = folder.join(&backup.file);
        }
        for form in config
            .officers
            .iter_mut()
            .filter_map(|one| one.form.as_mut())
        {
            *form = folder.join(&*form);
        }
        Ok(config)
    }

    /// The same from what was filled in.
    ///
    /// # Errors
    /// `config-invalid` with the field.
    pub fn filled(filled: Filled) -> Result<Self, Error> {
        let officers = filled.officers.into_iter();
        let config = Self {
            unit: filled.unit,
            trust: filled.trust.map(|trust| TrustTable {
                root: trust.root,
                root_sha256: trust.root_sha256,
                superior: trust.superior,
                superior_sha256: trust.superior_sha256,
            }),
            officers: officers
                .map(|(name, post, form)| OfficerTable { name, post, form })
                .collect(),
            ca: CaTable {
                kind: filled.ca,
                certificate: filled.ca_certificate,
            },
            desk: DeskTable::default(),
            recovery: filled
                .recovery
                .map(|(custodians, papers)| RecoveryTable { custodians, papers }),
            backup: filled.backup.map(|file| BackupTable { file }),
        };
        let invalid = |field: &str| Error::usage("config-invalid", field);
        config.check().map_err(invalid)?;
        Ok(config)
    }

    /// The first field that cannot be used.
    fn check(&self) -> Result<(), &'static str> {
        let fields = [
            ("officers", !self.officers.is_empty()),
            (
                "ca.certificate",
                self.ca.kind == CaKind::Exchange || self.ca.certificate.is_none(),
            ),
        ];
        if let Some((field, _fit)) = fields.into_iter().find(|(_field, fit)| !fit) {
            return Err(field);
        }
        let mut names: Vec<_> = self.officers.iter().map(|officer| &officer.name).collect();
        names.sort();
        names.dedup();
        let one_person_one_post = names.len() == self.officers.len();
        one_person_one_post.then_some(()).ok_or("officers.name")
    }
}

/// Makes the home. Everything is asked and checked first; the home appears whole or not at all.
///
/// # Errors
/// `home-exists`, `root-invalid`, `superior-invalid`, `fingerprint-differs`, `root-of-practice`,
/// `passphrase-weak`, `officer-required`, `module-missing`, or what the file system says.
pub fn init(
    path: &Path,
    config: &Config,
    secrets: Option<&Path>,
    ask: &dyn AskSecret,
) -> Result<Made, Error> {
    Home::vacant(path)?;
    let unit = unit(config)?;
    ending::check(config)?;
    let secrets = secrets.map(Secrets::read).transpose()?;
    let trust = config.trust.as_ref().map(trust).transpose()?;
    let ca = config.ca.certificate.as_deref().map(ca_certificate);
    let ca = ca.transpose()?;
    let forms = initial_officers::forms(&unit, config)?;
    let mut officers = Vec::new();
    for (OfficerTable { name, post, .. }, form) in config.officers.iter().zip(forms) {
        let passphrase = sign_in::new_passphrase(secrets.as_ref(), name, ask)?;
        officers.push(NewOfficer {
            name: name.clone(),
            post: *post,
            passphrase,
            form,
        });
    }
    let parent = file::folder_of(path);
    std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, error))?;
    let temporary = tempfile::Builder::new()
        .prefix(".ukey-station-")
        .tempdir_in(parent)
        .map_err(|error| Error::io(parent, error))?;
    let home = Home::create(&temporary.path().join("home"))?;
    let (fingerprint, enrolment) = lay(
        &home,
        (config, &unit),
        trust.as_ref(),
        &officers,
        ca.as_deref(),
    )?;
    let enrolment = match enrolment {
        None => None,
        Some(bytes) => {
            // Into the home before it stands: one without it could never be certified.
            let name = format!("{}.ukey-enrol", unit.code);
            let inside = home.out().join(&name);
            file::replace(&inside, &bytes).map_err(|error| Error::io(&inside, error))?;
            Some(name)
        }
    };
    if path.is_dir() {
        std::fs::remove_dir(path).map_err(|error| Error::io(path, error))?; // It is empty.
    }
    std::fs::rename(home.path(), path).map_err(|error| Error::io(path, error))?;
    let home = Home::open(path)?;
    let decides = |officer: &&NewOfficer| Duty::DecideRequest.belongs_to(officer.post);
    let unidentified = officers.iter().filter(decides);
    let unidentified = unidentified.filter(|officer| officer.form.is_none());
    let ending = ending::end(&home, config, &officers);
    Ok(Made {
        unidentified: unidentified.map(|officer| officer.name.clone()).collect(),
        enrolment: enrolment.map(|name| home.out().join(name)),
        home,
        unit: unit.name,
        officers: officers
            .into_iter()
            .map(|officer| (officer.name, officer.post))
            .collect(),
        fingerprint,
        ending,
    })
}

/// Root and superior, if they are those whose fingerprints were compared on paper (D-57).
fn trust(table: &TrustTable) -> Result<Trust, Error> {
    let root = pinned(&table.root, &table.root_sha256, "root-invalid")?;
    let [root] = root.as_slice() else {
        return Err(Error::refused(
            "root-invalid",
            table.root.display().to_string(),
        ));
    };
    let invalid = |code, path: &Path| {
        let path = path.display().to_string();
        move |error: unit_pki::PkiError| {
            Error::refused(code, format!("{path}: {error}")).because(error)
        }
    };
    unit_pki::check_root(root, clock::now()).map_err(invalid("root-invalid", &table.root))?;
    if unit_pki::is_practice_root(root) {
        let path = table.root.display().to_string();
        return Err(Error::refused("root-of-practice", path));
    }
    let superior = pinned(&table.superior, &table.superior_sha256, "superior-invalid")?;
    let units = unit_pki::check_unit_chain(&superior, root, clock::now(), &[]);
    let units = units.map_err(invalid("superior-invalid", &table.superior))?;
    let facts = units.into_iter().next();
    Ok(Trust {
        root: root.clone(),
        facts: facts.ok_or_else(|| Error::refused("superior-invalid", "empty"))?,
        superior,
    })
}

/// The certificates of a file whose first one has this fingerprint.
fn pinned(path: &Path, sha256: &str, code: &'static str) -> Result<Vec<Vec<u8>>, Error> {
    let bytes = read_limited(path, unit_pki::MAX_FILE_BYTES)?;
    let certificates = unit_pki::read_certificates(&bytes).map_err(|error| {
        Error::refused(code, format!("{}: {error}", path.display())).because(error)
    })?;
    let found = certificates.first().map(|der| unit_pki::fingerprint(der));
    if found.as_deref() != Some(&*enrolment::typed_fingerprint(sha256)) {
        return Err(Error::refused(
            "fingerprint-differs",
            path.display().to_string(),
        ));
    }
    Ok(certificates)
}

fn ca_certificate(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = read_limited(path, unit_pki::MAX_FILE_BYTES)?;
    certificates::from_pem(&bytes)
        .and_then(|chain| chain.into_iter().next())
        .ok_or_else(|| Error::refused("ca-invalid", path.display().to_string()))
}

/// Makes everything inside the folder; gives the fingerprint and the file for the superior.
fn lay(
    home: &Home,
    (config, unit): (&Config, &Unit),
    trust: Option<&Trust>,
    officers: &[NewOfficer],
    ca: Option<&[u8]>,
) -> Result<(String, Option<Vec<u8>>), Error> {
    let ukeys = practice::reach(PRACTICE_PROFILE)?;
    let mut base = Foundation::lay(home, &ukeys, false)?;
    let settings = [
        ("hotline", config.desk.hotline.as_str()),
        ("assistant_address", config.desk.assistant_address.as_str()),
    ];
    base.record(unit, &settings)?;
    let identity = StationIdentity::generate();
    let made = base.make_token(&home.unit(), &base.security.ca_pin)?;
    let subject = UnitSubject {
        name: &unit.name,
        code: unit.code.as_str(),
        station_key: &identity.public(),
    };
    let (mut unit_key, own) = self_certify(made.key, &made.public_key, subject, trust.is_none())?;
    remember(
        &mut base,
        (&made.token, &made.so_pin),
        &identity,
        (trust, &own),
    )?;
    let mut proposed = Vec::new();
    for officer in officers {
        let identity = initial_officers::record(&mut base, officers, officer)?;
        let (name, post) = (&officer.name, officer.post);
        let made = base.make_officer((name, post), &officer.passphrase, identity)?;
        let (_token, _pin, public_key) = made;
        proposed.push((name.clone(), post, public_key));
    }
    match config.ca.kind {
        CaKind::Embedded => make_ca(&mut base, unit, trust.is_none())?,
        CaKind::Exchange => set_ca(&mut base, ca)?,
    }
    let result = if let Some(trust) = trust {
        let about = (base.keys.home, unit);
        let file = enrolment::proposal(about, &mut unit_key, (&trust.facts, &proposed))?;
        let key = unit_pki::fingerprint(unit_key.public_key().as_bytes());
        (key, Some(file))
    } else {
        certify_own(&mut base, unit, &mut unit_key, &proposed)?;
        (unit_pki::fingerprint(&own), None)
    };
    base.keys.write(&home.keys())?;
    Ok(result)
}

/// A province certifies its own officers: nobody is above it.
fn certify_own(
    base: &mut Foundation<'_>,
    unit: &Unit,
    unit_key: &mut UnitKey,
    officers: &[(OfficerName, Post, PublicKeyDer)],
) -> Result<(), Error> {
    for (name, post, public_key) in officers {
        let who = (unit.name.as_str(), unit.code.as_str());
        let certified = unit_key.certify_officer(who, (name, *post), public_key)?;
        let mut row = foundation::row("officer-certified");
        row.detail = Some(format!("{name} {post}"));
        base.store.act(&row, |writing| {
            writing.insert_unit_certificate(&certified.row)?;
            writing.set_officer_chain(name, &certified.chain)
        })?;
    }
    Ok(())
}

/// The CA of another station; its certificate may come later.
fn set_ca(base: &mut Foundation<'_>, certificate: Option<&[u8]>) -> Result<(), Error> {
    base.store.act(&foundation::row("ca-set"), |writing| {
        writing.set_meta("ca_kind", "exchange")?;
        match certificate {
            Some(der) => writing.set_meta("ca_certificate", &hex::encode(der)),
            None => Ok(()),
        }
    })?;
    Ok(())
}

/// The unit's self-signed certificate: the root of a province, else the proposal to the superior.
fn self_certify(
    mut key: OpenKey,
    public_key: &PublicKeyDer,
    unit: UnitSubject<'_>,
    root: bool,
) -> Result<(UnitKey, Vec<u8>), Error> {
    let subject = if root {
        Subject::Root {
            unit,
            root_use: RootUse::Real,
        }
    } else {
        Subject::Unit(unit)
    };
    let terms = unit_key::terms(clock::now(), if root { 2 * UNIT_DAYS } else { UNIT_DAYS })?;
    let mut sign = |message: &[u8]| key.sign(message);
    let own = unit_pki::certify(subject, public_key, &terms, None, public_key, &mut sign);
    let own = own.map_err(unit_key::sign_failed)?;
    let key = UnitKey::new(key, public_key.clone(), vec![own.clone()]);
    Ok((key, own))
}

/// What is to be known of the unit's own token and of whom it trusts.
fn remember(
    base: &mut Foundation<'_>,
    (token, so_pin): (&KeyToken, &str),
    identity: &StationIdentity,
    (trust, own): (Option<&Trust>, &[u8]),
) -> Result<(), Error> {
    let token = serde_json::to_string(token)
        .map_err(|error| Error::failed("store-failed", "unit_token").because(error))?;
    let list = |chain: &[Vec<u8>]| chain.iter().map(hex::encode).collect::<Vec<_>>().join(" ");
    base.store.act(&foundation::row("root-pinned"), |writing| {
        writing.set_meta("unit_token", &token)?;
        writing.set_meta("unit_so_pin", so_pin)?;
        writing.set_meta("station_identity", identity.to_secret().expose())?;
        match trust {
            None => {
                writing.set_meta("pinned_root", &hex::encode(own))?;
                writing.set_meta("unit_chain", &hex::encode(own))
            }
            Some(trust) => {
                writing.set_meta("pinned_root", &hex::encode(&trust.root))?;
                writing.set_meta("superior_chain", &list(&trust.superior))?;
                writing.set_meta("unit_proposal", &hex::encode(own))
            }
        }
    })?;
    Ok(())
}

/// The embedded CA's token. A province's is the holders' root; any other waits for its certificate.
fn make_ca(base: &mut Foundation<'_>, unit: &Unit, province: bool) -> Result<(), Error> {
    let mut made = base.make_token(&base.home.ca(), &base.security.ca_pin)?;
    let token = serde_json::to_string(&made.token)
        .map_err(|error| Error::failed("store-failed", "ca_token").because(error))?;
    let certificate = if province {
        let now = clock::now();
        let terms = AuthorityTerms {
            name: format!("{} 持有人根 CA G1", unit.name),
            unit: unit.name.clone(),
            province: unit.province.clone(),
            serial: CertificateSerial::from_random(random::bytes()?),
            not_before: now,
            not_after: now.plus_days(HOLDER_ROOT_DAYS),
        };
        let key = &mut made.key;
        let made = Authority::root(&terms, &made.public_key, &mut |message| key.sign(message));
        Some(made.map_err(|error| Error::failed("ca-failed", error.to_string()))?)
    } else {
        None
    };
    if let Some(der) = &certificate {
        let path = base.home.ca_pem();
        let pem = certificates::pem(der);
        file::replace(&path, pem.as_bytes()).map_err(|error| Error::io(&path, error))?;
    }
    base.store.act(&foundation::row("ca-made"), |writing| {
        writing.set_meta("ca_kind", "embedded")?;
        writing.set_meta("ca_token", &token)?;
        writing.set_meta("ca_so_pin", &made.so_pin)?;
        writing.set_meta("ca_public_key", &hex::encode(made.public_key.as_bytes()))?;
        match &certificate {
            Some(der) => writing.set_meta("ca_certificate", &hex::encode(der)),
            None => Ok(()),
        }
    })?;
    Ok(())
}

/// The own unit; a province has no superior, every other unit has one (D-1).
fn unit(config: &Config) -> Result<Unit, Error> {
    let id = UnitId::new(clock::new_uuid());
    let (mut unit, _normalised) = config
        .unit
        .check(id, ParentFound::NotNamed)
        .map_err(Error::invalid)?;
    if (unit.level == Level::Province) != config.trust.is_none() {
        return Err(Error::usage("config-invalid", "trust"));
    }
    unit.own = true;
    Ok(unit)
}
