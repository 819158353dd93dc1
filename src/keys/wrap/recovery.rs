//! The recovery kit (D-46): three shares on paper, of which two open the store key and nothing else. What
//! approves, issues or opens SO PINs is not in it: those keys are sealed to security's wraps alone, and to
//! the officers' own tokens.
//!
//! Each share is 128 random bits. For each two of them keys.json holds the kit's private key (age X25519),
//! sealed under a hash of both; one share alone is a hash input of which half is missing. No field
//! arithmetic, no crate of its own to keep up; for two of three it needs three seals.

use std::fmt::Write as _;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Failures, KeysFile, Sealed, WrapError, open, recipient, seal};
use crate::domain::id::HomeId;
use crate::domain::officer::{OfficerName, sign_in_wait_secs};
use crate::domain::timestamp::Timestamp;
use crate::keys::random;
use crate::keys::secret::{NotOpened, SecretKey, SecretText};

/// Shares of a kit.
pub const SHARES: u8 = 3;
/// Lines of a share on paper.
pub const LINES: u8 = 4;
/// Octets of a line, and the characters of them with the two that check them.
const LINE_BYTES: usize = 5;
const LINE_CHARS: usize = 10;
/// Crockford's: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PURPOSE: &str = "ukey-station/recovery/v1";

/// Which two shares, in the order of the seals.
const PAIRS: [(u8, u8); 3] = [(1, 2), (1, 3), (2, 3)];

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

/// One share.
#[derive(Clone)]
pub struct Share {
    kit: [u8; 3],
    number: u8,
    secret: Zeroizing<[u8; 16]>,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({} of {})", self.number, hex::encode(self.kit))
    }
}

/// Why two shares do not open the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareFault {
    /// A line has a mistake, counted from 1.
    #[error("line {0} has a mistake")]
    Line(u8),
    /// There is no kit.
    #[error("there is no recovery kit")]
    NoKit,
    /// The same share twice.
    #[error("share {0} twice")]
    Same(u8),
    /// A share of another kit: an older one, or another home's.
    #[error("share {0} is of another kit")]
    OtherKit(u8),
    /// A share that was never this kit's.
    #[error("share {0} is wrong")]
    Wrong(u8),
}

/// Reads one line as a person types it: five octets.
fn read_line(number: u8, text: &str) -> Result<Zeroizing<[u8; LINE_BYTES]>, ShareFault> {
    let wrong = ShareFault::Line(number);
    let typed = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let mut bits: u64 = 0;
    let mut count = 0;
    for c in typed {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let place = ALPHABET.iter().position(|known| char::from(*known) == c);
        let place = u64::try_from(place.ok_or(wrong)?).map_err(|_range| wrong)?;
        count += 1;
        if count > LINE_CHARS {
            return Err(wrong);
        }
        bits = bits << 5 | place;
    }
    let octets = (bits >> 10).to_be_bytes();
    let mut line = Zeroizing::new([0; LINE_BYTES]);
    line.copy_from_slice(octets.last_chunk::<LINE_BYTES>().ok_or(wrong)?);
    if count == LINE_CHARS && bits & 0x3ff == u64::from(check(number, *line)) {
        Ok(line)
    } else {
        Err(wrong)
    }
}

/// Ten bits of a hash of the line and its place.
fn check(number: u8, line: [u8; LINE_BYTES]) -> u16 {
    let digest = Sha256::new()
        .chain_update(PURPOSE)
        .chain_update([number])
        .chain_update(line)
        .finalize();
    let first = digest.first_chunk::<2>().copied().unwrap_or_default();
    u16::from_be_bytes(first) >> 6
}

impl Share {
    /// Which one, from 1.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// The lines on paper.
    pub fn lines(&self) -> [SecretText; LINES as usize] {
        let mut bytes = Zeroizing::new(Vec::with_capacity(20));
        bytes.extend_from_slice(&self.kit);
        bytes.push(self.number);
        bytes.extend_from_slice(self.secret.as_slice());
        let mut chunks = bytes.chunks(LINE_BYTES).zip(1_u8..);
        std::array::from_fn(|_line| {
            let (chunk, number) = chunks.next().unwrap_or_default();
            let mut line = [0; LINE_BYTES];
            if chunk.len() == LINE_BYTES {
                line.copy_from_slice(chunk);
            }
            SecretText::new(write_line(number, line))
        })
    }

    /// Whether a line is typed right, so that a mistake is told at once.
    ///
    /// # Errors
    /// [`ShareFault::Line`].
    pub fn check_line(number: u8, text: &str) -> Result<(), ShareFault> {
        read_line(number, text).map(drop)
    }

    /// Reads the lines back.
    ///
    /// # Errors
    /// [`ShareFault::Line`] with the first that has a mistake or is missing.
    pub fn parse(lines: &[SecretText]) -> Result<Self, ShareFault> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(20));
        for number in 1..=LINES {
            let line = lines.get(usize::from(number) - 1);
            let line = line.ok_or(ShareFault::Line(number))?;
            bytes.extend_from_slice(read_line(number, line.expose())?.as_slice());
        }
        let wrong = ShareFault::Line(1);
        let (kit, rest) = bytes.split_first_chunk::<3>().ok_or(wrong)?;
        let (number, rest) = rest.split_first().ok_or(wrong)?;
        let secret = rest.first_chunk::<16>().ok_or(wrong)?;
        if lines.len() != usize::from(LINES) || !(1..=SHARES).contains(number) {
            return Err(wrong);
        }
        Ok(Self {
            kit: *kit,
            number: *number,
            secret: Zeroizing::new(*secret),
        })
    }

    fn mark(&self, home: HomeId) -> Vec<u8> {
        let digest = Sha256::new()
            .chain_update(PURPOSE)
            .chain_update("/mark")
            .chain_update(home.as_bytes())
            .chain_update(self.kit)
            .chain_update([self.number])
            .chain_update(self.secret.as_slice());
        digest.finalize().to_vec()
    }
}

