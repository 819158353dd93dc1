//! The PINs of an open run: made, sealed and stored before one of them is set (D-37).

use crate::domain::id::RunId;
use crate::domain::pin::{Pin, PinAlphabet, PinPolicy};
use crate::domain::request::RequestForm;
use crate::domain::token_profile::TokenProfile;
use crate::keys::random;
use crate::keys::secret::{NotOpened, SecretKey};
use crate::station::error::Error;
use crate::store::SealedSecrets;

/// Digits of a random user PIN.
const USER_PIN_DIGITS: usize = 8;

/// The PINs of a run. Wiped on drop.
#[derive(Debug)]
pub(super) struct RunPins {
    /// The SO PIN that will be set.
    pub(super) so_pin: Pin,
    /// The SO PIN before it.
    pub(super) old_so_pin: Pin,
    /// The user PIN.
    pub(super) user_pin: Pin,
}

impl RunPins {
    /// Makes new ones for a blank ukey, whose SO PIN is the factory's. The user PIN is the chosen
    /// one, else random.
    pub(super) fn make(
        profile: &TokenProfile,
        form: &RequestForm,
        chosen: Option<Pin>,
    ) -> Result<Self, Error> {
        let factory = profile.factory_so_pin();
        let old_so_pin =
            factory.map_err(|error| Error::refused("profile-invalid", error.to_string()))?;
        let so_pin = if profile.so_pin.settable {
            random_so_pin(profile)?
        } else {
            old_so_pin.clone()
        };
        let user_pin = match chosen {
            Some(pin) => pin,
            None => random_user_pin(&profile.pin_policy(), form)?,
        };
        Ok(Self {
            so_pin,
            old_so_pin,
            user_pin,
        })
    }

    /// Seals them under a key of this run.
    pub(super) fn seal(&self, run: RunId) -> Result<SealedSecrets, Error> {
        let key = SecretKey::generate()?;
        let seal = |what, pin: &Pin| key.seal(&purpose(run, what), pin.expose().as_bytes());
        Ok(SealedSecrets {
            so_pin: seal("so-pin", &self.so_pin)?,
            old_so_pin: seal("old-so-pin", &self.old_so_pin)?,
            user_pin: seal("user-pin", &self.user_pin)?,
            run_key: key.expose().to_vec(),
        })
    }

    /// Opens what [`Self::seal`] made.
    pub(super) fn open(run: RunId, sealed: &SealedSecrets) -> Result<Self, NotOpened> {
        let key = SecretKey::from_slice(&sealed.run_key).ok_or(NotOpened)?;
        let open = |what, sealed: &[u8]| {
            let bytes = key.open(&purpose(run, what), sealed)?;
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

fn purpose(run: RunId, what: &str) -> String {
    format!("ukey-station/run/v1/{run}/{what}")
}

fn random_so_pin(profile: &TokenProfile) -> Result<Pin, Error> {
    let random = random::secret::<256>()?;
    let length = usize::from(profile.so_pin.len);
    let pin = match profile.so_pin.alphabet {
        PinAlphabet::Digits => Pin::from_random_digits(length, random.as_slice()),
        PinAlphabet::Ascii => Pin::from_random_letters(length, random.as_slice()),
    };
    pin.ok_or_else(|| Error::failed("no-random", "too few bytes"))
}

/// Random digits that pass the same rules as a typed PIN; a weak draw is drawn again.
fn random_user_pin(policy: &PinPolicy, form: &RequestForm) -> Result<Pin, Error> {
    let digits = USER_PIN_DIGITS.clamp(policy.min_len, policy.max_len);
    for _ in 0..16 {
        let random = random::secret::<64>()?;
        let pin = Pin::from_random_digits(digits, random.as_slice());
        if let Some(pin) = pin
            && pin.check(policy, &form.personal_numbers()).is_ok()
        {
            return Ok(pin);
        }
    }
    Err(Error::failed("no-random", "sixteen weak PINs in a row"))
}
