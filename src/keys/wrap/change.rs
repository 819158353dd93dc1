//! The change of the home's keys: the next ones stand beside the present ones until the store has them
//! (idea 4).

use super::{KeysFile, SecuritySecrets, SecurityWrap, WrapError, recipient, seal};
use crate::domain::officer::{OfficerName, Post};
use crate::keys::secret::SecretKey;

impl KeysFile {
    /// Announces the next store key and escrow key to every officer but the one who leaves, beside the
    /// present ones: the old truth is kept until the store has the new one (idea 4).
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn announce(
        &mut self,
        store_key: &SecretKey,
        security: &SecuritySecrets,
        leaves: &OfficerName,
    ) -> Result<(), WrapError> {
        for (_name, wrap) in self.officers.iter_mut().filter(|(name, _)| *name != leaves) {
            let to = recipient(&wrap.recipient)?;
            wrap.next_store_key = Some(seal(&to, store_key.expose())?);
            if wrap.post == Post::Security {
                wrap.next_security = Some(SecurityWrap::seal(&to, security)?);
            }
        }
        self.next_escrow = Some(security.escrow.public().to_string());
        self.announce_to_kit(store_key)
    }

    /// The public half of the announced escrow key, while the keys are being changed.
    pub fn announced_escrow(&self) -> Option<&str> {
        self.next_escrow.as_deref()
    }

    /// What was announced holds; to whom it was not announced has no wraps any more.
    pub fn adopt(&mut self) {
        self.officers
            .retain(|_name, wrap| wrap.next_store_key.is_some());
        let Self {
            officers, failures, ..
        } = self;
        failures.retain(|name, _| officers.contains_key(name));
        for wrap in self.officers.values_mut() {
            if let Some(next) = wrap.next_store_key.take() {
                wrap.store_key = next;
            }
            if let Some(next) = wrap.next_security.take() {
                wrap.security = Some(next);
            }
        }
        self.end_announcement_to_kit(true);
        self.next_escrow = None;
    }

    /// What was announced never came to be.
    pub fn withdraw(&mut self) {
        for wrap in self.officers.values_mut() {
            wrap.next_store_key = None;
            wrap.next_security = None;
        }
        self.end_announcement_to_kit(false);
        self.next_escrow = None;
    }
}
