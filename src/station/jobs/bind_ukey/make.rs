//! What happens on the ukey: initialised with PINs of its own, a key born on it and read back. It may
//! have been interrupted anywhere before (D-34, D-37).

use super::told;
use crate::domain::fault::Fault;
use crate::domain::key::{KeyAlgorithm, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::token_profile::TokenProfile;
use crate::domain::ukey::{Expected, UkeyReading};
use crate::station::bench::Unusable;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::key_token::{self, OpenKey};
use crate::station::ukey_pins::UkeyPins;
use crate::store::{BindingRow, KeyToken};
use crate::token::worker::Worker;

/// Makes the key; gives the ukey as it reports itself from now on.
pub(super) fn on_ukey(
    desk: &Desk,
    binding: &BindingRow,
    pins: &UkeyPins,
) -> Result<(KeyToken, PublicKeyDer, OpenKey), Error> {
    let token = &binding.token;
    let profile = token.profile.as_deref().unwrap_or_default();
    let spec = key_token::ukey_spec(desk, &token.identity.serial, profile);
    let spec = spec.map_err(|cannot| told(&binding.ukey, cannot))?;
    let profile = desk.profile(profile)?;
    let label = label(token);
    let expected = Expected {
        identity: token.identity.clone(),
        label: (!profile.reinit_keeps_serial).then(|| label.clone()),
    };
    let mut worker = Worker::start(&spec)?;
    let reading = worker.identify(expected);
    let reading = reading.map_err(|fault| told(&binding.ukey, fault.into()))?;
    let so_pin = present_so_pin(&mut worker, (profile, &label), &reading, pins)?;
    let made = worker.init_token(&so_pin, &label)?;
    if so_pin != pins.so_pin {
        worker.set_so_pin(&so_pin, &pins.so_pin)?;
    }
    worker.init_user_pin(&pins.so_pin, &pins.user_pin)?;
    worker.log_in(&pins.user_pin)?;
    let algorithm = algorithm(profile);
    let public = worker.generate(algorithm, token.key_id, &label)?;
    let (attributes, read) = worker.read_key(token.key_id)?;
    let born = attributes.assert_born_on_token().is_ok();
    if !born || attributes.algorithm != Some(algorithm) || read != public {
        return Err(Error::failed("key-attribute", binding.ukey.as_str()));
    }
    let token = KeyToken {
        identity: made.identity,
        ..token.clone()
    };
    let key = OpenKey::of(worker, token.key_id);
    Ok((token, public, key))
}

/// The label that tells that this binding has initialised the ukey: like a run's.
fn label(token: &KeyToken) -> TokenLabel {
    let id = uuid::Uuid::from_bytes(*token.key_id.as_bytes());
    TokenLabel::of_run(crate::domain::id::RunId::new(id))
}

/// P-256 where the model has it: an officer signs often.
fn algorithm(profile: &TokenProfile) -> KeyAlgorithm {
    let known = &profile.keys.algorithms;
    if known.contains(&KeyAlgorithm::EcP256) {
        KeyAlgorithm::EcP256
    } else {
        known.first().copied().unwrap_or(KeyAlgorithm::EcP256)
    }
}

/// The SO PIN that the ukey has now: a blank's is the factory's; one that this binding has initialised
/// is asked, once for each of the two, and only where no wrong one was tried before (D-37).
fn present_so_pin(
    worker: &mut Worker,
    (profile, label): (&TokenProfile, &TokenLabel),
    reading: &UkeyReading,
    pins: &UkeyPins,
) -> Result<Pin, Error> {
    let serial = reading.identity.serial.as_str();
    let refused = |why: Unusable| Error::refused(why.code(), serial);
    match profile.blankness(reading) {
        Ok(()) if !reading.flags.token_initialized => return Ok(pins.so_pin.clone()),
        Ok(()) => return Ok(pins.old_so_pin.clone()),
        Err(why) if reading.label != label.as_str() => {
            return Err(refused(Unusable::NotBlank(why)));
        }
        Err(_ours) => {}
    }
    if !reading.flags.so_tries_untouched() {
        return Err(Error::refused("ukey-locked", serial));
    }
    let mut try_pin = |pin: &Pin| -> Result<bool, Fault> { worker.try_so_pin(pin) };
    for pin in [&pins.so_pin, &pins.old_so_pin] {
        if try_pin(pin)? {
            return Ok(pin.clone());
        }
    }
    Err(Error::refused("ukey-not-blank", serial))
}
