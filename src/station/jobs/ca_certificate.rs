//! How a unit's CA comes under the province's holder root (D-60): its request, the root's answer,
//! and the certificate installed.

use std::path::Path;
use std::sync::PoisonError;

use super::ca::{ca_error, write_pem};
use super::certificates;
use super::enrolment::typed_fingerprint;
use super::officers::{own_secrets, security};
use crate::domain::certificate::CertificateSerial;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::Duty;
use crate::domain::unit::Level;
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

/// Writes the request of this unit's CA key, for the province; gives the fingerprint to be compared
/// on paper.
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
    let (token, key) = own_ca(desk)?;
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let mut open = key_token::open(desk, &desk.home().ca(), &token, &secrets.ca_pin)?;
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
    out: &Path,
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
    let now = clock::now();
    let terms = AuthorityTerms {
        name: format!("{} CA G1", unit.name),
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
    desk.store()
        .act(&audit, |writing| Ok::<_, Error>(writing.spend_ca_unlock()?))?;
    let pem = certificates::pem(&made) + &certificates::pem(authority.certificate());
    file::replace(out, pem.as_bytes()).map_err(|error| Error::io(out, error))
}

/// Installs the CA's certificate and its chain: this unit's own, or, where the CA is another
/// station's, that one's.
///
/// # Errors
/// `wrong-duty`, `ca-invalid`, `certificate-differs`.
pub fn install(desk: &Desk, officer: &ActingOfficer, path: &Path) -> Result<(), Error> {
    officer.demand(Duty::SetUp)?;
    let name = path.display().to_string();
    let invalid = || Error::refused("ca-invalid", name.clone());
    let bytes = read_limited(path, unit_pki::MAX_FILE_BYTES)?;
    let chain = certificates::from_pem(&bytes).ok_or_else(invalid)?;
    let own = chain.first().ok_or_else(invalid)?;
    let authority = Authority::from_certificate(own.clone());
    let authority = authority.map_err(|error| invalid().because(error))?;
    if let Ok((_token, key)) = own_ca(desk)
        && key != *authority.key()
    {
        return Err(Error::refused("certificate-differs", name));
    }
    check::chain(&chain).map_err(|error| invalid().because(error))?;
    let mut audit = Desk::audit_row(officer, "ca-installed");
    audit.detail = Some(unit_pki::fingerprint(own));
    let rest: Vec<_> = chain.iter().skip(1).map(hex::encode).collect();
    desk.store().act(&audit, |writing| {
        writing.set_meta("ca_certificate", &hex::encode(own))?;
        writing.set_meta("ca_chain", &rest.join(" "))
    })?;
    let pem: String = chain.iter().map(|der| certificates::pem(der)).collect();
    let path = desk.home().ca_pem();
    file::replace(&path, pem.as_bytes()).map_err(|error| Error::io(&path, error))
}

/// The token and the key of this unit's own CA.
fn own_ca(desk: &Desk) -> Result<(KeyToken, PublicKeyDer), Error> {
    let elsewhere = || Error::refused("ca-elsewhere", "");
    let damaged = || Error::failed("store-damaged", "ca_token");
    let (token, key) = {
        let store = desk.store();
        let reading = store.read();
        (reading.meta("ca_token")?, reading.meta("ca_public_key")?)
    };
    let token = token.ok_or_else(elsewhere)?;
    let token = serde_json::from_str(&token).map_err(|error| damaged().because(error))?;
    let key = hex::decode(key.ok_or_else(elsewhere)?).map_err(|error| damaged().because(error))?;
    Ok((token, PublicKeyDer::new(key)))
}
