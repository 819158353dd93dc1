//! The PINs of an officer's own ukey: made and sealed before one of them is set (D-37).

use crate::domain::key::KeyId;
use crate::domain::pin::{Pin, PinAlphabet};
use crate::domain::token_profile::TokenProfile;
use crate::keys::random;
use crate::keys::secret::{NotOpened, SecretKey};
use crate::station::error::Error;
use crate::store::SealedSecrets;

/// Characters of the random user PIN, where the model takes so many.
const USER_PIN_CHARS: usize = 12;

/// The PINs of one binding. Wiped on drop.
#[derive(Debug)]
pub(super) struct BindPins {
    /// The SO PIN that will be set.
    pub(super) so_pin: Pin,
    /// The SO PIN before it: the factory's.
    pub(super) old_so_pin: Pin,
    /// The user PIN.
    pub(super) user_pin: Pin,
}

impl BindPins {
    /// Makes new ones for a blank.
    pub(super) fn make(profile: &TokenProfile) -> Result<Self, Error> {
        let factory = profile.factory_so_pin();
        let old_so_pin =
            factory.map_err(|error| Error::refused("profile-invalid", error.to_string()))?;
        let so_pin = if profile.so_pin.settable {
            random_pin(profile.so_pin.alphabet, usize::from(profile.so_pin.len))?
        } else {
            old_so_pin.clone()
        };
        Ok(Self {
            so_pin,
            old_so_pin,
            user_pin: user_pin(profile)?,
        })
    }

    /// Seals them under a key of this binding, for the worker alone.
    pub(super) fn seal(&self, binding: KeyId) -> Result<SealedSecrets, Error> {
        let key = SecretKey::generate()?;
        let seal = |what, pin: &Pin| key.seal(&purpose(binding, what), pin.expose().as_bytes());
        Ok(SealedSecrets {
            so_pin: seal("so-pin", &self.so_pin)?,
            old_so_pin: seal("old-so-pin", &self.old_so_pin)?,
            user_pin: seal("user-pin", &self.user_pin)?,
            run_key: key.expose().to_vec(),
        })
    }

    /// Opens what [`Self::seal`] made.
    pub(super) fn open(binding: KeyId, sealed: &SealedSecrets) -> Result<Self, NotOpened> {
        let key = SecretKey::from_slice(&sealed.run_key).ok_or(NotOpened)?;
        let open = |what, sealed: &[u8]| {
            let bytes = key.open(&purpose(binding, what), sealed)?;
            let text = std::str::from_utf8(&bytes).map_err(|_binary| NotOpened)?;
            Pin::parse(text).map_err(|_no_pin| NotOpened)
        };
        Ok(Self {
            so_pin: open("so-pin", &sealed.so_pin)?,
            old_so_pin: open("old-so-pin", &sealed.old_so_pin)?,
            user_pin: open("user-pin", &sealed.user_pin)?,
        })
    }
}

fn purpose(binding: KeyId, what: &str) -> String {
    format!("ukey-station/bind/v1/{binding}/{what}")
}

/// A random PIN that passes the rules of a typed one; a weak draw is drawn again.
fn user_pin(profile: &TokenProfile) -> Result<Pin, Error> {
    let policy = profile.pin_policy();
    let chars = USER_PIN_CHARS.clamp(policy.min_len, policy.max_len);
    for _ in 0..16 {
        let pin = random_pin(policy.alphabet, chars)?;
        if pin.check(&policy, &[]).is_ok() {
            return Ok(pin);
        }
    }
    Err(Error::failed("no-random", "sixteen weak PINs in a row"))
}

fn random_pin(alphabet: PinAlphabet, chars: usize) -> Result<Pin, Error> {
    let random = random::secret::<256>()?;
    let pin = match alphabet {
        PinAlphabet::Digits => Pin::from_random_digits(chars, random.as_slice()),
        PinAlphabet::Ascii => Pin::from_random_letters(chars, random.as_slice()),
    };
    pin.ok_or_else(|| Error::failed("no-random", "too few bytes"))
}
