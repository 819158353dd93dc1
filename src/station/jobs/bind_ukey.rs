//! Binds an officer to a ukey of their own (D-58): a blank of the stock gets a key that is born on it;
//! the superior certifies the key, and until then the token before it stays in use.

mod make;

use std::path::{Path, PathBuf};

use crate::domain::id::RunId;
use crate::domain::key::KeyId;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::pin::Pin;
use crate::domain::token_profile::TokenProfile;
use crate::domain::ukey::Serial;
use crate::keys::officer_key::{self, OfficerKeyRecord};
use crate::keys::station_key::StationKey;
use crate::keys::unit_pki::UnitFacts;
use crate::keys::{file, random};
use crate::station::bench::{self, Inserted};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::officer_key as certify;
use crate::station::key_token::{self, OpenKey};
use crate::station::sign_in::AskSecret;
use crate::station::ukey_pins::{self, UkeyPins};
use crate::station::unit_key::sign_failed;
use crate::station::{ActingOfficer, SigningKey, clock, own_ukey, post};
use crate::store::{BindingRow, KeyToken, OfficerRow, UkeyRow};

/// Characters of the random user PIN, where the model takes so many.
const USER_PIN_CHARS: usize = 12;

/// Which ukey is meant.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// The one with this serial number, or with this end of four or more characters.
    Named(&'a str),
    /// The only blank that is plugged in.
    Only,
    /// Of several the one with the lowest serial number.
    Lowest,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The ukey.
    pub ukey: Serial,
    /// The file for who certifies.
    pub file: PathBuf,
    /// Whether the binding holds already: a province's security certifies at once.
    pub bound: bool,
}

