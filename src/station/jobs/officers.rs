//! Officers of this home (D-6, D-7): listed, added under their form 1, certified by the superior,
//! given another passphrase, disabled.

use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::pin::PinAlphabet;
use crate::domain::request::{FormKind, RequestState};
use crate::domain::ukey::Serial;
use crate::keys::escrow::EscrowIdentity;
use crate::keys::secret::{SecretKey, SecretText};
use crate::keys::unit_pki;
use crate::keys::wrap::{OfficerSecrets, Opened, OwnPins, SecuritySecrets};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::sign_in::{self, AskSecret};
use crate::station::{ActingOfficer, clock, key_token, ukey_pins, unit_trust};
use crate::store::{BindingRow, OfficerRow, RequestRow};
use crate::token::virtual_ukey;

/// Every officer, enabled or not.
///
/// # Errors
/// What the store says.
pub fn list(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<OfficerRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().officers()?)
}

/// The ukeys whose binding waits: for its end, or for the certificate of its key.
///
/// # Errors
/// What the store says.
pub fn waiting_ukeys(
    desk: &Desk,
    officer: &ActingOfficer,
) -> Result<Vec<(OfficerName, Serial)>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().open_bindings()?)
}

/// Adds the officer whom a form 1 of this unit names, with passphrase and own virtual ukey. They can
/// sign in, and sign nothing until the superior has certified them (D-6). Without `name` they sign in
/// with the holder's.
///
/// # Errors
/// `wrong-duty`, `request-not-form-1`, `request-not-submitted`, `officer-name-required`,
/// `officer-exists`, `person-has-post`, `passphrase-weak`, or what the token says.
pub fn add(
    desk: &Desk,
    officer: &ActingOfficer,
    request: &RequestRow,
    name: Option<&OfficerName>,
    ask: &dyn AskSecret,
) -> Result<OfficerRow, Error> {
    officer.demand(Duty::ManageOfficers)?;
    let (name, post, person) = proposal(desk, request, name)?;
    let own = own_secrets(desk, officer, ask)?;
    let security = security(own.security)?;
    let passphrase = {
        // Practice alone: in a real home nobody's passphrase comes from another's file.
        let secrets = desk.secrets();
        let secrets = secrets.as_ref().filter(|_secrets| desk.is_practice());
        sign_in::new_passphrase(secrets, &name, ask)?
    };
    let (so_pin, own_pin) = (
        ukey_pins::random_pin(PinAlphabet::Ascii, 24)?,
        ukey_pins::random_pin(PinAlphabet::Ascii, 12)?,
    );
    let dir = desk.home().officer(name.as_str());
    if dir.exists() {
        // Left by an attempt that did not come to an end: nobody has its PIN.
        std::fs::remove_dir_all(&dir).map_err(|error| Error::io(&dir, error))?;
    }
    let (token, public_key, _key) =
        key_token::make(&desk.own_tokens()?, &dir, (&so_pin, &own_pin))?;
    let sealed = desk.escrow_key()?.seal(&so_pin);
    let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
    let row = OfficerRow {
        name: name.clone(),
        post,
        enabled: true,
        for_cause: false,
        token: Some(token),
        public_key: Some(public_key),
        chain: Vec::new(),
        request: Some(request.id),
        person: Some(person),
    };
    let own_pins = OwnPins {
        own: Some(own_pin),
        bound: None,
    };
    let secrets = OfficerSecrets {
        store_key: &own.store_key,
        own_pins: &own_pins,
        security: (post == Post::Security).then_some(&security),
    };
    let mut wrapped = Ok(());
    // The wraps first: an officer whose row is missing cannot sign in, one without wraps never could.
    desk.home().change_keys(&mut desk.keys(), |keys| {
        wrapped = keys.add_officer((&name, post), &passphrase, secrets);
    })?;
    wrapped?;
    let mut audit = Desk::audit_row(officer, "officer-registered");
    audit.detail = Some(format!("{name} {post}"));
    audit.request = Some(request.id.to_string());
    desk.store().act(&audit, |writing| {
        writing.insert_officer(&row, Some(&hex::encode(&sealed)))
    })?;
    keep_in_practice(desk, &name, passphrase)?;
    Ok(row)
}

