//! Judges chains of the unit PKI: signatures, names, dates, CAs, path lengths, revocation (D-57).

use std::time::Duration;

use der::{Decode as _, Encode as _};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::facts::{self, UnitFacts, public_key};
use super::{ORGANIZATION, ORGANIZATIONAL_UNIT, PkiError};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::timestamp::Timestamp;
use crate::keys::unit_crl;

/// Longest chain that is looked at: officer, school, county, prefecture, province, and room.
const MAX_CHAIN: usize = 8;

/// Who signed, once their chain was checked: evidence that only this room makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signer {
    /// The officer's key.
    pub public_key: PublicKeyDer,
    /// The name of the officer's unit.
    pub unit_name: String,
    /// The code of the officer's unit.
    pub unit_code: String,
    /// The officer.
    pub name: OfficerName,
    /// Their post.
    pub post: Post,
    /// The unit that issued the officer's certificate: the superior of the officer's unit, or the
    /// province itself for its own officers.
    pub issuer: UnitFacts,
    /// The issuer and each unit above it, the province last.
    pub path: Vec<UnitFacts>,
}

/// Checks an officer's chain at `moment`: the officer's certificate, then each issuer, DER. Of
/// `crls` those of the chain's units are used, the newest of each; a unit without one has revoked
/// nothing that is known here.
///
/// # Errors
/// [`PkiError`] with what does not hold.
pub fn check_chain(
    chain: &[Vec<u8>],
    pinned_root: &[u8],
    moment: Timestamp,
    crls: &[Vec<u8>],
) -> Result<Signer, PkiError> {
    check_parsed(&parse(chain)?, pinned_root, moment, crls)
}

/// As [`check_chain`], for certificates that were parsed.
pub(in crate::keys) fn check_parsed(
    chain: &[Certificate],
    pinned_root: &[u8],
    moment: Timestamp,
    crls: &[Vec<u8>],
) -> Result<Signer, PkiError> {
    walk(chain, pinned_root, moment, crls)?;
    let bad = PkiError::Chain;
    let (officer, issuers) = chain
        .split_first()
        .ok_or_else(|| bad("the chain is empty"))?;
    if !facts::may_sign_documents(officer) {
        return Err(bad("the officer's certificate is not for signing"));
    }
    let units = facts::attributes(officer, ORGANIZATIONAL_UNIT);
    let [code, post] = units.as_slice() else {
        return Err(bad("the officer's certificate names no unit and post"));
    };
    let name = facts::common_name(officer).and_then(|name| OfficerName::parse(&name).ok());
    let path: Vec<UnitFacts> = issuers
        .iter()
        .map(UnitFacts::of)
        .collect::<Result<_, _>>()?;
    Ok(Signer {
        public_key: public_key(officer)?,
        unit_name: facts::first(officer, ORGANIZATION)
            .ok_or_else(|| bad("the officer's unit has no name"))?,
        unit_code: code.clone(),
        name: name.ok_or_else(|| bad("the officer has no name"))?,
        post: Post::from_word(post).ok_or_else(|| bad("the officer's post is unknown"))?,
        issuer: path
            .first()
            .cloned()
            .ok_or_else(|| bad("the officer's certificate has no issuer"))?,
        path,
    })
}

/// Checks a unit's chain at `moment`: its certificate, then each superior's, DER; for the province
/// the root alone. Gives the units, the unit itself first.
///
/// # Errors
/// As [`check_chain`].
pub fn check_unit_chain(
    chain: &[Vec<u8>],
    pinned_root: &[u8],
    moment: Timestamp,
    crls: &[Vec<u8>],
) -> Result<Vec<UnitFacts>, PkiError> {
    let chain = parse(chain)?;
    walk(&chain, pinned_root, moment, crls)?;
    for (at, unit) in chain.iter().enumerate() {
        let enough = facts::levels_below(unit).is_some_and(|levels| usize::from(levels) >= at);
        if !enough {
            return Err(PkiError::Chain("too many levels below a unit"));
        }
    }
    chain.iter().map(UnitFacts::of).collect()
}

/// Checks a root by itself at `moment`: self-signed, a unit's, in its dates, with room for units
/// below. Whether it is the right one tells its fingerprint, compared on paper.
///
/// # Errors
/// [`PkiError`] with what does not hold.
pub fn check_root(der: &[u8], moment: Timestamp) -> Result<UnitFacts, PkiError> {
    let facts = check_unit_proposal(der, moment)?;
    if facts::levels_below(&facts::parse(der)?) == Some(0) {
        return Err(PkiError::Chain("the root may not certify a unit"));
    }
    Ok(facts)
}

