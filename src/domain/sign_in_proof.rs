//! `SignInChallenge`: what an officer's own ukey signs as the second proof at sign-in (D-58). Nonce and
//! time are arguments; a signature is judged once, for the challenge it was made for.

use super::id::HomeId;
use super::key::PublicKeyDer;
use super::timestamp::Timestamp;

/// First line of what is signed: a signature for this purpose is good for no other.
const PURPOSE: &str = "ukey-station/sign-in/v1";
/// How old a challenge may be when its answer comes, in seconds: longer than any deadline of a worker.
const MAX_AGE_SECS: i64 = 120;

/// A challenge that is answered once.
#[derive(Debug)]
pub struct SignInChallenge {
    home: HomeId,
    nonce: [u8; 32],
    time: Timestamp,
}

/// Evidence that the key answered a challenge.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered;

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// Another key signed, or something else was signed.
    #[error("the signature does not answer the challenge")]
    Signature,
    /// The answer came too late, or before the question.
    #[error("the answer came at another time than the question")]
    Time,
}

impl SignInChallenge {
    /// A challenge of this home with a fresh nonce.
    pub const fn new(home: HomeId, nonce: [u8; 32], time: Timestamp) -> Self {
        Self { home, nonce, time }
    }

    /// The bytes that the ukey signs: purpose, home, nonce in hex and time (RFC 3339), a line each.
    pub fn message(&self) -> Vec<u8> {
        let Self { home, nonce, time } = self;
        format!("{PURPOSE}\n{home}\n{}\n{time}\n", hex::encode(nonce)).into_bytes()
    }

    /// Judges the answer under the officer's certified key. The challenge is spent with it.
    ///
    /// # Errors
    /// [`NotAnswered`].
    pub fn judge(
        self,
        key: &PublicKeyDer,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Answered, NotAnswered> {
        let age = now.unix_secs() - self.time.unix_secs();
        if !(0..=MAX_AGE_SECS).contains(&age) {
            return Err(NotAnswered::Time);
        }
        if key.verifies(&self.message(), signature) {
            Ok(Answered)
        } else {
            Err(NotAnswered::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use uuid::Uuid;

    use super::*;

    /// A key in memory and its `SubjectPublicKeyInfo`.
    fn key() -> (EcdsaKeyPair, PublicKeyDer) {
        let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let head = hex::decode(head).unwrap();
        let public = PublicKeyDer::new([head.as_slice(), pair.public_key().as_ref()].concat());
        (pair, public)
    }

    fn sign(pair: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
        let signature = pair.sign(&SystemRandom::new(), message).unwrap();
        signature.as_ref().to_vec()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
    }

    fn challenge(nonce: u8) -> SignInChallenge {
        SignInChallenge::new(HomeId::new(Uuid::nil()), [nonce; 32], now())
    }

    #[test]
    fn the_message_names_purpose_home_nonce_and_time() {
        let text = String::from_utf8(challenge(0xab).message()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let nonce = "ab".repeat(32);
        let home = "00000000-0000-0000-0000-000000000000";
        let expected = [PURPOSE, home, nonce.as_str(), "2026-11-24T08:00:00Z"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn only_the_officers_key_answers_and_only_this_challenge() {
        let ((pair, public), (other, _)) = (key(), key());
        let signature = sign(&pair, &challenge(1).message());
        assert!(challenge(1).judge(&public, &signature, now()).is_ok());
        // Replayed for the next nonce, at another home, at another time, or as a bare nonce.
        let refused = |challenge: SignInChallenge, signature: &[u8]| {
            challenge.judge(&public, signature, now()).unwrap_err()
        };
        assert_eq!(refused(challenge(2), &signature), NotAnswered::Signature);
        let elsewhere = HomeId::new(Uuid::from_u128(1));
        let elsewhere = SignInChallenge::new(elsewhere, [1; 32], now());
        assert_eq!(refused(elsewhere, &signature), NotAnswered::Signature);
        let before = HomeId::new(Uuid::nil());
        let before = SignInChallenge::new(before, [1; 32], now().plus_secs(-1));
        assert_eq!(refused(before, &signature), NotAnswered::Signature);
        let bare = sign(&pair, &[1; 32]);
        assert_eq!(refused(challenge(1), &bare), NotAnswered::Signature);
        let stranger = sign(&other, &challenge(1).message());
        assert_eq!(refused(challenge(1), &stranger), NotAnswered::Signature);
        let mut altered = signature.clone();
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert_eq!(refused(challenge(1), &altered), NotAnswered::Signature);
        assert_eq!(refused(challenge(1), &[]), NotAnswered::Signature);
    }

    #[test]
    fn an_answer_counts_for_two_minutes() {
        let (pair, public) = key();
        let signature = sign(&pair, &challenge(1).message());
        let at = |secs: i64| challenge(1).judge(&public, &signature, now().plus_secs(secs));
        assert!(at(120).is_ok());
        assert_eq!(at(121).unwrap_err(), NotAnswered::Time);
        assert_eq!(at(-1).unwrap_err(), NotAnswered::Time);
    }
}