/// Whom a form 1 proposes, if it may: their name here, their post, and who they are.
fn proposal(
    desk: &Desk,
    request: &RequestRow,
    name: Option<&OfficerName>,
) -> Result<(OfficerName, Post, Vec<u8>), Error> {
    let number = || request.number.clone();
    let post = request
        .post
        .filter(|_post| request.form == FormKind::Officer);
    let post = post
        .filter(|_post| desk.own_unit().is_ok_and(|own| own.id == request.unit))
        .ok_or_else(|| Error::refused("request-not-form-1", number()))?;
    // The key goes up with the request: later there is no way for its certificate to come back.
    if request.state != RequestState::Submitted {
        return Err(Error::refused("request-not-submitted", number()));
    }
    let name = match name {
        Some(name) => name.clone(),
        None => OfficerName::parse(&request.holder_name)
            .map_err(|error| Error::usage("officer-name-required", number()).because(error))?,
    };
    let person = desk.store().read().person_of(request.id)?;
    let person = person.ok_or_else(|| Error::failed("store-damaged", number()))?;
    let officers = desk.store().read().officers()?;
    let taken = |row: &OfficerRow| row.name == name || row.request == Some(request.id);
    if officers.iter().any(taken) {
        return Err(Error::refused("officer-exists", number()));
    }
    let mut enabled = officers.iter().filter(|row| row.enabled);
    if enabled.any(|row| row.person.as_ref() == Some(&person)) {
        return Err(Error::refused("person-has-post", number()));
    }
    Ok((name, post, person))
}

/// In practice a passphrase stands in the secrets file, so that scripts can act.
fn keep_in_practice(desk: &Desk, name: &OfficerName, passphrase: SecretText) -> Result<(), Error> {
    if desk.is_practice()
        && let Some(secrets) = desk.secrets().as_mut()
    {
        secrets.set_passphrase(name.clone(), passphrase);
        secrets.save()?;
    }
    Ok(())
}

/// The certificates of a file: an officer's, then each issuer.
///
/// # Errors
/// `certificate-invalid`, or what the file system says.
pub fn read_chain(path: &std::path::Path) -> Result<Vec<Vec<u8>>, Error> {
    let bytes = read_limited(path, unit_pki::MAX_FILE_BYTES)?;
    unit_pki::read_certificates(&bytes)
        .map_err(|error| Error::refused("certificate-invalid", error.to_string()).because(error))
}

/// Installs the certificate that the superior answered with: it must be for this officer, this post
/// and this key, and lead to the pinned root. With a certificate for the key of an open binding the
/// officer's ukey takes the place of the token before it (D-58).
///
/// # Errors
/// `officer-unknown`, `unit-certificate-revoked`, `certificate-invalid`, `certificate-differs`.
pub fn install_certificate(
    desk: &Desk,
    officer: &ActingOfficer,
    name: &OfficerName,
    chain: &[Vec<u8>],
) -> Result<OfficerRow, Error> {
    if !(Duty::SetUp.belongs_to(officer.post()) || Duty::ManageOfficers.belongs_to(officer.post()))
    {
        officer.demand(Duty::SetUp)?;
    }
    let row = desk.officer(name)?;
    let binding = desk.store().read().binding(name)?;
    let key = check_certificate(desk, (&row, binding.as_ref()), chain)?;
    let bound = binding.filter(|bound| bound.public_key.as_ref() == Some(&key));
    let act = match bound {
        Some(_) => "officer-ukey-bound",
        None => "officer-certified",
    };
    let mut audit = Desk::audit_row(officer, act);
    audit.detail = Some(format!("{name} {}", row.post));
    audit.ukey = bound.as_ref().map(|bound| bound.ukey.as_str().to_owned());
    desk.store().act(&audit, |writing| {
        if row.chain != chain {
            writing.keep_past_chain(name, clock::now())?;
        }
        let Some(bound) = &bound else {
            return writing.set_officer_chain(name, chain);
        };
        writing.set_officer_token(name, (&bound.token, &key), chain)?;
        writing.end_binding(name)
    })?;
    if bound.is_some() && row.bound_ukey().is_none() {
        // Retired, not erased: what it signed can be traced to it.
        let dir = desk.home().officer(name.as_str());
        if dir.is_dir() {
            virtual_ukey::pull(&dir)?;
        }
    }
    desk.officer(name)
}

