//! The CA gets another key and another name, G2 (D-60). The key is born on a token of its own while the
//! present one goes on; with the certificate for it the next generation begins: it signs every certificate
//! from then on, and the key before signs its lists until the last of its certificates has ended.

use super::ca::{self, CrlStanding, LAST_LIST, ca_error, trusted};
use super::ca_certificate::OwnCa;
use super::officers::{own_secrets, security};
use super::{clock_check, restore};
use crate::domain::audit::AuditRow;
use crate::domain::certificate::{CertificateSerial, Generation};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::Duty;
use crate::domain::pin::PinAlphabet;
use crate::domain::timestamp::{DAY_SECS, Timestamp};
use crate::domain::unit::Level;
use crate::issuing::authority::{Authority, AuthorityTerms};
use crate::issuing::{SignError, check, crl};
use crate::keys::wrap::SecuritySecrets;
use crate::keys::{file, random, unit_pki};
use crate::station::authorities::Issuer;
use crate::station::ca_key::CaFailure;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::key_token::{self, OpenKey};
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, clock, ukey_pins};
use crate::store::{FormerAuthorityRow, Reading};

/// Settings of the key that waits for its certificate; without the word, of the present one.
const NEXT_TOKEN: &str = "ca_next_token";
const NEXT_KEY: &str = "ca_next_public_key";
const NEXT_SO_PIN: &str = "ca_next_so_pin";
/// Characters of a random SO PIN.
const PIN_CHARS: usize = 16;

/// What a re-key came to.
#[derive(Debug)]
pub struct Rekeyed {
    /// The generation that the key is for.
    pub generation: Generation,
    /// SHA-256 of the key: what the province compares on paper.
    pub fingerprint: String,
    /// Where the lists of both generations stand, if the key signs already: a root's does, any other waits
    /// for its certificate.
    pub crl: Option<CrlStanding>,
}

/// Makes the next key of the CA (security). A province, and a practice home, are their own root and begin
/// with it at once; any other unit has it certified: `ca request`, `ca certify` at the province, `ca
/// install`.
///
/// # Errors
/// `wrong-duty`, `ca-elsewhere`, `ca-not-certified`, `ca-next-waits` while a key waits for its certificate
/// already, `ca-next-begun` where a root has just begun with one, `runs-wait-for-ca`, or what token and file system say.
pub fn rekey(desk: &Desk, officer: &ActingOfficer, ask: &dyn AskSecret) -> Result<Rekeyed, Error> {
    officer.demand(Duty::UnlockCa)?;
    if desk.ca_is_elsewhere()? {
        return Err(Error::refused("ca-elsewhere", ""));
    }
    restore::demand_compared(desk)?;
    clock_check::demand(desk)?;
    let present = desk.issuer()?;
    let generation = present.generation.next();
    let is_root = desk.is_practice() || desk.own_unit()?.level == Level::Province;
    let next = next_ca(desk)?;
    if next.is_some() && !is_root {
        return Err(Error::refused("ca-next-waits", generation.to_string()));
    }
    if is_root {
        let store = desk.store();
        let reading = store.read();
        demand_no_run(&reading)?;
        demand_used(&reading, &present)?;
    }
    let secrets = security(own_secrets(desk, officer, ask)?.security)?;
    let (mut key, public_key) = match next {
        // Made before a crash: a root has nobody to wait for.
        Some(OwnCa { folder, token, key }) => {
            let open = key_token::open(desk, &folder, &token, &secrets.ca_pin)?;
            (open, key)
        }
        None => make_key(desk, officer, (generation, &secrets))?,
    };
    let fingerprint = unit_pki::fingerprint(public_key.as_bytes());
    let mut crl = None;
    if is_root {
        let certificate = self_signed(
            desk,
            &present.authority,
            (&mut key, &public_key),
            generation,
        )?;
        let mut audit = Desk::audit_row(officer, "ca-installed");
        audit.detail = Some(unit_pki::fingerprint(&certificate));
        drop(key); // Its token is opened anew where it signs.
        install(desk, &audit, &[certificate], true)?;
        crl = Some(ca::publish_as(desk, officer));
    }
    Ok(Rekeyed {
        generation,
        fingerprint,
        crl,
    })
}

