//! `KeyAlgorithm`, `KeyId` and what a token says of a private key. Holds no key.

use std::fmt;

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::id::RunId;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The key pairs that a holder's certificate may have (D-38).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256 with SHA-256 (RFC 5480, RFC 5758).
    EcP256,
    /// RSA with a modulus of 2048 bits, PKCS #1 v1.5 with SHA-256 (RFC 8017).
    Rsa2048,
}

impl KeyAlgorithm {
    /// The word of the command line and of JSON: `ec` or `rsa`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::EcP256 => "ec",
            Self::Rsa2048 => "rsa",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::EcP256, Self::Rsa2048]
            .into_iter()
            .find(|algorithm| algorithm.word() == word)
    }
}

/// `CKA_ID`: what key pair and certificate on a ukey share (D-35). Sixteen bytes, the run's id, so
/// that a ukey tells by itself which run made its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// The id of the key that `run` makes.
    pub const fn of_run(run: RunId) -> Self {
        Self(*run.as_bytes())
    }

    /// The bytes of `CKA_ID`.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A public key as DER `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublicKeyDer(Vec<u8>);

impl PublicKeyDer {
    /// Takes the DER bytes as the token room built them; the issuing room parses them strictly.
    pub const fn new(spki_der: Vec<u8>) -> Self {
        Self(spki_der)
    }

    /// The DER bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Which of the two algorithms the key is for; `None` for any other key or broken DER.
    pub fn algorithm(&self) -> Option<KeyAlgorithm> {
        self.parts().map(|(algorithm, _key)| algorithm)
    }

    /// Whether `signature` over `message` verifies under this key: ECDSA with SHA-256 in DER
    /// (RFC 5758), or RSA PKCS #1 v1.5 with SHA-256 (RFC 8017).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((algorithm, key)) = self.parts() else {
            return false;
        };
        let verify = |verifier: &'static dyn VerificationAlgorithm| {
            let key = UnparsedPublicKey::new(verifier, key);
            key.verify(message, signature).is_ok()
        };
        match algorithm {
            KeyAlgorithm::EcP256 => verify(&ECDSA_P256_SHA256_ASN1),
            KeyAlgorithm::Rsa2048 => verify(&RSA_PKCS1_2048_8192_SHA256),
        }
    }

    /// Algorithm and content of the BIT STRING.
    fn parts(&self) -> Option<(KeyAlgorithm, &[u8])> {
        let spki = SubjectPublicKeyInfoRef::try_from(self.0.as_slice()).ok()?;
        let algorithm = match (spki.algorithm.oid, spki.algorithm.parameters_oid().ok()) {
            (EC_PUBLIC_KEY, Some(PRIME256V1)) => KeyAlgorithm::EcP256,
            (RSA_ENCRYPTION, None) => KeyAlgorithm::Rsa2048,
            _ => return None,
        };
        let key = spki.subject_public_key.as_bytes()?;
        Some((algorithm, key))
    }
}

impl fmt::Debug for PublicKeyDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKeyDer({} bytes)", self.0.len())
    }
}

/// Attributes of one private key object as the token answers them; `None` where it gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttributes {
    /// `CKA_KEY_TYPE` (and size or curve) as an algorithm; `None` for any other key.
    pub algorithm: Option<KeyAlgorithm>,
    /// `CKA_TOKEN`.
    pub token: Option<bool>,
    /// `CKA_PRIVATE`.
    pub private: Option<bool>,
    /// `CKA_SENSITIVE`.
    pub sensitive: Option<bool>,
    /// `CKA_EXTRACTABLE`.
    pub extractable: Option<bool>,
    /// `CKA_SIGN`.
    pub sign: Option<bool>,
    /// `CKA_DECRYPT`.
    pub decrypt: Option<bool>,
    /// `CKA_UNWRAP`.
    pub unwrap: Option<bool>,
    /// `CKA_DERIVE`.
    pub derive: Option<bool>,
    /// `CKA_SIGN_RECOVER`.
    pub sign_recover: Option<bool>,
    /// `CKA_LOCAL`: generated on this token.
    pub local: Option<bool>,
    /// `CKA_ALWAYS_SENSITIVE`.
    pub always_sensitive: Option<bool>,
    /// `CKA_NEVER_EXTRACTABLE`.
    pub never_extractable: Option<bool>,
}

