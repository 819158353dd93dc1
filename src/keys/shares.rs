//! A secret that any two of three people open, each with a share on paper (D-46, D-60).
//!
//! Each share is 128 random bits. For each two of them the secret is sealed under a hash of both; one share
//! alone is a hash input of which half is missing. No field arithmetic, no crate of its own to keep up; for
//! two of three it needs three seals.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::random::{self, NoRandom};
use super::secret::{NotOpened, SealError, Sealed, SecretKey, SecretText};
use crate::domain::id::HomeId;

/// Shares of a secret.
pub const SHARES: u8 = 3;
/// Lines of a share on paper.
pub const LINES: u8 = 4;
/// Octets of a line, and the characters of them with the two that check them.
const LINE_BYTES: usize = 5;
const LINE_CHARS: usize = 10;
/// Crockford's: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What the check characters of a line are made under, whatever the shares are for.
const LINE_PURPOSE: &str = "ukey-station/recovery/v1";

/// Which two shares, in the order of the seals.
const PAIRS: [(u8, u8); 3] = [(1, 2), (1, 3), (2, 3)];

/// What shares are for: those of one purpose or home open nothing of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) purpose: &'static str,
    pub(super) home: HomeId,
}

/// A secret in the hands of three.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Split {
    #[serde(with = "hex::serde")]
    pub(super) id: [u8; 3],
    /// The secret, for shares 1 and 2, 1 and 3, 2 and 3.
    pub(super) pairs: [Sealed; 3],
    /// A hash of each share, to tell which one is wrong.
    pub(super) marks: [Sealed; 3],
}

/// A secret that two shares opened, and which.
pub(super) type Joined = (Zeroizing<Vec<u8>>, (u8, u8));

/// Why a secret could not be split.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Split {
    /// Splits a secret; the shares are nowhere else.
    pub(super) fn new(
        scope: Scope,
        secret: &[u8],
    ) -> Result<(Self, [Share; SHARES as usize]), SplitError> {
        let id = random::bytes()?;
        let share = |number| -> Result<Share, SplitError> {
            Ok(Share {
                kit: id,
                number,
                secret: random::secret()?,
            })
        };
        let shares = [share(1)?, share(2)?, share(3)?];
        let [one, two, three] = &shares;
        let sealed = |first: &Share, second: &Share| -> Result<Sealed, SplitError> {
            let key = scope.pair_key(first, second);
            Ok(Sealed(key.seal(scope.purpose, secret)?))
        };
        let split = Self {
            id,
            pairs: [sealed(one, two)?, sealed(one, three)?, sealed(two, three)?],
            marks: [scope.mark(one), scope.mark(two), scope.mark(three)].map(Sealed),
        };
        Ok((split, shares))
    }

    /// Opens it with two shares.
    ///
    /// # Errors
    /// [`ShareFault`], or what is damaged.
    pub(super) fn join(
        &self,
        scope: Scope,
        shares: &[Share; 2],
    ) -> Result<Result<Joined, ShareFault>, NotOpened> {
        let mut shares = [&shares[0], &shares[1]];
        shares.sort_by_key(|share| share.number);
        for share in shares {
            if share.kit != self.id {
                return Ok(Err(ShareFault::OtherKit(share.number)));
            }
            let mark = self.marks.get(usize::from(share.number) - 1);
            if mark.is_none_or(|mark| mark.0 != scope.mark(share)) {
                return Ok(Err(ShareFault::Wrong(share.number)));
            }
        }
        let [one, other] = shares;
        let pair = (one.number, other.number);
        let place = PAIRS.iter().position(|known| *known == pair);
        let Some(sealed) = place.and_then(|place| self.pairs.get(place)) else {
            return Ok(Err(ShareFault::Same(one.number)));
        };
        let secret = scope.pair_key(one, other).open(scope.purpose, &sealed.0)?;
        Ok(Ok((Zeroizing::new(secret.to_vec()), pair)))
    }
}

impl Scope {
    fn mark(&self, share: &Share) -> Vec<u8> {
        let digest = Sha256::new()
            .chain_update(self.purpose)
            .chain_update("/mark")
            .chain_update(self.home.as_bytes())
            .chain_update(share.kit)
            .chain_update([share.number])
            .chain_update(share.secret.as_slice());
        digest.finalize().to_vec()
    }

    /// The key that two shares make: that of the lower number first.
    fn pair_key(&self, one: &Share, other: &Share) -> SecretKey {
        let digest = Sha256::new()
            .chain_update(self.purpose)
            .chain_update("/pair")
            .chain_update(self.home.as_bytes())
            .chain_update(one.kit)
            .chain_update([one.number])
            .chain_update(one.secret.as_slice())
            .chain_update([other.number])
            .chain_update(other.secret.as_slice());
        SecretKey::from_bytes(&Zeroizing::new(digest.finalize().into()))
    }
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
        .chain_update(LINE_PURPOSE)
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn scope(purpose: &'static str) -> Scope {
        let home = HomeId::new(Uuid::from_u128(1));
        Scope { purpose, home }
    }

    #[test]
    fn shares_of_another_purpose_open_nothing() {
        let (split, [a, b, _c]) = Split::new(scope("one"), b"secret").unwrap();
        let opened = split.join(scope("one"), &[b.clone(), a.clone()]).unwrap();
        let (secret, pair) = opened.unwrap();
        assert_eq!((secret.as_slice(), pair), (&b"secret"[..], (1, 2)));
        let other = split.join(scope("two"), &[a, b]).unwrap();
        assert_eq!(other.unwrap_err(), ShareFault::Wrong(1));
    }

    #[test]
    fn a_share_of_an_older_split_and_a_forged_one_are_named() {
        let (_, [old, ..]) = Split::new(scope("one"), b"secret").unwrap();
        let (split, [_, b, mut c]) = Split::new(scope("one"), b"secret").unwrap();
        let older = split.join(scope("one"), &[old, b.clone()]).unwrap();
        assert_eq!(older.unwrap_err(), ShareFault::OtherKit(1));
        c.secret[0] ^= 1;
        let forged = split.join(scope("one"), &[b, c]).unwrap();
        assert_eq!(forged.unwrap_err(), ShareFault::Wrong(3));
    }

    #[test]
    fn a_mistake_is_named_by_its_line_and_letters_are_read_as_people_write_them() {
        let (_, [share, ..]) = Split::new(scope("one"), b"secret").unwrap();
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
}
