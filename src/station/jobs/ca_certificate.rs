//! How a unit's CA comes under the province's holder root (D-60): its request, the root's answer,
//! and the certificate installed.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::ca::{ca_error, write_pem};
use super::enrolment::typed_fingerprint;
use super::officers::{own_secrets, security};
use super::{ca_rekey, certificates};
use crate::domain::certificate::{CertificateSerial, Generation};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::Duty;
use crate::domain::unit::{Level, Unit};
use crate::issuing::authority::{Authority, AuthorityTerms, IssueError};
use crate::issuing::csr::{self, CheckedCsr};
use crate::issuing::{SignError, check};
use crate::keys::{file, random, unit_pki};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::key_token;
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, clock};
use crate::store::KeyToken;

/// D-60: twice the longest leaf and a year, with leaves of at most three years.
const UNIT_CA_DAYS: i64 = 7 * 365;

/// Writes the request of this unit's CA key, of the next one where one waits for its certificate (D-60),
/// for the province; gives the fingerprint to be compared on paper.
///
/// # Errors
/// `wrong-duty`, `ca-elsewhere`, or what token and file system say.
pub fn request(
    desk: &Desk,
    officer: &ActingOfficer,
    path: &Path,
    ask: &dyn AskSecret,
) -> Result<String, Error> {
    officer.demand(Duty::UnlockCa)?;
    let OwnCa { folder, token, key } = asked_for(desk)?;
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let mut open = key_token::open(desk, &folder, &token, &secrets.ca_pin)?;
    let made = csr::make(&key, &mut |message| open.sign(message));
    let der = made.map_err(|error| match error {
        SignError::Key(fault) => Error::from(fault),
        SignError::Encoding(text) => Error::failed("ca-failed", text),
    })?;
    let audit = Desk::audit_row(officer, "ca-requested");
    write_pem(path, "CERTIFICATE REQUEST", &der)?;
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    Ok(unit_pki::fingerprint(key.as_bytes()))
}

/// At the province: certifies a unit's CA with the holder root.
///
/// # Errors
/// `wrong-duty`, `not-holder-root`, `csr-refused`, `fingerprint-differs`, `ca-locked`.
pub fn certify(
    desk: &Desk,
    officer: &ActingOfficer,
    (request, fingerprint, unit): (&Path, &str, &str),
    (generation, out): (Option<Generation>, &Path),
) -> Result<(), Error> {
    officer.demand(Duty::UnlockCa)?;
    if desk.own_unit()?.level != Level::Province {
        return Err(Error::refused("not-holder-root", ""));
    }
    let name = request.display().to_string();
    let bytes = read_limited(request, unit_pki::MAX_FILE_BYTES)?;
    let refused = || Error::refused("csr-refused", name.clone());
    let text = std::str::from_utf8(&bytes).map_err(|_binary| refused())?;
    let (_label, der) = der::pem::decode_vec(text.as_bytes()).map_err(|_pem| refused())?;
    let csr = CheckedCsr::check_alone(&der).map_err(|error| refused().because(error))?;
    if unit_pki::fingerprint(csr.key().as_bytes()) != typed_fingerprint(fingerprint) {
        return Err(Error::refused("fingerprint-differs", name));
    }
    let units = desk.store().read().units()?;
    let unknown = || Error::usage("unit-unknown", unit);
    let unit = units
        .into_iter()
        .find(|known| !known.own && (known.code.as_str() == unit || known.name == unit))
        .ok_or_else(unknown)?;
    let authority = desk.authority()?;
    let fingerprint = unit_pki::fingerprint(csr.key().as_bytes());
    let mut certified = Certified::read(desk, &unit)?.with(&fingerprint);
    // Of a unit that was certified before this was kept, nobody here knows which one it is.
    certified.generation = generation.unwrap_or(certified.generation);
    let generation = certified.generation;
    let now = clock::now();
    let terms = AuthorityTerms {
        name: format!("{} CA {generation}", unit.name),
        unit: unit.name.clone(),
        province: unit.province.clone(),
        serial: CertificateSerial::from_random(random::bytes()?),
        not_before: now,
        not_after: now.plus_days(UNIT_CA_DAYS),
    };
    let mut ca_key = desk.ca_key.lock().unwrap_or_else(PoisonError::into_inner);
    let made = authority.certify(&terms, &csr, &mut |message| ca_key.sign(desk, message));
    drop(ca_key);
    let made = made.map_err(|error| match error {
        IssueError::Sign(SignError::Key(failure)) => ca_error(failure),
        IssueError::Sign(SignError::Encoding(text)) => Error::failed("ca-failed", text),
        IssueError::OutlivesAuthority(end) => {
            Error::refused("certificate-outlives-ca", end.to_string())
        }
    })?;
    let mut audit = Desk::audit_row(officer, "ca-certified");
    audit.certificate = Some(terms.serial.to_string());
    audit.detail = Some(unit.code.as_str().to_owned());
    let text = certified.text()?;
    desk.store().act(&audit, |writing| {
        writing.set_meta(&Certified::setting(&unit), &text)?;
        Ok::<_, Error>(writing.spend_ca_unlock()?)
    })?;
    let pem = certificates::pem(&made) + &certificates::pem(authority.certificate());
    file::replace(out, pem.as_bytes()).map_err(|error| Error::io(out, error))
}