/// Checks a self-signed unit certificate at `moment`: what a new unit proposes to its superior.
///
/// # Errors
/// [`PkiError`] with what does not hold.
pub fn check_unit_proposal(der: &[u8], moment: Timestamp) -> Result<UnitFacts, PkiError> {
    walk(&[facts::parse(der)?], der, moment, &[])?;
    UnitFacts::read(der)
}

/// Puts the certificates that a file carries in order: `first`, its issuer, and so on.
pub(in crate::keys) fn order_chain(
    first: Certificate,
    carried: &[Certificate],
) -> Result<Vec<Certificate>, PkiError> {
    let mut chain = vec![first];
    while let Some(last) = chain.last() {
        if last.tbs_certificate.issuer == last.tbs_certificate.subject {
            return Ok(chain);
        }
        if chain.len() >= MAX_CHAIN {
            return Err(PkiError::Chain("the chain is too long"));
        }
        let mut issuers = carried.iter().filter(|other| is_issued_by(last, other));
        let Some(issuer) = issuers.next() else {
            return Err(PkiError::Chain("an issuer's certificate is missing"));
        };
        chain.push(issuer.clone());
    }
    Err(PkiError::Chain("the chain is empty"))
}

fn parse(chain: &[Vec<u8>]) -> Result<Vec<Certificate>, PkiError> {
    if chain.len() > MAX_CHAIN {
        return Err(PkiError::Chain("the chain is too long"));
    }
    chain
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(|_der| PkiError::Chain("a certificate is damaged"))
}

/// What holds for every certificate of a chain, whoever it is for.
fn walk(
    chain: &[Certificate],
    pinned_root: &[u8],
    moment: Timestamp,
    crls: &[Vec<u8>],
) -> Result<(), PkiError> {
    let bad = PkiError::Chain;
    let Some(last) = chain.last() else {
        return Err(bad("the chain is empty"));
    };
    if last.to_der().ok().as_deref() != Some(pinned_root) {
        return Err(PkiError::UnknownRoot);
    }
    let issuers = chain.iter().skip(1).chain([last]);
    for (at, (certificate, issuer)) in chain.iter().zip(issuers).enumerate() {
        if !is_valid_at(certificate, moment) {
            return Err(bad("a certificate is not valid at that time"));
        }
        if !is_issued_by(certificate, issuer) {
            return Err(bad("a certificate was issued by another"));
        }
        if facts::has_unknown_critical(certificate) {
            return Err(bad("a certificate asks for an unknown check"));
        }
        // The certificate at 0 is no issuer here; of those above, `at - 1` stand in between.
        let between = at.saturating_sub(1);
        let levels = facts::levels_below(certificate).map(usize::from);
        if at > 0 && levels.is_none_or(|levels| levels < between) {
            return Err(bad("an issuer may not certify so far down"));
        }
    }
    // The root revokes itself for nobody: whoever does not trust it any more pins another.
    for (certificate, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        let newest = unit_crl::newest(crls, issuer)?;
        let serial = certificate.tbs_certificate.serial_number.as_bytes();
        let Some(crl) = newest.filter(|crl| crl.voids(serial, moment)) else {
            continue;
        };
        return Err(if crl.only_supersedes(serial) {
            PkiError::Superseded
        } else {
            PkiError::Revoked
        });
    }
    Ok(())
}

fn is_valid_at(certificate: &Certificate, moment: Timestamp) -> bool {
    let validity = &certificate.tbs_certificate.validity;
    let moment = Duration::from_secs(u64::try_from(moment.unix_secs()).unwrap_or_default());
    moment >= validity.not_before.to_unix_duration()
        && moment <= validity.not_after.to_unix_duration()
}

fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let tbs = &certificate.tbs_certificate;
    tbs.issuer == issuer.tbs_certificate.subject
        && certificate.signature_algorithm == tbs.signature
        && tbs.to_der().is_ok_and(|message| {
            is_signed_by(&message, &tbs.signature, &certificate.signature, issuer)
        })
}

/// Whether `signature` over `message`, by this algorithm, is the issuer's.
pub(in crate::keys) fn is_signed_by(
    message: &[u8],
    algorithm: &AlgorithmIdentifierOwned,
    signature: &der::asn1::BitString,
    issuer: &Certificate,
) -> bool {
    let Ok(key) = public_key(issuer) else {
        return false;
    };
    super::super::signer::algorithm(&key).as_ref() == Some(algorithm)
        && signature
            .as_bytes()
            .is_some_and(|signature| key.verifies(message, signature))
}
