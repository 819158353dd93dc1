//! How a new unit comes under its superior (D-3, D-57): it proposes itself and its officers, the
//! fingerprint of its key is compared on paper, and the superior's security certifies them.

mod receive;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::receive::{Received, receive};
use super::officers::{own_secrets, security};
use crate::domain::id::{HomeId, UnitId};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::unit::{Level, ParentFound, Unit, UnitDraft};
use crate::keys::file;
use crate::keys::parcel::{
    self, Attachments, Credentials, Enrolment, Kind, Manifest, PackError, ParcelError, Receiver,
    Sender,
};
use crate::keys::secret::SecretText;
use crate::keys::station_key::StationIdentity;
use crate::keys::unit_pki::{PkiError, UnitFacts};
use crate::keys::wrap::SecuritySecrets;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::post;
use crate::station::sign_in::AskSecret;
use crate::station::unit_key::{self, UnitKey};
use crate::station::{ActingOfficer, SigningKey, clock};
use crate::store::UnitCertificateRow;

/// What a new unit tells its superior.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposal {
    level: Level,
    officers: Vec<ProposedOfficer>,
    prefecture: String,
    province: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposedOfficer {
    name: OfficerName,
    post: Post,
    public_key: String,
}

/// What the superior answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The CA that certifies the unit's holders, where the superior has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca_certificate: Option<String>,
    officers: Vec<CertifiedOfficer>,
    /// The unit's certificate, then each issuer up to the root.
    unit_chain: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertifiedOfficer {
    chain: Vec<String>,
    name: OfficerName,
}

/// A proposal as the superior's security sees it.
#[derive(Debug)]
pub struct Proposed {
    enrolment: Enrolment,
    /// SHA-256 of the unit's key: to be compared with the paper.
    pub fingerprint: String,
    /// The unit's name, as it says.
    pub unit: String,
    /// The unit's code, as it says.
    pub code: String,
}

/// What was certified.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The unit.
    pub unit: Unit,
    /// Its officers.
    pub officers: Vec<(OfficerName, Post)>,
    /// The answer file.
    pub answer: PathBuf,
}

/// A fingerprint as people type it: spaces, colons and the case do not count.
pub(super) fn typed_fingerprint(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_alphanumeric);
    digits.map(|digit| digit.to_ascii_lowercase()).collect()
}

/// The file of a new unit for its superior; only that one can open it.
pub(super) fn proposal(
    (home, unit): (HomeId, &Unit),
    unit_key: &mut UnitKey,
    (superior, officers): (&UnitFacts, &[(OfficerName, Post, PublicKeyDer)]),
) -> Result<Vec<u8>, Error> {
    let body = Proposal {
        level: unit.level,
        officers: officers
            .iter()
            .map(|(name, post, key)| ProposedOfficer {
                name: name.clone(),
                post: *post,
                public_key: hex::encode(key.as_bytes()),
            })
            .collect(),
        prefecture: unit.prefecture.clone(),
        province: unit.province.clone(),
    };
    let manifest = manifest(Kind::Enrol, (home, unit), &superior.code, &body)?;
    let own = unit_key.chain().first().cloned().unwrap_or_default();
    let packed = parcel::pack_enrolment(
        manifest,
        &Attachments::new(),
        &own,
        &superior.station_key,
        &mut |message| unit_key.sign(message),
    );
    Ok(packed.map_err(pack_failed)?.bytes)
}