/// An attribute that does not have the value D-35 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{attribute} is {found:?}, {required} is required (D-35)")]
pub struct AttributeFault {
    /// PKCS#11 name, e.g. `CKA_LOCAL`.
    pub attribute: KeyAttribute,
    /// The value D-35 asks for.
    pub required: bool,
    /// What the token answered.
    pub found: Option<bool>,
}

/// The attributes that D-35 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the PKCS#11 attribute of that name")]
pub enum KeyAttribute {
    Token,
    Private,
    Sensitive,
    Extractable,
    Sign,
    Decrypt,
    Unwrap,
    Derive,
    SignRecover,
    Local,
    AlwaysSensitive,
    NeverExtractable,
}

impl fmt::Display for KeyAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "CKA_TOKEN",
            Self::Private => "CKA_PRIVATE",
            Self::Sensitive => "CKA_SENSITIVE",
            Self::Extractable => "CKA_EXTRACTABLE",
            Self::Sign => "CKA_SIGN",
            Self::Decrypt => "CKA_DECRYPT",
            Self::Unwrap => "CKA_UNWRAP",
            Self::Derive => "CKA_DERIVE",
            Self::SignRecover => "CKA_SIGN_RECOVER",
            Self::Local => "CKA_LOCAL",
            Self::AlwaysSensitive => "CKA_ALWAYS_SENSITIVE",
            Self::NeverExtractable => "CKA_NEVER_EXTRACTABLE",
        })
    }
}

impl KeyAttributes {
    /// Asserts D-35: born on the token, never leaves it, signs and does nothing else. A usage the
    /// module gives no answer for counts as absent; the seven that protect the key must be answered.
    ///
    /// # Errors
    /// [`AttributeFault`] names the first attribute with another value.
    pub fn assert_born_on_token(&self) -> Result<(), AttributeFault> {
        use KeyAttribute as A;
        let Self {
            algorithm: _, // The caller compares it with what was asked.
            token,
            private,
            sensitive,
            extractable,
            sign,
            decrypt,
            unwrap,
            derive,
            sign_recover,
            local,
            always_sensitive,
            never_extractable,
        } = *self;
        let must = [
            (A::Token, true, token),
            (A::Private, true, private),
            (A::Sensitive, true, sensitive),
            (A::Extractable, false, extractable),
            (A::Sign, true, sign),
            (A::Local, true, local),
            (A::AlwaysSensitive, true, always_sensitive),
            (A::NeverExtractable, true, never_extractable),
        ];
        let may_be_silent = [
            (A::Decrypt, false, decrypt),
            (A::Unwrap, false, unwrap),
            (A::Derive, false, derive),
            (A::SignRecover, false, sign_recover),
        ];
        let wrong = must
            .into_iter()
            .find(|(_, required, found)| *found != Some(*required))
            .or_else(|| {
                may_be_silent
                    .into_iter()
                    .find(|(_, required, found)| found.is_some_and(|found| found != *required))
            });
        match wrong {
            None => Ok(()),
            Some((attribute, required, found)) => Err(AttributeFault {
                attribute,
                required,
                found,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Spoil = fn(&mut KeyAttributes);

    fn good() -> KeyAttributes {
        KeyAttributes {
            algorithm: Some(KeyAlgorithm::EcP256),
            token: Some(true),
            private: Some(true),
            sensitive: Some(true),
            extractable: Some(false),
            sign: Some(true),
            decrypt: Some(false),
            unwrap: None,
            derive: Some(false),
            sign_recover: None,
            local: Some(true),
            always_sensitive: Some(true),
            never_extractable: Some(true),
        }
    }

    #[test]
    fn a_key_born_on_the_token_passes_and_each_deviation_is_named() {
        assert_eq!(good().assert_born_on_token(), Ok(()));
        let cases: [(KeyAttribute, Spoil); 6] = [
            (KeyAttribute::Local, |key| key.local = Some(false)),
            (KeyAttribute::NeverExtractable, |key| {
                key.never_extractable = None;
            }),
            (KeyAttribute::AlwaysSensitive, |key| {
                key.always_sensitive = Some(false);
            }),
            (KeyAttribute::Extractable, |key| {
                key.extractable = Some(true);
            }),
            (KeyAttribute::Decrypt, |key| key.decrypt = Some(true)),
            (KeyAttribute::Unwrap, |key| key.unwrap = Some(true)),
        ];
        for (attribute, spoil) in cases {
            let mut key = good();
            spoil(&mut key);
            assert_eq!(key.assert_born_on_token().unwrap_err().attribute, attribute);
        }
    }
}
