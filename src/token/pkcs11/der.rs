//! The few DER structures between PKCS#11 attributes and X.509: public keys, ECDSA signatures,
//! `DigestInfo`. Pure.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode as _, Encode as _, Sequence};

/// prime256v1 as `CKA_EC_PARAMS`.
pub(super) const P256_PARAMETERS: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// RFC 5280 4.1.1.2.
#[derive(Sequence)]
struct Algorithm<'a> {
    oid: ObjectIdentifier,
    parameters: AnyRef<'a>,
}

/// RFC 5280 4.1.2.7.
#[derive(Sequence)]
struct PublicKeyInfo<'a> {
    algorithm: Algorithm<'a>,
    key: BitStringRef<'a>,
}

/// RFC 8017 A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// RFC 3279 2.2.3.
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// RFC 8017 9.2.
#[derive(Sequence)]
struct DigestInfo<'a> {
    algorithm: Algorithm<'a>,
    digest: OctetStringRef<'a>,
}

/// `SubjectPublicKeyInfo` of a P-256 point, from `CKA_EC_POINT` wrapped in an OCTET STRING
/// (PKCS#11 v3.1, 6.3.3) or bare (65 octets, as some modules give it).
pub(super) fn p256_public_key(ec_point: &[u8]) -> der::Result<Vec<u8>> {
    let point = match OctetStringRef::from_der(ec_point) {
        Ok(wrapped) => wrapped.as_bytes(),
        Err(_) => ec_point,
    };
    if point.len() != 65 || point.first() != Some(&4) {
        return Err(der::Tag::OctetString.value_error());
    }
    PublicKeyInfo {
        algorithm: Algorithm {
            oid: EC_PUBLIC_KEY,
            parameters: AnyRef::from(&PRIME256V1),
        },
        key: BitStringRef::from_bytes(point)?,
    }
    .to_der()
}

/// `SubjectPublicKeyInfo` of an RSA key, from `CKA_MODULUS` and `CKA_PUBLIC_EXPONENT`.
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> der::Result<Vec<u8>> {
    let key = RsaPublicKey {
        modulus: UintRef::new(modulus)?,
        exponent: UintRef::new(exponent)?,
    };
    let key = key.to_der()?;
    PublicKeyInfo {
        algorithm: Algorithm {
            oid: RSA_ENCRYPTION,
            parameters: AnyRef::NULL,
        },
        key: BitStringRef::from_bytes(&key)?,
    }
    .to_der()
}

/// The DER form of an ECDSA signature that PKCS#11 gives as r ‖ s.
pub(super) fn ecdsa_signature(raw: &[u8]) -> der::Result<Vec<u8>> {
    let (r, s) = raw.split_at(raw.len() / 2);
    EcdsaSignature {
        r: UintRef::new(r)?,
        s: UintRef::new(s)?,
    }
    .to_der()
}

/// `DigestInfo` of a SHA-256 digest, for `CKM_RSA_PKCS`.
pub(super) fn digest_info(sha256: &[u8]) -> der::Result<Vec<u8>> {
    DigestInfo {
        algorithm: Algorithm {
            oid: SHA256,
            parameters: AnyRef::NULL,
        },
        digest: OctetStringRef::new(sha256)?,
    }
    .to_der()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_taken_wrapped_and_bare_and_nothing_else() {
        let mut bare = vec![4; 65];
        bare[64] = 9;
        let mut wrapped = vec![4, 65];
        wrapped.extend(&bare);
        assert_eq!(
            p256_public_key(&bare).unwrap(),
            p256_public_key(&wrapped).unwrap()
        );
        assert_eq!(p256_public_key(&bare).unwrap().len(), 91);
        assert!(p256_public_key(&bare[..64]).is_err());
        assert!(p256_public_key(&[]).is_err());
    }

    #[test]
    fn a_signature_with_a_high_bit_gets_its_leading_zero() {
        let mut raw = [1; 64];
        raw[0] = 0x80;
        let der = ecdsa_signature(&raw).unwrap();
        assert_eq!(&der[..6], &[0x30, 69, 2, 33, 0, 0x80]);
    }
}