/// Opens a proposal; nothing of it is believed before the fingerprint was compared.
///
/// # Errors
/// `wrong-duty`, `parcel-not-for-us`, `parcel-damaged` and the like.
pub fn open(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<Proposed, Error> {
    officer.demand(Duty::ManageOfficers)?;
    let bytes = read_limited(path, parcel::MAX_BYTES)?;
    let code = desk.own_unit()?.code;
    let enrolment = parcel::open_enrolment(
        &bytes,
        &station_identity(desk)?,
        code.as_str(),
        clock::now(),
    );
    let enrolment = enrolment.map_err(parcel_refused)?;
    Ok(Proposed {
        fingerprint: enrolment.fingerprint().to_owned(),
        unit: enrolment.claimed().name.clone(),
        code: enrolment.claimed().code.clone(),
        enrolment,
    })
}

/// Certifies a proposed unit and its officers, and writes the answer.
///
/// # Errors
/// `fingerprint-differs`, `unit-not-subordinate`, `unit-not-certified`, or what the tokens say.
pub fn enrol(
    desk: &Desk,
    officer: &ActingOfficer,
    (proposed, fingerprint): (Proposed, &str),
    out: Option<&Path>,
    ask: &dyn AskSecret,
) -> Result<Enrolled, Error> {
    officer.demand(Duty::ManageOfficers)?;
    let paper = |_differs| Error::refused("fingerprint-differs", proposed.code.clone());
    let enrolment = proposed.enrolment.compare(fingerprint).map_err(paper)?;
    let facts = &enrolment.unit;
    let body: Proposal = serde_json::from_value(enrolment.manifest.body.clone())
        .map_err(|error| Error::refused("parcel-damaged", "enrol").because(error))?;
    let own = desk.own_unit()?;
    if !body.level.may_stand_under(own.level) {
        return Err(Error::refused("unit-not-subordinate", facts.code.clone()));
    }
    let draft = UnitDraft {
        name: facts.name.clone(),
        level: body.level.word().to_owned(),
        code: facts.code.clone(),
        province: body.province,
        prefecture: body.prefecture,
        ..UnitDraft::default()
    };
    let id = UnitId::new(clock::new_uuid());
    let unit = draft.check(id, ParentFound::One(&own));
    let (unit, _normalised) = unit.map_err(Error::invalid)?;
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let mut signing = SigningKey::open(desk, officer)?;
    let officers: Vec<_> = body
        .officers
        .iter()
        .map(|officer| (officer.name.clone(), officer.post))
        .collect();
    let (rows, answer) = certify(desk, &secrets, facts, &body.officers)?;
    let manifest = manifest(Kind::Enrolled, (desk.id(), &own), &facts.code, &answer)?;
    let chain = signing.chain().to_vec();
    let known = desk.store().read().unit_crls()?;
    let crls = post::crls_of((&chain, &desk.unit_chain()?), known);
    let credentials = Credentials {
        chain: &chain,
        crls: &crls,
    };
    let packed = parcel::pack(
        manifest,
        &Attachments::new(),
        credentials,
        &facts.station_key,
        &mut |message| signing.sign_raw(message),
    );
    let bytes = packed.map_err(pack_failed)?.bytes;
    let mut audit = Desk::audit_row(officer, "unit-enrolled");
    audit.detail = Some(format!("{} with {} officers", facts.code, officers.len()));
    let unit = desk.store().act(&audit, |writing| {
        for row in &rows {
            writing.insert_unit_certificate(row)?;
        }
        let mut known = writing.units()?.into_iter();
        if let Some(known) = known.find(|known| known.code == unit.code) {
            return Ok::<_, Error>(known);
        }
        writing.insert_unit(&unit)?;
        Ok(unit)
    })?;
    // A copy stays here: what was certified is not to be certified once more.
    let name = format!("{}.ukey-enrolled", unit.code);
    let copy = desk.home().out().join(name);
    file::replace(&copy, &bytes).map_err(|error| Error::io(&copy, error))?;
    let answer = out.map_or_else(|| copy.clone(), Path::to_owned);
    if answer != copy {
        file::replace(&answer, &bytes).map_err(|error| {
            let text = format!("{}: {error}; {}", answer.display(), copy.display());
            Error::failed("parcel-not-delivered", text).because(error)
        })?;
    }
    Ok(Enrolled {
        unit,
        officers,
        answer,
    })
}

/// Certificates of a unit and its officers: what is kept here, and what the unit is answered.
fn certify(
    desk: &Desk,
    secrets: &SecuritySecrets,
    unit: &UnitFacts,
    officers: &[ProposedOfficer],
) -> Result<(Vec<UnitCertificateRow>, Answer), Error> {
    let mut unit_key = UnitKey::open(desk, secrets)?;
    let certified = unit_key.certify_unit(unit)?;
    let mut rows = vec![certified.row];
    let mut answer = Answer {
        ca_certificate: desk.store().read().meta("ca_certificate")?,
        officers: Vec::new(),
        unit_chain: certified.chain.iter().map(hex::encode).collect(),
    };
    for ProposedOfficer {
        name,
        post,
        public_key,
    } in officers
    {
        let key = hex::decode(public_key)
            .map_err(|error| Error::refused("parcel-damaged", "enrol").because(error))?;
        let who = (unit.name.as_str(), unit.code.as_str());
        let key = PublicKeyDer::new(key);
        let certified = unit_key.certify_officer(who, (name, *post), &key)?;
        rows.push(certified.row);
        answer.officers.push(CertifiedOfficer {
            chain: certified.chain.iter().map(hex::encode).collect(),
            name: name.clone(),
        });
    }
    Ok((rows, answer))
}

/// Opens what was sealed to this station.
pub(in crate::station) fn station_identity(desk: &Desk) -> Result<StationIdentity, Error> {
    let damaged = || Error::failed("store-damaged", "station_identity");
    let text = desk.store().read().meta("station_identity")?;
    let text = SecretText::new(text.ok_or_else(damaged)?);
    StationIdentity::from_secret(&text).map_err(|error| damaged().because(error))
}

fn manifest(
    kind: Kind,
    (home, unit): (HomeId, &Unit),
    to: &str,
    body: &impl Serialize,
) -> Result<Manifest, Error> {
    let body = serde_json::to_value(body)
        .map_err(|error| Error::failed("parcel-encoding", kind.word()).because(error))?;
    let from = Sender {
        code: unit.code.as_str().to_owned(),
        home,
        name: unit.name.clone(),
    };
    let to = Receiver {
        code: to.to_owned(),
    };
    // The first file between the two: nothing is before it.
    Ok(Manifest::new(
        (kind, body),
        (from, to),
        (clock::new_uuid(), clock::now()),
        (0, None),
    ))
}

/// A parcel that was not made.
pub(in crate::station) fn pack_failed(error: PackError<crate::domain::fault::Fault>) -> Error {
    match error {
        PackError::Sign(error) => unit_key::sign_failed(error),
        PackError::Content(text) => Error::failed("parcel-encoding", text),
    }
}

/// A parcel that is not accepted, each reason with its own code.
pub(in crate::station) fn parcel_refused(error: ParcelError) -> Error {
    let code = match &error {
        ParcelError::Chain(PkiError::Revoked) => "unit-certificate-revoked",
        ParcelError::TooLarge | ParcelError::Damaged(_) => "parcel-damaged",
        ParcelError::Altered => "parcel-altered",
        ParcelError::OtherStation | ParcelError::WrongAddressee => "parcel-not-for-us",
        ParcelError::Newer(_) => "parcel-newer",
        ParcelError::UnknownRoot
        | ParcelError::Chain(_)
        | ParcelError::UnitMismatch
        | ParcelError::NotNeighbour => "parcel-sender-unknown",
        ParcelError::WrongDirection | ParcelError::WrongPost => "parcel-not-allowed",
        ParcelError::FromFuture => "parcel-from-future",
    };
    let subject = match &error {
        ParcelError::Damaged(what) => (*what).to_owned(), // The headline says the rest.
        other => other.to_string(),
    };
    Error::refused(code, subject).because(error)
}