fn write_line(number: u8, line: [u8; LINE_BYTES]) -> String {
    let octets = line
        .iter()
        .fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
    let bits = octets << 10 | u64::from(check(number, line));
    let mut text = String::new();
    for place in (0..LINE_CHARS).rev() {
        let index = usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
        let c = ALPHABET.get(index).copied().map_or('0', char::from);
        if matches!(place, 6 | 2) {
            write!(text, "{c}-").ok(); // Writing to a String does not fail.
        } else {
            text.push(c);
        }
    }
    text
}

/// The key that two shares make: that of the lower number first.
fn pair_key(home: HomeId, one: &Share, other: &Share) -> Option<SecretKey> {
    let digest = Sha256::new()
        .chain_update(PURPOSE)
        .chain_update("/pair")
        .chain_update(home.as_bytes())
        .chain_update(one.kit)
        .chain_update([one.number])
        .chain_update(one.secret.as_slice())
        .chain_update([other.number])
        .chain_update(other.secret.as_slice());
    SecretKey::from_slice(&Zeroizing::new(digest.finalize().to_vec()))
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
        let id = random::bytes()?;
        let share = |number| -> Result<Share, WrapError> {
            Ok(Share {
                kit: id,
                number,
                secret: random::secret()?,
            })
        };
        let shares = [share(1)?, share(2)?, share(3)?];
        let identity = Identity::generate();
        let to = identity.to_public();
        let text = Zeroizing::new(identity.to_string().expose_secret().to_owned());
        let [one, two, three] = &shares;
        let sealed = |first: &Share, second: &Share| -> Result<Sealed, WrapError> {
            let key = pair_key(self.home, first, second).ok_or(NotOpened)?;
            Ok(Sealed(key.seal(PURPOSE, text.as_bytes())?))
        };
        let mark = |share: &Share| Sealed(share.mark(self.home));
        self.recovery = Some(Kit {
            id,
            made_at: now,
            recipient: to.to_string(),
            store_key: seal(&to, store_key.expose())?,
            next_store_key: None,
            pairs: [sealed(one, two)?, sealed(one, three)?, sealed(two, three)?],
            marks: [mark(one), mark(two), mark(three)],
            failures: None,
        });
        Ok(shares)
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
        let mut shares: Vec<&Share> = shares.iter().collect();
        shares.sort_by_key(|share| share.number);
        let [one, other] = shares.as_slice() else {
            return Ok(Err(ShareFault::NoKit));
        };
        for share in [one, other] {
            if share.kit != kit.id {
                return Ok(Err(ShareFault::OtherKit(share.number)));
            }
            let mark = kit.marks.get(usize::from(share.number) - 1);
            if mark.is_none_or(|mark| mark.0 != share.mark(self.home)) {
                return Ok(Err(ShareFault::Wrong(share.number)));
            }
        }
        let pair = (one.number, other.number);
        let place = PAIRS.iter().position(|known| *known == pair);
        let Some(sealed) = place.and_then(|place| kit.pairs.get(place)) else {
            return Ok(Err(ShareFault::Same(one.number)));
        };
        let key = pair_key(self.home, one, other).ok_or(NotOpened)?;
        let text = key.open(PURPOSE, &sealed.0)?;
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
    fn a_share_of_an_older_kit_and_a_forged_one_are_named() {
        let (mut keys, key) = keys();
        let [old, ..] = keys.make_kit(&key, now()).unwrap();
        let [_, b, mut c] = keys.make_kit(&key, now()).unwrap();
        let older = keys.open_kit(&[old, b.clone()]).unwrap();
        assert_eq!(older.unwrap_err(), ShareFault::OtherKit(1));
        c.secret[0] ^= 1;
        let forged = keys.open_kit(&[b, c]).unwrap();
        assert_eq!(forged.unwrap_err(), ShareFault::Wrong(3));
    }

    #[test]
    fn a_mistake_is_named_by_its_line_and_letters_are_read_as_people_write_them() {
        let (mut keys, key) = keys();
        let [share, ..] = keys.make_kit(&key, now()).unwrap();
        let lines = share.lines();
        for number in 1..=LINES {
            let at = usize::from(number) - 1;
            let right = lines[at].expose().to_owned();
            let loose = right.replace('-', " ").replace('0', "o").replace('1', "l");
            assert_eq!(Share::check_line(number, &loose.to_lowercase()), Ok(()));
            let last = right.chars().next().unwrap();
            let other = if last == '7' { "8" } else { "7" };
            let wrong = format!("{other}{}", &right[1..]);
            let mut typed: Vec<SecretText> = lines.to_vec();
            typed[at] = SecretText::new(wrong);
            let fault = Share::parse(&typed).unwrap_err();
            assert_eq!(fault, ShareFault::Line(number), "{right}");
            let moved = Share::check_line(number % LINES + 1, &right);
            assert!(moved.is_err(), "each line knows its place");
        }
        assert!(Share::parse(&lines[..3]).is_err());
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
