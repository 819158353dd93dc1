//! What every home begins with, real or for practice: its keys, its records, its unit's own key, its
//! first officers. keys.json is written last: before it there is no home.

use super::clock;
use super::error::Error;
use super::home::Home;
use super::key_token::{self, OpenKey};
use super::ukey_pins;
use crate::domain::audit::AuditRow;
use crate::domain::id::{HomeId, RequestId};
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::{OfficerName, Post};
use crate::domain::pin::Pin;
use crate::domain::pin::PinAlphabet;
use crate::domain::unit::Unit;
use crate::keys::escrow::EscrowIdentity;
use crate::keys::random;
use crate::keys::secret::{SecretKey, SecretText};
use crate::keys::wrap::{Cost, KeysFile, OfficerSecrets, OwnPins, SecuritySecrets};
use crate::store::{KeyToken, OfficerRow, Store};
use crate::token::virtual_ukey::VirtualUkeys;

/// Characters of the PINs that nobody types.
const PIN_CHARS: usize = 24;

/// A home's secrets and records while it is made.
pub(super) struct Foundation<'a> {
    pub(super) home: &'a Home,
    /// How the unit's, the CA's and the officers' own virtual tokens are reached.
    pub(super) ukeys: &'a VirtualUkeys,
    pub(super) keys: KeysFile,
    pub(super) store: Store,
    pub(super) security: SecuritySecrets,
    store_key: SecretKey,
}

/// Who an officer is, where the home knows it: their form 1, and the search hash of their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) request: Option<RequestId>,
    pub(super) person: Option<Vec<u8>>,
}

/// A token of the home's own, open, with what is to be kept of it.
pub(super) struct MadeToken {
    pub(super) token: KeyToken,
    pub(super) public_key: PublicKeyDer,
    pub(super) key: OpenKey,
    /// Its SO PIN, sealed to the escrow key, hex.
    pub(super) so_pin: String,
}

impl<'a> Foundation<'a> {
    /// Makes the store and the secrets of an empty home.
    pub(super) fn lay(
        home: &'a Home,
        ukeys: &'a VirtualUkeys,
        practice: bool,
    ) -> Result<Self, Error> {
        let store_key = SecretKey::generate()?;
        let cost = if practice { Cost::PRACTICE } else { Cost::REAL };
        Ok(Self {
            home,
            ukeys,
            keys: KeysFile::new(HomeId::new(clock::new_uuid()), practice, cost),
            store: Store::create(&home.store(), store_key.expose())?,
            security: SecuritySecrets {
                escrow: EscrowIdentity::generate(),
                ca_pin: ukey_pins::random_pin(PinAlphabet::Ascii, PIN_CHARS)?,
            },
            store_key,
        })
    }

    /// The first rows: own unit, public escrow key, the key of search hashes (D-39), settings.
    pub(super) fn record(&mut self, unit: &Unit, settings: &[(&str, &str)]) -> Result<(), Error> {
        let escrow = self.security.escrow.public().to_string();
        let person_key: [u8; 32] = random::bytes()?;
        let profile = self.ukeys.profile.name.clone();
        self.store.act(&row("home-made"), |writing| {
            writing.insert_unit(unit)?;
            writing.set_meta("escrow_key", &escrow)?;
            writing.set_meta("person_key", &hex::encode(person_key))?;
            writing.set_meta("own_tokens_profile", &profile)?;
            for (name, value) in settings {
                writing.set_meta(name, value)?;
            }
            Ok(())
        })
    }

    /// A virtual token of the home's own in `dir`, with a key born on it.
    pub(super) fn make_token(
        &self,
        dir: &std::path::Path,
        user_pin: &Pin,
    ) -> Result<MadeToken, Error> {
        let so_pin = ukey_pins::random_pin(PinAlphabet::Ascii, PIN_CHARS)?;
        let (token, public_key, key) = key_token::make(self.ukeys, dir, (&so_pin, user_pin))?;
        let sealed = self.security.escrow.public().seal(&so_pin);
        let sealed = sealed.map_err(|error| Error::failed("escrow", error.to_string()))?;
        Ok(MadeToken {
            token,
            public_key,
            key,
            so_pin: hex::encode(sealed),
        })
    }

    /// An officer with passphrase and own virtual ukey; without a certificate, so they can sign
    /// nothing yet (D-6). Gives the PIN of that ukey and the public key to be certified.
    pub(super) fn make_officer(
        &mut self,
        (name, post): (&OfficerName, Post),
        passphrase: &SecretText,
        who: Identity,
    ) -> Result<(KeyToken, Pin, PublicKeyDer), Error> {
        let own_pin = ukey_pins::random_pin(PinAlphabet::Ascii, 12)?;
        let made = self.make_token(&self.home.officer(name.as_str()), &own_pin)?;
        let own_pins = OwnPins {
            own: Some(own_pin.clone()),
            bound: None,
        };
        let secrets = OfficerSecrets {
            store_key: &self.store_key,
            own_pins: &own_pins,
            security: (post == Post::Security).then_some(&self.security),
        };
        self.keys.add_officer((name, post), passphrase, secrets)?;
        let officer = OfficerRow {
            name: name.clone(),
            post,
            enabled: true,
            for_cause: false,
            token: Some(made.token.clone()),
            public_key: Some(made.public_key.clone()),
            chain: Vec::new(),
            request: who.request,
            person: who.person,
        };
        let mut audit = row("officer-registered");
        audit.detail = Some(format!("{name} {post}"));
        self.store.act(&audit, |writing| {
            writing.insert_officer(&officer, Some(&made.so_pin))
        })?;
        Ok((made.token, own_pin, made.public_key))
    }
}

/// A row of the audit log for what the station does while a home is made.
pub(super) fn row(act: &str) -> AuditRow {
    AuditRow::new(clock::now(), "station", None, act)
}