/// Which generation of a unit's CA was certified last, at the province.
#[derive(Debug, Serialize, Deserialize)]
struct Certified {
    generation: Generation,
    /// Of its key; empty where that was not kept.
    fingerprint: String,
}

impl Certified {
    fn setting(unit: &Unit) -> String {
        format!("ca_certified_{}", unit.code.as_str())
    }

    /// What is known; nothing was kept before a CA could change its key.
    fn read(desk: &Desk, unit: &Unit) -> Result<Self, Error> {
        let setting = Self::setting(unit);
        let damaged = |error| Error::failed("store-damaged", setting.clone()).because(error);
        let known = desk.store().read().meta(&setting)?;
        let known = known.map(|text| serde_json::from_str(&text).map_err(damaged));
        Ok(known.transpose()?.unwrap_or(Self {
            generation: Generation::FIRST,
            fingerprint: String::new(),
        }))
    }

    /// With the key that is certified now: another key is the next generation.
    fn with(self, fingerprint: &str) -> Self {
        let known = self.fingerprint.is_empty() || self.fingerprint == fingerprint;
        let next = self.generation.next();
        Self {
            generation: if known { self.generation } else { next },
            fingerprint: fingerprint.to_owned(),
        }
    }

    fn text(&self) -> Result<String, Error> {
        let failed = |error| Error::failed("store-damaged", "ca_certified").because(error);
        serde_json::to_string(self).map_err(failed)
    }
}

/// Installs the CA's certificate and its chain: this unit's own, or, where the CA is another
/// station's, that one's. One for the next key, or of another key elsewhere, begins the next generation
/// (D-60).
///
/// # Errors
/// `wrong-duty`, `ca-invalid`, `certificate-differs`, `runs-wait-for-ca`.
pub fn install(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<(), Error> {
    officer.demand(Duty::SetUp)?;
    let name = path.display().to_string();
    let invalid = || Error::refused("ca-invalid", name.clone());
    let bytes = read_limited(path, unit_pki::MAX_FILE_BYTES)?;
    let mut chain = certificates::from_pem(&bytes).ok_or_else(invalid)?;
    // `ca export` writes the CAs before behind it.
    if let Some(root) = chain.iter().position(is_root) {
        chain.truncate(root + 1);
    }
    let own = chain.first().ok_or_else(invalid)?;
    let authority = Authority::from_certificate(own.clone());
    let authority = authority.map_err(|error| invalid().because(error))?;
    check::chain(&chain).map_err(|error| invalid().because(error))?;
    let begins = match (own_ca(desk), ca_rekey::next_ca(desk)?) {
        (_, Some(next)) if next.key == *authority.key() => true,
        (Ok(present), _) if present.key != *authority.key() => {
            return Err(Error::refused("certificate-differs", name));
        }
        (Ok(_), _) => false,
        // Elsewhere: the same key has another certificate, or the CA has another key.
        (Err(_), _) if desk.ca_is_elsewhere()? => match desk.authority() {
            Ok(present) => present.key() != authority.key(),
            Err(_not_yet) => false,
        },
        (Err(error), _) => return Err(error),
    };
    if begins {
        ca_rekey::demand_new(desk, &authority, &name)?;
    }
    let mut audit = Desk::audit_row(officer, "ca-installed");
    audit.detail = Some(unit_pki::fingerprint(own));
    ca_rekey::install(desk, &audit, &chain, begins)
}

/// Whether a CA has signed itself.
fn is_root(der: &Vec<u8>) -> bool {
    check::chain(std::slice::from_ref(der)).is_ok()
}

/// A key of this unit's CA, and where it is.
#[derive(Debug)]
pub(super) struct OwnCa {
    pub(super) folder: PathBuf,
    pub(super) token: KeyToken,
    pub(super) key: PublicKeyDer,
}

/// The key that a certificate is asked for.
fn asked_for(desk: &Desk) -> Result<OwnCa, Error> {
    match ca_rekey::next_ca(desk)? {
        Some(next) => Ok(next),
        None => own_ca(desk),
    }
}

/// The token and the key of this unit's own CA.
fn own_ca(desk: &Desk) -> Result<OwnCa, Error> {
    let elsewhere = || Error::refused("ca-elsewhere", "");
    let damaged = || Error::failed("store-damaged", "ca_token");
    let (token, key, generation) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.meta("ca_token")?,
            reading.meta("ca_public_key")?,
            reading.ca_generation()?,
        )
    };
    let token = token.ok_or_else(elsewhere)?;
    let token = serde_json::from_str(&token).map_err(|error| damaged().because(error))?;
    let key = hex::decode(key.ok_or_else(elsewhere)?).map_err(|error| damaged().because(error))?;
    Ok(OwnCa {
        folder: desk.home().ca_token(generation),
        token,
        key: PublicKeyDer::new(key),
    })
}