/// Makes the token with the next key; it is on record before anybody asks for its certificate.
fn make_key(
    desk: &Desk,
    officer: &ActingOfficer,
    (generation, secrets): (Generation, &SecuritySecrets),
) -> Result<(OpenKey, PublicKeyDer), Error> {
    let folder = desk.home().ca_token(generation);
    if folder.exists() {
        // Left by a crash before it was on record: its key was never asked a certificate for.
        std::fs::remove_dir_all(&folder).map_err(|error| Error::io(&folder, error))?;
    }
    let so_pin = ukey_pins::random_pin(PinAlphabet::Ascii, PIN_CHARS)?;
    let sealed = secrets.escrow.public().seal(&so_pin);
    let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
    let pins = (&so_pin, &secrets.ca_pin);
    let (token, public_key, key) = key_token::make(&desk.own_tokens()?, &folder, pins)?;
    let text = serde_json::to_string(&token)
        .map_err(|error| Error::failed("store-failed", NEXT_TOKEN).because(error))?;
    let mut audit = Desk::audit_row(officer, "ca-key-made");
    let fingerprint = unit_pki::fingerprint(public_key.as_bytes());
    audit.detail = Some(format!("{generation} {fingerprint}"));
    desk.store().act(&audit, |writing| {
        writing.set_meta(NEXT_TOKEN, &text)?;
        writing.set_meta(NEXT_KEY, &hex::encode(public_key.as_bytes()))?;
        writing.set_meta(NEXT_SO_PIN, &hex::encode(&sealed))
    })?;
    Ok((key, public_key))
}

/// A root for the next key: what the present one is, under the next name, for as long.
fn self_signed(
    desk: &Desk,
    present: &Authority,
    (key, public_key): (&mut OpenKey, &PublicKeyDer),
    generation: Generation,
) -> Result<Vec<u8>, Error> {
    let unit = desk.own_unit()?;
    let now = clock::now();
    let damaged = || Error::failed("store-damaged", "ca_certificate");
    let own = check::signed_by(present.certificate(), present).ok_or_else(damaged)?;
    let lasts = own.not_after.unix_secs() - own.not_before.unix_secs();
    let name = if desk.is_practice() {
        format!("练习 CA {generation} (practice)")
    } else {
        format!("{} 持有人根 CA {generation}", unit.name)
    };
    let terms = AuthorityTerms {
        name,
        unit: unit.name,
        province: unit.province,
        serial: CertificateSerial::from_random(random::bytes()?),
        not_before: now,
        not_after: now.plus_secs(lasts),
    };
    let mut sign = |message: &[u8]| key.sign(message).map_err(CaFailure::from);
    let made = if desk.is_practice() {
        Authority::self_signed(&terms, public_key, &mut sign)
    } else {
        Authority::root(&terms, public_key, &mut sign)
    };
    made.map_err(|error| match error {
        SignError::Key(failure) => ca_error(failure),
        SignError::Encoding(text) => Error::failed("ca-failed", text),
    })
}

/// Installs a checked chain. Where it `begins` the next generation the present one becomes a former CA in
/// the same transaction.
///
/// # Errors
/// `runs-wait-for-ca` while a run was promised a certificate of the present one, or what store and file
/// system say.
pub(super) fn install(
    desk: &Desk,
    audit: &AuditRow,
    chain: &[Vec<u8>],
    begins: bool,
) -> Result<(), Error> {
    let own = chain.first().map(hex::encode).unwrap_or_default();
    let rest: Vec<_> = chain.iter().skip(1).map(hex::encode).collect();
    let former = begins.then(|| former(desk)).transpose()?;
    // From a CA elsewhere the answer of either generation is taken.
    let promised = !desk.ca_is_elsewhere()?;
    desk.store().act(audit, |writing| {
        if let Some(former) = &former {
            if promised {
                demand_no_run(writing)?;
            }
            writing.retire_authority(former)?;
            writing.set_ca_generation(former.generation.next())?;
            writing.unset_meta(LAST_LIST)?;
            for (next, present) in [
                (NEXT_TOKEN, "ca_token"),
                (NEXT_KEY, "ca_public_key"),
                (NEXT_SO_PIN, "ca_so_pin"),
            ] {
                if let Some(value) = writing.meta(next)? {
                    writing.set_meta(present, &value)?;
                    writing.unset_meta(next)?;
                }
            }
        }
        writing.set_meta("ca_certificate", &own)?;
        writing.set_meta("ca_chain", &rest.join(" "))?;
        Ok::<_, Error>(())
    })?;
    desk.forget_ca_key();
    if former.is_some() {
        move_lists(desk)?;
    }
    let path = desk.home().ca_pem();
    let pem = trusted(desk)?;
    file::replace(&path, pem.as_bytes()).map_err(|error| Error::io(&path, error))
}

/// Demands that the CA that is to begin is none that was before, by its key, and has another name than each
/// of them (D-60).
///
/// # Errors
/// `certificate-differs`, `ca-name-same`.
pub(super) fn demand_new(desk: &Desk, next: &Authority, file: &str) -> Result<(), Error> {
    let subject = check::subject_text(next.certificate());
    for known in desk.issuers()? {
        if known.authority.key() == next.key() {
            return Err(Error::refused("certificate-differs", file));
        }
        if check::subject_text(known.authority.certificate()) == subject {
            let subject = subject.unwrap_or_default();
            return Err(Error::refused("ca-name-same", subject));
        }
    }
    Ok(())
}