/// Makes the acting officer's own key on a ukey and writes the file with which the superior (for a
/// province its own security) certifies it. An interrupted binding, and one whose file got lost, goes on
/// where it stood; naming another ukey begins anew.
///
/// # Errors
/// Before the ukey is touched: `officer-other`, `officer-not-certified`, `ukey-not-inserted`,
/// `no-blank-ukey`, `ukey-ambiguous`, `ukey-not-in-stock`, `ukey-not-blank`, `ukey-locked`,
/// `ukey-duplicate-serial`, `ukey-of-officer`; `officer-ukey-missing`, `officer-ukey-refused` where the
/// key is made already. Then the ukey's faults: the binding is kept, and the same
/// command goes on with it.
pub fn bind(
    desk: &Desk,
    officer: &ActingOfficer,
    (name, choice): (&OfficerName, Choice<'_>),
    out: Option<&Path>,
    ask: &dyn AskSecret,
) -> Result<Bound, Error> {
    officer.demand(Duty::ReadRecords)?;
    if name != officer.name() {
        return Err(Error::refused("officer-other", name.as_str()));
    }
    let row = desk.officer(name)?;
    let mut before = SigningKey::open(desk, officer)?;
    let (binding, mut key) = match open_binding(desk, name, choice)? {
        Some(open) => go_on(desk, officer, &row, open)?,
        None => begin(desk, officer, &row, choice)?,
    };
    let ukey = binding.ukey.clone();
    let named = || {
        let unit = desk.own_unit()?.code;
        let name = format!("{unit}-{ukey}.ukey-officer-key");
        Ok::<_, Error>(desk.home().out().join(name))
    };
    let file = out.map_or_else(named, |out| Ok(out.to_owned()))?;
    let bytes = proposal(desk, &row, &binding, (&mut before, &mut key))?;
    let mut audit = Desk::audit_row(officer, "officer-key-proposed");
    audit.ukey = Some(ukey.as_str().to_owned());
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    file::replace(&file, &bytes).map_err(|error| Error::io(&file, error))?;
    drop((before, key));
    let bound = officer.post() == Post::Security && desk.superior_chain()?.is_empty();
    if bound {
        certify::certify(desk, officer, &file, None, ask)?;
    }
    Ok(Bound { ukey, file, bound })
}

/// The open binding, unless another ukey is named.
fn open_binding(
    desk: &Desk,
    name: &OfficerName,
    choice: Choice<'_>,
) -> Result<Option<BindingRow>, Error> {
    let open = desk.store().read().binding(name)?;
    Ok(open.filter(|binding| match choice {
        Choice::Named(text) => binding.ukey.is_named_by(text),
        Choice::Only | Choice::Lowest => true,
    }))
}

/// A new binding: on record, its PINs sealed, before the ukey is touched (D-37).
fn begin(
    desk: &Desk,
    officer: &ActingOfficer,
    row: &OfficerRow,
    choice: Choice<'_>,
) -> Result<(BindingRow, OpenKey), Error> {
    let ukey = choose(desk, choice)?;
    let profile = desk.profile(&ukey.profile)?;
    let id = RunId::new(clock::new_uuid());
    let token = KeyToken {
        identity: ukey.reported(),
        key_id: KeyId::of_run(id),
        profile: Some(ukey.profile.clone()),
    };
    let pins = UkeyPins::make(profile, random_user_pin(profile)?)?;
    let sealed = desk.escrow_key()?.seal(&pins.so_pin);
    let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
    let binding = BindingRow {
        officer: row.name.clone(),
        ukey: ukey.identity.serial.clone(),
        secrets: Some(pins.seal(&purpose(token.key_id))?),
        token,
        public_key: None,
        begun_at: clock::now(),
    };
    keep_user_pin(desk, row, &binding, &pins)?;
    let mut audit = Desk::audit_row(officer, "officer-ukey-begun");
    audit.ukey = Some(ukey.identity.serial.as_str().to_owned());
    let so_pin = hex::encode(sealed);
    desk.store()
        .act(&audit, |writing| writing.begin_binding(&binding, &so_pin))?;
    make_key(desk, officer, binding, &pins)
}

/// Goes on with a binding whose key is made, or that was interrupted before.
fn go_on(
    desk: &Desk,
    officer: &ActingOfficer,
    row: &OfficerRow,
    binding: BindingRow,
) -> Result<(BindingRow, OpenKey), Error> {
    if binding.public_key.is_some() {
        let bound = OfficerRow {
            token: Some(binding.token.clone()),
            ..row.clone()
        };
        let key = own_ukey::open(desk, &bound, &binding.token);
        return Ok((binding, key?));
    }
    let damaged = || Error::failed("store-damaged", "officer_bindings");
    let sealed = binding.secrets.as_ref().ok_or_else(damaged)?;
    let pins = UkeyPins::open(&purpose(binding.token.key_id), sealed)?;
    let mut audit = Desk::audit_row(officer, "officer-ukey-resumed");
    audit.ukey = Some(binding.ukey.as_str().to_owned());
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    make_key(desk, officer, binding, &pins)
}

fn make_key(
    desk: &Desk,
    officer: &ActingOfficer,
    mut binding: BindingRow,
    pins: &UkeyPins,
) -> Result<(BindingRow, OpenKey), Error> {
    let (token, public_key, key) = make::on_ukey(desk, &binding, pins)?;
    let mut audit = Desk::audit_row(officer, "officer-ukey-made");
    audit.ukey = Some(binding.ukey.as_str().to_owned());
    desk.store().act(&audit, |writing| {
        if token.identity.serial != binding.token.identity.serial {
            writing.set_token_serial(&binding.ukey, &token.identity.serial)?;
        }
        writing.binding_made(&binding.officer, &token, &public_key)
    })?;
    (binding.token, binding.public_key, binding.secrets) = (token, Some(public_key), None);
    Ok((binding, key))
}

/// The user PIN is random and nobody types it: wrapped under the officer's passphrase before it is set,
/// beside the PIN of the token that is in use. In practice third parties find it in the secrets file.
fn keep_user_pin(
    desk: &Desk,
    row: &OfficerRow,
    binding: &BindingRow,
    pins: &UkeyPins,
) -> Result<(), Error> {
    let mut own = desk.own_pins(&row.name);
    own.own = desk.own_pin(row);
    own.bound = Some((binding.token.key_id.to_string(), pins.user_pin.clone()));
    desk.set_own_pins(&row.name, own)?;
    if desk.is_practice()
        && let Some(secrets) = desk.secrets().as_mut()
    {
        secrets.set_user_pin(binding.ukey.clone(), pins.user_pin.clone());
        secrets.save()?;
    }
    Ok(())
}

/// What the PINs of a binding are sealed for.
fn purpose(binding: KeyId) -> String {
    format!("ukey-station/bind/v1/{binding}")
}

fn random_user_pin(profile: &TokenProfile) -> Result<Pin, Error> {
    let policy = profile.pin_policy();
    let drawn = (policy.alphabet, USER_PIN_CHARS);
    ukey_pins::random_user_pin(&policy, drawn, &[])
}

/// The ukey that is meant, seen to be a blank of the stock.
fn choose(desk: &Desk, choice: Choice<'_>) -> Result<UkeyRow, Error> {
    let plugged = bench::look(desk)?.ukeys;
    let at_intake = |ukey: &Inserted| match &ukey.record {
        Some(row) => row.identity.serial.clone(),
        None => ukey.reading.identity.serial.clone(),
    };
    let found: Vec<_> = match choice {
        Choice::Named(text) => {
            let fits = |ukey: &Inserted| at_intake(ukey).is_named_by(text);
            plugged.into_iter().filter(fits).collect()
        }
        Choice::Only | Choice::Lowest => {
            let usable = |ukey: &Inserted| ukey.usable.is_ok();
            plugged.into_iter().filter(usable).collect()
        }
    };
    let first = match (found.as_slice(), choice) {
        ([], Choice::Named(text)) => return Err(Error::refused("ukey-not-inserted", text)),
        ([], _) => return Err(Error::refused("no-blank-ukey", "")),
        ([one], _) | ([one, ..], Choice::Lowest) => one,
        (several, _) => {
            let serials: Vec<_> = several
                .iter()
                .map(|ukey| at_intake(ukey).to_string())
                .collect();
            return Err(Error::usage("ukey-ambiguous", serials.join(", ")));
        }
    };
    let serial = at_intake(first);
    if let Err(why) = &first.usable {
        return Err(Error::refused(why.code(), serial.as_str()));
    }
    let missing = || Error::refused("ukey-not-in-stock", serial.as_str());
    first.record.clone().ok_or_else(missing)
}

/// The file: signed by the key before, proven by the new one, sealed to who certifies.
fn proposal(
    desk: &Desk,
    row: &OfficerRow,
    binding: &BindingRow,
    (before, new): (&mut SigningKey, &mut OpenKey),
) -> Result<Vec<u8>, Error> {
    let encoding = |error| Error::failed("parcel-encoding", "officer-key").because(error);
    let damaged = || Error::failed("store-damaged", "officer_bindings");
    let key = binding.public_key.as_ref().ok_or_else(damaged)?;
    let own = desk.own_unit()?;
    let record = OfficerKeyRecord::new(
        (desk.id(), own.code.as_str()),
        (&row.name, row.post),
        key,
        (random::bytes()?, clock::now()),
    );
    let challenge = record.challenge().map_err(encoding)?;
    let proof = new.sign(&challenge)?;
    if !key.verifies(&challenge, &proof) {
        return Err(Error::failed("wrong-answer", binding.ukey.as_str()));
    }
    let (chain, to) = (before.chain().to_vec(), certifier(desk)?);
    let packed = officer_key::pack(
        record,
        proof,
        (&chain, &mut |message| before.sign_raw(message)),
        &to,
    );
    packed.map_err(sign_failed)
}

/// The station that certifies this unit's officers: the superior's; a province's own.
fn certifier(desk: &Desk) -> Result<StationKey, Error> {
    if !desk.superior_chain()?.is_empty() {
        return Ok(post::superior(desk)?.station_key);
    }
    let chain = desk.unit_chain()?;
    let own = chain
        .first()
        .ok_or_else(|| Error::refused("unit-not-certified", ""))?;
    let damaged = || Error::failed("store-damaged", "unit_chain");
    let facts = UnitFacts::read(own).map_err(|error| damaged().because(error))?;
    Ok(facts.station_key)
}

/// A ukey that does not open, by its serial number.
fn told(serial: &Serial, cannot: key_token::CannotOpen) -> Error {
    use crate::domain::fault::FaultKind;
    match cannot {
        key_token::CannotOpen::Fault(fault) if fault.kind == FaultKind::Removed => {
            Error::refused("ukey-not-inserted", serial.as_str()).because(fault)
        }
        other => other.into(),
    }
}
