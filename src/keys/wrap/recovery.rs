//! The recovery kit (D-46): three shares on paper, of which two open the store key and nothing else. What
//! approves, issues or opens SO PINs is not in it: those keys are sealed to security's wraps alone, and to
//! the officers' own tokens.

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Failures, KeysFile, Sealed, WrapError, open, recipient, seal};
use crate::domain::officer::{OfficerName, sign_in_wait_secs};
use crate::domain::timestamp::Timestamp;
use crate::keys::secret::{NotOpened, SecretKey};
use crate::keys::shares::{SHARES, Scope, Share, ShareFault, Split};

const PURPOSE: &str = "ukey-station/recovery/v1";

/// A kit as keys.json has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kit {
    #[serde(with = "hex::serde")]
    id: [u8; 3],
    made_at: Timestamp,
    /// Public half of the kit's key: the store key is sealed to it, whoever changes it.
    recipient: String,
    pub(super) store_key: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next_store_key: Option<Sealed>,
    /// The private half, for shares 1 and 2, 1 and 3, 2 and 3.
    pairs: [Sealed; 3],
    /// A hash of each share, to tell which one is wrong.
    marks: [Sealed; 3],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failures: Option<Failures>,
}

/// What two shares open.
#[derive(Debug)]
pub struct Recovered {
    /// The store's key.
    pub store_key: SecretKey,
    /// Its next key, if a change was interrupted.
    pub next_store_key: Option<SecretKey>,
    /// The two shares.
    pub shares: (u8, u8),
}