/// Whether a certificate is for this officer, their post, and their key or the one of the ukey that they
/// are bound to next; leads to the pinned root. Gives its key.
///
/// # Errors
/// `unit-certificate-revoked`, `certificate-invalid`, `certificate-differs`.
pub(super) fn check_certificate(
    desk: &Desk,
    (row, binding): (&OfficerRow, Option<&BindingRow>),
    chain: &[Vec<u8>],
) -> Result<PublicKeyDer, Error> {
    let signer = unit_trust::check_officer(desk, chain)?;
    let key = Some(&signer.public_key);
    let bound = binding.is_some_and(|bound| bound.public_key.as_ref() == key);
    let fits = signer.name == row.name
        && signer.post == row.post
        && signer.unit_code == desk.own_unit()?.code.as_str()
        && (bound || row.public_key.as_ref() == key);
    if fits {
        Ok(signer.public_key)
    } else {
        Err(Error::refused("certificate-differs", row.name.as_str()))
    }
}

/// Gives the acting officer another passphrase.
///
/// # Errors
/// `passphrase-wrong`, `officer-required` when nobody can be asked.
pub fn change_passphrase(
    desk: &Desk,
    officer: &ActingOfficer,
    ask: &dyn AskSecret,
) -> Result<(), Error> {
    let Opened {
        store_key,
        own_pins,
        security,
        ..
    } = own_secrets(desk, officer, ask)?;
    let passphrase = sign_in::new_passphrase(None, officer.name(), ask)?;
    let secrets = OfficerSecrets {
        store_key: &store_key,
        own_pins: &own_pins,
        security: security.as_ref(),
    };
    let who = (officer.name(), officer.post());
    let mut wrapped = Ok(());
    desk.home().change_keys(&mut desk.keys(), |keys| {
        wrapped = keys.add_officer(who, &passphrase, secrets);
    })?;
    wrapped?;
    keep_in_practice(desk, officer.name(), passphrase)?;
    let audit = Desk::audit_row(officer, "passphrase-changed");
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))
}

/// Whether the approvals of a disabled officer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They left or moved: what they approved stands.
    Left,
    /// For cause: what they approved is void unless issued (D-22).
    Cause,
}