/// What is to be known of the present CA once it is a former one.
fn former(desk: &Desk) -> Result<FormerAuthorityRow, Error> {
    let present = desk.issuer()?;
    let authority = &present.authority;
    let signs_cas = desk.own_unit()?.level == Level::Province && !desk.ca_is_elsewhere()?;
    let store = desk.store();
    let reading = store.read();
    let damaged = |error| Error::failed("store-damaged", "ca_token").because(error);
    let token = reading.meta("ca_token")?;
    let elsewhere = reading.exchange_requests()?;
    let elsewhere = elsewhere
        .iter()
        .filter(|row| row.generation == present.generation)
        .filter_map(|row| check::not_after(row.certificate.as_deref()?).ok());
    let own = reading.last_leaf(present.generation)?;
    let last = own.into_iter().chain(elsewhere).max();
    let last_list = reading.meta(LAST_LIST)?;
    Ok(FormerAuthorityRow {
        generation: present.generation,
        certificate: authority.certificate().to_vec(),
        token: token
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(damaged)?,
        so_pin: reading.meta("ca_so_pin")?,
        // The CAs of units that the holder root certified are not on record here.
        last_leaf: if signs_cas {
            authority.not_after()
        } else {
            last.unwrap_or_else(clock::now)
        },
        last_list: last_list.and_then(|text| Timestamp::parse(&text).ok()),
        retired_at: clock::now(),
        chain: present.chain,
    })
}

/// The list of the CA that has just ended goes on under the name of a former one; `unit.crl` waits for the
/// first of the present one. What a crash leaves undone the next list makes good: both are signed anew.
fn move_lists(desk: &Desk) -> Result<(), Error> {
    let present = desk.home().crl();
    let Ok(der) = std::fs::read(&present) else {
        return Ok(()); // None was published.
    };
    for issuer in desk
        .issuers()?
        .iter()
        .filter(|issuer| issuer.former.is_some())
    {
        if crl::check(&der, &issuer.authority).is_none() {
            continue;
        }
        let path = desk.crl_of(issuer);
        for ending in ["crl", "crl.pem"] {
            let (from, to) = (present.with_extension(ending), path.with_extension(ending));
            std::fs::rename(&from, &to).map_err(|error| Error::io(&to, error))?;
        }
    }
    Ok(())
}

/// A root that began today and has certified nobody is what a second call would have made: whoever repeats one
/// whose answer was lost does not go on to the next.
fn demand_used(reading: &Reading<'_>, present: &Issuer) -> Result<(), Error> {
    let certificate = check::signed_by(present.authority.certificate(), &present.authority);
    let today = clock::now().plus_secs(-DAY_SECS);
    let begun_today = certificate.is_some_and(|certificate| certificate.not_before > today);
    let later = present.generation != Generation::FIRST;
    let signed = reading.last_leaf(present.generation)?.is_some();
    let rows = reading.exchange_requests()?;
    let mut rows = rows.iter().filter(|row| row.certificate.is_some());
    let for_others = rows.any(|row| row.generation == present.generation);
    if begun_today && later && !signed && !for_others {
        let generation = present.generation.to_string();
        return Err(Error::refused("ca-next-begun", generation));
    }
    Ok(())
}

/// A run whose certificate was asked of the present CA must get it from that one: its serial number and its
/// dates are promised (D-36).
fn demand_no_run(reading: &Reading<'_>) -> Result<(), Error> {
    let waiting = reading.runs_without_certificate()?;
    if waiting.is_empty() {
        return Ok(());
    }
    Err(Error::refused(
        "runs-wait-for-ca",
        waiting.len().to_string(),
    ))
}

/// The key that waits for its certificate.
pub(super) fn next_ca(desk: &Desk) -> Result<Option<OwnCa>, Error> {
    let store = desk.store();
    let reading = store.read();
    let Some((token, key)) = reading.meta(NEXT_TOKEN)?.zip(reading.meta(NEXT_KEY)?) else {
        return Ok(None);
    };
    let damaged = || Error::failed("store-damaged", NEXT_TOKEN);
    let generation = reading.ca_generation()?.next();
    Ok(Some(OwnCa {
        folder: desk.home().ca_token(generation),
        token: serde_json::from_str(&token).map_err(|error| damaged().because(error))?,
        key: PublicKeyDer::new(hex::decode(key).map_err(|error| damaged().because(error))?),
    }))
}

/// Its fingerprint.
pub(super) fn next_fingerprint(desk: &Desk) -> Result<Option<String>, Error> {
    let next = next_ca(desk)?;
    Ok(next.map(|next| unit_pki::fingerprint(next.key.as_bytes())))
}