impl KeysFile {
    /// Makes a kit in place of the one before, and gives its shares. They are nowhere else.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn make_kit(
        &mut self,
        store_key: &SecretKey,
        now: Timestamp,
    ) -> Result<[Share; SHARES as usize], WrapError> {
        let identity = Identity::generate();
        let to = identity.to_public();
        let text = Zeroizing::new(identity.to_string().expose_secret().to_owned());
        let (split, shares) = Split::new(self.kit_scope(), text.as_bytes())?;
        self.recovery = Some(Kit {
            id: split.id,
            made_at: now,
            recipient: to.to_string(),
            store_key: seal(&to, store_key.expose())?,
            next_store_key: None,
            pairs: split.pairs,
            marks: split.marks,
            failures: None,
        });
        Ok(shares)
    }

    const fn kit_scope(&self) -> Scope {
        Scope {
            purpose: PURPOSE,
            home: self.home,
        }
    }

    /// Takes the kit that was made on a copy of this file: its shares are on paper by then.
    pub fn take_kit_of(&mut self, other: &Self) {
        self.recovery.clone_from(&other.recovery);
    }

    /// When the kit was made; `None` when there is none.
    pub fn kit_made_at(&self) -> Option<Timestamp> {
        self.recovery.as_ref().map(|kit| kit.made_at)
    }

    /// Seconds until shares may be tried again; `None` when none.
    pub fn kit_wait_secs(&self, now: Timestamp) -> Option<i64> {
        let Failures { count, last } = self.recovery.as_ref()?.failures?;
        let wait = sign_in_wait_secs(count);
        let left = last.plus_secs(wait).unix_secs() - now.unix_secs();
        (left > 0).then(|| left.min(wait))
    }

    /// Counts a try with wrong shares.
    pub fn note_kit_failure(&mut self, now: Timestamp) {
        if let Some(kit) = &mut self.recovery {
            let count = kit.failures.map_or(0, |known| known.count);
            let count = count.saturating_add(1);
            kit.failures = Some(Failures { count, last: now });
        }
    }

    /// Opens the kit with two shares.
    ///
    /// # Errors
    /// [`ShareFault`], or what is damaged.
    pub fn open_kit(
        &self,
        shares: &[Share; 2],
    ) -> Result<Result<Recovered, ShareFault>, WrapError> {
        let Some(kit) = &self.recovery else {
            return Ok(Err(ShareFault::NoKit));
        };
        let split = Split {
            id: kit.id,
            pairs: kit.pairs.clone(),
            marks: kit.marks.clone(),
        };
        let (text, pair) = match split.join(self.kit_scope(), shares)? {
            Ok(joined) => joined,
            Err(fault) => return Ok(Err(fault)),
        };
        let text = std::str::from_utf8(&text).map_err(|_binary| NotOpened)?;
        let identity: Identity = text.parse().map_err(|_text| NotOpened)?;
        let key = |sealed: &Sealed| -> Result<SecretKey, NotOpened> {
            SecretKey::from_slice(&open(&identity, sealed)?).ok_or(NotOpened)
        };
        Ok(Ok(Recovered {
            store_key: key(&kit.store_key)?,
            next_store_key: kit.next_store_key.as_ref().map(key).transpose()?,
            shares: pair,
        }))
    }

    /// The kit was used: its shares open nothing any more, and who was replaced has no wraps.
    pub fn spend_kit(&mut self, replaced: &OfficerName) {
        self.recovery = None;
        self.officers.remove(replaced);
        self.failures.remove(replaced);
    }

    /// A kit of another day holds no more: it may have been used since.
    pub fn forget_kit(&mut self) {
        self.recovery = None;
    }

    /// Announces the next store key to the kit, too.
    pub(super) fn announce_to_kit(&mut self, store_key: &SecretKey) -> Result<(), WrapError> {
        if let Some(kit) = &mut self.recovery {
            let to = recipient(&kit.recipient)?;
            kit.next_store_key = Some(seal(&to, store_key.expose())?);
        }
        Ok(())
    }

    /// What was announced holds, or never came to be.
    pub(super) fn end_announcement_to_kit(&mut self, adopted: bool) {
        if let Some(kit) = &mut self.recovery {
            let next = kit.next_store_key.take();
            if let Some(next) = next.filter(|_next| adopted) {
                kit.store_key = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::Cost;
    use super::*;
    use crate::domain::id::HomeId;

    fn now() -> Timestamp {
        Timestamp::from_unix(1_795_507_200).unwrap()
    }

    fn keys() -> (KeysFile, SecretKey) {
        let home = HomeId::new(Uuid::from_u128(1));
        let keys = KeysFile::new(home, true, Cost::PRACTICE);
        (keys, SecretKey::generate().unwrap())
    }

    fn typed(share: &Share) -> Share {
        Share::parse(&share.lines()).unwrap()
    }

    #[test]
    fn any_two_shares_open_the_store_key_and_one_does_not() {
        let (mut keys, key) = keys();
        let [a, b, c] = keys.make_kit(&key, now()).unwrap();
        for (one, other) in [(&a, &b), (&c, &a), (&b, &c)] {
            let opened = keys.open_kit(&[typed(one), typed(other)]).unwrap().unwrap();
            assert_eq!(opened.store_key.expose(), key.expose());
        }
        let twice = keys.open_kit(&[a.clone(), a]).unwrap();
        assert_eq!(twice.unwrap_err(), ShareFault::Same(1));
    }

    #[test]
    fn the_kit_follows_a_change_of_the_store_key_and_ends_with_its_use() {
        let (mut keys, key) = keys();
        let [a, b, _c] = keys.make_kit(&key, now()).unwrap();
        let next = SecretKey::generate().unwrap();
        keys.announce_to_kit(&next).unwrap();
        let both = keys.open_kit(&[a.clone(), b.clone()]).unwrap().unwrap();
        assert_eq!(both.store_key.expose(), key.expose());
        assert_eq!(both.next_store_key.unwrap().expose(), next.expose());
        keys.end_announcement_to_kit(true);
        let opened = keys.open_kit(&[a.clone(), b.clone()]).unwrap().unwrap();
        assert_eq!(opened.store_key.expose(), next.expose());
        assert!(opened.next_store_key.is_none());
        keys.spend_kit(&OfficerName::parse("zhao-security").unwrap());
        let spent = keys.open_kit(&[a, b]).unwrap();
        assert_eq!(spent.unwrap_err(), ShareFault::NoKit);
    }

    #[test]
    fn wrong_tries_have_to_wait_like_passphrases() {
        let (mut keys, key) = keys();
        keys.make_kit(&key, now()).unwrap();
        for _ in 0..2 {
            keys.note_kit_failure(now());
            assert_eq!(keys.kit_wait_secs(now()), None);
        }
        keys.note_kit_failure(now());
        assert_eq!(keys.kit_wait_secs(now()), Some(15));
        assert_eq!(keys.kit_wait_secs(now().plus_secs(15)), None);
    }
}
