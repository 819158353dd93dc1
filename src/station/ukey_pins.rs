//! The PINs of a ukey that is being made: drawn, and sealed before one of them is set (D-37).

use super::error::Error;
use crate::domain::pin::{Pin, PinAlphabet, PinPolicy};
use crate::domain::token_profile::TokenProfile;
use crate::keys::random;
use crate::keys::secret::{NotOpened, SecretKey};
use crate::store::SealedSecrets;

/// How often a weak PIN is drawn again.
const DRAWS: usize = 16;

/// The PINs of one ukey. Wiped on drop.
#[derive(Debug)]
pub(super) struct UkeyPins {
    /// The SO PIN that will be set.
    pub(super) so_pin: Pin,
    /// The SO PIN before it.
    pub(super) old_so_pin: Pin,
    /// The user PIN.
    pub(super) user_pin: Pin,
}

impl UkeyPins {
    /// Those of a blank, whose SO PIN is the factory's; the next one is random.
    pub(super) fn make(profile: &TokenProfile, user_pin: Pin) -> Result<Self, Error> {
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
            user_pin,
        })
    }

    /// Seals them under a key of their own, for the worker alone; `purpose` names whose they are.
    pub(super) fn seal(&self, purpose: &str) -> Result<SealedSecrets, Error> {
        let key = SecretKey::generate()?;
        let seal = |what, pin: &Pin| {
            let purpose = format!("{purpose}/{what}");
            key.seal(&purpose, pin.expose().as_bytes())
        };
        Ok(SealedSecrets {
            so_pin: seal("so-pin", &self.so_pin)?,
            old_so_pin: seal("old-so-pin", &self.old_so_pin)?,
            user_pin: seal("user-pin", &self.user_pin)?,
            run_key: key.expose().to_vec(),
        })
    }

    /// Opens what [`Self::seal`] made for the same purpose.
    pub(super) fn open(purpose: &str, sealed: &SealedSecrets) -> Result<Self, NotOpened> {
        let key = SecretKey::from_slice(&sealed.run_key).ok_or(NotOpened)?;
        let open = |what, sealed: &[u8]| {
            let bytes = key.open(&format!("{purpose}/{what}"), sealed)?;
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

/// A random user PIN of about so many characters that passes the rules of a typed one.
pub(super) fn random_user_pin(
    policy: &PinPolicy,
    (alphabet, chars): (PinAlphabet, usize),
    personal: &[&str],
) -> Result<Pin, Error> {
    let chars = chars.clamp(policy.min_len, policy.max_len);
    for _ in 0..DRAWS {
        let pin = random_pin(alphabet, chars)?;
        if pin.check(policy, personal).is_ok() {
            return Ok(pin);
        }
    }
    let text = format!("{DRAWS} weak PINs in a row");
    Err(Error::failed("no-random", text))
}

/// A random PIN.
pub(super) fn random_pin(alphabet: PinAlphabet, chars: usize) -> Result<Pin, Error> {
    let random = random::secret::<256>()?;
    let pin = match alphabet {
        PinAlphabet::Digits => Pin::from_random_digits(chars, random.as_slice()),
        PinAlphabet::Ascii => Pin::from_random_letters(chars, random.as_slice()),
    };
    pin.ok_or_else(|| Error::failed("no-random", "too few bytes"))
}