/// Disables an officer and changes the store's and the escrow's keys, so that what they may have
/// kept opens nothing that comes later (D-58).
///
/// # Errors
/// `wrong-duty`, `officer-unknown`, `last-officer`, `own-account`, `passphrase-wrong`, or what store
/// and files say; an interrupted change is finished at the next start.
pub fn disable(
    desk: &Desk,
    officer: &ActingOfficer,
    (name, why): (&OfficerName, Why),
    ask: &dyn AskSecret,
) -> Result<(), Error> {
    officer.demand(Duty::ManageOfficers)?;
    let row = desk.officer(name)?;
    if name == officer.name() {
        return Err(Error::refused("own-account", name.as_str()));
    }
    if !row.enabled {
        return Err(Error::refused("officer-disabled", name.as_str()));
    }
    let others = desk.store().read().officers()?.into_iter();
    let mut others = others.filter(|other| other.enabled && other.name != *name);
    if !others.any(|other| other.post == row.post) {
        return Err(Error::refused("last-officer", name.as_str()));
    }
    let old = security(own_secrets(desk, officer, ask)?.security)?;
    let next = SecuritySecrets {
        escrow: EscrowIdentity::generate(),
        ca_pin: old.ca_pin.clone(),
    };
    let next_key = SecretKey::generate()?;
    let mut announced = Ok(());
    desk.home().change_keys(&mut desk.keys(), |keys| {
        announced = keys.announce(&next_key, &next, name);
    })?;
    announced?;
    let mut audit = Desk::audit_row(officer, "officer-disabled");
    let word = match why {
        Why::Left => "left",
        Why::Cause => "for cause",
    };
    audit.detail = Some(format!("{name} {}, {word}; keys changed", row.post));
    desk.store().act(&audit, |writing| {
        writing.disable_officer(name, why == Why::Cause, clock::now())?;
        writing.end_binding(name)?;
        reseal(writing, &old, &next)
    })?;
    desk.adopt_keys(next_key)?;
    let dir = desk.home().officer(name.as_str());
    if dir.is_dir() {
        virtual_ukey::pull(&dir)?;
    }
    Ok(())
}

/// Every SO PIN in escrow, sealed to the next escrow key; the CA is locked, since its PIN was sealed
/// under the store key before.
fn reseal(
    writing: &crate::store::Writing<'_>,
    old: &SecuritySecrets,
    next: &SecuritySecrets,
) -> Result<(), Error> {
    let public = next.escrow.public();
    let seal_again = |sealed: &[u8]| -> Result<Vec<u8>, Error> {
        let pin = old.escrow.open(sealed)?;
        let sealed = public.seal(&pin);
        sealed.map_err(|error| Error::failed("escrow", error.to_string()))
    };
    let damaged = || Error::failed("store-damaged", "escrow");
    let seal_text = |text: &str| -> Result<String, Error> {
        let sealed = hex::decode(text).map_err(|error| damaged().because(error))?;
        Ok(hex::encode(seal_again(&sealed)?))
    };
    for (ukey, run, sealed) in writing.escrow()? {
        writing.set_escrow(&ukey, run, &seal_again(&sealed)?)?;
    }
    let now = clock::now();
    for (ukey, sealed) in writing.so_pin_rotations()? {
        writing.put_so_pin_rotation(&ukey, &seal_again(&sealed)?, now)?;
    }
    for (name, sealed) in writing.officer_so_pins()? {
        writing.set_officer_so_pin(&name, &seal_text(&sealed)?)?;
    }
    for (ukey, sealed) in writing.own_ukey_so_pins()? {
        writing.set_own_ukey_so_pin(&ukey, &seal_text(&sealed)?)?;
    }
    for row in writing.former_authorities()? {
        if let Some(sealed) = row.so_pin {
            writing.set_former_so_pin(row.generation, &seal_text(&sealed)?)?;
        }
    }
    for setting in ["ca_so_pin", "ca_next_so_pin", "unit_so_pin"] {
        if let Some(sealed) = writing.meta(setting)? {
            writing.set_meta(setting, &seal_text(&sealed)?)?;
        }
    }
    writing.set_meta("escrow_key", &public.to_string())?;
    Ok(writing.clear_ca_unlock()?)
}

/// What the acting officer's passphrase opens, asked for once more.
pub(in crate::station) fn own_secrets(
    desk: &Desk,
    officer: &ActingOfficer,
    ask: &dyn AskSecret,
) -> Result<Opened, Error> {
    let passphrase = {
        let secrets = desk.secrets();
        sign_in::passphrase(secrets.as_ref(), officer.name(), ask)?
    };
    desk.open_wraps(officer.name(), &passphrase)
}

/// Security's own secrets.
pub(in crate::station) fn security(
    secrets: Option<SecuritySecrets>,
) -> Result<SecuritySecrets, Error> {
    secrets.ok_or_else(|| Error::refused("wrong-duty", Post::Security.chinese()))
}
